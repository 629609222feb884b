"""Short takes on the bare floor, which cost little to make and to judge."""

from __future__ import annotations

import numpy as np
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation

RATE = 30  # of the bare floor


def waving(scene, seed: int, pace: float, n: int = 36):
    """A take on the bare floor, in which the left arm swings to and fro."""
    names = scene.schema.action.names
    actions = np.tile(scene.ready_ctrl, (n, 1))
    actions[:, names.index("zarm_l4_joint")] -= 0.2 * (1 - np.cos(np.pi * pace * np.arange(n) / RATE))
    take = Take(variation.nominal(scene), actions.astype(np.float32))
    made = episode_of(scene, next(play(scene, [take], [checkpoints_of(scene, n)], 1)), seed, [], {"made_by": "test"})
    made.label = {**made.label, "success": True}
    return made
