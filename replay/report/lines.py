"""Lines of any number of `verdicts.jsonl`, one at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import EpisodeError, odd_kind
from ...scenarios.sheet.json_reader import json_of
from ..checks.registry import check_of

NAME = "verdicts.jsonl"
SAFETY = "replay.safety"
TAKES, SLIPS = "takes", "slips"  # folders of a `shiliu watch`; a file a take, with the line under `verdict`


@dataclass(frozen=True)
class VerdictLine:
    """One line.

    Attributes:
        tree: what stands there; file, number: where, counted from 1.
    """

    tree: dict[str, Any]
    file: Path
    number: int

    @property
    def source(self) -> str:
        return str(self.tree.get("source") or self.tree.get("episode"))

    @property
    def verdict(self) -> str | None:
        found = self.tree.get("verdict")
        return None if found is None else str(found)

    @property
    def taken(self) -> dict[str, Any]:
        found = self.tree.get("taken")
        return found if isinstance(found, dict) else {}

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [one for one in self.tree.get("findings") or () if isinstance(one, dict)]

    @property
    def root(self) -> dict[str, Any] | None:
        """The finding that decides."""
        index, found = self.tree.get("root"), self.findings
        return found[index] if isinstance(index, int) and 0 <= index < len(found) else None

    @property
    def succeeded(self) -> bool | None:
        """Whether the task was done in the replay; None where that was not asked, as on the bare floor, which has no task."""
        outcome = self.tree.get("outcome")
        if not isinstance(outcome, dict) or outcome.get("subgoals") == {}:
            return None
        found = outcome.get("success")
        return found if isinstance(found, bool) else None

    @property
    def unsafe(self) -> list[str]:
        """Codes of safety that failed."""
        failed = (one["code"] for one in self.findings if one.get("level") == "FAIL" and one.get("code"))
        return [code for code in failed if check_of(code).group == SAFETY]


def files_of(path: Path, setting: str = "verdicts") -> list[Path]:
    """The files of a run: the file itself, or every `verdicts.jsonl` and every take of a `shiliu watch` in a folder and below it, sorted.

    Raises:
        EpisodeError: there is none, or a folder there may not be read.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise EpisodeError(odd_kind(path) or f"no such file or folder. Check {setting}=.", file=path, field=setting)

    def refuse(error: OSError) -> None:
        raise EpisodeError(f"may not be read: {error.strerror}. Give yourself the right to it.", file=error.filename, field=setting)

    found: list[Path] = []
    for place, below, names in os.walk(path, onerror=refuse):
        below[:] = [name for name in below if not name.startswith(".")]
        here = Path(place)
        slips = here.name == TAKES and (here.parent / SLIPS).is_dir()
        found += [here / name for name in names if name == NAME or (slips and name.endswith(".json") and not name.startswith("."))]
    found.sort()
    for one in found:
        if not one.is_file():
            raise EpisodeError(odd_kind(one) or "has gone.", file=one, field=setting)
    if not found:
        raise EpisodeError(
            f"holds no {NAME}. Name the out= of a `shiliu replay`, or a folder of several.", file=path, field=setting
        )
    return found


def lines_of(files: list[Path]) -> Iterator[VerdictLine]:
    """Every line of the files; memory holds one.

    Raises:
        EpisodeError: a line that is no verdict, named by file and line.
    """
    for file in files:
        try:
            with file.open(encoding="utf-8") as stream:
                for number, text in enumerate(stream, start=1):
                    if text.strip():
                        yield VerdictLine(_tree(text, file, number, file.suffix == ".json"), file, number)
        except OSError as error:
            raise EpisodeError(f"cannot be read: {error.strerror}.", file=file) from None
        except UnicodeDecodeError:
            raise EpisodeError("is no UTF-8 text. Copy it again, or judge again.", file=file) from None


def _tree(text: str, file: Path, number: int, of_watch: bool = False) -> dict[str, Any]:
    wrong = EpisodeError(
        f"{text.strip()[:40]!r} is no verdict: a line of {NAME} is a JSON object with `source` and `verdict`. "
        "Copy the file again, or judge again.",
        file=file,
    )
    wrong.line = number
    try:
        tree = json_of(text)
    except ValueError:
        raise wrong from None
    if of_watch:
        tree = tree.get("verdict") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or "verdict" not in tree or not ("source" in tree or "episode" in tree):
        raise wrong
    return tree
