"""Rows of several columns that stand in another order for a while, and what only looks so: noise, blows, single columns."""

import numpy as np
import pytest
from shiliu.replay.residual.mixed_rows import rows_mixed
from shiliu.replay.residual.table import Group, RecordedChannel

RATE, ROWS, JOINTS = 30.0, 300, 6
T = np.arange(ROWS) / RATE
NAMES = {"command": "action", "measured": "state"}


def columns(seed: int) -> dict[str, np.ndarray]:
    """Commands (n, k) of a person, and joints behind them by 0.1 s with the noise of encoders."""
    rng = np.random.default_rng(seed)
    f, phase = rng.uniform(0.2, 0.5, JOINTS), rng.uniform(0.0, 6.0, (3, JOINTS))
    c, q = (
        0.5 * np.sin(2 * np.pi * f * t[:, None] + phase[0]) + 0.05 * np.sin(2 * np.pi * 1.3 * t[:, None] + phase[1])
        for t in (T, T - 0.1)
    )
    return {"command": c, "measured": q + 3e-4 * rng.standard_normal((ROWS, JOINTS))}


def found_in(of: dict[str, np.ndarray]):
    channels = (RecordedChannel(f"joint_{j}", {k: x[:, j].copy() for k, x in of.items()}, NAMES, NAMES, "rad") for j in range(JOINTS))
    return list(rows_mixed(Group(T, 1.0 / RATE, tuple(channels))))


def shuffled(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.permutation(n)


def pairs(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.arange(n // 2 * 2).reshape(-1, 2)[:, ::-1].ravel()


def rotated(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.roll(np.arange(n), n // 3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", [shuffled, pairs, rotated])
@pytest.mark.parametrize("kinds, kind", [(("command",), "command"), (("measured",), "measured"), (("command", "measured"), "rows")])
def test_rows_in_another_order_are_named_with_their_columns(seed, order, kinds, kind):
    of, rng = columns(seed), np.random.default_rng(seed)
    rows, some = 120 + order(rng, 12), slice(None) if kind == "rows" else slice(1, 5)
    for one in kinds:
        of[one][120:132, some] = of[one][rows, some]
    found = found_in(of)
    assert [(d.kind, d.name, d.certain) for d in found] == [(kind, "reordered", True)], found
    assert abs(found[0].first - 120) <= 2 and abs(found[0].last - 131) <= 2
    assert set(found[0].channels) <= {f"joint_{j}" for j in range(JOINTS)[some]} and len(found[0].channels) >= 2


def clean(rng, x):
    pass


def noise(rng, x):
    """Each column trembles by itself."""
    x[120:132] += 0.1 * rng.standard_normal((12, JOINTS))


def blow(rng, x):
    """Something strikes the arm, which rings."""
    x[120:150] += 0.06 * np.exp(-np.arange(30) / 5.0)[:, None] * np.sin(1.3 * np.arange(30))[:, None] * rng.uniform(0.3, 1.0, JOINTS)


def spike(rng, x):
    x[125] += rng.uniform(0.05, 0.2, JOINTS)


def one_column(rng, x):
    x[120:132, 2] = x[120 + rng.permutation(12), 2]


def ends(rng, x):
    x[:3] += 0.2 * rng.standard_normal((3, JOINTS))
    x[-2:] += 0.2 * rng.standard_normal((2, JOINTS))


def lost(rng, x):
    x[120:] = np.concatenate([x[126:], np.repeat(x[-1:], 6, axis=0)])


def seam(rng, x):
    """A new chunk of a policy begins where the last one was two rows and a half before."""
    back = 2.45 * (x[126] - x[125])
    x[126:] -= back


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("change", [clean, noise, blow, spike, one_column, ends, lost, seam])
def test_what_no_order_of_rows_makes_smooth(seed, change):
    of, rng = columns(seed), np.random.default_rng(seed)
    for x in of.values():
        change(rng, x)
    assert found_in(of) == []
