"""What was measured of a scenario: how often the scripted operator does it, and how much of that is lawful.

`conf/figures/<scenario>.yaml`, or `<scenario>.<variant>.yaml`, is written by `benchmarks/demonstrations.py` and by nothing else.
What stands there as `again` was counted later, on fewer fresh seeds, because the operator had changed.
`conf/lacking.yaml`, written by `benchmarks/completeness.py`, names what a scenario lacks beside its figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..reading.composition import CONF
from ..sheet.own_files import read_own

# what a scenario is by its figures: from so many held-out seeds, such shares of them that succeed and of these that are FEASIBLE
DONE = (100, 0.95, 0.95)  # 95 of 100 put the lower 95 % Wilson bound at 0.89
COUNTED = (20, *DONE[1:])  # done by fewer seeds, and says so, until the hundred are counted
BUILT = (50, 0.80, 0.90)


@dataclass(frozen=True)
class Lacking:
    """What a scenario lacks beside its figures.

    Attributes:
        whole: whether it has all that it needs; old: whether what its head camera sees was measured in another scene, or of another chain.
        text: what it lacks, in a few words.
    """

    whole: bool = True
    old: bool = False
    text: str = ""


def figures_of(scenario: str, variant: str | None = None, folder: Path = CONF / "figures") -> Mapping[str, Any] | None:
    """The figures of a scenario or of one of its variants; None where nobody has measured them."""
    file = folder / f"{scenario}{'.' + variant if variant else ''}.yaml"
    return read_own(file) if file.is_file() else None


def _reaches(figures: Mapping[str, Any], seeds: int, succeed: float, feasible: float) -> bool:
    n, good = int(figures["demonstrations"]), int(figures["succeeded"])
    return n >= seeds and good >= succeed * n and int(figures["feasible"]) >= feasible * good


def stage(figures: Mapping[str, Any], version: int) -> str:
    """`done`, `done (20 seeds)`, `built` or `measured`: what figures show of this version of a scenario.

    Done only if what was counted again is, too; `(20 seeds)` where fewer than a hundred were counted.
    """
    if figures["version"] != version:
        return "measured"
    again, n = figures.get("again"), figures["demonstrations"]
    if _reaches(figures, *COUNTED) and (again is None or _reaches(again, 0, *COUNTED[1:])):
        return "done" if n >= DONE[0] else f"done ({n} seeds)"
    return "built" if _reaches(figures, *BUILT) else "measured"


def called(figures: Mapping[str, Any], version: int, lacks: Lacking) -> str:
    """What a scenario is: its `stage`, `by figures` where it is not whole; `measured (old)` where what is seen is not of today."""
    level = stage(figures, version)
    if level == "measured" or lacks.whole:
        return level
    return "measured (old)" if lacks.old else f"{level} by figures"


def figures_text(figures: Mapping[str, Any] | None, version: int, lacks: Lacking = Lacking()) -> str:
    """`done: 196 of 200, 192 FEASIBLE`, in a few words; what it is `called` first."""
    if figures is None:
        return "not measured"
    n, succeeded, feasible = (figures[key] for key in ("demonstrations", "succeeded", "feasible"))
    of = "" if figures["version"] == version else f" (v{figures['version']})"
    again = figures.get("again")
    since = f"; again {again['succeeded']} of {again['demonstrations']}, {again['feasible']}" if again else ""
    return f"{called(figures, version, lacks)}: {succeeded} of {n}, {feasible} FEASIBLE{since}{of}"


def lacking(scenario: str, file: Path = CONF / "lacking.yaml") -> Lacking:
    """What a scenario lacks beside its figures; nothing where nobody looked."""
    found = (read_own(file) or {}).get(scenario) or {} if file.is_file() else {}
    return Lacking(bool(found.get("whole", True)), bool(found.get("old", False)), str(found.get("lacks", "")))
