"""Where in a demonstration something can be put, and the shapes of motion that are put there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import Work

STILL = 1e-3  # rad, a joint that is commanded to move less is at rest
LEAD = 1.0  # s left alone at either end of a demonstration


def smooth(t: np.ndarray, t0: float, t1: float) -> np.ndarray:
    """A minimum-jerk step from 0 at t0 to 1 at t1 (Flash and Hogan 1985)."""
    s = np.clip((t - t0) / (t1 - t0), 0.0, 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2)


def segment(episode: SimEpisode, *words: str) -> tuple[float, float]:
    """Begin and end [s] of the first skill that begins with one of these words.

    Raises:
        EpisodeError: the demonstration has no such skill.
    """
    for one in episode.segments:
        if one["skill"].startswith(words):
            return float(one["t0"]), float(one["t1"])
    raise EpisodeError(
        f"this episode has no skill {' or '.join(words)}; it has {[s['skill'] for s in episode.segments]}."
    )


def carried(work: Work) -> tuple[float, float]:
    """Begin and end [s] of the first carry; where a thing is put without one, from then until the hand opens."""
    carries = any(one["skill"].startswith("carry") for one in work.clean.segments)
    t0, t1 = segment(work.clean, "carry" if carries else "put")
    dt = work.context.scene.control_timestep
    claws = work.actions[round(t0 / dt) : round(t1 / dt), [work.column(name) for name in work.context.scene.robot.hand_names]]
    opens = np.flatnonzero((claws < 0.95 * claws[0]).any(axis=1))
    return t0, t1 if carries or not len(opens) else t0 + dt * int(opens[0])


def at_rest(work: Work, names: Sequence[str], seconds: float, lead: float = LEAD) -> float:
    """A time from which on these joints are not commanded to move for so long, drawn among all such times.

    Raises:
        EpisodeError: they never rest for so long.
    """
    dt = work.context.scene.control_timestep
    x = work.actions[:, [work.column(name) for name in names]]
    moves = np.concatenate([[0], np.cumsum(np.abs(np.diff(x, axis=0)).max(axis=1) > STILL)])
    n, first = int(np.ceil(seconds / dt)), int(np.ceil(lead / dt))
    starts = np.arange(first, len(x) - n - first)
    free = starts[moves[starts + n] == moves[starts - 1]] if len(starts) else starts
    if not len(free):
        raise EpisodeError(f"{', '.join(names)} never rest for {seconds:g} s in this episode.")
    return float(work.rng.choice(free)) * dt


def spans(t: np.ndarray, violated: np.ndarray, worst: int | None = None) -> tuple[float, float]:
    """First and last moment [s] of a violation: of the run that holds row `worst`, or from the first run to the last.

    Args:
        t: (n,) s, evenly spaced; violated: (n,) bool, True somewhere.
    """
    rows = np.flatnonzero(violated)
    first, last = int(rows[0]), int(rows[-1])
    if worst is not None:
        first = last = worst
        while first > 0 and violated[first - 1]:
            first -= 1
        while last + 1 < len(violated) and violated[last + 1]:
            last += 1
    step = float(t[1] - t[0])
    return float(t[first]), float(t[last] + step)
