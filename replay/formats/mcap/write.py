"""Recordings out as MCAP: every stream with all its clocks and bits, in messages that stock ROS 2 tools plot.

Layout of a file (profile `ros2`):

```
schema    shiliu_msgs/msg/Sample   ros2msg: int64 capture_ns, receive_ns, device_ns; float64[] values
channel   a stream, its topic the stream's name; a message a sample, CDR, in the order of the stream
metadata  shiliu.recording         layout, json: all else of the recording, of its streams, and a hash of their numbers
attach.   shiliu/episode.npz       an own simulation episode: start state, actions, states, draw, config
```

A clock that the stream does not have holds the least int64. `log_time` is the stream's own clock and `sequence` the
number of the sample; both are for tools (log_time cannot be negative), and reading does without them. The JSON is plain
except for what JSON has no word for, see `tagged`.

`to=mcap` writes a folder of them, one a recording.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording, Stream
from .. import episode_archive as packed
from .. import lossless_json as tagged
from ..atomic_folder import placed, swapped_in
from ..exporters import Item, Options

LAYOUT = "1"
METADATA, EPISODE = "shiliu.recording", "shiliu/episode.npz"
CLOCKS = ("capture_ns", "receive_ns", "device_ns")
OF_RECORDING = ("name", "source", "sha256", "kind", "scenario", "cell", "metadata", "mapping", "unmapped", "notes")
NO_TIME = -(1 << 63)
SCHEMA = "shiliu_msgs/msg/Sample"
DEFINITION = f"""\
# One sample of a stream. A clock that the stream does not have holds {NO_TIME}.
int64 capture_ns
int64 receive_ns
int64 device_ns
float64[] values
"""
_CDR = b"\x00\x01\x00\x00"  # little-endian


def write(recording: Recording, path: Path) -> None:
    """Store a recording; `mcap.read` gives it back equal in every field and every bit.

    Args:
        recording: any, with or without an own simulation episode.
        path: file to be made. It appears whole or not at all.

    Raises:
        EpisodeError: something lies at `path`, or the recording holds what cannot be written.
    """
    from mcap.writer import Writer

    path = Path(path)
    if path.exists():
        raise EpisodeError(
            "exists already. Choose another file, or move it away; nothing is overwritten.", file=path, field="out"
        )
    about = {"layout": LAYOUT, "json": tagged.dumps(_about(recording), "recording")}
    episode = None if recording.episode is None else packed.pack(recording.episode)
    with swapped_in(path) as part, part.open("xb") as file:
        writer = Writer(file)
        writer.start(profile="ros2", library="shiliu")
        schema = writer.register_schema(SCHEMA, "ros2msg", DEFINITION.encode())
        writer.add_metadata(METADATA, about)
        if episode is not None:
            writer.add_attachment(0, 0, EPISODE, "application/zip", episode)
        streams = list(recording.streams.values())
        channels = [writer.register_channel(s.name, "cdr", schema, _shown(s)) for s in streams]
        for time, i, k, message in heapq.merge(*(_messages(i, s) for i, s in enumerate(streams))):
            writer.add_message(channels[i], log_time=time, publish_time=time, sequence=k, data=message)
        writer.finish()


def _about(recording: Recording) -> dict[str, Any]:
    """Everything but the numbers of the streams and the simulation episode."""
    return {
        **{key: getattr(recording, key) for key in OF_RECORDING},
        "episode": EPISODE if recording.episode is not None else None,
        "numbers_sha256": numbers_sha256(recording.streams),
        "streams": [
            {
                "name": stream.name,
                "key": key,
                **{label: getattr(stream, label) for label in ("role", "quantity", "unit", "declared_unit", "names", "n", "clock")},
                "clocks": [label for label in CLOCKS if getattr(stream, label) is not None],
                "meta": stream.meta,
            }
            for key, stream in recording.streams.items()
        ],
    }


def _shown(stream: Stream) -> dict[str, str]:
    """What a tool shows beside the channel; reading does without."""
    shown = {"role": stream.role, "quantity": stream.quantity, "unit": stream.unit, "names": " ".join(stream.names)}
    return {f"shiliu.{key}": text for key, text in shown.items()}


def row_type(width: int) -> np.dtype:
    """A message of `width` values as CDR lays it out: 8-byte numbers begin at multiples of 8 after the header."""
    layout: list[Any] = [("header", "S4"), ("clocks", "<i8", (3,)), ("length", "<u4")]
    return np.dtype([*layout, ("pad", "V4"), ("values", "<f8", (width,))] if width else layout)


def _messages(index: int, stream: Stream) -> Iterator[tuple[int, int, int, bytes]]:
    """(log time, index, k, message) of each sample, in the stream's order."""
    rows = np.zeros(stream.n, row_type(len(stream.names)))
    rows["header"] = _CDR
    rows["length"] = len(stream.names)
    for column, label in enumerate(CLOCKS):
        times = getattr(stream, label)
        rows["clocks"][:, column] = NO_TIME if times is None else times
    if stream.names:
        rows["values"] = stream.values
    content, size = rows.tobytes(), rows.dtype.itemsize
    for k, time in enumerate(stream.time_ns.tolist()):
        yield max(time, 0), index, k, content[k * size : (k + 1) * size]


def numbers_sha256(streams: dict[str, Stream]) -> str:
    """Hash of the bits of all streams: names, clocks and values."""
    digest = hashlib.sha256()
    for key, stream in streams.items():
        digest.update(f"{key} {stream.name} {stream.values.shape} {' '.join(stream.names)}\n".encode())
        for label in CLOCKS:
            times = getattr(stream, label)
            digest.update(f"{label} {times is not None}\n".encode())
            if times is not None:
                digest.update(np.ascontiguousarray(times).tobytes())
        digest.update(np.ascontiguousarray(stream.values).tobytes())
    return digest.hexdigest()


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write each recording with all its streams; pictures are left to those who read their source."""
    with placed(out) as folder:
        for item in items:
            write(item.recording, item.file_in(folder, ".mcap"))
            yield item
