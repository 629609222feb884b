"""How a cloth touches what is solid, and itself: with all of its surface, or with its vertices (`physics: {cloth: vertices}`).

The engine collides each triangle of a flex with each shape and gives three contacts for one that lies flat: a vertex that six
triangles share meets the table six times. A towel of 25 x 13 vertices on a table has 1732 contacts that
way, and half of a physics step goes into them, where 325 say the same: a flat triangle lies on a flat thing where its corners
do. So a weightless ball of the cloth's thickness at each vertex meets what is solid in the scene, while hands, people, other
cloth and the cloth itself meet the surface, since a pad or a finger fits between two vertices.

A surface that meets a box or a capsule is not seen by the engine (3.17) where the cloth's own edge crosses it between two vertices:
a finger comes into a hem there, until a vertex or an edge of the finger meets it (`tests/scenarios/test_cloth.py`). The same
shape as a mesh is seen. With `physics: {fingers: tiles}` the boxes of the robot meet cloth as weightless meshes, all else as they are.

What this leaves out: between two vertices an edge or a corner of a solid thing may stand out through the cloth, by no more
than the cloth would have to bend there.

With `physics: {cloth: layers}` the balls keep the layers of a folded cloth apart, too, each from the surface of the other. The
engine collides each triangle of the one layer with each of the other that is near, and tells of two vertices that lie on each
other two dozen times; at a fold it holds triangles apart that share no vertex but lie on the two sides of it, which makes the
fold twice as high as the layers are thick. What this leaves out: two edges that cross without a vertex near by, as in a heap.
"""

from __future__ import annotations

import itertools

import mujoco
import numpy as np

from ..parts.pose import Pose, pose_in_body

WAYS = ("surface", "vertices", "layers")
FINGERS = ("boxes", "tiles")
ROBOT, SOLID, PERSON, CLOTH, TILE = 1, 2, 4, 8, 16  # bits of contype and conaffinity in every part
# m, the longest side of a tile: the engine gives one contact for each triangle and mesh, and pads of one mesh lose what they hold
TILED = 0.010


def meet_by_tiles(spec: mujoco.MjSpec) -> None:
    """Let the boxes of a robot meet cloth as meshes: each has weightless tiles of its own shape, which meet nothing else.

    Rubber, which has friction about its normal (`condim` above 3), is cut into tiles no longer than `TILED`; what else is a box is one.

    Args:
        spec: of a whole scene, in which the parts' names have a prefix and the robot's have none; its cloths are there already.
    """
    for geom in list(spec.geoms):
        if "/" in geom.name or not geom.contype & ROBOT:
            continue
        if geom.type != mujoco.mjtGeom.mjGEOM_BOX:
            geom.contype |= TILE
            continue
        half = np.array(geom.size, float)
        counts = np.maximum(np.ceil(2.0 * half / TILED - 1e-6).astype(int), 1) if geom.condim > 3 else np.ones(3, int)
        place = pose_in_body(geom)
        for k, at in enumerate(itertools.product(*(range(n) for n in counts))):
            name, side = f"{geom.name}_tile_{k}", half / counts
            corners = np.array(list(itertools.product(*((-s, s) for s in side))))
            spec.add_mesh(name=name, uservert=corners.ravel().tolist())
            inside = place @ Pose.of((2.0 * np.array(at) + 1.0 - counts) * side)
            geom.parent.add_geom(
                name=name,
                type=mujoco.mjtGeom.mjGEOM_MESH,
                meshname=name,
                pos=inside.pos,
                quat=inside.quat,
                density=0.0,
                contype=TILE,
                conaffinity=0,
                condim=geom.condim,
                friction=list(geom.friction),
                solref=list(geom.solref),
                solimp=list(geom.solimp),
                group=3,
            )
    for flex in spec.flexes:
        if flex.dim == 2:
            flex.conaffinity = (flex.conaffinity & ~ROBOT) | TILE


def tiles_of(spec: mujoco.MjSpec, geom: str) -> list[mujoco.MjsGeom]:
    """The tiles with which a box of the robot meets cloth; none where it meets it itself."""
    return [other for other in spec.geoms if other.name.startswith(f"{geom}_tile_")]


def meet_by_vertices(spec: mujoco.MjSpec, layers: bool) -> None:
    """Give each vertex of the spec's cloths a ball, and take what is solid from what their surface collides with.

    Friction, stiffness and number of directions of a ball's contact are those of the cloth.

    Args:
        layers: whether the balls meet the surface of cloth, too, and keep its layers apart.
    """
    for flex in spec.flexes:
        if flex.dim != 2 or not flex.contype & SOLID:
            continue
        for name in flex.vertbody:
            spec.body(str(name)).add_geom(
                name=f"{name}_ball",
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                size=[flex.radius, 0.0, 0.0],
                density=0.0,
                contype=0,
                conaffinity=SOLID | (CLOTH if layers else 0),
                condim=flex.condim,
                friction=list(flex.friction),
                solref=list(flex.solref),
                solimp=list(flex.solimp),
                group=3,
            )
        if layers:
            flex.selfcollide = mujoco.mjtFlexSelf.mjFLEXSELF_NONE
        flex.contype = CLOTH
        flex.conaffinity = ROBOT | PERSON | CLOTH
