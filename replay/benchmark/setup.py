"""What the benchmark measures around stepping: start-up, compiling, memory of a copy, scaling over threads."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from ...envs.registration import env_id
from ...envs.vector import ShiliuVectorEnv
from ...scenarios.reading.config import nominal_values
from ...scenarios.scene.scene import Scene

ROUNDS = 5
FEW, MANY = 16, 272  # copies; the difference in memory is that of 256
COPIES, TOGETHER = 64, 6

_BARE = "import mujoco, gymnasium, sys; mujoco.MjModel.from_xml_path(sys.argv[1])"
_OURS = "import gymnasium, shiliu, sys; gymnasium.make(sys.argv[1])"
_MEMORY = """
import sys, shiliu
from pathlib import Path
from shiliu.envs.vector import ShiliuVectorEnv
envs = ShiliuVectorEnv(int(sys.argv[1]), sys.argv[2], threads=1)
envs.reset(seed=0)
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")).split()[1])
"""


def start_up(scene: Scene) -> dict[str, Any]:
    """Processor time until an environment is made, against importing MuJoCo and Gymnasium and compiling the same model.

    Returns:
        An empty table where the scenario is not one of the package's, which alone have a name with Gymnasium.
    """
    import gymnasium

    if env_id(scene.name) not in gymnasium.registry:
        return {}
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "scene.xml"
        model.write_text(scene.xml(nominal_values(scene.config)), encoding="utf-8")
        for number in range(ROUNDS + 1):
            for code, argument, spent in ((_BARE, str(model), bare), (_OURS, env_id(scene.name), ours)):
                took = _processor_time([sys.executable, "-c", code, argument], Path(folder) / "bytecode")
                if number:  # the first warms the disk's cache and writes the bytecode, as an installer does
                    spent.append(took)
    ratios = sorted(mine / theirs for mine, theirs in zip(ours, bare))
    return {
        "ratio": round(statistics.median(ratios), 2),
        "ratio_range": [round(ratios[0], 2), round(ratios[-1], 2)],
        "ours_s": round(statistics.median(ours), 2),
        "bare_s": round(statistics.median(bare), 2),
    }


def _processor_time(command: list[str], bytecode: Path) -> float:
    """Seconds of processor time of a process that keeps the bytecode of its modules in a folder."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env=env | {"PYTHONPYCACHEPREFIX": str(bytecode)})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compiling(scene: Scene) -> dict[str, float]:
    """Milliseconds to compile a draw, physics only and with looks."""
    values = nominal_values(scene.config)
    took: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(ROUNDS):
        for looks, spent in took.items():
            begin = time.perf_counter()
            scene.compile(values, looks=looks)
            spent.append(time.perf_counter() - begin)
    return {
        "physics_ms": round(statistics.median(took[False]) * 1e3, 2),
        "looks_ms": round(statistics.median(took[True]) * 1e3, 1),
    }


def memory_per_copy(scene: Scene) -> float | None:
    """KiB that one more copy of a vector environment takes; None where the system or Gymnasium does not know."""
    import gymnasium

    if not Path("/proc/self/status").exists() or env_id(scene.name) not in gymnasium.registry:
        return None
    sizes = []
    for n in (FEW, MANY):
        command = [sys.executable, "-c", _MEMORY, str(n), scene.name]
        sizes.append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return round((sizes[1] - sizes[0]) / (MANY - FEW), 1)


def scaling(scene: Scene, seed: int) -> dict[str, float]:
    """Throughput of the vector environment on 1, 2, 4 ... threads, against that on one."""
    counts = [n for n in (1, 2, 4, 8, 16, 32, 64) if n <= (os.cpu_count() or 1)]
    made = [ShiliuVectorEnv(COPIES, scene, threads=n) for n in counts]
    took: list[list[float]] = [[] for _ in counts]
    actions = np.tile(scene.ready_ctrl.astype(np.float32), (COPIES, 1))
    for number in range(ROUNDS + 1):
        for envs, spent in zip(made, took):
            envs.reset(seed=seed)
            begin = time.perf_counter()
            for _ in range(TOGETHER):
                envs.step(actions)
            if number:
                spent.append(time.perf_counter() - begin)
    one = statistics.median(took[0])
    return {str(n): round(one / statistics.median(spent), 2) for n, spent in zip(counts, took)}
