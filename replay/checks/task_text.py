"""Does the task's sentence say what was done? Held against the scenario, its draw and its chain, without a language model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...scenarios.tasks.contradictions import Reading, compare
from ...scenarios.tasks.known_work import scenarios_with, work_of_tree, works_of
from ...scenarios.tasks.lexicon import lexicon
from ...scenarios.tasks.own_sentences import scenarios_of_tasks
from ...scenarios.tasks.work import ScenarioWork
from ..recording.recording import Recording, Stream
from .check import Check
from .finding import Finding
from .fixes import rewrite
from .inputs import Recorded

Named = tuple[str, str | None]  # a scenario and its variant
POSES = ("object_pose", "environment_state")  # of streams that tell where things of a scene are
SIDE = {
    "left": re.compile(r"(?:^|[_.])(?:left|l)\d*(?:[_.]|$)"),
    "right": re.compile(r"(?:^|[_.])(?:right|r)\d*(?:[_.]|$)"),
}
# the arm that does it, in a sentence of a world that nobody knows: chairs, dolls and people have arms as well
_ARM = r"(?:left|right)[ -](?:arm|hand|gripper|claw)\b(?!\s+(?:of|side|button)\b|')"
BY_ARM = re.compile(
    rf"\b(?:with|using|use|by)\s+(?:(?:the|your|its|only|just|robot'?s?)\s+)*{_ARM}|^(?:the\s+)?{_ARM}"
    r"|用(?:机器人)?的?[左右](?:手|臂|机械臂|夹爪)|^[左右](?:手|臂|机械臂|夹爪)",
    re.IGNORECASE,
)
STILL, MOVING = 0.02, 0.2  # rad: an arm that keeps within the one does nothing, one that goes beyond the other does
TEXTS = 6  # contradictions that a finding carries


@dataclass(frozen=True)
class HeldAgainst:
    """What a sentence is held against.

    Attributes:
        works: what was done, or each of what it may have been; source: `file` (the episode's own), `recording`, `columns`
            (the recording has poses of its things) or `command` (the command line).
        performed: whether the chain itself was performed, so that its hands and its order are those of the recording.
    """

    works: tuple[ScenarioWork, ...]
    source: str
    performed: bool = False


def check_text(recorded: Recorded) -> list[Finding]:
    """`task.text`: does a task sentence contradict what was done: scenario, things, places, numbers, hands, order?

    A sentence that says less is right, and a word that the lexicon (`conf/sentence`) does not know is no doubt. Of several
    sentences (languages, the table of tasks beside the episode's own file) each is compared. A contradiction is a FAIL where
    the recording itself knows better and it is no matter of one word that may have been misread (`Reading.certain`), else a WARN.

    Returns:
        One finding; its value is the number of contradictions of the worst sentence. `details`: `kind`, `word`, `done`,
        `text` of the first one, `from` (where the sentence stands), `against` (the source of the evidence), `more`.
    """
    rule, recording = recorded.rules["task.text"], recorded.recording
    texts = dict(sentences(recording))
    if not texts:
        return [rule.not_applicable("no_task")]
    named = scenarios_of_tasks(texts.values())
    evidence = evidence_of(recording, named[next(iter(texts.values()))], recorded.asked)
    if evidence is None:
        return [_by_arms(texts, recorded) or rule.not_checked("no_scenario")]
    if not any(work.deeds for work in evidence.works):
        return [rule.not_applicable("no_goal")]
    moved = moved_arms(recorded.command)
    read = {where: _read(text, named[text], evidence, moved) for where, text in texts.items()}
    worst = max(read, key=lambda where: (read[where].certain, len(read[where].contradictions)))
    found = read[worst].contradictions
    scenario = evidence.works[0].scenario
    details: dict[str, Any] = {"against": evidence.source, "scenario": scenario, "count": len(texts)}
    if not found:
        if not any(reading.known for reading in read.values()):
            return [rule.not_checked("unknown_words", details=details | {"text": texts[worst]})]
        return [rule.passed(value=0.0, limit=0.0, margin=0.0, details=details)]
    first, n = found[0], float(len(found))
    level = "FAIL" if read[worst].certain and evidence.source != "command" else "WARN"
    details |= {"kind": first.kind, "word": first.word, "done": list(first.done), "text": texts[worst], "from": worst}
    details |= {"more": [f"{c.kind}: {c.word}" for c in found[1:TEXTS]]}
    return [rule.beyond(n, level=level, subject=(worst,), details=details)]


def wording_of(recording: Recording) -> tuple[str, str | None] | None:
    """The sentence of a recording of others that names no scenario besides, and the scenario that has it (None: none has)."""
    task = recording.metadata.get("task")
    if recording.episode is not None or recording.scenario or recording.kind == "human" or not isinstance(task, str) or not task.strip():
        return None
    own = scenarios_of_tasks([task])[task]
    return task, None if own is None else own[0]


def sentences(recording: Recording) -> Iterator[tuple[str, str]]:
    """(where it stands, sentence) of every task sentence of a recording, each text once; what nobody wrote is none."""
    episode, declared = recording.episode, recording.declared
    found: list[tuple[str, Any]] = []
    if declared is not None:
        found.append(("tasks", declared.sentence))
    if episode is not None:
        instruction = episode.metadata.get("instruction")
        for where, texts in (("task", episode.task), ("instruction", instruction)):
            found += [(f"{where}.{lang}", text) for lang, text in (texts.items() if isinstance(texts, dict) else ())]
    else:
        found.append(("task", recording.metadata.get("task")))
    seen = {*([episode.scenario] if episode is not None else []), ""}
    for where, text in found:
        if isinstance(text, str) and text.strip() not in seen:
            seen.add(text.strip())
            yield where, text


def evidence_of(recording: Recording, own: Named | None, asked: Any = None) -> HeldAgainst | None:
    """What the recording knows of what was done; None where it is nothing that a sentence could be held against.

    Args:
        own: the scenario and variant of which its sentence is one.
        asked: name and tree of the scenario that the command names, or None.
    """
    episode = recording.episode
    if episode is not None and isinstance(episode.config.get("scenario"), dict):
        drawn = {k: v for k, v in _values(episode.draw).items() if isinstance(v, int | float)}
        work = work_of_tree(str(episode.scenario), episode.config["scenario"], drawn)
        return HeldAgainst((work,), "file", bool(episode.segments))

    def known(name: str, source: str) -> HeldAgainst | None:
        works = works_of(name, own[1] if own is not None and own[0] == name else None)
        return HeldAgainst(works, source) if works else None

    if recording.scenario:
        return known(recording.scenario, "recording")
    by_columns = scenario_of_columns(recording)
    if by_columns is not None:
        return known(by_columns, "columns")
    if asked is not None:
        return HeldAgainst((work_of_tree(*asked),), "command")
    return None


def scenario_of_columns(recording: Recording) -> str | None:
    """The one scenario that has all the things with recorded poses (`bowl.x`); None if none or several have."""
    things = {
        name.rpartition(".")[0]
        for stream in recording.streams.values()
        if stream.quantity in POSES
        for name in stream.names
        if name.endswith(".qw")
    }
    found = scenarios_with(frozenset(things)) if things else frozenset()
    return next(iter(found)) if len(found) == 1 else None


def moved_arms(command: Stream | None) -> frozenset[str] | None:
    """The arms that are commanded to move, `left` and `right`; None where the joints' names tell no sides, or nobody is sure."""
    if command is None or not command.n or command.unit != "rad":
        return None
    spans = {}
    for side, pattern in SIDE.items():
        columns = [j for j, name in enumerate(command.names) if pattern.search(name)]
        if not columns:
            return None
        spans[side] = float(np.nan_to_num(np.ptp(command.values[:, columns], axis=0)).max())
    if any(STILL < span < MOVING for span in spans.values()):
        return None
    return frozenset(side for side, span in spans.items() if span >= MOVING) or None


def _by_arms(texts: Mapping[str, str], recorded: Recorded) -> Finding | None:
    """A sentence of an arm that is never commanded to move: no scenario is needed to see that."""
    moved = moved_arms(recorded.command)
    for where, text in texts.items() if moved else ():
        if BY_ARM.search(text.strip()) is None:
            continue
        nothing = ScenarioWork("", None, {}, (), frozenset(), chained=False)
        for one in compare(text, nothing, lexicon(), moved).contradictions:
            if one.kind == "arm" and one.certain:
                details: dict[str, Any] = {"against": "commands", "count": len(texts), "kind": "arm", "word": one.word}
                details |= {"done": list(one.done), "text": text, "from": where, "more": []}
                return recorded.rules["task.text"].beyond(1.0, level="FAIL", subject=(where,), details=details)
    return None


def _values(draw: Any) -> dict[str, Any]:
    values = draw.get("values", draw) if isinstance(draw, dict) else {}
    return values if isinstance(values, dict) else {}


def _read(text: str, named: Named | None, evidence: HeldAgainst, moved: frozenset[str] | None) -> Reading:
    """The sentence, which is one of the scenario `named`, against each of what may have been done; the one that it fits best."""
    best: Reading | None = None
    for work in evidence.works:
        other = None
        if named is not None and named[0] != work.scenario:
            other = named[0]
        elif named is not None and named[1] not in (None, work.variant):
            other = named[1]
        reading = compare(text, work, lexicon(), moved, other)
        if not evidence.performed:
            kept = tuple(c for c in reading.contradictions if c.kind != "order" and (c.kind != "arm" or c.certain))
            reading = Reading(kept, reading.known, reading.fitting)
        if best is None or _weight(reading) < _weight(best):
            best = reading
    assert best is not None
    return best


def _weight(reading: Reading) -> tuple[int, int]:
    return int(reading.certain), len(reading.contradictions)


CHECKS = (
    Check(
        "task.text",
        run=check_text,
        fix=rewrite,
        turn=1,
        shown_by="task of another scenario",
        no_curve="a sentence",
    ),
)
