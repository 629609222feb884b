"""Columns that are called by their joint and what they count: `zarm_l1_joint.pos`."""

import numpy as np
import pytest
from shiliu.replay.formats import mappings
from shiliu.replay.formats.arrays import array_episode as arrays
from shiliu.replay.formats.column_endings import columns_called, exchanged_names, parted, with_names_put_back

JOINTS = mappings.load("kuafu_lerobot").arrays.streams[0].names


def test_a_name_is_parted_from_what_it_counts():
    assert parted("left_arm_joint_1.pos") == ("left_arm_joint_1", "position")
    assert parted("elbow.Torque") == ("elbow", "effort") and parted("base_vx.speed") == ("base_vx.speed", None)
    assert parted(".pos") == (".pos", None) and parted("pos") == ("pos", None)


def test_columns_are_called_by_the_ending_of_their_quantity():
    stored = ("a.pos", "a.vel", "b.pos", "b.vel", "c")
    assert {"a": 0, "b": 2, "c": 4}.items() <= columns_called(stored, "joint_position").items()
    speeds = columns_called(stored, "joint_velocity")
    assert (speeds["a"], speeds["b"]) == (1, 3) and "c" not in speeds, "beside endings a plain name is a position"
    assert columns_called(("a", "a.pos"), "joint_position")["a"] == 0
    assert columns_called(("a", "b"), "joint_torque") == {"a": 0, "b": 1}


def episode(called_of, **more):
    """A set of our robot without its own files, as LeRobot's columns."""
    t = np.linspace(0.0, 3.0, 90)[:, None]
    columns = {name: 0.1 * np.sin(t + k + np.arange(len(called))) for k, (name, called) in enumerate(called_of.items())}
    labels = {name: tuple(called) for name, called in called_of.items()}
    return arrays.ArrayEpisode("take", "set#0", "0" * 64, "lerobot", "LeRobot", None, columns, labels=labels, fps=30.0, **more)


@pytest.mark.parametrize("where", ["apart", "in the state"])
def test_a_set_of_our_robot_is_read_by_names_with_endings(where):
    state = [f"{name}.pos" for name in (*JOINTS, "left_claw", "right_claw")]
    speeds, torques = ([f"{name}.{ending}" for name in JOINTS] for ending in ("vel", "effort"))
    more = {"observation.velocity": speeds, "observation.effort": torques} if where == "apart" else {}
    take = episode({"action": state, "observation.state": state if more else [*torques, *state, *speeds], **more})
    recording = arrays.recording_of(take)
    assert recording.mapping == "kuafu_lerobot" and not [text for text in recording.unmapped if "zarm" in text]
    for name, ending in (("state", "pos"), ("velocity", "vel"), ("effort", "effort")):
        stream = recording.streams[name]
        channel = next(c for c, called in take.labels.items() if c != "action" and f"zarm_r3_joint.{ending}" in called)
        at = take.labels[channel].index(f"zarm_r3_joint.{ending}")
        assert stream.names == JOINTS and np.array_equal(stream.column("zarm_r3_joint"), take.arrays[channel][:, at])
    assert recording.streams["state/claws"].names == ("left_claw", "right_claw")


def test_positions_without_endings_are_no_speeds():
    recording = arrays.recording_of(episode({"action": JOINTS, "observation.state": JOINTS}))
    assert "state" in recording.streams and not {"velocity", "effort"} & set(recording.streams)


ENDED = {"v": tuple(f"{x}.vel" for x in "abcd"), "e": tuple(f"{x}.effort" for x in "abcd"), "all": ("a.pos", "a.vel", "b.pos", "b.vel")}


def test_names_that_stand_in_each_others_channel_are_found_and_put_back():
    wrong = ENDED | {"v": ("a.vel", "b.effort", "c.vel", "d.vel"), "e": ("a.effort", "b.vel", "c.effort", "d.effort")}
    assert exchanged_names(wrong) == [("v", "b.effort", "e", "b.vel")] and with_names_put_back(wrong) == ENDED


@pytest.mark.parametrize(
    "more", [{}, {"v": (*ENDED["v"], "gripper.pos")}, {"e": ENDED["v"]}, {"v": ("a.vel", "b.effort", "c.vel", "d.vel")}]
)
def test_other_names_are_in_their_own_channel(more):
    """A gripper's position beside speeds, two channels of one kind, a name that no other channel has in exchange."""
    assert not exchanged_names(ENDED | more) and with_names_put_back(ENDED | more) == ENDED | more


def test_a_name_that_stands_twice_is_put_back_once():
    wrong = ENDED | {"v": ("a.vel", "b.effort", "b.effort", "c.vel", "d.vel"), "e": ("a.effort", "b.vel", "c.effort", "d.effort")}
    assert exchanged_names(wrong) == [("v", "b.effort", "e", "b.vel")]
    assert with_names_put_back(wrong) == ENDED | {"v": ("a.vel", "b.vel", "b.effort", "c.vel", "d.vel")}
