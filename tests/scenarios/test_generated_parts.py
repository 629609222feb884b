"""The props' `generate.py` write the XML that lies beside them, to the byte."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from PIL import ImageFont

OBJECTS = Path(__file__).resolve().parents[2] / "assets" / "objects"


def of_shared_classes() -> list[str]:
    """Props whose default classes come from `assets/shapes.py`."""
    return [file.parent.name for file in sorted(OBJECTS.glob("*/generate.py")) if "prop_defaults" in file.read_text()]


@pytest.mark.parametrize("name", of_shared_classes())
def test_a_prop_is_what_its_generator_writes(name, tmp_path, monkeypatch):
    plain = ImageFont.load_default()
    monkeypatch.setattr(ImageFont, "truetype", lambda *_, **__: plain)  # of a label, which is a picture of its own
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(OBJECTS / name / "generate.py", folder)
    runpy.run_path(str(folder / "generate.py"), run_name="__main__")
    written = (folder / f"{name}.xml").read_bytes()
    assert written == (OBJECTS / name / f"{name}.xml").read_bytes()
    assert b'<default class="collision">' in written


def test_there_are_such_props():
    assert len(of_shared_classes()) >= 5
