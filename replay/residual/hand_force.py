"""The law of the hands' drives: a force for what is left of the way, whatever way and force are counted in."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from .arm_chain import own_grip
from .coarse_values import step_of
from .hands import COUNTED
from .resolved_torque import COARSE
from .servo_law import LEAST_OF_ONE, LEAST_ROWS, NEEDED, PooledServos, ServoLaw, is_as_modelled, law_of_few
from .table import Group, RecordedChannel
from .torque_timing import in_time, timing_of

PERCENT = 100.0  # of its way, that a hand of ours is counted in
SHARE_OF = 0.011  # of its way: a hand that is never commanded further is written as a share of what its unit counts to
GRID = 0.0101  # of its way: a grid of whole percents, or of 255 steps
STEPPED = 0.1  # of a hand's largest torque, that a step of its column is at the most


def as_the_hands_had(group: Group) -> Group:
    """The same of hands, of which each bus has its own delay."""
    channels = _counted(group)
    if not channels or not group.same_rows or group.n < LEAST_ROWS:
        return group
    timing = timing_of(channels, np.zeros((group.n, len(channels))), group.dt)
    return group if timing is None else in_time(group, timing, (c.name for c in channels))


def _counted(group: Group) -> tuple[RecordedChannel, ...]:
    """Hands of which everything is recorded, in the unit that is written beside them; one that rests has the same in any."""
    asked = [c for c in group.channels if set(c.columns) >= NEEDED]
    largest = [float(np.abs(c.columns["command"]).max()) for c in asked]
    return tuple(c for c, most in zip(asked, largest) if most < COUNTED and (most > SHARE_OF or not c.goes("command")))


def laws_of_hands(group: Group, laws: Sequence[ServoLaw], without: Collection[str] = ()) -> list[ServoLaw]:
    """The law of all hands of a group: a force for what is left of the way.

    Args:
        laws: of the arms that they hang on; where these are as in the model, so is the hands' stiffness.
        without: hands that have no commands of their own.
    """
    channels = tuple(c for c in _counted(group) if c.name not in without and not is_stepped(c.columns["effort"]))
    if not channels or not group.same_rows or group.n < LEAST_ROWS:
        return []
    names, weightless, unsure = tuple(c.name for c in channels), np.zeros((group.n, len(channels))), group.dt > COARSE
    if any(is_as_modelled(law) for law in laws):
        # a force may count by the percent of our own hand, or by what this hand's way is counted in
        stiffness, force = own_grip()
        rounded = max(_half_steps(c) for c in channels)
        units = dict.fromkeys((1.0, PERCENT / channels[0].way))
        pools = [
            PooledServos(
                channels, weightless, np.full(len(channels), force * by), names, (stiffness * PERCENT * by, None), unsure,
                stiffness * PERCENT * by * rounded,
            )
            for by in units
        ]
    else:
        pools = [PooledServos(channels, weightless, np.array([_ceiling(c.columns["effort"]) for c in channels]), names, None, unsure)]
    found = [law for law in map(law_of_few, pools) if law is not None and law.stiffness > 0.0]
    return sorted(found, key=lambda law: float(np.abs(law.effort - law.truth).mean()))[:1]


def _half_steps(channel: RecordedChannel) -> float:
    """By how much what is left of the way may be off where command and position are written on grids, as whole percents are."""
    steps = (step_of(channel.columns[kind]) for kind in ("command", "measured"))
    return sum(0.5 * step for step in steps if step <= GRID)


def is_stepped(effort: np.ndarray) -> bool:
    """Whether a torque is written in so few steps that it tells no law."""
    step = step_of(effort)
    return np.isfinite(step) and step > STEPPED * float(np.abs(effort).max())


def _ceiling(effort: np.ndarray) -> float:
    """What a servo gives at the most, where it gave so much time and again."""
    size = np.abs(effort)
    return float(size.max()) if int((size > 0.999 * size.max()).sum()) >= LEAST_OF_ONE else np.inf
