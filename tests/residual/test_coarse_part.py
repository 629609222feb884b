"""Columns that are on whole steps for a part of a take, and what only looks so."""

import numpy as np
import pytest
from shiliu.replay.residual.coarse_part import coarse_parts
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS = 15.0, 300
T = np.arange(ROWS) / RATE
NAMES = {"command": "action", "measured": "state"}


def columns(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    at = rng.uniform(0.0, 6.0)
    c, q = (0.3 * np.sin(0.7 * t + at) + 0.1 * np.sin(1.9 * t + 2.0 * at) for t in (T, T - 0.1))
    q = q + 2e-4 * rng.standard_normal(ROWS)
    return {kind: x.astype(np.float32).astype(float) for kind, x in (("command", c), ("measured", q))}


def found_in(of: dict[str, np.ndarray], unit: str = "rad"):
    other = columns(99)
    channels = (RecordedChannel(name, x, NAMES, NAMES, unit) for name, x in (("joint_1", of), ("joint_2", other)))
    return coarse_parts(Group(T, 1.0 / RATE, tuple(channels)))


def rounded(x):
    return np.round(x / 0.06) * 0.06


def truncated(x):
    return np.trunc(x / 0.06) * 0.06


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["command", "measured"])
@pytest.mark.parametrize("change", [rounded, truncated])
def test_a_part_on_whole_steps_is_named_with_its_step_and_rows(seed, kind, change):
    of = columns(seed)
    of[kind][100:180] = change(of[kind][100:180])
    (one,) = found_in(of)
    assert (one.channels, one.kind, one.name, one.certain) == (("joint_1",), kind, "quantised", True)
    assert one.numbers["step"] == pytest.approx(0.06) and abs(one.first - 100) <= 3 and abs(one.last - 179) <= 3


def clean(x):
    return x


def coarse_all_along(x):
    return np.round(x / 0.05) * 0.05


def fine(x):
    """Encoders of 1024 steps in a turn."""
    return np.round(x / 0.0061) * 0.0061


def stands(x):
    out = x.copy()
    out[100:180] = 0.12
    return out


def between_three_places(x):
    """A person who leads to a place, waits, and goes on."""
    out = x.copy()
    for k, place in enumerate((0.1, 0.2, 0.3)):
        out[100 + 20 * k : 120 + 20 * k] = place + 0.004 * k
    return out


def straight(x):
    """Led from nought at an even speed, there and back."""
    out = x.copy()
    out[100:140] = 0.04 * np.concatenate([np.arange(20), np.arange(20, 0, -1)])
    return out


def interpolated(x):
    """On a grid, then put onto times between."""
    rows = np.arange(ROWS) * 0.4
    return np.interp(rows, np.arange(ROWS), np.round(x, 2))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("change", [clean, coarse_all_along, fine, stands, between_three_places, straight, interpolated])
def test_what_is_on_steps_all_along_or_by_chance_is_none(seed, change):
    of = {kind: change(x) for kind, x in columns(seed).items()}
    assert found_in(of) == []
