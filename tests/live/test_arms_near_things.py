"""Arms of a person's hands near things: how hard they lean, and what they do when their hand is lost."""

from __future__ import annotations

import json
from itertools import pairwise

import mujoco
import numpy as np
import pytest
from shiliu import load_scenario
from shiliu.replay.live import approach, followed_hands, steadiness
from shiliu.replay.live.approach import Approach
from shiliu.replay.live.followed_hands import FollowedHands
from shiliu.replay.live.performing import tipping_now
from shiliu.replay.live.replayed import bodies_of
from shiliu.replay.live.steadiness import Steadiness
from shiliu.replay.live.teleop import SessionHands, Teleop
from shiliu.replay.retarget.arms import arms_of
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.stepping.simulation import Simulation

STILL = [1.0, 0.0, 0.0, 0.0]
TO_THE_DOOR = [  # a left hand that goes round to the front of an oven: its way [m] and turn since the start
    ([0.0, 0.0, 0.0], STILL),
    ([0.05, 0.23, 0.08], [0.94, 0.1, 0.0, -0.33]),
    ([0.17, 0.49, 0.33], [0.85, 0.28, 0.09, -0.43]),
    ([0.30, 0.10, 0.50], [0.65, 0.29, -0.12, -0.69]),
]


@pytest.fixture(scope="module")
def oven():
    return load_scenario("microwave").judged


class LeftHand:
    """A left hand that is led through a scene; `most`: largest force [N] between a thing and the arm's links, by link."""

    def __init__(self, scene, knows: bool = True):
        self.scene, self.hands, self.simulation = scene, FollowedHands(scene), Simulation(scene, 1)
        drawn = nominal(scene)
        self.simulation.begin([drawn])
        self.hands.begin(drawn.model if knows else None)
        self._arm = bodies_of(scene.model, scene.robot.arm_of("left")[0])
        self.most: dict[str, float] = {}
        self.margin = np.inf

    def go(self, place, turn=STILL, steps: int = 1) -> None:
        force = np.zeros(6)
        for _ in range(steps):
            self.hands.hear({"left": {"p": [float(v) for v in place], "q": list(map(float, turn)), "clutch": True, "grip": 0.0}})
            self.hands.give_way(self.simulation)
            self.simulation.step(self.hands.act()[None])
            model, data = self.simulation.data()
            sums: dict[str, np.ndarray] = {}
            for i, contact in enumerate(data.contact):
                bodies = [int(model.geom_bodyid[geom]) for geom in contact.geom]
                mine = [body in self._arm for body in bodies]
                if mine[0] == mine[1] or int(model.body_rootid[bodies[mine[0]]]) == int(model.body_rootid[bodies[mine[1]]]):
                    continue
                mujoco.mj_contactForce(model, data, i, force)
                name = model.body(bodies[0] if mine[0] else bodies[1]).name
                sums[name] = sums.get(name, np.zeros(3)) + (1 if mine[0] else -1) * contact.frame.reshape(3, 3).T @ force[:3]
            for name, total in sums.items():
                self.most[name] = max(self.most.get(name, 0.0), float(np.linalg.norm(total)))
            self.margin = min(self.margin, tipping_now(self.scene, self.simulation)[1])

    @property
    def place(self) -> np.ndarray:
        return self.hands.arms.hand(self.hands._q, "left")[0]


def test_an_arm_waits_for_a_hand_that_is_far_away_and_follows_it_again(oven):
    """The hand is 1.3 m away at once, with a counter between."""
    one = LeftHand(oven)
    one.go([0, 0, 0])
    before = one.place
    one.go([1.15, 0.1, -0.6], steps=40)
    assert np.linalg.norm(one.place - before) < 0.01 and max(one.most.values(), default=0.0) < 50.0
    asked, here = one.hands.waits["left"]
    assert np.linalg.norm(asked - here) == pytest.approx(1.3, abs=0.01)
    one.go([0.1, 0.0, 0.0])  # 100 mm off: it still waits
    assert "left" in one.hands.waits
    one.go([0.06, 0.0, 0.0], steps=20)
    assert not one.hands.waits and one.place - before == pytest.approx([0.06, 0, 0], abs=0.005)


def test_an_arm_that_goes_after_it_strikes_the_counter(oven, monkeypatch):
    for bound in ("LOST", "PACE", "RISES"):
        monkeypatch.setattr(followed_hands, bound, np.inf)
    one = LeftHand(oven, knows=False)
    one.go([0, 0, 0])
    one.go([1.15, 0.1, -0.6], steps=40)
    assert max(one.most.values()) > 50.0


def leaning(scene, knows: bool) -> float:
    """Largest force [N] on the forearm, by the side of an oven's door, whose hand is led where the forearm is in the door."""
    one = LeftHand(scene, knows)
    arms, own = one.hands.arms, one.hands.arms.columns("left")
    posture = [-0.77, 0.07, 0.38, -1.32, -0.86, 0.53, -0.53]
    one.simulation.live("qpos")[0][np.array(one.hands._qpos)[own]] = posture
    one.hands.command[np.array(one.hands._columns)[own]] = posture
    near = Approach(scene, arms, nominal(scene).model)
    near.look(one.simulation.live("qpos")[0], np.zeros(scene.model.nv))
    k = next(i for i, pair in enumerate(near._near.bodies) if near._names(pair) == ("zarm_l5_link", "oven/door"))
    way = near._near.way[k]
    q = one.hands._q
    one.hands._goal["left"] = arms.hand(q, "left")
    wanted = arms.hand(q + 0.3 * way / np.linalg.norm(way), "left")[0] - one.place
    one.go([0, 0, 0], steps=5)
    for share in np.linspace(0, 1, 15):
        one.go(share * wanted)
    one.go(wanted, steps=20)
    return one.most.get("zarm_l5_link", 0.0)


def test_a_forearm_leans_on_nothing_with_more_than_is_borne(oven):
    assert leaning(oven, knows=True) < 50.0 < 60.0 < leaning(oven, knows=False)


def touching(scene) -> LeftHand:
    """A left arm that is nearly stretched out, and reaches 250 mm further on into the door of an oven."""
    one = LeftHand(scene)
    one.go([0, 0, 0])
    for (p0, q0), (p1, q1) in pairwise(TO_THE_DOOR):
        for f in np.arange(1, 31) / 30:
            one.go(*((1 - f) * np.array(a) + f * np.array(b) for a, b in ((p0, p1), (q0, q1))))
    place, turn = np.array(TO_THE_DOOR[-1][0]), TO_THE_DOOR[-1][1]
    for k in range(60):
        one.go(np.add(place, [0.25 * min(1.0, k / 20), 0, 0]), turn)
    return one


@pytest.mark.parametrize("bounded", [True, False])
def test_a_touch_of_an_arm_that_is_stretched_out_does_not_tip_the_robot(oven, monkeypatch, bounded):
    if not bounded:
        monkeypatch.setattr(approach, "BORNE", 1e6)
        monkeypatch.setattr(steadiness, "SHARE", 1e6)
    one = touching(oven)
    assert one.most["left_finger_back"] > 5.0
    assert (one.most["left_finger_back"] < 50.0 and one.margin > -0.01) if bounded else one.margin < -0.1


def test_what_feet_bear_is_what_tips_the_robot(oven, monkeypatch):
    """A push on the trunk that Steadiness calls the most, at its own height, brings the zero-moment point to the edge."""
    monkeypatch.setattr(steadiness, "SHARE", 1.0)
    simulation, drawn = Simulation(oven, 1), nominal(oven)
    simulation.begin([drawn])
    model, data = simulation.data()
    mujoco.mj_forward(model, data)
    body = model.body(oven.robot.root)
    root = int(model.body_rootid[body.id])
    feet = Steadiness(oven, model, root)
    feet.look(data)
    at, way = data.xipos[body.id].copy(), np.array([1.0, 0.0, 0.0])
    most = float(feet.bears(at[None], way[None])[0])
    assert 25.0 < most < 60.0
    assert feet.bears(np.add(at, [0, 0, 0.3])[None], way[None])[0] < most  # higher up, less
    ready = np.asarray(oven.ready_ctrl, np.float32)
    for _ in range(20):
        simulation.live("xfrc_applied")[0, body.id, :3] = -most * way
        simulation.step(ready[None])
    side, left = tipping_now(oven, simulation)
    assert side == "back" and left == pytest.approx(0.0, abs=0.005)


def test_what_a_hand_holds_comes_slowly_to_things(oven):
    """A bowl between the fingers of a hand, above a table."""
    scene = load_scenario("table_setting")
    drawn = nominal(scene)
    arms = arms_of(scene)
    near = Approach(scene, arms, drawn.model)
    model = near.model
    bowl = next(body for body in range(model.nbody) if near._free[body] and model.body_rootid[body] == body)
    qpos = scene.start_qpos(drawn.model).copy()
    near.look(qpos, np.zeros(model.nv))
    name = model.body(bowl).name
    assert not any(near._names(pair)[0] == name for pair in near._near.bodies)
    link = next(body for body in range(model.nbody) if near._claw[body] and near._hand[body] == 0)
    near._holds = {bowl: link}
    near._mask()
    near.look(qpos, np.zeros(model.nv))
    k = next(i for i, pair in enumerate(near._near.bodies) if near._names(pair)[0] == name)
    assert near._near.apart[k] < 0.01 and np.abs(near._near.way[k]).sum() > 0.1
    assert near._holds == {}  # for no finger is there


def test_the_page_asks_for_the_hand(oven, tmp_path):
    reports: list[dict] = []

    class Page:
        def keep(self, kind, content):
            pass

        def send(self, kind, content):
            if kind == "progress":
                reports.append(dict(content))

    for lang in ("en", "zh"):
        lines = [{"do": "take", "t": 0.0}]
        for k in range(40):
            hand = {"p": [1.0 if k > 20 else 0.0, 0.0, 0.0], "q": STILL, "clutch": True, "grip": 0.0}
            lines.append({"do": "device", "t": 33.0 * k, "device": "test", "left": hand})
        file = tmp_path / f"{lang}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"do": "take", "t": 1400.0}]))
        Teleop(oven, SessionHands(file, oven.control_timestep), tmp_path / lang, Page(), 0, lang).run()
    lost = [one for one in reports if one.get("lost")]
    ways = [one["lost"]["left"] for one in lost]
    assert ways and all(np.linalg.norm(np.subtract(*way)) == pytest.approx(1.0, abs=0.01) for way in ways)
    texts = " ".join(line for one in lost for line in one["near"])
    assert "left hand: the arm stands still, 999 mm behind" in texts and "左手：手臂已停下" in texts
