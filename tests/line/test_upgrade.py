"""After an upgrade the ledger keeps the verdicts of the earlier judge; asked again, it lists which changed, and why."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from shiliu import cli
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.line import key
from shiliu.replay.line.kept import packed, unpacked
from shiliu.replay.line.ledger import MADE, Ledger
from shiliu.replay.line.upgrade import between
from swinging import RATE, waving

pytestmark = pytest.mark.usefixtures("forked_workers")


@pytest.fixture(scope="module")
def data(bare, tmp_path_factory):
    folder = tmp_path_factory.mktemp("upgrade") / "set"
    write_lerobot(folder, [waving(bare, 1, 0.8), waving(bare, 2, 12.0)], bare.schema.lerobot_features(()), RATE)
    return folder


def run(data, out, ledger, capsys, *words):
    code = cli.main(["replay", f"data={data}", f"out={out}", "pictures=false", "quiet=true", "workers=1", f"ledger={ledger}", *words])
    lines = [json.loads(line) for line in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    return code, [line["verdict"] for line in lines], capsys.readouterr().out


def test_an_upgrade_keeps_verdicts_until_it_is_asked_and_then_says_what_changed(data, tmp_path, capsys, monkeypatch):
    ledger = tmp_path / "ledger"
    first, verdicts, _ = run(data, tmp_path / "first", ledger, capsys)
    assert first == 1 and "INFEASIBLE" in verdicts
    wrong = verdicts.index("INFEASIBLE")
    _, same, printed = run(data, tmp_path / "without", ledger, capsys, "again=true")
    assert same == verdicts and "judged nothing again" in printed and "this version has judged all 2 already" in printed
    for file in (ledger / MADE).rglob("*.zst"):  # the earlier judge let the fast take pass
        alone = unpacked(file.read_bytes())
        if alone.verdict.verdict == "INFEASIBLE":
            findings = [replace(one, level="PASS") if one.level == "FAIL" else one for one in alone.verdict.findings]
            alone = replace(alone, verdict=replace(alone.verdict, verdict="FEASIBLE", root=None, findings=findings))
            Ledger(ledger).put(file.parent.name + file.name.removesuffix(".json.zst"), packed(alone))
    monkeypatch.setattr(key, "_code", lambda: "another_code")
    code, verdicts, printed = run(data, tmp_path / "kept", ledger, capsys)
    assert (code, verdicts[wrong]) == (0, "FEASIBLE") and "judged now 0, known from before 2" in printed
    assert "2 of these by an earlier version of the judge" in printed and not (tmp_path / "kept" / "changed.md").exists()
    for out in ("again", "once_more"):  # a run that is repeated lists the same
        code, verdicts, printed = run(data, tmp_path / out, ledger, capsys, "again=true")
        assert (code, verdicts[wrong]) == (1, "INFEASIBLE") and "1 of 2 verdicts changed" in printed
        page = (tmp_path / out / "changed.md").read_text(encoding="utf-8")
        (row,) = [line for line in page.splitlines() if "FEASIBLE → INFEASIBLE" in line]
        assert "PASS → FAIL" in row and "→ another_code" in row and "none → balance" in row and "this one: 2. " in page
    run(data, tmp_path / "zh", ledger, capsys, "again=true", "lang=zh")
    page = (tmp_path / "zh" / "changed.md").read_text(encoding="utf-8")
    assert "评判过的录制：2 条" in page and "PASS → FAIL" in page
    assert not re.search(r"\b(?:none|take|verdict|measured|limit|differ)\b", page)
    _, verdicts, printed = run(data, tmp_path / "after", ledger, capsys)
    assert verdicts[wrong] == "INFEASIBLE" and "earlier" not in printed


def test_judges_differ_by_name():
    here = key.judge_parts()
    assert between(here, here) == "the same" and between({**here, "mujoco": "3.0"}, here) == f"mujoco 3.0 → {here['mujoco']}"


def test_only_workers_judge_again(data, tmp_path, capsys):
    assert cli.main(["replay", f"data={data}", f"out={tmp_path / 'x'}", "again=true"]) == 2
    assert "only workers keep" in capsys.readouterr().err
