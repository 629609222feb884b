"""A goal as a record bears it out: to its advantage by what the record may be off by, and silent about what it does not hold."""

import numpy as np
import pytest
from shiliu.scenarios.scene.goal import conditions
from shiliu.scenarios.sensing.predicate import All, Angle, Below, Near
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sensing.scalar_goal import ScalarGoal
from shiliu.scenarios.sensing.temporal import Goal, Never, Subgoal, witnessed
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

BOWL, PLATE, DOOR = Request("site_position", "bowl"), Request("site_position", "plate"), Request("joint_position", "door")
NEAR, LOW, OPEN = Near(BOWL, PLATE, 0.1), Below(BOWL, 0.05), Angle(DOOR, 1.0, True)


@pytest.mark.parametrize(("x", "step", "never"), [(0.08, 0.05, -0.01), (0.12, 0.01, -0.05), (0.14, -0.01, -0.07), (0.06, 0.07, 0.01)])
def test_slack_is_granted_to_a_step_and_taken_from_a_failure_mode(readings, x, step, never):
    """The bowl lies x m beside the plate, 0.1 are allowed, and a record may be off by 0.03."""
    goal = Goal((Subgoal("served", NEAR, 0.0),), (Never("collided", NEAR, 0.0),), 0.1)
    seen = witnessed(goal, frozenset({BOWL.name, PLATE.name}), {NEAR.unit: 0.03})
    taken = readings({BOWL: [x, 0.0, 0.0], PLATE: [0.0, 0.0, 0.0]})
    assert seen.subgoals[0].predicate.margin(taken) == pytest.approx(step)
    assert seen.nevers[0].predicate.margin(taken) == pytest.approx(never)


def test_what_no_record_holds_is_neither_missed_nor_has_it_happened(readings):
    goal = Goal((Subgoal("open", All((OPEN, LOW)), 0.0),), (Never("slammed", OPEN, 0.0),), 0.1)
    seen = witnessed(goal, frozenset({BOWL.name}), {})
    for height, held in ((0.02, True), (0.3, False)):
        taken = readings({BOWL: [0.0, 0.0, height], DOOR: [0.0]})
        assert (seen.subgoals[0].predicate.margin(taken) >= 0) == held
        assert seen.nevers[0].predicate.margin(taken) == -np.inf


def test_a_task_without_steps_is_never_a_success():
    follower = ScalarGoal(Goal((), (), 0.1))
    assert not follower.done and not follower.success


@pytest.mark.parametrize(
    ("sheet", "predicate", "values", "measured"),
    [
        ({"angle": {"of": "oven.door", "above": "1 rad"}}, OPEN, {DOOR: [0.7]}, 0.7),
        ({"angle": {"of": "oven.door", "below": "0.3 rad"}}, Angle(DOOR, 0.3, False), {DOOR: [0.7]}, 0.7),
        ({"near": {"of": "bowl.base", "to": "plate.top", "within": "100 mm"}}, NEAR, {BOWL: [0.3, 0.4, 0.0], PLATE: [0, 0, 0]}, 0.5),
        ({"below": {"of": "bowl.base", "height": "50 mm"}}, LOW, {BOWL: [0.1, 0.2, 0.31]}, 0.31),
    ],
)
def test_what_was_measured_follows_from_the_margin(readings, sheet, predicate, values, measured):
    (condition,) = conditions(Node(sheet, "goal.step", Problems()), predicate)
    assert condition.value(float(predicate.margin(readings(values)))) == pytest.approx(measured)
