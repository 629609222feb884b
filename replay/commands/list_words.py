"""shiliu list words: the words of goal, never and rules, with what each takes."""

from __future__ import annotations

from typing import Any

from ...scenarios.reading.composition import list_scenarios
from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.yaml_reader import Node, Problems, read_yaml
from ...scenarios.words import WORDS
from ..report.message_catalogue import terms
from ..report.translation import translated
from .wrapping import columns, wrapped


def rows() -> list[dict[str, Any]]:
    """One row a word: its name, what it takes (what may be left out in brackets), and what is measured."""
    return [{"name": name, "takes": takes(name), "doc": WORDS[name].en} for name in sorted(WORDS)]


def in_full(row: dict[str, Any]) -> dict[str, Any]:
    """The row of a word, what it measures in Chinese, where the margin to its bound points, and a line of a scenario that has it."""
    word = WORDS[row["name"]]
    bounds = [f"{key}: {'at least' if more else 'at most'}" for key, more in word.bound.items()]
    return row | {"zh": word.zh, "bound": ", ".join(bounds), "example": _example(row["name"])}


def show(rows: list[dict[str, Any]], lang: str) -> None:
    heads = terms("messages", lang, "heads")
    for row in rows:
        print(row["name"])
        for key in ("takes", *(("doc",) if lang == "en" else ()), "zh", "bound", "example"):
            if row[key]:
                text = heads.get(row[key].partition(": ")[2], "") if key == "bound" else ""
                head = f"{heads.get(key, key)}:"
                shown = f"{row[key].partition(': ')[0]}: {text}" if text else row[key]
                print("\n".join(wrapped(f"  {head}{' ' * (9 - columns(head))}", shown)))
        print()
    print(translated("What each argument means: docs/goal-words.md", lang))


def _example(name: str) -> str:
    """The first use of a word, as YAML writes it in one line, and where; "" where no scenario uses it."""
    for scenario, file in list_scenarios().items():
        try:
            sheet = read_yaml(file)
        except ShiliuError:
            continue  # a file of a user that is broken: `shiliu check` says so
        for key in ("goal", "never", "rules"):
            steps = sheet.get(key) if isinstance(sheet, dict) else None
            # below the names of the steps, which may be called like a word
            if isinstance(steps, dict) and (found := _use(list(steps.values()), name)) is not None:
                return f"{name}: {_flow(found)}  ({key} of {scenario})"
    return ""


def _use(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        if name in node:
            return node[name]
        node = list(node.values())
    found = (_use(child, name) for child in node) if isinstance(node, list) else ()
    return next((one for one in found if one is not None), None)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    return f"[{', '.join(map(_flow, value))}]" if isinstance(value, list) else str(value)


def takes(name: str) -> str:
    """What stands after a word, as its own reader asks for it."""
    try:
        WORDS[name](_Asking({}, name, Problems()), None)  # type: ignore[arg-type]
    except _Question as question:
        return str(question)
    except Exception:  # a reader that looks at what stands there before it asks: nothing is reported of it
        return ""
    return ""


class _Question(Exception):
    pass


class _Asking(Node):
    """A value that answers the first question of a reader by what was asked."""

    def mapping(self, required: tuple[str, ...] = (), optional: tuple[str, ...] | None = ()) -> bool:
        raise _Question(" ".join([*required, *(f"[{key}]" for key in optional or ())]))

    def word(self, *_: Any, **__: Any) -> str:
        raise _Question("a name")

    def each(self) -> Any:
        raise _Question("a list")
