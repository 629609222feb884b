"""Where a recording tells things and joints of parts to be, and a draw in which they stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import mujoco
import numpy as np

from ....scenarios.draws.variation import Draw
from ....scenarios.parts.pose import Pose
from ....scenarios.scene.scene import Scene
from ...checks.object_frame import PAST, JointWay
from ...recording.features import ENVIRONMENT
from ...recording.located import located_of
from ...recording.recording import Recording, Stream
from ...recording.things import in_metres, tells_of_things
from ...signals.clock import origin_ns, seconds
from ...signals.joint_motion import zero_order_hold
from ...signals.pose_noise import pose_noise, standing_pose
from .payload import contents

AXES = ("x", "y", "z")
TURN = ("qw", "qx", "qy", "qz")
UNIT = 0.01  # a recorded quaternion further from unit length is none
WHILE, STILL = 0.3, 0.005  # s, m: what lies is recorded to
RARE = 0.02  # of all rows: single wrong ones tell no unit
SCATTERS = 5.0  # standard deviations of one coordinate, by which a row of what lies may be beside it


def object_streams(recording: Recording, things: tuple[str, ...]) -> dict[str, tuple[Stream, list[int]]]:
    """Where a recording tells where an object is: thing -> (stream in metres, columns of x, y, z), by the schema's names (`bowl.x`)."""
    found: dict[str, tuple[Stream, list[int]]] = {}
    for stream in of_parts(recording):
        for thing in things:
            names = [f"{thing}.{axis}" for axis in AXES]
            if set(names) <= set(stream.names):
                found.setdefault(thing, (stream, [stream.names.index(name) for name in names]))
    return found


def things_of(scene: Scene) -> tuple[str, ...]:
    """The loose things of a scene with a pose in an episode."""
    feature = scene.schema.observations.get(ENVIRONMENT)
    names = feature.names if feature is not None else ()
    return tuple(dict.fromkeys(name.rpartition(".")[0] for name in names if name.endswith(".qw")))


def recorded_poses(scene: Scene, recording: Recording, at: float) -> dict[str, Pose]:
    """Thing -> its recorded pose at a time [s, from the recording's origin], where position and orientation were recorded or located.

    What scatters is taken by the median of the rows in which the thing stands.
    """
    found = {}
    for thing, (stream, columns) in object_streams(recording, things_of(scene)).items():
        names = [f"{thing}.{axis}" for axis in TURN]
        if not set(names) <= set(stream.names):
            continue
        turn = [stream.names.index(name) for name in names]
        t, values = seconds(stream, origin_ns(recording)), stream.values[:, [*columns, *turn]]
        row = zero_order_hold(t, values, np.array([at]))[0]
        size = float(np.linalg.norm(row[3:]))
        if not np.isfinite(row).all() or abs(size - 1.0) >= UNIT:
            continue
        steady = standing_pose(t, values, at)
        row = row if steady is None else steady
        found[thing] = Pose(row[:3], row[3:] / float(np.linalg.norm(row[3:])))
    return {**located_poses(scene, recording), **found}


def located_poses(scene: Scene, recording: Recording) -> dict[str, Pose]:
    """Thing -> its pose as the recording began, as markers in a picture showed; a recorded one goes before it."""
    found = {}
    for thing, pose in located_of(recording).items():
        size = float(np.linalg.norm(pose[3:]))
        if thing in things_of(scene) and abs(size - 1.0) < UNIT:
            found[thing] = Pose(np.array(pose[:3]), np.array(pose[3:]) / size)
    return found


def resting(recording: Recording, poses: Mapping[str, Pose], at: float) -> set[str]:
    """Of recorded things, those that lie still for `WHILE` from a time [s] on: what a hand holds or a belt carries tells no height."""
    streams = object_streams(recording, tuple(poses))
    found = set(poses) - set(streams)  # located in a picture, by where it lies
    for thing, (stream, columns) in streams.items():
        t = seconds(stream, origin_ns(recording))
        soon = stream.values[(t >= at - 1e-9) & (t <= at + WHILE)][:, columns]
        room = STILL + SCATTERS * pose_noise(stream.values[:, columns])
        if len(soon) < 2 or np.linalg.norm(soon - poses[thing].pos, axis=1).max() <= room:
            found.add(thing)
    return found


def recorded_joints(scene: Scene, recording: Recording, at: float) -> dict[str, float]:
    """`part.joint` -> its recorded position [m, rad] at a time [s], where it lies within the joint's range.

    A door in degrees lies outside of it, and is no start.
    """
    model, found = scene.model, dict[str, float]()
    feature = scene.schema.observations.get(ENVIRONMENT)
    ours = {name: name.replace(".", "/", 1) for name in (feature.names if feature is not None else ())}
    known = {model.joint(j).name for j in range(model.njnt)}
    for stream in of_parts(recording):
        columns = [j for j, name in enumerate(stream.names) if ours.get(name) in known]
        if not columns:
            continue
        row = zero_order_hold(seconds(stream, origin_ns(recording)), stream.values, np.array([at]))[0]
        for j in columns:
            joint = model.joint(ours[stream.names[j]])
            low, high = joint.range if model.jnt_limited[joint.id] else (-np.inf, np.inf)
            if low - PAST <= row[j] <= high + PAST:
                found.setdefault(stream.names[j], float(row[j]))
    return found


def of_parts(recording: Recording) -> Iterator[Stream]:
    """Streams that may tell of joints of parts, in metres and radians."""
    for stream in recording.streams.values():
        if stream.role in ("measured", "pose") and stream.n:
            yield in_metres(stream) if tells_of_things(stream) else stream


def joint_ways(scene: Scene, recording: Recording) -> dict[str, JointWay]:
    """`part.joint` -> its range and what was recorded of it, but for the rarest rows; those without a range are left out."""
    model, found = scene.model, dict[str, JointWay]()
    feature = scene.schema.observations.get(ENVIRONMENT)
    limited = {model.joint(j).name: j for j in range(model.njnt) if model.jnt_limited[j]}
    ours = {name: limited.get(name.replace(".", "/", 1)) for name in (feature.names if feature is not None else ())}
    for stream in of_parts(recording):
        for column, name in enumerate(stream.names):
            joint, rows = ours.get(name), stream.values[:, column]
            if joint is None or name in found or not np.isfinite(rows).any():
                continue
            low, high = map(float, model.jnt_range[joint])
            slides = int(model.jnt_type[joint]) == int(mujoco.mjtJoint.mjJNT_SLIDE)
            least, most = np.nanquantile(rows, (RARE, 1.0 - RARE))
            found[name] = JointWay(low, high, float(least), float(most), slides)
    return found


def stood(scene: Scene, draw: Draw, poses: Mapping[str, Pose]) -> Draw:
    """The draw with things where they were recorded, what fills them carried along."""
    model, data = draw.model, draw.data()
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
    return draw.starting_as(data)
