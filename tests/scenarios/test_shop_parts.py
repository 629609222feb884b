"""What a shop needs of its parts: a bag that gives way, a carton into which its cans go, a facing at the front of its shelf."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.parts.part import load_part

ASSETS = Path(shiliu.__file__).parent / "assets"
FULL = 0.158  # m, width of the bag at its middle


def bag_under(force: float) -> float:
    """The share of its width that the bag has lost between two pads of so much force [N] each, hung in the air."""
    model = mujoco.MjModel.from_xml_path(str(ASSETS / "objects" / "snack_bag" / "snack_bag.xml"))
    model.opt.gravity[:] = 0.0
    data = mujoco.MjData(model)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        data.xfrc_applied[model.body(f"side_{side}").id, 1] = sign * force
    mujoco.mj_step(model, data, round(1.0 / model.opt.timestep))
    return float(sum(data.joint(f"squeeze_{side}").qpos[0] for side in ("left", "right"))) / FULL


@pytest.mark.parametrize(("force", "lost"), [(8.0, 0.096), (25.0, 0.30), (35.0, 0.42)])
def test_a_bag_loses_thirty_percent_of_its_width_under_the_grip_that_is_allowed(force, lost):
    assert bag_under(force) == pytest.approx(lost, abs=0.01)


@pytest.mark.parametrize(("pitch", "fits"), [(1.0, True), (0.95, False)])
def test_twelve_cans_go_into_their_carton(pitch, fits):
    """Each on its site. Where sites were 5 % nearer to one another, the cans would stand in each other."""
    world = mujoco.MjSpec()
    world.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], contype=2, conaffinity=7)
    carton = load_part("objects/can_carton").spec()
    places = {site.name: np.array(site.pos) for site in carton.sites if site.name.startswith("place_")}
    assert len(places) == 12
    world.attach(carton, prefix="carton/", frame=world.worldbody.add_frame())
    for name, place in places.items():
        at = place * (pitch, pitch, 1.0)
        world.attach(load_part("objects/can_330").spec(), prefix=f"{name}/", frame=world.worldbody.add_frame(pos=at))
    world.compiler.discardvisual = True
    model = world.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    assert (min(contact.dist for contact in data.contact[: data.ncon]) > -1e-3) is fits
    if fits:
        assert model.body_mass.sum() == pytest.approx(4.3, rel=0.01)  # kg, of the facts
        mujoco.mj_step(model, data, round(1.0 / model.opt.timestep))
        moved = [np.linalg.norm(data.body(f"{name}/can_330").xpos - place) for name, place in places.items()]
        assert max(moved) < 2e-3


def test_a_can_at_the_facing_stands_half_of_what_is_allowed_behind_the_edge():
    model = mujoco.MjModel.from_xml_path(str(ASSETS / "fixtures" / "gondola" / "gondola.xml"))
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    can, facing, edge = 0.0331, data.site("facing").xpos, data.site("middle_front").xpos
    assert facing[0] - can - edge[0] == pytest.approx(0.0075, abs=1e-4)
    assert facing[2] == edge[2]
    ahead = data.site("facing_ahead").xpos - facing
    assert np.rad2deg(np.arctan2(ahead[1], -ahead[0])) == pytest.approx(0.0, abs=0.1)
