"""A window onto a running environment: MuJoCo's own viewer, showing what the environment does at the speed at which it does it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ..scenarios.scene.scene import Scene
from ..scenarios.sheet.errors import ShiliuError


def screen() -> bool:
    """Whether there is a screen to open a window on, as far as the surroundings tell."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class Window:
    """MuJoCo's passive viewer of a scene.

    Args:
        scene: what is shown.
    """

    def __init__(self, scene: Scene):
        self.scene = scene
        self._values: dict[str, float] | None = None
        self._data: mujoco.MjData | None = None
        self._handle: Any = None
        self._begun = (0.0, 0.0)  # wall clock and episode time at the last start

    def show(self, values: Mapping[str, float], qpos: np.ndarray, t: float) -> None:
        """Show a state, no earlier than its time has come.

        Args:
            values: the draw's values; another draw opens the window anew.
            qpos: (nq,) where everything is.
            t: episode time [s].

        Raises:
            ShiliuError: there is no screen.
        """
        if self._handle is None or self._values != dict(values):
            self.close()
            self._open(values)
        assert self._data is not None
        if t <= self._begun[1]:
            self._begun = (time.monotonic(), t)
        self._data.qpos[:], self._data.time = qpos, t
        mujoco.mj_forward(self._data.model, self._data)
        if self._handle.is_running():
            self._handle.sync()
            time.sleep(max(0.0, self._begun[0] + t - self._begun[1] - time.monotonic()))

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _open(self, values: Mapping[str, float]) -> None:
        import glfw

        # asked here, because MuJoCo's viewer ends the whole process where there is none
        if not (screen() and glfw.init()):
            raise ShiliuError("There is no screen to open a window on. Use render_mode='rgb_array'.")
        glfw.terminate()  # the viewer starts it anew, in a thread of its own
        from mujoco import viewer

        model = self.scene.compile(values, looks=True)
        self._values, self._data = dict(values), mujoco.MjData(model)
        self._handle = viewer.launch_passive(model, self._data, show_left_ui=False, show_right_ui=False)
        self._begun = (time.monotonic(), 0.0)
