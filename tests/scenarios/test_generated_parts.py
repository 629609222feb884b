"""The parts' `generate.py` write what lies beside them, MJCF, meshes and sheets, to the byte."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path

import pytest
from PIL import ImageFont

ASSETS = Path(__file__).resolve().parents[2] / "assets"
GENERATORS = sorted(ASSETS.glob("[fmo]*/*/generate.py"))  # fixtures, mechanisms, objects
PICTURES = ".png"  # fonts and compression differ by machine


@pytest.fixture(autouse=True)
def plain_font(monkeypatch):
    plain = ImageFont.load_default()
    monkeypatch.setattr(ImageFont, "truetype", lambda *_, **__: plain)


def written(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix not in (PICTURES, ".py", ".pyc"))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def committed(folder: Path, files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files}


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda file: f"{file.parents[1].name}/{file.parent.name}")
def test_a_part_is_what_its_generator_writes(generator, tmp_path):
    kind, name = generator.parents[1], generator.parent.name
    for folder in kind.iterdir():
        (tmp_path / folder.name).mkdir()  # some write a sister's as well
    shutil.copy(generator, tmp_path / name)
    runpy.run_path(str(tmp_path / name / "generate.py"), run_name="__main__")
    files = written(tmp_path)
    assert committed(kind, files) == files
    by_hand = b"written by generate.py" not in (kind / name / f"{name}.xml").read_bytes()
    assert files or by_hand  # then it makes pictures alone


def test_the_microwaves_are_what_one_is_made_into(tmp_path, monkeypatch):
    home = tmp_path / "microwave"
    shutil.copytree(ASSETS / "fixtures" / "microwave", home)
    for kind in ("button", "knob", "pocket", "right"):
        (tmp_path / f"microwave_{kind}").mkdir()
    monkeypatch.syspath_prepend(str(home))
    monkeypatch.delitem(sys.modules, "generate", raising=False)
    runpy.run_path(str(home / "variants.py"), run_name="__main__")
    files = written(tmp_path)
    assert sum(name.endswith(".xml") for name in files) == 5
    assert committed(ASSETS / "fixtures", files) == files


def test_people_are_what_their_tables_say(tmp_path, monkeypatch):
    for file in (ASSETS / "people").glob("*.py"):
        shutil.copy(file, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    runpy.run_path(str(tmp_path / "generate.py"), run_name="__main__")
    files = written(tmp_path)
    assert sum(name.endswith(".xml") for name in files) >= 3
    assert committed(ASSETS / "people", files) == files


def test_there_are_such_parts():
    assert len(GENERATORS) >= 80
