"""Do the numbers mean what they are said to mean? NaN, placeholders, and degrees where radians are declared."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..recording.normalised import NORMALISED, normalised
from ..recording.quantities import EFFORTS, SPEEDS
from ..recording.recording import Stream
from ..recording.things import holds_unseen
from ..robots.limits import Limits
from ..signals.channels import PER_DEGREE, SCALE, columns, ends_of, in_radians, shared, units_of
from ..signals.clock import seconds, topic
from ..signals.signal import find_lag, runs
from ..signals.statistics import percentile
from .beyond_stops import in_degrees, is_ranged
from .check import Check
from .finding import Finding, worst_of
from .fixes import Fix, Known, about
from .inputs import Recorded
from .rules import Rule, Rules
from .scales_apart import OwnScales, outside_of_ranges, part_elsewhere, scales_apart

DEGREES_BAND = (28.0, 115.0)  # command over state: 57.3 for degrees, with a factor of two for a state that moves less
# the same where no joint is outside its range as declared; times by which the factors of joints differ that one unit does not make
DEGREES_ALONE, ONE_UNIT = (48.0, 70.0), 1.35
COUNTED = ("tick", "count")  # units in which 999 or 32767 may be where a device rests; so it is within a range as `0..1000`
COUNTS_TO = 255.0  # at least, the end of a range of counts
ANSWERS = 1.5  # s: in less a joint that is commanded late, as over a link, has hardly set out, and goes no certain share of the way
AGREE, IN_PART = 0.1, 0.3  # rad between two streams of one unit, in the middle; share of the rows in which they have to be
BRIEF = 3  # samples, for which such a device may read as none
APART = 2.0  # times the largest step of a channel: what is further from its neighbours was not passed on the way
# joints at least of which a unit is asked without a range, turns that no joint of an arm makes, times the end of its range that none goes;
# other units of angles in rad, and joints that a finding names
LEAST_JOINTS, NO_JOINT, FARTHER, MOST_NAMED = 3, 2.0, 3.0, 8
WHEEL = re.compile(r"wheel|drive|caster|castor|track|steer", re.IGNORECASE)
TURNED = NO_JOINT * 2.0 * np.pi
NEAR_NOUGHT = 0.05  # rad: joints that are all so near to zero elsewhere do not leap there
# degrees, within which a joint reads that is measured in radians; numbers that it goes, for a motion; and by how much past its range most
# of it is, read so
WITHIN, MOVES, OUTSIDE = 2.0 * math.pi, 0.3, 0.02
OTHER_UNITS = {"deg": PER_DEGREE, "mrad": 1e-3, "0.01 deg": 1e-2 * PER_DEGREE, "0.001 deg": 1e-3 * PER_DEGREE}
FINE, REACHED = ("0.01 deg", "0.001 deg"), 0.1  # of which any value is a small angle; share of their ranges that most joints reach in them
ALL_PLACEHOLDER = -1.0  # a device that is not connected often reads as -1 throughout
# times what a channel usually holds, one of its units at least, from where on a few cells are no measurement; and the size of memory
# that nobody wrote, which no channel holds however often
ABSURD, NEVER = 1e4, 1e30
FEW = 0.1  # of the rows
FORCES = ("wrench", "joint_torque", "effort", "touch", "force")


def check_nonfinite(streams: Sequence[Stream], rules: Rules, origin: int, own: bool = False) -> list[Finding]:
    """`value.nonfinite`: NaN or infinity anywhere; the first and last place, and how many.

    A WARN where a thing was not seen, and where a measured speed or effort is NaN from the first row to the last: so drivers write what a
    joint does not measure (`joint_state_broadcaster` of ros2_control).

    Args:
        own: whether it is an episode of our simulation, which sees each thing.
    """
    rule, found = rules["value.nonfinite"], []
    for stream in streams:
        bad = ~np.isfinite(stream.values)
        if not bad.any():
            continue
        lacks = not own and stream.role == "measured" and stream.quantity in (*SPEEDS, *EFFORTS)
        absent = np.isnan(stream.values).all(axis=0) & lacks
        unseen = not own and holds_unseen(stream)
        for of, kind in ((absent, "absent"), (~absent, "unseen" if unseen else None)):
            rows = np.flatnonzero(bad[:, of].any(axis=1))
            if not len(rows):
                continue
            t, count = seconds(stream, origin), int(bad[:, of].sum())
            names = [stream.names[j] for j in np.flatnonzero(bad.any(axis=0) & of)]
            found.append(
                rule.finding(
                    subject=(stream.name, *names[:8]),
                    t0=float(t[rows[0]]),
                    t1=float(t[rows[-1]]),
                    share=len(rows) / stream.n,
                    **rule.grade_value(float(count)) | ({"level": "WARN"} if kind else {}),
                    details={"count": count, "stream": stream.name, "elements": names} | ({"kind": kind} if kind else {}),
                )
            )
    return worst_of(found) or [rule.passed(value=0.0, limit=0.0, margin=0.0)]


def check_sentinel(streams: Sequence[Stream], rules: Rules, origin: int) -> list[Finding]:
    """`value.sentinel`: numbers that stand for "no reading" (999 and the like), -1 in every element throughout, or rows of one whole
    number (zero, -1) amid rows of joints that are elsewhere, or after them; and absurd ones.

    Such a number stands apart from its neighbours in time by more than `APART` of the channel's own steps, or is all that the
    channel holds. A channel that runs through 999 or rests near it measures it. Absurd is what is `ABSURD` times as large as what
    the channel holds else, in a few cells, or beyond `NEVER`.
    """
    rule, found = rules["value.sentinel"], []
    least = min(map(abs, rule.settings["placeholders"]), default=np.inf)
    filled = _filled(streams)
    for stream in streams:
        if stream.role in ("event", "image") or not stream.n:
            continue
        small = float(np.abs(stream.values).max(initial=0.0)) < min(least, ABSURD)  # not where a number is none
        bad = absurd = np.zeros(stream.values.shape, bool) if small else _absurd(stream.values, stream.quantity in FORCES)
        if stream.quantity not in ("imu", "placeholder") and not absurd.any():
            bad = np.zeros(stream.values.shape, bool)
            if not small and (np.abs(stream.values) >= least).any():
                bad = np.isin(stream.values, rule.settings["placeholders"])
            for j in np.flatnonzero(bad.any(axis=0)):
                bad[:, j] = _apart(stream.values[:, j], bad[:, j], _counts(stream, int(j)))
            if stream.n > 1 and (stream.values == ALL_PLACEHOLDER).all():
                bad[:] = True
            if stream.name in filled:
                bad |= filled[stream.name][:, None]
        if bad.any():
            rows, elements = np.flatnonzero(bad.any(axis=1)), np.flatnonzero(bad.any(axis=0))
            t = seconds(stream, origin)
            graded = rule.grade_value(float(bad.sum())) | {"value": float(stream.values[bad][0])}
            found.append(
                rule.finding(
                    subject=(stream.name, *(stream.names[j] for j in elements[:8])),
                    t0=float(t[rows[0]]),
                    t1=float(t[rows[-1]]),
                    share=float(bad.any(axis=1).mean()),
                    **graded,
                    details={
                        "count": int(bad.sum()),
                        "stream": stream.name,
                        "elements": [stream.names[j] for j in elements],
                        **({"kind": "absurd"} if absurd.any() else {}),
                    },
                )
            )
    return worst_of(found) or [rule.passed()]


def _absurd(values: np.ndarray, strikes: bool) -> np.ndarray:
    """(n, k) cells that no channel measures: beside the rest of their column there is no such size.

    Args:
        strikes: whether it holds forces, of which a blow may be any number of times as large as all else.
    """
    size = np.abs(np.where(np.isfinite(values), values, 0.0))
    largest = size.max(axis=0)
    out = size > NEVER
    for j in () if strikes else np.flatnonzero(largest > ABSURD):
        far = size[:, j] > ABSURD * max(float(np.median(size[:, j])), 1.0)
        if 0 < far.sum() <= FEW * len(far):
            out[:, j] |= _apart(values[:, j], far, counted=False)
    return out


def _apart(x: np.ndarray, placeholder: np.ndarray, counted: bool) -> np.ndarray:
    """(n,) which of the placeholders of a channel stand apart from the samples beside them.

    Args:
        x: (n,); placeholder: (n,) which of them are such numbers.
        counted: whether the channel may rest at one of them, so that only few in a row are no reading.
    """
    if placeholder.all():
        return np.full(len(x), not counted)
    step = np.abs(np.diff(x))
    own = step[~placeholder[1:] & ~placeholder[:-1] & np.isfinite(step)]
    largest = float(own.max(initial=0.0))
    out = np.zeros(len(x), bool)
    for first, last in runs(placeholder):
        beside = [step[i] for i in (first - 1, last) if 0 <= i < len(step) and np.isfinite(step[i])]
        far = not beside or min(beside) > APART * largest
        out[first : last + 1] = far and not (counted and last - first >= BRIEF)
    return out


def _filled(streams: Sequence[Stream]) -> dict[str, np.ndarray]:
    """(n,) of each stream of joints the rows that nobody filled.

    A command may be sent home at once and for long, and joints follow it: such rows at the end count where what was measured leaps as well.
    """
    of = [s for s in streams if s.quantity == "joint_position" and len(s.names) >= LEAST_JOINTS and s.role not in ("event", "image")]
    found = {s.name: _never_filled(s.values, NEAR_NOUGHT / SCALE.get(s.unit, 1.0)) for s in of if s.n}
    measured = [found[s.name] for s in of if s.n and s.role == "measured"]
    for stream in of:
        rows = found.get(stream.name)
        if stream.role != "command" or rows is None or rows.sum() <= FEW * len(rows):
            continue
        if not any(len(other) == len(rows) and other[rows].all() for other in measured):
            found[stream.name] = np.zeros(len(rows), bool)
    return found


def _never_filled(values: np.ndarray, near: float) -> np.ndarray:
    """(n,) few rows, or all those at the end, in which all joints have one whole number (zero, -1), to which most joints that are elsewhere
    in the rows beside them would have to leap: nobody filled them.

    Args:
        near: of a joint's values that it does not leap from to that number: steps are all so near.
    """
    alike = (values == values[:, :1]).all(axis=1) & (values[:, 0] == np.rint(values[:, 0]))
    out = np.zeros(len(values), bool)
    for number in np.unique(values[alike, 0])[:MOST_NAMED] if alike.any() else ():
        empty = alike & (values[:, 0] == number)
        rest = len(empty) - int(empty.sum())  # rows at the end alone fill a take up to some length, however many they are
        if not (0 < empty.sum() <= FEW * len(empty) or (rest > 1 and empty[rest:].all())):
            continue
        away = np.abs(values - number) > near
        far = away[~empty].any(axis=0)
        leaps = np.column_stack([_apart(values[:, j], empty, counted=False) & far[j] for j in range(values.shape[1])])
        beside = np.convolve(empty, np.ones(3))[1:-1] > 0.0
        seen = int(away[beside & ~empty].any(axis=0).sum())
        out |= empty & (leaps.sum(axis=1) >= max(LEAST_JOINTS, 0.5 * seen))
    return out


def _counts(stream: Stream, column: int) -> bool:
    """Whether numbers as large as placeholders are a channel's own: it counts, or its unit or the container gives it such a range."""
    unit = units_of(stream)[column]
    ends = ends_of(unit)
    ranges = stream.meta.get("range")
    high = ends[1] if ends else float(ranges[column][1]) if ranges else 0.0
    return unit in COUNTED or high >= COUNTS_TO


def check_units(
    command: Stream | None, state: Stream | None, limits: Limits, rules: Rules, origin: int
) -> list[Finding]:
    """`unit.degrees`: do the joint angles fit the unit that they are read in?

    Two witnesses, joint by joint: the joint's range (read in its unit the value overshoots by more than the whole
    range, read in
    the other unit it lies inside), and the other stream (the two move alike, 57 times too far). A range alone cannot
    tell a
    small motion in degrees from one in radians, and a joint driven a little past its range is no matter of units.
    The unit under judgement is `Stream.unit`; what the container claims (`declared_unit`) is reported where it differs.
    """
    rule, found = rules["unit.degrees"], []
    out = {
        stream.name: _outside(stream, [name for name in stream.names if name in limits], limits, rule.settings["overshoot"])
        for stream in (command, state)
        if stream is not None and stream.unit in SCALE and stream.n
    }
    further: dict[str, float] = {}
    if command is not None and state is not None and {command.name, state.name} <= set(out):
        further = _scales_against(command, state, rule.settings["correlation"], any(out.values()))
    for stream, other in ((command, state), (state, command)):
        if stream is None or stream.unit not in SCALE or not stream.n:
            continue
        names = [name for name in stream.names if name in limits]
        outside = set(out[stream.name])
        scales = further if stream is command else {name: 1.0 / ratio for name, ratio in further.items()}
        witnessed = {name: ratio if stream.unit == "rad" else 1.0 / ratio for name, ratio in scales.items()}
        # where the other stream is inside the range and this one moves some other number of times as far, it is scaled
        elsewhere = out[other.name] & set(names) if other is not None and scales else set()
        outside -= {name for name, ratio in witnessed.items() if name not in elsewhere and not _is_unit(ratio)}
        # nor is it a unit where the other stream is inside, and does not go the 57th part as far: the values are another joint's
        outside -= {name for name in outside - set(witnessed) if other is not None and _is_elsewhere(stream, other, name, out)}
        # nor where the two are as far in many of the rows: what is wrong in the others is no matter of a stream's unit
        outside -= {
            name for name in outside if other is not None and name not in out.get(other.name, ()) and _agrees_in_part(stream, other, name)
        }
        wrong_scale = [name for name, ratio in witnessed.items() if _is_unit(ratio)]
        if len(wrong_scale) * 2 < len(scales):
            wrong_scale = []  # a joint that hardly follows its command is no unit
        if not any(out.values()) and wrong_scale and not _is_one_unit([witnessed[name] for name in wrong_scale]):
            wrong_scale = []  # what is inside all ranges and moves another number of times as far may be steps, or another motion
        # the stream that leaves the joints' ranges is the wrong one; without that witness it is the larger reading
        guilty = [
            name
            for name in stream.names
            if name in outside or (name in wrong_scale and not _fits_twice(stream, other, name, limits))
        ]
        values = columns(stream, names) if names else stream.values
        lo, hi = (float(np.nanmin(values)), float(np.nanmax(values))) if values.size else (0.0, 0.0)
        details: dict[str, Any] = {
            "stream": stream.name,
            "role": stream.role,
            "declared": stream.declared_unit or stream.unit,
            "unit": stream.unit,
            "lo": lo,
            "hi": hi,
            "ratio": float(np.median(list(scales.values()))) if scales else None,
            "joints": guilty,
        }
        strange = [] if guilty else _no_angles(stream, limits)
        guilty = guilty or strange
        if not guilty:
            found.append(
                rule.passed(subject=(topic(stream),), value=max(abs(lo), abs(hi)), unit=stream.unit, details=details)
            )
            continue
        worst = max(guilty, key=lambda name: float(np.nanmax(np.abs(stream.column(name)))))
        reach = stream.column(worst)
        row = int(np.nanargmax(np.abs(reach)))
        lower, upper = (limits[worst].lower, limits[worst].upper) if worst in limits else (-np.pi, np.pi)
        unit: str | None = "deg" if stream.unit == "rad" else "rad"
        if strange:
            unit = _read_as(stream, strange, limits)
            details |= {"kind": "other"} if unit != "deg" else {}
        t = seconds(stream, origin)
        first, last = part_elsewhere(stream, other, guilty) or (int(t.argmin()), int(t.argmax()))
        details |= {"should_be": unit, "worst": worst}
        if worst in limits or not strange:
            details |= {"range_lo": lower, "range_hi": upper}
        bound = (upper if reach[row] > 0 else lower) / SCALE[stream.unit]
        size = abs(float(reach[row]) - bound) * SCALE[stream.unit]
        small = stream.unit == "deg" and not strange  # radians read as degrees leave no range far behind
        details |= {"kind": "small", "factor": 1.0 / PER_DEGREE} if small else {}
        found.append(
            rule.finding(
                level="FAIL",
                subject=(topic(stream), *(guilty[:MOST_NAMED] if 2 * len(guilty) <= len(stream.names) else ())),
                t0=float(t[first]),
                t1=float(t[last]),
                value=float(reach[row]),
                limit=None if small else bound,
                margin=None if small else -size,
                excess=1.0 if small else size / max(upper - lower, 1e-9),
                unit=stream.unit,
                share=len(guilty) / len(stream.names),
                details=details,
            )
        )
    failed = [one for one in found if one.failed]
    apart = scales_apart(command, state, origin)
    if apart is not None and (not failed or _are_of_several_scales(apart)):
        return [_of_own_scales(command, state, apart, limits, rule)]
    if not found:
        return [rule.not_applicable("not_recorded")]
    # two streams in two units, each fitting its own, is one answer: the details name both
    if failed:
        return worst_of(failed)
    found[0].details["streams"] = [dict(one.details) for one in found]
    return [found[0]]


def _of_own_scales(command: Stream | None, state: Stream | None, apart: OwnScales, limits: Limits, rule: Rule) -> Finding:
    """A FAIL of the stream that leaves the robot's ranges as it is declared; else the unit of one of the two is not known."""
    assert command is not None and state is not None
    scales = {name: {"factor": factor, "zero": zero} for name, (factor, zero) in apart.joints.items()}
    factors = sorted(factor for factor, _ in apart.joints.values())
    details = {
        "kind": "own_scale", "declared": state.unit, "joints": list(scales), "scales": scales, "least": factors[0], "most": factors[-1],
        "apart": apart.largest,
    }  # fmt: skip
    past = {stream.name: one for stream in (command, state) if (one := outside_of_ranges(stream, limits)) is not None}
    wrong = max((one for one in (state, command) if one.name in past), key=lambda one: past[one.name][1], default=None)
    about = {"unit": state.unit, "share": len(scales) / len(state.names), "subject": tuple(scales)[:MOST_NAMED]}
    if wrong is None:
        return rule.not_checked("scales_apart", value=apart.largest, details=details, **about)
    joint, beyond, end = past[wrong.name]
    size = SCALE[wrong.unit]
    reach = (end + beyond if end == limits[joint].upper else end - beyond) / size
    details |= {"stream": wrong.name, "role": wrong.role, "worst": joint, "range_lo": limits[joint].lower, "range_hi": limits[joint].upper}
    return rule.finding(
        level="FAIL", value=reach, limit=end / size, margin=-beyond, excess=beyond / (limits[joint].upper - limits[joint].lower),
        details=details, **about | {"subject": (topic(wrong), joint), "unit": wrong.unit},
    )  # fmt: skip


def _no_angles(stream: Stream, limits: Limits) -> list[str]:
    """Joints with values that are no angles in the stream's unit; none if few of its joints are so: one may turn without end, wheels do."""
    if stream.unit not in SCALE or stream.quantity != "joint_position" or len(stream.names) < LEAST_JOINTS:
        return []
    most = np.nanmax(np.abs(np.where(np.isfinite(stream.values), stream.values, np.nan)), axis=0, initial=0.0) * SCALE[stream.unit]
    far = [
        name for name, x in zip(stream.names, most)
        if x > (FARTHER * max(abs(limits[name].lower), abs(limits[name].upper), np.pi) if is_ranged(name, limits) else TURNED)
    ]  # fmt: skip
    far = [name for name in far if not WHEEL.search(name)]
    return far if 2 * len(far) >= len(stream.names) or len(far) >= LEAST_JOINTS else []


def _read_as(stream: Stream, names: Sequence[str], limits: Limits) -> str | None:
    """The unit in which values of joints are inside their ranges (one turn each way where none is known); None for no known unit."""
    for unit, size in OTHER_UNITS.items():
        ends = [
            max(abs(limits[n].lower), abs(limits[n].upper)) if is_ranged(n, limits) else 2.0 * np.pi for n in names
        ]
        shares = [float(np.nanmax(np.abs(stream.column(name)))) * size / end for name, end in zip(names, ends)]
        if max(shares) <= 1.1 and (unit not in FINE or float(np.median(shares)) > REACHED):
            return unit
    return None


def _is_unit(ratio: float) -> bool:
    return DEGREES_BAND[0] < ratio < DEGREES_BAND[1]


def _is_one_unit(ratios: Sequence[float]) -> bool:
    return DEGREES_ALONE[0] < float(np.median(ratios)) < DEGREES_ALONE[1]


def _are_of_several_scales(apart: OwnScales) -> bool:
    """Whether joints go by factors that differ more than servos of one unit do, and are not about that of a degree: shares of each joint's
    own range, as of -100 to 100."""
    factors = [max(factor, 1.0 / factor) for factor, _ in apart.joints.values()]
    return max(factors) > ONE_UNIT * min(factors) and not _is_one_unit(factors)


def _is_elsewhere(stream: Stream, other: Stream, name: str, out: Mapping[str, set[str]]) -> bool:
    if name not in other.names or other.name not in out or name in out[other.name]:
        return False
    sizes = [float(np.nanmax(np.abs(one.column(name)))) * SCALE[one.unit] for one in (stream, other)]
    return sizes[1] > 0.0 and not _is_unit(sizes[0] / sizes[1])


def _agrees_in_part(stream: Stream, other: Stream, name: str) -> bool:
    if name not in other.names or stream.n != other.n:
        return False
    a, b = (np.abs(one.column(name)) * SCALE[one.unit] for one in (stream, other))
    moved = b > AGREE  # near zero any unit agrees
    return bool(moved.any()) and float((np.abs(a - b)[moved] < AGREE).mean()) > IN_PART


def _outside(stream: Stream, names: Sequence[str], limits: Limits, overshoot: float) -> set[str]:
    """Joints with values that are impossible in the stream's unit, and possible in the other one."""
    if stream.unit == "deg":
        return _reads_too_small(stream, names, limits)
    if stream.unit != "rad":
        return set()
    return in_degrees({name: stream.column(name) for name in names if name in stream.names and is_ranged(name, limits)}, limits, overshoot)


def _reads_too_small(stream: Stream, names: Sequence[str], limits: Limits) -> set[str]:
    """All joints of a stream in degrees that are inside their ranges as radians only: none reads beyond a turn's radians, most go some
    tenths, and some one is outside its range most of the time, as degrees."""
    ranged = [name for name in names if name in stream.names and is_ranged(name, limits)]
    x = columns(stream, ranged)
    x = x[np.isfinite(x).all(axis=1)]
    if len(ranged) < LEAST_JOINTS or not len(x) or float(np.abs(x).max()) > WITHIN or 2 * (np.ptp(x, axis=0) > MOVES).sum() < len(ranged):
        return set()
    lower, upper = (np.array([getattr(limits[name], end) for name in ranged]) for end in ("lower", "upper"))
    slack = 0.1 * (upper - lower)
    inside = bool(((x >= lower - slack) & (x <= upper + slack)).all())
    read = x * PER_DEGREE
    outside = np.median(np.maximum(lower - read, read - upper), axis=0) > OUTSIDE
    return set(ranged) if inside and outside.any() else set()


def _scales_against(stream: Stream, other: Stream, correlation: float, anyway: bool) -> dict[str, float]:
    """How many times further each joint moves here than in the other stream, both in radians by their units.

    Args:
        anyway: else none is reported where no joint moves so many times further as a unit makes of it.
    """
    names = shared(stream, other)
    ta, tb = stream.time_ns * 1e-9, other.time_ns * 1e-9
    if not names or min(np.ptp(ta), np.ptp(tb)) < ANSWERS:
        return {}
    a, b = in_radians(stream, names), in_radians(other, names)
    spread_a, spread_b = _spread(a), _spread(b)
    # a stream that hardly moves has no scale: half a degree, or as much in radians misread as degrees
    moves = (np.maximum(spread_a, spread_b) > 0.02) & (np.minimum(spread_a, spread_b) > 0.02 * PER_DEGREE)
    if not anyway and not any(_is_unit(a / b) or _is_unit(b / a) for a, b in zip(spread_a[moves], spread_b[moves])):
        return {}
    lag = find_lag(ta - ta[0], a / np.maximum(spread_a, 1e-9), tb - ta[0], b / np.maximum(spread_b, 1e-9), moved=0.0)
    if lag is None:
        return {}
    return {
        name: float(spread_a[j] / spread_b[j])
        for j, name in enumerate(names)
        if moves[j] and lag.correlation[j] > correlation
    }


def _fits_twice(stream: Stream, other: Stream | None, name: str, limits: Limits) -> bool:
    """Whether the larger of two readings fits the range: then the smaller is wrong (radians read as degrees)."""
    if other is None or name not in limits:
        return False
    x = in_radians(stream, [name])
    return bool(other.unit == "deg" and (x >= limits[name].lower - 0.1).all() and (x <= limits[name].upper + 0.1).all())


def _spread(x: np.ndarray) -> np.ndarray:
    """(k,) 5th to 95th percentile; a stray sample has no say."""
    if not np.isfinite(x).all():
        x = np.where(np.isnan(x).all(axis=0), 0.0, x)  # a column without a number spreads over nothing
        low, high = np.nanpercentile(x, [5, 95], axis=0)
        return np.asarray(high - low)
    return np.array([percentile(column, 95.0) - percentile(column, 5.0) for column in x.T])


def _unit(finding: Finding, known: Known) -> Fix:
    unit = finding.details.get("should_be", "deg")
    if finding.details.get("kind") == "own_scale":
        unit = None
    known = {"deg": math.pi / 180.0, "rad": 180.0 / math.pi} | OTHER_UNITS
    return {"kind": "unit", "channel": about(finding), "unit": unit, "multiply": known.get(unit)}


def _units(r: Recorded) -> list[Finding]:
    """Of a set that was written normalised the unit is known of no column, whatever it is called."""
    kind = normalised(r.recording, r.command, r.state) if r.command is not None and r.state is not None else None
    if kind is None or r.command is None or r.state is None:
        return check_units(r.command, r.state, r.limits, r.rules, r.origin)
    names = (topic(r.command), topic(r.state))
    details = {"kind": NORMALISED, "normalised": kind, "compared": [r.command.name, r.state.name]}
    return [r.rules["unit.degrees"].not_checked(NORMALISED, subject=names, unit=r.state.unit, details=details)]


CHECKS = (
    Check(
        "value.nonfinite",
        run=lambda r: check_nonfinite(r.streams, r.rules, r.origin, r.recording.episode is not None),
        spoils="values",
        shown_by="commands not numbers",
    ),
    Check(
        "value.sentinel",
        run=lambda r: check_sentinel(r.streams, r.rules, r.origin),
        settings={"placeholders": "numbers"},
        spoils="values",
        shown_by="encoder without reading",
    ),
    Check(
        "unit.degrees",
        run=_units,
        settings={"overshoot": "share", "correlation": "share"},
        fix=_unit,
        spoils="values",
        shown_by="degrees for radians",
    ),
)
