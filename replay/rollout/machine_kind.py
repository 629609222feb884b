"""On what the bits of this process depend: engine, library, and kind of processor. An episode keeps it.

The name of a processor does not settle it: a library chooses its sines by what the processor can do, and a setting can make it choose
others. So some results are kept as well, as a digest: of the C library, of NumPy, and of a small world in the engine.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import mujoco
import numpy as np

CPUINFO = Path("/proc/cpuinfo")
NAMED = ("vendor_id", "cpu family", "model", "CPU implementer", "CPU variant", "CPU part")  # x86, ARM
# what arithmetic is chosen by
ABLE = ("fma", "fma4", "avx", "avx2", "avx512f", "avx512dq", "avx512_fp16", "asimd", "asimdhp", "sve", "sve2")
STEPS = 60  # of the small world: it has come to rest, and rolled
WORLD = """
<mujoco>
  <worldbody>
    <geom type="plane" size="1 1 0.1" euler="0.1 0.07 0"/>
    <body pos="0 0 0.12"><freejoint/><geom type="box" size="0.04 0.05 0.06" euler="0.3 0.2 0.1"/></body>
    <body pos="0.2 0 0.5"><joint axis="0 1 0.2" damping="0.1"/><geom type="capsule" fromto="0 0 0 0.2 0.1 0" size="0.03"/>
      <body pos="0.2 0.1 0"><joint type="ball"/><geom type="ellipsoid" size="0.05 0.03 0.04"/></body></body>
  </worldbody>
</mujoco>
"""


@cache
def machine() -> Mapping[str, str]:
    """Versions of engine and NumPy, platform, C library, kind of processor, and a digest of what comes of some arithmetic."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]  # type: ignore[call-overload]
    name, able = _processor()
    return {
        "mujoco": mujoco.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "simd": (simd.get("found") or ["baseline"])[-1],
        "library": " ".join(platform.libc_ver()).strip() or platform.release(),
        "processor": name,
        "instructions": able,
        "arithmetic": _arithmetic(),
    }


def differing(made_on: Mapping[str, str], here: Mapping[str, str]) -> str:
    """What of the machine is another one than something was made on: `mujoco 3.16.1 → 3.17.0`, empty where nothing is.

    Of what was not kept then nothing is known; of nothing at all, all of it is another one.
    """
    names = [name for name in here if not made_on or name in made_on]
    return ", ".join(f"{name} {made_on.get(name)} → {here[name]}" for name in names if made_on.get(name) != here[name])


def _processor() -> tuple[str, str]:
    """Its vendor, family and model, and those of its instructions that arithmetic is chosen by."""
    found: dict[str, str] = {}
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())  # the first core speaks for all
    able = {*found.get("flags", "").split(), *found.get("Features", "").split()}
    name = " ".join(found[key] for key in NAMED if key in found) or platform.processor() or platform.machine()
    return name, " ".join(one for one in ABLE if one in able)


def _arithmetic() -> str:
    """Eight hexadecimal digits of some results of library, NumPy and engine."""
    at = [0.1 + 0.037 * i for i in range(500)]
    functions = (math.sin, math.cos, math.exp, math.log, math.atan, math.sqrt)
    results = [f(x) for f in functions for x in at] + [math.pow(x, 1.7) for x in at] + [math.atan2(x, 1.3) for x in at]
    x = np.array(at)
    square = np.sin(x[:400]).reshape(20, 20) + 3.0 * np.eye(20)
    model = mujoco.MjModel.from_xml_string(WORLD)
    data = mujoco.MjData(model)
    for _ in range(STEPS):
        mujoco.mj_step(model, data)
    rows = (np.array(results), np.cos(x), np.exp(-x), square @ square.T, np.linalg.solve(square, x[:20]), data.qpos, data.qvel)
    return hashlib.blake2b(b"".join(row.tobytes() for row in rows), digest_size=4).hexdigest()
