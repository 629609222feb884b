"""What the actions of a robosuite or robomimic file are, by the controllers that its `env_args` or `env_info` name.

The order is robosuite's own. Up to 1.4 each arm has its controller's columns and then its gripper's. From 1.5 on a robot has
several parts, in the order of `body_parts`, and the grippers follow all of them. Robots follow one another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_TEXT = 1 << 20  # characters of the settings
STEPS = {"OSC_POSE": "dx dy dz rx ry rz", "OSC_POSITION": "dx dy dz", "IK_POSE": "dx dy dz rx ry rz"}
PLACES = {"OSC_POSE": "x y z ax ay az", "OSC_POSITION": "x y z"}
JOINTS = {  # quantity of a step and of a value as it is, and the unit of the latter
    "JOINT_POSITION": ("joint_step", "joint_position", "rad"),
    "JOINT_VELOCITY": ("joint_velocity", "joint_velocity", "rad/s"),
    "JOINT_TORQUE": ("joint_torque", "joint_torque", "Nm"),
}


@dataclass(frozen=True)
class Environment:
    """What a file says of its environment: its name, its robots, the settings of each robot's controller, rows a second."""

    name: str
    robots: tuple[str, ...]
    controllers: tuple[Mapping[str, Any], ...]
    rate: float | None = None


@dataclass(frozen=True)
class ControllerPart:
    """Columns of the actions that one controller takes: their names, what they are, in which unit, and a note."""

    names: tuple[str, ...]
    quantity: str
    unit: str
    note: str


class Untold(ValueError):
    """The file does not tell what its actions are; the message says why."""


def environment(texts: Mapping[str, str]) -> Environment:
    """The environment of a file, by its attributes; what is missing or no JSON is left empty."""
    tree: Any = {}
    for key in ("env_args", "env_info"):
        text = texts.get(key, "")
        if text and len(text) <= MAX_TEXT:
            try:
                tree = json.loads(text)
            except (ValueError, RecursionError):
                continue
            break
    tree = tree if isinstance(tree, dict) else {}
    settings = tree.get("env_kwargs") if isinstance(tree.get("env_kwargs"), dict) else tree
    name = tree.get("env_name") or texts.get("env") or ""
    robots = settings.get("robots", ())
    robots = (robots,) if isinstance(robots, str) else robots if isinstance(robots, list | tuple) else ()
    controllers = settings.get("controller_configs")
    rate = settings.get("control_freq")
    listed = controllers if isinstance(controllers, list) else [controllers]
    return Environment(
        str(name)[:200],
        tuple(str(robot)[:60] for robot in robots[:16]),
        tuple(one for one in listed[:16] if isinstance(one, dict)),
        float(rate) if isinstance(rate, int | float) and 0 < rate < 1e6 else None,
    )


def parts(env: Environment, arms: Sequence[Mapping[str, tuple[str, ...]]], width: int) -> list[ControllerPart]:
    """The parts of (n, width) actions, in their order.

    Args:
        env: what the file says.
        arms: for each robot, its arms with the names of their joints (`right`, `left`, or `arm`).

    Raises:
        Untold: a controller is not named or not known, or its columns are not as many as there are.
    """
    if not env.controllers:
        raise Untold("the file does not name the controller that took them")
    configs = list(env.controllers) * (len(arms) if len(env.controllers) == 1 else 1)
    if len(configs) != len(arms):
        raise Untold(f"the file names {len(configs)} controllers for {len(arms)} robots")
    plans = [_plan(config, robot) for config, robot in zip(configs, arms)]
    grippers = sum(what == "gripper" for plan in plans for _, what in plan)
    known = sum(len(_names(what)) for plan in plans for _, what in plan if what != "gripper")
    each, rest = divmod(width - known, grippers) if grippers else (0, width - known)
    if rest or each < 0:
        raise Untold(f"their controllers take {known} columns and {grippers} grippers, and there are {width}")
    several = sum(len(robot) for robot in arms) > 1
    made = []
    for i, plan in enumerate(plans):
        for place, what in plan:
            prefix = "_".join(word for word in (f"robot{i}" if len(plans) > 1 else "", place) if word) if several else ""
            if what == "gripper":
                names = ("gripper",) if each == 1 else tuple(f"gripper_{k:02d}" for k in range(each))
                what = ControllerPart(names, "gripper", "1", "")
            assert isinstance(what, ControllerPart)
            joints = what.quantity.startswith("joint_")
            names = what.names if joints or not prefix else tuple(f"{prefix}_{name}" for name in what.names)
            if names:
                made.append(ControllerPart(names, what.quantity, what.unit, what.note))
    return made


def _names(what: ControllerPart | str) -> tuple[str, ...]:
    return what.names if isinstance(what, ControllerPart) else ()


def _plan(config: Mapping[str, Any], arms: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ControllerPart | str]]:
    """(arm, part) in the order of the actions; `gripper` stands for a gripper; its columns are not known."""
    parts = config.get("body_parts")
    if not isinstance(parts, dict):
        one_each: list[tuple[str, ControllerPart | str]] = []
        for arm, joints in arms.items():
            one_each += [("" if arm == "arm" else arm, _part(config, joints)), ("" if arm == "arm" else arm, "gripper")]
        return one_each
    flat = {**(parts["arms"] if isinstance(parts.get("arms"), dict) else {}), **{k: v for k, v in parts.items() if k != "arms"}}
    if set(flat) != set(arms) and not (len(arms) == 1 and set(flat) == {"right"}):
        raise Untold(f"its controller moves {', '.join(map(str, list(flat)[:6]))}, and the order of their joints is not known")
    order = [(name, _part(flat[name], arms.get(name) or next(iter(arms.values())))) for name in flat]
    return [*order, *((name, "gripper") for name in flat)]


def _part(config: Any, joints: tuple[str, ...]) -> ControllerPart:
    kind = str(config.get("type", "")) if isinstance(config, dict) else ""
    if kind not in STEPS and kind not in JOINTS:
        raise Untold(f"the controller {kind[:40]!r} is not known")
    if config.get("impedance_mode", "fixed") != "fixed":
        raise Untold("its controller takes stiffness too (variable impedance)")
    absolute = config.get("input_type") == "absolute" or config.get("control_delta") is False
    scaled = f"{_ends(config, 'input')[0]:g}..{_ends(config, 'input')[1]:g}"
    if kind in JOINTS:
        step, value, unit = JOINTS[kind]
        plain = absolute if kind == "JOINT_POSITION" else _ends(config, "input") == _ends(config, "output")
        if plain:
            return ControllerPart(joints, value, unit, f"what the controller ({kind}) is asked for")
        return ControllerPart(joints, step, scaled, f"scaled to {scaled} for the controller ({kind}), which clips what lies beyond")
    if absolute and kind in PLACES:
        names = tuple(PLACES[kind].split())
        return ControllerPart(names, "hand_target", " ".join("m" if name in "xyz" else "rad" for name in names), f"places for {kind}")
    note = f"steps of an operational-space controller ({kind}) scaled to {scaled}, which clips what lies beyond"
    return ControllerPart(tuple(STEPS[kind].split()), "hand_step", scaled, note)


def _ends(config: Mapping[str, Any], which: str) -> tuple[float, float]:
    ends = []
    for end, default in (("min", -1.0), ("max", 1.0)):
        value = config.get(f"{which}_{end}", default)
        values = value if isinstance(value, list) else [value]
        same = all(isinstance(v, int | float) and v == values[0] for v in values)
        ends.append(float(values[0]) if values and same else float("nan"))
    return ends[0], ends[1]
