"""Handing over: the operator waits for a hand, feels a pull that is there and none that is not, and makes room when it opens."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import make_readings
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.replay.operator.senses.senses import Senses
from shiliu.replay.operator.skills.hand_over.offer import HandOverOffer
from shiliu.replay.operator.skills.hand_over.pulled import ROOM, HandOverPulled
from shiliu.scenarios.robots.postures import posture
from shiliu.scenarios.robots.robot import load_robot
from shiliu.scenarios.sensing.requests import Request

TIMESTEP, STIFFNESS = 1 / 30, 100.0
TOWARD = np.array([1.0, 0.0, 0.0])
LOAD = np.array([0.0, 0.0, -3.6])


@pytest.fixture
def arm():
    return Arm(load_robot(), "left", posture("ready", "left", "kuafu"), TIMESTEP, 0.05, STIFFNESS, np.random.default_rng(0))


class Held:
    """A body whose left hand holds something that weighs 3.6 N, and at which somebody pulls, as (n, 3) [N] a control step."""

    def __init__(self, arm, pulls, touched=(0.0, 0.0)):
        self.senses = self
        self.arms, self.loads, self.timestep, self.given_up = {"left": arm}, {"left": LOAD}, TIMESTEP, None
        self.pulls, self.touched, self.step, self.let_go_at = np.asarray(pulls), touched, 0, None

    def site(self, name):
        return np.array([1.1, 0.0, 1.1]), np.eye(3)

    def feel(self, side):
        return LOAD + self.pulls[min(self.step, len(self.pulls) - 1)]

    def touch(self, side):
        return np.array(self.touched)

    def let_go(self, side, gap, seconds):
        self.let_go_at = self.step
        for _ in range(round(seconds / TIMESTEP)):
            yield


def waits(arm, pulls, touched=(0.0, 0.0), **changed):
    """What was done: `let_go_at` is the control step at which it began to open, None where it never did."""
    values = {
        name: argument.default for name, argument in HandOverPulled.arguments.items() if name not in ("hand", "person")
    }
    body = Held(arm, pulls, touched)
    skill = HandOverPulled({**values, "hand": "left", "person": "chest", "at_most": 4.0, **changed})
    for _ in skill.run(body):
        body.step += 1
    return body


def test_fingers_feel_what_they_bear():
    front, back = (Request("contact_force", f"tree:left_finger_{which}") for which in ("front", "back"))
    # what the sensors give is how the fingers push at the world: 30 N against each other, 1.8 N each against the weight
    readings = make_readings({front: [0.0, -30.0, 1.8], back: [-3.0, 30.0, 1.8]})
    body = SimpleNamespace(readings=readings, scene=SimpleNamespace(robot=load_robot()))
    assert Senses.feel(body, "left") == pytest.approx([3.0, 0.0, -3.6])


@pytest.mark.parametrize("pull", [3.0, 8.0])
def test_it_lets_go_soon_after_the_pull(arm, pull):
    leaning = [-12.0 * np.exp(-t / 12) * TOWARD for t in range(45)]
    pulls = np.array(leaning + [min(t / 6, 1.0) * pull * TOWARD for t in range(60)])
    body = waits(arm, pulls)
    assert 0.0 < (body.let_go_at - 45) * TIMESTEP < 0.25


def test_it_holds_on_while_somebody_pushes_or_lifts(arm):
    assert waits(arm, [[-5.0, 0.0, 0.0]]).given_up == "nobody pulled with 1.7 N"
    assert waits(arm, [[0.0, 0.0, 3.0]]).let_go_at is None
    assert waits(arm, [[6.0, 0.0, 0.0]], force=100.0).let_go_at is None


@pytest.mark.parametrize(("steps", "opens"), [(2, False), (3, True)])
def test_a_slip_is_no_pull(arm, steps, opens):
    pulls = np.zeros((60, 3))
    pulls[20 : 20 + steps, 0] = 3.7
    assert (waits(arm, pulls).let_go_at is not None) is opens


def test_it_can_be_told_to_let_go_unasked(arm):
    body = waits(arm, [[0.0, 0.0, 0.0]], unasked=0.6)
    assert body.let_go_at * TIMESTEP == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize(("touched", "aside"), [((8.0, 0.0), 1.0), ((0.0, 8.0), -1.0), ((0.0, 0.0), 0.0)])
def test_an_opening_hand_makes_room_on_the_side_that_is_touched(arm, touched, aside):
    (before, frame), pulls = arm.hand(), np.tile(5.0 * TOWARD, (60, 1))
    waits(arm, pulls, touched)
    moved = frame.T @ (arm.hand()[0] - before)
    assert np.sign(round(moved[1], 4)) == aside and abs(moved[1]) < ROOM + 0.005
    assert abs(moved[1]) >= 0.008 * abs(aside) and np.abs(moved[[0, 2]]).max() < 1e-3


class Offering(HandOverOffer):
    """Where the handle is brought to, without moving."""

    def _bring(self, body, goal, way, grip=None):
        self.values.setdefault("brought", []).append((body.step, goal, way))
        yield from ()


def offers(arm, hand_at):
    """What is brought where, to somebody who sits facing the robot and whose right hand is at `hand_at(step)`."""
    values = {name: argument.default for name, argument in HandOverOffer.arguments.items()}
    values |= {"hand": "left", "handle": "handle", "of": "cup", "person": "chest", "at_most": 4.0, "before": 0.1}
    skill = Offering(values | {"left_grip": "left", "right_grip": "right"})
    facing = np.diag([-1.0, -1.0, 1.0])

    class Seen(Held):
        def site(self, name):
            places = {"chest": [1.1, -0.06, 0.9], "left_shoulder": [0.0, 0.29, 1.2], "left": [0.8, -0.3, 0.56]}
            places |= {"right": hand_at(self.step), "handle": [0.6, 0.1, 0.9]}
            return np.array(places[name]), facing

        def aim(self):
            return np.zeros(3)

    body = Seen(arm, [[0.0, 0.0, 0.0]])
    for _ in skill.run(body):
        body.step += 1
    return skill.values["brought"], body


def test_it_waits_until_a_hand_that_is_held_out_has_come_to_rest(arm):
    # lifted in two seconds, held out level in another half, then still: a hand at an even height may still be on its way
    def hand(step):
        lifted, out = min(step / 60, 1.0), min(max(step - 60, 0) / 15, 1.0)
        return [0.9 - 0.2 * out, 0.1, 0.56 + 0.34 * lifted]

    ((_, waiting, _), (begun, goal, way)), body = offers(arm, hand)
    assert 75 + 8 <= begun <= 75 + 11  # 0.3 s of rest
    assert goal == pytest.approx([0.6, 0.1, 0.9]) and way == pytest.approx([1.0, 0.0, 0.0])  # towards whom it is given
    assert np.linalg.norm((waiting - [1.1, -0.06, 0.9])[:2]) == pytest.approx(0.5) and body.loads["left"][2] == -3.6


def test_it_does_not_wait_for_ever(arm):
    brought, _ = offers(arm, lambda step: [0.8, 0.1, 0.56 + 0.1 * (step % 2)])
    assert brought[1][0] == round(4.0 / TIMESTEP)
