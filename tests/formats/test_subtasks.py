"""Subtasks of a plain LeRobot set: each frame has its skill in words, found as LeRobot finds it."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from shiliu import cli
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.recording.recording import Recording
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import nominal

pd = pytest.importorskip("pandas")  # of the extra `frames`
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


def test_language_columns_hold_each_subtask_from_the_time_of_its_first_frame(bare, still, tmp_path):
    """As LeRobot 0.6 finds them: of the lines in a frame, the last that has begun. One word twice in a row is one line."""
    first = [("look", 2, 10), ("take.rim", 10, 20), ("take.rim", 20, 22), ("lift", 23, 30)]
    data, out = own_set(bare, still, tmp_path / "own", first, [("lift", 0, 30)]), tmp_path / "out"
    assert cli.main(["export", f"data={data}", "to=lerobot", f"out={out}", "plain=true", "subtasks=language"]) == 0
    table = pq.read_table(next(out.glob("data/**/*.parquet"))).to_pydict()
    persistent, times = table["language_persistent"], np.array(table["timestamp"])
    assert all(lines == persistent[0] for lines in persistent[:30]) and persistent[30] != persistent[0]
    assert [line["timestamp"] for line in persistent[0]] == [times[0], times[10], times[23]]
    assert {tuple(line[key] for key in ("role", "style", "camera", "tool_calls")) for line in persistent[0]} == {
        ("assistant", "subtask", None, None)
    }
    active = [[line for line in lines if line["timestamp"] <= t][-1]["content"] for lines, t in zip(persistent, times)]
    look, take, lift = "look at", "pick up by the rim", "lift"
    assert active == [look] * 10 + [take] * 13 + [lift] * 7 + [lift] * 30
    assert table["language_events"] == [[]] * 60 and "subtask_index" not in table
    features = json.loads((out / "meta" / "info.json").read_text())["features"]
    for name in ("language_persistent", "language_events"):
        assert features[name] == {"dtype": "language", "shape": [1], "names": None}
    assert not (out / "meta" / "subtasks.parquet").exists()
    again = [one for one in read(out) if isinstance(one, Recording)]
    assert [len(one.streams) for one in again] == [len(one.streams) for one in read(plain_of(data, tmp_path))]
    assert all(sum("language_" in text for text in one.declared.unread) == 2 for one in again)


def plain_of(data, folder):
    """The same set without words for its frames."""
    out = folder / "plain"
    assert cli.main(["export", f"data={data}", "to=lerobot", f"out={out}", "plain=true"]) == 0
    return out


def test_another_word_is_refused(bare, still, tmp_path, capsys):
    data, out = own_set(bare, still, tmp_path / "own", [("lift", 0, 30)]), tmp_path / "out"
    assert cli.main(["export", f"data={data}", "to=lerobot", f"out={out}", "plain=true", "subtasks=languages"]) == 2
    assert "'languages' is not known here" in (err := capsys.readouterr().err) and "language" in err and not out.exists()


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
