"""What is read once is read before the first take, and nothing of that stays or is shown."""

from __future__ import annotations

import tempfile

from shiliu.replay.live.rehearsal import rehearse


def test_a_rehearsal_keeps_and_judges_a_take_and_leaves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    verdict = rehearse("en")
    assert verdict.scenario == "bare" and any(one.code == "reproduces" and one.level == "PASS" for one in verdict.findings)
    assert not list(tmp_path.iterdir()) and capsys.readouterr().out == ""
