"""The words of the judge: a finding's code and numbers become sentences in the reader's language.

Checks return codes and numbers only. Every sentence stands in ``conf/text/<lang>.yaml`` as a ``str.format`` template
over the finding's fields, its ``details`` and a few derived words:

    subject   what it is about; ``:full`` name and identifier, ``:plain`` name, ``:ids`` identifiers
    skill     the skill during which it happened, in plain words
    event     what a ``scenario.<never>`` finding is called
    over      how far the value lies beyond the limit, as a share of the limit (missing when it does not)
    slower    by what share the movement must slow down so that the value meets its limit
    signal, title, code, level

How a field is written, `template` says; how a number is, `numerals`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ...scenarios.sheet.errors import ShiliuError
from ..checks.finding import Finding
from ..operator.skills import skill_named
from .assumed_words import with_link
from .limb_names import LIMB, by_limbs
from .notes import Notes, term
from .numerals import OwnUnit, angle_unit, in_own_unit, percent, quantity, unit_of
from .template import Template, needed_fields

TEXT = Path(__file__).parents[2] / "conf" / "text"
MOST_NAMES = 2  # of what a sentence is about; the finding holds all
MOST_DIFFERENCES = 6  # of a cell, named in one sentence
ROUND_UP = 0.05  # "about a third slower" is advice: rounded up to 5 %, so that it is enough



def languages() -> list[str]:
    """The languages that have a catalogue, sorted."""
    return sorted(path.stem for path in TEXT.glob("*.yaml"))


@lru_cache
def catalogue(lang: str) -> dict[str, Any]:
    """The whole catalogue of one language.

    Raises:
        ShiliuError: there is no catalogue for that language.
    """
    path = TEXT / f"{lang}.yaml"
    if lang not in languages():
        raise ShiliuError(f"No words for lang={lang!r}. Choose one of: {', '.join(languages())}.", field="lang")
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class Words:
    """One language's words.

    Args:
        lang: `en` or `zh`, or any other file of `conf/text/`.

    Raises:
        ShiliuError: no such language.
    """

    def __init__(self, lang: str = "en") -> None:
        self.lang = lang
        self.book = catalogue(lang)
        self._ui = self.book["ui"]

    def telling(self, titles: Mapping[str, Mapping[str, Mapping[str, str]]] | None) -> Words:
        """These words with a scenario's own: `events`, `things` and `sources` before them, its parts' after them.

        Args:
            titles: `events`, `things`, `sources`, `parts` by name, `words` of parts (`oven.door`) and `notes` of the recording's
                mapping by their English sentence, each by language. A word that stands alone (`chest`) is called as the first
                part calls it that has such a word.
        """
        if not titles:
            return self
        titled = copy.copy(self)
        words = self._own(titles.get("words"), {})
        alone = {dotted.partition(".")[2]: word for dotted, word in reversed(words.items())}
        titled.book = {
            **self.book,
            "events": {**self.book["events"], **self._own(titles.get("events"), self.book["events"])},
            "words": words,
            "things": {
                **alone,
                **self._own(titles.get("parts"), {}),
                **self.book["things"],
                **self._own(titles.get("things"), self.book["things"]),
            },
            "sources": {**self.book["sources"], **self._own(titles.get("sources"), self.book["sources"])},
            "own_notes": self._own(titles.get("notes"), {}),
        }
        return titled

    def _own(self, titles: Mapping[str, Mapping[str, str]] | None, known: Mapping[str, str]) -> dict[str, str]:
        """Each name in this language; in another one where neither the scenario nor the catalogue has it."""
        found: dict[str, str] = {}
        for name, words in (titles or {}).items():
            title = words.get(self.lang) or (None if name in known else next(iter(words.values()), None))
            found |= {name: title} if title else {}
        return found

    # -- small words -------------------------------------------------------------------------------------------------
    def ui(self, key: str, **values: Any) -> str:
        """A fixed word of the report (`ui.<key>`), filled with `values`."""
        return self.fill(self._ui[key], values) if values else self._ui[key]

    def surveyed(self, cell: str, date: str | None) -> str:
        """A cell, with the day of its survey; None where it is not measured yet."""
        return self.ui("surveyed", cell=cell, date=date) if date else self.ui("unsurveyed", cell=cell)

    def look_up(self, group: str, key: Any) -> str:
        """`<group>.<key>` where the catalogue has it, else the key made readable; nothing is ever lost."""
        found = self.book[group].get(str(key))
        return found if isinstance(found, str) else str(key).replace("_", " ")

    def stage(self, stage: str) -> str:
        """The name of a stage."""
        return self.book["stages"].get(stage, {}).get("title", stage)

    def verdict(self, verdict: str | None, part: str = "word") -> str:
        """The reader's word for a verdict (`part="means"`: what it means); None is an unreadable file."""
        return self.book["verdicts"].get(verdict or "unreadable", {}).get(part, str(verdict))

    def owner(self, owner: str | None, part: str = "name") -> str:
        """Who can act; `part="act"`: what they should do."""
        return self.book["owners"].get(owner or "nobody", {}).get(part, str(owner))

    def level(self, level: str) -> str:
        return self.look_up("levels", level)

    def signal(self, signal: str | None) -> str:
        if signal and signal.startswith("/"):
            return signal  # a topic is called what it is called
        return self.look_up("signals", signal) if signal else ""

    def note(self, sentence: str) -> str:
        """A note of a verdict's provenance in this language; one that nobody has words for stays as it is."""
        return Notes(self.lang, self.ui("colon"), self.book.get("own_notes", {})).note(sentence)

    def term(self, word: str) -> str:
        """A single word of the provenance in this language, such as `command`; it stays where it is none."""
        return term(self.lang, word)

    def skill(self, skill: str | None) -> str | None:
        """A skill in plain words; None stays None."""
        if not skill:
            return None
        kind = skill_named(skill)
        own = kind.label.words(self.lang) if kind else None
        return own[0] if own else self.look_up("skills", skill)  # of datasets with other operators

    def claim(self, claim: str | None, part: str = "question") -> str:
        """The question that was asked of this kind of recording; `part="kind"`: the kind itself."""
        claims = self.book["claims"]
        return claims.get(claim or "unknown", {}).get(part) or (
            str(claim) if part == "kind" else claims["unknown"][part]
        )

    def reason(self, reason: str | None) -> str:
        """Why something was not checked; `integrity.<code>` names the finding that stopped it."""
        if not reason:
            return self._ui["not_checked"]
        for prefix in ("integrity.", "stopped."):
            code = reason.removeprefix(prefix)
            if code != reason and self.code(code):
                return self.ui("integrity_reason", code=code, title=self.title(code))
        return self.look_up("reasons", reason)

    def gave_up(self, found: Mapping[str, Any], plain: bool = True) -> str:
        """Why the operator gave up, as an episode says it (`words.reason.gave_up_of`); English where the catalogue has no words for it.

        Args:
            plain: whether things are called by their plain names, not by their words in the YAML.
        """
        template = self.book["gave_up"].get(found.get("code"))
        if template is None:
            return str(found["reason"])
        values = dict(found.get("details") or {})
        for key in ("at", "of"):
            if key in values:
                word = str(values[key]).replace("/", ".", 1)
                values[key] = self.dotted(word) if plain else word
        if "side" in values:
            values["side"] = self.book["sides"].get(str(values["side"])[:1], values["side"])
        return self.fill(template, values)

    def in_skill(self, found: Mapping[str, Any]) -> str:
        """The same, with the skill that gave up before it."""
        values = {"skill": self.skill(found["skill"]), "number": found["number"], "reason": self.gave_up(found)}
        return self.fill(self.book["record"]["in_skill"], values)

    def source(self, source: str | None) -> str:
        """Where a limit comes from; a source that the catalogue does not know stays as it was written."""
        return self.book["sources"].get(source or "", source or "")

    def join(self, items: Iterable[str]) -> str:
        """Items in one line, with the language's comma."""
        return self._ui["comma"].join(items)

    # -- names -------------------------------------------------------------------------------------------------------
    def plain(self, identifier: str) -> str:
        """The plain name of a joint, a body or a thing; an unknown identifier stays as it is."""
        last = identifier.rsplit(":", 1)[-1]
        if limb := LIMB.match(last):
            part, side, index, kind = limb.groups()
            words = self.book["bodies" if kind == "link" else "joints"].get(f"{part}_{index}")
            if words is not None:
                return words.format(side=self.book["sides"].get(side, ""))
        things = self.book["things"]
        if last in things:
            return things[last]
        if last in self.book["events"]:
            return self.book["events"][last]
        head, _, tail = last.partition("/")
        return things[head] if tail and head in things else identifier

    def dotted(self, word: str) -> str:
        """A scenario's word in plain words: `oven.door` is "the oven's door"; made readable where nobody names it."""
        part, _, inner = word.partition(".")
        if part in ("robot", "marks") and inner:
            return self.book.get("words", {}).get(word) or self.plain(inner)
        thing = self.plain(part)
        thing = thing if thing != part else part.replace("_", " ")
        if not inner:
            return thing
        named = self.book.get("words", {}).get(word) or self.look_up("things", inner)
        return self.fill(self.book["sentences"]["of"], {"part": thing, "word": named})

    def name(self, subject: Any, how: str = "full") -> str:
        """The subject of a finding (a string or several) as `full`, `plain` or `ids`."""
        items = [subject] if isinstance(subject, str) else [str(item) for item in subject]
        groups = by_limbs(items, self.book, self.plain)
        if how == "ids":
            return self.join(item for of, _ in groups for item in of)
        chinese = self.lang == "zh"
        names = []
        for of, plain in groups:
            if how == "plain" or [plain] == of or len(of) > MOST_NAMES:  # many joints are called by their limb
                names.append(plain)
            else:
                names.append(f"{plain}（{self.join(of)}）" if chinese else f"{self.join(of)} ({plain})")
        if how == "full" and len(names) > MOST_NAMES:
            more = len(names) - MOST_NAMES
            return self.ui("names_more", names=("、" if chinese else ", ").join(names[:MOST_NAMES]), more=more)
        return ("、" if chinese else " and " if len(names) == 2 else ", ").join(names)

    # -- findings ----------------------------------------------------------------------------------------------------
    def code(self, code: str) -> dict[str, str] | None:
        """The catalogue's entry of a code; every `scenario.<never>` shares one."""
        codes = self.book["codes"]
        return codes.get(code) or (codes["scenario"] if code.startswith("scenario.") else None)

    def title(self, code: str, finding: Finding | None = None, part: str = "title") -> str:
        """What is wrong, in two or three words; `part="topic"`: the neutral name of the question."""
        entry = self.code(code)
        if entry is None:
            return code
        event = (finding and finding.details.get("title")) or self.event(code.removeprefix("scenario."))
        return self.fill(entry[part], {"event": self._in_lang(event)})

    def topic(self, finding: Finding) -> str:
        """What was asked, in two or three words that do not say the answer."""
        return self.title(finding.code, finding, "topic")

    def what(self, code: str) -> str:
        """The question that a check asks."""
        return (self.code(code) or {}).get("what", code)

    def message(self, finding: Finding) -> str:
        """What was found, with numbers: one clause without a full stop."""
        if finding.level in ("NOT_CHECKED", "NOT_APPLICABLE") and finding.reason:
            reason = self.reason(finding.reason)
            if finding.level == "NOT_CHECKED" and "message_open" in (self.code(finding.code) or {}):
                return self.fill(self.code(finding.code)["message_open"], self._context(finding) | {"reason": reason}, unit_of(finding))  # type: ignore[index]
            if "nearby" in finding.details:
                survey = finding.details.get("kind") == "survey"  # the same commands do it without this cell
                details = finding.details if survey else {k: v for k, v in finding.details.items() if k != "differs"}
                return self.fill(self._ui["nearby_told"], self._details(details))
            if missing := (finding.details or {}).get("missing"):
                return self._ui["colon"].join((reason, self.join(missing)))
            tried = (finding.details or {}).get("starts")
            return self.fill(self._ui["starts_told"], finding.details | {"reason": reason}) if tried else reason
        part = {"PASS": "ok", "WARN": "warn", "INFO": "info"}.get(finding.level, "message")
        text = self._say(finding, part)
        if (finding.details or {}).get("softened"):
            text = self._ui["semicolon"].join((text, self._ui["softened"]))
        return with_link(self, finding, text, "over_link")

    def slip(self, finding: Finding) -> str:
        """What the operator reads: one sentence; it may begin with the name of a thing, or with an identifier, which keeps its spelling."""
        text = with_link(self, finding, self._say(finding, "slip"), "over_link_slip")
        return text if text.startswith(tuple(finding.subject)) else text[:1].upper() + text[1:]

    def advice(self, finding: Finding) -> str:
        """What the person who acts should do: the advice that belongs to the code."""
        return with_link(self, finding, self._say(finding, "fix"), "over_link_fix")

    def fix(self, finding: Finding) -> str:
        """What would make it pass: the finding's own fix where it has one, else the advice."""
        fix = finding.fix or {}
        template = self.book["fixes"].get(str(fix.get("kind")))
        cause = f"fix_{(finding.details or {}).get('kind')}"
        if fix.get("kind") == "remake" and cause in (self.code(finding.code) or {}):
            return self.advice(finding)  # a cause that is known has a sentence of its own
        words = in_own_unit(self._fix_words(fix), finding)
        # a sentence that would show a gap says less than the advice
        if template is None or any(words.get(name) is None for name in needed_fields(template)):
            return self.advice(finding)
        text = self.fill(template, words, unit_of(finding))
        return f"{text} {self.book['fixes']['applicable']}" if fix.get("applicable") else text

    def _fix_words(self, fix: Mapping[str, Any]) -> dict[str, Any]:
        """A fix as template fields: its sides, steps and causes in the reader's words."""
        words = dict(fix)
        for key, group in (("side", "ways"), ("likely", "likely"), ("event", "events"), ("missed", "events")):
            if isinstance(fix.get(key), str):
                words[key] = self.look_up(group, fix[key])
        if isinstance(fix.get("differs"), list):
            words["differs"] = self.differences(fix["differs"])
        if isinstance(fix.get("failure"), str):
            words["failure"] = self.title(fix["failure"])
        return words

    def _say(self, finding: Finding, part: str) -> str:
        entry = self.code(finding.code)
        if entry is None:  # a check newer than the catalogue still says its numbers
            return self.ui(
                "of_limit", value=quantity(finding.value, unit_of(finding)), limit=quantity(finding.limit, unit_of(finding))
            )
        details = finding.details or {}
        kind = details.get("kind") or details.get("label")  # `stream.missing`: late, early; `goal`: what the label says
        fallback = part if part in entry else "message"
        text = entry.get(f"{part}_{kind}", entry.get(f"{fallback}_{kind}", entry[fallback]))
        return self.fill(text, self._context(finding), unit_of(finding))

    def _context(self, finding: Finding) -> dict[str, Any]:
        details = in_own_unit(self._details(finding.details or {}), finding)
        over = ratio = None
        if finding.value is not None and finding.limit:
            ratio = finding.value / finding.limit
            over = ratio - 1.0 if ratio > 1.0 else None
        factor = (finding.fix or {}).get("factor") or (1.0 / ratio if over and ratio else None)
        slower = math.ceil(round((1.0 - factor) / ROUND_UP, 6)) * ROUND_UP if factor else None
        return {
            **details,
            "code": finding.code,
            "level": self.level(finding.level),
            "title": self.title(finding.code, finding),
            "event": self.title(finding.code, finding),
            "signal": self.signal(finding.signal),
            "subject": tuple(finding.subject) or (finding.code,),
            **{key: getattr(finding, key) for key in ("t0", "t1", "value", "limit", "margin", "excess", "share", "unit")},
            "angle": angle_unit(finding),
            "source": self.source(finding.limit_source),
            "skill": self.skill(finding.skill),
            "over": over,
            "slower": slower,
            "beyond": -finding.margin if finding.margin is not None and finding.margin < 0 else None,
            "late_by": finding.value if finding.value is not None and finding.value >= 0 else None,
            "early_by": -finding.value if finding.value is not None and finding.value < 0 else None,
        }

    def _details(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """A finding's details as template fields: `{"fastest": {"joint": …}}` becomes `fastest_joint`."""
        flat: dict[str, Any] = {}
        for key, value in details.items():
            value = self._in_lang(value)
            if isinstance(value, dict):
                flat |= {f"{key}_{inner}": item for inner, item in value.items() if not isinstance(item, (dict, list))}
            elif key == "towards":
                flat[key] = self.look_up("ways", str(value))
            elif isinstance(value, str):
                flat[key] = value if key in ("word", "text") else self._plain_word(value)
            elif key == "done":  # of a task sentence: things, which may be called as a limit is
                flat[key] = [self.dotted(item) if item[:1].isalpha() else item for item in map(str, value)]
            elif isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
                flat[key] = [self.event(item) for item in value]
            else:
                flat[key] = value
        if isinstance(names := details.get("reached_names"), str):
            flat["reached_names"] = [self.event(name) for name in names.split(", ") if name]
        if isinstance(decides := details.get("decides"), dict):
            flat["decides_parameter"] = self.parameter(str(decides.get("parameter")))
        if "wanted" in details and "word" in details:
            flat["condition"] = self.condition(details["word"], details.get("about") or ())
            flat |= {key: self.measured(details.get(key), details["wanted"]) for key in ("best", "bound")}
        if failure := details.get("failure"):
            flat["failure_title"] = self.title(str(failure))
        if isinstance(near := details.get("nearest"), dict):
            flat["nearest_told"] = self.nearest(near)
        if isinstance(beside := details.get("elsewhere"), dict):
            flat["elsewhere_told"] = self.ui(f"{beside.get('where')}_{'done' if beside.get('success') else 'not_done'}")
        if isinstance(differs := details.get("differs"), list):
            flat["differs_told"] = self.differences(differs)
        if streams := [one for one in details.get("streams") or () if isinstance(one, dict)]:
            flat["units"] = self.join(self.ui("unit_each", **one) for one in streams)
        return flat

    def nearest(self, near: Mapping[str, Any]) -> str:
        """How near a step came to being done: each condition that did not hold, with what was measured and what is wanted."""
        unmet = []
        for one in near.get("conditions") or ():
            if one.get("margin") is not None and one["margin"] >= 0:
                continue
            what = self.condition(one["word"], one.get("about") or ())
            value, bound = (
                self.measured(one.get("value"), one.get("unit")),
                self.measured(one.get("bound"), one.get("unit")),
            )
            key = "condition_unmet" if bound is None else "condition_more" if one.get("more") else "condition_less"
            unmet.append(self.ui(key, what=what, value=value, bound=bound))
        if near.get("after") and not unmet:
            return self.ui("held_undone", steps=self.join(map(self.event, near["after"])))
        if near.get("hold") and not unmet:
            return self.ui("held_too_short", hold=quantity(near["hold"], "s"))
        return self._ui["semicolon"].join(unmet)

    def goal_word(self, word: str) -> str:
        """What a word of a scenario's goal measures, as the word itself says it; else the word made readable."""
        from ...scenarios.words import WORDS

        return str(getattr(WORDS.get(word), self.lang, word.replace("_", " ")))

    def condition(self, word: str, about: Iterable[str]) -> str:
        """A condition of a step in plain words, with the things that it is about."""
        return self.fill(
            self._ui["condition"],
            {"what": self.goal_word(word), "about": self.join(map(self.dotted, about)) or None},
        )

    def measured(self, value: Any, unit: str | None) -> str | None:
        """A number with its unit; shares as percent."""
        return None if value is None else percent(value) if unit == "%" else quantity(value, unit)

    def differences(self, differs: Iterable[Mapping[str, Any]]) -> str | None:
        """What is otherwise than drawn: `counter.height 850 mm, drawn 870 mm`."""
        found = list(differs)
        shown = [
            self.ui(
                "differs",
                what=one["key"],
                here=quantity(one["here"], one.get("unit")),
                there=quantity(one["there"], one.get("unit")),
            )
            for one in found[:MOST_DIFFERENCES]
        ]
        more = len(found) - len(shown)
        return self._ui["semicolon"].join([*shown, *([self.ui("and_more", n=more)] if more else [])]) or None

    def _plain_word(self, value: Any) -> Any:
        """A code word such as `receive` or `engine_version` in the reader's words; anything else as it is."""
        return (
            self.book["likely"].get(value) or self.book["events"].get(value, value) if isinstance(value, str) else value
        )

    def event(self, name: str) -> str:
        """A subgoal, or what a scenario forbids, in plain words."""
        return self.book["events"].get(name, name.replace("_", " "))

    def parameter(self, key: str) -> str:
        """What a varied copy changes, in plain words: `friction`, `bowl.at.x`."""
        words, (part, _, axis) = self.book["parameters"], key.partition(".at.")
        return self.fill(words["place"], {"part": self.plain(part), "axis": axis}) if axis else words.get(key, key)

    def _in_lang(self, value: Any) -> Any:
        """`{en: …, zh: …}` becomes the reader's language."""
        return value.get(self.lang, value.get("en")) if isinstance(value, dict) and "en" in value else value

    def fill(self, template: str, values: Mapping[str, Any], unit: str | OwnUnit | None = None) -> str:
        """A template filled with values; see `template` for its format words."""
        return Template(self, unit).fill(template, values)

    # -- facts and tables --------------------------------------------------------------------------------------------
    def fact(self, key: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """(title, text) of a measured fact; a fact that the catalogue does not know is shown as `key value, …`."""
        values = {name: self._plain_word(self._in_lang(value)) for name, value in values.items()}
        entry = self.book["facts"].get(key)
        if entry is None:
            listed = (f"{name.replace('_', ' ')} {self.fill('{x}', {'x': value})}" for name, value in values.items())
            return key.replace("_", " "), self.join(listed)
        unit = values.get("unit")
        if isinstance(unit, str):  # of a pose: "m m m 1 1 1 1"
            values["unit"] = self.join(dict.fromkeys(part for part in unit.split() if part != "1")) or None
        return self.fill(entry["title"], values, unit), self.fill(entry["text"], values, unit)
