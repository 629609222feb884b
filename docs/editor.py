"""JSON Schemas of the files that people write, for their editor: `python docs/editor.py` writes conf/editor/<kind>.json.

Every file of ours is read, and what its reader asks of each value becomes the schema (`questions.py`). Registries add what no file
shows: skills, words of goals, parts of the library, codes of the checks. `editor.yaml` says what keys mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from questions import NUMBER, Asked, Schema, Spot, between, condition_of, hoisted, quantity, quantity_def, schema_of
from shiliu.replay.checks.registry import registry as checks
from shiliu.replay.checks.rules import TABLES, load_rules
from shiliu.replay.formats import mapping as mappings
from shiliu.replay.judge.verdict import requirable
from shiliu.replay.operator.mistakes import note_mistakes
from shiliu.replay.operator.skills import catalogue
from shiliu.replay.operator.skills import registry as skills
from shiliu.replay.operator.words.skill import Argument
from shiliu.replay.recording.quantities import QUANTITIES, unit_pattern
from shiliu.replay.robots import embodiment, robot_sheet
from shiliu.scenarios.catalog.catalog import scene_of
from shiliu.scenarios.link.link import KEYS as LINK
from shiliu.scenarios.link.link import OUTS, OWN
from shiliu.scenarios.parts.param_write import ELEMENTS, attributes
from shiliu.scenarios.parts.part import GRADE, PLACED, list_parts, load_part
from shiliu.scenarios.reading import composition
from shiliu.scenarios.reading.camera import ON_REQUEST
from shiliu.scenarios.reading.cell import FIXED, ROBOT
from shiliu.scenarios.reading.config import KEYS, REQUIRED
from shiliu.scenarios.reading.variant import DEEP, ENTRIES, names_of
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.sheet.quantity import EXAMPLE, UNITS
from shiliu.scenarios.sheet.yaml_reader import read_yaml
from shiliu.scenarios.words import WORDS

ROOT = Path(__file__).resolve().parents[1]
CONF, OUT = ROOT / "conf", ROOT / "conf" / "editor"
LANGUAGES = ("en", "zh")
SAID = yaml.safe_load((ROOT / "docs" / "editor.yaml").read_text(encoding="utf-8"))
TRANSLATIONS = SAID.pop("translations")


class Done(Exception):
    """A scenario is read; it need not be compiled."""


def ask_scenarios() -> Spot:
    """What is asked of every scenario of ours and of each of its variants."""

    def also(scene: Any) -> None:
        note_mistakes(scene)
        scene.config.problems.stop(scene.name)
        raise Done

    with Asked("scenario").open() as asked:
        for name in composition.list_scenarios():
            asked.file = name
            for variant in (None, *names_of(read_yaml(CONF / "scenario" / f"{name}.yaml"))):
                composed = composition.as_it_stands(name, None)
                assert composed is not None
                composed.tree["variant"] = variant
                try:
                    scene_of(composed, name, hand=None, base=None, robot="kuafu", also=also)
                except Done:
                    continue
    return asked.root.gathered()


def ask_each(read: Callable[[str], object], names: Any) -> Spot:
    with Asked().open() as asked:
        for name in names:
            asked.file = str(name)
            read(name)
    return asked.root.gathered()


# ---- words for people


def texts() -> dict[str, dict[str, Any]]:
    return {lang: yaml.safe_load((CONF / "text" / f"{lang}.yaml").read_text(encoding="utf-8")) for lang in LANGUAGES}


def explained(schema: Schema, *lines: str | None) -> Schema:
    """A schema with what its value means, in both languages."""
    lines = [line for line in lines if line]
    return {**schema, "description": "\n\n".join(lines)} if lines else schema


def in_both_languages(doc: str) -> str:
    """A sentence of our code or of a part, with its translation in editor.yaml."""
    return "\n\n".join(filter(None, (doc, TRANSLATIONS.get(doc))))


def described(schema: Schema, words: Mapping[str, Mapping[str, str]], kind: str) -> None:
    """Put the sentences of editor.yaml to the keys that they are of. A path is meant before a pattern; a pattern, where the key
    has no sentence yet.

    Raises:
        KeyError: a path or pattern of this kind is of no key.
    """
    own = {path: f"{both['en']}\n\n{both['zh']}" for path, both in words.items() if path.startswith(f"{kind}.")}
    broad = [(path, re.compile(re.escape(path).replace(r"\*\*\.", r"(?:.*\.)?"))) for path in own if "**" in path]
    used: set[str] = set()

    def of(inner: Schema, path: str) -> None:
        name = path
        if path not in own and not any("description" in way for way in (inner, *inner.get("anyOf", ()))):
            name = next((one for one, pattern in broad if pattern.fullmatch(path)), "")
        if name in own:
            used.add(name)
            inner["description"] = own[name]

    def walk(at: Schema, path: str) -> None:
        for key, inner in at.get("properties", {}).items():
            if isinstance(inner, dict):
                walk(inner, f"{path}.{key}")
                of(inner, f"{path}.{key}")
        for key, inner in at.get("$defs", {}).items():
            walk(inner, f"{path}.parts.*" if key == "placed" else f"{path}.{key}")
        rest = at.get("additionalProperties")
        if isinstance(rest, dict):
            walk(rest, f"{path}.*")
            of(rest, f"{path}.*")
        branches = [at[way] for way in ("then", "else", "items") if way in at]
        for inner in (*at.get("anyOf", ()), *at.get("allOf", ()), *branches):
            walk(inner, path)

    walk(schema, kind)
    if missing := sorted({*own} - used):
        raise KeyError(f"docs/editor.yaml: no key of a {kind} is {', '.join(missing)}")


# ---- the kinds of files


def scenario_schema() -> Schema:
    spot, defs = ask_scenarios(), {}
    hoisted(spot, defs)
    schema = schema_of(spot)
    properties = schema["properties"]
    defined = {
        f"word.{word}": explained(
            schema_of(defs.get(word, Spot()), f".{word}"), WORDS[word].en, WORDS[word].zh
        )
        for word in sorted(WORDS)
    }
    defined["condition"] = condition_of(Spot(), set(), ".condition")
    steps = {"type": "array", "items": {"$ref": "#/$defs/step"}}
    properties["skills"] = {"anyOf": [steps, {"type": "null"}]}
    mistake = properties["mistakes"]
    mistake = next(way for way in mistake.get("anyOf", [mistake]) if "additionalProperties" in way)[
        "additionalProperties"
    ]
    for key in ("before", "after"):
        mistake["properties"][key] = {"type": "object", "additionalProperties": steps}
    mistake["properties"]["change"] = {"type": "object", "additionalProperties": {"type": "object"}}
    several: Schema = {"type": "array", "minItems": 2, "items": {"anyOf": [quantity(None), {"type": "number"}]}}

    def one(key: str, value: Schema) -> Schema:
        return {"type": "object", "required": [key], "additionalProperties": False, "properties": {key: value}}

    uniform = one("uniform", {**several, "maxItems": 2})
    vary: Schema = {"anyOf": [uniform, one("replace", {"anyOf": [uniform, one("one_of", several)]})]}
    lone = {
        "friction": {"type": "object", "required": ["of", "scale"], "additionalProperties": False,
                     "properties": {"of": {"type": "array", "items": {"type": "string"}}, "scale": uniform}},
        "redraw": {"type": "object", "required": ["unless", "at_most"], "additionalProperties": False,
                   "properties": {"unless": {"type": "array", "items": {"enum": ["no_penetration", "reachable"]}},
                                  "at_most": between(quantity("share", True), "share", 0.0, 1.0)}},
    }  # fmt: skip
    at = {"type": "object", "properties": {axis: vary for axis in "xyz"}, "additionalProperties": False}
    properties["variation"] = {
        "type": "object",
        "properties": {"deal": {}, **lone},
        "additionalProperties": {"type": "object", "properties": {"at": at, "yaw": vary}, "additionalProperties": vary},
    }
    limits = properties["safety"]
    limit = next(way for way in limits.get("anyOf", [limits]) if "additionalProperties" in way)["additionalProperties"]
    limit["allOf"] = [
        {"if": {"required": [kind]}, "then": {"properties": {"at_most": quantity(kind, True)}}} for kind in ("force", "speed")
    ]
    properties["link"] = link_schema()
    codes = [f"{rule.stage}.{code}" for code, rule in load_rules("arm_manipulation").items() if code != "scenario"]
    properties["judge"]["properties"]["required"]["items"] = {
        "anyOf": [{"enum": sorted(requirable(codes))}, {"type": "string", "pattern": r"^replay\.scenario\.[^.]+$"}]
    }
    camera = properties["cameras"]["additionalProperties"]["properties"]
    camera["record"] = {"enum": [True, False, ON_REQUEST, None]}
    properties["tasks"]["minItems"] = properties["goal"]["minProperties"] = 1
    parts = properties["parts"]["additionalProperties"]
    properties["parts"]["additionalProperties"] = {"$ref": "#/$defs/placed"}
    properties["parts"]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*$", "not": {"enum": ["marks", "robot"]}}
    defined["placed"] = placed(parts)
    defined["step"] = step_schema()
    properties["defaults"] = {"type": "array"}
    properties["variants"] = {"type": "object", "additionalProperties": {
        "type": "object", "additionalProperties": False,
        "properties": {key: {} if key in (*DEEP, *ENTRIES) else {"anyOf": [{"$ref": f"#/properties/{key}"}, {"type": "null"}]}
                       for key in sorted({*REQUIRED, *KEYS} - {"variant"})},
    }}  # fmt: skip
    chain = {"properties": {"skills": {"type": "array", "minItems": 1}}, "required": ["skills"]}
    aimless: Schema = {"if": {"not": {"required": ["defaults"]}, **chain}, "then": {"required": ["goal"]}}
    return {**schema, **aimless, "additionalProperties": False, "$defs": defined}


def link_schema() -> Schema:
    """A link: a preset's name, or its own numbers. No scenario of ours has one, so no reader was asked."""

    def number(dimension: str, **bounds: float) -> Schema:
        return {"anyOf": [{"type": "number", "minimum": 0, **bounds}, quantity(dimension, True)]}

    text: Schema = {"type": "string", "minLength": 1}
    outs = dict.fromkeys(OUTS, number("time"))
    kinds = {
        "loss": number("share", exclusiveMaximum=1),
        "drop_outs": {"type": "object", "properties": outs, "required": list(outs), "additionalProperties": False},
        **dict.fromkeys(("like", "ping", "source"), text),
    }
    own = {key: {"anyOf": [kinds.get(key, number("time")), {"type": "null"}]} for key in LINK}
    preset = {**text, "examples": sorted({path.stem for path in (CONF / "link").glob("*.yaml")} - {OWN})}
    return {"anyOf": [preset, {"type": "object", "properties": own, "additionalProperties": False}, {"type": "null"}]}


def placed(schema: Schema) -> Schema:
    """A part of a scenario: where it stands, and the parameters of the part that it is."""
    own = {key: schema["properties"].get(key, {}) for key in PLACED}
    by_part: list[Schema] = []
    titles = []
    for name in sorted(n for n in list_parts() if not n.startswith("mechanisms/")):
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
        by_part.append({
            "if": {"properties": {"part": {"const": name}}, "required": ["part"]},
            "then": {"properties": known, "additionalProperties": False},
        })  # fmt: skip
    own["part"] = {"anyOf": [{"oneOf": titles}, {"type": "string", "pattern": "^[^/]+/[^/]+$"}]}
    return {"type": "object", "properties": own, "required": ["part"], "allOf": by_part}


def step_schema() -> Schema:
    """A step of a chain: one word of the skills, with the arguments of the way in which it is done."""
    rows = {row["name"]: row for row in catalogue()}
    words: dict[str, list[tuple[str, Schema]]] = {}
    for name, kind in skills().items():
        arguments = {key: explained(argument(one), in_both_languages(one.doc)) for key, one in kind.arguments.items()}
        titles = [label[0] for lang in LANGUAGES if (label := kind.label.words(lang))]
        way = {
            "type": "object",
            "properties": {**arguments, "how": {}, "if": {"type": "string"}, "as": {"type": "string"}},
        }
        words.setdefault(kind.word, []).append(
            (kind.how, explained({**way, "additionalProperties": False}, rows[name]["doc"], " / ".join(titles)))
        )
    found: Schema = {}
    for word, ways in sorted(words.items()):
        hows = sorted({how for how, _ in ways})
        every: Schema = {}
        for key, value in ((key, value) for _, way in ways for key, value in way["properties"].items()):
            known = every.get(key, {}).get("anyOf", [every[key]]) if key in every else []
            every[key] = value if not known else every[key] if value in known else {"anyOf": [*known, value]}
        every["how"] = {"anyOf": [{"enum": [how for how in hows if how]}, {"const": True}]} if any(hows) else False
        one = {"type": "object", "properties": every, "additionalProperties": False}
        branches = [
            {"if": {"properties": {"how": {"const": how}}, "required": ["how"]},
             "then": {"properties": {key: True if value == every[key] else value for key, value in way["properties"].items()},
                      "additionalProperties": False}}
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


def cell_schema() -> Schema:
    def measured(dimension: str | None) -> Schema:
        is_ = quantity(dimension)
        both = {"is": is_, "within": quantity(dimension, True)}
        return {
            "anyOf": [is_, {"type": "object", "properties": both, "required": ["is"], "additionalProperties": False}]
        }

    def table(properties: Schema, required: tuple[str, ...] = (), more: Any = False) -> Schema:
        return {
            "type": "object",
            "properties": properties,
            "additionalProperties": more,
            **({"required": list(required)} if required else {}),
        }

    day = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$", "examples": ["2026-11-02"]}
    text: Schema = {"type": "string", "minLength": 1}
    part = table({"at": table({axis: measured("length") for axis in "xyz"}), "yaw": measured("angle"), **dict.fromkeys(FIXED, False)},
                 more=measured(None))  # fmt: skip
    overlay = table({
        "parts": {"type": "object", "additionalProperties": part},
        "robot": table({"stands_at": table({key: quantity(kind) for key, kind in ROBOT.items()})}, ("stands_at",)),
    })  # fmt: skip
    survey = table({"date": day, "by": text, "with": text}, ("date", "by", "with"))
    return table(
        {"centre": text, "scenario": text, "surveyed": survey, "overlay": overlay, "note": {}},
        ("centre", "scenario", "surveyed", "overlay"),
    )


def mapping_schema() -> Schema:
    """A mapping is of messages in topics, or of arrays with a row a sample: by its format."""
    kinds = {}
    for messages in (True, False):
        formats = mappings._formats(messages)
        named = [name for name in mappings.available() if mappings.load(name).format in formats]

        def fresh(name: str) -> None:
            file = CONF / "mapping" / f"{name}.yaml"
            mappings._MappingReader(str(file), file.read_text(encoding="utf-8")).mapping(name)

        spot = ask_each(fresh, named)
        for key in ("topics", "names", "spellings"):  # whose keys are names
            if key in spot.below:
                inner = spot.below[key]
                every = Spot()
                for one in inner.below.values():
                    every.merge(one)
                inner.below = {"*": every}
                inner.types.add("object")
        for streams in [
            spot.below.get("streams"),
            *(one.below.get("streams") for one in spot.below.get("topics", Spot()).below.values()),
        ]:
            if streams is not None:
                streams.types.add("array")
        kinds[messages] = formats, mapping_words(schema_of(spot), messages)
    every = [name for formats, _ in kinds.values() for name in formats]
    return {
        "type": "object",
        "required": ["format"],
        "properties": {"format": {"enum": sorted(every)}},
        "if": {"properties": {"format": {"enum": sorted(kinds[False][0])}}},
        "then": kinds[False][1],
        "else": kinds[True][1],
        "$defs": {"stream_units": {"allOf": units_of_streams()}},
    }


def mapping_words(schema: Schema, messages: bool) -> Schema:
    """The same with what its reader asks without a question of `Asked`: sentences, lists of names, shapes of channels."""
    text: Schema = {"type": "string"}
    both = dict.fromkeys(LANGUAGES, text)
    sentence = {"anyOf": [text, {"type": "object", "properties": both, "required": [*both], "additionalProperties": False}]}
    names = {"type": "array", "items": text, "minItems": 1, "uniqueItems": True}
    tables: dict[str, Schema] = {"names": names, "spellings": {"type": "array", "items": names}}
    tables |= dict.fromkeys(("unused", *(() if messages else ("metadata",))), sentence)
    schema["properties"] |= {key: {"type": ["object", "null"], "additionalProperties": one} for key, one in tables.items()}
    if not messages:
        axis = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": mappings.ANY}]}
        shape = {"anyOf": [*axis["anyOf"], {"const": mappings.PRESENT}, {"type": "array", "items": axis}]}
        channels = {"type": "object", "minProperties": 1, "additionalProperties": shape}
        schema["properties"]["recognise"]["properties"]["channels"] = channels
    for stream in entries_of(schema, "streams"):
        stream["allOf"] = [{"$ref": "#/$defs/stream_units"}]
        own = stream["properties"]
        for placed in (own, own.get("placeholder", {}).get("items", {}).get("properties", {})):
            if "note" in placed:
                placed["note"] = sentence
    return schema


def units_of_streams() -> list[Schema]:
    """Quantities that the readers know, of all but events, and the units that fit each."""
    alike: dict[str, list[str]] = {}
    for name in QUANTITIES:
        if (pattern := unit_pattern(name)) is not None:
            alike.setdefault(pattern, []).append(name)
    named: Schema = {"if": {"properties": {"role": {"not": {"const": "event"}}}, "required": ["role"]},
                     "then": {"properties": {"quantity": {"enum": sorted(QUANTITIES)}}}}  # fmt: skip
    return [named, *({"if": {"properties": {"quantity": {"enum": names}}, "required": ["quantity"]},
                      "then": {"properties": {"unit": {"pattern": pattern}}}} for pattern, names in alike.items())]  # fmt: skip


def entries_of(schema: Any, of: str) -> list[Schema]:
    """The schema of each entry of the lists of this key in a schema."""
    found: list[Schema] = []
    for key, value in schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ():
        if key == of:
            ways = value.get("anyOf", [value])
            found += [way["items"] for way in ways if "properties" in way.get("items", {})]
        found += entries_of(value, of)
    return found


def thresholds_schema() -> Schema:
    """Bounds of the checks: a block a code, in groups by the code's words."""
    book, rules = texts(), Spot()

    def gather(spot: Spot) -> None:
        if "stage" in spot.keys[1]:
            rules.merge(spot)
        for key, inner in spot.below.items():
            if key != "with":
                gather(inner)

    with Asked().open() as asked:
        for name in sorted(path.stem for path in (CONF / "check").glob("*.yaml")):
            asked.file = name
            load_rules(name)
    gather(asked.root)
    rules.below.pop("with", None)
    rule = schema_of(Spot({k: s for k, s in rules.below.items() if k in rules.keys[1]}, rules.questions, rules.types))
    rule = next(way for way in rule.get("anyOf", [rule]) if way.get("type") == "object")
    rule["properties"] |= {key: {} for key in ("warn", "fail", "scale")}  # by the unit: `bounds_of`
    rule["properties"] |= {"source": {"type": "string", "minLength": 1}, "unit": {"enum": [*UNITS, "1"]}}
    rule["allOf"] = [bounds_of(unit) for unit in ("1", *dict.fromkeys(kind for kind, _ in UNITS.values()))]
    for key in ("stage", "signal", "grade", "owner"):  # their words are the same in every block
        words = next(one for one, _ in rules.below[key].questions["word"] if one)
        rule["properties"][key] = {"enum": list(words)}
    rule["properties"]["with"] = {"type": "object"}
    root: Schema = {"type": "object", "properties": {}, "additionalProperties": False, "$defs": {"rule": rule}}
    for code, check in {**checks(), "scenario": checks()["scenario"]}.items():
        at = root
        *groups, last = code.split(".")
        for group in groups:
            at["required"] = sorted({*at.get("required", ()), group})
            at = at["properties"].setdefault(group, {"type": "object", "properties": {}, "additionalProperties": False})
        at["required"] = sorted({*at.get("required", ()), last})  # every code has its block
        titles = [
            f"{lines['title']}. {lines['what']}" for lang in LANGUAGES if (lines := book[lang]["codes"].get(code))
        ]
        block: Schema = {"$ref": "#/$defs/rule"}
        settings = {name: setting(kind) for name, kind in check.settings.items()}
        given: Schema = {
            "type": "object",
            "properties": settings,
            "required": sorted(settings),
            "additionalProperties": False,
        }
        block = {"allOf": [block, {"properties": {"with": given}}, *([{"required": ["with"]}] if settings else [])]}
        at["properties"][last] = {**at["properties"].get(last, {}), **explained(block, *titles)}
    return root


def bounds_of(dimension: str) -> Schema:
    """What bounds and scale are, where the unit is one of this dimension; "1" for a plain number."""
    units = [unit for unit, (kind, _) in UNITS.items() if kind == dimension] or [dimension]
    size: Schema = {"type": "number"} if dimension == "1" else quantity(dimension)
    bound = {"anyOf": [size, {"enum": [*TABLES, None]}]}
    scale = {"anyOf": [size if dimension == "1" else quantity(dimension, True), {"enum": ["limit", None]}]}
    return {
        "if": {"properties": {"unit": {"enum": units}}, "required": ["unit"]},
        "then": {"properties": {"warn": bound, "fail": bound, "scale": scale}},
    }


def setting(kind: str) -> Schema:
    if kind == "numbers":
        return {"type": "array", "items": {"type": "number"}}
    return {"type": "number"} if kind == "number" else quantity(kind)


def robot_schema() -> Schema:
    names = sorted(path.stem for path in (CONF / "robot").glob("*.yaml"))
    schema = schema_of(ask_each(lambda name: embodiment.load_embodiment(name), names))
    joint = schema["properties"]["joints"]
    joint = next(way for way in joint.get("anyOf", [joint]) if "additionalProperties" in way)["additionalProperties"]
    table = next(way for way in joint.get("anyOf", [joint]) if way.get("type") == "object")
    table["properties"] |= {what: limit_of(what) for what in robot_sheet.LIMITED}
    if "anyOf" not in joint:
        table["type"] = ["object", "null"]  # a name alone: no limit is known
    return schema


def limit_of(what: str) -> Schema:
    """A limit of a joint: its value, which may stand in a unit of the recording too, beside its source, or several tables of it."""
    units = "|".join(map(re.escape, UNITS))
    own: Schema = {"type": "string", "pattern": rf"^\s*[+-]?{NUMBER}\s*(?!({units})\s*$)[^\s0-9]\S*\s*$"}
    kinds = dict.fromkeys(kind[what] for kind in robot_sheet.DIMENSIONS.values())
    size: Schema = {"anyOf": [*(quantity(kind, what != "position") for kind in kinds), *([own] if what != "torque" else [])]}
    value: Schema = {"type": "array", "items": size, "minItems": 2, "maxItems": 2} if what == "position" else size
    sourced = {"value": value, "source": {"type": "string", "minLength": 1}}
    ways = [value, {"type": "object", "properties": sourced, "required": [*sourced], "additionalProperties": False}]
    if what in robot_sheet.TABLES:
        named = dict.fromkeys(robot_sheet.TABLES[what], quantity(robot_sheet.DIMENSIONS["angle"][what], True))
        ways.append({"type": "object", "properties": named, "additionalProperties": False})
    return {"anyOf": ways}


def part_schema() -> Schema:
    schema = schema_of(ask_each(lambda name: load_part(name), sorted(list_parts())))
    row = {"type": "array", "items": {"type": "string"}, "minItems": 3, "maxItems": 3}  # what, its value, where it comes from
    graded = {"contains": {"pattern": GRADE}}  # in any of the three
    schema["properties"]["sources"] = {"type": "array", "items": {**row, **graded}}
    for entry in entries_of(schema, "sets"):
        entry["allOf"] = [
            {"if": {"required": [kind]}, "then": {"properties": {"attr": {"enum": [*attributes(kind)]}}}} for kind in ELEMENTS
        ]
    return schema


KINDS: dict[str, Callable[[], Schema]] = {
    "scenario": scenario_schema,
    "part": part_schema,
    "cell": cell_schema,
    "mapping": mapping_schema,
    "robot": robot_schema,
    "thresholds": thresholds_schema,
}


def _lines(schema: Schema, deep: bool = True) -> str:
    """A line for each key, and for each entry of the tables of keys and definitions, so that a change shows where it is."""
    inner = {key: deep and key in ("properties", "$defs") for key in schema}
    texts_ = (
        f"{{\n{_lines(value, False)}\n}}"
        if inner[key]
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for key, value in schema.items()
    )
    return ",\n".join(f"{json.dumps(key)}:{text}" for key, text in zip(schema, texts_))


def made(kind: str) -> str:
    """The schema of a kind, as its file holds it."""
    schema = json.loads(json.dumps(KINDS[kind]()))  # no two keys share one
    described(schema, SAID, kind)
    used = set(re.findall(r"#/\$defs/([a-z_]+(?:\.0)?)\"", json.dumps(schema)))
    sizes = {name: quantity_def(name) for name in sorted(used) if name.partition(".")[0] in (*EXAMPLE, "quantity")}
    whole = {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"shiliu {kind}", **schema}
    if sizes:
        whole["$defs"] = {**whole.get("$defs", {}), **sizes}
    return f"{{\n{_lines(whole)}\n}}\n"


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for each in KINDS:
        (OUT / f"{each}.json").write_text(made(each), encoding="utf-8")
        print(OUT / f"{each}.json")
