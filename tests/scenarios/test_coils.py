"""Coils that stick to one another: they let go at the force that the sheet says, and stick to nothing else."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import shiliu
from conftest import make_readings
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.sensing.requests import Request, SensorPlan
from shiliu.scenarios.stepping.simulation import Simulation
from shiliu.scenarios.words.load import HandsHold, HandsHoldMore

TIMESTEP = 1 / 240  # s, as in the scene
RATE = 2.0  # N/s, slow against what moves there
COILS = {"s": "coil_060", "m": "coil_090", "l": "coil_130"}
HEIGHT = {"m": 0.025, "l": 0.030}  # m
G = 9.81


def stack(lower: str, upper: str, stick: float, aside: float = 0.0):
    """One coil on another that is screwed to the world, as it lies after a second: model, data, body of the upper one."""
    world = mujoco.MjSpec()
    world.option.timestep, world.compiler.degree = TIMESTEP, False
    world.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for name, at in ((lower, (0.0, 0.0, 0.0)), (upper, (aside, 0.0, HEIGHT[lower]))):
        spec = load_part(f"objects/{COILS[name]}").spec(stick=stick)
        if name == lower:
            spec.delete(spec.joint(f"{COILS[name]}_free"))
        world.attach(spec, prefix=f"{name}/", frame=world.worldbody.add_frame(pos=at))
    model = world.compile()
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, round(1.0 / TIMESTEP))
    return model, data, model.body(f"{upper}/{COILS[upper]}").id


def pull_off(lower: str, upper: str, stick: float, at: float = 0.0, aside: float = 0.0) -> float:
    """[N] beyond its weight with which the upper coil comes off, pulled straight up so far [m] beside its middle."""
    model, data, body = stack(lower, upper, stick, aside)
    weight, rest = G * float(model.body_subtreemass[body]), float(data.xpos[body, 2])
    pull = 0.0
    while data.xpos[body, 2] < rest + 0.004 and pull < 80.0:
        pull += RATE * TIMESTEP
        data.qfrc_applied[:] = 0.0
        point = data.xpos[body] + data.xmat[body].reshape(3, 3) @ np.array([at, 0.0, 0.0])
        mujoco.mj_applyFT(model, data, np.array([0.0, 0.0, pull]), np.zeros(3), point, body, data.qfrc_applied)
        mujoco.mj_step(model, data)
    return pull - weight


@pytest.mark.parametrize(("lower", "upper"), [("m", "s"), ("l", "m")])
@pytest.mark.parametrize("stick", [3.0, 6.0, 12.0])
def test_a_coil_comes_off_at_the_force_of_the_sheet(lower, upper, stick):
    assert pull_off(lower, upper, stick) == pytest.approx(stick, rel=0.2)


def test_without_stick_a_coil_weighs_what_it_weighs():
    assert abs(pull_off("m", "s", 0.0)) < 0.3


def test_a_coil_is_peeled_off_by_its_rim_with_half_the_force():
    assert pull_off("m", "s", 12.0, at=0.03) < 6.0


def follows(lower: str, upper: str, stick: float, aside: float) -> bool:
    """Whether a loose coil on the floor comes along with one that a hand raises without turning it, slid aside by so much [m]."""
    world = mujoco.MjSpec()
    world.option.timestep, world.compiler.degree = TIMESTEP, False
    world.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    world.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], contype=2, conaffinity=5)
    for name, at in ((lower, (0.0, 0.0, 0.0)), (upper, (aside, 0.0, HEIGHT[lower]))):
        spec = load_part(f"objects/{COILS[name]}").spec(stick=stick)
        if name == upper:
            spec.delete(spec.joint(f"{COILS[name]}_free"))
            hand = spec.body(COILS[name]).add_joint(name="hand", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, 1])
            hand.damping = [5, 0, 0]
            servo = spec.add_actuator(name="hand", target="hand", trntype=mujoco.mjtTrn.mjTRN_JOINT)
            servo.set_to_position(kp=4000, kv=50)
        world.attach(spec, prefix=f"{name}/", frame=world.worldbody.add_frame(pos=at))
    model = world.compile()
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, round(0.5 / TIMESTEP))
    for height in np.linspace(0.0, 0.06, round(3.0 / TIMESTEP)):
        data.actuator(f"{upper}/hand").ctrl = height
        mujoco.mj_step(model, data)
    return bool(data.body(f"{lower}/{COILS[lower]}").xpos[2] > 0.02)


@pytest.mark.parametrize(("lower", "upper", "stick"), [("l", "m", 12.0), ("m", "s", 12.0)])
def test_pulled_off_straight_the_lower_one_comes_along_and_slid_aside_it_stays(lower, upper, stick):
    assert follows(lower, upper, stick, 0.0)
    assert not follows(lower, upper, stick, 0.02)


def test_what_sticks_less_than_the_lower_one_weighs_comes_off_straight():
    """0.70 kg weigh 6.9 N: twice as sticky as declared, it would be a double pick."""
    assert not follows("l", "m", 6.0, 0.0)
    assert follows("l", "m", 12.0, 0.0)


def test_it_is_the_same_to_the_bit_each_time():
    first, again = stack("m", "s", 6.0)[1], stack("m", "s", 6.0)[1]
    assert first.qpos.tobytes() == again.qpos.tobytes()


def test_the_spots_meet_coils_alone():
    """Hands (1), things and furniture (2, 4) are no matter to the spots, and leads neither."""
    model, data, _ = stack("m", "s", 12.0)
    spots = {g for g in range(model.ngeom) if "spot" in model.geom(g).name}
    met = {model.geom(int(g)).name for c in data.contact for g in c.geom if set(map(int, c.geom)) & spots} - {
        model.geom(g).name for g in spots
    }
    assert met and all("/wall_" in name or "/foot_" in name for name in met)
    others = [g for g in range(model.ngeom) if g not in spots and model.geom_conaffinity[g] & 8]
    assert {model.geom(g).name.split("/")[1].split("_")[0] for g in others} <= {"wall", "foot"}


def test_a_lead_springs_back_and_can_be_bent_double():
    model, data, _ = stack("m", "s", 6.0)
    joint = data.joint("s/lead_1_1_aside")
    joint.qpos = 1.0
    mujoco.mj_step(model, data, round(1.0 / TIMESTEP))
    assert abs(float(joint.qpos[0])) < 0.05
    assert np.rad2deg(model.joint("s/lead_1_2_aside").range[1]) > 140.0


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("coil_separation")


def felt_by_a_lead(force: float) -> float:
    """[N] that the sensor of a lead says where a finger presses it with a force [N]; the coil is screwed down, its leads are stiff."""
    world = mujoco.MjSpec()
    world.option.timestep, world.compiler.degree, world.option.gravity = TIMESTEP, False, [0, 0, 0]
    coil = load_part("objects/coil_060").spec()
    for joint in list(coil.joints):
        coil.delete(joint)
    root, ahead = (np.array(coil.site(f"lead_1_{word}").pos) for word in ("root", "ahead"))
    world.attach(coil, prefix="s/", frame=world.worldbody.add_frame())
    finger = world.worldbody.add_body(name="finger", pos=root + 0.3 * (ahead - root) + [0, 0, 0.006])
    finger.add_joint(name="finger", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, -1]).damping = [50, 0, 0]
    finger.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.005, 0, 0], mass=1.0, contype=1, conaffinity=6)
    world.add_actuator(name="finger", target="finger", trntype=mujoco.mjtTrn.mjTRN_JOINT)
    plan = SensorPlan()
    pull = plan.add(Request("contact_force", "tree:s/lead_1_1"))
    plan.compile_into(world)
    model = world.compile()
    data = mujoco.MjData(model)
    data.actuator("finger").ctrl = force
    mujoco.mj_step(model, data, round(1.0 / TIMESTEP))
    return float(np.linalg.norm(data.sensor(pull.name).data))


@pytest.mark.parametrize(("force", "snagged"), [(12.0, False), (17.8, False), (18.2, True), (25.0, True)])
def test_a_lead_may_be_pulled_with_15_newtons_and_the_fifth_that_is_unsure(scene, force, snagged):
    (limit,) = [limit for limit in scene.safety if limit.name == "lead_snag"]
    assert {request.of for request in limit.predicate.forces} == {
        f"tree:coil_{coil}/lead_{lead}_1" for coil in COILS for lead in (1, 2)
    }
    assert all(request.to == "" for request in limit.predicate.forces), "whatever touches it"
    value = felt_by_a_lead(force)
    assert value == pytest.approx(force, rel=1e-3)
    assert (limit.limit, limit.code) == (15.0, "replay.force.object:lead_snag")
    assert bool(limit.broken(value)) is snagged


@pytest.mark.parametrize("coil", COILS)
@pytest.mark.parametrize("joint", ["lead_1_2_aside", "lead_1_3_up", "lead_2_2_up", "lead_2_3_aside"])
@pytest.mark.parametrize(
    ("degrees", "failure"), [(138.0, None), (140.0, "scenario.lead_bent"), (-140.0, "scenario.lead_bent")]
)
def test_no_place_of_a_lead_may_be_bent_by_more_than_139_degrees(scene, coil, joint, degrees, failure):
    """On made readings: the coil as it lies at the start, one hinge of one of its leads bent so far."""
    model = scene.model
    data = mujoco.MjData(model)
    data.qpos[:] = scene.start_qpos(model)
    data.joint(f"coil_{coil}/{joint}").qpos = np.deg2rad(degrees)
    mujoco.mj_kinematics(model, data)
    readings, course = Simulation(scene, 1).begin([drawing.nominal(scene)]), scene.course
    for name, columns in readings.layout.slices.items():
        if name.startswith(f"site_position(coil_{coil}/lead_"):
            readings.value[0, columns] = data.site(name.partition("(")[2][:-1]).xpos
    assert course.failure(course.advance(course.begin(1), readings)) == failure


LEFT, RIGHT = (Request("contact_force", f"tree:{side}") for side in ("left", "right"))


@pytest.mark.parametrize(("left", "right", "margin"), [(0.0, 0.35, 0.035), (0.15, 0.2, 0.035), (0.0, 0.50, -0.115)])
def test_what_hands_hold_is_the_weight_on_both(left, right, margin):
    seen = make_readings({}, {LEFT: [G * left], RIGHT: [G * right]})
    holds = HandsHold((LEFT, RIGHT), 0.35, 0.035)
    assert holds.margin(seen) == pytest.approx([margin], abs=1e-9)
    assert holds.margin(seen.row(0)) == pytest.approx(margin, abs=1e-9)
    more = HandsHoldMore((LEFT, RIGHT), 0.4)
    assert more.margin(seen) == pytest.approx([left + right - 0.4], abs=1e-9)
