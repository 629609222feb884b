"""shiliu doctor: what this machine has and lacks."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from ...scenarios.reading.override import unquoted
from ...scenarios.sheet.errors import ShiliuError
from ..report.message_catalogue import terms
from ..report.translation import translated
from .command_request import CommandRequest
from .wrapping import columns

USAGE = """
shiliu doctor

Lists the installed versions and the number of cores, and says whether pictures can be drawn
here: with the OpenGL that MUJOCO_GL names, else with the first of EGL and OSMesa that works.
Exit: 0 everything works; 3 only pictures or videos are missing, which no verdict needs; 2 a
package is missing, or MUJOCO_GL names what stops MuJoCo.
"""
HEADLESS = ("egl", "osmesa")  # values of MUJOCO_GL that draw without a display
UNREADABLE = 7  # exit code of a trial in which MuJoCo itself could not be imported
_TRY = f"""
import sys
try:
    import mujoco
except Exception:
    sys.exit({UNREADABLE})
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
    drawn, text = pictures(os.environ.get("MUJOCO_GL", ""))
    say("pictures", text)
    try:
        import imageio_ffmpeg

        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        ffmpeg = shutil.which("ffmpeg")
    say("videos", "yes" if ffmpeg else "no. Install it: pip install imageio[ffmpeg].")
    if not complete or drawn == UNREADABLE:
        return 2
    return 0 if drawn == 0 and ffmpeg else 3


def pictures(chosen: str) -> tuple[int, str]:
    """0 where pictures can be drawn, or why not, as of `_trial`; and a sentence about it.

    Args:
        chosen: the value of MUJOCO_GL, which the user or the package has set; empty where none is, so that MuJoCo takes the display.
    """
    display = os.environ.get("DISPLAY", "")
    found = _trial(chosen) if chosen or display else 1
    if found == 0:
        return 0, f"yes, with MUJOCO_GL={chosen}" if chosen else f"yes, with the display {display}"
    works = next((backend for backend in HEADLESS if backend != chosen and _trial(backend) == 0), None)
    if not chosen and not display and works:
        return 0, f"yes, with MUJOCO_GL={works}"
    if chosen:
        what = "MuJoCo cannot be read with it, and nothing can be judged" if found == UNREADABLE else "it draws nothing here"
        why = f"no. MUJOCO_GL={chosen} is set; {what}."
    else:
        why = f"no. The display {display} draws nothing." if display else "no."
    if works:
        return found, f"{why} Set MUJOCO_GL={works}, which works."
    from ...envs.rendering import INSTALL

    away = f" Or take MUJOCO_GL={chosen} away: verdicts need no pictures." if found == UNREADABLE else " Verdicts do not need them."
    return found, f"{why} {INSTALL}{away}"


def packages() -> list[str]:
    """Names of the packages that shiliu asks for, as it was installed, without those of its extras."""
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requires("shiliu") or () if "extra ==" not in line]


def _trial(backend: str) -> int:
    """0 where a picture can be drawn with a value of MUJOCO_GL, `UNREADABLE` where MuJoCo cannot be imported with it, else 1.

    It is tried in a process of its own, because MuJoCo chooses once.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRY],
            env={key: value for key, value in {**os.environ, "MUJOCO_GL": backend}.items() if key != "MUJOCO_GL" or value},
            capture_output=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:  # a driver that hangs draws no pictures
        return 1
    return done.returncode if done.returncode in (0, UNREADABLE) else 1
