"""The replay stage: commands played forward in the scene, and what the world then did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from ...scenarios import variation as drawing
from ...scenarios.reading.config import draw_values, nominal_values
from ...scenarios.safety import people
from ...scenarios.scene import Scene
from ...scenarios.variation import Draw
from ..checks.collision import check_start
from ..checks.finding import Finding
from ..checks.motors import check_motors
from ..checks.outcome import (
    check_drop,
    check_forces,
    check_goal,
    check_nevers,
    check_people,
    check_stable,
    check_touches,
    outcome_of,
)
from ..checks.playback import check_clamped, check_reproduces, check_tracking, tracking_error
from ..checks.rules import Rules
from ..rollout.rollout import Rollout, Take, play
from ..signals.channels import in_radians
from ..signals.joint_motion import hand_commands, zero_order_hold
from ..signals.statistics import wilson
from .attribution import attribute
from .base_motion import base_commands
from .elsewhere import likely_draws
from .held import check_held_scene, touches_of
from .missed import Elsewhere, explained
from .object_poses import check_diverged, recorded_poses, stood
from .payload import check_carried
from .reproduction import judge_reproduction
from .retargeted_case import close_hands
from .tracking_cause import explain

if TYPE_CHECKING:
    from .judge import Case

REPLAY = (
    "goal",
    "drop",
    "force.object",
    "collision.unexpected",
    "tracking",
    "unstable",
    "start.penetration",
    "ctrl.clamped",
    "slip",
    "grip.friction",
    "payload",
    "object.diverged",
)
PEOPLE = ("force.person", "speed.person")
RECORDED = (
    "observation.state",
    "observation.velocity",
    "observation.base",
    "observation.environment_state",
)  # held against the record to the bit
ENOUGH = 0.9  # of the likely starts must succeed for a PASS
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass
class Forward:
    """What the replay of one recording gave.

    Attributes:
        findings: of the replay stage; outcome: success, subgoals, failure, beside the recording's label.
        played: the one take that is shown, with its draw; offset: its start on the recording's clock [s].
        tracking: (t, error (m, k), names) of the robot against what was measured or commanded.
        succeeded: the takes that reached the goal; stood: things that start where they were recorded.
        again: whether it was played again, or judged by what was noted while it was performed.
        elsewhere: gives the same commands where they can be played beside the judged scene; goal: the failed `goal`, explained.
    """

    findings: list[Finding] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    played: Rollout | None = None
    draw: Draw | None = None
    offset: float = 0.0
    tracking: tuple[np.ndarray, np.ndarray, tuple[str, ...]] | None = None
    succeeded: list[Take] = field(default_factory=list)
    stood: tuple[str, ...] = ()
    again: bool = True
    elsewhere: Callable[[], Elsewhere | None] | None = None
    goal: Finding | None = None


def replay_all(cases: Sequence[Case], threads: int, seed: int, noted: Mapping[str, Rollout] | None = None) -> None:
    """Play every case that can be played, those of one scene together, and set `case.forward`.

    Args:
        noted: digest of a recording -> what was noted while it was performed: it is not played again.
    """
    groups: dict[int, list[tuple[Case, list[Take], list[list[int]]]]] = {}
    for case in cases:
        case.forward = Forward()
        takes, keep = _takes(case, seed)
        if (
            takes
            and noted
            and case.stage.made_in is None
            and case.recording.episode is not None
            and case.recording.sha256 in noted
        ):
            case.forward.again = False
            _judge_replay(case, takes, [noted[case.recording.sha256]])
        elif takes:
            groups.setdefault(id(case.stage), []).append((case, takes, keep))
    for group in groups.values():
        scene = group[0][0].stage.scene
        every = [take for _, takes, _ in group for take in takes]
        kept = [steps for _, _, keep in group for steps in keep]
        near = any(_explains(case) for case, _, _ in group)
        played = play(scene, every, kept, threads, nearest=near)
        for case, takes, _ in group:
            _judge_replay(case, takes, [next(played) for _ in takes], threads)


def _explains(case: Case) -> bool:
    """Whether a missed goal of it is explained: of whatever is not an episode that is performed again where it was made."""
    return case.recording.episode is None or case.stage.made_in is not None


def _takes(case: Case, seed: int) -> tuple[list[Take], list[list[int]]]:
    """The takes of a case: its own start, or the likely starts where the recording does not tell it."""
    scene, rules, forward = case.stage.scene, case.stage.rules, case.forward
    assert forward is not None
    episode = case.recording.episode
    if case.stage.embodiment is not None:
        other = case.stage.embodiment
        forward.findings += judge_reproduction(case.recording, other, rules)
        reason = "no_model" if other.model is None else "no_scenario"
        forward.findings += _not_checked(
            scene, rules, reason, but=("grip.friction", "payload")
        )  # told with the dynamics
        return [], []
    if case.signal is None:
        reason = case.stopped.get("command") or case.without_motion
        forward.findings += _not_checked(scene, rules, reason)
        return [], []
    if episode is not None:
        draw = case.draw
        if draw is None or tuple(episode.action_names) != scene.schema.action.names:
            forward.findings += _not_checked(scene, rules, "other_scene")
            if case.stage.made_in is None:
                forward.findings.append(rules["reproduces"].not_checked("other_scene"))
            return [], []
        finite = np.isfinite(episode.actions).all()
        ranges = np.stack([scene.schema.action.low, scene.schema.action.high], axis=1)
        t = np.arange(episode.n_steps) * scene.control_timestep
        forward.findings += check_clamped(
            t, episode.actions.astype(float), episode.action_names, ranges, rules, scene.schema.action.unit
        )
        if not finite:
            forward.findings += _not_checked(scene, rules, "integrity.value.nonfinite", but=("ctrl.clamped",))
            return [], []
        if case.stage.made_in is not None:
            made_in, own = case.stage.made_in, drawing.of_episode(case.stage.made_in, episode)
            if own is not None:
                forward.elsewhere = lambda: Elsewhere("made_in", made_in, Take(own, episode.actions))
            draws = likely_draws(scene, case.stage.made_in, episode, draw, seed)
            return [Take(one, episode.actions) for one in draws], [
                _whole_seconds(scene, episode.n_steps, len(draws)) for _ in draws
            ]
        return [Take(draw, episode.actions)], [sorted(int(k) for k in episode.checkpoints)]
    return _likely_takes(case, seed)


def _whole_seconds(scene: Scene, steps: int, takes: int) -> list[int]:
    """The control steps at which the full state is kept: every whole second of a take that is the only one."""
    return list(range(0, steps + 1, max(1, round(1.0 / scene.control_timestep)))) if takes == 1 else []


def _likely_takes(case: Case, seed: int) -> tuple[list[Take], list[list[int]]]:
    """Commands of a real robot, held on the scene's clock; the robot starts where it was measured to be."""
    scene, rules, forward = case.stage.scene, case.stage.rules, case.forward
    assert forward is not None
    assert case.signal is not None
    motion = case.motion[case.signal]
    begin, end = float(motion.t.min()), float(motion.t.max())
    steps = max(1, int(np.floor((end - begin) / scene.control_timestep)) + 1)
    grid = begin + np.arange(steps) * scene.control_timestep
    actions = np.tile(scene.ready_ctrl, (steps, 1))
    held = zero_order_hold(motion.t, motion.q, grid)
    for j, name in enumerate(motion.names):
        actions[:, scene.schema.action.names.index(name)] = held[:, j]
    for name, percent in hand_commands(case.recording, scene.robot.hand_names, grid).items():
        actions[:, scene.schema.action.names.index(name)] = percent
    actions[:, len(actions[0]) - len(scene.robot.base_names) :] = base_commands(
        case.recording, scene.robot.base_names, grid
    )
    if case.carried is not None:
        close_hands(actions, scene.schema.action.names, grid, case.carried.result)
    ranges = np.stack([scene.schema.action.low, scene.schema.action.high], axis=1)
    forward.findings += check_clamped(grid, actions, scene.schema.action.names, ranges, rules, scene.schema.action.unit)
    forward.offset = begin
    start = {name: float(held[0, j]) for j, name in enumerate(motion.names)}
    measured = case.motion.get("measured")
    if measured is not None:
        first = zero_order_hold(measured.t, measured.q, np.array([begin]))[0]
        start.update({name: float(first[j]) for j, name in enumerate(measured.names)})
    poses = recorded_poses(scene, case.recording, begin)
    forward.stood = tuple(poses)
    unknown = [word for word in scene.config.vary_unknown if word.partition(".at")[0] not in poses]
    if case.carried is not None and case.carried.placed.by == "object":
        unknown = []  # a person's world was laid by an object of the scene, which stands where it was laid by
    forward.elsewhere = lambda: _beside(case, unknown, start, actions.astype(np.float32))
    draws = [drawing.nominal(scene)]
    if unknown:
        rng = np.random.default_rng(seed)
        draws = []
        for _ in range(scene.config.starts):
            drawn = draw_values(scene.config, rng)
            values = nominal_values(scene.config)
            values.update({k: v for k, v in drawn.items() if any(k == u or k.startswith(f"{u}.") for u in unknown)})
            draws.append(drawing.of_values(scene, values, 0))
    takes = [Take(_posed(scene, stood(scene, draw, poses), start), actions.astype(np.float32)) for draw in draws]
    return takes, [_whole_seconds(scene, take.n_steps, len(takes)) for take in takes]


def _beside(case: Case, unknown: Sequence[str], start: dict[str, float], actions: np.ndarray) -> Elsewhere | None:
    """A real robot's commands in the scene without its cell, else at the start that the scenario gives, where that was not tried."""
    plain, begin = case.stage.as_drawn, case.forward.offset if case.forward is not None else 0.0
    if plain is None and not unknown:
        return None
    scene = case.stage.scene if plain is None else plain
    poses = recorded_poses(scene, case.recording, begin)
    draw = _posed(scene, stood(scene, drawing.nominal(scene), poses), start)
    return Elsewhere("nominal_start" if plain is None else "as_drawn", scene, Take(draw, actions))


def _posed(scene: Scene, draw: Draw, angles: dict[str, float]) -> Draw:
    """A draw whose robot starts at these joint angles."""
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
    for name, angle in angles.items():
        data.qpos[draw.model.joint(name).qposadr[0]] = angle
    state = draw.start_state.copy()
    mujoco.mj_getState(draw.model, data, state, STATE)
    return Draw(draw.values, draw.task, draw.model, state)


def _not_checked(scene: Scene, rules: Rules, reason: str, but: Sequence[str] = ()) -> list[Finding]:
    found = [rules[code].not_checked(reason) for code in REPLAY if code not in but]
    with_people = bool(people(scene.names))
    found += [
        rules[code].not_checked(reason) if with_people else rules[code].not_applicable("no_person") for code in PEOPLE
    ]
    return found


def _judge_replay(case: Case, takes: list[Take], played: list[Rollout], threads: int = 0) -> None:
    scene, rules, forward = case.stage.scene, case.stage.rules, case.forward
    assert forward is not None
    episode = case.recording.episode
    shown, take = played[0], takes[0]
    forward.played, forward.draw = shown, take.draw
    dt = scene.control_timestep
    data = mujoco.MjData(take.draw.model)
    mujoco.mj_setState(take.draw.model, data, take.draw.start_state, STATE)
    forward.findings += check_start(take.draw.model, data, rules, case.stage.hand_pairs)
    outcomes = [outcome_of(scene.course, p.carry, "unstable" if p.unstable_at is not None else None) for p in played]
    forward.succeeded = [one for one, outcome in zip(takes, outcomes) if outcome["success"]]
    label = episode.label if episode is not None else case.recording.metadata.get("label")
    forward.outcome = {**outcomes[0], "label": label.get("success") if isinstance(label, dict) else None}
    forward.findings += check_stable(shown.unstable_at, rules)
    if episode is not None:
        if case.stage.made_in is not None:
            forward.findings.append(rules["reproduces"].not_applicable("played_elsewhere"))
        elif forward.again:
            forward.findings += _reproduced(case, shown)
        else:
            forward.findings.append(rules["reproduces"].not_checked("as_performed"))
        forward.findings += _motors(case, take, shown)
    forward.findings += _tracked(case, take, shown)
    if len(played) > 1:
        goal = _over_starts(case, outcomes, label)
    else:
        known_label = label if isinstance(label, dict) else None
        goal = check_goal(scene.course, outcomes[0], known_label, take.n_steps * dt, rules)
    forward.findings += [
        _explained(case, one, takes, played, threads) if one.failed and _explains(case) else one for one in goal
    ]
    known = len(played) == 1
    world = check_nevers(scene.course, shown.carry, dt, rules)
    world += check_drop(shown.held, shown.heights, scene.weights, dt, rules)
    world += check_forces(scene.safety, shown.safety, dt, rules)
    world += check_people(scene.safety, shown.safety, dt, rules, anybody=bool(people(scene.names)))
    world += check_touches(*_touches(case, shown, take), dt, rules, touches_of(scene, shown))
    world += check_carried(case, take, shown, known)
    if known:
        check_held_scene(case, take, shown)
    if not known:  # one likely start of many says nothing about the others
        world = [rules[f.code].not_checked("unknown_start") if f.level in ("WARN", "FAIL") else f for f in world]
    forward.findings += world
    forward.findings += check_diverged(case, shown, known)
    for finding in forward.findings:  # replay runs on the take's own clock; findings are told on the recording's
        if finding.code != "ctrl.clamped" and finding.t0 is not None and not finding.details.get("on_recording_clock"):
            finding.t0 += forward.offset
            finding.t1 = None if finding.t1 is None else finding.t1 + forward.offset


def _explained(case: Case, goal: Finding, takes: list[Take], played: list[Rollout], threads: int) -> Finding:
    """A failed `goal` with the step that was missed, and whether the same commands do it elsewhere: one more replay."""
    forward = case.forward
    assert forward is not None
    beside = forward.elsewhere() if forward.elsewhere is not None else None
    there = None
    if beside is not None:
        (one,) = play(beside.scene, [beside.take], threads=threads)
        there = outcome_of(beside.scene.course, one.carry, "unstable" if one.unstable_at is not None else None)
    forward.goal = explained(goal, case.stage.scene, played, takes[0], beside, there, forward.offset)
    return forward.goal


def _reproduced(case: Case, shown: Rollout) -> list[Finding]:
    """Own episodes: every recorded state of every step, and the full state at every whole second, to the bit."""
    episode, scene, rules = case.recording.episode, case.stage.scene, case.stage.rules
    assert episode is not None
    recorded, replayed, parts, at = [], [], {}, 0
    for name in RECORDED:
        if name not in episode.states or name not in shown.observations:
            continue
        ours, theirs = shown.observations[name], np.asarray(episode.states[name])
        rows = min(len(ours), len(theirs))
        recorded.append(theirs[:rows])
        replayed.append(ours[:rows])
        parts[name.removeprefix("observation.")] = slice(at, at + theirs.shape[1])
        at += theirs.shape[1]
    if not recorded:
        return [rules["reproduces"].not_checked("not_recorded")]
    rows = min(len(r) for r in recorded)
    found = check_reproduces(
        np.concatenate([r[:rows] for r in recorded], axis=1),
        np.concatenate([r[:rows] for r in replayed], axis=1),
        scene.control_timestep,
        rules,
        parts,
    )
    worst = max(
        (
            (k, float(np.abs(state - shown.states[k]).max()))
            for k, state in episode.checkpoints.items()
            if k in shown.states and not np.array_equal(state, shown.states[k])
        ),
        key=lambda item: item[1],
        default=None,
    )
    if worst is not None and found[0].level == "PASS":
        first = min(
            k
            for k, state in episode.checkpoints.items()
            if k in shown.states and not np.array_equal(state, shown.states[k])
        )
        details = {
            "step": first,
            "what_differs": "full state in float64",
            "likely": "engine_version",
            "steps": episode.n_steps,
        }
        found = [
            rules["reproduces"].finding(
                level="FAIL",
                t0=first * scene.control_timestep,
                value=worst[1],
                limit=0.0,
                margin=-worst[1],
                excess=1.0,
                details=details,
            )
        ]
    if scene.fingerprint != episode.fingerprint:
        found[0].details["scene_changed"] = True
    if found[0].level == "FAIL" and found[0].details["likely"] != "length":
        assert case.draw is not None
        compared = [name for name in RECORDED if name.removeprefix("observation.") in parts]
        record = {name: np.asarray(episode.states[name])[:rows] for name in compared}
        again = {name: shown.observations[name][:rows] for name in compared}
        found[0].details |= attribute(scene, episode, case.draw, record, again, shown.states)
    return found


def _motors(case: Case, take: Take, shown: Rollout) -> list[Finding]:
    """Own episodes: what the simulated motors gave, with all that was carried and pushed, against their limits."""
    scene, names = case.stage.scene, list(case.stage.scene.robot.joint_names)
    seen = {}
    for feature in ("observation.effort", "observation.state", "observation.velocity"):
        columns = [scene.schema.observations[feature].names.index(name) for name in names]
        seen[feature] = shown.observations[feature][1:, columns].astype(float)
    ctrl = take.actions[:, [scene.schema.action.names.index(name) for name in names]].astype(float)
    torque, q, v = seen.values()
    return check_motors(
        case.stage.robot, scene.control_timestep, names, torque, q, v, ctrl, case.stage.limits, case.stage.rules
    )


def _tracked(case: Case, take: Take, shown: Rollout) -> list[Finding]:
    """How far the replayed robot is from its command; of a real robot, from what was measured, as information."""
    scene, rules, forward = case.stage.scene, case.stage.rules, case.forward
    assert forward is not None
    names = scene.robot.joint_names
    q = shown.qpos[:, scene.joint_index]
    dt = scene.control_timestep
    t = np.arange(len(q)) * dt
    if case.recording.episode is not None:
        error = q[1:] - take.actions[:, : len(names)]
        forward.tracking = (t[1:], error, names)
        return check_tracking(t[1:], error, names, rules)
    measured = case.motion.get("measured")
    if measured is None:
        return [rules["tracking"].not_checked("no_measured")]
    shared = [name for name in measured.names if name in names and name in case.motion.get("command", measured).names]
    columns = [names.index(name) for name in shared]
    theirs = in_radians(measured.stream, shared)
    times, error = tracking_error(t + forward.offset, q[:, columns], measured.t, theirs)
    if not len(times):
        return [rules["tracking"].not_checked("too_short")]
    error = -error  # ours minus the measurement
    forward.tracking = (times, error, tuple(shared))
    found = check_tracking(times, error, shared, rules, informative=True)
    for finding in found:
        finding.details["on_recording_clock"] = True
        finding.details |= explain(
            t + forward.offset, q[:, columns], measured.t, theirs, shared, rules["tracking"].bound("warn")
        )
    return found


def _over_starts(case: Case, outcomes: list[dict[str, Any]], label: Any) -> list[Finding]:
    """The goal over many likely starts: none succeeds, enough do, or it hangs on what is unknown."""
    rules, scene, forward = case.stage.rules, case.stage.scene, case.forward
    assert forward is not None
    rule = rules["goal"]
    n, k = len(outcomes), sum(o["success"] for o in outcomes)
    low, high = wilson(k, n)
    told = {"successes": k, "starts": n, "low": low, "high": high, "unknown": ", ".join(scene.config.vary_unknown)}
    forward.outcome = {
        "success": None,
        "share": k / n,
        "starts": n,
        "label": label.get("success") if isinstance(label, dict) else None,
    }
    known: dict[str, Any] = {"value": k / n, "limit": ENOUGH, "details": told}
    if not isinstance(label, dict) or label.get("success") is None:
        return [rule.not_checked("no_label", **known)]
    if not label["success"]:
        return [rule.passed(**known) if k < n else rule.finding(level="WARN", **known)]
    if k == 0:
        return [rule.finding(level="FAIL", margin=-ENOUGH, excess=1.0, **known)]
    return [rule.passed(**known) if k / n >= ENOUGH else rule.not_checked("unknown_start", **known)]


def _touches(case: Case, shown: Rollout, take: Take) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Unasked contacts as pairs of bodies and their forces (T+1, m).

    The partner of a link is looked up in the posture of its strongest touch. Contacts of the robot with itself are left to
    `collision.self`, which judges them by depth: our shapes are approximate, and a graze of theirs by tenths of a
    millimetre rings with hundreds of newtons.
    """
    names, columns = [], []
    # a flange is a link as well as part of a hand: what the hand may touch it may, and what the hand is asked about is told once
    hands, touchable = case.stage.scene.robot.interface["hands"]["bodies"], case.stage.touchable
    asked = {(request.of.partition(":")[2], request.to.partition(":")[2]) for request in case.stage.scene.unasked}
    for column, request in enumerate(case.stage.scene.unasked):
        mine, other = request.of.partition(":")[2], request.to.partition(":")[2]
        force = shown.touches[:, column]
        if not other and force.max(initial=0.0) > 0.0:
            other = _nearest_body(take.draw.model, shown.qpos[max(int(force.argmax()) - 1, 0)], mine)
            if "/" not in other or (mine in hands and (other in touchable or (mine, other) in asked)):
                continue
        names.append((mine, other))
        columns.append(column)
    return names, shown.touches[:, columns]


def _nearest_body(model: mujoco.MjModel, qpos: np.ndarray, body: str) -> str:
    """The body whose collision shapes come nearest to those of `body`, among pairs that can collide, in a posture."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mine = model.body(body).id
    excluded = {(int(s) >> 16, int(s) & 0xFFFF) for s in model.exclude_signature}
    best, name = 0.1, ""  # m, further away nothing was touched
    for g in np.flatnonzero(model.geom_bodyid == mine):
        if not (model.geom_contype[g] or model.geom_conaffinity[g]):
            continue
        for h in range(model.ngeom):
            other = int(model.geom_bodyid[h])
            near = other in (mine, int(model.body_parentid[mine])) or int(model.body_parentid[other]) == mine
            if (
                near
                or (min(mine, other), max(mine, other)) in excluded
                or (max(mine, other), min(mine, other)) in excluded
            ):
                continue
            if not (
                model.geom_contype[g] & model.geom_conaffinity[h] or model.geom_contype[h] & model.geom_conaffinity[g]
            ):
                continue
            distance = mujoco.mj_geomDistance(model, data, int(g), h, best, None)
            if distance < best:
                best, name = float(distance), model.body(other).name
    return name
