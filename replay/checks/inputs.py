"""What the checks of a stage may look at, in one frozen object: a record's `run` takes from it what its check needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..recording.declared import Declared
from ..recording.pictures import PictureSamples
from ..recording.recording import Recording, Stream
from ..residual.bodies import ComparedColumns, compared
from ..robots.limits import Limits
from ..signals.channels import pair
from ..signals.clock import origin_ns
from ..signals.signal import Motion
from .beyond_stops import BeyondStop, beyond_stop
from .finding import Finding
from .rules import Rules


@dataclass(frozen=True)
class Recorded:
    """One recording, for the checks of the integrity stage.

    Attributes:
        actuated: names that can be commanded; actuators: what those that are no joints take, name -> (lowest, highest).
        samples: a look at each camera; empty where nobody looked.
        asked: name and tree of the scenario that the command names, or None.
        described: joints that the robot's description knows; none where it has actuators.
        hands: ranges of hands as the sheet of a robot gives them, in the recording's own unit.
        today: what today's scene tells of an own episode, a `claims.Today`, or None.
        broken: the fault that leaves values or times without meaning, of those that were found so far.
    """

    recording: Recording
    limits: Limits
    rules: Rules
    actuated: Sequence[str] = ()
    actuators: Mapping[str, tuple[float, float]] | None = None
    samples: Sequence[PictureSamples] = ()
    broken: str | None = None
    described: Sequence[str] = ()
    asked: tuple[str, Mapping[str, Any]] | None = None
    hands: Mapping[str, tuple[float, float]] | None = None
    today: Callable[[], Any] = lambda: None

    @cached_property
    def origin(self) -> int:
        """[ns] when the recording begins."""
        return origin_ns(self.recording)

    @cached_property
    def streams(self) -> list[Stream]:
        """Those that hold anything."""
        return [stream for stream in self.recording.streams.values() if stream.n]

    @cached_property
    def columns(self) -> ComparedColumns:
        """On common rows, to be held against one another; a command past a joint's range is carried out as far as the joint goes."""
        return compared(self.recording, self.limits.ranges)

    @cached_property
    def command_and_state(self) -> tuple[Stream | None, Stream | None]:
        return pair(self.recording)

    @property
    def command(self) -> Stream | None:
        """The commanded joints."""
        return self.command_and_state[0]

    @property
    def state(self) -> Stream | None:
        """The measured joints that belong to them."""
        return self.command_and_state[1]

    @cached_property
    def beyond(self) -> BeyondStop | None:
        """Joints that are commanded and measured beyond their stops; a person's motion on a robot knows none."""
        return None if self.recording.kind == "human" else beyond_stop(self.command, self.state, self.limits, self.origin)

    @property
    def task(self) -> str | None:
        """The task's sentence, where one was recorded."""
        episode = self.recording.episode
        task = (
            self.recording.metadata.get("task") if episode is None else episode.task.get("en") or episode.task.get("zh")
        )
        return task if isinstance(task, str) else None

    @property
    def success(self) -> bool | None:
        """The recording's own label, where it has one."""
        label = self.recording.label
        return None if label is None else label.get("success")


@dataclass(frozen=True)
class Moved:
    """One joint motion, for the checks of the kinematics stage.

    Attributes:
        t: (n,) seconds by the clock to judge by; q: (n, k) rad; names: (k,) joints.
        signal: the role of the motion: a measured one is judged by its limits alone, see `soften`.
        motion: the same, resampled for speeds.
    """

    t: np.ndarray
    q: np.ndarray
    names: Sequence[str]
    limits: Limits
    rules: Rules
    signal: str
    motion: Motion


def of_set(check: Callable[[Declared, Rules], list[Finding]], *codes: str) -> Callable[[Recorded], list[Finding]]:
    """A check of what a set says of an episode, as a `run`: its codes are not applicable to a recording of no set."""

    def run(recorded: Recorded) -> list[Finding]:
        if recorded.recording.declared is None:
            return [recorded.rules[code].not_applicable("no_lerobot_set") for code in codes]
        return check(recorded.recording.declared, recorded.rules)

    return run
