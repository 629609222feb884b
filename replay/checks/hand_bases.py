"""In which base the hands of a take are recorded, against the other takes of its set: one software writes one base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..residual.bodies import ComparedColumns
from .finding import Finding
from .rules import Rules

CODE = "column.differs"
AMONG = "the other takes of the set"  # what the limit comes from
APART, TURNED = 5e-3, 0.01  # m and rad by which a base is another one: more than angles and poses of a take scatter by
RESTS = 0.03  # m that a hand goes at the least, to tell in which base it is recorded
SURE = 2  # other takes that have one base, at least, where it is not that of the robot's own model


@dataclass(frozen=True)
class HandBase:
    """The base of a hand in a take.

    Attributes:
        hand: of the pose, `left_tcp`; at: (4,) where it is in the arm's frame [m], and by how much it is turned [rad].
        columns: that it changes; stream: that holds them.
        t0, t1: of the take [s].
    """

    hand: str
    at: tuple[float, ...]
    columns: tuple[str, ...]
    stream: str
    t0: float
    t1: float


def bases_of(columns: ComparedColumns) -> dict[str, Any]:
    """Details of `column.differs`: in which base each hand is recorded that agrees with its arm, those of others alone; those of hands
    that are moved alike are a matter of where a robot or a camera stood, and are left out."""
    if columns.recording.episode is not None:
        return {}
    found: dict[str, Any] = {}
    for (group, _), hands in zip(columns.bodies, columns.hands):
        for hand in hands:
            rests = float(np.ptp(hand.truth[:, :3], axis=0).max()) < RESTS  # another point of it looks like another base
            if hand.alike or (hand.base is not None and rests) or not hand.stands:
                continue
            at = [0.0] * 4 if hand.base is None else [*hand.base.move, hand.base.angle]
            found[hand.name] = {
                "at": at, "columns": [] if hand.base is None else list(hand.base.columns), "stream": hand.topic,
                "t0": float(group.t[0]), "t1": float(group.t[-1]),
            }  # fmt: skip
    return {"bases": found} if found else {}


def bases_in(findings: Sequence[Finding]) -> tuple[HandBase, ...]:
    """The bases of a take, from what was found of it."""
    known: Mapping[str, Any] = next((f.details.get("bases") or {} for f in findings if f.code == CODE and not f.failed), {})
    return tuple(
        HandBase(hand, tuple(one["at"]), tuple(one["columns"]), one["stream"], one["t0"], one["t1"]) for hand, one in known.items()
    )


def check_bases_among(bases: Sequence[HandBase], others: Sequence[Sequence[HandBase]], rules: Rules) -> Finding | None:
    """`column.differs` of a hand that stands elsewhere in all of a take than in the other takes of its set; None where none does, and
    where the others have no base in common.

    Args:
        others: of the other takes.
    """
    worst: tuple[float, HandBase, float, int] | None = None
    for one in bases:
        theirs = np.array([other.at for take in others for other in take if other.hand == one.hand])
        if not len(theirs):
            continue
        usual = np.median(theirs, axis=0)
        alike = int(_same(theirs, usual).sum())
        if 2 * alike <= len(theirs) or (alike < SURE and usual.any()) or _same(np.array([one.at]), usual)[0]:
            continue
        apart = np.abs(np.array(one.at) - usual)
        size = float(max(apart[:3].max(), apart[3]))
        if worst is None or size > worst[0]:
            worst = (size, one, float(apart[:3].max()), alike)
    if worst is None:
        return None
    size, one, moved, alike = worst
    places = moved > APART
    axes = ("x", "y", "z")
    subject = one.columns or tuple(f"{one.hand}.{axis}" for axis in axes)
    details: dict[str, Any] = {
        "what": "column_pose", "why": "why_offset", "kind": "another_base", "family": "values", "column": "pose", "stream": one.stream,
        "takes": alike, "explained": 1.0, "undone": None, "others": [],
    }  # fmt: skip
    return rules[CODE].beyond(
        moved if places else size, APART if places else TURNED, signal="measured", subject=subject, t0=one.t0, t1=one.t1,
        unit="m" if places else "rad", share=1.0, details=details, limit_source=AMONG,
    )  # fmt: skip


def _same(bases: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(m,) whether bases (m, 4) are that one."""
    apart = np.abs(bases - usual)
    return np.asarray((apart[:, :3] <= APART).all(axis=1) & (apart[:, 3] <= TURNED))
