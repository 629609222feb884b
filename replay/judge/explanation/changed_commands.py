"""Commands of an own episode that were changed after it was recorded: what its full states and measurements answered is known, and so each
change is seen as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ....scenarios.scene.scene import Scene
from ....scenarios.scene.schema import Feature
from ...checks.witnesses import SHOWN
from ...recording.recording import Recording
from ...residual.case import Case, way_of
from ...residual.full_states import states_beside
from ...residual.hypotheses import Explanation, best
from ...rollout.between_states import BetweenStates
from ...rollout.each_second import PlayedSeconds, each_second
from ...rollout.restored_commands import RestoredSecond, least_of, restored_commands
from ...rollout.rollout import Rollout
from .changed_columns import ENOUGH, changed_columns, fields_of, is_with

FINE = 1e-5  # noise of a command that was found by what the robot did, in its own unit
WITHIN = 1.0  # s, by which a command that nothing answers may be early or late: full states are a second apart
STATE, ACTION = "observation.state", "action"


# of each recording what was found in a scene: stages ask for it more than once, and takes of a set come in turns
_FOUND: WeakKeyDictionary[Recording, tuple[Scene, Mapping[str, Any] | None]] = WeakKeyDictionary()


def changed_in_seconds(
    scene: Scene, recording: Recording, again: Rollout | None, between: BetweenStates | None = None
) -> Mapping[str, Any] | None:
    """What of an own episode is otherwise than its full states say, as `changed_columns` tells it: its commands, else its columns in
    seconds whose commands are right. None where neither is found, or rows are not those of the states.

    Args:
        again: what its commands do from its start; between: from each full state to the next one, where bits are others for the machine.
    """
    if again is None:
        return None
    known = _FOUND.get(recording)
    if known is None or known[0] is not scene:
        known = _FOUND[recording] = scene, _sought(scene, recording, again, between)
    return known[1]


def _sought(scene: Scene, recording: Recording, again: Rollout, between: BetweenStates | None) -> Mapping[str, Any] | None:
    episode = recording.episode
    if episode is None or states_beside(recording).moved is not None:
        return None
    played = each_second(scene, episode, again) if between is None else between.played
    if played is None:
        return None
    measured = {}
    if STATE in episode.states and STATE in scene.schema.observations:
        measured = dict(zip(scene.schema.observations[STATE].names, np.asarray(episode.states[STATE], float).T))
    commands = changed_commands(restored_commands(played), episode.actions, scene.schema.action, measured, scene.control_timestep)
    columns = _changed_where_known(played)
    if commands is None:
        return columns
    return commands if columns is None else commands | {"besides": columns["subject"], "besides_in": columns["feature"]}


def _changed_where_known(played: PlayedSeconds) -> dict[str, Any] | None:
    episode, scene = played.episode, played.scene
    record, again = {}, {}
    for name, ours in played.rows.items():
        theirs = np.asarray(episode.states[name])
        if ours.dtype.kind == "f" and theirs.ndim == 2 and ours.shape == theirs.shape:
            record[name], again[name] = theirs, np.where(played.known[:, None], ours, theirs)
    if all(np.array_equal(record[name], again[name]) for name in record):
        return None
    features = {name: scene.schema.observations[name] for name in record}
    return changed_columns(record, again, features, scene.control_timestep, dict(zip(episode.action_names, episode.actions.T)))


def changed_commands(
    found: Sequence[RestoredSecond], recorded: np.ndarray, action: Feature, measured: Mapping[str, np.ndarray], dt: float
) -> dict[str, Any] | None:
    """Which commands are others than those that an episode was made by, in which rows, and what happened to them.

    Args:
        found: seconds with the commands that they were made by; recorded: (T, nu) commands; action: what they are.
        measured: joint -> (T+1,) as recorded, which may have been written for its command; dt: [s].

    Returns:
        As `changed_columns`; None where no command is another one.
    """
    truth = np.asarray(recorded, float).copy()
    for one in found:
        truth[one.second.begin : one.second.begin + one.second.n] = one.commands
    least = least_of(action)
    unlike = np.abs(truth - recorded) > least
    if not unlike.any():
        return None
    columns = np.flatnonzero(unlike.any(axis=0))
    unseen = np.any([one.unseen for one in found], axis=0)
    if unseen[columns].all():
        return _unseen(recorded, truth, unlike, columns, action, dt)
    columns = columns[~unseen[columns]]
    rows = np.flatnonzero(unlike[:, columns].any(axis=1))
    within = _at_once(found, int(rows[0]))
    cases = {}
    for j in map(int, columns):
        there = np.flatnonzero(unlike[:within, j])
        if len(there):
            others = {name: truth[:, i] for i, name in enumerate(action.names) if i != j and action.unit[i] == action.unit[j]}
            partner = measured.get(action.names[j])
            partner = None if partner is None else partner[: len(truth)]
            x = np.asarray(recorded[:, j], float)
            way, angle = way_of(action.unit[j], x), action.unit[j] == "rad"
            cases[j] = Case(x, truth[:, j], int(there[0]), int(there[-1]), dt, FINE, others, partner, way, angle)
    sizes = {j: float(np.abs(truth[:, j] - recorded[:, j]).max() / least[j]) for j in map(int, columns)}
    order = sorted(sizes, key=lambda j: -sizes[j])
    worst = next(j for j in order if j in cases)
    cases = {j: case for j, case in cases.items() if is_with(case, cases[worst])}
    why = best(*cases.values(), enough=ENOUGH) or best(cases[worst], enough=ENOUGH)
    return _as_fields(order, rows, truth, recorded, action, dt, why)


def _as_fields(
    order: Sequence[int], rows: np.ndarray, truth: np.ndarray, recorded: np.ndarray, action: Feature, dt: float, why: Explanation | None
) -> dict[str, Any]:
    lead = order[0]
    size = float(np.abs(truth[:, lead] - recorded[:, lead]).max())
    more = {} if why is None else {"explained": why.explained, **why.numbers}
    subject = tuple(action.names[j] for j in order[:SHOWN])
    unit, cause = action.unit[lead], "unknown" if why is None else why.name
    return fields_of(subject, rows, size, unit, len(recorded), dt, ACTION, "command", cause, more)


def _unseen(
    recorded: np.ndarray, truth: np.ndarray, unlike: np.ndarray, columns: np.ndarray, action: Feature, dt: float
) -> dict[str, Any]:
    """Of commands that nothing measured answers: the state at a whole second tells one row. One that steps between values, and has the
    value there that it should have before or behind its step, was written earlier or later; if it has it before and behind, it stood at
    another value in between. Of any other nothing but that row is known."""
    wrong = {int(j): np.flatnonzero(unlike[:, j]) for j in columns}
    spans = [_to_steps(recorded[:, j], truth[there[0], j], there[0], there[-1], round(WITHIN / dt)) for j, there in wrong.items()]
    rows = np.unique(np.concatenate([*wrong.values(), *(span[:2] for span in spans if span is not None)]))
    late = [0 if span is None else span[2] for span in spans]
    most, why = max(late, key=abs), None
    if all(late):
        why = Explanation("lag", "time", 1.0, {"rows": float(most), "late": most * dt}, 1.0)
    elif all(spans) and not any(late):
        level = float(recorded[wrong[int(columns[0])][0], columns[0]])
        why = Explanation("held_value", "values", 1.0, {"level": level}, 1.0)
    return _as_fields(list(wrong), rows, truth, recorded, action, dt, why)


def _to_steps(x: np.ndarray, truth: float, first: int, last: int, most: int) -> tuple[int, int, int] | None:
    """First and last row about first..last in which a column (n,) has one other value than the true one, which it has `most` rows at most
    before them (it steps too early, by so many rows at the least, negative), behind them (too late), or before and behind (zero). None
    where it has more than one other value, or no other row has it."""
    if (x == x[first]).sum() < most or np.ptp(x[first : last + 1]):  # it is on the way between two values
        return None
    before, behind = (np.flatnonzero(x[rows] == truth) for rows in (slice(max(first - most, 0), first), slice(last + 1, last + 1 + most)))
    begin = max(first - most, 0) + int(before[-1]) + 1 if len(before) else first
    end = last + int(behind[0]) if len(behind) else last
    if len(before) and len(behind):
        return begin, end, 0
    return (begin, end, end - first + 1 if len(behind) else begin - last - 1) if len(before) or len(behind) else None


def _at_once(found: Sequence[RestoredSecond], first: int) -> int:
    """The row behind the seconds that are known one after the other, from the one of row `first` on."""
    ends = [one.second.begin + one.second.n for one in found if one.second.begin + one.second.n > first]
    begins = [one.second.begin for one in found if one.second.begin + one.second.n > first]
    joined = takewhile(lambda pair: pair[0] == pair[1], zip(begins[1:], ends))
    return ends[len(list(joined))]
