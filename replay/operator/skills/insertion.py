"""Skills that fit one part to another: brought before its hole, pressed in until it clicks, pulled to see whether it holds."""

from __future__ import annotations

import numpy as np

from ..limbs.geometry import turn_z
from ..operator_state import OperatorState
from ..words.skill import Argument, Motion, Skill
from .fitting import Pose, bring, correct, hand_for, headings, move_held, off, slide

FEED = 0.03  # m/s, of a part that comes to its hole
BEHIND = 0.003  # m, of the hand behind its command: something stands in the way
ROUND, TRIED = 24, 8  # ways in which a round thing may be turned about the vertical, and how many of them are tried
PRESS_RATE = 25.0  # N/s, slow enough that a click shows its own force
OF = Argument("site", "the site of what is held that goes in, x axis out of the hole")
INTO = Argument("site", "the hole's mouth, x axis out of it")


def free_turns(state: OperatorState, side: str, held: str, lying: Pose) -> list[float]:
    """[rad] by which a round thing may be turned where it comes to lie: those first with which the arm points to there."""
    turns = 2.0 * np.pi * np.arange(ROUND) / ROUND
    frames = [hand_for(state, side, held, (lying[0], turn_z(turn) @ lying[1]))[1] for turn in turns]
    order = headings(state, side, lying[0], frames)
    return [float(turns[next(i for i, f in enumerate(frames) if f is frame)]) for frame in order[:TRIED]]


def set_down(skill: Skill, state: OperatorState, place: str, feed: float, touch: list[str]) -> Motion:
    """Bring what is held over a place, correct it, lower it until it lies, press it down, let go and draw back."""
    arm = state.arms[skill.hand]
    position, rotation = state.senses.site(place)
    position = position + state.aim()
    out = rotation[:, 2]
    high = (position + skill.high * out, rotation)
    above = (position + skill.above * out, rotation)
    lying = (position, rotation)
    turns = free_turns(state, skill.hand, skill.of, lying) if getattr(skill, "turn", "keep") == "free" else [0.0]
    turn = yield from bring(state, skill.hand, skill.of, [high, above, lying], touch, skill.speed, turns)
    rotation = turn_z(turn) @ rotation
    above = (above[0], rotation)
    yield from state.pause()
    yield from move_held(state, skill.hand, skill.of, above, 0.15)
    yield from correct(state, skill.hand, skill.of, above)

    def lies() -> bool:
        return float((state.senses.site(skill.of)[0] - position) @ out) < 5e-4

    def met() -> bool:
        return lies() or float((state.senses.site(f"{skill.hand}_tcp")[0] - arm.hand()[0]) @ out) > 2.0 * BEHIND

    way, _ = off(state, skill.of, (position, rotation))
    hand, frame = arm.hand()
    yield from arm.follow(arm.line([(hand + way - 0.001 * out, frame)], feed, orient=0.5), met, tremor=0.0, brake=1.0)
    if not lies():
        yield from arm.press(skill.force, PRESS_RATE, lambda: arm.yielding(-out), lies, hold=0.4)
    yield from arm.hold(0.25)
    yield from state.let_go(skill.hand, skill.opening, 0.6)
    frame = arm.hand()[1]
    yield from slide(arm, -skill.retreat * frame[:, 2], 0.2)
