"""A take as an ordinary LeRobot set that keeps where its objects were, with columns changed as a test wants them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shiliu
from shiliu.replay.formats.lerobot.export import make_plain
from shiliu.replay.formats.lerobot.write import write_lerobot

AROUND = "observation.environment_state"


def table_setting(starts: int = 2):
    """The scene, with so many likely starts."""
    return shiliu.load_scenario("table_setting", [f"judge.if_unknown.starts={starts}"])


def ordinary(scene, episode, root: Path, change: Callable[[dict[str, np.ndarray]], None] | None = None) -> list:
    """The recordings of the set.

    Args:
        change: is given each column of vectors, (T, k) by its name, and changes it in place.
    """
    rate = round(1.0 / scene.control_timestep)
    write_lerobot(root, [episode], scene.schema.lerobot_features(()), rate, scene.robot.name)
    make_plain(root)
    for path in (root / "data").rglob("*.parquet") if change is not None else ():
        table = pq.read_table(path)
        columns = {
            field.name: np.stack(table.column(field.name).to_numpy(zero_copy_only=False))
            for field in table.schema
            if pa.types.is_list(field.type) or pa.types.is_fixed_size_list(field.type)
        }
        change(columns)
        for name, values in columns.items():
            at = table.schema.get_field_index(name)
            field = table.schema.field(at)
            table = table.set_column(at, field, pa.array(list(values), field.type))
        pq.write_table(table, path)
    return list(shiliu.read(root))


def around(scene, columns: dict[str, np.ndarray], name: str) -> np.ndarray:
    """(T,) a view of one element of what stands around, such as `bowl.z`."""
    return columns[AROUND][:, scene.schema.observations[AROUND].names.index(name)]
