"""Hands of a person who walks and carries, from motion capture of all bodies (OMOMO, in InterMimic's 52 bodies).

The person walks and the robot stands. So the hands are seen from the person's pelvis, walking and turning taken out, but
heights stay: the person's floor is the robot's. What lies on the floor has to be reached down to without bending the trunk.
"""

from __future__ import annotations

import numpy as np

from ....scenarios.draws.variation import Draw
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording
from ...signals.clock import origin_ns, seconds
from ..alignment import Alignment
from ..axes import Array, hand_axes, seen_from, turned_into, upright, whole
from ..targets import HANDS, HandTargets

UP = np.array([0.0, 0.0, 1.0])
BODIES = ("shoulder", "elbow", "wrist", "index_1", "middle_1", "middle_3", "little_1", "thumb_3", "hip")


def targets(recording: Recording) -> HandTargets | None:
    """The hands of a recording of body positions; None where it has none.

    Raises:
        EpisodeError: bodies are missing, or the clock does not rise.
    """
    stream = next((s for s in recording.select("pose", "body_position") if "pelvis.x" in s.names and s.n), None)
    if stream is None or recording.kind != "human":
        return None
    needed = ["pelvis", *(f"{hand}_{body}" for hand in HANDS for body in BODIES)]
    missing = [body for body in needed if f"{body}.x" not in stream.names]
    if missing:
        raise EpisodeError(f"the bodies {', '.join(missing)} are missing.", file=recording.source, field=stream.name)
    t = seconds(stream, origin_ns(recording))
    if (np.diff(t) <= 0).any():
        raise EpisodeError("the clock of the bodies does not rise.", file=recording.source, field=stream.name)
    at = {body: stream.values[:, [stream.names.index(f"{body}.{p}") for p in "xyz"]] for body in needed}
    facing = upright(np.cross(at["left_hip"] - at["right_hip"], UP))
    below = at["pelvis"] * np.array([1.0, 1.0, 0.0])  # the floor under the pelvis
    position, rotation, shoulder, elbow, valid = {}, {}, {}, {}, {}
    for hand in HANDS:
        axes = _axes(at, hand)
        position[hand] = seen_from(below, facing, (at[f"{hand}_thumb_3"] + at[f"{hand}_middle_3"]) / 2)
        rotation[hand] = turned_into(facing, axes)
        shoulder[hand] = seen_from(below, facing, at[f"{hand}_shoulder"])
        elbow[hand] = seen_from(below, facing, at[f"{hand}_elbow"])
        valid[hand] = whole(position[hand], rotation[hand])
    heading = np.unwrap(np.arctan2(facing[:, 1, 0], facing[:, 0, 0]))
    way = float(np.linalg.norm(np.diff(below, axis=0), axis=1).sum())
    low = min(float(np.nanmin(position[hand][:, 2])) for hand in HANDS)
    notes = (
        f"the person walks {way:.2f} m and turns by up to {np.rad2deg(np.ptp(heading)):.0f} deg: taken out, hands are seen from the "
        "pelvis, because the robot stands; whether it could walk so is not judged",
        f"heights stay as they were (pelvis {at['pelvis'][:, 2].min():.2f} to {at['pelvis'][:, 2].max():.2f} m, hands down "
        f"to {low:.2f} m): the robot does not bend its knees or trunk as the person does",
        "lengths stay as they were, because the distance of the hands is that of what they carry",
        "what is carried has no known weight, so that no load is on the hands",
        "the fingers of this capture do not move: closing is unknown",
    )
    return HandTargets(t, position, rotation, "world", shoulder, elbow, valid=valid, notes=notes)


def place(recording: Recording, targets: HandTargets, scene: Scene, draw: Draw) -> Alignment | None:
    """The person's floor is the scene's, its pelvis the robot's mark, its way of facing the robot's."""
    x, y, yaw = scene.config.stands_at
    rotation = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])
    return Alignment(rotation, np.array([x, y, 0.0]), "floor")


def _axes(at: dict[str, Array], hand: str) -> Array:
    """(n, 3, 3) the hand's axes from wrist and knuckles: fingers along the middle one, back out of the plane of the knuckles."""
    wrist = at[f"{hand}_wrist"]
    index, little = at[f"{hand}_index_1"] - wrist, at[f"{hand}_little_1"] - wrist
    back = np.cross(index, little) if hand == "left" else np.cross(little, index)
    return hand_axes(at[f"{hand}_middle_1"] - wrist, back)
