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
        blank = re.match(r"[ \t\u3000\u00a0]*", lines[at])
        column = blank[0].find("\u3000") if blank else -1
        if column >= 0:
            return (
                f"an ideographic space (U+3000) stands in column {column + 1} of line {at + 1}. "
                "YAML wants blanks: write two for each."
            )
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
    return _no_dash(lines, line)


def _no_dash(lines: list[str], line: int) -> str | None:
    """Whether an entry of a list has no dash, and those beside it have; or the other way round."""
    for at in (line, line - 1):
        if not 0 < at < len(lines):
            continue
        one, before = lines[at], next((row for row in reversed(lines[:at]) if row.strip()), "")
        dashed = [bool(re.match(r"\s*- ", row)) for row in (one, before)]
        if one.strip() and dashed[0] != dashed[1] and _depth(one) == _depth(before):
            which = at + 1 if dashed[1] else at
            return f"line {which} has no dash and line {at if dashed[1] else at + 1} has one. Every entry of a list begins with `- `."
    return None


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip(" "))


def decimal_comma(text: object) -> str | None:
    """`0,5 s` as it has to be written, `0.5 s`; None for anything else."""
    return str(text).strip().replace(",", ".") if isinstance(text, str) and _COMMA.match(text) else None


def half_a_number(key: object) -> bool:
    """Whether a key is what YAML makes of the end of `{hold: 0,5 s}`: `5 s`."""
    return isinstance(key, str) and _AFTER_COMMA.match(key) is not None


_SIGNS = {  # of units, as they stand on a Chinese keyboard or a drawing -> as they are written here
    **{"毫米": "mm", "厘米": "cm", "米": "m", "度": "deg", "°": "deg", "牛": "N", "毫秒": "ms", "秒": "s"},
    **{"克": "g", "千克": "kg", "公斤": "kg", "毫升": "ml", "升": "l", "％": "%"},
}
_LONGEST_FIRST = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_SIGN = re.compile(rf"^(\s*[+-]?[\d.]+)\s*({_LONGEST_FIRST})\s*$")


def other_sign(text: object) -> str | None:
    """What a quantity is as it has to be written, where its unit is a sign that is none here: `760 毫米`, `5°`, `±20 mm`."""
    if not isinstance(text, str):
        return None
    if text.strip().startswith("±"):
        size = text.strip()[1:].strip()
        return f"[-{size}, {size}]"
    match = _SIGN.match(text)
    return f"{match[1].strip()} {_SIGNS[match[2]]}" if match else None


def other_comma(text: object) -> str | None:
    """What a list is as it has to be written, where its entries stand with a `、` or a full-width comma between them."""
    if not isinstance(text, str) or not re.search("[、，]", text):
        return None
    return f"[{', '.join(word.strip() for word in re.split('[、，]', text))}]"
