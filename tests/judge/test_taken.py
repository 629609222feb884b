"""What a take says of itself: how far its joints move, slice by slice, whatever its numbers are."""

import numpy as np
import pytest
from shiliu.replay.judge.place.taken import PACE, taken
from shiliu.replay.recording.recording import Recording, Stream


def turning(q):
    """Commands of two joints in radians, 100 a second."""
    ns = 10**7 * np.arange(len(q), dtype=np.int64)
    stream = Stream("/command", "command", "joint_position", "rad", ("a", "b"), q, capture_ns=ns)
    return Recording("take", "take.bag", "0" * 64, "robot", {"/command": stream})


def test_pace_is_the_path_of_all_joints_in_each_slice():
    q = np.zeros((801, 2))
    q[:401, 0] = np.linspace(0.0, 1.0, 401)
    q[401:, 0] = 1.0
    q[:, 1] = np.linspace(0.0, -0.8, 801)
    assert taken(turning(q))["pace"] == pytest.approx([0.35] * 4 + [0.1] * 4, abs=1e-3)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_add_nothing_to_the_pace(lost):
    q = np.zeros((801, 2))
    q[:, 0] = q[:, 1] = np.linspace(0.0, 0.8, 801)
    q[120:124, 0] = lost
    pace = taken(turning(q))["pace"]
    assert len(pace) == PACE
    assert pace == pytest.approx([0.2, 0.195, *[0.2] * 6], abs=1e-3)  # five steps of a joint have no length
