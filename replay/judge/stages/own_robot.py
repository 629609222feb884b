"""The robot of the scene: what it is commanded can be played there, and its motion is held against its own limits.

What the commanded motion strikes is asked wherever the things may stand that nobody measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import mujoco
import numpy as np

from ....scenarios.draws.variation import Draw, nominal, of_episode
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import EpisodeError
from ...checks.dynamics import check_balance, check_torque
from ...checks.finding import Finding
from ...checks.grip import check_grip, check_payload
from ...checks.hand_jumps import check_hand_jump
from ...checks.integrity import borne_out
from ...checks.joint_zero import check_offset
from ...checks.kinematics import check_kinematics, motion_of
from ...checks.measured_there import as_measured_there
from ...checks.playback import check_clamped
from ...checks.registry import asked_of, check_of
from ...checks.retargeting import check_retarget
from ...recording.recording import SimEpisode
from ...rollout.rollout import Take
from ...signals.channels import SCALE
from ...signals.clock import origin_ns
from ...signals.joint_motion import joint_motion
from ..facts.base_motion import UNKNOWN, check_walking, pelvis_motion, tells_base, with_base
from ..facts.commanded_collision import Looked, check_looked, look
from ..facts.eased_motion import eased_balance
from ..facts.efforts import needed_for
from ..facts.held_contacts import driven
from ..facts.missed_goal import Elsewhere
from ..facts.near_copies import open_
from ..facts.payload import grasps_of, hung_of
from ..facts.results import Dynamics, Given, Integrity, Kinematics, Motions, RolloutPlan, Rollouts, Subject
from ..place.cell_starts import draw_there, likely_draws, within_survey
from ..verdict import is_required
from .likely_plan import likely_plan, whole_seconds
from .rollout_stage import not_played

OFFSET = "calibration.offset"
STOOD = ("legs.fell", "legs.balance")  # what a robot on its legs is asked where a planted one is asked `tipping`
SCENE = "collision.scene"
MOVED = 1e-3  # m
COPIES = 8  # of the scene, in what nobody measured, in each of which the motion has to strike it


class OwnRobot:
    """The robot that stands in the scene."""

    in_scene = True
    units: Mapping[str, float] = SCALE

    def actuated(self, subject: Subject) -> tuple[Sequence[str], Mapping[str, tuple[float, float]]]:
        """Legs count as actuated: a planted base holds still what a recording of the whole body commands."""
        robot, action = subject.scene.robot, subject.scene.schema.action
        if _of_another(subject):
            return (), {}
        ranges = {name: (float(low), float(high)) for name, low, high in zip(action.names, action.low, action.high)}
        names = (*action.names, *robot.joints_of("legs"))
        return names, {name: ends for name, ends in ranges.items() if name not in robot.joint_names}

    def described(self, subject: Subject) -> Sequence[str]:
        return ()

    def motions(self, subject: Subject, integrity: Integrity) -> Motions:
        """The joint motions; of a person, the motion on the robot."""
        recording, context = subject.recording, subject.context
        without = "other_robot" if _of_another(subject) else "no_commands"
        found = Motions(joint_motion(recording, context.scene.robot.joint_names, dict(integrity.stopped)), without=without)
        if recording.episode is not None:
            episode, made_in = recording.episode, context.made_in
            here = made_in is None or context.relinked
            draw = of_episode(context.scene, episode) if here else draw_there(context.scene, made_in, episode)  # type: ignore[arg-type]
            found = replace(found, draw=draw)
        if recording.kind == "human":
            found = _carried_over(subject, integrity, replace(found, without="no_retargeting"))
        resampled = {role: motion_of(motion.t, motion.q, context.rules) for role, motion in found.by_role.items()}
        return replace(found, resampled=resampled, signal=_signal(recording.kind, found))

    def plan(self, subject: Subject, integrity: Integrity, motions: Motions, seed: int) -> RolloutPlan:
        """Its own start, or likely ones."""
        scene, rules, context = subject.scene, subject.rules, subject.context
        episode = subject.recording.episode
        if motions.signal is None:
            reason = integrity.stopped.get("command") or motions.without
            return RolloutPlan(findings=not_played(scene, rules, reason), why=reason)
        if episode is None:
            return likely_plan(subject, motions, seed)
        draw = motions.draw
        if draw is None or tuple(episode.action_names) != scene.schema.action.names:
            found = not_played(scene, rules, "other_scene")
            if context.made_in is None:
                found = (*found, rules["reproduces"].not_checked("other_scene"))
            return RolloutPlan(findings=found, why="other_scene")
        ranges = np.stack([scene.schema.action.low, scene.schema.action.high], axis=1)
        t = np.arange(episode.n_steps) * scene.control_timestep
        names, unit = episode.action_names, scene.schema.action.unit
        clamped = check_clamped(t, episode.actions.astype(float), names, ranges, rules, unit)
        if not np.isfinite(episode.actions).all():
            reason = "integrity.value.nonfinite"
            rest = (one for one in not_played(scene, rules, reason) if one.code != "ctrl.clamped")
            return RolloutPlan(findings=(*clamped, *rest), why=reason)
        if context.made_in is None:
            return RolloutPlan(
                (Take(draw, episode.actions),),
                (sorted(int(k) for k in episode.checkpoints),),
                tuple(clamped),
                elsewhere=None if scene.config.link.local else partial(_without_link, scene, episode),
            )
        made_in, own = context.made_in, of_episode(context.made_in, episode)
        draws = [draw] if context.relinked else likely_draws(scene, made_in, episode, draw, seed)
        return RolloutPlan(
            tuple(Take(one, episode.actions) for one in draws),
            tuple(whole_seconds(scene, episode.n_steps, len(draws)) for _ in draws),
            tuple(clamped),
            elsewhere=None if own is None else lambda: Elsewhere("made_in", made_in, Take(own, episode.actions)),
            left_open=within_survey(scene),
        )

    def kinematics(
        self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, given: Given
    ) -> Kinematics:
        """Ranges, speeds and steps of the motion, and what it would collide with."""
        recording, context = subject.recording, subject.context
        rules, limits = context.rules, context.limits
        stopped = next(iter(integrity.stopped.values()), None)
        if motions.signal is None:
            hands = asked_of("hands") if recording.kind == "human" else ()
            codes = (*hands, *asked_of("joints", "shapes"), OFFSET)
            found = [rules[code].not_checked(stopped or motions.without) for code in codes]
            return Kinematics((*found, *(rules[code].not_checked("no_published_limit") for code in asked_of("peers"))))
        found = []
        for role, motion in motions.by_role.items():
            if role == motions.signal or recording.kind != "simulation":
                found += check_kinematics(motion.t, motion.q, motion.names, limits, rules, role, motions.resampled[role])
        found = as_measured_there(found, recording, limits, rules)
        found = [given.get(f.code, f) if f.signal == motions.signal else f for f in found]
        commanded, had = (motions.by_role[role].stream if role in motions.by_role else None for role in ("command", "measured"))
        offset = [rules[OFFSET].not_checked(stopped)] if stopped else check_offset(commanded, had, rules, origin_ns(recording))
        found += borne_out(offset, lambda: {} if subject.made_again else None, rules)
        if motions.carried is not None:
            found += check_retarget(motions.carried.result, rules)
        struck, looked = obstacles(subject, motions, rollouts)
        return Kinematics((*found, *struck), looked)

    def dynamics(self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts) -> Dynamics:
        """What motors and feet would have to give; of a real robot's commands, beside what was measured."""
        recording, context, rules = subject.recording, subject.context, subject.rules
        if motions.signal is None:
            reason = next(iter(integrity.stopped.values()), motions.without)
            return Dynamics(
                (*(rules[code].not_checked(reason) for code in asked_of("forces")), *carried_findings(subject, rollouts))
            )
        needed = {motions.signal: needed_for(subject, motions.judged, rollouts.loads, rollouts.offset)}
        full = needed[motions.signal]
        found = check_torque(full, context.limits, rules, motions.signal)
        if subject.scene.robot.base == "legs":
            found.append(rules["balance"].not_applicable("on_legs"))
        elif tells_base(subject):
            found += [
                eased_balance(
                    subject, motions, one, lambda smooth: needed_for(subject, smooth, rollouts.loads, rollouts.offset)
                )
                for one in check_balance(full, context.soles, rules, motions.signal)
            ]
        else:
            found.append(rules["balance"].not_checked(UNKNOWN))
        for finding in found if rollouts.loads else ():
            finding.details["payload"] = max(mass for _, mass, _ in rollouts.loads)
        found += check_walking(subject, motions.judged)
        if motions.signal == "command" and "measured" in motions.by_role and recording.kind != "simulation":
            needed["measured"] = needed_for(subject, motions.by_role["measured"], (), 0.0)
        return Dynamics((*found, *carried_findings(subject, rollouts)), needed)

    def required(self, subject: Subject) -> list[str]:
        """What the scenario asks for; a robot that stood on its legs has to have stood, where tipping over is asked for."""
        required, rules = list(subject.scene.config.required), subject.rules
        tipping = rules["tipping"].not_applicable("on_legs")
        stood = subject.scene.robot.base == "legs" and is_required(tipping, required, rules)
        return [*required, *(word for word in STOOD if stood and "legs" not in required and word not in required)]

    def provenance(self, subject: Subject) -> dict[str, str]:
        robot = subject.scene.robot
        moved = {} if robot.policy is None else {"legs": robot.policy.controller}
        return {"robot": f"{robot.name} hand={robot.hand} base={robot.base}", **moved}

    def notes(self, subject: Subject) -> Sequence[str]:
        return ()


def _without_link(scene: Scene, episode: SimEpisode) -> Elsewhere:
    """The same commands with nothing late and nothing lost."""
    plain = scene.linked(None)
    draw = of_episode(plain, episode)
    assert draw is not None
    return Elsewhere("local", plain, Take(draw, episode.actions))


def _of_another(subject: Subject) -> bool:
    """Whether a recording is of another robot: named so, and without a single joint of this one."""
    robot, recording = subject.scene.robot, subject.recording
    named = recording.metadata.get("robot")
    joints = {name for stream in recording.streams.values() for name in stream.names}
    known = {*robot.joint_names, *subject.scene.schema.action.names, *robot.joints_of("legs")}
    return recording.kind != "human" and named not in (None, robot.name) and not joints & known


def _signal(kind: str, motions: Motions) -> str | None:
    """What is judged: the command where there is one, a person's motion on the robot, or the measured state.

    The measured state stands in for the command only where no command was ever recorded.
    """
    for role in ("command", "retargeted"):
        if role in motions.by_role:
            return role
    return "measured" if kind == "state_only" and "measured" in motions.by_role else None


def _carried_over(subject: Subject, integrity: Integrity, found: Motions) -> Motions:
    """A person's motion on the robot, or the reason why there is none.

    A fault of the recording that makes values or times meaningless stops it, as it stops any other motion.
    """
    from ...retarget.carry_over import carry  # mink is only loaded where there is a person to carry over

    broken = next((f.code for f in integrity.findings if f.failed and check_of(f.code).spoils == "values"), None)
    if broken:
        return replace(found, without=f"integrity.{broken}")
    context = subject.context
    try:
        carried = carry(subject.recording, context.scene, nominal(context.scene), context.limits, context.retarget)
    except EpisodeError as error:
        note = f"the person's motion is not carried over to the robot: {error.message}"
        return replace(found, without="unusable_hands", notes=(note,))
    if carried is None:
        return found
    asked = {hand: track.target for hand, track in carried.result.hands.items()}
    return replace(
        found,
        by_role={**found.by_role, "retargeted": carried.motion},
        carried=carried,
        findings=tuple(check_hand_jump(carried.result.t, asked, context.rules)),
        notes=tuple(carried.notes),
    )


def carried_findings(subject: Subject, rollouts: Rollouts) -> list[Finding]:
    """`grip.friction` and `payload` of what the hands carried in the replay."""
    rules, scene = subject.rules, subject.scene
    if rollouts.shown is None:
        return [rules[code].not_checked(rollouts.plan.why) for code in ("grip.friction", "payload")]
    if not rollouts.known or (subject.recording.episode is None and not scene.handled):
        return [rules["grip.friction"].not_checked("no_finger_force"), rules["payload"].not_checked("no_payload")]
    take, carries = rollouts.plan.takes[0], rollouts.carries
    limit = (scene.robot.sheet.get("payload") or {}).get("limit")
    borne = [(held, mass) for held, mass, _ in rollouts.loads] + hung_of(scene, rollouts.shown, carries)
    found = check_grip(grasps_of(scene, take, rollouts.shown, carries), carries, rules)
    return [*found, *check_payload(borne, limit, scene.control_timestep, rules)]


def obstacles(subject: Subject, motions: Motions, rollouts: Rollouts) -> tuple[list[Finding], Looked | None]:
    """`collision.self` and `collision.scene` of the judged motion, and what it was held against.

    Args:
        rollouts: tell what the hands carried, which the commanded motion moves along.
    """
    recording, context, rules, signal = subject.recording, subject.context, subject.rules, str(motions.signal)
    t, q, names = with_base(subject, motions.judged)
    even = motions.resampled[signal]
    even = even if names == motions.judged.names else motion_of(t, q, rules)
    claws = motions.carried.claws if motions.carried is not None else ()
    draw = motions.draw or rollouts.around or nominal(context.scene)
    pelvis = pelvis_motion(subject, motions.judged)
    looked = look(even, names, context, draw, signal, recording, claws, pelvis)
    if looked is not None:
        looked = replace(looked, held=tuple(driven(subject, rollouts, looked)))
    struck = check_looked(looked, rules, signal)
    hit = next((one for one in struck if one.code == SCENE and one.failed), None)
    start = rollouts.plan.start
    if hit is not None and start is not None and start.untried(()):
        others = [one for one in start.further(draw, COPIES, 0) if _elsewhere(draw, one, hit.subject[-1])]
        if others and (
            hit.details.get("kind") == "held"
            or any(_clear(check_looked(look(even, names, context, one, signal, recording, claws, pelvis), rules, signal)) for one in others)
        ):
            struck = [open_(hit, rules, "unmeasured").with_(signal=hit.signal) if one is hit else one for one in struck]
    if not tells_base(subject):  # nobody knows what it stood beside
        struck = [rules[SCENE].not_checked(UNKNOWN, signal=signal) if f.code == SCENE else f for f in struck]
    return struck, looked


def _clear(found: Sequence[Finding]) -> bool:
    return not any(one.code == SCENE and one.failed for one in found)


def _elsewhere(one: Draw, other: Draw, body: str) -> bool:
    """Whether the shapes of a fixture lie elsewhere in another copy of the scene, or are of another size."""
    shapes = []
    for draw in (one, other):
        data = draw.data()
        mujoco.mj_kinematics(draw.model, data)
        mine = draw.model.geom_bodyid == draw.model.body(body).id
        shapes.append(np.concatenate([data.geom_xpos[mine], data.geom_xmat[mine], draw.model.geom_size[mine]], axis=1))
    return not np.allclose(shapes[0], shapes[1], atol=MOVED)
