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
from fuzz_counts import MANY
from shiliu.cli import main

QUICK = 3
EXITS = (0, 1, 2, 3)
LONG = 3  # a seed of three seconds
ODD = 0.12  # share of the draws that are odd, as long as any may be

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


class Dice:
    """Draws from a seed; only so many of them are odd: of a part in which all is odd, one error alone is seen."""

    def __init__(self, seed: int):
        self.rng = np.random.default_rng([seed, 3])
        self.odd = int(self.rng.integers(4))

    def random(self) -> float:
        return float(self.rng.random())


def some(dice: Dice, words: Any, p: Any = None) -> Any:
    """The first of several words, with which all is well, or one of the others by their weights where it is to be odd."""
    words = list(words)
    if len(words) < 2 or not dice.odd or dice.random() > ODD:
        return words[0]
    dice.odd -= 1
    weights = np.ones(len(words) - 1) if p is None else np.array(p[1:], float)
    return words[1 + int(dice.rng.choice(len(words) - 1, p=weights / weights.sum()))]


def any_of(dice: Dice, words: Any) -> Any:
    """One of several words, all of which may be well."""
    words = list(words)
    return words[int(dice.rng.integers(len(words)))]


def number(dice: Dice) -> str:
    return some(dice, NUMBERS, PLAIN)


def name_for(dice: Dice, usual: str) -> str:
    return some(dice, (usual, "tin", "a b", "罐", "", "x/y", "world"), (12, 1, 1, 1, 1, 1, 1))


def geom(dice: Dice) -> str:
    kind = some(
        dice, ("box", "cylinder", "sphere", "capsule", "mesh", "plane", "hfield", "cone"), (6, 4, 2, 2, 1, 1, 1, 1)
    )
    size = " ".join(number(dice) for _ in range(some(dice, (3, 2, 1), (6, 1, 1))))
    mesh = ' mesh="shape"' if kind == "mesh" else ""
    mass = some(dice, ("", f' mass="{number(dice)}"', f' density="{number(dice)}"'), (4, 1, 1))
    bits = some(dice, ("", ' contype="2" conaffinity="7"', ' contype="0" conaffinity="0"', ' group="9"'), (4, 4, 2, 1))
    odd = some(
        dice,
        ("", ' class="none_such"', ' material="none_such"', ' colour="red"', ' friction="0 0 0"'),
        (20, 1, 1, 1, 1),
    )
    called = some(dice, ("", ' name="body"', ' name="lid"'), (6, 1, 1))
    return f'<geom type="{kind}" size="{size}" pos="0 0 0.05"{called}{mesh}{mass}{bits}{odd}/>'


TOP = (
    '<freejoint/>', "", '<freejoint name="a"/><freejoint name="b"/>', '<joint name="lid" type="hinge" range="0 110"/>',
    '<joint type="ball"/>', '<joint name="lid" type="slide" axis="0 0 0"/>', '<freejoint/><joint type="hinge"/>',
)  # fmt: skip
BELOW = ('<joint name="lid" type="hinge" range="0 110"/>', "", '<joint name="lid" type="slide"/>', '<joint type="ball"/>', "<freejoint/>")


def body(dice: Dice, name: str, depth: int = 0) -> str:
    joint = some(dice, BELOW if depth else TOP)
    inertial = some(dice, ("", f'<inertial pos="0 0 0" mass="{number(dice)}" diaginertia="1e-4 1e-4 1e-4"/>'), (6, 1))
    inner = joint + inertial + "".join(geom(dice) for _ in range(some(dice, (1, 2, 0), (6, 3, 1))))
    for site in ("base", "grip"):
        if depth == 0 and some(dice, (True, False)):
            inner += f'<site name="{name_for(dice, site)}" pos="0 0 {some(dice, ("0", "0.05"))}"/>'
    if depth < 2 and dice.random() < 0.25:
        inner += body(dice, name_for(dice, f"inner_{depth}"), depth + 1)
    called = f' name="{name}"' if name else ""
    return f'<body{called} pos="0 0 {number(dice)}">{inner}</body>'


def mjcf(dice: Dice, name: str) -> str:
    """A model of one or several bodies, seldom whole."""
    head = some(dice, ("", '<compiler angle="radian" autolimits="true"/>', '<compiler meshdir="../.."/>'), (1, 3, 1))
    head += some(
        dice, ("", '<option timestep="0.1" gravity="0 0 9"/>', '<include file="../../../secret.xml"/>'), (12, 1, 1)
    )
    asset = some(dice, ("", '<asset><mesh name="shape" file="tin.obj"/></asset>',
    '<asset><texture name="t" file="t.png" type="2d"/></asset>',
                       '<asset><mesh name="shape" vertex="0 0 0 .1 0 0 0 .1 0 0 0 .1"/></asset>'), (8, 1, 1, 4))  # fmt: skip
    bodies = "".join(
        body(dice, name_for(dice, name) if i == 0 else f"other_{i}", i)
        for i in range(some(dice, (1, 2, 0), (12, 2, 1)))
    )
    tail = some(
        dice,
        ("", '<actuator><motor joint="lid"/></actuator>', '<sensor><touch name="s" site="grip"/></sensor>',
         '<equality><weld body1="tin" body2="other_1"/></equality>', '<keyframe><key qpos="1 2"/></keyframe>',
         '<contact><exclude body1="tin" body2="nobody"/></contact>',
         '<tendon><fixed name="t"><joint joint="lid" coef="1"/></fixed></tendon>'),
        (14, 1, 1, 1, 1, 1, 1),
    )  # fmt: skip
    whole = f'<mujoco model="{name}">{head}{asset}<worldbody>{bodies}</worldbody>{tail}</mujoco>'
    return some(dice, (whole, whole[: len(whole) // 2], "", "\ufeff" + whole, "title: tin"), (30, 1, 1, 1, 1))


def sheet(dice: Dice) -> str | None:
    """What stands in part.yaml, if there is one."""
    param = {
        "default": some(dice, ("50 mm", "0.3 kg", "0.05", "9 m", None)),
        "min": "20 mm",
        "max": some(dice, ("80 mm", "10 mm")),
        "sets": [
            {some(dice, ("site", "body", "geom", "joint")): some(dice, ("base", "lid", "body", "gone")),
             "attr": some(dice, ("pos", "size", "mass", "name", "parent", "range", "none_such")), "index": some(dice, (0, 1, 2, 9))}
        ],
    }  # fmt: skip
    content: dict[str, Any] = {"title": {"en": "Tin", "zh": "罐"}}
    if dice.random() < 0.4:
        content["mass"] = some(dice, ("0.1 kg", "0 kg", "-1 kg", "1e9 kg", 5))
    if dice.random() < 0.4:
        content["params"] = {some(dice, ("height", "part", "at", "罐")): param}
    if dice.random() < 0.6:
        content["interface"] = {
            "grip": {"site": some(dice, ("grip", "gone"))},
            **(
                {"lid": {"joint": some(dice, ("lid", "gone")), "body": some(dice, ("inner_0", "gone"))}}
                if dice.random() < 0.3
                else {}
            ),
            "inside": some(
                dice,
                ({"site": "base", "radius": "30 mm", "height": "80 mm"}, {"radius": "0 mm"}, {"geoms": []}, [], None),
            ),
        }
    if dice.random() < 0.1:
        content["contains"] = {"clip": {"part": some(dice, ("mechanisms/click_hole", "objects/tin")), "at": "base"}}
    text = yaml.safe_dump(content, allow_unicode=True)
    return some(dice, (text, None, "", "- a\n", "title: [", "on: yes\n", "a:\n\tb: 1\n"), (12, 5, 1, 1, 1, 1, 1))


def scenario(dice: Dice, part: str) -> str:
    site = any_of(dice, ("thing.base", "thing.base", "counter.top"))
    goals = (
        f"{{near: {{of: {site}, to: counter.top, within: 2 m}}, hold: 1 s}}", "{upright: {of: thing, within: 10 deg}}", "{released: thing}",
        "{angle: {of: thing.lid, above: 10 deg}}", "{share: {of: thing, inside: thing, at_least: 50 %}}",
        "{moved: {of: thing, more_than: 5 mm}}",
    )  # fmt: skip
    skills = (
        "[{take: {how: side, hand: left, at: thing.grip, of: thing, force: 20 N}}, {lift: {hand: left, by: 50 mm}}]",
        "[{move_joint: {how: pull, hand: left, joint: thing.lid, at: thing.grip, to: 40 deg}}]", "[{press: {how: key, at: thing.base}}]",
        "[{look: {at: thing.base}}, {home: {hand: right}}]", "[]",
    )  # fmt: skip
    return SCENARIO.format(
        part=part,
        put=any_of(dice, ("put: base, ", "put: grip, ", "")),
        more=some(dice, ("", ", height: 60 mm", ", yaw: 30 deg"), (4, 1, 1)),
        friction=any_of(dice, ("", "friction: {of: [thing], scale: {uniform: [0.8, 1.2]}}")),
        goal=any_of(dice, goals),
        never=any_of(dice, (f"{{below: {{of: {site}, height: 100 mm}}}}", "{tilted: {of: thing, more_than: 30 deg}}")),
        safety=any_of(
            dice,
            (
                "{}",
                "{push: {force: {between: [thing, robot.hands]}, at_most: 60 N, mean_over: 20 ms, source: a guess}}",
            ),
        ),
        skills=any_of(dice, skills),
        site=site,
    )


def part_case(seed: int, folder: Path, watched: Any) -> str:
    """Write the part and the scenario of a seed, check and record it; what the command said."""
    dice = Dice(seed)
    name = some(dice, ("tin", "biscuit_tin", "a b", "罐"), (6, 3, 1, 1))
    shutil.rmtree(folder, ignore_errors=True)
    own = folder / "assets" / "objects" / name
    own.mkdir(parents=True)
    (folder / "conf" / "scenario").mkdir(parents=True)
    (own / f"{name}.xml").write_text(mjcf(dice, name), encoding="utf-8")
    content = sheet(dice)
    if content is not None:
        (own / "part.yaml").write_text(content, encoding="utf-8")
    (folder / "conf" / "scenario" / "odd.yaml").write_text(scenario(dice, f"objects/{name}"), encoding="utf-8")
    where = [f"--config-dir={folder / 'conf'}", "--debug"]
    commands = [
        ["check", "scenario=odd", "draws=2", *where],
        ["record", "scenario=odd", "episodes=1", f"out={folder / 'out'}", "threads=1", "quiet=true", *where],
    ]
    codes = []
    try:
        for command in commands:
            with watched(60.0):  # a way that is nowhere is sought to the last look
                codes.append(main(command))
    except Exception as error:
        raise AssertionError(f"part {seed}, {command[0]}: {type(error).__name__}: {error}") from error
    assert set(codes) <= set(EXITS), codes
    return "performed" if codes[1] == 0 else "refused"


@pytest.mark.parametrize("seed", [pytest.param(s, id=f"part-{s}") for s in range(QUICK + 1) if s != LONG])
def test_part(seed, tmp_path, watched):
    part_case(seed, tmp_path / "own", watched)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [pytest.param(s, id=f"part-{s}") for s in range(1000, 1000 + MANY)])
def test_many_parts(seed, tmp_path, watched):
    part_case(seed, tmp_path / "own", watched)
