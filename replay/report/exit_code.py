"""How many of each verdict there are, and the exit code that follows, by itself or by a rule of the caller's."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping, Sequence

from ...scenarios.sheet.errors import EpisodeError, ShiliuError
from ..judge.verdict import Verdict

COUNTED = ("FEASIBLE", "INFEASIBLE", "UNSOUND", "INCONCLUSIVE", "unreadable")
_RULE = re.compile(
    r"^(feasible|infeasible|unsound|inconclusive|unreadable|warned)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*(%?)$"
)
_COMPARED = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}


def counts(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many of each verdict; `unreadable`: files that could not be read, `warned`: FEASIBLE with a warning."""
    found = dict.fromkeys((*COUNTED, "warned"), 0)
    for verdict in verdicts:
        count(verdict, found)
    return found


def count(verdict: Verdict, into: dict[str, int]) -> None:
    """Count one more."""
    into[verdict.verdict or "unreadable"] += 1
    into["warned"] += verdict.verdict == "FEASIBLE" and any(f.level == "WARN" for f in verdict.findings)


class Gate:
    """A rule that decides about a whole folder: `infeasible>5%`, `unsound>0`, `feasible<95%`; several, with commas.

    A share is counted among all recordings, unreadable ones included. With a gate the exit code is 1 if any rule
    holds and 0 if none does: what the gate does not name, it lets pass.

    Raises:
        ShiliuError: a rule that cannot be read.
    """

    def __init__(self, rules: str | Sequence[str]) -> None:
        parts = rules.split(",") if isinstance(rules, str) else list(rules)
        self.rules = [self._parse(part) for part in parts if str(part).strip()]
        if not self.rules:
            raise ShiliuError("An empty rule. Write for example fail_on=infeasible>5%.", field="fail_on")

    @staticmethod
    def _parse(rule: str) -> tuple[str, str, float, bool]:
        match = _RULE.match(str(rule).strip().lower())
        if match is None:
            raise ShiliuError(
                f"{str(rule).strip()!r} is no rule. Write word, comparison, number: infeasible>5% or unreadable>0; "
                "the words are feasible, infeasible, unsound, inconclusive, unreadable, warned.",
                field="fail_on",
            )
        if match[4] and float(match[3]) > 100.0:
            raise ShiliuError(f"{str(rule).strip()!r}: no share is above 100 %.", field="fail_on")
        return match[1], match[2], float(match[3]), bool(match[4])

    def holds(self, counted: Mapping[str, int]) -> bool:
        """Whether any rule holds; of what `counts` gives."""
        found = {key.lower(): n for key, n in counted.items()}
        total = max(1, sum(counted[word] for word in COUNTED))
        return any(
            _COMPARED[how](100.0 * found[word] / total if share else found[word], bound)
            for word, how, bound, share in self.rules
        )


def code_of(found: Mapping[str, int], cleared: int = 0, fail_on: str | Sequence[str] | Gate | None = None) -> int:
    """2 nothing readable; else 1 any INFEASIBLE or UNSOUND; else 3 any INCONCLUSIVE or unreadable; else 0.

    With `fail_on` the middle is the gate's: 1 if it trips, else 0.

    Args:
        found: as `counts` gives it.
        cleared: how many of the INCONCLUSIVE were cleared at intake: these count as 0, nothing more was asked of them.
    """
    if not any(found[word] for word in COUNTED if word != "unreadable"):
        return 2
    if fail_on:
        return int((fail_on if isinstance(fail_on, Gate) else Gate(fail_on)).holds(found))
    if found["INFEASIBLE"] or found["UNSOUND"]:
        return 1
    return 3 if found["INCONCLUSIVE"] - cleared or found["unreadable"] else 0


def nothing_judged(verdicts: Sequence[Verdict], data: str) -> EpisodeError:
    """The error where no recording of `data` could be read: that of the first of them."""
    error = next((verdict.error for verdict in verdicts if verdict.error), None) or {}
    return EpisodeError(
        f"Nothing could be judged. {error.get('message', '')}".strip(),
        file=error.get("file") or data,
        field=error.get("field"),
    )


def stopped(verdict: Verdict) -> EpisodeError:
    """The error of `keep_going=false` at a recording that cannot be read."""
    error = verdict.error or {}
    return EpisodeError(
        f"{error.get('message', 'cannot be read.')} keep_going=false ends the run at what cannot be read; nothing is written. "
        "Mend it, or go on without it by keep_going=true.",
        file=error.get("file") or verdict.source,
        field=error.get("field"),
    )


def left_code(found: Mapping[str, int], cleared: int, gate: Gate | None) -> int:
    """`code_of` where what is known already is left out, of recordings some of which could be read."""
    if not any(found[word] for word in COUNTED):
        return 0
    code = code_of(found, cleared, gate)
    return 3 if code == 2 else code  # only unreadable ones are new
