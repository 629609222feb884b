"""What the judge says of a robot that was played on its own legs, from its numbers: each check passes and fails by a known amount."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.standing import CODES, PRESENT, Stood, check_standing
from shiliu.replay.report.text import Words

RULES = load_rules()
T, SUBSTEPS = 90, 8  # 3 s


def stood(**changes):
    still = Stood(
        controller="a controller", dt=1 / 30, substeps=SUBSTEPS, fallen=None, push=np.zeros((T + 1, 3)),
        joints=("leg_l4_joint", "leg_l5_joint"), torque=np.full((T * SUBSTEPS, 2), 10.0), peak=np.array([135.0, 27.0]),
        limit=np.array([94.5, 18.9]), slid=np.full(T + 1, 0.001), pelvis=np.full(T + 1, 0.002), hands=np.full(T + 1, 0.003),
        room={"forward": np.full(T + 1, 0.06), "back": np.full(T + 1, 0.04), "left": np.full(T + 1, 0.1)},
        load=np.full(T + 1, 507.0), high=1.0, success=True,
    )  # fmt: skip
    return replace(still, **changes)


def found(present, softer=None, stiffer=None):
    runs = {"softer": softer or present, PRESENT: present, "stiffer": stiffer or present}
    return {finding.code: finding for finding in check_standing(runs, RULES)}


def trace(values, at, n, value, column=None):
    values = values.copy()
    values[(slice(at, at + n), column) if column is not None else slice(at, at + n)] = value
    return values


def test_who_stands_passes_all():
    answers = found(stood())
    assert tuple(answers) == CODES and {one.level for one in answers.values()} == {"PASS"}
    assert answers["legs.torque"].subject == ("leg_l5_joint",) and answers["legs.torque"].value == pytest.approx(10 / 27)
    balance = answers["legs.balance"]
    assert balance.details["towards"] == "back" and balance.value == pytest.approx(0.04)
    assert balance.details["newtons"] == pytest.approx(507.0 * 0.04)


def test_who_falls_is_named_with_what_pushed():
    push = trace(np.zeros((T + 1, 3)), 50, 10, [-40.0, 3.0, 0.0])
    fell = found(stood(fallen=2.0, push=push, success=False))["legs.fell"]
    assert (fell.level, fell.t0, fell.details["towards"]) == ("FAIL", 2.0, "back")
    assert fell.details["force"] == pytest.approx(np.hypot(40.0, 3.0))


@pytest.mark.parametrize(
    ("push", "steps", "named"),
    [((-25.0, 0.0, 0.0), 0, True), ((-15.0, 0.0, 0.0), 0, False), ((-50.0, 0.0, 0.0), 6, True), ((-28.0, 0.0, 239.0), 6, False)],
)
def test_what_feet_and_arms_leave_is_no_push(push, steps, named):
    """A foot that is set down pushes up, and walking leaves some 30 N level."""
    fell = found(stood(fallen=2.0, push=trace(np.zeros((T + 1, 3)), 50, 10, list(push)), steps=steps))["legs.fell"]
    assert fell.level == "FAIL" and ("force" in fell.details) == named
    assert not named or (fell.details["towards"], fell.details["force"]) == ("back", -push[0])


def test_of_a_fall_at_once_nothing_else_is_known():
    answers = found(stood(fallen=0.4))
    assert answers.pop("legs.fell").level == "FAIL"
    assert {(one.level, one.reason) for one in answers.values()} == {("NOT_CHECKED", "fell_at_once")}
    assert "fell_at_once" not in {one.reason for one in found(stood(fallen=0.6)).values()}


def test_a_margin_is_what_is_left_or_how_far_it_is_past():
    left, past = (found(stood(room={"back": np.full(T + 1, x)}))["legs.balance"].details for x in (0.004, -0.03))
    assert (left["left"], "past" in left) == (pytest.approx(0.004), False)
    assert (past["past"], "left" in past) == (pytest.approx(0.03), False)


@pytest.mark.parametrize(("load", "force"), [(1.0, 40.0), (260.0, 9000.0)])
def test_what_is_inferred_of_a_robot_that_has_lost_the_floor_is_no_push(load, force):
    push = trace(trace(np.zeros((T + 1, 3)), 45, 5, [-40.0, 0.0, 0.0]), 55, 5, [-9000.0, 0.0, 0.0])
    bears = trace(np.full(T + 1, 507.0), 54, 3, load)
    fell = found(stood(fallen=2.0, push=push, load=bears))["legs.fell"]
    assert fell.details["force"] == pytest.approx(force)


def test_a_fall_with_other_gains_is_a_warning_and_one_with_these_alone_is_undecided():
    other, present = found(stood(), softer=stood(fallen=2.0))["legs.fell"], found(stood(fallen=2.0), stiffer=stood())["legs.fell"]
    assert other.level == "WARN" and other.details["hangs"]
    assert (present.level, present.reason) == ("NOT_CHECKED", "gains") and present.details["hangs"]


def test_a_margin_that_is_not_known_with_these_gains_stays_open_whatever_others_do():
    unknown = {side: np.full(T + 1, np.nan) for side in ("forward", "back")}
    one = found(stood(room=unknown), softer=stood(room={"back": np.full(T + 1, -0.01)}))["legs.balance"]
    assert (one.level, one.reason) == ("NOT_CHECKED", "not_run")


def silent(since, **changes):
    return stood(unanswered=30, since=since, beyond=np.zeros((T, 2)), **changes)


@pytest.mark.parametrize(
    ("fallen", "made", "level"), [(2.0, False, "NOT_CHECKED"), (0.9, False, "FAIL"), (2.0, True, "FAIL"), (None, True, "NOT_CHECKED")]
)
def test_a_fall_after_a_policy_stopped_to_answer_did_happen_only_where_the_take_was_made_so(fallen, made, level):
    (fell, *_) = check_standing({PRESENT: silent(1.0, fallen=fallen)}, RULES, made=made)
    assert (fell.level, fell.details["since"]) == (level, 1.0)
    assert fell.reason == ("unanswered" if level == "NOT_CHECKED" else None)


def test_what_legs_did_before_a_policy_stopped_to_answer_counts_alone():
    """A foot that slides by 200 mm half a second before fails, and a second after is not looked at. Nothing passes: the rest is unknown."""
    for at, slipped in ((15, "FAIL"), (60, "NOT_CHECKED")):
        slid = np.where(np.arange(T + 1) >= at, 0.2, 0.001)
        of = {one.code: one for one in check_standing({PRESENT: silent(1.0, slid=slid)}, RULES)}
        assert [of[code].level for code in CODES] == ["NOT_CHECKED", "NOT_CHECKED", slipped, "NOT_CHECKED", "NOT_CHECKED"]
        assert of["legs.torque"].value == pytest.approx(10 / 27) and of["legs.torque"].reason == "unanswered"
    whole = check_standing({PRESENT: silent(0.0, fallen=1.0)}, RULES)
    assert [(one.level, one.reason, one.t0) for one in whole] == [("NOT_CHECKED", "unanswered", 0.0)] * 5


def test_balance_is_dated_by_the_instants_of_control():
    values = {"back": trace(np.full(4 * T, 0.05), 130, 3, -0.004)}
    one = found(stood(room=values, load=np.full(4 * T, 507.0), instants=4))["legs.balance"]
    assert one.level == "FAIL" and one.t0 == pytest.approx(130 / 120)


def test_what_was_made_on_legs_and_fell_did_fall_whatever_other_gains_do():
    fell, still = stood(fallen=2.0), stood()
    answers = {word: check_standing({PRESENT: one, "softer": other}, RULES, made=True)[0] for word, one, other in
               (("did", fell, still), ("might", still, fell))}  # fmt: skip
    assert (answers["did"].level, answers["might"].level) == ("FAIL", "WARN") and "hangs" not in answers["did"].details


def test_a_motor_at_its_peak_for_50_ms_fails_and_beyond_its_continuous_torque_for_half_a_second_warns():
    torque = stood().torque
    peak = found(stood(torque=trace(torque, 240, 13, 27.0, 1)))["legs.torque"]
    assert (peak.level, peak.value) == ("FAIL", 1.0) and peak.t0 == pytest.approx(1.0)
    assert found(stood(torque=trace(torque, 240, 11, 27.0, 1)))["legs.torque"].level == "PASS"  # 46 ms
    lasting = found(stood(torque=trace(torque, 240, 130, -100.0, 0)))["legs.torque"]
    assert (lasting.level, lasting.subject) == ("WARN", ("leg_l4_joint",)) and lasting.value == pytest.approx(100 / 135)


@pytest.mark.parametrize(
    ("code", "field", "value", "level"),
    [
        ("legs.slipped", "slid", 0.02, "WARN"), ("legs.slipped", "slid", 0.04, "FAIL"),
        ("legs.moved", "hands", 0.009, "PASS"), ("legs.moved", "hands", 0.015, "WARN"),
    ],
)  # fmt: skip
def test_what_leaves_its_place_is_told_with_its_moment(code, field, value, level):
    one = found(stood(**{field: trace(np.full(T + 1, 0.001), 60, 2, value)}))[code]
    assert (one.level, one.value) == (level, value) and one.t0 == pytest.approx(2.0)


def test_a_slide_is_named_at_its_moment_and_not_where_the_foot_comes_to_rest():
    """A foot that is pushed away at 1.5 s and creeps on, by a tenth of a millimetre, to the end."""
    slid = np.where(np.arange(T + 1) < 45, 0.0002, 0.05) + 1e-4 * np.linspace(0.0, 1.0, T + 1)
    push = trace(np.tile([3.0, 0.0, 2.0], (T + 1, 1)), 40, 5, [10.0, -70.0, 5.0])
    one = found(stood(slid=slid, push=push))["legs.slipped"]
    assert (one.level, one.t0, one.details["towards"]) == ("FAIL", pytest.approx(1.5), "right")
    assert one.details["force"] == pytest.approx(np.linalg.norm([10.0, 70.0, 5.0]))
    assert "towards" not in found(stood())["legs.slipped"].details


@pytest.mark.parametrize(("room", "level"), [(0.012, "PASS"), (0.006, "WARN"), (-0.005, "FAIL")])
def test_balance_is_the_least_room(room, level):
    values = {**stood().room, "left": trace(np.full(T + 1, 0.1), 30, 1, room)}
    one = found(stood(room=values))["legs.balance"]
    assert (one.level, one.details["towards"]) == (level, "left") and one.details["newtons"] == pytest.approx(507.0 * room)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_answer_has_its_sentence(lang):
    bad = stood(
        fallen=2.5, torque=np.full((T * SUBSTEPS, 2), 27.0), slid=np.full(T + 1, 0.05), hands=np.full(T + 1, 0.02),
        room={"back": np.full(T + 1, -0.005)}, push=np.full((T + 1, 3), 20.0),
    )  # fmt: skip
    for run in (stood(), bad):
        for finding in found(run).values():
            text = Words(lang).message(finding)
            assert text and "{" not in text and "?" not in text and "None" not in text, (finding.code, text)
