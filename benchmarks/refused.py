"""Each held-out demonstration that did its task and is refused all the same, as simulated: is the judge wrong, or the operator?

    python benchmarks/refused.py [markdown=FILE]

Read from `benchmarks/held_out/*.jsonl`, which `benchmarks/demonstrations.py` writes; nothing is performed. What is known of each
stands in `benchmarks/refused.yaml`, by scenario, code and what it is about: `answer` is true (the demonstration does so),
false (the judge is wrong) or unknown, `known` says from what. The exit code is 1 where one is false, or nobody wrote of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from given_words import given_words, show
from shiliu.replay.signals.statistics import wilson

HELD_OUT = Path(__file__).with_name("held_out")
COMMENTS = Path(__file__).with_suffix(".yaml")
ANSWERS = ("true", "false", "unknown")
NOBODY = "nobody wrote of it"
Key = tuple[str, str, str]  # file, code, what it is about


def held_out() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Name of each file, and its demonstrations that succeeded."""
    for file in sorted(HELD_OUT.glob("*.jsonl")):
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        yield file.stem, [line for line in lines if line.get("success")]


def comments() -> dict[Key, dict[str, str]]:
    """What is known, by file, code and what it is about.

    Raises:
        SystemExit: an answer is none of `ANSWERS`.
    """
    found = {}
    for one in yaml.safe_load(COMMENTS.read_text(encoding="utf-8")):
        if one["answer"] not in ANSWERS:
            raise SystemExit(f"{COMMENTS.name}: {one['answer']!r} is none of {', '.join(ANSWERS)}")
        found[one["scenario"], one["code"], one["of"]] = one
    return found


def refused() -> dict[Key, list[int]]:
    """Seeds that succeeded and are not FEASIBLE."""
    found: dict[Key, list[int]] = {}
    for name, lines in held_out():
        for line in lines:
            if line["verdict"] != "FEASIBLE":
                found.setdefault((name, str(line["root"]), ", ".join(line["of"] or ())), []).append(line["seed"])
    return found


def table() -> str:
    """Markdown: how many of each file are refused, and each of them."""
    known, found = comments(), refused()
    rows = ["| held out | succeeded | refused of these |", "|---|---|---|"]
    n = bad = 0
    for name, lines in held_out():
        mine = sum(line["verdict"] != "FEASIBLE" for line in lines)
        low, high = wilson(mine, len(lines))
        rows.append(f"| {name} | {len(lines)} | {mine} ({100 * low:.1f} to {100 * high:.1f} %) |")
        n, bad = n + len(lines), bad + mine
    low, high = wilson(bad, n)
    rows.append(f"| **all** | **{n}** | **{bad} ({100 * low:.1f} to {100 * high:.1f} %)** |")
    rows += ["", "| held out | code | of | seeds | answer | known |", "|---|---|---|---|---|---|"]
    for (name, code, of), seeds in found.items():
        one = known.get((name, code, of), {"answer": NOBODY, "known": "–"})
        rows.append(
            f"| {name} | `{code}` | {of} | {', '.join(map(str, seeds))} | **{one['answer']}** | {one['known']} |"
        )
    return "\n".join(rows)


def met() -> bool:
    """Whether each is written of, and none is false."""
    known = comments()
    return all(known.get(key, {"answer": "false"})["answer"] != "false" for key in refused())


def main() -> int:
    """Exit 0; 1 where one is false, or nobody wrote of it; 2 where it was asked wrongly."""
    words = given_words({"markdown": ""}, sys.argv[1:])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    text = table()
    show(text, words["markdown"])
    return 0 if met() else 1


if __name__ == "__main__":
    raise SystemExit(main())
