"""Two servers of takes on one folder: the second does not start, and a killed one leaves nothing that bars the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from shiliu.cli import main
from shiliu.replay.live import rehearsal, server
from shiliu.replay.live.sole_writer import LOCK, sole_writer
from shiliu.scenarios.sheet.errors import EpisodeError

HOLDS = """import sys, time
from pathlib import Path
from shiliu.replay.live import rehearsal, server
from shiliu.replay.live.sole_writer import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_writer_is_refused_until_the_first_is_killed(tmp_path):
    out = tmp_path / "out"
    first = subprocess.Popen([sys.executable, "-c", HOLDS, str(out)], stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        with pytest.raises(EpisodeError, match=r"out: Another `shiliu teleop` keeps its takes here\. End it, or choose another out="):
            sole_writer(out).__enter__()
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.wait(30)
    with sole_writer(out):
        assert (out / LOCK).is_file()  # it stays, and bars nobody


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_says_so(tmp_path, capsys, lang):
    out = tmp_path / "out"
    session = tmp_path / "session.jsonl"
    session.write_text('{"do": "take", "t": 0}\n{"do": "take", "t": 100}\n')
    with sole_writer(out):
        assert main(["teleop", "scenario=bare", f"out={out}", f"from={session}", f"lang={lang}"]) == 2
        assert main(["teleop", "scenario=bare", f"out={out}", f"lang={lang}"]) == 2
    assert not (out / "set").exists()
    assert capsys.readouterr().err.count("另一个 `shiliu teleop`" if lang == "zh" else "Another `shiliu teleop`") == 2


def test_takes_of_another_scenario_are_refused_before_anything_is_printed_or_bound(tmp_path, capsys, monkeypatch):
    out, session = tmp_path / "out", tmp_path / "session.jsonl"
    session.write_text('{"do": "take", "t": 0}\n{"do": "take", "t": 100}\n')
    assert main(["teleop", "scenario=bare", f"out={out}", f"from={session}"]) in (0, 1, 3)
    capsys.readouterr()
    monkeypatch.setattr(server, "PageServer", lambda *_: pytest.fail("a server was started"))
    monkeypatch.setattr(rehearsal, "rehearse", lambda *_: pytest.fail("it was rehearsed"))
    before = sorted(out.rglob("*"))
    for lang, says in (("en", "these episodes do not fit into the set"), ("zh", "这些片段不能并入此数据集")):
        assert main(["teleop", "scenario=microwave", f"out={out}", f"lang={lang}"]) == 2
        shown = capsys.readouterr()
        assert says in shown.err and not shown.out and sorted(out.rglob("*")) == before


@pytest.mark.parametrize("wrong", ["link", "device"])
def test_what_else_is_wrong_is_refused_before_there_is_a_page(tmp_path, capsys, monkeypatch, wrong):
    out = tmp_path / "out"
    out.mkdir()
    if wrong == "device":
        (out / "device").write_text("a file where a folder shall be")
    monkeypatch.setattr(server, "PageServer", lambda *_: pytest.fail("a server was started"))
    monkeypatch.setattr(rehearsal, "rehearse", lambda *_: None)
    link = ["+scenario.link.delay=100 ms"] if wrong == "link" else []
    assert main(["teleop", "scenario=bare", f"out={out}", "lang=zh", *link]) == 2
    shown = capsys.readouterr()
    assert ("请写 link=local" if link else "无法写入") in shown.err and not shown.out
