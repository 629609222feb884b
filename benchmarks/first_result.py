"""How long a new user of each kind needs to a first result: `python3 benchmarks/first_result.py [READER ...]`.

The checkout's last commit is cloned and installed into a virtual environment of its own, as a start page (`docs/start`) says. Then each
page's commands and code run as they stand, in an empty folder. Printed are the wall clock, the processor time, and the machine's load
before and after. Reading and typing are not in it. Needs pip and nothing else.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
READERS = ("designer", "researcher", "line")
BLOCK = re.compile(r"(?ms)^```(sh|bash|python)\n(.*?)^```")


def timed(what: str, command: list[str], where: Path, env: dict[str, str] | None = None) -> None:
    """Run a command and print what it took.

    Raises:
        SystemExit: it ends with an exit code that the page does not name.
    """
    before, begun, used = os.getloadavg()[0], time.monotonic(), _used()
    done = subprocess.run(command, cwd=where, env=env, capture_output=True, text=True)
    wall, busy = time.monotonic() - begun, _used() - used
    if done.returncode:
        raise SystemExit(f"{what}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    took = f"{wall // 60:.0f}:{wall % 60:02.0f} min, {busy:.0f} s of processor time"
    print(f"{what}: {took}, load {before:.1f} to {os.getloadavg()[0]:.1f}", flush=True)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def as_script(page: Path) -> str:
    """The commands and the code of a page as one shell script that stops at an exit code which the page does not name."""
    lines = ["set -u"]
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "bash":
            for line in filter(str.strip, text.splitlines()):
                code = re.search(r"# exit code (\d)", line)
                lines.append(f"{line.partition('   #')[0]}; [ $? -eq {code[1] if code else 0} ] || exit 1")
        elif kind == "python":
            lines += ["python - <<'END' || exit 1", f"import shiliu\n{text}END"]
    return "\n".join(lines) + "\n"


def main(readers: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "shiliu"
        subprocess.run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", clone], check=True)
        page = (clone / "docs" / "start" / "designer.md").read_text(encoding="utf-8")
        install = next(text for kind, text in BLOCK.findall(page) if kind == "sh")
        timed("installation", ["bash", "-ec", install], clone)
        path = {"PATH": f"{clone / '.venv' / 'bin'}:{os.environ['PATH']}", "HOME": folder}
        for reader in readers:
            away = Path(folder) / reader
            away.mkdir()
            script = as_script(clone / "docs" / "start" / f"{reader}.md")
            timed(reader, ["bash", "-c", script], away, path)


if __name__ == "__main__":
    main(sys.argv[1:] or list(READERS))
