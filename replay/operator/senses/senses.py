"""What the operator senses: readings made into a picture of the scene, and what joints, claws and fingers report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mujoco
import numpy as np

from ....scenarios.cloth.cloth import Cloth
from ....scenarios.robots.mobile import followers
from ....scenarios.robots.robot import Robot
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.reaction import memory
from ....scenarios.sensing.requests import Readings, Request
from ....scenarios.sensing.temporal import GoalState
from ....scenarios.words.declared import memory_name
from ..limbs.base import Base
from ..limbs.hand import Hand
from ..words.reason import GivenUp, Reason
from .attachment import hangs_on


def finger_forces(robot: Robot, side: str) -> list[Request]:
    """What each finger of a hand feels."""
    return [_finger(name) for name in robot.fingers if name.startswith(f"{side}_")]


def _finger(name: str) -> Request:
    return Request("contact_force", f"tree:{name}")


class Senses:
    """What is seen and measured of one copy of a scene, at this control step.

    Part geometry is that of the draw's model, places come from the sensors. Nothing is read from the simulation itself.

    Args:
        scene: the scene; model: of its draw.
        hands, shape: of its robot, by their shapes; and in which of them either hand is.
        base: None where it does not move.
    """

    readings: Readings  # of this control step, as `carry`; there are none before the first `see`
    carry: GoalState

    def __init__(
        self, scene: Scene, model: mujoco.MjModel, hands: Mapping[str, Hand], shape: Mapping[str, str], base: Base | None
    ):
        self.scene, self.model, self._hands, self._shape, self._base = scene, model, hands, shape, base
        self._data = mujoco.MjData(model)
        self._data.qpos[:] = scene.start_qpos(model)
        self._reads = self._sources()
        self._fresh = False
        self._stages = {goal.name: i for i, goal in enumerate(scene.goal)}

    def see(self, readings: Readings, carry: GoalState) -> None:
        """Take in the readings of this control step (rows without a leading axis) and the course's carry (one row)."""
        self.readings, self.carry, self._fresh = readings, carry, False
        if self._base is not None:
            self._base.see(readings)

    def _sources(self) -> list[tuple[slice, slice]]:
        """(slice of qpos, slice of sensordata) of every joint and free body with a place that a sensor gives."""
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

    def forget(self) -> None:
        """Look anew when the picture is wanted next: it was changed to try something."""
        self._fresh = False

    def picture(self) -> mujoco.MjData:
        if not self._fresh:
            for to, source in self._reads:
                self._data.qpos[to] = self.readings.value[source]
            if self._base is not None:  # no sensor tells of the legs: they follow the height
                for leg, angle in followers(self.model, np.array([self._base.height])).items():
                    self._data.qpos[self.model.joint(leg).qposadr[0]] = angle[0]
            mujoco.mj_kinematics(self.model, self._data)
            self._fresh = True
        return self._data

    def seen_data(self) -> mujoco.MjData:
        """What is seen, as the engine's data of positions, which hold until the next look."""
        data = self.picture()
        mujoco.mj_camlight(self.model, data)
        return data

    def site(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Where a site is seen: position (3,) [m] and rotation (3, 3)."""
        site = self.picture().site(name)
        return site.xpos.copy(), site.xmat.reshape(3, 3).copy()

    def body_pose(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        body = self.picture().body(name)
        return body.xpos.copy(), body.xmat.reshape(3, 3).copy()

    def site_at(self, name: str, joint: str, angle: float) -> tuple[np.ndarray, np.ndarray]:
        """Where a site would be if a joint of its part stood at another angle, all else as seen."""
        data = self.picture()
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
        data = self.picture()
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
        return float(self.readings.value[self.scene.layout.slices[Request("joint_position", name).name]][0])

    def vertices(self, cloth: Cloth) -> np.ndarray:
        """(n, 3) where the vertices of a cloth are seen [m]."""
        columns = self.scene.layout.columns(cloth.requests)
        return np.asarray(self.readings.value[columns], float).reshape(-1, 3)

    def percent(self, side: str) -> float:
        """How far a hand is closed [%]."""
        return self.hand(side).shape.percent_of(self.drives(side))

    def hand(self, side: str) -> Hand:
        """The left or right hand, in its shape."""
        return self._hands[self._shape[side]]

    def drives(self, side: str) -> np.ndarray:
        """(n,) how far the drives of a hand are closed [%]."""
        robot, slices = self.scene.robot, self.scene.layout.slices
        tendons = [robot.hand_tendons[robot.hand_names.index(name)] for name in robot.drives_of(side)]
        return np.array([self.readings.value[slices[Request("tendon_position", tendon).name]][0] for tendon in tendons])

    def gap(self, side: str) -> float:
        """How far the pads of a claw stand apart [m]."""
        return self.hand(side).gap(self.percent(side))

    def touch(self, side: str) -> np.ndarray:
        """(sides,) peak contact force on the fingers of either side of the grip [N]; on the front and the back one of a claw."""
        peak, column = self.readings.peak, self.scene.layout.column
        sides = self.hand(side).shape.sides
        return np.array([sum(peak[column(_finger(f"{side}_{name}"))] for name in fingers) for fingers in sides])

    def feel(self, side: str) -> np.ndarray:
        """(3,) [N] what the fingers of a hand bear: the weight of what they hold, and whoever pulls at it."""
        return -np.sum([self.readings.of(force) for force in finger_forces(self.scene.robot, side)], axis=0)

    def reached(self, subgoal: str | None) -> bool:
        """Whether the course has passed a subgoal."""
        if subgoal is None:
            return False
        return bool(np.atleast_2d(self.carry.done)[0, 0] > self._stages[subgoal])

    def holds(self, subgoal: str) -> bool:
        """Whether what a subgoal asks for is so now, whatever the course has passed."""
        return bool(self.scene.goal[self._stages[subgoal]].predicate.margin(self.readings) >= 0.0)

    def happened(self, rule: str) -> bool:
        """Whether a switch of the scenario's rules is on: what a lamp or a display tells."""
        return bool(self.readings.first(memory(memory_name(rule))) > 0.5)

    def until(self, subgoal: str | None) -> Callable[[], bool] | None:
        return None if subgoal is None else lambda: self.reached(subgoal)
