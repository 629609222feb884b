"""The order of the chain laid along the time of a replay: dynamic programming over phases of skills, left to right.

A step may be missing and may come again, each at a cost. All costs are in seconds: of time that is labelled with something
that is contradicted, or as much as that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..operator.recognition.evidence import Evidence

MISSING = 1.5  # s, a step of the chain that was not done
AGAIN = 1.0  # s, going back to a step that was begun already
STROKE = 0.3  # s, another stroke of the same skill: a door is pushed, the hand goes back and pushes on
UNSHOWN = 3.0  # s, the needed phase of a skill where it is contradicted as a whole
BOUNDARY = 0.6  # s, from one skill to the next where nothing shows that one ends or begins
UNFINISHED = 0.8  # s, leaving a skill that is not done
BREAK_OFF = 1.0  # s, a recording that ends in the middle of a skill
OTHER_HAND = 1.5  # s, the other hand than the chain names
RESTLESS = 0.6  # of time beside all skills in which a hand moves
SHOWN = 0.3  # s, within which a needed phase has to show after it has begun
SURE = 0.12  # s, that one reading has to be dearer than another to be e times less likely


@dataclass(frozen=True)
class Candidate:
    """One step of the chain as one hand would have done it.

    Attributes:
        step: its place in the chain; side: the hand; cost: of its being this hand [s].
    """

    step: int
    side: str
    evidence: Evidence
    cost: float = 0.0


@dataclass(frozen=True)
class Stretch:
    """A stretch of time given to a candidate.

    Attributes:
        begin, end: control steps, end exclusive; confidence: 0..1, how much of it all readings of the replay agree on.
    """

    candidate: Candidate
    begin: int
    end: int
    confidence: float


def align(candidates: Sequence[Candidate], n_chain: int, restless: np.ndarray, timestep: float) -> list[Stretch]:
    """The cheapest reading of a replay.

    Args:
        candidates: steps of the chain, each for every hand that might have done it.
        n_chain: number of steps in the chain.
        restless: (n,) 0..1 whether anything moves; time before the first and after the last skill costs by it.
        timestep: control period [s].

    Returns:
        Stretches in the order of time, each following on the one before; time beside all skills is left out.
    """
    n = len(restless)
    if not candidates or n < 2:
        return []
    lattice = _Lattice(candidates, n_chain, restless, timestep)
    path, chance = lattice.best(), lattice.chances()
    stretches: list[Stretch] = []
    of = np.array([lattice.candidate[s] for s in path])
    starts = lattice.restarts(path)
    edges = [0, *np.flatnonzero(starts), n]
    for begin, end in pairwise(edges):
        if end > begin and of[begin] >= 0:
            sure = float(chance[begin:end, of[begin]].mean())
            stretches.append(Stretch(candidates[of[begin]], int(begin), int(end), sure))
    return stretches


class _Lattice:
    """States: time before, the phases of every candidate, time after; costs of staying in and of going between them."""

    def __init__(self, candidates: Sequence[Candidate], n_chain: int, restless: np.ndarray, timestep: float):
        self.candidates, self.n = candidates, len(restless)
        self.candidate, self.phase = [-1], [0]
        stay = [RESTLESS * restless]
        show = [np.zeros(self.n)]
        ahead = max(1, round(SHOWN / timestep))
        for c, one in enumerate(candidates):
            for p, phase in enumerate(one.evidence.phases):
                self.candidate.append(c)
                self.phase.append(p)
                stay.append(phase.against)
                show.append(UNSHOWN * np.minimum(_least_ahead(phase.against, ahead), 1.0) * phase.needed)
        self.candidate.append(-1)
        self.phase.append(0)
        stay.append(RESTLESS * restless)
        show.append(np.zeros(self.n))
        self.stay = np.array(stay).T * timestep  # (n, S)
        self.show = np.array(show).T
        self.size = len(self.candidate)
        self._join(n_chain)

    def _join(self, n_chain: int) -> None:
        size, last = self.size, self.size - 1
        inner = np.full((size, size), np.inf)  # within a skill
        outer = np.full((size, size), np.inf)  # from one to the next
        np.fill_diagonal(inner, 0.0)
        self.start, self.stop = np.full(size, np.inf), np.full(size, np.inf)
        self.start[0], self.stop[last] = 0.0, 0.0
        outer[0, last] = n_chain * MISSING
        self.stop[0] = n_chain * MISSING
        for s in range(1, last):
            one, p = self.candidates[self.candidate[s]], self.phase[s]
            phases = one.evidence.phases
            if p + 1 < len(phases) and self.candidate[s + 1] == self.candidate[s]:
                inner[s, s + 1] = 0.0
                if p + 2 < len(phases) and not phases[p + 1].needed:
                    inner[s, s + 2] = 0.0
            enters, leaves = self._enters(s), self._leaves(s)
            if leaves and p:
                inner[s, s - p] = STROKE
            if enters:
                outer[0, s] = self.start[s] = one.step * MISSING + one.cost
            rest = (n_chain - 1 - one.step) * MISSING
            self.stop[s] = rest + (0.0 if leaves else BREAK_OFF)
            if not leaves:
                continue
            outer[s, last] = rest
            for r in range(1, last):
                if not self._enters(r):
                    continue
                other = self.candidates[self.candidate[r]]
                order = (other.step - one.step - 1) * MISSING if other.step > one.step else AGAIN
                outer[s, r] = order + other.cost
        self.inner, self.outer = inner, outer
        ends, begins, undone = (np.zeros((self.n, size)) for _ in range(3))
        for s in range(1, last):
            shows = self.candidates[self.candidate[s]].evidence
            ends[:, s], begins[:, s], undone[:, s] = shows.ends, shows.begins, shows.unfinished
        begins[:, last] = 1.0  # what comes after shows by nothing
        ends[:, 0] = 0.5
        self.ends, self.begins, self.undone = ends, begins, undone

    def _enters(self, s: int) -> bool:
        phases = self.candidates[self.candidate[s]].evidence.phases
        return not any(phase.needed for phase in phases[: self.phase[s]])

    def _leaves(self, s: int) -> bool:
        phases = self.candidates[self.candidate[s]].evidence.phases
        return not any(phase.needed for phase in phases[self.phase[s] + 1 :])

    def _moves(self, t: int) -> tuple[np.ndarray, np.ndarray]:
        """(S, S) costs of going from a state at t - 1 to one at t, within a skill and to another."""
        change = BOUNDARY * (1.0 - np.maximum(self.ends[t][:, None], self.begins[t][None, :]))
        other = self.outer + change + UNFINISHED * self.undone[t - 1][:, None] + self.show[t][None, :]
        within = self.inner + self.show[t][None, :] * ~np.eye(self.size, dtype=bool)
        return within, other

    def best(self) -> np.ndarray:
        """(n,) the state at each control step of the cheapest reading; remembers where a skill began anew."""
        cost = self.start + self.show[0] + self.stay[0]
        came = np.zeros((self.n, self.size), int)
        anew = np.zeros((self.n, self.size), bool)
        for t in range(1, self.n):
            within, other = self._moves(t)
            both = cost[:, None] + np.minimum(within, other)
            came[t] = both.argmin(axis=0)
            columns = np.arange(self.size)
            anew[t] = other[came[t], columns] < within[came[t], columns]
            cost = both[came[t], columns] + self.stay[t]
        path = np.zeros(self.n, int)
        path[-1] = int((cost + self.stop).argmin())
        for t in range(self.n - 1, 0, -1):
            path[t - 1] = came[t, path[t]]
        self._anew = anew
        return path

    def restarts(self, path: np.ndarray) -> np.ndarray:
        """(n,) where on a path another skill, or the same one again, begins."""
        return self._anew[np.arange(self.n), path]

    def chances(self) -> np.ndarray:
        """(n, candidates) how likely each candidate is at each control step when all readings are weighed by their cost."""
        sure = 1.0 / SURE
        forward = np.full((self.n, self.size), np.inf)
        backward = np.full((self.n, self.size), np.inf)
        forward[0] = self.start + self.show[0] + self.stay[0]
        for t in range(1, self.n):
            weight = np.exp(-sure * np.minimum(*self._moves(t)))
            low = forward[t - 1].min()
            forward[t] = low - SURE * np.log(np.exp(-sure * (forward[t - 1] - low)) @ weight + 1e-300) + self.stay[t]
        backward[-1] = self.stop
        for t in range(self.n - 1, 0, -1):
            onward = backward[t] + self.stay[t]
            low = onward.min()
            backward[t - 1] = low - SURE * np.log(
                np.exp(-sure * np.minimum(*self._moves(t))) @ np.exp(-sure * (onward - low)) + 1e-300
            )
        total = forward + backward
        weight = np.exp(-sure * (total - total.min(axis=1, keepdims=True)))
        weight /= weight.sum(axis=1, keepdims=True)
        found = np.zeros((self.n, len(self.candidates)))
        for s, c in enumerate(self.candidate):
            if c >= 0:
                found[:, c] += weight[:, s]
        return found


def _least_ahead(values: np.ndarray, steps: int) -> np.ndarray:
    """(n,) the least of each value and the ones that follow it."""
    padded = np.r_[values, np.full(steps - 1, np.inf)]
    return np.lib.stride_tricks.sliding_window_view(padded, steps).min(axis=1)
