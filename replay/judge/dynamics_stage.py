"""The dynamics stage: what motors and feet would have to give for the motion, with what the hands carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..checks.dynamics import Effort, check_balance, check_torque, effort
from ..checks.finding import Finding
from ..checks.grip import check_grip, check_payload
from ..checks.registry import asked_of
from ..signals.joint_motion import JointMotion
from ..signals.signal import Motion, resample
from .base_motion import UNKNOWN, check_walking, tells_base, with_base
from .eased_motion import eased_balance
from .payload import grasps_of, hung_of
from .results import Dynamics, Integrity, Load, Motions, Rollouts, Subject


def dynamics_stage(subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts) -> Dynamics:
    """Dynamics of the motion, by whom it is judged as.

    Args:
        rollouts: tell what the hands carried, when, and how heavy it was.
    """
    return subject.robot.dynamics(subject, integrity, motions, rollouts)


def own_dynamics(subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts) -> Dynamics:
    """Dynamics of the scene's own robot; commands of a real one beside what was measured."""
    recording, context, rules = subject.recording, subject.context, subject.rules
    if motions.signal is None:
        reason = next(iter(integrity.stopped.values()), motions.without)
        return Dynamics(
            (*(rules[code].not_checked(reason) for code in asked_of("forces")), *_carried(subject, rollouts))
        )
    needed = {motions.signal: needed_for(subject, motions.judged, rollouts.loads, rollouts.offset)}
    full = needed[motions.signal]
    found = check_torque(full, context.limits, rules, motions.signal)
    if tells_base(subject):
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
    return Dynamics((*found, *_carried(subject, rollouts)), needed)


def needed_for(subject: Subject, motion: JointMotion, loads: Sequence[Load], offset: float) -> Effort:
    """The effort of a motion, its hands loaded while they carry something.

    Args:
        offset: where the replay, on whose clock the loads are told, begins on the recording's [s].
    """
    context, rule = subject.context, subject.rules["torque.peak"]
    t, q, names = with_base(subject, motion)
    even = resample(t, q, rate=rule.rate, window=rule.window)
    carrying = names[len(motion.names) :]
    rows_of = _borne(even.t - offset, loads, context.scene.control_timestep)
    free = even
    if rows_of:  # rows that a hand is loaded in are asked for below
        free = replace(even, x=even.x.copy())
        free.x[[row for rows in rows_of.values() for row in rows]] = np.nan
    empty = effort(context.robot, free, names, carrying=carrying)
    if not rows_of:
        return empty
    torque, pressure = empty.torque.copy(), empty.pressure.copy()
    for borne, rows in rows_of.items():
        payload = {loads[k][0].hand: (loads[k][1], loads[k][2].tolist()) for k in borne}
        some = Motion(even.t[rows], even.x[rows], even.v[rows], even.a[rows])
        part = effort(context.robot, some, names, payload=payload, carrying=carrying)
        torque[rows], pressure[rows] = part.torque, part.pressure
    return replace(empty, torque=torque, pressure=pressure)


def _borne(t: np.ndarray, loads: Sequence[Load], dt: float) -> dict[tuple[int, ...], list[int]]:
    """Which loads are carried at once -> the rows of `t` (m,) in which they are; rows without any are left out."""
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row, at in enumerate(t.tolist() if loads else ()):
        borne = tuple(k for k, (held, _, _) in enumerate(loads) if held.begin * dt <= at < held.end * dt)
        if borne:
            rows_of.setdefault(borne, []).append(row)
    return rows_of


def _carried(subject: Subject, rollouts: Rollouts) -> list[Finding]:
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
