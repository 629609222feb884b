"""Take a standing thing between the pads from the side, and close on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...limbs.geometry import FIRM, hand_frame, turned_between
from ...operator_state import OperatorState
from ...planning.ways import best_of
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import close_on, come

AROUND = np.deg2rad([0.0, 18.0, -18.0, 36.0, -36.0, 54.0, -54.0])  # other sides from which a round thing is taken
ACROSS = np.deg2rad([0.0, 30.0, -30.0, 60.0, -60.0, 90.0])  # other ways in which the pads stand over it
HELD_AS = ("elbow_out", "elbow_in", "from_above", "raised")
DOWN = np.deg2rad([80.0, 70.0, 60.0])  # how far the fingers point down when it is taken from above: a wrist has no 90
ROOM = 0.034  # m by which the claw is open further than a grip of a sheet is wide
SKEWED = 6.0  # cost of a radian by which the hand cannot be turned as it should


class TakeSide(Skill, word="take", how="side"):
    """Take a standing thing between the pads from the side, and close on it.

    The hand comes along its fingers from `standoff` away, at the side that the arm reaches with the most room. With a `grip` of its
    sheet it comes from where that says. It ends holding with the force that is asked; `lift` or `carry` take it from there.
    """

    label = Label(
        en=("grasp", "the {hand} hand grasps the {of}"),
        zh=("抓握", "{hand}手抓住{of}"),
        shows=taking.pick,
        grips=True,
    )
    arguments = TAKE(
        "hand of grip",
        at=TAKE.at("at", "a site in the middle of where the pads shall hold, z up; or `grip`", instead="grip"),
        pitch=0.20,
        turn=Argument("word", "any: it is round; keep: the pads close along the site's y axis", "any", ("any", "keep")),
        opening=0.10,
        standoff=0.10,
        force=40.0,
        speed=0.4,
    )
    down = False  # whether the fingers point down

    def run(self, state: OperatorState) -> Motion:
        if self.grip is not None:
            yield from self._by_grip(state)
            return
        arm = state.open_claw(self.hand, self.opening)
        position, rotation = state.senses.site(self.at)

        def tries() -> Iterator[tuple[float, list[np.ndarray], np.ndarray]]:
            for name in HELD_AS:
                like = arm.posture(name)
                for frame in self._frames(state, position, rotation, arm.hand(like)[1]):
                    row = [(position - self.standoff * frame[:, 2], frame), (position, frame)]
                    score, found = state.ways.goal(self.hand, [row], like, FIRM, [self.of])
                    yield score + SKEWED * turned_between(arm.hand(found[-1])[1], frame), found, frame

        _, found, frame = best_of(tries(), 0.3, (np.inf, [], np.eye(3)))
        yield from come(state, self.hand, found[0], self.speed)
        position, _ = state.senses.site(self.at)
        yield from close_on(state, self.hand, self.of, (position, frame), self.force, orient=FIRM)

    def _by_grip(self, state: OperatorState) -> Motion:
        """As the named grip says."""
        numbers = self.numbers_of_grip(state)
        down = numbers.pop("down")
        taken = TakeSide({**self.values, **numbers, "grip": None})
        taken.down = down
        yield from taken.run(state)

    def numbers_of_grip(self, state: OperatorState) -> dict[str, Any]:
        """What the named grip stands for, and whether the fingers point down; of several sites the one nearest the shoulder."""
        sheet, shoulder = self.grip.sheet, state.senses.site(f"{self.hand}_shoulder")[0]
        at = min(self.grip.sites, key=lambda site: float(np.linalg.norm(state.senses.site(site)[0] - shoulder)))
        rises = [(-1.0 if way[0] == "-" else 1.0) * state.senses.site(at)[1][2, "xyz".index(way[-1])] for way in sheet.fingers]
        return {
            "at": at,
            "down": bool(rises and max(rises) < -0.5),
            "turn": "any" if sheet.round else "keep",
            "opening": max(self.opening, (sheet.width or 0.0) + ROOM),
            "force": self.force if sheet.bears is None else min(self.force, sheet.bears),
        }

    def _frames(
        self, state: OperatorState, position: np.ndarray, rotation: np.ndarray, near: np.ndarray
    ) -> list[np.ndarray]:
        """Rotations of the hand, tried one after the other; each half turn about the fingers is as good as the other."""
        keep = float(np.arctan2(rotation[1, 1], rotation[0, 1]))  # of the site's y axis
        if self.down:
            first = keep - np.pi / 2 if self.turn == "keep" else state.heading
            turns = np.array([0.0, np.pi]) if self.turn == "keep" else ACROSS
            rows = [hand_frame(first + turn, down) for down in DOWN for turn in turns]
        else:
            shoulder = state.senses.site(f"{self.hand}_shoulder")[0]
            away = position - shoulder
            first = keep - np.pi / 2 if self.turn == "keep" else float(np.arctan2(away[1], away[0]))
            turns = np.array([0.0, np.pi]) if self.turn == "keep" else AROUND
            rows = [hand_frame(first + turn, self.pitch) for turn in turns]
        halves = [[f, f @ np.diag([-1.0, -1.0, 1.0])] for f in rows]
        return [min(pair, key=lambda f: turned_between(f, near)) for pair in halves]
