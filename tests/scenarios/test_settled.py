"""What is simulated before time zero is simulated once for the same bytes, and anew for others."""

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts import settled
from shiliu.scenarios.parts.settled import stepped

BALL = """<mujoco><worldbody><body pos="0.1 0.2 0.3"><joint type="slide" axis="0 0 1" damping="{damping}"/><geom size="0.1"/></body>
</worldbody></mujoco>"""


@pytest.fixture
def steps(monkeypatch):
    """Physics steps that were taken; nothing is kept yet."""
    taken, step = [], mujoco.mj_step
    monkeypatch.setattr(settled, "_kept", {})
    monkeypatch.setattr(settled.mujoco, "mj_step", lambda model, data: taken.append(1) or step(model, data))
    return taken


def falls(damping=1.0, start=0.0, steps=20):
    return stepped(mujoco.MjModel.from_xml_string(BALL.format(damping=damping)), np.array([start]), np.zeros(0), steps)


def test_the_same_bytes_are_simulated_once_and_nobody_changes_what_is_kept(steps):
    first = falls()
    was = first.tobytes()
    first[:] = 7.0
    assert falls().tobytes() == was and len(steps) == 20


@pytest.mark.parametrize("other", [{"damping": 1.1}, {"start": 1e-9}, {"steps": 21}])
def test_other_bytes_are_simulated_anew(steps, other):
    was = falls()
    assert falls(**other).tobytes() != was.tobytes() and len(steps) == 20 + other.get("steps", 20)


def test_only_the_last_ones_are_kept(steps, monkeypatch):
    monkeypatch.setattr(settled, "KEPT", 2)
    for start in (0.0, 1.0, 0.0, 2.0, 0.0):
        falls(start=start)
    assert len(steps) == 60  # the first is asked for often enough
    falls(start=1.0)
    assert len(steps) == 80
