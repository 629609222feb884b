"""Writes grains.xml: three pleated buns that touch as spheres.

Run from anywhere: `python assets/objects/grains/generate.py`.
"""

import numpy as np
from shiliu.assets.frame import Part
from shiliu.assets.shapes import mesh, numbers

COUNT = 3
RADIUS = 0.0235  # m
MASS = 0.15  # kg, all together
RING = 0.0277  # m, middle of the ring in which they lie; 1 mm of air between neighbours
LIFT = 0.00003  # m, so that the start touches nothing
PLEATS = 14
AROUND, ALONG = 40, 16


def bun():
    """A sphere whose upper half is gathered in pleats round a small knot, nowhere outside the sphere it touches as.

    Returns:
        vertices (m, 3) [m] and faces (k, 3).
    """
    polar = np.linspace(0, np.pi, ALONG)[1:-1, None]  # from the knot down
    angle = 2 * np.pi * np.arange(AROUND)[None] / AROUND
    gather = np.clip((1.5 - polar) / 1.2, 0, 1) * np.clip(polar / 0.25, 0, 1)
    twist = angle + 0.9 * np.clip(1.2 - polar, 0, None)  # the pleats turn towards the knot
    pleats, knot = 0.085 * gather * (0.5 + 0.5 * np.cos(PLEATS * twist)), 0.06 * np.exp(-(((polar - 0.42) / 0.16) ** 2))
    radius = RADIUS * (1 - pleats - knot)
    ring = np.stack(
        [
            radius * np.sin(polar) * np.cos(angle),
            radius * np.sin(polar) * np.sin(angle),
            radius * np.cos(polar) * np.ones_like(angle),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.vstack([ring, [[0, 0, RADIUS * 0.99], [0, 0, -RADIUS]]])
    top, bottom, rows, faces = len(ring), len(ring) + 1, ALONG - 2, []
    for j in range(AROUND):
        k = (j + 1) % AROUND
        faces.append((top, j, k))
        for i in range(rows - 1):
            a, b, c, d = i * AROUND + j, i * AROUND + k, (i + 1) * AROUND + j, (i + 1) * AROUND + k
            faces += [(a, c, d), (a, d, b)]
        faces.append((bottom, (rows - 1) * AROUND + k, (rows - 1) * AROUND + j))
    return vertices, np.array(faces)


vertices, faces = bun()
bodies = []
for i in range(COUNT):
    angle = 2 * np.pi * i / COUNT
    pos = numbers((RING * np.cos(angle), RING * np.sin(angle), RADIUS + LIFT))
    bodies.append(f"""    <body name="grain_{i}" childclass="grains" pos="{pos}">
      <freejoint name="grain_{i}_free"/>
      <geom name="grain_{i}" class="collision"/>
      <geom class="visual" type="mesh" mesh="bun" material="dough"/>
    </body>""")
part = Part(
    __file__,
    f"""
  <default>
    <default class="grains">
      <default class="visual">
        <geom group="2" contype="0" conaffinity="0" density="0"/>
      </default>
      <!-- condim 6: rolling friction is what brings a round bun to rest -->
      <default class="collision">
        <geom group="3" contype="2" conaffinity="7" condim="6" friction="0.5 0.003 0.0006" solref="0.006 1"
          solimp="0.9 0.98 0.001" type="sphere" size="{RADIUS:g}" mass="{MASS / COUNT:g}"/>
      </default>
    </default>
  </default>
""",
    what="numbers",
)
part.note = "the part's frame is the middle of the floor that they lie on: the site `inside` of a bowl"
part.before = "\n".join(bodies)
part.looks = f"""
    <material name="dough" rgba="0.95 0.89 0.78 1" specular="0.25" shininess="0.35"/>
{mesh("bun", (vertices, faces))}
"""
part.write()
