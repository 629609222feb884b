"""A demonstration that failed, at a glance: pictures of the skill in which it ended, with how far it was from its places and from
whatever was near.

What stands below each picture is worked out afterwards, from where everything was, by the distances that the planner goes by. The
ways that it looked at and did not take are not known.
"""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np

from ...envs.rendering import SMALL, Painter
from ...scenarios.draws.variation import Draw
from ...scenarios.parts.pose import posed
from ...scenarios.robots.robot_folder import SIDES
from ...scenarios.scene.scene import Scene
from ...scenarios.stepping.simulation import Simulation
from ..recording.recording import SimEpisode
from ..rollout.camera_frames import cameras_of
from ..rollout.filmstrip import moments, strip
from .failures import Ending
from .planning.clearance import MARGIN, Clearance
from .planning.reaching import PLACES
from .words.skill import Skill

FRAMES = 8
SEEN = 0.01  # rad or m, that something has moved by to make another picture
LEAST = 1.0  # s, that are shown at the least: a skill may give up at once
PAIRS = 2  # that are nearest are named


def strip_of(scene: Scene, episode: SimEpisode, skill: Skill, ending: Ending, camera: str) -> np.ndarray:
    """Pictures of the last skill, or, where its end was reached and the task missed before, of the end of each skill.

    Args:
        scene, episode: of the demonstration; skill: in which it ended.
        camera: of the scene, such as `overview`.

    Returns:
        (h, w, 3) uint8.

    Raises:
        ShiliuError: there is no OpenGL, or no such camera.
    """
    (feature,) = cameras_of(scene, [camera]).values()
    values = {key: float(value) for key, value in episode.draw["values"].items()}
    draw = Draw(values, int(episode.draw["task"]), scene.compile(values), episode.start_state)
    dt, last = episode.control_timestep, episode.n_steps
    if ending.done:
        shown = moments(episode, FRAMES)
        first = shown[0][0]
    else:
        first = max(0, min(round(float(episode.segments[-1]["t0"]) / dt), last - round(LEAST / dt)))
    qpos, kept = positions(scene, draw, episode, first)
    if ending.done:
        shown = [shown[i] for i in unlike(np.array([qpos[step - first] for step, _ in shown]))]
    else:
        shown = [(first + step, f"{ending.skill}  {(first + step) * dt:.1f} s") for step in differing(qpos, FRAMES)]
    captions = [
        (step - first, "\n".join((text, *sight(scene, draw.model, qpos[step - first], skill)))) for step, text in shown
    ]
    with Painter(scene, SMALL) as painter:
        return strip(painter, draw, qpos, feature, captions, width=400, kept=kept)


def differing(qpos: np.ndarray, frames: int) -> list[int]:
    """At most so many rows, in order, between which alike much moves: a robot that stands still is not drawn twice.

    Args:
        qpos: (T, nq), T of at least 1.

    Returns:
        Row numbers, the last row where anything moves since the one before.
    """
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(qpos, axis=0)).sum(axis=1))])
    rows = sorted({int(np.searchsorted(way, share)) for share in np.linspace(0.0, way[-1], frames)})
    return [rows[i] for i in unlike(qpos[rows])]


def unlike(qpos: np.ndarray) -> list[int]:
    """Which of some rows (n, nq) differ from the last one that was taken, the first included: by `SEEN` in some number."""
    taken = [0]
    for i in range(1, len(qpos)):
        if np.abs(qpos[i] - qpos[taken[-1]]).max() > SEEN:
            taken.append(i)
    return taken


def positions(scene: Scene, draw: Draw, episode: SimEpisode, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Of an episode from a control step on, played from the last full state before it.

    Returns:
        (T + 1 - first, nq), and (T + 1 - first, k) what its rules kept.
    """
    simulation = Simulation(scene)
    simulation.begin([draw])
    begin = max((t for t in episode.checkpoints if t <= first), default=0)
    simulation.put(episode.checkpoints.get(begin, episode.start_state))
    rows, kept = [], []
    for t in range(begin, episode.n_steps + 1):
        if t >= first:
            rows.append(simulation.live("qpos")[0].copy())
            kept.append(simulation.kept[0].copy())
        if t < episode.n_steps:
            simulation.step(episode.actions[t][None])
    return np.array(rows), np.array(kept)


def sight(scene: Scene, model: mujoco.MjModel, qpos: np.ndarray, skill: Skill) -> Iterator[str]:
    """Lines about one moment: how far hands and things are from where the skill wants them, and what is nearest to the arm."""
    data = posed(model, qpos)

    def far(a: str, b: str) -> str:
        return f"{1e3 * np.linalg.norm(data.site(a).xpos - data.site(b).xpos):.0f} mm"

    values, kinds = skill.values, {name: argument.kind for name, argument in skill.arguments.items()}
    sites = {name: str(values[name]) for name, kind in kinds.items() if kind == "site" and values.get(name)}
    sides = [side for side in SIDES if values.get("hand") in (side, "either", None)]
    of, upon = (sites.get("of"), sites.get("upon")) if "of" in sites else (None, None)
    if of and upon:
        yield f"{_dotted(of)} to {_dotted(upon)}: {far(of, upon)}"
    for name in PLACES if "hand" in kinds else ():
        if name in sites:
            distances = ", ".join(f"{side} hand {far(f'{side}_tcp', sites[name])}" for side in sides)
            yield f"to {_dotted(sites[name])}: {distances}"
    for side in sides if "hand" in kinds else ():
        clearance = Clearance(model, side)
        clearance.data.qpos[:] = qpos
        q = np.array([qpos[model.joint(name).qposadr[0]] for name in scene.robot.arm_of(side)])
        near = sorted((distance, pair) for pair, distance in clearance.near(q).items())[:PAIRS]
        for distance, pair in near:
            yield f"near: {', '.join(_dotted(model.body(body).name) for body in pair)} {1e3 * distance:.0f} mm"
        if not near:
            yield f"nothing within {1e3 * MARGIN:.0f} mm of the {side} arm"


def _dotted(name: str) -> str:
    return name.replace("/", ".")
