"""An own episode played once from its start to its end, with each of its full states put in when its time comes.

On another kind of processor the last bits of a step are others. They say nothing of a recording, and from the start on they grow until
things lie elsewhere; from one full state to the next they have a second to grow. How far apart they may come there is measured in the
second itself: copies are played in which all positions and speeds are nudged by some units in the last place at every control step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ...version import __version__
from ..recording.recording import SimEpisode
from .each_second import PlayedSeconds, Second, plays_alone
from .ground_force import GroundForce
from .observers import FullStates, Moment, Observations, SafetyMeasures, Tape
from .rollout import Observer, RecordedPolicy, Rollout, roll_out

# units in the last place, by which each position and speed of each copy is nudged at every control step. Few leave a solver on its way
# until the record leaves it as well; many stand for a processor on which every sum is another one
ULPS = (1, 4, 16, 64)
# times as far as the copies come apart in any number of a group: further is no rounding. Speeds and forces are those of a moment, and two
# bodies may touch in one physics step more or less; positions add up
BEYOND, OF_A_MOMENT = 10.0, 100.0
FLOOR = 1e-10  # of the largest number of a group, or of 1: within it no copies are needed
EARLIER = 2  # rows, by which positions may come apart before those of the copies do: a solver may take a round more in any row
ROW = 4  # units in the last place of float32, by which a recorded row may be another one besides
PIECES = sorted((int(one), name.removeprefix("mjSTATE_")) for name, one in mujoco.mjtState.__members__.items() if int(one).bit_count() == 1)
OF_JOINTS = {"QPOS", "QVEL"}
GUESS = "WARMSTART"  # what the solver begins with; a step that leads elsewhere shows in positions and speeds
MADE_BY_NO_STEP = {"TIME", "EQ_ACTIVE"}


class FollowedSecond(NamedTuple):
    """Control steps from one full state to the next one, or to the end of the episode.

    Attributes:
        begin, end: the steps; has_state: whether a full state was recorded behind them.
        of_state, of_rows: how far the play is from that state and from the rows, as the largest share of what rounding may do.
        apart: largest difference of a position from that state [m, rad, parts of a quaternion]; most: the largest that may be rounding.
    """

    begin: int
    end: int
    has_state: bool
    of_state: float = 0.0
    of_rows: float = 0.0
    apart: float = 0.0
    most: float = 0.0

    @property
    def rows(self) -> slice:
        return slice(self.begin + 1, self.end + 1)

    @property
    def follows(self) -> bool:
        return max(self.of_state, self.of_rows) <= 1.0


@dataclass(frozen=True, eq=False)
class BetweenStates:
    """What an episode comes to from each of its full states to the next one.

    Attributes:
        rollout: the play, whole; its `states` are those that it came to, before the recorded one was put in.
        known: (T+1,) rows of seconds that come to the next full state, to within rounding; behind the last one, by the recorded rows.
        follows: whether every second is known and comes by the recorded rows: then the episode differs by rounding alone.
        rows: feature -> (T+1, k) as played, and as recorded where that is the same to within rounding.
        seconds: begin, first and last state of each, as recorded.
        stretches: how far each second is from the record.
    """

    scene: Scene
    episode: SimEpisode
    rollout: Rollout
    known: np.ndarray
    follows: bool
    rows: dict[str, np.ndarray]
    seconds: tuple[Second, ...]
    stretches: tuple[FollowedSecond, ...]

    @property
    def widest(self) -> FollowedSecond:
        """Of the seconds that follow, the one at the end of which a position is furthest apart."""
        return max((one for one in self.stretches if one.follows), key=lambda one: one.apart, default=self.stretches[0])

    @property
    def share(self) -> float:
        """The largest share of what rounding may do, of the seconds that follow."""
        return max((max(one.of_state, one.of_rows) for one in self.stretches if one.follows), default=0.0)

    @property
    def played(self) -> PlayedSeconds | None:
        """The seconds, for those who ask what was changed in the others; None where none is known, or tells of commands."""
        if not (plays_alone(self.scene, self.episode) and _is_of_this_scene(self.scene, self.episode)):
            return None
        other = tuple(one for one in self.seconds if not self.known[one.begin + one.n])
        seconds = PlayedSeconds(self.scene, self.episode, self.rollout.draw, self.rows, self.known, other)
        return seconds if self.known[1:].any() else None


def play_between_states(scene: Scene, episode: SimEpisode, draw: Draw) -> BetweenStates | None:
    """Play an episode so; None where its states or rows are not those of this scene, one for each step, or it has none behind the start.

    Args:
        draw: its start.
    """
    n, kept = episode.n_steps, episode.checkpoints
    steps = sorted({0, *(k for k in kept if k <= n)})
    if len(steps) < 2 or any(kept[k].shape != episode.start_state.shape for k in steps if k in kept):
        return None
    compared = [name for name in episode.states if name in scene.schema.observations]
    if not all(_is_whole(scene, episode, name) for name in compared):
        return None
    (rollout,) = _play(scene, episode, [draw], (), whole=True)
    seconds = [FollowedSecond(a, b, True) for a, b in pairwise(steps)] + ([FollowedSecond(steps[-1], n, False)] if steps[-1] < n else [])
    one = _Compared(scene, draw, episode, rollout, compared)
    found = [one.compared(stretch) for stretch in seconds]
    if not all(stretch.follows for stretch in found):
        one.copies = _play(scene, episode, [draw] * len(ULPS), [_Nudges()])
        found = [one.compared(stretch) for stretch in seconds]
    known = np.zeros(n + 1, bool)
    for stretch in found:
        known[stretch.rows] = (stretch.of_state if stretch.has_state else stretch.of_rows) <= 1.0
    known[0] = known[1] and one.begins
    states = {0: episode.start_state} | {k: kept[k] for k in steps if k}
    parts = tuple(Second(k.begin, k.end - k.begin, states[k.begin], states[k.end]) for k in seconds if k.has_state)
    follows = one.begins and all(stretch.follows for stretch in found)
    return BetweenStates(scene, episode, rollout, known, follows, one.snapped(seconds), parts, tuple(found))


def _is_of_this_scene(scene: Scene, episode: SimEpisode) -> bool:
    """Whether it was made in this scene: the last bits of a compiled scene are those of the machine, so that versions count as well."""
    made = episode.scenario_version, episode.provenance.get("shiliu")
    return episode.fingerprint == scene.fingerprint or (bool(episode.made_on) and made == (scene.version, __version__))


class _Pins(RecordedPolicy):
    """Sends commands as they are, from the recorded states."""

    def __init__(self, episode: SimEpisode, n: int) -> None:
        super().__init__([episode.actions] * n)
        self._states = {k: state for k, state in episode.checkpoints.items() if k}

    def act(self, now: Moment) -> np.ndarray:
        if (state := self._states.get(now.t)) is not None:
            for i in map(int, now.live):
                now.simulation.put(state, i)
        return super().act(now)


class _Nudges:
    """Nudges all positions and speeds of all copies by up to some units in the last place at every control step."""

    def __init__(self) -> None:
        self._ulps, self._rng = np.array(ULPS)[:, None], np.random.default_rng(0)

    def note(self, now: Moment) -> None:
        for name in ("qpos", "qvel"):
            values = now.simulation.live(name)
            values += self._ulps * self._rng.integers(-1, 2, values.shape) * np.spacing(np.abs(values))

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {}


def _play(scene: Scene, episode: SimEpisode, draws: Sequence[Draw], more: Sequence[Observer], whole: bool = False) -> list[Rollout]:
    n, longest = len(draws), episode.n_steps
    observers: list[Observer] = [Observations(scene, n, longest), FullStates.at([list(episode.checkpoints)] * n)]
    if whole:
        observers += [SafetyMeasures(scene, n, longest), Tape(scene, n, longest), GroundForce(scene, n, longest)]
    return roll_out(scene, draws, _Pins(episode, n), [*observers, *more])


def _is_whole(scene: Scene, episode: SimEpisode, name: str) -> bool:
    theirs, names = np.asarray(episode.states[name]), scene.schema.observations[name].names
    return theirs.dtype.kind == "f" and theirs.shape == (episode.n_steps + 1, len(names))


class _Compared:
    """An episode beside its play, number by number; `copies` say how far apart rounding may come."""

    def __init__(self, scene: Scene, draw: Draw, episode: SimEpisode, rollout: Rollout, compared: Sequence[str]) -> None:
        self.episode, self.rollout, self.copies = episode, rollout, list[Rollout]()
        self.group, self.exact, self.position, self.guess = _groups_of(draw.model, scene.n_actions)
        self.times = np.where(_pieces(draw.model) == "QVEL", OF_A_MOMENT, BEYOND)
        self.features = {name: np.array(scene.schema.observations[name].unit) for name in compared}

    @property
    def begins(self) -> bool:
        """Whether the first row is that of the start state, and so is a full state that was kept of it."""
        kept = self.episode.checkpoints.get(0)
        rows = all(self._row_shares(name, slice(0, 1), 0.0).max(initial=0.0) <= 1.0 for name in self.features)
        return rows and (kept is None or np.array_equal(kept, self.episode.start_state))

    def compared(self, one: FollowedSecond) -> FollowedSecond:
        """A stretch with how far it is from its rows and from the state behind it."""
        rows = [self._row_shares(name, one.rows, self._reach(name, one.rows)).max(initial=0.0) for name in self.features]
        found = one._replace(of_rows=float(max(rows, default=0.0)))
        if not one.has_state:
            return found
        gap, most = self._of_state(one.end)
        theirs, ours = self.episode.checkpoints[one.end], self.rollout.states[one.end]
        shares = np.where((theirs == ours) | self.guess, 0.0, np.where(self.exact, np.inf, _share(gap, most)))
        apart, widest = (float(values[self.position].max(initial=0.0)) for values in (gap, most))
        return found._replace(of_state=float(shares.max()), apart=apart, most=widest)

    def snapped(self, stretches: Sequence[FollowedSecond]) -> dict[str, np.ndarray]:
        """The rows as played; as recorded where that is the same to within rounding."""
        out = {name: self.rollout.observations[name].copy() for name in self.features}
        for name, rows in out.items():
            theirs = np.asarray(self.episode.states[name])
            for at, reach in [(slice(0, 1), 0.0), *((one.rows, self._reach(name, one.rows)) for one in stretches)]:
                same = self._row_shares(name, at, reach) <= 1.0
                rows[at] = np.where(same, theirs[at], rows[at])
        return out

    def _of_state(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(nstate,) how far each number is apart at a step, and how far it may be."""
        theirs, ours = self.episode.checkpoints[k], self.rollout.states[k]
        most = FLOOR * np.maximum(1.0, self._largest_of_group(np.abs(theirs)))
        if self.copies:
            spread = np.max([np.abs(copy.states[k] - ours) for copy in self.copies], axis=0)
            most = np.maximum(most, self.times * self._largest_of_group(spread))
        return np.abs(theirs - ours), most

    def _largest_of_group(self, values: np.ndarray) -> np.ndarray:
        largest = np.zeros(self.group.max() + 1)
        with np.errstate(invalid="ignore"):  # a copy that came to no number leaves its group none
            np.maximum.at(largest, self.group, values)
        return largest[self.group]

    def _row_shares(self, name: str, at: slice, reach: np.ndarray | float) -> np.ndarray:
        theirs, ours = np.asarray(self.episode.states[name])[at], self.rollout.observations[name][at]
        most = ROW * np.spacing(np.maximum(np.abs(theirs), np.abs(ours))) + FLOOR + reach
        shares = _share(np.abs(theirs.astype(float) - ours), most)
        return np.where((theirs == ours) | (np.isnan(theirs) & np.isnan(ours)), 0.0, shares)

    def _reach(self, name: str, at: slice) -> np.ndarray | float:
        """(n, k) how far rows of a stretch may be apart, by what the copies have come to by then."""
        if not self.copies:
            return 0.0
        ours, units = self.rollout.observations[name][at].astype(float), self.features[name]
        spread = np.max([np.abs(copy.observations[name][at] - ours) for copy in self.copies], axis=0)
        later = np.minimum(np.arange(len(spread)) + EARLIER, len(spread) - 1)
        for unit in set(units):
            mine = units == unit
            by_row = np.maximum.accumulate(spread[:, mine].max(axis=1, keepdims=True))
            of_a_moment = unit.endswith("/s") or unit.startswith("N")
            spread[:, mine] = OF_A_MOMENT * by_row[-1] if of_a_moment else BEYOND * by_row[later]
        return spread


def _share(gap: np.ndarray, most: np.ndarray) -> np.ndarray:
    """How much of `most` a gap is; endless where either is no number, as of copies that came to no end."""
    return np.nan_to_num(gap / most, nan=np.inf, posinf=np.inf)


def _groups_of(model: mujoco.MjModel, n_actions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(nstate,) of each number of a full state: its group (positions and speeds of each part by themselves), whether no arithmetic of a
    step makes it, whether it is a position, and whether it is a guess."""
    parts: dict[tuple[str, str], int] = {}
    group, exact = [], []
    for sig, piece in PIECES:
        size = mujoco.mj_stateSize(model, sig)
        owners = _owners(model, piece) if piece in OF_JOINTS else [""] * size
        group += [parts.setdefault((piece, owner), len(parts)) for owner in owners]
        exact += [piece in MADE_BY_NO_STEP or (piece == "CTRL" and i < n_actions) for i in range(size)]
    pieces = _pieces(model)
    return np.array(group), np.array(exact), pieces == "QPOS", pieces == GUESS


def _pieces(model: mujoco.MjModel) -> np.ndarray:
    """(nstate,) which piece of a full state each number is of."""
    return np.concatenate([np.full(mujoco.mj_stateSize(model, sig), piece) for sig, piece in PIECES])


def _owners(model: mujoco.MjModel, piece: str) -> Sequence[str]:
    """The part that each position or degree of freedom is of."""
    if piece != "QPOS":
        return [_part(model, int(body)) for body in model.dof_bodyid]
    ends = [*model.jnt_qposadr[1:], model.nq]
    sizes: Mapping[int, int] = {j: int(end - begin) for j, (begin, end) in enumerate(zip(model.jnt_qposadr, ends))}
    return [_part(model, int(model.jnt_bodyid[j])) for j, size in sizes.items() for _ in range(size)]


def _part(model: mujoco.MjModel, body: int) -> str:
    name, slash, _ = str(model.body(body).name).partition("/")
    return name if slash else ""  # bodies of the robot have no part in their name
