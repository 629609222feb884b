"""Columns that were normalised, each by statistics of its own: what of their differences needs no common size of command and measurement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .difference import Difference
from .table import Group

# reasons that tell when, in which order, in whose column and which way something moved, and nothing of how far
WITHOUT_SIZE = frozenset(
    ("lag", "held", "held_value", "straight", "reordered", "repeated", "rate", "cut", "single_row", "mirrored", "copied")
    + ("measurement_as_command", "uncommanded", "blocked", "padded", "padded_begin")
)  # fmt: skip


def without_sizes(groups: Sequence[Group], found: Iterable[Difference]) -> list[Difference]:
    """The differences, without those that tell by how much a column that was normalised is off: a gain, an offset, a reach."""
    own = {c.name for group in groups if group.own_scales for c in group.channels}
    return [d for d in found if d.of_all_columns or d.name in WITHOUT_SIZE or not own & set(d.channels)]
