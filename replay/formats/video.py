"""Pictures out: an MP4 that LeRobot reads frame by frame, through the ffmpeg that imageio brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...scenarios.errors import EpisodeError

SAMPLED_FRAMES = 16  # pictures of an episode that enter the statistics


def encode(
    path: Path, frames: Iterable[np.ndarray], shape: list[int], fps: int, length: int, name: str
) -> list[np.ndarray]:
    """Write an MP4 of exactly `length` frames; returns some of them for the statistics."""
    import imageio_ffmpeg

    height, width, _ = shape
    sampled: list[np.ndarray] = []
    every = max(1, length // SAMPLED_FRAMES)
    sink: Iterator[Any] = imageio_ffmpeg.write_frames(
        str(path),
        (width, height),
        fps=fps,
        codec="libx264",
        pix_fmt_out="yuv420p",
        macro_block_size=2,
        quality=None,
        ffmpeg_log_level="error",
        output_params=[
            "-crf",
            "20",
            "-g",
            "10",
            "-preset",
            "veryfast",
            "-bf",
            "0",
        ],  # short groups: training reads at random
    )
    count = 0
    try:
        sink.send(None)  # type: ignore[attr-defined]
        for frame in frames:
            if count == length or frame.shape != tuple(shape) or frame.dtype != np.uint8:
                raise EpisodeError(
                    f"picture {count} is {frame.dtype}{frame.shape}; {length} of uint8{tuple(shape)} are wanted.",
                    field=name,
                )
            sink.send(np.ascontiguousarray(frame))  # type: ignore[attr-defined]
            if count % every == 0:
                sampled.append(np.array(frame))
            count += 1
    except OSError as error:
        raise EpisodeError(
            f"the video could not be written: {' '.join(str(error).split())[:300]}.", field=name
        ) from None
    finally:
        sink.close()  # type: ignore[attr-defined]
    if count != length or not path.is_file():
        raise EpisodeError(f"{count} pictures for {length} frames.", field=name)
    return sampled
