"""A base that moves: it goes where it is told, within the robot's limits, on soles that stay flat; and balance is judged."""

import warnings
from dataclasses import replace
from pathlib import Path

import gymnasium
import mujoco
import numpy as np
import pytest
import shiliu
from benches import done
from gymnasium.utils.env_checker import check_env
from shiliu.envs.registration import env_id
from shiliu.envs.single import ShiliuEnv
from shiliu.replay.checks.dynamics import check_balance, effort, loaded, sole_polygon
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.evaluation.device import load_device, through
from shiliu.replay.formats.mcap.write import write as write_mcap
from shiliu.replay.judge.facts.base_motion import base_commands
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.replay.signals.signal import Motion
from shiliu.scenarios.draws.variation import STATE, nominal
from shiliu.scenarios.robots.mobile import followers, glide
from shiliu.scenarios.robots.robot import load_robot
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation

G = 9.81
RULES = load_rules()
CHAIN = (
    "+skills=[{walk: {x: 600 mm, y: 400 mm, yaw: 90 deg}}, {walk: {how: squat, by: 150 mm}}, {home: {hand: left}}, {walk: {how: stand}}]"
)


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("bare", [CHAIN, "time_limit=32 s"], base="mobile")


@pytest.fixture(scope="module")
def robot():
    return load_robot(base="mobile").spec().compile()


def driven(scene, commands):
    """(T + 1, 8) of observation.base, for commands (T, 4) of the base and arms that hold still."""
    sim = Simulation(scene)
    seen = [scene.schema.record(sim.begin([nominal(scene)]))["observation.base"][0]]
    for command in commands:
        action = scene.ready_ctrl.astype(np.float32)
        action[-4:] = command
        seen.append(scene.schema.record(sim.step(action[None]))["observation.base"][0])
    return np.array(seen, float)


def rows(seconds, *command):
    return np.tile(np.array(command, float), (round(30 * seconds), 1))


def test_it_drives_a_metre_in_its_own_heading_and_stops(scene):
    quarter = rows(3.0, 0, 0, 0.4, 0)  # turned to the left by 1.2 rad
    seen = driven(
        scene, np.concatenate([quarter, rows(1.0, 0, 0, 0, 0), rows(2.5, 0.4, 0, 0, 0), rows(2.0, 0, 0, 0, 0)])
    )
    away = seen[-1, :2] - seen[0, :2]
    assert np.hypot(*away) == pytest.approx(1.0, abs=1e-3)  # what speeding up costs, slowing down gives back
    assert np.arctan2(away[1], away[0]) == pytest.approx(1.2, abs=1e-3)
    assert seen[-1, 2] == pytest.approx(1.2, abs=1e-3) and np.abs(seen[-1, 4:]).max() < 1e-6


def test_speed_and_acceleration_keep_to_the_robots_limits(scene):
    limits = scene.robot.sheet["mobile"]["commands"]
    both = scene.schema.action
    for name, low, high in zip(both.names[-4:-1], both.low[-4:-1], both.high[-4:-1]):
        assert (low, high) == (-limits[name]["limit"], limits[name]["limit"])
    seen = driven(scene, np.concatenate([rows(1.5, 0.4, 0.2, 0.4, -0.2), rows(1.5, -0.4, -0.2, -0.4, 0.0)]))
    for k, name in enumerate(both.names[-4:-1]):
        pushes = np.abs(np.diff(seen[:, 4 + k])) * 30
        turning = 0.4 * 0.4 if k < 2 else 0.0  # a speed ahead turns into one to the side while it turns
        assert pushes.max() < limits[name]["acceleration"] * 1.001 + turning
        assert pushes.max() > 0.9 * limits[name]["acceleration"]
        assert np.abs(seen[:, 4 + k]).max() < limits[name]["limit"] + 0.005
    assert np.abs(seen[:, 7]).max() <= limits["base_height"]["speed"]
    assert np.abs(np.diff(seen[:, 7])).max() * 30 < 1.01 * limits["base_height"]["acceleration"]


def test_standing_it_does_not_drift_while_arms_work_and_a_hand_bears_three_kilograms(scene):
    model = loaded(scene.model, {"left_claw": (3.0, (0.0, 0.0, -0.16))})
    data = mujoco.MjData(model)
    data.qpos[:], data.ctrl[:] = scene.start_qpos(model), scene.ready_ctrl
    arms = np.array([scene.schema.action.names.index(name) for name in scene.robot.arm_names])
    ready, places = data.ctrl[arms].copy(), np.array([model.joint(n).qposadr[0] for n in scene.robot.base_joints])
    start, worst = data.qpos[places].copy(), np.zeros(4)
    for step in range(round(60.0 / scene.timestep)):
        if step % scene.n_substeps == 0:
            data.ctrl[arms] = ready - 0.5 * (1 - np.cos(2.0 * data.time)) * np.sign(ready + 1e-9) * 0.3
            worst = np.maximum(worst, np.abs(data.qpos[places] - start))
        mujoco.mj_step(model, data)
    assert worst[:2].max() < 1e-3 and worst[2] < 1e-3 and worst[3] < 1e-3
    assert worst.max() < 1e-4  # by far


def test_squatting_keeps_the_soles_on_the_floor_and_the_feet_straight(scene):
    model, data = scene.model, mujoco.MjData(scene.model)
    data.qpos[:], data.ctrl[:] = scene.start_qpos(model), scene.ready_ctrl
    mujoco.mj_forward(model, data)
    feet = ("leg_l6_link", "leg_r6_link")
    before = {name: (data.body(name).xpos.copy(), data.body(name).xquat.copy()) for name in feet}
    trunk = data.body("base_link").xpos[2]
    lowest, gap = 0.0, 0.0
    data.ctrl[-1] = -0.15
    for _ in range(round(3.0 / scene.timestep)):
        mujoco.mj_step(model, data)
        lowest = min(lowest, *(float(data.site(f"{side}_sole").xpos[2]) for side in ("left", "right")))
        for side in ("l", "r"):
            gap = max(
                gap, float(np.abs(data.body(f"leg_{side}6_link").xpos - data.body(f"leg_{side}5_link").xpos).max())
            )
    assert trunk - data.body("base_link").xpos[2] == pytest.approx(0.15, abs=1e-3)
    assert abs(lowest) < 2e-3 and gap < 2e-3
    for name in feet:
        assert np.abs(data.body(name).xpos - before[name][0]).max() < 1e-6
        assert np.abs(data.body(name).xquat - before[name][1]).max() < 1e-6
    # hips, knees and ankles at which that is so, by the law of cosines on the real links
    knee = float(data.joint("leg_l4_joint").qpos[0])
    thigh, shank = 0.284, 0.346
    hip_to_ankle = np.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(0.5612)) - 0.15
    assert np.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * np.cos(knee)) == pytest.approx(hip_to_ankle, abs=2e-3)
    assert not data.ncon  # nothing drags


def test_a_squat_ends_within_the_range_of_the_ankles(scene, robot):
    lowest = float(scene.robot.sheet["mobile"]["lowest"])
    angles = followers(robot, np.array([0.0, lowest]))
    for side in ("l", "r"):
        hip, knee = (angles[f"leg_{side}{i}_joint"] for i in (3, 4))
        for joint, bent in ((3, hip), (4, knee), (5, -(hip + knee))):
            low, high = scene.robot.limits[f"leg_{side}{joint}_joint"]["position"]
            assert low <= bent.min() and bent.max() <= high, (side, joint)
    assert np.allclose([hip[0], knee[0]], [-0.308954, 0.5612])


def test_planted_is_as_it_was():
    planted = shiliu.load_scenario("bare")
    assert planted.robot.base == "planted" and planted.model.nq == 20 and planted.model.nu == 18
    assert "observation.base" not in planted.schema.observations
    assert not any(planted.model.joint(i).name.startswith(("base_", "leg_")) for i in range(planted.model.njnt))
    assert planted.model.na == 0 and planted.model.neq == 2


def test_a_scenario_names_its_base_and_the_caller_may_choose_another():
    assert shiliu.load_scenario("bare", ["+robot.base=mobile"]).robot.base == "mobile"
    assert shiliu.load_scenario("bare", ["+robot.base=mobile"], base="planted").robot.base == "planted"
    with pytest.raises(ScenarioError, match="Did you mean mobile"):
        shiliu.load_scenario("bare", ["+robot.base=mobil"])
    with pytest.raises(ScenarioError, match="walk needs base=mobile or base=legs, and this robot is planted"):
        read_chain(shiliu.load_scenario("bare", [CHAIN]))


def test_the_same_bits_alone_and_in_company(scene):
    rng = np.random.default_rng(1)
    low, high = scene.schema.action.bounds
    walk = np.clip(scene.ready_ctrl + rng.normal(0, 0.05, (40, scene.model.nu)), low, high).astype(np.float32)
    walk[:, -4:] = rng.uniform(low[-4:], high[-4:], (40, 4))
    ends = []
    for n, threads in ((1, 1), (4, 2)):
        sim = Simulation(scene, n, threads)
        sim.begin([nominal(scene)] * n)
        for action in walk:
            sim.step(np.tile(action, (n, 1)))
        ends.append(sim.state.copy())
    assert all(row.tobytes() == ends[0][0].tobytes() for row in ends[1])


@pytest.mark.parametrize("action", ["joint", "joint_delta", "hand_delta"])
def test_the_environment_takes_commands_of_the_base(action):
    env = gymnasium.make(env_id("bare"), base="mobile", action=action).unwrapped
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if action == "joint":
            check_env(env, skip_render_check=True)
    assert len(caught) == (action == "joint"), [str(w.message) for w in caught]
    env.reset(seed=0)
    command = np.zeros(env.action_space.shape, np.float32)
    if action == "joint":
        command[:] = env.scene.ready_ctrl
    command[-4:] = (0.2, 0.0, 0.0, -0.05)
    for _ in range(45):
        observation = env.step(command)[0]
    x, _, _, height, ahead = observation["observation.base"][:5]
    assert ahead == pytest.approx(0.2, abs=1e-3) and x == pytest.approx(0.2 * 1.5 - 0.2**2 / 2 / 0.4, abs=0.01)
    assert height == pytest.approx(-0.05, abs=2e-3)
    env.close()


def test_a_base_at_its_largest_speed_is_the_same_to_the_bit_in_environment_and_replay(scene):
    """-0.2 m/s as float32 lies 3e-9 beyond the limit: both leave it to the engine to clamp."""
    actions = np.tile(scene.ready_ctrl.astype(np.float32), (45, 1))
    actions[5:35, scene.schema.action.names.index("base_vy")] = scene.schema.action.low[-3]
    env = ShiliuEnv(scene, observations=["observation.base"])
    assert actions[10, -3] == np.float32(-0.2) < env.action_space.low[-3]
    draw = nominal(scene)
    env.reset(options={"values": dict(draw.values)})
    replayed = next(play(scene, [Take(draw, actions)], threads=1))
    data = mujoco.MjData(draw.model)
    for action, qpos in zip(actions, replayed.qpos[1:]):
        env.step(action)
        mujoco.mj_setState(draw.model, data, env.state, STATE)
        assert np.array_equal(data.qpos, qpos)
    assert abs(data.joint("base_y").qpos[0]) > 0.1, "it walked"


def test_the_way_by_the_commands_alone_is_the_way_of_the_engine(scene):
    rng = np.random.default_rng(3)
    limits = np.array([0.4, 0.2, 0.4])
    commands = np.concatenate([np.repeat(rng.uniform(-limits, limits, (8, 3)), 20, axis=0), np.zeros((160, 1))], axis=1)
    commands[:, 3] = np.repeat([0.0, -0.2, -0.1, 0.0], 40)
    seen = driven(scene, commands)
    ours = glide(scene.robot.sheet, commands.astype(np.float32), seen[0, :4], scene.control_timestep)
    assert np.abs(ours - seen[:, :4]).max() < 1e-3


def test_words_of_speed_and_place_hold_where_they_should():
    goal = "+goal={there: {base_near: {to: counter.top_front, within: 500 mm}}}"
    never = "+never={hurried: {base_speed: {above: 0.25 m/s}}, slow: {base_speed: {below: 0.05 m/s}, from: there}}"
    part = "+parts.counter={part: fixtures/counter, put: front_foot, at: {x: 900 mm, y: 0 mm}, height: 870 mm}"
    for base in ("planted", "mobile"):
        scene = shiliu.load_scenario("bare", [goal, never, part], base=base)
        near, hurried, slow = (item.predicate for item in (*scene.course.subgoals, *scene.course.nevers))
        sim = Simulation(scene, 2)
        start = sim.begin([nominal(scene)] * 2)
        gap = float(np.hypot(*(start.of(near.base) - start.of(near.to))[0, :2]))
        assert near.margin(start) == pytest.approx(0.5 - gap) and (near.margin(start) < 0).all()
        action = np.tile(scene.ready_ctrl.astype(np.float32), (2, 1))
        if base == "mobile":
            action[1, -4:-2] = (0.3, 0.1)
        for _ in range(60):
            readings = sim.step(action)
        speeds = [0.0, np.hypot(0.3, 0.1) if base == "mobile" else 0.0]
        assert hurried.margin(readings) == pytest.approx(np.array(speeds) - 0.25, abs=1e-4)
        assert slow.margin(readings) == pytest.approx(0.05 - np.array(speeds), abs=1e-4)
        for i in range(2):
            for word in (near, hurried, slow):
                assert word.margin(readings.row(i)) == word.margin(readings)[i]
        assert (near.margin(readings) >= 0).tolist() == [False, base == "mobile"]


# ---- balance


def still(robot, base_acceleration=0.0, **angles):
    """The effort of a robot that holds a posture while its base speeds up ahead [m/s2], and where its centre of mass is."""
    names = (*angles, "base_x")
    x = np.array([[*angles.values(), 0.0]])
    a = np.zeros_like(x)
    a[0, -1] = base_acceleration
    return Motion(np.array([0.0]), x, np.zeros_like(x), a), names


def centre(model, **angles):
    data = mujoco.MjData(model)
    for name, angle in angles.items():
        data.joint(name).qpos = angle
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return data.subtree_com[1].copy()


@pytest.mark.parametrize(("push", "level"), [(0.25, "PASS"), (0.6, "WARN"), (1.5, "FAIL")])
def test_speeding_up_leans_on_the_heels_by_as_much_as_mechanics_say(robot, push, level):
    soles = sole_polygon(robot, ("leg_l6_link", "leg_r6_link"), (-0.0732, 0.1708), (-0.0477, 0.0477))
    motion, names = still(robot, push)
    needed = effort(robot, motion, names, carrying=("base_x",))
    com = centre(robot)
    assert needed.pressure[0] == pytest.approx([com[0] - push * com[2] / G, com[1]], abs=1e-6)
    assert needed.names == ()
    long = Motion(0.02 * np.arange(10), *(np.repeat(part, 10, axis=0) for part in (motion.x, motion.v, motion.a)))
    (found,) = check_balance(effort(robot, long, names, carrying=("base_x",)), soles, RULES)
    assert found.level == level
    assert found.value == pytest.approx(com[0] - push * com[2] / G - soles[:, 0].min(), abs=1e-4)


def test_where_it_stands_and_how_it_is_turned_changes_nothing(robot):
    motion, names = still(robot, 0.5)
    needed = effort(robot, motion, names)
    x = np.concatenate([motion.x, [[1.0, 2.0, np.pi / 2]]], axis=1)
    x[0, 0] = 0.7
    a = np.array([[0.0, 0.5, 0.0, 0.0]])  # ahead is to the world's left now
    turned = Motion(motion.t, x[:, [0, 1, 3, 2]] * [1, 1, 1, 0], np.zeros((1, 4)), a)
    again = effort(robot, turned, ("base_x", "base_y", "base_yaw", "base_height"))
    assert again.pressure[0] == pytest.approx(needed.pressure[0], abs=1e-9)


def test_overreaching_with_a_load_tips_it(robot):
    soles = sole_polygon(robot, ("leg_l6_link", "leg_r6_link"), (-0.0732, 0.1708), (-0.0477, 0.0477))
    level = {f"zarm_{side}1_joint": -np.pi / 2 for side in "lr"}
    motion, names = still(robot, **level)
    margins = []
    for kilograms in (1.0, 12.0):
        payload = {f"{side}_claw": (kilograms, (0.0, 0.0, -0.16)) for side in ("left", "right")}
        needed = effort(robot, motion, names, payload=payload)
        com = centre(loaded(robot, payload), **level)
        assert needed.pressure[0] == pytest.approx(com[:2], abs=1e-6)
        margins.append(soles[:, 0].max() - com[0])
    assert margins[0] > 0.05 and margins[1] < -0.005


# ---- operator and judge


@pytest.fixture(scope="module")
def walked(scene):
    return done(scene, draw=nominal(scene))


def test_the_operator_walks_squats_and_stands_up(walked):
    base = walked.observations["observation.base"].astype(float)
    ends = {s["skill"]: base[min(round(s["t1"] * 30), len(base) - 1)] for s in walked.segments}
    assert list(ends) == ["walk", "walk.squat", "home", "walk.stand"]
    assert ends["walk"][:2] == pytest.approx([0.6, 0.4], abs=0.011)
    assert ends["walk"][2] == pytest.approx(np.pi / 2, abs=0.021)
    assert ends["walk.squat"][3] == pytest.approx(-0.15, abs=6e-3) and ends["walk.stand"][3] == pytest.approx(
        0.0, abs=6e-3
    )
    assert np.hypot(base[:, 4], base[:, 5]).max() < 0.31


def test_hands_reach_places_in_the_world_from_wherever_the_robot_stands(scene):
    from shiliu.replay.operator.operator_state import OperatorState

    state = OperatorState(scene, nominal(scene), np.random.default_rng(0), {})
    sim = Simulation(scene)
    readings = sim.begin([nominal(scene)])
    carry = scene.course.advance(scene.course.begin(1), readings)
    for _ in range(60):
        action = scene.ready_ctrl.astype(np.float32)
        action[-4:] = (0.3, 0.1, 0.4, -0.1)
        readings = sim.step(action[None])
    state.see(readings.rows(0), carry)
    arm = state.arms["left"]
    tcp, frame = state.senses.site("left_tcp")
    q = np.array([state.senses.joint(name) for name in scene.robot.arm_names[:7]])
    position, rotation = arm.hand(q)
    assert np.abs(position - tcp).max() < 1e-4 and np.abs(rotation - frame).max() < 1e-3
    goal = tcp + np.array([0.05, 0.0, 0.1])
    solved, away = arm.solve(goal, frame, q)
    assert away < 2e-3 and np.abs(arm.hand(solved)[0] - goal).max() < 2e-3


def recorded(scene, actions):
    draw = nominal(scene)
    (played,) = play(scene, [Take(draw, actions)], [[0]], threads=1)
    return as_recording("walk", episode_of(scene, played, 0), scene)


def test_the_judge_passes_gentle_walking_and_says_that_steps_are_not_judged(scene, walked):
    (verdict,) = judge([recorded(scene, walked.actions[: round(walked.segments[0]["t1"] * 30)])], threads=1)
    found = {f.code: f for f in verdict.findings}
    assert found["balance"].level == "PASS" and found["balance"].value > 0.03
    assert found["walking"].level == "NOT_CHECKED" and found["walking"].reason == "gliding_feet"
    assert found["walking"].value == pytest.approx(np.hypot(0.6, 0.4), abs=0.05)
    assert found["reproduces"].level == "PASS"
    assert verdict.stages["dynamics"].verdict == "FEASIBLE"


@pytest.mark.parametrize(("arms", "level"), [(0.35, "PASS"), (1.3, "FAIL")])
def test_a_hard_start_with_the_arms_behind_tips_it_backwards(scene, arms, level):
    hold = np.tile(scene.ready_ctrl, (150, 1))
    shoulders = [scene.schema.action.names.index(f"zarm_{side}1_joint") for side in "lr"]
    hold[:, shoulders] += (arms - hold[0, shoulders[0]]) * np.clip(np.arange(150) / 45.0, 0.0, 1.0)[:, None]
    hold[75:, -4] = 0.4
    (verdict,) = judge([recorded(scene, hold.astype(np.float32))], threads=1)
    found = {f.code: f for f in verdict.findings}
    pose = scene.robot.pose(scene.config.pose) | {f"zarm_{side}1_joint": arms for side in "lr"}
    com = centre(scene.robot.spec().compile(), **pose)
    standing = com[0] + 0.0025 + 0.0732
    assert standing > 0.02  # it is the start that tips it
    assert found["balance"].value == pytest.approx(standing - 0.4 * com[2] / G, abs=6e-3)
    assert found["balance"].level == level and found["balance"].failed == (found["balance"].value < 0)


def test_the_device_model_walks_and_lowers_the_base(tmp_path, scene, walked):
    """From the messages of its recording alone, read back from a file, the base ends where the demonstration's ended."""
    episode = episode_of(scene, walked, 0)
    made = through(scene, episode, load_device(), 7)
    assert made.streams["/cmd_vel/base_speed"].n > 100 and not made.streams["/cmd_vel/base_speed"].values[-1].any()
    write_mcap(replace(made, streams={n: s for n, s in made.streams.items() if "sensors" not in n}), tmp_path / "walk.mcap")
    (read,) = shiliu.read(tmp_path / "walk.mcap")
    dt, base = scene.control_timestep, np.asarray(episode.states["observation.base"])
    for one in (made, read):
        later = np.arange(len(base) + round(2.0 / dt)) * dt  # commands come 1.24 s behind the first sensor
        ends = glide(scene.robot.sheet, base_commands(one, scene.robot.base_names, later), np.zeros(4), dt)[-1]
        assert ends == pytest.approx(base[-1, :4], abs=2e-3)
    at = next(s["t1"] for s in walked.segments if s["skill"] == "walk.squat") + 1.3
    lowered = glide(scene.robot.sheet, base_commands(read, scene.robot.base_names, later), np.zeros(4), dt)[round(at / dt), 3]
    assert lowered == pytest.approx(-0.15, abs=6e-3)


def test_skills_of_the_base_are_documented():
    page = (Path(__file__).resolve().parents[2] / "docs" / "mobile-base.md").read_text(encoding="utf-8")
    for word in (
        "walk",
        "walk.squat",
        "walk.stand",
        "base_speed",
        "base_near",
        "base_vx",
        "base_height",
    ):
        assert f"`{word}" in page


def test_a_walk_is_labelled_as_what_it_is(scene, walked):
    from shiliu.replay.labels.proposal import propose

    draw = nominal(scene)
    (played,) = play(scene, [Take(draw, walked.actions)], threads=1)
    found = propose(scene, draw, played)
    assert [s.skill for s in found] == [s["skill"] for s in walked.segments]
    for segment, known in zip(found, walked.segments):
        assert abs(segment.t0 - known["t0"]) < 0.3, segment
        assert segment.confidence > 0.8


@pytest.mark.parametrize(("by", "same"), [(1e-15, True), (1e-6, False)])
def test_the_model_does_not_depend_on_the_kind_of_processor(monkeypatch, by, same):
    """A fit by least squares differs in its last digits from one kind of processor to another."""
    plain, lstsq = shiliu.load_scenario("bare", base="mobile").fingerprint, np.linalg.lstsq
    monkeypatch.setattr(np.linalg, "lstsq", lambda *given, **more: (lstsq(*given, **more)[0] * (1.0 + by),))
    assert (shiliu.load_scenario("bare", base="mobile").fingerprint == plain) is same
