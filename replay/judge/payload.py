"""What the hands carry in a replay, measured in the replayed states: poses, contact forces, and the load on the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from ...scenarios.scene import Scene
from ...scenarios.variation import STATE
from ..checks.dynamics import check_balance, check_torque, effort
from ..checks.finding import Finding
from ..checks.grip import Carried, Grasp, carried, check_grip, check_payload, check_slip, slip_of
from ..rollout.rollout import Rollout, Take
from ..signals.signal import Motion, resample
from .base_motion import with_base

if TYPE_CHECKING:
    from .judge import Case

Load = tuple[
    Carried, float, np.ndarray
]  # what is carried, the mass that this hand bears [kg], where in the hand's frame [m]


def carries_of(scene: Scene, played: Rollout) -> list[Carried]:
    """Every time that a hand carries something, in the order of things and hands."""
    found = []
    for name, handled in scene.handled.items():
        hands = [request.of.partition(":")[2] for request in handled.forces]
        force, height = played.grips[name], played.heights[name]
        found += carried(name, force, height, hands, scene.weights[name], scene.control_timestep)
    return found


def check_carried(case: Case, take: Take, played: Rollout, known: bool) -> list[Finding]:
    """`slip`, `grip.friction` and `payload` of a replay, and the dynamics of the arms that bear it.

    Args:
        known: whether the recording tells its start; what hands carry in a likely start says nothing about the others.
    """
    scene, rules, dt = case.stage.scene, case.stage.rules, case.stage.scene.control_timestep
    if not known or (case.recording.episode is None and not scene.handled):
        slip = (
            rules["slip"].not_checked("unknown_start") if scene.handled else rules["slip"].not_applicable("no_objects")
        )
        return [slip, rules["grip.friction"].not_checked("no_finger_force"), rules["payload"].not_checked("no_payload")]
    carries = carries_of(scene, played)
    found = check_slip([(held, creep_of(scene, take, played, held)) for held in carries], len(scene.handled), dt, rules)
    found += check_grip(grasps_of(scene, take, played, carries), carries, rules)
    loads = loads_of(scene, take, played, carries)
    limit = (scene.robot.sheet.get("payload") or {}).get("limit")
    found += check_payload([(held, mass) for held, mass, _ in loads], limit, dt, rules)
    if loads:
        _bear(case, loads)
    return found


def _poses(
    scene: Scene, take: Take, played: Rollout, steps: Sequence[int], hand: str, thing: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Place and turn of a thing and of a grip at control steps: (m, 3), (m, 3, 3), (m, 3), (m, 3, 3)."""
    model = take.draw.model
    data = mujoco.MjData(model)
    body, grip = model.body(_body(scene, thing)).id, grip_of(model, hand)
    out = (np.empty((len(steps), 3)), np.empty((len(steps), 9)), np.empty((len(steps), 3)), np.empty((len(steps), 9)))
    for row, step in enumerate(steps):
        data.qpos[:] = played.qpos[step]
        mujoco.mj_kinematics(model, data)
        out[0][row], out[1][row] = data.xpos[body], data.xmat[body]
        out[2][row], out[3][row] = data.site_xpos[grip], data.site_xmat[grip]
    return out[0], out[1].reshape(-1, 3, 3), out[2], out[3].reshape(-1, 3, 3)


def _body(scene: Scene, thing: str) -> str:
    return scene.handled[thing].position.of


def grip_of(model: mujoco.MjModel, hand: str) -> int:
    """The site at which a hand grips: the first of its own that is called tcp."""
    root = model.body(hand).id
    for i in range(model.nsite):
        if model.site_bodyid[i] == root and model.site(i).name.endswith("tcp"):
            return i
    raise KeyError(f"the hand {hand} has no site that ends in tcp")


def creep_of(scene: Scene, take: Take, played: Rollout, held: Carried) -> np.ndarray:
    """(m,) how far a thing has crept in the hand since it was carried [m], at each control step of that."""
    return slip_of(*_poses(scene, take, played, range(held.begin, held.end), held.hand, held.thing))


def grasps_of(scene: Scene, take: Take, played: Rollout, carries: Sequence[Carried]) -> list[Grasp]:
    """What the fingers press at the kept states (each whole second) during which something is carried."""
    model = take.draw.model
    found, data = [], None
    for step in sorted(played.states):
        now = [held for held in carries if held.begin <= step < held.end]
        if not now:
            continue
        data = data or mujoco.MjData(model)
        mujoco.mj_setState(model, data, played.states[step], STATE)
        mujoco.mj_forward(model, data)
        for held in now:
            grasp = _grasp(model, data, held, _body(scene, held.thing), step * scene.control_timestep)
            found += [grasp] if grasp is not None else []
    return found


def _grasp(model: mujoco.MjModel, data: mujoco.MjData, held: Carried, thing: str, t: float) -> Grasp | None:
    hand, body = _tree(model, held.hand), _tree(model, thing)
    normal = tangential = weighted = 0.0
    force = np.zeros(6)
    for i in range(data.ncon):
        contact = data.contact[i]
        if min(contact.geom) < 0:  # of a cloth
            continue
        a, b = (int(model.geom_bodyid[g]) for g in contact.geom)
        if not ((hand[a] and body[b]) or (hand[b] and body[a])) or contact.efc_address < 0:
            continue
        mujoco.mj_contactForce(model, data, i, force)
        normal += float(force[0])
        tangential += float(np.hypot(force[1], force[2]))
        weighted += float(force[0] * contact.friction[0])
    return Grasp(held, t, normal, tangential, weighted / normal) if normal > 0.0 else None


def _tree(model: mujoco.MjModel, name: str) -> np.ndarray:
    """(nbody,) whether a body is this one or below it."""
    root = model.body(name).id
    inside = np.zeros(model.nbody, bool)
    for i in range(root, model.nbody):
        inside[i] = i == root or inside[model.body_parentid[i]]
    return inside


def loads_of(scene: Scene, take: Take, played: Rollout, carries: Sequence[Carried]) -> list[Load]:
    """Mass and place of what each hand bears; hands that carry one thing together share its weight evenly."""
    model = take.draw.model
    found = []
    for held in carries:
        shared = sum(
            other.thing == held.thing and other.begin < held.end and held.begin < other.end for other in carries
        )
        bodies = np.zeros(model.nbody, bool)
        for name in (_body(scene, held.thing), *contents(scene, model, held.thing)):
            bodies |= _tree(model, name)
        data = mujoco.MjData(model)
        data.qpos[:] = played.qpos[held.begin]
        mujoco.mj_kinematics(model, data)
        mass = float(model.body_mass[bodies].sum())
        centre = model.body_mass[bodies] @ data.xipos[bodies] / mass
        hand = data.body(held.hand)
        found.append((held, mass / shared, hand.xmat.reshape(3, 3).T @ (centre - hand.xpos)))
    return found


def contents(scene: Scene, model: mujoco.MjModel, thing: str) -> list[str]:
    """Top bodies of the parts that fill or stand on a thing, and of what fills those."""
    names, found = [thing], []
    for placed in scene.config.parts:
        if placed.stands_on is not None and placed.stands_on[0] in names:
            names.append(placed.name)
            found += [
                model.body(i).name
                for i in range(model.nbody)
                if model.body_parentid[i] == 0 and model.body(i).name.startswith(f"{placed.name}/")
            ]
    return found


def _bear(case: Case, loads: Sequence[Load]) -> None:
    """Redo the inverse dynamics of the command while something is carried, and what is judged by it."""
    signal = next(iter(case.effort), None)
    if signal is None or case.forward is None:
        return
    stage, dt = case.stage, case.stage.scene.control_timestep
    empty, motion = case.effort[signal], case.motion[signal]
    t, q, names = with_base(case, motion)
    rule = stage.rules["torque.peak"]
    even = resample(t, q, rate=rule.rate, window=rule.window)
    torque, pressure = empty.torque.copy(), empty.pressure.copy()
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row, t in enumerate(empty.t - case.forward.offset):
        borne = tuple(k for k, (held, _, _) in enumerate(loads) if held.begin * dt <= t < held.end * dt)
        if borne:
            rows_of.setdefault(borne, []).append(row)
    for borne, rows in rows_of.items():
        payload = {loads[k][0].hand: (loads[k][1], loads[k][2].tolist()) for k in borne}
        some = Motion(even.t[rows], even.x[rows], even.v[rows], even.a[rows])
        part = effort(stage.robot, some, names, payload=payload, carrying=names[len(motion.names) :])
        torque[rows], pressure[rows] = part.torque, part.pressure
    full = case.effort[signal] = replace(empty, torque=torque, pressure=pressure)
    judged = check_torque(full, stage.limits, stage.rules, signal) + check_balance(
        full, stage.soles, stage.rules, signal
    )
    codes = {finding.code for finding in judged}
    at = next(i for i, f in enumerate(case.findings) if f.code in codes and f.signal == signal)
    case.findings = [f for f in case.findings if not (f.code in codes and f.signal == signal and f.stage == "dynamics")]
    for finding in judged:
        finding.details["payload"] = max(mass for _, mass, _ in loads)
    case.findings[at:at] = judged
