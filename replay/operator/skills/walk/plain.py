"""Walk to a place, or before it, as one steps up to a table: the floor mark between the feet comes to stand there."""

from __future__ import annotations

import numpy as np

from ...limbs.base import wrapped
from ...limbs.geometry import facing
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WALK
from ...words.skill import Argument, Label, Motion
from ..walking import SHORT, Walking, moving


class WalkPlain(Walking, word="walk"):
    """Walk to a place, or before it, as one steps up to a table: the floor mark between the feet comes to stand there."""

    label = Label(
        en=("walk", "the robot walks[[ to the {to}]]"),
        zh=("走动", "机器人走动[[，走到{to}]]"),
        shows=motions.walk,
    )
    arguments = WALK(
        "yaw within turning",
        to=WALK.at("to", "walks to the floor below this site; without it x and y count", None),
        x=Argument(
            "length", "place in the world, or further from the site along the world's x axis", 0.0, low=-20.0, high=20.0
        ),
        y=Argument("length", "place in the world, or further from the site along the world's y axis", 0.0, low=-20.0, high=20.0),
        distance=Argument("length", "how far before the site it comes to stand, on its x axis and facing it; else it walks upon it", None),
        side=Argument(
            "word",
            "where the x axis leads then: out of the part, into it, or whichever has the nearer place",
            "nearer",
            ("nearer", "out", "in"),
        ),
        beside=Argument("length", "how far to the left of the site then, seen by the robot", 0.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        if self.to is not None and self.distance is not None:
            position, rotation = state.senses.site(self.to)
            out = facing(rotation)
            yaws = {"out": (out,), "in": (wrapped(out + np.pi),), "nearer": (out, wrapped(out + np.pi))}[self.side]
            places = [(self._before(position, yaw), yaw) for yaw in yaws]
            yield from self.go(state, *min(places, key=lambda one: float(np.hypot(*(one[0] - base.at)))))
            return
        target = np.array([self.x, self.y])
        if self.to is not None:
            target = target + state.senses.site(self.to)[0][:2]
        away = target - base.at
        yaw = self.yaw
        if yaw is None:
            yaw = float(np.arctan2(away[1], away[0])) if np.hypot(*away) > SHORT else base.yaw
        yield from self.go(state, target, yaw)

    def _before(self, position: np.ndarray, yaw: float) -> np.ndarray:
        into = np.array([np.cos(yaw), np.sin(yaw)])
        left = np.array([-into[1], into[0]])
        return position[:2] - self.distance * into + self.beside * left
