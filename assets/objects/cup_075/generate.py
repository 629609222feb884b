"""Writes cup_075.xml: a drinking cup with a large handle, one mesh to look at, a ring of boxes and capsules to touch.

Run from anywhere: `python assets/objects/cup_075/generate.py`. The numbers below are the cup's drawing.
"""

import numpy as np
from shiliu.assets.tableware import GROUND, Cup, water

FLOOR, HEIGHT = 0.006, 0.090  # m: inner floor above the table, and the lip
more, tail = water("cup", FLOOR - 0.001, 0.0, 0.0340 - 0.0003, f"-0.001 {HEIGHT - FLOOR:g}", 0.1, 0.0, 4)
Cup(
    word="cup",
    radius=0.0375,
    height=HEIGHT,
    wall=2 * 0.00175,
    floor=FLOOR,
    profile=np.array([
        (0.0, 0.0025), (0.0290, 0.0025), (0.0300, 0.0), (0.0330, 0.0), (0.0355, 0.0018), (0.0368, 0.0060),
        (0.0372, 0.0200), (0.0375, 0.0600), (0.0375, 0.0870), (0.0370, 0.0890), (0.0358, 0.0900), (0.0346, 0.0890),
        (0.0340, 0.0870), (0.0340, 0.0150), (0.0325, 0.0085), (0.0290, 0.0060), (0.0, 0.0060),
    ]),
    band=[(0.0372, 0.0680), (0.0378, 0.0680), (0.0378, 0.0750), (0.0372, 0.0750)],
    foot=0.030,
    china="0.96 0.93 0.86",
    colour="0.90 0.52 0.24",
    # room for three fingers of a hand that is not sure of itself
    handle=np.array([(0.0345, 0.0740), (0.0560, 0.0765), (0.0720, 0.0720), (0.0800, 0.0600), (0.0800, 0.0380), (0.0720, 0.0250),
                     (0.0560, 0.0190), (0.0345, 0.0200)]),
    inertial="""
      <!-- estimate: two thirds of it in the wall, the handle 40 g -->
      <inertial pos="0.0085 0 0.043" mass="0.219" diaginertia="3.0e-4 3.4e-4 2.6e-4"/>
""",
    body="0.046",
    grip="0.080 0 0.049",
).write(
    __file__,
    looks='    <material name="water" rgba="0.62 0.80 0.88 0.55" specular="0.9" shininess="0.9" reflectance="0.1"/>\n',
    more='      <site name="weight" pos="0 0 0.026"/>\n' + more,
    before=GROUND,
    tail=tail,
)  # fmt: skip
