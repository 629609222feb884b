"""Light and picture quality of every scene, and what of it casts shadows; nothing here touches physics."""

from __future__ import annotations

import mujoco
import numpy as np

from ..reading.config import ScenarioConfig

KEY = "key"  # the light that casts shadows
FROM, ALONG = (-1.5, -1.5, 3.5), (0.5, 0.45, -1.0)  # m; the shadow map's middle lies on this line
EXTENT, CLIP = 1.6, 2.5  # m, and half the width of the shadow map as a multiple of it
SOUND = 0.6  # share of the map's half on the light's side: further out a texel is shadowed by its neighbour, and a floor shows a moire
AROUND = 1.0  # m of floor around what stands in a scene


def largest_picture(config: ScenarioConfig) -> tuple[int, int]:
    """Width and height [pixels] up to which pictures of a scene can be drawn."""
    return max(1920, *(c.size[0] for c in config.cameras), 0), max(1440, *(c.size[1] for c in config.cameras), 0)


def add_light(spec: mujoco.MjSpec, config: ScenarioConfig) -> None:
    """Two lights, and the quality of pictures; the shadow map covers the work place."""
    spec.visual.headlight.ambient = [0.35, 0.35, 0.36]
    spec.visual.headlight.diffuse = [0.25, 0.25, 0.25]
    spec.visual.headlight.specular = [0.1, 0.1, 0.1]
    spec.stat.extent, spec.stat.center = EXTENT, [0.4, 0.1, 0.9]
    spec.visual.map.shadowclip = CLIP
    spec.visual.quality.shadowsize = 8192
    spec.visual.quality.offsamples = 8
    spec.visual.global_.offwidth, spec.visual.global_.offheight = largest_picture(config)
    light = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    spec.worldbody.add_light(
        name=KEY,
        type=light,
        pos=list(FROM),
        dir=list(ALONG),
        diffuse=[0.62, 0.60, 0.57],
        specular=[0.3, 0.3, 0.3],
        castshadow=True,
    )
    spec.worldbody.add_light(
        name="fill",
        type=light,
        pos=[-1.0, 2.5, 2.5],
        dir=[0.3, -0.8, -0.6],
        diffuse=[0.22, 0.23, 0.26],
        specular=[0, 0, 0],
        castshadow=False,
    )


def drop_looks(part: mujoco.MjSpec) -> None:
    """Take out of a part what is only seen: shapes, skins, materials."""
    for skin in list(part.skins):
        part.delete(skin)
    part.discard_visual()


def add_sky(spec: mujoco.MjSpec) -> None:
    """What is seen where a room ends."""
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.86, 0.90, 0.95],
        rgb2=[0.55, 0.63, 0.73],
        width=256,
        height=256,
    )


def fit_shadows(spec: mujoco.MjSpec, data: mujoco.MjData) -> None:
    """Widen and move the shadow map where the scene reaches beyond it; one that it covers stays as it is.

    Args:
        spec: the scene's, with its looks.
        data: of the model that was compiled from it, with its bodies placed.
    """
    along = np.array(ALONG) / np.linalg.norm(ALONG)
    across = np.cross(along, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    plane = np.stack([across, np.cross(across, along)])  # the map's: across the light, and away from where it comes
    seen = (standing(data) - FROM) @ plane.T
    if _half(seen) <= EXTENT * CLIP:
        return
    seen = (standing(data, AROUND) - FROM) @ plane.T
    middle = (seen.min(axis=0) + seen.max(axis=0)) / 2.0
    half = _half(seen - middle)
    spec.light(KEY).pos = FROM + middle @ plane - half * along  # so far back that nothing stands behind it
    spec.visual.map.shadowclip = half / EXTENT


def _half(seen: np.ndarray) -> float:
    """Half the width [m] of a map about the origin in which the shadows of points (n, 2) are sound, however it is turned."""
    return float(max(np.hypot(*seen.T).max(), -seen[:, 1].min() / SOUND))


def standing(data: mujoco.MjData, around: float = 0.0) -> np.ndarray:
    """(n, 3) corners [m] of all that is seen in a scene but the room, which is the tree that has the floor.

    Args:
        around: m, by which each corner is moved outwards along x and y.
    """
    model = data.model
    touched = (model.geom_contype | model.geom_conaffinity) != 0
    root = model.body_rootid[model.geom_bodyid]
    rooms = set(root[touched & (model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE)])
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    found = []
    for i in np.flatnonzero(np.isin(model.geom_group, (0, 2))):
        if root[i] not in rooms:
            middle, size = model.geom_aabb[i, :3], model.geom_aabb[i, 3:]
            if model.geom_type[i] == mujoco.mjtGeom.mjGEOM_PLANE:  # its box has no end
                middle, size = np.zeros(3), np.array([*model.geom_size[i, :2], 0.0])
            found.append(data.geom_xpos[i] + (middle + corners * size) @ data.geom_xmat[i].reshape(3, 3).T)
    points = np.concatenate(found)
    outwards = np.sign(points - (points.min(axis=0) + points.max(axis=0)) / 2.0)
    return points + around * outwards * [1.0, 1.0, 0.0]
