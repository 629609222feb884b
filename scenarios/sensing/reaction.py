"""What answers in a scene between two control steps: a person who pulls, a declared rule, a machine that runs.

A reaction commands actuators that are not the robot's. It is computed for all copies at once, from their readings and from
the `ctrl` that it gave last, and it remembers nothing else: what it has to keep (a countdown, a drawn delay, "has begun")
stands in the `ctrl` of actuators that move nothing, see `add_memory`. `ctrl` is part of `mjSTATE_INTEGRATION`, so a
simulation that is put back into a state goes on to the bit, and nobody needs to know that anything reacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import mujoco
import numpy as np

from .requests import Readings, Request

_ANCHOR = "memory"  # a site of the world: an actuator on it with no gear moves nothing


class Reaction(Protocol):
    """One thing that reacts."""

    @property
    def actuators(self) -> tuple[str, ...]:
        """Full names of the actuators that it commands, its memories among them; no other reaction commands one of them."""
        ...

    def compile_into(self, spec: mujoco.MjSpec) -> None:
        """Add to a scene's spec what the parts do not bring: here a memory for each actuator."""
        for name in self.actuators:
            add_memory(spec, name)

    def requests(self) -> list[Request]:
        """The sensors that it looks at."""
        ...

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        """(k,) `ctrl` of its actuators at time zero in a draw with these values (SI, by key as in `Draw.values`)."""
        ...

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        """What it commands next.

        Args:
            readings: (n, ·) of the control period that has just ended.
            ctrl: (n, k) of its actuators in that period.

        Returns:
            (n, k) for the next period; row by row, so that no copy knows of another.
        """
        ...


def add_memory(spec: mujoco.MjSpec, name: str) -> Request:
    """Add an actuator that moves nothing. Its `ctrl` keeps a number.

    Returns:
        The sensor that reads it. It tells what was kept during the control period that has just ended: what a reaction
        decides after a control step is seen by goals one control step later.
    """
    if spec.site(_ANCHOR) is None:
        spec.worldbody.add_site(name=_ANCHOR, group=4)
    actuator = spec.add_actuator(name=name, target=_ANCHOR, trntype=mujoco.mjtTrn.mjTRN_SITE)
    actuator.gear = np.zeros(6)
    actuator.gainprm[0] = 1.0  # its "force" is the number itself
    return memory(name)


def memory(name: str) -> Request:
    """The sensor of a memory."""
    return Request("actuator_force", name)


class Reactions:
    """All that reacts in a scene, and where its actuators lie in `ctrl`.

    Args:
        reactions: in the order in which they are computed; none sees what another decides in the same step.
        model: the compiled scene.
        first: number of the robot's own actuators, which come first.

    Attributes:
        extra: number of actuators after the robot's; those that no reaction commands stay at zero.
    """

    def __init__(self, reactions: Sequence[Reaction], model: mujoco.MjModel, first: int):
        self.reactions = tuple(reactions)
        self.extra = model.nu - first
        self._columns = [np.array([model.actuator(n).id - first for n in r.actuators], int) for r in self.reactions]

    def columns(self, reaction: Reaction) -> np.ndarray:
        """Where a reaction's actuators lie among the `extra`."""
        return self._columns[self.reactions.index(reaction)]

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        """(extra,) `ctrl` at time zero."""
        ctrl = np.zeros(self.extra)
        for reaction, columns in zip(self.reactions, self._columns):
            ctrl[columns] = reaction.start(values)
        return ctrl

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        """(n, extra) the next `ctrl` after readings (n, ·) under `ctrl` (n, extra)."""
        after = ctrl.copy()
        for reaction, columns in zip(self.reactions, self._columns):
            after[:, columns] = reaction.react(readings, ctrl[:, columns])
        return after
