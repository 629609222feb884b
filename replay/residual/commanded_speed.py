"""Commands that are speeds: joints go as they were commanded to move, in the same unit and direction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds, topic
from ..signals.signal import strictly_rising
from .difference import Difference
from .other_commands import LATE, best_alike

SEVERAL = 3  # joints that nobody commanded: more than one that is pushed, or a column that nobody wrote
GOES = 0.2  # rad that a joint goes while its commanded speed is one value: no weight lets a servo sink so far
ROWS = 60  # to tell that speeds are of another motion
# correlation of speeds with what positions rise by: from where on their slope is one, and below which they are not; with the positions
# themselves, or with another joint's rise, from where on these are written there
ALIKE, STRANGE, OTHER = 0.8, 0.5, 0.9
ONE = (0.4, 2.5)  # of a commanded speed that joints go at: less or more in all of them is another unit


def commanded_speeds(recording: Recording) -> Iterator[Difference]:
    """What commands that are speeds contradict in the measured positions: they stand while joints go, or are of another unit, direction
    or motion."""
    origin = origin_ns(recording)
    for command in recording.select("command", "joint_velocity"):
        for state in recording.select("measured", "joint_position"):
            if state.unit in SCALE and min(command.n, state.n) >= 8:
                yield from _standing(command, state, origin)
                yield from _otherwise(command, state, origin)


def _standing(command: Stream, state: Stream, origin: int) -> Iterator[Difference]:
    goes = {
        name: float(np.ptp(state.column(name))) * SCALE[state.unit]
        for name in command.names
        if name in state.names and np.ptp(command.column(name)) == 0.0 and np.isfinite(state.column(name)).all()
    }
    names = tuple(name for name, way in goes.items() if way > GOES)
    if names:
        t = seconds(command, origin)
        size = max(goes[name] for name in names)
        level = {"level": float(command.column(names[0])[0])}
        yield Difference.over(
            np.sort(t), names, "command", None, size, "rad", "held_value", certain=len(names) >= SEVERAL, undone=0.0, numbers=level,
            stream=topic(command), limit=GOES, weight=size / GOES,
        )  # fmt: skip


def _otherwise(command: Stream, state: Stream, origin: int) -> Iterator[Difference]:
    """Speeds of most joints that go anywhere, which are all the same number of times what the positions rise by, or nothing like it."""
    names = [name for name in command.names if name in state.names]
    if not names:
        return
    t, *q = strictly_rising(seconds(state, origin), *(state.column(name) * SCALE[state.unit] for name in names))
    if len(t) < ROWS or not np.isfinite(q).all() or not np.isfinite(command.values).all():
        return
    dt = float(np.median(np.diff(t)))
    scale = SCALE.get(command.unit.removesuffix("/s"), 1.0)
    tc, *v = strictly_rising(seconds(command, origin), *(command.column(name) * scale for name in names))
    speeds = np.column_stack([np.interp(t, tc, x) for x in v])
    slopes: dict[str, float] = {}
    strange: list[str] = []
    places: list[str] = []
    moving = 0
    for j, (name, x) in enumerate(zip(names, q)):
        if float(np.ptp(x)) <= GOES or float(np.ptp(speeds[:, j])) == 0.0:
            continue
        moving += 1
        rise = np.gradient(x, t)
        alike, delays = best_alike(rise[:, None], speeds, dt, LATE)
        each, late = alike[0], int(delays[0, j])
        if abs(each[j]) > ALIKE:
            there = np.roll(speeds[:, j], late)
            slopes[name] = float(np.copysign(np.sqrt((rise**2).sum() / (there**2).sum()), each[j]))
        elif abs(each[j]) < STRANGE or np.abs(np.delete(each, j)).max(initial=0.0) > OTHER:
            strange.append(name)
        elif abs(best_alike(x[:, None], speeds, dt, LATE)[0][0, j]) > OTHER:
            places.append(name)
    size = float(np.abs(speeds).max())
    usual = float(np.median(list(slopes.values()))) if slopes else 1.0
    if len(slopes) >= SEVERAL and not ONE[0] < usual < ONE[1]:
        yield Difference.over(
            t, tuple(slopes), "command", None, size, "rad/s", "mirrored" if -ONE[1] < usual < -ONE[0] else "factor", certain=True,
            undone=0.0, numbers={"factor": 1.0 / usual}, stream=topic(command), limit=GOES, weight=1e3 * len(slopes),
        )  # fmt: skip
    elif (backwards := [name for name, slope in slopes.items() if slope < 0.0]) and 2 * len(backwards) < len(slopes):
        yield Difference.over(
            t, tuple(backwards), "command", None, size, "rad/s", "mirrored", certain=True, undone=0.0, numbers={"factor": -1.0},
            stream=topic(command), limit=GOES, weight=1e3 * len(backwards),
        )  # fmt: skip
    if len(places) >= 2 and 2 * len(places + strange) > moving:
        yield Difference.over(
            t, tuple(places), "command", None, size, "rad/s", "integrated", certain=True, undone=0.0, stream=topic(command), limit=GOES,
            weight=1e3 * len(places),
        )  # fmt: skip
    elif len(strange) >= 2 and (2 * len(strange) > moving or len(slopes) >= 2):
        yield Difference.over(
            t, tuple(strange), "command", None, size, "rad/s", None, certain=True, undone=0.0, stream=topic(command), limit=GOES,
            weight=1e3 * len(strange),
        )  # fmt: skip
