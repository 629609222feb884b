"""A policy is trained on demonstrations: frames, what is changed in them, and the network with the scales that belong to it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .demonstrations import Demonstration
from .task import EFFORT, STATE, VELOCITY, Poses, Task

if TYPE_CHECKING:
    from .networks import Act, Chunked

WARM = 50.0  # a fiftieth of the steps, in which the learning rate rises; then it falls to nothing
LIMIT = 6.0  # standard deviations, of what a network is shown
AWAY, HOLDING = 0.03, 0.2  # rad, a joint elsewhere at most; share of it where a hand is at something
SPEED, TORQUE = 0.3, 20.0  # rad/s, Nm: speeds and efforts reveal the last command, and are blurred by as much


@dataclass(frozen=True)
class Training:
    """How a network is trained, and acts.

    Attributes:
        network: one of `networks.NETWORKS`; steps: of training; batch: frames in each; rate: the highest learning rate.
        ahead, done: control steps that are commanded at once, and of them carried out.
    """

    network: str = "chunked"
    steps: int = 10000
    batch: int = 256
    rate: float = 1e-3
    ahead: int = 30
    done: int = 15


@dataclass(frozen=True)
class Frames:
    """What a policy is trained on, n control steps.

    Attributes:
        observed: by name (n, k); poses: of them; wanted: (n, ahead, channels) targets, less where the channels are.
        skills: (n,) of the operator; held: (n,) bool, a hand is at something.
    """

    observed: Mapping[str, np.ndarray]
    poses: Poses
    wanted: np.ndarray
    skills: np.ndarray
    held: np.ndarray


def frames_of(task: Task, demonstrations: Sequence[Demonstration], ahead: int) -> Frames:
    """All control steps of demonstrations; a chunk that goes past the end repeats the last command."""
    observed = {
        name: np.concatenate([one.observed[name] for one in demonstrations]) for name in demonstrations[0].observed
    }
    chunks = []
    for one in demonstrations:
        n = len(one.actions)
        rows = np.minimum(np.arange(n)[:, None] + np.arange(ahead), n - 1)
        chunks.append(one.actions[rows][..., task.used] - one.observed[STATE][:, None, task.used])
    wanted = np.concatenate(chunks).astype(np.float32)
    skills = np.concatenate([one.skills for one in demonstrations])
    return Frames(observed, task.poses(observed), wanted, skills, task.held(observed))


class Policy:
    """A network with the scales of what it was trained on."""

    def __init__(self, task: Task, network: Chunked | Act, scales: Mapping[str, np.ndarray], training: Training):
        self.task, self.network, self.scales, self.training = task, network, dict(scales), training

    def scaled(self, shown: np.ndarray) -> np.ndarray:
        """(n, k) in standard deviations."""
        out: np.ndarray = np.clip((shown - self.scales["centre"]) / self.scales["spread"], -LIMIT, LIMIT)
        return out

    def shown(self, observed: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n, k) float32 what the network is shown of observations (n, ·)."""
        return self.scaled(np.concatenate(self.task.groups(observed, self.task.poses(observed)), axis=1))

    def chunk(self, observed: Mapping[str, np.ndarray]) -> np.ndarray:
        """(n, ahead, channels) targets [rad, %]."""
        import torch

        with torch.no_grad():
            out = self.network(torch.from_numpy(self.shown(observed))).numpy()
        away = out * self.scales["width"] + self.scales["middle"]
        target: np.ndarray = away + observed[STATE][:, None, self.task.used]
        return target

    def sha256(self) -> str:
        """Of all weights and scales."""
        arrays = [*self.scales.values(), *(value.numpy() for value in self.network.state_dict().values())]
        return hashlib.sha256(b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)).hexdigest()


def train(task: Task, frames: Frames, training: Training, seed: int) -> tuple[Policy, dict[str, Any]]:
    """A policy, and what it took: the same bytes for the same seed, on the same processor with the same torch.

    The caller sets `torch.set_num_threads(1)`: sums over several threads come in another order.

    Args:
        seed: of the first weights, of the batches and of what is changed in them.
    """
    import torch

    from .networks import NETWORKS

    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    rng, begun = np.random.default_rng(seed), time.process_time()
    groups = task.groups(frames.observed, frames.poses)
    shown, wanted = np.concatenate(groups, axis=1), frames.wanted
    network = NETWORKS[training.network]([one.shape[1] for one in groups], *wanted.shape[1:])
    scales = {
        "centre": shown.mean(axis=0),
        "spread": np.where(shown.std(axis=0) > 1e-4, shown.std(axis=0), 1.0).astype(np.float32),
        "middle": wanted.mean(axis=0),
        "width": np.maximum(wanted.std(axis=0), task.least),
    }
    policy = Policy(task, network, scales, training)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-4)
    loss = torch.zeros(())
    for step in range(training.steps):
        optimizer.param_groups[0]["lr"] = (
            training.rate * min(1.0, WARM * step / training.steps) * (1 - step / training.steps)
        )
        rows = rng.integers(len(wanted), size=training.batch)
        seen, away = changed(task, frames, rows, rng)
        targets = wanted[rows].copy()
        targets[:, :, task.joints] -= away[:, None]  # back to what was commanded, from wherever the arm is
        scaled = torch.from_numpy((targets - scales["middle"]) / scales["width"])
        loss = network.loss(torch.from_numpy(policy.scaled(seen)), scaled)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
    network.eval()
    return policy, {"loss": round(loss.item(), 4), "cpu_s": round(time.process_time() - begun)}


def changed(task: Task, frames: Frames, rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What is shown of frames with the arms a little elsewhere, (n, k), and by how much, (n, joints) [rad].

    A demonstration shows no way back to it. So the joints are moved and the targets left: they are the way from there, too.
    """
    n, joints = len(rows), task.used[task.joints]
    observed = {name: values[rows].copy() for name, values in frames.observed.items()}
    most = AWAY * rng.random((n, 1)) ** 2 * np.where(frames.held[rows, None], HOLDING, 1.0)
    away = (most * rng.standard_normal((n, len(joints)))).astype(np.float32)
    observed[STATE][:, joints] += away
    doubt = rng.random((n, 1))
    observed[VELOCITY][:, joints] += SPEED * doubt * rng.standard_normal((n, len(joints)))
    observed[EFFORT][:, joints] += TORQUE * doubt * rng.standard_normal((n, len(joints)))
    return np.concatenate(task.groups(observed, frames.poses.rows(rows).moved(away)), axis=1), away
