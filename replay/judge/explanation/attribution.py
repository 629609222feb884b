"""Why the replay of an own episode departs from its record: each likely cause is tried, and the one that undoes the
departure is named.

An episode keeps its full state in float64 at every whole second. So a short stretch around the first difference can be
played again from the record's own state before it, once as it stands and once under each hypothesis:

| cause | tried by | undone when |
|---|---|---|
| `record_edited` | nothing is played | every row agrees, and all full states but a few |
| `float32_state`, `start_state` | the start that the draw gives, the recorded state at second 0 | the same rows follow |
| `alignment` | actions moved by -3 to 3 samples | the same rows follow, also from the next recorded states |
| `period` | half, twice, one, or the recorded number of physics steps | the same |
| `unit` | joint actions in degrees | the same |
| `scene_parameter` | each number that a draw can set, moved to where it fits best | the same |
| `action_edited` | from the next recorded state on | the same rows follow there, and only there |
| `engine_version`, `scene_fingerprint` | by elimination | nothing else does, and engine or scene are not the recorded ones |
| `other_draw` | by elimination | nothing else does, and the draw puts things elsewhere than the recorded start |

A cause is named where at most `EXPLAINED` of the departure is left, and the most exact one first; else the cause is
`unknown`. All of it costs some two hundred stretches of a second or less, and only for an episode that does not reproduce.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import mujoco
import numpy as np

from ....scenarios.draws import variation as drawing
from ....scenarios.draws.variation import Draw
from ....scenarios.reading.config import nominal_values
from ....scenarios.scene.scene import Scene
from ...recording.recording import SimEpisode
from ...rollout.observers import FullStates, Observations
from ...rollout.rollout import Observer, RecordedPolicy, Rollout, roll_out
from .hypothesis import CLEAR, Hypothesis, RecordStretch, _first, _size, doubling, named_columns
from .same_steps import same_steps

EXPLAINED = 0.01  # share of the departure that may be left by the cause that is named; an estimate, exact ones leave 0
SHIFTS = (-1, 1, -2, 2, -3, 3)  # samples; the nearest first, because where nothing moves several fit
AFTER = 12  # control steps behind the first difference that are played: far enough to grow, not to become chaos
LATER = 2  # further recorded states from which the play is begun again
WORTH = 0.1  # share of the squared departure that a parameter has to bend towards, or it is not fitted; an estimate
# how a parameter is fitted: over so many rows behind the first clear difference (behind a blow between two bodies the answer
# is chaos, at rest it takes some to show), nudged at first by so much of itself (a small nudge of a mass drowns in float32)
ROWS, NUDGES = (1, 4), (1e-3, 1e-2)
ROUNDS = 6  # of the fit of one parameter (Gauss-Newton in one dimension)
APART = 1e-3  # m or rad, by which a recorded start is no longer that of the draw
LONGEST = 300  # control steps from the start on in which another start is tried


def attribute(
    scene: Scene,
    episode: SimEpisode,
    draw: Draw,
    recorded: Mapping[str, np.ndarray],
    replayed: Mapping[str, np.ndarray],
    states: Mapping[int, np.ndarray],
) -> dict[str, Any]:
    """The likeliest cause of a departure, as details of the finding.

    Args:
        draw: of the episode, with its recorded start.
        recorded, replayed: feature -> (T+1, k) float32, of the record and of its replay, for the same features.
        states: control step -> (nstate,) of the replay, at the steps of the record's own full states.

    Returns:
        `likely` (the cause's word), `owner`, the sizes of the cause (`shift`, `parameter`, ...), `doubling_s` where the
        departure grows, `left` and `departed` (with the cause, and without), and `hypotheses`, the best first.
    """
    ours, theirs = (np.concatenate([_moving(scene, name, d[name]) for name in recorded], axis=1) for d in (replayed, recorded))
    rows = min(len(ours), len(theirs))
    size = _size(ours[:rows] - theirs[:rows])
    details: dict[str, Any] = {}
    if (growth := doubling(size, scene.control_timestep)) is not None:
        details["doubling_s"] = growth
    edited = _edited(episode, states, size)
    if edited is not None:
        return details | named_columns(edited, [edited])
    trial = _Trial(scene, episode, draw, tuple(recorded), theirs, _first(episode, size, states), size)
    tried = sorted(trial.all(), key=lambda h: h.share)
    explained = [h for h in tried if h.share <= EXPLAINED]
    if explained:
        return details | {"departed": trial.departure} | named_columns(explained[0], tried)
    if (beyond := trial.by_elimination()) is not None:
        return details | {"departed": trial.departure} | named_columns(beyond, tried)
    return details | {"departed": trial.departure} | named_columns(Hypothesis("unknown", trial.departure, 1.0), tried)


def _moving(scene: Scene, feature: str, rows: np.ndarray) -> np.ndarray:
    """Rows of a feature as float64, without what rules keep: a stretch begins the rules anew, and they follow from the motion."""
    columns = scene.schema.observations[feature].names if feature in scene.schema.observations else ()
    kept = [i for i, column in enumerate(columns) if not column.startswith("rules.")]
    return (rows[:, kept] if len(kept) < len(columns) else rows).astype(float)


def _edited(episode: SimEpisode, states: Mapping[int, np.ndarray], size: np.ndarray) -> Hypothesis | None:
    """A full state that is another while every row and the last full state are as they are replayed.

    Rows that are others while all full states agree are reported by `changed_columns`, with their column and reason.
    """
    known = sorted(k for k in episode.checkpoints if k in states)
    unlike = [k for k in known if not np.array_equal(episode.checkpoints[k], states[k])]
    if size.any() or not unlike or unlike[-1] == known[-1]:
        return None
    return Hypothesis("record_edited", 0.0, 0.0, {"edited_from": unlike[0], "edited_to": unlike[-1], "columns": "full state"})


class _Trial:
    """Plays stretches of one episode under one hypothesis after the other."""

    def __init__(
        self,
        scene: Scene,
        episode: SimEpisode,
        draw: Draw,
        features: tuple[str, ...],
        theirs: np.ndarray,
        first: int,
        size: np.ndarray,
    ) -> None:
        self.scene, self.episode, self.draw, self.features = scene, episode, draw, features
        self.theirs, self.first, self.size = theirs, first, size
        self.shown = int((size > 0).argmax()) if size.any() else first  # the first row that differs
        self.physics = 1 + scene.model.nq + scene.model.nv  # of a full state: time, positions, velocities
        self.stretches = self._stretches()
        self._models: dict[tuple[str, float], mujoco.MjModel | None] = {}
        self._unchanged: dict[RecordStretch, Rollout] = {}  # of the episode's own draw
        self.plain = [self._left(s, self._actions(s)) for s in self.stretches]
        self.departure = max(self.plain)

    def _stretches(self) -> list[RecordStretch]:
        """The stretch that holds the first difference, and others that begin at recorded states behind it."""
        start = self.episode.start_state
        known = {0: start} | {k: s for k, s in self.episode.checkpoints.items() if s.shape == start.shape}
        total, steps = len(self.theirs) - 1, sorted(known)
        before = max((k for k in steps if k < max(self.first, 1)), default=0)
        behind = [k for k in steps if max(self.first, before) < k < total]
        # where much moves, a wrong cause shows; where nothing does, every cause fits
        moves = {k: float(np.ptp(self.episode.actions[k : k + AFTER], axis=0).sum()) for k in behind}
        begins = [before, *sorted(sorted(behind, key=lambda k: -moves[k])[:LATER])]
        found = []
        for i, k in enumerate(begins):
            n = min(self.first - k + AFTER if i == 0 else AFTER, total - k)
            if n > 0:
                found.append(RecordStretch(k, n, known[k]))
        return found or [RecordStretch(0, total, start)]

    def all(self) -> Iterator[Hypothesis]:
        """Every hypothesis that can be tried by playing; the dearest only where nothing else undoes the departure."""
        found = [*self._starts(), *self._shifts(), *self._periods(), *self._units()]
        yield from found
        if any(h.share <= EXPLAINED for h in found):
            return
        yield from self._parameters()
        action = self._one_action()
        if action is not None:
            yield action

    def by_elimination(self) -> Hypothesis | None:
        """What cannot be undone here, and is known to be another than in the record."""
        ours = f"mujoco {mujoco.__version__}"
        if self.episode.engine != ours:
            return Hypothesis("engine_version", self.departure, 1.0, {"made_with": self.episode.engine, "this": ours})
        if self.episode.fingerprint != self.scene.fingerprint:
            was, is_ = self.episode.fingerprint[:12], self.scene.fingerprint[:12]
            return Hypothesis("scene_fingerprint", self.departure, 1.0, {"made_with": was, "this": is_})
        drawn = drawing.of_values(self.scene, self.draw.values, self.draw.task).start_state
        away = float(np.abs(drawn - self.episode.start_state)[: 1 + self.scene.model.nq].max())
        return Hypothesis("other_draw", self.departure, 1.0, {"largest": away}) if away > APART else None

    # -- hypotheses --------------------------------------------------------------------------------------------------
    def _starts(self) -> Iterator[Hypothesis]:
        """Another start: the one that the draw itself gives, and the state that the record holds of second 0."""
        recorded = self.episode.start_state
        drawn = drawing.of_values(self.scene, self.draw.values, self.draw.task).start_state
        kept = self.episode.checkpoints.get(0)
        n = min(self.shown + AFTER, len(self.theirs) - 1, LONGEST)
        stretch = RecordStretch(0, n, recorded)
        plain = self._left(stretch, self._actions(stretch))
        for state in (kept, drawn):
            if state is None or state.shape != recorded.shape or np.array_equal(state, recorded):
                continue
            rounded = np.array_equal(state.astype(np.float32).astype(float), recorded)
            amount: dict[str, Any] = {"largest": float(np.abs(state - recorded).max())}
            if plain > 0.0:
                left = self._left(stretch, self._actions(stretch), state)
                share = left / plain
            else:  # so far from the start that no row shows it yet: only a start that was rounded can be determined
                left, share = (0.0, 0.0) if rounded else (self.departure, 1.0)
            yield Hypothesis("float32_state" if rounded else "start_state", left, share, amount)
            if share <= EXPLAINED:
                return

    def _shifts(self) -> Iterator[Hypothesis]:
        for n in SHIFTS:
            # what was shifted out of the record at its begin or end cannot be had back
            whole = [s for s in self.stretches if s.begin + n >= 0 and s.begin + s.n + n <= self.episode.n_steps]
            yield self._over("alignment", lambda s, n=n: self._actions(s, n), amount={"shift": n}, among=whole)

    def _periods(self) -> Iterator[Hypothesis]:
        mine = self.scene.n_substeps
        for substeps in dict.fromkeys((2 * mine, mine // 2, 1, self.episode.n_substeps)):
            if 1 <= substeps <= 4 * mine and substeps != mine:
                amount = {"factor": substeps / mine, "substeps": substeps}
                yield self._over("period", self._actions, substeps=substeps, amount=amount)

    def _units(self) -> Iterator[Hypothesis]:
        angles = np.array([unit == "rad" for unit in self.scene.schema.action.unit])
        for factor, was in ((np.pi / 180.0, "deg"), (180.0 / np.pi, "rad")):
            scale = np.where(angles, factor, 1.0)
            yield self._over("unit", lambda s, scale=scale: self._actions(s) * scale, amount={"stored_in": was})

    def _one_action(self) -> Hypothesis | None:
        """From the recorded states behind the difference on, everything is well: what was changed lies before them."""
        later = self.plain[1:]
        moved = [np.ptp(self._actions(s), axis=0).max(initial=0.0) > 1e-3 for s in self.stretches[1:]]
        if not later or max(later) > 0.0 or not any(moved) or self.plain[0] == 0.0:
            return None
        # what leaves the least to be explained by anything else: all that is left lies in one stretch
        return Hypothesis("action_edited", 0.0, EXPLAINED, {"action_step": max(self.first - 1, 0)})

    def _parameters(self) -> Iterator[Hypothesis]:
        """Each number of the draw, moved to where a stretch fits best; those that draws vary first, and others only if need be."""
        varied = {vary.key for vary in self.scene.config.variation}
        keys = [key for key in nominal_values(self.scene.config) if key in self.draw.values]
        tries = [(stretch, nudge) for stretch in (self._to_next_state(), self._clear_stretch()) for nudge in NUDGES]
        for chosen in (varied, set(keys) - varied):
            found: dict[str, Hypothesis] = {}
            for stretch, nudge in tries:
                if stretch is None:
                    continue
                for h in self._fits(stretch, [key for key in keys if key in chosen], nudge):
                    key = str(h.amount["parameter"])
                    found[key] = min(found.get(key, h), h, key=lambda one: one.share)
                if any(h.share <= EXPLAINED for h in found.values()):
                    break
            yield from found.values()
            if any(h.share <= EXPLAINED for h in found.values()):
                return

    def _to_next_state(self) -> RecordStretch | None:
        """From the recorded state before the first difference to the next one, which is known in float64: what rests on the
        counter moves by less than float32 tells, and there it can be determined which of two weights is another."""
        begin = self.stretches[0].begin
        end = min((k for k in self.episode.checkpoints if k >= max(self.first, begin + 1)), default=None)
        if end is None or end > len(self.theirs) - 1:
            return None
        return RecordStretch(begin, end - begin, self.stretches[0].state, self.episode.checkpoints[end])

    def _clear_stretch(self) -> RecordStretch:
        """A few steps from where the departure stands out of the rounding, begun at the last recorded state before it.

        Where it stands out far, the replay's own state just before stands for the record's: they differ by less than what
        counts, and the way from the last whole second need not be played a hundred times.
        """
        known = {s.begin: s.state for s in self.stretches} | dict(self.episode.checkpoints)
        clear = self.size >= CLEAR
        at = max(int(clear.argmax()) if clear.any() else self.first, 1)
        begin = max(k for k in known if k < at) if any(k < at for k in known) else self.stretches[0].begin
        n = min(at - begin + max(ROWS), len(self.theirs) - 1 - begin)
        whole = RecordStretch(begin, n, known[begin])
        if at - begin < 3 or self.size[at : begin + n + 1].max() < 1e3 * CLEAR:
            return whole
        draw = Draw(self.draw.values, self.draw.task, self.draw.model, whole.state)
        before = at - 1 - begin
        (played,) = roll_out(
            self.scene,
            [draw],
            RecordedPolicy([self._actions(whole)[:before]]),
            [FullStates.at([[before]])],
        )
        return RecordStretch(at - 1, begin + n - (at - 1), played.states[before])

    def _fits(self, stretch: RecordStretch, keys: Sequence[str], nudge: float) -> Iterator[Hypothesis]:
        """Gauss-Newton in one dimension, for each key by itself."""
        want, actions = self._rows(stretch), self._actions(stretch)
        if stretch not in self._unchanged:  # asked for by each nudge of each choice
            (self._unchanged[stretch],) = self._play([self.draw], stretch, [actions])
        played = self._unchanged[stretch]
        base = self._kept(stretch, [played])[0]
        steps = {key: max(nudge * abs(self.draw.values[key]), 0.1 * nudge) for key in keys}
        # a number that bends nothing fits nothing; but one that falls over is put back to where the model has it
        draw_with = self._nudged if played.unstable_at is None else self._with
        nudged = [(key, draw) for key in keys if (draw := draw_with(key, self.draw.values[key] + steps[key]))]
        bent = self._roll([draw for _, draw in nudged], stretch, [actions] * len(nudged))
        for rows in ROWS if stretch.end is None else (1,):
            end = 1 if stretch.end is not None else max(1, len(want) - max(ROWS) + rows)
            plain = float(np.abs(base - want)[:end].max())
            if not 0.0 < plain < np.inf:
                continue
            for (key, _), out in zip(nudged, bent):
                slope = (out - base) / steps[key]
                value, left = self._fit(key, stretch, actions, want, base, slope, end)
                if value != self.draw.values[key]:
                    # a number cannot be found to the last bit: what it leaves is compared where it was fitted, and not later
                    amount = {"parameter": key, "recorded_value": self.draw.values[key], "fitting_value": value}
                    yield Hypothesis("scene_parameter", left, left / plain, amount)

    def _fit(
        self,
        key: str,
        stretch: RecordStretch,
        actions: np.ndarray,
        want: np.ndarray,
        there: np.ndarray,
        slope: np.ndarray,
        end: int,
    ) -> tuple[float, float]:
        """The value of one number that fits best, and what it leaves of the departure in the first `end` rows."""
        value = self.draw.values[key]
        for _ in range(ROUNDS):
            gap, bend = (want - there)[:end], slope[:end]
            steep, along, wrong = (float((a * b).sum()) for a, b in ((bend, bend), (bend, gap), (gap, gap)))
            if not np.isfinite(along) or steep < 1e-12 or along**2 < WORTH * steep * wrong:
                break  # it bends the play elsewhere than the record does
            move = along / steep
            draw = self._with(key, value + move) if abs(move) > 1e-12 else None
            if draw is None:
                break
            moved = self._roll([draw], stretch, [actions])[0]
            if not np.isfinite(moved).all() or ((want - moved)[:end] ** 2).sum() >= wrong:
                break
            slope, value, there = (moved - there) / move, value + move, moved
        return value, float(np.abs(there - want)[:end].max())

    # -- playing -----------------------------------------------------------------------------------------------------
    def _over(
        self,
        name: str,
        actions: Any,
        *,
        substeps: int | None = None,
        amount: Mapping[str, Any],
        among: Sequence[RecordStretch] | None = None,
    ) -> Hypothesis:
        """One hypothesis on all stretches, or on those `among` which it can be tried."""
        chosen = self.stretches if among is None else among
        departure = max((self.plain[self.stretches.index(s)] for s in chosen), default=0.0)
        left = 0.0
        for stretch in chosen if departure else ():
            left = max(left, self._left(stretch, actions(stretch), substeps=substeps))
            if left > EXPLAINED * departure:
                break  # one stretch that it does not explain is enough
        return Hypothesis(name, left, left / departure, amount) if departure else Hypothesis(name, left, 1.0, amount)

    def _actions(self, stretch: RecordStretch, shift: int = 0) -> np.ndarray:
        """(n, nu) of a stretch; those of `shift` rows later where the record has them, else its first or last."""
        rows = np.clip(np.arange(stretch.begin, stretch.begin + stretch.n) + shift, 0, self.episode.n_steps - 1)
        return self.episode.actions[rows]

    def _rows(self, stretch: RecordStretch) -> np.ndarray:
        if stretch.end is not None:
            return stretch.end[None, : self.physics]
        return self.theirs[stretch.begin : stretch.begin + stretch.n + 1]

    def _with(self, key: str, value: float) -> Draw | None:
        """The draw with one other number, or None where no part can be so."""
        values = {**self.draw.values, key: value}
        try:
            model = self.scene.compile(values)
        except ValueError:
            return None
        return Draw(values, self.draw.task, model, self.draw.start_state)

    def _nudged(self, key: str, value: float) -> Draw | None:
        """As `_with`; None, too, where the number bends no play, since it says what the state says again.

        The model is kept: each is nudged once for every stretch.
        """
        if (key, value) not in self._models:
            draw = self._with(key, value)
            unlike = draw is not None and not same_steps(self.draw.model, draw.model)
            self._models[key, value] = draw.model if draw is not None and unlike else None
        model = self._models[key, value]
        return None if model is None else Draw({**self.draw.values, key: value}, self.draw.task, model, self.draw.start_state)

    def _left(
        self, stretch: RecordStretch, actions: np.ndarray, state: np.ndarray | None = None, substeps: int | None = None
    ) -> float:
        """The largest difference to the record in a stretch, where it is played with these actions."""
        (one,) = self._kept(stretch, self._play([self.draw], stretch, [actions], state, substeps))
        want = self._rows(stretch)
        return float(_size(one[: len(want)] - want[: len(one)]).max())

    def _roll(self, draws: Sequence[Draw], stretch: RecordStretch, actions: Sequence[np.ndarray]) -> np.ndarray:
        """(m, n+1, k) what the record would hold of a stretch, for each of m plays of it; (m, 1, k) where it has an `end`."""
        return self._kept(stretch, self._play(draws, stretch, actions))

    def _play(
        self,
        draws: Sequence[Draw],
        stretch: RecordStretch,
        actions: Sequence[np.ndarray],
        state: np.ndarray | None = None,
        substeps: int | None = None,
    ) -> list[Rollout]:
        scene = self.scene
        if substeps is not None:
            scene = copy.copy(scene)
            scene.n_substeps = substeps
        start = stretch.state if state is None else state
        takes = [Draw(d.values, d.task, d.model, start) for d in draws]
        if not takes:
            return []
        observers: list[Observer] = [Observations(scene, len(takes), stretch.n)]
        if stretch.end is not None:
            observers = [FullStates.at([[stretch.n]] * len(takes))]
        policy = RecordedPolicy([np.asarray(one, np.float32) for one in actions])
        return roll_out(scene, takes, policy, observers)

    def _kept(self, stretch: RecordStretch, played: Sequence[Rollout]) -> np.ndarray:
        """What the record would hold of plays of a stretch, see `_roll`."""
        if not played:
            return np.empty((0, stretch.n + 1, self.theirs.shape[1]))
        if stretch.end is not None:
            return np.stack([one.states[stretch.n][None, : self.physics] for one in played])
        rows = [[_moving(self.scene, name, one.observations[name]) for name in self.features] for one in played]
        return np.stack([np.concatenate(columns, axis=1) for columns in rows])
