"""What came from a device, as it came: streams with their own clocks, and the simulation episode that replays exactly.

A recording is evidence. Nothing here converts a unit, sorts a clock or fills a gap: a stream keeps the values, the
element order and every clock of its source, and says in `unit`, `declared_unit` and `meta` what is known about them.
Whoever converts does so in a copy and says it in `Recording.notes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

import numpy as np
from numpy.typing import NDArray

from ...scenarios.sheet.errors import EpisodeError
from ...scenarios.sheet.near_matches import nearest, refuse_unknown
from .declared import Declared

CLOCKS = ("capture", "receive", "device", "grid")
ROLES = ("command", "measured", "image", "event", "pose")
KINDS = ("simulation", "robot", "human", "state_only", "unknown")

Times = NDArray[np.int64]
ANNOUNCED = "announced"  # of the metadata: topic -> messages that the container counts beside it, and messages that it holds
OLDER = "announced_before"  # of the metadata: the file counts its own messages, and holds them all, so that such a sheet is older than it
SILENT = "silent"  # of the metadata: topics of a role that the mapping knows and no other topic has, announced and without a message
EXCHANGED = "exchanged"  # of the metadata: names that stand in one another's channel: channel, name there, other channel, name there
NOTE_WORDS = "note_words"  # of the metadata: what sentences of notes and `unmapped` are, by language, where the mapping says
COARSE = "coarse_s"  # of `Stream.meta`: the step in which its times count [s], where that is too long to tell its samples apart
EACH_SAMPLE = ("publisher", "sequence")  # what of `Stream.meta` has a row a sample


@dataclass(frozen=True, eq=False)
class Stream:
    """One channel of a recording on its own clocks.

    Attributes:
        name: the source's channel (`/kuavo_arm_traj`, `/sensors_data_raw/joint_q`, `action`).
        role: `command`, `measured`, `image`, `event` or `pose`.
        quantity: what the values are: `joint_position`, `joint_velocity`, `joint_acceleration`, `joint_torque`, `claw`,
            `hand_pose`, `elbow_position`, `bone_pose`, `imu`, ...
        unit: unit of the values as stored (`deg`, `rad`, `rad/s`, `Nm`, `%`); one a column, blanks between, if many.
        names: (k,) element names in stored order; the robot's joint names where they are known.
        values: (n, k) float64, exactly as stored.
        capture_ns: (n,) time at which the sample was taken or sent, by its sender [ns], or None.
        receive_ns: (n,) time at which the recorder got it [ns], or None.
        device_ns: (n,) a further clock of the device (simulation time, headset time) [ns], or None.
        clock: which of them to judge by: `capture`, `receive`, `device`, or `grid` (k / fps, kept in `capture_ns`).
        declared_unit: the unit that the container or its documents claim, where they claim one.
        meta: anything else that is known. `topic`, `type`, `field`, `note`; `publishers` (names), with `publisher`
            ((n,) index into them) where several nodes wrote one channel; `sequence` ((n,) the sender's own number of
            each message), where it counts them; `placeholder` (dicts of publisher, names,
            note) for columns that are filled, but mean nothing; `frame` for poses.
    """

    name: str
    role: str
    quantity: str
    unit: str
    names: tuple[str, ...]
    values: NDArray[np.float64]
    capture_ns: Times | None = None
    receive_ns: Times | None = None
    device_ns: Times | None = None
    clock: str = "capture"
    declared_unit: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype != np.float64 or self.values.shape[1] != len(self.names):
            raise EpisodeError(
                f"values are {self.values.dtype}{self.values.shape}, but {len(self.names)} elements are named; "
                "the mapping must name every column once.",
                field=self.name,
            )
        for label in ("capture_ns", "receive_ns", "device_ns"):
            times = getattr(self, label)
            if times is not None and (times.shape != (self.n,) or times.dtype != np.int64):
                raise EpisodeError(f"{label} is {times.dtype}{times.shape}, not int64({self.n},).", field=self.name)
        if self.clock not in CLOCKS:
            raise EpisodeError(f"clock {self.clock!r} is none of {', '.join(CLOCKS)}.", field=self.name)
        if self.role not in ROLES:
            raise EpisodeError(f"role {self.role!r} is none of {', '.join(ROLES)}.", field=self.name)
        if self._times is None:
            raise EpisodeError(f"the stream has no {self.clock} clock.", field=self.name)

    @property
    def _times(self) -> Times | None:
        return self.capture_ns if self.clock == "grid" else getattr(self, f"{self.clock}_ns")

    @property
    def time_ns(self) -> Times:
        """(n,) times by the stream's own `clock` [ns]."""
        times = self._times
        assert times is not None  # __post_init__ refuses a stream without
        return times

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.values.shape[0]

    @property
    def duration_s(self) -> float:
        """From the first to the last sample [s]; 0 for fewer than two."""
        return float(self.time_ns[-1] - self.time_ns[0]) * 1e-9 if self.n > 1 else 0.0

    @property
    def rate(self) -> float:
        """Mean rate over the whole stream [Hz]; nan where it has no duration."""
        return (self.n - 1) / self.duration_s if self.duration_s > 0 else float("nan")

    def column(self, name: str) -> NDArray[np.float64]:
        """(n,) values of one element, by its name.

        Raises:
            KeyError: the stream has no such element.
        """
        try:
            return self.values[:, self.names.index(name)]
        except ValueError:
            raise KeyError(f"{self.name} has no element {name!r}; it has {', '.join(self.names)}") from None

    def meta_of(self, keep: NDArray[np.bool_]) -> dict[str, Any]:
        """`meta` of a copy that has some of the samples only, (n,)."""
        return {key: value[keep] if key in EACH_SAMPLE else value for key, value in self.meta.items()}

    def __repr__(self) -> str:
        return (
            f"Stream({self.name!r}, {self.role} {self.quantity} [{self.unit}], {self.n} x {len(self.names)}, "
            f"{self.duration_s:.2f} s by {self.clock}, {self.rate:.1f} Hz)"
        )


@dataclass(eq=False)
class SimEpisode:
    """An episode of our own simulation with everything that reproduces it to the bit.

    `actions[t]` acts from t to t+1: T actions, T+1 states. They are float32 from the start; `ctrl` comes from them.

    Attributes:
        seed: seed of the draw and of the operator.
        draw: drawn values by name, as the scenario names them.
        config: the resolved scenario.
        scenario_version: version of the scenario it was made with.
        fingerprint: hash of the compiled scene.
        engine: name and version of the physics engine.
        control_timestep: control period [s].
        n_substeps: physics steps in a control period.
        start_state: (nstate,) float64, mjSTATE_INTEGRATION before the first action.
        actions: (T, nu) float32, exactly as applied.
        action_names: (nu,) actuator names.
        states: observations by feature name, (T, k), or (T+1, k) where the last one was kept.
        checkpoints: mjSTATE_INTEGRATION (nstate,) float64 before action t, by t; one each whole second.
        label: `success` (bool), `subgoals` (name to second or None), `failure` (code or None); `undone` (name to second), where
            what was reached does not hold at the end.
        segments: skills in order, each `{"skill", "t0", "t1"}` [s].
        task: the task sentence by language, `{"en", "zh"}`.
        scenario: name of the scenario.
        cell: name of the physical cell, if any.
        provenance: what made it (operator, versions, settings), plain JSON.
        metadata: what the data centre says of it, as `metadata.Metadata.plain` gives it; empty where it says nothing.
        made_on: on what its bits depend besides the scene (engine, library, kind of processor), as `machine_kind.machine` gives it; empty
            where that was not kept.
    """

    seed: int
    draw: dict[str, Any]
    config: dict[str, Any]
    scenario_version: int
    fingerprint: str
    engine: str
    control_timestep: float
    n_substeps: int
    start_state: NDArray[np.float64]
    actions: NDArray[np.float32]
    action_names: tuple[str, ...]
    states: dict[str, NDArray[Any]] = field(default_factory=dict)
    checkpoints: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    label: dict[str, Any] = field(default_factory=dict)
    segments: list[dict[str, Any]] = field(default_factory=list)
    task: dict[str, str] = field(default_factory=dict)
    scenario: str | None = None
    cell: str | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    made_on: dict[str, str] = field(default_factory=dict)

    @property
    def n_steps(self) -> int:
        """Number of actions, T."""
        return self.actions.shape[0]

    @property
    def duration_s(self) -> float:
        """T control periods [s]."""
        return self.n_steps * self.control_timestep

    def __repr__(self) -> str:
        return f"SimEpisode({self.scenario!r}, seed {self.seed}, {self.n_steps} steps, {self.duration_s:.2f} s)"


@dataclass(frozen=True)
class PictureFile:
    """A video that belongs to a recording and that no reader opens.

    Attributes:
        path: where it lies on this machine; written nowhere.
        shape: (h, w, 3) as the container announces it.
        fps: pictures a second as announced, or None.
        codec: as announced (`av1`, `h264`), or None.
        start_s, stop_s: the part of the file that belongs to the recording [s]; to its end where `stop_s` is None.
    """

    path: Path
    shape: tuple[int, int, int]
    fps: float | None = None
    codec: str | None = None
    start_s: float = 0.0
    stop_s: float | None = None


@dataclass(frozen=True)
class PictureTopic:
    """Pictures that lie as messages in a bag, and that are decoded when somebody asks for them.

    Attributes:
        path: the bag; written nowhere.
        topic: where they lie.
        shape: (h, w, 3) of the first one.
        n: number of pictures.
    """

    path: Path
    topic: str
    shape: tuple[int, int, int]
    n: int


@dataclass(eq=False)
class Recording:
    """One recorded demonstration, as read.

    Attributes:
        name: episode id (file stem, or `episode_000003`).
        source: path relative to what was asked for, with `#k` for the k-th episode of a set; never absolute.
        sha256: of the file; for an episode of a set, of its frames and side files.
        kind: `simulation`, `robot` (commands to a robot, measured or not), `human` (poses of a person), `state_only`
            (no commands), `unknown`.
        streams: by name, in the order of the mapping.
        scenario, cell: as the recording names them, or None.
        metadata: what else the container says, plain JSON; `demonstration` is what the data centre says of it, which
            `metadata.from_plain` reads.
        episode: set for our own simulation episodes.
        mapping: name of the mapping that it was read with.
        unmapped: channels that no stream holds, each with its message count and the reason.
        notes: provenance in sentences: everything that was assumed or converted on the way in.
        pictures: videos and topics of pictures that belong to it, by camera.
        declared: what a set says of this episode, which the checks hold against the rest; None of other sources.
    """

    name: str
    source: str
    sha256: str
    kind: str
    streams: dict[str, Stream]
    scenario: str | None = None
    cell: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    episode: SimEpisode | None = None
    mapping: str | None = None
    unmapped: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    pictures: dict[str, PictureFile | PictureTopic] = field(default_factory=dict)
    declared: Declared | None = None

    def select(self, role: str | None = None, quantity: str | None = None) -> list[Stream]:
        """Streams of this role and quantity, in order; None matches all.

        Raises:
            EpisodeError: there is no such role.
        """
        if role is not None and role not in ROLES:
            raise EpisodeError(f"There is no role {role!r}.{nearest(role, ROLES)}", field="role")
        return [
            stream
            for stream in self.streams.values()
            if role in (None, stream.role) and quantity in (None, stream.quantity)
        ]

    def arrays(self, stream: str) -> dict[str, NDArray[np.float64]]:
        """One stream as arrays (n,) by column: `time`, seconds since the recording began, then each element by its name.

        Raises:
            EpisodeError: there is no such stream.
        """
        refuse_unknown(
            stream, self.streams, f"has no stream {stream!r}.", file=self.source, field="stream", error=EpisodeError
        )
        found = self.streams[stream]
        time = ((found.time_ns - (self.start_ns or 0)) * 1e-9).astype(np.float64)
        return {"time": time, **{name: found.values[:, k] for k, name in enumerate(found.names)}}

    def frame(self, stream: str) -> Any:
        """One stream as a pandas data frame: a column for each element, indexed by `time` [s]; see `arrays`.

        Raises:
            EpisodeError: there is no such stream, or pandas is not installed.
        """
        columns = self.arrays(stream)
        try:
            import pandas
        except ImportError:
            raise EpisodeError(
                "a data frame needs pandas. Install it (pip install 'shiliu[frames]'), or take "
                f"recording.arrays({stream!r}), a dict of arrays.",
                file=self.source,
            ) from None
        return pandas.DataFrame(columns).set_index("time")

    @property
    def start_ns(self) -> int | None:
        """The earliest time of any stream by its own clock [ns since the epoch; 0 for a grid]; None without samples.

        Device clocks are left out where any other exists, because their epoch is the device's own.
        """
        streams = [s for s in self.streams.values() if s.n]
        wall = [s for s in streams if s.clock != "device"] or streams
        times = {id(s.time_ns): s.time_ns for s in wall}  # fields of one message share them
        return min((int(each.min()) for each in times.values()), default=None)

    @property
    def duration_s(self) -> float:
        """Its length [s]: of its episode, else of its longest stream."""
        longest = max((stream.duration_s for stream in self.streams.values()), default=0.0)
        return longest if self.episode is None else self.episode.duration_s

    @property
    def label(self) -> dict[str, Any] | None:
        """Whether it succeeded and why not, as it says itself."""
        label = self.metadata.get("label") if self.episode is None else self.episode.label
        return label if isinstance(label, dict) else None

    def __repr__(self) -> str:
        return f"Recording({self.source!r}, {self.kind}, {len(self.streams)} streams)"


@dataclass(eq=False, repr=False)  # a dataclass would write its own repr: every number of the episode
class SimRecording(Recording):
    """A recording of the simulation, made here: it always has its `episode`."""

    episode: SimEpisode = field(kw_only=True)


def note_words(recording: Recording) -> dict[str, dict[str, str]]:
    """What the sentences of a mapping are in each language, by the English one; nothing where the metadata keep none."""
    kept = recording.metadata.get(NOTE_WORDS)
    found = kept.items() if isinstance(kept, dict) else ()
    return {str(en): words for en, words in found if isinstance(words, dict) and all(isinstance(x, str) for x in words.values())}


@dataclass(frozen=True)
class Unreadable:
    """A file or episode of a folder that could not be read; the folder goes on without it.

    Attributes:
        name: file stem or episode id.
        source: as in `Recording.source`.
        error: what is wrong, with the fix. A `Recording` has no `error`. What else a `Recording` has raises this error here.
    """

    name: str
    source: str
    error: EpisodeError

    @property
    def segments(self) -> Never:
        """What `shiliu.labels` proposes for a recording that can be read; raises `error` here."""
        raise self.error

    if not TYPE_CHECKING:  # mypy knows what it has

        def __getattr__(self, name: str) -> Any:
            if not name.startswith("_") and (hasattr(Recording, name) or name in Recording.__dataclass_fields__):
                raise self.error
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
