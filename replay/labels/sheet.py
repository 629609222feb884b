"""The sheet that a person corrects: proposed segments as YAML (or JSON), three lines a segment; and its reading back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeGuard

from ...scenarios.reading.override import command_line
from ...scenarios.sheet.errors import EpisodeError, ScenarioError, odd_kind
from ...scenarios.sheet.yaml_places import Place
from ...scenarios.sheet.yaml_reader import Node, Problems, check_text, places_in, read_yaml
from ..formats.atomic_folder import write_whole
from ..operator.recognition.tracks import SIDES
from ..recording.recording import Unreadable
from ..report.translation import translated
from .labelling import Labelled

LAYOUT = 1  # version of the sheet
SUFFIXES = (".yaml", ".yml", ".json")
MAX_BYTES = 256 << 20
LANGUAGES = ("en", "zh")
KEPT = ("hand", "object", "confidence", "told_by")  # of a segment, as it stands
_HEAD = """\
# Skill segments proposed by `shiliu label`, for a person to correct. Times in seconds from the start of the episode.
# Words, times, hands, objects and sentences may be changed, segments added and removed; they may not overlap.
# Remove the confidence of a segment that you have changed.
# A segment that says `told_by: motion` is a guess: only where the hand moved and rested speaks for it. Then:
#   {command} apply=THIS_FILE out=NEW_FOLDER
"""


class LabelSheet:
    """Writes a sheet as the episodes come; use it in a `with` block: at `path` there is either nothing or all of it.

    Args:
        path: file to be made; `.yaml` or `.json`.
        data: what was labelled, as the command says it.
        lang: of the comments.

    Raises:
        EpisodeError: it exists already, or its ending says no format.
    """

    def __init__(self, path: Path, data: str, lang: str = "en"):
        if path.suffix not in SUFFIXES:
            raise EpisodeError(f"A sheet is a file that ends in {' or '.join(SUFFIXES)}.", file=path, field="out")
        if path.exists() or path.is_symlink():
            raise EpisodeError("exists already. Choose another out=; nothing is overwritten.", file=path, field="out")
        self.path, self.data, self.lang = path, data, lang
        self._rows: list[dict[str, Any]] = []
        self._left_out: list[dict[str, str]] = []

    def __enter__(self) -> LabelSheet:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write()

    def add(self, item: Labelled | Unreadable) -> None:
        """Append an episode, or why it has no segments."""
        if isinstance(item, Unreadable):
            self._left_out.append({"source": item.source, "why": item.error.message})
            return
        row: dict[str, Any] = {
            "episode": item.episode,
            "source": item.source,
            "sha256": item.sha256,
            "scenario": item.scenario,
            **({} if item.cell is None else {"cell": item.cell}),
            "duration": round(item.duration, 3),
        }
        if item.departs is not None:
            row["departs"] = round(item.departs, 3)
        self._rows.append(row | {"segments": [segment.plain() for segment in item.segments]})

    def _write(self) -> None:
        content = {"labels": LAYOUT, "data": self.data, "episodes": self._rows}
        if self._left_out:
            content["left_out"] = self._left_out
        text = (
            json.dumps(content, ensure_ascii=False, indent=1) + "\n" if self.path.suffix == ".json" else _text(content, self.lang)
        )
        write_whole(self.path, text, new=True)


def _text(content: dict[str, Any], lang: str) -> str:
    """YAML by hand: PyYAML would write eight lines a segment."""

    def quoted(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)  # a JSON text or number is YAML, too

    command = command_line("label", [f"data={content['data']}"])
    head = "".join(f"# {translated(line.removeprefix('# '), lang)}\n" for line in _HEAD.splitlines()[:-1])
    lines = [head + _HEAD.splitlines()[-1].format(command=command) + f"\nlabels: {content['labels']}", f"data: {quoted(content['data'])}"]
    lines.append("episodes:" if content["episodes"] else "episodes: []")
    for row in content["episodes"]:
        facts = [f"{key}: {quoted(row[key])}" for key in row if key not in ("segments", "departs")]
        lines.append("  - " + "\n    ".join(facts))
        if "departs" in row:
            departed = translated("from here on the replay is not what was recorded", lang)
            lines.append(f"    departs: {quoted(row['departs'])}  # {departed}")
        lines.append("    segments:" if row["segments"] else "    segments: []")
        for segment in row["segments"]:
            first = ", ".join(f"{key}: {quoted(value)}" for key, value in _ordered(segment))
            sentences = ",\n         ".join(f"{lang}: {quoted(text)}" for lang, text in segment["sentence"].items())
            lines.append(f"      - {{{first},\n         {sentences}}}")
    if content.get("left_out"):
        lines.append("left_out:")
        lines += [f"  - {{source: {quoted(row['source'])}, why: {quoted(row['why'])}}}" for row in content["left_out"]]
    return "\n".join(lines) + "\n"


def _ordered(segment: dict[str, Any]) -> list[tuple[str, Any]]:
    keys = ("t0", "t1", "skill", "hand", "object", "confidence", "told_by")
    return [(key, segment[key]) for key in keys if key in segment]


def read_sheet(path: Path, words: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A corrected sheet: episode -> `{"sha256", "segments"}`, every segment `{"skill", "t0", "t1", "hand", ...}`.

    Args:
        path: the file; words: the skills that there are.

    Raises:
        EpisodeError: it cannot be read, or something in it is wrong; all problems at once, each with its line and place.
    """
    content, places = _content(path)
    if not isinstance(content, dict) or content.get("labels") != LAYOUT or not isinstance(content.get("episodes"), list):
        raise EpisodeError(f"is no sheet of segments: it does not say `labels: {LAYOUT}` and list episodes.", file=path)
    problems, known = Problems(places), list(words)
    node = Node(content, "", problems)
    node.mapping(("labels", "episodes"), ("data", "left_out"))
    found: dict[str, dict[str, Any]] = {}
    for row in node.child("episodes").each():
        if not row.mapping(("episode", "sha256", "segments"), ("source", "scenario", "cell", "duration", "departs")):
            continue
        name, sha256 = row.child("episode").word(), row.child("sha256").word()
        if name in found:
            row.child("episode").note(f"{name!r} stands in the sheet twice. Take one out.")
        segments = [segment for one in row.child("segments").each() if (segment := _segment(one, known)) is not None]
        for (one, _), (other, at) in pairwise(segments):
            if other["t0"] < one["t1"] - 1e-6:
                at.note(f"begins at {other['t0']} s, before the one before it ends at {one['t1']} s.")
        found[name] = {"sha256": sha256, "segments": [segment for segment, _ in segments]}
    if problems.found:
        raise EpisodeError("\n  ".join(["cannot be applied:", *problems.found]), file=path)
    return found


def _content(path: Path) -> tuple[Any, dict[str, Place]]:
    """What stands in a sheet, and where; of JSON the place is not known."""
    if not path.is_file():
        raise EpisodeError(odd_kind(path) or "no such file. Check apply=.", file=path)
    try:
        if path.suffix != ".json":
            return read_yaml(path, limit=MAX_BYTES), places_in(path, path.name, limit=MAX_BYTES)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise EpisodeError(f"is larger than {MAX_BYTES >> 20} MiB.", file=path)
        if b"${" in content:
            check_text(content, str(path))  # JSON is YAML, too, and so is what would be resolved
        return json.loads(content), {}
    except ScenarioError as error:
        raise EpisodeError(error.message, file=path, line=error.line) from None
    except OSError as error:
        raise EpisodeError(f"cannot be read: {error.strerror}.", file=path) from None
    except (ValueError, RecursionError) as error:
        raise EpisodeError(f"cannot be read: {' '.join(str(error).split())}.", file=path) from None


def _segment(node: Node, words: list[str]) -> tuple[dict[str, Any], Node] | None:
    """A segment, and where it stands; None where something is wrong with it."""
    problems = node.problems.found
    before = len(problems)
    if not node.mapping(("skill", "t0", "t1"), (*KEPT, "sentence", *LANGUAGES)):
        return None
    skill = node.child("skill").word(choices=words)
    node.child("hand").word(None, SIDES)
    t0, t1 = node.child("t0").value, node.child("t1").value
    if not _is_time(t0) or not _is_time(t1):
        node.note(f"t0 and t1 must be numbers of seconds, not {t0!r} and {t1!r}.")
    elif not 0 <= t0 < t1:
        node.note(f"t0 = {t0} s and t1 = {t1} s; 0 <= t0 < t1 is wanted.")
    node.child("object").word(None)
    node.child("told_by").word(None, ("motion",))
    if "confidence" in node and not 0.0 <= node.child("confidence").number() <= 1.0:
        node.child("confidence").note("has to be 0 to 1. Leave it out of a segment that you have corrected.")
    given = node.child("sentence") if "sentence" in node else node
    if given is not node:
        given.mapping((), LANGUAGES)
    sentence = {lang: given.child(lang).word() for lang in LANGUAGES if lang in given}
    if len(problems) > before or not _is_time(t0) or not _is_time(t1):
        return None
    kept = {key: node.value[key] for key in KEPT if node.value.get(key) is not None}
    return {"skill": skill, "t0": float(t0), "t1": float(t1), **kept, "sentence": sentence}, node


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
