"""What a set tells without our own files: channels inside their range, hands that act, takes among each other, and freezes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from joint_streams import ELBOW, RATE, ROWS, SHOULDER, recording, stream
from scipy.signal import lfilter
from shiliu.replay.checks import receive_clock
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.frozen import check_frozen
from shiliu.replay.checks.hands_idle import check_idle, names_taking
from shiliu.replay.checks.in_step import check_lag
from shiliu.replay.checks.ranges import CHECKS as RANGE_CHECKS
from shiliu.replay.checks.ranges import check_range
from shiliu.replay.checks.receive_clock import check_repeated
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import Content, Lag, TakesSeen, check_take_lag, content, duplicate_of, lag_of
from shiliu.replay.formats import read
from shiliu.replay.judge.set_comparison import Company, take_facts
from shiliu.replay.judge.verdict import Verdict, combine
from shiliu.replay.recording.recording import Recording
from shiliu.replay.report import Words
from shiliu.replay.report.story import Story
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.replay.signals.channels import pair
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.robots.robot import load_robot

RULES = load_rules()
LIMITS = load_limits(load_robot("kuafu").folder)


def frozen(command, state, names=(ELBOW,)):
    return check_frozen(stream("command", command, names), stream("measured", state, names), RULES, 0, 0.0, LIMITS)[0]


# ------------------------------------------------------------------------------------------------------------ freezes
@pytest.mark.parametrize("past", [0.1, 0.6])
def test_a_command_past_its_range_freezes_no_joint(past):
    """A joint that rests all the take while its command stands past its range for twelve rows: not its encoder's fault."""
    command, state = np.full(ROWS, -0.52), np.full(ROWS, -0.52)
    command[300:312] = LIMITS[ELBOW].upper + past
    assert frozen(command, state).level == "PASS"
    command[300:400] = LIMITS[ELBOW].upper + past  # however long: nothing past a range can be followed
    assert frozen(command, state).level == "PASS"


def test_a_command_that_blinks_inside_its_range_freezes_no_joint_and_one_that_stays_does():
    command, state = np.full(ROWS, -0.52), np.full(ROWS, -0.52)
    command[300:312] = -1.5
    assert frozen(command, state).level == "PASS"
    command[300:340] = -1.5  # 1.3 s: a joint that works would have gone there
    found = frozen(command, state)
    assert found.level == "FAIL" and found.value == pytest.approx(41 / RATE, abs=0.05)
    assert found.t0 == pytest.approx(10.0, abs=0.05), "it is frozen from when its command leaves it, not since it rests"


@pytest.mark.parametrize(("rows", "level"), [(12, "PASS"), (15, "WARN"), (20, "FAIL")])
def test_a_state_that_stands_as_a_whole_fails_after_fifteen_samples(rows, level):
    t = np.arange(ROWS) / RATE
    moving = np.stack([np.sin(t), 0.5 * np.cos(t)], axis=1)
    state = np.roll(moving, 3, axis=0)
    state[200 : 200 + rows] = state[200]
    found = check_frozen(
        stream("command", moving, (ELBOW, SHOULDER)), stream("measured", state, (ELBOW, SHOULDER)), RULES, 0
    )[0]
    assert found.level == level, found
    alone = np.roll(moving, 3, axis=0)
    alone[200 : 200 + rows, 0] = alone[200, 0]  # one joint of the two: none fails before 0.96 s
    found = check_frozen(
        stream("command", moving, (ELBOW, SHOULDER)), stream("measured", alone, (ELBOW, SHOULDER)), RULES, 0
    )[0]
    assert found.level != "FAIL"


def test_a_step_past_the_range_is_called_by_where_it_went():
    """The jump begins a sample before the violation; both are one wrong value, and its place is the cause."""

    def finding(code, t0, t1):
        return Finding(
            code, "FAIL", "kinematics", signal="command", subject=(ELBOW,), t0=t0, t1=t1, value=1.0, limit=0.5
        )

    step, speed = finding("joint.jump", 9.97, 10.0), finding("joint.velocity", 9.96, 10.04)
    past = finding("joint.position", 10.0, 10.4)
    came = combine([speed, step, past], ["kinematics"], RULES)
    assert came.findings[came.root].code == "joint.position"
    assert [f.because_of for f in came.findings if f.code != "joint.position"] == [came.root] * 2
    later = finding("joint.position", 12.0, 12.4)  # elsewhere: two things, and the jump is first
    came = combine([speed, step, later], ["kinematics"], RULES)
    assert came.findings[came.root].code == "joint.jump"


# ------------------------------------------------------------------------------------------------------------- ranges
def replace_episode(taken):
    """As an episode of our own simulation, from whose exact start the replay tells what the hands did."""
    taken.episode = SimpleNamespace()
    return taken


@pytest.mark.parametrize(
    ("largest", "why", "first"),
    [
        (255.0, {"kind": "drift"}, True),
        (255.0, {"kind": "factor", "factor": 0.97}, True),
        (255.0, {"kind": "factor", "factor": 2.55}, False),
        (130.0, {"kind": "drift"}, False),
    ],
)
def test_a_hand_past_its_way_by_all_of_it_is_the_reason_of_what_its_columns_contradict(largest, why, first):
    (found,) = check_range([claws(np.linspace(0.0, largest, 90))], RULES, 0)
    differs = RULES["column.differs"].beyond(0.1, 0.01, subject=found.subject, details=why)
    precedes = next(one.precedes for one in RANGE_CHECKS if one.code == "value.range")
    assert found.level == "FAIL" and precedes(found, differs) is first


COUNTED = tuple(f"joint_{k}" for k in range(1, 6))


def counted(factor: float, middle: float = 0.0, way: float = 90.0, unit: str = "-100..100"):
    """Five joints that swing over most of their ways, or `way` about a middle, in their own unit times a factor."""
    t = np.arange(90) / 30.0
    x = factor * (middle + way * np.sin(t[:, None] * (1.0 + 0.3 * np.arange(5)) + np.arange(5)))
    return stream("measured", x, COUNTED, unit=unit)


@pytest.mark.parametrize(
    ("factor", "kind"),
    [(1.0, None), (1.2, None), (3.6, "counted"), (57.3, "counted"), (0.01, "nowhere"), (np.pi / 180.0, "nowhere")],
)
def test_joints_that_count_from_end_to_end_in_another_unit(factor, kind):
    found = check_range([counted(factor)], RULES, 0)[0]
    assert (found.level, found.details.get("kind")) == (("NOT_APPLICABLE", None) if kind is None else ("FAIL", kind))
    assert kind is None or set(found.subject) == set(COUNTED)
    assert check_range([counted(factor, unit="rad")], RULES, 0)[0].level == "NOT_APPLICABLE"


def test_joints_that_stay_next_to_a_place_are_in_their_unit():
    assert check_range([counted(1.0, middle=30.0, way=0.5)], RULES, 0)[0].level == "NOT_APPLICABLE"
    assert check_range([counted(1.0, way=0.1)], RULES, 0)[0].level == "NOT_APPLICABLE", "and at rest in their middle"


def claws(values, unit="%", **meta):
    return stream("command", values, ("left_claw",), "claw", unit, **meta)


@pytest.mark.parametrize(("largest", "level"), [(100.0, "PASS"), (100.9, "WARN"), (101.1, "FAIL"), (105.0, "FAIL"), (25500.0, "FAIL")])
def test_a_hand_is_commanded_in_percent_or_not_at_all(largest, level):
    found = check_range([claws(np.linspace(0.0, largest, 90))], RULES, 0)[0]
    assert found.level == level
    if level == "FAIL":
        assert found.excess == pytest.approx((largest - 100.0) / 5.0) and found.details["declared_by"] == "unit"
        assert found.value == largest and found.limit == 100.0


def test_what_a_feature_declares_goes_before_what_an_actuator_takes():
    values = np.linspace(0.0, 0.8, 90)
    assert check_range([claws(values, "count")], RULES, 0)[0].reason == "no_declared_range"
    assert check_range([claws(values, "1")], RULES, 0, actuators={"left_claw": (0.0, 0.5)})[0].level == "FAIL"
    declared = claws(values, "1", range=[[0.0, 1.0]])
    assert check_range([declared], RULES, 0, actuators={"left_claw": (0.0, 0.5)})[0].level == "PASS"


SHEET = {"left_claw": (0.0, 1000.0)}


@pytest.mark.parametrize("role", ["command", "measured"])
@pytest.mark.parametrize(("hands", "largest", "level"), [
    (SHEET, 1000.0, "PASS"), (SHEET, 5000.0, "FAIL"), (SHEET, 1.0, "PASS"), (None, 1000.0, "FAIL"),
    ({"left_claw": (-1000.0, 0.0)}, -999.0, "PASS"), ({"left_claw": (0.0, 32767.0)}, 32767.0, "PASS"),
    ({"right_claw": (0.0, 1000.0)}, 1000.0, "FAIL"),
])  # fmt: skip
def test_a_hand_without_a_unit_counts_as_the_sheet_of_its_robot_does(role, hands, largest, level):
    taken = replace(claws(np.linspace(0.0, largest, 90), "1"), role=role)
    beside = [] if role == "command" else [claws(np.linspace(0.0, 1.0, 90), "1")]
    found = check_range([taken, *beside], RULES, 0, hands=hands)[0]
    assert found.level == level
    if level == "FAIL" and hands is SHEET:
        assert (found.details["lower"], found.details["upper"], found.details["declared_by"]) == (0.0, 1000.0, "sheet")


def test_a_sheet_does_not_change_a_unit_that_says_how_far_the_hand_goes():
    assert check_range([claws(np.linspace(0.0, 255.0, 90), "0..255")], RULES, 0, hands={"left_claw": (0.0, 1.0)})[0].level == "PASS"
    assert check_range([claws(np.linspace(0.0, 900.0, 90), "%")], RULES, 0, hands=SHEET)[0].level == "FAIL"


def test_a_hand_with_the_range_of_a_joint_has_lists_in_another_order():
    lower, upper = LIMITS[ELBOW].lower, LIMITS[ELBOW].upper
    moved = claws(np.linspace(0.0, 100.0, 90), range=[[lower, upper]])
    found = check_range([moved], RULES, 0, LIMITS)[0]
    assert found.level == "PASS" and found.details["moved"] == ["left_claw"]
    assert all("left claw" in Words(lang).message(found) for lang in ("en", "zh"))
    too_far = claws(np.linspace(0.0, 140.0, 90), range=[[lower, upper]])
    assert check_range([too_far], RULES, 0, LIMITS)[0].level == "FAIL", "its own range is asked then"
    wrong = claws(np.linspace(0.0, 100.0, 90), range=[[0.0, 50.0]])
    assert check_range([wrong], RULES, 0, LIMITS)[0].level == "FAIL", "a range that is no joint's is what the set says"
    angle = claws(np.linspace(0.0, 3.0, 90), "rad", range=[[lower, upper]])
    assert check_range([angle], RULES, 0, LIMITS)[0].level == "FAIL", "in radians a hand may well go as far as a joint"


def test_joints_of_a_known_range_are_left_to_the_check_that_knows_it():
    elbow = stream("command", np.linspace(-1.0, 3.0, 90), (ELBOW,), range=[[-2.0, 0.0]])
    assert check_range([elbow], RULES, 0, LIMITS)[0].reason == "no_declared_range"
    assert check_range([elbow], RULES, 0)[0].level == "FAIL"


def test_a_command_cut_off_follows_from_the_value_that_was_never_in_range():
    wrong = RULES["value.range"].finding(
        level="FAIL", subject=("left_claw",), t0=0.0, t1=3.0, value=25500.0, limit=100.0, excess=5e3
    )
    cut = RULES["ctrl.clamped"].finding(
        level="FAIL", subject=("left_claw",), t0=0.0, t1=3.0, value=25500.0, limit=100.0, excess=5e3
    )
    came = combine([cut, wrong], ["integrity"], RULES)
    assert came.verdict == "UNSOUND" and came.findings[came.root].code == "value.range"
    assert came.findings[0].because_of == came.root


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_failure_that_is_not_required_stands_in_the_why_column(lang):
    cut = RULES["ctrl.clamped"].finding(
        level="FAIL", subject=("left_claw",), t0=0.0, t1=3.0, value=120.0, limit=100.0, unit="%"
    )
    fell = RULES["drop"].finding(level="FAIL", subject=("bowl",), t0=5.0, t1=6.0, value=0.4, limit=0.05)
    sound = RULES["value.nonfinite"].passed()
    came = combine([sound, cut, fell], ["integrity"], RULES)
    assert came.verdict == "FEASIBLE"
    story = Story(Verdict("a", "a", verdict="FEASIBLE", findings=came.findings, stages=came.stages), Words(lang))
    assert "ctrl.clamped" in story.why and "drop" in story.why and Words(lang).ui("also_fails") in story.why
    open_ = combine([RULES["value.nonfinite"].not_checked("too_short"), cut], ["integrity"], RULES)
    assert open_.verdict == "INCONCLUSIVE"
    verdict = Verdict("a", "a", verdict="INCONCLUSIVE", root=open_.root, findings=open_.findings, stages=open_.stages)
    assert "ctrl.clamped" in Story(verdict, Words(lang)).why
    warned = combine([sound, cut.with_(level="WARN")], ["integrity"], RULES)
    quiet = Story(Verdict("a", "a", verdict="FEASIBLE", findings=warned.findings, stages=warned.stages), Words(lang))
    assert Words(lang).ui("also_fails") not in quiet.why


# -------------------------------------------------------------------------------------------------------------- hands
@pytest.mark.parametrize(
    ("task", "word"),
    [
        ("Put the grape on the white plate.", "Put"),
        ("Open the microwave, load the bowl, close it and start it.", "load"),
        ("把碗放进微波炉，关上门，按下启动键。", "放"),
        ("Computing the output of a pickup", None),
        ("Wave with both arms", None),
        ("Serve the buns: set their bowl down in the middle", "Serve"),
        ("pick the pear from the counter and place it in the plate", "pick"),
        ("First place the cup, then wait", "place"),
        ("Give it over: hand it to the person", "hand"),
        ("倒一杯水，把杯把朝向老人递过去", "倒"),
        ("上小笼包：把碗放到中间，空碗旁边。", "上"),
        ("抓取方块", "抓取"),
        ("grab the gizmo and insert it", "grab"),
        ("Raise your left hand, run in place, then put both arms down", None),
        ("Take a step, take turns", None),
        ("take a photo", None),
        ("Take a photo of the gauges", None),
        ("take a look at the bowl, then take notes", None),
        ("Load the program and hold position", None),
        ("抓拍一张照片，放慢速度", None),
        ("末端回零，张开夹爪，播放动作，放松，取消，放下双臂", None),
        ("自由动作；场景未知。", None),
    ],
)
def test_words_that_name_taking(task, word):
    assert names_taking(task) == word


def slow_policy(every, follows_held, noise=0.0, pole=0.65, late=0):
    """Commands of a hand-like motion on a grid of 30 Hz, each standing for so many rows, and a servo that followed them, or the motion,
    `late` rows after it."""
    t = np.arange(400) / RATE
    places = np.random.default_rng(4).uniform(-0.6, 0.6, (2, 12))
    meant = np.stack([sum(p / (1.0 + np.exp(-6.0 * (t - 1.1 * k - j))) for k, p in enumerate(row)) for j, row in enumerate(places)], axis=1)
    stands = meant[np.arange(len(t)) // every * every]
    given = stands if follows_held else np.vstack([np.repeat(meant[:1], late, axis=0), meant[: len(t) - late]])
    q = lfilter([1.0 - pole], [1.0, -pole], given - given[0], axis=0) + given[0]
    q = np.vstack([q[:1], q[:-1]]) + np.random.default_rng(2).normal(0.0, noise, q.shape)
    command, state = (stream(role, x, (ELBOW, SHOULDER)) for role, x in (("command", stands), ("measured", q)))
    found = check_repeated([command, state], RULES, 0, (command, state))
    return next(one for one in found if command.name in one.subject)


@pytest.mark.parametrize("every", [3, 6])
@pytest.mark.parametrize(("noise", "pole"), [(0.0, 0.65), (3e-4, 0.65), (3e-4, 0.85)])
def test_commands_of_a_slow_policy_that_the_robot_followed_as_they_stand_are_no_fault(every, noise, pole):
    found = slow_policy(every, True, noise, pole)
    assert found.level == "PASS" and found.details["followed"] < 1.0 and found.share > 0.6


@pytest.mark.parametrize("every", [3, 6])
def test_commands_that_stand_while_the_robot_followed_others_were_not_written_down(every):
    found = slow_policy(every, False)
    assert found.level == "FAIL" and found.details["followed"] > 1.05


@pytest.mark.parametrize("every", [3, 6])
@pytest.mark.parametrize("noise", [0.0, 3e-4])
def test_commands_of_a_slow_sender_between_which_a_controller_goes_on_smoothly_are_another_rate(every, noise):
    """No controller knows the next command before it is given: what it goes through comes later by a command's time."""
    found = slow_policy(every, False, noise, late=every)
    assert found.level in ("PASS", "WARN") and found.details["fresh_rate"] == pytest.approx(RATE / every, rel=0.05)
    assert slow_policy(every, False, noise, late=0).level == "FAIL"


@pytest.mark.parametrize(("every", "level"), [(2, "WARN"), (3, "FAIL")])
def test_commands_of_every_other_row_are_a_warning_whatever_the_robot_followed(every, level, monkeypatch):
    """They are written 33 ms late at the most; those of every third row 67 ms."""
    monkeypatch.setattr(receive_clock, "_followed", lambda *of: 1.3)
    monkeypatch.setattr(receive_clock, "_foreseen", lambda *of: 2.0)
    assert slow_policy(every, False).level == level


def test_where_noise_hides_what_the_robot_followed_even_commands_are_a_warning():
    assert slow_policy(3, False, noise=5e-3).level == "WARN"


def test_hands_that_never_move_although_the_task_says_put():
    still, closing = claws(np.full(90, 5.0)), claws(np.clip(np.arange(90.0), 0.0, 80.0))
    task = "Put the bowl on the table."

    def level(*streams, task=task, success=None):
        return check_idle(recording(*streams), RULES, task, success)[0]

    assert level(still).level == "FAIL" and level(still).details["word"] == "Put"
    assert level(closing).level == "PASS" and level(closing).value == pytest.approx(0.8)
    assert level(still, success=True).level == "FAIL"
    assert level(still, success=False).level == "WARN", "who never reached it never closed the hand"
    measured = stream("measured", np.arange(90.0), ("left_claw",), "claw", "%")
    assert level(still, measured).level == "WARN", "something else drives it"
    assert level(still, task="Wave").reason == "no_taking" and level(still, task=None).reason == "no_task"
    assert level(task=task).reason == "no_hand_command"
    both = stream(
        "command", np.stack([np.full(90, 5.0), np.arange(90.0)], axis=1), ("left_claw", "right_claw"), "claw", "%"
    )
    assert level(both).level == "PASS", "one hand is enough"
    own = replace_episode(recording(still))
    assert check_idle(own, RULES, task, True)[0].reason == "goal_decides"


@pytest.mark.parametrize(("rest", "level"), [(0.0, "PASS"), (0.99, "FAIL")])
def test_a_hand_that_is_written_as_a_share_of_its_way_moves_as_far_as_it_says(rest, level):
    share = np.clip(np.arange(90.0) / 80.0, rest, 1.0)
    assert check_idle(recording(claws(share)), RULES, "Put the bowl on the table.", None)[0].level == level


@pytest.mark.parametrize(
    ("hand", "arm", "level"), [("left", "l", "PASS"), ("right", "l", "WARN"), ("right", "lr", "PASS"), ("both", "l", "PASS")]
)
def test_a_hand_of_an_arm_that_never_moves_may_be_the_other_one(hand, arm, level):
    """Both hands' columns were exchanged in a take of one arm; where both arms move, or both hands, nothing is claimed."""
    closing, open_ = np.clip(np.arange(90.0), 0.0, 80.0), np.full(90, 5.0)
    columns = [closing if hand in (side, "both") else open_ for side in ("left", "right")]
    hands = stream("command", np.stack(columns, axis=1), ("left_claw", "right_claw"), "claw", "%")
    angles = np.stack([np.sin(np.arange(90) / 30.0) if side in arm else np.full(90, 0.3) for side in "lr"], axis=1)
    arms = stream("command", angles, ("zarm_l1_joint", "zarm_r1_joint"))
    (found,) = check_idle(recording(hands, arms), RULES, "Put the bowl on the table.", None)
    assert found.level == level and (found.details.get("kind") == "other_arm") == (level == "WARN")


@pytest.mark.parametrize(("rows", "level"), [(2, "NOT_CHECKED"), (10, "NOT_CHECKED"), (29, "NOT_CHECKED"), (45, "FAIL")])
def test_a_take_that_ends_before_a_hand_could_close_tells_nothing_of_an_idle_hand(rows, level):
    (found,) = check_idle(recording(claws(np.full(rows, 5.0))), RULES, "Put the bowl on the table.", None)
    assert found.level == level and (found.reason == "too_short") == (level == "NOT_CHECKED")


# ---------------------------------------------------------------------------------------------------------- among takes
def lags(*values):
    return [Lag(value, value) for value in values]


USUAL = lags(0.1155, 0.116, 0.1165, 0.117, 0.1162)


@pytest.mark.parametrize(
    ("rows", "level", "kind"), [(0, "PASS", "early"), (1, "FAIL", "early"), (4, "FAIL", "early"), (-2, "FAIL", "late")]
)
def test_a_take_whose_commands_stand_in_other_rows(rows, level, kind):
    found = check_take_lag(Lag(0.1166 + rows / RATE, 0.1164 + rows / RATE), USUAL, ("state", "action"), RULES)
    assert (found.level, found.details["kind"]) == (level, kind)
    assert found.value == pytest.approx(abs(rows) / RATE, abs=1e-3)


def test_a_set_that_scatters_allows_as_much_and_one_swing_of_a_joint_is_no_other_row():
    wide = lags(0.140, 0.156, 0.159, 0.160, 0.171, 0.176)  # as in a real set
    assert check_take_lag(Lag(0.2, 0.2), wide, (), RULES).level == "PASS"
    assert check_take_lag(Lag(0.36, 0.36), wide, (), RULES).level == "FAIL"
    assert check_take_lag(Lag(0.25, 0.117), USUAL, (), RULES).level == "PASS"
    assert check_take_lag(Lag(0.116, 0.25), USUAL, (), RULES).level == "PASS"


def test_too_few_takes_tell_nothing_usual():
    found = check_take_lag(Lag(0.5, 0.5), USUAL[:4], (), RULES)
    assert (found.level, found.reason) == ("NOT_CHECKED", "few_takes")
    came = combine([found, RULES["value.nonfinite"].passed()], ["integrity"], RULES)
    assert came.verdict == "FEASIBLE", "what is asked of a set leaves no single take open"


def test_a_take_that_is_in_the_set_twice():
    t = np.arange(90.0)
    one = recording(stream("command", t, (ELBOW,)), stream("measured", t, (ELBOW,)), source="demos#0")
    again = recording(stream("command", t, (ELBOW,)), stream("measured", t + 1, (ELBOW,)), source="demos#1")
    before = TakesSeen()
    before.keep(content(one), "demos#0")
    copied = duplicate_of(content(recording(*one.streams.values(), source="demos#2")), before, RULES)
    assert copied.level == "FAIL" and copied.subject == ("demos#0",) and copied.details["kind"] == "copy"
    assert duplicate_of(content(again), before, RULES).level == "WARN"
    other = recording(stream("command", t + 2, (ELBOW,)), stream("measured", t + 3, (ELBOW,)))
    assert duplicate_of(content(other), before, RULES).level == "PASS"
    pasted = duplicate_of(content(recording(stream("command", t + 2, (ELBOW,)), stream("measured", t, (ELBOW,)))), before, RULES)
    assert (pasted.level, pasted.details["kind"]) == ("FAIL", "measured"), "no robot measures the same again for other commands"
    rest = recording(stream("command", 0 * t, (ELBOW,)), stream("measured", 0 * t, (ELBOW,)))
    assert content(rest) == Content(None, None), "two that stand still are no copies"


@pytest.mark.parametrize(
    ("rows", "level"),
    [(slice(5, None), "FAIL"), (slice(0, 200), "WARN"), (slice(100, 210), "WARN"), (slice(297, None), "PASS")],
)
@pytest.mark.parametrize("whole_first", [True, False])
def test_a_piece_of_a_take_is_named_and_most_of_it_is_that_take(rows, level, whole_first):
    """The piece and the whole side by side are faithful records both; the same take with five rows less is the same take."""
    values = np.random.default_rng(0).normal(size=(300, 6)).cumsum(axis=0)

    def take(x, source):
        streams = [stream(role, np.arange(float(len(x))), (ELBOW,)) for role in ("command", "measured")]
        six = [replace(one, values=x + by, names=tuple("abcdef")) for one, by in zip(streams, (1.0, 0.0))]
        return recording(*six, source=source)

    before = TakesSeen()
    first, second = (values, values[rows]) if whole_first else (values[rows], values)
    before.keep(content(take(first, "demos#0")), "demos#0")
    found = duplicate_of(content(take(second, "demos#1")), before, RULES)
    assert found.level == level
    if level != "PASS":
        assert found.subject == ("demos#0",) and found.details["kind"] == "part" and found.value >= 0.9
    if not whole_first:
        return
    joined = np.concatenate([values[:200], 5.0 + values[:100]])
    assert duplicate_of(content(take(joined, "demos#2")), before, RULES).level == "WARN"
    assert duplicate_of(content(take(values + 1e-6, "demos#3")), before, RULES).level == "PASS"


def judged(take, lag):
    found = [RULES["stream.lag"].finding(level="PASS", value=lag, subject=("state", "action"), details={"median": lag})]
    return take_facts(take, found), RULES


def test_takes_are_held_against_those_of_their_own_set_whatever_batch_they_are_in():
    rng = np.random.default_rng(0)

    def take(k, source="demos"):
        return recording(stream("command", rng.random(60), (ELBOW,)), source=f"{source}#{k}")

    company = Company()
    takes = [take(k) for k in range(6)]
    first, again = [judged(one, 0.116 + 0.001 * k) for k, one in enumerate(takes)], takes[2]
    assert {one["take.lag"].level for one in company.hold(first)} == {"PASS"}
    twice = recording(*again.streams.values(), source="demos#7")
    later = [
        judged(take(6), 0.25),
        judged(twice, 0.117),
        judged(take(0, "elsewhere"), 0.25),
        judged(take(0).__class__(**vars(take(0)) | {"source": "alone.bag"}), 0.25),
    ]
    found = company.hold(later)
    assert found[0]["take.lag"].level == "FAIL" and found[1]["take.lag"].level == "PASS"
    assert found[1]["take.duplicate"].level == "FAIL" and found[1]["take.duplicate"].subject == ("demos#2",)
    assert found[2]["take.lag"].reason == "few_takes" and found[2]["take.duplicate"].level == "PASS"
    assert found[3]["take.lag"].reason == found[3]["take.duplicate"].reason == "no_set"


def test_real_takes_of_one_set_are_as_late_as_each_other_and_one_that_was_shifted_is_not(data):
    """Twenty takes of a real robot: none is told, nor is a hand idle or a command repeated; three rows are."""
    if not (data / "g1-inspire-pick-bottle").is_dir():
        pytest.skip("that set is not on this machine")
    takes = [one for one in read(data / "g1-inspire-pick-bottle") if isinstance(one, Recording)]
    found = [check_lag(*pair(one), RULES, origin_ns(one)) for one in takes]
    every = [lag_of(one) for one in found]
    known = [lag for lag in every if lag is not None]
    assert len(known) >= 15
    for k, lag in enumerate(known):
        assert check_take_lag(lag, known[:k] + known[k + 1 :], (), RULES).level == "PASS"
    k = next(k for k, lag in enumerate(every) if lag is not None)
    command, state = pair(takes[k])
    early = replace(command, values=np.concatenate([command.values[3:], np.repeat(command.values[-1:], 3, axis=0)]))
    shifted = lag_of(check_lag(early, state, RULES, origin_ns(takes[k])))
    shifted_lag = check_take_lag(shifted, known[1:], (), RULES)
    assert shifted_lag.level == "FAIL" and shifted_lag.value == pytest.approx(
        3 / 30 + every[k].pooled - shifted_lag.details["usual"], abs=0.03
    )
    for one in takes[:5]:
        assert check_idle(one, RULES, one.metadata["task"], None)[0].level == "PASS"
        assert check_repeated(list(one.streams.values()), RULES, origin_ns(one))[0].level == "PASS"
