"""What a scenario calls its own steps, failure modes, limits and things: in both languages, and without a verdict depending on it."""

import copy
import re
from dataclasses import replace

import numpy as np
import pytest
import shiliu
from shiliu.cli import main
from shiliu.replay.checks.finding import Finding
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.verdict import StageResult, Verdict
from shiliu.replay.report.html import render
from shiliu.replay.report.jsonl import as_dict
from shiliu.replay.report.text import Words
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.catalog.catalog import list_variants
from shiliu.scenarios.catalog.scene_titles import missing_titles
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.parts.part import Bears, list_parts, load_part
from shiliu.scenarios.parts.titles import SECTIONS, inherit_titles, sources_of, titles_of, untitled, untitled_words
from shiliu.scenarios.reading.composition import CONF, as_it_stands
from shiliu.scenarios.reading.variant import resolved
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Problems
from shiliu.scenarios.soundness.soundness import called

OWN = ("bare", "car_assembly", "drink_assist", "laundry_folding", "microwave", "room_organization", "table_setting")
TITLES = {
    "events": {
        "first_can": {"en": "first can on its ring", "zh": "第一个罐子已放好"},
        "tray_pushed": {"en": "tray pushed away", "zh": "餐盘被推动"},
        "lean": {"en": "hand leaning", "zh": "手压桌面的力"},
    },
    "things": {"can_a": {"en": "left can", "zh": "左边的罐子"}},
    "parts": {
        "can_a": {"en": "can", "zh": "易拉罐"},
        "tin": {"en": "biscuit tin", "zh": "饼干盒"},
        "bowl": {"en": "ceramic bowl", "zh": "瓷碗"},
    },
    "sources": {"a house rule of ours": {"en": "a house rule of ours", "zh": "我们的规定"}},
}


def tree(name, variant=None):
    """A scenario's tree with one of its variants in it."""
    return resolved(as_it_stands(name).tree["scenario"], variant, {}, Problems(), ())


def verdict(findings, titles, **more):
    stages = {"replay": StageResult("replay", "INFEASIBLE")}
    return Verdict(
        "take",
        "take.bag",
        verdict="INFEASIBLE",
        root=0,
        owner="operator",
        stages=stages,
        findings=findings,
        titles=titles,
        **more,
    )


def chinese_only(text, names):
    """The words of two letters and more that are left when names are taken out."""
    for name in names:
        text = text.replace(name, " ")
    return re.findall(r"[A-Za-z]{2,}", text)


@pytest.mark.parametrize("name", OWN)
def test_every_scenario_has_words_for_what_is_its_own(name):
    for variant in (None, *list_variants(name)):
        scenario = tree(name, variant)
        assert untitled(scenario) == {}, f"{name} {variant}"
        for section in SECTIONS:
            found = titles_of(scenario, (section,))
            assert set(found) == set(scenario.get(section) or {})
            for words in found.values():
                assert not re.search("[A-Za-z]", words["zh"]) and not re.search("[\u4e00-\u9fff]", words["en"])
        for source in sources_of(scenario).values():
            assert re.search("[\u4e00-\u9fff]", source["zh"])


def test_a_report_uses_the_words_of_the_scenario():
    pushed = Finding(
        "scenario.tray_pushed", "FAIL", "replay", margin=-0.00197, unit="m", details={"event": "tray_pushed"}
    )
    lean = Finding(
        "force.object",
        "FAIL",
        "replay",
        subject=("lean",),
        value=343.0,
        limit=60.0,
        unit="N",
        limit_source="a house rule of ours",
        limit_grade="estimate",
    )
    touch = Finding(
        "collision.unexpected",
        "WARN",
        "replay",
        subject=("can_a/can_330", "tin/biscuit_tin"),
        value=20.0,
        limit=10.0,
        unit="N",
    )
    goal = Finding(
        "goal", "FAIL", "replay", details={"missed": "first_can", "reached": 0, "total": 1, "reached_names": ""}
    )
    judged = verdict(
        [pushed, lean, touch, goal],
        TITLES,
        outcome={"success": False, "subgoals": {"first_can": None}, "failure": "scenario.tray_pushed"},
    )
    page = render([judged], Words("zh"), "")
    assert all(
        words in page
        for words in ("餐盘被推动", "手压桌面的力", "左边的罐子", "饼干盒", "第一个罐子已放好", "我们的规定")
    )
    assert not any(words in page for words in ("tray pushed", "first can", "a house rule"))
    assert "出现了不允许的情况：餐盘被推动" in page
    (line,) = [f["message"] for f in as_dict(judged, Words("zh"))["findings"] if f["code"] == "goal"]
    assert "第一个罐子已放好" in line and chinese_only(line, ()) == []
    assert "tray pushed away" in render([judged], Words("en"), "")


def test_a_scenario_goes_before_the_catalogue_and_a_part_after_it():
    words = Words("zh").telling({**TITLES, "parts": TITLES["parts"] | {"left_tcp": {"en": "tool", "zh": "工具"}}})
    assert (words.plain("can_a"), words.plain("tin"), words.plain("bowl")) == ("左边的罐子", "饼干盒", "瓷碗")
    assert words.plain("left_tcp") == Words("zh").plain("left_tcp") == "左手"
    assert Words("zh").plain("tin") == "tin", "the catalogue itself stays as it was"
    half = Words("zh").telling(
        {"events": {"odd": {"en": "an odd thing"}}, "things": {"left_tcp": {"en": "a tool of mine"}}}
    )
    assert half.event("odd") == "an odd thing", "better in the other language than not at all"
    assert half.plain("left_tcp") == "左手"
    assert Words("zh").telling({}).event("odd_one") == "odd one"


def test_a_word_of_a_part_is_called_as_that_part_calls_it():
    titles = {
        "things": {"oven": {"en": "oven", "zh": "微波炉"}, "cup": {"en": "cup", "zh": "杯子"}},
        "words": {
            "oven.handle": {"en": "handle", "zh": "把手"},
            "cup.handle": {"en": "ear", "zh": "杯耳"},
            "guest.chest": {"en": "chest", "zh": "胸部"},
        },
    }
    words = Words("zh").telling(titles)
    assert (words.dotted("oven.handle"), words.dotted("cup.handle")) == ("微波炉的把手", "杯子的杯耳")
    assert words.plain("chest") == "胸部", "a region of a person stands alone"
    assert words.plain("handle") == "把手", "of several, the first"
    assert words.condition("angle", ["oven.handle"]) == "角度（微波炉的把手）"
    assert Words("en").telling(titles).dotted("cup.handle") == "cup's ear"
    assert Words("en").dotted("chest.top_knob") == "chest's top knob", "unknown words are made readable"


@pytest.mark.parametrize("name", sorted(list_parts()))
def test_every_part_has_words_for_what_is_its_own(name):
    if name.startswith("robots/"):
        return
    part = load_part(name)
    assert untitled_words(part) == {}
    for words in (part.title, *part.titles.values()):
        assert re.search("[\u4e00-\u9fff]", words["zh"]) and not re.search("[\u4e00-\u9fff]", words["en"])


def test_what_a_part_does_not_call_is_refused(designer):
    oven = load_part("fixtures/microwave")
    assert untitled_words(replace(oven, titles={**oven.titles, "door": {"en": "door"}})) == {"door": ["zh"]}
    assert untitled_words(replace(oven, title={"en": "microwave", "zh": "microwave"})) == {"": ["en", "zh"]}
    bears = Bears(20.0, "a drop", "measured", {"en": "a drop"})
    assert untitled_words(replace(oven, bears=bears)) == {"bears.source": ["zh"]}
    assert "titles.dor" in replace(oven, titles={"dor": {"en": "door", "zh": "门"}}).faults(oven.spec())[0]
    path = designer / "conf" / "scenario" / "table_top.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("of: bowl.base, to: counter.top,", "of: bowl.rim_far, to: counter.top,"), encoding="utf-8"
    )
    scene = shiliu.load_scenario("table_top")
    both = ["en", "zh"]
    assert missing_titles(scene) == {"goal.lifted": both, "never.dropped": both, "bowl.rim_far": both}


def test_a_variant_inherits_titles_by_name():
    base = {
        "goal": {"a": {"near": {}, "title": {"en": "A", "zh": "甲"}}, "b": {"near": {}}},
        "never": {"a": {"below": {}}},
    }
    laid = {"goal": {"a": {"angle": {}}, "b": {"angle": {}}, "c": {}}, "never": {"a": {"below": {}}}}
    inherit_titles(laid, base)
    assert laid["goal"]["a"]["title"] == {"en": "A", "zh": "甲"} and "title" not in laid["goal"]["b"]
    assert "title" not in laid["never"]["a"], "a failure mode is no step"
    laid["goal"]["a"]["title"]["en"] = "changed"
    assert base["goal"]["a"]["title"]["en"] == "A"


def test_check_names_what_has_no_title(designer, capsys):
    path = designer / "conf" / "scenario" / "table_top.yaml"
    text = path.read_text(encoding="utf-8").replace("within: 2 m", "within: 20 mm")  # else it is done at the start
    path.write_text(text, encoding="utf-8")
    assert main(["check", "scenario=table_top", "draws=1"]) == 1
    printed = capsys.readouterr().out
    assert (
        "FAIL" in printed
        and re.search(r"goal.lifted \(en, zh, \S*table_top.yaml:\d+\); never.dropped \(en, zh, \S*table_top.yaml:\d+\)", printed)
        and "1 of 14 questions fail" in printed
    )
    half = text.replace("hold: 1 s}", "hold: 1 s, title: {en: bowl lifted}}").replace(
        "100 mm}}", "100 mm}, title: {en: dropped, zh: 掉落}}"
    )
    path.write_text(half, encoding="utf-8")
    assert main(["check", "scenario=table_top", "draws=1"]) == 1
    line = 1 + half[: half.index("lifted: ")].count("\n")
    found = f"no words: goal.lifted (zh, conf/scenario/table_top.yaml:{line}). Write title: {{en: ..., zh: ...}} there\n"
    assert found in capsys.readouterr().out
    path.write_text(half.replace("lifted}}", "lifted, zh: 已拿起}}"), encoding="utf-8")
    assert main(["check", "scenario=table_top", "draws=1"]) == 0
    assert "FAIL" not in capsys.readouterr().out
    path.write_text(half.replace("en: bowl lifted", "de: Schale"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"table_top.yaml:\d+: .*title.*unknown key 'de'"):
        shiliu.load_scenario("table_top")


def test_check_without_a_scenario_names_those_of_the_designer(designer, capsys):
    """The default is called by its name, and so is what else could have been meant."""
    path = designer / "conf" / "scenario" / "table_top.yaml"
    (path.parent / "microwave.yaml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    main(["check", "draws=1"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["no scenario= is given; this is microwave", "scenarios of your own: microwave, table_top"]
    main(["check", "scenario=table_top", "draws=1"])
    assert "of your own" not in capsys.readouterr().out


def test_missing_titles_stand_beside_what_else_is_wrong(designer, capsys):
    """All at once: they are no second round. Alone they are the answer to a question of `check`."""
    path = designer / "conf" / "scenario" / "table_top.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("hold: 1 s", "hold: 1 mm"), encoding="utf-8")
    assert main(["check", "scenario=table_top", "draws=1"]) == 2
    message = capsys.readouterr().err
    assert "3 problems" in message and "hold: '1 mm' has a unit of length" in message
    for word in ("goal.lifted", "never.dropped"):
        wanted = "it has no words in en and zh. Write title: {en: ..., zh: ...} there."
        assert re.search(rf"table_top.yaml:\d+: scenario.{word}: {re.escape(wanted)}", message)
    with pytest.raises(ScenarioError) as only:
        shiliu.load_scenario("table_top")
    assert "no words" not in str(only.value), "a scene without titles can be built"


def test_words_change_no_scene_and_an_episode_without_them_is_judged_as_ever(scene):
    bare = copy.deepcopy(dict(scene.config.raw))
    for section in SECTIONS:
        for entry in bare.get(section, {}).values():
            del entry["title"]
    assert titles_of(bare) == {}
    actions = np.tile(scene.ready_ctrl, (30, 1)).astype(np.float32)
    draw = drawing.draw(scene, 0)
    played = next(play(scene, [Take(draw, actions)], [checkpoints_of(scene, 30)], 1))
    episode = episode_of(scene, played, 0)
    (now,) = judge([as_recording("take", episode, scene)], threads=1)
    episode.config = {**episode.config, "scenario": bare}  # as it was recorded before there were titles
    (old,) = judge([as_recording("take", episode, scene)], threads=1)
    for one in (now, old):
        assert next(f for f in one.findings if f.code == "reproduces").level == "PASS"
        assert one.provenance["scene"] == scene.fingerprint[:12]
        page = render([one], Words("zh"), "")
        assert "微波炉被推动" in page and "oven pushed" not in page
    assert as_dict(now, Words("zh"))["findings"] == as_dict(old, Words("zh"))["findings"]


def test_two_parts_of_one_title_are_a_warning(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    text = (CONF / "scenario" / "table_setting.yaml").read_text(encoding="utf-8")
    for zh, en, found in (("客人的碗", "bowl", "bowl"), ("碗", "the guest's", "碗"), ("客人的碗", "the guest's", None)):
        own = text.replace("""{en: "guest's bowl", zh: 客人的碗}""", f"{{en: {en}, zh: {zh}}}")
        assert own != text
        (tmp_path / "conf" / "scenario" / "twins.yaml").write_text(own, encoding="utf-8")
        answer = called(shiliu.load_scenario("twins"))
        assert answer.sound and answer.warns == (found is not None)
        assert (f"bowl and empty are both called {found!r}" in answer.answer) == (found is not None)
