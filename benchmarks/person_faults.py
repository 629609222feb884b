"""Recordings of a person who does what a demonstration did, and known faults of those: a tracker's, and the person's own.

They are made of a demonstration of the robot, seen by a tracker of hands and of the thing that is opened, so that what the
robot must be able to do again is known. `faults_of` knows faults of robots only; these are put in by hand.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import mujoco
import numpy as np
from known_faults.fault import FaultMark
from shiliu.replay.recording.features import ENVIRONMENT
from shiliu.replay.recording.recording import Recording, SimEpisode, Stream
from shiliu.replay.retarget.arms import arms_of
from shiliu.replay.retarget.sources.motion_capture_hands import QUANTITY
from shiliu.scenarios.draws.variation import of_episode
from shiliu.scenarios.scene.scene import Scene

HANDS = ("left", "right")
OPEN, CLOSES = 0.13, 1e-3  # m between thumb and fingers of an open hand, and by how much less for a percent of the claw


def person_of(scene: Scene, episode: SimEpisode, part: str = "oven") -> Recording:
    """A person with the hands where a demonstration's were, and a part with a door, both as motion capture measures them.

    Args:
        part: of the scene, with a door.
    """
    draw = of_episode(scene, episode)
    assert draw is not None  # whoever asks has the scene that it was made in
    arms, n = arms_of(scene), episode.n_steps
    t = np.arange(n) * episode.control_timestep
    features = scene.schema.observations
    state = features["observation.state"].names
    q = episode.states["observation.state"][:n, [state.index(name) for name in arms.names]].astype(float)
    streams = {}
    for hand in HANDS:
        place, turn = arms.follow(q, hand)
        percent = episode.actions[:, episode.action_names.index(scene.robot.closes(hand))].astype(float)
        points = _hand(place, turn @ arms.worn[hand].T, OPEN - CLOSES * np.clip(percent, 0.0, 100.0), hand)
        names = tuple(f"joint_{k // 3:02d}.{'xyz'[k % 3]}" for k in range(points.shape[1]))
        streams[f"hand/{hand}"] = (QUANTITY, "m", names, points)
    model, data = draw.model, mujoco.MjData(draw.model)
    mujoco.mj_setState(model, data, draw.start_state, mujoco.mjtState.mjSTATE_INTEGRATION)
    mujoco.mj_kinematics(model, data)
    fixture = next(p.part for p in scene.config.parts if p.name == part)
    door = fixture.interface["door"]["joint"]
    hinge = model.joint(f"{part}/{door}")
    root = next(
        i for i in range(model.nbody) if model.body_parentid[i] == 0 and model.body(i).name.startswith(f"{part}/")
    )
    pose = np.tile([*data.xanchor[hinge.id], *data.xquat[root]], (n, 1))
    column = features[ENVIRONMENT].names.index(f"{part}.{door}")
    angle = episode.states[ENVIRONMENT][:n, [column]].astype(float)
    streams["object/pose"] = ("object_pose", "m m m 1 1 1 1", tuple("xyzabcd"), pose)
    streams["object/angle"] = ("object_joint", "rad", ("door",), angle)
    ns = np.round(t * 1e9).astype(np.int64)
    made = {
        name: Stream(name, "pose", quantity, unit, names, np.ascontiguousarray(values, float), ns, clock="grid")
        for name, (quantity, unit, names, values) in streams.items()
    }
    name = f"{episode.seed}_{fixture.name.rpartition('/')[2]}"  # which fixture it is, motion capture tells by the file's name
    return Recording(name, f"{name}.npz", "0" * 64, "human", made)


def _hand(place: np.ndarray, turn: np.ndarray, gap: np.ndarray, hand: str) -> np.ndarray:
    """(n, 63) joints of a hand with its grip at a place; only wrist, knuckles and tips have a meaning."""
    side = 1.0 if hand == "right" else -1.0  # the thumb's
    local = np.zeros((len(place), 21, 3))
    local[:, [1, 4, 10, 7]] = [[0.08, side * y, 0.0] for y in (0.03, 0.01, -0.01, -0.03)]
    local[:, 16:19, 0] = 0.12
    local[:, 16:19, 1] = (0.5 * side * gap)[:, None] * np.array([1.0, -1.0, -1.0])
    local -= [0.12, 0.0, 0.0]
    return (place[:, None] + np.einsum("nij,nkj->nki", turn, local)).reshape(len(place), -1)


def _moved(recording: Recording, by: Mapping[str, np.ndarray]) -> None:
    """Move the joints of hands by (n, 3) [m]."""
    for hand, way in by.items():
        stream = recording.streams[f"hand/{hand}"]
        values = stream.values + np.tile(way, len(stream.names) // 3)
        recording.streams[stream.name] = dataclasses.replace(stream, values=values)


def lost_hand(recording: Recording, hand: str = "left", at: float = 5.0, by: float = 0.15) -> FaultMark:
    """The tracker loses a hand and takes something `by` [m] beside it for the hand for a fifth of a second."""
    stream = recording.streams[f"hand/{hand}"]
    t = (stream.time_ns - stream.time_ns[0]) * 1e-9
    here = (t >= at) & (t < at + 0.2)
    _moved(recording, {hand: by * here[:, None] * np.array([0.0, 1.0, 0.0])})
    return FaultMark(float(t[here][0]), float(t[here][-1]), (f"{hand}_hand",))


def far_hand(recording: Recording, hand: str = "right", at: float = 5.0, by: float = 0.6) -> FaultMark:
    """For a second the person stretches a hand `by` [m] further forward than the demonstration did, and takes it back."""
    stream = recording.streams[f"hand/{hand}"]
    t = (stream.time_ns - stream.time_ns[0]) * 1e-9
    away = np.clip(np.minimum((t - at) / 2.0 + 1.0, (at + 1.0 - t) / 2.0 + 1.0), 0.0, 1.0)
    away = away * away * (3.0 - 2.0 * away)
    _moved(recording, {hand: by * away[:, None] * np.array([1.0, 0.0, 0.0])})
    return FaultMark(at, at + 1.0, (f"{hand}_hand",))


def open_hand(recording: Recording, hand: str = "left") -> FaultMark:
    """The tracker loses the fingers of a hand, which seems to be open all the time."""
    stream = recording.streams[f"hand/{hand}"]
    points = stream.values.reshape(stream.n, 21, 3).copy()
    middle = 0.5 * (points[:, 16] + points[:, 17])
    for tip in (16, 17, 18):
        way = points[:, tip] - middle
        points[:, tip] = middle + way * (0.5 * OPEN / np.linalg.norm(way, axis=1, keepdims=True))
    recording.streams[stream.name] = dataclasses.replace(stream, values=points.reshape(stream.n, -1))
    return FaultMark(subject=(f"{hand}_hand",))
