"""Skills that tip a vessel over: loose pieces are poured out of a bowl or a pan, salt is shaken out of a shaker.

A bottle is held at its side and pours over the lip that the hand likes (`pouring.py`). What is held by its rim or by a handle is tipped
over a lip that stays clear of the hand. Which lip, and how the vessel is turned about the vertical while it is tipped, is sought: the
arm has to come through the whole turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..limbs.arm import Arm, Path
from ..limbs.geometry import LEVEL, UP, turn_z, turned_about, turned_between
from ..operator_state import OperatorState
from ..planning.ways import best_of
from ..words.reason import GivenUp, Reason
from ..words.skill import Argument, Motion, Skill
from .pouring import GENTLE

STEP = np.deg2rad(8.0)  # between the tilts that a way is planned through
LOOKED_AT = (0.0, 0.35, 0.7, 1.0)  # shares of the whole tilt at which a way of tipping is tried out
# directions of the lip against that from the mouth's middle to the hand, and of pouring against the robot's heading
LIPS = np.deg2rad([180.0, 160.0, -160.0, 140.0, -140.0, 120.0, -120.0, 100.0, -100.0, 80.0, -80.0])
WAYS = np.deg2rad([0.0, 30.0, -30.0, 60.0, -60.0, 90.0, -90.0, 120.0, -120.0, 150.0, -150.0, 180.0])
HELD_AS = ("elbow_out", "ready", "elbow_in", "raised")
TRIED = 10  # ways of tipping, the most promising of them: their room is looked at
MISSED, MOST = 0.003, 0.03  # m, and tenths of a radian, that a way may be off at a tilt: as good as nothing; at most
ABOUT = 0.015  # m, that the lip may be off its place
FURTHER = np.deg2rad(6.0)  # rad, that the vessel may be tilted less than asked
SURE = 0.6  # score at which a way is taken
RAISED = 0.11  # m, over where it tips, at which an upright vessel comes and goes: its floor is lower than its lip
ASTRAY = 150.0  # score of a metre, or ten radians, that the arm misses
SPARE, LEAP = 0.5, 4.0  # rad that a joint may go between two shares that are looked at, and score of a radian beyond: it has to turn over
HIGHER = (0.0, 0.03, 0.06)  # m, over the height that is asked, tried one after the other
FAIR = 2.0  # score that no further height is tried for
AWAY = 6.0  # score of a metre that the hand is nearer to over a place than it should

# arguments of the skills that tip what is held over, each with values of its own
TIPS = {
    "ahead": Argument("length", "how far beyond the place, seen from the robot", 0.0),
    "aside": Argument("length", "how far to its left", 0.0),
    "short": Argument("length", "how far short of it the lip stays, against the way that it pours"),
    "keeps_off": Argument("length", "how far the hand rather stays from over the place"),
    "tilt": Argument("angle", "how far it is tipped", low=0.1, high=3.0),
    "tipping": Argument("speed", "speed of the hand while it tips"),
    "speed": Argument("speed", "largest speed of the hand on the way there"),
}


@dataclass(frozen=True)
class Tipping:
    """One way of tipping what a hand holds: the lip stays over its place while the vessel turns about it.

    Attributes:
        hand, frame: where the hand is at tilt 0 against the middle of the mouth [m], and how it is turned, both as turned for pouring.
        across: (3,) axis of the tilt; out: (3,) level way from the mouth's middle to the lip, of the mouth's radius [m].
        target: (3,) [m] where the lip is.
    """

    hand: np.ndarray
    frame: np.ndarray
    across: np.ndarray
    out: np.ndarray
    target: np.ndarray

    def pose(self, tilt: float, up: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Hand position (3,) [m] and rotation (3, 3) at a tilt [rad], raised by so much [m]."""
        turn = turned_about(self.across, tilt)
        return self.target + up * UP + turn @ (self.hand - self.out), turn @ self.frame

    def raised(self, share: float, tilt: float) -> tuple[np.ndarray, np.ndarray]:
        """As `pose`, at a share of the whole tilt: the more upright, the higher, as an upright vessel hangs below its lip."""
        return self.pose(share * tilt, RAISED * (1.0 - share))


def tips(**defaults: float) -> dict[str, Argument]:
    """The arguments `TIPS` with defaults [SI]."""
    return {name: argument.but(default=defaults.get(name, argument.default)) for name, argument in TIPS.items()}


def ways(
    state: OperatorState, side: str, mouth: np.ndarray, axis: np.ndarray, radius: float, target: np.ndarray, short: float
) -> Iterator[Tipping]:
    """Ways of tipping the vessel that a hand holds, its mouth at a place with the axis out of it, so much short of a target."""
    position, frame = state.arms[side].hand()
    lean = float(np.arccos(np.clip(axis[2], -1.0, 1.0)))
    upright = turned_about(np.cross(axis, UP), lean) if lean > 1e-3 else np.eye(3)
    hand, frame = upright @ (position - mouth), upright @ frame
    held = float(np.arctan2(hand[1], hand[0]))
    for lip in LIPS:
        for way in WAYS:
            direction = state.heading + way  # in which it pours
            turn = turn_z(direction - (held + lip))
            out = np.array([np.cos(direction), np.sin(direction), 0.0])
            yield Tipping(turn @ hand, turn @ frame, np.cross(UP, out), radius * out, target - short * out)


def easiest(
    state: OperatorState, skill: Skill, found: Iterator[Tipping], things: list[str], over: np.ndarray
) -> tuple[float, Tipping | None, np.ndarray, Path | None]:
    """The way that the arm can go, with room on it: its score, a posture for it, and the path to where it begins.

    First all are looked at by themselves, at their end first, where most of them fail. Then the most promising are gone through from
    where the arm is: an arm that comes another way may stand otherwise.

    Args:
        things: parts that are not in the way; over: (3,) [m] the hand rather stays `skill.keeps_off` from over it.
    """
    arm, tilt = state.arms[skill.hand], skill.tilt
    now = arm.hand()[1]
    rated: list[tuple[float, int, Tipping, np.ndarray]] = []
    for k, way in enumerate(found):
        away = [float(np.linalg.norm((way.pose(share * tilt)[0] - over)[:2])) for share in LOOKED_AT[1:]]
        near = [skill.keeps_off - one for one in away]
        far = 0.02 * turned_between(now, way.frame) + AWAY * sum(max(n, 0.0) for n in near)
        for like in (arm.q, *(arm.posture(name) for name in HELD_AS)):
            missed = _missed(arm, way, tilt, like, LOOKED_AT[::-1], MOST)
            if missed is not None:
                rated.append((far + ASTRAY * max(missed - MISSED * len(LOOKED_AT), 0.0), k, way, like))
                break
    rated.sort(key=lambda row: row[:2])
    best: tuple[float, Tipping | None, np.ndarray, Path | None] = (np.inf, None, arm.q, None)
    for score, _, way, like in rated[:TRIED]:
        path = state.ways.freest(skill.hand, _over(arm, skill, way, like), things)
        assert path is not None
        seed = path.end
        for share in np.linspace(0.0, 1.0, 7):
            last = seed
            seed, missed = _off(arm, way, float(share), tilt, seed, like)
            score += ASTRAY * max(missed - MISSED, 0.0) + state.ways.crowd(skill.hand, seed, without=things)
            score += LEAP * max(float(np.abs(seed - last).max()) - SPARE, 0.0)
        score += state.ways.tightness(skill.hand, path, things)
        if score < best[0]:
            best = (score, way, like, path)
        if score < SURE:
            break
    return best


def _missed(
    arm: Arm, way: Tipping, tilt: float, like: np.ndarray, shares: Sequence[float], most: float
) -> float | None:
    """[m], and tenths of a radian, by which an arm misses a way at shares of its tilt, summed; None where it is more than `most` at one."""
    seed, total = like, 0.0
    for share in shares:
        seed, missed = _off(arm, way, share, tilt, seed, like)
        if missed > most:
            return None
        total += missed
    return total


def _off(
    arm: Arm, way: Tipping, share: float, tilt: float, seed: np.ndarray, like: np.ndarray
) -> tuple[np.ndarray, float]:
    """Joint angles at a share of the whole tilt, and by how much the lip is off its place and the vessel less tilted, or leant otherwise.

    How the vessel is turned about its own axis does not count, nor that it is tilted a little further.
    """
    position, frame = way.raised(share, tilt)
    q, _ = arm.solve(position, frame, seed, like, LEVEL, steps=30)
    at, now = arm.hand(q)
    # axis of the vessel and middle of its mouth, as the hand has them
    up, mouth = way.frame.T @ UP, -way.frame.T @ way.hand
    wanted, axis = frame @ up, now @ up
    lip = at + now @ (mouth + way.frame.T @ way.out) - (position + frame @ (mouth + way.frame.T @ way.out))
    lean = float(np.arccos(np.clip(axis @ wanted, -1.0, 1.0)))
    less = float(np.arccos(np.clip(wanted[2], -1.0, 1.0)) - np.arccos(np.clip(axis[2], -1.0, 1.0)))
    turned = lean if share < 0.5 else max(less - FURTHER, 0.0) + 0.3 * lean
    return q, max(float(np.linalg.norm(lip)) - ABOUT, 0.0) + 0.1 * turned


def _over(arm: Arm, skill: Skill, way: Tipping, like: np.ndarray) -> Iterator[Path]:
    """Paths to where a way of tipping begins: straight, in a bow, or up first and down at the end."""
    high, frame = way.raised(0.0, skill.tilt)
    position, now = arm.hand()
    top = max(high[2], position[2])
    bow = np.array([*(0.5 * (high + position))[:2], top + 0.03])
    up = np.array([*position[:2], top + 0.10])
    for poses in (
        [(high, frame)],
        [(bow, frame), (high, frame)],
        [(up, now), (high + 0.10 * UP, frame), (high, frame)],
    ):
        yield arm.line(poses, skill.speed, like=like, orient=LEVEL)


def tip(state: OperatorState, skill: Skill, mouth: np.ndarray, axis: np.ndarray, radius: float, things: list[str]) -> Motion:
    """Bring what the hand holds over its target and tip it; gives back the way that was taken and its posture."""
    arm = state.arms[skill.hand]
    place = state.senses.site(skill.into)[0]
    heading = turn_z(state.heading)
    target = place + heading @ np.array([skill.ahead, skill.aside, skill.above]) + state.aim()
    found = (ways(state, skill.hand, mouth, axis, radius, target + up * UP, skill.short) for up in HIGHER)
    tries = (easiest(state, skill, several, things, place) for several in found)
    _, way, like, path = best_of(tries, FAIR, (np.inf, None, arm.q, None))
    if way is None or path is None:
        name = skill.into.replace("/", ".")
        raise GivenUp(
            Reason(f"the {skill.hand} arm cannot tip what it holds over {name}", "cannot_tip", side=skill.hand, at=name)
        )
    yield from arm.follow(arm.gently(path, GENTLE), tremor=0.3)
    yield from arm.hold(0.1)
    shares = np.linspace(0.0, 1.0, max(2, int(np.ceil(skill.tilt / STEP)) + 1))
    yield from arm.follow(
        arm.line([way.raised(float(share), skill.tilt) for share in shares], skill.tipping, like=like, orient=LEVEL),
        tremor=0.0,
    )
    return way, like, shares


def right_again(state: OperatorState, skill: Skill, way: Tipping, like: np.ndarray, shares: np.ndarray) -> Motion:
    """Turn what is held upright again, over where it was tipped."""
    arm = state.arms[skill.hand]
    poses = [way.raised(float(share), skill.tilt) for share in shares[::-1]]
    yield from arm.follow(arm.line(poses, skill.tipping, like=like, orient=LEVEL), tremor=0.0)
