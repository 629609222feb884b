"""Rows of tables in lines that a terminal has room for."""

from __future__ import annotations

import re
import unicodedata

WIDTH = 100  # columns of a terminal


def wrapped(head: str, text: str) -> list[str]:
    """A row of a table in lines of `WIDTH` columns; what does not fit stands below, under its beginning.

    A Chinese character takes two columns of a terminal.
    """
    lines, line, wide = [], "", columns(head)
    for word in re.split(r"(?<=\s)(?=\S)", text):
        if line and wide + columns(line) + columns(word.rstrip()) > WIDTH:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    return [f"{head if i == 0 else ' ' * wide}{one}".rstrip() for i, one in enumerate(lines)]


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
