"""The mechanism kit against the forces that its sheets promise: pressed and pulled by a hand of known force."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.sheet.errors import ScenarioError

TIMESTEP = 1 / 480  # s, as in every scene
HAND = 0.3  # kg, what holds a small part while it is pressed in
# of a part whose z points out, into one whose x does
INTO = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])


def world_of() -> mujoco.MjSpec:
    world = mujoco.MjSpec()
    world.option.timestep = TIMESTEP
    world.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    world.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    world.option.impratio = 10
    world.option.gravity = [0, 0, 0]
    world.compiler.degree = False
    return world


def put(world: mujoco.MjSpec, name: str, prefix: str, pos=(0.0, 0.0, 0.0), turned=None, held=False, **params: float):
    """Attach a part with parameters in SI units; `held`: its free joint is replaced by a hand that gives way sideways."""
    spec = load_part(name).spec(**params)
    if held:
        _hold(spec, name.rsplit("/", 1)[-1])
    quat = np.array([1.0, 0, 0, 0])
    if turned is not None:
        mujoco.mju_mat2Quat(quat, np.asarray(turned, float).ravel())
    world.attach(spec, prefix=prefix, frame=world.worldbody.add_frame(pos=pos, quat=quat))


def _hold(spec: mujoco.MjSpec, body: str) -> None:
    spec.delete(spec.joint(f"{body}_free"))
    for axis, name, stiffness, damping in (
        ([1, 0, 0], "hand_x", 2000.0, 50.0),
        ([0, 1, 0], "hand_y", 2000.0, 50.0),
        ([0, 0, 1], "hand_z", 0.0, 100.0),
    ):
        slide = mujoco.mjtJoint.mjJNT_SLIDE
        joint = spec.body(body).add_joint(name=name, type=slide, axis=axis, armature=HAND)
        joint.stiffness, joint.damping = [stiffness, 0, 0], [damping, 0, 0]
    for axis, name in (([1, 0, 0], "hand_rx"), ([0, 1, 0], "hand_ry"), ([0, 0, 1], "hand_rz")):
        joint = spec.body(body).add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis, armature=1e-3)
        joint.stiffness, joint.damping = [20.0, 0, 0], [0.3, 0, 0]


def ramp(
    model, data, joint: str, sign: float, done, rate: float = 20.0, arm: float = 1.0, most: float = 150.0
) -> float:
    """Push along a joint (about it, at an arm [m]) with a slowly growing force until something is done; the force [N] then."""
    dof, force = model.joint(joint).dofadr[0], 0.0
    while not done() and force < most:
        force += rate * TIMESTEP
        data.qfrc_applied[dof] = sign * force * arm
        mujoco.mj_step(model, data)
    data.qfrc_applied[:] = 0
    return force


def steady(model, data, joint: str, force: float, seconds: float) -> None:
    """Push along a joint with an even force."""
    data.qfrc_applied[model.joint(joint).dofadr[0]] = force
    mujoco.mj_step(model, data, round(seconds / TIMESTEP))
    data.qfrc_applied[:] = 0


def started(world: mujoco.MjSpec) -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = world.compile()
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, 50)
    return model, data


def clip_before_hole(force: float = 40.0, off: float = 0.0, diameter: float = 9.0e-3):
    world = world_of()
    put(world, "mechanisms/click_hole", "hole/", insertion_force=force, diameter=diameter)
    put(world, "objects/trim_clip", "clip/", (0.012, off, 0.5 * off), INTO, held=True)
    model, data = started(world)
    return model, data, lambda: -float(data.site("clip/shank").xpos[0])


@pytest.mark.parametrize(
    ("force", "off", "diameter"),
    [(25, 0, 9e-3), (40, 0, 9e-3), (60, 0, 9e-3), (40, 0.002, 8.8e-3), (40, 0.002, 9.2e-3)],
)
def test_clip_clicks_in_at_its_force_and_comes_out_at_it(force, off, diameter):
    model, data, depth = clip_before_hole(force, off, diameter)
    assert ramp(model, data, "clip/hand_z", -1, lambda: depth() > 0.0048) == pytest.approx(force, rel=0.2)
    steady(model, data, "clip/hand_z", -5.0, 0.3)
    assert depth() == pytest.approx(0.0072, abs=2e-4), "home: the base lies on the sheet"
    assert max(-c.dist for c in data.contact) < 1e-4
    steady(model, data, "clip/hand_z", 10.0, 1.0)
    assert depth() > 0.006, "holds 10 N for a second"
    assert ramp(model, data, "clip/hand_z", 1, lambda: depth() < 0.003) == pytest.approx(force, rel=0.2)


def test_clip_pushed_with_less_than_its_force_stays_out():
    model, data, depth = clip_before_hole(40.0)
    ramp(model, data, "clip/hand_z", -1, lambda: False, most=32.0)
    steady(model, data, "clip/hand_z", -32.0, 1.0)
    assert 0.001 < depth() < 0.002


def plug_before_socket(force: float = 30.0, off: float = 0.0):
    world = world_of()
    put(world, "mechanisms/connector_socket", "socket/", latch_force=force)
    put(world, "objects/connector", "plug/", (0.026, off, -off), INTO, held=True)
    model, data = started(world)
    return model, data, lambda: -float(data.site("plug/nose").xpos[0])


@pytest.mark.parametrize(("force", "off"), [(20, 0), (30, 0), (45, 0), (30, 0.002)])
def test_connector_latches_at_its_force_and_holds_more(force, off):
    model, data, depth = plug_before_socket(force, off)
    tongue = data.joint("socket/tongue").qpos
    assert ramp(model, data, "plug/hand_z", -1, lambda: depth() > 0.0138) == pytest.approx(force, rel=0.2)
    steady(model, data, "plug/hand_z", -5.0, 0.3)
    assert depth() == pytest.approx(0.015, abs=2e-4) and abs(tongue[0]) < 3e-4
    out = ramp(model, data, "plug/hand_z", 1, lambda: depth() < 0.0125)
    assert out == pytest.approx(1.6 * force, rel=0.2)


def test_connector_pushed_with_less_than_its_force_is_not_latched():
    model, data, depth = plug_before_socket(30.0)
    ramp(model, data, "plug/hand_z", -1, lambda: False, most=24.0)
    steady(model, data, "plug/hand_z", -24.0, 1.0)
    assert 0.010 < depth() < 0.013


def gaps(data) -> list[float]:
    """Millimetres between the bracket's underside and the rests, at both pins."""
    return [
        1e3 * float((data.site(f"part/hole_{s}").xpos - data.site(f"seat/pin_{s}").xpos)[2]) for s in ("left", "right")
    ]


def bracket_over_pins(off=(0.0, 0.0)):
    world = world_of()
    put(world, "mechanisms/two_pin_seat", "seat/")
    put(world, "objects/bracket", "part/", (*off, 0.02), held=True)
    return started(world)


@pytest.mark.parametrize("off", [(0.0, 0.0), (0.003, 0.002)])
def test_bracket_finds_its_way_onto_two_pins_and_keeps_its_play(off):
    model, data = bracket_over_pins(off)
    steady(model, data, "part/hand_z", -12.0, 2.5)
    assert max(gaps(data)) < 0.05
    assert np.abs(data.qvel).max() < 1e-3, "and lies still"
    model.jnt_stiffness[model.joint("part/hand_x").id] = 0.0
    for sign in (1.0, -1.0):
        steady(model, data, "part/hand_x", sign * 20.0, 1.0)
        # half of the 0.4 mm between hole and pin, on either side
        assert data.body("part/bracket").xpos[0] == pytest.approx(sign * 2.0e-4, abs=5e-5)


def test_bracket_beside_the_pins_lies_on_them():
    model, data = bracket_over_pins((0.0, 0.009))
    steady(model, data, "part/hand_z", -12.0, 2.5)
    assert max(gaps(data)) > 5.0


@pytest.mark.parametrize("force", [10.0, 25.0, 40.0])
def test_latch_catches_a_striker_and_lets_it_go_at_its_force(force):
    world = world_of()
    put(world, "mechanisms/latch", "latch/", release_force=force)
    state = world.worldbody.add_body(name="door", pos=[0.02, 0, 0])
    joint = state.add_joint(name="way", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1, 0, 0], armature=HAND)
    joint.damping = [30, 0, 0]
    state.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.002, 0, 0], mass=0.01, contype=2, conaffinity=7)
    model, data = started(world)
    at = data.body("door").xpos
    catches = ramp(model, data, "way", -1, lambda: at[0] < 0.0005, rate=5.0)
    mujoco.mj_step(model, data, 50)
    assert catches == pytest.approx(0.71 * force, rel=0.2)
    assert abs(data.joint("latch/pawl").qpos[0]) < 5e-4
    assert ramp(model, data, "way", 1, lambda: at[0] > 0.004, rate=5.0) == pytest.approx(force, rel=0.1)


@pytest.mark.parametrize("force", [3.0, 8.0, 20.0])
def test_slider_leaves_a_detent_at_its_force_both_ways(force):
    world = world_of()
    put(world, "mechanisms/detent", "shift/", force=force)
    model, data = started(world)
    at = data.joint("shift/slider").qpos
    ramp(model, data, "shift/slider", 1, lambda: False, rate=5.0, most=0.75 * force)
    assert at[0] < 0.0095, "three quarters of it are not enough"
    assert ramp(model, data, "shift/slider", 1, lambda: at[0] > 0.0105, rate=5.0) == pytest.approx(force, rel=0.2)
    mujoco.mj_step(model, data, 400)
    assert 0.012 < at[0] < 0.028, "and rests in the next place"
    assert ramp(model, data, "shift/slider", -1, lambda: at[0] < 0.0095, rate=5.0) == pytest.approx(force, rel=0.2)


@pytest.mark.parametrize("force", [5.0, 15.0, 40.0])
def test_magnet_lets_go_at_its_force_and_pulls_only_near_by(force):
    world = world_of()
    put(world, "mechanisms/magnet_catch", "cabinet/", force=force)
    model, data = started(world)
    angle = data.joint("cabinet/hinge").qpos
    assert ramp(model, data, "cabinet/hinge", 1, lambda: angle[0] > 0.03, 5.0, arm=0.18) == pytest.approx(
        force, rel=0.1
    )
    for start, shut in ((0.01, True), (0.1, False)):
        angle[0], data.qvel[:] = start, 0.0
        mujoco.mj_step(model, data, 480)
        assert bool(abs(angle[0]) < 2e-3) is shut


@pytest.mark.parametrize(("angle", "share"), [(0.0, 2 / 3), (45.0, 1.0), (90.0, 4 / 3)])
def test_spring_hinge_closes_with_its_torque(angle, share):
    world = world_of()
    put(world, "mechanisms/spring_hinge", "flap/", torque=0.5)
    model = world.compile()
    data = mujoco.MjData(model)
    hinge = data.joint("flap/hinge")
    hinge.qpos[0] = np.radians(angle)
    mujoco.mj_forward(model, data)
    assert -data.qfrc_passive[0] == pytest.approx(0.5 * share, rel=0.01)
    mujoco.mj_step(model, data, 1500)
    assert abs(hinge.qpos[0]) < 0.02, "and falls shut"


def test_a_part_has_the_words_and_parameters_of_the_mechanisms_that_it_contains():
    part = load_part("fixtures/body_side")
    assert part.interface["hole_mouth"]["site"] == "hole/mouth"
    assert part.interface["socket_tongue"]["latch"]["joint"] == "socket/tongue"
    assert part.params["hole_diameter"].default == pytest.approx(9e-3)
    spec = part.spec()
    assert spec.site("hole/mouth") is not None and spec.joint("socket/tongue") is not None
    ring = spec.geom("hole/ring0")
    for write in part.params["hole_diameter"].writes:
        write.apply(spec, "", 9.2e-3)
    assert ring.pos[1] == pytest.approx(0.0046 + 0.007)


@pytest.mark.parametrize(
    ("contains", "message"),
    [
        ("{part: objects/bracket, at: top}", "mechanisms only"),
        ("{part: mechanisms/latch, at: top, weight: 3 kg}", "weight"),
        ("{part: mechanisms/latch, at: nowhere}", "nowhere"),
    ],
)
def test_what_a_part_cannot_contain_is_told(tmp_path, contains, message):
    folder = tmp_path / "objects" / "lid"
    folder.mkdir(parents=True)
    (folder / "lid.xml").write_text(
        "<mujoco><worldbody><body name='lid'><site name='top'/></body></worldbody></mujoco>"
    )
    (folder / "part.yaml").write_text(f"title: {{en: Lid, zh: 盖}}\ncontains:\n  catch: {contains}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        load_part("objects/lid", extra=tmp_path).spec()
