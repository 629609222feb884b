"""A robot on its own legs: it stands, squats, carries and is pushed as hand arithmetic says, and the same to the bit every time."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest
import shiliu
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.legs.balance import Balance
from shiliu.scenarios.legs.footsteps import SETTLE, SINGLE
from shiliu.scenarios.legs.remembered import Memory
from shiliu.scenarios.robots.robot import load_robot
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.stepping.simulation import Simulation

PACE = 30  # control steps a second
SHOVE, SLIPPERY = 0.1, 0.1  # s; friction of a wet floor


@pytest.fixture(scope="module")
def scene():
    return shiliu.load_scenario(
        "bare", base="legs", overrides=["robot.stands_at.x=300 mm", "robot.stands_at.yaw=40 deg"]
    )


class Standing:
    """One copy, with what pushes it: `force` (3,) [N] in the robot's frame on both hands together, for so many seconds."""

    def __init__(self, scene, copies=1):
        self.scene, self.start, self.sim = scene, nominal(scene), Simulation(scene, copies)
        self.sim.begin([self.start] * copies)
        self.hands = [scene.model.body(f"zarm_{side}7_link").id for side in "lr"]
        yaw = scene.config.stands_at[2]
        self.turn = np.array([[np.cos(yaw), -np.sin(yaw), 0.0], [np.sin(yaw), np.cos(yaw), 0.0], [0.0, 0.0, 1.0]])

    def go(self, seconds, force=(0.0, 0.0, 0.0), height=0.0, hands=(0.5, 0.5), walk=(0.0, 0.0, 0.0)):
        action = self.scene.ready_ctrl.copy()
        for name, value in zip(("base_vx", "base_vy", "base_vyaw", "base_height"), (*walk, height)):
            action[self.scene.schema.action.names.index(name)] = value
        for body, share in zip(self.hands, hands):
            self.sim.live("xfrc_applied")[:, body, :3] = share * (self.turn @ np.array(force))
        for _ in range(round(seconds * PACE)):
            self.sim.step(np.tile(action, (self.sim.n, 1)))
        self.sim.live("xfrc_applied")[:] = 0.0
        return self

    @property
    def memory(self):
        return Memory(self.sim.live("userdata")[0])

    @property
    def off(self):
        """(3,) of the pelvis from its place [m], in the robot's frame."""
        return self.turn.T @ (self.sim.live("qpos")[0, :3] - self.start.model.qpos0[:3])

    @property
    def turned(self):
        """[rad] of the pelvis to the left of where it faced."""
        qpos = self.sim.live("qpos")[0]
        return 2.0 * np.arctan2(qpos[6], qpos[3]) - self.scene.config.stands_at[2]

    @property
    def load(self):
        """(2,) upward force of the floor on either sole [N]."""
        return self.memory.wrench[[2, 8]]

    @property
    def torque(self):
        """Joint -> Nm of its motor."""
        own = slice(self.scene.n_actions, self.scene.n_own)
        return dict(zip(self.scene.robot.legs["joints"], self.sim.live("ctrl")[0, own]))


def test_stands_with_all_its_weight(scene):
    standing = Standing(scene).go(5.0)
    assert np.abs(standing.off).max() < 5e-4
    weight = 9.81 * 51.7146  # the arms' too, which their motors carry
    assert standing.load.sum() == pytest.approx(weight, rel=0.002)
    assert not standing.memory.fallen[0] and not standing.memory.failed[0]


def test_squats_within_a_millimetre(scene):
    standing = Standing(scene).go(2.5, height=-0.25)
    assert standing.off == pytest.approx([0.0, 0.0, -0.25], abs=1e-3)
    peak = scene.robot.limits["leg_l4_joint"]["torque"]["peak"]
    assert 0.3 < abs(standing.torque["leg_l4_joint"]) / peak < 0.6
    assert standing.go(2.5).off == pytest.approx([0.0, 0.0, 0.0], abs=1e-3)


def test_squats_no_lower_than_the_command_may_go(scene):
    standing = Standing(scene).go(2.5, height=-0.5)
    assert standing.off == pytest.approx([0.0, 0.0, -0.27], abs=2e-3) and not standing.memory.fallen[0]


def test_a_load_bears_on_the_feet(scene):
    standing = Standing(scene).go(4.0, force=(0.0, 0.0, -60.0), hands=(1.0, 0.0))
    weight, apart = 9.81 * 51.7146, 0.087  # m of either foot from the middle
    assert standing.load.sum() == pytest.approx(weight + 60.0, rel=0.01)
    _, data = standing.sim.data()
    lever = float((standing.turn.T @ (data.xipos[standing.hands[0]] - data.qpos[:3]))[1])
    aside = (standing.turn.T @ standing.memory.wrench.reshape(2, 2, 3).sum(axis=0)[1])[0]  # of both soles about their ankles' points
    pressure = (apart * (standing.load[0] - standing.load[1]) + aside) / (weight + 60.0)
    assert pressure == pytest.approx(60.0 * lever / (weight + 60.0), abs=2e-3)
    assert not standing.memory.fallen[0]


def arithmetic(scene):
    """(side -> N) at which the pressure point of the standing robot comes to what binds there, pushed level at its hands."""
    standing, robot = Standing(scene), scene.robot
    balance = Balance(robot, scene.model, scene.n_substeps, scene.timestep)
    seen = balance.see(standing.sim.live("qpos")[0], standing.sim.live("qvel")[0])
    _, data = standing.sim.data()
    middle = seen.places.mean(axis=0)
    com = standing.turn.T @ (seen.com - middle)
    high = float(data.xipos[standing.hands].mean(axis=0)[2] - middle[2])
    ankles = 2.0 * robot.limits["leg_l5_joint"]["torque"]["peak"] / balance.weight
    edge = robot.legs["edge"]
    aside = float(np.linalg.norm(seen.places[0] - seen.places[1])) / 2.0 + robot.sheet["sole"]["y"][1] - edge
    back = -robot.sheet["sole"]["x"][0] - edge
    w, ahead = np.sqrt(9.81 / com[2]), float((standing.turn.T @ (data.xipos[standing.hands].mean(axis=0) - middle))[0])
    return {
        "ahead": balance.weight * (ankles - com[0]) / high,
        "back": balance.weight * (back + com[0]) / high,
        "left": balance.weight * (aside - com[1]) / high,
        "up": balance.weight * (back + com[0]) / (back + ahead),
        # for SHOVE s at the height of the weight: xi'' = w² (xi - heel) + F / m comes back to the heel's bound as it ends
        "shove": balance.weight / com[2] * (back + com[0]) / (1.0 - np.exp(-w * SHOVE)),
        "slippery": SLIPPERY * balance.weight,
    }


@pytest.mark.parametrize(
    ("side", "way", "holds", "fails"),
    [
        ("ahead", (1.0, 0.0, 0.0), 0.95, 1.1),
        ("back", (-1.0, 0.0, 0.0), 0.82, 1.0),  # put on within a control period: a heel lifts earlier
        ("left", (0.0, 1.0, 0.0), 0.9, 1.05),
    ],
)
def test_it_holds_what_arithmetic_says(scene, side, way, holds, fails):
    """Holding is to stand, both feet within 10 mm of where they stood."""
    most = arithmetic(scene)[side]
    for share, held in ((holds, True), (fails, False)):
        standing = Standing(scene).go(0.5)
        before = standing.memory.feet.copy()
        standing.go(1.0, force=share * most * np.array(way)).go(1.5)
        slid = np.linalg.norm((standing.memory.feet - before).reshape(2, 4)[:, :2], axis=1).max()
        assert (not standing.memory.fallen[0] and slid < 0.010) == held, (side, share * most, slid)


@pytest.mark.parametrize(
    ("what", "way", "body", "seconds", "slowly", "holds", "fails"),
    [
        ("up", (0.0, 0.0, 1.0), None, 1.0, 2.0, 0.9, 1.05),  # at both hands, ahead of the body
        ("shove", (-1.0, 0.0, 0.0), "base_link", SHOVE, 0.0, 0.9, 1.05),
        ("slippery", (1.0, 0.0, 0.0), None, 1.0, 2.0, 0.95, 1.05),  # the floor gives no more than its friction
    ],
)
def test_it_holds_what_lifts_shoves_or_slides_it_as_arithmetic_says(what, way, body, seconds, slowly, holds, fails):
    scene = shiliu.load_scenario("bare", base="legs", overrides=["robot.stands_at.yaw=40 deg", "robot.pose=ready"])
    most = arithmetic(scene)[what]
    for share, held in ((holds, True), (fails, False)):
        standing, force = Standing(scene), share * most * np.array(way)
        if what == "slippery":
            standing.sim.data()[0].geom_friction[:, 0] = SLIPPERY
        standing.go(0.5)
        before = standing.memory.feet.copy()
        if body:
            standing.hands = [scene.model.body(body).id] * 2
        for k in range(1, 11 if slowly else 1):
            standing.go(0.1 * slowly, force=0.1 * k * force)
        standing.go(seconds, force=force).go(1.5)
        slid = np.linalg.norm((standing.memory.feet - before).reshape(2, 4)[:, :2], axis=1).max()
        assert (not standing.memory.fallen[0] and slid < 0.010) == held, (what, share * most, slid)


def test_it_leans_against_a_slow_push_and_stands_when_that_ends_at_once(scene):
    """The pelvis gives way by some 40 mm, which is what the weight alone may go back: so it holds more than without."""
    most = arithmetic(scene)["ahead"]
    standing = Standing(scene).go(0.5)
    before = standing.memory.feet.copy()
    for k in range(1, 11):
        standing.go(0.2, force=(0.105 * k * most, 0.0, 0.0))
    assert -0.045 < standing.go(1.0, force=(1.05 * most, 0.0, 0.0)).off[0] < -0.03
    standing.go(1.5)
    slid = np.linalg.norm((standing.memory.feet - before).reshape(2, 4)[:, :2], axis=1).max()
    assert not standing.memory.fallen[0] and slid < 0.01


@pytest.mark.parametrize(("behind", "leans", "slides"), [(0.03, (30, 40), (0, 1)), (0.05, (0, 15), (10, 25))])
def test_it_leans_ahead_against_a_slow_push_back_before_a_foot_slides(scene, monkeypatch, behind, leans, slides):
    """45 N, where upright the heels hold 39 N; with a bound that is as far behind the ankles as ahead it leans too late."""
    legs = scene.robot.legs
    assert legs["lean"]["behind"] == 0.03
    monkeypatch.setitem(scene.robot.__dict__, "legs", {**legs, "lean": {**legs["lean"], "behind": behind}})
    standing = Standing(scene).go(0.5)
    before = standing.memory.feet.copy()
    for k in range(1, 11):
        standing.go(0.2, force=(-4.5 * k, 0.0, 0.0))
    assert leans[0] < 1e3 * standing.go(1.0, force=(-45.0, 0.0, 0.0)).off[0] < leans[1]
    standing.go(1.0)
    slid = 1e3 * np.linalg.norm((standing.memory.feet - before).reshape(2, 4)[:, :2], axis=1).max()
    assert slides[0] <= slid < slides[1] and not standing.memory.fallen[0]


def test_another_controller_has_another_fingerprint(scene):
    """What one of them recorded is no recording of the other; a base that stands fast or glides knows nothing of it."""
    for base, differs in (("legs", True), ("mobile", False)):
        prints = set()
        for name in ("shiliu-balance-3", "shiliu-balance-4"):
            robot = copy.copy(load_robot(base=base))
            robot.__dict__["legs"] = {**scene.robot.legs, "controller": name}
            prints.add(Scene(scene.config, robot).fingerprint)
        assert (len(prints) == 2) == differs


@pytest.mark.parametrize(
    ("walk", "seconds", "kilograms", "ends", "turns"),
    [
        ((0.2, 0.0, 0.0), 5.0, 0.0, (1.0, 0.0), 0.0),
        ((0.0, -0.125, 0.0), 4.0, 0.0, (0.0, -0.5), 0.0),
        ((0.0, 0.0, 0.4), 0.5 * np.pi / 0.4, 0.0, (0.0, 0.0), 0.5 * np.pi),
        ((0.2, 0.0, 0.0), 2.5, 5.0, (0.5, 0.0), 0.0),
    ],
)
def test_it_walks_to_where_it_is_commanded_and_stops(scene, walk, seconds, kilograms, ends, turns):
    """Within 2 mm and 2 mrad beside the mark, which a period of control of 1/30 s may leave 7 mm or 7 mrad short."""
    standing, force = Standing(scene), (0.0, 0.0, -9.81 * kilograms)
    if kilograms:
        standing.go(0.5, force=tuple(0.5 * f for f in force)).go(1.0, force=force)
    stepped = Standing.go(standing, seconds, force=force, walk=walk).memory.phase[0] > 0
    standing.go(3.5, force=force)
    memory, mark = standing.memory, standing.sim.balance.mark(standing.sim.live("qpos")[0], standing.sim.live("qvel")[0])
    assert stepped and not memory.phase[0] and not memory.fallen[0] and not memory.failed[0]
    off = standing.turn[:2, :2].T @ (np.array([mark.x, mark.y]) - standing.start.model.qpos0[:2])
    assert off == pytest.approx(np.array(ends), abs=7e-3)
    assert standing.off[:2] == pytest.approx(off, abs=2e-3 if not kilograms else 8e-3)
    assert standing.turned == pytest.approx(mark.yaw - scene.config.stands_at[2], abs=2e-3)
    assert standing.turned == pytest.approx(turns, abs=7e-3)


@pytest.mark.parametrize(("pause", "phase"), [(2.0, SINGLE), (2.4, SETTLE)])
def test_it_walks_on_when_it_is_commanded_to_as_it_comes_to_stand(scene, pause, phase):
    """In its last step, and while the weight goes between the feet: it ends what it does, then follows the mark again."""
    standing = Standing(scene).go(2.0, walk=(0.2, 0.0, 0.0)).go(pause)
    assert standing.memory.phase[0] == phase
    standing.go(4.0, walk=(0.2, 0.0, 0.0))
    assert not standing.memory.fallen[0]
    assert 1.05 < standing.off[0] < 1.2  # of 1.2 m that the mark has gone


def test_the_trunk_turns_as_the_mark_and_leaves_the_sole_its_hold(scene):
    """The moment that turns it is a fifth of what a sole may give: that of what it holds in its hands comes on top."""
    standing, spins = Standing(scene), []

    def watch(memory):
        load = memory.wrench.reshape(2, 6)[1 - int(memory.phase[2])]
        if memory.phase[0] == SINGLE and load[2] > 50.0:
            spins.append(abs(load[5]) / load[2])

    standing.sim.balance.watch = watch
    standing.go(4.0, walk=(0.0, 0.0, 0.4))
    assert standing.memory.facing[1] == pytest.approx(0.4, abs=0.1)
    assert 0.0 < max(spins) < 0.3 * scene.robot.legs["spin"]


def test_a_push_while_it_walks_makes_it_fall(scene):
    """80 N for half a second from the side are more than one foot holds: its edge lies 40 mm from the ankle."""
    standing = Standing(scene).go(2.0, walk=(0.2, 0.0, 0.0)).go(0.5, force=(0.0, 80.0, 0.0), walk=(0.2, 0.0, 0.0))
    assert 2.0 < standing.go(1.5, walk=(0.2, 0.0, 0.0)).memory.fallen[0] < 4.0


def test_a_walk_goes_on_from_its_middle_and_in_many_copies_to_the_bit(scene):
    one, two = (Standing(scene, n).go(1.3, walk=(0.2, 0.05, 0.1)) for n in (1, 2))
    assert one.memory.phase[0] == 3 and (two.sim.state == one.sim.state).all()
    saved, other = one.sim.save(), Standing(scene)
    other.sim.restore(saved)
    assert (other.go(0.5).sim.state == one.go(0.5).sim.state).all()


def test_feet_that_are_thrown_above_the_weight_are_an_answer_too(scene):
    """A shove may lift them before the trunk has tilted: no height is left that the plan of the weight could reckon with."""
    standing = Standing(scene)
    for side in "lr":
        standing.sim.live("qpos")[0, scene.model.joint(f"leg_{side}3_joint").qposadr[0]] = -2.2  # rad
        standing.sim.live("qpos")[0, scene.model.joint(f"leg_{side}4_joint").qposadr[0]] = 0.0
    assert standing.go(1.0).memory.fallen[0]


def test_a_robot_that_fell_lies(scene):
    standing = Standing(scene).go(0.5).go(1.5, force=(0.0, 200.0, 0.0)).go(2.0)
    assert 0.5 < standing.memory.fallen[0] < 2.5
    assert standing.off[2] < -0.3
    assert not any(standing.torque.values())


def test_many_copies_and_a_restart_are_the_same_to_the_bit(scene):
    one, three = Standing(scene).go(0.5, (20.0, 5.0, 0.0)), Standing(scene, 3).go(0.5, (20.0, 5.0, 0.0))
    assert (three.sim.state == one.sim.state).all()
    saved = one.sim.save()
    one.go(0.5, height=-0.1)
    other = Standing(scene)
    other.sim.restore(saved)
    assert (other.go(0.5, height=-0.1).sim.state == one.sim.state).all()


RUN = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from test_legs import Standing, shiliu
scene = shiliu.load_scenario("bare", base="legs")
print(hashlib.sha256(Standing(scene).go(1.0, (20.0, 5.0, 0.0), -0.1).sim.state.tobytes()).hexdigest())
"""


def test_two_processes_are_the_same_to_the_bit():
    code = RUN.format(folder=str(__file__).rpartition("/")[0])
    digests = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert digests[0] == digests[1] and len(digests[0].strip()) == 64


def test_the_environment_stands_too():
    import gymnasium

    env = gymnasium.make("shiliu/Bare-v1", base="legs")
    seen, _ = env.reset(seed=3)
    assert seen["observation.base"].shape == (7,)
    for _ in range(15):
        seen, *_ = env.step(env.unwrapped.scene.ready_ctrl.astype(np.float32))
    assert seen["observation.base"][2] == pytest.approx(0.8598, abs=1e-3)


def test_the_environment_reports_a_fall_and_goes_on():
    """Walking at 0.2 m/s in a squat of 200 mm, which ends in a fall; a copy that stands has none."""
    import gymnasium

    alone = gymnasium.make("shiliu/Bare-v1", base="legs")
    both = gymnasium.make_vec("shiliu/Bare-v1", num_envs=2, base="legs")
    _, info = alone.reset(seed=3)
    assert info["fell"] is None
    _, infos = both.reset(seed=3)
    assert np.isnan(infos["fell"]).all() and infos["_fell"].all()
    stands = alone.unwrapped.scene.ready_ctrl.astype(np.float32)
    walks, names = stands.copy(), list(alone.unwrapped.scene.schema.action.names)
    walks[names.index("base_height")], walks[names.index("base_vx")] = -0.2, 0.2
    for step in range(120):
        command = walks if step > 30 else np.where(np.arange(len(walks)) == names.index("base_height"), -0.2, stands)
        *_, over, late, info = alone.step(command.astype(np.float32))
        *_, infos = both.step(np.stack([command, stands]).astype(np.float32))
        assert not over and not late
    assert info["fell"] is not None and 1.0 < info["fell"] < 4.0
    assert infos["fell"][0] == info["fell"] and np.isnan(infos["fell"][1])
    assert "fell" not in gymnasium.make("shiliu/Bare-v1").reset(seed=3)[1]


def test_a_sheet_of_legs_is_refused_with_all_that_is_wrong(tmp_path):
    """`read_legs` of the default robot's sheet, as it is and with seven values that no controller can reckon with."""
    import yaml
    from shiliu.scenarios.robots.legs_sheet import read_legs
    from shiliu.scenarios.robots.robot_folder import LEGS, robot_folder

    text = (robot_folder() / LEGS).read_text()
    (tmp_path / LEGS).write_text(text)
    assert read_legs(tmp_path) == yaml.safe_load(text)
    sheet = yaml.safe_load(text)
    sheet |= {"rate": 0, "observer": float("nan"), "friction": "rough", "feet": ["leg_l6_link"], "creeps": 0.01}
    sheet["gains"]["trunk"] = [-225, 30]
    del sheet["walk"]["shift"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / LEGS).write_text(yaml.safe_dump(sheet))
    with pytest.raises(ScenarioError) as raised:
        read_legs(tmp_path / "other")
    for says in (
        "rate: 0 is no number above 0", "observer: nan", "friction: 'rough'", "feet: ['leg_l6_link'] is no list of 2", "creeps: is no key",
        "gains.trunk[0]: -225 is no number above 0", "walk.shift: is missing. The default robot has 0.6",
    ):  # fmt: skip
        assert says in str(raised.value)
    assert LEGS in str(raised.value)


def test_a_robot_without_a_sheet_of_its_legs_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("shiliu.scenarios.robots.robot.LEGS", "none.yaml")
    with pytest.raises(ScenarioError, match=r"does not stand on its own legs: its folder has no none\.yaml"):
        load_robot(base="legs")
