"""A glance at the pictures of a recording: mean luminance on a grid of cells, so that a video fits into a megabyte.

Up to `WHOLE` pictures of a camera are all looked at; of more, `WINDOWS` stretches of `EACH` pictures, evenly spread,
the first at the beginning and the last at the end. What was not looked at is not claimed: `total` says how many there
are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...scenarios.sheet.errors import EpisodeError
from ..recording.pictures import CELLS, PictureSamples
from ..recording.recording import PictureFile, PictureTopic, Recording
from ..signals.clock import origin_ns

WHOLE = 1800  # pictures, a minute at 30 Hz: under three seconds of decoding
WINDOWS, EACH = 12, 150


def windows(total: int) -> list[tuple[int, int]]:
    """(first picture, count) of the stretches that are looked at."""
    if total <= WHOLE:
        return [(0, total)] if total else []
    return [(round(first), EACH) for first in np.linspace(0, total - EACH, WINDOWS)]


def picture_samples_of(recording: Recording) -> Iterator[PictureSamples]:
    """A look at each camera of a recording; one that is only announced, or has pictures that cannot be decoded, says so."""
    for camera, why in recording.declared.unseen.items() if recording.declared is not None else ():
        yield PictureSamples(camera, unreadable=why)
    for camera, pictures in recording.pictures.items():
        try:
            if isinstance(pictures, PictureFile):
                yield _of_file(camera, pictures, _rows(recording))
            else:
                yield _of_topic(camera, pictures, origin_ns(recording))
        except EpisodeError as error:
            yield PictureSamples(camera, unreadable=error.message)


def _rows(recording: Recording) -> int | None:
    """Rows of a table of frames, where all its streams have the same number."""
    counts = {s.n for s in recording.streams.values() if s.role in ("command", "measured")}
    return counts.pop() if len(counts) == 1 else None


def _of_file(camera: str, pictures: PictureFile, rows: int | None) -> PictureSamples:
    from .video import count_of, luminance

    rate = pictures.fps or 30.0
    if pictures.stop_s is None:
        total = count_of(pictures.path)
    else:
        total = round((pictures.stop_s - pictures.start_s) * rate)
    chosen = windows(total)
    seen = [luminance(pictures.path, pictures.start_s + first / rate, n, rate, CELLS) for first, n in chosen]
    if not any(len(one) for one in seen):
        raise EpisodeError("the video holds no picture that can be decoded.", file=pictures.path)
    if len(chosen) == 1:
        total = len(seen[0])
    at = np.concatenate([first + np.arange(len(one)) for (first, _), one in zip(chosen, seen)])
    return PictureSamples(
        camera,
        t=at / rate,
        cells=np.concatenate(seen),
        stretch=np.repeat(np.arange(len(seen)), [len(one) for one in seen]),
        total=total,
        expected=rows,
        rate=pictures.fps,
    )


def _of_topic(camera: str, pictures: PictureTopic, origin: int) -> PictureSamples:
    from .rosbag.bag_pictures import luminance

    chosen = windows(pictures.n)
    capture, receive, cells = luminance(pictures, _indices(chosen), CELLS)
    stamped = bool((capture > 0).all())
    times = ((capture if stamped else receive) - origin) * 1e-9
    at = np.array(_indices(chosen), int)
    at = at[at < len(times)]
    stretch = np.concatenate([np.full(n, k) for k, (_, n) in enumerate(chosen)])[: len(at)]
    return PictureSamples(
        camera,
        t=times[at],
        cells=cells,
        stretch=stretch,
        total=len(times),
        times=times,
        delay=float(np.percentile((receive - capture) * 1e-9, 5.0)) if stamped else None,
    )


def _indices(chosen: Sequence[tuple[int, int]]) -> list[int]:
    return [first + k for first, n in chosen for k in range(n)]
