"""Skills that take up a crumpled cloth: the robot walks to its open end, draws that over the table's end and takes its corners.

A cloth that was lifted at a place and let fall is a heap there, and lies flat at the end that is further away. So nothing has to
be found in the heap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .....scenarios.cloth.cloth import Cloth
from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...words.primitives import BOTH
from ...words.skill import Argument
from ..walking import moving
from .handling import SINK, YIELD, AtEdge, Edges, corner_spots, lead

OPEN = 0.10  # m from a short edge, within which it is seen whether it lies open; and from the table's end, where it may hang over that
BACK = 0.45  # m from the table's end, where the robot turns to it
LOST = 0.6  # s, after which a hand that feels nothing has lost the cloth
AT_EASE, FURTHEST = 0.50, 0.615  # m before the robot, to where hands reach with the knees bent a little, and at most
NEARLY = 0.03  # m, by which a corner may lie further for the arms alone
# taking up: m, within which of a pinch it is seen how far the edge hangs; how far a claw takes it to hang; and by how much the
# upper finger comes above the table
NEIGHBOURS, DEPTHS, CLEAR = 0.030, (0.018, 0.075), 0.014
SIDEWAYS = 0.055  # m from the middle of the table's end: further off, a knee that is bent meets the table's leg


def at_end(arguments: Mapping[str, Argument], without: Sequence[str] = ()) -> dict[str, Argument]:
    """Arguments of a skill at an edge of the table, for whichever end of it the robot stands before, but for some."""
    return {name: argument for name, argument in arguments.items() if name not in ("over", *without)} | BOTH


def short_edges(cloth: Cloth) -> tuple[tuple[int, int], tuple[int, int]]:
    """Vertices at the corners, by the two short edges that they end."""
    (a, b), (c, d) = corner_spots(cloth)
    return ((a, c), (b, d)) if cloth.size[0] > cloth.size[1] else ((a, b), (c, d))


def nearest_end(state: OperatorState, left: str, right: str) -> tuple[np.ndarray, np.ndarray]:
    """(3,) [m] and (3, 3) of that end of the table before which the robot stands."""
    at = moving(state).at
    return min((state.senses.site(name) for name in (left, right)), key=lambda end: float(np.hypot(*(end[0][:2] - at))))


class AtTableEnd(AtEdge):
    """What the skills share that work at an end of the table, on the short edge of a cloth that is nearer to it."""

    needs = "mobile"

    def _end(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray]:
        return nearest_end(state, self.left, self.right)

    def _edges(self, state: OperatorState) -> Edges:
        edge, turn = self._end(state)
        away, places = turn[:, 0], state.senses.vertices(self.of)
        leftwards = np.cross(UP, away)
        ends = sorted(short_edges(self.of), key=lambda ends: sum(float((places[v] - edge) @ away) for v in ends))
        near, far = (sorted(ends, key=lambda v: -float(places[v] @ leftwards)) for ends in ends)
        return Edges(dict(zip(SIDES, near)), dict(zip(SIDES, far)))

    def _crowd(self, state: OperatorState, side: str, q: np.ndarray) -> float:
        """Counted, since the robot comes to stand where it may: elbows keep from its trunk."""
        return state.ways.crowd(side, q)

    def _before(self, state: OperatorState) -> float:
        """How far before the table's end the robot stands [m]."""
        edge, turn = self._end(state)
        return float((edge[:2] - moving(state).at) @ turn[:2, 0])

    def _beside(self, state: OperatorState) -> float:
        """How far to the left of the middle of the table's end the robot stands [m]."""
        edge, turn = self._end(state)
        return float((np.append(moving(state).at, 0.0) - edge * [1.0, 1.0, 0.0]) @ np.cross(UP, turn[:, 0]))

    def _aside(self, state: OperatorState) -> float:
        """How far to the left of the middle of the table's end the near edge has its own [m]."""
        edge, turn = self._end(state)
        places, beside = state.senses.vertices(self.of), np.cross(UP, turn[:, 0])
        return 0.5 * sum(float((places[v] - edge) @ beside) for v in self._edges(state).near.values())

    def _middle(self, state: OperatorState) -> float:
        """The same, as far as the robot stands there [m]."""
        return float(np.clip(self._aside(state), -SIDEWAYS, SIDEWAYS))

    def _inside(self, state: OperatorState) -> dict[str, float]:
        """How far inside the table's end the corners lie [m]; less than nothing as far as they hang below it."""
        edge, turn = self._end(state)
        return {side: -self._hanging(state, side, edge, turn[:, 0]) for side in SIDES}

    def _hanging(self, state: OperatorState, side: str, edge: np.ndarray, away: np.ndarray) -> float:
        """How far a corner hangs below the table's end [m]; less than nothing where it still lies inside, or hangs over another edge."""
        corner = state.senses.vertices(self.of)[self._edges(state).near[side]]
        inside, below = float((corner - edge) @ away), float(edge[2] + self.of.radius - corner[2])
        return below if below > 2.0 * self.of.radius and inside < OPEN else -inside


class Pressing:
    """Hands that press on a cloth and go with the robot as it walks.

    Args:
        sides: which; force: [N] of each.

    Attributes:
        pulling: sides of those that press firmly enough to draw the cloth now; pressed: whether all of them have done so.
        lost: [s] for which one of them has measured next to nothing.
    """

    def __init__(self, state: OperatorState, sides: Sequence[str], force: float):
        self.state, self.sides, self.force = state, sides, force
        self.pulling: Sequence[str] = ()
        self.pressed, self.lost = False, 0.0
        self._hands = {side: state.arms[side].hand() for side in sides}
        self._down, self._start = dict.fromkeys(sides, 0.0), moving(state).at.copy()

    def go_on(self) -> None:
        """Command the next control period: a hand goes down as long as it feels less than it is to press with, and up for more."""
        state = self.state
        forces = {side: float(state.senses.touch(side).sum()) for side in self.sides}
        self.pulling = [side for side in self.sides if forces[side] > 0.7 * self.force]
        self.pressed = self.pressed or len(self.pulling) == len(self.sides)
        self.lost = 0.0 if min(forces.values()) > 0.1 * self.force else self.lost + state.timestep
        moved = np.append(moving(state).at - self._start, 0.0)
        for side in self.sides:
            self._down[side] += state.timestep * float(np.clip(YIELD * (self.force - forces[side]), -SINK, SINK))
            at, frame = self._hands[side]
            lead(state.arms[side], at + moved - self._down[side] * UP, frame)
