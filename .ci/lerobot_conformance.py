"""Opens a dataset folder with the real lerobot and reads every frame: `make conformance` runs it in an environment of its own.

It holds what lerobot gives against what the files say: numbers to the bit, pictures by their shape.
With a second folder, also the subtask of each frame: that folder is the same set, exported with `subtasks=true`.
"""

# ruff: noqa: E402 - lerobot comes after the stand-ins for what its torchvision lacks

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

# the CPU build of torchvision has no operators, and 0.28 dropped the VideoReader that lerobot's pyav backend calls
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
import av
import lerobot
import pyarrow.parquet as pq
import torch
import torchvision


class VideoReader:
    def __init__(self, path, stream="video"):
        self.container = av.open(str(path))
        self._stream = self.container.streams.video[0]

    def seek(self, t, keyframes_only=False):
        self.container.seek(int(t / self._stream.time_base), stream=self._stream, any_frame=False)
        return self

    def __iter__(self):
        for frame in self.container.decode(self._stream):
            picture = torch.from_numpy(frame.to_ndarray(format="rgb24")).permute(2, 0, 1)
            yield {"data": picture, "pts": float(frame.pts * self._stream.time_base)}


torchvision.io.VideoReader = VideoReader
torchvision.set_video_backend = lambda name: None
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def word_of(frame: dict[str, Any]) -> str | None:
    """The subtask of a frame as lerobot gives it: the 0.4 line looks it up, the 0.6 line asks which line is active."""
    if "language_persistent" not in frame:
        return frame.get("subtask")
    from lerobot.datasets.language_render import active_at

    line = active_at(float(frame["timestamp"]), persistent=frame["language_persistent"], style="subtask")
    return None if line is None else line["content"]


def main(folder: Path, worded: Path | None) -> int:
    info = json.loads((folder / "meta/info.json").read_text())
    data = LeRobotDataset("local/conformance", root=folder, video_backend="pyav")
    table = pq.read_table(folder / "data")
    wrong = []
    for key, declared in (
        ("num_episodes", info["total_episodes"]),
        ("num_frames", info["total_frames"]),
        ("fps", info["fps"]),
    ):
        if getattr(data, key) != declared:
            wrong.append(f"{key}: lerobot says {getattr(data, key)}, info.json {declared}")
    pictures = [name for name, feature in info["features"].items() if feature["dtype"] == "video"]
    vectors = [
        name for name in info["features"] if name.startswith(("action", "observation.")) and name not in pictures
    ]
    columns = {name: torch.tensor(table.column(name).to_pylist()) for name in vectors}
    expected: list[str] = []
    if worded is not None:
        sentences = pq.read_table(worded / "meta/subtasks.parquet").to_pydict()
        by_number = dict(zip(sentences["subtask_index"], sentences["subtask"]))
        expected = [by_number[k] for k in pq.read_table(worded / "data").column("subtask_index").to_pylist()]
        if len(expected) != len(data):
            wrong.append(f"subtasks: {len(expected)} frames in {worded.name}, {len(data)} read")
    for i in range(len(data)):
        frame = data[i]
        if i < len(expected) and word_of(frame) != expected[i]:
            wrong.append(f"subtask: frame {i} has {word_of(frame)!r}, {expected[i]!r} was written")
        for name, values in columns.items():
            if not torch.equal(frame[name].reshape(-1), values[i].reshape(-1)):
                wrong.append(f"{name}: frame {i} differs")
        for name in pictures:
            height, width, _ = info["features"][name]["shape"]
            if tuple(frame[name].shape) != (3, height, width):
                wrong.append(f"{name}: frame {i} is {tuple(frame[name].shape)}")
    for name, values in columns.items():
        mean = torch.tensor(data.meta.stats[name]["mean"], dtype=torch.float64)
        if not torch.allclose(
            mean, values.to(torch.float64).reshape(len(values), -1).mean(dim=0), rtol=1e-6, atol=1e-9
        ):
            wrong.append(f"{name}: the mean in stats.json is not that of the frames")
    for line in wrong[:20]:
        print(line)
    tasks = list(data.meta.tasks.index)
    print(
        f"lerobot {lerobot.__version__} read {data.num_episodes} episodes, {len(data)} frames, {data.fps} fps, "
        f"{len(pictures)} cameras, tasks {tasks}, {len(set(expected))} subtasks"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    given = [Path(word).resolve() for word in sys.argv[1:]]
    raise SystemExit(main(given[0], given[1] if len(given) > 1 else None))
