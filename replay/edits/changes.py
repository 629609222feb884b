"""The three changes of a command: slower, taken back into a range, a step spread over time. Each seeks the smallest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mujoco
import numpy as np

from ..checks.dynamics import effort, margin_inside
from ..checks.kinematics import motion_of
from ..checks.rules import Rule, Rules
from ..robots.limits import Limits
from ..signals.signal import resample
from .bounds import Bounds
from .command import Command
from .warp import RAMP, SlowedStretch, Warp

INSIDE = 0.999  # share of a speed limit that is aimed at: no rounding decides then
RUN_IN = 0.15  # s on either side of what is too fast, as the advice says
HALVINGS = 10  # of the interval in which the largest factor is sought: to a thousandth
TURN = 20.0  # rad/s2, what taking a joint back may ask for at its bend (an estimate: ordinary for an arm)
ROUNDING = (0.02, 0.25)  # rad before the end of a range at which it begins to bend: at least, and share of the range
SHORTEST, LONGEST = 0.1, 4.0  # s over which a step is spread at least, where no speed limit tells it, and at most


class BeyondBounds(Exception):
    """A repair would have to change more than its bounds allow; the argument is what, as data."""

    def __init__(self, what: Mapping[str, Any]) -> None:
        super().__init__(str(dict(what)))
        self.what = dict(what)


@dataclass(frozen=True)
class Demand:
    """What a command asks of the robot, as shares of what the judge fails: above 1 it fails.

    Attributes:
        model: the robot alone; soles: (p, 2) what they span; without them only speeds are asked for.
        calm: share of the limits that a copy aims at. At the limits themselves the robot still lags behind and cuts corners.
    """

    limits: Limits
    rules: Rules
    model: mujoco.MjModel | None = None
    soles: np.ndarray | None = None
    calm: float = 1.0

    def of(self, command: Command) -> tuple[np.ndarray, np.ndarray]:
        """(m,) times and (m, 2 k + 1) shares: speed of each joint, torque of each, balance.

        A torque and a loss of balance count where they last as long as their rules say.
        """
        motion = motion_of(command.t, command.q, self.rules)
        names, k = command.joint_names, len(command.joint_names)
        share = np.zeros((len(motion.t), 2 * k + 1))
        share[:, :k] = self._shares(np.abs(motion.v), self.limits.column(names, "speed_larger"), "joint.velocity")
        if self.model is None or not len(motion.t):
            return motion.t, share
        rule = self.rules["torque.peak"]
        needed = effort(self.model, resample(command.t, command.q, rate=rule.rate, window=rule.window), names)
        rows = min(len(share), len(needed.t))
        torque = self._shares(np.abs(needed.torque), self.limits.column(needed.names, "torque_peak"), "torque.peak")
        for place, name in enumerate(needed.names):
            share[:rows, k + names.index(name)] = _lasting(torque[:rows, place], rule)
        if self.soles is not None:
            rule = self.rules["balance"]
            scale, least = rule.size(0.0), float(rule.fail or 0.0) - rule.unsure * rule.size(0.0)
            margin = np.nan_to_num(margin_inside(self.soles, needed.pressure), nan=np.inf)
            share[:rows, -1] = _lasting(1.0 - (margin[:rows] - least) / scale, rule)
        return motion.t, share

    def aim(self, k: int) -> np.ndarray:
        """(2 k + 1,) shares at which a copy meets the limits themselves, not only what still passes as a warning."""
        speed, torque = (1.0 / (1.0 + self.rules[code].unsure) for code in ("joint.velocity", "torque.peak"))
        return INSIDE * np.array(
            [self.calm * speed] * k + [self.calm * torque] * k + [1.0 - self.rules["balance"].unsure]
        )

    def _shares(self, size: np.ndarray, limit: np.ndarray, code: str) -> np.ndarray:
        known = np.where(np.isfinite(limit), limit, np.inf) * (1.0 + self.rules[code].unsure)
        return np.nan_to_num(size / known, nan=0.0)


def _lasting(share: np.ndarray, rule: Rule) -> np.ndarray:
    """(m,) the level that is kept for the rule's shortest time around each sample."""
    rows, least = max(1, round(rule.shortest * rule.rate)), share.copy()
    for k in range(1, rows):
        least[k:] = np.minimum(least[k:], share[:-k])
    lasting = least.copy()
    for k in range(1, rows):
        lasting[:-k] = np.maximum(lasting[:-k], least[k:])
    return lasting


def slower(command: Command, demand: Demand, bounds: Bounds) -> tuple[Command, list[dict[str, Any]], Warp]:
    """Every stretch that is too fast, played just slow enough.

    Raises:
        BeyondBounds: a stretch would have to be slower than the bounds allow.
    """
    t, share = demand.of(command)
    runs = _stretches(t, share.max(axis=1, initial=0.0) > 1.0, float(command.t[0]), float(command.t[-1]))
    return _slowed(command, [_slow_enough(command, run, demand, bounds) for run in runs])


def slower_by(
    command: Command, t0: float, t1: float, factor: float, bounds: Bounds
) -> tuple[Command, list[dict[str, Any]], Warp]:
    """One stretch at a factor that somebody else found.

    Raises:
        BeyondBounds: it is smaller than the bounds allow.
    """
    if factor < bounds.slowest:
        raise BeyondBounds({"kind": "slow", "factor": factor, "slowest": bounds.slowest})
    return _slowed(command, [replace(_fitted(t0, t1, float(command.t[0]), float(command.t[-1])), factor=factor)])


def _slowed(command: Command, stretches: Sequence[SlowedStretch]) -> tuple[Command, list[dict[str, Any]], Warp]:
    made, warp = command.slowed(stretches)
    changes = [
        {"kind": "slow", "t0": s.t0, "t1": s.t1, "factor": s.factor, "longer_s": s.longer_s} for s in warp.stretches
    ]
    return made, changes, warp


def _fitted(t0: float, t1: float, first: float, last: float) -> SlowedStretch:
    """A stretch with ramps as far as the recording reaches."""
    t0, t1 = max(t0, first), min(t1, last)
    return SlowedStretch(t0, t1, 1.0, min(RAMP, t0 - first), min(RAMP, last - t1))


def _stretches(t: np.ndarray, over: np.ndarray, first: float, last: float) -> list[SlowedStretch]:
    """Runs with their run-in; runs with ramps that meet are one."""
    rows = np.flatnonzero(over)
    if not len(rows):
        return []
    spans: list[list[float]] = []
    for group in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
        t0, t1 = float(t[group[0]]) - RUN_IN, float(t[group[-1]]) + RUN_IN
        if spans and t0 - spans[-1][1] < 2.0 * RAMP + 1e-6:
            spans[-1][1] = t1
        else:
            spans.append([t0, t1])
    return [_fitted(t0, t1, first, last) for t0, t1 in spans]


def _slow_enough(command: Command, run: SlowedStretch, demand: Demand, bounds: Bounds) -> SlowedStretch:
    """The run at the largest factor at which no joint is asked for too much in it, by bisection."""

    def fits(factor: float, aim: np.ndarray) -> bool:
        made, warp = command.slowed([replace(run, factor=factor)])
        begin, end = run.begin, warp.new(np.array([run.end]))[0]
        around = (made.t >= begin - 1.0) & (made.t <= end + 1.0)
        part = replace(made, t=made.t[around], x=made.x[around])
        t, share = demand.of(part)
        inside = (t >= begin) & (t <= end)
        return bool((share[inside] <= aim).all())

    k = len(command.joints)
    # the last one leaves a warning, which may be one of standing still
    aims = (demand.aim(k), replace(demand, calm=1.0).aim(k), np.full(2 * k + 1, INSIDE))
    aim = next((aim for aim in aims if fits(bounds.slowest, aim)), None)
    if aim is None:
        raise BeyondBounds({"kind": "slow", "t0": run.t0, "t1": run.t1, "slowest": bounds.slowest})
    low, high = bounds.slowest, 1.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if fits(middle, aim) else (low, middle)
    return replace(run, factor=low)


def taken_back(
    command: Command, ends: Mapping[str, tuple[float, float]], names: Sequence[str], bounds: Bounds
) -> tuple[Command, list[dict[str, Any]]]:
    """Joints that leave their range, bent back into it where they do.

    Near the end of the range the angle is compressed (tanh: its slope there is 1 and its curvature 0), so that speed and
    acceleration stay continuous; a run that comes close without leaving the range stays as it is.

    Args:
        ends: joint -> (lower, upper) [rad]; names: the joints to take back.

    Raises:
        BeyondBounds: a joint would have to be taken back further than the bounds allow.
    """
    q, changes = command.q, []
    step = float(np.median(np.diff(command.t))) or 1e-3
    for name in names:
        if name not in command.joint_names or name not in ends:
            continue
        j = command.joint_names.index(name)
        lower, upper = ends[name]
        for sign, end in ((1.0, upper), (-1.0, -lower)):
            x = sign * q[:, j]
            if not np.isfinite(end) or x.max() <= end:
                continue
            arriving = np.maximum(x[1:], x[:-1]) > end - ROUNDING[0]
            speed = float(np.abs(np.diff(x))[arriving].max(initial=0.0)) / step
            width = min(max(0.77 * speed**2 / TURN, ROUNDING[0]), ROUNDING[1] * (upper - lower))
            bend = end - width
            near = np.flatnonzero(x > bend)
            for run in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
                if x[run].max() <= end:
                    continue
                y = bend + width * np.tanh((x[run] - bend) / width)
                by = float((x[run] - y).max())
                if by > bounds.back:
                    raise BeyondBounds({"kind": "clip", "joint": name, "by": by, "back": bounds.back})
                q[run, j] = sign * y
                changes.append(
                    {
                        "kind": "clip",
                        "joint": name,
                        "lower": lower,
                        "upper": upper,
                        "by": by,
                        "t0": float(command.t[run[0]]),
                        "t1": float(command.t[run[-1]]),
                        "unit": "rad",
                    }
                )
    return command.with_q(q), changes


def steps_in(command: Command, demand: Demand) -> dict[str, np.ndarray]:
    """Joint -> rows i after which its command steps.

    A step is further than a joint may travel in one sample, and four times as large as its neighbours in the same direction,
    so that it is none of a movement: a movement that is too fast is to be slowed, not spread.
    """
    least = demand.rules["joint.jump"].settings["least"]
    dt, step = np.diff(command.t), np.diff(command.q, axis=0)
    if len(step) < 3:
        return {}
    size = np.abs(step)
    elapsed = np.maximum(dt, float(np.median(dt)))[:, None]
    allowed = np.fmax(demand.limits.column(command.joint_names, "speed_larger") * elapsed, least)
    near, onwards = np.zeros_like(size), step[1:] * step[:-1] > 0.0  # the step back of a stray sample is no neighbour
    near[1:] = size[:-1] * onwards
    near[:-1] = np.maximum(near[:-1], size[1:] * onwards)
    found = (size > allowed) & (size > 4.0 * near)
    return {name: np.flatnonzero(found[:, j]) for j, name in enumerate(command.joint_names) if found[:, j].any()}


def spread(command: Command, demand: Demand) -> tuple[Command, list[dict[str, Any]]]:
    """Steps of the command, each spread over the shortest time in which the joint can follow.

    What a joint is ahead of its former course dies away along a minimum-jerk curve (Flash and Hogan 1985); time and all
    other joints stay as they are. A step and the step back of a stray sample cancel.

    Raises:
        BeyondBounds: a step would have to be spread over more than a few seconds.
    """
    q, changes = command.q, []
    steps, aim = np.diff(command.q, axis=0), demand.aim(len(command.joints))
    for name, rows in steps_in(command, demand).items():
        j = command.joint_names.index(name)
        original, own = q[:, j].copy(), [j, j + len(command.joints)]
        larger = float(demand.limits.column([name], "speed_larger")[0])
        over = 1.875 * float(np.abs(steps[rows, j]).max()) / larger if np.isfinite(larger) else SHORTEST
        while True:
            smooth = original.copy()
            for i in rows:
                s = np.clip((command.t[i + 1 :] - command.t[i]) / over, 0.0, 1.0)
                smooth[i + 1 :] -= steps[i, j] * (1.0 - s**3 * (10.0 - 15.0 * s + 6.0 * s**2))
            q[:, j] = smooth
            around = (command.t >= command.t[rows[0]] - 1.0) & (command.t <= command.t[rows[-1]] + over + 1.0)
            tried = command.with_q(q)
            t, share = demand.of(replace(tried, t=tried.t[around], x=tried.x[around]))
            touched = np.zeros(len(t), bool)
            for i in rows:
                touched |= (t >= command.t[i] - 0.1) & (t <= command.t[i] + over + 0.1)
            if (share[touched][:, own] <= aim[own]).all():
                break
            over *= 1.1
            if over > LONGEST:
                raise BeyondBounds({"kind": "spread", "joint": name, "over": LONGEST})
        changes += [
            {"kind": "spread", "joint": name, "t": float(command.t[i]), "step": float(steps[i, j]), "over": float(over)}
            for i in rows[:20]
        ]
    return command.with_q(q), changes
