"""Skills that put down what a hand holds: carried over a place as it hangs, lowered until it is seated, let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ....scenarios.postures import posture
from ..recognition import carrying
from .arm import Path, turn_z
from .hands import HAND, UP
from .operator_state import REACHED, Motion, OperatorState
from .skill import Argument, Label, Skill
from .vessels import LEVEL

TURNED = np.deg2rad([0.0, 20.0, -20.0, 40.0, -40.0, 65.0, -65.0, 90.0, -90.0])  # of what may stand as it comes
HELD_AS = ("elbow_in", "elbow_out", "ready")  # postures in which the arm may end
SEATED = 0.004  # m, by which what is held stays behind the hand that lowers it once something bears it
PAST = 0.012  # m, below the place, for a place that lies lower than it is said to
OF = Argument("site", "the site of what is held that shall come to the place")
UPON = Argument("site", "the place")
SPEED = Argument("speed", "largest speed of the hand", 0.25)


class CarryOver(Skill):
    """Carry what is held level to over a place, by a way that leaves room, turned as the arm likes it.

    It ends over the place, without setting down. `turn: keep` brings it there as it is turned now, for what is not round.
    """

    word = "carry_over"
    label = Label(
        en=("carry over", "the {hand} hand carries the {about} over to the {upon}"),
        zh=("平端过去", "{hand}手把{about}端到{upon}上方"),
        shows=carrying.carry_over,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": OF,
        "upon": UPON,
        "above": Argument("length", "height over the place", 0.05),
        "turn": Argument("word", "whether it may arrive turned about the vertical", "free", ("free", "keep")),
        "speed": SPEED,
    }

    def run(self, state: OperatorState) -> Motion:
        yield from state.arms[self.hand].follow(over(state, self), tremor=0.4)
        yield from state.arms[self.hand].hold(0.2)


def over(state: OperatorState, skill: Skill) -> Path:
    """The way of a hand that brings a site of what it holds over a place; see `CarryOver` for the arguments."""
    arm = state.arms[skill.hand]
    hand, frame = arm.hand()
    held, place = state.site(skill.of)[0], state.site(skill.upon)[0]
    goal = place + skill.above * UP + state.aim()

    def imagined() -> Iterator[Path]:
        for turn in TURNED if skill.turn == "free" else TURNED[:1]:
            poses = turning(held, goal, hand, frame, turn)
            for name in HELD_AS:
                if arm.solve(*poses[-1], posture(name, skill.hand), orient=LEVEL)[1] <= 2.0 * REACHED:
                    yield arm.line(poses, skill.speed, like=posture(name, skill.hand), orient=LEVEL)

    path = state.freest(skill.hand, imagined(), state.with_contents(skill.of.split("/")[0]))
    # out of reach: as near as the arm comes
    return path or arm.line([(goal + hand - held, frame)], skill.speed, orient=LEVEL)


def turning(
    held: np.ndarray, goal: np.ndarray, hand: np.ndarray, frame: np.ndarray, turn: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Poses of a hand on the way of what it holds to a goal, turned by `turn` [rad] about the vertical when it is there.

    It turns about the held thing, which goes straight, not about the hand.
    """
    poses = []
    for share in (1 / 3, 2 / 3, 1.0):
        part = turn_z(share * turn)
        poses.append((held + share * (goal - held) + part @ (hand - held), part @ frame))
    return poses


class Place(Skill):
    """Lower what is held until it is seated, let go, and draw the hand back the way that is said.

    It stops lowering when what is held no longer follows the hand, because something bears it, or a little below the place.
    """

    word = "place"
    label = Label(
        en=("put down", "the {hand} hand puts the {about} down on the {upon}"),
        zh=("放下", "{hand}手把{about}放到{upon}上"),
        shows=carrying.place,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": OF,
        "upon": UPON,
        "opening": Argument("length", "gap between the pads when it has let go", 0.034),
        "clear": Argument("word", "which way the hand leaves", "up", ("up", "back")),
        "retreat": Argument("length", "how far it draws back", 0.10),
        "lowering": Argument("speed", "speed of lowering", 0.06),
        "speed": SPEED,
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        drop = (state.site(self.of)[0] - state.site(self.upon)[0])[2]
        start = position[2] - state.site(self.of)[0][2]

        def seated() -> bool:
            return (arm.hand()[0][2] - state.site(self.of)[0][2]) - start < -SEATED

        low = position - (drop + PAST) * UP
        yield from arm.follow(arm.line([(low, frame)], self.lowering, orient=LEVEL), seated, tremor=0.0, brake=1.0)
        yield from arm.hold(0.2)
        yield from state.let_go(self.hand, self.opening, 0.6)
        position, frame = arm.hand()
        away = UP if self.clear == "up" else -frame[:, 2]
        yield from arm.follow(arm.line([(position + self.retreat * away, frame)], self.speed, orient=LEVEL), tremor=0.0)


class Stack(Skill):
    """Carry what is held over another thing, lower it until it is seated upon it, let go, and draw the hand up.

    One word for `carry_over` and `place`, with the care that a stack wants: the last centimetres are slow.
    """

    word = "stack"
    label = Label(
        en=("stack", "the {hand} hand stacks the {about} upon the {upon}"),
        zh=("叠放", "{hand}手把{about}叠放到{upon}上"),
        shows=carrying.set_down,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": OF,
        "upon": Argument("site", "the top of the thing below, or the middle of its inside where it nests"),
        "above": Argument("length", "height over the place from which it is lowered", 0.06),
        "turn": Argument("word", "whether it may arrive turned about the vertical", "free", ("free", "keep")),
        "opening": Argument("length", "gap between the pads when it has let go", 0.034),
        "retreat": Argument("length", "how far the hand draws up", 0.10),
        "speed": SPEED,
    }

    def run(self, state: OperatorState) -> Motion:
        yield from CarryOver.run(self, state)  # type: ignore[arg-type]
        rest = {"clear": "up", "lowering": 0.04}
        yield from Place({**self.values, **rest}).run(state)
