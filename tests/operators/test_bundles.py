"""A folded towel is taken up by its crease and put on the pile: how it begins, when it counts, what the hands do, and the whole of it."""

from itertools import islice

import numpy as np
import pytest
import shiliu
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.operator.operator_state import OperatorState
from shiliu.replay.operator.skills.cloth.put_pile import BEARS, LIFT
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios.cloth.cloth import folded_over
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.stepping.simulation import Simulation


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("laundry_folding", variant="stacked")


FOLDED = pytest.mark.slow  # half a minute until the folded towel is at rest, once for all that begin with it


@pytest.fixture(scope="module")
def start(scene):
    return draw(scene, 600)


@pytest.fixture
def body(scene, start):
    state = OperatorState(scene, start, np.random.default_rng(0), {})
    state.see(Simulation(scene, 1, 1).begin([start]).rows(0), None)
    return state


@pytest.fixture(scope="module")
def skills(scene):
    return {skill.name: skill for skill in read_chain(scene)}


@pytest.mark.parametrize(
    ("first", "last", "deep", "layers"),
    [(0.25, 0.25, 0.25, 3), (0.375, 0.0, 0.375, 2), (0.0, 0.375, 0.375, 2), (0.24, 0.25, 0.25, 3), (0.0, 0.0, 0.75, 1)],
)
def test_ends_that_are_laid_over_lie_in_layers(scene, first, last, deep, layers):
    """The mesh has a row every 31.25 mm: a fold between two rows bulges out to its place as it comes to rest."""
    (cloth,) = scene.cloths
    x, y, z = folded_over(cloth, first, last).T
    assert np.ptp(x) == pytest.approx(deep, abs=1e-9) and np.ptp(y) == pytest.approx(0.35)
    heights = np.unique(z.round(6))
    assert len(heights) == layers and heights[0] == pytest.approx(cloth.radius)
    assert all(2.0 * cloth.radius < step < 2.2 * cloth.radius for step in np.diff(heights))


@FOLDED
def test_it_begins_folded_at_rest_its_crease_over_the_edge(scene, start, body, skills):
    seen = skills["take.crease"]._seen(body)
    assert 0.03 < -seen[:, 2].min() < 0.06  # m below the table's top
    assert np.ptp(seen[:, 1]) == pytest.approx(0.35, abs=0.02)
    again = draw(scene, 600)
    assert again.start_state.tobytes() == start.start_state.tobytes()


@pytest.mark.parametrize(
    ("shift", "stacked"),
    [((0.0, 0.0, 0.0), True), ((0.015, 0.0, 0.0), True), ((0.025, 0.0, 0.0), False), ((0.0, 0.0, -0.025), False)],
)
def test_on_the_pile_within_so_much_counts(scene, readings, shift, stacked):
    (cloth,), pile = scene.cloths, np.array([0.36, 0.33, 0.886])
    points = folded_over(cloth, 0.243, 0.25)
    points[:, :2] -= 0.5 * (points.min(axis=0) + points.max(axis=0))[:2]
    points += pile + shift
    laid = next(
        leaf
        for goal in scene.goal
        if goal.name == "stacked"
        for leaf in goal.predicate.parts
        if type(leaf).__name__ == "LaidOn"
    )
    seen = readings({**{request: points[i] for i, request in enumerate(cloth.requests)}, laid.place: pile})
    off = max(np.hypot(*shift[:2]), abs(shift[2]))
    assert laid.margin(seen) == pytest.approx(0.02 - off, abs=1e-3) and (laid.margin(seen) >= 0.0) == stacked


@FOLDED
def test_hands_take_it_beside_both_ends_of_its_crease_the_front_finger_below(body, skills):
    pick = skills["take.crease"]
    left, right = pick._ends(pick._seen(body))
    for side, beside in (("left", left - pick.inset), ("right", right + pick.inset)):
        place, away, frames = pick._aim(body, side)
        edge, turn = body.senses.site("table/top_front")
        assert (place - edge) @ turn[:, 0] == pytest.approx(0.0, abs=1e-9) and away == pytest.approx(turn[:, 0])
        assert (place - edge)[1] == pytest.approx(beside) and len(frames) == 1
        depth = pick._depth(body, side)
        assert (
            0.035 < depth < 0.06 and pick._gap(depth) > depth + 0.018 + 0.018
        )  # three layers above the table, and the finger below


@pytest.mark.parametrize(("lying", "on"), [(0.042, 0.0), (0.030, 0.012), (0.010, 0.020), (0.060, 0.0)])
def test_a_finger_goes_on_below_it_and_never_comes_back(skills, lying, on):
    assert skills["take.crease"]._on(lying) == pytest.approx(on)


@FOLDED
def test_what_does_not_hang_over_the_edge_is_not_taken(body, skills, monkeypatch):
    monkeypatch.setattr(skills["take.crease"], "_seen", lambda body: np.array([[0.1, 0.1, 0.0], [0.1, -0.1, -0.01]]))
    assert list(skills["take.crease"].run(body)) == []
    assert body.given_up == "the folded cloth is not held by both ends of its crease"


@FOLDED
@pytest.mark.parametrize("held", [{}, {"left": "towel"}])
def test_what_both_hands_do_not_hold_is_not_laid(body, skills, held):
    body.held.update(held)
    assert list(skills["put.pile"].run(body)) == [] and body.given_up == "the cloth is not held by both hands"


@FOLDED
@pytest.mark.parametrize(("force", "ends"), [(0.0, True), (1.0, False)])
def test_it_is_given_up_where_a_hand_feels_no_cloth_for_half_a_second(body, skills, monkeypatch, force, ends):
    body.held.update(dict.fromkeys(SIDES, "towel"))
    monkeypatch.setattr(body.senses, "touch", lambda side: np.array([1.0, 1.0 if side == "left" else force]))
    steps = list(islice(skills["put.pile"].run(body), round(1.0 / body.timestep)))
    assert body.given_up == ("a hand has lost the cloth" if ends else None)
    assert (len(steps) * body.timestep < 0.6) == ends


@FOLDED
@pytest.mark.parametrize(("presses", "rises"), [(0.5 * BEARS, 0.0), (9.0, 0.005)])
def test_a_finger_that_presses_on_the_pile_rises_before_it_is_drawn_out(body, skills, monkeypatch, presses, rises):
    lay, arm = skills["put.pile"], body.arms["left"]
    height, before = [], arm.hand()
    monkeypatch.setattr(
        body.senses, "touch", lambda side: np.array([presses if arm.hand()[0][2] < before[0][2] + 0.005 else 0.0, 0.0])
    )
    monkeypatch.setattr("shiliu.replay.operator.skills.cloth.put_pile.keeping_lower", lambda *_: iter(()))
    for _ in lay._out_of(body, "left"):
        height.append(arm.hand()[0][2] - before[0][2])
    at, frame = arm.hand()
    assert (at - before[0] + 0.10 * frame[:, 2])[2] == pytest.approx(rises, abs=LIFT * body.timestep + 1e-3)


@pytest.mark.slow  # five minutes each
@pytest.mark.parametrize("seed", [53101])
def test_a_folded_towel_is_put_on_the_pile(scene, seed):
    (done,) = perform(scene, [draw(scene, seed)], [seed])
    assert done.success and done.peaks["cloth_tension"] < 20.0
    (verdict,) = judge([as_recording("towel", episode_of(scene, done), scene)], scene)
    assert verdict.verdict == "FEASIBLE"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dropped", "beside"])
def test_mistakes_with_the_pile_are_named(scene, name):
    mistake = read_mistakes(scene)[name]
    (done,) = perform(scene, [draw(scene, 600)], [600], mistakes=[mistake])
    assert not done.success and done.failure == mistake.code
