"""A base that moves is led round what stands in the room, with what the hands hold, or does not go."""

from __future__ import annotations

import itertools

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from benches import BENCH, done
from shiliu.replay.operator.operator_state import OperatorState
from shiliu.replay.operator.planning.standing import Standing, walk
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.stepping.simulation import Simulation

# A robot 0.4 m wide on rails, a wall across the hall with a gap in it, and a plank that it may hold across
HALL = """
<mujoco>
  <compiler angle="radian"/>
  <worldbody>
    <body name="floor"><geom type="plane" size="9 9 0.1"/></body>
    <body name="wall"><geom type="box" size="0.05 2 1" pos="0 {left} 1"/><geom type="box" size="0.05 2 1" pos="0 {right} 1"/></body>
    <body name="ends"><geom type="box" size="4 0.05 1" pos="0 1.8 1"/><geom type="box" size="4 0.05 1" pos="0 -1.8 1"/></body>
    <body name="robot">
      <joint name="base_x" type="slide" axis="1 0 0"/><joint name="base_y" type="slide" axis="0 1 0"/><joint name="base_yaw" axis="0 0 1"/>
      <geom type="cylinder" size="0.2 0.5" pos="0 0 0.501"/>
    </body>
    <body name="plank" pos="-1.2 0 1.2"><freejoint/><geom type="box" size="0.05 0.5 0.02"/></body>
  </worldbody>
</mujoco>"""
START, GOAL = np.array([-1.2, 0.0, 0.0]), np.array([1.2, 0.0, 0.0])


def hall(gap: float, aside: float = 0.9, held: tuple[str, ...] = ()) -> Standing:
    """The robot before a wall with a gap so wide [m] and so far to the left."""
    xml = HALL.format(left=aside + gap / 2 + 2.0, right=aside - gap / 2 - 2.0)
    standing = Standing(mujoco.MjModel.from_xml_string(xml), "robot")
    picture = np.zeros(standing.model.nq)
    picture[:3], picture[3:] = START, [-1.2, 0.0, 1.2, 1.0, 0.0, 0.0, 0.0]
    standing.see(picture, held)
    return standing


def found(standing: Standing, goal: np.ndarray = GOAL, seed: int = 0):
    return walk(standing, [START, goal], np.random.default_rng(seed))


def least(standing: Standing, way) -> float:
    """[m] of room from the wall on a way, the largest that is looked at where there is more."""
    near = np.inf
    for a, b in itertools.pairwise(way):
        for share in np.linspace(0.0, 1.0, 200):
            pairs = standing.near(a + share * (b - a))
            names = {pair: {standing.model.body(i).name for i in pair} for pair in pairs}
            near = min([near, *(far for pair, far in pairs.items() if names[pair] & {"wall", "ends"})])
    return near


def test_where_nothing_stands_it_goes_straight():
    standing = hall(gap=1.0, aside=0.0)
    way = found(standing)
    assert len(way) == 2 and np.array_equal(way, [START, GOAL])


def test_it_is_led_through_the_gap_and_not_through_the_wall():
    standing = hall(gap=0.7)
    way = found(standing)
    assert least(standing, [START, GOAL]) < -0.04, "straight it would go through the wall"
    assert least(standing, way) > 0.025
    assert np.array_equal(way[0], START) and np.allclose(way[-1], GOAL)
    assert all(np.array_equal(a, b) for a, b in zip(way, found(standing)))


@pytest.mark.parametrize(("gap", "goes"), [(0.7, True), (0.35, False)])
def test_where_there_is_no_way_it_does_not_go(gap, goes):
    assert (found(hall(gap)) is not None) == goes


def test_what_is_held_goes_with_it():
    standing = hall(gap=0.7, held=("plank",))  # 1 m wide, held across
    way = found(standing)
    assert least(standing, way) > 0.025
    through = [q[2] for a, b in itertools.pairwise(way) for q in np.linspace(a, b, 200) if abs(q[0]) < 0.05]
    assert np.abs(np.sin(through)).min() > 0.5, "it is turned along the gap"
    standing.near(np.array([0.5, 0.3, np.pi / 2]))
    mujoco.mj_kinematics(standing.model, standing.data)
    at = standing.data.body("plank")
    assert at.xpos == pytest.approx([0.5, 0.3, 1.2]) and abs(at.xmat.reshape(3, 3)[0, 1]) == pytest.approx(1.0)


def test_what_it_touches_where_it_stands_does_not_hold_it():
    standing = hall(gap=1.0, aside=0.0)
    goal = np.array([-0.245, -1.0, 0.0])  # 5 mm inside the wall: it leans on it
    assert np.array_equal(found(standing, goal), [START, goal])


def test_what_lies_in_what_is_held_goes_with_it():
    scene = shiliu.load_scenario("room_delivery")
    start = draw(scene, 500)
    state = OperatorState(scene, start, np.random.default_rng(0), {})
    state.see(Simulation(scene, 1, 1).begin([start]).rows(0), None)
    state.on_purpose = True  # it holds the thing by the word of this test alone
    state.hold_on("left", "holder/bottle_holder")
    back = [(state.base.at + np.array([0.0, 0.3]), state.base.yaw)]
    assert state.ways.with_contents("stand") == ["stand", "card"] and state.ways.with_contents("holder") == ["holder", "bottle"]
    assert state.ways.walk(back) is back
    state.put_into |= {"card": "holder", "bottle": "stand"}  # as if: now the bottle stays, and the cup round it would go through it
    assert state.ways.with_contents("stand") == ["stand", "bottle"] and state.ways.with_contents("holder") == ["holder", "card"]
    assert state.ways.walk(back) is not back


def walked(x: str, y: str):
    """The robot in a room with a chest to its right, sent to a place."""
    tree = yaml.safe_load(BENCH)
    parts = {"room": tree["parts"]["room"]}
    parts["chest"] = {"part": "fixtures/drawer_unit", "put": "front_foot", "at": {"x": "-250 mm", "y": "-800 mm"}}
    robot = {"stands_at": {"x": "0 mm", "y": "0 mm", "yaw": "0 deg"}, "pose": "ready", "base": "mobile"}
    goal = {"never": {"angle": {"of": "chest.slide", "above": "300 mm"}}}
    chain = [{"walk": {"x": x, "y": y, "yaw": "-90 deg"}}]
    more = {"parts": parts, "robot": robot, "skills": chain, "goal": goal, "time_limit": "40 s"}
    return done(scene_of_tree("bench", tree | more))


@pytest.mark.slow
def test_the_robot_walks_round_a_chest():
    made = walked("0 mm", "-1600 mm")
    assert "gave_up" not in made.provenance
    base = made.observations["observation.base"].astype(float)
    assert np.abs(base[-1, :2] - [0.0, -1.6]).max() < 0.011
    assert np.abs(base[:, 0]).max() > 0.4, "round it"


@pytest.mark.slow
def test_the_robot_does_not_walk_through_a_wall():
    made = walked("1900 mm", "0 mm")
    assert made.provenance["gave_up"]["code"] == "no_walk"
    assert np.abs(made.observations["observation.base"][:, :2]).max() < 0.01


def test_a_robot_that_sways_steps_away_before_it_turns():
    standing = hall(gap=0.4)  # too narrow: a wall without a way through
    beside = np.array([-0.29, 0.0, 0.0])  # 40 mm before the wall
    turned = np.array([-0.29, 0.0, np.pi / 2])
    picture = np.zeros(standing.model.nq)
    picture[:3], picture[3:] = beside, [-1.2, 0.0, 1.2, 1.0, 0.0, 0.0, 0.0]
    away = np.array([-1.2, 0.0, np.pi / 2])
    straight = [beside, turned, away]
    standing.see(picture, ())
    assert walk(standing, straight, np.random.default_rng(0)) is straight, "one that glides turns where it stands"
    way = walk(standing, straight, np.random.default_rng(0), sways=True)
    assert way is not None and way is not straight and np.allclose(way[-1], away)
    for a, b in itertools.pairwise(way):
        turned = np.array([*a[:2], b[2]])
        assert abs(b[2]) <= 0.2 or least(standing, [turned, b]) > 0.07
