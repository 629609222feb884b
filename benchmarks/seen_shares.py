"""How the work of a scenario is seen: shares of the looks at which a hand is at a thing, and what they were measured of.

`conf/figures/seen/<scenario>.yaml`, written by `seen.py`, has of each thing the looks at which a hand was at it, and in how many of them
the recorded head picture showed it (`replay/operator/visibility.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shiliu.replay.operator.visibility import SEEN
from shiliu.scenarios.catalog.figures import figures_of
from shiliu.scenarios.reading.composition import CONF

SHOWN = ("robot", "parts", "variation", "cameras", "skills")  # sections of a scenario on which it hangs what its pictures show


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
