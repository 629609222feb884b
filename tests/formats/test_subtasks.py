"""Subtasks of a plain LeRobot set: each frame has its skill in words, found as LeRobot finds it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from shiliu import cli
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.recording.recording import Recording
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import nominal

STEP = 1 / 30


@pytest.fixture(scope="module")
def still(bare):
    """A robot that stands for 30 control steps."""
    actions = np.tile(bare.ready_ctrl, (30, 1)).astype(np.float32)
    (played,) = play(bare, [Take(nominal(bare), actions)], [checkpoints_of(bare, 30)])
    return played


def own_set(bare, played, folder, *all_segments):
    episodes = [
        episode_of(bare, played, k, [{"skill": skill, "t0": a * STEP, "t1": b * STEP} for skill, a, b in segments], {})
        for k, segments in enumerate(all_segments)
    ]
    return write_lerobot(folder, episodes, bare.schema.lerobot_features(), 30)


def test_each_frame_has_its_skill_in_words(bare, still, tmp_path):
    """The first skill counts from the beginning, a gap belongs to the skill before, and one word has one number in the set."""
    first = [("look", 2, 10), ("take.rim", 10, 20), ("lift", 23, 30)]
    data = own_set(bare, still, tmp_path / "own", first, [("lift", 0, 30)])
    out = tmp_path / "out"
    assert cli.main(["export", f"data={data}", "to=lerobot", f"out={out}", "plain=true", "subtasks=true"]) == 0
    subtasks = pd.read_parquet(out / "meta" / "subtasks.parquet")  # as LeRobot 0.4 looks them up
    table = pq.read_table(next(out.glob("data/**/*.parquet"))).to_pydict()
    words = [subtasks.iloc[i].name for i in table["subtask_index"]]
    look, take, lift = "look at", "pick up by the rim", "lift"
    assert words == [look] * 10 + [take] * 13 + [lift] * 7 + [lift] * 30
    assert subtasks.index.name == "subtask" and len(subtasks) == 3
    info = json.loads((out / "meta" / "info.json").read_text())
    assert info["features"]["subtask_index"] == {"dtype": "int64", "shape": [1], "names": None}
    again = [one for one in read(out) if isinstance(one, Recording)]
    assert len(again) == 2 and not any(
        "subtask" in name for one in again for name in (*one.streams, *one.declared.unread)
    )


def test_a_set_without_subtasks_is_as_before(bare, still, tmp_path):
    data, out = own_set(bare, still, tmp_path / "own", [("lift", 0, 30)]), tmp_path / "out"
    assert cli.main(["export", f"data={data}", "to=lerobot", f"out={out}", "plain=true"]) == 0
    assert not (out / "meta" / "subtasks.parquet").exists()
    assert "subtask_index" not in pq.read_table(next(out.glob("data/**/*.parquet"))).column_names


@pytest.mark.parametrize(("segments", "words"), [([], ["plain=true"]), ([("lift", 0, 30)], [])])
def test_what_has_no_subtasks_or_is_not_plain_is_refused(bare, still, tmp_path, capsys, segments, words):
    data, out = own_set(bare, still, tmp_path / "own", segments), tmp_path / "out"
    assert cli.main(["export", f"data={data}", "to=lerobot", f"out={out}", "subtasks=true", *words]) == 2
    assert "subtasks" in capsys.readouterr().err and not out.exists()
