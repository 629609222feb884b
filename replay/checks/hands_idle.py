"""Does a hand do anything, where the task names taking or putting?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...scenarios.tasks.clauses import read_sentence
from ...scenarios.tasks.lexicon import lexicon
from ..recording.recording import Recording, Stream
from ..signals.clock import origin_ns, seconds
from ..signals.sides import side_of
from .check import Check
from .curves import channel
from .finding import Finding
from .ranges import is_share
from .rules import Rules
from .task_text import moved_arms

QUANTITIES = ("claw", "hand", "hand_flag", "gripper")
SPAN = {"%": 100.0, "1": 1.0, "0..255": 255.0, "-100..100": 200.0, "-1..1": 2.0}  # from one end to the other, by unit
TAKING = frozenset(["take", "put", "carry", "pour", "insert", "hand_over", "load", "throw", "stack", "pack", "lift"])
LEAST_ROWS, LEAST_S = 11, 1.0  # a claw takes half a second from end to end; a shorter take has no time to take anything
# verbs that go with much that no hand takes ("take a photo", "carry on"): only with a thing that is known to be one
LIGHT = re.compile(
    r"(?:tak|get|got|giv|carry|carri|serv|hold|held|mov|bring|pass|leav|left|set|present|send|collect|return)", re.I
)


def names_taking(task: str) -> str | None:
    """The word of a task sentence that names taking or putting something, or None.

    What is taken is a thing: no arm ("put your arms down"), and nothing that only stands beside such a verb ("take a photo").
    """
    known = lexicon()
    for clause in read_sentence(task, known).clauses:
        if clause.negated or clause.abstract or not clause.verbs & TAKING:
            continue
        things = [thing for thing in clause.things if not known.is_thing(thing.names, "setting")]
        unknown = clause.unknown and not LIGHT.match(clause.verb) and clause.arm is None
        if things or unknown:
            return clause.verb
    return None


def check_idle(recording: Recording, rules: Rules, task: str | None, success: bool | None) -> list[Finding]:
    """`hand.idle`: no hand of the robot is ever commanded to move, and the task names taking or putting something.

    A hand that neither closes nor opens from the first row to the last takes nothing and lets nothing go, whatever it
    was closed on before: the hand's channel is dead, or the sentence belongs to another take. That is a FAIL. It is a
    WARN where the recording itself is labelled a failure (whoever never reached the thing never closed the hand), and
    where the hands were measured to move all the same (they are driven by a channel that was not recorded as command). It is one, too,
    where the only hand that moves is of an arm that never does, and the arm that moves has a hand that does not: they may be exchanged.
    Of an episode of the simulation the replay from its exact start tells whether the task is done, so nothing is asked; nor of a
    take that ends before a hand could close.

    Args:
        task: the sentence, in English or Chinese; None where none was recorded.
        success: the recording's own label, None where it has none.

    Returns:
        One finding; its value is how far the hand moved that moved furthest, as a share of its whole way where the unit
        tells that, else in its unit.
    """
    rule = rules["hand.idle"]
    commands = [s for q in QUANTITIES for s in recording.select("command", q) if s.n > 1]
    if not commands:
        return [rule.not_applicable("no_hand_command")]
    if recording.episode is not None:
        return [rule.not_applicable("goal_decides")]
    if not task or recording.kind == "human":
        return [rule.not_applicable("no_task")]
    word = names_taking(task)
    if word is None:
        return [rule.not_applicable("no_taking", details={"task": task})]
    if max(s.n for s in commands) < LEAST_ROWS or max(s.duration_s for s in commands) < LEAST_S:
        return [rule.not_checked("too_short")]
    moved, stream = _furthest(commands)
    details: dict[str, Any] = {"task": task, "word": word, "stream": stream.name, "label": success}
    least = rule.bound("fail")
    if moved >= least and (other := _of_still_arms(recording, commands, least)):
        details |= {"kind": "other_arm", "arms": list(other)}
        return [rule.beyond(moved, least, level="WARN", subject=tuple(_moving(commands, least)), details=details)]
    if moved >= least:
        return [rule.passed(subject=stream.names, value=moved, limit=least, margin=moved - least, details=details)]
    measured = [s for q in QUANTITIES for s in recording.select("measured", q) if s.n > 1]
    followed = bool(measured) and _furthest(measured)[0] >= least
    t = seconds(stream, origin_ns(recording))
    return [
        rule.finding(
            level="WARN" if followed or success is False else "FAIL",
            subject=tuple(name for s in commands for name in s.names)[:8],
            t0=float(t.min()),
            t1=float(t.max()),
            value=moved,
            limit=least,
            margin=moved - least,
            excess=(least - moved) / rule.size(least),
            details=details | {"measured_moves": followed},
        )
    ]


def _of_still_arms(recording: Recording, commands: Sequence[Stream], least: float) -> tuple[str, ...]:
    """The arms that move, if each hand that moves is of another one, which never moves; none where the names tell no sides."""
    joints = next(iter(recording.select("command", "joint_position")), None)
    arms = moved_arms(joints)
    hands, every = ({side_of(name) for name in names} for names in (_moving(commands, least), [n for s in commands for n in s.names]))
    if not arms or not hands or every != {"l", "r"}:
        return ()
    return tuple(sorted(arms)) if not hands & {arm[0] for arm in arms} else ()


def _moving(commands: Sequence[Stream], least: float) -> list[str]:
    """The hands that are commanded to move."""
    return [name for s in commands for name, way in zip(s.names, _ways(s)) if way >= least]


def _furthest(streams: Sequence[Stream]) -> tuple[float, Stream]:
    """How far the column that moves most moves, and its stream."""
    return max(((max(_ways(s)), s) for s in streams), key=lambda one: one[0])


def _ways(stream: Stream) -> list[float]:
    """How far each column goes, as a share of its whole way; one that counts from 0 to 1, whatever its unit, is written as that share
    (`value.range`), and moves as far as it says."""
    span = SPAN.get(stream.unit, 1.0)
    ways = np.nan_to_num(np.ptp(stream.values, axis=0))
    return [float(way) / (1.0 if is_share(x, span) else span) for way, x in zip(ways, stream.values.T)]


CHECKS = (
    Check(
        "hand.idle",
        run=lambda r: check_idle(r.recording, r.rules, r.task, r.success),
        curve=channel,
        below=True,
        turn=1,
        shown_by="hand never closes",
        shown_in="ordinary set",  # without the start from which the replay would tell more
    ),
)
