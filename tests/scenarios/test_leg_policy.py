"""Legs that a user's own policy moves: it stands and falls, equal to the bit, and every fault of its file and sheet is named."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import gymnasium
import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from leg_policies import KD, KP, LEGS, LIMIT, STANCE, TERMS, affine, external, sheet_of, written
from shiliu.replay.commands.where import asked_legs
from shiliu.scenarios.catalog.catalog import scene_of
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.legs import policy_file, policy_sheet
from shiliu.scenarios.legs.footsteps import SINGLE, STAND, TRANSFER
from shiliu.scenarios.legs.onnx_bytes import parts_of
from shiliu.scenarios.legs.policy_file import load_policy
from shiliu.scenarios.legs.policy_terms import PolicyState, frame_of, input_of
from shiliu.scenarios.legs.remembered import Memory, PolicyMemory
from shiliu.scenarios.reading.composition import compose
from shiliu.scenarios.sheet.errors import ScenarioError, ShiliuError
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.stepping.simulation import Simulation

STILL = np.zeros((46, 12))
FALLS = np.zeros(12)
FALLS[[4, 10]] = 1.0  # an ankle turned by 0.25 rad


def answering(seed: int) -> np.ndarray:
    """A matrix by which the answer hangs on all that is shown, a little."""
    return np.random.default_rng(seed).normal(scale=0.02, size=STILL.shape)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("policies")


@pytest.fixture(scope="module")
def stands(folder):
    return shiliu.load_scenario("bare", base="legs", legs=written(folder, STILL, np.zeros(12), "stands"))


@pytest.fixture(scope="module")
def answers(folder):
    """One with a memory of all kinds: three frames by term, a phase, its last answer."""
    terms = [{"term": "commandPhase"}, {"term": "jointPos", "obsScales": 0.5}, {"term": "jointVel", "obsScales": 0.05}, {"term": "action"}]
    matrix = np.random.default_rng(3).normal(scale=0.01, size=(3 * 38, 12))
    file = written(
        folder, matrix, np.zeros(12), "answers", singleInputData=terms, frameStack=3, cycleTime=0.8,
        history={"by": "term", "begins": "repeated"},
    )  # fmt: skip
    return shiliu.load_scenario("bare", base="legs", legs=str(file))


class Copies:
    """Copies of a scene, commanded alike."""

    def __init__(self, scene, n=1):
        self.scene, self.sim = scene, Simulation(scene, n)
        self.sim.begin([nominal(scene)] * n)

    def go(self, seconds, **command):
        action = self.scene.ready_ctrl.copy()
        for name, value in command.items():
            action[self.scene.schema.action.names.index(name)] = value
        for _ in range(round(seconds / self.scene.control_timestep)):
            self.sim.step(np.tile(action, (self.sim.n, 1)))
        return self

    @property
    def memory(self):
        return Memory(self.sim.live("userdata")[0])

    @property
    def own(self):
        return PolicyMemory(self.sim.live("userdata")[0], self.scene.robot.policy, self.sim.balance.nv)


def test_outputs_of_zero_stand_in_the_default_posture(stands):
    copies = Copies(stands).go(2.0)
    qpos, joints = copies.sim.live("qpos")[0], [stands.model.joint(name).qposadr[0] for name in LEGS]
    assert not copies.memory.fallen[0] and not copies.memory.failed[0]
    assert np.abs(qpos[:2]).max() < 0.03  # it sways with so little to hold it by
    assert np.abs(qpos[joints] - STANCE).max() < 0.04  # the knees yield under the weight
    assert copies.memory.wrench[[2, 8]].sum() == pytest.approx(9.81 * 51.7146, rel=0.03)
    assert copies.memory.phase[0] == 0.0 and (copies.own.borne > 200.0).all()


def test_ankles_that_are_turned_fall(folder):
    scene = shiliu.load_scenario("bare", base="legs", legs=written(folder, STILL, FALLS, "falls"))
    copies = Copies(scene).go(2.0)
    assert 0.3 < copies.memory.fallen[0] < 1.2
    np.testing.assert_allclose(copies.own.target[[4, 10]], STANCE[4] + 0.25)


def test_a_foot_that_bears_nothing_is_in_the_air(stands):
    """Pushed to its left, the right sole is unloaded; drawn up, both are."""
    copies, pelvis = Copies(stands), stands.model.body("base_link").id
    for force, mode, foot in (((0.0, 160.0, 0.0), SINGLE, 1.0), ((0.0, -160.0, 0.0), SINGLE, 0.0), ((0.0, 0.0, 600.0), TRANSFER, None)):
        copies.sim.begin([nominal(stands)])
        copies.go(0.2)
        assert copies.memory.phase[0] == STAND
        copies.sim.live("xfrc_applied")[0, pelvis, :3] = force
        seen = [tuple(copies.go(1 / 30).memory.phase[[0, 2]]) for _ in range(15)]
        assert any(one[0] == mode and foot in (None, one[1]) for one in seen), seen
        assert foot is None or not any(one == (SINGLE, 1.0 - foot) for one in seen), seen


def test_what_the_sheet_asks_beyond_the_motors_is_not_given(stands):
    copies = Copies(stands)
    copies.sim.live("qvel")[0, stands.model.joint("leg_l5_joint").dofadr[0]] = -10.0
    copies.sim.step(stands.ready_ctrl[None])
    peaks = stands.model.actuator_ctrlrange[copies.sim.balance.motors, 1]
    given = copies.sim.trace[0][:, stands.layout.begins["actuator_force(leg_l5_joint_motor)"]]
    assert np.abs(given).max() == pytest.approx(27.0) and (peaks[[4, 5]] == 27.0).all()
    assert LIMIT[4] == 65.0  # which the sheet allows


def test_it_answers_at_its_own_rate(stands):
    """50 Hz: each answer at the physics step that is nearest to its instant."""
    copies, steps, seen = Copies(stands), list[int](), list[int]()
    balance = copies.sim.balance
    torque, inner = balance._torque, balance._answer
    balance._torque = lambda now: steps.append(0) or torque(now)
    balance._answer = lambda shown: seen.append(len(steps) - 1) or inner(shown)
    copies.go(2.0)
    assert len(steps) == round(2.0 / balance.dt) and seen == [round(k / (50 * balance.dt)) for k in range(100)]
    assert set(np.diff(seen)) == {9, 10}
    assert copies.own.due[0] == pytest.approx(2.0)


def test_two_runs_a_restart_and_copies_are_equal_to_the_bit(answers):
    walk = {"base_vx": 0.1}
    one = Copies(answers).go(0.4, **walk)
    middle = one.sim.save()
    end = one.go(0.4, **walk).sim.state[0]
    assert 0.0 < one.own.cycles[0] < 1.0 and np.ptp(one.own.frames[:, 5]) > 0.0
    again = Copies(answers).go(0.8, **walk)
    assert again.sim.state[0].tobytes() == end.tobytes()
    again.sim.restore(middle)
    assert again.go(0.4, **walk).sim.state[0].tobytes() == end.tobytes()
    three = Copies(answers, 3).go(0.8, **walk)
    assert all(state.tobytes() == end.tobytes() for state in three.sim.state)
    middle.state[-1] += 1e-6
    again.sim.restore(middle)
    assert again.go(0.4, **walk).sim.state[0].tobytes() != end.tobytes()


@pytest.mark.slow  # two more processes, each of which imports everything
def test_two_processes_are_the_same_to_the_bit(folder):
    code = (
        "import hashlib, shiliu\nfrom shiliu.scenarios.draws.variation import nominal\n"
        "from shiliu.scenarios.stepping.simulation import Simulation\n"
        f"scene = shiliu.load_scenario('bare', base='legs', legs={str(written(folder, answering(2), FALLS, 'process'))!r})\n"
        "sim = Simulation(scene)\nsim.begin([nominal(scene)])\n[sim.step(scene.ready_ctrl[None]) for _ in range(20)]\n"
        "print(hashlib.sha256(sim.state[0].tobytes()).hexdigest())"
    )
    digests = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert digests[0] == digests[1] and len(digests[0]) == 65


def test_its_hash_is_part_of_the_scene(stands, folder):
    other = shiliu.load_scenario("bare", base="legs", legs=written(folder, STILL, FALLS, "other"))
    plain = shiliu.load_scenario("bare", base="legs")
    assert len({stands.fingerprint, other.fingerprint, plain.fingerprint}) == 3
    file = folder / "stands.onnx"
    assert stands.robot.policy.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert stands.robot.legs_controller.startswith(f"stands.onnx sha256 {stands.robot.policy.sha256[:12]}, stands.yaml ")
    softer = written(folder, STILL, np.zeros(12), "softer", jointKp=dict(zip(LEGS, [kp / 2.0 for kp in KP])))
    assert load_policy(softer, "kuafu").sha256 == stands.robot.policy.sha256
    assert shiliu.load_scenario("bare", base="legs", legs=softer).fingerprint != stands.fingerprint


def test_the_environment_takes_it(folder):
    file = written(folder, answering(1), np.zeros(12), "env")
    env = gymnasium.make("shiliu/Bare-v1", base="legs", legs=file)
    env.reset(seed=3)
    ready = env.unwrapped.scene.ready_ctrl.astype(np.float32)
    first = [env.step(ready)[0] for _ in range(5)][-1]
    env.reset(seed=3)
    again = [env.step(ready)[0] for _ in range(5)][-1]
    assert all(first[key].tobytes() == again[key].tobytes() for key in first)
    assert env.unwrapped.scene.robot.policy.file == "env.onnx"
    env.close()
    copies = gymnasium.make_vec("shiliu/Bare-v1", 2, base="legs", legs=file)
    copies.reset(seed=3)
    rows = [copies.step(np.tile(ready, (2, 1)))[0] for _ in range(5)][-1]
    assert all(first[key].tobytes() == rows[key][0].tobytes() for key in first)
    copies.close()


# -- what is shown to it -----------------------------------------------------------------------------------------------
def test_what_it_is_shown_lies_as_the_sheet_says(folder):
    terms = [{"term": "command"}, {"term": "gravity_body", "startIdx": 1, "numIdx": 2, "obsScales": -2.0}, {"term": "joint_pos"}]
    scale = {"scale": {"cmdVelLineX": 2.0, "cmdStance": 0.5}}
    matrix = np.zeros((36, 12))
    sheet = {"singleInputData": terms, "frameStack": 2, "commandData": scale, "clipObservations": 3.0}
    policy = load_policy(written(folder, matrix, np.zeros(12), "shown", **sheet), "kuafu")
    legs = [policy.joints.index(name) for name in LEGS]
    position = policy.default.copy()
    position[legs[3]] += 0.25
    nothing = np.zeros(len(policy.joints))
    state = PolicyState(np.ones(3), np.ones(3), np.array([0.1, 0.2, -3.0]), (0.2, 0.1, -0.3, 1.0), 0.0, 0.0, position, nothing, nothing)
    frame = frame_of(policy, state)
    np.testing.assert_allclose(frame[:6], [0.4, 0.1, -0.3, 0.5, -0.4, 3.0])  # the last is 6, cut at 3
    assert frame[6 + legs[3]] == pytest.approx(0.25) and np.count_nonzero(frame[6:]) == 1
    row = input_of(policy, np.stack([frame, 10.0 * frame]))
    assert row.shape == (1, 36) and row.dtype == np.float32
    np.testing.assert_allclose(row[0, :18], frame, rtol=1e-6)


def test_it_is_shown_its_own_state_in_its_own_axes(folder):
    """Turned by 40 degrees, pitched forward by 0.1 rad, while it moves and turns."""
    terms = [{"term": term} for term in ("bodyLineVel", *TERMS)]
    file = written(folder, np.zeros((49, 12)), np.zeros(12), "axes", singleInputData=terms, inferenceFrequency=10)
    scene = shiliu.load_scenario("bare", base="legs", legs=file, overrides=["robot.stands_at.yaw=40 deg"])
    copies = Copies(scene)
    qpos, qvel = copies.sim.live("qpos")[0], copies.sim.live("qvel")[0]
    yaw, pitch, turned, whole = np.radians(40.0), 0.1, np.zeros(4), np.zeros(9)
    mujoco.mju_mulQuat(turned, np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]), np.array([np.cos(pitch / 2), 0, np.sin(pitch / 2), 0]))
    qpos[3:7], qvel[:6] = turned, (0.3, -0.2, 0.1, 0.4, -0.5, 0.6)
    knee = scene.model.joint("leg_r4_joint")
    qpos[knee.qposadr[0]], qvel[knee.dofadr[0]] = 0.7, 0.25
    copies.sim.step(scene.ready_ctrl[None])
    shown = copies.own.frames[0]
    mujoco.mju_quat2Mat(whole, turned)
    np.testing.assert_allclose(shown[:3], whole.reshape(3, 3).T @ [0.3, -0.2, 0.1], atol=1e-12)
    np.testing.assert_allclose(shown[3:6], [0.4, -0.5, 0.6], atol=1e-12)
    np.testing.assert_allclose(shown[6:9], [np.sin(pitch), 0.0, -np.cos(pitch)], atol=1e-12)
    assert shown[13 + 9] == pytest.approx(0.7 - STANCE[9]) and shown[25 + 9] == pytest.approx(0.25)


def test_it_is_commanded_the_speeds_of_the_mark_in_its_heading(folder):
    file = written(folder, STILL, np.zeros(12), "commanded", commandData={"scale": {"cmdVelLineX": 2.0}})
    copies = Copies(shiliu.load_scenario("bare", base="legs", legs=file, overrides=["robot.stands_at.yaw=40 deg"]))
    np.testing.assert_allclose(copies.go(0.1).own.frames[0, 6:10], [0.0, 0.0, 0.0, 1.0])
    copies.go(0.7, base_vx=0.2, base_vy=-0.1)
    np.testing.assert_allclose(copies.own.frames[0, 6:10], [0.4, -0.1, 0.0, 0.0], atol=2e-3)


def test_frames_by_term_lie_side_by_side(answers):
    policy = answers.robot.policy
    frames = np.arange(3.0 * 38).reshape(3, 38)
    row = input_of(policy, frames)[0]
    np.testing.assert_array_equal(row[:6], [0, 1, 38, 39, 76, 77])  # the phase of all frames, the oldest first
    np.testing.assert_array_equal(row[6:18], frames[0, 2:14])


# -- faults ------------------------------------------------------------------------------------------------------------
def refused(folder, name="bad", matrix=STILL, offset=None, **changed):
    file = written(folder, matrix, np.zeros(12) if offset is None else offset, name, **changed)
    with pytest.raises(ScenarioError) as raised:
        load_policy(file, "kuafu")
    return str(raised.value)


def test_all_faults_of_a_sheet_are_named_at_once(folder):
    kp = dict(zip(LEGS, KP)) | {"leg_l1_joint": -3.0}
    del kp["leg_r6_joint"]
    posture = dict(zip(LEGS, STANCE)) | {"leg_l4_joint": 32.0}
    terms = [{"term": "jointPos"}, {"term": "jointPoss"}, {"term": "commandPhase"}, {"term": "gravity_body", "startIdx": 2, "numIdx": 2}]
    text = refused(
        folder, "many", jointKp=kp, defaultJointState=posture, inferenceFrequency=1000, numSingleObs=88, actionScales=0.5, actionScale=None,
        singleInputData=terms,
    )  # fmt: skip
    assert text.startswith("The sheet many.yaml: ") and f"{folder / 'many.yaml'}:" in text
    for part in (
        "jointKp.leg_l1_joint: -3 is not from 0 to 1e+06",
        "jointKp: the key 'leg_r6_joint' is missing",
        "defaultJointState.leg_l4_joint: 32 rad is beyond the joint's range, 0 to 2.53073 rad. Write the angle in rad.",
        "inferenceFrequency: 1000 is not from 1 to 240",
        "actionScales: unknown key 'actionScales'. Did you mean",
        "'jointPoss' is not known here",
        "'cycleTime' is missing, which commandPhase needs",
        "numSingleObs: 88 is not the sum of singleInputData, 16 (jointPos 12, commandPhase 2, gravity_body 2)",
        "elements 2 to 3 of gravity_body are asked for, and it has 3",
    ):
        assert part in text, (part, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "None is not a mapping with the keys inferenceFrequency, joints,"),
        ("- 3\n", "[3] is not a mapping"),
        ("joints: [leg_l1_joint\n", "This is no valid YAML"),
        ("joints: 3\n", "joints: 3 is not a list."),
        (
            yaml.safe_dump(sheet_of(STILL, np.zeros(12), inferenceFrequency="50 Hz")),
            "inferenceFrequency: '50 Hz' is not a plain number. Write the number alone, in SI units.",
        ),
    ],
)
def test_a_sheet_that_is_none_is_refused(folder, text, says):
    file = written(folder, STILL, np.zeros(12), "none")
    file.with_suffix(".yaml").write_text(text)
    with pytest.raises(ScenarioError) as raised:
        load_policy(file, "kuafu")
    assert says in str(raised.value) and "none.yaml" in str(raised.value)


def test_more_than_a_state_can_hold_is_refused(folder):
    text = refused(folder, "large", frameStack=100, singleInputData=[{"term": "jointPos"}] * 17)
    assert "20400 numbers in all frames are too many. It has to be 20000 or less." in text


@pytest.mark.parametrize(
    ("joints", "says"),
    [
        ([*LEGS[:-1], "leg_r7_joint"], "the robot kuafu has no joint 'leg_r7_joint'"),
        ([*LEGS, LEGS[0]], "'leg_l1_joint' stands here twice"),
        (LEGS[:-1], "leg_r6_joint is missing. A policy for the legs moves all 12 leg joints."),
    ],
)
def test_joints_that_are_not_the_legs_are_refused(folder, joints, says):
    assert says in refused(folder, joints=joints)


def test_another_answer_than_the_golden_one_is_refused(folder):
    golden = sheet_of(STILL, np.zeros(12))["golden"]
    near, far = np.zeros(12), np.zeros(12)
    near[3], far[3] = 0.9e-4, 1.2e-4
    assert load_policy(written(folder, STILL, near, "near", golden=golden), "kuafu").file == "near.onnx"
    text = refused(folder, "far", offset=far, golden=golden)
    assert "golden[0].action: far.onnx answers otherwise than by 0.0001: leg_l4_joint 0.00012 instead of 0." in text
    assert "leg_l5_joint" not in text


def test_a_wrong_order_is_refused_by_the_state_of_a_golden_observation(folder):
    """The answer of the model does not tell: it is of the same row. The row of a known state does."""
    position = {"leg_l4_joint": 1.0, "leg_r1_joint": -0.2}
    row = np.zeros(46)
    row[3:6], row[6:10] = (0.0, 0.0, -1.0), (0.2, 0.0, 0.0, 0.0)
    row[10 + 3], row[10 + 6] = 1.0 - STANCE[3], -0.2
    state = {"jointPos": position, "command": {"cmdVelLineX": 0.2, "cmdStance": 0}}
    golden = [{"observation": row.tolist(), "action": [0.0] * 12, "state": state}]
    assert load_policy(written(folder, STILL, np.zeros(12), "ordered", golden=golden), "kuafu").joints == tuple(LEGS)
    text = refused(folder, "disordered", golden=golden, joints=LEGS[6:] + LEGS[:6])
    wrong = "element 19 (jointPos leg_l4_joint) is 0, and the sheet makes 0.4388 of the state; 4 of 46 elements differ"
    assert f"golden[0].observation: {wrong}" in text
    others = [{"term": term} for term in (TERMS[1], TERMS[0], *TERMS[2:])]
    text = refused(folder, "terms", golden=golden, singleInputData=others)
    assert "element 2 (gravity_body 2) is 0, and the sheet makes -1" in text


def test_numbers_as_programs_print_them_are_numbers(folder):
    text = yaml.safe_dump(sheet_of(STILL, np.zeros(12)), sort_keys=False).replace("actionScale: 0.25", "actionScale: 25e-02")
    (folder / "power.yaml").write_text(text)
    (folder / "power.onnx").write_bytes(affine(STILL, np.zeros(12)))
    assert load_policy(folder / "power.onnx", "kuafu").scale[0] == 0.25


def test_a_model_of_another_size_is_refused(folder):
    wide = sheet_of(STILL, np.zeros(12))["golden"]
    text = refused(folder, "wide", matrix=np.zeros((50, 12)), golden=wide)
    assert "it makes 46 numbers (1 frames of 46: bodyAngVel 3, gravity_body 3, command 4, jointPos 12" in text
    assert "and wide.onnx takes 50. Mend singleInputData or frameStack." in text
    text = refused(folder, "more", matrix=np.zeros((46, 14)), offset=np.zeros(14), golden=wide)
    assert "12 joints are listed, and more.onnx answers with 14 numbers" in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no model at all", "This is no ONNX model."),
        (external(), "Its weights lie in another file, which is not read."),
        (affine(STILL, np.zeros(12), ("RandomNormalLike",)), "It draws random numbers (RandomNormalLike)"),
        (affine(STILL, np.zeros(12), ("NoSuchOperator",)), "ONNX Runtime does not read this model"),
    ],
)
def test_files_that_are_no_plain_model_are_refused(folder, content, says):
    file = written(folder, STILL, np.zeros(12), "odd")
    file.write_bytes(content)
    with pytest.raises(ScenarioError) as raised:
        load_policy(file, "kuafu")
    assert says in str(raised.value) and "odd.onnx: " in str(raised.value)


def test_the_bytes_of_a_model_tell_its_parts():
    found = parts_of(affine(STILL, np.zeros(12), ("Relu",)))
    assert found.operators == {"MatMul", "Add", "Relu"} and not found.external
    assert parts_of(external()).external
    for end in (1, 7, 100):
        with pytest.raises(ValueError):
            parts_of(affine(STILL, np.zeros(12))[:-end])


@pytest.mark.parametrize(
    ("given", "asked"), [(True, True), ("no", False), (None, False), ("a/walk.onnx", "a/walk.onnx"), ("walk.pt", None), (3, None)]
)
def test_the_setting_and_the_file_are_refused_in_one_sentence(given, asked):
    problems = Problems()
    found = asked_legs(Node(given, "legs", problems))
    assert found == (asked or False)
    if asked is not None:
        assert not problems.found
        return
    with pytest.raises(ScenarioError) as raised:
        load_policy(Path(str(given)), "kuafu")
    assert raised.value.message.replace("'3'", "3") in str(problems.found[0]) and "Give true, false, or a file" in raised.value.message


def test_what_is_no_policy_is_refused_by_its_name(folder, tmp_path):
    for given, says in (
        (tmp_path / "walk.pt", "'walk.pt' is not accepted here. Give true, false, or a file that ends in .onnx."),
        (tmp_path / "walk.onnx", "There is no such file."),
    ):
        with pytest.raises(ScenarioError) as raised:
            load_policy(given, "kuafu")
        assert says in str(raised.value)
    (tmp_path / "walk.onnx").write_bytes(affine(STILL, np.zeros(12)))
    with pytest.raises(ScenarioError, match=r"No sheet lies beside it. Write 'walk.yaml'"):
        load_policy(tmp_path / "walk.onnx", "kuafu")
    written(folder, STILL, np.zeros(12), "elsewhere")
    (tmp_path / "walk.yaml").symlink_to(folder / "elsewhere.yaml")
    with pytest.raises(ScenarioError, match="This is a link that leads out of its folder"):
        load_policy(tmp_path / "walk.onnx", "kuafu")
    file = written(folder, STILL, np.zeros(12), "planted")
    with pytest.raises(ScenarioError, match=r"legs: planted.onnx moves legs, and this robot's base is mobile. Add base=legs"):
        shiliu.load_scenario("bare", base="mobile", legs=file)
    with pytest.raises(ShiliuError, match=r"Give a policy's \.onnx file, or leave legs out"):
        shiliu.load_scenario("bare", base="legs", legs=3)


def test_a_scene_on_no_legs_leaves_a_policy_out_where_it_is_for_legs_alone(folder):
    policy = load_policy(written(folder, STILL, np.zeros(12), "beside"), "kuafu")
    composed = compose("scene", ["scenario=bare"])
    how = {"robot": "kuafu", "hand": None, "policy": policy}
    assert scene_of(composed, "bare", base="mobile", on_legs_alone=True, **how).robot.policy is None
    assert scene_of(composed, "bare", base="legs", on_legs_alone=True, **how).robot.policy is policy
    with pytest.raises(ScenarioError, match="this robot's base is mobile"):
        scene_of(composed, "bare", base="mobile", **how)


def test_without_the_extra_it_is_named(folder, monkeypatch):
    file = written(folder, STILL, np.full(12, 0.125), "extra")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    policy_file._session.cache_clear()
    with pytest.raises(ShiliuError) as raised:
        load_policy(file, "kuafu")
    assert 'pip install "shiliu[policy]"' in str(raised.value)
    monkeypatch.undo()
    assert load_policy(file, "kuafu").file == "extra.onnx"


def test_arms_are_shown_to_it_and_stay_the_recordings(folder):
    """The maker's policies answer for the arms, too; those are commanded by the recording."""
    arms = [f"zarm_{side}{k}_joint" for side in "lr" for k in range(1, 8)]
    joints = [*LEGS, *arms]
    offset = np.zeros(26)
    offset[12:] = 3.0  # rad / 0.25 that the arms are to go, if they obeyed
    tables = {"defaultJointState": dict(zip(joints, [*STANCE, *[0.0] * 14])), "jointKp": dict(zip(joints, [*KP, *[30.0] * 14]))}
    tables |= {"jointKd": dict(zip(joints, [*KD, *[3.0] * 14])), "torqueLimits": dict(zip(joints, [*LIMIT, *[50.0] * 14]))}
    file = written(folder, np.zeros((88, 26)), offset, "arms", joints=joints, numSingleObs=88, **tables)
    copies = Copies(shiliu.load_scenario("bare", base="legs", legs=file)).go(0.5)
    scene = copies.scene
    held = np.array([scene.robot.pose(scene.config.pose).get(name, 0.0) for name in arms])
    at = copies.sim.live("qpos")[0][[scene.model.joint(name).qposadr[0] for name in arms]]
    assert np.abs(at - held).max() < 0.02
    np.testing.assert_allclose(copies.own.action[12:], 3.0)
    assert not copies.memory.fallen[0]


def test_the_sheet_on_the_page_is_one(folder):
    """The maker's numbers, with a golden pair of a policy that answers nothing."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "legs-policy.md").read_text(encoding="utf-8")
    golden, sheet = re.findall(r"(?ms)^```yaml\n(.*?)^```", page)
    tree = yaml.safe_load(sheet) | {"golden": [{"observation": [0.0] * 88, "action": [0.0] * 26}]}
    file = folder / "page.onnx"
    file.write_bytes(affine(np.zeros((88, 26)), np.zeros(26)))
    file.with_suffix(".yaml").write_text(yaml.safe_dump(tree))
    policy = load_policy(file, "kuafu")
    assert policy.frame == 88 and policy.rate == 50.0 and policy.kp.tolist() == [100.0, 100.0, 80.0, 80.0, 30.0, 30.0] * 2
    (pair,) = yaml.safe_load(re.sub(r", \.\.\.\]", "]", golden))["golden"]
    row = frame_of(policy, policy_sheet._state(Node(pair["state"], "state", Problems()), policy))
    np.testing.assert_allclose(row[:7], pair["observation"][:7], atol=1e-5)


def test_an_answer_that_is_no_number_is_not_golden(folder):
    file = folder / "nan.onnx"
    file.write_bytes(affine(STILL, np.full(12, -1.0), ("Log",)))
    golden = [{"observation": [0.0] * 46, "action": [0.0] * 12}]
    file.with_suffix(".yaml").write_text(yaml.safe_dump(sheet_of(STILL, np.zeros(12), golden=golden)))
    with pytest.raises(ScenarioError, match=r"answers otherwise than by 0.0001: leg_l1_joint nan instead of 0"):
        load_policy(file, "kuafu")
