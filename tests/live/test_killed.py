"""A server of takes that is killed loses no finished take, and goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from shiliu import judge, read

connect = pytest.importorskip("websockets.sync.client").connect
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "killpg"), reason="no signals here")]


class Serving:
    """`shiliu teleop` in a process of its own, and a page's socket to it."""

    def __init__(self, out: Path):
        command = [sys.executable, "-m", "shiliu", "teleop", "scenario=microwave", f"out={out}", "seed=0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=out.parent)
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        to = f"{url.replace('http', 'ws')}socket"
        self.socket = ExitStack().enter_context(connect(to, origin=url.rstrip("/"), max_size=2**26))
        self.wait("progress", lambda heard: heard["recording"] is False)

    def wait(self, kind, holds):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            text = self.socket.recv(timeout=120)
            if isinstance(text, str) and (heard := json.loads(text))["kind"] == kind and holds(heard):
                return
        raise AssertionError(f"no {kind}")

    def send(self, **what):
        self.socket.send(json.dumps(what))

    def begin(self):
        self.send(do="take")
        still = {"p": [0, 0, 0], "q": [1, 0, 0, 0], "clutch": True, "grip": 0}
        self.send(do="device", t=0.0, device="test", left=still, right=still)
        self.wait("progress", lambda heard: heard["recording"] and heard["t"] > 0.3)

    def take(self):
        self.begin()
        self.send(do="take")
        self.wait("verdict", lambda heard: heard["check"] == "gate")
        self.wait("progress", lambda heard: heard["recording"] is False)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


def test_a_killed_server_loses_no_finished_take_and_goes_on(tmp_path):
    out = tmp_path / "out"
    serving = Serving(out)
    serving.take()
    serving.begin()
    serving.kill()  # in a take
    assert [one.episode.seed for one in read(out / "set")] == [0]
    kept = 1
    for after in (0.0, 0.15, 0.6):  # s after the page says that a take is judged: while it is kept, or while it is judged
        serving = Serving(out)
        serving.begin()
        serving.send(do="take")
        serving.wait("progress", lambda heard: heard["judging"])
        time.sleep(after)
        serving.kill()
        kept += 1
    serving = Serving(out)
    serving.take()
    serving.process.terminate()
    serving.process.wait(60)
    recordings = list(read(out / "set"))
    assert sorted(one.episode.seed for one in recordings) == list(range(kept + 1))
    assert all(f.level == "PASS" for verdict in judge(recordings) for f in verdict.findings if f.code == "reproduces")
