"""What a scenario of the schemas is made of: the parts of the library and the skills of the operator, each with its numbers."""

from __future__ import annotations

import json
import re

from editor_words import SKILLS, explained, in_both_languages
from questions import Schema, between, quantity
from shiliu.replay.operator.skills import catalogue
from shiliu.replay.operator.skills import registry as skills
from shiliu.replay.operator.words.skill import Argument
from shiliu.scenarios.parts.part import PLACED, list_parts, load_part
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.sheet.quantity import EXAMPLE


def named_parts() -> list[str]:
    """The parts of the library that a scenario may name."""
    return sorted(n for n in list_parts() if n.partition("/")[0] not in ("mechanisms", "robots"))


def titles() -> Schema:
    """One of these parts, with its titles."""
    found = []
    for name in named_parts():
        part = load_part(name)
        assert part is not None
        found.append({"const": name, "description": f"{part.title['en']} {part.title['zh']}"})
    return {"oneOf": found}


def parameters(name: str) -> Schema:
    """The parameters of a part, each with what it means; `True` where it is no quantity."""
    part = load_part(name)
    assert part is not None
    found: Schema = {}
    for key, param in part.params.items():
        if param.dimension in EXAMPLE:
            size = between(quantity(param.dimension, param.low >= 0.0), param.dimension, param.low, param.high)
            found[key] = explained(size, in_both_languages(param.doc))
        else:
            found[key] = True
    return found


def placed(schema: Schema) -> Schema:
    """A part of a scenario: where it stands, and the parameters of the part that it is (`of_part`)."""
    own = {key: schema["properties"].get(key, {}) for key in PLACED}
    own["part"] = {"anyOf": [titles(), {"type": "string", "pattern": "^[^/]+/[^/]+$"}]}
    return {"type": "object", "properties": own, "required": ["part"], "allOf": [{"$ref": "#/$defs/of_part"}]}


def of_part() -> Schema:
    """The parameters that each part of the library has, by its name."""
    return {"allOf": [
        {"if": {"properties": {"part": {"enum": names}}, "required": ["part"]}, "then": table}
        for names, table in tables_of_parts()
    ]}  # fmt: skip


def of_any_part() -> Schema:
    """What is laid over a part that is not named there: parameters of one of the library. `null` takes one out."""
    known = sorted({key for name in named_parts() for key in parameters(name)})
    return {
        "propertyNames": {"enum": [*PLACED, *known]},
        "if": {"additionalProperties": {"not": {"type": "null"}}},
        "then": {"anyOf": [table for _, table in tables_of_parts()]},
    }


def tables_of_parts() -> list[tuple[list[str], Schema]]:
    """Parts that have the same parameters, and what may stand for them in a scenario."""
    alike: dict[str, list[str]] = {}  # as text -> the parts
    for name in named_parts():
        alike.setdefault(json.dumps({**dict.fromkeys(PLACED, True), **parameters(name)}), []).append(name)
    return [(names, alone(json.loads(known))) for known, names in alike.items()]


def alone(known: Schema) -> Schema:
    """A table of these keys and no others. Those that are `True` are described elsewhere; here their names are enough."""
    named = "|".join(key for key, value in known.items() if value is True)
    own = {key: value for key, value in known.items() if value is not True}
    return {"properties": own, "patternProperties": {f"^({named})$": True}, "additionalProperties": False}


def ways_of_words() -> dict[str, list[tuple[str, str, Schema]]]:
    """Word of the skills -> its ways: name, how, and the arguments, under what the way does."""
    rows = {row["name"]: row for row in catalogue()}
    words: dict[str, list[tuple[str, str, Schema]]] = {}
    for name, kind in sorted(skills().items(), key=lambda one: one[1].word):
        arguments = {key: explained(argument(one), in_both_languages(one.doc)) for key, one in kind.arguments.items()}
        way = explained({"properties": arguments}, rows[name]["doc"], SKILLS.get(name))
        words.setdefault(kind.word, []).append((name, kind.how, way))
    return words


def any_way(ways: list[tuple[str, str, Schema]]) -> Schema:
    """The arguments of a word, whichever way it is done."""
    meant: dict[str, list[Schema]] = {}  # key -> what it is, in one way or another
    for _, _, way in ways:
        for key, value in way["properties"].items():
            meant.setdefault(key, []).extend([] if value in meant.get(key, ()) else [value])
    return {key: values[0] if len(values) == 1 else {"anyOf": values} for key, values in meant.items()}


def step_schema() -> Schema:
    """A step of a chain: one word of the skills, with the arguments of the way in which it is done."""
    found: Schema = {}
    for word, ways in ways_of_words().items():
        every = any_way(ways)
        hows = sorted({how for _, how, _ in ways})
        named = {how: [how, *([True] if how == "on" else [])] for how in hows if how}  # YAML reads a plain on as true
        does: Schema = {"enum": [one for ones in named.values() for one in ones]} if named else False
        if len(ways) > 1:
            does = explained(does, *(f"{how or '(plain)'}: {way['description']}" for _, how, way in ways))
        branches = [
            {"if": {"properties": {"how": {"enum": named[how]}}, "required": ["how"]}, "then": of_way(way, every)}
            for _, how, way in ways if how
        ]  # fmt: skip
        own = {key: {"type": "string"} for key in ("if", "as")}
        table = alone({"how": does, **own, **dict.fromkeys(every, True)})
        lines = [way["description"] for _, _, way in ways]
        found[word] = explained(
            {"type": "object", **table, "allOf": [{"properties": every}, *branches]},
            *(lines if len(lines) == 1 else ()),
        )
    return {
        "type": "object",
        "properties": found,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def of_way(way: Schema, every: Schema) -> Schema:
    """The arguments of a way: their names alone where they are what they are in each way of the word."""
    known = {key: value == every[key] or value for key, value in way["properties"].items()}
    return alone({**dict.fromkeys(("how", "if", "as"), True), **known})


def change_schema(described: str) -> Schema:
    """What a mistake changes: arguments of a step, by the name of its way or by a name of its own (`as`)."""
    ways = {}
    for alike in ways_of_words().values():
        every = any_way(alike)
        ways |= {name: {"allOf": [of_way(way, every), {"properties": every}]} for name, _, way in alike}
    change = {"properties": {"if": {"type": ["string", "null"]}}, "propertyNames": {"not": {"enum": ["how", "as"]}}}
    return {
        "type": "object",
        "propertyNames": label(),
        "patternProperties": {
            **{rf"^{re.escape(name)}( \d+)?$": way for name, way in ways.items()},
            "^": explained({"type": "object", **change}, described),
        },
        "additionalProperties": {"anyOf": [*ways.values()]},
    }


def label() -> Schema:
    """How a mistake calls a step of the chain: by its way, with a number where there are several, or by its own name."""
    words = "|".join(sorted({re.escape(name) for name in skills()}))
    others = "|".join(sorted({kind.word for kind in skills().values()} - {*skills()}))
    return {"pattern": rf"^(({words})( \d+)?|(?!({others})$)[a-z][a-z0-9_]*)$"}


def argument(asked: Argument) -> Schema:
    """What may stand for an argument of a skill; `null` is what holds where it is left out."""
    kind, choices = asked.kind, asked.choices
    if kind in EXAMPLE:
        value: Schema = quantity(kind)
    elif kind == "travel":
        value = {"anyOf": [quantity("length"), quantity("angle")]}
    elif kind == "hand" or choices:
        words = list(choices or SIDES)
        value = {"enum": [*words, *([True, False] if {*words} == {"yes", "no"} else [])]}
    else:
        value = {"type": "string"}
    return {"anyOf": [value, {"type": "null"}]}
