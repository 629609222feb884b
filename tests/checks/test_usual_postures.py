"""Two joints that are exchanged in all columns of a take, by the other takes of its set; and an operator who drives a joint too far."""

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.usual_postures import LEAST, check_order_among, check_sides_among, posture_of
from shiliu.replay.judge.intake import intake, own_limits
from shiliu.replay.line.kept import packed, unpacked
from shiliu.replay.recording.recording import Recording, Stream

RULES, LIMITS = load_rules(), own_limits()
NAMES = ["zarm_l5_joint", "zarm_l6_joint", "zarm_l7_joint", "zhead_1_joint", "zhead_2_joint"]
T = np.arange(200) / 20.0
WAY = 0.5 - 0.5 * np.cos(2.0 * np.pi * T / 10.0)
FAR = (0.3, -0.8, 0.4, 0.6, 0.2)


def take(varied: float, order=(0, 1, 2, 3, 4), further: float = 0.0) -> Recording:
    """Joints that go as far as in the other takes, but for 5 % of `varied`; `further`: [rad] that the wrist goes beyond."""
    x = np.outer(WAY, np.array(FAR) * (1.0 + 0.05 * varied))
    x[:, 2] += further * WAY
    x = x[:, list(order)]
    ns = (T * 1e9).astype(np.int64)
    streams = {}
    for role in ("command", "measured"):
        streams[role] = Stream(role, role, "joint_position", "rad", tuple(NAMES), x, capture_ns=ns, clock="capture")
    return Recording("take", "set#0", "", "robot", streams)


def found(one: Recording, others: int = LEAST):
    usual = [posture_of(take(v), LIMITS) for v in np.linspace(-1.0, 1.0, others)]
    return check_order_among(posture_of(one, LIMITS), usual, LIMITS, RULES)


@pytest.mark.parametrize(("order", "names"), [((0, 2, 1, 3, 4), ("zarm_l6_joint", "zarm_l7_joint")), ((0, 1, 2, 4, 3), tuple(NAMES[3:]))])
def test_joints_that_stand_where_the_other_one_does_elsewhere(order, names):
    finding = found(take(0.0, order))
    assert finding is not None and (finding.level, finding.code, finding.subject) == ("FAIL", "stream.swapped", names)
    assert finding.details["remaining"] < 0.1 and finding.details["takes"] == LEAST
    assert found(take(0.0, order), LEAST - 1) is None


def test_an_operator_who_goes_too_far_is_the_operator():
    assert posture_of(take(0.0, further=0.45), LIMITS).past == ("zarm_l7_joint",)
    assert found(take(0.0, further=0.45)) is None


def test_a_clean_take_is_not_asked():
    assert posture_of(take(1.0), LIMITS).past == () and found(take(1.0)) is None


def test_what_the_stops_show_in_one_take_holds_of_another_of_its_set():
    """Both are past a range by little, and in one alone by so much that no operator did it."""
    wrong, names = take(0.0, (0, 2, 1, 3, 4)), ("zarm_l6_joint", "zarm_l7_joint")
    shown = RULES["stream.swapped"].beyond(1.0, 0.0, subject=names, details={"kind": "order"})
    others = [posture_of(take(1.0, (0, 2, 1, 3, 4)), LIMITS, [shown])]
    finding = check_order_among(posture_of(wrong, LIMITS), others, LIMITS, RULES)
    assert finding is not None and (finding.subject, finding.details["kind"]) == (names, "order_shown")
    assert check_order_among(posture_of(take(0.0), LIMITS), others, LIMITS, RULES) is None


@pytest.mark.parametrize(("stops", "claimed"), [(False, True), (True, False)])
def test_a_joint_that_goes_past_its_stop_in_take_after_take_is_the_one_beside_it(stops, claimed):
    """All takes have two wrists exchanged, far past a stop in some rows of one alone. A servo that was commanded there stops at its end."""
    wrong, names = (0, 2, 1, 3, 4), ("zarm_l6_joint", "zarm_l7_joint")
    end = LIMITS["zarm_l7_joint"].lower
    far, near = (posture_of(brief(depth, wrong, end if stops else None), LIMITS) for depth in (1.0, 0.75))
    assert far.past == near.past == names[1:] and far.perhaps == (() if stops else names) and near.perhaps == ()
    for one, other in ((far, near), (near, far)):
        finding = check_order_among(one, [other], LIMITS, RULES)
        assert (finding is not None) is claimed
        assert finding is None or (finding.subject, finding.details["kind"]) == (names, "order_shown")
    assert check_order_among(near, [posture_of(take(0.0), LIMITS)], LIMITS, RULES) is None


def brief(depth: float, order, end: float | None) -> Recording:
    """Few rows in which one wrist goes far; measured no further than `end`."""
    recording = take(0.0, order)
    x = recording.streams["command"].values.copy()
    x[:, 1], x[:, 2] = 0.4 * WAY, -depth * np.clip(WAY - 0.9, 0.0, None) / 0.1
    goes = x.copy()
    goes[:, 2] = x[:, 2] if end is None else np.maximum(x[:, 2], end)
    both = {role: replace(stream, values={"command": x, "measured": goes}[role]) for role, stream in recording.streams.items()}
    return replace(recording, streams=both)


BOTH = [f"{side}_{joint}_joint" for side in ("left", "right") for joint in ("shoulder_pitch", "shoulder_roll", "elbow", "wrist_yaw")]
BEGINS = np.array([0.2, 0.3, 0.9, 0.1, 0.2, -0.3, 0.9, -0.1])  # of a body whose sides count rolls and yaws with other signs
REACHES = np.array([-0.6, 0.2, -0.7, 0.5])  # of the arm that does it


def two_arms(varied: float, arm: str = "left", exchanged: bool = False, begins=BEGINS) -> Recording:
    """A take of a robot that is not ours: one arm reaches and the other one hangs."""
    goes = np.zeros(8)
    at, signs = (slice(0, 4), (1, 1, 1, 1)) if arm == "left" else (slice(4, 8), (1, -1, 1, -1))
    goes[at] = REACHES * signs * (1.0 + 0.1 * varied)
    x = begins + 0.02 * varied + np.outer(WAY, goes)
    x = x[:, [4, 5, 6, 7, 0, 1, 2, 3]] if exchanged else x
    ns = (T * 1e9).astype(np.int64)
    both = {
        role: Stream(role, role, "joint_position", "rad", tuple(BOTH), x, capture_ns=ns, clock="capture")
        for role in ("command", "measured")
    }
    return Recording("take", "set#0", "", "robot", both)


def test_left_and_right_are_exchanged_in_a_take_that_begins_as_the_others_do_the_other_way_round():
    """Whoever does it with the other arm begins as ever; of a body that counts both sides alike nothing tells."""

    def of(one, begins=BEGINS, others=LEAST):
        usual = [posture_of(two_arms(v, begins=begins), LIMITS) for v in np.linspace(-1.0, 1.0, others)]
        return check_sides_among(posture_of(one, LIMITS), usual, RULES)

    finding = of(two_arms(0.3, exchanged=True))
    assert finding is not None and (finding.level, finding.code, finding.subject[:2]) == ("FAIL", "stream.swapped", (BOTH[0], BOTH[4]))
    assert finding.details["count"] == 4 and finding.details["remaining"] < 0.2
    assert of(two_arms(0.3)) is None and of(two_arms(0.3, "right")) is None
    assert of(two_arms(0.3, exchanged=True), others=LEAST - 1) is None
    alike = np.tile(BEGINS[:4], 2)
    assert of(two_arms(0.3, exchanged=True, begins=alike), alike) is None


@pytest.mark.parametrize(("other", "again", "level"), [(0.0, 0, "FAIL"), (0.1, 0, "WARN"), (0.0, 1, None)])
def test_somebody_may_begin_with_the_other_arm_raised(other, again, level):
    """Not quite as the others do it the other way round, or in two takes."""
    usual = [posture_of(two_arms(v), LIMITS) for v in np.linspace(-1.0, 1.0, 5)]
    beside = np.resize((other, -other), 8)
    usual += [posture_of(two_arms(0.5, exchanged=True), LIMITS)] * again
    found = check_sides_among(posture_of(two_arms(0.3, exchanged=True, begins=BEGINS + beside), LIMITS), usual, RULES)
    assert (found and found.level) == level


def test_one_of_the_first_takes_waits_for_more_of_them():
    read = [replace(two_arms(0.1 * k, exchanged=k == 1), source=f"folder/set#{k}") for k in range(5)]
    found = {v.source: (v.verdict, v.owner) for v in intake(iter(read))}
    assert found["folder/set#1"] == ("UNSOUND", "device") and sum(one[0] == "UNSOUND" for one in found.values()) == 1


def test_a_posture_is_kept_as_it_is():
    one = posture_of(take(0.0, further=0.45), LIMITS)
    assert unpacked(packed(one)) == one and one.order == tuple(NAMES)
