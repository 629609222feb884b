"""Walk before a site and face it, as one steps up to a table or an oven."""

from __future__ import annotations

import numpy as np

from ...limbs.base import wrapped
from ...limbs.geometry import facing
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import WALK
from ...words.skill import Argument, Label, Motion
from ..walking import Walking


class WalkUp(Walking, word="walk", how="up"):
    """Walk before a site and face it, as one steps up to a table or an oven."""

    label = Label(
        en=("walk up", "the robot walks up to the {to}"),
        zh=("走近", "机器人走到{to}前"),
        shows=motions.walk,
    )
    arguments = WALK(
        "within turning",
        to=WALK.at("to", "what is walked up to, along its x axis"),
        distance=Argument("length", "between the floor mark and the site, along that axis", 0.45),
        side=Argument(
            "word",
            "where the x axis leads: out of the part, into it, or whichever has the nearer place",
            "nearer",
            ("nearer", "out", "in"),
        ),
        beside=Argument("length", "how far to the left of the site, seen by the robot", 0.0),
        speed=0.3,
    )

    def run(self, state: OperatorState) -> Motion:
        position, rotation = state.senses.site(self.to)
        out = facing(rotation)
        yaws = {"out": (out,), "in": (wrapped(out + np.pi),), "nearer": (out, wrapped(out + np.pi))}[self.side]
        places = [(self._before(position, yaw), yaw) for yaw in yaws]
        here = self.base_of(state).at
        place, yaw = min(places, key=lambda one: float(np.hypot(*(one[0] - here))))
        yield from self.go(state, place, yaw)

    def _before(self, position: np.ndarray, yaw: float) -> np.ndarray:
        into = np.array([np.cos(yaw), np.sin(yaw)])
        left = np.array([-into[1], into[0]])
        return position[:2] - self.distance * into + self.beside * left
