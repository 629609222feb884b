"""Hands from the maker's own wrist targets (/ik/two_arm_hand_pose_cmd): what its VR node asks of the inverse kinematics.

Positions are in the torso's frame of the robot that they were made for, and in its proportions; which robot that was, the
messages do not say. The shoulders are found where they must be: in the middle of the sphere on which each elbow moves.
"""

from __future__ import annotations

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording, Stream
from ...signals.clock import origin_ns, seconds
from ..axes import Array, hand_axes, rotations, sphere, whole
from ..targets import HANDS, HandTargets

SPREAD = 0.05  # m, an elbow that moves less than this in its third direction shows no sphere; estimate
MIRROR = np.array([1.0, -1.0, 1.0])


def targets(recording: Recording) -> HandTargets | None:
    """The hands of a recording of wrist targets, in the person's frame; None where it has none.

    Raises:
        EpisodeError: an elbow is missing, or neither moves enough to show where the shoulders are.
    """
    streams = {
        hand: s for s in recording.select("pose", "hand_pose") for hand in HANDS if s.n and f"{hand}_hand.qw" in s.names
    }
    if not streams:
        return None
    elbows = next((s for s in recording.select("pose", "elbow_position") if s.n), None)
    if elbows is None or any(f"{hand}_elbow.x" not in elbows.names or s.n != elbows.n for hand, s in streams.items()):
        raise EpisodeError("wrist targets without elbows do not say where the shoulders are.", file=recording.source)
    first = next(iter(streams.values()))
    rows, t, notes = _samples([*streams.values(), elbows], seconds(first, origin_ns(recording)), recording.source)
    at = {hand: elbows.values[rows][:, [elbows.names.index(f"{hand}_elbow.{p}") for p in "xyz"]] for hand in streams}
    shoulders, lengths = _shoulders(at, recording.source)
    middle = np.array(
        [(shoulders["left"][0] + shoulders["right"][0]) / 2, 0.0, (shoulders["left"][2] + shoulders["right"][2]) / 2]
    )
    position, rotation, shoulder, elbow, valid, length = {}, {}, {}, {}, {}, {}
    for hand, stream in streams.items():
        values = stream.values[rows][
            :, [stream.names.index(f"{hand}_hand.{p}") for p in ("x", "y", "z", "qx", "qy", "qz", "qw")]
        ]
        end = rotations(values[:, 3:])  # axes of the robot's last arm link: -z along the fingers, y to the left at rest
        position[hand] = values[:, :3] - middle
        rotation[hand] = hand_axes(-end[:, :, 2], end[:, :, 1] if hand == "left" else -end[:, :, 1])
        elbow[hand] = at[hand] - middle
        shoulder[hand] = np.tile(shoulders[hand] - middle, (len(t), 1))
        valid[hand] = whole(position[hand], rotation[hand])
        upper = float(np.nanmean(np.linalg.norm(at[hand] - shoulders[hand], axis=1)))
        lower = float(np.nanmedian(np.linalg.norm(values[:, :3] - at[hand], axis=1)))
        length[hand] = upper + lower
        lengths.append(
            f"{hand} arm of these targets: {upper:.3f} m to the elbow and {lower:.3f} m to the hand, of the robot they were for"
        )
    notes += [
        *lengths,
        "the targets' own frame is taken as the torso of the robot that they were made for, x forward, z up",
        "the commanded point is taken as the middle of the grasp; closing is not in these messages",
    ]
    return HandTargets(t, position, rotation, "person", shoulder, elbow, {}, valid, length, notes=tuple(notes))


def _samples(streams: list[Stream], t: Array, source: str) -> tuple[np.ndarray, Array, list[str]]:
    """Rows that are targets of their own, and their times: of those with the same time the last one counts."""
    if (np.diff(t) < 0).any():
        raise EpisodeError("the clock of the wrist targets runs backwards.", file=source, field=streams[0].name)
    new = np.ones(len(t), bool)
    new[1:] = np.any([(s.values[1:] != s.values[:-1]).any(axis=1) for s in streams], axis=0)
    rows = np.flatnonzero(new)
    last = np.append(np.diff(t[rows]) > 0, True)
    notes = [
        f"{int((~new).sum())} of {len(t)} messages repeat the one before to the bit and are no targets of their own"
    ]
    if not last.all():
        notes.append(f"of messages with the same time the last one counts: {int((~last).sum())} are left out")
    return rows[last], t[rows][last], notes


def _shoulders(elbows: dict[str, Array], source: str) -> tuple[dict[str, Array], list[str]]:
    """(3,) of each shoulder: the middle of its elbow's sphere, or the other's mirrored where the elbow hardly moves."""
    found, notes = {}, []
    for hand, points in elbows.items():
        points = points[np.isfinite(points).all(axis=1)]
        if (
            len(points) < 4
            or np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[-1] / np.sqrt(len(points)) < SPREAD / 2
        ):
            continue
        centre, radius, residual = sphere(points)
        found[hand] = centre
        notes.append(
            f"{hand} shoulder at ({centre[0]:.3f}, {centre[1]:.3f}, {centre[2]:.3f}) m: the elbow moves on a sphere of "
            f"{radius:.3f} m about it, to {residual * 1e3:.1f} mm RMS"
        )
    if not found:
        raise EpisodeError(
            "neither elbow moves enough to show where its shoulder is. Begin the take with both arms moving.",
            file=source,
            field="elbows",
        )
    for hand, other in (("left", "right"), ("right", "left")):
        if hand not in found:
            found[hand] = found[other] * MIRROR
            notes.append(f"{hand} shoulder taken as the {other} one mirrored: its elbow hardly moves")
    return found, notes
