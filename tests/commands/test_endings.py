"""How commands end that cannot go on: one sentence, the right exit code, nothing left."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import files_of_at_most
from shiliu import cli
from shiliu.replay.commands.endings import mendable
from shiliu.replay.formats import Entry, entries, reader_errors
from shiliu.replay.formats.atomic_folder import whole_file, write_whole
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.reader_errors import mending
from shiliu.replay.line.jobs import TakeJob
from shiliu.replay.line.serving import answered
from shiliu.scenarios.sheet.errors import EpisodeError
from swinging import RATE, waving

KILLED = """
import os, sys
from shiliu import cli

rename = os.rename

def renamed(one, other):
    rename(one, other)
    if str(other) == sys.argv[1]:
        os._exit(9)

os.rename = renamed
cli.main(sys.argv[2:])
"""


def test_killed_when_its_result_is_in_place_it_has_left_nothing_that_stays(bags, tmp_path, capsys):
    """`import` renames a set out of its own hidden folder, which is there still for a moment."""
    out = tmp_path / "here" / "out"
    words = ["import", f"data={bags}", f"out={out}"]
    assert subprocess.run([sys.executable, "-c", KILLED, str(out), *words], check=False).returncode == 9
    left = sorted(path.name for path in out.parent.iterdir())
    assert len(left) == 2 and left[0].endswith(".partial") and (out / "meta" / "info.json").is_file()
    assert cli.main(words) == 2 and "exists already" in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_what_the_system_refuses_is_no_fault_of_ours():
    full = mendable(OSError(errno.ENOSPC, "x", "a\nb"))
    assert full is not None and full.exit_code == 2 and "Make room" in str(full) and "a\\x0ab" in str(full)
    out = mendable(OSError(errno.ENOSPC, "x"), "o")
    hidden = mendable(OSError(errno.ENOSPC, "x", "a/.o.1-2-3-4-5-6.partial/b"), "o")
    assert str(out) == str(hidden) == "o: No space left on device. Make room, or choose another out=."
    assert "Make room" in str(mendable(OSError("file write failed: errno = 28, error message"), "o"))  # of HDF5
    for error in (MemoryError(), OSError(errno.ENOMEM, "x"), RuntimeError("can't start new thread")):
        assert "memory" in str(mendable(error))
    try:
        raise RuntimeError("closing failed") from OSError(errno.ENOSPC, "x")
    except RuntimeError as error:
        assert "Make room" in str(mendable(error))
    assert mendable(KeyError("base_link")) is None and mendable(OSError(errno.ENOENT, "x")) is None


@pytest.fixture(scope="module")
def data(bare, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("endings") / "set"
    return write_lerobot(root, [waving(bare, 1, 1.0)], bare.schema.lerobot_features(()), RATE)


@pytest.fixture(scope="module")
def bags(data, tmp_path_factory) -> Path:
    """The same as bags; look at them, do not change them."""
    folder = tmp_path_factory.mktemp("bags") / "bags"
    assert cli.main(["export", f"data={data}", "to=rosbag", f"out={folder}"]) == 0
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "pictures=false"],
        ["replay", "pictures=false", "workers=1"],
        ["replay", "check=intake"],
        ["export", "to=mcap"],
        ["export", "to=rosbag"],
        ["export", "to=lerobot"],
        ["label", "apply=sheet.yaml"],
        ["report", "verdicts=verdicts.jsonl"],
        ["render", "part=microwave"],
        ["render", "frames=1"],
    ],
    ids=" ".join,
)
def test_a_full_disk_is_a_sentence_and_leaves_nothing(data, tmp_path, words, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("sheet.yaml").write_text("labels: 1\nepisodes: []\n")
    Path("verdicts.jsonl").write_text(json.dumps({"source": "a#0", "verdict": "FEASIBLE"}) + "\n")
    out = tmp_path / "here" / "out"
    out.parent.mkdir()
    given = [] if words[0] == "report" or "part=microwave" in words else [f"data={data}"]
    with files_of_at_most(6000):
        assert cli.main([*words, *given, f"out={out}"]) == 2
    error = capsys.readouterr().err
    assert "file too large" in error.lower() and "fault" not in error and len(error.splitlines()) == 1
    assert f"{out}" in error and ".partial" not in error
    left = [path.name for path in out.parent.iterdir()]
    assert left == (["out"] if "workers=1" in words else []) and not (out / "verdicts.jsonl").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["new", "part", "my_part"],
        ["new", "scenario", "mine"],
        ["print", "markers", "scenario=table_setting", "parts=[cell]", "out=sheet.pdf"],
    ],
)
def test_several_files_are_all_there_or_none(tmp_path, words, monkeypatch, capsys):
    if words[0] == "print":
        pytest.importorskip("reportlab")
        pytest.importorskip("cv2")
    monkeypatch.chdir(tmp_path)
    with files_of_at_most(1500):
        assert cli.main(words) == 2
    error = capsys.readouterr().err
    assert "file too large" in error.lower() and "fault" not in error and len(error.splitlines()) == 1
    assert not list(tmp_path.iterdir())
    assert cli.main(words) == 0 and list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        ["replay"],
        ["replay", "workers=1"],
        ["replay", "check=intake"],
        ["export", "to=mcap"],
        ["import"],
        ["record", "scenario=table_setting"],
        ["render", "scenario=table_setting"],
        ["bench", "scenario=table_setting"],
        ["label"],
        ["report"],
        ["deliver"],
    ],
    ids=" ".join,
)
def test_a_bad_out_is_seen_before_the_work_and_nothing_is_left(data, tmp_path, words, capsys):
    (tmp_path / "file").touch()
    given = [] if words[0] in ("record", "render", "bench", "report") else [f"data={data}"]
    if words[0] in ("report", "deliver"):
        (tmp_path / "v").mkdir()
        (tmp_path / "v" / "verdicts.jsonl").write_text(json.dumps({"source": "a#0", "verdict": "FEASIBLE"}) + "\n")
        given.append(f"verdicts={tmp_path / 'v'}")
    ending = ".yaml" if words[0] == "label" else ""
    (tmp_path / "nowhere").symlink_to("gone/further")
    (tmp_path / "itself").symlink_to("itself")
    os.mkfifo(tmp_path / "pipe")
    odd = ["nowhere", "itself/out", "pipe", f"new/{'a' * 300}"]
    if words[0] not in ("label", "bench"):  # which write a file
        odd.append("file")
    before = sorted(tmp_path.rglob("*"))
    for out in (f"file/out{ending}", *odd):
        begun = time.monotonic()
        assert cli.main([*words, *given, f"out={tmp_path}/{out}"]) == 2, out
        error = capsys.readouterr().err
        assert re.search("another (path|out=)", error) and len(error.splitlines()) == 1 and time.monotonic() - begun < 10.0, out
        assert sorted(tmp_path.rglob("*")) == before, out


def test_a_folder_that_may_not_be_entered_is_one_line(data, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "takes"
    shutil.copytree(data, folder / "good")
    (folder / "shut").mkdir()
    real, exists = Path.iterdir, Path.exists

    def refused(path: Path) -> None:
        if path.name == "shut" or path.parent.name == "shut":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "iterdir", lambda self: refused(self) or real(self))
    monkeypatch.setattr(Path, "exists", lambda self: (self.name != "shut" and refused(self)) or exists(self))
    assert cli.main(["replay", f"data={folder}", f"out={tmp_path / 'out'}", "pictures=false"]) == 3
    assert (tmp_path / "out" / "refused.txt").read_text() == "shut\n"
    capsys.readouterr()
    assert cli.main(["replay", f"data={folder / 'shut'}", f"out={tmp_path / 'out'}"]) == 2
    assert "Give yourself the right" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
@pytest.mark.parametrize("name", ["meta/info.json", "meta/stats.json", "data/chunk-000/file-000.parquet", "notes"])
@pytest.mark.parametrize("own", [True, False])
def test_a_pipe_in_a_set_is_reported(data, tmp_path, name, own, capsys):
    folder = tmp_path / "set"
    shutil.copytree(data, folder)
    if not own:
        shutil.rmtree(folder / "shiliu")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert cli.main(["replay", f"data={folder}", f"out={tmp_path / 'out'}"]) == 2
    assert f"{name}: is a pipe" in capsys.readouterr().err


@pytest.fixture
def odd(data, tmp_path, monkeypatch) -> tuple[Path, list[str]]:
    """Takes, and what is neither file nor folder beside them and one level down; the working folder is their parent."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "takes"
    shutil.copytree(data, folder / "good")
    (folder / "below").mkdir()
    for name in ("second.h5", "below/third.bag", "console"):
        os.mkfifo(folder / name)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("takes/ros.sock")
    (folder / "gone.mcap").symlink_to("nowhere")
    (folder / "itself").symlink_to("itself")
    (folder / ".#lock").symlink_to("me@host")
    (folder / "round").symlink_to(".")
    (folder / "below" / "up").symlink_to("..")
    names = ["below/third.bag", "below/up", "console", "gone.mcap", "itself", "ros.sock", "round", "second.h5"]
    return folder, names


@pytest.mark.usefixtures("forked_workers")
@pytest.mark.parametrize("words", [["replay", "pictures=false"], ["replay", "workers=1", "pictures=false"], ["replay", "check=intake"]])
def test_what_is_no_file_beside_takes_is_a_line_of_its_own(odd, words):
    folder, names = odd
    assert cli.main([*words, f"data={folder}", "out=out"]) == 3
    lines = [json.loads(line) for line in Path("out/verdicts.jsonl").read_text().splitlines()]
    unread = {line["source"]: line["error"]["message"] for line in lines if line["verdict"] is None}
    assert sorted(unread) == names
    assert {name for name, why in unread.items() if "is a pipe" in why} == {"below/third.bag", "console", "ros.sock", "second.h5"}
    assert "leads nowhere" in unread["gone.mcap"] and "back to itself" in unread["itself"]
    assert "back to a folder in which it lies" in unread["round"] and unread["below/up"] == unread["round"]


@pytest.mark.usefixtures("forked_workers")
def test_what_is_no_file_is_reported_by_import_watch_and_list(bags, odd, capsys):
    folder, names = odd
    shutil.rmtree(folder / "good")
    shutil.copytree(bags, folder / "bags")
    assert cli.main(["import", f"data={folder}", "out=imported"]) == 3
    error = capsys.readouterr().err
    assert all(f"{name}: is a" in error for name in names) and Path("imported/meta/info.json").is_file()
    assert cli.main(["watch", f"in={folder}", "out=day", "once=true", "rest=0 s", "workers=1"]) == 0
    slips = "".join(path.read_text() for path in Path("day/slips").iterdir())
    assert all(name in slips for name in names)
    (Path("conf") / "cell").mkdir(parents=True)
    os.mkfifo("conf/cell/pipe.yaml")
    capsys.readouterr()
    assert cli.main(["list", "cells"]) == 0 and "conf/cell/pipe.yaml is a pipe" in capsys.readouterr().out
    for name, why in (("second.h5", "is a pipe"), ("gone.mcap", "is a link that leads nowhere")):
        assert cli.main(["replay", f"data={folder / name}", "out=alone"]) == 2
        assert f"{name}: {why}" in capsys.readouterr().err and not Path("alone").exists()


def test_a_set_one_level_down_is_found(data, tmp_path):
    shutil.copytree(data, tmp_path / "day" / "P-0417" / "set")
    shutil.copytree(data, tmp_path / "day" / "other")
    assert [one.source for one in entries(tmp_path / "day")] == ["P-0417/set", "other"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_among_verdicts_is_reported(tmp_path, capsys):
    os.mkfifo(tmp_path / "verdicts.jsonl")
    assert cli.main(["report", f"verdicts={tmp_path}"]) == 2
    assert "is a pipe" in capsys.readouterr().err


def test_want_of_memory_is_no_fault_of_a_recording(tmp_path, monkeypatch):
    with pytest.raises(EpisodeError), mending(tmp_path, "broken", "Copy it again."):
        raise MemoryError  # a broken file claims so much
    monkeypatch.setattr(reader_errors, "_limited", lambda: True)
    for printed in (MemoryError(), OSError("Unknown error: Failed to launch worker thread: Resource temporarily unavailable")):
        with pytest.raises(MemoryError), mending(tmp_path, "broken", "Copy it again."):
            raise printed
    with pytest.raises(EpisodeError, match="broken"), mending(tmp_path, "broken", "Copy it again."):
        raise ValueError("odd")


def test_whether_memory_is_limited_is_known_when_no_library_can_be_loaded_any_more(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)  # an import fails
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1 << 30, resource.RLIM_INFINITY))
    with pytest.raises(MemoryError), mending(Path("a.json"), "broken", "Copy it again."):
        raise MemoryError


def test_a_take_that_wants_more_memory_is_one_line_of_its_own(tmp_path):
    class Bench:
        def answer(self, job):
            raise MemoryError

    answer = answered(Bench(), TakeJob(0, Entry(tmp_path / "a.bag", "a.bag"), 0))
    assert answer.error["code"] == "memory" and "fault" not in answer.error["message"]


@pytest.mark.parametrize("words", [["replay"], ["replay", "check=intake"], ["replay", "workers=1"], ["watch", "once=true"]], ids=" ".join)
def test_every_setting_that_is_given_is_looked_at(data, tmp_path, monkeypatch, words, capsys):
    """Those that none of these recordings needs, too."""
    monkeypatch.chdir(tmp_path)
    Path("broken.yaml").write_text("title: [\n")
    Path("bad.xml").write_text("<mujoco><nothing/></mujoco>")
    written = Path("conf/scenario/odd.yaml")
    written.parent.mkdir(parents=True)
    written.write_text("defaults: [table_setting, _self_]\ngoal: {done: {nothing: {}}}\n")
    given = [f"in={data.parent}" if words[0] == "watch" else f"data={data}", "out=out"]
    odd = ["robot=nope", "robot=no.yaml", "robot=broken.yaml", "robot=", "model=no.xml", "model=bad.xml", "hand=nope", "base=nope"]
    odd += ["cell=", "cell=nope", "scenario=nope", "variant=nope", "retarget=nope", "mapping=nope"]
    if words == ["replay", "check=intake"]:
        odd += ["scenario=odd"]
    if words[0] == "replay" and "workers=1" not in words:
        odd += ["ledger=new"]
    for one in odd:
        assert cli.main([*words, *given, one]) == 2, one
        error = capsys.readouterr().err
        assert len(error.splitlines()) == 1 and "fault of" not in error and not Path("out").exists(), one


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "pictures=false"],
        ["replay", "check=intake"],
        ["export", "to=rosbag"],
        ["import"],
        ["label"],
        ["render", "frames=1"],
    ],
    ids=" ".join,
)
def test_nothing_is_written_into_a_dataset(data, words, capsys):
    before = sorted(path.relative_to(data) for path in data.rglob("*"))
    for inner in ("verdicts", "a/b"):
        assert cli.main([*words, f"data={data}", f"out={data / inner}{'.yaml' * (words == ['label'])}"]) == 2
        assert f"lies in the dataset {data}" in capsys.readouterr().err
    assert sorted(path.relative_to(data) for path in data.rglob("*")) == before


@pytest.mark.parametrize(
    ("seed", "says"), [("99999999999999999999", "too large"), (str((1 << 63) - 1), "too large"), ("-1", "of 0 or more")]
)
def test_a_seed_that_no_dataset_holds_is_refused_first(tmp_path, seed, says, capsys):
    """The seeds of later episodes count on from the first."""
    out = tmp_path / "out"
    assert cli.main(["record", "scenario=table_setting", f"seed={seed}", f"out={out}"]) == 2
    assert says in capsys.readouterr().err and not out.exists()


def test_an_episode_whose_seed_no_dataset_holds_is_not_written(bare, tmp_path):
    with pytest.raises(EpisodeError, match="seed: 9223372036854775808 is not a whole number of 64 bits"):
        write_lerobot(tmp_path / "set", [replace(waving(bare, 1, 1.0), seed=1 << 63)], bare.schema.lerobot_features(()), RATE)
    assert not list(tmp_path.iterdir())


def test_of_two_runs_at_once_on_one_file_the_first_stays(tmp_path):
    """The second sees it when it has done its work; what it has written goes."""
    out = tmp_path / "sheet.yaml"
    with pytest.raises(EpisodeError, match="exists already"), whole_file(out, new=True) as part:
        part.write_text("second")
        write_whole(out, "first", new=True)
    assert out.read_text() == "first" and [path.name for path in tmp_path.iterdir()] == ["sheet.yaml"]
    write_whole(out, "third")
    assert out.read_text() == "third"
