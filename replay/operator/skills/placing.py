"""Skills that put down what a hand holds: carried over a place as it hangs, lowered until it is seated, let go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ....scenarios.sheet.quantity import parse_quantity
from ..limbs.arm import Path
from ..limbs.geometry import LEVEL, UP, turn_z
from ..operator_state import OperatorState
from ..planning.ways import ENOUGH, REACHED
from ..words.reason import GivenUp, Reason
from ..words.skill import Skill

TURNED = np.deg2rad([0.0, 20.0, -20.0, 40.0, -40.0, 65.0, -65.0, 90.0, -90.0])  # of what may stand as it comes
FINELY = np.deg2rad([0.0, *(sign * turn for turn in range(10, 100, 10) for sign in (1.0, -1.0))])  # of what shall arrive clear
HELD_AS = ("elbow_in", "elbow_out", "ready")  # postures in which the arm may end
TRAILS = 0.1  # s of what it is lowered faster, by which it does
LOWERED = 0.06  # m, by which something is lowered onto its place
HOPELESS = 20.0  # cost of a way that leads through things
DOWN = 4  # places at which the way down is looked at, before it is gone
CLEAR = 0.008  # m, of room that arm and hand keep on it


def brought(state: OperatorState, skill: Skill) -> Path:
    """As `over`, but where that leaves little room a planned way round what stands there.

    Raises:
        GivenUp: none was found, and the other one leads through things.
    """
    path, held = over(state, skill), state.ways.with_contents(skill.of.split("/")[0])
    if state.ways.tightness(skill.hand, path, held) <= ENOUGH:
        return path
    planned = state.ways.level_way(skill.hand, ends(state, skill), skill.speed)
    if planned is None and state.ways.room_on(skill.hand, path, held) > HOPELESS:
        raise no_way_over(state, skill)
    return planned or path


def no_way_over(state: OperatorState, skill: Skill) -> GivenUp:
    """That no way was found to bring a skill's thing over its place, and what the planner said."""
    of, at = (skill.values[name].replace("/", ".", 1) for name in ("of", "upon"))
    return GivenUp(Reason(f"no way was found to bring {of} over {at}: {state.ways.why}", "no_way_over", of=of, at=at))


def over(state: OperatorState, skill: Skill) -> Path:
    """The way of a hand that brings a site of what it holds over a place; see `CarryOver` for the arguments."""
    arm = state.arms[skill.hand]
    likes = [arm.posture(name) for name in HELD_AS]
    ways = (arm.line(one.poses, skill.speed, like=one.like, orient=LEVEL) for one in arrivals(state, skill, likes))
    path = state.ways.freest(skill.hand, ways, state.ways.with_contents(skill.of.split("/")[0]))
    # out of reach: as near as the arm comes
    hand, frame = arm.hand()
    return path or arm.line(
        [(goal_of(state, skill) + hand - state.senses.site(skill.of)[0], frame)], skill.speed, orient=LEVEL
    )


class Arrival(NamedTuple):
    """How a hand may come to where what it holds is over its place.

    Attributes:
        poses: of the hand on the way, (position (3,) [m], rotation (3, 3)), the last over the place.
        like: (7,) [rad] posture that is preferred.
        q: (7,) [rad] joint angles there.
    """

    poses: list[tuple[np.ndarray, np.ndarray]]
    like: np.ndarray
    q: np.ndarray


def arrivals(state: OperatorState, skill: Skill, likes: Sequence[np.ndarray]) -> Iterable[Arrival]:
    """How a hand may come over the place, turned as is allowed, like each of some postures.

    Where it shall arrive `clear`, these are the ones from which it can also be lowered without coming near anything, those that leave
    most room first; where there is none such, the one that leaves most.
    """
    found = _within_reach(state, skill, likes)
    if skill.turn != "clear":
        return found
    rooms = sorted(((room_below(state, skill, one), one) for one in found), key=lambda pair: -pair[0])
    clear = [one for room, one in rooms if room >= CLEAR]
    return clear or [one for _, one in rooms[:1]]


def _within_reach(state: OperatorState, skill: Skill, likes: Sequence[np.ndarray]) -> Iterator[Arrival]:
    """The ones from which what is held can be lowered first: an arm that is straight before it is down turns its hand aside."""
    short = []
    for one in _over_place(state, skill, likes):
        if skill.word != "put" or lowered(state, skill, one)[1] <= 2.0 * REACHED:
            yield one
        else:
            short.append(one)
    yield from short


def _over_place(state: OperatorState, skill: Skill, likes: Sequence[np.ndarray]) -> Iterator[Arrival]:
    arm = state.arms[skill.hand]
    (hand, frame), held, goal = arm.hand(), state.senses.site(skill.of)[0], goal_of(state, skill)
    for turn in {"keep": TURNED[:1], "clear": FINELY}.get(skill.turn, TURNED):
        poses = turning(held, goal, hand, frame, turn)
        for like in likes:
            q, off = arm.solve(*poses[-1], like, like, orient=LEVEL)
            if off <= 2.0 * REACHED:
                yield Arrival(poses, like, q)


def room_below(state: OperatorState, skill: Skill, arrival: Arrival) -> float:
    """[m] of room that arm and hand have at the tightest place of the straight way down to the place; below 0 where it is not reached.

    What is held is looked past: it may stand close to what is beside it, and its place bears it.
    """
    rows, off = lowered(state, skill, arrival)
    if off > 2.0 * REACHED:
        return -off
    path = state.arms[skill.hand]._path(rows, skill.lowering)
    return state.ways.least_room(skill.hand, path, 2 * DOWN + 1, state.ways.with_contents(skill.of.split("/")[0]))


def lowered(state: OperatorState, skill: Skill, arrival: Arrival) -> tuple[list[np.ndarray], float]:
    """Joint angles (7,) on the straight way down to the place, as far as the arm comes; and by how much it misses that way [m]."""
    arm, (hand, frame), rows, off = state.arms[skill.hand], arrival.poses[-1], [arrival.q], 0.0
    for share in np.arange(1, DOWN + 1) / DOWN:
        q, off = arm.solve(hand - share * skill.above * UP, frame, rows[-1], rows[-1], orient=LEVEL)
        if off > 2.0 * REACHED:
            break
        rows.append(q)
    return rows, off


def over_rim(state: OperatorState, place: str) -> float:
    """Height [m] over a place from which something is lowered: beyond the rim of a container, as its part's sheet tells."""
    part, _, site = place.partition("/")
    placed = next((one for one in state.scene.config.parts if one.name == part), None)
    entries = placed.part.interface.values() if placed is not None else ()
    heights = [
        parse_quantity(entry["height"], "length")
        for entry in entries
        if entry.get("site") == site and "height" in entry
    ]
    return max([LOWERED, *(height + LOWERED for height in heights)])


def goal_of(state: OperatorState, skill: Skill) -> np.ndarray:
    """(3,) [m] where the site of what is held comes over its place."""
    place, turned = state.senses.site(skill.upon)
    if skill.ahead or skill.aside:
        place = place + skill.ahead * turned[:, 0] + skill.aside * turned[:, 1]
    return place + skill.above * UP + state.aim()


def ends(state: OperatorState, skill: Skill) -> Iterator[list[np.ndarray]]:
    """Rows of one posture (7,) [rad] each, in which what is held is over its place."""
    likes = [*(state.arms[skill.hand].posture(name) for name in HELD_AS), state.arms[skill.hand].q]
    for one in arrivals(state, skill, likes):
        yield [one.q]


def turning(
    held: np.ndarray, goal: np.ndarray, hand: np.ndarray, frame: np.ndarray, turn: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Poses of a hand on the way of what it holds to a goal, turned by `turn` [rad] about the vertical when it is there.

    It turns about the held thing, which goes straight, not about the hand.
    """
    poses = []
    for share in (1 / 3, 2 / 3, 1.0):
        part = turn_z(share * turn)
        poses.append((held + share * (goal - held) + part @ (hand - held), part @ frame))
    return poses
