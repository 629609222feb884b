"""A base that moves, as the operator sees and commands it: where it stands, and speeds that come and go gently."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from ....scenarios.parts.pose import Pose
from ....scenarios.robots.mobile import JOINTS
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.requests import Readings, Request
from .people import Bystanders

GENTLE = (0.25, 0.5)  # m/s2 and rad/s2 of a command, half of what the robot does: what is carried stays, feet hold
LADEN = 0.5  # share of that, with a heavy load in the hands: it is borne ahead of the ankles, which a robot that stops bear on as well
HEAVY = 20.0  # N, that both hands bear, from which on a load is heavy: 13 mm ahead of the ankles at 0.35 m, of an empty robot's 75 mm
NEAR = 2.0  # 1/s, rate at which the last of a way is made
STILL = (2e-3, 2e-3)  # m/s and rad/s, slower is standing
CALM, AT_REST, SETTLES = 5e-3, 0.3, 5.0  # m/s of a pelvis, for so many s: it stands; how long that is waited for at most [s]
LATE = 0.07  # s, by which the base answers a command: one control period and its own time


class Base:
    """Senses and commands of a base that moves.

    Attributes:
        place: where the robot's floor mark is, with the height [m] that it stands higher than normal (squats: negative).
        yaw: [rad] of its heading; height: [m] against standing, as measured.
        hands: (n, 3) [m] places of the hands in the world, as seen.
        command: (4,) speeds ahead and to the left [m/s], of turning [rad/s], and height [m].
        pushes: [m/s, m/s2, rad/s] what it pushes on wheels is at most this fast, speeds up so, and turns so.
    """

    pushes = (np.inf, 0.12, 0.3)

    def __init__(self, scene: Scene, people: Bystanders):
        robot = scene.robot
        self._people = people
        self._hands = [
            scene.layout.slices[name]
            for name in (Request("site_position", site).name for site in robot.interface["hands"]["sites"])
            if name in scene.layout.slices
        ]
        self.hands = np.zeros((0, 3))
        self.timestep = scene.control_timestep
        self.limits = np.array([float(robot.sheet["mobile"]["commands"][n]["limit"]) for n in robot.base_names[:3]])
        self.lowest = float(robot.sheet["mobile"]["lowest"])
        begins = scene.layout.begins
        joints, names = (JOINTS, robot.base_names) if robot.moves else (JOINTS[:3], robot.base_names[:3])
        self._seen = [begins[Request("joint_position", name).name] for name in joints]
        self._speeds = [begins[Request("actuator_velocity", name).name] for name in names]
        self.command = np.zeros(4)
        self.speeds = np.zeros(4)
        x, y, self.yaw = scene.config.stands_at
        self.at, self.height = np.array([x, y]), 0.0

    def see(self, readings: Readings) -> None:
        """Take in where the base is and how fast it moves."""
        x, y, self.yaw, self.height = (float(readings.value[i]) for i in self._seen)
        self.at = np.array([x, y])
        self.speeds = np.array([float(readings.value[i]) for i in self._speeds])
        if self._people:
            self.hands = np.array([readings.value[place] for place in self._hands], float)

    @property
    def place(self) -> Pose:
        return Pose.of((*self.at, self.height), self.yaw)

    @property
    def stands(self) -> bool:
        """Whether it neither walks nor turns."""
        return self.rests

    @property
    def rests(self) -> bool:
        """Whether its mark neither moves nor turns."""
        return bool(np.hypot(*self.speeds[:2]) < STILL[0] and abs(self.speeds[2]) < STILL[1])

    def go(self, target: np.ndarray, yaw: float, speed: float, turning: float, gently: float = 1.0) -> float:
        """Command the next control period of a straight way to a place [m] and a heading [rad]; the distance [m] left.

        Args:
            speed, turning: [m/s] and [rad/s] at most; gently: share of the usual acceleration (`GENTLE`).
        """
        away = target - self.at
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        own = np.array([c * away[0] + s * away[1], -s * away[0] + c * away[1]])
        left, turn = float(np.hypot(*own)), wrapped(yaw - self.yaw)
        wanted = np.zeros(3)
        if left > 1e-9:
            way = own / left
            most = min([speed, *(limit / abs(w) for limit, w in zip(self.limits, way) if abs(w) > 1e-9)])
            wanted[:2] = way * min(most, _coming(left, float(self.speeds[:2] @ way), gently * GENTLE[0]))
        fastest = min(turning, self.limits[2])
        about = _coming(abs(turn), float(self.speeds[2]) * float(np.sign(turn)), GENTLE[1])
        wanted[2] = np.sign(turn) * min(fastest, about)
        self._towards(wanted, gently)
        return left

    def _beside_people(self, wanted: np.ndarray) -> np.ndarray:
        """The wanted speeds (3,), all of them slower where one of the hands would be too fast near somebody."""
        if not len(self.hands):
            return wanted
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        away = (self.hands[:, :2] - self.at) @ np.array([[c, -s], [s, c]])
        speeds = np.hypot(wanted[0] - wanted[2] * away[:, 1], wanted[1] + wanted[2] * away[:, 0])
        share = float((self._people.most(self.hands) / np.maximum(speeds, 1e-9)).min())
        return min(share, 1.0) * wanted

    def _towards(self, wanted: np.ndarray, gently: float = 1.0) -> None:
        """Change the commanded speeds (3,) by no more than a gentle acceleration."""
        change = self._beside_people(wanted) - self.command[:3]
        step = gently * GENTLE[0] * self.timestep / max(float(np.hypot(*change[:2])), 1e-12)
        self.command[:2] += min(step, 1.0) * change[:2]
        self.command[2] += np.clip(change[2], -GENTLE[1] * self.timestep, GENTLE[1] * self.timestep)

    def walk(
        self,
        target: np.ndarray,
        yaw: float,
        speed: float,
        turning: float,
        within: float,
        aimed: float,
        patience: float,
        gently: float = 1.0,
        settles: bool = True,
    ) -> Generator[None, None, bool]:
        """Walk straight to a place and heading; True where it stands there within [m] and aimed [rad] before patience [s] ends.

        With `settles` it then waits until the robot stands; without, it can go on at once where its mark has come to rest.
        """
        for _ in range(round(patience / self.timestep)):
            left = self.go(target, yaw, speed, turning, gently)
            there = self.stands if settles else self.rests
            if left < within and abs(wrapped(yaw - self.yaw)) < aimed and there:
                break
            yield
        arrived = bool(np.hypot(*(target - self.at)) < within and abs(wrapped(yaw - self.yaw)) < aimed)
        yield from self.stop(settles)
        return arrived

    def stop(self, settles: bool = True) -> Generator[None, None, None]:
        """Come to rest gently."""
        while np.abs(self.command[:3]).max() > 0.0:
            self._towards(np.zeros(3))
            yield
        if settles:
            yield from self.settle()

    def settle(self) -> Generator[None, None, None]:
        """Wait until it stands: a base that glides does as soon as its commands end."""
        yield from ()

    def stand_at(self, height: float, speed: float, within: float, patience: float) -> Generator[None, None, bool]:
        """Bring the trunk to a height [m] against standing; True where it comes within [m] of it."""
        for _ in range(round(patience / self.timestep)):
            step = speed * self.timestep
            self.command[3] += np.clip(height - self.command[3], -step, step)
            yield
            if abs(self.height - height) < within and abs(self.speeds[3]) < STILL[0] * 2.0:
                return True
        return False


class OnLegs(Base):
    """The base of a robot on its own legs: what is walked is the mark that it follows, where it stands is its pelvis.

    Attributes:
        trunk: the pelvis in the world; trunk_height: [m] of it when it stands upright.
        pelvis: x, y [m] and yaw [rad] of it; calm: control steps since it last moved.
    """

    pushes = (0.16, 0.06, 0.11)  # as fast as one was seen to be pushed without a fall: each step draws the hands aside

    def __init__(self, scene: Scene, people: Bystanders):
        super().__init__(scene, people)
        begins = scene.layout.begins
        self._pelvis = [begins[Request(kind, "base_link").name] for kind in ("body_position", "body_orientation")]
        self.trunk_height = float(scene.robot.sheet["stance"]["base_height"])
        self.pelvis, self.calm = np.array(scene.config.stands_at), 0
        self.trunk = Pose.of((*self.pelvis[:2], self.trunk_height), self.pelvis[2])

    def see(self, readings: Readings) -> None:
        x, y, self.yaw = (float(readings.value[i]) for i in self._seen)
        self.at = np.array([x, y])
        place, turn = (np.array(readings.value[i : i + n], float) for i, n in zip(self._pelvis, (3, 4)))
        self.trunk = Pose(place, turn)
        before, self.height = self.height, float(place[2]) - self.trunk_height
        rise = (self.height - before) / self.timestep
        self.speeds = np.array([*(float(readings.value[i]) for i in self._speeds), rise])
        now = np.array([*place[:2], 2.0 * np.arctan2(turn[3], turn[0])])
        moved = abs(rise) > CALM or float(np.hypot(*(now - self.pelvis)[:2])) > CALM * self.timestep
        self.calm = 0 if moved else self.calm + 1
        self.pelvis = now
        if self._people:
            self.hands = np.array([readings.value[place] for place in self._hands], float)

    @property
    def place(self) -> Pose:
        return Pose.of((*self.pelvis[:2], self.height), self.pelvis[2])

    def place_of(self, trunk: Pose) -> Pose:
        """The place of a robot whose pelvis is somewhere."""
        return Pose.of((*trunk.pos[:2], float(trunk.pos[2]) - self.trunk_height), 2.0 * np.arctan2(trunk.quat[3], trunk.quat[0]))

    @property
    def stands(self) -> bool:
        return self.rests and self.calm * self.timestep > AT_REST

    def settle(self) -> Generator[None, None, None]:
        for _ in range(round(SETTLES / self.timestep)):
            if self.stands:
                return
            yield


def base_of(scene: Scene, people: Bystanders) -> Base | None:
    """The base of a scene's robot; None where it stands fast."""
    if scene.robot.base == "legs":
        return OnLegs(scene, people)
    return Base(scene, people) if scene.robot.moves else None


def _coming(left: float, now: float, gentle: float) -> float:
    """Speed at which what is left can still be stopped in; near the end it fades."""
    left = max(left - LATE * max(now, 0.0), 0.0)
    return min(float(np.sqrt(2.0 * 0.8 * gentle * left)), NEAR * left)


def wrapped(angle: float) -> float:
    """An angle [rad] in -pi..pi."""
    return float((angle + np.pi) % (2.0 * np.pi) - np.pi)
