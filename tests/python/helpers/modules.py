"""Modules outside of packages."""

from __future__ import annotations

import importlib.util


def module_at(path):
    """Run the file and return its module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
