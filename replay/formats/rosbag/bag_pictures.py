"""Pictures in ROS 1 bags: compressed pictures are found when a bag is read, and decoded when frames are asked for."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag1 import Reader

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import PictureTopic
from ..mapping import Mapping
from ..reader_errors import cause_of
from .definitions import definitions, mendable

TYPE = "sensor_msgs/msg/CompressedImage"
MAX_PIXELS = 50_000_000  # of one picture


def found(path: Path, reader: Reader, connections: Sequence[Any], mapping: Mapping) -> dict[str, PictureTopic]:
    """Topics of pictures by camera feature, as the mapping names them.

    Raises:
        EpisodeError: the first picture of one of them cannot be decoded.
    """
    topics = {}
    for c in connections:
        camera = mapping.pictures.get(c.topic)
        if camera is None or c.msgtype != TYPE or not c.msgcount:
            continue
        _, _, raw = next(iter(reader.messages([c])))
        picture = _decoded(definitions(c.msgdef.data, c.msgtype).deserialize_ros1(raw, c.msgtype), path, c.topic)
        height, width = picture.shape[:2]
        topics[f"observation.images.{camera}"] = PictureTopic(path, c.topic, (height, width, 3), c.msgcount)
    return topics


def stamps(topic: PictureTopic) -> np.ndarray:
    """(n,) int64 time at which each picture was taken, by its sender [ns]."""
    return np.array([_stamp(message) for _, message in _messages(topic)], np.int64)


def frames(topic: PictureTopic, grid: np.ndarray) -> Iterator[np.ndarray]:
    """The picture that was the latest at each time of a grid, (h, w, 3) uint8; one picture in memory at a time.

    Args:
        grid: (T,) int64 [ns], ascending, none before the first picture.

    Raises:
        EpisodeError: a picture cannot be decoded, or is of another size than the first.
    """
    k, shown = 0, None
    for _, message in _messages(topic):
        stamp = _stamp(message)
        while shown is not None and k < len(grid) and grid[k] < stamp:
            yield _sized(shown, topic)
            k += 1
        shown = message
    while shown is not None and k < len(grid):
        yield _sized(shown, topic)
        k += 1


def luminance(
    topic: PictureTopic, chosen: Sequence[int], cells: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The clocks of all pictures, and the mean luminance of some of them on a coarse grid.

    Args:
        chosen: their numbers, ascending.
        cells: rows and columns of the grid.

    Returns:
        (n,) int64 capture and (n,) int64 receive times [ns]; (m, rows, columns) uint8.

    Raises:
        EpisodeError: a picture cannot be decoded.
    """
    wanted, capture, receive, seen = set(chosen), [], [], []
    with mendable(topic.path):
        for k, (time_ns, message) in enumerate(_messages(topic)):
            capture.append(_stamp(message))
            receive.append(time_ns)
            if k in wanted:
                seen.append(_coarse(message, topic, cells))
    empty = np.zeros((0, *cells), np.uint8)
    return np.array(capture, np.int64), np.array(receive, np.int64), np.stack(seen) if seen else empty


def _coarse(message: Any, topic: PictureTopic, cells: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    with _opened(message, topic.path, topic.topic) as image:
        image.draft("L", (4 * cells[1], 4 * cells[0]))  # a JPEG is decoded at an eighth of its size
        return np.asarray(image.convert("L").resize((cells[1], cells[0]), Image.Resampling.BOX))


def _sized(message: Any, topic: PictureTopic) -> np.ndarray:
    picture = _decoded(message, topic.path, topic.topic)
    if picture.shape != topic.shape:
        raise EpisodeError(
            f"a picture is {picture.shape}, the first is {topic.shape}. Leave the topic out of the mapping's `pictures`, or record again.",
            file=topic.path,
            field=topic.topic,
        )
    return picture


def _messages(topic: PictureTopic) -> Iterator[tuple[int, Any]]:
    """When each message of a topic arrived [ns], and the message."""
    with Reader(topic.path) as reader:
        chosen = [c for c in reader.connections if c.topic == topic.topic]
        for c, time_ns, raw in reader.messages(chosen):
            yield time_ns, definitions(c.msgdef.data, c.msgtype).deserialize_ros1(raw, c.msgtype)


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def _decoded(message: Any, path: Path, topic: str) -> np.ndarray:
    with _opened(message, path, topic) as image:
        return np.asarray(image.convert("RGB"))


@contextmanager
def _opened(message: Any, path: Path, topic: str) -> Iterator[Any]:
    """The picture of a message while it is decoded.

    Raises:
        EpisodeError: it cannot be, or has too many pixels.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(message.data.tobytes())) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels are too many")
            yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EpisodeError(f"a picture cannot be decoded ({cause_of(error)}).", file=path, field=topic) from None
