"""Reach round a door that stands open and push it shut from its outer face until it latches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from ...limbs.arm import Path
from ...limbs.geometry import AIMED, UP, facing
from ...operator_state import OperatorState
from ...planning.ways import best_of
from ...recognition import pushing
from ...words.primitives import MOVE_JOINT
from ...words.skill import Argument, Label, Motion, Skill
from ..doors import CLEAR, CLOSE, NEARLY, SHUT, SLIDE, STEP, on_door
from ..grasping import come
from ..reach import TURNS

OUTSIDE = ("outside_1", "outside_2", "outside_3", "outside_4")  # postures from which a door is pushed shut
OTHERWISE = 40  # other ways to hold the arm for it that are tried where those have no room
HIGHER = 0.07  # m, and where else on the door
PUSHING = ("elbow_out", "elbow_in", "raised", "outside_1", "ready")  # postures from which a drawer is pushed shut
ASIDE, PITCHED = np.deg2rad([-36.0, 36.0]), np.deg2rad([12.0, 30.0, -10.0])  # directions of the fingers then


class MoveJointShut(Skill, word="move_joint", how="shut"):
    """Reach round a door that stands open and push it shut from its outer face until it latches.

    The last of the way is slow. It ends with the subgoal, with the door shut, or when it presses with the largest force.
    """

    label = Label(
        en=("close door", "the {hand} hand pushes the {joint} shut"),
        zh=("关门", "{hand}手推上{joint}"),
        shows=pushing.push_close,
    )
    arguments = MOVE_JOINT(
        "hand joint edge until",
        radius=0.27,
        height=0.0,
        force=MOVE_JOINT.at("force", "largest push against the latch", 40.0),
        speed=0.25,
        slow_from=Argument(
            "travel", "from where on it is pushed slowly; 3.4 deg, or 25 mm of a slide, where not given", None
        ),
    )

    def run(self, state: OperatorState) -> Motion:
        if state.senses.slides(self.joint):
            yield from self._slide(state)
            return
        slow = NEARLY if self.slow_from is None else self.slow_from
        arm = state.open_claw(self.hand, 0.0)
        angle = state.senses.joint(self.joint)

        radius, height, like, start = self._outside(state, angle)

        def outside(theta: float, gap: float) -> np.ndarray:
            return on_door(state, self.joint, self.edge, theta, radius, gap, height)

        yield from arm.follow(state.ways.way(self.hand, start, self.speed))
        angle = state.senses.joint(self.joint)
        poses = [(outside(theta, 0.03), None) for theta in np.arange(angle, slow, -STEP)]
        path = arm.line([*poses, (outside(slow, 0.03), None)], self.speed, like=like)
        yield from arm.follow(path, state.senses.until(self.until))
        out = state.senses.site(self.edge)[1][:, 0]
        yield from self._latch(state, arm.line([(outside(-0.1, 0.0), None)], 0.05, like=like), out, SHUT)
        yield from arm.follow(arm.line([(outside(0.0, 0.12), None)], self.speed, like=like))

    def _latch(self, state: OperatorState, path: Path, out: np.ndarray, shut: float) -> Motion:
        """Push on along a path, against the way out (3,) of the face, until it is shut [rad or m] or has caught; slowly, so that nothing is
        squeezed then."""
        arm, caught = state.arms[self.hand], state.senses.until(self.until) or (lambda: False)
        # a hand that stays so far behind its command presses with about the largest force
        most = self.force * float(np.linalg.norm(arm.compliance() @ out))

        def pressed() -> bool:
            return caught() or state.senses.joint(self.joint) < shut or float(np.linalg.norm(state.behind(self.hand))) > most

        yield from arm.follow(path, pressed, tremor=0.0, brake=1.0)
        yield from arm.hold(0.3, caught)

    def _slide(self, state: OperatorState) -> Motion:
        """Push a drawer shut with the closed fingertips on its front."""
        arm, stood = state.arms[self.hand], state.senses.joint(self.joint)
        state.open_claw(self.hand, 0.0)
        slow = min(SLIDE.nearly if self.slow_from is None else self.slow_from, stood)
        out = state.senses.site(self.edge)[1][:, 0]

        def tip(at: float, gap: float) -> np.ndarray:
            return state.senses.site_at(self.edge, self.joint, at)[0] + gap * out + self.height * UP + state.aim()

        def tries() -> Iterator[tuple[float, list[np.ndarray], np.ndarray]]:
            for name, turn, pitch in itertools.product(PUSHING, (*TURNS, *ASIDE), PITCHED):
                like = arm.posture(name)
                frame = arm.frame(facing(state.senses.site(self.edge)[1]) + turn, pitch, like)
                row = [
                    (tip(at, gap) - state.hand.tip_end * frame[:, 2], frame)
                    for at, gap in ((stood, CLEAR), (stood, 0.0), (0.0, 0.0))
                ]
                yield *state.ways.goal(self.hand, [row], like, AIMED, [state.senses.part_of(self.edge)]), frame

        _, found, frame = best_of(tries(), 0.5, (np.inf, [], np.eye(3)))
        yield from come(state, self.hand, found[0], self.speed)
        frame = arm.hand()[1]

        def to(at: float, gap: float, speed: float) -> Path:
            return arm.line([(tip(at, gap) - state.hand.tip_end * frame[:, 2], frame)], speed, orient=AIMED)

        yield from arm.follow(to(stood, 0.0, 0.1), tremor=0.3)
        yield from arm.follow(to(slow, 0.0, 0.5 * self.speed), state.senses.until(self.until), tremor=0.3)
        yield from self._latch(state, to(0.0, -0.02, 0.05), out, SLIDE.shut)
        position, frame = arm.hand()
        yield from arm.follow(arm.line([(position + 2.0 * CLEAR * out, frame)], self.speed, orient=AIMED))

    def _outside(self, state: OperatorState, angle: float) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Where on the door, and the arm held how, there is most room from the first touch to the last.

        Returns:
            Radius and height [m] on the door, the posture that is preferred, and the joint angles where it begins.
        """
        arm, door = state.arms[self.hand], state.senses.part_of(self.edge)
        best: tuple[float, float, float, np.ndarray, np.ndarray] = (np.inf, 0.0, 0.0, arm.q, arm.q)
        likes = [arm.posture(name) for name in OUTSIDE]
        rows = [(like, r, up) for up in (0.0, HIGHER) for like in likes for r in (0.0, -0.05, 0.04)]
        for k in range(len(rows) + OTHERWISE):
            if k < len(rows):
                like, further, higher = rows[k]
            elif best[0] < CLOSE:
                break
            else:  # no way that is known has room: others are imagined
                like = likes[k % len(likes)] + state.rng.normal(0.0, 0.3, 7)
                further, higher = state.rng.uniform((-0.06, -HIGHER), (0.05, HIGHER))
            radius, height = self.radius + further, self.height + higher
            start, off = arm.solve(on_door(state, self.joint, self.edge, angle, radius, 0.14, height), None, like, like)
            score, q = state.ways.crowd(self.hand, start) + 400.0 * off, start
            for share in (1.0, 0.8, 0.5, 0.25, 0.0):
                q, off = arm.solve(on_door(state, self.joint, self.edge, share * angle, radius, 0.03, height), None, q, like)
                score += state.ways.crowd(self.hand, q, [door], self.joint, share * angle) + 400.0 * off
                if score > best[0]:
                    break
            if score < best[0]:
                best = (score, radius, height, like, start)
            if score < 0.5:
                break
        return best[1:]
