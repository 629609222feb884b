"""Things that are elsewhere from one row on, and things that come into motion as bodies do."""

from dataclasses import replace

import numpy as np
import pytest
from carried_takes import NAMES, PUT, N, every, found_of, poses, take_of
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.leapt_things import leapt_things

AT = 300  # a row in which the hand carries the box


def changed(values, rows, columns, by):
    out = values.copy()
    out[rows, columns] += by
    return out


def exchanged(values, rows):
    out = values.copy()
    out[rows] = np.concatenate([values[rows, 7:], values[rows, :7]], axis=1)
    return out


def held(values, first, last):
    out = values.copy()
    out[first : last + 1, :7] = values[first, :7]
    return out


@pytest.mark.parametrize(("row", "by"), [(AT, 0.06), (AT, -0.3), (PUT + 60, 0.06)])
def test_a_step_that_lasts_is_an_offset_from_its_row_on(row, by):
    (found,) = found_of(changed(poses(), slice(row, N), 1, by))
    assert (found.name, found.channels, found.first, found.last, found.certain) == ("offset", ("box.y",), row, N - 1, True)
    assert found.numbers["by"] == pytest.approx(by, abs=0.004)


def test_a_small_step_that_is_undone_lasts_until_then():
    (found,) = found_of(changed(poses(), slice(AT, AT + 20), 1, 0.07))
    assert (found.name, found.channels, found.first, found.last) == ("offset", ("box.y",), AT, AT + 19)


def test_two_things_that_are_exchanged():
    (found,) = found_of(exchanged(poses(), slice(AT, N)))
    assert (found.name, set(found.channels), found.first, found.last) == ("copied", set(NAMES), AT, N - 1)
    assert found.numbers["other"] == "cup"


def test_a_pose_that_is_written_again_while_the_hand_goes_on():
    found = found_of(held(poses(), AT, AT + 29))
    assert [(one.name, one.first, one.last, one.certain) for one in found] == [("held", AT + 1, AT + 29, True)]
    assert set(found[0].channels) == set(NAMES[:7])


def test_a_thing_that_leaps_again_and_again_has_no_reason():
    values = poses()
    for row in range(PUT + 10, PUT + 130, 20):
        values = changed(values, slice(row, N), 0, 0.09)
    (found,) = found_of(values)
    assert (found.name, found.first, found.certain) == (None, PUT + 10, True)


def struck():
    """It is struck as it lies, and slides with friction."""
    values = poses()
    t = np.maximum(np.arange(N) - PUT - 60, 0) / 30.0
    values[:, 0] += np.where(t < 0.4, 1.6 * t - 2.0 * t**2, 0.32)
    return values


def now_and_then():
    """A tracker that gives a new pose in every third row, more or less."""
    new = np.random.default_rng(5).random(N) < 0.35
    return poses()[np.maximum.accumulate(np.where(new, np.arange(N), 0))]


def noisy_and_seldom():
    return every(poses() + 2e-3 * np.random.default_rng(2).standard_normal((N, 14)), 3)


@pytest.mark.parametrize(
    "values", [struck, now_and_then, noisy_and_seldom, lambda: changed(poses(), slice(AT, N), 1, 0.03), lambda: held(poses(), AT, AT + 4)]
)
def test_blows_slow_trackers_and_small_steps_are_none(values):
    take = ComparedColumns(take_of(values()))
    assert leapt_things(take.things, take.grasps, []) == []


def test_rows_that_are_lost_are_no_leap_of_a_thing():
    take = ComparedColumns(take_of(poses()))
    kept = np.r_[0:AT, AT + 40 : N]
    things = [type(one)(one.name, one.stream, one.t[: len(kept)], one.names, one.pos[kept], one.turns, 1.0) for one in take.things]
    hands = [type(one)(one.t[: len(kept)], one.pos[kept], one.turn[kept]) for one in take.grasps]
    assert leapt_things(things, hands, []) == []
    assert leapt_things(things, [], []) != []


def flagged(values, word: str, first: int, last: int):
    """The take with a column beside the box's pose, by which its tracker does not see it in some rows."""
    seen = np.full(N, float(word == "tracked"))
    seen[first : last + 1] = 1.0 - seen[0]
    take = take_of(values)
    things = take.streams["environment"]
    more = replace(things, names=(*things.names, f"box.{word}"), values=np.column_stack([things.values, seen]))
    return replace(take, streams=take.streams | {"environment": more})


@pytest.mark.parametrize("word", ["tracked", "occluded"])
def test_a_pose_that_its_tracker_gives_up_may_stand_and_leap(word):
    stands = held(poses(), AT, AT + 29)
    assert [one.name for one in ComparedColumns(flagged(stands, word, PUT + 60, PUT + 89))._of_things] == ["held"]
    assert ComparedColumns(flagged(stands, word, AT, AT + 29))._of_things == []
    away = changed(poses(), slice(AT, AT + 30), 1, 0.3)
    assert [one.name for one in ComparedColumns(flagged(away, word, PUT + 60, PUT + 89))._of_things] == ["offset"]
    assert ComparedColumns(flagged(away, word, AT, AT + 29))._of_things == []


def belt(aside: float = 0.0):
    """The cup goes along on a belt, and comes back to where the belt begins, or beside it."""
    values, t = poses(), np.arange(N) / 30.0
    values[:, 7] = 0.1 * t - 1.2 * (np.arange(N) >= AT)
    values[AT:, 8] += aside
    return values


def replaced():
    """The next cup stands where each one stood, once it has been pushed away."""
    values = poses()
    for row in range(100, 500, 100):
        values[row : row + 100, 7] += 0.3 * np.clip((np.arange(100) - 20) / 60.0, 0.0, 1.0)
    return values


@pytest.mark.parametrize(("values", "certain"), [(belt, False), (lambda: belt(0.8), True), (replaced, False)])
def test_a_thing_on_a_belt_and_one_that_is_put_back_are_doubted(values, certain):
    found = found_of(values())
    assert found and {one.certain for one in found} == {certain} and all("cup.x" in one.channels for one in found[:1])
