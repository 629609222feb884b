"""Things of which the poses are recorded, and the hands that may carry them, each as a path on the rows of its stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..recording.recording import Recording, Stream
from ..recording.things import factors_of, tells_of_things
from ..signals.clock import origin_ns, seconds, topic
from ..signals.pose_noise import pose_noise
from .arm_chain import MeasuredArm
from .hand_pose import matrices
from .moving_base import PLACES, base_columns, table_of_base
from .table import Group

PLACE, TURN = ("x", "y", "z"), ("qw", "qx", "qy", "qz")
# columns beside a pose that say whether a tracker sees the thing
SEEN, UNSEEN = ("tracked", "visible", "valid", "detected", "seen"), ("occluded", "hidden", "lost")
HINGE = "_hinge"
ROOM = 10.0  # m from the origin, beyond which no thing of a room is
ROWS = 8  # of a stream, at the least
DRIVEN = 1e-3  # m, rad by which a base that stands may move
UPDATES = 0.9  # of the changes of a thing, that lie in every r-th row where a tracker gives it a new pose
PAUSE = 0.5  # s in which a tracker gives a thing that moves a new pose


@dataclass(frozen=True)
class PosedThing:
    """A thing with a recorded place.

    Attributes:
        name: as its columns begin; stream: that holds it; t: (n,) s.
        names: of the three columns; pos: (n, 3) m, as it was announced.
        turns: of the four columns of its turn, none where it has none.
        factor: what is recorded times this are metres.
    """

    name: str
    stream: Stream
    t: np.ndarray
    names: tuple[str, ...]
    pos: np.ndarray
    turns: tuple[str, ...]
    factor: float

    @property
    def topic(self) -> str:
        return topic(self.stream)

    @cached_property
    def dt(self) -> float:
        return float(np.median(np.diff(self.t)))

    @cached_property
    def quat(self) -> np.ndarray:
        """(n, 4) w, x, y, z as its columns say."""
        return np.column_stack([self.stream.column(name) for name in self.turns])

    @cached_property
    def seen(self) -> np.ndarray:
        """(n,) whether the pose is one, as its tracker says of each row; all rows where it says nothing."""
        return seen_of(self.stream, self.name)

    @cached_property
    def noise(self) -> float:
        """[m] by which one coordinate scatters."""
        return pose_noise(self.pos)

    @cached_property
    def every(self) -> tuple[int, int]:
        """Rows from one new pose to the next, and the first row that has one: a tracker may be slower than the rows. Of one that gives them
        now and then, the rows within which it mostly does."""
        changes = np.flatnonzero((self.pos[1:] != self.pos[:-1]).any(axis=1)) + 1
        gaps = np.diff(changes)
        gaps = gaps[gaps * self.dt < PAUSE]
        if len(gaps) < ROWS:
            return 1, 0
        usual, most = int(np.median(gaps)), int(np.quantile(gaps, UPDATES))
        if most < 2:
            return 1, 0
        phases = np.bincount(changes % usual, minlength=usual)
        return (usual, int(phases.argmax())) if phases.max() >= UPDATES * len(changes) and usual > 1 else (most, 0)


def seen_of(stream: Stream, thing: str) -> np.ndarray:
    """(n,) whether a tracker says that it sees a thing, by a column beside its pose such as `cup.tracked` or `cup.occluded`."""
    out = np.ones(stream.n, bool)
    for words, wanted in ((SEEN, True), (UNSEEN, False)):
        for name in (f"{thing}.{word}" for word in words):
            if name in stream.names:
                out &= (stream.column(name) != 0.0) == wanted
    return out


def streams_of_things(recording: Recording) -> list[Stream]:
    """The streams that hold measured poses of things, or joints of parts, in rows enough."""
    return [s for s in recording.streams.values() if s.role in ("measured", "pose") and s.n >= ROWS and tells_of_things(s)]


def things_of(recording: Recording) -> list[PosedThing]:
    """Each thing with a recorded place."""
    found, origin = list[PosedThing](), origin_ns(recording)
    for stream in streams_of_things(recording):
        names, t = set(stream.names), None
        factors = factors_of(stream)
        for thing in dict.fromkeys(name.rpartition(".")[0] for name in stream.names):
            places = tuple(f"{thing}.{axis}" for axis in PLACE)
            if not thing or not set(places) <= names:
                continue
            t = seconds(stream, origin) if t is None else t
            factor = 1.0 if factors is None else float(factors[stream.names.index(places[0])])
            pos = np.column_stack([stream.column(name) for name in places])
            pos = pos if factor == 1.0 else factor * pos
            turns = tuple(f"{thing}.{number}" for number in TURN)
            found.append(PosedThing(thing, stream, t, places, pos, turns if set(turns) <= names else (), factor))
    return found


@dataclass(frozen=True)
class CarryingHand:
    """A hand: t (n,) s, where it is (n, 3) m, and how it is turned (n, 3, 3); measured: whether joints of our own robot show it, in metres.
    """

    t: np.ndarray
    pos: np.ndarray
    turn: np.ndarray
    measured: bool = True

    def at(self, t: np.ndarray) -> CarryingHand:
        """The hand at other times: in the row that is nearest to each."""
        if len(t) == len(self.t) and np.array_equal(t, self.t):
            return self
        rows = np.clip(np.searchsorted(self.t, t - 0.5 * float(self.t[1] - self.t[0])), 0, len(self.t) - 1)
        return CarryingHand(t, self.pos[rows], self.turn[rows], self.measured)


def hands_in_the_scene(recording: Recording, bodies: Sequence[tuple[Group, Mapping[str, MeasuredArm]]]) -> list[CarryingHand]:
    """The hands of measured arms in a frame that stands still: a base that moves carries them; else those that are recorded as poses."""
    found = []
    for group, arms in bodies:
        base = table_of_base(base_columns(recording, group), PLACES)
        for side, arm in arms.items():
            if side != "head":
                pos, turn = arm.origins[-1], arm.turns[-1]
                if base is not None and _rides(base):
                    pos, turn = _driven(base, pos, turn)
                found.append(CarryingHand(group.t, pos, turn))
    return found or list(_recorded(recording))


def is_carried_by_a_base(recording: Recording, group: Group) -> bool:
    """Whether the place of a base is recorded, and moves."""
    base = table_of_base(base_columns(recording, group), PLACES)
    return base is not None and _rides(base)


def _rides(base: np.ndarray) -> bool:
    return float(np.ptp(base, axis=0).max()) > DRIVEN


def _driven(base: np.ndarray, pos: np.ndarray, turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cos, sin, none = np.cos(base[:, 2]), np.sin(base[:, 2]), np.zeros(len(base))
    yaw = np.stack([np.stack([cos, -sin, none], 1), np.stack([sin, cos, none], 1), np.stack([none, none, none + 1.0], 1)], 1)
    return np.einsum("tij,tj->ti", yaw, pos) + base[:, [0, 1, 3]], yaw @ turn


def _recorded(recording: Recording) -> Iterator[CarryingHand]:
    origin = origin_ns(recording)
    for stream in recording.select(quantity="hand_pose"):
        if stream.role not in ("measured", "pose") or stream.n < ROWS:
            continue
        for hand in dict.fromkeys(name.rpartition(".")[0] for name in stream.names):
            names = [f"{hand}.{axis}" for axis in (*PLACE, *TURN)]
            if set(names) <= set(stream.names):
                rows = np.column_stack([stream.column(name) for name in names])
                size = np.linalg.norm(rows[:, 3:], axis=1, keepdims=True)
                if np.isfinite(rows).all() and (size > 0.5).all():
                    yield CarryingHand(seconds(stream, origin), rows[:, :3], matrices(rows[:, 3:] / size), measured=False)
