"""shiliu check part=: a good part is sound, and each fault of a spoilt one is told with its file and line, all at once."""

from __future__ import annotations

from pathlib import Path

import mujoco
import pytest
from shiliu.cli import main
from shiliu.scenarios.parts.part import list_parts, load_part
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.soundness.part_soundness import examine_part
from shiliu.scenarios.soundness.soundness import extent, huge

TIN = """\
<mujoco model="tin">
  <compiler angle="radian" autolimits="true"/>
  <default><geom group="3" contype="2" conaffinity="7" condim="4" friction="0.5 0.003 0.0001"/></default>
  <worldbody>
    <body name="tin">
      <freejoint name="tin_free"/>
      <geom name="shell" type="box" size="0.03 0.04 0.05" pos="0 0 0.05" mass="0.2"/>
      <site name="base"/>
      <site name="middle" pos="0 0 0.05"/>
      <body name="lid" pos="0 0 0.1">
        <joint name="lid" type="hinge" axis="0 1 0" pos="0.03 0 0" range="0 1.9" damping="0.01"/>
        <geom name="lid" type="box" size="0.03 0.04 0.002" pos="0 0 0.003" mass="0.02"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""
SHEET = """\
title: {en: Tin, zh: 饼干罐}
mass: 0.22 kg
params:
  mass:
    default: 0.2 kg
    sets: [{geom: shell, attr: mass}]
interface:
  lid: {joint: lid, body: lid}
grips:
  wall: {kind: side, site: middle, fingers: x, pads: y, width: 80 mm, bears: 60 N, source: "a drawing [E]"}
titles:
  lid: {en: lid, zh: 盖}
about: A tin. Its numbers are estimates [E].
sources:
  - [mass, 0.22 kg, "[E]"]
  - [size, 60 mm, "[E]"]
"""
ROBOT_BITS = ('contype="2" conaffinity="7" condim', "condim")

# what is spoilt -> (file, old, new), and each line that has to be told: where, what
SPOILT = {
    "mass": (("part.yaml", "mass: 0.22 kg", "mass: 2.2 kg"), [("part.yaml:2", "the bodies of the model weigh 0.22 kg")]),
    "default": (("part.yaml", "default: 0.2 kg", "default: 0.3 kg"), [("part.yaml:6", "the default makes 0.3 of mass of 'shell'")]),
    "attribute": (("part.yaml", "attr: mass", "attr: mas"), [("part.yaml:6", "sets[0].attr: 'mas' is no number of a geom"),
                                                               ("part.yaml:6", "Did you mean mass?")]),
    "attribute of an int": (("part.yaml", "attr: mass", "attr: condim"), [("part.yaml:6", "'condim' is no number of a geom")]),
    "index": (("part.yaml", "attr: mass", "attr: size, index: 3"), [("part.yaml:6", "size of 'shell' has no index 3")]),
    "range": (("tin.xml", 'range="0 1.9"', 'range="0 110"'), [("tin.xml:11", "hinge 'lid' turns from 0 to 6303 deg")]),
    "millimetres": (("tin.xml", 'size="0.03 0.04 0.05" pos="0 0 0.05"', 'size="30 40 50" pos="0 0 50"'),
                    [("tin.xml:5", "100 m from end to end. Its numbers look like mm")]),
    "no free joint": (("tin.xml", '<freejoint name="tin_free"/>', ""), [("tin.xml:5", 'Write <freejoint name="tin_free"/>')]),
    "bits": (("tin.xml", *ROBOT_BITS), [("tin.xml:7", "which is the robot's"), ("tin.xml:12", "which is the robot's")]),
    "furniture": (("tin.xml", 'conaffinity="7"', 'conaffinity="5"'), [("tin.xml:7", "furniture (2) does not carry it")]),
    "no shape": (("tin.xml", 'contype="2" conaffinity="7"', 'contype="0" conaffinity="0"'), [("tin.xml", "no shape of it touches")]),
    "stands on an edge": (("tin.xml", 'size="0.03 0.04 0.05" pos="0 0 0.05"', 'size="0.03 0.04 0.05" pos="0 0 0.05" euler="0.5 0 0"'),
                          [("tin.xml:5", "left alone for 1 s on a table, 'tin' moves by")]),
    "body's name": (("tin.xml", '<body name="tin">', '<body name="can">'), [("tin.xml:5", "call it 'tin' like the file")]),
    "light": (("tin.xml", 'mass="0.02"', 'mass="1e-5"'), [("tin.xml:10", "weighs 10 mg")]),
    "word": (("part.yaml", "joint: lid,", "joint: lidd,"), [("part.yaml:8", "there is no joint 'lidd'. Did you mean lid")]),
    "grip's site": (("part.yaml", "site: middle", "site: midle"), [("part.yaml:10", "there is no site 'midle'. Did you mean middle")]),
    "grip's width": (("part.yaml", "width: 80 mm", "width: 60 mm"), [("part.yaml:10", "80 mm wide there, the sheet says 60 mm")]),
    "no Chinese": (("part.yaml", "  lid: {en: lid, zh: 盖}", "  base: {en: foot, zh: 底}"), [("part.yaml:8", "no words in en, zh")]),
    "grade": (("part.yaml", '60 mm, "[E]"', "60 mm, a guess"), [("part.yaml:16", "the row 'size' has no grade")]),
    "no source": (("part.yaml", "about: A tin. Its numbers are estimates [E].\n", ""), [("part.yaml", "nothing says what it is")]),
    "too heavy": (("tin.xml", 'mass="0.2"', 'mass="20"'), [("part.yaml:10", "too heavy; each pad would have to press with")]),
    "too wide": (("tin.xml", "0.03 0.04 0.05", "0.03 0.12 0.05"),
                 [("part.yaml:10", "its shapes are 240 mm wide there"), ("part.yaml:10", "too wide: 240 mm")]),
}  # fmt: skip


def tin(folder: Path, *changes: tuple[str, str, str]) -> None:
    own = folder / "assets" / "objects" / "tin"
    own.mkdir(parents=True)
    files = {"tin.xml": TIN, "part.yaml": SHEET}
    for name, old, new in changes:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
    for name, text in files.items():
        (own / name).write_text(text, encoding="utf-8")


def problems(folder: Path) -> list[str]:
    part = load_part("objects/tin", extra=folder / "assets")
    return [answer.answer for answer in examine_part(part) if not answer.sound]


@pytest.mark.parametrize("name", [name for name in list_parts() if not name.startswith("robots/")])
def test_the_parts_of_the_library_are_sound(name):
    assert [answer for answer in examine_part(load_part(name)) if not answer.sound] == []


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_spoilt_part_is_told_with_its_file_and_line(spoilt, tmp_path):
    change, expected = SPOILT[spoilt]
    tin(tmp_path, change)
    found = problems(tmp_path)
    for place, words in expected:
        assert any(f"{place}:" in line and words in line for line in found), found


@pytest.mark.parametrize(("long", "loose", "wrong"), [(2.9, True, False), (3.1, True, True), (24.0, False, False), (26.0, False, True)])
def test_a_size_that_was_meant_in_millimetres_is_refused(long, loose, wrong):
    assert (huge(long, loose) is not None) == wrong


def test_the_extent_of_shapes_is_that_of_turned_ones_together_and_of_no_plane():
    box = '<geom type="box" size="1 0.5 0.1" euler="0 0 90" pos="2 0 0"/>'
    joined = f'{box}<geom type="sphere" size="0.5"/><geom type="plane" size="9 9 9"/>'
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{joined}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    assert extent(model, data, range(3)) == pytest.approx(3.0), "from -0.5 to 2.5 along x"
    assert extent(model, data, [0]) == pytest.approx(2.0), "along y, since it is turned"
    assert extent(model, data, [2]) == 0.0


def test_bounds_of_a_parameter_that_are_upside_down_are_one_problem(tmp_path):
    with pytest.raises(ScenarioError) as raised:
        tin(tmp_path, ("part.yaml", "default: 0.2 kg", "default: 0.2 kg\n    min: 0.3 kg\n    max: 0.1 kg"))
        problems(tmp_path)
    assert str(raised.value).endswith("part.yaml:6: params.mass.min: the lower bound '0.3 kg' is above the upper '0.1 kg'.")


def test_a_grip_at_no_site_is_no_reason_to_have_no_grips(tmp_path):
    """What its shapes offer was not looked at: the sheet has a grip, which has a slip."""
    tin(tmp_path, SPOILT["grip's site"][0])
    (line,) = (line for line in problems(tmp_path) if "midle" not in line)
    assert line.endswith("tin.xml: none of the grips of its sheet holds.")


def test_all_problems_are_told_at_once_and_the_exit_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    spoilt = ("mass", "range", "bits", "grade", "no Chinese")
    tin(tmp_path, *(SPOILT[name][0] for name in spoilt))
    assert main(["check", "part=tin"]) == 1
    printed = capsys.readouterr().out
    for name in spoilt:
        for _, words in SPOILT[name][1]:
            assert words in printed
    assert "objects/tin: 6 problems" in printed and "ok   grip wall" in printed


def test_a_good_part_is_sound_and_the_claw_holds_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    tin(tmp_path)
    assert main(["check", "part=tin"]) == 0
    printed = capsys.readouterr().out
    assert (
        "80 mm between the pads (at most 186 mm); 0.22 kg at friction 0.9 take 2.4 N of each pad (180 N at most, it bears 60 N)"
        in printed
    )
    assert "FAIL" not in printed and printed.endswith("objects/tin: sound\n")
    assert main(["check", "part=tim"]) == 2 and "Did you mean objects/tin" in capsys.readouterr().err
    (tmp_path / "assets" / "objects" / "tin" / "part.yaml").write_text("titel: {en: Tin, zh: 罐}\n", encoding="utf-8")
    assert main(["check", "part=tin"]) == 2 and "part.yaml:1: titel: unknown key" in capsys.readouterr().err


def test_a_part_whose_sheet_is_silent_is_searched(tmp_path):
    silent = ("part.yaml", SHEET[SHEET.index("grips:") : SHEET.index("titles:")], "")
    tin(tmp_path, silent)
    part = load_part("objects/tin", extra=tmp_path / "assets")
    answers = [a for a in examine_part(part) if a.question.startswith(("grip", "can be held"))]
    assert all(a.sound for a in answers) and answers[-1].answer.startswith("by the claw, in")
    wide, large = tmp_path / "wide", [("tin.xml", f"0.03 0.04 {z}", f"0.12 0.12 {z}") for z in ("0.05", "0.002")]
    tin(wide, silent, *large)
    assert any("too wide: nowhere narrower than" in line for line in problems(wide))
    unheld = tmp_path / "unheld"
    tin(unheld, ("part.yaml", silent[1], "grips: {}\n"), *large)
    assert problems(unheld) == []


TIED = """\
<mujoco model="tin">
  <compiler angle="radian" autolimits="true"/>
  <default><geom group="3" contype="2" conaffinity="7" condim="4" friction="0.5 0.003 0.0001"/></default>
  <worldbody>
    <body name="tin">
      <site name="base"/>
      <geom name="clip" type="box" size="0.005 0.005 0.005" pos="0 0 0.005" mass="0.02"/>
      <body name="tag" pos="0.02 0 0.005">
        <joint name="turn" type="hinge" axis="0 1 0" damping="0.01"/>
        <geom name="tag" type="box" size="0.06 0.04 0.005" pos="0.07 0 0" mass="0.2"/>
        <site name="middle" pos="0.10 0 0"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""
TIED_SHEET = """\
title: {en: Tag, zh: 标签}
mass: 0.22 kg
fastened: base
grips:
  edge: {kind: pinch, site: middle, fingers: -x, pads: y, width: 80 mm, bears: 60 N, source: "a drawing [E]"}
titles:
  base: {en: clip, zh: 夹}
  middle: {en: tag, zh: 标签}
about: A tag on a clip [E].
"""


def test_a_part_that_is_fastened_lies_on_the_table_and_moves_where_it_is_held(tmp_path):
    def tied(name: str, *changes: tuple[str, str, str]) -> list[str]:
        tin(tmp_path / name, ("tin.xml", TIN, TIED), ("part.yaml", SHEET, TIED_SHEET), *changes)
        return problems(tmp_path / name)

    assert tied("sound") == []
    assert any("hands cannot move it" in line for line in tied("silent", ("part.yaml", "fastened: base\n", "")))
    assert any(
        "part.yaml:3" in line and "something moves it as a whole" in line
        for line in tied("moves", ("part.yaml", "fastened: base", "fastened: middle"))
    )
    assert any(
        "part.yaml:3" in line and "no site 'bas'" in line
        for line in tied("none", ("part.yaml", "fastened: base", "fastened: bas"))
    )
    held = (
        "part.yaml",
        "site: middle, fingers: -x, pads: y, width: 80 mm",
        "site: base, fingers: -z, pads: y, width: 10 mm",
    )
    assert any("part.yaml:5" in line and "'base' cannot move" in line for line in tied("fixed", held))
    raised = ("tin.xml", 'name="tag" pos="0.02 0 0.005"', 'name="tag" pos="0.02 0 0.005" euler="0 -0.3 0"')
    light = ("tin.xml", 'damping="0.01"', 'damping="0.5"')  # so that it is on its way for longer than a second
    assert any("'tag'" in line and "ends with" in line for line in tied("raised", raised, light))
    ungripped = ("part.yaml", TIED_SHEET[TIED_SHEET.index("grips:") : TIED_SHEET.index("titles:")], "grips: {}\n")
    assert any("by its grips alone" in line for line in tied("ungripped", ungripped))


def test_a_part_without_a_sheet_or_with_one_of_another_name(tmp_path):
    tin(tmp_path)
    own = tmp_path / "assets" / "objects" / "tin"
    (own / "part.yaml").rename(own / "parts.yaml")
    assert any("parts.yaml is not read; call it part.yaml" in line for line in problems(tmp_path))
    (own / "tin.xml").write_text("<mujoco><worldbody><geom/></worldbody></mujoco>", encoding="utf-8")
    with pytest.raises(ScenarioError):
        problems(tmp_path)
