"""How each word of the skill vocabulary shows in a replay: its phases in order, and where it begins and ends.

A phase says what contradicts it: a trace that is 0 where nothing speaks against it and grows by one with each sign that does.
So a time that is labelled with a phase costs the seconds for which it is contradicted. Words are told by their arguments
(which joint, which site, which body), never by the scenario. Words that show alike share a function; what tells them apart is
their place in the chain. A word that no reading shows stands in `UNTOLD`, with the reason; it is taken for any motion.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .signs import PAUSE, Signs, ramp

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


def pick(see: Signs, step: Step) -> Evidence:
    """As `pinch`, the way there included."""
    return _grip(see, step.arguments["at"], step.arguments["of"], np.zeros(see.n), see.sets_off)


def regrasp(see: Signs, step: Step) -> Evidence:
    """As `pick`, and what is taken is raised a little."""
    grip = pick(see, step)
    raised = Phase("raise", 1.0 - see.holds(step.arguments["of"]) + 0.5 * see.aside + AFTER)
    low = 1.0 - see.raised(step.arguments["of"], float(step.arguments.get("lift") or 0.012))
    return Evidence((*grip.phases, raised), grip.begins, see.sets_off, np.maximum(grip.unfinished, low))


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
    return _push(see, see.tracks.owner[step.arguments["joint"]], up, down, see.before(step.arguments.get("until")))


def push_close(see: Signs, step: Step) -> Evidence:
    """The joint moves down while the hand touches its body without holding it; the way there and back belong to it."""
    up, down = _moves(see, step)
    return _push(see, see.tracks.owner[step.arguments["joint"]], down, up, see.before(step.arguments.get("until")))


def push(see: Signs, step: Step) -> Evidence:
    """The thing goes to its place while the hand touches it without holding it."""
    of, within = step.arguments["of"], float(step.arguments.get("within") or 0.015)
    short = see.far(step.arguments["to"], within + 0.01, within + 0.04, of)
    return _push(see, see.tracks.owner[of], see.moves(of), np.zeros(see.n), short)


def _push(see: Signs, body: str, wanted: np.ndarray, other: np.ndarray, short: np.ndarray) -> Evidence:
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
        np.max([not_away, see.about(see.touches(body), 0.1), moving, short], axis=0),
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
    return _carry(see, of, see.far(upon, 0.08, 0.16, of))


def carry_over(see: Signs, step: Step) -> Evidence:
    """As `carry_level`, to so far above the place, and beside it, as is said."""
    return _carry(see, step.arguments["of"], _off(see, step, float(step.arguments.get("above") or 0.0)))


def unload(see: Signs, step: Step) -> Evidence:
    """As `carry_over`, out of an opening."""
    off = _off(see, step, float(step.arguments.get("above") or 0.0))
    return _carry(see, step.arguments["of"], np.maximum(off, see.inside(step.arguments["into"])))


def offer(see: Signs, step: Step) -> Evidence:
    """What is held goes to a person, its handle to the distance that is said, or to the hand that comes for it."""
    away, handle = float(step.arguments.get("distance") or 0.45), step.arguments["handle"]
    short = see.far(step.arguments["person"], away + 0.15, away + 0.3, handle)
    if grips := [step.arguments[name] for name in ("left_grip", "right_grip") if step.arguments.get(name)]:
        before = float(step.arguments.get("before") or 0.0)
        apart = [see.far(grip, before + 0.08, before + 0.16, handle) for grip in grips]
        short = np.maximum(short, np.min(apart, axis=0))
    return _carry(see, step.arguments["of"], short)


def _carry(see: Signs, of: str, unfinished: np.ndarray) -> Evidence:
    loose = 1.0 - see.holds(see.tracks.owner[of])
    return Evidence(
        (
            Phase("carry", loose + 1.0 - see.going + 0.5 * see.rising, True),
            Phase("hold", loose + see.aside + see.sinking),
        ),
        see.sets_off,
        see.sets_off,
        unfinished,
    )


def place(see: Signs, step: Step) -> Evidence:
    """Over its place what is held is lowered and let go of, and the hand draws back, out of the opening where there is one."""
    off = _off(see, step)
    held = see.holds(see.tracks.owner[step.arguments["of"]])
    return _put(see, step, Phase("lower", 1.0 - held + off + see.aside), off)


def place_on(see: Signs, step: Step) -> Evidence:
    """As `place`, anywhere on a surface: only the height over it counts."""
    of, upon = (see.tracks.position[step.arguments[name]] for name in ("of", "upon"))
    off = ramp(np.abs(of - upon)[:, 2], 0.08, 0.16)
    held = see.holds(see.tracks.owner[step.arguments["of"]])
    return _put(see, step, Phase("lower", 1.0 - held + off + see.aside), off)


def set_down(see: Signs, step: Step) -> Evidence:
    """As `place`, the way there included."""
    held = see.holds(see.tracks.owner[step.arguments["of"]])
    return _put(see, step, Phase("carry", 1.0 - held + 0.5 * see.rising), _off(see, step))


def _put(see: Signs, step: Step, first: Phase, off: np.ndarray) -> Evidence:
    held, into = see.holds(see.tracks.owner[step.arguments["of"]]), step.arguments.get("into")
    not_out = np.maximum(1.0 - see.drawn_back, see.inside(into) if into else 0.0)
    return Evidence(
        (
            first,
            Phase("let go", 1.0 - see.about(see.opens, 0.15) + off, True),
            Phase("out", held + off + see.works + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        np.maximum(not_out, see.about(see.touches(), 0.1)),
    )


def _off(see: Signs, step: Step, above: float = 0.0) -> np.ndarray:
    """How far `of` is from its place, which may lie beside, beyond and above `upon` (or a `slot`)."""
    beyond = step.arguments.get("ahead") or step.arguments.get("deep") or 0.0
    shift = (float(beyond), float(step.arguments.get("aside") or 0.0), above)
    place = step.arguments.get("upon") or step.arguments["slot"]
    return see.far(place, 0.08, 0.16, step.arguments["of"], shift)


def align(see: Signs, step: Step) -> Evidence:
    """What is held goes, and comes to rest before a hole."""
    left = float(step.arguments.get("standoff") or 0.015)
    return _carry(
        see, step.arguments["of"], see.far(step.arguments["to"], left + 0.02, left + 0.05, step.arguments["of"])
    )


def insert_press(see: Signs, step: Step) -> Evidence:
    """What is held goes into a hole, at its mouth."""
    of, into = step.arguments["of"], step.arguments["into"]
    loose, away = 1.0 - see.holds(see.tracks.owner[of]), see.far(into, 0.025, 0.05, of)
    return Evidence(
        (
            Phase("press", loose + away + 1.0 - see.about(see.goes_in(of, into), 0.3), True),
            Phase("stay", loose + away + see.going + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        see.before(step.arguments.get("until")),
    )


def verify_seat(see: Signs, step: Step) -> Evidence:
    """The hand keeps still with what it holds in a hole: a pull to which nothing yields."""
    of, into = step.arguments["of"], step.arguments["into"]
    rests = see.unbroken((1.0 - see.going) * see.holds())
    pull = 1.0 - see.holds(see.tracks.owner[of]) + see.going + see.far(into, 0.025, 0.05, of)
    return Evidence(
        (Phase("pull", pull, True),),
        see.starts(rests),
        np.maximum(see.stops(rests), see.begins_to_open),
        see.before(step.arguments.get("until")),
    )


def bimanual_lift(see: Signs, step: Step) -> Evidence:
    """Both hands hold a thing and go up."""
    of = see.tracks.owner[step.arguments["of"]]
    loose = 1.0 - see.both_hold(of)
    return Evidence(
        (
            Phase("approach", see.works + see.other.works + IDLE * see.still),
            Phase("rise", loose + 1.0 - see.about(see.rising, 0.1), True),
            Phase("stop", loose + see.aside + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        1.0 - see.raised(of, float(step.arguments.get("by") or 0.05)),
    )


def carry_tray(see: Signs, step: Step) -> Evidence:
    """Both hands carry a thing to its place, let go of it there and draw back."""
    both, off = see.both_hold(see.tracks.owner[step.arguments["of"]]), _off(see, step)
    return Evidence(
        (
            Phase("carry", 1.0 - both + 0.5 * see.rising),
            Phase("let go", 1.0 - see.about(see.opens, 0.15) + off, True),
            Phase("out", both + off + see.works + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        np.maximum(1.0 - see.drawn_back, see.about(see.touches(), 0.1)),
    )


def switch_hands(see: Signs, step: Step) -> Evidence:
    """The other hand holds a thing, then both, then this one alone."""
    of = step.arguments["of"]
    takes, gives = see.holds(of), see.other.holds(of)
    return Evidence(
        (
            Phase("bring", 1.0 - gives + takes),
            Phase("pass", 1.0 - see.both_hold(of), True),
            Phase("give", 1.0 - takes + gives + AFTER),
        ),
        see.other.sets_off,
        np.maximum(see.sets_off, see.stops(see.other.going)),
        np.maximum(gives, 1.0 - takes),
    )


def pour(see: Signs, step: Step) -> Evidence:
    """What is held tips over until the level of what is filled begins to rise."""
    lip, runs = step.arguments["lip"], see.runs(step.arguments["gauge"])
    loose = 1.0 - see.holds(see.tracks.owner[lip])
    return Evidence(
        (
            Phase("bring", loose + runs + 0.5 * see.rising + IDLE * see.still),
            Phase("tilt", loose + runs + 1.0 - see.about(see.tips(lip), 0.1), True),
        ),
        see.sets_off,
        see.starts(runs),
        1.0 - see.leans(lip),
    )


def stop_at_level(see: Signs, step: Step) -> Evidence:
    """The level rises while what is held leans, and stops; what is held may be righted."""
    lip, runs = step.arguments["lip"], see.runs(step.arguments["gauge"])
    loose = 1.0 - see.holds(see.tracks.owner[lip])
    return Evidence(
        (
            Phase("run", loose + 1.0 - see.about(runs, 0.2) + 1.0 - see.leans(lip), True),
            Phase("right", loose + runs + see.tips(lip) + AFTER),
        ),
        see.starts(runs),
        see.sets_off,
        runs,
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


def press_on(see: Signs, step: Step) -> Evidence:
    """The hand comes down on a place, rests there touching it, and leaves."""
    site = step.arguments["at"]
    touched = see.touches(see.tracks.owner[site])
    press = 1.0 - see.about(touched, 0.2) + see.going + see.far(site, 0.06, 0.12)
    return _stroke(see, touched, press)


def wipe(see: Signs, step: Step) -> Evidence:
    """The hand goes to and fro between two places, touching what they are on."""
    ends = step.arguments["from"], step.arguments["to"]
    touched = see.touches(see.tracks.owner[ends[0]])
    once = step.arguments.get("strokes") == "1"
    swing = see.going if once else see.swings(see.tracks.position[ends[1]] - see.tracks.position[ends[0]])
    rub = 1.0 - see.about(touched, 0.5) + 1.0 - see.about(swing, 0.1) + see.off_line(*ends, 0.08, 0.15)
    return _stroke(see, touched, rub)


def stir(see: Signs, step: Step) -> Evidence:
    """The hand goes round low over the floor of a vessel."""
    site = step.arguments["in"]
    width = 0.05 + float(step.arguments.get("radius") or 0.025)
    low = 0.1 + float(step.arguments.get("above") or 0.015) + float(step.arguments.get("tip") or 0.0)
    way = see.tracks.hand(see.side) - see.tracks.position[site]
    out = np.maximum(ramp(np.hypot(way[:, 0], way[:, 1]), width, width + 0.05), ramp(way[:, 2], low, low + 0.05))
    return _stroke(see, np.zeros(see.n), out + 1.0 - see.about(see.rounds, 0.1))


def _stroke(see: Signs, touched: np.ndarray, work: np.ndarray) -> Evidence:
    """The way there, work on a surface, the way back."""
    return Evidence(
        (
            Phase("approach", touched + see.works + IDLE * see.still),
            Phase("work", work, True),
            Phase("away", touched + see.works + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        see.about(touched, 0.1),
    )


def look_at(see: Signs, step: Step) -> Evidence:
    """The head turns while the hands rest."""
    return Evidence(
        (Phase("turn", 1.0 - see.about(see.looks, 0.1) + 0.5 * (1.0 - see.quiet), True),),
        see.starts(see.looks),
        see.stops(see.looks),
        see.looks,
    )


def point_at(see: Signs, step: Step) -> Evidence:
    """The free hand goes, and rests with its fingers along the line to a place."""
    off = see.fingers_off(step.arguments["at"])
    return Evidence(
        (
            Phase("go", see.holds() + see.works + IDLE * see.still),
            Phase("point", see.holds() + see.works + off + see.going, True),
        ),
        see.sets_off,
        see.sets_off,
        off,
    )


def wait(see: Signs, step: Step) -> Evidence:
    """Nothing moves; what is waited for has come when it ends."""
    rests = see.unbroken(see.quiet)
    return Evidence(
        (Phase("rest", 1.0 - see.quiet, True),),
        see.starts(rests),
        see.stops(rests),
        see.before(step.arguments.get("until")),
    )


def hold_until(see: Signs, step: Step) -> Evidence:
    """The hand keeps still with what it holds."""
    rests = see.unbroken((1.0 - see.going) * see.holds())
    return Evidence(
        (Phase("hold", 1.0 - see.holds() + see.going, True),),
        see.starts(rests),
        see.stops(rests),
        see.before(step.arguments.get("subgoal")),
    )


def hold_until_pulled(see: Signs, step: Step) -> Evidence:
    """As `hold_until`; then the claw opens."""
    hold = hold_until(see, step)
    opens = Phase("let go", 1.0 - see.about(see.opens, 0.15) + see.going)
    return Evidence((*hold.phases, opens), hold.begins, see.stops(see.opens), see.holds())


def withdraw(see: Signs, step: Step) -> Evidence:
    """The free hand goes back along its fingers."""
    go = see.holds() + see.works + 1.0 - see.about(see.backwards, 0.2)
    return Evidence(
        (Phase("go", go, True), Phase("stop", see.holds() + see.going)),
        np.maximum(see.sets_off, see.stops(see.opens)),
        see.sets_off,
        np.zeros(see.n),
    )


def turn_knob(see: Signs, step: Step) -> Evidence:
    """The knob turns while the hand touches it; the way there and back, and other grips, belong to it."""
    body = see.tracks.owner[step.arguments["at"]]
    touched, turns = see.touches(body), np.zeros(see.n)
    for joint in see.tracks.joint:
        if see.tracks.owner[joint] == body:
            turns = np.maximum(turns, see.grows(joint) + see.grows(joint, -1.0))
    held = see.about(touched, 0.5)
    return Evidence(
        (
            Phase("approach", turns + see.holds() * (1.0 - held) + IDLE * see.still),
            Phase("turn", 1.0 - see.about(turns, 0.15) + 1.0 - held, True),
            Phase("away", turns + see.holds() + AFTER),
        ),
        see.sets_off,
        see.sets_off,
        np.maximum(see.about(touched, 0.1), see.before(step.arguments.get("until"))),
    )


def draw_over(see: Signs, step: Step) -> Evidence:
    """Both hands press on a cloth with claws that stay as they are, and go with it."""
    at = see.both_touch(step.arguments["of"])
    goes = see.about(np.maximum(see.going, see.other.going), 0.3)
    return Evidence(
        (
            Phase("come", at + IDLE * see.still * see.other.still),
            Phase("draw", 1.0 - at + 1.0 - goes + np.maximum(see.closes, see.opens), True),
            Phase("up", at + AFTER),
        ),
        see.sets_off,
        np.maximum(see.sets_off, see.other.sets_off),
        at,
    )


def pick_cloth(see: Signs, step: Step) -> Evidence:
    """The claws of both hands close at a cloth at once, and raise it a little."""
    at = see.both_touch(step.arguments["of"])
    closes = np.maximum(see.closes, see.other.closes)
    return Evidence(
        (
            Phase("hover", see.works + see.other.works + IDLE * see.still * see.other.still),
            Phase("close", 1.0 - at + 1.0 - see.about(closes, 0.3), True),
            Phase("raise", 1.0 - at + see.aside + AFTER),
        ),
        see.sets_off,
        np.maximum(see.sets_off, see.other.sets_off),
        np.maximum(1.0 - at, closes),
    )


def fold(see: Signs, step: Step) -> Evidence:
    """Both hands go with a cloth between their pads, open them, and draw back."""
    at = see.both_touch(step.arguments["of"])
    opens = np.maximum(see.opens, see.other.opens)
    return Evidence(
        (
            Phase("carry", 1.0 - at + 1.0 - see.about(see.going * see.other.going, 0.3) + opens, True),
            Phase("let go", 1.0 - see.about(opens, 0.3)),
            Phase("back", see.closes + see.other.closes + AFTER),
        ),
        np.maximum(see.sets_off, see.other.sets_off),
        see.sets_off,
        at,
    )


def draw_out(see: Signs, step: Step) -> Evidence:
    """The robot steps back and up again with a cloth between the pads of both hands."""
    moves = see.unbroken(see.walks, 2.0 * PAUSE)
    off = 1.0 - see.both_touch(step.arguments["of"])
    opens = np.maximum(see.opens, see.other.opens)
    return Evidence(
        (Phase("walk", 1.0 - see.about(moves, AFTER) + off + opens, True),), see.starts(moves), see.stops(moves), moves
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
    """A word that no reading tells: the hand does something."""
    return Evidence((Phase("move", IDLE + see.still, True),), see.sets_off, see.sets_off, np.zeros(see.n))


def _moves(see: Signs, step: Step) -> tuple[np.ndarray, np.ndarray]:
    """Whether the joint of a step moves up and down."""
    return see.grows(step.arguments["joint"]), see.grows(step.arguments["joint"], -1.0)


# done by no hand, or by both: read once, with the left one's signs
NOT_ONE_HAND = (
    "walk_to", "approach", "turn", "squat", "stand_up", "look_at", "wait", "wait_event", "bimanual_lift", "carry_tray",
    "draw_over", "pick_cloth", "draw_out", "fold_half", "go_to_end", "tow_end", "draw_end", "pick_end", "fling_out",
)  # fmt: skip

WORDS: dict[str, Callable[[Signs, Step], Evidence]] = {
    "reach": reach,
    "pinch": pinch,
    "pull_open": pull_open,
    "release": release,
    "push_open": push_open,
    "pick_rim": pick,
    "pick_from_above": pick,
    "grasp": pick,
    "grasp_bottle": pick,
    "regrasp_hot": regrasp,
    "pick_part": regrasp,
    "bimanual_lift": bimanual_lift,
    "switch_hands": switch_hands,
    "lift": lift,
    "carry_level": carry_level,
    "carry_over": carry_over,
    "unload": unload,
    "offer_handle": offer,
    "place_inside": place,
    "place": place,
    "place_on": place_on,
    "set_down": set_down,
    "stack": set_down,
    "place_in_slot": set_down,
    "load_fixture": set_down,
    "carry_tray": carry_tray,
    "align": align,
    "insert_press": insert_press,
    "verify_seat": verify_seat,
    "pour_liquid": pour,
    "stop_at_level": stop_at_level,
    "push": push,
    "push_close": push_close,
    "press_key": press_key,
    "turn_knob": turn_knob,
    "press_on": press_on,
    "wipe": wipe,
    "stir": stir,
    "draw_over": draw_over,
    "pick_cloth": pick_cloth,
    "draw_out": draw_out,
    "fold_half": fold,
    "tow_end": draw_over,
    "draw_end": draw_over,
    "pick_end": pick_cloth,
    "fling_out": fold,
    "look_at": look_at,
    "point_at": point_at,
    "wait": wait,
    "wait_event": wait,
    "hold_until": hold_until,
    "hold_until_pulled": hold_until_pulled,
    "withdraw": withdraw,
    "home": home,
    "walk_to": walk,
    "go_to_end": walk,
    "approach": walk,
    "turn": turn,
    "squat": squat,
    "stand_up": stand_up,
}

# Words that positions, contacts and the claw cannot tell, and why. Their segments are marked as told by motion alone.
UNTOLD: dict[str, str] = {
    "squeeze": "a force changes, and nothing moves",
}


def evidence(see: Signs, step: Step) -> Evidence:
    """What speaks for a step of the chain when one hand is looked at."""
    return WORDS.get(step.word, motion)(see, step)
