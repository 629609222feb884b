"""What a scenario has beside its figures, and what is missing: mistakes, controls, a card with pictures, a speed, things that are seen.

All of it is looked up where it stands. Cards and benchmarks are part of the repository alone: where their folder is not there, as in an
installed package, nothing is said of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..reading.composition import CONF
from ..sheet.yaml_reader import read_own
from .figures import hidden, outdated, seen_of

CONTROLS = CONF / "controls"
SECTIONS = ("goal", "variation", "never", "safety", "skills", "mistakes")  # of a scenario's YAML, without which it is half of one
PICTURES = ("overview", "head", "closeup", "draws", "strip")  # of a card


@dataclass(frozen=True)
class Completeness:
    """What a scenario lacks.

    Attributes:
        needed: without which it is neither built nor done, whatever its figures.
        beside: what its page ought to have, too, and failure modes that no mistake brings about, where the page says why.
    """

    needed: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"lacks {', '.join(self.needed)}"] if self.needed else []
        return "; ".join([*parts, *self.beside])


def completeness(
    scenario: str,
    sheet: Mapping[str, Any],
    controls: Path = CONTROLS,
    root: Path = CONF.parent,
    figures: Path = CONF / "figures",
) -> Completeness:
    """What a scenario lacks.

    Args:
        scenario: its name; sheet: its YAML.
        controls, figures: folders of the controls and figures; root: of the repository.
    """
    needed = [f"the section `{section}`" for section in SECTIONS if not sheet.get(section)]
    beside = []
    if not controls_of(scenario, controls):
        needed.append("controls")
    cards, notes = root / "docs" / "scenarios", ""
    if cards.is_dir():
        if not (cards / f"{scenario}.md").is_file():
            needed.append("a card")
        if (file := cards / f"{scenario}.notes.md").is_file():
            notes = file.read_text(encoding="utf-8")
        missing = [what for what in PICTURES if not (cards / f"{scenario}_{what}.jpg").is_file()]
        beside += [f"no picture {', '.join(missing)}"] if missing else []
    if unmade := unperformed(sheet):
        explained = [name for name in unmade if excused(name, notes)]
        needed += [f"a mistake for {name}" for name in unmade if name not in explained]
        beside += [f"no mistake for {', '.join(explained)}"] if explained else []
    measured = seen_of(scenario, folder=figures)
    if measured is None:
        needed.append("a measure of what its head camera sees")
    else:
        needed += [f"{thing} in the head picture (seen {share:.0%})" for thing, share in hidden(measured, sheet).items()]
        beside += [f"{thing} is not seen, excepted" for thing in sheet.get("unseen") or {}]
        beside += ["what is seen was measured of an older chain"] if outdated(measured, sheet) else []
    speeds = root / "benchmarks" / "README.md"
    if speeds.is_file() and not (
        f"shiliu bench scenario={scenario} " in notes or f"\n| {scenario} |" in speeds.read_text(encoding="utf-8")
    ):
        beside.append("no speed")
    return Completeness(tuple(needed), tuple(beside))


def controls_of(scenario: str, folder: Path = CONTROLS) -> tuple[str, ...]:
    """The names of a scenario's controls."""
    file = folder / f"{scenario}.yaml"
    return tuple(read_own(file) or ()) if file.is_file() else ()


def unperformed(sheet: Mapping[str, Any]) -> tuple[str, ...]:
    """Failure modes of a scenario's YAML that no mistake of it brings about."""
    brought = {mistake["code"] for mistake in (sheet.get("mistakes") or {}).values()}
    return tuple(name for name in sheet.get("never") or () if f"scenario.{name}" not in brought)


def excused(failure: str, notes: str) -> bool:
    """Whether a card's notes say why no mistake brings a failure mode about: in the line that names it."""
    return any(f"`{failure}`" in line and re.search(r"\bno mistake\b", line, re.I) for line in notes.splitlines())
