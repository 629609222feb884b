"""`shiliu doctor`: what is missing, and which OpenGL draws here."""

from __future__ import annotations

import re

import pytest
from command_line import run
from shiliu.replay.report.translation import translated


def test_doctor_tells_what_is_missing(capsys, monkeypatch):
    from shiliu.replay.commands import doctor

    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(doctor, "_trial", lambda backend: backend != "osmesa")
    assert run(capsys, "doctor")[0] == 0
    monkeypatch.setattr(doctor, "_trial", lambda backend: 1)
    code, out, _ = run(capsys, "doctor")
    assert code == 3 and "apt-get install" in out
    monkeypatch.setattr(doctor, "packages", lambda: ["numpy", "no-such-package-of-ours"])
    code, out, _ = run(capsys, "doctor")
    assert code == 2 and "missing: pip install no-such-package-of-ours" in out
    code, out, _ = run(capsys, "doctor", "lang=zh")
    assert code == 2 and "缺少：pip install no-such-package-of-ours" in out and not re.search("missing|Install|yes|pictures| on ", out)


@pytest.mark.parametrize(
    ("chosen", "display", "works", "code", "text"),
    [
        ("egl", "", {"egl"}, 0, "yes, with MUJOCO_GL=egl"),
        ("osmesa", "", {"egl", "osmesa"}, 0, "yes, with MUJOCO_GL=osmesa"),
        ("", "", {"osmesa"}, 0, "yes, with MUJOCO_GL=osmesa"),
        ("", ":1", {"", "egl"}, 0, "yes, with the display :1"),
        ("", ":1", {"egl"}, 1, "no. The display :1 draws nothing. Set MUJOCO_GL=egl, which works."),
        ("glfw", ":1", {"osmesa"}, 1, "no. MUJOCO_GL=glfw is set; it draws nothing here. Set MUJOCO_GL=osmesa, which works."),
        ("elg", "", {"egl"}, 7, "no. MUJOCO_GL=elg is set; MuJoCo cannot be read with it, and nothing can be judged. Set MUJOCO_GL=egl"),
        ("elg", "", set(), 7, "or libosmesa6) and, if need be, set MUJOCO_GL=egl or MUJOCO_GL=osmesa. Or take MUJOCO_GL=elg away"),
        ("", "", set(), 1, "Verdicts do not need them."),
    ],
)  # fmt: skip
def test_doctor_tries_what_mujoco_gl_names(monkeypatch, chosen, display, works, code, text):
    from shiliu.replay.commands import doctor

    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setattr(doctor, "_trial", lambda gl: 0 if gl in works else doctor.UNREADABLE if gl == "elg" else 1)
    assert doctor.pictures(chosen)[0] == code and text in doctor.pictures(chosen)[1]
    chinese = translated(doctor.pictures(chosen)[1], "zh")
    assert not re.search("[a-z]{3,} (is|with|them|which|draws)", chinese), chinese


def test_what_mujoco_cannot_be_read_with_is_found_by_trying():
    from shiliu.replay.commands import doctor

    assert doctor._trial("nonsense") == doctor.UNREADABLE
