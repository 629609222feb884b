"""Where things stand to one another in the nominal scene and in draws of it, and what by that cannot hold at once.

A condition *confines* a point of a body where it keeps it inside a ball about a fixed place: `near` a place that does not move, the
`share` of a single piece inside a container that does not. What else is asked of that body has to be possible somewhere in the ball,
however the body is turned, in one draw at least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import mujoco
import numpy as np

from ..draws.variation import Draw, nominal
from ..scene.scene import Scene
from ..sensing.predicate import Below, Higher, MovedAway, Near, Predicate, Share, intervals
from ..sensing.requests import Request
from ..sheet.quantity import show
from ..words.cloth import Apart
from .room import TRIES, Placing, Room

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
CLOSE = 1e-6  # m or rad, by which rounding may put two bounds apart
DRAWS = 2  # in which room is looked for, the nominal scene being the first
PLACES = {"site_position": "site", "body_position": "body"}


@dataclass(frozen=True)
class Ball:
    """A point that a condition keeps inside a ball: `centre` (n, 3) in each draw, `radius` [m]."""

    point: Request
    centre: np.ndarray
    radius: float


class TaskPlaces:
    """Where sites stand to one another on rigid bodies, and how far joints go, in the nominal scene and in draws of it."""
    def __init__(self, scene: Scene, draws: Sequence[Draw]):
        self._scene = scene
        self._data = []
        for draw in (nominal(scene), *draws):
            data = mujoco.MjData(draw.model)
            mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
            mujoco.mj_kinematics(draw.model, data)
            self._data.append(data)

    def beyond(self, predicate: Predicate) -> str | None:
        """Why a single predicate cannot hold: a joint that does not go so far, two places of one body that lie further apart."""
        model = self._scene.model
        for interval in intervals(predicate):
            if interval.low > interval.high:
                return "its bounds leave no value"
            name = getattr(interval.of[1], "of", None) if interval.of[0] == "joint" else None
            if name is None or not model.joint(name).limited[0]:
                continue
            low, high = (float(end) for end in model.joint(name).range)
            if interval.low > high + CLOSE or interval.high < low - CLOSE:
                slides = model.joint(name).type[0] == mujoco.mjtJoint.mjJNT_SLIDE
                ends = " to ".join(show(float(f"{end:.6g}"), "length" if slides else "angle") for end in (low, high))
                return f"{name.replace('/', '.')} goes from {ends}"
        if isinstance(predicate, Near):
            gap = self._gap(predicate.of, predicate.to, predicate.of, predicate.of)
            if gap is not None and gap > predicate.within + CLOSE:
                return f"the two are fixed to one another, {show(round(gap, 4), 'length')} apart"
        return None

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

    def from_base(self, thing: Request, place: Request) -> float | None:
        """[m] from the robot's base to a place that does not move, less the size of a loose thing that shall come there.

        The least of all draws; None where the place moves, or the thing is none that is loose.
        """
        model = self._scene.model
        if thing.kind not in PLACES or place.kind not in PLACES or not self._fixed(place, None):
            return None
        body = self._body(thing)
        if body == 0 or model.body_dofnum[body] != 6 or model.body_parentid[body] != 0:
            return None
        sizes = [
            float(model.geom_rbound[g] + np.linalg.norm(data.geom_xpos[g] - at))
            for data, at in zip(self._data, self._at(thing))
            for g in np.flatnonzero(model.body_weldid[model.geom_bodyid] == body)
        ]
        base = np.array([data.body("base_link").xpos for data in self._data])
        return float(np.linalg.norm(base - self._at(place), axis=1).min()) - max(sizes, default=0.0)

    def apart(self, one: Predicate, other: Predicate) -> str | None:
        """Why two simple predicates cannot hold at once by where things are; None where they may."""
        alike = self._two_near(one, other) or self._crowded(one, other) or self._two_shares(one, other)
        return alike or self._outside(one, other) or self._outside(other, one)

    def _two_near(self, one: Predicate, other: Predicate) -> str | None:
        """Of two `near`: two things that are fixed to one another, each near one of two others that are, too."""
        if not (isinstance(one, Near) and isinstance(other, Near)):
            return None
        for y, b in permutations((other.of, other.to)):
            gap = self._gap(one.of, y, one.to, b)
            if gap is not None and gap > one.within + other.within + CLOSE:
                both = show(round(one.within + other.within, 6), "length")
                return f"what they name lies {show(round(gap, 4), 'length')} apart, and both bounds allow {both} in all"
        return None

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
        balls = self._inside(one), self._inside(other)
        if balls[0] is None or balls[1] is None:
            # a bowl may stand in an oven, with all pieces in both: of two that are alike neither stands in the other
            apart = one.pieces[0].to != other.pieces[0].to and (one.radius, one.height) == (other.radius, other.height)
            return "no piece is in both, and they ask for more than 100 %" if apart else None
        gap = np.linalg.norm(balls[0].centre - balls[1].centre, axis=1).min()
        return "no piece is inside both" if gap > balls[0].radius + balls[1].radius + CLOSE else None

    def _outside(self, confining: Predicate, other: Predicate) -> str | None:
        """Why nothing inside a ball that one predicate keeps a body in is what the other one asks; None where something may be."""
        for ball in self._balls(confining):
            for further in self._balls(other):
                if (slack := self._slack(ball.point, further.point)) is not None:
                    gap = np.linalg.norm(ball.centre - further.centre, axis=1) - ball.radius - further.radius - slack
                    if gap.min() > CLOSE:
                        return f"the two places lie {show(round(float(gap.min()), 4), 'length')} too far apart"
            if (short := self._short(ball, other)) is not None and short.min() > CLOSE:
                return f"it would have to be {show(round(float(short.min()), 4), 'length')} elsewhere"
        if isinstance(confining, Near) and isinstance(other, Apart | Higher):
            return self._relative(confining, other)
        return None

    def _short(self, ball: Ball, other: Predicate) -> np.ndarray | None:
        """(n,) [m] by how much the best place inside a ball misses a predicate in each draw; None where it asks nothing of that."""
        if isinstance(other, Below) and (slack := self._slack(ball.point, other.position)) is not None:
            return ball.centre[:, 2] - ball.radius - slack - other.height
        if isinstance(other, Higher) and self._fixed(other.place, None):
            if (slack := self._slack(ball.point, other.position)) is None:
                return None
            above = ball.centre[:, 2] - self._at(other.place)[:, 2]
            return (above if other.lower else -above) - ball.radius - slack + other.by
        if isinstance(other, MovedAway) and not other.position.to:
            if (slack := self._slack(ball.point, other.position)) is not None:
                furthest = np.linalg.norm(ball.centre - self._at(other.position), axis=1) + ball.radius + slack
                return other.more_than - furthest
        if isinstance(other, Apart):
            for mine, place in permutations((other.of, other.other)):
                if self._fixed(place, None) and (slack := self._slack(ball.point, mine)) is not None:
                    furthest = np.linalg.norm(ball.centre - self._at(place), axis=1) + ball.radius + slack
                    return other.more_than - furthest
        return None

    def _relative(self, near: Near, other: Apart | Higher) -> str | None:
        """Of two bodies that both move: near one another, and further apart, or higher over one another, than that allows."""
        ends = (other.of, other.other) if isinstance(other, Apart) else (other.position, other.place)
        asked = other.more_than if isinstance(other, Apart) else other.by
        for mine, theirs in permutations((near.of, near.to)):
            slack = self._slack(mine, ends[0]), self._slack(theirs, ends[1])
            if slack[0] is None or slack[1] is None:
                continue
            if (short := asked - near.within - slack[0] - slack[1]) > CLOSE:
                return f"so near they are {show(round(short, 4), 'length')} short of that"
        return None

    def _balls(self, predicate: Predicate) -> Iterator[Ball]:
        """The points that a predicate keeps in a ball about a place that does not move."""
        if isinstance(predicate, Near):
            for point, place in permutations((predicate.of, predicate.to)):
                if self._fixed(place, None) and not self._fixed(point, None):
                    yield Ball(point, self._at(place), predicate.within)
        if isinstance(predicate, Share) and not predicate.below and len(predicate.pieces) == 1 and predicate.bound > 0.0:
            if (ball := self._inside(predicate)) is not None:
                yield ball

    def _inside(self, share: Share) -> Ball | None:
        """The ball round a container's cylinder that does not move; its point is the first piece."""
        piece, frame = share.pieces[0], share.pieces[0].to.partition(":")[2]
        if not frame or self._scene.model.body_weldid[self._scene.model.body(frame).id] != 0:
            return None
        x, y, z = share.centre
        middle = np.array([x, y, z + share.height / 2])
        centre = np.array([d.body(frame).xpos + d.body(frame).xmat.reshape(3, 3) @ middle for d in self._data])
        below = share.height / 2 + 0.02  # as `Share.holds` has it
        return Ball(Request("body_position", piece.of), centre, float(np.hypot(share.radius, below)))

    def _at(self, place: Request) -> np.ndarray:
        """(n, 3) where a site or body is in each draw [m]."""
        return np.array([getattr(data, PLACES[place.kind])(place.of).xpos.copy() for data in self._data])

    def _slack(self, one: Request, other: Request) -> float | None:
        """How far two points of one rigid body are apart at most [m]; None where they are of two."""
        if one.kind not in PLACES or other.kind not in PLACES or not self._fixed(one, other):
            return None
        return float(np.linalg.norm(self._at(one) - self._at(other), axis=1).max())

    def _gap(self, x: Request, y: Request, a: Request, b: Request) -> float | None:
        """How much |xy| and |ab| differ [m], the least of all draws; None where one of the pairs is not fixed to one another.

        Who is within r of a while y is within s of b has ||xy| - |ab|| <= r + s (triangle inequality, twice).
        """
        if not (self._fixed(x, y) and self._fixed(a, b)):
            return None
        between = (np.linalg.norm(self._at(p) - self._at(q), axis=1) for p, q in ((x, y), (a, b)))
        return float(np.abs(next(between) - next(between)).min())

    def _fixed(self, one: Request, other: Request | None) -> bool:
        """Whether two points are fixed to one another, or one to the world."""
        return self._body(one) == (0 if other is None else self._body(other))

    def _body(self, place: Request) -> int:
        """The body that a point is fixed to, 0 the world."""
        model = self._scene.model
        body = model.site(place.of).bodyid[0] if place.kind == "site_position" else model.body(place.of).id
        return int(model.body_weldid[body])
