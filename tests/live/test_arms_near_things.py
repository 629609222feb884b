"""Arms of a person's hands near things: how hard they lean, and what they do when their hand is lost."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from shiliu import load_scenario
from shiliu.replay.live import approach, followed_hands
from shiliu.replay.live.approach import Approach
from shiliu.replay.live.followed_hands import FollowedHands
from shiliu.replay.live.performing import tipping_now
from shiliu.replay.live.replayed import bodies_of
from shiliu.replay.live.steadiness import Steadiness
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
