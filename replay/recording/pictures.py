"""Pictures of a camera as mean luminance on a grid of cells, so that a video fits into a megabyte; and their brightness over time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

CELLS = (24, 32)  # rows and columns


@dataclass(frozen=True)
class PictureSamples:
    """What was seen of one camera.

    Attributes:
        camera: its name.
        t: (m,) when each picture was taken [s from the recording's origin].
        cells: (m, 24, 32) uint8 mean luminance.
        stretch: (m,) number of the stretch that a picture belongs to; within one none is left out.
        total: pictures that there are; expected: pictures that there should be, one a row, or None.
        rate: pictures a second as announced, or None.
        times: (total,) of all pictures [s] where each carries its own time, else None.
        delay: promptest time from taking to receiving [s], or None.
        unreadable: why no picture could be looked at.
    """

    camera: str
    t: np.ndarray = field(default_factory=lambda: np.zeros(0))
    cells: np.ndarray = field(default_factory=lambda: np.zeros((0, *CELLS), np.uint8))
    stretch: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    total: int = 0
    expected: int | None = None
    rate: float | None = None
    times: np.ndarray | None = None
    delay: float | None = None
    unreadable: str | None = None


@dataclass(frozen=True)
class Brightness:
    """What is kept of a look at a camera, for its curve: `t` (m,) s, `brightness` (m,) of 255, `change` (m-1,) levels."""

    camera: str
    t: np.ndarray
    brightness: np.ndarray
    change: np.ndarray


def brightness_of(samples: PictureSamples) -> Brightness:
    """Mean brightness of each picture, and mean change of its cells to the next; NaN where pictures between were left out."""
    cells = samples.cells.astype(np.float32)
    change = np.abs(np.diff(cells, axis=0)).mean(axis=(1, 2))
    change[np.diff(samples.stretch) != 0] = np.nan
    return Brightness(samples.camera, samples.t, cells.mean(axis=(1, 2)), change)
