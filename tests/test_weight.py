"""What the repository weighs: a clone stays small, pictures of the pages are WebP or curves, and every one of them is shown."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import script
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
HEAVIEST = 22.5  # MB of tracked files; text of code and docs grows, pictures and takes are as small as they get
HEAVIEST_FILE = 0.8  # MB


def tracked() -> list[Path]:
    """Files that git keeps; the test is skipped where there is no git, as in an unpacked archive."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git checkout here")
    files = [ROOT / name for name in done.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def test_tracked_files_stay_light():
    weights = {file: file.stat().st_size / 1e6 for file in tracked()}
    assert sum(weights.values()) < HEAVIEST
    assert not [file for file, weight in weights.items() if weight > HEAVIEST_FILE]


def test_pictures_of_the_pages_are_webp_or_curves_and_all_are_shown():
    docs = [file for file in tracked() if (ROOT / "docs") in file.parents]
    pictures = {file for file in docs if file.suffix in (".webp", ".svg", ".jpg", ".jpeg", ".png", ".gif")}
    assert {file.suffix for file in pictures} == {".webp", ".svg"}, "python docs/pictures.py FILE"
    shown = {
        (page.parent / target).resolve()
        for page in [ROOT / "README.md", *(file for file in docs if file.suffix == ".md")]
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    }
    shown |= {ROOT / "docs" / one for one in re.findall(r"\]\((checks/[^)\s]+)\)", script("docs/checks.py").page())}
    assert len(pictures) > 50 and not sorted(pictures - shown)


def test_a_light_curve_is_the_same_curve(tmp_path):
    pictures = script("docs/pictures.py")
    t = np.linspace(0.0, 900.0, 901)
    y = 100.0 + 30.0 * np.sin(t / 60.0)
    y[400] += 40.0  # a spike of one point
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(t, y))
    hover = '<g fill="transparent"><rect><title>2.0 s</title></rect></g>'
    level, upright = '<line x1="0.0" y1="1.5" x2="4.0" y2="1.5" stroke="red"/>', '<line x1="2.0" y1="0.0" x2="2.0" y2="9.0" stroke="red"/>'
    rules = f'{level}<text x="1.0" y="7.0" fill="red" text-anchor="start">a</text>{upright}'
    drawing = f'{rules}<polyline points="{points}" fill="none"/>{hover}'
    heavy = f"<svg><rect><title>1 joint.jump</title></rect>{drawing}</svg>"
    file = tmp_path / "curve.svg"
    file.write_text(heavy, encoding="utf-8")
    light = pictures.convert(file).read_text(encoding="utf-8")
    assert pictures.curve(light) == light
    ruled = '<path stroke="red" d="M0 1.5h4M2 0v9"/><g fill="red"><text x="1" y="7">a</text></g>'
    drawn = re.fullmatch(rf'<svg><rect></rect>{ruled}<path d="M([^l]*)l([^"]*)" fill="none"/></svg>', light)
    steps = [float(x) for x in re.findall(r"-?[0-9]*\.?[0-9]+", drawn[1] + " " + drawn[2])]
    left = np.cumsum(np.reshape(steps, (-1, 2)), axis=0)
    assert len(left) < 200 and y[400] == pytest.approx(left[np.abs(left[:, 0] - 400.0) < 0.01][0, 1], abs=0.06)
    assert np.abs(np.interp(t, left[:, 0], left[:, 1]) - y).max() < 0.5


def test_a_heavy_picture_becomes_webp_in_its_place(tmp_path):
    Image.fromarray(np.full((30, 40, 3), 200, np.uint8)).save(tmp_path / "a.jpg")
    assert script("docs/pictures.py").convert(tmp_path / "a.jpg") == tmp_path / "a.webp"
    assert [file.name for file in tmp_path.iterdir()] == ["a.webp"]
    with Image.open(tmp_path / "a.webp") as picture:
        assert picture.format == "WEBP" and picture.size == (40, 30)
