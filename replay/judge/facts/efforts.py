"""What motors and feet have to give for a motion, its hands loaded while they carry something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...checks.dynamics import Effort, effort
from ...signals.joint_motion import JointMotion
from ...signals.signal import Motion, resample
from .base_motion import with_base
from .results import Load, Subject


def needed_for(subject: Subject, motion: JointMotion, loads: Sequence[Load], offset: float) -> Effort:
    """The effort of a motion, its hands loaded while they carry something.

    Args:
        offset: where the replay begins on the recording's clock [s]; loads are reported on the replay's.
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
