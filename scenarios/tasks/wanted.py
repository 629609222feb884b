"""Where in a place, and which way up, a scenario wants its things: read from its brief and its goal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .clauses import read_sentence
from .lexicon import Lexicon
from .naming import Thing, ThingNames
from .sheet_words import mapping, strings, subtrees


def regions_of_brief(tree: Mapping[str, Any], things: Mapping[str, Thing], lexicon: Lexicon) -> Iterator[tuple[frozenset[str], str, str]]:
    """(things, place, where in it) of a brief: "The bowl stands within 30 mm of the middle of the table"."""
    names = ThingNames(things, lexicon)
    for text in strings(tree.get("brief")):
        about: set[str] = set()
        for clause in read_sentence(text, lexicon).clauses:
            about = names.names(clause.of_role("object")) or about
            for mention in clause.things if not clause.negated else ():
                if mention.role not in ("object", "source") and names.judged(mention):
                    for thing in names.are(mention):
                        yield from ((frozenset(about), thing.name, region) for region, _ in mention.regions)


def postures(tree: Mapping[str, Any], things: Mapping[str, Thing], lexicon: Lexicon) -> Mapping[str, frozenset[str]]:
    """How things shall not be: what the goal wants upright does not lie; neither it nor a vessel stands on its head; a label is shown."""
    upright, shown = set(), set()
    for step in mapping(tree.get("goal")).values():
        each = {str(one) for part in subtrees(step) for one in part.get("each", ())}
        for part in subtrees(step):
            of, points = mapping(part.get("upright")).get("of", []), mapping(part.get("points_at"))
            upright |= each if of == "$it" else {str(one) for one in (of if isinstance(of, list) else [of])}
            shown |= {str(points["from"]).partition(".")[0], *each} if "from" in points else set()
    vessels = {n for n, thing in things.items() if thing.loose and any("container" in lexicon.kinds[k] for k in thing.names)}
    return {"upside_down": frozenset(upright | vessels), "lying": frozenset(upright), "turned_away": frozenset(shown)}
