"""Names of joints that say the same in other words are proposed, and nothing that could mean two."""

import pytest
from shiliu.replay.robots.joint_names import proposed_names


@pytest.mark.parametrize(
    ("recorded", "described", "found"),
    [
        (["shoulder_pan.pos", "elbow.pos"], ["shoulder_pan", "elbow"], {"shoulder_pan.pos": "shoulder_pan", "elbow.pos": "elbow"}),
        (["ShoulderPan"], ["shoulder_pan"], {"ShoulderPan": "shoulder_pan"}),
        (["joint_1", "joint_2"], ["j1", "j2"], {}),  # another word
        (["q1", "q_2"], ["joint_1", "joint_2"], {"q_2": "joint_2"}),
        (["elbow"], ["elbow"], {}),  # the same
        (["elbow.pos", "elbow.target"], ["elbow"], {}),  # either may be meant
        (["elbow.pos"], ["elbow_joint", "elbow_motor"], {}),
        (["left_elbow.pos"], ["right_elbow", "elbow"], {}),  # a side is no kind
        (["position"], ["joint"], {}),
    ],
)
def test_names(recorded, described, found):
    assert proposed_names(recorded, described) == found
