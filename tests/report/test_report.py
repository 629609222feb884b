"""The words of a report in both languages, and their order: the cause once and first."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_verdicts import stages, too_fast, undecided, verdict
from shiliu.replay.checks import finding as finding_module
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.report import Words, languages
from shiliu.replay.report.numerals import number, quantity
from shiliu.replay.report.story import Story
from shiliu.replay.report.text import catalogue
from shiliu.scenarios.sheet.errors import ShiliuError

DUMMY = {"en": "thing", "zh": "东西"}


def leaves(tree: dict, path: str = "") -> dict[str, str]:
    found = {}
    for key, value in tree.items():
        found |= leaves(value, f"{path}/{key}") if isinstance(value, dict) else {f"{path}/{key}": value}
    return found


def fields(template: str) -> set[tuple[str, str]]:
    return {
        (name, spec or "")
        for _, name, spec, _ in string.Formatter().parse(template.replace("[[", "").replace("]]", ""))
        if name
    }


def test_both_catalogues_have_the_same_keys():
    assert languages() == ["en", "zh"]
    english, chinese = (set(leaves(catalogue(lang))) for lang in ("en", "zh"))
    assert english ^ chinese == set()


def test_every_entry_is_a_text_and_says_the_same_numbers_in_both_languages():
    english, chinese = (leaves(catalogue(lang)) for lang in ("en", "zh"))
    for path, text in english.items():
        assert isinstance(text, str) and isinstance(chinese[path], str), path
        if not path.endswith("/slip"):
            assert {name for name, _ in fields(text)} == {name for name, _ in fields(chinese[path])}, path


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_template_can_be_filled(lang):
    words = Words(lang)
    for path, template in leaves(catalogue(lang)).items():
        values = {
            name: ("zarm_l2_joint",) if spec in ("full", "plain", "ids") else 0.25 if spec else DUMMY[lang]
            for name, spec in fields(template)
        }
        full = words.fill(template, values, "rad/s")
        empty = words.fill(template, {}, "rad/s")
        assert "{" not in full + empty and "[[" not in full + empty and "]]" not in full + empty, path
        assert "?" not in full or "?" in template, path
        assert not re.search(r"\(\)|（）|\s{2}", full), path


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_code_has_all_its_texts(lang):
    for code, entry in catalogue(lang)["codes"].items():
        needed = {"topic", "title", "slip", "message", "ok", "fix", "what"}
        assert needed <= set(entry), code
        for key in set(entry) - needed:
            assert key in ("warn", "info", "how") or key.startswith(("message_", "slip_", "ok_", "fix_", "warn_")), code
        assert all(entry.values()), code


def test_the_catalogue_knows_every_code_source_and_reason_in_use():
    rules = load_rules()
    checks = Path(finding_module.__file__).parent
    code_text = "".join(path.read_text(encoding="utf-8") for path in checks.glob("*.py"))
    reasons = set(re.findall(r"not_(?:checked|applicable)\(\s*\"(\w+)\"", code_text))
    assert reasons
    evidence_text = (checks.parent / "judge" / "explanation" / "verdict_evidence.py").read_text(encoding="utf-8")
    used = {
        "facts": re.findall(r"Fact\(\"(\w+)\"", evidence_text),
        "tables": re.findall(r"Table\(\"(\w+)\"", evidence_text),
        "columns": ["joint", "unit", "p50", "p95", "max", "rms_difference", "recorded_rms", "offset"],
        "captions": ["start", "before", "cause", "third", "two_thirds", "end"],
        "plots": ["joint_position", "joint_velocity", "joint_torque"],
    }
    for lang in languages():
        words = Words(lang)
        for group, keys in used.items():
            assert keys and set(keys) - set(words.book[group]) == set(), group
        assert {code for code in rules if words.code(code) is None} == set()
        assert {rule.source for rule in rules.values()} - set(words.book["sources"]) == set()
        assert reasons - set(words.book["reasons"]) == set()


def test_a_name_keeps_its_spelling_at_the_head_of_a_sentence():
    words = Words("en")

    def slip(joint):
        return words.slip(Finding("joint.position", "FAIL", "kinematics", subject=(joint,), value=2.0, limit=1.0, unit="rad"))

    assert slip("arm_j1") == "arm_j1 goes beyond its range."
    assert slip("zarm_r1_joint") == "Right shoulder, forward and back goes beyond its range."


def test_a_copy_is_called_one():
    """How far its values go is no distance from what the other columns say."""
    details = {"kind": "measurement_as_command", "what": "column_command", "why": "why_measurement_as_command", "apart": 2.2}
    copy = Finding(
        "column.differs", "WARN", "integrity", subject=("arm_j1",), t0=0.0, t1=2.0, value=2.2, limit=0.05, unit="rad", details=details
    )  # fmt: skip
    message = Words("en").message(copy)
    assert message.startswith("command and measurement have the same values") and "2.2" not in message
    assert "2.2 rad" in Words("en").message(replace(copy, details=details | {"kind": "offset", "why": "why_offset"}))


def test_a_warning_says_its_own_limit_and_a_softened_one_why():
    words = Words("en")
    lasting = Finding(
        "torque.peak",
        "WARN",
        "dynamics",
        subject=("zarm_r1_joint",),
        value=50.0,
        limit=46.7,
        unit="Nm",
        details={"peak": 66.7},
    )
    assert (
        words.message(lasting) == "zarm_r1_joint (right shoulder, forward and back) needs 50 Nm for longer; "
        "its lasting limit is 46.7 Nm, its peak 66.7 Nm"
    )
    measured = Finding(
        "joint.velocity",
        "WARN",
        "kinematics",
        "measured",
        ("zarm_r1_joint",),
        value=20.0,
        limit=18.8,
        unit="rad/s",
        details={"softened": True},
    )
    assert "measured, not commanded" in words.message(measured)


def test_two_streams_in_two_units_are_both_named():
    streams = [
        {"stream": "command", "unit": "deg", "lo": -100.1, "hi": 110.7},
        {"stream": "state", "unit": "rad", "lo": -1.7, "hi": 1.9},
    ]
    finding = Finding("unit.degrees", "PASS", "integrity", details={"streams": streams})
    assert (
        Words("en").message(finding)
        == "units are as declared: command in deg (-100 to 111), state in rad (-1.7 to 1.9)"
    )


@pytest.mark.parametrize(
    ("level", "details", "text"),
    [
        ("PASS", {"reached": 4, "total": 4, "label": "success"}, "the task is done: 4 of 4 steps"),
        ("PASS", {"reached": 1, "total": 4, "label": "failure"}, "fails as recorded: 1 of 4 steps reached"),
        (
            "WARN",
            {"reached": 4, "total": 4, "label": "failure"},
            "it succeeds in the replay: 4 of 4 steps, but its label says failure",
        ),
        (
            "INFO",
            {"reached": 0, "total": 4, "label": None},
            "0 of 4 steps reached; reported, not judged, because the recording has no label",
        ),
        ("FAIL", {"successes": 0, "starts": 32, "high": 0.107}, "0 of 32 likely starts succeed (at most 11 %)"),
        (
            "NOT_CHECKED",
            {"successes": 13, "starts": 32, "low": 0.25, "high": 0.58, "unknown": "bowl.at"},
            "13 of 32 likely starts succeed (25 % to 58 %); it hangs on bowl.at",
        ),
    ],
)
def test_outcome_of_the_task_is_said_against_its_label(level, details, text):
    finding = Finding(
        "goal", level, "replay", details=details, reason="unknown_start" if level == "NOT_CHECKED" else None
    )
    assert text in Words("en").message(finding)


def test_message_carries_value_limit_unit_and_excess():
    finding = too_fast().findings[0]
    assert (
        Words("en").message(finding)
        == "zarm_l2_joint (left shoulder, sideways) would have to move at 8.4 rad/s; its limit is 6 rad/s (+40 %)"
    )
    assert Words("zh").message(finding) == "左肩侧摆（zarm_l2_joint）要达到 8.4 rad/s，限值为 6 rad/s（超出 40 %）"
    assert Words("en").slip(finding) == "Too fast (open door): left shoulder, sideways is 40 % over its speed limit."
    assert "70 %" in Words("en").fix(finding)


def test_a_sentence_shortens_where_a_number_is_missing():
    bare = Finding("clock.backwards", "FAIL", "integrity", subject=("/imu",))
    assert Words("en").message(bare) == "/imu: time steps back"


def test_advice_slows_enough():
    finding = Finding(
        "joint.velocity", "FAIL", "kinematics", subject=("zarm_l2_joint",), value=8.4, limit=6.0, unit="rad/s"
    )
    assert "about 30 % slower" in Words("en").fix(finding)  # 1 - 6/8.4 = 28.6 %, rounded up


@pytest.mark.parametrize(
    ("template", "one", "two"),
    [
        ("[[ ({count:n} samples)]]", "(1 sample)", "(2 samples)"),
        ("{count} draws refused", "1 draw refused", "2 draws refused"),
        ("{count:n} other copies", "1 other copy", "2 other copies"),
        ("{count:n} s after {count:n} rows", "1 s after 1 row", "2 s after 2 rows"),
        ("所有 {count:n} 行", "所有 1 行", "所有 2 行"),
    ],
)
def test_one_is_no_plural(template, one, two):
    words = Words("en")
    assert (words.fill(template, {"count": 1}), words.fill(template, {"count": 2})) == (one, two)
    assert words.fill(template, {"count": 1.5}) == two.replace("2", "1.5")


def test_a_value_cannot_become_a_template():
    words = Words("en")
    hostile = Finding("stream.missing", "FAIL", "integrity", subject=("{value:u}[[{x}]]",))
    assert "{value:u}[[{x}]]" in words.message(hostile)


def test_reasons_stage_names_and_unknown_language():
    words = Words("en")
    assert words.reason("integrity.unit.degrees") == "stopped by unit.degrees (degrees, not radians)"
    assert words.reason("never_heard_of") == "never heard of"
    with pytest.raises(ShiliuError, match="en, zh"):
        Words("fr")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.4, "8.4"),
        (0.19, "0.19"),
        (2117.04, "2117"),
        (0.0, "0"),
        (-0.00012, "-0.00012"),
        (66.67, "66.7"),
        (float("nan"), "NaN"),
        (np.float64(1.5), "1.5"),
    ],
)
def test_numbers_have_three_figures(value, text):
    assert number(value) == text


def test_quantities_choose_a_readable_unit():
    assert quantity(0.004, "m") == "4 mm"
    assert quantity(0.031, "s") == "31 ms"
    assert quantity(1.0, "rad") == "1 rad (57.3°)"
    assert quantity(3.0, "1") == "3"


# -- order
def test_cause_is_number_one_and_consequences_name_it():
    story = Story(too_fast(), Words("en"))
    assert story.number[0] == 1
    assert [story.follows(story.findings[i]) for i in story.listed] == [None, 1, 2, 1, None] or story.follow_count == 3
    assert story.follow_count == 3
    assert story.why_all == "joint.velocity zarm_l2_joint 8.4 of 6 rad/s at 5.87 s (+3 that follow)"
    assert story.when(story.root) == "5.87 s to 6.06 s, 14:32:12.9 on the clock, while: open door"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.133, "0.133 m of 5 mm"), (0.0173, "17.3 of 5 mm"), (-0.0213, "-21.3 of 5 mm")]
)
def test_a_short_reason_never_drops_a_unit_that_the_limit_does_not_share(value, expected):
    verdict = too_fast()
    root = verdict.findings[verdict.root]
    root.code, root.unit, root.value, root.limit, root.subject = (
        "collision.scene",
        "m",
        value,
        0.005,
        ("arm", "counter"),
    )
    assert expected in Story(verdict, Words("en")).why


@pytest.mark.parametrize(
    ("code", "unit", "value", "expected"),
    [("reproduces", "1", 40.1, "reproduces is 40.1, limit 0"), ("balance", "m", -0.00476, "is -4.76 mm, limit 0 mm")],
)
def test_a_short_reason_says_nothing_as_a_share_of_zero(code, unit, value, expected):
    verdict = too_fast()
    root = verdict.findings[verdict.root]
    root.code, root.unit, root.value, root.limit, root.subject = code, unit, value, 0.0, ()
    assert expected in Story(verdict, Words("en")).why and "of 0" not in Story(verdict, Words("en")).why


def test_published_limits_are_no_open_point():
    story = Story(undecided(), Words("en"))
    assert [f.code for f in story.open] == ["goal"]
    assert "where the objects stood" in story.slip


def test_a_stage_that_is_open_as_a_whole_is_named_as_one():
    codes = ("joint.position", "joint.velocity", "collision.self")
    findings = [Finding(code, "NOT_CHECKED", "kinematics", reason="no_retargeting") for code in codes]
    findings.append(Finding("robustness", "NOT_CHECKED", "robustness", reason="not_run_gate"))
    human = verdict("h", "INCONCLUSIVE", findings, 0, "auditor", stages=stages(kinematics="NOT_CHECKED"))
    human.stages["kinematics"].reason = "no_retargeting"
    story = Story(human, Words("en"))
    assert story.open_points == "kinematics: the recording does not have the places of the person's hands"
    assert story.why == "the recording does not have the places of the person's hands: kinematics"


@pytest.mark.parametrize(("label", "lang", "why"), [
    ("failure", "en", "the task failed, as its label says"), ("failure", "zh", "任务未完成，与标签一致"), ("success", "en", "")
])  # fmt: skip
def test_a_labelled_failure_that_passes_says_so(label, lang, why):
    goal = Finding("goal", "PASS", "replay", details={"label": label})
    assert Story(verdict("f", "FEASIBLE", [goal], None, None), Words(lang)).why == why


def test_estimates_are_named_and_pass_does_not_mean_unchecked():
    story = Story(too_fast(), Words("en"))
    assert story.estimates == ["door swung back 2 deg (house rule)"]
    assert {reason for _, reason in story.by_reason("NOT_CHECKED")} == {
        "the maker publishes no limit",
        "no finger forces in the recording",
    }
