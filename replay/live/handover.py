"""What stays as it is where a page is closed within a take, and another goes on: a grip, and the height of a squat.

A new page sends zero for both without a person who means it: the hand would open, and the robot stand up. So its first values are
not used until they change. The page also gets the values of before, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Place = tuple[str, ...]  # of a value in a message
GRIPS = (("left", "grip"), ("right", "grip"))
STAYS: tuple[Place, ...] = (*GRIPS, ("squat",))


class Handover:
    """From page to page within a take."""

    def __init__(self) -> None:
        self._had: dict[Place, float] = {}  # what was heard last
        self._first: dict[Place, Any] = {}  # what a new page says without a person who means it
        self._new = False
        self._drives: Mapping[str, Any] | None = None  # the last message that asked for speed

    def closed(self) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """As the page is closed: what there was, for the next one, and a message that stops a base which drives; None where none does."""
        self._new, drives = True, self._drives
        self._drives = None
        there = {path[0]: value if len(path) == 1 else {path[1]: value} for path, value in self._had.items()}
        stop = None if drives is None else {"do": "device", "device": drives.get("device", "unknown"), "base": [0, 0, 0], "closed": True}
        return there, stop

    def heard(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The message without what nobody means; that stands under `held`."""
        if self._new:
            self._new, self._first = False, {path: _at(message, path) for path in self._had}
        line, held = dict(message), dict[str, Any]()
        for path in STAYS:
            value = _at(message, path)
            if value is None:
                continue
            if path in self._first and self._first[path] == value:
                held |= {path[0]: value if len(path) == 1 else {path[1]: value}}
                line[path[0]] = {key: one for key, one in message[path[0]].items() if key != path[1]} if len(path) > 1 else None
                continue
            self._first.pop(path, None)
            if isinstance(value, int | float) and abs(value) < 1e6:  # NaN is not below anything
                self._had[path] = float(value)
        base = message.get("base")
        if isinstance(base, list):
            self._drives = message if any(isinstance(one, int | float) and one for one in base) else None
        return line | {"held": held} if held else line


def _at(message: Mapping[str, Any], path: Place) -> Any:
    inner = message if len(path) == 1 else message.get(path[0])
    return inner.get(path[-1]) if isinstance(inner, Mapping) else None
