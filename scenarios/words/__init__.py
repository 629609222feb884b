"""The words of goal, never and safety, read against the parts' interfaces into predicates.

`{angle: {of: oven.door, above: 75 deg}}` is one word with its arguments. Each module of this folder holds the words of one idea in
its table `WORDS`; the tables are found by walking the folder.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ..reading.names import Names
from ..sensing.predicate import All, AnyOf, Predicate
from ..sheet.repeated import listed
from ..sheet.yaml_reader import Node
from .word import Word, meant_by


def _several(node: Node, names: Names, kind: type[All] | type[AnyOf]) -> Predicate | None:
    known, children = len(node.problems.found), list(listed(node))
    if not children and len(node.problems.found) == known:
        node.note("it has no condition, so that nothing is asked. Write one, or leave it out.")
    parts = [predicate for child in children if (predicate := read_predicate(child, names)) is not None]
    return kind(tuple(parts)) if parts else None


def _of_modules() -> dict[str, Word]:
    """The words of all modules of this folder."""
    found: dict[str, Word] = {}
    for info in iter_modules(__path__):
        found |= getattr(import_module(f".{info.name}", __name__), "WORDS", {})
    return found


WORDS: dict[str, Word] = {
    **_of_modules(),
    "all": Word(lambda node, names: _several(node, names, All), "all of several", "多项都满足"),
    "any": Word(lambda node, names: _several(node, names, AnyOf), "one of several", "满足其一"),
}


def read_predicate(node: Node, names: Names, beside: tuple[str, ...] = ()) -> Predicate | None:
    """The predicate of `{angle: {...}}`; `beside` names further keys that may stand there (hold, from, to)."""
    others = {key: ours for key in node.value if (ours := meant_by(str(key)))} if isinstance(node.value, dict) else {}
    if others and not set(others) & {*WORDS, *beside}:
        for key, ours in others.items():
            node.child(str(key)).note(f"unknown word {key!r}. Did you mean {ours}? `shiliu list words` has all.")
        return None
    if not node.mapping(optional=(*WORDS, *beside)):
        return None
    words = [key for key in node.value if key in WORDS]
    if not words and any(key not in beside for key in node.value):
        return None  # a misspelt word, which has been reported
    if not words:
        node.note("no word of the goal stands here. Write one, such as `released: bowl`; `shiliu list words` has all.")
        return None
    if len(words) > 1:
        each = ", ".join(f"{{{word}: ...}}" for word in words)
        node.note(f"{len(words)} words stand in one condition. Write `all: [{each}]`, or `any:` if one of them is enough.")
        return None
    return WORDS[words[0]](node.child(words[0]), names)
