"""The figures of the scripted operator: counted from its lines, gone on with only in the same scene."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from conftest import script
from shiliu.scenarios.catalog.figures import figures_of, figures_text, stage

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "demonstrations.py"
GOOD = {"success": True, "failure": None, "during": "press.key", "redraws": 0, "verdict": "FEASIBLE", "root": None}
COMMON = {"scenario": "microwave", "version": 2, "fingerprint": "f4"}


@pytest.fixture(scope="module")
def bench():
    return script("benchmarks/demonstrations.py")


def test_shares_are_those_of_the_lines(bench):
    lines = [
        {**GOOD, "seed": 1, "lasts": 50.0},
        {**GOOD, "seed": 2, "lasts": 70.0, "verdict": "INFEASIBLE", "root": "balance", "redraws": 1},
        {**GOOD, "seed": 3, "lasts": 90.0, "success": False, "failure": "scenario.spilt", "during": "lift",
         "verdict": "INFEASIBLE", "root": "goal"},
        {**GOOD, "seed": 4, "lasts": 90.0, "success": False, "failure": "scenario.spilt", "during": "lift"},
    ]  # fmt: skip
    report = bench.summary(lines)
    # who failed is no success that is lawful, whatever the judge calls what was done
    assert (report["demonstrations"], report["succeeded"], report["feasible"]) == (4, 2, 1)
    assert report["seconds"] == [50.0, 70.0, 70.0] and report["redrawn"] == 0.2
    assert report["failures"] == {"scenario.spilt in lift": 2} and report["refused"] == {"balance": 1}


@pytest.mark.parametrize("file", sorted(FILE.parents[1].glob("conf/figures/*.yaml")), ids=lambda file: file.stem)
def test_figures_are_those_of_the_lines_that_are_kept(bench, file):
    figures = yaml.safe_load(file.read_text())
    for kept, name in ((figures, file.stem), (figures.get("again"), f"{file.stem}.again")):
        if kept is None:
            continue
        first, last = kept["seeds"]
        lines = (FILE.parent / "held_out" / f"{name}.jsonl").read_text().splitlines()[1:]
        report = bench.summary([line for line in map(json.loads, lines) if first <= line["seed"] <= last])
        for key in ("demonstrations", "succeeded", "feasible"):
            assert report[key] == kept[key], (name, key)


def test_a_run_goes_on_behind_its_last_whole_line(bench, tmp_path):
    out = tmp_path / "runs" / "lines.jsonl"
    assert bench.lines_of(out, COMMON) == []
    with out.open("a") as file:
        file.write(json.dumps({**GOOD, "seed": 1}) + "\n" + '{"seed": 2, "succ')
    assert [line["seed"] for line in bench.lines_of(out, COMMON)] == [1]
    assert len(out.read_text().splitlines()) == 2  # the torn line is gone
    with pytest.raises(SystemExit, match="choose another out="):
        bench.lines_of(out, {**COMMON, "version": 3})


FIGURES = {"version": 2, "demonstrations": 100, "succeeded": 96, "feasible": 92}


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, "done"),
        ({"succeeded": 94, "feasible": 94}, "built"),
        ({"feasible": 91}, "built"),
        ({"feasible": 86}, "measured"),
        ({"demonstrations": 99, "succeeded": 99, "feasible": 99}, "done (99 seeds)"),
        ({"demonstrations": 20, "succeeded": 19, "feasible": 19}, "done (20 seeds)"),
        ({"demonstrations": 20, "succeeded": 19, "feasible": 18}, "measured"),
        ({"demonstrations": 19, "succeeded": 19, "feasible": 19}, "measured"),
        ({"demonstrations": 50, "succeeded": 40, "feasible": 36}, "built"),
        ({"demonstrations": 50, "succeeded": 39, "feasible": 39}, "measured"),
        ({"demonstrations": 49, "succeeded": 46, "feasible": 46}, "measured"),
        ({"version": 1}, "measured"),
        ({"again": {"demonstrations": 50, "succeeded": 48, "feasible": 46}}, "done"),
        ({"again": {"demonstrations": 50, "succeeded": 47, "feasible": 47}}, "built"),
        ({"again": {"demonstrations": 50, "succeeded": 50, "feasible": 47}}, "built"),
    ],
)
def test_what_a_scenario_is_follows_from_seeds_of_its_own_version(changed, shown):
    assert stage({**FIGURES, **changed}, 2) == shown
    assert figures_text({**FIGURES, **changed}, 2).startswith(f"{shown}: ")


def test_the_least_margin_and_the_warnings_of_successes_are_counted(bench):
    lines = [
        {**GOOD, "seed": k, "lasts": 50.0, "tipping": margin, "warned": warned, "commit": "a1", "success": success}
        for k, (margin, warned, success) in enumerate([(12.5, [], True), (3.1, ["tracking", "slip"], True), (-8.0, ["tracking"], False)])
    ]
    found = bench.summary(lines)
    assert (found["tipping_mm"], found["warned"], found["warnings"]) == (3.1, 1, {"tracking": 1, "slip": 1})
    assert "tipping_mm" not in bench.summary([{**GOOD, "seed": 7, "lasts": 50.0}]), "lines of before"


def test_figures_are_those_of_a_scenario_and_a_variant(tmp_path):
    (tmp_path / "microwave.full.yaml").write_text("version: 3\ndemonstrations: 5\nsucceeded: 4\nfeasible: 4\n")
    assert figures_of("microwave", folder=tmp_path) is None and figures_text(None, 2) == "not measured"
    assert figures_text(figures_of("microwave", "full", folder=tmp_path), 3) == "measured: 4 of 5, 4 FEASIBLE"


def test_what_is_counted_again_stands_beside_what_was_counted_first(bench, tmp_path):
    file = tmp_path / "microwave.yaml"
    lines = [{**GOOD, "seed": seed, "lasts": 50.0, "commit": commit} for seed, commit in ((7, "a1"), (8, "b2"), (9, "a1"))]
    bench.write_figures(file, "first", 2, bench.summary(lines[:1]), lines[:1], again=False)
    before = file.read_text()
    bench.write_figures(file, "second", 2, bench.summary(lines), lines, again=True)
    assert file.read_text().startswith(before) and file.read_text().startswith("# Written by `first`.")
    again = figures_of("microwave", folder=tmp_path)["again"]
    assert (again["by"], again["commits"], again["demonstrations"]) == ("second", ["a1", "b2"], 3)
    assert figures_text(figures_of("microwave", folder=tmp_path), 2) == "measured: 1 of 1, 1 FEASIBLE; again 3 of 3, 3"
