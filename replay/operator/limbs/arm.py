"""One arm of the operator: inverse kinematics by mink on the robot alone, and paths that a person's hand could take.

A path is planned whole before it is followed: knots along a hand path or between postures, a spline through them in joint
space, and a time law of small jerk. What is commanded runs ahead of the path by the servo's lag, so that the arm, not the
command, is where the path says.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from ....scenarios.parts.pose import Pose
from ....scenarios.robots.postures import arm_facts, postures_of
from ....scenarios.robots.robot import Robot
from ....scenarios.sheet.near_matches import refuse_unknown
from .arm_model import arm_model, posture_for
from .geometry import between, hand_frame, progress, turned_between
from .people import Bystanders

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline
RAMP, SHORT = 0.8, 0.35  # s, in which a hand comes to speed or to rest: on long ways, on short ones
PIECES, EVEN = 80, 5  # pieces of a path that are timed, and how many to either side are evened out
INSTANT = 1e-9  # s, that a piece takes at least: where a hand is there already no piece has a length
KNOT = 0.015  # m, spacing of knots on a straight hand path
TURN = 0.10  # rad, the same for turning the hand
TREMOR = 8e-4  # rad, amplitude in the shoulder and elbow joints: about 0.5 mm at the hand
EVENED = 1 / 6  # s, over which an acceleration is taken
FADE = 0.3  # s, in which a force is taken back
_TREMOR_HZ = (3.1, 4.7, 7.9)  # slow drift to the band of physiological tremor that a 30 Hz command can carry


@dataclass(frozen=True)
class Path:
    """Joint angles over the share u of a way, and how long the way takes.

    Attributes:
        spline: u in 0..1 -> (7,) [rad].
        duration: [s] of the whole way.
        error: [m] largest distance of the hand from where it was wanted.
        ramp: share of the time in which it comes to speed, and to rest again.
        marks: u at each of the poses that the way was planned through, beginning with 0.
    """

    spline: CubicSpline
    duration: float
    error: float = 0.0
    marks: tuple[float, ...] = (0.0, 1.0)
    ramp: float = 0.5

    @property
    def end(self) -> np.ndarray:
        return self.spline(1.0)


class Arm:
    """One arm: its commands so far, and how it gets more.

    Args:
        robot: the robot of the arm.
        side: left or right.
        q: (7,) where it is commanded to be at the start [rad].
        timestep: control period [s].
        lag: [s] by which the servo follows a ramp, `(kv + damping) / kp`.
        stiffness: of the servos [Nm/rad].
        rng: of tremor and of the small scatter of free ways.
        people: near which the hand is slow; None where it is not in a scene.

    Attributes:
        joint_speed: [rad/s] of the fastest joint on a path.
        reach: [m] from the shoulder to between the pads, the arm straight.
        farthest: [m] from the shoulder, beyond which no posture is sought.
    """

    def __init__(
        self,
        robot: Robot,
        side: str,
        q: np.ndarray,
        timestep: float,
        lag: float,
        stiffness: float,
        rng: np.random.Generator,
        people: Bystanders | None = None,
    ):
        import mink  # half a second, which a list of skills does without

        self.side, self.timestep, self.lag, self.stiffness, self.rng = side, timestep, lag, stiffness, rng
        self._robot, facts = robot.name, arm_facts(robot.name)
        self.joint_speed = float(facts["joint_speed"])
        self.reach, self.farthest = float(facts["reach"]), float(facts["farthest"])
        self._benches = tuple(facts["benches"])
        self._postures = dict(postures_of(robot.name, side))
        self._own = robot.hand == next(iter(robot.sheet["hands"]))  # whether the postures were found with this hand
        self.model = arm_model(str(robot.folder), robot.hand, robot.base, side)
        self._configuration = mink.Configuration(self.model)
        self._limits = [mink.ConfigurationLimit(self.model)]
        self._posture = mink.PostureTask(self.model, cost=2e-3)
        self._data = mujoco.MjData(self.model)
        self._people = people
        self._looked_at = [self.model.site(name).id for name in robot.interface["hands"]["sites"] if name.startswith(side)]
        self._home = str(robot.folder), robot.hand, robot.base, side
        self.grips_at("tcp")
        # of the robot's floor mark and height in the world; None where that is the world's
        self.place: Pose | None = None
        mujoco.mj_kinematics(self.model, self._data)
        self._shoulder = self._data.site(f"{side}_shoulder").xpos.copy()
        self.q = np.asarray(q, float).copy()
        self.command = self.q.copy()
        self.time_scale = 1.0
        self._extra = np.zeros(7)
        self._fade = np.zeros(7)
        self._phase = rng.uniform(0, 2 * np.pi, (len(_TREMOR_HZ), 4))

    def posture(self, name: str) -> np.ndarray:
        """(7,) joint angles [rad] of a posture of the robot's sheet.

        Raises:
            ScenarioError: there is none of that name.
        """
        refuse_unknown(name, self._postures, f"postures.yaml of {self._robot} has no posture {name!r}.")
        return np.array(self._postures[name]) if self._own else posture_for(*self._home, self._tool, self._postures[name])

    def grips_at(self, site: str) -> None:
        """From now on the hand is where this site of it is: each of its shapes grips at one of its own."""
        self._tool = f"{self.side}_{site}"
        self._site = self.model.site(self._tool).id

    def shift(self, by: np.ndarray) -> None:
        """Go on from where the joints are (7,) [rad] further."""
        self.q, self.command = self.q + by, self.command + by

    @property
    def benches(self) -> list[np.ndarray]:
        """Postures for work before and beside the body."""
        return [self.posture(name) for name in self._benches]

    # -- kinematics -------------------------------------------------------------------------------------------------

    def hand(self, q: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Position (3,) [m] and rotation (3, 3) of the tcp at joint angles, at what is commanded where None."""
        self._data.qpos[:] = self.q if q is None else q
        mujoco.mj_kinematics(self.model, self._data)
        position, rotation = (
            self._data.site_xpos[self._site].copy(),
            self._data.site_xmat[self._site].reshape(3, 3).copy(),
        )
        if self.place is not None:
            turn = self.place.matrix
            return self.place.pos + turn @ position, turn @ rotation
        return position, rotation

    @property
    def shoulder(self) -> np.ndarray:
        """(3,) [m] where the arm begins; the robot's trunk does not bend."""
        return self._shoulder if self.place is None else self.place.pos + self.place.matrix @ self._shoulder

    def frame(self, yaw: float, pitch: float, like: np.ndarray) -> np.ndarray:
        """Hand frame of that yaw and pitch; of its two halves (fingers swapped) the one nearer to the posture `like`."""
        near = self.hand(like)[1]
        return min(
            (hand_frame(yaw, pitch, roll) for roll in (0.0, np.pi)), key=lambda frame: turned_between(frame, near)
        )

    def solve(
        self,
        position: np.ndarray,
        rotation: np.ndarray | None,
        seed: np.ndarray,
        like: np.ndarray | None = None,
        orient: Sequence[float] | float = 0.3,
        steps: int = 40,
        tolerance: float = 2e-4,
    ) -> tuple[np.ndarray, float]:
        """Joint angles that bring the tcp to a pose.

        Args:
            position: (3,) [m].
            rotation: (3, 3), None where it does not matter.
            seed: (7,) start of the search; the solution stays on its branch.
            like: (7,) posture that is preferred where the task leaves freedom; the seed where None.
            orient: weight of the orientation against the position [m/rad], about the hand's x, y, z.
            steps: of the search.
            tolerance: [m] (and rad) at which it stops.

        Returns:
            (7,) joint angles, and the distance [m] left. What is out of any arm's reach is not sought: the seed stays.
        """
        import mink

        configuration = self._configuration
        low, high = self.model.jnt_range.T
        if not np.linalg.norm(position - self.shoulder) < self.farthest:  # forty steps would end at an arm that is straight
            q = np.clip(seed, low, high)
            return q, float(np.linalg.norm(self.hand(q)[0] - position))
        configuration.update(np.clip(seed, low + 1e-6, high - 1e-6))
        task = mink.FrameTask(self._tool, "site", 1.0, 0.0 if rotation is None else orient, lm_damping=1e-3)
        matrix = np.eye(4)
        matrix[:3, :3] = np.eye(3) if rotation is None else rotation
        matrix[:3, 3] = position
        if self.place is not None:  # the model stands in the world's origin
            back = self.place.matrix.T
            matrix[:3, :3], matrix[:3, 3] = back @ matrix[:3, :3], back @ (position - self.place.pos)
        task.set_target(mink.SE3.from_matrix(matrix))
        self._posture.set_target(np.clip(seed if like is None else like, low, high))
        weight = np.ones(3) if rotation is None else np.asarray(orient, float) * np.ones(3)
        last = np.inf
        for _ in range(steps):
            velocity = mink.solve_ik(
                configuration, (task, self._posture), 1.0, "daqp", damping=1e-6, limits=self._limits
            )
            largest = np.abs(velocity).max()
            configuration.integrate_inplace(velocity * min(1.0, 0.35 / max(largest, 1e-9)), 1.0)
            error = task.compute_error(configuration)
            size = float(np.linalg.norm(error[:3]) + np.linalg.norm(weight * error[3:]) * (rotation is not None))
            if size < tolerance or (largest < 2e-3 and abs(last - size) < tolerance):
                break
            last = size
        q = configuration.q.copy()
        return q, float(np.linalg.norm(self.hand(q)[0] - position))

    # -- paths ------------------------------------------------------------------------------------------------------

    def _path(
        self, knots: Sequence[np.ndarray], speed: float, error: float = 0.0, marks: Sequence[int] = (0, -1)
    ) -> Path:
        from scipy.interpolate import CubicSpline

        q = np.array(knots)
        steps = np.maximum(np.abs(np.diff(q, axis=0)).max(axis=1), 1e-4)
        u = np.r_[0.0, np.cumsum(steps)]
        spline = CubicSpline(u / u[-1], q)
        # how long each small piece of the spline takes at the allowed speeds, evened out so that the speed changes gently
        fine = np.linspace(0.0, 1.0, PIECES + 1)
        along = spline(fine)
        hands = np.array([self.hand(k)[0] for k in along])
        times = np.linalg.norm(np.diff(hands, axis=0), axis=1) / speed
        times = np.maximum(times, np.abs(np.diff(along, axis=0)).max(axis=1) / self.joint_speed)
        if self._people:
            times = np.maximum(times, self._people.times(self._looked_at_along(along)))
        wide = np.pad(times, EVEN, mode="edge")
        widest = np.max([wide[i : i + len(times)] for i in range(2 * EVEN + 1)], axis=0)
        wide = np.pad(widest, EVEN, mode="edge")
        even = np.convolve(wide, np.hanning(2 * EVEN + 3)[1:-1] / (EVEN + 1), mode="valid")
        clock = np.r_[0.0, np.cumsum(np.maximum(even, INSTANT))]
        timed = CubicSpline(clock / clock[-1], along)
        at_marks = np.interp((u / u[-1])[list(marks)], fine, clock / clock[-1])
        way = max(clock[-1], 0.08) / self.time_scale
        ramp = np.clip(way, SHORT, RAMP)
        time = max(way + ramp, 2.0 * ramp)
        return Path(timed, time, error, tuple(at_marks), ramp / time)

    def _looked_at_along(self, rows: np.ndarray) -> np.ndarray:
        """(n, k, 3) [m] in the world: the places of the hand that the judge looks at, at each of (n, 7) joint angles. Where the arm turns
        round, pads and flange are faster than the grip."""
        points = np.empty((len(rows), len(self._looked_at), 3))
        for row, q in zip(points, rows):
            self.hand(q)
            row[:] = self._data.site_xpos[self._looked_at]
        return points if self.place is None else self.place.pos + points @ self.place.matrix.T

    def way(self, goals: Sequence[np.ndarray], speed: float, scatter: float = 0.02) -> Path:
        """A free way from where the arm is, through joint angles, to the last of them."""
        mid = [g + self.rng.uniform(-scatter, scatter, 7) for g in goals[:-1]]
        low, high = self.model.jnt_range.T
        return self._path([self.q, *(np.clip(g, low, high) for g in mid), goals[-1]], speed)

    def line(
        self,
        poses: Sequence[tuple[np.ndarray, np.ndarray | None]],
        speed: float,
        like: np.ndarray | None = None,
        orient: Sequence[float] | float = 0.3,
    ) -> Path:
        """Straight hand paths from where the hand is, through poses, turning evenly on the way.

        Args:
            poses: (position, rotation) one after the other; a rotation None leaves it free.
            speed: [m/s] largest speed of the hand.
            like: posture preferred on the way.
            orient: as in `solve`.
        """
        knots, error, marks = [self.q.copy()], 0.0, [0]
        at, frame = self.hand()
        for position, rotation in poses:
            turn = 0.0 if rotation is None else turned_between(frame, rotation)
            count = max(1, int(np.ceil(max(float(np.linalg.norm(position - at)) / KNOT, turn / TURN))))
            for i in range(1, count + 1):
                share = i / count
                target = None if rotation is None else between(frame, rotation, share)
                q, off = self.solve(at + share * (position - at), target, knots[-1], like, orient, steps=12)
                knots.append(q)
                error = max(error, off)
            at, frame = np.asarray(position), frame if rotation is None else rotation
            marks.append(len(knots) - 1)
        return self._path(knots, speed, error, marks)

    def gently(self, path: Path, most: float) -> Path:
        """The same way, made so slow that the arm's centre of mass is nowhere accelerated level by more than `most` [m/s2].

        It is evened out over a sixth of a second, which the trunk's own weight does, too.
        """
        times = np.arange(0.0, path.duration, self.timestep)
        middles = np.empty((len(times), 2))
        first = int(self.model.jnt_bodyid[0])
        for i, t in enumerate(times):
            self._data.qpos[:] = path.spline(progress(t / path.duration, path.ramp))
            mujoco.mj_kinematics(self.model, self._data)
            mujoco.mj_comPos(self.model, self._data)
            middles[i] = self._data.subtree_com[first, :2]
        span = max(1, round(EVENED / self.timestep))
        if len(times) <= 3 * span:
            return path
        speed = (middles[span:] - middles[:-span]) / (span * self.timestep)
        peak = float(np.linalg.norm(speed[span:] - speed[:-span], axis=1).max()) / (span * self.timestep)
        return replace(path, duration=path.duration * max(1.0, np.sqrt(peak / most)))

    def overrun(self, path: Path) -> float:
        """[rad] by which the commands of a way leave the share of the joints' range that the operator uses, at most.

        They run ahead of the way by the servo's lag, and end a little beyond that share (`OperatorState.action`): the joint
        comes there late, and the hand leaves the way.
        """
        count = max(2, int(np.ceil(path.duration / self.timestep)))
        q = path.spline([progress(i / count, path.ramp) for i in range(count + 1)])
        command = q[1:] + self.lag * np.diff(q, axis=0) * count / path.duration
        low, high = self.model.jnt_range.T
        return max(0.0, float(np.maximum(command - high, low - command).max()))

    # -- motion -----------------------------------------------------------------------------------------------------

    def follow(
        self, path: Path, until: Callable[[], bool] | None = None, tremor: float = 1.0, brake: float = 0.25
    ) -> Generator[None, None, bool]:
        """Move along a path, one step a control period; brakes and returns True where `until` comes true on the way."""
        elapsed, rate, stopped = 0.0, 1.0, False
        while elapsed < path.duration and rate > 0.0:
            before = progress(elapsed / path.duration, path.ramp)
            elapsed = min(elapsed + rate * self.timestep, path.duration)
            now = progress(elapsed / path.duration, path.ramp)
            q = path.spline(now)
            shake = np.zeros(7)
            if tremor:
                envelope = np.sin(np.pi * elapsed / path.duration)
                shake[:4] = (
                    TREMOR
                    * tremor
                    * envelope
                    * np.sin(2 * np.pi * np.outer(_TREMOR_HZ, np.ones(4)) * elapsed + self._phase).mean(axis=0)
                )
            # the velocity of the path over this period, so that the servo's lag is taken off
            self.command = q + self.lag * (q - path.spline(before)) / self.timestep + shake + self._fading()
            self.q = q
            yield
            if until is not None and until():
                stopped = True
            if stopped:
                rate -= brake
        self.command = self.q + self._extra
        return stopped

    def yielding(self, direction: np.ndarray, loose: float = 0.5) -> np.ndarray:
        """(7,) displacement [rad/N] of the commands by which a hand that is held pushes along a direction with 1 N.

        It is torque over stiffness, because the arm is not equally stiff in all directions. What makes the force point
        exactly there while the hand is held makes it point elsewhere once the hand comes free along that direction, and the
        other way round.

        Args:
            direction: (3,) unit vector.
            loose: 0 for a hand that is held in all directions, 1 for one that will come free along this one.
        """
        jacobian = self.jacobian()[:3]
        # times the stiffness: force of a displacement along it
        free = np.linalg.solve(jacobian @ jacobian.T, direction)
        free /= direction @ free
        return jacobian.T @ ((1.0 - loose) * direction + loose * free) / self.stiffness

    def compliance(self) -> np.ndarray:
        """(3, 3) how far the hand gives way to a force where it is [m/N]."""
        jacobian = self.jacobian()[:3]
        return jacobian @ jacobian.T / self.stiffness

    def jacobian(self, q: np.ndarray | None = None) -> np.ndarray:
        """(6, 7) of the hand in the world, place over turn, to joint angles; at what is commanded where None."""
        return self.kinematics(self.q if q is None else q)[2]

    def kinematics(self, q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position (3,) [m] and rotation (3, 3) of the tcp at joint angles, and its jacobian (6, 7), place over turn."""
        position, rotation = self.hand(q)
        jacobian = np.zeros((6, self.model.nv))
        mujoco.mj_comPos(self.model, self._data)
        mujoco.mj_jacSite(self.model, self._data, jacobian[:3], jacobian[3:], self._site)
        if self.place is not None:
            jacobian = np.vstack([self.place.matrix @ jacobian[:3], self.place.matrix @ jacobian[3:]])
        return position, rotation, jacobian

    def press(
        self,
        force: float,
        rate: float,
        yielding: Callable[[], np.ndarray],
        until: Callable[[], bool],
        base: Callable[[], np.ndarray] | None = None,
        hold: float = 0.3,
    ) -> Generator[None, None, bool]:
        """Push or pull with a growing force, whatever stands against it.

        Args:
            force: [N] at most; rate: [N/s] at which it grows.
            yielding: displacement a newton, as by `yielding`.
            until: ends it; the displacement then fades while the arm goes on.
            base: joint angles at which the hand lies where the thing that it pulls lies now; where the arm is where None.
            hold: [s] for which the largest force is kept up before giving in.

        Returns:
            Whether `until` came true.
        """
        now, done = 0.0, False
        for _ in range(round((force / rate + hold) / self.timestep)):
            now = min(now + rate * self.timestep, force)
            if base is not None:
                self.q = base()
            self._extra = now * yielding()
            self.command = self.q + self._extra
            yield
            if until():
                done = True
                break
        self.ease()
        return done

    def lean(self, extra: np.ndarray) -> None:
        """Keep a displacement [rad] on the commands of whatever the arm does, as by `yielding`, until it is eased."""
        self._extra, self._fade = np.asarray(extra, float), np.zeros(7)

    def resist(self, by: np.ndarray) -> None:
        """Stay, and push the hand by (6,) [m, rad] beyond where it is, until that is eased."""
        jacobian = self.jacobian()
        self.lean(jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-6 * np.eye(6), by))
        self.command = self.q + self._extra

    def rest(self, position: np.ndarray) -> None:
        """Stay where the hand (3,) [m] has come to, as after a click: what was commanded beyond fades, and nothing is drawn back."""
        jacobian = self.jacobian()[:3]
        given = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T, position - self.hand()[0])  # as joints give way to a force
        self.q, self._extra = self.q + given, self._extra - given
        self.ease()

    def ease(self) -> None:
        """Let such a displacement fade while the arm goes on."""
        self._fade = self._extra / max(1, round(FADE / self.timestep))

    def _fading(self) -> np.ndarray:
        """What is left of a displacement, a little less at every control step."""
        self._extra = np.where(np.abs(self._extra) > np.abs(self._fade), self._extra - self._fade, 0.0)
        return self._extra

    def hold(self, seconds: float, until: Callable[[], bool] | None = None) -> Generator[None, None, bool]:
        """Stay, at most so long; True where `until` came true."""
        for _ in range(max(1, round(seconds / self.timestep))):
            self.command = self.q + self._fading()
            yield
            if until is not None and until():
                return True
        return False
