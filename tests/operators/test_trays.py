"""Hands that raise what can only go straight up: they give way to what presses them aside, and to nothing that they do by themselves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.replay.operator.skills.fitting import WEIGHT
from shiliu.replay.operator.skills.take.both_hands import give_way
from shiliu.scenarios.robots.postures import posture
from shiliu.scenarios.robots.robot import load_robot

STEP, LAG, STIFFNESS = 1 / 30, 0.1, 500.0
UP, ASIDE = np.array([0.0, 0.0, 1.0]), np.array([0.6, 0.8, 0.0])
WALL = 4000.0  # N/m
SUB = 8


class Body:
    """A body whose left arm follows its commands as a servo does, with a force of the world on its hand (3,) [N] where it is."""

    def __init__(self, force):
        self.arm = Arm(load_robot(), "left", posture("ready", "left", "kuafu"), STEP, LAG, STIFFNESS, np.random.default_rng(0))
        self.arms = {"left": self.arm}
        self.there, self.force = self.arm.q.copy(), force
        self.names = [f"joint_{i}" for i in range(7)]
        self.senses = SimpleNamespace(joint=lambda name: self.there[self.names.index(name)])
        self.scene = SimpleNamespace(robot=SimpleNamespace(arm_of=lambda side: self.names))

    def hand(self):
        return self.arm.kinematics(self.there)[0]

    def perform(self, motion):
        for _ in motion:
            for _ in range(SUB):
                place, _, jacobian = self.arm.kinematics(self.there)
                torque = jacobian[:3].T @ self.force(place)
                self.there = self.there + STEP / SUB * (self.arm.command - self.there + torque / STIFFNESS) / LAG


def raised(body, way, weight=0.0, speed=0.1):
    place, frame = body.arm.hand()
    path = body.arm.line([(place + way, frame)], speed, orient=WEIGHT)
    aside = np.zeros(7)
    body.perform(give_way(body, "left", body.arm.follow(path, tremor=0.0), lambda t: weight, aside))
    body.perform(give_way(body, "left", body.arm.hold(2.0), lambda t: weight, aside))
    return aside


@pytest.mark.parametrize("speed", [0.03, 0.12])
def test_a_hand_that_moves_freely_gives_way_to_nothing(speed):
    body = Body(lambda place: np.zeros(3))
    begin = body.hand()
    raised(body, 0.05 * UP + 0.02 * ASIDE, speed=speed)
    # where what the servos take to move counts as pushing, the hand leaves its way by 190 mm
    assert np.allclose(body.hand() - begin, 0.05 * UP + 0.02 * ASIDE, atol=8e-3)


def test_a_hand_that_is_pressed_aside_gives_way_and_still_bears_its_weight():
    begin, pressed = Body(lambda place: np.zeros(3)).hand(), []

    def posts(place):  # it can only go up, and weighs 20 N
        pressed.append(-WALL * (place - begin) * [1.0, 1.0, 0.0])
        return pressed[-1] - 20.0 * UP

    body = Body(posts)
    raised(body, 0.05 * UP + 0.04 * ASIDE, weight=20.0)
    assert max(np.linalg.norm(one) for one in pressed) < 40.0  # N
    assert np.linalg.norm(pressed[-1]) < 0.5
    assert (body.hand() - begin) @ UP == pytest.approx(0.05, abs=0.03)
