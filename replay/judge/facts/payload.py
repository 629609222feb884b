"""What the hands carry in a replay, measured in the replayed states: poses, contact forces, and the load on the arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import mujoco
import numpy as np

from ....scenarios.draws.variation import STATE
from ....scenarios.parts.pose import posed, postures
from ....scenarios.robots.hand_shape import shape_of
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.predicate import TRACE
from ...checks.collision import tree_of
from ...checks.grip import CarriedSpan, GraspForces, carried, slip_of
from ...rollout.rollout import Rollout, Take
from ...signals.signal import held as lasting
from ...signals.signal import run_around

FIRM, LETTING_GO = 0.5, 0.3  # of the usual force of a grip; s, in which fingers open [E]
LASTS = 0.5  # s, what an arm bears for less is no load that it holds
# what is carried, the mass that this hand bears [kg], where in the hand's frame [m]
Load = tuple[CarriedSpan, float, np.ndarray]


def carries_of(scene: Scene, played: Rollout) -> list[CarriedSpan]:
    """Every time that a hand carries something, in the order of things and hands."""
    found = []
    for name, handled in scene.handled.items():
        hands = [request.of.partition(":")[2] for request in handled.forces]
        force, height = played.grips[name], played.heights[name]
        up = _borne(scene, played, name, hands)
        found += carried(name, force, height, hands, scene.weights[name], scene.control_timestep, up)
    return found


def _borne(scene: Scene, played: Rollout, thing: str, hands: Sequence[str]) -> np.ndarray | None:
    """(T+1, n) what each of some hands bears of a thing [N]; None where it was not measured."""
    part = _body(scene, thing).partition("/")[0]
    columns = [j for j, body in enumerate(scene.borne) if body.partition("/")[0] == part]
    if not columns or not played.borne.size:
        return None
    order = [scene.robot.interface["grippers"]["bodies"].index(hand) for hand in hands]
    return np.asarray(played.borne[:, columns].sum(axis=1)[:, order], float)


def before_let_go(scene: Scene, played: Rollout, held: CarriedSpan) -> CarriedSpan:
    """A carrying until the fingers begin to open: from there on the thing is let go, and slides as it is meant to.

    It is the last reading of half the usual force (`FIRM`), at most `LETTING_GO` before the end. A reading is the largest force since
    the control step before: at its own step the fingers may be open already, and the thing falls. So that step is left out.
    """
    if held.end <= held.begin:
        return held
    hands = [request.of.partition(":")[2] for request in scene.handled[held.thing].forces]
    force = played.grips[held.thing][held.begin : held.end, hands.index(held.hand)]
    firm = int(np.flatnonzero(force >= FIRM * np.median(force))[-1])
    return replace(held, end=held.begin + max(firm, len(force) - round(LETTING_GO / scene.control_timestep), 1))


def _poses(
    scene: Scene, take: Take, played: Rollout, steps: Sequence[int], hand: str, thing: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Place and turn of a thing and of a grip at control steps: (m, 3), (m, 3, 3), (m, 3), (m, 3, 3)."""
    model = take.draw.model
    body, grip = model.body(_body(scene, thing)).id, grip_of(model, hand)
    out = (np.empty((len(steps), 3)), np.empty((len(steps), 9)), np.empty((len(steps), 3)), np.empty((len(steps), 9)))
    for row, data in enumerate(postures(model, played.qpos[steps])):
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


def creep_of(scene: Scene, take: Take, played: Rollout, held: CarriedSpan) -> np.ndarray:
    """(m,) how far a thing has crept in the hand since it was carried [m], at each control step of that."""
    tips = shape_of(scene.robot.hand_sheet).sheet.get("tips")
    along = np.linspace(-tips["pad_end"], tips["tip_end"], 5) if tips else np.zeros(1)
    pads = along[:, None] * [0.0, 0.0, 1.0]
    return slip_of(*_poses(scene, take, played, range(held.begin, held.end), held.hand, held.thing), pads)


def grasps_of(scene: Scene, take: Take, played: Rollout, carries: Sequence[CarriedSpan]) -> list[GraspForces]:
    """What the fingers press at the kept states (each whole second) during which something is carried."""
    model = take.draw.model
    found, data = [], None
    firm = [(held, before_let_go(scene, played, held).end) for held in carries]
    for step in sorted(played.states):
        now = [held for held, end in firm if held.begin <= step < end]
        if not now:
            continue
        data = data or mujoco.MjData(model)
        mujoco.mj_setState(model, data, played.states[step], STATE)
        mujoco.mj_forward(model, data)
        for held in now:
            grasp = _grasp(model, data, held, _body(scene, held.thing), step * scene.control_timestep)
            found += [grasp] if grasp is not None else []
    return found


def _grasp(model: mujoco.MjModel, data: mujoco.MjData, held: CarriedSpan, thing: str, t: float) -> GraspForces | None:
    hand, body = tree_of(model, held.hand), tree_of(model, thing)
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
    return GraspForces(held, t, normal, tangential, weighted / normal) if normal > 0.0 else None


def loads_of(scene: Scene, take: Take, played: Rollout, carries: Sequence[CarriedSpan]) -> list[Load]:
    """Mass and place of what each hand bears.

    Two hands that carry one thing together share its weight by the law of the lever, each at its grip (see `shared`); three and
    more, such as two that hold a thing while a third comes, evenly.
    """
    model = take.draw.model
    found = []
    for held in carries:
        together = [
            other for other in carries
            if other.thing == held.thing and other.begin < held.end and held.begin < other.end
        ]  # fmt: skip
        bodies = np.zeros(model.nbody, bool)
        for name in (_body(scene, held.thing), *contents(scene, model, held.thing)):
            bodies |= tree_of(model, name)
        data = posed(model, played.qpos[held.begin])
        mass = float(model.body_mass[bodies].sum())
        centre = model.body_mass[bodies] @ data.xipos[bodies] / mass
        hand, share, place = data.body(held.hand), 1.0 / len(together), centre
        if len(together) == 2:
            (other,) = (one for one in together if one is not held)
            mine, its = (data.site_xpos[grip_of(model, one.hand)] for one in (held, other))
            share, place = shared(mine, its, centre)
        found.append((held, share * mass, hand.xmat.reshape(3, 3).T @ (place - hand.xpos)))
    return found


def hung_of(scene: Scene, played: Rollout, carries: Sequence[CarriedSpan]) -> list[tuple[CarriedSpan, float]]:
    """What each hand bears of a thing that it does not carry: a rail, a door, a chair on its wheels.

    Returns:
        When each hand lifted hardest at each such thing, and the mass that weighs as much as the force that it kept up for `LASTS`
        [kg].
    """
    hands, found = scene.robot.interface["grippers"]["bodies"], []
    weight = float(np.linalg.norm(scene.model.opt.gravity))
    for j, body in enumerate(scene.borne if played.borne.size else ()):
        up = played.borne[:, j].astype(float)
        for span in carries:
            if _body(scene, span.thing).partition("/")[0] == body.partition("/")[0]:
                up[span.begin : span.end] = 0.0
        level, first = lasting(up, scene.control_timestep, LASTS)
        for k, hand in enumerate(hands):
            if level[k] > TRACE:
                begin, last = run_around(up[:, k] >= level[k], int(first[k]))
                found.append((CarriedSpan(body, hand, begin, last + 1), float(level[k]) / weight))
    return found


def shared(grip: np.ndarray, other: np.ndarray, centre: np.ndarray) -> tuple[float, np.ndarray]:
    """Which share of a thing's weight a hand bears that holds it together with another, and where (3,).

    By the law of the lever along the level line between the two grips: the moments of the two about one another vanish. What the
    centre of mass lies beside that line both hands hold level, each where it lies before its own grip.

    Args:
        grip, other: (3,) where the two hands hold; centre: (3,) of the thing's mass.
    """
    between = (other - grip)[:2]
    length2 = float(between @ between)
    if length2 < 1e-6:
        return 0.5, centre
    along = float(np.clip((centre - grip)[:2] @ between / length2, 0.0, 1.0))
    return 1.0 - along, centre - along * (other - grip)


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
