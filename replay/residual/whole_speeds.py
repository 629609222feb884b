"""Speeds that are not those of their positions from first row to last: of another unit, another time or motion, or never written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..signals.signal import find_lag
from ..signals.statistics import correlation
from .case import Case
from .difference import JOIN, Difference
from .hypotheses import best
from .relations import shifted
from .table import Group, RecordedChannel

GOES = 0.2  # rad: a joint that goes further has a speed
SEEN = 0.05  # rad, or share of the way: of a joint that goes less nothing is asked
STRANGE = 0.5  # correlation of speeds with what positions rise by, below which they are of another motion
# s by which positions and speeds may be of two moments; correlation from where on they are one motion; s that robots come late
SEARCHES, SAME_MOTION, ORDINARY = 1.5, 0.85, 0.35
CLOSE, MUCH = 0.95, 0.3  # correlation of speeds of their moment; of what it lacks of one, that another moment leaves: clean takes have 0.98
WRONG = 0.5  # rad/s, by which such a speed is off in some row at the least
SEAM = 4  # rows about a seam, in which positions rise most
ONE_UNIT = (0.6, 1.4)  # times the rise of the positions, between which a speed counts in their unit
# s between rows, in which a stiff servo (1600 /s²) all but comes to rest at a command: its speed is taken at the same point of each such
# way, and is so many times the rise of the row
SETTLES, STROBED = 0.05, (0.4, 1.6)
NEARLY, FEWEST = 3, 2  # rows by which speeds of devices are late; joints that say together that theirs are later
# rad/s from where on either moves; share of it by which they may differ, and of such rows in which they do not: only the others are wrong
QUICK, ALIKE, IN_PART = 0.1, 0.3, 0.4
WHILE = 1.0 / 30.0  # s over which speeds are asked for: within less an encoder counts by one or by two
HALF = 0.5  # of a factor, that other rows make at the least


def speeds_of_another_unit(group: Group) -> Iterator[Difference]:
    """Speeds that are all the same number of times the rise of the positions: another unit, or another sign."""
    known, moving = list[tuple[RecordedChannel, np.ndarray, float]](), 0
    for channel in group.channels:
        if not {"measured", "velocity"} <= set(channel.columns):
            continue
        rise, v = group.rises[channel.name], channel.columns["velocity"]
        if channel.goes("measured") > SEEN and float((rise**2).sum()) > 0.0:
            moving += 1
            slope = _slope_through(rise, v)
            known += [(channel, rise, slope)] if _goes_by(rise, v, slope) else []
    if all(ONE_UNIT[0] < slope < ONE_UNIT[1] for *_, slope in known):
        return
    slopes = {}
    for channel, rise, slope in known:
        kept = np.argpartition(np.abs(rise), len(rise) - SEAM)[: -SEAM]  # where rows are lost, positions rise as no speed says
        x, y = rise[kept], channel.columns["velocity"][kept]
        if _goes_by(x, y, slope) and abs(_slope_through(x, y) - slope) < 0.2 * abs(slope):
            slopes[channel.name] = slope
    if len(slopes) < 2:
        return
    usual = float(np.median(list(slopes.values())))
    alike = [name for name, slope in slopes.items() if abs(slope / usual - 1.0) < 0.2]
    if not ONE_UNIT[0] < usual < ONE_UNIT[1] and 2 * len(alike) > moving:
        first = next(c for c in group.channels if c.name == alike[0])
        size = max(float(np.abs(c.columns["velocity"]).max()) for c in group.channels if c.name in alike)
        yield Difference.over(
            group.t, tuple(alike), "velocity", None, size * abs(1.0 - 1.0 / usual), f"{first.unit}/s", "factor",
            certain=not may_be_strobed(group.dt, usual), numbers={"factor": usual}, stream=first.topics["velocity"], limit=QUICK,
            weight=1e3 * len(alike),
        )  # fmt: skip


def may_be_strobed(dt: float, factor: float) -> bool:
    """Whether speeds that are `factor` times the rise of the positions may be those of one moment between two commands dt [s] apart."""
    return dt > SETTLES and STROBED[0] < factor < STROBED[1]


def _slope_through(x: np.ndarray, y: np.ndarray) -> float:
    return float((x * y).sum() / max(float((x**2).sum()), 1e-12))


def _goes_by(x: np.ndarray, y: np.ndarray, slope: float) -> bool:
    return float(((y - slope * x) ** 2).sum()) < 0.2 * float((y**2).sum())


def over_a_while(group: Group) -> Group:
    """A group with positions and speeds averaged over `WHILE`: encoders that scatter, or count coarsely, say little of the speed from row
    to row where rows are close, and nothing else is averaged away by it."""
    rows = 1 + 2 * int(0.5 * WHILE / group.dt + 1e-6)
    if rows == 1:
        return group
    channels = [
        replace(c, columns={k: x if k == "command" else uniform_filter1d(x, rows, mode="nearest") for k, x in c.columns.items()})
        for c in group.channels
    ]  # fmt: skip
    return replace(group, channels=tuple(channels))


def speeds_of_another_motion(group: Group) -> Iterator[Difference]:
    """Speeds of most joints that go anywhere, which are nothing like what their positions rise by, whatever the unit: of another time or
    place. `STRANGE`: a correlation; those of real and simulated devices are 0.9 and more, a row or two late."""
    strange, unlike, loose, moving = [], [], list[RecordedChannel](), 0
    for channel in group.channels:
        if {"measured", "velocity"} <= set(channel.columns) and channel.goes("measured") > GOES:
            rise, v = group.rises[channel.name], channel.columns["velocity"]
            moving += 1
            if v.std() == 0.0 or (as_it_is := correlation(rise, v)) >= CLOSE:
                continue
            loose.append(channel)
            if as_it_is >= SAME_MOTION:
                continue
            late = [shifted(rise, by) for by in range(-NEARLY, NEARLY + 1)]
            alike = max(correlation(x, v) for x in late)
            if alike < SAME_MOTION:
                unlike.append(channel)
            if alike < STRANGE and not any(_alike_in_part(x, v) for x in late):
                strange.append((float(np.abs(v - rise).max()), channel, best(Case(v, rise, 0, group.n - 1, group.dt, 0.02))))
    if len(loose) > FEWEST and 2 * len(loose) > moving and (rows := _of_another_moment(group, loose)) is not None and abs(rows) > NEARLY:
        near = max(_alike_at(group, loose, by) for by in range(-NEARLY, NEARLY + 1))
        if 1.0 - _alike_at(group, loose, rows) < MUCH * (1.0 - near):
            yield _apart_in_time(group, loose, rows)
            return
    if len(unlike) >= FEWEST and (rows := _of_another_moment(group, unlike)) is not None and abs(rows) > NEARLY:
        yield _apart_in_time(group, unlike, rows)
        return
    if len(strange) < 2 or 2 * len(strange) <= moving:
        return
    size, channel, _ = max(strange, key=lambda one: one[0])
    whys = [why for _, _, why in strange if why is not None]
    why = whys[0] if 2 * len(whys) > len(strange) and len({one.name for one in whys}) == 1 else None
    yield Difference.over(
        group.t, tuple(c.name for _, c, _ in strange), "velocity", None, size, f"{channel.unit}/s", why, certain=True,
        stream=channel.topics["velocity"], limit=0.5, weight=1e3 * len(strange),
    )  # fmt: skip


def speeds_of_another_joint(group: Group) -> Iterator[Difference]:
    """Speeds of a joint that are unlike the rise of its own positions, and those of another joint's: two columns were exchanged, or one
    was written twice."""
    moving = [c for c in group.channels if {"measured", "velocity"} <= set(c.columns) and c.goes("measured") > GOES]
    for channel in moving:
        v, rise = channel.columns["velocity"], group.rises[channel.name]
        if v.std() == 0.0 or correlation(rise, v) >= SAME_MOTION or _alike_near(group, channel, v) >= SAME_MOTION:
            continue
        kept = np.argpartition(np.abs(rise), len(rise) - SEAM)[: -SEAM]  # positions that leap somewhere and back are no speeds'
        if correlation(rise[kept], v[kept]) >= SAME_MOTION:
            continue
        others = [(_alike_near(group, c, v), c) for c in moving if c is not channel]
        alike, other = max(others, key=lambda one: one[0], default=(0.0, channel))
        slope, size = _slope_through(group.rises[other.name], v), float(np.abs(v - group.rises[channel.name]).max())
        if alike >= CLOSE and ONE_UNIT[0] < slope < ONE_UNIT[1] and size > WRONG:
            yield Difference.over(
                group.t, (channel.name,), "velocity", None, size, f"{channel.unit}/s", "copied", certain=True, explained=alike**2,
                undone=alike**2, numbers={"other": other.name}, stream=channel.topics["velocity"], limit=WRONG, weight=1e3,
            )  # fmt: skip


def _alike_near(group: Group, channel: RecordedChannel, v: np.ndarray) -> float:
    """Correlation of speeds with what the positions of a channel rise by, some rows late or early."""
    return max(correlation(shifted(group.rises[channel.name], by), v) for by in range(-NEARLY, NEARLY + 1))


def _of_another_moment(group: Group, channels: Sequence[RecordedChannel]) -> int | None:
    """Rows by which the positions of most channels come after their speeds (before them: negative), where that makes both agree."""
    reach = round(SEARCHES / group.dt)
    best_of = max(((_alike_at(group, channels, by), by) for by in range(-reach, reach + 1)), default=(0.0, 0))
    return best_of[1] or None if best_of[0] > SAME_MOTION else None


def _alike_at(group: Group, channels: Sequence[RecordedChannel], by: int) -> float:
    """Correlation of the speeds of channels, the middle one, with what their positions rise by so many rows later."""
    part = slice(max(0, by), group.n + min(0, by))
    if part.stop - part.start <= group.n // 2:
        return 0.0
    of = [(group.rises[c.name][part], shifted(c.columns["velocity"], -by)[part]) for c in channels]
    return float(np.median([correlation(rise, v) for rise, v in of])) if of else 0.0


def _apart_in_time(group: Group, channels: Sequence[RecordedChannel], rows: int) -> Difference:
    """Positions and speeds of two moments: whichever is also further from its commands than robots are late is of the other one."""
    both = [c for c in channels if "command" in c.columns]
    kind, late = "velocity", -rows * group.dt
    if both:
        commands, states = (np.column_stack([c.columns[k] for c in both]) for k in ("command", "measured"))
        lag = find_lag(group.t, commands, group.t, states, search=2.0 * SEARCHES)
        if lag is not None and abs(lag.pooled - rows * group.dt) < abs(lag.pooled) and not 0.0 <= lag.pooled <= ORDINARY:
            kind, late = "measured", rows * group.dt
    return Difference.over(
        group.t, tuple(c.name for c in channels), kind, None, abs(late), "s", "lag", certain=True, explained=1.0, undone=1.0,
        numbers={"rows": late / group.dt, "late": late}, stream=channels[0].topics[kind], limit=group.dt, weight=1e4 * len(channels),
    )  # fmt: skip


def _alike_in_part(rise: np.ndarray, v: np.ndarray) -> bool:
    size = np.maximum(np.abs(rise), np.abs(v))
    return bool((size > QUICK).any()) and float((np.abs(v - rise) < ALIKE * size)[size > QUICK].mean()) > IN_PART


def speeds_never_filled(group: Group) -> Iterator[Difference]:
    """Speeds that are one value throughout while the joints go somewhere: nobody wrote them, and nothing else is judged by them."""
    found = [
        c for c in group.channels
        if {"measured", "velocity"} <= set(c.columns) and c.goes("velocity") == 0.0 and c.goes("measured") > GOES
    ]  # fmt: skip
    if found:
        size = max(float(np.abs(group.rises[c.name]).max()) for c in found)
        level = {"level": float(found[0].columns["velocity"][0])}
        yield Difference.over(
            group.t, tuple(c.name for c in found), "velocity", None, size, f"{found[0].unit}/s", "held_value",
            certain=len(found) >= FEWEST, numbers=level, stream=found[0].topics["velocity"], limit=0.1, weight=float(len(found)),
        )  # fmt: skip


def by_lost_rows(one: Difference, group: Group, lost: Sequence[tuple[int, int]]) -> bool:
    """Whether a factor of a speed comes of rows that are lost or in another order: the others make less than half of it."""
    (channel,) = (c for c in group.channels if c.name in one.channels)
    rise, v, away = group.rises[channel.name], channel.columns["velocity"], np.ones(group.n, bool)
    for first, last in lost:
        away[max(0, first - JOIN) : last + JOIN + 1] = False
    power, by = float((rise[away] ** 2).sum()), abs(float(one.numbers["factor"]) - 1.0)
    return bool(lost) and power > 0.0 and abs(float((v * rise)[away].sum()) / power - 1.0) < HALF * by
