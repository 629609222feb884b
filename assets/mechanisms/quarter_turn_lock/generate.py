"""Writes quarter_turn_lock.xml: a wing knob on a door that swings a tongue behind it out of its keeper.

Run from anywhere: `python assets/mechanisms/quarter_turn_lock/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.panels import STIFFNESS, Cam, rod, solid
from shiliu.assets.shapes import numbers

QUARTER = np.pi / 2
CAM = Cam(circle=0.012, pin=0.003, ball=0.003, half=np.deg2rad(18.0))
TORQUE, SHARE = 0.7, 0.4  # Nm out of a place; share of it that is friction all the way
LONG, THICK, FRONT = 0.044, 0.010, 0.042  # m: of the wing, across it, how far it stands out
TONGUE = (0.060, 0.010, 0.030, 0.004)  # m: how far it reaches, half its width, where its front face is, its thickness

between = np.linspace(-QUARTER + CAM.half, -CAM.half, 9)  # a ridge of pins: no third place between the two
pins = [-QUARTER - CAM.half, *between, CAM.half]
wing = f'type="box" pos="{numbers(((-0.007 - FRONT) / 2, 0, 0))}" size="{numbers(((FRONT - 0.007) / 2, THICK / 2, LONG / 2))}"'
reach, half, behind, thick = TONGUE
at, size = (behind + thick / 2, reach / 2 - 0.005, 0), (thick / 2, reach / 2 + 0.005, half)
tongue = f'type="box" pos="{numbers(at)}" size="{numbers(size)}"'
moved = rod((-0.007, 0, 0), (-0.004, 0, 0), 0.017, "chrome", "hub") + solid(wing, "wing", "wing")
moved += rod((0.002, 0, 0), (behind + thick, 0, 0), 0.007, "steel")
moved += solid(tongue, "steel", "tongue", 'friction="0.2 0.003 0.0001"')
rose = rod((-0.004, 0, 0), (0, 0, 0), 0.026, "chrome")
turns = numbers((-0.10, QUARTER + 0.10), 4)
gain = -(1 - SHARE) / CAM.climb / STIFFNESS
part = Part(__file__, CAM.defaults("lock"), what="numbers")
part.before = "    <!-- x into the door, y to the left of who stands before it, z up; origin on the door's face, on the lock's axis -->"
part.looks = """
    <material name="chrome" rgba="0.76 0.77 0.79 1" specular="0.9" shininess="0.8"/>
    <material name="wing" rgba="0.10 0.10 0.11 1" specular="0.5" shininess="0.6"/>
    <material name="steel" rgba="0.58 0.60 0.63 1" specular="0.8" shininess="0.7"/>
    <material name="mark" rgba="0.85 0.16 0.12 1"/>
"""
part.body = f"""
      <inertial pos="0.008 0 0" mass="0.12" diaginertia="4e-5 4e-5 4e-5"/>
{rose}      <geom class="visual" type="box" pos="-0.0044 0 0.0235" size="0.0005 0.0012 0.0022" material="mark"/>
      <geom class="visual" type="box" pos="-0.0044 -0.0235 0" size="0.0005 0.0022 0.0012" material="mark"/>
      <body name="wing">
        <!-- clockwise, as who turns it sees it, is positive: locked at 0, the tongue to the left; open at 90 deg, the tongue up -->
        <joint name="lock_turn" type="hinge" axis="1 0 0" range="{turns}" frictionloss="{SHARE * TORQUE:g}"
          damping="0.02" solreffriction="0.01 1" solimpfriction="0.99 0.999 0.001"
          armature="1e-3" solreflimit="0.01 1"/>
        <inertial pos="0 0.01 0" mass="0.09" diaginertia="3e-5 3e-5 3e-5"/>
{moved}        <geom class="visual" type="box" pos="{-FRONT - 0.0004:g} 0 0.015" size="0.0006 0.0014 0.005" material="mark"/>
        <!-- middle of the wing's front edge; y across its flats, so that it turns with them -->
        <site name="wing" pos="{-FRONT:g} 0 0" quat="0 0 0 1"/>
        <site name="tongue" pos="{behind:g} {reach:g} 0"/>
{CAM.pins(pins, 0.004, 0.012)}      </body>
      <!-- a ball of 3 mm in its sleeve, above the axis -->
{CAM.body(0.008, (1 - SHARE) * TORQUE)}
"""
part.tail = f"""
{CAM.contact("quarter_turn_lock", "wing", len(pins))}
"""
part.write()
print(f"springref = {gain:.6g} torque; frictionloss = {SHARE:g} torque")
