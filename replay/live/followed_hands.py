"""A person's hands as commands: what a device sends moves targets of both hands, and the retargeting brings the arms there.

A device says where its hands are, in axes that lie like the robot's (x ahead, y left, z up). While a clutch is held, the robot's hand
goes the way of the person's, from where each of them was when it was taken; let go, the person may move back and take it anew.

Arms that hold a pose press with whatever their servos have on what is in their way, and a person without a touch of it learns too
late. So a hand gives way to what it presses on: up to `FIRM` it goes where the person's goes; beyond that it stays back, ten times as
far as the arm alone would give. A person can still press harder, by reaching further. The force is what the servos' torques mean at the
hand, as motors report it; weight that is carried counts. What comes before a touch, `approach.py` makes slow.

An arm whose hand is far away would go straight there, through what stands between. So it waits (`LOST`), and the page asks the person to
bring the hand back.

A hand's pose leaves the elbow free, and an arm that raises its elbow comes to the ends of its joints and stays there. No device sees the
elbow, so it is asked to hang (`HANGS`), as a person's does: a little, so that it never pulls the hand away. An arm that stays there all
the same, with its hand elsewhere, is led towards its first posture for a second (`LED`), and finds another way from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ...scenarios.parts.pose import matrix_of
from ...scenarios.scene.scene import Scene
from ...scenarios.stepping.simulation import Simulation
from ..retarget.arms import Array, arms_of
from ..retarget.settings import load_settings
from ..retarget.solver import Retargeting
from ..retarget.targets import HANDS, HandTargets
from ..robots.robot_sheet import load_limits
from .approach import Approach

# m/s and rad/s at a stick's end: a walking person's care indoors
BASE = {"base_vx": 0.3, "base_vy": 0.2, "base_vyaw": 0.5}
RISE = 0.6  # m/s² and rad/s², by which a base comes to speed: half a second to its largest
SQUAT = 0.1  # m/s
CLOSING = 2.0  # 1/s: a claw closes in half a second
FIRM = 10.0  # N: a quarter of what tips the robot back when it pushes at the height of its chest
SOFT = 9.0  # times the arm's own compliance that a hand stays back beyond that
SOFTEST = 0.6e-3  # m/N, at the least: an arm that is nearly stretched out is ten times as stiff along itself
YIELDS = 0.5  # share of a force beyond that which a control step takes away; more would swing
LOST, AGAIN = 0.25, 0.08  # m, from which on an arm no longer goes after its hand, and to which that has to come back
RETURNS = 0.05  # share of the way back that nothing is in the way of
HANGS = (0.0, 0.5, -0.87)  # way from the shoulder to where the elbow is asked to be: down, and 30 deg outwards
ASTRAY, STAYS, LED = 0.03, 0.5, 1.0  # m that a hand is off at the ends of its arm's joints; s after which, and for which, it is led back
STRETCHED = np.array(3 * [5e-4] + 3 * [5e-3])  # m² and 1, added to levers: an arm that is stretched out reports no force along itself


class FollowedHands:
    """What the person's hands ask of the robot, from control step to control step.

    Args:
        scene: in which the robot stands.
    """

    def __init__(self, scene: Scene):
        self.scene, self.dt = scene, scene.control_timestep
        self.arms, names = arms_of(scene), list(scene.schema.action.names)
        self._columns = [names.index(name) for name in self.arms.names]
        self._names, action = names, scene.schema.action
        self._low, self._high = np.asarray(action.low, float), np.asarray(action.high, float)
        self._drives = [scene.model.actuator(name).id for name in self.arms.names]
        joints = [scene.model.joint(name) for name in self.arms.names]
        self._qpos, self._dofs = ([int(at[0]) for at in which] for which in zip(*((one.qposadr, one.dofadr) for one in joints)))
        self._claws = {hand: names.index(scene.robot.closes(hand)) for hand in HANDS}
        ways = {hand: self.arms.facing @ np.multiply(HANGS, (1.0, 1.0 if hand == "left" else -1.0, 1.0)) for hand in HANDS}
        self._shoulder = {hand: self.arms.shoulder[hand][None] for hand in HANDS}
        self._elbow = {hand: self._shoulder[hand] + ways[hand] for hand in HANDS}
        settings = load_settings()
        self.begin()
        self._solver = Retargeting(self._targets(), self.arms, load_limits(scene.robot.folder), settings)

    def begin(self, model: mujoco.MjModel | None = None) -> None:
        """As a take begins: the arms in the starting pose, nothing asked of them.

        Args:
            model: of the draw, in which arms go slowly near to things; None, they know of none.
        """
        self.command = np.array(self.scene.ready_ctrl, float)
        self._velocity = np.zeros(len(self._columns))
        self._goal = {hand: self.arms.hand(self._q, hand) for hand in HANDS}
        # of a held clutch: device and robot when it was taken
        self._taken: dict[str, tuple[Array, Array, Array, Array]] = {}
        self._seen: dict[str, tuple[Array, Array]] = {}  # where hands are
        self._waits: dict[str, tuple[Array, Array]] = {}  # hand that is lost -> where its arm waits for it
        self._back = {hand: np.zeros(3) for hand in HANDS}  # m, by which each gives way
        self._approach = None if model is None else Approach(self.scene, self.arms, model)
        self._ends = np.zeros(len(self._columns), bool)  # joints that are at an end of their range
        self._stuck = dict.fromkeys(HANDS, 0.0)  # s, for which an arm has been at the ends of its joints with its hand elsewhere
        self._led = dict.fromkeys(HANDS, False)  # whether it has been led back from there
        self._grip = dict.fromkeys(HANDS, 0.0)
        self._base, self._squat = dict.fromkeys(BASE, 0.0), 0.0

    @property
    def _q(self) -> Array:
        return self.command[self._columns]

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take in what a device says; what is no finite number of its kind is left out, and the last stands.

        `left`, `right`: `{"p": [x, y, z] m, "q": [w, x, y, z], "clutch": bool, "grip": 0..1}`; `base`: shares of the largest
        speeds ahead, to the left and in turning; `squat`: [m] from standing height.
        """
        for hand in HANDS:
            sent = message.get(hand)
            if isinstance(sent, Mapping):
                self._hear_hand(hand, sent)
        base = numbers(message.get("base"), 3)
        if base is not None:
            self._base = {name: float(np.clip(v, -1, 1)) * most for (name, most), v in zip(BASE.items(), base)}
        squat = numbers([message.get("squat")], 1)
        if squat is not None:
            self._squat = float(squat[0])

    def _hear_hand(self, hand: str, sent: Mapping[str, Any]) -> None:
        grip, place, turn = numbers([sent.get("grip")], 1), numbers(sent.get("p"), 3), numbers(sent.get("q"), 4)
        if grip is not None:
            self._grip[hand] = float(np.clip(grip[0], 0, 1))
        if place is None or turn is None or np.linalg.norm(turn) < 1e-6:
            return
        if sent.get("clutch") is not True:
            self._taken.pop(hand, None)
            return
        rotation = matrix_of(turn / np.linalg.norm(turn))
        if hand not in self._taken:
            self._taken[hand] = place, rotation, *self.arms.hand(self._q, hand)
        p0, r0, at, frame = self._taken[hand]
        facing = self.arms.facing
        self._goal[hand] = at + facing @ (place - p0), facing @ (rotation @ r0.T) @ facing.T @ frame

    def _targets(self) -> HandTargets:
        """One sample for the solver, in the axes of a person's hands."""
        asked = {hand: self._asked(hand) for hand in HANDS}
        return HandTargets(
            t=np.zeros(1),
            position={hand: asked[hand][0][None] for hand in HANDS},
            rotation={hand: (asked[hand][1] @ self.arms.worn[hand].T)[None] for hand in HANDS},
            shoulder=self._shoulder,
            elbow=self._elbow,
            closed={hand: np.array([self._grip[hand]]) for hand in HANDS},
        )

    def give_way(self, simulation: Simulation) -> None:
        """Draw each hand back from what it presses on, as the servos' torques say it; its target stays what it was."""
        model, ctrl, qpos, qvel = self.scene.model, *(simulation.live(name)[0] for name in ("ctrl", "qpos", "qvel"))
        q, speed = qpos[self._qpos], qvel[self._dofs]
        gain, bias = model.actuator_gainprm[self._drives, 0], model.actuator_biasprm[self._drives]
        torque = gain * ctrl[self._drives] + bias[:, 0] + bias[:, 1] * q + bias[:, 2] * speed
        for hand in HANDS:
            self._seen[hand] = self.arms.hand(q, hand)
            lever = self.arms.jacobian(q, hand)
            self._back[hand] = yielded(self._back[hand], force_at(lever, torque), (lever[:3] / gain) @ lever[:3].T)
        if self._approach is not None:
            self._approach.look(qpos, qvel)

    def act(self) -> np.ndarray:
        """(nu,) float32, the command of the next control period."""
        self._wait_for_hands()
        before = self._q
        q = self._solver.go_on(self._targets(), before, self._velocity, self.dt, self._freed())
        if self._approach is not None:
            q = before + self._approach.slow(q - before, self.dt)
        self._ends = self._solver.at_limit["range"][0]
        self._velocity = (q - before) / self.dt
        self.command[self._columns] = q
        for hand, column in self._claws.items():
            wanted = self._low[column] + self._grip[hand] * (self._high[column] - self._low[column])
            step = CLOSING * self.dt * (self._high[column] - self._low[column])
            self.command[column] += np.clip(wanted - self.command[column], -step, step)
        for name, speed in self._base.items():
            self._towards(name, speed, RISE)
        self._towards("base_height", self._squat, SQUAT)
        return np.clip(self.command, self._low, self._high).astype(np.float32)

    def _wait_for_hands(self) -> None:
        """Let an arm stand still whose hand is lost, till the hand comes back to it."""
        for hand in HANDS:
            asked, here = self.arms.hand(self._q, hand), self._seen.get(hand)
            here = asked if here is None else here  # an arm that leans on something is not where it is commanded
            off, seen = (float(np.linalg.norm(self._goal[hand][0] - one[0])) for one in (asked, here))
            if hand in self._waits and min(off, seen) < AGAIN:
                del self._waits[hand]
            elif hand not in self._waits and off > LOST:
                self._waits[hand] = here

    def _asked(self, hand: str) -> tuple[Array, Array]:
        """Where a hand shall be, (3,) [m] and (3, 3)."""
        place, turn = self._waits.get(hand, self._goal[hand])
        return place - self._back[hand], turn

    @property
    def waits(self) -> dict[str, tuple[Array, Array]]:
        """Hand whose arm waits for it -> (3,) [m] where the person's asks it to be, and (3,) where it is, in the world."""
        return {hand: (self._goal[hand][0], (self._seen.get(hand) or place)[0]) for hand, place in self._waits.items()}

    def _freed(self) -> list[int]:
        """Joints of arms that have stayed at the ends of their joints with their hand elsewhere, for as long as they are led back."""
        found: list[int] = []
        for hand in HANDS:
            columns = self.arms.columns(hand)
            off = float(np.linalg.norm(self._asked(hand)[0] - self.arms.hand(self._q, hand)[0]))
            self._led[hand] = self._led[hand] and off > ASTRAY / 3  # in vain, so not again before it has been where it shall be
            stays = off > ASTRAY and bool(self._ends[columns].any()) and not self._led[hand]
            self._stuck[hand] = self._stuck[hand] + self.dt if stays or self._stuck[hand] > STAYS else 0.0
            if self._stuck[hand] > STAYS + LED:
                self._stuck[hand], self._led[hand] = 0.0, True
            found += columns if self._stuck[hand] > STAYS else []
        return found

    def _towards(self, name: str, wanted: float, rate: float) -> None:
        if name in self._names:
            column = self._names.index(name)
            self.command[column] += np.clip(wanted - self.command[column], -rate * self.dt, rate * self.dt)

    @property
    def near(self) -> list[tuple[str, tuple[str, ...]]]:
        """Limits that the arms are at.

        `range` or `speed` with a joint at its end, `apart` with two own links that are held apart, `slow` with a link and what it comes
        near to, so that its arm is slowed down.
        """
        solver = self._solver
        found: list[tuple[str, tuple[str, ...]]] = [
            (kind, (name,))
            for kind in ("range", "speed")
            for name, at in zip(self.arms.names, solver.at_limit[kind][0])
            if at
        ]
        if solver.shapes is not None and solver.apart[0] >= 0:
            found.append(("apart", tuple(solver.shapes.bodies[int(solver.apart[0])])))
        return found + [("slow", pair) for pair in (self._approach.slowed if self._approach is not None else [])]

    @property
    def close(self) -> list[tuple[str, str]]:
        """Links of the arms and what they touch or are about to, nearest first."""
        return self._approach.close if self._approach is not None else []


def force_at(lever: Array, torque: Array) -> Array:
    """(3,) [N] with which a hand bears on something, by the torques (k,) of its servos and its lever (6, k).

    What turns the hand is found with it and left out: fingers that touch something bear on it a hand's length from the tcp.
    """
    return np.asarray(np.linalg.solve(lever @ lever.T + np.diag(STRETCHED), lever @ torque)[:3])


def yielded(back: Array, force: Array, give: Array) -> Array:
    """(3,) [m] by which a hand gives way a step later: `back` before, to a force (3,) [N], with its arm's compliance (3, 3) [m/N]."""
    size = float(np.linalg.norm(force))
    if size <= FIRM:
        return back * (1.0 - RETURNS)
    soft = SOFT * give + SOFTEST * np.eye(3)
    wanted = soft @ force * (1.0 - FIRM / size)
    return back + YIELDS * give @ np.linalg.solve(give + soft, wanted - back)


def numbers(value: Any, n: int) -> Array | None:
    """(n,) finite numbers; None for anything else."""
    if not isinstance(value, list) or len(value) != n:
        return None
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e6 for one in value):
        return None
    return np.array(value, float)  # NaN is not below anything
