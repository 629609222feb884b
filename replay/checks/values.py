"""Are the numbers readings at all? NaN, placeholders, and what no device measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..recording.quantities import EFFORTS, SPEEDS
from ..recording.recording import Stream
from ..recording.things import holds_unseen
from ..signals.channels import SCALE, ends_of, units_of
from ..signals.clock import seconds
from ..signals.signal import runs
from .check import Check
from .finding import Finding, worst_of
from .rules import Rules

COUNTED = ("tick", "count")  # units in which 999 or 32767 may be where a device rests; so it is within a range as `0..1000`
COUNTS_TO = 255.0  # at least, the end of a range of counts
BRIEF = 3  # samples, for which such a device may read as none
APART = 2.0  # times the largest step of a channel: what is further from its neighbours was not passed on the way
LEAST_JOINTS, MOST_FILLED = 3, 8  # joints at least, and values in the order of their size, of which rows that nobody filled are asked
NEAR_NOUGHT = 0.05  # rad: joints that are all so near to zero elsewhere do not leap there
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
    for number in np.unique(values[alike, 0])[:MOST_FILLED] if alike.any() else ():
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
)
