"""Fold a flap over with the closed fingertips on its outer face, and stay there or let it spring back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...limbs.geometry import UP, flat_unit
from ...operator_state import OperatorState
from ...planning.ways import best_of
from ...recognition import pushing
from ...words.primitives import MOVE_JOINT
from ...words.skill import Argument, Label, Motion, Skill
from ..strokes import POINT, ahead_of, pointing_down

STEEP = np.deg2rad([50.0, 40.0, 62.0, 75.0])  # how far the closed fingers point down beside a flap
BESIDE = 0.012  # m, between a fingertip's middle and its side
OFF = 0.045  # m, beside the flap, where the fingertips come down
CLOSE = 1e-3  # m, by which a way of holding the hand may miss the fingertips' places
TRIES = 2  # a carton that has play is moved by the fingertips at first, and its flap slips off them
STRIDE = np.deg2rad(6.0)  # of a flap, from one pose of the way to the next


def whole(state: OperatorState, site: str) -> list[str]:
    """All bodies of the part that a site belongs to: a hand that folds a flap comes near the others."""
    part = site.split("/")[0] + "/"
    names = (state.model.body(b).name for b in range(state.model.nbody))
    return [name for name in names if name.startswith(part)]


class MoveJointFold(Skill, word="move_joint", how="fold"):
    """Fold a flap over with the closed fingertips on its outer face, and stay there or let it spring back.

    The fingertips come down outside of it, and go round its hinge with it.
    """

    label = Label(
        en=("fold the flap", "the {hand} hand folds the {joint} over"),
        zh=("折下折片", "{hand}手折下{joint}"),
        shows=pushing.push_close,
    )
    arguments = MOVE_JOINT(
        "hand",
        joint=MOVE_JOINT.at("joint", "the flap's joint; closed at zero"),
        at=MOVE_JOINT.at("at", "a site on its outer face near its edge, z out of it"),
        aside=Argument("length", "how far beside the site it is touched, to the robot's left or away from it", 0.0),
        down=Argument("angle", "how far open it is left by the fingertips", 0.0),
        past=Argument("length", "how far below its face the fingertips aim at the end", 0.0),
        leave=Argument("word", "whether the hand rises then, or stays and holds it down", "up", ("up", "stay")),
        speed=MOVE_JOINT.at("speed", "speed of the fingertips", 0.15),
    )

    def run(self, state: OperatorState) -> Motion:
        half = max(0.5 * (state.senses.joint(self.joint) + self.down), self.down + STRIDE)

        def misses() -> bool:
            """On legs it looks whether the flap has come along; planted and gliding robots fold as they always have."""
            return state.steady is not None and state.senses.joint(self.joint) > half

        for last in (*(TRIES - 1) * (False,), True):
            yield from self._bring(state, misses if not last else lambda: False)
            if last or not misses():
                return

    def _bring(self, state: OperatorState, misses: Callable[[], bool]) -> Motion:
        """Fold it once. Where the fingertips have missed it the hand rises in any case."""
        arm = state.open_claw(self.hand, 0.0)
        now = state.senses.joint(self.joint)
        count = max(2, int(np.ceil((now - self.down) / STRIDE)))
        tips = [self._tip(state, angle) for angle in np.linspace(now, self.down, count)]
        tips[-1] = tips[-1] - self.past * UP
        out = flat_unit(tips[0] - tips[-1])
        beside = tips[0] + OFF * out
        high = beside + 0.10 * UP
        heading = ahead_of(state, self.hand, tips[-1])
        wanted = [high, beside, *tips[:: max(1, len(tips) // 5)], tips[-1]]

        def tried(steep: float) -> tuple[float, list[np.ndarray], np.ndarray]:
            found, frame = pointing_down(state, self.hand, wanted, heading, whole(state, self.at), np.array([steep]))
            hands = [arm.hand(q) for q in found]
            missed = max(float(np.linalg.norm(p + state.hand.tip_end * f[:, 2] - tip)) for (p, f), tip in zip(hands, wanted))
            return missed, found, frame

        _, found, frame = best_of(map(tried, STEEP), CLOSE, (np.inf, [], np.eye(3)))
        yield from arm.follow(state.ways.way(self.hand, found[0], 0.4))

        def poses(places: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
            return [(tip - state.hand.tip_end * frame[:, 2], frame) for tip in places]

        yield from arm.follow(arm.line(poses([beside]), 0.2, orient=POINT), tremor=0.0)
        yield from arm.follow(arm.line(poses(tips), self.speed, orient=POINT), tremor=0.0)
        if self.leave == "up" or misses():
            yield from arm.hold(0.2)
            position, _ = arm.hand()
            yield from arm.follow(
                arm.line([(position + 0.04 * UP + 0.02 * out, frame), (position + 0.14 * UP, frame)], 0.3, orient=POINT)
            )

    def _tip(self, state: OperatorState, angle: float) -> np.ndarray:
        """Where the fingertips are while the flap stands open by an angle."""
        at, rotation = state.senses.site_at(self.at, self.joint, angle)
        crease = state.senses.hinge(self.joint)[1]
        if abs(state.leftwards(crease)) > np.sqrt(0.5):
            crease = crease * np.sign(state.leftwards(crease))
        else:
            crease = crease * np.sign(float(crease[0]))
        normal = rotation[:, 2]
        return at + BESIDE * (normal - float(normal @ UP) * UP) + self.aside * crease
