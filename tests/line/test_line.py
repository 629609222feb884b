"""Any number of recordings judged by worker processes: the same bytes as one process gives, each recording once, whatever dies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from odd_bench import Odd
from shiliu import cli
from shiliu.replay.formats import Entry, entries, read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.formats.one_by_one import OneByOne
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.line.digest import digest_of
from shiliu.replay.line.jobs import Made, TakeJob, Unread
from shiliu.replay.line.kept import Torn, packed, unpacked
from shiliu.replay.line.key import context_digest, recording_digest
from shiliu.replay.line.ledger import Ledger
from shiliu.replay.line.pool import Pool
from shiliu.replay.recording.recording import Unreadable
from shiliu.scenarios.sheet.errors import ShiliuError
from swinging import RATE, waving

ROOT = Path(__file__).resolve().parents[2]
FILES = ("verdicts.jsonl", "junit.xml", "passed.txt", "refused.txt")
TOGETHER = 16  # enough takes for their accelerations to be compared


@pytest.fixture(scope="module")
def data(bare, tmp_path_factory) -> Path:
    """A set with a take that moves unlike the others and one that is in it twice, and a file that cannot be read."""
    takes = [waving(bare, k, 0.8 + 0.01 * k) for k in range(TOGETHER)]
    takes += [waving(bare, 90, 4.0), replace(takes[3], seed=91)]
    folder = tmp_path_factory.mktemp("line") / "data"
    write_lerobot(folder / "set", takes, bare.schema.lerobot_features(()), RATE)
    (folder / "broken.bag").write_text("no bag")
    return folder


def judged(data: Path, out: Path, *words: str) -> int:
    return cli.main(["replay", f"data={data}", f"out={out}", "pictures=false", "quiet=true", *words])


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in FILES)


def test_workers_give_the_bytes_of_one_process_and_judge_each_take_once(data, tmp_path, capsys):
    assert judged(data, tmp_path / "plain") == 1
    assert judged(data, tmp_path / "line", "workers=2") == 1
    assert same(tmp_path / "plain", tmp_path / "line")
    lines = [json.loads(line) for line in (tmp_path / "line" / "verdicts.jsonl").read_text().splitlines()]
    assert len(lines) == TOGETHER + 3 and lines[0]["error"]
    assert lines[-1]["findings"][lines[-1]["root"]]["code"] == "take.duplicate"
    rates = [f["level"] for line in lines[1:] for f in line["findings"] if f["code"] == "joint.acceleration"]
    assert rates.count("WARN") >= 1 and rates.count("PASS") >= TOGETHER - 2  # compared across workers
    capsys.readouterr()
    moved = shutil.move(data, data.with_name("moved"))
    try:
        assert (
            judged(Path(moved), tmp_path / "again", "workers=1", f"ledger={tmp_path / 'line' / 'ledger'}", "lang=zh")
            == 1
        )
    finally:
        shutil.move(moved, data)
    assert "本次评判 0 条" in capsys.readouterr().out
    assert len((tmp_path / "again" / "verdicts.jsonl").read_text().splitlines()) == len(lines)


def test_every_recording_is_read_alone_as_it_is_read_among_others(data):
    one_by_one = OneByOne()
    (broken, of_set) = entries(data)
    whole = [item for item in read(data) if not isinstance(item, Unreadable)]
    assert isinstance(one_by_one.item(broken, 0), Unreadable) and one_by_one.count(of_set) == len(whole)
    for k in (5, 0, len(whole) - 1):
        alone, rules = one_by_one.item(of_set, k), bounds()
        assert (alone.source, recording_digest(alone, rules)) == (whole[k].source, recording_digest(whole[k], rules))
    assert isinstance(one_by_one.item(of_set, len(whole)), Unreadable)


def bounds():
    from shiliu.replay.checks.rules import load_rules

    return load_rules()


def test_the_key_changes_with_what_is_judged_and_with_the_bounds(data, bare, tmp_path):
    rules = bounds()
    recording = next(item for item in read(data) if not isinstance(item, Unreadable))
    before = recording_digest(recording, rules)
    assert recording_digest(recording, rules) == before
    recording.source = "elsewhere#7"
    recording.declared = replace(recording.declared, set_stats={}, totals={})  # as where the set has grown
    assert recording_digest(recording, rules) == before
    next(iter(recording.streams.values())).values[0, 0] += 1e-9
    assert recording_digest(recording, rules) != before
    own = tmp_path / "check"
    own.mkdir()
    text = (Path(cli.__file__).parent / "conf" / "check" / "arm_manipulation.yaml").read_text(encoding="utf-8")
    (own / "arm_manipulation.yaml").write_text(text.replace("unsure: 5 %", "unsure: 6 %", 1), encoding="utf-8")
    contexts = SceneContext(bare, "command"), SceneContext(bare, "command"), SceneContext(bare, "command", tmp_path)
    assert context_digest(contexts[0]) == context_digest(contexts[1]) != context_digest(contexts[2])


def test_a_digest_tells_values_apart_and_not_the_order_of_a_table():
    assert digest_of({"a": 1, "b": (2.0,)}) == digest_of({"b": (2.0,), "a": 1})
    for one, other in ((1, 1.0), (("a", "b"), ("ab",)), (np.zeros(3), np.zeros((3, 1))), (None, "None"), (0.0, -0.0)):
        assert digest_of(one) != digest_of(other)
    with pytest.raises(TypeError):
        digest_of(object())


def test_a_torn_judgement_is_no_judgement(tmp_path):
    ledger, key = Ledger(tmp_path / "ledger"), digest_of("a")
    whole = packed(Made(key, "a", True).__dict__)
    ledger.put(key, whole)
    assert unpacked(ledger.get(key))["source"] == "a" and not list((tmp_path / "ledger" / "part").iterdir())
    for bad in (whole[:-3], whole[:10], b"", whole[:-1] + b"x"):
        with pytest.raises(Torn):
            unpacked(bad)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("mine")
    with pytest.raises(ShiliuError, match="no ledger"):
        Ledger(tmp_path / "foreign")


def test_a_claim_is_of_one_process_and_goes_with_it(tmp_path):
    ledger, key = Ledger(tmp_path / "ledger"), digest_of("a")
    hold = (
        "import sys, time; from shiliu.replay.line.ledger import Ledger\n"
        f"with Ledger({str(ledger.folder)!r}).claimed({key!r}) as mine: print(mine, flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "True\n"
        with ledger.claimed(key) as mine, ledger.claimed(digest_of("b")) as another:
            assert (mine, another) == (False, True)
    finally:
        other.kill()
        other.wait()
    with ledger.claimed(key) as mine:
        assert mine


def test_what_crashes_or_hangs_costs_itself_alone(tmp_path):
    entry = Entry(tmp_path / "takes", "takes")
    with Pool(2, Odd, (str(tmp_path),), limit_s=2.0) as pool:
        for k in range(8):
            pool.add(TakeJob(0, entry, k))
        found = {job.k: answer for job, answer in pool.answers()}
    assert [k for k, answer in sorted(found.items()) if isinstance(answer, Made)] == [0, 3, 5, 6, 7]
    codes = {k: answer.error["code"] for k, answer in found.items() if isinstance(answer, Unread)}
    assert codes == {1: "crashed", 2: "timeout", 4: "fault"}
    assert "SIGABRT" in found[1].error["message"] and "ZeroDivisionError" in found[4].error["message"]


@pytest.fixture
def benchmarks(monkeypatch):
    """The benchmarks of the data line, which are files and no package."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
def test_killed_at_any_moment_it_comes_to_the_same_bytes(data, tmp_path, capsys, benchmarks):
    """`kill -9` of the driver or of a worker, again and again; the last call is left alone."""
    assert import_module("data_line_running").kill(data, tmp_path, 12, 2, 7) == []
    assert judged(data, tmp_path / "plain") == 1
    assert same(tmp_path / "plain", tmp_path / "killed")
    verdicts = tmp_path / "killed" / "verdicts.jsonl"
    assert "the same bytes" in capsys.readouterr().out and verdicts.stat().st_size


def test_the_sittings_of_a_run_count_together(tmp_path, benchmarks):
    """The first is interrupted and leaves the rest to the second, which ends by itself; a fault of a run is no end."""
    in_sittings = import_module("data_line_running").in_sittings
    code = f"import time, pathlib; time.sleep(0.3 if pathlib.Path({str(tmp_path / 'again')!r}).exists() else 60)"
    wait = [sys.executable, "-c", code]
    first = in_sittings(wait, tmp_path / "sittings", 1.0)
    assert not first.whole and 1.0 <= first.wall_s < 30.0
    (tmp_path / "again").touch()
    second = in_sittings(wait, tmp_path / "sittings", 60.0)
    assert second.whole and first.wall_s + 0.3 <= second.wall_s < first.wall_s + 30.0
    assert not in_sittings([sys.executable, "-c", "raise SystemExit(2)"], tmp_path / "sittings", 60.0).whole


@pytest.mark.slow
def test_takes_are_made_up_once_and_judged_with_a_clock_beside(tmp_path, benchmarks):
    """Ten takes of one scenario, a bag and a device's among them; those that tremble a thousandth of a radian stay what they were."""
    make, judge = import_module("data_line_making").make, import_module("data_line_measuring").judge
    data = tmp_path / "data"
    data.mkdir()
    make(data, 10, ["table_setting"], [], 1, None, 0)
    made = {path.name: path.stat().st_mtime_ns for path in data.iterdir()}
    assert "table_setting_0000" in made and len(made) <= 3  # an edited record makes no bag
    make(data, 10, ["table_setting"], [], 1, None, 0)
    assert {path.name: path.stat().st_mtime_ns for path in data.iterdir()} == made
    assert judge(data, tmp_path / "out", 1, 1.0) is None  # the first second is too short for ten takes
    figures = judge(data, tmp_path / "out", 1)
    sittings = sorted((tmp_path / "out.sittings").glob("[0-9]*.json"))
    assert len(sittings) == 2 and figures["wall_s"] > 1.0 + json.loads(sittings[1].read_text())["wall_s"] - 0.1
    assert figures["takes"] == 10 and figures["verdicts"]["FEASIBLE"] >= 5
    assert 0.0 < figures["share_of_bare"] < 1.0 and figures["ledger_share"] < 0.1
    assert figures["simulated_s"] > 60 and figures["peak_mib_a_worker"] > 100
