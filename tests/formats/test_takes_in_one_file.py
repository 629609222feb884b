"""Arrays that hold more than one take, or more than one step in a row: refused with the channel that says so."""

import numpy as np
import pytest
import yaml
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.foreign_tables import ForeignTables
from shiliu.scenarios.sheet.errors import EpisodeError

N = 90
ROWS = np.random.default_rng(0).normal(size=(N, 3))


@pytest.fixture
def sheet(tmp_path):
    def make(**more):
        common = {"quantity": "joint_position", "unit": "rad", "names": ["pan", "lift", "elbow"]}
        rule = {
            "title": "an arm", "format": "npz", "robot": "arm", "kind": "robot", "recognise": {"channels": {"action": 3, "state": 3}},
            "streams": [
                {"name": "action", "field": "action", "role": "command", **common},
                {"name": "state", "field": "state", "role": "measured", **common},
            ],
            "fps": 30,
        }  # fmt: skip
        path = tmp_path / "map.yaml"
        path.write_text(yaml.safe_dump(rule | more))
        return path

    return make


def one(path, rule, **arrays):
    np.savez(path, **({"action": ROWS, "state": ROWS} | arrays))
    (recording,) = read(path, mapping=rule)
    return recording


NUMBERS = np.repeat([0, 1, 2], N // 3)
FIRST = np.arange(N) % 30 == 0


@pytest.mark.parametrize(
    "channel, values",
    [
        ("episode_ends", np.array([30, 60, 90])),
        ("meta/episode_ends", np.array([30, 60, 90], np.uint64)),
        ("episode_index", NUMBERS),
        ("traj_id", NUMBERS[:, None].astype(np.int32)),
        ("episode", NUMBERS),
        ("is_first", FIRST),
        ("is_last", np.roll(FIRST, -1)),
        ("timeouts", np.roll(FIRST, -1)),
    ],
)
def test_what_tells_takes_apart_is_no_unknown_column(tmp_path, sheet, channel, values):
    with pytest.raises(EpisodeError, match=rf"{channel}: tells 3 takes apart in the 90 rows that were read as one"):
        one(tmp_path / "a.npz", sheet(), **{channel: values})
    assert one(tmp_path / "b.npz", sheet(unused={channel: "skills of one take"}), **{channel: values}).streams["state"].n == N


@pytest.mark.parametrize(
    "channel, values",
    [
        ("episode_ends", np.array([90])),  # of one take
        ("episode_ends", np.array([30, 60, 80])),  # of other rows
        ("episode_index", np.full(N, 7)),
        ("episode_step", np.arange(N)),
        ("trajectory_index", np.arange(N)),
        ("episode_frame_index", np.arange(N) // 3),
        ("subtask_index", NUMBERS),
        ("demo_grid", NUMBERS),
        ("is_first", np.arange(N) == 0),
        ("is_last", np.arange(N) == N - 1),
        ("done", FIRST),  # robomimic sets it in each row in which the task is done
    ],
)
def test_what_counts_within_a_take_is_none_of_it(tmp_path, sheet, channel, values):
    recording = one(tmp_path / "a.npz", sheet(), **{channel: values})
    assert recording.streams["state"].n == N and any(text.startswith(channel) for text in recording.unmapped)


def test_chunks_and_batches_are_no_rows(tmp_path, sheet):
    chunks = np.repeat(ROWS[:, None], 4, axis=1)
    with pytest.raises(EpisodeError, match=r"action: holds 4 x 3 numbers in each row, and mapping map knows 3\. Write one sample"):
        one(tmp_path / "a.npz", sheet(), action=chunks)
    batch = np.stack([ROWS] * 5)
    with pytest.raises(EpisodeError, match="action: holds 90 x 3 numbers"):
        one(tmp_path / "b.npz", sheet(), action=batch, state=batch)
    assert np.array_equal(one(tmp_path / "c.npz", sheet(), action=ROWS[:, None]).streams["action"].values, ROWS), "an axis of one is none"
    more = np.hstack([ROWS, ROWS])
    fields = sheet()
    fields.write_text(fields.read_text().replace("field: action\n", "field: action[0:3]\n"))
    assert np.array_equal(one(tmp_path / "d.npz", fields, action=more).streams["action"].values, ROWS), "more columns"


@pytest.mark.parametrize(
    "rows, why",
    [
        (N - 1, "The observation after the last action may be a row of its own: leave it out"),
        (N + 1, "The last of those may be a row of its own"),
        (N - 2, "was cut or mixed up"),
    ],
)
def test_an_observation_after_the_last_action_is_named_as_what_it_may_be(tmp_path, sheet, rows, why):
    action = np.resize(ROWS, (rows, 3))
    with pytest.raises(EpisodeError, match=f"state: has 90 rows, other channels have {rows}. .*{why}"):
        one(tmp_path / "a.npz", sheet(), action=action)
    with pytest.raises(EpisodeError, match=f"t: has 90 rows, other channels have {rows}. .*{why}"):
        one(tmp_path / "b.npz", sheet(time={"field": "t", "unit": "s", "clock": "capture"}), action=action, t=np.arange(N) / 30)


@pytest.mark.parametrize("values", [np.array({"action": ROWS}, object), np.zeros(N, [("action", float, 3)])])
def test_an_archive_of_nothing_but_objects_says_what_they_are(tmp_path, sheet, values):
    np.savez(tmp_path / "a.npz", everything=values)
    with pytest.raises(EpisodeError, match=r"nothing in this NumPy archive is a number that is read: everything: .*Save each value"):
        list(read(tmp_path / "a.npz", mapping=sheet()))


def test_times_that_are_no_number_are_told_with_their_row(tmp_path, sheet):
    rule = sheet(time={"field": "t", "unit": "s", "clock": "capture"})
    rule.write_text(rule.read_text().replace("fps: 30\n", ""))
    times = np.arange(N) / 30
    times[[40, 50]] = np.nan
    with pytest.raises(EpisodeError, match=r"t: holds 2 times that are no number, the first in row 40 \(nan\)\. .*source_fps=30"):
        one(tmp_path / "a.npz", rule, t=times)
    with pytest.raises(EpisodeError, match=r"holds 1 x 90 times for 90 rows\. Write one time in each row"):
        one(tmp_path / "b.npz", rule, t=np.arange(N)[None] / 30)
    assert next(iter(read(tmp_path / "a.npz", mapping=rule, fps=30))).streams["state"].n == N


def test_a_line_that_is_no_json_is_told_by_its_number(tmp_path):
    path = tmp_path / "episodes.jsonl"
    path.write_text('{"episode_index": 0}\n\n{"episode_index": 1\n')
    with pytest.raises(EpisodeError, match=r"episodes\.jsonl: the list cannot be read \(line 3: Expecting"):
        ForeignTables._lines(None, path, "list")  # type: ignore[arg-type]
    path.write_text('{"episode_index": 0}\n\n{"episode_index": 1}\n')
    assert len(ForeignTables._lines(None, path, "list")) == 2  # type: ignore[arg-type]


def test_what_stands_beside_the_takes_of_an_archive_is_of_each(tmp_path, sheet):
    rule = sheet(episodes="demo*", fps="fps")
    parts = {f"demo{k}/{name}": ROWS[: 30 + k] for k in (10, 2) for name in ("action", "state")}
    np.savez(tmp_path / "a.npz", fps=np.array(25.0), **parts)
    two, ten = read(tmp_path / "a.npz", mapping=rule)
    assert [(r.name, r.streams["state"].n) for r in (two, ten)] == [("a_demo2", 32), ("a_demo10", 40)]
    assert two.streams["state"].time_ns[-1] == 31 * 40_000_000
    np.savez(tmp_path / "b.npz", fps=np.array(25.0), action=ROWS, state=ROWS)
    (whole,) = read(tmp_path / "b.npz", mapping=rule)
    assert whole.streams["state"].n == N, "an archive without such names is one take"


def test_endings_may_stand_in_capitals(tmp_path, sheet):
    rule = sheet()
    (tmp_path / "takes").mkdir()
    np.savez(tmp_path / "takes/a.npz", action=ROWS, state=ROWS)
    (tmp_path / "takes/a.npz").rename(tmp_path / "takes/A.NPZ")
    (tmp_path / "takes/B.TXT").write_text("no take")
    for path in (tmp_path / "takes/A.NPZ", tmp_path / "takes"):
        (recording,) = read(path, mapping=rule)
        assert recording.streams["state"].n == N
    with pytest.raises(EpisodeError, match="not a recording that can be read"):
        list(read(tmp_path / "takes/B.TXT", mapping=rule))


def test_a_file_of_one_sample_says_that_it_is_one(tmp_path, sheet):
    rule = sheet()
    rule.write_text(rule.read_text().replace("field: action\n", "field: action[0:3]\n"))
    with pytest.raises(EpisodeError, match=r"has 1 columns, the mapping takes action\[0:3\]\. It looks like one sample"):
        one(tmp_path / "a.npz", rule, action=ROWS[0])
    with pytest.raises(EpisodeError, match=r"has 1 columns, the mapping takes action\[0:3\]\. Give a mapping"):
        one(tmp_path / "b.npz", rule, action=ROWS[:, 0])
