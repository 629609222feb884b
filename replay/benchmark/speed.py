"""What the benchmark measures: our layers against the bare engine, interleaved, from the same states and controls.

What each stage of the judge costs: the real run of `judge` under stopwatches, beside the bare engine.
"""

from __future__ import annotations

import dataclasses
import importlib
import platform
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

import mujoco
import mujoco.batch
import numpy as np

from ...envs.single import ShiliuEnv
from ...envs.vector import ShiliuVectorEnv
from ...scenarios.draws import variation as drawing
from ...scenarios.reading.config import nominal_values
from ...scenarios.scene.scene import Scene
from ..checks.rules import load_rules
from ..judge.judge import judge
from ..operator.demonstration import demonstrate
from ..recording.recording import SimEpisode
from ..rollout.episode import as_recording
from .bare_physics import physics_costs
from .setup import compiling, memory_per_copy, scaling, start_up

BLOCK = 200  # control steps of one block
REPLAYED = 64  # episodes of the replay benchmark
EPISODE = 20.0  # s of each of them
ROUNDS = 2  # of ours and bare, in turn
SEEN = 0.02  # of a step: what costs less is not listed
COPIES, TOGETHER = 64, 8  # of the vector environment; control steps of one of its blocks
# stage -> the functions of its time, as the modules know them that call them
STAGES = {
    "integrity": (("judge.judge", "integrity_stage"),),
    "kinematics": (
        ("judge.stages.own_robot", "OwnRobot.motions"),
        ("judge.set_comparison", "rate_facts"),
        ("judge.stages.own_robot", "OwnRobot.kinematics"),
    ),
    "dynamics": (("judge.stages.own_robot", "OwnRobot.dynamics"),),
    "replay": (("judge.judge", "replay_stage"), ("judge.judge", "rollout_stage")),  # without the playing
    "playing": (("judge.stages.rollout_stage", "play"),),
    "verdict": (("judge.judge", "conclude"),),
}
CHECKS = ("integrity", "kinematics", "dynamics", "replay", "verdict")


def measure(scene: Scene, pairs: int = 30, seed: int = 0, only: Sequence[str] = ()) -> dict[str, Any]:
    """The figures of one scenario on this machine.

    Args:
        pairs: interleaved blocks of ours and bare.
        only: some of `SECTIONS`, all where empty. A replay needs demonstrations, which cloth makes slow.
    """
    results: dict[str, Any] = {
        "scenario": scene.name,
        "machine": f"{platform.machine()}, {platform.system()}",
        "engine": mujoco.__version__,
        "timestep_s": scene.timestep,
        "substeps": scene.n_substeps,
    }
    for name, (figures, _) in SECTIONS.items():
        if not only or name in only:
            results[name] = figures(scene, pairs, seed)
    return results


def _env_step(scene: Scene, pairs: int, seed: int) -> dict[str, Any]:
    """Blocks of `env.step` and of the same substeps by `mj_step`, in turn, from the same states with the same controls.

    In processor time: both are of one thread, and what else runs on the machine is no cost of theirs.
    """
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    low, high = env.action_space.low, env.action_space.high
    start = scene.ready_ctrl.astype(np.float32)
    data = mujoco.MjData(scene.model)
    ours, bare = [], []
    for pair in range(pairs + 1):
        sway = 0.15 * np.sin(np.arange(BLOCK)[:, None] / 15.0 + rng.uniform(0, 6, len(start)))
        actions = np.clip(start + sway.astype(np.float32), low, high)
        env.reset(seed=seed)
        mujoco.mj_setState(scene.model, data, env.state, mujoco.mjtState.mjSTATE_INTEGRATION)
        begin = time.process_time()
        for action in actions:
            env.step(action)
        middle = time.process_time()
        for action in actions:
            data.ctrl[: scene.n_actions] = action
            mujoco.mj_step(scene.model, data, scene.n_substeps)
        end = time.process_time()
        if pair:  # the first warms up
            ours.append((middle - begin) / BLOCK)
            bare.append((end - middle) / BLOCK)
    ratio, low95, high95 = _interval(np.array(ours) / np.array(bare))
    over = np.median(np.array(ours) - np.array(bare))
    return {
        "ratio": ratio,
        "ratio_95": [low95, high95],
        "over_us": round(float(over) * 1e6, 1),
        "ours_us": round(float(np.median(ours)) * 1e6, 1),
        "bare_us": round(float(np.median(bare)) * 1e6, 1),
        "x_real_time": round(scene.control_timestep / float(np.median(ours)), 1),
        "bare_x_real_time": round(scene.control_timestep / float(np.median(bare)), 1),
    }


def whole_control(scene: Scene, actions: np.ndarray) -> np.ndarray:
    """(..., nu) float64 controls of the bare engine: actions (..., k), and at their start value what reacts in the scene."""
    rest = scene.reactions.start(nominal_values(scene.config))
    return np.concatenate([actions, np.broadcast_to(rest, (*actions.shape[:-1], len(rest)))], axis=-1)


def _vector(scene: Scene, pairs: int, seed: int) -> dict[str, Any]:
    """Blocks of the vector environment's `step` and of `Batch.rollout`, in turn, from the same states with the same controls."""
    envs = ShiliuVectorEnv(COPIES, scene)
    batch = mujoco.batch.Batch(scene.model, COPIES, 0)
    rng = np.random.default_rng(seed)
    low, high = envs.single_action_space.low, envs.single_action_space.high
    ours, bare = [], []
    for pair in range(pairs + 1):
        envs.reset(seed=seed)
        batch.set_models([draw.model for draw in envs.draws])
        batch.state[:] = envs.state
        phase = rng.uniform(0, 6, (COPIES, len(low)))
        sway = 0.15 * np.sin(np.arange(TOGETHER)[:, None, None] / 15.0 + phase)
        actions = np.clip(scene.ready_ctrl + sway, low, high).astype(np.float32)
        begin = time.perf_counter()
        for action in actions:
            envs.step(action)
        middle = time.perf_counter()
        for control in whole_control(scene, actions)[:, :, None]:
            batch.rollout(scene.n_substeps, control, record=())
        end = time.perf_counter()
        if pair:  # the first warms up
            ours.append(middle - begin)
            bare.append(end - middle)
    share, low95, high95 = _interval(np.array(bare) / np.array(ours))
    simulated = COPIES * TOGETHER * scene.control_timestep
    return {
        "copies": COPIES,
        "throughput_share": share,
        "throughput_share_95": [low95, high95],
        "x_real_time": round(simulated / float(np.median(ours)), 1),
    }


def _reset(scene: Scene, pairs: int, seed: int) -> dict[str, Any]:
    env = ShiliuEnv(scene)
    data = mujoco.MjData(scene.model)
    ours, bare = [], []
    env.reset(seed=seed)
    for i in range(pairs):
        begin = time.perf_counter()
        env.reset(seed=seed + i)
        middle = time.perf_counter()
        mujoco.mj_resetData(scene.model, data)
        mujoco.mj_forward(scene.model, data)
        end = time.perf_counter()
        ours.append(middle - begin)
        bare.append(end - middle)
    return {"ours_ms": round(float(np.median(ours)) * 1e3, 2), "bare_ms": round(float(np.median(bare)) * 1e3, 3)}


def _head(episode: SimEpisode, steps: int) -> SimEpisode:
    """The first control steps of an episode."""
    return dataclasses.replace(
        episode,
        actions=episode.actions[:steps],
        states={name: values[: steps + 1] for name, values in episode.states.items()},
        checkpoints={t: state for t, state in episode.checkpoints.items() if t <= steps},
        label={},
    )


def _replay(scene: Scene, seed: int) -> dict[str, Any]:
    """Episodes judged with their verdicts, against `Batch.rollout` of the same controls from the same starts."""
    steps = round(EPISODE / scene.control_timestep)
    demonstrations = [_head(episode, steps) for episode in demonstrate(scene, [seed, seed + 1])]
    episodes = [demonstrations[i % len(demonstrations)] for i in range(REPLAYED)]
    recordings = [as_recording(f"bench_{i:02d}", episode, scene) for i, episode in enumerate(episodes)]
    models = [drawing.of_values(scene, e.draw["values"], e.draw["task"]).model for e in demonstrations]
    judge(recordings[:2])
    batch = mujoco.batch.Batch(scene.model, REPLAYED, 0)
    longest = max(e.n_steps for e in episodes)
    commands = np.stack([np.pad(e.actions, ((0, longest - e.n_steps), (0, 0)), "edge") for e in episodes])
    control = whole_control(scene, commands)

    def bare() -> float:
        batch.set_models([models[i % len(models)] for i in range(REPLAYED)])
        batch.state[:] = [e.start_state for e in episodes]
        begin = time.perf_counter()
        for t in range(longest):
            batch.rollout(scene.n_substeps, control[:, t : t + 1], record=())
        return time.perf_counter() - begin

    ours_s, bare_s, rounds = 0.0, 0.0, []
    for turn in range(ROUNDS):  # each first in turn, so that a machine that slows down favours neither
        first = bare() if turn % 2 else 0.0
        with stopwatches() as spent:
            begin = time.perf_counter()
            verdicts = judge(recordings)
            took = time.perf_counter() - begin
        beside = first or bare()
        ours_s, bare_s = ours_s + took / ROUNDS, bare_s + beside / ROUNDS
        rounds.append((spent, beside))
    simulated = sum(e.duration_s for e in episodes)
    return {
        "episodes": REPLAYED,
        "simulated_s": round(simulated, 1),
        "throughput_share": round(bare_s / ours_s, 3),
        "ours_s": round(ours_s, 2),
        "bare_s": round(bare_s, 2),
        "x_real_time": round(simulated / ours_s, 1),
        "of_bare": shares(rounds),
        "full_copies": int(load_rules()["robustness"].settings["copies"]),
        "verdicts": {
            word: sum(v.verdict == word for v in verdicts) for word in sorted({str(v.verdict) for v in verdicts})
        },
    }


def _interval(ratios: np.ndarray) -> tuple[float, float, float]:
    """Median and its 95 % interval by order statistics (binomial, normal approximation)."""
    ordered = np.sort(ratios)
    n = len(ordered)
    reach = 1.96 * np.sqrt(n) / 2
    low, high = max(int(np.floor(n / 2 - reach)), 0), min(int(np.ceil(n / 2 + reach)), n - 1)
    return round(float(np.median(ordered)), 3), round(float(ordered[low]), 3), round(float(ordered[high]), 3)


def table(results: dict[str, Any]) -> str:
    """The figures as lines of text."""
    head = (
        f"{results['scenario']} on {results['machine']}, mujoco {results['engine']}, "
        f"{results['substeps']} steps of {results['timestep_s'] * 1e3:.3f} ms"
    )
    lines = [line for name, (_, lines_of) in SECTIONS.items() if name in results for line in lines_of(results[name])]
    return "\n".join([head, *(f"  {line}" for line in lines)])


def _of_step(step: dict[str, Any]) -> list[str]:
    return [
        f"env.step      {step['ratio']:.3f} x bare mj_step (95 %: {step['ratio_95'][0]:.3f} to {step['ratio_95'][1]:.3f}), "
        f"{step['over_us']:.0f} us over {step['bare_us']:.0f} us; {step['x_real_time']:.3g} x real time, "
        f"bare {step['bare_x_real_time']:.3g} x"
    ]


def _of_physics(physics: dict[str, Any]) -> list[str]:
    spent = ", ".join(f"{name} {-share:.0%}" for name, share in physics["spent"].items() if share > SEEN)
    return [
        f"physics step  {physics['step_us']:.0f} us with {physics['dofs']} degrees of freedom, {physics['contacts']} contacts, "
        f"{physics['sensors']} sensors",
        f"  without     {spent}",
    ]


def _of_vector(vector: dict[str, Any]) -> list[str]:
    return [
        f"vector env    {vector['throughput_share']:.2f} of Batch.rollout's throughput with {vector['copies']} copies "
        f"(95 %: {vector['throughput_share_95'][0]:.2f} to {vector['throughput_share_95'][1]:.2f}); "
        f"{vector['x_real_time']:.3g} x real time"
    ]


def _of_reset(reset: dict[str, Any]) -> list[str]:
    return [
        f"reset         {reset['ours_ms']:.2f} ms with a new draw; mj_resetData and mj_forward {reset['bare_ms']:.3f} ms"
    ]


def _of_replay(replay: dict[str, Any]) -> list[str]:
    return [
        f"replay        {replay['throughput_share']:.2f} of Batch.rollout's throughput, verdicts included "
        f"({replay['episodes']} episodes, {replay['simulated_s']:.0f} s in {replay['ours_s']:.1f} s: "
        f"{replay['x_real_time']:.3g} x real time)",
        f"  its checks  {replay['of_bare']['checks']:.2f} of the bare rollout's time ("
        + ", ".join(f"{stage} {replay['of_bare'][stage]:.3f}" for stage in CHECKS)
        + f"), its playing {replay['of_bare']['playing']:.2f}",
        f"  check=full  plays {replay['full_copies']} varied copies more of each recording that succeeds",
    ]


def _of_start_up(begin: dict[str, Any]) -> list[str]:
    if not begin:
        return []
    return [
        f"start-up      {begin['ratio']:.2f} x importing mujoco and gymnasium and compiling the model "
        f"({begin['ratio_range'][0]:.2f} to {begin['ratio_range'][1]:.2f}), {begin['ours_s']:.2f} s of processor time"
    ]


def _of_memory(memory: dict[str, Any]) -> list[str]:
    copy = memory["copy_kib"]
    more = [] if copy is None else [f"one more copy {copy:.0f} KiB"]
    return [f"peak memory   {memory['peak_mib']:.0f} MiB", *more]


def _memory(scene: Scene) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"peak_mib": round(peak, 1), "copy_kib": memory_per_copy(scene)}


# name -> how it is measured (scene, pairs, seed), and its lines of text
SECTIONS: dict[str, tuple[Callable[[Scene, int, int], Any], Callable[[Any], list[str]]]] = {
    "env.step": (_env_step, _of_step),
    "physics": (lambda scene, pairs, seed: physics_costs(scene, seed), _of_physics),
    "vector": (lambda scene, pairs, seed: _vector(scene, max(pairs // 3, 3), seed), _of_vector),
    "reset": (_reset, _of_reset),
    "replay": (lambda scene, pairs, seed: _replay(scene, seed), _of_replay),
    "memory": (lambda scene, pairs, seed: _memory(scene), _of_memory),
    "compile": (
        lambda scene, pairs, seed: compiling(scene),
        lambda took: [f"compile       {took['physics_ms']:.2f} ms physics only, {took['looks_ms']:.0f} ms with looks"],
    ),
    "start_up": (lambda scene, pairs, seed: start_up(scene), _of_start_up),
    "threads": (
        lambda scene, pairs, seed: scaling(scene, seed),
        lambda gains: ["threads       " + ", ".join(f"{n}: {gain:.2f} x" for n, gain in gains.items())],
    ),
}


@contextmanager
def stopwatches() -> Iterator[dict[str, float]]:
    """Stage -> seconds spent in it while the context lasts; what is timed inside another stage counts there alone."""
    spent = dict.fromkeys(STAGES, 0.0)
    running: list[list[float]] = []  # for each function that runs: the seconds of those inside it
    before = []

    def timed(stage: str, function: Callable) -> Callable:
        def watched(*arguments: Any, **settings: Any) -> Any:
            inside = [0.0]
            running.append(inside)
            begin = time.perf_counter()
            try:
                result = function(*arguments, **settings)
                # playing happens while its results are asked for
                return list(result) if stage == "playing" else result
            finally:
                took = time.perf_counter() - begin
                running.pop()
                spent[stage] += took - inside[0]
                if running:
                    running[-1][0] += took

        def played(*arguments: Any, **settings: Any) -> Iterator:
            return iter(watched(*arguments, **settings))

        return played if stage == "playing" else watched

    try:
        for stage, functions in STAGES.items():
            for module, name in functions:
                *classes, name = name.split(".")
                owner = reduce(getattr, classes, importlib.import_module(f"..{module}", __package__))
                before.append((owner, name, getattr(owner, name)))
                setattr(owner, name, timed(stage, getattr(owner, name)))
        yield spent
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def shares(rounds: list[tuple[dict[str, float], float]]) -> dict[str, float]:
    """Stage -> its seconds over those of the bare rollout, the median over rounds; `checks` is all but the playing.

    Args:
        rounds: of each the seconds by stage, and those of the bare rollout of the same episodes.
    """
    found = {stage: float(np.median([spent[stage] / bare for spent, bare in rounds])) for stage in STAGES}
    found["checks"] = float(np.median([sum(spent[stage] for stage in CHECKS) / bare for spent, bare in rounds]))
    return {stage: round(share, 3) for stage, share in found.items()}
