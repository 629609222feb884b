"""Writes plate_200.xml: a deep plate of revolution as one mesh to look at, rings of boxes to touch.

Run from anywhere: `python assets/objects/plate_200/generate.py`. The numbers below are the plate's drawing.
"""

import numpy as np
from shiliu.assets.tableware import Dish

Dish(
    word="plate",
    # half profile (radius, height) in m: middle of the outer base, round the rim, to the inner floor
    profile=np.array([
        (0.0, 0.0025), (0.0600, 0.0025), (0.0610, 0.0), (0.0650, 0.0), (0.0665, 0.0020), (0.0760, 0.0045),
        (0.0860, 0.0100), (0.0920, 0.0170), (0.0955, 0.0250), (0.0990, 0.0385), (0.1000, 0.0410), (0.0993, 0.0420),
        (0.0975, 0.0418), (0.0958, 0.0390), (0.0918, 0.0260), (0.0880, 0.0190), (0.0830, 0.0140), (0.0740, 0.0085),
        (0.0640, 0.0060), (0.0, 0.0060),
    ]),
    segments=40,
    band="stripe",
    bands=[[(0.0931, 0.0300), (0.0943, 0.0340), (0.0935, 0.0340), (0.0923, 0.0300)]],
    glaze='rgba="0.93 0.95 0.95 1" specular="0.6" shininess="0.8" reflectance="0.03"',
    colour='stripe rgba="0.20 0.42 0.44 1" specular="0.5" shininess="0.7"',
    inertial="""
      <!-- a disc of its mass, two fifths of it in the wall -->
      <inertial pos="0 0 0.014" mass="0.42" diaginertia="1.06e-3 1.06e-3 2.0e-3"/>
""",
    floor=0.006,
    foot=0.063,
    bottom=0.066,
    rings={"rim": (16, (0.0938, 0.0200), (0.0998, 0.0420), 0.0042), "wall": (12, (0.0650, 0.0020), (0.0930, 0.0210), 0.0050)},
    rim=(0.0978, 0.0419),
).write(__file__)  # fmt: skip
