"""Faults of motion: what a person can make the robot's joints do, each of a known size at a known place.

They are put on an arm while it hangs at rest, or on the head, so that the task goes on as it was; which joints those are, the
robot's folder says (`places`).
"""

from __future__ import annotations

import numpy as np
from shiliu.replay.checks.collision import overlaps
from shiliu.replay.judge.facts.commanded_collision import fixtures
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work
from .places import Ways
from .placing import at_rest, smooth, spans

DEPTH = 5e-3  # m, bound and scale of both collisions
ROOM = 0.2  # rad, scale of joint.position
STEP = 0.06  # s, over which a single step is held against the speed limit


def past_limit(work: Work, size: float) -> FaultMark:
    """A joint is turned slowly past the end of its range by `size` x 0.2 rad, stays there, and comes back."""
    free = work.places.past_range
    name, side = free[int(work.rng.integers(len(free)))]
    stay = float(work.rng.uniform(0.6, 2.0))
    t0 = at_rest(work, [name], 4.0 + stay)
    t, column = work.times, work.column(name)
    limit = work.context.limits[name]
    bound = limit.upper if side > 0 else limit.lower
    away = smooth(t, t0, t0 + 2.0) - smooth(t, t0 + 2.0 + stay, t0 + 4.0 + stay)
    moved = work.actions[:, column] + (bound + side * size * ROOM - work.actions[:, column]) * away
    work.actions[:, column] = moved
    begin, end = spans(t, side * (moved - bound) > 0)
    return FaultMark(begin, end, (name,))


def too_fast(work: Work, size: float) -> FaultMark:
    """A forearm is rolled with (1 + size) times its speed limit, through as much of its range as there is."""
    name = work.places.rolls
    limit = work.context.limits[name]
    speed = (1.0 + size) * limit.speed_larger
    side = float(work.rng.choice([-1.0, 1.0]))
    dt, column = work.context.scene.control_timestep, work.column(name)
    reach = 0.95 * min(limit.upper, -limit.lower)
    steps = max(3, min(6, int(2 * reach / (speed * dt))))
    swing = 0.5 * min(2 * reach, steps * dt * speed)
    t0 = at_rest(work, [name], 5.0 + steps * dt)
    t, q = work.times, work.actions[:, column].astype(float)
    rest = q[round(t0 / dt)]
    k = round(t0 / dt) + round(2.0 / dt)
    path = rest + (-side * swing - rest) * smooth(t, t0, t0 + 2.0)
    path += side * np.clip((np.arange(len(t)) - k) * dt * speed, 0.0, 2 * swing)
    after = t0 + 2.0 + steps * dt + 0.5
    path += (rest - side * swing) * smooth(t, after, after + 2.0)
    here = (t >= t0) & (t <= after + 2.0)
    work.actions[here, column] = path[here]
    return FaultMark(k * dt, (k + steps) * dt, (name,))


def jumped(work: Work, size: float) -> FaultMark:
    """A joint's command jumps from one sample to the next by (1 + size) times what its speed limit allows in 60 ms."""
    free = work.places.jumps
    name, side = free[int(work.rng.integers(len(free)))]
    step = side * (1.0 + size) * STEP * work.context.limits[name].speed_larger
    t0 = at_rest(work, [name], 5.0)
    t, column = work.times, work.column(name)
    work.actions[:, column] += step * ((t > t0 + 1e-9) - smooth(t, t0 + 1.0, t0 + 4.0))
    return FaultMark(t0, t0 + work.context.scene.control_timestep, (name,))


def shaken(work: Work, size: float) -> FaultMark:
    """For a second the busiest joint of all trembles by 0.05 rad, six times a second: 71 rad/s2, far below its speed limit."""
    names = list(work.context.scene.robot.arm_names)
    columns = [work.column(name) for name in names]
    column = columns[int(np.ptp(work.actions[:, columns], axis=0).argmax())]
    t = work.times
    t0 = float(t[int(np.abs(np.diff(work.actions[:, column])).argmax())])
    t0 = min(max(t0, 0.5), float(t[-1]) - 1.5)
    here = (t >= t0) & (t < t0 + 1.0)
    work.actions[here, column] += 0.05 * np.sin(2.0 * np.pi * 6.0 * (t[here] - t0))
    return FaultMark(t0, t0 + 1.0, (names[columns.index(column)],))


def against_itself(work: Work, size: float) -> FaultMark:
    """An arm is pressed against the robot's own legs: commanded (1 + size) x 5 mm into them."""
    return _pressed(work, size, work.places.inwards, own=True)


def through_counter(work: Work, size: float) -> FaultMark:
    """A hand is commanded (1 + size) x 5 mm into the counter, stays there, and comes back."""
    return _pressed(work, size, work.places.onwards, own=False)


def _pressed(work: Work, size: float, ways: Ways, own: bool) -> FaultMark:
    name, reach = ways[int(work.rng.integers(len(ways)))]
    stay = float(work.rng.uniform(0.6, 2.0))
    t0 = at_rest(work, work.context.scene.robot.arm_of(work.places.idle), 4.0 + stay)
    t, column = work.times, work.column(name)
    rest = work.actions[:, column].copy()
    at = round(t0 / work.context.scene.control_timestep)
    want = (1.0 + size) * DEPTH
    # the way in is followed from outside, because further on the arm may come out on the other side
    way = np.linspace(0.0, reach, 60)
    deep = _depth(work, at, column, rest[at] + way, own) >= want
    if not deep.any() or deep[0]:
        raise EpisodeError(f"{name} cannot be pressed {want * 1e3:.1f} mm in by {reach:g} rad here.")
    low, high = way[int(deep.argmax()) - 1], way[int(deep.argmax())]
    for _ in range(10):
        middle = 0.5 * (low + high)
        inside = _depth(work, at, column, np.array([rest[at] + middle]), own)[0] >= want
        low, high = (low, middle) if inside else (middle, high)
    away = smooth(t, t0, t0 + 2.0) - smooth(t, t0 + 2.0 + stay, t0 + 4.0 + stay)
    work.actions[:, column] = rest + high * away
    rows = np.flatnonzero(away > 0)
    depth = _depth(work, at, column, work.actions[rows, column], own)
    begin, end = spans(t[rows], depth > DEPTH)
    return FaultMark(begin, end)


def _depth(work: Work, at: int, column: int, angles: np.ndarray, own: bool) -> np.ndarray:
    """(n,) depth [m] of the deepest overlap when one joint stands at these angles and all else as at step `at`."""
    model = work.draw.model
    qpos = np.tile(work.draw.start_state[1 : 1 + model.nq], (len(angles), 1))
    names = work.context.scene.schema.action.names
    for j, name in enumerate(names):
        if name in work.context.scene.robot.joint_names:
            qpos[:, model.joint(name).qposadr[0]] = angles if j == column else work.actions[at, j]
    mine = work.context.robot_geoms
    other = None if own else fixtures(model, mine)
    found = overlaps(model, qpos, mine, other, () if own else work.context.hand_pairs)
    return np.max([overlap.depth for overlap in found], axis=0) if found else np.zeros(len(angles))
