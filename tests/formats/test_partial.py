"""What killed processes leave is taken away by the next one, and nothing else is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import files_of_at_most
from shiliu.replay.formats import partial
from shiliu.replay.formats.atomic_folder import filled, placed, refuse_existing, refuse_unwritable, write_whole
from shiliu.replay.formats.partial import beside, sweep, sweep_all
from shiliu.replay.formats.video import encode
from shiliu.scenarios.sheet.errors import EpisodeError

LEAVE = """
import sys
from pathlib import Path
from shiliu.replay.formats.partial import beside

left = beside(Path(sys.argv[1]))
left.mkdir()
(left / "a").write_bytes(b"x")
print(left)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere less is known of processes")


def left_by_a_dead_process(out: Path) -> Path:
    done = subprocess.run([sys.executable, "-c", LEAVE, str(out)], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def test_what_a_dead_process_left_is_removed(tmp_path):
    out = tmp_path / "out"
    left = left_by_a_dead_process(out)
    assert left.is_dir() and left.parent == tmp_path and left.name.startswith(".out.")
    sweep(tmp_path / "ou")
    sweep(tmp_path / "out.x")
    assert left.is_dir()  # it is another one's
    refuse_unwritable(out)
    assert not list(tmp_path.iterdir())


def test_what_may_be_in_use_stays(tmp_path):
    out = tmp_path / "out"
    name = left_by_a_dead_process(out).name
    host, boot, space, pid, began = re.fullmatch(r"\.out\.(\w+)-(\w+)-(\w+)-(\d+)-(\d+)-\d+\.partial", name).groups()
    (tmp_path / name).rename(tmp_path / "kept")
    other = "1" * 8
    stay = [
        f".out.{other}-{boot}-{space}-{pid}-{began}-0.partial",  # of another machine
        f".out.{host}-{boot}-{'2' * 6}-{pid}-{began}-0.partial",  # of another container
        f".out.{host}-{boot}-{space}-{os.getpid()}-{partial._began(os.getpid())}-0.partial",  # of a living process
        ".out.0123abcd.partial",
        ".out.notes",
    ]
    go = [
        f".out.{host}-{boot}-{space}-{os.getpid()}-1-0.partial",  # another process had the number of this one
        f".out.{host}-{boot}-{space}-{pid}-{began}-7.partial",
    ]
    if host != partial._NO_HOST:
        go.append(f".out.{host}-{'3' * 6}-{space}-{pid}-{began}-0.partial")  # before this machine was started
    for one in (*stay, *go):
        (tmp_path / one).mkdir()
    (tmp_path / go[-1]).rmdir()
    (tmp_path / go[-1]).symlink_to(tmp_path / "kept")
    new = beside(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*stay, "kept"])
    assert (tmp_path / "kept" / "a").is_file() and not new.exists() and new != beside(out)


def test_a_run_that_is_refused_sweeps_too(tmp_path):
    out = tmp_path / "out"
    left = left_by_a_dead_process(out)
    out.write_text("whole")
    with pytest.raises(EpisodeError, match="exists already"):  # the run that left something was killed when it was done
        refuse_existing(out)
    assert not left.exists() and out.read_text() == "whole"


def test_a_folder_of_parts_is_swept_by_their_names_alone(tmp_path):
    left = [left_by_a_dead_process(tmp_path / name) for name in ("a.json.zst", "b.x")]
    other = tmp_path / left[0].name.replace(".a.json.zst.", ".a.json.zst.1")[: len(left[0].name)]
    another = tmp_path / re.sub(r"zst\.\w{8}", "zst.11111111", left[0].name)  # of another machine that shares the folder
    other.touch(), another.touch(), (tmp_path / f"{left[1].name}.kept").touch()
    sweep_all(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([other, another, tmp_path / f"{left[1].name}.kept"])


def test_a_long_name_has_room(tmp_path):
    out = tmp_path / ("n" * 250)
    with placed(out) as part:
        assert part.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    left = left_by_a_dead_process(tmp_path / ("m" * 250))
    sweep(tmp_path / ("m" * 249))
    assert left.exists()
    sweep(tmp_path / ("m" * 250))
    assert not left.exists()


def test_nothing_can_be_made_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EpisodeError, match="not a directory"):
        refuse_unwritable(tmp_path / "file" / "a" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_video_that_the_disk_has_no_room_for_is_refused(tmp_path):
    """The encoder ends as if all were well."""
    noise = np.random.default_rng(0).integers(0, 255, (30, 48, 64, 3), np.uint8)
    with files_of_at_most(20_000), pytest.raises(EpisodeError, match="could not be written whole"):
        encode(tmp_path / "a.mp4", noise, [48, 64, 3], 30, 30, "head")
    assert len(encode(tmp_path / "b.mp4", noise, [48, 64, 3], 30, 30, "head")) == 30


def test_what_fails_leaves_neither_file_nor_folder(tmp_path):
    with pytest.raises(RuntimeError), filled(tmp_path / "a" / "b" / "out") as folder:
        (folder / "one").write_text("1")
        raise RuntimeError
    (tmp_path / "is").mkdir()
    with pytest.raises(OSError, match=r"is"):
        write_whole(tmp_path / "is", "text")
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "is"]
    with filled(tmp_path / "is") as folder:
        (folder / "one").write_text("1")
    write_whole(tmp_path / "is" / "two", "2")
    assert sorted(path.name for path in (tmp_path / "is").iterdir()) == ["one", "two"]
