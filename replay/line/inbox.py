"""Which takes of a folder are ready: all of their bytes are there, as far as can be seen from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError
from ..formats import Entry, entries
from ..formats.file_state import State, afar, state_of

DONE = ".done"  # ending of an empty file that the recorder lays beside a take when it has closed it
RESCAN = 30.0  # s between two looks at the folder when no change was reported
BLIND = 2.0  # s between them where the notices cannot be read


@dataclass(frozen=True)
class Ready:
    """A take, or a set of them; `state`: of all its files; `at`: since when it could be judged [s, time.time]."""

    entry: Entry
    state: State
    at: float


@dataclass(frozen=True)
class _Seen:
    """A state in which something was found: since when, by our own clock [s] and by the day's [s, time.time]."""

    state: State
    since: float
    at: float


class Inbox:
    """Looks at a folder again and again; each take is given once in each state.

    It rests from when its last change was *seen* here: copies may keep the times of their originals, and clocks elsewhere may differ.

    Args:
        folder: where takes arrive, in it or one level down; rest_s: how long a take without `.done` has to stay as it is.
    """

    def __init__(self, folder: Path, rest_s: float) -> None:
        self.folder, self._rest_s = folder, rest_s
        self._seen: dict[Path, _Seen] = {}  # what is not ready
        self._given: dict[Path, State] = {}
        self._marks: dict[Path, State] = {}  # that were followed: a take that changed after its mark has to rest

    @property
    def unrested(self) -> bool:
        """Whether something will be ready by time alone."""
        return bool(self._seen)

    def ready(self) -> Iterator[Ready]:
        """What has become ready since it was asked last, in the order of the folder."""
        try:
            found = entries(self.folder)
        except (EpisodeError, OSError):
            found = []  # nothing yet, or a folder that is away for a while
        here = {one.path for one in found}
        for gone in [path for path in (*self._seen, *self._given) if path not in here]:
            for known in (self._seen, self._given, self._marks):
                known.pop(gone, None)
        for entry in found:
            state = state_of(entry.path)
            if state is None or self._given.get(entry.path) == state:
                self._seen.pop(entry.path, None)
                continue
            now, seen = time.monotonic(), self._seen.get(entry.path)
            if seen is None or seen.state != state:
                seen = self._seen[entry.path] = _Seen(state, now, time.time())
            mark = _mark(entry.path)
            marked = mark is not None and mark != self._marks.get(entry.path)
            if not marked and now - seen.since < self._rest_s:
                continue
            if mark is not None:
                self._marks[entry.path] = mark
            del self._seen[entry.path]
            self._given[entry.path] = state
            yield Ready(entry, state, seen.at if marked else seen.at + self._rest_s)


def _mark(path: Path) -> State | None:
    """State of the file by which the recorder says that the take is whole; None where it has not."""
    marks = (path.with_name(path.name + DONE), path.with_suffix(DONE), path / DONE)
    return next((state for mark in marks if (state := state_of(mark)) is not None), None)


class Changes:
    """Tells that something has changed in a folder, by the system's own notices, or by looking where it gives none.

    Args:
        poll: whether to look; None: where the folder lies on another machine.
    """

    def __init__(self, folder: Path, poll: bool | None = None) -> None:
        self._happened, self._over = threading.Event(), threading.Event()
        self._folder, self._poll = folder, afar(folder) if poll is None else poll
        self._last, self._pause = 0.0, RESCAN
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        from watchfiles import watch

        while not self._over.is_set():
            try:
                for _ in watch(
                    self._folder,
                    watch_filter=None,
                    debounce=200,
                    stop_event=self._over,
                    force_polling=self._poll,
                    rust_timeout=500,
                    raise_interrupt=False,
                ):
                    self._happened.set()
            except OSError:  # the folder is gone for a while, or the system gives no more notices
                self._poll = True
                self._over.wait(1.0)
            except Exception:  # a notice that the library cannot read, as of a name that is no text
                self._pause = BLIND
                self._happened.set()
                self._over.wait(1.0)

    def wait(self, timeout_s: float) -> None:
        """Until something changes, or the time is over."""
        self._happened.wait(timeout_s)

    @property
    def pending(self) -> bool:
        """Whether something changed since it was looked at, or that was long ago."""
        return self._happened.is_set() or time.monotonic() - self._last > self._pause

    def due(self) -> bool:
        """Whether to look into the folder, which is then taken as done."""
        due = self.pending
        if due:
            self._happened.clear()
            self._last = time.monotonic()
        return due

    def close(self) -> None:
        self._over.set()
        self._thread.join(5.0)

