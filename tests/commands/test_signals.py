"""Commands that a signal ends: wherever it comes, one line, 130, and nothing left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from shiliu import cli

WRITING = """
import signal, sys, time
from pathlib import Path
from shiliu import cli
from shiliu.replay.commands import doctor
from shiliu.replay.formats.atomic_folder import placed

def run(request):
    with placed(Path(sys.argv[1])) as folder:
        (folder / "half").write_bytes(b"x")
        print("ready", flush=True)
        time.sleep(60)

doctor.run = run
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # of tests that nohup runs
sys.exit(cli.main(["doctor"]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_it_and_leaves_nothing(tmp_path, name):
    words = [sys.executable, "-c", WRITING, str(tmp_path / "a" / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        assert len(list((tmp_path / "a").iterdir())) == 1
        process.send_signal(getattr(signal, name))
        _, error = process.communicate(timeout=20)
    assert (process.returncode, error) == (130, "shiliu: interrupted\n")
    assert not list(tmp_path.iterdir())


def test_a_signal_that_is_ignored_stays_so(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert cli.main(["--version"]) == 0 and cli.main(["nothing"]) == 2
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


ENDED_IN = """
import json, os, signal, sys, time
from shiliu import cli
from shiliu.replay.commands import doctor
from shiliu.scenarios.sheet.errors import ShiliuError

class Dropped:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

def run(request):
    if how == "destructor":
        Dropped()
        time.sleep(1)
    try:
        exec("signal.raise_signal(signal.SIGTERM)")
    except KeyboardInterrupt as error:
        if how == "other":
            raise SystemError("a library has made this of it") from None
        if how == "mendable":
            raise ShiliuError("half a file") from error
        raise
    return 0

doctor.run = run
for how in sys.argv[1:]:
    for disposition in (signal.default_int_handler, signal.SIG_IGN):
        read, write = os.pipe()
        child = os.fork()  # once it has all modules, which take a second to import
        if child == 0:
            os.dup2(write, 2)
            os.close(write)
            signal.signal(signal.SIGINT, disposition)
            sys.exit(cli.main(["doctor"]))
        os.close(write)
        with open(read) as stream:
            said = stream.read()
        print(json.dumps([how, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said]), flush=True)
"""


def test_a_signal_is_one_wherever_it_comes_and_whatever_a_library_makes_of_it():
    """Out of `exec` Python would end itself by SIGINT; out of a destructor no exception passes. Each way also where Ctrl-C is
    ignored, as of a job in the background."""
    ways = ["exec", "other", "mendable", "destructor"]
    done = subprocess.run([sys.executable, "-c", ENDED_IN, *ways], capture_output=True, text=True, timeout=120, check=False)
    ended = [json.loads(line) for line in done.stdout.splitlines()]
    assert ended == [[how, 130, "shiliu: interrupted\n"] for how in ways for _ in range(2)], done.stderr
