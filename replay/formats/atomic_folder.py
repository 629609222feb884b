"""A folder that appears whole or not at all: written beside its place, renamed at the end."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, printable
from .partial import beside, sweep

SPARE = 1 << 20  # bytes of what is written beside the arrays of an episode
TRIAL = 4096  # bytes that are written to see whether there is room


@contextmanager
def placed(out: Path) -> Iterator[Path]:
    """A new folder to write into, which lies at `out` when the block has ended well and is gone when it has not.

    Args:
        out: must not exist, or be an empty folder.

    Raises:
        EpisodeError: something lies at `out`.
    """
    refuse_existing(out)
    made: list[Path] = []  # folders above it, so that a failure leaves none of them behind
    above = out.parent
    while not above.exists():
        made.append(above)
        above = above.parent
    part = beside(out)
    try:
        part.mkdir(parents=True)
        yield part
        refuse_existing(out)
        if out.is_dir():
            out.rmdir()
        os.rename(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def refuse_unwritable(out: Path) -> None:
    """Try, before hours of work, whether something can be made beside `out`; nothing is left behind.

    What a killed run has left for `out` is removed first: it may be what fills the disk.

    Raises:
        EpisodeError: it cannot, with the folder and what the system says.
    """
    above = out.absolute().parent
    try:
        while not above.exists():
            above = above.parent
        _try(above, beside(out))
        if out.is_dir():
            _try(out, beside(out / out.absolute().name))
    except OSError as error:
        room = "Make room, or choose" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Choose"
        raise EpisodeError(
            f"cannot be written: in {printable(above)}, {(error.strerror or str(error)).lower()}. {room} another out=.",
            file=out,
            field="out",
        ) from None


def refuse_full(folder: Path, size: int) -> None:
    """See that a disk has room for an episode before it is written by a library that does not survive a full one.

    Args:
        size: of its arrays [bytes], of which as much again is left over.

    Raises:
        OSError: it has not.
    """
    if shutil.disk_usage(folder).free < 2 * size + SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _try(folder: Path, trial: Path) -> None:
    """Make something in a folder that can be swept away by its name, should this process die meanwhile."""
    trial = folder / trial.name
    try:
        trial.mkdir()
        (trial / "trial").write_bytes(bytes(TRIAL))  # a full disk may still have room for a name
    finally:
        shutil.rmtree(trial, ignore_errors=True)


def refuse_existing(out: Path, hint: str = "Choose another folder, or move it away; nothing is overwritten.") -> None:
    """See that nothing lies at `out`, or an empty folder; what killed runs have left beside it is removed in any case.

    A run that is killed right after it has put its result in place may leave something, too.

    Raises:
        EpisodeError: something does.
    """
    sweep(out)
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise EpisodeError(f"exists already. {hint}", file=out, field="out")
