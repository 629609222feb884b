"""The air that a cloth moves through: it takes the swing out of what hangs, which nothing else in the model does.

A sheet that moves square to itself with a speed v is held back by 1/2 rho C_d A v^2, C_d = 1.17 for a flat plate square to the
stream (S. F. Hoerner, Fluid-Dynamic Drag, 1965, chapter 3). The engine has drag for rigid bodies alone. Here each vertex is held
back in proportion to its speed, by as much as that formula gives for its share of the sheet at a speed that the scenario names:
slower motion is held back more than by the formula, faster motion less, and motion along the sheet as much as square to it.
"""

from __future__ import annotations

import mujoco
import numpy as np

DENSITY, PLATE = 1.204, 1.17  # kg/m^3, of dry air at 20 degC and 1013 hPa; drag coefficient of a flat plate


def slow_in_air(spec: mujoco.MjSpec, speed: float) -> None:
    """Give the vertices of a spec's cloths the damping of the air at a speed [m/s]; 0 leaves them as they are."""
    if speed == 0.0:
        return
    for flex in spec.flexes:
        if flex.dim != 2:
            continue
        bodies = [spec.body(str(name)) for name in flex.vertbody]
        at = np.array([body.pos for body in bodies])
        a, b, c = (at[np.array(flex.elem, int).reshape(-1, 3)[:, i]] for i in range(3))
        area = 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
        damping = 0.5 * DENSITY * PLATE * speed * area / len(bodies)
        for body in bodies:
            for joint in body.joints:
                joint.damping = [damping, 0.0, 0.0]  # the linear term, and those of the square and the cube
