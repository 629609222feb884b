"""Several machines on one ledger, and users without rights: nothing is judged twice, nothing of another machine is taken away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from shiliu import cli
from shiliu.replay.formats.lerobot.write import write_lerobot
from swinging import RATE, waving

AS_HOST = "import socket, sys\nsocket.gethostname = lambda: sys.argv[1]\nfrom shiliu import cli\nsys.exit(cli.main(sys.argv[2:]))\n"
WITHOUT_RIGHTS = """
import contextlib, io, json, os, sys
from shiliu import cli

for line in sys.stdin:  # a folder and the words of a command that is run there
    folder, words = json.loads(line)
    os.chdir(folder)
    error = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(error):
        code = cli.main(words)
    print(json.dumps([code, error.getvalue()]), flush=True)
"""
AS_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []  # root may do all else


@pytest.fixture(scope="module")
def data(bare, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("machines") / "set"
    made = [waving(bare, k, 1.0) for k in range(1, 5)]
    return write_lerobot(root, made, bare.schema.lerobot_features(()), RATE)


def begun(script: str, *words: str, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *words]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def without_rights():
    """Commands of a user without rights, one after the other in one process: exit code and what it said of errors."""
    if AS_USER and shutil.which("setpriv") is None:
        pytest.skip("root may do all")
    command = [*AS_USER, sys.executable, "-c", WITHOUT_RIGHTS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None

        def run(folder: Path, *words: str) -> tuple[int, str]:
            process.stdin.write(json.dumps([str(folder), words]) + "\n")
            process.stdin.flush()
            return tuple(json.loads(process.stdout.readline()))

        yield run
        process.stdin.close()
        process.wait(60)


def test_two_machines_share_a_ledger(data, tmp_path, monkeypatch):
    def words(host: str) -> list[str]:
        return ["replay", f"data={data}", f"out={host}", "workers=1", "ledger=ledger", "pictures=false", "quiet=true"]

    both = [begun(AS_HOST, host, *words(host), cwd=tmp_path) for host in ("alpha", "beta")]
    ended = [process.communicate(timeout=300) for process in both]
    assert both[0].returncode == both[1].returncode, ended
    lines = [(tmp_path / host / "verdicts.jsonl").read_bytes() for host in ("alpha", "beta")]
    assert lines[0] == lines[1] and lines[0].count(b"\n") == 4
    assert both[0].returncode in (0, 1, 3) and not list((tmp_path / "ledger").rglob("*.partial"))
    monkeypatch.setattr("socket.gethostname", lambda: "gamma")  # a third one comes when all is done
    monkeypatch.chdir(tmp_path)
    assert cli.main(words("gamma")) == both[0].returncode
    assert (tmp_path / "gamma" / "verdicts.jsonl").read_bytes() == lines[0]


def test_what_another_machine_is_writing_is_left_alone(data, tmp_path):
    leave = "import socket, sys\nsocket.gethostname = lambda: 'beta'\nfrom pathlib import Path\n"
    leave += "from shiliu.replay.formats.partial import beside\nbeside(Path('out')).mkdir()\n"
    subprocess.run([sys.executable, "-c", leave], cwd=tmp_path, check=True)
    (theirs,) = tmp_path.iterdir()
    process = begun(AS_HOST, "alpha", "export", f"data={data}", "to=lerobot", "out=out", cwd=tmp_path)
    process.communicate(timeout=120)
    assert process.returncode == 0 and theirs.is_dir() and (tmp_path / "out").is_dir()


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "data=DATA", "pictures=false"],
        ["replay", "data=DATA", "check=intake"],
        ["replay", "data=DATA", "workers=1", "pictures=false"],
        ["watch", "in=DATA", "once=true", "rest=0 s"],
        ["import", "data=DATA"],
        ["export", "data=DATA", "to=mcap"],
        ["label", "data=DATA"],
        ["report", "verdicts=DATA"],
        ["deliver", "data=DATA", "verdicts=DATA"],
        ["record", "scenario=table_setting"],
        ["render", "part=microwave"],
        ["bench", "scenario=bare", "only=[env.step]", "pairs=3"],
    ],
    ids=" ".join,
)
def test_without_rights_every_verb_ends_with_a_sentence(data, without_rights, tmp_path, words):
    shutil.copytree(data, tmp_path / "unread" / "set")
    (tmp_path / "unread" / "verdicts.jsonl").write_text(json.dumps({"source": "set#0", "verdict": "FEASIBLE"}) + "\n")
    for name in ("open", "unwritten"):
        (tmp_path / name).mkdir()
    (tmp_path / "unread").chmod(0)
    (tmp_path / "unwritten").chmod(0o555)
    ending = ".yaml" if words[0] == "label" else ".json" if words[0] == "bench" else ""
    pairs = [("open", "unwritten/out")]
    if any("DATA" in word for word in words):
        pairs.append(("unread", "open/out"))
    try:
        for folder, out in pairs:
            given = [word.replace("DATA", folder) for word in words]
            code, error = without_rights(tmp_path, *given, f"out={out}{ending}")
            assert code == 2 and len(error.splitlines()) == 1 and "fault of" not in error, (given, error)
            assert any(word in error.lower() for word in ("right", "denied", "permission")), error
            assert not list((tmp_path / "open").iterdir()), (given, error)
    finally:
        (tmp_path / "unread").chmod(0o755)
