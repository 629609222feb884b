"""Columns that the body tells of: hands by the joints, speeds, forces, and what is compared with nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import mujoco
import numpy as np
import pytest
from body_takes import JOINTS, POSES, RATE, TIMES, N, body_take, changed, heaviest, heaviest_of_all, modelled, motion
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.recording.recording import Recording
from shiliu.replay.report.text import Words
from shiliu.replay.residual.arm_chain import arms_of
from shiliu.replay.residual.bodies import ComparedColumns, _states_are_commands, more_differences, vouched, witnessed
from shiliu.replay.residual.difference import SOURCES, Difference
from shiliu.replay.residual.engine import differences
from shiliu.scenarios.robots.robot import load_robot


@pytest.fixture(scope="module")
def take() -> Recording:
    return body_take()


def test_what_agrees_is_found_to_agree(take):
    assert heaviest(take) is None
    known = witnessed(ComparedColumns(take))
    assert {f"hand_pose/{name}" for name in POSES} | {f"effort/{name}" for name in JOINTS} | {"wrench/pelvis.fz"} <= known
    assert {"base/base_yaw", "action/base/base_vx"} <= known and not known & {"wrench/pelvis.fx", "touch/left_finger_front"}


@pytest.mark.parametrize(
    ("noise", "step"),
    [(3e-3, 0.0), (5e-4, 1e-3), *(pytest.param(*one, marks=pytest.mark.slow) for one in ((1e-3, 0.0), (0.0, 1.5e-3)))],
)
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


@pytest.mark.parametrize(("step", "found"), [(1e-2, False), (1e-4, True)])
def test_a_joint_that_rests_is_written_as_coarsely_as_those_that_move(take, step, found):
    """An arm that rests all along, 0.015 rad beside what is written of it; poses are exact."""
    state, hand = take.streams["state"], take.streams["hand_pose"]
    q, poses = state.values.copy(), hand.values.copy()
    q[:, 7:14] = np.round(q[0, 7:14], 2)
    there = q.copy()
    there[:, 7] += 0.015
    arm = arms_of(dict(zip(JOINTS, there.T)))["right"]
    poses[:, 7:] = np.column_stack([arm.origins[-1], arm.attitudes()])
    streams = {"state": replace(state, values=np.round(q / step) * step), "hand_pose": replace(hand, values=poses)}
    every = more_differences(ComparedColumns(replace(take, streams={**take.streams, **streams})), [])
    assert any("right_tcp.z" in d.channels for d in every if d.kind in ("pose", "measured")) == found


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
        assert np.abs(arm.weight[0] - data.qfrc_gravcomp[dofs]).max() < 0.02  # fingers that close move their weight
        assert np.abs(arm.weight[0]).max() > 0.2
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


@pytest.mark.parametrize(
    ("stream", "name", "by", "says"),
    [("hand_pose", "right_tcp.z", 0.03, "arm's chain"), ("state", JOINTS[2], 0.02, "arm's chain"), ("state", JOINTS[2], 0.3, "0.022 rad")],
)
def test_a_limit_has_the_source_of_what_says_so(take, stream, name, by, says):
    """A joint that is off by less than a servo shows is off by its hand's pose: the limit is that of the pose, and not that of servos."""
    column = take.streams[stream].column(name)[150:240]
    recording = changed(take, stream, name, column + by, slice(150, 240))
    if by == 0.3:
        recording = replace(recording, streams={k: one for k, one in recording.streams.items() if k not in ("hand_pose", "effort")})
    (finding,) = check_differs(ComparedColumns(recording), load_rules())
    assert finding.failed and name in finding.subject and says in finding.limit_source
    assert (finding.limit < 0.01) == ("chain" in finding.limit_source)
    for lang in ("en", "zh"):
        assert finding.limit_source in Words(lang).book["sources"] and set(SOURCES.values()) <= set(Words(lang).book["sources"])


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
    assert [(d.name, d.certain) for d in found] == [("held_value", True) if sent else (None, False)]


def test_joints_of_one_arm_that_were_written_as_the_others(take):
    """In every column of theirs: the hands alone know which arm it was."""
    order = [*range(7, 14), *range(7), 14, 15]
    columns = ("action", "state", "velocity", "effort")
    other = {name: replace(take.streams[name], values=take.streams[name].values[:, order]) for name in columns}
    found = more_differences(ComparedColumns(replace(take, streams={**take.streams, **other})), [])
    one = max(found, key=lambda d: d.weight)
    assert (one.kind, one.name, one.certain) == ("measured", "copied", True) and set(one.channels) == set(JOINTS[:14])


@pytest.mark.parametrize(("one", "other"), [(5, 6), (8, 9)])
def test_joints_of_an_arm_that_were_written_in_another_order(take, one, other):
    """In every column of theirs: the hand alone knows it, and stands where they put it once they are exchanged back."""
    order = list(range(16))
    order[one], order[other] = other, one
    columns = {k: replace(take.streams[k], values=take.streams[k].values[:, order]) for k in ("action", "state", "velocity", "effort")}
    found = more_differences(ComparedColumns(replace(take, streams={**take.streams, **columns})), [])
    first = max(found, key=lambda d: d.weight)
    assert (first.kind, first.name, first.certain, first.channels) == ("measured", "copied", True, (JOINTS[one], JOINTS[other]))
    q = take.streams["state"].values
    assert first.size == pytest.approx(np.abs(q[:, one] - q[:, other]).max())
    assert not any(d.kind == "pose" for d in found)


@pytest.mark.parametrize("hand", [True, False])
def test_commands_that_were_written_for_what_was_measured(hand):
    """Command and measurement are one another's; a recorded hand elsewhere tells which of them it is."""
    written = Difference.over(TIMES, JOINTS, "command", None, 0.5, "rad", "measurement_as_command", certain=False, limit=0.05)
    late = Difference.over(TIMES, POSES[:3], "pose", None, 0.06, "m", "lag", certain=True, limit=0.002)
    torque = Difference.over(TIMES, JOINTS[:14], "effort", None, 0.1, "s", "lag", certain=True, limit=0.03)
    (one,), rest = _states_are_commands([written], [late, torque] if hand else [torque])
    assert (one.kind, one.certain) == (("measured", True) if hand else ("command", False)) and one.channels == JOINTS
    assert rest == ([] if hand else [torque])


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


def test_commands_of_several_joints_that_were_exchanged_in_time_are_no_lost_rows(take):
    effort = replace(take.streams["effort"], values=modelled(*motion()[1:]))
    action = take.streams["action"]
    values = action.values.copy()
    values[300:308] = np.roll(values[300:308], 3, axis=0)
    turned = replace(take, streams={**take.streams, "effort": effort, "action": replace(action, values=values)})
    found = max(ComparedColumns(turned).differences, key=lambda d: (d.certain, d.weight))
    assert (found.kind, found.certain) == ("command", True) and len(found.channels) >= 3
    assert abs(found.first - 300) <= 1 and abs(found.last - 307) <= 1


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


@pytest.mark.parametrize("side", ["l", "r"])
def test_of_torques_of_one_arm_with_the_other_sign_that_arm_alone_is_named(take, side):
    effort = take.streams["effort"]
    values = effort.values.copy()
    values[:, [name.startswith(f"zarm_{side}") for name in effort.names]] *= -1.0
    found = heaviest(replace(take, streams={**take.streams, "effort": replace(effort, values=values)}))
    assert (found.kind, found.name, found.certain) == ("effort", "mirrored", True)
    assert found.channels == tuple(f"zarm_{side}{k}_joint" for k in range(1, 8))
