"""Known faults put into good demonstrations, to see whether the judge finds them.

Each takes an episode and gives a broken copy; what a person could have done wrong is performed again in the simulation, so
that the copy is a faithful record of a faulty demonstration; what a device could have done wrong changes the record alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..scenarios.errors import EpisodeError
from ..scenarios.scene import Scene
from .demonstration import replayed
from .forward import own_draw
from .recording import SimEpisode

Inject = Callable[[Scene, SimEpisode], SimEpisode]


@dataclass(frozen=True)
class Fault:
    """A named fault: how it is put in, and the code that must be the root of the verdict."""

    name: str
    code: str
    inject: Inject


def _again(scene: Scene, episode: SimEpisode, actions: np.ndarray, why: str) -> SimEpisode:
    draw = own_draw(scene, episode)
    if draw is None:
        raise EpisodeError("this episode was made in another scene; it cannot be performed again.")
    return replayed(scene, episode, draw, actions, why)


def _segment(episode: SimEpisode, *words: str) -> tuple[float, float]:
    """Begin and end [s] of the first skill that begins with one of these words."""
    for segment in episode.segments:
        if segment["skill"].startswith(words):
            return float(segment["t0"]), float(segment["t1"])
    raise EpisodeError(
        f"this episode has no skill {' or '.join(words)}; it has {[s['skill'] for s in episode.segments]}."
    )


def _column(scene: Scene, name: str) -> int:
    return scene.schema.action.names.index(name)


def _smooth(t: np.ndarray, t0: float, t1: float) -> np.ndarray:
    """A minimum-jerk step from 0 at t0 to 1 at t1 (Flash and Hogan 1985)."""
    s = np.clip((t - t0) / (t1 - t0), 0.0, 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2)


def joint_past_limit(scene: Scene, episode: SimEpisode) -> SimEpisode:
    """The head is turned 0.2 rad past the end of its range, slowly, and back."""
    actions = episode.actions.copy()
    t = np.arange(len(actions)) * scene.control_timestep
    column = _column(scene, "zhead_1_joint")
    end = float(scene.schema.action.high[column]) + 0.2
    actions[:, column] += (end - actions[:, column]) * (_smooth(t, 1.0, 3.0) - _smooth(t, 5.0, 7.0))
    return _again(scene, episode, actions, "joint past its limit")


def arm_through_counter(scene: Scene, episode: SimEpisode) -> SimEpisode:
    """The right forearm is pressed down through the counter's top, slowly, while the other arm goes on."""
    actions = episode.actions.copy()
    t = np.arange(len(actions)) * scene.control_timestep
    push = _smooth(t, 1.0, 4.0) - _smooth(t, 6.0, 9.0)
    pose = {"zarm_r1_joint": -0.35, "zarm_r2_joint": -0.15, "zarm_r3_joint": 0.0, "zarm_r4_joint": -0.75}
    for name, angle in pose.items():
        column = _column(scene, name)
        actions[:, column] += (angle - actions[:, column]) * push
    return _again(scene, episode, actions, "arm through the counter")


def too_fast(scene: Scene, episode: SimEpisode) -> SimEpisode:
    """The right upper arm is twisted by up to 1.2 rad in a fifth of a second: far past its speed limit."""
    actions = episode.actions.copy()
    t = np.arange(len(actions)) * scene.control_timestep
    column = _column(scene, "zarm_r3_joint")
    room = 0.9 * float(scene.schema.action.high[column]) - actions[:, column]
    actions[:, column] += np.minimum(room, 1.2) * (_smooth(t, 2.0, 2.2) - _smooth(t, 4.0, 6.0))
    return _again(scene, episode, actions, "too fast a reach")


def degrees(scene: Scene, episode: SimEpisode) -> SimEpisode:
    """The recorder writes the arms' commands in degrees."""
    broken = copy.deepcopy(episode)
    joints = len(scene.robot.joint_names)
    broken.actions[:, :joints] = np.degrees(broken.actions[:, :joints])
    broken.provenance["made_by"] = "degrees for radians"
    return broken


def opened_early(scene: Scene, episode: SimEpisode) -> SimEpisode:
    """The grip on the bowl opens in the middle of carrying it."""
    actions = episode.actions.copy()
    t = np.arange(len(actions)) * scene.control_timestep
    t0, t1 = _segment(episode, "carry")
    carrying = [
        name
        for name in scene.robot.hand_names
        if actions[round((t0 + t1) / 2 / scene.control_timestep), _column(scene, name)] > 5
    ]
    side = max(carrying or list(scene.robot.hand_names), key=lambda name: _moved(scene, episode, name, t0, t1))
    column = _column(scene, side)
    opening = (t >= (t0 + t1) / 2) & (t < t1 + 2.0)
    actions[opening, column] = np.maximum(actions[opening, column] - 30.0, 0.0)
    return _again(scene, episode, actions, "grip opened early")


def _moved(scene: Scene, episode: SimEpisode, hand: str, t0: float, t1: float) -> float:
    """How far [rad, summed] the arm of a hand is commanded between two times."""
    first, last = (round(t / scene.control_timestep) for t in (t0, t1))
    letter = hand[0]
    columns = [_column(scene, n) for n in scene.robot.arm_names if n.startswith(f"zarm_{letter}")]
    return float(np.abs(np.diff(episode.actions[first:last, columns], axis=0)).sum())


FAULTS = (
    Fault("joint past its limit", "joint.position", joint_past_limit),
    Fault("arm through the counter", "collision.scene", arm_through_counter),
    Fault("too fast a reach", "joint.velocity", too_fast),
    Fault("degrees for radians", "unit.degrees", degrees),
    Fault("grip opened early", "drop", opened_early),
)
