"""Where the drives of a device, measured on clean takes, take each joint and finger that plans its way, and which columns are elsewhere.

A drive that plans its way has one largest speed, one ramp, one delay and one gain in each take: they are the device's. Once they are known
(`conf/following`, `benchmarks/following.py`) its way is known to a hundredth of what it goes, whatever a take's faults are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from .pace import planned
from .table import Group, RecordedChannel

SPANS = {"row": 0.0, "second": 1.0, "long": 3.0}  # s over which the distance from the way is averaged
QUICKER = (1.0, 1.25, 1.6)  # times the largest speed that was seen: no slow take shows it
# paces of takes in slow motion
OTHERWISE = (0.33, 0.36, 0.4, 0.45, 0.5, 0.57, 0.65, 0.73, 0.8, 0.87, 0.93, 1.08, 1.17, 1.27, 1.4, 1.6, 1.9, 2.2)
# times the largest speed that was seen, where a device is set to a lower one, in steps of a fortieth; and about the best of these, so that
# a joint that is at it all the time is on its way
SLOWER, FINER = np.geomspace(0.3, 0.98, 48), np.linspace(0.975, 1.025, 11)
BEHIND = 4  # rows that a device may be later or earlier as a whole
CLEARLY = 0.85  # of the distance from the way, that another pace leaves where it is the take's
LEAST_ROWS = 8
AT_ITS_END = 0.003  # share of the way, within which a channel is at the end of what it goes in the take: there it may have met its stop
CAP = 0.05  # share of the way: what is further away counts no more
BEGIN = 1.6  # s until a drive is on its way, of which a take that is cut has not recorded the beginning


@dataclass(frozen=True)
class Drive:
    """How a channel goes to each new command.

    Attributes:
        speed, ramp: at the most, shares of its way per second and per second squared; late: [s] that it is behind its plan.
        gain, zero: of what is measured, for what is planned.
        above, below: word of `SPANS` -> how far it is beside its way in clean takes at the most.
        beyond: the same of a finger, of how far it is from where its drive can have it with something in its way (`stopped`).
    """

    speed: float
    ramp: float
    late: float
    gain: float
    zero: float
    above: Mapping[str, float]
    below: Mapping[str, float]
    beyond: Mapping[str, float] = field(default_factory=dict)

    def numbers(self) -> tuple[float, ...]:
        """As a sheet has them, in the order of `HEADS`."""
        return (self.speed, self.ramp, self.late, self.gain, self.zero, *self.above.values(), *self.below.values(), *self.beyond.values())

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Drive:
        """Of what a sheet has."""
        speed, ramp, late, gain, zero, *reach = map(float, numbers)
        n = len(SPANS)
        above, below, beyond = (dict(zip(SPANS, reach[k * n : (k + 1) * n])) for k in range(3))
        return cls(speed, ramp, late, gain, zero, above, below, beyond)


HEADS = ("speed", "ramp", "late", "gain", "zero", *(f"{side}_{span}" for side in ("above", "below", "beyond") for span in SPANS))


@dataclass(frozen=True, eq=False)
class DriveWays:
    """Where drives take the channels of a group.

    Attributes:
        channels: with their drives; plans: (m, n, k) what the drives plan, where their largest speeds are `QUICKER` times what was seen.
        dt: between rows [s].
    """

    channels: tuple[tuple[RecordedChannel, Drive], ...]
    plans: np.ndarray
    dt: float

    def way(self, j: int, late: float = 0.0) -> np.ndarray:
        """(n,) where channel j is taken, at the speed that leaves least.

        Args:
            late: [s] that all channels of the take are later than the device is.
        """
        channel, drive = self.channels[j]
        plan = np.ascontiguousarray(self.plans[:, :, j].T)
        ways = drive.gain * later(plan, (drive.late + late) / self.dt) + drive.zero
        return np.asarray(ways[:, int(_left(channel.columns["measured"], ways.T).argmin())])


def ways_of(group: Group, drives: Mapping[str, Drive]) -> DriveWays | None:
    """Where the drives of a group that are known take their channels; they begin where these are measured. None where none is known."""
    known = tuple(driven(group, drives))
    if not known or group.n < LEAST_ROWS:
        return None
    quicker = np.array(QUICKER)[:, None]
    return DriveWays(known, _plans(group, known, quicker, np.ones_like(quicker)), group.dt)


def is_slowed(group: Group, ways: DriveWays) -> bool:
    """Whether all of a take is in slow motion, or quicker than it was: drives are so many times as late then, and ramps are less by the
    square."""
    pace = np.array(OTHERWISE)[:, None]
    plans = _plans(group, ways.channels, pace, pace**2)
    as_ever, otherwise = 0.0, np.zeros(len(pace))
    for j, (channel, drive) in enumerate(ways.channels):
        x, rows = channel.columns["measured"], drive.late / group.dt
        as_ever += float(min(_left(x, ways.way(j, by * group.dt)) for by in range(-BEHIND, BEHIND + 1)))
        for k, of in enumerate(OTHERWISE):
            otherwise[k] += _left(x, drive.gain * later(plans[k, :, j], rows / of) + drive.zero)
    return float(otherwise.min()) < CLEARLY * as_ever


def at_a_lower_speed(group: Group, ways: DriveWays) -> DriveWays:
    """The ways of drives of which the largest speed is set lower, all by as much, as suits the take best; ramps and delays are as ever."""
    speed = SLOWER[:, None]
    plans = _plans(group, ways.channels, speed, np.ones_like(speed))
    left = np.zeros(len(SLOWER))
    for j, (channel, drive) in enumerate(ways.channels):
        x, plan = channel.columns["measured"], np.ascontiguousarray(plans[:, :, j].T)
        each = drive.gain * later(plan, drive.late / group.dt) + drive.zero
        left += _left(x, each.T)
    speed = SLOWER[int(left.argmin())] * FINER[:, None]
    return replace(ways, plans=_plans(group, ways.channels, speed, np.ones_like(speed)))


def _left(measured: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """(...) by how much a channel (n,) is beside each of some ways (..., n), in the mean."""
    left: np.ndarray = np.minimum(np.abs(measured - ways), CAP).mean(axis=-1)
    return left


def _plans(group: Group, known: Sequence[tuple[RecordedChannel, Drive]], speeds: np.ndarray, ramps: np.ndarray) -> np.ndarray:
    """(m, n, k) what drives plan with so many times their speeds and ramps (m, 1)."""
    speed, ramp = (np.array([getattr(drive, word) for _, drive in known]) for word in ("speed", "ramp"))
    place, rise = np.array([_begin(channel.columns["measured"], group.dt, drive) for channel, drive in known]).T
    command = np.column_stack([channel.columns["command"] for channel, _ in known])
    return planned(command, group.dt, speeds * speed, ramps * ramp, place, rise)


def _begin(measured: np.ndarray, dt: float, drive: Drive) -> tuple[float, float]:
    """Place and speed of the plan in the first row, which show in the measurement that much later."""
    row = int(min(max(round(drive.late / dt), 0), len(measured) - 2))
    place = (float(measured[row]) - drive.zero) / drive.gain
    rise = float(measured[min(row + 1, len(measured) - 1)] - measured[max(row - 1, 0)])
    speed = rise / drive.gain / (dt * (2 if row > 0 else 1))
    return place, float(np.clip(speed, -drive.speed, drive.speed))


def later(x: np.ndarray, rows: float) -> np.ndarray:
    """Columns (n, ...) so many rows later, of which the part of a row counts as well."""
    at = np.clip(np.arange(len(x)) - rows, 0.0, len(x) - 1.0)
    low = at.astype(int)
    part = (at - low).reshape(-1, *[1] * (x.ndim - 1))
    return np.asarray(x[low] * (1.0 - part) + x[np.minimum(low + 1, len(x) - 1)] * part)


def beside(
    measured: np.ndarray, way: np.ndarray, dt: float, until: int | None = None, held: int = 1, within: float = 0.0
) -> dict[str, np.ndarray]:
    """Word of `SPANS` -> (n,) how far a column is above its way, or below it where negative; zero while a take begins, and
    at the end of what the column goes, and from row `until` on.

    Args:
        held: rows that each command stands for: which of them had a new one is not recorded, so that a way is known to so many rows;
            within: how far a drive comes meanwhile by a command that is not recorded.
    """
    low, high = _about(way, held, within)
    out = np.maximum(measured - high, 0.0) - np.maximum(low - measured, 0.0)
    ends = ((way > measured) & (measured > measured.max() - AT_ITS_END)) | ((way < measured) & (measured < measured.min() + AT_ITS_END))
    out[ends] = 0.0
    return _averaged(out, dt, until)


def beyond(
    measured: np.ndarray, way: np.ndarray, dt: float, until: int | None = None, held: int = 1, within: float = 0.0
) -> dict[str, np.ndarray]:
    """The same of a finger, beside the nearest to where it is measured that its drive and what it holds allow."""
    return _averaged(measured - stopped(measured, *_about(way, held, within)), dt, until)


def stopped(measured: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(n,) the nearest to where a finger is measured (n,) that its drive and what it holds allow: from row to row it stands, or goes
    towards the way of its drive, which is between `low` and `high` (n,), and no further. What stops a finger sends it nowhere."""
    out, at = np.empty(len(measured)), float(measured[0])
    for row, (x, least, most) in enumerate(zip(measured.tolist(), low.tolist(), high.tolist())):
        at = out[row] = min(max(x, min(least, at)), max(most, at))
    return out


def _about(way: np.ndarray, held: int, within: float) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the lowest and the highest that a way (n,) is in the rows beside each, and so much further."""
    low, high = (of(way, 2 * held + 1, mode="nearest") for of in (minimum_filter1d, maximum_filter1d))
    return low - within, high + within


def _averaged(out: np.ndarray, dt: float, until: int | None) -> dict[str, np.ndarray]:
    out[: min(round(BEGIN / dt), len(out))] = 0.0
    out[until or len(out) :] = 0.0
    return {word: uniform_filter1d(out, max(1, round(s / dt)), mode="nearest") for word, s in SPANS.items()}


def driven(group: Group, drives: Mapping[str, Drive]) -> Iterator[tuple[RecordedChannel, Drive]]:
    """The channels of a group of which the drive is known; not those of which the command is two or three values."""
    for channel in group.channels:
        if channel.is_of_two_places:
            continue
        if channel.name in drives and channel.has_both and channel.unit != "rad":
            yield channel, drives[channel.name]
