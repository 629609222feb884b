"""What a held thing strikes: it belongs to the hand from when it is taken until it is let go.

Two questions, both about the time in which a hand has hold of a thing and lifts it. What did it strike in the replay, and how
hard (`collision.unexpected`)? And would the commanded motion drive it into what never moves (`collision.scene`)? What the
scenario means to touch it (`scenarios/scene/held.py`) may, and so may what it stands on when it is taken, until it has left that,
and what it still touches when it has been let go, from when it came there for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from ....scenarios.people.safety import people
from ....scenarios.scene.scene import Scene
from ...checks.collision import Overlap, Question, geoms_of, overlaps_of
from ...checks.grip import CarriedSpan
from ...checks.outcome import Struck, held_from
from ...rollout.rollout import Rollout, Take
from .commanded_collision import Looked
from .payload import carries_of, grip_of
from .results import Rollouts, Subject

# s, a contact that ends for no longer goes on: what is lifted off or set down bounces, and is aimed anew [E]
PAUSE = 1.0
RESTS = 0.3  # s, what a thing still touches so long after it was let go, it was set down on [E]
AHEAD = 0.5  # s, by which a command may be before or after what the world does [E]


@dataclass(frozen=True)
class HeldSpan:
    """From control step `taken` to before `left` hands have hold of a thing without a break, and carry it meanwhile."""

    thing: str
    hands: tuple[str, ...]
    taken: int
    left: int


def holds_of(carries: Sequence[CarriedSpan]) -> list[HeldSpan]:
    """When each thing is in hands; times of several hands that overlap are one."""
    found: list[HeldSpan] = []
    for one in sorted(carries, key=lambda one: (one.thing, one.begin if one.taken is None else one.taken)):
        taken = one.begin if one.taken is None else one.taken
        left = one.end if one.left is None else one.left
        if found and found[-1].thing == one.thing and taken < found[-1].left:
            before = found.pop()
            hands = tuple(dict.fromkeys((*before.hands, one.hand)))
            found.append(HeldSpan(one.thing, hands, before.taken, max(before.left, left)))
        else:
            found.append(HeldSpan(one.thing, (one.hand,), taken, left))
    return found


def borne(touched: np.ndarray, hold: HeldSpan, dt: float) -> np.ndarray:
    """(T+1,) control steps of a hold in which a contact is that with what the thing was taken from, or is set down on.

    Args:
        touched: (T+1,) whether the thing touched it in the control period that ends there.
    """
    found = np.zeros(len(touched), bool)
    pause, rests = round(PAUSE / dt), round(RESTS / dt)
    steps = np.flatnonzero(touched)
    if not len(steps):
        return found
    runs = np.split(steps, np.flatnonzero(np.diff(steps) > pause + 1) + 1)
    for run in runs:
        stood = run[0] <= hold.taken + 1 and run[-1] >= hold.taken - 1
        stands = run[-1] >= min(hold.left + rests, len(touched) - 1)
        if stood or stands:
            found[run[0] : run[-1] + 1] = True
    return found


def before_received(scene: Scene, played: Rollout, held: CarriedSpan) -> CarriedSpan:
    """A carrying until the person who receives the thing has hold of it, and keeps it until the hand has left.

    From then on it moves with the person: that it leaves the hand is what was meant.
    """
    persons, end = people(scene.names), held.end
    if not persons or played.met.shape[1] != len(scene.met):
        return held
    for column, meeting in zip(_columns(scene, held.thing), scene.holdable[held.thing].meetings):
        if meeting.meant and meeting.part in persons:
            free = played.met[: held.end, column] <= held_from(scene.weights[held.thing])
            end = min(end, int(np.flatnonzero(free)[-1]) + 1 if free.any() else 0)
    return replace(held, end=end)


def touches_of(scene: Scene, played: Rollout) -> list[Struck]:
    """What the held things of a replay touched unasked; nothing where the replay did not measure it."""
    found: list[Struck] = []
    if played.met.shape[1] != len(scene.met):
        return found
    holds, column = holds_of(carries_of(scene, played)), 0
    for thing, held in scene.holdable.items():
        mine = [hold for hold in holds if hold.thing == thing]
        for meeting in held.meetings:
            force = played.met[:, column]
            column += 1
            if meeting.meant or not mine or not force.any():
                continue
            counts = np.zeros(len(force), bool)
            for hold in mine:
                counts[hold.taken : hold.left] |= ~borne(force > 0.0, hold, scene.control_timestep)[
                    hold.taken : hold.left
                ]
            if (force[counts] > 0.0).any():
                at = int(np.where(counts, force, 0.0).argmax())
                hand = next(hold.hands[0] for hold in mine if hold.taken <= at < hold.left)
                found.append(Struck(held.body, meeting.other, hand, np.where(counts, force, 0.0), held.bears))
    return found


def driven(subject: Subject, rollouts: Rollouts, looked: Looked) -> list[tuple[str, Overlap]]:
    """What the commanded motion drives the things that hands carry into: (hand, overlap) of each thing and fixture.

    From when its weight rests on a hand until it is let go a thing stands in that hand as it last did while it touched nothing
    else, so that what it is pushed against does not push it out of the way here.
    """
    scene, played = subject.scene, rollouts.shown
    if played is None or not rollouts.known or not len(looked.t) or not len(looked.fixtures):
        return []
    if played.met.shape[1] != len(scene.met):
        return []
    carries, take = list(rollouts.carries), rollouts.plan.takes[0]
    clock = looked.t - rollouts.offset
    holds = holds_of(carries)
    return [(held.hand, one) for held in carries for one in _driven(scene, take, played, held, holds, looked, clock)]


def _driven(
    scene: Scene, take: Take, played: Rollout, held: CarriedSpan, holds: Sequence[HeldSpan], looked: Looked, clock: np.ndarray
) -> list[Overlap]:
    """How deep the commanded motion drives what a hand carries into fixtures that nobody means it to touch.

    Args:
        clock: (m,) seconds of the rows of `looked` on the take's own clock.
    """
    model, dt = take.draw.model, scene.control_timestep
    step = np.round(clock / dt).astype(int)
    left = held.end if held.left is None else held.left
    rows = np.flatnonzero((step >= held.begin) & (step < left))
    thing = scene.holdable[held.thing]
    joint = int(model.body(thing.body).jntadr[0])
    if not len(rows) or joint < 0 or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_FREE:
        return []
    columns = _columns(scene, held.thing)
    met: np.ndarray = played.met[:, columns] > 0.0
    within = _last_free(np.any(met, axis=1, keepdims=False), held.begin, step[rows])
    qpos = looked.qpos[rows].copy()
    address = int(model.jnt_qposadr[joint])
    qpos[:, address : address + 7] = carried_along(
        model, played.qpos, qpos, within, held.hand, model.body(thing.body).id
    )
    group = geoms_of(model, [thing.body])
    found = overlaps_of(model, qpos, [Question(group, looked.fixtures)])[0]
    mine = [hold for hold in holds if hold.thing == held.thing]
    found_of = []
    for overlap in found:
        other = next(name for name in overlap.bodies if not name.startswith(f"{held.thing}/"))
        depth = np.zeros(len(looked.t))
        depth[rows] = np.where(_meant(scene, held.thing, other, met, mine)[step[rows]], 0.0, overlap.depth)
        if depth.any():
            found_of.append(Overlap((thing.body, other), depth))
    return found_of


def _columns(scene: Scene, thing: str) -> list[int]:
    """Columns of `Rollout.met` that are of a thing."""
    begin = 0
    for name, held in scene.holdable.items():
        if name == thing:
            return list(range(begin, begin + len(held.meetings)))
        begin += len(held.meetings)
    raise KeyError(thing)


def _last_free(touched: np.ndarray, begin: int, steps: np.ndarray) -> np.ndarray:
    """(m,) for each of some control steps the last one from `begin` on at which a thing touched nothing but hands."""
    last, found = begin, np.empty(len(touched), int)
    for k in range(len(touched)):
        last = k if k >= begin and not touched[k] else last
        found[k] = last
    return found[np.minimum(steps, len(touched) - 1)]


def carried_along(
    model: mujoco.MjModel, replayed: np.ndarray, commanded: np.ndarray, within: np.ndarray, hand: str, body: int
) -> np.ndarray:
    """(m, 7) where a thing is when its hand is where it is commanded, as it stood in that hand at control steps `within`."""
    data, grip = mujoco.MjData(model), grip_of(model, hand)
    poses: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    out = np.empty((len(commanded), 7))
    for row, (qpos, k) in enumerate(zip(commanded, within)):
        if k not in poses:
            data.qpos[:] = replayed[k]
            mujoco.mj_kinematics(model, data)
            turn = data.site_xmat[grip].reshape(3, 3)
            poses[k] = turn.T @ (data.xpos[body] - data.site_xpos[grip]), turn.T @ data.xmat[body].reshape(3, 3)
        place, turned = poses[k]
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        turn = data.site_xmat[grip].reshape(3, 3)
        out[row, :3] = data.site_xpos[grip] + turn @ place
        mujoco.mju_mat2Quat(out[row, 3:], (turn @ turned).ravel())
    return out


def _meant(scene: Scene, thing: str, other: str, met: np.ndarray, holds: Sequence[HeldSpan]) -> np.ndarray:
    """(T+1,) when a held thing may touch a body: always, or about when it was taken from it or is set down on it."""
    dt, steps = scene.control_timestep, len(met)
    found = np.zeros(steps, bool)
    for j, meeting in enumerate(scene.holdable[thing].meetings):
        if not (other == meeting.other or _below(scene, other, meeting.other)):
            continue
        if meeting.meant:
            return np.ones(steps, bool)
        for hold in holds:
            found |= borne(met[:, j], hold, dt)
        break
    ahead = round(AHEAD / dt)
    near = np.flatnonzero(found)
    if len(near):
        found[(near[:, None] + np.arange(-ahead, ahead + 1)).clip(0, steps - 1).ravel()] = True
    return found


def _below(scene: Scene, body: str, root: str) -> bool:
    """Whether a body hangs on another, and that is no top body, which is measured alone."""
    model = scene.model
    i, top = int(model.body(body).id), int(model.body(root).id)
    if model.body_parentid[top] == 0:
        return False
    while i > top:
        i = int(model.body_parentid[i])
    return i == top
