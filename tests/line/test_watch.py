"""Takes that arrive: judged when they are whole, told once, whatever is killed in between."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from shiliu import cli
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.line.inbox import Changes, Inbox, _afar
from shiliu.replay.line.slips import Slips
from swinging import RATE, waving


def names(inbox: Inbox) -> list[str]:
    return [one.entry.source for one in inbox.ready()]


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_take_is_ready_when_it_rests_or_when_it_is_marked(tmp_path):
    inbox = Inbox(tmp_path, rest_s=60.0)
    assert names(inbox) == []
    for name, seconds in (("old.bag", 90.0), ("new.bag", 1.0), ("marked.bag", 1.0), ("also.bag", 1.0)):
        (tmp_path / name).write_bytes(b"x")
        aged(tmp_path / name, seconds)
    (tmp_path / "marked.bag.done").touch()
    (tmp_path / "also.done").touch()
    assert names(inbox) == ["also.bag", "marked.bag", "old.bag"] and inbox.unrested
    assert names(inbox) == []  # each is given once
    (tmp_path / "old.bag").write_bytes(b"longer")
    assert names(inbox) == []  # it grows: not before it rests again
    aged(tmp_path / "old.bag", 90.0)
    assert names(inbox) == ["old.bag"]
    quick = Inbox(tmp_path, rest_s=0.05)
    (tmp_path / "ahead.bag").write_bytes(b"x")
    aged(tmp_path / "ahead.bag", -3600.0)  # the clock of where it was written is an hour ahead
    assert "ahead.bag" not in names(quick)
    time.sleep(0.1)
    assert names(quick) == ["ahead.bag"]


@pytest.mark.parametrize("poll", [False, True])
def test_changes_are_told(tmp_path, poll):
    changes = Changes(tmp_path, poll)
    try:
        assert changes.due() and not changes.due()
        time.sleep(0.5)
        (tmp_path / "a.bag").write_bytes(b"x")
        changes.wait(5.0)
        assert changes.due()
    finally:
        changes.close()


def test_a_folder_on_another_machine_is_looked_at(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/x {tmp_path}/afar nfs4 rw 0 0\n")
    (tmp_path / "afar").mkdir()
    assert _afar(tmp_path / "afar", mounts) and not _afar(tmp_path, mounts)


def test_a_take_that_is_told_twice_has_one_line(tmp_path):
    slips = Slips(tmp_path, "en")
    verdict = Verdict("a", "P-0417/a.bag", error={"message": "no", "file": None, "field": None})
    file = tmp_path / "slips" / "P-0417.txt"
    slips.tell(verdict, None, (1, 2, 3), None, 0.1)
    first = file.read_text()
    slips.path(verdict.source).unlink()  # as where it was killed between the line and the file
    assert not slips.known(verdict.source, (1, 2, 3))
    with file.open("a") as lines:
        lines.write("b.bag\tunrea")  # and another in the middle of a line
    slips.tell(verdict, None, (1, 2, 3), None, 0.1)
    assert file.read_text() == first and slips.known(verdict.source, (1, 2, 3))
    slips.tell(verdict, "P-0001", (1, 2, 4), None, 0.1)  # the file has changed
    assert (tmp_path / "slips" / "P-0001.txt").read_text().count("\n") == 1
    assert not slips.known(verdict.source, (1, 2, 3))


def test_what_is_there_is_told_once_and_replayed_without_judging(bare, tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    write_lerobot(folder / "P-0417", [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)
    (folder / "junk.bag").write_text("no bag")
    (folder / "junk.bag.done").touch()
    words = ["watch", f"in={folder}", f"out={out}", "once=true", "rest=0 s"]
    assert cli.main(words) == 0
    record = json.loads((out / "takes" / "P-0417#0.json").read_text(encoding="utf-8"))
    assert record["verdict"]["verdict"] and record["operator"] == "P-0417" and record["length_s"] == pytest.approx(1.2)
    assert (out / "slips" / "P-0417.txt").read_text().startswith("P-0417#0\t")
    assert (out / "slips" / "unknown.txt").read_text().startswith("junk.bag\tunreadable\t")
    before = sorted(
        (path, path.read_bytes()) for path in out.rglob("*") if path.is_file() and "ledger" not in path.parts
    )
    capsys.readouterr()
    (out / "takes" / "junk.bag.json").unlink()  # as where it was killed before that was written
    assert cli.main(words) == 0
    after = sorted(
        (path, path.read_bytes()) for path in out.rglob("*") if path.is_file() and "ledger" not in path.parts
    )
    assert [path for path, _ in before] == [path for path, _ in after]
    assert "1 takes told" in capsys.readouterr().out
