"""Environments written in Python: classes of functions on plain numbers and arrays."""
