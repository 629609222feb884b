"""Left and right exchanged in every column: command and measurement agree, and only the stops of the joints tell it."""

import numpy as np
import pytest
from shiliu.replay.checks.exchanged_sides import exchanged_sides
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.intake import own_limits
from shiliu.replay.recording.recording import Stream
from shiliu.replay.robots.limits import JointLimit, Limits
from shiliu.replay.signals.sides import other_side

RULES = load_rules()
LEFT = ["zarm_l1_joint", "zarm_l2_joint", "zarm_l4_joint"]
NAMES = [*LEFT, *map(other_side, LEFT)]
T = np.arange(240) / 30.0


def streams(aside: float, exchanged: bool, late: int = 4) -> tuple[Stream, Stream]:
    """Arms that lift sideways by `aside` rad, each away from the body: left and right have opposite signs there."""
    way = 0.5 - 0.5 * np.cos(2.0 * np.pi * T / 8.0)
    q = np.stack([0.3 * way, aside * way, -0.8 * way, 0.2 * way, -0.8 * aside * way, -0.5 * way], axis=1)
    q = q[:, [3, 4, 5, 0, 1, 2]] if exchanged else q
    late_q = np.concatenate([np.repeat(q[:1], late, axis=0), q[:-late]])
    made = []
    for role, x in (("command", q), ("measured", late_q)):
        made.append(Stream(role, role, "joint_position", "rad", tuple(NAMES), x, capture_ns=(T * 1e9).astype(np.int64), clock="capture"))
    return made[0], made[1]


def found(*args, **known):
    return exchanged_sides(*streams(*args, **known), own_limits(), RULES, 0)


def test_the_sign_of_a_shoulder_tells_left_from_right():
    assert own_limits()["zarm_l2_joint"].upper > 1.5 and own_limits()["zarm_r2_joint"].lower < -1.5
    assert found(1.2, exchanged=False) == []
    (finding,) = found(1.2, exchanged=True)
    assert (finding.code, finding.level, finding.details["kind"]) == ("stream.swapped", "FAIL", "sides")
    assert set(finding.subject) == set(NAMES) and finding.value == 3.0
    assert finding.details["past"] == pytest.approx(1.2 - own_limits()["zarm_r2_joint"].upper, abs=0.01)


def test_arms_that_stay_within_both_ranges_tell_nothing():
    assert found(0.3, exchanged=True) == []


def test_a_joint_beyond_its_stop_that_the_other_side_does_not_explain_is_another_matter():
    command, state = streams(1.2, exchanged=True)
    for stream in (command, state):
        stream.values[:, NAMES.index("zarm_l4_joint")] = 0.4  # an elbow beyond its stop on either side
    assert exchanged_sides(command, state, own_limits(), RULES, 0) == []


def test_a_robot_without_stops_that_differ_tells_nothing():
    wide = Limits({name: JointLimit(name, lower=-3.0, upper=3.0) for name in NAMES})
    assert exchanged_sides(*streams(1.2, exchanged=True), wide, RULES, 0) == []
