"""The commands that a second of an own episode was made by, where those of its record come to another state.

Each control step is solved by itself: which commands lead from the state before it to the row that is recorded behind it? What the robot
measures of itself answers them almost in proportion, so that one nudge of each command and least squares tell it (Gauss-Newton). The next
step begins where the solved one ends. What is found is believed where the first such step comes out as it is measured, and so do the places
at the end of the second, with the commands that its full state holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...scenarios.scene.schema import Feature
from .each_second import PlayedSeconds, Second, commands_in, play_seconds

# by which a measurement is another one, where its second is played by commands that are known to some millionths: by unit
TELLS = {"rad": 1e-5, "rad/s": 1e-3, "Nm": 1e-2, "N": 1e-1, "%": 1e-3, "%/s": 0.1, "m": 1e-5, "m/s": 1e-3}
FEATURES = ("observation.state", "observation.velocity", "observation.effort", "observation.base")
NUDGE = {"rad": 1e-3, "%": 0.1}  # of a command; others 1e-3
OTHER = {"rad": 1e-3, "%": 0.05}  # by which a command is another one; others 1e-3
ROUNDS, HALVED, ANEW = 12, 4, 3  # of a step; lengths of each that are tried; how often its answers are asked anew
DAMPED = 1e-6  # of the strongest answer: commands that answer less are left as they are
EXACT, NEARLY = 0.3, 0.02  # times `TELLS`: of a row before which the state is known to the bit; that a fit may leave
# times as much: of commands that are sought, and of one that was none in the steps before; what is left of them moves the next step
SLIGHTLY, NEWCOMER = 0.02, 10.0
CLEARLY = 100.0  # times `TELLS`, that commands leave which are not all that is other
SHOWS = 10.0  # times `TELLS`, that commands may leave in the first step that is another one: before it, the state is known
REWEIGHTED = 12
LEFT = 0.05  # of what the recorded commands leave of the places at the end of a second, that the restored ones may leave
FINE = 1e-6  # of a place, as stored in float32
STEPS = 180  # that are solved at most, of an episode


@dataclass(frozen=True, eq=False)
class RestoredSecond:
    """The commands (n, nu) of the steps of a second, as recorded where those were right.

    Attributes:
        unseen: (nu,) commands that nothing measured answers: of those the full state at the end tells the last one alone.
    """

    second: Second
    commands: np.ndarray
    unseen: np.ndarray


def restored_commands(played: PlayedSeconds) -> list[RestoredSecond]:
    """Of the seconds that do not come to their next full state those of which the commands are found, as many as `STEPS` allow: the first
    and the last one that end in another command, those beside them, and the others."""
    found: list[RestoredSecond] = []
    spent = 0
    for one in _in_order([_Steps(played, second) for second in played.other]):
        spent += one.second.n
        if spent > STEPS:
            break
        commands = one.restored()
        if commands is not None and not np.array_equal(commands[0], one.commands):
            found.append(RestoredSecond(one.second, *commands))
    return sorted(found, key=lambda each: each.second.begin)


def least_of(action: Feature, table: Mapping[str, float] = OTHER) -> np.ndarray:
    """(nu,) by which each command is another one, by its unit."""
    return np.array([table.get(unit, 1e-3) for unit in action.unit])


def _in_order(every: Sequence[_Steps]) -> list[_Steps]:
    shown = [i for i, one in enumerate(every) if one.ends_otherwise]
    ends = [shown[0], shown[0] - 1, shown[-1], shown[-1] + 1] if shown else [0, len(every) - 1]
    order = dict.fromkeys([*(i for i in ends if 0 <= i < len(every)), *shown, *range(len(every))])
    return [every[i] for i in order]


class _Steps:
    """Solves the steps of one second."""

    def __init__(self, played: PlayedSeconds, second: Second) -> None:
        self.scene, self.draw, self.second = played.scene, played.draw, second
        schema, states = played.scene.schema, played.episode.states
        here = slice(second.begin, second.begin + second.n + 1)
        self.features = [name for name in FEATURES if name in states and name in played.rows]
        right = {name: _right(played, name) for name in self.features}
        self.columns = {
            name: np.flatnonzero(right[name] & np.isin(schema.observations[name].unit, list(TELLS))) for name in self.features
        }
        units = [np.array(schema.observations[name].unit)[self.columns[name]] for name in self.features]
        self.tells = np.array([TELLS[unit] for unit in np.concatenate(units)]) if units else np.zeros(0)
        self.places = np.isin(np.concatenate(units), ("rad", "%", "m")) if units else np.zeros(0, bool)
        self.recorded = self._measured({name: np.asarray(states[name])[here] for name in self.features})
        self.commands = np.asarray(played.episode.actions[second.begin : second.begin + second.n], float)
        self.nudge, self.other = (least_of(schema.action, table) for table in (NUDGE, OTHER))

    @property
    def kept(self) -> np.ndarray | None:
        """(nu,) the last commands, as the full state behind them holds them."""
        return commands_in(self.scene, self.draw.model, self.second.end) if len(self.second.end) else None

    @property
    def ends_otherwise(self) -> bool:
        """Whether the last commands are not those of the record: that is seen without playing."""
        return self.kept is not None and bool((np.abs(self.kept - self.commands[-1]) > self.other).any())

    def restored(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Commands (n, nu), and those that nothing shows but the state at the end (nu,); None where what is measured does not follow."""
        second, out = self.second, self.commands.copy()
        (again,) = play_seconds(self.scene, self.draw, [second], [out], each=True)
        without = self._measured(again.observations)
        wrong = np.flatnonzero((without != self.recorded)[1:].any(axis=1))
        state, measured = second.state, without[-1]
        other = np.zeros(out.shape[1], bool)
        if len(wrong):
            first = int(wrong[0])
            state = again.states[first]
            before = out[first - 1] if first else commands_in(self.scene, self.draw.model, state)
            shown = False
            for row in range(first, second.n):
                (measured,) = self._each_after(state, out[row][None])
                sought = self._far(measured, self.recorded[row + 1]) > (1.0 if other.any() else EXACT)
                if sought:
                    out[row], more = self._solved(state, row, before, out[row], measured, other)
                    other |= more
                before = out[row]
                state, measured = self._after(state, before)
                if sought and not shown and self._far(measured, self.recorded[row + 1]) > SHOWS:
                    return None  # no command does that
                shown |= sought
        gap, left = (np.abs(one - self.recorded[-1])[self.places].max(initial=0.0) for one in (without[-1], measured))
        unseen = np.zeros(len(other), bool)
        if self.kept is not None:
            unlike = np.abs(self.kept - out[-1]) > self.other
            unseen = unlike & (self.commands[-1] == out[-1])
            if (unlike & other).any():
                return None
            out[-1] = np.where(unseen, self.kept, out[-1])
        return (out, unseen) if left <= max(LEFT * gap, FINE) else None

    def _solved(
        self, state: np.ndarray, row: int, before: np.ndarray, written: np.ndarray, now: np.ndarray, other: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(nu,) the commands of one step, and which of them are others than those written: one after the other is moved, the one first
        that explains most of what is left, until what is measured is as it is recorded.

        Args:
            before: commands of the step before, about which others are sought: servos answer there, while a command that is far off leaves
                them at their limits; now: (k,) what is measured with those written.
            other: (nu,) commands that were others before. Those are asked first, and new ones only where much is left: where bodies touch,
                the last bit of a state grows until it looks like any command.
        """
        want, first, enough = self.recorded[row + 1], not other.any(), EXACT
        moved = [int(j) for j in np.flatnonzero(other)]
        at = written.copy()
        if moved:
            at, now = self._fitted(state, at, before, want, self._answers(state, before, moved), moved)
            enough = CLEARLY
        answers = self._answers(state, before, range(len(written))) if self._far(now, want) > enough else None
        while answers is not None and self._far(now, want) > enough:
            strong = np.linalg.norm(answers, axis=0)
            free = (strong * self.other > DAMPED * float((strong * self.other).max())) & ~np.isin(np.arange(len(written)), moved)
            if not free.any():
                break
            more = [*moved, self._best((want - now) / self.tells, answers, np.flatnonzero(free))]
            there, then = self._fitted(state, written, before, want, answers[:, more], more)
            if self._far(then, want) >= self._far(now, want) and len(more) > len(written) // 2:
                break
            moved, at, now = more, there, then
        off = np.abs(at - written)
        new = off > self.other * np.where(other, SLIGHTLY, SLIGHTLY if first else NEWCOMER)
        return np.where(new, at, written), new

    def _answers(self, state: np.ndarray, before: np.ndarray, asked: Sequence[int]) -> np.ndarray:
        """(k, asked) by how much what is measured changes, over `tells`, for each of these commands; about those of the step before."""
        rows = self._each_after(state, np.concatenate([before[None], before + np.diag(self.nudge)[list(asked)]]))
        answers: np.ndarray = ((rows[1:] - rows[0]) / self.nudge[list(asked), None] / self.tells).T
        return answers

    def _fitted(
        self, state: np.ndarray, written: np.ndarray, before: np.ndarray, want: np.ndarray, answers: np.ndarray, moved: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(nu,) commands as written but for those that are `moved` until what is measured is as it is wanted, and what it is then (k,)."""
        at, moved = written.copy(), list(moved)
        at[moved] = before[moved]
        (now,) = self._each_after(state, at[None])
        anew = 0
        for _ in range(ROUNDS):
            gap = (want - now) / self.tells
            step, then = at.copy(), now
            share = _sparse_fit(answers, gap)
            for _ in range(HALVED):
                step[moved] = at[moved] + share
                (then,) = self._each_after(state, step[None])
                if np.abs((want - then) / self.tells).sum() < np.abs(gap).sum():
                    break
                share = 0.5 * share
            else:
                if anew == ANEW or self._far(now, want) <= 1.0:
                    break
                answers, anew = self._answers(state, at, moved), anew + 1  # about where it is: it touches something else there
                continue
            at, now = step, then
            if self._far(now, want) <= NEARLY:
                break
        return at, now

    def _best(self, gap: np.ndarray, answers: np.ndarray, asked: np.ndarray) -> int:
        """Of the commands `asked` the one that leaves least of a gap (k,) by itself."""
        left = [np.abs(gap - answers[:, j] * _sparse_fit(answers[:, [j]], gap)).sum() for j in asked]
        return int(asked[int(np.argmin(left))])

    def _far(self, now: np.ndarray, want: np.ndarray) -> float:
        """How far what is measured is from what is recorded, in `tells`."""
        return float((np.abs(now - want) / self.tells).max())

    def _after(self, state: np.ndarray, commands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state and what is measured one step behind a state."""
        (one,) = play_seconds(self.scene, self.draw, [self.second._replace(n=1, state=state)], [commands[None]])
        return one.states[1], self._measured(one.observations)[1]

    def _each_after(self, state: np.ndarray, commands: np.ndarray) -> np.ndarray:
        """(m, k) what is measured one step behind a state, for each of m commands."""
        begin = [self.second._replace(n=1, state=state)] * len(commands)
        played = play_seconds(self.scene, self.draw, begin, [one[None] for one in commands])
        return np.stack([self._measured(one.observations)[1] for one in played])

    def _measured(self, rows: dict[str, np.ndarray]) -> np.ndarray:
        return np.concatenate([np.asarray(rows[name], float)[:, self.columns[name]] for name in self.features], axis=1)


def _sparse_fit(answers: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """(m,) by how much to move m commands, so that the sum of what is left of a gap (k,) is least: where a body touches another one or a
    joint its stop, few measurements answer out of proportion (iteratively reweighted least squares)."""
    weight = np.ones(len(gap))
    move = np.zeros(answers.shape[1])
    for _ in range(REWEIGHTED):
        root = np.sqrt(weight)
        move = np.linalg.lstsq(answers * root[:, None], gap * root, rcond=1e-9)[0]
        weight = 1.0 / np.maximum(np.abs(gap - answers @ move), 1.0)
    return move


def _right(played: PlayedSeconds, name: str) -> np.ndarray:
    """(k,) columns of a feature that are as played wherever that is known."""
    theirs, ours = np.asarray(played.episode.states[name]), played.rows[name]
    rows = min(len(theirs), len(ours))
    same: np.ndarray = (theirs[:rows] == ours[:rows])[played.known[:rows]].all(axis=0)
    return same
