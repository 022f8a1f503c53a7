"""Environments that are written in Python, as a class of functions on plain numbers and arrays."""
