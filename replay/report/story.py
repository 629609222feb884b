"""What is reported about one verdict, and in which order, whatever the medium: page, terminal or JUnit.

The cause comes first and bears the number 1. Whatever follows from another finding is marked so and never counted as a
second reason. Nothing here judges: it only puts a verdict's findings in order and asks the catalogue for words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property

from ..checks.finding import Finding
from ..checks.registry import check_of
from ..judge.verdict import Verdict
from .numerals import percent, quantity, seconds, unit_of
from .text import Words
from .translation import translated

STAGES = ("integrity", "kinematics", "dynamics", "replay", "robustness", "legs")
SHOWN = ("FAIL", "WARN")
MOST_CHANGES = 6  # of a repair that are reported one by one
NEVER_REQUIRED = ("no_published_limit", "no_limit")  # a check without a limit never decides
# fixes with a sentence that says all of the advice
SAME = ("remeasure", "unit", "add", "mapping", "remake", "carry_less")
UTC_OFFSET_H = 8  # the clock on the wall of the training centre in Beijing; China has no summer time
ORDER = {"INFEASIBLE": 0, "UNSOUND": 1, None: 2, "INCONCLUSIVE": 3, "FEASIBLE": 4}


def rank(verdict: Verdict) -> int:
    """Sort key: what needs a person first."""
    return ORDER.get(verdict.verdict, 2)


class Story:
    """One verdict, ready to be reported.

    Args:
        verdict: what is reported.
        words: the reader's language.
        utc_offset_h: hours that the wall clock of the reader is ahead of UTC.
    """

    def __init__(self, verdict: Verdict, words: Words, utc_offset_h: float = UTC_OFFSET_H) -> None:
        self.verdict, self.words, self.utc_offset_h = verdict, words.telling(verdict.titles), utc_offset_h
        self.findings = verdict.findings or []

    # -- order -------------------------------------------------------------------------------------------------------
    @cached_property
    def root(self) -> Finding | None:
        """The cause, or None where nothing failed."""
        index = self.verdict.root
        return self.findings[index] if index is not None and 0 <= index < len(self.findings) else None

    @cached_property
    def listed(self) -> list[int]:
        """Indices of all FAIL and WARN findings: the cause, then failures, then warnings, each by stage and time."""
        root = self.verdict.root

        def key(index: int) -> tuple:
            finding = self.findings[index]
            stage = STAGES.index(finding.stage) if finding.stage in STAGES else len(STAGES)
            return index != root, finding.level != "FAIL", stage, finding.t0 if finding.t0 is not None else -1.0, index

        return sorted((i for i, f in enumerate(self.findings) if f.level in SHOWN), key=key)

    @cached_property
    def number(self) -> dict[int, int]:
        """Index of a finding -> the number that the reader sees."""
        return {index: place for place, index in enumerate(self.listed, start=1)}

    def follows(self, finding: Finding) -> int | None:
        """The number of the finding that this one follows from."""
        return self.number.get(finding.because_of) if finding.because_of is not None else None

    @cached_property
    def follow_count(self) -> int:
        """How many findings follow, directly or not, from the cause."""
        return sum(self._leads_to_root(index) for index in self.listed if index != self.verdict.root)

    def _leads_to_root(self, index: int) -> bool:
        seen: set[int] = set()
        at: int | None = index
        while at is not None and at not in seen and 0 <= at < len(self.findings):
            seen.add(at)
            at = self.findings[at].because_of
            if at == self.verdict.root and at is not None:
                return True
        return False

    def of_stage(self, stage: str, *levels: str) -> list[Finding]:
        """Findings of a stage with one of these levels, in the order in which they are reported."""
        chosen = [i for i, f in enumerate(self.findings) if f.stage == stage and f.level in levels]
        return [self.findings[i] for i in sorted(chosen, key=lambda i: (self.number.get(i, len(self.findings)), i))]

    @property
    def stages(self) -> list[str]:
        known = [stage for stage in STAGES if stage in self.verdict.stages]
        return known + [stage for stage in self.verdict.stages if stage not in STAGES]

    # -- sentences ---------------------------------------------------------------------------------------------------
    @cached_property
    def tone(self) -> str:
        """`feasible`, `infeasible`, `unsound`, `inconclusive` or `unreadable`: colour and sign of this verdict."""
        return (self.verdict.verdict or "unreadable").lower()

    @property
    def unread(self) -> str:
        """Why it could not be read; empty where it was."""
        return translated(self.verdict.unread, self.words.lang)

    @cached_property
    def slip(self) -> str:
        """One sentence for the operator."""
        slips, verdict = self.words.book["slips"], self.verdict.verdict
        if verdict is None:
            return slips["unreadable"]
        if self.root is not None and self.root.level == "FAIL":
            return self.words.slip(self.root)
        if verdict == "INCONCLUSIVE":
            return self.words.fill(slips["INCONCLUSIVE"], {"what": self.open_points})
        # by limits alone nobody can say that the robot can do it
        passed = "WITHIN_LIMITS" if (self.verdict.provenance or {}).get("robot_known_by") == "limits" else "FEASIBLE"
        if verdict == "FEASIBLE" and self.listed:
            return self.words.fill(
                slips[f"{passed}_WARN"],
                {"why": self.words.message(self.findings[self.listed[0]]), "more": len(self.listed) - 1 or None},
            )
        return slips[passed]

    @property
    def claim(self) -> str | None:
        """What is claimed: by the kind of recording, or by what is known of a robot that has no scene here."""
        known = (self.verdict.provenance or {}).get("robot_known_by")
        return f"by_{known}" if known else self.verdict.claim

    @cached_property
    def advice(self) -> str:
        """What the person who acts should do; empty where nothing needs doing."""
        if self.verdict.verdict is None:
            return self.unread
        return self.words.advice(self.root) if self.root is not None and self.root.level == "FAIL" else ""

    @cached_property
    def repair(self) -> list[str]:
        """What would make it pass: the advice, and the fix of the cause where it is more than that."""
        if not self.advice or self.root is None:
            return []
        fix = self.words.fix(self.root)
        return [fix] if (self.root.fix or {}).get("kind") in SAME or fix == self.advice else [self.advice, fix]

    @cached_property
    def mended(self) -> list[str]:
        """What a repair did, where one was asked for: each change, and what its copy is judged; or why there is none."""
        repair, words = self.verdict.repair, self.words
        if not repair:
            return []
        book = words.book["repairs"]
        if not repair.get("episode"):
            reason = book["reasons"].get(repair.get("reason"), str(repair.get("reason")))
            titles = words.join(words.title(code) for code in repair.get("codes") or ())
            return [words.fill(book["none"], {"reason": reason, "codes": titles or None})]
        lines = [words.fill(book[c["kind"]], c) for c in repair["applied"] if c.get("kind") in book]
        left = len(lines) - MOST_CHANGES
        lines = [*lines[:MOST_CHANGES], words.fill(book["more"], {"n": left})] if left > 0 else lines
        done = {"verdict": words.verdict(repair["verdict"]), "episode": repair["episode"]}
        return [*lines, words.fill(book["done"], done)]

    @cached_property
    def who(self) -> str:
        """Who acts, and how, in a few words."""
        if self.verdict.verdict is None:
            return self.act("device")
        if self.verdict.verdict == "FEASIBLE":
            return self.words.owner("nobody")
        if any(one.reason == "unknown_values" for one in self.open):
            return self.words.ui("colon").join((self.words.owner(self.verdict.owner), self.words.ui("measure_values")))
        return self.act(self.verdict.owner)

    def act(self, owner: str | None) -> str:
        return self.words.ui("colon").join((self.words.owner(owner), self.words.owner(owner, "act")))

    @cached_property
    def open(self) -> list[Finding]:
        """What leaves an INCONCLUSIVE verdict open: the required checks that could not be made."""
        if self.verdict.cleared:
            return []  # but the stages that were not asked for
        gaps = {name: stage.reason for name, stage in self.verdict.stages.items() if stage.reason}
        points = [f for f in self.findings if f.level == "NOT_CHECKED" and f.reason not in NEVER_REQUIRED]
        needed = {word.split(".")[0] for word in self.verdict.required or ()}
        asked = [f for f in points if gaps.get(f.stage) == f.reason and (f.stage in needed or not needed)]
        if self.root is not None and self.root.level == "NOT_CHECKED":
            asked = [self.root, *(f for f in asked if f is not self.root)]
        return asked or points

    @cached_property
    def open_points(self) -> str:
        """The open points in one line: what could not be checked, and why; a stage as a whole where all of it is open."""
        return self._open_line(lambda what, reason: (what, reason))

    def _open_line(self, order: Callable[[str, str], tuple[str, str]], most: int = 99) -> str:
        by_reason: dict[str, dict[str, None]] = {}
        for finding in self.open:
            stage = self.verdict.stages.get(finding.stage)
            whole = stage is not None and stage.verdict == "NOT_CHECKED"
            what = self.words.stage(finding.stage) if whole else self.words.topic(finding)
            by_reason.setdefault(self.words.message(finding), {})[what] = None
        if not self.open:
            for name, stage in self.verdict.stages.items():
                if stage.reason:
                    by_reason.setdefault(self.words.reason(stage.reason), {})[self.words.stage(name)] = None
        lines = []
        for reason, topics in by_reason.items():
            named = self.words.join(list(topics)[:most]) + (" …" if len(topics) > most else "")
            lines.append(self.words.ui("colon").join(order(named, reason)))
        return self.words.ui("semicolon").join(lines)

    def topics(self, findings: list[Finding]) -> str:
        """What these findings asked, each topic once."""
        return self.words.join(dict.fromkeys(self.words.topic(f) for f in findings))

    def _grouped(self, findings: list[Finding]) -> list[tuple[list[Finding], str]]:
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            groups.setdefault(self.words.message(finding), []).append(finding)
        return [(group, reason) for reason, group in groups.items()]

    def by_reason(self, level: str) -> list[tuple[list[Finding], str]]:
        """Findings of a level (NOT_CHECKED, NOT_APPLICABLE), grouped by their reason: [(findings, reason in words)]."""
        return self._grouped([f for f in self.findings if f.level == level])

    @cached_property
    def why(self) -> str:
        """One short line with code and numbers, for tables; empty for a clean pass, but of one that failed and is labelled so."""
        verdict, words = self.verdict, self.words
        if verdict.verdict is None:
            return self.unread or words.ui("unreadable")
        if verdict.verdict == "INCONCLUSIVE" and (self.root is None or self.root.level != "FAIL"):
            open_ = self._open_line(lambda what, reason: (reason, what), most=3)
            warned = list(dict.fromkeys(f.code for f in self.findings if f.level == "WARN"))
            if verdict.cleared:
                open_ = words.ui("cleared_warned", codes=words.join(warned[:3])) if warned else words.ui("cleared_take")
            return self.words.ui("semicolon").join(one for one in (self._beside, open_) if one)
        finding = self.root or (self.findings[self.listed[0]] if self.listed else None)
        if finding is None:
            failed = any(f.code == "goal" and f.level == "PASS" and f.details.get("label") == "failure" for f in self.findings)
            return words.ui("failed_as_labelled") if failed else ""
        if self.root is None and finding.level == "FAIL":
            return self._beside
        return self._of(finding)

    @cached_property
    def _beside(self) -> str:
        """Failures in a stage that is not required, the first of them with its numbers; empty where the verdict has a cause."""
        failed = [self.findings[i] for i in self.listed if self.findings[i].level == "FAIL"]
        if self.verdict.verdict not in ("FEASIBLE", "INCONCLUSIVE") or not failed:
            return ""
        others = ", ".join(dict.fromkeys(f.code for f in failed[1:] if f.code != failed[0].code))
        first = self._of(failed[0]) + (f", {others}" if others else "")
        return f"{first} ({self.words.ui('also_fails')})"

    def _of(self, finding: Finding) -> str:
        """A finding with code, subject and numbers."""
        words = self.words
        parts = [finding.code, words.name(finding.subject, "ids") if finding.subject else ""]
        details = finding.details or {}
        if finding.code == "goal" and details.get("starts"):
            parts.append(words.ui("likely_starts", successes=details.get("successes"), starts=details["starts"]))
        elif finding.value is not None and finding.limit is not None and finding.stage != "integrity":
            value, limit = (quantity(v, unit_of(finding)).split(" (")[0] for v in (finding.value, finding.limit))
            bare, _, unit = value.rpartition(" ")
            # one unit for both; a large overlap in metres beside a limit in millimetres keeps its own
            value = bare if bare and unit == limit.rpartition(" ")[2] and finding.limit else value
            # of nothing allowed there is no share: "40.1 of 0" says less than how far it is off
            parts.append(words.ui("of_limit" if finding.limit else "of_none", value=value, limit=limit))
        else:
            parts = [finding.code, words.message(finding)]
        if finding.t0 is not None:
            moment = seconds(finding.at if finding.at is not None else finding.t0)
            parts += [] if any(moment in part for part in parts) else [words.ui("at_time", t=moment)]
        if finding.level == "WARN":
            parts.append(f"({words.ui('warning')})")
        return " ".join(part for part in parts if part)

    @property
    def why_all(self) -> str:
        """`why`, and how many findings follow from it."""
        return f"{self.why} {self.words.ui('follow_count', n=self.follow_count)}" if self.follow_count else self.why

    @cached_property
    def cause_key(self) -> str:
        """What recordings are grouped by: code and subject of the cause, else the short reason."""
        if self.root is None:
            return "; ".join(dict.fromkeys(f.code for f in self.open)) if self.verdict.verdict == "INCONCLUSIVE" else ""
        return " ".join((self.root.code, *self.root.subject))

    @cached_property
    def on_legs(self) -> str:
        """The answer of the robot on its own legs, and which controller's; empty where nobody asked."""
        stage, words = self.verdict.stages.get("legs"), self.words
        held = self.of_stage("legs", "PASS")
        found = self.of_stage("legs", *SHOWN) or [f for f in held if f.code == "legs.balance"] or held
        found.sort(key=lambda f: not (f.failed and f.code == "legs.fell"))  # whatever went before it, a fall is the answer
        if stage is not None and stage.verdict == "INCONCLUSIVE":  # what leaves it open goes before what it came to else
            found = [f for f in self.of_stage("legs", "NOT_CHECKED") if f.reason == stage.reason] or found
        if stage is None or not (found or stage.reason):
            return ""
        sentence = words.message(found[0]) if found else words.reason(stage.reason or "")
        name = str(found[0].details.get("controller", "")) if found else ""
        parts = [words.stage("legs"), *([name] if name and name not in sentence else [])]
        return words.ui("colon").join((words.join(parts), f"{words.verdict(stage.verdict)}{words.ui('comma')}{sentence}"))

    # -- time --------------------------------------------------------------------------------------------------------
    def wall(self, t: float | None = None) -> str | None:
        """The wall clock at episode second `t` (default: date and time of the start), None where it is unknown."""
        start = self.verdict.evidence.wall_start_ns if self.verdict.evidence else None
        if start is None:
            return None
        zone = timezone(timedelta(hours=self.utc_offset_h))
        moment = datetime.fromtimestamp(start / 1e9, UTC) + timedelta(seconds=t or 0.0)
        local = moment.astimezone(zone)
        return local.strftime("%Y-%m-%d %H:%M:%S") if t is None else f"{local:%H:%M:%S}.{local.microsecond // 100000}"

    def when(self, finding: Finding) -> str:
        """When it happened, on the recording's clock, on the wall, and during which skill."""
        ui = self.words.ui
        if finding.t0 is None:
            return ui("when_whole")
        if (due := (finding.details or {}).get("due")) is not None:
            parts = [ui("when_due", t=seconds(due))]
        elif finding.t1 is None or finding.t1 - finding.t0 < 0.005:
            parts = [ui("when_at", t0=seconds(finding.t0))]
        else:
            parts = [ui("when_span", t0=seconds(finding.t0), t1=seconds(finding.t1))]
        if wall := self.wall(finding.t0):
            parts.append(ui("wall", time=wall))
        if finding.skill:
            parts.append(ui("when_skill", skill=self.words.skill(finding.skill)))
        return ui("comma").join(parts)

    @property
    def duration(self) -> float | None:
        return self.verdict.evidence.duration_s if self.verdict.evidence else None

    # -- how sure ----------------------------------------------------------------------------------------------------
    @cached_property
    def sure(self) -> list[str]:
        """What the verdict rests on, in sentences made from signal, stage and grade of the cause."""
        sure, words, verdict = self.words.book["sure"], self.words, self.verdict.verdict
        if verdict == "INCONCLUSIVE":
            return [words.fill(sure["inconclusive"], {"what": self.open_points})]
        if self.root is None:
            lines = [sure["pass"]] if verdict == "FEASIBLE" else []
            if any(f.code == "reproduces" and f.level == "PASS" for f in self.findings):
                lines.append(sure["exact"])
            if closest := self._closest():
                share, near = closest
                lines.append(
                    words.fill(
                        sure["closest"],
                        {
                            "subject": words.name(near.subject or (near.code,), "full"),
                            "value": quantity(near.value, unit_of(near)),
                            "limit": quantity(near.limit, unit_of(near)),
                            "share": percent(share),
                        },
                    )
                )
            return lines
        root = self.root
        key = "kinematics_scene" if root.code == "collision.scene" else root.stage
        key = "retargeted" if root.signal == "retargeted" else key
        lines = [words.fill(sure[key], {"n": 1})] if key in sure else []
        if root.limit_grade in ("published", "measured", "estimate") and root.limit is not None:
            lines.append(
                words.fill(
                    sure[root.limit_grade],
                    {"source": self.words.source(root.limit_source) or words.look_up("grades", root.limit_grade)},
                )
            )
        details = root.details or {}
        if details.get("starts"):
            lines.append(words.fill(sure["starts"], details))
        if self.follow_count:
            lines.append(
                words.fill(sure["follows"]["one" if self.follow_count == 1 else "many"], {"k": self.follow_count})
            )
        return lines

    def _closest(self) -> tuple[float, Finding] | None:
        near = [
            (f.value / f.limit, f)
            for f in self.findings
            if check_of(f.code).near and f.level in ("PASS", "WARN") and f.value is not None and f.limit
        ]
        return max(near, key=lambda pair: pair[0]) if near else None

    @cached_property
    def estimates(self) -> list[str]:
        """Limits that were used and are only estimates, each once."""
        used = [f for f in self.findings if f.limit_grade == "estimate" and f.level in ("PASS", "WARN", "FAIL") and f.limit is not None]
        lines = []
        for one in used:
            limit, source = quantity(one.limit, unit_of(one)), self.words.source(one.limit_source)
            lines.append(self.words.ui("leaning_item", title=self.words.topic(one), limit=limit, source=source))
        return list(dict.fromkeys(lines))
