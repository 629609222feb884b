"""The integrity stage: is the recording sound in itself? Nothing of a scene is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ....scenarios.draws.variation import MAX_REDRAWS, varied_by_seed
from ....version import __version__
from ...checks.claims import Today, plain_draw
from ...checks.integrity import check_integrity, stopped_signals
from ...formats.picture_samples import picture_samples_of
from ...recording.pictures import brightness_of
from ..explanation.changed_columns import changed_columns
from ..explanation.changed_commands import changed_in_seconds
from ..facts.results import Integrity, Subject


def integrity_stage(subject: Subject) -> Integrity:
    """What the recording says of itself held against the rest; its clocks, values, channels and pictures."""
    recording, context = subject.recording, subject.context
    actuated, actuators = subject.robot.actuated(subject)
    samples = list(picture_samples_of(recording))
    asked = (context.scene.name, context.scene.config.raw) if context.named == "command" else None
    findings = check_integrity(
        recording,
        context.limits,
        context.rules,
        actuated=actuated,
        samples=samples,
        actuators=actuators,
        described=subject.robot.described(subject),
        asked=asked,
        hands=context.embodiment.hand_ranges if context.embodiment is not None else None,
        as_played=lambda: _as_played(subject),
        today=lambda: _today(subject),
    )
    return Integrity(
        tuple(findings),
        dict(stopped_signals(findings, recording)),
        tuple(brightness_of(one) for one in samples if one.unreadable is None),
    )


def _today(subject: Subject) -> Today | None:
    """What the scene of an own episode tells of it today; None where another engine made it, by which a scene has another fingerprint.

    Another version may draw otherwise, and so may a scene that has changed.
    """
    episode, scene = subject.recording.episode, subject.made_in
    if episode is None or episode.engine != f"mujoco {mujoco.__version__}":
        return None
    same = scene.fingerprint == episode.fingerprint and episode.provenance.get("shiliu") == __version__
    drawn = varied_by_seed(scene, episode.seed, len(episode.draw["redraws"])) if same and plain_draw(episode, MAX_REDRAWS) else None
    return Today(scene.fingerprint, drawn)


def _as_played(subject: Subject) -> Mapping[str, Any] | None:
    """What of an own episode is otherwise than in its replay: nothing where it comes by all full states and makes every column again.
    To within rounding is enough for one that was made on another kind of machine. Where it does not come by them, each second is played
    by itself. None where no replay tells, or it is no number of a column."""
    episode, again = subject.recording.episode, subject.played_again
    if episode is None or again is None:
        return None
    if subject.follows is not None:
        return {}
    known = {k: state for k, state in episode.checkpoints.items() if k in again.checkpoints}
    comes_by = all(np.array_equal(state, again.checkpoints[k]) for k, state in known.items())
    if subject.made_again and comes_by:
        return {}
    if not known:
        return None
    if not comes_by:
        changed = changed_in_seconds(subject.made_in, subject.recording, subject.rollout_again, subject.between_states)
        return changed if changed is not None or not subject.made_again else {}
    record, played = {}, {}
    for name, theirs in episode.states.items():
        ours = again.states.get(name)
        if ours is not None and ours.dtype.kind == "f" and np.ndim(theirs) == 2 and ours.shape[1] == theirs.shape[1]:
            rows = min(len(ours), len(theirs))
            record[name], played[name] = np.asarray(theirs)[:rows], ours[:rows]
    if all(np.array_equal(record[name], played[name]) for name in record):
        return None
    features = {name: subject.made_in.schema.observations[name] for name in record}
    return changed_columns(record, played, features, episode.control_timestep, dict(zip(episode.action_names, episode.actions.T)))
