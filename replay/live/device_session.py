"""What a device sent: how its messages are checked and kept, and hands that perform a recorded session of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError

LARGEST_SESSION = 256 << 20  # bytes of a recorded device session
LATEST = 1e15  # ms, before which every clock is; a float tells microseconds apart until there
DEEP = 16  # levels of a message that are kept
Line = dict[str, Any]  # what a device sent: plain JSON; with `step`, the control step at which it came, where that is known


class SessionHands:
    """The hands of a recorded session: a JSON line for each message, `{"do": "device" or "take", "t": ms, ...}`.

    Raises:
        EpisodeError: a line is no such message, with its number; or there is no take.
    """

    def __init__(self, file: Path, dt: float):
        self.name, self._dt, self.behind = file.name, dt, False
        self._lines = list(_session(file))
        self._next, self._t0, self._on = 0, 0.0, False

    def begin(self, shown_ns: int = 0) -> bool:
        while self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if line["do"] == "take":
                self._on = not self._on  # the end of one that came to its time limit before
                if self._on:
                    self._t0 = float(line["t"])
                    return True
        return False

    def until(self, t: int) -> tuple[list[Line], bool]:
        found: list[Line] = []
        while self._next < len(self._lines):
            line = self._lines[self._next]
            at = line.get("step", (float(line["t"]) - self._t0) * 1e-3 / self._dt)
            if at > t + 1e-6:
                return found, False
            self._next += 1
            if line["do"] == "take":
                self._on = False
                return found, True
            found.append({**line, "step": t})
        return found, True


def _session(file: Path) -> Iterator[Line]:
    try:
        if file.stat().st_size > LARGEST_SESSION:
            raise EpisodeError("this is larger than 256 MiB. Cut it by takes.", file=file, field="from")
        texts = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EpisodeError(
            f"this session cannot be read ({type(error).__name__}). Name a file of JSON lines.", file=file, field="from"
        ) from None
    before, step, takes = -np.inf, 0, 0
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            sound = line["do"] in ("device", "take") and device_time(line["t"]) and type(line.get("step", 0)) is int
        except (ValueError, TypeError, KeyError, RecursionError):
            sound = False
        if not sound or (line["t"] < before and "step" not in line):  # by its step it is known when it was heard
            wrong = "its time goes back" if sound else 'no message of a device: {"do": "device" or "take", "t": ms}'
            raise EpisodeError(f"{wrong}.", file=file, line=number, field="from")
        begins = line["do"] == "take" and takes % 2 == 0
        if not begins and line.get("step", step) < step:
            raise EpisodeError("its step goes back.", file=file, line=number, field="from")
        before, step, takes = line["t"], line.get("step", 0 if begins else step), takes + (line["do"] == "take")
        yield line
    if not takes:
        raise EpisodeError(
            "There is no take in this session. A line whose do is take begins one, another such line ends it.", file=file, field="from"
        )


def device_time(value: Any) -> bool:
    """Whether this is a time of a device [ms]: a finite number that a clock may show."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LATEST  # NaN is not below anything


def plain(value: Any, deep: int = DEEP) -> Any:
    """What a device sent as JSON that every reader takes: null for a number that is none or fits no float, and below `deep` levels."""
    if isinstance(value, dict):
        return {key: plain(one, deep - 1) for key, one in value.items()} if deep else None
    if isinstance(value, list):
        return [plain(one, deep - 1) for one in value] if deep else None
    if isinstance(value, int | float):  # NaN is not below anything
        return value if abs(value) <= sys.float_info.max else None
    return value
