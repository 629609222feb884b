"""What a step of an environment costs over the engine, ours and those of other suites, in turns in one run.

    make peers

Each suite runs in a process of its own, because no other suite runs on our MuJoCo yet: ours with today's Python, the peers with
`.venv-peers` (`.ci/peers.txt`). Within a process, blocks of `env.step` and of `mj_step` with the same model, substeps and
controls from the same states follow each other; printed is the median of their ratio in processor time, with its 95 % interval.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

STEPS, PAIRS = 100, 20
PEERS = ("FrankaKitchen", "AdroitHandDoor", "robosuite Door", "Meta-World door", "dm_control humanoid")


@dataclass
class Suite:
    """One environment, ready to be stepped.

    Attributes:
        model, data: MuJoCo's own; substeps: physics steps of a control step.
        reset: to the same start each time; step: one control step of an action; action: a random one, from a generator.
    """

    model: Any
    data: Any
    substeps: int
    reset: Callable[[], Any]
    step: Callable[[np.ndarray], Any]
    action: Callable[[np.random.Generator], np.ndarray]


def _gymnasium(env: Any, substeps: int, core: Any) -> Suite:
    low, high = env.action_space.low, env.action_space.high
    return Suite(
        core.model,
        core.data,
        substeps,
        lambda: env.reset(seed=0),
        env.step,
        lambda rng: (0.3 * rng.uniform(low, high)).astype(env.action_space.dtype),
    )


def _ours() -> Suite:
    import mujoco
    import shiliu
    from shiliu.envs.single import ShiliuEnv

    scene = shiliu.load_scenario("microwave")
    env = ShiliuEnv(scene, vary=False)
    low, high = scene.schema.action.bounds
    data = mujoco.MjData(scene.model)

    def reset() -> None:
        env.reset(seed=0)
        mujoco.mj_setState(scene.model, data, env.state, mujoco.mjtState.mjSTATE_INTEGRATION)

    def step(action: np.ndarray) -> None:
        env.step(action)
        data.ctrl[:] = action  # what bare steps get; the environment has its own copy

    def action(rng: np.random.Generator) -> np.ndarray:
        return np.clip(scene.ready_ctrl + rng.normal(0, 0.1, len(low)), low, high).astype(np.float32)

    return Suite(scene.model, data, scene.n_substeps, reset, step, action)


def _kitchen() -> Suite:
    import gymnasium
    import gymnasium_robotics

    gymnasium.register_envs(gymnasium_robotics)
    env = gymnasium.make("FrankaKitchen-v1", tasks_to_complete=["microwave"]).unwrapped
    return _gymnasium(env, env.robot_env.frame_skip, env.robot_env)


def _adroit() -> Suite:
    import gymnasium
    import gymnasium_robotics

    gymnasium.register_envs(gymnasium_robotics)
    env = gymnasium.make("AdroitHandDoor-v1").unwrapped
    return _gymnasium(env, env.frame_skip, env)


def _metaworld() -> Suite:
    import gymnasium
    import metaworld  # noqa: F401 - registers itself

    env = gymnasium.make("Meta-World/MT1", env_name="door-open-v3")
    core = env.unwrapped
    suite = _gymnasium(core, core.frame_skip, core)
    suite.reset = lambda: env.reset(seed=0)
    return suite


def _robosuite() -> Suite:
    import robosuite

    env = robosuite.make(
        "Door",
        robots="Panda",
        has_renderer=False,
        has_offscreen_renderer=False,
        use_camera_obs=False,
        hard_reset=False,
        ignore_done=True,
    )
    low, high = env.action_spec
    return Suite(
        env.sim.model._model,
        env.sim.data._data,
        round(env.control_timestep / env.model_timestep),
        env.reset,
        env.step,
        lambda rng: 0.3 * rng.uniform(low, high),
    )


def _dm_control() -> Suite:
    from dm_control import suite

    env = suite.load("humanoid", "walk", task_kwargs={"random": 0})
    spec = env.action_spec()
    return Suite(
        env.physics.model.ptr,
        env.physics.data.ptr,
        round(env.control_timestep() / env.physics.timestep()),
        env.reset,
        env.step,
        lambda rng: 0.3 * rng.uniform(spec.minimum, spec.maximum),
    )


SUITES = {
    "shiliu Microwave": _ours,
    "FrankaKitchen": _kitchen,
    "AdroitHandDoor": _adroit,
    "robosuite Door": _robosuite,
    "Meta-World door": _metaworld,
    "dm_control humanoid": _dm_control,
}


def measure(suite: Suite) -> dict[str, Any]:
    """Ratio of a control step of the environment to the same physics steps of the engine."""
    import mujoco

    rng = np.random.default_rng(0)
    state = np.zeros(mujoco.mj_stateSize(suite.model, mujoco.mjtState.mjSTATE_INTEGRATION))
    bare_data = mujoco.MjData(suite.model)
    ours, bare = [], []
    for pair in range(PAIRS + 1):
        suite.reset()
        mujoco.mj_getState(suite.model, suite.data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_setState(suite.model, bare_data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        actions = [suite.action(rng) for _ in range(STEPS)]
        sent = []
        spent = 0.0
        for action in actions:
            begin = time.process_time()
            suite.step(action)
            spent += time.process_time() - begin
            sent.append((suite.data.ctrl.copy(), suite.data.mocap_pos.copy(), suite.data.mocap_quat.copy()))
        begin = time.process_time()
        for ctrl, position, rotation in sent:
            bare_data.ctrl[:], bare_data.mocap_pos[:], bare_data.mocap_quat[:] = ctrl, position, rotation
            mujoco.mj_step(suite.model, bare_data, suite.substeps)
        if pair:  # the first warms up
            ours.append(spent / STEPS)
            bare.append((time.process_time() - begin) / STEPS)
    ratio = np.sort(np.array(ours) / np.array(bare))
    reach = 1.96 * np.sqrt(PAIRS) / 2  # order statistics of the median, normal approximation of the binomial
    low, high = ratio[int(PAIRS / 2 - reach)], ratio[min(int(np.ceil(PAIRS / 2 + reach)), PAIRS - 1)]
    period = suite.substeps * suite.model.opt.timestep
    return {
        "engine": mujoco.__version__,
        "ratio": round(float(np.median(ratio)), 3),
        "ratio_95": [round(float(low), 3), round(float(high), 3)],
        "over_us": round(float(np.median(np.array(ours) - np.array(bare))) * 1e6, 1),
        "bare_us": round(float(np.median(bare)) * 1e6, 1),
        "substeps": suite.substeps,
        "x_real_time": round(period / float(np.median(ours)), 1),
    }


def main(arguments: list[str]) -> int:
    """No argument: all suites. `--only NAME`: one, in this process, as JSON."""
    if arguments[:1] == ["--only"]:
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(io.StringIO()):
            found = measure(SUITES[arguments[1]]())
        print(json.dumps(found))
        return 0
    python = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
    if not python.is_file():
        print("The peers are not installed: `make peers` makes .venv-peers and runs this.", file=sys.stderr)
        return 2
    print(
        f"{'suite':<22}{'env.step over bare mj_step':<32}{'over':>9}{'bare':>10}{'substeps':>10}{'x real time':>13}  engine"
    )
    for name in SUITES:
        runner = str(python) if name in PEERS else sys.executable
        done = subprocess.run(
            [runner, __file__, "--only", name],
            capture_output=True,
            text=True,
            env={**os.environ, "MUJOCO_GL": os.environ.get("MUJOCO_GL", "egl"), "OMP_NUM_THREADS": "1"},
        )
        if done.returncode:
            print(f"{name:<22}could not be run: {done.stderr.strip().splitlines()[-1:]}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        low, high = found["ratio_95"]
        figure = f"{found['ratio']:.2f} x ({low:.2f} to {high:.2f})"
        print(
            f"{name:<22}{figure:<32}{found['over_us']:>6.0f} us{found['bare_us']:>7.0f} us{found['substeps']:>10}"
            f"{found['x_real_time']:>13.1f}  {found['engine']}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
