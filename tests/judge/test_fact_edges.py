"""What the judge makes of replays, piece by piece: what has moved, where a start goes on, which window is compared, who is to blame."""

from __future__ import annotations

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.explanation.curves.world import _steps, _tracking
from shiliu.replay.judge.facts import eased_motion, inferred_starts
from shiliu.replay.judge.facts.held_contacts import _last_free, holds_of
from shiliu.replay.judge.facts.inferred_starts import AFTER, WIDER, InferredStarts
from shiliu.replay.judge.facts.partial_replay import LEFT, TURNED, Played, _going_on, addresses, moved
from shiliu.replay.judge.facts.retargeted_report import facts
from shiliu.replay.judge.facts.simulation_log import States, open_loop, single_steps
from shiliu.replay.judge.verdict import _stage
from shiliu.scenarios.draws.variation import STATE

RULES = load_rules()

# a robot's arm (its bodies have no slash), a loose cup, a door, a ball in a socket
MODEL = mujoco.MjModel.from_xml_string("""
<mujoco><option timestep="0.002" gravity="0 0 -9.81"/>
<worldbody>
  <geom name="floor" type="plane" size="2 2 0.1"/>
  <body name="arm" pos="0 0 1"><joint name="arm_joint" type="hinge" axis="0 1 0" damping="0.1"/>
    <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02"/></body>
  <body name="cup/cup" pos="0.8 0 0.05"><freejoint name="cup_free"/><geom type="box" size="0.05 0.05 0.05"/></body>
  <body name="door/leaf" pos="-0.8 0 0.6"><joint name="door_hinge" type="hinge" axis="0 0 1" damping="0.2"/>
    <geom type="box" size="0.01 0.2 0.3" pos="0 0.2 0"/></body>
  <body name="lamp/head" pos="0 0.9 1"><joint name="lamp_ball" type="ball" damping="0.1"/>
    <geom type="capsule" fromto="0 0 0 0 0 -0.2" size="0.02"/></body>
</worldbody>
<actuator><motor joint="arm_joint"/></actuator></mujoco>""")
ARM, CUP, DOOR, LAMP = (MODEL.joint(name).id for name in ("arm_joint", "cup_free", "door_hinge", "lamp_ball"))


def draw(**at):
    """A start with what is put elsewhere: joint -> qpos."""
    data = mujoco.MjData(MODEL)
    for name, values in at.items():
        data.qpos[addresses(MODEL, MODEL.joint(name).id)] = values
    mujoco.mj_forward(MODEL, data)
    state = np.empty(mujoco.mj_stateSize(MODEL, STATE))
    mujoco.mj_getState(MODEL, data, state, STATE)
    return SimpleNamespace(model=MODEL, start_state=state, data=lambda: data)


def played(step, qpos, qvel):
    """A start of which `step` steps were played, after which joints stand and move so."""
    start = draw()
    first = np.array(start.data().qpos)
    rows = np.repeat(first[None], step + 1, axis=0)
    data = mujoco.MjData(MODEL)
    for name, values in qpos.items():
        rows[step, addresses(MODEL, MODEL.joint(name).id)] = values
    data.qpos[:] = rows[step]
    data.qvel[:] = qvel
    state = np.empty(mujoco.mj_stateSize(MODEL, STATE))
    mujoco.mj_getState(MODEL, data, state, STATE)
    return Played(start, rows, {}, state, step)


TURN = [np.cos(0.5), np.sin(0.5), 0.0, 0.0]


@pytest.mark.parametrize(
    ("qpos", "gone"),
    [
        ({}, []),
        ({"arm_joint": 0.7}, []),  # the robot is no thing
        ({"cup_free": [0.8, 0.0, 0.05 + 0.9 * LEFT, 1, 0, 0, 0]}, []),
        ({"cup_free": [0.8, 0.0, 0.05 + 1.1 * LEFT, 1, 0, 0, 0]}, [CUP]),
        ({"cup_free": [0.8, 0.0, 0.05, np.cos(0.5 * 0.9 * 2 * TURNED), 0, 0, np.sin(0.09)]}, []),
        ({"cup_free": [0.8, 0.0, 0.05, *TURN]}, [CUP]),  # turned where it stands
        ({"door_hinge": 1.1 * LEFT}, [DOOR]),
        ({"door_hinge": 0.9 * LEFT}, []),
        ({"lamp_ball": TURN}, [LAMP]),
        ({"door_hinge": 0.5, "cup_free": [0.9, 0.0, 0.05, 1, 0, 0, 0]}, [CUP, DOOR]),
    ],
)
def test_things_that_have_left_where_they_were(qpos, gone):
    base = played(3, qpos, 0.0)
    assert sorted(moved(base, 3)) == sorted(gone) and moved(base, 2) == []
    assert moved(base, 3, "cup/") == [j for j in gone if j == CUP]


def test_a_start_goes_on_with_the_robot_as_there_and_things_that_nobody_moved_at_rest_where_they_lie():
    qvel = np.arange(1.0, MODEL.nv + 1)
    base = played(4, {"arm_joint": 0.7, "door_hinge": 0.5}, qvel)
    other = draw(cup_free=[0.5, 0.3, 0.05, 1, 0, 0, 0], door_hinge=0.1)
    data = mujoco.MjData(MODEL)
    mujoco.mj_setState(MODEL, data, _going_on(other, base), STATE)
    assert data.qpos[addresses(MODEL, ARM)] == pytest.approx(0.7)
    assert data.qpos[addresses(MODEL, DOOR)] == pytest.approx(0.6), "as far from where it starts as there"
    assert data.qpos[addresses(MODEL, CUP)] == pytest.approx([0.5, 0.3, 0.05, 1, 0, 0, 0])
    moves = {int(MODEL.jnt_dofadr[j]) for j in (ARM, DOOR)}
    assert [i for i in range(MODEL.nv) if data.qvel[i]] == sorted(moves) and data.qvel[sorted(moves)] == pytest.approx(qvel[sorted(moves)])
    assert np.array_equal(_going_on(other, played(0, {}, 0.0)), other.start_state), "of which nothing was played"


@pytest.mark.parametrize(
    ("key", "part", "wider"),
    [("cup.at.x", "", True), ("cup.at.x", "cup.", True), ("cup.at.x", "shelf.", False), ("cup.yaw", "cup.", False), ("cup.yaw", "", False)],
)
def test_places_of_the_part_that_is_sought_may_lie_further_than_they_are_drawn(key, part, wider):
    search = SimpleNamespace(ends={"cup.at.x": (0.1, 0.3), "cup.yaw": (-0.2, 0.2)})
    low, high = search.ends[key]
    by = WIDER if wider else 0.0
    assert InferredStarts.bounds(search, key, part) == (pytest.approx(low - by), pytest.approx(high + by))


def test_a_replay_is_compared_while_its_hand_closes_and_most_where_it_ends(monkeypatch):
    """What stays off in the last half of what is played after it has closed weighs by itself, and what was off before that does not."""
    dt, n = 0.05, 200
    t = np.arange(n) * dt
    hand = SimpleNamespace(t=t, names=("claw",), state=np.zeros((n, 1)))
    take = SimpleNamespace(begin=2.0, stop=3.0, hand=hand, bound=0.1)
    search = SimpleNamespace(scene=SimpleNamespace(control_timestep=dt), offset=0.0, measured=None)
    of = SimpleNamespace(qpos=np.zeros((n, 1)))

    def misses(low, high, size=0.2):
        off = np.where((t >= low) & (t < high), size, 0.0)[:, None]
        monkeypatch.setattr(inferred_starts, "closed", lambda scene, one, names, at: np.interp(at, t, off[:, 0])[:, None])
        return InferredStarts._misses(search, of, take, AFTER)

    end = take.stop + AFTER
    assert misses(0.0, 1.9) == misses(end + 0.1, 10.0) == 0.0, "before it closes, and after what is played"
    early, late = misses(2.0, 2.7), misses(end - 0.72, end + 0.1)
    assert late > early + 1.5 and early > 0.0, "two bounds off at the end"
    assert misses(2.0, end - 0.5 * AFTER + 0.02) == pytest.approx(misses(2.0, end - 0.5 * AFTER + 0.02, -0.2))
    assert misses(2.0, end - 0.5 * AFTER + 0.02) < misses(2.0, end + 0.1) - 1.5


def test_a_thing_in_a_hand_is_as_it_was_when_it_last_touched_nothing_else():
    touched = np.array([0, 0, 1, 1, 0, 0, 1, 0], bool)
    steps = np.arange(10)
    assert _last_free(touched, 1, steps).tolist() == [1, 1, 1, 1, 4, 5, 5, 7, 7, 7]
    assert _last_free(touched, 2, steps[:5]).tolist() == [2, 2, 2, 2, 4]


def test_times_of_two_hands_that_overlap_are_one():
    def carry(thing, hand, begin, end, **more):
        return SimpleNamespace(thing=thing, hand=hand, begin=begin, end=end, taken=None, left=None, **more)

    found = holds_of([carry("cup", "right", 40, 60), carry("cup", "left", 10, 41), carry("cup", "left", 70, 80), carry("jug", "left", 5, 9),
                      carry("jug", "right", 9, 12)])  # fmt: skip
    assert [(one.thing, one.hands, one.taken, one.left) for one in found] == [
        ("cup", ("left", "right"), 10, 60), ("cup", ("left",), 70, 80), ("jug", ("left",), 5, 9), ("jug", ("right",), 9, 12),
    ]  # fmt: skip


def simulated(rows=40, count=5):
    data = mujoco.MjData(MODEL)
    data.qvel[MODEL.jnt_dofadr[DOOR]] = 1.0
    ctrl = 0.5 * np.sin(0.3 * np.arange(rows))[:, None] + 3.0
    states = []
    for k in range(rows):
        states.append((k * count * 0.002, data.qpos.copy(), data.qvel.copy(), ctrl[k]))
        data.ctrl[:] = ctrl[k]
        mujoco.mj_step(MODEL, data, count)
    return States(*map(np.array, zip(*states)))


@pytest.mark.parametrize("row", [1, 20, 39])
def test_a_state_that_does_not_follow_from_the_one_before_is_seen_in_its_row(row):
    states, robot = simulated(), [MODEL.body("arm").id]
    errors, touching = single_steps(MODEL, states, 5, robot)
    assert all(one.max() < 1e-9 for one in errors.values()) and all(one.max() < 1e-9 for one in open_loop(MODEL, states, 5).values())
    assert len(touching) == 39 and not touching.any()
    states.qvel[row, MODEL.jnt_dofadr[DOOR]] += 0.3
    states.qpos[row, addresses(MODEL, ARM)] += 0.02
    errors, _ = single_steps(MODEL, states, 5, robot)
    assert errors["speed"][row - 1] == pytest.approx(0.3, abs=1e-6) and errors["angle"][row - 1] == pytest.approx(0.02, abs=1e-9)
    assert errors["away"][row - 1] > 0.002 and max(one[: row - 1].max(initial=0.0) for one in errors.values()) < 1e-9
    loop = open_loop(MODEL, states, 5)
    assert loop["speed"].argmax() == row and loop["speed"][row] == pytest.approx(0.3, abs=1e-6)


def follows(off, turned, before=0.0, turn_before=0.0):
    """Whether hands that are off by so much [m] and turned by so much [rad] are near enough; where the solver brought them so near."""
    n = 40
    t = np.arange(n) / 20.0
    about = np.tile(np.eye(3), (n, 1, 1))
    there = np.array([[np.cos(turned), -np.sin(turned), 0.0], [np.sin(turned), np.cos(turned), 0.0], [0.0, 0.0, 1.0]])
    arms = SimpleNamespace(follow=lambda q, hand: (np.full((n, 3), [off, 0.0, 0.0]), np.tile(there, (n, 1, 1))))
    track = SimpleNamespace(target=np.zeros((n, 3)), target_rotation=about, off=np.full(n, before), turned=np.full(n, turn_before))
    return eased_motion.as_near(SimpleNamespace(rules=RULES), arms, {"left": track}, SimpleNamespace(t=t, q=np.zeros((n, 1))))


def test_an_eased_hand_is_as_near_in_place_and_turn_as_it_may_be_off_or_was_brought():
    rule = RULES["retarget.error"]
    place, turn = rule.bound("fail"), rule.settings["turn_fail"]
    assert follows(0.0, 0.0) and follows(0.95 * place, 0.95 * turn)
    assert not follows(1.05 * place, 0.0) and not follows(0.0, 1.05 * turn)
    assert follows(1.05 * place, 0.0, before=1.1 * place) and follows(0.0, 1.05 * turn, turn_before=1.1 * turn)
    assert not follows(1.05 * place, 0.0, turn_before=2.0), "the one excuses not the other"


def finding(code, level, **more):
    rule = RULES[code]
    if level == "NOT_CHECKED":
        return rule.not_checked(more.pop("reason", "too_short"), **more)
    return rule.not_applicable("no_fps") if level == "NOT_APPLICABLE" else rule.finding(level=level, **more)


@pytest.mark.parametrize(
    ("levels", "required", "verdict", "reason"),
    [
        ({}, (), "NOT_CHECKED", "not_run"),
        ({"balance": "PASS"}, (), "FEASIBLE", None),
        ({"balance": "WARN"}, (), "FEASIBLE", None),
        ({"balance": "FAIL", "torque.peak": "PASS"}, (), "INFEASIBLE", None),
        ({"balance": "NOT_CHECKED"}, (), "NOT_CHECKED", "too_short"),
        ({"balance": "NOT_APPLICABLE"}, (), "NOT_CHECKED", "not_run"),
        ({"balance": "NOT_CHECKED", "torque.peak": "PASS"}, (), "FEASIBLE", None),
        ({"balance": "NOT_CHECKED", "torque.peak": "PASS"}, ("balance",), "INCONCLUSIVE", "too_short"),
        ({"balance": "NOT_APPLICABLE", "torque.peak": "PASS"}, ("dynamics.balance",), "FEASIBLE", None),
        ({"torque.peak": "PASS"}, ("dynamics.balance",), "INCONCLUSIVE", "not_run"),
        ({"torque.peak": "PASS"}, ("kinematics.joint.speed",), "FEASIBLE", None),
        ({"value.nonfinite": "FAIL", "torque.peak": "PASS"}, (), "FEASIBLE", None),  # of another stage
    ],
)
def test_a_stage_says_what_its_findings_do(levels, required, verdict, reason):
    found = _stage("dynamics", [finding(code, level) for code, level in levels.items()], required, RULES)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_failure_of_integrity_is_unsound():
    assert _stage("integrity", [finding("value.nonfinite", "FAIL")], (), RULES).verdict == "UNSOUND"


@pytest.mark.parametrize(
    ("names", "subject", "drawn"),
    [(["a", "b"], ("b",), True), (["a", "b"], ("c",), False), (["a", "b"], (), False), (None, ("a",), False)],
)
def test_how_far_a_joint_is_from_its_command_is_drawn_where_it_was_tracked(names, subject, drawn):
    t = np.arange(3.0)
    tracking = None if names is None else (t, np.array([[0.1, -0.2], [0.1, 0.3], [0.1, -0.4]]), names)
    judged = SimpleNamespace(replay=SimpleNamespace(tracking=tracking), rules=RULES)
    plot = _tracking(judged, SimpleNamespace(subject=subject))
    assert (plot is not None) == drawn
    if drawn:
        (trace,) = plot.traces
        assert np.allclose(trace["y"], [0.2, 0.3, 0.4]) and plot.unit == "rad"


def test_how_many_steps_are_done_and_undone_is_drawn_on_the_clock_of_the_recording():
    outcome = {"subgoals": {"take": 1.0, "put": 3.0, "shut": None}, "undone": {"take": 2.0}}
    rollouts = SimpleNamespace(shown=SimpleNamespace(qpos=np.zeros((5, 1))), draw=draw(), offset=5.0)
    scene = SimpleNamespace(control_timestep=1.0, n_actions=1)
    judged = SimpleNamespace(replay=SimpleNamespace(outcome=outcome), rollouts=rollouts, scene=scene)
    plot = _steps(judged, None)
    assert np.allclose(plot.traces[0]["t"], 5.0 + np.arange(5)) and np.allclose(plot.traces[0]["y"], [0, 1, 0, 1, 1])
    assert plot.limits == [{"name": "all", "value": 3.0}]
    rollouts.shown = None
    assert _steps(judged, None) is None


def test_what_a_person_and_a_door_did_is_shown_by_when_it_was_largest():
    """Row 0 is no rest: the door is lifted by what it rises above where it began, and turned to both sides of it."""
    t = np.array([0.0, 0.1, 0.3, 0.4, 0.6])
    hand = np.zeros((5, 3))
    hand[:, 1] = [0.0, 0.1, 0.2, np.nan, 0.5]  # 1.0 m/s at first, then half of it
    place = np.zeros((5, 3))
    place[:, 2] = [0.9, 0.88, 0.95, 0.93, 0.91]
    place[:, 1] = 0.4
    thing = SimpleNamespace(
        t=t, angle=np.array([0.0, 0.4, 0.9, 0.2, 0.1]), openings=[(0, 2)], ajar=[], position=place, tilted=np.array([0, 0.1, 0.05, 0, 0]),
        moved=np.array([0.0, 0.01, 0.02, 0.05, 0.03]), turned=np.array([0.1, -0.2, 0.0, 0.3, 0.2]),
    )  # fmt: skip
    nowhere = np.full((5, 3), np.nan)
    module = SimpleNamespace(wrists=lambda recording: {"left": 2.0 * hand})
    source = SimpleNamespace(module=module, targets=SimpleNamespace(position={"left": hand, "right": nowhere}))
    carried = SimpleNamespace(source=source, result=SimpleNamespace(t=t), thing=thing, placed=SimpleNamespace(part="oven"))
    judged = SimpleNamespace(motions=SimpleNamespace(carried=carried), recording=None)
    speed, opened, went = facts(judged)
    assert speed.values["hand"] == "left_hand" and speed.values["speed"] == pytest.approx(1.0) and speed.values["t"] == 0.0
    assert speed.values["wrist"] == pytest.approx(2.0) and 0.5 < speed.values["p95"] < 1.0
    assert opened.values == {"what": "oven", "largest": 0.9, "t": 0.3, "openings": 1, "ajar": 0}
    wanted = {"what": "oven", "moved": 0.05, "t": 0.4, "lifted": 0.05, "turned": 0.5, "tilted": 0.1}
    assert {key: value if key == "what" else pytest.approx(value) for key, value in went.values.items()} == wanted
    carried.thing = None
    assert [one.values["hand"] for one in facts(judged)] == ["left_hand"]
    judged.motions.carried = None
    assert not list(facts(judged))
