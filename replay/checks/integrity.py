"""Is the recording itself sound? What its set says of it first, then values and units, clocks, streams; nothing is mended.

Every check takes raw streams and returns findings, also when all is well, so that the report can show what was made.
`check_integrity` runs each check of this stage that is recorded, in the order in which a cause precedes what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..recording.normalised import NORMALISED
from ..recording.pictures import PictureSamples
from ..recording.recording import Recording
from ..robots.limits import Limits
from ..signals.clock import topic
from .clocks import COLUMN
from .finding import Finding
from .inputs import Recorded
from .ranges import LENGTH, Range
from .registry import check_of, registry
from .rules import Rules
from .witnesses import changed_finding

KNOWN = "covered_by_reproduces"
AsPlayed = Callable[[], Mapping[str, Any] | None]


def check_integrity(
    recording: Recording,
    limits: Limits,
    rules: Rules,
    *,
    actuated: Sequence[str] = (),
    samples: Iterable[PictureSamples] = (),
    actuators: Mapping[str, Range] | None = None,
    asked: tuple[str, Mapping[str, Any]] | None = None,
    described: Sequence[str] = (),
    as_played: AsPlayed = lambda: None,
    hands: Mapping[str, Range] | None = None,
    today: Callable[[], Any] = lambda: None,
) -> list[Finding]:
    """All integrity findings of one recording, what its set says of it first.

    Args:
        actuated: names that can be commanded; see `check_unmapped`.
        actuators: what those that are no joints take; see `check_range`.
        described: joints that a robot's description knows; see `check_unmapped`.
        asked: name and tree of the scenario that the command names; see `check_text`.
        samples: a look at its cameras, see `picture_samples_of`; without it the pictures are not checked.
        as_played: see `borne_out`.
        hands: ranges of hands that a robot's sheet gives; see `check_range`.
        today: see `check_claims`.

    What a fault makes meaningless is not looked at (`Check.spoils`, `Check.after`): after NaN, a clock that runs backwards or
    degrees for radians no stream is compared with another, and after channels that are mixed up neither a lag nor a freeze is
    sought.
    """
    recorded = Recorded(
        recording, limits, rules, actuated, actuators, list(samples), asked=asked, described=described, hands=hands, today=today
    )
    checks = [c for c in registry().values() if c.run is not None and rules[c.code].stage == "integrity"]
    spoiled: dict[str, str] = {}  # what means nothing any more -> the fault that came first
    found: list[tuple[int, int, list[Finding]]] = []  # turn, place among the bounds, findings
    made = set()
    for row, check in sorted(enumerate(checks), key=lambda one: one[1].place):
        fault = next((spoiled[what] for what in check.after if what in spoiled), None)
        if fault is not None:
            turn = check.place if check.left_out is None else check.left_out
            found.append((turn, row, [rules[check.code].not_checked(f"integrity.{fault}")]))
        elif check.run is not None and check.run not in made:  # some codes are found together
            made.add(check.run)
            findings = borne_out(check.run(recorded), as_played, rules)
            found.append((check.place, row, findings))
            for finding in findings:
                what = check_of(finding.code).spoils
                # of a column of times that no stream is timed by, nothing hangs
                if finding.failed and what and finding.details.get("clock") != COLUMN:
                    spoiled.setdefault(what, finding.code)
            if "values" in spoiled and recorded.broken is None:
                recorded = replace(recorded, broken=spoiled["values"])
    every = [finding for _, _, findings in sorted(found, key=lambda one: one[:2]) for finding in findings]
    if any(one.reason == KNOWN for one in every) and (changed := as_played()):
        return [changed_finding(rules["column.differs"], changed) if one.code == "column.differs" else one for one in every]
    return every


def borne_out(findings: Sequence[Finding], as_played: AsPlayed, rules: Rules) -> list[Finding]:
    """The findings; what holds recorded columns against one another does not apply where a replay tells what they should be.

    A motor that cannot follow and an arm that is stopped look as if a recorder had written rows of another moment.

    Args:
        as_played: what of the columns is otherwise than in a replay (see `changed_columns`), nothing where it makes all again, to the
            bit; None where no replay tells. Asked only where columns disagree.
    """
    out = []
    for one in findings:
        asked = one.level in ("WARN", "FAIL") and check_of(one.code).compares
        changed = as_played() if asked else None
        out.append(one if changed is None else rules[one.code].not_applicable(KNOWN if changed else "made_again"))
    return out


def stopped_signals(findings: Sequence[Finding], recording: Recording) -> Mapping[str, str]:
    """Which signals later stages must not judge, and why: {"command" | "measured": "integrity.<code>"}."""
    stopped: dict[str, str] = {}
    for finding in findings:
        if finding.reason not in (LENGTH, NORMALISED) and not (finding.failed and check_of(finding.code).spoils):
            continue
        named = {finding.details.get("stream"), *finding.subject, *finding.details.get("compared", ())}
        others = [one for one in finding.details.get("others", ()) if isinstance(one, dict) and one.get("level") == "FAIL"]
        named |= {name for one in others for name in one["subject"]}
        for stream in recording.streams.values():
            if {stream.name, topic(stream)} & named and stream.role in ("command", "measured"):
                stopped.setdefault(stream.role, finding.reason or f"integrity.{finding.code}")
    return stopped
