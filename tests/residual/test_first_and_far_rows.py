"""What is not recorded and is no fault: what joints did before the first row and after the last, and between rows that are far apart."""

import numpy as np
import pytest
from servo_takes import RATE, ROWS, found, motion, servo


@pytest.mark.parametrize(("stray", "levels"), [(0.0, ("PASS",)), (6.0, ("WARN", "FAIL"))])
@pytest.mark.parametrize("end", ["first", "last"])
def test_a_take_that_was_trimmed_begins_and_ends_in_a_motion(end, stray, levels):
    """Its first speed is that of rows that were cut off. One that is off by more than the joint goes is a stray row."""
    columns = {name: 6.0 * values for name, values in motion().items()}
    row, joint = np.unravel_index(np.abs(columns["velocity"][100:-100]).argmax(), (ROWS - 200, 6))
    row += 100
    rows = slice(row, None) if end == "first" else slice(None, row + 1)
    assert np.abs(columns["velocity"][row, joint]) > 1.5
    columns = {name: values[rows].copy() for name, values in columns.items()}
    columns["velocity"][0 if end == "first" else -1, joint] += stray
    assert found(columns).level in levels


@pytest.mark.parametrize(("off", "levels"), [(0.0, ("PASS",)), (0.12, ("WARN", "FAIL"))])
def test_a_head_that_nods_once_is_held_against_its_servo_where_rows_are_far_apart(off, levels):
    """At 15 rows a second it moves in ten of them, and no kernel is exact: those in which it rests to the last bit tell none."""
    columns, t = motion(5), np.arange(ROWS) / RATE
    nod = 0.5 / (1.0 + np.exp(-(t - 1.0) * 12.0))
    nod[t < 0.1], nod[t > 3.0] = 0.0, 0.5
    columns["action"][:, 5] = nod
    for j in range(6):
        columns["state"][:, j], columns["velocity"][:, j] = servo(columns["action"][:, j], 170.0 if j == 5 else 120.0, 26.0)
    columns = {name: values[::2].copy() for name, values in columns.items()}
    columns["action"][100:115, 5] += off
    assert found(columns, rate=RATE / 2).level in levels
