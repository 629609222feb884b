"""What the hands hold: hand-made forces and poses by known amounts, a block between two pads, and the load on the arm."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.replay.checks.grip import (
    CarriedSpan,
    GraspForces,
    carried,
    check_grip,
    check_payload,
    check_slip,
    slip_of,
)
from shiliu.replay.checks.outcome import check_drop
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.facts.held_contacts import carried_along
from shiliu.replay.judge.facts.payload import LASTS, _grasp, carries_of, hung_of, loads_of, shared
from shiliu.replay.judge.facts.results import Integrity, Motions, RolloutPlan, Rollouts
from shiliu.replay.judge.stages.own_robot import OwnRobot, carried_findings
from shiliu.replay.judge.stages.replay_stage import _slipped
from shiliu.replay.report import Words
from shiliu.replay.signals.joint_motion import JointMotion
from shiliu.scenarios.draws import variation as drawing

RULES = load_rules()
DT = 0.1
HELD = CarriedSpan("bowl", "left_claw", 10, 40)
PALM = 0.709  # m, from the shoulder to the maker's end-effector frame, the arm straight


# -- when something is carried ---------------------------------------------------------------------------------------
def lifted(steps=60, first=5, last=50, lift=0.08, down=0.02):
    """Force (T+1, 2) and height (T+1,): the left hand takes it at 5, up over 10..20, down to 20 mm over 35..45, lets go."""
    force = np.zeros((steps, 2))
    force[first:last, 0] = 20.0
    height = 0.9 + np.interp(np.arange(steps), [10, 20, 35, 45], [0.0, lift, lift, down])
    return force, height


def test_a_thing_is_carried_while_its_weight_rests_on_the_hand():
    force, height = lifted()
    (held,) = carried("bowl", force, height, ["left_claw", "right_claw"], 3.0, DT)
    assert (held.thing, held.hand) == ("bowl", "left_claw")
    # 10 mm up after 1.25 steps of 8 mm each; 10 mm above where it is set down 8.33 of 6 mm after 35
    assert (held.begin, held.end) == (12, 44)


def test_what_is_pushed_or_brushed_is_not_carried():
    force, height = lifted(lift=0.005, down=0.0)
    assert carried("bowl", force, height, ["left_claw", "right_claw"], 3.0, DT) == []
    force, height = lifted()
    force[:, 0] = 0.0
    force[20, 0] = 5.0  # one step at the top
    assert carried("bowl", force, height, ["left_claw", "right_claw"], 3.0, DT) == []


@pytest.mark.parametrize(("bears", "times"), [(2.9, 1), (1.6, 1), (1.4, 0), (0.0, 0), (-4.0, 0)])
def test_a_hand_that_slides_along_what_something_else_bears_does_not_carry_it(bears, times):
    force, height = lifted()  # 20 N against a carton that rides up by 80 mm, of 3 N
    up = np.where(force > 0.0, bears, 0.0)
    up[20, 0] = 20.0  # for one step
    assert len(carried("carton", force, height, ["left_claw", "right_claw"], 3.0, DT, up)) == times


def test_two_hands_bear_a_thing_together_and_one_that_rests_on_it_bears_nothing():
    force, height = lifted()
    force[:, 1] = force[:, 0]
    up = np.where(force > 0.0, [0.9, 0.9], 0.0)  # N, of 3 N: neither half of it, both more
    assert len(carried("crate", force, height, ["left_claw", "right_claw"], 3.0, DT, up)) == 2
    up = np.where(force > 0.0, [4.0, -1.0], 0.0)
    (held,) = carried("crate", force, height, ["left_claw", "right_claw"], 3.0, DT, up)
    assert held.hand == "left_claw"


def test_a_light_thing_is_carried_though_its_weight_is_all_that_is_felt_of_the_grip():
    force, height = lifted()
    force[force > 0.0] = 0.06  # N, a clip of 6 g
    assert [held.begin for held in carried("clip", force, height, ["left_claw", "right_claw"], 0.06, DT)] == [12]
    assert carried("bowl", force, height, ["left_claw", "right_claw"], 3.0, DT) == []


def test_a_grip_that_opens_in_the_air_is_carried_until_then():
    force, height = lifted(last=30)
    (held,) = carried("bowl", force, height, ["left_claw", "right_claw"], 3.0, DT)
    assert (held.begin, held.end) == (12, 30)


# -- slip ------------------------------------------------------------------------------------------------------------
def turned(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def test_a_thing_that_moves_with_the_hand_does_not_slip_however_the_hand_moves():
    angles = np.linspace(0, 2, 30)
    turns = np.stack([turned(a) for a in angles])
    hand = np.stack([np.cos(angles), angles, angles**2], axis=1)
    place = hand + turns @ np.array([0.05, 0.0, 0.02])
    assert slip_of(place, turns, hand, turns) == pytest.approx(0.0, abs=1e-12)


def test_creep_is_counted_in_the_grip_and_turning_about_it_is_not():
    m = 30
    still = np.tile(np.eye(3), (m, 1, 1))
    hand = np.tile([0.3, 0.2, 1.0], (m, 1))
    down = np.linspace(0, 0.015, m)
    assert slip_of(hand - np.outer(down, [0, 0, 1]), still, hand, still)[-1] == pytest.approx(0.015)
    swings = np.stack([turned(a) for a in np.linspace(0, 0.5, m)])  # about the grip, 70 mm away from its own origin
    place = hand - swings @ np.array([0.07, 0.0, 0.0])
    assert slip_of(place, swings, hand, still) == pytest.approx(0.0, abs=1e-12)
    tips = np.array([0.0, 0.02, 0.0])  # the same about the fingertips, which hold it, while the hand is turned
    hands, pads = np.tile(turned(0.4), (m, 1, 1)), np.array([[0.0, 0.0, 0.0], tips])
    place = hand + hands[0] @ tips - swings @ np.array([0.07, 0.0, 0.0])
    assert slip_of(place, swings, hand, hands)[-1] == pytest.approx(2 * np.sin(0.25) * 0.02)
    assert slip_of(place, swings, hand, hands, pads) == pytest.approx(0.0, abs=1e-12)
    creeps = place - np.outer(down, [0, 0, 1])  # and what creeps there creeps
    assert slip_of(creeps, swings, hand, hands, pads)[-1] == pytest.approx(0.015)


@pytest.mark.parametrize(("creep", "level", "t0"), [(0.008, "PASS", 4.0), (0.016, "WARN", 2.9)])
def test_slip_is_warned_of_beyond_ten_millimetres(creep, level, t0):
    (found,) = check_slip([(HELD, np.linspace(0, creep, 31))], 1, DT, RULES)
    assert (found.level, found.value) == (level, pytest.approx(creep))
    assert found.t0 == pytest.approx(t0)
    assert found.subject == ("bowl", "left_claw")
    if level == "WARN":
        assert found.excess == pytest.approx(0.6)
        assert "moves by 16 mm in the grip" in Words("en").message(found)
        assert "16 mm" in Words("zh").message(found)


def test_without_anything_carried_nothing_slips():
    assert check_slip([], 1, DT, RULES)[0].reason == "nothing_carried"
    assert check_slip([], 0, DT, RULES)[0].reason == "no_objects"


# -- friction of the grip --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("tangential", "level"), [(8.0, "PASS"), (8.8, "WARN"), (11.0, "WARN")])
def test_a_grip_near_to_sliding_is_warned_of_and_never_fails(tangential, level):
    grasps = [GraspForces(HELD, 2.0, 10.0, 1.0, 0.9), GraspForces(HELD, 3.0, 10.0, tangential, 0.9)]
    (found,) = check_grip(grasps, [HELD], RULES)
    assert (found.level, found.value, found.limit) == (level, pytest.approx(tangential / 10), 0.9)
    assert found.margin == pytest.approx(0.9 - tangential / 10)
    assert (found.t0, found.details["looked_at"]) == (3.0, 2)
    for lang in ("en", "zh"):
        assert f"{tangential / 10:g}" in Words(lang).message(found)


def test_a_grip_that_was_never_looked_at_is_not_checked():
    assert check_grip([], [HELD], RULES)[0].reason == "carried_briefly"
    assert check_grip([], [], RULES)[0].reason == "nothing_carried"


PADS = """
<mujoco><option gravity="0 0 -9.81" cone="elliptic" impratio="10"/><worldbody>
  <body name="hand"><geom type="box" size=".01 .02 .02" pos="-.03 0 0" friction="{mu} .01 .001" condim="4"/>
    <body name="finger" pos=".03 0 0"><joint name="close" type="slide" axis="-1 0 0"/>
      <geom type="box" size=".01 .02 .02" friction="{mu} .01 .001" mass=".05" condim="4"/></body></body>
  <body name="block"><freejoint/><geom type="box" size=".02 .015 .015" mass="0.4" friction="{mu} .01 .001" condim="4"/></body>
</worldbody><actuator><motor joint="close"/></actuator></mujoco>"""


def test_needed_friction_of_a_block_between_two_pads_is_its_weight_over_both_forces():
    model = mujoco.MjModel.from_xml_string(PADS.format(mu=0.8))
    data = mujoco.MjData(model)
    data.ctrl[0] = 10.0
    for _ in range(500):
        mujoco.mj_step(model, data)
    assert abs(data.body("block").xpos[2]) < 0.005, "it is held"
    grasp = _grasp(model, data, CarriedSpan("block", "hand", 0, 10), "block", 1.0)
    assert grasp.normal == pytest.approx(2 * 10.0, rel=0.02)
    assert grasp.tangential == pytest.approx(0.4 * 9.81, rel=0.05)
    assert grasp.needed == pytest.approx(0.4 * 9.81 / 20.0, rel=0.05)
    assert grasp.friction == pytest.approx(0.8)


# -- payload ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario("microwave")


@pytest.mark.parametrize(("mass", "level", "margin"), [(3.0, "PASS", 1.77), (5.0, "WARN", -0.23), (9.0, "WARN", -4.23)])
def test_payload_is_held_against_what_the_straight_arm_holds_out(scene, mass, level, margin):
    limit = scene.robot.sheet["payload"]["limit"]
    (found,) = check_payload([(HELD, 0.5), (HELD, mass)], limit, DT, RULES)
    assert (found.level, found.value) == (level, mass)
    assert found.margin == pytest.approx(margin)
    assert f"{mass:g} kg" in Words("en").message(found) and f"{mass:g} kg" in Words("zh").message(found)
    assert check_payload([(HELD, mass)], None, DT, RULES)[0].reason == "no_published_limit"


def test_what_hangs_on_a_hinge_and_what_rolls_is_borne_by_the_hand_that_lifts_at_it():
    """Hand-made forces: the right hand lifts a door by 30 N for a second, and by 90 N for a moment; the bowl is carried, not borne."""
    scene = shiliu.load_scenario("microwave").judged
    names, hands = list(scene.borne), scene.robot.interface["grippers"]["bodies"]
    door, bowl = names.index("oven/door"), next(j for j, name in enumerate(names) if name.startswith("bowl/"))
    up = np.zeros((121, len(names), 2))
    up[30:60, door, 1], up[90:94, door, 1], up[60:90, door, 0] = 30.0, 90.0, -80.0
    up[10:100, bowl, 0] = 20.0
    take = CarriedSpan("bowl", "left_claw", 10, 100)
    ((held, mass),) = hung_of(scene, SimpleNamespace(borne=up), [take])
    assert (held.thing, held.hand, held.begin, held.end) == ("oven/door", hands[1], 30, 60)
    assert mass == pytest.approx(30.0 / 9.81)
    assert len(hung_of(scene, SimpleNamespace(borne=up), [])) == 2
    (found,) = check_payload([(held, mass)], scene.robot.sheet["payload"]["limit"], scene.control_timestep, RULES)
    assert found.level == "PASS" and found.subject == ("oven/door", hands[1])
    assert hung_of(scene, SimpleNamespace(borne=up[:0]), []) == [] and LASTS == 0.5


def test_the_robots_payload_is_what_the_straight_arm_leaves_of_each_torque(scene):
    model = scene.robot.spec().compile()
    data, shoulder = mujoco.MjData(model), model.joint("zarm_l1_joint")
    data.qpos[shoulder.qposadr[0]] = -np.pi / 2
    mujoco.mj_forward(model, data)
    arm = abs(float(data.qfrc_bias[shoulder.dofadr[0]]))  # Nm, of its own weight
    for grade, torque in scene.robot.limits["zarm_l1_joint"]["torque"].items():
        left = (torque - arm) / (9.81 * PALM)
        assert scene.robot.sheet["payload"][grade] == pytest.approx(left, abs=0.02), grade


def standing(scene, mass=0.0, begin=30, end=60):
    """Dynamics of a motion that holds the arms straight out for 3 s; its left hand bears a mass from step 30 to 60."""
    robot = scene.robot.spec().compile()
    names = scene.robot.joint_names
    t = np.arange(0, 3, 0.02)
    q = np.tile([-np.pi / 2 if name == "zarm_l1_joint" else 0.0 for name in names], (len(t), 1))
    from shiliu.replay.robots.robot_sheet import load_limits

    limits = load_limits(scene.robot.folder)
    soles = np.array([[0.2, -0.2], [0.2, 0.2], [-0.2, 0.2], [-0.2, -0.2]])
    context = SimpleNamespace(scene=scene, rules=RULES, limits=limits, robot=robot, soles=soles)
    subject = SimpleNamespace(
        context=context, scene=scene, rules=RULES, recording=SimpleNamespace(episode=object(), kind="robot")
    )
    motions = Motions({"command": JointMotion(t, q, names, None)}, signal="command")
    load = (CarriedSpan("bowl", "left_claw", begin, end), mass, np.array([0.0, 0.0, -0.15]))
    return OwnRobot().dynamics(subject, Integrity(()), motions, Rollouts(loads=(load,) if mass else ()))


def torque(case, joint="zarm_l1_joint"):
    effort = case.effort["command"]
    return effort.t, np.abs(effort.torque[:, effort.names.index(joint)])


def test_the_load_is_on_the_arm_while_it_is_carried_and_only_then(scene):
    empty, full = standing(scene), standing(scene, 2.0)
    t, before = torque(empty)
    _, after = torque(full)
    known = np.isfinite(before)
    during = (t >= 1.0) & (t < 2.0)
    # straight arm: 0.709 m to the palm, here 2 kg at the claw
    added = (after - before)[known & during]
    assert added == pytest.approx(added[0])
    assert 2 * 9.81 * 0.6 < added[0] < 2 * 9.81 * 0.75
    assert np.array_equal(after[known & ~during], before[known & ~during])
    known &= during
    shift = (full.effort["command"].pressure - empty.effort["command"].pressure)[known, 0]
    assert shift.min() > 0.01, "what is held out in front moves the zero-moment point forward"


def test_torque_and_balance_are_judged_anew_with_the_load(scene):
    empty, full = standing(scene), standing(scene, 12.0)
    assert [f.code for f in full.findings] == [f.code for f in empty.findings]
    peak = {
        name: next(f for f in case.findings if f.code == "torque.peak") for name, case in (("e", empty), ("f", full))
    }
    assert (peak["e"].level, peak["f"].level) == ("PASS", "FAIL")
    assert peak["f"].subject == ("zarm_l7_joint",), "12 kg so far before the weakest joint are too much for it"
    assert peak["f"].t0 == pytest.approx(1.0, abs=0.05)
    assert peak["f"].details["payload"] == 12.0


def test_a_real_recording_tells_nothing_of_what_is_held(scene):
    subject = SimpleNamespace(scene=scene, rules=RULES, recording=SimpleNamespace(episode=None))
    starts = Rollouts(played=(SimpleNamespace(), SimpleNamespace()))
    found = {f.code: (f.level, f.reason) for f in (*_slipped(subject, starts), *carried_findings(subject, starts))}
    assert found == {
        "slip": ("NOT_CHECKED", "unknown_start"),
        "grip.friction": ("NOT_CHECKED", "no_finger_force"),
        "payload": ("NOT_CHECKED", "no_payload"),
    }


def test_a_bowl_that_creeps_in_a_rising_hand_is_told_with_the_mass_that_the_hand_bears(scene):
    """Hand-made states: the left arm lifts, the bowl goes with its palm and slides 15 mm along it on the way."""
    draw = drawing.nominal(scene)
    model, steps = draw.model, 61
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, draw.start_state, drawing.STATE)
    start, elbow = data.qpos.copy(), model.joint("zarm_l4_joint").qposadr[0]
    bowl = model.joint("bowl/bowl_150_free").qposadr[0]
    qpos, palm = np.tile(start, (steps, 1)), np.empty((steps, 12))
    qpos[:, elbow] += np.interp(np.arange(steps), [10, 50], [0.0, -0.4])
    for k in range(steps):
        data.qpos[:] = qpos[k]
        mujoco.mj_kinematics(model, data)
        palm[k, :3], palm[k, 3:] = data.site("left_tcp").xpos, data.site("left_tcp").xmat
    turn = palm[:, 3:].reshape(-1, 3, 3)
    creep = np.interp(np.arange(steps), [20, 50], [0.0, 0.015])
    for k in range(steps):
        qpos[k, bowl : bowl + 3] = palm[k, :3] + turn[k] @ np.array([creep[k], 0.0, 0.0])
        relative = turn[k] @ turn[0].T
        mujoco.mju_mat2Quat(qpos[k, bowl + 3 : bowl + 7], relative.ravel())
    force = np.zeros((steps, 2))
    force[5:, 0] = 20.0
    played = SimpleNamespace(qpos=qpos, grips={"bowl": force}, heights={"bowl": qpos[:, bowl + 2]}, states={}, borne=np.zeros((0, 0, 0)))
    subject = SimpleNamespace(scene=scene, rules=RULES, recording=SimpleNamespace(episode=object()))
    take, carries = SimpleNamespace(draw=draw), tuple(carries_of(scene, played))
    loads = tuple(loads_of(scene, take, played, carries))
    done = Rollouts(RolloutPlan((take,)), (played,), carries=carries, loads=loads)
    found = {f.code: f for f in (*_slipped(subject, done), *carried_findings(subject, done))}
    assert (found["slip"].level, found["slip"].subject) == ("WARN", ("bowl", "left_claw"))
    (held,) = carried(
        "bowl", force, qpos[:, bowl + 2], ["left_claw", "right_claw"], scene.weights["bowl"], scene.control_timestep
    )
    assert found["slip"].value == pytest.approx(creep.max() - creep[held.begin], abs=1e-6)
    mass = sum(
        float(model.body(i).mass[0]) for i in range(model.nbody) if model.body(i).name.startswith(("bowl/", "food/"))
    )
    assert found["payload"].value == pytest.approx(mass) and mass == pytest.approx(0.35 + 0.18, abs=0.01)
    assert found["grip.friction"].reason == "carried_briefly", "no full state was kept"


def test_a_light_thing_that_is_lowered_is_not_dropped_and_one_that_is_let_go_is():
    force, height = (
        np.full(60, 0.06),
        np.interp(np.arange(60), [20, 30], [1.2, 1.08]),
    )  # a clip of 6 g, lowered by 120 mm
    force[22] = 0.7  # a jerk, above what a heavy thing is held from
    (kept,) = check_drop({"clip": force}, {"clip": height}, {"clip": 0.06}, 0.02, RULES)
    assert (kept.level, kept.value) == ("PASS", 0.0)
    force[23:] = 0.0
    (lost,) = check_drop({"clip": force}, {"clip": height}, {"clip": 0.06}, 0.02, RULES)
    assert lost.level == "FAIL" and lost.value == pytest.approx(0.12 * 8 / 10, abs=0.002)
    (heavy,) = check_drop({"bowl": force}, {"bowl": height}, {"bowl": 3.0}, 0.02, RULES)
    assert heavy.t0 == pytest.approx(22 * 0.02)


# -- a load in both hands --------------------------------------------------------------------------------------------
def test_two_hands_share_a_load_by_the_law_of_the_lever():
    left, right, centre = np.array([0.4, 0.3, 1.0]), np.array([0.4, -0.3, 1.0]), np.array([0.45, 0.12, 0.95])
    (a, at), (b, there) = shared(left, right, centre), shared(right, left, centre)
    assert (a, b) == pytest.approx((0.7, 0.3))
    assert a * at + b * there == pytest.approx(centre)  # force and moment of both together are the load's
    assert at == pytest.approx([0.45, 0.3, 0.95]) and there == pytest.approx(
        [0.45, -0.3, 0.95]
    )  # each before its own grip


def test_a_hand_beyond_which_a_load_hangs_bears_it_all():
    left, right = np.array([0.4, 0.3, 1.0]), np.array([0.4, -0.3, 1.0])
    assert shared(left, right, np.array([0.4, 0.5, 1.0]))[0] == 1.0
    assert shared(right, left, np.array([0.4, 0.5, 1.0]))[0] == 0.0


# -- where a thing would be, were its hand where it is commanded ---------------------------------------------------------

HAND_AND_THING = """
<mujoco>
  <worldbody>
    <body name="claw"><freejoint/><geom size=".01"/><site name="claw_tcp" pos=".05 .02 .1" euler="0 30 0"/></body>
    <body name="thing"><freejoint/><geom size=".01"/></body>
  </worldbody>
</mujoco>
"""


def _pose(rng):
    quat = rng.normal(size=4)
    return np.r_[rng.uniform(-0.5, 0.5, 3), quat / np.linalg.norm(quat)]


def _matrix(pose):
    turn, out = np.zeros(9), np.eye(4)
    mujoco.mju_quat2Mat(turn, pose[3:])
    out[:3, :3], out[:3, 3] = turn.reshape(3, 3), pose[:3]
    return out


def test_what_is_held_goes_along_with_a_hand_that_is_turned_and_elsewhere():
    """Both turned at random, in another posture at each step: the pose between hand and thing is that of the step named."""
    model, rng = mujoco.MjModel.from_xml_string(HAND_AND_THING), np.random.default_rng(3)
    replayed = np.array([np.r_[_pose(rng), _pose(rng)] for _ in range(4)])
    commanded = np.array([np.r_[_pose(rng), np.zeros(3), 1.0, np.zeros(3)] for _ in range(3)])
    within = np.array([2, 0, 2])
    found = carried_along(model, replayed, commanded, within, "claw", model.body("thing").id)
    for row, command, k in zip(found, commanded, within):
        hand, thing = _matrix(replayed[k][:7]), _matrix(replayed[k][7:])
        expected = _matrix(command[:7]) @ np.linalg.inv(hand) @ thing
        assert _matrix(row) == pytest.approx(expected, abs=1e-9)
