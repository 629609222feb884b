"""The robot's hands follow a person's: where they go, how they give way, and what moves nothing."""

from __future__ import annotations

from itertools import pairwise

import mujoco
import numpy as np
import pytest
from device_lines import RIGHT, device
from shiliu import load_scenario
from shiliu.replay.judge.context import thresholds
from shiliu.replay.live import followed_hands
from shiliu.replay.live.followed_hands import FollowedHands, force_at, numbers
from shiliu.replay.live.performing import bump_now, tipping_now
from shiliu.replay.live.replayed import bodies_of
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.stepping.simulation import Simulation

FRONT = 0.15  # m, that the left hand may go ahead till it is at the counter


@pytest.fixture(scope="module")
def oven():
    return load_scenario("microwave")


def test_the_robots_hand_goes_where_the_persons_goes(oven):
    hands = FollowedHands(oven)
    start = {hand: hands.arms.hand(hands._q, hand)[0] for hand in ("left", "right")}
    for k in range(120):
        hands.hear(device(0, min(1.0, k / 60)))
        action = hands.act()
    moved = {hand: hands.arms.hand(hands._q, hand)[0] - start[hand] for hand in start}
    assert moved["right"] == pytest.approx(RIGHT, abs=0.01) and moved["left"] == pytest.approx([0, 0, 0], abs=0.005)
    names = list(oven.schema.action.names)
    assert action[names.index("right_claw")] == pytest.approx(100, abs=1) and action[names.index("left_claw")] == 0
    assert action.dtype == np.float32


def test_a_clutch_let_go_moves_nothing(oven):
    hands = FollowedHands(oven)
    before = hands._goal["right"][0].copy()
    hands.hear({"right": {"p": [0.3, 0.2, 0.1], "q": [1, 0, 0, 0], "clutch": False}})
    hands.hear({"right": {"p": [0.3, 0.2, 0.1], "q": [1, 0, 0, 0], "clutch": True}})
    assert np.array_equal(hands._goal["right"][0], before)
    hands.hear({"right": {"p": [0.3, 0.25, 0.1], "q": [1, 0, 0, 0], "clutch": True}})
    assert hands._goal["right"][0] - before == pytest.approx([0, 0.05, 0])


TO_A_HANDLE = [  # a left hand that goes round to the handle of an oven's door: its way [m] and turn since the start
    ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]),
    ([0.05, 0.23, 0.08], [0.94, 0.1, 0.0, -0.33]),
    ([0.17, 0.49, 0.33], [0.85, 0.28, 0.09, -0.43]),
    ([0.39, 0.33, 0.47], [0.65, 0.29, -0.12, -0.69]),
    ([0.41, 0.0, 0.55], [0.31, 0.37, -0.42, -0.77]),
    ([0.45, -0.02, 0.5], [0.41, 0.33, -0.49, -0.7]),
    ([0.53, -0.08, 0.47], [0.41, 0.33, -0.49, -0.7]),
]


@pytest.mark.parametrize(("hangs", "least", "most"), [(True, 0.0, 0.005), (False, 0.05, 0.15)])
def test_an_elbow_that_hangs_keeps_the_arm_off_the_ends_of_its_joints(oven, hangs, least, most):
    hands = FollowedHands(oven)
    if not hangs:
        hands._elbow = {}
    for (p0, q0), (p1, q1) in pairwise(TO_A_HANDLE):
        for f in np.arange(1, 31) / 30:
            place, turn = ((1 - f) * np.array(one) + f * np.array(other) for one, other in ((p0, p1), (q0, q1)))
            hands.hear({"left": {"p": place.tolist(), "q": turn.tolist(), "clutch": True, "grip": 0.0}})
            hands.act()
    for _ in range(30):
        hands.act()
    assert least <= np.linalg.norm(hands.arms.hand(hands._q, "left")[0] - hands._goal["left"][0]) < most
    assert any(kind == "range" for kind, _ in hands.near) != hangs


@pytest.mark.parametrize(("stays", "least", "most"), [(followed_hands.STAYS, 0.0, 0.005), (np.inf, 0.03, 0.15)])
def test_an_arm_that_stays_at_the_ends_of_its_joints_is_led_back(oven, monkeypatch, stays, least, most):
    """A left arm that has shut a door, on its way to a key."""
    monkeypatch.setattr(followed_hands, "STAYS", stays)
    hands = FollowedHands(oven)
    own = hands.arms.columns("left")
    columns = np.array(hands._columns)[own]
    hands.command[columns] = [0.09, 0.49, -0.73, -2.21, -0.83, -0.23, 0.56]
    hands._goal["left"] = hands.arms.hand(hands._q, "left")  # the key, by a posture that reaches it
    hands.command[columns] = [1.57, 2.09, 0.82, -2.30, 0.14, 0.33, 0.33]
    for _ in range(75):
        hands.act()
    assert least <= np.linalg.norm(hands.arms.hand(hands._q, "left")[0] - hands._goal["left"][0]) < most


def test_base_and_squat_come_slowly_to_what_is_asked():
    hands = FollowedHands(load_scenario("material_handling"))
    names = list(hands.scene.schema.action.names)
    hands.hear({"base": [1, -1, 9], "squat": -0.2})
    first = hands.act()
    assert 0 < first[names.index("base_vx")] < 0.05 and first[names.index("base_vy")] < 0
    for _ in range(90):
        last = hands.act()
    wanted = {"base_vx": 0.3, "base_vy": -0.2, "base_vyaw": 0.4, "base_height": -0.2}
    assert {name: last[names.index(name)] for name in wanted} == pytest.approx(wanted, abs=1e-6)


def pressing(oven, gives_way: bool) -> float:
    """Force [N] of the left hand on the counter's front, when a person's goes 150 mm into it and stays there."""
    hands, simulation = FollowedHands(oven), Simulation(oven, 1)
    simulation.begin([nominal(oven)])
    for k in range(150):
        place = [min(0.4, 0.003 * k), 0.0, 0.0]
        hands.hear({"left": {"p": place, "q": [1, 0, 0, 0], "clutch": True, "grip": 0.0}})
        if gives_way:
            hands.give_way(simulation)
        simulation.step(hands.act()[None])
    model, data = simulation.data()
    mujoco.mj_forward(model, data)
    force, total = np.zeros(6), np.zeros(3)
    arm = bodies_of(model, "zarm_l1_joint")
    for i, contact in enumerate(data.contact):
        pair = [int(model.geom_bodyid[geom]) in arm for geom in contact.geom]
        if pair[0] != pair[1]:
            mujoco.mj_contactForce(model, data, i, force)
            total += contact.frame.reshape(3, 3).T @ force[:3] * (1 if pair[0] else -1)
    return float(np.linalg.norm(total))


def test_a_hand_gives_way_to_what_it_presses_on(oven):
    soft, stiff = pressing(oven, True), pressing(oven, False)
    assert 80.0 < stiff < 150.0 and 10.0 < soft < 40.0


def test_what_a_hand_bears_is_known_with_what_turns_it(oven):
    """Stretched out to a handle, where levers are short: the force of a contact that is 120 mm away from the tcp."""
    hands = FollowedHands(oven)
    for k in range(240):
        place, turn = TO_A_HANDLE[min(k // 30, len(TO_A_HANDLE) - 1)]
        hands.hear({"left": {"p": place, "q": turn, "clutch": True, "grip": 0.0}})
        hands.act()
    lever, force = hands.arms.jacobian(hands._q, "left")[:6], np.array([30.0, -15.0, 20.0])
    torque = lever.T @ np.concatenate([force, np.cross([0.12, 0.0, 0.0], force)])
    place_alone = np.linalg.solve(lever[:3] @ lever[:3].T, lever[:3] @ torque)
    off, off_alone = (float(np.linalg.norm(one - force) / np.linalg.norm(force)) for one in (force_at(lever, torque), place_alone))
    assert off < 0.08 < 0.15 < off_alone


def striking(oven, speed: float, knows: bool) -> float:
    """Largest force [N] on the robot's left hand that goes to the counter's front at a speed [m/s] and ends 10 mm in it."""
    hands, simulation = FollowedHands(oven), Simulation(oven, 1)
    drawn = nominal(oven)
    simulation.begin([drawn])
    hands.begin(drawn.model if knows else None)
    most, rule = 0.0, thresholds(oven.config.thresholds)["collision.unexpected"]
    for k in range(90):
        hands.hear({"left": {"p": [min(FRONT + 0.01, speed * k / 30), 0.0, 0.0], "q": [1, 0, 0, 0], "clutch": True, "grip": 0.0}})
        hands.give_way(simulation)
        readings = simulation.step(hands.act()[None])
        bump = bump_now(oven, readings, hands.close, rule)
        most = max(most, bump["value"] if bump is not None else 0.0)
        if bump is not None and bump["value"] > 1.0:
            assert "counter" in bump["who"] and bump["limit"] == 50.0 and bump["bound"] == pytest.approx(60.0)
    return most


def test_an_arm_goes_slowly_to_what_is_near(oven):
    oven = oven.judged  # measures what no step asks to be touched
    assert striking(oven, 0.6, knows=True) < 50.0 < 80.0 < striking(oven, 0.6, knows=False)


def test_how_near_it_is_to_tipping_over_is_that_of_the_judge(oven):
    judged = oven.judged
    simulation = Simulation(judged, 1)
    simulation.begin([nominal(judged)])
    for _ in range(30):
        simulation.step(np.asarray(oven.ready_ctrl, np.float32)[None])
    side, at_rest = tipping_now(judged, simulation)
    assert side == "back" and at_rest == pytest.approx(0.0733 - 0.010, abs=0.002)  # what the judge's message says that feet bear there
    pressed = np.asarray(oven.ready_ctrl, np.float32).copy()
    names = list(oven.schema.action.names)
    for name in ("zarm_l1_joint", "zarm_r1_joint"):
        pressed[names.index(name)] = -1.2  # both hands against the counter, which pushes back
    for _ in range(90):
        simulation.step(pressed[None])
    assert tipping_now(judged, simulation)[0] == "back" and tipping_now(judged, simulation)[1] < 0


@pytest.mark.parametrize(
    "value", [None, "abc", [1, 2], [1, 2, "3"], [1, 2, float("nan")], [1, 2, 1e9], [True, 1, 2], {"a": 1}]
)
def test_what_is_no_number_moves_nothing(oven, value):
    assert numbers(value, 3) is None
    hands = FollowedHands(oven)
    calm = hands.act()
    hands.hear(
        {"right": {"p": value, "q": value, "clutch": True, "grip": value}, "left": value, "base": value, "squat": value}
    )
    assert np.isfinite(hands.act()).all() and hands._grip == {"left": 0.0, "right": 0.0} and calm is not None
