"""The start pages: their commands and code are run as they stand, and what they say to open is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from shiliu import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs" / "start").glob("*.md"))
BLOCK = re.compile(r"(?ms)^```(bash|python)\n(.*?)^```")


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def code_of(line: str) -> int:
    """The exit code that a command's comment says; 0 where it says none."""
    found = re.search(r"# exit code (\d)", line)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("page", [p for p in PAGES if not p.stem.endswith(".zh")], ids=lambda p: p.stem)
def test_both_languages_do_the_same(page):
    chinese = [(kind, re.sub(" lang=zh", "", text)) for kind, text in blocks(page.with_suffix(".zh.md"))]
    assert blocks(page) == chinese and len(chinese) >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_start_page_is_short_and_ends_with_something_to_open(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.split()) < 600
    assert "report.html" in text


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_its_commands_reach_the_result(page, tmp_path, monkeypatch, opengl):
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {}
    for kind, text in blocks(page):
        if kind == "python":
            exec(compile(text, str(page), "exec"), known)
            continue
        for line in text.splitlines():
            assert cli.main(shlex.split(line, comments=True)[1:]) == code_of(line), line
    for name in re.findall(r"`([\w/]+\.(?:html|png|yaml))`", page.read_text(encoding="utf-8")):
        assert (tmp_path / name).is_file(), name
