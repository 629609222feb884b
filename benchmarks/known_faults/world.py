"""Faults of what is handled: grips, objects that stand elsewhere, latches that are too hard to pull, starts inside things."""

from __future__ import annotations

import re

import mujoco
import numpy as np
from shiliu.replay.checks.collision import overlaps
from shiliu.replay.operator.operator import read_chain
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.variation import Draw
from shiliu.scenarios.robots.robot_folder import SIDES
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work
from .placing import carried

DEPTH = 5e-3  # m, bound and scale of start.penetration
ASIDE = 0.08  # m
LOOSER = 5.0  # %, less of a claw's stroke: the pads then press with some newtons only
PAST = 5.0  # %, scale of ctrl.clamped for hands
STATE = mujoco.mjtState.mjSTATE_INTEGRATION


def opened_early(work: Work, size: float) -> FaultMark:
    """The grip on what is carried opens in the middle of carrying it."""
    t0, t1 = carried(work)
    dt, hands = work.context.scene.control_timestep, work.context.scene.robot.hand_names
    middle = 0.5 * (t0 + t1)
    carrying = [name for name in hands if work.actions[round(middle / dt), work.column(name)] > 5]
    hand = max(carrying or list(hands), key=lambda name: _moved(work, name, t0, t1))
    column = work.column(hand)
    opening = (work.times >= middle) & (work.times < t1 + 2.0)
    work.actions[opening, column] = np.maximum(work.actions[opening, column] - 30.0, 0.0)
    return FaultMark(middle, middle + 0.1)


def loosened(work: Work, size: float) -> FaultMark:
    """While it is carried, the grip is commanded to close by 5 % less, so that what it holds creeps in it."""
    t0, t1 = carried(work)
    hands = work.context.scene.robot.hand_names
    hand = max(hands, key=lambda name: _moved(work, name, t0, t1))
    column = work.column(hand)
    here = (work.times >= t0) & (work.times < t1)
    work.actions[here, column] = np.maximum(work.actions[here, column] - LOOSER, 0.0)
    return FaultMark(t0, t1, (hand,))


def _moved(work: Work, hand: str, t0: float, t1: float) -> float:
    """How far [rad, summed] the arm of a hand is commanded between two times."""
    first, last = (round(t / work.context.scene.control_timestep) for t in (t0, t1))
    robot = work.context.scene.robot
    side = next(side for side in SIDES if robot.closes(side) == hand)
    columns = [work.column(name) for name in robot.arm_of(side)]
    return float(np.abs(np.diff(work.actions[first:last, columns], axis=0)).sum())


def elsewhere(work: Work, size: float) -> FaultMark:
    """What is carried first stood 80 mm further to one side than the operator thought."""
    shift = ASIDE * float(work.rng.choice([-1.0, 1.0]))
    part = _carried(work)
    key = f"{part}.at.y"
    _redraw(work, key, work.draw.values.get(key, 0.0) + shift)
    goals = work.context.scene.config.goal.value
    return FaultMark(subject=tuple(name for name, goal in goals.items() if re.search(rf"\b{part}\b", str(goal))))


def stiff_latch(work: Work, size: float) -> FaultMark:
    """A latch holds a quarter more than it may be pulled with at its handle; with much more the grip would slip first."""
    raw = work.context.scene.config.safety.value or {}
    for limit in work.context.scene.safety:
        part = str(raw.get(limit.name, {}).get("force", {}).get("against", "")).split(".")[0]
        if (key := f"{part}.latch_force") in work.draw.values:
            _redraw(work, key, 1.25 * limit.limit)
            return FaultMark(subject=(limit.name,))
    raise EpisodeError("this scene has no latch with limited pull.")


def _carried(work: Work) -> str:
    """The part that the chain takes first.

    Raises:
        EpisodeError: it takes none that stands free.
    """
    scene, model = work.context.scene, work.draw.model
    for skill in read_chain(scene):
        part = str(skill.values.get("of") or "").split("/")[0]
        if part and skill.name.startswith("take") and len(_free_joints(model, part)):
            return part
    raise EpisodeError("this scene's chain takes nothing that stands free.")


def _free_joints(model: mujoco.MjModel, part: str) -> np.ndarray:
    """Addresses in qpos of the free joints of a part."""
    joints = [model.joint(i) for i in range(model.njnt)]
    free = mujoco.mjtJoint.mjJNT_FREE
    return np.array([j.qposadr[0] for j in joints if j.type[0] == free and j.name.startswith(f"{part}/")], int)


def _redraw(work: Work, key: str, value: float) -> None:
    if key not in work.draw.values:
        raise EpisodeError(f"this scene has no value {key!r}.")
    work.draw = drawing.of_values(work.context.scene, {**work.draw.values, key: value}, work.draw.task)


def sunken(work: Work, size: float) -> FaultMark:
    """The place of what is carried first is wrong: it starts (1 + size) x 5 mm inside what it stands on."""
    model, start = work.draw.model, work.draw.start_state
    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, start, STATE)
    part = _carried(work)
    stands_on = next(placed.stands_on for placed in work.context.scene.config.parts if placed.name == part)
    if not stands_on:
        raise EpisodeError(f"{part} stands on nothing that this scene names.")
    height = int(_free_joints(model, part)[0]) + 2
    support, mine = _geoms(model, f"{stands_on[0]}/"), _geoms(model, f"{part}/")
    rest, low, high = float(data.qpos[height]), 0.0, 0.1
    for _ in range(24):
        middle = 0.5 * (low + high)
        qpos = data.qpos.copy()
        qpos[height] = rest - middle
        found = overlaps(model, qpos[None], mine, support)
        deep = max((float(one.depth[0]) for one in found), default=0.0)
        low, high = (middle, high) if deep < (1.0 + size) * DEPTH else (low, middle)
    data.qpos[height] = rest - high
    state = start.copy()
    mujoco.mj_getState(model, data, state, STATE)
    work.draw = Draw(work.draw.values, work.draw.task, model, state)
    return FaultMark(0.0, 0.0)


def _geoms(model: mujoco.MjModel, prefix: str) -> np.ndarray:
    return np.array([i for i in range(model.ngeom) if model.body(model.geom_bodyid[i]).name.startswith(prefix)], int)


def beyond_the_hand(work: Work, size: float) -> FaultMark:
    """The idle hand is commanded to open further than its actuator goes."""
    claw = work.context.scene.robot.closes(work.places.idle)
    column = work.column(claw)
    t0 = float(work.rng.uniform(2.0, 8.0))
    t1 = t0 + float(work.rng.uniform(0.6, 3.0))
    here = (work.times >= t0) & (work.times < t1)
    work.actions[here, column] = work.context.scene.schema.action.low[column] - size * PAST
    return FaultMark(
        float(work.times[here][0]), float(work.times[here][-1]) + work.context.scene.control_timestep, (claw,)
    )
