"""Press a door's lever down with the closed fingers from above, keep it down and push the door ajar with their tips."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import AIMED, UP
from ...operator_state import OperatorState
from ...recognition import pushing
from ...words.primitives import MOVE_JOINT
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import come
from ..reach import TURNS

ABOVE = 0.06  # m, over the lever, from where the hand comes down
FURTHER = 0.35  # rad, beyond where it shall be that the lever is aimed at: an arm that presses stays behind
SINKS = 0.03  # m, that such an arm gives way
PUSHED = 0.30  # m, that the hand goes ahead at most until the door stands ajar
TILTS = np.deg2rad([0.0, 10.0, -8.0, 20.0])  # further slopes of the fingers


class MoveJointLever(Skill, word="move_joint", how="lever"):
    """Press a door's lever down with the closed fingers from above, keep it down and push the door ajar with their tips.

    It ends with the lever down and the door a little open, the tips against the leaf.
    """

    label = Label(
        en=("press the lever", "the {hand} hand presses the {at} down and pushes the {joint} ajar"),
        zh=("压下把手", "{hand}手压下{at}，把{joint}推开一条缝"),
        shows=pushing.push_open,
    )
    arguments = MOVE_JOINT(
        "hand joint",
        at=MOVE_JOINT.at("at", "a site on top of the lever near its free end, x axis into the door"),
        lever=Argument("joint", "the lever's own joint"),
        down=Argument("angle", "how far it is pressed down", 0.72),
        ajar=Argument("angle", "how far the door stands open at the end", 0.14),
        past=Argument("length", "how far beyond the lever the fingertips are", 0.03),
        yaw=0.0,
        pitch=0.17,
        posture=Argument("posture", "how the arm is held", "bench"),
        speed=0.25,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.open_claw(self.hand, 0.0)
        rest, into = state.senses.joint(self.lever), state.senses.site(self.at)[1][:, 0]
        like, ahead = arm.posture(self.posture), float(np.arctan2(into[1], into[0]))

        def hand(angle: float, frame: np.ndarray, above: float) -> np.ndarray:
            place = state.senses.site_at(self.at, self.lever, angle)[0] + state.aim()
            return np.asarray(place + self.past * into + (above + state.hand.pad_edge) * UP - state.hand.tip_end * frame[:, 2])

        frames = [arm.frame(ahead + self.yaw + turn, self.pitch + more, like) for more in TILTS for turn in TURNS]
        rows = [[(hand(rest, f, ABOVE), f), (hand(self.down, f, 0.0), f)] for f in frames]
        touch = [state.senses.moves(self.lever), state.senses.moves(self.joint)]
        _, found = state.ways.goal(self.hand, rows, like, AIMED, touch)
        yield from come(state, self.hand, found[0], self.speed)
        frame = arm.hand()[1]
        knots = np.linspace(0.0, 1.0, 9)
        end = self.down + FURTHER - rest
        poses = [(hand(rest + share * end, frame, -share * SINKS), frame) for share in knots]

        def pressed() -> bool:
            return state.senses.joint(self.lever) >= self.down

        yield from arm.follow(arm.line(poses, 0.08, orient=AIMED), pressed, tremor=0.3, brake=0.5)
        yield from arm.hold(0.2)
        if state.senses.joint(self.lever) < 0.85 * self.down:
            state.given_up = Reason(f"{self.lever} could not be pressed down", "stays", of=self.lever)
            return
        position, frame = arm.hand()

        def opened() -> bool:
            return state.senses.joint(self.joint) >= self.ajar

        path = arm.line([(position + PUSHED * into, frame)], 0.05, orient=AIMED)
        yield from arm.follow(path, opened, tremor=0.3, brake=0.5)
        if not opened():
            state.given_up = Reason(f"{self.joint} stays where it is", "stays", of=self.joint)
