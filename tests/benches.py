"""Benches: small scenes of parts of the library, in which one skill is performed.

A skill has a test of its own: a chain of it and a goal, and what has become of the scene.

    scene = bench("[press: {how: surface, hand: left, at: table.top}]", "{never: {moved: {of: can, more_than: 3000 mm}}}", "bowl", "other")
    assert "gave_up" not in done(scene).provenance
"""

from collections.abc import Mapping

import mujoco
import numpy as np
import yaml
from shiliu.replay.operator.operator import Operator, Operators, longest
from shiliu.replay.rollout.performed import performance_observers
from shiliu.replay.rollout.rollout import roll_out
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.own_files import FAST
from shiliu.scenarios.soundness.soundness import STATE

BENCH = """
title: {en: Bench, zh: 台}
version: 1
time_limit: 30 s
substeps: 8
physics: {integrator: discrete}
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  room: {part: fixtures/room, signs: 0 %}
  table: {part: fixtures/counter, put: front_foot, at: {x: 200 mm, y: 0 mm}, width: 1500 mm, depth: 500 mm}
  bowl: {part: objects/bowl_150, stands_on: table.top_front, put: base, at: {x: 150 mm, y: 280 mm}}
  buns: {part: objects/grains, fills: bowl.inside}
  other: {part: objects/bowl_150, stands_on: table.top, put: base, at: {x: 0 mm, y: -20 mm}}
  can: {part: objects/can_330, stands_on: table.top_front, put: base, at: {x: 180 mm, y: 250 mm}}
judge: {required: [integrity, kinematics]}
"""
ALONE = {"bowl": "buns"}  # what fills a part goes with it
REST = 2.0  # s, for what lies loose to come to rest


def bench(skills: str, goal: str, *without: str, at: Mapping[str, dict] = {}, **more: object):
    """A scene of the bench with a skill chain and a goal, as YAML; some parts taken away or elsewhere; other keys put in."""
    tree = yaml.load(BENCH, FAST)
    for part in without:
        tree["parts"].pop(part)
        tree["parts"].pop(ALONE.get(part, ""), None)
    for part, place in at.items():
        tree["parts"][part]["at"] = place
    tree |= {"skills": yaml.load(skills, FAST), "goal": yaml.load(goal, FAST), **more}
    return scene_of_tree("bench", tree)


class UntilDone(Operators):
    """As `Operators`; and the episode ends `rest` [s] after the chain: most of these goals are never reached."""

    def __init__(self, scene, seed: int, operator: Operator, rest: float):
        super().__init__(scene, [seed], [operator], [None])
        self._operator, self._rest = operator, round(rest / scene.control_timestep)

    def live(self, t, carry, unstable, live):
        self._rest -= self._operator.done
        return super().live(t, carry, unstable, live)[: max(self._rest, 0)]


def done(scene, seed: int = 0, draw: drawing.Draw | None = None, rest: float = REST, **settings):
    """What an operator does in a draw; settings as of `Operator`."""
    draw = drawing.draw(scene, seed) if draw is None else draw
    policy = UntilDone(scene, seed, Operator(scene, draw, seed, **settings), rest)
    return roll_out(scene, [draw], policy, performance_observers(scene, 1, longest(scene), judged=False))[0]


LEAVING = """
there: {near: {of: robot.left_tcp, to: table.top_front, within: 505 mm}}
raised: {near: {of: robot.left_tcp, to: robot.head_camera, within: 870 mm}}
"""
QUICK = {"time_limit": "2 s", "substeps": 8, "physics": {"integrator": "discrete"}}  # as most scenarios are solved


def leaving():
    """A scene, and an episode of it whose first step holds at its start alone: the hand leaves the table's edge."""
    judge = {"required": ["integrity", "replay.goal"]}
    scene = bench("[home: {hand: left, posture: raised}]", LEAVING, "bowl", judge=judge, **QUICK)
    return scene, done(scene)


def end(scene, performance) -> mujoco.MjData:
    """The scene at the last whole second of a performance."""
    data = mujoco.MjData(performance.draw.model)
    state = performance.states[max(performance.states)]
    mujoco.mj_setState(performance.draw.model, data, state, STATE)
    mujoco.mj_forward(performance.draw.model, data)
    return data


def seen(scene, performance, feature: str, name: str) -> np.ndarray:
    """(T + 1,) one element of what was observed."""
    return performance.observations[feature][:, scene.schema.observations[feature].names.index(name)]


def off(data: mujoco.MjData, site: str, place: str) -> np.ndarray:
    """(2,) level way from a place to a site [m]."""
    return (data.site(site).xpos - data.site(place).xpos)[:2]
