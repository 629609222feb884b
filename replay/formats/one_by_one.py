"""One recording of a file or set at a time, by its number, as `read` would give it.

Our own sets are opened at the episode that is asked for. Others are read from their beginning on and kept open, so that asking in
rising order reads each of them once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import EpisodeError, shown
from ..recording.located import FILE
from ..recording.recording import Recording, Unreadable
from . import Entry, reader_of
from .file_state import SeenStates, State
from .records import Reader, joined

KEPT_OPEN = 4  # sets
TRIES, REST = 3, 0.5  # how often a file that changes while it is read is read anew, and the pause before [s]


class OneByOne:
    """Recordings by entry and number.

    Args:
        mapping: as `read` takes it.
    """

    def __init__(self, mapping: str | Path | None = None) -> None:
        self._mapping = mapping
        self._open: dict[Path, _Numbered | _InOrder] = {}
        self._states = SeenStates()

    def count(self, entry: Entry) -> int | None:
        """How many there are; None where nobody knows, because nothing can be read."""
        try:
            reader = reader_of(entry.path)
            if reader.messages:
                return 1
            return max(1, self._opened(entry, reader).count())
        except (EpisodeError, OSError):
            return None

    def item(self, entry: Entry, k: int) -> Recording | Unreadable:
        """The k-th of an entry; where it cannot be read, why."""
        for _ in range(TRIES):
            before = self._states.of(entry.path)
            try:
                item = self._opened(entry, reader_of(entry.path)).item(k)
            except EpisodeError as error:
                item = Unreadable(shown(entry.path.stem), entry.source, error)
            except OSError as error:
                item = Unreadable(
                    shown(entry.path.stem), entry.source, EpisodeError(f"{error.strerror}.", file=entry.path)
                )
            if before == self._states.of(entry.path):
                return item
            self._open.pop(entry.path, None)
            time.sleep(REST)
        changing = EpisodeError("changes while it is read. Judge it when it has been written.", file=entry.path)
        return Unreadable(shown(entry.path.stem), entry.source, changing)

    def _opened(self, entry: Entry, reader: Reader) -> _Numbered | _InOrder:
        kept, state = self._open.get(entry.path), self._states.of(entry.path)
        if kept is not None and kept.state == state:
            return kept
        self._open.pop(entry.path, None)
        found = import_module(reader.module).numbered(entry.path, entry.source) if reader.numbered else None
        kept = _InOrder(entry, reader, self._mapping, state) if found is None else _Numbered(found, state)
        if not reader.messages:  # a single recording is not asked for again
            while len(self._open) >= KEPT_OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[entry.path] = kept
        return kept


class _Numbered:
    def __init__(self, dataset: Any, state: State | None) -> None:
        self.state, self._set = state, dataset

    def count(self) -> int:
        return len(self._set.rows)

    def item(self, k: int) -> Recording | Unreadable:
        if k >= len(self._set.rows):
            raise EpisodeError(f"has no episode {k} any more.", file=self._set.root)
        return next(joined([self._set.item(k)], self._set.root / FILE))


class _InOrder:
    def __init__(self, entry: Entry, reader: Reader, mapping: str | Path | None, state: State | None) -> None:
        self.state = state
        self._entry, self._reader, self._mapping = entry, reader, mapping
        self._next = 0
        self._rest: Iterator[Recording | Unreadable] | None = None

    def count(self) -> int:
        n = 0
        try:
            for _ in self._read():
                n += 1
        except (EpisodeError, OSError):
            n += 1  # which stands for all that would have come
        return n

    def item(self, k: int) -> Recording | Unreadable:
        if self._rest is None or k < self._next:
            self._rest, self._next = self._read(), 0
        try:
            item = next(islice(self._rest, k - self._next, None), None)
        except BaseException:
            self._rest = None
            raise
        self._next = k + 1
        if item is None:
            raise EpisodeError(f"has no recording {k} any more.", file=self._entry.path)
        return item

    def _read(self) -> Iterator[Recording | Unreadable]:
        return self._reader.read(self._entry.path, self._entry.source, self._mapping, None)
