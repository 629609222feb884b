"""The record as a witness: what recorded places say of the task and of physics, before and beside any replay."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import mujoco
import numpy as np

from ....scenarios.draws.inference import free_joint
from ....scenarios.draws.variation import rested
from ....scenarios.parts.pose import postures
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.requests import Readings
from ....scenarios.sensing.temporal import Goal, Subgoal, tells, unrecorded, witnessed
from ...checks.finding import Finding
from ...checks.object_divergence import CarriedAway, carried_by_record
from ...checks.object_motion import PoseFacts, check_hovers, check_moves, check_poses
from ...checks.record_goal import check_record_goal
from ...recording.recording import Recording
from ...rollout.rollout import Rollout
from ...signals.clock import origin_ns, seconds
from .carried_poses import hand_paths
from .exchanged_names import check_names
from .near_copies import UNMEASURED
from .recorded_poses import object_streams, things_of
from .recorded_state import ELSEWHERE, RecordedState, readings_of, recorded_state
from .results import Motions, Rollouts, Subject
from .turned_frame import check_turned

HOVERS, MOVES = "object.hovers", "object.moves"
POSES = ("object.order", "object.jumps", "object.hovers", "object.moves")
CODES = ("record.goal", *POSES)
NEAR = 0.08  # m, a robot's shape nearer than this may hold or push a thing: shapes are approximate, and so are poses
BENEATH = 0.008  # m, what is nearer may bear a thing: shapes are approximate, and so are poses
EVERY = 30.0  # Hz at which contacts are looked for
RESTS = 5e-4  # m, so near to its rest a thing of a simulation begins
STILL = 1e-5  # m, no tracker is quieter
PRESSES = 0.01  # of its way, by which a hand that holds a thing is commanded past where it stops


def check_witness(
    subject: Subject, motions: Motions, rollouts: Rollouts, stopped: str | None = None
) -> tuple[list[Finding], RecordedState | None]:
    """`record.goal` and the checks of recorded poses, and the recorded state where there is one.

    Args:
        stopped: why nothing that was measured may be judged, see `stopped_signals`.
    """
    rules, scene, plan = subject.rules, subject.scene, rollouts.plan
    if subject.recording.episode is not None:
        return [rules[code].not_applicable("covered_by_reproduces") for code in CODES], None
    if not things_of(scene):
        return [rules[code].not_applicable("no_objects") for code in CODES], None
    if stopped is not None:
        return [rules[code].not_checked(stopped) for code in CODES], None
    state = recorded_state(subject, motions, rollouts)
    if state is None or plan.start is None or not state.things:
        bare = [f"{name}.qw" not in stream.names for name, (stream, _) in object_streams(subject.recording, things_of(scene)).items()]
        reason = "no_orientations" if any(bare) else "no_object_poses"
        return [rules[code].not_checked(reason) for code in CODES], None
    robot = subject.context.robot_geoms
    found = [_by_height(one, subject, rollouts, state) for one in check_poses(facts_of(scene, state, robot), rules)]
    hovers = [one for one in found if one.code == HOVERS]
    found = check_turned(scene, state, hovers, lambda other: check_hovers(facts_of(scene, other, robot), rules), rules) + found
    order = next((one for one in found if one.code == "object.order"), None)
    if plan.unsure is not None or (order is not None and order.failed):
        reason = plan.unsure or "object_order"
        return [rules["record.goal"].not_checked(reason), *found], None
    goal, names = check_names(scene, state, _goal(subject, rollouts, state), partial(_goal, subject, rollouts), rules)
    return [*names, *goal, *found], state


def _by_height(finding: Finding, subject: Subject, rollouts: Rollouts, state: RecordedState) -> Finding:
    """What hovers or moves by itself does so wherever that stands of which nobody measured it: a table's height, a person who holds it.
    Of a start that is not known, nothing is reported."""
    start, unsure = rollouts.plan.start, rollouts.plan.unsure
    if finding.code not in (HOVERS, MOVES) or finding.level not in ("WARN", "FAIL") or start is None:
        return finding
    check = {HOVERS: check_hovers, MOVES: check_moves}[finding.code]
    others = start.further(state.draw, ELSEWHERE, 0) if unsure is None and start.drawn else []
    for other in others:
        again = check(facts_of(subject.scene, replace(state, draw=other), subject.context.robot_geoms), subject.rules)
        if not again.failed:
            unsure = UNMEASURED
    if unsure is None:
        return finding
    kept = {name: getattr(finding, name) for name in ("subject", "value", "limit", "t0", "t1")}
    return subject.rules[finding.code].not_checked(unsure, **kept)


# ------------------------------------------------------------------------------------------------------------ the task
def _goal(subject: Subject, rollouts: Rollouts, state: RecordedState) -> list[Finding]:
    scene, rule, start = subject.scene, subject.rules["record.goal"], rollouts.plan.start
    assert start is not None
    if not scene.course.subgoals:
        return [rule.not_applicable("no_goal")]
    readings, read = readings_of(scene, subject.recording, state, start)
    open_ = unrecorded(scene.course, read)
    if not any(tells(condition.predicate, read) for step in scene.course.subgoals for condition in step.conditions):
        return [rule.not_checked("not_recorded", details={"unrecorded": open_})]
    eased = {"m": rule.settings["place"], "rad": rule.settings["turn"]}
    wide, exact = (witnessed(scene.course, read, slack) for slack in (eased, {}))
    reached, failure, _ = _run(wide, readings)
    strict, _, undone = _run(exact, readings)
    missed = next((s for s in scene.course.subgoals if strict[s.name] is None), None)
    known = missed is not None and missed.name not in undone
    nearest = _nearest(missed, readings, read, state.t) if missed is not None and known else None
    if nearest is not None and missed is not None:
        nearest["things"] = sorted({name.partition(".")[0] for one in missed.conditions for name in one.about} & set(state.things))
    claim = bool((subject.claim or {}).get("success"))
    steps = [s.name for s in scene.course.subgoals]
    return check_record_goal(steps, reached, strict, open_, failure, claim, subject.rules, nearest, undone)


def _run(goal: Goal, readings: Readings) -> tuple[dict[str, float | None], tuple[str, float] | None, dict[str, float]]:
    """Step -> when it is reached to stay [s]; the failure mode that happens first, and when; step -> since when it is undone [s]."""
    carry = goal.run(readings)
    times = np.where(goal.in_place(carry)[0], carry.reached[0], np.nan)
    reached = {s.name: None if np.isnan(t) else float(t) for s, t in zip(goal.subgoals, times)}
    failed = goal.failure(carry)
    return reached, None if failed is None else (failed, float(np.nanmin(carry.failed[0]))), goal.undone(carry)


def _nearest(step: Subgoal, readings: Readings, read: frozenset[str], t: np.ndarray) -> dict[str, Any] | None:
    """Of the words of a missed step that the record tells: when they came nearest to holding for its `hold`, and which failed."""
    known = [one for one in step.conditions if tells(one.predicate, read)]
    if not known:
        return None
    margins = np.stack([np.asarray(one.predicate.margin(readings))[0] for one in known])
    bounds = np.array([abs(one.bound) if one.bound else 1.0 for one in known])
    worst = (margins / bounds[:, None]).min(axis=0)
    at = failing_row(worst, t, step.hold)
    one = known[int((margins[:, at] / bounds).argmin())]
    margin = float(margins[known.index(one), at])
    return {
        "t": float(t[at]),
        "word": one.word,
        "about": list(one.about),
        "best": one.value(margin),
        "bound": one.bound,
        "wanted": one.predicate.unit,
    }


def failing_row(worst: np.ndarray, t: np.ndarray, hold: float) -> int:
    """Of the spans of `hold` seconds that came nearest to holding throughout: its worst row, so that what ended it is named.

    Args:
        worst: (T,) the smallest margin of each row.
    """
    margins = np.where(np.isfinite(worst), worst, -np.inf)
    n = 1 + (round(hold / (t[1] - t[0])) if hold and len(t) > 1 else 0)
    spans = np.lib.stride_tricks.sliding_window_view(margins, min(n, len(margins)))
    first = int(spans.min(axis=1).argmax())
    return first + int(spans[first].argmin())


# ------------------------------------------------------------------------------------------------------------- physics
def facts_of(scene: Scene, state: RecordedState, robot: np.ndarray) -> PoseFacts:
    """What touches, bears and moves each thing at `EVERY` hertz of the recorded state.

    Args:
        robot: (m,) geoms of the robot.
    """
    model, things = state.draw.model, state.things
    stride = max(1, round(1.0 / (EVERY * (state.t[1] - state.t[0])))) if len(state.t) > 1 else 1
    rows = np.arange(0, len(state.t), stride)
    a = [free_joint(model, name) or 0 for name in things]
    pos = np.stack([state.qpos[rows, k : k + 3] for k in a], axis=1)
    quat = np.stack([state.qpos[rows, k + 3 : k + 7] for k in a], axis=1)
    hand, borne, other = (np.zeros((len(rows), len(things)), bool) for _ in range(3))
    owner = np.full(model.ngeom, -1)
    for i, name in enumerate(things):
        mine = [b for b in range(model.nbody) if model.body(b).name.startswith(f"{name}/")]
        owner[np.isin(model.geom_bodyid, mine)] = i
    unknown = np.zeros(model.ngeom, bool)  # loose pieces of which nothing is recorded lie nobody knows where
    for j in np.flatnonzero(model.jnt_type == mujoco.mjtJoint.mjJNT_FREE):
        if not state.known[model.jnt_qposadr[j]]:
            unknown |= model.body_rootid[model.geom_bodyid] == model.body_rootid[model.jnt_bodyid[j]]
    is_robot = np.zeros(model.ngeom, bool)
    is_robot[robot] = True
    still = model.body_weldid[model.geom_bodyid] == 0
    belt = model.geom_surfacevel.any(axis=1) if model.flg_surfacevel else np.zeros(model.ngeom, bool)
    model = _widened(model, owner, unknown)
    for row, data in enumerate(postures(model, state.qpos[rows])):
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        contact = data.contact
        touching: dict[int, set[int]] = {}
        for g, h, distance in zip(contact.geom[:, 0].tolist(), contact.geom[:, 1].tolist(), contact.dist.tolist()):
            for mine, his in ((g, h), (h, g)):
                i = owner[mine] if mine >= 0 else -1
                if i < 0 or (his >= 0 and owner[his] == i):
                    continue
                if his >= 0 and is_robot[his]:
                    hand[row, i] = True
                elif distance <= BENEATH:
                    borne[row, i] = True
                    if his < 0 or belt[his] or (owner[his] < 0 and not still[his]):
                        other[row, i] = True  # a cloth, a belt, a door or a person may move it
                    elif owner[his] >= 0:
                        touching.setdefault(i, set()).add(int(owner[his]))
        for _ in things:  # what stands on what a hand moves goes with it
            for i, others in touching.items():
                hand[row, i] |= bool(hand[row, list(others)].any())
                other[row, i] |= bool(other[row, list(others)].any())
    lain = rested(scene, scene.compile(state.draw.values))
    upright = np.stack([lain[k + 3 : k + 7] for k in a])
    seen = np.stack([state.seen[name][rows] if name in state.seen else np.ones(len(rows), bool) for name in things], axis=1)
    return PoseFacts(state.t[rows], things, pos, quat, upright, hand, borne, other | ~seen, state.robot, seen)


def _widened(model: mujoco.MjModel, owner: np.ndarray, unknown: np.ndarray) -> mujoco.MjModel:
    """A copy of the model in which things meet everything that collides, from `NEAR` away on, and nothing else does."""
    wide = copy.copy(model)
    collides = ((model.geom_contype != 0) | (model.geom_conaffinity != 0)) & ~unknown
    mine = collides & (owner >= 0)
    wide.geom_contype[:] = mine
    wide.geom_conaffinity[:] = collides
    wide.geom_margin[:] = np.where(mine, NEAR, 0.0)
    wide.flex_contype[:] = wide.flex_conaffinity[:] = 0
    return wide


# ------------------------------------------------------------------------------------------------ what was left lying
def carried_of(state: RecordedState) -> dict[str, CarriedAway]:
    """Thing -> how a hand carried it in the record, of those that one did."""
    model, found = state.draw.model, {}
    grips = np.stack([path.pos for path in hand_paths(model, state.qpos).values()], axis=1)
    for name in state.things:
        k = free_joint(model, name) or 0
        one = carried_by_record(state.t, state.qpos[:, k : k + 3], grips)
        if one is not None:
            found[name] = one
    return found


def left_lying(state: RecordedState, played: Iterable[Rollout], things: Iterable[str], most: float) -> set[str]:
    """Of these things, those that move by no more than `most` [m] in any of the replays."""
    found = set(things)
    for one in played:
        for name in list(found):
            k = free_joint(state.draw.model, name) or 0
            way = np.linalg.norm(one.qpos[:, k : k + 3] - one.qpos[0, k : k + 3], axis=1)
            if way.max() > most:
                found.discard(name)
    return found


def presses(recording: Recording, carried: CarriedAway, offset: float) -> bool:
    """Whether some hand is commanded elsewhere than it is measured while a thing is carried. Where none is, as with states in place of
    commands, nothing that is played holds a thing; True where no hand is commanded and measured.

    Args:
        offset: [s] of the replay on the recording's clock.
    """
    measured = {name: (s, s.column(name)) for s in recording.select("measured", "claw") for name in s.names}
    known = False
    for stream in recording.select("command", "claw"):
        t = seconds(stream, origin_ns(recording)) - offset
        rows = (t >= carried.t0) & (t <= carried.t1)
        for name in stream.names if rows.any() else ():
            if name in measured:
                of, q = measured[name]
                there = np.interp(t[rows], seconds(of, origin_ns(recording)) - offset, q)
                known = True
                if np.median(np.abs(stream.column(name)[rows] - there)) > PRESSES * (100.0 if stream.unit == "%" else 1.0):
                    return True
    return not known


def exact(state: RecordedState, apart: Mapping[str, float]) -> bool:
    """Whether the poses are those of a simulation: things rest as the scene lays them, and stand still as no tracker tells it."""
    if not apart or max(map(abs, apart.values())) > RESTS:
        return False
    rows = slice(0, min(10, len(state.t)))
    for name in apart:
        k = free_joint(state.draw.model, name)
        if k is None or np.abs(np.diff(state.qpos[rows, k : k + 3], axis=0)).max(initial=0.0) > STILL:
            return False
    return True
