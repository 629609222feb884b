"""`to=mcap`: a folder of MCAP files, one a recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..atomic_folder import placed
from ..exporters import Item, Options
from .write import write


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write each recording with all its streams; pictures are left to those who read their source."""
    with placed(out) as folder:
        for item in items:
            write(item.recording, item.file_in(folder, ".mcap"))
            yield item
