"""Words of fitting on hand-made states: a shank in a hole, a part on pins, a part in its slot, a hand that pulls."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
import yaml
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.draws.variation import draw, nominal
from shiliu.scenarios.sensing.predicate import All, Force, leaves
from shiliu.scenarios.sensing.requests import Request, SensorPlan
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.stepping.simulation import Simulation
from shiliu.scenarios.words.insertion import Aligned, Inserted, Pulled, Seated, Within

SHANK = Request("site_position", "clip/shank", "body:panel/hole")
LIES = Request("site_orientation", "part/base", "body:tray")
LEFT, RIGHT = Request("contact_force", "tree:left", "tree:clip"), Request("contact_force", "tree:right", "tree:clip")
OUT = Request("site_x", "panel/mouth")
MOUTH, AXIS = (0.1, 0.0, 0.5), (-1.0, 0.0, 0.0)  # a hole that is entered along x
IN = Inserted(SHANK, MOUTH, AXIS, 0.006)
SHORT = Inserted(SHANK, MOUTH, AXIS, 0.003, short=True)
SEAT = Seated(SHANK, (0.0, 0.0, 0.2), (0.0, 0.0, 1.0), 0.001, 0.002)
SLOT = Within(SHANK, (0.1, 0.2, 0.03), 0.005)
DEGREE = float(np.radians(1))
STRAIGHT = Aligned(LIES, (1.0, 0.0, 0.0, 0.0), 8 * DEGREE)
EITHER = Aligned(LIES, (0.5**0.5, 0.0, 0.0, 0.5**0.5), 8 * DEGREE, half_turns=True)
TUG = Pulled((LEFT, RIGHT), OUT, 10.0)
JAM = All((SHORT, Force((LEFT,), 80.0)))


def turned(angle: float, axis=(0.0, 0.0, 1.0)) -> list[float]:
    """Quaternion of a turn [deg]."""
    half = np.radians(angle) / 2
    return [np.cos(half), *(np.sin(half) * np.array(axis))]


CASES = {
    "6.5 mm deep": (IN, {SHANK: [0.1065, 0, 0.5]}, {}, 0.0005),
    "5 mm deep": (IN, {SHANK: [0.105, 0, 0.5]}, {}, -0.001),
    "before the hole": (IN, {SHANK: [0.09, 0, 0.5]}, {}, -0.016),
    "behind the sheet, 30 mm beside": (IN, {SHANK: [0.12, 0, 0.53]}, {}, -0.026),
    "caught in the mouth": (SHORT, {SHANK: [0.1015, 0.001, 0.5]}, {}, 0.0015),
    "past the mouth": (SHORT, {SHANK: [0.104, 0, 0.5]}, {}, -0.001),
    "on the rests": (SEAT, {SHANK: [0.0002, 0, 0.2]}, {}, 0.001),
    "0.4 mm over them": (SEAT, {SHANK: [0, 0, 0.2004]}, {}, 0.0006),
    "2 mm over them": (SEAT, {SHANK: [0, 0, 0.202]}, {}, -0.001),
    "beside the pin": (SEAT, {SHANK: [0, 0.012, 0.2]}, {}, -0.010),
    "3 mm off in the slot": (SLOT, {SHANK: [0.1, 0.203, 0.03]}, {}, 0.002),
    "on the slot's edge": (SLOT, {SHANK: [0.1, 0.2, 0.042]}, {}, -0.007),
    "turned by 5 deg": (STRAIGHT, {LIES: turned(5)}, {}, np.radians(3)),
    "turned by 5 deg, the quaternion's other sign": (STRAIGHT, {LIES: [-v for v in turned(5)]}, {}, np.radians(3)),
    "turned by 12 deg": (STRAIGHT, {LIES: turned(12)}, {}, -np.radians(4)),
    "upside down": (STRAIGHT, {LIES: turned(180, (1, 0, 0))}, {}, -np.radians(172)),
    "either way round, this one": (EITHER, {LIES: turned(86)}, {}, np.radians(4)),
    "either way round, the other": (EITHER, {LIES: turned(-94)}, {}, np.radians(4)),
    "neither": (EITHER, {LIES: turned(0)}, {}, -np.radians(82)),
    "upside down, either way round": (EITHER, {LIES: turned(180, (1, 0, 0))}, {}, -np.radians(172)),
    "pulled with 14 N": (TUG, {OUT: AXIS, LEFT: [-14, 3, 0], RIGHT: [0, 0, 0]}, {}, 4.0),
    "pulled by both": (TUG, {OUT: AXIS, LEFT: [-6, 3, 0], RIGHT: [-5, -3, 0]}, {}, 1.0),
    "pushed with 14 N": (TUG, {OUT: AXIS, LEFT: [14, 0, 0], RIGHT: [0, 0, 0]}, {}, -24.0),
    "pulled aside": (TUG, {OUT: AXIS, LEFT: [0, 30, 0], RIGHT: [0, 0, 0]}, {}, -10.0),
}  # fmt: skip


@pytest.mark.parametrize("lead", [(), (3,), (2, 5, 3)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_margin_on_every_leading_shape(readings, name, lead):
    predicate, values, peak, expected = CASES[name]
    spread = {k: np.broadcast_to(v, (*lead, len(v))) for k, v in values.items()}
    margin = predicate.margin(readings(spread, peak))
    assert np.shape(margin) == lead
    assert np.asarray(margin) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_margin_of_plain_floats_is_the_same_to_the_bit(readings, name):
    predicate, values, peak, _ = CASES[name]
    taken = readings({k: np.broadcast_to(v, (3, len(v))) for k, v in values.items()}, peak)
    if not peak:
        taken.peak, taken.mean = np.zeros((3, 0)), np.zeros((3, 0))
    plain = predicate.margin(taken.row(1))
    assert type(plain) is float and plain == predicate.margin(taken)[1]


def test_jammed_is_much_force_before_the_hole(readings):
    for depth, force, jammed in ((0.001, 95.0, True), (0.001, 60.0, False), (0.007, 95.0, False)):
        taken = readings({SHANK: [0.1 + depth, 0, 0.5]}, {LEFT: force})
        assert (JAM.margin(taken) >= 0) == jammed


def test_the_force_of_a_contact_is_what_the_second_one_feels():
    """A hand under 5 N along x pushes a part against a wall: the part feels +5 N, so that a pull out of a hole counts as one."""
    spec = mujoco.MjSpec.from_string("""<mujoco><option gravity="0 0 0"/><worldbody>
      <body name="hand"><joint type="slide" axis="1 0 0" damping="5"/><geom type="box" size=".01 .01 .01" mass=".1"/></body>
      <body name="part" pos=".021 0 0"><freejoint/><geom type="box" size=".01 .01 .01" mass=".1"/></body>
      <geom type="box" pos=".042 0 0" size=".01 .1 .1"/></worldbody></mujoco>""")
    plan = SensorPlan()
    force = plan.add(Request("contact_force", "tree:hand", "tree:part"))
    plan.compile_into(spec)
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qfrc_applied[0] = 5.0
    mujoco.mj_step(model, data, 2000)
    assert data.sensor(force.name).data == pytest.approx([5.0, 0.0, 0.0], abs=0.05)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"inserted": {"of": "bowl.base", "into": "oven.front_bottom"}}, "depth"),
        ({"seated": {"of": ["bowl.base"], "upon": ["oven.start", "oven.stop"], "gap": "1 mm"}}, "in pairs"),
        ({"in_slot": {"of": "bowl.base", "slot": "oven.nowhere", "within": "5 mm", "turned": "8 deg"}}, "nowhere"),
        ({"holds_under_pull": {"of": "bowl.base", "into": "oven.start", "depth": "6 mm", "pull": 10}}, "has no unit"),
    ],
)
def test_what_is_wrong_is_noted(scene, arguments, problem):
    from shiliu.scenarios.words import read_predicate

    problems = Problems({})
    read_predicate(Node(arguments, "goal.x", problems), scene.names)
    assert any(problem in line for line in problems.found), problems.found


def test_words_name_sensors_in_the_frame_of_what_is_fitted_into(scene):
    from shiliu.scenarios.words import read_predicate

    problems = Problems({})
    arguments = {"of": "bowl.base", "into": "oven.start", "depth": "6 mm", "pull": "10 N"}
    found = leaves(read_predicate(Node({"holds_under_pull": arguments}, "goal.x", problems), scene.names))
    assert not problems.found
    inside, pulled = found
    # the key's face looks out of the oven, against x
    assert inside.of == Request("site_position", "bowl/base", "body:oven/key_start")
    assert inside.out == pytest.approx((-1.0, 0.0, 0.0), abs=1e-6) and inside.mouth == pytest.approx((-0.0025, 0, 0))
    assert [f.to for f in pulled.forces] == ["tree:bowl/bowl_150"] * 2


JIG = """<mujoco model="jig"><compiler angle="degree"/><worldbody><body name="jig">
  <geom name="plate" type="box" size=".25 .35 .02" pos="0 0 .78" mass="5" contype="2" conaffinity="5"/>
  <site name="slot" pos="0 .04 .8" euler="0 0 20"/><site name="far" pos=".2 0 .8"/></body></worldbody></mujoco>"""
SHEET = """title: {en: Jig, zh: 夹具}
params:
  shift: {default: 0 mm, min: -100 mm, max: 100 mm, doc: Where the slot is., sets: [
    {site: slot, attr: pos, index: 0, gain: 1.0, offset: 0.0}, {site: far, attr: pos, index: 1, gain: 1.0, offset: 0.0}]}
interface: {inside: {site: slot, radius: 5 mm, height: 50 mm}}
"""
ON_JIG = """
title: {en: Jig, zh: 夹具}
version: 1
time_limit: 30 s
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  floor: {part: fixtures/floor}
  jig: {part: fixtures/jig, at: {x: 700 mm, y: 150 mm}, yaw: 30 deg, shift: 90 mm}
  one: {part: objects/bowl_150, stands_on: jig.slot, put: base, at: {x: %d mm, y: %d mm}}
  two: {part: objects/bowl_150, stands_on: jig.slot, put: base, at: {x: 0 mm, y: 170 mm}}
marks: {spot: {upon: jig.slot, title: {en: spot, zh: 点}}}
variation: {jig: {shift: {replace: {uniform: [-80 mm, -40 mm]}}}}
goal:
  in_slot: {in_slot: {of: one.base, slot: jig.slot, within: 5 mm, turned: 8 deg}}
  on_mark: {in_slot: {of: one.base, slot: marks.spot, within: 5 mm, turned: 8 deg}}
  inserted: {inserted: {of: one.base, into: jig.slot, depth: 1 mm}}
  seated: {seated: {of: [one.base], upon: [jig.slot], gap: 4 mm, aside: 5 mm}}
  in_row: {in_row: {of: [one.base, two.base], along: jig.slot, tilt: 8 deg, depth: 8 mm, gap: 200 mm}}
  inside: {share: {of: one, inside: jig, at_least: 100 %%}}
  seen: {seen: {of: jig.far, camera: head, within: 2 m}}
cameras: {head: {mount: robot.head_camera, size: 64x48, rate: 30 Hz}}
judge: {required: [integrity]}
"""


@pytest.mark.parametrize(
    ("at", "margins"),
    [
        ((-3, 0), [0.002, 0.002, 0.002, 0.002, 0.005, 0.0]),  # mm along the slot's axes
        ((-12, 8), [-0.0094, -0.0094, -0.004, -0.0094, -0.004, -1.0]),
    ],
)
def test_a_place_that_a_parameter_of_its_part_moves_is_measured_where_it_is(designer, at, margins):
    """The jig is turned and off-centre, its slot is turned on it, and is moved 90 mm by what the YAML sets, -80 to -40 mm by a draw."""
    folder = designer / "assets" / "fixtures" / "jig"
    folder.mkdir(parents=True)
    (folder / "jig.xml").write_text(JIG)
    (folder / "part.yaml").write_text(SHEET, encoding="utf-8")
    scene = scene_of_tree("jig", yaml.safe_load(ON_JIG % at))
    for start in (nominal(scene), draw(scene, 3)):
        seen = Simulation(scene, 1).begin([start])
        *places, sight = (subgoal.predicate for subgoal in scene.goal)
        assert [float(np.ravel(one.margin(seen))[0]) for one in places] == pytest.approx(margins, abs=2e-4)
        assert float(seen.first(sight.sight)[0]) == pytest.approx(np.linalg.norm(np.ravel(seen.point(sight.at))), abs=2e-4)
