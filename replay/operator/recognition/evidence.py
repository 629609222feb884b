"""What speaks for a skill in a replay: its phases in order, and where it begins and ends.

A phase says what contradicts it: a trace that is 0 where nothing speaks against it and grows by one with each sign that does.
So a time that is labelled with a phase costs the seconds for which it is contradicted. Which words show how stands in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

IDLE = 0.3  # a hand that rests longer than a pause says little for its skill
PAUSE = 0.5  # s, a shorter stop is part of a motion
AFTER = 0.15  # of time past a skill's work, so that it ends at the first occasion


@dataclass(frozen=True)
class Step:
    """One link of a scenario's skill chain.

    Attributes:
        word: of the skill; arguments: name -> full name of the site, joint or body, number or word, as the skill reads it.
        written: name -> the argument as the YAML says it (`oven.handle`).
    """

    word: str
    arguments: Mapping[str, Any]
    written: Mapping[str, str]

    @property
    def hand(self) -> str | None:
        """The hand that the chain names; None where either will do."""
        hand = self.arguments.get("hand")
        return hand if hand in ("left", "right") else None


@dataclass(frozen=True)
class Phase:
    """A part of a skill.

    Attributes:
        name: for people.
        against: (n,) how much contradicts it at each control step.
        needed: whether the skill has not been done without it.
    """

    name: str
    against: np.ndarray
    needed: bool = False


@dataclass(frozen=True)
class Evidence:
    """How one skill, done by one hand, shows.

    Attributes:
        phases: in order.
        begins, ends: (n,) 0..1 how much speaks for its beginning and its end at each control step.
        unfinished: (n,) 0..1 how far it is from being done.
    """

    phases: tuple[Phase, ...]
    begins: np.ndarray
    ends: np.ndarray
    unfinished: np.ndarray


def shown(
    sets_off: np.ndarray,
    *phases: Phase,
    begins: np.ndarray | None = None,
    ends: np.ndarray | None = None,
    unfinished: np.ndarray | None = None,
) -> Evidence:
    """How a skill with these phases shows: it begins and ends as the hand sets off, and leaves nothing unfinished, but where given."""
    return Evidence(
        phases,
        sets_off if begins is None else begins,
        sets_off if ends is None else ends,
        np.zeros(len(sets_off)) if unfinished is None else unfinished,
    )


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 up to `low`, 1 from `high` on, straight between."""
    return np.clip((values - low) / (high - low), 0.0, 1.0)
