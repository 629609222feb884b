"""Balance with every force in the simulation: a robot that is turned by 30 deg and stands off-centre, planted and mobile, and is pushed.

What is expected follows from the weight, its place, the force and its place by hand arithmetic: on the floor
x = (W cx - Px Fz + Pz Fx) / (W - Fz), y = (W cy - Py Fz + Pz Fy) / (W - Fz).
"""

from dataclasses import replace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.envs.single import ShiliuEnv
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.tipping_over import SIDES, check_tipping, smoothed, stand_of
from shiliu.replay.judge.explanation.what_tips import moment_of
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.mistakes import code_of
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.replay.rollout.ground_force import NearestToTipping
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import STATE, nominal
from shiliu.scenarios.reading.config import nominal_values

RULES = load_rules()
G = 9.81
YAW, HAND = np.deg2rad(30.0), "left_claw"
STANDS = ["robot.stands_at={x: 400 mm, y: -700 mm, yaw: 30 deg}", "robot.pose=ready"]
TURN = np.array([[np.cos(YAW), -np.sin(YAW), 0.0], [np.sin(YAW), np.cos(YAW), 0.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module", params=["planted", "mobile"])
def scene(request):
    return shiliu.load_scenario("bare", STANDS, base=request.param).judged


def pushed(scene, force, seconds=1.5):
    """What came of standing still while a force [N], in the robot's frame, pulls at the left hand; and the draw that it began from."""
    draw = nominal(scene)
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
    data.xfrc_applied[draw.model.body(HAND).id, :3] = TURN @ force
    state = np.empty(mujoco.mj_stateSize(draw.model, STATE))
    mujoco.mj_getState(draw.model, data, state, STATE)
    take = Take(replace(draw, start_state=state), np.tile(scene.ready_ctrl, (round(30 * seconds), 1)).astype(np.float32))
    (played,) = play(scene, [take], [[take.n_steps]], threads=1)
    return played, take


def expected(scene, played, force):
    """(2,) m from the floor mark, and the weight [N]: from the posture that the robot came to."""
    model = played.draw.model
    data = mujoco.MjData(model)
    data.qpos[:] = played.qpos[-1]
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    root = model.body(scene.robot.root).id
    mark = np.array([*data.xpos[root][:2], 0.0])
    weight = float(model.body_subtreemass[root]) * G
    (cx, cy, _), (px, py, pz) = TURN.T @ (data.subtree_com[root] - mark), TURN.T @ (data.body(HAND).xipos - mark)
    fx, fy, fz = force
    up = weight - fz
    return np.array([weight * cx - px * fz + pz * fx, weight * cy - py * fz + pz * fy]) / up, up


@pytest.mark.parametrize(
    ("force", "level"),
    [
        ((0, 0, 0), "PASS"),
        ((30, 0, 0), "PASS"),
        ((60, 0, 0), "FAIL"),
        ((-24, 0, 0), "PASS"),
        ((-45, 0, 0), "FAIL"),
        ((0, 50, 0), "PASS"),
        ((0, 75, 0), "FAIL"),
        ((0, -75, 0), "FAIL"),
        ((0, 0, -60), "PASS"),
        ((60, 10, -40), "FAIL"),
    ],
)
def test_a_force_at_the_hand_tips_it_as_mechanics_say(scene, force, level):
    played, _ = pushed(scene, force)
    _, mean = smoothed(played.wrench, scene.timestep, 0.05)
    stand = stand_of(mean[-1:], scene.footing)
    (x, y), up = expected(scene, played, force)
    axis, high = scene.footing.axis
    assert mean[-1, 2] == pytest.approx(up, abs=0.5)
    assert stand.reach[0, 2] == pytest.approx(y, abs=1e-3)
    assert stand.ankles[0, 0] == pytest.approx(x - high * force[0] / up - axis, abs=1e-3)
    (found,) = check_tipping(played.wrench, scene.timestep, scene.footing, RULES)
    assert found.level == level
    if level == "FAIL":
        side = SIDES.index(found.details["towards"])
        assert found.margin == pytest.approx(stand.margin[0, side], abs=0.012)  # it swings a little as it yields
        assert 1 <= played.tipping[found.details["towards"]].step <= 45


def test_a_thing_that_presses_on_the_hand_is_named_with_its_force_and_lever(scene):
    """A ball on a rail of its own is pressed against the left wrist with 55 N, up and back by 45 deg."""
    away = TURN @ np.array([1.0, 0.0, -1.0]) / np.sqrt(2.0)
    spec = scene.spec(nominal_values(scene.config))
    rest = mujoco.MjData(scene.model)
    rest.qpos[:] = scene.start_qpos(scene.model)
    mujoco.mj_forward(scene.model, rest)
    wrist = scene.model.body("zarm_l7_link").id
    geom = next(g for g in np.flatnonzero(scene.model.geom_bodyid == wrist) if scene.model.geom_contype[g])
    ball = spec.worldbody.add_body(name="rail/bar", pos=rest.geom_xpos[geom] + 0.25 * away, gravcomp=1.0)
    ball.add_joint(name="rail/slide", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=away, damping=20.0)
    ball.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.05, 0, 0], mass=0.3)
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[: scene.model.nq] = scene.start_qpos(scene.model)
    data.qpos[model.joint("rail/slide").qposadr[0]] = 0.0
    data.ctrl[:] = scene.ready_ctrl
    data.qfrc_applied[model.joint("rail/slide").dofadr[0]] = -55.0
    rows = []
    for _ in range(round(3.0 / scene.timestep)):
        mujoco.mj_step(model, data)
        rows.append(np.concatenate([data.sensor(one.name).data for one in scene.wrench]))
    state = np.empty(mujoco.mj_stateSize(model, STATE))
    mujoco.mj_getState(model, data, state, STATE)
    take = Take(replace(nominal(scene), model=model), np.tile(scene.ready_ctrl, (90, 1)).astype(np.float32))
    now = moment_of(scene, take, NearestToTipping(90, state, np.mean(rows[-24:], axis=0)))
    (push,) = now.pushes
    assert (push.link, push.thing) == ("left_claw", "rail/bar")
    assert push.force @ np.array([1.0, 0.0, -1.0]) / np.sqrt(2.0) == pytest.approx(-55.0, rel=0.02)
    assert now.still == pytest.approx(now.wrench, abs=1.0)  # at rest what bears on it is all there is
    (found,) = check_tipping(np.array(rows), scene.timestep, scene.footing, RULES, lambda side: now)
    side = found.details["towards"]
    assert found.failed and side == "back" and found.subject == ("left_claw", "rail/bar")
    (px, _, pz), (fx, _, fz), feet = push.place, push.force, scene.footing
    about_heel = -fx * pz + fz * (px - feet.axis[0] + feet.back)
    assert found.details["lever"] == pytest.approx(about_heel / push.size, rel=1e-6)
    assert found.details["moved"] == pytest.approx(about_heel / now.wrench[2], rel=1e-6)
    for lang in ("en", "zh"):
        words = Words(lang)
        assert "rail/bar" in words.slip(found)


def recorded(scene, actions):
    (played,) = play(scene, [Take(nominal(scene), actions.astype(np.float32))], [[0]], threads=1)
    return as_recording("stand", episode_of(scene, played, 0), scene)


@pytest.mark.parametrize("base", ["planted", "mobile"])
def test_every_recording_is_judged_so_and_says_how_near_it_came(base):
    scene = shiliu.load_scenario("bare", STANDS, base=base)
    (verdict,) = judge([recorded(scene, np.tile(scene.ready_ctrl, (60, 1)))], threads=1)
    found = next(one for one in verdict.findings if one.code == "tipping")
    assert found.level == "PASS" and found.stage == "replay"
    assert 0.05 < found.details["least"] < 0.08 and "mm" in Words("en").message(found)
    assert verdict.verdict == "FEASIBLE" and "replay.tipping" in verdict.required


@pytest.mark.parametrize(("swing", "level"), [(0.15, "PASS"), (1.2, "FAIL")])
def test_an_arm_that_is_thrown_up_tips_it_without_a_hand_and_slower_is_advised(swing, level):
    scene = shiliu.load_scenario("bare", STANDS)
    hold = np.tile(scene.ready_ctrl, (90, 1))
    shoulders = [scene.schema.action.names.index(f"zarm_{side}1_joint") for side in "lr"]
    t = np.clip((np.arange(90) - 30) / 12.0, 0.0, 1.0)
    hold[:, shoulders] -= swing * (10 * t**3 - 15 * t**4 + 6 * t**5)[:, None]
    (verdict,) = judge([recorded(scene, hold)], threads=1)
    found = next(one for one in verdict.findings if one.code == "tipping")
    assert found.level == level
    if level == "FAIL":
        assert found.subject == ("zero_moment_point",) and found.fix["kind"] == "slow"
        near = next(one for one in verdict.findings if one.code == "balance")
        assert near.failed  # by itself, too


DESK = "+parts={ground: {part: fixtures/floor}, desk: {part: fixtures/counter, at: {x: 900 mm, y: 60 mm}, yaw: 10 deg}}"


def test_a_base_that_a_thing_stops_is_reported_by_environment_and_judge_alike():
    scene = shiliu.load_scenario("bare", [DESK], base="mobile")
    drive = np.tile(scene.ready_ctrl, (120, 1)).astype(np.float32)
    drive[15:, -4] = 0.36
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=0)
    reported = [env.step(action)[-1]["unsafe"] for action in drive]
    assert reported[60] == () and "replay.collision.unexpected:leg_l6_link" in reported[-1]
    (verdict,) = judge([recorded(scene, drive)], threads=1)
    found = next(one for one in verdict.findings if one.code == "collision.unexpected")
    assert found.failed and code_of(found) in reported[-1]
    # the columns that disagree while it stands against the desk are no fault of the recorder's
    assert verdict.verdict == "INFEASIBLE" and verdict.stages["integrity"].verdict == "FEASIBLE"
    short = drive.copy()
    short[60:, -4] = 0.0  # it stops before
    assert next(play(scene, [Take(nominal(scene), short)], threads=1)).unsafe == ()


def test_a_base_that_an_own_arm_grazes_is_not_stopped():
    """The forearm is pressed against the trunk: the link feels it, and nothing holds the base up."""
    scene = shiliu.load_scenario("bare", base="mobile")
    hold = np.tile(scene.ready_ctrl, (90, 1)).astype(np.float32)
    names = list(scene.schema.action.names)
    for name, angle in (("zarm_l3_joint", -1.4), ("zarm_l4_joint", -2.0)):
        hold[:, names.index(name)] += angle * np.clip(np.arange(90) / 60.0, 0.0, 1.0)
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=0)
    assert [env.step(action)[-1]["unsafe"] for action in hold][-1] == ()
    (played,) = play(scene, [Take(nominal(scene), hold)], threads=1)
    trunk = [request.of for request in scene.unasked].index("body:base_link")
    assert played.touches[:, trunk].max() > 60.0 and played.unsafe == ()


def test_the_bound_of_what_stops_a_base_is_the_judges():
    scene = shiliu.load_scenario("bare", base="mobile")
    rule = RULES["collision.unexpected"]
    assert {limit.limit for limit in scene.safety} == {rule.bound("fail")} and len(scene.safety) == 7
    assert {limit.unsure for limit in scene.safety} == {rule.unsure}
    assert shiliu.load_scenario("bare").safety == ()
