"""Do the senders' clocks and the recorder's agree, and is every sample a new one?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..recording.features import ENVIRONMENT
from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE, in_radians
from ..signals.clock import by_topic, origin_ns, repeats, seconds, topic
from ..signals.signal import runs
from ..signals.statistics import resolution
from .check import Check
from .curves import MS, named
from .finding import Finding, Plot, worst_of
from .fixes import Fix, Known
from .rules import Rules

PROMPT = 5.0  # percentile of the delays that stands for a message that waited for nothing (others come in bursts)
THIRDS = 3
# of what a motion's next step leaves unexplained by the commands as they stand, over the same by lines between the new ones: below, the
# robot followed them as they stand; up to `UNSURE` nobody can tell (noise, a slow servo)
FOLLOWED, UNSURE = 0.95, 1.05
Way = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
FORESEEN = 1.2  # the same of lines that come late over lines that are known before: above, the robot knew what was not yet commanded
RECENT, ROUNDING = 9, 1e-5  # rows of command that a step may depend on; rad of a row that tell nothing
ENCODER = 2e-4  # rad that a usual encoder scatters by
EVEN = 0.9  # of the new values, that come after as many rows as the others, or one more or less: they are put on the grid so
RESTS = 3.0  # steps of the grid of a column, from new value to new value: a person who holds still goes no further
PADDED = 0.1  # of the rows that repeat the one before, evenly, from where on the rate is said though new ones come quickly enough


def check_skew(streams: Sequence[Stream], rules: Rules, origin: int) -> list[Finding]:
    """`clock.skew`: how far the clocks of several senders are apart, seen from the one clock of the recorder.

    Each stream that is judged by its capture time tells the promptest of its delays (receive minus capture). Delays of
    a network are milliseconds; a stream with a delay that differs from the others' by more is timed by another clock. Looked
    at by thirds of the take, the same number tells a clock that runs at another pace.

    Returns:
        One finding, the worst: its value is the difference from the promptest stream, or the drift over the take.
        The promptest stream itself is held against the recorder's own clock, which is a WARN at most: streams that are
        all stamped by one robot agree with each other. So is a stream that nothing is judged by (a headset's poses).
    """
    rule = rules["clock.skew"]
    delays: dict[str, float] = {}
    roles: dict[str, str] = {}
    found: list[Finding] = []
    for stream in by_topic(streams):
        if stream.clock != "capture" or stream.receive_ns is None or stream.n < 10:
            continue
        delay = (stream.receive_ns - stream.time_ns) * 1e-9
        delays[topic(stream)], roles[topic(stream)] = float(np.percentile(delay, PROMPT)), stream.role
        thirds = [float(np.percentile(part, PROMPT)) for part in np.array_split(delay, THIRDS)]
        drift = abs(thirds[-1] - thirds[0])
        t = seconds(stream, origin)
        if stream.duration_s > 5.0:
            found.append(
                rule.finding(
                    subject=(topic(stream),),
                    t0=float(t.min()),
                    t1=float(t.max()),
                    **rule.grade_value(drift),
                    details={"kind": "drift", "pace": drift / stream.duration_s, "delay": delays[topic(stream)]},
                )
            )
    if not delays:
        return [rule.not_applicable("one_clock")]
    prompt = min(delays, key=lambda name: abs(delays[name]))
    for name, own in delays.items():
        apart = abs(own - (delays[prompt] if name != prompt else 0.0))
        found.append(
            rule.finding(
                subject=(name,) if name == prompt else (name, prompt),
                **rule.grade_value(apart),
                details={"kind": "apart" if name != prompt else "recorder", "delay": own, "delays": delays},
            )
        )
    for one in found:
        compared = {roles[name] for name in one.subject} <= {"command", "measured"}
        if one.failed and (one.details["kind"] == "recorder" or not compared):
            one.level = "WARN"
    return worst_of(found)


def check_repeated(
    streams: Sequence[Stream], rules: Rules, origin: int, pair: tuple[Stream | None, Stream | None] = (None, None)
) -> list[Finding]:
    """`stream.repeated`: samples that are the one before sent again, to the bit, in the middle of a motion of the robot.

    Counted are short runs (no longer than `longest`: what stands longer is `stream.frozen`'s matter) with a change
    right before and right after, over all samples between two changes. A change by some steps of a coarse grid is none: a person who
    holds still does so. Samples that repeat because the device's own
    clock stood still belong to `clock.stall`. A sender that holds its last value is no fault as long as new ones come
    at `slow` or faster; where commands and measurements repeat in the same rows, and evenly, that is a warning. A FAIL only
    of commands: what a robot was commanded is then not what is written down between two new ones, and whoever learns from
    it learns to stop and to leap. Where the robot was measured to follow the commands as they stand, a slow sender gave
    them so, which is no fault. Where it went smoothly from one new command to the next, but never before the next one
    stood there, even ones are another rate, and a warning; so they are where nobody can tell, and where no command that is written down is
    older than `recent`: a delay of so little is no fault of its own.

    Args:
        pair: commanded and measured joints on the same rows, where there are such.
    """
    rule, found = rules["stream.repeated"], []
    for stream in streams:
        judged = stream.role == "pose" or (
            stream.role in ("command", "measured") and stream.quantity == "joint_position"
        )
        if not judged or stream.n < 10 or stream.meta.get("field") == ENVIRONMENT:  # a door rests between two pushes
            continue
        fresh = ~repeats(stream)
        t, x = seconds(stream, origin)[fresh], stream.values[fresh]
        same = np.concatenate([[False], (x[1:] == x[:-1]).all(axis=1)]) if len(x) else np.zeros(0, bool)
        short, goes = np.zeros(len(same), bool), _goes(x)
        for first, last in runs(same):
            if last + 1 < len(t) and first > 1 and t[last] - t[first - 1] <= rule.settings["longest"]:
                short[first : last + 1] = goes[first - 1] or goes[last + 1]
        moving = int((~same).sum() + short.sum())
        share = float(short.sum() / max(moving, 1))
        at = np.flatnonzero(short)
        graded = rule.grade_value(share)
        if stream.rate * (1.0 - share) >= rule.settings["slow"]:
            other = next((one for one in pair if one is not None and one is not stream), None) if stream in pair else None
            padded = share >= PADDED and other is not None and _padded(np.flatnonzero(fresh)[at], other)
            graded["level"] = "WARN" if padded else "PASS"
        elif graded["level"] == "FAIL" and stream.role != "command":
            graded["level"] = "WARN"
        followed, foreseen = None, None
        if graded["level"] != "PASS" and stream is pair[0] and pair[1] is not None:
            followed = _followed(stream, pair[1])
            if followed is not None and followed < FOLLOWED:
                graded["level"] = "PASS"
        if graded["level"] == "FAIL" and (every := _every(~same)):
            fresh_enough = (every - 1.0) / stream.rate <= rule.settings["recent"]
            if not fresh_enough and followed is not None and followed >= UNSURE:
                foreseen = _foreseen(stream, pair[1])
            if fresh_enough or followed is None or followed < UNSURE or (foreseen is not None and foreseen < FORESEEN):
                graded["level"] = "WARN"
        found.append(
            rule.finding(
                subject=(topic(stream),),
                t0=float(t[at[0]]) if len(at) else None,
                t1=float(t[at[-1]]) if len(at) else None,
                share=share,
                **graded,
                details={
                    "count": len(at),
                    "samples": moving,
                    "rate": stream.rate,
                    "fresh_rate": stream.rate * (1.0 - share),
                    "longest_run": max((b - a + 2 for a, b in runs(short)), default=1),
                    **{key: x for key, x in (("followed", followed), ("foreseen", foreseen)) if x is not None},
                },
            )
        )
    return worst_of(found) or [rule.not_applicable("not_recorded")]


def _goes(x: np.ndarray) -> np.ndarray:
    """(n,) whether a sample of x (n, k) is a new one, and further from the one before than what rests is on a coarse grid."""
    if len(x) < 2:
        return np.ones(len(x), bool)
    steps = np.abs(np.diff(x, axis=0, prepend=x[:1])) > (RESTS + 0.5) * resolution(x)
    steps[0] = True
    return np.asarray(steps.any(axis=1))


def _padded(at: np.ndarray, other: Stream) -> bool:
    """Whether rows that repeat the one before come evenly, and repeat another stream's as well, as those do by which a slow recording was
    put onto a fast grid."""
    apart = np.diff(at)
    if not len(apart) or at[-1] >= other.n or (apart == np.median(apart)).mean() < EVEN:
        return False
    return bool((other.values[at] == other.values[at - 1]).all(axis=1).mean() >= EVEN)


def _every(new: np.ndarray) -> float | None:
    """After how many rows new values (n,) come, where they come evenly, as those of a slow sender on a fast grid do; while nothing moves
    none come."""
    apart = np.diff(np.flatnonzero(new))
    usual = float(np.median(apart)) if len(apart) else 0.0
    return usual if usual > 1.0 and (np.abs(apart - usual) <= 1.0).mean() >= EVEN else None


def _followed(command: Stream, state: Stream) -> float | None:
    """How much worse the commands as they stand tell the robot's next step than lines between the new ones do; None where its joints
    were not measured on the same rows."""
    ways = (lambda rows, new, x: x, _lines)
    return _worse(*(_left_by(command, state, way, range(-1, RECENT)) for way in ways))


def _foreseen(command: Stream, state: Stream | None) -> float | None:
    """How much worse the way through the new commands tells the robot's next step as late as it can be known, when the command that it
    leads to stands there, than at the moment that suits best: a robot that moved as if it knew the next command was given others than
    those that are written down."""
    if state is None or not (command.values[1:] != command.values[:-1]).any():
        return None
    new = np.flatnonzero((np.diff(command.values, axis=0) != 0.0).any(axis=1))
    known = min(round(float(np.median(np.diff(new)))) - 1, RECENT - 1) if len(new) > 1 else 0
    left = [_left_by(command, state, _smooth, (late, late + 1), ENCODER) for late in range(RECENT)]
    both = [one for one in left if one is not None]
    return _worse(min(both[known:]), min(both)) if len(both) == RECENT else None


def _lines(rows: np.ndarray, new: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(n,) the lines between the new values."""
    return np.asarray(np.interp(rows, new, x[new]))


def _smooth(rows: np.ndarray, new: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(n,) a smooth way through the new values; held after the last."""
    if len(new) <= 3:
        return _lines(rows, new, x)
    from scipy.interpolate import CubicSpline  # here, as it takes as long to load as all else of the judge

    return np.asarray(CubicSpline(new, x[new])(np.minimum(rows, new[-1])))


def _worse(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float | None:
    """What one way leaves over what the other leaves, each beside what counts as nothing."""
    if one is None or other is None or not one[1]:
        return None
    return 0.0 if one[0] <= one[1] else one[0] / max(other)  # to within rounding nothing is left


def _left_by(command: Stream, state: Stream, way: Way, recent: Sequence[int], noise: float = 0.0) -> tuple[float, float] | None:
    """What commands in some way leave of the robot's steps, and what counts as nothing; None where its joints were not measured on the
    same rows.

    A linear model of each joint's step by what is left of the recent commands and by its steps before (ARX: Ljung, System
    Identification, 1999, ch. 4.2), by least squares; a robot that follows a step moves off at once.

    Args:
        way: makes of rows (n,), those with a new command and the commands (n,) of a joint those that it is given.
        recent: rows before a step, of which the command tells it.
        noise: [rad] that is added to what is measured: without any, steps before tell the next one, whatever is commanded.
    """
    names = [name for name in command.names if name in state.names]
    if not names or command.n != state.n or not np.array_equal(command.time_ns, state.time_ns) or command.n < 4 * RECENT:
        return None
    if command.unit not in SCALE or state.unit not in SCALE:
        return None
    c, q = in_radians(command, names), in_radians(state, names) + np.random.default_rng(0).normal(0.0, noise, (state.n, len(names)))
    rows, new = np.arange(command.n), np.flatnonzero(np.concatenate([[True], (np.diff(c, axis=0) != 0.0).any(axis=1)]))
    at = rows[RECENT + 3 : -2]
    left, least = 0.0, 0.0
    for j in np.flatnonzero((np.ptp(c, axis=0) > 0.05) & np.isfinite(q).all(axis=0)):
        step, x = np.diff(q[:, j]), way(rows, new, c[:, j])
        terms = [x[at - s] - q[at, j] for s in recent] + [step[at - 1], step[at - 2], np.ones(len(at))]
        design = np.column_stack(terms)
        rest = step[at] - design @ np.linalg.lstsq(design, step[at], rcond=None)[0]
        left += float((rest**2).sum())
        least += ROUNDING**2 * len(at)
    return left, least


def _synchronise(finding: Finding, known: Known) -> Fix:
    return {"kind": "synchronise", "channels": list(finding.subject) or None, "by": finding.value}


def _delay(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    streams = named(recording, finding, lambda s: s.capture_ns is not None and s.receive_ns is not None)
    traces = [
        {"name": topic(s), "t": seconds(s, origin_ns(recording)), "y": (s.receive_ns - s.capture_ns) * 1e-9}
        for s in streams[:3]
        if s.capture_ns is not None and s.receive_ns is not None
    ]
    return Plot("delay", "", "s", traces) if traces else None


def _since_new(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    streams = [s for s in recording.streams.values() if s.n > 2 and s.name in finding.subject]
    stream = next(iter(streams or named(recording, finding)), None)
    if stream is None:
        return None
    t = seconds(stream, origin_ns(recording))
    new = np.concatenate([[True], (np.diff(stream.values, axis=0) != 0).any(axis=1)])
    since = t - t[np.maximum.accumulate(np.where(new, np.arange(len(t)), 0))]
    limits = [{"name": "limit", "value": MS * rules[finding.code].settings["longest"]}]
    return Plot("since_new", stream.name, "ms", [{"name": "recording", "t": t, "y": MS * since}], limits)


CHECKS = (
    Check(
        "clock.skew",
        run=lambda r: check_skew(r.streams, r.rules, r.origin),
        spoils="clocks",
        fix=_synchronise,
        curve=_delay,
        shown_by="sender's clock behind",
    ),
    Check(
        "stream.repeated",
        run=lambda r: check_repeated(r.streams, r.rules, r.origin, r.command_and_state),
        settings={"longest": "time", "slow": "frequency", "recent": "time"},
        curve=_since_new,
        turn=3,
        left_out=5,  # verdicts list it between the two that ask for times
        after=("values",),
    ),
)
