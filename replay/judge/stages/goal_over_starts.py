"""What is concluded from many likely starts, where a recording does not tell its own.

Where recorded hands tell, only those starts count in which the replayed hands are stopped as they were (`facts/hand_stops.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import mujoco
import numpy as np

from ....scenarios.parts.pose import postures
from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.rules import Rules
from ...rollout.rollout import Rollout
from ...signals.statistics import wilson
from ..facts.near_copies import open_
from ..facts.recorded_poses import things_of
from ..facts.results import Rollouts, Subject
from .likely_plan import LEAST_STARTS

ENOUGH = 0.9  # of the starts must succeed for a PASS
FEW, HANGS, NEVER_HELD = "no_start_agrees", "hangs_on_start", "never_held"
UNKNOWN_START, UNKNOWN_VALUES = "unknown_start", "unknown_values"
ZEROED = np.radians(0.5)  # by which each joint of an arm may be off at most; an estimate
TURNED = np.radians(2.0)  # by which a thing may be turned then


def goal_over_starts(subject: Subject, rollouts: Rollouts) -> list[Finding]:
    """The goal over likely starts: none succeeds, enough do, or it hangs on what is unknown.

    It is missed for certain where each of eight agreeing starts or more misses it by more than calibration can explain. Where no
    recorded hand tells which starts agree, all count; then, of a take that only is assumed to have succeeded, starts prove nothing
    where they are few, and a miss where all things stand where they were recorded.
    """
    scene, rule, label, agreeing = subject.scene, subject.rules["goal"], subject.claim, rollouts.agreeing
    n, k = len(rollouts.outcomes[:agreeing]), len(rollouts.succeeded)
    low, high = wilson(k, n) if n else (0.0, 1.0)  # no start may agree with the hands
    start = rollouts.plan.start
    unknown = start.unknown() if start is not None else scene.config.vary_unknown
    details: dict[str, Any] = {"successes": k, "starts": n, "low": low, "high": high, "unknown": ", ".join(unknown)}
    details |= {"assumed": "success"} if subject.assumed else {}
    short, explained = [], 0.0
    if agreeing:
        short, explained = [short_by(subject, one) for one in rollouts.played[:agreeing]], calibration(scene, rollouts.played[0])
        of = {"short": float(np.median(short)), "least": min(short), "explained": explained} if k < n else {}
        details |= {key: round(float(value), 4) for key, value in of.items() if np.isfinite(value)}
    details |= {"tried": len(rollouts.outcomes)} if agreeing is not None else {}
    known: dict[str, Any] = {"value": k / n if n else None, "limit": ENOUGH, "details": details}
    reason, _ = what_is_unknown(subject, rollouts)
    if not isinstance(label, dict) or label.get("success") is None:
        return [rule.not_checked("no_label", **known)]
    if agreeing is not None and n < LEAST_STARTS:
        return [rule.not_checked(FEW, **known)]
    if not label["success"]:
        return [rule.passed(**known) if k < n else rule.finding(level="WARN", **known)]
    if agreeing is None and subject.assumed:
        placed = set(things_of(scene)) <= set(rollouts.plan.stood) and not (start is not None and start.unplaced)
        if n < LEAST_STARTS or (k == 0 and not placed):
            return [rule.not_checked(reason, **known)]
    if k == 0 and (agreeing is None or min(short) > explained):
        return [rule.finding(level="FAIL", margin=-ENOUGH, excess=1.0, **known)]
    if k / n >= ENOUGH:
        return [rule.passed(**known)]
    if agreeing is None:
        return [rule.not_checked(reason, **known)]
    return [rule.not_checked(HANGS if any(one.held for one in rollouts.plan.stops) else NEVER_HELD, **known)]


def what_is_unknown(subject: Subject, rollouts: Rollouts) -> tuple[str, dict[str, Any]]:
    """Why likely starts are tried: places are unknown, or only values, which are named as `missing`."""
    start = rollouts.plan.start
    if start is None or start.unplaced or not start.drawn or set(things_of(subject.scene)) - set(start.poses):
        return UNKNOWN_START, {}
    return UNKNOWN_VALUES, {"missing": list(start.drawn)}


def of_anywhere(reached: Finding, subject: Subject, unplaced: Sequence[str], starts: int) -> Finding:
    """A goal that is reached from the places that the scenario gives to what nobody measured: that is luck, unless it is reached wherever
    the scenario would have put these.

    Args:
        starts: in how many of such it is reached; 0 where it is missed in one.
    """
    if not starts:
        reached.details = {**reached.details, "missing": list(unplaced)}
        return open_(reached, subject.rules, UNKNOWN_START)
    low, high = wilson(starts, starts)
    reached.details |= {"successes": starts, "starts": starts, "low": low, "high": high, "unknown": ", ".join(unplaced)}
    return reached


def short_by(subject: Subject, played: Rollout) -> float:
    """How much the missed step lacks [m] where it came nearest, 0 where none is missed, infinite where it is missed by no length.

    A turn that is short by no more than calibration can explain counts as nothing.
    """
    for step, subgoal in enumerate(subject.scene.course.subgoals):
        if not np.isnan(played.carry.reached[0, step]) and np.isnan(played.carry.undone[0, step]):
            continue
        near = played.nearest[step] if step < len(played.nearest) else None
        if near is None or not np.isnan(played.carry.undone[0, step]):
            return np.inf
        short = [(one.predicate.unit, -margin) for one, margin in zip(subgoal.conditions, near.margins) if margin < 0.0]
        if any(by > {"m": np.inf, "rad": TURNED}.get(unit, 0.0) for unit, by in short):
            return np.inf
        return max((by for unit, by in short if unit == "m"), default=0.0)
    return 0.0 if played.success else np.inf  # a failure mode came, or the engine gave up


def calibration(scene: Scene, played: Rollout) -> float:
    """How far [m] a hand may have been from where its joints tell, anywhere in a take, with each joint off by up to `ZEROED`.

    Three standard deviations of independent uniform errors, in the direction in which they move the hand most, of the further hand.
    """
    model, found = played.draw.model, 0.0
    columns = [int(model.joint(name).dofadr[0]) for name in scene.robot.joint_names]
    hands = [i for i in range(model.nsite) if model.site(i).name in ("left_tcp", "right_tcp")]
    for data in postures(model, played.qpos[:: max(1, round(1.0 / scene.control_timestep))]):
        mujoco.mj_comPos(model, data)
        for hand in hands:
            moves = np.zeros((3, model.nv))
            mujoco.mj_jacSite(model, data, moves, None, hand)
            found = max(found, float(np.linalg.norm(moves[:, columns], 2)))
    return 3.0 * ZEROED / np.sqrt(3.0) * found


def in_each(happened: Callable[[Rollouts], list[Finding]], rollouts: Rollouts, rules: Rules) -> list[Finding]:
    """What happened; of likely starts that agree with the hands, what happens in each of them.

    What goes wrong in more than one of ten of them (of fewer, in more than one) and not in all hangs on the start. Where fewer than
    eight agree, nothing is concluded of any.
    """
    n = rollouts.agreeing or 0
    if rollouts.known or n < LEAST_STARTS:
        return happened(rollouts)
    every = sorted((happened(rollouts.alone(k)) for k in range(n)), key=lambda found: sum(one.failed for one in found))
    wrong = [{one.code: one for one in found if one.failed} for found in every]
    count = Counter(code for found in wrong for code in found)
    passed_over = max(1.0, (1.0 - ENOUGH) * n)
    sometimes = {code: one for found in wrong for code, one in found.items() if passed_over < count[code] < n}
    return [one for one in every[0] if one.code not in sometimes] + [open_(one, rules, HANGS) for one in sometimes.values()]
