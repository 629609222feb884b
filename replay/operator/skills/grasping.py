"""Skills that take hold of a standing thing, and hold it: grasped from above or from the side, squeezed, kept until."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..recognition import carrying, motions, taking
from .arm import hand_frame, turned_between
from .operator_state import Motion, OperatorState
from .primitives import SQUEEZE, TAKE, WAIT
from .skill import Argument, Label, Skill

AROUND = np.deg2rad([0.0, 18.0, -18.0, 36.0, -36.0, 54.0, -54.0])  # other sides from which a round thing is taken
ACROSS = np.deg2rad([0.0, 30.0, -30.0, 60.0, -60.0, 90.0])  # other ways in which the pads stand over it
HELD_AS = ("elbow_out", "elbow_in", "from_above", "raised")
DOWN = np.deg2rad([80.0, 70.0, 60.0])  # how far the fingers point down when it is taken from above: a wrist has no 90
ROOM = 0.034  # m by which the claw is open further than a grip of a sheet is wide
FIRM = 0.15  # weight of the orientation [m/rad]
SKEWED = 6.0  # cost of a radian by which the hand cannot be turned as it should


class Grasp(Skill):
    """Take a standing thing between the pads from the side, and close on it.

    The hand comes along its fingers from `standoff` away, at the side that the arm reaches with the most room. With a `grip` of its
    sheet it comes from where that says. It ends holding with the force that is said; `lift` or `carry` take it from there.
    """

    word = "take"
    how = "side"
    label = Label(
        en=("grasp", "the {hand} hand grasps the {of}"),
        zh=("抓握", "{hand}手抓住{of}"),
        shows=taking.pick,
        grips=True,
    )
    arguments: ClassVar = TAKE(
        "hand of grip",
        at=TAKE.at("at", "a site in the middle of where the pads shall hold, z up; or `grip`", instead="grip"),
        pitch=0.20,
        turn=Argument("word", "any: it is round; keep: the pads close along the site's y axis", "any", ("any", "keep")),
        opening=0.10,
        standoff=0.10,
        force=40.0,
        speed=0.4,
    )
    down: ClassVar = False  # whether the fingers point down

    def run(self, state: OperatorState) -> Motion:
        if self.grip is not None:
            yield from self._by_grip(state)
            return
        arm = state.arms[self.hand]
        state.open_claw(self.hand, self.opening)
        position, rotation = state.site(self.at)
        best: tuple[float, list[np.ndarray], np.ndarray] = (np.inf, [], np.eye(3))
        for name in HELD_AS:
            like = state.arms[self.hand].posture(name)
            for frame in self._frames(state, position, rotation, arm.hand(like)[1]):
                row = [(position - self.standoff * frame[:, 2], frame), (position, frame)]
                score, found = state.goal(self.hand, [row], like, FIRM, [self.of])
                score += SKEWED * turned_between(arm.hand(found[-1])[1], frame)
                if score < best[0]:
                    best = (score, found, frame)
                if score < 0.3:
                    break
            if best[0] < 0.3:
                break
        _, found, frame = best
        yield from arm.follow(state.way(self.hand, found[0], self.speed))
        yield from state.pause()
        position, _ = state.site(self.at)
        yield from arm.follow(arm.line([(position, frame)], 0.15, orient=FIRM), tremor=0.5)
        yield from arm.hold(0.2)
        yield from state.grip(self.hand, self.force)
        state.hold_on(self.hand, self.of)

    def _by_grip(self, state: OperatorState) -> Motion:
        """As the named grip says."""
        numbers = self.numbers_of_grip(state)
        kind = GraspFromAbove if numbers.pop("down") else Grasp
        yield from kind({**self.values, **numbers, "grip": None}).run(state)

    def numbers_of_grip(self, state: OperatorState) -> dict[str, Any]:
        """What the named grip stands for, and whether the fingers point down; of several sites the one nearest the shoulder."""
        sheet, shoulder = self.grip.sheet, state.site(f"{self.hand}_shoulder")[0]
        at = min(self.grip.sites, key=lambda site: float(np.linalg.norm(state.site(site)[0] - shoulder)))
        rises = [(-1.0 if way[0] == "-" else 1.0) * state.site(at)[1][2, "xyz".index(way[-1])] for way in sheet.fingers]
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
            shoulder = state.site(f"{self.hand}_shoulder")[0]
            away = position - shoulder
            first = keep - np.pi / 2 if self.turn == "keep" else float(np.arctan2(away[1], away[0]))
            turns = np.array([0.0, np.pi]) if self.turn == "keep" else AROUND
            rows = [hand_frame(first + turn, self.pitch) for turn in turns]
        halves = [[f, f @ np.diag([-1.0, -1.0, 1.0])] for f in rows]
        return [min(pair, key=lambda f: turned_between(f, near)) for pair in halves]


class GraspFromAbove(Grasp):
    """Take a standing thing between the pads from above, and close on it.

    The fingers point down on either side of it, the pads across the way that the arm reaches with the most room.
    """

    word = "take"
    how = "top"
    label = Label(
        en=("grasp from above", "the {hand} hand grasps the {of} from above"),
        zh=("从上方抓握", "{hand}手从上方抓住{of}"),
        shows=taking.pick,
        grips=True,
    )
    down = True


class Squeeze(Skill):
    """Press what is held with another force than before, for a while."""

    word = "squeeze"
    label = Label(
        en=("squeeze", "the {hand} hand squeezes[[ the {about}]]"),
        zh=("捏紧", "{hand}手捏紧[[{about}]]"),
        unseen="a force changes, and nothing moves",
    )
    arguments: ClassVar = SQUEEZE("hand force", time=1.0)

    def run(self, state: OperatorState) -> Motion:
        yield from state.grip(self.hand, self.force, 0.0)
        yield from state.arms[self.hand].hold(self.time)


class HoldUntil(Skill):
    """Keep still with what is held until a subgoal is reached or someone pulls at the hand; then go on.

    A pull is told by how far the hand is drawn from where the arm holds it, over how far the arm gives way to a newton; the
    weight that it bears when it begins does not count. Where nothing happens, it goes on after `at_most`.
    """

    word = "wait"
    how = "pulled"
    label = Label(
        en=("hold", "the {hand} hand keeps still[[ with the {about}]]"),
        zh=("保持", "{hand}手[[拿着{about}]]保持不动"),
        shows=carrying.hold_until,
    )
    arguments: ClassVar = WAIT("hand until force", at_most=10.0)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        yield from arm.hold(0.3)
        before = state.pulled(self.hand)

        def ends() -> bool:
            if state.reached(self.until):
                return True
            return self.force is not None and float(np.linalg.norm(state.pulled(self.hand) - before)) > self.force

        yield from arm.hold(self.at_most, ends)


class Wait(Skill):
    """Stay as one is for a while."""

    word = "wait"
    label = Label(
        en=("wait", "the robot waits"),
        zh=("等待", "机器人等待"),
        shows=motions.wait,
    )
    arguments: ClassVar = WAIT("time")

    def run(self, state: OperatorState) -> Motion:
        yield from state.wait(self.time)
