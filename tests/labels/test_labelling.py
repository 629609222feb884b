"""One real demonstration is labelled; its sheets; how the agreement is measured."""

import importlib.util
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from shiliu.cli import main
from shiliu.replay.formats import read as read_recordings
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.context import Contexts
from shiliu.replay.labels.labelling import labelling
from shiliu.replay.labels.sheet import LabelSheet, read_sheet
from shiliu.replay.operator.skills import registry
from shiliu.replay.recording.recording import Unreadable
from shiliu.replay.rollout.episode import as_recording
from shiliu.scenarios.sheet.errors import EpisodeError


@pytest.fixture(scope="module")
def labelled(demonstration, scene):
    """The labels of a demonstration that tells nothing of itself: other segments, seed, record and outcome than its own."""
    states = {name: values.copy() for name, values in demonstration.states.items()}
    states["observation.state"][30:] += 0.01
    wrong = [{"skill": "lift", "t0": 0.0, "t1": 1.0}]
    other = replace(demonstration, segments=wrong, seed=12345, provenance={}, states=states, label={"success": False})
    (item,) = labelling([as_recording("blind", other, scene)], Contexts())
    return item


@pytest.fixture
def dataset(demonstration, scene, tmp_path, monkeypatch):
    """A folder with a dataset of one episode, that the test stands in."""
    monkeypatch.chdir(tmp_path)
    write_lerobot("demos", [demonstration], scene.schema.lerobot_features(), round(1 / scene.control_timestep))
    return tmp_path


def test_a_demonstration_is_labelled_as_its_operator_meant_it(demonstration, labelled):
    # a head that turns beside what the hands do is no skill of its own
    known, found = [s for s in demonstration.segments if s["skill"] != "look"], labelled.segments
    assert [s.skill for s in found] == [s["skill"] for s in known]
    errors = [abs(s.t0 - k["t0"]) for s, k in zip(found, known)]
    assert np.median(errors) < 0.3
    right = sum(max(0.0, min(s.t1, k["t1"]) - max(s.t0, k["t0"])) for s, k in zip(found, known))
    assert right >= 0.9 * sum(k["t1"] - k["t0"] for k in known)
    assert all(0.0 <= s.confidence <= 1.0 for s in found)
    assert {s.object for s in found} >= {"oven.handle", "oven.door", "bowl", "oven.start"}


def test_a_replay_that_is_not_what_was_recorded_is_told_with_the_time(labelled):
    assert labelled.departs == pytest.approx(1.0)


def test_what_cannot_be_replayed_is_left_out_with_the_reason(demonstration, scene):
    torn = replace(demonstration, actions=demonstration.actions.copy())
    torn.actions[5, 0] = np.nan
    (item,) = labelling([as_recording("torn", torn, scene)], Contexts())
    assert isinstance(item, Unreadable) and "not finite" in item.error.message


def test_label_by_command_and_correct(labelled, dataset, capsys):
    assert main(["label", "data=demos", "out=sheet.yaml", "quiet=true"]) == 0
    assert re.search(r"sheet.yaml: 11 segments of 1 episode\b", capsys.readouterr().out)
    sheet = yaml.safe_load((dataset / "sheet.yaml").read_text(encoding="utf-8"))
    assert "departs" not in sheet["episodes"][0], "its replay is what was recorded"
    segments = sheet["episodes"][0]["segments"]
    assert segments[0]["skill"] == "reach" and segments[0]["en"].startswith("the left hand reaches")
    found = [(one["skill"], one["t0"], one["t1"]) for one in segments]
    assert found == [(s.skill, *(pytest.approx(t, abs=1e-3) for t in (s.t0, s.t1))) for s in labelled.segments], "its own words change none"
    before = {p: p.read_bytes() for p in (dataset / "demos").rglob("*") if p.is_file()}
    segments[1] |= {"skill": "take.pinch", "t0": segments[1]["t0"] + 0.1, "en": "corrected"}
    del segments[1]["confidence"], segments[2]
    (dataset / "corrected.yaml").write_text(yaml.safe_dump(sheet, allow_unicode=True), encoding="utf-8")
    assert main(["label", "data=demos", "apply=corrected.yaml", "out=better"]) == 0
    assert {p: p.read_bytes() for p in (dataset / "demos").rglob("*") if p.is_file()} == before, "the original stays"
    (one,), (was,) = read_recordings("better"), read_recordings("demos")
    assert len(one.episode.segments) == 10 and one.episode.segments[1]["sentence"]["en"] == "corrected"
    assert one.episode.segments[1]["t0"] == pytest.approx(segments[1]["t0"])
    assert one.episode.provenance["segments"]["from"] == "corrected.yaml"
    assert one.episode.actions.tobytes() == was.episode.actions.tobytes()
    assert sorted(p.name for p in dataset.iterdir()) == ["better", "corrected.yaml", "demos", "sheet.yaml"]
    assert main(["label", "data=demos", "out=sheet.yaml"]) == 2, "a sheet is not overwritten"
    assert main(["label", "data=demos", "apply=corrected.yaml", "out=better"]) == 2
    capsys.readouterr()
    assert main(["label", "data=better", "apply=corrected.yaml", "out=again"]) == 2
    assert "another recording" in capsys.readouterr().err and not (dataset / "again").exists()


# -- sheets


def written(path, labelled):
    with LabelSheet(path, "demos") as sheet:
        sheet.add(labelled)
        sheet.add(Unreadable("bad", "demos#1", EpisodeError("torn: 'x'")))
    return path


def test_a_sheet_reads_back_what_was_written_in_both_formats(labelled, tmp_path):
    one = written(tmp_path / "a.yaml", labelled)
    other = written(tmp_path / "b.json", labelled)
    content = yaml.safe_load(one.read_text(encoding="utf-8"))
    assert content["left_out"] == json.loads(other.read_text(encoding="utf-8"))["left_out"]
    assert read_sheet(one, registry()) == read_sheet(other, registry())
    (row,) = read_sheet(one, registry()).values()
    assert [s["skill"] for s in row["segments"]] == [s.skill for s in labelled.segments]
    assert [s["t0"] for s in row["segments"]] == pytest.approx([s.t0 for s in labelled.segments], abs=1e-3)


def test_a_sheet_marks_a_guess_until_it_is_corrected(labelled, tmp_path):
    guess = replace(
        labelled, segments=(replace(labelled.segments[0], skill="stroke.shake", by_motion=True), *labelled.segments[1:])
    )
    for name in ("a.yaml", "b.json"):
        path = written(tmp_path / name, guess)
        (row,) = read_sheet(path, registry()).values()
        assert [segment.get("told_by") for segment in row["segments"]] == ["motion"] + [None] * 10
    text = path.with_name("a.yaml").read_text(encoding="utf-8")
    assert text.count('told_by: "motion"') == 1
    path.with_name("c.yaml").write_text(text.replace(', told_by: "motion"', ""), encoding="utf-8")
    (row,) = read_sheet(path.with_name("c.yaml"), registry()).values()
    assert not any("told_by" in segment for segment in row["segments"])


def test_a_sheet_names_the_cell_of_an_episode_that_has_one(labelled, tmp_path):
    assert labelled.cell is None and "cell:" not in written(tmp_path / "a.yaml", labelled).read_text(encoding="utf-8")
    there = written(tmp_path / "b.yaml", replace(labelled, cell="example-mw-01"))
    assert yaml.safe_load(there.read_text(encoding="utf-8"))["episodes"][0]["cell"] == "example-mw-01"


def test_nothing_is_written_where_labelling_fails(tmp_path):
    with pytest.raises(RuntimeError), LabelSheet(tmp_path / "a.yaml", "demos"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EpisodeError, match=r"\.yaml or \.yml or \.json"):
        LabelSheet(tmp_path / "a.txt", "demos")


def test_all_problems_of_a_sheet_at_once(labelled, tmp_path):
    content = yaml.safe_load(written(tmp_path / "a.yaml", labelled).read_text(encoding="utf-8"))
    segments = content["episodes"][0]["segments"]
    segments[0]["skill"] = "take.pnch"
    segments[2]["t0"], segments[2]["t1"] = 9.0, 8.0
    segments[3]["hand"] = "middle"
    segments[5]["t0"] = segments[4]["t1"] - 0.5
    segments[6]["t1"] = "late"
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(EpisodeError) as raised:
        read_sheet(path, registry())
    message = str(raised.value)
    for words_ in (
        "Did you mean take.pinch",
        "0 <= t0 < t1",
        "'middle' is not known here",
        "before the one before",
        "'late'",
    ):
        assert words_ in message
    assert message.count("\n") == 5 and "wrong.yaml" in message


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_what_a_sheet_does_not_know_is_refused(labelled, tmp_path, ending):
    path = written(tmp_path / f"a.{ending}", labelled)
    text = path.read_text(encoding="utf-8")
    for old, new, hint in (
        ("confidence", "confidense", "unknown key 'confidense'. Did you mean confidence?"),
        ("sha256", "sha265", "unknown key 'sha265'. Did you mean sha256?"),
        ("data", "date", "unknown key 'date'. Did you mean data?"),
        ("skill", "skil", "unknown key 'skil'. Did you mean skill?"),
        ("the left hand reaches", "${oc.env:HOME}", "'${oc.env:HOME}' is not resolved in a file"),
    ):
        colon = "" if " " in old else ":" if ending == "yaml" else '":'
        old, new = f"{old}{colon}", f"{new}{colon}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(EpisodeError) as raised:
            read_sheet(path, registry())
        assert hint in str(raised.value)
        if ending == "yaml":
            line = 1 + text[: text.index(old)].count("\n")
            assert f"a.yaml:{line}: " in str(raised.value)


@pytest.mark.parametrize("text", ["", "[1, 2", "labels: 2\nepisodes: []", "a: &x [*x]", "labels: 1", "\x00"])
def test_what_is_no_sheet_is_refused(text, tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EpisodeError, match="odd"):
        read_sheet(path, registry())


@pytest.mark.parametrize(
    ("words_", "message"),
    [
        (["label"], "`shiliu label` needs data and out"),
        (["label", "data=nothere", "out=a.yaml"], "nothere"),
        (["label", "data=nothere", "out=a.txt"], ".yaml or .yml or .json"),
        (["label", "data=nothere", "out=a.yaml", "aply=b.yaml"], "Did you mean apply"),
        (["label", "data=nothere", "apply=b.yaml", "out=c"], "b.yaml: no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_user_can_mend_is_2_and_leaves_nothing(words_, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(words_) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# -- how the agreement is measured


def test_the_benchmark_counts_a_known_error():
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "labels.py"
    spec = importlib.util.spec_from_file_location("labels_benchmark", path)
    benchmark = sys.modules["labels_benchmark"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    known = [{"skill": "reach", "t0": 0.0, "t1": 4.0}, {"skill": "take.pinch", "t0": 4.0, "t1": 6.0}]
    known.append({"skill": "lift", "t0": 6.0, "t1": 10.0})

    def figures(*proposed):
        score = benchmark.Score()
        score.add(known, [{"skill": w, "t0": a, "t1": b, "confidence": 1.0} for w, a, b in proposed])
        return score.figures()

    same = figures(("reach", 0.0, 4.0), ("take.pinch", 4.0, 6.0), ("lift", 6.0, 10.0))
    assert (same["right_word"], same["right_time"], same["extra"], same["boundary_worst_s"]) == (1.0, 1.0, 0, 0.0)
    late = figures(("reach", 0.0, 4.5), ("take.pinch", 4.5, 6.0), ("lift", 6.0, 10.0))
    assert late["right_time"] == pytest.approx(0.95) and late["boundary_worst_s"] == pytest.approx(0.5)
    assert late["of_skill"]["take.pinch"]["bias_s"] == pytest.approx(0.5)
    wrong = figures(("reach", 0.0, 6.0), ("release", 6.0, 10.0))
    assert wrong["right_word"] == pytest.approx(1 / 3) and wrong["extra"] == 1
    assert wrong["right_time"] == pytest.approx(0.4)
