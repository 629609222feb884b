"""People: bodies from tables, skin that gives as it should, contact judged by region, speed judged near them."""

from __future__ import annotations

import json

import mujoco
import numpy as np
import pytest
from conftest import make_readings
from shiliu.envs.env_episode import One
from shiliu.envs.episodes import Copies
from shiliu.replay.checks.outcome import check_people
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.judge import judge
from shiliu.replay.report import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.people.safety import Limit, SpeedNear, Watch, contact_limits
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sheet.errors import ScenarioError

# N, pressed for long: ISO/TS 15066:2016, Annex A, as it is quoted; see conf/people/contact_limits.yaml
QUOTED = {
    "skull": 130, "face": 65, "neck": 150, "back": 210, "chest": 140, "abdomen": 110, "pelvis": 180, "upper_arm": 150,
    "lower_arm": 160, "hand": 140, "thigh": 220, "lower_leg": 130,
}  # fmt: skip
PEOPLE = ("seated_elder", "standing_adult", "lying_elder")
TOUCH = """
title: {en: Touch, zh: 触碰}
version: 1
time_limit: 20 s
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  floor: {part: fixtures/floor}
  chair: {part: fixtures/armchair, put: floor, at: {x: 600 mm, y: 320 mm}, yaw: 180 deg}
  guest: {part: people/seated_elder, stands_on: chair.seat, put: seat}
safety:
  guest: {person: {of: guest, frail: true}}
judge: {required: [integrity, replay.safety]}
"""


@pytest.fixture(scope="module")
def touch(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("touch"), TOUCH)


def loaded(folder, text, name="touch"):
    (folder / "conf" / "scenario").mkdir(parents=True, exist_ok=True)
    (folder / "conf" / "scenario" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_scenario(name, conf_dir=folder / "conf")


# -- the body ----------------------------------------------------------------------------------------------------------
def of_size(name, **values):
    spec = load_part(f"people/{name}").spec(**values)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return model, data


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("mass", [48.0, 75.0])
def test_segments_share_the_body_mass(name, mass):
    model, _ = of_size(name, mass=mass)
    assert model.body_mass.sum() == pytest.approx(mass, rel=1e-6)
    for side in ("left", "right"):  # Winter, table 4.1
        for word, share in (
            ("upper_arm", 0.028),
            ("forearm", 0.016),
            ("thigh", 0.100),
            ("shank", 0.0465),
            ("foot", 0.0145),
        ):
            assert model.body(f"{side}_{word}").mass[0] == pytest.approx(share * mass, rel=1e-6)
        assert model.body(f"{side}_hand").subtreemass[0] == pytest.approx(0.006 * mass, rel=1e-6)
    assert model.body("head").subtreemass[0] == pytest.approx(0.081 * mass, rel=1e-6)


@pytest.mark.parametrize("height", [1.484, 1.570, 1.678, 1.775])  # women's 5th and 50th, men's 50th and 95th percentile
def test_a_standing_person_is_as_tall_as_asked(height):
    model, data = of_size("standing_adult", height=height)
    top = data.geom("skull").xpos[2] + model.geom("skull").size[2]
    soles = min(data.geom(f"{side}_foot").xpos[2] - model.geom(f"{side}_foot").size[0] for side in ("left", "right"))
    assert top - soles == pytest.approx(height, abs=0.01)
    reach = np.linalg.norm(data.body("left_upper_arm").xpos - data.body("left_forearm").xpos)
    assert reach == pytest.approx(0.186 * height, rel=1e-3)


@pytest.mark.parametrize("height", [1.50, 1.60, 1.70])
def test_a_seated_persons_feet_stand_on_the_floor(height):
    model, data = of_size("seated_elder", height=height)
    for side in ("left", "right"):
        sole = 0.45 + data.geom(f"{side}_foot").xpos[2] - model.geom(f"{side}_foot").size[0]
        assert 0.0 < sole < 0.010
        assert data.body(f"{side}_foot").xmat[8] > np.cos(np.radians(2))


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_keeps_the_posture_and_left_mirrors_right(name):
    model, data = of_size(name)
    mujoco.mj_resetData(model, data)
    for _ in range(500):
        mujoco.mj_step(model, data)
    assert np.abs(data.qpos).max() < 0.01 and np.abs(data.qvel).max() < 0.01
    _, still = of_size(name)
    for word in ("hand", "foot", "forearm"):
        left, right = still.body(f"left_{word}").xpos, still.body(f"right_{word}").xpos
        np.testing.assert_allclose(left * [1, -1, 1], right, atol=1e-9)


@pytest.mark.parametrize("aside", [0.0, 40.0])
def test_a_lying_persons_left_arm_rests_as_far_aside_as_asked(aside):
    model, data = of_size("lying_elder", left_arm_aside=np.radians(aside))
    for _ in range(1000):
        mujoco.mj_step(model, data)
    assert np.degrees(data.joint("left_shoulder_abduct").qpos) == pytest.approx(aside, abs=0.5)
    assert np.abs(data.joint("right_shoulder_abduct").qpos) < 0.01 and np.abs(data.qvel).max() < 0.01


@pytest.mark.parametrize("region", ["skull", "face", "neck", "back", "chest", "abdomen"])
def test_skin_gives_as_its_stiffness_says(region):
    """A probe on the same bone presses with half the region's limit: how far does it sink in?"""
    limit = contact_limits().regions[region]
    force = limit.quasi_static / 2
    spec = load_part("people/seated_elder").spec()
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    bone = spec.body(region).parent
    frame = data.body(bone.name).xmat.reshape(3, 3)
    at = frame.T @ (data.geom(region).xpos - data.body(bone.name).xpos)
    way = np.array({"back": [1.0, 0, 0], "neck": [0, -1.0, 0]}.get(region, [-1.0, 0, 0]))
    probe = bone.add_body(name="probe", pos=at - 0.25 * way, gravcomp=1)
    probe.add_joint(name="probe", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=way, damping=20)
    probe.add_geom(name="tip", size=[0.03, 0, 0], mass=1.0, contype=1, conaffinity=4, solref=[0.005, 1])
    spec.add_actuator(name="push", target="probe", trntype=mujoco.mjtTrn.mjTRN_JOINT).gainprm[0] = 1.0
    spec.option.timestep = 1 / 480
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    model = spec.compile()
    data = mujoco.MjData(model)
    depths = []
    for push in (2.0, force):
        data.ctrl[model.actuator("push").id] = push
        for _ in range(2000):
            mujoco.mj_step(model, data)
        assert data.ncon > 0
        depths.append(float(data.joint("probe").qpos[0]))
    assert (force - 2.0) / (depths[1] - depths[0]) == pytest.approx(limit.stiffness, rel=0.15)


# -- the limits --------------------------------------------------------------------------------------------------------
def test_limits_are_the_quoted_ones():
    table = contact_limits().regions
    assert {name: region.quasi_static for name, region in table.items()} == QUOTED
    assert {name for name, region in table.items() if region.transient == 0} == {"skull", "face"}
    assert all(r.transient == 2 * r.quasi_static for r in table.values() if r.transient)
    assert {name for name, region in table.items() if region.grade == "estimate"} == {"skull", "thigh", "lower_leg"}


def test_frail_people_are_judged_by_half_and_everybody_by_default(touch, tmp_path):
    halves = {limit.about: limit.limit for limit in touch.safety if limit.kind == "pressed"}
    assert halves["chest"] == 70 and halves["hand"] == 70 and halves["lower_leg"] == 65  # facts, bedside care
    plain = loaded(
        tmp_path, TOUCH.replace("  guest: {person: {of: guest, frail: true}}\n", "").replace("safety:\n", "")
    )
    assert {limit.about: limit.limit for limit in plain.safety if limit.kind == "struck"}["chest"] == 280
    assert [limit.limit for limit in plain.safety if limit.judged_as == "speed.person"] == [0.25]


def test_an_unknown_person_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"'chair' is no person of this scenario. Known here: guest"):
        loaded(tmp_path, TOUCH.replace("of: guest", "of: chair"))


AT, MOVES, CHEST = Request("site_position", "h"), Request("site_velocity", "h"), Request("site_position", "c")


def test_speed_counts_only_near_a_person():
    near = SpeedNear(((AT, MOVES),), ((CHEST, 0.1),), 0.5, 0.25)
    at = np.array([[0.61, 0, 0], [0.59, 0, 0], [0.3, 0, 0]])
    readings = make_readings({AT: at, MOVES: np.tile([0.3, 0.4, 0.0], (3, 1)), CHEST: np.zeros((3, 3))})
    np.testing.assert_allclose(near.value(readings), [0.0, 0.5, 0.5])
    for i in range(3):
        assert near.value(readings.row(i)) == near.value(readings)[i]


def limit_of(lasting=0.5, limit=70.0, kind="pressed"):
    return Limit(
        "g",
        SpeedNear((), (), 0, 0, "N"),
        limit,
        0.0,
        "s",
        "published",
        False,
        "force.person",
        "chest",
        lasting,
        kind,
        "guest",
    )


@pytest.mark.parametrize(("seconds", "broken"), [(0.45, False), (0.5, True)])
def test_pressing_counts_after_half_a_second_in_a_row(seconds, broken):
    dt, limit = 1 / 30, limit_of()
    force = np.full(60, 69.0)
    force[20 : 20 + round(seconds / dt)] = 90.0
    watch = Watch([limit], dt)
    assert any([watch.see(np.array([[value]]))[0, 0] for value in force]) == broken
    (found, _) = check_people([limit], {"g": force}, dt, load_rules("arm_manipulation", None), anybody=True)
    assert found.level == ("FAIL" if broken else "PASS") and found.value == (90.0 if broken else 69.0)
    if broken:
        assert (found.t0, found.limit, found.subject) == (pytest.approx(20 * dt), 70.0, ("chest",))
        assert found.t1 == pytest.approx(20 * dt + 0.5)


def test_where_no_contact_is_allowed_a_touch_is_one():
    rules = load_rules("arm_manipulation", None)
    for force, level in ((0.0, "PASS"), (0.01, "PASS"), (1.0, "FAIL")):
        found = check_people([limit_of(0.0, 0.0, "touched")], {"g": np.array([0.0, force])}, 0.1, rules, anybody=True)[
            0
        ]
        assert found.level == level
    assert found.excess == pytest.approx(0.1)
    for code in check_people([], {}, 0.1, rules, anybody=False):
        assert (code.level, code.reason) == ("NOT_APPLICABLE", "no_person")


# -- a robot that is too rough -----------------------------------------------------------------------------------------
def arm_to(scene, point, seed):
    """(7,) angles of the left arm that bring its hand to a point, by damped least squares."""
    model, data = scene.model, mujoco.MjData(scene.model)
    mujoco.mj_setState(model, data, drawing.nominal(scene).start_state, drawing.STATE)
    joints = [model.joint(f"zarm_l{i}_joint") for i in range(1, 8)]
    q, v = [j.qposadr[0] for j in joints], [j.dofadr[0] for j in joints]
    low, high = np.array([j.range * 0.93 for j in joints]).T
    data.qpos[q] = seed
    jacobian = np.zeros((3, model.nv))
    for _ in range(100):
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        error = np.clip(point - data.site("left_tcp").xpos, -0.05, 0.05)
        mujoco.mj_jacSite(model, data, jacobian, None, model.site("left_tcp").id)
        j = jacobian[:, v]
        data.qpos[q] = np.clip(data.qpos[q] + j.T @ np.linalg.solve(j @ j.T + 1e-4 * np.eye(3), error), low, high)
    assert np.linalg.norm(error) < 0.005
    return data.qpos[q].copy()


READY = np.array([0.70, 0.21, -0.14, -2.09, 1.36, -0.26, -0.09])


def pushed(scene, depth, seconds):
    """Actions: calmly in front of the chest, then towards it by `depth` [m] within `seconds`, and stay there for a second."""
    model, data = scene.model, mujoco.MjData(scene.model)
    mujoco.mj_forward(model, data)
    front = data.site("guest/chest").xpos + np.array([-0.16, 0, 0.03])
    near = arm_to(scene, front, READY)
    deep = arm_to(scene, front + np.array([depth, 0, 0]), near)
    columns = [scene.schema.action.names.index(f"zarm_l{i}_joint") for i in range(1, 8)]
    rows, here = [], scene.ready_ctrl[columns]
    for goal, time in ((near, 4.5), (deep, seconds), (deep, 1.0)):
        steps = round(time / scene.control_timestep)
        share = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, steps + 1) / steps)
        rows += [here + (goal - here) * s for s in share]
        here = goal
    actions = np.tile(scene.ready_ctrl, (len(rows), 1))
    actions[:, columns] = rows
    return actions.astype(np.float32)


def verdict_of(scene, actions):
    draw = drawing.nominal(scene)
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, len(actions))]))
    return judge([as_recording("take", episode_of(scene, played, 0), scene)], scene=scene, threads=1)[0]


def findings_of(verdict, code, level="FAIL"):
    return [f for f in verdict.findings if f.code == code and f.level == level]


def unsafe(scene, actions):
    one = One(scene, "sparse")
    one.begin(drawing.nominal(scene))
    for action in actions:
        one.step(action[None])
    many = Copies(scene, 2, "sparse")
    many.begin([drawing.nominal(scene)] * 2)
    for action in actions:
        many.step(np.tile(action, (2, 1)))
    assert one.unsafe == many.unsafe(0) == many.unsafe(1)
    return one.unsafe


def test_a_chest_that_is_pressed_is_infeasible_with_region_force_limit_and_moment(touch):
    actions = pushed(touch, 0.165, 3.0)
    verdict = verdict_of(touch, actions)
    (pressed,) = findings_of(verdict, "force.person")
    # who leans on a person so hard is pushed back over the heels, and that comes first
    assert verdict.verdict == "INFEASIBLE" and verdict.findings[verdict.root].code == "tipping"
    assert (
        pressed.subject == ("chest",) and pressed.details["kind"] == "pressed" and pressed.details["person"] == "guest"
    )
    assert (
        pressed.limit == 70 and 75 < pressed.value < 140 and 5.5 < pressed.t0 < 7.5 and pressed.t1 - pressed.t0 >= 0.5
    )
    assert not findings_of(verdict, "speed.person")
    text = Words("en").message(pressed)
    assert text.startswith("chest: pressed with") and "70 N is allowed" in text
    assert any("A simulation is no safety proof" in note for note in verdict.provenance["notes"])
    assert unsafe(touch, actions) == ("replay.force.person:chest",)
    assert json.dumps(verdict.findings[verdict.root].details)


def test_a_gentle_touch_is_feasible(touch):
    verdict = verdict_of(touch, pushed(touch, 0.145, 3.0))
    assert (
        not findings_of(verdict, "force.person")
        and not findings_of(verdict, "speed.person")
        and verdict.verdict == "FEASIBLE"
    )
    (near,) = findings_of(verdict, "force.person", "PASS")
    assert near.subject == ("chest",) and 3 < near.value < 70  # it does touch


def test_a_blow_is_struck_and_too_fast(touch):
    actions = pushed(touch, 0.19, 0.35)
    verdict = verdict_of(touch, actions)
    kinds = {f.details["kind"] for f in findings_of(verdict, "force.person")}
    (fast,) = findings_of(verdict, "speed.person")
    assert verdict.verdict == "INFEASIBLE" and "struck" in kinds
    assert fast.subject == ("guest",) and fast.limit == 0.25 and fast.value > 0.3 and 4.4 < fast.t0 < 5.0
    assert set(unsafe(touch, actions)) == {"replay.force.person:chest", "replay.speed.person:guest"}
