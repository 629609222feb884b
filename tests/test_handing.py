"""Handing over: the operator feels a pull that is there, and none that is not."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.replay.skills.arm import Arm, posture
from shiliu.replay.skills.handing import HoldUntilPulled
from shiliu.scenarios.robot import load_robot

TIMESTEP, STIFFNESS = 1 / 30, 100.0


@pytest.fixture(scope="module")
def arm():
    return Arm(load_robot(), "left", posture("ready", "left"), TIMESTEP, 0.05, STIFFNESS, np.random.default_rng(0))


class Held:
    """A body whose left hand holds something that weighs 3.6 N, and at which somebody pulls, as (n, 3) [N] a control step."""

    def __init__(self, arm, pulls):
        self.arms, self.loads, self.timestep, self.given_up = (
            {"left": arm},
            {"left": np.array([0.0, 0.0, -3.6])},
            TIMESTEP,
            None,
        )
        self.pulls, self.step, self.let_go_at = pulls, 0, None

    def site(self, name):
        return np.array([1.1, 0.0, 1.1]), np.eye(3)

    def joint(self, name):
        """As the servo gives way: the torque of a force at the hand over the stiffness."""
        arm = self.arms["left"]
        force = self.loads["left"] + self.pulls[min(self.step, len(self.pulls) - 1)]
        names = [f"zarm_l{i}_joint" for i in range(1, 8)]
        return float(
            (arm.command + arm.yielding(force / np.linalg.norm(force), 0.0) * np.linalg.norm(force))[names.index(name)]
        )

    def let_go(self, side, gap, seconds):
        self.let_go_at = self.step
        yield


def waits(arm, pulls, **changed):
    """The control step at which it lets go, None where it never does."""
    values = {
        name: argument.default for name, argument in HoldUntilPulled.arguments.items() if name not in ("hand", "person")
    }
    body = Held(arm, pulls)
    skill = HoldUntilPulled({**values, "hand": "left", "person": "chest", "patience": 4.0, **changed})
    for _ in skill.run(body):
        body.step += 1
    return body


def test_the_force_of_a_displacement_is_the_force_that_made_it(arm):
    for force in (np.array([4.0, 0.0, 0.0]), np.array([0.0, -3.0, 2.0])):
        size = np.linalg.norm(force)
        felt = arm.force_of(arm.yielding(force / size, 0.0) * size)
        assert felt == pytest.approx(force, abs=1e-9)


@pytest.mark.parametrize("pull", [3.0, 8.0])
def test_it_lets_go_soon_after_the_pull(arm, pull):
    toward = np.array([1.0, 0.0, 0.0])
    leaning = [-12.0 * np.exp(-t / 12) * toward for t in range(45)]
    pulls = np.array(leaning + [min(t / 9, 1.0) * pull * toward for t in range(60)])
    body = waits(arm, pulls)
    assert 0.0 < (body.let_go_at - 45) * TIMESTEP < 0.4


def test_it_holds_on_while_somebody_pushes_or_lifts(arm):
    assert waits(arm, np.array([[-5.0, 0.0, 0.0]])).given_up == "nobody pulled with 2.0 N"
    assert waits(arm, np.array([[0.0, 0.0, 3.0]])).let_go_at is None
    assert waits(arm, np.array([[6.0, 0.0, 0.0]]), force=100.0).let_go_at is None


def test_it_can_be_told_to_let_go_unasked(arm):
    body = waits(arm, np.array([[0.0, 0.0, 0.0]]), unasked=0.6)
    assert body.let_go_at * TIMESTEP == pytest.approx(0.6, abs=0.05)
