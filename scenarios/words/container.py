"""Words of loose pieces in a container: share, share_below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..reading.names import Names
from ..sensing.predicate import Predicate, Share
from ..sensing.requests import Request
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_reader import Node
from .word import Word, Words


def pieces_of(node: Node, names: Names) -> list[str]:
    """The free bodies of a part of loose pieces, or of a list of such parts."""
    parts = node.each() if isinstance(node.value, list) else [node]
    return [piece for part in parts for piece in names.pieces(part)]


def container(node: Node, names: Names, pieces: Sequence[str]) -> Share | None:
    """What tells whether pieces are in the part that a node names; None and a note where it is no container."""
    body = names.element(node, "body")
    instance = node.word()
    entry = names.parts[instance].interface.get("inside") if instance in names.parts else None
    if body is None or not pieces:
        return None
    if entry is None:
        node.note(f"{node.value!r} is no container: its part's sheet has no word 'inside'.")
        return None
    if not {"site", "radius", "height"} <= set(entry):
        node.note(
            f"{node.value!r} is no container: its part's sheet gives the word 'inside' no site, radius and height."
        )
        return None
    site = names.spec.site(f"{instance}/{entry['site']}")
    if site is None:  # which `Part.faults` has reported
        return None
    frame, place = names.frame_of(site.name)  # of the body that carries the site, which may be a drawer of the part
    x, y, z = place.pos.tolist()
    return Share(
        tuple(Request("body_position", piece, frame) for piece in pieces),
        (x, y, z),
        parse_quantity(entry["radius"], "length"),
        parse_quantity(entry["height"], "length"),
        0.0,
    )


def _share(node: Node, names: Names, below: bool = False) -> Predicate | None:
    bound = "less_than" if below else "at_least"
    node.mapping(required=("of", "inside", bound))
    pieces = pieces_of(node.child("of"), names)
    share = node.child(bound).quantity("share", low=0.0, high=1.0)
    found = container(node.child("inside"), names, pieces)
    return None if found is None else replace(found, bound=share, below=below)


WORDS: Words = {
    "share": Word(_share, "share inside", "在内的比例", {"at_least": True}),
    "share_below": Word(lambda node, names: _share(node, names, below=True), "share inside", "在内的比例"),
}
