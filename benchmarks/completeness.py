"""What a scenario has beside its figures, and what is missing: mistakes, controls, a card with pictures, a speed, things that are seen.

    python benchmarks/completeness.py

writes `conf/lacking.yaml`, from where `shiliu list scenarios` takes it; a test holds the file. All is looked up where it stands:
`docs/scenarios/excused.yaml` has the failure modes of a scenario that no mistake brings about, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shiliu
import yaml
from controls import CONTROLS
from seen_shares import hidden, outdated, seen_of
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.own_files import read_own

LACKING = CONF / "lacking.yaml"
SECTIONS = ("goal", "variation", "never", "safety", "skills", "mistakes")  # of a scenario's YAML, without which it is half of one
PICTURES = ("overview",)  # of a card, in the repository


@dataclass(frozen=True)
class Completeness:
    """What a scenario lacks.

    Attributes:
        needed: without which it is neither built nor done, whatever its figures.
        beside: what its page ought to have, too, and failure modes that no mistake brings about, where the page says why.
        old: whether what its head camera sees was measured in another scene, or of another chain.
    """

    needed: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    old: bool = False

    def __str__(self) -> str:
        parts = [f"lacks {', '.join(self.needed)}"] if self.needed else []
        return "; ".join([*parts, *self.beside])


def completeness(
    scenario: str,
    sheet: Mapping[str, Any],
    controls: Path = CONTROLS,
    root: Path = CONF.parent,
    figures: Path = CONF / "figures",
    fingerprint: str | None = None,
) -> Completeness:
    """What a scenario lacks.

    Args:
        scenario: its name; sheet: its YAML.
        controls, figures: folders of the controls and figures; root: of the repository.
        fingerprint: of its scene today; None where nobody looked.
    """
    old = False
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
        missing = [what for what in PICTURES if not (cards / f"{scenario}_{what}.webp").is_file()]
        beside += [f"no picture {', '.join(missing)}"] if missing else []
    if unmade := unperformed(sheet):
        excuses = excused(scenario, root)
        explained = [name for name in unmade if name in excuses]
        needed += [f"a mistake for {name}" for name in unmade if name not in explained]
        beside += [f"no mistake for {', '.join(explained)}"] if explained else []
    measured = seen_of(scenario, folder=figures)
    if measured is None:
        needed.append("a measure of what its head camera sees")
    else:
        needed += [f"{thing} in the head picture (seen {share:.0%})" for thing, share in hidden(measured, sheet).items()]
        beside += [f"{thing} is not seen, excepted" for thing in sheet.get("unseen") or {}]
        if old := outdated(measured, sheet, fingerprint):
            needed.append("what is seen in today's scene with today's chain (measured of an older one)")
    speeds = root / "benchmarks" / "README.md"
    if speeds.is_file() and not (
        f"shiliu bench scenario={scenario} " in notes or f"\n| {scenario} |" in speeds.read_text(encoding="utf-8")
    ):
        beside.append("no speed")
    return Completeness(tuple(needed), tuple(beside), old)


def controls_of(scenario: str, folder: Path = CONTROLS) -> tuple[str, ...]:
    """The names of a scenario's controls."""
    file = folder / f"{scenario}.yaml"
    return tuple(read_own(file) or ()) if file.is_file() else ()


def unperformed(sheet: Mapping[str, Any]) -> tuple[str, ...]:
    """Failure modes of a scenario's YAML that no mistake of it brings about."""
    brought = {mistake["code"] for mistake in (sheet.get("mistakes") or {}).values()}
    return tuple(name for name in sheet.get("never") or () if f"scenario.{name}" not in brought)


def excused(scenario: str, root: Path = CONF.parent) -> Mapping[str, str]:
    """Failure modes of a scenario that no mistake brings about, each with the reason."""
    file = root / "docs" / "scenarios" / "excused.yaml"
    return (read_own(file) or {}).get(scenario, {}) if file.is_file() else {}


def text() -> str:
    """What `conf/lacking.yaml` has to hold today."""
    rows = {}
    for file in sorted((CONF / "scenario").glob("*.yaml")):
        sheet = read_own(file)
        if sheet.get("skills"):
            lacks = completeness(file.stem, sheet, fingerprint=shiliu.load_scenario(file.stem).fingerprint)
            rows[file.stem] = {"whole": not lacks.needed, "lacks": str(lacks)} | ({"old": True} if lacks.old else {})
    return "# Written by `python benchmarks/completeness.py`.\n" + yaml.safe_dump(rows, allow_unicode=True, sort_keys=True, width=140)


if __name__ == "__main__":
    LACKING.write_text(text(), encoding="utf-8")
