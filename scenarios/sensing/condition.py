"""What a step of the task asks, one condition at a time, so that a step that was missed can say by how much."""

from __future__ import annotations

from dataclasses import dataclass

from .predicate import Predicate


@dataclass(frozen=True)
class Condition:
    """One of the conditions that have to hold at once for a step.

    Attributes:
        word: of the YAML (`near`), or `any` where one of several is enough.
        about: what it names, in the order of the YAML (`bowl.base`, `oven.turntable`).
        bound: (SI) that its value is held against, None where only the margin has a meaning; more: whether the value has to
            be larger.
    """

    word: str
    about: tuple[str, ...]
    predicate: Predicate
    bound: float | None = None
    more: bool = False

    def value(self, margin: float) -> float | None:
        """What was measured, from the margin; None where there is no bound to count from."""
        return None if self.bound is None else self.bound + margin if self.more else self.bound - margin
