"""What the operator sees and commands: readings made into a picture of the scene, two arms, two claws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.parts.pose import Pose
from ...scenarios.reading.answers import with_answers
from ...scenarios.robots.hand_shape import shapes_of
from ...scenarios.robots.robot_folder import SIDES
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.temporal import GoalState
from .limbs.arm import Arm
from .limbs.base import OnLegs, base_of
from .limbs.geometry import progress
from .limbs.hand import Hand
from .limbs.people import Bystanders
from .limbs.steady import SteadyHands
from .planning.ways import Ways
from .senses.attachment import corded_part, rigid_part, tied
from .senses.senses import Senses
from .words.reason import GivenUp, Reason
from .words.skill import Motion, Skill

SLEW = 0.66  # share of a joint's speed limit that a command never exceeds, whatever happens
CLOSING = 35.0  # percent/s, until the pads touch
STAYS = ("look", "report", "wait", "verify", "release")  # words of skills before which a hand that stays in the room goes on doing so
FRESH = ("take", "reach", "press", "point", "stroke")  # words of skills before which an empty hand takes its shape anew


class OperatorState:
    """The operator in one copy of a scene: its senses, its ways, and its limbs, which it commands.

    Nothing is written but the action.

    Args:
        scene: the scene; draw: the varied copy it works in.
        rng: of everything that is not the same twice in a person: tremor, pauses, small scatter.
        faults: named ways in which it shall go wrong (see `Operator`).
    """

    def __init__(self, scene: Scene, draw: Draw, rng: np.random.Generator, faults: Mapping[str, float | str]):
        self.scene, self.model, self.rng, self.faults = scene, draw.model, rng, dict(faults)
        self.on_purpose = bool(self.faults)  # whether it goes wrong on purpose
        self.timestep = scene.control_timestep
        sheet = scene.robot.hand_sheet
        self._shapes = {name: Hand(sheet, name) for name in shapes_of(sheet)}
        self._used: dict[str, str] = dict(sheet.get("used", {}))
        first = next(iter(self._shapes))
        self.shape = dict.fromkeys(SIDES, first)  # in which either hand is
        self._now = SIDES[0]  # the hand of this skill
        self._values = dict(draw.values)
        ready = scene.robot.pose(scene.config.pose)
        model = scene.model
        self.people = Bystanders(scene, float(self.faults.get("near_people", 1.0)))
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
                self.people,
            )
        self.base = base_of(scene, self.people)
        self.steady = SteadyHands(self.base, self.arms) if isinstance(self.base, OnLegs) else None
        self.senses = Senses(scene, draw.model, self._shapes, self.shape, self.base)
        self._place_arms()
        self.began = {side: arm.q.copy() for side, arm in self.arms.items()}
        self.claws = dict.fromkeys(SIDES, 0.0)
        self.squeeze = dict.fromkeys(SIDES, 0.0)
        self._order = scene.schema.action.names
        self._low, self._high = _bounds(scene)
        self._action = np.array(scene.ready_ctrl, float)
        self._arm_columns = {s: [self._order.index(n) for n in scene.robot.arm_of(s)] for s in SIDES}
        self._base_columns = [self._order.index(name) for name in scene.robot.base_names]
        self._head = list(scene.robot.joints_of("head"))
        self._head_columns = [self._order.index(name) for name in self._head]
        self._hand_columns = {s: [self._order.index(n) for n in scene.robot.drives_of(s)] for s in SIDES}
        self._slew = self.timestep * SLEW * np.array([_speed_limit(scene, name) for name in self._order])
        self._beside: list[Motion] = []
        self.given_up: str | None = None
        self.walks_on = False  # whether the next skill of the chain is a walk: between the two nobody has to stand still
        self.held: dict[str, str] = {}
        self.put_into: dict[str, str] = {}  # part -> the part into which it has been put, and with which it is carried since
        self.loads: dict[str, np.ndarray] = {}  # (3,) [N] measured at a hand while it held something and nobody else did
        self.ways = Ways(self.senses, self.arms, self.claws, self.held, self.put_into, rng)
        for arm in self.arms.values():
            arm.grips_at(self.hand.shape.tcp)
            arm.time_scale = float(self.faults.get("speed", 1.0))

    @property
    def hand(self) -> Hand:
        """The hand of this skill, in its shape."""
        return self.hand_of(self._now)

    def hand_of(self, side: str) -> Hand:
        """The left or right hand, in its shape."""
        return self.senses.hand(side)

    def begin(self, skill: Skill) -> None:
        """Bring the hand of a skill into the shape in which its sheet says that it does it; one that holds something keeps its own."""
        side = skill.values.get("hand")
        if skill.word not in STAYS:
            self._follow_trunk((side,) if side in SIDES else SIDES)
        if side not in SIDES:
            return
        self._now = side
        name = self._used.get(skill.name, self._used.get(skill.word, next(iter(self._shapes))))
        if self._used and side not in self.held and (skill.name in self._used or skill.word in self._used or skill.word in FRESH):
            self.shape[side] = name
            self.arms[side].grips_at(self._shapes[name].shape.tcp)

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

    def see(self, readings: Readings, carry: GoalState) -> None:
        """Take in the readings of this control step (rows without a leading axis) and the course's carry (one row)."""
        self.people.see(readings.value)
        self.senses.see(readings, carry)
        if self.steady is not None:
            self.steady.see(self.held, {side: self.senses.feel(side)[:3] for side in SIDES})
        self._place_arms()

    def _place_arms(self) -> None:
        """Give the arms the robot's place in the world; a robot in the origin needs none."""
        if self.base is not None:
            place: Pose | None = self.base.place
        else:
            x, y, yaw = self.scene.config.stands_at
            place = Pose.of((x, y, 0.0), yaw) if any((x, y, yaw)) else None
        for side, arm in self.arms.items():
            arm.place = place if self.steady is None else self.steady.place(side)

    def stay(self, side: str) -> None:
        """Let a hand that presses or pulls stay in the room until a skill takes it elsewhere; a trunk on legs would take it along."""
        if self.steady is not None:
            self.steady.stay(side)

    def _follow_trunk(self, sides: Sequence[str]) -> None:
        if self.steady is not None:
            for side in sides:
                self.steady.leave(side)
            self._place_arms()

    def drawn_model(self) -> mujoco.MjModel:
        """The model of this draw with its looks: what pictures are drawn of."""
        return self.scene.compile(self._values, looks=True)

    def gaze(self, site: str) -> np.ndarray:
        """(2,) angles [rad] of the neck at which the head's camera looks at a site, within what the neck can."""
        data = self.senses.picture()
        addresses = [self.model.joint(name).qposadr[0] for name in self._head]
        target, angles = data.site(site).xpos.copy(), data.qpos[addresses].copy()
        low, high = self._low[self._head_columns], self._high[self._head_columns]
        for _ in range(6):
            data.qpos[addresses] = angles
            mujoco.mj_kinematics(self.model, data)
            eye = data.site("head_camera")
            ahead, left, up = eye.xmat.reshape(3, 3).T @ (target - eye.xpos)
            angles = np.clip(angles + np.array([np.arctan2(left, ahead), -np.arctan2(up, ahead)]), low, high)
        self.senses.forget()
        return angles

    def behind(self, side: str) -> np.ndarray:
        """(3,) [m] by which a hand is seen behind where it is commanded to be: what stands in its way, or bears on it."""
        return self.arms[side].hand()[0] - self.senses.site(f"{side}_tcp")[0]

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

    def wait(self, seconds: float) -> Motion:
        for _ in range(max(1, round(seconds / self.timestep))):
            yield

    def pause(self, low: float = 0.1, high: float = 0.3) -> Motion:
        """A person's short pause, drawn from the seed."""
        yield from self.wait(float(self.rng.uniform(low, high)))

    def open_claw(self, side: str, gap: float) -> Arm:
        """Let the pads stand a gap [m] apart; the claw moves there while the arm, which is returned, goes on."""
        self.squeeze[side] = 0.0
        self.claws[side] = self.hand_of(side).percent(gap)
        return self.arms[side]

    def grip(self, side: str, force: float, patience: float = 1.6) -> Motion:
        """Close a claw until both pads touch, then squeeze with a force [N]."""
        force *= float(self.faults.get("grip_force", 1.0))
        percent, still = self.senses.percent(side), 0
        for _ in range(round(patience / self.timestep)):
            before = self.senses.percent(side)
            percent = min(percent + CLOSING * self.timestep, 100.0)
            self.claws[side] = percent
            yield
            # a finger that is merely slow has stopped as little as one that has touched on one side only
            stopped = self.senses.percent(side) - before < 0.1 * CLOSING * self.timestep
            still = still + 1 if stopped and self.senses.touch(side).min() > 1.0 else 0
            if still >= 3:
                break
        now = self.senses.percent(side)
        for share in np.linspace(0.25, 1.0, 4):
            self.claws[side] = min(now + self.hand_of(side).percent_of_force(share * force), 100.0)
            yield
        yield from self.wait(0.25)

    def let_go(self, side: str, gap: float, seconds: float = 0.5) -> Motion:
        """Open a claw evenly to a gap [m]."""
        start, end = self.senses.percent(side), self.hand_of(side).percent(gap)
        count = max(2, round(seconds / self.timestep))
        for i in range(1, count + 1):
            self.claws[side] = start + (end - start) * i / count
            yield
        self.held.pop(side, None)
        self.ways.bear(side)
        if self.steady is not None:
            self.steady.tied.discard(side)

    def hold_on(self, side: str, what: str) -> None:
        """Remember what a hand holds: a body, a site of it, or a cloth. What is rigid is part of the hand's ways until it lets go.

        Raises:
            GivenUp: the hand has closed on nothing. Who goes wrong on purpose goes on; of cloth its own skills say it.
        """
        rigid, corded = rigid_part(self.model, what), corded_part(self.model, what)
        gap = self.senses.gap(side)
        # what is held presses on both pads, and what is rigid keeps them apart
        cloth = any(cloth.part == what for cloth in self.scene.cloths)
        if not (self.on_purpose or cloth) and (self.senses.touch(side).min() == 0.0 or (rigid is not None and gap < 0.0)):
            gap, of = max(gap, 0.0), what.replace("/", ".", 1)
            sentence = f"the {side} hand closed on nothing instead of {of}: {1e3 * gap:.0f} mm between the pads"
            raise GivenUp(Reason(sentence, "closed_on_nothing", side=side, of=of, gap=gap))
        self.held[side] = what
        if self.steady is not None and self.sways_against(what):
            self.steady.tied.add(side)
        if rigid is not None:
            self.ways.bear(side, [rigid])
        elif corded is not None:
            self.ways.bear(side, corded=[corded])

    def sways_against(self, what: str) -> bool:
        """Whether the robot would sway, on its own legs, against a thing that is tied to the room, such as a tucked blanket."""
        if self.steady is None or rigid_part(self.model, what) is not None or any(cloth.part == what for cloth in self.scene.cloths):
            return False
        return tied(self.model, self.senses.picture(), what)

    def aim(self) -> np.ndarray:
        """(3,) [m] by which faults make targets be missed, to the robot's left and ahead of it."""
        left, ahead = (float(self.faults.get(name, 0.0)) for name in ("aim_offset", "aim_ahead"))
        sin, cos = np.sin(self.heading), np.cos(self.heading)
        return np.array([cos * ahead - sin * left, sin * ahead + cos * left, 0.0])

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
            wanted = self.arms[side].command
            if self.steady is not None:
                wanted = wanted + self.steady.correction(side, wanted)
            change = wanted - self._action[columns]
            self._action[columns] += np.clip(change, -self._slew[columns], self._slew[columns])
            columns, hand = self._hand_columns[side], self.hand_of(side)
            step = hand.speed * self.timestep
            self._action[columns] += np.clip(hand.shape.drives_at(self.claws[side]) - self._action[columns], -step, step)
        if self.base is not None:
            self._action[self._base_columns] = self.base.command
        return np.clip(self._action, self._low, self._high).astype(np.float32)


def _speed_limit(scene: Scene, name: str) -> float:
    """The smaller of a joint's two speed limits [rad/s]; claws have their own."""
    speeds = scene.robot.limits.get(name, {}).get("velocity", {})
    return min((float(speeds[key]) for key in ("limit", "peak") if key in speeds), default=1e9)


def _bounds(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of an action: 0.945 of the joints' range, and the action space (float32 ends) for all else."""
    of, (low, high) = scene.schema.action, scene.schema.action.bounds
    joint = np.array([n in scene.robot.joint_names for n in of.names])
    middle, half = (of.low + of.high) / 2, (of.high - of.low) / 2 * 0.945
    return np.where(joint, middle - half, low), np.where(joint, middle + half, high)
