"""What was on the link while an episode of the simulation was played, and what of it had reached the robot."""

from __future__ import annotations

import numpy as np

from ....scenarios.link.link import SEED
from ....scenarios.link.traffic import FEATURE, Traffic, acted
from ....scenarios.scene.scene import Scene
from ...rollout.rollout import Rollout, Take
from .results import Motions, Subject


def traffic_of(subject: Subject, motions: Motions) -> tuple[Traffic | None, float]:
    """The messages of an episode over the link of its scene, and the time between two of them [s]; None where nothing is late."""
    scene, draw = subject.scene, motions.draw
    if scene.config.link.local or draw is None or subject.recording.episode is None:
        return None, 0.0
    found = Traffic(scene.config.link, int(draw.values.get(SEED, 0)), scene.control_timestep, scene.n_substeps)
    found.upto(subject.recording.episode.n_steps + 1)
    return found, scene.control_timestep


def acted_in(scene: Scene, take: Take, shown: Rollout) -> np.ndarray:
    """(T, nu) what the robot was to do in each control period: over a link what had reached it, so that no delay is its own fault."""
    if scene.config.link.local:
        return take.actions
    return acted(take.actions, shown.observations[FEATURE], scene.control_timestep)
