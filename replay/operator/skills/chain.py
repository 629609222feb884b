"""Chains: steps of a YAML read as skills, each by its primitive and how it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ....scenarios.reading.yaml_reader import Node, nearest
from .old_words import OLD, spelling, translated
from .skill import REQUIRED, Skill

if TYPE_CHECKING:
    from ....scenarios.scene import Scene


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
    for item in chain.each() if chain.value else ():
        words = list(item.items())
        if len(words) != 1:
            item.note("a skill is one word with its arguments, such as `reach: {hand: left, at: oven.handle}`.")
            continue
        written, given = words[0]
        word, node = translated(written, given)
        kind = strategy(word, node, registry)
        if kind is None:
            continue
        if kind.needs and scene.robot.base != kind.needs:
            given.note(f"{kind.name} needs base={kind.needs}, and this robot is {scene.robot.base}.")
            continue
        required = tuple(n for n, a in kind.arguments.items() if a.default is REQUIRED and a.instead not in node)
        if not node.mapping(required=required, optional=(*kind.arguments, "how", "if")):
            continue
        values = {name: argument.read(node.child(name), scene, node) for name, argument in kind.arguments.items()}
        skill = kind(values, written if written in OLD else "")
        if "if" in node:
            skill.only_if = read_condition(node.child("if"), scene)
        yield skill


def read_condition(node: Node, scene: Scene) -> str:
    """The switch of the scenario's rules that an `if` names."""
    return node.word(choices=[name for name, holds_number in scene.names.rules.items() if not holds_number])


def respelled(chain: Node) -> Iterator[tuple[int, str, str]]:
    """Steps of a chain that are written in old words: number counted from 1, the word, and how the step is written now."""
    for number, item in enumerate(chain.each() if chain.value else (), 1):
        for word, node in item.items():
            now = spelling(word, node)
            if now is not None:
                yield number, word, now


def strategy(word: str, node: Node, registry: Mapping[str, type[Skill]]) -> type[Skill] | None:
    """The skill of a word and its arguments; None and a note where there is none.

    Where `how` is left out, the plain way is taken, or the only one that takes what is given and needs no more.
    """
    known = {kind.how: kind for kind in registry.values() if kind.word == word}
    if not known:
        words = list(dict.fromkeys(kind.word for kind in registry.values()))
        node.note(f"{word!r} is no skill.{nearest(word, [*words, *OLD])}")
        return None
    if "how" in node:
        how = node.child("how").word()
        if how not in known:
            node.child("how").note(f"{word!r} is not done {how!r}.{nearest(how, [one for one in known if one])}")
            return None
        return known[how]
    if len(known) == 1 or not isinstance(node.value, Mapping):
        return next(iter(known.values()))
    given = set(node.value) - {"if"}
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
