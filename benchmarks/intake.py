"""How long the first pass over a delivery takes: seconds a take of a minute, on one core, with the reports and without.

    python benchmarks/intake.py                    a demonstration is recorded and written takes=64 times into one set
    python benchmarks/intake.py data=DIR takes=500 the first episode of a set of shiliu record, so many times

data=DIR   a set of `shiliu record`; without it a demonstration of the microwave is recorded, seed 0
takes=64   so many copies in one set
json=FILE  the figures
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import shiliu
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.recording.recording import Recording

DEFAULTS = {"data": "", "takes": "64", "json": ""}
DELIVERY = 100_000  # takes


def main(words: list[str]) -> int:
    given = dict(DEFAULTS) | dict(word.split("=", 1) for word in words)
    if set(given) - set(DEFAULTS):
        print(__doc__)
        return 2
    episode, features = _episode(given["data"])
    n = int(given["takes"])
    with tempfile.TemporaryDirectory() as folder:
        root = write_lerobot(Path(folder) / "set", [episode] * n, features, round(1.0 / episode.control_timestep))
        figures = measured(root, n, episode.duration_s)
        figures |= _command(root, Path(folder) / "out")
    for name, value in figures.items():
        print(f"{name:24} {value:.4g}" if isinstance(value, float) else f"{name:24} {value}")
    if given["json"]:
        Path(given["json"]).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def _episode(data: str):  # type: ignore[no-untyped-def]
    """A demonstration and the features that it is written with."""
    if data:
        recording = next(one for one in shiliu.read(data) if isinstance(one, Recording) and one.episode is not None)
        info = json.loads((Path(data) / "meta" / "info.json").read_text(encoding="utf-8"))
        own = set(recording.episode.states) | {"action"}
        return recording.episode, {name: one for name, one in info["features"].items() if name in own}
    from shiliu.replay.operator.demonstration import demonstrate

    scene = shiliu.load_scenario("microwave")
    return next(iter(demonstrate(scene, [0]))), scene.schema.lerobot_features()


def measured(root: Path, n: int, length_s: float) -> dict[str, float | int]:
    """Reading alone, and reading and judging, in processor seconds a take."""
    from shiliu.replay.judge.intake import intake, rules_of

    rules = rules_of()
    begin = time.process_time()
    for _ in shiliu.read(root):
        pass
    read = time.process_time() - begin
    begin = time.process_time()
    cleared = sum(verdict.cleared for verdict in intake(shiliu.read(root), rules))
    whole = time.process_time() - begin
    if cleared != n:
        raise SystemExit(f"only {cleared} of {n} takes were cleared")
    minute = 60.0 / length_s
    return {
        "takes": n, "length_s": length_s, "read_s": read / n, "read_and_judge_s": whole / n,
        "per_minute_s": whole / n * minute, "delivery_h": whole / n * minute * DELIVERY / 3600.0,
    }  # fmt: skip


def _command(root: Path, out: Path) -> dict[str, float]:
    """The command as a whole, reports written, in processor seconds and in memory."""
    from shiliu.cli import main as shiliu_main

    begin = time.process_time()
    code = shiliu_main(["replay", f"data={root}", "check=intake", f"out={out}", "quiet=true"])
    if code != 0:
        raise SystemExit(f"exit code {code}")
    return {
        "command_s": time.process_time() - begin,
        "peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
