"""Objects of the replay against the poses that a recording has of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...checks.finding import Finding
from ...checks.object_divergence import check_apart
from ...recording.features import ENVIRONMENT
from ...recording.recording import Stream
from ...signals.clock import origin_ns, seconds
from .recorded_poses import AXES, TURN, object_streams, things_of
from .results import Rollouts, Subject

BEGINS = 0.005  # m, so near to its recorded position a thing begins there


def check_diverged(subject: Subject, rollouts: Rollouts) -> list[Finding]:
    """`object.diverged` of a replay; an own episode is held against its whole record by `reproduces`.

    Of a likely start only what was put where it was recorded is compared.
    """
    scene, rule, recording = subject.scene, subject.rules["object.diverged"], subject.recording
    if recording.episode is not None:
        elsewhere = subject.context.made_in is not None
        return [rule.not_applicable("played_elsewhere" if elsewhere else "covered_by_reproduces")]
    things = things_of(scene)
    if not things:
        return [rule.not_applicable("no_objects")]
    recorded = object_streams(recording, things)
    if not recorded:
        return [rule.not_applicable("no_object_poses")]
    recorded = {thing: where for thing, where in recorded.items() if rollouts.known or thing in rollouts.plan.stood}
    if not recorded:
        return [rule.not_checked("unknown_start")]
    grid, apart, names = distances(subject, rollouts, recorded)
    begins = [_begins(name, recorded[name][0], apart[:, j]) for j, name in enumerate(names)]
    if not any(begins):
        return [rule.not_checked("no_orientations", subject=names)]
    return check_apart(grid, apart[:, begins], [name for name, one in zip(names, begins) if one], subject.rules)


def _begins(thing: str, stream: Stream, apart: np.ndarray) -> bool:
    """Whether a thing begins where it was recorded: not where only its position was, which is not used as the start."""
    return f"{thing}.{TURN[0]}" in stream.names or not apart[0] > BEGINS


def distances(
    subject: Subject, rollouts: Rollouts, recorded: Mapping[str, tuple[Stream, list[int]]]
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """(m,) seconds of the replay and (m, k) how far things are from where they were recorded [m], NaN where that is not known.

    Args:
        recorded: as `object_streams` tells it.
    """
    scene, played = subject.scene, rollouts.shown
    assert played is not None
    names = scene.schema.observations[ENVIRONMENT].names
    grid = np.arange(len(played.qpos)) * scene.control_timestep
    apart = np.full((len(grid), len(recorded)), np.nan)
    for j, (thing, (stream, columns)) in enumerate(recorded.items()):
        t = seconds(stream, origin_ns(subject.recording)) - rollouts.offset
        order = np.argsort(t, kind="stable")
        theirs = np.stack([np.interp(grid, t[order], stream.values[order, c], np.nan, np.nan) for c in columns], axis=1)
        ours = played.observations[ENVIRONMENT][:, [names.index(f"{thing}.{axis}") for axis in AXES]]
        apart[:, j] = np.linalg.norm(ours - theirs, axis=1)
    return grid, apart, tuple(recorded)
