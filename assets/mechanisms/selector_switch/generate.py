"""Writes selector_switch.xml: a rotary switch with a short lever and three positions, 45 degrees apart.

Run from anywhere: `python assets/mechanisms/selector_switch/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.panels import STIFFNESS, Cam, clock, rod, solid
from shiliu.assets.shapes import numbers

STEP = np.deg2rad(45.0)
CAM = Cam(circle=0.009, pin=0.003, ball=0.002, half=STEP / 2)
FRICTION, TORQUE = 0.02, 0.25  # Nm: of the bearing; of a detent, the bearing's with it
# m: of the rotor; of the lever, across it, how far it stands out
RADIUS, LONG, THICK, FRONT = (0.015, 0.030, 0.009, 0.036)

pins = (np.arange(4) - 1.5) * STEP
marks = "".join(
    rod((-0.0022, *clock(0.0215, a)), (-0.0012, *clock(0.0215, a)), 0.0016, "mark_on" if a == 0 else "mark")
    for a in (-STEP, 0.0, STEP)
)
ring = rod((-0.004, 0, 0), (-0.0012, 0, 0), 0.0172, "ring")
lever = f'type="box" pos="{numbers(((-0.007 - FRONT) / 2, 0, 0))}" size="{numbers(((FRONT - 0.007) / 2, THICK / 2, LONG / 2))}"'
turned = rod((-0.007, 0, 0), (-0.002, 0, 0), RADIUS, "rotor", "rotor") + solid(lever, "rotor", "lever")
rises = 1e3 * (CAM.circle + CAM.pin + CAM.ball - CAM.valley)
turns = numbers((-STEP - 0.10, STEP + 0.10), 4)
part = Part(__file__, CAM.defaults("switch"), what="numbers")
part.before = "    <!-- x into the panel, y to the left of who stands before it, z up; origin on the panel's face, on the switch's axis -->"
part.looks = """
    <material name="plate" rgba="0.16 0.165 0.175 1" specular="0.5" shininess="0.6"/>
    <material name="ring" rgba="0.74 0.75 0.77 1" specular="0.9" shininess="0.8"/>
    <material name="rotor" rgba="0.09 0.09 0.10 1" specular="0.5" shininess="0.6"/>
    <material name="mark" rgba="0.93 0.93 0.93 1"/>
    <material name="mark_on" rgba="0.20 0.75 0.35 1" emission="0.2"/>
"""
part.body = f"""
      <inertial pos="0.005 0 0" mass="0.06" diaginertia="2e-5 2e-5 2e-5"/>
      <geom class="visual" type="box" pos="-0.0006 0 0.002" size="0.0006 0.026 0.028" material="plate"/>
{ring}{marks}      <body name="rotor">
        <!-- clockwise, as who turns it sees it, is positive; {FRICTION:g} Nm of its bearing are part of the torque of a detent -->
        <joint name="switch_turn" type="hinge" axis="1 0 0" range="{turns}" frictionloss="{FRICTION:g}"
          damping="0.01" armature="5e-4" solreflimit="0.01 1"/>
        <inertial pos="-0.014 0 0" mass="0.02" diaginertia="4e-6 2.6e-6 2.6e-6"/>
{turned}        <geom class="visual" type="box" pos="{-FRONT - 0.0004:g} 0 0.0088" size="0.0006 0.0011 0.0055" material="mark"/>
        <!-- middle of the lever's front edge; y across its flats, so that it turns with them -->
        <site name="lever" pos="{-FRONT:g} 0 0" quat="0 0 0 1"/>
{CAM.pins(pins, 0.004, 0.012)}      </body>
      <!-- a ball of 2 mm in its sleeve: travel 0 between two pins, {rises:.2f} mm on a pin's top -->
{CAM.body(0.008, TORQUE - FRICTION)}
"""
part.tail = f"""
{CAM.contact("selector_switch", "rotor", len(pins))}
"""
part.write()
print(f"springref = {FRICTION / CAM.climb / STIFFNESS:.6g} - {1 / CAM.climb / STIFFNESS:.6g} torque")
