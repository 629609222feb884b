"""What is judged, and what each stage gives: frozen, so that no stage changes what another one found.

The stages come in this order: integrity → motion → rollout → kinematics → dynamics → replay → robustness. Commands are played
before the motion is judged, because what the hands carry in the replay is what the motors bear and what may strike the scene.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ....scenarios.draws.variation import Draw
from ....scenarios.scene.scene import Scene
from ...checks.dynamics import Effort
from ...checks.finding import Finding
from ...checks.grip import CarriedSpan
from ...checks.rules import Rules
from ...recording.pictures import Brightness
from ...recording.recording import Recording, SimEpisode
from ...retarget.carry_over import Carried
from ...rollout.between_states import BetweenStates, play_between_states
from ...rollout.episode import episode_of
from ...rollout.machine_kind import differing, machine
from ...rollout.reproduce import comes_out, made_again, played_again
from ...rollout.rollout import Rollout, Take
from ...signals.joint_motion import JointMotion
from ...signals.signal import Motion
from ..context import SceneContext
from ..place.cells import Place
from .commanded_collision import Looked
from .hand_stops import HandStop, MeasuredArms
from .missed_goal import Elsewhere
from .payload import Load
from .recorded_start import StartOfTake

Given = Mapping[str, Finding]  # code -> what the comparison with the other takes of its set found


class JudgedRobot(Protocol):
    """Whom a recording is judged as: the robot of the scene (`OwnRobot`), or one that is only described (`OtherRobot`)."""

    units: Mapping[str, float]  # of joint angles in its recordings, and how much rad one is
    in_scene: bool  # whether it stands in the scene, so that its postures there tell a way out

    def actuated(self, subject: Subject) -> tuple[Sequence[str], Mapping[str, tuple[float, float]]]:
        """Names that commands reach, and the ranges of those that are no joints."""

    def described(self, subject: Subject) -> Sequence[str]:
        """Joints that its description knows; none where commands are held against actuators."""

    def motions(self, subject: Subject, integrity: Integrity) -> Motions: ...

    def plan(self, subject: Subject, integrity: Integrity, motions: Motions, seed: int) -> RolloutPlan: ...

    def kinematics(
        self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, given: Given
    ) -> Kinematics: ...

    def dynamics(self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts) -> Dynamics: ...

    def required(self, subject: Subject) -> list[str]:
        """What a verdict needs."""

    def provenance(self, subject: Subject) -> dict[str, Any]:
        """Who it is, for the verdict's provenance."""

    def notes(self, subject: Subject) -> Sequence[str]:
        """What a reader has to know of it."""


@dataclass(frozen=True)
class Subject:
    """One recording, and where and as whom it is judged; nothing is computed yet.

    Attributes:
        unused: settings of the command that it is not judged by.
        unlabelled: what a demonstration without a label claims: `success`, or nothing (`unknown`).
        among: what tells its context from those of others, see `Contexts.key_of`.
        performed: what was kept while it was performed just now, see `judging`.
        variants: whether the record agrees with the variant of the scene, and the same take in the others that it agrees with.
    """

    recording: Recording
    context: SceneContext
    place: Place
    robot: JudgedRobot
    unused: tuple[str, ...] = ()
    unlabelled: str = "success"
    among: str = ""
    performed: Rollout | None = None
    variants: Callable[[], tuple[bool, Sequence[Subject]]] | None = None

    @property
    def scene(self) -> Scene:
        return self.context.scene

    @property
    def rules(self) -> Rules:
        return self.context.rules

    @property
    def assumed(self) -> bool:
        """Whether it is taken to claim success without saying so: of a robot's demonstrations those are kept that succeed.

        An episode of the simulation, also one that a policy performed, carries the environment's own outcome; a person's motion
        claims nothing of the robot.
        """
        silent = (self.recording.label or {}).get("success") is None and self.recording.episode is None and self.recording.kind != "human"
        return silent and self.unlabelled == "success" and bool(self.scene.course.subgoals)

    @property
    def made_in(self) -> Scene:
        """Where an own episode was made."""
        return self.context.made_in or self.scene

    @cached_property
    def rollout_again(self) -> Rollout | None:
        """What the commands of an own episode do where it was made; what was kept while it was performed is not played again."""
        return self.performed or played_again(self.made_in, self.recording)

    @cached_property
    def played_again(self) -> SimEpisode | None:
        """The episode that `rollout_again` comes to."""
        return None if self.rollout_again is None else episode_of(self.made_in, self.rollout_again)

    def played_already(self, keep: Sequence[int]) -> Rollout | None:
        """`rollout_again`, where it was asked for before and the episode is judged where it was made; `keep`: steps with full states."""
        again = self.__dict__.get("rollout_again")
        known = again is not None and self.context.made_in is None and set(keep) <= set(again.states)
        return again if known else None

    @cached_property
    def made_again(self) -> bool:
        """Whether that gives every recorded command and measurement again, to the bit; to within rounding on another kind of machine."""
        return made_again(self.made_in, self.recording, self.played_again) or self.follows is not None

    @cached_property
    def between_states(self) -> BetweenStates | None:
        """An own episode from each full state to the next one; None where it comes out to the bit, and where it was made on a machine of
        this kind, on which it has to."""
        episode = self.recording.episode
        if episode is None or self.performed is not None or not differing(episode.made_on, machine()):
            return None
        again = self.rollout_again
        if again is None or comes_out(episode, again):
            return None
        return play_between_states(self.made_in, episode, again.draw)

    @property
    def follows(self) -> BetweenStates | None:
        """`between_states`, where all of it is as it was recorded, to within rounding."""
        return self.between_states if self.between_states is not None and self.between_states.follows else None

    @property
    def claim(self) -> Mapping[str, Any] | None:
        """What it is judged by: its label, or what is assumed."""
        return {"success": True, "failure": None} if self.assumed else self.recording.label


@dataclass(frozen=True)
class Integrity:
    """Whether the recording is sound in itself.

    Attributes:
        stopped: signals that nothing may be judged by, each with the reason.
        brightness: of each camera's pictures that were looked at.
    """

    findings: tuple[Finding, ...]
    stopped: Mapping[str, str] = field(default_factory=dict)
    brightness: tuple[Brightness, ...] = ()


@dataclass(frozen=True)
class Motions:
    """The joint motions that a recording tells of.

    Attributes:
        by_role: `command`, `measured`, or `retargeted`: a person's motion on the robot.
        resampled: the same, evenly spaced.
        signal: the role that is judged; None where there is none.
        without: the reason where no motion can be judged.
        draw: of an episode of the simulation: the copy of the scene that it was made in.
        carried: of a person: how the motion came onto the robot.
        findings: of a person's hands.
        notes: what was assumed or converted.
        parts: role -> motions on clocks of their own, where a robot of others has several.
    """

    by_role: Mapping[str, JointMotion] = field(default_factory=dict)
    resampled: Mapping[str, Motion] = field(default_factory=dict)
    signal: str | None = None
    without: str = "no_commands"
    draw: Draw | None = None
    carried: Carried | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    parts: Mapping[str, Sequence[JointMotion]] = field(default_factory=dict)

    @property
    def judged(self) -> JointMotion:
        """The motion of `signal`.

        Raises:
            KeyError: there is none.
        """
        return self.by_role[str(self.signal)]


@dataclass(frozen=True)
class RolloutPlan:
    """What is to be played of one recording.

    Attributes:
        takes: its own start, or the likely starts where it does not tell it; none where nothing can be played.
        keep: for each take the control steps of which the full state is kept.
        findings: what is known without playing: why it cannot be, and commands outside their ranges.
        offset: where the takes begin on the recording's clock [s].
        why: the reason where there are no takes.
        stood: things that start where they were recorded; start: what else the record tells of the start, and what it leaves.
        unsure: why what goes wrong in it proves nothing: the recording does not tell all that moved the robot; None where it does.
        elsewhere: gives the same commands where they can be played beside the judged scene.
        left_open: what of the scene's values neither the recording nor a survey tells exactly.
        stops, arms: where the recorded hands stand still and how its arms moved, which likely starts have to agree with.
        unanswered: answers that the goal asks for and the recording has no column of; in the takes they are granted.
    """

    takes: tuple[Take, ...] = ()
    keep: tuple[Sequence[int], ...] = ()
    findings: tuple[Finding, ...] = ()
    offset: float = 0.0
    why: str = "not_run"
    stood: tuple[str, ...] = ()
    start: StartOfTake | None = None
    unsure: str | None = None
    elsewhere: Callable[[], Elsewhere | None] | None = None
    left_open: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    stops: tuple[HandStop, ...] = ()
    arms: MeasuredArms | None = None


@dataclass(frozen=True)
class Rollouts:
    """What the commands of one recording did, played forward.

    Attributes:
        played: of each take of the plan; none where nothing was played.
        again: whether it was played, or taken from what was kept while it was performed.
        outcomes: of each take: success, subgoals, failure.
        carries: every time that a hand carried something; loads: what that was to bear.
        agreeing: of likely starts, how many of the first are those in which the hands are stopped as they were recorded; None where
            no recorded hand tells.
    """

    plan: RolloutPlan = RolloutPlan()
    played: tuple[Rollout, ...] = ()
    again: bool = True
    outcomes: tuple[dict[str, Any], ...] = ()
    carries: tuple[CarriedSpan, ...] = ()
    loads: tuple[Load, ...] = ()
    agreeing: int | None = None

    @property
    def offset(self) -> float:
        return self.plan.offset

    @property
    def shown(self) -> Rollout | None:
        """The one that is shown."""
        return self.played[0] if self.played else None

    @property
    def draw(self) -> Draw | None:
        """The start of the one that is shown."""
        return self.plan.takes[0].draw if self.played else None

    @cached_property
    def around(self) -> Draw | None:
        """The copy of the scene that a motion is held against: of many likely starts none, but what is reported of all of them."""
        start = self.plan.start
        return self.draw if self.known or start is None else start.plain(0)

    @property
    def known(self) -> bool:
        """Whether the recording tells its start: one likely start of many says nothing about the others."""
        return len(self.played) == 1

    @property
    def succeeded(self) -> list[Take]:
        return [take for take, outcome in zip(self.plan.takes, self.outcomes[: self.agreeing]) if outcome["success"]]

    def alone(self, k: int) -> Rollouts:
        """The k-th of likely starts as if it were the recorded one."""
        plan = replace(self.plan, takes=self.plan.takes[k : k + 1])
        return Rollouts(plan, self.played[k : k + 1], self.again, self.outcomes[k : k + 1])


@dataclass(frozen=True)
class Kinematics:
    """Ranges, speeds, steps and collisions of the motion; `obstacles`: what the commanded motion was held against."""

    findings: tuple[Finding, ...]
    obstacles: Looked | None = None


@dataclass(frozen=True)
class Dynamics:
    """What the motors and feet would have to give, with what the hands carry; `effort`: by role."""

    findings: tuple[Finding, ...]
    effort: Mapping[str, Effort] = field(default_factory=dict)


@dataclass(frozen=True)
class Replay:
    """What the world did when the commands were played.

    Attributes:
        outcome: success, subgoals, failure, beside the recording's own label.
        tracking: (t, error (m, k), names) of the robot against what was measured or commanded.
        goal: the failed `goal`, explained.
    """

    findings: tuple[Finding, ...]
    outcome: Mapping[str, Any] = field(default_factory=dict)
    tracking: tuple[np.ndarray, np.ndarray, tuple[str, ...]] | None = None
    goal: Finding | None = None


@dataclass(frozen=True)
class Robustness:
    """What the varied copies of one recording came to.

    Attributes:
        copies: parameter -> value as played (SI) of each copy; outcomes: of each, as `checks.outcome.outcome_of`.
    """

    finding: Finding
    copies: tuple[dict[str, float], ...] = ()
    outcomes: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Judged:
    """All that the stages gave for one recording: what the verdict, its evidence and its advice are made from."""

    subject: Subject
    integrity: Integrity
    motions: Motions = Motions()
    rollouts: Rollouts = Rollouts()
    kinematics: Kinematics = Kinematics(())
    dynamics: Dynamics = Dynamics(())
    replay: Replay = Replay(())
    robustness: Robustness | None = None
    legs: tuple[Finding, ...] = ()

    @property
    def recording(self) -> Recording:
        return self.subject.recording

    @property
    def context(self) -> SceneContext:
        return self.subject.context

    @property
    def scene(self) -> Scene:
        return self.subject.context.scene

    @property
    def rules(self) -> Rules:
        return self.subject.context.rules

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Of all stages, in their order."""
        stages = (self.integrity, self.motions, self.kinematics, self.dynamics, self.replay)
        found = [finding for stage in stages for finding in stage.findings]
        return (*found, *([self.robustness.finding] if self.robustness is not None else []), *self.legs)
