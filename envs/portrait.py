"""One part alone on a neutral ground: what a catalogue shows of it.

Grips are drawn on it as two pads and the way along which the fingers point, each in one colour, with a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ..scenarios.grips.grips import Grip
from ..scenarios.parts.part import Part
from ..scenarios.parts.part_catalogue import bounds
from ..scenarios.parts.pose import posed, quat_of
from ..scenarios.sheet.errors import ScenarioError
from .rendering import make_renderer, shown_groups

AZIMUTH, ELEVATION = 32.0, -24.0  # deg; from before the part and to its right, as whoever works at it sees it
FIELD = 28.0  # deg, of the picture's height: a long lens, which bends nothing
FILLED = 0.86  # share of the picture that the part may take
GROUND = 0.002  # m below the part, so that what lies flat does not flicker
FLOOR_BOX = (0.6, 0.6, 0.6)  # m, looked at where there is only a floor
PAD = (0.010, 0.0015, 0.020)  # m, half of a pad as it is drawn, along x, y and z of the grip
SHAFT = 0.0018  # m, half as thick as the way is drawn
LONG = 0.06  # m of the way that is drawn
ENDS, CLEAR = 0.022, 0.004  # m before the pads' middle where the way ends at the latest, and before the part's surface
LOOKS = 0.16  # m before the pads' middle from where the surface is looked for
COLOURS = (  # of one grip after the other, as red, green, blue
    (0.13, 0.47, 0.71),
    (0.90, 0.45, 0.05),
    (0.17, 0.63, 0.17),
    (0.80, 0.15, 0.16),
    (0.58, 0.40, 0.74),
    (0.55, 0.34, 0.29),
    (0.84, 0.35, 0.68),
    (0.40, 0.40, 0.42),
)


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


@dataclass(frozen=True)
class Pointer:
    """One way to take a grip: its pads lie `at` with the rotation `turn` of the hand, which comes from `tail` to `head`."""

    text: str
    colour: tuple[float, float, float]
    at: np.ndarray
    turn: np.ndarray
    width: float
    tail: np.ndarray
    head: np.ndarray


def pointers(grips: Sequence[Grip], model: mujoco.MjModel) -> list[Pointer]:
    """What is drawn of grips: the first way of each, up to the surface of the part's model; one colour a name."""
    data = posed(model)
    names = list(dict.fromkeys(grip.name for grip in grips))
    rows = []
    for grip in grips:
        if not grip.ways:
            continue
        turn = grip.ways[0]
        force = "" if not grip.needed else f", {grip.needed:.{0 if grip.needed >= 10 else 1}f} N"
        text = (
            f"{grip.name}{f' ({grip.at})' if grip.at not in ('', grip.name) else ''}: {grip.width * 1e3:.0f} mm{force}"
        )
        colour = COLOURS[names.index(grip.name) % len(COLOURS)]
        way = turn[:, 2].copy()
        far = mujoco.mj_ray(model, data, grip.position - LOOKS * way, way, None, 1, -1, np.zeros(1, np.int32))
        head = grip.position - (max(LOOKS - far + CLEAR, ENDS) if far > 0.0 else ENDS) * way
        rows.append(Pointer(text, colour, grip.position, turn, grip.width, head - LONG * way, head))
    return rows


def add_grips(spec: mujoco.MjSpec, drawn: Sequence[Pointer]) -> None:
    """Put pads and ways into a spec, as shapes that nothing touches."""
    shape = mujoco.mjtGeom
    for pointer in drawn:
        quat = quat_of(pointer.turn)
        look = {"contype": 0, "conaffinity": 0, "group": 2, "density": 0.0}
        for side in (-1.0, 1.0):
            away = side * (pointer.width / 2.0 + PAD[1] + 0.0005)
            spec.worldbody.add_geom(
                type=shape.mjGEOM_BOX, size=PAD, pos=pointer.at + away * pointer.turn[:, 1], quat=quat,
                rgba=[*pointer.colour, 0.75], **look,
            )  # fmt: skip
        ends = [pointer.tail, pointer.head]
        spec.worldbody.add_geom(
            type=shape.mjGEOM_CAPSULE,
            size=[SHAFT, 0, 0],
            fromto=np.concatenate(ends),
            rgba=[*pointer.colour, 1.0],
            **look,
        )
        for side in (-1.0, 1.0):  # the barbs of the arrow's head
            barb = ends[1] - 0.014 * pointer.turn[:, 2] + side * 0.010 * pointer.turn[:, 1]
            spec.worldbody.add_geom(
                type=shape.mjGEOM_CAPSULE, size=[SHAFT, 0, 0], fromto=np.concatenate([ends[1], barb]),
                rgba=[*pointer.colour, 1.0], **look,
            )  # fmt: skip


def name_grips(picture: np.ndarray, drawn: Sequence[Pointer], tails: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """The picture with the name of each grip where its way begins; names keep clear of one another.

    Args:
        picture: (height, width, 3) uint8.
        tails, heads: (n, 2) pixels of where the ways begin and end.
    """
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.fromarray(picture)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=max(13, picture.shape[0] // 45))
    taken: list[tuple[float, float, float, float]] = []
    for pointer, tail, head in sorted(zip(drawn, tails, heads), key=lambda row: row[1][1]):
        left, top, right, bottom = pen.textbbox((0, 0), pointer.text, font=font)
        wide, tall = right - left + 8, bottom - top + 6
        away = (tail - head) / max(float(np.linalg.norm(tail - head)), 1.0)
        x, y = tail + away * (abs(away[0]) * wide + abs(away[1]) * tall + 12) / 2  # beyond the tail, off the way
        x0 = float(np.clip(x - wide / 2, 2, picture.shape[1] - wide - 2))
        y0 = float(np.clip(y - tall / 2, 2, picture.shape[0] - tall - 2))
        while any(x0 < t[2] and t[0] < x0 + wide and y0 < t[3] and t[1] < y0 + tall for t in taken):
            y0 += 4
        taken.append((x0, y0, x0 + wide, y0 + tall))
        ink = tuple(int(255 * c) for c in pointer.colour)
        pen.rounded_rectangle((x0, y0, x0 + wide, y0 + tall), 4, fill=(255, 255, 255), outline=ink, width=2)
        pen.text((x0 + 4 - left, y0 + 3 - top), pointer.text, fill=ink, font=font)
    return np.asarray(sheet).copy()
