"""The parts under assets/ against their sheets, and the microwave's mechanism against the forces it promises."""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np
import pytest
import yaml
from shiliu.scenarios.parts.part import list_parts, load_part

TIMESTEP = 1 / 480  # s, as in every scene
CLOSING_FORCE = 20.0  # N, what a hand gives a door that it pushes shut
WITHIN = 1e-3  # m, that shapes of one part may lie in one another as its file poses it
PARTS = sorted(name for name, file in list_parts().items() if (file.parent / "part.yaml").is_file())
OVEN_AT = (0.57, 0.25, 0.87)  # m, the housing's middle: its front edge 180 mm behind the counter's
BOWL_AT = (0.34, -0.12, 0.87)


def place(world: mujoco.MjSpec, name: str, pos=(0.0, 0.0, 0.0), prefix: str = "", **params: float) -> None:
    """Attach a part with parameters in SI units."""
    spec = load_part(name).spec(**params)
    world.attach(spec, prefix=prefix, frame=world.worldbody.add_frame(pos=pos))


def world_of(cone: str = "elliptic") -> mujoco.MjSpec:
    world = mujoco.MjSpec()
    world.option.timestep = TIMESTEP
    world.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    world.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC if cone == "elliptic" else mujoco.mjtCone.mjCONE_PYRAMIDAL
    world.compiler.discardvisual = True
    return world


@cache
def kitchen(latch_force: float = 25.0, key_force: float = 3.0, cone: str = "elliptic") -> mujoco.MjModel:
    """Counter, oven, bowl and grains as in the microwave scene."""
    world = world_of(cone)
    place(world, "fixtures/counter", (0.2, 0, 0), "counter/")
    place(world, "fixtures/microwave", OVEN_AT, "oven/", latch_force=latch_force, key_force=key_force)
    place(world, "objects/bowl_150", BOWL_AT, "bowl/")
    place(world, "objects/grains", np.add(BOWL_AT, (0, 0, 0.008)), "food/")
    return world.compile()


def settled(model: mujoco.MjModel, duration: float = 0.5) -> mujoco.MjData:
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, round(duration / TIMESTEP))
    return data


def push(model: mujoco.MjModel, data: mujoco.MjData, site: str, body: str, force: float) -> None:
    """One step under a force [N] along the x axis of a site, which points outwards from the oven."""
    at = data.site(site)
    data.qfrc_applied[:] = 0
    mujoco.mj_applyFT(
        model, data, at.xmat.reshape(3, 3)[:, 0] * force, np.zeros(3), at.xpos, model.body(body).id, data.qfrc_applied
    )
    mujoco.mj_step(model, data)


def door_angle(data: mujoco.MjData) -> float:
    """Degrees."""
    return float(np.degrees(data.joint("oven/door_hinge").qpos[0]))


def deepest(data: mujoco.MjData) -> float:
    """Metres, positive: the deepest contact."""
    return max((-contact.dist for contact in data.contact[: data.ncon]), default=0.0)


def refuse_wrong_bits(model: mujoco.MjModel, kind: str) -> None:
    """What touches is of the group and the bits of its kind: `fixtures`, `objects`, `people`, ..."""
    touching = (model.geom_contype | model.geom_conaffinity) != 0
    assert (model.geom_group[touching] == 3).all()
    if kind != "robots":
        pulled = model.actuator_trnid[model.actuator_trntype == mujoco.mjtTrn.mjTRN_BODY, 0]
        sticky = touching & np.isin(model.geom_bodyid, pulled)  # adhesion: a bit of its own, so that it meets its like alone
        assert (model.geom_contype[sticky] == 8).all() and not model.geom_conaffinity[sticky].any()
        touching &= ~sticky
        assert (model.geom_contype[touching] == (4 if kind == "people" else 2)).all()
    assert (model.geom_friction[touching, 0] <= 1.0).all()
    assert (model.geom_solref[touching, 0] >= 2 * TIMESTEP).all()


@pytest.mark.parametrize("name", PARTS)
def test_a_part_opens_alone_weighs_what_its_sheet_says_and_is_whole_after_a_second(name):
    part, kind = load_part(name), name.partition("/")[0]
    model = mujoco.MjModel.from_xml_path(str(part.file))
    assert part.mass is None or model.body_mass.sum() == pytest.approx(part.mass, rel=0.01)
    refuse_wrong_bits(model, kind)
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert kind == "robots" or deepest(data) < WITHIN
    mujoco.mj_step(model, data, round(1.0 / model.opt.timestep))
    assert [warning.number for warning in data.warning] == [0] * len(data.warning)
    assert np.isfinite(data.qpos).all()


@pytest.mark.parametrize("name", PARTS)
def test_defaults_are_what_the_file_holds_and_the_limits_compile(name):
    part = load_part(name)
    plain = part.spec()
    for param in part.params.values():
        assert param.low <= param.default <= param.high, param.name
        for write in param.writes:
            assert write.held(plain) == pytest.approx(write.number(param.default), abs=2e-6), (
                param.name,
                write,
            )
        for value in (param.low, param.high):
            part.spec(**{param.name: value}).compile()


@pytest.mark.parametrize("name", PARTS)
def test_sites_and_interface_exist(name):
    part = load_part(name)
    spec = part.spec()
    assert yaml.safe_load((part.file.parent / "part.yaml").read_text(encoding="utf-8"))["title"].keys() == {"en", "zh"}
    assert part.about or name.startswith("robots/")
    for word, entry in part.interface.items():
        for kind in ("site", "joint", "body"):
            assert kind not in entry or getattr(spec, kind)(entry[kind]) is not None, (word, kind)
        assert all(spec.geom(geom) is not None for geom in entry.get("geoms", ())), word


def test_physics_only_compile_keeps_the_latch():
    model = kitchen()
    assert model.geom("oven/striker").id >= 0 and model.npair == 1


@pytest.mark.parametrize(
    ("latch_force", "cone"),
    [
        (15.0, "elliptic"),
        (20.0, "elliptic"),
        (25.0, "elliptic"),
        (25.0, "pyramidal"),
        (30.0, "elliptic"),
        (35.0, "elliptic"),
    ],
)
def test_latch_lets_go_at_its_force(latch_force, cone):
    model = kitchen(latch_force, cone=cone)
    data = settled(model)
    force = 0.6 * latch_force
    while door_angle(data) < 1.5 and force < 60:
        force += 5.0 * TIMESTEP  # 5 N a second is slow
        push(model, data, "oven/handle", "oven/door", force)
    assert force == pytest.approx(latch_force, rel=0.1)
    data.qfrc_applied[:] = 0
    mujoco.mj_step(model, data, 100)
    assert door_angle(data) > 1.5, "a door that was let go stays open"


@pytest.mark.parametrize("latch_force", [15.0, 25.0, 35.0])
def test_latch_holds_at_nine_tenths_of_its_force(latch_force):
    model = kitchen(latch_force)
    data = settled(model)
    for i in range(round(3.0 / TIMESTEP)):
        push(model, data, "oven/handle", "oven/door", 0.9 * latch_force * min(i * TIMESTEP, 1.0))
    assert door_angle(data) < 0.5
    for _ in range(100):
        push(model, data, "oven/handle", "oven/door", 0.0)
    assert abs(door_angle(data)) < 0.1, "and falls shut again"


@pytest.mark.parametrize("latch_force", [15.0, 25.0, 35.0])
def test_door_clicks_shut_when_pushed_at_200_mm_a_second(latch_force):
    model = kitchen(latch_force)
    data = mujoco.MjData(model)
    hinge = data.joint("oven/door_hinge")
    hinge.qpos[0] = np.radians(30.0)
    for _ in range(round(2.0 / TIMESTEP)):
        speed = -hinge.qvel[0] * 0.396
        push(model, data, "oven/door_edge", "oven/door", -np.clip(300.0 * (0.2 - speed), 0.0, CLOSING_FORCE))
    data.qfrc_applied[:] = 0
    mujoco.mj_step(model, data, 240)
    assert abs(door_angle(data)) <= 0.5
    assert abs(data.joint("oven/latch_slide").qpos[0]) < 0.0015


def test_door_pushed_too_weakly_is_not_latched():
    model = kitchen(25.0)
    data = mujoco.MjData(model)
    data.joint("oven/door_hinge").qpos[0] = np.radians(5.0)
    for i in range(round(3.0 / TIMESTEP)):  # grows slowly: a swinging door would bring its momentum along
        push(model, data, "oven/door_edge", "oven/door", -min(9.0, 5.0 * i * TIMESTEP))
    data.qfrc_applied[:] = 0
    mujoco.mj_step(model, data, 240)
    assert door_angle(data) > 1.0
    assert abs(data.joint("oven/latch_slide").qpos[0]) > 0.0015


@pytest.mark.parametrize("angle", [20.0, 60.0, 100.0])
def test_open_door_stays_where_it_is_left(angle):
    data = mujoco.MjData(kitchen())
    data.joint("oven/door_hinge").qpos[0] = np.radians(angle)
    mujoco.mj_step(kitchen(), data, round(2.0 / TIMESTEP))
    assert door_angle(data) == pytest.approx(angle, abs=0.2)


@pytest.mark.parametrize("key", ["plus_30s", "start", "stop"])
@pytest.mark.parametrize("key_force", [2.0, 3.0, 5.0])
def test_key_goes_down_at_its_force(key, key_force):
    model = kitchen(key_force=key_force)
    data = settled(model)
    travel = {}
    for share in (0.0, 0.6, 1.02):
        for _ in range(100):
            push(model, data, f"oven/{key}", f"oven/key_{key}", -share * key_force)
        travel[share] = data.joint(f"oven/key_{key}").qpos[0]
    assert abs(travel[0.0]) < 2e-4 and travel[0.6] < 1e-3 and travel[1.02] == pytest.approx(1.5e-3, abs=2e-4)
    others = {"plus_30s", "start", "stop"} - {key}
    assert all(abs(data.joint(f"oven/key_{other}").qpos[0]) < 2e-4 for other in others)


@pytest.mark.parametrize(("force", "slides"), [(40.0, False), (150.0, True)])
@pytest.mark.parametrize("outwards", [True, False])
def test_oven_slides_only_when_pushed_hard(force, slides, outwards):
    model = kitchen()
    data = settled(model)
    # what pulls at the handle would open the door, so the pull acts on the housing at the handle's height
    site, body, sign = ("oven/start", "oven/microwave", 1) if outwards else ("oven/handle", "oven/door", -1)
    start = data.body("oven/microwave").xpos.copy()
    for i in range(round(1.0 / TIMESTEP)):
        push(model, data, site, body, sign * force * min(4 * i * TIMESTEP, 1.0))
        if slides and np.linalg.norm(data.body("oven/microwave").xpos - start) > 0.02:
            break
    moved = np.linalg.norm(data.body("oven/microwave").xpos - start)
    assert moved > 0.02 if slides else moved < 0.001


def test_scene_starts_without_penetration_and_comes_to_rest():
    model = kitchen()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert deepest(data) < 1e-5
    mujoco.mj_step(model, data, round(1.0 / TIMESTEP))
    assert deepest(data) < 1e-3
    assert np.abs(data.qvel).max() < 1e-3
    assert abs(door_angle(data)) < 0.1


def test_grains_stay_in_a_carried_bowl_and_roll_out_of_an_upset_one():
    model = kitchen()
    for tilt, stays in [(8.0, True), (100.0, False)]:
        data = settled(model)
        bowl = data.joint("bowl/bowl_150_free")
        dof = model.joint("bowl/bowl_150_free").dofadr[0]
        adr = [data.joint(f"food/grain_{i}_free") for i in range(3)]
        rotation = np.array([np.cos(np.radians(tilt) / 2), 0, np.sin(np.radians(tilt) / 2), 0])
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, rotation)
        pivot = bowl.qpos[:3].copy()
        aloft = pivot + np.array([0, 0, 0.25])
        for grain in adr:
            grain.qpos[:3] = aloft + matrix.reshape(3, 3) @ (grain.qpos[:3] - pivot)
        bowl.qpos[:] = [*aloft, *rotation]
        weight = model.body("bowl/bowl_150").mass[0]
        for _ in range(round(0.7 / TIMESTEP)):  # a hand that holds the bowl where it is
            data.qfrc_applied[:] = 0
            held = data.qvel[dof : dof + 6]
            error = np.zeros(3)
            mujoco.mju_subQuat(error, rotation, bowl.qpos[3:7])
            data.qfrc_applied[dof : dof + 3] = 4000 * (aloft - bowl.qpos[:3]) - 40 * held[:3]
            data.qfrc_applied[dof + 2] += 9.81 * weight
            data.qfrc_applied[dof + 3 : dof + 6] = 8 * error - 0.08 * held[3:]
            mujoco.mj_step(model, data)
        inside = [np.linalg.norm(g.qpos[:3] - bowl.qpos[:3]) < 0.075 for g in adr]
        assert all(inside) if stays else not any(inside)


def test_bowl_stands_on_the_turntable_and_weighs_what_it_weighs():
    world = world_of()
    place(world, "fixtures/counter", (0.2, 0, 0), "counter/")
    place(world, "fixtures/microwave", OVEN_AT, "oven/")
    place(world, "objects/bowl_150", np.add(OVEN_AT, (-0.01, 0.0425, 0.0631)), "bowl/")
    model = world.compile()
    data = settled(model, 1.0)
    table = data.site("oven/turntable").xpos
    assert np.linalg.norm(data.site("bowl/base").xpos - table) < 0.001
    force, total = np.zeros(6), 0.0
    for i, contact in enumerate(data.contact[: data.ncon]):
        if model.geom("oven/turntable").id in contact.geom:
            mujoco.mj_contactForce(model, data, i, force)
            total += force[0]
    assert total == pytest.approx(0.35 * 9.81, rel=0.02)


def test_counter_keeps_its_interface_at_any_height():
    for height in (0.7, 0.87, 1.1):
        world = world_of()
        place(world, "fixtures/counter", prefix="counter/", height=height, width=1.4, depth=0.7)
        model = world.compile()
        data = settled(model, TIMESTEP)
        top = model.geom("counter/top")
        assert data.site("counter/top_front").xpos[2] == pytest.approx(height)
        assert top.pos[2] + top.size[2] == pytest.approx(height)
        assert top.pos[0] - top.size[0] == pytest.approx(0.0)
        cabinet = model.geom("counter/cabinet")
        assert cabinet.pos[2] + cabinet.size[2] == pytest.approx(height - 0.038)
