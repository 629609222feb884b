"""What a repair changes: the commanded joint positions of one recording, whatever it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds
from ..signals.joint_motion import joint_motion
from .warp import SlowedStretch, Warp, sampled, whole_steps


@dataclass(frozen=True)
class Command:
    """A joint command.

    Attributes:
        t: (n,) seconds on the recording's clock.
        x: (n, k) values as stored.
        names: (k,) columns.
        joints: the columns that are joints of the robot; others (hands) only keep time with them.
        scale: rad of one stored unit of a joint.
        step: control period [s] of an episode of our own (its samples stay on their grid); None of a real recording,
            its messages stay what they are and are only sent at other times.
    """

    t: np.ndarray
    x: np.ndarray
    names: tuple[str, ...]
    joints: tuple[int, ...]
    scale: float = 1.0
    step: float | None = None

    @property
    def joint_names(self) -> tuple[str, ...]:
        return tuple(self.names[j] for j in self.joints)

    @property
    def q(self) -> np.ndarray:
        """(n, len(joints)) rad."""
        return self.x[:, list(self.joints)].astype(float) * self.scale

    def with_q(self, q: np.ndarray) -> Command:
        """With other joint angles [rad]; what did not change stays to the bit."""
        x = self.x.copy()
        for place, j in enumerate(self.joints):
            moved = q[:, place] != self.x[:, j].astype(float) * self.scale
            x[moved, j] = (q[moved, place] / self.scale).astype(x.dtype)
        return replace(self, x=x)

    def slowed(self, stretches: Sequence[SlowedStretch]) -> tuple[Command, Warp]:
        """With some stretches played slower.

        Returns:
            The command and how its time runs; of an episode every stretch takes whole control periods longer.
        """
        if self.step is None:
            warp = Warp(stretches)
            return replace(self, t=warp.new(self.t)), warp
        warp = Warp([whole_steps(s, self.step) for s in stretches])
        more = round(warp.longer_s / self.step)
        t = self.t[0] + np.arange(len(self.x) + more) * self.step
        at = (warp.source(t) - self.t[0]) / self.step
        return replace(self, t=t, x=sampled(self.x, at)), warp


def command_of(recording: Recording, joints: Sequence[str]) -> Command | None:
    """The command of a recording, or None where it has none that a repair may change.

    Args:
        joints: the robot's joints.
    """
    episode = recording.episode
    if episode is not None:
        known = tuple(i for i, name in enumerate(episode.action_names) if name in joints)
        t = np.arange(episode.n_steps) * episode.control_timestep
        return Command(t, episode.actions, tuple(episode.action_names), known, 1.0, episode.control_timestep)
    motion = joint_motion(recording, joints, {}).get("command")
    if motion is None or recording.kind != "robot" or motion.stream.unit not in SCALE or motion.stream.n < 4:
        return None
    stream = motion.stream
    t = seconds(stream, origin_ns(recording))
    if (np.diff(t) < 0.0).any():
        return None
    known = tuple(i for i, name in enumerate(stream.names) if name in joints)
    return Command(t, stream.values, stream.names, known, SCALE[stream.unit])
