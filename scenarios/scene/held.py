"""What a hand can hold, and every contact of it that the judge alone asks for: with what else stands in the scene.

A held thing belongs to the hand that holds it: what it strikes, the hand strikes. Which of its contacts a task means is reported
here, as far as the scenario says it; what a thing was taken from and is set down on is seen in the replay
(`replay/judge/facts/held_contacts.py`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco

from ..parts.part import Bears
from ..reading.config import Placed, ScenarioConfig
from ..reading.names import Names
from ..sensing.requests import Request

# words of the goal that put a thing into another part, which it then touches on all sides and on the way: word -> its place
FITTED = {"inserted": "into", "holds_under_pull": "into", "in_slot": "slot", "seated": "upon"}


@dataclass(frozen=True)
class Meeting:
    """A contact of a thing with something else.

    Attributes:
        force: net force of the thing on it.
        other: body it is reported of; part: the part of that body.
        meant: whether the scenario means the two to touch, at any time.
    """

    force: Request
    other: str
    part: str
    meant: bool


@dataclass(frozen=True)
class Holdable:
    """Something that hands hold: its body, what its part's sheet says it bears (None: nothing), and whom it can meet."""

    body: str
    bears: Bears | None
    meetings: tuple[Meeting, ...]


def holdables(
    spec: mujoco.MjSpec, config: ScenarioConfig, names: Names, things: Mapping[str, str], cloths: Container[str]
) -> dict[str, Holdable]:
    """Whom each of the things that hands hold can meet.

    Args:
        things: name -> top body; cloths: parts that are cloth, which give way.
    """
    found = {}
    together = _meant(config)
    bodies = {body for node in config.held_may_touch for group in names.groups(node) for body in _bodies(spec, group)}
    sheets = {placed.name: placed.part.bears for placed in config.parts}
    for name, body in things.items():
        meetings = []
        filling = _filling(config.parts, name)
        for placed in config.parts:
            if placed.name == name or placed.name in cloths:
                continue
            meant = placed.name in filling or frozenset((name, placed.name)) in together
            for how, other in _groups(spec, placed):
                force = Request("contact_force", f"tree:{body}", f"{how}:{other}")
                meetings.append(Meeting(force, other, placed.name, meant or other in bodies))
        found[name] = Holdable(body, sheets.get(name), tuple(meetings))
    return found


def _groups(spec: mujoco.MjSpec, placed: Placed) -> Iterator[tuple[str, str]]:
    """Bodies that measure a part's contacts: its top body alone, each that hangs on it; a person as a whole; loose pieces: none."""
    tops = [b for b in spec.bodies if b.name.startswith(f"{placed.name}/") and b.parent.name == "world"]
    if len(tops) != 1:
        return
    if placed.part.name.startswith("people/"):
        yield "tree", tops[0].name
        return
    if _touchable(tops[0].geoms):
        yield "body", tops[0].name
    for child in tops[0].bodies:
        if _touchable(child.find_all("geom")):
            yield "tree", child.name


def _bodies(spec: mujoco.MjSpec, group: str) -> set[str]:
    """Names of the bodies that a contact group means."""
    how, _, name = group.partition(":")
    if how == "geom":
        return {spec.geom(name).parent.name}
    body = spec.body(name)
    return {body.name, *(b.name for b in body.find_all("body"))} if how == "tree" else {body.name}


def _touchable(geoms: Sequence[Any]) -> bool:
    return any(geom.contype or geom.conaffinity for geom in geoms)


def _filling(parts: Sequence[Placed], thing: str) -> set[str]:
    """Parts that fill a thing or stand on it at the start, and those that fill these."""
    names = [thing]
    for placed in parts:
        if placed.stands_on is not None and placed.stands_on[0] in names:
            names.append(placed.name)
    return set(names[1:])


def _meant(config: ScenarioConfig) -> set[frozenset[str]]:
    """Pairs of parts that the goal fits into each other, and things with the person who receives them."""
    pairs = {frozenset(pair) for pair in _fitted(config.goal.value)}
    for placed in config.parts:
        if placed.behaviour is not None and "receive" in placed.behaviour:
            pairs.add(frozenset((placed.name, _part_of(placed.behaviour.child("receive").child("of").value))))
    return pairs


def _fitted(tree: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tree, Mapping):
        for word, entry in tree.items():
            if word in FITTED and isinstance(entry, Mapping):
                ones, others = entry.get("of"), entry.get(FITTED[word])
                for one in ones if isinstance(ones, list) else [ones]:
                    for other in others if isinstance(others, list) else [others]:
                        yield _part_of(one), _part_of(other)
            else:
                yield from _fitted(entry)
    elif isinstance(tree, list):
        for entry in tree:
            yield from _fitted(entry)


def _part_of(word: Any) -> str:
    return str(word).partition(".")[0]
