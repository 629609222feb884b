"""A take against the other takes of its set: recorded by the same devices, it is as late as they are, and it is another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..recording.recording import Recording
from ..signals.statistics import TO_SIGMA
from .check import Check
from .finding import Finding
from .fixes import Fix, Known, about
from .rules import Rules

Key = tuple[str, str | None, str | None]  # of a set: where it lies, its robot, the mapping that it is read by


class Lag(NamedTuple):
    """How late the states of a take follow its commands [s]: of all joints together, and the median of single joints."""

    pooled: float
    median: float


def lag_of(findings: Iterable[Finding]) -> Lag | None:
    """The lag of a take as `stream.lag` found it; None where it found none."""
    for finding in findings:
        if finding.code == "stream.lag" and finding.checked and finding.value is not None:
            median = finding.details.get("median")
            return Lag(finding.value, finding.value if median is None else float(median))
    return None


def check_take_lag(lag: Lag | None, others: Sequence[Lag], subject: Sequence[str], rules: Rules) -> Finding:
    """`take.lag`: the delay between command and state, against what is usual in the set.

    One chain of devices has one delay; a take whose states come earlier or later than in the others, by more than the
    bound, has its commands in other rows than they were given in. How far the others scatter is taken out: nothing within
    `spread` standard deviations of their median counts (estimated from the median absolute deviation). Two delays are
    looked at, of all joints together and the median of single ones, and the one that differs less is told: a joint that
    is swung once, or whose zero is off, pulls at the first alone, and rows that were moved move both.

    Args:
        lag: of this take, None where it has none; others: of the other takes of the set.
        subject: the two streams.
    """
    rule = rules["take.lag"]
    if lag is None:
        return rule.not_applicable("no_lag")
    if len(others) < rule.settings["takes"]:
        return rule.not_checked("few_takes", details={"takes": len(others), "needed": rule.settings["takes"]})
    theirs = np.asarray(others, float)
    usual = np.median(theirs, axis=0)
    scatter = TO_SIGMA * np.median(np.abs(theirs - usual), axis=0)
    apart = np.asarray(lag) - usual
    bounds = np.maximum(rule.bound("fail"), rule.settings["spread"] * scatter)
    i = int(np.argmin(np.abs(apart) - bounds)) if apart[0] * apart[1] > 0.0 else int(np.abs(apart).argmin())
    graded = rule.grade_value(float(abs(apart[i])), fail=float(bounds[i]))
    kind = "early" if apart[i] > 0.0 else "late"  # the command, seen from the state that follows it
    details = {
        "lag": lag[i], "usual": float(usual[i]), "scatter": float(scatter[i]), "takes": len(others), "kind": kind,
        "of": ("all joints", "median joint")[i],
    }  # fmt: skip
    return rule.finding(subject=tuple(subject), signal="command", **graded, details=details)


def content(recording: Recording) -> tuple[str | None, str | None]:
    """Digests of what was commanded, and of all that was commanded and measured; None where there is none, or nothing moves."""
    taken = [s for s in recording.streams.values() if s.n > 1 and s.role in ("command", "measured", "pose")]
    commands = [s for s in taken if s.role == "command"]

    def digest(streams: Sequence) -> str | None:
        if not any(float(np.nan_to_num(np.ptp(s.values, axis=0)).max(initial=0.0)) > 0.0 for s in streams):
            return None
        found = hashlib.sha256()
        for stream in sorted(streams, key=lambda s: s.name):
            found.update(f"{stream.name} {stream.values.shape}\n".encode())
            found.update(np.ascontiguousarray(stream.values).tobytes())
        return found.hexdigest()

    return digest(commands), digest(taken)


def set_of(recording: Recording) -> Key | None:
    """The set that a take is of, recorded by one robot and read in one way; None where it lies alone."""
    root, sign, _ = recording.source.rpartition("#")
    robot = recording.metadata.get("robot")
    return (root, robot if isinstance(robot, str) else None, recording.mapping) if sign else None


def remember(digests: Iterable[str | None], source: str, seen: dict[str, str]) -> None:
    """Keep whose digests these are; of takes that are the same, the first."""
    for digest in digests:
        if digest is not None:
            seen.setdefault(digest, source)


def duplicate_of(digests: tuple[str | None, str | None], before: Mapping[str, str], rules: Rules) -> Finding:
    """`take.duplicate`: the same take twice in one set, to the bit; the later one is reported.

    Commands and measurements alike is a copy, and no demonstration of its own. Commands alone alike is a WARN: they
    were played again, as a planner or a test does, and the robot did something else.

    Args:
        digests: of the take, see `content`; before: digest -> name of the first take of the set that has it.
    """
    rule = rules["take.duplicate"]
    given, whole = digests
    for digest, kind, level in ((whole, "copy", "FAIL"), (given, "commands", "WARN")):
        if digest is not None and digest in before:
            of = before[digest]
            return rule.beyond(1.0, level=level, subject=(of,), details={"of": of, "kind": kind})
    return rule.passed(value=0.0, limit=0.0, margin=0.0)


def _into_its_rows(finding: Finding, known: Known) -> Fix:
    """Commands back into the rows that they were given in."""
    by = (finding.details.get("lag") or 0.0) - (finding.details.get("usual") or 0.0)
    return {
        "kind": "shift",
        "channel": finding.subject[-1] if finding.subject else None,
        "by": by,
        "at_least": -(finding.margin or 0.0),
    }


def _leave_out(finding: Finding, known: Known) -> Fix:
    return {"kind": "leave_out", "of": finding.details.get("of") or about(finding)}


CHECKS = (
    Check(
        "take.lag",
        settings={"takes": "number", "spread": "number"},
        fix=_into_its_rows,
        of="takes",
        shown_by="action runs early",
        shown_in="set",
        no_curve="one number of the whole take",
    ),
    Check(
        "take.duplicate",
        fix=_leave_out,
        of="takes",
        shown_by="take twice in the set",
        shown_in="set",
        no_curve="two takes are the same or they are not",
    ),
)
