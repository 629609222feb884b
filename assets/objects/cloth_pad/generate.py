"""Writes cloth_pad.xml: a damp cloth, folded once and gathered in its middle, as a pad on two soft hinges below a ridge.

Run from anywhere: `python assets/objects/cloth_pad/generate.py`.
"""

import numpy as np
from shiliu.assets.cloths import ridge, skin
from shiliu.assets.frame import Part
from shiliu.assets.shapes import mesh, prop_defaults

SIDE, WIDTH, THICK = 0.300, 0.130, 0.009  # m: of the open cloth, of the pad along y, of the folded layers
RIDGE = (0.045, 0.011, 0.026)  # m, half its length along x, half its thickness, half its height
MASS = (0.036, 0.024)  # kg, of pad and ridge
SEED = 5


def pad():
    """The folded layers: thin at the edge, in soft waves, rising to where they are gathered."""
    x, y = np.linspace(-SIDE / 4, SIDE / 4, 21), np.linspace(-WIDTH / 2, WIDTH / 2, 19)
    u, v = np.meshgrid(x / (SIDE / 4), y / (WIDTH / 2), indexing="ij")
    edge = np.clip((1 - np.maximum(np.abs(u), np.abs(v))) / 0.14, 0, 1) ** 0.5
    waves = 0.0012 * np.sin(7 * u + 2 * v) + 0.0010 * np.sin(9 * v - 4 * u + 1)
    risen = 0.007 * np.exp(-((v * WIDTH / 2 / 0.020) ** 2)) * np.exp(-((u * SIDE / 4 / 0.055) ** 4))
    upper = np.stack([*np.broadcast_arrays(x[:, None], y[None, :]), 0.001 + edge * (THICK - 0.002 + waves) + risen], axis=-1)
    return skin(upper, upper * [1, 1, 0])


length, thick, high = RIDGE
part = Part(__file__, prop_defaults("cloth", 0.6), free=True, what="numbers")
part.looks = f"""
    <material name="cloth" rgba="0.95 0.80 0.30 1" specular="0.02" shininess="0.05"/>
    <material name="damp" rgba="0.86 0.70 0.24 1" specular="0.05" shininess="0.1"/>
{mesh("pad", pad())}
{mesh("ridge", ridge(RIDGE, 24, (0.35, 0.25), (5, True)))}
"""
part.body = f"""
      <inertial pos="0 0 {THICK / 2:g}" mass="{MASS[0]:g}" diaginertia="5.1e-5 6.8e-5 1.18e-4"/>
      <geom name="look_pad" class="visual" type="mesh" mesh="pad" material="damp"/>
      <!-- as soft as some layers of wet cloth: 10 N press it down by about half a millimetre -->
      <geom name="pad" class="collision" type="box" pos="0 0 {THICK / 2:g}" size="{SIDE / 4:g} {WIDTH / 2:g} {THICK / 2:g}"
        condim="3" friction="0.6 0.003 0.0001" solref="0.02 1" priority="1"/>
      <site name="base" pos="0 0 0"/>
      <site name="sole" pos="0 0 0"/>
      <!-- cloth bends where it is gathered: the pad stays on the table however the ridge is held -->
      <body name="ridge" pos="0 0 {THICK:g}">
        <inertial pos="0 0 {high:g}" mass="{MASS[1]:g}" diaginertia="6.5e-6 2.2e-5 1.8e-5"/>
        <joint name="bend_x" type="hinge" axis="1 0 0" range="-0.6 0.6" stiffness="0.08" damping="0.004" armature="2e-5"/>
        <joint name="bend_y" type="hinge" axis="0 1 0" range="-0.6 0.6" stiffness="0.08" damping="0.004" armature="2e-5"/>
        <geom name="look_ridge" class="visual" type="mesh" mesh="ridge" material="cloth" pos="0 0 -0.004"/>
        <geom name="ridge" class="collision" type="box" pos="0 0 {high:g}" size="{length:g} {thick:g} {high:g}"
          friction="0.8 0.005 0.0001" solref="0.01 1"/>
        <site name="ridge" pos="0 0 {high + 0.004:g}"/>
      </body>
"""
part.write("in the middle of the underside; the ridge runs along x")
