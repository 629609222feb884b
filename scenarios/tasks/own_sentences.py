"""Which scenario a task sentence is of: the sentences that stand in the scenarios' own files (`tasks`, `formerly`), and no guess.

A sentence is compared letter by letter, without regard to case, blanks and punctuation. It names a scenario where exactly one
scenario, or one variant of it, has it; what two of them say names none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..reading.composition import list_scenarios
from ..sheet.errors import ScenarioError
from ..sheet.yaml_reader import read_yaml


def bare_words(sentence: str) -> str:
    """A sentence as it is compared: its letters and digits alone, small, in one spelling (NFKC)."""
    plain = unicodedata.normalize("NFKC", sentence).casefold()
    return "".join(c for c in plain if c.isalnum())


def scenario_of_task(sentence: str, conf_dir: Path | None = None) -> tuple[str, str | None] | None:
    """Name and variant (None: as it stands) of the scenario that has this task sentence; None where none or several have."""
    return scenarios_of_tasks([sentence], conf_dir)[sentence]


def scenarios_of_tasks(sentences: Iterable[str], conf_dir: Path | None = None) -> dict[str, tuple[str, str | None] | None]:
    """The same of several sentences, by each."""
    files = tuple((name, file, file.stat().st_mtime_ns) for name, file in list_scenarios(conf_dir).items())
    every = {sentence: _by_words(files).get(bare_words(sentence), set()) for sentence in sentences}
    return {sentence: next(iter(found)) if len(found) == 1 else None for sentence, found in every.items()}


@lru_cache(maxsize=8)
def _by_words(files: tuple[tuple[str, Path, int], ...]) -> dict[str, set[tuple[str, str | None]]]:
    """Words of a sentence -> the scenario that has it; read once for files that stay as they are."""
    found: dict[str, set[tuple[str, str | None]]] = {}
    for name, file, _ in files:
        for variant, sentence in _sentences(file):
            found.setdefault(bare_words(sentence), set()).add((name, variant))
    found.pop("", None)
    return found


def _sentences(file: Path) -> Iterator[tuple[str | None, str]]:
    """(variant, sentence) of every task sentence of a scenario's file, in every language."""
    try:
        tree = read_yaml(file)
    except (OSError, ScenarioError):  # whoever loads that scenario gets the error
        return
    if not isinstance(tree, Mapping) or not tree.get("goal"):
        return  # a scenario without a goal has no task
    yield from ((None, sentence) for sentence in _texts(tree))
    variants = tree.get("variants")
    for name, changes in variants.items() if isinstance(variants, Mapping) else ():
        if isinstance(changes, Mapping):
            yield from ((str(name), sentence) for sentence in _texts(changes))


def own_rows(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The task sentences of a scenario or variant, `{en, zh, where}`: those of today, then those by which older sets call it."""
    listed = [tree.get(key) for key in ("tasks", "formerly")]
    return [row for rows in listed if isinstance(rows, list) for row in rows if isinstance(row, Mapping)]


def _texts(tree: Mapping[str, Any]) -> Iterable[str]:
    for row in own_rows(tree):
        yield from (text for text in row.values() if isinstance(text, str))
