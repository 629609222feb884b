"""A delivery is written: the set, its card, its manifest, checksums, and what was refused; all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import EpisodeError
from ...scenarios.sheet.json_reader import json_of
from ..formats.file_state import sha256_of
from ..formats.lerobot.write import DatasetWriter
from ..report.text import Words
from .card import card
from .delivered_takes import TakeSource
from .delivery_figures import figures
from .disputes import Dispute
from .selection import DeliveryPlan, Refused, SetCount, Verdicts

CARD, MANIFEST, SUMS, QUARANTINE = "README.md", "shiliu/delivery.json", "SHA256SUMS", "quarantine.jsonl"


@dataclass(frozen=True)
class About:
    """What is reported of a delivery beside its takes.

    Attributes:
        made: what made it (version, command), plain JSON; files: of the verdicts, by name, each with its digest.
        wanted: splits that were asked for.
    """

    title: str
    lang: str
    version: str
    made: Mapping[str, Any]
    files: Mapping[str, str]
    wanted: tuple[str, ...]


def deliver(
    plan: DeliveryPlan, source: TakeSource, verdicts: Verdicts, disputes: Mapping[str, Dispute], out: Path, about: About,
    on_take: Callable[[str], None] = lambda source: None,
) -> dict[str, Any]:  # fmt: skip
    """Write it; returns the manifest.

    Args:
        out: must not exist, or be an empty folder.
        on_take: called with each take that is written.

    Raises:
        EpisodeError: something cannot be read or written; nothing lies at `out` then.
    """
    kind, words = plan.kind, Words(about.lang)
    columns = source.columns({one.take.entry for one in plan.chosen}) if kind.imported else ()
    rows: list[dict[str, Any]] = []
    with DatasetWriter(out, kind.features, kind.fps, kind.robot, about.made, simulation=not kind.imported) as writer:
        frames: list[int] = []
        for one in plan.chosen:
            overruled = one.dispute is not None and one.dispute.lets_in
            also = {
                "shiliu/split": one.split,
                "shiliu/judged": one.judged.verdict,
                "shiliu/overruled": overruled,
                "shiliu/taken_from": one.take.source,
            }
            k = source.copy(one.take, writer, also, columns)
            frames.append(writer.length(k))
            rows.append(
                {
                    "episode": k,
                    "source": one.take.source,
                    "sha256": one.take.sha256,
                    "split": one.split,
                    "verdict": one.judged.verdict,
                    "judged_by": one.judged.judge.version or None,
                    "overruled": overruled,
                    "operator": one.take.metadata.get("operator"),
                    "cell": one.take.cell,
                    "scenario": one.take.scenario,
                }
            )
            on_take(one.take.source)
        found = figures(plan, verdicts, disputes, frames, about.wanted)
        objections = [one.plain() for _, one in sorted(disputes.items())]
        manifest = {
            "delivery": 1,
            "title": about.title,
            "made": dict(about.made),
            "verdicts": dict(about.files),
            "licence": {
                "id": plan.licence,
                "said_by_takes": plan.licence_from[0],
                "said_by_command": plan.licence_from[1],
            },
            "splits": plan.ranges,
            "figures": found,
            "disputes": objections,
            "episodes": rows,
        }

        def beside(folder: Path) -> None:
            _put(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
            _put(folder / CARD, card(about.title, plan, found, objections, words, about.version))
            left = "".join(_line_of_set(one, words) for one in plan.sets if one.error is not None)
            _put(folder / QUARANTINE, left + "".join(_line(one, words) for one in plan.refused))
            _put(folder / SUMS, sums(folder))

        writer.close(plan.ranges, beside)
    return manifest


def _line(one: Refused, words: Words) -> str:
    """A take that was not delivered, and why."""
    book = words.book["delivery"]["reasons"]
    judged = one.judged
    reasons = []
    for reason in one.reasons:
        entry: dict[str, Any] = {"code": reason, "message": words.fill(book[reason], {})}
        if reason == "refused" and judged is not None:
            entry |= {"finding": judged.code, "found": judged.message, "owner": judged.owner}
        if reason == "unreadable":
            entry |= {"found": one.take.error}
        reasons.append(entry)
    tree = {
        "source": one.take.source,
        "sha256": one.take.sha256,
        "verdict": judged.verdict if judged else None,
        "reasons": reasons,
        **({"dispute": one.dispute.plain()} if one.dispute else {}),
    }
    return json.dumps(tree, ensure_ascii=False, allow_nan=False) + "\n"


def _line_of_set(one: SetCount, words: Words) -> str:
    """A set that was left out as a whole, and why."""
    message = words.fill(words.book["delivery"]["reasons"]["set_left"], {})
    reason = {"code": "set_left", "message": message, "found": one.error}
    tree = {"source": one.source, "sha256": None, "verdict": None, "declared": one.declared, "reasons": [reason]}
    return json.dumps(tree, ensure_ascii=False, allow_nan=False) + "\n"


def sums(folder: Path) -> str:
    """SHA-256 of every file but this list itself, as `sha256sum -c` reads it."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return "".join(f"{sha256_of(folder / name)}  {name}\n" for name in names if name != SUMS)


def former_splits(path: Path) -> dict[str, str]:
    """Operator -> split of a former delivery.

    Raises:
        EpisodeError: it is none.
    """
    file = path / MANIFEST
    try:
        tree = json_of(file.read_text(encoding="utf-8"))
        return {who: name for name, of in tree["figures"]["splits"].items() for who in of["operators"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise EpisodeError(
            f"is no delivery: {MANIFEST} is missing or broken. Name the out= of a former `shiliu deliver`.",
            file=path,
            field="former",
        ) from None


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
