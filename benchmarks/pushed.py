"""What a robot on its own legs bears on the bare floor: a jolt as a plug gives it, a force that comes and goes while it walks, and walks.

    python benchmarks/pushed.py
    python benchmarks/pushed.py walks

Prints the tables of docs/legs-failures.md: how far either foot slid, and the largest share of an ankle's peak torque that lasts 50 ms.
With `walks` the table of docs/legs.md: that share of ankles and knees in walks of 4 s, and how often real time (processor time).
Forces are in the robot's heading (ahead, left, up), at a place from the pelvis.
"""

from __future__ import annotations

import sys
import time
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
STRIDES, GOES_DOWN = 4.0, 1.5  # s
# m/s ahead, rad/s of turning, m of height
COURSES = ((0.2, 0.0, 0.0), (0.3, 0.0, 0.0), (0.4, 0.0, 0.0), (0.25, 0.3, 0.0), (0.2, 0.0, -0.1), (0.1, 0.0, -0.2), (0.2, 0.0, -0.2))


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
    robot, shares, (columns, peak) = Pushed(scene), list[np.ndarray](), motors_of(scene, "56")
    for k in range(round(WALKS / scene.control_timestep)):
        t = k * scene.control_timestep
        times = 1.0 if not pulse or t < 4.0 or t >= 4.0 + 2.0 * PULSE else 2.0 if t < 4.0 + PULSE else 0.0
        robot.action[robot.names.index("base_vx")] = SPEED if t > 1.0 else 0.0
        force = np.array([-times * newtons * min(1.0, t), 0.0, 0.0])

        def now(_: float, force: np.ndarray = force) -> np.ndarray:
            return force

        robot.go(scene.control_timestep, now, LEAF)
        shares.append(np.abs(robot.sim.trace[0][:, columns]) / peak)
    return f"{lasting(scene, shares):.2f}{', it falls' if robot.memory.fallen[0] else ''}"


def motors_of(scene: Scene, digits: str) -> tuple[list[int], np.ndarray]:
    """Columns of the trace with the torques of leg joints by the digits of their names, and their peaks [Nm]."""
    joints = [name for name in scene.robot.legs["joints"] if name[-7] in digits]
    peak = np.array([scene.robot.limits[name]["torque"]["peak"] for name in joints])
    return [scene.layout.begins[f"actuator_force({motor(name)})"] for name in joints], peak


def lasting(scene: Scene, shares: list[np.ndarray]) -> float:
    """The largest share of a peak that lasts 50 ms."""
    each = np.concatenate(shares)
    return float(np.lib.stride_tricks.sliding_window_view(each, round(0.05 / scene.timestep), axis=0).min(axis=-1).max())


def strode(scene: Scene, ahead: float, turning: float, height: float) -> str:
    """The shares of ankles and knees in a walk of 4 s after the squat, when it falls, and how often real time that is."""
    robot, dt = Pushed(scene), scene.control_timestep
    robot.action[robot.names.index("base_height")] = height
    robot.go(GOES_DOWN, still, AHEAD)
    robot.action[robot.names.index("base_vx")], robot.action[robot.names.index("base_vyaw")] = ahead, turning
    of = {name: (motors_of(scene, digits), list[np.ndarray]()) for name, digits in (("ankle", "56"), ("knee", "4"))}
    began = time.process_time()
    for _ in range(round(STRIDES / dt)):
        robot.go(dt, still, AHEAD)
        if robot.memory.fallen[0]:
            return f"it falls after {robot.memory.fallen[0] - GOES_DOWN:.1f} s | | |"
        for (columns, peak), shares in of.values():
            shares.append(np.abs(robot.sim.trace[0][:, columns]) / peak)
    spent = time.process_time() - began
    return f"{lasting(scene, of['ankle'][1]):.2f} | {lasting(scene, of['knee'][1]):.2f} | {STRIDES / spent:.1f} |"


if __name__ == "__main__" and sys.argv[1:] == ["walks"]:
    upright = shiliu.load_scenario("bare", base="legs")
    print("| walk of 4 s on the bare floor | ankle | knee | x real time |", "|---|---|---|---|", sep="\n")
    for ahead, turning, height in COURSES:
        turns = f", turning by {turning} rad/s" if turning else ""
        squats = f" in a squat of {-1e3 * height:.0f} mm" if height else ""
        print(f"| {ahead} m/s{turns}{squats} | {strode(upright, ahead, turning, height)}")
elif __name__ == "__main__":
    bare = shiliu.load_scenario("bare", base="legs", overrides=["robot.pose=ready"])
    print("| jolt | at the socket | straight ahead |", "|---|---|---|", sep="\n")
    for share, comes, lasts in ((0.8, COMES, LASTS), (1.0, COMES, LASTS), (1.0, 0.067, 0.067), (1.2, COMES, LASTS)):
        found = [jolted(bare, tuple(share * f for f in jolt), at, comes, lasts) for jolt, at in ((JOLT, SOCKET), (STRAIGHT, AHEAD))]
        print(f"| {share} of it, for {comes + lasts:.2f} s | {' | '.join(found)} |")
    print("\n| force | steady | comes and goes |", "|---|---|---|", sep="\n")
    for force in (0.0, 10.0, 20.0):
        print(f"| {force:.0f} N | {walked(bare, force, False)} | {walked(bare, force, True)} |")
