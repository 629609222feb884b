"""Meshes of the parts' own drawings: bodies of revolution, and numbers as MJCF writes them. Used by the parts' `generate.py`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def revolve(profile: np.ndarray, segments: int) -> tuple[np.ndarray, np.ndarray]:
    """Turns a half profile round z.

    Args:
        profile: (n, 2) radius and height [m]; first and last radius are 0.
        segments: corners of each circle.

    Returns:
        vertices (m, 3) [m] and faces (k, 3), outward by the right hand when the profile runs outside first.
    """
    angle = 2 * np.pi * np.arange(segments) / segments
    inner = profile[1:-1]
    rings = np.stack(
        [
            np.outer(inner[:, 0], np.cos(angle)),
            np.outer(inner[:, 0], np.sin(angle)),
            np.repeat(inner[:, 1:], segments, axis=1),
        ],
        axis=-1,
    ).reshape(-1, 3)
    vertices = np.vstack([rings, [[0, 0, profile[0, 1]], [0, 0, profile[-1, 1]]]])
    bottom, top, rows = len(rings), len(rings) + 1, len(inner)
    faces = []
    for j in range(segments):
        k = (j + 1) % segments
        faces.append((bottom, k, j))
        for i in range(rows - 1):
            a, b, c, d = i * segments + j, i * segments + k, (i + 1) * segments + j, (i + 1) * segments + k
            faces += [(a, b, d), (a, d, c)]
        faces.append((top, (rows - 1) * segments + j, (rows - 1) * segments + k))
    return vertices, np.array(faces)


def numbers(values: Iterable[float], digits: int = 5) -> str:
    """Numbers for an MJCF attribute, without trailing zeros."""
    return " ".join(f"{round(float(v), digits) + 0.0:g}" for v in values)
