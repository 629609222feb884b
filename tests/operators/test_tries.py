"""A try begins before the skill that is wanted: equal to the bit with the whole run, and refused where the past has changed."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.commands.record_lines import Lines
from shiliu.replay.formats.episode_archive import pack
from shiliu.replay.operator.demonstration import demonstrate, go_on_from
from shiliu.replay.operator.failures import Ending, counted, ending_of, table_of
from shiliu.replay.operator.memory import CannotKeep, recall, remember
from shiliu.replay.operator.operator import Operator, read_chain
from shiliu.replay.operator.skill_strip import positions, sight, strip_of
from shiliu.replay.operator.tries import MOST, Tries, numbered, place_of
from shiliu.replay.rollout.camera_frames import recorded_cameras
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

# the person takes the cup, and the liquid is poured, before some of these
LATE = {
    "table_setting": ("carry.over", "put.on"),
    "drink_assist": ("home.back", "put.down 3"),
}


def kept_run(name, folder, seed=1):
    scene = shiliu.load_scenario(name)
    tries = Tries(scene, read_chain(scene), root=folder)
    (episode,) = demonstrate(scene, [seed], threads=1, tries=tries)
    return scene, tries, episode


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return kept_run("table_setting", tmp_path_factory.mktemp("tries"))


@pytest.fixture(scope="module")
def drink(tmp_path_factory):
    return kept_run("drink_assist", tmp_path_factory.mktemp("tries"))


@pytest.mark.parametrize("run", ["table", pytest.param("drink", marks=pytest.mark.slow)])
def test_going_on_before_a_skill_gives_the_whole_run_to_the_bit(run, request):
    scene, tries, whole = request.getfixturevalue(run)
    labels = numbered(tries.words)
    for label in LATE[scene.name]:
        episode, number = go_on_from(scene, whole.seed, place_of(label, tries.words), tries)
        assert labels[number - 1] == label
        assert np.array_equal(episode.actions, whole.actions), label
        assert pack(episode) == pack(whole), label


def test_a_state_is_kept_before_every_skill_but_while_something_moves_beside(table):
    _, tries, whole = table
    numbers = [mark.policy["number"] for mark in tries.load(whole.seed).marks]
    assert tries.words[:3] == ["look", "take.rim", "lift"]
    assert numbers == [1, 3, 4, 5], "the head turns beside take.rim"


def test_where_something_moves_beside_it_goes_on_one_skill_earlier(table):
    scene, tries, whole = table
    episode, number = go_on_from(scene, whole.seed, 2, tries)
    assert number == 1 and pack(episode) == pack(whole)


def with_chain(scene, change):
    changed, problems = copy.copy(scene), Problems()
    chain = copy.deepcopy(scene.config.skills.value)
    change(chain)
    node = Node(chain, "scenario.skills", problems)
    changed.config = dataclasses.replace(scene.config, problems=problems, skills=node)
    return changed


def test_the_skill_itself_may_be_another_one(table):
    scene, tries, whole = table
    changed = with_chain(scene, lambda chain: chain[4]["put"].update(leave="back"))
    others = Tries(changed, read_chain(changed), root=tries.root)
    again, _ = go_on_from(changed, whole.seed, 5, others)
    (anew,) = demonstrate(changed, [whole.seed], threads=1)
    assert pack(again) == pack(anew)
    assert not np.array_equal(again.actions[-30:], whole.actions[-30:]), "it draws back another way"
    go_on_from(scene, whole.seed, 5, tries)  # as it was, for the others


def test_an_earlier_skill_that_has_changed_is_told_with_its_argument(table):
    scene, tries, whole = table
    changed = with_chain(scene, lambda chain: chain[2]["lift"].update(by="70 mm"))
    others = Tries(changed, read_chain(changed), root=tries.root)
    with pytest.raises(
        EpisodeError, match=r"Skill 3 is another since that run: lift, by 0\.09 then, 0\.07 now.*from_skill=3"
    ):
        go_on_from(changed, whole.seed, 5, others)
    assert others.mark_of(others.load(whole.seed), 3).policy["number"] == 3


def test_another_scene_is_refused_and_what_does_not_matter_is_not(table):
    scene, tries, whole = table
    for key, value, named in [
        ("goal", {}, "goal"),
        ("version", 99, "version"),
        ("title", {"en": "T", "zh": "T"}, None),
    ]:
        changed = copy.copy(scene)
        changed.config = dataclasses.replace(scene.config, raw={**scene.config.raw, key: value})
        others = Tries(changed, read_chain(scene), root=tries.root)
        if named is None:
            assert others.load(whole.seed).episode.seed == whole.seed
            continue
        with pytest.raises(EpisodeError, match=rf"another since that run \({named}\)"):
            others.load(whole.seed)


def test_what_is_not_there_or_torn_is_told(table, tmp_path):
    scene, tries, whole = table
    with pytest.raises(EpisodeError, match="No run of seed 77 is kept"):
        tries.load(77)
    torn = Tries(scene, read_chain(scene), root=tmp_path)
    torn.folder.mkdir(parents=True)
    file = f"seed_{whole.seed}.npz"
    (torn.folder / file).write_bytes((tries.folder / file).read_bytes()[:5000])
    with pytest.raises(EpisodeError, match="damaged"):
        torn.load(whole.seed)


def test_a_run_that_ended_earlier_says_where(table):
    _, tries, whole = table
    kept = tries.load(whole.seed)
    short = dataclasses.replace(kept, episode=copy.copy(kept.episode))
    short.episode.segments = kept.episode.segments[:3]
    with pytest.raises(EpisodeError, match="That run ended in skill 3"):
        tries.mark_of(short, 5)
    assert tries.mark_of(short, 3).policy["number"] == 3


def test_the_oldest_go_and_git_sees_none(table, tmp_path, monkeypatch):
    scene, _, whole = table
    monkeypatch.setattr("shiliu.replay.operator.tries.MOST", 2)
    few = Tries(scene, read_chain(scene), root=tmp_path)
    done = drawing.nominal(scene)  # only what `save` reads of a rollout
    rollout = type("Done", (), {"marks": (), "safety": {}, "draw": done})()
    for seed in (1, 2, 3):
        episode = copy.copy(whole)
        episode.seed = seed
        few.save(rollout, episode)
    assert sorted(file.name for file in few.folder.iterdir()) == ["seed_2.npz", "seed_3.npz"] and MOST > 2
    assert (tmp_path / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("wanted", "number"), [("2", 2), ("lift", 1), ("home 2", 4), ("5", None), ("0", None), ("home", None)]
)
def test_a_skill_is_named_by_its_number_or_its_word(wanted, number):
    words = ["lift", "home", "put.on", "home"]
    if number is None:
        with pytest.raises(EpisodeError, match="from_skill"):
            place_of(wanted, words)
    else:
        assert place_of(wanted, words) == number


def test_a_memory_is_taken_and_given_whole(table):
    scene, _, _ = table
    draw = drawing.nominal(scene)
    body, other = (Operator(scene, draw, seed).state for seed in (0, 1))
    body.claws["left"], body.held["left"] = 40.0, "bowl"
    body.arms["left"].q = body.arms["left"].q + 0.1
    memory = remember(body)
    body.claws["left"] = 0.0  # nothing is shared
    recall(other, memory)
    assert other.claws["left"] == 40.0 and other.held == {"left": "bowl"}
    assert np.array_equal(other.arms["left"].q, body.arms["left"].q)
    assert other.rng.uniform() == body.rng.uniform() and other.arms["right"].rng is other.rng
    body.beside(None for _ in range(2))
    with pytest.raises(CannotKeep, match="generator"):
        remember(body)


def test_an_ending_is_named_by_its_place_in_the_chain(table):
    _, tries, whole = table
    assert ending_of(whole, tries.words) is None
    failed = copy.copy(whole)
    failed.label = {**whole.label, "success": False, "failure": "replay.goal:served"}
    failed.segments = [dict(one) for one in whole.segments[:3]]
    assert ending_of(failed, ["a", "lift", "lift", "home"]) == Ending("lift 2", 3, 4, False, None)
    assert ending_of(failed, ["a", "b", "c"]) == Ending("c", 3, 3, True, None), (
        "its end was reached before the episode's"
    )
    failed.provenance = {"gave_up": "lift (skill 3): no room"}
    assert ending_of(failed, ["a", "b", "c"]).gave_up == {"skill": "lift", "number": 3, "reason": "no room"}


def test_failures_are_counted_by_skill_and_reason():
    failures = [
        ("scenario.spilt", "lift", None),
        ("replay.goal:a", "take.side 2", "can.middle is 210 mm beyond the left arm's reach"),
        ("replay.goal:b", "take.side 2", "can.middle is 24.5 mm beyond the left arm's reach"),
    ]
    why = "can.middle is … mm beyond the left arm's reach"
    assert counted(failures) == [(2, "take.side 2", "", why), (1, "lift", "scenario.spilt", None)]
    assert table_of(failures) == {f"gave up in take.side 2: {why}": 2, "scenario.spilt in lift": 1}


WAIT = ['scenario.time_limit="1 s"', "scenario.mistakes=null", "threads=1", "strips=0"]


@pytest.mark.slow
@pytest.mark.usefixtures("opengl")
def test_a_camera_that_records_has_its_pictures_unless_told_otherwise(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["record", "scenario=table_setting", "episodes=1", "scenario.cameras.head.size=64x48", *WAIT]
    assert main([*words, "out=a", "scenario.cameras.head.record=true", "scenario.skills=[{wait:{time:0.2 s}}]"]) == 0
    assert len(list(Path("a").rglob("*.mp4"))) == 1 and "no pictures" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("record", "asked", "drawn"), [("true", False, 1), ("on_request", True, 1), ("on_request", False, 0), ("false", True, 0)]
)
def test_which_cameras_record(record, asked, drawn):
    scene = load_scenario("bare", [f"cameras.head.record={record}"])
    assert recorded_cameras(scene, asked) == ["head"][:drawn]
    with pytest.raises(ScenarioError, match="Write true, on_request or false"):
        load_scenario("bare", ["cameras.head.record=sometimes"])


def test_processes_side_by_side_make_the_same_bytes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    chain = "scenario.skills=[{wait:{time:0.2 s}},{lift:{hand:left,by:30 mm}}]"
    for out, processes in (("one", 1), ("two", 2)):
        words = ["scenario=table_setting", "episodes=2", f"out={out}", f"processes={processes}", chain, *WAIT]
        assert main(["record", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "seed" in line][:2] == [line for line in lines if "seed" in line][2:]
    episodes = [list(shiliu.read(out)) for out in ("one", "two")]
    assert [pack(one.episode) for one in episodes[0]] == [pack(one.episode) for one in episodes[1]]
    assert len(list((tmp_path / ".shiliu" / "tries" / "table_setting").glob("*.npz"))) == 2


def test_by_command_a_try_goes_on_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    chain = "scenario.skills=[{wait:{time:0.2 s}},{wait:{time:0.3 s}}]"
    words = ["record", "scenario=table_setting", "episodes=1", *WAIT]
    assert main([*words, "out=whole", chain]) == 0
    capsys.readouterr()
    assert main([*words, "out=on", "from_skill=wait 2", chain.replace("0.3", "0.4"), "lang=zh"]) == 0
    printed = capsys.readouterr().out
    assert "从 wait 2（第 2 个技能）之前继续，时刻 0.20 s" in printed and "当时：全部 2 个技能都已做完" in printed
    (recording,) = shiliu.read("on")
    assert [round(s["t1"] - s["t0"], 2) for s in recording.episode.segments] == [0.2, 0.4]
    assert recording.metadata["made"]["command"].endswith("from_skill=2")
    assert main([*words, "out=no", "from_skill=3", chain]) == 2
    assert "The chain has 2 skills" in capsys.readouterr().err


def test_a_mistake_that_breaks_a_limit_alone_has_brought_its_code(table):
    _, tries, whole = table
    done = copy.copy(whole)
    done.provenance = {**whole.provenance, "mistake": "lean", "brought": "replay.force.object:lean"}
    lines = Lines("en", tries.words, "replay.force.object:lean")
    assert "failure replay.force.object:lean" in lines.of(done)[0] and len(lines.of(done)) == 1
    assert lines.total([done, whole])[0].startswith("1 of 2 led to replay.force.object:lean, the code of this mistake; ")
    assert Lines("en", tries.words).total([whole])[0].startswith("1 of 1 succeeded (")


def test_pictures_of_the_skill_that_failed(table, tmp_path, opengl):
    scene, tries, whole = table
    failed = copy.copy(whole)
    failed.label = {**whole.label, "success": False, "failure": "replay.goal:served"}
    failed.segments = [dict(one) for one in whole.segments[:4]]
    failed.segments[-1]["t1"] = whole.duration_s
    ending = ending_of(failed, tries.words)
    assert (ending.skill, ending.done) == ("carry.over", False)
    chain = read_chain(scene)
    strip = strip_of(scene, failed, chain[3], ending, "overview")
    assert strip.dtype == np.uint8 and strip.shape[1] == 4 * 400 and len(np.unique(strip)) > 50
    with pytest.raises(ScenarioError, match="There is no camera 'nowhere'"):
        strip_of(scene, failed, chain[3], ending, "nowhere")


def test_what_is_near_and_how_far_it_is_to_the_place_is_worked_out(table):
    scene, _, whole = table
    chain, draw = read_chain(scene), drawing.of_episode(scene, whole)
    qpos, _ = positions(scene, draw, whole, whole.n_steps - 2)
    assert qpos.shape == (3, scene.model.nq)
    place = list(sight(scene, draw.model, qpos[-1], chain[4]))
    assert place[0].startswith("bowl.base to table.top: ") and int(place[0].split()[-2]) < 30, "it has been placed"
    pick = list(sight(scene, draw.model, qpos[-1], chain[1]))
    assert pick[0].startswith("to bowl.rim_near: left hand ") and pick[1].startswith(("near: ", "nothing within 25 mm"))
    assert list(sight(scene, draw.model, qpos[-1], chain[0])) == [], "a look sends no hand"
