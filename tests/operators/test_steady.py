"""Hands that stay beside the mark while the trunk sways: where they come to, and when they are let alone."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.replay.operator.limbs.base import OnLegs
from shiliu.replay.operator.limbs.geometry import turn_between, turn_z
from shiliu.replay.operator.limbs.steady import AT_ONCE, INWARDS, LEAVES, RESISTS, SteadyHands
from shiliu.replay.operator.operator import Operator
from shiliu.replay.operator.operator_state import OperatorState
from shiliu.replay.operator.skills.move_joint.fold import MoveJointFold
from shiliu.replay.operator.skills.press.key import PressKey
from shiliu.replay.operator.skills.put.pressed import PutPressed
from shiliu.replay.operator.skills.take.above import DEEPER, TakeAbove
from shiliu.replay.operator.skills.take.part import DEEPER as FURTHER_ON
from shiliu.replay.operator.skills.take.part import TakePart
from shiliu.replay.operator.skills.verify import Verify
from shiliu.replay.operator.skills.walk.through import CREEPS, GIVES, _Leaf
from shiliu.replay.operator.skills.walking import APIECE, _pieces
from shiliu.scenarios.parts.pose import Pose
from shiliu.scenarios.robots.postures import postures_of
from shiliu.scenarios.robots.robot import load_robot

DT = 1.0 / 30.0


@pytest.fixture(scope="module")
def arms():
    robot = load_robot("kuafu", base="legs")
    rng = np.random.default_rng(0)
    return {
        side: Arm(robot, side, np.array(postures_of(robot.name, side)["ready"]), DT, 0.05, 400.0, rng) for side in ("left", "right")
    }


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


@pytest.mark.parametrize(("fast", "deeper"), [(True, DEEPER), (False, 0.0)])
def test_what_is_tied_to_the_room_is_taken_deeper_on_legs(arms, monkeypatch, fast, deeper):
    taken = []
    monkeypatch.setattr("shiliu.replay.operator.skills.take.above.come", lambda *given: iter(()))
    monkeypatch.setattr(
        "shiliu.replay.operator.skills.take.above.close_on", lambda state, side, of, goal, *given, **more: iter(taken.append(goal[0]) or ())
    )
    at, q = np.array([0.3, 0.2, 0.8]), arms["left"].q
    state = SimpleNamespace(
        arms=arms, open_claw=lambda side, gap: None, senses=SimpleNamespace(site=lambda name: (at, np.eye(3))),
        ways=SimpleNamespace(goal=lambda *given: (0, [q])), sways_against=lambda what: fast,
    )  # fmt: skip
    assert list(TakeAbove({**_defaults(TakeAbove), "hand": "left", "of": "quilt/hem", "at": "quilt/hem", "depth": 0.001}).run(state)) == []
    assert taken[0] == pytest.approx(at - np.array([0.0, 0.0, 0.001 + deeper]))


@pytest.mark.parametrize(("legs", "back", "further"), [(True, 0.018, FURTHER_ON), (False, 0.018, 0.0), (True, 0.0, 0.0)])
def test_the_pads_reach_further_over_a_part_that_is_taken_by_its_end_on_legs(arms, monkeypatch, legs, back, further):
    class Seen(Exception):
        pass

    def seen(state, hand, rows, *given):
        raise Seen(rows[0][1][0])

    monkeypatch.setattr("shiliu.replay.operator.skills.take.part.headings", lambda *given: [np.eye(3)])
    monkeypatch.setattr("shiliu.replay.operator.skills.take.part.planned", seen)
    at = np.array([0.4, -0.2, 0.9])
    state = SimpleNamespace(
        arms=arms, open_claw=lambda side, gap: None, steady=object() if legs else None,
        senses=SimpleNamespace(site=lambda name: (at, np.eye(3)), part_of=lambda name: name),
    )  # fmt: skip
    with pytest.raises(Seen) as goal:
        list(TakePart({**_defaults(TakePart), "hand": "right", "of": "plug", "at": "plug/grasp", "back": back}).run(state))
    assert goal.value.args[0] == pytest.approx(at - np.array([0.0, 0.0, back - further]))


def test_a_hand_on_a_leaf_gives_way_to_a_force_that_comes_and_along_the_leaf_to_one_that_stays():
    """The leaf runs along y, and the hand is pushed out of it by 30 N and along it by 10 N, at once and then for 10 s."""
    leaf = _Leaf.__new__(_Leaf)
    leaf.skill, leaf.radius, leaf.height = SimpleNamespace(hand="right", joint="door", at="panel"), 0.6, 0.0
    leaf.lasting, leaf.coming, leaf.sent = np.zeros(3), np.zeros(3), 0.0
    leaf._face = lambda angle: (np.zeros(3), np.array([-1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), 0.6)
    leaf.state = SimpleNamespace(timestep=DT, senses=SimpleNamespace(feel=lambda hand: np.array([-30.0, 10.0, 0.0])))
    given = np.array([leaf._given() for _ in range(300)])
    assert -30.0 / GIVES < given[:15, 0].min() < -0.5 * 30.0 / GIVES  # most of it within half a second
    assert given[-1] == pytest.approx(np.zeros(3), abs=1e-5)  # what lasts is pushed against
    assert leaf.radius == pytest.approx(0.6 + 10.0 * 10.0 / CREEPS, rel=1e-6)


@pytest.mark.parametrize(("what", "legs", "fast"), [("oven/door", True, True), ("oven/door", False, False), ("cup/cup", True, False)])
def test_a_robot_on_legs_sways_against_what_is_tied_to_the_room(what, legs, fast):
    model = mujoco.MjModel.from_xml_string(
        """<mujoco><worldbody><body name="cup/cup"><freejoint/><geom size="0.1"/></body>
        <body name="oven/door"><joint type="hinge"/><geom size="0.1" pos="0.3 0 0"/></body></worldbody></mujoco>"""
    )
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    senses, scene = SimpleNamespace(picture=lambda: data), SimpleNamespace(cloths=())
    state = SimpleNamespace(steady=object() if legs else None, model=model, senses=senses, scene=scene)
    assert OperatorState.sways_against(state, what) is fast


def _defaults(skill):
    return {name: argument.default for name, argument in skill.arguments.items()}


def pressed_at(arms, legs):
    """The command of the hand that holds a chair, and where it was, after the other one has turned that by 0.05 rad to the right."""
    angle, q = iter(np.linspace(0.0, -0.05, 6)), arms["right"].q.copy()
    senses = SimpleNamespace(
        carrier_of=lambda at: "chair/frame", now=0.0, body_pose=lambda name: (np.zeros(3), turn_z(senses.now)),
    )  # fmt: skip
    state = SimpleNamespace(
        steady=object() if legs else None, senses=senses, arms=arms, held={"right": "chair/handle"}, model=None, beside=lambda motion: None
    )
    key = PressKey({"at": "chair/brake"})

    def motion():
        for senses.now in angle:
            yield

    for _ in key._held_fast(state, motion()):
        found = arms["right"].command.copy()
    arms["right"].lean(np.zeros(7))
    arms["right"].command = q.copy()
    return found, q


def test_the_hand_that_holds_what_is_pressed_at_turns_it_back_on_legs(arms, monkeypatch):
    monkeypatch.setattr("shiliu.replay.operator.skills.press.key.rigid_part", lambda model, what: "chair/frame")
    found, q = pressed_at(arms, legs=True)
    turned = turn_between(arms["right"].hand(q)[1], arms["right"].hand(found)[1])
    assert turned[2] > 0.05  # against the turn to the right, twice as far
    found, q = pressed_at(arms, legs=False)
    assert (found == q).all()


def test_a_skill_knows_whether_a_walk_follows(monkeypatch):
    monkeypatch.setattr("shiliu.replay.operator.operator.beyond_reach", lambda skill, state: None)
    seen = []

    def skill(name, only_if=""):
        return SimpleNamespace(name=name, only_if=only_if, run=lambda state: iter(seen.append((name, state.walks_on)) or ()))

    operator = object.__new__(Operator)
    operator.state = SimpleNamespace(
        faults={}, begin=lambda skill: None, given_up=None, senses=SimpleNamespace(happened=lambda rule: True), walks_on=False
    )
    operator.skills = [skill("walk"), skill("walk"), skill("walk.squat"), skill("take"), skill("walk", "door_open"), skill("walk")]
    operator.segments, operator._keeps, operator._step, operator.gave_up = [], False, 0, None
    operator.scene = SimpleNamespace(control_timestep=DT)
    for _ in operator._perform(1):
        pass
    assert [on for _, on in seen] == [True, False, False, False, True, False]


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


@pytest.mark.parametrize(
    ("word", "hand", "stays"),
    [
        ("verify", "right", True), ("release", "right", True), ("look", None, True), ("take", "left", True),
        ("take", "right", False), ("carry", "right", False), ("walk", None, False),
    ],
)  # fmt: skip
def test_which_skills_end_it(word, hand, stays):
    ended = []
    state = SimpleNamespace(
        steady=SimpleNamespace(leave=ended.append), _place_arms=lambda: None, _used={}, shape={},
        _shapes={"claw": None}, _follow_trunk=lambda sides: OperatorState._follow_trunk(state, sides),
    )  # fmt: skip
    OperatorState.begin(state, SimpleNamespace(word=word, name=word, values={"hand": hand}))
    assert ("right" not in ended) is stays


@pytest.mark.parametrize("skill", [PutPressed, Verify])
def test_a_skill_that_presses_or_pulls_asks_for_it(arms, skill):
    asked = []
    site = SimpleNamespace(site=lambda name: (np.zeros(3), np.eye(3)), until=lambda subgoal: None)
    state = SimpleNamespace(arms=arms, senses=site, stay=asked.append, steady=None)
    given = {"hand": "right", "of": "clip/shank", "into": "panel/hole", "depth": 0.006}
    next(skill({**_defaults(skill), **given}).run(state))
    assert asked == ["right"]
    arms["right"].lean(np.zeros(7))
    arms["right"].command = arms["right"].q.copy()


@pytest.mark.parametrize(("legs", "off", "turned"), [(True, (0.0, 1e-3), (0.01, 0.04)), (False, (8e-3, 20e-3), (0.03, 0.06))])
def test_on_legs_a_hand_whose_joint_is_at_its_end_turns_rather_than_leave_its_line(arms, monkeypatch, legs, off, turned):
    """As it stood before a socket in `car_assembly`, seed 9910001: the last joint at its end, 29 mm to go."""
    arm, ways = arms["right"], []
    monkeypatch.setattr(arm, "place", None)
    monkeypatch.setattr(arm, "q", np.array([-0.0727, -0.961, 0.1072, -0.7442, 0.4831, -0.3824, -0.6492]))
    monkeypatch.setattr(arm, "follow", lambda way, *_, **__: iter([ways.append(way)]))
    inward = np.array([0.9063, 0.0, -0.4226])
    mouth = np.column_stack([-inward, [0.0, 1.0, 0.0], np.cross(-inward, [0.0, 1.0, 0.0])])
    sites = {"plug/nose": (-0.015 * inward, np.eye(3)), "panel/socket": (np.zeros(3), mouth)}
    state = SimpleNamespace(
        arms=arms, senses=SimpleNamespace(site=sites.get), stay=lambda side: None, steady=object() if legs else None
    )
    given = {"hand": "right", "of": "plug/nose", "into": "panel/socket", "depth": 0.014}
    next(PutPressed({**_defaults(PutPressed), **given}).run(state))
    (at, frame), (end, by) = arm.hand(), arm.hand(ways[0].end)
    way = end - at
    aside = float(np.linalg.norm(way - (way @ inward) * inward))
    assert off[0] <= aside < off[1]
    assert turned[0] < np.linalg.norm(turn_between(frame, by)) < turned[1]


@pytest.mark.parametrize(
    ("legs", "angles", "folded"), [(True, [2.4, 0.0], 2), (True, [0.3], 1), (True, [2.4, 2.4], 2), (False, [2.4], 1)]
)
def test_on_legs_a_flap_that_slipped_off_the_fingertips_is_folded_once_more(monkeypatch, legs, angles, folded):
    flap, rises, left = [2.46], [], iter(angles)

    def bring(skill, state, misses):
        flap[0] = next(left)
        rises.append(misses())
        yield

    monkeypatch.setattr(MoveJointFold, "_bring", bring)
    state = SimpleNamespace(senses=SimpleNamespace(joint=lambda name: flap[0]), steady=object() if legs else None)
    given = {"hand": "left", "joint": "carton/flap_left", "at": "carton/left"}
    assert len(list(MoveJointFold({**_defaults(MoveJointFold), **given}).run(state))) == folded
    assert rises == [True, False][:folded] if folded == 2 else rises == [False]
