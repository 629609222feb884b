"""What an ONNX file is made of, by its bytes alone: whether it leans on other files, and which operators it has.

ONNX is a protocol-buffer message (onnx.proto). Only the fields that lead to tensors and nodes are followed, so nothing is decoded,
built or opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 32  # graphs within graphs
# kind of message -> field -> kind of the message in it
_INTO = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 11: "attribute"},
    "training": {1: "graph", 2: "graph"},
}
_TAKES, _GIVES, _OPERATOR, _DOMAIN = 1, 2, 4, 7  # fields of a node
_WHOLE, _NAME, _RAW, _ELSEWHERE, _LOCATION = 5, 8, 9, 13, 14  # fields of a tensor
_TRAINS = 2  # the input of a Dropout that says whether it drops


@dataclass
class OnnxParts:
    """What was found: operators, `domain::name` but for those of ONNX itself, and whether a tensor lies in another file.

    Attributes:
        trains: names of what says whether a Dropout drops; nothing: of the tensors that hold zeros alone.
    """

    operators: set[str] = field(default_factory=set)
    external: bool = False
    trains: set[str] = field(default_factory=set)
    nothing: set[str] = field(default_factory=set)

    @property
    def drops(self) -> bool:
        """Whether a Dropout may be in training, so that it draws."""
        return bool(self.trains - self.nothing)


def parts_of(content: bytes) -> OnnxParts:
    """Walk through a model.

    Raises:
        ValueError: these bytes are no such message.
    """
    found = OnnxParts()
    _walk(memoryview(content), "model", found, 0)
    return found


def _walk(message: memoryview, kind: str, found: OnnxParts, depth: int) -> bool:
    """Look through a message; whether a tensor in it holds anything but zeros."""
    if depth > DEEPEST * 3:
        raise ValueError("nested too deeply")
    into, name, domain, filled = _INTO.get(kind, {}), "", "", False
    ends: dict[int, list[str]] = {_TAKES: [], _GIVES: []}
    for number, value in _fields(message):
        if kind == "tensor" and number in (_WHOLE, _RAW):
            filled |= bool(value) if isinstance(value, int) else bool(bytes(value).strip(b"\0"))
        if kind == "tensor" and (number == _ELSEWHERE or (number == _LOCATION and value == 1)):
            found.external = True
        elif isinstance(value, int):
            continue
        elif kind == "node" and number in ends:
            ends[number].append(bytes(value).decode("utf-8", "replace"))
        elif (kind, number) in (("node", _OPERATOR), ("tensor", _NAME)):
            name = bytes(value).decode("utf-8", "replace")
        elif kind == "node" and number == _DOMAIN:
            domain = bytes(value).decode("utf-8", "replace")
        elif number in into:
            filled |= _walk(value, into[number], found, depth + 1)
    if kind == "tensor":
        if not filled:
            found.nothing.add(name)
    elif name:
        if name == "Constant" and not filled:
            found.nothing.update(ends[_GIVES])
        if name == "Dropout" and len(ends[_TAKES]) > _TRAINS and ends[_TAKES][_TRAINS]:
            found.trains.add(ends[_TAKES][_TRAINS])
        found.operators.add(name if domain in ("", "ai.onnx") else f"{domain}::{name}")
    return filled


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field: a whole number, or the bytes."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"a field of kind {wire}")
        if at + size > end or not number:
            raise ValueError("a field that goes beyond its message")
        if wire == 2:
            yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a number that does not end")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
