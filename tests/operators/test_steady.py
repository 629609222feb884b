"""Hands that stay beside the mark while the trunk sways: where they come to, and when they are let alone."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.operator.limbs.base import OnLegs
from shiliu.replay.operator.limbs.geometry import turn_between
from shiliu.replay.operator.limbs.steady import AT_ONCE, INWARDS, LEAVES, RESISTS, SteadyHands
from shiliu.replay.operator.skills.walking import APIECE, _pieces
from shiliu.scenarios.parts.pose import Pose

DT = 1.0 / 30.0


def standing(arms, at=(1.4, -0.6), yaw=0.7):
    """A base that stands turned and off the middle, with the trunk a little beside its mark, and what keeps the hands."""
    height = mujoco.MjData(arms["left"].model)
    mujoco.mj_kinematics(arms["left"].model, height)
    z = float(height.body("base_link").xpos[2])
    base = SimpleNamespace(at=np.array(at), yaw=yaw, command=np.zeros(4), stands=True, timestep=DT)
    base.trunk_height = z
    base.trunk = Pose.of((at[0] + 0.01, at[1] - 0.02, z), yaw)
    for arm in arms.values():
        arm.place = Pose.of((at[0] + 0.01, at[1] - 0.02, 0.0), yaw)
    steady = SteadyHands(base, arms)
    steady.on = True
    steady.see((), dict.fromkeys(arms, np.zeros(3)))
    return base, steady


def hand_in_world(arm, q, trunk):
    data = mujoco.MjData(arm.model)
    data.qpos[:] = q
    mujoco.mj_kinematics(arm.model, data)
    return trunk.pos + trunk.matrix @ (data.site(f"{arm.side}_tcp").xpos - data.body("base_link").xpos)


def swayed(trunk, by, roll):
    turn, axis = np.zeros(4), np.array([1.0, 0.0, 0.0])
    mujoco.mju_axisAngle2Quat(turn, axis, roll)
    return Pose(trunk.pos + by, trunk.quat) @ Pose(np.zeros(3), turn)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("by", "roll"), [((-0.03, 0.04, -0.04), 0.0), ((0.02, -0.03, -0.04), 0.06), ((0.0, 0.0, 0.0), -0.08)])
def test_a_hand_stays_where_it_would_be_if_the_trunk_went_as_the_mark_does(arms, side, by, roll):
    base, steady = standing(arms)
    meant = base.trunk
    base.command[:3], base.stands = (0.1, 0.02, 0.05), False
    for _ in range(3):  # it rests there: nothing is ahead of it
        base.trunk = swayed(meant, np.array(by), roll)
        steady.see(("left", "right"), dict.fromkeys(arms, np.zeros(3)))
    q = arms[side].q
    there = hand_in_world(arms[side], q + steady.correction(side, q), base.trunk)
    assert np.linalg.norm(there - hand_in_world(arms[side], q, meant)) < 4e-3
    away = np.linalg.norm(hand_in_world(arms[side], q, base.trunk) - hand_in_world(arms[side], q, meant))
    assert away > 0.02  # without it


def test_a_mark_that_goes_takes_the_hands_along(arms):
    base, steady = standing(arms)
    base.command[:3], base.stands = (0.1, 0.0, 0.0), False
    steady.see(("left",), dict.fromkeys(arms, np.zeros(3)))
    ahead = 0.05 * np.array([np.cos(base.yaw), np.sin(base.yaw)])
    base.at, base.trunk = base.at + ahead, Pose(base.trunk.pos + np.append(ahead, 0.0), base.trunk.quat)
    for _ in range(2):
        steady.see(("left",), dict.fromkeys(arms, np.zeros(3)))
    assert np.abs(steady.correction("left", arms["left"].q)).max() < 1e-6


def test_a_hand_that_holds_what_is_tied_to_the_room_stays_there_while_it_steps(arms):
    base, steady = standing(arms)
    steady.on, steady.tied = False, {"left"}
    q, no_force, there = arms["left"].q, dict.fromkeys(arms, np.zeros(3)), {side: arms[side].hand()[0] for side in arms}
    base.command[:3], base.stands = (0.0, 0.1, 0.0), False
    steady.see(("left", "right"), no_force)
    aside = 0.06 * np.array([-np.sin(base.yaw), np.cos(base.yaw)])
    base.at, base.trunk = base.at + aside, Pose(base.trunk.pos + np.append(aside, -0.04), base.trunk.quat)
    for _ in range(2):
        steady.see(("left", "right"), no_force)
    assert np.linalg.norm(hand_in_world(arms["left"], q + steady.correction("left", q), base.trunk) - there["left"]) < 4e-3
    carried = hand_in_world(arms["right"], q := arms["right"].q, base.trunk)
    there = hand_in_world(arms["right"], q + steady.correction("right", q), base.trunk)
    assert np.linalg.norm((there - carried)[:2]) < 4e-3  # what it carries goes with the trunk


def test_a_hand_that_is_sent_to_places_in_the_room_reckons_with_where_the_trunk_will_be(arms):
    base, steady = standing(arms)
    base.place_of, step = lambda trunk: trunk, np.array([0.0, 0.012, 0.0])
    base.trunk = Pose(base.trunk.pos + step, base.trunk.quat)
    base.place = base.trunk
    steady.see((), dict.fromkeys(arms, np.zeros(3)))
    assert np.array_equal(steady.place("left").pos, base.trunk.pos)
    steady.sent.add("left")
    assert np.allclose(steady.place("left").pos, base.trunk.pos + step)
    assert np.array_equal(steady.place("right").pos, base.trunk.pos)


def test_a_way_in_pieces_leads_to_the_same_places():
    base, corner, end = SimpleNamespace(at=np.array([1.0, 2.0])), np.array([1.0, 2.0]), np.array([1.4, 2.3])
    row = list(_pieces(base, [(corner, 0.5), (end, 0.5)]))
    places = np.array([base.at, *(place for place, _ in row)])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() <= APIECE + 1e-9
    assert row[0][0] == pytest.approx(corner) and row[-1][0] == pytest.approx(end) and len(row) == 5
    assert {yaw for _, yaw in row} == {0.5}


def test_a_force_that_comes_is_given_way_to_and_one_that_lasts_is_not(arms):
    base, steady = standing(arms)
    base.command[:3], base.stands = (0.1, 0.0, 0.0), False
    push, none = np.array([0.0, 15.0, 0.0]), np.zeros(3)
    q, places = arms["left"].q, []
    steady.see(("left",), {"left": none, "right": none})
    for _ in range(300):
        steady.see(("left",), {"left": push, "right": none})
        places.append(hand_in_world(arms["left"], q + steady.correction("left", q), base.trunk)[1])
    rest = hand_in_world(arms["left"], q, base.trunk)[1]
    assert max(places) - rest > 0.015 and abs(places[-1] - rest) < 2e-3
    assert max(places) - rest < 0.05


def test_where_it_stands_again_the_hands_stay_where_they_have_come_to(arms):
    base, steady = standing(arms)
    meant, before = base.trunk, arms["right"].q.copy()
    base.command[:3], base.stands = (0.1, 0.0, 0.0), False
    steady.see(("right",), dict.fromkeys(arms, np.zeros(3)))
    base.trunk = swayed(meant, np.array([0.0, 0.02, 0.0]), 0.0)
    for _ in range(2):
        steady.see(("right",), dict.fromkeys(arms, np.zeros(3)))
    base.command[:3], base.stands = 0.0, True
    steady.see(("right",), dict.fromkeys(arms, np.zeros(3)))
    assert not steady.correction("right", arms["right"].q).any()
    there = hand_in_world(arms["right"], arms["right"].q, base.trunk)
    assert np.linalg.norm(there - hand_in_world(arms["right"], before, meant)) < 4e-3
    arms["right"].q = before


def stepping(arms, held, force=(0.0, 0.0, 0.0)):
    """A base whose trunk has swayed and sunk in a step, and what keeps the hands; the trunk as it stood."""
    base, steady = standing(arms)
    steady.on, meant = False, base.trunk
    steady.see(held, dict.fromkeys(arms, np.array(force)))
    base.command[:3], base.stands = (0.1, 0.0, 0.0), False
    base.trunk = swayed(meant, np.array([0.03, 0.04, -0.04]), 0.0)
    for _ in range(3):
        steady.see(held, dict.fromkeys(arms, np.array(force)))
    return base, steady, meant


def moved(arms, side, base, steady, meant):
    """(3,) [m] by which a hand is elsewhere than on a trunk that had not swayed."""
    q = arms[side].q
    return hand_in_world(arms[side], q + steady.correction(side, q), base.trunk) - hand_in_world(arms[side], q, meant)


def test_what_is_carried_goes_with_the_trunk_but_does_not_sink(arms):
    off = moved(arms, "left", *stepping(arms, ("left", "right"), (0.0, 0.0, -4.0)))
    assert off == pytest.approx([0.03, 0.04, 0.0], abs=4e-3)


def test_a_heavy_load_sinks_with_the_trunk(arms):
    _, steady, _ = stepping(arms, ("left", "right"), (0.0, 0.0, -15.0))
    assert not steady.correction("left", arms["left"].q).any()


def test_an_empty_hand_stays_beside_the_mark(arms):
    found = stepping(arms, ("right",))
    assert np.linalg.norm(moved(arms, "left", *found)) < 4e-3
    assert np.linalg.norm(moved(arms, "right", *found)) > 0.04


def test_an_empty_hand_is_not_struck_by_the_trunk_that_sways_towards_it(arms):
    """Sideways, the pelvis sways by up to 90 mm; the hand was 16 mm inside it."""
    base, steady, meant = stepping(arms, ())
    left = 0.09 * np.array([-np.sin(base.yaw), np.cos(base.yaw), 0.0])
    base.trunk = Pose(meant.pos + left, meant.quat)
    for _ in range(3):
        steady.see((), dict.fromkeys(arms, np.zeros(3)))
    assert moved(arms, "left", base, steady, meant) @ left / 0.09 == pytest.approx(0.09 - INWARDS, abs=6e-3)
    assert np.linalg.norm(moved(arms, "right", base, steady, meant)) < 0.02  # the trunk goes away from it, as far as a joint allows


def test_an_empty_hand_goes_with_the_trunk_once_the_robot_has_left(arms):
    base, steady, meant = stepping(arms, ())
    gone = 2.1 * LEAVES * np.array([np.cos(base.yaw), np.sin(base.yaw)])
    base.at, base.trunk = base.at + gone, Pose(base.trunk.pos + np.append(gone, 0.0), base.trunk.quat)
    for _ in range(2):
        steady.see((), dict.fromkeys(arms, np.zeros(3)))
    off = moved(arms, "left", base, steady, meant)
    assert off == pytest.approx([0.03 + gone[0], 0.04 + gone[1], 0.0], abs=4e-3)


def test_a_hand_that_is_sent_to_places_in_the_room_is_let_alone(arms):
    _, steady, _ = stepping(arms, ())
    assert steady.correction("left", arms["left"].q).any()
    steady.sent.add("left")
    assert not steady.correction("left", arms["left"].q).any()


def test_where_it_stands_again_empty_hands_are_where_they_were(arms):
    base, steady, meant = stepping(arms, ())
    base.trunk, base.stands = meant, True
    base.command[:3] = 0.0
    steady.see((), dict.fromkeys(arms, np.zeros(3)))
    assert not steady.correction("left", arms["left"].q).any()


def test_a_hand_gives_way_at_once_by_a_part_of_a_force(arms):
    """Without it hand and trunk tremble against each other."""
    base, steady = standing(arms)
    base.command[:3], base.stands = (0.1, 0.0, 0.0), False
    q, none, push = arms["left"].q, np.zeros(3), np.array([0.0, 20.0, 0.0])
    steady.see(("left",), {"left": none, "right": none})
    rest = hand_in_world(arms["left"], q + steady.correction("left", q), base.trunk)[1]
    steady.see(("left",), {"left": push, "right": none})
    at_once = hand_in_world(arms["left"], q + steady.correction("left", q), base.trunk)[1] - rest
    assert at_once > 0.8 * (20.0 / AT_ONCE + DT * 20.0 / RESISTS)


def on_legs(calm):
    """A base on legs whose mark rests at its goal, and whose pelvis has been calm for so many control steps."""
    base = object.__new__(OnLegs)
    base.at, base.yaw, base.speeds, base.command = np.zeros(2), 0.0, np.zeros(4), np.zeros(4)
    base.limits, base.timestep, base.calm, base._people = np.array([0.4, 0.2, 0.4]), DT, calm, ()
    base.hands = np.zeros((0, 3))
    return base


@pytest.mark.parametrize(("settles", "calm", "steps"), [(False, 0, 0), (True, 100, 0), (True, 0, 1)])
def test_between_the_pieces_of_a_walk_nobody_waits_until_the_pelvis_is_calm(settles, calm, steps):
    walk = on_legs(calm).walk(np.zeros(2), 0.0, 0.3, 0.4, 0.01, 0.02, 3.0, settles=settles)
    taken = sum(1 for _ in walk)
    assert taken == 0 if steps == 0 else taken > round(3.0 / DT)


def test_a_hand_resists_by_as_much_as_is_asked(arms):
    arm = arms["left"]
    by = np.array([0.004, -0.006, 0.003, 0.01, 0.02, -0.02])
    arm.resist(by)
    there, frame = arm.hand(arm.command)
    place, before = arm.hand(arm.q)
    assert there - place == pytest.approx(by[:3], abs=5e-4)
    assert turn_between(before, frame) == pytest.approx(by[3:], abs=2e-3)
    arm.lean(np.zeros(7))
    arm.command = arm.q.copy()


def pressing(arms):
    """A robot that stands, whose right hand has begun to press."""
    base, steady = standing(arms)
    steady.on = False
    base.place_of = lambda trunk: OnLegs.place_of(base, trunk)
    base.place = base.place_of(base.trunk)
    steady.stay("right")
    return base, steady


def leaning(base, steady, by, roll=0.0):
    """The pelvis has leant to the side of where it was, and rests there; its place is measured."""
    base.trunk = swayed(base.trunk, np.array(by), roll)
    base.place = base.place_of(base.trunk)
    for _ in range(2):
        steady.see(("right",), dict.fromkeys(("left", "right"), np.zeros(3)))


def test_a_hand_that_presses_stays_in_the_room_while_the_pelvis_leans(arms):
    base, steady = pressing(arms)
    meant, q = base.trunk, {side: arms[side].q.copy() for side in arms}
    leaning(base, steady, (-0.008, 0.003, -0.001))
    moved = {side: hand_in_world(arms[side], q[side] + steady.correction(side, q[side]), base.trunk) for side in arms}
    was = {side: hand_in_world(arms[side], q[side], meant) for side in arms}
    assert np.linalg.norm(moved["right"] - was["right"]) < 5e-4
    assert moved["left"] - was["left"] == pytest.approx([-0.008, 0.003, -0.001])  # the other one goes with the trunk
    assert steady.place("right").pos == pytest.approx(base.place_of(meant).pos)  # as its commands are meant
    assert steady.place("left").pos == pytest.approx(base.place.pos)


def test_a_hand_that_presses_is_not_turned_against_a_trunk_that_turns(arms):
    base, steady = pressing(arms)
    leaning(base, steady, (0.0, 0.0, 0.0), roll=0.01)
    assert np.abs(steady.correction("right", arms["right"].q)).max() < 1e-6


def test_a_hand_that_pressed_goes_on_from_where_it_has_come_to(arms):
    base, steady = pressing(arms)
    leaning(base, steady, (-0.008, 0.003, -0.001))
    arm, was = arms["right"], arms["right"].q.copy()
    there = hand_in_world(arm, was + steady.correction("right", was), base.trunk)
    steady.leave("right")
    assert not steady.stays and (steady.correction("right", arm.q) == 0.0).all()
    assert hand_in_world(arm, arm.q, base.trunk) == pytest.approx(there, abs=1e-9)
    arm.shift(was - arm.q)
