"""What a scenario of the schemas is made of: the parts of the library and the skills of the operator, each with its numbers."""

from __future__ import annotations

import json

from editor_words import SKILLS, explained, in_both_languages
from questions import Schema, between, quantity
from shiliu.replay.operator.skills import catalogue
from shiliu.replay.operator.skills import registry as skills
from shiliu.replay.operator.words.skill import Argument
from shiliu.scenarios.parts.part import PLACED, list_parts, load_part
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.sheet.quantity import EXAMPLE


def placed(schema: Schema) -> Schema:
    """A part of a scenario: where it stands, and the parameters of the part that it is."""
    own = {key: schema["properties"].get(key, {}) for key in PLACED}
    alike: dict[str, list[str]] = {}  # what a part may have, as text -> the parts
    titles = []
    for name in sorted(n for n in list_parts() if n.partition("/")[0] not in ("mechanisms", "robots")):
        part = load_part(name)
        assert part is not None
        titles.append({"const": name, "description": f"{part.title['en']} {part.title['zh']}"})
        params = {
            key: explained(quantity(param.dimension, param.low >= 0.0), in_both_languages(param.doc))
            for key, param in part.params.items()
            if param.dimension in EXAMPLE
        }
        for key, value in params.items():
            size, param = {"$ref": value.pop("$ref")}, part.params[key]
            params[key] = {**between(size, param.dimension, param.low, param.high), **value}
        known = {**dict.fromkeys(own, True), **dict.fromkeys(part.params, True), **params}
        alike.setdefault(json.dumps(known), []).append(name)
    by_part = [
        {"if": {"properties": {"part": {"enum": names}}, "required": ["part"]},
         "then": alone(json.loads(known))}
        for known, names in alike.items()
    ]  # fmt: skip
    own["part"] = {"anyOf": [{"oneOf": titles}, {"type": "string", "pattern": "^[^/]+/[^/]+$"}]}
    return {"type": "object", "properties": own, "required": ["part"], "allOf": by_part}


def alone(known: Schema) -> Schema:
    """A table of these keys and no others. Those that are `True` are described elsewhere; here their names are enough."""
    named = "|".join(key for key, value in known.items() if value is True)
    own = {key: value for key, value in known.items() if value is not True}
    return {"properties": own, "patternProperties": {f"^({named})$": True}, "additionalProperties": False}


def step_schema() -> Schema:
    """A step of a chain: one word of the skills, with the arguments of the way in which it is done."""
    rows = {row["name"]: row for row in catalogue()}
    words: dict[str, list[tuple[str, Schema]]] = {}
    for name, kind in skills().items():
        arguments = {key: explained(argument(one), in_both_languages(one.doc)) for key, one in kind.arguments.items()}
        way = {
            "type": "object",
            "properties": {**arguments, "how": {}, "if": {"type": "string"}, "as": {"type": "string"}},
        }
        words.setdefault(kind.word, []).append(
            (kind.how, explained({**way, "additionalProperties": False}, rows[name]["doc"], SKILLS.get(name)))
        )
    found: Schema = {}
    for word, ways in sorted(words.items()):
        hows = sorted({how for how, _ in ways})
        meant: dict[str, list[Schema]] = {}  # key -> what it is, in one way or another
        for _, way in ways:
            for key, value in way["properties"].items():
                meant.setdefault(key, []).extend([] if value in meant.get(key, ()) else [value])
        every = {key: values[0] if len(values) == 1 else {"anyOf": values} for key, values in meant.items()}
        named = {how: [how, *([True] if how == "on" else [])] for how in hows if how}  # YAML reads a plain on as true
        every["how"] = {"enum": [one for ones in named.values() for one in ones]} if named else False
        one = {"type": "object", "properties": every, "additionalProperties": False}
        branches = [
            {"if": {"properties": {"how": {"enum": named[how]}}, "required": ["how"]},
             "then": alone({key: value == every[key] or value for key, value in way["properties"].items()})}
            for how, way in ways if how
        ]  # fmt: skip
        lines = [way["description"] for _, way in ways]
        found[word] = explained(
            {**one, **({"allOf": branches} if branches else {})}, *(lines if len(lines) == 1 else ())
        )
        if len(ways) > 1:
            found[word]["properties"]["how"] = explained(
                every["how"], *(f"{how or '(plain)'}: {way['description']}" for how, way in ways)
            )
    return {
        "type": "object",
        "properties": found,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


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
