"""What a variant says of a scenario: the keys that differ, with `null` for those that it takes out."""

from __future__ import annotations

from collections.abc import Callable

from editor_library import of_any_part, titles
from questions import Schema
from shiliu.scenarios.reading.config import KEYS, REQUIRED
from shiliu.scenarios.reading.variant import DEEP, ENTRIES

NULL: Schema = {"type": "null"}


def or_null(schema: Schema) -> Schema:
    """A schema of what `null` takes out."""
    return schema if not {*schema} - {"description"} or NULL in schema.get("anyOf", ()) else {"anyOf": [schema, NULL]}


def each_way(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A schema with each of its ways changed that is a table."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [each_way(way, change) for way in schema["anyOf"]]}
    return change(schema) if schema.get("type") == "object" else schema


def partial(schema: Schema) -> Schema:
    """The schema of what is laid over a value key by key: no key is needed, and `null` takes out any, however deep."""

    def change(table: Schema) -> Schema:
        found = {key: value for key, value in table.items() if key not in ("required", "minProperties")}
        if "properties" in table:
            found["properties"] = {key: or_null(partial(one)) for key, one in table["properties"].items()}
        rest = table.get("additionalProperties", True)
        return {**found, "additionalProperties": or_null(partial(rest)) if isinstance(rest, dict) else rest or NULL}

    return each_way(schema, change)


def entries(schema: Schema) -> Schema:
    """The schema of what is laid over a table entry by entry: each is whole, or `null`."""
    return each_way(schema, lambda table: {**table, "additionalProperties": or_null(table["additionalProperties"])})


def variant(whole: Schema) -> Schema:
    """A variant of scenarios of this schema, which has its descriptions."""

    def laid_over(key: str) -> Schema:
        one = whole["properties"][key]
        return partial(one) if key in DEEP else entries(one) if key in ENTRIES else one

    found = {key: laid_over(key) for key in sorted({*REQUIRED, *KEYS} - {"variant", "variants"})}
    parts = found["parts"]["additionalProperties"] = dict(whole["properties"]["parts"]["additionalProperties"])
    placed = partial({key: value for key, value in whole["$defs"]["placed"].items() if key != "allOf"})
    # what has a part and takes nothing out is of that part; `known_parts` says what the others may have
    placed |= {"additionalProperties": True, "if": {"required": ["part"], "additionalProperties": {"not": NULL}},
               "then": {"$ref": "#/$defs/of_part"}}  # fmt: skip
    parts.pop("$ref")
    found["parts"]["additionalProperties"] = or_null({**placed, **parts})
    return {
        "type": "object",
        "properties": {key: or_null(one) for key, one in found.items()},
        "additionalProperties": False,
    }


def known_parts() -> Schema:
    """Where all parts are of the library, what is varied, and what a variant changes, is a parameter of one of them."""
    placed = of_any_part()
    names = {"propertyNames": placed["propertyNames"]}
    kinds = {
        "variation": {"properties": dict.fromkeys(("deal", "friction", "redraw"), True), "additionalProperties": names}
    }
    ours = {"properties": {"parts": {"additionalProperties": {"properties": {"part": titles()}}}}}
    changed = {"properties": {**kinds, "parts": {"additionalProperties": placed}}}
    return {
        "if": {"required": ["parts"], "not": {"required": ["defaults"]}, **ours},
        "then": {"properties": {**kinds, "variants": {"additionalProperties": {"if": ours, "then": changed}}}},
    }
