"""A crumpled towel is spread: its open end is found, drawn over the table's end, taken up and flung out."""

import numpy as np
import pytest
import shiliu
from shiliu.replay.operator import perform, read_chain
from shiliu.replay.skills.body import Body
from shiliu.replay.skills.flinging import FlingOut, eased
from shiliu.replay.skills.spreading import short_edges
from shiliu.scenarios.draw import draw
from shiliu.scenarios.simulation import Simulation


@pytest.fixture(scope="module")
def crumpled():
    return shiliu.load_scenario("laundry_folding", variant="crumpled")


def seen(scene, seed):
    """What the operator sees at first."""
    start = draw(scene, seed)
    body = Body(scene, start, np.random.default_rng(0), {})
    body.see(Simulation(scene, 1, 1).begin([start]).rows(0), None)
    return body


@pytest.mark.parametrize("seed", [602, 605])
def test_the_open_end_of_a_crumpled_towel_is_found(crumpled, seed):
    body, (cloth,), go_to_end = seen(crumpled, seed), crumpled.cloths, read_chain(crumpled)[0]
    name, edge = go_to_end._choose(body)
    other = next(one for one in short_edges(cloth) if one != edge)
    places = body.vertices(cloth)
    near = np.abs(cloth.flat[:, 0] - cloth.flat[edge[0], 0]) < 0.10
    assert np.ptp(places[near, 2]) < 0.015  # lies flat
    assert np.linalg.norm(places[edge[0]] - places[edge[1]]) == pytest.approx(0.35, abs=0.01)  # and straight
    middle = [places[list(one)].mean(axis=0) for one in (edge, other)]
    end, turn = body.site(name)
    away = turn[:, 0]
    assert (middle[0] - end) @ away < (middle[1] - end) @ away  # towards the end to which it is taken
    assert go_to_end._rough(cloth, places, edge) < 0.02
    # an edge that stands up by 60 mm does not lie open
    places[list(edge), 2] += 0.06
    assert go_to_end._rough(cloth, places, edge) > 0.05


def test_how_much_lies_open_is_told_of_a_heap_and_of_a_flat_towel(crumpled):
    fling, body, (cloth,) = read_chain(crumpled)[4], seen(crumpled, 605), crumpled.cloths
    assert isinstance(fling, FlingOut) and fling._open(body) < 0.7
    flat = np.c_[cloth.flat, np.full(len(cloth.flat), 0.853)]
    body.vertices = lambda _: flat
    assert fling._open(body) == pytest.approx(1.0, abs=1e-6)
    flat[:, 0] = np.abs(flat[:, 0])  # folded in half
    assert fling._open(body) < 0.1


def test_a_swing_begins_and_ends_at_rest_where_it_shall(crumpled):
    fling = read_chain(crumpled)[4]
    assert fling._swing(0.0) == pytest.approx(fling.ahead)
    assert fling._swing(fling.back) == pytest.approx(fling.ahead - fling.swing)
    assert fling._swing(fling.back + fling.forth) == pytest.approx(fling.ahead)
    step = 1e-4
    for u in (0.0, 1.0):
        assert abs(eased(u + step) - eased(u - step)) / step < 1e-4  # no speed


@pytest.mark.slow
def test_a_crumpled_towel_is_flung_out_flat(crumpled):
    (done,) = perform(crumpled, [draw(crumpled, 602)], [602])
    assert done.success and done.peaks["cloth_tension"] < 20.0
