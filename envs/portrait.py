"""One part alone on a neutral ground: what a catalogue shows of it."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from ..scenarios.grips.grips import Grip
from ..scenarios.parts.part import Part
from ..scenarios.parts.part_catalogue import bounds
from ..scenarios.sheet.errors import ScenarioError
from .grip_drawing import add_grips, name_grips, pointers
from .rendering import make_renderer, shown_groups

AZIMUTH, ELEVATION = 32.0, -24.0  # deg; from before the part and to its right, as whoever works at it sees it
FIELD = 28.0  # deg, of the picture's height: a long lens, which bends nothing
FILLED = 0.86  # share of the picture that the part may take
GROUND = 0.002  # m below the part, so that what lies flat does not flicker
FLOOR_BOX = (0.6, 0.6, 0.6)  # m, looked at where there is only a floor


def portrait(
    part: Part,
    width: int = 640,
    height: int = 480,
    azimuth: float | None = None,
    elevation: float | None = None,
    grips: Sequence[Grip] = (),
) -> np.ndarray:
    """(height, width, 3) uint8 picture of a part as its file poses it, so near that it fills the picture.

    Args:
        grips: drawn beside it, each in a colour of its own: pads, and the way along which the fingers point; named at their ends.

    Raises:
        ScenarioError: the part does not compile; ShiliuError: there is no OpenGL.
    """
    if azimuth is None:  # things turn their front to who stands before them, people look along their own x
        azimuth = AZIMUTH + (180.0 if part.name.startswith("people/") else 0.0)
        azimuth = float(np.rad2deg(part.portrait["azimuth"])) if "azimuth" in part.portrait else azimuth
    if elevation is None:
        elevation = float(np.rad2deg(part.portrait["elevation"])) if "elevation" in part.portrait else ELEVATION
    spec = part.spec()
    try:
        bare = spec.compile()
        ends = bounds(bare)
        endless = ends is None
        low, high = (
            np.array(ends) if ends is not None else np.array([[-s / 2 for s in FLOOR_BOX], [s / 2 for s in FLOOR_BOX]])
        )
        if endless:
            low[2], high[2] = 0.0, 0.05
        drawn = pointers(grips, bare)
        for pointer in drawn:
            low, high = np.minimum(low, pointer.tail), np.maximum(high, pointer.tail)
        add_grips(spec, drawn)
        _light(spec, low, high, width, height, ground=not endless, turned=azimuth - AZIMUTH)
        model = spec.compile()
    except ValueError as error:
        raise ScenarioError(f"It does not compile: {' '.join(str(error).split())}.", file=str(part.file)) from None
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    camera = mujoco.MjvCamera()
    camera.type = mujoco.mjtCamera.mjCAMERA_FREE
    camera.azimuth, camera.elevation = azimuth, elevation
    camera.lookat[:], camera.distance = _framed(low, high, azimuth, elevation, width / height)
    with make_renderer(model, width, height) as renderer:
        renderer.update_scene(data, camera, scene_option=shown_groups())
        picture = renderer.render().copy()
    if not drawn:
        return picture
    tails, heads = (
        _seen(np.array(points), camera, width, height) for points in zip(*((p.tail, p.head) for p in drawn))
    )
    return name_grips(picture, drawn, tails, heads)


def _seen(points: np.ndarray, camera: mujoco.MjvCamera, width: int, height: int) -> np.ndarray:
    """(n, 2) pixels, from the upper left corner, at which points (n, 3) are drawn."""
    forward, right, up = _axes(camera.azimuth, camera.elevation)
    away = points - (np.array(camera.lookat) - camera.distance * forward)
    scale = height / 2.0 / np.tan(np.deg2rad(FIELD / 2.0)) / (away @ forward)
    return np.stack([width / 2.0 + (away @ right) * scale, height / 2.0 - (away @ up) * scale], axis=1)


def _axes(azimuth: float, elevation: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward, right and up of a camera that looks along these angles [deg]."""
    az, el = np.deg2rad([azimuth, elevation])
    forward = np.array([np.cos(az) * np.cos(el), np.sin(az) * np.cos(el), np.sin(el)])
    right = np.array([np.sin(az), -np.cos(az), 0.0])
    return forward, right, np.cross(right, forward)


def _framed(
    low: np.ndarray, high: np.ndarray, azimuth: float, elevation: float, aspect: float
) -> tuple[np.ndarray, float]:
    """Point looked at and distance [m] at which a box just fits into the picture, its middle in the middle."""
    forward, right, up = _axes(azimuth, elevation)
    middle = (low + high) / 2.0
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (high - low) + low - middle
    tall = np.tan(np.deg2rad(FIELD / 2.0)) * FILLED
    distance = 0.0
    for _ in range(3):  # nearer corners look larger: the middle of what is seen is not the middle of the box
        deep = corners @ forward
        distance = max(
            float(np.max(np.abs(corners @ up) / tall - deep)),
            float(np.max(np.abs(corners @ right) / (tall * aspect) - deep)),
        )
        seen = [(corners @ axis) / (distance + deep) for axis in (right, up)]
        shift = sum((s.max() + s.min()) / 2.0 * distance * axis for s, axis in zip(seen, (right, up)))
        middle, corners = middle + shift, corners - shift
    return middle, distance


def _light(
    spec: mujoco.MjSpec, low: np.ndarray, high: np.ndarray, width: int, height: int, ground: bool, turned: float
) -> None:
    """A grey sweep of ground, a pale sky, a key light with soft shadow and a fill; they turn [deg] with who looks."""
    extent = float(np.linalg.norm(high - low))
    middle = (low + high) / 2.0
    spec.stat.extent, spec.stat.center = extent, middle
    visual = spec.visual
    visual.headlight.ambient, visual.headlight.diffuse = [0.42, 0.42, 0.43], [0.28, 0.28, 0.28]
    visual.headlight.specular = [0.1, 0.1, 0.1]
    visual.global_.fovy = FIELD
    visual.global_.offwidth, visual.global_.offheight = max(width, 640), max(height, 480)
    visual.quality.shadowsize, visual.quality.offsamples = 4096, 8
    visual.map.shadowclip, visual.map.zfar, visual.map.znear = 1.2, 100.0, 0.01
    for texture in [t for t in spec.textures if t.type == mujoco.mjtTexture.mjTEXTURE_SKYBOX]:
        spec.delete(texture)
    spec.add_texture(
        name="portrait_sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.95, 0.96, 0.97], rgb2=[0.80, 0.83, 0.87], width=128, height=128,
    )  # fmt: skip
    if ground:
        spec.add_material(name="portrait_ground", rgba=[0.86, 0.87, 0.88, 1.0], specular=0.0)
        spec.worldbody.add_geom(
            name="portrait_ground", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[30 * extent, 30 * extent, 0.1],
            pos=[middle[0], middle[1], low[2] - GROUND * min(extent, 1.0)], material="portrait_ground", contype=0, conaffinity=0,
        )  # fmt: skip
    c, s = np.cos(np.deg2rad(turned)), np.sin(np.deg2rad(turned))
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    for name, toward, colour, shadow in (
        ("portrait_key", np.array([0.70, -0.20, -1.0]), [0.46, 0.45, 0.43], True),
        ("portrait_fill", np.array([0.5, 0.8, -0.6]), [0.20, 0.21, 0.23], False),
    ):
        way = turn @ toward
        spec.worldbody.add_light(
            name=name, type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=middle - 2.0 * extent * way, dir=way,
            diffuse=colour, specular=[0.25, 0.25, 0.25] if shadow else [0, 0, 0], castshadow=shadow,
        )  # fmt: skip
