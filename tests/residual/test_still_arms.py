"""Arms that do not move while all their joints are commanded to."""

import numpy as np
import pytest
from servo_takes import NAMES, RULES, motion, taken
from shiliu.replay.checks.witnesses import check_differs
from shiliu.replay.residual.bodies import ComparedColumns

TREMBLE = np.random.default_rng(0).normal(0.0, 1.0, motion(3)["state"].shape)


def differs(state):
    recording = taken({"action": motion(3)["action"], "state": state}, without=("velocity",))
    return check_differs(ComparedColumns(recording, {}), RULES)[0]


@pytest.mark.parametrize("noise", [0.0, 2e-4, 1e-3])
def test_an_arm_without_power_has_one_value_in_all_rows(noise):
    finding = differs(np.tile(motion(3)["state"][:1], (len(TREMBLE), 1)) + noise * TREMBLE)
    assert (finding.level, finding.details["kind"], finding.signal) == ("FAIL", "held_value", "measured")
    assert set(finding.subject) == set(NAMES) and finding.details["others"] == []


@pytest.mark.parametrize("follows", [0.3, 1.0])
def test_an_arm_that_goes_a_part_of_its_way_is_not_still(follows):
    state = motion(3)["state"]
    assert differs(state[0] + follows * (state - state[0]) + 2e-4 * TREMBLE).details.get("kind") != "held_value"


def test_one_joint_that_goes_tells_that_the_arm_has_power():
    state = motion(3)["state"]
    still = np.where(np.arange(6) == 2, state, state[:1]) + 2e-4 * TREMBLE
    assert set(differs(still).subject) != set(NAMES)


def test_an_arm_at_rest_to_which_commands_leap_for_a_while_was_not_led_anywhere():
    """Other columns stand in the place of its own."""
    action = np.tile(motion(3)["action"][:1], (len(TREMBLE), 1))
    action[60:90] += 0.9
    recording = taken({"action": action, "state": action[:1] + 2e-4 * TREMBLE}, without=("velocity",))
    finding = check_differs(ComparedColumns(recording, {}), RULES)[0]
    assert finding.details.get("column") != "measured"
