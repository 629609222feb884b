"""The parts' `generate.py` write the XML that lies beside them, to the byte."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from PIL import ImageFont

ASSETS = Path(__file__).resolve().parents[2] / "assets"
GENERATORS = sorted(
    file for kind in ("fixtures", "mechanisms", "objects") for file in (ASSETS / kind).glob("*/generate.py")
)


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda file: f"{file.parents[1].name}/{file.parent.name}")
def test_a_part_is_what_its_generator_writes(generator, tmp_path, monkeypatch):
    plain = ImageFont.load_default()
    monkeypatch.setattr(ImageFont, "truetype", lambda *_, **__: plain)  # of a label, which is a picture of its own
    kind, name = generator.parents[1], generator.parent.name
    for folder in kind.iterdir():
        (tmp_path / folder.name).mkdir()  # some write a sister's as well
    shutil.copy(generator, tmp_path / name)
    runpy.run_path(str(tmp_path / name / "generate.py"), run_name="__main__")
    written = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.glob("*/*.xml")}
    assert {path: (kind / path).read_bytes() for path in written} == written
    by_hand = b"written by generate.py" not in (kind / name / f"{name}.xml").read_bytes()
    assert written or by_hand  # then it makes meshes and pictures alone


def test_there_are_such_parts():
    assert len(GENERATORS) >= 80
