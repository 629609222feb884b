"""A hotel's door against what its sheet promises: lock, lever, latch and closer; and where a room card stands."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part

TIMESTEP = 1 / 240  # s, as in a scene of 8 substeps
ARM = 0.8  # m from the hinge, where the opening force is meant
LEVER = 0.095  # m from its axis to where it is pressed


class Door:
    """The door by itself, with parameters in SI units and its solenoid on or off."""

    def __init__(self, unlocked: bool, **params: float):
        spec = load_part("fixtures/hotel_door").spec(**params)
        spec.option.timestep = TIMESTEP
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.data.ctrl[0] = float(unlocked)
        self.run(0.5)

    def angle(self, joint: str) -> float:
        return float(np.rad2deg(self.data.joint(joint).qpos[0]))

    def load(self, joint: str, torque: float) -> None:
        self.data.qfrc_applied[self.model.joint(joint).dofadr[0]] = torque

    def run(self, seconds: float) -> None:
        mujoco.mj_step(self.model, self.data, round(seconds / TIMESTEP))


def test_shut_door_is_held_by_its_bolt_and_one_whose_bolt_is_drawn_is_not():
    door = Door(unlocked=True)
    door.load("door_hinge", 100.0 * ARM)
    door.run(2.0)
    assert door.angle("door_hinge") < 0.2
    door.load("lever_turn", 2.0)
    door.run(1.0)
    assert door.angle("door_hinge") > 10.0


def test_locked_lever_does_not_turn_far_enough_and_an_unlocked_one_does():
    for unlocked in (False, True):
        door = Door(unlocked=unlocked)
        door.load("lever_turn", 60.0 * LEVER)
        door.run(1.0)
        drawn = 1e3 * door.data.joint("bolt_slide").qpos[0]
        assert drawn > 13.5 if unlocked else drawn < 3.0
        door.load("door_hinge", 60.0 * ARM)
        door.run(1.0)
        assert (door.angle("door_hinge") > 10.0) is unlocked


@pytest.mark.parametrize("torque", [1.0, 1.25, 1.5])
def test_lever_goes_half_way_down_at_its_return_torque(torque):
    door = Door(unlocked=True, return_torque=torque)
    door.load("lever_turn", torque)
    door.run(2.0)
    assert door.angle("lever_turn") == pytest.approx(22.5, abs=5.0)  # the bolt's spring asks for a little, too
    door.load("lever_turn", 0.7 * torque)
    door.run(2.0)
    assert door.angle("lever_turn") < 1.0


@pytest.mark.parametrize("force", [8.0, 12.0, 22.0])
def test_unlatched_door_opens_at_its_force_and_not_below(force):
    door = Door(unlocked=True, opening_force=force)
    door.load("lever_turn", 2.0)
    door.load("door_hinge", 0.9 * force * ARM)
    door.run(2.0)
    assert door.angle("door_hinge") < 0.3
    door.load("door_hinge", 1.15 * force * ARM)
    door.run(2.0)
    assert door.angle("door_hinge") > 1.0


@pytest.mark.parametrize("force", [8.0, 12.0, 22.0])
def test_open_door_falls_shut_slowly_and_latches(force):
    door = Door(unlocked=False, opening_force=force)
    door.data.joint("door_hinge").qpos[0] = np.deg2rad(90.0)
    for _ in range(40):
        if door.angle("door_hinge") < 12.0:
            break
        door.run(0.25)
    assert door.data.time - 0.5 >= 5.0, "2010 ADA Standards 404.2.8.1: 5 s from 90 to 12 deg"
    door.run(6.0)
    assert abs(door.angle("door_hinge")) < 0.2
    door.load("door_hinge", 60.0 * ARM)
    door.run(1.0)
    assert door.angle("door_hinge") < 0.2


def test_card_stands_in_its_stand_and_falls_without_it():
    for inside in (True, False):
        spec = mujoco.MjSpec()
        spec.option.timestep = TIMESTEP
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], contype=2, conaffinity=7)
        for name, place in (("card_stand", (0.0, 0.0, 0.0)), ("room_card", (0.0 if inside else 0.2, 0.0, 0.042 if inside else 0.0))):
            frame = spec.worldbody.add_frame(pos=place)
            spec.attach(load_part(f"objects/{name}").spec(), prefix=f"{name}/", frame=frame)
        model = spec.compile()
        data = mujoco.MjData(model)
        data.joint("room_card/room_card_free").qvel[0] = 0.05  # a nudge
        mujoco.mj_step(model, data, 480)
        up = data.body("room_card/room_card").xmat.reshape(3, 3)[2, 2]
        assert bool(up > 0.97) is inside
