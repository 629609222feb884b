"""What is done in a scenario, as far as a sentence could say it: its things, and who takes what where in which order.

All of it is read from the scenario's tree (parts, chain, goal, own sentences) and from the sheets of its parts. Nothing is
compiled, and the engine is not imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..parts.part import ASSETS
from ..parts.titles import LANGUAGES, titles_of
from .clauses import LOCATIVES, read_sentence
from .lexicon import Lexicon
from .naming import SAID, Thing, ThingNames
from .own_sentences import bare_words, own_rows
from .sentence import Clause
from .sheet_words import (
    grouped,
    in_order,
    mapping,
    postures,
    regions_of_brief,
    sheet_of,
    si_value,
    strings,
    subtrees,
    title_words,
)

# what a skill's word, and how it is done, is called in a sentence
DONE = {
    "take": "take",
    "lift": "lift",
    "carry": "carry",
    "put": "put",
    "pour": "pour",
    "press": "press",
    "hand_over": "hand_over carry",
    "fold": "fold",
    "fling": "spread",
    "draw": "pull",
    "walk": "go",
    "verify": "pull pull_test",
    "move_joint.pull": "open pull",
    "move_joint.push": "open push",
    "move_joint.lever": "open press turn push",
    "move_joint.shut": "close push",
    "move_joint": "push pull",
    "move_joint.turn": "turn",
    "move_joint.fold": "close fold",
    "put.pressed": "put insert press push",
    "put.slot": "put insert load",
    "put.drawn": "put pull",
    "put.straight": "put straighten",
    "put.pile": "put stack",
    "stroke.area": "wipe",
    "stroke.stir_with": "stir",
    "stroke.shake": "salt",
    "stroke.along": "press tape_up",
    "stroke.push": "push carry",
    "walk.push": "push carry go put",
    "walk.through": "open push go enter",
    "wait": "",
    "look": "look",
    "home": "",
    "reach": "",
    "release": "",
}
OBJECTS = ("of", "at", "joint", "lip", "lever", "with", "from")  # arguments that name what is handled
PLACES = ("upon", "into", "to", "towards", "person", "in")  # and those that name where it goes
HELD = ("of", "at")
EITHER = "either"  # the hand that is nearer, whichever that is
TIDIES = frozenset(["put", "straighten"])  # deeds that a word such as "make the bed" is of
ONE_USE = ("weigh", "scan")  # what is done with a thing by putting another one there


@dataclass(frozen=True)
class Deed:
    """One thing done: verbs of the lexicon, things by name, hands.

    Attributes:
        index: its place in the chain, None where it has none. quoted: whether only a sentence of the scenario says so.
    """

    verbs: frozenset[str]
    objects: frozenset[str]
    places: frozenset[str]
    hands: frozenset[str]
    index: int | None
    quoted: bool = False


@dataclass(frozen=True)
class ScenarioWork:
    """What is done in a scenario.

    Attributes:
        scenario, variant: which.
        things: by name. deeds: in the chain's order, then those that only goal and sentences know.
        verbs: that its own sentences, titles and skills use.
        other: words of the sentences of other draws: what would be named had it been drawn.
        ways, quantities, counts, times: what its own words and its goal say: group -> ways; of what -> values in SI;
            thing -> how many; verbs -> how often.
        supports: part -> what it stands on at the start, and what that stands on.
        regions: (things, where they go or "", where in that: `side.left`); postures: how things shall not be -> these things.
        order: its ways in the order in which its own sentences name them, group -> ways.
        own, other_own: its own sentences that fit the draw, and those of other draws, see `bare_words`.
        chained: whether there is a chain, so that hands and order are known.
    """

    scenario: str
    variant: str | None
    things: Mapping[str, Thing]
    deeds: tuple[Deed, ...]
    verbs: frozenset[str]
    other: frozenset[str] = frozenset()
    ways: Mapping[str, frozenset[str]] = field(default_factory=dict)
    quantities: Mapping[str, frozenset[float]] = field(default_factory=dict)
    counts: Mapping[str, frozenset[float]] = field(default_factory=dict)
    times: tuple[tuple[frozenset[str], int], ...] = ()
    supports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regions: frozenset[tuple[frozenset[str], str, str]] = frozenset()
    postures: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    other_own: frozenset[str] = frozenset()
    chained: bool = True

    @property
    def handled(self) -> frozenset[str]:
        """Things that something is done with, with what stands in or on them at the start."""
        deeds = [d for d in self.deeds if d.index is not None or not self.chained]
        deeds = [deed for deed in deeds if deed.verbs != {"look"}]
        done = {name for deed in deeds for name in deed.objects}
        named = {name for deed in self.deeds for name in deed.objects if name.startswith(SAID)}
        carried = {name for name in done if self.things[name].loose}
        return frozenset(done | named | {name for name, below in self.supports.items() if set(below) & carried})

    def holding(self, names: Iterable[str]) -> set[str]:
        """What these things lie in at the start and are carried along with: food in its bowl."""
        return {
            below
            for name in names
            for below in self.supports.get(name, ())
            if self.things[name].many or f"{below}.inside" in self.supports[name]
            if below in self.handled
        }


def work_of(
    name: str,
    tree: Mapping[str, Any],
    lexicon: Lexicon,
    drawn: Mapping[str, float] | None = None,
    assets: Iterable[Path] = (),
) -> ScenarioWork:
    """What is done in a scenario.

    Args:
        name: of the scenario; tree: as it is composed, its variant laid over.
        drawn: values of the draw [SI] (`named.label`), which choose among its sentences; None where they are not known.
        assets: folders of parts, before the package's own.
    """
    return _Building(name, tree, lexicon, drawn, (*assets, ASSETS)).work()


class _Building:
    def __init__(
        self,
        name: str,
        tree: Mapping[str, Any],
        lexicon: Lexicon,
        drawn: Mapping[str, float] | None,
        assets: tuple[Path, ...],
    ):
        self._name, self._tree, self._lexicon, self._drawn, self._assets = name, tree, lexicon, drawn, assets
        self._things: dict[str, Thing] = {}
        self._supports: dict[str, tuple[str, ...]] = {}
        self._deeds: list[Deed] = []
        self._verbs: set[str] = set()
        self._regions: set[tuple[frozenset[str], str, str]] = set()

    def work(self) -> ScenarioWork:
        parts = mapping(self._tree.get("parts"))
        for name, entry in parts.items():
            self._part(str(name), mapping(entry))
        for name in mapping(self._tree.get("stains")):
            self._add(str(name), [str(name), *title_words(self._tree["stains"][name])])
        for name in mapping(self._tree.get("liquids")):
            self._add(str(name), [str(name)], many=True)
        for name in parts:
            self._supports[str(name)] = tuple(self._below(str(name), parts))
        for name in mapping(self._tree.get("liquids")):
            vessels = self._tree["liquids"][name].get("vessels", ())
            self._supports[str(name)] = tuple(str(vessel) for vessel in vessels)
        fitting, other, elsewhere = self._sentences()
        skills = self._tree.get("skills")
        chain = [one for one in skills if isinstance(one, Mapping)] if isinstance(skills, list) else []
        titles = titles_of(self._tree, ("rules", "goal"))
        self._chain(chain, titles)
        self._goal()
        for words in titles.values():
            for text in words.values():
                self._verbs.update(v for c in read_sentence(text, self._lexicon).clauses for v in c.verbs)
        for thing in self._things.values():
            for kind in thing.names:
                self._verbs.update(self._lexicon.things.get(kind, {}).get("does", ()))
        clauses = [clause for text in fitting for clause in read_sentence(text, self._lexicon).clauses]
        for clause in clauses:
            self._quote(clause)
        self._regions |= set(regions_of_brief(self._tree, self._things, self._lexicon))
        known = {kind for thing in self._things.values() for kind in thing.names}
        return ScenarioWork(
            self._name,
            self._tree.get("variant"),
            self._things,
            tuple(self._deeds),
            frozenset(self._verbs),
            frozenset(other - known),
            grouped(way.split(".") for clause in clauses for way, _ in clause.ways),
            self._quantities(clauses),
            grouped((name, m.number) for c in clauses for m in c.things for name in m.names if m.number),
            tuple((clause.verbs, clause.times[0]) for clause in clauses if clause.times),
            self._supports,
            in_order(way.split(".") for clause in clauses for way, _ in clause.ways),
            frozenset(self._regions),
            postures(self._tree, self._things, self._lexicon),
            frozenset(bare_words(text) for text in fitting),
            frozenset(bare_words(text) for text in elsewhere),
            bool(chain),
        )

    # ---------------------------------------------------------------------------------------------------------- things
    def _part(self, name: str, entry: Mapping[str, Any]) -> None:
        sheet = self._sheet(str(entry.get("part", "")))
        own = title_words(entry)
        kind, _, file = str(entry.get("part", "")).rpartition("/")
        plain = [] if own and kind == "objects" else [file.replace("_", " ")]  # an object may wear another label
        self._add(
            name,
            [name.replace("_", " "), *(own or title_words(sheet)), *plain],
            many="fills" in entry,
            loose=kind == "objects",
        )
        for word, title in mapping(sheet.get("titles")).items():
            self._add(f"{name}.{word}", list(strings(title)))
        for word, inner in mapping(sheet.get("contains")).items():
            self._add(f"{name}.{word}", title_words(self._sheet(str(mapping(inner).get("part", "")))) or [str(word)])

    def _add(self, name: str, texts: Sequence[str], many: bool = False, loose: bool = False) -> None:
        names: set[str] = set()
        idents: set[str] = set()
        features: set[str] = set()
        regions: set[str] = set()
        for text in texts:
            tokens = self._lexicon.tokens(text)
            for token, after in zip(tokens, [*tokens[1:], None]):
                inside = token.chinese and after is not None and after.text in LOCATIVES  # 箱内零件 is no box
                names |= frozenset() if inside else token.readings.get("thing", frozenset())
                names |= token.readings.get("owner", frozenset())
                regions |= token.readings.get("region", frozenset())
                idents |= token.readings.get("ident", frozenset())
                if token.text.isdigit():
                    idents.add(token.text)
                features |= token.readings.get("feature", frozenset())
        sets = frozenset(names), frozenset(idents), frozenset(features)
        self._things[name] = Thing(name, *sets, many, loose, frozenset(regions))

    def _sheet(self, part: str) -> Mapping[str, Any]:
        for folder in self._assets:
            file = folder / part / "part.yaml"
            if part and ".." not in part and file.is_file():
                return sheet_of(file, file.stat().st_mtime_ns)
        return {}

    def _below(self, name: str, parts: Mapping[str, Any]) -> Iterator[str]:
        seen = {name}
        while True:
            entry = mapping(parts.get(name))
            under = str(entry.get("fills") or entry.get("stands_on") or "")
            name = under.partition(".")[0]
            if not name or name in seen:
                return
            seen.add(name)
            if under in self._things:
                yield under
            yield name

    # ------------------------------------------------------------------------------------------------------- sentences
    def _sentences(self) -> tuple[list[str], set[str], list[str]]:
        """The scenario's own sentences that fit the draw, the things that only those of other draws name, and these sentences.

        A word that goes with one value of a drawn parameter alone is what the part of that parameter is called then.
        """
        rows = own_rows(self._tree)
        fits: list[Mapping[str, Any]] = []
        other: list[Mapping[str, Any]] = []
        for row in rows:
            (fits if self._fits(row.get("where")) else other).append(row)
        words = [(row, self._things_in(row)) for row in rows]
        keys = {str(key) for row in rows for key in mapping(row.get("where"))}
        for key in keys:
            for row in fits:
                value = mapping(row.get("where")).get(key)
                with_it = [named for one, named in words if mapping(one.get("where")).get(key) == value]
                without = [named for one, named in words if mapping(one.get("where")).get(key) != value]
                alone = {w for w in set().union(*with_it) if not any(w in named for named in without)}
                part = key.partition(".")[0]
                if part in self._things and alone and without:
                    thing = self._things[part]
                    self._things[part] = replace(thing, names=thing.names | alone)
        texts, elsewhere = (
            [text for row in some for text in strings({lang: row.get(lang) for lang in LANGUAGES})] for some in (fits, other)
        )
        named = {w for row in fits for w in self._things_in(row)}
        return texts, {w for row in other for w in self._things_in(row)} - named, elsewhere

    def _things_in(self, row: Mapping[str, Any]) -> set[str]:
        texts = strings({lang: row.get(lang) for lang in LANGUAGES})
        return {name for text in texts for t in self._lexicon.tokens(text) for name in t.readings.get("thing", ())}

    def _fits(self, where: Any) -> bool:
        for key, value in mapping(where).items():
            drawn = None if self._drawn is None else self._drawn.get(str(key))
            if drawn is not None and abs(drawn - si_value(value)) > 1e-6:
                return False
        return True

    def _quote(self, clause: Clause) -> None:
        """What the scenario's own sentence says is done, too; things that no part stands for are there all the same."""
        self._verbs.update(clause.verbs)
        found: dict[str, set[str]] = {"object": set(), "place": set()}
        where: set[tuple[str, str]] = set()
        names = ThingNames(self._things, self._lexicon)
        for mention in clause.things:
            for one in (mention, *mention.of) if not mention.bare else ():
                known = [thing.name for thing in ThingNames(self._things, self._lexicon).are(one)]
                for name in known:  # "bracket B": which one it is, only the sentence says
                    if one.ident is not None and not self._things[name].idents:
                        self._things[name] = replace(self._things[name], idents=frozenset([one.ident]))
                if not known:
                    name = f"{SAID}{'.'.join(sorted(one.names))}{one.ident or ''}"
                    idents = frozenset([one.ident] if one.ident else [])
                    self._things[name] = Thing(name, one.names, idents, one.features, many=True)
                    known = [name]
                if one is mention and mention.role in found:
                    found[mention.role].update(known)
                if one is mention and mention.role == "place":
                    within = known if names.judged(one) else [""]
                    where |= {(name, region) for name in within for region, _ in mention.regions}
        about = frozenset(names.names(clause.of_role("object")))
        self._regions |= {(about, *one) for one in where if about}
        if clause.verbs and not clause.negated and not clause.loose_end and found["object"]:
            objects, places = frozenset(found["object"]), frozenset(found["place"])
            self._deeds.append(Deed(clause.verbs, objects, places, frozenset(), None, quoted=True))

    # ----------------------------------------------------------------------------------------------------------- deeds
    def _chain(self, chain: list[Mapping[str, Any]], titles: Mapping[str, Mapping[str, str]]) -> None:
        held: dict[str, str] = {}  # hand -> what it holds
        over: dict[str, Any] = {}  # hand -> above what
        poured: dict[str, set[str]] = {}  # vessel -> what was poured into it
        for index, one in enumerate(chain):
            word, args = next(iter(one.items()))
            args = mapping(args)
            how = args.get("how")
            how = "on" if how is True else str(how or "")
            verbs = set(DONE.get(f"{word}.{how}", DONE.get(str(word), "")).split())
            hand = args.get("hand")
            hands = (
                {hand}
                if hand in ("left", "right", EITHER)
                else {"left", "right"}
                if how == "both_hands" or word in ("fold", "fling", "draw")
                else set()
            )
            objects = {n for key in OBJECTS if isinstance(args.get(key), str) for n in self._named(args[key])}
            if isinstance(args.get("left"), str):
                objects |= set(self._named(args["left"])) | set(self._named(str(args.get("right", ""))))
            places = {n for key in PLACES if isinstance(args.get(key), str) for n in self._named(args[key])}
            until = titles.get(str(args.get("until")), {})
            verbs |= {v for text in until.values() for c in read_sentence(text, self._lexicon).clauses for v in c.verbs}
            if word == "take":
                thing = next((str(args[key]) for key in HELD if isinstance(args.get(key), str)), "")
                for side in hands:
                    held[side] = thing
                places = set()
                verbs |= {"lift"} if "by" in args else set()
            elif word == "move_joint" and not how and "to" in args:
                verbs |= {"close" if str(args["to"]).split()[0] in ("0", "0.0") else "open"}
            elif word == "lift":
                objects |= {n for side in hands for n in self._named(held.get(side, ""))}
            elif word == "carry" and how == "over":
                over |= {side: args.get("upon") for side in hands}
            elif word == "release":
                for side in hands & set(over):
                    verbs, places = {"put", "throw"}, set(self._named(str(over.pop(side))))
                    objects |= set(self._named(held.get(side, "")))
            elif word in ("put", "home"):
                for side in hands:
                    over.pop(side, None)
            if word == "walk" and not how == "push":
                objects = set() if how != "through" else objects
            if word == "hand_over":
                objects |= {n for side in hands for n in self._named(held.get(side, ""))}
            for stain, entry in mapping(self._tree.get("stains")).items() if "wipe" in verbs else ():
                objects |= {str(stain)} if mapping(entry).get("upon") in objects else set()
            if word == "wait":  # until the door is unlocked
                named = (m for text in until.values() for c in read_sentence(text, self._lexicon).clauses for m in c.of_role("object"))
                objects |= ThingNames(self._things, self._lexicon).names(named)
            if not verbs:
                continue
            if word == "pour":
                objects |= {
                    name for name, below in self._supports.items() if set(below) & objects and self._things[name].many
                }
                fillings = {name for name in objects if self._things[name].many}
                verbs |= {"pour_in"} if fillings else set()
                served = {name for vessel in objects for name in poured.get(vessel, ())}
                if served and not fillings:  # what was poured into the pan before
                    objects |= served
                    verbs |= {"dish_up"}
                for vessel in places if fillings else ():
                    poured.setdefault(vessel, set()).update(fillings)
            verbs |= {
                v
                for n in places
                for k in self._things[n].names
                for v in self._lexicon.things[k].get("does", ())
                if v in ONE_USE
            }
            made = {k for n in objects for k in self._things[n].names}
            verbs |= {v for v, entry in self._lexicon.verbs.items() if verbs & TIDIES and made & set(entry.get("of", ()))}
            self._verbs.update(verbs - {"look"})  # the operator looks at whatever it does
            self._deeds.append(Deed(frozenset(verbs), frozenset(objects), self._up(places), frozenset(hands), index))
            if word in ("put", "carry"):
                self._within(objects, places)

    def _goal(self) -> None:
        """Where the goal wants things, which the chain may reach in several steps; what such a step is called in its title."""
        known = {verb for deed in self._deeds for verb in deed.verbs}
        for step in (*mapping(self._tree.get("goal")).values(), *mapping(self._tree.get("rules")).values()):
            title = title_words(mapping(step))
            called = frozenset(v for text in title for c in read_sentence(text, self._lexicon).clauses for v in c.verbs)
            for tree in subtrees(step):
                for one in tree["of"] if isinstance(tree.get("along"), str) and isinstance(tree.get("of"), list) else ():
                    self._within(set(self._named(one)), set(self._named(tree["along"])))
                of = tree.get("of") or tree.get("from")
                where = tree.get("to") or tree.get("slot") or tree.get("inside") or tree.get("upon") or tree.get("into")
                for one in of if isinstance(of, list) else [of]:
                    if isinstance(one, str):
                        self._reached(set(self._named(one)), where, called, called - known)

    def _reached(self, objects: set[str], where: Any, called: frozenset[str], new: frozenset[str]) -> None:
        """A condition of the goal: these things somewhere, or in some state; `new`: verbs of its title that no deed has."""
        if not isinstance(where, str):
            if called:
                self._deeds.append(Deed(called, frozenset(objects), frozenset(), frozenset(), None))
            return
        ends = set(self._named(where))
        self._within(objects, ends)
        for i, deed in enumerate(self._deeds):
            if deed.index is not None and deed.objects & objects and deed.places & ends:
                self._deeds[i] = replace(deed, verbs=deed.verbs | new)
        self._deeds.append(Deed(frozenset(["put", "take"]), frozenset(objects), self._up(ends), frozenset(), None))

    def _within(self, objects: set[str], places: set[str]) -> None:
        """Where in its part a place is, by what the part's sheet calls it: `table.mark_left`."""
        for name in places:
            about = frozenset(objects), name.partition(".")[0]
            self._regions |= {(*about, region) for region in self._things[name].regions if "." in name}

    def _named(self, word: str) -> Iterator[str]:
        """The things that a dotted word names: the word, those of which it has the beginning, and its part."""
        part, _, inner = word.partition(".")
        if part not in self._things:
            return
        yield part
        for name in self._things:
            if inner and (name == word or (word.startswith((f"{name}_", f"{name}/")) and "." in name)):
                yield name

    def _up(self, places: set[str]) -> frozenset[str]:
        """Places with what they stand in and on, where they are things that could stand elsewhere: a tray on a table."""
        loose = [name for name in places if self._things[name].loose]
        return frozenset(places | {below for name in loose for below in self._supports.get(name, ())})

    def _quantities(self, clauses: Iterable[Clause]) -> Mapping[str, frozenset[float]]:
        found = [(of, value) for clause in clauses for value, of, *_ in clause.quantities]
        for step in mapping(self._tree.get("goal")).values():
            for tree in subtrees(step):
                for key in ("is", "amount"):
                    text = str(tree.get(key, ""))
                    of = "time" if text.endswith(" s") else "volume" if text.endswith(("ml", " l")) else ""
                    if of:
                        found.append((of, si_value(text)))
        return grouped(found)
