"""Show the examples in docstrings as code, and fill in the tables of parameters, which Python makes with the class."""

from __future__ import annotations

import re
from typing import Any

import griffe

from operant import envs

_EXAMPLE = re.compile(r"(?<!```pycon\n)^>>> .*(?:\n.+)*", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Completes docstrings for the pages."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Insert the table of parameters of an environment, and put code fences around examples."""
        if obj.docstring is not None:
            if obj.is_class and "{parameters}" in obj.docstring.value:
                obj.docstring.value = getattr(envs, obj.name).__doc__
            # Markdown treats lines that begin with >>> as quotations.
            obj.docstring.value = _EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Change the docstring of the package, which `on_object` does not get."""
        self.on_object(obj=pkg)
