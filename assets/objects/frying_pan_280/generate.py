"""Writes frying_pan_280.xml: a frying pan of revolution with a bar for a handle, rings of boxes to touch.

Run from anywhere: `python assets/objects/frying_pan_280/generate.py`. The numbers below are the pan's drawing.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import (
    FOOT,
    backing,
    feet,
    mesh,
    numbers,
    prop_defaults,
    revolve,
    revolve_ring,
    ring_of_boxes,
    smooth,
    tube,
)

MASS = 1.1  # kg, handle and all
RADIUS, HEIGHT, FLOOR = 0.140, 0.060, 0.0055  # m: outside at the lip, of the lip, inner floor over the hob
R = 0.095  # m, of the circle of its feet
# Half profile (radius, height) in m: middle of the base, round the lip, to the inner floor.
PROFILE = np.array(
    [
        (0.0, 0.0012), (0.0980, 0.0012), (0.1010, 0.0), (0.1050, 0.0008), (0.1120, 0.0060), (0.1200, 0.0180), (0.1290, 0.0370),
        (0.1370, 0.0570), (0.1400, 0.0590), (0.1398, 0.0600), (0.1360, 0.0595), (0.1345, 0.0570), (0.1262, 0.0375), (0.1172, 0.0190),
        (0.1085, 0.0080), (0.1020, 0.0055), (0.0, 0.0055),
    ]
)  # fmt: skip
LINING = [
    (0.1010, 0.0058), (0.1080, 0.0083), (0.1168, 0.0193), (0.1250, 0.0365), (0.1262, 0.0375), (0.1172, 0.0190),
    (0.1085, 0.0080), (0.1020, 0.0055),
]  # fmt: skip
# ring of boxes: count, outer (radius, height) below and above, thickness
WALL = (20, (0.1085, 0.0010), (0.1395, HEIGHT), 0.0045)
RISE = np.deg2rad(20.0)  # of the handle
ROOT = np.array([0.1330, 0.0480])  # (x, z) where it leaves the wall
LONG, WIDE, THICK = 0.180, 0.026, 0.018  # m
HOLD = 0.128  # m along it, where a hand takes it: its end then lies before the palm


def along(way):
    """(x, z) of a point of the handle's middle line."""
    return ROOT + way * np.array([np.cos(RISE), np.sin(RISE)])


line = np.array([along(-0.006), along(0.010), along(0.03), along(0.09), along(0.15), along(LONG - 0.012), along(LONG)])
line[1:3, 1] += (0.002, 0.001)
handle = tube(smooth(line, 5), THICK / 2)
middle, quat = along(LONG / 2 + 0.01), (np.cos(RISE / 2), 0, -np.sin(RISE / 2), 0)
hold = along(HOLD)
ferrule = numbers((along(-0.004)[0], 0, along(-0.004)[1], along(0.022)[0], 0, along(0.022)[1] + 0.001))
bar = numbers((LONG / 2 - 0.01, WIDE / 2 - 0.002, THICK / 2 - 0.001))
defaults = prop_defaults("pan", 0.35, FOOT, ("grip", 'type="box" friction="0.7 0.005 0.0001"'))
part = Part(__file__, defaults, free=True)
part.looks = f"""
    <material name="shell" rgba="0.17 0.18 0.20 1" specular="0.5" shininess="0.6" reflectance="0.04"/>
    <material name="floor" rgba="0.10 0.105 0.11 1" specular="0.35" shininess="0.5"/>
    <material name="rim" rgba="0.62 0.63 0.65 1" specular="0.9" shininess="0.8"/>
    <material name="handle" rgba="0.12 0.11 0.11 1" specular="0.25" shininess="0.3"/>
    <material name="steel" rgba="0.72 0.73 0.75 1" specular="0.9" shininess="0.8"/>
{mesh("shell", revolve(PROFILE, 48))}
{mesh("rim", revolve_ring([[(0.1375, 0.0580), (0.1402, 0.0588), (0.1402, 0.0602), (0.1375, 0.0604)]], 48))}
{mesh("handle", handle)}
"""
part.body = f"""
      <!-- a dish of 0.9 kg and a handle of 0.2 kg at 0.23 m -->
      <inertial pos="0.042 0 0.026" mass="{MASS:g}" diaginertia="5.6e-3 1.42e-2 1.85e-2"/>
      <geom name="shell" class="visual" type="mesh" mesh="shell" material="shell"/>
      <geom name="look_floor" class="visual" type="cylinder" pos="0 0 {FLOOR:g}" size="0.101 0.0003" material="floor"/>
      <geom name="rim" class="visual" type="mesh" mesh="rim" material="rim"/>
      <geom name="look_handle" class="visual" type="mesh" mesh="handle" material="handle"/>
      <geom name="ferrule" class="visual" type="cylinder" fromto="{ferrule}" size="0.0118" material="steel"/>
{feet(R, 0.0025)}
{backing(0.107, FLOOR)}
{chr(10).join(ring_of_boxes("wall", *WALL))}
      <geom name="handle" class="grip" pos="{numbers((middle[0], 0, middle[1]))}" quat="{numbers(quat)}" size="{bar}"/>
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="mouth" pos="0 0 {HEIGHT:g}"/>
      <!-- x along the handle, away from the pan: a hand comes against it -->
      <site name="handle" pos="{numbers((hold[0], 0, hold[1]))}" quat="{numbers(quat)}"/>
"""
part.write("in the middle of the base, at the hob's level; the handle points along x and rises by 20 degrees")
