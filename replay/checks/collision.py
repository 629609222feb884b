"""Does a trajectory take the robot through itself or through the room? Depths from the engine's own contacts."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..signals.signal import held
from .check import Check
from .finding import Finding, lasted, worst_of
from .fixes import Fix, Known, away
from .rules import Rules

if TYPE_CHECKING:
    import mujoco

Pair = tuple[str, str]


@dataclass(frozen=True)
class Overlap:
    """Two bodies and how deep they are in each other: `depth` (T,) m, 0 where they do not touch."""

    bodies: Pair
    depth: np.ndarray


def geoms_of(model: mujoco.MjModel, bodies: Iterable[str]) -> np.ndarray:
    """(n,) ids of the colliding geoms of these bodies and of all bodies below them."""
    roots = {model.body(name).id for name in bodies}
    inside = np.zeros(model.nbody, bool)
    for i in range(model.nbody):
        inside[i] = i in roots or (i > 0 and inside[model.body_parentid[i]])
    collides = (model.geom_contype != 0) | (model.geom_conaffinity != 0)
    return np.flatnonzero(inside[model.geom_bodyid] & collides)


def overlaps(
    model: mujoco.MjModel,
    qpos: np.ndarray,
    group: np.ndarray,
    against: np.ndarray | None = None,
    allowed: Iterable[Pair] = (),
    data: mujoco.MjData | None = None,
) -> list[Overlap]:
    """How deep bodies are in each other along a trajectory: one `Question`, asked alone.

    Args:
        model: the scene; its own filters (contype, excludes, parent and child) decide which pairs can collide.
        qpos: (T, nq) positions, one row a moment.
        group: geom ids of the robot.
        against: geom ids of the room; None looks for contacts of the group with itself.
        allowed: pairs of body names that may touch (a hand and what it handles); a name stands for the body and all
            below it.
        data: reused if given.

    Returns:
        One `Overlap` a pair of bodies that touch at any moment, the deepest first.
    """
    return overlaps_of(model, qpos, [Question(group, against, allowed)], data)[0]


@dataclass(frozen=True)
class Question:
    """Which contacts are looked for: of `group` with `against` (None: with itself), but not those of `allowed` pairs."""

    group: np.ndarray
    against: np.ndarray | None = None
    allowed: Iterable[Pair] = ()


def overlaps_of(
    model: mujoco.MjModel, qpos: np.ndarray, questions: Sequence[Question], data: mujoco.MjData | None = None
) -> list[list[Overlap]]:
    """As `overlaps`, for several questions about one trajectory: each pose is collided once, among the geoms concerned."""
    import mujoco  # here: records are read where no engine is, too

    data = mujoco.MjData(model) if data is None else data
    asked, concerned = [], np.zeros(model.ngeom, bool)
    for question in questions:
        mine, other = np.zeros(model.ngeom, bool), np.zeros(model.ngeom, bool)
        mine[question.group] = True
        other[question.group if question.against is None else question.against] = True
        counts = np.outer(mine, other) | np.outer(other, mine)
        bodies = model.geom_bodyid
        asked.append(counts & ~_permitted(model, question.allowed)[bodies[:, None], bodies])
        concerned |= mine | other
    model = copy.copy(model)
    model.geom_contype[~concerned] = model.geom_conaffinity[~concerned] = 0
    model.flex_contype[:] = model.flex_conaffinity[:] = 0  # a cloth gives way
    rows, geoms, distances = [], [np.zeros((0, 2), int)], [np.zeros(0)]
    for step, row in enumerate(qpos):
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_collision(model, data)
        if data.ncon:
            contact = data.contact
            rows += [step] * data.ncon
            geoms.append(contact.geom.copy())
            distances.append(contact.dist.copy())
    geom, distance = np.concatenate(geoms), np.concatenate(distances)
    depths: list[dict[tuple[int, int], np.ndarray]] = [{} for _ in questions]
    for counts, found in zip(asked, depths):
        hits = np.flatnonzero(counts[geom[:, 0], geom[:, 1]] & (distance < 0.0))
        for hit, (a, b), depth in zip(hits.tolist(), model.geom_bodyid[geom[hits]].tolist(), (-distance[hits]).tolist()):
            key = (a, b) if a < b else (b, a)
            if key not in found:
                found[key] = np.zeros(len(qpos))
            found[key][rows[hit]] = max(found[key][rows[hit]], depth)
    named = [
        [Overlap((model.body(a).name, model.body(b).name), depth) for (a, b), depth in found.items()]
        for found in depths
    ]
    return [sorted(found, key=lambda overlap: -float(overlap.depth.max())) for found in named]


def _permitted(model: mujoco.MjModel, allowed: Iterable[Pair]) -> np.ndarray:
    """(nbody, nbody) whether two bodies may touch."""
    table = np.zeros((model.nbody, model.nbody), bool)
    for a, b in allowed:
        first, second = tree_of(model, a), tree_of(model, b)
        table[np.ix_(first, second)] = table[np.ix_(second, first)] = True
    return table


def tree_of(model: mujoco.MjModel, name: str) -> np.ndarray:
    """(nbody,) whether a body is this one or below it."""
    root = model.body(name).id
    inside = np.zeros(model.nbody, bool)
    for i in range(root, model.nbody):
        inside[i] = i == root or inside[model.body_parentid[i]]
    return inside


def check_overlaps(
    code: str, t: np.ndarray, found: Sequence[Overlap], rules: Rules, signal: str = "command"
) -> list[Finding]:
    """`collision.self`, `collision.scene` (or `start.penetration`): the deepest overlap; other pairs in details.

    Args:
        t: (T,) seconds of the rows that `overlaps` looked at, evenly spaced on the whole.

    The depth that counts is one that lasts for the rule's shortest time: a single stray command is not where the arm
    gets to, and `joint.jump` tells it.
    """
    rule = rules[code]
    step = float(np.median(np.diff(t))) if len(t) > 1 else 0.0
    findings = []
    for overlap in found:
        row = int(overlap.depth.argmax())
        level, begin = held(overlap.depth[:, None], step, rule.shortest)
        lasting = float(level[0]) if np.isfinite(level[0]) else float(overlap.depth[row])
        graded = rule.grade_value(lasting)
        at = int(begin[0]) if np.isfinite(level[0]) else row
        findings.append(
            rule.finding(
                subject=overlap.bodies,
                signal=signal,
                **lasted(t, overlap.depth > graded["limit"], at),
                **graded,
                details={
                    "deepest": float(overlap.depth[row]),
                    "t_deepest": float(t[row]),
                    "first_touch": float(t[int((overlap.depth > 0).argmax())]),
                },
            )
        )
    # the pair that fails first is the cause, not the one that ends deepest
    failed = [one for one in findings if one.failed]
    if failed:
        first_failed = min(failed, key=lambda one: (one.t0, -(one.value or 0.0)))
        others = [one for one in findings if one is not first_failed and one.level in ("WARN", "FAIL")]
        first_failed.details["others"] = [
            {"subject": list(one.subject), "level": one.level, "value": one.value, "t0": one.t0, "t1": one.t1}
            for one in others[:10]
        ]
        return [first_failed]
    return worst_of(findings) or [rule.passed(signal=signal, value=0.0, limit=rule.fail, margin=rule.fail)]


def check_start(
    model: mujoco.MjModel, data: mujoco.MjData, rules: Rules, allowed: Iterable[Pair] = ()
) -> list[Finding]:
    """`start.penetration`: do any two bodies stand inside each other at the start?

    Args:
        data: the start state; only positions are read, and contacts are written.
    """
    everything = np.flatnonzero((model.geom_contype != 0) | (model.geom_conaffinity != 0))
    found = overlaps(model, data.qpos[None].copy(), everything, None, allowed, data)
    return check_overlaps("start.penetration", np.zeros(1), found, rules, signal="replayed")


def _apart(finding: Finding, known: Known) -> Fix:
    return away(finding, known) | {"kind": "scene"}


CHECKS = (
    Check("collision.self", fix=away, of="shapes", own_cause=True, shown_by="arm against the legs"),
    Check("collision.scene", fix=away, of="shapes", own_cause=True, shown_by="arm through the counter"),
    Check(
        "start.penetration",
        fix=_apart,
        of="world",
        turn=6,
        lasts=True,
        own_cause=True,
        shown_by="object inside its support",
    ),
)
