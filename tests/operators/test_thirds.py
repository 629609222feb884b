"""A towel is folded in thirds at the ends of the table: which vertices lie where, which finger comes below, and the whole of it."""

from itertools import islice

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.limbs.hand import Hand
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.operator.operator_state import OperatorState
from shiliu.replay.operator.skills.cloth.fold_third import FoldThird
from shiliu.replay.operator.skills.cloth.handling import choose, edges_of, on_arc, rising
from shiliu.replay.operator.skills.cloth.spreading import short_edges
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.stepping.simulation import Simulation
from shiliu.scenarios.words.cloth import Footprint, Layered, Smooth, panels_of

AWAY = np.array([1.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("laundry_folding", variant="thirds")


@pytest.fixture(scope="module")
def start(scene, unsettled):
    return unsettled(scene, 600)


def chain(scene, kind):
    return [skill for skill in read_chain(scene) if isinstance(skill, kind)]


def letter(cloth, past: float = 0.0) -> np.ndarray:
    """The cloth folded in thirds, like a letter; the edge that was folded first lies past its place by so much."""
    points = np.c_[cloth.flat - cloth.flat.min(axis=0), np.zeros(len(cloth.flat))]
    long, third = points[:, 0].copy(), cloth.size[0] / 3.0
    first, second = long > 2.0 * third + 1e-9, long < third - 1e-9
    points[first, 0] = 4.0 * third - long[first] - past
    points[second, 0] = 2.0 * third - long[second]
    points[:, 2] = 2.0 * cloth.radius * (first + 2.0 * second)
    return points


@pytest.mark.parametrize(("past", "margin"), [(0.0, 0.02), (0.015, 0.005), (0.03, -0.01)])
def test_thirds_end_on_each_other_or_not(scene, readings, past, margin):
    (cloth,) = scene.cloths
    points = letter(cloth, past)
    seen = readings({request: points[i] for i, request in enumerate(cloth.requests)})
    assert Layered(cloth, panels_of(cloth, (3, 1)), 0.02).margin(seen) == pytest.approx(margin, abs=1e-3)
    assert Smooth(cloth, 3, 0.025).margin(seen) == pytest.approx(0.025, abs=1e-4)
    if not past:
        assert Footprint(cloth, 0.350, 0.250, 0.15).margin(seen) == pytest.approx(0.15, abs=0.01)


def test_the_edge_is_laid_on_the_line_that_is_two_thirds_away(scene):
    (cloth,), (fold, _) = scene.cloths, chain(scene, FoldThird)
    for edge in short_edges(cloth):
        for corner in edge:
            for share in (1.0 / 3.0, 2.0 / 3.0):
                away = cloth.flat[fold._after(corner, share)] - cloth.flat[corner]
                assert np.abs(away) == pytest.approx([share * 0.75, 0.0], abs=1e-6)
                assert away[0] * cloth.flat[corner, 0] < 0.0


@pytest.mark.parametrize("held", [{}, {"left": "towel"}])
def test_what_both_hands_do_not_hold_is_not_folded(scene, start, held):
    state = OperatorState(scene, start, np.random.default_rng(0), {})
    state.held.update(held)
    assert list(chain(scene, FoldThird)[0].run(state)) == [] and state.given_up == "the cloth is not held by both hands"


@pytest.mark.parametrize(("force", "ends"), [(0.0, True), (1.0, False)])
def test_a_fold_ends_where_a_hand_feels_no_cloth_for_half_a_second(scene, start, monkeypatch, force, ends):
    state = OperatorState(scene, start, np.random.default_rng(0), {})
    state.see(Simulation(scene, 1, 1).begin([start]).rows(0), None)
    monkeypatch.setattr(state.senses, "touch", lambda side: np.array([1.0, 1.0 if side == "left" else force]))
    fold = FoldThird({**chain(scene, FoldThird)[0].values, "of": scene.cloths[0], "ahead": -2.0})  # a long way to walk
    steps = list(islice(fold._over(state, edges_of(state, fold.of)), round(3.0 / state.timestep)))
    assert state.given_up == ("a hand has lost the cloth" if ends else None)
    assert (len(steps) * state.timestep < 2.0) == ends


def test_a_hand_that_is_to_rise_by_nothing_stays(scene, start):
    state = OperatorState(scene, start, np.random.default_rng(0), {})
    assert list(rising(state.arms["left"], 0.0)) == []


def test_an_arc_begins_and_ends_at_its_poses_and_is_as_high_as_it_is_told():
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    start, goal = (np.array([0.1, 0.2, 1.0]), np.eye(3)), (np.array([0.5, 0.2, 1.1]), turn)
    for angle, (at, frame) in ((0.0, start), (np.pi, goal)):
        found = on_arc(start, goal, 0.7, angle)
        assert found[0] == pytest.approx(at) and found[1] == pytest.approx(frame, abs=1e-9)
    middle, half = on_arc(start, goal, 0.7, 0.5 * np.pi)
    assert middle == pytest.approx([0.3, 0.2, 1.05 + 0.7 * 0.2])
    assert half[:, 2] == pytest.approx([0.0, 0.0, 1.0]) and half[0, 0] == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_named_finger_comes_below(scene, start, side):
    state = OperatorState(scene, start, np.random.default_rng(0), {})
    (pick, _), arm = (skill for skill in read_chain(scene) if skill.name == "take.end"), state.arms[side]
    assert pick.below == "front" and len(type(pick)({**pick.values, "below": "either"})._frames(AWAY)) == 2
    nose = np.array([0.45, 0.15 if side == "left" else -0.15, 0.84])
    for below, other in (("front", "back"), ("back", "front")):
        frames = type(pick)({**pick.values, "below": below})._frames(AWAY)
        _, q = choose(arm, frames, lambda frame: [Hand(scene.robot.hand_sheet).tcp_from_nose(nose, frame, 0.06)])
        data = mujoco.MjData(start.model)
        data.qpos[:] = scene.start_qpos(start.model)
        for joint, angle in zip((n for n in scene.robot.arm_names if n.startswith(f"zarm_{side[0]}")), q):
            data.qpos[start.model.joint(joint).qposadr[0]] = angle
        mujoco.mj_kinematics(start.model, data)
        height = {which: data.geom(f"{side}_finger_{which}_pad").xpos[2] for which in (below, other)}
        assert height[other] - height[below] > 0.03


@pytest.mark.slow  # twenty minutes each: two and three layers of cloth
def test_a_towel_is_folded_in_thirds(scene):
    (done,) = perform(scene, [draw(scene, 52002)], [52002])
    assert done.success and done.peaks["cloth_tension"] < 20.0
    (verdict,) = judge([as_recording("towel", episode_of(scene, done), scene)], scene)
    assert verdict.verdict == "FEASIBLE"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hung_over", "let_go"])
def test_mistakes_with_thirds_are_named(scene, name):
    mistake = read_mistakes(scene)[name]
    (done,) = perform(scene, [draw(scene, 600)], [600], mistakes=[mistake])
    assert not done.success and done.failure == mistake.code
