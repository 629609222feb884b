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


def both_waving(scene, n: int):
    """An episode on the bare floor: both arms, head and one claw move and come back."""
    names = scene.schema.action.names
    actions = np.tile(scene.ready_ctrl, (n, 1))
    wave = 0.15 * (1 - np.cos(np.linspace(0, 2 * np.pi, n)))
    moved = {"zarm_l1_joint": -1, "zarm_l7_joint": 0.5, "zarm_r4_joint": -1, "zhead_1_joint": 0.5, "left_claw": 130}
    for name, gain in moved.items():
        actions[:, names.index(name)] += gain * wave
    start, take = variation.nominal(scene), actions.astype(np.float32)
    played = next(play(scene, [Take(start, take)], [checkpoints_of(scene, n)]))
    return episode_of(scene, played, 3, [{"skill": "wave", "t0": 0.0, "t1": n / 30}], {"made_by": "test"})
