"""The link of n copies while they are stepped: commands on their way, and sensor values that have not arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..link.link import SEED
from ..link.traffic import BLOCK, Traffic
from ..scene.scene import Scene


class LinkCarrier:
    """Carries commands and sensor values of n copies over the link of their scene.

    Args:
        scene: with the link; n: copies.
    """

    def __init__(self, scene: Scene, n: int):
        self.link, self._scene = scene.config.link, scene
        speeds = scene.robot.base_names[:3]  # height is a place, which is held
        self._base = [scene.schema.action.names.index(name) for name in speeds]
        self._traffic: list[Traffic | None] = [None] * n
        self._sent: list[np.ndarray] = [np.zeros((0, 0), np.float32)] * n  # row 0 holds before the first command
        self._held: list[dict[int, Any]] = [{} for _ in range(n)]
        self.t = np.zeros(n, int)

    def begin(self, i: int, command: np.ndarray, values: Mapping[str, float]) -> None:
        """Start an episode of copy i with a command (nu,) that holds until the first one arrives, in a draw with these values."""
        scene = self._scene
        self._traffic[i] = Traffic(self.link, int(values.get(SEED, 0)), scene.control_timestep, scene.n_substeps)
        self._sent[i] = np.zeros((BLOCK + 1, len(command)), np.float32)
        self._sent[i][0], self._held[i], self.t[i] = command, {}, 0

    def carried(self, commands: np.ndarray, ids: Sequence[int]) -> np.ndarray:
        """(m, substeps, nu) what copies `ids` are moved by, a command each physics step, while they are sent commands (m, nu)."""
        out = np.empty((len(commands), self._scene.n_substeps, commands.shape[1]), np.float32)
        for row, i in enumerate(ids):
            traffic, t = self._of(i), int(self.t[i])
            traffic.upto(t + 2)
            if t + 1 >= len(self._sent[i]):
                self._sent[i] = np.concatenate([self._sent[i], np.zeros_like(self._sent[i])])
            self._sent[i][t + 1] = commands[row]
            out[row] = self._sent[i][traffic.effect[t] + 1]
            for step in np.flatnonzero(traffic.silent[t] > self.link.hold) if self._base else ():
                out[row, step, self._base] = 0.0
            self.t[i] += 1
        return out

    def shown(self, i: int, values: Any) -> Any:
        """What the operator of copy i has now, where `values` is captured now: the newest that have arrived.

        What it was given before is given back unchanged; nothing else is kept longer than it is needed.
        """
        held, seen = self._held[i], int(self._of(i).seen[self.t[i]])
        held.setdefault(int(self.t[i]), values)
        for k in [k for k in held if k < seen]:
            del held[k]
        return held[seen]

    def passing(self, ids: Sequence[int]) -> np.ndarray:
        """(m, 4) float32 [s], see `Traffic.passing`."""
        return np.array([self._of(i).passing[self.t[i]] for i in ids], np.float32).reshape(-1, 4)

    def save(self, i: int) -> tuple[Any, ...]:
        """What copy i goes on from."""
        return self._traffic[i], self._sent[i].copy(), dict(self._held[i]), int(self.t[i])

    def restore(self, i: int, saved: tuple[Any, ...]) -> None:
        """Go on from what was saved of a copy."""
        traffic, sent, held, self.t[i] = saved
        self._traffic[i], self._sent[i], self._held[i] = traffic, sent.copy(), dict(held)

    def _of(self, i: int) -> Traffic:
        traffic = self._traffic[i]
        assert traffic is not None
        return traffic
