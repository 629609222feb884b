"""Skills for what slides: a drawer that is pushed shut, a spread that is drawn by its corner, a pillow that two hands draw straight."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ....scenarios.robot_folder import SIDES
from ..recognition import carrying, pushing
from .arm import turn_z
from .fitting import WEIGHT, slide
from .hands import HAND, TURNS, UP, facing
from .operator_state import Motion, OperatorState
from .primitives import LIFT
from .skill import Argument, Label, Skill
from .strokes import POINT
from .trays import even, shift, together

SHUT = 2.0e-3  # m, from its stop at which a drawer counts as shut
LOOKS = 4  # how often what was drawn is looked at and drawn on
HELD_AS = ("elbow_out", "ready", "elbow_in", "raised")
PITCHES = np.deg2rad([12.0, 25.0, 38.0])
LOWERED = 0.5  # share of what it was raised by that both hands come down again before they let go
LOOSENS = 0.012  # m, by which what may still stick is raised slowly
STRIDES = 0.15  # rad, by which what both hands hold turns from one pose of a way to the next, at most


class PushShut(Skill):
    """Push a drawer shut with the closed fingertips on its front, slowly at the end, until it is shut or pushes back too hard."""

    word = "move_joint"
    how = "front"
    label = Label(
        en=("push shut", "the {hand} hand pushes the {joint} shut"),
        zh=("推上抽屉", "{hand}手推上{joint}"),
        shows=pushing.push_close,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "joint": Argument("joint", "the drawer's slide; it is shut at zero"),
        "at": Argument("site", "on its front, x axis out of it"),
        "aside": Argument("length", "how far beside the site it is pushed, along the site's y axis", 0.0),
        "standoff": Argument("length", "distance of the fingertips before they push", 0.05),
        "force": Argument("force", "with which it pushes at most", 30.0),
        "past": Argument(
            "length", "how far beyond its stop the fingertips aim: friction keeps the hand behind its command", 0.003
        ),
        "watched": Argument("word", "whether it ends once the drawer is seen to be shut", "yes", ("yes", "no")),
        "slow": Argument("speed", "of the last 30 mm", 0.04),
        "speed": Argument("speed", "of the push", 0.15),
        "until": Argument("subgoal", "the subgoal at which it ends", None),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        state.open_claw(self.hand, 0.0)
        left = state.joint(self.joint)
        site, rotation = state.site(self.at)
        out, at = rotation[:, 0], site + self.aside * rotation[:, 1] + state.aim()
        best: tuple[float, list[np.ndarray]] = (np.inf, [])
        for name in HELD_AS:
            like = state.arms[self.hand].posture(name)
            frames = [arm.frame(facing(rotation) + turn, pitch, like) for pitch in PITCHES for turn in TURNS]
            ends = (self.standoff, 0.0, -left - self.past)
            rows = [[(at + d * out - state.hand.tip_end * f[:, 2], f) for d in ends] for f in frames]
            best = min(best, state.goal(self.hand, rows, like, POINT, [state.part_of(self.at)]), key=lambda b: b[0])
            if best[0] < 0.5:
                break
        found = best[1]
        yield from arm.follow(state.way(self.hand, found[0], 0.4))
        yield from state.pause()
        frame = arm.hand(found[0])[1]
        behind = self.force * float(np.linalg.norm(arm.compliance() @ out))

        def enough() -> bool:
            hard = float(np.linalg.norm(arm.hand()[0] - state.site(f"{self.hand}_tcp")[0])) > behind
            shut = self.watched == "yes" and state.joint(self.joint) < SHUT
            return hard or shut or state.reached(self.until)

        def near() -> bool:
            return state.joint(self.joint) < 0.03

        def to(d: float) -> tuple[np.ndarray, np.ndarray]:
            return at + d * out - state.hand.tip_end * frame[:, 2], frame

        yield from arm.follow(arm.line([to(0.002)], 0.12, orient=POINT), tremor=0.3)
        if left > 0.03:
            yield from arm.follow(
                arm.line([to(-left + 0.02)], self.speed, orient=POINT), lambda: near() or enough(), tremor=0.3
            )
        yield from arm.follow(arm.line([to(-left - self.past)], self.slow, orient=POINT), enough, tremor=0.0, brake=1.0)
        yield from arm.hold(0.2)
        yield from slide(arm, self.standoff * out, 0.2)


class DrawTo(Skill):
    """Draw what is held over the surface that it lies on until a site of it has come to a place; let go, and draw the hand back.

    It is looked at when it has come to rest, and drawn on by what is missing. What is taut is not drawn on: it ends when it pulls back.
    """

    word = "put"
    how = "drawn"
    label = Label(
        en=("draw to its place", "the {hand} hand draws the {of} to the {upon}"),
        zh=("拉到位", "{hand}手把{of}拉到{upon}"),
        shows=carrying.set_down,
    )
    arguments: ClassVar = {
        "hand": HAND,
        "of": Argument("site", "the site that comes to the place; what is held may be another part of the thing"),
        "upon": Argument("site", "the place"),
        "within": Argument("length", "how near it has to come", 0.012),
        "opening": Argument("length", "gap between the pads when it has let go", 0.06),
        "retreat": Argument("length", "how far the hand draws back along its fingers", 0.12),
        "force": Argument("force", "with which it is drawn at most", 40.0),
        "speed": Argument("speed", "with which it is drawn", 0.08),
    }

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        for _ in range(LOOKS):
            way = state.site(self.upon)[0] + state.aim() - state.site(self.of)[0]
            way[2] = 0.0
            missing = float(np.linalg.norm(way))
            if missing < self.within:
                break
            ahead = way / missing
            behind = self.force * float(np.linalg.norm(arm.compliance() @ ahead))

            def taut(ahead: np.ndarray = ahead, behind: float = behind) -> bool:
                return float((arm.hand()[0] - state.site(f"{self.hand}_tcp")[0]) @ ahead) > behind

            position, frame = arm.hand()
            path = arm.line([(position + way, frame)], self.speed, orient=WEIGHT)
            if (yield from arm.follow(path, taut, tremor=0.0, brake=1.0)):
                break
            yield from arm.hold(0.3)
        yield from state.let_go(self.hand, self.opening, 0.6)
        yield from slide(arm, -self.retreat * arm.hand()[1][:, 2], 0.2)


class LiftOff(Skill):
    """Slide what is held aside over what it sticks to, towards a wall that holds the other one back, then raise it.

    What sticks flat is hard to pull off straight, and easily slid. Sliding ends once it is seen to lie far enough aside, when
    its side is before the wall, or when something pushes back. It is raised slowly at first, so that the other one stays behind.
    """

    word = "lift"
    how = "slid"
    label = Label(
        en=("slide off and lift", "the {hand} hand slides the {of} aside and lifts it off"),
        zh=("错开并提起", "{hand}手把{of}错开后提起"),
        shows=carrying.lift,
    )
    arguments: ClassVar = LIFT(
        "hand by",
        of=Argument("site", "the middle of what is held"),
        against=Argument("site", "in the wall, x axis into it"),
        radius=Argument("length", "from that middle to the side of what is held"),
        past=Argument("site", "the middle of what it sticks to"),
        enough=Argument("length", "how far aside of that it has to lie", 0.02),
        short=Argument("length", "how far before the wall it ends", 0.003),
        force=Argument("force", "with which it pushes at most", 25.0),
        sliding=Argument("speed", "with which it is slid", 0.05),
        loosening=Argument("speed", "of the first part of the rise", 0.02),
        speed=0.15,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        wall, rotation = state.site(self.against)
        into = rotation[:, 0]

        def enough() -> bool:
            return float((state.site(self.of)[0] - state.site(self.past)[0]) @ into) > self.enough

        behind = self.force * float(np.linalg.norm(arm.compliance() @ into))

        def met() -> bool:
            return float((arm.hand()[0] - state.site(f"{self.hand}_tcp")[0]) @ into) > behind or enough()

        left = float((wall - state.site(self.of)[0]) @ into) - self.radius - self.short
        if left > 0.0:
            position, frame = arm.hand()
            path = arm.line([(position + left * into, frame)], self.sliding, orient=WEIGHT)
            yield from arm.follow(path, met, tremor=0.0, brake=1.0)
        yield from arm.hold(0.2)
        yield from slide(arm, LOOSENS * UP, self.loosening)
        yield from slide(arm, (self.by - LOOSENS) * UP, self.speed)


class LayStraight(Skill):
    """Raise a thing that both hands hold by one side a little, draw and turn it until it lies as a place says, let it down and let go.

    Only how it lies seen from above counts. It is looked at when it has come to rest, and moved by what is missing.
    """

    word = "put"
    how = "straight"
    label = Label(
        en=("lay straight", "both hands lay the {of} straight on the {upon}"),
        zh=("摆正", "双手把{of}在{upon}摆正"),
        shows=carrying.carry_tray,
    )
    hands = "Both hands"
    arguments: ClassVar = {
        "of": Argument("site", "the thing's site that comes to lie at the place"),
        "upon": Argument("site", "how and where it shall lie"),
        "raise": Argument("length", "by which the side that is held is raised meanwhile", 0.03),
        "within": Argument("length", "how near it has to come", 0.02),
        "turned": Argument("angle", "how much it may be turned then", 0.05),
        "opening": Argument("length", "gap between the pads when they have let go", 0.05),
        "retreat": Argument("length", "how far the hands draw back along their fingers", 0.05),
        "rise": Argument("length", "how far they rise then: beside the trunk there is no room for elbows", 0.08),
        "speed": Argument("speed", "largest speed of the hands", 0.10),
    }

    def run(self, state: OperatorState) -> Motion:
        up = getattr(self, "raise") * UP
        yield from shift(state, up, 0.06)
        for _ in range(LOOKS):
            way, turn = self._missing(state)
            if np.linalg.norm(way) < self.within and abs(turn) < self.turned:
                break
            yield from self._move(state, way, turn)
            yield from state.wait(0.3)
        yield from shift(
            state, -LOWERED * up, 0.06
        )  # the rest of the way it falls: below the fingers there has to be room
        yield from together([state.let_go(side, self.opening, 0.6) for side in SIDES])
        arms = state.arms
        yield from together([slide(arms[s], -self.retreat * arms[s].hand()[1][:, 2], 0.15) for s in SIDES])
        yield from shift(state, self.rise * UP, 0.15)

    def _missing(self, state: OperatorState) -> tuple[np.ndarray, float]:
        """Seen from above: the way (3,) [m] to the place, and the angle [rad] to the left by which it has to be turned."""
        at, lies = state.site(self.of)
        place, shall = state.site(self.upon)
        way = place + state.aim() - at
        way[2] = 0.0
        turn = np.arctan2(shall[1, 0], shall[0, 0]) - np.arctan2(lies[1, 0], lies[0, 0])
        return way, float(np.arctan2(np.sin(turn), np.cos(turn)))

    def _move(self, state: OperatorState, way: np.ndarray, turn: float) -> Motion:
        centre = state.site(self.of)[0]
        count = max(2, int(np.ceil(abs(turn) / STRIDES)))
        paths = []
        for side in SIDES:
            arm = state.arms[side]
            position, frame = arm.hand()
            poses = []
            for share in np.arange(1, count + 1) / count:
                part = turn_z(share * turn)
                poses.append((centre + share * way + part @ (position - centre), part @ frame))
            paths.append(arm.line(poses, self.speed, orient=WEIGHT))
        yield from together([state.arms[s].follow(p, tremor=0.0) for s, p in zip(SIDES, even(paths))])
