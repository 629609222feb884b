"""What stands in several places of a schema is written once: `shared`."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from questions import Schema

TABLES, LISTS = ("properties", "patternProperties", "$defs"), ("anyOf", "allOf", "oneOf")  # keys whose values hold schemas
ONES = ("items", "additionalProperties", "propertyNames", "contains", "if", "then", "else", "not")
USE, DEFINITION = len('{"$ref":"#/$defs/00"}'), len(',\n"00":')  # bytes of each
MERGED = len('"$ref":{}')  # bytes that a schema spares where it is written together with its description
ROUNDS = (
    4  # what is written once changes the size of what holds it; the second round is the last that changes any of ours
)


class Piece(int):
    """The number of a schema, where it stands inside another one."""


def shared(whole: Schema) -> Schema:
    """`whole`, in which a schema that stands in several places is written once, as `$defs.<n>`, where that takes fewer bytes.

    Places may differ in their description: each keeps its own beside the reference.
    """
    forms: list[Schema] = []
    root = numbered(whole, forms, {})
    inside = [Counter(pieces(form)) for form in forms]
    own = [
        len(text_of(form).encode())
        - sum(len(str(piece)) for piece in pieces(form))
        - MERGED * isinstance(form.get("$ref"), Piece)
        for form in forms
    ]
    fewest, best, once = math.inf, set[int](), set[int]()
    for _ in range(ROUNDS):
        size: list[int] = []
        for n in range(len(forms)):  # the numbers inside a schema are below its own
            size.append(
                own[n] + sum(times * (USE if piece in once else size[piece]) for piece, times in inside[n].items())
            )
        total = size[root] + sum(size[n] + DEFINITION for n in once)
        if total < fewest:
            fewest, best = total, once
        uses, once = [0] * root + [1], set()
        for n in reversed(range(len(forms))):
            if (uses[n] - 1) * (size[n] - USE) > USE + DEFINITION:
                once.add(n)
                uses[n] = 1
            for piece, times in inside[n].items():
                uses[piece] += times * uses[n]
    names = {n: str(i) for i, n in enumerate(sorted(best))}
    defined = {name: written(n, forms, names) for n, name in names.items()}
    found = written(root, forms, names)
    return found | ({"$defs": {**found.get("$defs", {}), **defined}} if defined else {})


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def numbered(schema: Schema, forms: list[Schema], known: dict[str, Piece]) -> Piece:
    """The number of a schema. `forms` holds each schema once, with the numbers of those inside it. One with a description is a
    reference to the same without it."""

    def of(value: Any) -> Any:
        return numbered(value, forms, known) if isinstance(value, dict) else value

    if "description" in schema and len(schema) > 1 and "$ref" not in schema:
        bare = {key: value for key, value in schema.items() if key != "description"}
        form: Schema = {"$ref": of(bare), "description": schema["description"]}
    else:
        form = {}
        for key, value in schema.items():
            if key in TABLES:
                form[key] = {name: of(one) for name, one in value.items()}
            elif key in LISTS:
                form[key] = [of(one) for one in value]
            else:
                form[key] = of(value) if key in ONES else value
    text = text_of(form)
    if text not in known:
        known[text] = Piece(len(forms))
        forms.append(form)
    return known[text]


def pieces(form: Schema) -> Iterator[Piece]:
    for value in form.values():
        several = value.values() if isinstance(value, dict) else value if isinstance(value, list) else (value,)
        yield from (one for one in several if isinstance(one, Piece))


def written(n: int, forms: list[Schema], names: Mapping[int, str]) -> Schema:
    """A schema with what is inside it: by its name where it has one."""

    def of(value: Any) -> Any:
        if isinstance(value, Piece):
            return {"$ref": f"#/$defs/{names[value]}"} if value in names else written(value, forms, names)
        if isinstance(value, dict):
            return {key: of(one) for key, one in value.items()}
        return [of(one) for one in value] if isinstance(value, list) else value

    form = forms[n]
    if isinstance(form.get("$ref"), Piece):
        return {**of(form["$ref"]), "description": form["description"]}
    return {key: of(value) for key, value in form.items()}
