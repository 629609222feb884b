"""How fast hands may move beside people: the limits of speed that a scene has, as a path or a walk is planned with them."""

from __future__ import annotations

import numpy as np

from ....scenarios.people.safety import SpeedNear
from ....scenarios.scene.scene import Scene

KEPT = 0.85  # share of a limit of speed that a plan uses: servos, tremor and a trunk that sways add to it
AHEAD = 0.1  # m, so much further away than the limit counts a hand is slow already


class Bystanders:
    """People of a scene, as balls around places of their bodies, each with the speed that hands may have near it.

    Args:
        scene: the limits of speed are its own.
        share: factor on the speed that is planned with; a mistake has more than 1.

    Attributes:
        places: (n, 3) [m] middles of the balls, as seen now; none where nobody is in the scene.
    """

    def __init__(self, scene: Scene, share: float = 1.0):
        limits = [limit for limit in scene.safety if isinstance(limit.predicate, SpeedNear)]
        balls = [
            (scene.layout.slices[site.name], radius + limit.predicate.within + AHEAD, KEPT * share * limit.limit)
            for limit in limits
            if isinstance(limit.predicate, SpeedNear)
            for site, radius in limit.predicate.outline
        ]
        self._columns = np.array([range(ball[0].start, ball[0].stop) for ball in balls], int).reshape(-1, 3)
        self._reach, self._most = (np.array([ball[i] for ball in balls], float) for i in (1, 2))
        self.places = np.zeros((0, 3))

    def see(self, values: np.ndarray) -> None:
        """Take in where they are, from the readings of this control step."""
        if len(self._columns):
            self.places = np.asarray(values[self._columns], float)

    def __bool__(self) -> bool:
        return len(self.places) > 0

    def most(self, points: np.ndarray) -> np.ndarray:
        """(n,) [m/s] how fast what is at each of several points (n, 3) [m] may move; infinite where nobody is near."""
        away = np.linalg.norm(points[:, None] - self.places, axis=-1)
        return np.where(away <= self._reach, self._most, np.inf).min(axis=1)

    def times(self, points: np.ndarray) -> np.ndarray:
        """(n,) [s] at least, from each row of (n + 1, k, 3) places of a hand [m] to the next, so that none of them is too fast."""
        most = self.most(points.reshape(-1, 3)).reshape(points.shape[:2])
        moved = np.linalg.norm(np.diff(points, axis=0), axis=-1)
        return np.asarray((moved / np.minimum(most[1:], most[:-1])).max(axis=1))
