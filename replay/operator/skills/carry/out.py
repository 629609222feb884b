"""Draw a vessel level out of an opening and carry it, turned so that the forearm has room, over a place on a surface."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import LEVEL, UP
from ...operator_state import OperatorState
from ...planning.clearance import SWING
from ...planning.ways import ENOUGH
from ...recognition import carrying
from ...words.primitives import CARRY
from ...words.skill import Label, Motion, Skill
from ..placing import no_way_over
from ..vessels import ARRIVING, STRIDE, CarriedVessel, level_way, likes

CARRIES = 26  # ways of carrying that are imagined before the best is taken
# and where none of them leaves room: how many stranger ones, and then how many like the best so far, which differ so much from
# it in the hand's turn at the end [rad], the distance before the front [m], how it turns meanwhile [rad], the posture [rad]
STRANGER, REFINED, SCATTER = 60, 60, np.array([0.08, 0.008, 0.15, 0.15, *[0.15] * 7])
HOPELESS = 12.0  # cost of a way that is not taken
NEARER = 0.012  # m, by which less than the distance before the front may be kept
OTHERWISE = 0.4  # rad, by which a hand may be turned at the end of its way otherwise than gives the forearm most room
CLEAR, RISE = 0.055, 0.08  # m, how far a hand draws back along its fingers from what it has set down, and rises then


class CarryOut(Skill, word="carry", how="out"):
    """Draw a vessel level out of an opening and carry it, turned so that the forearm has room, over a place on a surface.

    Of many ways along the front the one with most room is taken; where none has any, one is planned on which the vessel stays level.
    A plain `put` in its place found no way onto the counter in two of 20 seeds, and an elbow struck the oven's door in a third.
    """

    label = Label(
        en=("take out", "the {hand} hand takes the {about} out"),
        zh=("取出", "{hand}手取出{about}"),
        shows=carrying.unload,
    )
    arguments = CARRY(
        "hand of into aside",
        upon=CARRY.at("upon", "a site of the surface, x axis away from who works there"),
        ahead=0.142,
        above=0.03,
        before=0.112,
        beside=0.33,
        speed=0.26,
    )
    with_ = ("food",)

    def run(self, state: OperatorState) -> Motion:
        arm, carried = state.arms[self.hand], CarriedVessel(state, self.hand, self.of)
        held, heading, pose = carried.held, carried.heading, carried.pose
        front, inside = state.senses.site(self.into)
        surface, ground = state.senses.site(self.upon)
        inward = inside[:, 0]
        sideways = np.cross(UP, inward)
        place = surface + self.ahead * ground[:, 0] + self.aside * ground[:, 1] + state.aim()
        place = place + (self.above - (place - surface) @ UP) * UP
        deep = float((held - front) @ inward)

        def plan(way: np.ndarray) -> Path:
            (turn, before, bias, swing), like = way[:4], way[4:]
            # out, then along the front to beyond its corner, then to the place
            outside = held - (deep + before) * inward
            across = float((place - outside) @ sideways)
            aside = float((front - outside) @ sideways) + np.sign(across) * self.beside
            corner = outside + (aside if abs(aside) < abs(across) else across) * sideways
            corner = corner + (place - corner) @ UP * UP
            legs = [float(np.linalg.norm(corner - outside)), float(np.linalg.norm(place - corner))]
            count = max(2, int(np.ceil(sum(legs) / STRIDE)))
            poses = [pose(outside, heading)]
            for share in np.linspace(0.0, 1.0, count + 1)[1:]:
                way = share * sum(legs)
                if way < legs[0]:
                    at = outside + way / legs[0] * (corner - outside)
                else:
                    at = corner + (way - legs[0]) / max(legs[1], 1e-6) * (place - corner)
                blend = (heading - carried.roomiest(at)) * max(0.0, 1.0 - share / 0.5)
                blend += bias * np.sin(np.pi * share) + swing * np.sin(2.0 * np.pi * share)
                poses.append(pose(at, carried.roomiest(at) + blend + turn * share))
            return arm.line(poses, self.speed, like=like, orient=LEVEL)

        things = [self.of.split("/")[0], *self.with_]

        def cost(path: Path) -> float:
            """Of the way, and of where it ends: there is room to set it down, to draw the hand back and to raise it (`put.on`)."""
            hand, frame = arm.hand(path.end)
            down = hand - self.above * UP
            row = [(hand, frame), (down, frame), *((at, frame) for at in leave(down, frame))]
            room = state.ways.goal(self.hand, [row], path.end, LEVEL, held=things)[0]
            beyond = arm.overrun(path) / SWING
            return state.ways.tightness(self.hand, path, things) + room + (beyond if beyond > 1.0 else 0.0)

        first = np.array([0.0, self.before, 0.0, 0.0, *arm.posture("elbow_in")])
        costs, path = sought(state, first, OTHERWISE, plan, cost)
        if costs > HOPELESS:
            path = self._planned(state, place)
        yield from arm.follow(path, tremor=0.4)
        yield from arm.hold(0.15)

    def _planned(self, state: OperatorState, place: np.ndarray) -> Path:
        """A way on which the vessel stays level, out of the opening and over a place (3,) [m]."""
        things = [self.of.split("/")[0], *self.with_]

        def ends(carried: CarriedVessel) -> Iterator[list[np.ndarray]]:
            for like, turn in itertools.product(likes(state, self.hand), ARRIVING):
                at, frame = carried.pose(place, carried.roomiest(place) + turn)
                down = at - self.above * UP
                row = [(at, frame), (down, frame), *((there, frame) for there in leave(down, frame))]
                crowd, found = state.ways.goal(self.hand, [row], like, LEVEL, held=things)
                if crowd < HOPELESS:
                    yield [found[0]]

        path = level_way(state, self, ends)
        if path is None:
            raise no_way_over(state, self)
        return path


def sought(
    state: OperatorState,
    first: np.ndarray,
    turned: float,
    plan: Callable[[np.ndarray], Path],
    cost: Callable[[Path], float],
) -> tuple[float, Path]:
    """The first of many ways to carry something that is free enough, or else the one that costs least; and what it costs.

    Args:
        first: (11,) the way that is imagined first: the hand's direction at the end [rad], the distance before the front [m],
            how it turns to one side meanwhile and how to and fro [rad], the posture (7,) that is preferred [rad].
        turned: [rad] by which the direction at the end differs from that at most, but for those that are like the best so far.
        plan: the way of such numbers.
        cost: what a way costs; below `ENOUGH` it is free enough.
    """
    best: tuple[float, Path | None, np.ndarray] = (np.inf, None, first)
    for k in range(CARRIES + STRANGER + REFINED):
        way = first.copy()
        if k >= CARRIES + STRANGER:
            way = best[2] + state.rng.normal(0.0, SCATTER)
            way[1] = max(way[1], first[1] - NEARER)
        elif k:  # another turn of the hand, another distance, another way to hold the arm
            way[0] += float(state.rng.uniform(-turned, turned))
            way[1] += float(state.rng.uniform(-NEARER, 0.03))
            way[2] = float(state.rng.uniform(-0.3, 0.3))
            way[4:] += state.rng.normal(0.0, 0.25 if k < 12 else 0.6, 7)
            if k >= CARRIES:
                way[2] *= 2.0
                way[3] = float(state.rng.uniform(-0.5, 0.5))
        imagined = plan(way)
        now = cost(imagined)
        if now < best[0]:
            best = (now, imagined, way)
        if best[0] < ENOUGH:
            break
    assert best[1] is not None
    return best[0], best[1]


def leave(position: np.ndarray, frame: np.ndarray) -> list[np.ndarray]:
    """Where a hand goes from what it has set down: back along its fingers, then up."""
    back = position - CLEAR * frame[:, 2]
    return [back, back + RISE * UP]
