"""Carry a vessel level to before an opening, turn it to face inside, and bring it in over its place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ...limbs.arm import Arm
from ...limbs.geometry import LEVEL, UP
from ...operator_state import OperatorState
from ...planning.clearance import TOUCHES
from ...planning.ways import REACHED
from ...recognition import carrying
from ...words.primitives import CARRY
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, Skill
from ..vessels import ARRIVING, CarriedVessel, level_way, likes

ENTERING = (0.0, 0.3, -0.3)  # rad, by which it turns as it goes in
STEP = 0.03  # m, between the places on the way out of an opening that are looked at
MISSED, LEAP = 0.004, 0.5  # m, by which a hand may miss its place there; rad, by which a joint turns on at most
NOTHING = 0.2  # N, less than any vessel weighs
GENTLE = 0.7  # m/s2, of the arm's middle: a robot that is jerked by its arm leaves its balance
Pose = Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]]  # of a hand: see `CarriedVessel.pose`


def drawn(
    arm: Arm,
    end: np.ndarray,
    places: Sequence[np.ndarray],
    directions: Sequence[float],
    pose: Pose,
) -> list[np.ndarray] | None:
    """Postures in which a vessel is drawn along places (3,) [m], its hand in directions [rad]; None where it cannot be."""
    row = [end]
    for place, direction in zip(places, directions):
        q, off = arm.solve(*pose(place, direction), row[-1], end, orient=LEVEL, steps=12)
        if off > MISSED or np.abs(q - row[-1]).max() > LEAP:
            return None
        row.append(q)
    return row


def lost(state: OperatorState, side: str, held: str) -> bool:
    """Whether a hand feels nothing of what it holds; the chain is given up then."""
    if np.linalg.norm(state.senses.feel(side)) > NOTHING:
        return False
    state.given_up = Reason(f"the {side} hand lost {held} on the way", "lost", side=side, of=held)
    return True


class CarryLevel(Skill, word="carry", how="level"):
    """Carry a vessel level to before an opening, turn it to face inside, and bring it in over its place."""

    label = Label(
        en=("carry level", "the {hand} hand carries the {about} level to the {upon}"),
        zh=("平端", "{hand}手平端{about}，移到{upon}上方"),
        shows=carrying.carry_level,
    )
    arguments = CARRY(
        "hand of upon",
        into=CARRY.at("into", "a site in the middle of the opening's front, or of the part's front, x axis inwards"),
        yaw=-0.15,
        above=0.010,
        beside=0.285,
        before=0.10,
        short=Argument(
            "length", "how far short of the place it is set down, so that the palm stays out of the opening", 0.024
        ),
        speed=0.26,
    )

    def run(self, state: OperatorState) -> Motion:
        if lost(state, self.hand, self.of):
            return
        arm = state.arms[self.hand]
        place, _ = state.senses.site(self.upon)
        front, inside = state.senses.site(self.into)
        inward = inside[:, 0]
        deep = (place - front) @ inward
        centre = place + self.above * UP + state.aim()

        things = state.ways.with_contents(self.of.split("/")[0])

        def rows(carried: CarriedVessel) -> Iterator[list[np.ndarray]]:
            """Postures from before the opening to over the place, the hand's direction as it is asked or nearly so."""
            pose = carried.pose
            for like, turn, swing in itertools.product(likes(state, self.hand), ARRIVING, ENTERING):
                final = state.bearing(inward) + self.yaw + turn
                for short in (self.short, self.short + 0.005, self.short + 0.010):
                    end, off = arm.solve(*pose(centre - short * inward, final), like, like, orient=LEVEL)
                    if off < REACHED:
                        break
                if off > REACHED or state.ways.crowd(self.hand, end, without=things) > TOUCHES:
                    continue
                way = deep - short + self.before
                shares = np.linspace(0.0, 1.0, max(2, int(np.ceil(way / STEP))) + 1)[1:]
                places = [centre - (short + share * way) * inward for share in shares]
                row = drawn(arm, end, places, [final + swing * share for share in shares], pose)
                if row is not None:
                    yield row[::-1]

        path = level_way(state, self, rows)
        if path is None:
            state.given_up = Reason(
                f"no way was found to carry {self.of} to {self.upon}: {state.ways.why}",
                "no_carry", of=self.of, upon=self.upon,
            )  # fmt: skip
            return
        path = arm.gently(path, GENTLE)
        yield from arm.follow(path, tremor=0.4)
        yield from arm.hold(0.25)
