"""Commands of a whole take that its joints do not follow: steps or speeds written as places, one value, or the commands of another take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .difference import Difference
from .relations import shifted
from .table import Group, RecordedChannel, is_switch

GOES = 0.2  # rad: a joint that goes further has gone somewhere
MOST = 2.0 / 3.0  # of the joints that go somewhere: a robot that plans a way of its own leaves half of them (a real Kuavo: 0.57)
LEAST, ROWS = 3, 60  # joints that go somewhere, and rows, to tell that none of them was commanded
LATE, STEPS = 1.2, 0.5  # s by which a joint may follow its command; by which it may follow a step
# correlation of a joint with a command, from where on it follows it, and below which it does not: motions of two takes are alike by
# chance up to 0.8, where the delay is free
FOLLOWS, STRANGE = 0.95, 0.85
# correlation of commands with the rise of the positions, from where on they are steps or speeds, and by how much more than with the
# positions themselves
PLACED, MORE = 0.85, 0.1
# rad by which a joint may be beside its command, rad/s from where on it moves; share of the rows in which it moves where it is so near:
# then only the others are written wrongly
NEAR, MOVES, IN_PART = 0.05, 0.1, 0.4


def not_followed(group: Group) -> Iterator[Difference]:
    """The commands of two of three joints that go anywhere, where these follow no command of their group at all, in either direction.

    That a servo is soft, a joint blocked, or some columns exchanged is none of this: the joints follow none of the columns, however late.
    """
    both = [c for c in group.channels if {"command", "measured"} <= set(c.columns) and not is_switch(c)]
    goes = [c for c in both if c.unit == "rad" and float(np.ptp(c.columns["measured"])) > GOES]
    if len(goes) < LEAST or group.n < ROWS:
        return
    commands = np.column_stack([c.columns["command"] for c in both])
    kinds: dict[str | None, list[RecordedChannel]] = {}
    for channel in goes:
        own, any_other = _followed(channel, both.index(channel), commands, group.dt)
        kind = _kind(channel, group.dt, own)
        if kind is not None or (own < STRANGE and any_other < FOLLOWS and not _in_part(channel, group.dt)):
            kinds.setdefault(kind, []).append(channel)
    if sum(map(len, kinds.values())) < MOST * len(goes):
        return
    name, lost = max(kinds.items(), key=lambda one: len(one[1]))
    if len(lost) < 2 or 2 * len(lost) <= sum(map(len, kinds.values())):
        name, lost = None, [channel for each in kinds.values() for channel in each]
    size = max(float(np.ptp(c.columns["measured"])) for c in lost)
    yield Difference.over(
        group.t, tuple(c.name for c in lost), "command", None, size, "rad", name, certain=True, stream=lost[0].topics["command"],
        limit=GOES, undone=0.0, weight=1e3 * len(lost),
    )  # fmt: skip


def _followed(channel: RecordedChannel, own: int, commands: np.ndarray, dt: float) -> tuple[float, float]:
    """How well a joint follows its own command, and any other: the largest correlation over delays, of either sign."""
    best = np.abs(best_alike(channel.columns["measured"], commands, dt, LATE, own)[0])
    return float(best[own]), float(np.delete(best, own).max(initial=0.0))


def best_alike(x: np.ndarray, commands: np.ndarray, dt: float, most: float, own: int = 0) -> tuple[np.ndarray, int]:
    """(k,) the correlation of x (n,) with each command (n, k) at the delay up to `most` [s] at which it is largest, with its sign, and the
    delay of the command `own` in rows; zero for a command that stands."""
    last = max(1, min(round(most / dt), len(x) // 3))
    best, delay = np.zeros(commands.shape[1]), 0
    for late in range(-(last // 3), last + 1, max(1, last // 24)):
        a, b = (commands[: len(x) - late], x[late:]) if late >= 0 else (commands[-late:], x[:late])
        a, b = a - a.mean(axis=0), b - b.mean()
        size = np.sqrt((a**2).sum(axis=0) * float((b**2).sum()))
        alike = np.divide(b @ a, size, out=np.zeros_like(size), where=size > 1e-12)
        better = np.abs(alike) > np.abs(best)
        delay = late if better[own] else delay
        best[better] = alike[better]
    best[commands.std(axis=0) < 1e-9] = 0.0
    return best, delay


def _in_part(channel: RecordedChannel, dt: float) -> bool:
    """Whether a joint is where its command sends it in a good part of the take."""
    c, q = channel.columns["command"], channel.columns["measured"]
    goes = np.abs(np.gradient(q, dt)) > MOVES
    last = round(LATE / dt)
    late = range(0, last + 1, max(1, last // 24)) if goes.any() else ()
    return any(float((np.abs(q - shifted(c, -by)) < NEAR)[goes].mean()) > IN_PART for by in late)


def _kind(channel: RecordedChannel, dt: float, own: float) -> str | None:
    """Of a command that a joint follows with correlation `own` at most: one value, or what the positions rise by; None for another one."""
    c, q = channel.columns["command"], channel.columns["measured"]
    if np.ptp(c) < 1e-9:
        return "held_value"
    rise = np.gradient(q)
    alike = max(float(np.corrcoef(shifted(c, -late), rise)[0, 1]) for late in range(max(2, round(STEPS / dt))))
    return "differenced" if alike > PLACED and alike > own + MORE else None
