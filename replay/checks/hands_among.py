"""What the drive of a hand does, by the other takes of a set: a take in which a column of it is wrong tells no law of it.

A hand has one drive in all takes of a set, of one delay, and things stop it on one of its two ways alone: the one on which it closes. So
how far it is beyond its drive in the other takes, each held against the laws of the rest, tells what may be so in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..recording.recording import Recording
from ..residual.bodies import compared
from ..residual.departures import joined
from ..residual.difference import JOIN, Difference
from ..residual.hand_law import BESIDE, LIMITS, HandLaw, laws_of_hand, of_way
from ..residual.hands import COUNTED
from ..residual.table import Group, RecordedChannel
from ..robots.limits import Limits
from ..signals.statistics import median_size
from .finding import Finding
from .rules import Rules
from .witnesses import finding_of

LEAST, KEPT = 3, 6  # other takes that tell, at the least and at the most
KNOWN = 0.15  # of its steps, that a law of a take that tells leaves
APART = 0.1  # s by which delays of takes that tell may be apart, and from where on another delay is none of this drive
# times what the other takes reach, that a take may; of the way, that it always may: ahead and away, and short of its drive
TIMES, FLOOR, FLOOR_SHORT = 2.2, 0.04, 0.08
AS_FAR = 0.5  # of how far a hand goes in a take, that it goes in one that tells
STOPS, OFTEN = 0.15, 2  # of its way, by which things stop a hand, in so many takes at the least
SIDES = 2  # ways: up and down


@dataclass(frozen=True, eq=False)
class HandShown:
    """A hand of a take: its columns, and the laws that they follow."""

    group: Group
    channel: RecordedChannel

    @property
    def columns(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Command and measurement (n,), and s between rows."""
        return self.channel.columns["command"], self.channel.columns["measured"], self.group.dt

    @cached_property
    def every(self) -> tuple[HandLaw, ...]:
        """All that explain it nearly as well as the one that leaves least, that one first."""
        return tuple(laws_of_hand(*self.columns, self.group.held_commands))

    @property
    def known(self) -> bool:
        """Whether it is measured in each row, and a law leaves little of how it moves: of one that is written for several rows a delay and
        a lag are not distinguished."""
        return bool(self.every) and self.every[0].left <= KNOWN and self.every[0].held == 1

    @property
    def laws(self) -> tuple[HandLaw, ...]:
        """That one, as it is and without a largest speed: the hand may never have been commanded to go faster."""
        return tuple(law for one in self.every[:1] for law in (one, replace(one, fastest=np.inf)))

    @property
    def delays(self) -> np.ndarray:
        """(m,) [s] by which it comes behind its commands, by each of them."""
        return np.array([law.late * self.group.dt + law.lag for law in self.every])

    @cached_property
    def goes(self) -> float:
        """Of its way, how far it goes in the take."""
        return float(np.ptp(self.channel.columns["measured"]))

    def beyond(self, laws: Sequence[HandLaw], limits: np.ndarray) -> tuple[HandLaw, np.ndarray]:
        """Of some laws the one that allows most by these limits, and (10, n) how far the hand is beyond its drive by it."""
        every = ((law, np.vstack([law.overruns(*self.columns, FLOOR), law.short(*self.columns)])) for law in laws)
        return min(every, key=lambda one: float((one[1] / limits[:, None]).max()))


def shown_hands(recording: Recording, limits: Limits) -> tuple[HandShown, ...]:
    """The hands of a take that are commanded and measured; those of an own episode have an exact replay instead."""
    if recording.episode is not None:
        return ()
    columns = compared(recording, limits.ranges)
    return tuple(
        HandShown(replace(group, channels=(channel,)), channel)
        for group in columns.table.groups if group.hands and group.same_rows and not group.own_scales
        for channel in group.channels
        if channel.has_both and not channel.is_of_two_places
        and median_size(channel.columns["command"]) <= COUNTED
    )  # fmt: skip


def check_hands_among(hands: Sequence[HandShown], others: Sequence[Sequence[HandShown]], rules: Rules) -> Finding | None:
    """`column.differs` of a hand that is where its drive, as the other takes of its set show it, cannot have it; None where none is.

    Args:
        others: of the other takes.
    """
    alike = ((one, [of for take in others for of in take if of.channel.name == one.channel.name]) for one in hands)
    found = [d for one, of in alike for d in _beside(one, of)]
    found.sort(key=lambda d: -d.weight)
    return finding_of(rules["column.differs"], found[0], found[1:]) if found else None


def _beside(one: HandShown, others: Sequence[HandShown]) -> Iterator[Difference]:
    """Where a hand is beside its drive, in the longest stretch; all of the take where it has another delay."""
    asked = (other for other in others if other.group.dt == one.group.dt and other.goes >= AS_FAR * one.goes)
    of = [other for other in asked if other.known][:KEPT]
    delays = np.array([other.delays[0] for other in of])
    if len(of) < LEAST or float(np.ptp(delays)) > APART:
        return
    late = one.delays - float(np.median(delays))
    if one.known and float(np.abs(one.delays[:, None] - delays).min()) > APART:
        yield Difference.over(
            one.group.t, (one.channel.name,), "measured", None, abs(float(late[0])), "s", "lag", certain=True,
            numbers={"late": float(late[0])}, stream=one.channel.topics["measured"], limit=APART,
            weight=one.group.n * abs(float(late[0])) / APART, bound="hand_set",
        )  # fmt: skip
        return
    limits = _limits(of)
    law, away = one.beyond([law for other in of for law in other.laws], limits)
    stretches = joined((away / limits[:, None]).max(axis=0) > 1.0)
    if not stretches:
        return
    first, last = max(stretches, key=lambda rows: rows[1] - rows[0])
    begin = max(0, stretches[0][0] - JOIN)
    ways = (walk(*one.columns, begin, last) for walk in (law.nearest, law.freely))
    readings = [of_way(one.group, one.channel, law, way, first, last, "hand_set") for way in ways]
    readings = [one for one in readings if one.size > BESIDE]  # it goes a way that its drive allows as well, nearly
    if readings:
        yield max(readings, key=lambda d: (d.name is not None, d.explained))


def _limits(of: Sequence[HandShown]) -> np.ndarray:
    """(10,) how far a hand may be beyond its drive, by takes that are each held against the laws of the rest."""
    evenly = np.ones(len(LIMITS) + SIDES)
    rests = ([law for other in of if other is not one for law in other.laws] for one in of)
    most = np.array([one.beyond(laws, evenly)[1].max(axis=1) for one, laws in zip(of, rests)])
    limits = np.maximum(TIMES * most.max(axis=0), [*[FLOOR] * len(LIMITS), *[FLOOR_SHORT] * SIDES])
    stopped = (most[:, -SIDES:] > STOPS).sum(axis=0) >= OFTEN
    for side in range(SIDES):
        if stopped[side] or not stopped[1 - side]:  # things may stop it there, as far as is known
            limits[len(LIMITS) + side] = np.inf
    return np.asarray(limits)
