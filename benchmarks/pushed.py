"""What a robot on its own legs bears on the bare floor: a jolt as a plug gives it, and a force that comes and goes while it walks.

    python benchmarks/pushed.py

Prints the tables of docs/legs-failures.md: how far either foot slid, and the largest share of an ankle's peak torque that lasts 50 ms.
Forces are in the robot's heading (ahead, left, up), at a place from the pelvis.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shiliu
from shiliu.scenarios.draws.variation import nominal
from shiliu.scenarios.legs.remembered import Memory
from shiliu.scenarios.robots.legged import motor
from shiliu.scenarios.robots.postures import posture
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.stepping.simulation import Simulation

SOCKET, AHEAD, LEAF = (0.447, -0.68, 0.117), (0.447, 0.0, 0.117), (0.5, -0.1, 0.22)  # m
JOLT, STRAIGHT = (-36.0, 18.0, 16.0), (-36.0, 0.0, 16.0)  # N, of car_assembly's plug
COMES, LASTS, RESTS = 0.13, 0.17, 1.5  # s
SPEED, PULSE, WALKS = 0.1, 0.4, 9.0  # m/s; s
ARM = 7  # joints


class Pushed:
    """One robot on the bare floor, at rest and facing x."""

    def __init__(self, scene: Scene):
        self.scene, self.sim, self.action = scene, Simulation(scene), scene.ready_ctrl.copy()
        self.sim.begin([nominal(scene)])
        self.names, self.pelvis = list(scene.schema.action.names), scene.model.body("base_link").id

    @property
    def memory(self) -> Memory:
        return Memory(self.sim.live("userdata")[0])

    def go(self, seconds: float, force: Callable[[float], np.ndarray], at: tuple[float, float, float]) -> None:
        dt = self.scene.control_timestep
        for k in range(round(seconds / dt)):
            push = force((k + 1) * dt)
            self.sim.live("xfrc_applied")[0, self.pelvis] = [*push, *np.cross(at, push)]
            self.sim.step(self.action[None])
        self.sim.live("xfrc_applied")[:] = 0.0


def still(_: float) -> np.ndarray:
    return np.zeros(3)


def jolted(scene: Scene, jolt: tuple[float, ...], at: tuple[float, float, float], comes: float, lasts: float) -> str:
    """The left arm is held out as a counterweight, as in car_assembly."""
    robot = Pushed(scene)
    first = robot.names.index("zarm_l1_joint")
    rest = robot.action[first : first + ARM].copy()
    for share in np.linspace(0.0, 1.0, 60):
        robot.action[first : first + ARM] = rest + share * (posture("held_out", "left", "kuafu") - rest)
        robot.go(scene.control_timestep, still, at)
    robot.go(1.0, still, at)
    before = robot.memory.feet.copy()
    robot.go(comes + lasts, lambda t: np.array(jolt) * min(1.0, t / comes), at)
    robot.go(RESTS, still, at)
    slid = np.linalg.norm((robot.memory.feet - before).reshape(2, 4)[:, :2], axis=1)
    return f"{1e3 * slid.max():.0f} mm{', it falls' if robot.memory.fallen[0] else ''}"


def walked(scene: Scene, newtons: float, pulse: bool) -> str:
    """Pushed back at the height of a leaf's lever while it walks; with a pulse the force doubles, is gone, and comes back."""
    robot, joints, shares = Pushed(scene), scene.robot.legs["joints"], list[np.ndarray]()
    ankles = [name for name in joints if name[-8:-6] in ("l5", "r5", "l6", "r6")]
    columns = [scene.layout.begins[f"actuator_force({motor(name)})"] for name in ankles]
    peak = np.array([scene.robot.limits[name]["torque"]["peak"] for name in ankles])
    for k in range(round(WALKS / scene.control_timestep)):
        t = k * scene.control_timestep
        times = 1.0 if not pulse or t < 4.0 or t >= 4.0 + 2.0 * PULSE else 2.0 if t < 4.0 + PULSE else 0.0
        robot.action[robot.names.index("base_vx")] = SPEED if t > 1.0 else 0.0
        force = np.array([-times * newtons * min(1.0, t), 0.0, 0.0])

        def now(_: float, force: np.ndarray = force) -> np.ndarray:
            return force

        robot.go(scene.control_timestep, now, LEAF)
        shares.append(np.abs(robot.sim.trace[0][:, columns]) / peak)
    held = np.lib.stride_tricks.sliding_window_view(np.concatenate(shares), round(0.05 / scene.timestep), axis=0).min(axis=-1)
    return f"{held.max():.2f}{', it falls' if robot.memory.fallen[0] else ''}"


if __name__ == "__main__":
    bare = shiliu.load_scenario("bare", base="legs", overrides=["robot.pose=ready"])
    print("| jolt | at the socket | straight ahead |", "|---|---|---|", sep="\n")
    for share, comes, lasts in ((0.8, COMES, LASTS), (1.0, COMES, LASTS), (1.0, 0.067, 0.067), (1.2, COMES, LASTS)):
        found = [jolted(bare, tuple(share * f for f in jolt), at, comes, lasts) for jolt, at in ((JOLT, SOCKET), (STRAIGHT, AHEAD))]
        print(f"| {share} of it, for {comes + lasts:.2f} s | {' | '.join(found)} |")
    print("\n| force | steady | comes and goes |", "|---|---|---|", sep="\n")
    for force in (0.0, 10.0, 20.0):
        print(f"| {force:.0f} N | {walked(bare, force, False)} | {walked(bare, force, True)} |")
