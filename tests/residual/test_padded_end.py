"""A take that is brought to a length by its last row: named once, and nothing else is compared in these rows."""

from dataclasses import replace

import numpy as np
import pytest
from servo_takes import RATE, ROWS, found, motion, taken
from shiliu.replay.recording.features import grid_ns
from shiliu.replay.recording.recording import Stream
from shiliu.replay.residual.padded_end import padded_end, without_padding

CUT = 130  # a row in which commands and joints move


def until(row, more, moves=("action", "state", "velocity")):
    """The motion up to a row, and so many times that row again: of the columns that are named, the others going on."""
    columns = motion()
    at = np.minimum(np.arange(row + more), row - 1)
    return {name: x[at] if name in moves else x[: row + more] for name, x in columns.items()}


@pytest.mark.parametrize("more", [1, 8, 60])
def test_a_take_that_is_padded_in_a_motion_is_warned_of(more):
    columns = until(CUT, more)
    assert np.abs(np.diff(columns["action"], axis=0)[CUT - 2]).max() > 0.003, "its commands move as it ends"
    padded = found(columns)
    assert padded.level == "WARN" and padded.details["rows"] == [CUT, CUT + more - 1] and not padded.details["others"]
    assert padded.details["why"] == "why_padded"
    assert found(until(CUT, 0)).level == "PASS"


@pytest.mark.parametrize("more", [3, 20])
def test_a_take_that_begins_in_a_motion_and_is_padded_before_it(more):
    """A fault after it is found where it is."""
    columns = {name: np.concatenate([np.repeat(x[CUT - 1 : CUT], more, axis=0), x[CUT - 1 :]]) for name, x in motion().items()}
    begins = padded_end(taken(columns), begins=True)
    assert begins is not None and (begins.first, begins.last) == (0, more - 1) and begins.times[1] == pytest.approx(more / RATE)
    padded = found(columns)
    assert padded.level == "WARN" and padded.details["why"] == "why_padded_begin" and padded.details["rows"] == [0, more - 1]
    columns["state"][200:240, 2] += 0.3
    wrong = found(columns)
    assert wrong.level == "FAIL" and wrong.details["rows"] == [200, 239] and wrong.t0 == pytest.approx(200 / RATE)


def test_a_take_that_stands_before_it_begins_is_not_padded():
    """Its commands begin at once, and the joints answer a tenth of a second later."""
    columns = {name: np.concatenate([np.repeat(x[:1], 20, axis=0), x[: ROWS - 20]]) for name, x in motion().items()}
    columns["action"] = columns["action"] + 0.1 * (np.arange(ROWS) >= 20)[:, None]
    columns["state"] = columns["state"][np.maximum(np.arange(ROWS) - 3, 0)]
    assert padded_end(taken(columns), begins=True) is None


@pytest.mark.parametrize("columns", [("action",), ("state",), ("action", "state")])
def test_columns_that_stand_while_others_go_on_are_no_padding(columns):
    alone = until(CUT, 60, columns)
    assert padded_end(taken(alone)) is None
    assert found(alone).details.get("why") != "why_padded"


def filtered(q):
    """Speeds that a converter computes of positions: rises from row to row, over five rows."""
    return np.apply_along_axis(np.convolve, 0, np.gradient(q, 1.0 / RATE, axis=0), np.ones(5) / 5.0, "same")


@pytest.mark.parametrize("speeds", [lambda q: np.gradient(q, 1.0 / RATE, axis=0), filtered], ids=["gradient", "filtered"])
@pytest.mark.parametrize("more", [10, 60])
def test_speeds_that_are_computed_after_the_padding_are_none_of_its_faults(more, speeds):
    columns = until(CUT, more)
    columns["velocity"] = speeds(columns["state"])
    padded = found(columns)
    assert padded.level == "WARN" and padded.details["why"] == "why_padded" and padded.details["rows"] == [CUT, CUT + more - 1]
    columns["velocity"] = motion()["velocity"][: CUT + more]  # they go on: the joints did not stand
    assert padded_end(taken(columns)) is None


def test_a_base_that_stands_from_one_row_to_the_next_shows_a_padding():
    """Joints rest, and the base drives."""
    at = np.minimum(np.arange(ROWS), CUT - 1)
    rest = {name: np.repeat(x[:1], ROWS, axis=0) for name, x in motion().items()}
    names, drives = ("base_x", "base_vx.speed"), np.column_stack([0.2 / RATE * at, np.full(ROWS, 0.2)])

    def with_base(values):
        take = taken(rest)
        base = Stream("base", "measured", "base", "1", names, values, take.streams["state"].time_ns, clock="grid")
        return replace(take, streams={**take.streams, "base": base})

    end = padded_end(with_base(drives))
    assert end is not None and (end.first, end.channels) == (CUT, ("base_x",))
    assert padded_end(with_base(np.zeros((ROWS, 2)))) is None, "nothing moves as it ends"


def test_rows_that_are_wrong_before_a_padding_are_found_all_the_same():
    columns = until(CUT, 20)
    columns["state"][60:90, 2] += 0.3
    wrong = found(columns)
    assert wrong.level == "FAIL" and wrong.details["rows"][0] in range(58, 63) and wrong.subject == ("joint_3",)


def test_a_rest_is_no_padding():
    """It comes to rest, as simulated joints do: to the bit, but not from one row to the next."""
    columns = until(CUT, 60)
    ease = np.cumsum(0.8 ** np.arange(60))[:, None]
    for name in ("action", "state"):
        columns[name][CUT:] += 0.5 * (columns[name][CUT - 1] - columns[name][CUT - 2]) * np.minimum(ease, ease[40])
    assert padded_end(taken(columns)) is None


def test_a_stream_of_another_rate_is_not_cut():
    """Poses at 100 Hz have more rows than the joints, and are none of those that were padded."""
    take = taken(until(CUT, 60))
    quick = Stream("pose", "pose", "position", "m", ("x",), np.linspace(0.0, 1.0, 600)[:, None], grid_ns(600, 100), clock="grid")
    whole = replace(take, streams={**take.streams, "pose": quick})
    end = padded_end(whole)
    left = without_padding(whole, end)
    assert {name: stream.n for name, stream in left.streams.items()} == {"action": CUT, "state": CUT, "velocity": CUT, "pose": 600}
