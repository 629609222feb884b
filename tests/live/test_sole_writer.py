"""Two servers of takes on one folder: the second does not start, and a killed one leaves nothing that bars the next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from shiliu.cli import main
from shiliu.replay.live.sole_writer import LOCK, sole_writer
from shiliu.scenarios.sheet.errors import EpisodeError

HOLDS = """import sys, time
from pathlib import Path
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
