"""Does a take do what other takes of its set do, while its sentence is of another scenario?

Takes of one scenario go alike: joint by joint, in the middle of the joints, the shares of an angle differ by 0.02 to 0.1 rad from those of
the next take, whatever was drawn. The takes of two scenarios differ by 0.14 rad and more (23 scenarios and variants). So an ordinary set,
in which nothing but the sentence names the scenario, shows a sentence that was put to another take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ...scenarios.tasks.contradictions import compare
from ...scenarios.tasks.known_work import works_of
from ...scenarios.tasks.lexicon import lexicon
from ...scenarios.tasks.sentence import Contradiction
from .finding import Finding
from .rules import Rules
from .usual_postures import Posture

CODE, SET = "task.text", "set"
LEAST, MOST, JOINTS = 3, 12, 7  # takes of a scenario, at the least and the most, and joints that they have in common
# times the distance from a take of a scenario to the next, in the middle of these, within which another take goes as they do, and the
# distances [rad] between which that is believed
ALIKE, NEAR, FAR = 2.0, 0.05, 0.08
NEARER = 0.5  # of the distance to the nearest take with its own sentence's scenario, at which another scenario's takes are
# of how far a take goes [rad]: takes of a scenario are this near to the next, and the beginnings of two scenarios are further apart;
# how far it goes in the mean of its joints, to have done anything
CLEARLY, GOES = 0.1, 0.1


class TakeSentence(NamedTuple):
    """The task sentence of a take, with the scenario of ours that has it, None where none has; and where its joints are."""

    text: str
    scenario: str | None
    posture: Posture


def check_sentence_among(take: TakeSentence | None, others: Sequence[TakeSentence], rules: Rules) -> Finding | None:
    """`task.text` of a take that goes as the takes of a scenario go, and has a sentence that contradicts it; None of any other.

    A FAIL where the sentence is another scenario's own and the take goes far beside its distance to these takes, and else a WARN: the same
    may be done with another thing, and a take that ends soon has done what many scenarios begin with. Of one that hardly moves, nothing.
    """
    if take is None or not take.posture.joints:
        return None
    families: dict[str, list[Posture]] = {}
    for one in others:
        if one.scenario is not None and one.posture.joints and len(of := families.setdefault(one.scenario, [])) < MOST:
            of.append(one.posture)
    own = [x for one in families.pop(take.scenario or "", ()) if (x := _apart(take.posture.joints, one.joints)) is not None]
    way = _way(take.posture)
    for scenario, postures in families.items() if way > GOES else ():
        near = _goes_as(take.posture, postures)
        if near is None or near > NEARER * min(own, default=np.inf):
            continue
        if take.scenario is None:
            contradictions = _contradictions(take.text, scenario)
            if not contradictions:
                continue
            kind, word, done = contradictions[0].kind, contradictions[0].word, contradictions[0].done
        else:
            kind, word, done = "scenario", take.scenario, ()
        details: dict[str, Any] = {"against": SET, "scenario": scenario, "kind": kind, "word": word, "done": list(done)}
        details |= {"text": take.text, "from": "task", "takes": len(postures), "more": []}
        unsure = take.scenario is None or near > CLEARLY * way
        return rules[CODE].beyond(1.0, level="WARN" if unsure else "FAIL", subject=("task",), details=details)
    return None


def _way(take: Posture) -> float:
    """How far the joints of a take go, in the mean of them [rad]."""
    return float(np.mean([shares[-1] - shares[1] for shares in take.joints.values()]))


def _goes_as(take: Posture, family: Sequence[Posture]) -> float | None:
    """How near a take is to the nearest of a family [rad], if that is as near as these are to each other; None where it is not, or they are
    too few."""
    if len(family) < LEAST:
        return None
    apart = [x for one in family if (x := _apart(take.joints, one.joints)) is not None]
    among = [min((x for b in family if b is not a and (x := _apart(a.joints, b.joints)) is not None), default=0.0) for a in family]
    bound = float(np.clip(ALIKE * float(np.median(among)), NEAR, FAR))
    return min(apart) if len(apart) == len(family) and min(apart) <= bound else None


def _apart(one: Mapping[str, Iterable[float]], other: Mapping[str, Iterable[float]]) -> float | None:
    """How far shares of the angles of two takes are from each other, over all joints [rad]; None where they have too few in common."""
    names = [name for name in one if name in other]
    if len(names) < JOINTS:
        return None
    a, b = (np.array([tuple(of[name]) for name in names])[:, 1:] for of in (one, other))
    return float(np.abs(a - b).mean())


@lru_cache(maxsize=256)
def _contradictions(text: str, scenario: str) -> tuple[Contradiction, ...]:
    """What a sentence says otherwise than a scenario, as it stands or in the variant that it fits best; but for orders and hands, in which
    a person may differ."""
    readings = [compare(text, work, lexicon()) for work in works_of(scenario)]
    found = [tuple(c for c in one.contradictions if c.kind not in ("order", "arm")) for one in readings]
    return min(found, key=len, default=())
