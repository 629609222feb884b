"""Loose pieces of several classes: how well they are mixed, and what of them is spilt; zones over a place."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import make_readings
from shiliu.scenarios.sensing.predicate import Share
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.words.granular import Mixed, Strayed, lacey
from shiliu.scenarios.words.speed import Faster
from shiliu.scenarios.words.zone import InZone

CLASSES = tuple(
    tuple(Request("body_position", f"{name}/{i}", "body:pan") for i in range(12)) for name in ("a", "b", "c")
)
PIECES = tuple(piece for pieces in CLASSES for piece in pieces)
PAN = Share(PIECES, (0.0, 0.0, 0.005), 0.137, 0.058, 0.0)
MIXED = Mixed(CLASSES, PAN, 0.05, 0.7)


def seen(places):
    """Readings of pieces at places (..., 36, 3)."""
    return make_readings({piece: places[..., i, :] for i, piece in enumerate(PIECES)})


def heaps(rng):
    """(36, 3) [m] each class in a heap of its own, cells apart."""
    middles = np.repeat([[-0.075, -0.075], [0.075, -0.025], [-0.025, 0.075]], 12, axis=0)
    return np.c_[middles + rng.uniform(-0.02, 0.02, (36, 2)), np.full(36, 0.012)]


def anywhere(rng, count):
    """(count, 36, 3) [m] all classes alike over the floor."""
    radius, angle = 0.1 * np.sqrt(rng.random((count, 36))), rng.uniform(0, 2 * np.pi, (count, 36))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full((count, 36), 0.012)], axis=-1)


def test_classes_that_lie_apart_are_not_mixed():
    readings = seen(heaps(np.random.default_rng(0)))
    assert MIXED.index(readings) == pytest.approx(0.0, abs=1e-12)
    assert MIXED.margin(readings) == pytest.approx(-0.7)


def test_pieces_that_lie_at_random_have_an_index_of_one_on_average():
    index = MIXED.index(seen(anywhere(np.random.default_rng(1), 400)))
    assert index.mean() == pytest.approx(1.0, abs=0.03)
    assert (index > 0.7).mean() > 0.95


def test_half_a_class_moved_over_lies_between():
    # two cells of 8: (8, 0) and (0, 8) is apart; (6, 2) and (2, 6) has s2 = 1/16, s0 = 1/4, sr = 1/60
    assert lacey([[8.0, 0.0], [0.0, 8.0]]) == pytest.approx(0.0)
    assert lacey([[6.0, 2.0], [2.0, 6.0]]) == pytest.approx((1 / 4 - 1 / 16) / (1 / 4 - 1 / 60))


def test_one_class_alone_is_no_mixture_and_neither_is_nothing():
    assert lacey([[8.0, 0.0], [3.0, 0.0]]) == 0.0
    assert lacey([[0.0, 0.0], [0.0, 0.0]]) == 0.0
    assert lacey([[1.0, 0.0], [0.0, 1.0]]) == 0.0  # as many cells as pieces tell nothing


def test_what_lies_outside_the_pan_does_not_count():
    places = heaps(np.random.default_rng(0))
    places[:6, :2] = places[12:18, :2]  # half of a class among another
    inside = MIXED.index(seen(places))
    assert inside > 0.2
    places[:6, 0] += 0.3
    assert MIXED.index(seen(places)) == pytest.approx(0.0, abs=1e-12)


def test_one_copy_gives_the_same_as_many_to_the_bit():
    readings = seen(anywhere(np.random.default_rng(2), 50))
    assert MIXED.index(readings).tolist() == [MIXED.index(readings.row(i)) for i in range(50)]


def test_spilt_is_what_is_low_and_in_no_container():
    world = tuple(Request("body_position", f"a/{i}") for i in range(4))
    inner = tuple(Request("body_position", f"a/{i}", "body:pan") for i in range(4))
    top = Request("site_position", "top")
    word = Strayed((Share(inner, (0.0, 0.0, 0.0), 0.1, 0.06, 0.0),), world, top, 0.05)
    at = np.array([[0.0, 0.0, 0.01], [0.3, 0.0, 0.01], [0.3, 0.0, 0.3], [0.05, 0.0, 0.01]])  # in, out, falling, in
    values = {**dict(zip(inner, at)), **dict(zip(world, at)), top: [0.0, 0.0, 0.15]}
    readings = make_readings({request: np.array([value]) for request, value in values.items()})
    assert word.share(readings) == pytest.approx([0.25])
    assert word.margin(readings) == pytest.approx([0.20])
    assert word.margin(readings.row(0)) == pytest.approx(0.20)
    values[world[1]] = values[inner[1]] = np.array([0.0, 0.02, 0.02])
    readings = make_readings({request: np.array([value]) for request, value in values.items()})
    assert word.margin(readings) == pytest.approx([-0.05])


AROUND = [([0.1, 0.0, 1.0], 0.04), ([0.2, 0.0, 1.0], -0.06), ([0.0, 0.0, 1.16], -0.01), ([0.0, 0.0, 0.95], 0.05)]


@pytest.mark.parametrize(("at", "margin"), AROUND)
def test_a_zone_is_a_cylinder_over_its_place(at, margin):
    hand, other, place = (
        Request("site_position", "hand"),
        Request("site_position", "other"),
        Request("site_position", "zone"),
    )
    zone = InZone((hand, other), place, 0.14, 0.25)
    readings = make_readings({hand: [at], other: [[2.0, 0.0, 1.0]], place: [[0.0, 0.0, 0.9]]})
    assert zone.margin(readings) == pytest.approx([margin])
    assert zone.margin(readings.row(0)) == pytest.approx(margin)


def test_how_fast_it_moves_is_told_by_the_speed_in_any_direction():
    speed = Request("body_velocity", "shaker")
    readings = make_readings({speed: [[0.0, 0.12, 0.16]]})
    assert Faster(speed, 0.15).margin(readings) == pytest.approx([0.05])
    assert Faster(speed, 0.15).margin(readings.row(0)) == pytest.approx(0.05)
