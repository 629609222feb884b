"""What a known fault is: its name, the code that must be the cause of the verdict, and how it is put into a copy.

A fault that a person could have made is put into the commands or into the scene, and the demonstration is performed again,
so that the record is a faithful one of a faulty demonstration. What a recorder or a device does changes the record alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.scenarios.draws.variation import Draw
from shiliu.scenarios.sheet.errors import EpisodeError

from .places import Places, places_of

SIZES = (0.25, 0.5, 2.0)  # violations beyond the FAIL bound, in the code's own scale (`excess`)
ONCE = (None,)  # the code has no scale: the fault is there or it is not
WAYS = ("perform", "mistake", "record", "device", "set")


@dataclass(frozen=True)
class FaultMark:
    """Where a fault was put.

    Attributes:
        t0, t1: seconds on the recording's clock; None where it has no place in time (a scene set up wrongly).
        subject: joints, streams or objects that a finding should name, any one of them; empty where nothing is claimed.
    """

    t0: float | None = None
    t1: float | None = None
    subject: tuple[str, ...] = ()


@dataclass
class Work:
    """A copy of a clean demonstration that is being broken.

    Attributes:
        stage: scene, limits and robot that it belongs to.
        clean: the demonstration; nothing of it is changed.
        rng: decides place and direction.
        draw: the start; `actions` (T, nu) float32: what is performed again. A fault that a person makes changes these.
        recording: the record; a fault of a device changes this one.
        mistake: the scenario's own mistake that is performed instead, or None.
        marks: where each fault was put, in their order.
        kept: folders of videos that live as long as the copy is looked at.
    """

    context: SceneContext
    clean: SimEpisode
    rng: np.random.Generator
    draw: Draw
    actions: np.ndarray
    recording: Recording | None = None
    mistake: str | None = None
    marks: list[FaultMark] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)

    @property
    def times(self) -> np.ndarray:
        """(T,) seconds at which the actions begin to act."""
        return np.arange(len(self.actions)) * self.context.scene.control_timestep

    @property
    def record(self) -> Recording:
        """The record, once there is one."""
        if self.recording is None:
            raise EpisodeError("nothing is recorded yet; a fault of the record comes after those of the performance.")
        return self.recording

    @property
    def places(self) -> Places:
        """Which joints of the robot faults are put on."""
        return places_of(self.context.scene.robot)

    def column(self, name: str) -> int:
        """Column of an actuator in `actions`."""
        return self.context.scene.schema.action.names.index(name)


Put = Callable[[Work, float], FaultMark]


@dataclass(frozen=True)
class Fault:
    """A known fault.

    Attributes:
        name: what it is called in tables and on the command line.
        codes: any of these must be the cause, `findings[root]`; where one thing has two right names, both stand here.
        way: `perform` (commands or scene changed, performed again), `mistake` (one of the scenario's own), `record` (the
            record of a simulation changed), `device` (the record of a device changed, judged on the bare floor), `set` (the
            files of a written set changed).
        put: changes the work by a size and says where; a fault that comes once is given 0.
        sizes: sizes that are claimed, in `excess`; `ONCE` where the code has no scale.
        level: FAIL, or WARN for what never makes a verdict.
        whole: whether it needs a demonstration from end to end, or any stretch of one will do.
    """

    name: str
    codes: tuple[str, ...]
    way: str
    put: Put
    sizes: tuple[float | None, ...] = ONCE
    level: str = "FAIL"
    whole: bool = False

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise ValueError(f"{self.name}: {self.way!r} is none of {', '.join(WAYS)}.")
