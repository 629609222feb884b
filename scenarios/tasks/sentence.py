"""What a task sentence says: its clauses, and the things that each names; and one word of it that does not fit what was done."""

from __future__ import annotations

from dataclasses import dataclass, field

from .lexicon import Token

KINDS = ("no_task", "scenario", "object", "place", "source", "posture", "number", "action", "forbidden", "arm", "order")


@dataclass
class Mention:
    """A thing that is named.

    Attributes:
        names: what it can be, by the lexicon; text: as it is written.
        role: `object`, `place`, `beside`, `under`, `source`, `property`, `tool`, or `aside` for what only describes another thing.
        number: how many; ident: which (`B2`, `1608`); features: `size.S`, `fill.empty`.
        of: things that are part of its name ("bed rail", "北京软袋"). bare: only its `ident` is written.
        regions: (`side.left`, as it is written) of where in it. which: the words of its features, as they are written.
        other: whether it is another one than those that are named ("the other bottles").
    """

    names: frozenset[str]
    text: str
    role: str = "object"
    number: float | None = None
    ident: str | None = None
    features: frozenset[str] = frozenset()
    of: tuple[Mention, ...] = ()
    bare: bool = False
    regions: tuple[tuple[str, str], ...] = ()
    which: str = ""
    other: bool = False


@dataclass
class Clause:
    """One thing that is asked for.

    Attributes:
        verbs: what it can be; empty where none is known. verb: as it is written.
        things: in order. arm: `left`, `right`, `both` or `one` (either alone), with its word.
        explicit: whether a word says that it comes after the clause before it; swap: it comes later than the clause after it.
        ways, quantities, times: `fold.half`; (value in SI, of what, unit's word, unit in SI); how often, with its word.
        negated: what it says shall not be. forbids: it names just a deed and its things, and that this shall not be done: no manner of it.
        lasting: the state in which its thing shall stay ("leave the door open"), as the verb that leads to it.
        abstract: its verb takes no thing ("take a photo").
        unknown: the first word after its verb that nobody knows, where it has no thing before that.
        heading: whether a colon follows, so that it names the whole of what comes then.
        marked: whether 把 or 将 says what its object is.
        timed: whether it says when ("after the meal"): what it names may be an event.
        sole: whether no other hand shall do it ("with the left hand only"); removes: whether its things shall leave where they are
            ("off the table", 撤走), and not only be picked up.
        one_place: whether its things shall go to one and the same place.
        untouched: whether its things shall be left as they are. only: whether it shall be done with these alone; every:
            with all of them. rank: `first` or `last` of all, behind its thing.
        loose_end: whether a name ("M") is left over that could not be read.
    """

    verbs: frozenset[str] = frozenset()
    verb: str = ""
    things: list[Mention] = field(default_factory=list)
    arm: tuple[str, str] | None = None
    explicit: bool = False
    swap: bool = False
    ways: list[tuple[str, str]] = field(default_factory=list)
    quantities: list[tuple[float, str, str, float]] = field(default_factory=list)
    times: tuple[int, str] | None = None
    negated: bool = False
    forbids: bool = False
    lasting: frozenset[str] = frozenset()
    abstract: str = ""
    loose_end: bool = False
    unknown: str = ""
    marked: bool = False
    heading: bool = False
    timed: bool = False
    sole: bool = False
    removes: bool = False
    one_place: bool = False
    untouched: bool = False
    rank: str = ""
    only: bool = False
    every: bool = False

    @property
    def empty(self) -> bool:
        return not (self.verbs or self.things or self.ways or self.quantities or self.arm or self.abstract)

    def of_role(self, *roles: str) -> list[Mention]:
        return [thing for thing in self.things if thing.role in roles]


@dataclass(frozen=True)
class Sentence:
    """A text as it was read: its clauses, its tokens, and whether it is no task at all."""

    clauses: tuple[Clause, ...]
    tokens: tuple[Token, ...]

    @property
    def known(self) -> bool:
        """Whether any word of it is known that a task could be about."""
        return any(not clause.empty for clause in self.clauses)

    @property
    def placeholder(self) -> bool:
        """Whether it is what stands in a form that nobody filled in."""
        words = [t for t in self.tokens if not t.is_("stop", "comma")]
        if not words:
            return True
        content = [t for t in words if t.is_("thing", "verb", "arm", "way") and not t.is_("placeholder")]
        return any(t.is_("placeholder") for t in words) and not content


@dataclass(frozen=True)
class Contradiction:
    """One word of a sentence that does not fit.

    Attributes:
        kind: of `KINDS`; word: as it is written.
        done: names of what was done instead: things (`tray.circle`), hands, numbers; empty where that is nothing.
        certain: whether the scenario knows that it is not so, if the word was read rightly; else it is only likely.
        drawn: whether it is what the scenario would have had if another value had been drawn: enough alone.
    """

    kind: str
    word: str
    done: tuple[str, ...] = ()
    certain: bool = False
    drawn: bool = False
