"""Measures steps per second, of Operant and of other libraries in turn: `operant bench`."""
