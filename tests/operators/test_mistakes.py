"""Every failure mode by a demonstration that brings it: environment, operator and judge call it by one and the same code."""

import copy
import dataclasses
import json
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shiliu
import yaml
from completeness import excused, unperformed
from demo import SEEDS
from shiliu.cli import main
from shiliu.envs.single import ShiliuEnv
from shiliu.replay.judge.judge import judge
from shiliu.replay.operator.mistakes import code_of, codes_of, read_mistakes
from shiliu.replay.operator.operator import perform
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.scenarios.catalog.catalog import list_scenarios
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.own_files import read_own
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.stepping.simulation import Simulation

SEED = SEEDS[0]
ROOT = Path(__file__).resolve().parents[2]
# what the default suite performs, of the shortest scenario: it undoes what was reached. One is recorded and replayed below, and
# `test_face.py` performs another
QUICKLY = {"table_setting": ("put_back",)}

# of each scenario one mistake that undoes a step that was reached
UNDO = {
    "bedside_care": "button_taken_away",
    "car_assembly": "tray_pushed_on",
    "coil_separation": "raised_again",
    "cooking": "turned_on_again",
    "drink_assist": "bottle_taken_again",
    "laundry_folding": "unfolded",
    "material_handling": "taken_again",
    "medication_serving": "opened_again",
    "microwave": "taken_out_again",
    "package_packing": "soap_taken_out",
    "parcel_sorting": "taken_out_again",
    "remote_inspection": "opened_again",
    "room_delivery": "card_taken_out",
    "room_organization": "shirt_taken_again",
    "shelf_restocking": "drink_taken_again",
    "table_setting": "put_back",
    "table_wiping": "mug_taken_again",
}


@lru_cache
def scenarios_with_mistakes():
    sheets = {name: read_own(file) for name, file in list_scenarios().items()}
    return {name: list(sheet["mistakes"]) for name, sheet in sheets.items() if sheet.get("mistakes")}


@lru_cache
def loaded(scenario):
    return shiliu.load_scenario(scenario)


MISTAKES = [
    pytest.param(scenario, name, marks=() if name in QUICKLY.get(scenario, ()) else pytest.mark.slow)
    for scenario, names in scenarios_with_mistakes().items()
    for name in names
]


@pytest.mark.parametrize(("scenario", "name"), MISTAKES)
def test_operator_environment_and_judge_name_the_same_code(scenario, name):
    scene = loaded(scenario)
    mistake = read_mistakes(scene)[name]
    seed = SEED if mistake.seed is None else mistake.seed
    (done,) = perform(scene, [mistake.draw(scene, seed)], [seed], mistakes=[mistake])
    assert done.provenance["mistake"] == name
    if done.unsafe:  # a broken force limit ends nothing; it may be all that is wrong
        assert done.unsafe[0] == mistake.code
    else:
        assert done.failure == mistake.code and not done.success
    assert told_by_environment(scene, done, mistake) == mistake.code
    episode = episode_of(scene, done)
    episode.label["success"] = True  # the judge has to find out by itself
    (verdict,) = judge([as_recording(name, episode, scene)], scene)
    assert verdict.verdict == "INFEASIBLE"
    assert next(f for f in verdict.findings if f.code == "reproduces").level == "PASS"
    failed = {i: code_of(f) for i, f in enumerate(verdict.findings) if f.failed and code_of(f) in codes_of(scene)}
    causes = [verdict.findings[i] for i in failed if verdict.findings[i].because_of not in failed]
    first = min(causes, key=lambda f: f.t0)
    assert code_of(first) == mistake.code, [(code, verdict.findings[i].t0) for i, code in failed.items()]
    assert name != UNDO.get(scenario) or (first.details["undone"], first.t0) in done.label["undone"].items()


@pytest.mark.slow  # that the first cause is the mistake's is asked of the table's above
@pytest.mark.parametrize(("name", "seed"), [("oven_pushed", 503), ("spilt", 502)])
def test_who_makes_a_mistake_makes_no_other_before_it(name, seed):
    """On these seeds a finger slipped off its key onto the housing, and a hand went home through the trunk."""
    scene = loaded("microwave")
    (done,) = perform(scene, [drawing.draw(scene, seed)], [seed], mistakes=[read_mistakes(scene)[name]])
    episode = episode_of(scene, done)
    episode.label["success"] = True
    (verdict,) = judge([as_recording(name, episode, scene)], scene)
    assert verdict.root is not None and verdict.findings[verdict.root].code == f"scenario.{name}"
    assert not [f.code for f in verdict.findings if f.failed and f.code.startswith("collision.")]


def told_by_environment(scene, done, mistake):
    """The first thing that the environment calls wrong when it is given the same actions."""
    env = ShiliuEnv(scene, reward="sparse")
    env.reset(options={"values": dict(done.draw.values)})
    for action in done.actions:
        _, _, terminated, truncated, info = env.step(action)
        if info["unsafe"]:
            return info["unsafe"][0]
        if terminated or truncated:
            return info["failure"]
    return None


@pytest.mark.parametrize("scenario", scenarios_with_mistakes())
def test_every_failure_mode_has_its_mistake(scenario):
    """Or it is excused, with the reason; there are failure modes with and without."""
    sheet = read_own(list_scenarios()[scenario])
    assert set(unperformed(sheet)) == set(excused(scenario))
    assert len(unperformed(sheet)) < len(sheet["never"])


def test_each_scenario_has_a_mistake_that_undoes_its_work():
    """What is undone, and since when, is asserted where each is performed."""
    assert set(UNDO) == set(scenarios_with_mistakes())
    assert all(name in scenarios_with_mistakes()[scenario] for scenario, name in UNDO.items())


@pytest.mark.parametrize(("degrees", "failure"), [(14.0, None), (16.0, "scenario.bowl_tipped")])
def test_a_loaded_bowl_must_not_tip(degrees, failure):
    """Shown on made readings, as no skill reaches the bowl once it stands in the oven."""
    scene = loaded("microwave")
    simulation = Simulation(scene, 1)
    readings, course = simulation.begin([drawing.nominal(scene)]), scene.course
    up = readings.layout.slices["body_up(bowl/bowl_150)"]
    tilt = np.radians(degrees)
    readings.value[0, up] = np.sin(tilt), 0.0, np.cos(tilt)
    before = course.begin(1)
    assert course.failure(course.advance(before, readings)) is None  # it counts from the loading on
    before.reached[0, : course.index("loaded") + 1] = 0.0
    before.done[0] = course.index("loaded") + 1
    assert course.failure(course.advance(before, readings)) == failure


# -- the words of the YAML ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mistakes():
    scene = shiliu.load_scenario("microwave")

    def read(text, skills=None):
        """The mistakes of the microwave with this section, and perhaps with other skills."""
        problems = Problems()
        chain = scene.config.skills.value if skills is None else yaml.safe_load(skills)
        changed = copy.copy(scene)
        changed.config = dataclasses.replace(
            scene.config,
            problems=problems,
            mistakes=Node(yaml.safe_load(text), "mistakes", problems),
            skills=Node(chain, "skills", problems),
        )
        return read_mistakes(changed)

    return read


def test_arguments_are_changed_and_what_is_not_named_stays(mistakes):
    found = mistakes(
        "{m: {code: scenario.wrong_key, change: {press.key: {at: oven.stop, until: null, travel: 6 mm}}}}"
    )["m"]
    (press,) = [skill for skill in found.chain() if skill.name == "press.key"]
    assert (press.at, press.until, press.travel) == ("oven/stop", None, pytest.approx(0.006))
    assert press.hand == "either" and press.pitch == pytest.approx(0.2)
    assert found.chain()[0] is not found.chain()[0], "skills remember; no two operators share them"


def test_skills_are_left_out_and_put_in(mistakes):
    found = mistakes(
        "{m: {code: scenario.spilt, skip: [move_joint.shut, press.key], before: {reach: [{home: {hand: right}}]},"
        " after: {lift: [{home: {hand: left}}, {release: {hand: left}}]}}}"
    )["m"]
    words = [skill.name for skill in found.chain()]
    assert words[:3] == ["look", "home", "reach"] and words[-2:] == ["put.inside", "look"]
    assert words[words.index("lift") + 1 :][:2] == ["home", "release"]


@pytest.mark.parametrize(("hand", "kept"), [("", []), (", hand: left", ["right"])])
def test_what_both_hands_hold_is_let_go_or_what_one_of_them_holds(mistakes, hand, kept):
    found = mistakes(f"{{m: {{code: scenario.spilt, let_go: {{during: lift, after: 0.3 s{hand}}}}}}}")["m"]
    (lift,) = [skill for skill in found.chain() if skill.name == "lift"]
    lift.skill = SimpleNamespace(run=lambda body: iter(range(5)))
    opened = []
    body = SimpleNamespace(
        held=dict.fromkeys(("left", "right"), "bowl"), timestep=0.1, open_claw=lambda side, _: opened.append(side)
    )
    motion = lift.run(body)
    for _ in range(3):
        next(motion)
    assert not opened and len(body.held) == 2  # not before its time
    for _ in motion:
        pass
    assert list(body.held) == kept and set(opened) == {"left", "right"} - set(kept)


def test_faults_have_units(mistakes):
    found = mistakes(
        "{m: {code: scenario.spilt, faults: {grip_force: 30 %, speed: 2 %, aim_offset: -60 mm}, seed: 7}}"
    )["m"]
    assert found.faults == pytest.approx({"grip_force": 0.3, "speed": 0.02, "aim_offset": -0.06}) and found.seed == 7


def test_one_of_several_skills_of_a_word_is_named_by_its_number(mistakes):
    twice = "[{home: {hand: left}}, {lift: {hand: left, by: 1 mm}}, {home: {hand: right}}]"
    found = mistakes("{m: {code: scenario.spilt, change: {home 2: {posture: high}}}}", twice)["m"]
    assert [skill.values.get("posture") for skill in found.chain()] == ["ready", None, "high"]
    with pytest.raises(ScenarioError, match=r"'home' stands 2 times among the skills. Say which: home 1, home 2"):
        mistakes("{m: {code: scenario.spilt, skip: home}}", twice)


def test_a_skill_that_the_chain_gives_a_name_is_found_by_it_wherever_it_stands(mistakes):
    named = "{home: {hand: right, as: get_away}}"
    way = "{m: {code: scenario.spilt, change: {get_away: {posture: high}}, after: {get_away: [{lift: {hand: left, by: 1 mm}}]}}}"
    for chain in (f"[{named}]", f"[{{home: {{hand: left}}}}, {named}, {{home: {{hand: left}}}}]"):
        made = mistakes(way, chain)["m"].chain()
        (here,) = [i for i, skill in enumerate(made) if skill.called == "get_away"]
        assert made[here].values["posture"] == "high" and made[here + 1].name == "lift"
        assert [skill.values.get("posture") for skill in made].count("high") == 1
    assert (
        mistakes("{m: {code: scenario.spilt, skip: home 1}}", f"[{named}, {{home: {{hand: left}}}}]")["m"]
        .steps[0]
        .called
        == ""
    )


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("[{home: {hand: left, as: away}}, {lift: {hand: left, by: 1 mm, as: away}}]", "two skills are called 'away'"),
        ("[{home: {hand: left, as: lift}}]", "'lift' is a word of the skills"),
        ("[{home: {hand: left, as: Get away}}]", "cannot be the name of a skill"),
        ("[{home: {hand: left, as: get_away}}]", "Did you mean get_away"),
    ],
)
def test_names_of_skills_are_checked(mistakes, chain, message):
    with pytest.raises(ScenarioError, match=message):
        mistakes("{m: {code: scenario.spilt, skip: get_awy}}", chain)


def test_what_stands_after_the_last_skill_is_not_done(mistakes):
    found = mistakes(
        "{m: {code: scenario.spilt, before: {press.key: [{home: {hand: left}}]}, after: {lift: [{home: {hand: right}}]},"
        " ends_with: lift}}"
    )["m"]
    assert [skill.name for skill in found.chain()][-2:] == ["lift", "home"] and found.chain()[-1].hand == "right"


def test_what_a_mistake_overlooks_stands_in_its_draw_and_all_else_is_as_drawn(mistakes):
    text = "{m: {code: scenario.spilt, skip: lift, draw: {oven: {at: {x: AT mm}, yaw: 5 deg}}}}"
    scene, plain = loaded("microwave"), drawing.draw(loaded("microwave"), 3)
    x = plain.values["oven.at.x"] + 0.01
    drawn = mistakes(text.replace("AT", f"{x * 1e3:.9f}"))["m"].draw(scene, 3)
    changed = {key for key, value in drawn.values.items() if value != plain.values[key]}
    assert changed == {"oven.at.x", "oven.yaw"} and drawn.task == plain.task
    assert drawn.values["oven.at.x"] == pytest.approx(x) and drawn.values["oven.yaw"] == pytest.approx(np.radians(5.0))
    with pytest.raises(ScenarioError, match="inside something else"):
        mistakes("{m: {code: scenario.spilt, skip: lift, draw: {bowl: {at: {z: -50 mm}}}}}")["m"].draw(scene, 3)


@pytest.mark.parametrize(
    ("slip", "message"), [("home: {hand: lft}", "'lft' is not known here"), ("hom: {hand: left}", "'hom' is no skill")]
)
def test_a_skill_that_cannot_be_read_is_no_second_problem_of_a_mistake_that_names_it(mistakes, slip, message):
    """The last skill has a slip, so whether there is a `home 2` is not known."""
    text, chain = "{m: {code: scenario.spilt, skip: home 2}}", "[home: {hand: left}, wait: {time: 1 s}, %s]"
    assert len(mistakes(text, chain % "home: {hand: left}")["m"].steps) == 2
    with pytest.raises(ScenarioError) as raised:
        mistakes(text, chain % slip)
    assert message in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "{code: scenario.wrongkey, skip: lift}",
            "'scenario.wrongkey' is not known here. Did you mean scenario.wrong_key",
        ),
        ("{code: replay.goal:close, skip: lift}", "Did you mean replay.goal:closed"),
        ("{code: scenario.spilt, skip: lft}", "'lft' is not among the skills of this scenario. Did you mean lift"),
        ("{code: scenario.spilt, chnge: {lift: {}}}", "unknown key 'chnge'. Did you mean change"),
        ("{code: scenario.spilt, change: {lft: {by: 1 mm}}}", "change.lft: 'lft' is not among the skills"),
        ("{code: scenario.spilt, change: {lift: {bye: 1 mm}}}", "unknown key 'bye'. Did you mean by"),
        ("{code: scenario.spilt, change: {lift: {by: 1 N}}}", "m.change.lift.by"),
        ("{code: scenario.spilt, change: {reach: {at: null}}}", "reach needs its 'at'"),
        ("{code: scenario.spilt, change: {press.key: {at: oven.stp}}}", "Did you mean stop"),
        ("{code: scenario.spilt, after: {lift: [{hom: {hand: left}}]}}", "'hom' is no skill. Did you mean home"),
        ("{code: scenario.spilt, let_go: {during: lift}}", "the key 'after' is missing"),
        ("{code: scenario.spilt, let_go: {during: lft, after: 1 s}}", "'lft' is not among"),
        ("{code: scenario.spilt, let_go: {during: lift, after: 1 s, hand: lft}}", "Did you mean left"),
        ("{code: scenario.spilt, faults: {grip_forc: 1 %}}", "Did you mean grip_force"),
        ("{code: scenario.spilt, faults: {speed: 3}}", "faults.speed"),
        ("{code: scenario.spilt, ends_with: lft}", "'lft' is not among the skills"),
        ("{code: scenario.spilt, draw: {ovn: {yaw: 5 deg}}}", "'ovn' is no part of this scenario. Did you mean oven"),
        ("{code: scenario.spilt, draw: {oven: {yw: 5 deg}}}", "unknown key 'yw'. Did you mean yaw"),
        ("{code: scenario.spilt, draw: {oven: {yaw: 5 mm}}}", "m.draw.oven.yaw"),
        ("{code: scenario.spilt}", "nothing goes wrong here"),
        ("{skip: lift}", "the key 'code' is missing"),
    ],
)
def test_what_is_misspelt_is_told(mistakes, text, message):
    with pytest.raises(ScenarioError) as error:
        mistakes(f"{{m: {text}}}")
    assert message in str(error.value)


def test_all_problems_are_told_at_once_with_file_and_line(tmp_path):
    (tmp_path / "scenario").mkdir()
    text = list_scenarios()["microwave"].read_text(encoding="utf-8")
    assert "{press.key: {at: oven.stop, until: null}}" in text and "speed: 1 m/s" in text
    text = text.replace("{press.key: {at: oven.stop, until", "{press.key: {at: oven.stop, untl").replace(
        "speed: 1 m/s", "sped: 1 m/s"
    )
    (tmp_path / "scenario" / "microwave.yaml").write_text(text, encoding="utf-8")
    lines = [
        f"microwave.yaml:{i}: " for i, line in enumerate(text.split("\n"), 1) if "untl" in line or "sped: 1" in line
    ]
    with pytest.raises(ScenarioError) as error:
        read_mistakes(shiliu.load_scenario("microwave", conf_dir=tmp_path))
    assert len(lines) == 2 and all(line in str(error.value) for line in lines)


def test_check_tells_slips_of_scene_skills_mistakes_and_judge_in_one_go(tmp_path, capsys):
    (tmp_path / "scenario").mkdir()
    text = list_scenarios()["table_setting"].read_text(encoding="utf-8")
    slips = {
        "pose: home": ("pose: hme", "Did you mean home"),
        "- lift:": ("- lft:", "'lft' is no skill. Did you mean lift"),
        "code: replay.goal:served": ("code: replay.goal:srved", "Did you mean replay.goal:served"),
        "replay.goal, replay.safety]": ("replay.gaol, kinematics.joint.jerk]", "no check of the judge. Did you mean"),
    }
    for right, (wrong, _) in slips.items():
        assert right in text, right
        text = text.replace(right, wrong, 1)
    (tmp_path / "scenario" / "mine.yaml").write_text(text, encoding="utf-8")
    assert main(["check", "scenario=mine", "--config-dir", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    for wrong, message in slips.values():
        at = text[: text.index(wrong)].count("\n") + 1
        assert any(f"mine.yaml:{at}: " in line and message in line for line in lines), (wrong, lines)
    assert any("'kinematics.joint.jerk' is never required" in line for line in lines), lines


# -- by command --------------------------------------------------------------------------------------------------------


def test_record_a_mistake_then_replay_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = "scenario=table_setting"
    assert (
        main(["record", here, "mistake=guest_bowl_pushed", "episodes=1", f"seed={SEED}", "out=bad", "quiet=true"]) == 0
    )
    assert "1 of 1 led to scenario.guest_bowl_pushed, the code of this mistake" in capsys.readouterr().out
    side = json.loads((tmp_path / "bad" / "shiliu" / "episodes" / "episode_000000.json").read_text(encoding="utf-8"))
    assert side["label"]["success"] is False and side["label"]["failure"] == "scenario.guest_bowl_pushed"
    assert side["provenance"]["mistake"] == "guest_bowl_pushed"
    assert main(["replay", "data=bad", "out=verdicts", "pictures=false"]) == 1
    verdict = json.loads((tmp_path / "verdicts" / "verdicts.jsonl").read_text(encoding="utf-8"))
    assert {"scenario.guest_bowl_pushed"} <= {f["code"] for f in verdict["findings"] if f["level"] == "FAIL"}
    assert next(f for f in verdict["findings"] if f["code"] == "goal")["level"] == "PASS", "failed as recorded"
    assert main(["record", here, "mistake=split", "episodes=1", "out=other"]) == 2
    assert "Did you mean spilt" in capsys.readouterr().err


def test_list_mistakes(capsys):
    assert main(["list", "mistakes", "scenario=microwave"]) == 0
    assert "wrong_key        scenario.wrong_key" in capsys.readouterr().out
    assert main(["list", "mistakes", "scenario=microwave", "--json"]) == 0
    assert {"name": "latch_missed", "code": "replay.goal:closed"} in json.loads(capsys.readouterr().out)
    assert main(["list", "mistakes", "scenario=bare"]) == 0
