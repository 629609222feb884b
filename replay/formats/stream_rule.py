"""The rule of a mapping by which one stream comes out of a message, or out of the arrays of an episode."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class StreamRule:
    """One stream out of a message, or out of the arrays of an episode.

    Attributes:
        fields: dotted paths of numbers or arrays, or channels of an array format (`action[0:7]`); their values are laid
            side by side.
        names: element names; with `suffixes`, of the parts that have several values each. In array formats they may be
            left out for the names that stand in the container (`spelled_in`).
        role, quantity, unit, declared, frame, note: as in `Stream`.
        name: last part of the stream's name, or None where the stream carries the topic's own.
        each: dotted path of an array of messages on which `fields` are read.
        suffixes: names of the values of one element (of `each`, or of an array's second axis).
        spelled_in: dotted path of the names that the sender writes (in array formats the channel or list that is named
            in the container, with the same slices), or None.
        spellings: other lists that `spelled_in` may hold, in the order of `names`.
        else_names: of messages: names of other models of the robot, chosen by how many values the first message holds; beside
            `by_name`: other lists, of which the first is taken that the container names in full.
        placeholder: columns that are filled, but mean nothing: dicts of `publisher`, `names`, `note`; in array formats
            without publisher, and with the `value` that stands in every row, where it is one.
        optional: the stream is left out where the message type lacks the field, or its array is always empty.
        by_name: of array formats: of the field, the columns that the container calls by one of `names`, wherever they
            stand; all of them must be there.
        numbered: in array formats, the names where nothing gives any: this word, and with several elements its number behind.
        per: in array formats, the list of names in the container of the things that the fields hold side by side, each with
            the columns `suffixes`: each thing becomes a stream of its own. Where there is no such list, `numbered` names them.
    """

    fields: tuple[str, ...]
    names: tuple[str, ...]
    role: str
    quantity: str
    unit: str
    name: str | None = None
    declared: str | None = None
    frame: str | None = None
    note: str | None = None
    each: str | None = None
    suffixes: tuple[str, ...] = ()
    spelled_in: str | None = None
    spellings: tuple[tuple[str, ...], ...] = ()
    placeholder: tuple[dict[str, Any], ...] = ()
    optional: bool = False
    by_name: bool = False
    numbered: str | None = None
    per: str | None = None
    else_names: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns in the mapping's order."""
        return self.named(self.names)

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """Column names of elements with these names: each once, or once for every suffix."""
        return tuple(f"{name}.{suffix}" for name in names for suffix in self.suffixes) or tuple(names)
