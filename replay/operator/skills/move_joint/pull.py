"""Pull a door or a drawer by the handle that is held, along its arc or its slide; or push it by that."""

from __future__ import annotations

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import UP, fingers_vertical, turn_about, turn_z, unit
from ...operator_state import OperatorState
from ...recognition import pushing
from ...words.primitives import MOVE_JOINT
from ...words.reason import Reason
from ...words.skill import Label, Motion, Skill
from ..doors import HINGE, ROOM, SLIDE, Course

LATCH_RATE = 30.0  # N/s, slow enough that the latch lets go at its own force


def course_of(state: OperatorState, joint: str) -> Course:
    """That of a joint."""
    return SLIDE if state.senses.slides(joint) else HINGE


class MoveJointPull(Skill, word="move_joint", how="pull"):
    """Pull a door or a drawer by the handle that is held, along its arc or its slide; or push it by that.

    The pull grows until it comes free of its latch; where it does not yield to the largest force, the chain ends.
    """

    label = Label(
        en=("open door", "the {hand} hand pulls the {joint} open"),
        zh=("拉开门", "{hand}手拉开{joint}"),
        shows=pushing.pull_open,
    )
    arguments = MOVE_JOINT(
        "hand joint at until",
        to=MOVE_JOINT.at("to", "how far, as long as the arm can draw back from there"),
        at_least=MOVE_JOINT.at("at_least", "how far it is moved in any case; 26 deg, or 50 mm of a slide, where not given", None),
        retreat=MOVE_JOINT.at("retreat", "how far the hand has to be able to draw back", 0.08),
        yaw=MOVE_JOINT.at("yaw", "how far the hand turns on the way", 0.0),
        pitch=MOVE_JOINT.at("pitch", "how far the fingers sink on the way", 0.0),
        force=MOVE_JOINT.at(
            "force",
            "largest pull that is commanded; the arm gives about 0.85 of it, and where the latch does not yield, it ends",
            50.0,
        ),
        speed=0.15,
    )

    def run(self, state: OperatorState) -> Motion:
        arm, course = state.arms[self.hand], course_of(state, self.joint)
        shut = state.senses.joint(self.joint)
        goal, sign = self.to, -1.0 if self.to < shut else 1.0
        least = course.least if self.at_least is None else self.at_least
        path, angles = self._arc(state, shut, shut, goal)
        while sign > 0.0 and goal > least:
            position, frame = arm.hand(path.end)
            off = arm.solve(position - self.retreat * frame[:, 2], frame, path.end, orient=0.15)[1]
            if max(off - 0.01, path.error) < ROOM:
                break
            goal = max(goal - course.step, least)
            path, angles = self._arc(state, shut, shut, goal)

        def base() -> np.ndarray:
            return path.spline(np.interp(sign * state.senses.joint(self.joint), sign * angles, path.marks))

        def along() -> np.ndarray:
            hinge, axis, _ = state.senses.hinge(self.joint)
            if state.senses.slides(self.joint):
                return arm.yielding(sign * axis)
            away = sign * np.cross(axis, state.senses.site(self.at)[0] - hinge)
            sentence = f"{self.at} lies on the axis of {self.joint}, and no pull there turns it"
            return arm.yielding(unit(away, Reason(sentence, "on_the_axis", at=self.at, of=self.joint)))

        # the latch is drawn by a growing force, the hand following the door, so that no more than its own force is used
        if not (
            yield from arm.press(
                self.force,
                LATCH_RATE,
                along,
                lambda: sign * (state.senses.joint(self.joint) - shut) > course.ajar,
                base,
                hold=0.8,
            )
        ):
            state.given_up = Reason(
                f"{self.joint} did not yield to {self.force:.0f} N", "did_not_yield", of=self.joint, force=self.force
            )
            return
        path, _ = self._arc(state, state.senses.joint(self.joint), state.senses.joint(self.joint), goal)
        yield from arm.follow(path, state.senses.until(self.until))
        yield from state.pause(0.05, 0.15)

    def _arc(self, state: OperatorState, start: float, opened: float, goal: float) -> tuple[Path, np.ndarray]:
        """The way of the hand from where it is, with the handle, and the door's angle [rad] at its marks."""
        arm = state.arms[self.hand]
        position, frame = arm.hand()
        offset = frame.T @ (state.senses.site(self.at)[0] - position)
        axis = state.senses.hinge(self.joint)[1]
        turn_with = -1.0 if axis[2] < 0 else 1.0
        count = max(2, int(np.ceil(abs(goal - start) / course_of(state, self.joint).step)))
        side = unit(np.cross(UP, frame[:, 2]), fingers_vertical(self.hand))
        angles = start + np.linspace(0.0, 1.0, count + 1) * (goal - start)
        poses = []
        for angle in angles[1:]:
            handle, _ = state.senses.site_at(self.at, self.joint, angle)
            done = (angle - opened) / (self.to - opened) if self.to != opened else 1.0
            turned = turn_z(turn_with * done * self.yaw) @ turn_about(side, done * self.pitch) @ frame
            poses.append((handle - turned @ offset, turned))
        path = arm.line(poses, self.speed, orient=(0.03, 0.05, 0.15))
        return path, angles
