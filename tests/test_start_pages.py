"""The start pages and the pages of tasks: their commands and code are run as they stand, and what they say to open is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from shiliu import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs" / "start").glob("*.md"))
TASKS = sorted(page for page in (ROOT / "docs" / "tasks").glob("*.md") if not page.stem.endswith(".zh"))
STARTS = [page for page in PAGES if not page.stem.endswith(".zh")]
OPERATING = [ROOT / "docs" / "service.md", ROOT / "docs" / "upgrade.md"]
BLOCK = re.compile(r"(?ms)^```(bash|python|yaml)\n(.*?)^```")
RESULT = re.compile(r"`([\w/]+\.(?:html|png|yaml|xml|md|jsonl))`")


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


def code_of(line: str) -> int:
    """The exit code that a command's comment says; 0 where it says none."""
    found = re.search(r"# (?:exit code|退出码) (\d)", line)
    return int(found[1]) if found else 0


TWICE = [page for page in (*PAGES, *TASKS) if page.with_suffix(".zh.md").is_file()]


@pytest.mark.parametrize("page", TWICE, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_both_languages_do_the_same(page):
    """The same commands and the same files to open, so that those of one language are run."""
    both = page, page.with_suffix(".zh.md")
    english, chinese = (
        [(re.sub(r" lang=zh| +# .*", "", line), code_of(line)) for _, text in blocks(one) for line in text.splitlines()] for one in both
    )
    assert english == chinese and len(chinese) >= 3
    opened, also = (set(RESULT.findall(one.read_text(encoding="utf-8"))) for one in both)
    assert opened == also


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_start_page_is_short_and_ends_with_something_to_open(page):
    text = page.read_text(encoding="utf-8")
    assert len(text.split()) < 600
    assert "report.html" in text


@pytest.mark.parametrize("page", TASKS, ids=lambda p: p.stem)
def test_each_reader_has_ten_tasks_with_something_to_run(page):
    tasks = re.split(r"(?m)^## (?=\d)", page.read_text(encoding="utf-8").split("\n## Also")[0])[1:]
    assert [task.split(".")[0] for task in tasks] == [str(n) for n in range(1, 11)]
    assert all(BLOCK.search(task) for task in tasks)


@pytest.mark.parametrize("page", TASKS, ids=lambda p: p.stem)
def test_tasks_are_run_in_a_new_folder(page):
    """As the test below runs them: names of the start page are used again, and nothing is overwritten."""
    for one in (page, page.with_suffix(".zh.md")):
        assert "`mkdir tasks`" in one.read_text(encoding="utf-8").split("\n## ")[0], one


@pytest.mark.slow
@pytest.mark.parametrize("page", [*STARTS, *TASKS, *OPERATING], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_its_commands_reach_the_result(page, tmp_path, monkeypatch, opengl):
    monkeypatch.chdir(tmp_path)
    known: dict[str, object] = {}
    for kind, text in blocks(page):
        if kind == "python":
            exec(compile(text, str(page), "exec"), known)
            continue
        if kind == "yaml":  # a file that the reader writes; its first line is its name
            (tmp_path / text.partition("\n")[0].removeprefix("# ")).write_text(text, encoding="utf-8")
            continue
        for line in text.splitlines():
            own = line.startswith("shiliu ")  # others are the shell's, such as `sha256sum`
            code = cli.main(shlex.split(line, comments=True)[1:]) if own else subprocess.run(line, shell=True).returncode
            assert code == code_of(line), line
    for name in RESULT.findall(page.read_text(encoding="utf-8")):
        assert (tmp_path / name).is_file(), name
