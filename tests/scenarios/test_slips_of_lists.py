"""Slips of a Chinese keyboard and of lists: one cause, one line, with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
import shiliu
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.quantity import parse_quantity
from shiliu.scenarios.sheet.typing_slips import other_comma, other_sign, slip_in

OWN = (CONF / "scenario" / "table_setting.yaml").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    return tmp_path


def refused(text: str) -> str:
    Path("conf/scenario/mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        scene = shiliu.load_scenario("mine")
        from shiliu.replay.operator.mistakes import read_mistakes

        read_mistakes(scene)
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{uniform: [-60 mm, 60 mm]}", "{uniform: ±60 mm}", "'±60 mm' is no range. Write [-60 mm, 60 mm]."),
        ("[bowl, robot.fingertips]", "[bowl、robot.fingertips]", "Entries of a list have commas between them: [bowl, robot.fingertips]."),
        ("near: {of", "close_to: {of", "unknown word 'close_to'. Did you mean near?"),
        ("y: -260 mm", "y: -260 毫米", "'-260 毫米' is not a quantity. Write it as -260 mm."),
        ("y: -260 mm", "y:\u3000-260 mm", "It holds an ideographic space (U+3000). Write y: -260 mm."),
        ("time_limit: ", "time_limit:\u3000", "an ideographic space (U+3000) stands in column 12. "),
        ("time_limit: ", "time_limit:\u00a0", "a no-break space (U+00A0) stands in column 12. "),
        ("time_limit: ", "time_limit\u3000: ", "an ideographic space (U+3000) stands in column 11. Write a blank"),
        ("  bowl:", "\u3000\u3000bowl:", "an ideographic space (U+3000) stands in column 1."),
        ("time_limit: ", "\u200btime_limit: ", "It holds a mark (U+200B). Write time_limit."),
        ("time_limit: ", "time_limit:", "no `: ` stands after 'time_limit'."),
        ("version: ", "version: \u3000", "It holds an ideographic space (U+3000). Write 3."),
        ("{uniform: [-60 mm, 60 mm]}", "±60 mm", "Write {uniform: [-60 mm, 60 mm]}."),
        ("[bowl, robot.fingertips]", "[bowl；robot.fingertips]", "Entries of a list have commas between them: [bowl, robot.fingertips]."),
        ("{x: 0 mm, y: -260 mm}", "{x: 0 mm、y: -260 mm}", "the full-width '、' stands in column "),
        ("  - lift:", "\u3000\u3000- lift:", "an ideographic space (U+3000) stands in column 1"),
        ("at: {x: 0 mm, y: -260 mm}", "<<: *few", "`<<` merges keys, which is not read here"),
    ],
)
def test_a_slip_is_one_line_with_what_to_write(old, new, says):
    assert old in OWN
    text = OWN.replace(old, new, 1)
    message = refused(text if "*few" not in new else text.replace("parts:", "few: &few {at: {x: 0 mm, y: -260 mm}}\nparts:", 1))
    assert says in message and "\n" not in message, message


def test_a_goal_written_as_a_list_is_one_problem():
    begin, end = OWN.index("goal:"), OWN.index("never:")
    goal = OWN[begin:end]
    for name in ("taken", "served", "unspilt"):
        goal = goal.replace(f"  {name}: ", f"  - {name}: ")
    message = refused(OWN[:begin] + goal + OWN[end:])
    assert "Take the dashes out" in message and "\n" not in message and len(message) < 300


def test_the_codes_of_mistakes_are_not_asked_of_a_goal_that_cannot_be_read():
    message = refused(OWN.replace("  served:  {all:", "  served:  {alll:", 1))
    assert "alll" in message and "replay.goal:served" not in message


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[("±20 mm", "[-20 mm, 20 mm]"), ("1〜2 s", "[1 s, 2 s]"), ("870±30 mm", "870 mm, and [-30 mm, 30 mm] under variation")],
        *[("15°", "15 deg"), ("2 千克", "2 kg"), ("3 毫秒", "3 ms"), ("5 ％", None), ("5 mm", None), (5, None)],
    ],
)
def test_signs(text, found):
    assert other_sign(text) == found


def test_quantities_with_blanks_of_any_width_are_read():
    assert parse_quantity("760\u3000mm") == pytest.approx(0.76)
    assert other_comma("a、b，c") == "[a, b, c]" and other_comma("a, b") is None


def test_an_entry_without_its_dash():
    text = "skills:\n  - look: {at: a}\n  take: {hand: left}\n"
    assert "line 3 has no dash and line 2 has one" in str(slip_in(text, 2))
    assert slip_in("a: 1\nb: 2\n", 1) is None


def test_a_scenario_by_the_path_of_its_file(folder):
    Path("conf/scenario/mine.yaml").write_text(OWN, encoding="utf-8")
    assert shiliu.load_scenario("conf/scenario/mine.yaml").name == "mine"
    with pytest.raises(ScenarioError, match=r"There is no file conf/scenario/other\.yaml.*write other"):
        shiliu.load_scenario("conf/scenario/other.yaml")
    (folder / "elsewhere.yaml").write_text(OWN)
    with pytest.raises(ScenarioError, match=r"elsewhere\.yaml lies in no folder.*write elsewhere"):
        shiliu.load_scenario("elsewhere.yaml")
    with pytest.raises(ScenarioError, match=r"Write mine\."):
        shiliu.load_scenario("mine.yaml")
