"""Faults of effort: motions inside every speed limit that ask more of motors or feet than they have.

How much they ask is computed from the motion's own formula, without the filter that the judge puts over commands.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from shiliu.replay.checks.dynamics import effort, margin_inside
from shiliu.replay.signals.signal import Motion, held
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work
from .placing import STILL, at_rest, smooth, spans

LASTS = 0.06  # s, for which a torque or a lean of that size lasts
EDGE = 0.02  # m, scale of balance
FINE = 0.005  # s, step at which the formula is looked at
START = 0.25  # s, in which the turning head is set in motion
GENTLE = 0.8  # share of the motor's peak with which it is stopped


def jerked_head(work: Work, size: float) -> FaultMark:
    """The head is turned so suddenly that its motor would need (1 + size) times its peak torque."""
    name = work.places.turns
    t0 = at_rest(work, [name], 8.0)
    t, column = work.times, work.column(name)
    at = work.actions[round(t0 / work.context.scene.control_timestep)]
    rest = float(at[column])
    peak = work.context.limits[name].torque_peak
    # yaw holds no weight: its torque is inertia times acceleration and damping times speed
    inertia, damping = (
        float(_effort(work, at, name, np.zeros(1), np.array([rest]), np.array([v]), np.array([a])).torque[0, 0])
        for v, a in ((0.0, 1.0), (1.0, 0.0))
    )
    gentle = GENTLE * peak / inertia

    def shape(t: np.ndarray, hard: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Half a sine of acceleration, then a longer and lower one that stops it; from 0."""
        stop = hard * START / gentle
        first, second = np.clip(t / START, 0.0, 1.0), np.clip((t - START) / stop, 0.0, 1.0)
        speed = 2 / np.pi * hard * START
        x = 0.5 * speed * START * (first - np.sin(np.pi * first) / np.pi)
        x = x + 0.5 * speed * stop * (second + np.sin(np.pi * second) / np.pi)
        v = 0.5 * speed * np.where(t < START, 1 - np.cos(np.pi * first), 1 + np.cos(np.pi * second))
        a = np.where(t < START, hard * np.sin(np.pi * first), -gentle * np.sin(np.pi * second))
        return x, v, a

    def excess(hard: float) -> tuple[np.ndarray, np.ndarray]:
        fine = np.arange(0.0, START * (1 + hard / gentle), FINE)
        _, v, a = shape(fine, hard)
        return fine, np.abs(inertia * a + damping * v) / peak - 1.0

    hard = _solve(lambda h: _lasting(excess(h)[1]), size, 0.0, 20.0 * peak / inertia)
    angle = float(shape(np.array([100.0]), hard)[0][0])
    if angle > work.context.limits[name].upper - work.context.limits[name].lower:
        raise EpisodeError(f"turning the head so fast takes {angle:.2f} rad, more than its range.")
    begin, after = t0 + 2.0, t0 + 3.0 + START * (1 + hard / gentle)
    path = np.where(
        t < begin, rest + (-0.5 * angle - rest) * smooth(t, t0, begin), shape(t - begin, hard)[0] - 0.5 * angle
    )
    path = path + (rest - 0.5 * angle) * smooth(t, after, after + 2.0)
    here = (t >= t0) & (t <= after + 2.0)
    work.actions[here, column] = path[here]
    fine, over = excess(hard)
    first, last = spans(fine, over > 0, int(over.argmax()))
    return FaultMark(begin + first, begin + last, (name,))


def thrown_arm(work: Work, size: float) -> FaultMark:
    """An arm, raised backwards, is swung forward so suddenly that the zero-moment point leaves the soles by
    `size` x 20 mm."""
    raised, swing = work.places.raised, work.places.swing
    shoulder, far_back = next(iter(raised.items()))
    # the other arm stands still meanwhile, so that the formula tells of the whole robot
    others = work.context.scene.robot.arm_of(work.places.busy)
    t, idle = work.times, [work.column(name) for name in work.context.scene.robot.arm_names if name not in others]
    for _ in range(20):
        begin = at_rest(work, others, 0.6, lead=4.0)
        if np.ptp(work.actions[(t > begin - 3.0) & (t < begin + 5.0)][:, idle], axis=0).max() < STILL:
            break
    else:
        raise EpisodeError("the arms never rest together in this episode.")
    at = work.actions[round(begin / work.context.scene.control_timestep)].copy()
    for name, angle in raised.items():
        at[work.column(name)] = angle

    def shape(t: np.ndarray, duration: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        s = np.clip(t / duration, 0.0, 1.0)
        return (
            far_back - swing * s**3 * (10 - 15 * s + 6 * s**2),
            -swing * (30 * s**2 - 60 * s**3 + 30 * s**4) / duration,
            -swing * (60 * s - 180 * s**2 + 120 * s**3) / duration**2,
        )

    def outside(duration: float) -> tuple[np.ndarray, np.ndarray]:
        fine = np.arange(0.0, duration + FINE, FINE)
        needed = _effort(work, at, shoulder, fine, *shape(fine, duration))
        return fine, -margin_inside(work.context.soles, needed.pressure) / EDGE

    duration = 1.0 / _solve(lambda hurry: _lasting(outside(1.0 / hurry)[1]), size, 0.5, 8.0)
    back = begin + duration + 0.5
    for name, angle in raised.items():
        column = work.column(name)
        rest = work.actions[:, column].copy()
        moved = rest + (angle - rest) * smooth(t, begin - 2.5, begin - 0.2)
        end = angle
        if name == shoulder:
            moved = np.where(t < begin, moved, shape(t - begin, duration)[0])
            end = far_back - swing
        else:
            moved = np.where(t < begin, moved, angle)
        here = t < back + 2.5
        work.actions[:, column] = np.where(here, moved + (rest - end) * smooth(t, back, back + 2.5), rest)
    fine, over = outside(duration)
    first, last = spans(fine, over > 0, int(over.argmax()))
    return FaultMark(begin + first, begin + last)


def _effort(work: Work, at: np.ndarray, name: str, t: np.ndarray, x: np.ndarray, v: np.ndarray, a: np.ndarray):  # type: ignore[no-untyped-def]
    """What a motion of one joint asks for, all others as in the action `at`; its own column stands first."""
    robot = work.context.scene.robot.joint_names
    names = (name, *(n for n in robot if n != name))
    q = np.tile([float(at[work.column(n)]) for n in names], (len(t), 1))
    dq, ddq = np.zeros_like(q), np.zeros_like(q)
    q[:, 0], dq[:, 0], ddq[:, 0] = x, v, a
    return effort(work.context.robot, Motion(t, q, dq, ddq), names)


def _lasting(x: np.ndarray) -> float:
    return float(held(x[:, None], FINE, LASTS)[0][0])


def _solve(of: Callable[[float], float], want: float, low: float, high: float) -> float:
    """Where a function first reaches a value; further on it may fall again, as what is very sudden lasts too short."""
    grid = np.geomspace(max(low, 1e-3 * high), high, 40)
    at = next((i for i, x in enumerate(grid) if of(float(x)) >= want), None)
    if not at:
        raise EpisodeError(f"no motion of this shape has an excess of {want:g}.")
    low, high = float(grid[at - 1]), float(grid[at])
    for _ in range(12):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if of(middle) < want else (low, middle)
    return high
