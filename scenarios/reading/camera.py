"""A camera of a scenario's YAML: where it is, and whether demonstrations have its pictures."""

from __future__ import annotations

from dataclasses import dataclass

from ..sheet.yaml_reader import Node

ON_REQUEST = "on_request"  # its pictures are recorded where a command asks for pictures


@dataclass(frozen=True)
class Camera:
    """A camera by mount (a camera of the robot) or by where it stands [m] and looks.

    Attributes:
        record: whether it is one of those that record; always: whether a demonstration has its pictures by default.
        shows: joint: how far it stands open in pictures of draws from this camera; nothing else heeds it.
    """

    name: str
    size: tuple[int, int]
    node: Node
    mount: str | None = None
    look_at: Node | None = None
    stands: tuple[float, float, float] | None = None
    rate: float | None = None
    record: bool = False
    always: bool = False
    shows: Node | None = None


def read_camera(name: str, node: Node) -> Camera:
    """A camera of `cameras`; what is wrong is reported at its node."""
    node.mapping(required=("size",), optional=("mount", "look_at", "from", "rate", "record", "shows"))
    stands = node.child("from")
    if ("mount" in node) == ("from" in node) or ("look_at" in node) != ("from" in node):
        node.note("a camera is either mounted (mount: robot.head_camera) or stands somewhere (from: and look_at:).")
    marked = node.child("record")
    asked = marked.value == ON_REQUEST
    recorded = False
    if marked.value in (None, True, False):
        recorded = marked.flag()
    elif not asked:
        marked.note(f"{marked.value!r} is not known here. Write true, {ON_REQUEST} or false.")
    where = None
    if stands.value is not None:
        stands.mapping(required=("x", "y", "z"))
        x, y, z = (stands.child(axis).quantity("length") for axis in "xyz")
        where = (x, y, z)
    return Camera(
        name,
        node.child("size").size(),
        node,
        node.child("mount").word(default="") or None,
        node.child("look_at") if "look_at" in node else None,
        where,
        node.child("rate").quantity("frequency", default=None, low=0.1) if "rate" in node else None,
        asked or recorded,
        recorded,
        node.child("shows") if "shows" in node else None,
    )
