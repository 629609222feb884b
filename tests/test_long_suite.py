"""The slow suite in parts: every test in exactly one, none twice on the same bytes, the rest after an interruption."""

import subprocess
import sys
from pathlib import Path

import pytest

INNER = '''
import os, pathlib, pytest
@pytest.mark.parametrize("k", range(3))
def test_a(k):
    with open(os.environ["RAN"], "a") as out:
        print("{file}", k, file=out)
    assert k != 2 or pathlib.Path(os.environ["MENDED"]).exists()
'''


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A checkout of its own with five files of three tests, one of which fails until it is mended; runs it, returns what ran."""
    root = tmp_path / "checkout"
    (root / "tests").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / ".gitignore").write_text("build/\n.pytest_cache\n__pycache__\n")
    source = Path(__file__).with_name("long_suite.py").read_text()
    (root / "tests" / "long_suite.py").write_text(source)
    (root / "tests" / "conftest.py").write_text('pytest_plugins = ["long_suite"]\n')
    (root / "tests" / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    for name in "abcde":
        (root / "tests" / f"test_{name}.py").write_text(INNER.replace("{file}", name))
    monkeypatch.setenv("RAN", str(tmp_path / "ran"))
    monkeypatch.setenv("MENDED", str(tmp_path / "mended"))

    def run(*options):
        (tmp_path / "ran").write_text("")
        command = [sys.executable, "-m", "pytest", "tests", "-q", "-p", "no:cacheprovider", *options]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        return done, sorted((tmp_path / "ran").read_text().splitlines())

    return root, tmp_path / "mended", run


def test_each_test_is_in_one_part_with_those_of_its_file(suite):
    _, mended, run = suite
    mended.touch()
    one, other = (run("--part", f"{k}/2")[1] for k in (1, 2))
    assert sorted(one + other) == [f"{name} {k}" for name in "abcde" for k in range(3)]
    assert {line[0] for line in one}.isdisjoint(line[0] for line in other) and len(one) == 9
    done, _ = run("--part", "4/3")
    assert done.returncode and "give it as 1/4" in done.stderr


def test_what_is_green_for_these_bytes_is_not_run_again(suite):
    root, mended, run = suite
    assert len(run("--unfinished")[1]) == 15
    assert run("--unfinished")[1] == [f"{name} 2" for name in "abcde"], "what failed"
    mended.touch()
    assert len(run("--unfinished")[1]) == 5
    (root / "tests" / "test_a.py").write_text((root / "tests" / "test_a.py").read_text() + "\n")
    assert len(run("--unfinished")[1]) == 15, "other bytes"


def test_parts_last_equally_long_by_what_was_measured(suite):
    root, mended, run = suite
    mended.touch()
    run("--measured")
    assert '"test_a.py::test_a[0]"' in (root / "tests" / "slow_seconds.json").read_text()
    long = ",".join(f'"test_a.py::test_a[{k}]": 400.0' for k in range(3))
    (root / "tests" / "slow_seconds.json").write_text("{" + long + "}")
    assert {line[0] for line in run("--part", "1/2")[1]} == {"a"}, "one file of 20 minutes against four of 90 s"


def test_what_is_named_as_costly_is_marked(suite):
    root, mended, run = suite
    mended.touch()
    (root / "tests" / "costly.txt").write_text("# why\ntest_a.py::test_a[0]\ntest_b.py::test_a\n")
    assert run("-m", "costly")[1] == ["a 0", "b 0", "b 1", "b 2"]
    assert len(run("-m", "not costly")[1]) == 11


def test_what_is_named_as_costly_is_there():
    tests = Path(__file__).parent
    for line in (tests / "costly.txt").read_text().splitlines():
        if not line.startswith("#"):
            file, *_, name = line.partition("[")[0].split("::")
            assert f"def {name}(" in (tests / file).read_text(), line
