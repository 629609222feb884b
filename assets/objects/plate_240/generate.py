"""Writes plate_240.xml: a deep plate of revolution as one mesh to look at, rings of boxes to touch.

Run from anywhere: `python assets/objects/plate_240/generate.py`. The numbers below are the plate's drawing.
"""

import numpy as np
from shiliu.assets.tableware import Dish

Dish(
    word="plate",
    # half profile (radius, height) in m: middle of the outer base, round the rim, to the inner floor
    profile=np.array([
        (0.0, 0.0025), (0.0760, 0.0025), (0.0770, 0.0), (0.0810, 0.0), (0.0825, 0.0020), (0.0940, 0.0045),
        (0.1050, 0.0100), (0.1115, 0.0170), (0.1152, 0.0250), (0.1190, 0.0385), (0.1200, 0.0410), (0.1193, 0.0420),
        (0.1175, 0.0418), (0.1158, 0.0390), (0.1115, 0.0260), (0.1075, 0.0190), (0.1020, 0.0140), (0.0920, 0.0085),
        (0.0800, 0.0060), (0.0, 0.0060),
    ]),
    segments=40,
    band="stripe",
    bands=[[(0.1128, 0.0300), (0.1141, 0.0340), (0.1133, 0.0340), (0.1120, 0.0300)]],
    glaze='rgba="0.93 0.95 0.95 1" specular="0.6" shininess="0.8" reflectance="0.03"',
    colour='stripe rgba="0.16 0.32 0.55 1" specular="0.5" shininess="0.7"',
    inertial="""
      <!-- a disc of its mass, two fifths of it in the wall -->
      <inertial pos="0 0 0.014" mass="0.55" diaginertia="2.0e-3 2.0e-3 3.8e-3"/>
""",
    floor=0.006,
    foot=0.079,
    below=0.083,
    rings={"rim": (20, (0.1136, 0.0200), (0.1198, 0.0420), 0.0042), "wall": (16, (0.0820, 0.0020), (0.1130, 0.0210), 0.0050)},
    rim=(0.1178, 0.0419),
).write(__file__)  # fmt: skip
