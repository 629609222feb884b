"""Push what both hands hold and what rolls on wheels along the line of a place until it stands there."""

from __future__ import annotations

import numpy as np

from ...limbs.base import Base, _coming, wrapped
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WALK
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion
from ..walking import PATIENCE, Walking, moving

STRAIGHTENS = 0.35  # m, of way in which most of what it is beside the line is made good
SHARPEST = 1.6  # 1/m, of the curve on which the wheels roll
GENTLE = 0.2  # m/s2, with which it comes to rest


class WalkPush(Walking, word="walk", how="push"):
    """Push what both hands hold and what rolls on wheels along the line of a place until it stands there.

    Its fixed wheels roll, and do not slide: a site between them moves the way it heads and no other, so that what it is beside the line, or
    askew to it, is made good on curves on the way. The hands keep where they are; the base goes as a point of the same stiff thing would.
    """

    label = Label(
        en=("push along", "the robot pushes the {of} to the {to}"),
        zh=("推行", "机器人把{of}推到{to}"),
        shows=motions.walk,
    )
    hands = "Both hands"
    arguments = WALK(
        "within",
        to=WALK.at("to", "where it shall stand, x axis along the line"),
        of=Argument("site", "a site of what is pushed: in the middle between its fixed wheels, x axis ahead"),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        for side in state.arms:
            if side not in state.held:
                state.given_up = Reason(
                    f"the {side} hand holds nothing that could be pushed", "holds_nothing", side=side
                )
                return
        place, frame = state.senses.site(self.to)
        place = place + state.aim()
        line = float(np.arctan2(frame[1, 0], frame[0, 0]))
        along = np.array([np.cos(line), np.sin(line)])
        left = np.array([-along[1], along[0]])
        fastest, starts, turns = base.pushes
        most = min(self.speed, fastest)
        time = float(np.linalg.norm((place - state.senses.site(self.of)[0])[:2])) / max(most, 1e-3) + PATIENCE
        speed, steady = 0.0, state.steady
        if steady is not None:
            steady.on = True
        for _ in range(round(time / base.timestep)):
            at, rotation = state.senses.site(self.of)
            heading = float(np.arctan2(rotation[1, 0], rotation[0, 0]))
            missing = float((place[:2] - at[:2]) @ along)
            if missing < self.within:
                break
            aside, askew = float((at[:2] - place[:2]) @ left), wrapped(heading - line)
            curve = -(aside / STRAIGHTENS**2 + 2.0 * np.sin(askew) / STRAIGHTENS)
            curve = float(np.clip(curve, -SHARPEST, SHARPEST))
            fastest = min(most, _coming(missing, speed, GENTLE), turns / max(abs(curve), 1e-9))
            speed = min(fastest, speed + starts * base.timestep)
            self._roll(base, at[:2], heading, speed, curve)
            yield
        yield from base.stop()
        if steady is not None:
            yield  # the hands stay where they have come to
            steady.on = False

    def _roll(self, base: Base, at: np.ndarray, heading: float, speed: float, curve: float) -> None:
        """Command the base as a point of what rolls ahead from a place at a speed [m/s] on a curve [1/m]."""
        turning = speed * curve
        arm = base.at - at
        over = speed * np.array([np.cos(heading), np.sin(heading)]) + turning * np.array([-arm[1], arm[0]])
        c, s = np.cos(base.yaw), np.sin(base.yaw)
        wanted = np.array([c * over[0] + s * over[1], -s * over[0] + c * over[1], turning])
        share = min(1.0, *(limit / max(abs(w), 1e-9) for limit, w in zip(base.limits, wanted)))
        base._towards(share * wanted)
