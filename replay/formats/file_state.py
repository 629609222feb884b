"""The state of a file or set, as far as it shows without reading: what changes below it changes it."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from functools import lru_cache
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, odd_kind

AFAR = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "ceph", "glusterfs", "lustre", "virtiofs", "vboxsf")
EXACT_S = 0.005  # a look at a set that takes no longer is made each time it is asked for
SHARE = 20  # a longer one no sooner than so many times its own length later
State = tuple[int | str, ...]


def state_of(path: Path) -> State | None:
    """What the system says of a file, of a link that leads nowhere, or of all that lies in a folder; None where nothing is there.

    Of each file its path, kind, rights, size and time of change count, and its number where the file system keeps that.
    A folder's state is (entries, bytes, digest): any file that comes, goes, grows or is replaced changes it, whatever its times say.
    Links to folders are not followed.
    """
    try:
        known = os.stat(path)
    except OSError:
        return _facts(os.lstat(path)) if os.path.islink(path) else None
    if not stat.S_ISDIR(known.st_mode):
        return _facts(known)
    n, size, found = 0, 0, hashlib.sha256()
    folders = [(os.fsencode(path), b"")]
    while folders:
        folder, name = folders.pop()
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:  # it may not be listed, or has gone meanwhile
            found.update(b"%s\0!%d\n" % (name, error.errno or 0))
            continue
        for entry in entries:
            relative = name + b"/" + entry.name
            try:
                about = entry.stat()
            except OSError as error:  # a link that leads nowhere
                found.update(b"%s\0!%d\n" % (relative, error.errno or 0))
                continue
            n += 1
            if stat.S_ISDIR(about.st_mode):
                found.update(b"%s\0d%d\n" % (relative, about.st_mode))
                if not entry.is_symlink():
                    folders.append((entry.path, relative))
                continue
            size += about.st_size
            found.update(b"%s\0%s\n" % (relative, repr(_facts(about)).encode()))
    return n, size, found.hexdigest()


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _facts(known: os.stat_result) -> State:
    return known.st_size, known.st_mtime_ns, known.st_ino if _keeps_numbers(known.st_dev) else 0, known.st_mode


def refuse_pipes(folder: Path) -> None:
    """Refuse a set in which something waits to be written into while it is read: whoever opens it waits, too.

    Raises:
        EpisodeError: a pipe, a device or a socket lies in it, or a link to one.
    """
    for place, _, _ in os.walk(folder):
        with os.scandir(place) as listed:
            odd = [entry.name for entry in listed if not entry.is_dir() and not entry.is_file() and os.path.exists(entry.path)]
        if odd:
            raise EpisodeError(odd_kind(Path(place, min(odd))) or "has gone.", file=Path(place, min(odd)))


class SeenStates:
    """States of paths that are asked for again and again, as before and after each take of a set.

    A set of very many files is not looked through each time: so a change of it may be seen somewhat later.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[State | None, float]] = {}

    def of(self, path: Path) -> State | None:
        """As `state_of`."""
        known, now = self._known.get(path), time.monotonic()
        if known is not None and now < known[1]:
            return known[0]
        state = state_of(path)
        took = time.monotonic() - now
        self._known.pop(path, None)
        if took > EXACT_S:
            self._known[path] = state, now + (1 + SHARE) * took
        return state


def afar(folder: Path, mounts: Path = Path("/proc/mounts")) -> bool:
    """Whether a folder lies on a file system that does not tell of what others write there."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return False
    here = folder.resolve()
    points = [(Path(line[1]), line[2]) for line in lines if len(line) > 2 and here.is_relative_to(line[1])]
    kind = max(points, key=lambda point: len(point[0].parts), default=(here, ""))[1]
    return kind.startswith(AFAR)


@lru_cache(maxsize=64)
def _keeps_numbers(device: int, mounts: Path = Path("/proc/self/mountinfo")) -> bool:
    """Whether a file keeps its number (inode) on this device when it is mounted anew; where nothing tells, it may not."""
    here = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return False
    kinds = [line[line.index("-") + 1] for line in lines if len(line) > 2 and line[2] == here and "-" in line]
    return bool(kinds) and not any(kind.startswith(AFAR) for kind in kinds)
