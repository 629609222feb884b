"""Shiliu (十六, sixteen): humanoid training scenarios in MuJoCo and a physical judge of recorded demonstrations.

The names below are loaded on first use, so that ``import shiliu`` and ``shiliu --help`` stay quick.
"""

import os
import sys
from ctypes.util import find_library
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .envs.dm_env import make_dm_env
    from .envs.registration import register_envs
    from .replay.formats import read
    from .replay.judge.judge import judge
    from .scenarios.catalog.catalog import load_scenario
    from .scenarios.scene.schema import Schema
    from .scenarios.sheet.errors import EpisodeError, ReplayError, ScenarioError, ShiliuError

_HOME = {
    "load_scenario": "scenarios.catalog.catalog",
    "read": "replay.formats",
    "judge": "replay.judge.judge",
    "register_envs": "envs.registration",
    "make_dm_env": "envs.dm_env",
    "Schema": "scenarios.scene.schema",
    "ShiliuError": "scenarios.sheet.errors",
    "ScenarioError": "scenarios.sheet.errors",
    "EpisodeError": "scenarios.sheet.errors",
    "ReplayError": "scenarios.sheet.errors",
}
__all__ = [
    "EpisodeError",
    "ReplayError",
    "ScenarioError",
    "Schema",
    "ShiliuError",
    "judge",
    "load_scenario",
    "make_dm_env",
    "read",
    "register_envs",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module("." + _HOME[name], __name__), name)
    raise AttributeError(f"module 'shiliu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])


def _headless() -> None:
    """Choose a headless OpenGL before MuJoCo is imported, which reads MUJOCO_GL only once; a display or the user goes first."""
    if "mujoco" in sys.modules or "MUJOCO_GL" in os.environ or os.environ.get("DISPLAY") or sys.platform != "linux":
        return
    for backend, library in (("egl", "EGL"), ("osmesa", "OSMesa")):
        if find_library(library):
            os.environ["MUJOCO_GL"] = backend
            return


def _register() -> None:
    from .envs.registration import register_envs

    register_envs()


_headless()
_register()  # so that gymnasium.make("shiliu/Microwave-v1") works after `import shiliu`; Gymnasium is all that it imports
