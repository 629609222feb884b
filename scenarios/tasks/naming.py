"""Which things of a scene a mention in a sentence can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from .lexicon import Lexicon
from .sentence import Mention

SIZES = {"size.S": "S", "size.M": "M", "size.L": "L"}
SAID = "said."  # how the name of a thing begins that only a sentence names, no part


@dataclass(frozen=True)
class Thing:
    """Something in a scene that a sentence can name: a part (`bowl`), or a word of it (`oven.door`).

    Attributes:
        names: what it is called, by the lexicon; idents: `B2`, `1`; features: `fill.empty`.
        regions: where in its part it is, by what it is called (`height.top`).
        many: whether it is a filling, which nobody counts; loose: whether a hand can take it away with what is in it.
    """

    name: str
    names: frozenset[str]
    idents: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    many: bool = False
    loose: bool = False
    regions: frozenset[str] = frozenset()


class ThingNames:
    """The things of a scene, found by what they are called.

    Args:
        pairs: (thing, where it goes), by which a place can be called after what goes there ("the chute for Guangzhou").
    """

    def __init__(self, things: Mapping[str, Thing], lexicon: Lexicon, pairs: Iterable[tuple[str, str]] = ()):
        self.things, self._lexicon, self._pairs = dict(things), lexicon, frozenset(pairs)
        self._called: dict[frozenset[str], list[Thing]] = {}  # by what they are called in a sentence

    @cached_property
    def _siblings(self) -> frozenset[str]:
        return frozenset(kind for thing in self.things.values() for kind in thing.names if kind in self._lexicon.kinds)

    def judged(self, mention: Mention) -> bool:
        """Whether a thing is one that a scene has or has not; a person or a room is everywhere, but for one with a number."""
        if mention.names & {"person", "robot", "body"}:
            return False
        entries = [self._lexicon.things[name] for name in mention.names]
        if all(entry.get("generic") for entry in entries) and not (mention.ident and "place" not in mention.names):
            return False
        return mention.ident is not None or not all(entry.get("setting") or entry.get("generic") for entry in entries)

    def called(self, mention: Mention) -> list[Thing]:
        """The things that a mention can be, by what they are called alone."""
        found = self._called.get(mention.names)
        if found is None:
            found = [thing for thing in self.things.values() if any(self._fits(n, k) for n in mention.names for k in thing.names)]
            self._called[mention.names] = found
        if mention.ident:  # level 4 of a hob with levels is no place on it
            return [thing for thing in found if self._numbered(mention) & thing.names] or found
        return found

    def is_setting(self, mention: Mention) -> bool:
        """Whether it is what something is set to, such as a level by its number, and nowhere to put a thing."""
        return mention.ident is not None and bool(self._numbered(mention))

    def _numbered(self, mention: Mention) -> frozenset[str]:
        return frozenset(name for name in mention.names if self._lexicon.things[name].get("numbered"))

    def _fits(self, word: str, kind: str) -> bool:
        kinds = self._lexicon.kinds
        if word == kind or word in kinds.get(kind, ()):
            return True
        if kind not in kinds.get(word, ()):
            return False
        # a thing of a kind, where the scene has no more particular ones of it: "soup" for "food", no "potato" for "vegetables"
        return not any(kind in kinds[other] and other != kind for other in self._siblings)

    def are(self, mention: Mention) -> list[Thing]:
        """The things that a mention is, by its name, number and features; empty where there is none."""
        called = self.called(mention)
        idents = {mention.ident} if mention.ident else {SIZES[f] for f in mention.features if f in SIZES}
        if idents and any(thing.idents for thing in called):
            exact = [thing for thing in called if thing.idents & idents]
            sized = mention.ident is not None or any(thing.idents & set(SIZES.values()) for thing in called)
            called = exact if exact or sized else called
        for feature in mention.features:
            group = feature.partition(".")[0]
            same = [thing for thing in called if feature in thing.features]
            sided = all(any(f.startswith("side.") for f in thing.features) for thing in called)
            sized = feature in SIZES and any(thing.idents & set(SIZES.values()) for thing in called)
            if same and not sized and (group != "side" or sided):  # "the right bottle" may be the correct one
                called = same
        for part in mention.of:
            owned = [thing for thing in called if part.names & thing.names] if "person" in part.names else []
            called = owned or called  # "the guest's bowl"
            if any("container" in self._lexicon.kinds[name] for name in part.names) and not mention.ident:
                called = [*called, *(t for t in self.called(part) if t not in called)]  # 一罐饮料 is a can, too
            if self._lexicon.is_thing(part.names, "attribute"):
                narrow = {thing.name for thing in self.called(part)}
                called = [t for t in called if t.name in narrow or any((one, t.name) in self._pairs for one in narrow)]
        return called

    def names(self, mentions: Iterable[Mention]) -> set[str]:
        return {thing.name for mention in mentions if self.judged(mention) for thing in self.are(mention)}
