"""What a belt carries along is taken as it moves; what does not come, or has gone by, is given up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from benches import done, end
from shiliu.replay.operator.operator import Operator, read_chain
from shiliu.replay.operator.planning.clearance import MARGIN
from shiliu.replay.operator.skills import registry
from shiliu.replay.operator.skills.take.moving import FLATTER, HOPELESS, SHUT, SLANTS, STEP, TRUNK, TakeMoving
from shiliu.replay.operator.words.reason import GivenUp
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.robots.postures import posture
from shiliu.scenarios.stepping.simulation import Simulation

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
    senses = SimpleNamespace(site=lambda name: (place + ahead / 0.1 * speed, np.eye(3)))
    state = SimpleNamespace(timestep=1 / 30, senses=senses)
    values = {name: argument.default for name, argument in TakeMoving.arguments.items()}
    waits = TakeMoving({**values, "hand": "right", "of": "carton/parcel_carton", "middle": "carton/grip"})._await(state, place, speed)
    if gone:
        with pytest.raises(GivenUp, match="carton has gone by"):
            next(waits)
    else:
        with pytest.raises(StopIteration):
            next(waits)


@pytest.fixture
def before_belt():
    """An operator before the belt, and how it takes the carton."""
    scene = line("0.11 m/s", "700 mm")
    draw = nominal(scene)
    operator = Operator(scene, draw, 0)
    operator.state.see(Simulation(scene, 1).begin([draw]).rows(0), scene.course.begin(1))
    return operator.state, read_chain(scene)[0]


def ridden(state, take, ahead: float, slants: np.ndarray = SLANTS) -> tuple[float, np.ndarray]:
    """What the planned way of the right arm with a carton that it meets so far [m] before the robot counts, its joint angles (n, 7)."""
    place, speed = np.array([ahead, -0.09, 0.91]), np.array([-0.11, 0.0, 0.0])
    score, q, frame = take._posture(state, place, state.senses.site(take.middle)[1], speed, slants)
    places = take._places(state, state.arms["right"].hand(q)[0], place, speed, frame)[: round((take.down + SHUT) / STEP)]
    ride = take._ride(state, q, [*places, *take._risen(places[-1], speed)], frame)[0]
    return score, ride(ride.x)


def test_a_forearm_keeps_clear_of_the_trunk_as_the_hand_goes_with_the_belt(before_belt, monkeypatch):
    """A carton that is met 0.46 m before the robot is taken; from 0.40 m on the arm would have to fold through the trunk."""
    state, take = before_belt
    score, way = ridden(state, take, 0.46)
    assert score < HOPELESS
    assert state.ways.from_trunk("right", way) >= TRUNK
    assert ridden(state, take, 0.40)[0] > HOPELESS
    assert ridden(state, take, 0.44)[0] > HOPELESS  # clear of the trunk, but the arm comes lower than the carton bears
    from_trunk = state.ways.from_trunk
    monkeypatch.setattr(state.ways, "from_trunk", lambda side, rows: MARGIN)
    assert from_trunk("right", ridden(state, take, 0.40)[1]) == pytest.approx(-0.009, abs=0.003)
    assert from_trunk("right", ridden(state, take, 0.36)[1]) == pytest.approx(-0.041, abs=0.005)


def test_a_carton_that_is_too_near_is_taken_with_fingers_that_point_further_ahead(before_belt):
    """Met 0.44 m before the robot, the arm does not come to it from above, but does with fingers less steep; at 0.36 m neither way."""
    state, take = before_belt
    for ahead, comes in ((0.44, True), (0.36, False)):
        assert ridden(state, take, ahead)[0] > HOPELESS
        assert (ridden(state, take, ahead, FLATTER)[0] < HOPELESS) == comes


@pytest.mark.parametrize(
    ("steep", "flat", "taken"), [(0.03, 0.01, "flat"), (0.03, 0.04, "steep"), (0.01, 0.0, "steep"), (0.06, 0.07, None)]
)
def test_fingers_point_further_ahead_where_that_is_better_and_the_usual_slant_not_fair(before_belt, monkeypatch, steep, flat, taken):
    state, take = before_belt
    of = {"steep": (steep, np.zeros(7), np.eye(3)), "flat": (flat, np.ones(7), np.eye(3))}
    monkeypatch.setattr(take, "_posture", lambda state, place, turned, speed, slants: of["flat" if slants is FLATTER else "steep"])
    now, turned = state.senses.site(take.middle)
    speed = np.array([-0.11, 0.0, 0.0])
    if taken is None:
        with pytest.raises(GivenUp, match="does not come to where carton comes by"):
            take._met(state, now, turned, speed, 2.4)
    else:
        assert (take._met(state, now, turned, speed, 2.4)[2] == of[taken][1]).all()


def test_a_hand_is_sent_to_wait_over_the_belt_from_where_it_began(before_belt):
    """What is sent home beside another's work stays where it began; what is sent to another posture goes."""
    state, _ = before_belt
    home = registry()["home"]
    values = {name: argument.default for name, argument in home.arguments.items()} | {"hand": "right", "beside": "yes", "around": "yes"}
    for named, goes in (("ready", 0), ("over_belt", 1)):
        assert list(home({**values, "posture": named}).run(state)) == []
        assert len(state._beside) == goes
    while state._beside:
        state.move_beside()
    assert state.arms["right"].q == pytest.approx(posture("over_belt", "right", "kuafu"), abs=1e-6)
    assert state.arms["right"].hand()[0] == pytest.approx([0.60, -0.20, 1.02], abs=0.03)
