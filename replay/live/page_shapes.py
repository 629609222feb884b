"""What a page draws of a model: bodies that move, and on each the shapes that are seen; cloth by its vertices.

A texture is shown as its mean colour: a page is for seeing where things are. Pictures of a recording are the renderer's alone.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import mujoco
import numpy as np

from ...envs.rendering import shown_groups

MESHES, FRAME, GHOST = 1, 2, 3  # first number of a message of bytes
GEOM = {int(kind): kind.name.removeprefix("mjGEOM_").lower() for kind in mujoco.mjtGeom.__members__.values()}


def shapes(model: mujoco.MjModel) -> dict[str, Any]:
    """Plain JSON of a model with its looks: `bodies` (names), `geoms`, `sites`, `flexes`; lengths [m], quaternions w first."""
    seen = shown_groups().geomgroup
    geoms = [_geom(model, g) for g in range(model.ngeom) if seen[model.geom_group[g]] and model.geom_rgba[g][3] > 0]
    sites = [
        {
            "name": model.site(s).name.replace("/", ".", 1),
            "body": int(model.site_bodyid[s]),
            "pos": model.site_pos[s].tolist(),
        }
        for s in range(model.nsite)
        if model.site(s).name
    ]
    flexes = []
    for f in range(model.nflex):
        first, n = int(model.flex_vertadr[f]), int(model.flex_vertnum[f])
        at, count = int(model.flex_elemdataadr[f]), int(model.flex_elemnum[f])
        if int(model.flex_dim[f]) == 2:
            faces = model.flex_elem[at : at + 3 * count]
        else:
            shell = int(model.flex_shelldataadr[f])
            faces = model.flex_shell[shell : shell + int(model.flex_dim[f]) * int(model.flex_shellnum[f])]
        rgba = _colour(model, int(model.flex_matid[f]), model.flex_rgba[f])
        flexes.append({"first": first, "n": n, "faces": faces.tolist(), "rgba": rgba})
    return {
        "bodies": [model.body(b).name for b in range(model.nbody)],
        "geoms": geoms,
        "sites": sites,
        "flexes": flexes,
    }


def standing_view(model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Any] | None:
    """Where a page looks from first, as a standing camera of the scene does: `pos` and `target` (3,) [m]; None where there is none."""
    names = [model.camera(c).name for c in range(model.ncam) if model.cam_bodyid[c] == 0]
    if not names:
        return None
    camera = data.camera("overview" if "overview" in names else names[0])
    ahead = -camera.xmat.reshape(3, 3)[:, 2]
    return {"pos": camera.xpos.tolist(), "target": (camera.xpos + 1.5 * ahead).tolist()}


def _geom(model: mujoco.MjModel, g: int) -> dict[str, Any]:
    kind = GEOM[int(model.geom_type[g])]
    found = {
        "body": int(model.geom_bodyid[g]),
        "type": kind,
        "size": model.geom_size[g].tolist(),
        "pos": model.geom_pos[g].tolist(),
        "quat": model.geom_quat[g].tolist(),
        "rgba": _colour(model, int(model.geom_matid[g]), model.geom_rgba[g]),
    }
    return found | ({"mesh": int(model.geom_dataid[g])} if kind == "mesh" else {})


def _colour(model: mujoco.MjModel, material: int, rgba: np.ndarray) -> list[float]:
    """Colour (4,) 0..1 of a shape, its texture evened out."""
    if material < 0:
        return [float(v) for v in rgba]
    colour = model.mat_rgba[material].astype(float).copy()
    texture = int(model.mat_texid[material][int(mujoco.mjtTextureRole.mjTEXROLE_RGB)])
    if texture >= 0:
        channels = int(model.tex_nchannel[texture])
        at = int(model.tex_adr[texture])
        size = int(model.tex_height[texture]) * int(model.tex_width[texture]) * channels
        pixels = model.tex_data[at : at + size].reshape(-1, channels)[::97, :3]
        colour[:3] *= pixels.mean(axis=0) / 255.0
    return [float(v) for v in colour]


def meshes(model: mujoco.MjModel) -> tuple[str, bytes]:
    """Digest and message of all meshes: for each the numbers of its vertices and of its triangles, then all of them, triangles unshared.

    The message is uint32 `MESHES`, uint32 n, n times uint32 count of corners; then float32 (corners, 3) places, one after the other.
    """
    corners = []
    for m in range(model.nmesh):
        first, n = int(model.mesh_vertadr[m]), int(model.mesh_vertnum[m])
        face, count = int(model.mesh_faceadr[m]), int(model.mesh_facenum[m])
        places = model.mesh_vert[first : first + n]
        corners.append(np.ascontiguousarray(places[model.mesh_face[face : face + count].ravel()], np.float32))
    head = struct.pack(f"<{2 + len(corners)}I", MESHES, len(corners), *map(len, corners))
    message = head + b"".join(one.tobytes() for one in corners)
    return hashlib.sha256(message).hexdigest(), message


def frame(data: mujoco.MjData, time: float, kind: int = FRAME) -> bytes:
    """Message of where all is: uint32 `kind`, float32 time [s], (nbody, 7) places and quaternions, (vertices, 3) of cloth."""
    model = data.model
    poses = np.empty((model.nbody, 7), np.float32)
    poses[:, :3], poses[:, 3:] = data.xpos, data.xquat
    soft = data.flexvert_xpos.astype(np.float32).tobytes() if model.nflex else b""
    return struct.pack("<If", kind, time) + poses.tobytes() + soft


class PosedModel:
    """A model with its looks, posed by the qpos of the physics model, which has the same joints."""

    def __init__(self, model: mujoco.MjModel):
        self.model, self.data = model, mujoco.MjData(model)

    def posed_cameras(self) -> mujoco.MjData:
        """Its data with cameras where the last frame puts them."""
        mujoco.mj_camlight(self.model, self.data)
        return self.data

    def frame(self, qpos: np.ndarray, time: float = 0.0, kind: int = FRAME) -> bytes:
        """`frame` with everything at qpos (nq,)."""
        self.data.qpos[:] = qpos
        mujoco.mj_kinematics(self.model, self.data)
        if self.model.nflex:
            mujoco.mj_comPos(self.model, self.data)
            mujoco.mj_flex(self.model, self.data)
        return frame(self.data, time, kind)
