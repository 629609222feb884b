"""Where a scenario's markers are best pasted: the largest flat place on top of each part, and sheets on the floor.

Shapes are looked at from above: rays down on a part's own collision shapes. A place is flat where all of a marker, with the white
around it, lies on one level. What is filled with something has none, nor what has no flat top.
"""

from __future__ import annotations

from collections.abc import Collection

import mujoco
import numpy as np

from ...scenarios.draws.variation import rested
from ...scenarios.parts.pose import Pose, posed
from ...scenarios.reading.config import nominal_values
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import ScenarioError
from .markers import CELL, CELLS, IDS, Marker, MarkerSet
from .places import SceneFrames

SIZES = (0.080, 0.060, 0.050, 0.040, 0.030, 0.024)  # m, the largest first; smaller ones are not read from a metre away
ON_FLOOR, FLOOR = 0.120, ((0.0, -0.75), (0.0, 0.75))  # m: beside the robot, where no foot and no table stands on them
FLAT = 0.7e-3  # m
TOGETHER = 0.70  # m: how far apart markers of a top are at most, so that a head that looks down sees several of them
LARGE = (0.25, 0.35)  # m: a top at least so large gets a marker near each of its corners
REACHED = (0.35, 1.5)  # m: heights at which a fixture's top is looked at
GRID = {True: 0.004, False: 0.01}  # m, of the search on things, and on fixtures


def proposed(scene: Scene, parts: Collection[str] = ()) -> tuple[MarkerSet, dict[str, str]]:
    """Markers for a scene, and of the parts that have none, why.

    Args:
        parts: those that are wanted; empty: every thing, and every fixture with a large flat top.

    Raises:
        ScenarioError: there is no such part.
    """
    frames = SceneFrames(scene)
    known = [part.name for part in scene.config.parts if part.name in frames.words]
    if unknown := [name for name in parts if name not in (CELL, *known)]:
        names = ", ".join(repr(name) for name in unknown)
        raise ScenarioError(f"{scene.name} has no part {names}. It has {', '.join((CELL, *known))}.", field="parts")
    top = _Tops(scene, frames)
    filled = _filled(scene)
    found: list[Marker] = []
    notes: dict[str, str] = {}
    if not parts or CELL in parts:
        found += [Marker(k, CELL, ON_FLOOR, (x, y, 0.0)) for k, (x, y) in enumerate(FLOOR)]
    for name in known:
        if parts and name not in parts:
            continue
        loose = frames.loose(name)
        if name in filled:
            notes[name] = "is filled, which would hide a marker; paste one where it stays seen and write its place"
            continue
        places = top.of(name, loose)
        if places is None:
            if loose or name in parts:
                notes[name] = f"has no flat place of {SIZES[-1] * 1e3:g} mm on top; choose one and write its place"
            continue
        word, size, spots = places
        for x, y, z in spots:
            if len(found) < IDS:
                found.append(Marker(len(found), word, size, (x, y, z)))
            else:
                notes[name] = f"there are only {IDS} markers; name the parts that you want"
    return MarkerSet(scene.config.id, tuple(found)), notes


def _filled(scene: Scene) -> set[str]:
    """Parts in which something else lies from the start."""
    return {part.stands_on[0] for part in scene.config.parts if part.stands_on is not None and part.put is None}


def _seen_together(places: np.ndarray) -> tuple[float, float]:
    """The ends of a side, or of its middle `TOGETHER`."""
    middle, half = (places[0] + places[-1]) / 2, min(places[-1] - places[0], TOGETHER) / 2
    return float(middle - half), float(middle + half)


class _Tops:
    """Flat places of the parts of a scene, all at rest in the nominal scene."""

    def __init__(self, scene: Scene, frames: SceneFrames):
        self.scene, self.frames = scene, frames
        self.model = scene.compile(nominal_values(scene.config))
        self.data = posed(self.model, rested(scene, self.model))

    def of(self, part: str, loose: bool) -> tuple[str, float, list[tuple[float, float, float]]] | None:
        """What the places are measured in, the markers' size, and their middles there; None where nothing is flat."""
        model, data = self.model, self.data
        root = self.frames._root(model, part)
        shapes = [
            g for g in range(model.ngeom) if model.body_rootid[model.geom_bodyid[g]] == root and model.geom_contype[g]
        ]
        if root is None or not shapes:
            return None
        frame = Pose(data.xpos[root].copy(), data.xquat[root].copy())
        centres = (data.geom_xpos[shapes] - frame.pos) @ frame.matrix
        reach = model.geom_rbound[shapes][:, None]
        reach = np.minimum(np.where(reach > 0, reach, 1.0), 1.0)
        low, high = (centres - reach)[:, :2].min(axis=0), (centres + reach)[:, :2].max(axis=0)
        grid = GRID[loose]
        xs, ys = (np.arange(np.floor(a / grid), np.ceil(b / grid) + 1) * grid for a, b in zip(low, high))
        heights = np.array([[self._height(shapes, frame, x, y) for y in ys] for x in xs])
        if not np.isfinite(heights).any():
            return None
        there = np.isfinite(heights)
        span = np.ptp(np.argwhere(there), axis=0) * grid
        large = not loose and bool((span >= LARGE).all())
        if not loose and not large:
            return None
        for size in SIZES if loose else SIZES[1:]:
            spots = self._flat(heights, xs, ys, size, grid)
            if not spots:
                continue
            if large:
                sides = [_seen_together(xs[there.any(axis=1)]), _seen_together(ys[there.any(axis=0)])]
                ends = [(x, y) for x in sides[0] for y in sides[1]]
                chosen = {min(spots, key=lambda s: np.hypot(s[0] - x, s[1] - y)) for x, y in ends}
                middle_z = float(np.median([z for *_, z in chosen]))
                if len(chosen) < 3 or not REACHED[0] < frame.pos[2] + middle_z < REACHED[1]:
                    return None
            else:
                middle = [(xs[there.any(axis=1)].mean()), (ys[there.any(axis=0)].mean())]
                chosen = {min(spots, key=lambda s: np.hypot(s[0] - middle[0], s[1] - middle[1]))}
            return self._in_words(part, frame, size, sorted(chosen), loose)
        return None

    def _in_words(
        self, part: str, frame: Pose, size: float, spots: list[tuple[float, float, float]], loose: bool
    ) -> tuple[str, float, list[tuple[float, float, float]]]:
        """Places in the frame of a site on the same level, which goes with what is drawn of a fixture; else in the part's own."""
        for i in range(0 if loose else self.model.nsite):
            name = self.model.site(i).name
            at = self.data.site_xpos[i]
            upright = abs(self.data.site_xmat[i][8] - 1.0) < 1e-9
            level = frame.pos[2] + spots[0][2]
            if name.startswith(f"{part}/") and name.count("/") == 1 and upright and abs(at[2] - level) < 2e-3:
                site = Pose(at.copy(), np.zeros(4))
                turn = self.data.site_xmat[i].reshape(3, 3)
                offsets = [(frame.pos + frame.matrix @ np.array(s) - site.pos) @ turn for s in spots]
                return name.replace("/", "."), size, [(float(x), float(y), float(z)) for x, y, z in offsets]
        return part, size, [(float(x), float(y), float(z)) for x, y, z in spots]

    def _height(self, shapes: list[int], frame: Pose, x: float, y: float) -> float:
        """Height of a part's top over a place of its own frame [m]; -inf where there is none."""
        model, data = self.model, self.data
        start, down = frame.pos + frame.matrix @ np.array([x, y, 2.0]), frame.matrix @ np.array([0.0, 0.0, -1.0])
        nearest = np.inf
        for g in shapes:
            kind = int(model.geom_type[g])
            if kind == int(mujoco.mjtGeom.mjGEOM_MESH):
                far = mujoco.mj_rayMesh(model, data, g, start, down, None)
            else:
                far = mujoco.mju_rayGeom(
                    data.geom_xpos[g], data.geom_xmat[g], model.geom_size[g], start, down, kind, None
                )
            if far >= 0:
                nearest = min(nearest, far)
        return 2.0 - nearest

    @staticmethod
    def _flat(
        heights: np.ndarray, xs: np.ndarray, ys: np.ndarray, size: float, grid: float
    ) -> list[tuple[float, float, float]]:
        """Middles (x, y, z) of all squares of a marker and its white that lie on one level."""
        whole = size * (CELLS + 2) / CELLS
        n = (int(np.ceil(whole / grid)) + 1) | 1
        if min(heights.shape) < n:
            return []
        windows = np.lib.stride_tricks.sliding_window_view(heights, (n, n))
        low, high = windows.min(axis=(2, 3)), windows.max(axis=(2, 3))
        finite = np.isfinite(low)
        flat = finite & (np.where(finite, high, 1.0) - np.where(finite, low, 0.0) < FLAT)
        half = (n - 1) / 2 * grid
        return [(float(xs[i] + half), float(ys[j] + half), float(low[i, j])) for i, j in np.argwhere(flat)]
