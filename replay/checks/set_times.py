"""Do the times and counters of a set agree? `timestamp`, `fps`, `frame_index`, `index`, `episode_index`, `task_index`.

Row k of an episode belongs at `frame_index / fps`. LeRobot refuses a set in which two rows are not 1 / fps apart, to within
`tolerance_s` = 1e-4 s (`check_timestamps_sync`), and takes for each row the picture at its time, to within the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recording.declared import Declared
from ..recording.recording import Recording
from ..signals.grid import SAME_RATE, RowGrid, fitted
from .check import Check
from .curves import MS
from .finding import Finding, Plot, worst_of
from .fixes import rewrite
from .inputs import of_set
from .rules import Rule, Rules

FEW = 0.02  # share of steps that may be odd for the others to make a grid with some jumps in it
EVEN = 0.25  # of the period, how far a tick may be from its median one for the ticks to be a grid at all
LONGEST = 1e6  # s, no episode is longer; what stands beyond it is not held more coarsely
UNITS_OF_TIME = {"ms": 1e-3, "us": 1e-6, "ns": 1e-9, "1/100 s": 1e-2}  # in seconds
SAME_UNIT = 0.02  # share by which a rate may differ for its times to be those of another unit
MOST = 0.5  # share by which an announced rate may be off at the most: of a thousand rows a second LeRobot's tolerance is a tenth of a row
ALIKE = 8  # steps of another length, one after the other, that are no chance
COUNTED = 9e9  # s, beyond which nanoseconds have no room in an int64


def tolerance_s(t: np.ndarray, rule: Rule) -> float:
    """How exactly a row's time is held [s]: LeRobot's tolerance, and what float32 seconds of this size can tell.

    Args:
        t: (n,) s.
    """
    largest = min(float(np.abs(t[np.isfinite(t)]).max(initial=0.0)), LONGEST)
    return rule.bound("fail") + float(np.spacing(np.float32(largest)))


def grid_of(t: np.ndarray) -> RowGrid | None:
    """The grid on which rows stand, as an import takes them; None where they stand on none. t: (n,) s."""
    if len(t) < 3 or not np.isfinite(t).all() or np.abs(t).max() >= COUNTED:
        return None
    grid = fitted(np.rint(1e9 * t).astype(np.int64))
    return grid if grid is not None and grid.exact else None


def rate_of(t: np.ndarray) -> float | None:
    """The rate of a clock [Hz]: of the grid on which it stands, else by its median step; None for one that does not move."""
    if (grid := grid_of(t)) is not None:
        return grid.rate
    step = np.diff(t)
    step = step[np.isfinite(step)]
    median = float(np.median(step)) if len(step) else 0.0
    if median <= 0.0:
        return None
    # float32 seconds are coarse: the mean of the steps near the median tells the rate better
    near = step[np.abs(step - median) <= EVEN * median]
    return 1.0 / float(near.mean())


def witnesses(declared: Declared) -> dict[str, float]:
    """What else tells the rate of the rows [Hz], by name: the control period, another clock, videos, the times themselves."""
    found = {}
    if declared.period_s:
        found["control_timestep"] = 1.0 / declared.period_s
    if declared.clock_ns is not None and (rate := rate_of(declared.clock_ns * 1e-9)):
        found["clock"] = rate
    video = next((one for one in declared.videos if one.pictures and one.file_s), None)
    if video is not None and video.pictures and video.file_s:
        found["video"] = video.pictures / video.file_s
    if declared.timestamp is not None and (rate := rate_of(declared.timestamp)):
        found["timestamp"] = rate
    return found


def check_fps(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.fps`: is the announced rate that of the rows?

    Held against every witness. Where most of them contradict it, it is the rate that is wrong; where one of several does,
    that one is, and `set.timestamp` says so. Times that are measured, and so come unevenly, make it a WARN: they are what
    the episode is judged by. What is announced and is no rate (-30, NaN) is a FAIL; a text that says the right one, a WARN.
    """
    rule = rules["set.fps"]
    if not declared.fps and declared.no_rate is None:
        return [rule.not_applicable("no_fps")]
    rates = witnesses(declared)
    if not declared.fps:
        by = next(iter(rates), None)
        details = {"kind": "none", "said": declared.no_rate, "rates": rates, "rate": rates.get(by or "")}
        return [rule.finding(level="FAIL", subject=("fps",), excess=1.0, details=details | ({"by": by} if by else {}))]
    if declared.no_rate is not None:
        return [_text(one, declared, rule) for one in _held(declared, rules, rates)]
    return _held(declared, rules, rates)


def _text(finding: Finding, declared: Declared, rule: Rule) -> Finding:
    """What is found of a rate that is written as a text: a WARN at least, as who reads it has to guess."""
    if finding.failed:
        return finding
    return rule.finding(level="WARN", subject=("fps",), details={**finding.details, "kind": "text", "said": declared.no_rate})


def _held(declared: Declared, rules: Rules, rates: dict[str, float]) -> list[Finding]:
    """The announced rate held against its witnesses."""
    rule = rules["set.fps"]
    assert declared.fps is not None
    if not rates or declared.n < 3:
        return [rule.not_applicable("too_short" if declared.n < 3 else "no_timestamps")]
    # of one step, as LeRobot holds it; a slow drift shows in where the last rows stand
    bound = min(rules["set.timestamp"].bound("fail") * declared.fps, MOST)
    off = {name: rate / declared.fps - 1.0 for name, rate in rates.items()}
    against = {name: share for name, share in off.items() if abs(share) > max(bound, SAME_RATE)}
    details: dict[str, Any] = {"fps": declared.fps, "rates": rates}
    if 2 * len(against) <= len(off):
        value = min(off.values(), key=abs)
        return [rule.passed(value=abs(value), limit=bound, margin=bound - abs(value), details=details)]
    worst = max(against, key=lambda name: abs(against[name]))
    graded = rule.grade_value(abs(against[worst]), fail=bound)
    if set(against) == {"timestamp"} and declared.timestamp is not None and is_measured(declared.timestamp):
        graded["level"] = "WARN"
        details["kind"] = "measured"
    details |= {"rate": rates[worst], "by": worst}
    if worst == "timestamp" and (unit := counted_in(rates[worst] / declared.fps)) is not None:
        details |= {"kind": "unit", "counts_in": unit}
    return [rule.finding(subject=("fps",), **graded, details=details)]


def counted_in(share: float) -> str | None:
    """The unit in which times count that are read as seconds, by the share of the true rate that they show."""
    return next((unit for unit, size in UNITS_OF_TIME.items() if abs(share / size - 1.0) <= SAME_UNIT), None)


def several(rows: np.ndarray) -> int | None:
    """How many places, where there is more than one to be reported."""
    return len(rows) if len(rows) > 1 else None


def is_measured(t: np.ndarray) -> bool:
    """Whether times only rise and come as unevenly as a clock that is read: no grid with some odd steps in it."""
    step = np.diff(t)
    if len(step) < 2 or not np.isfinite(step).all() or (step < 0).any():
        return False
    median = float(np.median(step))
    odd = np.abs(step - median) > max(1e-3 * median, 2e-4)
    return bool(median > 0 and odd.mean() > 5 * FEW)


def rate_to_judge_by(declared: Declared, fps_finding: Finding | None) -> float | None:
    """Rows a second that times are held against: the announced ones, or those of the clock that refutes them."""
    if fps_finding is not None and fps_finding.failed:
        return declared.fps if fps_finding.details.get("by") is None else float(fps_finding.details["rate"])
    return declared.fps


def check_timestamp(declared: Declared, rules: Rules, fps: float | None) -> list[Finding]:
    """`set.timestamp`: does every row stand at frame_index / fps?

    Args:
        fps: rows a second, see `rate_to_judge_by`.

    `details["kind"]` tells how they do not: `nonfinite`, `back`, `constant`, `jumped`, `stretched`, `uneven`, `rounded`, or
    `offset` for a whole episode that begins later. `value` is how far a row stands from its place at most [s]. FAIL where two
    rows are not a frame apart to within LeRobot's tolerance, or a row stands nearer to another's place, or the set's own clock begins
    where the rows do and the stamps begin elsewhere; WARN for any other offset, for a slow drift that keeps each row at its own place,
    for stamps that are rounded, and for measured times that only come unevenly.
    """
    rule, t = rules["set.timestamp"], declared.timestamp
    if t is None:
        return [rule.not_applicable("no_timestamps")]
    if not fps or not len(t):
        return [rule.not_applicable("no_fps")]
    frame = declared.frame
    due = (frame - frame[0]) / fps
    limit = tolerance_s(t, rule)

    def found(level: str, kind: str, value: float | None, rows: np.ndarray, **more: Any) -> list[Finding]:
        over = None if value is None else max(0.0, value - limit)
        first, last = (int(rows[0]), int(rows[-1])) if len(rows) else (0, len(t) - 1)
        return [
            rule.finding(
                level=level, subject=("timestamp",), t0=float(due[first]), t1=float(due[last]), value=value, limit=limit,
                margin=None if over is None else -over, excess=1.0 if over is None else over / rule.size(limit),
                share=len(rows) / len(t), details={"kind": kind, "row": first, "fps": fps, "count": len(rows), **more},
            )
        ]  # fmt: skip

    finite = np.isfinite(t)
    if not finite.all():
        return found("FAIL", "nonfinite", None, np.flatnonzero(~finite))
    start = float(t[0])
    off = t - start - due
    begins = np.flatnonzero(np.abs(off) > limit)
    largest = float(np.abs(off).max())
    step, want = np.diff(t), np.diff(due)
    back = np.flatnonzero(step < 0)
    if len(back):
        size = float(-step[back].min())
        rows = begins if len(begins) else back + 1
        row = int(back[0]) + 1
        return found(
            "FAIL", "back", max(size, largest), rows, row=row, back=size, frames=largest * fps, times=several(back)
        )
    if len(t) > 1 and not step.any():
        return found("FAIL", "constant", largest, np.arange(1, len(t)))
    odd = np.flatnonzero(np.abs(step - want) > limit)
    factor = float((t[-1] - start) / due[-1]) if due[-1] > 0 else 1.0
    if not len(odd) and limit < largest <= 0.5 / fps:
        return found("WARN", "stretched", largest, begins, factor=factor)
    if not len(odd) and largest <= limit:
        if abs(start - frame[0] / fps) <= limit:
            return [rule.passed(value=largest, limit=limit, margin=limit - min(largest, limit), details={"fps": fps})]
        late = start - float(frame[0]) / fps
        clock = declared.clock_ns
        shown = clock is not None and len(clock) > 0 and abs(1e-9 * float(clock[0]) - float(frame[0]) / fps) <= 0.5 / fps
        return found("FAIL" if shown else "WARN", "offset", abs(late), np.arange(len(t)), late=late)
    if len(odd) <= max(1, round(FEW * len(step))) and largest > 0:
        worst = int(odd[np.abs(step - want)[odd].argmax()]) if len(odd) else 0
        if len(odd):
            size = float(step[worst] - want[worst])
            rows = begins if len(begins) else odd + 1
            return found(
                "FAIL", "jumped", largest, rows, row=worst + 1, jump=size, frames=largest * fps, times=several(odd)
            )
    grid = grid_of(t) if declared.clock_ns is None else None
    if grid is not None and grid.whole and grid.stands_on(fps):
        return found("WARN", "rounded", largest, begins, quantum=grid.quantum_ns * 1e-9)
    even = np.abs(step - factor * want) <= max(limit, 1e-3 * factor / fps)
    if even.mean() >= 1.0 - FEW:
        return found("FAIL", "stretched", largest, begins, factor=factor)
    if (part := even_part(step, want, limit)) is not None:
        return found("FAIL", "stretched", largest, begins, factor=part)
    level = "WARN" if declared.clock_ns is None and is_measured(t) else "FAIL"
    return found(level, "uneven", largest, begins, longest=float(step.max()), shortest=float(step.min()))


def even_part(step: np.ndarray, want: np.ndarray, limit: float) -> float | None:
    """Times what is due that the steps of one part of a take are, where all of them are alike and all others as they should be: stamps that
    were computed, for a clock that is read comes unevenly everywhere. None where they are not.

    Args:
        step, want: (n,) s between rows, as stamped and as due; limit: s, within which two are the same.
    """
    odd = np.flatnonzero(np.abs(step - want) > limit)
    if len(odd) < ALIKE or odd[-1] - odd[0] + 1 != len(odd) or float(np.ptp(step[odd])) > 2.0 * limit:
        return None
    return float(step[odd].mean() / want[odd].mean())


def steps_back(declared: Declared | None) -> tuple[float, float, int] | None:
    """Where the column `timestamp` of a set steps back: (second of the row, largest step back [s], how often); else None."""
    if declared is None or declared.timestamp is None or len(declared.timestamp) < 2:
        return None
    step = declared.timestamp[1:] - declared.timestamp[:-1]
    back = [i for i, one in enumerate(step.tolist()) if one < 0 and np.isfinite(one)]
    if not back:
        return None
    return (back[0] + 1) / (declared.fps or 1.0), float(-step[back].min()), len(back)


def check_counters(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.counter`: `frame_index` counts 0, 1, 2, ...; `index` runs on through the set; the episode is one and right; its
    task is known. The worst of them; `details["kind"]` tells how it counts wrongly.

    A lost, repeated or misplaced row is a FAIL, as is a task that no table knows, which LeRobot cannot look up, and one that the table of
    episodes does not give to the episode: who trains reads that of the rows. A count that only begins elsewhere is a WARN.
    """
    rule = rules["set.counter"]
    if not declared.counters:
        return [rule.not_applicable("no_counters")]
    found = []
    for name, values in declared.counters.items():
        found += {
            "frame_index": _frame_index, "index": _index, "episode_index": _episode_index, "task_index": _task_index,
        }[name](declared, values, rule)  # fmt: skip
    bad = [one for one in found if one.level != "PASS"]
    rank = {"frame_index": 0, "episode_index": 1, "index": 2, "task_index": 3}
    # a lost row shows in all of them, and in the first most plainly; rows of another episode are no matter of their order
    bad.sort(key=lambda one: (one.details["kind"] != "foreign", rank[one.subject[0]]))
    return worst_of(bad) or [rule.passed(value=0.0, limit=0.0, margin=0.0, subject=tuple(declared.counters))]


def _wrong(
    declared: Declared, rule: Rule, name: str, kind: str, rows: np.ndarray, level: str = "FAIL", **more: Any
) -> Finding:
    seconds = np.arange(declared.n) / declared.fps if declared.fps else None
    t0, t1 = (None, None) if seconds is None or not len(rows) else (float(seconds[rows[0]]), float(seconds[rows[-1]]))
    n = float(more.get("lost") or max(len(rows), 1))
    return rule.beyond(
        n, level=level, subject=(name,), t0=t0, t1=t1, share=len(rows) / max(declared.n, 1),
        details={"kind": kind, "row": int(rows[0]) if len(rows) else 0, "count": len(rows), "times": several(rows)} | more,
    )  # fmt: skip


def _runs_on(declared: Declared, values: np.ndarray, rule: Rule, name: str) -> Finding | None:
    """Where a counter does not run on by one, and how: with gaps, repeated numbers, or back."""
    step = np.diff(values)
    odd = np.flatnonzero(step != 1)
    if not len(odd):
        return None
    kind = "gap" if (step > 0).all() else "repeated" if (step >= 0).all() else "back"
    lost = int((step[odd] - 1).sum()) if kind == "gap" else 0
    before, after = int(values[odd[0]]), int(values[odd[0] + 1])
    return _wrong(declared, rule, name, kind, odd + 1, before=before, after=after, lost=lost)


def _frame_index(declared: Declared, values: np.ndarray, rule: Rule) -> list[Finding]:
    if (odd := _runs_on(declared, values, rule, "frame_index")) is not None:
        return [odd]
    if len(values) and values[0] != 0:
        # as many rows as are missing at the beginning of the episode
        level = "FAIL" if declared.length is not None and declared.length > declared.n else "WARN"
        return [_wrong(declared, rule, "frame_index", "begins", np.zeros(1, int), level, first=int(values[0]), expected=0)]
    return []


def _index(declared: Declared, values: np.ndarray, rule: Rule) -> list[Finding]:
    if (odd := _runs_on(declared, values, rule, "index")) is not None:
        return [odd]
    begin = declared.place if declared.place is not None or declared.span is None else declared.span[0]
    if len(values) and begin is not None and values[0] != begin:
        return [_wrong(declared, rule, "index", "begins", np.arange(declared.n), "WARN", first=int(values[0]), expected=begin)]
    return []


def _episode_index(declared: Declared, values: np.ndarray, rule: Rule) -> list[Finding]:
    number = declared.number if declared.number is not None else int(values[0]) if len(values) else 0
    rows = np.flatnonzero(values != number)
    if len(rows):
        return [_wrong(declared, rule, "episode_index", "other", rows, first=int(values[rows[0]]), expected=number)]
    frame, length = declared.counters.get("frame_index"), declared.length
    if frame is None or not length or length >= len(frame) or (np.diff(frame) == 1).all():
        return []
    for rows in (np.arange(length, len(frame)), np.arange(len(frame) - length)):  # before or behind its own
        if np.array_equal(np.delete(frame, rows), np.arange(length)):
            return [_wrong(declared, rule, "episode_index", "foreign", rows, first=int(frame[rows[0]]), expected=number)]
    return []


def _task_index(declared: Declared, values: np.ndarray, rule: Rule) -> list[Finding]:
    if declared.tasks is None:
        return []
    rows = np.flatnonzero(~np.isin(values, sorted(declared.tasks)))
    if len(rows):
        return [_wrong(declared, rule, "task_index", "unknown", rows, first=int(values[rows[0]]), expected=len(declared.tasks))]
    if declared.given is None or not len(rows := np.flatnonzero(~np.isin(values, sorted(declared.given)))):
        return []
    level = "FAIL" if declared.given else "WARN"  # a sentence that was written anew in one table alone misleads nobody
    expected = ", ".join(map(str, sorted(declared.given))) or None
    return [_wrong(declared, rule, "task_index", "task", rows, level, first=int(values[rows[0]]), expected=expected)]


def _rate_and_times(declared: Declared, rules: Rules) -> list[Finding]:
    """The rate first: a clock that refutes it is what the times are held against."""
    rate = check_fps(declared, rules)
    return [*rate, *check_timestamp(declared, rules, rate_to_judge_by(declared, rate[0]))]


def _off_grid(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    """How far each row's `timestamp` stands from frame_index / fps."""
    declared = recording.declared
    if declared is None or declared.timestamp is None or not declared.fps or len(declared.timestamp) < 2:
        return None
    frame = declared.frame
    due = (frame - frame[0]) / declared.fps
    bound = rules["set.timestamp"].bound("fail")
    limits = [{"name": "limit", "value": MS * sign * bound} for sign in (-1, 1)]
    trace = {"name": "timestamp", "t": due, "y": MS * (declared.timestamp - declared.timestamp[0] - due)}
    return Plot("off_grid", "timestamp", "ms", [trace], limits)


def _counted(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    """A counter of the set, less the number of the row."""
    declared = recording.declared
    if declared is None or not declared.fps or declared.n < 2:
        return None
    name = next((one for one in finding.subject if one in declared.counters), "frame_index")
    if name not in declared.counters or name not in ("frame_index", "index"):
        return None
    values, k = declared.counters[name], np.arange(declared.n)
    return Plot(
        "counted", name, "1", [{"name": name, "t": k / declared.fps, "y": (values - values[0] - k).astype(float)}]
    )


_TIMES = of_set(_rate_and_times, "set.fps", "set.timestamp")
CHECKS = (
    Check(
        "set.counter",
        run=of_set(check_counters, "set.counter"),
        fix=rewrite,
        curve=_counted,
        of="set",
        # rows that are lost or misplaced
        explains=("set.timestamp", "set.length", "set.video", "set.stats", "reproduces", "clock.gap", "clock.jitter"),
        shown_by="set's rows lost",
    ),
    Check(
        "set.fps",
        run=_TIMES,
        fix=rewrite,
        of="set",
        explains=("set.timestamp", "set.video", "clock.unit", "clock.gap", "clock.jitter"),
        shown_by="set's rate wrong",
        no_curve="two numbers are compared",
    ),
    Check(
        "set.timestamp",
        run=_TIMES,
        fix=rewrite,
        curve=_off_grid,
        of="set",
        explains=("clock.backwards", "clock.unit", "clock.gap", "clock.jitter", "set.stats"),
        shown_by="set's times step back",
    ),
)
