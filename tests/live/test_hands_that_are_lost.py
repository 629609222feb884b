"""Arms of a person's hands: what they do when their hand is lost."""

from __future__ import annotations

import json

import mujoco
import numpy as np
import pytest
from shiliu import load_scenario
from shiliu.replay.live import followed_hands
from shiliu.replay.live.device_session import SessionHands
from shiliu.replay.live.followed_hands import FollowedHands
from shiliu.replay.live.replayed import bodies_of
from shiliu.replay.live.teleop import Teleop
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.stepping.simulation import Simulation

STILL = [1.0, 0.0, 0.0, 0.0]


@pytest.fixture(scope="module")
def oven():
    return load_scenario("microwave").judged


class LeftHand:
    """A left hand that is led through a scene; `most`: largest force [N] between a thing and one of the arm's links."""

    def __init__(self, scene, knows: bool = True):
        self.hands, self.simulation = FollowedHands(scene), Simulation(scene, 1)
        drawn = nominal(scene)
        self.simulation.begin([drawn])
        self.hands.begin(drawn.model if knows else None)
        self._arm = bodies_of(scene.model, scene.robot.arm_of("left")[0])
        self.most = 0.0

    def go(self, place, steps: int = 1) -> None:
        force = np.zeros(6)
        for _ in range(steps):
            self.hands.hear({"left": {"p": [float(v) for v in place], "q": STILL, "clutch": True, "grip": 0.0}})
            self.hands.give_way(self.simulation)
            self.simulation.step(self.hands.act()[None])
            model, data = self.simulation.data()
            sums: dict[int, np.ndarray] = {}
            for i, contact in enumerate(data.contact):
                bodies = [int(model.geom_bodyid[geom]) for geom in contact.geom]
                mine = [body in self._arm for body in bodies]
                if mine[0] == mine[1] or int(model.body_rootid[bodies[0]]) == int(model.body_rootid[bodies[1]]):
                    continue
                mujoco.mj_contactForce(model, data, i, force)
                link = bodies[0] if mine[0] else bodies[1]
                sums[link] = sums.get(link, np.zeros(3)) + (1 if mine[0] else -1) * contact.frame.reshape(3, 3).T @ force[:3]
            self.most = max([self.most, *(float(np.linalg.norm(total)) for total in sums.values())])

    @property
    def place(self) -> np.ndarray:
        return self.hands.arms.hand(self.hands._q, "left")[0]


def test_an_arm_waits_for_a_hand_that_is_far_away_and_follows_it_again(oven):
    """The hand is 1.3 m away at once, with a counter between."""
    one = LeftHand(oven)
    one.go([0, 0, 0])
    before = one.place
    one.go([1.15, 0.1, -0.6], steps=40)
    assert np.linalg.norm(one.place - before) < 0.01 and one.most < 50.0
    asked, here = one.hands.waits["left"]
    assert np.linalg.norm(asked - here) == pytest.approx(1.3, abs=0.01)
    one.go([0.1, 0.0, 0.0])  # 100 mm off: it still waits
    assert "left" in one.hands.waits
    one.go([0.06, 0.0, 0.0], steps=20)
    assert not one.hands.waits and one.place - before == pytest.approx([0.06, 0, 0], abs=0.005)


def test_an_arm_that_goes_after_it_strikes_the_counter(oven, monkeypatch):
    monkeypatch.setattr(followed_hands, "LOST", np.inf)
    one = LeftHand(oven, knows=False)
    one.go([0, 0, 0])
    one.go([1.15, 0.1, -0.6], steps=40)
    assert one.most > 50.0


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
