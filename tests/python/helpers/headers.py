"""Headers with mistakes."""

from __future__ import annotations

import pytest

import operant


def changed(text, changes):
    """Replace pieces of a text, each of which it has once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def line_of(text, piece):
    """Return the number of the line of the first such piece."""
    return text[: text.index(piece)].count("\n") + 1


def message_of(header, text):
    """Return the message about a header that does not compile, without the header's path, with which it begins."""
    header.write_text(text)
    with pytest.raises(operant.CompileError) as raised:
        operant.load(header)
    assert str(raised.value).startswith(f"{header}:")
    return str(raised.value).removeprefix(f"{header}:")
