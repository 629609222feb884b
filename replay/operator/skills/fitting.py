"""Geometry that picking, placing and pressing in share: a hand about a part, a held part over its place, and a look to correct it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from ..limbs.arm import Arm, Path
from ..limbs.geometry import UP, turn_z, turned_between, unit
from ..operator_state import OperatorState
from ..planning.ways import REACHED
from ..words.reason import GivenUp, Reason
from ..words.skill import Motion

Pose = tuple[np.ndarray, np.ndarray]  # position (3,) [m], rotation (3, 3)
# how an arm is held along a row of poses: its score, and (7,) joint angles for each
Held = tuple[float, list[np.ndarray]]
# other slopes of the fingers, tried where the wanted one is out of reach
PITCHES = np.deg2rad([0.0, -5.0, 5.0, -10.0, 10.0, -16.0, 16.0])
GOOD, STRAIGHT = 6e-4, 0.012  # m and rad within which a held part is over its place
LOOKS = 4  # how often it is corrected at most
LEAP = 1.2  # rad, a joint that turns further from one pose to the next has changed its branch
ENOUGH = 0.4  # score of a posture that is taken at once
SLACK = 2.0  # score beyond the best with which a way to hold the arm is still thought of
ALIKE = 0.3  # rad, postures that are nearer to one another are the same
WAYS = 4  # postures to which a way is planned
EASY = 0.15  # cost of a way that is taken at once
DETOUR = 3.0  # score of a way's cost
LOST = 0.03  # m, by which what is held is further from the hand than it was
HOPELESS = 20.0  # score of what is out of reach by 50 mm or a radian
SINK = 0.001  # m, how deep things may be in each other where they may touch
BETWEEN = (0.25, 0.5, 0.75)  # shares of the way from one pose to the next that are looked at
SPARE = 0.08  # rad, that every joint keeps from its end, so that what is held can still be corrected
RANK = 0.05  # cost of a row for each that stands before it
NEARNESS = 0.35  # cost of a radian that the arm has to be held otherwise than now
INWARDS = 0.45  # rad, by which a hand points inwards where its elbow hangs beside the trunk
WEIGHT = 0.5  # of the orientation while a part is fitted [m/rad]


def about(across: np.ndarray, pitch: float, from_: np.ndarray, to: np.ndarray, turned: bool = False) -> np.ndarray:
    """Hand frame with pads that close along a level direction, fingers away from `from_` and down by a pitch.

    Args:
        across: (3,) along which the pads close; what of it is not level is left out.
        pitch: [rad] how far the fingers point down.
        from_, to: (3,) where the arm comes from (its shoulder), and where the hand is needed.
        turned: the same with the two fingers swapped.
    """
    y = unit(
        np.array([across[0], across[1], 0.0]),
        Reason("the pads would have to close along a line that is nowhere level", "nowhere_level"),
    )
    ahead = np.cross(y, UP)
    ahead *= 1.0 if ahead @ (to - from_) >= 0 else -1.0
    z = np.cos(pitch) * ahead - np.sin(pitch) * UP
    y = -y if turned else y
    return np.stack([np.cross(y, z), y, z], axis=1)


def hand_for(state: OperatorState, side: str, held: str, target: Pose) -> Pose:
    """Where the tcp has to be for a site of what it holds to lie at a target, from how the part is seen in the hand now."""
    return with_it(state, held, target, *state.senses.site(f"{side}_tcp"))


def with_it(state: OperatorState, site: str, target: Pose, hand: np.ndarray, frame: np.ndarray) -> Pose:
    """Where a hand (3,) and (3, 3) comes if it is carried along as a site goes from where it is seen to a target."""
    at, rotation = state.senses.site(site)
    turned = target[1] @ rotation.T
    return target[0] + turned @ (hand - at), turned @ frame


def off(state: OperatorState, held: str, target: Pose) -> tuple[np.ndarray, float]:
    """How far a site is seen from where it shall lie: the way there (3,) [m], and the angle [rad]."""
    at, rotation = state.senses.site(held)
    return target[0] - at, turned_between(rotation, target[1])


def planned(
    state: OperatorState,
    side: str,
    rows: Sequence[Sequence[Pose]],
    touch: Sequence[str],
    speed: float,
    later: Sequence[Sequence[Pose]] = (),
    carried: tuple[int, Sequence[str]] | None = None,
) -> tuple[float, Path, list[np.ndarray]]:
    """How to hold an arm along one of several rows of poses, and an easy way to the first of them.

    Args:
        rows, touch, later, carried: as in `settle`.
        speed: [m/s] of the hand on the way.

    Returns:
        The score of the postures (below 1 is good), the way, and (7,) joint angles for each pose of the row.
    """
    best: tuple[float, float, Path, list[np.ndarray]] | None = None
    for enough in (ENOUGH, 0.0):  # where there is no easy way to the first good posture, all are looked at
        for score, found in settle(state, side, rows, touch, later, carried, enough)[:WAYS]:
            path = state.ways.free_way(side, found[0], speed) or state.arms[side].way([found[0]], speed, scatter=0.0)
            cost = state.ways.room_on(side, path, sure=True)
            if best is None or score + DETOUR * cost < best[0]:
                best = (score + DETOUR * cost, score, path, found)
            if cost < EASY or score > HOPELESS:
                return best[1:]
    assert best is not None
    return best[1:]


def settle(
    state: OperatorState,
    side: str,
    rows: Sequence[Sequence[Pose]],
    touch: Sequence[str],
    later: Sequence[Sequence[Pose]] = (),
    carried: tuple[int, Sequence[str]] | None = None,
    enough: float = ENOUGH,
) -> list[Held]:
    """Ways to hold an arm along one of several rows of hand poses: within reach, with room, and near to how it is held now.

    Args:
        rows: of poses that follow one another, each searched from the one before; earlier rows are preferred.
        touch: bodies that the hand may touch.
        later: for each row the poses to which the hand has to come afterwards, by a way of its own.
        carried: from which pose of a row on some parts are carried along: they are not where they are seen.
        enough: score with which the search ends.

    Returns:
        Scores (below 1 is good) with (7,) joint angles for each pose of the row, the best first; one at least, and none
        that is nearly the same as one before it.
    """
    likes = state.arms[side].benches
    now = state.arms[side].q
    everything: list[Held] = []
    best = np.inf
    for rank, row in enumerate(rows):
        held = _search(state, side, row, [now, *likes], touch, best + SLACK - RANK * rank, NEARNESS, carried, enough)
        if later and held:
            most = best + SLACK - RANK * rank - min(score for score, _ in held)
            after = min((h[0] for h in _search(state, side, later[rank], likes, touch, most)), default=np.inf)
            held = [(score + after, found) for score, found in held if np.isfinite(after)]
        everything += [(score + RANK * rank, found) for score, found in held]
        best = min((score for score, _ in everything), default=np.inf)
        if best < enough:
            break
    chosen: list[Held] = []
    for score, found in sorted(everything, key=lambda h: h[0]):
        if all(np.abs(found[0] - other[0]).max() > ALIKE for _, other in chosen):
            chosen.append((score, found))
    return chosen


def _search(
    state: OperatorState,
    side: str,
    row: Sequence[Pose],
    likes: Sequence[np.ndarray],
    touch: Sequence[str],
    most: float,
    nearness: float = 0.1 * NEARNESS,
    carried: tuple[int, Sequence[str]] | None = None,
    enough: float = ENOUGH,
) -> list[Held]:
    """Ways to hold an arm along a row of hand poses that score less than `most`, and little more than the best of them."""
    arm = state.arms[side]
    everything: list[Held] = []
    for like in likes:
        found: list[np.ndarray] = []
        seed, score = like, 0.0
        for i, (position, frame) in enumerate(row):
            seed, miss = arm.solve(position, frame, seed, like, WEIGHT)
            turn = turned_between(arm.hand(seed)[1], frame)
            score += 400.0 * max(miss - REACHED, 0.0) + 20.0 * max(turn - 0.03, 0.0)
            spare = np.minimum(seed - arm.model.jnt_range[:, 0], arm.model.jnt_range[:, 1] - seed).min()
            score += max(SPARE - spare, 0.0) / SPARE
            if i and np.abs(seed - found[-1]).max() > LEAP:
                score += 3.0  # another branch: no straight way leads there
            found.append(seed)
            if score >= most:
                break
        else:
            score += nearness * float(np.abs(found[0] - arm.q).max())
            for at, q, weight in _looked_at(found):
                without = carried[1] if carried is not None and at >= carried[0] else ()
                score += weight * state.ways.crowd(side, q, touch, sink=SINK, without=without)
                if score >= most:
                    break
            else:
                everything.append((score, found))
                most = min(most, score + SLACK)
                if score < enough:
                    break
    return everything


def _looked_at(found: Sequence[np.ndarray]) -> Iterator[tuple[float, np.ndarray, float]]:
    """Postures of a row, and some between them: where in the row they are, and what the room there counts."""
    yield from ((i, q, 1.0) for i, q in enumerate(found))
    for i, (a, b) in enumerate(itertools.pairwise(found)):
        yield from ((i + share, a + share * (b - a), 1.0 / len(BETWEEN)) for share in BETWEEN)


def headings(state: OperatorState, side: str, at: np.ndarray, forms: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Hand frames (3, 3) for a place; first those with fingers along the arm: from its shoulder to there, and inwards."""
    way = at - state.senses.site(f"{side}_shoulder")[0]
    natural = state.bearing(way) + (INWARDS if side == "right" else -INWARDS)

    def off_it(frame: np.ndarray) -> float:
        return float(abs(np.angle(np.exp(1j * (state.bearing(frame[:, 2]) - natural)))))

    return sorted(forms, key=off_it)


def bring(
    state: OperatorState,
    side: str,
    held: str,
    targets: Sequence[Pose],
    touch: Sequence[str],
    speed: float,
    turns: Sequence[float] = (0.0,),
) -> Motion:
    """Carry what is held to the first of several targets, in a posture from which the others can be reached, too.

    Args:
        turns: [rad] about the vertical by which it may lie otherwise than the targets say.

    Returns:
        By which of `turns` it is turned [rad].

    Raises:
        GivenUp: there is no such posture, and nothing has moved; or what is held was lost on the way.
    """
    ways = [[(at, turn_z(turn) @ lies) for at, lies in targets] for turn in turns]
    rows = [[hand_for(state, side, held, target) for target in row] for row in ways]
    score, path, found = planned(state, side, rows, [*touch, state.senses.part_of(held)], speed)
    frame = state.arms[side].hand(found[0])[1]
    nearest = min(range(len(rows)), key=lambda i: turned_between(rows[i][0][1], frame))
    if score > HOPELESS:
        raise GivenUp(
            Reason(f"the {side} hand cannot bring {held} there as it holds it", "cannot_bring", side=side, of=held)
        )
    before = np.linalg.norm(state.senses.site(held)[0] - state.senses.site(f"{side}_tcp")[0])
    yield from state.arms[side].follow(path, tremor=0.5)
    yield from state.arms[side].hold(0.15)
    if np.linalg.norm(state.senses.site(held)[0] - state.senses.site(f"{side}_tcp")[0]) > before + LOST:
        raise GivenUp(Reason(f"the {side} hand lost {held} on the way", "lost", side=side, of=held))
    return turns[nearest]


def move_held(state: OperatorState, side: str, held: str, target: Pose, speed: float) -> Motion:
    """Move what is held straight to a target near by."""
    arm = state.arms[side]
    hand, frame = hand_for(state, side, held, target)
    yield from arm.follow(arm.line([(hand + state.behind(side), frame)], speed, orient=WEIGHT), tremor=0.3)
    yield from arm.hold(0.15)


def correct(state: OperatorState, side: str, held: str, target: Pose, good: float = GOOD, looks: int = LOOKS) -> Motion:
    """Look where what is held has come to, and move by what is missing, until it is over its place."""
    arm = state.arms[side]
    for _ in range(looks):
        way, angle = off(state, held, target)
        if np.linalg.norm(way) < good and angle < STRAIGHT:
            return
        _, rotation = state.senses.site(held)
        seen, _ = state.senses.site(f"{side}_tcp")
        at, _ = state.senses.site(held)
        position, frame = arm.hand()
        turn = target[1] @ rotation.T
        goal = position + way + (turn @ (seen - at) - (seen - at))
        yield from arm.follow(arm.line([(goal, turn @ frame)], 0.05, orient=WEIGHT), tremor=0.0)
        yield from arm.hold(0.2)


def slide(arm: Arm, way: np.ndarray, speed: float) -> Motion:
    """Move the hand along a straight way without turning."""
    position, frame = arm.hand()
    yield from arm.follow(arm.line([(position + way, frame)], speed, orient=WEIGHT), tremor=0.0)
