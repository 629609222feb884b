"""Recordings of any robot: what can be judged of them by a description of the robot, with or without a model of it.

Without a model the joints' limits are all there is: position, speed and steps of commands and measurements. With an MJCF
file the robot's own shapes tell self-collision, and inverse dynamics what its motors would have to give. A robot of others
stands in no scene of ours, so nothing is played forward, unless the recording holds the states of a simulation and its
scene is at hand.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import mujoco
import numpy as np

from ...checks.collision import check_overlaps, overlaps
from ...checks.dynamics import Effort, check_torque, effort, positions
from ...checks.finding import Finding, worst_of
from ...checks.kinematics import check_kinematics, check_position, check_velocity, motion_of, soften
from ...checks.measured_there import as_measured_there
from ...checks.registry import asked_of
from ...checks.rules import Rule, Rules
from ...recording.quantities import TURNS
from ...recording.recording import Recording, Stream
from ...robots.embodiment import Embodiment, of_grades
from ...robots.joint_names import proposed_names
from ...robots.limits import JointLimit, Limits
from ...signals.channels import LOAD_SCALE, SCALE, TURN, columns, ends_of, in_radians, without_seam
from ...signals.clock import origin_ns, seconds
from ...signals.joint_motion import JointMotion
from ...signals.signal import Motion, resample
from ..facts.results import Dynamics, Given, Integrity, Kinematics, Motions, RolloutPlan, Rollouts, Subject
from ..facts.simulation_log import holds_states, judge_reproduction
from .rollout_stage import not_played

GROUPS = (("published", "measured"), ("estimate",))  # grades that are judged with one band of doubt
DOUBT = 0.2  # of an estimated limit: the band in which a violation is a warning, as docs/verdict.md says
POSES = 25.0  # Hz at which poses are looked at for self-collision, as for our own robot
FURTHER = 3.0  # times the range of a hand, from where on its unit counts in another way
OF_TORQUES = {unit: LOAD_SCALE[unit] for unit in TURNS}
SLIDE = {"scale": 0.02, "least": 0.005}  # m, for joints that slide: what an excess is counted in, the least step


class OtherRobot:
    """A robot of others, known by its description: the recording is held against that, and stands in no scene.

    What a description leaves out is NOT_CHECKED: `no_published_limit` for a limit, `no_model` for shapes and masses.
    """

    in_scene = False

    def __init__(self, description: Embodiment, named: str) -> None:
        """Args: description: of the robot; named: who named it, the command or the recording."""
        self.description, self._named = description, named
        self.units: Mapping[str, float] = {**SCALE, **description.scale}

    def actuated(self, subject: Subject) -> tuple[Sequence[str], Mapping[str, tuple[float, float]]]:
        """None: its commands reach no actuator of the scene, and that is no fault of the recording."""
        return (), {}

    def described(self, subject: Subject) -> Sequence[str]:
        return sorted(self.description.names)

    def motions(self, subject: Subject, integrity: Integrity) -> Motions:
        """The joints that the description knows; of several streams on clocks of their own the one with most joints is judged."""
        recording, robot = subject.recording, self.description
        roles = [role for role in ("command", "measured") if role not in integrity.stopped]
        parts = {role: found for role in roles if (found := _motions(recording, robot, role))}
        by_role = {role: max(some, key=lambda part: len(part.names)) for role, some in parts.items()}
        return Motions(
            by_role,
            {role: motion_of(motion.t, motion.q, subject.rules) for role, motion in by_role.items()},
            signal=next(iter(by_role), None),
            without=next(iter(integrity.stopped.values()), without_motion(recording, robot)),
            parts=parts,
        )

    def plan(self, subject: Subject, integrity: Integrity, motions: Motions, seed: int) -> RolloutPlan:
        """Nothing is played; states of a simulation are held against its scene."""
        found = judge_reproduction(subject.recording, self.description, subject.rules)
        reason = "no_model" if self.description.model is None else "no_scenario"
        return RolloutPlan(findings=(*found, *not_played(subject.scene, subject.rules, reason)), why=reason)

    def kinematics(
        self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, given: Given
    ) -> Kinematics:
        """Ranges, speeds and steps against the description, and the model's shapes against each other."""
        recording, rules, robot = subject.recording, subject.rules, self.description
        hands = _grippers(recording, robot, rules) if "command" not in integrity.stopped else []
        called, found = self._called(recording), []
        for role, motion in motions.by_role.items():
            own = _kinematics(motion, motions.resampled[role], robot, rules, called[role])
            for part in motions.parts[role]:
                if part is not motion:  # on a clock of its own
                    even = motion_of(part.t, part.q, rules)
                    own = _merged([*own, *_kinematics(part, even, robot, rules, called[role])])
            found += _merged([*own, *(h for h in hands if h.level != "PASS")]) if role == "command" else own
        if not holds_states(recording, robot):
            found = as_measured_there(found, recording, robot.limits, rules)
        speeds = _commanded_speed(subject, integrity, robot)
        if "command" not in motions.by_role:
            found += speeds
        torques = _commanded_torque(subject, integrity, robot)
        signal, simulated = motions.signal, holds_states(recording, robot)
        stands_in = recording.kind == "state_only" or simulated or torques is not None or bool(speeds)
        if signal is None or (signal == "measured" and not stands_in):
            # measured motion does not tell whether the commands were lawful, where these are neither angles nor torques
            found += [rules[code].not_checked(motions.without) for code in asked_of("joints")]
        elif called[signal] == "measured":
            found.append(rules["joint.jump"].not_checked(motions.without))
        unknown = [rules[code].not_checked("no_published_limit") for code in asked_of("peers")]
        found += [given.get(one.code, one) if one.signal == signal else one for one in unknown]
        if signal is None:
            reason = "no_model" if robot.model is None else motions.without
            found.append(rules["collision.self"].not_checked(reason))
        else:
            even = motions.resampled[signal]
            found += _self_collision(even, motions.by_role[signal], robot, rules, called[signal])
        found.append(rules["collision.scene"].not_checked("no_scene" if robot.model is not None else "no_model"))
        return Kinematics(tuple(found))

    def dynamics(self, subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts) -> Dynamics:
        """Torques as they were commanded, or as the model needs them for the motion."""
        rules, robot, signal = subject.rules, self.description, motions.signal
        torques, needed = _commanded_torque(subject, integrity, robot), {}
        if torques is not None:
            needed["command"] = torques
            found = _torque(torques, robot, rules, "command")
        elif signal is not None and robot.model is not None:
            needed[signal] = _needed(robot.model, motions.by_role[signal], robot, rules)
            found = _torque(needed[signal], robot, rules, self._called(subject.recording)[signal])
        else:
            reason = motions.without if robot.model is not None else "no_model"
            found = [rules[code].not_checked(reason) for code in ("torque.peak", "torque.rated")]
        if robot.base == "fixed":
            found.append(rules["balance"].not_applicable("fixed_base"))
        else:
            found.append(rules["balance"].not_checked("no_model" if robot.model is None else "no_base_motion"))
        found.append(rules["payload"].not_checked("no_payload"))
        found.append(rules["grip.friction"].not_checked("no_finger_force"))
        return Dynamics(tuple(found), needed)

    def _called(self, recording: Recording) -> dict[str, str]:
        """What findings call each role: the states of a simulation are nothing that a real robot did, and no calibration excuses them."""
        return {
            "command": "command",
            "measured": "recorded" if holds_states(recording, self.description) else "measured",
        }

    def required(self, subject: Subject) -> list[str]:
        """What the description can tell, and that simulation states are those of the scene given."""
        robot, words = self.description, list(self.description.required)
        given = robot.model is not None and holds_states(subject.recording, robot)
        return [*words, "replay.reproduces"] if given else words

    def provenance(self, subject: Subject) -> dict[str, Any]:
        robot = self.description
        names = proposed_names(_joints(subject.recording), robot.names)
        proposed = {"names_proposed": names} if names and not set(_joints(subject.recording)) & set(robot.names) else {}
        return {"robot": f"{robot.name} {robot.digest}", "robot_known_by": known_by(subject.recording, robot), **proposed}

    def notes(self, subject: Subject) -> list[str]:
        return notes_of(subject.recording, self.description, self._named)


def without_motion(recording: Recording, robot: Embodiment) -> str:
    """The reason where no joint motion of it can be judged."""
    commands = [s for s in recording.select("command", "joint_position") if s.n]
    other_commands = "no_joint_commands" if recording.select("command") else "no_commands"
    streams = commands or [s for s in recording.select("measured", "joint_position") if s.n]
    if any(set(s.names) & set(robot.names) for s in streams):
        return "other_unit" if any(s.unit not in (*SCALE, *robot.scale) for s in streams) else other_commands
    if streams and proposed_names(_joints(recording), robot.names):
        return "other_names"
    return "other_robot" if streams else other_commands


def _motions(recording: Recording, robot: Embodiment, role: str) -> list[JointMotion]:
    """The joint motion of a role: streams that stand on the same times as one, others each by itself.

    Of several streams that tell of one joint the first is taken, which is the one upstream.
    """
    origin, taken = origin_ns(recording), set()
    groups: dict[bytes, list[tuple[Stream, tuple[str, ...]]]] = {}
    for stream in recording.select(role, "joint_position"):
        names = tuple(name for name in robot.names if name in stream.names and name not in taken)
        if stream.n and names and _in_si(stream, names, robot):
            taken |= set(names)
            groups.setdefault(stream.time_ns.tobytes(), []).append((stream, names))
    motions = []
    for group in groups.values():
        first = group[0][0]
        q = [in_radians(stream, names) * robot.scale.get(stream.unit, 1.0) for stream, names in group]
        every = tuple(name for _, names in group for name in names)
        whole = np.concatenate(q, axis=1)
        for j, name in enumerate(every):
            if _kind_of(robot, name) == "angle" and (going := without_seam(whole[:, j])) is not None:
                limit = robot.limits[name]
                on = _over_the_seam(going, limit)
                if on is not None and (not np.isfinite(limit.upper - limit.lower) or _wraps(recording, robot, role, name)):
                    whole[:, j] = on
        motions.append(JointMotion(seconds(first, origin), whole, every, first))
    return motions


def _over_the_seam(going: np.ndarray, limit: JointLimit) -> np.ndarray | None:
    """(n,) the angle that goes on over its seam, so many whole turns aside that it stays in the joint's range; None where it does not."""
    if not np.isfinite(limit.upper - limit.lower):
        return going
    turns = np.ceil((limit.lower - float(going.min())) / TURN), np.floor((limit.upper - float(going.max())) / TURN)
    return going + TURN * float(np.clip(0.0, *turns)) if turns[0] <= turns[1] else None


def _wraps(recording: Recording, robot: Embodiment, role: str, name: str) -> bool:
    """Whether the joint's other column passes the seam, too: no joint makes a whole turn from one row to the next, so both are written
    within one."""
    for stream in recording.select("measured" if role == "command" else "command", "joint_position"):
        if stream.n and name in stream.names and _in_si(stream, (name,), robot):
            x = in_radians(stream, (name,))[:, 0] * robot.scale.get(stream.unit, 1.0)
            return without_seam(x) is not None
    return False


def _in_si(stream: Stream, names: Sequence[str], robot: Embodiment) -> bool:
    """Whether the values say what they are: angles of hinges, metres of slides, or a scale that the description tells."""
    kinds = {_kind_of(robot, name) for name in names}
    return stream.unit in (*SCALE, *robot.scale) or (stream.unit == "m" and kinds == {"length"})


# -- limits ------------------------------------------------------------------------------------------------------------


def _kinematics(motion: JointMotion, even: Motion, robot: Embodiment, rules: Rules, role: str) -> list[Finding]:
    """Position, speed and steps; each grade of limits with its own band of doubt, each kind of joint in its own unit."""
    found: list[Finding] = []
    for kind in ("angle", "length"):
        these = [j for j, name in enumerate(motion.names) if _kind_of(robot, name) == kind]
        if not these:
            continue
        found += _by_grade(partial(_limits_of, motion, even, role, these), robot.limits, rules, kind)
    merged = _merged(found)
    unknown = {
        "joint.position": [name for name in motion.names if not np.isfinite(robot.limits[name].upper)],
        "joint.velocity": [name for name in motion.names if not np.isfinite(robot.limits[name].speed_larger)],
    }
    for one in merged:
        if one.level == "WARN" and _beyond(one):
            one.details["kind"] = "beyond"
        one.details |= {"without_limit": unknown[one.code]} if unknown.get(one.code) and one.checked else {}
    return merged


def _limits_of(
    motion: JointMotion, even: Motion, role: str, these: list[int], limits: Limits, rules: Rules
) -> list[Finding]:
    part = replace(even, x=even.x[:, these], v=even.v[:, these], a=even.a[:, these])
    names = [motion.names[j] for j in these]
    made = check_kinematics(motion.t, motion.q[:, these], names, limits, rules, role, part)
    return [one for one in made if one.code in asked_of("joints")]


def _beyond(finding: Finding) -> bool:
    """Whether a warning is about a value past the limit itself, inside its band of doubt or measured."""
    if finding.value is None:
        return False
    if finding.code == "joint.position":
        return not finding.details["lower"] <= finding.value <= finding.details["upper"]
    return finding.code == "joint.velocity" and finding.value > finding.details["limit_larger"]


def _grippers(recording: Recording, robot: Embodiment, rules: Rules) -> list[Finding]:
    """`joint.position` of the commands of hands, in the recording's own unit, where the description gives ranges; as a share of the way
    where the unit goes further than the range does (`0..1000`, percent, beside a range of 0 to 1).

    A hand that rests open or closed is no joint near its end, so that only what lies beyond the range counts.
    """
    found = []
    for stream in recording.select("command"):
        for name in stream.names if stream.n else ():
            gripper = robot.grippers.get(name)
            if gripper is None or not np.isfinite(gripper.upper):
                continue
            rule = replace(
                rules["joint.position"],
                unit="1",
                scale=gripper.upper - gripper.lower,
                unsure=DOUBT if gripper.source.grade == "estimate" else rules["joint.position"].unsure,
                settings={"near_end": 1.0},
            )
            limit = JointLimit(name, gripper.lower, gripper.upper)
            limits = Limits({name: limit}, {"position": gripper.source.to_dict()})
            t, column = seconds(stream, origin_ns(recording)), stream.column(name)[:, None]
            low, high = ends_of(stream.unit) or (0.0, 1.0)
            if max(abs(low), abs(high)) > FURTHER * max(abs(gripper.lower), abs(gripper.upper)):
                column = gripper.lower + (gripper.upper - gripper.lower) * (column - low) / (high - low)
            found += check_position(t, column, [name], limits, Rules(rules.name, {rule.code: rule}, rules.digest))
    for one in found:
        one.fix = None if one.fix is None else {**one.fix, "unit": ""}
    return found


def _kind_of(robot: Embodiment, name: str) -> str:
    return next((s.kind for s in robot.joints.values() if name == s.name or name in s.also), "angle")


def _by_grade(
    check: Callable[[Limits, Rules], list[Finding]], limits: Limits, rules: Rules, kind: str = "angle"
) -> list[Finding]:
    """Findings of a check, made once for each group of grades that any limit has."""
    found = []
    for grades in GROUPS:
        part = of_grades(limits, grades)
        found += check(part, _rules_for(rules, kind, estimated=grades == ("estimate",)))
    return found


def _rules_for(rules: Rules, kind: str, estimated: bool) -> Rules:
    def changed(code: str, rule: Rule) -> Rule:
        if estimated and code in ("joint.position", "joint.velocity", "torque.peak", "torque.rated"):
            rule = replace(rule, unsure=max(rule.unsure, DOUBT))
        if kind == "length" and code.startswith("joint."):
            rule = replace(rule, unit={"rad": "m", "rad/s": "m/s"}.get(rule.unit, rule.unit))
            if code == "joint.position":
                rule = replace(rule, scale=SLIDE["scale"])
            if code == "joint.jump":
                rule = replace(rule, settings={**rule.settings, "least": SLIDE["least"]})
        return rule

    return Rules(rules.name, {code: changed(code, rule) for code, rule in rules.items()}, rules.digest)


def _merged(found: Sequence[Finding]) -> list[Finding]:
    """One finding a code: the worst of those that could be made, with the others that failed in its details."""
    merged = []
    for code in dict.fromkeys(one.code for one in found):
        made = [one for one in found if one.code == code and one.checked]
        if not made:
            merged.append(next(one for one in found if one.code == code))
            continue
        others = [other for one in made for other in one.details.get("others", [])]
        worst = worst_of(made)[0]
        worst.details["others"] = worst.details["others"] + others
        merged.append(worst)
    return merged


# -- shapes and masses -------------------------------------------------------------------------------------------------


def _reference(model: mujoco.MjModel) -> np.ndarray:
    """(nq,) posture of everything that a recording does not tell: the key frame `home`, else the model's own."""
    key = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_KEY, "home")
    return model.key_qpos[key].copy() if key >= 0 else model.qpos0.copy()


def _self_collision(even: Motion, motion: JointMotion, robot: Embodiment, rules: Rules, signal: str) -> list[Finding]:
    """`collision.self` with the model's own shapes.

    Two bodies that stand in each other in the reference posture by more than the warning bound do so by their shapes
    (hulls around a bearing overlap in most models); they are named in `details["ignored"]` and not judged.
    """
    rule, model = rules["collision.self"], robot.model
    if model is None:
        return [rule.not_checked("no_model", signal=signal)]
    joints = [robot.in_model[name] for name in motion.names]
    mine = robot.shapes
    if not len(mine):
        return [rule.not_checked("no_shapes", signal=signal)]
    rows = np.flatnonzero(even.known)[:: max(1, round(1.0 / (POSES * even.step)))] if even.step else np.array([], int)
    if not len(rows):
        return [rule.not_checked("too_short", signal=signal)]
    reference = _reference(model)
    qpos = positions(model, joints, even.x[rows], reference)
    bound = rule.bound("warn")
    ignored = [one.bodies for one in overlaps(model, reference[None], mine) if one.depth.max() > bound]
    seen = [one for one in overlaps(model, qpos, mine) if one.bodies not in ignored]
    found = check_overlaps("collision.self", even.t[rows], seen, rules, signal=signal)
    for one in found:
        one.limit_source = "shapes of the given model"
        one.details |= {"ignored": ["/".join(pair) for pair in ignored]} if ignored else {}
        if signal == "measured":
            soften(one)
    return found


def _commanded(
    subject: Subject, integrity: Integrity, robot: Embodiment, quantity: str, scale: Mapping[str, float], rule: Rule
) -> tuple[Motion, tuple[str, ...]] | None:
    """The commands of this quantity at even times, of those elements that are joints of the robot; of other units than these none."""
    streams = [s for s in subject.recording.select("command", quantity) if s.n and set(s.names) & set(robot.names)]
    by = scale.get(streams[0].unit) if streams else None
    if by is None or "command" in integrity.stopped:
        return None
    names = tuple(name for name in robot.names if name in streams[0].names)
    t = seconds(streams[0], origin_ns(subject.recording))
    return resample(t, by * columns(streams[0], names), rate=rule.rate, window=rule.window), names


def _commanded_speed(subject: Subject, integrity: Integrity, robot: Embodiment) -> list[Finding]:
    """`joint.velocity` of the commands, where the commands are speeds: as they are, no difference has to be taken."""
    asked = _commanded(subject, integrity, robot, "joint_velocity", {"rad/s": 1.0}, subject.rules["joint.velocity"])
    if asked is None:
        return []
    even, names = asked
    motion = replace(even, v=even.x)
    return _merged(
        _by_grade(
            lambda limits, own: check_velocity(motion, names, limits, own, "command"), robot.limits, subject.rules
        )
    )


def _commanded_torque(subject: Subject, integrity: Integrity, robot: Embodiment) -> Effort | None:
    """The torques that were commanded, where the commands are torques."""
    asked = _commanded(subject, integrity, robot, "joint_torque", OF_TORQUES, subject.rules["torque.peak"])
    if asked is None:
        return None
    even, names = asked
    return Effort(even.t, names, even.x, np.full((len(even.t), 2), np.nan))


def _torque(asked: Effort, robot: Embodiment, rules: Rules, signal: str) -> list[Finding]:
    found = _merged(_by_grade(lambda limits, own: check_torque(asked, limits, own, signal), robot.limits, rules))
    return [soften(one) for one in found] if signal == "measured" else found


def _needed(model: mujoco.MjModel, motion: JointMotion, robot: Embodiment, rules: Rules) -> Effort:
    """What the motors would have to give, gravity included: a model that takes its links' weight away is set right."""
    model = copy.copy(model)
    model.body_gravcomp[:] = 0.0
    rule = rules["torque.peak"]
    joints = tuple(robot.in_model[name] for name in motion.names)
    even = resample(motion.t, motion.q, rate=rule.rate, window=rule.window)
    root = model.body(robot.roots[0]).name
    needed = effort(model, even, joints, root, _reference(model))
    return replace(needed, names=motion.names)


# -- what a reader has to know -----------------------------------------------------------------------------------------


def known_by(recording: Recording, robot: Embodiment) -> str:
    """What the verdict rests on: `limits` alone, a `model` of the robot, or the `scene` that the recording is a log of."""
    if robot.model_file is None:
        return "limits"
    return "scene" if holds_states(recording, robot) else "model"


def notes_of(recording: Recording, robot: Embodiment, named: str) -> list[str]:
    """What a reader has to know of the robot that a recording was held against."""
    who = "named by the command" if named == "command" else "named by the recording's mapping"
    model = "no model of it" if robot.model_file is None else f"model {robot.model_file.name}"
    notes = [f"judged as {robot.name} ({robot.file}, {who}; {model})"]
    notes += robot.remarks
    joints = _joints(recording)
    left = sorted(set(joints) - set(robot.names))
    proposed = proposed_names(left, robot.names)
    if joints and len(left) == len(joints):
        notes.append(f"joints of the recording: {', '.join(joints)}; joints of the description: {', '.join(robot.names)}")
    if proposed:
        name, joint = next(iter(proposed.items()))
        pairs = ", ".join(f"{name} = {joint}" for name, joint in proposed.items())
        notes.append(f"names that likely mean one joint: {pairs}; say so in {robot.file}, at {joint}, by also: [{name}]")
    if left and len(left) < len(joints):
        notes.append(f"joints that the description does not know, and that are not judged: {', '.join(left)}")
    return notes


def _joints(recording: Recording) -> list[str]:
    """The recording's names of joints, in its order."""
    return list(dict.fromkeys(n for s in recording.streams.values() if s.quantity == "joint_position" for n in s.names))
