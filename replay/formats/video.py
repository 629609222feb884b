"""Pictures out: an MP4 that LeRobot reads frame by frame, through the ffmpeg that imageio brings, or one that is there.

And a glance at those of others, for the judge.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError

SAMPLED_FRAMES = 16  # pictures of an episode that enter the statistics
MAX_DECODING = 120.0  # s, for one look at a video; a sound one takes two


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
        ffmpeg_log_level="quiet",  # what it cannot write is seen below
        output_params="-crf 20 -g 10 -preset veryfast -bf 0".split(),  # short groups: training reads at random
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
    except OSError:
        raise _torn(name) from None
    finally:
        sink.close()  # type: ignore[attr-defined]
    if count != length:
        raise EpisodeError(f"{count} pictures for {length} frames.", field=name)
    try:
        whole = path.is_file() and count_of(path) == length
    except EpisodeError:
        whole = False
    if not whole:  # the encoder does not report that the disk was full
        raise _torn(name)
    return sampled


def _torn(name: str) -> EpisodeError:
    return EpisodeError("a video could not be written whole: there is no room. Make room, or choose another path.", field=name)


@dataclass(frozen=True)
class WholeVideo:
    """A video file that is copied as it is, and some of its pictures for the statistics."""

    path: Path
    sampled: list[np.ndarray]


def count_of(path: Path) -> int:
    """Pictures in a video file.

    Raises:
        EpisodeError: no video.
    """
    import imageio_ffmpeg

    try:
        return int(imageio_ffmpeg.count_frames_and_secs(str(path))[0])
    except (OSError, RuntimeError, ValueError) as error:
        raise EpisodeError(f"no readable video ({' '.join(str(error).split())[:120]}).", file=path) from None


def sample(path: Path, shape: tuple[int, int, int], length: int) -> list[np.ndarray]:
    """Some of the pictures (h, w, 3) uint8 of a video file of `length` pictures, for the statistics.

    Raises:
        EpisodeError: its pictures are of another size, or cannot be decoded.
    """
    import imageio_ffmpeg

    every = max(1, length // SAMPLED_FRAMES)
    try:
        reader = imageio_ffmpeg.read_frames(str(path), pix_fmt="rgb24")
        try:
            size = next(reader)["size"]
            if list(size) != [shape[1], shape[0]]:
                raise EpisodeError(f"pictures of {size[0]}x{size[1]}, {shape[1]}x{shape[0]} are announced.", file=path)
            taken = [np.frombuffer(raw, np.uint8).reshape(shape) for k, raw in enumerate(reader) if k % every == 0]
        finally:
            reader.close()
    except (OSError, RuntimeError, StopIteration, ValueError) as error:
        raise EpisodeError(f"the video cannot be decoded ({' '.join(str(error).split())[:120]}).", file=path) from None
    if not taken:
        raise EpisodeError("the video holds no picture that can be decoded.", file=path)
    return taken


def luminance(path: Path, start_s: float, length: int, rate: float, cells: tuple[int, int]) -> np.ndarray:
    """Mean luminance on a coarse grid, of pictures that follow each other.

    Args:
        start_s: time of the first one in the file [s]; length: how many at most.
        rate: pictures a second; half an interval is the tolerance of the start.
        cells: rows and columns of the grid.

    Returns:
        (n, rows, columns) uint8, n <= length.

    Raises:
        EpisodeError: the file cannot be decoded.
    """
    import imageio_ffmpeg

    rows, columns = cells
    seek = ["-ss", f"{max(0.0, start_s - 0.5 / rate):.6f}"] if start_s > 0 else []
    command = [
        *(imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-threads", "1", *seek, "-i", str(path.resolve())),
        *("-an", "-sn", "-map", "0:v:0", "-frames:v", str(length), "-fps_mode", "passthrough"),
        *("-vf", f"scale={columns}:{rows}:flags=area,format=gray", "-f", "rawvideo", "-"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=MAX_DECODING, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EpisodeError(f"the video cannot be decoded ({type(error).__name__}).", file=path) from None
    n = len(done.stdout) // (rows * columns)
    if n == 0 and done.returncode != 0:
        why = " ".join(done.stderr.decode(errors="replace").replace(str(path.resolve()), path.name).split())[:120]
        raise EpisodeError(f"the video cannot be decoded ({why}).", file=path)
    return np.frombuffer(done.stdout, np.uint8, n * rows * columns).reshape(n, rows, columns)
