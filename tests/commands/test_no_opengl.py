"""What is said where no OpenGL is: the remedy, in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from ctypes.util import find_library

import pytest
from shiliu.envs import rendering
from shiliu.replay.report.translation import translated


@pytest.mark.parametrize("asked", ["osmesa_of_nowhere", "osmesa"])
def test_an_opengl_that_is_not_here_is_named(asked):
    """MuJoCo looks for it as it is imported; whoever asks for one that is not there gets an error with the remedy."""
    if asked == "osmesa" and find_library("OSMesa"):
        pytest.skip("OSMesa is here")
    done = subprocess.run(
        [sys.executable, "-m", "shiliu", "list", "skills", "put"],
        env={k: v for k, v in os.environ.items() if k != "PYOPENGL_PLATFORM"} | {"MUJOCO_GL": asked},  # which MuJoCo sets here
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"shiliu: MUJOCO_GL={asked} names an OpenGL that is not here")


# what is said, and in the first case that a command says it
ADVICE = [
    ("glfw", ":987", "zh", "MUJOCO_GL=glfw 需要显示器，而显示器 :987 画不出图。请设置 MUJOCO_GL=egl 或 MUJOCO_GL=osmesa"),
    ("glfw", "", "en", "MUJOCO_GL=glfw draws on a display, and there is none here. Set MUJOCO_GL=egl or MUJOCO_GL=osmesa"),
    ("off", "", "en", "MUJOCO_GL=off turns pictures off. Set MUJOCO_GL=egl or MUJOCO_GL=osmesa, or leave it away."),
]


@pytest.mark.parametrize(
    ("asked", "display", "lang", "message"), [ADVICE[0], *(pytest.param(*one, marks=pytest.mark.slow) for one in ADVICE[1:])]
)
def test_an_opengl_that_draws_nothing_here_is_named_with_what_to_set(tmp_path, asked, display, lang, message):
    """GLFW warns of its own; the command prints one line."""
    done = subprocess.run(
        [sys.executable, "-m", "shiliu", "render", "scenario=bare", f"out={tmp_path / 'pics'}", f"lang={lang}"],
        env={k: v for k, v in os.environ.items() if k not in ("PYOPENGL_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")}
        | {"MUJOCO_GL": asked}
        | ({"DISPLAY": display} if display else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.startswith(f"shiliu: {message}"), done.stderr
    assert len(done.stderr.splitlines()) == 1 and "No OpenGL was found" not in done.stderr


@pytest.mark.parametrize(("asked", "display", "lang", "message"), ADVICE)
def test_what_to_set_is_said_of_each_way_to_draw(monkeypatch, asked, display, lang, message):
    monkeypatch.setenv("MUJOCO_GL", asked)
    monkeypatch.setenv("DISPLAY", display)
    assert translated(rendering.advice(), lang).startswith(message)


def test_without_mujoco_gl_the_advice_is_what_to_install(monkeypatch):
    for asked in ("", "egl", "osmesa"):
        monkeypatch.setenv("MUJOCO_GL", asked)
        assert rendering.advice() == rendering.INSTALL
