"""A demonstration that failed, at a glance: pictures of the skill in which it ended, with how far it was from its places and from
whatever was near.

What stands below each picture is worked out afterwards, from where everything was, by the distances that the planner goes by. The
ways that it looked at and did not take are not known.
"""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np

from ...envs.rendering import Painter
from ...scenarios.scene import Scene
from ...scenarios.simulation import Simulation
from ...scenarios.variation import Draw
from ..recording.recording import SimEpisode
from ..rollout.camera_frames import cameras_of
from ..rollout.filmstrip import moments, strip
from .failures import Ending
from .skills.clearance import MARGIN, Clearance
from .skills.operator_state import SIDES
from .skills.reaching import PLACES
from .skills.skill import Skill

FRAMES = 8
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
    else:
        begin = max(0, min(round(float(episode.segments[-1]["t0"]) / dt), last - round(LEAST / dt)))
        steps = sorted({round(step) for step in np.linspace(begin, last, FRAMES)})
        shown = [(step, f"{ending.skill}  {step * dt:.1f} s") for step in steps]
    first = shown[0][0]
    qpos = positions(scene, draw, episode, first)
    captions = [
        (step - first, "\n".join((text, *sight(scene, draw.model, qpos[step - first], skill)))) for step, text in shown
    ]
    with Painter(scene) as painter:
        return strip(painter, draw, qpos, feature, captions, width=400)


def positions(scene: Scene, draw: Draw, episode: SimEpisode, first: int) -> np.ndarray:
    """(T + 1 - first, nq) of an episode from a control step on, from the last full state before it."""
    simulation = Simulation(scene)
    simulation.begin([draw])
    begin = max((t for t in episode.checkpoints if t <= first), default=0)
    simulation.put(episode.checkpoints.get(begin, episode.start_state))
    rows = []
    for t in range(begin, episode.n_steps + 1):
        if t >= first:
            rows.append(simulation.live("qpos")[0].copy())
        if t < episode.n_steps:
            simulation.step(episode.actions[t][None])
    return np.array(rows)


def sight(scene: Scene, model: mujoco.MjModel, qpos: np.ndarray, skill: Skill) -> Iterator[str]:
    """Lines about one moment: how far hands and things are from where the skill wants them, and what is nearest to the arm."""
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)

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
