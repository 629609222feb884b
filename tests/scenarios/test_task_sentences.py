"""A task sentence says what the goal wants: every thing that a subgoal names, and every number that a person acts on.

What a place is measured against (`than`, `below`) nobody handles; tolerances stand in `brief`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import shiliu
import yaml
from shiliu.cli import main
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.reading.composition import list_scenarios
from shiliu.scenarios.reading.variant import names_of, resolved
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.own_files import read_own
from shiliu.scenarios.sheet.yaml_reader import Problems
from shiliu.scenarios.tasks.left_out import left_out
from shiliu.scenarios.tasks.own_sentences import scenario_of_task

CONF = Path(shiliu.__file__).parent / "conf" / "scenario"
SHEETS = {name: read_own(file) for name, file in list_scenarios().items() if file.parent.samefile(CONF)}
KEYS = [(name, variant) for name, sheet in SHEETS.items() if sheet.get("goal") for variant in (None, *names_of(sheet))]


def tree_of(name, variant=None):
    """A scenario's sheet with the variant laid over it."""
    sheet = read_own(CONF / f"{name}.yaml")
    return resolved(sheet, variant, {}, Problems({}), tuple(sheet))


@pytest.mark.parametrize(("name", "variant"), KEYS)
def test_every_sentence_names_what_the_goal_wants(name, variant):
    assert left_out(tree_of(name, variant), name) == []


def test_a_sentence_that_leaves_something_out_is_found():
    tree = dict(tree_of("bedside_care"))
    tree["tasks"] = [
        {
            "en": "Push the wheelchair along the path to its place, lock both brakes and raise the side rail.",
            "zh": tree["tasks"][0]["zh"],
        }
    ]
    assert [line.rpartition(" leaves out ")[2] for line in left_out(tree)] == ["blanket of covered", "button, person of in_reach"]
    tree = dict(tree_of("drink_assist"))
    tree["tasks"] = [{**tree["tasks"][0], "en": tree["tasks"][0]["en"].replace("150 ml", "a cup")}]
    assert [line.rpartition(" leaves out ")[2] for line in left_out(tree)] == [
        "150 ml or 150毫升 of filled",
        "150 ml or 150毫升 of kept",
    ]


@pytest.mark.parametrize(
    ("scenario", "written", "otherwise", "missed"),
    [
        ("car_assembly", "10 N for", "5 N for", "10 N or 10牛 of holds"),
        ("car_assembly", "for 1 s", "for a moment", "1 s or 1秒 of holds"),
        ("drink_assist", "0.2 to 0.6 s", "at once", "0.2 to 0.6 s or 0.2到0.6秒 of given"),
        ("table_wiping", "5 to 15 N", "5 to 20 N", "5 to 15 N or 5到15牛 of wiped"),
        ("package_packing", "106 to 114 g", "106 to 115 g", "106 to 114 g or 106到114克, 106 to 114 g or 106到114克 of decided"),
    ],
)
def test_forces_their_time_and_what_a_display_has_to_show_stand_in_the_sentence(scenario, written, otherwise, missed):
    """Found where they are written, and missed where the sentence has another one."""
    tree = dict(tree_of(scenario))
    row = tree["tasks"][0]
    tree["tasks"] = [row | {"en": row["en"].replace(written, otherwise)}]
    assert [line.rpartition(" leaves out ")[2] for line in left_out(tree)] == [missed]
    tree["tasks"] = [row]
    assert left_out(tree) == []


@pytest.mark.parametrize(("name", "variant"), [key for key in KEYS if key[1] is None])
def test_every_scenario_says_what_counts_in_both_languages(name, variant):
    brief = tree_of(name, variant)["brief"]
    assert set(brief) == {"en", "zh"} and all(re.search(r"[.。]$", text) for text in brief.values())


def test_older_sentences_are_still_of_their_task():
    assert scenario_of_task("Put the bowl into the microwave, close the door and press start.") == ("microwave", None)
    assert scenario_of_task("把轮椅停在床边，让老人够得着呼叫按钮，并升好护栏防止坠床。") == ("bedside_care", None)
    assert scenario_of_task("Heat the bowl in the microwave for 30 seconds and put it back on the counter.") == (
        "microwave",
        "full",
    )
    for name, variant in KEYS:
        own = read_own(list_scenarios()[name])
        rows = own if variant is None else own["variants"][variant]
        for row in (*rows.get("tasks", ()), *rows.get("formerly", ())):
            assert {scenario_of_task(row["en"]), scenario_of_task(row["zh"])} == {(name, variant)}, row


def test_a_variant_with_sentences_of_its_own_has_no_older_ones_of_the_whole():
    tree = {
        "tasks": [1],
        "formerly": [2],
        "brief": {"en": "a", "zh": "b"},
        "variants": {"own": {"tasks": [3]}, "same": {"version": 2}},
    }
    own, same = (
        resolved(tree, name, {}, Problems({}), ("tasks", "formerly", "brief", "version")) for name in ("own", "same")
    )
    assert own["tasks"] == [3] and "formerly" not in own and "brief" not in own
    assert same["tasks"] == [1] and same["formerly"] == [2] and "brief" in same


def test_a_brief_and_older_sentences_need_both_languages():
    tree = yaml.safe_load((CONF / "table_setting.yaml").read_text(encoding="utf-8"))
    tree |= {"brief": {"en": "Near."}, "formerly": [{"zh": "上菜。"}]}
    with pytest.raises(
        ScenarioError, match=r"(?s)brief: the key 'zh' is missing.*formerly\[0\]: the key 'en' is missing|formerly"
    ):
        scene_of_tree("table_setting", tree)


def test_check_warns_of_what_a_sentence_of_ones_own_leaves_out(designer, capsys):
    """A scenario in one's own folder: the can is wanted, and the first sentence does not name it; that is no fault."""
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    tree = yaml.safe_load(text)
    stands = {"stands_on": "counter.top_front", "put": "base", "at": {"x": "200 mm", "y": "-250 mm"}}
    tree["parts"]["can"] = {"part": "objects/can_330", **stands}
    tree["goal"] = {"moved": {"moved": {"of": "can", "more_than": "60 mm"}, "title": {"en": "can moved", "zh": "罐子已移动"}}}
    tree["never"] = {}
    for text, left in (("Move the bowl.", True), ("Move the can to the middle of the table.", False)):
        tree["tasks"] = [{"en": text, "zh": "把罐子移到桌子中间。"}]
        file.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
        code = main(["check", "scenario=table_top", "draws=2"])
        (line,) = [one for one in capsys.readouterr().out.splitlines() if "sentences name what is wanted" in one]
        assert line.startswith("warn" if left else "ok") and code == 0, line
        assert (f"en: {text} leaves out can of moved" in line) == left
