"""The robot of a run: its model with the chosen hands and base, its joints in the maker's order, its limits and poses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import mujoco

from ..parts.parsed_mjcf import parsed
from ..parts.pose import Pose
from ..sheet.errors import ScenarioError
from ..sheet.near_matches import nearest, refuse_unknown
from ..sheet.own_files import read_own, written
from ..sheet.quantity import parse_quantity
from . import legged, mobile
from .hand_shape import mirrored
from .leg_policy import LegPolicy
from .legs_sheet import read_legs
from .robot_folder import BASES, DEFAULT_ROBOT, LEGS, SIDES, robot_folder, robots

SHEET = "robot.yaml"


@dataclass(frozen=True)
class Robot:
    """A robot's folder under assets/robots, with a hand and a base chosen.

    Attributes:
        sheet: its robot.yaml.
        hand: which hand, a key of the sheet's `hands`, which names the hand's own sheet; base: how it stands.
        policy: what moves its legs in place of the controller of `legs.yaml`, where a user gives one.
    """

    name: str
    folder: Path
    sheet: Mapping[str, Any]
    hand: str
    base: str = "planted"
    policy: LegPolicy | None = None

    @cached_property
    def interface(self) -> Mapping[str, Mapping[str, Any]]:
        """What a scenario's words mean: the robot's own, and the hand's; each name of the hand is meant of both sides."""
        words = {
            word: {kind: list(self.of_both(names)) for kind, names in entry.items()}
            for word, entry in self.hand_sheet.get("interface", {}).items()
        }
        own: Mapping[str, Mapping[str, Any]] = self.sheet.get("interface") or {}
        return {word: {**own.get(word, {}), **words.get(word, {})} for word in (*words, *own)}

    @cached_property
    def hand_sheet(self) -> Mapping[str, Any]:
        """The sheet of the chosen hand: model, drives, fingers, how it grips."""
        sheet: Mapping[str, Any] = read_own(self.folder / self.sheet["hands"][self.hand])
        return sheet

    @staticmethod
    def of_both(names: Iterable[str]) -> tuple[str, ...]:
        """Names of a hand's model as they are called in the robot's: all of the left hand, then all of the right one."""
        names = tuple(names)
        return tuple(f"{side}_{name}" for side in SIDES for name in names)

    def joints_of(self, group: str) -> tuple[str, ...]:
        """Joints of a group of the sheet (`legs`, `arm`, `head`), in the real robot's order."""
        joints = self.sheet["groups"].get(group, ())
        return (
            tuple(name for side in joints.values() for name in side) if isinstance(joints, Mapping) else tuple(joints)
        )

    def arm_of(self, side: str) -> tuple[str, ...]:
        """Joints of the left or right arm, from shoulder to wrist."""
        return tuple(self.sheet["groups"]["arm"][side])

    def elbow_of(self, side: str) -> str:
        """The joint that bends the left or right arm."""
        return str(self.sheet["elbows"][side])

    @cached_property
    def joint_names(self) -> tuple[str, ...]:
        """Joints that a recording of this base commands, in the real robot's order: arms, head."""
        return (*self.joints_of("arm"), *self.joints_of("head"))

    @cached_property
    def arm_names(self) -> tuple[str, ...]:
        return self.joints_of("arm")

    @cached_property
    def hand_names(self) -> tuple[str, ...]:
        """Actuators of the hands, in percent: 0 open, 100 closed."""
        return self.of_both(self.hand_sheet["drives"])

    @cached_property
    def hand_tendons(self) -> tuple[str, ...]:
        """Tendons that are as long as the percent of `hand_names`."""
        return self.of_both(self.hand_sheet["drives"].values())

    @cached_property
    def fingers(self) -> tuple[str, ...]:
        """Bodies of the fingers of both hands."""
        return self.of_both(self.hand_sheet["fingers"])

    def drives_of(self, side: str) -> tuple[str, ...]:
        """Actuators of the left or right hand, in the maker's order."""
        return tuple(f"{side}_{name}" for name in self.hand_sheet["drives"])

    def closes(self, side: str) -> str:
        """The actuator that closes the left or right hand [%]: the first of its drives."""
        return f"{side}_{next(iter(self.hand_sheet['drives']))}"

    @property
    def moves(self) -> bool:
        """Whether its base glides from place to place."""
        return self.base == "mobile"

    @property
    def goes(self) -> bool:
        """Whether it can be commanded to go somewhere, gliding or on its legs."""
        return bool(self.base_names)

    @cached_property
    def legs(self) -> Mapping[str, Any]:
        """What keeps it on its own legs: `legs.yaml` of its folder."""
        return read_legs(self.folder)

    @property
    def legs_controller(self) -> str:
        """What moves its legs, as verdicts name it."""
        return str(self.legs["controller"]) if self.policy is None else self.policy.controller

    @property
    def base_names(self) -> tuple[str, ...]:
        """Actuators of a base that goes, the last of an action: speeds ahead, to the left and of turning, and height."""
        return mobile.COMMANDS if self.base in ("mobile", "legs") else ()

    @property
    def base_joints(self) -> tuple[str, ...]:
        """Joints that carry a base that moves: x, y [m] and yaw [rad] in the world, height [m] against standing."""
        return mobile.JOINTS if self.base == "mobile" else ()

    @property
    def base_units(self) -> tuple[str, ...]:
        return mobile.UNITS if self.base_names else ()

    @property
    def root(self) -> str:
        """The top body of the robot."""
        return mobile.FOOTPRINT if self.base == "mobile" else "base_link"

    @property
    def moving_legs(self) -> tuple[str, ...]:
        """Links of the legs that go through the room and touch nothing: thighs, shanks, and feet that glide."""
        links = mobile.moving_links(self.sheet) if self.goes else ()
        return links if self.moves else tuple(link for link in links if link not in self.sheet["sole"]["links"])

    @cached_property
    def limits(self) -> Mapping[str, Mapping[str, Any]]:
        """Joint name -> position, velocity and torque limits of the sheet, SI."""

        def tables(value: Any, dimension: str) -> dict[str, float]:
            each = value if isinstance(value, Mapping) else {"limit": value, "peak": value}
            return {key: parse_quantity(number, dimension) for key, number in each.items()}

        return {
            name: {
                "position": [parse_quantity(end, "angle") for end in joint["position"]],
                "velocity": tables(joint["velocity"], "angular_speed"),
                "torque": tables(joint["torque"], "torque"),
            }
            for name, joint in self.sheet["joints"].items()
        }

    def pose(self, name: str) -> dict[str, float]:
        """A named pose: joint name -> angle [rad] (legs left out).

        Raises:
            ScenarioError: where the robot has no pose of that name.
        """
        poses = self.sheet["poses"]
        refuse_unknown(name, poses, f"The robot {self.name} has no pose {name!r}.", field="robot.pose")
        return {joint: float(angle) for joint, angle in poses[name].items() if joint in self.joint_names}

    def spec(self, stands: Pose | None = None) -> mujoco.MjSpec:
        """A fresh spec of the robot alone: its base fixed to the world at stance height, or carried by its joints.

        Args:
            stands: where the floor mark between its feet lies (at the start); the world's origin where None.
        """
        if self.base == "mobile":
            spec = mobile.mobile_spec(self.folder / self.sheet["model"], self.sheet, stands or Pose.identity())
            self._attach_hands(spec)
            mobile.add_commands(spec, self.sheet)
            return spec
        if self.base == "legs":
            spec = legged.legged_spec(self.folder / self.sheet["model"], self.sheet, stands or Pose.identity())
            self._attach_hands(spec)
            legged.add_commands(spec, self.sheet, self.legs)
            return spec
        spec = parsed(self.folder / self.sheet["model"])
        stance = self.sheet["stance"]
        base = (stands or Pose.identity()) @ Pose.of((0.0, 0.0, stance["base_height"]))
        spec.body("base_link").pos, spec.body("base_link").quat = base.pos, base.quat
        for name, angle in stance["legs"].items():
            joint = spec.joint(name)
            legged.bend(joint, float(angle))
            spec.delete(spec.actuator(name))
            spec.delete(joint)
        self._attach_hands(spec)
        return spec

    def _attach_hands(self, spec: mujoco.MjSpec) -> None:
        for side in SIDES:
            hand = parsed(self.folder / self.hand_sheet["model"])
            if side in self.hand_sheet.get("mirrored", ()):
                hand = mirrored(hand)
            spec.attach(hand, site=spec.site(f"{side}_hand_mount"), prefix=f"{side}_")

    @cached_property
    def alone(self) -> mujoco.MjModel:
        """The robot without a scene, its floor mark at the world's origin; look at it, do not change it."""
        return self.spec().compile()

    def arm_alone(self, side: str) -> mujoco.MjModel:
        """The robot with only one arm left movable and nothing to collide: what inverse kinematics needs.

        Args:
            side: left or right.
        """
        return self.moving_only(set(self.arm_of(side)))

    def moving_only(self, joints: Collection[str], stands: Pose | None = None, shapes: bool = False) -> mujoco.MjModel:
        """The robot with only some joints left movable, the rest frozen at zero.

        Args:
            joints: names of those that move.
            stands: as in `spec`.
            shapes: keep collision shapes; without them the model knows frames only.
        """
        spec = self.spec(stands)
        for group in (
            spec.actuators,
            spec.sensors,
            spec.equalities,
            spec.tendons,
            spec.keys,
            spec.excludes,
            spec.pairs,
        ):
            for element in list(group):
                spec.delete(element)
        for joint in list(spec.joints):
            if joint.name not in joints:
                spec.delete(joint)
        for geom in list(spec.geoms) if not shapes else ():
            geom.contype, geom.conaffinity = 0, 0
        spec.discard_visual()
        return spec.compile()


def load_robot(
    name: str = DEFAULT_ROBOT, hand: str | None = None, base: str = "planted", policy: LegPolicy | None = None
) -> Robot:
    """The robot of this name, with the first of its hands where none is named, and on legs with the policy that moves them, if any.

    Raises:
        ScenarioError: unknown robot, hand or base, with the near matches; a policy for legs that carry nothing.
    """
    folder = robot_folder(name)
    if not (folder / SHEET).is_file():
        raise ScenarioError(f"There is no robot {name!r}.{nearest(name, robots())}", field="robot")
    sheet = read_own(folder / SHEET)
    hand = hand or next(iter(sheet["hands"]))
    refuse_unknown(hand, sheet["hands"], f"The robot {name} has no hand {hand!r}.", field="hand")
    refuse_unknown(base, BASES, f"There is no base {base!r}.", field="base")
    if base == "mobile" and "mobile" not in sheet:
        raise ScenarioError(f"The robot {name} has no moving base: its robot.yaml has no key mobile.", field="base")
    if base == "legs" and not (folder / LEGS).is_file():
        raise ScenarioError(f"The robot {name} does not stand on its own legs: its folder has no {LEGS}.", field="base")
    if base == "legs":
        read_legs(folder)
    if policy is not None and base != "legs":
        raise ScenarioError(
            f"{policy.file} moves legs, and this robot's base is {base}. Add base=legs, or leave legs out.", field="legs"
        )
    return _loaded(name, folder, hand, base, policy, tuple((file, written(file)) for file in sorted(folder.rglob("*"))))


@cache
def _loaded(name: str, folder: Path, hand: str, base: str, policy: LegPolicy | None, files: object) -> Robot:
    """One robot for all scenes of a process, so that it is compiled once; where a file was written since, it is another one."""
    return Robot(name, folder, read_own(folder / SHEET), hand, base, policy)
