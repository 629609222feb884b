"""A joint that is zero throughout in one take of a set alone, and joints that are zero for a reason."""

from __future__ import annotations

import numpy as np
import pytest
from joint_streams import RATE, stream
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.unwritten_columns import LEAST, check_written_among, written_of
from shiliu.replay.line.kept import packed, unpacked
from shiliu.replay.recording.recording import Recording

RULES = load_rules()
NAMES = tuple(f"zarm_{side}{k}_joint" for side in "lr" for k in range(1, 8))
T = np.arange(150) / RATE


def take(zero=(), late=3, begins=-0.3):
    q = np.outer(np.sin(T), np.r_[np.linspace(0.4, 1.0, 7), np.full(7, 0.2)]) + begins
    q[:, list(zero)] = 0.0
    streams = [stream(role, np.roll(q, k, axis=0), NAMES) for role, k in (("command", 0), ("measured", late))]
    return written_of(Recording("a", "set#0", "", "robot", {s.name: s for s in streams}, metadata={"robot": "kuafu"}))


def found(one, others):
    return check_written_among(one, others, RULES)


def test_a_joint_that_nobody_wrote_is_named():
    finding = found(take([3]), [take() for _ in range(LEAST)])
    assert finding is not None and (finding.code, finding.level, finding.subject) == ("stream.frozen", "FAIL", (NAMES[3],))
    assert finding.t1 == pytest.approx(149 / RATE) and unpacked(packed(take([3]))) == take([3])


@pytest.mark.parametrize(("zero", "begins", "level", "subject"), [
    ([3], (0.0, 0.0, 0.0), "WARN", [3]),
    ([3], (0.0, -0.3, -0.3), "WARN", [3]),
    ([3, 4], (-0.3, -0.3, -0.3), "FAIL", [3, 4]),
])  # fmt: skip
def test_a_joint_that_rests_where_others_begin_may_be_measured_as_zero(zero, begins, level, subject):
    """A wrist that is not used in one take, by encoders of which one tick is larger than it trembles."""
    finding = found(take(zero), [take(begins=where) for where in begins])
    assert finding is not None and (finding.level, finding.subject) == (level, tuple(NAMES[j] for j in subject))


@pytest.mark.parametrize(
    ("one", "others"),
    [
        ([], [[]] * LEAST),
        ([3], [[]] * (LEAST - 1)),  # too few to know
        ([3], [[3], [], []]),  # another one is so, too
        ([3], [[3]] * LEAST),  # no such joint
        (range(7, 14), [[]] * LEAST),  # the right arm is off
    ],
)
def test_what_is_zero_for_a_reason_is_not(one, others):
    assert found(take(one), [take(zero) for zero in others]) is None
