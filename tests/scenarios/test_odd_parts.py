"""Parts of a designer's own that do not fit are told with their file, and are no fault of ours; the same part, whole, is sound."""

from __future__ import annotations

import pytest
import shiliu
from shiliu.scenarios.sheet.errors import ScenarioError

SCENARIO = """\
title: {en: Tin, zh: 罐}
version: 1
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: ready}
parts:
  counter: {part: fixtures/counter, put: front_foot, at: {x: 300 mm}, height: 860 mm}
  thing: {part: objects/tin, stands_on: counter.top_front, at: {x: 120 mm, y: 200 mm}}
variation:
  friction: {of: [thing], scale: {uniform: [0.8, 1.2]}}
goal: {goal}
judge: {required: [integrity], hands_may_touch: [thing]}
"""
LIFTED = "{lifted: {upright: {of: thing, within: 10 deg}}}"
INSIDE = "{filled: {share: {of: thing, inside: thing, at_least: 50 %}}}"
SHEET = "title: {en: Tin, zh: 罐}\n"
BODY = '<body name="tin"><freejoint/><geom type="box" size=".03 .03 .05" pos="0 0 .05"/><site name="base"/></body>'


@pytest.fixture
def load(tmp_path):
    def load(bodies=BODY, sheet=SHEET, goal=LIFTED, head=""):
        own = tmp_path / "assets" / "objects" / "tin"
        own.mkdir(parents=True)
        (tmp_path / "conf" / "scenario").mkdir(parents=True)
        (own / "tin.xml").write_text(f"<mujoco>{head}<worldbody>{bodies}</worldbody></mujoco>", encoding="utf-8")
        (own / "part.yaml").write_text(sheet, encoding="utf-8")
        file = tmp_path / "conf" / "scenario" / "odd.yaml"
        file.write_text(SCENARIO.replace("{goal}", goal), encoding="utf-8")
        return shiliu.load_scenario("odd", conf_dir=tmp_path / "conf")

    return load


def test_a_whole_one_is_taken(load):
    assert load().model.body("thing/tin").id > 0


ODD = {
    "a parameter of what is no number": (
        dict(
            sheet=SHEET
            + "params: {height: {default: 50 mm, min: 20 mm, max: 80 mm, sets: [{site: base, attr: parent, index: 0}]}}\n"
        ),
        r"'parent' is no number of a site in MuJoCo's MjSpec",
    ),
    "another name": (
        dict(bodies=BODY.replace('"tin"', '"box"')),
        r"the top body of tin\.xml is 'box'; call it 'tin' like the file",
    ),
    "no name": (dict(bodies=BODY.replace(' name="tin"', "")), r"call it 'tin' like the file"),
    "loose pieces, none of that name": (
        dict(bodies=BODY.replace('"tin"', '"a"') + BODY.replace('"tin"', '"b"').replace('"base"', '"low"')),
        r"'thing' has no body 'tin', as its file is called, but a, b\.",
    ),
    "no body": (
        dict(bodies='<geom type="box" size="1 1 1"/>'),
        r"'thing' has no body 'tin', as its file is called, but none\.",
    ),
    "a plane that moves": (
        dict(bodies=BODY.replace("box", "plane")),
        r"tin\.xml: parts\.thing: .*plane only allowed in static bodies",
    ),
    "a mesh that is not there": (
        dict(
            head='<asset><mesh name="m" file="gone.obj"/></asset>',
            bodies=BODY.replace('type="box"', 'type="mesh" mesh="m"'),
        ),
        r"tin\.xml: parts\.thing: .*gone\.obj",
    ),
    "no mass": (
        dict(bodies=BODY.replace("/><site", ' mass="0"/><site')),
        r"tin\.xml: parts\.thing: this part does not compile: .*mass",
    ),
    "a free joint below another body": (
        dict(bodies=BODY.replace("</body>", '<body name="lid"><freejoint/><geom size=".01"/></body></body>')),
        r"tin\.xml: parts\.thing: this part does not compile: .*free joint",
    ),
    "a sheet that is a list": (dict(sheet="- a\n"), r"part\.yaml: A part's sheet is made of keys"),
    "an inside of no size": (
        dict(sheet=SHEET + "interface: {inside: {site: base}}\n", goal=INSIDE),
        r"'thing' is no container: its part's sheet gives the word 'inside' no site, radius and height",
    ),
    "an inside whose site is gone": (
        dict(sheet=SHEET + "interface: {inside: {site: gone, radius: 30 mm, height: 80 mm}}\n", goal=INSIDE),
        r"interface\.inside: there is no site 'gone'",
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_one_is_told(load, kind):
    odd, message = ODD[kind]
    with pytest.raises(ScenarioError, match=message):
        load(**odd)


def test_an_inside_of_a_size_is_a_container(load):
    scene = load(sheet=SHEET + "interface: {inside: {site: base, radius: 30 mm, height: 80 mm}}\n", goal=INSIDE)
    assert [subgoal.name for subgoal in scene.goal] == ["filled"]
