"""Recorded hinges against the hand that turns them."""

import numpy as np
import pytest
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.residual.posed_things import CarryingHand
from shiliu.replay.residual.turned_hinges import turned_hinges

T = np.arange(240) / 30.0
OPEN = 1.4 * np.clip((T - 2.0) / 4.0, 0.0, 1.0)  # rad
AXIS = np.array([0.7, 0.2, 1.0])


def hand(angle, radius=0.35):
    """A hand at the edge of a door, which it turns by an angle (n,)."""
    pos = AXIS + radius * np.column_stack([np.cos(angle), np.sin(angle), 0.0 * angle])
    return CarryingHand(T, pos + 2e-3 * np.random.default_rng(0).standard_normal(pos.shape), np.tile(np.eye(3), (len(T), 1, 1)))


def take(values, name="oven.door_hinge", unit="1"):
    times = np.round(T * 1e9).astype(np.int64)
    one = Stream("environment", "measured", "object_pose", unit, (name,), values[:, None], capture_ns=times, clock="grid")
    return Recording("take", "take", "", "robot", {"environment": one})


@pytest.mark.parametrize(("name", "unit"), [("oven.door_hinge", "1"), ("box.lid", "rad")])
def test_degrees_where_radians_are_announced(name, unit):
    (found,) = turned_hinges(take(np.degrees(OPEN), name, unit), [hand(OPEN)])
    assert (found.channels, found.name, found.certain) == ((name,), "factor", True)
    assert found.numbers["factor"] == pytest.approx(180.0 / np.pi)


def straight():
    """A hand that pushes a cart, and a wheel of it that turns by 80 rad."""
    pos = np.column_stack([0.4 * T, 0.0 * T, 0.0 * T + 0.9])
    return CarryingHand(T, pos, np.tile(np.eye(3), (len(T), 1, 1)))


@pytest.mark.parametrize(
    ("values", "unit", "of"),
    [
        (OPEN, "1", hand(OPEN)),
        (np.degrees(OPEN), "deg", hand(OPEN)),
        (30.0 * T, "rad", straight()),
        (np.degrees(OPEN), "1", CarryingHand(T, np.tile(AXIS, (len(T), 1)), np.tile(np.eye(3), (len(T), 1, 1)))),
        (9.0 * T, "rad", hand(9.0 * T)),
    ],
)
def test_radians_announced_degrees_wheels_and_doors_that_no_hand_turns_are_none(values, unit, of):
    assert list(turned_hinges(take(values, unit=unit), [of])) == []
