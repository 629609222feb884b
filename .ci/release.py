"""Builds the wheel of a tag and tries it in a bare environment: `python .ci/release.py v0.1.0`; build/release holds it and its notes.

The environment has nothing but the wheel and what it asks for, and the commands run outside the checkout.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "release"
TRIED = (
    "--version",
    "list scenarios",
    "new scenario my_table",
    "check scenario=my_table draws=2",
    "record scenario=my_table episodes=1 out=demos",
    "replay data=demos out=verdicts",
)


def notes(tag: str) -> str:
    """What the changelog says of a version.

    Raises:
        SystemExit: the tag is not that of version.py, or the changelog has no entry of it.
    """
    version = re.search(r'__version__ = "(.+)"', (ROOT / "version.py").read_text(encoding="utf-8"))
    assert version is not None
    if tag != f"v{version[1]}":
        raise SystemExit(f"The tag is {tag}, and version.py says {version[1]}. Make them one.")
    entry = re.search(
        rf"(?ms)^## {re.escape(version[1])}\n(.*?)(?=^## |\Z)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    )
    if entry is None:
        raise SystemExit(f"CHANGELOG.md has no entry `## {version[1]}`.")
    return entry[1].strip() + "\n"


def main(tag: str) -> None:
    entry = notes(tag)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    (OUT / "notes.md").write_text(entry, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        bare, away = Path(folder) / "bare", Path(folder) / "away"
        away.mkdir()
        subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", OUT, ROOT], check=True)
        (wheel,) = OUT.glob("*.whl")
        if "shiliu/py.typed" not in zipfile.ZipFile(wheel).namelist():
            raise SystemExit("The wheel has no shiliu/py.typed: a type checker would not read its types.")
        venv.create(bare, with_pip=True)
        subprocess.run(
            [bare / "bin/python", "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel], check=True
        )
        for words in TRIED:
            print(f"shiliu {words}", flush=True)
            subprocess.run([bare / "bin/shiliu", *words.split()], cwd=away, check=True)


if __name__ == "__main__":
    main(sys.argv[1])
