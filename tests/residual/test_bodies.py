"""Columns that the body tells of: hands by the joints, torques by the servos, a base by its speeds, hands' drives, forces."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.residual.arm_chain import arms_of, own_chains, quaternions_of
from shiliu.replay.residual.bodies import ComparedColumns, _states_are_commands, more_differences, vouched, witnessed
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.engine import differences
from shiliu.replay.residual.heard import heard_column
from shiliu.scenarios.robots.robot import load_robot

RATE, N = 30.0, 600
STIFF, DAMP = 400.0, 35.0  # of no robot of ours: they are fitted
JOINTS = tuple(name for chain in own_chains().values() for name in chain.joints)
POSES = tuple(f"{side}_tcp.{axis}" for side in ("left", "right") for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))
BASE = ("base_x", "base_y", "base_yaw", "base_height", "base_vx.speed", "base_vy.speed", "base_vyaw.speed", "base_height.speed")
COMMANDS = ("base_vx", "base_vy", "base_vyaw", "base_height")
TIMES = np.arange(N) / RATE


def stream(name: str, role: str, quantity: str, unit: str, names: tuple[str, ...], values: np.ndarray) -> Stream:
    times = np.round(TIMES * 1e9).astype(np.int64)
    return Stream(name, role, quantity, unit, names, np.ascontiguousarray(values, float), capture_ns=times, clock="grid")


def motion() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Commands, positions, speeds (N, 16) of arms and a head that swing, each at its own pace about a bent posture; a servo lags behind."""
    at = np.array([0.3, 0.4, -0.3, -1.2, 0.5, -0.2, 0.15, -0.5, -0.6, 0.4, -0.9, -0.3, 0.25, -0.1, 0.2, 0.1])
    pace = 0.5 + 0.11 * np.arange(16)
    c = at + 0.25 * np.sin(pace * TIMES[:, None] + np.arange(16))
    lag = 0.08
    q = at + 0.25 * np.sin(pace * (TIMES[:, None] - lag) + np.arange(16))
    v = 0.25 * pace * np.cos(pace * (TIMES[:, None] - lag) + np.arange(16))
    return c, q, v


@pytest.fixture(scope="module")
def take() -> Recording:
    c, q, v = motion()
    arms = arms_of(dict(zip(JOINTS, q.T)))
    before = np.concatenate([c[:1], c[:-1]])
    stiff, damp = (np.where(np.arange(16) < 14, one, other) for one, other in ((STIFF, 30.0), (DAMP, 2.5)))
    effort = stiff * (before - q) - damp * v + np.concatenate([arm.weight() for arm in arms.values()], axis=1)
    effort[0] = 0.0
    poses = [np.column_stack([arm.origins[-1], quaternions_of(arm.turns[-1])]) for side, arm in arms.items() if side != "head"]
    ahead = 0.25 * np.sin(0.4 * TIMES) ** 2
    turning = 0.2 * np.sin(0.3 * TIMES)
    yaw = 0.7 + np.concatenate([[0.0], np.cumsum(0.5 * (turning[1:] + turning[:-1]) / RATE)])
    middle, mean = 0.5 * (yaw[1:] + yaw[:-1]), 0.5 * (ahead[1:] + ahead[:-1]) / RATE
    x, y = (2.0 + np.concatenate([[0.0], np.cumsum(f(middle) * mean)]) for f in (np.cos, np.sin))
    none = np.zeros(N)
    base = np.column_stack([x, y, yaw, none, ahead, none, turning, none])
    commanded = np.column_stack([np.append(ahead[1:], ahead[-1]), none, np.append(turning[1:], turning[-1]), none])
    claw = 50.0 + 40.0 * np.sin(0.8 * TIMES + np.array([[0.0], [1.1]])).T
    claw_speed = 32.0 * np.cos(0.8 * TIMES + np.array([[0.0], [1.1]])).T
    streams = [
        stream("action", "command", "joint_position", "rad", JOINTS, c),
        stream("state", "measured", "joint_position", "rad", JOINTS, q),
        stream("velocity", "measured", "joint_velocity", "rad/s", JOINTS, v),
        stream("effort", "measured", "joint_torque", "Nm", JOINTS, effort),
        stream("hand_pose", "measured", "hand_pose", "m m m 1 1 1 1 m m m 1 1 1 1", POSES, np.concatenate(poses, axis=1)),
        stream("base", "measured", "base", "1", BASE, base),
        stream("action/base", "command", "base", "1", COMMANDS, commanded),
        stream("action/claws", "command", "claw", "%", ("left_claw", "right_claw"), claw),
        stream("state/claws", "measured", "claw", "%", ("left_claw", "right_claw"), claw),
        stream("velocity/claws", "measured", "velocity", "%/s", ("left_claw", "right_claw"), claw_speed),
        stream("wrench", "measured", "wrench", "N", ("pelvis.fx", "pelvis.fz"), np.column_stack([none, none + 512.0])),
        stream("touch", "measured", "touch", "N", ("left_finger_front",), 9.0 * np.abs(np.sin(TIMES))[:, None]),
    ]
    return Recording("take", "take", "", "robot", {one.name: one for one in streams})


def changed(take: Recording, name: str, column: str, values: np.ndarray, rows: slice = slice(None)) -> Recording:
    """The take with other values in some rows of a column."""
    old = take.streams[name]
    table = old.values.copy()
    table[rows, old.names.index(column)] = values
    streams = {**take.streams, name: replace(old, values=table)}
    return replace(take, streams=streams)


def heaviest(take: Recording):
    found = more_differences(ComparedColumns(take), [])
    return max(found, key=lambda d: (d.certain, d.weight)) if found else None


def resampled(take: Recording, rate: float, how: str) -> Recording:
    """The take on rows of another rate: between two of its rows a straight line, or the row before; `mixed`: commands as held."""
    rows = np.arange(0.0, TIMES[-1], 1.0 / rate)
    streams = {}
    for name, one in take.streams.items():
        if how == "held" or (how == "mixed" and one.role == "command"):
            values = one.values[np.searchsorted(TIMES, rows + 1e-9, side="right") - 1]
        else:
            values = np.column_stack([np.interp(rows, TIMES, column) for column in one.values.T])
        streams[name] = replace(one, values=np.ascontiguousarray(values), capture_ns=np.round(rows * 1e9).astype(np.int64))
    return replace(take, streams=streams)


@pytest.mark.parametrize("how", ["straight", "held", "mixed"])
@pytest.mark.parametrize("rate", [40.0, 50.0, 60.0, 100.0])
def test_rows_that_were_put_onto_times_of_a_higher_rate_are_no_fault(take, rate, how):
    """Which command a servo had in a row that is not the device's is not recorded: its torque is not compared, and is named so."""
    columns = ComparedColumns(resampled(take, rate, how))
    assert columns.resampled and not [d for d in columns.differences if d.certain]
    assert not {f"effort/{name}" for name in JOINTS} & witnessed(columns)


def test_a_take_and_one_column_in_steps_are_of_the_devices_rows(take):
    assert not ComparedColumns(take).resampled
    state = take.streams["state"]
    steps = replace(state, values=state.values[np.arange(N) // 2 * 2])
    assert not ComparedColumns(replace(take, streams={**take.streams, "state": steps})).resampled


def test_what_agrees_is_found_to_agree(take):
    assert heaviest(take) is None
    known = witnessed(ComparedColumns(take))
    assert {f"hand_pose/{name}" for name in POSES} | {f"effort/{name}" for name in JOINTS} | {"wrench/pelvis.fz"} <= known
    assert {"base/base_yaw", "action/base/base_vx"} <= known and not known & {"wrench/pelvis.fx", "touch/left_finger_front"}


@pytest.mark.parametrize(("noise", "step"), [(1e-3, 0.0), (3e-3, 0.0), (0.0, 1.5e-3), (5e-4, 1e-3)])
def test_angles_that_scatter_or_come_in_steps_make_no_pose_of_a_hand_wrong(take, noise, step):
    """Poses are exact; angles have the noise of a real encoder. A hand that is 30 mm aside is found all the same."""
    rng = np.random.default_rng(5)
    state = take.streams["state"]
    q = state.values + rng.normal(0.0, noise, state.values.shape)
    q = np.round(q / step) * step if step else q
    noisy = replace(take, streams={**take.streams, "state": replace(state, values=q)})
    assert not [d for d in more_differences(ComparedColumns(noisy), []) if d.kind in ("pose", "measured")]
    z = noisy.streams["hand_pose"].column("right_tcp.z")[200:320]
    aside = changed(noisy, "hand_pose", "right_tcp.z", z + 0.03, slice(200, 320))
    (found,) = (d for d in more_differences(ComparedColumns(aside), []) if d.kind in ("pose", "measured"))
    assert found.channels == ("right_tcp.z",) and found.name == "offset" and (found.first, found.last) == (200, 319)


def test_the_chain_is_the_engines():
    robot = load_robot()
    q = motion()[1][17]
    model = robot.spec().compile()
    data = mujoco.MjData(model)
    for name, angle in zip(JOINTS, q):
        data.qpos[model.joint(name).qposadr[0]] = angle
    mujoco.mj_forward(model, data)
    arms = arms_of({name: np.array([angle]) for name, angle in zip(JOINTS, q)})
    base = data.body("base_link")
    for side, arm in arms.items():
        dofs = [model.joint(name).dofadr[0] for name in arm.chain.joints]
        assert np.abs(arm.weight()[0] - data.qfrc_gravcomp[dofs]).max() < 0.02  # fingers that close move their weight
        assert np.abs(arm.weight()[0]).max() > 0.2
        if side == "head":
            continue
        tip = base.xmat.reshape(3, 3).T @ (data.site(f"{arm.chain.side}_tcp").xpos - base.xpos)
        assert np.abs(arm.origins[-1][0] - tip).max() < 1e-9
        assert np.abs(arm.turns[-1][0] - data.site(f"{arm.chain.side}_tcp").xmat.reshape(3, 3)).max() < 1e-9


@pytest.mark.parametrize("axis, by", [("y", 0.011), ("qx", 0.03)])
def test_a_pose_that_its_joints_do_not_make(take, axis, by):
    name = f"right_tcp.{axis}"
    rows = slice(210, 260)
    found = heaviest(changed(take, "hand_pose", name, take.streams["hand_pose"].column(name)[rows] + by, rows))
    assert (found.channels, found.kind, found.first, found.last) == ((name,), "pose", 210, 259)
    assert found.certain and found.name == "offset" and found.size == pytest.approx(by, rel=1e-6)
    assert heaviest(changed(take, "hand_pose", name, take.streams["hand_pose"].column(name)[rows] + 0.0005, rows)) is None


def test_a_joint_that_was_written_wrongly_turns_the_hand_about_itself(take):
    rows, name = slice(300, 345), "zarm_r4_joint"
    other = changed(take, "state", name, take.streams["state"].column(name)[rows] + 0.09, rows)
    found = [d for d in more_differences(ComparedColumns(other), []) if d.kind in ("pose", "measured")]
    assert [(d.channels, d.kind, d.first, d.last) for d in found] == [((name,), "measured", 300, 344)]
    assert found[0].certain and found[0].size == pytest.approx(0.09, abs=1e-3)


def test_a_pose_that_stands_while_one_joint_moves_is_not_that_joints(take):
    state = take.streams["state"].values.copy()
    still = [i for i, name in enumerate(JOINTS[:7]) if name != "zarm_l4_joint"]
    state[200:260, still] = state[200, still]
    arm = arms_of(dict(zip(JOINTS, state.T)))["left"]
    pose = take.streams["hand_pose"].values.copy()
    pose[:, :7] = np.column_stack([arm.origins[-1], arm.attitudes()])
    pose[210:250, :7] = pose[210, :7]
    streams = {name: replace(take.streams[name], values=x) for name, x in (("state", state), ("hand_pose", pose))}
    other = replace(take, streams={"velocity": take.streams["velocity"], **streams})
    found = more_differences(ComparedColumns(other), [])
    assert {d.kind for d in found} == {"pose"} and all(d.channels[0].startswith("left_tcp") for d in found)


@pytest.mark.parametrize("sent", [False, True])
def test_joints_that_drift_are_no_pose_that_stands(take, sent):
    """An arm rests, as its hand's pose says; its joints are measured elsewhere by and by. Had it been sent there, the pose would stand."""
    away = np.linspace(0.0, 0.3, N)[:, None] * np.ones(7)
    streams = dict(take.streams)
    for name, moves in (("action", sent), ("state", True)):
        values = streams[name].values.copy()
        values[:, :7] = values[0, :7] + (away if moves else 0.0)
        streams[name] = replace(streams[name], values=values)
    pose = np.repeat(streams["hand_pose"].values[:1, :7], N, axis=0)
    alone = replace(streams["hand_pose"], names=streams["hand_pose"].names[:7], values=pose)
    other = replace(take, streams={"action": streams["action"], "state": streams["state"], "hand_pose": alone})
    found = [d for d in more_differences(ComparedColumns(other), []) if d.kind == "pose" and d.channels[0].startswith("left_tcp")]
    assert [d.name for d in found] == ["held_value"] * sent


def test_joints_of_one_arm_that_were_written_as_the_others(take):
    """In every column of theirs: the hands alone know which arm it was."""
    order = [*range(7, 14), *range(7), 14, 15]
    columns = ("action", "state", "velocity", "effort")
    other = {name: replace(take.streams[name], values=take.streams[name].values[:, order]) for name in columns}
    found = more_differences(ComparedColumns(replace(take, streams={**take.streams, **other})), [])
    one = max(found, key=lambda d: d.weight)
    assert (one.kind, one.name, one.certain) == ("measured", "copied", True) and set(one.channels) == set(JOINTS[:14])


@pytest.mark.parametrize("hand", [True, False])
def test_commands_that_were_written_for_what_was_measured(hand):
    """Command and measurement are one another's; a recorded hand elsewhere tells which of them it is."""
    written = Difference.over(TIMES, JOINTS, "command", None, 0.5, "rad", "measurement_as_command", certain=False, limit=0.05)
    late = Difference.over(TIMES, POSES[:3], "pose", None, 0.06, "m", "lag", certain=True, limit=0.002)
    torque = Difference.over(TIMES, JOINTS[:14], "effort", None, 0.1, "s", "lag", certain=True, limit=0.03)
    (one,), rest = _states_are_commands([written], [late, torque] if hand else [torque])
    assert (one.kind, one.certain) == (("measured", True) if hand else ("command", False)) and one.channels == JOINTS
    assert rest == ([] if hand else [torque])


def test_torques_answer_commands_whose_rows_were_exchanged(take):
    """No joint goes to and fro from row to row as such commands do: its torque is steady, and these are not."""
    rows, name = slice(150, 162), "zarm_l2_joint"
    column = take.streams["action"].column(name).copy()
    fast = column + 0.2 * np.sin(TIMES * 6.0)
    before = np.concatenate([fast[:1], fast[:-1]]) - np.concatenate([column[:1], column[:-1]])
    quick = changed(take, "action", name, fast)
    quick = changed(quick, "effort", name, take.streams["effort"].column(name) + STIFF * before)
    turned = fast[rows].reshape(-1, 2)[:, ::-1].reshape(-1)
    found = [d for d in more_differences(ComparedColumns(changed(quick, "action", name, turned, rows)), []) if name in d.channels]
    assert {d.kind for d in found} == {"command"} and {d.name for d in found} <= {"reordered"}


def test_a_torque_that_its_servo_does_not_give(take):
    rows, name = slice(120, 200), "zarm_l2_joint"
    x = take.streams["effort"].column(name)[rows]
    found = heaviest(changed(take, "effort", name, x + 4.5, rows))
    assert (found.channels, found.kind, found.name, found.certain) == ((name,), "effort", "offset", True)
    assert abs(found.first - 120) <= 2 and abs(found.last - 199) <= 2 and found.size == pytest.approx(4.5, abs=0.1)
    assert heaviest(changed(take, "effort", name, x + 0.4, rows)) is None


def test_another_hand_and_another_frame_are_no_fault(take):
    pose = take.streams["hand_pose"]
    (arm, *_) = arms_of(dict(zip(JOINTS, take.streams["state"].values.T))).values()
    values = pose.values.copy()
    values[:, :3] += arm.turns[-1] @ np.array([0.01, -0.02, 0.035])
    assert heaviest(replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)})) is None
    values = np.random.default_rng(1).permutation(pose.values, axis=1)
    assert heaviest(replace(take, streams={**take.streams, "hand_pose": replace(pose, values=values)})) is None


@pytest.mark.parametrize(
    ("change", "name", "subject"),
    [
        (lambda p: np.concatenate([np.broadcast_to(p[:1, :7], (N, 7)), p[:, 7:]], axis=1), "held", "left_tcp"),
        (lambda p: np.concatenate([p[:, 7:], p[:, :7]], axis=1), "copied", "left_tcp"),
        (lambda p: np.concatenate([p[:, :7], 1000.0 * p[:, 7:10], p[:, 10:]], axis=1), "factor", "right_tcp"),
    ],
)
def test_a_pose_of_a_hand_that_is_nowhere_near_its_arm(take, change, name, subject):
    """It stands while its arm moves it; it is the other hand's; it counts in another unit, as the other hand shows."""
    old = take.streams["hand_pose"]
    one = replace(take, streams={**take.streams, "hand_pose": replace(old, values=np.ascontiguousarray(change(old.values)))})
    worst = heaviest(one)
    assert worst.certain and worst.name == name and worst.channels[0].startswith(subject)


def test_poses_of_an_unknown_frame_are_named_as_compared_with_nothing(take):
    """Both hands turned and elsewhere: nothing is claimed of them. One that stands is a fault in any frame."""
    old = take.streams["hand_pose"]
    values = old.values.copy()
    for at in (0, 7):
        values[:, at : at + 3] = values[:, [at + 1, at + 2, at]] + 0.8
        values[:, at + 3 : at + 7] = values[:, [at + 4, at + 3, at + 6, at + 5]]
    elsewhere = replace(take, streams={**take.streams, "hand_pose": replace(old, values=values)})
    assert heaviest(elsewhere) is None
    assert not {f"hand_pose/{name}" for name in POSES} & witnessed(ComparedColumns(elsewhere))
    values = values.copy()
    values[:, :7] = values[0, :7]
    worst = heaviest(replace(take, streams={**take.streams, "hand_pose": replace(old, values=values)}))
    assert worst.certain and worst.name == "held_value" and set(worst.channels) == set(POSES[:7])


@pytest.mark.parametrize("row", [97, 320])
def test_a_single_row_of_a_command_is_the_commands_fault(take, row):
    """The torque of the next row answers another command, and is as steady as ever."""
    x = take.streams["action"].column("zarm_r4_joint").copy()
    x[row] += 0.2
    worst = heaviest(changed(take, "action", "zarm_r4_joint", x))
    assert (worst.kind, worst.channels, worst.first) == ("command", ("zarm_r4_joint",), row)
    torque = take.streams["effort"].column("zarm_r4_joint").copy()
    torque[row] += 80.0
    worst = heaviest(changed(take, "effort", "zarm_r4_joint", torque))
    assert (worst.kind, worst.name, worst.first) == ("effort", "single_row", row)


def test_a_command_that_no_torque_answers_to_is_no_push(take):
    rows, name = slice(240, 270), "zarm_r2_joint"
    other = changed(take, "action", name, take.streams["action"].column(name)[rows] + 0.06, rows)
    doubtful = Difference((name,), "command", 240, 269, 8.0, 8.97, 0.06, "rad", "offset", False)
    found = [d for d in more_differences(ComparedColumns(other), [doubtful]) if name in d.channels]
    assert [(d.kind, d.first, d.last, d.certain) for d in found] == [("command", 240, 269, True)]
    assert not more_differences(ComparedColumns(take), [doubtful])  # pushed: the torque answers to what is recorded


@pytest.mark.parametrize(("by", "name"), [(lambda t: 0.012 * (t - t[0]), "drift"), (lambda t: 0.02 + 0.0 * t, "offset")])
def test_a_command_that_the_torque_knows_otherwise(take, by, name):
    """0.02 rad is less than a joint may lag behind; three joints at once that drift do not bend the law of the others."""
    rows = slice(150, N - 20)
    for joint in ("zarm_l4_joint", "zarm_r3_joint", "zarm_r6_joint"):
        x = take.streams["action"].column(joint)[rows]
        take = changed(take, "action", joint, x + by(TIMES[rows]), rows)
    columns = ComparedColumns(take)
    found = [d for group in columns.table.groups for d in differences(group, vouched(columns, group))]
    later = [d for d in more_differences(columns, found) if d.kind != "measured"]
    assert {d.kind for d in later} == {"command"} and all(d.certain for d in later)
    assert {j for d in later for j in d.channels} == {"zarm_l4_joint", "zarm_r3_joint", "zarm_r6_joint"}
    worst = max(later, key=lambda d: d.weight)
    assert worst.name == name and worst.size == pytest.approx(float(by(TIMES[rows]).max()), abs=0.004)
    assert abs(worst.last - (N - 21)) <= 2 and worst.first >= 149


def test_a_position_that_the_torque_knows_otherwise(take):
    """No hand is recorded; the engine doubts the position, and the torque says what it was, so that its steps are seen as steps."""
    joint, rows = "zarm_r2_joint", slice(220, 400)
    take = replace(take, streams={name: one for name, one in take.streams.items() if name != "hand_pose"})
    x = take.streams["state"].column(joint)[rows]
    coarse = np.round(x / 0.15) * 0.15
    off = 220 + np.flatnonzero(np.abs(coarse - x) > 0.02)
    take = changed(take, "state", joint, coarse, rows)
    columns = ComparedColumns(take)
    found = [d for group in columns.table.groups for d in differences(group)]
    assert any(d.kind == "measured" and joint in d.channels for d in found)
    later = [d for d in more_differences(columns, found) if d.certain]
    assert [(d.channels, d.kind, d.name) for d in later] == [((joint,), "measured", "quantised")]
    assert abs(later[0].first - off[0]) <= 3 and abs(later[0].last - off[-1]) <= 3 and later[0].size == pytest.approx(0.075, abs=0.01)


def test_a_joint_is_not_doubted_where_the_hand_bears_it_out(take):
    """The hand stands as measured, so it is the command that is written otherwise; without the hand either may be."""
    joint, rows = "zarm_l4_joint", slice(200, 420)
    off = changed(take, "action", joint, take.streams["action"].column(joint)[rows] + 0.002 * (np.arange(220)), rows)
    for one in (off, replace(off, streams={k: v for k, v in off.streams.items() if k != "hand_pose"})):
        columns = ComparedColumns(one)
        group = next(g for g in columns.table.groups if any(c.name == joint for c in g.channels))
        borne = vouched(columns, group)
        assert (joint in borne) == ("hand_pose" in one.streams)
        assert not borne or borne[joint].all()
        found = differences(group, borne)
        assert not borne or {d.kind for d in found if joint in d.channels} == {"command"}
    wrong = changed(take, "state", joint, take.streams["state"].column(joint)[rows] + 0.3, rows)
    columns = ComparedColumns(wrong)
    group = next(g for g in columns.table.groups if any(c.name == joint for c in g.channels))
    assert not vouched(columns, group)[joint][rows].any() and vouched(columns, group)[joint][:190].all()


def test_the_torque_of_a_neck(take):
    rows, name = slice(420, 470), "zhead_2_joint"
    x = take.streams["effort"].column(name)[rows]
    found = heaviest(changed(take, "effort", name, x - 1.6, rows))
    assert (found.channels, found.kind, found.certain) == ((name,), "effort", True) and found.size == pytest.approx(1.6, abs=0.1)
    assert heaviest(changed(take, "effort", name, x - 0.1, rows)) is None


def test_what_counts_of_a_command_is_what_counts_of_its_torque(take):
    (group, _), laws = ComparedColumns(take).bodies[0], ComparedColumns(take).laws[0]
    law = next(one for one in laws if one.channels[0].name == "zhead_2_joint")
    rest, bad = np.zeros(N), np.zeros(N, bool)
    rest[240:290], bad[240:290] = 1.5, True
    column = heard_column(group, law, 0, rest, "command", bad, bad, 1.0)
    assert column.limit == pytest.approx(1.0 / 30.0, rel=1e-3)
    assert np.flatnonzero(column.bad).tolist() == list(range(239, 289)), "a torque answers the command of the row before"
    assert column.truth[239:289] - column.x[239:289] == pytest.approx(np.full(50, 0.05), rel=1e-3)


def test_torques_of_the_other_sign_and_in_another_unit(take):
    effort = take.streams["effort"]
    for factor, name in ((-1.0, "mirrored"), (1000.0, "factor")):
        other = replace(take, streams={**take.streams, "effort": replace(effort, values=factor * effort.values)})
        found = heaviest(other)
        assert (found.kind, found.name, found.certain) == ("effort", name, True)
        assert found.numbers["factor"] == pytest.approx(factor, rel=0.02) and len(found.channels) == 14


def test_torques_that_follow_no_such_law_are_not_claimed(take):
    effort = take.streams["effort"]
    other = replace(effort, values=np.random.default_rng(3).normal(0.0, 8.0, effort.values.shape))
    other_take = replace(take, streams={**take.streams, "effort": other})
    assert heaviest(other_take) is None
    assert not any(name.startswith("effort/") for name in witnessed(ComparedColumns(other_take)))


@pytest.mark.parametrize(
    "where, column, by, kind",
    [("base", "base_y", 0.05, "measured"), ("base", "base_vx.speed", 0.16, "velocity"), ("action/base", "base_vyaw", 0.2, "command")],
)
def test_place_speed_and_command_of_a_base(take, where, column, by, kind):
    rows = slice(250, 310)
    x = take.streams[where].column(column)[rows]
    found = heaviest(changed(take, where, column, x + by, rows))
    assert (found.channels, found.kind, found.certain) == ((column,), kind, True)
    assert abs(found.first - 250) <= 3 and abs(found.last - 309) <= 12 and found.size == pytest.approx(by, rel=0.3)
    assert heaviest(changed(take, where, column, x + 0.02 * by, rows)) is None


def test_where_rows_are_lost_no_base_is_to_blame(take):
    other = changed(take, "base", "base_x", take.streams["base"].column("base_x")[300:] + 0.4, slice(300, None))
    lost = Difference((), "rows", 300, 300, 9.97, 10.0, 0.3, "rad", "cut", True)
    assert more_differences(ComparedColumns(other), []) and not more_differences(ComparedColumns(other), [lost])


def test_the_speed_of_a_hand(take):
    rows = slice(90, 150)
    x = take.streams["velocity/claws"].column("right_claw")[rows]
    found = heaviest(changed(take, "velocity/claws", "right_claw", x + 65.0, rows))
    assert (found.channels, found.kind, found.certain, found.first, found.last) == (("right_claw",), "velocity", True, 90, 149)
    assert heaviest(changed(take, "velocity/claws", "right_claw", x + 3.0, rows)) is None


def test_a_weight_of_the_other_sign_and_a_finger_that_pulls(take):
    found = heaviest(changed(take, "wrench", "pelvis.fz", -take.streams["wrench"].column("pelvis.fz")))
    assert (found.channels, found.kind, found.name) == (("pelvis.fz",), "wrench", "mirrored") and found.certain
    found = heaviest(changed(take, "touch", "left_finger_front", -7.0, slice(40, 44)))
    assert (found.kind, found.first, found.last) == ("touch", 40, 43)


def test_no_engine_is_imported():
    code = "import sys, shiliu.replay.residual.bodies as b; b.arms_of({}); sys.exit('mujoco' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_command_that_is_further_off_than_its_servo_could_push(take):
    """Late by 12 rows for nine seconds: the law asks for more than the servo gives, and the torque says what it had all the same."""
    joint, rows = "zarm_l2_joint", np.arange(200, 470)
    x = take.streams["action"].column(joint)
    found = heaviest(changed(take, "action", joint, x[rows - 12], slice(200, 470)))
    assert (found.channels, found.kind, found.name, found.certain) == ((joint,), "command", "lag", True)
    assert found.numbers["rows"] == 12.0 and found.first <= 230 and found.last >= 440


def test_several_joints_that_are_measured_elsewhere_and_not_the_hand(take):
    """Three joints of an arm go on evenly for 24 rows; no joint alone explains where the hand is, but what the torques answer does."""
    rows, joints = slice(300, 324), ("zarm_l2_joint", "zarm_l4_joint", "zarm_l6_joint")
    wrong = take
    for joint in joints:
        x = take.streams["state"].column(joint)[rows]
        wrong = changed(wrong, "state", joint, np.linspace(x[0] + 0.06, x[-1] - 0.05, 24), rows)
    found = [d for d in more_differences(ComparedColumns(wrong), []) if d.certain]
    assert {d.kind for d in found} == {"measured"} and {name for d in found for name in d.channels} == set(joints)
    assert all(299 <= d.first and d.last <= 324 for d in found)


@pytest.mark.parametrize(("by", "seen"), [(0.6, True), (0.2, False)])
def test_a_speed_that_positions_and_torques_contradict(take, by, seen):
    """A single row of all speeds of an arm; less than the limit is nothing."""
    wrong = take
    for joint in own_chains()["right"].joints:
        wrong = changed(wrong, "velocity", joint, take.streams["velocity"].column(joint)[333] + by, slice(333, 334))
    found = [d for d in more_differences(ComparedColumns(wrong), []) if d.certain]
    assert [(d.kind, d.first, d.last) for d in found] == [("velocity", 333, 333)] * seen
    assert not seen or (found[0].size == pytest.approx(by, rel=0.1) and set(found[0].channels) == set(own_chains()["right"].joints))


@pytest.fixture(scope="module")
def gripping(take) -> Recording:
    """Hands that follow their commands late, and the force of their servos; the right one stops at what it holds."""
    c = 50.0 + 40.0 * np.tanh(4.0 * np.sin(0.8 * TIMES + np.array([[0.0], [1.1]]))).T
    q = np.vstack([c[:1]] * 3 + [c[:-3]])
    q[:, 1] = np.minimum(q[:, 1], 72.0 - 2.0 * np.sin(TIMES))
    v = np.gradient(q, 1.0 / RATE, axis=0)
    force = 0.03 * (np.vstack([c[:1], c[:-1]]) - q) - 1e-4 * v
    names = ("left_claw", "right_claw")
    ours = {
        "action/claws": stream("action/claws", "command", "claw", "%", names, c),
        "state/claws": stream("state/claws", "measured", "claw", "%", names, q),
        "velocity/claws": stream("velocity/claws", "measured", "velocity", "%/s", names, v),
        "effort/claws": stream("effort/claws", "measured", "effort", "N/%", names, force),
    }
    return replace(take, streams={**take.streams, **ours})


def test_a_hand_that_is_sound_is_not_blamed_for_the_noise_of_the_other_one(gripping):
    """The right hand rests and gives nothing, and noise stands in its command all along: no law without stiffness follows from it."""
    rng, still = np.random.default_rng(5), {}
    for name, value in (("action/claws", 40.0), ("state/claws", 40.0), ("velocity/claws", 0.0), ("effort/claws", 0.0)):
        values = gripping.streams[name].values.copy()
        values[:, 1] = value
        still[name] = replace(gripping.streams[name], values=values)
    rests = replace(gripping, streams={**gripping.streams, **still})
    assert heaviest(rests) is None
    noisy = changed(rests, "action/claws", "right_claw", 40.0 + rng.normal(0.0, 6.0, N))
    found = more_differences(ComparedColumns(noisy), [])
    assert not [d for d in found if "left_claw" in d.channels]


def test_a_hand_that_is_commanded_the_other_way_round_is_one_finding(gripping):
    """Its force asks for another command all along, which follows from that."""
    other = changed(gripping, "action/claws", "left_claw", 100.0 - gripping.streams["action/claws"].column("left_claw"))
    of_hand = [d for d in ComparedColumns(other).differences if "left_claw" in d.channels]
    assert {d.name for d in of_hand} == {"mirrored"}


@pytest.mark.parametrize(
    ("where", "column", "change", "kind", "name"),
    [
        ("action/claws", "left_claw", lambda x: 100.0 - x, "command", "mirrored"),
        ("action/claws", "right_claw", lambda x: x - 12.0, "command", "offset"),
        ("state/claws", "left_claw", lambda x: x - 20.0, "measured", "offset"),
        ("effort/claws", "right_claw", lambda x: x + 0.9, "effort", "offset"),
    ],
)
def test_the_force_of_a_hand_tells_which_of_its_columns_is_wrong(gripping, where, column, change, kind, name):
    assert heaviest(gripping) is None
    rows = slice(260, 340)
    x = gripping.streams[where].column(column)[rows]
    found = heaviest(changed(gripping, where, column, change(x), rows))
    assert (found.channels, found.kind, found.name, found.certain) == ((column,), kind, name, True)
    assert abs(found.first - 260) <= 3 and abs(found.last - 339) <= 3
    assert heaviest(changed(gripping, where, column, x + 0.003 * (change(x) - x), rows)) is None


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (np.r_[0:240, 243, 240, 242, 241, 244:N], "reordered"),
        (np.r_[0:240, 243:N], "cut"),
        (np.r_[0:240, 239, 239, 240:N], "repeated"),
    ],
)
def test_rows_that_are_not_in_the_order_of_their_speeds(take, order, name):
    """Three rows at the most, in which no joint goes further than it may in one."""
    n = len(order)
    times = np.round(np.arange(n) / RATE * 1e9).astype(np.int64)
    wrong = {k: replace(one, values=one.values[order], capture_ns=times) for k, one in take.streams.items()}
    columns = ComparedColumns(replace(take, streams=wrong))
    found = [d for group in columns.table.groups for d in differences(group) if d.kind == "rows"]
    assert [(d.name, d.certain) for d in found] == [(name, True)] and 238 <= found[0].first <= found[0].last <= 245
    whole = ComparedColumns(take)
    assert not [d for group in whole.table.groups for d in differences(group) if d.kind == "rows"]


def modelled(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(N, 16) torques of the model's own servos for the commands of `motion`, measured positions and speeds (N, 16)."""
    c = motion()[0]
    arms = arms_of(dict(zip(JOINTS, q.T)))
    links = [link for arm in arms.values() for link in arm.chain.links]
    stiff, damp = np.array([link.gains for link in links]).T
    before = np.concatenate([c[:1], c[:-1]])
    return stiff * (before - q) - damp * v + np.concatenate([arm.weight() for arm in arms.values()], axis=1)


@pytest.mark.parametrize(
    "name, kind, rows", [("action", "command", -3), ("action", "command", 2), ("state", "measured", 2), ("state", "measured", 7)]
)
def test_a_column_of_all_joints_that_is_late_by_its_torques(take, name, kind, rows):
    effort = replace(take.streams["effort"], values=modelled(*motion()[1:]))
    fit = replace(take, streams={**take.streams, "effort": effort})
    assert heaviest(fit) is None
    at = np.clip(np.arange(N) - rows, 0, N - 1)
    late = replace(fit.streams[name], values=fit.streams[name].values[at])
    found = heaviest(replace(fit, streams={**fit.streams, name: late}))
    assert (found.kind, found.name, found.certain, len(found.channels)) == (kind, "lag", True, 14)
    assert found.numbers["rows"] == rows and found.numbers["late"] == pytest.approx(rows / RATE)


def test_a_joint_that_its_load_holds_back_contradicts_nothing_where_its_torque_says_so(take):
    q = motion()[1].copy()
    q[250:330, 3] -= 0.15 * np.sin(np.linspace(0.0, np.pi, 80))
    state = replace(take.streams["state"], values=q)
    speed = take.streams["velocity"].values.copy()
    speed[:, 3] = np.gradient(q[:, 3], 1.0 / RATE)
    effort = replace(take.streams["effort"], values=modelled(q, speed))
    own = {"state": state, "velocity": replace(take.streams["velocity"], values=speed), "effort": effort}
    loaded = replace(take, streams={k: s for k, s in (take.streams | own).items() if k != "hand_pose"})
    assert not [d for d in ComparedColumns(loaded).differences if d.kind in ("command", "measured")]
    light = replace(take.streams["effort"], values=modelled(*motion()[1:]))
    found = heaviest(replace(loaded, streams={**loaded.streams, "effort": light}))
    assert found.channels == (JOINTS[3],) and abs(found.first - 250) < 12


def test_commands_of_several_joints_that_were_exchanged_in_time_are_no_lost_rows(take):
    effort = replace(take.streams["effort"], values=modelled(*motion()[1:]))
    action = take.streams["action"]
    values = action.values.copy()
    values[300:308] = np.roll(values[300:308], 3, axis=0)
    turned = replace(take, streams={**take.streams, "effort": effort, "action": replace(action, values=values)})
    found = max(ComparedColumns(turned).differences, key=lambda d: (d.certain, d.weight))
    assert (found.kind, found.certain) == ("command", True) and len(found.channels) >= 3
    assert abs(found.first - 300) <= 1 and abs(found.last - 307) <= 1


def test_torques_that_hum_in_most_rows_are_held_against_the_law_of_the_others(take):
    effort = modelled(*motion()[1:])
    effort[180:, :14] += 20.0 * np.sin(1.9 * np.arange(N - 180))[:, None]
    found = heaviest(replace(take, streams={**take.streams, "effort": replace(take.streams["effort"], values=effort)}))
    assert (found.kind, found.certain) == ("effort", True) and len(found.channels) == 14
    assert abs(found.first - 180) < 12 and found.size == pytest.approx(20.0, rel=0.2)


def test_a_hand_that_is_nowhere_for_single_rows(take):
    claw = take.streams["state/claws"]
    values = claw.values.copy()
    values[[200, 203, 206], 0] = 0.0
    found = heaviest(replace(take, streams={**take.streams, "state/claws": replace(claw, values=values)}))
    assert (found.channels, found.kind, found.certain) == (("left_claw",), "measured", True)
    assert 190 <= found.first <= 200 and 206 <= found.last <= 216


def test_speeds_of_another_motion(take):
    speed = take.streams["velocity"]
    at = np.minimum(0.8 * np.arange(N), N - 1)
    slow = np.column_stack([np.interp(at, np.arange(N), x) for x in speed.values.T])
    found = heaviest_of_all(replace(take, streams={**take.streams, "velocity": replace(speed, values=slow)}))
    assert (found.kind, found.name, found.certain) == ("velocity", "rate", True) and found.numbers["rate"] == 0.8
    late = replace(speed, values=np.roll(speed.values, 1, axis=0))
    assert heaviest_of_all(replace(take, streams={k: s for k, s in (take.streams | {"velocity": late}).items() if k != "effort"})) is None


def heaviest_of_all(take):
    return max(ComparedColumns(take).differences, key=lambda d: (d.certain, d.weight), default=None)


def rebased(take: Recording, change, names: tuple[str, ...] = BASE) -> Recording:
    """The take with another table (N, 8) of the base, of these columns."""
    old = take.streams["base"]
    values = np.column_stack([change(old.values.copy())[:, BASE.index(name)] for name in names])
    return replace(take, streams={**take.streams, "base": replace(old, names=names, values=values)})


def times(columns: list[int], factor: float):
    def change(base: np.ndarray) -> np.ndarray:
        base[:, columns] *= factor
        return base

    return change


SPED = ("base_vx.speed", "base_vyaw.speed")


@pytest.mark.parametrize(("factor", "name"), [(-1.0, "mirrored"), (0.0, "held_value"), (0.999, None)])
def test_speeds_of_a_base_that_places_and_commands_contradict_all_along(take, factor, name):
    found = more_differences(ComparedColumns(rebased(take, times([4, 5, 6, 7], factor))), [])
    assert {d.kind for d in found} == ({"velocity"} if name else set())
    assert sorted(c for d in found for c in d.channels) == (sorted(SPED) if name else [])
    assert all(d.name == name and d.certain for d in found)
    assert not found or max(d.size for d in found) == pytest.approx((1.0 - factor) * 0.25, rel=0.05)


def test_speeds_of_a_base_in_each_others_place(take):
    found = more_differences(ComparedColumns(rebased(take, lambda b: b[:, [0, 1, 2, 3, 6, 5, 4, 7]])), [])
    assert {(d.kind, d.name) for d in found} == {("velocity", "copied")}


def test_a_speed_of_a_squat(take):
    """Nothing but the height and its command tell of it."""
    down = -0.06 * (1.0 - np.cos(0.5 * TIMES))
    base = take.streams["base"].values.copy()
    base[:, 3], base[:, 7] = down, np.gradient(down, 1.0 / RATE) * 4.0
    base[:, 3] *= 4.0
    action = changed(take, "action/base", "base_height", base[:, 3])
    sound = rebased(action, lambda _: base)
    assert heaviest(sound) is None
    found = more_differences(ComparedColumns(rebased(sound, times([7], -1.0))), [])
    assert [(d.channels, d.kind, d.certain) for d in found] == [(("base_height.speed",), "velocity", True)]


@pytest.mark.parametrize("names", [BASE, BASE[:4]])
@pytest.mark.parametrize("rows", [1, 12, -4])
def test_a_base_that_is_recorded_late(take, rows, names):
    """A single row is no more than a drive may take to answer."""
    at = np.clip(np.arange(N) - rows, 0, N - 1)
    push = changed(take, "action/base", "base_vx", np.where((TIMES > 4.0) & (TIMES < 9.0), 0.35, 0.0))
    speed, asked = np.zeros(N), push.streams["action/base"].column("base_vx")
    for row in range(1, N):
        speed[row] = speed[row - 1] + np.clip(asked[row - 1] - speed[row - 1], -0.4 / RATE, 0.4 / RATE)
    base = take.streams["base"].values.copy()
    middle, mean = 0.5 * (base[1:, 2] + base[:-1, 2]), 0.5 * (speed[1:] + speed[:-1]) / RATE
    base[1:, 0], base[1:, 1] = (2.0 + np.cumsum(f(middle) * mean) for f in (np.cos, np.sin))
    base[:, 4] = speed
    assert heaviest(rebased(push, lambda _: base, names)) is None
    found = more_differences(ComparedColumns(rebased(push, lambda _: base[at], names)), [])
    if rows == 1:
        assert not any(d.kind == "base" for d in found)
        return
    assert [(d.kind, d.name, d.certain, set(d.channels)) for d in found] == [("base", "lag", True, set(names))]
    assert abs(found[0].numbers["rows"] - rows) <= 1.0  # real drives take a row to answer, these do not


@pytest.mark.parametrize("names", [BASE, BASE[:4]])
def test_places_of_a_base_in_each_others_place(take, names):
    found = more_differences(ComparedColumns(rebased(take, lambda b: b[:, [1, 0, *range(2, 8)]], names)), [])
    assert [(d.channels, d.kind, d.name, d.certain) for d in found] == [(("base_x", "base_y"), "measured", "copied", True)]


@pytest.mark.parametrize(
    ("columns", "factor", "name"),
    [([0], -1.0, "mirrored"), ([0, 1], 1000.0, "factor"), ([0, 1, 2], 0.0, "held_value"), ([2], -1.0, "mirrored"), ([0, 1], 0.9, None)],
)
def test_places_of_a_base_without_speeds_beside_its_commands(take, columns, factor, name):
    """A base that slips a little goes the same way, and that is no fault."""
    sound = rebased(take, lambda b: b, BASE[:4])
    assert heaviest(sound) is None
    assert {"base/base_x", "base/base_yaw", "action/base/base_vx"} <= witnessed(ComparedColumns(sound))
    found = more_differences(ComparedColumns(rebased(take, times(columns, factor), BASE[:4])), [])
    assert {c for d in found for c in d.channels} == ({BASE[k] for k in columns} if name else set())
    assert all((d.kind, d.name, d.certain) == ("measured", name, True) for d in found)


@pytest.mark.parametrize(("factor", "name"), [(-1.0, "mirrored"), (100.0, "factor"), (0.0, "held_value"), (1.0, None)])
def test_the_height_of_a_base_without_speeds(take, factor, name):
    down = -0.12 * (1.0 - np.cos(0.5 * TIMES))

    def at(base: np.ndarray) -> np.ndarray:
        base[:, 3] = factor * down
        return base

    squats = changed(take, "action/base", "base_height", np.append(down[1:], down[-1]))
    found = more_differences(ComparedColumns(rebased(squats, at, BASE[:4])), [])
    assert [(d.channels, d.kind, d.name, d.certain) for d in found] == [(("base_height",), "measured", name, True)] * (name is not None)


def test_a_base_that_nothing_speaks_of_is_named(take):
    """Places without speeds and commands; and places, speeds and commands of three motions."""
    silent = rebased(take, lambda b: b, BASE[:4])
    silent = replace(silent, streams={k: s for k, s in silent.streams.items() if k != "action/base"})
    rng = np.random.default_rng(4)
    strange = rebased(take, lambda b: np.column_stack([np.cumsum(rng.normal(0, 0.02, (N, 4)), axis=0), rng.normal(0, 0.5, (N, 4))]))
    for one in (silent, strange):
        assert heaviest(one) is None and not {f"base/{name}" for name in BASE} & witnessed(ComparedColumns(one))


@pytest.mark.parametrize(("rows", "seen"), [(6, True), (-3, True), (1, False)])
@pytest.mark.parametrize("own", [False, True])
def test_torques_of_all_joints_that_are_late(take, rows, seen, own):
    """A slow arm, whose torques are nearly its weight, answers at any row; and most exactly in its own."""
    effort = modelled(*motion()[1:]) if own else take.streams["effort"].values
    late = effort[np.clip(np.arange(N) - rows, 0, N - 1)]
    found = heaviest(replace(take, streams={**take.streams, "effort": replace(take.streams["effort"], values=late)}))
    if seen:
        assert (found.kind, found.name, found.certain, len(found.channels)) == ("effort", "lag", True, 14)
        assert found.numbers["rows"] == rows


@pytest.mark.parametrize("own", [False, True])
def test_torques_of_the_other_arm(take, own):
    effort = modelled(*motion()[1:]) if own else take.streams["effort"].values
    other = effort[:, [*range(7, 14), *range(7), 14, 15]]
    wrong = replace(take, streams={**take.streams, "effort": replace(take.streams["effort"], values=other)})
    found = heaviest(wrong)
    assert (found.kind, found.name, found.certain, len(found.channels)) == ("effort", "copied", True, 14)
    assert {f"effort/{name}" for name in JOINTS[:14]} <= witnessed(ComparedColumns(wrong))


@pytest.mark.parametrize(("lag", "seen"), [(0.1, True), (0.03, False)])
def test_torques_that_nobody_wrote(take, lag, seen):
    """They are a fault where the arms follow as the model's servos do, which hold their weight; other servos may have told of none."""
    c = motion()[0]
    t = TIMES[:, None] - 1.0 / RATE - lag
    pace, phase = 0.5 + 0.11 * np.arange(16), np.arange(16)
    at = c - 0.25 * np.sin(pace * TIMES[:, None] + phase)
    q, v = at + 0.25 * np.sin(pace * t + phase), 0.25 * pace * np.cos(pace * t + phase)
    values = {"state": q, "velocity": v, "effort": np.zeros((N, 16))}
    streams = {k: s for k, s in take.streams.items() if k != "hand_pose"}
    streams |= {k: replace(take.streams[k], values=x) for k, x in values.items()}
    found = heaviest(replace(take, streams=streams))
    assert (found is not None) == seen
    assert not seen or (found.kind, found.name, found.certain, len(found.channels)) == ("effort", "held_value", True, 14)
    assert not seen or found.size > 8.0
    streams["effort"] = replace(streams["effort"], values=modelled(q, v))
    assert not seen or heaviest(replace(take, streams=streams)) is None
