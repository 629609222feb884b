"""Walk to a place: the floor mark between the feet comes to stand there."""

from __future__ import annotations

import numpy as np

from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WALK
from ...words.skill import Argument, Label, Motion
from ..walking import SHORT, Walking


class WalkPlain(Walking, word="walk"):
    """Walk to a place: the floor mark between the feet comes to stand there."""

    label = Label(
        en=("walk", "the robot walks[[ to the {to}]]"),
        zh=("走动", "机器人走动[[，走到{to}]]"),
        shows=motions.walk,
    )
    arguments = WALK(
        "yaw within turning",
        to=WALK.at("to", "a site whose place on the floor is walked to; else x and y", None),
        x=Argument(
            "length", "place in the world, or further from the site along the world's x axis", 0.0, low=-20.0, high=20.0
        ),
        y=Argument("length", "likewise along y", 0.0, low=-20.0, high=20.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        base = self.base_of(state)
        target = np.array([self.x, self.y])
        if self.to is not None:
            target = target + state.senses.site(self.to)[0][:2]
        away = target - base.at
        yaw = self.yaw
        if yaw is None:
            yaw = float(np.arctan2(away[1], away[0])) if np.hypot(*away) > SHORT else base.yaw
        yield from self.go(state, target, yaw)
