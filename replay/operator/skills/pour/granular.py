"""Carry an open vessel over a place, tip it over until its loose pieces have run out, and right it."""

from __future__ import annotations

import mujoco
import numpy as np

from ...limbs.geometry import LEVEL
from ...operator_state import OperatorState
from ...words.primitives import POUR
from ...words.skill import Argument, Label, Motion, Skill
from ..tipping import right_again, tip, tips

LEFT = 0.03  # m, over the mouth, up to which a piece is still in the vessel
JIGGLE = np.deg2rad(14.0)  # by which it is righted and tipped again where something stays in it


class PourGranular(Skill, word="pour", how="granular"):
    """Carry an open vessel over a place, tip it over until its loose pieces have run out, and right it.

    Over which lip it pours, and how it is turned, is sought; the hand stays beside what falls. Where pieces stay in it, it is righted a
    little and tipped again, three times at most. It ends upright over the place.
    """

    label = Label(
        en=("tip out", "the {hand} hand tips the {about} out into the {into}"),
        zh=("倾倒", "{hand}手把{about}里的东西倒入{into}"),
        unseen="where loose pieces are shows in no reading that a recording of any scene has",
        about="of",
    )
    arguments = POUR(
        "hand",
        of=Argument("site", "the middle of the floor of what is held, z out of its mouth"),
        into=POUR.at("into", "the place over which its lip is held"),
        radius=Argument("length", "radius of its mouth", 0.070),
        height=Argument("length", "height of its mouth over that floor", 0.057),
        above=Argument("length", "height of the lip over the place", 0.09),
        time=Argument("time", "how long it stays tipped", 0.4),
        **tips(short=0.04, keeps_off=0.07, tilt=np.deg2rad(112.0), tipping=0.25, speed=0.45),
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        floor, turned = state.senses.site(self.of)
        things = loose(state)
        mouth = floor + self.height * turned[:, 2]
        way, like, shares = yield from tip(state, self, mouth, turned[:, 2], self.radius, things)
        yield from arm.hold(self.time)
        for _ in range(3):
            if not self._left(state):
                break
            back = way.pose(float(self.tilt - JIGGLE)), way.pose(float(self.tilt))
            yield from arm.follow(arm.line(back, 2.0 * self.tipping, like=like, orient=LEVEL), tremor=0.0)
            yield from arm.hold(self.time)
        yield from right_again(state, self, way, like, shares)

    def _left(self, state: OperatorState) -> bool:
        """Whether a loose piece is seen in what is held."""
        floor, turned = state.senses.site(self.of)
        for name in bodies_of(state, loose(state)):
            x, y, z = turned.T @ (state.senses.body_pose(name)[0] - floor)
            if x * x + y * y < self.radius**2 and -LEFT < z < self.height + LEFT:
                return True
        return False


def loose(state: OperatorState) -> list[str]:
    """The parts of loose pieces, by their names in the YAML: those without a body of their own name."""
    found = []
    for placed in state.scene.config.parts:
        top = mujoco.mj_name2id(state.model, mujoco.mjtObj.mjOBJ_BODY, f"{placed.name}/{placed.part.file.stem}")
        if top < 0:
            found.append(placed.name)
    return found


def bodies_of(state: OperatorState, parts: list[str]) -> list[str]:
    """The bodies of parts of loose pieces."""
    names = (state.model.body(b).name for b in range(state.model.nbody))
    return [name for name in names if name.split("/")[0] in parts and "/" in name]
