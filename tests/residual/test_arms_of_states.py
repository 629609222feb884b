"""An arm with its states written as its commands was never commanded in the recording, as little as two are: a warning, and no fault."""

from dataclasses import replace

import numpy as np
import pytest
from body_takes import body_take
from servo_takes import RATE, found, motion
from shiliu.replay.residual.bodies import ComparedColumns

NAMES = tuple(f"{side}_joint_{k}" for side in ("left", "right") for k in range(1, 7))


def two_arms(joints, later):
    """What is found where some of twelve joints have their states, so many rows later, as commands."""
    columns = {name: np.concatenate([x, y], axis=1) for (name, x), y in zip(motion(3).items(), motion(4).values())}
    for j in joints:
        columns["action"][: len(columns["action"]) - later, j] = columns["state"][later:, j]
    return found(columns, names=NAMES)


@pytest.mark.parametrize("later", [0, 1])
def test_one_arm_is_no_worse_than_two(later):
    one, both = two_arms(range(6), later), two_arms(range(12), later)
    assert [f.level for f in (one, both)] == ["WARN", "WARN"]
    assert one.subject == NAMES[:6] and one.details["kind"] == both.details["kind"] == "measurement_as_command"


def clipped(x):
    return np.clip(x, *np.percentile(x, (3.0, 97.0), axis=0))


def in_half_floats(x):
    return x.astype(np.float16).astype(float)


def rounded(x):
    return np.round(x, 3)


@pytest.mark.parametrize("kept", [clipped, in_half_floats, rounded])
@pytest.mark.parametrize(("joints", "level"), [(range(12), "WARN"), ((1, 2), "FAIL")])
def test_states_that_a_policy_kept_otherwise_are_states_all_the_same(kept, joints, level):
    """Within the ends of what it may command, or with fewer figures; the last state stands for the one after it."""
    columns = {name: 2.5 * np.concatenate([x, y], axis=1) for (name, x), y in zip(motion(3).items(), motion(4).values())}
    columns["action"][:, list(joints)] = kept(np.vstack([columns["state"][1:], columns["state"][-1:]]))[:, list(joints)]
    finding = found(columns, names=NAMES)
    assert finding.level == level and set(finding.subject) == {NAMES[j] for j in joints}
    assert finding.details["kind"] == "measurement_as_command" or (level == "FAIL" and finding.details["column"] == "command")


@pytest.mark.parametrize("joints", [(1,), (0, 1, 2, 3, 4), (2, 8)])
def test_some_joints_of_an_arm_are_a_fault(joints):
    finding = two_arms(joints, 1)
    assert finding.level == "FAIL" and set(finding.subject) == {NAMES[j] for j in joints}
    assert finding.details["kind"] == "measurement_as_command"


@pytest.mark.parametrize(("by", "refused"), [(0.2, False), (2.0, True)])
@pytest.mark.parametrize("joints", [range(6), range(12)])
def test_its_speeds_are_held_against_its_positions_all_the_same(joints, by, refused):
    columns = {name: np.concatenate([x, y], axis=1) for (name, x), y in zip(motion(3).items(), motion(4).values())}
    columns["velocity"] = np.gradient(columns["state"], 1.0 / RATE, axis=0)
    columns["action"][:, list(joints)] = columns["state"][:, list(joints)]
    columns["velocity"][150:190, 4] += by
    finding = found(columns, names=NAMES)
    assert (finding.level == "FAIL") is refused
    assert not refused or (finding.subject == (NAMES[4],) and finding.details["column"] == "velocity")


@pytest.mark.parametrize("sides", ["l", "lr"])
def test_torques_of_an_arm_that_was_never_commanded_answer_other_commands(sides):
    take = body_take()
    action, state = take.streams["action"], take.streams["state"]
    values = action.values.copy()
    for j, name in enumerate(action.names):
        if name.startswith(tuple(f"zarm_{side}" for side in sides)):
            values[:-1, j] = state.values[1:, j]
    found = ComparedColumns(replace(take, streams=take.streams | {"action": replace(action, values=values)})).differences
    assert not [d for d in found if d.certain]
    (one,) = [d for d in found if d.name == "measurement_as_command"]
    assert len(one.channels) == 7 * len(sides)
