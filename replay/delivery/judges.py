"""Who judged: version, thresholds and engine that stand in each verdict, and which of them a delivery takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...scenarios.sheet.quantity import counted

VERSION = re.compile(r"\d+(\.\d+)+[0-9A-Za-z.+-]*")
ONE, ANY = "one", "any"


@dataclass(frozen=True, order=True)
class Judge:
    """What judged a take, as its verdict says it; "" where it does not, or not as a version.

    Attributes:
        version: of shiliu; thresholds: name and digest of the bounds; engine: name and version.
    """

    version: str
    thresholds: str
    engine: str

    @classmethod
    def of(cls, provenance: Any) -> Judge:
        tree = provenance if isinstance(provenance, Mapping) else {}
        words = (tree.get(key) for key in ("shiliu", "thresholds", "engine"))
        version, thresholds, engine = (word if isinstance(word, str) else "" for word in words)
        return cls(version if VERSION.fullmatch(version) else "", thresholds, engine)


def objection(judged: Iterable[tuple[str, Judge]], wanted: str | tuple[str, ...]) -> str | None:
    """Why takes do not make one delivery: more than one judge (version, engine, thresholds), or a version that is not known.

    None where they do. Versions that are named are taken on whatever engine and by whatever thresholds.

    Args:
        judged: scenario and judge of each take; wanted: `ONE`, `ANY`, or the versions that are taken.
    """
    takes = list(judged)
    if wanted == ANY:
        return None
    versions = Counter(judge.version for _, judge in takes)
    known = sorted(version for version in versions if version)
    again = "Judge them again by one version"
    any_ = f"or take all by judged_by={ANY}, and the card names each"
    if "" in versions or (wanted == ONE and len(versions) > 1):
        choose = f", name what is taken by judged_by=[{known[-1]}]" if known else ""
        return f"the verdicts are by {versions_named(versions)}. {again}{choose}, {any_}."
    if wanted != ONE:
        return None
    engines = Counter(judge.engine for _, judge in takes)
    if len(engines) > 1:  # a stiff contact may come out otherwise under another engine
        return f"the verdicts were reached on different engines: {_each(engines, 'an engine')}. {again}, {any_}."
    for scenario in sorted({scenario for scenario, _ in takes}):
        bounds = Counter(judge.thresholds for one, judge in takes if one == scenario)
        if len(bounds) > 1:
            return f"takes of {scenario} were judged by different thresholds: {_each(bounds, 'thresholds')}. {again}, {any_}."
    return None


def _each(names: Mapping[str, int], what: str) -> str:
    """`mujoco 2.0 (1 take), an engine that is not stated (2 takes)`."""
    unknown = f"{what} that {'are' if what.endswith('s') else 'is'} not stated"
    return ", ".join(f"{name or unknown} ({counted(n, 'take')})" for name, n in sorted(names.items()))


def versions_named(versions: Mapping[str, int]) -> str:
    """`shiliu 0.1.0 (3 takes), a version that is not stated (1 take)`."""
    return ", ".join(
        f"{f'shiliu {version}' if version else 'a version that is not stated'} ({counted(n, 'take')})"
        for version, n in sorted(versions.items(), key=lambda item: (not item[0], item[0]))
    )
