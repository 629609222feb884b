"""A hand is fingers, palm and flange wherever it is asked about; what it holds belongs to it, and strikes by known amounts."""

from dataclasses import replace
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.checks.grip import CarriedSpan, check_slip
from shiliu.replay.checks.outcome import Struck, check_touches
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.commands.list_parts import in_full
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.facts.commanded_collision import Looked, check_looked, fixtures
from shiliu.replay.judge.facts.held_contacts import HeldSpan, before_received, borne, driven, holds_of, touches_of
from shiliu.replay.judge.facts.payload import before_let_go, carries_of
from shiliu.replay.judge.facts.results import RolloutPlan, Rollouts, Subject
from shiliu.replay.judge.stages.own_robot import OwnRobot
from shiliu.replay.judge.verdict import combine
from shiliu.replay.report import Words
from shiliu.replay.rollout.rollout import Take
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.parts.part import Bears
from shiliu.scenarios.parts.part_catalogue import one_part
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation

RULES = load_rules()
DT = 0.1
BLOCK = """<mujoco model="{name}"><worldbody><body name="{name}">{joint}
  <geom type="box" size="{size}" mass="{mass}" contype="2" conaffinity="7"/>
  <site name="middle"/><site name="top" pos="0 0 {half}"/><site name="base" pos="0 0 -{half}"/>
</body></worldbody></mujoco>"""
SHELF = "title: {en: Shelf, zh: 架}\n"
BOX = 'title: {en: Box, zh: 盒}\nbears: {force: 20 N, source: "a drop from 5 mm", grade: measured}\n'
SCENARIO = """\
title: {{en: Hold, zh: 拿}}
version: 1
time_limit: 10 s
robot: {{stands_at: {{x: 0 mm, y: 0 mm, yaw: 0 deg}}, pose: ready, base: mobile}}
parts:
  floor: {{part: fixtures/floor}}
  shelf: {{part: fixtures/shelf, at: {{x: {shelf[0]} mm, y: {shelf[1]} mm, z: {shelf[2]} mm}}}}
  post: {{part: fixtures/post, at: {{x: {post[0]} mm, y: {post[1]} mm, z: {post[2]} mm}}}}
  box: {{part: objects/box, stands_on: shelf.top, put: base}}
goal:
  put: {{all: [{{near: {{of: box.base, to: shelf.top, within: 1 m}}}}, {{released: box}}]}}
safety:
  lean: {{force: {{between: [post.post, robot.hands]}}, at_most: 60 N, unsure: 0 %, source: "[E] house rule"}}
judge: {{required: [integrity]{judge}}}
"""


def hold(folder, shelf=(2000.0, 0.0, 900.0), post=(2000.0, 500.0, 500.0), judge="", sheet=BOX):
    """A box of 60 mm and 1 kg on a shelf, and a thin post that somebody leans on."""
    free = '<freejoint name="box_free"/>'
    for name, size, mass, joint, text in (
        ("fixtures/shelf", (0.05, 0.05, 0.1), 5.0, "", SHELF),
        ("fixtures/post", (0.002, 0.002, 0.1), 1.0, "", SHELF),
        ("objects/box", (0.03, 0.03, 0.03), 1.0, free, sheet),
    ):
        stem = name.partition("/")[2]
        place = folder / "assets" / name
        place.mkdir(parents=True, exist_ok=True)
        xml = BLOCK.format(name=stem, joint=joint, size=" ".join(map(str, size)), mass=mass, half=size[2])
        (place / f"{stem}.xml").write_text(xml, encoding="utf-8")
        (place / "part.yaml").write_text(text, encoding="utf-8")
    (folder / "conf" / "scenario").mkdir(parents=True, exist_ok=True)
    text = SCENARIO.format(shelf=shelf, post=post, judge=judge)
    (folder / "conf" / "scenario" / "hold.yaml").write_text(text, encoding="utf-8")
    return load_scenario("hold", conf_dir=folder / "conf")


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Shelf, post and box stand where nobody reaches them."""
    return hold(tmp_path_factory.mktemp("apart"))


def posed(scene):
    data = mujoco.MjData(scene.model)
    data.qpos[:] = scene.start_qpos(scene.model)
    mujoco.mj_kinematics(scene.model, data)
    return data


# -- what a hand is ---------------------------------------------------------------------------------------------------
def test_a_hand_that_leans_by_its_flange_leans(apart, tmp_path):
    """A post stands 3 mm in the flange of the left hand and touches no finger and no palm."""
    data = posed(apart)
    flange = data.geom("zarm_l7_link_flange")
    post = (*(1e3 * flange.xpos[:2]), 1e3 * (flange.xpos[2] - 0.028 + 0.003 - 0.1))
    scene = hold(tmp_path, post=post)
    simulation = Simulation(scene, 1)
    simulation.begin([drawing.nominal(scene)])
    readings = simulation.step(scene.ready_ctrl[None].astype(np.float32))
    (lean,) = (limit for limit in scene.safety if limit.judged_as == "force.object")
    value = float(lean.predicate.value(readings)[0])
    assert value > 10.0 and value == float(readings.peak_of((Request("contact_force", "body:zarm_l7_link"),))[0])
    assert {request.to for request in lean.predicate.forces} == {"tree:zarm_l7_link", "tree:zarm_r7_link"}
    data = posed(scene)
    mujoco.mj_comPos(scene.model, data)
    mujoco.mj_collision(scene.model, data)
    bodies = {scene.model.body(scene.model.geom_bodyid[g]).name for c in data.contact[: data.ncon] for g in c.geom}
    assert {"zarm_l7_link", "post/post"} <= bodies and not any("claw" in b or "finger" in b for b in bodies)


def test_what_hands_may_touch_is_told_of_the_same_hand(apart):
    context = SceneContext(apart, "command")
    assert {hand for hand, _ in context.hand_pairs} <= {"zarm_l7_link", "zarm_r7_link"}
    asked = {(r.of, r.to) for r in apart.unasked if r.to}
    assert ("tree:zarm_l7_link", "body:shelf/shelf") in asked and ("tree:left_claw", "body:shelf/shelf") not in asked
    assert {r.of for r in apart.handled["box"].forces} == {"tree:left_claw", "tree:right_claw"}, (
        "what holds is the gripper"
    )
    plain = Words("en").plain
    assert plain("zarm_l7_link") == plain("left_claw") == "left hand"


def test_a_hand_is_near_with_whatever_of_it_is_nearest(readings):
    scene = load_scenario("drink_assist")
    (never,) = (never for never in scene.course.nevers if never.name == "near_face")
    requests = never.predicate.requests()
    far = {request: np.array([[5.0, 0.0, 0.0]]) for request in requests}
    face = {request: np.array([[0.0, 0.0, 0.0]]) for request in requests if request.of.startswith("person/")}
    assert never.predicate.margin(readings(far | face))[0] < -4.0
    for part in ("left_tcp", "left_pad_front", "left_pad_back", "left_hand_mount", "right_pad_back"):
        near = {Request("site_position", part): np.array([[0.15, 0.0, 0.0]])}
        assert never.predicate.margin(readings(far | face | near))[0] > 0.0, part
    (speed,) = (limit for limit in scene.safety if limit.judged_as == "speed.person")
    assert {place.of for place, _ in speed.predicate.movers} >= {"left_pad_front", "left_hand_mount"}


# -- when a thing is held, and what it may touch -------------------------------------------------------------------------
def test_a_thing_in_two_hands_is_held_once_and_from_when_it_is_taken():
    carries = [
        CarriedSpan("box", "left_claw", 12, 30, 8, 34),
        CarriedSpan("box", "right_claw", 15, 40, 10, 44),
        CarriedSpan("box", "left_claw", 62, 70, 60, 75),
    ]
    assert holds_of(carries) == [HeldSpan("box", ("left_claw", "right_claw"), 8, 44), HeldSpan("box", ("left_claw",), 60, 75)]


def test_what_it_was_taken_from_and_is_set_down_on_it_may_touch_and_nothing_between():
    touched = np.zeros(80, bool)
    touched[:14] = True  # it stands there until it is lifted off, with a bounce
    touched[16] = True
    touched[40:42] = True  # a strike on the way
    touched[53] = touched[60:] = True  # set down, after it was there once already, and left there
    counts = ~borne(touched, HeldSpan("box", ("left_claw",), 8, 70), DT)
    assert np.flatnonzero(touched & counts).tolist() == [40, 41]
    touched[71:] = False  # gone as soon as it is let go: it was pressed against that, and not set down on it
    counts = ~borne(touched, HeldSpan("box", ("left_claw",), 8, 70), DT)
    assert np.flatnonzero(touched & counts).tolist() == [40, 41, 53, *range(60, 71)]


def played(scene, steps=80, taken=8, left=70):
    """The left hand takes the box at `taken`, lifts it over 10 to 20, lowers it over 55 to 65, and lets go."""
    grips = np.zeros((steps, 2))
    grips[taken:left, 0] = 30.0
    height = 1.0 + np.interp(np.arange(steps), [10, 20, 55, 65], [0.0, 0.1, 0.1, 0.0])
    return SimpleNamespace(met=np.zeros((steps, len(scene.met))), grips={"box": grips}, heights={"box": height})


def met(scene, other):
    return [meeting.other for meeting in scene.holdable["box"].meetings].index(other)


def test_a_held_thing_strikes_with_what_it_felt_while_it_was_held(apart):
    scene = apart.judged
    seen = played(scene)
    assert touches_of(scene, seen) == []
    seen.met[30, met(scene, "post/post")] = 34.0
    seen.met[76, met(scene, "post/post")] = 90.0  # long after it was let go
    seen.met[:15, met(scene, "shelf/shelf")] = 9.8
    seen.met[64:, met(scene, "shelf/shelf")] = 40.0
    (struck,) = touches_of(scene, seen)
    assert (struck.thing, struck.other, struck.hand, struck.force.max()) == ("box/box", "post/post", "left_claw", 34.0)
    assert struck.bears == Bears(20.0, "a drop from 5 mm", "measured")
    seen.grips["box"][:] = 0.0
    assert touches_of(scene, seen) == [], "nobody holds it"


def test_what_the_scenario_lets_a_held_thing_touch_it_may(tmp_path):
    scene = hold(tmp_path, judge=", held_may_touch: [post.post]").judged
    assert {m.other for m in scene.holdable["box"].meetings if m.meant} == {"post/post"}
    seen = played(scene)
    seen.met[30, met(scene, "post/post")] = 34.0
    assert touches_of(scene, seen) == []
    oven = load_scenario("microwave", ["+judge.held_may_touch=[oven]"])
    assert {m.part for m in oven.holdable["bowl"].meetings if m.meant} == {"oven"}
    assert all(m.meant for m in oven.holdable["bowl"].meetings if m.part == "oven")
    door = load_scenario("microwave", ["+judge.held_may_touch=[oven.door]"])
    assert {m.other for m in door.holdable["bowl"].meetings if m.meant} == {"oven/door"}
    with pytest.raises(ScenarioError, match="pole"):
        hold(tmp_path, judge=", held_may_touch: [pole]")


def test_the_goal_tells_what_is_fitted_into_what_and_who_receives_it():
    car = load_scenario("car_assembly")
    meant = {(name, m.part) for name, held in car.holdable.items() for m in held.meetings if m.meant}
    fits = {("bracket", "tray"), ("clip", "tray"), ("clip", "panel"), ("plug", "panel"), ("bracket", "fixture")}
    assert meant == fits | {("tray", "bracket"), ("tray", "clip"), ("tray", "plug")}
    care = load_scenario("drink_assist")
    meant = {(name, m.part) for name, held in care.holdable.items() for m in held.meetings if m.meant}
    assert meant == {("cup", "person")}


@pytest.mark.parametrize(
    ("other", "meant", "held", "end", "level"),
    [
        ("people/elder", True, [(14, 20)], 14, "PASS"),  # the person has it, and pulls
        ("people/elder", True, [(5, 8), (16, 20)], 16, "PASS"),  # touched on the way, then taken
        ("people/elder", True, [(5, 8)], 20, "WARN"),  # nobody has it when it leaves the hand
        ("people/elder", False, [(14, 20)], 20, "WARN"),  # a person to whom nobody hands it
        ("fixtures/shelf", True, [(14, 20)], 20, "WARN"),  # a shelf takes nothing
    ],
)
def test_what_a_person_pulls_out_of_the_hand_does_not_slip(other, meant, held, end, level):
    """A cup of 2 N creeps by 1 mm a step from step 17 on, and by 12 mm in the last; row 1 of two is the one that counts."""
    meetings = (SimpleNamespace(meant=True, part="table"), SimpleNamespace(meant=meant, part="other"))
    parts = {"table": SimpleNamespace(name="fixtures/table"), "other": SimpleNamespace(name=other)}
    scene = SimpleNamespace(
        names=SimpleNamespace(parts=parts), weights={"cup": 2.0}, met=(0, 0),
        holdable={"cup": SimpleNamespace(meetings=meetings)},
    )  # fmt: skip
    met = np.zeros((25, 2))
    met[3:, 0] = 5.0
    for first, last in held:
        met[first:last, 1] = 1.1
    span = before_received(scene, SimpleNamespace(met=met), CarriedSpan("cup", "left_claw", 2, 20))
    assert (span.begin, span.end) == (2, end)
    creep = np.array([*np.zeros(15), 0.001, 0.002, 0.012])
    (found,) = check_slip([(span, creep[: span.end - 2])], 1, DT, RULES)
    assert found.level == level
    unmeasured = SimpleNamespace(met=np.zeros((25, 0)))
    assert before_received(scene, unmeasured, CarriedSpan("cup", "left_claw", 2, 20)).end == 20


@pytest.mark.parametrize(
    ("tail", "cut"),
    [
        pytest.param([20.0, 20.0, 20.0, 20.0], 1, id="firm to the end, where a reading is of the period before it"),
        pytest.param([20.0, 11.0, 9.0, 3.0], 3, id="fingers open"),
        pytest.param([20.0, 9.0, 30.0, 3.0], 2, id="firm once more"),
        pytest.param([8.0] * 8, 3, id="a grip that is loose for 0.8 s is one, but for its end"),
    ],
)
def test_a_thing_is_let_go_from_where_the_fingers_begin_to_open(tail, cut):
    force = np.concatenate([np.zeros(5), np.full(20, 20.0), tail])
    grips = {"cup": np.stack([np.full(len(force), 50.0), force], axis=1)}
    handled = {"cup": SimpleNamespace(forces=[Request("touch", f"cup:{hand}") for hand in ("left_claw", "right_claw")])}
    scene = SimpleNamespace(handled=handled, control_timestep=DT)
    held = before_let_go(scene, SimpleNamespace(grips=grips), CarriedSpan("cup", "right_claw", 5, len(force)))
    assert (held.begin, held.end) == (5, len(force) - cut)


def test_what_a_thing_meets_is_measured_for_the_judge_alone(apart):
    twin = apart.judged
    assert (apart.met, len(twin.met)) == ((), 3) and twin.judged is twin and apart.judged is twin
    assert twin.fingerprint == apart.fingerprint and twin.model.nsensor > apart.model.nsensor
    assert {r.name for r in twin.met}.isdisjoint(np.array(twin.layout.forces)[twin.task_layout.read].tolist())
    runs = []
    for scene in (apart, twin):
        simulation = Simulation(scene, 1)
        simulation.begin([drawing.nominal(scene)])
        for _ in range(20):
            readings = simulation.step(scene.ready_ctrl[None].astype(np.float32))
        runs.append(simulation.state_of(0))
    assert np.array_equal(*runs), "it changes nothing that moves"
    on = readings.peak_of((twin.holdable["box"].meetings[met(twin, "shelf/shelf")].force,))
    assert on[0] == pytest.approx(9.81, rel=0.01), "N, a box of 1 kg on its shelf"


# -- how hard -----------------------------------------------------------------------------------------------------------
def struck(force, bears=None):
    hit = np.zeros(50)
    hit[20:23] = force
    return check_touches([], np.zeros((50, 0)), DT, RULES, [Struck("box/box", "post/post", "left_claw", hit, bears)])[0]


@pytest.mark.parametrize(
    ("force", "level", "limit"), [(9.0, "PASS", 50.0), (21.0, "WARN", 10.0), (49.0, "WARN", 10.0), (61.0, "FAIL", 50.0)]
)
def test_a_light_touch_passes_and_a_strike_fails_by_its_force(force, level, limit):
    found = struck(force)
    assert (found.level, found.value, found.limit, found.limit_grade) == (level, force, limit, "estimate")
    assert found.subject == ("box/box", "post/post")
    if level != "PASS":
        assert found.margin == pytest.approx(limit - force) and (found.t0, found.t1) == (2.0, pytest.approx(2.3))
        assert f"with {force:.0f} N while the left hand holds the first" in Words("en").message(found)
        assert f"{force:.0f} N" in Words("zh").message(found) and "左手" in Words("zh").message(found)


def test_what_a_part_bears_is_what_its_sheet_says():
    bears = Bears(20.0, "a drop from 5 mm", "measured")
    found = struck(25.0, bears)
    assert (found.level, found.limit, found.margin, found.excess) == ("FAIL", 20.0, -5.0, 0.25)
    assert (found.limit_source, found.limit_grade) == ("a drop from 5 mm", "measured")
    assert struck(21.0, bears).level == "WARN" and struck(25.0, Bears(200.0, "steel", "estimate")).level == "WARN"


def test_what_goes_furthest_towards_its_own_bound_is_told_first():
    arm = np.zeros((50, 1))
    arm[10] = 30.0
    box = Struck("box/box", "post/post", "left_claw", 0.9 * arm[:, 0], Bears(20.0, "a drop from 5 mm", "measured"))
    (found,) = check_touches([("zarm_l4_link", "shelf/shelf")], arm, DT, RULES, [box])
    assert found.subject == ("box/box", "post/post") and found.value == pytest.approx(27.0)
    assert [other["subject"] for other in found.details["others"]] == [["zarm_l4_link", "shelf/shelf"]]


def test_what_a_part_bears_is_listed(tmp_path):
    hold(tmp_path)
    lines = in_full(one_part("objects/box", tmp_path / "assets"))
    assert "  bears    20 N in the hand (a drop from 5 mm; measured)" in lines


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("bears: 20 N", "bears"),
        ("bears: {force: 20, source: a, grade: estimate}", "unit"),
        ("bears: {force: 20 N, source: a, grade: rumour}", "rumour"),
    ],
)
def test_a_sheet_that_says_it_wrongly_is_told(tmp_path, sheet, message):
    with pytest.raises(ScenarioError, match=message):
        hold(tmp_path, sheet=f"title: {{en: Box, zh: 盒}}\n{sheet}\n")


@pytest.mark.parametrize(("t0", "because"), [(2.4, 0), (1.0, None)])
def test_a_thing_that_slips_after_a_strike_slips_because_of_it(t0, because):
    hit = struck(30.0)
    slip = RULES["slip"].finding(
        level="WARN", subject=("box", "left_claw"), t0=t0, t1=6.0, value=0.012, limit=0.010, margin=-0.002
    )
    other = replace(slip, subject=("cup", "left_claw"), t0=3.0)
    found = combine([hit, slip, other], ["replay.safety"], RULES).findings
    assert found[1].because_of == because and found[2].because_of is None


# -- where the command would take it ------------------------------------------------------------------------------------
def driven_down(scene, down, touch=None, gives=0.0):
    """`collision.scene` of a hand that is commanded to go down by so much [m] in steps 30 to 35 while it holds the box.

    Args:
        touch: control steps at which the replayed box touched the shelf; gives: how far it was pushed up in the hand there [m].
    """
    draw = drawing.nominal(scene)
    model = draw.model
    data = posed(scene)
    rest = data.qpos.copy()
    free = int(model.joint("box/box_free").qposadr[0])
    rest[free : free + 3] = data.site("left_tcp").xpos
    seen = played(scene)
    seen.qpos = np.tile(rest, (80, 1))
    if touch is not None:
        seen.met[touch, met(scene, "shelf/shelf")] = 5.0
        seen.qpos[touch, free + 2] += gives
    qpos = np.tile(rest, (80, 1))
    qpos[30:36, model.joint("base_height").qposadr[0]] -= down
    context = SceneContext(scene, "command")
    looked = Looked("command", np.arange(80) * scene.control_timestep, qpos, fixtures(model, context.robot_geoms), [], [])
    take = Take(draw, np.zeros((79, scene.n_actions), np.float32))
    rollouts = Rollouts(RolloutPlan((take,)), (seen,), carries=tuple(carries_of(scene, seen)))
    looked = replace(looked, held=tuple(driven(Subject(None, context, None, OwnRobot()), rollouts, looked)))
    return next(one for one in check_looked(looked, RULES, "command") if one.code == "collision.scene")


@pytest.fixture(scope="module")
def above(apart, tmp_path_factory):
    """A shelf 20 mm below the box in the left hand."""
    x, y, z = posed(apart).site("left_tcp").xpos
    return hold(tmp_path_factory.mktemp("above"), shelf=(1e3 * x, 1e3 * y, 1e3 * (z - 0.03 - 0.02 - 0.1))).judged


@pytest.mark.parametrize(
    ("down", "level", "depth"),
    [(0.015, "PASS", 0.0), (0.0205, "PASS", 0.0005), (0.023, "WARN", 0.003), (0.027, "FAIL", 0.007)],
)
def test_a_command_that_drives_a_held_box_into_a_shelf_is_told_by_its_depth(above, down, level, depth):
    found = driven_down(above, down)
    assert (found.level, found.value or 0.0) == (level, pytest.approx(depth, abs=1e-6))
    if depth > 0.001:
        assert found.subject == ("box/box", "shelf/shelf") and found.t0 == pytest.approx(1.0)
        assert "held in the left hand" in Words("en").message(found) and "左手" in Words("zh").message(found)


def test_a_box_that_is_pushed_back_in_the_hand_does_not_hide_how_far_it_was_to_go(above):
    assert driven_down(above, 0.027, touch=slice(30, 36), gives=0.007).value == pytest.approx(0.007, abs=1e-6)


def test_where_it_is_set_down_a_command_may_press(above):
    assert driven_down(above, 0.027, touch=slice(33, 80)).level == "PASS"
    assert driven_down(above, 0.027, touch=slice(66, 80)).level == "FAIL", "long before it is set down"


# -- the whole way --------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_demonstration_that_strikes_is_found_by_its_name_and_its_depth():
    from known_faults.injecting import Job, inject
    from known_faults.registry import faults_of
    from shiliu.replay.operator.demonstration import demonstrate
    from shiliu.replay.rollout.episode import as_recording

    scene = shiliu.load_scenario("table_setting")
    (episode,) = demonstrate(scene, [20000], 1)
    (clean,) = shiliu.judge([as_recording("clean", episode, scene)], threads=1)
    code = {f.code: f for f in clean.findings}
    assert clean.verdict == "FEASIBLE"
    assert code["collision.scene"].level == code["collision.unexpected"].level == code["reproduces"].level == "PASS"
    fault = faults_of(scene)["held thing strikes the scene"]
    (broken,) = inject([Job(episode, (fault,), 2.0)], SceneContext(scene, "command"), 1)
    (verdict,) = shiliu.judge([broken.recording], threads=1)
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, root.code, root.subject) == (
        "INFEASIBLE",
        "collision.scene",
        ("bowl/bowl_150", "table/counter"),
    )
    assert root.excess == pytest.approx(2.0, abs=0.05)
    assert root.t0 == pytest.approx(broken.marks[0].t0, abs=0.1) and root.t1 == pytest.approx(
        broken.marks[0].t1, abs=0.1
    )
    (contact,) = (f for f in verdict.findings if f.code == "collision.unexpected")
    assert contact.level in ("WARN", "FAIL") and contact.subject == ("bowl/bowl_150", "table/counter")
