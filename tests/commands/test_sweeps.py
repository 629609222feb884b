"""`-m` for verbs that write: a folder a run, and a table of what came of them."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import pytest
from shiliu import cli
from shiliu.scenarios.reading.override import unquoted
from shiliu.scenarios.sheet.errors import ScenarioError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def writer(monkeypatch):
    """A verb that writes its settings to out=, and ends with 1 at seed 2, with an error of the user's at seed 3."""
    runs: list[list[str]] = []

    def run(request) -> int:
        words = [unquoted(word) for word in request.overrides]
        runs.append(words)
        given = dict(word.split("=", 1) for word in words)
        if given.get("seed") == "3":
            raise ScenarioError("seed 3 is wrong", file="x.yaml")
        out = Path(given["out"])
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(given.get("seed", ""))
        print("a line\n  the last line\n")
        return 1 if given.get("seed") == "2" else 0

    monkeypatch.setattr(cli, "import_module", lambda *_: SimpleNamespace(run=run, USAGE=""))
    return runs


def test_each_run_has_a_folder_and_the_table_says_what_came_of_it(folder, writer, capsys):
    code = cli.main(["record", "-m", "out=sweep here", "seed=1,2", "scenario.parts.table.height=740 mm,780 mm"])
    assert code == 1
    assert [run[0] for run in writer] == [f"out=sweep here/{k}" for k in (1, 2, 3, 4)]
    rows = list(csv.reader((folder / "sweep here" / "sweep.csv").read_text().splitlines()))
    assert rows[0] == ["run", "out", "seed", "scenario.parts.table.height", "exit", "result"]
    assert rows[2] == ["2", "sweep here/2", "1", "780 mm", "0", "the last line"]
    assert rows[3] == ["3", "sweep here/3", "2", "740 mm", "1", "the last line"]
    shown = capsys.readouterr().out
    assert "[4/4]" in shown and "sweep here/sweep.csv" in shown


def test_a_run_that_cannot_be_made_ends_alone_and_is_said_once(folder, writer, capsys):
    assert cli.main(["record", "-m", "out=s", "seed=3,1", "lang=en,zh"]) == 2
    assert capsys.readouterr().err.count("x.yaml: seed 3 is wrong") == 1
    results = [row[-1] for row in csv.reader((folder / "s" / "sweep.csv").read_text().splitlines())]
    assert results[1:] == ["x.yaml: seed 3 is wrong"] * 2 + ["the last line"] * 2


def test_a_verb_that_writes_a_file_writes_one_a_run(folder, writer):
    assert cli.main(["label", "-m", "out=labels.yaml", "seed=1,4"]) == 0
    assert sorted(path.name for path in (folder / "labels").iterdir()) == ["1.yaml", "2.yaml", "sweep.csv"]


def test_folders_that_are_named_each_stay_as_they_are_named(folder, writer):
    assert cli.main(["record", "-m", "out='a','b'"]) == 0
    assert (folder / "a").is_file() and (folder / "b").is_file()


@pytest.mark.parametrize("key", ["data", "verdicts", "in", "mapping", "former"])
def test_folders_that_are_read_are_a_run_each_unless_the_whole_is_the_name_of_one(folder, writer, key):
    assert cli.main(["replay", "-m", f"{key}=../a set,b", "out=s"]) == 0
    assert [run[0] for run in writer] == [f"{key}=../a set", f"{key}=b"]
    assert next(csv.reader((folder / "s" / "sweep.csv").read_text().splitlines()))[2] == key
    (folder / "a,b").mkdir()
    writer.clear()
    assert cli.main(["replay", "-m", f"{key}=a,b", "seed=1,4", "out=t"]) == 0
    assert {unquoted(run[0]).strip("'") for run in writer} == {f"{key}=a,b"} and len(writer) == 2


def test_a_folder_that_is_there_is_not_touched(folder, writer, capsys):
    (folder / "s").mkdir()
    (folder / "s" / "kept").write_text("x")
    assert cli.main(["record", "-m", "out=s", "seed=1,2"]) == 2 and not writer
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["watch", "in=arriving", "rest=1 s,2 s"], "once=true"),
        (["teleop", "seed=1,2"], "from=SESSION.jsonl"),
        (["studio", "seed=1,2"], "Leave -m out"),
    ],
)
def test_a_sweep_over_what_goes_on_until_it_is_ended_is_refused_before_it_begins(folder, words, what, capsys):
    (folder / "arriving").mkdir()
    out = [] if words[0] == "studio" else ["out=s"]
    assert cli.main([words[0], "-m", *words[1:], *out]) == 2
    error = capsys.readouterr().err
    assert error.count("never comes to its second run") == 1 and what in error
    assert not (folder / "s" / "1").exists()


@pytest.mark.usefixtures("forked_workers")
def test_a_sweep_over_what_ends_by_itself_runs(folder, capsys):
    (folder / "arriving").mkdir()
    assert cli.main(["watch", "-m", "in=arriving", "once=true", "rest=0 s", "lang=en,zh", "out=s"]) == 0
    assert [row[-2] for row in csv.reader((folder / "s" / "sweep.csv").read_text().splitlines())] == ["exit", "0", "0"]
