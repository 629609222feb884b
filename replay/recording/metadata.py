"""What a data centre says of a demonstration: who, where, with what, under which licence, and how it went.

One model for the file that an operator's desk writes (`shiliu record metadata=FILE.yaml`), for what a dataset keeps of
each episode, and for the table in docs/metadata.md. `plain()` gives the tree that the YAML file would hold, so that one
reader serves both, and reading back gives the same object.
"""

# ruff: noqa: RUF009 - `_about` makes a dataclass field, as `dataclasses.field` does

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from ...scenarios.sheet.errors import EpisodeError, odd_kind
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml
from .codes import codes
from .recording import Recording, SimEpisode

GRADES = ("A", "B", "C", "D")
VERDICTS = ("FEASIBLE", "INFEASIBLE", "UNSOUND", "INCONCLUSIVE")
OF_ONE_EPISODE = ("label", "segments", "verdict")  # no file that speaks for many episodes may say these

PSEUDONYM = re.compile(r"P-[0-9]{3,6}")
_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3})(-(?P<script>[a-z]{4}))?(-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<rest>(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-x(-[a-z0-9]{1,8})+)?)",
    re.IGNORECASE,
)  # RFC 5646 without extensions
_WORD = re.compile(r"\w[\w-]*")
_SKILL = re.compile(r"\w[\w-]*(\.\w[\w-]*)?")  # a word, and perhaps how it is done: take.rim


def _about(says: str, form: str, column: str | None = None, needed: bool = False) -> Any:
    """A field of the model with its line of the table: what it says, how it is written, where it is searched."""
    about = {"says": says, "form": form, "column": column}
    return field(metadata=about) if needed else field(default=None, metadata=about)


@dataclass(frozen=True)
class Devices:
    """The device set that the operator wore."""

    headset: str | None = _about("model of the VR headset", "text", "shiliu/headset")
    exoskeleton: str | None = _about("model of the exoskeleton or gloves", "text", "shiliu/exoskeleton")
    firmware: str | None = _about("their firmware", "text, in quotes", "shiliu/firmware")


@dataclass(frozen=True)
class RobotUnit:
    """Which robot, of all that are alike."""

    serial: str | None = _about("serial number of the robot", "text, in quotes", "shiliu/robot_serial")
    software: str | None = _about("version of the software that it ran", "text, in quotes", "shiliu/robot_software")


@dataclass(frozen=True)
class Calibration:
    """The calibration in force."""

    id: str = _about("the calibration in force, by the centre's own name", "text", "shiliu/calibration", True)
    date: datetime.date = _about("the day on which it was made", "`2026-11-02`", needed=True)


@dataclass(frozen=True)
class Segment:
    """A skill and when it was performed, in seconds of the episode."""

    skill: str = _about("what was done, one word", "`reach`", needed=True)
    t0: float = _about("from when", "`0.5 s`", needed=True)
    t1: float = _about("until when", "`2.5 s`", needed=True)


@dataclass(frozen=True)
class TakeLabel:
    """How it went, as whoever watched it says."""

    success: bool = _about("whether the task was done", "`true`, `false`", "shiliu/success", True)
    reason: str | None = _about(
        "why not; needed with a failure",
        "a code of the judge (`drop`), or `scenario.<never>`, `replay.goal:<subgoal>`",
        "shiliu/failure",
    )


@dataclass(frozen=True)
class Metadata:
    """A demonstration as its data centre describes it; what is None was not said."""

    operator: str = _about(
        "pseudonym of who performed it, never a name", "`P-` and 3 to 6 digits", "shiliu/operator", True
    )
    centre: str = _about("the data centre", "text", "shiliu/centre", True)
    licence: str = _about(
        "under what it may be used", "an SPDX id (`CC-BY-4.0`), or `proprietary`", "shiliu/licence", True
    )
    consent: bool = _about(
        "whether the operator agreed that it is handed on; `false` refuses export",
        "`true`, `false`",
        "shiliu/consent",
        True,
    )
    cell: str | None = _about("the physical cell", "text", "shiliu/cell")
    devices: Devices | None = _about("what the operator wore", "keys")
    robot: RobotUnit | None = _about("the robot", "keys")
    end_effector: str | None = _about("what its arms ended in", "text", "shiliu/end_effector")
    calibration: Calibration | None = _about("the calibration in force", "keys")
    instruction: dict[str, str] | None = _about(
        "the task in words, by language", "BCP 47 tag (`en`, `zh-CN`) to sentence; `en` becomes LeRobot's task"
    )
    segments: tuple[Segment, ...] | None = _about("skills in the order in which they began", "list of keys")
    label: TakeLabel | None = _about("how it went", "keys")
    grade: str | None = _about("the centre's own grade", ", ".join(f"`{g}`" for g in GRADES), "shiliu/grade")
    verdict: str | None = _about("the judge's verdict", ", ".join(f"`{v}`" for v in VERDICTS), "shiliu/verdict")

    def plain(self) -> dict[str, Any]:
        """The tree that the YAML file would hold: words, booleans, `2.5 s`, `2026-11-02`; nothing for what is None."""
        return _plain(self)

    def columns(self) -> dict[str, str | bool | None]:
        """Searchable values by column of `meta/episodes`; the same columns whatever is None."""
        return {row.column: _at(self, row.key) for row in rows() if row.column is not None}

    def refuse_without_consent(self) -> None:
        """Call it before a demonstration is handed to anybody else.

        Raises:
            EpisodeError: the operator did not agree.
        """
        if not self.consent:
            raise EpisodeError(
                f"{self.operator} did not agree that this demonstration is handed on, so that it is not exported. "
                "Leave it out, or ask again and record the answer.",
                field="consent",
            )


@dataclass(frozen=True)
class MetadataRow:
    """One line of the table: dotted key, what it says, how it is written, whether it is needed, where it is searched."""

    key: str
    says: str
    form: str
    needed: bool
    column: str | None


@cache
def rows(model: type = Metadata, prefix: str = "") -> tuple[MetadataRow, ...]:
    """The lines of the table, those of a nested block under it."""
    found: list[MetadataRow] = []
    hints = get_type_hints(model)
    for f in fields(model):
        key = f"{prefix}{f.name}"
        needed = f.default is MISSING
        found.append(MetadataRow(key, f.metadata["says"], f.metadata["form"], needed, f.metadata["column"]))
        inner = next((t for t in _types(hints[f.name]) if isinstance(t, type) and is_dataclass(t)), None)
        if inner is not None:
            found += rows(inner, f"{key}[]." if f.name == "segments" else f"{key}.")
    return tuple(found)


def _types(hint: Any) -> Iterator[Any]:
    """A type and those inside it: of `tuple[Segment, ...] | None` also Segment."""
    yield hint
    for inner in getattr(hint, "__args__", ()):
        yield from _types(inner)


def markdown() -> str:
    """The table of docs/metadata.md."""
    lines = ["| key | what it says | written as | needed | searched as |", "|---|---|---|---|---|"]
    for row in rows():
        column = f"`{row.column}`" if row.column else ""
        lines.append(f"| `{row.key}` | {row.says} | {row.form} | {'yes' if row.needed else ''} | {column} |")
    return "\n".join(lines)


def no_columns() -> dict[str, str | bool | None]:
    """The columns of an episode of which nothing was reported."""
    return {row.column: None for row in rows() if row.column is not None}


def _at(value: Any, key: str) -> Any:
    for name in key.split("."):
        value = None if value is None else getattr(value, name)
    return value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        seconds = isinstance(value, Segment)
        tree = {}
        for f in fields(value):
            item = getattr(value, f.name)
            if item is not None:
                tree[f.name] = f"{item!r} s" if seconds and f.name != "skill" else _plain(item)
        return tree
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return dict(value) if isinstance(value, dict) else value


def read_metadata(path: str | Path, scenario: Mapping[str, Any] | None = None, *, of_many: bool = False) -> Metadata:
    """Read a metadata file.

    Args:
        path: the YAML file.
        scenario: the scenario's resolved tree: its `never` and `goal` name further reasons of failure; None allows any.
        of_many: the file speaks for several episodes, so that it may hold nothing of `OF_ONE_EPISODE`.

    Raises:
        EpisodeError: no such file. ScenarioError: with every mistake in it at once, each with its line.
    """
    path = Path(path)
    if not path.is_file():
        raise EpisodeError(odd_kind(path) or "no such metadata file. Check metadata=.", file=path)
    tree, problems = read_yaml(path), Problems(places_in(path))
    if of_many and isinstance(tree, Mapping):
        for key in OF_ONE_EPISODE:
            if key in tree:
                problems.note(key, "belongs to one episode, and this file speaks for all of them. Leave it out.")
    return _read(Node({} if tree is None else tree, "", problems), scenario, str(path))


def from_plain(tree: Mapping[str, Any], scenario: Mapping[str, Any] | None = None) -> Metadata:
    """The model of what `Metadata.plain` gave.

    Raises:
        ScenarioError: with every mistake in it.
    """
    return _read(Node(tree, "", Problems()), scenario, "The metadata")


def completed(metadata: Metadata, episode: SimEpisode, end_effector: str | None = None) -> SimEpisode:
    """The episode with its metadata: what the file says of all episodes, and what this one says of itself.

    Label and segments are the episode's. Its task sentence stands in each language in which no instruction is given, and
    `end_effector` where the file names none. The episode is changed and returned.
    """
    label = episode.label.get("success")
    own = {
        **metadata.plain(),
        "segments": [_plain(Segment(s["skill"], float(s["t0"]), float(s["t1"]))) for s in episode.segments],
        "instruction": {**episode.task, **(metadata.instruction or {})},
    }
    if label is not None:
        own["label"] = {"success": True} if label else {"success": False, "reason": episode.label["failure"] or "goal"}
    if metadata.end_effector is None and end_effector is not None:
        own["end_effector"] = end_effector
    own = {key: value for key, value in own.items() if value not in ({}, [])}
    episode.cell = metadata.cell or episode.cell
    episode.metadata = from_plain(own, episode.config.get("scenario")).plain()
    return episode


def read_session(path: str | None, cell: str | None, *, many: bool) -> Metadata | None:
    """What the centre says of recordings that are imported, or None.

    Args:
        path: the file; cell: the cell that the command names; many: the file speaks for several recordings.

    Raises:
        EpisodeError: file and command name different cells; and what `read_metadata` raises.
    """
    if path is None:
        return None
    metadata = read_metadata(path, of_many=many)
    if cell is not None and metadata.cell not in (None, cell):
        raise EpisodeError(
            f"says {metadata.cell!r}, and the command says {cell!r}. Write one of them in both.",
            file=path,
            field="cell",
        )
    return metadata


def add_metadata(recording: Recording, metadata: Metadata | None, cell: str | None) -> None:
    """Put what the centre says to a recording; what it says itself of its cell is not replaced silently."""
    cell = cell or (metadata.cell if metadata else None)
    if cell is not None and recording.cell not in (None, cell):
        recording.notes.append(f"it names the cell {recording.cell}; on import it was said to be of {cell}")
    recording.cell = cell or recording.cell
    if metadata is None:
        return
    recording.metadata["demonstration"] = metadata.plain()
    if metadata.label is not None:
        recording.metadata["label"] = {"success": metadata.label.success, "failure": metadata.label.reason}


def _read(node: Node, scenario: Mapping[str, Any] | None, what: str) -> Metadata:
    problems = node.problems
    keys = [f.name for f in fields(Metadata)]
    needed = tuple(f.name for f in fields(Metadata) if f.default is MISSING)
    if not node.mapping(required=needed, optional=tuple(keys)):
        problems.stop(what)
    values: dict[str, Any] = {
        "operator": _operator(node.child("operator")),
        "centre": _text(node.child("centre")),
        "licence": licence_of(node.child("licence")),
        "consent": _flag(node.child("consent")),
        "cell": _text(node.child("cell")) if "cell" in node else None,
        "devices": _block(node, "devices", Devices),
        "robot": _block(node, "robot", RobotUnit),
        "end_effector": _text(node.child("end_effector")) if "end_effector" in node else None,
        "calibration": _block(node, "calibration", Calibration),
        "instruction": _instruction(node.child("instruction")) if "instruction" in node else None,
        "segments": _segments(node.child("segments")) if "segments" in node else None,
        "label": _label(node.child("label"), scenario) if "label" in node else None,
        "grade": _choice(node, "grade", GRADES),
        "verdict": _choice(node, "verdict", VERDICTS),
    }
    problems.stop(what)
    return Metadata(**values)


def _text(node: Node, longest: int = 200) -> str:
    """A text on one line; a number is refused, because YAML has read `5.10` as 5.1 and `0023` as 19 by now."""
    if isinstance(node.value, bool | int | float):
        node.note(f"YAML reads this as {node.value!r}, and what was written may be lost. Write it in quotes.")
        return ""
    word = node.word()
    if word and (not word.isprintable() or word != word.strip() or len(word) > longest):
        node.note(f"has to be one line of at most {longest} characters, without blanks around it.")
    return word


def _flag(node: Node) -> bool:
    if node.value is None:
        node.note("is empty. Write true or false.")
    return node.flag()


def _choice(node: Node, key: str, choices: tuple[str, ...]) -> str | None:
    return node.child(key).word(choices=choices) if key in node else None


def _operator(node: Node) -> str:
    if isinstance(node.value, str) and PSEUDONYM.fullmatch(node.value):
        return node.value
    # what stands there may be a name: it is not repeated, because messages end in logs
    node.note(
        "has to be a pseudonym, P- and 3 to 6 digits, such as P-0417. A name is personal data and does not belong into "
        "a dataset; keep the list of who is who at the centre."
    )
    return ""


def licence_of(node: Node) -> str:
    """A licence by its SPDX id, or `proprietary`; what is neither is reported."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    word = _text(node)
    if word in ("", "proprietary"):
        return word
    try:
        canonical = str(canonicalize_license_expression(word))
    except (InvalidLicenseExpression, ValueError):
        common = ("proprietary", "Apache-2.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-SA-4.0", "CC0-1.0", "MulanPSL-2.0")
        hint = nearest(word, common).replace("Known here", "Often used")
        node.note(f"{word!r} is no SPDX licence id, nor proprietary.{hint} A licence of your own is LicenseRef-NAME.")
        return word
    if canonical != word:
        node.note(f"{word!r} is written {canonical} in the SPDX list. Write it so.")
    return word


def _block(node: Node, key: str, model: Any) -> Any:
    """A nested block of texts (and the one date), None where it is left out."""
    if key not in node:
        return None
    child = node.child(key)
    needed = tuple(f.name for f in fields(model) if f.default is MISSING)
    if not child.mapping(required=needed, optional=tuple(f.name for f in fields(model))):
        return None
    read = {"date": _date}
    return model(
        **{f.name: read.get(f.name, _text)(child.child(f.name)) for f in fields(model) if f.name in child or f.name in needed}
    )  # fmt: skip


def _date(node: Node) -> datetime.date:
    value = node.value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    node.note(f"{value!r} is no day. Write it as 2026-11-02.")
    return datetime.date.min


def _instruction(node: Node) -> dict[str, str]:
    sentences = {}
    if isinstance(node.value, Mapping) and not node.value:
        node.note("is empty. Give the task in at least one language, such as en: Heat the bowl.")
    for tag, child in node.items():
        match = _LANGUAGE.fullmatch(tag)
        if match is None:
            child.note(f"{tag!r} is no language tag of BCP 47. Write en, zh-CN, pt-BR or the like.")
        elif tag != (usual := _usual(match)):
            child.note(f"{tag!r} is usually written {usual}. Write it so, that each language has one spelling.")
        sentences[tag] = _text(child, 2000)
    return sentences


def _usual(match: re.Match[str]) -> str:
    """The tag in the case that RFC 5646 recommends: language small, Script with a capital, REGION in capitals."""
    parts = [match["language"].lower()]
    parts += [match["script"].title()] if match["script"] else []
    parts += [match["region"].upper()] if match["region"] else []
    return "-".join(parts) + (match["rest"] or "").lower()


def _segments(node: Node) -> tuple[Segment, ...]:
    found = []
    begun = 0.0
    for child in node.each():
        if not child.mapping(required=("skill", "t0", "t1")):
            continue
        skill = _text(child.child("skill"))
        if skill and not _SKILL.fullmatch(skill):
            child.child("skill").note(f"{skill!r} is no single word, such as lift or take.rim.")
        t0, t1 = (child.child(key).quantity("time", low=0.0) for key in ("t0", "t1"))
        if t1 < t0:
            child.child("t1").note(f"ends at {t1:g} s, before it begins at {t0:g} s.")
        if t0 < begun:
            child.child("t0").note(f"begins at {t0:g} s, before the one above it, at {begun:g} s. Put them in order.")
        begun = max(begun, t0)
        found.append(Segment(skill, t0, t1))
    return tuple(found)


def _label(node: Node, scenario: Mapping[str, Any] | None) -> TakeLabel | None:
    if not node.mapping(required=("success",), optional=("reason",)):
        return None
    before = len(node.problems.found)
    success = _flag(node.child("success"))
    if "success" not in node or len(node.problems.found) > before:
        return None
    if success and "reason" in node:
        node.child("reason").note("a success has no reason of failure. Leave it out, or write success: false.")
    if not success and "reason" not in node:
        node.note("a failure needs its reason, a code of `shiliu list checks` or of the scenario.")
    return TakeLabel(success, _reason(node.child("reason"), scenario) if "reason" in node else None)


def _reason(node: Node, scenario: Mapping[str, Any] | None) -> str:
    code = _text(node)
    known = list(codes())
    for prefix, block in (("scenario.", "never"), ("replay.goal:", "goal")):
        names = None if scenario is None else [prefix + str(name) for name in scenario.get(block) or {}]
        known += names or []
        if names is None and code.startswith(prefix) and _WORD.fullmatch(code.removeprefix(prefix)):
            return code
    if code and code not in known:
        node.note(f"{code!r} is no code of the judge or the scenario.{nearest(code, known)}")
    return code
