"""The slow tests in parts, and what is green for these bytes is not run again.

`--part 2/4` runs the second of four parts. Tests of one file stay together, since they share fixtures; files are dealt out by the
seconds in `slow_seconds.json`, so that the parts last about equally long. `--unfinished` leaves out what passed before on the
same bytes: all files of the checkout, the interpreter and the engine. What passed stands in `build/long_suite/<key>.txt`, one
line a test, written as it passes: a run that is interrupted goes on where it stopped. `--measured` adds the seconds of this run
to `slow_seconds.json`.

Tests that `costly.txt` names have the mark `costly`: they are short, and many. They run beside the slow ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "long_suite"
SECONDS = ROOT / "tests" / "slow_seconds.json"
COSTLY = ROOT / "tests" / "costly.txt"
UNKNOWN, SHORT = 30.0, 5.0  # s, a test that nobody measured, and one of `costly.txt`
READ = "SHILIU_LONG_SUITE"  # file and bytes of it that count: the same for all workers, also for one that starts late


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("long suite")
    group.addoption("--part", metavar="K/N", help="the K-th of N parts")
    group.addoption("--unfinished", action="store_true", help="leave out what passed before on these bytes")
    group.addoption("--measured", action="store_true", help="add the seconds of each test to slow_seconds.json")


def pytest_configure(config: pytest.Config) -> None:
    part_of(config)
    if not hasattr(config, "workerinput") and (config.option.unfinished or config.option.measured):
        if config.option.unfinished:
            kept = KEPT / f"{key()}.txt"
            os.environ[READ] = f"{kept.stat().st_size if kept.is_file() else 0} {kept}"
        config.pluginmanager.register(Ledger(config.option.unfinished, config.option.measured), "ledger")


@cache
def costly() -> frozenset[str]:
    """Functions and cases that `costly.txt` names."""
    lines = COSTLY.read_text(encoding="utf-8").splitlines() if COSTLY.is_file() else []
    return frozenset(line for line in lines if line and not line.startswith("#"))


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.nodeid in costly() or item.nodeid.partition("[")[0] in costly():
        item.add_marker("costly")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    part, leave = part_of(config), passed() if config.option.unfinished else set()
    chosen = {file for file, k in parts(items, part[1]).items() if k == part[0]} if part else None
    keep, out = [], []
    for item in items:
        here = chosen is None or item.nodeid.partition("::")[0] in chosen
        (keep if here and item.nodeid not in leave else out).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = keep


def part_of(config: pytest.Config) -> tuple[int, int] | None:
    """(k, n) of `--part k/n`; a usage error where it is none."""
    text = config.option.part
    if not text:
        return None
    k, _, n = text.partition("/")
    if not (k.isdecimal() and n.isdecimal() and 1 <= int(k) <= int(n)):
        raise pytest.UsageError(f"--part {text}: give it as 1/4, the first of four parts")
    return int(k), int(n)


def parts(items: list[pytest.Item], n: int) -> dict[str, int]:
    """The part of each file: the longest first, each into the part that is shortest so far."""
    seconds = measured()
    files: dict[str, float] = {}
    for item in items:
        file = item.nodeid.partition("::")[0]
        files[file] = files.get(file, 0.0) + seconds.get(item.nodeid, SHORT if item.get_closest_marker("costly") else UNKNOWN)
    filled, found = [0.0] * n, {}
    for file in sorted(files, key=lambda name: (-files[name], name)):
        k = filled.index(min(filled))
        filled[k] += files[file]
        found[file] = k + 1
    return found


def measured() -> dict[str, float]:
    return json.loads(SECONDS.read_text(encoding="utf-8")) if SECONDS.is_file() else {}


def passed() -> set[str]:
    """Tests that passed on these bytes before this run began."""
    size, _, name = os.environ.get(READ, "0 ").partition(" ")
    return set(Path(name).read_bytes()[: int(size)].decode().splitlines()) if int(size) else set()


def key() -> str:
    """What a green test was green for: every file of the checkout, the interpreter, the engine."""
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    digest = hashlib.sha256(f"{sys.version} mujoco {version('mujoco')} numpy {version('numpy')}".encode())
    for name in sorted(set(names)):
        file = ROOT / os.fsdecode(name)
        if name and file.is_file():
            digest.update(name + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


class Ledger:
    """Writes down each test as it passes, in the process that collects all reports."""

    def __init__(self, unfinished: bool, measure: bool):
        self._measure, self._ok, self._seconds = measure, {}, {}
        self._out = None
        if unfinished:
            KEPT.mkdir(parents=True, exist_ok=True)
            self._out = Path(os.environ[READ].partition(" ")[2]).open("a", encoding="utf-8")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid
        self._seconds[name] = self._seconds.get(name, 0.0) + report.duration
        self._ok[name] = self._ok.get(name, True) and report.passed
        if report.when == "teardown" and self._ok[name] and self._out is not None:
            self._out.write(name + "\n")
            self._out.flush()

    def pytest_sessionfinish(self) -> None:
        if self._out is not None:
            self._out.close()
        if self._measure:
            known = measured() | {name: round(s, 1) for name, s in self._seconds.items()}
            SECONDS.write_text(json.dumps(dict(sorted(known.items())), indent=0) + "\n", encoding="utf-8")
