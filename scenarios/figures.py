"""What was measured of a scenario: how often the scripted operator does it, and how much of that is lawful.

`conf/figures/<scenario>.yaml`, or `<scenario>.<variant>.yaml`, is written by `benchmarks/demonstrations.py` and by nothing else.
What stands there as `again` was counted later, on fewer fresh seeds, because the operator had changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .reading.composition import CONF
from .reading.yaml_reader import read_own

SEEDS = 200  # held-out seeds on which a scenario is shown to work
SHARE = 0.95  # of them that have to succeed; 190 of 200 put the lower 95 % Wilson bound at 0.91


def figures_of(scenario: str, variant: str | None = None, folder: Path = CONF / "figures") -> Mapping[str, Any] | None:
    """The figures of a scenario or of one of its variants; None where nobody has measured them."""
    file = folder / f"{scenario}{'.' + variant if variant else ''}.yaml"
    return read_own(file) if file.is_file() else None


def is_shown(figures: Mapping[str, Any] | None, version: int) -> bool:
    """Whether figures show that this version of a scenario works: enough seeds, enough successes, and these FEASIBLE; again as well."""
    if figures is None or figures["version"] != version:
        return False
    again = figures.get("again")
    if again is not None and not (
        again["succeeded"] >= SHARE * again["demonstrations"] and again["feasible"] >= SHARE * again["succeeded"]
    ):
        return False
    n, succeeded, feasible = (int(figures[key]) for key in ("demonstrations", "succeeded", "feasible"))
    return n >= SEEDS and succeeded >= SHARE * n and feasible >= SHARE * succeeded


def figures_text(figures: Mapping[str, Any] | None, version: int) -> str:
    """`done: 196 of 200, 192 FEASIBLE`, in a few words."""
    if figures is None:
        return "not measured"
    n, succeeded, feasible = (figures[key] for key in ("demonstrations", "succeeded", "feasible"))
    of = "" if figures["version"] == version else f" (v{figures['version']})"
    state = "done" if is_shown(figures, version) else "measured"
    again = figures.get("again")
    since = f"; again {again['succeeded']} of {again['demonstrations']}, {again['feasible']}" if again else ""
    return f"{state}: {succeeded} of {n}, {feasible} FEASIBLE{since}{of}"
