"""Shiliu (十六, sixteen): humanoid training scenarios in MuJoCo and a physical judge of recorded demonstrations.

The names below are loaded on first use, so that ``import shiliu`` and ``shiliu --help`` stay quick.
"""

import os as _os
import sys as _sys
import typing as _typing
from ctypes.util import find_library as _find_library
from importlib import import_module as _import_module

from .version import __version__ as __version__

if _typing.TYPE_CHECKING:
    from .envs.dm_env import make_dm_env
    from .envs.lerobot_hub import make_lerobot_env
    from .envs.registration import register_envs
    from .envs.single import ShiliuEnv
    from .face import judge, judge_commands, labels, perform, record, render
    from .replay.formats import read
    from .replay.judge.verdict import Verdict
    from .replay.recording.recording import Recording
    from .scenarios.catalog.catalog import load_scenario
    from .scenarios.scene.scene import Scene
    from .scenarios.scene.schema import Schema
    from .scenarios.sheet.errors import EpisodeError, ReplayError, ScenarioError, ShiliuError

_HOME = {
    "load_scenario": "scenarios.catalog.catalog",
    "read": "replay.formats",
    "judge": "face",
    "judge_commands": "face",
    "perform": "face",
    "record": "face",
    "labels": "face",
    "render": "face",
    "register_envs": "envs.registration",
    "make_dm_env": "envs.dm_env",
    "make_lerobot_env": "envs.lerobot_hub",
    "ShiliuEnv": "envs.single",
    "Recording": "replay.recording.recording",
    "Scene": "scenarios.scene.scene",
    "Schema": "scenarios.scene.schema",
    "Verdict": "replay.judge.verdict",
    "ShiliuError": "scenarios.sheet.errors",
    "ScenarioError": "scenarios.sheet.errors",
    "EpisodeError": "scenarios.sheet.errors",
    "ReplayError": "scenarios.sheet.errors",
}
__all__ = [
    "EpisodeError",
    "Recording",
    "ReplayError",
    "ScenarioError",
    "Scene",
    "Schema",
    "ShiliuEnv",
    "ShiliuError",
    "Verdict",
    "judge",
    "judge_commands",
    "labels",
    "load_scenario",
    "make_dm_env",
    "make_lerobot_env",
    "perform",
    "read",
    "record",
    "register_envs",
    "render",
]


if not _typing.TYPE_CHECKING:  # a type checker knows the names above, and finds a wrong one

    def __getattr__(name: str) -> _typing.Any:
        if name in _HOME:
            return getattr(_import_module("." + _HOME[name], __name__), name)
        raise AttributeError(f"module 'shiliu' has no attribute {name!r}", name=name, obj=_sys.modules[__name__])


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def _headless() -> None:
    """Choose a headless OpenGL before MuJoCo is imported, which reads MUJOCO_GL only once; a display or the user goes first."""
    if "mujoco" in _sys.modules or _os.environ.get("MUJOCO_GL") or _os.environ.get("DISPLAY") or _sys.platform != "linux":
        return
    for backend, library in (("egl", "EGL"), ("osmesa", "OSMesa")):
        if _find_library(library):
            _os.environ["MUJOCO_GL"] = backend
            return


def _register() -> None:
    from .envs.registration import register_envs

    register_envs()


_headless()
_register()  # so that gymnasium.make("shiliu/Microwave-v1") works after `import shiliu`; Gymnasium is all that it imports
