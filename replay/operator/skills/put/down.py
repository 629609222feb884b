"""Bring what is held upright over a place, set it down and let go."""

from __future__ import annotations

import numpy as np

from ...limbs.geometry import LEVEL, UP, flat_unit, turn_z, turned_about
from ...operator_state import OperatorState
from ...planning.ways import ENOUGH
from ...recognition import carrying
from ...words.primitives import PUT
from ...words.skill import Label, Motion, Skill
from ..placing import HOPELESS, TURNED, no_way_over
from ..pouring import GENTLE

CLEAR = 0.05  # m, by which a tilted bottle is taken up and away before it is turned upright


class PutDown(Skill, word="put", how="down"):
    """Bring what is held upright over a place, set it down and let go.

    The way there is straight where that leaves room, else one that is planned with what is held, which may then stand turned
    about the vertical. What is tilted is taken up and away first. With a `force` it is lowered until the fingers feel so much less of
    its weight: a rim that is held firmly does not slide up in the grip where its foot meets the ground a little early. A plain put does
    not turn a bottle upright that has been poured from: it spills.
    """

    label = Label(
        en=("set down", "the {hand} hand sets the {about} down on the {upon}"),
        zh=("放下", "{hand}手把{about}放下，放到{upon}上"),
        shows=carrying.set_down,
    )
    arguments = PUT(
        "hand of upon turn aside ahead",
        above=0.07,
        retreat=PUT.at("retreat", "how far the hand draws back along its fingers", 0.12),
        opening=0.036,
        posture="ready",
        lowering=0.08,
        force=PUT.at("force", "force that bears it as lowering ends, where the force shall be measured", None),
        speed=0.19,
    )

    def run(self, state: OperatorState) -> Motion:
        arm = state.arms[self.hand]
        like = arm.posture(self.posture)
        hand, frame = arm.hand()
        held, turned = state.senses.site(self.of)
        axis = turned[:, 2]
        tilt = float(np.arccos(np.clip(axis[2], -1.0, 1.0)))
        upright = turned_about(np.cross(axis, UP), tilt) @ frame if tilt > 1e-3 else frame
        offset = upright @ (frame.T @ (hand - held))
        place, along = state.senses.site(self.upon)
        place = place + self.ahead * along[:, 0] + self.aside * along[:, 1] + state.aim()
        high = place + offset + self.above * UP
        away, poses = [], [(high, upright)]
        if tilt > 0.2:  # up and away first, so that it is not turned against what it was poured into
            away = [(hand + CLEAR * (UP + flat_unit(high - hand)), frame)]
            over = np.array([*(0.6 * high[:2] + 0.4 * hand[:2]), max(high[2], hand[2] + CLEAR)])
            poses = [*away, (over, upright), *poses]
        path = arm.line(poses, self.speed, like=like, orient=LEVEL)
        things = state.ways.with_contents(self.of.split("/")[0])
        cost = state.ways.tightness(self.hand, path, things)
        if cost > ENOUGH:
            if away:
                yield from arm.follow(arm.line(away, self.speed, like=like, orient=LEVEL), tremor=0.3)
            rows = []
            for turn in map(turn_z, TURNED if self.turn == "free" else TURNED[:1]):
                low = place + turn @ offset
                rows.append([(low + self.above * UP, turn @ upright), (low, turn @ upright)])
            goal = state.ways.goal(self.hand, rows, like, LEVEL, held=things)[1][0]
            planned = state.ways.free_way(self.hand, goal, self.speed)
            if planned is None and cost > HOPELESS:
                raise no_way_over(state, self)
            path = planned or arm.line(poses[len(away) :], self.speed, like=like, orient=LEVEL)
        yield from arm.follow(arm.gently(path, GENTLE), tremor=0.3)
        position, frame = arm.hand()
        low = position + place - state.senses.site(self.of)[0] + 0.0015 * UP  # what the way there has left over, too
        hangs = state.senses.feel(self.hand)[2]

        def borne() -> bool:
            return self.force is not None and bool(state.senses.feel(self.hand)[2] - hangs > self.force)

        yield from arm.follow(arm.line([(low, frame)], self.lowering, orient=LEVEL), borne, tremor=0.0)
        yield from arm.hold(0.2)
        yield from state.let_go(self.hand, self.opening, 0.6)
        position, frame = arm.hand()
        back = arm.line([(position - self.retreat * frame[:, 2], frame)], self.speed)
        yield from arm.follow(arm.gently(back, GENTLE), tremor=0.3)
