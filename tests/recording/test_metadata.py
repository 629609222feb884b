"""What a data centre says of a demonstration: every field right and wrong, all mistakes at once, and back unchanged."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from shiliu.cli import main
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.recording import metadata as model
from shiliu.replay.recording.metadata import Metadata, Segment, completed, from_plain, read_metadata
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Dateless

ROOT = Path(__file__).resolve().parents[2]
WHOLE = """\
operator: P-0417
centre: Beijing Shijingshan
licence: CC-BY-4.0
consent: true
cell: bj_mw_03
devices: {headset: PICO 4 Ultra, exoskeleton: Hi5, firmware: "5.10"}
robot: {serial: "0023", software: "1.2.10"}
end_effector: claw
calibration: {id: cal-17, date: 2026-11-02}
instruction: {en: Heat the bowl., zh-CN: 用微波炉加热碗。, "no": Varm opp bollen.}
segments: [{skill: reach, t0: 0 s, t1: 0.4 s}, {skill: move_joint.pull, t0: 400 ms, t1: 1.1 s}]
label: {success: false, reason: scenario.bowl_dropped}
grade: B
verdict: INFEASIBLE
"""
SCENARIO = {"never": {"bowl_dropped": {}}, "goal": {"opened": {}}}


def tree(**changes):
    """The whole file's tree with some keys changed; None leaves a key out."""
    content = yaml.load(WHOLE, Loader=Dateless) | changes
    return {key: value for key, value in content.items() if value is not None}


def problems(**changes) -> str:
    with pytest.raises(ScenarioError) as caught:
        from_plain(tree(**changes), SCENARIO)
    return str(caught.value)


def episode(success=True, n=30) -> SimEpisode:
    rng = np.random.default_rng(0)
    return SimEpisode(
        seed=3,
        draw={},
        config={"scenario": SCENARIO},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / 30,
        n_substeps=16,
        start_state=rng.normal(size=5),
        actions=rng.normal(size=(n, 2)).astype(np.float32),
        action_names=("a", "b"),
        label={"success": success, "subgoals": {}, "failure": None if success else "scenario.bowl_dropped"},
        segments=[{"skill": "reach", "t0": 0.0, "t1": 1 / 3}],
        task={"en": "Open it.", "zh": "打开。"},
        scenario="microwave",
    )


FEATURES = {"action": {"dtype": "float32", "shape": [2], "names": ["a", "b"], "unit": "rad"}}


def test_a_file_is_read_field_by_field(tmp_path):
    (tmp_path / "centre.yaml").write_text(WHOLE, encoding="utf-8")
    metadata = read_metadata(tmp_path / "centre.yaml", SCENARIO)
    assert (metadata.operator, metadata.centre, metadata.cell, metadata.licence) == (
        "P-0417",
        "Beijing Shijingshan",
        "bj_mw_03",
        "CC-BY-4.0",
    )
    assert metadata.devices.firmware == "5.10" and metadata.robot.serial == "0023" and metadata.consent is True
    assert metadata.calibration.date.isoformat() == "2026-11-02" and metadata.instruction["no"] == "Varm opp bollen."
    assert metadata.segments[1] == Segment("move_joint.pull", 0.4, 1.1)
    assert metadata.label.reason == "scenario.bowl_dropped" and (metadata.grade, metadata.verdict) == (
        "B",
        "INFEASIBLE",
    )


def test_the_least_that_has_to_be_said():
    least = from_plain({"operator": "P-123", "centre": "x", "licence": "proprietary", "consent": False})
    assert least.plain() == {"operator": "P-123", "centre": "x", "licence": "proprietary", "consent": False}
    for key in least.plain():
        assert f"the key '{key}' is missing" in problems(**{key: None})


def test_what_is_written_comes_back_the_same():
    rng = np.random.default_rng(0)
    metadata = from_plain(tree(), SCENARIO)
    for t0, length in rng.random((50, 2)):
        exact = replace(metadata, segments=(Segment("reach", float(t0 * 1e-6), float(t0 + length)),))
        assert from_plain(json.loads(json.dumps(exact.plain())), SCENARIO) == exact
        assert from_plain(yaml.safe_load(yaml.safe_dump(exact.plain())), SCENARIO) == exact


@pytest.mark.parametrize("operator", ["P-123", "P-0417", "P-999999"])
def test_pseudonyms(operator):
    assert from_plain(tree(operator=operator)).operator == operator


@pytest.mark.parametrize(
    "operator", ["P-12", "P-1234567", "p-123", "Q-123", "P-12a", "P-123 ", "P-１２３", "张伟", 123]
)
def test_anything_else_may_be_a_name_and_is_not_repeated(operator):
    message = problems(operator=operator)
    assert "operator: has to be a pseudonym, P- and 3 to 6 digits" in message and "personal data" in message
    assert str(operator).strip() not in message.replace("P-0417", "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"centre": 12}, "centre: YAML reads this as 12, .* Write it in quotes"),
        ({"centre": "a\nb"}, "centre: has to be one line"),
        ({"cell": " x"}, "cell: .*without blanks around"),
        ({"licence": "CC-BY-4"}, "'CC-BY-4' is no SPDX licence id, nor proprietary. Did you mean CC-BY-4.0"),
        ({"licence": "cc-by-4.0"}, "is written CC-BY-4.0 in the SPDX list"),
        ({"consent": "maybe"}, "consent: 'maybe' is neither true nor false"),
        ({"consent": 1}, "consent: 1 is neither true nor false"),
        ({"devices": {"headst": "a"}}, "devices.headst: unknown key 'headst'. Did you mean headset"),
        ({"devices": {"firmware": 5.1}}, "devices.firmware: YAML reads this as 5.1"),
        ({"robot": {"serial": 19}}, "robot.serial: YAML reads this as 19"),
        ({"robot": "K4P"}, "robot: 'K4P' is not a mapping"),
        ({"calibration": {"id": "a"}}, "calibration: the key 'date' is missing"),
        ({"calibration": {"id": "a", "date": "2026-02-30"}}, "calibration.date: '2026-02-30' is no day"),
        ({"calibration": {"id": "a", "date": "2.11.2026"}}, "calibration.date: .* is no day"),
        ({"instruction": {}}, "instruction: is empty"),
        ({"instruction": {"english": "a"}}, "'english' is no language tag"),
        ({"instruction": {"zh-cn": "a"}}, "usually written zh-CN"),
        ({"instruction": {"en": 5}}, "instruction.en: YAML reads this as 5"),
        ({"segments": [{"skill": "reach", "t0": "2 s", "t1": "1 s"}]}, r"segments\[0\].t1: ends at 1 s, before .* 2 s"),
        ({"segments": [{"skill": "reach", "t0": "-1 s", "t1": "1 s"}]}, r"segments\[0\].t0: '-1 s' is too small"),
        ({"segments": [{"skill": "reach", "t0": 0, "t1": "1 s"}]}, r"segments\[0\].t0: 0 has no unit"),
        ({"segments": [{"skill": "to reach", "t0": "0 s", "t1": "1 s"}]}, "'to reach' is no single word"),
        ({"segments": [{"skill": "a", "t0": f"{t} s", "t1": "9 s"} for t in (2, 1)]}, "Put them in order"),
        ({"label": {"success": True, "reason": "drop"}}, "a success has no reason"),
        ({"label": {"success": False}}, "a failure needs its reason"),
        ({"label": {"reason": "drop"}}, "the key 'success' is missing"),
        ({"label": {"success": False, "reason": "droped"}}, "'droped' is no code .* Did you mean drop"),
        ({"label": {"success": False, "reason": "scenario.cup_dropped"}}, "Did you mean scenario.bowl_dropped"),
        ({"label": {"success": False, "reason": "replay.goal:closed"}}, "is no code"),
        ({"grade": "E"}, "grade: 'E' is not known here"),
        ({"verdict": "GOOD"}, "verdict: 'GOOD' is not known here"),
        ({"name": "a"}, "name: unknown key 'name'"),
    ],
)
def test_each_mistake_is_named(changes, message):
    assert re.search(message, problems(**changes)), problems(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"licence": "LicenseRef-shiliu"},
        {"licence": "MulanPSL-2.0"},
        {"instruction": {"zh-Hant-TW": "a", "es-419": "b", "de-1996": "c"}},
        {"label": {"success": True}},
        {"label": {"success": False, "reason": "force.object"}},
        {"label": {"success": False, "reason": "replay.goal:opened"}},
        {"segments": []},
        {"devices": {}},
    ],
)
def test_what_else_is_right(changes):
    metadata = from_plain(tree(**changes), SCENARIO)
    assert from_plain(metadata.plain(), SCENARIO) == metadata


def test_all_mistakes_at_once_each_with_its_line(tmp_path):
    path = tmp_path / "centre.yaml"
    path.write_text(WHOLE.replace("P-0417", "Li Lei").replace("grade: B", "grade: E").replace("5.10", "5.10\\n"))
    with pytest.raises(ScenarioError) as caught:
        read_metadata(path, SCENARIO)
    lines = str(caught.value).splitlines()
    assert ": 3 problems:" in lines[0]
    assert sorted(line.split(": ")[0].strip() for line in lines[1:]) == [f"{path}:{n}" for n in (1, 13, 6)]
    with pytest.raises(ScenarioError, match=r"label: belongs to one episode"):
        read_metadata(path, SCENARIO, of_many=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is missing"),
        (b"- a\n", "is not a mapping"),
        (b"operator: [", "valid YAML"),
        (b"\xff\xfe\x00", "UTF-8|valid YAML"),
        (b"operator: &a [*a]\n", "stands within what it names"),
        (b"[" * 5000, "nested deeper than 50"),
        (b"centre: " + b"9" * 5000, "more digits than any number"),
        (b"consent: true\nconsent: false\n", "twice"),
        (b"on: 1\n", "as bool"),
    ],
)
def test_what_is_no_metadata_file(tmp_path, text, message):
    path = tmp_path / "centre.yaml"
    path.write_bytes(text)
    with pytest.raises(ScenarioError, match=message):
        read_metadata(path)


def test_without_consent_nothing_is_handed_on():
    from_plain(tree()).refuse_without_consent()
    with pytest.raises(EpisodeError, match="P-0417 did not agree"):
        from_plain(tree(consent=False)).refuse_without_consent()


def of_all() -> Metadata:
    return from_plain(tree(label=None, segments=None, verdict=None))


def test_a_dataset_keeps_it_for_each_episode(tmp_path):
    episodes = [completed(of_all(), episode(success), "claw") for success in (True, False)] + [episode()]
    folder = write_lerobot(tmp_path / "set", episodes, FEATURES, 30)
    first, second, silent = read(folder)
    assert second.metadata["demonstration"] == second.episode.metadata == episodes[1].metadata
    metadata = from_plain(second.metadata["demonstration"], SCENARIO)
    assert metadata.label == model.TakeLabel(False, "scenario.bowl_dropped"), "a failure is kept, and labelled"
    assert metadata.segments == (Segment("reach", 0.0, 1 / 3),), "the times are the episode's to the bit"
    assert metadata.instruction == {
        "en": "Heat the bowl.",
        "zh": "打开。",
        "zh-CN": "用微波炉加热碗。",
        "no": "Varm opp bollen.",
    }
    assert first.cell == second.cell == "bj_mw_03" and "demonstration" not in silent.metadata
    table = pq.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pydict()
    assert table["shiliu/operator"] == ["P-0417", "P-0417", None]
    assert table["shiliu/consent"] == [True, True, None] and table["shiliu/success"] == [True, False, True]
    assert table["shiliu/failure"] == [None, "scenario.bowl_dropped", None]
    assert table["tasks"] == [["Heat the bowl."], ["Heat the bowl."], ["Open it."]]
    assert set(model.no_columns()) <= set(table)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": {"success": False, "reason": "drop"}}, "shiliu/success is False there, but True"),
        ({"cell": "other"}, "shiliu/cell is 'other' there"),
        ({"segments": [{"skill": "a", "t0": "0 s", "t1": "1.1 s"}]}, r"a ends at 1.1 s, after the episode, .* 1 s"),
        ({"operator": "Li"}, "pseudonym"),
    ],
)
def test_metadata_that_contradicts_its_episode_is_refused(tmp_path, changes, message):
    made = completed(of_all(), episode())
    made.metadata |= changes
    with DatasetWriter(tmp_path / "set", FEATURES, 30) as writer:
        with pytest.raises(EpisodeError, match=message):
            writer.add(made, {})
        writer.add(episode(), {})


def test_record_takes_a_file_for_all_episodes(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my centre.yaml"
    file.write_text(WHOLE, encoding="utf-8")
    assert main(["record", "scenario=bare", "episodes=1", "out=demos", f"metadata={file}"]) == 2
    printed = capsys.readouterr().err
    assert "my centre.yaml:11: segments: belongs to one episode" in printed and "my centre.yaml:12: label" in printed
    assert main(["record", "scenario=bare", "episodes=1", "out=demos", "metadata=none.yaml"]) == 2
    assert "no such metadata file" in capsys.readouterr().err


def test_the_page_says_what_the_model_says():
    page = (ROOT / "docs" / "metadata.md").read_text(encoding="utf-8")
    assert model.markdown() in page, "print shiliu.replay.recording.metadata.markdown() and paste it"
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert from_plain(yaml.load(example, Loader=Dateless)).operator.startswith("P-")


@pytest.mark.slow
def test_the_real_lerobot_reads_such_a_set(tmp_path):
    tool = Path(os.environ.get("LEROBOT_CHECK", ""))
    if not tool.is_file():
        pytest.skip("LEROBOT_CHECK names no lerobot-check")
    folder = write_lerobot(tmp_path / "set", [completed(of_all(), episode(s)) for s in (True, False)], FEATURES, 30)
    done = subprocess.run(["bash", tool, folder], capture_output=True, text=True, timeout=600, check=False)
    assert "lerobot reads it: 2 episodes, 60 frames" in done.stdout, done.stderr[-2000:]
