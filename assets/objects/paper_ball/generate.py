"""Writes paper_ball.xml: a sheet of paper crumpled into a ball, a faceted mesh to look at, a sphere to touch.

Run from anywhere: `python assets/objects/paper_ball/generate.py`.
"""

import numpy as np
from scipy.spatial import ConvexHull
from shiliu.assets.frame import Part
from shiliu.assets.shapes import numbers, prop_defaults

RADIUS, MASS = 0.030, 0.003  # m, kg
POINTS, DENT = 90, 0.16  # of the crumpled surface; by which share a point lies deeper


def crumpled():
    """Vertices (m, 3) [m] and faces (k, 3) of a ball whose every third point or so is dented."""
    rng = np.random.default_rng(3)
    k = np.arange(POINTS) + 0.5
    height, around = 1 - 2 * k / POINTS, np.pi * (1 + 5**0.5) * k
    ring = np.sqrt(1 - height**2)
    ball = np.stack([ring * np.cos(around), ring * np.sin(around), height], axis=1)
    faces = ConvexHull(ball).simplices
    out = np.einsum(
        "ij,ij->i",
        np.cross(ball[faces[:, 1]] - ball[faces[:, 0]], ball[faces[:, 2]] - ball[faces[:, 0]]),
        ball[faces[:, 0]],
    )
    faces = np.where((out > 0)[:, None], faces, faces[:, ::-1])
    return ball * RADIUS * (1 + 0.02 - DENT * rng.random(POINTS) ** 2)[:, None], faces


vertices, faces = crumpled()
corners = vertices[faces].reshape(-1, 3)  # each facet with corners of its own, so that creases are sharp
part = Part(__file__, prop_defaults("paper", 0.5), free=True, what="numbers")
part.looks = f"""
    <material name="paper" rgba="0.95 0.94 0.88 1" specular="0.05" shininess="0.1"/>
    <mesh name="paper" smoothnormal="false" inertia="shell"
      vertex="{numbers(corners.ravel())}"
      face="{" ".join(str(i) for i in range(len(corners)))}"/>
"""
part.body = f"""
      <inertial pos="0 0 {RADIUS:g}" mass="{MASS:g}" diaginertia="1.4e-6 1.4e-6 1.4e-6"/>
      <geom name="look" class="visual" type="mesh" mesh="paper" material="paper" pos="0 0 {RADIUS:g}"/>
      <!-- creases let it come to rest: rolling friction -->
      <geom name="ball" class="collision" type="sphere" pos="0 0 {RADIUS:g}" size="{RADIUS:g}"
        condim="6" friction="0.5 0.004 0.004" solref="0.03 1"/>
      <site name="base" pos="0 0 0"/>
      <site name="middle" pos="0 0 {RADIUS:g}"/>
"""
part.write("where it lies on the table")
