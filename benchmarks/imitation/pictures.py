"""A policy that sees: what cameras show of demonstrations, an ACT that is trained on it for so many minutes, and its trials.

Its pictures are drawn by `shiliu.envs.rendering` from where everything was (`Demonstration.qpos`). In each picture the arms are a
little elsewhere than in the demonstration, as in `training.changed`: so what is seen shows ways back.
Processes that draw are begun anew (`spawn`): OpenGL does not survive a fork.
"""

from __future__ import annotations

import io
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shiliu
from shiliu.envs.episodes import Copies
from shiliu.envs.rendering import Painter
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.scene.scene import Scene

from .demonstrations import Demonstration
from .task import STATE, Task
from .training import HOLDING, LIMIT, WARM, frames_of
from .trials import Trial, attempt

if TYPE_CHECKING:
    from .networks import Act

HEAD, FILMED = "head", "overview"
SHADOWS = 0  # pixels, the side of their map: none, which in software takes a fifth of the time
LEAST = 20  # frames that are drawn of a demonstration, however little time there is
LIGHT = 0.15  # brightness and contrast of a picture are changed by as much at most
WIDTH, LAYERS = 192, 3  # of ACT's tokens, and of its encoder
MOMENTS = 6  # of a film
CHECKS = 24  # times that the loss is looked at
HALF = 1024  # numbers from which a tensor is kept with half of its digits


@dataclass(frozen=True)
class Sight:
    """How a policy that sees is trained, and acts.

    Attributes:
        cameras: by name; width, height: of each picture [pixels].
        batch: frames in each step; rate: the highest learning rate; seed: of weights, batches and of what is changed.
        ahead, done: control steps that are commanded at once, and of them carried out.
        most: pictures of each frame that are drawn at most, with the joints elsewhere in each.
        away, gaze: [rad] at most that joints are elsewhere, those that move a hand and those that do not. The operator's head looks
            at what it takes: with little of this, a policy would read from the neck where that is, and never look.
    """

    cameras: tuple[str, ...]
    width: int = 160
    height: int = 120
    batch: int = 256
    rate: float = 5e-4
    seed: int = 0
    ahead: int = 30
    done: int = 10
    most: int = 3
    away: float = 0.06
    gaze: float = 0.2


@dataclass(frozen=True)
class Seen:
    """Frames with pictures of them.

    Attributes:
        pictures: (n, cameras, height, width, 3) uint8; own: (n, k) float32 what the robot knows of itself (`Task.own`).
        wanted: (n, ahead, channels) float32 targets, less where the channels are.
        offset: largest distance of the start as drawn here from that of the demonstration, in `qpos`.
        seconds: that it took; renderer: which OpenGL drew.
    """

    pictures: np.ndarray
    own: np.ndarray
    wanted: np.ndarray
    offset: float
    seconds: float
    renderer: str


class Studio:
    """A task with its demonstrations in one process, which draws and tries.

    Args:
        shown: demonstrations; more of them, from `learned` on, are for the loss alone.
    """

    def __init__(self, scene: Scene, until: str | None, shown: Sequence[Demonstration], learned: int):
        self.scene, self.shown = scene, shown
        self.task = Task(scene, until, shown[:learned])
        self.painter = Painter(scene, SHADOWS)
        self._learned, self._frames, self._policy = learned, None, None
        first = self.task.poses({name: values[:1] for name, values in shown[0].observed.items()})
        self._gaze = ~(first.shift.any(axis=(0, 1, 2)) | first.spin.any(axis=(0, 1, 2)))  # joints that move no hand
        self.widths = [one.shape[1] for one in self._own(shown[0], np.arange(1), np.zeros((1, self.task.joints.sum())))]

    def cameras(self) -> tuple[str, ...]:
        """The head's, and those at the wrists of the hands that work."""
        known = [camera.name for camera in self.scene.config.cameras]
        return tuple(name for name in (HEAD, *(f"{side}_wrist" for side in self.task.sides)) if name in known)

    def look(self, values: Mapping[str, float], qpos: np.ndarray, sight: Sight) -> np.ndarray:
        """(cameras, height, width, 3) uint8."""
        return np.stack([self.painter.picture(values, qpos, one, sight.width, sight.height) for one in sight.cameras])

    def see(self, i: int, sight: Sight, seconds: float) -> Seen:
        """Frames of a demonstration in an order by chance, `sight.most` times all of them, or until the time is over."""
        begun, one, task = time.time(), self.shown[i], self.task
        begin = draw(self.scene, one.seed)
        rng, n = np.random.default_rng([sight.seed, one.seed]), len(one.actions)
        order = np.concatenate([rng.permutation(n) for _ in range(sight.most)])
        least = np.where(task.held(one.observed)[order, None] & ~self._gaze, HOLDING, 1.0)
        share = rng.random((len(order), 1))
        most = np.where(self._gaze, sight.gaze * share, sight.away * share**2) * least
        away = (most * rng.standard_normal((len(order), len(self._gaze)))).astype(np.float32)
        pictures = []
        for t, bend in zip(order, away):
            if len(pictures) >= LEAST and time.time() - begun > seconds:
                break
            pictures.append(self.look(begin.values, task.bent(one.qpos[t], bend), sight))
        order, away = order[: len(pictures)], away[: len(pictures)]
        rows = np.minimum(order[:, None] + np.arange(sight.ahead), n - 1)
        wanted = one.actions[rows][..., task.used] - one.observed[STATE][order][:, None, task.used]
        wanted[:, :, task.joints] -= away[:, None]
        offset = float(np.abs(_start(self.scene, begin.model, begin.start_state) - one.qpos[0]).max())
        own = np.concatenate(self._own(one, order, away), axis=1)
        return Seen(np.stack(pictures), own, wanted.astype(np.float32), offset, time.time() - begun, _renderer())

    def _own(self, one: Demonstration, rows: np.ndarray, away: np.ndarray) -> list[np.ndarray]:
        observed = {name: values[rows].copy() for name, values in one.observed.items()}
        observed[STATE][:, self.task.used[self.task.joints]] += away
        return self.task.own(observed, self.task.poses(observed))

    def attempt(self, policy: bytes, seed: int, seconds: float) -> tuple[Trial, float, np.ndarray, float]:
        """A trial of a policy, the share of commands outside the action space, a film of it, and the time [s] that it took."""
        import torch

        torch.set_num_threads(1)
        begun = time.time()
        if self._policy is None or self._policy[0] != policy:
            self._policy = policy, SightedPolicy.of_bytes(policy)
        if self._frames is None:
            self._frames = frames_of(self.task, self.shown[: self._learned], 1)
        looking = Looking(self, self._policy[1])
        (trial,), outside = attempt(self.task, looking, [seed], seconds, self._frames)
        return trial, outside, looking.film(), time.time() - begun


class Looking:
    """A policy that looks, and commands, every `done` control steps."""

    def __init__(self, studio: Studio, policy: SightedPolicy):
        self._studio, self._policy = studio, policy
        self._chunk, self._copies, self._past = np.zeros(0), None, []

    def look_at(self, copies: Copies) -> None:
        self._copies, self._past = copies, []
        self._chunk = np.zeros((copies.n, self._policy.sight.ahead, len(self._studio.task.used)), np.float32)

    def command(self, t: int, observed: Mapping[str, np.ndarray], live: np.ndarray) -> np.ndarray:
        task, sight, copies = self._studio.task, self._policy.sight, self._copies
        assert copies is not None
        if t % sight.done == 0:
            here = {name: values[live] for name, values in observed.items()}
            qpos = copies.simulation.live("qpos")[live].copy()
            pictures = np.stack(
                [self._studio.look(copies.draws[i].values, one, sight) for i, one in zip(live, qpos)]  # type: ignore[union-attr]
            )
            own = np.concatenate(task.own(here, task.poses(here)), axis=1)
            self._chunk[live] = self._policy.away(own, pictures) + here[STATE][:, None, task.used]
            self._past.append((qpos[0], pictures[0]))
        action = np.tile(task.rest, (len(live), 1))
        action[:, task.used] = self._chunk[live, t % sight.done]
        return action

    def film(self) -> np.ndarray:
        """(rows, columns, 3) uint8: moments of the first copy side by side, as its cameras saw it and from beside."""
        assert self._copies is not None and self._copies.draws[0] is not None
        values, sight, painter = self._copies.draws[0].values, self._policy.sight, self._studio.painter
        columns = []
        for k in np.linspace(0, len(self._past) - 1, MOMENTS).round().astype(int):
            qpos, pictures = self._past[k]
            beside = painter.picture(values, qpos, FILMED, sight.width, sight.height)
            columns.append(np.concatenate([*pictures, beside]))
        return np.concatenate(columns, axis=1)


class SightedPolicy:
    """An ACT with eyes, and the scales that belong to it.

    Args:
        widths: of what the robot knows of itself; scales: `centre` and `spread` of that, `middle` and `width` of chunks.
    """

    def __init__(self, sight: Sight, widths: Sequence[int], scales: Mapping[str, np.ndarray], about: Mapping[str, Any]):
        import torch

        from .networks import Act, Eyes

        self.sight, self.widths, self.scales, self.about = sight, list(widths), dict(scales), dict(about)
        torch.manual_seed(sight.seed)
        eyes = Eyes(len(sight.cameras), sight.height, sight.width, WIDTH)
        self.network: Act = Act(self.widths, *self.scales["middle"].shape, WIDTH, LAYERS, eyes)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network.to(self.device, memory_format=torch.channels_last)

    def scaled(self, own: np.ndarray) -> np.ndarray:
        away = (own - self.scales["centre"]) / self.scales["spread"]
        out: np.ndarray = np.clip(away, -LIMIT, LIMIT).astype(np.float32)
        return out

    def away(self, own: np.ndarray, pictures: np.ndarray) -> np.ndarray:
        """(n, ahead, channels) targets less where the channels are, from (n, k) and (n, cameras, height, width, 3)."""
        import torch

        self.network.eval()
        with torch.no_grad():
            shown, seen = (torch.from_numpy(one).to(self.device) for one in (self.scaled(own), pictures))
            out = self.network(shown, levels(seen)).float().cpu().numpy()
        found: np.ndarray = out * self.scales["width"] + self.scales["middle"]
        return found

    def to_bytes(self) -> bytes:
        """Weights with half of their digits, and all that is needed to act by them."""
        import torch

        state = {name: value.cpu() for name, value in self.network.state_dict().items()}
        half = {
            name: value.half() if value.is_floating_point() and value.numel() > HALF else value
            for name, value in state.items()
        }
        scales = {name: torch.from_numpy(np.asarray(value)) for name, value in self.scales.items()}
        out = io.BytesIO()
        torch.save(
            {"sight": asdict(self.sight), "widths": self.widths, "scales": scales, "about": self.about, "state": half},
            out,
        )
        return out.getvalue()

    @classmethod
    def of_bytes(cls, kept: bytes) -> SightedPolicy:
        import torch

        found = torch.load(io.BytesIO(kept), map_location="cpu", weights_only=True)
        sight = Sight(**{**found["sight"], "cameras": tuple(found["sight"]["cameras"])})
        policy = cls(
            sight, found["widths"], {name: one.numpy() for name, one in found["scales"].items()}, found["about"]
        )
        policy.network.load_state_dict(found["state"])
        return policy


def levels(pictures: Any) -> Any:
    """(n, cameras, 3, height, width) -1 to 1 of (n, cameras, height, width, 3) uint8 tensors."""
    return pictures.permute(0, 1, 4, 2, 3).float() / 127.5 - 1.0


def train(
    studio: Studio, sight: Sight, seen: Sequence[Seen], held_out: Sequence[Seen], seconds: float, steps: int = 0
) -> tuple[SightedPolicy, list[dict[str, float]]]:
    """A policy after so many seconds, or steps where they are given and over first; and how its loss fell.

    On a GPU sums come in another order each time: the bytes are not those of another run.

    Args:
        seen: of demonstrations that are learned; held_out: of those that are not.
    """
    import torch

    wanted = np.concatenate([one.wanted for one in seen])
    own = np.concatenate([one.own for one in seen])
    scales = {
        "centre": own.mean(axis=0),
        "spread": np.where(own.std(axis=0) > 1e-4, own.std(axis=0), 1.0).astype(np.float32),
        "middle": wanted.mean(axis=0),
        "width": np.maximum(wanted.std(axis=0), studio.task.least).astype(np.float32),
    }
    policy = SightedPolicy(sight, studio.widths, scales, {})
    network, device = policy.network, policy.device
    gpu = device.type == "cuda"
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    learned, others = _on(policy, seen), _on(policy, held_out)
    optimizer = torch.optim.AdamW(network.parameters(), lr=sight.rate, weight_decay=1e-3, fused=gpu)
    generator = torch.Generator(device).manual_seed(sight.seed)
    curve, begun, step, share = [], time.time(), 0, 0.0
    while share < 1.0:
        network.train()
        optimizer.param_groups[0]["lr"] = sight.rate * min(1.0, WARM * share + 1e-3) * (1.0 - share)
        rows = torch.randint(len(learned[0]), (sight.batch,), generator=generator, device=device)
        pictures = levels(learned[2][rows])
        change = 2.0 * LIGHT * (torch.rand(2, sight.batch, 1, 1, 1, 1, generator=generator, device=device) - 0.5)
        with torch.autocast(device.type, torch.bfloat16, enabled=gpu):  # a processor takes longer for it
            loss = network.loss(learned[0][rows], learned[1][rows], pictures * (1.0 + change[0]) + change[1])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        step += 1
        last = share
        share = max((time.time() - begun) / seconds, step / steps if steps else 0.0)
        if step == 1 or int(CHECKS * share) > int(CHECKS * last) or share >= 1.0:
            apart = _loss(network, others, sight.batch)
            curve.append(
                {"s": round(time.time() - begun, 1), "step": step, "loss": round(loss.item(), 4), "held_out": apart}
            )
            print(f"training: {curve[-1]}", flush=True)
    network.eval()
    return policy, curve


def _on(policy: SightedPolicy, seen: Sequence[Seen]) -> tuple[Any, Any, Any]:
    """What the robot knows of itself, chunks, and pictures, where the network is."""
    import torch

    own = policy.scaled(np.concatenate([one.own for one in seen]))
    wanted = np.concatenate([one.wanted for one in seen])
    scaled = ((wanted - policy.scales["middle"]) / policy.scales["width"]).astype(np.float32)
    pictures = torch.cat([torch.from_numpy(one.pictures).to(policy.device) for one in seen])
    return torch.from_numpy(own).to(policy.device), torch.from_numpy(scaled).to(policy.device), pictures


def _loss(network: Act, frames: tuple[Any, Any, Any], batch: int) -> float:
    """Mean distance from the wanted chunks of frames, at most four batches of them, in the mean style."""
    import torch

    network.eval()
    own, wanted, pictures = frames
    rows = torch.linspace(0, len(own) - 1, min(len(own), 4 * batch)).long().to(own.device)
    with torch.no_grad():
        parts = [(network(own[k], levels(pictures[k])) - wanted[k]).abs().mean(dim=(1, 2)) for k in rows.split(batch)]
    return round(float(torch.cat(parts).mean()), 4)


def pack(demonstrations: Sequence[Demonstration], file: Path) -> None:
    """Demonstrations in one file, what they show in a row each."""
    first = demonstrations[0]
    arrays = {name: np.concatenate([one.observed[name] for one in demonstrations]) for name in first.observed}
    arrays |= {
        name: np.concatenate([getattr(one, name) for one in demonstrations]) for name in ("actions", "skills", "qpos")
    }
    numbers = {"seed": [], "begun": [], "length": []}  # type: dict[str, list[int]]
    for one in demonstrations:
        for name, value in (("seed", one.seed), ("begun", one.begun), ("length", len(one.actions))):
            numbers[name].append(value)
    part = file.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays, **{f"of.{name}": values for name, values in numbers.items()})
    part.replace(file)


def unpack(file: Path) -> list[Demonstration]:
    """Those of `pack`: they succeeded."""
    with np.load(file) as kept:
        arrays = dict(kept)
    seeds, begun, lengths = (arrays.pop(f"of.{name}").tolist() for name in ("seed", "begun", "length"))
    rows = {name: np.split(values, np.cumsum(lengths)[:-1]) for name, values in arrays.items()}
    actions, skills, qpos = (rows.pop(name) for name in ("actions", "skills", "qpos"))
    return [
        Demonstration(
            seeds[i], True, actions[i], {name: one[i] for name, one in rows.items()}, skills[i], begun[i], None, qpos[i]
        )
        for i in range(len(seeds))
    ]


class Crew:
    """Processes that draw and try, each with a studio of its own.

    Args:
        file: of `pack`; learned: how many of them are learned.
    """

    def __init__(self, processes: int, scenario: str, until: str | None, file: Path, learned: int):
        self._pool = ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), _open, (scenario, until, str(file), learned)
        )

    def first_pictures(self, sight: Sight, patience: float) -> Seen:
        """A few of one demonstration; raises what hinders them, TimeoutError after so many seconds."""
        return self._pool.submit(_see, 0, sight, 0.0).result(patience)

    def see(self, which: Sequence[int], sight: Sight, each: float, patience: float) -> dict[int, Seen]:
        """Pictures of demonstrations, each given so many seconds; those that are there in time."""
        waiting = {i: self._pool.submit(_see, i, sight, each) for i in which}
        done, _ = wait(waiting.values(), patience)
        return {i: one.result() for i, one in waiting.items() if one in done}

    def attempts(
        self, policy: bytes, seeds: Sequence[int], each: float, limit: float, patience: float
    ) -> Iterator[tuple[Trial, float, np.ndarray, float]]:
        """Trials as they end. None is begun after `limit` seconds; those that were are waited for, `patience` seconds more."""
        begun, rest, going = time.time(), list(seeds), set[Future[Any]]()
        while True:
            while rest and len(going) < self._pool._max_workers and time.time() - begun < limit:
                going.add(self._pool.submit(_attempt, policy, rest.pop(0), each))
            if not going:
                return
            done, going = wait(going, max(0.0, begun + limit + patience - time.time()), FIRST_COMPLETED)
            if not done:
                return
            for one in done:
                yield one.result()

    def close(self) -> None:
        """End the processes, those too that hang."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.kill()


_STUDIO: list[Studio] = []  # of this process


def _open(scenario: str, until: str | None, file: str, learned: int) -> None:
    _STUDIO.append(Studio(shiliu.load_scenario(scenario), until, unpack(Path(file)), learned))


def _see(i: int, sight: Sight, seconds: float) -> Seen:
    return _STUDIO[0].see(i, sight, seconds)


def _attempt(policy: bytes, seed: int, seconds: float) -> tuple[Trial, float, np.ndarray, float]:
    return _STUDIO[0].attempt(policy, seed, seconds)


def _start(scene: Scene, model: Any, state: np.ndarray) -> np.ndarray:
    """(nq,) of a start state."""
    import mujoco

    data = mujoco.MjData(model)
    mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    out: np.ndarray = data.qpos.copy()
    return out


def _renderer() -> str:
    """What OpenGL calls itself, in the context that drew last; pictures do without the library that tells."""
    try:
        from OpenGL import GL

        name = GL.glGetString(GL.GL_RENDERER)
    except Exception as error:  # it loads libraries by name, and raises whatever they do
        return f"not known: {error}"
    return name.decode() if isinstance(name, bytes) else str(name)
