"""What is held is carried over a place, turned so that one side of it faces somebody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..limbs.arm import Path
from ..limbs.geometry import LEVEL, UP, turned_between
from ..operator_state import OperatorState
from ..planning.ways import BLOCKED, ENOUGH, REACHED
from ..words.reason import GivenUp, Reason
from ..words.skill import Motion, Skill
from .placing import goal_of, turning

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


def face(state: OperatorState, skill: Skill) -> Motion:
    """Bring what a hand holds over its place, one side of it turned to somebody.

    Of the ways that leave room it takes one on which the side faces nearly where it shall. What it is seen to be off the place
    is mended. See `CarryOver` for the arguments.
    """
    arm = state.arms[skill.hand]
    hand, frame = arm.hand()
    held, side, place = state.senses.site(skill.of)[0], state.senses.site(skill.face)[0], state.senses.site(skill.upon)[0]
    goal = goal_of(state, skill)
    now, wanted = side - held, state.senses.site(skill.towards)[0] - place
    needed = float(np.arctan2(wanted[1], wanted[0]) - np.arctan2(now[1], now[0]))
    needed = (needed + np.pi) % (2 * np.pi) - np.pi
    carried = state.ways.with_contents(skill.of.split("/")[0])

    def ways(names: tuple[str, ...]) -> Iterator[tuple[float, Path]]:
        for past in BESIDE[np.abs(BESIDE) <= skill.within + 1e-9]:
            poses = turning(held, goal, hand, frame, needed + past)
            for name in names:
                like = arm.posture(name)
                if arm.solve(*poses[-1], like, orient=LEVEL)[1] > 2.0 * REACHED:
                    continue
                path = arm.line(poses, skill.speed, like=like, orient=LEVEL)
                # where it is set down has to be within reach as it is held then
                low = poses[-1][0] - (skill.above + DEEPER) * UP
                end, miss = arm.solve(low, poses[-1][1], path.end, path.end, LEVEL)
                off = max(turned_between(arm.hand(q)[1], poses[-1][1]) for q in (path.end, end))
                skew = ASKEW * max(off - EVEN, 0.0) + OUT * max(miss - REACHED, 0.0)
                yield state.ways.tightness(skill.hand, path, carried) + OBLIQUE * abs(past) + skew, path

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
        sentence = f"the {skill.hand} hand cannot bring {skill.of} there as it holds it"
        raise GivenUp(Reason(sentence, "cannot_bring", side=skill.hand, of=skill.of))
    way = best[1]
    if best[0] > BLOCKED:  # the straight ways lead through something: a way round, to where there is room
        free = [[end] for end in over if state.ways.crowd(skill.hand, end, without=carried) < ENOUGH]
        way = (state.ways.level_way(skill.hand, free, skill.speed) if free else None) or way
    yield from arm.follow(way, tremor=0.4)
    yield from arm.hold(0.2)
    for _ in range(LOOKS):
        off = goal - state.senses.site(skill.of)[0]
        if np.linalg.norm(off) < GOOD:
            return
        yield from arm.follow(arm.straight(off, 0.05, LEVEL), tremor=0.0)
        yield from arm.hold(0.2)
