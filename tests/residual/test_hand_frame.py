"""Hands of others: axes that are turned, another base, and what is wrong in such a frame as in ours."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import N, body_take, heaviest
from shiliu.replay.checks.hand_bases import HandBase, bases_in, bases_of, check_bases_among
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import TakeShown, TakesSeen
from shiliu.replay.judge.intake import own_limits
from shiliu.replay.residual.arm_chain import quaternions_of
from shiliu.replay.residual.bodies import ComparedColumns, witnessed
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


OWN = [
    {"move": (0.0, 0.0, 0.1), "sides": (7,)},
    {"move": (0.0, 0.2, 1.3), "sides": (0,)},
    {"base": turn((1, 0, 0), 1.2), "move": (0.1, 0.2, 1.3), "sides": (7,)},
]


@pytest.mark.parametrize("frame", OWN)
def test_a_hand_of_its_own_base_is_named_and_no_fault(frame):
    found = heaviest(written(**frame))
    side = "left_tcp" if frame["sides"] == (0,) else "right_tcp"
    assert (found.name, found.certain, found.kind) == ("own_base", False, "pose") and (found.first, found.last) == (0, N - 1)
    assert all(name.startswith(side) for name in found.channels)


@pytest.mark.parametrize("frame", OWN)
@pytest.mark.parametrize("rows", [slice(200, 320), slice(40, 460)])
def test_an_offset_in_part_of_a_take_is_a_fault_in_a_base_of_its_own(frame, rows):
    column = "left_tcp.y" if frame["sides"] == (0,) else "right_tcp.y"
    found = heaviest(written(**frame, offset=(rows, column, 0.03)))
    assert found is not None and found.certain and found.kind == "pose"
    if rows.stop - rows.start < N // 2:
        assert (found.first, found.last) == (rows.start, rows.stop - 1)


def test_an_offset_in_most_of_a_take_is_no_base():
    found = heaviest(written(offset=(slice(100, N), "right_tcp.z", 0.05)))
    assert found.certain and found.name == "offset" and found.channels == ("right_tcp.z",) and (found.first, found.last) == (100, N - 1)


def test_a_hand_of_its_own_base_tells_nothing_of_the_other_one():
    """Its own base may be another point of a hand that stands: poses of another point are compared with nothing."""
    take = body_take()
    pose = take.streams["hand_pose"]
    values = pose.values.copy()
    values[:, :3] += matrices(values[:, 3:7])[:, :, 2] * 0.05  # of a point 50 mm further
    values[:, 7:10] += (0.0, 0.0, 0.05)
    found = heaviest(replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)}))
    assert found is None or not found.certain


def test_a_joint_with_another_zero_is_no_base():
    take = body_take()
    state = take.streams["state"]
    values = state.values.copy()
    values[:, 0] += 0.1  # the first joint of an arm turns all of it about one axis
    found = heaviest(replace(take, streams={**take.streams, "state": replace(state, values=values)}))
    assert found is not None and found.certain and found.name != "own_base"


def last_joint(angle, columns=("action", "state"), rows=slice(None)):
    """The take with the last joint of the left arm elsewhere, in these columns."""
    take = body_take()
    streams = dict(take.streams)
    for name in columns:
        values = streams[name].values.copy()
        values[rows, 6] += angle
        streams[name] = replace(streams[name], values=values)
    return replace(take, streams=streams)


def test_a_last_joint_and_a_hand_that_contradict_each_other_are_both_named_and_are_not_alone():
    """Another zero of the last joint, in command and measurement, is another point of the hand as well."""
    take = last_joint(0.1)
    found = heaviest(take)
    assert (found.name, found.certain, found.numbers["joint"]) == ("own_point", False, "zarm_l7_joint")
    assert found.channels[0] == "zarm_l7_joint" and "left_tcp.x" in found.channels and found.size == pytest.approx(0.1, abs=2e-3)
    assert "hand_pose/left_tcp.x" in witnessed(ComparedColumns(take))
    assert heaviest(last_joint(0.0)) is None


def test_a_last_joint_that_its_command_and_its_hand_contradict_is_wrong():
    found = heaviest(last_joint(0.1, ("state",)))
    assert (found.channels, found.kind, found.certain, found.name) == (("zarm_l7_joint",), "measured", True, "offset")


def test_a_hand_at_another_point_is_compared_there():
    """The other gripper of a robot has its grip elsewhere: no fault, and it hides none."""
    values = body_take().streams["hand_pose"].values.copy()
    values[:, :3] += matrices(values[:, 3:7]) @ np.array([0.01, -0.02, 0.035])
    for rows, size in ((slice(0, 0), None), (slice(200, 320), 0.03)):
        aside = values.copy()
        aside[rows, 1] += 0.03
        take = body_take()
        found = heaviest(replace(take, streams={**take.streams, "hand_pose": replace(take.streams["hand_pose"], values=aside)}))
        assert (found is None) if size is None else (found.certain and (found.first, found.last) == (200, 319))


def test_a_hand_that_no_frame_explains_contradicts_its_joints():
    """Of a robot that stands: a way that is written from its end to its beginning."""
    take = body_take()
    values = take.streams["hand_pose"].values.copy()
    values[:, :7] = values[::-1, :7]
    streams = {name: one for name, one in take.streams.items() if "base" not in name}
    columns = ComparedColumns(replace(take, streams={**streams, "hand_pose": replace(streams["hand_pose"], values=values)}))
    poses = [d for d in columns.differences if d.kind == "pose" and "left_tcp.x" in d.channels]
    assert poses and poses[0].size > 0.02


def point_of(*angles):
    """What the last of some takes shows beside the others, with this angle of its last joint each."""
    every = [bases_in([load_rules()["column.differs"].passed(details=bases_of(ComparedColumns(last_joint(a))))]) for a in angles]
    return check_bases_among(every[-1], every[:-1], load_rules())


@pytest.mark.parametrize(("angles", "failed"), [((0.1, 0.1, 0.1), False), ((0.0, 0.1), True), ((0.1, 0.1, 0.0), True), ((0.1, 0.0), False)])
def test_a_take_with_another_point_of_a_hand_than_its_set(angles, failed):
    found = point_of(*angles)
    assert (found is not None) == failed
    if angles[-1]:
        assert found is None or (found.subject[:2] == ("zarm_l7_joint", "left_tcp.x") and found.value == pytest.approx(0.1, abs=2e-3))


def bases(*moves):
    """Of a hand in takes of a set, the last of which is asked about."""
    takes = [(HandBase("left_tcp", (*move, 0.0), ("left_tcp.y",) if any(move) else (), "pose", 0.0, 9.0),) for move in moves]
    return check_bases_among(takes[-1], takes[:-1], load_rules())


HERE, SHOULDER, OFF = (0.0, 0.0, 0.0), (0.0, -0.2, -1.3), (0.0, 0.02, 0.0)


@pytest.mark.parametrize("moves", [(HERE, HERE, HERE), (SHOULDER, SHOULDER, SHOULDER), (OFF, HERE), (OFF, OFF), (SHOULDER, OFF)])
def test_a_base_that_the_set_has_or_that_it_does_not_know(moves):
    assert bases(*moves) is None


@pytest.mark.parametrize("moves", [(HERE, OFF), (HERE, HERE, OFF), (SHOULDER, SHOULDER, HERE), (HERE, OFF, HERE, HERE, SHOULDER)])
def test_a_take_with_another_base_than_its_set(moves):
    found = bases(*moves)
    assert found.failed and found.code == "column.differs" and found.subject[0] == "left_tcp." + ("y" if any(moves[-1]) else "x")


@pytest.mark.parametrize("moves", [(HERE, HERE, HERE, OFF, OFF), (HERE, HERE, SHOULDER, HERE, SHOULDER)])
def test_what_two_takes_have_is_how_they_were_set_up(moves):
    """Another gripper, or another place of the robot, from some take on."""
    assert bases(*moves).level == "WARN"


def test_a_take_with_its_hands_elsewhere_waits_for_the_next_one():
    def shown(move, k):
        hand = HandBase("left_tcp", (*move, 0.0), ("left_tcp.y",) if any(move) else (), "pose", 0.0, 9.0)
        return TakeShown(f"set#{k}", bases=(hand,))

    for after, level in ((OFF, "WARN"), (HERE, "FAIL")):
        seen, rules = TakesSeen(), load_rules()
        for one in (shown(move, k) for k, move in enumerate((HERE, HERE, OFF))):
            assert seen.against(one, own_limits(), rules, more=True) == []
            seen.show(one)
        for k, move in enumerate((after, HERE, HERE, HERE, HERE)):
            assert seen.waits("set#2")
            seen.show(shown(move, 3 + k))
        assert not seen.waits("set#2") and [one.level for one in seen.of_later("set#2", own_limits(), rules)] == [level]


@pytest.mark.parametrize(("first", "then", "found"), [(OFF, HERE, ["FAIL"]), (HERE, SHOULDER, ["FAIL"]), (SHOULDER, SHOULDER, [])])
def test_the_first_take_of_a_set_waits_for_those_that_tell_in_which_base_its_hands_are(first, then, found):
    def shown(move, k):
        return TakeShown(f"set#{k}", bases=(HandBase("left_tcp", (*move, 0.0), ("left_tcp.y",) if any(move) else (), "pose", 0.0, 9.0),))

    seen, rules = TakesSeen(), load_rules()
    for k, move in enumerate((first, *[then] * 5)):
        one = shown(move, k)
        assert seen.against(one, own_limits(), rules, more=True) == []
        seen.show(one)
        assert seen.waits("set#0") == (k < 5)
    assert [one.level for one in seen.of_later("set#0", own_limits(), rules)] == found
    assert seen.of_later("set#1", own_limits(), rules) == []


def test_hands_that_drift_are_in_no_frame():
    take = body_take()
    pose = take.streams["hand_pose"]
    values = pose.values.copy()
    values[:, [2, 9]] += np.linspace(0.0, 0.1, N)[:, None]
    assert heaviest(replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)})) is not None


def poses_at(rows, offset=0.0):
    """The take with the hands' poses of other rows (N,), and a fault of this size [m] put in afterwards."""
    take = body_take()
    pose = take.streams["hand_pose"]
    values = pose.values[rows].copy()
    values[200:320, pose.names.index("right_tcp.y")] += offset
    return replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)})


@pytest.mark.parametrize("rows", [np.maximum(np.arange(N) - 1, 0), np.maximum(np.arange(N) - 2, 0), np.arange(N) // 2 * 2])
def test_poses_that_come_a_little_later_or_half_as_often_are_no_fault_and_hide_none(rows):
    assert heaviest(poses_at(rows)) is None
    found = heaviest(poses_at(rows, 0.03))
    assert found.certain and found.channels == ("right_tcp.y",) and abs(found.first - 200) <= 2 and abs(found.last - 319) <= 2


def test_poses_that_are_held_in_a_part_of_a_take_are_a_fault():
    k = np.arange(N)
    found = heaviest(poses_at(np.where(k // 200 == 1, k // 3 * 3, k)))
    assert found.certain and found.kind == "pose" and 198 <= found.first and found.last <= 401


def zeros(size, joints, columns=("state",)):
    """The take with joints recorded beside their zeros by up to a size [rad], each by its own part of it, in these columns."""
    take = body_take()
    off = size * np.array([1.0, -0.6, 0.8, -1.0, 0.5, 0.9, -0.7])[: len(joints)]
    streams = dict(take.streams)
    for name in columns:
        values = streams[name].values.copy()
        values[:, joints] += off
        streams[name] = replace(streams[name], values=values)
    return replace(take, streams=streams)


@pytest.mark.parametrize("columns", [("state",), ("action", "state")])
@pytest.mark.parametrize(("size", "seen"), [(0.005, False), (0.05, True)])
@pytest.mark.parametrize("joints", [[0], [3], [0, 2, 4], [7, 8, 9, 10, 11, 12, 13]])
def test_zeros_of_a_calibration_are_no_fault_of_a_hand(joints, size, seen, columns):
    found = [d for d in ComparedColumns(zeros(size, joints, columns)).differences if d.kind in ("pose", "measured")]
    assert bool(found) == seen


def test_beside_such_zeros_a_pose_is_held_against_its_joints():
    take = zeros(0.005, [7, 8, 9, 10, 11, 12, 13])
    pose = take.streams["hand_pose"]
    values = pose.values.copy()
    values[200:320, pose.names.index("right_tcp.y")] += 0.03
    found = heaviest(replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)}))
    assert found.certain and (found.channels, found.first, found.last) == (("right_tcp.y",), 200, 319)
