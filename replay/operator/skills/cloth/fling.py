"""Raise a cloth by its short edge, swing it ahead over the table and lay it down, far edge first; let go of it."""

from __future__ import annotations

import numpy as np

from .....scenarios.robots.robot_folder import SIDES
from .....scenarios.words.cloth import open_share
from ...limbs.geometry import UP, between
from ...operator_state import OperatorState
from ...recognition import cloth
from ...words.primitives import FLING
from ...words.reason import Reason
from ...words.skill import Argument, Label, Motion, together
from ..walking import moving
from .handling import flat_at, held_by_both, lead, opening_up, rising, send, side_by_side
from .spreading import OPEN, AtTableEnd, short_edges
from .tips import both_squeezing, hands_over, nearest

LOOSE = (0.02, 0.02, 0.02)  # weights of the hand's orientation [m/rad] where its place counts
THIN = 0.0005  # m, opening to which a claw may close on what hangs by it
MOST, INSIDE = 0.06, 0.004  # m, by which an edge is drawn back at most, and how far inside the table's end it stays
LEAST = 0.1  # N, with which either pad of a hand is pressed that holds the cloth
CLEAR_OF = 0.14  # m, by which the robot steps back from an edge that it has laid down: more than a finger is long
# a hand that calms what hangs below it: 1/s, with how much of the way to its corner it goes there; s, in which it comes back by
# itself; m, by which it goes at most; m/s, with which what hangs may still move, and s, for longer than it turns back in a swing
AFTER, FADES, WIDEST, QUIET, TURNING = 2.0, 0.6, 0.06, 0.05, 0.3
LATEST = 2.5  # s, after which the hands go down whatever is seen


class Fling(AtTableEnd, word="fling"):
    """Raise a cloth by its short edge, swing it ahead over the table and lay it down, far edge first; let go of it.

    The hands go back and ahead again: the cloth swings behind them, then ahead. As it comes ahead they go down, and back.
    """

    label = Label(
        en=("fling out", "both hands fling the {about} out over the table"),
        zh=("甩开铺平", "双手把{about}甩开铺在桌上"),
        shows=cloth.fold,
    )
    arguments = FLING(
        "of left right",
        off=Argument("length", "how far before the table's end the robot stands as it swings", 0.18),
        after=Argument("length", "how far before the table's end the robot stands when the cloth is laid", 0.36),
        ahead=Argument("length", "how far inside the table's end the hands are ahead", 0.33),
        swing=Argument("length", "how far the hands swing", 0.25),
        back=Argument("time", "time in which the hands swing back", 0.6, low=0.05),
        forth=Argument("time", "time in which they swing ahead", 0.6, low=0.05),
        behind=Argument(
            "length", "how far behind the hands the far edge is seen to swing ahead as they begin to go down", 0.22
        ),
        sink=Argument("time", "time in which they go down at first: faster, the robot would tip", 0.5, low=0.05),
        laying=Argument("time", "time in which they lay the cloth", 0.8, low=0.05),
        falling=Argument("speed", "speed with which they pass from going down to laying", 0.6),
        drawing=Argument("time", "time after which they begin to come back", 0.3, low=0.05),
        high=Argument("length", "how high over the table they swing", 0.80),
        low=Argument("length", "height to which they go down at first", 0.33),
        on=Argument("length", "height at which the hands let go of the cloth", 0.016),
        end=Argument("length", "how far inside the table's end the edge is when they do", 0.03),
        enough=Argument("share", "share of the cloth that is to lie open; else it is swung again", 0.94),
        flat=Argument(
            "length", "height over the table above which no wrinkle is to stand; else it is swung again", 0.020
        ),
        slow=Argument("speed", "speed with which the edge is drawn back as long as a wrinkle stands", 0.04),
        tries=FLING.at("tries", "how often it is swung at most", "3"),
        tilt=Argument("angle", "how far the fingers point down on high", float(np.deg2rad(-40.0))),
        pitch=FLING.at("pitch", "how far the fingers point down where they let go", float(np.deg2rad(25.0))),
        force=8.0,
        speed=FLING.at("speed", "largest speed of the hands before", 0.35),
    )

    def run(self, state: OperatorState) -> Motion:
        if not held_by_both(state):
            return
        middle, apart = self._beside(state), self._apart(state)
        for _ in range(int(self.tries)):
            yield from self._keeping(state, self._stand(state, self.after, middle, 0.15))
            yield from self._raise(state, apart)
            yield from self._keeping(state, self._stand(state, self.off, middle, 0.15))
            yield from self._keeping(state, self._lay(state, apart))
            yield from self._keeping(state, state.wait(0.3))
            if min(state.senses.touch(side).min() for side in SIDES) < LEAST:
                state.given_up = Reason("a hand has lost the cloth", "cloth_lost")
                return
            yield from self._keeping(state, self._straighten(state))
            if self._open(state) > self.enough and self._height(state) < self.flat:
                break
        # from under the edge by walking: fingers that draw back alone come to the trunk before they are clear of it
        yield from together(*(opening_up(state, side, 0.05, 0.6) for side in SIDES))
        yield from self._stand(state, self.after + CLEAR_OF, middle, 0.12)
        yield from together(*(rising(state.arms[side], 0.12) for side in SIDES))

    def _open(self, state: OperatorState) -> float:
        """Share of the cloth that lies open, one face up."""
        x, y, _ = state.senses.vertices(self.of).T
        return float(open_share(self.of, x, y))

    def _height(self, state: OperatorState) -> float:
        """How high over the table a wrinkle stands [m], away from the hands and from what they hold up."""
        edge, _ = self._end(state)
        places = state.senses.vertices(self.of)
        off = [np.linalg.norm(places[:, :2] - state.senses.site(f"{side}_tcp")[0][:2], axis=1) for side in SIDES]
        return float(np.max(places[np.minimum(*off) > OPEN, 2], initial=0.0) - edge[2] - 2.0 * self.of.radius)

    def _straighten(self, state: OperatorState) -> Motion:
        """Draw the edge back, level, until no wrinkle stands or a corner comes to the table's end."""
        edge, turn = self._end(state)
        away, hands = turn[:, 0], {side: state.arms[side].hand() for side in SIDES}
        for k in range(1, round(MOST / self.slow / state.timestep)):
            corner = max(self._hanging(state, side, edge, away) for side in SIDES)
            if self._height(state) < 0.5 * self.flat or corner > -INSIDE:
                return
            for side, (at, frame) in hands.items():
                lead(state.arms[side], at - k * state.timestep * self.slow * away, frame, LOOSE, 8)
            yield

    def _keeping(self, state: OperatorState, motion: Motion) -> Motion:
        """A motion, while both claws press on what hangs by them."""
        yield from both_squeezing(state, self.force, motion, THIN)

    def _apart(self, state: OperatorState) -> float:
        """How far the hands are from each other with the edge between them straight [m]."""
        places = state.senses.vertices(self.of)
        held = [flat_at(self.of, places, state.senses.site(f"{side}_tcp")[0]) for side in SIDES]
        return float(np.linalg.norm(held[0] - held[1]))

    def _flap(self, state: OperatorState) -> float:
        """How far the edge stands out behind what the hands hold [m]."""
        places, flat, long = state.senses.vertices(self.of), self.of.flat, int(np.argmax(self.of.size))
        held = [flat_at(self.of, places, state.senses.site(f"{side}_tcp")[0])[long] for side in SIDES]
        return float(max(min(abs(at - flat[:, long].min()), abs(at - flat[:, long].max())) for at in held))

    def _over(self, state: OperatorState, side: str, ahead: float, up: float, apart: float) -> np.ndarray:
        """(3,) [m] so far inside the table's end, over the table, and to a hand's side of the robot."""
        return self._place(state, ahead, self._beside(state) + (0.5 if side == "left" else -0.5) * apart, up)

    def _frame(self, state: OperatorState, side: str, pitch: float) -> np.ndarray:
        return nearest(hands_over(self._end(state)[1][:, 0], pitch), state.arms[side].hand()[1])

    def _raise(self, state: OperatorState, apart: float) -> Motion:
        """Ahead, so that the forearms pass before the trunk, and up, so that the cloth hangs free and comes straight."""
        rows = {}
        for side in SIDES:
            at, _ = state.arms[side].hand()
            edge, turn = self._end(state)
            inside = float((at - edge) @ turn[:, 0])
            rows[side] = [
                (self._over(state, side, inside + 0.12, 0.15, apart), self._frame(state, side, np.deg2rad(20.0))),
                (self._over(state, side, inside + 0.17, 0.30, apart), self._frame(state, side, np.deg2rad(10.0))),
                (self._over(state, side, inside + 0.14, self.high, apart), self._frame(state, side, self.tilt)),
            ]
        yield from self._along(state, rows, self.speed)

    def _along(
        self, state: OperatorState, rows: dict[str, list[tuple[np.ndarray, np.ndarray]]], speed: float
    ) -> Motion:
        """Both hands along rows of poses in the same time."""
        yield from self._keeping(state, together(*side_by_side(state, rows, speed, LOOSE, tremor=0.0)))

    def _still(self, state: OperatorState, patience: float = 4.0) -> Motion:
        """Wait until the cloth hangs still: each hand goes after the corner that hangs below it, which takes its swing from it."""
        before, step = state.senses.vertices(self.of), state.timestep
        hands = {side: state.arms[side].hand() for side in SIDES}
        off, hang, quiet = dict.fromkeys(SIDES, np.zeros(3)), self._hanging_below(state), 0.0
        for _ in range(round(patience / step)):
            now = state.senses.vertices(self.of)
            speed, before = float(np.percentile(np.linalg.norm(now - before, axis=1), 90)) / step, now
            quiet = quiet + step if speed < QUIET else 0.0
            if quiet > TURNING:
                break
            for side, (at, frame) in hands.items():
                swing = (now[hang[side]] - state.senses.site(f"{side}_tcp")[0]) * [1.0, 1.0, 0.0]
                way = off[side] + step * (AFTER * swing - off[side] / FADES)
                off[side] = way * min(1.0, WIDEST / max(float(np.linalg.norm(way)), 1e-9))
                send(state.arms[side], at + off[side], frame, LOOSE)
            yield
        while max(np.linalg.norm(way) for way in off.values()) > 0.001:  # where they began, gently
            for side, (at, frame) in hands.items():
                off[side] = off[side] * (1.0 - step / FADES)
                send(state.arms[side], at + off[side], frame, LOOSE)
            yield

    def _hanging_below(self, state: OperatorState) -> dict[str, int]:
        """Vertex at the corner that hangs below each hand: of the short edge that is not held, the one on its side."""
        places, beside = state.senses.vertices(self.of), np.cross(UP, self._end(state)[1][:, 0])
        left, right = sorted(self._far_edge(state), key=lambda v: -float(places[v] @ beside))
        return {"left": left, "right": right}

    def _swing(self, t: float) -> float:
        """How far inside the table's end the hands are [m] at a time [s] of the swing."""
        if t < self.back:
            return self.ahead - self.swing * eased(t / self.back)
        return self.ahead - self.swing * (1.0 - eased((t - self.back) / self.forth))

    def _down(self, t: float) -> tuple[float, float, float]:
        """How far ahead the hands have come back, 0 to 1, how high over the table they are [m], and how far they are turned, 0 to 1,
        at a time [s] since they began to go down. No speed jumps: arms that are stopped short tip the robot (`balance`)."""
        whole = self.sink + self.laying
        if t < self.sink:
            up = passing((self.high, 0.0), (self.low, -self.falling), self.sink, t)
        else:
            up = passing((self.low, -self.falling), (self.on, 0.0), self.laying, t - self.sink)
        turned = eased((t - 0.5 * self.sink) / (whole - 0.6 * self.sink))
        return eased((t - self.drawing) / (whole - self.drawing)), up, turned

    def _lay(self, state: OperatorState, apart: float) -> Motion:
        """Swing back and ahead, go down as the far edge swings ahead, and lay the cloth down; the robot steps back."""
        arms, step, base = state.arms, state.timestep, moving(state)
        edge, turn = self._end(state)
        away, beside = turn[:, 0], self._beside(state)
        frames = {side: [self._frame(state, side, pitch) for pitch in (self.tilt, self.pitch)] for side in SIDES}
        starts = {s: [(self._over(state, s, self.ahead, self.high, apart), frames[s][0])] for s in SIDES}
        yield from self._along(state, starts, 0.2)
        yield from self._still(state)
        end = self.end + self._flap(state)
        down, far = None, -np.inf
        across = {
            side: edge + (beside + (0.5 if side == "left" else -0.5) * apart) * np.cross(UP, away) for side in SIDES
        }
        back = (edge + beside * np.cross(UP, away) - self.after * away)[:2]
        for k in range(1, round(10.0 / step)):
            t = k * step
            inside, up, turned = self._swing(t), self.high, 0.0
            before, far = far, float((self._far(state) - edge) @ away)
            if (
                down is None
                and t > self.back + 0.5 * self.forth
                and (far > max(before, inside - self.behind) or t > LATEST)
            ):
                down = t
            if down is not None:
                base.go(back, state.heading, 0.25, 0.4)
                share, up, turned = self._down(t - down)
                inside += (end - inside) * share
                if t - down > self.sink + self.laying:
                    break
            for side in SIDES:
                goal, frame = across[side] + inside * away + up * UP, between(frames[side][0], frames[side][1], turned)
                send(arms[side], goal, frame, LOOSE)
            yield
        yield from self._stopping(state, across, inside, up, away, {s: frames[s][1] for s in SIDES})

    def _stopping(
        self, state: OperatorState, across: dict, inside: float, up: float, away: np.ndarray, frames: dict
    ) -> Motion:
        """Bring the robot to rest with the hands where they are."""
        for _ in moving(state).stop():
            for side in SIDES:
                lead(state.arms[side], across[side] + inside * away + up * UP, frames[side], LOOSE, 8)
            yield

    def _far_edge(self, state: OperatorState) -> tuple[int, int]:
        """Vertices at the ends of the short edge that is not held."""
        hands, places = np.mean([state.senses.site(f"{s}_tcp")[0] for s in SIDES], axis=0), state.senses.vertices(self.of)
        return max(short_edges(self.of), key=lambda e: float(np.linalg.norm(places[list(e)].mean(axis=0) - hands)))

    def _far(self, state: OperatorState) -> np.ndarray:
        """(3,) [m] its middle."""
        return state.senses.vertices(self.of)[list(self._far_edge(state))].mean(axis=0)


def eased(u: float) -> float:
    """Way made at the share u of the time, from rest to rest."""
    return passing((0.0, 0.0), (1.0, 0.0), 1.0, u)


def passing(begun: tuple[float, float], ended: tuple[float, float], duration: float, t: float) -> float:
    """Place [m] at a time [s] on the way between two places [m] that are passed with two speeds [m/s] and without acceleration: the
    polynomial of fifth order which that makes (T. Flash, N. Hogan, J. Neurosci. 5, 1985: the way of least jerk)."""
    u = min(max(t / duration, 0.0), 1.0)
    way, a, b = ended[0] - begun[0], begun[1] * duration, ended[1] * duration
    return begun[0] + u * (
        a + u**2 * (10 * way - 6 * a - 4 * b + u * (-15 * way + 8 * a + 7 * b + u * (6 * way - 3 * a - 3 * b)))
    )
