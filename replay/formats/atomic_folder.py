"""A folder that appears whole or not at all: written beside its place, renamed at the end."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...scenarios.errors import EpisodeError


@contextmanager
def placed(out: Path) -> Iterator[Path]:
    """A new folder to write into, which lies at `out` when the block has ended well and is gone when it has not.

    Args:
        out: must not exist, or be an empty folder.

    Raises:
        EpisodeError: something lies at `out`, or nothing can be written there.
    """
    _refuse(out)
    made: list[Path] = []  # folders above it, so that a failure leaves none of them behind
    above = out.parent
    while not above.exists():
        made.append(above)
        above = above.parent
    part = out.parent / f".{out.name}.{uuid.uuid4().hex[:8]}.partial"
    try:
        part.mkdir(parents=True)
        yield part
        _refuse(out)
        if out.is_dir():
            out.rmdir()
        os.rename(part, out)
    except OSError as error:
        raise EpisodeError(f"cannot be written: {error.strerror or error}.", file=out, field="out") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def refuse_unwritable(out: Path) -> None:
    """Try, before hours of work, whether something can be made beside `out`; nothing is left behind.

    Raises:
        EpisodeError: it cannot, with the folder and what the system says.
    """
    above = out.absolute().parent
    while not above.exists():
        above = above.parent
    try:
        os.rmdir(tempfile.mkdtemp(prefix=f".{out.name}-", dir=above))
    except OSError as error:
        raise EpisodeError(
            f"cannot be written: in {above}, {(error.strerror or str(error)).lower()}. Choose another out=.",
            file=out,
            field="out",
        ) from None


def _refuse(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise EpisodeError(
            "exists already. Choose another folder, or move it away; nothing is overwritten.", file=out, field="out"
        )
