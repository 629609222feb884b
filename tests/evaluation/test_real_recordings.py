"""The list of what was looked at behind each FAIL of real recordings."""

import pytest
from conftest import ROOT, script
from shiliu.replay.checks.finding import Finding
from shiliu.replay.judge.verdict import Verdict


@pytest.fixture(scope="module", name="script")
def real_recordings():
    return script("benchmarks/real_recordings.py")


def line(script, level="FAIL", word="INFEASIBLE"):
    found = Finding("joint.velocity", level, "kinematics", subject=("joint4",), value=4.6, limit=2.175, unit="rad/s")
    return script.line_of("panda", Verdict("ep3", "ep3", verdict=word, root=0, findings=[found]))


def test_each_comment_has_an_answer_and_each_false_one_a_test(script):
    comments = script.read_comments()
    assert comments and all(one["looked"] for one in comments.values())
    for one in script.mended():
        file, _, name = one["test"].partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), one
    assert not [key for key, one in comments.items() if one["answer"] == "false" and "::" not in one.get("test", "")]


def test_what_nobody_looked_at_is_told(script):
    lines = [line(script)]
    assert not script.met(lines, {})
    assert "**not looked at**" in script.table(lines, {}) and "4.6 against 2.175 rad/s, joint4" in script.table(
        lines, {}
    )
    key = ("panda", "joint.velocity")
    assert script.met(lines, {key: {"answer": "true", "looked": "raw"}})
    assert script.met(lines, {key: {"answer": "unknown", "looked": "raw"}})
    assert not script.met(lines, {key: {"answer": "false", "looked": "raw"}})


def test_only_what_refuses_a_take_is_listed(script):
    assert script.line_of("a", Verdict("x", "x", verdict="FEASIBLE"))["failed"] == []
    assert line(script, level="WARN")["failed"] == []
    assert line(script, word="INCONCLUSIVE")["failed"] == [] and len(line(script)["failed"]) == 1


def test_a_comment_without_an_answer_is_refused(script, tmp_path):
    file = tmp_path / "comments.yaml"
    file.write_text("findings:\n- {source: a, code: b, answer: perhaps, looked: x}\nmended: []\n")
    with pytest.raises(SystemExit, match="perhaps"):
        script.read_comments(file)


def test_each_held_out_demonstration_that_is_refused_is_written_of():
    refused = script("benchmarks/refused.py")
    assert set(refused.refused()) <= set(refused.comments()) and refused.met()
    assert refused.NOBODY not in refused.table()
