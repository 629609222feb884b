"""What costs a physics step of the bare engine: the time that goes when something of the scene is switched off.

Blocks of the whole model and of each one that lacks something are interleaved, all from the same states, so that a machine that
slows down favours none. Shares do not add up to one: what two parts do to each other goes with either.
"""

from __future__ import annotations

import copy
import time
from typing import Any

import mujoco
import numpy as np

from ...envs.single import ShiliuEnv
from ...scenarios.scene.scene import Scene

BLOCK = 48  # physics steps of one block: short, because what stood on a part that no longer collides begins to fall
ROUNDS = 40
SWAY = 0.15  # rad, amplitude by which the commands of all joints sway, as in the benchmark of env.step
LEAD = 40  # control steps before the states that are measured from

_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
_OFF = mujoco.mjtDisableBit


def physics_costs(scene: Scene, seed: int = 0) -> dict[str, Any]:
    """The bare step, and what of it is spent on what.

    Returns:
        `step_us`; `dofs`, `contacts`, `constraints` (rows) and `sensors` of the measured states; `spent`: what is switched
        off -> share of the step that goes with it, the largest first: `all contacts`, `sensors`, `the robot with itself`,
        and every part by its name.
    """
    states, controls = _states(scene, seed)
    models = {"": scene.model} | _without(scene)
    datas = {name: mujoco.MjData(model) for name, model in models.items()}
    took: dict[str, list[float]] = {name: [] for name in models}
    for turn in range(ROUNDS + 1):
        i = turn % len(states)
        for name, model in models.items():
            data = datas[name]
            mujoco.mj_setState(model, data, states[i], _STATE)
            data.ctrl[:] = controls[i]
            mujoco.mj_step(model, data)  # what is in no contact any more is so from here on
            begin = time.process_time()
            mujoco.mj_step(model, data, BLOCK)
            if turn:  # the first warms up
                took[name].append((time.process_time() - begin) / BLOCK)
    whole = np.array(took.pop(""))
    spent = {name: float(np.median(1.0 - np.array(values) / whole)) for name, values in took.items()}
    data = datas[""]
    return {
        "step_us": round(float(np.median(whole)) * 1e6, 1),
        "dofs": scene.model.nv,
        "contacts": int(data.ncon),
        "constraints": int(data.nefc),
        "sensors": scene.model.nsensor,
        "spent": {name: round(share, 3) for name, share in sorted(spent.items(), key=lambda item: -item[1])},
    }


def _states(scene: Scene, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """States on the way of a robot that sways, and the controls (nu,) that go on from them."""
    env = ShiliuEnv(scene, vary=False)
    env.reset(seed=seed)
    low, high = env.action_space.low, env.action_space.high
    phase = np.random.default_rng(seed).uniform(0, 6, len(low))
    states, controls = [], []
    for t in range(LEAD + 8):
        if t >= LEAD:
            states.append(env.state)
            controls.append(env._one.simulation.live("ctrl")[0].copy())
        sway = SWAY * np.sin(t / 15.0 + phase)
        env.step(np.clip(scene.ready_ctrl + sway, low, high).astype(np.float32))
    env.close()
    return states, controls


def _without(scene: Scene) -> dict[str, mujoco.MjModel]:
    """What is switched off -> the model that lacks it."""
    model = scene.model

    def disabled(bit: int) -> mujoco.MjModel:
        lacking = copy.copy(model)
        lacking.opt.disableflags |= bit
        return lacking

    found = {"all contacts": disabled(int(_OFF.mjDSBL_CONTACT)), "sensors": disabled(int(_OFF.mjDSBL_SENSOR))}
    owner = [model.body(body).name.partition("/") for body in model.geom_bodyid]
    part = np.array([name if slash else "" for name, slash, _ in owner])
    robot = np.flatnonzero((part == "") & (model.geom_contype > 0))
    alone = copy.copy(model)
    alone.geom_conaffinity[robot] &= ~np.bitwise_or.reduce(model.geom_contype[robot])
    found["the robot with itself"] = alone
    for placed in scene.config.parts:
        lacking = copy.copy(model)
        lacking.geom_contype[part == placed.name] = lacking.geom_conaffinity[part == placed.name] = 0
        for i in range(model.nflex):
            if str(mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_FLEX, i)).startswith(f"{placed.name}/"):
                lacking.flex_contype[i] = lacking.flex_conaffinity[i] = 0
        found[placed.name] = lacking
    return found
