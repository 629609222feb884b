"""What the repository weighs: a clone stays small, pictures of the pages are WebP or curves, and every one of them is shown."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVIEST = 31.0  # MB of tracked files
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
    assert len(pictures) > 100 and not sorted(pictures - shown)
