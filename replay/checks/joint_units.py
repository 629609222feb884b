"""Do joints count in the unit that is declared? Degrees where radians are, and other units of angles."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..recording.normalised import NORMALISED, normalised
from ..recording.recording import Stream
from ..robots.limits import Limits
from ..signals.channels import PER_DEGREE, SCALE, columns, in_radians, shared
from ..signals.clock import seconds, topic
from ..signals.signal import find_lag
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
ANSWERS = 1.5  # s: in less a joint that is commanded late, as over a link, has hardly set out, and goes no certain share of the way
AGREE, IN_PART = 0.1, 0.3  # rad between two streams of one unit, in the middle; share of the rows in which they have to be
# joints at least of which a unit is asked without a range, turns that no joint of an arm makes, times the end of its range that none goes;
# other units of angles in rad, and joints that a finding names
LEAST_JOINTS, NO_JOINT, FARTHER, MOST_NAMED = 3, 2.0, 3.0, 8
WHEEL = re.compile(r"wheel|drive|caster|castor|track|steer", re.IGNORECASE)
TURNED = NO_JOINT * 2.0 * np.pi
# degrees, within which a joint reads that is measured in radians; numbers that it goes, for a motion; and by how much past its range most
# of it is, read so
WITHIN, MOVES, OUTSIDE = 2.0 * math.pi, 0.3, 0.02
OTHER_UNITS = {"deg": PER_DEGREE, "mrad": 1e-3, "0.01 deg": 1e-2 * PER_DEGREE, "0.001 deg": 1e-3 * PER_DEGREE}
FINE, REACHED = ("0.01 deg", "0.001 deg"), 0.1  # of which any value is a small angle; share of their ranges that most joints reach in them


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
        "unit.degrees",
        run=_units,
        settings={"overshoot": "share", "correlation": "share"},
        fix=_unit,
        spoils="values",
        shown_by="degrees for radians",
    ),
)
