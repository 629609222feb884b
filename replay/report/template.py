"""Sentences with gaps: `str.format` with words of our own for how a field is written.

Format words: ``n`` three figures, ``u`` number with the finding's unit, ``pct`` share as percent, ``s``, ``ms``,
``deg`` and ``rad`` (from rad), ``mm`` (from m); ``full``, ``plain`` and ``ids`` for how a thing is called. A part
between ``[[`` and ``]]`` is left out when one of its fields is missing, so that a sentence shortens instead of showing a gap.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any, Protocol

from .numerals import MISSING, OwnUnit, number, percent, quantity, seconds

_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
# what English texts count, after the number: of one it is called without its s
_COUNTED = re.compile(
    r"\{(\w+)(?::n)?\} (?:such |more |clean |other )?"
    r"(?:takes|recordings|demonstrations|episodes|sets|runs|operators|values|samples|rows|frames|columns|elements|pictures|messages|"
    r"commands|joints|steps|draws|copies|starts|times|places|sentences|cells|openings|changes|lines|words)\b"
)
WRITTEN: dict[str, Callable[[Any], str]] = {  # by format word, of numbers
    "": number,
    "n": number,
    "rad": lambda value: quantity(value, "rad"),
    "pct": percent,
    "s": seconds,
    "ms": lambda value: f"{number(1000.0 * value)} ms",
    "mm": lambda value: f"{number(1000.0 * value)} mm",
    "deg": lambda value: f"{number(round(math.degrees(value), 1))}°",
}


class Naming(Protocol):
    """What a template asks of a language: how things are called, and how they are listed."""

    def name(self, subject: Any, how: str = "full") -> str: ...

    def join(self, items: Iterable[str]) -> str: ...


class Template(Formatter):
    """``str.format`` with the format words of this module; a field that is missing shows as ``?`` and never raises."""

    def __init__(self, words: Naming, unit: str | OwnUnit | None) -> None:
        self.words, self.unit = words, unit

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(key) if isinstance(key, str) else None

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return MISSING
        if format_spec in ("full", "plain", "ids"):
            return self.words.name(value, format_spec)
        if isinstance(value, (list, tuple)):
            return self.words.join(str(item) for item in value)
        if isinstance(value, str):
            return value
        if format_spec == "u":
            return quantity(value, self.unit)
        if not format_spec and isinstance(value, dict):
            return str(value)
        written = WRITTEN.get(format_spec)
        return written(value) if written is not None else format(value, format_spec)

    def fill(self, template: str, context: Mapping[str, Any]) -> str:
        def one(match: re.Match[str]) -> str:
            count = context.get(match[1])
            single = match[0].removesuffix("s") if match[0][-3:] != "ies" else f"{match[0][:-3]}y"
            return single if isinstance(count, int | float) and count == 1 else match[0]

        template = _COUNTED.sub(one, template)

        def optional(match: re.Match[str]) -> str:
            fields = [name for _, name, _, _ in self.parse(match[1]) if name]
            given = all(context.get(name) not in (None, (), [], "") for name in fields)
            return self.vformat(match[1], (), context) if given else ""

        pieces, end = [], 0
        for match in _OPTIONAL.finditer(template):  # values are never parsed: a hostile name cannot become a template
            pieces += [self.vformat(template[end : match.start()], (), context), optional(match)]
            end = match.end()
        pieces.append(self.vformat(template[end:], (), context))
        text = "".join(pieces).strip()
        return re.sub(r"^[;；,，.。:：]\s*", "", text)


def needed_fields(template: str) -> list[str]:
    """The fields of a template that must be filled in."""
    return [name for _, name, _, _ in Formatter().parse(_OPTIONAL.sub("", template)) if name]
