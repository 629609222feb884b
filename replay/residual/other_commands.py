"""Commands of a whole take that its joints do not follow: steps or speeds written as places, one value, or the commands of another take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..signals.statistics import correlation
from .difference import Difference
from .relations import shifted
from .table import Group, RecordedChannel

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
CANCELLED = 1e-10  # of all squares: a stretch with less of them stands, but for what is lost in a difference of two sums


def not_followed(group: Group) -> Iterator[Difference]:
    """The commands of two of three joints that go anywhere, where these follow no command of their group at all, in either direction.

    That a servo is soft, a joint blocked, or some columns exchanged is none of this: the joints follow none of the columns, however late.
    """
    both = [c for c in group.both if not c.is_switch]
    goes = [c for c in both if c.unit == "rad" and c.goes("measured") > GOES]
    if len(goes) < LEAST or group.n < ROWS:
        return
    if sum(_surely_follows(c, group.dt) for c in goes) > (1.0 - MOST) * len(goes):
        return
    commands = np.column_stack([c.columns["command"] for c in both])
    kinds: dict[str | None, list[RecordedChannel]] = {}
    alike, _ = best_alike(np.column_stack([c.columns["measured"] for c in goes]), commands, group.dt, LATE)
    for channel, followed in zip(goes, np.abs(alike)):
        j = both.index(channel)
        own, any_other = float(followed[j]), float(np.delete(followed, j).max(initial=0.0))
        kind = _kind(channel, group.dt, own)
        if kind is not None or (own < STRANGE and any_other < FOLLOWS and not _in_part(channel, group.dt)):
            kinds.setdefault(kind, []).append(channel)
    if sum(map(len, kinds.values())) < MOST * len(goes):
        return
    name, lost = max(kinds.items(), key=lambda one: len(one[1]))
    if len(lost) < 2 or 2 * len(lost) <= sum(map(len, kinds.values())):
        name, lost = None, [channel for each in kinds.values() for channel in each]
    size = max(c.goes("measured") for c in lost)
    yield Difference.over(
        group.t, tuple(c.name for c in lost), "command", None, size, "rad", name, certain=True, stream=lost[0].topics["command"],
        limit=GOES, undone=0.0, weight=1e3 * len(lost),
    )  # fmt: skip


def _surely_follows(channel: RecordedChannel, dt: float) -> bool:
    """Whether a joint follows its own command at some delay, so that nothing else is asked for."""
    c, q = channel.columns["command"], channel.columns["measured"]
    last = _last(len(q), LATE, dt)
    late = range(0, last + 1, max(1, last // 6))
    return channel.goes("command") >= 1e-9 and any(correlation(c[: len(c) - by], q[by:]) >= 1.0 - MORE for by in late)


def _last(n: int, most: float, dt: float) -> int:
    return max(1, min(round(most / dt), n // 3))


def best_alike(x: np.ndarray, commands: np.ndarray, dt: float, most: float) -> tuple[np.ndarray, np.ndarray]:
    """(m, k) the correlation of each column of x (n, m) with each command (n, k) at the delay up to `most` [s] at which it is largest,
    with its sign, and (m, k) these delays in rows; zero for a command that stands."""
    n, last = len(x), _last(len(x), most, dt)
    x, sent = x - x.mean(axis=0), commands - commands.mean(axis=0)
    # sums of the first rows, of values and of squares: those of any stretch are the difference of two
    sums = [np.concatenate([np.zeros((1, each.shape[1])), np.cumsum(each, axis=0)]) for each in (sent, sent**2, x, x**2)]
    lates = np.arange(-(last // 3), last + 1, max(1, last // 24))
    rows, begins = (n - np.abs(lates))[:, None], (np.maximum(0, -lates), np.maximum(0, lates))  # first rows of the two stretches
    a, aa, b, bb = (each[begins[k // 2] + rows[:, 0]] - each[begins[k // 2]] for k, each in enumerate(sums))
    spread = [np.where(square > CANCELLED * every[-1], square, 0.0)
              for square, every in ((bb - b**2 / rows, sums[3]), (aa - a**2 / rows, sums[1]))]  # fmt: skip
    size = np.sqrt(spread[0][:, :, None] * spread[1][:, None, :])
    product = np.stack([
        x[there : there + many].T @ sent[here : here + many]
        for here, there, many in zip(*map(np.ndarray.tolist, begins), rows[:, 0].tolist())
    ]) - b[:, :, None] * a[:, None, :] / rows[:, :, None]  # fmt: skip
    alike = np.divide(product, size, out=np.zeros_like(size), where=size > 1e-12)
    at = np.abs(alike).argmax(axis=0)[None]
    best, delay = np.take_along_axis(alike, at, axis=0)[0], lates[at[0]]
    delay[best == 0.0] = 0
    best[:, commands.std(axis=0) < 1e-9] = 0.0
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
    if own + MORE >= 1.0:
        return None
    rise = np.gradient(q)
    alike = max(correlation(shifted(c, -late), rise) for late in range(max(2, round(STEPS / dt))))
    return "differenced" if alike > PLACED and alike > own + MORE else None
