"""Bring a door, a drawer or a lever to where it shall stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...operator_state import OperatorState
from ...recognition import pushing
from ...senses.attachment import hangs_on
from ...senses.holds import Held, held_by
from ...words.primitives import MOVE_JOINT
from ...words.reason import Reason
from ...words.skill import Label, Motion, Skill
from ..release import Release
from ..take.plain import TakePlain
from .pull import MoveJointPull
from .shut import MoveJointShut

LET_GO = 0.05  # m, by which the pads open further than the handle is wide, and by which the hand draws back


class MoveJointPlain(Skill, word="move_joint"):
    """Bring a door, a drawer or a lever to where it shall stand.

    What the hand holds of it is pulled or pushed along its arc or slide. Otherwise it is opened by a handle of its sheet, which is taken
    and let go again; and shut with the closed fingertips from outside, at `edge` or, of a slide, at its handle.
    """

    label = Label(
        en=("move", "the {hand} hand moves the {joint}"),
        zh=("推拉", "{hand}手推拉{joint}"),
        shows=pushing.move,
    )
    arguments = MOVE_JOINT(
        "hand joint to until",
        at=MOVE_JOINT.at("at", "the handle; any that its sheet names where it is not given", None),
        edge=MOVE_JOINT.at("edge", "where it is pushed shut, x axis out of it", None),
        force=MOVE_JOINT.at("force", "the largest push or pull; that of the way where not given", None),
        speed=MOVE_JOINT.at("speed", "largest speed of the hand; that of the way where not given", None),
    )

    def run(self, state: OperatorState) -> Motion:
        for skill in self._steps(state):
            yield from skill.run(state)
            if state.given_up is not None:
                return

    def _steps(self, state: OperatorState) -> Iterator[Skill]:
        """What is done one after the other."""
        body = state.senses.moves(self.joint)
        given = {"hand": self.hand, "joint": self.joint, "to": self.to, "until": self.until}
        given |= {name: self.values[name] for name in ("force", "speed") if self.values[name] is not None}
        held = state.held.get(self.hand, "")
        if held and (held == body or hangs_on(state.model, held, body)):
            yield MoveJointPull.made(**given, at=self.at or state.senses.nearest_site(body, self._tcp(state)))
            return
        shuts, edge = self.to < state.senses.joint(self.joint), self.edge
        known = held_by(state, body, None, self.at)
        if shuts and edge is None and state.senses.slides(self.joint) and not isinstance(known, Reason):
            edge = known[0].site
        if shuts and edge:
            yield MoveJointShut.made(**{k: v for k, v in given.items() if k != "to"}, edge=edge)
            return
        if isinstance(known, Reason):
            state.given_up = known
            return
        yield TakePlain.made(hand=self.hand, of=body, at=self.at)
        taken = self._taken(state, known)
        yield MoveJointPull.made(**given, at=taken.site or state.senses.nearest_site(body, taken.at))
        yield Release.made(hand=self.hand, opening=taken.grip.width + LET_GO, retreat=2.0 * LET_GO)

    def _tcp(self, state: OperatorState) -> np.ndarray:
        """(3,) where the pads' middle is [m]."""
        return state.senses.site(f"{self.hand}_tcp")[0]

    def _taken(self, state: OperatorState, known: Sequence[Held]) -> Held:
        """The grip that the hand is at."""
        return min(known, key=lambda one: float(np.linalg.norm(one.at - self._tcp(state))))
