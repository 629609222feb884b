"""Commands in a cell that they were not made in: played there, judged as such, and a missed step says what was missing."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import shiliu
from reach_down import SCENARIO, judged, nearest, of, real, simulated, write_cells
from shiliu.cli import main, parse
from shiliu.replay.checks.grip import CarriedSpan, check_grip
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats.lerobot.write import DatasetWriter
from shiliu.replay.judge.context import Contexts
from shiliu.replay.judge.facts.near_copies import NEAR
from shiliu.replay.judge.place.unused_settings import asked_of, unused
from shiliu.replay.recording.recording import Stream
from shiliu.replay.repair.repairing import repaired
from shiliu.replay.report.html import render
from shiliu.replay.report.text import Words
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import ReplayError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_cells(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.all_copies
def test_commands_are_played_in_the_cell_that_the_command_names(folder):
    scene, high = shiliu.load_scenario("reach_down"), shiliu.load_scenario("reach_down", cell="high")
    recording = simulated(scene)
    assert recording.episode.label["success"] is True
    at_home = judged(recording)
    assert (at_home.verdict, at_home.claim, at_home.cell) == ("FEASIBLE", "simulation", None)
    verdict = judged(recording, high)
    assert (verdict.verdict, verdict.claim, verdict.cell, verdict.owner) == ("INFEASIBLE", "elsewhere", "high", "scene")
    assert (
        of(verdict, "reproduces").level == "NOT_APPLICABLE" and of(verdict, "reproduces").reason == "played_elsewhere"
    )
    assert verdict.provenance["scene"] == high.fingerprint[:12]
    assert verdict.provenance["made_in"] == {"scene": scene.fingerprint[:12]}
    assert verdict.provenance["cell"]["named_by"] == "command"
    goal = verdict.findings[verdict.root]
    assert goal.code == "goal" and goal.subject == ("reached",)
    assert (goal.details["nearby"]["copies"], goal.details["nearby"]["successes"]) == (20, 0)
    assert "nor in any of 20 copies near it" in Words("en").message(goal)
    (near, upright) = goal.details["nearest"]["conditions"]
    assert near["value"] == pytest.approx(nearest(high, drawing.nominal(high)), abs=1e-4)
    assert near["value"] - near["bound"] == pytest.approx(0.024, abs=0.003) and near["margin"] < 0 < upright["margin"]
    assert goal.details["elsewhere"] == {"where": "made_in", "success": True}
    assert [(d["key"], pytest.approx(d["by"])) for d in goal.details["differs"]] == [("counter.height", 0.04)]
    assert goal.t1 == goal.details["due"] == recording.episode.label["subgoals"]["reached"] and goal.t0 == 0.0
    assert goal.fix["kind"] == "remeasure" and not goal.fix["applicable"]
    copies = repaired(recording, verdict, Contexts(high).of(recording), lambda again: pytest.fail("no copy is made"))
    assert copies.reason == "played_elsewhere" and not copies.done
    for lang in ("en", "zh"):
        assert Words(lang).book["repairs"]["reasons"][copies.reason]
    assert [(s["step"], s["reached"], s["of"]) for s in goal.details["steps"]] == [("begun", 1, 1), ("reached", 0, 1)]


def test_what_succeeds_in_the_cell_is_feasible_there(folder):
    verdict = judged(simulated(shiliu.load_scenario("reach_down")), shiliu.load_scenario("reach_down", cell="same"))
    assert (verdict.verdict, verdict.claim, verdict.cell) == ("FEASIBLE", "elsewhere", "same")
    assert of(verdict, "goal").level == "PASS"


def test_the_cell_it_was_made_in_is_no_other(folder):
    high = shiliu.load_scenario("reach_down", cell="high")
    recording = simulated(high)
    verdict = judged(recording, high)
    assert (verdict.claim, verdict.cell) == ("simulation", "high") and of(verdict, "reproduces").level == "PASS"
    verdict = judged(
        recording, shiliu.load_scenario("reach_down", cell="same")
    )  # it fails where it was made, and is labelled so
    assert (verdict.claim, verdict.cell, of(verdict, "goal").level) == ("elsewhere", "same", "WARN")
    assert verdict.provenance["made_in"]["cell"] == "high"


def test_what_fails_wherever_it_is_done_stays_a_failure(folder):
    """The bowl rests on the counter with more than is allowed, in each copy: that hangs on no tape."""
    path = folder / "conf" / "scenario" / "reach_down.yaml"
    resting = "safety:\n  rest: {force: {between: [bowl, counter]}, at_most: 0.5 N, source: test}\nvariants:"
    text = SCENARIO.replace("variants:", resting).replace("replay.goal]", "replay.goal, replay.safety]")
    path.write_text(text, encoding="utf-8")
    recording = simulated(shiliu.load_scenario("reach_down"))
    verdict = judged(recording, shiliu.load_scenario("reach_down", cell="close"))
    assert (of(verdict, "goal").reason, of(verdict, "force.object").level) == (NEAR, "FAIL")
    assert (verdict.verdict, verdict.findings[verdict.root].code, verdict.owner) == ("INFEASIBLE", "force.object", "scene")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"variant": "farther"}, "made with the variant \\(none\\), .* judged with farther. Name no variant"),
        ({"base": "mobile"}, "made with the base planted, .* Name the base planted"),
        ({"overrides": ["version=2"]}, "made in version 1 of reach_down, and the cell is laid over version 2"),
    ],
)
def test_another_variant_hand_or_version_is_refused_with_the_way_to_do_it(folder, settings, message):
    recording = simulated(shiliu.load_scenario("reach_down"))
    other = shiliu.load_scenario("reach_down", cell="high", **settings)
    with pytest.raises(ReplayError, match=message):
        Contexts(other).of(recording)
    verdict = judged(recording, other)
    assert verdict.verdict is None and re.search(message, verdict.error["message"])


def test_a_cell_of_another_scenario_is_told_as_such(folder):
    recording = simulated(shiliu.load_scenario("reach_down"))
    with pytest.raises(ReplayError, match=r"the cell 'example-mw-01' is one of 'microwave'. Name no cell"):
        Contexts(shiliu.load_scenario("microwave", cell="example-mw-01")).of(recording)


def test_an_episode_of_another_scenario_is_left_open_and_says_which(folder):
    """Nothing of it is refuted: who named the scenario has to name its own, or none."""
    recording, other = simulated(shiliu.load_scenario("reach_down")), shiliu.load_scenario("microwave")
    verdict = judged(recording, other)
    assert (verdict.verdict, verdict.owner, verdict.scenario, verdict.error) == ("INCONCLUSIVE", "scene", "reach_down", None)
    root = verdict.findings[verdict.root]
    assert (root.code, root.level, root.reason) == ("reproduces", "NOT_CHECKED", "other_scenario")
    assert Words("en").message(root).endswith(": reach_down") and Words("zh").message(root).endswith("reach_down")
    assert not any(f.failed for f in verdict.findings) and verdict.stages["replay"].verdict == "NOT_CHECKED"
    broken = replace(recording, streams={k: broken_values(s) if s.role == "command" else s for k, s in recording.streams.items()})
    verdict = judged(broken, other)
    assert (verdict.verdict, verdict.findings[verdict.root].code, verdict.owner) == ("UNSOUND", "value.nonfinite", "device")


@pytest.mark.parametrize(("end", "verdict", "root"), [(0.3, "INFEASIBLE", "joint.position"), (-0.3, "INCONCLUSIVE", "reproduces")])
def test_a_joint_is_sent_beyond_its_range_in_whatever_scenario(folder, end, verdict, root):
    """The elbow of our robot goes up to 0 rad: a robot's joints go as far in one scenario as in another."""
    recording = simulated(shiliu.load_scenario("reach_down"))
    times = np.arange(60) * 50_000_000
    elbow = np.linspace(-1.0, end, 60)[:, None]
    sent = Stream("/command", "command", "joint_position", "rad", ("zarm_l4_joint",), elbow, capture_ns=times)
    found = judged(replace(recording, streams={"/command": sent}), shiliu.load_scenario("microwave"))
    assert (found.verdict, found.findings[found.root].code) == (verdict, root)


def broken_values(stream):
    values = stream.values.copy()
    values[3:6] = float("nan")
    return replace(stream, values=values)


# -- a real robot's recording ------------------------------------------------------------------------------------------
def test_a_real_recording_that_only_misses_in_its_cell_is_for_who_surveys(folder):
    scene = shiliu.load_scenario("reach_down")
    verdict = judged(real(scene, scenario="reach_down", cell="high"))
    goal = verdict.findings[verdict.root]
    assert (verdict.verdict, goal.code, verdict.owner, verdict.claim) == ("INFEASIBLE", "goal", "scene", "robot")
    assert goal.details["elsewhere"] == {"where": "as_drawn", "success": True} and goal.details["starts"] == 4
    assert [(s["reached"], s["of"]) for s in goal.details["steps"]] == [(4, 4), (0, 4)]
    assert goal.details["nearest"]["conditions"][0]["value"] == pytest.approx(0.279, abs=0.003)
    assert goal.t1 == pytest.approx(1.5, abs=0.2)
    for lang, words in (
        ("en", ("Survey the cell high again", "counter.height 0.84 m, drawn 0.8 m")),
        ("zh", ("重新测量工位 high", "counter.height 为 0.84 m")),
    ):
        page = render([verdict], Words(lang), "")
        assert all(word in page for word in words)


def test_what_misses_on_the_drawing_too_stays_with_the_operator(folder):
    scene = shiliu.load_scenario("reach_down")
    path = folder / "conf" / "scenario" / "reach_down.yaml"
    path.write_text(SCENARIO.replace("255 mm", "200 mm"), encoding="utf-8")
    verdict = judged(real(scene, scenario="reach_down", cell="high"))
    goal = verdict.findings[verdict.root]
    assert goal.details["elsewhere"] == {"where": "as_drawn", "success": False} and verdict.owner == "operator"
    assert goal.t0 is None and goal.fix["kind"] == "finish"
    assert "nor" in Words("en").message(goal) or "either" in Words("en").message(goal)


# -- what is said of what was used ---------------------------------------------------------------------------------------
def written(folder, name, scene, recordings):
    features = scene.schema.lerobot_features()
    with DatasetWriter(folder / name, features, round(1 / scene.control_timestep), scene.robot.name, {}) as writer:
        for one in recordings:
            writer.add(one.episode, one.episode.states)


def test_no_header_names_what_was_not_used(folder, capsys):
    scene, high = shiliu.load_scenario("reach_down"), shiliu.load_scenario("reach_down", cell="high")
    written(folder, "demos", scene, [simulated(scene)])
    assert main(["replay", "data=demos", "out=v1", "cell=high", "threads=1", "pictures=false"]) == 1
    printed = capsys.readouterr().out
    assert "judged in: reach_down v1, cell high (surveyed 2026-11-02)" in printed and "settings" not in printed
    page = (folder / "v1" / "report.html").read_text(encoding="utf-8")
    assert "cell high (surveyed 2026-11-02)" in page and "played in a cell" in page
    line = json.loads((folder / "v1" / "verdicts.jsonl").read_text(encoding="utf-8"))
    assert (line["cell"], line["claim"], line["verdict"]) == ("high", "elsewhere", "INFEASIBLE")
    assert main(["replay", "data=demos", "out=v2", "base=mobile", "retarget=default", "scenario=reach_down",
                 'scenario.parts.counter.height=900 mm', "threads=1", "pictures=false"]) == 0  # fmt: skip
    printed = " ".join(capsys.readouterr().out.split())
    assert "judged in: reach_down v1, thresholds" in printed and "cell" not in printed
    assert "not judged by: base=mobile (1), retarget=default (1), scenario.parts.counter.height=900 mm (1)" in printed
    assert "not judged by: base=mobile" in (folder / "v2" / "report.html").read_text(encoding="utf-8")
    (folder / "both").mkdir()
    written(folder, "both/plain", scene, [simulated(scene)])
    written(folder, "both/there", high, [simulated(high)])
    assert main(["replay", "data=both", "out=v3", "threads=1", "pictures=false"]) == 0
    assert "judged in: reach_down v1, cell high (surveyed 2026-11-02) (1), none (1)" in capsys.readouterr().out
    cells = [
        json.loads(line)["cell"] for line in (folder / "v3" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert cells == [None, "high"]


def test_settings_that_made_no_difference_are_known(folder):
    scene = shiliu.load_scenario("reach_down")
    own, robot = simulated(scene), real(scene, scenario="reach_down")
    words = ["cell=high", "variant=null", "hand=claw", "base=planted", "robot=kuafu", "retarget=default", "out=x"]
    asked = asked_of(words)
    assert asked == words[:-1]
    high = shiliu.load_scenario("reach_down", cell="high")
    assert unused(asked, own, Contexts(high).of(own)) == ["retarget=default"]
    assert unused(asked, robot, Contexts(high).of(robot)) == ["retarget=default"]
    assert unused(asked, own, Contexts().of(own)) == ["cell=high", "retarget=default"]
    assert unused(["robot=franka_panda", "model=x.xml", "hand=dexterous"], own, Contexts().of(own)) == [
        "robot=franka_panda",
        "model=x.xml",
        "hand=dexterous",
    ]
    assert unused(["scenario=microwave"], robot, Contexts().of(robot)) == ["scenario=microwave"]
    assert unused(["link=4g"], robot, Contexts(link="4g").of(robot)) == [], "whoever names its scene, it is played over this link"
    assert unused(["scenario.version=2"], robot, Contexts(scene).of(robot)) == []


def test_a_long_recording_is_not_called_too_short():
    rules = load_rules()
    (finding,) = check_grip([], [CarriedSpan("bowl", "left_claw", 3, 20)], rules)
    assert finding.reason == "carried_briefly"
    for lang in ("en", "zh"):
        assert Words(lang).reason(finding.reason) not in (finding.reason, Words(lang).reason("too_short"))


def test_the_command_line_is_read():
    assert parse(["replay", "data=x", "cell=high"]).overrides == ["data='x'", "cell=high"]
