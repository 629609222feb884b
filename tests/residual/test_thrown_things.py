"""Things that leap elsewhere and back within rows, and things that go once."""

import numpy as np
import pytest
from body_takes import TIMES, N, stream
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.thrown_things import thrown_things

NAMES = (*(f"bowl.{axis}" for axis in ("x", "y", "z", "qw", "qx", "qy", "qz")), "oven.door_hinge")
PART = slice(90, 114)


def take_of(change=lambda x: None) -> Recording:
    """A bowl that is carried and turned, 2 mm of noise, and a door that opens; changed afterwards."""
    half = 0.1 * np.sin(0.5 * TIMES)
    place = np.column_stack([0.5 + 0.2 * np.sin(0.6 * TIMES), -0.1 * TIMES / TIMES[-1], 0.9 + 0.0 * TIMES])
    place += 2e-3 * np.random.default_rng(1).standard_normal(place.shape)
    zero = np.zeros(N)
    x = np.column_stack([place, np.cos(half), zero, zero, np.sin(half), np.clip(TIMES - 2.0, 0.0, 1.2)])
    change(x)
    things = stream("environment", "measured", "object_pose", "m m m 1 1 1 1 rad", NAMES, x)
    return Recording("take", "take", "", "robot", {"environment": things})


def away(x):
    x[PART, 1] += 0.4


def dropped(x):
    x[PART.start :, 1] += 0.4


def nudged(x):
    x[PART, 1] += 0.03


def aside(x):
    x[PART.start : PART.start + 3, 1] += 0.085


def slowly_tracked(x):
    """Every sixth row is a new one: within it a hand takes a thing so far, and back."""
    x[PART.start : PART.start + 6, 1] += 0.085
    x[:, :7] = x[np.arange(N) // 6 * 6, :7]


def real_part_last(x):
    x[PART, 3:7] = np.roll(x[PART, 3:7], -1, axis=1)


def hammered(x):
    """0.08 m to and fro, twice a second, as quickly as hands do."""
    x[60:180, 2] += 0.08 * np.abs(np.sin(2.0 * np.pi * 2.0 * TIMES[60:180])) ** 0.5


def half_a_turn(x):
    x[PART, 3:7] *= -1.0


def shut(x):
    x[PART.start : PART.start + 3, 7] += 0.8


@pytest.mark.parametrize(
    ("change", "channels", "name", "last"),
    [
        (away, {"bowl.y"}, "offset", PART.stop - 1),
        (aside, {"bowl.y"}, "offset", PART.start + 2),
        (real_part_last, {"bowl.qw", "bowl.qy", "bowl.qz"}, "copied", PART.stop - 1),
        (shut, {"oven.door_hinge"}, "offset", PART.start + 2),
    ],
)
def test_a_thing_that_comes_back_to_where_it_leapt_from(change, channels, name, last):
    (found,) = thrown_things(take_of(change))
    assert (set(found.channels), found.kind, found.name, found.certain) == (channels, "pose", name, True)
    assert (found.first, found.last) == (PART.start, last)
    assert ComparedColumns(take_of(change)).differences == (found,)


def in_millimetres(x):
    x[PART, 0] += 0.3
    x[:, :3] *= 1000.0


@pytest.mark.parametrize("change", [lambda x: None, dropped, nudged, hammered, slowly_tracked, half_a_turn, in_millimetres])
def test_one_leap_a_small_one_and_the_same_attitude_are_none(change):
    assert thrown_things(take_of(change)) == []
