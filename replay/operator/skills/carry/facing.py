"""Carry what is held level to over a place, turned so that one side of it faces somebody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import LEVEL, UP, turned_between
from ...operator_state import OperatorState
from ...planning.ways import BLOCKED, ENOUGH, REACHED
from ...recognition import carrying
from ...words.primitives import CARRY
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, Skill
from ..placing import turning

# by which it may face past
BESIDE = np.deg2rad([0.0, 6.0, -6.0, 12.0, -12.0, 18.0, -18.0, 24.0, -24.0, 30.0, -30.0, 35.0, -35.0, 40.0, -40.0])
HELD_AS = ("elbow_in", "elbow_out", "ready", "across", "bench")  # postures in which the arm may end
ELSE_AS = ("from_above", "over", "raised", "outside_1", "outside_2", "level")  # where none of these will do
# cost of a radian by which the hand cannot be turned as it should, and what of it costs nothing
ASKEW, EVEN = 20.0, 0.05
DEEPER, OUT = 0.030, 400.0  # m below the place that the hand is to come, too; cost of a metre by which it does not
OBLIQUE = 1.5  # cost of a radian by which it faces past
LOOKS, GOOD = 3, 1.5e-3  # how often it is mended where what is held has come to, and how near [m] it need not be
EASY = 0.25  # cost of a way that is taken at once


class CarryFacing(Skill, word="carry", how="facing"):
    """Carry what is held level to over a place, turned so that one side of it faces somebody.

    Of the ways that leave room it takes one on which the side faces nearly where it shall. What it is seen to be off the place
    is mended. It ends over the place; `place` sets it down.
    """

    label = Label(
        en=("present", "the {hand} hand brings the {about} over the {upon}, turned to face the {towards}"),
        zh=("转正朝向", "{hand}手把{about}端到{upon}上方，朝向{towards}"),
        shows=carrying.carry_over,
    )
    arguments = CARRY(
        "hand of upon",
        face=Argument("site", "the side of what is held that shall face somebody, seen from `of`"),
        towards=Argument("site", "whom or what it shall face"),
        within=Argument("angle", "by how much it may face past at most", 0.44),
        above=0.05,
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        hand, frame = arm.hand()
        held, side, place = state.senses.site(self.of)[0], state.senses.site(self.face)[0], state.senses.site(self.upon)[0]
        goal = place + self.above * UP + state.aim()
        now, wanted = side - held, state.senses.site(self.towards)[0] - place
        needed = float(np.arctan2(wanted[1], wanted[0]) - np.arctan2(now[1], now[0]))
        needed = (needed + np.pi) % (2 * np.pi) - np.pi
        carried = state.ways.with_contents(self.of.split("/")[0])

        def ways(names: tuple[str, ...]) -> Iterator[tuple[float, Path]]:
            for past in BESIDE[np.abs(BESIDE) <= self.within + 1e-9]:
                poses = turning(held, goal, hand, frame, needed + past)
                for name in names:
                    like = arm.posture(name)
                    if arm.solve(*poses[-1], like, orient=LEVEL)[1] > 2.0 * REACHED:
                        continue
                    path = arm.line(poses, self.speed, like=like, orient=LEVEL)
                    # where it is set down has to be within reach as it is held then
                    low = poses[-1][0] - (self.above + DEEPER) * UP
                    end, miss = arm.solve(low, poses[-1][1], path.end, path.end, LEVEL)
                    off = max(turned_between(arm.hand(q)[1], poses[-1][1]) for q in (path.end, end))
                    skew = ASKEW * max(off - EVEN, 0.0) + OUT * max(miss - REACHED, 0.0)
                    yield state.ways.tightness(self.hand, path, carried) + OBLIQUE * abs(past) + skew, path

        best: tuple[float, Path | None] = (np.inf, None)
        over: list[np.ndarray] = []  # how the arm may end
        for names in (HELD_AS, ELSE_AS):
            for cost, path in ways(names):
                over.append(path.end)
                if cost < best[0]:
                    best = (cost, path)
                if cost < EASY:
                    break
            if best[1] is not None:
                break
        if best[1] is None:
            sentence = f"the {self.hand} hand cannot bring {self.of} there as it holds it"
            state.given_up = Reason(sentence, "cannot_bring", side=self.hand, of=self.of)
            return
        way = best[1]
        if best[0] > BLOCKED:  # the straight ways lead through something: a way round, to where there is room
            free = [[end] for end in over if state.ways.crowd(self.hand, end, without=carried) < ENOUGH]
            way = (state.ways.level_way(self.hand, free, self.speed) if free else None) or way
        yield from arm.follow(way, tremor=0.4)
        yield from arm.hold(0.2)
        for _ in range(LOOKS):
            off = goal - state.senses.site(self.of)[0]
            if np.linalg.norm(off) < GOOD:
                return
            hand, frame = arm.hand()
            yield from arm.follow(arm.line([(hand + off, frame)], 0.05, orient=LEVEL), tremor=0.0)
            yield from arm.hold(0.2)
