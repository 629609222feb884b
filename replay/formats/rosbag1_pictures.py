"""Pictures in ROS 1 bags: compressed pictures are found when a bag is read, and decoded when frames are asked for."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag1 import Reader

from ...scenarios.errors import EpisodeError
from ..mapping import Mapping
from ..recording import PictureTopic
from .rosbag1 import definitions

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
    return np.array([_stamp(message) for message in _messages(topic)], np.int64)


def frames(topic: PictureTopic, grid: np.ndarray) -> Iterator[np.ndarray]:
    """The picture that was the latest at each time of a grid, (h, w, 3) uint8; one picture in memory at a time.

    Args:
        grid: (T,) int64 [ns], ascending, none before the first picture.

    Raises:
        EpisodeError: a picture cannot be decoded, or is of another size than the first.
    """
    k, shown = 0, None
    for message in _messages(topic):
        stamp = _stamp(message)
        while shown is not None and k < len(grid) and grid[k] < stamp:
            yield _sized(shown, topic)
            k += 1
        shown = message
    while shown is not None and k < len(grid):
        yield _sized(shown, topic)
        k += 1


def _sized(message: Any, topic: PictureTopic) -> np.ndarray:
    picture = _decoded(message, topic.path, topic.topic)
    if picture.shape != topic.shape:
        raise EpisodeError(
            f"a picture is {picture.shape}, the first is {topic.shape}.", file=topic.path, field=topic.topic
        )
    return picture


def _messages(topic: PictureTopic) -> Iterator[Any]:
    with Reader(topic.path) as reader:
        chosen = [c for c in reader.connections if c.topic == topic.topic]
        for c, _, raw in reader.messages(chosen):
            yield definitions(c.msgdef.data, c.msgtype).deserialize_ros1(raw, c.msgtype)


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * 1_000_000_000 + int(message.header.stamp.nanosec)


def _decoded(message: Any, path: Path, topic: str) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(message.data.tobytes())) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels are too many")
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise EpisodeError(
            f"a picture cannot be decoded ({' '.join(str(error).split())[:120]}).", file=path, field=topic
        ) from None
