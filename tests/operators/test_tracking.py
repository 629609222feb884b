"""What a belt carries along is taken as it moves; what does not come, or has gone by, is given up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from benches import done, end
from shiliu.replay.operator.skills.operator_state import GivenUp
from shiliu.replay.operator.skills.tracking import TakeMoving
from shiliu.scenarios.catalog import scene_of_tree

LINE = """
title: {en: Line, zh: 线}
version: 1
time_limit: 12 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: ready}
parts:
  station: {part: fixtures/parcel_station}
  belt: {part: fixtures/belt_conveyor, put: foot, at: {x: 250 mm, y: 0 mm}, speed: SPEED}
  carton: {part: objects/parcel_carton, stands_on: belt.end, put: base, at: {x: FROM, y: -80 mm}, yaw: 17 deg}
goal: {never: {moved: {of: carton, more_than: 5000 mm}}}
skills:
  - take: {how: moving, hand: right, of: carton, middle: carton.grip, meets: belt.pick, width: 150 mm, force: 50 N, by: 150 mm}
judge: {required: [integrity, kinematics]}
"""


def line(speed: str, start: str):
    return scene_of_tree("line", yaml.safe_load(LINE.replace("SPEED", speed).replace("FROM", start)))


@pytest.mark.slow
@pytest.mark.parametrize("speed", ["0.10 m/s", "0.12 m/s"])
def test_a_carton_is_taken_off_the_moving_belt(speed):
    scene = line(speed, "700 mm")
    performed = done(scene)
    assert "gave_up" not in performed.provenance
    data = end(scene, performed)
    held, tcp = data.body("carton/parcel_carton").xpos, data.site("right_tcp").xpos
    assert held[2] - 0.82 == pytest.approx(0.15, abs=0.03)
    assert abs(held[1] - tcp[1]) < 0.03


@pytest.mark.slow
def test_a_carton_on_a_belt_that_stands_is_given_up():
    performed = done(line("0 m/s", "700 mm"))
    assert performed.provenance["gave_up"]["code"] == "does_not_come"


@pytest.mark.slow
def test_a_carton_that_is_met_beyond_the_belt_is_given_up():
    performed = done(line("0.12 m/s", "150 mm"))
    assert performed.provenance["gave_up"]["code"] == "not_met"


@pytest.mark.parametrize(("ahead", "gone"), [(0.035, False), (0.045, True)])
def test_what_is_further_on_than_where_it_is_waited_for_has_gone_by(ahead, gone):
    """It may be 40 mm further on."""
    speed, place = np.array([-0.1, 0.0, 0.0]), np.array([0.5, 0.0, 0.9])
    state = SimpleNamespace(timestep=1 / 30, site=lambda name: (place + ahead / 0.1 * speed, np.eye(3)))
    values = {name: argument.default for name, argument in TakeMoving.arguments.items()}
    waits = TakeMoving({**values, "hand": "right", "of": "carton/parcel_carton", "middle": "carton/grip"})._await(state, place, speed)
    if gone:
        with pytest.raises(GivenUp, match="carton has gone by"):
            next(waits)
    else:
        with pytest.raises(StopIteration):
            next(waits)
