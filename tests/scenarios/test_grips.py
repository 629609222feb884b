"""How a part can be held: what is computed against what geometry says, what its sheet says against its shapes, and a skill that asks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import yaml
from shiliu.replay.operator.skills import registry
from shiliu.replay.operator.words.chain import read_skills
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.grips.gripper import gripper_of
from shiliu.scenarios.grips.grips import Grip, grips_of, why_not
from shiliu.scenarios.grips.workpiece import HAND, SAFETY, Workpiece
from shiliu.scenarios.parts.part import list_parts, load_part
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.yaml_reader import Node, Problems

WEIGHT = 9.81  # N/kg
PAD = 0.9  # friction of a rubber pad, of claw.xml
ROUND = dict(abs=2e-4)
HELD = [name for name in list_parts() if not name.startswith("robots/") and load_part(name).grips]


def made(folder: Path, geoms: str, mass: float = 0.3, sheet: str = "", sites: str = "", free: str = "<freejoint/>"):
    """A part of one body with shapes of its own."""
    own = folder / "objects" / "thing"
    own.mkdir(parents=True, exist_ok=True)
    (own / "thing.xml").write_text(
        f"""<mujoco model="thing"><compiler angle="radian" autolimits="true"/>
        <default><geom group="3" contype="2" conaffinity="7" condim="4" friction="0.5 0.003 0.0001"/></default>
        <worldbody><body name="thing">{free}
        <inertial pos="0 0 0.05" mass="{mass}" diaginertia="1e-3 1e-3 1e-3"/>{geoms}
        <site name="base"/><site name="middle" pos="0 0 0.05"/>{sites}</body></worldbody></mujoco>""",
        encoding="utf-8",
    )
    (own / "part.yaml").write_text(f"title: {{en: Thing, zh: 东西}}\n{sheet}", encoding="utf-8")
    return load_part("objects/thing", extra=folder)


def box(x: float, y: float, z: float = 0.1, more: str = "") -> str:
    """A box of these sides [m] that stands on the table."""
    return f'<geom type="box" size="{x / 2} {y / 2} {z / 2}" pos="0 0 {z / 2}" {more}/>'


def by_kind(grips: list[Grip]) -> dict[str, list[Grip]]:
    return {kind: [g for g in grips if g.kind == kind] for kind in {g.kind for g in grips}}


def test_a_box_is_taken_across_each_pair_of_sides_that_fits_from_the_side_and_from_above(tmp_path):
    found = by_kind(grips_of(made(tmp_path, box(0.06, 0.12))))
    for kind in ("side", "above"):
        grips = {round(g.width, 4): g for g in found[kind]}
        assert set(grips) == {0.06, 0.12}, kind
        for width, grip in grips.items():
            across = np.eye(3)[0 if width == 0.06 else 1]
            assert abs(grip.ways[0][:, 1] @ across) == pytest.approx(1.0, abs=1e-6)
            assert grip.holds and grip.source == "computed"
    assert all(abs(g.approach[2]) < 1e-6 for g in found["side"])
    assert all(g.approach[2] == pytest.approx(-1.0, abs=1e-6) for g in found["above"])
    through = next(g for g in found["above"] if g.width == pytest.approx(0.06, **ROUND))
    assert through.position[:2] == pytest.approx([0.0, 0.0], abs=1e-6), "under its centre of mass nothing turns"
    assert through.needed == pytest.approx(SAFETY * 0.3 * WEIGHT / (2 * PAD), rel=1e-3)


def test_a_cylinder_is_taken_through_its_axis_and_not_by_its_ends(tmp_path):
    found = grips_of(made(tmp_path, '<geom type="cylinder" size="0.03 0.05" pos="0 0 0.05"/>'))
    assert {g.kind for g in found} == {"side", "above"}
    for grip in found:
        closing = grip.ways[0][:, 1]
        assert grip.width == pytest.approx(0.06, **ROUND) and abs(closing[2]) < 1e-6
        assert np.linalg.norm(np.cross(grip.position * [1, 1, 0], closing)) < 1e-6, "the pads close through the axis"


@pytest.mark.parametrize(
    "shape", ['type="capsule" size="0.025 0.04"', 'type="sphere" size="0.03"', 'type="mesh" mesh="block"']
)
def test_other_shapes_are_taken_by_their_width(tmp_path, shape):
    own = made(tmp_path, f'<geom {shape} pos="0 0 0.065"/>')
    text = own.file.read_text(encoding="utf-8")
    mesh = " ".join(f"{x} {y} {z}" for x in (-0.02, 0.02) for y in (-0.03, 0.03) for z in (-0.06, 0.06))
    own.file.write_text(
        text.replace("<worldbody>", f'<asset><mesh name="block" vertex="{mesh}"/></asset><worldbody>', 1)
    )
    widths = {round(g.width, 3) for g in grips_of(own) if g.holds}
    assert widths >= {0.05} if "capsule" in shape else widths >= ({0.06} if "sphere" in shape else {0.04, 0.06})


def test_a_wall_is_taken_with_one_pad_inside_and_a_full_vessel_across_both_walls(tmp_path):
    walls = "".join(
        f'<geom type="box" size="{"0.002 0.06" if x else "0.06 0.002"} 0.04" pos="{x} {y} 0.045"/>'
        for x, y in ((0.06, 0), (-0.06, 0), (0, 0.06), (0, -0.06))
    )
    floor = '<geom type="box" size="0.06 0.06 0.0025" pos="0 0 0.0025"/>'
    widths = {round(g.width, 3) for g in grips_of(made(tmp_path, walls + floor)) if g.holds}
    assert {0.004, 0.124} <= widths


def test_nothing_goes_through_the_table_and_what_lies_too_flat_is_not_taken(tmp_path):
    flat = made(tmp_path, box(0.15, 0.15, 0.004))
    assert grips_of(flat) == [] and "squarely" in why_not(flat)
    high = grips_of(made(tmp_path, box(0.05, 0.3, 0.05)))
    assert high
    piece = Workpiece(made(tmp_path, box(0.05, 0.3, 0.05)), gripper_of())
    for grip in high:
        assert piece.room(grip.position, grip.ways[0], grip.width, 0.0) == ""
        assert piece.room(grip.position - [0, 0, 0.04], grip.ways[0], grip.width, 0.0), "40 mm lower is in the table"


def test_too_wide_too_heavy_and_too_slippery_are_told_with_their_numbers(tmp_path):
    wide = made(tmp_path, box(0.25, 0.25))
    assert (
        grips_of(wide) == []
        and why_not(wide) == "too wide: nowhere narrower than 250 mm, and the claw takes 186 mm at most"
    )
    heavy = grips_of(made(tmp_path, box(0.06, 0.06), mass=20.0))
    assert heavy and not any(g.holds for g in heavy)
    assert (
        heavy[0]
        .faults[0]
        .startswith(f"too heavy; each pad would have to press with {SAFETY * 20 * WEIGHT / (2 * PAD):.0f} N")
    )
    slippery = grips_of(made(tmp_path, box(0.06, 0.06, more='friction="0.01 0.003 0.0001" priority="1"')))
    assert slippery and "too slippery: friction 0.01 against the pads" in slippery[0].faults[0]
    without = grips_of(made(tmp_path, box(0.06, 0.06, more='friction="0.01 0.003 0.0001"')))
    assert all(g.holds and g.friction == PAD for g in without), "the engine takes the larger of pad and part"


def test_the_force_grows_with_the_way_to_the_centre_of_mass(tmp_path):
    part = made(tmp_path, box(0.3, 0.04))
    piece, turn = Workpiece(part, gripper_of()), np.column_stack([[-1.0, 0, 0], [0, 1.0, 0], [0, 0, -1.0]])
    touch = piece.touch(np.array([0.0, 0.0, 0.05]), turn, 0.04)
    assert touch.width == pytest.approx(0.04, **ROUND)
    needed = [piece.needed(np.array([x, 0.0, 0.05]), turn, touch, None) for x in (0.0, 0.05, 0.1)]
    assert needed[0] == pytest.approx(SAFETY * 0.3 * WEIGHT / (2 * PAD), rel=1e-3) and needed[0] < needed[1] < needed[2]


SHEET = """\
grips:
  wall: {kind: side, site: middle, fingers: x, pads: y, WIDTHsource: "a test [E]"}
"""


def test_what_a_sheet_leaves_out_is_found_and_what_it_says_is_compared(tmp_path):
    def grip(width: str = "", more: str = "", geoms: str = box(0.06, 0.08)) -> Grip:
        sheet = SHEET.replace("WIDTH", f"width: {width}, " if width else "").replace(
            "fingers: x, ", more or "fingers: x, "
        )
        (found,) = grips_of(made(tmp_path, geoms, sheet=sheet))
        return found

    assert grip().width == pytest.approx(0.08, **ROUND) and grip("80 mm").holds
    assert grip("70 mm").faults == ("its shapes are 80 mm wide there, the sheet says 70 mm",)
    both = grip(more="round: false, ")
    assert [abs(w[0, 2]) for w in both.ways] == pytest.approx([1.0, 1.0]), (
        "level; from above the palm would meet its top"
    )
    assert "bears 1 N" in grip(more="bears: 1 N, ").faults[0]
    assert "too wide: 200 mm" in grip(geoms=box(0.06, 0.2)).faults[0]
    in_the_way = box(0.06, 0.08) + '<geom type="box" name="block" size="0.01 0.1 0.1" pos="-0.09 0 0.1"/>'
    assert "no room for the hand: with the fingers along x" in grip(geoms=in_the_way).faults[0]


def test_a_sheet_that_is_wrong_is_told_at_once_with_its_lines(tmp_path):
    sheet = """\
grips:
  wall: {kind: sideways, site: middle, pads: y, fingers: y, source: "[E]"}
  top: {kind: above, width: 66, source: "[E]"}
  rim: {kind: rim, site: middle, pinch_width: 4 mm}
"""
    with pytest.raises(ScenarioError) as error:
        made(tmp_path, box(0.06, 0.06), sheet=sheet)
    text = str(error.value)
    for line, words in ((3, "'sideways' is not known here"), (3, "along which the pads close"), (4, "it does not say where"),
                        (4, "66 has no unit"), (5, "unknown key 'pinch_width'. Did you mean width"),
                        (5, "'source' is missing")):  # fmt: skip
        assert any(f"part.yaml:{line}:" in row and words in row for row in text.splitlines()), words


@pytest.mark.parametrize("name", HELD)
def test_every_grip_of_the_library_holds(name):
    for grip in grips_of(load_part(name)):
        assert grip.holds, (grip.name, grip.at, grip.faults)
        assert any(f"[{grade}]" in grip.says for grade in "SEDK") or grip.says.startswith("as "), grip.name


def test_water_weighs_and_hinges_do_not():
    bottle = grips_of(load_part("objects/bottle_065"))[0]
    assert bottle.mass == pytest.approx(0.13 + 0.45, abs=0.005), "with all the water that its sheet allows"
    handle = grips_of(load_part("fixtures/microwave"))[0]
    assert handle.mass == handle.needed == 0.0, "a door hangs on its hinge"
    left, right = grips_of(load_part("objects/kit_tray"))
    assert left.needed == pytest.approx(right.needed) == pytest.approx(SAFETY * 1.2 * WEIGHT / 2 / (2 * PAD), rel=1e-3)


def sinks(part, grip: Grip, force: float) -> float:
    """How far [mm] a part sinks within 1 s when the claw, which has closed on it without gravity, presses with a force."""
    hand, piece = gripper_of(), Workpiece(part, gripper_of())
    spec = part.spec(**{param.name: param.high for param in part.params.values() if param.dimension == "mass"})
    frame = spec.worldbody.add_body(name="hand", mocap=True)
    spec.attach(hand.spec.copy(), site=frame.add_site(name="hand_frame"), prefix=HAND)
    option = spec.option
    option.timestep, option.integrator, option.impratio = 1 / 480, mujoco.mjtIntegrator.mjINT_IMPLICITFAST, 10
    option.cone, option.gravity = mujoco.mjtCone.mjCONE_ELLIPTIC, [0, 0, 0]
    model = spec.compile()
    data = mujoco.MjData(model)
    assert piece.room(grip.position, grip.ways[0], grip.width) == ""
    piece.put(grip.position, grip.ways[0], grip.width, grip.width + 2 * hand.soft)
    data.mocap_pos[0], data.mocap_quat[0] = piece.data.mocap_pos[0], piece.data.mocap_quat[0]
    for joint, _, _ in piece.fingers:
        name = piece.model.joint(joint).name
        data.joint(name).qpos[0] = piece.data.joint(name).qpos[0]
    data.actuator(f"{HAND}claw").ctrl[0] = 100 * (
        1 - (grip.width + hand.soft - force / 6000) / hand.opening
    )  # of claw.yaml
    mujoco.mj_step(model, data, 480)
    before = data.body(part.file.stem).xpos.copy()
    model.opt.gravity[2] = -WEIGHT
    mujoco.mj_step(model, data, 480)
    return float(np.linalg.norm(data.body(part.file.stem).xpos - before)) * 1e3


@pytest.mark.parametrize("name", ["can_330", "bracket", "spoon_150"])
def test_the_force_that_is_needed_holds_in_the_engine_and_a_small_part_of_it_does_not(name):
    part = load_part(f"objects/{name}")
    grip = grips_of(part)[0]
    held, less = (sinks(part, grip, share * grip.needed) for share in (1.0, 0.2))
    assert held < 3.0 and less > 100.0, (held, less)


BENCH = """
title: {en: Bench, zh: 台}
version: 1
time_limit: 4 s
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: home}
parts:
  room: {part: fixtures/room, signs: 0 %}
  table: {part: fixtures/counter, put: front_foot, at: {x: 200 mm, y: 0 mm}, width: 1500 mm, depth: 500 mm}
  can: {part: objects/can_330, stands_on: table.top_front, put: base, at: {x: 180 mm, y: 250 mm}}
goal: {never: {moved: {of: can, more_than: 3000 mm}}}
judge: {required: [integrity, kinematics]}
"""


@pytest.fixture(scope="module")
def can():
    """A can on a counter."""
    return scene_of_tree("bench", yaml.safe_load(BENCH))


def chain(scene, arguments: str, *problems: Problems):
    """The skill with which the left hand grasps the can with these arguments."""
    tree = yaml.safe_load(f"[{{take: {{how: side, hand: left, of: can, {arguments}}}}}]")
    return list(read_skills(scene, registry(), Node(tree, "skills", *(problems or (Problems(),)))))


def test_a_skill_takes_its_numbers_from_a_named_grip(can):
    data = mujoco.MjData(can.model)
    data.qpos[:] = can.start_qpos(can.model)
    mujoco.mj_kinematics(can.model, data)
    seen = SimpleNamespace(senses=SimpleNamespace(site=lambda name: (data.site(name).xpos, data.site(name).xmat.reshape(3, 3))))
    for grip, side, force in (("wall", "side", 30.0), ("can.wall", "side", 30.0), ("top", "above", 150.0)):
        (skill,) = chain(can, f"grip: {grip}, force: {force * 1.0 if side == 'side' else 170} N")
        assert skill.numbers_of_grip(seen) == {
            "at": "can/middle", "down": side == "above", "turn": "any", "opening": pytest.approx(0.1), "force": force,
        }  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), [
    ("grip: wal", "'can' has no grip 'wal'. Did you mean wall"),
    ("grip: cup.wall", "does not say of which part"),
    ("force: 30 N", "the key 'at' is missing"),
])  # fmt: skip
def test_a_grip_that_there_is_not_is_told(can, arguments, message):
    problems = Problems()
    chain(can, arguments, problems)
    assert len(problems.found) == 1 and message in problems.found[0]
