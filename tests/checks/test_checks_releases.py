"""Where hands let go, and hands that close on nothing, held against the other takes of a set."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from joint_streams import RATE, ROWS, recording, stream
from shiliu.replay.checks.empty_grips import check_empty_grip, grips_of
from shiliu.replay.checks.releases import check_release, hands_of, releases_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.judge.set_comparison import Company, take_facts
from shiliu.replay.judge.verdict import combine
from shiliu.replay.recording.recording import Recording
from shiliu.replay.report import Words

RULES = load_rules()


def judged(take, lag):
    found = [RULES["stream.lag"].finding(level="PASS", value=lag, subject=("state", "action"), details={"median": lag})]
    return take_facts(take, found), RULES


# ---------------------------------------------------------------------------------------------------- where hands let go
CLAWS = ("left_claw", "right_claw")
ARMS = ("zarm_l1_joint", "zarm_r1_joint")


def ramp(begin, length, low, high):
    """(ROWS,) from one value to the other, beginning at a time [s] and lasting so long."""
    return low + (high - low) * np.clip((np.arange(ROWS) / RATE - begin) / length, 0.0, 1.0)


def carried(opens, k=0, speed=0.9, way=1.8, other=0.0, stopped=70.0, task="Carry it."):
    """A take: the left hand closes on a thing at 3 s, its arm swings by `way` from 10 s on, the hand opens at `opens`.

    The thing stops the hand at `stopped` [%], and the command presses on to 80 %. `other`: to where the right hand is closed
    on something all the time [%].
    """
    left = ramp(3.0, 0.5, 20.0, 80.0) - ramp(opens, 0.2, 0.0, 60.0)
    stands = np.where(np.arange(ROWS) / RATE < opens, np.minimum(left, stopped), left)
    swing = np.stack([ramp(10.0, way / speed, 0.0, way), np.zeros(ROWS)], axis=1)
    return recording(
        stream("command", swing, ARMS),
        stream("measured", swing, ARMS),
        stream("command", np.stack([left, np.full(ROWS, other)], axis=1), CLAWS, "claw", "%"),
        stream("measured", np.stack([stands, np.full(ROWS, 0.9 * other)], axis=1), CLAWS, "claw", "%"),
        source=f"demos#{k}",
        metadata={"task": task},
    )


def let_go(take, others, failed=False):
    return check_release(releases_of(take), [releases_of(one) for one in others], failed, RULES)


def test_a_hand_that_opens_while_its_arm_carries_is_told_by_how_fast_it_moves():
    """In the others the arm stands when the hand opens; here it moves at 0.9 rad/s, 0.5 rad/s beyond the bound, and goes on."""
    others = [carried(15.0 + 0.1 * k, k) for k in range(6)]
    good = let_go(carried(15.0), others)
    assert (good.level, good.stage) == ("PASS", "replay") and good.value == pytest.approx(0.0, abs=1e-6)
    early = let_go(carried(11.0), others)
    assert early.level == "FAIL" and early.subject == ("left_claw",) and early.t0 == pytest.approx(11.0, abs=0.1)
    assert early.value == pytest.approx(0.9, abs=0.01) and early.margin == pytest.approx(-0.5, abs=0.01)
    assert early.t1 == pytest.approx(12.0, abs=0.2), "there the arm comes to where the others let go"
    assert "opens while its arm moves at 0.9 rad/s" in Words("en").message(early)
    slow = let_go(carried(13.0, speed=0.3), others)  # 6 s for the way: no faster than people who put things down
    assert slow.level == "PASS" and slow.value == pytest.approx(0.3, abs=0.01)


def test_what_explains_an_opening_on_the_way_is_warned_of_at_most():
    others = [carried(15.0, k) for k in range(6)]
    assert let_go(carried(11.0), others, failed=True).level == "WARN", "labelled a failure"
    assert let_go(carried(11.0, other=90.0), others).level == "WARN", "the other hand holds something"
    assert let_go(carried(11.0, way=1.0), others).level == "WARN", "the arm does not come to where the others let go"
    assert let_go(carried(11.6), others).level == "WARN", "it is there 0.4 s later: thrown, not lost"
    assert let_go(carried(11.0), [carried(11.0 + 0.05 * k, k) for k in range(6)]).level == "PASS", "all throw"


def test_what_cannot_be_asked_of_letting_go_has_a_reason():
    others = [carried(15.0, k) for k in range(6)]
    assert let_go(carried(40.0), others).reason == "nothing_held"
    assert let_go(carried(11.0), others[:4]).reason == "few_takes"
    still = carried(11.0)
    assert releases_of(recording(*(s for s in still.streams.values() if s.quantity != "claw"))) == "no_grip"
    air = carried(11.0)
    claws = air.streams["command/claw"].values
    free = replace(air.streams["measured/claw"], values=np.concatenate([claws[:6] * 0 + claws[0], claws[:-6]]))
    air.streams["measured/claw"] = free  # a hand that closes on nothing is 0.2 s behind, and stands where it is commanded
    assert releases_of(air) == ()
    assert releases_of(replace(still, kind="simulation", episode=SimpleNamespace())) == "goal_decides"


def test_company_answers_no_question_of_a_stage():
    """Where nothing else of the replay could be asked, hands that let go as the others do leave the stage unasked."""
    passed, open_ = RULES["take.release"].passed(), RULES["goal"].not_checked("unknown_start")
    assert combine([passed, open_], ["replay.goal"], RULES).stages["replay"].reason == "unknown_start"
    assert combine([passed], [], RULES).stages["replay"].verdict == "NOT_CHECKED"
    failed = RULES["take.release"].finding(level="FAIL", t0=1.0, t1=2.0, subject=("left_claw",))
    found = combine([failed, open_], ["replay.goal"], RULES)
    assert found.verdict == "INFEASIBLE" and found.root == 0 and found.owner == "operator"


def test_a_take_that_lets_go_on_the_way_is_found_among_those_of_its_set():
    takes = [carried(15.0 + 0.1 * k, k) for k in range(7)] + [carried(11.0, 7)]
    found = Company().hold([judged(one, 0.1) for one in takes])
    assert [one["take.release"].level for one in found] == 7 * ["PASS"] + ["FAIL"]


# --------------------------------------------------------------------------------------------- hands that close on nothing
def held(take, others, failed=False):
    used = [grips_of(one, hands_of(one)) for one in (take, *others)]
    return check_empty_grip(used[0], used[1:], failed, RULES)


def test_a_hand_that_nothing_stops_is_told_by_where_the_others_are_stopped():
    """In the others a thing stops the hand at 70 % of its way; here it closes to 80 %, 8.5 % beyond the bound."""
    others = [carried(15.0, k) for k in range(6)]
    assert held(carried(15.0), others).level == "PASS"
    empty = held(carried(15.0, stopped=100.0), others)
    assert (empty.level, empty.stage, empty.subject) == ("FAIL", "replay", ("left_claw",))
    assert empty.value == pytest.approx(0.1, abs=1e-3) and empty.margin == pytest.approx(-0.085, abs=1e-3)
    assert empty.t0 == pytest.approx(3.5, abs=0.1)
    message = Words("en").message(empty)
    assert "0.1 of its way further" in message and "0.015 is the bound" in message and "6 of the 6" in message
    assert held(carried(15.0, stopped=100.0), others, failed=True).level == "WARN", "labelled a failure"


def test_what_stops_hands_in_many_places_takes_the_bound_along():
    """Things from 60 to 75 %: 80 % is less than 8 standard deviations beyond the middle. A thinner thing still holds."""
    others = [carried(15.0, k, stopped=at) for k, at in enumerate((60.0, 64.0, 66.0, 69.0, 72.0, 75.0))]
    found = held(carried(15.0, stopped=100.0), others)
    assert found.level == "PASS" and found.limit > 0.3
    same = [carried(15.0, k) for k in range(6)]
    assert held(carried(15.0, stopped=78.0), same).level == "PASS", "it holds something, and nobody asks how thick that is"


def test_what_cannot_be_asked_of_a_hand_that_holds_nothing_has_a_reason():
    others, empty = [carried(15.0, k) for k in range(6)], carried(15.0, stopped=100.0)
    assert held(empty, others[:4]).reason == "few_takes"
    assert held(empty, [*others, *(carried(15.0, k, stopped=100.0) for k in (6, 7))]).reason == "grips_differ", "6 of 8"
    assert grips_of(replace(empty, kind="simulation", episode=SimpleNamespace()), []) == "goal_decides"
    assert grips_of(empty, []) == "no_grip"


def test_a_take_that_closes_on_nothing_is_found_among_those_of_its_task():
    """A hand that closes to a fist to push is no fault: it is of another task."""
    takes = [carried(15.0, k) for k in range(7)] + [carried(15.0, 7, stopped=100.0)]
    takes += [carried(15.0, 8 + k, stopped=100.0, task="Push it.") for k in range(2)]
    found = Company().hold([judged(one, 0.1) for one in takes])
    assert [one["take.grip"].level for one in found] == [*7 * ["PASS"], "FAIL", *2 * ["NOT_CHECKED"]]
    unnamed = [judged(replace(one, metadata={}), 0.1) for one in takes]
    assert {one["take.grip"].reason for one in Company().hold(unnamed)} == {"no_task"}


def test_a_real_hand_that_shows_no_grip_is_not_blamed_where_one_of_four_shows_none(data):
    """Of five of twenty takes of a person nobody knows whether the hand holds the bottle."""
    if not (data / "g1-inspire-pick-bottle").is_dir():
        pytest.skip("that set is not on this machine")
    takes = [one for one in read(data / "g1-inspire-pick-bottle") if isinstance(one, Recording)]
    used = [grips_of(one, hands_of(one)) for one in takes]
    assert sum(one.sign != 0 for hands in used for one in hands if one.side == "r") == 15
    found = [check_empty_grip(one, used[:k] + used[k + 1 :], False, RULES) for k, one in enumerate(used)]
    assert {one.reason for one in found} == {"grips_differ"}


def test_real_hands_let_go_as_those_of_their_set(data):
    """Twenty takes of a person: where the hand holds something its arm moves at up to 0.54 rad/s when it lets go."""
    if not (data / "g1-inspire-pick-bottle").is_dir():
        pytest.skip("that set is not on this machine")
    takes = [releases_of(one) for one in read(data / "g1-inspire-pick-bottle") if isinstance(one, Recording)]
    found = [check_release(one, takes[:k] + takes[k + 1 :], False, RULES) for k, one in enumerate(takes)]
    assert {one.level for one in found} == {"PASS", "NOT_APPLICABLE"}
    speeds = [one.value for one in found if one.level == "PASS"]
    assert len(speeds) == 15 and max(speeds) == pytest.approx(0.54, abs=0.01)
