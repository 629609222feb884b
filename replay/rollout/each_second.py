"""An own episode played again from each of its full states to the next one, so that every second is known by itself.

Where the next full state follows to the bit, the commands of that second are those that it was made by, whatever came before it. What
else is recorded there can be held against the play, row by row. In the other seconds the commands are other ones: `restored_commands`
finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import mujoco
import numpy as np

from ...scenarios.draws.variation import STATE, Draw
from ...scenarios.scene.scene import Scene
from ...scenarios.stepping.simulation import Simulation
from ..recording.recording import SimEpisode
from .observers import FullStates, Observations
from .rollout import AT_ONCE, Mark, Observer, RecordedPolicy, Rollout, roll_out

CTRL = mujoco.mjtState.mjSTATE_CTRL


class Second(NamedTuple):
    """A stretch between two full states: `begin`, a control step, `n` steps; the states (nstate,) before and behind it."""

    begin: int
    n: int
    state: np.ndarray
    end: np.ndarray


@dataclass(frozen=True, eq=False)
class PlayedSeconds:
    """What an episode comes to where each second is begun at its own full state.

    Attributes:
        rows: feature -> (T+1, k) float32 as played; known: (T+1,) rows in which they are what the robot did.
        other: seconds that do not come to the next full state.
    """

    scene: Scene
    episode: SimEpisode
    draw: Draw
    rows: dict[str, np.ndarray]
    known: np.ndarray
    other: tuple[Second, ...]


def each_second(scene: Scene, episode: SimEpisode, again: Rollout | None) -> PlayedSeconds | None:
    """An own episode, second by second; None where nothing tells: over a link, on legs, of another engine or scene, without full
    states, or where none is come to.

    Args:
        again: the whole episode played from its start, with full states: as far as it comes by those of the record, it is not played anew.
    """
    kept = episode.checkpoints
    if again is None or not plays_alone(scene, episode) or episode.fingerprint != scene.fingerprint:
        return None
    steps = [k for k in sorted({0, *kept}) if k <= episode.n_steps]
    states = {k: episode.start_state if k == 0 else kept[k] for k in steps}
    if any(state.shape != episode.start_state.shape for state in states.values()) or len(again.actions) != episode.n_steps:
        return None
    rows = {name: values.copy() for name, values in again.observations.items() if name in episode.states}
    known = np.zeros(episode.n_steps + 1, bool)
    seconds = [Second(a, b - a, states[a], states[b]) for a, b in pairwise(steps)]
    last = Second(steps[-1], episode.n_steps - steps[-1], states[steps[-1]], np.empty(0))
    as_before = [_is_in(again, one.begin, one.state) and _is_in(again, one.begin + one.n, one.end) for one in seconds]
    for one in (one for one, same in zip(seconds, as_before) if same):
        known[one.begin + 1 : one.begin + one.n + 1] = True
    rest = [one for one, same in zip(seconds, as_before) if not same]
    if last.n and not (rest and rest[-1].begin + rest[-1].n == last.begin) and _is_in(again, last.begin, last.state):
        known[last.begin + 1 :] = True
    elif last.n:
        rest.append(last)
    other: list[Second] = []
    for one, played in zip(rest, play_seconds(scene, again.draw, rest, [_actions(episode, one) for one in rest])):
        here = slice(one.begin + 1, one.begin + one.n + 1)
        for name, values in rows.items():
            values[here] = played.observations[name][1 : one.n + 1]
        if len(one.end):
            known[here] = np.array_equal(played.states[one.n], one.end)
            other += [] if known[here].all() else [one]
        else:  # behind the last full state only the rows themselves tell
            known[here] = all(np.array_equal(rows[name][here], episode.states[name][here]) for name in rows)
    known[0] = known[1]  # a start that does not lead on may be another one than the episode was made from
    return PlayedSeconds(scene, episode, again.draw, rows, known, tuple(other)) if known[1:].any() else None


def plays_alone(scene: Scene, episode: SimEpisode) -> bool:
    """Whether a second that is played by itself, and comes to another end, tells of its commands: not over a link or on legs, which
    remember more than a full state, and not in another engine."""
    return episode.engine == f"mujoco {mujoco.__version__}" and scene.config.link.local and scene.robot.policy is None


def play_seconds(scene: Scene, draw: Draw, seconds: Sequence[Second], actions: Sequence[np.ndarray], each: bool = False) -> list[Rollout]:
    """Stretches from their own states, with observations and the full state at the end of each (at every step: `each`)."""
    at_start = Simulation(scene)
    at_start.begin([draw])
    own, none = at_start.save(), scene.course.begin(1)  # rules may read where things stood when the episode began
    out: list[Rollout] = []
    for begin in range(0, len(seconds), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        marks = [Mark(0, one.state, own.trace, own.start, none, {}) for one in seconds[part]]
        longest = max(len(one) for one in actions[part])
        states = [range(len(one) + 1) if each else [len(one)] for one in actions[part]]
        observers: list[Observer] = [Observations(scene, len(marks), longest), FullStates.at(states)]
        rows = RecordedPolicy([np.asarray(one, np.float32) for one in actions[part]])
        out += roll_out(scene, [draw] * len(marks), rows, observers, begin=marks)
    return out


def commands_in(scene: Scene, model: mujoco.MjModel, state: np.ndarray) -> np.ndarray:
    """(nu,) what a full state holds of the command of the step before it."""
    out = np.empty(mujoco.mj_stateSize(model, CTRL))
    mujoco.mj_extractState(model, state, STATE, out, CTRL)
    commands: np.ndarray = out[: scene.n_actions]
    return commands


def _actions(episode: SimEpisode, one: Second) -> np.ndarray:
    return episode.actions[one.begin : one.begin + one.n]


def _is_in(again: Rollout, step: int, state: np.ndarray) -> bool:
    """Whether a rollout came by a full state, to the bit."""
    theirs = again.draw.start_state if step == 0 else again.states.get(step)
    return theirs is not None and np.array_equal(theirs, state)
