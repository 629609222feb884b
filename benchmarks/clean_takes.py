"""Clean takes of every scenario and variant: what the judge refuses or warns of, where there is nothing wrong.

    python benchmarks/clean_takes.py [data=build/generated/kept] [only=microwave,cooking] [kinds=own,poses,ordinary]
                                     [check=intake] [starts=4] [out=FILE]

data=   sets of clean takes, a folder each; where there is none, the kept takes (`benchmarks/kept`) are played once and written there
kinds=  own: with our own files; poses: an ordinary set with the poses of things; ordinary: one without them
check=  intake, or gate: each take is played in its scene
starts= so many likely starts of an ordinary set at the gate; 0 as many as the scenario has
out=    a line for each take; takes that stand there are not judged again

A line for each finding that is no PASS, then shares. Exit 0: nothing is refused, and fewer than a tenth carry a warning; else 1; 2: usage.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from generated_faults.compose import ORDINARY, OWN
from generated_faults.judging import CHECKS, few_starts, verdict_of
from generated_faults.sources import SourceSet, read_source
from generated_faults.writing import write_clean
from given_words import given_words
from shiliu.replay.drift.kept_take import kept_names, play_bits, read_take
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.context import Contexts
from shiliu.replay.signals.statistics import wilson

POSES = "poses"
KINDS = (OWN, POSES, ORDINARY)
DEFAULTS = {"data": "build/generated/kept", "only": "", "kinds": ",".join(KINDS), "check": CHECKS[0], "starts": "4", "out": ""}
IDENTITY = ("set", "take", "kind", "check")  # of a line
MOST = 0.1  # of clean takes, below which warnings stay


def write_kept(name: str, root: Path) -> None:
    """Play a kept take and write it as our recorder would have done."""
    take = read_take(name)
    scene = take.scene()
    played, _ = play_bits(scene, take.start(scene), take.actions)
    features = scene.schema.lerobot_features(())
    write_lerobot(root, [take.rebuilt(scene, played)], features, round(1.0 / scene.control_timestep))


def line_of(source: SourceSet, index: int, kind: str, check: str, contexts: Contexts) -> dict[str, Any]:
    """Verdict and findings of a take that is written alone, as a set of a kind."""
    with tempfile.TemporaryDirectory() as folder:
        form = OWN if kind == OWN else ORDINARY
        root = write_clean(source, form, [index], Path(folder) / source.root.name, kind == POSES)
        verdict = verdict_of(root, check, contexts)
    return {
        "set": source.root.name, "take": source.takes[index].index, "kind": kind, "check": check,
        "verdict": verdict.verdict, "error": verdict.error,
        "found": [one.to_dict() for one in verdict.findings if one.level in ("WARN", "FAIL")],
    }  # fmt: skip


def sets_in(folder: Path, own_folder: bool, only: tuple[str, ...]) -> list[Path]:
    """The sets of a folder; kept takes that are not there yet are played and written."""
    names = {path.name for path in folder.iterdir() if (path / "meta").is_dir()} if folder.is_dir() else set()
    for name in kept_names() if own_folder or not names else ():
        if name not in names and name.startswith(only):
            write_kept(name, folder / name)
            names.add(name)
    return [folder / name for name in sorted(names) if name.startswith(only)]


def shown(found: dict[str, Any]) -> str:
    """A finding in a line."""
    subject = ", ".join(map(str, found.get("subject", ())[:4]))
    size = f"{found.get('value')} of {found.get('limit')} {found.get('unit')}"
    return f"{found['level']} {found['code']} {subject} {found.get('t0')}..{found.get('t1')} {size} {found.get('details')}"


def main() -> int:
    given = given_words(DEFAULTS, sys.argv[1:], ("data", "kinds"))
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    kinds = given["kinds"].split(",")
    if given["check"] not in CHECKS or set(kinds) - set(KINDS) or not given["starts"].isdecimal():
        print(__doc__, file=sys.stderr)
        return 2
    out = Path(given["out"]) if given["out"] else None
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] if out and out.is_file() else []
    done = {tuple(line[key] for key in IDENTITY) for line in lines}
    with tempfile.TemporaryDirectory() as conf:
        contexts = Contexts(conf_dir=few_starts(Path(conf) / "conf", int(given["starts"])))
        for root in sets_in(Path(given["data"]), given["data"] == DEFAULTS["data"], tuple(given["only"].split(","))):
            source = read_source(root)
            for index, kind in ((index, kind) for index in range(len(source.takes)) for kind in kinds):
                if (root.name, source.takes[index].index, kind, given["check"]) in done:
                    continue
                line = line_of(source, index, kind, given["check"], contexts)
                lines.append(line)
                if out:
                    with out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                head = f"{root.name} {line['take']} {kind}: {line['verdict']}"
                print(head, *(shown(one) for one in line["found"]), sep="\n  ", flush=True)
    if not lines:
        print("there is no set of these names", file=sys.stderr)
        return 2
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
