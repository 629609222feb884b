"""What the parts' `generate.py` share: bodies of revolution, bars, meshes, numbers and boxes as MJCF writes them, default classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

Mesh = tuple[np.ndarray, np.ndarray]  # vertices (m, 3) [m], faces (k, 3)
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


def revolve_ring(sections: Sequence[Sequence[tuple[float, float]]], segments: int) -> Mesh:
    """Turns closed sections, (radius, height) [m] of each corner, round z, as one mesh: vertices (m, 3) [m], faces (k, 3)."""
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


def smooth(points: np.ndarray, count: int) -> np.ndarray:
    """Points (m, 2) along a Catmull-Rom curve through points (n, 2), `count` from each to the next."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    out = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:]):
        for t in np.arange(count) / count:
            out.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            )
    return np.array([*out, points[-1]])


def tube(line: np.ndarray, radius: float, around: int = 12) -> Mesh:
    """A bar round a line (n, 2) [m] in the x-z plane, a little flat towards the fingers: vertices (m, 3) [m], faces (k, 3)."""
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    angle = 2 * np.pi * np.arange(around) / around
    vertices = []
    for (x, z), (dx, dz) in zip(line, along):
        for a in angle:
            side, out = 1.25 * radius * np.cos(a), radius * np.sin(a)
            vertices.append((x - dz * out, side, z + dx * out))
    faces = []
    for i in range(len(line) - 1):
        for j in range(around):
            a, b = i * around + j, i * around + (j + 1) % around
            c, d = a + around, b + around
            faces += [(a, d, b), (a, c, d)]
    start, end = len(vertices), len(vertices) + 1
    vertices += [(line[0, 0], 0.0, line[0, 1]), (line[-1, 0], 0.0, line[-1, 1])]
    last = (len(line) - 1) * around
    for j in range(around):
        faces += [(start, j, (j + 1) % around), (end, last + (j + 1) % around, last + j)]
    return np.array(vertices), np.array(faces)


def rounded(width: float, length: float, corner: float, radius: float, count: int) -> np.ndarray:
    """(4 count, 2) points [m] of a rectangle round the origin, width along x.

    Args:
        corner: from its edges to the middles of its quarter circles [m]; radius: of these [m]; count: points of each.
    """
    points = []
    for sx, sy, start in ((1, 1, 0.0), (-1, 1, 0.5), (-1, -1, 1.0), (1, -1, 1.5)):
        middle = np.array([sx * (width / 2 - corner), sy * (length / 2 - corner)])
        for a in np.pi * (start + np.linspace(0, 0.5, count)):
            points.append(middle + radius * np.array([np.cos(a), np.sin(a)]))
    return np.array(points)


def numbers(values: Iterable[float], digits: int = 5) -> str:
    """Numbers for an MJCF attribute, without trailing zeros."""
    return " ".join(f"{round(float(v), digits) + 0.0:g}" for v in values)


def mesh(name: str, made: Mesh, smoothed: bool | None = True) -> str:
    """The `mesh` element of vertices and faces; None leaves the engine's own smoothing."""
    vertices, faces = made
    smooth = "" if smoothed is None else f' smoothnormal="{str(smoothed).lower()}"'
    return (
        f'    <mesh name="{name}"{smooth} inertia="shell"\n'
        f'      vertex="{numbers(vertices.ravel())}"\n      face="{" ".join(map(str, faces.ravel()))}"/>'
    )


def feet(radius: float, size: float) -> str:
    """Four points of `FOOT` on a ring, which stand on any shape and cost few constraints; radii of the ring and of each [m]."""
    around = 2 * np.pi * (np.arange(4) + 0.5) / 4
    return "\n".join(
        f'      <geom name="foot_{i}" class="foot" pos="{numbers((radius * np.cos(a), radius * np.sin(a), size))}" size="{size:g}"/>'
        for i, a in enumerate(around)
    )


def seen(kind: str, material: str, **more: str) -> str:
    """The geom of a shape that is only seen; `more`: its other attributes, in the order in which they are written."""
    rest = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<geom class="visual" type="{kind}"{rest} material="{material}"/>'


def box(pos: Iterable[float], size: Iterable[float], look: str = "", name: str = "") -> str:
    """The geom of a box by its middle and its half sizes [m]: seen where it has a look, its material; else touched."""
    if look:
        return seen("box", look, pos=numbers(pos), size=numbers(size))
    return f'<geom name="{name}" class="collision" type="box" pos="{numbers(pos)}" size="{numbers(size)}"/>'


def span(low: Sequence[float], high: Sequence[float], name: str = "", look: str = "") -> str:
    """The geom of a box between two corners [m]: touched where it has a name, and its class says that it is a box; else seen."""
    pos, size = [(a + b) / 2 for a, b in zip(low, high)], [(b - a) / 2 for a, b in zip(low, high)]
    if name:
        return f'<geom name="{name}" class="collision" pos="{numbers(pos)}" size="{numbers(size)}"/>'
    return box(pos, size, look)


def ring_of_boxes(name: str, count: int, low: Sequence[float], high: Sequence[float], thickness: float) -> list[str]:
    """Collision boxes `name_0` ... in a ring, as the wall of a round vessel; box 0 faces +x, neighbours overlap, so nothing slips through.

    Args:
        low, high: radius outside and height of the lower and the upper end [m].
    """
    begin, end = np.array(low), np.array(high)
    along = (end - begin) / np.linalg.norm(end - begin)
    middle = (begin + end) / 2 - np.array([along[1], -along[0]]) * thickness / 2
    lean, half = np.arctan2(along[0], along[1]), end[0] * np.tan(np.pi / count)
    lines = []
    for i in range(count):
        a = 2 * np.pi * i / count
        ca, sa, cl, sl = np.cos(a / 2), np.sin(a / 2), np.cos(lean / 2), np.sin(lean / 2)
        pos = (middle[0] * np.cos(a), middle[0] * np.sin(a), middle[1])
        size = (thickness / 2, half, np.linalg.norm(end - begin) / 2)
        lines.append(
            f'      <geom name="{name}_{i}" class="collision" type="box" pos="{numbers(pos)}" '
            f'quat="{numbers((ca * cl, -sa * sl, ca * sl, sa * cl))}" size="{numbers(size)}"/>'
        )
    return lines


def prop_defaults(
    name: str, friction: float, *inner: tuple[str, ...], site: float = 0.004, meets: int = 7, boxes: bool = False
) -> str:
    """The `default` element of a prop: how it looks, what it collides with, its sites.

    Args:
        name: of its class; friction: sliding, of its collision geoms.
        inner: (class, attributes of its geoms, other elements of it) of classes inside `collision`, such as `FOOT`.
        site: [m] radius at which a site is drawn; meets: bits of what its collision geoms meet; boxes: these are boxes where they do
            not say.
    """
    classes, kind = "", _kind(boxes)
    for word, attributes, *others in inner:
        elements = "\n          ".join([*others, f"<geom {attributes}/>"])
        classes += f'\n        <default class="{word}">\n          {elements}\n        </default>'
    collision = f"""group="3"{kind} contype="2" conaffinity="{meets}" condim="4" friction="{friction:g} 0.003 0.0001" solref="0.006 1"
          solimp="0.95 0.99 0.001" density="0"/>{classes}"""
    return default_classes(name, collision, site, "bit 1 robot, bit 2 props and fixtures, bit 4 person; a prop meets all three")


def fixture_defaults(
    name: str, friction: float = 0.4, boxes: bool = False, site: float = 0.006, soft: bool = False
) -> str:
    """The `default` element of a fixture that never moves: how it looks, what collides with it, its sites.

    Args:
        name: of its class; friction: sliding, of its collision geoms; boxes: these are boxes where they do not say.
        site: [m] radius at which a site is drawn; soft: contacts in 10 ms and not in 6, with the engine's own `solimp`.
    """
    contact = 'solref="0.01 1"' if soft else 'solref="0.006 1"\n          solimp="0.95 0.99 0.001"'
    collision = f'group="3"{_kind(boxes)} contype="2" conaffinity="5" condim="3" friction="{friction:g} 0.005 0.0001" {contact}/>'
    return default_classes(name, collision, site, "never moves: the pair with a prop comes about through the prop's own mask")


def leaf_defaults(name: str, contact: float = 0.01, more: str = "") -> str:
    """The `default` element of a fixture with a door that swings: its leaf meets props and people by its own mask.

    Args:
        name: of its class; contact: [s] time constant of its contacts; more: lines of further classes.
    """
    collision = f"""group="3" contype="2" conaffinity="7" condim="3" friction="0.4 0.005 0.0001" solref="{contact:g} 1"
          solimp="0.95 0.99 0.001" density="0"/>"""
    return default_classes(name, collision, 0.006, "bit 1 robot, bit 2 props and fixtures, bit 4 person", more)


def default_classes(name: str, collision: str, site: float, note: str = "", more: str = "") -> str:
    """A `default` element with what all parts' have: the class of what is only seen, that of what collides, how sites are drawn.

    Args:
        collision: attributes of its geoms, up to the end of that class; note: a comment before it; more: lines of further classes.
    """
    comment = f"      <!-- {note} -->\n" if note else ""
    return f"""\
  <default>
    <default class="{name}">
      <default class="visual">
        <geom group="2" contype="0" conaffinity="0" density="0"/>
      </default>
{comment}      <default class="collision">
        <geom {collision}
      </default>
{more}      <site group="4" size="{site:g}" rgba="0.2 0.9 0.3 0.6"/>
    </default>
  </default>"""


def _kind(boxes: bool) -> str:
    return ' type="box"' if boxes else ""


def room_defaults(name: str, site: float = 0.006) -> str:
    """The `default` element of a room: a floor and walls that collide, and what is only seen.

    Args:
        name: of its class; site: [m] radius at which a site is drawn.
    """
    collision = 'group="3" contype="2" conaffinity="5" condim="3" friction="0.8 0.005 0.0001" solref="0.006 1"/>'
    return default_classes(name, collision, site)


def box_inertia(mass: float, size: Sequence[float], share: float = 12.0) -> list[float]:
    """Moments of inertia [kg m2] of a box about its own axes.

    Args:
        mass: [kg]; size: of its edges along x, y, z [m].
        share: 12 of one that is full; less where the mass lies in its walls, more where it lies in the middle.
    """
    x, y, z = size
    return [mass / share * (a * a + b * b) for a, b in ((y, z), (x, z), (x, y))]


def backing(radius: float, floor: float, below: float = 0.012) -> str:
    """The line of a geom that is the floor of a vessel and goes on below it: a loose piece that falls fast comes out under a thin one.

    Props meet it, fixtures do not, as it asks for no bit of theirs: the vessel stands on its feet.

    Args:
        radius: [m]; floor: [m] height of the inner floor; below: [m] how far it goes below the vessel's origin.
    """
    middle, half = (floor - below) / 2, (floor + below) / 2
    return f'      <geom name="backing" class="collision" type="cylinder" pos="0 0 {middle:g}" size="{radius:g} {half:g}" conaffinity="0"/>'
