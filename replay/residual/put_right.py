"""Columns that were found to be wrong as a whole or in a part, and put right before the others are asked."""

from __future__ import annotations

from dataclasses import dataclass

from .difference import Difference
from .table import Group


@dataclass(frozen=True)
class PutRight:
    """What was wrong with a group, and the group without it.

    Attributes:
        difference: for the report; group: with the columns put right.
        seams: rows (first, last) in which what was put right meets the rest, and nothing else is to be asked.
    """

    difference: Difference
    group: Group
    seams: tuple[tuple[int, int], ...] = ()
