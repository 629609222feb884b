"""`report.html`: one page that needs no network and no other file, and no script but for players of takes.

A single recording: slip, then sheet. Several: an overview grouped by cause, each row leading to its sheet.
"""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ...scenarios.reading.override import shell_line
from ...scenarios.sheet.errors import as_named
from ..checks.finding import Finding, Picture, Table
from ..checks.outcome import there_at_end
from ..judge.verdict import Verdict
from . import plots, svg
from .exit_code import COUNTED, counts
from .numerals import number, quantity, seconds, unit_of
from .story import STAGES, Story, rank
from .terminal import first_line, groups, span, speed_line
from .text import Words
from .timeline import timeline
from .translation import translated
from .used import not_used, shown_cell, shown_link, used

EXPAND_ALL = 50  # a report of more recordings than this shows only some sheets
SHEETS = 20  # how many it then shows: those that need a person first
PLOTS_FOR_ALL = 12  # beyond so many recordings those that pass show no curves, so that the page stays light
ROWS = 400  # rows of the overview
ALSO = 6  # other joints named beside the worst one
GROUP_FROM = 3  # rows of one cause before they get a heading of their own
TERMS = ("check", "robot_known_by", "scenario_named_by")  # entries of the provenance that are a single word


@dataclass(frozen=True)
class Players:
    """Takes that play in the page: by source of the take the figure, and the scripts with all that they need, once."""

    figures: Mapping[str, str] = field(default_factory=dict)
    scripts: str = ""


class Sheet:
    """Everything one recording's sheet shows, ready for the template."""

    def __init__(self, story: Story, place: int, command: str, alone: bool, few: bool, player: str = "") -> None:
        self.story, self.verdict, self.words = story, story.verdict, story.words
        self.id = f"take-{place}"
        self.command, self.alone, self.few = command, alone, few
        self.player = Markup(player)

    @cached_property
    def where(self) -> list[str]:
        """Scenario, cell, take, length: the line under the verdict."""
        verdict, ui = self.verdict, self.words.ui
        scenario = (
            f"{verdict.scenario} v{verdict.scenario_version}"
            if verdict.scenario and verdict.scenario_version
            else verdict.scenario
        )
        parts = [ui("scenario_bare") if verdict.scenario in (None, "bare") else scenario]
        parts += [f"{ui('cell')} {shown_cell(verdict, self.words)}"] if verdict.cell else []
        parts += [f"{ui('link')} {link}"] if (link := shown_link(verdict, self.words)) else []
        parts += [span(self.story.duration)] if self.story.duration is not None else []
        parts += [self.words.claim(self.story.claim, "kind")]
        return [str(part) for part in parts]

    @cached_property
    def stages(self) -> list[dict[str, Any]]:
        rows = []
        for stage in self.story.stages:
            result = self.verdict.stages[stage]
            rows.append(
                {
                    "title": self.words.stage(stage),
                    "code": stage,
                    "asks": self.words.book["stages"].get(stage, {}).get("asks", ""),
                    "tone": {"NOT_CHECKED": "none"}.get(result.verdict, result.verdict.lower()),
                    "verdict": result.verdict,
                    "word": self.words.verdict(result.verdict),
                    "reason": self.words.reason(result.reason)
                    if result.reason and result.verdict == "NOT_CHECKED"
                    else "",
                    "findings": [self._line(f) for f in self.story.of_stage(stage, "FAIL", "WARN")],
                    "passed": self._passed(stage),
                    "infos": [self.words.message(f) for f in self.story.of_stage(stage, "INFO")],
                    "required": any(stage == r or r.startswith(f"{stage}.") for r in self.verdict.required or ()),
                }
            )
        return rows

    def _passed(self, stage: str) -> list[str]:
        """What passed: a line for each number, then all that is only "nothing found" in one line."""
        findings = self.story.of_stage(stage, "PASS")
        numbered: dict[str, None] = {}
        bare: dict[str, None] = {}
        for finding in findings:
            if finding.code.startswith("scenario."):
                continue
            text = self.words.message(finding)
            if any(other.code == finding.code and other.signal != finding.signal for other in findings):
                text += f" ({self.words.signal(finding.signal)})"
            (numbered if any(c.isdigit() for c in text) else bare)[text] = None
        if nevers := [self.words.title(f.code, f) for f in findings if f.code.startswith("scenario.")]:
            bare[self.words.ui("did_not_happen", list=self.words.join(dict.fromkeys(nevers)))] = None
        return [*numbered, *([self.words.ui("semicolon").join(bare)] if bare else [])]

    def _line(self, finding: Finding) -> dict[str, Any]:
        index = next(i for i, item in enumerate(self.story.findings) if item is finding)
        source = self.words.source(finding.limit_source) if finding.limit is not None else None
        return {
            "n": self.story.number[index],
            "level": finding.level,
            "code": finding.code,
            "message": self.words.message(finding),
            "when": self.story.when(finding) if finding.t0 is not None else "",
            "source": self.words.ui("source_is", source=source) if source else "",
            "grade": self.words.look_up("grades", finding.limit_grade) if source and finding.limit_grade else "",
            "signal": self.words.signal(finding.signal),
            "also": self._also(finding),
            "follows": self.story.follows(finding),
            "cause": index == self.verdict.root,
        }

    def _also(self, finding: Finding) -> str:
        """Other joints or streams with the same complaint, which a check folds into its worst one."""
        others = []
        for other in (finding.details or {}).get("others") or ():
            if other.get("level") in ("WARN", "FAIL"):
                value = quantity(other.get("value"), unit_of(finding)) if other.get("value") is not None else ""
                at = self.words.ui("at_time", t=seconds(other["t0"])) if other.get("t0") is not None else ""
                others.append(
                    " ".join(part for part in (self.words.name(other.get("subject") or (), "ids"), value, at) if part)
                )
        more = f" … (+{len(others) - ALSO})" if len(others) > ALSO else ""
        return self.words.ui("also", list=self.words.ui("semicolon").join(others[:ALSO]) + more) if others else ""

    @cached_property
    def not_checked(self) -> list[tuple[str, str]]:
        return [(self.story.topics(group), reason) for group, reason in self.story.by_reason("NOT_CHECKED")]

    @cached_property
    def not_applicable(self) -> list[tuple[str, str]]:
        return [(self.story.topics(group), reason) for group, reason in self.story.by_reason("NOT_APPLICABLE")]

    @cached_property
    def outcome(self) -> str:
        """What was achieved, beside the verdict: the label's word and the replay's."""
        outcome, words, ui = self.verdict.outcome or {}, self.words, self.words.ui
        subgoals = outcome.get("subgoals") or {}
        if not subgoals and not outcome.get("starts") and outcome.get("label") is None:
            return ""
        parts = []
        for key, value in (("label", outcome.get("label")), ("outcome_replay", outcome.get("success"))):
            if value is not None:
                parts.append(ui("colon").join((ui(key), ui("success" if value else "failure"))))
        if outcome.get("label") is None:
            parts.insert(0, ui("assumed" if outcome.get("assumed") else "no_label"))
        if outcome.get("starts"):
            n = round((outcome.get("share") or 0.0) * outcome["starts"])
            parts.append(ui("likely_starts", successes=n, starts=outcome["starts"]))
        if subgoals:
            reached = [words.event(name) for name in there_at_end(outcome)]
            names = f" ({words.join(reached)})" if reached else ""
            parts.append(ui("subgoals", k=len(reached), n=len(subgoals)) + names)
        for name, at in (outcome.get("undone") or {}).items():
            parts.append(ui("undone_at", step=words.event(name), at=quantity(at, "s")))
        if outcome.get("time") is not None:
            parts.append(ui("time_used", time=f"{outcome['time']:.1f}", limit=f"{outcome['time_limit']:g}"))
        if failure := outcome.get("failure"):
            parts.append(words.title(str(failure)))
        return ui("semicolon").join(parts)

    @cached_property
    def facts(self) -> list[tuple[str, str]]:
        evidence = self.verdict.evidence
        return [self.words.fact(fact.key, fact.values) for fact in evidence.facts] if evidence else []

    @cached_property
    def tables(self) -> list[dict[str, Any]]:
        return [self._table(table) for table in self.verdict.evidence.tables] if self.verdict.evidence else []

    def _table(self, table: Table) -> dict[str, Any]:
        rows = [
            [
                {
                    "text": self._cell_text(table.title_key, column, cell),
                    "number": isinstance(cell, (int, float)) and not isinstance(cell, bool),
                }
                for column, cell in zip(table.columns, row)
            ]
            for row in table.rows
        ]
        return {
            "title": self.words.look_up("tables", table.title_key),
            "columns": [self._column(c) for c in table.columns],
            "rows": rows,
        }

    def _column(self, key: str) -> str:
        part, _, axis = key.partition(".at.")
        return f"{self.words.plain(part)} {axis}" if axis else self.words.look_up("columns", key)

    def _cell_text(self, table: str, column: str, cell: Any) -> str:
        if column == "step" and isinstance(cell, str):
            return self.words.event(cell)
        if column == "condition" and isinstance(cell, str):
            return self.words.goal_word(cell)
        if column == "met":
            return self.words.ui("met" if cell else "not_met")
        if column == "about":
            return self.words.join(map(self.words.dotted, cell)) or "–"
        if table == "steps" and isinstance(cell, float):
            return seconds(cell)
        return self._cell(cell)

    def _cell(self, cell: Any) -> str:
        if cell is None:
            return "–"
        if isinstance(cell, bool):
            return self.words.ui("success" if cell else "failure")
        if isinstance(cell, tuple) and len(cell) == 2:  # a number with its unit
            return self.words.measured(*cell) or "–"
        if isinstance(cell, str):
            return self.words.name(cell, "full")
        return (
            number(cell) if not isinstance(cell, (list, tuple)) else self.words.join(self._cell(item) for item in cell)
        )

    @cached_property
    def plots(self) -> list[tuple[str, Any]]:
        """(title, drawing); a recording that passes among many shows none."""
        evidence = self.verdict.evidence
        if not evidence or (not self.few and self.verdict.verdict == "FEASIBLE"):
            return []
        drawn = [
            (plots.title(p, self.words), plots.curve(p, self.story, f"{self.id}-p{k}"))
            for k, p in enumerate(evidence.plots)
        ]
        drawn += [
            (self.words.look_up("plots", "halves"), plots.halves(finding, self.words))
            for finding in self.verdict.findings
            if finding.code == "robustness" and finding.checked
        ]
        return [(title, drawing) for title, drawing in drawn if drawing]

    @cached_property
    def timeline(self) -> Any:
        return timeline(self.story)

    @cached_property
    def pictures(self) -> list[dict[str, str]]:
        return [self._picture(p) for p in self.verdict.evidence.pictures] if self.verdict.evidence else []

    def _picture(self, picture: Picture) -> dict[str, str]:
        kind = "jpeg" if picture.png[:2] == b"\xff\xd8" else "png"
        data = base64.b64encode(picture.png).decode()
        return {
            "src": f"data:image/{kind};base64,{data}",
            "caption": self.words.look_up("captions", picture.caption_key),
            "t": f"{picture.t:.1f} s",
        }

    @cached_property
    def provenance(self) -> list[tuple[str, str]]:
        rows = [("sha256", self.verdict.sha256 or "")] if self.verdict.sha256 else []
        for key, value in (self.verdict.provenance or {}).items():
            if key == "gave_up":
                rows.append((self.words.look_up("provenance", key), self.words.in_skill(value)))
            elif key != "notes" and value not in (None, "", [], {}):
                if key == "unmapped":
                    value = [self.words.note(str(channel)) for channel in value]
                elif key in TERMS:
                    value = self.words.term(str(value))
                rows.append((self.words.look_up("provenance", key), self._plain(value)))
        return rows

    def _plain(self, value: Any) -> str:
        if isinstance(value, dict):
            return self.words.join(f"{key} {self._plain(item)}" for key, item in value.items())
        if isinstance(value, (list, tuple)):
            return self.words.join(self._plain(item) for item in value)
        return number(value) if isinstance(value, float) else str(value)

    @property
    def notes(self) -> list[str]:
        return [self.words.note(str(note)) for note in (self.verdict.provenance or {}).get("notes") or ()]

    @cached_property
    def again(self) -> str:
        """The command to see this recording again: the command of the run, with `data=` narrowed to this file."""
        source = (self.verdict.source or "").partition("#")[0]
        if "$'" in self.command:  # which only a shell reads
            return self.command
        try:
            parts = shlex.split(self.command)
        except ValueError:
            return self.command
        for place, part in enumerate(parts):
            key, _, value = part.partition("=")
            if key == "data" and source and not self.alone and not Path(source).is_absolute():
                parts[place] = f"data={_narrowed(value, source)}"
        return shell_line(parts)

    @property
    def error(self) -> str:
        error = self.verdict.error or {}
        parts = [str(error[key]) for key in ("file", "field") if error.get(key)]
        return self.words.ui("colon").join((*parts, translated(str(error.get("message", "")), self.words.lang)))


def render(
    verdicts: Sequence[Verdict],
    words: Words,
    command: str,
    header: dict[str, Any] | None = None,
    threads: int | None = None,
    found: Mapping[str, int] | None = None,
    players: Players | None = None,
) -> str:
    """The whole page.

    Args:
        verdicts: in the order in which they were judged.
        words: the reader's language.
        command: the command line of this run, shown so that it can be run again.
        header: version, scene, cell, thresholds, engine, elapsed_s, utc_offset_h: whichever are known.
        threads: how many were used.
        found: what `counts` gives of all, where `verdicts` are only some of them.
        players: of the takes that play in the page.
    """
    total = len(verdicts) if found is None else sum(found[word] for word in COUNTED)
    header = dict(header or {}) | ({"threads": threads} if threads else {})
    alone = len(verdicts) == 1
    header |= used(verdicts, words)
    players = players or Players()
    offset = {"utc_offset_h": header["utc_offset_h"]} if "utc_offset_h" in header else {}
    stories = [Story(v, words, **offset) for v in verdicts]
    ordered = sorted(range(len(verdicts)), key=lambda i: (rank(verdicts[i]), i))
    shown = ordered if len(verdicts) <= EXPAND_ALL else ordered[:SHEETS]
    few = len(verdicts) <= PLOTS_FOR_ALL
    figures = [players.figures.get(verdict.source or "", "") for verdict in verdicts]
    sheets = {i: Sheet(stories[i], i + 1, command, alone, few, figures[i]) for i in shown}
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_unbroken,
    )
    environment.globals.update(ui=words.ui, words=words, signs=svg.signs(), colon=words.ui("colon"))
    return environment.get_template("report.html").render(
        lang=words.lang,
        alone=alone,
        sheets=list(sheets.values()),
        overview=_overview(verdicts, words, {id(verdicts[i]): sheet.id for i, sheet in sheets.items()})
        if not alone
        else [],
        left_out=max(0, len(verdicts) - ROWS),
        counts=found or counts(verdicts),
        counted=COUNTED,
        total=total,
        partial=words.ui("page_shows", n=len(verdicts), of=total) if total > len(verdicts) else "",
        first_line=first_line(header, total, words),
        not_used=not_used(verdicts, words),
        speed=speed_line(verdicts, header["elapsed_s"], words).strip()
        if header.get("elapsed_s") and total == len(verdicts)
        else "",
        title=words.ui("report_title") if alone else words.ui("report_title_many", n=total),
        subject=verdicts[0].called if alone else "",
        command=command,
        stage_count=len(STAGES),
        scripts=Markup(players.scripts),
    )


def _narrowed(data: str, source: str) -> str:
    """The file or set of a recording: inside the folder that was read, or what was read itself."""
    folder = Path(data)
    inside = folder / as_named(source)
    if not os.path.exists(inside) and source in (folder.name, folder.resolve().name):
        return data  # a set or a file is called by its own name
    return str(inside)


def _unbroken(value: Any) -> Any:
    """Keeps a percent sign on the line of its number; drawings stay as they are."""
    return value.replace(" %", "\u00a0%") if type(value) is str else value


def _overview(verdicts: Sequence[Verdict], words: Words, links: dict[int, str]) -> list[dict[str, Any]]:
    """Rows of the overview: groups of one cause with a heading, then what passed."""
    sections: list[dict[str, Any]] = []
    left = ROWS
    for _, members in groups(verdicts, words):
        heading = f"{members[0].cause_key or members[0].tone}" if len(members) >= GROUP_FROM else ""
        rows = [{"story": story, "link": links.get(id(story.verdict))} for story in members[: max(0, left)]]
        left -= len(rows)
        if rows:
            sections.append({"heading": heading, "count": len(members), "rows": rows})
    passed = [Story(v, words) for v in verdicts if v.verdict == "FEASIBLE"]
    rows = [{"story": story, "link": links.get(id(story.verdict))} for story in passed[: max(0, left)]]
    if rows:
        sections.append({"heading": "", "count": len(passed), "rows": rows})
    return sections
