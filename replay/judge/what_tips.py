"""Whether the robot stays on its feet in a replay, and what bears on it where it comes nearest to tipping."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from ...scenarios.scene import Scene
from ...scenarios.variation import STATE
from ..checks.dynamics import Effort, check_balance
from ..checks.finding import Finding
from ..checks.tipping_over import FeltForce, TippingMoment, check_tipping
from ..rollout.ground_force import NearestToTipping
from ..rollout.rollout import Take
from ..signals.joint_motion import JointMotion
from .base_motion import UNKNOWN, tells_base
from .dynamics_stage import needed_for
from .eased_motion import eased_balance
from .results import Motions, Rollouts, Subject


def tipped(subject: Subject, motions: Motions, rollouts: Rollouts) -> list[Finding]:
    """`tipping` of the take that is shown."""
    scene, rules, shown = subject.scene, subject.rules, rollouts.shown
    assert shown is not None
    if not tells_base(subject):
        return [rules["tipping"].not_checked(UNKNOWN)]
    known = np.isfinite(shown.wrench).all(axis=1)  # until a simulation diverges
    wrench = shown.wrench[: int(known.argmin()) if not known.all() else len(known)]
    moment = None if shown.tipping is None else moment_of(scene, rollouts.plan.takes[0], shown.tipping)
    return [
        _eased(one, subject, motions, rollouts)
        for one in check_tipping(wrench, scene.timestep, scene.footing, rules, moment)
    ]


def _eased(found: Finding, subject: Subject, motions: Motions, rollouts: Rollouts) -> Finding:
    """A failure of a person's motion that no hand brings about: a WARN where the same holds of its `balance`; see there."""
    if not found.failed or motions.carried is None or "thing" in found.details:
        return found

    def effort_of(motion: JointMotion) -> Effort:
        return needed_for(subject, motion, rollouts.loads, rollouts.offset)

    soles, rules = subject.context.soles, subject.rules
    (swung,) = check_balance(effort_of(motions.judged), soles, rules, "retargeted")
    eased = eased_balance(subject, motions, swung, effort_of)
    if not swung.failed or eased.failed:
        return found
    return found.with_(level="WARN", details=found.details | {"eased": eased.details["eased"]})


def moment_of(scene: Scene, take: Take, nearest: NearestToTipping) -> TippingMoment:
    """What bears on the robot in a state: each contact of a rigid body with it, and its weight."""
    model, data = take.draw.model, mujoco.MjData(take.draw.model)
    mujoco.mj_setState(model, data, nearest.state, STATE)
    mujoco.mj_forward(model, data)
    root = model.body(scene.robot.root).id
    turn = data.xmat[root].reshape(3, 3).T  # into the robot's own frame, which stands upright
    mark = np.array([*data.xpos[root][:2], 0.0])
    felt = felt_on(scene, model, data, mark, turn)
    weight = np.array([0.0, 0.0, -float(model.body_subtreemass[root]) * model.opt.gravity[2]])
    force = weight - sum((one.force for one in felt), np.zeros(3))
    about = np.cross(turn @ (data.subtree_com[root] - mark), weight) - sum((one.moment for one in felt), np.zeros(3))
    still = np.concatenate([force, about - np.cross(scene.footing.site, force)])
    t, wrench = nearest.step * scene.control_timestep, np.asarray(nearest.wrench, float)
    return TippingMoment(t, wrench, still, felt, tuple(scene.robot.interface["grippers"]["bodies"]))


def felt_on(
    scene: Scene, model: mujoco.MjModel, data: mujoco.MjData, mark: np.ndarray, turn: np.ndarray
) -> tuple[FeltForce, ...]:
    """What hands and links of the robot feel of each body that is none of it, in forwarded data.

    Args:
        mark: (3,) the floor mark; turn: (3, 3) from the world's frame into the robot's.
    """
    root, names = model.body(scene.robot.root).id, _hands(scene, model)
    found: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    local = np.zeros(6)
    for i in range(data.ncon):
        contact = data.contact[i]
        if min(contact.geom) < 0 or contact.efc_address < 0:  # of a cloth, or not felt
            continue
        one, other = (int(model.geom_bodyid[geom]) for geom in contact.geom)
        mine = [int(model.body_rootid[body]) == root for body in (one, other)]
        if mine[0] == mine[1]:
            continue
        mujoco.mj_contactForce(model, data, i, local)
        # the force of the first on the second, in the contact's frame, whose rows are its axes
        force = turn @ (contact.frame.reshape(3, 3).T @ local[:3]) * (1.0 if mine[1] else -1.0)
        link, thing = (one, other) if mine[0] else (other, one)
        pair = names.get(link, model.body(link).name), model.body(thing).name
        found.setdefault(pair, []).append((turn @ (contact.pos - mark), force))
    return tuple(_sum_of(*pair, rows) for pair, rows in found.items())


def _sum_of(link: str, thing: str, rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> FeltForce:
    places, forces = (np.array(part) for part in zip(*rows))
    weights = np.linalg.norm(forces, axis=1) + 1e-12
    return FeltForce(
        link, thing, forces.sum(axis=0), np.cross(places, forces).sum(axis=0), np.average(places, axis=0, weights=weights)
    )


def _hands(scene: Scene, model: mujoco.MjModel) -> dict[int, str]:
    """Body of a hand -> the name of the hand: all that lies beyond the wrist counts."""
    interface, found = scene.robot.interface, {}
    for wrist, hand in zip(interface["hands"]["bodies"], interface["grippers"]["bodies"]):
        inside = {model.body(wrist).id}
        for body in range(min(inside), model.nbody):
            if body in inside or int(model.body_parentid[body]) in inside:
                inside.add(body)
                found[body] = hand
    return found
