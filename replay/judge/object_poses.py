"""Objects of the replay against the poses that a recording has of them."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from ...scenarios.pose import Pose
from ...scenarios.scene import Scene
from ...scenarios.variation import STATE, Draw
from ..checks.finding import Finding
from ..checks.object_divergence import check_apart
from ..recording.features import ENVIRONMENT
from ..recording.recording import Recording, Stream
from ..signals.clock import origin_ns, seconds
from ..signals.joint_motion import zero_order_hold
from .payload import contents
from .results import Rollouts, Subject

AXES = ("x", "y", "z")
TURN = ("qw", "qx", "qy", "qz")
UNIT = 0.01  # a recorded quaternion further from unit length is none


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


def things_of(scene: Scene) -> tuple[str, ...]:
    """The loose things of a scene whose pose an episode holds."""
    feature = scene.schema.observations.get(ENVIRONMENT)
    names = feature.names if feature is not None else ()
    return tuple(dict.fromkeys(name.rpartition(".")[0] for name in names if name.endswith(".qw")))


def recorded_poses(scene: Scene, recording: Recording, at: float) -> dict[str, Pose]:
    """Thing -> its recorded pose at a time [s, from the recording's origin], where position and orientation were recorded."""
    found = {}
    for thing, (stream, columns) in object_streams(recording, things_of(scene)).items():
        names = [f"{thing}.{axis}" for axis in TURN]
        if not set(names) <= set(stream.names):
            continue
        turn = [stream.names.index(name) for name in names]
        row = zero_order_hold(seconds(stream, origin_ns(recording)), stream.values, np.array([at]))[0]
        size = float(np.linalg.norm(row[turn]))
        if np.isfinite(row[columns]).all() and abs(size - 1.0) < UNIT:
            found[thing] = Pose(row[columns], row[turn] / size)
    return found


def stood(scene: Scene, draw: Draw, poses: Mapping[str, Pose]) -> Draw:
    """The draw with things where they were recorded, what fills them carried along."""
    model = draw.model
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, draw.start_state, STATE)
    for thing, pose in poses.items():
        names = [model.body(i).name for i in range(model.nbody) if model.body_parentid[i] == 0]
        before = None
        for name in (*(n for n in names if n.startswith(f"{thing}/")), *contents(scene, model, thing)):
            joint = int(model.body(name).jntadr[0])
            if joint < 0 or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE:
                continue
            a = model.jnt_qposadr[joint]
            here = Pose(data.qpos[a : a + 3].copy(), data.qpos[a + 3 : a + 7].copy())
            before = before or here
            there = pose @ (before.inverse() @ here)
            data.qpos[a : a + 3], data.qpos[a + 3 : a + 7] = there.pos, there.quat
    state = draw.start_state.copy()
    mujoco.mj_getState(model, data, state, STATE)
    return Draw(draw.values, draw.task, model, state)


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
