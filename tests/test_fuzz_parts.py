"""Parts that nobody would build: whatever lies in a designer's folder ends in a scene, or in one error that names the part.

A part is an MJCF and perhaps a sheet, both made from a seed; it stands on a table in a scenario that names it in its goal, its
limits and its skills. A case is named by its seed: `-k "part-12"`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from shiliu.cli import main

QUICK, ALL = 10, 300
EXITS = (0, 1, 2, 3)
CALM = 0.8  # share of all that is drawn in which nothing is odd: of a part in which all is odd, one error alone is seen

SCENARIO = """\
title: {{en: Odd, zh: 怪}}
version: 1
time_limit: 1 s
robot: {{stands_at: {{x: 0 mm, y: 0 mm, yaw: 0 deg}}, pose: ready}}
parts:
  counter: {{part: fixtures/counter, put: front_foot, at: {{x: 300 mm}}, height: 860 mm}}
  thing: {{part: {part}, stands_on: counter.top_front, {put}at: {{x: 120 mm, y: 200 mm}}{more}}}
variation:
  thing: {{at: {{x: {{uniform: [-20 mm, 20 mm]}}}}}}
  {friction}
  redraw: {{unless: [no_penetration], at_most: 5 %}}
goal:
  lifted: {goal}
never:
  dropped: {never}
safety: {safety}
skills: {skills}
cameras:
  above: {{look_at: {site}, from: {{x: 500 mm, y: 50 mm, z: 2000 mm}}, size: 160x120}}
judge: {{required: [integrity], hands_may_touch: [thing]}}
"""

NUMBERS = ("0.05", "0.01", "0.2", "0", "-0.05", "1e-9", "1e5", "nan")
PLAIN = (0.7, 0.1, 0.1, 0.02, 0.02, 0.02, 0.02, 0.02)


def some(rng: np.random.Generator, words: Any, p: Any = None) -> Any:
    """One of several words by their weights; the first, with which all is well, more often than not."""
    words = list(words)
    if rng.random() < CALM:
        return words[0]
    return words[int(rng.choice(len(words), p=None if p is None else np.array(p) / np.sum(p)))]


def number(rng: np.random.Generator) -> str:
    return some(rng, NUMBERS, PLAIN)


def name_for(rng: np.random.Generator, usual: str) -> str:
    return some(rng, (usual, "tin", "a b", "罐", "", "x/y", "world"), (12, 1, 1, 1, 1, 1, 1))


def geom(rng: np.random.Generator) -> str:
    kind = some(
        rng, ("box", "cylinder", "sphere", "capsule", "mesh", "plane", "hfield", "cone"), (6, 4, 2, 2, 1, 1, 1, 1)
    )
    size = " ".join(number(rng) for _ in range(some(rng, (3, 2, 1), (6, 1, 1))))
    mesh = ' mesh="shape"' if kind == "mesh" else ""
    mass = some(rng, ("", f' mass="{number(rng)}"', f' density="{number(rng)}"'), (4, 1, 1))
    bits = some(rng, ("", ' contype="2" conaffinity="7"', ' contype="0" conaffinity="0"', ' group="9"'), (4, 4, 2, 1))
    odd = some(
        rng, ("", ' class="none_such"', ' material="none_such"', ' colour="red"', ' friction="0 0 0"'), (20, 1, 1, 1, 1)
    )
    called = some(rng, ("", ' name="body"', ' name="lid"'), (6, 1, 1))
    return f'<geom type="{kind}" size="{size}" pos="0 0 0.05"{called}{mesh}{mass}{bits}{odd}/>'


def body(rng: np.random.Generator, name: str, depth: int = 0) -> str:
    joint = some(
        rng,
        ('<freejoint/>', "", '<freejoint name="a"/><freejoint name="b"/>', '<joint name="lid" type="hinge" range="0 110"/>',
         '<joint type="ball"/>', '<joint name="lid" type="slide" axis="0 0 0"/>', '<freejoint/><joint type="hinge"/>'),
        (10, 3, 1, 3, 1, 1, 1) if depth == 0 else (1, 5, 0, 6, 2, 1, 0),
    )  # fmt: skip
    inertial = some(rng, ("", f'<inertial pos="0 0 0" mass="{number(rng)}" diaginertia="1e-4 1e-4 1e-4"/>'), (6, 1))
    inner = joint + inertial + "".join(geom(rng) for _ in range(some(rng, (1, 2, 0), (6, 3, 1))))
    for site in ("base", "grip"):
        if depth == 0 and rng.random() < 0.95:
            inner += f'<site name="{name_for(rng, site)}" pos="0 0 {some(rng, ("0", "0.05"))}"/>'
    if depth < 2 and rng.random() < 0.25:
        inner += body(rng, name_for(rng, f"inner_{depth}"), depth + 1)
    called = f' name="{name}"' if name else ""
    return f'<body{called} pos="0 0 {number(rng)}">{inner}</body>'


def mjcf(rng: np.random.Generator, name: str) -> str:
    """A model of one or several bodies, seldom whole."""
    head = some(rng, ("", '<compiler angle="radian" autolimits="true"/>', '<compiler meshdir="../.."/>'), (1, 3, 1))
    head += some(
        rng, ("", '<option timestep="0.1" gravity="0 0 9"/>', '<include file="../../../secret.xml"/>'), (12, 1, 1)
    )
    asset = some(rng, ("", '<asset><mesh name="shape" file="tin.obj"/></asset>', '<asset><texture name="t" file="t.png" type="2d"/></asset>',
                       '<asset><mesh name="shape" vertex="0 0 0 .1 0 0 0 .1 0 0 0 .1"/></asset>'), (8, 1, 1, 4))  # fmt: skip
    bodies = "".join(
        body(rng, name_for(rng, name) if i == 0 else f"other_{i}", i) for i in range(some(rng, (1, 2, 0), (12, 2, 1)))
    )
    tail = some(
        rng,
        ("", '<actuator><motor joint="lid"/></actuator>', '<sensor><touch name="s" site="grip"/></sensor>',
         '<equality><weld body1="tin" body2="other_1"/></equality>', '<keyframe><key qpos="1 2"/></keyframe>',
         '<contact><exclude body1="tin" body2="nobody"/></contact>', '<tendon><fixed name="t"><joint joint="lid" coef="1"/></fixed></tendon>'),
        (14, 1, 1, 1, 1, 1, 1),
    )  # fmt: skip
    whole = f'<mujoco model="{name}">{head}{asset}<worldbody>{bodies}</worldbody>{tail}</mujoco>'
    return some(rng, (whole, whole[: len(whole) // 2], "", "\ufeff" + whole, "title: tin"), (30, 1, 1, 1, 1))


def sheet(rng: np.random.Generator) -> str | None:
    """What stands in part.yaml, if there is one."""
    param = {
        "default": some(rng, ("50 mm", "0.3 kg", "0.05", "9 m", None)),
        "min": "20 mm",
        "max": some(rng, ("80 mm", "10 mm")),
        "sets": [
            {some(rng, ("site", "body", "geom", "joint")): some(rng, ("base", "lid", "body", "gone")),
             "attr": some(rng, ("pos", "size", "mass", "name", "parent", "range", "none_such")), "index": some(rng, (0, 1, 2, 9))}
        ],
    }  # fmt: skip
    content: dict[str, Any] = {"title": {"en": "Tin", "zh": "罐"}}
    if rng.random() < 0.4:
        content["mass"] = some(rng, ("0.1 kg", "0 kg", "-1 kg", "1e9 kg", 5))
    if rng.random() < 0.4:
        content["params"] = {some(rng, ("height", "part", "at", "罐")): param}
    if rng.random() < 0.6:
        content["interface"] = {
            "grip": {"site": some(rng, ("grip", "gone"))},
            **(
                {"lid": {"joint": some(rng, ("lid", "gone")), "body": some(rng, ("inner_0", "gone"))}}
                if rng.random() < 0.3
                else {}
            ),
            "inside": some(
                rng,
                ({"site": "base", "radius": "30 mm", "height": "80 mm"}, {"radius": "0 mm"}, {"geoms": []}, [], None),
            ),
        }
    if rng.random() < 0.1:
        content["contains"] = {"clip": {"part": some(rng, ("mechanisms/click_hole", "objects/tin")), "at": "base"}}
    text = yaml.safe_dump(content, allow_unicode=True)
    return some(rng, (text, None, "", "- a\n", "title: [", "on: yes\n", "a:\n\tb: 1\n"), (12, 5, 1, 1, 1, 1, 1))


def scenario(rng: np.random.Generator, part: str) -> str:
    site = some(rng, ("thing.base", "thing.grip", "counter.top"), (5, 3, 2))
    goals = (
        f"{{near: {{of: {site}, to: counter.top, within: 2 m}}, hold: 1 s}}", "{upright: {of: thing, within: 10 deg}}", "{released: thing}",
        "{angle: {of: thing.lid, above: 10 deg}}", "{share: {of: thing, inside: thing, at_least: 50 %}}", "{moved: {of: thing, more_than: 5 mm}}",
    )  # fmt: skip
    skills = (
        "[]", "[{grasp: {hand: left, at: thing.grip, of: thing, force: 20 N}}, {lift: {hand: left, by: 50 mm}}]",
        "[{pull_open: {hand: left, joint: thing.lid, grasp: thing.grip, to: 40 deg}}]", "[{press_key: {at: thing.base}}]",
        "[{look_at: {at: thing.base}}, {home: {hand: right}}]",
    )  # fmt: skip
    return SCENARIO.format(
        part=part,
        put=some(rng, ("put: base, ", "put: grip, ", "")),
        more=some(rng, ("", ", height: 60 mm", ", yaw: 30 deg"), (4, 1, 1)),
        friction=some(rng, ("", "friction: {of: [thing], scale: {uniform: [0.8, 1.2]}}")),
        goal=some(rng, goals),
        never=some(rng, (f"{{below: {{of: {site}, height: 100 mm}}}}", "{tilted: {of: thing, more_than: 30 deg}}")),
        safety=some(
            rng,
            (
                "{}",
                "{push: {force: {between: [thing, robot.hands]}, at_most: 60 N, mean_over: 20 ms, source: a guess}}",
            ),
        ),
        skills=some(rng, skills),
        site=site,
    )


def part_case(seed: int, folder: Path, watched: Any) -> str:
    """Write the part and the scenario of a seed, check and record it; what the command said."""
    rng = np.random.default_rng([seed, 3])
    name = some(rng, ("tin", "biscuit_tin", "a b", "罐"), (6, 3, 1, 1))
    shutil.rmtree(folder, ignore_errors=True)
    own = folder / "assets" / "objects" / name
    own.mkdir(parents=True)
    (folder / "conf" / "scenario").mkdir(parents=True)
    (own / f"{name}.xml").write_text(mjcf(rng, name), encoding="utf-8")
    content = sheet(rng)
    if content is not None:
        (own / "part.yaml").write_text(content, encoding="utf-8")
    (folder / "conf" / "scenario" / "odd.yaml").write_text(scenario(rng, f"objects/{name}"), encoding="utf-8")
    where = [f"--config-dir={folder / 'conf'}", "--debug"]
    commands = [
        ["check", "scenario=odd", "draws=2", *where],
        ["record", "scenario=odd", "episodes=1", f"out={folder / 'out'}", "threads=1", "quiet=true", *where],
    ]
    codes = []
    try:
        for command in commands:
            with watched(20.0):
                codes.append(main(command))
    except Exception as error:
        raise AssertionError(f"part {seed}, {command[0]}: {type(error).__name__}: {error}") from error
    assert set(codes) <= set(EXITS), codes
    return "performed" if codes[1] == 0 else "refused"


@pytest.mark.parametrize("seed", [pytest.param(s, id=f"part-{s}") for s in range(QUICK)])
def test_part(seed, tmp_path, watched):
    part_case(seed, tmp_path / "own", watched)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [pytest.param(s, id=f"part-{s}") for s in range(1000, 1000 + ALL)])
def test_many_parts(seed, tmp_path, watched):
    part_case(seed, tmp_path / "own", watched)
