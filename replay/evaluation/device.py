"""What a real device makes of a clean demonstration: rates, jitter, bursts, delay, repeats, as measured on real bags.

A simulation's record is too good: every sample on its tick, nothing late, nothing twice. `through` passes an episode of ours
through the clocks and links of a real robot, so that what the judge says of it tells how it takes what real devices do. The
numbers stand in `conf/device/<name>.yaml` and come from `benchmarks/device_measuring.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...scenarios.reading import composition
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError, ScenarioError
from ...scenarios.sheet.own_files import sheets_in
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml
from ..judge.context import Contexts
from ..recording.recording import Recording, SimEpisode, Stream, Unreadable
from ..rollout.substeps import trace
from ..signals.signal import find_lag

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "device"
SHARES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)  # at which the quantiles of a distribution are kept
TOPICS = ("arms", "head", "hands", "base_speed", "base_height", "hands_state", "sensors")
START_NS = 1_700_000_000 * 10**9  # an epoch of ours; only differences are judged
HEIGHT = "base_height"
PER_DEGREE = math.pi / 180.0


@dataclass(frozen=True)
class Sender:
    """How one topic is sent.

    Attributes:
        rate: messages a second.
        delay: (9,) quantiles at `SHARES` of how late a message is stamped against its due time [s], 0 in the middle.
        persistence: correlation of one message's delay with the next one's.
        least: shortest time between two stamps [s].
        arrival: (9,) quantiles of the time from stamp to receipt [s].
    """

    rate: float
    delay: tuple[float, ...]
    persistence: float
    least: float
    arrival: tuple[float, ...]

    def stamps(self, begin: float, end: float, rng: np.random.Generator) -> np.ndarray:
        """(n,) times [s] at which messages between two times are stamped, rising."""
        due = np.arange(begin, end, 1.0 / self.rate)
        late = due + _drawn(self.delay, _copula(len(due), self.persistence, rng))
        # a message waits for the one before it
        spaced = np.maximum.accumulate(late - self.least * np.arange(len(late)))
        return spaced + self.least * np.arange(len(late))

    def received(self, stamps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) times [s] at which the recorder gets them, rising."""
        return np.maximum.accumulate(stamps + _drawn(self.arrival, rng.uniform(size=len(stamps))))


@dataclass(frozen=True)
class DeviceModel:
    """What a device does to what it records.

    Attributes:
        name: of its file; source: the recording that it was measured on.
        topics: by what they tell (`TOPICS`), the streams' names, which begin with their topic.
        command, state: how commands and sensors are sent.
        updates: times a second that a command takes a new value; between them it is sent again.
        starts_after: how long sensors run before the first command [s].
        lag: how late the measured state follows its command, the robot's own delay included [s].
        still: share of samples that repeat the one before, because the device's clock stood still; longest run of those.
        flow, silence: for how long messages of the sensors pass as they come, and for how long they are then held [s].
        quantum: resolution of a measured angle [rad]; 0 for none that shows.
    """

    name: str
    source: str
    topics: Mapping[str, str]
    command: Sender
    state: Sender
    updates: float
    starts_after: float
    lag: float
    still: float
    longest_still: int
    flow: float
    silence: float
    quantum: float = 0.0


def load_device(name: str = "kuavo_vr", folder: Path | None = None) -> DeviceModel:
    """Read and validate `conf/device/<name>.yaml`, of the designer's folder before the package's, or of the folder that is given.

    Raises:
        ScenarioError: there is no such file, or with every problem in it, each with its line.
    """
    known = composition.members("device") if folder is None else sheets_in(folder)
    name = composition.member_of("device", name) if folder is None else name
    if name not in known:
        raise ScenarioError(composition.no_member("device", name, known), field="device")
    path, shown = known[name], composition.shown(known[name])
    problems = Problems(places=places_in(path, shown))
    node = Node(read_yaml(path, shown), "", problems)
    keys = ("source", "topics", "command", "state", "updates", "starts_after", "lag", "still", "flow", "silence", "quantum")
    node.mapping(required=keys)
    node.child("topics").mapping(required=TOPICS)
    still = node.child("still")
    still.mapping(required=("share", "longest"))
    model = DeviceModel(
        name,
        node.child("source").word(),
        {topic: node.child("topics").child(topic).word() for topic in TOPICS},
        _sender(node.child("command")),
        _sender(node.child("state")),
        node.child("updates").quantity("frequency", low=1.0),
        node.child("starts_after").quantity("time", low=0.0),
        node.child("lag").quantity("time", low=0.0),
        still.child("share").quantity("share", low=0.0),
        still.child("longest").integer(low=0),
        node.child("flow").quantity("time", low=0.0),
        node.child("silence").quantity("time", low=0.0),
        node.child("quantum").quantity("angle", low=0.0),
    )
    problems.stop(shown)
    return model


def _sender(node: Node) -> Sender:
    node.mapping(required=("rate", "delay", "persistence", "least", "arrival"))
    both = []
    for key in ("delay", "arrival"):
        child = node.child(key)
        both.append(tuple(item.quantity("time") for item in child.each()))
        if len(both[-1]) != len(SHARES):
            child.note(
                f"{len(both[-1])} quantiles; wanted are {len(SHARES)}, at {', '.join(f'{s:g}' for s in SHARES)}."
            )
    return Sender(
        node.child("rate").quantity("frequency", low=1.0),
        both[0],
        node.child("persistence").quantity("share", low=0.0),
        node.child("least").quantity("time", low=0.0),
        both[1],
    )


def as_recorded(recording: Recording, scene: Scene, device: DeviceModel) -> Recording:
    """A demonstration of the simulation as a device's stack would have recorded it, under the name that it has.

    Raises:
        EpisodeError: it is none, or as of `through`.
    """
    if recording.episode is None:
        raise EpisodeError(
            "is no episode of the simulation, and device= says how one would have been recorded. Leave it out.",
            file=recording.source,
            field="device",
        )
    made = through(scene, recording.episode, device, recording.episode.seed)
    note = f"an episode of the simulation, as the device {device.name} would have recorded it"
    return replace(made, name=recording.name, source=recording.source, notes=[note, *made.notes])


def recorded_by(
    recordings: Iterable[Recording | Unreadable], contexts: Contexts, device: str
) -> Iterator[Recording | Unreadable]:
    """Each demonstration as a device of that name would have recorded it; one for which that cannot be is unreadable.

    Raises:
        ScenarioError: at the call, where there is no such device.
    """
    model = load_device(device)

    def made() -> Iterator[Recording | Unreadable]:
        for one in recordings:
            if isinstance(one, Unreadable):
                yield one
                continue
            try:
                yield as_recorded(one, contexts.of(one).scene, model)
            except EpisodeError as error:
                yield Unreadable(one.name, one.source, error)

    return made()


def through(scene: Scene, episode: SimEpisode, device: DeviceModel, seed: int) -> Recording:
    """The recording that a real robot's stack would have made of an episode.

    Args:
        scene: that it was made in; the episode is stepped again, so that sensors are states of the simulation.
        seed: of all that is drawn here.

    Returns:
        A recording of kind `robot`: commands in degrees, claws in percent, sensors in rad with header, receive and device
        clock; named and ordered as the maker's topics are. `metadata["device"]` tells model, seed and the lag.

    Raises:
        EpisodeError: the scene of today is another, or the episode comes out otherwise than it was recorded.
    """
    rng = np.random.default_rng([seed, 0xDE])
    seen = trace(scene, episode, device.state.rate)
    action, robot = scene.schema.action.names, scene.robot
    streams: list[Stream] = []
    # the operator's device reads his hand at its own rate; between two readings the command is sent again
    starts = device.starts_after
    end = episode.duration_s
    sent = device.command.stamps(0.0, end, rng)
    read = np.minimum(np.floor(sent * device.updates + 1e-9) / device.updates, end)
    own = np.arange(episode.n_steps) * episode.control_timestep
    commanded = np.stack(
        [np.interp(read, own, episode.actions[:, j].astype(float)) for j in range(len(action))], axis=1
    )
    received = device.command.received(sent, rng)
    capture, receive = _ns(sent + starts), _ns(received + starts)
    groups = (
        (device.topics["arms"], "joint_position", "deg", robot.arm_names, "capture"),
        (device.topics["head"], "joint_position", "deg", _rest(robot), "receive"),
        (device.topics["hands"], "claw", "%", robot.hand_names, "capture"),
    )
    for name, quantity, unit, names, clock in groups:
        columns = [action.index(n) for n in names]
        values = commanded[:, columns] * (1.0 if unit == "%" else 1.0 / PER_DEGREE)
        stamped = None if clock == "receive" else capture
        streams.append(
            Stream(
                name,
                "command",
                quantity,
                unit,
                tuple(names),
                values,
                stamped,
                receive,
                None,
                clock,
                None,
                {**_topic(name), **({} if stamped is None else {"sequence": 1 + np.arange(len(sent))})},
            )
        )
    streams += _base(scene, device, commanded, receive)
    late = max(0.0, device.lag - _own_lag(scene, episode))
    streams += _sensors(scene, device, seen.t, seen, late + starts, rng)
    notes = [f"passed through the device model {device.name!r}, seed {seed}; {device.source}"]
    return Recording(
        f"{episode.scenario}_{episode.seed}_device",
        f"{episode.scenario}_{episode.seed}_device",
        "0" * 64,
        "robot",
        {stream.name: stream for stream in streams},
        metadata={
            "robot": robot.name,
            "label": dict(episode.label),
            "device": {"model": device.name, "seed": seed, "lag_s": max(device.lag, _own_lag(scene, episode))},
        },
        notes=notes,
    )


def _base(scene: Scene, device: DeviceModel, commanded: np.ndarray, receive: np.ndarray) -> list[Stream]:
    """How a base that moves is walked and lowered: a message while it walks and one that stops it, one for each new height."""
    names, action = scene.robot.base_names, scene.schema.action
    streams = []
    for name, own in (
        (device.topics["base_speed"], [n for n in names if n != HEIGHT]),
        (device.topics["base_height"], [n for n in names if n == HEIGHT]),
    ):
        columns = [action.names.index(n) for n in own]
        values = commanded[:, columns]
        before = np.concatenate([np.zeros((1, len(own))), values[:-1]])
        sent = (values != before).any(axis=1)
        if own != [HEIGHT]:
            sent |= values.any(axis=1)
        if not sent.any():
            continue
        unit = " ".join(action.unit[i] for i in columns)
        clocks = None, receive[sent], None, "receive"
        streams.append(Stream(name, "event", "base", unit, tuple(own), values[sent], *clocks, None, _topic(name)))
    return streams


def _rest(robot: object) -> tuple[str, ...]:
    return tuple(n for n in robot.joint_names if n not in robot.arm_names)  # type: ignore[attr-defined]


def _topic(name: str) -> dict[str, str]:
    return {"topic": "/" + name.split("/")[1]}


def _ns(t: np.ndarray) -> np.ndarray:
    return START_NS + np.rint(t * 1e9).astype(np.int64)


def _own_lag(scene: Scene, episode: SimEpisode) -> float:
    """How late [s] the simulated robot itself follows its commands."""
    names = list(scene.robot.joint_names)
    state = episode.states["observation.state"]
    columns = [scene.schema.observations["observation.state"].names.index(n) for n in names]
    t = np.arange(len(state)) * episode.control_timestep
    commands = episode.actions[:, [scene.schema.action.names.index(n) for n in names]].astype(float)
    lag = find_lag(t[: len(commands)], commands, t, state[:, columns].astype(float))
    return 0.0 if lag is None else max(0.0, lag.pooled)


def _sensors(
    scene: Scene, device: DeviceModel, t: np.ndarray, seen, late: float, rng: np.random.Generator
) -> list[Stream]:  # type: ignore[no-untyped-def]
    """Joints and claws as the sensor topics tell them, `late` seconds after they were so."""
    due = device.state.stamps(0.0, float(t[-1]) + late, rng)
    stands = _stills(len(due), device.still, device.longest_still, rng)
    rows = np.maximum.accumulate(np.where(stands, 0, np.arange(len(due))))
    at = (due - late)[rows]  # before the episode begins the robot stands where it starts, and its clock runs

    def then(values: np.ndarray) -> np.ndarray:
        """(n, k) between two physics steps along the straight line: a sensor is read when it is, not when we step."""
        return np.stack([np.interp(at, t, column) for column in values.T.astype(float)], axis=1)

    capture = _ns(due)
    receive = _ns(_bursts(due, device, rng))
    own = np.rint((at + late) * 1e9).astype(np.int64)
    stance = scene.robot.sheet["stance"]["legs"]
    legs = scene.robot.joints_of("legs")
    names = (*legs, *scene.robot.joint_names)
    sensors = device.topics["sensors"]
    made = []

    def stream(name: str, quantity: str, unit: str, values: np.ndarray, elements: tuple[str, ...]) -> None:
        made.append(
            Stream(
                name, "measured", quantity, unit, elements, values, capture, receive, own, "capture", None, _topic(name)
            )
        )

    still = np.zeros((len(at), len(legs)))
    q = then(seen.q) if device.quantum == 0 else np.round(then(seen.q) / device.quantum) * device.quantum
    stream(f"{sensors}/joint_q", "joint_position", "rad", np.hstack([still + [stance[n] for n in legs], q]), names)
    stream(f"{sensors}/joint_v", "joint_velocity", "rad/s", np.hstack([still, then(seen.v)]), names)
    stream(f"{sensors}/joint_current", "joint_torque", "Nm", np.hstack([still, then(seen.torque)]), names)
    attitude = np.tile(np.roll(seen.base, -1), (len(at), 1))  # wxyz as xyzw, as the maker's message has it
    parts = ("quat_x", "quat_y", "quat_z", "quat_w")
    stream(f"{sensors}/imu_quat_xyzw", "imu", "1", attitude, parts)
    stream(device.topics["hands_state"], "claw", "%", then(seen.hand), scene.robot.hand_names)
    return made


def _bursts(stamps: np.ndarray, device: DeviceModel, rng: np.random.Generator) -> np.ndarray:
    """(n,) receive times [s]: messages pass for a while, then are held, and what was held comes at once."""
    cycle = device.flow + device.silence
    received = device.state.received(stamps, rng)
    if cycle <= 0 or device.silence <= 0:
        return received
    within = np.mod(received, cycle)
    freed = received - within + cycle
    held = within > device.flow
    return np.maximum.accumulate(np.where(held, freed, received))


def _stills(n: int, share: float, longest: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) which samples repeat the one before; runs are as if each sample stood still by itself, up to the longest."""
    stands = rng.uniform(size=n) < share
    stands[0] = False
    run = 0
    for i in range(n):
        run = run + 1 if stands[i] else 0
        if run > longest:
            stands[i], run = False, 0
    return stands


def _copula(n: int, persistence: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) uniform numbers each of which resembles the one before: an AR(1) process through the normal distribution."""
    z = rng.normal(size=n)
    for i in range(1, n):
        z[i] = persistence * z[i - 1] + math.sqrt(1.0 - persistence**2) * z[i]
    return np.array([0.5 * (1.0 + math.erf(value / math.sqrt(2.0))) for value in z])


def _drawn(quantiles: tuple[float, ...], u: np.ndarray) -> np.ndarray:
    return np.interp(u, SHARES, quantiles)
