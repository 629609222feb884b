"""The reports: words in both languages, the cause once and first, files for programs, no way in for hostile names."""

from __future__ import annotations

import io
import json
import re
import string
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.cells import cell_len
from shiliu.replay.checks import finding as finding_module
from shiliu.replay.checks.finding import Fact, Finding, Picture, Plot, Table, VerdictEvidence
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.verdict import StageResult, Verdict
from shiliu.replay.report import (
    Gate,
    Terminal,
    Words,
    check_out,
    counts,
    jsonl,
    junit,
    languages,
    plots,
    write_reports,
)
from shiliu.replay.report.exit_code import code_of
from shiliu.replay.report.html import render
from shiliu.replay.report.numerals import number, quantity
from shiliu.replay.report.story import Story
from shiliu.replay.report.streaming import FILES
from shiliu.replay.report.svg import text_width
from shiliu.replay.report.terminal import cells
from shiliu.replay.report.text import catalogue
from shiliu.replay.report.timeline import timeline
from shiliu.scenarios.sheet.errors import ShiliuError

COMMAND = "shiliu replay data=takes scenario=microwave out=verdicts"
HOSTILE = "<script>alert(1)</script>\x1b[31m"
DUMMY = {"en": "thing", "zh": "东西"}


# -- hand-made verdicts ----------------------------------------------------------------------------------------------
def png(width: int = 96, height: int = 64, shade: int = 200) -> bytes:
    """A plain grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + bytes([shade, shade, min(255, shade + 20)] * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def evidence(length: float = 41.3, *, fault: bool = True) -> VerdictEvidence:
    t = np.arange(0.0, length, 1 / 30)
    speed = 1.6 * np.sin(0.9 * t) + (7.0 * np.exp(-(((t - 5.96) / 0.12) ** 2)) if fault else 0.0)
    skills = [
        ("reach", 0, 4.2),
        ("move_joint.pull", 4.2, 8.3),
        ("release", 8.3, 10),
        ("carry.level", 10, 19),
        ("put.inside", 19, 22),
        ("move_joint.shut", 22, 27),
        ("press.key", 27, 31),
        ("wait.event", 31, length),
    ]
    return VerdictEvidence(
        duration_s=length,
        wall_start_ns=1_763_447_527_030_000_000,
        segments=[{"skill": s, "t0": float(a), "t1": float(b)} for s, a, b in skills],
        plots=[
            Plot(
                "joint_velocity",
                "zarm_l2_joint",
                "rad/s",
                [
                    {"name": "command", "t": t, "y": speed},
                    {"name": "measured", "t": t, "y": 0.9 * speed},
                    {"name": "replayed", "t": t, "y": 0.85 * np.roll(speed, 8)},
                ],
                [{"name": "upper", "value": 6.0}, {"name": "lower", "value": -6.0}],
                [{"t0": 5.87, "t1": 6.06, "code": "joint.velocity"}] if fault else [],
            ),
            Plot(
                "joint_torque",
                "zarm_l2_joint",
                "Nm",
                [{"name": "replayed", "t": t, "y": 8 + 6 * np.sin(t)}],
                [{"name": "peak", "value": 66.7}],
            ),
        ],
        pictures=[
            Picture(0.0, "start", png()),
            Picture(5.87, "cause", png(shade=160)),
            Picture(length, "end", png(shade=120)),
        ],
        facts=[
            Fact("duration", {"value": length, "control_steps": round(30 * length)}),
            Fact("something_new", {"p50": 0.021, "what": "wrist"}),
        ],
        tables=[
            Table(
                "tracking",
                ["joint", "p50", "p95", "max"],
                [["zarm_l1_joint", 0.012, 0.08, 0.21], ["zarm_r7_joint", 0.034, 0.11, None]],
            )
        ],
    )


def stages(**verdicts: str) -> dict[str, StageResult]:
    known = {
        "integrity": "FEASIBLE",
        "kinematics": "FEASIBLE",
        "dynamics": "FEASIBLE",
        "replay": "FEASIBLE",
        "robustness": "NOT_CHECKED",
    } | verdicts
    return {
        name: StageResult(name, word, {"NOT_CHECKED": "not_run", "INCONCLUSIVE": "unknown_start"}.get(word))
        for name, word in known.items()
    }


def passed() -> list[Finding]:
    return [
        Finding("clock.gap", "PASS", "integrity", value=0.033, limit=0.05, unit="s"),
        Finding("unit.degrees", "PASS", "integrity"),
        Finding(
            "torque.peak",
            "PASS",
            "dynamics",
            signal="replayed",
            subject=("zarm_l2_joint",),
            value=31.0,
            limit=66.7,
            unit="Nm",
            limit_grade="published",
            limit_source="hardware configuration",
        ),
        Finding("balance", "PASS", "dynamics", value=0.046, limit=0.0, unit="m"),
        Finding("joint.acceleration", "NOT_CHECKED", "kinematics", reason="no_published_limit"),
        Finding("joint.jerk", "NOT_CHECKED", "kinematics", reason="no_published_limit"),
        Finding("grip.friction", "NOT_CHECKED", "dynamics", reason="no_finger_force"),
        Finding("force.person", "NOT_APPLICABLE", "replay", reason="no_person"),
    ]


def verdict(
    episode: str, word: str | None, findings: list[Finding], root: int | None = None, owner: str | None = None, **rest
) -> Verdict:
    fields = {
        "episode": episode,
        "source": f"{episode}.bag#0",
        "sha256": "5b0c" * 16,
        "scenario": "microwave",
        "scenario_version": 1,
        "cell": "bj_mw_03",
        "claim": "human",
        "verdict": word,
        "outcome": {},
        "required": ["integrity", "kinematics", "dynamics", "replay.goal"],
        "root": root,
        "owner": owner,
        "stages": stages(),
        "findings": findings,
        "provenance": {
            "judge": "0.1.0",
            "thresholds": "9f2c",
            "engine": "3.17.0",
            "notes": ["arm command: deg read as declared, converted to rad"],
        },
        "error": None,
        "evidence": evidence(fault=False),
    }
    return Verdict(**(fields | rest))


def too_fast(episode: str = "take_218") -> Verdict:
    own = {"limit_source": "hardware configuration", "limit_grade": "published"}
    door = {
        "details": {"title": {"en": "door swung back", "zh": "门弹回"}},
        "limit_source": "house rule",
        "limit_grade": "estimate",
    }
    findings = [
        Finding(
            "joint.velocity",
            "FAIL",
            "kinematics",
            "command",
            ("zarm_l2_joint",),
            5.87,
            6.06,
            8.4,
            6.0,
            -2.4,
            0.4,
            "rad/s",
            skill="move_joint.pull",
            fix={"kind": "slow", "t0": 5.7, "t1": 6.2, "factor": 0.7, "applicable": True},
            **own,
        ),
        Finding(
            "tracking", "FAIL", "replay", "replayed", ("left_tcp",), 6.1, 6.4, 0.11, 0.05, -0.06, 1.2, "m", because_of=0
        ),
        Finding(
            "scenario.door_rebound",
            "FAIL",
            "replay",
            "replayed",
            ("oven/door_hinge",),
            7.4,
            7.4,
            38.0,
            2.0,
            -36.0,
            18.0,
            "deg",
            because_of=1,
            **door,
        ),
        Finding(
            "goal",
            "FAIL",
            "replay",
            "replayed",
            because_of=0,
            details={"reached": 1, "total": 4, "reached_names": ["opened"], "starts": 32, "successes": 0},
        ),
        Finding(
            "torque.rated", "WARN", "dynamics", "replayed", ("zarm_r1_joint",), value=22.0, limit=20.0, unit="Nm", **own
        ),
        *passed(),
    ]
    word = {"kinematics": "INFEASIBLE", "replay": "INFEASIBLE"}
    outcome = {
        "label": True,
        "success": False,
        "subgoals": {"opened": 6.9, "loaded": None, "closed": None, "started": None},
    }
    return verdict(
        episode, "INFEASIBLE", findings, 0, "operator", stages=stages(**word), evidence=evidence(), outcome=outcome
    )


def degrees() -> Verdict:
    unit = Finding(
        "unit.degrees",
        "FAIL",
        "integrity",
        "recording",
        ("/kuavo_arm_traj",),
        details={"lo": -149.8, "hi": 110.7, "declared": "rad", "range_lo": -2.6, "range_hi": 1.6},
        fix={"kind": "unit", "channel": "/kuavo_arm_traj", "unit": "deg"},
    )
    stopped = [Finding("joint.velocity", "NOT_CHECKED", "kinematics", reason="integrity.unit.degrees")]
    return verdict(
        "take_221",
        "UNSOUND",
        [*passed(), unit, *stopped],
        len(passed()),
        "device",
        stages=stages(integrity="UNSOUND", kinematics="NOT_CHECKED"),
    )


def undecided() -> Verdict:
    goal = Finding("goal", "NOT_CHECKED", "replay", reason="unknown_start", details={"starts": 32, "successes": 13})
    return verdict("take_222", "INCONCLUSIVE", [*passed(), goal], None, "scene", stages=stages(replay="INCONCLUSIVE"))


def clean() -> Verdict:
    exact = Finding("reproduces", "PASS", "replay", details={"steps": 1239})
    return verdict("take_214", "FEASIBLE", [*passed(), exact], claim="simulation")


def unreadable(episode: str = "take_223") -> Verdict:
    nothing = {
        "stages": {},
        "evidence": None,
        "sha256": None,
        "claim": None,
        "provenance": {},
        "scenario": None,
        "scenario_version": None,
    }
    return verdict(
        episode,
        None,
        [],
        error={"file": f"{episode}.bag", "message": "The bag ends in the middle of a chunk. Copy it again."},
        **nothing,
    )


def everything() -> list[Verdict]:
    return [clean(), too_fast(), degrees(), undecided(), unreadable()]


# -- words -----------------------------------------------------------------------------------------------------------
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


# -- order -----------------------------------------------------------------------------------------------------------
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


# -- files -----------------------------------------------------------------------------------------------------------
def lines_of(folder):
    return [json.loads(line) for line in (folder / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]


def test_all_files_and_nothing_else(tmp_path):
    out = write_reports(everything(), tmp_path / "verdicts", "en", COMMAND)
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    assert [p.name for p in tmp_path.iterdir()] == ["verdicts"]
    assert (out / "passed.txt").read_text().split() == ["take_214.bag#0"]
    assert (out / "refused.txt").read_text().split() == ["take_218.bag#0", "take_221.bag#0", "take_223.bag#0"]


def test_former_reports_are_replaced_and_foreign_files_are_safe(tmp_path):
    out = tmp_path / "verdicts"
    write_reports(everything(), out, "en", COMMAND)
    write_reports([clean()], out, "en", COMMAND)
    assert len(lines_of(out)) == 1
    (out / "thesis.docx").write_text("mine")
    with pytest.raises(ShiliuError, match=r"thesis\.docx"):
        write_reports([clean()], out, "en", COMMAND)
    assert (out / "thesis.docx").read_text() == "mine"
    with pytest.raises(ShiliuError, match="not a folder"):
        check_out(out / "thesis.docx")
    with pytest.raises(ShiliuError, match=r"cannot be written: in .*thesis\.docx, not a directory"):
        check_out(out / "thesis.docx" / "verdicts")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["verdicts"], "nothing was left by trying"


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(junit, "case_lines", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_reports([clean()], tmp_path / "out", "en", COMMAND)
    assert list(tmp_path.iterdir()) == []


def test_lines_round_trip_and_keep_their_order(tmp_path):
    out = write_reports(everything(), tmp_path / "v", "zh", COMMAND)
    lines = lines_of(out)
    assert [line["verdict"] for line in lines] == ["FEASIBLE", "INFEASIBLE", "UNSOUND", "INCONCLUSIVE", None]
    first = "episode source sha256 scenario scenario_version cell claim verdict outcome required".split()
    assert list(lines[1]) == [*first, "root", "owner", "stages", "findings", "provenance"]
    assert lines == [jsonl.as_dict(v, Words("zh")) for v in everything()]
    finding = lines[1]["findings"][lines[1]["root"]]
    assert (finding["code"], finding["value"], finding["limit"]) == ("joint.velocity", 8.4, 6.0)
    assert finding["message"].startswith("左肩侧摆") and finding["fix"]["factor"] == 0.7
    assert lines[1]["stages"]["robustness"] == {"verdict": "NOT_CHECKED", "reason": "not_run"}
    assert lines[4]["error"]["message"].startswith("The bag ends")


def test_lines_hold_no_date_and_no_absolute_path(tmp_path):
    file = tmp_path / "takes" / "take_9.bag"
    file.parent.mkdir()
    file.write_text("x")
    lost = unreadable()
    lost.error = {"file": str(file), "message": f"Cannot read '{file}'. Copy it again."}
    lost.source = str(file)
    moved = too_fast()
    moved.provenance = {"channel": "/kuavo_arm_traj", "model": str(file)}
    out = write_reports([lost, moved], tmp_path / "v", "en", COMMAND)
    text = (out / "verdicts.jsonl").read_text() + (out / "refused.txt").read_text()
    assert str(tmp_path) not in text and "take_9.bag" in text and "/kuavo_arm_traj" in text
    assert not re.search(r"\b20\d\d-\d\d-\d\d", text)
    again = write_reports([lost, moved], tmp_path / "w", "en", COMMAND)
    assert (again / "verdicts.jsonl").read_bytes() == (out / "verdicts.jsonl").read_bytes()


def test_folders_with_a_backslash_in_their_names_are_told_apart_in_every_file(tmp_path):
    r"""As a zip that was made on Windows unpacks: `C:\\takes\\mine` is one name of one folder."""
    takes = [replace(clean(), source=rf"{drive}:\takes\mine#0") for drive in "CD"]
    out = write_reports(takes, tmp_path / "v", "en", COMMAND)
    sources = [json.loads(line)["source"] for line in (out / "verdicts.jsonl").read_text().splitlines()]
    assert sources == [one.source for one in takes]
    listed = [*(out / "passed.txt").read_text().splitlines(), *(out / "refused.txt").read_text().splitlines()]
    assert len(set(listed)) == 2 and all(line.endswith("mine#0") and line[1] == ":" for line in listed)


def test_undefined_numbers_become_null(tmp_path):
    odd = clean()
    odd.findings.append(
        Finding("value.nonfinite", "WARN", "integrity", value=float("nan"), details={"worst": np.float32(np.inf)})
    )
    line = json.loads(jsonl.as_line(odd, Words("en")))
    assert line["findings"][-1]["value"] is None and line["findings"][-1]["details"]["worst"] is None


def test_junit_counts(tmp_path):
    hostile = too_fast(f"bad\x00name{HOSTILE}")
    out = write_reports([*everything(), hostile], tmp_path / "v", "en", COMMAND)
    root = ElementTree.parse(out / "junit.xml").getroot()
    suite = root.find("testsuite")
    assert {key: suite.get(key) for key in ("tests", "failures", "skipped", "errors")} == {
        "tests": "6",
        "failures": "3",
        "skipped": "1",
        "errors": "1",
    }
    failure = suite.findall("testcase/failure")[0]
    assert failure.get("type") == "INFEASIBLE joint.velocity"
    assert failure.text.splitlines()[0].startswith("1 FAIL joint.velocity")


# -- page ------------------------------------------------------------------------------------------------------------
def visible(page: str) -> str:
    """The page's text without styles, tags and titles under the pointer."""
    page = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_says_the_cause_first_and_once(lang):
    words = Words(lang)
    page = render([too_fast()], words, COMMAND)
    text = visible(page)
    story = Story(too_fast(), words)
    assert text.index(story.slip) < text.index(words.ui("question"))
    assert page.count('class="cause"><code>joint.velocity') == 1
    assert page.count('class="tag cause"') == 1 and page.count('class="ball FAIL cause"') == 1
    assert text.count(words.ui("follows_from", n=1)) >= 2
    assert text.index("joint.velocity") < text.index("tracking")
    for part in ("who", "when", "how_sure", "make_pass", "not_checked", "leaning", "provenance"):
        assert words.ui(part) in text, part


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_needs_nothing_from_outside(lang):
    page = render(everything(), Words(lang), COMMAND)
    assert not re.search(r"(src|href|url|@import)\s*[=(]?\s*[\"']?\s*(https?:)?//", page)
    assert "<script" not in page and "<link" not in page
    assert set(re.findall(r'src="([a-z]+:)', page)) == {"data:"}
    assert f'<html lang="{lang}">' in page and 'charset="utf-8"' in page


def test_chinese_page_is_chinese():
    english = Words("en")
    text = visible(render(everything(), Words("zh"), COMMAND))
    assert "动作太快（拉开门）：左肩侧摆超速 40 %。" in text
    for phrase in (english.ui("how_sure"), english.ui("not_checked"), "follows from", "shoulder", "record again"):
        assert phrase not in text


def test_page_escapes_hostile_names():
    hostile = too_fast(HOSTILE)
    hostile.cell = hostile.source = hostile.scenario = HOSTILE
    hostile.findings[0] = hostile.findings[0].with_(subject=(HOSTILE,), skill=HOSTILE, limit_source=HOSTILE)
    hostile.evidence.segments[0]["skill"] = HOSTILE
    hostile.evidence.plots[0].subject = HOSTILE
    hostile.evidence.plots[0].traces[0]["name"] = HOSTILE
    hostile.evidence.facts.append(Fact(HOSTILE, {HOSTILE: HOSTILE}))
    hostile.evidence.pictures[0].caption_key = HOSTILE
    hostile.provenance = {HOSTILE: HOSTILE, "notes": [HOSTILE]}
    for verdicts in ([hostile], [hostile, clean()]):
        page = render(verdicts, Words("en"), f"shiliu replay data={HOSTILE}")
        assert "<script" not in page and "&lt;script&gt;" in page


def test_many_recordings_are_grouped_and_only_some_have_a_sheet():
    many = [too_fast(f"take_{k}") for k in range(40)] + [undecided()] + [clean() for _ in range(20)]
    page = render(many, Words("en"), COMMAND)
    assert page.count('class="sheet many"') == 20
    assert "joint.velocity zarm_l2_joint</code>: 40 recordings" in page
    assert set(re.findall(r'href="#(take-\d+)"', page)) <= set(re.findall(r'id="(take-\d+)"', page))


def test_command_is_narrowed_to_the_recording():
    page = render(everything(), Words("en"), "shiliu replay 'data=my takes' scenario=microwave")
    assert "&#39;data=my takes/take_218.bag&#39;" in page


def test_a_sparse_verdict_still_makes_a_page():
    nothing = verdict(
        "x",
        "INCONCLUSIVE",
        [],
        stages={},
        evidence=None,
        provenance={},
        scenario=None,
        cell=None,
        claim=None,
        sha256=None,
    )
    assert "INCONCLUSIVE" in render([nothing], Words("zh"), "")
    lonely = verdict("y", "INFEASIBLE", [Finding("brand.new", "FAIL", "replay", value=1.0, limit=0.5)], 0, "robot")
    assert "1 of 0.5" in render([lonely], Words("en"), "")


def test_names_of_limits_that_are_near_stand_side_by_side():
    t = np.linspace(0.0, 10.0, 301)
    limits = [{"name": "warn", "value": 1.00}, {"name": "limit", "value": 1.02}, {"name": "lower", "value": -1.0}]
    near = Plot("joint_velocity", "zarm_l2_joint", "rad/s", [{"name": "command", "t": t, "y": np.sin(t)}], limits)
    drawing = plots.curve(near, Story(clean(), Words("en")), "p")
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"[^>]*text-anchor="end" class="halo"[^>]*>([^<]+)<', drawing)
    (a, at_a, first), (b, at_b, second), (c, _, _) = ((float(x), float(y), text) for x, y, text in found)
    assert abs(at_a - at_b) < 14.0 and a == c, "a name that has room stands at the end"
    assert b < a - text_width(first), f"{second!r} would be written over {first!r}"


def test_curves_keep_their_peaks_and_limits_keep_the_scale():
    t = np.linspace(0, 100, 200_000)
    y = np.zeros_like(t)
    y[123_457] = 9.0
    thin_t, thin_y = plots.thin(t, y, 500)
    assert len(thin_t) <= 1000 and thin_y.max() == 9.0
    far = Plot(
        "joint_torque",
        "zarm_l2_joint",
        "Nm",
        [{"name": "measured", "t": t[::1000], "y": np.sin(t[::1000])}],
        [{"name": "peak", "value": 500.0}],
    )
    drawing = plots.curve(far, Story(clean(), Words("en")), "p")
    assert "peak limit 500 Nm: beyond this scale" in drawing
    ElementTree.fromstring(drawing)
    ElementTree.fromstring(timeline(Story(too_fast(), Words("zh"))))


def test_empty_and_broken_curves_are_left_out():
    story = Story(clean(), Words("en"))
    assert plots.curve(Plot("joint_torque", "", "Nm", []), story, "p") == ""
    assert (
        plots.curve(
            Plot("joint_torque", "", "Nm", [{"name": "command", "t": [0.0, 1.0], "y": [np.nan, np.nan]}]), story, "p"
        )
        == ""
    )
    ElementTree.fromstring(
        plots.curve(Plot("joint_torque", "", "Nm", [{"name": "command", "t": [0.0], "y": [1.0]}]), story, "p")
    )


# -- terminal --------------------------------------------------------------------------------------------------------
def words_of(*names: str | None) -> list[Verdict]:
    return [verdict(f"t{k}", name, []) for k, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((), 2),
        ((None,), 2),
        ((None, None), 2),
        (("FEASIBLE",), 0),
        (("FEASIBLE", "INFEASIBLE"), 1),
        (("UNSOUND", None), 1),
        (("INCONCLUSIVE", "INFEASIBLE"), 1),
        (("FEASIBLE", "INCONCLUSIVE"), 3),
        (("FEASIBLE", None), 3),
    ],
)
def test_exit_codes(names, code):
    assert code_of(counts(words_of(*names))) == code


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("infeasible>5%", 1),
        ("infeasible > 50%", 0),
        ("infeasible>=25%", 1),
        ("unreadable>0", 1),
        ("infeasible>50%,unsound>0", 0),
        ("infeasible>50%, unreadable>=1", 1),
        ("feasible<95%", 1),
    ],
)
def test_gates(rule, code):
    assert code_of(counts(words_of("FEASIBLE", "INFEASIBLE", "INCONCLUSIVE", None)), fail_on=Gate(rule)) == code


@pytest.mark.parametrize("rule", ["infeasable>5%", "infeasible", "infeasible>x", ",", "infeasible=5"])
def test_a_gate_that_cannot_be_read_is_an_error(rule):
    with pytest.raises(ShiliuError, match="infeasible>5%"):
        Gate(rule)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_plain_lines_are_never_wider_than_100_and_cut_no_reason(lang):
    stream = io.StringIO()
    terminal = Terminal(lang, stream=stream)
    verdicts = [*everything(), too_fast(f"a very long name {HOSTILE} " * 9)]
    terminal.begin({"version": "0.1.0", "scene": "microwave v1", "threads": 2}, len(verdicts))
    assert len(stream.getvalue().splitlines()) == 1, "no header before there is a row"
    for item in verdicts:
        terminal.add(item)
    terminal.finish(verdicts, "verdicts", 1, {"elapsed_s": 4.1})
    lines = stream.getvalue().splitlines()
    assert max(cell_len(line) for line in lines) <= 100
    assert "\x1b" not in stream.getvalue()
    assert sum("INFEASIBLE" in line for line in lines) == 3
    for item in everything():  # what does not fit stands on the next line
        assert all(word in stream.getvalue() for word in cells(Story(item, Words(lang)))[3].split() if lang == "en")
    assert lines[-1].endswith("1") and "verdicts/report.html" in lines[-1]
    assert "FEASIBLE 1   INFEASIBLE 2   UNSOUND 1   INCONCLUSIVE 1" in stream.getvalue()


def test_quiet_says_the_last_lines_only():
    stream = io.StringIO()
    terminal = Terminal("en", quiet=True, stream=stream)
    terminal.begin({}, 5)
    for item in everything():
        terminal.add(item)
    terminal.finish(everything(), "v", 1)
    assert len(stream.getvalue().splitlines()) <= 4 and "take_218" not in stream.getvalue()


@pytest.mark.parametrize(("known", "most"), [(True, 32), (False, 255)])
def test_a_large_folder_is_summed_up_by_cause(known, most):
    stream = io.StringIO()
    many = [too_fast(f"take_{k}") for k in range(312)] + [clean()]
    terminal = Terminal("en", stream=stream)
    terminal.begin({}, len(many) if known else 0)
    for item in many:
        terminal.add(item)
    terminal.finish(many, "v", 1)
    assert "joint.velocity zarm_l2_joint, 312 recordings, 1 cells" in stream.getvalue()
    assert len(stream.getvalue().splitlines()) < most


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_there_is_a_table(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = _Tty()
    terminal = Terminal("en", stream=stream, width=100)
    terminal.begin({"version": "0.1.0"}, 5)
    for item in everything():
        terminal.add(item)
    terminal.finish(everything(), "v", 1)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "take_218" in plain and "device team" in plain
    assert max(cell_len(line) for line in plain.splitlines()) <= 100
