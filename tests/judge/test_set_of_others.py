"""What the tables, files and counters of a set of others say of each other."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from invented_arm import COLUMNS, lerobot, mapping, moving
from shiliu.replay.formats import read
from shiliu.replay.formats.arrays.array_contradictions import beyond_any_clock
from shiliu.replay.judge.intake import intake
from shiliu.replay.report import Words
from small_sets import by_code

TAKES = [moving(seed, seconds=3.0 + seed) for seed in range(3)]


def judged(root, tmp_path):
    return list(intake(read(root, mapping(tmp_path / "map.yaml", "lerobot", COLUMNS))))


def answer(verdict, code: str) -> tuple[str, str]:
    found = by_code(verdict.findings)[code]
    return found.level, Words("en").message(found)


@pytest.mark.parametrize("number", [0, 1])
def test_a_take_is_that_of_its_file_where_all_rows_count_as_one(tmp_path, number):
    """A converter that leaves `episode_index` as it is: each file is still an episode, by its name."""

    def one(k, rows):
        rows["episode_index"] = np.full(len(rows["index"]), number)

    verdicts = judged(lerobot(tmp_path / "set", TAKES, version="v2.1", mutate=one), tmp_path)
    assert [v.cleared for v in verdicts] == [k == number for k in range(3)]
    for k in {0, 1, 2} - {number}:
        assert answer(verdicts[k], "set.counter") == ("FAIL", f"episode_index is {number} in {TAKES[k].n} rows of episode {k}")


def test_index_runs_on_through_the_files_of_a_set(tmp_path):
    def anew(k, rows):
        rows["index"] = rows["frame_index"]

    for version in ("v2.1", "v3.0"):
        verdicts = judged(lerobot(tmp_path / version, TAKES, version=version, mutate=anew), tmp_path)
        assert [answer(v, "set.counter")[0] for v in verdicts] == ["PASS", "WARN", "WARN"]
        assert answer(verdicts[2], "set.counter")[1] == f"index begins at 0 instead of {TAKES[0].n + TAKES[1].n}"
    root = lerobot(tmp_path / "part", TAKES, version="v2.1", mutate=anew)
    (root / "data/chunk-000/episode_000001.parquet").unlink()
    *here, lost = judged(root, tmp_path)
    assert [answer(v, "set.counter")[0] for v in here] == ["PASS", "PASS"] and lost.error is not None, "nobody knows where they were"


@pytest.mark.parametrize("version", ["v2.1", "v3.0"])
def test_a_take_that_no_table_lists_is_named_and_the_totals_are_those_of_the_tables(tmp_path, version):
    root = lerobot(tmp_path / "set", TAKES, version=version)
    info = json.loads((root / "meta/info.json").read_text())
    (root / "meta/info.json").write_text(json.dumps(info | {"total_frames": sum(take.n for take in TAKES)}))
    if version == "v2.1":
        lines = (root / "meta/episodes.jsonl").read_text().splitlines()
        (root / "meta/episodes.jsonl").write_text("\n".join(lines[:2]))
    else:
        table = root / "meta/episodes/chunk-000/file-000.parquet"
        pq.write_table(pq.read_table(table).slice(0, 2), table)
    verdicts = judged(root, tmp_path)
    level, message = answer(verdicts[2], "set.length")
    assert level == "WARN" and message.startswith("the table of episodes does not list this episode")
    level, message = answer(verdicts[0], "set.length")
    assert level == "WARN" and message.endswith(f"but the tables of the set list {TAKES[0].n + TAKES[1].n}")


@pytest.mark.parametrize(("unit", "size"), [("ms", 1e6), ("us", 1e3), ("ns", 1.0)])
@pytest.mark.parametrize("rate", [10.0, 50.0, 200.0])
def test_times_beyond_any_clock_are_read_in_the_unit_of_usual_rows(unit, size, rate):
    times = 1.7643e18 / size + np.arange(300) * 1e9 / rate / size
    assert f"They read as {unit}:" in beyond_any_clock(times, 1_000_000_000, "timestamp")
    assert "Record the take again" in beyond_any_clock(np.r_[np.arange(300) / rate, 5e9], 1_000_000_000, "timestamp")
