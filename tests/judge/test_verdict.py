"""How findings combine: the rules of the verdict, one by one."""

import json

import numpy as np
import pytest
from shiliu.replay.checks.finding import Finding, VerdictEvidence, tidy, worst_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.verdict import StageResult, Verdict, combine

RULES = load_rules()
BARE = ["integrity", "kinematics", "dynamics"]


def passed():
    return [
        RULES[code].passed()
        for code in ("value.nonfinite", "clock.gap", "joint.position", "joint.velocity", "torque.peak", "balance")
    ]


def failed(code, t0=1.0, t1=1.2, subject=("zarm_l1_joint",), level="FAIL", **extra):
    return RULES[code].finding(level=level, t0=t0, t1=t1, subject=subject, excess=0.5, **extra)


def test_all_required_passed_is_feasible():
    result = combine(passed(), BARE, RULES)
    assert result.verdict == "FEASIBLE" and result.root is None and result.owner is None
    assert {name: stage.verdict for name, stage in result.stages.items()} == {
        "integrity": "FEASIBLE",
        "kinematics": "FEASIBLE",
        "dynamics": "FEASIBLE",
        "replay": "NOT_CHECKED",
        "robustness": "NOT_CHECKED",
    }
    assert result.stages["replay"].reason == "not_run"


def test_a_required_failure_is_infeasible_and_names_cause_and_owner():
    findings = [*passed(), failed("joint.velocity")]
    result = combine(findings, BARE, RULES)
    assert (
        result.verdict == "INFEASIBLE"
        and result.findings[result.root].code == "joint.velocity"
        and result.owner == "operator"
    )
    assert result.stages["kinematics"].verdict == "INFEASIBLE" and result.stages["dynamics"].verdict == "FEASIBLE"


def test_a_failure_that_is_not_required_leaves_the_verdict():
    result = combine([*passed(), failed("tracking")], BARE, RULES)
    assert result.verdict == "FEASIBLE" and result.stages["replay"].verdict == "INFEASIBLE"


def test_a_second_question_that_is_left_open_is_no_yes():
    """Nobody requires it, and who asks wants to know; the verdict beside it stays. What a walk cannot show leaves a yes."""
    stood = RULES["legs.torque"].passed()
    for reason, says in (("gains", "INCONCLUSIVE"), ("unanswered", "INCONCLUSIVE"), ("not_run", "FEASIBLE")):
        result = combine([*passed(), stood, RULES["legs.fell"].not_checked(reason)], BARE, RULES)
        assert result.verdict == "FEASIBLE" and result.stages["legs"].verdict == says
    assert combine([*passed(), stood, RULES["legs.fell"].passed()], BARE, RULES).stages["legs"].verdict == "FEASIBLE"


def test_a_broken_recording_is_unsound_whatever_else_failed():
    findings = [*passed(), failed("joint.velocity"), failed("unit.degrees", subject=("/kuavo_arm_traj",))]
    result = combine(findings, ["kinematics"], RULES)
    assert (
        result.verdict == "UNSOUND" and result.findings[result.root].code == "unit.degrees" and result.owner == "device"
    )


def test_a_required_check_that_was_not_made_is_inconclusive():
    findings = [f for f in passed() if f.code != "balance"] + [RULES["balance"].not_checked("no_legs")]
    result = combine(findings, BARE, RULES)
    assert (
        result.verdict == "INCONCLUSIVE" and result.stages["dynamics"].reason == "no_legs" and result.owner == "robot"
    )
    assert result.findings[result.root].code == "balance"


@pytest.mark.parametrize("code", ["joint.acceleration", "joint.jerk", "payload", "grip.friction"])
def test_a_check_without_a_limit_is_never_required(code):
    result = combine([*passed(), RULES[code].not_checked("no_published_limit")], BARE, RULES)
    assert result.verdict == "FEASIBLE"


@pytest.mark.parametrize(("reason", "verdict"), [("pictures_absent", "FEASIBLE"), ("pictures_unreadable", "INCONCLUSIVE")])
def test_pictures_that_were_not_delivered_leave_the_motion_s_verdict(reason, verdict):
    found = combine([*passed(), RULES["image.black"].not_checked(reason)], BARE, RULES)
    assert found.verdict == verdict and found.findings[-1].level == "NOT_CHECKED"


def test_some_warnings_stay_warnings_however_strict():
    warned = [failed(code, level="WARN", t0=1.0, t1=1.1) for code in ("joint.acceleration", "joint.jerk", "robustness")]
    result = combine([*passed(), *warned], [*BARE, "robustness"], RULES, strict=True)
    assert result.verdict == "FEASIBLE"
    assert [f.level for f in result.findings[-3:]] == ["WARN"] * 3
    velocity = failed("joint.velocity", level="WARN", t0=1.0, t1=1.1)
    assert combine([*passed(), velocity], BARE, RULES, strict=True).verdict == "INFEASIBLE"


@pytest.mark.parametrize(
    ("kind", "of", "subject", "first"),
    [
        ("share", "command", ("left_claw",), "value.range"),
        ("share", "measured", ("left_claw",), "column.differs"),  # what was commanded is right
        ("share", "command", ("right_claw",), "column.differs"),
        ("past", "command", ("left_claw",), "column.differs"),
    ],
)
def test_a_hand_in_another_unit_comes_before_what_its_columns_contradict(kind, of, subject, first):
    unit = failed("value.range", t0=0.0, t1=9.0, subject=("left_claw",), details={"kind": kind, "of": of})
    differs = failed("column.differs", t0=2.0, t1=3.0, subject=subject)
    found = combine([*passed(), differs, unit], BARE, RULES)
    assert found.findings[found.root].code == first


@pytest.mark.parametrize(
    ("kind", "stream", "root"),
    [
        ("integrated", "observation.state", "column.differs"),
        ("lag", "observation.state", "value.range"),
        ("integrated", "action", "value.range"),
    ],
)
def test_values_past_a_range_follow_from_sums_in_their_column(kind, stream, root):
    past = failed("value.range", details={"stream": "observation.state", "kind": "counted"})
    differs = failed("column.differs", details={"stream": stream, "kind": kind})
    result = combine([past, differs], BARE, RULES)
    assert (result.verdict, result.findings[result.root].code) == ("UNSOUND", root)


@pytest.mark.parametrize(("joint", "root"), [("zarm_l3_joint", "stream.scaled"), ("zarm_r3_joint", "value.range")])
def test_values_past_a_range_follow_from_the_scale_of_their_joint(joint, root):
    past = failed("value.range", subject=("zarm_l3_joint",), details={"stream": "observation.state", "kind": "counted"})
    result = combine([past, failed("stream.scaled", subject=(joint,))], BARE, RULES)
    assert (result.verdict, result.findings[result.root].code) == ("UNSOUND", root)


def test_not_applicable_is_not_the_same_as_not_checked():
    result = combine(
        [*passed(), RULES["force.person"].not_applicable("no_person"), RULES["goal"].passed()],
        [*BARE, "replay.goal", "replay.safety"],
        RULES,
    )
    assert result.verdict == "FEASIBLE"


def test_a_stage_in_which_nothing_could_be_checked_is_not_checked():
    findings = [f for f in passed() if f.stage != "dynamics"] + [
        RULES["torque.peak"].not_checked("integrity.clock.gap")
    ]
    result = combine(findings, BARE, RULES)
    assert result.stages["dynamics"] == StageResult("dynamics", "NOT_CHECKED", "integrity.clock.gap")
    assert result.verdict == "INCONCLUSIVE" and result.owner == "device"


def test_a_required_goal_that_nobody_looked_at_is_inconclusive():
    result = combine([*passed(), RULES["tracking"].passed()], [*BARE, "replay.goal"], RULES)
    assert result.verdict == "INCONCLUSIVE" and result.stages["replay"].reason == "not_run"
    unknown = combine([*passed(), RULES["goal"].not_checked("no_label")], [*BARE, "replay.goal"], RULES)
    assert unknown.verdict == "INCONCLUSIVE" and unknown.owner == "operator", "who did it knows whether it was done"


def test_a_warning_changes_nothing_unless_strict():
    findings = [*passed(), failed("torque.rated", level="WARN")]
    assert combine(findings, BARE, RULES).verdict == "FEASIBLE"
    strict = combine(findings, BARE, RULES, strict=True)
    assert strict.verdict == "INFEASIBLE" and strict.findings[strict.root].details["strict"] is True
    assert findings[-1].level == "WARN"  # the caller's findings stay as they are


def test_information_is_no_check():
    findings = [RULES["clock.stall"].finding(level="INFO", value=0.82), *passed()]
    assert combine(findings, BARE, RULES, strict=True).verdict == "FEASIBLE"


def test_the_cause_stands_first_and_what_follows_is_marked():
    findings = [
        *passed(),
        failed("goal", t0=20.0, t1=20.0, subject=("opened",)),
        failed("tracking", t0=6.1, t1=6.4),
        failed("torque.peak", t0=5.9, t1=6.0, subject=("zarm_l4_joint",)),
        failed("joint.velocity", t0=5.87, t1=6.06),
        failed("joint.jump", t0=5.9, t1=5.91, level="WARN"),
        failed("balance", t0=15.0, t1=15.2, subject=("zero_moment_point",)),
    ]
    result = combine(findings, [*BARE, "replay.goal"], RULES)
    root = result.root
    assert result.findings[root].code == "joint.velocity"
    causes = {f.code: f.because_of for f in result.findings if f.level in ("FAIL", "WARN")}
    assert causes["joint.velocity"] is None
    assert causes["joint.jump"] == causes["torque.peak"] == causes["tracking"] == causes["goal"] == root
    assert causes["balance"] is None  # nine seconds later, it is a cause of its own


@pytest.mark.parametrize(("came", "owner", "kind"), [([0.4, 0.95], "device", "link"), ([0.4, 1.3], "operator", None)])
def test_a_torque_just_after_lost_commands_is_the_links(came, owner, kind):
    loss = RULES["link.loss"].finding(level="PASS", value=0.003, t0=0.4, t1=0.95, details={"came": came})
    result = combine([*passed(), loss, failed("torque.peak")], BARE, RULES)
    root = result.findings[result.root]
    assert (root.code, result.owner, root.details.get("kind")) == ("torque.peak", owner, kind)


def test_states_before_their_commands_stand_before_what_is_unknown_alone():
    for kind, value, first in (("unknown", -0.4, "stream.lag"), ("unknown", 0.8, "column.differs"), ("offset", -0.4, "column.differs")):
        lag = failed("stream.lag", subject=("state", "action"), value=value)
        differs = failed("column.differs", details={"kind": kind})
        result = combine([differs, lag], BARE, RULES)
        assert result.findings[result.root].code == first, (kind, value)


def test_in_the_replay_what_happens_first_is_the_cause():
    findings = [
        *passed(),
        failed("goal", t0=30.0, t1=30.0),
        failed("drop", t0=14.2, t1=14.5, subject=("bowl",)),
        failed("collision.unexpected", t0=3.0, t1=3.1, level="WARN"),
    ]
    result = combine(findings, [*BARE, "replay.goal", "replay.safety"], RULES)
    assert result.findings[result.root].code == "drop"
    assert result.findings[6].because_of == 7  # the goal is missed because of the drop


ARM, OTHER = ("zarm_l1_joint",), ("zarm_r4_joint",)
CHAINS = {  # findings in any order, (code, t0, t1, subject); and what each follows from, by its place
    "the door is pushed too fast and pinches": (
        [("force.object", 59.5, 59.6, ("door_pinch",)), ("joint.velocity", 59.0, 59.3, ARM)],
        [1, None],
    ),
    "what pinches half a minute later is not of the same push": (
        [("force.object", 59.5, 59.6, ("door_pinch",)), ("joint.velocity", 20.0, 20.3, ARM)],
        [None, None],
    ),
    "the bowl falls and the goal is missed": (
        [("goal", 65.0, None, ("loaded",)), ("drop", 40.0, 40.4, ("bowl",)), ("scenario.spilt", 40.4, 40.5, ())],
        [1, None, 1],
    ),
    "the goal is missed because the bowl fell, and not for a fast turn of the head long before": (
        [("joint.velocity", 3.0, 3.2, OTHER), ("drop", 40.0, 40.4, ("bowl",)), ("goal", 65.0, None, ("loaded",))],
        [None, None, 1],
    ),
    "a grip too weak lets the bowl fall": (
        [("grip.friction", 39.0, 40.0, ("left_claw",)), ("drop", 40.3, 40.6, ("bowl",))],
        [None, 0],
    ),
    "a command that is cut off leaves its joint behind": (
        [("ctrl.clamped", 5.0, 6.0, ARM), ("tracking", 5.2, 6.3, ARM)],
        [None, 0],
    ),
    "and no other joint": (
        [("ctrl.clamped", 5.0, 6.0, ARM), ("tracking", 5.2, 6.3, OTHER)],
        [None, None],
    ),
    "a hand hits the oven, and pushes it away later": (
        [("collision.unexpected", 12.0, 12.2, ("left_claw", "oven/microwave")), ("scenario.oven_pushed", 30.0, 30.1, ())],
        [None, 0],
    ),
    "a pull that was too hard, and a bowl dropped long after": (
        [("force.object", 17.0, 17.1, ("door_pull",)), ("drop", 44.0, 44.3, ("bowl",)), ("goal", 65.0, None, ("loaded",))],
        [None, None, 1],
    ),
    "a force that came before the motion that was too fast": (
        [("joint.velocity", 30.0, 30.2, ARM), ("force.object", 17.0, 17.1, ("door_pull",))],
        [None, None],
    ),
    "the simulation breaks down, and nothing after that means anything": (
        [("unstable", 9.0, 9.1, ()), ("tracking", 9.1, 30.0, ARM), ("goal", 65.0, None, ("opened",))],
        [None, 0, 0],
    ),
    "a record that does not reproduce tells of another world from there on": (
        [("reproduces", 2.0, 65.0, ()), ("force.object", 40.0, 40.1, ("door_pinch",)), ("goal", 65.0, None, ("closed",))],
        [None, 0, 0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS)
def test_what_follows_points_at_its_cause(chain):
    chain_findings, expected = CHAINS[chain]
    findings = [failed(code, t0, t1, subject) for code, t0, t1, subject in chain_findings]
    for finding, (code, *_) in zip(findings, chain_findings):
        finding.code = code  # the rule of a scenario's own codes is one
    result = combine(findings, [*BARE, "replay"], RULES)
    assert [f.because_of for f in result.findings] == expected
    assert result.findings[result.root].because_of is None


def test_a_replay_that_does_not_reproduce_is_a_cause_of_its_own():
    findings = [*passed(), failed("joint.velocity", t0=0.1), failed("reproduces", t0=0.5, t1=9.0)]
    result = combine(findings, [*BARE, "replay"], RULES)
    assert result.findings[-1].because_of is None


@pytest.mark.parametrize(
    ("likely", "at", "follows"),
    [("unknown", 0.9, True), ("unknown", 0.1, False), ("record_edited", 0.9, False), ("engine_version", 0.9, False)],
)
def test_what_commands_do_that_nobody_gave_follows_from_their_not_reproducing(likely, at, follows):
    other = failed("reproduces", t0=0.5, t1=9.0, details={"likely": likely})
    result = combine([*passed(), failed("joint.velocity", t0=at, t1=at + 0.1), other], [*BARE, "replay"], RULES)
    assert (result.findings[-2].because_of == len(result.findings) - 1) == follows
    assert (result.findings[result.root].code == "reproduces") == follows


@pytest.mark.parametrize(
    ("kind", "failure", "follows"),
    [("undone", "scenario.lead_bent", True), ("undone", None, False), (None, "scenario.lead_bent", False)],
)
def test_a_step_that_was_undone_could_be_done_again_until_a_failure_mode_ended_the_take(kind, failure, follows):
    undone = failed("goal", t0=47.4, subject=("placed_m",), details={"failure": failure, **({"kind": kind} if kind else {})})
    bent = failed("scenario", t0=52.2)
    bent.code = "scenario.lead_bent"
    result = combine([*passed(), undone, bent], [*BARE, "replay"], RULES)
    assert (result.findings[-2].because_of == len(result.findings) - 1) == follows
    assert (result.findings[result.root].code == "scenario.lead_bent") == follows


def test_two_joints_too_fast_at_two_times_are_two_causes_and_the_first_one_leads():
    findings = [
        *passed(),
        failed("joint.velocity", t0=8.0, t1=8.1),
        failed("joint.position", t0=3.0, t1=4.0, subject=("zarm_r4_joint",)),
    ]
    result = combine(findings, BARE, RULES)
    assert result.findings[result.root].code == "joint.position"
    assert all(f.because_of is None for f in result.findings)


def test_a_line_holds_plain_json_in_a_fixed_order_and_no_evidence():
    finding = failed(
        "joint.velocity",
        value=np.float64(8.4000000001),
        limit=6.0,
        details={"table": np.arange(3), "bad": float("nan"), "n": np.int64(3)},
    )
    result = combine([*passed(), finding], BARE, RULES)
    verdict = Verdict(
        "take_218",
        "take_218.bag#0",
        "5b0c",
        "bare",
        1,
        None,
        "robot",
        result.verdict,
        {"label": None},
        BARE,
        result.root,
        result.owner,
        result.stages,
        result.findings,
        {"engine": "3.17.0"},
        evidence=VerdictEvidence(1.0),
    )
    line = json.loads(verdict.to_json(words=lambda f: f"{f.code}!"))
    assert list(line) == [
        "episode",
        "source",
        "sha256",
        "scenario",
        "scenario_version",
        "cell",
        "claim",
        "verdict",
        "outcome",
        "required",
        "root",
        "owner",
        "stages",
        "findings",
        "provenance",
    ]
    shown = line["findings"][result.root]
    assert (
        shown["value"] == 8.4
        and shown["details"] == {"table": [0, 1, 2], "bad": None, "n": 3}
        and shown["message"] == "joint.velocity!"
    )
    assert "\n" not in verdict.to_json() and verdict.to_json() == verdict.to_json()
    assert line["stages"]["robustness"] == {"verdict": "NOT_CHECKED", "reason": "not_run"}
    assert "take_218" in verdict._repr_html_()


def test_an_unreadable_file_is_a_line_with_an_error():
    line = json.loads(Verdict("x", "x.bag", error={"message": "truncated", "field": None}).to_json())
    assert line == {
        "episode": "x",
        "source": "x.bag",
        "sha256": None,
        "verdict": None,
        "error": {"message": "truncated", "field": None},
    }


def test_numbers_keep_six_figures_and_zero_has_no_sign():
    assert tidy({"a": np.float32(1 / 3), "b": -0.0, "c": (np.bool_(True), np.inf)}) == {
        "a": 0.333333,
        "b": 0.0,
        "c": [True, None],
    }


def test_of_several_findings_of_one_code_the_worst_speaks_and_names_the_others():
    findings = [
        failed("joint.velocity", subject=(name,), level=level)
        for name, level in (("a", "PASS"), ("b", "WARN"), ("c", "FAIL"))
    ]
    worst = worst_of(findings)[0]
    assert worst.subject == ("c",) and [other["subject"] for other in worst.details["others"]] == [["b"]]


def test_a_finding_refuses_words_that_do_not_exist():
    with pytest.raises(ValueError, match="no level"):
        Finding("x", "BAD", "integrity")
    with pytest.raises(ValueError, match="no stage"):
        Finding("x", "PASS", "physics")


def test_a_collision_in_a_cell_without_which_the_commands_do_it_is_for_who_surveys():
    bump = RULES["collision.scene"].finding(
        level="FAIL", t0=3.0, t1=3.5, value=0.02, limit=0.005, subject=("left_claw", "counter")
    )
    missed = RULES["goal"].finding(
        level="FAIL", t0=0.0, t1=9.0, details={"kind": "survey", "owner": "scene", "due": 9.0}
    )
    combined = combine([bump, missed], ["kinematics", "replay.goal"], RULES)
    assert (combined.root, combined.owner, combined.findings[1].because_of) == (0, "scene", 0)
    plain = RULES["goal"].finding(level="FAIL", t0=9.0)
    assert (
        combine([bump, plain], ["kinematics", "replay.goal"], RULES).owner == RULES["collision.scene"].owner != "scene"
    )
    fast = RULES["joint.velocity"].finding(level="FAIL", t0=3.0, t1=3.5, subject=("zarm_l1_joint",))
    assert combine([fast, missed], ["kinematics", "replay.goal"], RULES).owner == RULES["joint.velocity"].owner


def test_what_comes_after_a_step_that_did_not_come_follows_from_it():
    """Due at 9 s: what comes later follows from it; what came before explains it, though its span begins earlier."""
    missed = RULES["goal"].finding(level="FAIL", t0=2.0, t1=9.0, details={"due": 9.0})
    assert missed.at == 9.0
    later = RULES["force.object"].finding(level="FAIL", t0=20.0, t1=20.5, subject=("door_pinch",))
    before = RULES["drop"].finding(level="FAIL", t0=5.0, t1=5.5, subject=("bowl",))
    combined = combine([later, missed], ["replay.goal"], RULES)
    assert (combined.root, combined.findings[0].because_of) == (1, 1)
    combined = combine([missed, before], ["replay.goal"], RULES)
    assert (combined.root, combined.findings[0].because_of) == (1, 1)
