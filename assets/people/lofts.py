"""What the people are seen by: meshes lofted through superellipse sections, in shares of body height, each in its segment's frame."""

from __future__ import annotations

import numpy as np
from shiliu.assets.people.tables import HIP_Z, LUMBAR_Z, NECK_Z


def smooth(rows, count):
    """(count, k) a monotone cubic through rows (m, k), whose first column is the way along."""
    rows = np.asarray(rows, float)
    x, at = rows[:, 0], np.linspace(rows[0, 0], rows[-1, 0], count)
    slope = np.diff(rows, axis=0) / np.diff(x)[:, None]
    tangent = np.vstack([slope[:1], np.where(slope[1:] * slope[:-1] > 0, 2 * slope[1:] * slope[:-1] / np.where(
        slope[1:] + slope[:-1] == 0, 1, slope[1:] + slope[:-1]), 0), slope[-1:]])  # fmt: skip
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    h = (x[i + 1] - x[i])[:, None]
    t = (at - x[i])[:, None] / h
    return (
        (2 * t**3 - 3 * t**2 + 1) * rows[i]
        + (t**3 - 2 * t**2 + t) * h * tangent[i]
        + (3 * t**2 - 2 * t**3) * rows[i + 1]
        + (t**3 - t**2) * h * tangent[i + 1]
    )


def loft(rows, count=26, around=28, power=2.3):
    """Vertices and faces of a body of superellipse sections; rows of (z, half width y, half depth x, middle x)."""
    sections = smooth(rows, count)
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    c, s = np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)
    vertices = np.concatenate([np.c_[mid + deep * c, wide * s, np.full(around, z)] for z, wide, deep, mid in sections])
    return tubed(vertices, count, around, 1)


def tubed(vertices, count, around, outward):
    """Vertices and faces of `count` rings of `around` vertices, closed by a cap at either end; outward: 1, or -1 where they run back."""
    faces = []
    for i in range(count - 1):
        a, b = i * around, (i + 1) * around
        for j in range(around):
            k = (j + 1) % around
            faces += [(a + j, a + k, b + k), (a + j, b + k, b + j)] if outward > 0 else [(a + j, b + k, a + k), (a + j, b + j, b + k)]
    for ring, turn in ((0, -outward), (count - 1, outward)):
        vertices = np.vstack([vertices, vertices[ring * around : (ring + 1) * around].mean(axis=0)])
        for j in range(around):
            ends = (ring * around + j, ring * around + (j + 1) % around)
            faces.append((*ends[::turn], len(vertices) - 1))
    return vertices, faces


def shapes():
    """The meshes by name, each in the frame of its segment, for a person one metre tall."""
    trunk = [
        (0.560, 0.060, 0.050, 0.002), (0.572, 0.086, 0.066, 0.003), (0.600, 0.089, 0.068, 0.004), (0.640, 0.087, 0.066, 0.005),
        (0.700, 0.092, 0.067, 0.003), (0.745, 0.098, 0.069, 0.002), (0.780, 0.101, 0.064, -0.002), (0.806, 0.102, 0.054, -0.006),
        (0.822, 0.092, 0.046, -0.010), (0.834, 0.072, 0.041, -0.011), (0.845, 0.052, 0.038, -0.010), (0.855, 0.040, 0.035, -0.009),
    ]  # fmt: skip
    collar = [
        (0.842, 0.037, 0.036, -0.008), (0.852, 0.0385, 0.0375, -0.008), (0.862, 0.036, 0.035, -0.006),
        (0.866, 0.031, 0.030, -0.005),
    ]  # fmt: skip
    neck = [
        (0.835, 0.033, 0.033, -0.008), (0.855, 0.0305, 0.031, -0.006), (0.880, 0.0295, 0.031, -0.002),
        (0.900, 0.030, 0.032, 0.0),
    ]  # fmt: skip
    head = [
        (0.867, 0.006, 0.006, 0.034), (0.869, 0.016, 0.018, 0.026), (0.875, 0.025, 0.031, 0.018), (0.886, 0.033, 0.043, 0.011),
        (0.902, 0.040, 0.052, 0.006), (0.922, 0.0445, 0.057, 0.003), (0.945, 0.0475, 0.0605, 0.0), (0.965, 0.0465, 0.0595, -0.002),
        (0.981, 0.040, 0.0525, -0.004), (0.992, 0.029, 0.038, -0.005), (0.998, 0.015, 0.020, -0.006), (1.000, 0.004, 0.005, -0.006),
    ]  # fmt: skip
    hips = [
        (0.470, 0.030, 0.030, -0.004), (0.478, 0.060, 0.050, -0.006), (0.500, 0.088, 0.062, -0.008), (0.530, 0.098, 0.069, -0.008),
        (0.560, 0.094, 0.070, -0.001), (0.590, 0.0905, 0.0695, 0.003), (0.602, 0.090, 0.069, 0.004), (0.606, 0.070, 0.055, 0.004),
    ]  # fmt: skip

    upper = [(0.030, 0.006, 0.006, 0), (0.027, 0.018, 0.019, 0), (0.014, 0.031, 0.034, 0), (-0.008, 0.035, 0.037, 0),
                 (-0.06, 0.031, 0.032, 0), (-0.12, 0.028, 0.028, 0), (-0.186, 0.026, 0.026, 0), (-0.205, 0.019, 0.019, 0),
                 (-0.211, 0.006, 0.006, 0)][::-1]  # fmt: skip
    fore = [(0.022, 0.006, 0.006, 0), (0.016, 0.018, 0.018, 0), (0.0, 0.026, 0.026, 0), (-0.035, 0.0265, 0.0265, 0),
                (-0.09, 0.0215, 0.0215, 0), (-0.132, 0.0185, 0.0185, 0), (-0.138, 0.0195, 0.0195, 0), (-0.146, 0.0195, 0.0195, 0),
                (-0.148, 0.015, 0.015, 0)][::-1]  # fmt: skip
    palm = [(-0.060, 0.004, 0.010, 0.0), (-0.0585, 0.0085, 0.022, 0.0), (-0.050, 0.0105, 0.0255, 0.0), (-0.030, 0.0115, 0.0255, 0.001),
            (-0.012, 0.0120, 0.0195, 0.001), (0.0, 0.0125, 0.0155, 0.0), (0.012, 0.013, 0.0155, 0.0)]  # fmt: skip
    thigh = [(0.050, 0.008, 0.008, 0), (0.044, 0.028, 0.034, 0), (0.015, 0.047, 0.058, -0.002), (-0.03, 0.051, 0.061, -0.002),
                 (-0.09, 0.050, 0.055, 0),
                 (-0.17, 0.042, 0.044, 0), (-0.235, 0.036, 0.038, 0.001), (-0.262, 0.034, 0.035, 0), (-0.279, 0.022, 0.022, 0),
                 (-0.284, 0.006, 0.006, 0)][::-1]  # fmt: skip
    shank = [(0.030, 0.006, 0.006, 0), (0.024, 0.022, 0.022, 0), (0.0, 0.035, 0.035, 0), (-0.07, 0.0345, 0.036, -0.006),
                 (-0.15, 0.0305, 0.031, -0.003), (-0.215, 0.029, 0.029, 0), (-0.236, 0.0295, 0.0295, 0.001),
                 (-0.240, 0.024, 0.024, 0.001)][::-1]  # fmt: skip
    found = {
        "torso": loft(shifted(trunk, LUMBAR_Z), 30, 32, 2.5),
        "collar": loft(shifted(collar, LUMBAR_Z), 10, 32, 2.0),
        "neck": loft(shifted(neck, NECK_Z), 10, 24, 2.0),
        "head": loft(shifted(head, NECK_Z), 30, 28, 2.15),
        "pelvis": loft(shifted(hips, HIP_Z), 20, 28, 2.5),
        "upper_arm": loft(upper, 18, 20, 2.0),
        "forearm": loft(fore, 18, 20, 2.0),
        "palm": loft(palm, 16, 20, 2.6),
        "thigh": loft(thigh, 20, 22, 2.1),
        "shank": loft(shank, 20, 20, 2.0),
        "hair": hair(),
        "shoe": shoe(),
    }
    return found


def shifted(rows, by):
    return [(z - by, *rest) for z, *rest in rows]


def hair():
    """A cap over the skull: an ellipsoid a little larger than the head, cut along a line from the forehead down to the nape."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 32, endpoint=False), np.linspace(0, 1, 14))
    x, y = np.cos(u), np.sin(u)
    # polar angle from the crown at which the hair ends: high over the forehead, low at the nape, over the ears between
    end = np.radians(66) + np.radians(48) * (0.5 - 0.5 * x) ** 0.8
    polar = v * end
    rise = np.sin(polar) ** 0.9  # rounder over the crown than an ellipsoid, as the head is
    px = -0.003 + 0.0665 * rise * x
    py = 0.0535 * rise * y
    pz = (0.944 - NECK_Z) + 0.0610 * np.cos(polar)
    vertices = np.stack([px, py, pz], axis=-1).reshape(-1, 3)
    inner = vertices * [0.93, 0.93, 1.0] - [0, 0, 0.003]
    around, rings = 32, 14
    faces = []
    for i in range(rings - 1):
        for j in range(around):
            a, b, c, d = (
                i * around + j,
                i * around + (j + 1) % around,
                (i + 1) * around + (j + 1) % around,
                (i + 1) * around + j,
            )
            faces += [(a, d, c), (a, c, b)] if i else [(a, d, c)]
    n = len(vertices)
    last = (rings - 1) * around
    for j in range(around):
        a, b = last + j, last + (j + 1) % around
        faces += [(a, n + a, n + b), (a, n + b, b)]
    for i in range(rings - 1):
        for j in range(around):
            a, b, c, d = (n + i * around + j, n + i * around + (j + 1) % around, n + (i + 1) * around + (j + 1) % around,
                          n + (i + 1) * around + j)  # fmt: skip
            faces += [(a, c, d), (a, b, c)] if i else [(a, c, d)]
    return np.vstack([vertices, inner]), faces


def shoe():
    """Lofted along x from heel to toe; frame at the ankle, z up."""
    rows = [  # x, half width, top z, bottom z
        (-0.040, 0.010, -0.018, -0.030), (-0.037, 0.020, -0.006, -0.038), (-0.020, 0.024, 0.006, -0.039), (0.005, 0.0245, 0.004, -0.039),
        (0.035, 0.026, -0.010, -0.039), (0.070, 0.0295, -0.018, -0.039), (0.095, 0.028, -0.021, -0.038), (0.108, 0.021, -0.024, -0.036),
        (0.112, 0.010, -0.028, -0.033),
    ]  # fmt: skip
    sections = smooth(rows, 26)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    c, s = np.sign(c) * np.abs(c) ** 0.75, np.sign(s) * np.abs(s) ** 0.75
    vertices = np.concatenate(
        [np.c_[np.full(24, x), wide * c, (top + low) / 2 + (top - low) / 2 * s] for x, wide, top, low in sections]
    )
    return tubed(vertices, 26, 24, -1)
