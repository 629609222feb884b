"""A limb that is named whole is called by its name, in both languages; some joints of it are counted, few are named."""

from __future__ import annotations

import numpy as np
import pytest
from made_verdicts import verdict
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.witnesses import finding_of
from shiliu.replay.report.story import Story
from shiliu.replay.report.text import Words
from shiliu.replay.residual.difference import Difference

LEFT, RIGHT = ([f"zarm_{side}{number}_joint" for number in range(1, 8)] for side in "lr")
IDS = ["zarm_l1_joint … zarm_l7_joint", "zarm_r1_joint … zarm_r7_joint"]


@pytest.mark.parametrize(
    ("names", "en", "zh"),
    [
        (LEFT, "left arm", "左臂"),
        (LEFT[::-1], "left arm", "左臂"),
        ([*LEFT, *RIGHT], "both arms", "双臂"),
        ([*RIGHT, "zhead_1_joint", *LEFT], "both arms and head yaw", "双臂、头部转动"),
        (LEFT[:6], "6 joints of the left arm", "左臂的 6 个关节"),
        ([*LEFT, *RIGHT[:4]], "left arm and 4 joints of the right arm", "左臂、右臂的 4 个关节"),
        (RIGHT[3:4], "right elbow", "右肘"),
        ([f"leg_r{number}_joint" for number in range(1, 7)], "right leg", "右腿"),
    ],
)
def test_joints_of_a_limb_are_called_by_it(names, en, zh):
    assert (Words("en").name(names, "plain"), Words("zh").name(names, "plain")) == (en, zh)


def test_identifiers_of_a_whole_limb_are_its_first_and_last():
    assert Words("en").name([*LEFT, *RIGHT], "ids") == ", ".join(IDS)
    assert Words("en").name([*LEFT, *RIGHT], "full") == f"{', '.join(IDS)} (both arms)"
    assert Words("zh").name(LEFT, "full") == f"左臂（{IDS[0]}）"
    assert Words("en").name(LEFT[:4], "ids") == ", ".join(LEFT[:4])
    assert Words("en").name(["bowl", "/arm/state"], "full") == "bowl and /arm/state"


def test_the_columns_of_a_pose_are_called_by_their_thing():
    pose = [f"{thing}.{axis}" for thing in ("bowl", "cup") for axis in ("x", "y", "z", "qw", "qx", "qy", "qz")]
    assert Words("en").name(pose, "plain") == "bowl and cup"
    assert Words("en").name(pose, "ids") == "bowl.x … bowl.qz, cup.x … cup.qz"
    assert Words("en").name(["bowl.x", "bowl.y", "oven.door_hinge"], "plain") == "bowl.x, bowl.y, oven.door_hinge"


def test_a_sentence_names_two_and_counts_the_rest():
    mixed = ["zarm_l2_joint", "zarm_r4_joint", "zhead_1_joint", "zhead_2_joint"]
    assert Words("en").name(mixed) == "zarm_l2_joint (left shoulder, sideways), zarm_r4_joint (right elbow) and 2 more"
    assert Words("zh").name(mixed).endswith("和另外 2 个")
    assert Words("en").name(LEFT[:5]) == "5 joints of the left arm"
    assert Words("en").name(mixed, "ids") == ", ".join(mixed)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_cause_stands_first_then_where_when_and_how_much(lang):
    rule = load_rules()["column.differs"]
    times = np.arange(100) / 10.0
    known = {"certain": True, "numbers": {"by": 0.1}, "limit": 0.04}
    one = Difference.over(times, ("zarm_l4_joint",), "measured", (20, 60), 0.1, "rad", "offset", **known)
    sentence = Words(lang).message(finding_of(rule, one, []))
    parts = {"en": ("a constant offset", "by 0.1 rad", "left elbow", "2.00 s", "6.00 s", "up to 0.1 rad"),
             "zh": ("固定偏移", "0.1 rad", "左肘", "2.00 s", "6.00 s", "最多相差 0.1 rad")}[lang]  # fmt: skip
    if lang == "en":
        assert [sentence.index(part) for part in parts] == sorted(sentence.index(part) for part in parts)
    assert sentence.startswith(parts[0]) and all(part in sentence for part in parts)
    far = Difference.over(times, ("left_tcp.x",), "pose", None, 869.0, "m", "factor", certain=True, numbers={"factor": 1000.0}, limit=0.01)
    sentence = Words(lang).message(finding_of(rule, far, []))
    assert "869" not in sentence and "1000" in sentence
    none = Words(lang).message(finding_of(rule, Difference.over(times, ("a",), "command", None, 0.2, "rad", None, certain=False), []))
    assert "100 %" not in none and none.startswith({"en": "no known fault", "zh": "没有已知原因"}[lang])


def test_a_command_just_past_the_end_of_its_channel_says_by_how_much():
    finding = load_rules()["value.range"].finding(
        level="FAIL", subject=("left_claw",), value=100.004, limit=100.0, margin=-0.004, excess=1.0, unit="%",
        details={"lower": 0.0, "upper": 100.0},
    )  # fmt: skip
    assert "0.004 % past the end" in Words("en").message(finding) and "0.004 %" in Words("zh").message(finding)


def test_a_moment_that_a_sentence_has_is_not_repeated():
    times = np.arange(100) / 10.0
    known = {"certain": True, "numbers": {"by": 0.1}, "limit": 0.04}
    one = Difference.over(times, ("zarm_l4_joint",), "measured", (20, 60), 0.1, "rad", "offset", **known)
    found = finding_of(load_rules()["column.differs"], one, [])
    assert Story(verdict("f", "UNSOUND", [found], 0, None), Words("en")).why.count("2.00 s") == 1


@pytest.mark.parametrize(("unit", "again"), [("s", False), ("rad", True)])
def test_a_delay_is_named_once(unit, again):
    """What is late is named by its seconds, and not once more as a distance between columns."""
    numbers = {"late": 0.145} if unit == "s" else {"by": 0.145}
    one = Difference(
        LEFT[:1], "command", 0, 90, 0.0, 3.0, 0.145, unit, "lag" if unit == "s" else "offset", True, numbers=numbers, limit=0.05, rows=91
    )
    text = Words("en").message(finding_of(load_rules()["column.differs"], one, []))
    assert text.count("0.145") == 1 + again and ("from what the other columns say" in text) == again


def test_columns_without_a_witness_are_named_with_what_remains_open():
    names = ("observation.touch/left_finger_front", "state/bowl.x", "state/bowl.y", "state/bowl.z")
    found = load_rules()["column.alone"].not_checked("no_witness", subject=names, details={"count": 4, "columns": list(names)})
    text = "observation.touch/left_finger_front, state/bowl.x … state/bowl.z (4 in all): no other recorded column can confirm it"
    assert Words("en").message(found) == text
    assert "state/bowl.z（共 4 列）：" in Words("zh").message(found)


@pytest.mark.parametrize(("late", "en", "zh"), [(0.3, ", 0.3 s late:", "，晚 0.3 秒"), (-0.3, ", 0.3 s early:", "，早 0.3 秒")])
def test_rows_are_late_or_early_by_a_number_above_zero(late, en, zh):
    one = Difference(LEFT[:1], "command", 0, 90, 0.0, 3.0, 0.3, "s", "lag", True, numbers={"late": late}, limit=0.05, rows=91)
    found = finding_of(load_rules()["column.differs"], one, [])
    assert en in Words("en").message(found) and zh in Words("zh").message(found) and found.details["late"] == late
