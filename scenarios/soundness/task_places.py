"""Where things stand to one another in the nominal scene and in draws of it, and what by that cannot hold at once.

Distances and heights that conditions bound are held against each other (`Leeway`), with where things stand in each draw and what joints
leave of it. Besides, two loose things need room, and no loose piece is in two containers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any, cast

import mujoco
import numpy as np

from ..draws.variation import Draw, nominal
from ..scene.scene import Scene
from ..sensing.predicate import Interval, Near, Predicate, Share, conjuncts, intervals
from ..sensing.requests import Request
from ..sheet.quantity import show
from ..words.answer import Answered
from ..words.declared import Reads, ReadsTruly
from ..words.insertion import Seated, Within
from ..words.sight import NEAR as SHARP
from ..words.sight import InSight
from .leeway import CLOSE, GIVE, PLACES, BodyPoint, Leeway
from .room import TRIES, Placing, Room

EXACTLY = (Answered, ReadsTruly)  # of which a tolerance of nothing may be kept: numbers that were typed, and numbers shown
CONTINUOUS = {  # numbers of which no single value is met, and what they can be at all
    **dict.fromkeys(("distance", "level distance", "moved", "speed", "mass in the hands"), (0.0, math.inf)),
    **dict.fromkeys(("lean", "bearing", "angle in space"), (0.0, math.pi)),
}
NATURAL = {**CONTINUOUS, "share": (0.0, 1.0)}
DRAWS = 2  # in which room is looked for, the nominal scene being the first


@dataclass(frozen=True)
class Silent:
    """A rule that never goes on, or a counter that never counts: what keeps it from that (`why`), where (`path`), how it is mended."""

    path: str
    why: str
    mend: str


def needed_rule(predicate: Predicate) -> Request | None:
    """What the rule keeps that has to go on, or to count, for a simple predicate to hold; None where none has to."""
    return predicate.kept if isinstance(predicate, Reads) and predicate.low is not None and predicate.low > 0.0 else None


class TaskPlaces:
    """Where sites stand to one another on rigid bodies, and how far joints go, in the nominal scene and in draws of it.

    Attributes:
        silent: rules that are known never to go on, by what they keep.
    """
    def __init__(self, scene: Scene, draws: Sequence[Draw]):
        self._scene = scene
        self._data = []
        self._values = [draw.values for draw in (nominal(scene), *draws)]
        for draw in (nominal(scene), *draws):
            data = draw.data()
            mujoco.mj_kinematics(draw.model, data)
            self._data.append(data)
        self._leeway = Leeway(self._data)
        self.silent: dict[Request, Silent] = {}

    def silenced(self, predicate: Predicate) -> Silent | None:
        """What keeps a simple predicate from holding that needs a rule which never goes on; None where it may hold."""
        rule = needed_rule(predicate)
        return None if rule is None else self.silent.get(rule)

    def beyond(self, predicate: Predicate) -> str | None:
        """Why a single predicate cannot hold: a joint that does not go so far, a bound of nothing, places that are fixed to one another."""
        for part in conjuncts(predicate):
            for interval in intervals(part):
                low, high = self._ends(interval)
                least, most = max(low, interval.low), min(high, interval.high)
                if interval.low <= interval.high and interval.of[0] == "joint" and least > most + CLOSE:
                    name = cast(Request, interval.of[1]).of
                    slides = self._scene.model.joint(name).type[0] == mujoco.mjtJoint.mjJNT_SLIDE
                    ends = " to ".join(show(float(f"{end:.6g}"), "length" if slides else "angle") for end in (low, high))
                    return f"{name.replace('/', '.')} goes from {ends}"
                empty = interval.low > interval.high or (least > most and interval.of[0] != "joint")
                if empty or (least == most and low < high and interval.of[0] in CONTINUOUS):
                    return "its bounds leave no value"
            exact = getattr(part, "within", None) == 0.0 and not isinstance(part, EXACTLY)
            if (exact and getattr(part, "amount", None) != 0.0) or (isinstance(part, InSight) and part.within < SHARP):
                return "its bounds leave no value"
        if isinstance(predicate, Near) and self._fixed(predicate.of, predicate.to):
            gap = float(np.linalg.norm(self._at(predicate.of) - self._at(predicate.to), axis=1).min())
            if gap > predicate.within + CLOSE:
                return f"the two are fixed to one another, {show(round(gap, 4), 'length')} apart"
        return None

    def bounds(self, predicate: Predicate) -> list[Interval]:
        """The numbers that all simple predicates inside one bound, which have to hold at once."""
        return [
            bound
            for part in conjuncts(predicate)
            for bound in (*intervals(part), *self.confined(part), *self._drawn(part))
        ]

    def _drawn(self, predicate: Predicate) -> list[Interval]:
        """Between which ends a reading is that shall be a parameter's, as far as that is drawn."""
        if not isinstance(predicate, ReadsTruly):
            return []
        key = next(key for key, request in self._scene.names.drawn.items() if request == predicate.true)
        values = [values[key] for values in self._values]
        return [Interval(("kept", predicate.kept), min(values) - predicate.within, max(values) + predicate.within)]

    def always(self, predicate: Predicate) -> bool:
        """Whether every value is inside all bounds of a predicate; False where that is not known."""
        parts = conjuncts(predicate)
        bounds = [intervals(part)[:1] for part in parts]  # the first is exact, as far as its ends are known
        return all(bound and self._within(bound[0]) for bound in bounds)

    def _within(self, interval: Interval) -> bool:
        low, high = self._ends(interval)
        soft = GIVE if interval.of[0] == "joint" else 0.0
        return (low, high) != (-math.inf, math.inf) and interval.low <= low - soft and interval.high >= high + soft

    def _ends(self, interval: Interval) -> tuple[float, float]:
        """The least and the largest that a number can be; infinite where that is not known."""
        if interval.of[0] == "joint" and isinstance(interval.of[1], Request):
            joint = self._scene.model.joint(interval.of[1].of)
            return (float(joint.range[0]), float(joint.range[1])) if joint.limited[0] else (-math.inf, math.inf)
        if isinstance(interval.of[-1], frozenset) and len(interval.of[-1]) == 1:  # from a point to itself
            return 0.0, 0.0
        return NATURAL.get(str(interval.of[0]), (-math.inf, math.inf))

    def missing(self, predicates: Sequence[Predicate], *more: Interval) -> str | None:
        """Why no place or height fulfils predicates, and further bounds, at once; None where one may."""
        asked = [bound for predicate in predicates for bound in self.bounds(predicate)]
        found = self._leeway.missing([*asked, *more])
        if found is None:
            return None
        by = show(float(f"{1e3 * found.by:.4g}") / 1e3, "length")
        return f"no {'height' if found.height else 'place'} fulfils that: {by} are missing"

    def is_still(self, body: str) -> bool:
        """Whether nothing moves a body: no joint carries it, and it is no mocap body."""
        model = self._scene.model
        of = model.body(body)
        return int(model.body_weldid[of.id]) == 0 and int(model.body_mocapid[of.rootid[0]]) < 0

    def lean(self, body: str) -> np.ndarray:
        """(n,) [rad] of a body's z axis from the vertical in each draw."""
        up = np.array([data.body(body).xmat.reshape(3, 3)[2, 2] for data in self._data])
        return np.arccos(np.clip(up, -1.0, 1.0))

    def level_distance(self, one: Request, other: Request) -> float | None:
        """[m] between two places that do not move, seen from above, the least of all draws; None where one moves."""
        if not (self._fixed(one, None) and self._fixed(other, None)):
            return None
        return float(np.linalg.norm((self._at(one) - self._at(other))[:, :2], axis=1).min())

    def from_base(self, thing: Request, place: Request | BodyPoint | None = None) -> float | None:
        """[m] from the robot's base to a place that does not move, less the size of a loose thing that shall come there.

        The least of all draws; None where the place moves, or the thing is none that is loose. Without a place: to where the thing stands,
        more its size, the most of all draws.
        """
        body, to = self._loose(thing), self._leeway.point(thing if place is None else place)
        if body is None or to is None or (place is not None and to.body != 0):
            return None
        size = self._extent(thing, body)
        gap = np.linalg.norm(np.array([data.body("base_link").xpos for data in self._data]) - to.at, axis=1)
        return float(gap.max()) + size if place is None else float(gap.min()) - size

    def _extent(self, point: Request, body: int) -> float:
        """[m] from a point of a body to whatever is furthest away of it, the most of all draws."""
        model = self._scene.model
        return max(
            (
                float(model.geom_rbound[g] + np.linalg.norm(data.geom_xpos[g] - at))
                for data, at in zip(self._data, self._at(point))
                for g in np.flatnonzero(model.body_weldid[model.geom_bodyid] == body)
            ),
            default=0.0,
        )

    def lifted(self, bound: Interval) -> Iterator[tuple[float, float, float]]:
        """Of each loose thing that a bound keeps up: the least height of its point, by how much it may stick out of a hand, its start [m].

        The least of all draws counts, and the highest start. A place that moves may lie on the floor.
        """
        found: list[tuple[Any, float]] = []
        word, *of = bound.of
        if word == "height over":
            place = self._leeway.point(cast(Request, of[1]))
            still = place is not None and self._leeway.is_steady(place.body)
            found = [(of[0], bound.low + (float(place.at[:, 2].min()) if place is not None and still else 0.0))]
        elif word == "distance":
            for thing, other in permutations(cast("frozenset[Any]", of[0]), 2):
                place = self._leeway.point(other)
                if place is not None and place.body == 0:
                    found.append((thing, float(place.at[:, 2].min()) - bound.high))
        for thing, least in found:
            body = self._loose(thing) if isinstance(thing, Request) else None
            if body is not None and math.isfinite(least):
                yield least, self._extent(thing, body), float(self._at(thing)[:, 2].max())

    def base_height(self) -> float:
        """[m] of the robot's base at the start, the most of all draws."""
        return max(float(data.body("base_link").xpos[2]) for data in self._data)

    def is_there(self, thing: Request, place: Request | BodyPoint, within: float) -> bool:
        """Whether a thing stands within a distance [m] of a place at the start of a draw."""
        ends = [self._leeway.point(one) for one in (thing, place)]
        return any(
            np.linalg.norm(a - b) <= within + CLOSE for a, b in zip(*(end.at for end in ends if end is not None))
        )

    def apart(self, one: Predicate, other: Predicate) -> str | None:
        """Why two simple predicates cannot hold at once by where things are; None where they may."""
        return self._crowded(one, other) or self._two_shares(one, other)

    def _crowded(self, one: Predicate, other: Predicate) -> str | None:
        """Of two loose things near places that are fixed to one another: no room for both beside what does not move.

        It is refused only where they are apart in no draw by their bounds, and no try of `Room` ends with room.
        """
        if not (isinstance(one, Near) and isinstance(other, Near)):
            return None
        for (a, place_a), (b, place_b) in product(permutations((one.of, one.to)), permutations((other.of, other.to))):
            loose = self._loose(a), self._loose(b)
            if None in loose or loose[0] == loose[1] or not self._fixed(place_a, place_b) or self._body(place_a) in loose:
                continue
            gap = np.linalg.norm(self._at(place_a) - self._at(place_b), axis=1).max() - one.within - other.within
            if gap > 0.0 or self._room_for((a, place_a, one.within), (b, place_b, other.within)):
                return None
            return "there is no room for both: however they were laid and turned, one is inside the other, or inside what stands there"
        return None

    def _loose(self, place: Request) -> int | None:
        """The body that a point is fixed to where it lies free; None where it does not."""
        body = self._body(place) if place.kind in PLACES else 0
        joint = int(self._scene.model.body_jntadr[body])
        free = joint >= 0 and self._scene.model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE
        return body if free else None

    def _room_for(self, *wanted: tuple[Request, Request, float]) -> bool:
        """Whether two loose things have room near their places, in one draw at least; each with its point, its place and how near [m]."""
        points, places, bounds = zip(*wanted)
        ends = [(self._body(point), self._at(point), self._at(place)) for point, place in zip(points, places)]
        rooms = [
            Room(start, [Placing(body, point[k], place[k], within) for (body, point, place), within in zip(ends, bounds)])
            for k, start in enumerate(self._data[:DRAWS])
        ]
        rng = np.random.default_rng(0)
        return any(rooms[number % len(rooms)].found(number // len(rooms), rng) for number in range(TRIES * len(rooms)))

    def _two_shares(self, one: Predicate, other: Predicate) -> str | None:
        """Of two shares of the same pieces: in two containers that do not meet or are alike, and more than all of them in all."""
        if not (isinstance(one, Share) and isinstance(other, Share)) or one.below or other.below:
            return None
        if {piece.of for piece in one.pieces} != {piece.of for piece in other.pieces} or one.bound + other.bound <= 1.0:
            return None
        alone = [self.confined(share, every=True) for share in (one, other)]
        if self._leeway.missing([*alone[0], *alone[1]]) is not None:
            return "no piece is inside both"
        # a bowl may stand in an oven, with all pieces in both: of two that are alike neither stands in the other
        apart = one.pieces[0].to != other.pieces[0].to and (one.radius, one.height) == (other.radius, other.height)
        return "no piece is in both, and they ask for more than 100 %" if apart else None

    def confined(self, predicate: Predicate, every: bool = False) -> list[Interval]:
        """The ball in a frame in which a predicate keeps a point: round a container's cylinder, a slot, a pin's foot, a camera.

        Args:
            every: also of several pieces of which some have to be inside, for any one of them.
        """
        if isinstance(predicate, Share):
            if predicate.below or predicate.bound <= 0.0 or not (every or len(predicate.pieces) == 1):
                return []
            of, (x, y, z) = predicate.pieces[0], predicate.centre
            place = (x, y, z + predicate.height / 2)
            radius = math.hypot(predicate.radius, predicate.height / 2 + 0.02)  # as `Share.holds` has it
        elif isinstance(predicate, Within):
            of, place, radius = predicate.of, predicate.place, predicate.within
        elif isinstance(predicate, Seated):
            of, place, radius = predicate.of, predicate.foot, math.hypot(predicate.gap, predicate.aside)
        elif isinstance(predicate, InSight):
            of, place, radius = predicate.at, (0.0, 0.0, 0.0), predicate.within
        else:
            return []
        kind, _, frame = of.to.partition(":")
        if not frame:
            return []
        frames = [getattr(data, {"camera": "cam"}.get(kind, kind))(frame) for data in self._data]
        at = np.array([one.xpos + one.xmat.reshape(3, 3) @ np.array(place) for one in frames])
        if kind == "camera":
            model = self._scene.model
            kind, frame = "body", model.body(model.cam(frame).bodyid[0]).name
        ends = Request(of.kind, of.of), BodyPoint(self._leeway.body(frame, f"{kind}_position"), at)
        return [Interval(("distance", frozenset(ends)), high=radius)]

    def _at(self, place: Request) -> np.ndarray:
        """(n, 3) where a site or body is in each draw [m]."""
        return np.array([getattr(data, PLACES[place.kind])(place.of).xpos.copy() for data in self._data])

    def _fixed(self, one: Request, other: Request | None) -> bool:
        """Whether two points are fixed to one another, or one to the world."""
        return self._body(one) == (0 if other is None else self._body(other))

    def _body(self, place: Request) -> int:
        """The body that a point is fixed to, 0 the world."""
        return self._leeway.body(place.of, place.kind)
