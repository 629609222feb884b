"""Which takes of a folder are ready: all of their bytes are there, as far as can be told from outside."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...scenarios.errors import EpisodeError
from ..formats import Entry, entries
from ..formats.one_by_one import State, state_of

DONE = ".done"  # ending of an empty file that the recorder lays beside a take when it has closed it
AFAR = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "ceph", "glusterfs", "lustre", "virtiofs", "vboxsf")
RESCAN = 30.0  # s between two looks at the folder when nothing told of a change


@dataclass(frozen=True)
class Ready:
    """A take, or a set of them; `state`: size and time that it had; `at`: since when it could be judged [s, time.time]."""

    entry: Entry
    state: State
    at: float


class Inbox:
    """Looks at a folder again and again; each take is given once in each state.

    Args:
        folder: where takes arrive, in it or one level down; rest_s: how long a take without `.done` has to stay as it is.
    """

    def __init__(self, folder: Path, rest_s: float) -> None:
        self.folder, self._rest_s = folder, rest_s
        self._seen: dict[Path, tuple[State, float]] = {}  # what is not ready: its state, and since when
        self._given: dict[Path, State] = {}

    @property
    def unrested(self) -> bool:
        """Whether something will be ready by time alone."""
        return bool(self._seen)

    def ready(self) -> Iterator[Ready]:
        """What has become ready since it was asked last, in the order of the folder."""
        try:
            found = entries(self.folder)
        except EpisodeError:
            found = []  # nothing yet
        here = {one.path for one in found}
        for gone in [path for path in (*self._seen, *self._given) if path not in here]:
            self._seen.pop(gone, None)
            self._given.pop(gone, None)
        for entry in found:
            state, now = state_of(entry.path), time.time()
            if state is None or self._given.get(entry.path) == state:
                continue
            if entry.path not in self._seen or self._seen[entry.path][0] != state:
                changed = min(state[1] / 1e9, now)  # a clock elsewhere may be ahead of ours
                self._seen[entry.path] = (state, changed if self._rest_s < now - changed else now)
            marked, since = _marked(entry.path), self._seen[entry.path][1]
            if marked is None and now - since < self._rest_s:
                continue
            del self._seen[entry.path]
            self._given[entry.path] = state
            yield Ready(entry, state, min(now, marked) if marked is not None else since + self._rest_s)


def _marked(path: Path) -> float | None:
    """When the recorder said that the take is whole [s]; None where it has not."""
    for mark in (path.with_name(path.name + DONE), path.with_suffix(DONE), path / DONE):
        try:
            return mark.stat().st_mtime
        except OSError:
            continue
    return None


class Changes:
    """Tells that something has changed in a folder, by the system's own notices, or by looking where it gives none.

    Args:
        poll: whether to look; None: where the folder lies on another machine.
    """

    def __init__(self, folder: Path, poll: bool | None = None) -> None:
        self._happened, self._over = threading.Event(), threading.Event()
        self._folder, self._poll = folder, _afar(folder) if poll is None else poll
        self._last = 0.0
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

    def wait(self, timeout_s: float) -> None:
        """Until something changes, or the time is over."""
        self._happened.wait(timeout_s)

    def due(self) -> bool:
        """Whether to look into the folder: something changed, or it was long ago."""
        due = self._happened.is_set() or time.monotonic() - self._last > RESCAN
        if due:
            self._happened.clear()
            self._last = time.monotonic()
        return due

    def close(self) -> None:
        self._over.set()
        self._thread.join(5.0)


def _afar(folder: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether a folder lies on a file system that does not tell of what others write there."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return False
    here = folder.resolve()
    points = [(Path(line[1]), line[2]) for line in lines if len(line) > 2 and here.is_relative_to(line[1])]
    kind = max(points, key=lambda point: len(point[0].parts), default=(here, ""))[1]
    return kind.startswith(AFAR)
