"""Subcommands of the command line, each in a module of its own with a function `add_parser`."""
