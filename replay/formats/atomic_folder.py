"""A folder that appears whole or not at all: written beside its place, renamed at the end."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ...scenarios.sheet.errors import EpisodeError, odd_kind, printable
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
    with _part_of(out) as part:
        yield part
        refuse_existing(out)
        if out.is_dir():
            out.rmdir()
        os.rename(part, out)


@contextmanager
def filled(out: Path) -> Iterator[Path]:
    """A new folder: its files are moved to `out`, which may hold others, when the block has ended well; else `out` is as it was."""
    with _part_of(out) as part:
        yield part
        if out.is_dir():
            for file in sorted(part.iterdir()):
                os.replace(file, out / file.name)
        else:
            os.rename(part, out)


@contextmanager
def _part_of(out: Path) -> Iterator[Path]:
    """A new folder beside `out`, which is gone after the block unless it was moved away."""
    with parents(out):
        part = beside(out)
        try:
            part.mkdir()
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def whole_file(path: Path, new: bool = False) -> Iterator[Path]:
    """A new file to write, which lies at `path` in place of what was there when the block has ended well, and is gone when it has not.

    Args:
        new: nothing may lie there, as another run may have come first.

    Raises:
        EpisodeError: something does.
    """
    with parents(path), swapped_in(path) as part:
        yield part
        if new:
            refuse_existing(path)


@contextmanager
def swapped_in(path: Path) -> Iterator[Path]:
    """As `whole_file`, in a folder that has to be there."""
    part = beside(path)
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, text: str, new: bool = False) -> None:
    """Write a file that appears whole or not at all, in place of what was there; `new` as for `whole_file`."""
    with whole_file(path, new) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def parents(out: Path) -> Iterator[None]:
    """Make the folders above `out`; those of them that are empty after the block are taken away again."""
    above, made = out.absolute().parent, []
    while not above.exists():
        made.append(above)
        above = above.parent
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()


def refuse_unwritable(out: Path, file: bool = False, holds: Sequence[str] = (), within_set: bool = False) -> None:
    """Try, before hours of work, whether something can be made at `out` and beside it; nothing is left behind.

    What a killed run has left for `out` is removed first: it may be what fills the disk.

    Args:
        file: `out` will be a file, else a folder; holds: files that will lie in it; within_set: a dataset may hold it.

    Raises:
        EpisodeError: it cannot, with the folder and what the system says.
    """
    above = out.absolute().parent
    if out.is_file() and not file:
        raise EpisodeError("This is a file, not a folder. Choose another path.", file=out, field="out")
    for one in [out] if file else [out / name for name in holds]:
        if one.is_dir():
            raise EpisodeError("This is a folder, and a file will be written there. Choose another path.", file=one, field="out")
    if not within_set:
        refuse_within_set(out)
    odd = next((path for path in (out, *out.absolute().parents) if odd_kind(path)), None)
    if odd is not None:
        raise EpisodeError(f"{odd_kind(odd)} Or choose another path.", file=odd, field="out")
    try:
        names = [out.absolute().name]
        while not above.exists():
            names.append(above.name)
            above = above.parent
        for name in names:
            with suppress(FileNotFoundError, NotADirectoryError):
                os.lstat(above / name)  # it may be too long
        _try(above, beside(out))
        if out.is_dir():
            _try(out, beside(out / out.absolute().name))
    except OSError as error:
        room = "Make room, or choose" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Choose"
        raise EpisodeError(
            f"cannot be written: in {printable(above)}, {(error.strerror or str(error)).lower()}. {room} another path.",
            file=out,
            field="out",
        ) from None


def refuse_within_set(out: Path) -> None:
    """See that nothing is written into a dataset, which would be another one then: its state is that of all its files.

    Raises:
        EpisodeError: `out` lies in one.
    """
    holds = next((above for above in out.absolute().parents if (above / "meta" / "info.json").is_file()), None)
    if holds is not None:
        raise EpisodeError(f"lies in the dataset {printable(holds)}. Choose a path beside it.", file=out, field="out")


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


def refuse_existing(out: Path, hint: str = "Choose another path, or move it away; nothing is overwritten.") -> None:
    """See that nothing lies at `out`, or an empty folder; what killed runs have left beside it is removed in any case.

    A run that is killed right after it has put its result in place may leave something, too.

    Raises:
        EpisodeError: something does.
    """
    sweep(out)
    refuse_within_set(out)
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise EpisodeError(f"exists already. {hint}", file=out, field="out")
