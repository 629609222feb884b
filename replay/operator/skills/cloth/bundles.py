"""Skills for a cloth that is folded: it is taken up by a crease that hangs over a table's edge, carried, and laid on a pile.

What is folded has no edge of its own that a corner would tell of: where its crease is, and how deep it lies, is seen of all its
vertices.
"""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import UP
from ...operator_state import OperatorState
from ...words.skill import Motion
from ..walking import walked
from .handling import AtEdge
from .spreading import moving


class AtCrease(AtEdge):
    """What the skills share that see a folded cloth before the edge of a table."""

    def _seen(self, state: OperatorState) -> np.ndarray:
        """(n, 3) [m] of each vertex: how far inside the table's edge, to the left of its middle, and above it."""
        edge, turn = self._end(state)
        away = turn[:, 0]
        return (state.senses.vertices(self.of) - edge) @ np.column_stack([away, np.cross(UP, away), UP])

    def _place(self, state: OperatorState, inside: float, beside: float) -> np.ndarray:
        """(3,) [m] in the world, of a place given in that way, at the height of the edge."""
        edge, turn = self._end(state)
        return edge + inside * turn[:, 0] + beside * np.cross(UP, turn[:, 0])

    def _stand(self, state: OperatorState, off: float, beside: float, speed: float) -> Motion:
        """Walk to so far before the table's edge and so far to the left of its middle [m], and face it."""
        base, place, away = moving(state), self._place(state, -off, beside)[:2], self._end(state)[1][:2, 0]
        time = 20.0 + float(np.hypot(*(place - base.at))) / speed
        walk = base.walk(place, float(np.arctan2(away[1], away[0])), speed, 0.4, 0.012, 0.03, time)
        yield from walked(state, self.name, walk)
