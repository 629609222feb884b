"""Hands of others: axes that are turned, another base, and what is wrong in such a frame as in ours."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import N, body_take, heaviest
from shiliu.replay.residual.arm_chain import quaternions_of
from shiliu.replay.residual.hand_pose import matrices

SAME = np.eye(3)


def turn(axis, angle):
    """(3, 3) about an axis."""
    half, unit = 0.5 * angle, np.array(axis, float) / np.linalg.norm(axis)
    return matrices(np.array([[np.cos(half), *(np.sin(half) * unit)]]))[0]


def written(base=SAME, move=(0.0, 0.0, 0.0), tool=SAME, sides=(0, 7), offset=None):
    """The take with its hands in another frame; `offset`: rows, column and size [m] of a fault, put in afterwards."""
    take = body_take()
    pose = take.streams["hand_pose"]
    values = pose.values.copy()
    for k in sides:
        turns = base @ matrices(values[:, k + 3 : k + 7]) @ tool
        values[:, k : k + 3] = values[:, k : k + 3] @ base.T + np.array(move)
        values[:, k + 3 : k + 7] = quaternions_of(turns)
    if offset is not None:
        values[offset[0], pose.names.index(offset[1])] += offset[2]
    return replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)})


FRAMES = [
    {"tool": turn((0, 0, 1), np.pi / 2)},
    {"tool": turn((1, 2, 0), 1.1)},
    {"move": (0.0, 0.0, 0.85)},
    {"base": turn((0, 0, 1), 0.8), "move": (0.3, -0.2, 0.85)},
    {"base": turn((1, 1, 1), 2.0), "move": (0.0, 0.4, 0.0), "tool": turn((0, 1, 0), 0.0)},
]


@pytest.mark.parametrize("frame", FRAMES)
def test_another_frame_is_no_fault_and_hides_none(frame):
    assert heaviest(written(**frame)) is None
    found = heaviest(written(**frame, offset=(slice(200, 320), "right_tcp.y", 0.03)))
    assert found is not None and found.kind == "pose" and (found.first, found.last) == (200, 319)
    assert all(name.startswith("right_tcp") for name in found.channels)


def test_one_hand_that_is_moved_alone_is_no_frame():
    found = heaviest(written(move=(0.0, 0.0, 0.1), sides=(7,)))
    assert found is not None and found.channels == ("right_tcp.z",) and found.size == pytest.approx(0.1, abs=1e-3)
    found = heaviest(written(base=turn((1, 0, 0), 0.2), sides=(0,)))
    assert found is not None and all(name.startswith("left_tcp") for name in found.channels)


def test_hands_that_drift_are_in_no_frame():
    take = body_take()
    pose = take.streams["hand_pose"]
    values = pose.values.copy()
    values[:, [2, 9]] += np.linspace(0.0, 0.1, N)[:, None]
    assert heaviest(replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)})) is not None
