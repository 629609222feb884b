"""Take a knob between the pads, turn it by an angle or until it has answered, and let it go."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from ...limbs.arm import Arm, Path
from ...limbs.geometry import facing, turn_about, turn_z
from ...operator_state import OperatorState
from ...planning.ways import REACHED
from ...recognition import pushing
from ...words.primitives import EITHER, MOVE_JOINT
from ...words.skill import Argument, Label, Motion, Skill
from ..grasping import come
from ..reach import TURNS

REACH = 0.0245  # m, from between the pads to a panel that the fingertips just do not touch
BACK = (1.0, 0.8, 0.6)  # shares of the standoff by which a hand draws back
AWAY = 0.05  # m from the axis, of the point that gives the speed of the turn
SHARES = (0.25, 0.5, 0.75, 1.0)  # of a turn, at which its way is planned
FAIR = 5.0  # score of a grip with which the hand is not turned further about the knob
PHASES = np.deg2rad([0.0, 40.0, -40.0])  # by which it is turned about the knob, from pads over and under it
ROOMY = 0.5  # crowdedness at which that is room enough
BITE = np.deg2rad(60.0)  # turned in one grip; more is turned in several


class MoveJointTurn(Skill, word="move_joint", how="turn"):
    """Take a knob between the pads, turn it by an angle or until it has answered, and let it go.

    A round one is taken with the hand turned half the way back. One with two flats (`flats: yes`), such as a lever or a wing, is
    taken as it stands: the site turns with it, and its y axis is across the flats.
    """

    label = Label(
        en=("turn knob", "the {hand} hand turns the {at}"),
        zh=("转旋钮", "{hand}手转动{at}"),
        shows=pushing.turn_knob,
        about="at",
    )
    arguments = MOVE_JOINT(
        "by until",
        hand=EITHER,
        at=MOVE_JOINT.at("at", "middle of the knob's front edge, x axis towards who turns it"),
        raised=Argument("length", "height of the site over the panel", 0.033),
        opening=0.062,
        force=25.0,
        standoff=0.05,
        yaw=-0.1,
        pitch=0.0,
        posture="elbow_out",
        speed=0.35,
        turning=Argument("angular_speed", "how fast it is turned", 0.8),
        flats=Argument("word", "whether the pads close on two flats, along the site's y axis", "no", ("no", "yes")),
    )

    def run(self, state: OperatorState) -> Motion:
        left = float(self.by)
        while abs(left) > 1e-3 and not state.senses.reached(self.until):
            bite = float(np.clip(left, -BITE, BITE))
            yield from self._turn(state, bite)
            left -= bite

    def _turn(self, state: OperatorState, by: float) -> Motion:
        """One grip: the hand comes turned half the way back, or as the flats stand, and goes on from there."""
        knob, rotation = state.senses.site(self.at)
        out = rotation[:, 0]
        centre = knob + (REACH - self.raised) * out + state.aim()
        best: tuple[float, str, list[np.ndarray]] = (np.inf, "", [])
        for side in SIDES if self.hand == "either" else (self.hand,):
            state.open_claw(side, self.opening)
            arm, like, sign = state.arms[side], state.arms[side].posture(self.posture), 1.0 if side == "left" else -1.0
            level = [arm.frame(facing(rotation) + sign * self.yaw + turn, self.pitch, like) for turn in TURNS]
            for about_it in (0.0,) if self.flats == "yes" else PHASES:
                # pads over and under the knob: however the fingers come from the side, both lie along it
                turned = turn_about(-out, about_it)
                frames = [turned @ f @ turn_z(sign * roll) for f in level for roll in (-np.pi / 2, np.pi / 2)]
                if self.flats == "yes":
                    frames = [turn_about(-out, by / 2) @ across(frame, rotation) for frame in frames]
                for frame in frames:
                    back, on = turn_about(-out, -by / 2) @ frame, turn_about(-out, by / 2) @ frame
                    row = [(centre + self.standoff * out, back), (centre, back)]
                    score, found = state.ways.goal(side, [row], like, 0.3, [state.senses.part_of(self.at)])
                    if score >= best[0]:
                        continue
                    path = self._round(arm, found[-1], centre, out, by)
                    away, _ = arm.solve(centre + self.standoff * out, on, path.end, like)
                    score += 400.0 * max(path.error - REACHED, 0.0)
                    score += sum(state.ways.crowd(side, q, [state.senses.part_of(self.at)]) for q in (path.end, away))
                    if score < best[0]:
                        best = (score, side, found)
                    if score < 0.5:
                        break
                if best[0] < FAIR:
                    break
            if best[0] < 0.5:
                break
        side, start = best[1], best[2][0]
        arm = state.arms[side]
        yield from come(state, side, start, self.speed)
        yield from arm.follow(arm.line([(centre, arm.hand()[1])], 0.1), tremor=0.3)
        yield from arm.hold(0.15)
        yield from state.grip(side, self.force)
        yield from arm.follow(self._round(arm, arm.q, centre, out, by), state.senses.until(self.until), tremor=0.0)
        yield from arm.hold(0.2)
        yield from state.let_go(side, self.opening, 0.4)
        yield from arm.follow(self._back(state, side, out))

    def _round(self, arm: Arm, q: np.ndarray, centre: np.ndarray, out: np.ndarray, by: float) -> Path:
        """The turn about the knob's axis from a posture on: an arm that comes to both ends may not come through all between."""
        now, arm.q = arm.q, q
        frame = arm.hand()[1]
        poses = [(centre, turn_about(-out, share * by) @ frame) for share in SHARES]
        path = arm.line(poses, self.turning * AWAY)  # a turn in place has no way of its own
        arm.q = now
        return path

    def _back(self, state: OperatorState, side: str, out: np.ndarray) -> Path:
        """Straight away from the knob, as far as the arm has room: a hand that has turned may bring its elbow to the trunk."""
        arm, knob = state.arms[side], state.senses.part_of(self.at)
        position, frame = arm.hand()
        for share in BACK:
            path = arm.line([(position + share * self.standoff * out, frame)], 0.2)
            if state.ways.crowd(side, path.end, [knob]) < ROOMY:
                break
        return path


def across(frame: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """A hand turned about the axis of a knob, by no more than a quarter, until its pads close along the y axis of the knob's site.

    Args:
        frame: (3, 3) of the hand: its pads close along the y axis; rotation: (3, 3) of the site, x axis out of the panel.
    """
    _, side, up = rotation.T @ frame[:, 1]
    angle = -np.arctan2(up, side)  # about the site's x axis, from the pads to its y axis
    angle = (angle + np.pi / 2) % np.pi - np.pi / 2
    return turn_about(rotation[:, 0], angle) @ frame
