"""Objects of the replay against the poses that a recording has of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .checks.clock import origin_ns, seconds
from .checks.diverging import check_apart
from .finding import Finding
from .playing import Played
from .recording import Recording, Stream

if TYPE_CHECKING:
    from .judge import Case

AXES = ("x", "y", "z")
FEATURE = "observation.environment_state"


def object_streams(recording: Recording, things: tuple[str, ...]) -> dict[str, tuple[Stream, list[int]]]:
    """Where a recording tells where an object is: thing -> (stream, columns of x, y, z), by the schema's names (`bowl.x`)."""
    found: dict[str, tuple[Stream, list[int]]] = {}
    for stream in recording.streams.values():
        if stream.role not in ("measured", "pose") or not stream.n:
            continue
        for thing in things:
            names = [f"{thing}.{axis}" for axis in AXES]
            if set(names) <= set(stream.names):
                found.setdefault(thing, (stream, [stream.names.index(name) for name in names]))
    return found


def check_diverged(case: Case, played: Played, known: bool) -> list[Finding]:
    """`object.diverged` of a replay; an own episode is held against its whole record by `reproduces`.

    Args:
        known: whether the recording tells its start; a likely start of many parts from the record by itself.
    """
    scene, rule, forward = case.stage.scene, case.stage.rules["object.diverged"], case.forward
    assert forward is not None
    if case.recording.episode is not None:
        return [rule.not_applicable("covered_by_reproduces")]
    feature = scene.schema.observations.get(FEATURE)
    names = feature.names if feature is not None else ()
    things = tuple(dict.fromkeys(name.rpartition(".")[0] for name in names if name.endswith(".qw")))
    if not things:
        return [rule.not_applicable("no_objects")]
    recorded = object_streams(case.recording, things)
    if not recorded:
        return [rule.not_applicable("no_object_poses")]
    if not known:
        return [rule.not_checked("unknown_start")]
    grid = np.arange(len(played.qpos)) * scene.control_timestep
    apart = np.full((len(grid), len(recorded)), np.nan)
    for j, (thing, (stream, columns)) in enumerate(recorded.items()):
        t = seconds(stream, origin_ns(case.recording)) - forward.offset
        order = np.argsort(t, kind="stable")
        theirs = np.stack([np.interp(grid, t[order], stream.values[order, c], np.nan, np.nan) for c in columns], axis=1)
        ours = played.observations[FEATURE][:, [names.index(f"{thing}.{axis}") for axis in AXES]]
        apart[:, j] = np.linalg.norm(ours - theirs, axis=1)
    return check_apart(grid, apart, tuple(recorded), case.stage.rules)
