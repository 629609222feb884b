"""Walk to the end of the table towards which a short edge of a crumpled cloth lies open."""

from __future__ import annotations

import numpy as np

from .....scenarios.cloth.cloth import Cloth
from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...recognition import motions
from ...words.primitives import CLOTH, WALK
from ...words.skill import Argument, Label, Motion
from ..walking import Walking, moving, walked
from .spreading import BACK, OPEN, short_edges

ROUND = 0.12  # m, by which it keeps further from the table's front than it stands at first, on its way to the end


class WalkEnd(Walking, word="walk", how="end"):
    """Walk to the end of the table towards which a short edge of a crumpled cloth lies open."""

    label = Label(
        en=("walk to the table's end", "the robot walks to the table's end"),
        zh=("走到桌端", "机器人走到桌子一端"),
        shows=motions.walk,
    )
    hands = "No hand"
    arguments = WALK(
        "turning left right",
        of=CLOTH,
        off=Argument("length", "how far before the table's end it stands", 0.22),
        speed=0.4,
    )

    def run(self, state: OperatorState) -> Motion:
        base = moving(state)
        name, edge = self._choose(state)
        end, turn = state.senses.site(name)
        away = turn[:, 0]
        beside = np.cross(UP, away)
        middle = float(np.mean([(state.senses.vertices(self.of)[v] - end) @ beside for v in edge]))
        goal, yaw = (end + middle * beside - self.off * away)[:2], float(np.arctan2(away[1], away[0]))
        before = (end + middle * beside - BACK * away)[:2]
        ahead = np.array([np.cos(state.heading), np.sin(state.heading)])
        corner = before + ((base.at - before) @ ahead - ROUND) * ahead
        for place, heading in ((corner, state.heading), (before, yaw), (goal, yaw)):
            time = 20.0 + float(np.hypot(*(place - base.at))) / 0.1
            if not (
                yield from walked(
                    state, self.name, base.walk(place, heading, self.speed, self.turning, 0.03, 0.03, time)
                )
            ):
                return

    def _choose(self, state: OperatorState) -> tuple[str, tuple[int, int]]:
        """The table's end and the short edge that lies open towards it: flat, straight, and not under the rest."""
        cloth, places = self.of, state.senses.vertices(self.of)
        found = []
        for edge in short_edges(cloth):
            name = min((self.left, self.right), key=lambda n: self._away(state, n, places[list(edge)]))
            other = next(e for e in short_edges(cloth) if e is not edge)
            score = self._rough(cloth, places, edge)
            if self._away(state, name, places[list(edge)]) > self._away(state, name, places[list(other)]):
                score += 1.0
            found.append((score, name, edge))
        return min(found)[1:]

    def _away(self, state: OperatorState, name: str, places: np.ndarray) -> float:
        end, turn = state.senses.site(name)
        return float(((places - end) @ turn[:, 0]).mean())

    def _rough(self, cloth: Cloth, places: np.ndarray, edge: tuple[int, int]) -> float:
        """How little a short edge lies open [m]: how high it stands, how much it is bent."""
        long = int(np.argmax(cloth.size))
        near = np.abs(cloth.flat[:, long] - cloth.flat[edge[0], long]) < OPEN
        wide = float(np.linalg.norm(places[edge[0]] - places[edge[1]]))
        return float(np.ptp(places[near, 2])) + abs(float(cloth.size.min()) - wide)
