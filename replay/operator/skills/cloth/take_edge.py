"""Take up the near long edge of a cloth where it hangs over the edge of a table, beside its corners, one with each hand."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, together
from .handling import (
    BELOW,
    FELT,
    FIRM,
    FURTHER,
    LOOKS,
    RIGHT,
    SHUT,
    TOUCHED,
    AtEdge,
    Edges,
    across,
    choose,
    keeping_lower,
    nose_of,
    rising,
)
from .tips import GENTLY, TIGHT, hands_over, nearest, squeeze, squeezing

# picking up: m from the table's edge, and from what hangs over it
BEFORE, WITHIN = 0.05, 0.018  # where the lower finger comes from, and how far it goes below the table
# m, by which it comes out before the table's edge at most; share by which it rises more for what hangs further, which lies on it
OUT, ROUNDS = 0.026, 0.21
OVER = 0.020  # m, by which it rises over the table to go on below the cloth
CLOSING = 27.0  # percent/s, slow enough for the arm to follow
NARROW = 0.022  # m: narrower than that it closes gently, the cloth being between the pads
SETTLE = 0.6  # s, in which the pads come to their force
RAISED = (0.012, 0.018)  # m, by which a pinched edge is raised


def closing(state: OperatorState, side: str) -> Motion:
    """Close until the cloth is held, or both pads feel it; a claw is given no more than it takes to close gently."""
    for _ in range(round(5.0 / state.timestep)):
        gap = state.senses.gap(side)
        if gap > NARROW:
            state.claws[side] = min(state.claws[side] + CLOSING * state.timestep, state.hand.percent(TIGHT))
        else:
            squeeze(state, side, GENTLY)
        yield
        if gap < SHUT or (gap < NARROW and state.senses.touch(side).min() > FELT):
            break


class TakeEdge(AtEdge, word="take", how="edge"):
    """Take up the near long edge of a cloth where it hangs over the edge of a table, beside its corners, one with each hand.

    The fingers point across the table and down, one over the other. The lower one comes below the hanging edge and lifts it, out
    and up, until it lies on the finger; the upper one closes.
    So one layer lies between the pads with its edge towards the palm, and nothing of it is wrapped round a finger.
    """

    label = Label(
        en=("pinch cloth", "both hands pinch the {about} by an edge"),
        zh=("捏起布料", "双手捏住{about}的一边"),
        shows=cloth.pick_cloth,
    )
    arguments = TAKE(
        of=Argument("cloth", "the cloth"),
        over=TAKE.at("over", "a site of the table's edge that it hangs over"),
        hangs=Argument("length", "how far it hangs down there", 0.026),
        inset=Argument("length", "how far from the ends of its edge it is pinched", 0.016),
        lies=Argument(
            "length",
            "how much of it is to lie on the lower finger, which goes on below it or comes back; zero: what hung there",
            0.0,
        ),
        gap=Argument("length", "opening of the claws that come", 0.06),
        pitch=float(np.deg2rad(30.0)),
        force=3.0,
        speed=0.4,
    )

    slips: ClassVar[float] = 0.0  # m: an edge that lies less far on the finger slips out from between the pads

    def run(self, state: OperatorState) -> Motion:
        depths = {side: self._depth(state, side) for side in SIDES}
        yield from self._come(state, [self._hover(state, side, depths[side]) for side in SIDES])
        yield from state.pause()
        yield from together(*(self._pinch(state, side, depths[side]) for side in SIDES))

    def _come(self, state: OperatorState, ways: list[Motion]) -> Motion:
        """The hands go their ways to before the edge."""
        yield from together(*ways)

    def _depth(self, state: OperatorState, side: str) -> float:
        """How far the cloth hangs down where a hand takes it up [m]."""
        return self.hangs

    def _gap(self, depth: float) -> float:
        """Opening of a claw [m]: its lower finger comes below what hangs so far down, its upper one above the table."""
        return self.gap

    def _taken(self, state: OperatorState, side: str) -> bool:
        """Whether both pads feel the cloth, and its edge lies far enough on them not to slip out as it is raised."""
        return bool(state.senses.touch(side).min() > FELT) and self._lying(state, side, *nose_of(state, side)) > self.slips

    def _aim(self, state: OperatorState, side: str) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """The table's edge where the cloth is pinched; the way across the table; the rotations of the hand."""
        edges, places = self._edges(state), state.senses.vertices(self.of)
        inwards, _ = across(places, edges, side)
        place, (edge, turn) = places[edges.near[side]] + self.inset * inwards, self._end(state)
        away = turn[:, 0]
        place += float((edge - place) @ away) * away
        place[2] = edge[2]
        return place, away, self._frames(away)

    def _frames(self, away: np.ndarray) -> list[np.ndarray]:
        """Rotations of a hand that takes it up, fingers across the table."""
        return hands_over(away, self.pitch)

    def _hover(self, state: OperatorState, side: str, depth: float) -> Motion:
        """Bring an open claw before the edge, its lower finger below what hangs there."""
        gap = self._gap(depth)
        state.open_claw(side, gap)
        place, away, frames = self._aim(state, side)
        below = place - (depth + BELOW) * UP
        _, before = choose(
            state.arms[side],
            frames,
            lambda frame: [state.hand.tcp_from_nose(below + d * away, frame, gap) for d in (WITHIN, -BEFORE)],
            partial(self._crowd, state, side),
        )
        yield from state.arms[side].follow(state.ways.way(side, before, self.speed))

    def _lifting(self, place: np.ndarray, away: np.ndarray, depth: float) -> list[np.ndarray]:
        """Where the lower finger's end goes, below what hangs down at a place of the table's edge and up with it: (3,) [m] each."""
        # the edge goes up in a circle about the table's edge, and lies on the finger, that much behind its end
        below = place + WITHIN * away - (depth + BELOW) * UP
        met, turn = below + (BELOW - TOUCHED) * UP, np.deg2rad([20.0, 40.0, 60.0, 80.0])
        out, up = min(depth, OUT), depth + ROUNDS * max(depth - OUT, 0.0)
        noses = [below, met, *(met - out * (np.sin(a) * away) + up * (1.0 - np.cos(a)) * UP for a in turn)]
        if self.lies:
            noses.append(noses[-1] + OVER * UP)
        return noses

    def _row(self, edges: Edges) -> np.ndarray:
        """Vertices of the near edge."""
        flat = self.of.flat
        a, b = (flat[edges.near[side]] for side in SIDES)
        way = (b - a) / np.linalg.norm(b - a)
        return np.flatnonzero(np.abs((flat - a) @ [-way[1], way[0]]) < 0.5 * self.of.radius)

    def _lying(self, state: OperatorState, side: str, nose: np.ndarray, frame: np.ndarray) -> float:
        """How far behind the lower finger's end, which is at a place (3,), the edge is seen to lie along it [m], where it is pinched."""
        flat, places, edges = self.of.flat, state.senses.vertices(self.of), self._edges(state)
        row = self._row(edges)
        beside = np.linalg.norm(flat[row] - flat[edges.near[side]], axis=1)
        order = np.argsort(beside)
        behind = (nose - places[row[order]]) @ frame[:, 2]
        return float(np.interp(self.inset, beside[order], behind))

    def _on(self, lying: float) -> float:
        """How far a finger goes on below the cloth [m], of which so much lies on it; less than nothing: it comes back."""
        missing = self.lies - lying
        return 0.0 if abs(missing) < RIGHT else float(np.clip(missing, -FURTHER, FURTHER))

    def _pinch(self, state: OperatorState, side: str, depth: float) -> Motion:
        arm, gap = state.arms[side], self._gap(depth)
        place, away, frames = self._aim(state, side)
        frame = nearest(frames, arm.hand()[1])
        noses = self._lifting(place, away, depth)
        end = noses[-1]
        for way, speed in ((noses[:1], 0.1), (noses[1:], 0.08)):
            poses = [(state.hand.tcp_from_nose(nose, frame, gap), frame) for nose in way]
            yield from arm.follow(arm.line(poses, speed, orient=FIRM), tremor=0.0)
        for _ in range(LOOKS if self.lies else 0):
            on = self._on(self._lying(state, side, end, frame))
            if not on:
                break
            end = end + on * away
            pose = state.hand.tcp_from_nose(end, frame, gap), frame
            yield from arm.follow(arm.line([pose], 0.08, orient=FIRM), tremor=0.0)
        yield from keeping_lower(state, side, end, frame, closing(state, side))
        force = self.force * float(state.faults.get("grip_force", 1.0))
        state.hold_on(side, self.of.part)
        yield from squeezing(state, side, force, arm.hold(SETTLE))
        for by in RAISED:  # off the table the cloth is thinner between the pads: they come to their force once more
            yield from squeezing(state, side, force, rising(arm, by))
            yield from squeezing(state, side, force, arm.hold(SETTLE))
