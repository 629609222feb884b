"""What conditions on distances and heights leave: upper bounds between all points at once, and by how much they leave nothing.

Points of one body keep their distances, those that nothing lifts also their heights; a joint keeps its anchor in both of its bodies; and
each condition bounds a distance or a height between two points. No loose thing gets below the floor. All else follows by the triangle
inequality (shortest paths, Floyd-Warshall). What has to be further apart than its bound, or higher than itself, cannot be.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import mujoco
import numpy as np

from ..sensing.predicate import Interval
from ..sensing.requests import Request

CLOSE = 1e-6  # m or rad, by which rounding may put two bounds apart
GIVE = 0.01  # m, by which a slide may leave its range: the ends of ranges are soft
PLACES = {"site_position": "site", "body_position": "body"}
FREE, _, SLIDE, HINGE = range(4)  # as `mjtJoint` numbers them
PLANE, CAPSULE, CYLINDER, BOX = 0, 3, 5, 6  # as `mjtGeom` does
DIVES = 20.0  # m/s [E] with which a thing may enter the floor, for one step; a bare hand that flails has 17 m/s
Bound = tuple[int, int, float]  # numbers of two points, [m]


@dataclass(frozen=True, eq=False)
class BodyPoint:
    """A point of a rigid body: the body (0 the world), and where it is at the start of each draw, (n, 3) [m]."""

    body: int
    at: np.ndarray


@dataclass(frozen=True)
class Missing:
    """What is asked for beyond what is left: [m], in height alone or not."""

    by: float
    height: bool


class Leeway:
    """Of a scene and draws of it.

    Args:
        data: of each draw at its start, the nominal scene first; all models have the same elements.
    """

    def __init__(self, data: Sequence[mujoco.MjData]):
        self._data, self._model = data, data[0].model
        self._lowest: dict[tuple[int, bytes], float] = {}  # of a body and a point's places: many goals ask for the same

    def body(self, name: str, kind: str = "body_position") -> int:
        """The body that carries a site or body, those that are welded as one: 0 where nothing moves it; a mocap body is one of its own."""
        model = self._model
        body = int(model.site(name).bodyid[0]) if PLACES[kind] == "site" else model.body(name).id
        root = int(model.body_rootid[body])
        return root if self._is_mocap(root) and model.body_weldid[body] == 0 else int(model.body_weldid[body])

    def _is_mocap(self, body: int) -> bool:
        return bool(self._model.body_mocapid[self._model.body_rootid[body]] >= 0)

    def point(self, place: Request | BodyPoint) -> BodyPoint | None:
        """A site or body as a point; None for what has no place."""
        if isinstance(place, BodyPoint) or place.kind not in PLACES:
            return place if isinstance(place, BodyPoint) else None
        at = np.array([getattr(data, PLACES[place.kind])(place.of).xpos.copy() for data in self._data])
        return BodyPoint(self.body(place.of, place.kind), at)

    def missing(self, asked: Iterable[Interval]) -> Missing | None:
        """By how much intervals leave nothing, the least of all draws; None where something is left in one of them."""
        system = _System(self, asked)
        if not system.asked or system.short(slice(0, 1)) is None:
            return None
        return system.short(slice(None))

    def anchors(self, body: int) -> Iterator[tuple[BodyPoint, BodyPoint, float]]:
        """From a body to the world, joint by joint: its anchor in the inner and in the outer body, and how far they come apart [m]."""
        model = self._model
        while body and not self._is_mocap(body):
            joints = self._joints(body)
            slides = [j for j in joints if model.jnt_type[j] == SLIDE]
            if any(model.jnt_type[j] == FREE for j in joints) or not all(model.jnt_limited[j] for j in slides):
                return
            at = np.array([data.xanchor[joints[0]] for data in self._data])
            # a second axis beside the first one moves the anchor by twice their distance at most
            beside = [np.linalg.norm(model.jnt_pos[j] - model.jnt_pos[joints[0]]) for j in joints if j not in slides]
            apart = 2.0 * float(sum(beside))
            for j in slides:
                travel = [data.model.jnt_range[j] - data.qpos[model.jnt_qposadr[j]] for data in self._data]
                apart += float(np.abs(travel).max()) + GIVE
            inner = int(model.body_weldid[model.body_parentid[body]])
            yield BodyPoint(inner, at), BodyPoint(body, at), apart
            body = inner

    def _joints(self, body: int) -> range:
        first = int(self._model.body_jntadr[body])
        return range(first, first + int(self._model.body_jntnum[body]))

    def lowest(self, point: BodyPoint) -> float:
        """Height [m] below which a point of a loose thing never is, as its geoms meet a level floor; -inf where unknown."""
        joints = self._joints(point.body)
        if not joints or self._model.jnt_type[joints[0]] != FREE:
            return -math.inf
        key = point.body, point.at.tobytes()
        if key not in self._lowest:
            self._lowest[key] = min(_on_floor(data, point.body, at) for data, at in zip(self._data, point.at))
        return self._lowest[key]

    def is_steady(self, body: int) -> bool:
        """Whether its points keep their heights: it turns about the vertical and slides level alone, as all that carries it does."""
        model = self._model
        while body and not self._is_mocap(body):
            for j in self._joints(body):
                rises = {HINGE: 1.0, SLIDE: 0.0}.get(int(model.jnt_type[j]))
                if rises is None or abs(abs(float(self._data[0].xaxis[j][2])) - rises) > CLOSE:
                    return False
            body = int(model.body_weldid[model.body_parentid[body]])
        return body == 0


def _on_floor(data: mujoco.MjData, body: int, at: np.ndarray) -> float:
    """The least height of a point (3,) of a body over a floor that it meets [m]; -inf where there is none."""
    model, least = data.model, -math.inf
    touches, meets, carrier = model.geom_contype, model.geom_conaffinity, model.body_weldid[model.geom_bodyid]
    for floor in np.flatnonzero((model.geom_type == PLANE) & (carrier == 0)):
        if data.geom_xmat[floor][8] < 1.0 - CLOSE:
            continue
        for g in np.flatnonzero((carrier == body) & (((touches[floor] & meets) | (touches & meets[floor])) != 0)):
            # what is surely inside a geom: all of a box, the axis of a cylinder or capsule, else the middle
            x, y, z = model.geom_size[g]
            core = np.array({BOX: (x, y, z), CYLINDER: (0, 0, y), CAPSULE: (0, 0, y)}.get(int(model.geom_type[g]), (0, 0, 0)))
            local = data.geom_xmat[g].reshape(3, 3).T @ (at - data.geom_xpos[g])
            outside = float(np.linalg.norm(local - np.clip(local, -core, core)))
            least = max(least, float(data.geom_xpos[floor][2]) - outside - DIVES * model.opt.timestep)
    return least


class _System:
    """Points, and bounds between them: distances in space (`near`) and seen from above (`level`), heights of one over another (`lower`),
    and distances that have to be exceeded (`far`).
    """  # fmt: skip

    def __init__(self, leeway: Leeway, asked: Iterable[Interval]):
        self._leeway = leeway
        self._points: dict[Hashable, tuple[int, BodyPoint]] = {}
        self._near: list[Bound] = []
        self._level: list[Bound] = []
        self._lower: list[Bound] = []
        self._far: list[Bound] = []
        self._add("world", BodyPoint(0, np.zeros((len(leeway._data), 3))))
        self.asked = sum(self._take(interval) for interval in asked)
        for body in sorted({point.body for _, point in self._points.values()}) if self.asked else ():
            for inner, outer, apart in leeway.anchors(body):
                known = ("anchor", outer.body) in self._points
                self._near.append(
                    (self._add(("socket", outer.body), inner), self._add(("anchor", outer.body), outer), apart)
                )
                if known:
                    break
        for number, point in self._points.values():
            if (lowest := leeway.lowest(point)) > -math.inf:
                self._lower.append((0, number, -lowest))

    def _add(self, key: Hashable, point: BodyPoint) -> int:
        return self._points.setdefault(key, (len(self._points), point))[0]

    def _take(self, interval: Interval) -> bool:
        """Put an interval among the bounds; False where it is of another number, or of what does not move."""
        word, *of = interval.of
        if word not in ("distance", "level distance", "moved", "height", "height over"):
            return False
        places = [one for some in of for one in (some if isinstance(some, frozenset) else (some,))]
        found = [(place, self._leeway.point(cast("Request | BodyPoint", place))) for place in places]
        points = [point for _, point in found if point is not None]
        if len(points) < len(found) or len(points) < (2 if "distance" in str(word) else 1):
            return False
        if word in ("level distance", "moved") and not any(point.body for point in points):
            return False
        ends = [
            self._add((p.kind, p.of) if isinstance(p, Request) else p, point) for (p, _), point in zip(found, points)
        ]
        if word == "moved":
            frame = str(getattr(places[0], "to", "")).removeprefix("body:")
            ends.append(self._add(("start", places[0]), BodyPoint(self._leeway.body(frame) if frame else 0, points[0].at)))
        a, b = ends if len(ends) == 2 else (ends[0], 0)
        if word in ("height", "height over"):
            self._lower += [(a, b, interval.high), (b, a, -interval.low)]
        else:
            (self._level if word == "level distance" else self._near).append((a, b, interval.high))
            self._far.append((a, b, interval.low if word != "level distance" else 0.0))
        return True

    def short(self, draws: slice) -> Missing | None:
        """By how much nothing is left, the least of these draws; None where something is left in one."""
        points = [point for _, point in self._points.values()]
        at = np.stack([point.at for point in points], axis=1)[draws]  # (n, points, 3)
        bodies = np.array([point.body for point in points])
        steady = np.array([self._leeway.is_steady(int(body)) for body in bodies])
        way = at[:, :, None] - at[:, None]
        apart, above = np.linalg.norm(way, axis=3), np.linalg.norm(way[..., :2], axis=3)
        same = bodies[:, None] == bodies
        upright = same & steady
        space = np.where(same, apart, np.inf)
        seen, height = np.where(upright, above, space), np.where(steady[:, None] & steady, way[..., 2], space)
        for bounds, matrix in ((self._near, space), (self._level, seen)):
            for a, b, bound in bounds:
                matrix[:, a, b] = matrix[:, b, a] = np.minimum(matrix[:, a, b], bound)
        for a, b, bound in self._lower:
            height[:, a, b] = np.minimum(height[:, a, b], bound)
        too_near: list[np.ndarray] = []  # by how much, before heights count and after
        too_high = np.zeros(len(at))
        for _ in range(2):
            _close(space)
            beyond = [
                np.where(same, apart - space, 0.0).max(axis=(1, 2)),
                *(bound - space[:, a, b] for a, b, bound in self._far),
            ]
            too_near.append(np.max(beyond, axis=0))
            seen, height = np.minimum(seen, space), np.minimum(height, space)
            _close(seen)
            too_high = np.where(too_high > 0.0, too_high, _close(height))
            space = np.minimum(space, np.hypot(seen, np.maximum(height, height.swapaxes(1, 2))))
        beside = np.where(upright, above - seen, 0.0).max(axis=(1, 2))
        kinds = ((too_near[0], False), (too_high, True), (np.maximum(too_near[1], beside), False))
        least = int(np.max([by for by, _ in kinds], axis=0).argmin())
        return next((Missing(float(by[least]), of_height) for by, of_height in kinds if by[least] > CLOSE), None)


def _close(bounds: np.ndarray) -> np.ndarray:
    """Bring (n, k, k) upper bounds by way of every other point in, in place.

    Returns:
        (n,) by how much the way round from a point back to itself is less than nothing, the first that is found.
    """
    short = np.zeros(len(bounds))
    diagonal = np.einsum("nii->ni", bounds)
    for k in range(bounds.shape[1]):
        np.minimum(bounds, bounds[:, :, k, None] + bounds[:, None, k], out=bounds)
        short = np.where(short > 0.0, short, -diagonal.min(axis=1))
        diagonal[:] = np.maximum(diagonal, 0.0)
    return short
