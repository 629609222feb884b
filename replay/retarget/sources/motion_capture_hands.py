"""Two hands of 21 joints each, and an object that turns about a hinge: motion capture with hands fitted to it.

Joints stand in the order of the hand model: wrist, then index, middle, little and ring finger and the thumb with three joints
each from the knuckle outwards, then the tips of thumb, index, middle, ring and little finger. This order was found by the bones:
in it their lengths do not change (docs/human-motion.md). The object's frame lies on its hinge, which turns about the frame's own z axis.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from ....scenarios.draws.variation import Draw
from ....scenarios.parts.pose import matrix_of
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording, Stream
from ...signals.clock import origin_ns, seconds
from ..alignment import Alignment
from ..axes import unit
from ..objects import Hinged, first_grip
from ..targets import HANDS, HandTargets

Array = NDArray[np.float64]
QUANTITY = "hand_joint_positions"
WRIST, INDEX, MIDDLE, LITTLE, RING = 0, 1, 4, 7, 10  # knuckles
THUMB_TIP, INDEX_TIP, MIDDLE_TIP = 16, 17, 18
# gaps between the thumb's tip and the two fingers' tips: joints lie some 8 mm under the skin on either side, and a flat hand
# spans about 0.13 m [E]
CLOSED_GAP, OPEN_GAP = 0.03, 0.13


def targets(recording: Recording) -> HandTargets | None:
    """Hands of a recording with streams of 21 joint positions a hand.

    Raises:
        EpisodeError: a hand's stream has other columns, or the two run on clocks of their own.
    """
    streams = {stream.name.rpartition("/")[2]: stream for stream in recording.select("pose", QUANTITY) if stream.n}
    hands = [hand for hand in HANDS if hand in streams]
    if not hands:
        return None
    t = seconds(streams[hands[0]], origin_ns(recording))
    position, rotation, closed = {}, {}, {}
    for hand in hands:
        joints = _joints(streams[hand], recording)
        if len(joints) != len(t):
            raise EpisodeError(
                "the two hands have samples of their own; one clock is wanted.", file=recording.source, field=QUANTITY
            )
        position[hand] = 0.5 * joints[:, THUMB_TIP] + 0.25 * (joints[:, INDEX_TIP] + joints[:, MIDDLE_TIP])
        rotation[hand] = palm(joints, hand)
        closed[hand] = np.clip((OPEN_GAP - gap(joints)) / (OPEN_GAP - CLOSED_GAP), 0.0, 1.0)
    notes = (
        "a hand's origin is the middle between the tips of thumb and of index and middle finger; its axes are those of the palm, "
        "wrist to knuckles and little to index finger",
        f"a hand counts as closed where those tips are {1000 * CLOSED_GAP:.0f} mm apart, as open from {1000 * OPEN_GAP:.0f} mm on",
        "the person's arms and shoulders are not in the recording: elbows follow the robot's own posture, and nothing is scaled",
    )
    return HandTargets(t, position, rotation, "world", closed=closed, notes=notes)


def _joints(stream: Stream, recording: Recording) -> Array:
    if stream.values.shape[1] != 63:
        raise EpisodeError(
            f"{stream.values.shape[1]} columns are no 21 joints of x, y, z (63 columns). Correct the stream in the mapping.",
            file=recording.source,
            field=stream.name,
        )
    return stream.values.reshape(-1, 21, 3)


def wrists(recording: Recording) -> dict[str, Array]:
    """Hand -> (n, 3) [m] of the wrist, which moves less than the middle of the grasp."""
    streams = {stream.name.rpartition("/")[2]: stream for stream in recording.select("pose", QUANTITY) if stream.n}
    return {hand: _joints(streams[hand], recording)[:, WRIST] for hand in HANDS if hand in streams}


def gap(joints: Array) -> Array:
    """(n,) [m] between the thumb's tip and the middle of index and middle finger's tips, of (n, 21, 3) joints."""
    return np.asarray(
        np.linalg.norm(joints[:, THUMB_TIP] - 0.5 * (joints[:, INDEX_TIP] + joints[:, MIDDLE_TIP]), axis=1)
    )


def palm(joints: Array, hand: str) -> Array:
    """(n, 3, 3) axes of the palm of (n, 21, 3) joints: x from the wrist to the knuckles, z out of the back of the hand."""
    x = unit(joints[:, [INDEX, MIDDLE, RING, LITTLE]].mean(axis=1) - joints[:, WRIST])
    across = joints[:, INDEX] - joints[:, LITTLE] if hand == "right" else joints[:, LITTLE] - joints[:, INDEX]
    z = unit(np.cross(x, across))
    return np.stack([x, np.cross(z, x), z], axis=2)


def hinged(recording: Recording) -> Hinged | None:
    """The object of a recording, None where it has none."""
    angles = [s for s in recording.select("pose", "object_joint") if s.n and s.values.shape[1] == 1]
    poses = [s for s in recording.select("pose", "object_pose") if s.n and s.values.shape[1] == 7]
    if not angles or not poses or angles[0].n != poses[0].n:
        return None
    turns = np.array([matrix_of(quat) for quat in unit(poses[0].values[:, 3:])])
    t = seconds(poses[0], origin_ns(recording))
    return Hinged(t, angles[0].values[:, 0], poses[0].values[:, :3], turns)


def place(recording: Recording, hands: HandTargets, scene: Scene, draw: Draw) -> Alignment | None:
    """The person's oven onto ours: handle on handle, hinge axis upright, and the way from hinge to handle in line.

    Only where the file is named after a fixture of the scene that has a door and a handle; else None.
    """
    thing = hinged(recording)
    part = next((p for p in scene.config.parts if p.part.name.rpartition("/")[2] in recording.name), None)
    if thing is None or part is None or not {"door", "handle"} <= set(part.part.interface):
        return None
    grip = first_grip(hands.position, thing)
    if grip is None:
        return None
    row = grip.first
    theirs_hinge = thing.position[row]
    theirs = thing.rotation[row] @ grip.at  # hinge to handle, door closed
    ours_hinge, ours_handle = closed_door(scene, draw, part.name)
    ours = ours_handle - ours_hinge
    yaw = np.arctan2(ours[1], ours[0]) - np.arctan2(theirs[1], theirs[0])
    c, s = np.cos(yaw), np.sin(yaw)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    shift = ours_handle - turn @ (theirs_hinge + theirs)
    r_theirs, r_ours = float(np.hypot(*theirs[:2])), float(np.hypot(*ours[:2]))
    lean = float(np.rad2deg(np.arccos(np.clip(thing.rotation[row][2, 2], -1.0, 1.0))))
    placed = Alignment(turn, shift, "object", abs(r_ours - r_theirs))
    notes = (
        f"placed by the {part.name}: {placed.sentence}, so that the handle of the recording's door, where the {grip.hand} hand holds it "
        f"from {thing.t[grip.first]:.2f} to {thing.t[grip.last]:.2f} s, lies on ours and the ways from hinge to handle are in line",
        f"the recording's handle is {1000 * r_theirs:.0f} mm from its hinge, ours {1000 * r_ours:.0f} mm: no rigid transform fits both, "
        f"and the hinges stay {1000 * placed.residual:.0f} mm apart; the recorded hinge leans by {lean:.1f} deg and is taken as upright",
        f"the scene's {part.name} stands where the scenario's nominal draw puts it, door closed; the recorded one is moved about",
    )
    return Alignment(turn, shift, "object", placed.residual, notes, part.name)


def closed_door(scene: Scene, draw: Draw, part: str) -> tuple[Array, Array]:
    """(3,) a point of the hinge's axis at the handle's height, and (3,) the handle, in the world at a draw's start [m]."""
    placed = next(p for p in scene.config.parts if p.name == part)
    data = draw.data()
    mujoco.mj_kinematics(draw.model, data)
    joint = draw.model.joint(f"{part}/{placed.part.interface['door']['joint']}").id
    at = data.site(f"{part}/{placed.part.interface['handle']['site']}").xpos.copy()
    hinge = data.xanchor[joint].copy()
    hinge[2] = at[2]
    return hinge, at
