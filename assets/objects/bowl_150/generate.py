"""Writes bowl_150.xml: a bowl of revolution as one mesh to look at, and rings of boxes to touch.

Run from anywhere: `python assets/objects/bowl_150/generate.py`. The numbers below are the bowl's drawing.
"""

import numpy as np
from shiliu.assets.shapes import revolve
from shiliu.assets.tableware import Dish

MASS = 0.35  # kg, estimate for stoneware of this size
SEGMENTS = 48  # of the mesh
# half profile of the ceramic, (radius, height) in m, middle of the outer base, round the rim, to the inner floor
PROFILE = np.array([
    (0.0, 0.0030), (0.0330, 0.0030), (0.0345, 0.0004), (0.0355, 0.0), (0.0385, 0.0), (0.0395, 0.0010),
    (0.0402, 0.0040), (0.0480, 0.0085), (0.0590, 0.0185), (0.0670, 0.0310), (0.0715, 0.0430), (0.0735, 0.0530),
    (0.0745, 0.0610), (0.0750, 0.0636), (0.0745, 0.0646), (0.0730, 0.0650), (0.0715, 0.0646), (0.0708, 0.0636),
    (0.0700, 0.0590), (0.0690, 0.0530), (0.0669, 0.0440), (0.0622, 0.0318), (0.0545, 0.0205), (0.0445, 0.0122),
    (0.0360, 0.0088), (0.0, 0.0080),
])  # fmt: skip


def mass_properties(vertices, faces, mass):
    """Centre height [m] and diagonal inertia (3,) [kg m2] of a closed mesh of revolution scaled to `mass` [kg]."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    centre = (volume[:, None] * (a + b + c) / 4).sum(0) / volume.sum()
    # Second moments of a tetrahedron with one corner at the origin, summed over the signed tetrahedra.
    corners = np.stack([a, b, c], axis=1)
    total = corners.sum(1)
    weight = volume / 20 * mass / volume.sum()
    second = np.einsum("n,ni,nj->ij", weight, total, total) + np.einsum("n,nki,nkj->ij", weight, corners, corners)
    second -= mass * np.outer(centre, centre)
    return centre[2], np.trace(second) - np.diag(second), volume.sum()


height, inertia, volume = mass_properties(*revolve(PROFILE, SEGMENTS), MASS)
print(f"ceramic {volume * 1e6:.0f} ml, density {MASS / volume:.0f} kg/m3")
Dish(
    word="bowl",
    profile=PROFILE,
    segments=40,
    band="bands",  # blue, outside and inside, 0.6 mm proud of the glaze, each a thin closed ring
    bands=[
        [(0.0724, 0.0452), (0.0741, 0.0532), (0.0734, 0.0532), (0.0715, 0.0452)],
        [(0.0744, 0.0560), (0.0748, 0.0580), (0.0740, 0.0580), (0.0736, 0.0560)],
        [(0.0694, 0.0545), (0.0704, 0.0590), (0.0695, 0.0590), (0.0686, 0.0545)],
    ],
    glaze='rgba="0.95 0.94 0.91 1" specular="0.6" shininess="0.8" reflectance="0.03"',
    colour='band rgba="0.16 0.32 0.55 1" specular="0.6" shininess="0.8"',
    inertial=f"""
      <!-- from the mesh at the bowl's mass -->
      <inertial pos="0 0 {height:.5f}" mass="{MASS}" diaginertia="{inertia[0]:.4g} {inertia[1]:.4g} {inertia[2]:.4g}"/>
""",
    note="      <!-- foot ring: four points, which stand on any shape and cost few constraints -->\n",
    floor=0.008,
    foot=0.037,
    bottom=0.041,
    # the upper ring is nearly upright (2.5 degrees), flat, 4.5 mm thick
    rings={"rim": (12, (0.0736, 0.0330), (0.0750, 0.0650), 0.0045), "wall": (8, (0.0420, 0.0030), (0.0740, 0.0340), 0.0050)},
    rim=(0.0722, 0.065),
).write(__file__)
