"""A free way to one of several goals: asked of trees that keep much room first, then less; and, where there is none, why."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..limbs.arm import Arm
from .clearance import MARGIN, STEP, SWING
from .keeping import Level
from .seen_arm import Pose, SeenArm, spline_through
from .trees import Free, Project, connect, length, quicker

ROOM = (0.025, 0.015)  # m, of room with which a way is asked for, one after the other
LOOKS = 20_000  # postures that are looked at in the last of these searches, and a quarter in those before
LEAVING = 0.002  # m, by which what is near at an end may be nearer on the way
BULGE = 0.004  # m, by which the curve through the corners of a way may come nearer than the way
DENSER = (np.inf, 0.3, 0.12, 0.05)  # rad, at most between two postures of the way, so that the curve bulges less

# a way that is so many times as long as the straight one is sought so often, and the shortest taken
DETOUR, AGAIN = 1.2, 3

Lasts = Callable[[Sequence[np.ndarray]], float]
Pairs = Mapping[tuple[int, int], float]
SEEDS = 40  # postures from which the hand is sought
MISSES = 2e-3  # m, by which it may miss its place
SKEWED = 0.05  # rad, by which it may be turned otherwise
ALIKE = 0.3  # rad, postures that are nearer to one another are the same
FIRM = 0.6  # weight of the orientation against the position [m/rad]


@dataclass(frozen=True)
class Plan:
    """A way, or why there is none.

    Attributes:
        path: (n, k) postures that the curve of the way leads through, from where the arm is; None where none was found.
        least: [m] of room that is left where there is least; `MARGIN` where nothing is nearer. What is near at the ends does not
            count, as long as it comes no nearer.
        goal: which of the goals it leads to.
        tried: for each goal that fell out, and each search in vain, a line that says why.
    """

    path: np.ndarray | None
    least: float = MARGIN
    goal: int | None = None
    tried: tuple[str, ...] = field(default=())

    @property
    def why(self) -> str:
        """All that was tried, in one line."""
        return "; ".join(self.tried)


def plan(
    arm: SeenArm,
    goals: Sequence[np.ndarray | Pose],
    keep: Level | None = None,
    margin: Sequence[float] = ROOM,
    looks: int = LOOKS,
    lasts: Lasts | None = None,
    *,
    rng: np.random.Generator,
) -> Plan:
    """A free way from where an arm is to one of several goals.

    Args:
        arm: as it stands, with what its hand bears.
        goals: (k,) joint angles each, or poses of the hand, of which its branches are sought.
        keep: what is kept all along.
        margin: [m] of room that is asked for, one after the other.
        looks: postures that are looked at; it ends by that and never by the clock.
        lasts: how long a way through a row of postures lasts, by which it is made quicker; as far as they are apart where None.
        rng: of the trees; the same gives the same way to the bit.
    """
    arm.see()
    start, tried = arm.near(arm.q), []
    ends: list[tuple[int, np.ndarray, Pairs]] = []
    for i, goal in enumerate(goals):
        postures: Sequence[np.ndarray] = [np.asarray(goal, float)] if isinstance(goal, np.ndarray) else []
        if not isinstance(goal, np.ndarray):
            postures, off = branches(arm.limb, *goal, rng)
            if not postures:
                tried.append(f"goal {i}: the hand misses it by {1e3 * off:.0f} mm, or is turned otherwise")
        for q in postures:
            reason = _falls_out(arm, q, keep)
            if reason is None:
                ends.append((i, q, arm.near(q)))
            else:
                tried.append(f"goal {i}: {reason}")
    if not ends:
        return Plan(None, tried=tuple(tried))
    project = None if keep is None else keep.project
    most = arm.clearance.upright([arm.q, *(q for _, q, _ in ends)]) if keep is None else np.inf
    best: Plan | None = None
    for k, need in enumerate(margin):
        free = _freedom(arm, need, [start, *(near for _, _, near in ends)], most)
        count = looks if k == len(margin) - 1 else looks // 4
        row = _quickest(arm, [q for _, q, _ in ends], free, rng, project, count, lasts)
        if row is None:
            tried.append(f"no way with {1e3 * need:.0f} mm of room in {count} looks")
            continue
        which, there = next((i, near) for i, q, near in ends if np.array_equal(q, row[-1]))
        for corners in _denser(row, project):
            least = least_room(arm, spline_through(corners), [start, there])
            found = Plan(np.array(corners), least, which, tuple(tried))
            if best is None or least > best.least:
                best = found
            if least >= need - BULGE:
                return best
        tried.append(f"the curve of the way with {1e3 * need:.0f} mm of room has less")
    if best is None or best.least < 0.0:
        return Plan(None, tried=tuple(tried))
    return best


def _quickest(
    arm: SeenArm,
    goals: Sequence[np.ndarray],
    free: Free,
    rng: np.random.Generator,
    project: Project | None,
    looks: int,
    lasts: Lasts | None,
) -> list[np.ndarray] | None:
    """The shortest of a few ways that trees find, made quicker; the first one where it is straight."""
    best: list[np.ndarray] | None = None
    for _ in range(AGAIN):
        row = connect(arm.q, goals, free, arm.low, arm.high, rng, project, looks, arm.far)
        if row is not None and (best is None or length(row, arm.far) < length(best, arm.far)):
            best = row
        if row is None or best is None or length(best, arm.far) < DETOUR * arm.far(best[0], best[-1]):
            break
    if best is None or lasts is None or project is not None:
        return best
    return quicker(best, free, rng, lasts, looks)


def least_room(arm: SeenArm, curve: Callable[[float], np.ndarray], ends: Sequence[Pairs]) -> float:
    """[m] of room that a curve has where it has least; `MARGIN` where nothing is nearer.

    What is near at an end counts only where it is nearer than there. Beyond the joints' range there is none.
    """
    shares = np.linspace(0.0, 1.0, 65)
    length = float(np.abs(np.diff([curve(s) for s in shares], axis=0)).max(axis=1).sum())
    least = MARGIN
    for share in np.linspace(0.0, 1.0, max(16, int(np.ceil(length / STEP))) + 1):
        q = curve(share)
        beyond = float(np.maximum(q - arm.high, arm.low - q).max())
        inside = float(np.maximum(arm.q - arm.high, arm.low - arm.q).max())
        if beyond > max(SWING, inside + 1e-6):
            return -beyond
        for pair, distance in arm.near(q).items():
            if distance < least and distance < min(end.get(pair, MARGIN) - LEAVING for end in ends):
                least = distance
    return least


def _falls_out(arm: SeenArm, goal: np.ndarray, keep: Level | None) -> str | None:
    """Why a goal cannot be one; None where it can."""
    beyond = np.maximum(goal - arm.high, arm.low - goal)
    if beyond.max() > SWING:
        return f"joint {int(beyond.argmax()) + 1} is {beyond.max():.2f} rad beyond its range"
    return None if keep is None else keep.missed(goal)


def _freedom(arm: SeenArm, need: float, ends: Sequence[Pairs], most: float) -> Free:
    """Whether a posture leaves so much room [m] and tilts what is held by no more than that [rad]."""
    excused: dict[tuple[int, int], float] = {}
    for end in ends:
        for pair, distance in end.items():
            excused[pair] = min(excused.get(pair, MARGIN), distance - LEAVING)

    def free(q: np.ndarray) -> bool:
        for pair, distance in arm.near(q).items():
            if distance <= min(need, excused.get(pair, MARGIN)):
                return False
        return arm.clearance.tilt() <= most

    return free


def _denser(row: Sequence[np.ndarray], project: Project | None) -> Iterator[list[np.ndarray]]:
    """The row, and the same with more and more postures between its corners."""
    for spacing in DENSER[: 1 if len(row) == 2 and project is None else None]:
        dense = []
        for a, b in itertools.pairwise(row):
            count = max(1, int(np.ceil(np.abs(b - a).max() / spacing)))
            for i in range(count):
                q = a + i / count * (b - a)
                kept = q if project is None or not i else project(q)
                dense.append(q if kept is None else kept)
        yield [*dense, row[-1]]


def branches(
    limb: Arm,
    position: np.ndarray,
    rotation: np.ndarray,
    rng: np.random.Generator,
) -> tuple[list[np.ndarray], float]:
    """Distinct postures that bring a hand to a pose, the nearest to how the arm is held now first.

    Args:
        position, rotation: (3,) [m] and (3, 3) of the hand.
        rng: of the postures from which it is sought, but for the first, which is the arm's own.

    Returns:
        (k,) joint angles each, and the least distance [m] that any of them misses the place by.
    """
    low, high = limb.model.jnt_range.T
    found: list[np.ndarray] = []
    least = np.inf
    for seed in (limb.q, *(rng.uniform(low, high) for _ in range(SEEDS - 1))):
        q, off = limb.solve(position, rotation, seed, seed, FIRM)
        least = min(least, off)
        turned = limb.hand(q)[1]
        skew = float(np.arccos(np.clip((np.trace(turned.T @ rotation) - 1.0) / 2.0, -1.0, 1.0)))
        if off < MISSES and skew < SKEWED and all(np.abs(q - other).max() > ALIKE for other in found):
            found.append(q)
    return sorted(found, key=lambda q: float(np.abs(q - limb.q).max())), least
