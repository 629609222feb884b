"""Speeds of the hands' drives against what their positions rise by; of the two, the rougher one is the one that was not measured so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..signals.statistics import resolution, scatter
from .departures import WitnessedColumn, departures, has_a_shape, joined, rows_of
from .difference import Difference
from .relations import shifted
from .table import Group

# shares of the way a second; a hand that strikes something leaves 0.21 in 24 clean takes of six scenarios
LIMIT, SURE = 0.35, 0.5
STEADY, ROWS = 0.1, 31  # the same of the mean over so many rows
ROUGHER = 2.0
OF_TIME = ("lag", "rate")  # reasons of a speed that has all that its position does, and no leap of a position is one
SIGMAS, COARSEST = 6.0, 0.01  # of what positions scatter by, and of the way that they step by, which add to the limits over a row's time
PERCENT = 100.0  # fingers that are measured one by one are coarser than this, and their speeds are filtered


def check_hand_speeds(group: Group, found: Sequence[Difference], widened: float = 1.0) -> list[Difference]:
    """Where a hand's speed is not what its position rises by.

    Args:
        widened: times the limits, of rows that are not the device's own.
        found: what the group contradicts itself in; hands that stand there are left out.
    """
    out: list[Difference] = []
    for channel in group.channels:
        if not {"measured", "velocity"} <= set(channel.columns) or channel.way != PERCENT or group.n <= ROWS:
            continue
        q, v = channel.columns["measured"], channel.columns["velocity"]
        rises = np.diff(q) / np.diff(group.t)
        before, after = np.concatenate([rises[:1], rises]), np.concatenate([rises, rises[-1:]])
        low, high = np.minimum(before, after), np.maximum(before, after)
        middle = 0.5 * (low + high)
        # a position that is elsewhere for a row and back in the next one, of which the speed knows nothing
        back = np.where(before * after < 0.0, np.minimum(np.abs(before), np.abs(after)), 0.0)
        near = np.maximum(np.abs(v), np.maximum(np.abs(shifted(v, 1)), np.abs(shifted(v, -1))))
        rest = np.maximum(np.abs(v - np.clip(v, low, high)), back - 2.0 * near)
        mean = np.zeros_like(v)
        half = ROWS // 2
        mean[half : group.n - half] = np.convolve(v - middle, np.full(ROWS, 1.0 / ROWS), "valid")
        own = (SIGMAS * np.sqrt(2.0) * scatter(q[:, None])[0] + min(resolution(q[:, None])[0], COARSEST)) / group.dt
        size = np.maximum(rest / (LIMIT + own), np.abs(mean) / (STEADY + own / ROWS)) / widened
        size[rows_of((d for d in found if channel.name in d.channels), group.n)] = 0.0
        path = np.concatenate([[0.0], np.cumsum(0.5 * (v[1:] + v[:-1]) * np.diff(group.t))])
        bad, sure = size > 1.0, size > SURE / LIMIT
        speed, place = (
            WitnessedColumn(
                channel.name, kind, unit, channel.topics[kind], group.t, x, truth, bad, sure, limit, 0.01, bound="hand_speed"
            )
            for kind, unit, x, truth, limit in (
                ("velocity", "1/s", v, middle, LIMIT), ("measured", "1", q, path + float(np.median(q - path)), 0.05),
            )
        )  # fmt: skip
        stretches = joined(bad)
        if len(stretches) > 1 and len(one := departures(speed)) == 1 and has_a_shape(one[0]) and one[0].name in OF_TIME:
            out += one  # whichever is rougher in each
            continue
        rougher = np.zeros(group.n, bool)
        for first, last in stretches:
            span = slice(max(0, first - 2), last + 3)
            rougher[first : last + 1] = np.abs(np.diff(rises[span])).sum() > ROUGHER * np.abs(np.diff(v[span])).sum()
        for column, rows in ((speed, bad & ~rougher), (place, bad & rougher)):
            out += departures(replace(column, bad=rows, sure=rows & sure))
    return out
