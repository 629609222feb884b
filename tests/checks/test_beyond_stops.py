"""What a recorder wrote beyond the stops of joints, in command and measurement alike, and what an operator commands past them."""

import numpy as np
import pytest
from shiliu.replay.checks.beyond_stops import beyond_by_exchange, beyond_range, beyond_stop
from shiliu.replay.checks.joint_units import check_units
from shiliu.replay.checks.kinematics import check_position
from shiliu.replay.checks.measured_there import as_measured_there
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.intake import own_limits
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.robots.limits import JointLimit, Limits
from shiliu.replay.signals.sides import other_side

RULES, LIMITS = load_rules(), own_limits()
LEFT = [f"zarm_l{k}_joint" for k in range(1, 8)]
HEAD = ["zhead_1_joint", "zhead_2_joint"]
NAMES = [*LEFT, *map(other_side, LEFT), *HEAD]
T = np.arange(240) / 30.0
WAY = 0.5 - 0.5 * np.cos(2.0 * np.pi * T / 8.0)
HOW_FAR = {"l1": -1.0, "l2": 1.2, "l3": 0.4, "l4": -1.9, "l5": 0.7, "l6": -1.1, "l7": -0.6, "r2": -1.0, "r4": -0.5}
HEADS = (0.6, 0.4)


def motion() -> dict[str, np.ndarray]:
    """Both arms begin at zero and lift sideways, away from the body; the head turns."""
    far = {f"zarm_{joint}_joint": by for joint, by in HOW_FAR.items()} | dict(zip(HEAD, HEADS))
    return {name: far.get(name, 0.1) * WAY for name in NAMES}


def streams(q: dict[str, np.ndarray], measured: dict[str, np.ndarray] | None = None, late: int = 4) -> tuple[Stream, Stream]:
    made = []
    for role, columns in (("command", q), ("measured", q | (measured or {}))):
        x = np.stack([columns[name] for name in NAMES], axis=1)
        x = np.concatenate([np.repeat(x[:1], late, axis=0), x[:-late]]) if role == "measured" else x
        made.append(Stream(role, role, "joint_position", "rad", tuple(NAMES), x, capture_ns=(T * 1e9).astype(np.int64), clock="capture"))
    return made[0], made[1]


def found(q, limits=LIMITS, **known):
    beyond = beyond_stop(*streams(q, **known), limits, 0)
    return [*beyond_range(beyond, RULES), *beyond_by_exchange(beyond, RULES)]


def exchanged(q, *pairs):
    change = {a: b for one, other in pairs for a, b in ((one, other), (other, one))}
    return {name: q[change.get(name, name)] for name in q}


def test_a_clean_take_and_small_excess_say_nothing():
    q = motion()
    assert found(q) == []
    q["zarm_l7_joint"] = (LIMITS["zarm_l7_joint"].upper + 0.15) * WAY  # a doubtful end of a range: the operator's
    assert found(q) == []


def test_a_command_past_a_stop_at_which_the_joint_is_measured_to_stop_is_the_operators():
    q, end = motion(), LIMITS["zarm_l7_joint"].upper
    q["zarm_l7_joint"] = 1.5 * WAY
    assert found(q, measured={"zarm_l7_joint": np.minimum(q["zarm_l7_joint"], end)}) == []
    assert beyond_stop(None, streams(q)[1], LIMITS, 0) is None, "what was measured alone is a warning"
    assert found(q) == [], "a stretch beyond a stop stays a matter of the command, however it was measured"


FAULTS = {
    "turns": ("zarm_l1_joint", lambda x: x + 2.0 * np.pi, 2.0 * np.pi),
    "sign": ("zarm_l4_joint", lambda x: -x, 0.0),
    "zero": ("zarm_l2_joint", lambda x: x - 0.5 * np.pi, -0.5 * np.pi),
}


@pytest.mark.parametrize(("past", "claimed"), [(0.6, False), (1.0, True)])
def test_another_zero_in_some_of_the_rows_is_claimed_where_no_end_is_so_doubtful(past, claimed):
    """The rows are beyond the stop in some half of the take."""
    q, limit = motion(), LIMITS["zarm_l1_joint"]
    q["zarm_l1_joint"] = np.where(WAY > 0.5, limit.upper + past, limit.upper - 0.3)
    assert bool(found(q)) is claimed


@pytest.mark.parametrize("kind", FAULTS)
def test_what_was_written_otherwise_is_shown_by_undoing_it(kind):
    joint, write, by = FAULTS[kind]
    q = motion()
    q[joint] = write(q[joint])
    (finding,) = found(q)
    assert (finding.code, finding.subject, finding.details["kind"]) == ("value.range", (joint,), kind)
    assert finding.details["off"] == pytest.approx(by)
    assert finding.margin == pytest.approx(-max(q[joint].max() - LIMITS[joint].upper, LIMITS[joint].lower - q[joint].min()), abs=0.01)


def test_two_joints_of_an_arm_in_another_order():
    (finding,) = found(exchanged(motion(), ("zarm_l6_joint", "zarm_l7_joint")))
    assert (finding.code, finding.details["kind"]) == ("stream.swapped", "order")
    assert finding.subject == ("zarm_l6_joint", "zarm_l7_joint") and finding.details["past"] == pytest.approx(1.1 - 0.698, abs=0.01)


@pytest.mark.parametrize(("askew", "claimed"), [(0.3, True), (0.05, False)])
def test_two_joints_that_begin_as_each_other_does_on_the_other_side_are_exchanged_however_few_rows_are_beyond_a_stop(askew, claimed):
    """A wrist goes beyond the range of the other one in an eighth of the take; both arms hold the other one at `askew`."""
    q = motion()
    q["zarm_l6_joint"] = -1.1 * np.clip(WAY - 0.9, 0.0, None) / 0.1
    q["zarm_l7_joint"] = q["zarm_r7_joint"] = np.full(len(T), -askew)
    q["zarm_r6_joint"] = np.zeros(len(T))
    wrong = found(exchanged(q, ("zarm_l6_joint", "zarm_l7_joint")))
    assert [(one.code, one.subject) for one in wrong] == [("stream.swapped", ("zarm_l6_joint", "zarm_l7_joint"))] * claimed
    assert found(q) == []


def test_two_joints_of_an_arm_that_are_not_one_after_the_other():
    q = motion()
    q["zarm_l2_joint"] = q["zarm_r2_joint"] = np.zeros(len(T))
    q["zarm_l4_joint"], q["zarm_r4_joint"] = -0.6 - 1.4 * WAY, np.full(len(T), -0.6)
    (finding,) = found(exchanged(q, ("zarm_l2_joint", "zarm_l4_joint")))
    assert (finding.code, finding.subject) == ("stream.swapped", ("zarm_l2_joint", "zarm_l4_joint"))
    q["zarm_r4_joint"] = np.full(len(T), -0.1)  # the other arm begins elsewhere: it tells nothing, and a sign would do
    (finding,) = found(exchanged(q, ("zarm_l2_joint", "zarm_l4_joint")))
    assert (finding.code, finding.details["kind"]) == ("value.range", "sign")


def written(q, order):
    """The same motions under other names: the k-th name has those of the joint order[k]."""
    return q | {name: q[NAMES[k]] for name, k in zip(NAMES, order)}


ORDERS = {
    "reversed": [6, 5, 4, 3, 2, 1, 0, 13, 12, 11, 10, 9, 8, 7],
    "shifted": [6, 0, 1, 2, 3, 4, 5, 13, 7, 8, 9, 10, 11, 12],
    "interleaved": [0, 7, 1, 8, 2, 9, 3, 10, 4, 11, 5, 12, 6, 13],
}


@pytest.mark.parametrize("kind", ORDERS)
def test_joints_of_whole_arms_in_another_order(kind):
    """Nobody's command: put back, every row is within the ranges."""
    (finding,) = found(written(motion(), ORDERS[kind]))
    assert (finding.code, finding.level, finding.details["kind"]) == ("stream.swapped", "FAIL", "limbs")
    assert f"fit_{kind}" in finding.details.values() and finding.details["past"] > 0.4


def test_an_order_is_claimed_where_it_brings_every_row_back_alone():
    q = written(motion(), ORDERS["reversed"])
    q["zarm_r4_joint"] = q["zarm_r4_joint"] + 1.0
    assert found(q) == []


def test_left_and_right_are_exchanged_where_both_of_a_pair_are_beyond():
    (finding,) = found(exchanged(motion(), *zip(LEFT, map(other_side, LEFT))))
    assert (finding.code, finding.details["kind"], finding.value) == ("stream.swapped", "sides", 7.0)
    assert finding.details["past"] == pytest.approx(1.2 - LIMITS["zarm_r2_joint"].upper, abs=0.01)


def test_what_several_faults_explain_names_them_all():
    q = motion()
    q["zarm_l2_joint"] = -0.5 - 0.2 * WAY
    (finding,) = found(q)
    assert finding.code == "value.range" and finding.details["kind"] == "several"
    assert finding.details["fit0"] == "fit_order" and "fit_sign" in finding.details.values()


def test_what_no_known_fault_explains_is_a_matter_of_the_command():
    q = motion()
    q["zarm_l4_joint"] = 4.0 * WAY - 2.0
    assert found(q) == []


def test_a_robot_with_wide_ranges_says_nothing():
    wide = Limits({name: JointLimit(name, lower=-3.0, upper=3.0) for name in NAMES})
    assert found(exchanged(motion(), *zip(LEFT, map(other_side, LEFT))), wide) == []


@pytest.mark.parametrize("joints", [HEAD, ["zarm_l7_joint"]])
def test_few_joints_in_degrees_in_both_are_a_matter_of_units(joints):
    q = motion()
    for name in joints:
        q[name] = np.rad2deg(q[name])
    command, state = streams(q)
    (finding,) = check_units(command, state, LIMITS, RULES, 0)
    assert finding.level == "FAIL" and set(joints) == set(finding.details["joints"])
    assert found(q) == []


def test_a_whole_turn_is_no_unit():
    q = motion()
    q["zarm_l1_joint"] = q["zarm_l1_joint"] + 2.0 * np.pi
    (finding,) = check_units(*streams(q), LIMITS, RULES, 0)
    assert finding.level == "PASS"


@pytest.mark.parametrize("order", [(2, 0, 1), (2, 1, 0)])
def test_arms_and_head_in_another_order_are_the_recorders(order):
    """As in a set merged of two robots: the head's columns first, or arms exchanged, too. Names stay as they are."""
    q, limbs = motion(), [LEFT, list(map(other_side, LEFT)), HEAD]
    q |= {"zarm_l4_joint": -1.9 + 0.1 * WAY, "zarm_r4_joint": -1.5 + 0.1 * WAY}  # elbows are bent from the first row on
    written = [name for k in order for name in limbs[k]]
    (finding,) = found({name: q[of] for name, of in zip(NAMES, written)})
    assert (finding.code, finding.level) == ("stream.swapped", "FAIL") and "fit_blocks" in finding.details.values()
    assert found(q) == []


@pytest.mark.parametrize("swapped", [True, False])
def test_a_joint_that_is_a_little_beyond_by_the_same_exchange_is_left_open_with_the_others(swapped):
    """One joint far beyond its stop in a part of the take, and one of the other arm a little: one fault explains both."""
    part = np.where(T > 6.6, 1.0, 0.0) * 0.5 * (1.0 - np.cos(2.0 * np.pi * (T - 6.6) / 1.4))
    q = {name: -0.1 * WAY for name in NAMES} | {"zarm_r2_joint": -1.2 * part, "zarm_l2_joint": (0.349 + 0.07) * WAY}
    q = exchanged(q, *zip(LEFT, map(other_side, LEFT))) if swapped else q | {"zarm_l2_joint": -0.42 * WAY}  # an operator
    measured = {name: 0.998 * x for name, x in q.items()}  # no copy of the commands
    recording = Recording("a", "a#0", "", "robot", {s.name: s for s in streams(q, measured)})
    findings = check_position(T, np.stack([q[name] for name in NAMES], axis=1), NAMES, LIMITS, RULES, "command")
    (one,) = [f for f in as_measured_there(findings, recording, LIMITS, RULES) if f.level in ("FAIL", "NOT_CHECKED")]
    assert one.level == ("NOT_CHECKED" if swapped else "FAIL")
