"""How each word of the skill vocabulary shows in a replay: its phases in order, and where it begins and ends.

A phase says what contradicts it: a trace that is 0 where nothing speaks against it and grows by one with each sign that does.
So a time that is labelled with a phase costs the seconds for which it is contradicted. Words are told by their arguments
(which joint, which site, which body), never by the scenario. A word that is not listed here is taken for any motion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .signs import PAUSE, Signs

IDLE = 0.3  # a hand that rests longer than a pause says little for its skill
AFTER = 0.15  # of time past a skill's work, so that it ends at the first occasion


@dataclass(frozen=True)
class Step:
    """One link of a scenario's skill chain.

    Attributes:
        word: of the skill; arguments: name -> full name of the site, joint or body, number or word, as the skill reads it.
        said: name -> the argument as the YAML says it (`oven.handle`).
    """

    word: str
    arguments: Mapping[str, Any]
    said: Mapping[str, str]

    @property
    def hand(self) -> str | None:
        """The hand that the chain names; None where either will do."""
        hand = self.arguments.get("hand")
        return hand if hand in ("left", "right") else None


@dataclass(frozen=True)
class Phase:
    """A part of a skill.

    Attributes:
        name: for people.
        against: (n,) how much contradicts it at each control step.
        needed: whether the skill has not been done without it.
    """

    name: str
    against: np.ndarray
    needed: bool = False


@dataclass(frozen=True)
class Evidence:
    """How one skill, done by one hand, shows.

    Attributes:
        phases: in order.
        begins, ends: (n,) 0..1 how much speaks for its beginning and its end at each control step.
        unfinished: (n,) 0..1 how far it is from being done.
    """

    phases: tuple[Phase, ...]
    begins: np.ndarray
    ends: np.ndarray
    unfinished: np.ndarray


def reach(see: Signs, step: Step) -> Evidence:
    """The free hand goes; it ends where it comes to rest before the site."""
    off = float(step.arguments.get("standoff") or 0.1)
    close = 1.0 - see.far(step.arguments["to"], 0.3 * off, 0.8 * off)
    go = see.holds() + see.works + close + IDLE * see.still
    return Evidence(
        (Phase("go", go, True),), see.sets_off, see.sets_off, see.far(step.arguments["to"], 1.5 * off, 3.0 * off)
    )


def pinch(see: Signs, step: Step) -> Evidence:
    """Near the site the claw closes until two fingers press its body from opposite sides and the grip has settled."""
    site = step.arguments["at"]
    return _grip(see, site, see.tracks.owner[site], see.far(site, 0.12, 0.25), see.sets_off)


def pick_rim(see: Signs, step: Step) -> Evidence:
    """As `pinch`, the way there included."""
    return _grip(see, step.arguments["at"], step.arguments["of"], np.zeros(see.n), see.sets_off)


def _grip(see: Signs, site: str, body: str, away: np.ndarray, begins: np.ndarray) -> Evidence:
    held = see.holds(body)
    letting_go = see.about(see.opens * see.about(see.holds(), 0.3), 0.1)
    approach = see.holds() + see.works + letting_go + away + IDLE * see.still
    close = np.minimum(1.0 - see.closes, 1.0 - held) + see.far(site, 0.04, 0.10) + see.settled
    ends = np.maximum(see.settles, see.sets_off)
    return Evidence((Phase("approach", approach), Phase("close", close, True)), begins, ends, 1.0 - held)


def pull_open(see: Signs, step: Step) -> Evidence:
    """The joint moves up while the body of its grasp is held; the strain before and the stop after belong to it."""
    held = see.holds(see.tracks.owner[step.arguments["grasp"]])
    up, down = _moves(see, step)
    return Evidence(
        (
            Phase("strain", 1.0 - held + 0.5 * (1.0 - see.settled) + down),
            Phase("pull", 1.0 - held + 1.0 - see.about(up, 0.2), True),
            Phase("stop", 1.0 - held + down + 0.5 * up),
        ),
        np.maximum(see.settles, see.sets_off),
        np.maximum(see.begins_to_open, 0.5 * see.sets_off),
        np.zeros(see.n),
    )


def release(see: Signs, step: Step) -> Evidence:
    """The claw opens on something held, and the hand draws back."""
    return Evidence(
        (Phase("open", 1.0 - see.about(see.opens, 0.15), True), Phase("back", see.holds() + see.works + AFTER)),
        see.begins_to_open,
        see.sets_off,
        np.maximum(1.0 - see.drawn_back, see.about(see.touches(), 0.1)),
    )


def push_open(see: Signs, step: Step) -> Evidence:
    """The joint moves up while the hand touches its body without holding it; the way there and back belong to it."""
    up, down = _moves(see, step)
    return _push(see, step, up, down)


def push_close(see: Signs, step: Step) -> Evidence:
    """The joint moves down while the hand touches its body without holding it; the way there and back belong to it."""
    up, down = _moves(see, step)
    return _push(see, step, down, up)


def _push(see: Signs, step: Step, wanted: np.ndarray, other: np.ndarray) -> Evidence:
    body = see.tracks.owner[step.arguments["joint"]]
    moving = wanted + other
    not_away = 1.0 - see.away_from(wanted * see.pushes(body))
    return Evidence(
        (
            Phase("approach", see.holds() + moving + IDLE * see.still),
            Phase("push", see.holds() + 1.0 - see.about(wanted, 0.4) + 1.0 - see.pushes(body), True),
            Phase("away", see.holds() + moving + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        np.max([not_away, see.about(see.touches(body), 0.1), moving, see.before(step.arguments.get("until"))], axis=0),
    )


def lift(see: Signs, step: Step) -> Evidence:
    """The hand goes straight up with what it holds."""
    loose = 1.0 - see.holds()
    return Evidence(
        (
            Phase("strain", loose + 0.5 * (1.0 - see.settled) + see.aside),
            Phase("rise", loose + 1.0 - see.about(see.rising, 0.1), True),
            Phase("stop", loose + see.aside + AFTER),
        ),
        np.maximum(see.settles, see.sets_off),
        see.sets_off,
        np.zeros(see.n),
    )


def carry_level(see: Signs, step: Step) -> Evidence:
    """What is held goes aside, and comes to rest over its place."""
    of, upon = step.arguments["of"], step.arguments["upon"]
    loose = 1.0 - see.holds(see.tracks.owner[of])
    return Evidence(
        (
            Phase("carry", loose + 1.0 - see.going + 0.5 * see.rising, True),
            Phase("hold", loose + see.aside + see.sinking),
        ),
        see.sets_off,
        see.sets_off,
        see.far(upon, 0.08, 0.16, of),
    )


def place_inside(see: Signs, step: Step) -> Evidence:
    """Over its place what is held is lowered and let go of, and the hand is drawn out of the opening."""
    of, upon = step.arguments["of"], step.arguments["upon"]
    held, off = see.holds(see.tracks.owner[of]), see.far(upon, 0.08, 0.16, of)
    into = step.arguments.get("into")
    not_out = np.maximum(1.0 - see.drawn_back, see.inside(into) if into else 0.0)
    return Evidence(
        (
            Phase("lower", 1.0 - held + off + see.aside),
            Phase("let go", 1.0 - see.about(see.opens, 0.15) + off, True),
            Phase("out", held + off + see.works + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        np.maximum(not_out, see.about(see.touches(), 0.1)),
    )


def press_key(see: Signs, step: Step) -> Evidence:
    """The key goes in while the hand touches it; the way there and back belong to it."""
    site = step.arguments["at"]
    body = see.tracks.owner[site]
    touched = see.touches(body)
    keys = [joint for joint in see.tracks.joint if see.tracks.owner[joint] == body]
    down = see.pressed(keys[0]) if keys else touched
    return Evidence(
        (
            Phase("approach", see.holds() + see.works + down + IDLE * see.still),
            Phase("press", 1.0 - see.about(down, 0.15) + 1.0 - see.about(touched, 0.5), True),
            Phase("away", see.holds() + see.works + down + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        np.maximum(see.about(touched, 0.1), see.before(step.arguments.get("until"))),
    )


def home(see: Signs, step: Step) -> Evidence:
    """The free hand goes, touching nothing."""
    go = see.holds() + see.touches() + 1.0 - see.about(see.going, 0.3)
    return Evidence((Phase("go", go, True),), see.sets_off, see.sets_off, np.zeros(see.n))


def walk(see: Signs, step: Step) -> Evidence:
    """The robot walks, turning to its way first where it must."""
    return _base(see, np.maximum(see.walks, see.turns), see.trunk(1.0) + see.trunk(-1.0))


def turn(see: Signs, step: Step) -> Evidence:
    """The robot turns and stays where it is."""
    return _base(see, see.turns, see.walks)


def squat(see: Signs, step: Step) -> Evidence:
    """The trunk goes down."""
    return _base(see, see.trunk(-1.0), see.walks + see.trunk(1.0))


def stand_up(see: Signs, step: Step) -> Evidence:
    """The trunk goes up."""
    return _base(see, see.trunk(1.0), see.walks + see.trunk(-1.0))


def _base(see: Signs, moves: np.ndarray, other: np.ndarray) -> Evidence:
    moves = see.unbroken(moves, 2.0 * PAUSE)
    return Evidence(
        (Phase("move", 1.0 - see.about(moves, AFTER) + other, True),), see.starts(moves), see.stops(moves), moves
    )


def motion(see: Signs, step: Step) -> Evidence:
    """Any word without evidence of its own: the hand does something."""
    return Evidence((Phase("move", IDLE + see.still, True),), see.sets_off, see.sets_off, np.zeros(see.n))


def _moves(see: Signs, step: Step) -> tuple[np.ndarray, np.ndarray]:
    """Whether the joint of a step moves up and down."""
    return see.grows(step.arguments["joint"]), see.grows(step.arguments["joint"], -1.0)


BASE = ("walk_to", "approach", "turn", "squat", "stand_up")  # done by no hand; read with the left one's signs

WORDS: dict[str, Callable[[Signs, Step], Evidence]] = {
    "reach": reach,
    "pinch": pinch,
    "pull_open": pull_open,
    "release": release,
    "push_open": push_open,
    "pick_rim": pick_rim,
    "lift": lift,
    "carry_level": carry_level,
    "place_inside": place_inside,
    "push_close": push_close,
    "press_key": press_key,
    "home": home,
    "walk_to": walk,
    "approach": walk,
    "turn": turn,
    "squat": squat,
    "stand_up": stand_up,
}


def evidence(see: Signs, step: Step) -> Evidence:
    """What speaks for a step of the chain when one hand is looked at."""
    return WORDS.get(step.word, motion)(see, step)
