"""The card of a delivered set: its README.md, which a person reads and a hub shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from ..report.numerals import number, percent
from ..report.text import Words
from .delivery_figures import gaps
from .selection import DeliveryPlan

HUB = "proprietary"  # no licence that a hub knows


def card(
    title: str,
    plan: DeliveryPlan,
    found: Mapping[str, Any],
    disputes: Sequence[Mapping[str, Any]],
    words: Words,
    version: str,
) -> str:
    """Markdown, with the head that a hub reads; `version` is of shiliu, which writes it: who judged stands in `found`."""
    say = _Say(words)
    hours = found["seconds"] / 3600.0
    own, by_command = plan.licence_from
    head = {
        "license": "other" if plan.licence == HUB else plan.licence.lower(),
        **({"license_name": plan.licence} if plan.licence == HUB else {}),
        "task_categories": ["robotics"],
        "tags": ["LeRobot", "shiliu", *sorted(found["scenarios"])],
        "configs": [{"config_name": "default", "data_files": "data/*/*.parquet"}],
    }
    judge, unsafe = found["judge"]["all"], found["succeeded_but_unsafe"]
    how = "judged_unplayed" if not found["played"] else "judged_played" if found["played"] == found["takes"] else "judged_in_part"
    parts = [f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n", f"# {title}\n"]
    parts.append(
        say(
            "first",
            n=found["takes"],
            operators=len(found["operators"]) or None,
            hours=number(round(hours, 3)),
            frames=found["frames"],
            fps=plan.kind.fps,
            robot=plan.kind.robot,
            seen=found["seen"],
            judges=list(dict.fromkeys(one["version"] for one in found["judged_by"] if one["version"])),
            unknown=sum(one["takes"] for one in found["judged_by"] if not one["version"]) or None,
            version=version,
            how=say.book["card"][how],
        )
    )
    rows = [(name, of["takes"], of["frames"], of["succeeded"], of["failed"]) for name, of in found["scenarios"].items()]
    parts += [say.head("what"), _table(say.columns("scenario", "takes", "frames", "succeeded", "failed"), rows)]
    parts += _listed(say, "task", found["tasks"], "")
    where = (*_listed(say, "centre", found["centres"], ""), *_listed(say, "cell", found["cells"], ""))
    parts += [say.head("where"), *(list(filter(None, where)) or [say("none")])]
    parts += [say.head("who"), say("who_text"), *_listed(say, "operator", found["operators"])]
    made = {say.book["makers"].get(what, what): n for what, n in found["made_by"].items()}
    parts += [say("made_by_text"), *_listed(say, "made_by", made)]
    parts += [say.head("splits"), say("splits_text"), _splits(say, plan, found)]
    parts += [
        say.head("licence"),
        say("licence_text", licence=plan.licence, own=own or None, command=by_command or None),
    ]
    parts += [say.head("skills"), *_listed(say, "skill", found["skills"], say("none"))]
    parts += [say.head("variation"), say("variation_text")]
    for scenario, keys in found["variation"].items():
        parts.append(f"**{scenario}**\n\n{_varied(say, keys)}")
    parts += [
        say.head("judged"),
        say("judged_text", seen=found["seen"], n=found["takes"], refused=found["seen"] - found["takes"]),
    ]
    judges = [
        [one[key] or say("not_stated").strip() for key in ("version", "thresholds", "engine")] + [one["takes"]]
        for one in found["judged_by"]
    ]
    parts.append(_table(say.columns("version", "thresholds", "engine", "takes"), judges))
    parts += [say("sets_text"), _sets(say, found["sets"])]
    parts += _listed(
        say, "reason", {say.words.fill(say.book["reasons"][key], {}): n for key, n in found["refused"].items()}, ""
    )
    parts += _listed(say, "code", found["refused_for"], "")
    parts.append(
        say("unsafe", n=unsafe["unsafe"], of=unsafe["succeeded"], share=unsafe["share"], list=list(unsafe["codes"]))
    )
    parts.append(say("judge", overruled=judge["overruled"], n=judge["n"], rate=judge["rate"], low=judge["low"], high=judge["high"],
                     disputed=judge["disputed"], upheld=judge["upheld"], open=judge["open"]))  # fmt: skip
    if disputes:
        keys = ("recording", "verdict", "by", "why", "became")
        parts.append(_table(say.columns(*keys), [[one[key] for key in keys] for one in disputes]))
    gap_lines = [f"- {say(key, **values).rstrip()}" for key, values in gaps(found)]
    parts += [say.head("gaps"), "\n".join(gap_lines) + "\n" if gap_lines else say("no_gaps")]
    parts += [say.head("files"), say("files_text")]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _sets(say: _Say, sets: Sequence[Mapping[str, Any]]) -> str:
    keys = ("declared", "read", "judged", "delivered")
    rows = [[one["source"], *("-" if one[key] is None else one[key] for key in keys)] for one in sets]
    return _table(say.columns("set", *keys), rows)


def _splits(say: _Say, plan: DeliveryPlan, found: Mapping[str, Any]) -> str:
    columns = say.columns("split", "episodes", "takes", "frames", "operators", "cells")
    rows = []
    for name, of in found["splits"].items():
        who, where = say.words.join(of["operators"]), say.words.join(of["cells"])
        rows.append([name, plan.ranges[name], of["takes"], of["frames"], who, where])
    return _table(columns, rows)


def _varied(say: _Say, keys: Mapping[str, Mapping[str, Any]]) -> str:
    fields = ("low", "high", "least", "most")
    rows = [[key, *(number(of[word]) for word in fields), percent(of["covered"])] for key, of in keys.items()]
    return _table(say.columns("varied", *fields, "covered"), rows)


class _Say:
    """The texts of the card in one language."""

    def __init__(self, words: Words) -> None:
        self.words, self.book = words, words.book["delivery"]

    def __call__(self, key: str, **values: Any) -> str:
        return self.words.fill(self.book["card"][key], values) + "\n"

    def head(self, key: str) -> str:
        return f"## {self.book['heads'][key]}\n"

    def columns(self, *keys: str) -> list[str]:
        return [self.book["columns"][key] for key in keys]


def _listed(say: _Say, what: str, counted: Mapping[str, int], nothing: str | None = None) -> list[str]:
    if not counted:
        return [nothing if nothing is not None else say("none")]
    return [_table(say.columns(what, "takes"), list(counted.items()))]


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(" ".join(str(cell).replace("|", "\\|").split()) for cell in cells) + " |"

    return "\n".join([line(columns), "|" + "---|" * len(columns), *(line(row) for row in rows)]) + "\n"
