"""In which base the hands of a take are recorded, against the other takes of its set: one software writes one base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..residual.bodies import ComparedColumns
from ..residual.commanded_hands import commanded_frames
from ..residual.hand_pose import AXES
from .finding import Finding
from .rules import Rules

CODE = "column.differs"
AMONG = "the other takes of the set"  # what the limit comes from
APART, TURNED = 5e-3, 0.01  # m and rad by which a base is another one: more than angles and poses of a take scatter by
RESTS = 0.03  # m that a hand goes at the least, to tell its base from another point of it
SURE = 2  # other takes that have one base, at least, where it is not that of the robot's own model


@dataclass(frozen=True)
class HandBase:
    """The base of a hand in a take.

    Attributes:
        hand: of the pose, `left_tcp`; at: (4,) where it is in the arm's frame, or beside its command [m], and by how much it is turned
            [rad].
        columns: that it changes; stream: that holds them.
        t0, t1: of the take [s].
    """

    hand: str
    at: tuple[float, ...]
    columns: tuple[str, ...]
    stream: str
    t0: float
    t1: float
    point: tuple[float, ...] = (0.0,) * 6
    joint: str = ""
    rests: bool = False
    commanded: bool = False  # whether it is seen from its command, and not from its arm

    @property
    def all(self) -> tuple[float, ...]:
        """(10,) base and point."""
        return (*self.at, *self.point)


def bases_of(columns: ComparedColumns) -> dict[str, Any]:
    """Details of `column.differs`: in which base each hand is recorded that agrees with its arm or its command, of sets of others alone;
    those of hands that are moved alike are a matter of where a robot or a camera stood, and are left out."""
    if columns.recording.episode is not None:
        return {}
    found: dict[str, Any] = {
        f"{one.stream} {' '.join(one.columns)}": {
            "at": [*one.at, 0.0], "columns": [name for name, by in zip(one.columns, one.at) if abs(by) > APART], "stream": one.stream,
            "t0": one.t0, "t1": one.t1, "point": [0.0] * 6, "joint": "", "rests": False, "commanded": True,
        }
        for one in commanded_frames(columns.recording)
    }  # fmt: skip
    for (group, _), hands in zip(columns.bodies, columns.hands):
        for hand in hands:
            rests = float(np.ptp(hand.truth[:, :3], axis=0).max()) < RESTS
            if hand.alike or not hand.stands:
                continue
            at, point = [0.0] * 4 if hand.base is None else [*hand.base.move, hand.base.angle], hand.point
            found[hand.name] = {
                "at": at, "columns": [] if hand.base is None else list(hand.base.columns), "stream": hand.topic,
                "t0": float(group.t[0]), "t1": float(group.t[-1]), "point": [0.0] * 6 if point is None else [*point.move, *point.turn],
                "joint": "" if point is None or point.joint < 0 else hand.arm.chain.joints[point.joint], "rests": rests,
            }  # fmt: skip
    return {"bases": found} if found else {}


def bases_in(findings: Sequence[Finding]) -> tuple[HandBase, ...]:
    """The bases of a take, from what was found of it."""
    known: Mapping[str, Any] = next((f.details.get("bases") or {} for f in findings if f.code == CODE and not f.failed), {})
    return tuple(
        HandBase(
            hand, tuple(one["at"]), tuple(one["columns"]), one["stream"], one["t0"], one["t1"], tuple(one["point"]), one["joint"],
            one["rests"], one.get("commanded", False),
        )
        for hand, one in known.items()
    )  # fmt: skip


def check_bases_among(bases: Sequence[HandBase], others: Sequence[Sequence[HandBase]], rules: Rules) -> Finding | None:
    """`column.differs` of a hand that stands elsewhere in all of a take than in the other takes of its set; None where none does, and
    where the others have no base in common. A WARN where another take has it there as well: grippers are changed, and robots moved.

    Args:
        others: of the other takes.
    """
    worst: tuple[float, HandBase, np.ndarray, int, bool] | None = None
    for one in bases:
        of = [other for take in others for other in take if other.hand == one.hand]
        if one.commanded and (len(of) < SURE or any(any(other.at) for other in of)):
            continue  # how far a hand is from its command in another frame, its turns tell, and they are each take's own
        every = [other for other in of if not (other.rests and any(other.all))]
        if not every:
            continue
        theirs, own = np.array([other.all for other in every]), np.array([one.all])
        usual = np.median(theirs, axis=0)
        alike = int(_same(theirs, usual).sum())
        if 2 * alike <= len(theirs) or (usual.any() and (alike < SURE or one.rests)) or _same(own, usual)[0]:
            continue
        apart = np.abs(own[0] - usual)
        if worst is None or apart.max() > worst[0]:
            worst = (float(apart.max()), one, apart, alike, bool(_same(np.array([other.all for other in of]), own[0]).any()))
    if worst is None:
        return None
    _, one, apart, alike, again = worst
    is_base = bool((apart[:3] > APART).any() or apart[3] > TURNED)
    moved, turned = float(apart[0 if is_base else 4 :][:3].max()), float(apart[3] if is_base else np.linalg.norm(apart[7:]))
    places = moved > APART and not (one.joint and not is_base)
    axes = ("x", "y", "z") if is_base else AXES
    subject = (one.columns if is_base else ()) or tuple(f"{one.hand}.{axis}" for axis in axes)
    named = {"joint": one.joint} if one.joint and not is_base else {}
    details: dict[str, Any] = {
        "what": "column_pose", "why": "why_offset", "kind": "another_base" if is_base else "another_point", "family": "values",
        "column": "pose", "stream": one.stream, "takes": alike, "explained": 1.0, "undone": None, "others": [], **named,
    }  # fmt: skip
    return rules[CODE].beyond(
        moved if places else turned, APART if places else TURNED, level="WARN" if again else "FAIL", signal="measured",
        subject=(*named.values(), *subject), t0=one.t0, t1=one.t1, unit="m" if places else "rad", share=1.0, details=details,
        limit_source=AMONG,
    )  # fmt: skip


def _same(bases: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(m,) whether bases and points (m, 10) are that one."""
    apart = np.abs(bases - usual)
    base = (apart[:, :3] <= APART).all(axis=1) & (apart[:, 3] <= TURNED)
    return np.asarray(base & (apart[:, 4:7] <= APART).all(axis=1) & (apart[:, 7:] <= TURNED).all(axis=1))
