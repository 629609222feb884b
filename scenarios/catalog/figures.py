"""What was measured of a scenario: how often the scripted operator does it, how much of that is lawful, and how its work is seen.

`conf/figures/<scenario>.yaml`, or `<scenario>.<variant>.yaml`, is written by `benchmarks/demonstrations.py` and by nothing else.
What stands there as `again` was counted later, on fewer fresh seeds, because the operator had changed.
`conf/figures/seen/` has files of the same names, written by `benchmarks/seen.py`: of each thing the looks at which a hand was at it, and
in how many of them the recorded head picture showed it (`replay/operator/visibility.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..reading.composition import CONF
from ..sheet.yaml_reader import read_own

# what a scenario is by its figures: from so many held-out seeds, such shares of them that succeed and of these that are FEASIBLE
DONE = (100, 0.95, 0.95)  # 95 of 100 put the lower 95 % Wilson bound at 0.89
COUNTED = (20, *DONE[1:])  # done by fewer seeds, and says so, until the hundred are counted
BUILT = (50, 0.80, 0.90)
SEEN = 0.80  # share of the looks at which a hand is at a thing in which the head picture has to show it
SHOWN = ("robot", "parts", "variation", "cameras", "skills")  # sections of a scenario on which it hangs what its pictures show


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


def figures_text(figures: Mapping[str, Any] | None, version: int, whole: bool = True) -> str:
    """`done: 196 of 200, 192 FEASIBLE`, in a few words; `done by figures` where the scenario is not `whole`, see `completeness`."""
    if figures is None:
        return "not measured"
    n, succeeded, feasible = (figures[key] for key in ("demonstrations", "succeeded", "feasible"))
    of = "" if figures["version"] == version else f" (v{figures['version']})"
    again = figures.get("again")
    since = f"; again {again['succeeded']} of {again['demonstrations']}, {again['feasible']}" if again else ""
    level = stage(figures, version)
    level += "" if whole or level == "measured" else " by figures"
    return f"{level}: {succeeded} of {n}, {feasible} FEASIBLE{since}{of}"


def seen_of(scenario: str, variant: str | None = None, folder: Path = CONF / "figures") -> Mapping[str, Any] | None:
    """How the things of a scenario, or of one of its variants, are seen; None where nobody has measured it."""
    return figures_of(scenario, variant, folder / "seen")


def shown_digest(sheet: Mapping[str, Any]) -> str:
    """sha256 of what the pictures of a scenario hang on, as its YAML says it (`SHOWN`): the chain and its looks among it."""
    chosen = {section: sheet.get(section) for section in SHOWN}
    cameras = chosen.get("cameras")
    if isinstance(cameras, dict):  # when their pictures are recorded changes nothing of what they show
        chosen["cameras"] = {
            name: one | {"record": bool(one["record"])} if isinstance(one, dict) and "record" in one else one
            for name, one in cameras.items()
        }
    return hashlib.sha256(json.dumps(chosen, sort_keys=True, default=str).encode()).hexdigest()


def share_seen(measured: Mapping[str, Any], thing: str) -> float | None:
    """The share of looks in which a thing was seen; None where no hand was at it."""
    seen, looks = measured["seen"][thing]
    return seen / looks if looks else None


def hidden(measured: Mapping[str, Any], sheet: Mapping[str, Any]) -> dict[str, float]:
    """Things that are seen in too few looks (`SEEN`), with their shares, without the one that the scenario excepts (`unseen`)."""
    shares = {thing: share_seen(measured, thing) for thing in measured["seen"]}
    excepted = sheet.get("unseen") or {}
    return {thing: share for thing, share in shares.items() if share is not None and share < SEEN and thing not in excepted}


def outdated(measured: Mapping[str, Any], sheet: Mapping[str, Any], fingerprint: str | None = None) -> bool:
    """Whether what was measured is of another chain, or of another scene where its `fingerprint` is given."""
    return measured["shown"] != shown_digest(sheet) or (fingerprint is not None and measured["fingerprint"] != fingerprint)
