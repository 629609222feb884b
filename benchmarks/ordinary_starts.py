"""Clean takes of ordinary LeRobot sets with poses of things: how many does the judge refuse, and why?

    python benchmarks/ordinary_starts.py sets=DIR,DIR [episodes=8] [starts=0] [out=FILE.jsonl] [markdown=FILE]

sets=DIR,DIR   datasets of `shiliu record`, one a scenario. Each is copied, and the copy made ordinary: the folder shiliu/ and
               our columns go, the poses of objects stay. So a set looks after `export plain=true`, or once LeRobot's own
               tools have changed it
episodes=8     takes of each set
starts=0       likely starts that are played where a set does not tell its start; 0: as many as the scenario asks for
out=FILE       a line a take; those that stand there are not judged again

Printed is a row a scenario: takes by verdict, the root of each that is refused, and what was not checked for what reason.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import shiliu
from given_words import given_words, show
from shiliu.replay.formats.lerobot.export import make_plain
from shiliu.replay.judge.judge import judging
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import Recording

DEFAULTS = {"sets": "", "episodes": "8", "starts": "0", "out": "", "markdown": "", "threads": "1"}
VERDICTS = ("FEASIBLE", "INCONCLUSIVE", "INFEASIBLE", "UNSOUND")


def lines_of(words: dict[str, str], file: Path | None) -> list[dict[str, Any]]:
    """A line a take."""
    lines = []
    if file is not None and file.is_file():
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for folder in words["sets"].split(","):
        for line in _of_set(Path(folder), words, lines):
            lines.append(line)
            print(line["scenario"], line["seed"], line["verdict"], line["root"] or "", flush=True)
            if file is not None:
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(line) + "\n")
    return lines


def _of_set(folder: Path, words: dict[str, str], known: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    own = [one for one in shiliu.read(folder) if isinstance(one, Recording) and one.episode is not None]
    if not own or own[0].episode is None:
        return
    name = own[0].episode.scenario
    seeds = [one.episode.seed for one in own if one.episode is not None]
    done = {one["seed"] for one in known if one["scenario"] == name}
    scene = None
    if words["starts"] != "0" and shiliu.load_scenario(name).config.vary_unknown:
        scene = shiliu.load_scenario(name, [f"judge.if_unknown.starts={words['starts']}"])
    with tempfile.TemporaryDirectory() as room:
        plain = Path(room) / "ordinary"
        shutil.copytree(folder, plain)
        make_plain(plain)
        for seed, take in list(zip(seeds, shiliu.read(plain)))[: int(words["episodes"])]:
            if seed not in done:
                (verdict,) = judging([take], scene, threads=int(words["threads"]))
                yield {"scenario": name, "seed": seed, **kept_of(verdict)}


def kept_of(verdict: Verdict) -> dict[str, Any]:
    """What a line keeps of a verdict: its root, what failed, and what was not checked though something asks for it."""
    root = None if verdict.root is None else verdict.findings[verdict.root].code
    failed = [[one.code, list(one.subject), one.value] for one in verdict.findings if one.failed]
    open_ = [[one.code, one.reason] for one in verdict.findings if one.level == "NOT_CHECKED"]
    return {"verdict": verdict.verdict, "root": root, "owner": verdict.owner, "failed": failed, "open": open_}


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row a scenario."""
    rows = ["| scenario | takes | " + " | ".join(VERDICTS) + " | refused by | goal not checked |", "|---" * 8 + "|"]
    for name in sorted({line["scenario"] for line in lines}):
        of = [line for line in lines if line["scenario"] == name]
        counts = Counter(line["verdict"] for line in of)
        roots = Counter(line["root"] for line in of if line["verdict"] in ("INFEASIBLE", "UNSOUND"))
        goal = Counter(reason for line in of for code, reason in line["open"] if code == "goal")
        cells = [name, len(of), *(counts[word] for word in VERDICTS), _counted(roots), _counted(goal)]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows)


def _counted(counts: Counter[Any]) -> str:
    return ", ".join(f"{n} `{key}`" for key, n in counts.most_common()) or "–"


def main() -> int:
    """Exit 0 when all was judged, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["sets"])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    show(table(lines_of(words, Path(words["out"]) if words["out"] else None)), words["markdown"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
