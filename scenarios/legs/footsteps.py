"""When a robot on its own legs steps, where to, and how its weight goes along: footsteps, and the pressure point planned with them.

A mark goes over the floor as the robot is commanded, by the law of a base that glides (`robots/mobile.py`). The feet follow it: each is
set down where it belongs beside the mark at the moment at which it lands. While no foot is missing there, the robot stands.

The weight follows the divergent component of motion, xi = c + v / w with w² = g / height (Englsberger et al. 2015, IEEE T-RO 31:355):
xi' = w (xi - p) for a pressure point p. The plan of p is a row of straight pieces, from sole to sole, at the end between the soles. The
xi that belongs to it now follows backwards from its end, and p gives way by (1 + gain / w) times what xi is off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .remembered import Memory

STAND, SHIFT, TRANSFER, SINGLE, SETTLE = range(5)  # what the robot does: `Memory.phase[0]`
AHEAD = 2  # steps after the next landing that are planned
Point = tuple[float, float]
Piece = tuple[Point, Point, float]  # of the pressure point: from, to [m], how long [s]


@dataclass(frozen=True)
class Commanded:
    """The commanded place of the robot on the floor: x, y [m], yaw [rad] in the world, and their speeds."""

    x: float
    y: float
    yaw: float
    vx: float
    vy: float
    vyaw: float

    def after(self, seconds: float) -> tuple[float, float, float]:
        """Where it is in so many seconds, if it goes on as it does."""
        return self.x + seconds * self.vx, self.y + seconds * self.vy, self.yaw + seconds * self.vyaw

    def slow(self, bound: Mapping[str, float]) -> bool:
        return math.hypot(self.vx, self.vy) < bound["speed"] and abs(self.vyaw) < bound["turning"]


@dataclass(frozen=True)
class Swing:
    """What the foot in the air is to do: place (3,) [m] and yaw [rad], and the first and second derivatives of the four."""

    foot: int
    at: np.ndarray
    speed: np.ndarray
    push: np.ndarray


class Footsteps:
    """Footsteps of a robot.

    Args:
        sheet: `walk` of its legs.yaml; beside: (2, 2) where either foot point belongs beside the mark, ahead and to the left [m];
        dt: between two instants of control [s].
    """

    def __init__(self, sheet: Mapping[str, Any], beside: np.ndarray, dt: float):
        self.sheet, self._beside, self.dt = sheet, beside, dt

    def advance(
        self,
        memory: Memory,
        mark: Commanded,
        places: np.ndarray,
        yaws: Sequence[float],
        xi: Point,
        still: bool,
        w: float,
    ) -> None:
        """Go on by one instant: from standing to stepping and back.

        Args:
            places, yaws: (2, 3) and (2,) of the foot points, as they are; xi: of the weight [m]; still: whether it is at rest.
            w: [1/s] of xi.
        """
        sheet, phase = self.sheet, memory.phase
        phase[1] += self.dt
        mode = int(phase[0])
        stands = mode == STAND or (mode == SETTLE and phase[1] >= sheet["settle"])  # its weight is between its feet, so it may step again
        if stands and self._missing(memory, mark):
            phase[:] = SHIFT, 0.0, self._first(memory, mark)
            memory.pressed[:] = 0.0
            at_zero = self.wanted(memory, mark, xi, w)[1]  # both are linear in where it presses during the shift
            memory.pressed[:] = 1.0
            share = [b - a for a, b in zip(at_zero, self.wanted(memory, mark, xi, w)[1])]
            memory.pressed[:] = [(x - a) / s for x, a, s in zip(xi, at_zero, share)]
        elif mode == SHIFT and phase[1] >= sheet["shift"]:
            phase[:2] = TRANSFER, 0.0
        elif mode == TRANSFER and phase[1] >= sheet["transfer"]:
            swing = int(phase[2])
            phase[:2] = SINGLE, 0.0
            memory.lift[:] = *places[swing], yaws[swing]
            memory.land[:] = self._foothold(swing, mark.after(sheet["single"]), self._stands(memory, 1 - swing))
            memory.ending[0] = 0.0
        elif mode == SINGLE and phase[1] < sheet["decides"] * sheet["single"]:
            if not memory.ending[0] and self._arrives(memory, mark):  # and stays so: the weight cannot turn back in the middle of a step
                memory.ending[0] = 1.0
                memory.stood[:] = mark.x, mark.y, mark.yaw
        elif mode == SINGLE and phase[1] >= sheet["single"]:
            swing = int(phase[2])
            memory.pressed[:] = memory.feet[4 * (1 - swing) : 4 * (1 - swing) + 2]
            memory.feet[4 * swing : 4 * swing + 4] = *places[swing], yaws[swing]
            phase[:] = SETTLE if memory.ending[0] else TRANSFER, 0.0, 1 - swing
        elif mode == SETTLE and phase[1] >= sheet["settle"] and (still or phase[1] > 3.0 * sheet["settle"]):
            phase[:2] = STAND, 0.0

    def wanted(self, memory: Memory, mark: Commanded, end: Point, w: float) -> tuple[Point, Point]:
        """Where the floor is to press now and the xi that belongs to it [m], while it steps; `end`: where it presses when it stands."""
        pieces = self._pieces(memory, mark, end)
        x, y = pieces[-1][1]
        for (x0, y0), (x1, y1), time in reversed(pieces):
            if time > 1e-9:
                fade, vx, vy = math.exp(-w * time), (x1 - x0) / time / w, (y1 - y0) / time / w
                x, y = x0 + vx + (x - x1 - vx) * fade, y0 + vy + (y - y1 - vy) * fade
        return pieces[0][0], (x, y)

    def ends(self, memory: Memory, mark: Commanded) -> Point:
        """Where the pelvis comes to stand: at the mark, but for one that has gone on since."""
        gone, (x, y, _) = self.sheet["begins"]["gone"], memory.stood.tolist()
        away = max(math.hypot(mark.x - x, mark.y - y) / gone, 1.0)
        return x + (mark.x - x) / away, y + (mark.y - y) / away

    def swing(self, memory: Memory) -> Swing | None:
        """Of the foot in the air: over the floor as a polynomial of fifth order, up and down as one of sixth."""
        if memory.phase[0] != SINGLE:
            return None
        foot, lift, land = int(memory.phase[2]), memory.lift, memory.land
        time = self.sheet["reaches"] * self.sheet["single"]
        s = min(1.0, float(memory.phase[1]) / time)
        r = 1.0 - s
        blend = (
            s * s * s * (10.0 - 15.0 * s + 6.0 * s * s),
            30.0 * s * s * r * r / time,
            60.0 * s * r * (r - s) / time**2,
        )
        b = s * r
        bump = 64.0 * b**3, 192.0 * b * b * (r - s) / time, (384.0 * b * (r - s) ** 2 - 384.0 * b * b) / time**2
        way = np.array([
            land[0] - lift[0], land[1] - lift[1], memory.feet[4 * (1 - foot) + 2] - lift[2], math.remainder(land[2] - lift[3], math.tau),
        ])  # fmt: skip
        up = np.array([0.0, 0.0, self.sheet["lift"], 0.0])
        return Swing(
            foot, lift + blend[0] * way + bump[0] * up, blend[1] * way + bump[1] * up, blend[2] * way + bump[2] * up
        )

    def face(self, memory: Memory, mark: Commanded) -> float:
        """Turn the trunk as the mark turns, while it steps only as far as the feet allow; how that speeds up [rad/s2].

        It is bounded: on one foot the floor gives the trunk only a small turning moment.
        """
        bound, (yaw, rate) = self.sheet["trunk"], memory.facing.tolist()
        ahead, turning = math.remainder(mark.yaw - yaw, math.tau), mark.vyaw
        if memory.phase[0] not in (STAND, SETTLE):
            left, right = float(memory.feet[3]), float(memory.feet[7])
            middle = left + 0.5 * math.remainder(right - left, math.tau) - yaw
            off = math.remainder(mark.yaw - yaw - middle, math.tau)
            ahead = math.remainder(middle + min(max(off, -bound["most"]), bound["most"]), math.tau)
            turning = mark.vyaw if abs(off) < bound["most"] else 0.0
        push = bound["answer"] * (bound["answer"] * ahead + 2.0 * (turning - rate))
        push = min(max(push, -bound["acceleration"]), bound["acceleration"])
        rate += self.dt * push
        memory.facing[:] = yaw + self.dt * rate, rate
        return push

    def _pieces(self, memory: Memory, mark: Commanded, end: Point) -> list[Piece]:
        """The way of the pressure point from now on."""
        sheet, (mode, time, swing) = self.sheet, memory.phase.tolist()
        foot, pressed = int(swing), (float(memory.pressed[0]), float(memory.pressed[1]))
        if mode == SETTLE:
            share = min(1.0, time / sheet["settle"])
            return [(_between(pressed, end, share), end, (1.0 - share) * sheet["settle"])]
        stance = self._stands(memory, 1 - foot)
        if mode == SINGLE:
            landing: tuple[float, float, float] = (float(memory.land[0]), float(memory.land[1]), float(memory.land[2]))
            until = sheet["single"] - time
            pieces: list[Piece] = [(stance[:2], stance[:2], until)]
            if memory.ending[0]:
                return [*pieces, (stance[:2], end, sheet["settle"])]
        else:
            if mode == SHIFT:
                rest = sheet["shift"] - time
                pieces = [(pressed, pressed, rest), (pressed, stance[:2], sheet["transfer"])]
                until = rest + sheet["transfer"]
            else:
                share = min(1.0, time / sheet["transfer"])
                until = (1.0 - share) * sheet["transfer"]
                pieces = [(_between(pressed, stance[:2], share), stance[:2], until)]
            pieces.append((stance[:2], stance[:2], sheet["single"]))
            until += sheet["single"]
            landing = self._foothold(foot, mark.after(until), stance)
        for _ in range(AHEAD):
            foot, stance, before = 1 - foot, landing, stance
            pieces += [(before[:2], stance[:2], sheet["transfer"]), (stance[:2], stance[:2], sheet["single"])]
            until += sheet["transfer"] + sheet["single"]
            landing = self._foothold(foot, mark.after(until), stance)
        middle = _between(stance[:2], landing[:2], 0.5)
        return [*pieces, (stance[:2], middle, sheet["settle"])]

    def _stands(self, memory: Memory, foot: int) -> tuple[float, float, float]:
        x, y, _, yaw = memory.feet[4 * foot : 4 * foot + 4].tolist()
        return x, y, yaw

    def _place(self, foot: int, mark: tuple[float, float, float]) -> tuple[float, float, float]:
        """Where a foot belongs beside the mark."""
        x, y, yaw = mark
        c, s, (ahead, left) = math.cos(yaw), math.sin(yaw), self._beside[foot].tolist()
        return x + c * ahead - s * left, y + s * ahead + c * left, yaw

    def _foothold(
        self, foot: int, mark: tuple[float, float, float], stance: tuple[float, float, float]
    ) -> tuple[float, float, float]:
        """Where a foot is set down: beside the mark, as far as a step from the other foot leads."""
        bound, side = self.sheet["step"], 1.0 if foot == 0 else -1.0
        x, y, yaw = self._place(foot, mark)
        c, s = math.cos(stance[2]), math.sin(stance[2])
        dx, dy = x - stance[0], y - stance[1]
        ahead, left = c * dx + s * dy, side * (c * dy - s * dx)
        ahead = min(max(ahead, -bound["ahead"]), bound["ahead"])
        left = side * min(max(left, bound["apart"][0]), bound["apart"][1])
        turn = math.remainder(yaw - stance[2], math.tau)
        turn = min(max(turn, -bound["turn"]), bound["turn"])
        return stance[0] + c * ahead - s * left, stance[1] + s * ahead + c * left, stance[2] + turn

    def _off(self, memory: Memory, mark: Commanded, foot: int, at: Sequence[float]) -> tuple[float, float]:
        """How far [m] and [rad] a foot that stands at x, y, yaw is from where it belongs."""
        x, y, yaw = self._place(foot, (mark.x, mark.y, mark.yaw))
        return math.hypot(at[0] - x, at[1] - y), abs(math.remainder(at[2] - yaw, math.tau))

    def _missing(self, memory: Memory, mark: Commanded) -> bool:
        """Whether the mark goes, or has gone from where it was when the robot came to stand; a foot that slid is no reason to step."""
        bound, (x, y, yaw) = self.sheet["begins"], memory.stood.tolist()
        gone, turned = math.hypot(mark.x - x, mark.y - y), abs(math.remainder(mark.yaw - yaw, math.tau))
        return not mark.slow(bound) or gone > bound["gone"] or turned > bound["turned"]

    def _arrives(self, memory: Memory, mark: Commanded) -> bool:
        """Whether both feet stand where they belong, the one in the air as it lands."""
        bound = self.sheet["ends"]
        if not mark.slow(bound):
            return False
        feet = [self._stands(memory, foot) for foot in (0, 1)]
        if memory.phase[0] == SINGLE:
            foot = int(memory.phase[2])
            if memory.phase[1] < self.sheet["single"]:
                feet[foot] = (float(memory.land[0]), float(memory.land[1]), float(memory.land[2]))
        offs = [self._off(memory, mark, foot, at) for foot, at in enumerate(feet)]
        return all(off < bound["gone"] and turned < bound["turned"] for off, turned in offs)

    def _first(self, memory: Memory, mark: Commanded) -> int:
        """The foot that steps first: on the side to which the mark goes or turns, else the left one."""
        c, s, (x, y, yaw) = math.cos(mark.yaw), math.sin(mark.yaw), memory.stood.tolist()
        aside = c * (mark.vy + mark.y - y) - s * (mark.vx + mark.x - x)
        turn = mark.vyaw + math.remainder(mark.yaw - yaw, math.tau)
        return 0 if (aside if abs(aside) > abs(turn) else turn) >= 0.0 else 1


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
