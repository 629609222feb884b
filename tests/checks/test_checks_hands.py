"""Tracked hands that jump: how far, when, and what is none."""

import numpy as np
import pytest
from shiliu.replay.checks.hand_jumps import check_hand_jump, jumps
from shiliu.replay.checks.rules import load_rules

T = 0.02 * np.arange(200)
WAY = np.column_stack([0.3 * np.sin(3 * T), 0.1 * np.cos(5 * T), np.zeros(200)])  # gestures of up to 1 m/s


@pytest.fixture(scope="module")
def rules():
    return load_rules()


def moved(row: int, far: float) -> np.ndarray:
    out = WAY.copy()
    out[row:, 1] += far
    return out


def test_gestures_are_no_jumps(rules):
    (found,) = check_hand_jump(T, {"left": WAY, "right": -WAY}, rules)
    assert (found.level, found.value, found.stage) == ("PASS", 0.0, "integrity")


@pytest.mark.parametrize(("far", "level"), [(0.045, "WARN"), (0.1, "FAIL")])
def test_a_jump_is_graded_by_how_far_the_hand_is_found_again(rules, far, level):
    (found,) = check_hand_jump(T, {"left": WAY, "right": moved(60, far)}, rules)
    assert (found.level, found.subject) == (level, ("right_hand",))
    assert found.value == pytest.approx(far, abs=0.012) and (found.t0, found.t1) == pytest.approx((T[59], T[60]))
    assert found.details["count"] == 1 and found.details["within"] == pytest.approx(0.02)


def test_the_worst_of_several_is_told_and_the_others_beside_it(rules):
    both = {"left": moved(30, 0.06), "right": moved(90, 0.2)}
    (found,) = check_hand_jump(T, both, rules)
    assert found.subject == ("right_hand",) and found.details["count"] == 2
    (other,) = found.details["others"]
    assert other["subject"] == "left_hand" and other["value"] == pytest.approx(0.06, abs=0.02)


def test_messages_in_bursts_are_no_jumps():
    late = T.copy()
    for k in range(0, 200, 10):  # ten messages wait for the last of them, and come 1 ms apart
        late[k : k + 10] = T[k + 9 if k + 9 < 200 else -1] + 1e-3 * np.arange(10)
    assert not jumps(late, WAY, 100.0)


def test_samples_that_were_not_seen_are_left_out():
    gone = moved(60, 0.0)
    gone[55:58] = np.nan
    assert not jumps(T, gone, 100.0) and not jumps(T[:2], WAY[:2], 100.0)


def test_the_last_step_of_a_recording_is_looked_at_too():
    points = np.zeros((60, 3))
    points[59] = 0.1, -0.2, 0.05
    ((begin, end, far),) = jumps(0.02 * np.arange(60), points, 100.0)
    assert (begin, end) == pytest.approx((1.16, 1.18)) and far == pytest.approx(np.linalg.norm(points[59]))
