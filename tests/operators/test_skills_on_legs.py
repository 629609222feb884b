"""What skills do otherwise on legs: a trunk that sways is reckoned with, and on a base nothing changes."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.operator.limbs.geometry import turn_between, turn_z
from shiliu.replay.operator.operator import Operator
from shiliu.replay.operator.operator_state import OperatorState
from shiliu.replay.operator.skills.move_joint.fold import MoveJointFold
from shiliu.replay.operator.skills.press.key import PressKey
from shiliu.replay.operator.skills.put.pressed import PutPressed
from shiliu.replay.operator.skills.take.above import DEEPER, TakeAbove
from shiliu.replay.operator.skills.take.part import DEEPER as FURTHER_ON
from shiliu.replay.operator.skills.take.part import TakePart
from shiliu.replay.operator.skills.verify import Verify
from shiliu.replay.operator.skills.walk.through import CREEPS, EVENS, GIVES, LIGHTLY, LOOSELY, LOWERS, OFF, _Leaf

DT = 1.0 / 30.0


@pytest.mark.parametrize(("fast", "deeper"), [(True, DEEPER), (False, 0.0)])
def test_what_is_tied_to_the_room_is_taken_deeper_on_legs(arms, monkeypatch, fast, deeper):
    taken = []
    monkeypatch.setattr("shiliu.replay.operator.skills.take.above.come", lambda *given: iter(()))
    monkeypatch.setattr(
        "shiliu.replay.operator.skills.take.above.close_on", lambda state, side, of, goal, *given, **more: iter(taken.append(goal[0]) or ())
    )
    at, q = np.array([0.3, 0.2, 0.8]), arms["left"].q
    state = SimpleNamespace(
        arms=arms, open_claw=lambda side, gap: arms[side], senses=SimpleNamespace(site=lambda name: (at, np.eye(3))),
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
        arms=arms, open_claw=lambda side, gap: arms[side], steady=object() if legs else None,
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


def leaf_of(legs, height=0.0):
    """A leaf along y that a hand pushes, and the arm of that; what the arm is asked for is in `asked`."""
    leaf, asked = _Leaf.__new__(_Leaf), []
    leaf.skill, leaf.sent, leaf.height, leaf.yaw, leaf.pitch = SimpleNamespace(hand="right"), 0.0, height, 0.0, 0.0
    leaf.like = leaf.left = None
    leaf.off, leaf.speed, leaf.mark = 0.0, np.zeros(7), np.zeros(2)
    leaf._face = lambda angle: (np.zeros(3), np.array([-1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), 0.6)
    leaf.state = SimpleNamespace(timestep=DT, steady=object() if legs else None, hand=SimpleNamespace(tip_end=0.1))
    arm = SimpleNamespace(q=np.zeros(7), lag=0.1, posture=lambda name: np.full(7, 0.4), frame=lambda *given: np.eye(3))
    arm.hand = lambda: (np.array([0.5, -0.3, 1.1]), np.eye(3))
    arm.solve = lambda place, frame, q, like, loosely, steps: (asked.append((place, like, loosely)) or q, 0.0)
    return leaf, arm, asked


@pytest.mark.parametrize(("legs", "height", "like", "loosely"), [
    (True, 0.0, LOWERS * 14 * DT, LIGHTLY), (True, -0.06, 0.0, LOOSELY), (False, 0.0, 0.0, LOOSELY),
])  # fmt: skip
def test_the_arm_at_a_leaf_is_lowered_little_by_little_and_not_on_the_lever(legs, height, like, loosely):
    leaf, arm, asked = leaf_of(legs, height)
    for _ in range(15):
        leaf._send(arm, np.zeros(3))
    assert (asked[-1][1] == pytest.approx(np.full(7, like))) and asked[-1][2] == loosely
    for _ in range(30):
        leaf._send(arm, np.zeros(3))
    assert asked[-1][1] == pytest.approx(np.full(7, 0.4 if like else 0.0))


@pytest.mark.parametrize(("legs", "share"), [(True, DT / (EVENS + DT)), (False, 1.0)])
def test_a_hand_at_a_leaf_does_not_tremble_with_its_own_lag(legs, share):
    """A joint that is sent by 0.01 rad to and fro: what makes up for the lag is 3 times as much, on legs a share of that."""
    leaf, arm, _ = leaf_of(legs)
    leaf._go(arm, np.full(7, 0.01), 3.0)
    assert arm.command == pytest.approx(np.full(7, 0.01 + share * 0.1 * 0.01 / DT))


def test_a_hand_that_has_let_go_of_a_leaf_goes_with_the_mark():
    leaf, arm, asked = leaf_of(True)
    for k in range(20):
        leaf.leave(arm, np.array([1.0, 0.02 * k]))
        arm.hand = lambda: (np.full(3, np.nan), np.eye(3))  # wherever the trunk has taken it
    off = 0.25 * DT * np.ceil(OFF / (0.25 * DT))
    assert asked[-1][0] == pytest.approx([0.5 - off, -0.3 + off + 0.38, 1.1])
    assert leaf.near(np.array([1.0, 0.49])) and not leaf.near(np.array([1.0, 0.51]))


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
