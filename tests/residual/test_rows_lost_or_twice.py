"""Rows that are lost, there twice or in another order, by the leaps of commands and measurements alone."""

import numpy as np
import pytest
from servo_takes import RATE, taken
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.leaps import leaps_of
from shiliu.replay.residual.row_order import rows_lost
from shiliu.replay.residual.table import Group, RecordedChannel, table_of
from shiliu.replay.residual.whole_speeds import by_lost_rows

N, AT = 240, 120
ALL = np.r_[0:N]


def reasons(rows):
    """Of six joints that sweep to and fro, quickly and evenly, each at a phase of its own."""
    t = np.arange(N) / RATE
    command = 0.8 * np.sin(np.pi * t[:, None] / 4.0 + np.arange(6) * 0.1) * np.linspace(0.8, 1.4, 6)
    state = np.vstack([command[:3], command[:-3]])
    group = table_of(taken({"action": command[rows], "state": state[rows], "velocity": 0.0 * command[rows]})).groups[0]
    return [(one.name, one.first, one.last) for one in leaps_of(group).rows()]


@pytest.mark.parametrize(
    ("rows", "name", "first", "last"),
    [
        (np.delete(ALL, [AT, AT + 1]), "cut", AT, AT),
        (np.delete(ALL, [AT, AT + 1, AT + 5, AT + 6]), "cut", AT, AT + 3),
        (np.sort(np.r_[ALL, AT]), "repeated", AT + 1, AT + 1),
        (np.sort(np.r_[ALL, AT, AT + 4]), "repeated", AT + 1, AT + 6),
        (np.r_[0:AT, AT + 3, AT + 1, AT + 2, AT, AT + 4 : N], "reordered", AT, AT + 4),
    ],
)
def test_what_became_of_rows(rows, name, first, last):
    ((found, a, b),) = reasons(rows)
    assert found == name and abs(a - first) <= 1 and abs(b - last) <= 1


@pytest.mark.parametrize(("noise", "rows", "name", "first", "last"), [
    (3e-4, np.r_[0:130, 100:N], "repeated", 130, 159), (0.0, np.r_[0:130, 100:N], "repeated", 130, 159),
    (3e-4, np.r_[0:100, 130:N], "cut", 100, 100),
])  # fmt: skip
def test_rows_that_were_written_again_are_none_that_are_missing(noise, rows, name, first, last):
    t = np.arange(N) / RATE
    command = 0.8 * np.sin(np.pi * t[:, None] / 2.0 + np.arange(6)) * np.linspace(0.8, 1.4, 6)
    state = np.vstack([command[:3], command[:-3]]) + np.random.default_rng(0).normal(0.0, 1.0, command.shape) * noise
    group = table_of(taken({"action": command[rows], "state": state[rows]})).groups[0]
    ((found, begins, ends),) = [(one.name, one.first, one.last) for one in rows_lost(group)]
    assert (found, begins, ends) == (name, first, last)


def test_rows_that_are_whole_leap_nowhere():
    assert reasons(ALL) == []


def test_rows_in_another_order_are_no_factor_of_a_speed():
    """The speed is another one in them alone; one that counts in another unit does so beside them."""
    t = np.arange(300) / RATE
    q, v = np.sin(1.1 * t), 1.1 * np.cos(1.1 * t)
    part, order = slice(100, 130), np.random.default_rng(4).permutation(30)
    q[part], v[part] = q[part][order], v[part][order]
    for factor, by_rows in ((1.0, True), (0.5, False)):
        columns = {"measured": q, "velocity": factor * v}
        group = Group(t, 1.0 / RATE, (RecordedChannel("joint", columns, {}, {}, "rad"),))
        one = Difference.over(t, ("joint",), "velocity", None, 1.0, "rad/s", "factor", certain=True, numbers={"factor": 0.45})
        assert by_lost_rows(one, group, [(100, 129)]) == by_rows
        assert not by_lost_rows(one, group, [])
