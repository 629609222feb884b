"""Rows that are not the device's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from body_takes import JOINTS, TIMES, N, body_take
from scipy.signal import lfilter
from servo_takes import found, motion, taken
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual.blame import Blame
from shiliu.replay.residual.bodies import ComparedColumns, witnessed
from shiliu.replay.residual.engine import _no_body_does


@pytest.fixture(scope="module")
def take() -> Recording:
    return body_take()


def resampled(take: Recording, rate: float, how: str) -> Recording:
    """The take on rows of another rate: between two of its rows a straight line, or the row before; `mixed`: commands as held."""
    rows = np.arange(0.0, TIMES[-1], 1.0 / rate)
    streams = {}
    for name, one in take.streams.items():
        if how == "held" or (how == "mixed" and one.role == "command"):
            values = one.values[np.searchsorted(TIMES, rows + 1e-9, side="right") - 1]
        else:
            values = np.column_stack([np.interp(rows, TIMES, column) for column in one.values.T])
        streams[name] = replace(one, values=np.ascontiguousarray(values), capture_ns=np.round(rows * 1e9).astype(np.int64))
    return replace(take, streams=streams)


@pytest.mark.parametrize("how", ["straight", "held", "mixed"])
@pytest.mark.parametrize("rate", [40.0, 50.0, 60.0, 100.0])
def test_rows_that_were_put_onto_times_of_a_higher_rate_are_no_fault(take, rate, how):
    """Which command a servo had in a row that is not the device's is not recorded: its torque is not compared, and is named so."""
    columns = ComparedColumns(resampled(take, rate, how))
    assert columns.resampled and not [d for d in columns.differences if d.certain]
    assert not {f"effort/{name}" for name in JOINTS} & witnessed(columns)


def test_a_take_and_one_column_in_steps_are_of_the_devices_rows(take):
    assert not ComparedColumns(take).resampled
    state = take.streams["state"]
    steps = replace(state, values=state.values[np.arange(N) // 2 * 2])
    assert not ComparedColumns(replace(take, streams={**take.streams, "state": steps})).resampled


@pytest.mark.parametrize(("lost", "seen"), [(0, False), (4, True)])
@pytest.mark.parametrize("phase", [0, 1])
def test_every_second_row_of_quick_corrections(phase, lost, seen):
    """Joints that are sent to and fro five times a second, at their own times, turn round within a row of a fifteenth of a second: steps of
    both columns are then larger than those beside them, as where rows are lost."""
    columns = motion()
    t = np.arange(len(columns["action"])) / 30.0
    for j in range(6):
        at = t - 5.0 - 0.03 * j
        columns["action"][:, j] += np.where((at > 0.0) & (at < 0.4), 0.04 * np.sin(2.0 * np.pi * 5.0 * at), 0.0)
    late = columns["action"]
    columns["state"] = lfilter([0.35], [1.0, -0.65], np.vstack([late[:2][[0, 0]], late[:-2]]) - late[0], axis=0) + late[0]
    kept = np.arange(phase, len(t), 2)
    kept = np.delete(kept, slice(102, 102 + lost))  # of 0.1 rad each, of all joints together
    finding = found({name: columns[name][kept] for name in ("action", "state")}, rate=15)
    assert (finding.level == "FAIL") == seen
    if seen:
        assert finding.details["kind"] == "cut" and finding.t0 == pytest.approx(102 / 15.0, abs=0.1)


@pytest.mark.parametrize(("by", "certain"), [(0.05, False), (0.09, False), (0.15, True), (-0.15, True)])
def test_commands_within_a_row_and_a_half_of_their_place(by, certain):
    """A command that goes 0.07 rad from row to row, and stands `by` short of its way for four of them. One that goes evenly, and
    would agree if it did not, has no edge."""
    (group,) = ComparedColumns(taken(motion())).table.groups
    way = 0.07 * np.arange(group.n)
    rows = np.arange(60, 64)
    short = way.copy()
    short[rows] -= by
    assert not _no_body_does(Blame(group.channels[0], "command", rows, way, short, 0.1, 9.0, ("follows",)), None)
    assert _no_body_does(Blame(group.channels[0], "command", rows, short, way, 0.1, 9.0, ("follows",)), None) == certain
