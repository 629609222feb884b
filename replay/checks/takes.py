"""A take against the other takes of its set: recorded by the same devices, it is as late as they are, and it is another one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from ..finding import Finding
from ..recording import Recording
from .rules import Rules

TO_SIGMA = 1.4826  # a normal distribution's standard deviation over its median absolute deviation


def check_take_lag(lag: float | None, others: Sequence[float], subject: Sequence[str], rules: Rules) -> Finding:
    """`take.lag`: the delay between command and state, against what is usual in the set.

    One chain of devices has one delay; a take whose states come `least` earlier or later than in the others has its
    commands in other rows than they were given in. How far the others scatter is taken out: nothing within `spread`
    standard deviations of their median counts (estimated from the median absolute deviation).

    Args:
        lag: of this take [s], None where it has none; others: of the other takes of the set [s].
        subject: the two streams.
    """
    rule = rules["take.lag"]
    if lag is None:
        return rule.not_applicable("no_lag")
    if len(others) < rule.settings["takes"]:
        return rule.not_checked("few_takes", details={"takes": len(others), "needed": rule.settings["takes"]})
    median = float(np.median(others))
    sigma = TO_SIGMA * float(np.median(np.abs(np.asarray(others) - median)))
    bound = max(rule.bound("fail"), rule.settings["spread"] * sigma)
    graded = rule.grade_value(abs(lag - median), fail=bound)
    kind = "early" if lag > median else "late"  # the command, seen from the state that follows it
    details = {"lag": lag, "usual": median, "scatter": sigma, "takes": len(others), "kind": kind}
    return rule.finding(subject=tuple(subject), signal="command", **graded, details=details)


def content(recording: Recording) -> tuple[str | None, str | None]:
    """Digests of what was commanded, and of all that was commanded and measured; None where there is none, or nothing moves."""
    told = [s for s in recording.streams.values() if s.n > 1 and s.role in ("command", "measured", "pose")]
    commands = [s for s in told if s.role == "command"]

    def digest(streams: Sequence) -> str | None:
        if not any(float(np.nan_to_num(np.ptp(s.values, axis=0)).max(initial=0.0)) > 0.0 for s in streams):
            return None
        found = hashlib.sha256()
        for stream in sorted(streams, key=lambda s: s.name):
            found.update(f"{stream.name} {stream.values.shape}\n".encode())
            found.update(np.ascontiguousarray(stream.values).tobytes())
        return found.hexdigest()

    return digest(commands), digest(told)


def check_duplicate(recording: Recording, before: Mapping[str, str], rules: Rules) -> Finding:
    """`take.duplicate`: the same take twice in one set, to the bit; the later one is told.

    Commands and measurements alike is a copy, and no demonstration of its own. Commands alone alike is a WARN: they
    were played again, as a planner or a test does, and the robot did something else.

    Args:
        before: digest (`content`) -> name of the first take of the set that has it.
    """
    rule = rules["take.duplicate"]
    given, whole = content(recording)
    if whole is not None and whole in before:
        details = {"of": before[whole], "kind": "copy"}
        return rule.finding(level="FAIL", subject=(before[whole],), value=1.0, limit=0.0, margin=-1.0, excess=1.0, details=details)
    if given is not None and given in before:
        details = {"of": before[given], "kind": "commands"}
        return rule.finding(level="WARN", subject=(before[given],), value=1.0, limit=0.0, margin=-1.0, excess=1.0, details=details)
    return rule.passed(value=0.0, limit=0.0, margin=0.0)
