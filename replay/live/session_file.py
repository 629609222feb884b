"""The messages of a take, written as they come: a take that has ended outlives the server, and is performed again from them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from .device_session import Line, plain

PART = "take.part"  # the take that is being performed, or that was when the server ended


@dataclass(frozen=True)
class LeftTake:
    """A take that was not kept when its server ended.

    Attributes:
        seed, fingerprint: of its draw and its scene; None where its first line does not say so.
        ended: whether it had ended: then all of it is here.
    """

    file: Path
    seed: int | None
    fingerprint: str | None
    ended: bool

    def put_aside(self) -> Path:
        """Give it a name of its own, under which `from=` performs it; the name."""
        number = 0
        while (there := self.file.with_name(f"unfinished_{number:06d}.jsonl")).exists():
            number += 1
        os.replace(self.file, there)
        return there


class SessionFile:
    """The device's messages of one take after the other, in a folder.

    What cannot be written as it comes is written at the end of the take, from what is kept in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._part = folder, folder / PART
        self._head: Line = {}
        self._file: TextIO | None = None
        self._sound, self._ended = False, False

    def begin(self, seed: int, fingerprint: str, again: bool = False) -> None:
        """A take begins; that which stands here already is performed `again`, and not written until it is an episode."""
        self._close()
        self._head = {"do": "take", "t": 0, "step": 0, "seed": seed, "fingerprint": fingerprint}
        self._sound, self._ended = not again, False

    def add(self, lines: Iterable[Line]) -> None:
        """Messages of the take that has begun, in the order in which they came."""
        for line in lines:
            if self._file is None:
                self._head["t"] = line["t"]
            self._write([line])
        if self._file is not None and self._sound:
            self._flush(False)

    def end(self, lines: list[Line], steps: int) -> None:
        """The take has ended; what it consists of is on the disk when this returns, unless nothing can be written there."""
        if not self._ended:
            self._ended = True
            self._write([_tail(lines, steps)])
            self._flush(True)
            self._close()

    def keep(self, index: int, lines: list[Line], steps: int) -> None:
        """The take is an episode of this number now.

        Raises:
            OSError: nothing can be written.
        """
        episode = self._folder / f"episode_{index:06d}.jsonl"
        if self._sound:
            os.replace(self._part, episode)
            return
        whole = self._part.with_suffix(".whole")
        with whole.open("w", encoding="utf-8") as file:
            file.writelines(_text(line) for line in [self._head | {"t": lines[0]["t"] if lines else 0}, *lines, _tail(lines, steps)])
            file.flush()
            os.fsync(file.fileno())
        os.replace(whole, episode)
        self._part.unlink(missing_ok=True)

    def left(self) -> LeftTake | None:
        """The take that an earlier server has left here; None where there is none."""
        try:
            texts = self._part.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return None
        head, tail = (_read(texts[k]) if texts else {} for k in (0, -1))
        seed, fingerprint = head.get("seed"), head.get("fingerprint")
        ended = len(texts) > 1 and head.get("do") == tail.get("do") == "take"
        return LeftTake(
            self._part, seed if type(seed) is int else None, fingerprint if isinstance(fingerprint, str) else None, ended
        )

    def _write(self, lines: Iterable[Line]) -> None:
        if not self._sound:
            return
        try:
            if self._file is None:
                self._file = self._part.open("w", encoding="utf-8")
                self._file.write(_text(self._head))
            self._file.writelines(_text(line) for line in lines)
        except OSError:
            self._give_up()

    def _flush(self, through: bool) -> None:
        """To the system, which outlives this process; `through` to the disk."""
        if self._file is None or not self._sound:
            return
        try:
            self._file.flush()
            if through:
                os.fsync(self._file.fileno())
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        self._sound = False
        self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError:  # what is still in its buffer does not fit
                self._sound = False


def _tail(lines: list[Line], steps: int) -> Line:
    return {"do": "take", "t": lines[-1]["t"] if lines else 0, "step": steps}


def _text(line: Line) -> str:
    return json.dumps(plain(line), allow_nan=False) + "\n"


def _read(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}
