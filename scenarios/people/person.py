"""What people in a scene do: small behaviours of a person part, declared on it, computed between two control steps.

```yaml
guest:
  part: people/seated_elder
  behaviour:
    receive:   {of: cup, at: cup.handle}
    turn_away: {from: robot.hands, nearer: 250 mm}
variation:
  guest: {pull: {replace: {uniform: [3 N, 8 N]}}, delay: {replace: {uniform: [0.2 s, 0.8 s]}}}
```

A person moves by muscles only: position actuators of the arms, limited in torque. How hard it pulls, how long it waits, how
high it holds its hand and which hand it takes are parameters of the part, so that the variation draws them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..parts.pose import length
from ..reading.config import Placed
from ..reading.names import Names
from ..sensing.predicate import TRACE
from ..sensing.reaction import Reaction, add_memory, memory
from ..sensing.requests import Asks, Readings, Request
from ..sheet.yaml_reader import Node
from .arm_kinematics import JOINTS, ArmChain, matrix_of
from .safety import movers

WAITS, READY, REACHES, CLOSES, CONSIDERS, PULLS, HOLDS, GIVES_UP = range(8)  # phases of receiving
MEMORIES = (
    *("phase", "clock", "left", "pull", "delay", "raise", "size"),
    *("x", "y", "z", "force", "along", "across", "released"),
)  # along, across: what the muscles add towards the body, and to its left [N]
CLOCK = MEMORIES.index("clock")
NOT_YET, EARLY = -2.0, -1.0  # what `released` reads before the robot has let go, and where it did so before the pull
# of body height: where the hand waits, from the trunk; how near it is lifted [E]
FORWARD, ASIDE, DRAWN = 0.27, 0.11, 0.10
LIFTED = 0.06  # m, below the height at which it waits: from here on it is held out
SPEED, GRASP_SPEED = 1.0, 3.0  # rad/s, of an unhurried arm and of closing fingers [E]
CLOSE_BY = 0.08  # m, a hand is held out when it is so near to where it waits, and goes for what is so near to it
LEVEL, BESIDE = 0.01, 0.07  # m, a hand is as high as the handle; how far before it, until it is
AT_HAND = 0.012  # m, the handle is between the fingers
SETTLE, CLOSING, ONSET = 0.2, 0.6, 0.1  # s: at the handle before it closes; to close; until a pull has its force [E]
PATIENCE, INSISTS, MOST, GIVE_UP = 1.0, 10.0, 20.0, 6.0  # s; N/s that a pull grows by after it; N; s [E]
FEEDBACK = 0.25  # of the difference between the wanted and the measured force, a control step
BACK, UP = 0.10, 0.03  # m, by which what was received is drawn to the body, and lifted


@dataclass(frozen=True)
class Receive:
    """Holds a hand out, takes what is offered by its handle, waits, pulls until the robot lets go, and keeps it.

    What goals ask for stands in its memories: `released` (seconds from the beginning of the pull until no hand of the robot
    touches the thing any more; -1 where that was before the pull, -2 as long as it has not happened) and `force` [N].

    Attributes:
        limbs: left, right; grips: their sites; handle: the site that is taken; thing: body of what is received.
        notices, reach: [m] distance from the trunk at which a hand is held out, from the hand at which it goes there.
        slow: [m/s] a handle that moves faster is not reached for.
    """

    person: str
    limbs: tuple[ArmChain, ArmChain]
    handle: str
    thing: str
    robot: tuple[str, ...]
    notices: float
    reach: float
    slow: float
    control_timestep: float
    closing: tuple[tuple[float, float], tuple[float, float]]  # of each hand: fingers open, closed [rad]

    @property
    def actuators(self) -> tuple[str, ...]:
        arms = (f"{self.person}/{side}_{word}" for side in ("left", "right") for word in (*JOINTS, "grasp"))
        return (*arms, *(memory_of(self.person, word) for word in MEMORIES))

    def compile_into(self, spec: object) -> None:
        for word in MEMORIES:
            add_memory(spec, memory_of(self.person, word))  # type: ignore[arg-type]

    @cached_property  # as are those below: to make them takes as long as all else that is done at a step of one copy
    def _trunk(self) -> tuple[Request, Request]:
        carrier = f"{self.person}/{self.limbs[0].carrier}"
        return Request("body_position", carrier), Request("body_orientation", carrier)

    @cached_property
    def _handle(self) -> tuple[Request, Request]:
        return Request("site_position", self.handle), Request("site_velocity", self.handle)

    @cached_property
    def _grips(self) -> tuple[Request, ...]:
        return tuple(Request("site_position", f"{self.person}/{side}_grip") for side in ("left", "right"))

    @cached_property
    def _angles(self) -> tuple[tuple[Request, ...], ...]:
        return tuple(
            tuple(Request("joint_position", f"{self.person}/{side}_{word}") for word in JOINTS)
            for side in ("left", "right")
        )

    @cached_property
    def _touches(self) -> tuple[Request, ...]:
        return tuple(Request("contact_force", f"tree:{hand}", f"tree:{self.thing}") for hand in self.robot)

    @cached_property
    def _hand_forces(self) -> tuple[Request, ...]:
        return tuple(
            Request("contact_force", f"tree:{self.person}/{side}_hand", f"tree:{self.thing}")
            for side in ("left", "right")
        )

    @cached_property
    def _most(self) -> np.ndarray:
        """(14,) [rad] how far each muscle's target goes on in a control step."""
        return np.tile([*[SPEED * self.control_timestep] * 6, GRASP_SPEED * self.control_timestep], 2)

    def requests(self) -> list[Request]:
        return [
            *self._hand_forces,
            *self._trunk,
            *self._handle,
            *self._grips,
            *self._touches,
            *self._angles[0],
            *self._angles[1],
        ]

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        def drawn(word: str, default: float) -> float:
            return float(values.get(f"{self.person}.{word}", default))

        first = {
            "left": float(drawn("left_handed", 0.0) >= 0.5),
            "pull": drawn("pull", 5.0),
            "delay": drawn("delay", 0.4),
            "raise": drawn("hand_height", 0.82),
            "size": drawn("height", self.limbs[0].height) / self.limbs[0].height,
            "released": NOT_YET,
        }
        return np.array([*np.zeros(14), *(first.get(word, 0.0) for word in MEMORIES)])

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        phase = ctrl[:, 14]
        away = length(readings.of(self._handle[0]) - readings.of(self._trunk[0]))
        awake = np.flatnonzero(((phase != WAITS) | (away < self.notices)) & (phase != GIVES_UP))
        # as long as nothing comes near, and after it has given up, both arms go back to where they rested, and time passes
        after = ctrl.copy()
        after[:, :14] -= np.minimum(np.maximum(ctrl[:, :14], -self._most), self._most)
        after[:, 14 + CLOCK] += self.control_timestep
        if len(awake) == len(ctrl):
            return self._react(readings, ctrl, away)
        if len(awake):
            after[awake] = self._react(readings.rows(awake), ctrl[awake], away[awake])
        return after

    def _react(self, readings: Readings, ctrl: np.ndarray, away: np.ndarray) -> np.ndarray:
        """The answer where something is near, or was; what nobody asks for in these phases is left out."""
        dt, kept = self.control_timestep, dict(zip(MEMORIES, ctrl[:, 14:].T))
        trunk, turn = (readings.of(request) for request in self._trunk)
        handle = readings.of(self._handle[0])
        left = kept["left"][:, None] > 0.5
        grip = np.where(left, *(readings.of(request) for request in self._grips))
        frame = matrix_of(turn)
        towards, leftwards = _ways(frame)
        phase, clock = kept["phase"], kept["clock"] + dt
        late = clock + 1e-6  # sums of a control period
        at = set(phase.tolist())
        frozen = np.stack([kept[axis] for axis in "xyz"], axis=-1)
        gap, touched = length(handle - grip), readings.peak_of(self._touches) > TRACE
        waits = at & {WAITS, READY, REACHES}
        ready, way = self._ready(kept, trunk, -towards, leftwards, grip) if waits else (frozen, frozen)

        def is_offered() -> np.ndarray:
            held_out = length(ready - grip) < CLOSE_BY
            still = length(readings.of(self._handle[1])) < self.slow
            return (held_out | (gap < CLOSE_BY)) & (gap < self.reach) & still

        # one step at a time: a phase that has just begun is left at the earliest a control step later
        rules = (
            (WAITS, lambda: away < self.notices, READY),
            (READY, is_offered, REACHES),
            (REACHES, lambda: (gap < AT_HAND) & (late >= SETTLE), CLOSES),
            (REACHES, lambda: gap > 1.5 * self.reach, READY),
            (CLOSES, lambda: late >= CLOSING, CONSIDERS),
            (CONSIDERS, lambda: late >= kept["delay"], PULLS),
            (PULLS, lambda: ~touched, HOLDS),
            (PULLS, lambda: late >= GIVE_UP, GIVES_UP),
            (CONSIDERS, lambda: ~touched, HOLDS),
        )
        after = phase
        for begins, condition, ends in rules:
            if begins in at:
                after = np.where((phase == begins) & condition(), float(ends), after)
        kept["clock"] = clock
        if (after != phase).any():
            let_go = (after == HOLDS) & (phase != HOLDS)
            kept["released"] = np.where(let_go, np.where(phase == PULLS, clock, EARLY), kept["released"])
            kept["clock"] = np.where(after != phase, 0.0, clock)
            frozen = np.where(((after == CLOSES) & (phase == REACHES))[:, None], handle, frozen)
            frozen = np.where((let_go | ((after == PULLS) & (phase != PULLS)))[:, None], grip, frozen)
            kept["x"], kept["y"], kept["z"] = frozen.T
        # the force at the thing is brought to the wanted one: closed fingers have bent the arm, which pushes by itself
        # in any direction. What the thing weighs is borne. A pull is begun with the muscles that it takes.
        yields = (after >= CLOSES) & (after <= PULLS)
        if yields.any():
            time, before = kept["clock"], kept["force"]
            insists = np.minimum(kept["pull"] + INSISTS * np.maximum(time - PATIENCE, 0.0), MOST)
            kept["force"] = np.where(after == PULLS, np.where(time < ONSET, insists * time / ONSET, insists), 0.0)
            contact = np.where(left, *(readings.of(request) for request in self._hand_forces))
            for word, axis, wanted, begun in zip(
                ("along", "across"), (towards, leftwards), (kept["force"], 0.0), (kept["force"] - before, 0.0)
            ):
                effort = kept[word] + begun + FEEDBACK * (wanted - (contact * axis).sum(axis=-1))
                kept[word] = np.where(yields, np.clip(effort, -MOST, MOST), 0.0)
        else:
            kept["force"] = kept["along"] = kept["across"] = np.zeros(len(ctrl))
        kept["phase"] = after
        command = np.zeros((len(ctrl), 14))
        busy = np.flatnonzero((after != WAITS) & (after != GIVES_UP))
        for k, limb in enumerate(self.limbs):
            ids = busy[left[busy, 0] == (k == 0)]
            if len(ids):
                bent = np.stack([readings.first(q) for q in self._angles[k]], axis=-1)
                part = {word: value[ids] for word, value in kept.items()}
                ways = towards[ids], leftwards[ids]
                command[ids, 7 * k : 7 * k + 6] = self._arm(
                    limb, part, trunk[ids], frame[ids], ways, way[ids], handle[ids], grip[ids], frozen[ids], bent[ids]
                )
                low, high = self.closing[k]
                command[ids, 7 * k + 6] = np.where(part["phase"] >= CLOSES, high, low)
        command = ctrl[:, :14] + np.minimum(np.maximum(command - ctrl[:, :14], -self._most), self._most)
        return np.concatenate([command, np.stack([kept[word] for word in MEMORIES], axis=-1)], axis=-1)

    def _ready(
        self,
        kept: Mapping[str, np.ndarray],
        trunk: np.ndarray,
        facing: np.ndarray,
        leftwards: np.ndarray,
        grip: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) where the hand waits for what is offered, and (n, 3) where it goes on its way there.

        It is lifted close to the body before it is held out, as people do who sit at a table.
        """
        tall = (kept["size"] * self.limbs[0].height)[:, None]
        aside = np.where(kept["left"][:, None] > 0.5, leftwards, -leftwards)
        lifted = np.clip(1.0 - (kept["raise"] - grip[:, 2] - LIFTED) / LIFTED, 0.0, 1.0)[:, None]
        places = []
        for forward in (FORWARD, DRAWN + (FORWARD - DRAWN) * lifted):
            place = trunk + tall * (forward * facing + ASIDE * aside)
            place[:, 2] = kept["raise"]
            places.append(place)
        return places[0], places[1]

    def _arm(
        self,
        limb: ArmChain,
        kept: Mapping[str, np.ndarray],
        trunk: np.ndarray,
        frame: np.ndarray,
        ways: tuple[np.ndarray, np.ndarray],
        way: np.ndarray,
        handle: np.ndarray,
        grip: np.ndarray,
        frozen: np.ndarray,
        bent: np.ndarray,
    ) -> np.ndarray:
        """(m, 6) where the muscles of an arm want to be; `ways`: towards the body and to its left."""
        facing = -ways[0]
        # it comes to the handle at its own height: from below or above, the fingers would meet what stands around it
        beside = np.clip((np.abs(handle[:, 2] - grip[:, 2]) - LEVEL) / BESIDE, 0.0, 1.0)[:, None]
        toward = handle - BESIDE * beside * facing
        phase = kept["phase"][:, None]
        target = np.where(phase == READY, way, np.where(phase == REACHES, toward, frozen))
        target = np.where(phase == HOLDS, frozen - BACK * facing + [0.0, 0.0, UP], target)
        back = np.swapaxes(frame, -1, -2)
        upright = frame[:, 2, :]

        def angles(place: np.ndarray) -> np.ndarray:
            return limb.angles(np.einsum("nij,nj->ni", back, place - trunk), upright, kept["size"])

        # while it grips and waits the arm yields: its muscles want to be where it is, and there is no force
        yields = (phase >= CLOSES) & (phase <= PULLS)
        q = bent if yields.all() else np.where(yields, bent, angles(target))
        if (phase == PULLS).any():  # straight towards the body: from where it began it yields neither sideways nor down
            gone = grip - frozen
            off = gone - (gone * -facing).sum(axis=-1, keepdims=True) * -facing
            q = np.where(phase == PULLS, bent + angles(grip - off) - angles(grip), q)
        wanted = q * (1.0 + limb.springs / limb.gains)
        if not yields.any():
            return wanted
        along, across = (kept[word][:, None] * way for word, way in zip(("along", "across"), ways))
        return wanted + limb.lean(q, np.einsum("nij,nj->ni", back, along + across), kept["size"])


def _facing(frame: np.ndarray) -> np.ndarray:
    """(n, 3) where somebody faces, level, from the frames (n, 3, 3) of the trunk."""
    ahead = frame[:, :, 0] * [1.0, 1.0, 0.0]
    return ahead / np.maximum(length(ahead), 1e-9)[:, None]


def _ways(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) each, level: towards the body of somebody with a trunk of frames (n, 3, 3), and to its left."""
    facing = _facing(frame)
    left = np.zeros_like(facing)
    left[:, 0], left[:, 1] = -facing[:, 1], facing[:, 0]
    return -facing, left


@dataclass(frozen=True)
class TurnAway(Asks):
    """Turns head and shoulders away from what comes too near the face, and back when it has gone.

    Attributes:
        things: positions of what is shunned; face: of the face; nearer: [m].
    """

    person: str
    things: tuple[Request, ...]
    face: Request
    trunk: Request
    nearer: float
    control_timestep: float
    trunk_angle: float = 0.35  # rad [E]
    neck_angle: float = 0.70
    speed: float = 2.0  # rad/s [E]

    @property
    def actuators(self) -> tuple[str, ...]:
        return (f"{self.person}/lumbar_yaw", f"{self.person}/neck_yaw", memory_of(self.person, "turns"))

    def compile_into(self, spec: object) -> None:
        add_memory(spec, memory_of(self.person, "turns"))  # type: ignore[arg-type]

    def start(self, values: Mapping[str, float]) -> np.ndarray:
        return np.zeros(3)

    def react(self, readings: Readings, ctrl: np.ndarray) -> np.ndarray:
        face, before, most = readings.of(self.face), ctrl[:, 2], self.speed * self.control_timestep
        gaps = np.stack([length(readings.of(thing) - face) for thing in self.things], axis=-1)
        gap = gaps.min(axis=-1)
        if not ((before != 0.0) | (gap < self.nearer)).any():  # nobody shuns anything
            after = ctrl.copy()
            after[:, :2] -= np.minimum(np.maximum(ctrl[:, :2], -most), most)
            return after
        where = np.stack([readings.of(thing) for thing in self.things], axis=1)
        where = np.take_along_axis(where, gaps.argmin(axis=-1)[:, None, None], axis=1)[:, 0]
        left = np.einsum("ni,ni->n", matrix_of(readings.of(self.trunk))[:, :, 1], where - face)
        side = np.where(left > 0, -1.0, 1.0)  # what comes from the left is turned from to the right
        turns = np.where(
            before != 0.0, np.where(gap < 1.5 * self.nearer, before, 0.0), np.where(gap < self.nearer, side, 0.0)
        )
        goal = np.stack([turns * self.trunk_angle, turns * self.neck_angle], axis=-1)
        command = ctrl[:, :2] + np.clip(goal - ctrl[:, :2], -most, most)
        return np.concatenate([command, turns[:, None]], axis=-1)


def memory_of(person: str, word: str) -> str:
    """Name of a memory of a person."""
    return f"{person} {word}"


def kept_by(person: str, word: str) -> Request:
    """The sensor of a memory of a person."""
    return memory(memory_of(person, word))


def read_behaviours(parts: tuple[Placed, ...], names: Names, control_timestep: float) -> list[Reaction]:
    """The behaviours of all people of a scenario; what is wrong is reported."""
    found: list[Reaction] = []
    for placed in parts:
        node = placed.behaviour
        if node is None:
            continue
        if not placed.part.name.startswith("people/"):
            node.note(f"{placed.part.name!r} is no person; only a part of people/ behaves.")
        elif node.mapping(optional=("receive", "turn_away")):
            readers = {"receive": _receive, "turn_away": _turn_away}
            for word, child in node.items():
                behaviour = readers[word](placed, child, names, control_timestep) if word in readers else None
                found += [behaviour] if behaviour is not None else []
    return found


def _receive(placed: Placed, node: Node, names: Names, control_timestep: float) -> Reaction | None:
    if not node.mapping(required=("of", "at"), optional=("notices", "reach", "slow")):
        return None
    thing, handle = names.element(node.child("of"), "body"), names.element(node.child("at"), "site")
    notices = node.child("notices").quantity("length", default=0.9, low=0.0)
    reach = node.child("reach").quantity("length", default=0.15, low=0.0)
    slow = node.child("slow").quantity("speed", default=0.1, low=0.0)
    if thing is None or handle is None:
        return None
    spec, tall = placed.part.spec(), placed.part.params["height"].default
    left, right = (ArmChain.of_part(spec, side, tall) for side in ("left", "right"))
    first, second = ((float(r[0]), float(r[1])) for r in (spec.joint(f"{s}_grasp").range for s in ("left", "right")))
    robot = tuple(names.robot["hands"]["bodies"])
    return Receive(
        placed.name, (left, right), handle, thing, robot, notices, reach, slow, control_timestep, (first, second)
    )


def _turn_away(placed: Placed, node: Node, names: Names, control_timestep: float) -> Reaction | None:
    if not node.mapping(required=("from",), optional=("nearer",)):
        return None
    things = tuple(place for place, _ in movers(node.child("from"), names))
    nearer = node.child("nearer").quantity("length", default=0.25, low=0.0)
    face, trunk = Request("site_position", f"{placed.name}/face"), Request("body_orientation", f"{placed.name}/torso")
    return TurnAway(placed.name, things, face, trunk, nearer, control_timestep) if things else None
