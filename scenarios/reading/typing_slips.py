"""Slips of the keyboard that YAML's own words do not tell: a tab, full-width marks of a Chinese keyboard, a decimal comma."""

from __future__ import annotations

import re

# full-width mark -> what YAML knows
FULL_WIDTH = {
    "：": ": ",
    "，": ", ",
    "｛": "{",
    "｝": "}",
    "［": "[",
    "］": "]",
    "“": '"',
    "”": '"',
    "＃": "#",
    "－": "-",
}
_TEXT = re.compile(
    r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:^|\s)#.*$"""
)  # quoted text and comments, where all marks may stand
_COMMA = re.compile(r"^\s*[+-]?\d+,(?!\d{3}\b)\d+\s*[A-Za-z%/]+[23]?\s*$")  # 1,200 mm may be meant as 1200
_AFTER_COMMA = re.compile(r"^\d+\s*[A-Za-z%/]+[23]?$")


def slip_in(text: str, line: int) -> str | None:
    """What slipped where YAML cannot be read, in a sentence; None where nothing of the kind stands there.

    Args:
        text: the file.
        line: from 0, at which the parser stopped; what is wrong may stand in the one before.
    """
    lines = text.splitlines()
    for at in (line, line - 1):
        if not 0 <= at < len(lines):
            continue
        bare = _TEXT.sub(lambda match: " " * len(match[0]), lines[at])
        tab = lines[at].find("\t")
        if 0 <= tab == len(lines[at][:tab].rstrip(" ")) or (tab >= 0 and not lines[at][:tab].strip()):
            return f"a tab stands in column {tab + 1} of line {at + 1}. YAML wants blanks: write two for each tab."
        for column, mark in enumerate(bare):
            if mark in FULL_WIDTH:
                return (
                    f"the full-width {mark!r} stands in column {column + 1} of line {at + 1}. "
                    f"Write {FULL_WIDTH[mark]!r}, or put the text in quotes."
                )
    return None


def decimal_comma(text: object) -> str | None:
    """`0,5 s` as it has to be written, `0.5 s`; None for anything else."""
    return str(text).strip().replace(",", ".") if isinstance(text, str) and _COMMA.match(text) else None


def half_a_number(key: object) -> bool:
    """Whether a key is what YAML makes of the end of `{hold: 0,5 s}`: `5 s`."""
    return isinstance(key, str) and _AFTER_COMMA.match(key) is not None
