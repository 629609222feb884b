"""Take a thing by a grip of its sheet, or by one that its shapes offer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from ...limbs.geometry import FIRM, UP, turn_about, turn_z, turned_between
from ...operator_state import OperatorState
from ...planning.ways import REACHED
from ...recognition import taking
from ...senses.holds import Held, called, held_by
from ...words.primitives import TAKE
from ...words.reason import GivenUp, Reason
from ...words.skill import Label, Motion, Skill
from ..grasping import close_on, come
from ..placing import over_rim

# other directions of the fingers in the plane square to the closing axis: level ones first down, so that the wrist keeps off the table
LEVEL_TILTS, DOWN_TILTS = np.deg2rad([20.0, 32.0, 8.0, 45.0, -8.0]), np.deg2rad([0.0, -12.0, 12.0, -24.0, 24.0, -36.0, 36.0])
LEANT = np.deg2rad([48.0, 60.0])  # tilts of fingers from above where no other one will do: the wrist stays on the near side
AROUND = np.deg2rad([0.0, 18.0, -18.0, 36.0, -36.0, 54.0, -54.0, 80.0, -80.0])  # other sides of a round thing
HELD_AS = ("elbow_out", "elbow_in", "from_above", "raised", "outside_1", "ready")  # postures that are tried
LEVEL = 0.5  # rise of the fingers up to which they count as level
SKEWED = 6.0  # cost of a radian by which the hand is turned otherwise
BROUGHT = np.deg2rad([0.0, 40.0, -40.0, 90.0, -90.0])  # by which it may be turned about the vertical when it is there
GOOD = 0.3  # score that is taken at once
NO_GOOD = 3.0  # score from which the hand does not come there
LEAST = 20.0  # N, of each pad where the sheet bears it: what is carried is also swung
WIDER = 0.034  # m, by which the claw is open further than what it takes is wide


class TakePlain(Skill, word="take"):
    """Take a thing by a grip of its sheet, or by one that its shapes offer.

    Of all its grips, sites, directions of the fingers and sides, the one is taken that the arm reaches with the most room. Width and
    force are those of the grip. The hand comes straight along its fingers.
    """

    label = Label(
        en=("take", "the {hand} hand takes the {of}"),
        zh=("拿取", "{hand}手拿住{of}"),
        shows=taking.take,
        grips=True,
    )
    arguments = TAKE(
        "hand of grip",
        at=TAKE.at("at", "a site where it has a grip; any where it is not given", None),
        into=TAKE.at(
            "into",
            "where it shall go, so that it is taken as it can be brought there; the place of the hand's next `put`, where not given",
            None,
        ),
        standoff=0.08,
        force=TAKE.at("force", "force of each pad; twice what holds it, where it is not given", None),
        by=0.0,
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        held, row = self._best(state)
        gap = min(held.grip.width + WIDER, state.hand.widest)
        state.open_claw(self.hand, gap)
        frame = arm.hand(row[-1])[1]
        yield from come(state, self.hand, row[0], self.speed)
        goal = arm.hand(row[-1])[0]
        yield from close_on(state, self.hand, self.of, (goal, frame), self._force(held), orient=FIRM, tremor=0.4)
        if self.by:
            position, frame = arm.hand()
            yield from arm.follow(arm.line([(position + self.by * UP, frame)], 0.15, orient=FIRM), tremor=0.4)

    def _force(self, held: Held) -> float:
        """Of each pad [N]."""
        bears = np.inf if held.grip.bears is None else held.grip.bears
        return float(min(max(held.grip.needed, LEAST) if self.force is None else self.force, bears))

    def _best(self, state: OperatorState) -> tuple[Held, list[np.ndarray]]:
        """The grip that the arm reaches best, and joint angles before it and at it."""
        named = self.grip.name if self.grip is not None else None
        known = held_by(state, self.of, named, self.at)
        if isinstance(known, Reason):
            raise GivenUp(known)
        arm, shoulder = state.arms[self.hand], state.senses.site(f"{self.hand}_shoulder")[0]
        state.open_claw(self.hand, min(max(one.grip.width for one in known) + WIDER, state.hand.widest))
        known = sorted(known, key=lambda one: float(np.linalg.norm(one.at - shoulder)))
        best: tuple[float, Held, list[np.ndarray]] = (np.inf, known[0], [])
        for leant, name in product((False, True), HELD_AS):
            if leant and best[0] <= NO_GOOD:
                break
            like = arm.posture(name)
            near = arm.hand(like)[1]
            for one in known:
                for position, frame in poses(one, shoulder, near, leant):
                    row = [(position - self.standoff * frame[:, 2], frame), (position, frame)]
                    score, found = state.ways.goal(self.hand, [row], like, FIRM, [self.of])
                    score += SKEWED * turned_between(arm.hand(found[-1])[1], frame)
                    if score < min(best[0], NO_GOOD):
                        score += self._brought(state, position, frame, found[-1])
                    if score < best[0]:
                        best = (score, one, found)
                    if score < GOOD:
                        return best[1:]
        if best[0] > NO_GOOD:
            what = called(self.of, state.scene.config.parts)
            tried = ", ".join(dict.fromkeys(one.grip.name for one in known))
            raise GivenUp(
                Reason(
                    f"no grip of {what} ({tried}) is within reach with room for the {self.hand} hand",
                    "no_room_to_take",
                    of=what,
                    grips=tried,
                    side=self.hand,
                )
            )
        return best[1:]

    def _brought(self, state: OperatorState, hand: np.ndarray, frame: np.ndarray, q: np.ndarray) -> float:
        """By how much the hand, taking it so, would miss the place where it shall go: a score."""
        if self.into is None:
            return 0.0
        arm, (at, _) = state.arms[self.hand], state.senses.body_pose(self.of)
        place, turned = state.senses.site(self.into)
        ahead, aside = self.beside_it
        goal = place + ahead * turned[:, 0] + aside * turned[:, 1]
        missed = np.inf
        for turn in BROUGHT:
            part, worst = turn_z(turn), 0.0  # over the rim, and at the place: it has to come to both
            for above in (over_rim(state, self.into), 0.0):
                found, off = arm.solve(goal + above * UP + part @ (hand - at), part @ frame, q, q, FIRM)
                worst = max(worst, off + FIRM * turned_between(arm.hand(found)[1], part @ frame))
                if worst > missed:
                    break
            missed = min(missed, worst)
            if missed < REACHED:
                break
        return 400.0 * max(missed - REACHED, 0.0)


def poses(held: Held, shoulder: np.ndarray, near: np.ndarray, leant: bool = False) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Hand poses (3,) [m] and (3, 3) for a grip: as it says, then tilted about the closing axis, and of a round thing from other sides.

    Args:
        shoulder: (3,) where the arm comes from; near: (3, 3) the rotation that is preferred of the two halves.
        leant: those with the fingers from above that lean more than any other.
    """
    for turn in held.turns:
        level = abs(float(turn[2, 2])) < LEVEL
        sides = [0.0]
        if held.grip.round:
            away = held.at - shoulder
            wanted = float(np.arctan2(away[1], away[0]))
            along = turn[:, 2] if level else turn[:, 1]
            sides = list(wanted - (0.0 if level else np.pi / 2) - np.arctan2(along[1], along[0]) + AROUND)
        if leant and level:
            continue
        tilts = LEANT if leant else LEVEL_TILTS if level else DOWN_TILTS
        for tilt in tilts:
            for side in sides:
                frame = turn_about(held.up, side) @ turn if side else turn
                across = -frame[:, 1] if np.cross(frame[:, 1], frame[:, 2])[2] > 0 else frame[:, 1]
                frame = turn_about(across, tilt) @ frame  # down
                yield (
                    held.at,
                    min((frame, frame @ np.diag([-1.0, -1.0, 1.0])), key=lambda one: turned_between(one, near)),
                )
