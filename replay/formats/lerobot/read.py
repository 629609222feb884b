"""A LeRobot dataset: one that shiliu wrote describes itself, one of others needs a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...recording.recording import Recording, Unreadable
from . import foreign, layout, own


def read(
    root: Path, source: str, mapping: str | Path | None = None, fps: float | None = None
) -> Iterator[Recording | Unreadable]:
    """The episodes of a dataset folder; raises what `own.read` and `foreign.read` raise."""
    if (root / layout.DATASET).is_file():
        return own.read(root, source)
    return foreign.read(root, source, mapping, fps)


def numbered(root: Path, source: str) -> own.Dataset | None:
    """The set, if its episodes can be read one without the others; else None."""
    return own.Dataset(root, source) if (root / layout.DATASET).is_file() else None
