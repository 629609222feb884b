"""Reading YAML with places: every slip is reported at once, each with its file, its line and what was probably meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import shiliu
from shiliu.cli import main
from shiliu.scenarios.reading.composition import compose
from shiliu.scenarios.sheet.errors import ScenarioError, ShiliuError
from shiliu.scenarios.sheet.near_matches import near, nearest
from shiliu.scenarios.sheet.yaml_reader import Node, Problems, places_in


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path: Path, words: str) -> int:
    """Line, from 1, of the first line of a file that holds these words."""
    return next(i for i, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if words in line)


def test_places_are_those_of_keys_and_of_items(tmp_path):
    file = write(tmp_path / "a.yaml", "a: 1\nb:\n  c: 2\n  d: [x,\n      {e: 3}]\n")
    places = places_in(file, "a.yaml", prefix="p")
    assert {key: place[1] for key, place in places.items()} == {
        "p": 0,
        "p.a": 1,
        "p.b": 2,
        "p.b.c": 3,
        "p.b.d": 4,
        "p.b.d[0]": 4,
        "p.b.d[1]": 5,
        "p.b.d[1].e": 5,
    }


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb:\n  on: 2\n", 3, "'on'"),  # a boolean in YAML
        ("a: 1\nyes: 2\n", 2, "'yes'"),
        ("1: 2\n", 1, "'1'"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands here twice"),
        ("a: 1\nb: [1, 2\n", None, "no valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "no valid YAML"),
        ("a: \x07\n", None, "no valid YAML"),
    ],
)
def test_what_yaml_would_take_otherwise_is_refused_by_line(tmp_path, text, line, message):
    file = write(tmp_path / "a.yaml", text)
    with pytest.raises(ScenarioError) as error:
        places_in(file, "a.yaml")
    assert message in str(error.value)
    assert str(error.value).startswith(f"a.yaml:{line}:" if line else "a.yaml")


def test_a_file_of_another_encoding_is_refused_by_line(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_bytes("a: 1\ntitle: 厨房\n".encode("gbk"))
    with pytest.raises(ScenarioError, match=r"a\.yaml:2: .*UTF-8"):
        places_in(file, "a.yaml")


def test_near_matches_stand_before_what_exists():
    assert nearest("microwav", ["bare", "microwave"]) == " Did you mean microwave? Known here: bare, microwave."
    assert nearest("zzz", ["bare"]) == " Known here: bare."
    assert nearest("sleeve", ["world", *(f"cloth_{i}" for i in range(363))]).endswith("Known here: cloth_0 to cloth_362, world.")
    assert nearest("keyy", ["key_2", "key_10", "lid"]).endswith("Known here: key_10, key_2, lid.")
    assert nearest("bar", ["bare", "bare"]) == " Did you mean bare? Known here: bare.", "each is named once"


def test_a_bound_is_told_in_the_designers_unit():
    problems = Problems({"a": ("a.yaml", 7)})
    assert Node("2 s", "a", problems).quantity("time", low=1.0) == 2.0
    assert Node("200 mm", "b", problems).quantity("length", high=0.2) == pytest.approx(0.2)
    assert problems.found == []
    Node("-2 s", "a", problems).quantity("time", low=1.0)
    Node("201 mm", "b", problems).quantity("length", high=0.2)
    assert problems.found == [
        "a.yaml:7: a: '-2 s' is too small. It has to be 1 s or more.",
        "b: '201 mm' is too large. It has to be 200 mm or less.",
    ]


def test_a_missing_key_is_one_problem_and_not_two():
    problems = Problems()
    node = Node({"c": 1}, "a", problems)
    node.mapping(required=("b",), optional=("c",))
    node.child("b").child("x").quantity("length")
    assert problems.found == ["a: the key 'b' is missing. Write `b:` and its value."]
    with pytest.raises(ScenarioError, match="the key 'b' is missing"):
        problems.stop("It")


# one slip a line: what stands in table_top.yaml, what is written instead, and what the report says on that line
SLIPS = {
    "part: objects/bowl_150, stands_on: counter.top_front, put: base": (
        "part: objects/bowl_150, stands_on: counter.top_frnt, put: base",
        ["bowl.stands_on", "no site 'top_frnt'", "Did you mean top_front"],
    ),
    "height: 860 mm": ("height: 860", ["counter.height", "860 has no unit", "870 mm"]),
    "version: 1": ("verson: 1", ["unknown key 'verson'", "Did you mean version"]),
    "part: fixtures/room": ("part: fixtures/rom", ["'fixtures/rom'", "Did you mean fixtures/room"]),
    "to: counter.top,": ("to: cuonter.top,", ["'cuonter'", "Did you mean counter"]),
    "dropped: {below: {of: bowl.base, height: 100 mm}}": (
        "dropped: {below: {of: bowl.base, height: 100 mm}, from: liftd}",
        ["dropped.from", "'liftd'", "Did you mean lifted"],
    ),
    "size: 160x120": ("size: 160*120", ["above.size", "160*120", "640x480"]),
    "pose: ready": ("pose: redy", ["robot.pose", "'redy'", "Did you mean ready"]),
    "uniform: [-20 mm, 20 mm]": ("uniform: [-20 deg, 20 mm]", ["x.uniform[0]", "'-20 deg'", "length"]),
    "required: [integrity]": ("required: integrity", ["judge.required", "is not a list"]),
}


def test_all_slips_of_a_scenario_are_told_at_once(designer):
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    for right, (wrong, _) in SLIPS.items():
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    write(file, text)
    with pytest.raises(ScenarioError) as error:
        shiliu.load_scenario("table_top")
    lines = str(error.value).splitlines()[1:]
    for wrong, message in SLIPS.values():
        place = f"{file.relative_to(designer)}:{line_of(file, wrong)}: "
        assert any(place in line and all(words in line for words in message) for line in lines), (place, message, lines)
    assert len(lines) == len(SLIPS), lines
    assert f"{len(SLIPS)} problems" in str(error.value).splitlines()[0]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("part: objects/bowl_150", "part: objects/bowl_15", "there is no part 'objects/bowl_15'. Did you mean objects/bowl_150"),
        ("put: base", "put: bse", "no site 'bse'. Did you mean base"),
        ("of: bowl, within: 10 deg", "of: bowl, wthin: 10 deg", "unknown key 'wthin'. Did you mean within"),
        ("upright: {of: bowl", "uprite: {of: bowl", "Did you mean upright"),
        ("size: 160x120", "size: 160x120, mount: robot.head_camera", "either mounted"),
        ("look_at: bowl.base, ", "", "either mounted"),
        ("look_at: bowl.base", "look_at: bowl.bas", "names no site. Did you mean base"),
        ("look_at: bowl.base, from: {x: 500 mm, y: 50 mm, z: 2000 mm}", "mount: robot.hed_camera", "Did you mean robot.head"),
        ("above: {look_at", "left_wrist: {look_at", "a camera 'left_wrist' of its own"),
        ("hold: 1 s", "hold: -1 s", "'-1 s' is too small. It has to be 0 s or more"),
        ("time_limit: 4 s", "time_limit: 4 mm", "unit of length, not of time"),
        ("height: 860 mm", "height: 8600 mm", "'8600 mm' is too large. It has to be 1100 mm or less"),
        ("height: 860 mm", "hieght: 860 mm", "unknown key 'hieght'. Did you mean height"),
        ("  room: {part:", "  Room 1: {part:", "cannot be the name of a part"),
        ("  bowl: {at: {x:", "  bowl: {at: {w:", "unknown axis 'w'"),
        ("[-20 mm, 20 mm]", "[-20 mm]", "uniform takes two bounds"),
        ("[-20 mm, 20 mm]", "[20 mm, -20 mm]", "above the upper"),
        ("bowl: {at: {x: {uniform: [-20 mm, 20 mm]}}}", "counter: {height: {uniform: [-0.2 m, 0 m]}}", "660 mm to 860 mm"),
        ("at_most: 5 %", "at_most: 500 %", "'500 %' is too large. It has to be 100 % or less"),
        ("unless: [no_penetration]", "unless: [no_penetrtion]", "Did you mean no_penetration"),
        ("goal:\n  lifted: {all:", "goal: # a list\n  - {all:", "steps need names"),
        ("title: {en: Table, zh: 桌面}", "title: {en: Table}", "the key 'zh' is missing"),
        ("judge: {", "safety: {lean: {force: {against: bowl, upon: [bowl]}, at_most: 5 N, source: a guess}}\njudge: {", "or upon things"),
        ("judge: {", "safety: {lean: {force: {upon: bowl}, at_most: 5 N, source: a guess}}\njudge: {", "is not a list"),
        ("required: [integrity]", "required: [integrty]", "'integrty' is no stage of the judge. Did you mean integrity"),
        ("required: [integrity]", "required: [integrity], if_unknown: {vary: [bowl.yaw], starts: 8}", "'bowl.yaw' is not known here"),
        ("x: 200 mm, y: 50 mm", "x: 1e200 m, y: 50 mm", "too large a number"),
        ("{x: 500 mm, y: 50 mm, z: 2000 mm}", "[500 mm, 50 mm, 2000 mm]", "is not a mapping with the keys x, y, z."),
        ("size: 160x120", "size: 160,120", "'120' is read by YAML as int, not as a word. A comma ends the value before it."),
        ("{upright: {of: bowl, within: 10 deg}}", "{upright: {of: bowl, within: 10 deg}, released: bowl}",
         "2 words stand in one condition. Write `all: [{upright: ...}, {released: ...}]`"),
        ("{upright: {of: bowl, within: 10 deg}}", "{}", "no word of the goal stands here. Write one"),
    ],
)  # fmt: skip
def test_one_slip_is_one_problem_at_its_line(designer, right, wrong, message):
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    assert right in text
    write(file, text.replace(right, wrong, 1))
    with pytest.raises(ScenarioError) as error:
        shiliu.load_scenario("table_top")
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1, "one slip was told as several problems"
    line = int(re.search(rf"{re.escape(str(file.relative_to(designer)))}:(\d+)", str(error.value))[1])
    changed = [
        i for i, (a, b) in enumerate(zip(text.splitlines(), file.read_text(encoding="utf-8").splitlines()), 1) if a != b
    ]
    assert line in changed


def test_boolean_key_of_a_scenario_is_refused_by_line(designer):
    file = designer / "conf" / "scenario" / "table_top.yaml"
    line = line_of(file, "never:")
    write(file, file.read_text(encoding="utf-8").replace("never:", "on:"))
    with pytest.raises(ScenarioError, match=rf"table_top\.yaml:{line}: .*'on'.*bool"):
        shiliu.load_scenario("table_top")


def test_an_empty_scenario_is_told(designer):
    write(designer / "conf" / "scenario" / "blank.yaml", "# nothing yet\n")
    with pytest.raises(ScenarioError, match="empty"):
        shiliu.load_scenario("blank")


def test_a_slip_on_the_command_line_is_placed_there(capsys):
    assert main(["list", "schema", "parts.oven.latch_force=20"]) == 2
    printed = capsys.readouterr().err
    assert "command line 'scenario.parts.oven.latch_force=20': " in printed and "has no unit" in printed
    assert main(["list", "mistakes", "scenario=microwave", "parts.oven.latch_forse=20 N"]) == 2
    printed = capsys.readouterr().err
    assert "no setting 'scenario.parts.oven.latch_forse'" in printed and "overrides" not in printed


@pytest.mark.parametrize(
    ("overrides", "field", "message"),
    [
        (["parts.oven.latch_force=20"], "overrides[0]", "'parts.oven.latch_force=20': 20 has no unit."),
        (["substeps=4", 'parts.oven.latch_force="900 N"'], "overrides[1]",
         """'parts.oven.latch_force="900 N"': '900 N' is too large. It has to be 35 N or less."""),
        (("parts.oven.latch_forc=20 N",), "overrides[0]", "There is no setting 'parts.oven.latch_forc'. Did you mean latch_force?"),
        (["parts.ovn.yaw=5 deg"], "overrides[0]", "'parts.ovn.yaw=5 deg': There is no setting 'parts.ovn.yaw': no 'ovn' in 'parts'."),
        ("goals=1", "overrides", "'goals=1': There is no setting 'goals'. Did you mean goal?"),
        (["+contrl_rate=20 Hz"], "overrides[0]", "'+contrl_rate=20 Hz': unknown key 'contrl_rate'. Did you mean control_rate?"),
        (["+parts.oven={a: 1}"], "overrides[0]", "'+parts.oven={a: 1}': parts.oven.a: unknown key 'a'. Did you mean at?"),
        (["parts.oven.at=[1,2"], "overrides[0]", "such as parts.oven.at=[a, b]."),
        (["parts.oven.at.x=1,2"], "overrides[0]", """parts.oven.at.x=[1,2] for a list, or parts.oven.at.x='"1,2"' for one text."""),
        (["parts.oven.at.x=${nope}"], "overrides[0]", "'${nope}' stands for a value that is not there."),
        (["a b=1"], "overrides[0]", "'a b=1': 'a b' cannot be the name of a setting."),
        (["variant=knbo"], "overrides[0]", "no variant 'knbo'. Did you mean knob?"),
        (["+link=fastt"], "overrides[0]", "'+link=fastt': There is no link 'fastt'."),
        (["scenario.parts.oven.yaw=5"], "overrides[0]", "'scenario.parts.oven.yaw=5': 5 has no unit."),
        (["substeps=4", "parts.oven"], "overrides[1]", "'parts.oven' is not accepted here. Give texts KEY=VALUE"),
        (["substeps=4", 3], "overrides[1]", "3 is not accepted here. Give texts KEY=VALUE"),
        (3, "overrides", "3 is not accepted here. Give texts KEY=VALUE"),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_taken_is_named_as_it_was_given(overrides, field, message):
    with pytest.raises(ShiliuError) as raised:
        shiliu.load_scenario("microwave", overrides=overrides)
    error = raised.value
    assert error.field == field and message in error.message and str(error) == f"{field}: {error.message}"
    assert "scenario.parts" not in error.message.removeprefix("'scenario.parts.oven.yaw=5'") and "command line" not in str(error)


def test_several_problems_name_the_override_where_they_are_of_it_and_the_file_where_not():
    with pytest.raises(ScenarioError) as raised:
        shiliu.load_scenario("microwave", ['parts.oven.part="fixtures/microwav"'])
    first, *rest = raised.value.message.splitlines()[1:]
    assert first.strip().startswith("""overrides[0]: 'parts.oven.part="fixtures/microwav"': there is no part""") and rest
    assert all("conf/scenario/microwave.yaml:" in line and "overrides" not in line for line in rest)


def test_an_error_of_something_else_is_not_laid_to_an_override():
    with pytest.raises(ScenarioError) as raised:
        shiliu.load_scenario("microwav", ["parts.oven.latch_force=20 N"])
    assert raised.value.field == "name" and "latch_force" not in str(raised.value)
    with pytest.raises(ScenarioError, match="no variant 'knbo'") as raised:
        shiliu.load_scenario("microwave", ["parts.oven.latch_force=20 N"], variant="knbo")
    assert "overrides" not in str(raised.value)


def test_overrides_set_add_and_remove(scene):
    changed = shiliu.load_scenario(
        "microwave",
        ["time_limit=20 s", "+control_rate=60 Hz", "substeps=4", "~never.spilt", "parts.oven.latch_force=20 N"],
    )
    assert changed.config.time_limit == 20.0
    assert changed.control_timestep == pytest.approx(1 / 60)
    assert changed.timestep == pytest.approx(scene.timestep)
    assert {n.name for n in scene.course.nevers} - {n.name for n in changed.course.nevers} == {"spilt"}
    oven = next(p for p in changed.config.parts if p.name == "oven")
    assert oven.params["latch_force"] == 20.0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("4.put.retreet=80 mm", "Did you mean retreat? Known here: hand, how, of, retreat, upon. To add a key"),
        ("4.put.leave=back", "To add a key that the file leaves out, write +scenario.skills.4.put.leave="),
        ("4.putt.retreat=80 mm", "no 'putt' in 'scenario.skills.4'. Did you mean put?"),
        ("9.put.retreat=80 mm", "no '9' in 'scenario.skills'. Known here: 0, 1, 2, 3, 4, 5."),
    ],
)  # fmt: skip
def test_a_setting_of_a_list_names_what_the_entry_has(setting, message):
    with pytest.raises(ScenarioError) as raised:
        compose("check", ["scenario=table_setting", f"scenario.skills.{setting}"])
    assert message in str(raised.value)


def test_what_the_page_of_trying_again_sets_is_a_setting():
    page = (Path(__file__).resolve().parents[2] / "docs" / "try-again.md").read_text(encoding="utf-8")
    (words,) = re.findall(r'(?m)^shiliu record (scenario=table_setting .*?) "(\+scenario\S+)"$', page)
    chain = compose("record", [*words[0].split(), words[1]]).tree["scenario"]["skills"]
    assert chain[4]["put"]["leave"] == "back" and len(chain) == 6


def test_settings_that_must_be_given_are_named_all_at_once():
    with pytest.raises(ScenarioError, match=r"needs data and out\. Write data=\.\.\. out=\.\.\."):
        compose("replay", [])


def test_a_setting_may_share_its_name_with_a_folder_of_conf():
    composed = compose("replay", ["data=x", "out=y", "check=full", "mapping='kuavo_rosbag'"])
    assert (composed.tree["check"], composed.tree["mapping"]) == ("full", "kuavo_rosbag")
    assert composed.chosen == {"scenario": None, "cell": None, "link": "scenario"}
    with pytest.raises(ScenarioError, match="chek"):
        compose("replay", ["data=x", "out=y", "chek=full"])


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("tabel_setting", ["table_setting", "parcel_sorting", "table_wiping"], ["table_setting"]),
        ("fixtures/countr", ["fixtures/counter", "fixtures/floor", "fixtures/code_scanner"], ["fixtures/counter"]),
        ("tiltd", ["tilted", "twisted", "title"], ["tilted"]),
        ("fixtures/xyz", ["fixtures/counter", "fixtures/floor"], []),  # the folder alone is no likeness
        ("CC-BY-4.1", ["CC-BY-4.0", "MIT"], ["CC-BY-4.0"]),
        ("lef", ["left", "leg"], ["left"]),
        ("lid_1", ["lid_2", "lid_3", "cap"], ["lid_2", "lid_3"]),  # which of two is open
        ("bowl.at.xx", ["table.at.x", "bowl.at.x", "bowl.at.y", "bowl.yaw"], ["bowl.at.x"]),  # only the rest is compared
        ("objects/cop", ["objects/cup_075", "objects/can_330", "objects/corn"], ["objects/cup_075"]),  # a size is left out
        ("bowl", ["objects/bowl_150", "objects/bottle_065", "fixtures/bowling"], ["objects/bowl_150"]),  # and a folder
        ("BARE", ["bare", "bore"], ["bare"]),
        ("fixtures/meal_tray", ["fixtures/reject_tray", "objects/meal_tray"], ["objects/meal_tray"]),  # of another folder
        ("objects/meal_tay", ["fixtures/meal_tay_2", "objects/meal_tray"], ["objects/meal_tray"]),
        ("objects/lid", ["fixtures/lid", "objects/lid", "objects/led"], ["objects/lid"]),
        ("objects/", ["fixtures/lid"], []),
    ],
)
def test_only_what_is_near_is_offered(word, known, meant):
    assert near(word, known) == meant
