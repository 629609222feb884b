"""Which finding follows from which, pair by pair: a table of what does and what is like it and does not."""

from __future__ import annotations

import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.explanation.consequences import AFTERMATH, TOGETHER, link

RULES = load_rules()
A, B = ("left_elbow",), ("right_elbow",)


def made(code, level="FAIL", subject=(), t0=None, t1=None, signal=None, **details):
    rule = RULES[code]
    known = {"signal": signal} if signal else {}
    return rule.finding(level=level, subject=subject, t0=t0, t1=t1, details=details, **known)


def pose(**details):
    return made("column.differs", subject=("cup",), t0=2.0, t1=3.0, column="pose", **details)


def drop(t, **more):
    return made("drop", subject=("cup",), t0=t, t1=t + 0.5, **more)


PAIRS = [
    # of one joint at one time
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.acceleration", "WARN", subject=A, t0=1.4, t1=1.6), True),
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.acceleration", "WARN", subject=B, t0=1.4, t1=1.6), False),
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.acceleration", "WARN", subject=A, t0=1.45 + TOGETHER, t1=3.0), True),
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.acceleration", "WARN", subject=A, t0=1.55 + TOGETHER, t1=3.0), False),
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.acceleration", "WARN", subject=A, t0=0.0, t1=0.95 - TOGETHER), False),
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("torque.peak", subject=B, t0=1.2, t1=1.3), True),  # of the motion at that time
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("torque.peak", subject=B, t0=5.0, t1=5.3), False),
    (made("joint.velocity", subject=A), made("torque.peak", subject=B, t0=1.2, t1=1.3), False),  # nobody knows when
    # what has causes of its own: only of the same joint
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.position", subject=A, t0=1.2, t1=1.3), True),
    (made("joint.velocity", subject=A, t0=1.0, t1=1.5), made("joint.position", subject=B, t0=1.2, t1=1.3), False),
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), made("joint.position", subject=A, t0=1.2, t1=1.3), False),
    # what the world does afterwards
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), drop(1.4 + AFTERMATH), True),
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), drop(1.6 + AFTERMATH), False),
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), drop(0.9 - TOGETHER), False),
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), made("goal", t0=30.0), True),  # the goal is missed at the end, whatever was first
    (made("ctrl.clamped", subject=A, t0=1.0, t1=1.1), drop(20.0), True),  # what is cut off lasts
    (made("ctrl.clamped", subject=A, t0=1.0, t1=1.1), made("tracking", subject=A, t0=2.0), True),
    (made("ctrl.clamped", subject=A, t0=1.0, t1=1.1), made("tracking", subject=B, t0=2.0), False),  # another joint is not left behind
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), made("tracking", subject=B, t0=2.0), True),
    (made("torque.peak", subject=A, t0=1.0, t1=1.5), made("tracking", subject=B), True),
    (drop(1.0), made("reproduces", t0=2.0), False),  # whether a scene does again what it did hangs on no motion
    # columns that hold something else
    (made("column.differs", subject=A, t0=1.0, t1=2.0, column="rows", kind="reordered"), made("stream.lag", subject=("arms",)), True),
    (made("column.differs", subject=A, t0=1.0, t1=2.0, column="rows", kind="cut"), made("stream.lag", subject=("arms",)), False),
    (made("column.differs", subject=A, column="command", kind="reordered"), made("stream.lag", subject=("arms",)), False),
    (made("column.differs", subject=A, kind="copied", stream="arms"), made("stream.lag", subject=("arms",)), True),
    (made("column.differs", subject=A, kind="copied", stream="legs"), made("stream.lag", subject=("arms",)), False),
    (made("column.differs", subject=A, kind="offset", stream="arms"), made("stream.lag", subject=("arms",)), False),
    (made("column.differs", subject=A, of="both"), made("joint.velocity", subject=A, t0=1.0, t1=1.1), True),  # it was written there
    (made("column.differs", subject=A, of="both"), made("joint.velocity", subject=B, t0=1.0, t1=1.1), False),
    (made("column.differs", subject=A, of="both"), made("torque.peak", subject=A, t0=1.0, t1=1.1), False),
    (made("column.differs", subject=A, column="measured", kind="copied"), made("joint.velocity", subject=A, t0=1.0, t1=1.1), True),
    (made("column.differs", subject=A, column="command", kind="copied"), made("joint.velocity", subject=A, t0=1.0, t1=1.1), False),
    (made("value.range", subject=A, t0=1.0, t1=1.1), made("ctrl.clamped", subject=A, t0=1.0, t1=1.1), True),  # one and the same number
    (made("value.range", subject=A, t0=1.0, t1=1.1), made("ctrl.clamped", subject=B, t0=1.0, t1=1.1), False),
    # poses of things
    (pose(), made("object.jumps", subject=("cup",), t0=2.5, t1=2.6), True),
    (pose(), made("object.jumps", subject=("jug",), t0=2.5, t1=2.6), False),
    (pose(), made("object.hovers", subject=("jug",), t0=0.5, t1=1.6, things=["cup"]), False),  # before
    (pose(), made("object.hovers", subject=("jug",), t0=2.5, t1=2.6, things=["cup"]), True),
    (pose(), made("joint.velocity", subject=("cup",), t0=2.5, t1=2.6), False),
    (made("object.jumps", subject=("cup",), t0=2.0, t1=2.1), made("record.goal", subject=("cup",), t0=0.5, t1=1.0), True),  # all of it
    (made("object.jumps", subject=("cup",), t0=2.0, t1=2.1), made("record.goal", subject=("jug",), t0=0.5, t1=1.0, kind="failure"), False),
    (made("object.jumps", subject=("cup",), t0=2.0, t1=2.1), made("record.goal", subject=(), t0=2.5, t1=3.0, kind="failure"), True),
    (made("object.frame", subject=("cup",), kind="names"), drop(1.0), True),
    (made("object.frame", subject=("cup",), kind="frame"), drop(1.0), False),
    (made("object.frame", subject=("jug",), kind="frame"), made("start.place", subject=("cup",)), True),
    # hands of a person
    (made("reach", subject=("left",), t0=1.0, t1=2.0), made("torque.peak", subject=A, t0=1.0, t1=2.0), False),
    (made("reach", subject=("left",), t0=1.0, t1=2.0), made("retarget.error", subject=("right",), t0=1.0, t1=2.0), False),
    (made("reach", subject=("left",), t0=1.0, t1=2.0),
     made("retarget.error", subject=("right",), t0=1.0, t1=2.0, held_back="out_of_reach"), True),
    (made("joint.velocity", subject=A, t0=1.0, t1=2.0, signal="retargeted"),
     made("joint.acceleration", "WARN", subject=A, t0=1.0, t1=2.0, signal="measured"), False),
    # of a whole set
    (made("set.claims", kind="seed"), made("reproduces", t0=1.0), True),
    (made("set.claims", kind="other"), made("reproduces", t0=1.0), False),
    (made("set.claims", kind="seed"), drop(1.0), False),
    (made("value.nonfinite", subject=A), made("stream.frozen", subject=A), True),  # of one column
    (made("value.nonfinite", subject=A), made("stream.frozen", subject=B), False),
    (made("value.nonfinite", subject=A), made("joint.velocity", subject=A, t0=1.0, t1=1.1), False),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "finding", "follows"), PAIRS, ids=[f"{k} {a.code} {b.code}" for k, (a, b, _) in enumerate(PAIRS)])
def test_a_finding_follows_from_a_failure(cause, finding, follows):
    pair = [cause.with_(), finding.with_()]
    link(pair, [0, 1])
    assert (pair[0].because_of, pair[1].because_of) == (None, 0 if follows else None)
    warned = [cause.with_(level="WARN"), finding.with_()]
    link(warned, [0, 1])
    assert warned[1].because_of is None, "a warning is no cause"
    passed = [cause.with_(), finding.with_(level="PASS")]
    link(passed, [0, 1])
    assert passed[1].because_of is None


@pytest.mark.parametrize(("code", "follows"), [("start.penetration", True), ("start.place", False)])
def test_a_start_that_is_in_something_follows_from_a_state_of_another_scene(code, follows):
    found = [made(code, subject=("cup",)), made("reproduces", t0=0.0)]
    link(found, [0, 1])
    assert found[0].because_of == (1 if follows else None)


@pytest.mark.parametrize(
    ("likely", "code", "t", "follows"),
    [("action_edited", "joint.velocity", 3.0, True), ("action_edited", "torque.peak", 3.0, True), ("action_edited", "drop", 3.0, False),
     ("action_edited", "joint.velocity", 0.5, False), ("engine", "joint.velocity", 3.0, False)],
)  # fmt: skip
def test_commands_that_nobody_gave_explain_what_they_would_do(likely, code, t, follows):
    found = [made(code, subject=A, t0=t, t1=t + 0.1), made("reproduces", t0=1.0, likely=likely)]
    link(found, [0, 1])
    assert found[0].because_of == (1 if follows else None)


def test_of_several_causes_one_that_lasts_is_the_one():
    """A goal is missed because the bowl fell, and not because the head was once turned too fast."""
    found = [made("torque.peak", subject=A, t0=1.0, t1=1.5), drop(8.0), made("goal", t0=20.0)]
    link(found, [0, 1, 2])
    assert [one.because_of for one in found] == [None, None, 1]
