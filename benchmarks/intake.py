"""How long the first pass over a delivery takes: seconds a take of a minute, on one core, with the reports and without.

    python benchmarks/intake.py                    two demonstrations of the microwave are recorded
    python benchmarks/intake.py data=DIR rounds=5  a set of shiliu record

data=DIR   a set of `shiliu record`, judged as it is and as an ordinary set; without it seeds 0 and 1 of the microwave are recorded
many=DIR   a set with at least eight takes: what is compared among takes must not grow with them. Prints the last quarter against the first
rounds=3   so often each set is read and judged; the least time of a take counts, since others may use the machine
json=FILE  the figures
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shiliu
from shiliu.cli import main as shiliu_main
from shiliu.replay.judge.intake import judged, rules_of
from shiliu.replay.residual.relations import derivative, follows
from shiliu.replay.residual.resampled import is_resampled

DEFAULTS = {"data": "", "many": "", "rounds": "3", "json": ""}
DELIVERY = 100_000  # takes
KEPT = (follows, derivative, is_resampled)  # what a round keeps of a take, for the take alone


def main(words: list[str]) -> int:
    given = dict(DEFAULTS) | dict(word.split("=", 1) for word in words)
    if set(given) - set(DEFAULTS):
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        own, plain = Path(given["data"] or Path(folder) / "own"), Path(folder) / "plain"
        if not given["data"]:
            _run("record", "scenario=microwave", "episodes=2", "seed=0", f"out={own}", "quiet=true")
        _run("export", f"data={own}", "to=lerobot", "plain=true", f"out={plain}", "quiet=true")
        figures = {"own": measured(own, int(given["rounds"])), "ordinary": measured(plain, int(given["rounds"]))}
        figures["own"] |= _command(own, Path(folder) / "out")
    if given["many"]:
        figures["many"] = measured(Path(given["many"]), int(given["rounds"]))
    for kind, of in figures.items():
        for name, value in of.items():
            print(f"{kind:9} {name:20} {value:.4g}" if isinstance(value, float) else f"{kind:9} {name:20} {value}")
    if given["json"]:
        Path(given["json"]).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def measured(root: Path, rounds: int) -> dict[str, float | int]:
    """Reading alone, and reading and judging, in processor seconds a take; each take's least of all rounds.

    Of eight takes or more, `last_by_first` is what a second of the last quarter's takes costs, by one of the first quarter's.
    """
    rules, lengths, reads, judges, columns = rules_of(), [], [], [], 0
    for _ in range(rounds):
        for each in KEPT:
            each.cache_clear()
        read, judge, lengths = [], [], []
        begin = time.process_time()
        for recording in shiliu.read(root):
            read.append(time.process_time() - begin)
            begin = time.process_time()
            verdict = judged(recording, rules)
            judge.append(time.process_time() - begin)
            if verdict.verdict == "UNSOUND":
                raise SystemExit(f"{recording.source} is not clean: nothing is measured")
            times = [stream.time_ns for stream in recording.streams.values() if stream.n]
            lengths.append(float(max(t[-1] for t in times) - min(t[0] for t in times)) / 1e9)
            columns = sum(stream.values.shape[1] for stream in recording.streams.values() if stream.n)
            begin = time.process_time()
        reads.append(read)
        judges.append(judge)
    n, read_s, judge_s, length = len(lengths), float(np.min(reads, axis=0).sum()), float(np.min(judges, axis=0).sum()), sum(lengths)
    minute, quarter = 60.0 / length, n // 4
    cost = np.min(judges, axis=0)
    first, last = (float(cost[of].sum() / np.sum(lengths[of])) for of in (slice(quarter), slice(n - quarter, n))) if n >= 8 else (0.0, 0.0)
    return {
        "takes": n, "columns": columns, "length_s": length / n, "read_s": read_s / n, "read_and_judge_s": (read_s + judge_s) / n,
        "per_minute_s": (read_s + judge_s) * minute, "delivery_h": (read_s + judge_s) * minute * DELIVERY / 3600.0,
    } | ({"last_by_first": last / first} if first else {})  # fmt: skip


def _run(*words: str) -> None:
    if shiliu_main(list(words)) != 0:
        raise SystemExit(f"shiliu {' '.join(words)} failed")


def _command(root: Path, out: Path) -> dict[str, float]:
    """The command as a whole, reports written, in processor seconds and in memory."""
    begin = time.process_time()
    _run("replay", f"data={root}", "check=intake", f"out={out}", "quiet=true")
    return {
        "command_s": time.process_time() - begin,
        "peak_MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
