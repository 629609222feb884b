"""What the operator sees and commands: readings made into a picture of the scene, two arms, two claws."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from ...scenarios.cloth.cloth import Cloth
from ...scenarios.draws.variation import Draw
from ...scenarios.parts.pose import Pose
from ...scenarios.reading.answers import with_answers
from ...scenarios.robots.mobile import followers
from ...scenarios.robots.robot import Robot
from ...scenarios.robots.robot_folder import SIDES
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.reaction import memory
from ...scenarios.sensing.requests import Readings, Request
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.words.declared import memory_name
from .limbs.arm import Arm, Path
from .limbs.base import Base
from .limbs.geometry import progress
from .limbs.hand import Hand
from .planning import ArmGroup, Keep, Level, Plan, plan
from .planning.clearance import MARGIN, Clearance, Load
from .planning.limbs import spline_through
from .planning.planner import least_room
from .planning.standing import Standing, walk
from .senses.attachment import corded_part, hangs_on, rigid_part
from .words.motion import Motion
from .words.reason import GivenUp, Reason

SLEW = 0.66  # share of a joint's speed limit that a command never exceeds, whatever happens
BLOCKED = 1.0  # cost of a way that leads through something, or is near to things for long
ENOUGH = 0.3  # cost of a way on which something is a little near for a moment
ROWS = 4  # ends of a carry of which one is sought by trees
TIGHT = 0.004  # m of room at its end that are enough
ALIKE = 0.15  # rad, by which its beginning differs from those of the others
DIP = 0.005  # m, that what is carried level may come lower than at the ends of its way
LIGHT = 0.5  # N, to which no arm gives way
CARRIED = (0.020, 0.008)  # m of room, asked for as something is carried
SWIFT = (
    1.2  # m/s2, of an arm's middle on a planned way at most: a robot that is jerked further by it leaves its balance
)
REACHED = 2e-3  # m, within which a pose counts as reached
CLOSING = 35.0  # percent/s, until the pads touch


def finger_forces(robot: Robot, side: str) -> list[Request]:
    """What each finger of a hand feels."""
    return [Request("contact_force", f"tree:{name}") for name in robot.fingers if name.startswith(f"{side}_")]


class OperatorState:
    """The operator's senses and limbs for one copy of a scene.

    It is given readings and keeps a picture of the scene that they allow: part geometry from the draw's model, places from
    the sensors. Nothing is read from the simulation itself, and nothing is written but the action.

    Args:
        scene: the scene; draw: the varied copy it works in.
        rng: of everything that is not the same twice in a person: tremor, pauses, small scatter.
        faults: named ways in which it shall go wrong (see `Operator`).
    """

    def __init__(self, scene: Scene, draw: Draw, rng: np.random.Generator, faults: Mapping[str, float | str]):
        self.scene, self.model, self.rng, self.faults = scene, draw.model, rng, dict(faults)
        self.on_purpose = bool(self.faults)  # whether it goes wrong on purpose
        self.timestep = scene.control_timestep
        self.hand = Hand(scene.robot.hand_sheet)  # either of them
        self._data = mujoco.MjData(draw.model)
        self._data.qpos[:] = scene.start_qpos(draw.model)
        self._reads = self._sources()
        self._values = dict(draw.values)
        self._fresh = False
        self._stages = {goal.name: i for i, goal in enumerate(scene.goal)}
        self.readings: Readings | None = None
        self.carry: GoalState | None = None
        ready = scene.robot.pose(scene.config.pose)
        model = scene.model
        self.arms: dict[str, Arm] = {}
        for side in SIDES:
            names = scene.robot.arm_of(side)
            actuator = model.actuator(names[0])
            joint = model.joint(names[0])
            lag = float(-actuator.biasprm[2] + joint.damping[0]) / float(actuator.gainprm[0])
            self.arms[side] = Arm(
                scene.robot,
                side,
                np.array([ready[n] for n in names]),
                self.timestep,
                lag,
                float(actuator.gainprm[0]),
                rng,
            )
        self.base = Base(scene) if scene.robot.base_names else None
        self._place_arms()
        self.began = {side: arm.q.copy() for side, arm in self.arms.items()}
        self.claws = dict.fromkeys(SIDES, 0.0)
        self.squeeze = dict.fromkeys(SIDES, 0.0)
        self._order = scene.schema.action.names
        self._clearance = {side: Clearance(draw.model, side) for side in SIDES}
        self._low, self._high = _bounds(scene)
        self._action = np.array(scene.ready_ctrl, float)
        self._arm_columns = {s: [self._order.index(n) for n in scene.robot.arm_of(s)] for s in SIDES}
        self._base_columns = [self._order.index(name) for name in scene.robot.base_names]
        self._head = list(scene.robot.joints_of("head"))
        self._head_columns = [self._order.index(name) for name in self._head]
        self._claw_columns = {s: self._order.index(scene.robot.closes(s)) for s in SIDES}
        self._slew = self.timestep * SLEW * np.array([_speed_limit(scene, name) for name in self._order])
        self._beside: list[Motion] = []
        robot = scene.robot  # made at once: a chain that goes on from the middle recalls what is kept of it
        self._standing = Standing(self.model, robot.root, robot.base_joints[:3]) if self.base is not None else None
        self.placing: tuple | None = None
        self.given_up: str | None = None
        self.why = ""  # of the last way that was not found
        self.held: dict[str, str] = {}
        self.put_into: dict[str, str] = {}  # part -> the part into which it has been put, and with which it is carried since
        self.loads: dict[str, np.ndarray] = {}  # (3,) [N] felt at a hand while it held something and nobody else did
        speed = float(self.faults.get("speed", 1.0))
        for arm in self.arms.values():
            arm.time_scale = speed

    def _sources(self) -> list[tuple[slice, slice]]:
        """(slice of qpos, slice of sensordata) of every joint and free body whose place a sensor gives."""
        found = []
        slices, model = self.scene.layout.slices, self.model
        for j in range(model.njnt):
            address = int(model.jnt_qposadr[j])
            if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE:
                body = model.body(model.jnt_bodyid[j]).name
                for kind, start, width in (("body_position", 0, 3), ("body_orientation", 3, 4)):
                    name = Request(kind, body).name
                    if name in slices:
                        found.append((slice(address + start, address + start + width), slices[name]))
            else:
                name = Request("joint_position", model.joint(j).name).name
                if name in slices:
                    found.append((slice(address, address + 1), slices[name]))
        return found

    # -- directions -------------------------------------------------------------------------------------------------

    @property
    def heading(self) -> float:
        """[rad] where the robot faces, from the world's x axis to the left."""
        return self.scene.config.stands_at[2] if self.base is None else self.base.yaw

    def leftwards(self, way: np.ndarray) -> float:
        """[m] how far a way (3,) in the world leads to the robot's left."""
        return float(np.cos(self.heading) * way[1] - np.sin(self.heading) * way[0])

    def bearing(self, way: np.ndarray) -> float:
        """[rad] direction of a way (3,) against where the robot faces, positive to its left."""
        c, s = np.cos(self.heading), np.sin(self.heading)
        return float(np.arctan2(c * way[1] - s * way[0], c * way[0] + s * way[1]))

    # -- senses -----------------------------------------------------------------------------------------------------

    def see(self, readings: Readings, carry: GoalState) -> None:
        """Take in the readings of this control step (rows without a leading axis) and the course's carry (one row)."""
        self.readings, self.carry, self._fresh = readings, carry, False
        if self.base is not None:
            self.base.see(readings)
            self._place_arms()

    def _place_arms(self) -> None:
        """Tell the arms where in the world the robot stands; one that stands in its origin need not be told."""
        if self.base is not None:
            place: Pose | None = self.base.place
        else:
            x, y, yaw = self.scene.config.stands_at
            place = Pose.of((x, y, 0.0), yaw) if any((x, y, yaw)) else None
        for arm in self.arms.values():
            arm.place = place

    def _picture(self) -> mujoco.MjData:
        if not self._fresh:
            assert self.readings is not None
            for to, source in self._reads:
                self._data.qpos[to] = self.readings.value[source]
            if self.base is not None:  # no sensor tells of the legs: they follow the height
                for leg, angle in followers(self.model, np.array([self.base.height])).items():
                    self._data.qpos[self.model.joint(leg).qposadr[0]] = angle[0]
            mujoco.mj_kinematics(self.model, self._data)
            self._fresh = True
        return self._data

    def seen_data(self) -> mujoco.MjData:
        """What is seen, as the engine's data of positions, which hold until the next look."""
        data = self._picture()
        mujoco.mj_camlight(self.model, data)
        return data

    def drawn_model(self) -> mujoco.MjModel:
        """The model of this draw with its looks: what pictures are drawn of."""
        return self.scene.compile(self._values, looks=True)

    def site(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Where a site is seen: position (3,) [m] and rotation (3, 3)."""
        site = self._picture().site(name)
        return site.xpos.copy(), site.xmat.reshape(3, 3).copy()

    def body_pose(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        body = self._picture().body(name)
        return body.xpos.copy(), body.xmat.reshape(3, 3).copy()

    def site_at(self, name: str, joint: str, angle: float) -> tuple[np.ndarray, np.ndarray]:
        """Where a site would be if a joint of its part stood at another angle, all else as seen."""
        data = self._picture()
        address = self.model.joint(joint).qposadr[0]
        data.qpos[address] = angle
        mujoco.mj_kinematics(self.model, data)
        self._fresh = False
        return data.site(name).xpos.copy(), data.site(name).xmat.reshape(3, 3).copy()

    def part_of(self, site: str) -> str:
        """The body that a site belongs to."""
        return self.model.body(int(self.model.site(site).bodyid[0])).name

    def carrier_of(self, site: str) -> str:
        """The body that carries the one which a site belongs to: a key's housing."""
        return self.model.body(int(self.model.body_parentid[self.model.site(site).bodyid[0]])).name

    def hinge(self, joint: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Axis point (3,), axis direction (3,) and rotation (3, 3) of the door that turns about a hinge, as seen."""
        data = self._picture()
        j = self.model.joint(joint).id
        rotation = data.body(int(self.model.jnt_bodyid[j])).xmat.reshape(3, 3).copy()
        return data.body(int(self.model.jnt_bodyid[j])).xpos.copy(), rotation @ self.model.jnt_axis[j], rotation

    def slides(self, joint: str) -> bool:
        """Whether a joint is a slide, no hinge."""
        return bool(self.model.jnt_type[self.model.joint(joint).id] == mujoco.mjtJoint.mjJNT_SLIDE)

    def moves(self, joint: str) -> str:
        """The body that a joint moves."""
        return self.model.body(int(self.model.jnt_bodyid[self.model.joint(joint).id])).name

    def nearest_site(self, body: str, place: np.ndarray) -> str:
        """The site of a body, or of what hangs on it, that is nearest to a place (3,) [m].

        Raises:
            GivenUp: there is none.
        """
        model = self.model
        sites = [model.site(i).name for i in range(model.nsite)]
        found = [name for name in sites if name and hangs_on(model, name, body)]
        if not found:
            named = body.replace("/", ".", 1)
            raise GivenUp(Reason(f"{named} has no site by which it could be moved", "no_site", of=named))
        return min(found, key=lambda name: float(np.linalg.norm(self.site(name)[0] - place)))

    def joint(self, name: str) -> float:
        """What the sensor of a joint says [rad or m]."""
        assert self.readings is not None
        return float(self.readings.value[self.scene.layout.slices[Request("joint_position", name).name]][0])

    def vertices(self, cloth: Cloth) -> np.ndarray:
        """(n, 3) where the vertices of a cloth are seen [m]."""
        assert self.readings is not None
        columns = self.scene.layout.columns(cloth.requests)
        return np.asarray(self.readings.value[columns], float).reshape(-1, 3)

    def percent(self, side: str) -> float:
        """How far a claw is closed [%]."""
        assert self.readings is not None
        tendon = self.scene.robot.hand_tendons[self.scene.robot.hand_names.index(self.scene.robot.closes(side))]
        return float(self.readings.value[self.scene.layout.slices[Request("tendon_position", tendon).name]][0])

    def gap(self, side: str) -> float:
        """How far the pads of a claw stand apart [m]."""
        return self.hand.gap(self.percent(side))

    def touch(self, side: str) -> np.ndarray:
        """(fingers,) peak contact force on each finger [N]; on the front and the back one of a claw."""
        assert self.readings is not None
        column = self.scene.layout.column
        return np.array([self.readings.peak[column(force)] for force in finger_forces(self.scene.robot, side)])

    def feel(self, side: str) -> np.ndarray:
        """(3,) [N] what the fingers of a hand bear: the weight of what they hold, and whoever pulls at it."""
        assert self.readings is not None
        return -np.sum([self.readings.of(force) for force in finger_forces(self.scene.robot, side)], axis=0)

    def pulled(self, side: str) -> np.ndarray:
        """(3,) force [N] at a hand, told by how far it is from where the arm holds it; what it bears counts with it."""
        arm = self.arms[side]
        return np.linalg.solve(arm.compliance() + 1e-6 * np.eye(3), self.site(f"{side}_tcp")[0] - arm.hand()[0])

    def gaze(self, site: str) -> np.ndarray:
        """(2,) angles [rad] of the neck at which the head's camera looks at a site, within what the neck can."""
        data = self._picture()
        addresses = [self.model.joint(name).qposadr[0] for name in self._head]
        target, angles = data.site(site).xpos.copy(), data.qpos[addresses].copy()
        low, high = self._low[self._head_columns], self._high[self._head_columns]
        for _ in range(6):
            data.qpos[addresses] = angles
            mujoco.mj_kinematics(self.model, data)
            eye = data.site("head_camera")
            ahead, left, up = eye.xmat.reshape(3, 3).T @ (target - eye.xpos)
            angles = np.clip(angles + np.array([np.arctan2(left, ahead), -np.arctan2(up, ahead)]), low, high)
        self._fresh = False
        return angles

    def reached(self, subgoal: str | None) -> bool:
        """Whether the course has passed a subgoal."""
        if subgoal is None:
            return False
        assert self.carry is not None
        return bool(np.atleast_2d(self.carry.done)[0, 0] > self._stages[subgoal])

    def happened(self, rule: str) -> bool:
        """Whether a switch of the scenario's rules is on: what a lamp or a display tells."""
        assert self.readings is not None
        return bool(self.readings.first(memory(memory_name(rule))) > 0.5)

    def until(self, subgoal: str | None) -> Callable[[], bool] | None:
        return None if subgoal is None else lambda: self.reached(subgoal)

    # -- limbs ------------------------------------------------------------------------------------------------------

    def beside(self, motion: Motion) -> None:
        """Let a motion of the other arm run beside the skills that follow."""
        self._beside.append(motion)

    def turn_head(self, angles: np.ndarray, speed: float) -> Motion:
        """Turn the neck to angles (2,) [rad], slowly at both ends."""
        start = self._action[self._head_columns].copy()
        count = max(2, int(np.ceil(1.5 * np.abs(angles - start).max() / speed / self.timestep)))
        for i in range(1, count + 1):
            self._action[self._head_columns] = start + progress(i / count, 0.5) * (angles - start)
            yield

    def way(self, side: str, goal: np.ndarray, speed: float = 0.45) -> Path:
        """A free way of a hand, and of what it holds, to joint angles, that keeps clear of what is seen.

        Raises:
            GivenUp: none was found, and the straight way is blocked.
        """
        path = self.free_way(side, goal, speed)
        if path is None:
            path = self.arms[side].gently(self.arms[side].way([goal], speed, scatter=0.0), SWIFT)
            if self.room_on(side, path, sure=True) > BLOCKED:
                raise GivenUp(Reason(f"no free way was found for the {side} hand: {self.why}", "no_way", side=side))
        return path

    def free_way(self, side: str, goal: np.ndarray, speed: float) -> Path | None:
        """As `way`; None where none was found. Where none leads to these joint angles, the arm is held otherwise for the same pose."""
        found = self.plan(side, [goal], speed=speed)
        if found.path is None:
            found = self.plan(side, [self.arms[side].hand(goal)], speed=speed)
        self.why = found.why
        arm = self.arms[side]
        return None if found.path is None else arm.gently(arm.way(list(found.path[1:]), speed, scatter=0.0), SWIFT)

    def plan(
        self,
        side: str,
        goals: Sequence[np.ndarray | tuple[np.ndarray, np.ndarray]],
        keep: Keep | None = None,
        speed: float = 0.45,
    ) -> Plan:
        """A free way of a hand, with what it holds, to one of several goals (see `planning.plan`), quick at a speed [m/s]."""
        clearance = self._laden(side)
        arms = ArmGroup([self.arms[side]], clearance, self._around(side), [self.claws[side]])
        arm = self.arms[side]
        return plan(
            arms, goals, clearance.borne, keep=keep, lasts=lambda row: arm._path(row, speed).duration, rng=self.rng
        )

    def level_way(
        self, side: str, rows: Iterable[Sequence[np.ndarray]], speed: float, begin: Sequence[np.ndarray] = ()
    ) -> Path | None:
        """A way on which what a hand holds stays level, to the first posture of one of several rows, and on through the row.

        Args:
            side: whose hand.
            rows: (7,) joint angles from where it is free to the end of the way; as many are taken as leave room, up to `ROWS`.
            speed: [m/s] of the hand.
            begin: joint angles that it passes first, such as out of an opening.
        """
        arm, clearance = self.arms[side], self._laden(side)
        arms = ArmGroup([arm], clearance, self._around(side), [self.claws[side]])
        if begin:
            arms.q = begin[-1]
        chosen: list[tuple[float, Sequence[np.ndarray]]] = []
        for row in rows:
            arms.see(clearance.borne)  # as a row is made it is looked past what is held
            least = least_room(arms, spline_through(row), [arms.near(row[-1])])[0] if len(row) > 1 else MARGIN
            if least > TIGHT and all(np.abs(row[0] - other[0]).max() > ALIKE for _, other in chosen):
                chosen.append((least, row))
            if len(chosen) == ROWS:
                break
        chosen.sort(key=lambda one: -one[0])
        lowest = min((float(arm.hand(q)[0][2]) for q in (arms.q, *(row[0] for _, row in chosen))), default=-np.inf)
        keep = Level(arms, lowest=lowest - DIP)
        found = plan(arms, [row[0] for _, row in chosen], clearance.borne, keep=keep, margin=CARRIED, rng=self.rng)
        if found.path is None or found.goal is None:
            self.why = found.why or "nowhere is there room for it at the end"
            return None
        knots = [arm.q, *begin, *found.path[1:], *chosen[found.goal][1][1:]]
        return arm.gently(arm._path(knots, speed), SWIFT)

    def walk(self, straight: list[tuple[np.ndarray, float]]) -> list[tuple[np.ndarray, float]] | None:
        """Places (2,) [m] and headings [rad] of a walk, one after the other: straight, or round what stands there; None where it cannot be.

        What the hands hold goes with the robot; what it is so near to at the start or at the end does not count.
        """
        assert self._standing is not None
        held = [name for side in SIDES for name in self._clearance[side].borne]
        inside = [name for thing in held for name in self.with_contents(thing.split("/")[0])[1:]]
        tied = [part for part in (corded_part(self.model, what) for what in self.held.values()) if part is not None]
        start = self._standing.see(self._past(inside).copy(), list(dict.fromkeys(held)), tied)
        yaws = np.unwrap([start[2], *(yaw for _, yaw in straight)])
        row = [start, *(np.array([*place, yaw]) for (place, _), yaw in zip(straight, yaws[1:]))]
        found = walk(self._standing, row, self.rng)
        if found is None or found is row:
            return None if found is None else straight
        legs = []
        for a, b in itertools.pairwise(found):
            legs += [(a[:2], float(b[2])), (b[:2], float(b[2]))]
        return legs

    def crowd(
        self,
        side: str,
        q: np.ndarray,
        touch: Sequence[str] = (),
        joint: str | None = None,
        angle: float = 0.0,
        sink: float = np.inf,
        without: Sequence[str] = (),
    ) -> float:
        """How crowded it is for an arm at joint angles (see `Clearance.crowd`), looking past some parts."""
        clearance = self._laden(side)
        borne = clearance.borne
        bare = any(name.split("/")[0] in without for name in borne)
        if bare:
            clearance.bear(())
        found = clearance.crowd(q, self._past(without), self.claws[side], touch, joint, angle, sink)
        if bare:
            clearance.bear(borne)
        return found

    def from_trunk(self, side: str, rows: Iterable[np.ndarray]) -> float:
        """[m] between an arm and the robot's own body at the tightest of several joint angles (see `Clearance.from_trunk`)."""
        return self._clearance[side].from_trunk(rows, self._picture().qpos, self.claws[side])

    def centring(self, side: str, q: np.ndarray, thing: str) -> np.ndarray:
        """(3,) [m] by which an open hand has to be moved for a body to be in the middle of its fingers (see `Clearance.centring`)."""
        return self._clearance[side].centring(q, self._picture().qpos, self.claws[side], thing)

    def hand_points(self, side: str, q: np.ndarray) -> np.ndarray:
        """(n, 3) middles of the hand's geoms [m] at joint angles."""
        return self._clearance[side].hand_points(q)

    def with_contents(self, thing: str) -> list[str]:
        """A part of the scene and whatever stands in it or on it, or has been put into it to stay, by their names in the YAML."""
        names = [thing]
        for placed in self.scene.config.parts:
            begins = None if placed.stands_on is None else placed.stands_on[0]
            if self.put_into.get(placed.name, begins) in names:
                names.append(placed.name)
        return names

    def room_on(self, side: str, path: Path, held: Sequence[str] = (), sure: bool = False) -> float:
        """What a path costs (see `Clearance.cost`), looking past the parts that the hand holds."""
        return self._laden(side).cost(path, self._around(side, held), self.claws[side], sure=sure)

    def least_room(self, side: str, path: Path, places: int, held: Sequence[str]) -> float:
        """[m] of room of arm and hand at the tightest of so many places of a way, its ends too, looking past the parts that are held."""
        clearance = self._clearance[side]
        borne = clearance.borne
        if borne:
            clearance.bear(())
        clearance.see(self._past(held), self.claws[side])
        near = (clearance.near(path.spline(share)).values() for share in np.linspace(0.0, 1.0, places))
        least = min((distance for distances in near for distance in distances), default=np.inf)
        if borne:
            clearance.bear(borne)
        return least

    def _laden(self, side: str) -> Clearance:
        """The picture of an arm that gives way to what its hand bears now."""
        clearance, arm = self._clearance[side], self.arms[side]
        weight = max(0.0, -float(self.feel(side)[2])) if clearance.borne else 0.0
        clearance.hang(Load(weight, arm.q, arm.stiffness) if weight > LIGHT else None)
        return clearance

    def _around(self, side: str, held: Sequence[str] = ()) -> np.ndarray:
        """(nq,) the scene as seen, without what lies in the things that a hand holds, and without other parts that it holds."""
        borne = {name.split("/")[0] for name in self._clearance[side].borne}
        inside = {name for thing in borne for name in self.with_contents(thing)}
        return self._past(sorted((inside | set(held)) - borne)).copy()

    def _past(self, parts: Sequence[str]) -> np.ndarray:
        """(nq,) the scene as seen, but some parts far below the floor."""
        if not parts:
            return self._picture().qpos
        picture = self._picture().qpos.copy()
        for j in range(self.model.njnt):
            name = self.model.joint(j).name
            if self.model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE and name.split("/")[0] in parts:
                picture[self.model.jnt_qposadr[j] + 2] -= 10.0
        return picture

    def tightness(self, side: str, path: Path, held: Sequence[str]) -> float:
        """What a path costs, looking past the parts that the hand holds, and what it misses of where it was wanted."""
        return self.room_on(side, path, held) + 200.0 * max(path.error - REACHED, 0.0)

    def freest(self, side: str, paths: Iterable[Path], held: Sequence[str]) -> Path | None:
        """The first of several ways that is free enough, or else the one that costs least; None where there is none.

        Args:
            paths: imagined one after the other, as long as none is free enough.
            held: the parts that the hand holds.
        """
        best: tuple[float, Path | None] = (np.inf, None)
        for path in paths:
            cost = self.tightness(side, path, held)
            if cost < best[0]:
                best = (cost, path)
            if cost < ENOUGH:
                break
        return best[1]

    def goal(
        self,
        side: str,
        poses: Sequence[Sequence[tuple[np.ndarray, np.ndarray | None]]],
        like: np.ndarray,
        orient: Sequence[float] | float = 0.3,
        touch: Sequence[str] = (),
        held: Sequence[str] = (),
    ) -> tuple[float, list[np.ndarray]]:
        """Of several rows of hand poses the one that is within reach and leaves room; its score and joint angles.

        Args:
            poses: rows of (position, rotation); each pose of a row is searched from the one before.
            like: posture that is preferred; the first row that scores well is taken.
            orient: as in `Arm.solve`.
            touch: bodies that the hand may touch in the last pose of a row.
            held: the parts that the hand holds: they are not where they are seen now.
        """
        arm = self.arms[side]
        best: tuple[float, Any] = (np.inf, [])
        for row in poses:
            seed, score, found = like, 0.0, []
            for i, (position, rotation) in enumerate(row):
                seed, off = arm.solve(position, rotation, seed, like, orient)
                found.append(seed)
                may = touch if i == len(row) - 1 else ()
                score += 400.0 * max(off - REACHED, 0.0) + self.crowd(side, seed, may, without=held)
            if score < best[0]:
                best = (score, found)
            if score < 0.5:
                break
        return best

    def wait(self, seconds: float) -> Motion:
        for _ in range(max(1, round(seconds / self.timestep))):
            yield

    def pause(self, low: float = 0.1, high: float = 0.3) -> Motion:
        """A person's short pause, drawn from the seed."""
        yield from self.wait(float(self.rng.uniform(low, high)))

    def open_claw(self, side: str, gap: float) -> None:
        """Let the pads stand a gap [m] apart; the claw moves there while the arm goes on."""
        self.squeeze[side] = 0.0
        self.claws[side] = self.hand.percent(gap)

    def grip(self, side: str, force: float, patience: float = 1.6) -> Motion:
        """Close a claw until both pads touch, then squeeze with a force [N]."""
        force *= float(self.faults.get("grip_force", 1.0))
        percent, still = self.percent(side), 0
        for _ in range(round(patience / self.timestep)):
            before = self.percent(side)
            percent = min(percent + CLOSING * self.timestep, 100.0)
            self.claws[side] = percent
            yield
            # a finger that is merely slow has stopped as little as one that has touched on one side only
            stopped = self.percent(side) - before < 0.1 * CLOSING * self.timestep
            still = still + 1 if stopped and self.touch(side).min() > 1.0 else 0
            if still >= 3:
                break
        now = self.percent(side)
        for share in np.linspace(0.25, 1.0, 4):
            self.claws[side] = min(now + self.hand.percent_of_force(share * force), 100.0)
            yield
        yield from self.wait(0.25)

    def let_go(self, side: str, gap: float, seconds: float = 0.5) -> Motion:
        """Open a claw evenly to a gap [m]."""
        start, end = self.percent(side), self.hand.percent(gap)
        count = max(2, round(seconds / self.timestep))
        for i in range(1, count + 1):
            self.claws[side] = start + (end - start) * i / count
            yield
        self.held.pop(side, None)
        self._clearance[side].bear(())

    def hold_on(self, side: str, what: str) -> None:
        """Remember what a hand holds: a body, a site of it, or a cloth. What is rigid is part of the hand's ways until it lets go.

        Raises:
            GivenUp: the hand has closed on nothing. Who goes wrong on purpose goes on; of cloth its own skills say it.
        """
        rigid, corded = rigid_part(self.model, what), corded_part(self.model, what)
        gap = self.gap(side)
        # what is held presses on both pads, and what is rigid keeps them apart
        cloth = any(cloth.part == what for cloth in self.scene.cloths)
        if not (self.on_purpose or cloth) and (self.touch(side).min() == 0.0 or (rigid is not None and gap < 0.0)):
            gap, of = max(gap, 0.0), what.replace("/", ".", 1)
            sentence = f"the {side} hand closed on nothing instead of {of}: {1e3 * gap:.0f} mm between the pads"
            raise GivenUp(Reason(sentence, "closed_on_nothing", side=side, of=of, gap=gap))
        self.held[side] = what
        if rigid is not None:
            self._clearance[side].bear([rigid])
        elif corded is not None:
            self._clearance[side].bear((), [corded])

    def aim(self) -> np.ndarray:
        """(3,) [m] by which a fault makes targets be missed, to the robot's left."""
        offset = float(self.faults.get("aim_offset", 0.0))
        return np.array([-np.sin(self.heading) * offset, np.cos(self.heading) * offset, 0.0])

    def tell(self, name: str, value: float) -> None:
        """Give an answer that the scenario asks for; it stays given."""
        self._action = with_answers(self._action, self._order, {name: value})

    def move_beside(self) -> None:
        for motion in list(self._beside):
            try:
                next(motion)
            except StopIteration:
                self._beside.remove(motion)
            except GivenUp as reason:
                self._beside.remove(motion)
                self.given_up = reason.args[0]

    def action(self) -> np.ndarray:
        """(nu,) float32 of this control step."""
        for side in SIDES:
            columns = self._arm_columns[side]
            change = self.arms[side].command - self._action[columns]
            self._action[columns] += np.clip(change, -self._slew[columns], self._slew[columns])
            column = self._claw_columns[side]
            step = self.hand.speed * self.timestep
            self._action[column] += np.clip(self.claws[side] - self._action[column], -step, step)
        if self.base is not None:
            self._action[self._base_columns] = self.base.command
        return np.clip(self._action, self._low, self._high).astype(np.float32)


def _speed_limit(scene: Scene, name: str) -> float:
    """The smaller of a joint's two speed limits [rad/s]; claws have their own."""
    speeds = scene.robot.limits.get(name, {}).get("velocity", {})
    return min((float(speeds[key]) for key in ("limit", "peak") if key in speeds), default=1e9)


def _bounds(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of an action: 0.95 of the joints' range, the whole range of the claws."""
    low, high = scene.schema.action.low.astype(float), scene.schema.action.high.astype(float)
    joint = np.array([n in scene.robot.joint_names for n in scene.schema.action.names])
    middle, half = (low + high) / 2, (high - low) / 2 * np.where(joint, 0.945, 1.0)
    return middle - half, middle + half
