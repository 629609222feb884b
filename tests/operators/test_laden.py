"""Who walks with a heavy load starts and stops more gently, and comes to the same place."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shiliu
from shiliu.replay.operator.limbs.base import GENTLE, HEAVY, LADEN, Base
from shiliu.replay.operator.limbs.people import Bystanders
from shiliu.replay.operator.skills.walk.plain import WalkPlain


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("material_handling")


def walked(scene, gently: float) -> tuple[float, float, float]:
    """A metre ahead at 0.3 m/s by a base that does as it is commanded: [m] left, time [s], largest acceleration of the command [m/s2]."""
    base = Base(scene, Bystanders(scene))
    base.at, base.yaw = np.zeros(2), 0.0
    most, time = 0.0, 0.0
    target = np.array([1.0, 0.0])
    for _ in range(900):
        before = base.command.copy()
        left = base.go(target, 0.0, 0.3, 0.4, gently)
        most = max(most, float(np.hypot(*(base.command - before)[:2])) / base.timestep)
        if left < 0.01 and np.abs(base.command[:2]).max() < 0.01:
            break
        time += base.timestep
        base.speeds = base.command[:3].copy()
        base.at = base.at + base.speeds[:2] * base.timestep
    return float(np.hypot(*(target - base.at))), time, most


def test_a_laden_walk_is_half_as_hard_and_ends_at_the_same_place(scene):
    left, time, hardest = walked(scene, LADEN)
    usual_left, usual, usually = walked(scene, 1.0)
    assert left < 0.01 and usual_left < 0.01
    assert hardest == pytest.approx(LADEN * GENTLE[0], rel=1e-6)
    assert usually == pytest.approx(GENTLE[0], rel=1e-6)
    assert usual + 0.5 < time < usual + 4.0


@pytest.mark.parametrize(("weight", "gently"), [(HEAVY - 1.0, 1.0), (HEAVY + 1.0, LADEN)])
def test_what_both_hands_bear_decides_how_gently_it_walks(scene, monkeypatch, weight, gently):
    shares = []

    def walk(place, yaw, speed, turning, within, aimed, patience, share, settles):
        shares.append(share)
        return True
        yield

    base = Base(scene, Bystanders(scene))
    monkeypatch.setattr(base, "walk", walk)
    state = SimpleNamespace(
        base=base,
        steady=None,
        walks_on=False,
        held={"left": "crate", "right": "crate"},
        senses=SimpleNamespace(feel=lambda side: np.array([0.0, 0.0, -0.5 * weight])),
        ways=SimpleNamespace(walk=lambda ways: ways),
    )
    skill = WalkPlain({"speed": 0.3, "turning": 0.4, "within": 0.01, "yaw": None})
    assert list(skill.go(state, np.array([0.2, 0.0]), 0.0)) == []
    assert shares and set(shares) == {gently}
