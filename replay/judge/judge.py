"""The judge: a recording goes through integrity, kinematics, dynamics and replay, and comes out as a verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mujoco

from ... import __version__
from ...scenarios.errors import ShiliuError
from ...scenarios.safety import CAVEAT, people
from ...scenarios.scene import Scene
from ...scenarios.variation import Draw, nominal, of_episode
from ..checks.dynamics import Effort, check_dynamics
from ..checks.finding import Finding
from ..checks.integrity import check_integrity, stopped_signals
from ..checks.kinematics import check_kinematics, motion_of
from ..checks.link import check_link
from ..checks.offset import check_offset
from ..checks.retargeting import check_retarget
from ..formats import Unreadable
from ..formats.picture_samples import picture_samples_of
from ..recording.pictures import Brightness, brightness_of
from ..recording.recording import Recording
from ..signals.clock import origin_ns
from ..signals.joint_motion import JointMotion, joint_motion
from ..signals.signal import Motion
from .advice import advise
from .base_motion import check_walking, with_base
from .cells import Place, place_of
from .commanded_collision import Looked, check_obstacles
from .company import Company
from .context import Stage, Stages
from .elsewhere import draw_there
from .evidence import gather
from .other_robots import judge_other, known_by, notes_of, required_of
from .outliers import compare_rates
from .replay_stage import Forward, replay_all
from .retargeted_case import carry_over
from .retargeted_report import check_object
from .robustness import Robustness, robust_all
from .unused import unused
from .verdict import Verdict, combine

if TYPE_CHECKING:
    from ..retarget.carrying import Carried
    from ..rollout.rollout import Rollout

AT_ONCE = 64  # recordings judged together: their replays share one batch
KINEMATICS = ("joint.position", "joint.velocity", "joint.jump", "collision.self", "collision.scene")
DYNAMICS = ("torque.peak", "torque.rated", "balance")
OFFSET = "calibration.offset"
RETARGETED = ("reach", "retarget.error")
BY_TASK = "judged in the scenario {}, whose own task sentence it carries; scenario=NAME or scenario=bare says otherwise"
WITHOUT_LIMIT = ("joint.acceleration", "joint.jerk")


@dataclass
class Case:
    """One recording on its way through the stages."""

    recording: Recording
    stage: Stage
    place: Place
    findings: list[Finding] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)
    motion: dict[str, JointMotion] = field(default_factory=dict)
    resampled: dict[str, Motion] = field(default_factory=dict)
    draw: Draw | None = None  # of an own episode: the copy of the scene that it was made in
    effort: dict[str, Effort] = field(default_factory=dict)
    obstacles: Looked | None = None  # what the commanded motion was held against
    forward: Forward | None = None
    robust: Robustness | None = None
    seen: list[Brightness] = field(default_factory=list)  # by its cameras
    carried: Carried | None = None  # of a person: the motion on the robot
    uncarried: str = "no_retargeting"  # why there is none
    notes: list[str] = field(default_factory=list)  # what was assumed or converted while it was judged
    unused: list[str] = field(default_factory=list)  # settings of the command that it was not judged by

    @property
    def signal(self) -> str | None:
        """What is judged: the command where there is one, a person's motion on the robot, or the measured state.

        The measured state stands in for the command only where no command was ever recorded.
        """
        if "command" in self.motion:
            return "command"
        if "retargeted" in self.motion:
            return "retargeted"
        return "measured" if self.recording.kind == "state_only" and "measured" in self.motion else None

    @property
    def other_robot(self) -> bool:
        """Whether it is of another robot: named so, and without a single joint of the one that it is judged for."""
        if self.stage.embodiment is not None:
            return True
        robot = self.recording.metadata.get("robot")
        joints = {name for stream in self.recording.streams.values() for name in stream.names}
        scene = self.stage.scene
        known = {*scene.robot.joint_names, *scene.schema.action.names, *scene.robot.sheet["joints"].get("legs", ())}
        return self.recording.kind != "human" and robot not in (None, scene.robot.name) and not joints & known

    @property
    def without_motion(self) -> str:
        """The reason where no joint motion of it can be judged."""
        if self.recording.kind == "human":
            return self.uncarried
        return "other_robot" if self.other_robot else "no_commands"


def judge(
    recordings: Iterable[Recording | Unreadable],
    scene: Scene | None = None,
    *,
    strict: bool = False,
    threads: int = 0,
    seed: int = 0,
    pictures: bool = False,
    stages: Stages | None = None,
    full: bool = False,
    curves: Collection[str] = (),
    told: Callable[[Verdict], None] | None = None,
    noted: Mapping[str, Rollout] | None = None,
) -> list[Verdict]:
    """Judge recordings.

    Args:
        recordings: from `shiliu.read`; unreadable ones become verdicts with an error.
        scene: where to judge them; None takes the scene that each names, else the bare floor.
        strict: a warning fails.
        threads: of the replay; 0 for all cores; verdicts do not depend on it.
        seed: of the likely starts that are tried where a recording does not tell its start, and of the varied copies.
        pictures: draw a small picture strip for each recording, where OpenGL exists.
        full: play those that succeed in varied copies of their scene, too.
        curves: codes whose curve is kept in the evidence though they pass.
        told: called with each verdict as it is done.
        noted: digest of a recording -> what was noted while it was performed just now (`perform` with `judged`): its commands
            are not played again, and whether it reproduces is reported as not checked.

    Returns:
        One verdict for each, in their order.
    """
    verdicts = []
    for verdict in judging(
        recordings,
        scene,
        strict=strict,
        threads=threads,
        seed=seed,
        pictures=pictures,
        stages=stages,
        full=full,
        curves=curves,
        noted=noted,
    ):
        verdicts.append(verdict)
        if told is not None:
            told(verdict)
    return verdicts


def judging(
    recordings: Iterable[Recording | Unreadable],
    scene: Scene | None = None,
    *,
    strict: bool = False,
    threads: int = 0,
    seed: int = 0,
    pictures: bool = False,
    stages: Stages | None = None,
    full: bool = False,
    curves: Collection[str] = (),
    noted: Mapping[str, Rollout] | None = None,
    company: Company | None = None,
) -> Iterator[Verdict]:
    """As `judge`, one verdict after the other, holding no more than a batch of recordings.

    `company`: takes of the same sets that are not judged now, and that these are held against all the same.
    """
    stages = stages or Stages(scene)
    company = company if company is not None else Company()
    for batch in _batches(recordings, AT_ONCE):
        slots: list[Verdict | Case] = []
        for item in batch:
            if isinstance(item, Unreadable):
                slots.append(_unreadable(item.name, item.source, item.error))
                continue
            try:
                stage = stages.of(item)
                place = place_of(item, stage, stages.chosen, stage.rules)
                slots.append(_before_replay(Case(item, stage, place, unused=unused(stages.asked, item, stage))))
            except ShiliuError as error:
                slots.append(_unreadable(item.name, item.source, error))
        cases = [slot for slot in slots if isinstance(slot, Case)]
        compare_rates(cases)
        company.compare(cases)
        replay_all(cases, threads, seed, noted)
        if full:
            robust_all(cases, threads, seed)
        for slot in slots:
            yield slot if isinstance(slot, Verdict) else _concluded(slot, strict, pictures, curves)


def _batches(items: Iterable[Recording | Unreadable], size: int) -> Iterator[list[Recording | Unreadable]]:
    batch: list[Recording | Unreadable] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _unreadable(name: str, source: str, error: ShiliuError) -> Verdict:
    return Verdict(name, source, error={"message": error.message, "file": error.file, "field": error.field})


def _before_replay(case: Case) -> Case:
    """Integrity, kinematics and dynamics: what needs no simulation of the world."""
    recording, stage = case.recording, case.stage
    rules, limits, robot = stage.rules, stage.limits, stage.scene.robot
    # legs count as actuated: a planted base holds still what a recording of the whole body commands
    # the commands of another robot reach none of this one's actuators, and that is no fault of the recording
    actuated = () if case.other_robot else (*stage.scene.schema.action.names, *robot.sheet["joints"].get("legs", ()))
    action = stage.scene.schema.action
    taken = {name: (float(low), float(high)) for name, low, high in zip(action.names, action.low, action.high)}
    actuators = {} if case.other_robot else {name: taken[name] for name in taken if name not in robot.joint_names}
    samples = list(picture_samples_of(recording))
    case.seen = [brightness_of(one) for one in samples if one.unreadable is None]
    case.findings += check_integrity(recording, limits, rules, actuated=actuated, samples=samples, actuators=actuators)
    case.stopped = dict(stopped_signals(case.findings, recording))
    if stage.embodiment is not None:
        judge_other(case, stage.embodiment)
        return case
    case.motion = joint_motion(recording, robot.joint_names, case.stopped)
    if recording.episode is not None:
        episode, made_in = recording.episode, stage.made_in
        case.draw = of_episode(stage.scene, episode) if made_in is None else draw_there(stage.scene, made_in, episode)
    if recording.kind == "human":
        carry_over(case)
    signal = case.signal
    if signal is None:
        reason = next(iter(case.stopped.values()), case.without_motion)
        codes = (*(RETARGETED if recording.kind == "human" else ()), *KINEMATICS, OFFSET, *DYNAMICS)
        case.findings += [rules[code].not_checked(reason) for code in codes]
        case.findings += [rules[code].not_checked("no_published_limit") for code in WITHOUT_LIMIT]
        return case
    for role, motion in case.motion.items():
        case.resampled[role] = motion_of(motion.t, motion.q, rules)
        if role == signal or recording.kind != "simulation":
            case.findings += check_kinematics(
                motion.t, motion.q, motion.names, limits, rules, role, case.resampled[role]
            )
    stopped = next(iter(case.stopped.values()), None)
    given, had = (case.motion[role].stream if role in case.motion else None for role in ("command", "measured"))
    case.findings += (
        [rules[OFFSET].not_checked(stopped)] if stopped else check_offset(given, had, rules, origin_ns(recording))
    )
    if case.carried is not None:
        case.findings += check_retarget(case.carried.result, rules)
    motion = case.motion[signal]
    t, q, names = with_base(case, motion)
    found, case.effort[signal] = check_dynamics(
        stage.robot, t, q, names, limits, rules, stage.soles, signal=signal, carrying=names[len(motion.names) :]
    )
    case.findings += [*found, *check_walking(case, motion)]
    if signal == "command" and "measured" in case.motion and recording.kind != "simulation":
        measured = case.motion["measured"]
        t_had, q_had, names_had = with_base(case, measured)
        _, case.effort["measured"] = check_dynamics(
            stage.robot, t_had, q_had, names_had, limits, rules, stage.soles, signal="measured",
            carrying=names_had[len(measured.names) :],
        )  # fmt: skip
    draw = case.draw or nominal(stage.scene)
    claws = case.carried.claws if case.carried is not None else ()
    moved = case.resampled[signal] if names == motion.names else motion_of(t, q, rules)
    found, case.obstacles = check_obstacles(moved, names, stage, draw, rules, signal, recording, claws)
    case.findings += found
    return case


def _concluded(case: Case, strict: bool, pictures: bool, curves: Collection[str]) -> Verdict:
    recording, scene = case.recording, case.stage.scene
    rules = case.stage.rules
    if case.forward is not None:
        case.findings += case.forward.findings
    case.findings += check_link(recording, rules, case.stopped.get("command"))
    case.findings += case.place.findings
    if case.carried is not None:
        case.findings += check_object(case)
    case.findings.append(case.robust.finding if case.robust else rules["robustness"].not_checked("not_run_gate"))
    _name_skills(case)
    other = case.stage.embodiment
    required = list(scene.config.required) if other is None else required_of(recording, other)
    combined = combine(case.findings, required, rules, strict=strict)
    advise(case, combined.findings)
    episode = recording.episode
    verdict = Verdict(
        episode=recording.name,
        source=recording.source,
        sha256=recording.sha256,
        scenario=scene.name,
        scenario_version=scene.version,
        cell=case.place.id,
        claim=recording.kind if case.stage.made_in is None else "elsewhere",
        verdict=combined.verdict,
        outcome=case.forward.outcome if case.forward else {},
        required=required,
        root=combined.root,
        owner=combined.owner,
        stages=combined.stages,
        findings=combined.findings,
        provenance={
            "shiliu": __version__,
            "engine": f"mujoco {mujoco.__version__}",
            "scene": scene.fingerprint[:12],
            "thresholds": f"{rules.name} {rules.digest[:12]}",
            "robot": f"{scene.robot.name} hand={scene.robot.hand} base={scene.robot.base}"
            if other is None
            else f"{other.name} {other.digest}",
            **({} if other is None else {"robot_known_by": known_by(recording, other)}),
            "scenario_named_by": case.stage.named,
            **({"cell": case.place.provenance} if case.place.provenance else {}),
            "mapping": recording.mapping,
            "notes": [
                *(notes_of(recording, other, case.stage.robot_named) if other is not None else ()),
                *recording.notes,
                *case.place.notes,
                *([BY_TASK.format(case.stage.scene.name)] if case.stage.named == "task" else ()),
                *case.notes,
                *([CAVEAT] if people(scene.names) else ()),
            ],
            "unmapped": list(recording.unmapped),
            **({"seed": episode.seed, "made_with": episode.engine} if episode else {}),
            **_made_in(case.stage),
            **({"not_used": case.unused} if case.unused else {}),
        },
    )
    verdict.titles = case.stage.titles
    verdict.evidence = gather(case, verdict, pictures, curves)
    return verdict


def _made_in(stage: Stage) -> dict[str, Any]:
    """Of an episode whose commands were played elsewhere: the scene that it was made in."""
    if stage.made_in is None:
        return {}
    cell = stage.made_in.config.cell
    return {"made_in": {"scene": stage.made_in.fingerprint[:12], **({"cell": cell.id} if cell is not None else {})}}


def _name_skills(case: Case) -> None:
    """Tell for each finding in which skill of the demonstration it begins."""
    segments = case.recording.episode.segments if case.recording.episode else []
    for finding in case.findings:
        at = finding.at
        if at is not None and finding.skill is None and finding.level in ("WARN", "FAIL"):
            finding.skill = next((s["skill"] for s in segments if s["t0"] <= at < s["t1"]), None)
