"""`to=rosbag`: a folder of ROS 1 bags, one an episode, as the real robot would have recorded them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .placing import placed
from .rosbag1_write import write
from .targets import Item, Options


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write each episode; see `rosbag1_write` for what a bag holds."""
    with placed(out) as folder:
        for item in items:
            write(item.simulated, item.scene, item.file_in(folder, ".bag"), options.images)
            yield item
