"""Skills that fit one part to another: brought before its hole, pressed in until it clicks, pulled to see whether it holds."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..recognition import carrying, fitting, taking
from .arm import turn_z
from .fitting import PITCHES, Pose, about, bring, correct, hand_for, headings, move_held, off, planned, slide
from .flaps import whole
from .gentle import close_gently
from .operator_state import Motion, OperatorState
from .primitives import CARRY, PUT, TAKE, VERIFY
from .skill import Argument, Label, Skill

FEED = 0.03  # m/s, of a part that comes to its hole
BEHIND = 0.003  # m, of the hand behind its command: something stands in the way
BEFORE = 0.06  # m, out of its place, from where a part is brought into it
ROUND, TRIED = 24, 8  # ways in which a round thing may be turned about the vertical, and how many of them are tried
SIDES_OF_ROUND, TAKEN = 12, 6  # sides from which a round thing may be taken (15 deg apart), and how many are tried
PRESS_RATE = 25.0  # N/s, slow enough that a click is felt at its own force
OF = Argument("site", "the site of what is held that goes in, x axis out of the hole")
INTO = Argument("site", "the hole's mouth, x axis out of it")


class Align(Skill):
    """Bring what is held before a hole, in line with it, and look whether it is."""

    word = "carry"
    how = "aligned"
    label = Label(
        en=("align", "the {hand} hand brings the {about} before the {into}"),
        zh=("对准", "{hand}手把{about}对准{into}"),
        shows=fitting.align,
    )
    arguments: ClassVar = CARRY(
        "hand",
        of=OF,
        into=INTO,
        standoff=CARRY.at("standoff", "distance that is left before the mouth", 0.015),
        aside=CARRY.at("aside", "how far beside the hole's axis it is brought, along the hole's y axis", 0.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        further, target, home = (
            before(state, self.into, d, self.aside) for d in (self.standoff + 0.06, self.standoff, 0.0)
        )
        row = [further, target, home]
        yield from bring(state, self.hand, self.of, row, [state.part_of(self.into)], self.speed)
        yield from state.pause()
        yield from move_held(state, self.hand, self.of, target, 0.1)
        yield from correct(state, self.hand, self.of, target)


class InsertPress(Skill):
    """Press what is held into a hole with a growing force, until it has gone in as far as it shall, or the force is reached."""

    word = "put"
    how = "pressed"
    label = Label(
        en=("press in", "the {hand} hand presses the {about} into the {into}"),
        zh=("压入", "{hand}手把{about}压入{into}"),
        shows=fitting.insert_press,
    )
    arguments: ClassVar = PUT(
        "hand",
        of=OF,
        into=INTO,
        depth=Argument("length", "how deep the site has to be in the hole"),
        force=PUT.at("force", "largest push", 75.0),
        until=PUT.at("until", "the subgoal at which it ends, where the depth alone does not tell", None),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        mouth, rotation = state.site(self.into)
        inward = -rotation[:, 0]

        def depth() -> float:
            return float((state.site(self.of)[0] - mouth) @ inward)

        behind = min(BEHIND, self.force * float(inward @ arm.compliance() @ inward))  # a weak hand gives way at once

        def met() -> bool:
            return float((arm.hand()[0] - state.site(f"{self.hand}_tcp")[0]) @ inward) > behind or depth() > self.depth

        position, frame = arm.hand()
        way = (self.depth - depth()) * inward
        yield from arm.follow(arm.line([(position + way, frame)], FEED, orient=0.5), met, tremor=0.0, brake=1.0)

        def there() -> bool:
            return depth() > self.depth or state.reached(self.until)

        if not there():
            yield from arm.press(self.force, PRESS_RATE, lambda: arm.yielding(inward), there, hold=0.6)
        yield from arm.hold(0.4)


class VerifySeat(Skill):
    """Pull at what has been pressed in, for a time, to see whether it holds."""

    word = "verify"
    label = Label(
        en=("pull to check", "the {hand} hand pulls at the {about} to see whether it holds"),
        zh=("拉拔确认", "{hand}手拉一下{about}，看是否装牢"),
        shows=fitting.verify_seat,
    )
    arguments: ClassVar = VERIFY("hand of into until", force=14.0, time=1.4)

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        out = state.site(self.into)[1][:, 0]
        held = state.until(self.until) or (lambda: False)
        yield from arm.press(self.force, 20.0, lambda: arm.yielding(out, loose=0.0), held, hold=self.time)
        yield from arm.hold(0.3)


class PlaceInSlot(Skill):
    """Set what is held down in its slot, as the slot's site lies, and let go of it."""

    word = "put"
    how = "slot"
    label = Label(
        en=("put into slot", "the {hand} hand puts the {about} into the {upon}"),
        zh=("放入槽位", "{hand}手把{about}放进{upon}"),
        shows=carrying.set_down,
    )
    arguments: ClassVar = PUT(
        "hand",
        of=PUT.at("of", "the site of what is held that comes to lie at the slot's"),
        upon=PUT.at("upon", "how and where it shall lie, z axis out of the slot"),
        above=0.05,
        high=0.09,
        force=6.0,
        opening=0.05,
        retreat=PUT.at("retreat", "how far the hand draws back along its fingers", 0.10),
        brushes=Argument("word", "whether the hand may come to what else the slot's part has, such as flaps", "no", ("no", "yes")),
        stays=Argument("word", "whether it is carried along when what it is put into is carried later", "no", ("no", "yes")),
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        touch = whole(state, self.upon) if self.brushes == "yes" else [state.part_of(self.upon)]
        yield from set_down(self, state, self.upon, feed=0.06, touch=touch)
        if self.stays == "yes":
            state.put_into[self.of.split("/")[0]] = self.upon.split("/")[0]


class LoadFixture(Skill):
    """Lower what is held onto the pins of a fixture, which lead it in, press it home and let go of it."""

    word = "put"
    how = "on_pins"
    label = Label(
        en=("put onto fixture", "the {hand} hand puts the {about} onto the {upon}"),
        zh=("装上夹具", "{hand}手把{about}装到{upon}上"),
        shows=carrying.set_down,
    )
    arguments: ClassVar = PUT(
        "hand",
        of=PUT.at("of", "the site of what is held that comes to lie at the seat's"),
        upon=PUT.at("upon", "the seat between the pins, z axis along them"),
        above=0.03,
        high=0.09,
        turn=PUT.at("turn", PUT.shared["turn"].doc + ": what is round", "keep"),
        force=15.0,
        opening=0.05,
        retreat=PUT.at("retreat", "how far the hand draws back along its fingers", 0.10),
        speed=0.35,
    )

    def run(self, state: OperatorState) -> Motion:
        yield from set_down(self, state, self.upon, feed=FEED, touch=[state.part_of(self.upon)])


def before(state: OperatorState, site: str, distance: float, aside: float = 0.0) -> Pose:
    """A pose in line with a hole's mouth, so far [m] out of it, and so far beside it."""
    position, rotation = state.site(site)
    return position + distance * rotation[:, 0] + aside * rotation[:, 1], rotation


def free_turns(state: OperatorState, side: str, held: str, lying: Pose) -> list[float]:
    """[rad] by which a round thing may be turned where it comes to lie: those first with which the arm points to there."""
    turns = 2.0 * np.pi * np.arange(ROUND) / ROUND
    frames = [hand_for(state, side, held, (lying[0], turn_z(turn) @ lying[1]))[1] for turn in turns]
    order = headings(state, side, lying[0], frames)
    return [float(turns[next(i for i, f in enumerate(frames) if f is frame)]) for frame in order[:TRIED]]


def set_down(skill: Skill, state: OperatorState, place: str, feed: float, touch: list[str]) -> Motion:
    """Bring what is held over a place, correct it, lower it until it lies, press it down, let go and draw back."""
    arm = state.arms[skill.hand]
    position, rotation = state.site(place)
    position = position + state.aim()
    out = rotation[:, 2]
    high = (position + skill.high * out, rotation)
    above = (position + skill.above * out, rotation)
    lying = (position, rotation)
    turns = free_turns(state, skill.hand, skill.of, lying) if getattr(skill, "turn", "keep") == "free" else [0.0]
    turn = yield from bring(state, skill.hand, skill.of, [high, above, lying], touch, skill.speed, turns)
    rotation = turn_z(turn) @ rotation
    above = (above[0], rotation)
    yield from state.pause()
    yield from move_held(state, skill.hand, skill.of, above, 0.15)
    yield from correct(state, skill.hand, skill.of, above)

    def lies() -> bool:
        return float((state.site(skill.of)[0] - position) @ out) < 5e-4

    def met() -> bool:
        return lies() or float((state.site(f"{skill.hand}_tcp")[0] - arm.hand()[0]) @ out) > 2.0 * BEHIND

    way, _ = off(state, skill.of, (position, rotation))
    hand, frame = arm.hand()
    yield from arm.follow(arm.line([(hand + way - 0.001 * out, frame)], feed, orient=0.5), met, tremor=0.0, brake=1.0)
    if not lies():
        yield from arm.press(skill.force, PRESS_RATE, lambda: arm.yielding(-out), lies, hold=0.4)
    yield from arm.hold(0.25)
    yield from state.let_go(skill.hand, skill.opening, 0.6)
    frame = arm.hand()[1]
    yield from slide(arm, -skill.retreat * frame[:, 2], 0.2)


class PickPart(Skill):
    """Come from before and above, fingers on either side of a part, close and lift it straight out."""

    word = "take"
    how = "part"
    label = Label(
        en=("pick up part", "the {hand} hand picks up the {of}"),
        zh=("拿起零件", "{hand}手拿起{of}"),
        shows=taking.regrasp,
        grips=True,
    )
    arguments: ClassVar = TAKE(
        "hand of",
        at=TAKE.at("at", "what is pinched; the pads close along its y axis"),
        pitch=0.70,
        turn=Argument("word", "any: it is round; keep: the pads close along the site's y axis", "keep", ("any", "keep")),
        back=0.0,
        opening=0.045,
        force=60.0,
        width=Argument("length", "how wide it is between the pads, where they shall close slowly: it bears little", None),
        standoff=0.08,
        over=Argument("site", "of what it lies on, where the fingers may come near to that", None),
        draw=Argument("length", "how far it is drawn out along the fingers before it is lifted", 0.0),
        by=0.08,
        fits=Argument("site", "the site of the part that will be fitted, so that it is taken as it can be", None),
        into=TAKE.at("into", "where that will come to lie", None),
        out=Argument("word", "axis of `into` that leads out of there", "z", ("x", "z")),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, self.opening)
        shoulder = state.site(f"{self.hand}_shoulder")[0]
        position, rotation = state.site(self.at)
        across = [rotation[:, 1]]
        if self.turn == "any":
            across = [turn_z(turn) @ rotation[:, 1] for turn in np.pi * np.arange(SIDES_OF_ROUND) / SIDES_OF_ROUND]
        frames = [
            frame
            for more in PITCHES
            for turned in (False, True)
            for frame in headings(
                state,
                self.hand,
                position,
                [about(way, self.pitch + more, shoulder, position, turned) for way in across],
            )[:TAKEN]
        ]

        def row(frame: np.ndarray) -> list[Pose]:
            goal = position - self.back * frame[:, 2]
            lifted = goal - self.draw * frame[:, 2] + np.array([0.0, 0.0, self.by])
            return [(goal - self.standoff * frame[:, 2], frame), (goal, frame), (lifted, frame)]

        rows, touch = [row(frame) for frame in frames], [self.of, state.part_of(self.at)]
        touch += [] if self.over is None else [state.part_of(self.over)]
        later = [] if None in (self.fits, self.into) else [self._fitted(state, *row[1]) for row in rows]
        _, path, found = planned(state, self.hand, rows, touch, self.speed, later)
        yield from arm.follow(path)
        yield from state.pause()
        frame = arm.hand(found[0])[1]
        position, _ = state.site(self.at)
        goal = position - self.back * frame[:, 2]
        seen, _ = state.site(f"{self.hand}_tcp")
        yield from arm.follow(arm.line([(goal + arm.hand()[0] - seen, frame)], 0.15, orient=0.4), tremor=0.4)
        yield from arm.hold(0.2)
        if self.width is None:
            yield from state.grip(self.hand, self.force)
        else:
            yield from close_gently(state, self.hand, self.width, self.force)
        state.hold_on(self.hand, self.of)
        if self.draw:
            yield from slide(arm, -self.draw * arm.hand()[1][:, 2], 0.08)
        yield from slide(arm, np.array([0.0, 0.0, self.by]), 0.15)

    def _fitted(self, state: OperatorState, hand: np.ndarray, frame: np.ndarray) -> list[Pose]:
        """Hand poses in which what is taken so will be before its place, and in it."""
        at, rotation = state.site(self.fits)
        position, place = state.site(self.into)
        turned = place @ rotation.T
        there = position + turned @ (hand - at)
        return [(there + d * place[:, "xyz".index(self.out)], turned @ frame) for d in (BEFORE, 0.0)]
