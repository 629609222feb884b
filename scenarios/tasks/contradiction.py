"""One word of a task sentence that does not fit what was done."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("no_task", "scenario", "object", "place", "source", "posture", "number", "action", "forbidden", "arm", "order")


@dataclass(frozen=True)
class Contradiction:
    """One word of a sentence that does not fit.

    Attributes:
        kind: of `KINDS`; word: as it is written.
        done: names of what was done instead: things (`tray.circle`), hands, numbers; empty where that is nothing.
        certain: whether the scenario knows that it is not so, if the word was read rightly; else it is only likely.
        drawn: whether it is what the scenario would have had if another value had been drawn: enough alone.
    """

    kind: str
    word: str
    done: tuple[str, ...] = ()
    certain: bool = False
    drawn: bool = False
