"""Does a chain look again? It is performed by an operator in the eyes of whom nothing but the robot moves."""

from __future__ import annotations

import numpy as np
from shiliu.replay.operator.operator import Operator, Operators
from shiliu.replay.rollout.observers import Moment
from shiliu.replay.rollout.rollout import Rollout, roll_out
from shiliu.scenarios.draws.variation import Draw
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sensing.requests import Readings


class _OnceSeen(Operators):
    """Operators to whom every sensor of a part says for ever what it said at the start; those of the robot are live."""

    def __init__(self, scene: Scene, draw: Draw, seed: int):
        super().__init__(scene, [seed], [Operator(scene, draw, seed)], [None])
        self._start: Readings | None = None

    def act(self, now: Moment) -> np.ndarray:
        first, layout = self._start or now.readings, now.readings.layout
        self._start = first
        value, peak, mean = (one.copy() for one in (now.readings.value, now.readings.peak, now.readings.mean))
        for name, columns in layout.slices.items():
            if "/" in name:  # a part's: oven/door
                value[..., columns] = first.value[..., columns]
        return super().act(now._replace(readings=Readings(value, peak, mean, now.readings.start, layout)))


def blindly(scene: Scene, draw: Draw, seed: int) -> Rollout:
    """A demonstration by an operator that sees where things are at the start and never again.

    Contact forces at the hands stay live: a hand feels. Where this succeeds, the chain is a blind script: it does not look again, and
    what a late picture costs it is less than it would cost a person.
    """
    (done,) = roll_out(scene, [draw], _OnceSeen(scene, draw, seed))
    return done
