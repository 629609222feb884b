"""Bounds of an MJCF that anybody has written, asked before the engine builds what a few words of it can grow into."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ...scenarios.sheet.errors import ScenarioError, odd_kind, printable

MAX_BYTES = 64 << 20  # of a file; the largest model here has some hundred KB
MAX_FILES = 200  # that include one another
MAX_HEIGHTS = 4 << 20  # points of a height field: 2048 x 2048, on 20 m a centimetre apart
MAX_TEXELS = 64 << 20  # of a texture: 8192 x 8192
MAX_COPIES = 100_000  # bodies, or points of something soft, that one element makes; elements of a model; numbers beside each of its things
_PNG = b"\x89PNG\r\n\x1a\n"


def refuse_huge(file: Path) -> None:
    """Refuse a model of which the engine would make more than any robot or scene has.

    Raises:
        ScenarioError: with the file and the element. What is no XML is left to the engine, which says where.
    """
    for count, (path, element, copies) in enumerate(_elements(file)):
        if count > MAX_COPIES:
            raise ScenarioError(f"This has more than {MAX_COPIES} elements. No model has.", file=str(path), field="model")
        for place in _places(path, element):
            if (odd := odd_kind(place)) is not None:  # the engine would wait for a pipe
                raise ScenarioError(f"{printable(place)} {odd}", file=str(path), field="model")
        size, most, what = _size(path, element, copies)
        if size > most:
            name = element.get("name")
            raise ScenarioError(
                f"<{element.tag}>{f' {name!r}' if name else ''} makes {size:.3g} {what}, and {most} are the most. Make it smaller.",
                file=str(path),
                field="model",
            )


def _elements(file: Path) -> Iterator[tuple[Path, ElementTree.Element, float]]:
    """Every element of a file and of those that it names, and how often what stands in it is there."""
    queue, seen = [file], set()
    while queue:
        path = queue.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            if not path.is_file():
                continue
            if path.stat().st_size > MAX_BYTES or len(seen) > MAX_FILES:
                raise ScenarioError(
                    f"This is larger than {MAX_BYTES >> 20} MiB, or one of more than {MAX_FILES} files. No model is.",
                    file=str(path),
                    field="model",
                )
            root = ElementTree.parse(path).getroot()
        except (OSError, ElementTree.ParseError, UnicodeError, ValueError):
            continue
        stack = [(root, 1.0)]
        while stack:
            element, copies = stack.pop()
            if element.tag == "replicate":
                copies *= max(1.0, _product(element, "count"))
            yield path, element, copies
            stack += [(inner, copies) for inner in element]
            if element.tag in ("include", "model") and element.get("file"):
                queue += {path.parent / element.get("file", ""), file.parent / element.get("file", "")}


def _size(path: Path, element: ElementTree.Element, copies: float) -> tuple[float, int, str]:
    """How much an element makes, how much of that is the most, and what it is."""
    if element.tag == "hfield":
        own = _product(element, "nrow") * _product(element, "ncol")
        return max(own, _of_file(path, element)), MAX_HEIGHTS, "heights"
    if element.tag == "texture":
        own = _product(element, "width") * max(1.0, _product(element, "height"))
        return max(own, _of_file(path, element)), MAX_TEXELS, "pixels"
    if element.tag == "replicate":
        return copies, MAX_COPIES, "copies"
    if element.tag == "size":
        beside = [_product(element, key) for key in element.keys() if key.startswith(("nuser", "nkey"))]
        return max(beside, default=0.0), MAX_COPIES, "numbers"
    if element.tag == "mesh" and element.get("builtin"):
        return max(_numbers(element, "params"), default=0.0) ** 2, MAX_HEIGHTS, "corners"
    if element.tag in ("flexcomp", "composite"):
        return copies * _product(element, "count"), MAX_COPIES, "points"
    return 0.0, 0, ""


def _product(element: ElementTree.Element, key: str) -> float:
    """The product of the numbers of an attribute; 0 where there is none."""
    numbers = _numbers(element, key)
    return math.prod(numbers) if numbers and all(number >= 0 for number in numbers) else 0.0


def _numbers(element: ElementTree.Element, key: str) -> list[float]:
    try:
        return [float(word) for word in element.get(key, "").split()]
    except ValueError:
        return []  # the engine says what is wrong with it


def _places(path: Path, element: ElementTree.Element) -> tuple[Path, ...]:
    """Where a file that an element names may lie."""
    name = element.get("file")
    return (path.parent / name, *path.parent.glob(f"*/{Path(name).name}")) if name else ()


def _of_file(path: Path, element: ElementTree.Element) -> float:
    """Points of the picture that a height field or texture is read from, by the head of the file."""
    for place in _places(path, element):
        try:
            with place.open("rb") as file:
                head = file.read(24)
        except OSError:
            continue
        if head.startswith(_PNG) and len(head) == 24:
            width, height = struct.unpack(">II", head[16:24])
            return float(width * height)
        if element.tag == "hfield" and len(head) >= 8:
            rows, columns = struct.unpack("<ii", head[:8])
            return float(max(rows, 0) * max(columns, 0))
    return 0.0
