"""Where a task sentence contradicts what was done. A sentence that says less is right, and a word that nobody knows is no doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, zip_longest

from .clauses import read_sentence
from .lexicon import Lexicon
from .listed_order import listed_order
from .naming import SAID, Thing, ThingNames
from .own_sentences import bare_words
from .particulars import Particulars
from .restrictions import Restrictions
from .reversals import Reversals
from .sentence import KINDS, Clause, Contradiction, Mention, Sentence
from .work import EITHER, Deed, ScenarioWork

BY_HAND = frozenset(["take", "lift", "carry", "put"])  # who carries a thing takes it and puts it down
CLOSE = 0.02  # share by which two quantities may differ
# what shall not be done at some time may be done at another one
CONDITION = re.compile(
    r"\b(?:when|while|during|until|till|unless|before|if)\b"
    r"|就(?:不|别|勿)|时(?:候)?[，,\s]*请?(?:不|别|勿|禁)|期间|过程中|之前|以前|直到|除非|如果",
    re.IGNORECASE,
)
EACH_TIME = re.compile(r"每次|一次|逐|\b(?:at a time|one by one|each time|at once)\b", re.IGNORECASE)  # how many at once, and not in all
ROOM = {"force": (0.3, 1.3)}  # of what a scenario's own words have, which is the end of a range


@dataclass(frozen=True)
class Reading:
    """What came of the comparison.

    Attributes:
        contradictions: the gravest first; known: whether any word of the sentence could be compared.
        fitting: how many things that it names are in the scene.
    """

    contradictions: tuple[Contradiction, ...]
    known: bool
    fitting: int = 0

    @property
    def certain(self) -> bool:
        """Whether the sentence is of something else: not by one word, which may have been misread beside others that fit.

        Another scenario's own sentence, an arm that never moved, a thing that another draw would have had, two words that do not
        fit, or one where none fits.
        """
        sure = [one for one in self.contradictions if one.certain]
        alone = any(one.kind in ("scenario", "arm") or one.drawn for one in sure)
        return alone or len({one.word for one in sure}) > 1 or (bool(sure) and not self.fitting)


def compare(
    text: str, work: ScenarioWork, lexicon: Lexicon, moved: frozenset[str] | None = None, other: str | None = None
) -> Reading:
    """A task sentence against what was done.

    Args:
        moved: the arms that moved (`left`, `right`), where the record tells.
        other: the scenario, or variant of this one, that has this sentence.
    """
    if bare_words(text) in work.own:
        return Reading((), True)
    sentence = read_sentence(text, lexicon)
    if sentence.placeholder:
        return Reading((Contradiction("no_task", text.strip()[:40]),), True)
    if CONDITION.search(text):
        sentence = replace(sentence, clauses=tuple(_at_some_time(clause) for clause in sentence.clauses))
    if EACH_TIME.search(text):
        sentence = replace(sentence, clauses=tuple(replace(clause, only=False) for clause in sentence.clauses))
    comparison = _Comparison(sentence, work, lexicon, moved)
    found = list(comparison.found())
    if bare_words(text) in work.other_own:
        found = [replace(one, drawn=True) if one.certain else one for one in found]
    if other is not None:
        found.insert(0, Contradiction("scenario", other, certain=True))
    found.sort(key=lambda one: (not one.certain, not one.certain and one.kind == "scenario", KINDS.index(one.kind)))
    return Reading(tuple(dict.fromkeys(found)), sentence.known, comparison.fitting())


class _Comparison:
    def __init__(self, sentence: Sentence, work: ScenarioWork, lexicon: Lexicon, moved: frozenset[str] | None):
        self._sentence, self._work, self._lexicon, self._moved = sentence, work, lexicon, moved
        pairs = {
            (one, place) for deed in work.deeds if not deed.quoted for one in deed.objects for place in deed.places
        }
        self._names = ThingNames(work.things, lexicon, pairs)

    def fitting(self) -> int:
        """How many of the things that the sentence names are in the scene."""
        named = [thing for clause in self._sentence.clauses if not clause.negated for thing in clause.things]
        return sum(bool(self._names.are(thing)) for thing in named if self._names.judged(thing))

    def found(self) -> Iterator[Contradiction]:
        clauses = [
            replace(clause, swap=False) if clause.swap and after is not None and after.negated else clause
            for clause, after in zip_longest(self._sentence.clauses, self._sentence.clauses[1:])
            if not clause.negated
        ]  # of "before A do not B" A alone is left
        for clause in self._sentence.clauses:
            yield from self._forbidden(clause, clauses)
        for clause in clauses:
            if clause.untouched:
                continue
            yield from self._verbs(clause)
            for mention in clause.things:
                yield from self._mention(mention, clause)
            yield from self._objects(clause)
            yield from self._opposite(clause)
            yield from self._places(clause)
            yield from self._sources(clause)
            yield from self._arm(clause)
            yield from self._amounts(clause)
        reversals = Reversals(self._work, self._names, self._lexicon)
        yield from reversals.found(clauses)
        yield from Restrictions(self._work, self._names, self._lexicon, reversals.ends).found(clauses)
        yield from Particulars(self._work, self._names, self._lexicon).found(clauses)
        wrong = list(listed_order(self._sentence.tokens, self._work))
        yield from wrong or self._order(clauses)

    # ---------------------------------------------------------------------------------------------------------- things
    def _mention(self, mention: Mention, clause: Clause) -> Iterator[Contradiction]:
        if not self._names.judged(mention):
            return
        if mention.role == "aside" or (mention.bare and not any(t.idents for t in self._names.called(mention))):
            return
        if clause.timed and not clause.verbs and not self._names.called(mention):
            return
        if mention.role in ("beside", "under", "source", "property") and mention.names <= self._work.other:
            return  # "the aspirin among the amoxicillin": it stands in the cabinet all the same
        if not self._names.called(mention) and any(self._lexicon.things[name].get("vague") for name in mention.names):
            for part in mention.of:  # "pot lid": every pot has one, and there is no pot
                yield from self._mention(part, clause)
            return
        for part in mention.of if any(self._lexicon.things[name].get("of_another") for name in mention.names) else ():
            if self._names.judged(part) and not self._names.called(part):  # the door of a fridge
                yield Contradiction("object", part.text, certain=True)
        if not self._names.called(mention):
            kind = "place" if mention.role in ("place", "beside", "under", "source") else "object"
            yield Contradiction(kind, mention.text, certain=True, drawn=kind == "object" and self._of_another_draw(mention, clause))
        elif not self._names.are(mention):
            word = " ".join(part.text for part in mention.of) or mention.text
            called = self._names.called(mention)
            if mention.ident and any(thing.idents for thing in called):
                yield Contradiction("number", _written([mention]), _idents(called), certain=True)
            elif mention.of:
                yield Contradiction("object", word, tuple(sorted(t.name for t in called))[:4], certain=True)
        if self._lexicon.does(clause.verbs, "handles") or clause.verbs - {"do", "look"} or not clause.verbs:
            for one in (mention, *mention.of):
                yield from self._count(one)

    def _of_another_draw(self, mention: Mention, clause: Clause) -> bool:
        """Whether a hand shall take what is named only where another value was drawn, and nothing else of its kind is named."""
        if not mention.names <= self._work.other or (clause.verbs and not self._lexicon.does(clause.verbs, "handles")):
            return False
        kinds = {kind for name in mention.names for kind in self._lexicon.kinds[name]}
        others = [m.names for c in self._sentence.clauses for m in c.things if m is not mention and m.names - kinds]
        return not any(self._lexicon.kinds[name] & kinds for names in others for name in names)

    def _count(self, mention: Mention) -> Iterator[Contradiction]:
        n = mention.number
        if n is None or n < 2 or n != int(n) or mention.other or mention.role == "source" or not self._names.judged(mention):
            return
        things = self._names.are(mention)
        if any(thing.many for thing in things):
            things = [thing for thing in things if not thing.many]
            if not things or not any(mention.names & thing.names for thing in things):
                return
        chain = [deed for deed in self._work.deeds if deed.index is not None] or self._work.deeds
        touched = {name for deed in chain for name in deed.places} if mention.role == "place" else self._work.handled
        acted = {thing.name for thing in things} & touched
        roots = {name for name in acted if "." not in name}
        count = len(roots or acted)
        expected = {float(count)} | {m for name in mention.names for m in self._work.counts.get(name, ())}
        if mention.role == "place" and count < 2:
            return
        if count and n not in expected:
            yield Contradiction("number", f"{n:g} {mention.text}", tuple(f"{m:g}" for m in sorted(expected)))

    def _objects(self, clause: Clause) -> Iterator[Contradiction]:
        """What a hand takes is something that a hand took."""
        if not self._lexicon.does(clause.verbs, "handles") or "stay" in clause.verbs:
            return
        for mention in clause.of_role("object"):
            names = {thing.name for thing in self._names.are(mention)} if self._names.judged(mention) else set()
            if (
                not clause.of_role("place")
                and self._lexicon.does(clause.verbs, "puts")
                and any(names & deed.places for deed in self._work.deeds)
            ):
                continue  # "lay the tray": something is put there
            if names and not names & self._work.handled:
                done = tuple(sorted({name for name in self._work.handled if "." not in name}))
                yield Contradiction("object", _written([mention]), done[:4])

    def _places(self, clause: Clause) -> Iterator[Contradiction]:
        """Where a thing is put is where it was put."""
        places = [
            m
            for m in clause.of_role("place")
            if self._names.judged(m) and not self._lexicon.is_thing(m.names, "attribute") and not self._names.is_setting(m)
        ]
        wanted = {name for name in self._names.names(places) if not name.startswith(SAID)}
        goes = self._lexicon.does(clause.verbs, "handles")
        chain = (d for d in self._work.deeds if "push" in d.verbs and d.places and d.index is not None)
        pushed = [d for d in chain if any(self._work.things[n].loose for n in d.objects)]
        if "push" in clause.verbs and not any(d.objects & self._names.names(clause.of_role("object")) for d in pushed):
            goes = False
        if not wanted or "stay" in clause.verbs or (clause.verbs and not goes and not clause.verbs & {"pour", "press"}):
            return
        for mention in clause.of_role("object") if clause.verbs else clause.of_role("object")[-1:]:
            objects = self._names.names([mention])
            objects |= self._work.holding(objects)
            real = [d for d in self._work.deeds if d.objects & objects and not d.quoted]
            deeds = [d for d in real if d.places] or [
                d for d in self._work.deeds if d.objects & objects and d.places and not real
            ]
            stood = {below for name in objects for below in self._work.supports.get(name.partition(".")[0], ())}
            if real and not deeds and not wanted & stood and self._lexicon.does(clause.verbs, "puts"):
                yield Contradiction("place", _written(places), tuple(sorted(n for n in stood if "." not in n))[:4])
                return
            deeds += [d for d in self._work.deeds if d.quoted and deeds and d.objects & objects and _one(d.places)]
            turned = any(d.objects & wanted and d.places & objects for d in self._work.deeds if not d.quoted)
            if turned and not clause.marked:
                continue  # 纸箱放入缓冲垫 names the box first
            if deeds and not any(deed.places & wanted for deed in deeds):
                done = tuple(sorted({name for deed in deeds for name in deed.places if "." not in name}))
                yield Contradiction("place", _written(places), done[:4], certain=True)
                return

    def _sources(self, clause: Clause) -> Iterator[Contradiction]:
        """What a thing is taken from is what it stood in or on, or was put into before."""
        sources = [m for m in clause.of_role("source") if self._names.judged(m)]
        wanted = self._names.names(sources)
        objects = self._names.names(clause.of_role("object"))
        if not wanted or not objects or not (self._lexicon.does(clause.verbs, "handles") or "pull" in clause.verbs):
            return
        roots = {name.partition(".")[0] for name in objects}
        if not any(self._work.supports.get(root) for root in roots):
            return
        stood: set[str] = set()
        for root in roots:
            chain = [deed for deed in self._work.deeds if deed.index is not None and root in deed.objects]
            taken = max((d.index for d in chain if "take" in d.verbs and d.index is not None), default=-1)
            stood |= {name for d in chain if d.index is not None and d.index < taken for name in d.places}
            stood |= set(self._work.supports.get(root, ()))
        if not wanted & stood:
            done = tuple(sorted(name for name in stood if "." not in name))
            yield Contradiction("source", _written(sources), done[:4])

    # ----------------------------------------------------------------------------------------------------------- verbs
    def _verbs(self, clause: Clause) -> Iterator[Contradiction]:
        verbs, lexicon = clause.verbs, self._lexicon
        if not verbs or clause.abstract or lexicon.does(verbs, "loose"):
            return
        near = {other for verb in verbs for other in (verb, *lexicon.verbs[verb].get("like", ()))}
        if not near & self._work.verbs:
            yield Contradiction("scenario", clause.verb)

    def _opposite(self, clause: Clause) -> Iterator[Contradiction]:
        opposite = self._lexicon.opposite(clause.verbs)
        if not opposite:
            return
        objects = self._names.names(clause.of_role("object"))
        near = {other for verb in clause.verbs for other in (verb, *self._lexicon.verbs[verb].get("like", ()))}
        inside = objects if "unpack" in clause.verbs else set()
        fast = {n for n in objects if not self._work.things[n].loose} if "release" in clause.verbs else objects  # a hand lets go, too
        deeds = [deed for deed in self._work.deeds if deed.objects & fast or deed.places & inside]
        deeds = [deed for deed in deeds if deed.index is not None] if inside else deeds
        if "release" in clause.verbs and any(one.verbs & opposite for one in self._sentence.clauses):
            return  # "release the brakes, push it there, lock them"
        switched = clause.verbs <= {"switch_on", "switch_off"} and not any(d.verbs & clause.verbs for d in deeds)
        if any(d.verbs & opposite for d in deeds) and (switched or not any(d.verbs & near for d in deeds)):
            yield Contradiction(
                "action", clause.verb, tuple(sorted({v for d in deeds for v in d.verbs & opposite})), certain=True
            )

    def _forbidden(self, clause: Clause, clauses: Sequence[Clause]) -> Iterator[Contradiction]:
        """What shall not be done was done: "do not open the door"; or was undone: "leave the door open"."""
        objects, places = self._names.names(clause.of_role("object")), self._names.names(clause.of_role("place"))
        verbs = self._lexicon.opposite(clause.lasting) or (clause.verbs if clause.forbids else frozenset())
        itself = not clause.things and not self._lexicon.does(verbs, "loose")  # 关门: the verb names its thing
        if not verbs or (clause.lasting and clause.negated) or (clause.of_role("place") and not places):
            return
        about = [d for d in self._work.deeds if (d.objects & objects or itself) and not d.quoted]
        about = [d for d in about if not places or clause.lasting or d.places & places]
        done = [deed for deed in about if deed.verbs & verbs and deed.index is not None]
        if clause.lasting:  # what comes last is what lasts
            done = [deed for deed in about if deed.verbs & (verbs | clause.lasting) and deed.index is not None][-1:]
            if not any(deed.verbs & verbs for deed in about if deed.index is not None):  # what the goal wants, and no hand does
                done = [d for d in self._work.deeds if d.objects & objects and d.verbs & verbs] or done
        asked = [self._names.names(one.of_role("object")) for one in clauses if one.verbs & verbs]
        if not any(itself or names & objects for names in asked) and any(deed.verbs & verbs for deed in done):
            kind = "action" if clause.lasting else "forbidden"
            yield Contradiction(kind, clause.verb, tuple(sorted(verbs)), certain=True)

    def _deeds(self, clause: Clause, hands: bool = False, strict: bool = False) -> list[Deed]:
        """The steps of the chain that a clause can be about.

        Args:
            hands: only those of which the hand is known; strict: only those of the clause's own verbs, where it has some.
        """
        objects, places = self._names.names(clause.of_role("object")), self._names.names(clause.of_role("place"))
        if not clause.verbs and hands:  # "both hands on the tray"
            objects |= places
        deeds = [deed for deed in self._work.deeds if deed.index is not None and (deed.hands or not hands)]
        named = [m for m in clause.of_role("object", "property") if self._names.judged(m)]
        cleared = self._cleared(clause, objects, deeds) if strict else []
        if cleared:
            return cleared
        if objects or named:
            names = objects or self._names.names(named)
            names |= self._work.holding(names)
            every = deeds
            deeds = [deed for deed in every if deed.objects & names]
            if not deeds and self._lexicon.does(clause.verbs, "puts"):  # "set the tray": something is put there
                deeds = [deed for deed in every if deed.places & names and "put" in deed.verbs]
            if not deeds and not self._lexicon.does(clause.verbs, "loose"):  # "wipe the table", of which a mat is wiped
                deeds = [deed for deed in every if deed.verbs & clause.verbs]
        if places and hands:
            deeds = [deed for deed in deeds if deed.places & places] or deeds
        elif places:
            deeds = [d for d in deeds if d.places & places] or [
                d for d in self._work.deeds if d.index is not None and d.places & places
            ]
        if not (objects or places or named) and self._lexicon.does(clause.verbs, "loose"):
            return [d for d in deeds if d.verbs & clause.verbs] if self._lexicon.does(clause.verbs, "alone") else []
        if clause.verbs:
            near = self._lexicon.like(clause.verbs)
            near |= BY_HAND if near & BY_HAND else frozenset()
            same = [deed for deed in deeds if deed.verbs & clause.verbs]
            if strict and not same and places and self._lexicon.does(clause.verbs, "loose"):
                return deeds  # "hold the card to the reader": of the place one is sure
            if not same and self._lexicon.does(clause.verbs, "alone"):  # "plate the dish": of whatever is in the pan
                same = [d for d in self._work.deeds if d.index is not None and "dish_up" in d.verbs & clause.verbs]
            same = same or [deed for deed in deeds if deed.verbs & near and (objects or not strict)]
            poured_in = [deed for deed in same if "pour_in" in deed.verbs] if strict and "pour" in clause.verbs else []
            same = poured_in or same
            if same or strict or not (objects or places or named):
                deeds = same
        elif not (objects or places):
            return []
        return deeds

    def _cleared(self, clause: Clause, objects: set[str], deeds: Sequence[Deed]) -> list[Deed]:
        """What clears a table: each thing that stood on it is put somewhere else."""
        if "tidy" not in clause.verbs or not objects:
            return []
        supports = self._work.supports
        return [
            deed
            for deed in deeds
            if deed.verbs & {"put", "throw"}
            and any(
                self._work.things[name].loose and objects & set(supports.get(name, ())) and not deed.places & set(supports[name][:2])
                for name in deed.objects
            )
        ]

    def _arm(self, clause: Clause) -> Iterator[Contradiction]:
        if clause.arm is None or (clause.verbs and clause.verbs <= {"go", "enter"}):
            return
        arm, word = clause.arm
        both = frozenset(["left", "right"])
        asked = both if arm in ("both", "one") else frozenset([arm])
        if arm != "one" and self._moved is not None and self._moved and not asked & self._moved:
            yield Contradiction("arm", word, tuple(sorted(self._moved)), certain=True)
            return
        if not self._work.chained:
            return
        deeds = self._deeds(clause, hands=True)
        hands = frozenset(hand for deed in deeds for hand in deed.hands)
        alone = (clause.sole or arm == "one") and any(both <= deed.hands for deed in deeds) and arm != "both"
        if alone or (arm != "one" and hands and EITHER not in hands and not asked <= hands):
            yield Contradiction("arm", word, tuple(sorted(hands)))

    def _amounts(self, clause: Clause) -> Iterator[Contradiction]:
        for way, word in clause.ways:
            group, _, name = way.partition(".")
            ways = self._work.ways.get(group, frozenset())
            if ways and name not in ways:
                yield Contradiction("number" if group == "turn" else "action", word, tuple(sorted(ways)), certain=True)
        for value, of, word, unit in clause.quantities:
            known = self._work.quantities.get(of, frozenset())
            low, high = ROOM.get(of, (1.0 - CLOSE, 1.0 + CLOSE))
            between = of == "mass" and known and min(known) * low <= value <= max(known) * high
            if known and not between and not any(low * one <= value <= high * one for one in known):
                stated, done = f"{value / unit:g} {word}", tuple(f"{one / unit:g} {word}" for one in sorted(known))
                yield Contradiction("number", stated, done, certain=True)
        least = min((times for verbs, times in self._work.times if verbs & clause.verbs & {"salt"}), default=0)
        if clause.times is not None and clause.times[0] < least:
            yield Contradiction("number", clause.times[1], (str(least),))
        counted = {"fold"} & clause.verbs or {"press"} & self._lexicon.like(clause.verbs)
        if clause.times is not None and counted:
            n, word = clause.times
            known_times = {times for verbs, times in self._work.times if verbs & clause.verbs}
            often = [d for d in self._deeds(clause) if d.verbs & counted]
            expected = known_times or ({len(often)} if often else set())
            if expected and n not in expected:
                yield Contradiction(
                    "number", word, tuple(str(one) for one in sorted(expected)), certain=bool(known_times)
                )

    # ----------------------------------------------------------------------------------------------------------- order
    def _order(self, clauses: Sequence[Clause]) -> Iterator[Contradiction]:
        yield from self._order_of_ways(clauses)
        if not self._work.chained:
            return
        rows = [
            (clause, deeds)
            for clause in clauses
            if clause.verbs not in ({"do"}, {"go"})
            and not clause.heading
            and (deeds := self._deeds(clause, strict=True))
        ]
        for (one, deeds), (other, others) in combinations(rows, 2):
            i, j = clauses.index(one), clauses.index(other)
            if j > i + 1 and any(clause.swap for clause in clauses[i:j]):
                continue  # "A and B after C": of A and C nothing is sure
            explicit = any(clause.explicit for clause in clauses[i + 1 : j + 1]) or one.swap
            if (one.swap and j == i + 1) or (other.rank == "first" and one.rank != "first") or (one.rank == "last" and not other.rank):
                deeds, others, explicit = others, deeds, True
            first = min(deed.index for deed in deeds if deed.index is not None)
            last = max(deed.index for deed in others if deed.index is not None)
            if first > last and (explicit or (one.verbs and other.verbs and self._share(deeds, others))):
                yield Contradiction("order", f"{one.verb or _word(one)} … {other.verb or _word(other)}", certain=False)
                return

    def _order_of_ways(self, clauses: Sequence[Clause]) -> Iterator[Contradiction]:
        """In half and in thirds, as the scenario's own sentences have it."""
        named: dict[str, list[tuple[str, str]]] = {}
        for clause in clauses:
            for way, text in clause.ways:
                group, _, name = way.partition(".")
                named.setdefault(group, []).append((name, text))
        for group, ways in named.items():
            known = self._work.order.get(group, ())
            for (one, text), (other, after) in combinations(ways, 2):
                if one in known and other in known and known.index(one) > known.index(other):
                    yield Contradiction("order", f"{text} … {after}")
                    return

    def _share(self, deeds: Iterable[Deed], others: Iterable[Deed]) -> bool:
        """Whether the two are about one thing, so that one cannot well come before the other."""

        def things(rows: Iterable[Deed]) -> set[str]:
            """Whole things that hands take, and parts of others: two brakes of a wheelchair are two."""
            named = {name for deed in rows for name in deed.objects}
            roots = {name.partition(".")[0] for name in named}
            loose = {root for root in roots if self._work.things[root].loose}
            fast = {name for name in named if name.partition(".")[0] not in loose}
            return loose | {name for name in fast if "." in name or not any(one.startswith(f"{name}.") for one in fast)}

        return bool(things(deeds) & things(others))


def _at_some_time(clause: Clause) -> Clause:
    """A clause of a sentence that says when: what is forbidden or stays then may be otherwise at another time."""
    return replace(clause, forbids=False, untouched=False, negated=clause.negated or clause.verbs == {"stay"})


def _written(mentions: Iterable[Mention]) -> str:
    """Things as the sentence has them, with what tells which."""
    words = []
    for m in mentions:
        words += [*(one.text for one in m.of if "person" in one.names), m.which, m.text, m.ident if m.ident != m.text else None]
    return " ".join(filter(None, words))


def _one(names: Iterable[str]) -> bool:
    """Whether these are one thing, or words of it."""
    return len({name.partition(".")[0] for name in names}) == 1


def _word(clause: Clause) -> str:
    return clause.things[0].text if clause.things else ""


def _idents(things: Iterable[Thing]) -> tuple[str, ...]:
    return tuple(sorted({ident for thing in things for ident in thing.idents}))[:6]
