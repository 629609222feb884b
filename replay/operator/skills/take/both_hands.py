"""Take a load by two handles, one in each hand, and lift it level."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.arm import Path
from ...limbs.geometry import UP, unit
from ...operator_state import OperatorState
from ...recognition import carrying
from ...words.primitives import TAKE
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, Skill, together
from ..fitting import PITCHES, WEIGHT, Pose, about, planned
from ..trays import even, shift, straight

NEARER = 0.5  # share of the distance from which a hand comes, where there is no room for the whole before the chest
SETTLES, GIVES = 1.5, 0.15  # s, in which hands that are held give way; share of what presses them aside that they give way to, a step
GIVEN = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])  # of force and twist, that a hand gives way to; it bears the weight
GUIDED = 0.03  # m/s, of what is raised on posts: the faster, the further the hands are behind as they give way
UPRIGHT = 0.7  # of a handle's y axis along the vertical: the pads close from above and from below
SLANTS = np.deg2rad([0.0, -5.0, 5.0, -10.0, -15.0])  # other slants of the fingers into such a handle


class TakeBothHands(Skill, word="take", how="both_hands"):
    """Take a load by two handles, one in each hand, and lift it level."""

    label = Label(
        en=("lift with both hands", "both hands lift the {about}"),
        zh=("双手提起", "双手提起{about}"),
        shows=carrying.bimanual_lift,
    )
    hands = "Both hands"
    arguments = TAKE(
        left=Argument(
            "site",
            "the left hand's handle; the pads close along its y axis. Where that is upright, as through a grip hole, its x axis "
            "leads into the load",
        ),
        right=Argument("site", "the right hand's handle"),
        of=Argument("site", "the load's own site, which is brought to the place"),
        into=TAKE.at("into", "where it will be carried, so that the arms are held for both ends of the way", None),
        pitch=0.45,
        slant=Argument("angle", "where the pads close upright: how far the fingers point ahead of straight in", 0.87),
        back=0.004,
        opening=0.04,
        force=100.0,
        standoff=0.07,
        by=0.22,
        nearer=Argument("length", "how much nearer to the trunk it is drawn once it is raised: what is heavy is borne by the ankles", 0.0),
        guided=Argument(
            "force",
            "what it weighs on both hands where it can only go straight up, such as on posts: arms that sag under it would press it aside",
            0.0,
        ),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        way = np.zeros(3) if self.into is None else state.senses.site(self.into)[0] - state.senses.site(self.of)[0]
        grips = {"left": self.left, "right": self.right}
        found = {}
        for side in SIDES:  # one after the other: the second hand has to see where the first has come to
            state.open_claw(side, self.opening)
            path, found[side] = self._postures(state, side, grips[side], way)
            yield from state.arms[side].follow(path)
        yield from state.pause()
        lines = {}
        for side in SIDES:
            arm = state.arms[side]
            position, _ = state.senses.site(grips[side])
            frame = arm.hand(found[side][1])[1]
            lines[side] = arm.line([(position - self.back * frame[:, 2] + state.behind(side), frame)], 0.15, orient=WEIGHT)
        yield from together(*(state.arms[s].follow(lines[s], tremor=0.4) for s in SIDES))
        yield from state.wait(0.2)
        yield from together(*(state.grip(side, self.force) for side in SIDES))
        for side in SIDES:
            state.hold_on(side, state.senses.part_of(self.of))
        if self.guided:
            yield from self._guided(state)
            return
        yield from shift(state, self.by * UP, 0.08)
        if self.nearer:
            yield from shift(state, self._drawn(state), 0.08)

    def _drawn(self, state: OperatorState) -> np.ndarray:
        """(3,) [m] by which it is drawn to the trunk."""
        return -self.nearer * np.array([np.cos(state.heading), np.sin(state.heading), 0.0])

    def _guided(self, state: OperatorState) -> Motion:
        """Raise what can only go straight up; the hands go on giving way beside the skills that follow, until they let go."""
        paths = even([straight(state, side, self.by * UP, GUIDED) for side in SIDES])
        aside = {side: np.zeros(len(state.scene.robot.arm_of(side))) for side in SIDES}
        whole = 0.5 * self.guided

        def raised(side: str, path: Path) -> Motion:
            arm = state.arms[side]
            yield from give_way(state, side, arm.hold(SETTLES), lambda t: whole * min(t / SETTLES, 1.0), aside[side])
            yield from give_way(state, side, arm.follow(path, tremor=0.0), lambda t: whole, aside[side])
            yield from give_way(state, side, arm.hold(SETTLES), lambda t: whole, aside[side])

        yield from together(*(raised(side, path) for side, path in zip(SIDES, paths)))
        for side in SIDES:
            motion = state.arms[side].hold(state.scene.config.time_limit, partial(_released, state, side))
            state.beside(give_way(state, side, motion, lambda t: whole, aside[side]))

    def _postures(self, state: OperatorState, side: str, grip: str, way: np.ndarray) -> tuple[Path, list[np.ndarray]]:
        position, rotation = state.senses.site(grip)
        shoulder = state.senses.site(f"{side}_shoulder")[0]
        up = self.by * UP

        def row(frame: np.ndarray, standoff: float) -> list[Pose]:
            at = position - self.back * frame[:, 2]
            here = [(at - standoff * frame[:, 2], frame), (at, frame), (at + up, frame)]
            if self.nearer:
                here.append((at + up + self._drawn(state), frame))
            middle = [(at + up + share * way, frame) for share in (0.33, 0.67)] if way.any() else []
            return [*here, *middle, *([(at + up + way, frame), (at + way, frame)] if way.any() else [])]

        if abs(rotation[2, 1]) > UPRIGHT:
            frames = [
                _through(rotation[:, 0], self.slant + more, shoulder, position, t)
                for more in SLANTS
                for t in (False, True)
            ]
        else:
            frames = [
                about(rotation[:, 1], self.pitch + more, shoulder, position, t)
                for more in PITCHES
                for t in (False, True)
            ]
        touch = [state.senses.part_of(grip), state.senses.part_of(self.of)]
        load = state.ways.with_contents(self.of.split("/")[0])
        rows = [row(frame, standoff) for frame in frames for standoff in (self.standoff, NEARER * self.standoff)]
        return planned(state, side, rows, touch, self.speed, carried=(2, load))[1:]


def _through(into: np.ndarray, slant: float, from_: np.ndarray, to: np.ndarray, turned: bool) -> np.ndarray:
    """Hand frame with pads that close upright and level fingers: into a load, and slanting away from `from_` [rad]."""
    into = unit(
        np.array([into[0], into[1], 0.0]),
        Reason("the pads would have to close along a line that is nowhere level", "nowhere_level"),
    )
    ahead = np.cross(UP, into)
    ahead *= 1.0 if ahead @ (to - from_) >= 0 else -1.0
    z, y = np.cos(slant) * into + np.sin(slant) * ahead, -UP if turned else UP
    return np.stack([np.cross(y, z), y, z], axis=1)


def _released(state: OperatorState, side: str) -> bool:
    return side not in state.held


def give_way(
    state: OperatorState, side: str, motion: Motion, weight: Callable[[float], float], aside: np.ndarray
) -> Motion:
    """A motion of a hand that gives way to what presses it aside or twists it, and bears a weight from the start.

    What a hand pushes with follows from its joints: the torques of what is commanded against where they are, less those that their
    servos take to move, in the sense of least squares.

    Args:
        weight: of what it holds [N], at a time [s] since the motion began.
        aside: displacement of the arm's commands so far [rad], which goes on.
    """
    arm, names = state.arms[side], state.scene.robot.arm_of(side)
    ahead = 1.0 / -np.expm1(-arm.timestep / arm.lag)  # of where a joint is, a command that is held for a step, by what it moves in one
    before: np.ndarray | None = None
    for step, _ in enumerate(motion):
        there = np.array([state.senses.joint(name) for name in names])
        moved = np.zeros_like(there) if before is None else there - before
        before = there
        jacobian = arm.jacobian(there)
        push = np.linalg.lstsq(jacobian.T, arm.stiffness * (arm.command - there - ahead * moved))[0]
        aside -= GIVES * (jacobian.T @ (push * GIVEN)) / arm.stiffness
        arm.lean(aside + weight(step * arm.timestep) * arm.yielding(UP, loose=0.0))
        yield
