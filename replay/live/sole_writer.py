"""A folder of takes has one writer: two that add to one set would each lose what the other has added."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError

LOCK = ".teleop.lock"  # a file in the folder; it stays, and means nothing unless a process holds it


@contextmanager
def sole_writer(out: Path) -> Iterator[None]:
    """Hold a folder of takes, which is made. The system takes the lock away from a process that dies.

    Raises:
        EpisodeError: another process holds it, or nothing can be written there.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise EpisodeError(f"{error.strerror}.", file=out, field="out") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EpisodeError(
                "Another `shiliu teleop` keeps its takes here. End it, or choose another out=.", file=out, field="out"
            ) from None
        except OSError:
            pass  # a file system without locks: a second writer cannot be seen there
        yield
    finally:
        os.close(handle)
