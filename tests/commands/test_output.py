"""What a command prints is no part of its work: whoever does not read it, or cannot take it, loses it alone."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from shiliu import cli
from shiliu.replay.formats.lerobot.write import write_lerobot
from swinging import RATE, waving

pytestmark = pytest.mark.usefixtures("forked_workers")

BUSY = """
import sys
from shiliu import cli
from shiliu.replay.commands import doctor

def run(request):
    while True:
        pass

doctor.run = run
sys.exit(cli.main(["doctor"]))
"""


@pytest.fixture(scope="module")
def data(bare, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("output") / "set"
    return write_lerobot(root, [waving(bare, 1, 1.0), waving(bare, 2, 1.0)], bare.schema.lerobot_features(()), RATE)


@pytest.fixture(scope="module")
def bags(data) -> Path:
    out = data.parent / "bags"
    assert cli.main(["export", f"data={data}", "to=rosbag", f"out={out}", "quiet=true"]) == 0
    return out


def nobody():
    """A stream whose reader has gone."""
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w", encoding="utf-8")


def full():
    return open("/dev/full", "w", encoding="utf-8")


def words_of(verb: str, data: Path, bags: Path, out: Path) -> list[str]:
    return {
        "replay": ["replay", f"data={data}", "check=intake", f"out={out}"],
        "workers": ["replay", f"data={data}", "workers=1", "pictures=false", f"out={out}"],
        "export": ["export", f"data={data}", "to=rosbag", f"out={out}"],
        "import": ["import", f"data={bags}", f"out={out}"],
        "sweep": ["replay", "-m", f"data={data}", "check=intake", "strict=false,true", f"out={out}"],
    }[verb]


@pytest.fixture(scope="module")
def usual(data, bags, tmp_path_factory):
    """What a verb leaves in its folder where its output is read, of each verb once."""

    @cache
    def of(verb: str) -> list[Path]:
        out = tmp_path_factory.mktemp("usual") / "out"
        assert cli.main(words_of(verb, data, bags, out)) in (0, 1, 3)
        return sorted(path.relative_to(out) for path in out.rglob("*"))

    return of


@pytest.mark.parametrize("verb", ["replay", "workers", "export", "import", "sweep"])
@pytest.mark.parametrize("stream", [nobody, full, None], ids=["no reader", "full", "closed"])
def test_work_is_done_whatever_becomes_of_what_it_prints(data, bags, usual, tmp_path, monkeypatch, capsys, verb, stream):
    usual(verb)
    capsys.readouterr()
    with monkeypatch.context() as lost:
        lost.setattr(sys, "stdout", stream and stream())
        code = cli.main(words_of(verb, data, bags, tmp_path / "out"))
    error = capsys.readouterr().err
    assert code != 2 or stream is full
    assert ("standard output: No space left on device" in error) == (stream is full) and "out=" not in error
    found = [path.relative_to(tmp_path / "out") for path in sorted((tmp_path / "out").rglob("*"))]
    wanted = usual(verb)
    assert len(found) == len(wanted) and [p for p in found if p.parts[0] != "ledger"] == [p for p in wanted if p.parts[0] != "ledger"]


@pytest.mark.parametrize("words", [["list", "formats", "--json"], ["--help"], ["replay", "--help"], ["--version"]], ids=" ".join)
def test_output_that_is_the_work_is_missed(monkeypatch, capsys, words):
    with monkeypatch.context() as lost:
        lost.setattr(sys, "stdout", full())
        assert cli.main(words) == 2
    assert capsys.readouterr().err.startswith("shiliu: standard output: No space left on device.")


def test_a_process_without_streams_ends_quietly(tmp_path):
    """Neither Python's own last words nor a file of ours under the number of standard output."""
    shell = f"""
    {sys.executable} -m shiliu list formats >&- 2>&- <&-; echo $?
    {sys.executable} -m shiliu list formats | true; echo ${{PIPESTATUS[0]}}
    {sys.executable} -m shiliu list formats 2>&1 >/dev/full; echo $?
    """
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, cwd=tmp_path, check=False)
    lost = "shiliu: standard output: No space left on device. What it could not take is lost; what was to be done is done."
    assert (done.stdout.splitlines(), done.stderr) == (["0", "0", lost, "2"], "")


def test_errors_that_cannot_be_printed_end_nothing(monkeypatch, capsys):
    with monkeypatch.context() as lost:
        lost.setattr(sys, "stderr", nobody())
        assert cli.main(["nothing"]) == 2 and cli.main(["list", "formats"]) == 0
        lost.setattr(sys, "stderr", None)
        assert cli.main(["nothing"]) == 2
    assert "nothing" not in capsys.readouterr().out


@pytest.mark.parametrize("limits", [(4, resource.RLIM_INFINITY), (6, 6)], ids=["soft", "hard"])
def test_processor_time_that_is_used_up_is_one_sentence(tmp_path, limits):
    """A hard limit alone kills at once: the command asks to be ended a little before. Slow machines need more than a second to begin."""
    words = [sys.executable, "-c", BUSY]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, limits)
    )
    assert done.returncode == 2
    assert done.stderr == "shiliu: The processor time that is allowed is used up. Allow more (ulimit -t), and run the same command again.\n"


def test_a_limit_is_afterwards_as_it_was():
    before = resource.getrlimit(resource.RLIMIT_CPU)
    assert cli.main(["--version"]) == 0
    assert resource.getrlimit(resource.RLIMIT_CPU) == before and signal.getsignal(signal.SIGXCPU) == signal.SIG_DFL
