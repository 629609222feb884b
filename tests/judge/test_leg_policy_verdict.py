"""The second question, asked of legs that a user's policy moves; and episodes that were made on such legs."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shiliu
import yaml
from leg_policies import STANCE, affine, sheet_of, written
from shiliu.cli import main
from shiliu.replay.drift.corpus import ToKeep, keep
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.report.story import Story
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of, resolved
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.legs.policy_file import load_policy
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

STILL = np.zeros((46, 12))
FALLS = np.zeros(12)
FALLS[[4, 10]] = 1.0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    return {name: written(folder, STILL, offset, name) for name, offset in (("stands", np.zeros(12)), ("falls", FALLS))}


def take(scene, seconds=1.5):
    actions = np.tile(scene.ready_ctrl, (round(seconds / scene.control_timestep), 1)).astype(np.float32)
    (played,) = play(scene, [Take(nominal(scene), actions)], keep=[checkpoints_of(scene, len(actions))], threads=1)
    return as_recording("take", episode_of(scene, played, 0), scene)


@pytest.fixture(scope="module")
def planted():
    return take(shiliu.load_scenario("bare"))


@pytest.fixture(scope="module")
def made(files):
    return take(shiliu.load_scenario("bare", base="legs", legs=files["stands"]))


def found_in(verdict):
    return {finding.code: finding for finding in verdict.findings}


def test_the_second_question_names_the_policy_and_leaves_the_verdict(planted, files):
    plain = shiliu.judge([planted], threads=1)[0]
    for name, fell in (("stands", False), ("falls", True)):
        (verdict,) = shiliu.judge([planted], legs=files[name], threads=1)
        found, policy = found_in(verdict), load_policy(files[name], "kuafu")
        assert (verdict.verdict, verdict.root) == (plain.verdict, plain.root) == ("FEASIBLE", None)
        assert found["legs.fell"].level == ("FAIL" if fell else "PASS")
        details = found["legs.fell"].details
        assert details["controller"] == policy.controller and details["policy"] == policy.named
        assert details["policy"]["sha256"] == policy.sha256 and details["policy"]["sheet"] == f"{name}.yaml"
        assert "gains" not in details  # its sheet says them: no others are tried


def test_what_the_motors_did_not_give_is_told(planted, files):
    found = found_in(shiliu.judge([planted], legs=str(files["falls"]), threads=1)[0])["legs.torque"]
    assert found.details["cut_each"].keys() <= set(found.details["each"])
    assert found.details["cut"] == max(found.details["cut_each"].values())
    assert 60.0 - 27.0 < found.details["cut"] <= 65.0 - 27.0 and 0.0 < found.details["cut_share"] <= 1.0
    gentle = found_in(shiliu.judge([planted], legs=files["stands"], threads=1)[0])["legs.torque"]
    assert "cut" not in gentle.details or gentle.details["cut_share"] < 0.2


def test_an_episode_keeps_all_but_the_weights(made, files):
    kept = made.episode.config["legs"]
    policy = load_policy(files["stands"], "kuafu")
    assert (kept["file"], kept["sha256"], kept["sheet_file"]) == ("stands.onnx", policy.sha256, "stands.yaml")
    assert kept["sheet"]["defaultJointState"]["leg_l5_joint"] == STANCE[4]
    assert kept.keys() == {"file", "sha256", "sheet_file", "sheet"} and len(json.dumps(kept)) < 10_000
    assert "legs" not in resolved(shiliu.load_scenario("bare", base="legs"))


def test_an_episode_replays_to_the_bit_with_its_file(made, files, tmp_path):
    shiliu.record([made], tmp_path / "set")
    (read,) = shiliu.read(tmp_path / "set")
    (verdict,) = shiliu.judge([read], legs=files["stands"], threads=1)
    found = found_in(verdict)
    assert verdict.error is None and verdict.verdict == "FEASIBLE"
    assert found["legs.fell"].details["made"] and found["legs.fell"].details["policy"]["file"] == "stands.onnx"
    assert found["reproduces"].level == "PASS"
    assert verdict.provenance["legs"].startswith("stands.onnx sha256 ")


def test_an_episode_without_its_file_asks_for_it(made, files):
    sha256 = made.episode.config["legs"]["sha256"]
    (verdict,) = shiliu.judge([made], threads=1)
    assert verdict.verdict is None and f"made on legs that stands.onnx moved (sha256 {sha256})" in verdict.error["message"]
    assert "Give that file: legs=stands.onnx." in verdict.error["message"]
    (verdict,) = shiliu.judge([made], legs=files["falls"], threads=1)
    other = load_policy(files["falls"], "kuafu").sha256
    assert verdict.verdict is None and f"and falls.onnx has the sha256 {other}" in verdict.error["message"]


def test_a_sheet_that_was_changed_since_is_not_the_episodes(made, files, tmp_path):
    """The weights are the user's, the sheet is the episode's own."""
    file = written(tmp_path, STILL, np.zeros(12), "stands", actionScale=0.5)
    assert load_policy(file, "kuafu").sha256 == made.episode.config["legs"]["sha256"]
    (verdict,) = shiliu.judge([made], legs=file, threads=1)
    assert verdict.error is None and verdict.verdict == "FEASIBLE"
    assert found_in(verdict)["legs.fell"].details["policy"]["sheet_sha256"] == load_policy(files["stands"], "kuafu").sheet_sha256


def test_a_sheet_that_an_episode_keeps_is_read_as_any(made, files):
    config = {**made.episode.config, "legs": {**made.episode.config["legs"], "sheet": {"joints": ["leg_l1_joint"]}}}
    made_ill = as_recording("ill", replace(made.episode, config=config), shiliu.load_scenario("bare", base="legs"))
    (verdict,) = shiliu.judge([made_ill], legs=files["stands"], threads=1)
    assert verdict.verdict is None and "The sheet of the policy that the episode keeps: " in verdict.error["message"]


@pytest.mark.parametrize("kept", [3, {"file": "stands.onnx"}, {"sheet": [1]}])
def test_what_an_episode_keeps_and_is_no_policy_is_named_by_its_place(made, files, kept):
    config = {**made.episode.config, "legs": kept}
    made_ill = as_recording("ill", replace(made.episode, config=config), shiliu.load_scenario("bare", base="legs"))
    (verdict,) = shiliu.judge([made_ill], legs=files["stands"], threads=1)
    assert verdict.verdict is None and "config.legs.sheet: " in verdict.error["message"]
    assert "is not a mapping with the keys inferenceFrequency, joints," in verdict.error["message"]


def test_a_corpus_keeps_no_episode_that_a_policy_moved(made, tmp_path):
    """What plays it is not kept, so nothing could compare it later; the command that can judge it is named."""
    with pytest.raises(EpisodeError, match=r"stands\.onnx moved, .* Judge it by shiliu replay legs=stands\.onnx"):
        keep(ToKeep("take", 0, made.episode, 0), tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_scene_without_its_file_is_looked_at_and_does_not_move(made):
    from shiliu.replay.judge.place.kept_scene import scene_of_config
    from shiliu.scenarios.stepping.simulation import Simulation

    scene = scene_of_config(made.episode.config)
    assert scene.fingerprint == made.episode.fingerprint
    with pytest.raises(ScenarioError, match=r"made on legs that stands.onnx moved .* legs=stands.onnx"):
        Simulation(scene)


def test_in_both_languages_the_answer_names_the_policy(planted, files):
    (verdict,) = shiliu.judge([planted], legs=files["falls"], threads=1)
    policy, torque = load_policy(files["falls"], "kuafu"), found_in(verdict)["legs.torque"]
    assert policy.controller in Story(verdict, Words("en")).on_legs
    cut = f"{torque.details['cut']:.3g} Nm"
    assert f"the policy asked for {cut} more than a motor's peak ({policy.controller})" in Words("en").message(torque)
    assert f"策略要求的力矩超出电机峰值 {cut}（{policy.controller}）" in Words("zh").message(torque)


@pytest.fixture(scope="module")
def silent(files):
    """Nought while no joint turns one way, and no number else."""
    golden = [{"observation": [0.0] * 46, "action": [0.0] * 12}]
    matrix = np.zeros((46, 12))
    matrix[22:34] = -np.eye(12)
    file = files["stands"].with_name("silent.onnx")
    file.write_bytes(affine(matrix, np.zeros(12), ("Sqrt", "Floor")))
    file.with_suffix(".yaml").write_text(yaml.safe_dump(sheet_of(STILL, np.zeros(12), golden=golden)))
    return file


def test_legs_whose_policy_gives_no_number_are_not_known_to_stand(planted, silent, files):
    """The motors go on as they did, and so the robot stands here; what a real one does then is known of nobody."""
    (verdict,) = shiliu.judge([planted], legs=silent, threads=1)
    found = found_in(verdict)["legs.fell"]
    assert (found.level, found.reason) == ("NOT_CHECKED", "unanswered")
    assert found.details["unanswered"] > 10 and 0.0 <= found.details["since"] < 0.2 and found.t0 == found.details["since"]
    assert verdict.verdict == "FEASIBLE" and verdict.stages["legs"].verdict != "FEASIBLE"
    assert "answered with numbers that are not finite" in Story(verdict, Words("en")).on_legs
    assert "策略输出了非有限数" in Story(verdict, Words("zh")).on_legs
    plain = found_in(shiliu.judge([planted], legs=files["stands"], threads=1)[0])["legs.fell"]
    assert plain.level == "PASS" and "unanswered" not in plain.details


def test_an_episode_on_legs_whose_policy_gives_no_number_is_not_feasible(silent):
    (verdict,) = shiliu.judge([take(shiliu.load_scenario("bare", base="legs", legs=silent))], legs=silent, threads=1)
    assert found_in(verdict)["legs.fell"].reason == "unanswered"
    assert verdict.verdict == "INCONCLUSIVE"


@pytest.mark.parametrize("legs", [False, True])
def test_commands_of_a_scene_with_a_policy_are_played_by_it_whether_legs_are_asked_or_not(files, legs):
    scene = shiliu.load_scenario("bare", base="legs", legs=files["stands"])
    verdict = shiliu.judge_commands(scene, np.tile(scene.ready_ctrl, (15, 1)), legs=legs)
    assert verdict.verdict == "FEASIBLE" and found_in(verdict)["legs.fell"].details["policy"]["file"] == "stands.onnx"


def test_episodes_of_another_policy_are_not_added_to_a_set(made, files, tmp_path, capsys):
    """`legs=` names one file: nobody could judge a set of two at once."""
    scene = shiliu.load_scenario("bare", base="legs", legs=files["stands"])
    write_lerobot(tmp_path / "set", [made.episode], scene.schema.lerobot_features(()), round(1.0 / scene.control_timestep))
    before = {path: path.read_bytes() for path in sorted((tmp_path / "set").rglob("*")) if path.is_file()}
    words = ["record", "scenario=bare", "base=legs", f"out={tmp_path / 'set'}", "episodes=1", "seed=7", "append=true"]
    for name, answer in (("falls", "were moved by another policy, stands.onnx"), ("stands", "no skills to perform")):
        assert main([*words, f"legs={files[name]}"]) == 2 and answer in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in sorted((tmp_path / "set").rglob("*")) if path.is_file()}
