"""Things that leap elsewhere and back within rows, and things that go once."""

import numpy as np
import pytest
from body_takes import TIMES, N, body_take, changed, heaviest, stream
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
    x[PART, 1] += 0.06


def real_part_last(x):
    x[PART, 3:7] = np.roll(x[PART, 3:7], -1, axis=1)


def half_a_turn(x):
    x[PART, 3:7] *= -1.0


def shut(x):
    x[PART.start : PART.start + 3, 7] += 0.8


@pytest.mark.parametrize(
    ("change", "channels", "name", "last"),
    [
        (away, {"bowl.y"}, "offset", PART.stop - 1),
        (real_part_last, {"bowl.qw", "bowl.qy", "bowl.qz"}, "copied", PART.stop - 1),
        (shut, {"oven.door_hinge"}, "offset", PART.start + 2),
    ],
)
def test_a_thing_that_comes_back_to_where_it_leapt_from(change, channels, name, last):
    (found,) = thrown_things(take_of(change))
    assert (set(found.channels), found.kind, found.name, found.certain) == (channels, "pose", name, True)
    assert (found.first, found.last) == (PART.start, last)
    assert ComparedColumns(take_of(change)).differences == (found,)


@pytest.mark.parametrize("change", [lambda x: None, dropped, nudged, half_a_turn])
def test_one_leap_a_small_one_and_the_same_attitude_are_none(change):
    assert thrown_things(take_of(change)) == []


def test_a_weight_that_is_gone_for_some_rows():
    """The first row has no forces yet; a robot that puts half of its weight on a table is one."""
    take = body_take()
    for value, seen in ((0.0, True), (5000.0, True), (300.0, False)):
        found = heaviest(changed(take, "wrench", "pelvis.fz", value, slice(60, 72)))
        assert bool(found) == seen
        assert not seen or (found.channels, found.kind, found.certain) == (("pelvis.fz",), "wrench", True)
        assert not seen or (found.first, found.last) == (60, 71)
    assert heaviest(changed(take, "wrench", "pelvis.fz", 0.0, slice(0, 1))) is None


def test_a_weight_that_is_another_column():
    take = body_take()
    sideways = changed(take, "wrench", "pelvis.fx", 4.0 * np.sin(2.0 * TIMES))
    x = sideways.streams["wrench"].column("pelvis.fx")[PART]
    found = heaviest(changed(sideways, "wrench", "pelvis.fz", x, PART))
    assert (found.name, found.numbers["other"], found.source) == ("copied", "pelvis.fx", "robot model")
