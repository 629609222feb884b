"""Curves of what the replayed world does: things in hands, forces, distances from the record, the steps of the task."""

from __future__ import annotations

import numpy as np

from ....checks.collision import geoms_of, overlaps
from ....checks.curves import MM, bounds
from ....checks.finding import Finding, Plot
from ....checks.outcome import bounds_of
from ....checks.tipping_over import smoothed, stand_of
from ....rollout.rollout import Rollout, Take
from ...facts.held_contacts import before_received, touches_of
from ...facts.object_poses import distances
from ...facts.payload import before_let_go, creep_of, grasps_of
from ...facts.recorded_poses import object_streams
from ...facts.results import Judged

DRAWN = 8  # physics steps, of which one is drawn
SETTLED = 1.0  # s, by which what begins inside something else has sprung apart


def _replay(judged: Judged) -> tuple[Take, Rollout, np.ndarray] | None:
    """The take that is shown, without its actions; what it did; and its control steps on the recording's clock [s]."""
    shown, draw = judged.rollouts.shown, judged.rollouts.draw
    if shown is None or draw is None:
        return None
    t = judged.rollouts.offset + np.arange(len(shown.qpos)) * judged.scene.control_timestep
    return Take(draw, np.zeros((0, judged.scene.n_actions), np.float32)), shown, t


def _slip(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None:
        return None
    take, played, t = found
    traces = []
    for one in judged.rollouts.carries:
        held = before_let_go(judged.scene, played, before_received(judged.scene, played, one))
        if (held.thing, held.hand) == finding.subject and held.begin < held.end:
            creep = creep_of(judged.scene, take, played, held)
            traces.append({"name": "replayed", "t": t[held.begin : held.end], "y": MM * creep})
    if not traces:
        return None
    # carried several times: one curve, broken where the hand was empty
    gap = [np.array([np.nan])]
    joined = {key: np.concatenate([part for one in traces for part in (one[key], *gap)]) for key in ("t", "y")}
    joined["t"] = np.where(np.isnan(joined["t"]), np.concatenate([[0.0], joined["t"][:-1]]), joined["t"])
    trace = {"name": "replayed"} | {key: value[:-1] for key, value in joined.items()}
    return Plot("slip", finding.subject[0], "mm", [trace], bounds(judged.rules["slip"], MM))


def _friction(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None:
        return None
    take, played, _ = found
    offset = judged.rollouts.offset
    carries = [c for c in judged.rollouts.carries if (c.thing, c.hand) == finding.subject]
    grasps = grasps_of(judged.scene, take, played, carries)
    t = np.array([grasp.t + offset for grasp in grasps])
    traces = [
        {"name": "needed", "t": t, "y": np.array([grasp.needed for grasp in grasps])},
        {"name": "pads", "t": t, "y": np.array([grasp.friction for grasp in grasps])},
    ]
    return Plot("friction", finding.subject[0], "1", traces) if len(t) else None


def _payload(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None:
        return None
    t = found[2]
    borne: dict[str, np.ndarray] = {}
    for held, mass, _ in judged.rollouts.loads:
        borne.setdefault(held.hand, np.zeros(len(t)))[held.begin : held.end] += mass
    traces = [{"name": hand, "t": t, "y": mass} for hand, mass in borne.items()]
    limits = [] if finding.limit is None else [{"name": "limit", "value": finding.limit}]
    return Plot("payload", "", "kg", traces, limits) if traces else None


def _difference(judged: Judged, finding: Finding) -> Plot | None:
    """Largest difference of any recorded number from the replayed one, each step; as its power of ten, for it grows so."""
    found, episode = _replay(judged), judged.recording.episode
    if found is None or episode is None:
        return None
    _, played, t = found
    sizes = []
    for name, theirs in episode.states.items():
        ours = played.observations.get(name)
        if ours is not None and ours.ndim == 2 and ours.shape[1:] == np.shape(theirs)[1:]:
            rows = min(len(ours), len(theirs))
            sizes.append(np.abs(ours[:rows].astype(float) - np.asarray(theirs)[:rows]).max(axis=1))
    if not sizes:
        return None
    rows = min(map(len, sizes))
    size = np.max([one[:rows] for one in sizes], axis=0)
    return Plot(
        "difference", "", "1", [{"name": "replayed", "t": t[:rows], "y": size}], [{"name": "limit", "value": 0.0}]
    )


def _start(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None or len(finding.subject) != 2:
        return None
    take, played, t = found
    rows = t <= t[0] + SETTLED
    model = take.draw.model
    mine, other = (geoms_of(model, [body]) for body in finding.subject)
    deep = overlaps(model, played.qpos[rows], mine, other)
    depth = np.max([one.depth for one in deep], axis=0) if deep else np.zeros(int(rows.sum()))
    rule = judged.rules["start.penetration"]
    return Plot("depth", "", "mm", [{"name": "replayed", "t": t[rows], "y": MM * depth}], bounds(rule, MM))


def _clamped(judged: Judged, finding: Finding) -> Plot | None:
    episode = judged.recording.episode
    if episode is None or not finding.subject:
        return None
    schema = judged.scene.schema.action
    if finding.subject[0] not in schema.names:
        return None
    column = schema.names.index(finding.subject[0])
    t = np.arange(episode.n_steps) * episode.control_timestep
    limits = [
        {"name": "lower", "value": float(schema.low[column])},
        {"name": "upper", "value": float(schema.high[column])},
    ]
    trace = {"name": "command", "t": t, "y": episode.actions[:, column].astype(float)}
    return Plot("command", finding.subject[0], schema.unit[column], [trace], limits)


def _height(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None or not finding.subject or finding.subject[0] not in found[1].heights:
        return None
    _, played, t = found
    return Plot(
        "height", finding.subject[0], "m", [{"name": "replayed", "t": t, "y": played.heights[finding.subject[0]]}]
    )


def _apart(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None:
        return None
    grid, apart, things = distances(judged.subject, judged.rollouts, object_streams(judged.recording, finding.subject))
    offset = judged.rollouts.offset
    traces = [{"name": "replayed", "t": grid + offset, "y": MM * apart[:, j]} for j in range(len(things))]
    return (
        Plot("apart", ", ".join(things), "mm", traces, bounds(judged.rules["object.diverged"], MM)) if traces else None
    )


def _tipping(judged: Judged, finding: Finding) -> Plot | None:
    """How far the zero-moment point stays from its nearest bound."""
    shown = judged.rollouts.shown
    if shown is None or not len(shown.wrench):
        return None
    scene = judged.scene
    t, mean = smoothed(shown.wrench, scene.timestep, judged.rules[finding.code].window)
    margin = stand_of(mean, scene.footing).margin.min(axis=1)
    trace = {"name": "replayed", "t": t[::DRAWN] + judged.rollouts.offset, "y": MM * margin[::DRAWN]}
    return Plot("margin", "", "mm", [trace], [{"name": "limit", "value": 0.0}])


def _force(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None or not finding.subject or finding.subject[0] not in found[1].safety:
        return None
    _, played, t = found
    limits = [] if finding.limit is None else [{"name": "limit", "value": finding.limit}]
    trace = {"name": "replayed", "t": t, "y": played.safety[finding.subject[0]]}
    return Plot("force", finding.subject[0], str(finding.unit), [trace], limits)


def _person(judged: Judged, finding: Finding) -> Plot | None:
    """Force on a region of somebody's body, or the speed of what is near them."""
    found = _replay(judged)
    if found is None or not finding.subject:
        return None
    _, played, t = found
    kind = finding.details.get("kind")
    limit = next(
        (
            one
            for one in judged.scene.safety
            if one.judged_as == finding.code and (one.about, one.kind) == (finding.subject[0], kind)
        ),
        None,
    )
    if limit is None or limit.name not in played.safety:
        return None
    trace = {"name": "replayed", "t": t, "y": played.safety[limit.name]}
    title = "force" if finding.code == "force.person" else "speed"
    return Plot(title, finding.subject[0], str(finding.unit), [trace], [{"name": "limit", "value": limit.limit}])


def _unexpected(judged: Judged, finding: Finding) -> Plot | None:
    found = _replay(judged)
    if found is None or not found[1].touches.shape[1]:
        return None
    _, played, t = found
    rule, force = judged.rules["collision.unexpected"], played.touches.max(axis=1)
    limits = bounds(rule)
    for held in touches_of(judged.scene, played):
        if (held.thing, held.other) == finding.subject:
            force = held.force
            limits = [
                {"name": name, "value": value} for name, value in zip(("warn", "fail"), bounds_of(rule, held.bears))
            ]
    return Plot("force", "", "N", [{"name": "replayed", "t": t, "y": force}], limits)


def _event(judged: Judged, finding: Finding) -> Plot | None:
    """How far a failure mode has been beyond its bound so far."""
    found = _replay(judged)
    if found is None or not found[1].worst.size:
        return None
    _, played, t = found
    names = [never.name for never in judged.scene.course.nevers]
    name = finding.code.removeprefix("scenario.")
    if name not in names:
        return None
    worst = played.worst[:, names.index(name)]
    unit, factor = ("mm", MM) if finding.unit == "m" else (finding.unit or "1", 1.0)
    trace = {"name": "worst_so_far", "t": t, "y": factor * np.where(np.isfinite(worst), worst, np.nan)}
    return Plot("beyond", "", unit, [trace], [{"name": "limit", "value": 0.0}])


def _steps(judged: Judged, finding: Finding) -> Plot | None:
    """How many of the task's steps are done."""
    found = _replay(judged)
    at = judged.replay.outcome.get("subgoals") or {}
    if found is None or not at:
        return None
    t = found[2]
    done = np.sum([t >= t[0] + when for when in at.values() if when is not None] or [np.zeros(len(t))], axis=0)
    done = done - np.sum(
        [t >= t[0] + when for when in (judged.replay.outcome.get("undone") or {}).values()] or [np.zeros(len(t))],
        axis=0,
    )
    return Plot(
        "subgoals",
        "",
        "1",
        [{"name": "replayed", "t": t, "y": done.astype(float)}],
        [{"name": "all", "value": float(len(at))}],
    )


def _tracking(judged: Judged, finding: Finding) -> Plot | None:
    if judged.replay.tracking is None or not finding.subject:
        return None
    t, error, names = judged.replay.tracking
    if finding.subject[0] not in names:
        return None
    size = np.abs(error[:, names.index(finding.subject[0])])
    return Plot(
        "tracking",
        finding.subject[0],
        "rad",
        [{"name": "replayed", "t": t, "y": size}],
        bounds(judged.rules["tracking"]),
    )


CURVES = {
    "slip": _slip,
    "grip.friction": _friction,
    "payload": _payload,
    "reproduces": _difference,
    "start.penetration": _start,
    "ctrl.clamped": _clamped,
    "drop": _height,
    "object.diverged": _apart,
    "force.object": _force,
    "force.person": _person,
    "speed.person": _person,
    "collision.unexpected": _unexpected,
    "tipping": _tipping,
    "scenario": _event,
    "goal": _steps,
    "tracking": _tracking,
}
