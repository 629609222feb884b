"""Chains: steps of a YAML read as skills, each by its primitive and how it is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ....scenarios.sheet.near_matches import near, nearest
from ....scenarios.sheet.yaml_reader import Node
from .former import INSTEAD, former_way
from .skill import REQUIRED, Skill

if TYPE_CHECKING:
    from ....scenarios.scene.scene import Scene


def read_skills(scene: Scene, registry: Mapping[str, type[Skill]], chain: Node | None = None) -> Iterator[Skill]:
    """The skill chain of a scenario, or the skills of another list, with every problem noted at its place in the YAML."""
    yield from _looking_ahead(list(_read(scene, registry, scene.config.skills if chain is None else chain)))


def _looking_ahead(chain: list[Skill]) -> list[Skill]:
    """The chain, in which whoever takes something the plain way, and puts it without a walk between, knows where the same hand puts it."""
    for k, skill in enumerate(chain):
        if skill.name != "take" or skill.values["into"] is not None:
            continue
        later = next(
            (
                one
                for one in chain[k + 1 :]
                if one.word == "walk" or (one.values.get("hand") == skill.hand and one.word in ("take", "put"))
            ),
            None,
        )
        part = str(skill.of).partition("/")[0]
        if later is not None and later.word == "put" and str(later.values.get("of")).partition("/")[0] == part:
            skill.values["into"] = later.values["upon"]
            skill.beside_it = (float(later.values.get("ahead") or 0.0), float(later.values.get("aside") or 0.0))
    return chain


def _read(scene: Scene, registry: Mapping[str, type[Skill]], chain: Node) -> Iterator[Skill]:
    """The skills of a list, each as it stands."""
    called: list[str] = []
    for item in chain.each() if chain.value else ():
        words = list(item.items())
        if len(words) != 1:
            item.note("a skill is one word with its arguments, such as `reach: {hand: left, at: oven.handle}`.")
            continue
        word, node = words[0]
        kind = strategy(word, node, registry)
        if kind is None:
            continue
        if kind.needs and not scene.robot.goes:
            node.note(f"{kind.name} needs base={kind.needs} or base=legs, and this robot is {scene.robot.base}.")
            continue
        required = tuple(n for n, a in kind.arguments.items() if a.default is REQUIRED and a.instead not in node)
        if not node.mapping(required=required, optional=(*kind.arguments, "how", "if", "as")):
            continue
        values = {name: argument.read(node.child(name), scene, node) for name, argument in kind.arguments.items()}
        skill = kind(values)
        if "if" in node:
            skill.only_if = read_condition(node.child("if"), scene)
        if "as" in node:
            skill.called = _name(node.child("as"), called, registry)
            called.append(skill.called)
        yield skill


def _name(node: Node, taken: Sequence[str], registry: Mapping[str, type[Skill]]) -> str:
    """What a skill of a chain is called there."""
    name = node.word()
    if name and not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        node.note(f"{name!r} cannot be the name of a skill: small letters, digits and _ only, such as take_bowl.")
    elif name in taken:
        node.note(f"two skills are called {name!r}.")
    elif name in {*registry, *(kind.word for kind in registry.values())}:
        node.note(f"{name!r} is a word of the skills; call it something else.")
    return name


def read_condition(node: Node, scene: Scene) -> str:
    """The switch of the scenario's rules that an `if` names."""
    return node.word(choices=[name for name, holds_number in scene.names.rules.items() if not holds_number])


def strategy(word: str, node: Node, registry: Mapping[str, type[Skill]]) -> type[Skill] | None:
    """The skill of a word and its arguments; None and a note where there is none.

    Where `how` is left out, the plain way is taken, or the only one that takes what is given and needs no more.
    """
    known = {kind.how: kind for kind in registry.values() if kind.word == word}
    if not known:
        node.note(f"{word!r} is no skill.{_nearest_step(word, registry)}")
        return None
    if "how" in node:
        how = "on" if node.child("how").value is True else node.child("how").word()  # YAML reads a plain on as true
        kind = known.get(how) or former_way(word, how, registry)
        if kind is None:
            instead = INSTEAD.get(f"{word}.{how}")
            node.child("how").note(
                f"{word!r} is not done {how!r} any more: {instead}." if instead
                else f"{word!r} is not done {how!r}.{nearest(how, [one for one in known if one])}" if any(known)
                else f"{word!r} is not done {how!r}. Leave `how` out: it has one way."
            )  # fmt: skip
        return kind
    if len(known) == 1 or not isinstance(node.value, Mapping):
        return next(iter(known.values()))
    given = set(node.value) - {"if", "as"}
    fit = [
        kind
        for kind in known.values()
        if given <= set(kind.arguments)
        and all(n in given or a.instead in given for n, a in kind.arguments.items() if a.default is REQUIRED)
    ]
    if "" in known and (not fit or known[""] in fit):
        return known[""]
    if len(fit) == 1:
        return fit[0]
    named = ", ".join(kind.how for kind in fit or known.values() if kind.how)
    node.note(
        f"{word} does not say how: by its arguments it is one of {named}. Write it, such as `how: {named.split(', ')[0]}`."
    )
    return None


def _nearest_step(word: str, registry: Mapping[str, type[Skill]]) -> str:
    """A hint that names the step with a word or name (`carry.over`) like a misspelt one, and then every primitive."""
    words = list(dict.fromkeys(kind.word for kind in registry.values()))
    steps = {name: f"{kind.word}: {{how: {kind.how}}}" if kind.how else name for name, kind in registry.items()}
    steps |= {word: word for word in words}
    like = near(word, steps, 1)
    return f"{f' Did you mean {steps[like[0]]}?' if like else ''} Known here: {', '.join(words)}."
