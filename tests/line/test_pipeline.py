"""In a pipeline: SARIF that others read, a summary, a baseline that lets known failures pass, and jobs that run as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from shiliu import cli
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.report import Words, counts, write_reports
from shiliu.replay.report.baseline import Baseline
from shiliu.replay.report.exit_code import code_of
from shiliu.replay.report.markdown import summary
from swinging import RATE, waving

pytestmark = pytest.mark.usefixtures("forked_workers")

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "docs" / "pipeline"
RULES = load_rules()


@pytest.fixture(scope="module")
def data(bare, tmp_path_factory) -> Path:
    """Two sound takes, one of which is in the set twice, and a file that cannot be read."""
    folder = tmp_path_factory.mktemp("pipeline") / "takes"
    takes = [waving(bare, k, 0.8 + 0.05 * k) for k in range(2)]
    write_lerobot(folder / "a set", [*takes, replace(takes[0], seed=91)], bare.schema.lerobot_features(()), RATE)
    (folder / "broken.bag").write_text("no bag")
    return folder


def replay(data: Path, out: Path, *words: str) -> int:
    return cli.main(["replay", f"data={data}", f"out={out}", "pictures=false", "quiet=true", *words])


@pytest.fixture(scope="module")
def out(data) -> Path:
    assert replay(data, data.parent / "verdicts") == 1
    return data.parent / "verdicts"


def results(folder: Path) -> list[dict]:
    return checked(json.loads((folder / "verdicts.sarif").read_text(encoding="utf-8")))


def checked(tree: dict) -> list[dict]:
    """The results of a SARIF document, held against what the standard demands of what is used here."""
    assert tree["version"] == "2.1.0" and tree["$schema"].endswith("sarif-2.1.0.json")
    assert set(tree) == {"$schema", "version", "runs"}
    (run,) = tree["runs"]
    assert set(run) <= {"results", "tool", "columnKind", "defaultEncoding", "language"}
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert driver["name"] and set(driver) <= {"name", "version", "rules"}
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids) and all(rule["shortDescription"]["text"] for rule in driver["rules"])
    states = set()
    for one in run["results"]:
        assert ids[one["ruleIndex"]] == one["ruleId"]
        assert one["level"] in ("none", "note", "warning", "error")
        assert one["kind"] == "fail" or one["level"] == "none"  # the standard: a level belongs to what failed
        assert one["kind"] in ("fail", "open") and one["message"]["text"]
        (place,) = one["locations"]
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert uri and not uri.startswith("/") and not re.search(r"[\s#\\]", uri)
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert all(isinstance(mark, str) for mark in one["partialFingerprints"].values())
        states.add(one.get("baselineState"))
    assert states <= {None} or states <= {"new", "unchanged"}  # of all results, or of none
    marks = [tuple(one["partialFingerprints"].values()) for one in run["results"]]
    assert len(set(marks)) == len(marks)
    return run["results"]


def test_sarif_has_what_failed_where_it_is(out):
    found = results(out)
    by_rule = {one["ruleId"]: one for one in found}
    twice = by_rule["take.duplicate"]
    assert twice["level"] == "error" and twice["properties"]["cause"] and twice["properties"]["verdict"] == "UNSOUND"
    place = twice["locations"][0]
    assert unquote(place["physicalLocation"]["artifactLocation"]["uri"]) == "a set"
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "a set#2"
    assert by_rule["unreadable"]["level"] == "error"
    assert not [one for one in found if one["properties"]["verdict"] == "FEASIBLE" and one["level"] == "error"]


def test_the_check_of_sarif_sees_what_is_wrong(out):
    tree = json.loads((out / "verdicts.sarif").read_text(encoding="utf-8"))
    for change in (
        {"level": "fatal"},
        {"ruleIndex": 0 if tree["runs"][0]["results"][-1]["ruleIndex"] else 1},
        {"message": {"text": ""}},
    ):
        bad = json.loads(json.dumps(tree))
        bad["runs"][0]["results"][-1] |= change
        with pytest.raises((AssertionError, IndexError)):
            checked(bad)


def test_an_undecided_take_is_open_and_what_follows_is_no_result():
    findings = [
        RULES["joint.velocity"].finding(level="FAIL", value=8.4, limit=6.0, subject=("zarm_l2_joint",), excess=0.4),
        RULES["torque.peak"].finding(level="FAIL", value=80.0, limit=66.0, because_of=0),
        RULES["slip"].finding(level="WARN", value=0.02, limit=0.01),
    ]
    fast = Verdict("a", "a.bag", "0" * 64, verdict="INFEASIBLE", root=0, owner="operator", findings=findings)
    gap = [RULES["goal"].not_checked("unknown_start")]
    open_ = Verdict("b", "b.bag", "1" * 64, verdict="INCONCLUSIVE", root=0, owner="scene", findings=gap)
    from io import StringIO

    from shiliu.replay.report.sarif import Sarif

    file = StringIO()
    writer = Sarif(file, Words("zh"))
    writer.add(fast)
    writer.add(open_)
    writer.finish("1.0")
    found = checked(json.loads(file.getvalue()))
    assert [(one["ruleId"], one["level"]) for one in found] == [
        ("joint.velocity", "error"),
        ("slip", "warning"),
        ("goal", "none"),
    ]
    assert found[0]["properties"]["value"] == 8.4


def test_workers_write_the_same_sarif_and_summary(data, out, tmp_path):
    assert replay(data, tmp_path / "line", "workers=1") == 1
    for name in ("verdicts.sarif", "summary.md"):
        assert (tmp_path / "line" / name).read_bytes() == (out / name).read_bytes()


def test_the_summary_says_how_many_and_who_acts(out):
    text = (out / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("## shiliu: 2 of 4 passed") and "| 2 | 0 | 1 | 0 | 1 |" in text
    assert "a set#2" in text and "device team" in text
    hostile = Verdict("x", "a|b\n<img src=x>.bag", error={"message": "`cut` | <b>"})
    rows = summary([hostile], Words("en")).splitlines()
    assert "<" not in "".join(rows) and all(row.count("|") == 5 for row in rows[-1:])


def test_a_baseline_lets_pass_what_was_there_and_nothing_else(bare, data, out, tmp_path, capsys):
    assert replay(data, tmp_path / "again", f"baseline={out}") == 0
    assert "0 new, 2 known already" in capsys.readouterr().out
    assert {one["baselineState"] for one in results(tmp_path / "again")} == {"unchanged"}
    assert replay(data, tmp_path / "workers", f"baseline={out}", "workers=1") == 0
    more = tmp_path / "takes"
    shutil.copytree(data, more)
    takes = [waving(bare, k, 0.8 + 0.05 * k) for k in (5, 6)]
    write_lerobot(more / "b", [*takes, replace(takes[1], seed=92)], bare.schema.lerobot_features(()), RATE)
    assert replay(more, tmp_path / "more", f"baseline={out / 'verdicts.jsonl'}") == 1
    assert "1 new, 2 known already" in capsys.readouterr().out
    new = [one for one in results(tmp_path / "more") if one["baselineState"] == "new" and one["level"] == "error"]
    assert [one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for one in new] == ["b#2"]
    (more / "other.bag").write_text("no bag either")
    assert replay(more, tmp_path / "third", f"baseline={tmp_path / 'more'}") == 3  # a new file that cannot be read
    assert replay(data, tmp_path / "no", f"baseline={tmp_path / 'nothere'}") == 2
    assert "no such file or folder. Check baseline=" in capsys.readouterr().err


def test_another_cause_is_new(tmp_path):
    def failed(code: str) -> Verdict:
        finding = RULES[code].finding(level="FAIL", value=9.0, limit=6.0, excess=0.5)
        return Verdict("a", "a.bag", "0" * 64, verdict="INFEASIBLE", root=0, owner="operator", findings=[finding])

    write_reports([failed("joint.velocity")], tmp_path / "v")
    same, other, cured = failed("joint.velocity"), failed("joint.position"), Verdict("a", "a.bag", verdict="FEASIBLE")
    baseline = Baseline(tmp_path / "v")
    assert [baseline.holds(one) for one in (same, replace(same, source="moved.bag"), other, cured)] == [
        True,
        True,
        False,
        False,
    ]
    assert code_of(counts(one for one in (same, other) if baseline.counts(one))) == 1
    assert (baseline.n_known, baseline.n_new) == (1, 1)


@pytest.mark.parametrize("how", [(), ("workers=1",), ("check=intake",)], ids=" ".join)
def test_keep_going_false_ends_at_what_cannot_be_read(data, tmp_path, capsys, how):
    assert replay(data, tmp_path / "out", "keep_going=false", *how) == 2
    printed = capsys.readouterr().err
    assert "broken.bag" in printed and "keep_going=true" in printed and not (tmp_path / "out" / "verdicts.jsonl").exists()


def steps() -> dict[str, str]:
    """The shell of each job as it stands in the documents."""
    github = yaml.safe_load((PIPELINE / "github.yml").read_text(encoding="utf-8"))
    found = {
        one["name"]: one["run"] for one in github["jobs"]["judge"]["steps"] if one.get("name") in ("Judge", "Show")
    }
    gitlab = yaml.safe_load((PIPELINE / "gitlab.yml").read_text(encoding="utf-8"))
    return {**found, "GitLab": "\n".join(gitlab["takes"]["script"])}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_jobs_of_the_documents_run_as_they_stand(data, tmp_path):
    shutil.copytree(data, tmp_path / "takes")
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "shiliu"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m shiliu "$@"\n')
    shim.chmod(0o755)
    known = {"DATA": "takes", "BASELINE": "baseline", "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md")}

    def run(step: str) -> int:
        env = {**os.environ, **known, "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "-e", "-c", steps()[step]], cwd=tmp_path, env=env, check=False, stdout=subprocess.DEVNULL
        ).returncode

    assert run("Judge") == 1  # nothing is known yet
    assert run("Show") == 0 and (tmp_path / "step.md").read_text().startswith("## shiliu")
    (tmp_path / "baseline").mkdir()
    shutil.copy(tmp_path / "verdicts" / "verdicts.jsonl", tmp_path / "baseline")
    assert run("Judge") == 0
    assert run("GitLab") == 0


def test_the_container_file_names_what_is_there():
    """It is read, not built."""
    text = (PIPELINE / "Containerfile").read_text(encoding="utf-8")
    words = [line.split()[0] for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    assert words[0] == "FROM" and set(words) <= {"FROM", "RUN", "ENV", "WORKDIR", "COPY", "USER", "ENTRYPOINT", "CMD"}
    assert words.index("USER") > words.index("RUN") and (ROOT / "constraints.txt").is_file()
    assert '["shiliu"]' in text and ".venv*" in (ROOT / ".dockerignore").read_text()
