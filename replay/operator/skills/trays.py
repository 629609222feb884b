"""Skills of two hands that share a load: a tray is taken by its handles, carried level, put down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ..recognition import carrying
from .arm import Path
from .fitting import PITCHES, WEIGHT, Pose, about, planned, slide
from .hands import UP
from .operator_state import SIDES, Motion, OperatorState, unit
from .primitives import PUT, TAKE
from .reason import Reason
from .skill import Argument, Label, Skill

LOWER = 0.06  # m/s, of a tray that is put down
RESTS = 8e-4  # m, above its place a tray counts as standing
NEARER = 0.5  # share of the distance from which a hand comes, where there is no room for the whole before the chest
PRESSED = 0.004  # m, of the hands below where they are seen: the tray stands, whatever its height says
SETTLES, GIVES = 1.5, 0.15  # s, in which hands that are held give way; share of what presses them aside that they give way to, a step
GIVEN = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 1.0])  # of force and twist, that a hand gives way to; it bears the weight
GUIDED = 0.03  # m/s, of what is raised on posts: the faster, the further the hands are behind as they give way
UPRIGHT = 0.7  # of a handle's y axis along the vertical: the pads close from above and from below
SLANTS = np.deg2rad([0.0, -5.0, 5.0, -10.0, -15.0])  # other slants of the fingers into such a handle


class BimanualLift(Skill):
    """Take a load by two handles, one in each hand, and lift it level."""

    word = "take"
    how = "both_hands"
    label = Label(
        en=("lift with both hands", "both hands lift the {about}"),
        zh=("双手提起", "双手提起{about}"),
        shows=carrying.bimanual_lift,
    )
    hands = "Both hands"
    arguments: ClassVar = TAKE(
        left=Argument(
            "site",
            "the left hand's handle; the pads close along its y axis. Where that is upright, as through a grip hole, its x axis "
            "leads into the load",
        ),
        right=Argument("site", "the right hand's handle"),
        of=Argument("site", "the load's own site, of which is told where it comes to"),
        into=TAKE.at("into", "where it will be carried, so that the arms are held for both ends of the way", None),
        pitch=0.45,
        slant=Argument("angle", "where the pads close upright: how far the fingers point ahead of straight in", 0.87),
        back=0.004,
        opening=0.04,
        force=120.0,
        standoff=0.07,
        by=0.05,
        guided=Argument(
            "force",
            "what it weighs on both hands where it can only go straight up, such as on posts: arms that sag under it would press it aside",
            0.0,
        ),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        way = np.zeros(3) if self.into is None else state.site(self.into)[0] - state.site(self.of)[0]
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
            position, _ = state.site(grips[side])
            frame = arm.hand(found[side][1])[1]
            missed = arm.hand()[0] - state.site(f"{side}_tcp")[0]
            lines[side] = arm.line([(position - self.back * frame[:, 2] + missed, frame)], 0.15, orient=WEIGHT)
        yield from together([state.arms[s].follow(lines[s], tremor=0.4) for s in SIDES])
        yield from state.wait(0.2)
        yield from together([state.grip(side, self.force) for side in SIDES])
        for side in SIDES:
            state.hold_on(side, state.part_of(self.of))
        if self.guided:
            yield from self._guided(state)
            return
        yield from shift(state, self.by * UP, 0.08)

    def _guided(self, state: OperatorState) -> Motion:
        """Raise what can only go straight up; the hands go on giving way beside the skills that follow, until they let go."""
        paths = even([_straight(state, side, self.by * UP, GUIDED) for side in SIDES])
        aside = {side: np.zeros(len(state.scene.robot.arm_of(side))) for side in SIDES}
        whole = 0.5 * self.guided

        def raised(side: str, path: Path) -> Motion:
            arm = state.arms[side]
            yield from give_way(state, side, arm.hold(SETTLES), lambda t: whole * min(t / SETTLES, 1.0), aside[side])
            yield from give_way(state, side, arm.follow(path, tremor=0.0), lambda t: whole, aside[side])
            yield from give_way(state, side, arm.hold(SETTLES), lambda t: whole, aside[side])

        yield from together([raised(side, path) for side, path in zip(SIDES, paths)])
        for side in SIDES:
            stays = state.arms[side].hold(state.scene.config.time_limit, lambda side=side: side not in state.held)
            state.beside(give_way(state, side, stays, lambda t: whole, aside[side]))

    def _postures(self, state: OperatorState, side: str, grip: str, way: np.ndarray) -> tuple[Path, list[np.ndarray]]:
        position, rotation = state.site(grip)
        shoulder = state.site(f"{side}_shoulder")[0]
        up = self.by * UP

        def row(frame: np.ndarray, standoff: float) -> list[Pose]:
            at = position - self.back * frame[:, 2]
            here = [(at - standoff * frame[:, 2], frame), (at, frame), (at + up, frame)]
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
        touch = [state.part_of(grip), state.part_of(self.of)]
        load = state.with_contents(self.of.split("/")[0])
        rows = [row(frame, standoff) for frame in frames for standoff in (self.standoff, NEARER * self.standoff)]
        return planned(state, side, rows, touch, self.speed, carried=(2, load))[1:]


def _through(into: np.ndarray, slant: float, from_: np.ndarray, to: np.ndarray, turned: bool) -> np.ndarray:
    """Hand frame whose pads close upright, fingers level: into a load, and slanting away from `from_` [rad]."""
    into = unit(
        np.array([into[0], into[1], 0.0]),
        Reason("the pads would have to close along a line that is nowhere level", "nowhere_level"),
    )
    ahead = np.cross(UP, into)
    ahead *= 1.0 if ahead @ (to - from_) >= 0 else -1.0
    z, y = np.cos(slant) * into + np.sin(slant) * ahead, -UP if turned else UP
    return np.stack([np.cross(y, z), y, z], axis=1)


class CarryTray(Skill):
    """Carry what both hands hold level to a place, put it down there and let go."""

    word = "put"
    how = "both_hands"
    label = Label(
        en=("carry with both hands", "both hands carry the {about} to the {upon}"),
        zh=("双手搬运", "双手把{about}端到{upon}"),
        shows=carrying.carry_tray,
    )
    hands = "Both hands"
    arguments: ClassVar = PUT(
        "upon",
        of=PUT.at("of", "the load's site that comes to lie at the place"),
        opening=0.045,
        leave=Argument(
            "word", "how the hands leave: up, or back along their fingers, as out of grip holes", "up", ("up", "back")
        ),
        retreat=PUT.at("retreat", "how far the hands are raised then, or drawn back", 0.07),
        speed=0.14,
    )

    def run(self, state: OperatorState) -> Motion:
        def missing() -> np.ndarray:
            return state.site(self.upon)[0] + state.aim() - state.site(self.of)[0]

        way = missing()
        yield from shift(state, way - (way @ UP) * UP, self.speed)
        yield from state.wait(0.3)
        way = missing()
        yield from shift(state, way - (way @ UP) * UP, 0.05)
        yield from state.wait(0.2)
        yield from self._lower(state, missing)
        yield from state.wait(0.2)
        yield from together([state.let_go(side, self.opening, 0.6) for side in SIDES])
        arms = state.arms
        if self.leave == "back":
            yield from together([slide(arms[s], -self.retreat * arms[s].hand()[1][:, 2], 0.15) for s in SIDES])
            return
        up = self.retreat * UP  # straight up: behind a hand before the chest there is no room
        yield from together([slide(arms[s], up - 0.02 * arms[s].hand()[1][:, 2], 0.2) for s in SIDES])
        yield from together([slide(arms[s], _outwards(state, s), 0.3) for s in SIDES])

    def _lower(self, state: OperatorState, missing: Callable[[], np.ndarray]) -> Motion:
        def stands() -> bool:
            below = [float((state.site(f"{s}_tcp")[0] - state.arms[s].hand()[0]) @ UP) for s in SIDES]
            return float(-missing() @ UP) < RESTS or min(below) > PRESSED

        way = float(missing() @ UP) - 0.002
        paths = even([_straight(state, side, way * UP, LOWER) for side in SIDES])
        yield from together([state.arms[s].follow(p, stands, tremor=0.0, brake=1.0) for s, p in zip(SIDES, paths)])


def _outwards(state: OperatorState, side: str) -> np.ndarray:
    """The way by which a hand that has crossed before the chest comes before its own shoulder again; none where it has not."""
    shoulder, sign = state.site(f"{side}_shoulder")[0], 1.0 if side == "left" else -1.0
    left = np.array([-np.sin(state.heading), np.cos(state.heading), 0.0])
    missing = sign * float((shoulder - state.arms[side].hand()[0]) @ left)
    return sign * max(missing, 0.002) * left


def shift(state: OperatorState, way: np.ndarray, speed: float) -> Motion:
    """Move both hands by the same way in the same time."""
    paths = even([_straight(state, side, way, speed) for side in SIDES])
    yield from together([state.arms[side].follow(path, tremor=0.0) for side, path in zip(SIDES, paths)])


def _straight(state: OperatorState, side: str, way: np.ndarray, speed: float) -> Path:
    arm = state.arms[side]
    position, frame = arm.hand()
    return arm.line([(position + way, frame)], speed, orient=WEIGHT)


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
        there = np.array([state.joint(name) for name in names])
        moved = np.zeros_like(there) if before is None else there - before
        before = there
        jacobian = arm.jacobian(there)
        push = np.linalg.lstsq(jacobian.T, arm.stiffness * (arm.command - there - ahead * moved))[0]
        aside -= GIVES * (jacobian.T @ (push * GIVEN)) / arm.stiffness
        arm.lean(aside + weight(step * arm.timestep) * arm.yielding(UP, loose=0.0))
        yield


def even(paths: Sequence[Path]) -> list[Path]:
    """The same ways, made to last as long as the longest of them."""
    longest = max(paths, key=lambda path: path.duration)
    return [replace(path, duration=longest.duration, ramp=longest.ramp) for path in paths]


def together(motions: Sequence[Motion]) -> Motion:
    """Several motions side by side, until the last of them has ended."""
    live = list(motions)
    while True:
        for motion in list(live):
            try:
                next(motion)
            except StopIteration:
                live.remove(motion)
        if not live:
            return
        yield
