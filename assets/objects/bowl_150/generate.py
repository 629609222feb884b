"""Writes bowl_150.xml: a bowl of revolution as one mesh to look at, and rings of boxes to touch.

Run from anywhere: `python assets/objects/bowl_150/generate.py`. The numbers below are the bowl's drawing.
"""

import numpy as np
from shiliu.assets.frame import write
from shiliu.assets.shapes import FOOT, numbers, prop_defaults, revolve, ring_of_boxes

MASS = 0.35  # kg, estimate for stoneware of this size
# Half profile of the ceramic, (radius, height) in m, middle of the outer base, round the rim, to the inner floor.
PROFILE = np.array(
    [
        (0.0, 0.0030),
        (0.0330, 0.0030),
        (0.0345, 0.0004),
        (0.0355, 0.0),
        (0.0385, 0.0),
        (0.0395, 0.0010),
        (0.0402, 0.0040),
        (0.0480, 0.0085),
        (0.0590, 0.0185),
        (0.0670, 0.0310),
        (0.0715, 0.0430),
        (0.0735, 0.0530),
        (0.0745, 0.0610),
        (0.0750, 0.0636),
        (0.0745, 0.0646),
        (0.0730, 0.0650),
        (0.0715, 0.0646),
        (0.0708, 0.0636),
        (0.0700, 0.0590),
        (0.0690, 0.0530),
        (0.0669, 0.0440),
        (0.0622, 0.0318),
        (0.0545, 0.0205),
        (0.0445, 0.0122),
        (0.0360, 0.0088),
        (0.0, 0.0080),
    ]
)
# Blue bands outside and inside, 0.6 mm proud of the glaze, each a thin closed ring
BANDS = [
    [(0.0724, 0.0452), (0.0741, 0.0532), (0.0734, 0.0532), (0.0715, 0.0452)],
    [(0.0744, 0.0560), (0.0748, 0.0580), (0.0740, 0.0580), (0.0736, 0.0560)],
    [(0.0694, 0.0545), (0.0704, 0.0590), (0.0695, 0.0590), (0.0686, 0.0545)],
]
SEGMENTS = 48  # of the mesh
BASE_RADIUS = 0.037  # m, foot ring
FLOOR = 0.008  # m, inner floor above the table
# Walls as rings of boxes: count, outer (radius, height) below and above, thickness. The upper ring is what a claw
# pinches: nearly upright (2.5 degrees), flat, 4.5 mm thick.
RINGS = {
    "rim": (12, (0.0736, 0.0330), (0.0750, 0.0650), 0.0045),
    "wall": (8, (0.0420, 0.0030), (0.0740, 0.0340), 0.0050),
}


def revolve_rings(sections, segments):
    """Turns closed quadrilateral sections round z, as one mesh: vertices (m, 3) [m], faces (k, 3)."""
    angle = 2 * np.pi * np.arange(segments) / segments
    vertices, faces = [], []
    for section in sections:
        start, n = len(vertices), len(section)
        vertices += [(r * np.cos(a), r * np.sin(a), z) for r, z in section for a in angle]
        for i in range(n):
            for j in range(segments):
                a, b = start + i * segments + j, start + i * segments + (j + 1) % segments
                c, d = (start + (i + 1) % n * segments + k for k in (j, (j + 1) % segments))
                faces += [(a, b, d), (a, d, c)]
    return np.array(vertices), np.array(faces)


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


vertices, faces = revolve(PROFILE, SEGMENTS)
height, inertia, volume = mass_properties(vertices, faces, MASS)
print(f"ceramic {volume * 1e6:.0f} ml, density {MASS / volume:.0f} kg/m3")
band_vertices, band_faces = revolve_rings(BANDS, SEGMENTS)
around = 2 * np.pi * (np.arange(4) + 0.5) / 4
feet = [
    f'      <geom name="foot_{i}" class="foot" pos="{numbers(pos)}" size="0.003"/>'
    for i, pos in enumerate((BASE_RADIUS * np.cos(a), BASE_RADIUS * np.sin(a), 0.003) for a in around)
]
bottom = f'pos="0 0 {(FLOOR + 0.003) / 2:g}" size="0.041 {(FLOOR - 0.003) / 2:g}"'
defaults = prop_defaults("bowl", 0.6, FOOT)
write(
    __file__,
    defaults,
    f"""
    <material name="glaze" rgba="0.95 0.94 0.91 1" specular="0.6" shininess="0.8" reflectance="0.03"/>
    <material name="band" rgba="0.16 0.32 0.55 1" specular="0.6" shininess="0.8"/>
    <mesh name="bowl" smoothnormal="true" inertia="shell"
      vertex="{numbers(vertices.ravel())}"
      face="{" ".join(map(str, faces.ravel()))}"/>
    <mesh name="bands" inertia="shell"
      vertex="{numbers(band_vertices.ravel())}"
      face="{" ".join(map(str, band_faces.ravel()))}"/>
""",
    f"""
      <!-- from the mesh at the bowl's mass -->
      <inertial pos="0 0 {height:.5f}" mass="{MASS}" diaginertia="{inertia[0]:.4g} {inertia[1]:.4g} {inertia[2]:.4g}"/>
      <geom name="bowl" class="visual" type="mesh" mesh="bowl" material="glaze"/>
      <geom name="bands" class="visual" type="mesh" mesh="bands" material="band"/>
      <!-- foot ring: four points, which stand on any shape and cost few constraints -->
{chr(10).join(feet)}
      <geom name="bottom" class="collision" type="cylinder" {bottom}/>
{chr(10).join(line for name, ring in RINGS.items() for line in ring_of_boxes(name, *ring))}
      <site name="base" pos="0 0 0"/>
      <site name="inside" pos="0 0 {FLOOR:g}"/>
      <site name="rim_near" pos="-0.0722 0 0.065" quat="0 0 0 1"/>
      <site name="rim_far" pos="0.0722 0 0.065"/>
      <site name="rim_left" pos="0 0.0722 0.065" quat="0.707107 0 0 0.707107"/>
      <site name="rim_right" pos="0 -0.0722 0.065" quat="0.707107 0 0 -0.707107"/>
""",
    origin="in the middle of the foot ring, at the table's level",
    free=True,
)
