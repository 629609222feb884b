"""Recorded poses of things in time with the hand that carries them: by numbers alone."""

import numpy as np
import pytest
from shiliu.replay.checks.object_carry import HandPath, carried_rows, late_pose, standing_numbers, standing_pose

DT, ROWS, GRIP = 1 / 30, 300, np.array([0.0, 0.02, 0.05])
T = np.arange(ROWS) * DT


def turned(angle):
    c, s, o, i = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    return np.stack([np.stack([c, -s, o], -1), np.stack([s, c, o], -1), np.stack([o, o, i], -1)], -2)


@pytest.fixture
def carried():
    """A hand that comes, takes a thing from 2 s to 8 s with it, turning, and goes; and the thing."""
    way = np.stack([0.3 * np.sin(0.9 * T), 0.2 * np.cos(1.3 * T), 0.1 * np.sin(0.5 * T)], axis=1)
    hand = HandPath(way, turned(0.4 * np.sin(0.7 * T)))
    inside = np.clip(np.arange(ROWS), 60, 240)
    return hand, way[inside] + np.einsum("tij,j->ti", hand.turn[inside], GRIP)


def shifted(pos, rows):
    return pos[np.clip(np.arange(ROWS) - rows, 0, ROWS - 1)]


def late(hand, pos, recorded):
    return late_pose("bowl", T, recorded, hand, carried_rows(pos, hand, DT), hand.inside(pos))


@pytest.mark.parametrize("rows", [5, 15, 45, -15])
def test_a_pose_that_is_late_or_early_is_found_with_its_delay(carried, rows):
    hand, pos = carried
    one = late(hand, pos, shifted(pos, rows))
    assert (one.channels, one.kind, one.name, one.certain) == (("bowl",), "pose", "lag", True)
    assert one.numbers["late"] == pytest.approx(rows * DT) and one.size > 0.02


def test_what_slides_in_its_hand_is_found_late_as_it_slides_in_the_replay(carried):
    hand, pos = carried
    slid = pos + np.einsum("tij,j->ti", hand.turn, [0.0, 0.0, 1.0]) * np.clip((T - 2.0) * 0.01, 0.0, 0.06)[:, None]
    assert late(hand, slid, shifted(slid, 15)).numbers["late"] == pytest.approx(0.5)
    assert late(hand, slid, slid) is None and late(hand, slid, pos) is None and late(hand, pos, slid) is None


def test_what_goes_with_its_hand_is_not_late_though_it_scatters_comes_seldom_or_stands_elsewhere_in_it(carried):
    hand, pos = carried
    rng = np.random.default_rng(0)
    for recorded in (
        pos, pos + rng.normal(0.0, 1.5e-3, pos.shape), pos[np.arange(ROWS) // 3 * 3], pos + np.array([0.03, 0.0, 0.02]), shifted(pos, 2),
    ):  # fmt: skip
        assert late(hand, pos, recorded) is None


def test_what_goes_another_way_than_its_hand_has_no_delay(carried):
    hand, pos = carried
    pushed = pos + np.linspace(0.0, 0.2, ROWS)[:, None] * [0.0, 0.0, 1.0] * np.sin(2.0 * T)[:, None]
    assert late(hand, pos, pushed) is None


def test_a_pose_that_stands_while_its_hand_goes_is_held(carried):
    hand, pos = carried
    spans = carried_rows(pos, hand, DT)
    one = standing_pose("bowl", T, np.tile(pos[0], (ROWS, 1)), hand, spans)
    assert (one.name, one.kind, one.first, one.last) == ("held_value", "pose", 0, ROWS - 1)
    rests = np.where((np.arange(ROWS) < 270)[:, None], pos[0], pos[-1])
    assert standing_pose("bowl", T, rests, hand, spans).name == "held"
    assert standing_pose("bowl", T, pos, hand, spans) is None


def turning(pos):
    """(T, 7) with a turn about an axis askew, while it is carried."""
    half = 0.3 * np.clip((T - 2.0) / 6.0, 0.0, 1.0)
    axis = np.array([0.48, 0.6, 0.64])
    return np.column_stack([pos, np.cos(half), np.sin(half)[:, None] * axis])


@pytest.mark.parametrize(("columns", "names", "unit"), [((2,), "bowl.z", "m"), ((3, 4, 5, 6), "bowl.qx, bowl.qy, bowl.qz", "1")])
def test_single_numbers_that_stand_while_the_rest_is_carried_are_held(carried, columns, names, unit):
    hand, pos = carried
    spans, ours = carried_rows(pos, hand, DT), turning(pos)
    rows = ours.copy()
    rows[:, columns] = rows[0, columns]
    one = standing_numbers("bowl", T, rows, [ours, ours + 1e-3], spans)
    assert (one.name, one.unit, one.numbers["other"]) == ("held_value", unit, names)
    moved = np.ptp(ours[spans[0][0] - 45 : spans[-1][1] + 46], axis=0)
    assert one.size == pytest.approx(max(moved[list(columns)]))
    for other in (ours, ours + np.random.default_rng(3).normal(0.0, 1e-4, ours.shape), np.tile(ours[0], (ROWS, 1))):
        assert standing_numbers("bowl", T, other, [ours], spans) is None
    still = ours.copy()
    still[:, columns] = ours[0, columns]
    assert standing_numbers("bowl", T, rows, [ours, still], spans) is None, "one replay leaves it as it is, too"


def test_what_a_hand_only_passes_or_pushes_it_does_not_carry(carried):
    hand, pos = carried
    assert carried_rows(pos, hand, DT)
    assert carried_rows(np.tile(pos[0], (ROWS, 1)), hand, DT) == []
    assert carried_rows(pos + np.array([0.5, 0.0, 0.0]), hand, DT) == [], "it is out of reach"
