"""HDF5 of robosuite and robomimic, whatever robot, task and number of objects: read by the model that each episode carries.

`demo_k.attrs["model_file"]` is the MJCF itself, or names a file in `models/` beside. It tells which columns of `states` (time, qpos,
qvel) are which joint, and which of them are the robot's; `robosuite_actions` tells what was commanded. From these a mapping is made
for the episode, as `conf/mapping/*.yaml` would say it.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ..mapping import ArrayRule, Mapping, StreamRule, TimeRule
from ..mapping_file import TIME_UNITS_NS
from ..mappings import of_format
from . import mjcf
from .array_episode import ArrayEpisode
from .robosuite_actions import Environment, Untold, environment, parts

NAME = "robosuite"
DESCRIBED = {"panda": "franka_panda", "sawyer": "sawyer", "baxter": "baxter"}  # by the first word of robosuite's name
POSE, TWIST = ("x", "y", "z", "qw", "qx", "qy", "qz"), ("vx", "vy", "vz", "wx", "wy", "wz")
_PREFIX = re.compile(r"^(robot|gripper|mount|[a-z_]*base)(\d+)_")
_FINGER = re.compile(r"gripper|finger|knuckle")
_NO_ARM = re.compile(r"head|neck|torso|waist|base|leg|wheel|hip|knee|ankle|mobile")
_OBSERVED = re.compile(r"^obs/robot(\d+)_(joint_pos|joint_vel|gripper_qpos|gripper_qvel|eef_pos|eef_quat)$")
NEXT = "the observation after the action, which the next row holds"
UNUSED = {
    "next_obs/*": NEXT,
    "obs/*_image": "pictures, which are not read",
    "obs/*_depth": "pictures, which are not read",
    "obs/*_segmentation*": "pictures, which are not read",
    "obs/*_cos": "the cosine of joint positions",
    "obs/*_sin": "the sine of joint positions",
    "obs/object*": "the objects as the task arranges them, in an order that nothing names",
    "actions_abs": "the actions in another form",
    "action_dict/*": "the actions in another form",
}


@dataclass(frozen=True)
class JointLayout:
    """Which joints of a model are the robot's, and how: `arm` turn, `slides` move along, `fingers` are a gripper's."""

    arm: tuple[mjcf.ModelJoint, ...]
    slides: tuple[mjcf.ModelJoint, ...]
    fingers: tuple[mjcf.ModelJoint, ...]
    base: tuple[mjcf.ModelJoint, ...]
    things: tuple[mjcf.ModelJoint, ...]


def mapping_of(episode: ArrayEpisode) -> Mapping | None:
    """A mapping for an episode that carries its model; None where it carries none. Adds what is reported to its metadata and notes.

    Raises:
        EpisodeError: the model is hostile, or leads out of the folder.
    """
    text = episode.texts.get("model_file")
    if episode.format != "hdf5" or text is None:
        return None
    inline = text.lstrip().startswith("<")
    content = text if inline else _beside(episode.file, text)
    if content is None:
        facts = episode.shapes(), episode.robot_type, episode.labels, episode.texts.get("env")
        if any(known.arrays is not None and known.arrays.fits(*facts) for known in of_format("hdf5")):
            episode.notes.append(f"its model {text[:80]} is not beside the file")
            return None
        return _without(episode, f"its model {text[:80]} is not beside the file, so that no column is known")
    try:
        model = mjcf.read(content)
    except mjcf.HostileModel as error:
        raise EpisodeError(f"the model that it carries is refused: {error}.", file=episode.file, field="model_file") from None
    except mjcf.UnknownModel as error:
        return _without(episode, f"the model that it carries cannot be read: {error}")
    states = episode.arrays.get("states")
    if states is not None and (states.ndim != 2 or states.shape[1] != 1 + model.nq + model.nv):
        shape = " x ".join(map(str, states.shape[1:])) or "one"
        return _without(episode, f"{shape} columns are not the time, {model.nq} positions and {model.nv} speeds of its model")
    made = _made(episode, model, environment(episode.texts))
    return made if made.arrays is not None and made.arrays.streams else None


def _without(episode: ArrayEpisode, why: str) -> Mapping | None:
    """What can be read if the columns of `states` are not known."""
    episode.notes.append(f"states: {why}")
    made = _made(episode, None, environment(episode.texts), {"states": why})
    return made if made.arrays is not None and made.arrays.streams else None


def _beside(file: Path, name: str) -> str | None:
    """The text of a model in `models/` beside the file, or in its folder; None where there is none."""
    if len(name) > 255 or PurePosixPath(name).name != name or "\\" in name or "\0" in name or name in ("", ".", ".."):
        raise EpisodeError("its model file leads out of the folder, or is no name.", file=file, field="model_file")
    folder = file.resolve().parent
    for path in (folder / "models" / name, folder / name):
        if path.is_file():
            if not path.resolve().is_relative_to(folder):
                raise EpisodeError("its model file leads out of the folder.", file=file, field="model_file")
            if path.stat().st_size > mjcf.MAX_BYTES:
                raise EpisodeError(f"its model file is larger than {mjcf.MAX_BYTES >> 20} MiB.", file=file, field="model_file")
            return path.read_bytes().decode("utf-8", "replace")
    return None


def _made(
    episode: ArrayEpisode, model: mjcf.Model | None, env: Environment, why: dict[str, str] | None = None
) -> Mapping:
    layout = _layout(model) if model is not None else JointLayout((), (), (), (), ())
    states = episode.arrays.get("states") if model is not None else None
    unused = {**(why or {}), **UNUSED}
    streams = [*_commands(episode, env, model, layout)]
    if states is not None and model is not None:
        streams += _state_streams(model, layout)
    streams += _observed(episode, layout, states, model, unused)
    for name, quantity in (("rewards", "reward"), ("dones", "done")):
        array = episode.arrays.get(name)
        if array is not None and array.ndim and math.prod(array.shape[1:]) == 1:
            streams.append(StreamRule((name,), (quantity,), "event", quantity, "1", name=name))
    robots = {"robots": list(env.robots)} if env.robots else {}
    robot = _robot(env, episode.texts.get("env", ""))
    if model is not None:
        joints = {
            j.name: {
                "kind": "angle" if j.kind == "hinge" else "length",
                "range": [j.lower, j.upper] if math.isfinite(j.lower) else None,
                "robot": _described(_index(j), env, episode.texts.get("env", "")),
            }
            for j in (*layout.arm, *layout.slides)
        }
        episode.metadata["model"] = {**robots, "joints": joints}
    if env.name:
        episode.metadata["environment"] = env.name
    timed = states is not None or (env.rate is None and _rises(episode.arrays.get("states")))
    time = TimeRule("states[0]", TIME_UNITS_NS["s"], "device") if timed else None
    if timed and states is None:
        unused["states[1:]"] = unused.pop("states")
        episode.notes.append("the first column of `states` rises, and is taken for the time")
    rule = ArrayRule({}, tuple(_distinct(streams)), time=time, fps=None if timed else env.rate)
    return Mapping(_name(env, episode.texts.get("env", "")), "robosuite or robomimic", "hdf5", robot, "robot", (), {}, unused, rule)


def _name(env: Environment, task: str) -> str:
    """`robosuite_panda_lift`: which robots and which task, so that what is imported lies apart by it."""
    task = env.name or task
    known = [word for word in DESCRIBED if task.lower().startswith(word)]
    robots = [robot.lower() for robot in env.robots] or known
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", task).lower()
    words = "_".join([NAME, *(robot for robot in robots if not snake.startswith(robot)), snake])
    return re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:80]


def _rises(states: np.ndarray | None) -> bool:
    """Whether the first column is what robosuite writes there: seconds that never fall and do rise."""
    if states is None or states.ndim != 2 or states.shape[1] < 2 or len(states) < 2:
        return False
    t = states[:, 0].astype(np.float64)
    return bool(np.isfinite(t).all() and t[0] >= 0.0 and (np.diff(t) >= 0.0).all() and t[-1] > t[0])


def _robot(env: Environment, task: str) -> str:
    names = [_described(i, env, task) or robot.lower() for i, robot in enumerate(env.robots)]
    return "+".join(names) or _described(0, env, task) or "unknown"


def _described(index: int, env: Environment, task: str) -> str | None:
    """The description of the robot with this number; of files of 2018 the task begins with the robot's name."""
    name = env.robots[index] if index < len(env.robots) else env.name or task
    words = name.lower()
    return next((robot for word, robot in DESCRIBED.items() if words.startswith(word)), None)


def _index(joint: mjcf.ModelJoint) -> int:
    match = _PREFIX.match(joint.name)
    return min(int(match[2]), 99) if match and len(match[2]) < 4 else 0


# ------------------------------------------------------------------------------------------------- the robot in the model


def _layout(model: mjcf.Model) -> JointLayout:
    """The robot's joints: those with robosuite's prefixes, else (2018) those below the top bodies that have actuators."""
    prefixed = any(_PREFIX.match(joint.name) for joint in model.joints)
    driven = {joint for _, joint in model.actuators}
    trees = {joint.bodies[0] for joint in model.joints if joint.name in driven}
    mine: list[mjcf.ModelJoint] = []
    things: list[mjcf.ModelJoint] = []
    for joint in model.joints:
        own = bool(_PREFIX.match(joint.name)) if prefixed else joint.bodies[0] in trees
        (mine if own else things).append(joint)
    fingers = [j for j in mine if j.kind in ("hinge", "slide") and _is_finger(j)]
    held = {j.name for j in fingers}
    rest = [j for j in mine if j.name not in held]
    return JointLayout(
        tuple(j for j in rest if j.kind == "hinge"),
        tuple(j for j in rest if j.kind == "slide"),
        tuple(fingers),
        tuple(j for j in rest if j.kind in ("free", "ball")),
        tuple(things),
    )


def _is_finger(joint: mjcf.ModelJoint) -> bool:
    return bool(_FINGER.search(joint.name)) or any("gripper" in body for body in joint.bodies)


def _arms(layout: JointLayout) -> list[dict[str, tuple[str, ...]]]:
    """For each robot its arms, right before left, with the names of their joints."""
    robots = []
    for index in sorted({_index(joint) for joint in layout.arm}):
        names = [j.name for j in layout.arm if _index(j) == index and not _NO_ARM.search(_PREFIX.sub("", j.name))]
        sides = {side: tuple(n for n in names if re.search(rf"(^|_){side}", n)) for side in ("right", "left")}
        if sides["right"] and sides["left"]:
            robots.append(sides)
        else:
            robots.append({"arm": tuple(names)})
    return robots


def _by_robot(joints: Iterable[mjcf.ModelJoint]) -> dict[int, list[mjcf.ModelJoint]]:
    found: dict[int, list[mjcf.ModelJoint]] = {}
    for joint in joints:
        found.setdefault(_index(joint), []).append(joint)
    return found


def _distinct(streams: Iterable[StreamRule]) -> Iterator[StreamRule]:
    """The same with a name each: a thing may be called as the robot's own joints are."""
    used: set[str] = set()
    for stream in streams:
        name, k = str(stream.name), 2
        while name in used:
            name, k = f"{stream.name}_{k}", k + 1
        used.add(name)
        yield replace(stream, name=name)


def _runs(first: Iterable[int], widths: Iterable[int]) -> tuple[str, ...]:
    """Fields of `states` for these columns, neighbours in one."""
    columns = [first_ + i for first_, width in zip(first, widths) for i in range(width)]
    fields = []
    for _, run in itertools.groupby(enumerate(columns), lambda pair: pair[1] - pair[0]):
        where = [column for _, column in run]
        fields.append(f"states[{where[0]}:{where[-1] + 1}]")
    return tuple(fields)


def _state_streams(model: mjcf.Model, layout: JointLayout) -> Iterator[StreamRule]:
    speeds = 1 + model.nq
    yield from _of_joints("joint", layout.arm, "joint_position", "joint_velocity", speeds)
    yield from _of_joints("slide", layout.slides, "joint_position", "joint_velocity", speeds)
    yield from _of_joints("finger", layout.fingers, "finger_position", "finger_velocity", speeds)
    used: set[str] = set()
    loose = [("object", j) for j in layout.things if j.kind in ("free", "ball")]
    for what, joint in (*(("base", j) for j in layout.base), *loose):
        thing = _thing(joint, used)
        pose, twist = (POSE, TWIST) if joint.kind == "free" else (POSE[3:], TWIST[3:])
        wide, fast = mjcf.SIZES[joint.kind]
        unit = "m m m 1 1 1 1" if joint.kind == "free" else "1"
        rate = "m/s m/s m/s rad/s rad/s rad/s" if joint.kind == "free" else "rad/s"
        columns = tuple(f"{thing}.{part}" for part in pose)
        where = _runs([1 + joint.qpos], [wide])
        yield StreamRule(
            where, columns, "measured", f"{what}_pose", unit, name=f"states/{thing}", frame="world", note="quaternion is wxyz"
        )
        columns = tuple(f"{thing}.{part}" for part in twist)
        where = _runs([speeds + joint.qvel], [fast])
        yield StreamRule(where, columns, "measured", f"{what}_velocity", rate, name=f"states/{thing}_velocity")
    moved = tuple(j for j in layout.things if j.kind in ("hinge", "slide"))
    yield from _of_joints("object_joint", moved, "object_joint", "object_joint_velocity", speeds)


def _of_joints(
    word: str, joints: tuple[mjcf.ModelJoint, ...], position: str, velocity: str, speeds: int
) -> Iterator[StreamRule]:
    """Positions and speeds of joints, which are one column each; the columns of speeds begin with `speeds`."""
    for name, quantity, at, per in (
        (f"states/{word}s", position, [1 + j.qpos for j in joints], ""),
        (f"states/{word}_velocities", velocity, [speeds + j.qvel for j in joints], "/s"),
    ):
        if joints:
            names = tuple(joint.name for joint in joints)
            yield StreamRule(_runs(at, [1] * len(at)), names, "measured", quantity, _units(joints, per), name=name)


def _units(joints: Sequence[mjcf.ModelJoint], per: str) -> str:
    units = [("rad" if joint.kind == "hinge" else "m") + per for joint in joints]
    return units[0] if len(set(units)) == 1 else " ".join(units)


def _thing(joint: mjcf.ModelJoint, used: set[str]) -> str:
    """The thing's name: its body's, without robosuite's `_main`."""
    body = joint.bodies[-1] or joint.name
    short = body.removesuffix("_main") or body
    name = short if short not in used else joint.name
    used.add(name)
    return name


# ----------------------------------------------------------------------------------------------------- what was commanded


def _commands(
    episode: ArrayEpisode, env: Environment, model: mjcf.Model | None, layout: JointLayout
) -> Iterator[StreamRule]:
    actions = episode.arrays.get("actions")
    if actions is not None and actions.ndim == 2 and actions.shape[1]:
        yield from _actions(env, layout, actions.shape[1], episode)
    yield from _operator(episode, model, layout)


def _actions(env: Environment, layout: JointLayout, width: int, episode: ArrayEpisode) -> Iterator[StreamRule]:
    try:
        found = parts(env, _arms(layout) or [{"arm": ()}], width)
        names = [name for part in found for name in part.names]
        if len(names) != width or len(set(names)) != width:
            raise Untold(f"their controllers take {len(names)} columns, and there are {width}")
    except Untold as why:
        episode.notes.append(f"actions: {why}: it is not known which joint or hand they move")
        names = [f"action_{i:02d}" for i in range(width)]
        yield StreamRule(("actions",), tuple(names), "command", "action", "1", name="actions", note=f"not known: {why}")
        return
    hands = {"hand_step", "hand_target", "gripper"}
    if {part.quantity for part in found} <= hands:
        main = [part for part in found if part.quantity != "gripper"]
        units = [unit for part in found for unit in _spread(part, main[0].unit if main else "1")]
        unit = units[0] if len(set(units)) == 1 else " ".join(units)
        note = main[0].note if main else None
        quantity = main[0].quantity if main else "gripper"
        yield StreamRule(("actions",), tuple(names), "command", quantity, unit, name="actions", note=note)
        return
    at = 0
    groups: dict[tuple[str, str, str], list[tuple[int, int, tuple[str, ...]]]] = {}
    for part in found:
        groups.setdefault((part.quantity, part.unit, part.note), []).append((at, at + len(part.names), part.names))
        at += len(part.names)
    for i, ((quantity, unit, note), runs) in enumerate(groups.items()):
        word = "gripper" if quantity == "gripper" else "joints" if i == 0 else quantity
        fields = tuple(f"actions[{first}:{end}]" for first, end, _ in runs)
        columns = tuple(name for _, _, group in runs for name in group)
        yield StreamRule(fields, columns, "command", quantity, unit, name=f"actions/{word}", note=note or None)


def _spread(part: Any, of_the_hand: str) -> list[str]:
    """A unit a column; the gripper shares a scale that the hand has, and has none of a hand's metres."""
    units = part.unit.split()
    if part.quantity == "gripper" and ".." in of_the_hand:
        units = [of_the_hand]
    return units * len(part.names) if len(units) == 1 else units


def _operator(episode: ArrayEpisode, model: mjcf.Model | None, layout: JointLayout) -> Iterator[StreamRule]:
    """What files of 2018 hold beside the states: commanded joint speeds, the gripper, and what the operator asked for."""
    arms = [j.name for j in layout.arm if not _NO_ARM.search(j.name)]
    driven = [name for kind, name in (model.actuators if model else ()) if kind == "velocity" and name in arms]
    width = _width(episode, "joint_velocities")
    if width:
        names = next((n for n in (driven, arms) if len(n) == width), None)
        if names is None:
            names = [f"joint_velocity_{i:02d}" for i in range(width)]
            episode.notes.append("joint_velocities: they are not as many as the arms' joints: they are numbered")
        yield StreamRule(
            ("joint_velocities",), tuple(names), "command", "joint_velocity", "rad/s", name="joint_velocities"
        )
    width = _width(episode, "gripper_actuations")
    if width:
        sides = {1: ("gripper",), 2: ("right_gripper", "left_gripper")}
        names_ = sides.get(width) or tuple(f"gripper_{i:02d}" for i in range(width))
        yield StreamRule(("gripper_actuations",), names_, "command", "gripper", "1", name="gripper_actuations")
    for side in ("right", "left"):
        word = "hand" if not _width(episode, "left_dpos") else f"{side}_hand"
        if _width(episode, f"{side}_dpos") == 3:
            yield StreamRule(
                (f"{side}_dpos",), (f"{word}.dx", f"{word}.dy", f"{word}.dz"), "command", "hand_step", "m",
                name=f"{side}_dpos", note="what the operator asked the hand to move by",
            )  # fmt: skip
        if _width(episode, f"{side}_dquat") == 4:
            prefix = "" if word == "hand" else f"{side}_"
            yield StreamRule(
                (f"{side}_dquat",), tuple(f"{prefix}quat_{i}" for i in range(4)), "command", "hand_turn", "1",
                name=f"{side}_dquat",
                note="what the operator asked the hand to turn by; the order of the quaternion is not documented",
            )  # fmt: skip


def _width(episode: ArrayEpisode, channel: str) -> int:
    array = episode.arrays.get(channel)
    return array.shape[1] if array is not None and array.ndim == 2 else 0


# ---------------------------------------------------------------------------------------------------- robomimic's `obs/`


def _observed(
    episode: ArrayEpisode,
    layout: JointLayout,
    states: np.ndarray | None,
    model: mjcf.Model | None,
    unused: dict[str, str],
) -> Iterator[StreamRule]:
    """What was observed of the robots; what only repeats the states is left out, and said."""
    of_robot = {finger: _by_robot(layout.fingers if finger else layout.arm) for finger in (True, False)}
    for channel, array in episode.arrays.items():
        match = _OBSERVED.match(channel)
        if match is None or array.ndim != 2 or not array.shape[1]:
            continue
        index, what, width = int(match[1]) if len(match[1]) < 4 else 0, match[2], array.shape[1]
        if what.startswith("eef"):
            if width == (3 if what == "eef_pos" else 4):
                suffixes = POSE[:3] if what == "eef_pos" else ("qx", "qy", "qz", "qw")
                columns = tuple(f"robot{index}_eef.{suffix}" for suffix in suffixes)
                quantity, unit = ("position", "m") if what == "eef_pos" else ("orientation", "1")
                note = None if what == "eef_pos" else "quaternion is xyzw"
                yield StreamRule((channel,), columns, "measured", quantity, unit, name=channel, frame="world", note=note)
            continue
        finger, speed = what.startswith("gripper"), what.endswith("vel")
        joints = of_robot[finger].get(index, [])
        arm = [j for j in joints if finger or not _NO_ARM.search(_PREFIX.sub("", j.name))]
        joints = next((group for group in (joints, arm) if len(group) == width), [])
        if joints and states is not None and model is not None and len(states) == len(array):
            at = [(1 + model.nq + j.qvel) if speed else 1 + j.qpos for j in joints]
            if np.allclose(states[:, at], array, rtol=0.0, atol=1e-5, equal_nan=True):
                unused[channel] = "the same numbers as in `states`"
                continue
        names = tuple(j.name for j in joints) or tuple(f"robot{index}_{what}_{i:02d}" for i in range(width))
        kind = "finger" if finger else "joint"
        unit = _units(joints, "/s" if speed else "") if joints else "1" if finger else "rad/s" if speed else "rad"
        quantity = f"{kind}_velocity" if speed else f"{kind}_position"
        note = None if joints else "the order of joints is not known: no model of it"
        yield StreamRule((channel,), names, "measured", quantity, unit, name=channel, note=note)

