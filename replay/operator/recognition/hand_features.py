"""What is seen of one hand: features between 0 (does not hold) and 1 (holds), one for each control step.

A sign says something a person would say of a film: the hand is still, the claw opens, the door turns, the thing is held.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from .evidence import PAUSE, ramp
from .tracks import SIDES, Tracks

STILL = 0.02  # m/s, of a hand: slower is tremor
GAP = 0.3  # s, a contact that is lost for less was not let go
CLAW = 4.0  # %/s, slower the claw stands
SETTLED = 0.35  # s, for which a claw has to stand before its grip has settled
TURNING = 0.04  # rad/s (2 cm/s at the edge of a door), slower a hinge stands
SLIDING = 0.01  # m/s, the same for what slides
KEY = 3e-4  # m, a key that has gone so far is being pressed
DIP = 0.015  # m/s, by which a hand slows down where one motion ends and the next begins
ON_THE_WAY = 0.05  # share of the coming speed at which a hand has set off
RUNS = 1e-3  # m/s, by which a level rises that is being filled: 4 ml/s into a cup of 70 mm
TIPPING = 0.1  # rad/s, at which what is held is tipped over
SWING = 3.0  # s, within which what goes to and fro has gone both ways
TOUCHED = 1.0  # s, within which what is pushed is touched: a push is a row of small knocks
NEAR = 0.1  # s, within which a change of motion counts as at the same time


class HandFeatures:
    """The features of one hand.

    Args:
        tracks: what the replay shows; side: of the hand.
    """

    def __init__(self, tracks: Tracks, side: str):
        self.tracks, self.side, self.n = tracks, side, tracks.n
        self._kept: dict[tuple[str, str], np.ndarray] = {}

    # -- time --------------------------------------------------------------------------------------------------------

    def steps(self, seconds: float) -> int:
        """An odd number of control steps that covers so many seconds to either side together."""
        return 2 * max(0, round(seconds / 2 / self.tracks.timestep)) + 1

    def about(self, sign: np.ndarray, seconds: float) -> np.ndarray:
        """Whether a sign holds at any time within so many seconds before or after."""
        return maximum_filter1d(sign.astype(float), self.steps(2 * seconds), mode="nearest")

    def unbroken(self, sign: np.ndarray, gap: float = GAP) -> np.ndarray:
        """A sign without its gaps shorter than so many seconds."""
        size = self.steps(gap)
        padded = np.pad(sign.astype(float), size)  # beyond the ends nothing is known to hold
        return minimum_filter1d(maximum_filter1d(padded, size), size)[size:-size]

    def _events(self, steps: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(n,) 1 at each event, falling off to either side within `NEAR`."""
        found, t = np.zeros(self.n), np.arange(self.n)
        for step, weight in zip(steps, weights):
            found = np.maximum(found, weight * np.exp(-0.5 * ((t - step) * self.tracks.timestep / NEAR) ** 2))
        return found

    # -- the hand ----------------------------------------------------------------------------------------------------

    @cached_property
    def velocity(self) -> np.ndarray:
        """(n, 3) of the tcp [m/s], against the robot's own base where that moves."""
        hand, base = self.tracks.hand(self.side), self.tracks.joint
        if not any(name.startswith("base_") for name in base):
            return self.tracks.rate(hand)
        x, y, yaw, height = (base.get(f"base_{word}", np.zeros(self.n)) for word in ("x", "y", "yaw", "height"))
        c, s, away = np.cos(yaw), np.sin(yaw), hand - np.stack([x, y, height], axis=1)
        own = [c * away[:, 0] + s * away[:, 1], c * away[:, 1] - s * away[:, 0], away[:, 2]]
        return self.tracks.rate(np.stack(own, axis=1))

    @cached_property
    def speed(self) -> np.ndarray:
        return np.linalg.norm(self.velocity, axis=1)

    @cached_property
    def still(self) -> np.ndarray:
        """The hand rests for longer than a pause."""
        return 1.0 - self.about(self.speed > STILL, PAUSE)

    @cached_property
    def going(self) -> np.ndarray:
        return self.about(self.speed > STILL, 0.1)

    @cached_property
    def rising(self) -> np.ndarray:
        """The hand goes up more than aside."""
        return (self.velocity[:, 2] > np.maximum(STILL, np.linalg.norm(self.velocity[:, :2], axis=1))).astype(float)

    @cached_property
    def sinking(self) -> np.ndarray:
        """The hand goes down, however slowly."""
        return ramp(-self.velocity[:, 2], STILL / 4, STILL / 2)

    @cached_property
    def aside(self) -> np.ndarray:
        """The hand goes aside, at more than a small correction's speed."""
        return ramp(np.linalg.norm(self.velocity[:, :2], axis=1), STILL, 3 * STILL)

    @cached_property
    def askew(self) -> np.ndarray:
        """The hand goes aside, not merely a little beside its going up or down."""
        return ramp(np.linalg.norm(self.velocity[:, :2], axis=1) / np.maximum(self.speed, STILL), 0.35, 0.6)

    @cached_property
    def sets_off(self) -> np.ndarray:
        """The hand leaves a standstill or a dip of its speed; the deeper the dip, the surer."""
        from scipy.signal import find_peaks  # here, as it takes as long to load as all else

        padded = np.r_[self.speed.max() + 1.0, self.speed, self.speed.max() + 1.0]
        _, found = find_peaks(-padded, prominence=DIP, plateau_size=1)
        steps, weights = [], []
        for edge, depth in zip(found["right_edges"], found["prominences"]):
            low = padded[edge]
            depth = min(depth, self.speed.max())
            after = np.flatnonzero(padded[edge:] > low + ON_THE_WAY * depth)
            # one back for the padding, one to the last step before it is on its way
            steps.append(min(int(edge + after[0]) - 2, self.n - 1))
            weights.append(depth / (depth + low) if depth > 0 else 0.0)
        return self._events(np.array(steps), np.array(weights))

    @cached_property
    def other(self) -> HandFeatures:
        """The features of the other hand."""
        return HandFeatures(self.tracks, SIDES[1 - SIDES.index(self.side)])

    @cached_property
    def quiet(self) -> np.ndarray:
        """Neither hand goes, nor the base."""
        return 1.0 - np.max([self.going, self.other.going, self.base_moves], axis=0)

    @cached_property
    def backwards(self) -> np.ndarray:
        """The hand goes back along its fingers."""
        velocity = self.tracks.rate(self.tracks.hand(self.side))
        along = np.einsum("tk,tk->t", velocity, self._fingers)
        return (-along > np.maximum(STILL, 0.7 * np.linalg.norm(velocity, axis=1))).astype(float)

    @property
    def _fingers(self) -> np.ndarray:
        """(n, 3) unit direction in which the fingers point."""
        return self.tracks.rotation[f"{self.side}_tcp"][:, :, 2]

    def fingers_off(self, site: str) -> np.ndarray:
        """How far the fingers point past a site: 0 within 0.15 rad, 1 beyond 0.35."""
        way = self.tracks.position[site] - self.tracks.hand(self.side)
        along = np.einsum("tk,tk->t", way, self._fingers) / np.maximum(np.linalg.norm(way, axis=1), 1e-9)
        return ramp(np.arccos(np.clip(along, -1.0, 1.0)), 0.15, 0.35)

    def swings(self, along: np.ndarray) -> np.ndarray:
        """The hand goes, to and fro along a direction, (3,) or (n, 3)."""
        unit = np.broadcast_to(along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-9), (self.n, 3))
        speed = np.einsum("tk,tk->t", self.velocity, unit)
        return self.going * self.about(speed > STILL, SWING) * self.about(speed < -STILL, SWING)

    def far(
        self,
        site: str,
        near: float,
        far: float,
        of: str | None = None,
        shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> np.ndarray:
        """How far the hand (or a site) is from a site, or from what lies shifted along its axes: 0 within `near`, 1 beyond `far` [m]."""
        at = self.tracks.hand(self.side) if of is None else self.tracks.position[of]
        place = self.tracks.position[site] + self.tracks.rotation[site] @ np.array(shift)
        return ramp(np.linalg.norm(at - place, axis=1), near, far)

    def off_line(self, one: str, other: str, near: float, far: float) -> np.ndarray:
        """How far the hand is from the line between two sites: 0 within `near`, 1 beyond `far` [m]."""
        start, way = self.tracks.position[one], self.tracks.position[other] - self.tracks.position[one]
        to = self.tracks.hand(self.side) - start
        share = np.einsum("tk,tk->t", to, way) / np.maximum(np.einsum("tk,tk->t", way, way), 1e-9)
        return ramp(np.linalg.norm(to - np.clip(share, 0.0, 1.0)[:, None] * way, axis=1), near, far)

    def inside(self, site: str) -> np.ndarray:
        """How far the hand is behind an opening with its x axis inwards: 1 within, 0 where it is well out."""
        into = np.einsum(
            "tk,tk->t", self.tracks.hand(self.side) - self.tracks.position[site], self.tracks.rotation[site][:, :, 0]
        )
        return ramp(into, -0.03, 0.02)

    # -- the base ----------------------------------------------------------------------------------------------------

    def _speed(self, *joints: str) -> np.ndarray:
        """(n,) speed of some of the robot's joints together; zero where it has none of them."""
        rates = [self.tracks.rate(self.tracks.joint[name]) for name in joints if name in self.tracks.joint]
        return np.linalg.norm(rates, axis=0) if rates else np.zeros(self.n)

    @cached_property
    def walks(self) -> np.ndarray:
        return (self._speed("base_x", "base_y") > STILL).astype(float)

    @cached_property
    def turns(self) -> np.ndarray:
        return (self._speed("base_yaw") > TURNING).astype(float)

    @cached_property
    def base_moves(self) -> np.ndarray:
        """The robot walks, turns, squats or stands up."""
        return np.max([self.walks, self.turns, self.trunk(1.0), self.trunk(-1.0)], axis=0)

    def trunk(self, sign: float) -> np.ndarray:
        """The trunk goes up (1) or down (-1)."""
        if "base_height" not in self.tracks.joint:
            return np.zeros(self.n)
        return (sign * self.tracks.rate(self.tracks.joint["base_height"]) > SLIDING).astype(float)

    def starts(self, sign: np.ndarray) -> np.ndarray:
        """Where a sign begins to hold."""
        edges = np.flatnonzero(np.diff(np.r_[0.0, sign]) > 0)
        return self._events(edges, np.ones(len(edges)))

    def stops(self, sign: np.ndarray) -> np.ndarray:
        """Where a sign ceases to hold."""
        edges = np.flatnonzero(np.diff(np.r_[sign, 0.0]) < 0)
        return self._events(edges, np.ones(len(edges)))

    # -- the head ----------------------------------------------------------------------------------------------------

    @cached_property
    def looks(self) -> np.ndarray:
        """The head turns."""
        return (self._speed(*self.tracks.head) > TURNING).astype(float)

    # -- the claw ----------------------------------------------------------------------------------------------------

    @cached_property
    def _claw(self) -> np.ndarray:
        return self.tracks.rate(self.tracks.closed[self.side])

    @cached_property
    def closes(self) -> np.ndarray:
        return (self._claw > CLAW).astype(float)

    @cached_property
    def opens(self) -> np.ndarray:
        return (self._claw < -CLAW).astype(float)

    @cached_property
    def begins_to_open(self) -> np.ndarray:
        """The claw begins to open, having held something."""
        edges = np.flatnonzero(np.diff(np.r_[0.0, self.opens]) > 0)
        return self._events(edges, self.about(self.holds(), 0.3)[edges])

    # -- what is touched ---------------------------------------------------------------------------------------------

    def touches(self, body: str = "") -> np.ndarray:
        return self._once("touches", body, lambda: self.unbroken(self.tracks.touching(self.side, body)))

    def pushes(self, body: str) -> np.ndarray:
        """The hand touches a body, within a moment, without holding it: not the last touch of a hand that lets go."""
        free = self.touches(body) * (1.0 - self.about(self.holds(body), 0.2))
        return self._once("pushes", body, lambda: self.about(free, TOUCHED))

    def holds(self, body: str = "") -> np.ndarray:
        """The hand holds a body, or anything, between its fingers."""
        return self._once("holds", body, lambda: self.unbroken(self.tracks.pinching(self.side, body)))

    def both_touch(self, body: str) -> np.ndarray:
        """Both hands touch a body."""
        return self.touches(body) * self.other.touches(body)

    def both_hold(self, body: str) -> np.ndarray:
        """Both hands hold a body."""
        return self.holds(body) * self.other.holds(body)

    @cached_property
    def settled(self) -> np.ndarray:
        """Something is held, and the claw has stood for a moment."""
        standing = ((np.abs(self._claw) < CLAW) & (self.holds() > 0.5)).astype(float)
        size = self.steps(SETTLED)
        return minimum_filter1d(np.r_[np.zeros(size), standing], size, origin=size // 2)[size:]

    @cached_property
    def settles(self) -> np.ndarray:
        """The moment at which a grip has settled."""
        return self.starts(self.settled)

    @cached_property
    def drawn_back(self) -> np.ndarray:
        """The hand has left the place where it last held something."""
        return self.away_from(self.holds())

    def away_from(self, sign: np.ndarray, near: float = 0.02, far: float = 0.05) -> np.ndarray:
        """The hand has left the place where it was when a sign last held; where it began, before it ever did."""
        last = np.maximum.accumulate(np.where(sign > 0.5, np.arange(self.n), 0))
        hand = self.tracks.hand(self.side)
        return ramp(np.linalg.norm(hand - hand[last], axis=1), near, far)

    def raised(self, body: str, by: float) -> np.ndarray:
        """How far the hand has gone up with a body since it took hold of it: 0 up to 0.3, 1 from 0.8 of a length [m] on."""
        height = self.tracks.hand(self.side)[:, 2]
        taken = np.maximum.accumulate(np.where(self.holds(body) > 0.5, 0, np.arange(self.n)))
        return ramp(height - height[taken], 0.3 * by, 0.8 * by) * self.holds(body)

    # -- what moves --------------------------------------------------------------------------------------------------

    def grows(self, joint: str, sign: float = 1.0) -> np.ndarray:
        """A joint moves up (or, with sign -1, down)."""
        slow = SLIDING if joint in self.tracks.slides else TURNING
        return (sign * self.tracks.rate(self.tracks.joint[joint]) > slow).astype(float)

    def moves(self, site: str) -> np.ndarray:
        """A site goes."""
        speed = np.linalg.norm(self.tracks.rate(self.tracks.position[site]), axis=1)
        return (speed > SLIDING).astype(float)

    def goes_in(self, of: str, into: str) -> np.ndarray:
        """A site goes against the x axis of another one, which points out of a hole."""
        way = self.tracks.position[of] - self.tracks.position[into]
        out = np.einsum("tk,tk->t", way, self.tracks.rotation[into][:, :, 0])
        return (self.tracks.rate(out) < -SLIDING).astype(float)

    def runs(self, gauge: str) -> np.ndarray:
        """A level rises."""
        return (self.tracks.rate(self.tracks.joint[gauge]) > RUNS).astype(float)

    def leans(self, site: str) -> np.ndarray:
        """How far the z axis of a site leans: 0 within 0.3 rad of upright, 1 beyond 0.6."""
        return ramp(self._lean(site), 0.3, 0.6)

    def tips(self, site: str) -> np.ndarray:
        """The z axis of a site leans more and more."""
        return (self.tracks.rate(self._lean(site)) > TIPPING).astype(float)

    def _lean(self, site: str) -> np.ndarray:
        return np.arccos(np.clip(self.tracks.rotation[site][:, 2, 2], -1.0, 1.0))

    @cached_property
    def works(self) -> np.ndarray:
        """A joint moves, and the hand pushes its body."""
        found = np.zeros(self.n)
        for joint, body in self.tracks.owner.items():
            if joint in self.tracks.joint:
                moving = np.maximum(self.grows(joint), self.grows(joint, -1.0))
                found = np.maximum(found, moving * self.pushes(body))
        return found

    def before(self, subgoal: str | None) -> np.ndarray:
        """The time up to a subgoal; never where it is not reached, or none is named."""
        reached = self.tracks.reached.get(subgoal, np.nan) if subgoal else np.nan
        return (np.arange(self.n) * self.tracks.timestep < reached).astype(float)

    def pressed(self, joint: str) -> np.ndarray:
        """A key has gone from where it was at the start."""
        values = self.tracks.joint[joint]
        return (np.abs(values - values[0]) > KEY).astype(float)

    def _once(self, what: str, body: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        if (what, body) not in self._kept:
            self._kept[what, body] = make()
        return self._kept[what, body]
