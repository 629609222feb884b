"""Lay a folded cloth that both hands hold by its crease on a pile, its middle above that of the pile; let go of it."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.base import Base
from ...limbs.geometry import UP, between
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import PUT
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving, walked
from .draw_aside import ARRIVED, EMPTY, REST
from .fling import LEAST
from .handling import FIRM, AtEdge, held_by_both, nose_of, opening_up, rising, send
from .tips import both_squeezing, hands_over, nearest, squeezing

OUT = 0.10  # m, by which a finger is drawn from under what it laid down: more than it is long
# N, that a finger bears of what lies on it: with more it presses on the pile; m/s and s, with which and for how long it rises then
BEARS, LIFT, LIFTING = 1.5, 0.010, 2.0
CREASE = 0.03  # m, of the height of what hangs by it, that is its crease
STILL, PATIENCE = 0.06, 4.0  # m/s, slower hangs still; s, for which that is waited for


class PutPile(AtEdge, word="put", how="pile"):
    """Lay a folded cloth that both hands hold by its crease on a pile, its middle above that of the pile; let go of it.

    It is raised until it hangs free, carried before the pile and up to it, and laid down from its far edge towards the robot, which
    walks back as the hands go down. Then one hand after the other opens and is drawn out from under it along its fingers.
    """

    label = Label(
        en=("lay on the pile", "both hands lay the folded {about} on the pile as the robot walks back"),
        zh=("放到布堆上", "机器人后退，双手把叠好的{about}放到布堆上"),
        shows=cloth.fold,
    )
    needs = "mobile"
    arguments = PUT(
        of=Argument("cloth", "the cloth"),
        over=PUT.at("over", "a site of the table's edge before which the robot stands"),
        upon=PUT.at("upon", "middle of the pile's top"),
        beyond=Argument("length", "how far beyond the pile's middle its own is laid; less than nothing before it", 0.0),
        short=Argument(
            "length",
            "how far before its place its far edge touches the pile first: it slides on as it comes down aslant",
            0.010,
        ),
        clear=Argument("length", "height above the pile by which it hangs as it is carried", 0.05),
        low=Argument("length", "height above the pile of the lower fingers' upper side as they open", 0.015),
        pitch=PUT.at("pitch", "how far the fingers point down at the end", float(np.deg2rad(12.0))),
        opening=0.05,
        force=PUT.at("force", "force of each pad", 5.0),
        walking=Argument("speed", "largest speed over the floor", 0.15),
        laying=Argument("speed", "speed with which it walks back as it lays it", 0.08),
        drawing=Argument("speed", "speed with which the hands are drawn out", 0.05),
        reach=Argument("speed", "largest speed of the hands", 0.15),
    )

    def run(self, state: OperatorState) -> Motion:
        if not held_by_both(state):
            return
        base = moving(state)
        deep = float(np.ptp(self._seen(state)[:, 0]))  # as it lies there, its crease raised a little
        yield from self._held(state, together(*(self._raise(state, side, deep) for side in SIDES)))
        # beside the pile, then up to it: what hangs does not brush over the pile's side
        yield from self._held(state, self._go(state, base))
        back = self._back(state, deep)
        yield from self._held(state, self._go(state, base, self.beyond - 0.5 * deep + back))
        yield from self._held(state, self._lay(state, base, back))
        if state.given_up:
            return
        yield from both_squeezing(state, self.force, state.wait(0.5))
        yield from self._leave(state)

    def _leave(self, state: OperatorState) -> Motion:
        """Let go with one hand after the other, while the other one holds it; up."""
        for side, other in (SIDES, SIDES[::-1]):
            force = self.force * float(state.faults.get("grip_force", 1.0))
            yield from squeezing(state, other, force, self._out_of(state, side))
        yield from together(*(rising(state.arms[side], 0.10) for side in SIDES))

    def _held(self, state: OperatorState, motion: Motion) -> Motion:
        """A motion, while both claws press on what they hold, as long as they feel it."""
        empty = 0.0
        for _ in both_squeezing(state, self.force, motion):
            empty = 0.0 if min(state.senses.touch(side).min() for side in SIDES) > LEAST else empty + state.timestep
            if empty > EMPTY:
                state.given_up = Reason("a hand has lost the cloth", "cloth_lost")
            if state.given_up:
                return
            yield

    def _hanging(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(3,) [m] each, as of `_seen`: the crease by which it hangs, its outermost; its lowest edge; the middle of the pile's top."""
        seen, (edge, turn) = self._seen(state), self._end(state)
        high, low = seen[:, 2].max(), seen[:, 2].min()
        crease, foot = seen[seen[:, 2] > high - CREASE], seen[seen[:, 2] < low + CREASE]
        beside = 0.5 * (crease[:, 1].min() + crease[:, 1].max())
        axes = np.column_stack([turn[:, 0], np.cross(UP, turn[:, 0]), UP])
        pile = (state.senses.site(self.upon)[0] + state.aim() - edge) @ axes
        return np.array([crease[:, 0].min(), beside, high]), np.array([foot[:, 0].mean(), beside, low]), pile

    def _back(self, state: OperatorState, deep: float) -> float:
        """How far the hands come back as they go down [m]: with the fingers level the cloth hangs from their ends, some way ahead of
        its crease, and its lowest edge is to touch the pile first a little before where its far edge is to lie."""
        crease, foot, pile = self._hanging(state)
        before = (foot[2] - self.of.radius - pile[2]) / self._down(state)  # share of the way down, until it touches
        return float((deep - self.short - (foot[0] - crease[0])) / (1.0 - min(before, 0.5)))

    def _down(self, state: OperatorState) -> float:
        """How far the hands go down [m]."""
        return float(min(nose_of(state, side)[0][2] for side in SIDES) - state.senses.site(self.upon)[0][2] - self.low)

    def _raise(self, state: OperatorState, side: str, deep: float) -> Motion:
        """Straight up, until it hangs free of the pile."""
        arm = state.arms[side]
        at, frame = arm.hand()
        goal = np.append(at[:2], state.senses.site(self.upon)[0][2] + deep + self.clear)
        yield from arm.follow(arm.line([(goal, frame)], self.reach, orient=FIRM), tremor=0.0)

    def _go(self, state: OperatorState, base: Base, ahead: float | None = None) -> Motion:
        """Walk until the crease is before the pile's middle, or so far [m] beyond it; wait until the cloth hangs still."""
        crease, _, pile = self._hanging(state)
        away = self._end(state)[1][:, 0]
        goal = base.at + ((pile - crease)[1] * np.cross(UP, away))[:2]
        if ahead is not None:
            goal += ((pile - crease)[0] + ahead) * away[:2]
        time = 20.0 + float(np.hypot(*(goal - base.at))) / self.walking
        yaw = float(np.arctan2(away[1], away[0]))
        yield from walked(state, self.name, base.walk(goal, yaw, self.walking, 0.2, 0.006, 0.02, time))
        yield from self._still(state)

    def _still(self, state: OperatorState) -> Motion:
        """Wait until it hangs still."""
        before, quiet = state.senses.vertices(self.of), 0.0
        for _ in range(round(PATIENCE / state.timestep)):
            yield
            now = state.senses.vertices(self.of)
            speed, before = float(np.percentile(np.linalg.norm(now - before, axis=1), 90)) / state.timestep, now
            quiet = quiet + state.timestep if speed < STILL else 0.0
            if quiet > 0.4:
                return

    def _lay(self, state: OperatorState, base: Base, back: float) -> Motion:
        """The robot walks back so far [m]; the hands go down as it does."""
        away, heading, start, down = self._end(state)[1][:, 0], state.heading, base.at.copy(), self._down(state)
        hands = {side: state.arms[side].hand() for side in SIDES}
        last = {side: nearest(hands_over(away, self.pitch), hands[side][1]) for side in SIDES}
        u = 0.0
        while u < 1.0:
            left = base.go(start - back * away[:2], heading, self.laying, 0.2)
            u = max(u, 1.0 - left / back) if left > ARRIVED else min(u + REST * state.timestep, 1.0)
            for side, (at, frame) in hands.items():
                send(state.arms[side], at - u * (back * away + down * UP), between(frame, last[side], u), FIRM)
            yield
        yield from base.stop()

    def _out_of(self, state: OperatorState, side: str) -> Motion:
        """Open, the lower finger staying where it is; rise until that does not press on the pile; draw the hand back along its fingers."""
        arm = state.arms[side]
        frame = arm.hand()[1]
        yield from opening_up(state, side, self.opening, 0.8)
        at, _ = arm.hand()
        for _ in range(round(LIFTING / state.timestep)):
            if state.senses.touch(side).max() < BEARS:
                break
            at = at + state.timestep * LIFT * UP
            send(arm, at, frame, FIRM)
            yield
        yield from arm.follow(arm.line([(at - OUT * frame[:, 2], frame)], self.drawing, orient=FIRM), tremor=0.0)
