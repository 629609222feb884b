"""Take a thing that a belt carries along, from above, as it moves."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...limbs.arm import Arm
from ...limbs.geometry import FIRM, UP, progress
from ...operator_state import OperatorState
from ...recognition import taking
from ...words.primitives import TAKE
from ...words.reason import GivenUp, Reason
from ...words.skill import Argument, Label, Motion, Skill, together

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline
WATCHED, FEW = 0.3, 3  # s, for which its speed is watched; control steps in which it is not yet known
LEAD, LOWERED = 1.5, 0.9  # s, that the hand needs to come over it, as a first guess, and for the last piece down
TRIES = 3  # how often that is guessed
FURTHER = (0.0, 0.04, 0.08, 0.12)  # m up the belt, where it is met instead if the arm does not go along with it well enough
LATE = 0.04  # m, by which it may be further on
HIGHER = 0.10  # m, by which it comes there from above
COMES = 0.005  # m/s, slower does not come
FELT = 0.9  # share of the force at which both pads have touched
CLOSES, TOUCHES = 60.0, 20.0  # percent/s, with which the fingers close, and with which they come to touch
ROOM = 0.008  # m, by which the gap is still wider than what they will hold as they begin to do so
CLOSED, SHUT = 1.1, 0.7  # s, in which they do at most, and mostly
STEP, BRANCH = 0.1, 0.10  # s between two joint angles of a ride; rad, of their second difference
PRESSES = 10.0  # as which a miss counts while the hand is at the thing: a stiff arm that is 5 mm too low presses with 100 N
ROUGH = 0.012  # m, as which a way counts on which the arm changes over to another branch
RISES = 0.28  # m/s, fastest as it rises
AWAY = 0.10  # m, by which it goes up the belt meanwhile
STOPS = 0.4  # s, in which the hand leaves the belt's speed as it rises
OFF, HOPELESS = 0.02, 0.05  # m, by which the arm may miss the place where it waits; as which the best way may count
HELD_AS = ("elbow_out", "raised", "across", "bench", "elbow_in", "outside_4", "level")  # postures that are tried
# of fingers that point less far down, where the arm does not come there else; and where no way is fair even so
SLANTS, FLATTER = np.deg2rad([0.0, -4.0, -8.0, -12.0, -16.0]), np.deg2rad([-20.0, -24.0, -28.0])
STEEP = 0.03  # m/rad, as which it counts that they do: the palm comes nearer to what they take
RIGHT, FAIR = 0.006, 0.02  # m, as which a way may count: none better is sought with fingers that are less steep; further up the belt
TRUNK = 0.005  # m, kept from the robot's own body; as much as is wanting counts like what is missed


class TakeMoving(Skill, word="take", how="moving"):
    """Take a thing that a belt carries along, from above, as it moves.

    The hand waits over the way of the thing, where it will come by, or further on where it is late. When the thing is there the hand
    goes along with it, comes down and closes with a force, all at the belt's speed; then it rises. The speed is what is seen of the
    thing. One that does not come, or has gone by, is given up, and so is one so near that the arm would have to fold through the trunk.
    """

    label = Label(
        en=("take off the belt", "the {hand} hand takes the {of} off the moving belt"),
        zh=("从皮带上抓取", "{hand}手从运行的皮带上抓取{of}"),
        shows=taking.take,
        grips=True,
    )
    arguments = TAKE(
        "hand of",
        middle=Argument("site", "where on it the pads' middle comes, its x axis along the fingers as seen from above"),
        meets=Argument("site", "before which place on the belt the hand begins to come down"),
        width=Argument("length", "how wide it is between the pads as they hold it", low=0.0),
        pitch=1.15,
        above=0.09,
        opening=0.186,
        force=30.0,
        by=0.13,
        down=Argument("time", "time in which the hand comes down", 0.5, low=0.1),
        at_most=Argument("time", "how long it is waited for", 30.0),
        speed=0.45,
    )

    def run(self, state: OperatorState) -> Motion:
        start, _ = state.senses.site(self.middle)
        yield from state.wait(WATCHED)
        now, turned = state.senses.site(self.middle)
        speed = (now - start) / (round(WATCHED / state.timestep) * state.timestep)
        state.open_claw(self.hand, min(self.opening, state.hand.widest))
        arm, needs = state.arms[self.hand], LEAD
        for _ in range(TRIES):  # where it comes to while the hand is on its way: the longer that is, the further on
            place, left, q, frame = self._met(state, now, turned, speed, needs)
            at, _ = arm.hand(q)
            high, _ = arm.solve(at + HIGHER * UP, frame, q, q, FIRM)  # what is on its way there is not where it is seen now
            way = state.ways.way(self.hand, high, self.speed)
            needs = way.duration + LOWERED
            if needs <= left:
                break
        yield from arm.follow(way)
        yield from arm.follow(arm.line([(at, frame)], self.speed, orient=FIRM), tremor=0.4)
        speed = yield from self._await(state, place, speed)
        ride = self._ride(state, arm.q, self._places(state, at, state.senses.site(self.middle)[0] + state.aim(), speed, frame), frame)[0]
        yield from self._follow(arm, ride, 0.0, self.down)
        shut: list[bool] = []
        yield from together(self._follow(arm, ride, self.down, self.down + CLOSED, lambda: bool(shut)), self._close(state, shut))
        state.hold_on(self.hand, self.of)
        yield from self._rise(state, speed, frame)

    def _met(
        self, state: OperatorState, now: np.ndarray, turned: np.ndarray, speed: np.ndarray, needs: float
    ) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
        """Where and when the hand meets the thing, see `_place`, with joint angles (7,) over it and the hand's rotation.

        Raises:
            GivenUp: the arm does not come there.
        """
        found: list[tuple[float, np.ndarray, float, np.ndarray, np.ndarray]] = []
        for slants in (SLANTS, FLATTER):
            for further in FURTHER:
                place, left = self._place(state, now, speed, needs, further)
                score, q, frame = self._posture(state, place, turned, speed, slants)
                found.append((score, place, left, q, frame))
                if score < FAIR:
                    break
            score, place, left, q, frame = min(found, key=lambda one: one[0])
            if score < FAIR:
                break
        if score > HOPELESS:
            named = self.of.split("/")[0]
            raise GivenUp(Reason(f"the {self.hand} arm does not come to where {named} comes by", "not_met", side=self.hand, of=named))
        return place, left, q, frame

    def _place(
        self, state: OperatorState, now: np.ndarray, speed: np.ndarray, needs: float, further: float
    ) -> tuple[np.ndarray, float]:
        """(3,) [m] where the thing will be when it comes `further` [m] up the belt than `meets`, or in as long as the hand needs [s]; when
        [s].

        Raises:
            GivenUp: it does not move.
        """
        named, pace = self.of.split("/")[0], float(np.linalg.norm(speed[:2]))
        if pace < COMES:
            raise GivenUp(Reason(f"{named} does not move", "does_not_come", of=named))
        way = float((state.senses.site(self.meets)[0] - now)[:2] @ speed[:2]) / pace - further
        left = max(way / pace, needs)
        return now + left * speed, left

    def _tcp(self, state: OperatorState, at: np.ndarray, frame: np.ndarray) -> np.ndarray:
        """(3,) [m] where the tcp is when pads that hold it have their middle at a place."""
        return at + state.hand.advance * self.width * frame[:, 2]

    def _posture(
        self, state: OperatorState, place: np.ndarray, turned: np.ndarray, speed: np.ndarray, slants: np.ndarray
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """As what the best way to go along with the thing from a place counts [m], joint angles (7,) over that, the hand's rotation."""
        arm, along = state.arms[self.hand], turned[:, 0]
        yaw = float(np.arctan2(along[1], along[0]))
        yaw += np.pi * round((state.heading - yaw) / np.pi)  # of its two ends the one away from the robot
        best = (np.inf, arm.q, turned)
        for slant in slants:
            for name in HELD_AS:
                like = arm.posture(name)
                frame = arm.frame(yaw, self.pitch + slant, like)
                at = self._tcp(state, place + self.above * UP, frame)
                q, off = arm.solve(at, frame, like, like, FIRM)
                if off > OFF:
                    continue
                places = self._places(state, at, place, speed, frame)[: round((self.down + SHUT) / STEP)]
                ride, missed, end = self._ride(state, q, [*places, *self._risen(places[-1], speed)], frame, len(places))
                room = state.ways.from_trunk(self.hand, ride(ride.x))
                missed += HOPELESS if room < 0.0 else max(0.0, TRUNK - room)
                score = off + missed + STEEP * abs(slant) + 1e-3 * (state.ways.crowd(self.hand, q) + state.ways.crowd(self.hand, end))
                if score < best[0]:
                    best = (score, q, frame)
                if best[0] < RIGHT:
                    return best
        return best

    def _places(
        self, state: OperatorState, begin: np.ndarray, thing: np.ndarray, speed: np.ndarray, frame: np.ndarray
    ) -> list[np.ndarray]:
        """(3,) [m] of the tcp each `STEP` as it comes down onto a thing that goes on, and along with it."""
        times = STEP * np.arange(1, round((self.down + CLOSED) / STEP) + 1)
        shares = [progress(min(t / self.down, 1.0), 0.5) for t in times]
        return [begin + share * (self._tcp(state, thing + t * speed, frame) - begin) for t, share in zip(times, shares)]

    def _ride(
        self, state: OperatorState, q: np.ndarray, places: Sequence[np.ndarray], frame: np.ndarray, firm: int = 0
    ) -> tuple[CubicSpline, float, np.ndarray]:
        """Joint angles over time [s] from `q` through places of the tcp, one each `STEP`; what it misses at most [m], of the `firm` first
        of them `PRESSES` times it; and the last of them.
        """
        from scipy.interpolate import CubicSpline

        arm, knots, missed = state.arms[self.hand], [q], 0.0
        for i, place in enumerate(places):
            found, off = arm.solve(place, frame, knots[-1], q, FIRM, steps=20)
            missed = max(missed, PRESSES * off if i < firm else off)
            knots.append(found)
        if np.abs(np.diff(knots, 2, axis=0)).max() > BRANCH:
            missed += ROUGH
        return CubicSpline(STEP * np.arange(len(knots)), np.array(knots)), missed, knots[-1]

    def _follow(
        self, arm: Arm, ride: CubicSpline, begin: float, end: float, until: Callable[[], bool] = lambda: False
    ) -> Motion:
        """Go along a ride from one time to another [s], the servo's lag made up for."""
        for i in range(1, round((end - begin) / arm.timestep) + 1):
            if until():
                return
            last, arm.q = arm.q, ride(begin + i * arm.timestep)
            arm.command = arm.q + arm.lag * (arm.q - last) / arm.timestep
            yield

    def _await(self, state: OperatorState, place: np.ndarray, speed: np.ndarray) -> Generator[None, None, np.ndarray]:
        """Keep still until the thing is where it is met; (3,) how fast it comes by [m/s], as another belt may have brought it.

        Raises:
            GivenUp: it is further on by then, or does not come.
        """
        named, seen = self.of.split("/")[0], [state.senses.site(self.middle)[0]]
        if float((seen[0] - place) @ speed) > LATE * float(np.linalg.norm(speed)):
            raise GivenUp(Reason(f"{named} has gone by", "gone_by", of=named))
        for _ in range(round(self.at_most / state.timestep)):
            if float((place - seen[-1]) @ speed) <= 0.0:
                last = seen[-1 - round(WATCHED / state.timestep) :]
                return (last[-1] - last[0]) / ((len(last) - 1) * state.timestep) if len(last) > FEW else speed
            yield
            seen.append(state.senses.site(self.middle)[0])
        raise GivenUp(Reason(f"{named} does not come", "does_not_come", of=named))

    def _close(self, state: OperatorState, shut: list[bool]) -> Motion:
        """Close until both pads feel the force, or for `CLOSED` s; then `shut` tells. What was missed stays on the belt."""
        force = self.force * float(state.faults.get("grip_force", 1.0))
        percent = state.senses.percent(self.hand)
        for _ in range(round(CLOSED / state.timestep)):
            if state.senses.touch(self.hand).min() >= FELT * force:
                break
            rate = CLOSES if percent < state.hand.percent(self.width + ROOM) else TOUCHES
            percent = min(percent + rate * state.timestep, 100.0)
            state.claws[self.hand] = percent
            yield
        shut.append(True)

    def _rise(self, state: OperatorState, speed: np.ndarray, frame: np.ndarray) -> Motion:
        """Rise with what is held, and leave the belt's speed."""
        arm = state.arms[self.hand]
        places = self._risen(arm.hand()[0], speed)
        yield from self._follow(arm, self._ride(state, arm.q, places, frame)[0], 0.0, len(places) * STEP)
        arm.command = arm.q.copy()

    def _risen(self, begin: np.ndarray, speed: np.ndarray) -> list[np.ndarray]:
        """(3,) [m] of the tcp each `STEP` as it rises; up the belt, as before the chest an arm has no room to rise."""
        back, count = AWAY / float(np.linalg.norm(speed)) * speed, round(2.0 * self.by / RISES / STEP)
        stops = [min(i * STEP, STOPS) for i in range(1, count + 1)]
        shares = [progress(i / count, 0.5) for i in range(1, count + 1)]
        return [begin + (t - t * t / (2.0 * STOPS)) * speed - u * back + u * self.by * UP for t, u in zip(stops, shares)]
