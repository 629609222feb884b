"""`shiliu replay` begun as anyone would begin it, and the processes that it begins, for `benchmarks/data_line.py`."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import track

ENDED = (0, 1, 3)  # exit codes of a run that has said something of every take
LOOK = 0.2  # s between two looks at the processes of a run
KEEP = 20.0  # s between two times that a run's figures are written, so that a run that is killed counts as well
FILES = ("verdicts.jsonl", "junit.xml", "passed.txt", "refused.txt", "verdicts.sarif", "summary.md")


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    Attributes:
        wall_s: from the driver's start to its end [s].
        processor_s: processor time of the driver and all that it began [s]; unlike wall time it hardly hangs on what else runs.
        peak_mib: largest memory of one of them but the driver [MiB].
        whole: it came to its end by itself.
    """

    wall_s: float
    processor_s: float
    peak_mib: float
    whole: bool = True


def timed(command: list[str], limit_s: float = math.inf, file: Path | None = None) -> Run:
    """Run a command, and look at all processes that come of it meanwhile.

    Args:
        limit_s: when it is ended [s]; by SIGTERM, since what runs in the background may be deaf to Ctrl-C.
        file: where its figures so far are written every `KEEP` seconds.
    """
    peak, begin, kept = 0.0, time.perf_counter(), 0.0
    used: dict[int, float] = {}
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while driver.poll() is None:
        time.sleep(LOOK)
        mine = all_begun_by(driver.pid)
        peak = max([peak, *(memory(pid) for pid in mine)])
        for pid in (driver.pid, *mine):
            used[pid] = max(used.get(pid, 0.0), processor(pid))
        run = Run(time.perf_counter() - begin, sum(used.values()), peak, False)
        if run.wall_s > limit_s:
            driver.terminate()
            driver.wait()
        if file is not None and run.wall_s > kept + KEEP:
            kept = run.wall_s
            _write(file, run)
    run = Run(time.perf_counter() - begin, sum(used.values()), peak, driver.returncode in ENDED)
    if file is not None:
        _write(file, run)
    return run


def in_sittings(command: list[str], folder: Path, limit_s: float) -> Run:
    """One more sitting of a run that goes on where it stopped, and the figures of all its sittings together.

    What a sitting reads again of what former ones had done already counts, too.

    Args:
        folder: of a file a sitting; it is made where it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = len(list(folder.glob("[0-9]*.json")))
    last = timed(command, limit_s, folder / f"{before:03d}.json")
    sittings = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.json"))]
    return Run(
        sum(one["wall_s"] for one in sittings),
        sum(one["processor_s"] for one in sittings),
        max(one["peak_mib"] for one in sittings),
        last.whole,
    )


def _write(file: Path, run: Run) -> None:
    half = file.with_name(f".{file.name}")
    half.write_text(json.dumps(asdict(run)), encoding="utf-8")
    half.replace(file)


def replay(data: Path, out: Path, workers: int, *more: str) -> list[str]:
    words = [f"data={data}", f"out={out}", "pictures=false", "quiet=true", f"workers={workers}", *more]
    return [sys.executable, "-m", "shiliu", "replay", *words]


def began_by(pid: int) -> list[int]:
    """The processes that a process began, as Linux tells them."""
    pids = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
    return [one for one in pids if (fields := stat(one)) and int(fields[1]) == pid]


def all_begun_by(pid: int) -> list[int]:
    """The processes that a process began, and those that these began, and so on."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := stat(int(folder.name))):
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, left = [], [pid]
    while left:
        more = parents.get(left.pop(), [])
        found += more
        left += more
    return found


def processor(pid: int) -> float:
    """Processor time of a process [s]; 0 where it is gone."""
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def stat(pid: int) -> list[str]:
    """What Linux tells of a process behind its name: state, parent, ...; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def alive(pid: int) -> bool:
    """Whether a process holds a file; a dead one that nobody has asked for holds none."""
    try:
        return any(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it has ended by itself


def memory(pid: int) -> float:
    """Largest memory that a process has held [MiB]; 0 where it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return 0.0


# ---- killed


def kill(data: Path, out: Path, rounds: int, workers: int, seed: int) -> list[str]:
    """What is wrong after `rounds` calls that were killed; nothing where all is as in one call."""
    wrong: list[str] = []
    luck, killed = random.Random(seed), 0
    command = replay(data, out / "killed", workers)
    begin = time.perf_counter()
    subprocess.run(replay(data, out / "whole", workers), stdout=subprocess.DEVNULL, check=False)
    whole = time.perf_counter() - begin
    shutil.rmtree(out / "killed", ignore_errors=True)
    for number in track(range(rounds), "killed", disable=not sys.stderr.isatty()):
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # the work of one call is spread over half of the rounds, so that some die while they write their reports
        until = time.monotonic() + luck.uniform(0.5, 6.0 + 4.0 * whole / rounds)
        while driver.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
            mine = began_by(driver.pid)
            if mine and luck.random() < 0.004:
                end(luck.choice(mine))
                killed += 1
        mine = began_by(driver.pid)
        driver.kill()
        driver.wait()
        late = time.monotonic() + 30.0
        while (left := [pid for pid in mine if alive(pid)]) and time.monotonic() < late:
            time.sleep(0.05)
        wrong += [f"round {number}: {len(left)} workers outlive their driver"] if left else []
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    for name in FILES:
        if (out / "whole" / name).read_bytes() != (out / "killed" / name).read_bytes():
            wrong.append(f"{name} differs")
    wrong += [f"half a file is left: {path.name}" for path in (out / "killed" / "ledger" / "part").iterdir()]
    print(f"{rounds} drivers and {killed} workers killed; {'; '.join(wrong) or 'the same bytes, and nothing is left'}")
    return wrong
