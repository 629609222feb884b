"""One page for whoever runs a shift; it needs no network, no script and no other file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..report.numerals import percent, quantity
from ..report.story import UTC_OFFSET_H
from ..report.text import Words
from . import drawings
from .causes import DRAW, Cause
from .overseeing import BY, ROWS, Seen, reasons, total, yields
from .take_columns import VERDICTS
from .tallies import Map
from .what_if import WhatIf

TEMPLATES = Path(__file__).parent / "templates"
STYLE = Path(__file__).parents[1] / "report" / "templates"
MAPS, PAIRS = 6, 3  # scenarios, and pairs of varied numbers of each, that are drawn
MOST_CAUSES = 15


class Page:
    """What the page shows of what was seen, in one language.

    Args:
        files: how many verdicts.jsonl were read.
    """

    def __init__(self, seen: Seen, words: Words, files: int, version: str = "") -> None:
        self.seen, self.words, self.files, self.version = seen, words, files, version
        self.book = words.book["oversight"]

    def say(self, key: str, **values: Any) -> str:
        """A text of the page, filled."""
        return self.words.fill(self.book[key], values)

    def html(self) -> str:
        """The page."""
        env = Environment(
            loader=FileSystemLoader([TEMPLATES, STYLE]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        return env.get_template("oversight.html").render(page=self, say=self.say, **self.context())

    def context(self) -> dict[str, Any]:
        """Everything the template asks for."""
        seen, all_ = self.seen, total(self.seen.takes)
        return {
            "lang": self.words.lang,
            "named": {name: self.words.verdict(None if name == "unreadable" else name) for name in VERDICTS},
            "all": all_,
            "percent": percent,
            "period": self._period(),
            "unsafe": seen.tallies,
            "unsafe_list": self.words.join(
                self.words.title(code) for code, _ in seen.tallies.unsafe_codes.most_common(4)
            ),
            "causes": [self.cause(one) for one in seen.causes[:MOST_CAUSES]],
            "more_causes": max(0, len(seen.causes) - MOST_CAUSES),
            "tables": [table for name in BY if (table := self._table(name))],
            "reasons": [
                (code, self.title(code), n, self.words.owner(owner)) for code, n, owner in reasons(seen.takes)[:ROWS]
            ],
            "drifts": self._drifts(),
            "maps": self._maps(),
            "skills": self._skills(),
            "alike": seen.alike,
            "again": seen.again,
            "what_if": self._what_if(seen.what_if),
            "telling": [(one, self.words.title(one.code), self.words.owner(one.owner)) for one in seen.tallies.telling],
            "unasked": [(self.words.title(code, None, "topic"), n) for code, n in seen.tallies.unasked.most_common(8)],
        }

    def title(self, code: str) -> str:
        """What was wrong, in two or three words."""
        return self.words.verdict(None) if code == "unreadable" else self.words.title(code)

    def _period(self) -> str:
        begins = self.seen.takes.begins
        known = begins[np.isfinite(begins)]
        return self.say("period", begin=clock(known.min()), end=clock(known.max())) if len(known) else ""

    # -- causes ------------------------------------------------------------------------------------------------------
    def cause(self, one: Cause) -> dict[str, str]:
        """A group of refusals in a sentence: how many, where, since when, what; and who acts."""
        title = self.title(one.code)
        value = None
        if one.value is not None and one.value != 0.0:
            unit = self._unit(one.code)
            value = quantity(one.value, unit) if unit not in (None, "1") else None
        where = None
        if one.where == DRAW:
            where = self.say("of_draw", word=one.what)
        elif one.where:
            where = self.say("of_word", dimension=self.book["dimensions"][one.where], word=one.what)
        when = None
        if one.since is not None and one.until is not None:
            key = "since" if one.ever_since else "from_to" if one.until > one.since else "at"
            when = self.say(key, begin=clock(one.since), end=clock(one.until))
        same = self.words.join(f"{self.book['dimensions'][name]} {word}" for name, word in one.same if name != "day")
        detail = []
        if one.where:
            detail.append(self.say("rates", n=one.n, of=one.of, else_n=one.else_n, else_of=one.else_of))
        elif one.n > 1:
            detail.append(self.say("nothing_common"))
        if same:
            detail.append(self.say("same_takes", list=same))
        return {
            "say": self.say(
                "cause" if one.n > 1 else "cause_one", n=one.n, where=where, when=when, what=title, value=value
            ),
            "detail": "".join(part + self.words.ui("stop") for part in detail).strip(),
            "code": one.code,
            "who": self.words.owner(one.owner),
            "act": self.words.owner(one.owner, "act"),
        }

    def _unit(self, code: str) -> str | None:
        from ..checks.rules import load_rules

        try:
            return load_rules()[code].unit
        except KeyError:
            return None

    # -- tables ------------------------------------------------------------------------------------------------------
    def _table(self, name: str) -> dict[str, Any] | None:
        rows = yields(self.seen.takes, name)
        if all(not row["word"] for row in rows):
            return None
        titles = {one: self.words.verdict(None if one == "unreadable" else one) for one in VERDICTS}
        for row in rows:
            row["bar"] = drawings.bar(row, row["n"], titles)
            row["top_title"] = self.title(row["top"]) if row["top"] else ""
            row["word"] = {"": self.say("not_said"), "…": self.say("others")}.get(row["word"], row["word"])
        return {"title": self.book["dimensions"][name], "rows": rows}

    def _drifts(self) -> list[Any]:
        found = []
        of: dict[str, dict[str, Any]] = {}
        for (code, devices), days in self.seen.tallies.drift.items():
            of.setdefault(code, {})[devices] = days
        for code, lines in of.items():
            if len({day for days in lines.values() for day in days}) < 2:
                continue
            title, tallies = self.words.title(code, None, "topic"), self.seen.tallies
            unit, limit = tallies.units.get(code, "1"), tallies.limits.get(code)
            found.append((title, code, drawings.drift(title, lines, unit, limit, self.say("not_said"))))
        return found

    def _maps(self) -> list[dict[str, Any]]:
        found = []
        for scenario, where in sorted(self.seen.tallies.maps.items(), key=lambda item: -_takes(item[1]))[:MAPS]:
            telling = where.telling()
            keys = [key for _, key in telling] or sorted(where.one)
            pairs = [(a, b) for i, a in enumerate(keys[:3]) for b in keys[i + 1 : 3]]
            failed = self.say("failed")
            rows = [
                (
                    key,
                    where.bounds[key],
                    percent(where.covered(key)),
                    drawings.tenths(where.one[key], failed),
                    dict((k, d) for d, k in telling).get(key),
                )
                for key in [*keys, *(key for key in sorted(where.one) if key not in keys)]
            ]
            heats = [drawings.heat(where, min(pair), max(pair), failed) for pair in pairs[:PAIRS]]
            found.append({"scenario": scenario, "n": _takes(where), "rows": rows, "heats": heats})
        return found

    def _skills(self) -> list[tuple[str, str, int, int]]:
        rows = [(scenario, skill, n, failed) for (scenario, skill), (n, failed) in self.seen.tallies.skills.items()]
        rows.sort(key=lambda row: (row[0], -row[3], -row[2], row[1]))
        return [
            (scenario, self.words.skill(skill) or skill, n, failed) for scenario, skill, n, failed in rows[: 2 * ROWS]
        ]

    def _what_if(self, asked: WhatIf | None) -> dict[str, Any] | None:
        if asked is None:
            return None
        word = self.words.verdict
        return {
            "asked": self.words.join(change.text for change in asked.changes),
            "moved": [(word(now), word(then), n) for (now, then), n in asked.moved.most_common()],
            "levels": [
                (code, self.words.title(code, None, "topic"), self.words.level(now), self.words.level(then), n)
                for code, counted in asked.levels.items()
                for (now, then), n in counted.most_common()
            ],
            "examples": [(source, word(now), word(then)) for source, now, then in asked.examples],
            "same": asked.same,
            "untold": asked.untold,
        }


def _takes(where: Map) -> int:
    return sum(n for n, _ in next(iter(where.one.values()))) if where.one else 0


def clock(seconds: float) -> str:
    """A moment on the wall of the centre."""
    return (datetime.fromtimestamp(float(seconds), UTC) + timedelta(hours=UTC_OFFSET_H)).strftime("%Y-%m-%d %H:%M")
