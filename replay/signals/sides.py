"""Left and right in names of joints, hands and columns."""

from __future__ import annotations

import re

_SIDE = re.compile(r"left|right|(?<![a-z])[lr](?![a-z])", re.IGNORECASE)
_OTHER = {"left": "right", "right": "left", "l": "r", "r": "l"}


def side_of(name: str) -> str:
    """`l` or `r` for a name of one side, else nothing."""
    match = _SIDE.search(name)
    return match[0][0].lower() if match else ""


def other_side(name: str) -> str:
    """The same name of the other side, spelt as it was; a name without a side as it is."""

    def other(match: re.Match[str]) -> str:
        word = _OTHER[match[0].lower()]
        return word.upper() if match[0].isupper() else word.capitalize() if match[0][0].isupper() else word

    return _SIDE.sub(other, name, count=1)
