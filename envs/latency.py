"""Commands that reach the motors late, as they do over a link and through a controller's queue."""

from __future__ import annotations

import numpy as np

from ..scenarios.scene.scene import Scene
from ..scenarios.sheet.errors import ScenarioError

MOST = 2.0  # s; later than that nobody steers


class Latency:
    """Delays the commands of n copies by a whole number of physics steps.

    Args:
        scene: whose physics step and control period count.
        n: copies.
        seconds: by how much [s]; rounded to physics steps, see `seconds` of the object.

    Raises:
        ScenarioError: a latency that is no number, below zero or beyond `MOST`.
    """

    def __init__(self, scene: Scene, n: int, seconds: float):
        if not isinstance(seconds, int | float | np.number) or isinstance(seconds, bool):
            raise ScenarioError(f"{seconds!r} is no number of seconds.", field="latency")
        if not 0.0 <= seconds <= MOST:
            raise ScenarioError(f"{seconds!r} s lies outside 0 to {MOST:g} s.", field="latency")
        steps, substeps = round(seconds / scene.timestep), scene.n_substeps
        self.seconds = steps * scene.timestep
        issued = (np.arange(substeps) - steps) // substeps  # control periods before this one; 0 is this one's command
        self._kept = int(1 - issued.min(initial=0))
        self._pick = self._kept - 1 + issued
        self._history = np.zeros((n, self._kept, scene.n_actions), np.float32)
        self._none = steps == 0

    def begin(self, ids: np.ndarray | slice, command: np.ndarray) -> None:
        """Start episodes of copies `ids` with commands (nu,) or (len(ids), nu) that hold until the first one arrives."""
        self._history[ids] = np.asarray(command, np.float32)[..., None, :]

    def restore(self, i: int, saved: np.ndarray) -> None:
        """Go on from what was saved of copy i."""
        self._history[i] = saved

    def delayed(self, command: np.ndarray, ids: np.ndarray | slice) -> np.ndarray:
        """What copies `ids` feel of commands (m, nu): as it is, or (m, substeps, nu) with a command a physics step."""
        if self._none:
            return command
        history = self._history[ids]
        history[:, :-1] = history[:, 1:].copy()
        history[:, -1] = command
        self._history[ids] = history
        return history[:, self._pick]

    def save(self, i: int) -> np.ndarray:
        """(kept, nu) what copy i remembers, to go on from."""
        return self._history[i].copy()
