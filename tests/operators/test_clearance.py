"""Free ways of a hand: what it holds is part of it, narrow places are found, and what cannot be reached is given up."""

import itertools
from dataclasses import replace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.operator.limbs.geometry import UP
from shiliu.replay.operator.operator import Operator
from shiliu.replay.operator.planning.clearance import MARGIN, Clearance
from shiliu.replay.operator.planning.trees import connect
from shiliu.replay.operator.planning.ways import Ways
from shiliu.replay.operator.skills import placing
from shiliu.replay.operator.skills.fitting import HOPELESS, bring, planned, settle
from shiliu.replay.operator.skills.put.plain import PutPlain
from shiliu.replay.operator.words.reason import GivenUp
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.robots.postures import posture
from shiliu.scenarios.stepping.simulation import Simulation

BOWL = "bowl/bowl_150"
LOWERED = 0.04, 0.30  # m

HALF = np.array([50.0])  # % of the one drive of a claw


@pytest.fixture(scope="module")
def body(scene):
    """What an operator sees at the start of the microwave cell."""
    draw = drawing.nominal(scene)
    readings = Simulation(scene, 1).begin([draw])
    operator = Operator(scene, draw, 0)
    operator.state.see(readings.rows(0), scene.course.begin(1))
    return operator.state


def held_below(body, by: float, like: np.ndarray) -> np.ndarray:
    """(nq,) the scene as seen, but the bowl so in the left hand that it stands upright and so far below when that is turned as `like`."""
    picture = body.senses.picture().qpos.copy()
    at = body.model.jnt_qposadr[body.model.body(BOWL).jntadr[0]]
    hand, frame = body.senses.site("left_tcp")
    picture[at : at + 3] = hand + frame @ like.T @ (-by * UP)
    mujoco.mju_mat2Quat(picture[at + 3 : at + 7], (frame @ like.T).ravel())
    return picture


def nearest(clearance: Clearance, q: np.ndarray, picture: np.ndarray, name: str) -> float:
    """Distance [m] of a body from whatever is near it with the arm at joint angles; the margin where nothing is."""
    clearance.see(picture, HALF)
    body = clearance.model.body(name).id
    return min((d for pair, d in clearance.near(q).items() if body in pair), default=MARGIN)


def test_what_is_borne_moves_with_the_hand(body):
    clearance, arm = Clearance(body.model, "left"), body.arms["left"]
    raised = posture("raised", "left", "kuafu")
    there, turned = arm.hand(raised)
    picture = held_below(body, 0.25, turned)
    clearance.bear([BOWL])
    clearance.see(picture, HALF)
    clearance.pose(raised)
    assert clearance.data.body(BOWL).xpos == pytest.approx(there - 0.25 * UP, abs=1e-6)
    assert clearance.data.body(BOWL).xmat.reshape(3, 3) == pytest.approx(np.eye(3), abs=1e-6)
    clearance.bear(())
    clearance.see(picture, HALF)
    clearance.pose(raised)
    assert np.linalg.norm(clearance.data.body(BOWL).xpos - body.senses.site("left_tcp")[0]) == pytest.approx(0.25)


def test_a_posture_in_which_only_what_is_held_would_hit_is_crowded(body):
    """A bowl 100 mm below the hand is 15 mm deep in the counter, which the hand itself is far above."""
    clearance, arm = Clearance(body.model, "left"), body.arms["left"]
    position, frame = arm.hand(posture("elbow_out", "left", "kuafu"))
    picture = held_below(body, 0.10, frame)
    postures = [
        arm.solve(position + np.array([0.0, 0.15, up]), frame, posture("elbow_out", "left", "kuafu"))[0] for up in (0.07, -0.03)
    ]
    clearance.bear([BOWL])
    room = [nearest(clearance, q, picture, BOWL) for q in postures]
    assert room[0] > 0.02 and room[1] == pytest.approx(-0.015, abs=0.003)
    for q, crowded in zip(postures, (False, True)):
        assert (clearance.crowd(q, picture, HALF) > 3.0) == crowded
        assert (clearance.crowd(q, picture, HALF, touch=_all(body), sink=0.001) > 3.0) == crowded
        assert clearance.crowd(q, picture, HALF, touch=_all(body)) == 0.0
    clearance.bear(())
    assert nearest(clearance, postures[1], picture, "left_claw") == MARGIN


def _all(body) -> list[str]:
    return [body.model.body(i).name for i in range(body.model.nbody)]


def walled(gap: float, half: float = 0.1):
    """Free places of a square of 2 by 2 with a wall across it that has a gap at its upper end."""
    return lambda q: not (abs(q[0]) < half and q[1] < 1.0 - gap)


def test_a_narrow_way_is_found_and_its_corners_are_cut():
    start, goal = np.array([-0.8, -0.8]), np.array([0.8, -0.8])
    low, high = -np.ones(2), np.ones(2)
    row = connect(start, [goal], walled(0.3), low, high, np.random.default_rng(1))
    assert row is not None and np.array_equal(row[0], start) and np.array_equal(row[-1], goal)
    slimmer = walled(0.35, 0.05)  # by what lies between two places that are looked at
    for a, b in itertools.pairwise(row):
        assert all(slimmer(a + s * (b - a)) for s in np.linspace(0.0, 1.0, 50))
    length = sum(np.linalg.norm(b - a) for a, b in itertools.pairwise(row))
    assert length < 1.5 * 3.4  # the shortest is two slopes to (+-0.1, 0.7) and 0.2 between them
    assert connect(start, [goal], walled(0.0), low, high, np.random.default_rng(1), looks=5000) is None
    assert len(connect(start, [np.array([-0.8, 0.8])], walled(0.3), low, high, np.random.default_rng(1))) == 2


def test_the_grip_is_taken_from_which_the_part_can_be_fitted(body):
    arm = body.arms["left"]
    position, frame = arm.hand()
    near = [[(position + np.array([0.0, y, 0.05]), frame)] for y in (0.0, 0.03)]
    assert arm.hand(settle(body, "left", near, [])[0][1][0])[0] == pytest.approx(near[0][0][0], abs=3e-3)
    later = [[(position + np.array([2.0, 0.0, 0.0]), frame)], near[1]]
    assert arm.hand(settle(body, "left", near, [], later=later)[0][1][0])[0] == pytest.approx(near[1][0][0], abs=3e-3)


def test_what_cannot_be_brought_to_its_place_is_not_pushed_there(body):
    away = (body.senses.site("left_tcp")[0] + np.array([1.5, 0.0, 0.0]), body.senses.site("bowl/base")[1])
    before = body.arms["left"].command.copy()
    motion = bring(body, "left", "bowl/base", [away], [], 0.3)
    with pytest.raises(GivenUp, match="cannot bring bowl/base"):
        next(motion)
    assert np.array_equal(body.arms["left"].command, before) and HOPELESS < 400.0 * 0.1


def test_a_way_on_which_what_is_held_would_be_poured_out_is_not_taken(body):
    """A bowl is turned over by the forearm in the middle of a way and back again; bare, the hand may do so."""
    clearance, arm = Clearance(body.model, "left"), body.arms["left"]
    raised = posture("raised", "left", "kuafu")
    picture = held_below(body, 0.10, arm.hand(raised)[1])
    costs = {}
    for turn in (0.3, 2.0):
        over = raised + np.array([0.0, 0.0, 0.0, 0.0, turn, 0.0, 0.0])
        path = arm._path([raised, 0.5 * (raised + over), over, 0.5 * (raised + over), raised], 0.4)
        for held in ([], [BOWL]):
            clearance.bear(held)
            costs[turn, bool(held)] = clearance.cost(path, picture, HALF, sure=True)
    assert costs[0.3, True] == pytest.approx(costs[0.3, False], abs=0.01)
    assert costs[2.0, True] > costs[2.0, False] + 3.0


def test_a_way_round_a_high_table_is_found(monkeypatch):
    """The table is high and the bowl near its edge: straight ways to its rim lead 0.1 m through the table top."""
    scene = shiliu.load_scenario("table_setting")
    taken = []

    def way(self, side, goal, *args, **kwargs):
        path = real(self, side, goal, *args, **kwargs)
        straight = self._arms[side].way([goal], 0.4, scatter=0.0)
        taken.append([self.room_on(side, one, sure=True) for one in (path, straight)])
        return path

    real = Ways.way
    monkeypatch.setattr(Ways, "way", way)
    draw = drawing.draw(scene, 10127)
    readings, operator = Simulation(scene, 1).begin([draw]), Operator(scene, draw, 10127)
    carry = scene.course.advance(scene.course.begin(1), readings)
    for _ in range(3):  # the scene is seen, the way chosen
        operator.act(readings.rows(0), carry)
    assert taken[0][0] < 1.0 and taken[0][1] > 3.0


def test_of_two_postures_the_one_with_an_easy_way_is_taken(body, monkeypatch):
    position, frame = body.arms["left"].hand()
    rows = [[(position + np.array([0.0, y, 0.05]), frame)] for y in (0.0, 0.12)]
    for hard, expected in ((0.05, 0), (5.0, 1)):  # cost of the way to the first; it is easy below 0.15

        def room(side, path, held=(), sure=False, hard=hard):
            return hard if body.arms["left"].hand(path.end)[0][1] < position[1] + 0.06 else 0.05

        monkeypatch.setattr(body.ways, "room_on", room)
        _, path, found = planned(body, "left", rows, [], 0.4)
        assert path.end == pytest.approx(found[0], abs=1e-9)
        assert body.arms["left"].hand(found[0])[0] == pytest.approx(rows[expected][0][0], abs=3e-3)


@pytest.mark.parametrize(("slipped", "there"), [(0.02, True), (0.05, False)])
def test_what_is_lost_on_its_way_is_given_up(body, monkeypatch, slipped, there):
    """It may shift in the hand by 30 mm."""
    seen, gone = body.senses.site, []

    def follow(path, tremor=1.0):
        gone.append(slipped)
        yield

    def site(name):
        place, turn = seen(name)
        out = place - seen("left_tcp")[0]
        return (place + sum(gone) * out / np.linalg.norm(out), turn) if name == "bowl/base" else (place, turn)

    at, rotation = seen("bowl/base")
    monkeypatch.setattr(body.arms["left"], "follow", follow)
    monkeypatch.setattr(body.senses, "site", site)
    motion = bring(body, "left", "bowl/base", [(at + 0.05 * UP, rotation)], [], 0.3)
    with pytest.raises(StopIteration if there else GivenUp) as ended:
        while True:
            next(motion)
    assert ended.value.value == 0.0 if there else "lost bowl/base" in str(ended.value)


@pytest.mark.parametrize(("aside", "moved"), [(0.0, 0.0), (0.030, 0.0185), (-0.030, -0.0185)])
def test_a_hand_is_moved_to_where_no_finger_stands_in_what_is_between_them(body, aside, moved):
    """A bowl of 150 mm between pads that are open by 186 mm; a finger that is far from it counts as far as the margin."""
    clearance, q = Clearance(body.model, "left"), posture("raised", "left", "kuafu")
    there, frame = body.arms["left"].hand(q)
    across = frame[:, 1]
    picture = body.senses.picture().qpos.copy()
    at = body.model.jnt_qposadr[body.model.body(BOWL).jntadr[0]]
    picture[at : at + 3] = there + aside * across - 0.03 * frame[:, 0]
    turned = np.column_stack([across, np.cross(frame[:, 0], across), frame[:, 0]])
    mujoco.mju_mat2Quat(picture[at + 3 : at + 7], turned.ravel())
    np.testing.assert_allclose(clearance.centring(q, picture, 0.0 * HALF, BOWL), moved * across, atol=0.004)


def test_a_fast_way_to_the_end_of_a_joint_is_commanded_beyond_it(body, monkeypatch):
    arm = body.arms["left"]
    monkeypatch.setattr(arm, "q", posture("raised", "left", "kuafu"))
    there = arm.q.copy()
    there[6] = arm.model.jnt_range[6, 1]
    path = arm.way([there], 1.0, scatter=0.0)
    beyond = arm.overrun(path)
    assert 0.02 < beyond < arm.lag * 4.0  # it slows down before it is there
    assert arm.overrun(replace(path, duration=20.0 * path.duration)) < beyond / 10.0
    there[6] = 0.0
    assert arm.overrun(arm.way([there], 1.0, scatter=0.0)) == 0.0


def test_the_least_room_on_a_way_counts_where_it_ends(body):
    """What comes near at an end is come to, and costs nothing; where an arm is led into something there, its room is below zero."""
    arm = body.arms["left"]
    across = np.array([0.11, -0.26, -0.57, -1.79, -1.31, -0.95, 0.65])
    free = posture("raised", "left", "kuafu")
    into, back = (arm._path([free, 0.5 * (free + q), q], 0.4) for q in (across, free + 0.05))
    assert body.ways.least_room("left", into, 20, []) < -0.010
    assert body.ways.least_room("left", back, 20, []) > 0.010
    assert body.ways.borne("left") == []


@pytest.fixture
def put(body, monkeypatch):
    """`put(turn, by)`: a skill that brings the left hand itself over a place 50 mm to the left of it, and lowers it by so much [m]."""
    goal = body.senses.site("left_tcp")[0] + np.array([0.0, 0.05, 0.05])
    monkeypatch.setattr(placing, "goal_of", lambda state, skill: goal)
    values = {"hand": "left", "of": "left_tcp", "upon": "bowl/base", "speed": 0.25, "lowering": 0.05}
    return lambda turn, by: PutPlain({**values, "turn": turn, "above": by})


def test_the_room_of_a_hand_on_its_way_down_ends_where_it_comes_upon_something(body, put):
    """On the first 40 mm nothing is near; 0.30 m down it would be in what is there."""
    rooms = {}
    for by in LOWERED:
        skill = put("keep", by)
        (one,) = placing.arrivals(body, skill, [posture("ready", "left", "kuafu")])
        rooms[by] = placing.room_below(body, skill, one)
    assert rooms[LOWERED[0]] > MARGIN and -0.1 < rooms[LOWERED[1]] < -0.02


def turned_from(body):
    """By how many degrees an arrival turns the left hand about the vertical."""
    level = body.senses.site("left_tcp")[1]

    def turned(one) -> int:
        forward = one.poses[-1][1] @ level.T
        return round(np.rad2deg(np.arctan2(forward[1, 0], forward[0, 0])))

    return turned


@pytest.mark.parametrize("turn", ["free", "clear"])
def test_a_hand_arrives_so_that_it_can_be_lowered_clear(body, put, monkeypatch, turn):
    """Turned by 20 degrees it has 9 mm of room on its way down, else 7 mm; where that is nowhere enough, the most of it counts."""
    skill, likes = put(turn, 0.04), [posture("ready", "left", "kuafu")]
    turned = turned_from(body)
    every = {turned(one) for one in placing._within_reach(body, put("free", 0.04), likes)}
    assert {0, 20} < every
    for most in (0.009, 0.0075):
        monkeypatch.setattr(placing, "room_below", lambda state, s, one, m=most: m if turned(one) == 20 else 0.007)
        assert {turned(one) for one in placing.arrivals(body, skill, likes)} == ({20} if turn == "clear" else every)


def test_of_ways_down_that_are_clear_the_roomiest_is_tried_first(body, put, monkeypatch):
    """Looked at every 10 degrees: what is turned by 10 is not found among steps of 20."""
    likes, turned = [posture("ready", "left", "kuafu")], turned_from(body)
    assert 10 not in {turned(one) for one in placing._within_reach(body, put("free", 0.04), likes)}
    rooms = {10: 0.012, 0: 0.009, 20: 0.007}
    monkeypatch.setattr(placing, "room_below", lambda state, skill, one: rooms.get(turned(one), 0.0))
    assert [turned(one) for one in placing.arrivals(body, put("clear", 0.04), likes)] == [10, 0]


@pytest.mark.parametrize(("by", "missed"), [(0.09, 0.0), (0.12, 0.008)])
def test_an_arm_that_is_straight_before_it_is_down_misses_its_place(body, put, by, missed):
    """So did a pouch over a chute's slide: the hand turned aside on the last 30 mm."""
    skill, q = put("keep", by), np.array([-0.188, 1.172, -0.376, -1.061, -0.454, -0.547, -0.255])
    arrival = placing.Arrival([body.arms["left"].hand(q)], q, q)
    rows, off = placing.lowered(body, skill, arrival)
    assert off == pytest.approx(missed, abs=0.001) and len(rows) == placing.DOWN + (off < 0.001)
    hand = body.arms["left"].hand(rows[-1])[0] - arrival.poses[-1][0]
    assert hand == pytest.approx([0.0, 0.0, -0.09], abs=0.001)


@pytest.mark.parametrize("short", [0.003, 0.005])
def test_an_arrival_from_which_the_arm_comes_down_is_tried_first(body, put, monkeypatch, short):
    """Where it misses the place by 5 mm; 3 mm do not count."""
    turned, likes = turned_from(body), [posture("ready", "left", "kuafu")]
    monkeypatch.setattr(placing, "lowered", lambda state, skill, one: ([], short if turned(one) == 0 else 0.0))
    tried = [turned(one) for one in placing._within_reach(body, put("free", 0.04), likes)]
    assert len(tried) > 2 and tried.index(0) == (0 if short == 0.003 else len(tried) - 1)
