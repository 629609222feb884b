"""`to=rosbag`: a folder of ROS 1 bags, one an episode, as the real robot would have recorded them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..atomic_folder import placed
from ..exporters import Item, Options
from .write import write


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write each episode; see `rosbag1_write` for what a bag holds."""
    with placed(out) as folder:
        for item in items:
            write(item.simulated, item.scene, item.file_in(folder, ".bag"), options.images)
            yield item
