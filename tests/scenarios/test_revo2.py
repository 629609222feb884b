"""The dexterous hand beside the claw: the maker's numbers, both sides, its shapes, and how hard it presses in each."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from benches import BENCH, done
from shiliu.replay.operator.limbs.hand import Hand
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.signals.joint_motion import finger_positions
from shiliu.scenarios.catalog.catalog import load_scenario, scene_of_tree
from shiliu.scenarios.robots.hand_shape import shapes_of, strokes
from shiliu.scenarios.robots.robot import load_robot

ROBOT = load_robot(hand="revo2")
SHEET = ROBOT.hand_sheet
SHAPES = shapes_of(SHEET)
DRIVES = list(SHEET["drives"])
TENDONS = list(SHEET["drives"].values())
RANGES = {
    "thumb_metacarpal_joint": 1.57,
    "thumb_proximal_joint": 1.03,
    **{f"{f}_proximal_joint": 1.41 for f in DRIVES[2:]},
}
TORQUES = {"thumb": 1.1, "thumb_aux": 0.5, **dict.fromkeys(DRIVES[2:], 2.0)}


def alone() -> mujoco.MjSpec:
    """The right hand, fixed, its own axes those of the world."""
    spec = mujoco.MjSpec.from_file(str(ROBOT.folder / SHEET["model"]))
    spec.body("revo2").quat = [1, 0, 0, 0]
    option = spec.option
    option.timestep, option.integrator, option.impratio = 1 / 240, mujoco.mjtIntegrator.mjINT_IMPLICITFAST, 10
    option.cone, option.gravity = mujoco.mjtCone.mjCONE_ELLIPTIC, [0, 0, 0]
    return spec


def posed(model: mujoco.MjModel, drives: np.ndarray, prefixes: tuple[str, ...] = ("",)) -> mujoco.MjData:
    data = mujoco.MjData(model)
    for prefix in prefixes:
        for joint, drive, stroke in strokes(model, [prefix + name for name in TENDONS]):
            data.qpos[model.jnt_qposadr[joint]] = drives[drive] / 100.0 * stroke
    mujoco.mj_forward(model, data)
    return data


def test_its_numbers_are_the_maker_s():
    model = alone().compile()
    assert model.body_mass.sum() == pytest.approx(SHEET["mass"]) == pytest.approx(0.39)
    assert {name: model.joint(name).range[1] for name in RANGES} == pytest.approx(RANGES)
    assert (model.nu, model.njnt) == (6, 11)
    for drive, torque in TORQUES.items():
        (_, _, stroke) = next(row for row in strokes(model, [SHEET["drives"][drive]]) if row)
        assert model.actuator(drive).forcerange[1] * 100.0 / stroke == pytest.approx(torque, rel=1e-4)


@pytest.mark.parametrize(("finger", "ratio"), [("index", 1.155), ("pinky", 1.155), ("thumb", 1.0)])
def test_the_far_link_follows_the_near_one(finger, ratio):
    model = alone().compile()
    data = mujoco.MjData(model)
    data.actuator(finger).ctrl[0] = 50.0
    mujoco.mj_step(model, data, 240)
    near, far = (float(data.joint(f"{finger}_{link}_joint").qpos[0]) for link in ("proximal", "distal"))
    assert near == pytest.approx(0.5 * RANGES[f"{finger}_proximal_joint"], abs=0.02)
    assert far == pytest.approx(ratio * near, abs=0.01)


def test_the_left_hand_mirrors_the_right_one():
    model = ROBOT.spec().compile()
    data = posed(model, SHAPES["pinch"].drives_at(60.0), ("left_", "right_"))
    flip = np.array([1.0, -1.0, 1.0])
    for site in ("tcp", "tcp_power", "tcp_press", "thumb_pad", "index_pad", "pinky_pad"):
        left, right = (data.site(f"{side}_{site}") for side in ("left", "right"))
        np.testing.assert_allclose(left.xpos, right.xpos * flip, atol=5e-4)
        for column in (1, 2):  # the opening and the approach; the third axis makes either a rotation
            np.testing.assert_allclose(
                left.xmat.reshape(3, 3)[:, column], right.xmat.reshape(3, 3)[:, column] * flip, atol=1e-6
            )
    assert (
        data.site("left_thumb_pad").xpos[0] > data.site("left_tcp_power").xpos[0] + 0.01
    )  # before the fingers as it hangs
    assert data.site("left_tcp").xpos[1] < data.site("left_hand_mount").xpos[1]  # palm inwards


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("percent", [0.0, 40.0, 85.0])
def test_no_link_lies_in_another_in_any_shape(shape, percent):
    model = ROBOT.spec().compile()
    data = posed(model, SHAPES[shape].drives_at(percent), ("left_", "right_"))
    assert min((contact.dist for contact in data.contact), default=0.0) > -1e-3


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.045, 0.085])
def test_thumb_and_fingertips_face_one_another_across_the_gap(gap):
    model = alone().compile()
    data = posed(model, SHAPES["pinch"].drives_at(Hand(SHEET).percent(gap)))
    axes = data.site("tcp").xmat.reshape(3, 3)
    thumb, fingers = data.site("thumb_pad").xpos, 0.5 * (data.site("index_pad").xpos + data.site("middle_pad").xpos)
    across, off = (fingers - thumb) @ axes[:, 1], (fingers - thumb) @ axes[:, 2]
    assert across - 0.015 == pytest.approx(gap, abs=0.003) and abs(off) < 0.006
    assert abs((0.5 * (thumb + fingers) - data.site("tcp").xpos) @ axes[:, 1]) < 0.004


def pressed(shape: str, thick: float, force: float, fixed: bool) -> dict[str, float]:
    """Normal force [N] of each finger, and of the palm, on a plate between them when the hand is commanded to press with a force."""
    spec, hand = alone(), Hand(SHEET, shape)
    site = spec.site(hand.shape.tcp)
    plate = spec.worldbody.add_body(name="plate", pos=site.pos, quat=site.quat)
    if shape == "power":
        plate.pos = [0.013 + 0.5 * thick + 0.002, 0, site.pos[2]]
    if not fixed:
        plate.add_freejoint()
    plate.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[0.02, thick / 2, 0.012],
        mass=0.2,
        contype=2,
        conaffinity=7,
        friction=[0.6, 0.003, 1e-4],
    )
    model = spec.compile()
    data = posed(model, hand.shape.drives_at(0.0))
    for share in np.linspace(0.0, 1.0, 60):
        closing = hand.percent(thick) + hand.percent_of_force(force)
        data.ctrl[:] = hand.shape.drives_at(min(share * closing, 100.0))
        mujoco.mj_step(model, data, 4)
    mujoco.mj_step(model, data, 240)
    found: dict[str, float] = {}
    wrench = np.zeros(6)
    for i, contact in enumerate(data.contact):
        bodies = {model.body(model.geom_bodyid[g]).name for g in contact.geom}
        if "plate" in bodies:
            mujoco.mj_contactForce(model, data, i, wrench)
            (other,) = bodies - {"plate"}
            found[other.split("_")[0]] = found.get(other.split("_")[0], 0.0) + float(wrench[0])
    return found


@pytest.mark.parametrize(("thick", "fixed"), [(0.012, True), (0.045, False)])
def test_a_pinch_presses_as_hard_as_it_is_commanded_within_3_n(thick, fixed):
    light, firm, all_of_it = (pressed("pinch", thick, force, fixed) for force in (4.0, 9.0, 500.0))
    assert light["thumb"] == pytest.approx(4.0, abs=3.0) and firm["thumb"] == pytest.approx(9.0, abs=3.0)
    assert firm["thumb"] - light["thumb"] > 1.5 and firm["index"] > 1.0
    assert all_of_it["thumb"] < 16.0  # 1.1 Nm


def test_a_power_grip_presses_against_the_palm():
    firm = pressed("power", 0.015, 30.0, fixed=False)
    fingers = sum(force for name, force in firm.items() if name != "revo2")
    assert firm["revo2"] > 10.0 and fingers == pytest.approx(firm["revo2"], rel=0.1)
    assert "thumb" not in firm


def test_the_stretched_index_bears_what_it_presses_with_and_no_more():
    """10 N along the finger bend it by little; 120 N are more than its 2 Nm hold."""
    ends = []
    for force in (10.0, 120.0):
        model = alone().compile()
        data = posed(model, SHAPES["press"].drives_at(0.0))
        data.ctrl[:] = SHAPES["press"].drives_at(0.0)
        tip = model.body("index_distal").id
        before = data.site("index_pad").xpos.copy()
        for _ in range(480):
            data.qfrc_applied[:] = 0.0
            mujoco.mj_applyFT(
                model, data, np.array([0, 0, -force]), np.zeros(3), data.site("index_pad").xpos, tip, data.qfrc_applied
            )
            mujoco.mj_step(model, data)
        ends.append(float(np.linalg.norm(data.site("index_pad").xpos - before)))
    assert ends[0] < 0.004 and ends[1] > 0.02


def test_one_number_drives_all_six_and_is_read_back():
    for shape in (SHAPES["pinch"], SHAPES["power"]):
        for percent in (5.0, 50.0, 95.0):
            assert shape.percent_of(shape.drives_at(percent)) == pytest.approx(percent)
    drives = SHAPES["pinch"].drives_at(60.0)
    drives[DRIVES.index("middle")] = SHAPES["pinch"].drives_at(90.0)[DRIVES.index("middle")]
    assert SHAPES["pinch"].percent_of(drives) == pytest.approx(
        60.0
    )  # it met nothing where the index has met what is held
    with pytest.raises(shiliu.ShiliuError, match=r"no shape 'pinhc'.*pinch"):
        Hand(SHEET, "pinhc")


def test_an_episode_with_six_drives_a_hand_is_read_and_judged():
    tree = yaml.safe_load(BENCH)
    for name in ("bowl", "buns", "other"):
        del tree["parts"][name]
    tree |= {"skills": yaml.safe_load("[{press: {how: surface, hand: left, at: table.top}}]"), "time_limit": "13 s"}
    tree |= {"goal": yaml.safe_load("{never: {moved: {of: can, more_than: 3000 mm}}}")}
    scene = scene_of_tree("bench", tree, hand="revo2")
    made = done(scene)
    assert "gave_up" not in made.provenance
    names = scene.schema.action.names[16:]
    assert names == tuple(f"{side}_{drive}" for side in ("left", "right") for drive in DRIVES)
    touch = made.observations["observation.touch"]
    most = dict(zip(scene.schema.observations["observation.touch"].names, touch.max(axis=0)))
    assert most["left_index"] > 1.0 and most["left_middle"] == 0.0 and most["right_index"] == 0.0
    judged = load_scenario("bare", hand="revo2")
    start = np.tile(np.asarray(judged.ready_ctrl, np.float32), (90, 1))
    start[30:, names.index("left_index") + 16] = 60.0
    verdict = shiliu.judge_commands(judged, start, seed=0)
    assert verdict.verdict in ("FEASIBLE", "INFEASIBLE", "INDETERMINATE")
    assert not [finding for finding in verdict.findings if finding.code.startswith("integrity")]


def test_what_a_recording_says_of_six_drives_bends_all_eleven_joints():
    model = ROBOT.spec().compile()
    t = np.array([0.0, 1.0])
    values = np.array([[0.0] * 6, [50.0] * 6])
    stream = Stream("hands", "command", "claw", "%", ROBOT.drives_of("left"), values, np.array([0, 10**9]))
    places = finger_positions(Recording("a", "a.bag", "0" * 64, "robot", {"hands": stream}), model, t)
    bent = {name: float(places[model.joint(f"left_{name}").qposadr[0]][1]) for name in RANGES}
    assert bent == pytest.approx({name: 0.5 * end for name, end in RANGES.items()}, rel=1e-4) and len(places) == 11
    assert places[model.joint("left_ring_distal_joint").qposadr[0]][1] == pytest.approx(1.155 * 0.705, rel=1e-4)
