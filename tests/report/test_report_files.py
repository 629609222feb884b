"""The files of a report for programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from made_verdicts import COMMAND, HOSTILE, clean, everything, too_fast, unreadable
from shiliu.replay.checks.finding import Finding
from shiliu.replay.report import Words, check_out, jsonl, junit, write_reports
from shiliu.replay.report.streaming import FILES
from shiliu.scenarios.sheet.errors import ShiliuError


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
    gone = unreadable()
    gone.source, where = "takes#3", tmp_path / "takes/data/chunk-002/a.parquet"
    gone.error = {"file": str(where), "message": f"{where} is missing. Copy the folder again."}
    moved = too_fast()
    moved.provenance = {"channel": "/kuavo_arm_traj", "model": str(file)}
    out = write_reports([lost, gone, moved], tmp_path / "v", "en", COMMAND)
    text = (out / "verdicts.jsonl").read_text() + (out / "refused.txt").read_text()
    assert str(tmp_path) not in text and "takes/data/chunk-002/a.parquet" in text and "take_9.bag" in text and "/kuavo_arm_traj" in text
    assert not re.search(r"\b20\d\d-\d\d-\d\d", text)
    again = write_reports([lost, gone, moved], tmp_path / "w", "en", COMMAND)
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
