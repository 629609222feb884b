"""The robot of the scene: what it is told can be played there, and its motion is held against its own limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..recording.recording import Recording
from ..signals.channels import SCALE
from .dynamics_stage import own_dynamics
from .kinematics_stage import own_kinematics
from .motion_stage import own_motions
from .results import Dynamics, Integrity, Kinematics, Motions, Rates, RolloutPlan, Rollouts, Subject
from .rollout_stage import own_plan


class OwnRobot:
    """The robot that stands in the scene."""

    in_scene = True
    units: Mapping[str, float] = SCALE

    def actuated(self, subject: Subject) -> tuple[Sequence[str], Mapping[str, tuple[float, float]]]:
        """Legs count as actuated: a planted base holds still what a recording of the whole body commands."""
        robot, action = subject.scene.robot, subject.scene.schema.action
        if self._of_another(subject.recording, subject):
            return (), {}
        ranges = {name: (float(low), float(high)) for name, low, high in zip(action.names, action.low, action.high)}
        names = (*action.names, *robot.joints_of("legs"))
        return names, {name: ends for name, ends in ranges.items() if name not in robot.joint_names}

    def described(self, subject: Subject) -> Sequence[str]:
        return ()

    def motions(self, subject: Subject, integrity: Integrity) -> Motions:
        another = self._of_another(subject.recording, subject)
        return own_motions(subject, integrity, "other_robot" if another else "no_commands")

    def plan(self, subject: Subject, integrity: Integrity, motions: Motions, seed: int) -> RolloutPlan:
        return own_plan(subject, integrity, motions, seed)

    def kinematics(
        self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, rates: Rates
    ) -> Kinematics:
        return own_kinematics(subject, integrity, motions, rollouts, rates)

    def dynamics(self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts) -> Dynamics:
        return own_dynamics(subject, integrity, motions, rollouts)

    def required(self, subject: Subject) -> list[str]:
        """What the scenario asks for."""
        return list(subject.scene.config.required)

    def provenance(self, subject: Subject) -> dict[str, str]:
        robot = subject.scene.robot
        return {"robot": f"{robot.name} hand={robot.hand} base={robot.base}"}

    def notes(self, subject: Subject) -> Sequence[str]:
        return ()

    def _of_another(self, recording: Recording, subject: Subject) -> bool:
        """Whether a recording is of another robot: named so, and without a single joint of this one."""
        robot, named = subject.scene.robot, recording.metadata.get("robot")
        joints = {name for stream in recording.streams.values() for name in stream.names}
        known = {*robot.joint_names, *subject.scene.schema.action.names, *robot.joints_of("legs")}
        return recording.kind != "human" and named not in (None, robot.name) and not joints & known
