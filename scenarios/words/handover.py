"""Words of handing something to a person: handed_over, held_by, let_go_early, pulls, nearer.

The person's own behaviour (`receive`) reports and keeps what the person feels: how hard it pulls, and when the robot let go.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..people.person import EARLY, kept_by
from ..people.safety import movers, outline
from ..reading.names import Names
from ..sensing.predicate import Force, Predicate, Values, distance, least
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.yaml_reader import Node
from .declared import Reads
from .word import FORCE, Word, Words, made

GRIPPED = 0.5  # N, a hand holds something from this force on


@dataclass(frozen=True)
class Nearer(Asks):
    """One of several things comes nearer to parts of a body than so many metres, measured to a ball around each part."""

    things: tuple[Request, ...]
    body: tuple[tuple[Request, float], ...]
    than: float
    unit: str = "m"

    def margin(self, readings: Readings | Row) -> Values:
        body = [(readings.point(site), radius) for site, radius in self.body]
        gaps = [distance(at, site) - radius for at in map(readings.point, self.things) for site, radius in body]
        return self.than - least(gaps)


def _receiver(node: Node, names: Names) -> str | None:
    """The person that a word names; None and a note where it has no `receive` among its behaviours."""
    word = node.word()
    if word in names.parts and names.parts[word].name.startswith("people/") and word in names.receivers:
        return word
    if word and word not in names.unbuilt:
        known = ", ".join(sorted(names.receivers)) or "nobody"
        node.note(f"{word!r} is no person that receives anything (behaviour: {{receive: …}}). Known here: {known}.")
    return None


def _handed_over(node: Node, names: Names) -> Predicate | None:
    """`handed_over: {to: guest, released: [0.2 s, 0.6 s]}`: let go so long after the person began to pull."""
    if not node.mapping(required=("to", "released")):
        return None
    person = _receiver(node.child("to"), names)
    bounds = [bound.quantity("time", low=0.0) for bound in node.child("released").each()]
    if len(bounds) != 2 or bounds[0] > bounds[1]:
        node.child("released").note("released takes two times, such as [0.2 s, 0.6 s].")
        return None
    return None if person is None else Reads(kept_by(person, "released"), bounds[0], bounds[1], "s", act=True)


def _let_go_early(node: Node, names: Names) -> Predicate | None:
    """`let_go_early: guest`: the robot let go before the person pulled."""
    person = _receiver(node, names)
    return None if person is None else Reads(kept_by(person, "released"), EARLY - 0.5, EARLY + 0.5, "s", act=True)


def _held_by(node: Node, names: Names) -> Predicate | None:
    """`held_by: {person: guest, of: cup}`: a hand of the person grips it."""
    if not node.mapping(required=("person", "of")):
        return None
    who, body = node.child("person"), names.element(node.child("of"), "body")
    hands = names.groups(Node(f"{who.word()}.hand", who.path, who.problems))
    if body is None or not hands:
        return None
    return Force(tuple(Request("contact_force", hand, f"tree:{body}") for hand in hands), GRIPPED)


def _nearer(node: Node, names: Names) -> Predicate | None:
    """`nearer: {of: robot.hands, to: [guest.face, guest.neck], than: 200 mm}`."""
    if not node.mapping(required=("of", "to", "than")):
        return None
    things = tuple(place for place, _ in movers(node.child("of"), names))
    to, body = node.child("to"), list[tuple[Request, float]]()
    for word in to.each() if isinstance(to.value, list) else [to]:
        found = names.split(word)
        if found is None:
            continue
        person, region = found[0][:-1], found[1]
        around = outline(person, names, (region or "outline",)) if person in names.parts else ()
        if not around:
            word.note(f"{word.value!r} names no part of a body that has a place.")
        body += around
    than = node.child("than").quantity("length", low=0.0)
    return Nearer(things, tuple(body), than) if things and body else None


def _pulls(person: str, force: float) -> Predicate:
    """`pulls: {person: guest, more_than: 15 N}`: the robot has not let go, and the person has to pull that hard."""
    return Reads(kept_by(person, "force"), force, None, "N")


WORDS: Words = {
    "handed_over": Word(_handed_over, "handed over", "已递交"),
    "held_by": Word(_held_by, "held by", "由人拿着"),
    "let_go_early": Word(_let_go_early, "let go early", "过早松手"),
    "pulls": Word(made(_pulls, person=_receiver, more_than=FORCE), "pulls", "人的拉力"),
    "nearer": Word(_nearer, "nearer", "靠近人", {"than": False}),
}
