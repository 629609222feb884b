"""Trains the stock lerobot on a recorded set and lets its policy act in the environment: `make policy` runs it.

Nothing is renamed, reshaped or reordered on the way: the set goes to lerobot's own training, its checkpoint is loaded with
lerobot's own pre- and post-processors, and they are given what the environment observes. That it runs is the point; so short a
training solves no task.
"""

from __future__ import annotations

import json
import sys
import types
from pathlib import Path
from typing import Any

STEPS = 300  # of training, batches of 16
CHUNK = 20  # actions that the policy predicts at a time, two thirds of a second
LENGTH = 90  # control steps of an episode
OUTSIDE = 0.2  # share of a range; an estimate: a policy that took degrees for radians, or another order, is far beyond


def mismatches(features: dict[str, dict[str, Any]], env: Any) -> list[str]:
    """Where a set's features and an environment do not say the same; what lacks in either is one of them.

    Args:
        features: of the set's `info.json`.
        env: a single `ShiliuEnv`, wrapped or not.
    """
    inner = env.unwrapped
    schema, spaces = inner.scene.schema, dict(inner.observation_space.spaces)
    words = {**{name: f.names for name, f in schema.observations.items()}, "action": schema.action.names}
    spaces["action"] = inner.action_space
    seen = {k: f for k, f in features.items() if k.startswith(("action", "observation.")) and f["dtype"] != "video"}
    wrong = [f"{name}: the environment has none" for name in seen if name not in spaces]
    wrong += [f"{name}: the set has none" for name in spaces if name not in seen]
    for name in seen.keys() & spaces.keys():
        recorded = (seen[name]["dtype"], tuple(seen[name]["shape"]), tuple(seen[name]["names"]))
        here = (str(spaces[name].dtype), spaces[name].shape, tuple(words[name]))
        wrong += [f"{name}: the set says {a}, the environment {b}" for a, b in zip(recorded, here) if a != b]
    return sorted(wrong)


def trained(data: Path, out: Path) -> Path:
    """The folder of lerobot's checkpoint after its own training on a set: ACT of a small size, no pictures."""
    from lerobot.configs.default import DatasetConfig
    from lerobot.configs.train import TrainPipelineConfig
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.scripts.lerobot_train import train

    policy = ACTConfig(
        device="cpu", push_to_hub=False, chunk_size=CHUNK, n_action_steps=CHUNK, dim_model=64, n_heads=4, dim_feedforward=128,
        n_encoder_layers=2, use_vae=False, optimizer_lr=1e-3,
    )  # fmt: skip
    train(
        TrainPipelineConfig(
            dataset=DatasetConfig("local/policy", root=str(data), video_backend="pyav"), policy=policy, output_dir=out,
            steps=STEPS, batch_size=16, num_workers=0, log_freq=50, save_freq=STEPS, seed=0,
        )
    )  # fmt: skip
    return out / "checkpoints/last/pretrained_model"


def loss(policy: Any, pre: Any, data: Path) -> float:
    """How far the policy's chunks are from those of the set, in standard deviations, over frames spread through it."""
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    fps = json.loads((data / "meta/info.json").read_text())["fps"]
    ahead = {"action": [i / fps for i in range(CHUNK)]}
    frames = LeRobotDataset("local/policy", root=data, delta_timestamps=ahead, video_backend="pyav")
    batch = torch.utils.data.default_collate([frames[i] for i in range(0, len(frames), max(1, len(frames) // 64))])
    policy.eval()
    with torch.no_grad():
        return float(policy.forward(pre(batch))[0])


def episodes(env: Any, policy: Any, pre: Any, post: Any, space: Any) -> tuple[int, float, float]:
    """Steps taken, how far an action lay outside the space at most (share of its range), and the sum of rewards."""
    import numpy as np
    import torch

    observation, _ = env.reset(seed=7)
    policy.reset()
    steps, outside, rewards = 0, 0.0, 0.0
    for _ in range(LENGTH):
        action = post(policy.select_action(pre({name: torch.from_numpy(v) for name, v in observation.items()})))
        if not hasattr(env, "num_envs"):
            action = action.squeeze(0)  # lerobot's own batch of one, as its control loop takes it off
        action = action.numpy()
        beyond = np.maximum(space.low - action, action - space.high) / (space.high - space.low)
        outside = max(outside, float(beyond.max()))
        observation, reward, *_ = env.step(action)
        steps, rewards = steps + int(np.size(reward)), rewards + float(np.sum(reward))
    return steps, outside, rewards


def main(data: Path, out: Path) -> int:
    # the CPU build of torchvision has no operators
    sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
    import gymnasium
    import shiliu  # noqa: F401 - registers the environments
    import torch
    from gymnasium import wrappers
    from lerobot.policies.act.modeling_act import ACTPolicy
    from lerobot.policies.factory import make_pre_post_processors

    torch.set_num_threads(1)
    env = wrappers.ClipAction(gymnasium.make("shiliu/Microwave-v1"))
    wrong = mismatches(json.loads((data / "meta/info.json").read_text())["features"], env)
    if wrong:
        print(*wrong, sep="\n")
        return 1
    checkpoint = trained(data, out)
    policy = ACTPolicy.from_pretrained(checkpoint)
    pre, post = make_pre_post_processors(policy.config, pretrained_path=str(checkpoint))
    torch.manual_seed(0)
    before, after = loss(ACTPolicy(policy.config), pre, data), loss(policy, pre, data)
    print(f"lerobot trained ACT for {STEPS} steps: loss {before:.3f} untrained, {after:.3f} trained")
    if not after < 0.7 * before:
        print("The training did nothing.")
        return 1
    space = env.unwrapped.action_space
    several = wrappers.vector.ClipAction(gymnasium.make_vec("shiliu/Microwave-v1", num_envs=4))
    for what, made in (("one environment", env), ("a vector of 4", several)):
        steps, outside, rewards = episodes(made, policy, pre, post, space)
        print(
            f"{what}: {steps} steps, actions at most {outside:.1%} of the range outside it, mean reward {rewards / steps:.3f}"
        )
        if not outside < OUTSIDE:
            print("These are not the targets of joints and claws that the set holds.")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
