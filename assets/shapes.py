"""What the parts' `generate.py` share: bodies of revolution, numbers as MJCF writes them, the default classes of a prop."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

FOOT = ("foot", 'type="sphere" condim="3"')  # a small sphere that a prop stands on


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


def prop_defaults(name: str, friction: float, *inner: tuple[str, str], site: float = 0.004) -> str:
    """The `default` element of a prop: how it looks, what it collides with, its sites.

    Args:
        name: of its class; friction: sliding, of its collision geoms.
        inner: (class, attributes of its geoms) of classes inside `collision`, such as `FOOT`.
        site: [m] radius at which a site is drawn.
    """
    classes = "".join(
        f'''
        <default class="{word}">
          <geom {attributes}/>
        </default>'''
        for word, attributes in inner
    )
    return f"""\
  <default>
    <default class="{name}">
      <default class="visual">
        <geom group="2" contype="0" conaffinity="0" density="0"/>
      </default>
      <!-- bit 1 robot, bit 2 props and fixtures, bit 4 person; a prop meets all three -->
      <default class="collision">
        <geom group="3" contype="2" conaffinity="7" condim="4" friction="{friction:g} 0.003 0.0001" solref="0.006 1"
          solimp="0.95 0.99 0.001" density="0"/>{classes}
      </default>
      <site group="4" size="{site:g}" rgba="0.2 0.9 0.3 0.6"/>
    </default>
  </default>"""
