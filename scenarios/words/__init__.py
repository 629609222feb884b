"""The words of goal, never and safety, read against the parts' interfaces into predicates.

`{angle: {of: oven.door, above: 75 deg}}` is one word with its arguments. Each module holds the words of one idea and adds
its table here.
"""

from __future__ import annotations

from ..names import Names
from ..reading.yaml_reader import Node
from ..sensing.predicate import All, AnyOf, Predicate
from . import base, cloth, contact, container, declared, handover, insertion, level, pointing, pose
from .word import Reader


def _several(node: Node, names: Names, kind: type[All] | type[AnyOf]) -> Predicate | None:
    parts = [predicate for child in node.each() if (predicate := read_predicate(child, names)) is not None]
    return kind(tuple(parts)) if parts else None


WORDS: dict[str, Reader] = {
    **pose.WORDS,
    **contact.WORDS,
    **container.WORDS,
    **base.WORDS,
    **declared.WORDS,
    **insertion.WORDS,
    **level.WORDS,
    **pointing.WORDS,
    **handover.WORDS,
    **cloth.WORDS,
    "all": lambda node, names: _several(node, names, All),
    "any": lambda node, names: _several(node, names, AnyOf),
}


def read_predicate(node: Node, names: Names, beside: tuple[str, ...] = ()) -> Predicate | None:
    """The predicate of `{angle: {...}}`; `beside` names further keys that may stand there (hold, from, to)."""
    if not node.mapping(optional=(*WORDS, *beside)):
        return None
    words = [key for key in node.value if key in WORDS]
    if not words and any(key not in beside for key in node.value):
        return None  # a misspelt word, which has been noted
    if len(words) != 1:
        node.note(f"exactly one of {', '.join(WORDS)} is wanted here, not {words or 'none'}.")
        return None
    return WORDS[words[0]](node.child(words[0]), names)
