"""What readers ask of the values of a file, and the JSON Schema that follows from it.

While `Asked` is open, every question of a reader (which keys, which unit, which words) is kept at its place. So a schema lists
nothing that a reader does not know. Where files of ours show no value of a kind, the schema leaves it open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from shiliu.scenarios.sheet.quantity import EXAMPLE, SIDES, UNITS
from shiliu.scenarios.sheet.yaml_reader import Node
from shiliu.scenarios.words import WORDS

Schema = dict[str, Any]
# questions that a value answers, and the type that it then has
TYPES = {
    "quantity": "string",
    "word": "string",  # never an empty one
    "size": "string",
    "integer": "integer",
    "number": "number",
    "flag": "boolean",
}
TYPES |= {"mapping": "object", "items": "object", "each": "array"}
LARGEST = 1e6  # SI, of a bound that stands in a schema
MOST = LARGEST - 1.0  # where there is a least value alone
NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"  # without its sign
# what a reader takes beside what our files show: (end of a path, further type)
PAIRS = (("above", "below"), ("more_than", "at_most"), ("min", "max"))
ALSO = (
    ("of", "array"),
    ("to", "array"),
    ("upon", "array"),
    ("source", "object"),
    ("fingers", "array"),
    ("skip", "array"),
)


class Spot:
    """A place of a file, and what readers asked there. Names that a person chooses are one spot, `*`; entries of a list `[]`."""

    def __init__(
        self,
        below: dict[str, Spot] | None = None,
        questions: dict[str, list[tuple[Any, str]]] | None = None,  # question -> (what was asked, of which file)
        types: set[str] | None = None,
    ) -> None:
        self.below, self.questions, self.types = below or {}, questions or {}, types or set()

    def at(self, path: str) -> Spot:
        spot = self
        for step in re.findall(r"\[\d+\]|[^.\[\]]+(?: \d+)?", path):
            spot = spot.below.setdefault("[]" if step.startswith("[") else step, Spot())
        return spot

    def merge(self, other: Spot) -> None:
        self.types |= other.types
        for question, asked in other.questions.items():
            self.questions.setdefault(question, []).extend(asked)
        for key, spot in other.below.items():
            self.below.setdefault(key, Spot()).merge(spot)

    @property
    def keys(self) -> tuple[set[str], set[str], bool]:
        """Required keys, all known ones, and whether no others may stand there."""
        asked = [one for one, _ in self.questions.get("mapping", ())]
        if not asked:
            return set(), set(), False
        every = [{*required, *(optional or ())} for required, optional in asked]
        alike = "items" not in self.questions or all(keys == every[0] for keys in every)
        closed = alike and all(optional is not None for _, optional in asked)
        return set.intersection(*({*required} for required, _ in asked)), set.union(*every), closed

    def gathered(self) -> Spot:
        """The same, in which free names are one."""
        _, known, closed = self.keys
        found = Spot({}, self.questions, self.types)
        for key, spot in self.below.items():
            free = "items" in self.questions and not closed and key not in known
            found.below.setdefault("*" if free else key, Spot()).merge(spot.gathered())
        return found


class Asked:
    """What readers ask while it is open, below a prefix of paths."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix, self.root, self.file = prefix, Spot(), ""

    def note(self, path: str, value: Any, question: str, asked: Any = None) -> None:
        if path != self.prefix and not path.startswith(f"{self.prefix}." if self.prefix else ""):
            return
        spot = self.root.at(path.removeprefix(self.prefix).lstrip("."))
        spot.questions.setdefault(question, []).append((asked, self.file))
        spot.types.add(type_of(value))
        for key, inner in value.items() if isinstance(value, Mapping) else ():  # what is read without a question
            spot.below.setdefault(str(key), Spot()).types.add(type_of(inner))

    @contextmanager
    def open(self) -> Iterator[Asked]:
        """Nodes report their questions."""
        plain = Node.child

        def child(node: Node, key: str) -> Node:
            """Outside of scenarios a key that holds dots or brackets, such as a channel's name, is one step of a path, too."""
            step = key if self.prefix else re.sub(r"[.\[\]]", "_", key)
            return replace(plain(node, key), path=plain(node, step).path)

        with patch.multiple(Node, child=child, **{name: self._node(name) for name in TYPES}):
            yield self

    def _node(self, name: str) -> Callable[..., Any]:
        plain, outer = getattr(Node, name), self

        def ask(node: Node, *args: Any, **named: Any) -> Any:
            terms: Any = None
            if name == "mapping":
                terms = (
                    named.get("required", args[0] if args else ()),
                    named.get("optional", args[1] if len(args) > 1 else ()),
                )
            elif name == "quantity":
                low = named.get("low", args[2] if len(args) > 2 else None)
                terms = (named.get("dimension", args[0] if args else None), low, named.get("high"))
            elif name == "word":
                choices = named.get("choices")
                terms = None if choices is None else tuple(choices)
            elif name == "integer":
                terms = named.get("low")
            outer.note(node.path, node.value, name, terms)
            return plain(node, *args, **named)

        return ask


def type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = ((int, "integer"), (float, "number"), (str, "string"), (list, "array"), (Mapping, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def quantity(dimension: str | None, unsigned: bool = False) -> Schema:
    """Where a number with a unit stands: `made` defines it once a schema."""
    return {"$ref": f"#/$defs/{dimension or 'quantity'}{'.0' if unsigned else ''}"}


def quantity_def(name: str) -> Schema:
    """A number with a unit, or one in the letters of another keyboard (`WIDE`)."""
    kind_, _, unsigned = name.partition(".")
    dimension = None if kind_ == "quantity" else kind_
    units = "|".join(re.escape(unit) for unit, (kind, _) in UNITS.items() if dimension in (None, kind))
    number = rf"{'[+]?' if unsigned else '[+-]?'}{NUMBER}"
    ways = [{"pattern": rf"^\s*{number}\s*({units})\s*$"}, {"$ref": "#/$defs/wide"}]
    return {"type": "string", "anyOf": ways, **({"examples": [EXAMPLE[dimension]]} if dimension else {})}


# A quantity with a letter, sign or blank that the readers take for another (`as_typed`), such as `４０　ｓ`; which unit it has and
# how large it is are left to `shiliu check`. `40 秒` is none.
WIDE: Schema = {
    "type": "string",
    "pattern": r"^(?=.*[^ -~])\s*[-+－＋−–—]?[\d.０-９．。]+([eEｅＥ][-+－＋−–—]?[\d０-９]+)?\s*"
    r"([a-zA-Zａ-ｚＡ-Ｚ%％/／]+[23２３²³]?|[㎜㎝㎏㎐])\s*$",
}


def whole(low: int, high: int) -> str:
    """Regular expression of the whole numbers from `low` to `high`, neither of them below 0."""
    sizes = range(len(str(low)), len(str(high)) + 1)
    ends = [(max(low, 10 ** (n - 1) if n > 1 else 0), min(high, 10**n - 1)) for n in sizes]
    return "|".join(_digits(str(first), str(last)) for first, last in ends)


def _digits(few: str, many: str) -> str:
    """The same of texts of one length, which may begin with 0."""
    n = len(few) - 1
    if few == "0" * (n + 1) and many == "9" * (n + 1):
        return r"\d" * (n + 1)
    if not n:
        return few if few == many else f"[{few}-{many}]"
    alike: dict[str, str] = {}  # what follows -> the first digits that it follows
    for digit in map(str, range(int(few[0]), int(many[0]) + 1)):
        rest = _digits(few[1:] if digit == few[0] else "0" * n, many[1:] if digit == many[0] else "9" * n)
        alike[rest] = alike.get(rest, "") + digit
    ways = [(f"[{first[0]}-{first[-1]}]" if len(first) > 1 else first) + rest for rest, first in alike.items()]
    return ways[0] if len(ways) == 1 else f"({'|'.join(ways)})"


def between(size: Schema, dimension: str, low: float, high: float) -> Schema:
    """A quantity within bounds, neither of them below 0. What lies beyond one by a fraction of the unit is left to `shiliu check`."""
    if not 0.0 <= low <= high < LARGEST:
        return size
    ways = []
    for unit in (unit for unit, (kind, _) in UNITS.items() if kind == dimension):
        first, last = (int(edge / UNITS[unit][1] + 1e-9) for edge in (low, high))
        ways.append(rf"({whole(first, last)}){'' if first else '?'}(\.\d*)?\s*{unit}")  # noughts of a size are eaten before
    return {"allOf": [size, {"pattern": rf"^\s*\+?0*({'|'.join(ways)})\s*$|\d[eE]|[^ -~]"}]}


def schema_of(spot: Spot, path: str = "") -> Schema:
    """The schema of a spot. Where readers ask in several ways, any of them will do."""
    ways: list[Schema] = []
    asked = spot.questions
    if "quantity" in asked:
        kinds = {dimension for (dimension, *_), _ in asked["quantity"]}
        lows, highs = ([terms[i] for terms, _ in asked["quantity"]] for i in (1, 2))
        share = kinds == {"share"} and {*highs} == {1.0}  # of a whole; other bounds are those of one part
        one_kind = next(iter(kinds)) if len(kinds) == 1 else None
        size = quantity(one_kind, all(low is not None and low >= 0 for low in lows))
        least = lows[0] if one_kind and len({*lows}) == 1 else None  # asked alike everywhere
        most = highs[0] if least and len({*highs}) == 1 and highs[0] is not None else MOST
        ways.append(between(size, one_kind, least or 0.0, 1.0 if share else most) if one_kind and (share or least) else size)
        if "word" in asked:  # or the name of what has that size, `part.parameter`
            ways.append({"type": "string", "pattern": r"^[^\W\d]\w*\.\w+$"})
    elif "size" in asked:
        ways.append({"type": "string", "pattern": rf"^\s*0*({whole(*SIDES)})\s*x\s*0*({whole(*SIDES)})\s*$", "examples": ["640x480"]})
    elif "word" in asked:
        choices, files = ({answer[i] for answer in asked["word"]} for i in (0, 1))
        fixed = len(choices) == 1 and None not in choices and len(files) > 1
        ways.append({"enum": sorted(choices.pop())} if fixed else {"type": "string", "minLength": 1})
    if "integer" in asked:
        low = next((one for one, _ in asked["integer"] if one is not None), None)
        ways.append({"type": "integer"} | ({} if low is None else {"minimum": low}))
    if "number" in asked:
        ways.append({"type": "number"})
    if "flag" in asked:
        ways.append({"enum": [True, False, "yes", "no"]})  # as `Node.flag`
    if "mapping" in asked or "items" in asked or "object" in spot.types:
        ways.append(table_of(spot, path))
    if "each" in asked or "array" in spot.types:
        ways.append({"type": "array"} | ({"items": schema_of(spot.below["[]"], path)} if "[]" in spot.below else {}))
    if not ways:
        return {}
    met = {
        way.get("type", ("object" if "condition" in way.get("$ref", "") else "string") if {"$ref", "allOf"} & {*way} else None)
        for way in ways
    }
    met |= {type_of(one) for way in ways for one in way.get("enum", ())[:1]}
    further = {t for t in spot.types - {"null"} if t not in met and not (t == "integer" and "number" in met)}
    further |= {type_ for end, type_ in ALSO if path.endswith(f".{end}") and type_ not in met}
    ways += [{"type": t} for t in sorted(further)]
    if "null" in spot.types:
        ways.append({"type": "null"})
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def table_of(spot: Spot, path: str) -> Schema:
    required, known, closed = spot.keys
    for one, other in PAIRS:  # bounds of one thing have one unit, whichever of them our files show
        if {one, other} <= {*spot.below}:
            both = Spot()
            both.merge(spot.below[one])
            both.merge(spot.below[other])
            spot.below |= {one: both, other: both}
    if known >= {*WORDS}:
        return condition_of(spot, known - {*WORDS}, path)
    names = sorted({*known, *(key for key in spot.below if key not in ("*", "[]"))})
    found: Schema = {"type": "object"}
    if names:
        found["properties"] = {name: schema_of(spot.below.get(name, Spot()), f"{path}.{name}") for name in names}
    if required:
        found["required"] = sorted(required)
    if "*" in spot.below:
        found["additionalProperties"] = schema_of(spot.below["*"], f"{path}.*")
    elif closed:
        found["additionalProperties"] = False
    return found


def condition_of(spot: Spot, beside: set[str], path: str) -> Schema:
    """One word with its arguments, as goals say it, with the keys that may stand beside it."""
    if not beside and path != ".condition":
        return {"$ref": "#/$defs/condition"}
    others = {key: schema_of(spot.below.get(key, Spot()), f"{path}.{key}") for key in sorted(beside)}
    words = {word: {"$ref": f"#/$defs/word.{word}"} for word in sorted(WORDS)}
    found: Schema = {"type": "object", "properties": {**words, **others}, "additionalProperties": False}
    return found if others else found | {"minProperties": 1, "maxProperties": 1}


def hoisted(spot: Spot, defs: dict[str, Spot]) -> None:
    """Take the words of all conditions of a tree out of it, into one spot a word: they may stand in one another."""
    _, known, _ = spot.keys
    for key in list(spot.below):
        hoisted(spot.below[key], defs)
        if known >= {*WORDS} and key in WORDS:
            defs.setdefault(key, Spot()).merge(spot.below.pop(key))
