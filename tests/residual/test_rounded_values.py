"""What rounding leaves of a joint says nothing of its servo: a joint that mostly rests is as late on a grid as without one."""

import numpy as np
import pytest
from servo_takes import RATE, ROWS, found, motion, servo, taken
from shiliu.replay.residual import relations, table
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.coarse_values import LARGEST, UNIFORM, rounding_of

STEP = 0.004  # rad
STIFFNESS, DAMPING = 450.0, 32.2  # [1/s²], [1/s]
LATE = DAMPING / STIFFNESS + 0.5 / RATE  # s: a command is held for a row


@pytest.fixture(scope="module")
def columns():
    """A head that nods once and rests, beside five joints that go to and fro."""
    columns = motion()
    x = np.clip((np.arange(ROWS) / RATE - 0.2) / 1.3, 0.0, 1.0)
    columns["action"][:, 5] = 0.494 * x**3 * (10.0 - 15.0 * x + 6.0 * x * x)
    columns["state"][:, 5] = servo(columns["action"][:, 5], STIFFNESS, DAMPING)[0]
    return columns


def delay_of_head(columns, phase):
    on = {name: (np.round(x / STEP + phase) - phase) * STEP for name, x in columns.items() if name != "velocity"}
    return relations.follows(ComparedColumns(taken(on)).table.groups[0])[5].delay


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
def test_a_joint_on_a_grid_is_as_late_as_it_was(columns, phase, monkeypatch):
    assert delay_of_head(columns, phase) == pytest.approx(LATE, abs=0.009)
    relations.follows.cache_clear()
    monkeypatch.setattr(table, "rounding_of", lambda x: 0.0)  # equal numbers of a head that rests outvote its nod
    assert delay_of_head(columns, phase) > LATE + 0.009
    relations.follows.cache_clear()


def test_only_numbers_on_a_fine_grid_are_rounded():
    smooth = np.sin(np.arange(900) / 50.0)
    for step in (0.001, 0.004):
        assert rounding_of(np.round(smooth / step) * step) == pytest.approx(step / UNIFORM, rel=1e-3)
    assert rounding_of(smooth) < 1e-5
    assert rounding_of(np.where(smooth > 0.0, 0.3, 0.2995)) == 0.0  # two numbers are no grid
    assert rounding_of(np.round(smooth / (2.0 * LARGEST)) * 2.0 * LARGEST) == 0.0  # so coarse is a fault


def stepwise(kind, step, by_keys):
    """Six joints, each commanded to and fro; one column of all of them in steps, that the joint is sent to or that were written."""
    columns = motion()
    command = 1.5 * columns["action"]
    rounded = np.round(command / step) * step
    sent = rounded if by_keys else command
    q = np.column_stack([servo(x, 900.0, 60.0)[0] for x in sent.T]) + np.random.default_rng(2).normal(0.0, 2e-4, command.shape)
    if by_keys:
        return {"action": rounded, "state": q}
    return {"action": rounded, "state": q} if kind == "command" else {"action": command, "state": np.round(q / step) * step}


@pytest.mark.parametrize("kind", ["command", "measured"])
def test_a_column_that_was_rounded_to_coarse_steps(kind):
    finding = found(stepwise(kind, 0.1, by_keys=False))
    assert finding.level == "FAIL" and finding.details["column"] == kind and finding.details["why"] == "why_quantised"
    assert len(finding.subject) >= 3


@pytest.mark.parametrize("step", [0.05, 0.1, 0.2])
def test_joints_that_are_sent_in_steps_go_there(step):
    """By keys, or by a planner that sends few places."""
    assert found(stepwise("command", step, by_keys=True)).details.get("why") != "why_quantised"
