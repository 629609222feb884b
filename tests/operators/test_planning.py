"""Ways are planned: with room, with what is held, level; and where there is none it is said why."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu.replay.operator.limbs.geometry import progress
from shiliu.replay.operator.operator import Operator
from shiliu.replay.operator.planning import Level, Plan, SeenArm, plan
from shiliu.replay.operator.planning.clearance import MARGIN, Clearance
from shiliu.replay.operator.planning.planner import branches
from shiliu.replay.operator.planning.seen_arm import spline_through
from shiliu.replay.operator.planning.ways import ROWS, SWIFT
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.stepping.simulation import Simulation

UP = np.array([0.0, 0.0, 1.0])
# Two hands on rails, each of which moves to x and y and turns; a wall at x = 0 between two halves of the place, with a gap.
RAIL = """
<body name="{s}_x" pos="0 0 {z}"><joint type="slide" axis="1 0 0" range="-1 1"/><inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
  <body name="{s}_y"><joint type="slide" axis="0 1 0" range="-1 1"/><inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
    <body name="{s}_turn"><joint axis="0 0 1" range="-3 3"/><inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>
      <body name="{s}_palm"><geom type="sphere" size="0.05"/><site name="{s}_tcp"/>
        <body name="{s}_finger"><joint type="slide" axis="1 0 0" range="0 0.01"/><geom size="0.01"/></body>
      </body>
    </body>
  </body>
</body>"""
PLACE = """
<mujoco>
  <compiler angle="radian"/>
  <worldbody>
    <body name="wall"><geom type="box" size="0.05 {half} 0.3" pos="0 {middle} 0"/></body>
    <body name="far_wall"><geom type="box" size="0.05 1 0.3" pos="0 {beyond} 0"/></body>
    <body name="plank" pos="-0.6 -0.6 -0.1"><freejoint/><geom type="box" size="0.02 0.2 0.02"/></body>
    <body name="trunk">{left}{right}</body>
  </worldbody>
</mujoco>"""
START, GOAL = np.array([-0.6, -0.6, 0.0]), np.array([0.6, -0.6, 0.0])

OPEN = np.zeros(1)  # % of the one drive of a claw, which is open


class Rail:
    """The kinematics of one hand on rails."""

    def __init__(self, q: np.ndarray):
        self.q = np.array(q, float)
        self.model = mujoco.MjModel.from_xml_string(
            f"<mujoco><compiler angle='radian'/><worldbody>{RAIL.format(s='left', z=0)}</worldbody></mujoco>"
        )
        self.model = _only_first(self.model, 3)

    def hand(self, q=None):
        x, y, turn = self.q if q is None else q
        c, s = np.cos(turn), np.sin(turn)
        return np.array([x, y, 0.0]), np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _only_first(model: mujoco.MjModel, count: int):
    return type("Ranges", (), {"jnt_range": model.jnt_range[:count].copy()})


def place(gap: float) -> SeenArm:
    """The left hand before a wall that has a gap [m] in its middle."""
    xml = PLACE.format(
        half=(2.0 - gap) / 4,
        middle=-(2.0 + gap) / 4,
        beyond=1.0 + gap / 2,
        left=RAIL.format(s="left", z=0),
        right=RAIL.format(s="right", z=2),
    )
    model = mujoco.MjModel.from_xml_string(xml)
    picture = mujoco.MjData(model).qpos.copy()
    for side in ("left", "right"):  # the right hand is far above
        first = model.jnt_qposadr[model.body(f"{side}_x").jntadr[0]]
        picture[first : first + 3] = START
    return SeenArm(Rail(START), Clearance(model, "left"), picture, OPEN)


def search(arm: SeenArm, *goals: np.ndarray, seed: int = 1, **how):
    return plan(arm, goals or (GOAL,), rng=np.random.default_rng(seed), **how)


def test_a_way_through_a_gap_keeps_its_room():
    found = search(place(gap=0.4))
    assert found.path is not None and found.goal == 0
    assert found.path[0] == pytest.approx(START) and found.path[-1] == pytest.approx(GOAL)
    assert 0.02 < found.least <= MARGIN
    assert max(q[1] for q in spline_through(found.path)(np.linspace(0, 1, 50))) > -0.15  # it goes round


def test_a_narrow_gap_is_passed_with_less_room():
    found = search(place(gap=0.14))  # 20 mm on either side of the hand
    assert found.path is not None and 0.011 <= found.least <= 0.02
    assert any("25 mm" in line for line in found.tried)


def test_where_there_is_no_way_it_says_how_long_it_was_sought():
    found = search(place(gap=0.11), looks=2000)  # 5 mm on either side
    assert found.path is None and found.goal is None
    assert (
        "no way with 25 mm of room in 500 looks" in found.why and "no way with 15 mm of room in 2000 looks" in found.why
    )


def test_what_is_held_is_part_of_the_way():
    """A plank of 400 mm across the hand goes through a gap of 320 mm only where it is turned."""
    laden = place(gap=0.32)
    laden.clearance.bear(["plank"])
    bare, carrying = search(place(gap=0.32)), search(laden)
    assert bare.path is not None and carrying.path is not None

    def widest(path):  # the plank, 400 x 40 mm, across the gap while the hand is within it
        curve = spline_through(path)(np.linspace(0.0, 1.0, 200))
        turn = curve[np.abs(curve[:, 0]) < 0.05, 2]
        return (0.4 * np.abs(np.cos(turn)) + 0.04 * np.abs(np.sin(turn))).max()

    assert widest(carrying.path) < 0.32 < widest(bare.path)


def test_the_same_seed_gives_the_same_way():
    paths = [search(place(gap=0.3), seed=seed).path for seed in (1, 1, 2)]
    assert paths[0].tobytes() == paths[1].tobytes() != paths[2].tobytes()


def test_goals_fall_out_with_their_reason():
    outside = np.array([1.2, 0.0, 0.0])
    found = search(place(gap=0.4), outside, GOAL)
    assert found.goal == 1 and found.path is not None
    assert found.tried[0] == "goal 0: joint 1 is 0.20 rad beyond its range"
    nowhere = search(place(gap=0.4), outside)
    assert nowhere.path is None and "goal 0" in nowhere.why


@pytest.fixture(scope="module")
def body(scene):
    """What an operator sees at the start of the microwave cell."""
    draw = drawing.nominal(scene)
    operator = Operator(scene, draw, 0)
    operator.state.see(Simulation(scene, 1).begin([draw]).rows(0), scene.course.begin(1))
    return operator.state


def left_arm(body) -> SeenArm:
    return SeenArm(body.arms["left"], Clearance(body.model, "left"), body.senses.picture().qpos.copy(), OPEN)


def test_a_level_way_stays_level(body):
    arm = left_arm(body)
    position, frame = arm.limb.hand(arm.q)
    goal, miss = arm.limb.solve(position + np.array([0.05, 0.2, 0.15]), frame, arm.q, orient=1.0)
    assert miss < 1e-3
    level = Level(arm)
    found = search(arm, goal, keep=level)
    axis = frame.T @ UP
    tilts = [
        np.arccos(min(1.0, (arm.limb.hand(q)[1] @ axis)[2])) for q in spline_through(found.path)(np.linspace(0, 1, 60))
    ]
    assert max(tilts) < 0.03
    tilted = goal + np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 0.0])
    assert search(arm, tilted, keep=level).why.startswith("goal 0: what is held would be tilted by ")


def test_a_level_way_goes_to_a_later_end_where_the_first_ones_are_not_reached(body):
    arm = body.arms["left"]
    position, frame = arm.hand()
    end, miss = arm.solve(position + np.array([0.05, 0.2, 0.15]), frame, arm.q, orient=1.0)
    assert miss < 1e-3
    tilted = [[end + np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.3 + 0.2 * k, 0.0])] for k in range(ROWS)]
    path = body.ways.level_way("left", [*tilted, [end]], 0.2)
    assert path is not None
    np.testing.assert_allclose(path.end, end, atol=1e-6)
    assert body.ways.level_way("left", tilted, 0.2) is None and "tilted" in body.ways.why


def test_an_arm_is_held_in_several_ways_for_one_pose(body):
    arm = body.arms["left"]
    position, frame = arm.hand()
    pose = position + np.array([0.05, 0.1, 0.1]), frame
    found, off = branches(arm, *pose, np.random.default_rng(3))
    again, _ = branches(arm, *pose, np.random.default_rng(3))
    assert len(found) >= 3 and off < 2e-3
    assert all(np.array_equal(a, b) for a, b in zip(found, again))
    for q in found:
        assert arm.hand(q)[0] == pytest.approx(pose[0], abs=3e-3)
    assert min(np.abs(a - b).max() for i, a in enumerate(found) for b in found[:i]) > 0.3
    seen = left_arm(body)
    to = search(seen, pose)
    assert to.path is not None and arm.hand(to.path[-1])[0] == pytest.approx(pose[0], abs=3e-3)
    far = search(seen, (position + np.array([3.0, 0.0, 0.0]), frame))
    assert far.path is None and far.why.startswith("goal 0: the hand misses it by ")


@pytest.mark.parametrize("aside", [0.05, 0.9])
def test_a_way_that_turns_sharply_is_gone_slowly(body, monkeypatch, aside):
    arm = body.arms["left"]
    there = arm.q + np.array([aside, 0.0, 0.0, aside, 0.0, 0.0, 0.0])
    row = np.array([arm.q, there, arm.q + 0.02])
    monkeypatch.setattr(body.ways, "plan", lambda *a, **k: Plan(row))
    way, bare = body.ways.free_way("left", row[-1], 2.0), arm.way(list(row[1:]), 2.0, scatter=0.0)
    assert jerk(arm, bare) > SWIFT if aside > 0.5 else way.duration == bare.duration
    assert jerk(arm, way) < 1.25 * SWIFT


def jerk(arm, path) -> float:
    """[m/s2] the largest acceleration of an arm's middle on a way, evened out over a sixth of a second."""
    times = np.arange(0.0, path.duration, 1.0 / 30.0)
    data, first = mujoco.MjData(arm.model), int(arm.model.jnt_bodyid[0])
    middles = []
    for t in times:
        data.qpos[:] = path.spline(progress(t / path.duration, path.ramp))
        mujoco.mj_kinematics(arm.model, data)
        mujoco.mj_comPos(arm.model, data)
        middles.append(data.subtree_com[first, :2].copy())
    row = np.array(middles)
    return float(np.linalg.norm(row[10:] - 2.0 * row[5:-5] + row[:-10], axis=1).max()) * 36.0
