"""What a sentence leaves out on purpose: things that shall be left as they are, nothing else of a kind, all into one place.

All of these are likely and none is certain: "only" and "leave it" are written of more than tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .lexicon import Lexicon
from .naming import ThingNames
from .sentence import Clause, Contradiction, Mention
from .work import Deed, ScenarioWork

BY_HAND = frozenset(["take", "lift", "carry", "put"])
IDLE = frozenset(["look", "go"])  # deeds that leave a thing as it is
TOO_WIDE = frozenset(["container", "item", "place"])  # kinds of which most things are


class Restrictions:
    """What a sentence says that is not done, against the chain.

    Args:
        work: what was done; names: its things by what they are called. ends: thing -> where it is at the end; empty where nobody moved it.
    """

    def __init__(self, work: ScenarioWork, names: ThingNames, lexicon: Lexicon, ends: Callable[[str], set[str]]):
        self._work, self._names, self._lexicon, self._ends = work, names, lexicon, ends
        self._chain = [deed for deed in work.deeds if deed.index is not None and deed.verbs - IDLE]
        self._touched = {name for deed in self._chain for name in deed.objects}

    def found(self, clauses: Sequence[Clause]) -> Iterator[Contradiction]:
        for clause in clauses:
            objects = [m for m in clause.of_role("object") if self._names.judged(m) and not _another(m)]
            if clause.untouched:
                yield from self._untouched(objects)
            elif clause.only and objects:
                yield from self._only(clause, objects)
            elif "stay" in clause.verbs:
                yield from self._stays(clause, objects)
            elif clause.verbs & {"take", "remove", "unload", "unpack", "put", "carry"}:
                yield from self._unnamed(clause)

    def _untouched(self, objects: Sequence[Mention]) -> Iterator[Contradiction]:
        for mention in objects:
            names = {thing.name for thing in self._names.are(mention)}
            whole = {name for name in names if "." not in name}
            if names and (whole <= self._touched if whole else names & self._touched):
                yield Contradiction("forbidden", mention.text)
                return

    def _stays(self, clause: Clause, objects: Sequence[Mention]) -> Iterator[Contradiction]:
        """What stays somewhere is there at the end, if it is something that was moved."""
        places = [m for m in clause.of_role("place", "source") if self._names.judged(m)]
        wanted = self._names.names(places)
        for mention in objects if wanted else ():
            ends = [self._ends(thing.name) for thing in self._names.are(mention) if thing.loose and "." not in thing.name]
            if ends and all(ends) and not any(wanted & reached for reached in ends):
                yield Contradiction("place", places[0].text, tuple(sorted(n for n in set.union(*ends) if "." not in n))[:4])
                return

    def _only(self, clause: Clause, objects: Sequence[Mention]) -> Iterator[Contradiction]:
        """The same was done with more of them, or with others of the kind."""
        if not clause.verbs - {"do"}:
            return
        verbs = self._lexicon.like(clause.verbs)
        verbs |= BY_HAND if verbs & BY_HAND else frozenset()
        done = self._whole({name for deed in self._chain if deed.verbs & verbs for name in deed.objects})
        meant = self._names.names(objects)
        kinds = {kind for m in objects for name in m.names for kind in self._lexicon.kinds[name]} - TOO_WIDE
        alike = {name for name in done if any(kinds & self._lexicon.kinds.get(k, frozenset()) for k in self._work.things[name].names)}
        parts = self._whole(meant & {name for deed in self._chain if deed.verbs & verbs for name in deed.objects})
        others = {name for name in alike - meant if not any(name == one.partition(".")[0] or name.startswith(f"{one}.") for one in meant)}
        number = sum(m.number or 1.0 for m in objects) if any(m.number for m in objects) else None
        if parts and (others or (number is not None and len(parts) > number)):
            yield Contradiction("number", f"{objects[0].number or ''} {objects[0].text}".strip(), tuple(sorted(others or parts))[:4])

    def _whole(self, names: set[str]) -> set[str]:
        """What a hand takes as a whole, and parts of what stays: a bowl and not its rim, a brake and not its wheelchair."""
        loose = {name.partition(".")[0] for name in names if self._work.things[name.partition(".")[0]].loose}
        fast = {name for name in names if name.partition(".")[0] not in loose}
        return (loose & names) | {name for name in fast if "." in name or not any(one.startswith(f"{name}.") for one in fast)}

    def _unnamed(self, clause: Clause) -> Iterator[Contradiction]:
        """Things of whatever name are taken out of what they are only put into, or put into what they are only taken from."""
        sources = [m for m in clause.of_role("source") if self._names.judged(m)]
        places = [m for m in clause.of_role("place") if self._names.judged(m)] if self._lexicon.does(clause.verbs, "puts") else []
        if not clause.of_role("object") or self._names.names(clause.of_role("object")):
            return
        taken: set[str] = set()
        ends: set[str] = set()
        for deed in self._chain:
            roots = {name for name in deed.objects if self._work.things[name].loose and "." not in name}
            if "take" in deed.verbs:
                taken |= {below.partition(".")[0] for root in roots for below in self._work.supports.get(root, ())}
                before = [one for one in self._chain if _earlier(one, deed) and one.objects & roots]
                taken |= {place.partition(".")[0] for one in before for place in one.places}
            elif roots:
                ends |= {name.partition(".")[0] for name in deed.places}
        for kind, mentions, only in (("source", sources, ends - taken), ("place", places, taken - ends)):
            wanted = {name.partition(".")[0] for name in self._names.names(mentions)}
            if wanted and wanted <= only:
                yield Contradiction(kind, mentions[0].text, tuple(sorted(taken if kind == "source" else ends))[:4])
                return


def _earlier(one: Deed, other: Deed) -> bool:
    return one.index is not None and other.index is not None and one.index < other.index


def _another(mention: Mention) -> bool:
    return mention.other or any("place" in part.names for part in mention.of)
