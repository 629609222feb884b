"""Columns normalised each by statistics of its own: what of their differences needs no common size of command and measurement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from .difference import Difference
from .hands import STRAY
from .table import Group, RecordedChannel

# reasons that tell in which order, in whose column and which way something moved, or that it stood, and nothing of how far
WITHOUT_SIZE = (
    "held", "held_value", "reordered", "repeated", "cut", "mirrored", "copied", "measurement_as_command", "uncommanded",
    "padded", "padded_begin",
)  # fmt: skip
# reasons of time that play, friction and sag give as well to a single joint that hardly moves, once its way is stretched to that of others
OF_SEVERAL, SEVERAL = ("lag", "straight", "rate", "blocked"), 3


def without_sizes(groups: Sequence[Group], found: Iterable[Difference]) -> list[Difference]:
    """The differences, without those that tell by how much a column that was normalised is off: a gain, an offset, a reach."""
    own = {c.name: c for group in groups if group.own_scales for c in group.channels}
    kept = (d for d in found if not own.keys() & set(d.channels) or _needs_no_size(d, own))
    return [_as_stray(d) if own.keys() & set(d.channels) else d for d in kept]


def _as_stray(one: Difference) -> Difference:
    """One row alone that is elsewhere is a stray one: the size of a turn, or of a factor, is there by chance."""
    return replace(one, name="single_row", numbers={}) if one.first == one.last and not one.of_all_columns else one


def _needs_no_size(one: Difference, own: Mapping[str, RecordedChannel]) -> bool:
    if one.name == "single_row" or (one.first == one.last and not one.of_all_columns):  # held against all of its own way
        return any(one.kind in own[name].columns and one.size >= STRAY * own[name].goes(one.kind) for name in one.channels if name in own)
    if one.name in OF_SEVERAL:
        return len(one.channels) >= SEVERAL or (one.name == "lag" and one.last - one.first == one.rows - 1)
    return one.of_all_columns or one.name in WITHOUT_SIZE
