"""shiliu doctor: what this machine has and lacks."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from ...scenarios.reading.override import unquoted
from ...scenarios.sheet.errors import ShiliuError
from ..report.message_catalogue import terms
from ..report.translation import translated
from .wrapping import columns

if TYPE_CHECKING:
    from ...cli import CommandRequest

USAGE = """
shiliu doctor

Lists the installed versions and the number of cores, and says whether pictures can be drawn
without a display.
Exit: 0 everything works; 3 only pictures or videos are missing, which no verdict needs; 2 a
package is missing.
"""
_TRY = """
import mujoco
model = mujoco.MjModel.from_xml_string('<mujoco><worldbody><geom size="1"/></worldbody></mujoco>')
renderer = mujoco.Renderer(model, 32, 32)
renderer.update_scene(mujoco.MjData(model))
renderer.render()
"""


def run(request: CommandRequest) -> int:
    """Print one line a finding."""
    if request.overrides:
        raise ShiliuError(f"`shiliu doctor` takes no settings, such as {unquoted(request.overrides[0])}.")

    def say(name: str, text: str) -> None:
        head = terms("messages", request.lang, "heads").get(name, name)
        print(f"{head}{' ' * (11 - columns(head))}{translated(text, request.lang)}")

    say("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    complete = True
    for package in packages():
        try:
            print(f"{package:<14} {version(package)}")
        except PackageNotFoundError:
            complete = False
            print(f"{package:<14} {translated(f'missing: pip install {package}', request.lang)}")
    works = [backend for backend in ("egl", "osmesa") if _renders(backend)]
    if works:
        say("pictures", f"yes, with MUJOCO_GL={works[0]}")
    else:
        from ...envs.rendering import INSTALL

        say("pictures", f"no. {INSTALL} Verdicts do not need them.")
    try:
        import imageio_ffmpeg

        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        ffmpeg = shutil.which("ffmpeg")
    say("videos", "yes" if ffmpeg else "no. Install it: pip install imageio[ffmpeg].")
    if not complete:
        return 2
    return 0 if works and ffmpeg else 3


def packages() -> list[str]:
    """Names of the packages that shiliu asks for, as it was installed, without those of its extras."""
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requires("shiliu") or () if "extra ==" not in line]


def _renders(backend: str) -> bool:
    """Whether a picture can be drawn with a backend; tried in a process of its own, because a backend is chosen once."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRY],
            env={**os.environ, "MUJOCO_GL": backend},
            capture_output=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:  # a driver that hangs draws no pictures
        return False
    return done.returncode == 0
