"""Every FAIL of a take that is refused among real recordings, one by one, beside what was found out about it.

    python benchmarks/real_recordings.py data=FOLDER [only=gr1,kuavo] [out=FILE.jsonl] [markdown=FILE]

data=FOLDER   a folder of sources, each a folder of recordings; they are no part of this repository
only=         sources with names that begin so
out=FILE      a line a take; takes that stand there are not judged again

Each source is judged as `shiliu replay data=SOURCE` judges it. Findings of one code of one source stand together. What was
looked at stands in `benchmarks/real_recordings.yaml`, by source and code: `looked` says at what, `answer` is one of true,
false, unknown. A code that nobody wrote of is `not looked at`. Below stand FAILs of former states of the judge that were
false (`mended`), with the test that each became. The exit code is 1 where one is false, or not looked at.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shiliu
import yaml
from fault_scoring import ALARM
from given_words import given_words, show
from shiliu.replay.judge.judge import judging
from shiliu.replay.judge.verdict import Verdict
from shiliu.scenarios.sheet.errors import ShiliuError

COMMENTS = Path(__file__).with_suffix(".yaml")
DEFAULTS = {"data": "", "only": "", "out": "", "markdown": "", "threads": "1"}
ANSWERS = ("true", "false", "unknown")
OPEN = "not looked at"


def line_of(source: str, verdict: Verdict) -> dict[str, Any]:
    """A take: its verdict, and each finding that failed where it is refused."""
    failed = [one for one in verdict.findings if one.failed] if verdict.verdict in ALARM else []
    root = None if verdict.root is None else verdict.findings[verdict.root]
    return {
        "source": source,
        "take": verdict.episode,
        "verdict": verdict.verdict,
        "error": None if verdict.error is None else verdict.error["message"],
        "failed": [
            {
                "code": one.code, "subject": list(one.subject), "value": one.value, "limit": one.limit, "unit": one.unit,
                "t0": one.t0, "root": one is root,
            }
            for one in failed
        ],
    }  # fmt: skip


def read_comments(file: Path = COMMENTS) -> dict[tuple[str, str], dict[str, str]]:
    """What was written of a code of a source.

    Raises:
        SystemExit: an answer is none of `ANSWERS`, or a comment stands twice.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)["findings"]:
        key = (one["source"], one["code"])
        if one["answer"] not in ANSWERS or key in found:
            raise SystemExit(f"{file.name}: {key} stands twice, or its answer {one['answer']!r} is none of {ANSWERS}.")
        found[key] = one
    return found


def mended(file: Path = COMMENTS) -> list[dict[str, str]]:
    """Former FAILs that were false: `source`, what it `was`, and the `test` that it became, as `file::name`."""
    found: list[dict[str, str]] = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)["mended"]
    return found


def grouped(lines: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]]:
    """Source and code -> (take, finding) of each."""
    groups: dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for line in lines:
        for one in line["failed"]:
            groups.setdefault((line["source"], one["code"]), []).append((line["take"], one))
    return groups


def table(lines: Sequence[Mapping[str, Any]], comments: Mapping[tuple[str, str], Mapping[str, str]]) -> str:
    """Markdown: sources with their verdicts, then each code that failed in a source."""
    rows = ["| source | takes | verdicts |", "|---|---|---|"]
    for source in dict.fromkeys(line["source"] for line in lines):
        verdicts = [line["verdict"] for line in lines if line["source"] == source and line["verdict"]]
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in dict.fromkeys(verdicts))
        lacking = sum(line["source"] == source and not line["verdict"] for line in lines)
        counts += f"; reports of what cannot be read or is not here: {lacking}" * bool(lacking)
        rows.append(f"| {source} | {len(verdicts)} | {counts} |")
    rows += ["", "| source | code | findings | root in | worst | answer | looked at |", "|---|---|---|---|---|---|---|"]
    for key, found in grouped(lines).items():
        values = [one for _, one in found if one["value"] is not None and one["limit"] is not None]
        far = max(values, key=lambda one: abs(one["value"] - one["limit"]), default=None)
        worst = (
            "–"
            if far is None
            else f"{far['value']:.4g} against {far['limit']:.4g} {far['unit'] or ''}, {', '.join(far['subject'])}"
        )
        takes = len({take for take, _ in found})
        comment = comments.get(key, {"answer": OPEN, "looked": "–"})
        roots = sum(one["root"] for _, one in found)
        rows.append(
            f"| {key[0]} | `{key[1]}` | {len(found)} in {takes} takes | {roots} | {worst} | **{comment['answer']}** | {comment['looked']} |"
        )
    return "\n".join(rows)


def met(lines: Sequence[Mapping[str, Any]], comments: Mapping[tuple[str, str], Mapping[str, str]]) -> bool:
    """Whether each code was looked at, and none is false."""
    return all(comments.get(key, {"answer": OPEN})["answer"] in ("true", "unknown") for key in grouped(lines))


def main() -> int:
    """Exit 0 where all was looked at and none is false, 1 where not, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["data"])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    file = Path(words["out"]) if words["out"] else None
    lines: list[dict[str, Any]] = []
    if file is not None and file.is_file():
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    only = tuple(word.strip() for word in words["only"].split(",") if word.strip())
    for folder in sorted(path for path in Path(words["data"]).iterdir() if path.is_dir()):
        if (only and not folder.name.startswith(only)) or any(line["source"] == folder.name for line in lines):
            continue
        try:
            made = [line_of(folder.name, one) for one in judging(shiliu.read(folder), threads=int(words["threads"]))]
        except ShiliuError as error:
            made = [{"source": folder.name, "take": "", "verdict": None, "error": str(error), "failed": []}]
        lines += made
        if file is not None:
            with file.open("a", encoding="utf-8") as out:
                out.write("".join(json.dumps(line) + "\n" for line in made))
    comments = read_comments()
    text = table(lines, comments)
    text += "\n\n| formerly false | was | the test that it became |\n|---|---|---|\n"
    text += "\n".join(f"| {one['source']} | {one['was']} | `{one['test']}` |" for one in mended())
    show(text, words["markdown"])
    return 0 if met(lines, comments) else 1


if __name__ == "__main__":
    raise SystemExit(main())
