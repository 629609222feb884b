"""Skills of a robot that moves: walk to a place, turn, squat, stand up, approach; they need base=mobile."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import numpy as np

from ....scenarios.parts.pose import Pose, quat_of
from ..limbs.base import HEAVY, LADEN, Base, wrapped
from ..operator_state import OperatorState
from ..words.reason import Reason
from ..words.skill import Motion, Skill, together

PATIENCE = 20.0  # s, beyond the time that a way takes, after which it has failed
AHEAD = np.deg2rad(35.0)  # a target further to the side than this is turned to before it is walked to
SHORT = 0.35  # m, a shorter way is stepped sideways or back
APIECE = 0.15  # m, that it steps at once while a hand stays in the room: as far as an arm follows


def moving(state: OperatorState) -> Base:
    """The base, which moves: `read_skills` has reported where it does not."""
    assert state.base is not None
    return state.base


def walked(state: OperatorState, word: str, walk: Generator[None, None, bool]) -> Generator[None, None, bool]:
    """A walk of the base for a skill; where it does not arrive it is reported as given up."""
    arrived = yield from walk
    if not arrived:
        state.given_up = Reason(f"the robot did not come to where it was walking ({word})", "not_arrived")
    return arrived


class Walking(Skill):
    """What the skills of a moving base share."""

    needs = "mobile"

    def go(self, state: OperatorState, target: np.ndarray, yaw: float) -> Motion:
        """Turn to the way where it is long, walk it, and turn to the heading; round what stands in the way."""
        base = moving(state)
        away = target - base.at
        distance = float(np.hypot(*away))
        ways = [(target, yaw)]
        if distance > SHORT:
            along = float(np.arctan2(away[1], away[0]))
            heading = along if abs(wrapped(along - base.yaw)) > AHEAD else base.yaw
            ways = [(base.at.copy(), heading), (target, heading), (target, yaw)]
        legs = state.ways.walk(ways)
        if legs is None:
            state.given_up = Reason("no free way was found to where the robot walks", "no_walk")
            return
        bears = -sum(float(state.senses.feel(side)[2]) for side in state.held)
        gently = LADEN if bears > HEAVY else 1.0
        tied = [] if state.steady is None else sorted(state.steady.tied & state.held.keys())
        pieces = list(_pieces(base, legs)) if tied else legs
        for k, (place, at) in enumerate(pieces, 1):
            held = {side: _mark(base).inverse() @ _hand(state, side) for side in tied}
            time = np.hypot(*(place - base.at)) / max(self.speed, 1e-3) + abs(wrapped(at - base.yaw)) / self.turning
            settles = (k == len(pieces) and not state.walks_on) or bool(tied)
            walk = base.walk(place, at, self.speed, self.turning, self.within, 0.02, time + PATIENCE, gently, settles)
            if not (yield from walked(state, self.name, walk)):
                return
            if held:
                yield from self._draw(state, {side: _mark(base) @ pose for side, pose in held.items()})

    def _draw(self, state: OperatorState, to: Mapping[str, Pose]) -> Motion:
        """Bring the hands that stayed in the room to where they are wanted, on both feet."""
        arms = state.arms
        lines = {side: arms[side].line([(pose.pos, pose.matrix)], self.speed) for side, pose in to.items()}
        yield from together(*(arms[side].follow(line, tremor=0.3) for side, line in lines.items()))


def _mark(base: Base) -> Pose:
    return Pose.of((*base.at, 0.0), base.yaw)


def _hand(state: OperatorState, side: str) -> Pose:
    place, frame = state.arms[side].hand()
    return Pose(place, quat_of(frame))


def _pieces(base: Base, legs: Sequence[tuple[np.ndarray, float]]) -> Iterator[tuple[np.ndarray, float]]:
    """The same way in pieces."""
    at = base.at.copy()
    for place, yaw in legs:
        count = max(1, int(np.ceil(float(np.hypot(*(place - at))) / APIECE)))
        yield from ((at + i / count * (place - at), yaw) for i in range(1, count + 1))
        at = place
