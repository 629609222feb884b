"""An episode of the simulation as a ROS 1 bag of the maker's stack, as the real robot would have recorded it.

| topic | type | rate | holds |
|---|---|---|---|
| `/kuavo_arm_traj` | sensor_msgs/JointState | 100 Hz | commanded arm joints in degrees, names arm_joint_1..14 |
| `/robot_head_motion_data` | kuavo_msgs/robotHeadMotionData | 100 Hz | commanded head yaw and pitch in degrees; no header |
| `/leju_claw_command` | kuavo_msgs/lejuClawCommand | 100 Hz | commanded opening of the claws, 0 open, 100 closed |
| `/sensors_data_raw` | kuavo_msgs/sensorsData | 500 Hz | 28 joints: rad, rad/s, rad/s^2, Nm; attitude of the trunk |
| `/leju_claw_state` | kuavo_msgs/lejuClawState | 500 Hz | opening of the claws and its speed |
| `/cam_h/color/image_raw/compressed` | sensor_msgs/CompressedImage | 30 Hz | JPEG of the head camera, where asked for |
| `/shiliu/action` | std_msgs/Float64MultiArray | control rate | the action as applied, in the units of `action_units` |
| `/shiliu/episode` | std_msgs/String | once | JSON: the whole episode, packed, and what is assumed here |

Rates. Sensors are states of the simulation at physics steps, at their own times. A physics step of 2 ms gives 500 Hz; with
one of 1/480 or 1/240 s there is no state every 2 ms, and each step is written: 480 or 240 Hz. Commands are the actions held, at 100 Hz,
where of the ticks the one nearest to a change of the action is moved onto it: at 30 Hz of control they lie 10 ms apart,
around a change 6.7 and 13.3 ms. So the mean rate is 100 Hz and no change is reported late. Degrees are float64; they give
back the float32 action in radians to the bit.

Clocks. Stamp and receive time are `START_NS` plus the simulated time, since a simulation has no wall clock; `sensor_time`
is the simulated time. `seq` counts from 0.

What the simulation does not have holds: planted legs their fixed angle with speed, acceleration and torque 0; the IMU of
a trunk that stands still, rate 0 and gravity alone; the claws' state kUnknown and no current; `end_effector_data` is
empty, as in the real bags.

`to=rosbag` writes a folder of them, one an episode.
"""

from __future__ import annotations

import base64
import heapq
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rosbags.typesys import Stores, get_typestore

from ....scenarios.draws.variation import of_episode
from ....scenarios.scene.scene import Scene
from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import SimEpisode
from ...rollout.substeps import Trace, trace
from .. import episode_archive as packed
from ..atomic_folder import placed, swapped_in
from ..exporters import Item, Options
from .bag1 import definitions

LAYOUT = 1
SENSOR_RATE, COMMAND_RATE, PICTURE_RATE = 500.0, 100.0, 30.0  # Hz, of the real robot's topics
START_NS = 1_600_000_000 * 10**9  # an epoch of ours for a simulation without one; ROS takes a stamp of 0 for "none"
GRAVITY = 9.81  # m/s^2, of every scene
ACTION, EPISODE = "/shiliu/action", "/shiliu/episode"
CAMERAS = {"head": "/cam_h", "left_wrist": "/cam_l", "right_wrist": "/cam_r"}  # camera of a scenario -> the maker's
JPEG_QUALITY = 90
CLAWS = "leju_claw"  # `messages` of the sheet of a hand with commands and measurements in percent of opening
ASSUMED = (
    "stamps are an epoch of ours plus the simulated time",
    "legs are planted: fixed angles, speed, acceleration and torque 0",
    "the trunk stands still: the IMU reads no rate and gravity alone",
    "the claws' state is kUnknown and their effort is left out: no current is simulated",
)

Sent = tuple[int, int, str, str, Any]  # time [ns], order among equal times, topic, type, message
_RULE = "=" * 80
_BUILT_IN = {"bool", "string", "time", "duration", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def write(
    episode: SimEpisode,
    scene: Scene,
    path: Path,
    images: Sequence[str] = (),
    start_ns: int = START_NS,
) -> None:
    """Write one episode as a bag.

    Args:
        episode: an own episode; it is stepped again, and must come out as it was recorded.
        scene: the scene that it was made in.
        path: file to be made. It appears whole or not at all.
        images: cameras; their pictures are drawn and written; needs OpenGL.
        start_ns: time zero of the episode on the bag's clock [ns since the epoch].

    Raises:
        EpisodeError: something lies at `path`, the robot is not the maker's, a camera has no topic there, or the episode
            cannot be stepped again.
    """
    from rosbags.rosbag1 import Writer

    path = Path(path)
    if path.exists():
        raise EpisodeError(
            "exists already. Choose another file, or move it away; nothing is overwritten.", file=path, field="out"
        )
    _refuse_other_robot(scene)
    cameras = _cameras(scene, images)
    seen = trace(scene, episode, SENSOR_RATE)
    sources = [
        _own(episode, scene, start_ns),
        _commands(episode, scene, start_ns),
        _sensors(seen, scene, start_ns),
        *(_pictures(episode, scene, seen, feature, topic, start_ns) for topic, feature in cameras.items()),
    ]
    types = store()
    with swapped_in(path) as part, Writer(part) as writer:
        connections: dict[str, Any] = {}
        for time, _, topic, type_, message in heapq.merge(*sources, key=lambda sent: sent[:2]):
            if topic not in connections:
                connections[topic] = writer.add_connection(
                    topic,
                    spelled(type_),
                    msgdef=definition(type_),
                    md5sum=md5(type_),
                    callerid="/shiliu",
                    latching=int(topic == EPISODE),
                )
            writer.write(connections[topic], time, types.serialize_ros1(message, spelled(type_)))


def command_ticks(n_steps: int, control_timestep: float) -> tuple[np.ndarray, np.ndarray]:
    """When commands are sent, and which action each carries.

    Args:
        n_steps: number of actions; control_timestep: [s] for which each acts.

    Returns:
        t (m,) [s], ascending, every start of an action among them; k (m,) the action that acts at that time.
    """
    total, starts = n_steps * control_timestep, np.arange(n_steps) * control_timestep
    ticks: np.ndarray = np.arange(int(np.ceil(total * COMMAND_RATE - 1e-6))) / COMMAND_RATE
    nearest = np.minimum(np.rint(starts * COMMAND_RATE).astype(int), len(ticks) - 1)
    if len(np.unique(nearest)) == len(nearest):
        ticks[nearest] = starts
    else:
        ticks = starts  # control is faster than commands are usually sent
    return ticks, np.searchsorted(starts, ticks + 1e-9, side="right") - 1


def _refuse_other_robot(scene: Scene) -> None:
    if len(scene.robot.arm_names) != 14 or scene.robot.sheet.get("sensor_order") != ["legs", "arm", "head"]:
        raise EpisodeError(
            f"the robot {scene.robot.name} has no topics of the maker's ROS 1 stack; to=mcap takes any robot.",
            field="to",
        )
    if scene.robot.base != "planted":
        raise EpisodeError(f"base={scene.robot.base} is not written as a bag yet, only planted.", field="base")


def _cameras(scene: Scene, images: Sequence[str]) -> dict[str, Any]:
    """Topic -> camera feature."""
    known = {name.removeprefix("observation.images."): f for name, f in scene.schema.cameras.items()}
    found = {}
    for image in images:
        if image not in known or image not in CAMERAS:
            able = [name for name in known if name in CAMERAS]
            raise EpisodeError(
                f"the camera {image!r} has no topic on the real robot, or is not in this scenario. "
                f"Here can be written: {', '.join(able) or 'none'}.",
                field="images",
            )
        found[f"{CAMERAS[image]}/color/image_raw/compressed"] = known[image]
    return found


def _ns(t: np.ndarray, start_ns: int) -> list[int]:
    return (start_ns + np.rint(np.asarray(t) * 1e9).astype(np.int64)).tolist()


class _Maker:
    """Makes messages by their short names."""

    def __init__(self) -> None:
        self.types = store().types

    def __call__(self, type_: str, **fields: Any) -> Any:
        return self.types[spelled(type_)](**fields)

    def time(self, ns: int) -> Any:
        return self.types["builtin_interfaces/msg/Time"](sec=ns // 10**9, nanosec=ns % 10**9)

    def header(self, seq: int, ns: int) -> Any:
        return self("std_msgs/Header", seq=seq, stamp=self.time(ns), frame_id="")

    def effector(self, names: Sequence[str], position: np.ndarray, velocity: np.ndarray) -> Any:
        return self(
            "kuavo_msgs/endEffectorData", name=list(names), position=position, velocity=velocity, effort=np.empty(0)
        )


def _own(episode: SimEpisode, scene: Scene, start_ns: int) -> Iterator[Sent]:
    """What brings the episode back."""
    make = _Maker()
    action = scene.schema.action
    about = {
        "layout": LAYOUT,
        "scenario": episode.scenario,
        "scenario_version": episode.scenario_version,
        "robot": {"name": scene.robot.name, "hand": scene.robot.hand, "base": scene.robot.base},
        **{key: getattr(episode, key) for key in ("task", "label", "segments", "seed", "engine", "control_timestep", "n_steps")},
        "start_ns": start_ns,
        "action_names": list(action.names),
        "action_units": list(action.unit),
        "assumed": list(ASSUMED),
        "episode": base64.b64encode(packed.pack(episode)).decode(),
    }
    text = json.dumps(about, ensure_ascii=False)
    yield start_ns, 0, EPISODE, "std_msgs/String", make("std_msgs/String", data=text)
    width = episode.actions.shape[1]
    dim = make("std_msgs/MultiArrayDimension", label="action", size=width, stride=width)
    layout = make("std_msgs/MultiArrayLayout", dim=[dim], data_offset=0)
    times = _ns(np.arange(episode.n_steps) * episode.control_timestep, start_ns)
    for ns, row in zip(times, episode.actions.astype(np.float64)):
        message = make("std_msgs/Float64MultiArray", layout=layout, data=row)
        yield ns, 1, ACTION, "std_msgs/Float64MultiArray", message


def _commands(episode: SimEpisode, scene: Scene, start_ns: int) -> Iterator[Sent]:
    make, robot, names = _Maker(), scene.robot, scene.schema.action.names
    actions = episode.actions.astype(np.float64)

    def of(joints: Sequence[str]) -> np.ndarray:
        return np.ascontiguousarray(actions[:, [names.index(name) for name in joints]])

    arm, head = np.rad2deg(of(robot.arm_names)), np.rad2deg(of(robot.joints_of("head")))
    hands = of(robot.hand_names)
    spelling, empty = [f"arm_joint_{i + 1}" for i in range(arm.shape[1])], np.empty(0)
    ticks, held = command_ticks(episode.n_steps, episode.control_timestep)
    for seq, (ns, k) in enumerate(zip(_ns(ticks, start_ns), held.tolist())):
        message = make(
            "sensor_msgs/JointState",
            header=make.header(seq, ns), name=spelling, position=arm[k], velocity=empty, effort=empty,
        )  # fmt: skip
        yield ns, 2, "/kuavo_arm_traj", "sensor_msgs/JointState", message
        message = make("kuavo_msgs/robotHeadMotionData", joint_data=head[k])
        yield ns, 3, "/robot_head_motion_data", "kuavo_msgs/robotHeadMotionData", message
        if robot.hand_sheet.get("messages") == CLAWS:
            data = make.effector(robot.hand_names, hands[k], empty)
            message = make("kuavo_msgs/lejuClawCommand", header=make.header(seq, ns), data=data)
            yield ns, 4, "/leju_claw_command", "kuavo_msgs/lejuClawCommand", message


def _sensors(seen: Trace, scene: Scene, start_ns: int) -> Iterator[Sent]:
    make, robot = _Maker(), scene.robot
    imu = _still(make, seen.base)
    legs: Mapping[str, float] = robot.sheet["stance"]["legs"]
    body = [name for group in robot.sheet["sensor_order"] for name in robot.joints_of(group)]
    moving = [body.index(name) for name in robot.joint_names]
    q, v, a, torque = (np.zeros((len(seen.t), len(body))) for _ in range(4))
    q[:] = [legs.get(name, 0.0) for name in body]
    q[:, moving], v[:, moving], a[:, moving], torque[:, moving] = seen.q, seen.v, seen.a, seen.torque
    nothing = make.effector((), np.empty(0), np.empty(0))
    simulated = np.rint(seen.t * 1e9).astype(np.int64).tolist()
    for seq, (ns, own) in enumerate(zip(_ns(seen.t, start_ns), simulated)):
        joints = make(
            "kuavo_msgs/jointData", joint_q=q[seq], joint_v=v[seq], joint_vd=a[seq], joint_current=torque[seq]
        )
        message = make(
            "kuavo_msgs/sensorsData",
            header=make.header(seq, ns), sensor_time=make.time(own), joint_data=joints, imu_data=imu,
            end_effector_data=nothing,
        )  # fmt: skip
        yield ns, 5, "/sensors_data_raw", "kuavo_msgs/sensorsData", message
        if robot.hand_sheet.get("messages") == CLAWS:
            message = make(
                "kuavo_msgs/lejuClawState",
                header=make.header(seq, ns),
                state=np.zeros(len(robot.hand_names), np.int8),  # kUnknown
                data=make.effector(robot.hand_names, seen.hand[seq], seen.hand_speed[seq]),
            )
            yield ns, 6, "/leju_claw_state", "kuavo_msgs/lejuClawState", message


def _still(make: _Maker, base: np.ndarray) -> Any:
    """IMU of a trunk at rest with this attitude (wxyz): it feels what keeps it from falling, in its own frame."""
    w, x, y, z = (float(c) for c in base)
    up = (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))  # world's z seen from the trunk
    zero = make("geometry_msgs/Vector3", x=0.0, y=0.0, z=0.0)
    acc = make("geometry_msgs/Vector3", x=GRAVITY * up[0], y=GRAVITY * up[1], z=GRAVITY * up[2])
    quat = make("geometry_msgs/Quaternion", x=x, y=y, z=z, w=w)
    return make("kuavo_msgs/imuData", gyro=zero, acc=acc, free_acc=zero, quat=quat)


def _pictures(
    episode: SimEpisode, scene: Scene, seen: Trace, feature: Any, topic: str, start_ns: int
) -> Iterator[Sent]:
    """JPEG pictures at the control steps nearest to the ticks of the camera."""
    from PIL import Image

    from ....envs.rendering import Painter

    draw, make = of_episode(scene, episode), _Maker()
    assert draw is not None  # it was stepped from this draw
    ticks = np.arange(int(np.ceil(episode.duration_s * PICTURE_RATE - 1e-6))) / PICTURE_RATE
    steps = np.unique(np.rint(ticks / episode.control_timestep).astype(int))
    with Painter(scene) as painter:
        for seq, k in enumerate(steps.tolist()):
            (ns,) = _ns(np.array([k * episode.control_timestep]), start_ns)
            picture = painter.picture(
                draw.values, seen.qpos[k], feature.camera, feature.width, feature.height, kept=seen.kept[k]
            )
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, "JPEG", quality=JPEG_QUALITY)
            data = np.frombuffer(buffer.getvalue(), np.uint8)
            message = make("sensor_msgs/CompressedImage", header=make.header(seq, ns), format="jpeg", data=data)
            yield ns, 7, topic, "sensor_msgs/CompressedImage", message


@cache
def sheet() -> dict[str, dict[str, str]]:
    """The file: type as `kuavo_msgs/sensorsData` -> `md5`, `source`, `fields`."""
    text = files("shiliu.conf").joinpath("message", "kuavo_ros1.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def md5(type_: str) -> str:
    """ROS 1's sum of a type, which a subscriber compares with its own."""
    return sheet()[type_]["md5"]


def nested(type_: str) -> list[str]:
    """Types that a type's fields have, in their order."""
    package, found = type_.partition("/")[0], []
    for line in sheet()[type_]["fields"].splitlines():
        kind = line.split()[0].partition("[")[0]
        if kind in _BUILT_IN:
            continue
        found.append("std_msgs/Header" if kind == "Header" else kind if "/" in kind else f"{package}/{kind}")
    return found


def definition(type_: str) -> str:
    """The whole definition: the type's own fields, then those of every type in it, each once, depth first."""
    order: list[str] = []

    def visit(name: str) -> None:
        for inner in nested(name):
            if inner not in order:
                order.append(inner)
                visit(inner)

    visit(type_)
    parts = [f"{_RULE}\nMSG: {name}\n{sheet()[name]['fields']}" for name in order]
    return "".join([sheet()[type_]["fields"], *parts])


@cache
def store() -> Any:
    """A type store of all types of the file."""
    found = get_typestore(Stores.EMPTY)
    for type_ in sheet():
        found.register(definitions(definition(type_), spelled(type_)).fielddefs)
    return found


def spelled(type_: str) -> str:
    """`kuavo_msgs/sensorsData` as the library spells it: `kuavo_msgs/msg/sensorsData`."""
    return type_.replace("/", "/msg/", 1)


def export(items: Iterator[Item], out: Path, options: Options) -> Iterator[Item]:
    """Write each episode, as `write` does."""
    with placed(out) as folder:
        for item in items:
            write(item.simulated, item.scene, item.file_in(folder, ".bag"), options.images)
            yield item
