"""What a cloth touches with its vertices alone, and what with all of its surface.

The engine collides each triangle of a flex with each shape and gives three contacts for one that lies flat: a vertex that six
triangles share is told six times that the table is there. A towel of 25 x 13 vertices on a table has 1732 contacts that
way, and three quarters of a physics step go into them, where 325 say the same: a flat triangle lies on a flat thing where its
corners do. So a ball of the cloth's thickness at each vertex meets what is solid in the scene, while hands, people, other
cloth and the cloth itself meet the surface, since a pad or a finger fits between two vertices.

What this leaves out: between two vertices an edge or a corner of a solid thing may stand out through the cloth, by no more
than the cloth would have to bend there.
"""

from __future__ import annotations

import mujoco

ROBOT, SOLID, PERSON, CLOTH = 1, 2, 4, 8  # bits of contype and conaffinity in every part


def meet_solids_by_vertices(spec: mujoco.MjSpec) -> None:
    """Give each vertex of the spec's cloths a weightless ball, and take what is solid from what their surface collides with.

    Friction, stiffness and number of directions of a ball's contact are those of the cloth.
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
                conaffinity=SOLID,
                condim=flex.condim,
                friction=list(flex.friction),
                solref=list(flex.solref),
                solimp=list(flex.solimp),
                group=3,
            )
        flex.contype = CLOTH
        flex.conaffinity = ROBOT | PERSON | CLOTH
