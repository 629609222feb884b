"""A cell: surveyed values stand for the nominal ones, and a recording is judged where it was made."""

import json

import gymnasium
import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.judge.context import Contexts
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.metadata import add_metadata, read_session
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.report.used import shown_cell
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.reading.cell import cell_of_config, list_cells
from shiliu.scenarios.reading.config import nominal_values
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

CELL = """\
centre: here
scenario: microwave
surveyed: {{date: 2026-11-02, by: P-0417, with: steel tape}}
overlay:
  parts:
    counter: {{height: {height}}}
    oven: {{at: {{x: {{is: 245 mm, within: 3 mm}}}}, latch_force: 31 N}}
    food: {{mass: 0.15 kg}}
"""
QUICK = ["judge.required=[integrity,kinematics]", "judge.if_unknown.starts=1"]
HOME, LOW, LOWER = -2.4, -1.97, -1.8  # rad at the right elbow: the claw 88 mm above, 31 mm above, 28 mm below 870 mm


@pytest.fixture
def cells(tmp_path, monkeypatch):
    """A designer's folder with two cells of the microwave, in which the test stands."""
    folder = tmp_path / "conf" / "cell"
    folder.mkdir(parents=True)
    (folder / "high.yaml").write_text(CELL.format(height="910 mm"), encoding="utf-8")
    (folder / "low.yaml").write_text(CELL.format(height="{is: 820 mm, within: 2 mm}"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return folder


def reaching(scene, down, cell=None, scenario="microwave"):
    """A real robot's commands: the right forearm goes down towards the counter and comes back, within 2 s."""
    t = np.arange(200) / 100.0
    q = np.tile(scene.start_qpos(scene.model)[scene.joint_index], (len(t), 1))
    elbow = scene.robot.joint_names.index("zarm_r4_joint")
    q[:, elbow] = HOME + (down - HOME) * (1 - np.cos(2 * np.pi * t / t[-1])) / 2
    ns = np.rint(t * 1e9).astype(np.int64)
    stream = Stream("/command", "command", "joint_position", "rad", scene.robot.joint_names, q, capture_ns=ns)
    return Recording("take", "take.bag", "0" * 64, "robot", {"/command": stream}, scenario=scenario, cell=cell)


def judged(recording, scene, **settings):
    return judge([recording], scene, threads=1, **settings)[0]


def codes(verdict):
    return [f.code for f in verdict.findings if f.failed]


def test_measured_values_stand_for_the_nominal_ones_and_are_varied_no_more(cells, scene):
    low = shiliu.load_scenario("microwave", cell="low")
    values, nominal = nominal_values(low.config), nominal_values(scene.config)
    changed = {key: value for key, value in values.items() if value != nominal[key]}
    assert changed == pytest.approx(
        {"counter.height": 0.82, "oven.at.x": 0.245, "oven.latch_force": 31.0, "food.mass": 0.15}
    )
    varied = {v.key: (v.low, v.high) for v in low.config.variation}
    assert "oven.latch_force" not in varied and "food.mass" not in varied
    assert varied["oven.at.x"] == pytest.approx((-0.003, 0.003)), "what the survey leaves open is varied by so much"
    assert varied["counter.height"] == pytest.approx((-0.002, 0.002))
    assert varied["oven.at.y"] == pytest.approx((-0.08, 0.08)), "what nobody measured is varied as the scenario says"
    assert low.config.vary_unknown == ("bowl.at", "oven.at"), "a weighed meal is no unknown"
    assert scene.config.vary_unknown == ("bowl.at", "oven.at", "food.mass"), "the scenario itself stays as it was"
    assert low.config.cell.surveyed == "2026-11-02" and low.fingerprint != scene.fingerprint


def test_environments_stand_in_a_cell(cells):
    env = gymnasium.make("shiliu/Microwave-v1", cell="high")
    _, info = env.reset(seed=0)
    assert info["draw"]["counter.height"] == pytest.approx(0.91)
    many = gymnasium.make_vec("shiliu/Microwave-v1", num_envs=2, cell="high", threads=1)
    assert many.unwrapped.scene.fingerprint == env.unwrapped.scene.fingerprint
    assert sorted(list_cells())[-2:] == ["high", "low"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("height:", "heigt:", r"bad.yaml:6: scenario.parts.counter.heigt: unknown key 'heigt'. Did you mean height"),
        ("oven:", "ovn:", r"bad.yaml:7: .*'ovn' is no part of this scenario, and a cell adds none. Did you mean oven"),
        ("910 mm", "910", r"bad.yaml:6: cell.overlay.parts.counter.height: 910 has no unit"),
        ("910 mm", "30 N", r"bad.yaml:6: scenario.parts.counter.height: .*unit of force, not of length"),
        ("within: 3 mm", "within: -3 mm", r"bad.yaml:7: .*no tolerance"),
        ("within: 3 mm", "give: 3 mm", r"bad.yaml:7: .*unknown key 'give'"),
        ("2026-11-02", "2026-11-32", r"bad.yaml:3: cell.surveyed.date: '2026-11-32' is no day"),
        (", by: P-0417", "", r"bad.yaml:3: .*'by' is missing"),
        ("scenario: microwave", "scenario: bare", r"bad.yaml:2: .*is a 'bare', not a 'microwave'"),
        ("{height: 910 mm}", "{part: fixtures/room}", r"bad.yaml:6: .*'part' is no measure"),
        ("  parts:", "  goal: {opened: null}\n  parts:", r"bad.yaml:5: .*unknown key 'goal'"),
    ],
)
def test_a_wrong_cell_is_told_by_its_line(cells, old, new, message):
    text = CELL.format(height="910 mm")
    assert old in text
    (cells / "bad.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        shiliu.load_scenario("microwave", cell="bad")


def test_an_unknown_cell_and_a_value_that_is_set_twice_are_refused(cells):
    with pytest.raises(ScenarioError, match=r"no cell 'hihg'. Did you mean high"):
        shiliu.load_scenario("microwave", cell="hihg")
    with pytest.raises(ScenarioError, match=r"high.yaml:6: .*measured this, and the command line"):
        shiliu.load_scenario("microwave", ['parts.counter.height="900 mm"'], cell="high")
    scene = shiliu.load_scenario("microwave", ['cell.overlay.parts.counter.height="900 mm"'], cell="high")
    assert nominal_values(scene.config)["counter.height"] == pytest.approx(0.9)


def test_a_robot_that_stands_off_its_mark(cells):
    overlay = "overlay:\n  robot: {stands_at: {x: -30 mm}}\n"
    (cells / "off.yaml").write_text(CELL.format(height="910 mm").replace("overlay:\n", overlay), encoding="utf-8")
    assert shiliu.load_scenario("microwave", cell="off").config.stands_at == pytest.approx((-0.03, 0.0, 0.0))


def test_feasible_as_the_sheet_says_and_infeasible_in_its_own_cell(cells):
    """A counter 40 mm higher than the sheet's: the hand would go through it."""
    scene = shiliu.load_scenario("microwave", QUICK)
    assert judged(reaching(scene, LOW), scene).verdict == "FEASIBLE"
    verdict = judged(reaching(scene, LOW, cell="high"), scene)
    assert verdict.verdict == "INFEASIBLE" and verdict.findings[verdict.root].code == "collision.scene"
    assert verdict.findings[verdict.root].value == pytest.approx(0.040 - 0.031, abs=0.002)
    assert verdict.cell == "high"
    assert verdict.provenance["cell"] == verdict.provenance["cell"] | {
        "id": "high", "surveyed": "2026-11-02", "by": "P-0417", "named_by": "recording",
    }  # fmt: skip


def test_infeasible_as_the_sheet_says_and_feasible_in_its_own_cell(cells):
    scene = shiliu.load_scenario("microwave", QUICK)
    verdict = judged(reaching(scene, LOWER), scene)
    assert verdict.verdict == "INFEASIBLE" and verdict.findings[verdict.root].code == "collision.scene"
    assert judged(reaching(scene, LOWER, cell="low"), scene).verdict == "FEASIBLE"


def test_a_cell_that_nobody_surveyed_is_judged_as_the_sheet_says_and_told(cells):
    scene = shiliu.load_scenario("microwave", QUICK)
    verdict = judged(reaching(scene, LOW, cell="elsewhere"), scene)
    assert verdict.verdict == "FEASIBLE" and verdict.cell is None, "what it was not judged in is not its cell"
    assert verdict.provenance["cell"] == {"id": "elsewhere", "surveyed": None, "named_by": "recording"}
    assert "judged in the nominal scene" in " ".join(verdict.provenance["notes"])
    (warned,) = [f for f in verdict.findings if f.code == "cell.unknown"]
    assert warned.level == "WARN" and warned.subject == ("elsewhere",)
    assert judged(reaching(scene, LOW, cell="elsewhere"), scene, strict=True).stages["replay"].verdict == "INFEASIBLE"


def test_a_new_cell_that_nobody_measured_yet_claims_no_survey(cells, capsys):
    assert main(["new", "cell", "planned", "scenario=microwave"]) == 0
    assert main(["check", "cell=planned", "draws=1"]) == 0 and main(["list", "cells"]) == 0
    out = capsys.readouterr().out
    assert "microwave v5 in planned (not measured yet): sound" in out and out.count("not measured yet") == 2
    scene = shiliu.load_scenario("microwave", QUICK, cell="planned")
    verdict = judged(reaching(scene, LOW, cell="planned"), scene)
    assert (verdict.cell, verdict.provenance["cell"]["surveyed"]) == ("planned", None)
    assert [f.subject for f in verdict.findings if f.code == "cell.unknown"] == [("planned",)]
    for lang, shown in (("en", "planned (not measured yet)"), ("zh", "planned（尚未测量）")):
        assert shown_cell(verdict, Words(lang)) == shown
    high = shiliu.load_scenario("microwave", QUICK, cell="high")
    assert not [f for f in judged(reaching(high, LOW, cell="high"), high).findings if f.code == "cell.unknown"]


def test_the_command_goes_before_the_recording_and_says_so(cells):
    scene = shiliu.load_scenario("microwave", QUICK, cell="high")
    verdict = judged(reaching(scene, LOW, cell="low"), scene)
    assert (verdict.verdict, verdict.cell) == ("INFEASIBLE", "high")
    assert verdict.provenance["cell"]["named_by"] == "command"
    assert "names the cell low, the command high" in " ".join(verdict.provenance["notes"])
    assert not any("command" in n for n in judged(reaching(scene, LOW, cell="high"), scene).provenance["notes"])


def test_a_cell_names_its_scenario(cells, bare):
    recording = reaching(bare, LOW, cell="high", scenario=None)
    context = Contexts().of(recording)
    assert (context.scene.name, context.scene.config.cell.id, context.named) == ("microwave", "high", "recording")
    assert Contexts().of(reaching(bare, LOW, cell="elsewhere", scenario=None)).scene.name == "bare"
    assert Contexts().of(reaching(bare, LOW, cell="high", scenario="bare")).scene.config.cell is None


def test_an_episode_of_the_simulation_is_judged_where_it_was_made(cells):
    scene = shiliu.load_scenario("microwave", cell="high")
    draw = drawing.draw(scene, 0)
    actions = np.tile(scene.ready_ctrl, (40, 1)).astype(np.float32)
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, 40)], 1))
    episode = episode_of(scene, played, 0)
    assert episode.cell == "high" and cell_of_config(episode.config["cell"]) == scene.config.cell
    (cells / "high.yaml").unlink()  # the episode does not depend on the file
    (verdict,) = judge([as_recording("take", episode, scene)], threads=1)
    assert (verdict.verdict, verdict.cell) == ("FEASIBLE", "high")
    assert next(f for f in verdict.findings if f.code == "reproduces").level == "PASS"
    other = shiliu.load_scenario("microwave", cell="low")
    (verdict,) = judge([as_recording("take", episode, scene)], other, threads=1)
    assert (verdict.cell, verdict.claim) == ("low", "elsewhere")
    assert "made in the cell high: its commands are played in the cell low" in " ".join(verdict.provenance["notes"])
    assert cell_of_config({"id": 3}) is None and cell_of_config(None) is None


def test_what_the_centre_says_reaches_an_imported_recording(cells, tmp_path, bare):
    file = tmp_path / "session.yaml"
    file.write_text(
        "operator: P-0417\ncentre: here\nlicence: CC-BY-4.0\nconsent: true\ncell: high\nlabel: {success: true}\n",
        encoding="utf-8",
    )
    recording = reaching(bare, LOW)
    add_metadata(recording, read_session(str(file), None, many=False), None)
    assert recording.cell == "high" and recording.metadata["label"]["success"] is True
    other = reaching(bare, LOW, cell="low")
    add_metadata(other, None, "high")
    assert other.cell == "high" and "it names the cell low" in other.notes[-1]
    with pytest.raises(EpisodeError, match="'high', and the command says 'low'"):
        read_session(str(file), "low", many=False)
    with pytest.raises(ScenarioError, match="belongs to one episode"):
        read_session(str(file), None, many=True)


def test_by_command(cells, capsys):
    assert main(["list", "cells", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)["cells"]}
    assert listed["high"] == {
        "name": "high", "scenario": "microwave", "centre": "here", "surveyed": "surveyed 2026-11-02",
    }  # fmt: skip
    assert main(["check", "cell=high", "draws=1"]) == 0
    assert "microwave v5 in high (surveyed 2026-11-02): sound" in capsys.readouterr().out
    assert main(["check", "scenario=bare", "cell=high"]) == 2
    assert "is a 'microwave', not a 'bare'" in capsys.readouterr().err
    assert main(["import", "data=x.bag", "out=set", "cell=hgh"]) == 2
    assert "no cell 'hgh'. Did you mean high" in capsys.readouterr().err
