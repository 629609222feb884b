"""What is done in the scenarios that there are, read once each; and which of them has certain things. Nothing is compiled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..reading.composition import list_scenarios, own_assets
from ..reading.variant import names_of, resolved
from ..sheet.errors import ScenarioError
from ..sheet.yaml_reader import Problems, read_yaml
from .lexicon import lexicon
from .own_sentences import own_rows
from .work import ScenarioWork, work_of

LOOSE = "objects/"  # the folder of parts that hands take


def work_of_tree(name: str, tree: Mapping[str, Any], drawn: Mapping[str, float] | None = None) -> ScenarioWork:
    """What is done in a scenario as an episode holds it: composed, its variant laid over.

    Args:
        drawn: values of the episode's draw [SI], by name.
    """
    rows = [row.get("where") for row in own_rows(tree)]
    keys = sorted({str(key) for where in rows if isinstance(where, Mapping) for key in where})
    values = None if drawn is None else tuple((key, float(drawn[key])) for key in keys if key in drawn)
    return _work(name, _digest(_Same(tree)), _Held(tree), values)


def works_of(name: str, variant: str | None = None, conf_dir: Path | None = None) -> tuple[ScenarioWork, ...]:
    """What is done in a scenario of that name: as it stands and in each variant, or in the one named; () where it is not readable."""
    file = list_scenarios(conf_dir).get(name)
    tree = None if file is None else _tree(file, file.stat().st_mtime_ns)
    if tree is None:
        return ()
    variants = (variant,) if variant is not None else (None, *names_of(tree))
    return tuple(work_of_tree(name, resolved(tree, one, {}, Problems({}), tuple(tree))) for one in variants)


def scenarios_with(things: frozenset[str], conf_dir: Path | None = None) -> frozenset[str]:
    """The scenarios that have parts of all these names, things that can be taken among them: what stands loose may be pushed, such as an
    oven, and its pose is recorded as well."""
    found = set()
    for name, file in list_scenarios(conf_dir).items():
        tree = _tree(file, file.stat().st_mtime_ns)
        parts = {} if tree is None else tree.get("parts")
        if isinstance(parts, Mapping) and things <= parts.keys() and things & _loose(parts):
            found.add(name)
    return frozenset(found)


def _loose(parts: Mapping[str, Any]) -> set[str]:
    return {
        str(name)
        for name, part in parts.items()
        if isinstance(part, Mapping) and str(part.get("part", "")).startswith(LOOSE)
    }


class _Same:
    """A tree that is the same object: all episodes of a set have one."""

    def __init__(self, tree: Mapping[str, Any]):
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.tree is other.tree

    def __hash__(self) -> int:
        return id(self.tree)


@lru_cache(maxsize=4)
def _digest(one: _Same) -> str:
    return hashlib.sha256(json.dumps(one.tree, sort_keys=True, default=str).encode()).hexdigest()


class _Held:
    """A tree that a cache keeps beside its digest, by which it is distinguished from others."""

    def __init__(self, tree: Mapping[str, Any]):
        self.tree = tree

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _work(name: str, digest: str, held: _Held, values: tuple[tuple[str, float], ...] | None) -> ScenarioWork:
    drawn = None if values is None else dict(values)
    assets = own_assets(None)
    return work_of(name, held.tree, lexicon(), drawn, () if assets is None else (assets,))


@lru_cache(maxsize=64)
def _tree(file: Path, changed: int) -> Mapping[str, Any] | None:
    """A scenario's file; None where it cannot be read, or builds upon another one."""
    try:
        tree = read_yaml(file)
    except (OSError, ScenarioError):  # whoever loads that scenario gets the error
        return None
    return tree if isinstance(tree, Mapping) and "defaults" not in tree else None
