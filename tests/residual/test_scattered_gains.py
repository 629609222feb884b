"""A speed that is a multiple of what its position rises by, beside speeds that all are what theirs do, and beside none that is."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.replay.residual import whole_takes
from shiliu.replay.residual.relations import Relation
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS = 20.0, 300
T = np.arange(ROWS) / RATE


def factors(gains):
    """Those of speeds that are so many times the rises of their positions: (channel, whether it is sure)."""
    channels = []
    for j in range(len(gains)):
        v = 0.3 * np.cos((0.5 + 0.1 * j) * T)
        columns = {"measured": np.cumsum(v) / RATE, "velocity": v}
        channels.append(RecordedChannel(f"joint_{j}", columns, dict.fromkeys(columns, "state"), dict.fromkeys(columns, "state"), "rad"))
    group = Group(T, 1.0 / RATE, tuple(channels))
    relations = [[relation(channel, gain)] for channel, gain in zip(channels, gains)]
    found = [d for c, own in zip(channels, relations) for d in whole_takes.parameters(group, c, own, relations, {})]
    return [(d.channels[0], d.certain) for d in found if d.name == "factor"]


def relation(channel, gain):
    return Relation("derivative", "velocity", {}, 0.0, np.zeros(ROWS), 1e-3, gain)


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
