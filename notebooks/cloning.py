"""Behaviour cloning of the microwave's door: what the policy sees and commands, its training, its trial in unseen draws.

The notebook of that name and `benchmarks/policy_regained.py` share it. All but `train` and `DoorPolicy` does without torch.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import mujoco
import numpy as np
from shiliu import Scene

if TYPE_CHECKING:
    import torch

LONGEST = 24.0  # s, to the open door; most take 17 to 21 s
AHEAD, DONE = 30, 15  # steps of 1/30 s: so many are commanded at once, so many of them carried out
BATCH = 256  # frames
LIMIT = 6.0  # standard deviations, of what the network is shown
LEAST = np.array([0.004] * 7 + [0.5], np.float32)  # rad, %: what is smaller is tremor
SEEN = (
    "observation.state",
    "observation.velocity",
    "observation.effort",
    "observation.touch",
    "observation.environment_state",
    "observation.hand_pose",
)
Observation = Mapping[str, np.ndarray]


def turned(vector: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) turned about z."""
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = np.moveaxis(vector, -1, 0)
    return np.stack(np.broadcast_arrays(c * x - s * y, s * x + c * y, z), axis=-1)


class DoorTask:
    """The microwave's door as a task of the left arm: its columns, and what is computed from them."""

    def __init__(self, scene: Scene):
        self.scene, self.model = scene, scene.model
        self.data = mujoco.MjData(scene.model)
        mujoco.mj_kinematics(self.model, self.data)
        self.base = self.data.body("base_link").xpos.copy()  # hand poses are measured from it
        self.hinge, self.handle = self.model.body("oven/door").pos, self.model.site("oven/handle").pos
        names = scene.schema.action.names
        self.used = [i for i, name in enumerate(names) if name.startswith("zarm_l") or name == "left_claw"]
        self.around = scene.schema.observations["observation.environment_state"].names
        arm = [names[i] for i in self.used[:-1]]
        self.columns = [self.model.joint(name).dofadr[0] for name in arm]
        self.places = [self.model.joint(name).qposadr[0] for name in arm]

    def features(self, observation: Observation) -> np.ndarray:
        """(..., k) float32 from observations (..., n) of the dataset or of the environment: they are the same."""
        part, used = observation["observation.environment_state"], self.used
        qw, qz, door = (part[..., self.around.index(name)] for name in ("oven.qw", "oven.qz", "oven.door_hinge"))
        yaw, oven = 2 * np.arctan2(qz, qw), part[..., :3]
        handle = turned(turned(self.handle, -door) + self.hinge, yaw) + oven
        hand = observation["observation.hand_pose"][..., :7]
        to_handle, to_oven = (turned(hand[..., :3] + self.base - place, -yaw) for place in (handle, oven))
        arm = [observation[f"observation.{what}"][..., used] for what in ("state", "velocity", "effort")]
        touch = np.tanh(observation["observation.touch"][..., :2] / 20)
        small = np.stack([yaw, door, np.tanh(20 * door)], axis=-1)
        near = [np.tanh(10 * to_handle), np.tanh(50 * to_handle)]  # a millimetre counts there, and only there
        return np.concatenate([*arm, touch, oven, small, hand, to_handle, to_oven, *near], axis=-1).astype(np.float32)

    def hand_by_arm(self, observation: Observation) -> np.ndarray:
        """(T, 7, 7) how the hand's position and quaternion change with the arm's angles."""
        states, hands = observation["observation.state"], observation["observation.hand_pose"]
        out, along, about = np.zeros((len(states), 7, 7), np.float32), *np.zeros((2, 3, self.model.nv))
        site = self.model.site("left_tcp").id
        for t, (angles, hand) in enumerate(zip(states, hands)):
            self.data.qpos[self.places] = angles[self.used[:-1]]
            mujoco.mj_kinematics(self.model, self.data)
            mujoco.mj_comPos(self.model, self.data)
            mujoco.mj_jacSite(self.model, self.data, along, about, site)
            w, x, y, z = hand[3:7]
            out[t, :3] = along[:, self.columns]
            by_turning = np.array([[-x, -y, -z], [w, z, -y], [-z, w, x], [y, -x, w]])
            out[t, 3:] = 0.5 * by_turning @ about[:, self.columns]
        return out


@dataclass(frozen=True)
class DoorFrames:
    """What a policy is trained on.

    Attributes:
        seen: observations by name, (n, k) each.
        wanted: (n, AHEAD, 8) targets of the arm [rad] and the claw [%], less where they are.
        turning: (n, 7, 7) see `DoorTask.hand_by_arm`.
    """

    seen: dict[str, np.ndarray]
    wanted: np.ndarray
    turning: np.ndarray


def steps_to_open(label: Mapping[str, Any], control_timestep: float) -> int | None:
    """Control steps until the door is open; None for a demonstration that never opens it, or took unusually long."""
    opened = label["subgoals"]["opened"]
    return None if opened is None or opened > LONGEST else round(opened / control_timestep)


def frames_of(task: DoorTask, episodes: Sequence[Any]) -> DoorFrames:
    """The frames of demonstrations, each up to the open door; those that never open it are left out."""
    parts: list[Observation] = []
    wanted = []
    for episode in episodes:
        length = steps_to_open(episode.label, episode.control_timestep)
        if length is None:
            continue
        length = min(length, episode.n_steps)
        observed = {name: episode.states[name][:length] for name in SEEN}
        ahead = np.minimum(np.arange(length)[:, None] + np.arange(AHEAD), length - 1)
        parts.append(observed)
        wanted.append(episode.actions[ahead][..., task.used] - observed["observation.state"][:, None, task.used])
    seen = {name: np.concatenate([part[name] for part in parts]) for name in SEEN}
    return DoorFrames(seen, np.concatenate(wanted).astype(np.float32), task.hand_by_arm(seen))


def nudged(
    task: DoorTask, frames: DoorFrames, rows: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Observations of frames with the arm a little elsewhere, and (m, 7) by how much [rad]."""
    observation, arm = {name: values[rows].copy() for name, values in frames.seen.items()}, task.used[:-1]
    held = observation["observation.touch"][:, :2].max(axis=1, keepdims=True) > 0.4  # N
    largest = 0.03 * rng.random((len(rows), 1)) ** 2 * np.where(held, 0.2, 1.0)  # rad; a hand that holds cannot go far
    away = (largest * rng.standard_normal((len(rows), 7))).astype(np.float32)
    observation["observation.state"][:, arm] += away
    observation["observation.hand_pose"][:, :7] += np.einsum("tij,tj->ti", frames.turning[rows], away)
    doubt = rng.random((len(rows), 1))
    observation["observation.velocity"][:, arm] += 0.3 * doubt * rng.standard_normal((len(rows), 7))  # rad/s
    observation["observation.effort"][:, arm] += 20.0 * doubt * rng.standard_normal((len(rows), 7))  # Nm
    return observation, away


class DoorPolicy:
    """A trained network with the scales of what it was trained on."""

    def __init__(self, task: DoorTask, network: torch.nn.Module, scales: Mapping[str, np.ndarray]):
        self.task, self.network, self.scales = task, network, dict(scales)

    def shown(self, observation: Observation) -> torch.Tensor:
        """What the network is shown of observations (m, n)."""
        import torch

        x = (self.task.features(observation) - self.scales["centre"]) / self.scales["spread"]
        return torch.as_tensor(x).clamp(-LIMIT, LIMIT)

    def targets(self, observation: Observation) -> np.ndarray:
        """(m, AHEAD, 8) targets of the left arm and claw, for observations (m, n)."""
        import torch

        with torch.no_grad():
            out = self.network(self.shown(observation)).numpy()
        away = out.reshape(len(out), AHEAD, -1) * self.scales["width"] + self.scales["middle"]
        return away + observation["observation.state"][:, None, self.task.used]

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that it is, by name; `of_arrays` makes it again."""
        weights = {f"network.{name}": value.numpy() for name, value in self.network.state_dict().items()}
        return {**self.scales, **weights}

    @classmethod
    def of_arrays(cls, task: DoorTask, arrays: Mapping[str, np.ndarray]) -> DoorPolicy:
        import torch

        begin = "network."
        weights = {k.removeprefix(begin): torch.as_tensor(v) for k, v in arrays.items() if k.startswith(begin)}
        shapes = [tuple(value.shape) for name, value in weights.items() if name.endswith("weight")]
        network = network_of([shapes[0][1], *(out for out, _ in shapes)])
        network.load_state_dict(weights)
        return cls(task, network, {k: np.asarray(v) for k, v in arrays.items() if not k.startswith(begin)})


def network_of(sizes: Sequence[int]) -> torch.nn.Module:
    """Linear layers of these sizes with GELU between them."""
    import torch

    layers = [layer for a, b in itertools.pairwise(sizes) for layer in (torch.nn.Linear(a, b), torch.nn.GELU())]
    return torch.nn.Sequential(*layers[:-1])


def train(task: DoorTask, frames: DoorFrames, steps: int, seed: int = 0, width: int = 384) -> DoorPolicy:
    """A network of three hidden layers trained on frames; the same seed gives the same bytes on the same machine.

    Args:
        seed: of the first weights, of the batches and of the nudges; width: of the hidden layers.
    """
    import torch

    torch.manual_seed(seed)
    rng, begun = np.random.default_rng(seed), time.process_time()
    shown, wanted = task.features(frames.seen), frames.wanted
    policy = DoorPolicy(
        task,
        network_of([shown.shape[1], width, width, width, wanted[0].size]),
        {
            "centre": shown.mean(axis=0),
            "spread": shown.std(axis=0) + np.float32(1e-4),
            "middle": wanted.mean(axis=0),
            "width": np.maximum(wanted.std(axis=0), LEAST),
        },
    )
    optimizer = torch.optim.AdamW(policy.network.parameters(), weight_decay=1e-4)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-3 * min(1.0, step / 200) * (1.0 - step / steps)
        rows = rng.integers(len(wanted), size=BATCH)
        observation, away = nudged(task, frames, rows, rng)
        targets = wanted[rows].copy()
        targets[:, :, :7] -= away[:, None]  # back to what was commanded, from wherever the arm is
        scaled = torch.from_numpy(((targets - policy.scales["middle"]) / policy.scales["width"]).reshape(len(rows), -1))
        loss = torch.nn.functional.l1_loss(policy.network(policy.shown(observation)), scaled)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{steps} steps, {time.process_time() - begun:.0f} s of CPU, loss {loss.item():.3f}", flush=True)
    return policy


def attempt(
    task: DoorTask, policy: DoorPolicy, first: int, copies: int, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Success (n,) of a policy on unseen draws, and why the others failed.

    Args:
        first: seed of the first draw; copies: how many draws, all side by side; seconds: that each is given.

    Targets past a joint's range are clipped, as a driver would.
    """
    scene = task.scene
    envs = gymnasium.make_vec("shiliu/Microwave-v1", num_envs=copies, until="opened", reward="sparse", threads=1)
    observation, info = envs.reset(seed=first)
    low, high = envs.single_action_space.low, envs.single_action_space.high
    action = np.tile(scene.ready_ctrl.astype(np.float32), (copies, 1))
    over, success = np.zeros(copies, bool), np.zeros(copies, bool)
    failure = np.full(copies, "not in time", object)
    for t in range(round(seconds / scene.control_timestep)):
        if t % DONE == 0:
            chunk = policy.targets(observation)
        action[:, task.used] = chunk[:, t % DONE]
        observation, _, terminated, truncated, info = envs.step(np.clip(action, low, high))
        ends = (terminated | truncated) & ~over
        success |= ends & info["success"]
        failure[ends] = info["failure"][ends]
        over |= ends
        if over.all():
            break
    envs.close()
    return success, failure
