"""Has tools of others read sets of ours: `make readers` runs it, with a folder of their environments and the sets.

A tool reads a set where it ends by itself, without a traceback, and says no error. What they say of the motion (idle joints,
outliers, few episodes) is theirs to say and is printed. A set of recordings without commands has no `action`; lerobot-doctor
says of it that no policy can be trained, which is so.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

NOTHING_TO_TRAIN = "No action features found -- cannot train any policy"


def rdq(env: Path, folder: Path, work: Path) -> list[str]:
    file = work / "rdq.json"
    file.unlink(missing_ok=True)
    done = run([env / "bin/rdq", "check", folder, "--json", file], work)
    if done.returncode or not file.is_file():
        return [f"ended with {done.returncode}: {last(done)}"]
    report = json.loads(file.read_text())
    warnings = report.get("load_warnings") or []
    return [*map(str, warnings), *(line for line in done.stdout.splitlines() if re.match(r"\s*(ERROR|CRITICAL)\b", line))]


def doctor(env: Path, folder: Path, work: Path) -> list[str]:
    done = run([env / "bin/lerobot-doctor", "check", folder], work)
    failed = re.findall(r"^\[FAIL\] .*\n((?:  .*\n)*)", done.stdout + "\n", re.M)
    words = [" ".join(item.split()) for block in failed for item in re.split(r"(?m)^  - ", block) if item.strip()]
    if "Traceback" in done.stderr or not re.search(r"Summary: \d+ PASS", done.stdout):
        return [f"ended with {done.returncode}: {last(done)}"]
    info = json.loads((folder / "meta/info.json").read_text())
    complaints = [word for word in words if "action" in info["features"] or word != NOTHING_TO_TRAIN]
    return complaints if complaints or not done.returncode or words else [f"ended with {done.returncode}: {last(done)}"]


def physlint(env: Path, folder: Path, work: Path) -> list[str]:
    done = run([env / "bin/physlint", "check", folder], work)
    passed = "Result: PASSED" in done.stdout and re.search(r", 0 failed, .* 0 errored", done.stdout)
    return [] if passed and not done.returncode else [f"ended with {done.returncode}: {last(done)}"]


TOOLS = {"rdq": rdq, "lerobot-doctor": doctor, "physlint": physlint}


def run(command: list[str | Path], work: Path) -> subprocess.CompletedProcess[str]:
    """Runs where its caches and reports may lie."""
    return subprocess.run(list(map(str, command)), cwd=work, capture_output=True, text=True, timeout=1800)


def last(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return " | ".join(line.strip() for line in lines[-12:])


def main(envs: Path, sets: list[Path]) -> int:
    work = envs / "work"
    work.mkdir(parents=True, exist_ok=True)
    wrong = 0
    for folder in sets:
        for name, reader in TOOLS.items():
            complaints = reader(envs / name, folder.resolve(), work)
            wrong += bool(complaints)
            print(f"{folder}: {name}: {'reads it' if not complaints else '; '.join(complaints)}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).resolve(), [Path(arg) for arg in sys.argv[2:]]))
