"""Where in a place, which way up, and out of what: what a sentence says of these beside the right things and places.

All of these are likely and none is certain: which board is the top one is a matter of words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .lexicon import Lexicon
from .naming import ThingNames
from .sentence import Clause, Contradiction
from .work import ScenarioWork

APART = ({"left", "right"}, {"near", "far"})  # of the sides that exclude one another, beside the middle


def exclude(one: str, other: str) -> bool:
    """Whether nothing is at both: `side.left` and `side.middle`; an edge may be the left one."""
    (group, a), (kind, b) = one.split("."), other.split(".")
    if group != kind or a == b:
        return False
    return group != "side" or "middle" in (a, b) or {a, b} in APART


class Particulars:
    """What a sentence says more closely than the things and places that it names.

    Args:
        work: what was done; names: its things by what they are called.
    """

    def __init__(self, work: ScenarioWork, names: ThingNames, lexicon: Lexicon):
        self._work, self._names, self._lexicon = work, names, lexicon

    def found(self, clauses: Sequence[Clause]) -> Iterator[Contradiction]:
        before: set[str] = set()
        for clause in clauses:
            objects = self._names.names(clause.of_role("object"))
            objects |= self._work.holding(objects)
            yield from self._region(clause, objects or before)
            yield from self._posture(clause, (objects | self._names.names(clause.of_role("tool"))) or before)
            yield from self._taken_out(clause, objects)
            yield from self._of_another(clause)
            before = objects or before

    def _region(self, clause: Clause, objects: set[str]) -> Iterator[Contradiction]:
        """At the left edge of what it is put in the middle of."""
        if not (self._lexicon.does(clause.verbs, "puts") or clause.verbs & {"fold", "cover", "restock", "pull"} or not clause.verbs):
            return
        places = clause.of_role("place", "beside")
        chinese = [m for m in places if not m.text.isascii() and self._names.judged(m)]  # 桌子左边
        places = [m for m in places if m.role == "place" or m in chinese or "body" in m.names]
        for i, mention in enumerate(places):
            generic = not self._names.judged(mention)
            if generic and any(other.regions[: len(mention.regions)] == mention.regions for other in places[i + 1 :]):
                continue  # "the middle" of "the middle of the table"
            names = self._names.names([mention])
            fits = clause.verbs & {"fold", "cover"} and not objects  # of edges alone
            known = {region for about, place, region in self._work.regions if (fits or about & objects) and (generic or place in names)}
            for region, text in mention.regions:
                same = {one for one in known if one.partition(".")[0] == region.partition(".")[0]}
                if same and all(exclude(region, one) for one in same):
                    yield Contradiction("place", text)
                    return

    def _posture(self, clause: Clause, objects: set[str]) -> Iterator[Contradiction]:
        for way, text in clause.ways:
            group, _, name = way.partition(".")
            things = self._work.postures.get(name, frozenset()) if group == "posture" else frozenset()
            if objects & things or (things and name == "turned_away" and not any(self._names.judged(m) for m in clause.of_role("object"))):
                yield Contradiction("posture", text)

    def _taken_out(self, clause: Clause, objects: set[str]) -> Iterator[Contradiction]:
        """Taken out of what it stays in from the first to the last: the buns, of which the bowl is carried."""
        wanted = self._names.names(clause.of_role("source"))
        if not wanted or not clause.verbs & {"take", "remove", "unload", "put", "carry", "unpack"}:
            return
        for name in sorted(self._names.names(clause.of_role("object"))):
            within = wanted & set(self._work.supports.get(name, ()))
            vessels = [one for one in within if self._work.things[one].loose and "." not in one]
            moved = [d for d in self._work.deeds if d.index is not None and name in d.objects]
            if vessels and not moved and any(d.objects & set(vessels) for d in self._work.deeds if d.index is not None):
                yield Contradiction("source", clause.of_role("source")[0].text)
                return

    def _of_another(self, clause: Clause) -> Iterator[Contradiction]:
        """"The tube for Beijing", where that is the pouch."""
        for mention, owner in zip(clause.things, clause.things[1:], strict=False):
            if owner.role != "property" or not self._lexicon.is_thing(owner.names, "attribute"):
                continue
            things, owned = {t.name for t in self._names.are(mention)}, {t.name for t in self._names.called(owner)}
            if mention.role == "object" and things and owned and not things & owned:
                yield Contradiction("object", f"{mention.text} {owner.text}", tuple(sorted(owned))[:4])
