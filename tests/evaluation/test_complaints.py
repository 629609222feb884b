"""What other tools say, in one form; and whether it counts against a faulty take."""

import json
import sys

import complaints
from complaints import (
    NAMES,
    REFUSED,
    UNREADABLE,
    WARNED,
    Complaint,
    OtherTool,
    alarms,
    new,
    scored,
)
from shiliu.replay.checks.finding import Finding
from shiliu.replay.judge.verdict import Verdict


def test_reports_are_read():
    rdq = {
        "findings": [
            {"check": "time.non_monotonic", "severity": "critical", "episodes": [1, 2], "details": {}},
            {"check": "values.dead_dimension", "severity": "info", "episodes": [], "details": {"feature": "action"}},
            {"check": "time.fps_mismatch", "severity": "warning", "episodes": [], "details": {}},
        ]
    }
    assert complaints.of_rdq(rdq) == [
        Complaint("time.non_monotonic", REFUSED, 1),
        Complaint("time.non_monotonic", REFUSED, 2),
        Complaint("time.fps_mismatch", REFUSED),
    ]
    card = {
        "thresholds": {"flag_z": 3.5, "reason_z": 3.0},
        "episodes": [
            {"episode_index": 0, "hard_flags": ["non-finite: NaN"], "combined": None, "z": {"idle_frac": None}},
            {"episode_index": 1, "hard_flags": [], "combined": 5.0, "z": {"idle_frac": 3.1, "track_err": 5.0}},
            {"episode_index": 2, "hard_flags": [], "combined": 3.2, "z": {"idle_frac": 3.2, "track_err": 1.0}},
        ],
    }
    assert complaints.of_report_card(card) == [
        Complaint("non-finite", REFUSED, 0),
        Complaint("track_err", REFUSED, 1),
        Complaint("idle_frac", REFUSED, 1),
        Complaint("idle_frac", WARNED, 2),
    ]
    lint = {"findings": [{"check": "FROZEN_STATE", "severity": "error", "episode": 3, "joint": None},
                         {"check": "UNITS_INFERRED", "severity": "info", "episode": None, "joint": None}]}  # fmt: skip
    assert complaints.of_lint(lint) == [Complaint("FROZEN_STATE", REFUSED, 3)]
    metric = {"availability": "available", "passed": False, "evidence_level": "HARD_FAIL"}
    missing = {"availability": "not_available", "passed": False, "evidence_level": "HARD_FAIL"}
    risk = {"availability": "available", "passed": False, "evidence_level": "RISK_SIGNAL"}
    rda = {
        "episodes": [
            {
                "episode_index": 0,
                "verdict": "EXCLUDE",
                "metrics": {"invalid_values": metric, "joint_limit": missing, "idle_ratio": risk},
            }
        ]
    }
    assert complaints.of_rda(rda) == [Complaint("invalid_values", REFUSED, 0), Complaint("idle_ratio", WARNED, 0)]
    place = {"episode": "episode_000004", "stream": "action"}
    physlint = {"results": [{"findings": [{"rule_id": "temporal.monotonic", "severity": "error", "location": place}]}]}
    assert complaints.of_physlint(physlint) == [Complaint("temporal.monotonic", REFUSED, 4, "action")]


def test_messages_without_a_code_are_read():
    """Of one message about one episode each reason is a complaint; figures in it do not make it another one."""
    messages = [
        {"severity": "WARN", "message": "Episode 2: non-monotonic timestamps; 3 dropped frame(s)"},
        {"severity": "WARN", "message": "action: Episode 5 has 2 sudden large action jumps (>8 std mean across dims)"},
        {"severity": "FAIL", "message": "action: 7 NaN values detected"},
        {"severity": "WARN", "message": "stats.json[action]: 8 dimension(s) have zero std -- will produce NaN/Inf"},
        {"severity": "PASS", "message": "All 16 episodes look clean"},
        {"severity": "WARN", "message": "action[15]: 91.6% of values at maximum (0.4948)"},
    ]
    found = complaints.of_doctor({"checks": [{"name": "Temporal", "messages": messages}]})
    assert found == [
        Complaint("monotonic", WARNED, 2),
        Complaint("dropped", WARNED, 2),
        Complaint("jumps", WARNED, 5),
        Complaint("nonfinite", REFUSED, None, "action"),
        Complaint("constant", WARNED, None, "stats.json[action]"),
        Complaint("clipped", WARNED, None, "action[15]"),
    ]


def test_only_what_is_new_counts_against_a_take():
    clean = [Complaint("saturation", REFUSED, 0), Complaint("saturation", REFUSED, 1)]
    broken = [*clean, Complaint("jumps", WARNED, 1), Complaint("outliers", WARNED), Complaint("frozen", REFUSED, 0)]
    against = new(broken, clean, (0,), ("outliers",))
    assert [one.code for one in against] == ["frozen", "outliers"]
    assert [one.code for one in new(broken, clean, (0,), ("frozen",))] == ["frozen"], "of the set, and another thing"
    assert [one.code for one in new(broken, clean, (0, 1), ())] == ["frozen", "jumps"]
    assert scored(against) == {"found": True, "refused": True, "codes": ["frozen", "outliers"]}
    assert scored(new(clean, clean, (0,), ())) == {"found": False, "refused": False, "codes": []}
    assert alarms(clean, (), 3) == {"refused": 2, "found": 2, "of": 3}
    assert alarms(broken, (0,), 3, clean) == {"refused": 0, "found": 1, "of": 2}


def test_our_own_verdict_is_read_with_its_root_first():
    findings = [Finding("tracking", "WARN", "replay"), Finding("joint.jump", "FAIL", "kinematics", subject=("a",))]
    refused = Verdict("x", "x", verdict="INFEASIBLE", root=1, findings=findings)
    assert complaints.of_verdict(2, refused) == [
        Complaint("joint.jump", REFUSED, 2, "a"),
        Complaint("tracking", WARNED, 2),
    ]
    feasible = Verdict("x", "x", verdict="FEASIBLE", findings=findings[:1])
    assert complaints.of_verdict(0, feasible) == [Complaint("tracking", WARNED, 0)]


def test_a_tool_that_gives_no_report_does_not_read_the_set(tmp_path):
    """The environment is one of a program that prints what it is given."""
    program = tmp_path / "echo" / "bin" / "say"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1])\n")
    program.chmod(0o755)
    report = json.dumps({"findings": [{"check": "a", "severity": "critical", "episodes": [0], "details": {}}]})
    tool = OtherTool("echo", ("say", "{set}"), complaints.of_rdq)
    found, seconds = tool.ask(tmp_path, report, tmp_path)
    assert found == [Complaint("a", REFUSED, 0)] and 0.0 < seconds < 10.0
    broken, _ = tool.ask(tmp_path, "Traceback", tmp_path)
    assert broken == [Complaint(UNREADABLE, REFUSED)]


def test_every_kind_of_a_set_has_names(scene):
    from known_faults.registry import faults_of_sets

    assert set(faults_of_sets(scene)) <= set(NAMES)
