"""Clean takes of every scenario and variant at intake: what the judge refuses or warns of, where there is nothing wrong.

    python benchmarks/clean_takes.py [data=build/generated/kept] [only=microwave,cooking] [kinds=own,ordinary] [out=FILE]

data=   sets of clean takes, a folder each; where there is none, the kept takes (`benchmarks/kept`) are played once and written there
kinds=  own: with our own files; ordinary: without them, with and without the poses of things

A line for each finding that is no PASS, then shares. Exit 0: nothing is refused, and fewer than a tenth carry a warning; else 1; 2: usage.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from generated_faults.compose import ORDINARY, OWN
from generated_faults.sources import SourceSet, read_source
from generated_faults.writing import write_clean
from given_words import given_words
from shiliu.replay.drift.kept_take import kept_names, play_bits, read_take
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.signals.statistics import wilson

DEFAULTS = {"data": "build/generated/kept", "only": "", "kinds": f"{OWN},{ORDINARY}", "out": ""}
MOST = 0.1  # of clean takes, below which warnings stay


def write_kept(name: str, root: Path) -> None:
    """Play a kept take and write it as our recorder would have done."""
    take = read_take(name)
    scene = take.scene()
    played, _ = play_bits(scene, take.start(scene), take.actions)
    features = scene.schema.lerobot_features(())
    write_lerobot(root, [take.rebuilt(scene, played)], features, round(1.0 / scene.control_timestep))


def verdicts(source: SourceSet, kinds: list[str]) -> list[tuple[str, Verdict]]:
    """Kind of set and verdict, of each take of a set."""
    found = []
    takes = [take.index for take in source.takes]
    with tempfile.TemporaryDirectory() as folder:
        if OWN in kinds:
            found += [(OWN, verdict) for verdict in intake(read(source.root))]
        for poses in (True, False) if ORDINARY in kinds else ():
            root = write_clean(source, ORDINARY, takes, Path(folder) / f"set{poses}", poses)
            found += [(ORDINARY if poses else f"{ORDINARY}, no poses", verdict) for verdict in intake(read(root))]
    return found


def main() -> int:
    given = given_words(DEFAULTS, sys.argv[1:], ("data", "kinds"))
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    folder, only = Path(given["data"]), tuple(given["only"].split(","))
    names = sorted(path.name for path in folder.iterdir() if (path / "meta").is_dir()) if folder.is_dir() else []
    for name in () if names and given["data"] != DEFAULTS["data"] else kept_names():
        if name not in names and name.startswith(only):
            write_kept(name, folder / name)
            names.append(name)
    lines = []
    for name in sorted(names):
        if not name.startswith(only):
            continue
        for kind, verdict in verdicts(read_source(folder / name), given["kinds"].split(",")):
            found = [one for one in verdict.findings if one.level in ("WARN", "FAIL")]
            lines.append({"set": name, "kind": kind, "verdict": verdict.verdict, "found": [one.to_dict() for one in found]})
            for one in found:
                print(f"{name} {kind}: {one.level} {one.code} {', '.join(map(str, one.subject[:4]))} {one.t0}..{one.t1} "
                      f"{one.value} of {one.limit} {one.unit} {one.details}")  # fmt: skip
    if not lines:
        print("there is no set of these names", file=sys.stderr)
        return 2
    if given["out"]:
        Path(given["out"]).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    refused = sum(line["verdict"] in ("UNSOUND", "INFEASIBLE", None) for line in lines)
    warned = sum(bool(line["found"]) for line in lines)
    codes = Counter(code for line in lines for code in {one["code"] for one in line["found"]})
    for word, k in (("refused", refused), ("warned of", warned)):
        low, high = wilson(k, len(lines))
        print(f"{word} {k} of {len(lines)} clean takes, {k / max(1, len(lines)):.1%} ({low:.1%} to {high:.1%})")
    print(", ".join(f"{code} {k}" for code, k in codes.most_common()))
    return int(refused > 0 or warned >= MOST * len(lines))


if __name__ == "__main__":
    raise SystemExit(main())
