"""Words of a stain that is wiped off: cleaned, rubbed, smeared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..reading.names import Names
from ..sensing.predicate import Interval, Values
from ..sensing.reaction import memory
from ..sensing.requests import Asks, Readings, Request, Row
from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node
from .word import FORCE as NEWTONS
from .word import SHARE, Word, Words, made, quantity

# what a stain keeps: area that is dirty now and was at the start [m2], time for which it was rubbed [s], force over that time
# [N s], area that was clean and was made dirty [m2]
LEFT, TOTAL, RUBBED, FORCE, SPREAD = "left", "total", "rubbed", "force", "spread"
TINY = 1e-9  # in place of zero, where nothing is divided by it
STRIPE = ("stripe_x", "stripe_from", "stripe_to", "stripe_cells")


def memory_name(stain: str, word: str) -> str:
    """Name of the memory that keeps one number of a stain."""
    return f"stain {stain} {word}"


def kept(stain: str, word: str) -> Request:
    """The sensor of that memory."""
    return memory(memory_name(stain, word))


@dataclass(frozen=True)
class Cleaned(Asks):
    """So large a share of what was dirty at the start is clean.

    Attributes:
        stripe: where most is left: x of the row [m], y from and to [m], cells.
    """

    left: Request
    total: Request
    at_least: float
    stripe: tuple[Request, ...]
    unit: str = "%"

    def margin(self, readings: Readings | Row) -> Values:
        # before the first control step no memory has been read: nothing is clean then
        total, left = readings.first(self.total), readings.first(self.left)
        if type(total) is float:
            return (1.0 - left / total if total > 0 else 0.0) - self.at_least
        return np.where(total > 0, 1.0 - left / np.maximum(total, TINY), 0.0) - self.at_least


@dataclass(frozen=True)
class Rubbed(Asks):
    """The mean force [N] with which a cloth was rubbed so far lies between two bounds; not before it was rubbed at all."""

    rubbed: Request
    force: Request
    low: float
    high: float
    unit: str = "N"

    def mean(self, readings: Readings | Row) -> Values:
        """(...,) [N] zero where it was not rubbed."""
        return _ratio(readings.first(self.force), readings.first(self.rubbed))

    def intervals(self) -> tuple[Interval, ...]:
        return (Interval(("force of rubbing", self.force), self.low, self.high),)

    def margin(self, readings: Readings | Row) -> Values:
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return half - abs(self.mean(readings) - middle)


@dataclass(frozen=True)
class Smeared(Asks):
    """So much that was clean was made dirty, as a share of what was dirty at the start."""

    spread: Request
    total: Request
    more_than: float
    unit: str = "%"

    def margin(self, readings: Readings | Row) -> Values:
        return _ratio(readings.first(self.spread), readings.first(self.total)) - self.more_than


def _ratio(part: Values, whole: Values) -> Values:
    """(...,) one through the other, zero where the other is."""
    if type(whole) is float:
        return part / whole if whole > 0 else 0.0
    return np.where(whole > 0, part / np.maximum(whole, TINY), 0.0)


def _stain(node: Node, names: Names) -> str | None:
    stain = node.word()
    if stain in names.stains:
        return stain
    if stain:
        node.note(f"{stain!r} is no stain of this scenario.{nearest(stain, list(names.stains))}")
    return None


def _cleaned(stain: str, share: float) -> Cleaned:
    return Cleaned(kept(stain, LEFT), kept(stain, TOTAL), share, tuple(kept(stain, word) for word in STRIPE))


def _rubbed(stain: str, low: float, high: float) -> Rubbed:
    return Rubbed(kept(stain, RUBBED), kept(stain, FORCE), low, high)


def _smeared(stain: str, share: float) -> Smeared:
    return Smeared(kept(stain, SPREAD), kept(stain, TOTAL), share)


WORDS: Words = {
    "cleaned": Word(made(_cleaned, of=_stain, at_least=SHARE), "share cleaned", "已擦净的比例"),
    "rubbed": Word(made(_rubbed, of=_stain, above=NEWTONS, below=NEWTONS), "mean force of rubbing", "擦拭的平均力"),
    "smeared": Word(made(_smeared, of=_stain, more_than=quantity("share")), "share smeared", "抹开的比例"),
}
