"""A speed that is a multiple of what its position rises by, beside speeds that all are what theirs do, and beside none that is."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.replay.residual import whole_takes
from shiliu.replay.residual.relations import Relation
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS = 20.0, 300
T = np.arange(ROWS) / RATE


def factors(gains, within=0.0):
    """Those of speeds that are so many times the rises of their positions: (channel, whether it is sure).

    Args:
        within: [rad/s] by which speeds change within a row, and their positions with them.
    """
    channels, due = [], []
    for j, gain in enumerate(gains):
        v = 0.3 * np.cos((0.5 + 0.1 * j) * T)
        due.append(v)
        columns = {"measured": np.cumsum(v) / RATE, "velocity": gain * v + within * np.random.default_rng(j).standard_normal(ROWS)}
        channels.append(RecordedChannel(f"joint_{j}", columns, dict.fromkeys(columns, "state"), dict.fromkeys(columns, "state"), "rad"))
    group = Group(T, 1.0 / RATE, tuple(channels))
    relations = [[relation(channel, gain, v)] for channel, gain, v in zip(channels, gains, due)]
    found = [d for c, own in zip(channels, relations) for d in whole_takes.parameters(group, c, own, relations, {})]
    return [(d.channels[0], d.certain) for d in found if d.name == "factor"]


def relation(channel, gain, due):
    return Relation("derivative", "velocity", {}, 0.0, channel.columns["velocity"] - due, 1e-3, gain)


@pytest.mark.parametrize(
    ("gains", "sure"),
    [
        ((1.0, 1.01, 0.99, 1.02, 1.3), {"joint_4"}),
        ((0.875, 1.169, 0.828, 1.119, 0.976, 1.083, 1.013), set()),  # rises of positions in coarse steps
        ((0.875, 1.169, 0.828, 1.119, 0.976, 1.083, 2.0), {"joint_6"}),  # far from all of them
        ((1.0, 1.01, 0.99, 1.02, 1.05), set()),
    ],
)
def test_a_factor_of_a_speed_is_sure_where_those_of_the_others_scatter_less(gains, sure):
    assert {name for name, is_sure in factors(gains) if is_sure} == sure


@pytest.mark.parametrize(("within", "sure"), [(0.0, True), (0.02, True), (0.1, False)])
def test_a_speed_of_a_motion_that_is_quicker_than_rows_is_no_multiple_of_their_rises(within, sure):
    """To undo the factor leaves most of what the speed departs by."""
    assert ("joint_4", sure) in factors((1.0, 1.0, 1.0, 1.0, 1.2), within)
