"""Objects of the replay against the poses that a recording has of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...checks.finding import Finding
from ...checks.object_divergence import check_apart
from ...recording.features import ENVIRONMENT
from ...recording.recording import Stream
from ...signals.clock import origin_ns, seconds
from .recorded_poses import AXES, object_streams, things_of
from .results import Rollouts, Subject


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
    return check_apart(*distances(subject, rollouts, recorded), subject.rules)


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
