"""Sentences in sets that name no scenario besides: of another scenario than the motion, and of an arm that does nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from joint_streams import stream
from shiliu.replay.checks.inputs import Recorded
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.takes import TakeShown, TakesSeen
from shiliu.replay.checks.task_text import check_text, wording_of
from shiliu.replay.checks.usual_postures import posture_of
from shiliu.replay.judge.facts.results import Integrity
from shiliu.replay.judge.intake import own_limits
from shiliu.replay.judge.judge import _among_takes
from shiliu.replay.judge.set_comparison import Company, take_facts
from shiliu.replay.line.kept import packed, unpacked
from shiliu.replay.recording.recording import Recording

RULES, LIMITS = load_rules(), own_limits()
NAMES = tuple(f"zarm_{side}{k}_joint" for side in "lr" for k in range(1, 8))
WAY = np.sin(np.pi * np.arange(200) / 199.0) ** 2
TABLE, WASH = "Put the bowl of buns in the middle of the table.", "Put the bowl into the microwave, close the door and press start."
TABLE_ZH, WASH_ZH = "把装小笼包的碗放到桌子中间。", "把碗放进微波炉，关上门，按下启动键。"
REACH = {"table": (0.3, 0.2, -0.3, -0.9, 0.2, 0.1, -0.2), "microwave": (-0.6, 0.6, 0.5, -0.3, -0.4, -0.2, 0.3)}


def take(reach, text, varied=0.0, right=0.0):
    """The left arm goes out and back; `varied`: share by which it goes further than usual; `right`: how far the right one goes [rad]."""
    far = np.r_[np.array(REACH[reach]) * (1.0 + 0.1 * varied), -np.full(7, right)]
    x = np.outer(WAY, far) + np.tile([0.0, 0.1, 0.0, -0.5, 0.0, 0.0, 0.0, 0.0, -0.1, 0.0, -0.5, 0.0, 0.0, 0.0], (200, 1))
    streams = {role: stream(role, x, NAMES) for role in ("command", "measured")}
    return Recording("a", f"set#{varied}", "", "robot", streams, metadata={"robot": "kuafu", "task": text})


def among(one, others):
    """What the others show of a take's sentence."""
    def shown(recording, k):
        return TakeShown(f"set#{k}", posture=posture_of(recording, LIMITS), wording=wording_of(recording))

    seen = TakesSeen()
    for k, other in enumerate(others):
        seen.show(shown(other, k))
    return next((f for f in seen.against(shown(one, "own"), LIMITS, RULES) if f.code == "task.text"), None)


TABLES = [take("table", text, v) for text, v in ((TABLE, -1.0), (TABLE_ZH, 0.3), (TABLE, 1.0))]
MICROWAVES = [take("microwave", WASH, v) for v in (-1.0, 0.3, 1.0)]


@pytest.mark.parametrize(
    ("reach", "text", "level"),
    [
        ("table", WASH, "FAIL"),
        ("table", WASH_ZH, "FAIL"),
        ("table", "Heat up the soup bowl in the microwave oven", "WARN"),
        ("table", "把包裹按目的地分拣到货架上", "WARN"),
        ("table", TABLE_ZH, None),
        ("table", "Place the buns on the table", None),
        ("table", "Frobnicate the gizmo", None),
        ("microwave", WASH, None),  # another task in one set, done as it says
        ("microwave", TABLE, None),  # nothing in the set goes so
    ],
)
def test_a_sentence_of_another_scenario_is_found_by_the_takes_that_go_alike(reach, text, level):
    finding = among(take(reach, text), TABLES)
    assert (None if finding is None else finding.level) == level
    assert finding is None or (finding.details["against"], finding.details["scenario"]) == ("set", "table_setting")


@pytest.mark.parametrize(("varied", "share", "level"), [(0.3, 1.0, "FAIL"), (4.0, 1.0, "WARN"), (0.3, 0.3, None), (-8.0, 1.0, None)])
def test_a_take_that_is_as_near_as_beginnings_are_is_unsure_and_one_that_hardly_moves_is_nothing(varied, share, level):
    """Takes that were cut to their first seconds have done what many scenarios begin with: share of the way that all of them go."""
    def short(one):
        return replace(one, streams={k: replace(s, values=s.values[0] + share * (s.values - s.values[0])) for k, s in one.streams.items()})

    finding = among(short(take("table", WASH, varied)), [short(one) for one in TABLES])
    assert (None if finding is None else finding.level) == level


def test_sentences_of_two_takes_that_were_exchanged_are_both_found():
    for reach, text, scenario in (("table", WASH, "table_setting"), ("microwave", TABLE, "microwave")):
        finding = among(take(reach, text), TABLES + MICROWAVES)
        assert finding is not None and finding.failed and finding.details["scenario"] == scenario
    for reach, text in (("table", TABLE), ("microwave", WASH)):
        assert among(take(reach, text), TABLES + MICROWAVES) is None
    assert among(take("table", WASH), TABLES[:2]) is None, "two takes are no family"


def test_scenarios_that_go_alike_are_not_told_apart():
    alike = [take("table", WASH, 0.5 * v) for v in (-1.0, 0.3, 1.0)]
    assert among(take("table", WASH), TABLES + alike) is None


@pytest.mark.parametrize(
    ("text", "right", "level"),
    [
        ("Take the bowl with the right hand", 0.0, "FAIL"),
        ("用右手把碗放到桌子中间", 0.0, "FAIL"),
        ("Take the bowl with the left hand", 0.0, "NOT_CHECKED"),
        ("用左手把碗放到桌子中间", 0.0, "NOT_CHECKED"),
        ("Take the bowl with the right hand", 0.1, "NOT_CHECKED"),  # it did something, or nothing
        ("Put the bowl to the right of the plate", 0.0, "NOT_CHECKED"),
        ("Place the towel on the right arm of the chair", 0.0, "NOT_CHECKED"),
        ("Press the right hand button", 0.0, "NOT_CHECKED"),
        ("Put the glove on the right hand", 0.0, "NOT_CHECKED"),
        ("Shake it with the right hand of the doll", 0.0, "NOT_CHECKED"),
        ("把杯子递到老人右手里", 0.0, "NOT_CHECKED"),
    ],
)
def test_the_hand_of_a_sentence_needs_no_scenario(text, right, level):
    one = take("table", text, right=right)
    (finding,) = check_text(Recorded(one, LIMITS, RULES))
    assert finding.level == level


def test_an_episode_that_names_its_scenario_is_compared_with_that():
    one = take("table", TABLE)
    assert wording_of(replace(one, scenario="microwave")) is None and wording_of(one) == (TABLE, "table_setting")


def test_at_the_gate_the_whole_set_is_known_whichever_take_is_wrong():
    takes = [take("table", WASH), *TABLES]
    batch = [(take_facts(one, ()), RULES) for one in (replace(one, source=f"set#{k}") for k, one in enumerate(takes))]
    given = Company().hold(batch)
    assert ["task.text" in one for one in given] == [True, False, False, False]
    alone = Integrity((RULES["task.text"].not_checked("no_scenario"),), {}, ())
    (text,) = [f for f in _among_takes(alone, given[0]).findings if f.code == "task.text"]
    assert text.failed and text.details["scenario"] == "table_setting"
    assert unpacked(packed(batch[0][0])) == batch[0][0]
