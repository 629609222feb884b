"""Markers in a picture: found by OpenCV, then measured along their edges, and refused where they are not wholly seen.

OpenCV tells which marker it is and roughly where its corners are. The corners of a square that is blurred move inwards, and one
beside a finger or a highlight moves anywhere; so each side is measured as a line, through the steepest place of the grey values
across it, which a symmetric blur leaves where it is. A side that is not there all along, or a cell that is neither black
nor white, is a marker that something hides: it is refused, and says why.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .calibrated_camera import CalibratedCamera
from .markers import CELLS, DICTIONARY
from .opencv import opencv

ALONG = 24  # places of a side that are looked at
MARGIN = 0.12  # of a side, left out at either end: the blur of the other side
LEAST = 14.0  # px of a side: below it cells are two pixels
CONTRAST = 40.0  # grey values between black and white; below it noise decides
SEEN = 0.8  # share of the places of a side at which there is an edge
STRAIGHT = 0.35  # px (at LEAST; more on longer sides) by which places of a side may stand beside its line
BLACK, WHITE = 0.42, 0.58  # of the way from the marker's black to its white
FLOOR = 0.12  # px: standard deviation of a corner at best


@dataclass(frozen=True)
class SeenMarker:
    """A marker that was seen.

    Attributes:
        id: its number; corners: (4, 2) where they lie [px] without the lens's distortion, clockwise from its upper left.
        sigma: standard deviation of a corner [px].
        outline: (4, 2) the same in the picture itself.
    """

    id: int
    corners: NDArray[np.float64]
    sigma: float
    outline: NDArray[np.float64]


@dataclass(frozen=True)
class Detected:
    """What a picture shows.

    Attributes:
        seen: the markers that are measured; refused: number -> why it is not (`hidden`, `glare`, `small`, `faint`).
        outlines: number -> (4, 2) of those that were refused [px].
    """

    seen: tuple[SeenMarker, ...]
    refused: dict[int, str] = field(default_factory=dict)
    outlines: dict[int, NDArray[np.float64]] = field(default_factory=dict)


def detect(picture: np.ndarray, camera: CalibratedCamera, ids: Collection[int]) -> Detected:
    """The markers of a picture.

    Args:
        picture: (h, w, 3) uint8.
        ids: the numbers that there are; others are not looked for.
    """
    cv2 = opencv()
    aruco = cv2.aruco
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    settings = aruco.DetectorParameters()
    settings.errorCorrectionRate = 0.0
    settings.cornerRefinementMethod = aruco.CORNER_REFINE_SUBPIX
    settings.adaptiveThreshWinSizeMin, settings.adaptiveThreshWinSizeMax, settings.adaptiveThreshWinSizeStep = 5, 45, 8
    settings.minMarkerPerimeterRate = 4 * LEAST / max(grey.shape) * 0.7
    dictionary = aruco.getPredefinedDictionary(getattr(aruco, DICTIONARY))
    corners, found, _ = aruco.ArucoDetector(dictionary, settings).detectMarkers(grey)
    seen: list[SeenMarker] = []
    refused: dict[int, str] = {}
    outlines: dict[int, NDArray[np.float64]] = {}
    numbers = [] if found is None else [int(n) for n in np.ravel(found)]
    smooth = grey.astype(np.float64)
    for number, quad in zip(numbers, corners):
        if number not in ids:
            continue
        rough = quad.reshape(4, 2).astype(np.float64)
        if numbers.count(number) > 1:
            why: str | SeenMarker = "twice"
        else:
            why = _measured(smooth, rough, number, camera, dictionary)
        if isinstance(why, str):
            refused[number], outlines[number] = why, rough
        else:
            seen.append(why)
    return Detected(tuple(sorted(seen, key=lambda one: one.id)), refused, outlines)


def _measured(
    grey: np.ndarray, rough: np.ndarray, number: int, camera: CalibratedCamera, dictionary: object
) -> SeenMarker | str:
    """The marker by its sides, or why it cannot be measured."""
    sides = np.linalg.norm(np.roll(rough, -1, axis=0) - rough, axis=1)
    if sides.min() < LEAST:
        return "small"
    levels = _cells(grey, rough, number, dictionary)
    if isinstance(levels, str):
        return levels
    lines, offs = [], []
    for k in range(4):
        found = _side(grey, rough[k], rough[(k + 1) % 4], sides[k], levels)
        if found is None:
            return "hidden"
        line, off = _line(camera.undistorted(found))
        if off > STRAIGHT * max(1.0, sides[k] / (4 * LEAST)):
            return "hidden"
        lines.append(line)
        offs.append(off / np.sqrt(len(found)))
    corners = np.stack([_crossing(lines[k - 1], lines[k]) for k in range(4)])
    outline = camera.distorted(corners)
    if np.abs(outline - rough).max() > max(2.0, 0.12 * sides.min()):
        return "hidden"
    return SeenMarker(number, corners, float(np.hypot(FLOOR, 2.0 * max(offs))), outline)


def _cells(grey: np.ndarray, rough: np.ndarray, number: int, dictionary: object) -> tuple[float, float] | str:
    """Grey values of black and of white, where every cell and the white around are what they should be; else why not."""
    cv2 = opencv()
    bits = np.ones((CELLS + 2, CELLS + 2), bool)  # white around
    bits[1:-1, 1:-1] = dictionary.generateImageMarker(number, CELLS) > 127  # type: ignore[attr-defined]
    unit = np.array([[1, 1], [CELLS + 1, 1], [CELLS + 1, CELLS + 1], [1, CELLS + 1]], np.float32)
    way = cv2.getPerspectiveTransform(unit, rough.astype(np.float32))
    spots = np.linspace(0.3, 0.7, 4)
    x = (np.arange(CELLS + 2)[:, None] + spots).ravel()
    places = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 1, 2).astype(np.float32)
    at = cv2.perspectiveTransform(places, way).reshape(-1, 2)
    height, width = grey.shape
    if (at < 0).any() or (at[:, 0] > width - 1).any() or (at[:, 1] > height - 1).any():
        return "hidden"  # by the picture's edge
    values = _read(grey, at).reshape(CELLS + 2, len(spots), CELLS + 2, len(spots))
    cells = values.mean(axis=(1, 3))
    ring = np.ones_like(bits)
    ring[1:-1, 1:-1] = False
    black, white = float(np.median(cells[~bits])), float(np.median(cells[bits]))
    if white - black < CONTRAST:
        return "faint"
    share = (cells - black) / (white - black)
    wrong = np.where(bits, share < WHITE, share > BLACK)
    if wrong[ring].sum() > 2 or wrong[~ring].any():
        bright = share[~ring & ~bits].max() > BLACK
        return "glare" if bright and not (share[bits & ~ring] < WHITE).any() else "hidden"
    return black, white


def _side(
    grey: np.ndarray, a: np.ndarray, b: np.ndarray, length: float, levels: tuple[float, float]
) -> np.ndarray | None:
    """(n, 2) places of the edge from black (inside) to white along a side [px]; None where too much of it is not there."""
    way = (b - a) / length
    out = np.array([way[1], -way[0]])  # corners run clockwise in a picture (y points down): this points outwards
    reach = float(np.clip(0.75 * length / CELLS, 2.0, 8.0))
    step = 0.25
    across = np.arange(-reach, reach + step / 2, step)
    along = np.linspace(MARGIN, 1 - MARGIN, ALONG)
    at = a + along[:, None, None] * (b - a) + across[None, :, None] * out
    height, width = grey.shape
    if (at < 0).any() or (at[..., 0] > width - 1).any() or (at[..., 1] > height - 1).any():
        return None
    values = _read(grey, at.reshape(-1, 2)).reshape(at.shape[:2])
    rise = np.diff(values, axis=1)
    middle = (across[:-1] + across[1:]) / 2
    peak = rise.argmax(axis=1)
    near = np.abs(middle[None] - middle[peak][:, None]) <= 0.6 * reach
    weight = np.where(near, np.maximum(rise, 0.0), 0.0)
    total = weight.sum(axis=1)
    there = total > 0.5 * (levels[1] - levels[0])
    if there.mean() < SEEN:
        return None
    off = (weight * middle).sum(axis=1)[there] / total[there]
    keep = np.abs(off - np.median(off)) < 3 * max(0.3, 1.5 * float(np.median(np.abs(off - np.median(off)))))
    if keep.sum() < SEEN * ALONG:
        return None
    return (a + along[there][:, None] * (b - a) + off[:, None] * out)[keep]


def _read(grey: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(n,) grey values between pixels, (n, 2) places x, y within the picture."""
    x0, y0 = np.floor(at[:, 0]).astype(int), np.floor(at[:, 1]).astype(int)
    x0, y0 = np.minimum(x0, grey.shape[1] - 2), np.minimum(y0, grey.shape[0] - 2)
    u, v = at[:, 0] - x0, at[:, 1] - y0
    top = grey[y0, x0] * (1 - u) + grey[y0, x0 + 1] * u
    return top * (1 - v) + (grey[y0 + 1, x0] * (1 - u) + grey[y0 + 1, x0 + 1] * u) * v


def _line(points: np.ndarray) -> tuple[np.ndarray, float]:
    """(3,) a line through points (n, 2), its normal first, and their standard deviation beside it."""
    middle = points.mean(axis=0)
    _, size, v = np.linalg.svd(points - middle)
    return np.array([*v[1], -v[1] @ middle]), float(size[1] / np.sqrt(max(len(points) - 2, 1)))


def _crossing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(2,) where two lines meet."""
    meet = np.cross(one, other)
    return meet[:2] / meet[2]
