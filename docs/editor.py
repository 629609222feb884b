"""JSON Schemas of the files that people write, for their editor: `python docs/editor.py` writes conf/editor/<kind>.json.

Every file of ours is read, and what its reader asks of each value becomes the schema (`questions.py`). Registries add what no file
shows: words of goals and codes of the checks here, skills and parts in `editor_library.py`. `editor_words.py` adds what keys mean.
`editor_shared.py` writes once what stands in several places.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from editor_library import change_schema, label, of_part, placed, step_schema
from editor_partial import known_parts, variant
from editor_shared import shared, text_of
from editor_words import LANGUAGES, SAID, described, explained, texts
from questions import (
    NUMBER,
    WIDE,
    Asked,
    Schema,
    Spot,
    between,
    condition_of,
    hoisted,
    quantity,
    quantity_def,
    schema_of,
)
from shiliu.replay.checks.registry import registry as checks
from shiliu.replay.checks.rules import TABLES, load_rules, read_rules
from shiliu.replay.formats import mappings
from shiliu.replay.formats.mapping import ANY, PRESENT
from shiliu.replay.formats.mapping_file import MappingFile, formats_of
from shiliu.replay.judge.verdict import requirable
from shiliu.replay.operator.mistakes import note_mistakes
from shiliu.replay.recording.quantities import QUANTITIES, unit_pattern
from shiliu.replay.robots import embodiment, robot_sheet
from shiliu.scenarios.catalog.catalog import scene_of
from shiliu.scenarios.link.link import KEYS as LINK
from shiliu.scenarios.link.link import OUTS, OWN
from shiliu.scenarios.parts.param_write import ELEMENTS, attributes
from shiliu.scenarios.parts.part import GRADE, list_parts, load_part
from shiliu.scenarios.reading import composition
from shiliu.scenarios.reading.camera import ON_REQUEST
from shiliu.scenarios.reading.cell import FIXED, ROBOT
from shiliu.scenarios.reading.variant import names_of
from shiliu.scenarios.robots.robot import load_robot
from shiliu.scenarios.robots.robot_folder import robots
from shiliu.scenarios.sheet.quantity import EXAMPLE, UNITS
from shiliu.scenarios.sheet.yaml_reader import read_yaml
from shiliu.scenarios.words import WORDS

ROOT = Path(__file__).resolve().parents[1]
CONF, OUT = ROOT / "conf", ROOT / "conf" / "editor"


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
        mistake["properties"][key] = {"type": "object", "propertyNames": label(), "additionalProperties": steps}
    mistake["properties"]["change"] = change_schema("\n\n".join(SAID["scenario.mistakes.*.change.*"].values()))
    drawn = next(way for way in mistake["properties"]["draw"]["anyOf"] if "additionalProperties" in way)
    drawn["properties"] = {"friction": {"type": "number", "minimum": 0}}
    thing = drawn["additionalProperties"]
    thing |= {"properties": {key: thing["properties"][key] for key in ("at", "yaw")}, "additionalProperties": quantity(None)}
    properties["variation"] = variation_schema()
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
    poses = {pose for name in robots() for pose in load_robot(name).sheet["poses"]}
    properties["robot"]["properties"]["pose"] = {"enum": sorted(poses)}
    sighted = [load_robot(name) for name in robots()]
    own = {f"robot.{word}" for robot in sighted for word, entry in robot.interface.items() if "camera" in entry}
    own |= {f"robot.{one.name}" for robot in sighted for one in robot.spec().cameras}
    camera["mount"] = {"anyOf": [{"enum": [*sorted(own), None]}, {"type": "string", "pattern": r"^(?!robot\.)."}]}
    camera["record"] = {"enum": [True, False, ON_REQUEST, None]}
    properties["tasks"]["minItems"] = properties["goal"]["minProperties"] = 1
    parts = properties["parts"]["additionalProperties"]
    properties["parts"]["additionalProperties"] = {"$ref": "#/$defs/placed"}
    properties["parts"]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]*$", "not": {"enum": ["marks", "robot"]}}
    defined |= {"placed": placed(parts), "of_part": of_part(), "step": step_schema()}
    properties["defaults"] = {"type": "array"}
    properties["variants"] = {"type": "object", "additionalProperties": {"type": "object"}}  # `made` says what of: `variant`
    chain = {"properties": {"skills": {"type": "array", "minItems": 1}}, "required": ["skills"]}
    aimless: Schema = {"if": {"not": {"required": ["defaults"]}, **chain}, "then": {"required": ["goal"]}}
    return {**schema, **aimless, "allOf": [known_parts()], "additionalProperties": False, "$defs": defined}


def variation_schema() -> Schema:
    """What is drawn anew: places, turns and parameters of parts, the friction of some, and what is dealt among them."""

    def one(key: str, value: Schema) -> Schema:
        return {"type": "object", "required": [key], "additionalProperties": False, "properties": {key: value}}

    def vary(dimension: str | None) -> Schema:
        several = {"type": "array", "minItems": 2, "items": quantity(dimension)}
        uniform = one("uniform", {**several, "maxItems": 2})
        return {"anyOf": [uniform, one("replace", {"anyOf": [uniform, one("one_of", several)]})]}

    word: Schema = {"type": "string", "minLength": 1}
    hands = {"type": "array", "minItems": 2, "items": {"anyOf": [word, {"type": "array", "minItems": 1, "items": word}]}}
    value = {"type": "string", "pattern": r"^(at\.[xyz]|[a-z][a-z0-9_]*)$"}
    scale = one("uniform", {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}})
    lone = {
        "deal": {"type": "array", "items": {"type": "object", "required": ["values", "among"], "additionalProperties": False,
                                            "properties": {"values": value, "among": hands}}},
        "friction": {"type": "object", "required": ["of", "scale"], "additionalProperties": False,
                     "properties": {"of": {"type": "array", "items": word}, "scale": scale}},
        "redraw": {"type": "object", "required": ["unless", "at_most"], "additionalProperties": False,
                   "properties": {"unless": {"type": "array", "items": {"enum": ["no_penetration", "reachable"]}},
                                  "at_most": between(quantity("share", True), "share", 0.0, 1.0)}},
    }  # fmt: skip
    at = {"type": "object", "properties": {axis: vary("length") for axis in "xyz"}, "additionalProperties": False}
    part = {"type": "object", "properties": {"at": at, "yaw": vary("angle")}, "additionalProperties": vary(None)}
    return {"type": "object", "properties": lone, "additionalProperties": part}


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
        ("centre", "scenario", "overlay"),
    )


def mapping_schema() -> Schema:
    """A mapping is of messages in topics, or of arrays with a row a sample: by its format."""
    kinds = {}
    for messages in (True, False):
        formats = formats_of(messages)
        named = [name for name in mappings.available() if mappings.load(name).format in formats]

        def fresh(name: str) -> None:
            file = CONF / "mapping" / f"{name}.yaml"
            MappingFile(str(file), file.read_text(encoding="utf-8")).mapping(name, mappings.load)

        spot = ask_each(fresh, named)
        for key in ("topics", "names", "spellings"):  # in these the keys are names
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
    text: Schema = {"type": "string", "minLength": 1}
    both = dict.fromkeys(LANGUAGES, text)
    sentence = {"anyOf": [text, {"type": "object", "properties": both, "required": [*both], "additionalProperties": False}]}
    names = {"type": "array", "items": text, "minItems": 1, "uniqueItems": True}
    tables: dict[str, Schema] = {"names": names, "spellings": {"type": "array", "items": names}}
    tables |= dict.fromkeys(("unused", *(() if messages else ("metadata",))), sentence)
    schema["properties"] |= {key: {"type": ["object", "null"], "additionalProperties": one} for key, one in tables.items()}
    if not messages:
        axis = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": ANY}]}
        shape = {"anyOf": [*axis["anyOf"], {"const": PRESENT}, {"type": "array", "items": axis}]}
        channels = {"type": "object", "minProperties": 1, "additionalProperties": shape}
        schema["properties"]["recognise"]["properties"]["channels"] = channels
    for stream in entries_of(schema, "streams"):
        stream["allOf"] = [{"$ref": "#/$defs/stream_units"}]
        own = stream["properties"]
        for field in (own, own.get("placeholder", {}).get("items", {}).get("properties", {})):
            if "note" in field:
                field["note"] = sentence
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
        for path in sorted((CONF / "check").glob("*.yaml")):
            asked.file = path.stem
            read_rules(path.stem, path)
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
        titles = []
        for lang in LANGUAGES:
            if lines := book[lang]["codes"].get(code):
                title = lines["title"]
                named = "" if "{" in title else f"{title[0].upper()}{title[1:]}{'：' if lang == 'zh' else '. '}"
                titles.append(f"{named}{lines['what']}")
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
        else text_of(value)
        for key, value in schema.items()
    )
    return ",\n".join(f"{json.dumps(key)}:{text}" for key, text in zip(schema, texts_))


def made(kind: str) -> str:
    """The schema of a kind, as its file holds it."""
    schema = json.loads(json.dumps(KINDS[kind]()))  # no two keys share one
    described(schema, SAID, kind)
    if kind == "scenario":  # of whole keys, with what they mean
        schema["properties"]["variants"]["additionalProperties"] |= json.loads(json.dumps(variant(schema)))
    used = set(re.findall(r"#/\$defs/([a-z_]+(?:\.0)?)\"", json.dumps(schema)))
    sizes = {name: quantity_def(name) for name in sorted(used) if name.partition(".")[0] in (*EXAMPLE, "quantity")}
    whole = {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"shiliu {kind}", **schema}
    if sizes:
        whole["$defs"] = {**whole.get("$defs", {}), **sizes, "wide": WIDE}
    return f"{{\n{_lines(shared(whole))}\n}}\n"


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for each in KINDS:
        (OUT / f"{each}.json").write_text(made(each), encoding="utf-8")
        print(OUT / f"{each}.json")
