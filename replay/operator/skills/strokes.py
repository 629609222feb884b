"""Skills that move along a surface or in a vessel: pushed over a table, wiped with a force, stirred, pressed upon."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ..recognition import pushing, strokes
from .arm import hand_frame, turned_between
from .hands import UP
from .operator_state import Motion, OperatorState
from .primitives import PRESS, STROKE
from .skill import Argument, Label, Skill

STEEP = np.deg2rad([62.0, 50.0, 75.0])  # how far the closed fingers point down while they stroke
ASIDE = np.deg2rad([0.0, 25.0, -25.0, 50.0, -50.0])
HELD_AS = ("elbow_out", "from_above", "elbow_in")
POINT = (0.15, 0.15, 0.03)  # weights of the orientation: the fingers' direction counts, not how the hand is rolled
STRIDE = 0.03  # m, after which a push is aimed anew
ASTRAY = 0.003  # m, off the line through the thing and its place, from where the fingertips go round it
CLEAR = 0.012  # m, that they keep from it on the way
GROWING = 100.0  # N/s, at which a hand leans on a surface, or lets up
LARGEST = 60.0  # N, that it leans or lets up at most: the way itself may lie a little in the surface or over it
LEARNING = 0.25  # share of a force's error that is mended in a control step
TOUCH = 1.0  # N, of a contact that is felt
SLOW = 0.08  # m/s, towards a surface


def pointing_down(
    state: OperatorState, hand: str, tips: list[np.ndarray], heading: float, touch: list[str], steeps: np.ndarray = STEEP
) -> tuple[list[np.ndarray], np.ndarray]:
    """Joint angles for fingertip places, one after the other, and the hand's rotation: steep, about along a heading, with room."""
    arm = state.arms[hand]
    best: tuple[float, list[np.ndarray], np.ndarray] = (np.inf, [], np.eye(3))
    for name in HELD_AS:
        like = state.arms[hand].posture(name)
        near = arm.hand(like)[1]
        for turn in ASIDE:
            for steep in steeps:
                frame = min(
                    (hand_frame(heading + turn, steep, roll) for roll in (0.0, np.pi)),
                    key=lambda f: turned_between(f, near),
                )
                score, found = state.goal(
                    hand, [[(tip - state.hand.tip_end * frame[:, 2], frame) for tip in tips]], like, POINT, touch
                )
                if score < best[0]:
                    best = (score, found, frame)
                if score < 0.3:
                    return found, frame
    return best[1], best[2]


def ahead_of(state: OperatorState, hand: str, at: np.ndarray) -> float:
    """Direction [rad] from a hand's shoulder to a place."""
    away = at - state.site(f"{hand}_shoulder")[0]
    return float(np.arctan2(away[1], away[0]))


class Push(Skill):
    """Push a thing over the surface that it stands on, with the closed fingertips, until a site of it has come to a place.

    One point alone pushes a thing off to a side by and by. So it is aimed anew every 30 mm, and where the fingertips no longer
    stand behind the thing, they go back and round it first. It ends when the site is within `within` of the place, or past it.
    """

    word = "stroke"
    how = "push"
    label = Label(
        en=("push", "the {hand} hand pushes the {about} to the {to}"),
        zh=("推动", "{hand}手把{about}推到{to}"),
        shows=pushing.push,
    )
    arguments: ClassVar = STROKE(
        "hand",
        of=STROKE.at("of", "the site of the thing that shall come to the place, at its foot"),
        to=STROKE.at("to", "the place"),
        radius=STROKE.at("radius", "how far behind the site the thing is touched"),
        height=STROKE.at("height", "above the site, where it is touched", 0.03),
        within=Argument("length", "how near the site has to come", 0.015),
        speed=0.10,
    )

    def run(self, state: OperatorState) -> Motion:
        arm, thing = state.arms[self.hand], state.part_of(self.of)
        state.open_claw(self.hand, 0.0)
        start, way, left = self._line(state)
        behind = start - (self.radius + 0.03) * way + self.height * UP
        high = behind + 0.12 * UP
        ends = start + (left - self.radius) * way + self.height * UP
        found, frame = pointing_down(state, self.hand, [high, behind, ends], ahead_of(state, self.hand, start), [thing])
        yield from arm.follow(state.way(self.hand, found[0], 0.4))
        yield from arm.follow(arm.line([(behind - state.hand.tip_end * frame[:, 2], frame)], 0.2, orient=POINT), tremor=0.3)
        first = way

        def there() -> bool:
            _, now, rest = self._line(state)
            return rest < self.within or float(now @ first) < 0.0

        for _ in range(2 * int(left / STRIDE) + 12):
            at, way, left = self._line(state)
            position, _ = arm.hand()
            tip = position + state.hand.tip_end * frame[:, 2]
            beside = at - tip - float((at - tip) @ way) * way
            if np.linalg.norm(beside[:2]) > ASTRAY:
                round_it = at - (self.radius + CLEAR) * way + self.height * UP
                poses = [(position - CLEAR * way, frame), (round_it - state.hand.tip_end * frame[:, 2], frame)]
                yield from arm.follow(arm.line(poses, 0.15, orient=POINT), tremor=0.0)
            goal = at + (min(STRIDE, left) - self.radius) * way + self.height * UP
            done = yield from arm.follow(
                arm.line([(goal - state.hand.tip_end * frame[:, 2], frame)], self.speed, orient=POINT),
                there,
                tremor=0.3,
                brake=1.0,
            )
            if done:
                break
        position, _ = arm.hand()
        yield from arm.follow(
            arm.line([(position - 0.04 * way, frame), (position + 0.12 * UP, frame)], 0.3, orient=POINT)
        )

    def _line(self, state: OperatorState) -> tuple[np.ndarray, np.ndarray, float]:
        """Where the thing is, the level direction to its place, and how far that is [m]."""
        at = state.site(self.of)[0]
        rest = state.site(self.to)[0] - at
        rest[2] = 0.0
        left = float(np.linalg.norm(rest))
        return at, rest / max(left, 1e-9), left


class Wipe(Skill):
    """Rub over a surface from one place to another and back, leaning on it with a force.

    The force that the fingers feel is kept near the one that is said: how hard the arm leans is mended at every control step.
    Bare rubber fingertips catch and skip on dry wood (friction 0.9); on what is wet or smooth (0.4) they glide.
    """

    word = "stroke"
    how = "wipe"
    label = Label(
        en=("wipe", "the {hand} hand wipes from the {from} to the {to}"),
        zh=("擦拭", "{hand}手从{from}擦到{to}"),
        shows=strokes.wipe,
        about="from",
    )
    arguments: ClassVar = STROKE(
        "hand from",
        to=STROKE.at("to", "where it turns"),
        force=15.0,
        strokes=Argument("word", "how often over it, back counted", "2", ("1", "2", "3", "4", "6", "8")),
        speed=0.12,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.0)
        ends = [state.site(getattr(self, "from"))[0], state.site(self.to)[0]]
        surface = [state.part_of(getattr(self, "from"))]
        tips = [ends[0] + 0.08 * UP, ends[0] + 0.004 * UP, ends[1] + 0.004 * UP]
        found, frame = pointing_down(state, self.hand, tips, ahead_of(state, self.hand, ends[0]), surface)
        yield from arm.follow(state.way(self.hand, found[0], 0.4))
        feel = Leaning(state, self.hand, self.force)
        yield from arm.follow(
            arm.line([(ends[0] + 0.002 * UP - state.hand.tip_end * frame[:, 2], frame)], SLOW, orient=POINT), tremor=0.0
        )
        yield from feel.during(arm.hold(self.force / GROWING + 0.5))
        for k in range(int(self.strokes)):
            goal = ends[(k + 1) % 2] + 0.002 * UP - state.hand.tip_end * frame[:, 2]
            yield from feel.during(arm.follow(arm.line([(goal, frame)], self.speed, orient=POINT), tremor=0.0))
        yield from feel.off()
        position, _ = arm.hand()
        yield from arm.follow(arm.line([(position + 0.10 * UP, frame)], 0.3, orient=POINT))


class PressOn(Skill):
    """Come down with the closed fingertips until a surface is felt, lean on it with a force for a while, and draw back.

    It stops where the surface is, wherever that is; one that lies lower by more than `past` is not reached, and not pressed.
    """

    word = "press"
    how = "surface"
    label = Label(
        en=("press on", "the {hand} hand presses on the {at}"),
        zh=("压住", "{hand}手压住{at}"),
        shows=strokes.press_on,
        about="at",
    )
    arguments: ClassVar = PRESS(
        "hand",
        at=PRESS.at("at", "where, on the surface, z out of it"),
        force=20.0,
        time=0.5,
        past=Argument("length", "how far below the site it feels for the surface", 0.03),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.0)
        at = state.site(self.at)[0]
        found, frame = pointing_down(
            state, self.hand, [at + 0.08 * UP, at + 0.01 * UP], ahead_of(state, self.hand, at), [state.part_of(self.at)]
        )
        yield from arm.follow(state.way(self.hand, found[0], 0.4))
        low = at - self.past * UP - state.hand.tip_end * frame[:, 2]

        def touched() -> bool:
            return float(state.touch(self.hand).sum()) > TOUCH

        if (yield from arm.follow(arm.line([(low, frame)], 0.03, orient=POINT), touched, tremor=0.0, brake=1.0)):
            feel = Leaning(state, self.hand, self.force)
            yield from feel.during(arm.hold(self.force / GROWING + self.time))
            yield from feel.off()
        position, _ = arm.hand()
        yield from arm.follow(arm.line([(position + 0.10 * UP, frame)], 0.3, orient=POINT))


class Stir(Skill):
    """Stir round in a vessel with the closed fingertips, or with the end of what is held."""

    word = "stroke"
    how = "stir"
    label = Label(
        en=("stir", "the {hand} hand stirs in the {into}"),
        zh=("搅拌", "{hand}手在{into}里搅拌"),
        shows=strokes.stir,
        about="into",
    )
    arguments: ClassVar = STROKE(
        "hand into",
        radius=STROKE.at("radius", "of the round", 0.025),
        height=STROKE.at("height", "height of the tip over the floor", 0.015),
        over=Argument("length", "height over the floor from which it comes down and to which it goes up", 0.15),
        tip=Argument("length", "how far the end of what is held lies before the fingertips", 0.0),
        rounds=Argument("word", "how often round", "3", ("1", "2", "3", "5", "8")),
        speed=STROKE.at("speed", "of the tip", 0.10),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        if self.tip == 0.0:
            state.open_claw(self.hand, 0.0)
        middle = state.site(self.into)[0]
        reach = state.hand.tip_end + self.tip

        def at(angle: float, height: float) -> np.ndarray:
            return middle + self.radius * np.array([np.cos(angle), np.sin(angle), 0.0]) + height * UP

        tips = [at(0.0, self.over), at(0.0, self.height), at(np.pi / 2, self.height), at(np.pi, self.height)]
        shift = self.tip * UP  # the search is for the fingertips: what is held hangs about straight below them
        vessel = state.part_of(self.into)
        found, frame = pointing_down(
            state, self.hand, [t + shift for t in tips], ahead_of(state, self.hand, middle), [vessel]
        )
        yield from arm.follow(state.way(self.hand, found[0], 0.4))
        yield from arm.follow(arm.line([(tips[1] - reach * frame[:, 2], frame)], SLOW, orient=POINT), tremor=0.0)
        angles = np.linspace(0.0, 2.0 * np.pi * int(self.rounds), 12 * int(self.rounds) + 1)[1:]
        poses = [(at(angle, self.height) - reach * frame[:, 2], frame) for angle in angles]
        yield from arm.follow(arm.line(poses, self.speed, orient=POINT), tremor=0.3)
        yield from arm.follow(arm.line([(tips[0] - reach * frame[:, 2], frame)], 0.2, orient=POINT))


class Leaning:
    """Keeps the force of a hand on what is below it, whatever the hand does beside."""

    def __init__(self, state: OperatorState, hand: str, force: float):
        self.state, self.hand, self.force = state, hand, force
        self._now = 0.0

    def during(self, motion: Motion) -> Motion:
        """Go on with a motion while leaning."""
        arm = self.state.arms[self.hand]
        rate = GROWING * self.state.timestep
        for _ in motion:
            missing = self.force - float(self.state.touch(self.hand).sum())
            self._now = float(np.clip(self._now + np.clip(LEARNING * missing, -rate, rate), -LARGEST, LARGEST))
            arm.lean(self._now * arm.yielding(-UP))
            yield

    def off(self) -> Motion:
        """Lean no longer."""
        self.state.arms[self.hand].ease()
        yield from self.state.arms[self.hand].hold(0.3)
