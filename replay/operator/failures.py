"""Where demonstrations ended that failed, and why: one by one, and counted by skill and reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..recording.recording import SimEpisode
from .tries import numbered
from .words.reason import gave_up_of

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Ending:
    """The last skill of a demonstration that failed.

    Attributes:
        skill: what it is called in its chain, `place 1`; number: its place there, counted from 1; of: how many there are.
        done: whether it was the last and had come to its end: then the task was missed somewhere before it.
        gave_up: why it could not be done, as `words.reason.gave_up_of`; None where it was done badly.
    """

    skill: str
    number: int
    of: int
    done: bool
    gave_up: Mapping[str, Any] | None


def ending_of(episode: SimEpisode, words: Sequence[str]) -> Ending | None:
    """Where it ended; None where it succeeded or no skill began.

    Args:
        words: of the skills of its chain, in order.
    """
    if episode.label["success"] or not episode.segments:
        return None
    done_so_far, gave_up = [str(segment["skill"]) for segment in episode.segments], gave_up_of(episode.provenance)
    number = _last(words, done_so_far) or len(done_so_far)
    chain = list(words) if len(words) >= number else done_so_far
    done = number == len(chain) and gave_up is None and float(episode.segments[-1]["t1"]) < episode.duration_s - 1e-9
    return Ending(numbered(chain)[number - 1], number, len(chain), done, gave_up)


def _last(chain: Sequence[str], done: Sequence[str]) -> int:
    """Which skill of a chain, counted from 1, was the last, where some may have been left out; 0 where they are none of its."""
    at = 0
    for word in done:
        at = next((i for i, one in enumerate(chain[at:], at + 1) if one == word), 0)
        if not at:
            return 0
    return at


def counted(failures: Iterable[tuple[str, str, str | None]]) -> list[tuple[int, str, str, str | None]]:
    """How often, the skill, the code, and the reason: the most frequent first.

    Args:
        failures: of each that failed, its code, the skill in which it ended, and the reason where it gave up. What gave up is counted
            by its reason alone, with the numbers left out, so that one fault is counted as one.
    """
    counts = Counter(
        (skill, code, None) if reason is None else (skill, "", _NUMBER.sub("…", reason))
        for code, skill, reason in failures
    )
    rows = [(count, *key) for key, count in counts.items()]
    return sorted(rows, key=lambda row: (-row[0], row[1], row[2], row[3] or ""))


def table_of(failures: Iterable[tuple[str, str, str | None]]) -> dict[str, int]:
    """`replay.goal:served in place 1`, `gave up in grasp: can.middle is … mm beyond the left arm's reach` -> how often."""
    return {
        f"{code} in {skill}" if reason is None else f"gave up in {skill}: {reason}": count
        for count, skill, code, reason in counted(failures)
    }
