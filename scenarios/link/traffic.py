"""What a link does to each message of one episode: when it arrives, or that it never does."""

from __future__ import annotations

import numpy as np

from .link import Link

BLOCK = 1024  # control steps, to begin with
EPS = 1e-9  # s, within which a message has arrived
FEATURE = "observation.link"  # of an episode, the columns of `Traffic.passing`
COLUMNS = ("captured", "arrived", "sent", "applied")


class Traffic:
    """Messages of one episode over a link: one command and one set of sensor values each control step.

    Delays are those of a shifted exponential law, `delay - jitter` and an exponential time of mean `jitter` on top: mean `delay`,
    standard deviation `jitter`, none early, a long tail (a shifted gamma law of shape one; Mukherjee, Internetworking 5, 1994, fits
    that family to measured delays). Losses are independent. Drop-outs begin after exponential times of mean `every` and end after
    uniform ones; what is sent meanwhile, either way, is lost. The same seed gives the same times, whatever their number.

    Args:
        link: the link; seed: of its random numbers.
        period: [s] between control steps; substeps: physics steps in one.

    Attributes:
        age: (n,) how old each command is when it arrives [s], inf where it never does; one older than `stale` is not carried out.
        effect: (n, substeps) number of the command in effect at each physics step, -1 before the first has arrived.
        silent: (n, substeps) [s] since the last command was taken, there.
        seen: (n,) number of the sensor values that the operator has at each control step: the newest that have arrived. Those of the
            start count as known.
        passing: (n, 4) [s] `captured`, `arrived` of these values, `sent`, `applied` of the command in effect just before; -1 for
            one that there is none of.
    """

    def __init__(self, link: Link, seed: int, period: float, substeps: int):
        self.link, self._seed, self._period, self._substeps = link, seed, period, substeps
        self._make(BLOCK)

    def upto(self, n: int) -> None:
        """Have times for n control steps at least."""
        if n > len(self.seen):
            self._make(max(n, 2 * len(self.seen)))

    def _make(self, n: int) -> None:
        dt, h, link = self._period, self._period / self._substeps, self.link
        sent = np.arange(n) * dt
        down = self._down(sent)
        commands, values = (self._arrivals(way, sent, down) for way in (0, 1))
        values[0] = 0.0  # a session begins with a first picture
        self.age = commands - sent
        commands[self.age > link.stale + EPS] = np.inf
        at = np.arange(n * self._substeps) * h
        self.effect = _newest(commands, at)
        taken = np.sort(commands)
        last = np.searchsorted(taken, at + EPS, side="right") - 1
        since = np.where(last < 0, 0.0, np.where(np.isfinite(taken[last]), taken[last], 0.0))
        self.silent = (at - since).reshape(n, -1)
        self.seen = np.maximum(_newest(values, sent), 0)
        begins = np.concatenate([[True], self.effect[1:] != self.effect[:-1]])
        applied = at[np.maximum.accumulate(np.where(begins, np.arange(len(at)), 0))]
        ends = np.arange(1, n) * self._substeps - 1
        before = self.effect[ends]
        self.passing = np.full((n, 4), -1.0)
        self.passing[:, 0] = sent[self.seen]
        self.passing[:, 1] = np.minimum(values[self.seen], sent)
        self.passing[1:, 2] = np.where(before >= 0, sent[before], -1.0)
        self.passing[1:, 3] = np.where(before >= 0, applied[ends], -1.0)
        self.effect = self.effect.reshape(n, -1)

    def _random(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, *stream))

    def _arrivals(self, way: int, sent: np.ndarray, down: np.ndarray) -> np.ndarray:
        """(n,) when messages of one way arrive [s], inf for never."""
        link, n = self.link, len(sent)
        delay = link.delay - link.jitter * (1.0 + np.log1p(-self._random(way, 0).random(n)))
        gone = down | (self._random(way, 1).random(n) < link.loss)
        return np.where(gone, np.inf, sent + delay)

    def _down(self, t: np.ndarray) -> np.ndarray:
        """(n,) whether the link is down."""
        link, down = self.link, np.zeros(len(t), bool)
        gaps, lasts, begin = self._random(2, 0), self._random(2, 1), 0.0
        while np.isfinite(link.every):
            begin -= link.every * float(np.log1p(-gaps.random()))
            if begin > t[-1]:
                break
            end = begin + link.shortest + (link.longest - link.shortest) * float(lasts.random())
            down |= (t >= begin) & (t < end)
            begin = end
        return down


def acted(commands: np.ndarray, passing: np.ndarray, period: float) -> np.ndarray:
    """(T, k) the command that acted at the end of each control period, of commands (T, k) sent one each period.

    Args:
        passing: (T, 4) or (T+1, 4) as `Traffic.passing`; before the first has arrived, what acts is taken to be the first.
    """
    sent = passing[1 : len(commands) + 1, COLUMNS.index("sent")]
    sent = np.append(sent, sent[-1:]) if len(sent) < len(commands) else sent
    found: np.ndarray = commands[np.clip(np.rint(sent / period).astype(int), 0, len(commands) - 1)]
    return found


def _newest(arrival: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(m,) number of the newest message that has arrived by each time (m,) [s], -1 for none; one that was overtaken is passed over."""
    order = np.argsort(arrival, kind="stable")
    newest = np.maximum.accumulate(order)
    last = np.searchsorted(arrival[order], at + EPS, side="right") - 1
    last = np.minimum(last, int(np.isfinite(arrival).sum()) - 1)
    return np.where(last < 0, -1, newest[last]) if len(order) else np.full(len(at), -1)
