"""Whether the robot stays on its feet in a replay, and what bears on it where it comes nearest to tipping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import mujoco
import numpy as np

from ....scenarios.draws.variation import STATE
from ....scenarios.parts.pose import hanging
from ....scenarios.scene.scene import Scene
from ...checks.dynamics import Effort, check_balance
from ...checks.finding import Finding
from ...checks.tipping_over import ForceOnLink, TippingMoment, check_tipping
from ...rollout.ground_force import NearestToTipping
from ...rollout.rollout import Rollout, Take
from ...signals.joint_motion import JointMotion
from ..facts.base_motion import UNKNOWN, tells_base
from ..facts.eased_motion import eased_balance
from ..facts.efforts import needed_for
from ..facts.results import Motions, Rollouts, Subject


def tipped(subject: Subject, motions: Motions, rollouts: Rollouts) -> list[Finding]:
    """`tipping` of the take that is shown."""
    scene, rules, shown = subject.scene, subject.rules, rollouts.shown
    assert shown is not None
    if scene.robot.base == "legs":  # no force under its pelvis: `legs.balance` is its answer
        return [rules["tipping"].not_applicable("on_legs")]
    if not tells_base(subject):
        return [rules["tipping"].not_checked(UNKNOWN)]
    known = np.isfinite(shown.wrench).all(axis=1)  # until a simulation diverges
    wrench = shown.wrench[: int(known.argmin()) if not known.all() else len(known)]
    found = check_tipping(wrench, scene.timestep, scene.footing, rules, moments_of(scene, rollouts.plan.takes[0], shown))
    return [_eased(one, subject, motions, rollouts) for one in found]


def moments_of(scene: Scene, take: Take, played: Rollout) -> Callable[[str], TippingMoment | None]:
    """What bore on the robot when it was nearest to tipping over to a side; None where nobody looked."""

    def moment(side: str) -> TippingMoment | None:
        return moment_of(scene, take, played.tipping[side]) if side in played.tipping else None

    return moment


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
    """What bears on the robot in a control period, which is stepped once more: contacts of rigid bodies with it, and its weight.

    Contacts chatter: forces are means of the period's physics steps, as the wrench is.
    """
    model, data = take.draw.model, mujoco.MjData(take.draw.model)
    mujoco.mj_setState(model, data, nearest.state, STATE)
    command = take.actions[nearest.step - 1]
    data.ctrl[: len(command)] = command
    root = model.body(scene.robot.root).id
    contacts: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for _ in range(scene.n_substeps):
        mujoco.mj_step(model, data)
        turn = data.xmat[root].reshape(3, 3).T  # into the robot's own frame, which stands upright
        mark = np.array([*data.xpos[root][:2], 0.0])
        for link, thing, place, force in contacts_on(scene, model, data):
            contacts.setdefault((link, thing), []).append((turn @ (place - mark), turn @ force / scene.n_substeps))
    sums = tuple(_sum_of(*pair, rows) for pair, rows in contacts.items())
    weight = np.array([0.0, 0.0, -float(model.body_subtreemass[root]) * model.opt.gravity[2]])
    force = weight - sum((one.force for one in sums), np.zeros(3))
    about = np.cross(turn @ (data.subtree_com[root] - mark), weight) - sum((one.moment for one in sums), np.zeros(3))
    still = np.concatenate([force, about - np.cross(scene.footing.site, force)])
    t, wrench = nearest.step * scene.control_timestep, np.asarray(nearest.wrench, float)
    return TippingMoment(t, wrench, still, sums, tuple(scene.robot.interface["grippers"]["bodies"]))


def contacts_on(
    scene: Scene, model: mujoco.MjModel, data: mujoco.MjData
) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """Hand or link, body that it touches, place (3,) [m] and force on the robot (3,) [N] in the world, of each contact that bears."""
    root, names = model.body(scene.robot.root).id, _hands(scene, model)
    local = np.zeros(6)
    for i in range(data.ncon):
        contact = data.contact[i]
        if min(contact.geom) < 0 or contact.efc_address < 0:  # of a cloth, or one that bears nothing
            continue
        one, other = (int(model.geom_bodyid[geom]) for geom in contact.geom)
        mine = [int(model.body_rootid[body]) == root for body in (one, other)]
        if mine[0] == mine[1]:
            continue
        mujoco.mj_contactForce(model, data, i, local)
        # the force of the first on the second, in the contact's frame (rows are its axes)
        force = contact.frame.reshape(3, 3).T @ local[:3] * (1.0 if mine[1] else -1.0)
        link, thing = (one, other) if mine[0] else (other, one)
        yield names.get(link, model.body(link).name), model.body(thing).name, contact.pos.copy(), force


def _sum_of(link: str, thing: str, rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> ForceOnLink:
    places, forces = (np.array(part) for part in zip(*rows))
    weights = np.linalg.norm(forces, axis=1) + 1e-12
    return ForceOnLink(
        link, thing, forces.sum(axis=0), np.cross(places, forces).sum(axis=0), np.average(places, axis=0, weights=weights)
    )


def _hands(scene: Scene, model: mujoco.MjModel) -> dict[int, str]:
    """Body of a hand -> the name of the hand: all that lies beyond the wrist counts."""
    interface, found = scene.robot.interface, dict[int, str]()
    for wrist, hand in zip(interface["hands"]["bodies"], interface["grippers"]["bodies"]):
        found |= dict.fromkeys(sorted(hanging(model, model.body(wrist).id)), hand)
    return found
