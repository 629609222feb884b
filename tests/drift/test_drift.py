"""`shiliu drift`: what was kept, played today; flips with their cause, where courses part, what is reported, and what is kept."""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shiliu import cli
from shiliu.replay.drift import drifting
from shiliu.replay.drift.comparing import compare, differences
from shiliu.replay.drift.drift_report import cells, figures, page
from shiliu.replay.drift.kept_take import EVERY, FOLDER, QPOS, machine, read_take, write_take
from shiliu.replay.drift.outcome import exit_code, outcome_of
from shiliu.replay.drift.whole_set import keep_whole, opened
from shiliu.replay.report.text import Words
from shiliu.scenarios.sheet.errors import EpisodeError

WRITTEN = FOLDER / "written"  # one short episode of each form in which data sets were ever written
FORMS = ("plain", "described", "held")
NAME = "bare.held.0"
PERIOD = 1 / 30


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    """The data sets themselves, a folder for each form."""
    folder = tmp_path_factory.mktemp("sets")
    for form in FORMS:
        with opened(WRITTEN / "sets" / form) as data:
            shutil.copytree(data, folder / form)
    return folder


@pytest.fixture(scope="module")
def here(sets, tmp_path_factory) -> Path:
    """A corpus of one take that this machine made."""
    folder = tmp_path_factory.mktemp("corpus")
    assert cli.main(["drift", f"corpus={folder}", f"data={sets / 'held'}"]) == 0
    return folder


@pytest.fixture(scope="module")
def take(here):
    return read_take(NAME, here)


def other(here: Path, tmp_path: Path, take) -> Path:
    folder = tmp_path / "other"
    write_take(take, folder)
    return folder


def bumped(take, step: int, joint: str, by: float):
    actions = take.actions.copy()
    actions[step, take.action_names.index(joint)] += np.float32(by)
    return replace(take, actions=actions)


@pytest.mark.parametrize("form", FORMS)
def test_an_episode_of_every_form_that_was_ever_written_is_read_played_and_judged_as_it_was(form):
    line = drifting.line_of(WRITTEN, f"bare.{form}.0")
    assert line["error"] is None and line["flips"] == [] and line["visible"] is None
    assert not [text for text in line["differences"] if "read otherwise" in text or "cannot be read" in text]
    assert read_take(f"bare.{form}.0", WRITTEN).written == f"sets/{form}"


def test_the_forms_are_those_that_differ(sets):
    sides = {form: json.loads(next((sets / form / "shiliu" / "episodes").glob("*.json")).read_text()) for form in FORMS}
    configs = {form: json.loads(next((sets / form / "shiliu" / "configs").glob("*.json")).read_text()) for form in FORMS}
    assert {form: ("metadata" in sides[form], "goal_rule" in configs[form]) for form in FORMS} == {
        "plain": (False, False),
        "described": (True, False),
        "held": (True, True),
    }


def test_what_was_made_here_is_as_it_was(here, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["drift", f"corpus={here}", f"out={out}"]) == 0
    assert "Takes: 1. Flipped verdicts: 0, flipped successes: 0." in capsys.readouterr().out
    tree = json.loads((out / "drift.json").read_text(encoding="utf-8"))
    (line,) = tree["lines"]
    assert tree["machine"] == machine() and tree["exit"] == 0
    assert line["first"] is line["start"] is line["visible"] is line["cause"] is None and line["differences"] == []


def test_a_run_goes_on_where_it_stopped_and_plays_again_what_changed(here, take, tmp_path, monkeypatch):
    played = []
    monkeypatch.setattr(drifting, "line_of", lambda corpus, name: played.append(name) or {"take": name})
    out, corpus = tmp_path / "out", tmp_path / "corpus"
    shutil.copytree(here, corpus)
    write_take(replace(take, called="second"), corpus)
    next(drifting.drift(corpus, [NAME, "second"], out))  # and is interrupted
    with (out / "drift.jsonl").open("a") as file:
        file.write('{"key": "torn')
    assert [line["take"] for line in drifting.drift(corpus, [NAME, "second"], out)] == [NAME, "second"]
    assert played == [NAME, "second"]
    write_take(replace(take, seed=77), corpus)
    list(drifting.drift(corpus, [NAME, "second"], out))
    assert played == [NAME, "second", NAME]


def test_where_two_courses_part_is_told_with_step_joint_and_size(take):
    """The left elbow is commanded 0.4 rad further from step 20 of 45 on, as if the engine moved it so."""
    actions = take.actions.copy()
    actions[20:, take.action_names.index("zarm_l4_joint")] -= np.float32(0.4)
    found, now = compare(replace(take, actions=actions), ["bits", "verdict"])
    line = outcome_of(take, now, found, PERIOD)
    assert line["start"] is None and line["first"]["step"] == 21 and line["first"]["t"] == pytest.approx(0.7)
    assert line["first"]["joint"] == "zarm_l4_joint" and line["first"]["at"] == pytest.approx(1.5)
    assert line["visible"]["joint"] == "zarm_l4_joint" and 0.2 < line["visible"]["size"] < 0.5


def test_bits_are_played_from_the_kept_draw_whatever_the_seed_draws(take):
    """What came of `vary=False`, or of chosen values, is no draw of its seed."""
    found, _ = compare(replace(take, seed=take.seed + 1), ["bits"])
    assert not [one for one in found if "draw" in one.text]


@pytest.mark.parametrize(("size", "by"), [(2e-4, "start"), (2e-9, "course")])
def test_a_flip_names_its_cause(take, size, by):
    """INFEASIBLE was kept, by a FAIL that is none today; the start lies off by less and by more than what rounding leaves."""
    code = take.verdict["findings"][0]["code"]
    findings = [{**one, "level": "FAIL"} if one["code"] == code else one for one in take.verdict["findings"]]
    head = {**take.verdict["verdict"], "verdict": "INFEASIBLE", "root": code}
    before = replace(take, verdict={"verdict": head, "findings": findings})
    level = max((one["level"] for one in take.verdict["findings"] if one["code"] == code), key=len)
    line = outcome_of(before, take, [], PERIOD)
    assert line["flips"] == ["verdict"] and line["verdict"] == ["INFEASIBLE", "FEASIBLE"]
    assert line["cause"] == {"by": "judge", "codes": [f"{code} FAIL → {level}"]}
    text = page([line], Words("en"))  # what changed is bold, and nothing else
    assert "| **not feasible → feasible** |" in text and text.count("**") == 2 and f"(every {EVERY:g} s)" in text
    samples = take.bits.samples[QPOS].copy()
    samples[0, 5] += size
    moved = replace(take.bits, start="0", states="0", samples={**take.bits.samples, QPOS: samples})
    line = outcome_of(before, replace(take, bits=moved), [], PERIOD)
    assert line["cause"]["by"] == by and line["start"]["joint"] == list(take.bits.columns[QPOS])[5]
    assert line["start"]["size"] == pytest.approx(size, rel=1e-2) and line["first"]["step"] == 0
    model = replace(take, bits=moved, episode={**take.episode, "fingerprint": "another"})
    assert outcome_of(before, model, [], PERIOD)["cause"]["by"] == "model"


def test_another_engine_explains_numbers_but_no_flip(here, take, tmp_path, capsys):
    older = {**machine(), "mujoco": "3.16.0"}
    samples = {name: rows.copy() for name, rows in take.bits.samples.items()}
    samples[QPOS][-1, 3] += 1e-7
    made_on = dict.fromkeys(take.made_on, older)
    numbers = replace(take, bits=replace(take.bits, states="0", samples=samples), made_on=made_on)
    folder = other(here, tmp_path, numbers)
    assert cli.main(["drift", f"corpus={folder}"]) == 3
    assert f"mujoco 3.16.0 → {machine()['mujoco']}" in capsys.readouterr().out
    write_take(replace(numbers, made_on=take.made_on), folder)
    assert cli.main(["drift", f"corpus={folder}"]) == 1
    label = {**take.label, "success": not take.label["success"]}
    write_take(replace(take, label=label, made_on=made_on), folder)
    assert cli.main(["drift", f"corpus={folder}"]) == 1


@pytest.mark.parametrize("word", ["library", "processor", "arithmetic"])
def test_another_library_or_processor_explains_numbers_and_what_was_not_kept_does_not(take, word):
    there = {**machine(), word: "another one"}
    numbers = replace(take, bits=replace(take.bits, states="0"), made_on=dict.fromkeys(take.made_on, there))
    now = replace(take, made_on={what: dict(machine()) for what in take.made_on})

    def code(kept):
        found = list(differences(kept, now, ["bits"], PERIOD))
        return exit_code([outcome_of(kept, now, found, PERIOD)]), found[0].elsewhere

    assert code(numbers) == (3, f"{word} another one → {machine()[word]}")
    del there[word]  # a take of an older version says nothing of it
    assert code(replace(numbers, made_on=dict.fromkeys(take.made_on, there))) == (1, "")


def test_a_take_that_cannot_be_played_is_a_line_and_the_others_are_played(here, take, tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(here, folder)
    write_take(replace(take, called="odd", draw={**take.draw, "values": {**take.draw["values"], "lamp.at.x": 0.1}}), folder)
    lines = list(drifting.drift(folder, drifting.names_in(folder)))
    assert [one["error"] is None for one in lines] == [True, False] and "lamp.at.x" in lines[1]["error"]
    assert exit_code(lines) == 1 and exit_code(lines[:1]) == 0
    assert figures(lines)["unplayable"] == 1 and cells(lines[1], Words("zh"))[1] == "无法回放"


def test_a_data_set_that_is_read_otherwise_is_named(tmp_path):
    folder = tmp_path / "written"
    shutil.copytree(WRITTEN, folder)
    take = read_take(NAME, folder)
    write_take(replace(take, segments=[{"skill": "look", "t0": 0.0, "t1": 1.0}]), folder)
    assert list(drifting.unread(read_take(NAME, folder), folder)) == ["sets/held: its segments is read otherwise than it was kept"]
    write_take(replace(bumped(take, 7, "zarm_r1_joint", 1e-3)), folder)
    assert list(drifting.unread(read_take(NAME, folder), folder)) == ["sets/held: its actions are read otherwise than they were kept"]


def test_the_size_of_what_will_be_kept_is_said_before_and_nothing_is_kept_twice(sets, tmp_path, capsys):
    words = ["drift", f"corpus={tmp_path / 'mine'}", f"data={sets / 'described'}"]
    assert cli.main([*words, "dry_run=true"]) == 0 and not (tmp_path / "mine").exists()
    assert capsys.readouterr().out == "takes to keep: 1, up to 0.0 MB\n"
    assert cli.main([*words, "whole=true"]) == 0
    assert capsys.readouterr().out.startswith("takes to keep: 1, up to 0.2 MB\nbare.described.0  ")
    size = sum(file.stat().st_size for file in (tmp_path / "mine").rglob("*") if file.is_file())
    assert 0.05e6 < size < 0.2e6
    assert cli.main(words) == 0 and capsys.readouterr().out == "takes to keep: 0, up to 0.0 MB\n"
    (namesake := tmp_path / "other" / "described").parent.mkdir()
    shutil.copytree(sets / "held", namesake)
    assert cli.main([*words[:2], f"data={namesake}", "whole=true"]) == 2
    assert "sets/described is another data set of that name" in capsys.readouterr().err


def test_a_data_set_that_was_kept_whole_is_the_same_bytes_and_a_damaged_or_hostile_archive_is_refused(sets, tmp_path):
    for name in ("one", "two"):
        keep_whole(sets / "held", tmp_path / name / "sets" / "held")
    archives = [tmp_path / name / "sets" / "held.tar.xz" for name in ("one", "two")]
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with opened(tmp_path / "one" / "sets" / "held") as data:
        assert data.name == "held"
        assert {one.relative_to(data): one.read_bytes() for one in data.rglob("*") if one.is_file()} == {
            one.relative_to(sets / "held"): one.read_bytes() for one in (sets / "held").rglob("*") if one.is_file()
        }
    archives[0].write_bytes(archives[1].read_bytes()[:-2000])
    with pytest.raises(EpisodeError, match=r"cannot be read .*copy the corpus again"), opened(tmp_path / "one" / "sets" / "held"):
        pass
    with tarfile.open(archives[1], "w:xz") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    with pytest.raises(EpisodeError, match="outside"), opened(tmp_path / "two" / "sets" / "held"):
        pass
    shutil.copytree(sets / "held", tmp_path / "three" / "sets" / "held")  # a corpus of an earlier version
    with opened(tmp_path / "three" / "sets" / "held") as data:
        assert (data / "meta" / "info.json").is_file()


def test_an_episode_that_no_longer_comes_out_is_not_kept(sets, tmp_path, monkeypatch, capsys):
    from shiliu.replay.drift import corpus as keeping

    real = keeping.play_bits
    monkeypatch.setattr(keeping, "play_bits", lambda scene, start, actions: real(scene, start, actions * np.float32(1.01)))
    assert cli.main(["drift", f"corpus={tmp_path / 'mine'}", f"data={sets / 'held'}"]) == 1
    assert "not kept: observation.state: stepped again it departs from its record" in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["corpus=EMPTY"], "holds no kept take"),
        (["corpus=HERE", "takes=[microwav]"], "'microwav' is no take here"),
        (["data=EMPTY"], "Name the folder in which to keep them: corpus=DIR"),
        (["corpus=HERE", "most=0", "data=HERE"], "whole number of 1 or more"),
        (["corpus=HERE", "most=3"], "belongs to data="),
        (["corpus=HERE", "dry_run=true"], "belongs to data="),
        (["corpus=HERE", "lang=fr"], "'fr' is not known here"),
        (["corpse=HERE"], "corpse"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_a_sentence(here, tmp_path, capsys, words, expected):
    named = [word.replace("HERE", str(here)).replace("EMPTY", str(tmp_path)) for word in words]
    assert cli.main(["drift", *named]) == 2
    assert expected in capsys.readouterr().err


def test_recordings_of_devices_are_refused_with_the_way_out(tmp_path, capsys):
    np.savez(tmp_path / "take.npz", q=np.zeros((10, 14)))
    code = cli.main(["drift", f"corpus={tmp_path / 'mine'}", f"data={tmp_path}"])
    assert code == 2 and "shiliu:" in capsys.readouterr().err
