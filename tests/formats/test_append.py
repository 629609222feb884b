"""Adding to a dataset: new files only, one commit, and a whole set whenever it is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.sheet.errors import EpisodeError
from small_sets import FEATURES, PICTURES


def episode(seed, n=20, task="Open it."):
    rng = np.random.default_rng(seed)
    return SimEpisode(
        seed=seed,
        draw={},
        config={"name": "microwave"},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / 30,
        n_substeps=16,
        start_state=rng.normal(size=5),
        actions=rng.normal(loc=seed, size=(n, 2)).astype(np.float32),
        action_names=("a", "b"),
        states={"observation.state": rng.normal(scale=1 + seed, size=(n, 3)).astype(np.float32)},
        label={"success": seed % 2 == 0, "failure": None if seed % 2 == 0 else "scenario.bowl_dropped"},
        task={"en": task},
        scenario="microwave",
    )


def add(folder, episodes, features=FEATURES, pictures=False, **options):
    with DatasetWriter(folder, features, 30, append=True, **options) as writer:
        for one in episodes:
            shown = [np.full((16, 16, 3), 9 * one.seed + k, np.uint8) for k in range(one.n_steps)]
            writer.add(one, one.states, {"observation.images.head": shown} if pictures else None)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def rows_of(folder: Path) -> list[tuple]:
    return [(r.source, r.sha256, r.episode.seed, r.episode.actions.tobytes(), len(r.notes)) for r in read(folder)]


@pytest.fixture
def dataset(tmp_path):
    return write_lerobot(tmp_path / "set", [episode(k, 20 + k) for k in range(3)], FEATURES, 30, meta={"by": "first"})


def test_added_episodes_follow_and_the_old_files_stay(dataset):
    before, first = files(dataset), rows_of(dataset)
    add(dataset, [episode(3), episode(4, task="Close it.")], meta={"by": "second"})
    add(dataset, [episode(5, task="Close it.")], meta={"by": "third"})
    after = files(dataset)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {layout.INFO, layout.STATS, layout.TASKS}
    assert rows_of(dataset)[:3] == first
    recordings = list(read(dataset))
    assert [r.episode.seed for r in recordings] == list(range(6))
    assert [r.episode.label["success"] for r in recordings] == [True, False] * 3, "failures are kept"
    assert [r.metadata["made"]["by"] for r in recordings] == ["first"] * 3 + ["second"] * 2 + ["third"]
    for k, r in enumerate(recordings):
        assert r.episode.actions.tobytes() == episode(k, 20 + k if k < 3 else 20).actions.tobytes()
    info = json.loads(after[layout.INFO])
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (6, 123, 2)
    assert info["splits"] == {"train": "0:6"}
    table = pq.read_table(dataset / "data")
    assert table.column("index").to_pylist() == list(range(123))
    assert table.column("task_index").to_pylist() == [0] * 83 + [1] * 40
    rows = pq.read_table(dataset / "meta/episodes").to_pylist()
    assert [row["meta/episodes/file_index"] for row in rows] == [0, 0, 0, 1, 1, 2]
    assert [row["data/file_index"] for row in rows] == [0, 0, 0, 1, 1, 2]
    assert rows[5]["dataset_from_index"] == 103 and rows[5]["dataset_to_index"] == 123


def test_statistics_are_those_of_all_frames(dataset):
    add(dataset, [episode(8, 77)])
    add(dataset, [episode(9, 5)])
    stats = json.loads((dataset / layout.STATS).read_text())
    table = pq.read_table(dataset / "data")
    for name in ("action", "observation.state", "index", "frame_index"):
        values = np.array(table.column(name).to_pylist(), dtype=float).reshape(len(table), -1)
        for key in ("mean", "std", "min", "max"):
            assert stats[name][key] == pytest.approx(getattr(values, key)(axis=0), rel=1e-9, abs=1e-12), (name, key)
        assert stats[name]["count"] == [145]
    changed = np.array(table.column("action").to_pylist())
    changed[0] += 1
    assert stats["action"]["mean"] != pytest.approx(changed.mean(axis=0), rel=1e-6), "a frame's difference shows"


def test_statistics_that_count_other_frames_are_made_anew(dataset, tmp_path):
    other = shutil.copytree(dataset, tmp_path / "other")
    content = json.loads((other / layout.STATS).read_text())
    content["index"]["count"] = [999]
    content["action"]["max"] = [1e9, 1e9]
    (other / layout.STATS).write_text(json.dumps(content))
    right, anew = (json.loads((add(f, [episode(4)]) / layout.STATS).read_text()) for f in (dataset, other))
    for name in right:
        for key in right[name]:
            assert anew[name][key] == pytest.approx(right[name][key], rel=1e-12), (name, key)
    (other / layout.STATS).write_text("{")
    add(other, [episode(6)])
    assert json.loads((other / layout.STATS).read_text())["action"]["count"] == [103]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observation.touch": {"dtype": "bool", "shape": [1], "names": None}}, "observation.touch is only here"),
        ({"observation.state": None}, "observation.state is only there"),
        (
            {"action": {**FEATURES["action"], "names": ["b", "a"]}},
            r"action.names differs at element 0 \('a' there, 'b' here\)",
        ),
        ({"action": {**FEATURES["action"], "unit": "deg"}}, r"action.unit differs \('rad' there, 'deg' here\)"),
        ({"observation.state": {**FEATURES["observation.state"], "dtype": "float64"}}, "observation.state.dtype"),
    ],
)
def test_other_features_are_refused_by_name(dataset, change, message):
    before = files(dataset)
    features = {name: feature for name, feature in {**FEATURES, **change}.items() if feature is not None}
    with pytest.raises(EpisodeError, match=message):
        DatasetWriter(dataset, features, 30, append=True)
    with pytest.raises(EpisodeError, match="fps is 30 there and 50 here"):
        DatasetWriter(dataset, FEATURES, 50, append=True)
    with pytest.raises(EpisodeError, match="robot_type is 'kuafu' there and 'h1' here"):
        DatasetWriter(dataset, FEATURES, 30, "h1", append=True)
    assert files(dataset) == before and [p.name for p in dataset.parent.iterdir()] == ["set"]


def test_an_older_set_is_not_mixed_with_a_newer(dataset):
    path = dataset / "meta/episodes/chunk-000/file-000.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["shiliu/operator"]), path)
    assert len(rows_of(dataset)) == 3
    with pytest.raises(EpisodeError, match="has no shiliu/operator"):
        DatasetWriter(dataset, FEATURES, 30, append=True)


def test_imported_recordings_take_no_episodes_of_the_simulation(dataset):
    path = dataset / "shiliu/dataset.json"
    path.write_text(path.read_text().replace('"layout"', '"kind": "imported", "layout"', 1))
    with pytest.raises(EpisodeError, match="set of imported recordings"):
        DatasetWriter(dataset, FEATURES, 30, append=True)


def test_append_where_nothing_is_makes_a_set(tmp_path):
    assert len(rows_of(add(tmp_path / "set", [episode(0)]))) == 1
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(EpisodeError, match="nothing is overwritten"):
        DatasetWriter(tmp_path / "other", FEATURES, 30, append=True)


def test_an_exception_leaves_the_set_as_it_was(dataset, monkeypatch):
    before = files(dataset)
    with pytest.raises(KeyboardInterrupt), DatasetWriter(dataset, FEATURES, 30, append=True) as writer:
        writer.add(episode(5), episode(5).states)
        raise KeyboardInterrupt
    assert files(dataset) == before
    from shiliu.replay.formats.lerobot import append as lerobot_append

    replace, done = lerobot_append.os.replace, []

    def failing(source, target):
        if len(done) == 4:
            done.append(None)
            raise OSError("disk full")
        done.append(target)
        replace(source, target)

    monkeypatch.setattr(lerobot_append.os, "replace", failing)
    with pytest.raises(OSError, match="disk full"):
        add(dataset, [episode(5)])
    assert files(dataset) == before and [p.name for p in dataset.parent.iterdir()] == ["set"]


def test_an_interrupt_just_after_the_commit_undoes_nothing(dataset, monkeypatch):
    from shiliu.replay.formats.lerobot import append as lerobot_append

    replace = lerobot_append.os.replace

    def late(source, target):
        replace(source, target)
        if Path(target).name == "info.json":
            raise KeyboardInterrupt

    monkeypatch.setattr(lerobot_append.os, "replace", late)
    with pytest.raises(KeyboardInterrupt):
        add(dataset, [episode(5)])
    assert [seed for _, _, seed, *_ in rows_of(dataset)] == [0, 1, 2, 5]
    assert [p.name for p in dataset.parent.iterdir()] == ["set"]


def test_two_at_once_are_told(dataset):
    writer = DatasetWriter(dataset, FEATURES, 30, append=True)
    writer.add(episode(5), episode(5).states)
    add(dataset, [episode(6)])
    with pytest.raises(EpisodeError, match="changed by somebody else meanwhile"):
        writer.close()
    assert [seed for _, _, seed, *_ in rows_of(dataset)] == [0, 1, 2, 6]


# --------------------------------------------------------------------------------------------------- killed


class Killed(BaseException):
    """What no code handles."""


class Killer:
    """Stops every file operation below a folder from the n-th on, as if the process were gone."""

    EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree")

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.left = self.count = 0
        sys.addaudithook(self._hook)  # cannot be taken away again, only be told to look away

    def _hook(self, event, arguments):
        if self.folder is None or event not in self.EVENTS or not str(arguments[0]).startswith(str(self.folder)):
            return
        if event == "open" and not (isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")):
            return
        self.count += 1
        if self.count > self.left:
            raise Killed

    def run(self, folder: Path, left: int, call) -> bool:
        """Whether the call came to its end."""
        self.folder, self.left, self.count = folder, left, 0
        try:
            call()
            return True
        except Killed:
            return False
        finally:
            self.folder = None


@cache
def killer() -> Killer:
    """Made by the first test that asks: from then on all that its process does with files is looked at, and slower."""
    return Killer()


@pytest.mark.parametrize("pictures", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_killed_between_any_two_file_operations_it_is_a_whole_set(tmp_path, pictures):
    features = PICTURES if pictures else FEATURES
    more = [episode(3, 6), episode(4, 6, task="Close it.")]
    start = add(tmp_path / "start", [episode(0, 6), episode(1, 6)], features, pictures)
    before = files(start)
    whole = add(shutil.copytree(start, tmp_path / "a" / "set"), more, features, pictures)
    old = [(f"set{source.removeprefix('start')}", *rest) for source, *rest in rows_of(start)]
    new, seen, left_so = rows_of(whole), set(), []
    for left in range(200):
        folder = tmp_path / "b" / "set"
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
        shutil.copytree(start, folder)
        ended = killer().run(tmp_path / "b", left, lambda folder=folder: add(folder, more, features, pictures))
        found = rows_of(folder)
        assert found in (old, new), f"after {left} operations: {len(found)} episodes"
        seen.add(len(found))
        if ended:
            break
        state = files(folder)
        if state == before or state in left_so:
            continue  # everything was still beside the set; or a kill one operation earlier has left the same
        left_so.append(state)
        # whatever it left, the next append finds its way: once where nothing of it came in, or on top
        again = add(folder, more if found == old else [episode(9, 6)], features, pictures)
        assert [seed for _, _, seed, *_ in rows_of(again)] == [0, 1, 3, 4] + [9] * (found == new)
        frames = pq.read_table(again / "data")
        stats = json.loads((again / layout.STATS).read_text())
        assert frames.column("index").to_pylist() == list(range(len(frames)))
        assert stats["action"]["count"] == [len(frames)]
        assert stats["action"]["mean"] == pytest.approx(np.array(frames.column("action").to_pylist()).mean(axis=0))
    assert ended and len(left_so) >= 10 and seen == {2, 4}


@pytest.mark.slow
def test_the_real_lerobot_reads_what_was_added_and_what_was_killed(tmp_path):
    tool = Path(os.environ.get("LEROBOT_CHECK", ""))
    if not tool.is_file():
        pytest.skip("LEROBOT_CHECK names no lerobot-check")
    folder = add(tmp_path / "set", [episode(0, 6), episode(1, 6)])

    def report():
        done = subprocess.run(["bash", tool, folder], capture_output=True, text=True, timeout=600, check=False)
        return done.stdout or done.stderr[-2000:]

    before = json.loads((folder / layout.INFO).read_text())
    add(folder, [episode(2, 6, task="Close it.")])
    assert "lerobot reads it: 3 episodes, 18 frames" in report()
    (folder / layout.INFO).write_text(json.dumps(before))  # everything has come in but the commit
    assert "lerobot reads it: 2 episodes" in report()
