"""Writes mug_080.xml: a coffee mug, one mesh to look at, a ring of boxes and capsules to touch.

Run from anywhere: `python assets/objects/mug_080/generate.py`. The numbers below are the mug's drawing.
"""

import numpy as np
from shiliu.assets.tableware import Cup

Cup(
    word="mug",
    radius=0.0400,
    height=0.095,
    wall=2 * 0.0020,
    floor=0.007,
    profile=np.array([
        (0.0, 0.0025), (0.0320, 0.0025), (0.0330, 0.0), (0.0360, 0.0), (0.0385, 0.0018), (0.0396, 0.0060),
        (0.0400, 0.0200), (0.0400, 0.0920), (0.0394, 0.0942), (0.0380, 0.0950), (0.0366, 0.0942), (0.0360, 0.0920),
        (0.0360, 0.0160), (0.0345, 0.0095), (0.0310, 0.0070), (0.0, 0.0070),
    ]),
    band=[(0.0398, 0.0120), (0.0403, 0.0120), (0.0403, 0.0330), (0.0398, 0.0330)],
    foot=0.033,
    china="0.90 0.91 0.92",
    colour="0.28 0.36 0.52",
    handle=np.array([(0.0370, 0.0790), (0.0550, 0.0800), (0.0660, 0.0720), (0.0690, 0.0560), (0.0650, 0.0380), (0.0530, 0.0260),
                     (0.0370, 0.0240)]),
    inertial="""
      <!-- estimate: two thirds of it in the wall, the handle 35 g -->
      <inertial pos="0.006 0 0.045" mass="0.33" diaginertia="5.0e-4 5.4e-4 4.2e-4"/>
""",
    body="0.050",
    grip="0.069 0 0.052",
).write(__file__)  # fmt: skip
