"""Push what is in a vessel to and fro with the end of a tool that is held across the fingers, until a subgoal or so often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ...limbs.arm import Arm, Path
from ...limbs.geometry import LEVEL, UP, flat_unit, turn_z, turned_about, turned_between
from ...operator_state import OperatorState
from ...words.primitives import STROKE
from ...words.reason import GivenUp, Reason
from ...words.skill import Argument, Label, Motion, Skill

# directions of the hand about the vertical that are tried, against that in which it holds the tool
TURNS = np.deg2rad([0.0, 20.0, -20.0, 40.0, -40.0, 60.0, -60.0, 80.0, -80.0, 100.0, -100.0])
HELD_AS = ("elbow_out", "ready", "elbow_in")
# lanes that are gone along one after the other, in shares of how far they lie beside the middle; each round goes along others,
# since what lies between the same lanes again and again stays as it lies
LANES = ((1.0, -1.0, 0.0), (0.6, -0.6, 0.3), (0.8, -0.8, -0.3))
MISSED = 0.004  # m, and tenths of a radian, that a place may be off
ASTRAY = 60.0  # score of a metre, or ten radians, beyond that
FAR = 0.3  # score of a radian that the hand is turned
HOPELESS = 12.0  # score of a way of holding it that is not tried
HEAVY = 0.35  # weight of the orientation: the tool may lean a little otherwise
DRAWN_IN = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)  # shares of a stroke by which an end of it is drawn in
CROWDED = 0.8  # score of a posture that has no room: one pair of bodies is 5 mm apart, or two 15 mm
DIP = 0.10  # m/s, into what is stirred
Pose = tuple[np.ndarray, np.ndarray]


class HeldTool(NamedTuple):
    """How a hand holds the tool."""

    along: np.ndarray  # (3,) level, the way that it leans and that strokes go
    hand: np.ndarray  # (3,) [m] from its end to the hand
    frame: np.ndarray  # (3, 3) of the hand


class StrokeStirWith(Skill, word="stroke", how="stir_with"):
    """Push what is in a vessel to and fro with the end of a tool that is held across the fingers, until a subgoal or so often.

    The strokes lead the way that the tool leans, in lanes on either side of the middle and over it, from wall to wall: round strokes
    leave the pieces along the wall as they lie. Each ends where the corner of the tool's end comes to the wall. As the tool leans,
    the hand is not over the middle. It is dipped in from above and taken out again, over the middle. What was mixed as it was poured is
    stirred, too: it goes along all lanes `at_least` so often, and on until the subgoal is reached and holds just then.
    """

    label = Label(
        en=("stir with a tool", "the {hand} hand stirs in the {in} with the {about}"),
        zh=("用工具翻炒", "{hand}手用{about}在{in}里翻炒"),
        unseen="where the end of a tool is shows in no reading that a recording of any scene has",
        about="with",
    )
    arguments = STROKE(
        "hand",
        radius=STROKE.at("radius", "radius of the floor, as far as the middle of its end goes", 0.096),
        wall=Argument("length", "radius of the wall, as far as the corners of its end go", 0.105),
        wide=Argument("length", "width of its end, across the strokes", 0.064),
        beside=Argument("length", "how far the outer lanes lie beside the middle", 0.060),
        above=Argument("length", "height of the tool's end over the floor", 0.004),
        over=Argument("length", "height over the floor from which it is dipped in", 0.13),
        lean=Argument("angle", "lean of the tool", float(np.deg2rad(30.0)), low=0.02, high=1.4),
        rounds=Argument("word", "how often along all lanes at most", "5", ("1", "2", "3", "5", "8", "12")),
        at_least=Argument("word", "how often along all lanes although the subgoal is reached", "1", ("1", "2", "3")),
        until=Argument("subgoal", "the subgoal at which it ends", None),
        speed=STROKE.at("speed", "speed of the tool's end", 0.27),
        **{
            "with": Argument("site", "the end of the tool that is held, z along it to the hand"),
            "in": Argument("site", "the middle of the vessel's floor, z up"),
        },
    )

    def run(self, state: OperatorState) -> Motion:
        arm, tool, vessel = state.arms[self.hand], getattr(self, "with"), getattr(self, "in")
        things = [tool.split("/")[0]]
        best: tuple[float, HeldTool | None, np.ndarray, np.ndarray] = (HOPELESS, None, arm.q, arm.q)
        middle = state.senses.site(vessel)[0]
        for far, held in self._ways(state):
            poses = [*self._strokes(middle, held, LANES[0]), self._over(middle, held)]
            for name in HELD_AS:
                like = arm.posture(name)
                seed, score = like, far
                for pose in poses:
                    seed, off = arm.solve(*pose, seed, like, HEAVY, steps=25)
                    score += ASTRAY * max(off + 0.1 * turned_between(arm.hand(seed)[1], pose[1]) - MISSED, 0.0)
                    score += state.ways.crowd(self.hand, seed, [state.senses.part_of(vessel)], without=things)
                    if score > best[0]:
                        break
                if score < best[0]:
                    best = (score, held, like, seed)
        _, chosen, like, ready = best
        if chosen is None:
            at = vessel.replace("/", ".")
            raise GivenUp(Reason(f"the {self.hand} arm cannot stir in {at}", "cannot_stir", side=self.hand, at=at))
        over = self._over(middle, chosen)
        # held as it was imagined for the strokes; where no way leads there, as the arm comes
        path = state.ways.free_way(self.hand, ready, 0.3) or state.ways.freest(self.hand, self._to(arm, over, like), things)
        assert path is not None
        yield from arm.follow(path, tremor=0.3)
        low = (over[0] - (self.over - self.above) * UP, over[1])
        yield from arm.follow(arm.line([low], DIP, like=like, orient=HEAVY), tremor=0.0)
        until, senses = self.until, state.senses
        done = None if until is None else lambda: senses.reached(until) and senses.holds(until)
        for number in range(int(self.rounds)):
            # looked at anew: the vessel gives way by millimetres, and the tool turns between the fingers
            seen = chosen._replace(hand=self._from_end(state, chosen))
            strokes = self._roomy(state, self._strokes(state.senses.site(vessel)[0], seen, LANES[number % len(LANES)]), like)
            ends = done if number >= int(self.at_least) else None
            if (yield from arm.follow(arm.line(strokes, self.speed, like=like, orient=HEAVY), ends, tremor=0.2)):
                break
        # over the middle: straight up from the end of a stroke the elbow may come to the trunk
        out = self._over(state.senses.site(vessel)[0], chosen)
        yield from arm.follow(arm.line([out], 0.2, like=like, orient=HEAVY), tremor=0.0)

    def _ways(self, state: OperatorState) -> Iterator[tuple[float, HeldTool]]:
        """Ways of holding the tool, with a score that grows with how far the hand turns."""
        tip, turned = state.senses.site(getattr(self, "with"))
        position, frame = state.arms[self.hand].hand()
        axis = turned[:, 2]
        upright = turned_about(np.cross(axis, UP), float(np.arccos(np.clip(axis[2], -1.0, 1.0))))
        hand, frame = upright @ (position - tip), upright @ frame
        for turn in TURNS:
            fingers = flat_unit((turn_z(turn) @ frame)[:, 2])
            for sign in (1.0, -1.0):
                tool = turned_about(fingers, sign * self.lean) @ turn_z(turn)
                along = (tool @ UP) * [1.0, 1.0, 0.0] / np.sin(self.lean)
                yield FAR * abs(turn), HeldTool(along, tool @ hand, tool @ frame)

    def _strokes(self, middle: np.ndarray, held: HeldTool, lanes: Sequence[float]) -> list[Pose]:
        """Poses of the hand at the ends of all strokes of a round; the corners of the tool's end come no further than the wall."""
        across, poses, way = np.cross(UP, held.along), list[Pose](), 1.0
        for lane in lanes:
            aside = lane * self.beside
            corner = abs(aside) + 0.5 * self.wide
            far = float(np.sqrt(max(min(self.radius**2 - aside**2, self.wall**2 - corner**2), 0.0)))
            for end in (-way, way):
                place = middle + end * far * held.along + aside * across + self.above * UP
                poses.append((place + held.hand, held.frame))
            way = -way
        return poses

    def _roomy(self, state: OperatorState, strokes: Sequence[Pose], like: np.ndarray) -> list[Pose]:
        """The same strokes, each end drawn in along its stroke as far as the arm has room there: the elbow may come to the trunk."""
        arm, vessel = state.arms[self.hand], state.senses.part_of(getattr(self, "in"))
        things, seed, roomy = [getattr(self, "with").split("/")[0]], arm.q, list[Pose]()
        for at, (place, frame) in enumerate(strokes):
            across = strokes[at - 1 if at % 2 else at + 1][0] - place
            for share in DRAWN_IN:
                pose = (place + share * across, frame)
                q, _ = arm.solve(*pose, seed, like, HEAVY, steps=25)
                if state.ways.crowd(self.hand, q, [vessel], without=things) < CROWDED:
                    break
            seed = q
            roomy.append(pose)
        return roomy

    def _from_end(self, state: OperatorState, held: HeldTool) -> np.ndarray:
        """(3,) [m] from the tool's end to the hand as it is seen now, were the hand held as it shall be."""
        hand, frame = state.senses.site(f"{self.hand}_tcp")
        return np.asarray(held.frame @ frame.T @ (hand - state.senses.site(getattr(self, "with"))[0]))

    def _over(self, middle: np.ndarray, held: HeldTool) -> Pose:
        return middle + self.over * UP + held.hand, held.frame

    def _to(self, arm: Arm, over: Pose, like: np.ndarray) -> Iterator[Path]:
        """Paths to over the middle: straight, or up first and down at the end."""
        now, frame = arm.hand()
        top = max(now[2], over[0][2]) + 0.05
        up = [(np.array([*now[:2], top]), frame), (np.array([*over[0][:2], top]), over[1])]
        for before in ([], up):
            yield arm.line([*before, over], 0.3, like=like, orient=LEVEL)
