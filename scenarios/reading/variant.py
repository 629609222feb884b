"""Variants: named changes of a scenario that stand in its own file, so that one task can be had short, long or mirrored.

```yaml
variants:
  pocket: {parts: {oven: {part: fixtures/microwave_pocket}}}
  full: {time_limit: 120 s, goal: {...}, skills: [...]}
```

`variant=full` chooses one. What is chosen is laid over the scenario before anything is read, so that everything behind
sees one whole scenario: `robot`, `physics`, `parts`, `variation` and `judge` key by key, `never`, `safety`, `rules`,
`answers`, `marks` and `cameras` entry by entry, and all else as a whole (`goal` and `skills`, since their order counts, and the mistakes of
those skills). `null` takes a key out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from ..parts.titles import inherit_titles
from ..sheet.near_matches import nearest
from ..sheet.yaml_places import Place
from ..sheet.yaml_reader import Problems

PREFIX = "scenario"  # key path of the scenario within the composed config
DEEP = ("robot", "physics", "parts", "variation", "judge")  # laid over key by key, however deep
WORDS = ("brief", "formerly")  # that go with the task sentences: a variant with sentences of its own has none of those of the whole
ENTRIES = ("never", "safety", "rules", "answers", "marks", "cameras")  # whole entries replace those of the same name


def chosen_variant(tree: Mapping[str, Any]) -> str | None:
    """The variant that a composed config chooses: by the setting `variant=`, or by that key of the scenario itself."""
    scenario = tree.get("scenario")
    own = scenario.get("variant") if isinstance(scenario, Mapping) else None
    return tree.get("variant") or own or None


def names_of(tree: Mapping[str, Any]) -> list[str]:
    """The variants that a scenario's tree describes."""
    found = tree.get("variants")
    return [str(name) for name in found] if isinstance(found, Mapping) else []


def resolved(
    tree: Mapping[str, Any],
    name: str | None,
    places: MutableMapping[str, Place],
    problems: Problems,
    known: tuple[str, ...],
) -> dict[str, Any]:
    """A scenario's tree with one of its variants in it, and the descriptions of all of them taken out.

    Args:
        tree: the composed scenario; it is not changed.
        name: the variant; None for the scenario as it stands.
        places: key path -> place; what the variant says gets its own, so that a problem with it is reported there.
        problems: where an unknown variant or section is reported.
        known: the sections that a scenario has, for near matches.

    Returns:
        The tree, with the key `variant` where one was chosen. What the command line set stays as it was set.
    """
    laid = {key: copy.deepcopy(value) for key, value in tree.items() if key not in ("variant", "variants")}
    at = f"{PREFIX}.variants"
    variants = tree.get("variants")
    if variants is not None and not isinstance(variants, Mapping):
        problems.note(at, f"{variants!r} is not a mapping of variants.")
        return laid
    if name is None:
        return laid
    overlay = (variants or {}).get(name)
    if not isinstance(overlay, Mapping):
        what = f"{overlay!r} is not a mapping." if name in (variants or {}) else ""
        problem = f"this scenario has no variant {name!r}.{nearest(str(name), names_of(tree))}"
        problems.note(f"{at}.{name}" if what else at, what or problem)
        return laid
    commanded = list(_commanded(laid, places))
    for key, value in overlay.items():
        source, target = f"{at}.{name}.{key}", f"{PREFIX}.{key}"
        if key not in known:
            problems.note(source, f"unknown key {key!r}.{nearest(str(key), list(known))}")
        elif value is None:
            laid.pop(key, None)
        elif isinstance(laid.get(key), Mapping) and isinstance(value, Mapping) and key in (*DEEP, *ENTRIES):
            laid[key] = _laid(laid[key], value, source, target, places, deep=key in DEEP)
        else:
            laid[key] = copy.deepcopy(value)
            _moved(places, source, target)
        if source in places:
            places.setdefault(target, places[source])
    for key in WORDS:
        if "tasks" in overlay and key not in overlay:
            laid.pop(key, None)
    for path, value in commanded:
        _put(laid, path, value)
    inherit_titles(laid, tree)
    laid["variant"] = name
    return laid


def _laid(
    base: Mapping[str, Any],
    over: Mapping[str, Any],
    source: str,
    target: str,
    places: MutableMapping[str, Place],
    deep: bool,
) -> dict[str, Any]:
    """One mapping laid over another."""
    laid = dict(base)
    for key, value in over.items():
        here, there = f"{source}.{key}", f"{target}.{key}"
        if value is None:
            laid.pop(key, None)
        elif deep and isinstance(laid.get(key), Mapping) and isinstance(value, Mapping):
            laid[key] = _laid(laid[key], value, here, there, places, deep)
        else:
            laid[key] = copy.deepcopy(value)
            _moved(places, here, there)
    return laid


def _moved(places: MutableMapping[str, Place], source: str, target: str) -> None:
    """The places of a replaced value are those of what replaces it."""
    for path in [p for p in places if _under(p, target) and places[p][1]]:
        del places[path]
    for path in [p for p in places if _under(p, source)]:
        places.setdefault(target + path[len(source) :], places[path])


def _under(path: str, top: str) -> bool:
    return path == top or path.startswith((f"{top}.", f"{top}["))


def _commanded(tree: Mapping[str, Any], places: Mapping[str, Place]) -> Iterator[tuple[list[str], Any]]:
    """Keys below the scenario that the command line set, and their values (None for one that it took out)."""
    for path, place in places.items():
        if place[1] == 0 and path.startswith(f"{PREFIX}."):
            keys = path[len(PREFIX) + 1 :].split(".")
            at: Any = tree
            for key in keys:
                at = at.get(key) if isinstance(at, Mapping) else None
            if keys[0] not in ("variant", "variants"):
                yield keys, copy.deepcopy(at)


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    at = tree
    for key in keys[:-1]:
        if not isinstance(at.get(key), dict):
            at[key] = {}
        at = at[key]
    if value is None:
        at.pop(keys[-1], None)
    else:
        at[keys[-1]] = value
