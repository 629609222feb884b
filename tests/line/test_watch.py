"""Takes that arrive: judged when they are whole, told once, whatever is killed in between."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest
from shiliu import cli
from shiliu.replay.commands.replay_workers import bench
from shiliu.replay.formats.file_state import SeenStates, afar, state_of
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.line.inbox import Changes, Inbox
from shiliu.replay.line.key import judge_parts
from shiliu.replay.line.serving import answered
from shiliu.replay.line.slips import Slips
from shiliu.replay.line.watching import Watching
from swinging import RATE, waving

pytestmark = pytest.mark.usefixtures("forked_workers")


def names(inbox: Inbox) -> list[str]:
    return [one.entry.source for one in inbox.ready()]


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_take_is_ready_when_it_rests_or_when_it_is_marked(tmp_path):
    inbox = Inbox(tmp_path, rest_s=0.3)
    assert names(inbox) == []
    for name, seconds in (("old.bag", 9000.0), ("ahead.bag", -3600.0), ("marked.bag", 1.0), ("also.bag", 1.0)):
        (tmp_path / name).write_bytes(b"x")
        aged(tmp_path / name, seconds)  # a copy that keeps the times of its original, and a clock that is an hour ahead
    (tmp_path / "marked.bag.done").touch()
    (tmp_path / "also.done").touch()
    assert names(inbox) == ["also.bag", "marked.bag"] and inbox.unrested
    assert names(inbox) == []  # each is given once
    time.sleep(0.2)
    (tmp_path / "old.bag").write_bytes(b"longer")
    aged(tmp_path / "old.bag", 9000.0)
    (tmp_path / "marked.bag").write_bytes(b"longer")  # the mark came too early
    assert names(inbox) == []
    time.sleep(0.2)
    assert names(inbox) == ["ahead.bag"]  # the other one grew: not before it rests again
    time.sleep(0.2)
    assert names(inbox) == ["marked.bag", "old.bag"] and not inbox.unrested


def test_the_state_of_a_set_is_that_of_all_its_files(tmp_path):
    folder, seen = tmp_path / "set", set()
    (folder / "meta").mkdir(parents=True)
    file = folder / "meta" / "info.json"

    def new() -> bool:
        state = state_of(folder)
        fresh = state not in seen
        seen.add(state)
        return fresh

    assert new()
    file.write_text("{}")
    aged(file, 100.0)
    then = file.stat().st_mtime_ns
    assert new() and not new()
    (folder / "data").mkdir()
    assert new()
    (folder / "data" / "a.parquet").write_bytes(b"x")
    assert new()
    file.write_text("{ }")
    os.utime(file, ns=(then, then))
    assert new()  # longer, at the same time
    file.rename(folder / "meta" / "other.json")
    assert new()
    (folder / "data" / "a.parquet").chmod(0)
    assert new()  # it may be that nobody could read it
    os.symlink(folder, folder / "round")
    os.symlink("nowhere", folder / "lost")
    assert new() and not new()
    assert SeenStates().of(folder) == state_of(folder) and SeenStates().of(tmp_path / "none") is None


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
    assert afar(tmp_path / "afar", mounts) and not afar(tmp_path, mounts)


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


class Here:
    """Workers that are this process."""

    def __init__(self, bench):
        self.bench, self.jobs = bench, []

    def add(self, job):
        self.jobs.append(job)

    @property
    def at_work(self) -> bool:
        return bool(self.jobs)

    def answers(self, timeout_s=None):
        while self.jobs:
            job = self.jobs.pop(0)
            yield job, answered(self.bench, job)


class Looks:
    """Watches a folder, one look at a time."""

    def __init__(self, folder: Path, out: Path, ledger: Path):
        request = cli.parse(["watch", f"in={folder}", f"out={out}"])
        self.folder, self.out, self.lines = folder, out, []
        self.bench = bench(request, str(folder), str(ledger), judge_parts(), False)
        self.begin()

    def begin(self) -> None:
        """As after a restart."""
        self.watching = Watching(
            Inbox(self.folder, 0.0),
            None,
            Here(self.bench),
            self.bench.ledger,
            Slips(self.out, "en"),
            lambda one: self.lines.append(one.line),
        )

    def look(self) -> None:
        self.watching.run(lambda: False)

    def verdicts(self) -> dict[str, str | None]:
        found = {}
        for path in (self.out / "takes").iterdir():
            verdict = json.loads(path.read_text(encoding="utf-8"))["verdict"]
            found[verdict["source"]] = verdict["verdict"]
        return found


@pytest.mark.parametrize("more", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_a_set_that_is_copied_slowly_is_judged_when_it_is_whole(bare, tmp_path, more):
    """Its meta first, its meta last, and in so many more orders."""
    made = tmp_path / "made" / "one"
    write_lerobot(made, [waving(bare, 1, 1.0), waving(bare, 2, 0.5)], bare.schema.lerobot_features(()), RATE)
    for path in made.rglob("*"):
        aged(path, 5000.0)
    ledger = tmp_path / "ledger"
    at_once = Looks(tmp_path / "made", tmp_path / "at_once", ledger)
    at_once.look()
    whole = at_once.verdicts()
    assert len(whole) == 2 and None not in whole.values()
    files = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    meta_first = sorted(files, key=lambda path: (path.parts[0] != "meta", path))
    chance = random.Random(5)
    orders = [meta_first, meta_first[::-1], *(chance.sample(files, len(files)) for _ in range(more))]
    for i, order in enumerate(orders):
        folder = tmp_path / f"in_{i}"
        folder.mkdir()
        looks = Looks(folder, tmp_path / f"out_{i}", ledger)
        for file in order:
            target = folder / "one" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((made / file).read_bytes()[:10])
            looks.look()
            shutil.copy2(made / file, target)
            if i % 2:
                looks.begin()
            looks.look()
        assert looks.verdicts() == whole, order
        lines = len(looks.lines)
        looks.begin()
        looks.look()
        assert len(looks.lines) == lines and looks.verdicts() == whole


def test_a_take_that_stays_as_it_is_in_a_set_that_changes_is_not_told_again(bare, tmp_path):
    folder = tmp_path / "in"
    write_lerobot(folder / "P-0417", [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)
    looks = Looks(folder, tmp_path / "out", tmp_path / "ledger")
    looks.look()
    (folder / "P-0417" / "README.md").write_text("a note")
    looks.look()
    assert len(looks.lines) == 1
    looks.begin()
    looks.look()
    assert len(looks.lines) == 1
    (folder / "P-0417" / "meta" / "info.json").rename(tmp_path / "info.json")  # it is gone for a while
    looks.look()
    (tmp_path / "info.json").rename(folder / "P-0417" / "meta" / "info.json")
    looks.look()
    assert len(looks.lines) == 1 and list(looks.verdicts()) == ["P-0417#0"]


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
    assert "1 take reported" in capsys.readouterr().out
