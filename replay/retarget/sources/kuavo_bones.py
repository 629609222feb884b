"""Hands from the bones that a Quest headset sees, as the maker's VR node publishes them (/leju_quest_bone_poses).

The node turns the headset's axes into right-handed ones before it publishes (`convert_position_to_right_hand` of its
monitor_quest3.py): on the topic x is forward, y to the left, z up. Lengths are those of the headset's skeleton, which may
be scaled as a whole, so that only their ratios are used: reach by the arm's length, closing by the thumb's.
"""

from __future__ import annotations

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording, Stream
from ...signals.clock import origin_ns
from ..axes import Array, hand_axes, rotations, seen_from, turned_into, upright, whole
from ..targets import HANDS, HandTargets

SIDES = {"left": "Left", "right": "Right"}
BONES = ("ArmUpper", "ArmLower", "HandPalm", "HandThumbMetacarpal", "HandThumbProximal", "HandIndexTip")

# of the fingers towards the palm while a controller is held; the maker's own (vr_quat2robot_quat)
TILT = np.deg2rad(15.0)
STALE = 0.5  # s, a message with a headset time further off the others' was sent late, not taken late; estimate
PARTS = ("x", "y", "z", "qx", "qy", "qz", "qw")

# index fingertip to palm, in lengths of the thumb's metacarpal bone, which scale with the skeleton. With controllers the
# headset bends the finger by the trigger: measured at trigger 0 and 1 in a session of 2025-04-19. Bare hands: an estimate.
CLOSING = {"controllers": (4.10, 3.20), "bare hands": (4.10, 1.60)}


def targets(recording: Recording) -> HandTargets | None:
    """The hands of a recording of bone poses, in the person's frame; None where it has none.

    Raises:
        EpisodeError: bones are missing, or the headset's clock runs backwards.
    """
    stream = next((s for s in recording.select("pose", "bone_pose") if "Chest.x" in s.names and s.n), None)
    if stream is None:
        return None
    needed = ["Chest", *(side + bone for side in SIDES.values() for bone in BONES)]
    missing = [bone for bone in needed if f"{bone}.x" not in stream.names]
    if missing:
        raise EpisodeError(f"the bones {', '.join(missing)} are missing.", file=recording.source, field=stream.name)
    rows, t, notes = _samples(stream, origin_ns(recording), recording.source)
    seen = {bone: stream.values[rows][:, [stream.names.index(f"{bone}.{p}") for p in PARTS]] for bone in needed}
    at = {bone: values[:, :3] for bone, values in seen.items()}
    sure, tracked = _confidence(recording, stream, rows)
    chest = rotations(seen["Chest"][:, 3:])
    person = upright(chest[:, :, 2])  # the chest bone's z is forward: the maker's heading (chest_axis_agl)
    origin = (at["LeftArmUpper"] + at["RightArmUpper"]) / 2
    position, rotation, shoulder, elbow, closed, valid, length = {}, {}, {}, {}, {}, {}, {}
    held = "bare hands" if tracked else "controllers"
    for hand in HANDS:
        side = SIDES[hand]
        palm, palm_axes = at[side + "HandPalm"], rotations(seen[side + "HandPalm"][:, 3:])
        axes = palm_axes @ _palm_to_hand(hand, 0.0 if tracked else TILT)
        position[hand] = seen_from(origin, person, palm)
        rotation[hand] = turned_into(person, axes)
        shoulder[hand] = seen_from(origin, person, at[side + "ArmUpper"])
        elbow[hand] = seen_from(origin, person, at[side + "ArmLower"])
        closed[hand] = _closed(at, side, held)
        valid[hand] = sure & whole(position[hand], rotation[hand])
        upper, lower = (
            float(np.nanmedian(np.linalg.norm(at[side + b] - at[side + a], axis=1)))
            for a, b in (("ArmUpper", "ArmLower"), ("ArmLower", "HandPalm"))
        )
        length[hand] = upper + lower
        notes.append(
            f"{hand} arm of the headset's skeleton: upper arm {upper:.3f} m, elbow to palm {lower:.3f} m; only its ratio to the "
            "robot's is used"
        )
    notes += [
        "the palm bone is taken as the middle of the grasp: it is what the maker's own robot follows with its hand",
        "person's frame: origin between the shoulders, z up, x the heading of the chest bone, at every sample, so that steps "
        "and turns of the body are taken out",
        f"fingers along the palm bone's y axis (left) or against it (right), {np.rad2deg(0 if tracked else TILT):.0f} deg "
        f"towards the palm: the maker's own rule for {held}",
        f"closing from the index fingertip's distance to the palm, between {CLOSING[held][0]} and {CLOSING[held][1]} lengths "
        f"of the thumb's metacarpal bone ({held})",
        f"{int((~sure).sum())} of {len(t)} samples are of low confidence by the headset itself",
    ]
    return HandTargets(t, position, rotation, "person", shoulder, elbow, closed, valid, length, notes=tuple(notes))


def _samples(stream: Stream, origin: int, source: str) -> tuple[np.ndarray, Array, list[str]]:
    """Rows that are measurements of their own, and when they were taken [s]: by the headset's clock, where there is one."""
    new = np.ones(stream.n, bool)
    new[1:] = (stream.values[1:] != stream.values[:-1]).any(axis=1)
    notes = [f"{int((~new).sum())} of {stream.n} frames repeat the one before to the bit and are no measurements"]
    when = stream.time_ns
    if stream.device_ns is not None:
        ahead = stream.device_ns - stream.time_ns
        shift = int(np.median(ahead))
        late = np.abs(ahead - shift) > STALE * 1e9
        new &= ~late
        when = stream.device_ns - shift
        notes.append(
            f"times are the headset's, shifted by its median lead of {shift * 1e-9:.3f} s over arrival, because messages arrive in bursts"
        )
        if late.any():
            notes.append(f"{int(late.sum())} messages came more than {STALE} s late and are left out")
    rows = np.flatnonzero(new)
    if (np.diff(when[rows]) <= 0).any():
        raise EpisodeError(
            "the clock of the bones does not rise, so that no hand stands at a time.", file=source, field=stream.name
        )
    return rows, np.asarray((when[rows] - origin) * 1e-9, float), notes


def _confidence(recording: Recording, bones: Stream, rows: np.ndarray) -> tuple[np.ndarray, bool]:
    """(n,) whether the headset is sure of a sample, and whether it tracks bare hands instead of controllers."""
    for stream in recording.select("event", "tracking"):
        if stream.n == bones.n and "is_high_confidence" in stream.names:
            sure = stream.column("is_high_confidence")[rows] > 0.5
            tracked = "is_hand_tracking" in stream.names and stream.column("is_hand_tracking")[rows].mean() > 0.5
            return sure, bool(tracked)
    return np.ones(len(rows), bool), False


def _palm_to_hand(hand: str, tilt: float) -> Array:
    """(3, 3) axes of the hand in the palm bone's: left hand y along the fingers and -z out of the back, right hand opposite."""
    sign = 1.0 if hand == "left" else -1.0
    along, back = np.array([0.0, np.cos(tilt), np.sin(tilt)]), np.array([0.0, np.sin(tilt), -np.cos(tilt)])
    return hand_axes(sign * along, sign * back)


def _closed(at: dict[str, Array], side: str, held: str) -> Array:
    """(n,) 0 open to 1 closed."""
    bone = np.linalg.norm(at[side + "HandThumbProximal"] - at[side + "HandThumbMetacarpal"], axis=1)
    reach = np.linalg.norm(at[side + "HandIndexTip"] - at[side + "HandPalm"], axis=1) / bone
    opened, shut = CLOSING[held]
    return np.clip((opened - reach) / (opened - shut), 0.0, 1.0)
