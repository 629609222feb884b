"""shiliu list words: the words of goal, never and rules, with what each takes."""

from __future__ import annotations

from typing import Any

from ...scenarios.sheet.yaml_reader import Node, Problems
from ...scenarios.words import WORDS


def rows() -> list[dict[str, Any]]:
    """One row a word: its name, what it takes (what may be left out in brackets), and what is measured."""
    return [{"name": name, "takes": takes(name), "doc": WORDS[name].en} for name in sorted(WORDS)]


def takes(name: str) -> str:
    """What stands after a word, as its own reader asks for it."""
    try:
        WORDS[name](_Asking({}, name, Problems()), None)  # type: ignore[arg-type]
    except _Question as question:
        return str(question)
    except Exception:  # a reader that looks at what stands there before it asks: nothing is said of it
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
