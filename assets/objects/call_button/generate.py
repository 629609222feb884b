"""Writes call_button.xml: a call button of a bed on one metre of cord, whose other end is clipped to the sheet.

Run from anywhere: `python assets/objects/call_button/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import numbers, prop_defaults

LINK, COUNT, RADIUS = 0.125, 8, 0.0045  # m of cord from joint to joint, and its radius
DRAWN, THINNER = 0.0032, 0.0001  # m: radius of the cord as drawn, and of each link less, so that folds do not flicker in each other
# of each link against the one before: it lies in folds
TURNS = np.deg2rad([4.0, 180.0, -180.0, 180.0, -180.0, 180.0, -180.0, 2.0])
ACROSS = np.deg2rad(88.0)  # of the button against the last link
SIZE = (0.060, 0.030, 0.020)  # m, of the button
SOFT = 'damping="4e-4" armature="4e-5" stiffness="2e-4"'
INNER = (("cord", f'type="capsule" size="{RADIUS:g}" condim="3"'), ("case", 'type="box" friction="0.8 0.005 0.0001"'))

lines, indent = [], "      "
for k in range(COUNT):
    turn = TURNS[k] / 2
    pos = "0 0 0" if k == 0 else f"{LINK:g} 0 0"
    lines += [
        f'{indent}<body name="cord_{k}" pos="{pos}" quat="{numbers((np.cos(turn), 0, 0, np.sin(turn)))}">',
        f'{indent}  <joint name="cord_turn_{k}" axis="0 0 1" {SOFT}/>',
        f'{indent}  <joint name="cord_bend_{k}" axis="0 1 0" {SOFT}/>',
        f'{indent}  <inertial pos="{LINK / 2:g} 0 0" mass="0.006" diaginertia="1e-7 8e-6 8e-6"/>',
        f'{indent}  <geom name="cord_{k}" class="cord" fromto="{numbers((0.006, 0, 0, LINK - 0.006, 0, 0))}"/>',
        f'{indent}  <geom class="visual" type="capsule" fromto="{numbers((0, 0, 0, LINK, 0, 0))}" '
        f'size="{DRAWN - k * THINNER:g}" material="cord"/>',
    ]
    indent += "  "
x, y, z = (s / 2 for s in SIZE)
lines += [
    f'{indent}<body name="button" pos="{LINK:g} 0 {z - RADIUS:g}" quat="{numbers((np.cos(ACROSS / 2), 0, 0, np.sin(ACROSS / 2)))}">',
    f'{indent}  <joint name="button_turn" axis="0 0 1" {SOFT}/>',
    f'{indent}  <joint name="button_bend" axis="0 1 0" {SOFT}/>',
    f'{indent}  <joint name="button_roll" axis="1 0 0" {SOFT}/>',
    f'{indent}  <inertial pos="{x:g} 0 0" mass="0.06" diaginertia="8e-6 2.2e-5 2.4e-5"/>',
    f'{indent}  <geom name="button" class="case" pos="{x:g} 0 0" size="{numbers((x, y, z))}"/>',
    f'{indent}  <geom class="visual" type="mesh" mesh="case" pos="{x:g} 0 0" material="case"/>',
    f'{indent}  <geom class="visual" type="cylinder" pos="{x + 0.010:g} 0 {z:g}" size="0.010 0.0015" material="call"/>',
    f'{indent}  <site name="base" pos="{x:g} 0 {-z:g}"/>',
    f'{indent}  <site name="middle" pos="{x:g} 0 0"/>',
    f'{indent}  <site name="hold" pos="{x:g} 0 0.008"/>',  # so high that fingertips stay off what it lies on
    f"{indent}</body>",
]
for _ in range(COUNT):
    indent = indent[:-2]
    lines.append(f"{indent}</body>")
part = Part(__file__, prop_defaults("call_button", 0.6, *INNER), what="numbers")
part.looks = f"""
    <material name="case" rgba="0.34 0.44 0.52 1" specular="0.3" shininess="0.5"/>
    <material name="call" rgba="0.86 0.16 0.14 1" specular="0.5"/>
    <material name="cord" rgba="0.42 0.50 0.56 1" specular="0.2"/>
    <mesh name="case" builtin="supersphere" params="32 .3 .3" scale="{numbers((x, y, z))}"/>
"""
part.body = f"""
      <site name="clip" pos="0 0 {-RADIUS:g}"/>
{chr(10).join(lines)}
"""
part.tail = f"""
  <contact>
{chr(10).join(f'    <exclude body1="cord_{a}" body2="cord_{b}"/>' for a in range(COUNT) for b in range(a + 1, COUNT))}
{chr(10).join(f'    <exclude body1="cord_{a}" body2="button"/>' for a in range(COUNT))}
  </contact>
"""
part.write("at the clip that holds the cord, z up")
