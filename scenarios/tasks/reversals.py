"""Directions that were not taken: put where the thing came from, taken off what it stays on, laid on the floor, or under a thing.

All of these are likely and none is certain: what a person means by "take off" may be less than it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .lexicon import Lexicon
from .naming import SIZES, ThingNames
from .sentence import Clause, Contradiction, Mention
from .work import Deed, ScenarioWork

GIVEN = frozenset(["hand_over", "cover", "pull"])  # what goes to a person
FLOOR = "floor"
GIVING = ("give", "gives", "hand", "递", "交", "给")  # how verbs begin by which a person gets it


class Reversals:
    """The directions of a sentence against those of the chain.

    Args:
        work: what was done; names: its things by what they are called.
    """

    def __init__(self, work: ScenarioWork, names: ThingNames, lexicon: Lexicon):
        self._work, self._names, self._lexicon = work, names, lexicon
        self._moves = [deed for deed in work.deeds if deed.index is not None and deed.places]

    def found(self, clauses: Sequence[Clause]) -> Iterator[Contradiction]:
        for i, clause in enumerate(clauses):
            yield from self._wiped_floor(clause)
            if not clause.verbs:
                yield from self._apart(clause)
            if not self._lexicon.does(clause.verbs, "handles") and "pull" not in clause.verbs:
                continue
            yield from self._from_person(clause)
            yield from self._given(clause)
            if "stay" in clause.verbs:
                continue
            if "push" in clause.verbs:
                yield from self._back(clause, self._objects(clause))
                continue
            yield from self._floor(clause)
            yield from self._under(clause)
            yield from self._apart(clause)
            objects = self._objects(clause)
            yield from self._back(clause, objects)
            later = any(self._objects(one) & objects and one.of_role("place", "beside") for one in clauses[i + 1 :])
            if objects and not later:
                yield from self._exchanged(clause, objects)
                yield from self._stays(clause, objects)

    def _objects(self, clause: Clause) -> set[str]:
        return self._names.names(clause.of_role("object"))

    def _carried(self, clause: Clause) -> set[str]:
        """Its things, with what they are carried in."""
        objects = self._objects(clause)
        return objects | self._work.holding(objects)

    # ---------------------------------------------------------------------------------------------------- floor and under
    def _is_floor(self, mention: Mention) -> bool:
        return FLOOR in mention.names and not mention.of

    def _floor(self, clause: Clause) -> Iterator[Contradiction]:
        """Nothing is put on the floor but what the scenario puts there."""
        places = clause.of_role("place") or clause.of_role("beside")
        objects = self._carried(clause)
        moves = [deed for deed in self._work.deeds if deed.objects & objects and deed.index is not None and deed.verbs != {"look"}]
        there = any(FLOOR in self._work.things[name].names for deed in moves for name in deed.places)
        if moves and places and all(self._is_floor(m) for m in places) and not there:
            yield Contradiction("place", places[0].text, self._direct(moves[-1]))

    def _wiped_floor(self, clause: Clause) -> Iterator[Contradiction]:
        floors = [m for m in clause.of_role("object") if self._is_floor(m)]
        if floors and clause.verbs and not self._lexicon.does(clause.verbs, "loose"):
            near = self._lexicon.like(clause.verbs)
            done = {name for deed in self._work.deeds if deed.verbs & near for name in deed.objects}
            if done and not any(FLOOR in self._work.things[name].names for name in done):
                yield Contradiction("object", floors[0].text, _whole(done))

    def _under(self, clause: Clause) -> Iterator[Contradiction]:
        """Under a thing, where it is put upon or into that."""
        objects = self._carried(clause)
        for mention in clause.of_role("under"):
            wanted = self._names.names([mention])
            moves = [deed for deed in self._moves if deed.objects & objects and deed.places & wanted]
            if moves:
                yield Contradiction("place", mention.text, self._direct(moves[-1]))

    def _apart(self, clause: Clause) -> Iterator[Contradiction]:
        """In one and the same place, where each goes to its own."""
        places = [m for m in clause.of_role("place") if self._names.judged(m)]
        several = clause.every or any((m.number or 0) > 1 for m in clause.of_role("object"))
        one = clause.one_place or (several and any(m.ident or m.features & set(SIZES) for m in places))
        wanted = {name.partition(".")[0] for name in self._names.names(places)} if one else set()
        roots = {name.partition(".")[0] for name in self._objects(clause)} if wanted else set()
        ends = [ends for root in sorted(roots) if (ends := {name.partition(".")[0] for name in self.ends(root)})]
        reached = [one for one in ends if one & wanted]
        apart = reached and not set.intersection(*reached) & wanted
        if len(ends) > 1 and (apart or (reached and not clause.one_place and len(reached) < len(ends))):
            yield Contradiction("place", places[0].text, _whole(set.union(*ends)))

    # -------------------------------------------------------------------------------------------------------- directions
    def _from_person(self, clause: Clause) -> Iterator[Contradiction]:
        """From the person, to whom it is given, or whom it covers."""
        persons = [m for m in clause.of_role("source") if "person" in m.names and not m.of]
        objects = self._objects(clause)
        about = [deed for deed in self._work.deeds if deed.objects & objects]
        given = [deed for deed in about if deed.verbs & GIVEN]
        last = max((deed.index for deed in given if deed.index is not None), default=-1)
        again = any("take" in d.verbs and d.index is not None and d.index > last >= 0 for d in about)
        moves = clause.removes or "pull" in clause.verbs or "push" in clause.verbs or any("hand_over" in deed.verbs for deed in given)
        if persons and given and moves and not again:
            yield Contradiction("place", persons[0].text, _whole({name for deed in given for name in deed.places}))

    def _given(self, clause: Clause) -> Iterator[Contradiction]:
        """To a person goes what is handed over, and nothing else that a hand moves."""
        gives = clause.verb.lower().startswith(GIVING) and any("person" in m.names and not m.of for m in clause.things)
        given = {name for deed in self._moves if "hand_over" in deed.verbs for name in deed.objects}
        objects = {name for name in self._carried(clause) if "." not in name}
        moved = {name for deed in self._moves for name in deed.objects}
        if gives and given and objects and not objects & given and self._objects(clause) <= moved:
            yield Contradiction("object", next(m.text for m in clause.of_role("object") if self._names.judged(m)), _whole(given))

    def _exchanged(self, clause: Clause, objects: set[str]) -> Iterator[Contradiction]:
        """Put where it stood at the start, which is not where it ends."""
        places = [
            m
            for m in clause.of_role("place")
            if self._names.judged(m) and not any(self._lexicon.things[name].get("generic") for name in m.names)
        ]
        wanted = self._names.names(places)
        for mention in clause.of_role("object") if wanted else ():
            roots = {name.partition(".")[0] for name in self._names.names([mention])}
            stood = {below for root in roots for below in self._work.supports.get(root, ())}
            ends = {root: self.ends(root) for root in roots}
            if wanted & stood and any(ends.values()) and not any(wanted & reached for reached in ends.values()):
                yield Contradiction("place", places[0].text, _whole({name for reached in ends.values() for name in reached}))
                return

    def _back(self, clause: Clause, objects: set[str]) -> Iterator[Contradiction]:
        """Back to where it was at the start, which is not where it ends."""
        back = [m for m in clause.of_role("place") if "origin" in m.names]
        for root in sorted({name.partition(".")[0] for name in objects}) if back else ():
            moves = [deed for deed in self._moves if root in deed.objects and deed.verbs & {"put", "carry", "push"}]
            if moves and not set(self._direct(moves[-1])) & set(self._work.supports.get(root, ())[:1]):
                yield Contradiction("place", back[0].text, self._direct(moves[-1]))
                return

    def ends(self, root: str, after: int = -1) -> set[str]:
        """Where a thing is at the end, by what it was put on, and where that was carried then; empty where nobody moved it."""
        moves = [d for d in self._moves if root in d.objects and (d.index or 0) > after]
        if not moves:
            carriers = (one for one in self._work.supports.get(root, ()) if self._work.things[one].loose and "." not in one)
            return next((ends for one in carriers if (ends := self.ends(one, after))), set()) if after < 0 else set()
        last = moves[-1]
        direct = set(self._direct(last))
        vessels = {name.partition(".")[0] for name in direct} - {root}
        onwards = {name for one in vessels if self._work.things[one].loose for name in self.ends(one, last.index or 0)}
        return direct | onwards if onwards else direct | last.places

    def _stays(self, clause: Clause, objects: set[str]) -> Iterator[Contradiction]:
        """Taken off what it is on from the first to the last."""
        if not clause.removes or clause.of_role("place", "beside"):
            return
        sources = [m for m in clause.of_role("source") if self._names.judged(m)]
        wanted = self._names.names(sources)
        carried = objects | self._work.holding(objects)
        moves = [deed for deed in self._moves if deed.objects & carried and "take" not in deed.verbs]
        if wanted and moves and all(set(self._direct(deed)) & wanted for deed in moves):
            yield Contradiction("place", sources[0].text, self._direct(moves[-1]))

    def _direct(self, deed: Deed) -> tuple[str, ...]:
        """Where a deed puts its things, without what that stands on."""
        below = {one for name in deed.places for one in self._work.supports.get(name, ())}
        return tuple(sorted(name for name in deed.places if name not in below and name.partition(".")[0] not in below))


def _whole(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if "." not in name))[:4]
