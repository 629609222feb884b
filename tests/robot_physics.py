"""Where Kuafu's own files lie, and the physics with which its parts are tried alone."""

from pathlib import Path

import mujoco

KUAFU = Path(__file__).parents[1] / "assets" / "robots" / "kuafu"
TIMESTEP = 1 / 480  # s, the scenes' physics timestep


def set_options(spec):
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
