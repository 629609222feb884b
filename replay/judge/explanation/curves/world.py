"""Curves of what the replayed world does: things in hands, forces, distances from the record, the steps of the task."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

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


class ShownTake(NamedTuple):
    """The take that is shown, without its actions; what it did; and its control steps on the recording's clock (n,) [s]."""

    take: Take
    played: Rollout
    t: np.ndarray


def _of_replay(curve: Callable[[Judged, Finding, ShownTake], Plot | None]) -> Callable[[Judged, Finding], Plot | None]:
    """A curve of the take that is shown; none where none is."""

    def asked(judged: Judged, finding: Finding) -> Plot | None:
        played, draw = judged.rollouts.shown, judged.rollouts.draw
        if played is None or draw is None:
            return None
        t = judged.rollouts.offset + np.arange(len(played.qpos)) * judged.scene.control_timestep
        return curve(
            judged, finding, ShownTake(Take(draw, np.zeros((0, judged.scene.n_actions), np.float32)), played, t)
        )

    return asked


def _replayed(t: np.ndarray, y: np.ndarray, name: str = "replayed") -> list[dict[str, Any]]:
    """The one trace of a diagram."""
    return [{"name": name, "t": t, "y": y}]


@_of_replay
def _slip(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    take, played, t = shown
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


@_of_replay
def _friction(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    carries = [c for c in judged.rollouts.carries if (c.thing, c.hand) == finding.subject]
    grasps = grasps_of(judged.scene, shown.take, shown.played, carries)
    t = np.array([grasp.t + judged.rollouts.offset for grasp in grasps])
    traces = [
        {"name": "needed", "t": t, "y": np.array([grasp.needed for grasp in grasps])},
        {"name": "pads", "t": t, "y": np.array([grasp.friction for grasp in grasps])},
    ]
    return Plot("friction", finding.subject[0], "1", traces) if len(t) else None


@_of_replay
def _payload(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    borne: dict[str, np.ndarray] = {}
    for held, mass, _ in judged.rollouts.loads:
        borne.setdefault(held.hand, np.zeros(len(shown.t)))[held.begin : held.end] += mass
    traces = [{"name": hand, "t": shown.t, "y": mass} for hand, mass in borne.items()]
    limits = [] if finding.limit is None else [{"name": "limit", "value": finding.limit}]
    return Plot("payload", "", "kg", traces, limits) if traces else None


@_of_replay
def _difference(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    """Largest difference of any recorded number from the replayed one, each step; as its power of ten, for it grows so."""
    episode = judged.recording.episode
    if episode is None:
        return None
    sizes = []
    for name, theirs in episode.states.items():
        ours = shown.played.observations.get(name)
        if ours is not None and ours.ndim == 2 and ours.shape[1:] == np.shape(theirs)[1:]:
            rows = min(len(ours), len(theirs))
            sizes.append(np.abs(ours[:rows].astype(float) - np.asarray(theirs)[:rows]).max(axis=1))
    if not sizes:
        return None
    rows = min(map(len, sizes))
    size = np.max([one[:rows] for one in sizes], axis=0)
    return Plot("difference", "", "1", _replayed(shown.t[:rows], size), [{"name": "limit", "value": 0.0}])


@_of_replay
def _start(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    if len(finding.subject) != 2:
        return None
    take, played, t = shown
    rows = t <= t[0] + SETTLED
    model = take.draw.model
    mine, other = (geoms_of(model, [body]) for body in finding.subject)
    deep = overlaps(model, played.qpos[rows], mine, other)
    depth = np.max([one.depth for one in deep], axis=0) if deep else np.zeros(int(rows.sum()))
    rule = judged.rules["start.penetration"]
    return Plot("depth", "", "mm", _replayed(t[rows], MM * depth), bounds(rule, MM))


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


@_of_replay
def _height(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    thing, heights = next(iter(finding.subject), ""), shown.played.heights
    return Plot("height", thing, "m", _replayed(shown.t, heights[thing])) if thing in heights else None


@_of_replay
def _apart(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
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


@_of_replay
def _force(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    thing, forces = next(iter(finding.subject), ""), shown.played.safety
    if thing not in forces:
        return None
    limits = [] if finding.limit is None else [{"name": "limit", "value": finding.limit}]
    return Plot("force", thing, str(finding.unit), _replayed(shown.t, forces[thing]), limits)


@_of_replay
def _person(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    """Force on a region of somebody's body, or the speed of what is near them."""
    asked = (finding.code, *finding.subject[:1], finding.details.get("kind"))
    limit = next((one for one in judged.scene.safety if (one.judged_as, one.about, one.kind) == asked), None)
    if limit is None or limit.name not in shown.played.safety:
        return None
    traces = _replayed(shown.t, shown.played.safety[limit.name])
    title = "force" if finding.code == "force.person" else "speed"
    return Plot(title, finding.subject[0], str(finding.unit), traces, [{"name": "limit", "value": limit.limit}])


@_of_replay
def _unexpected(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    touches = shown.played.touches
    if not touches.shape[1]:
        return None
    rule, force = judged.rules["collision.unexpected"], touches.max(axis=1)
    limits = bounds(rule)
    for held in touches_of(judged.scene, shown.played):
        if (held.thing, held.other) == finding.subject:
            force = held.force
            limits = [
                {"name": name, "value": value} for name, value in zip(("warn", "fail"), bounds_of(rule, held.bears))
            ]
    return Plot("force", "", "N", _replayed(shown.t, force), limits)


@_of_replay
def _event(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    """How far a failure mode has been beyond its bound so far."""
    names = [never.name for never in judged.scene.course.nevers]
    name = finding.code.removeprefix("scenario.")
    if name not in names or not shown.played.worst.size:
        return None
    worst = shown.played.worst[:, names.index(name)]
    unit, factor = ("mm", MM) if finding.unit == "m" else (finding.unit or "1", 1.0)
    traces = _replayed(shown.t, factor * np.where(np.isfinite(worst), worst, np.nan), "worst_so_far")
    return Plot("beyond", "", unit, traces, [{"name": "limit", "value": 0.0}])


@_of_replay
def _steps(judged: Judged, finding: Finding, shown: ShownTake) -> Plot | None:
    """How many of the task's steps are done."""
    outcome, t = judged.replay.outcome, shown.t
    at = outcome.get("subgoals") or {}
    if not at:
        return None

    def count(moments: Iterable[float | None]) -> np.ndarray:
        """(n,) how many of these moments [s] have passed."""
        return np.sum([t >= t[0] + when for when in moments if when is not None] or [np.zeros(len(t))], axis=0)

    done = count(at.values()) - count((outcome.get("undone") or {}).values())
    return Plot("subgoals", "", "1", _replayed(t, done.astype(float)), [{"name": "all", "value": float(len(at))}])


def _tracking(judged: Judged, finding: Finding) -> Plot | None:
    if judged.replay.tracking is None or not finding.subject:
        return None
    t, error, names = judged.replay.tracking
    if finding.subject[0] not in names:
        return None
    size = np.abs(error[:, names.index(finding.subject[0])])
    return Plot("tracking", finding.subject[0], "rad", _replayed(t, size), bounds(judged.rules["tracking"]))


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
