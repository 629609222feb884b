"""Words of loose pieces in a container: share, share_below."""

from __future__ import annotations

from ..names import Names
from ..quantity import parse_quantity
from ..reading.yaml_reader import Node
from ..sensing.predicate import Predicate, Share
from ..sensing.requests import Request
from .word import Words


def _share(node: Node, names: Names, below: bool = False) -> Predicate | None:
    bound = "less_than" if below else "at_least"
    node.mapping(required=("of", "inside", bound))
    pieces = names.pieces(node.child("of"))
    inside = node.child("inside")
    body = names.element(inside, "body")
    instance = inside.word()
    entry = names.parts[instance].interface.get("inside") if instance in names.parts else None
    share = node.child(bound).quantity("share", low=0.0, high=1.0)
    if body is None or not pieces:
        return None
    if entry is None:
        inside.note(f"{inside.value!r} is no container: its part's sheet has no word 'inside'.")
        return None
    if not {"site", "radius", "height"} <= set(entry):
        inside.note(f"{inside.value!r} is no container: its part's sheet gives the word 'inside' no site, radius and height.")
        return None
    site = names.spec.site(f"{instance}/{entry['site']}")
    if site is None:  # which `Part.faults` has told
        return None
    return Share(
        # the body that carries the site, which may be a drawer of the part
        tuple(Request("body_position", piece, f"body:{site.parent.name}") for piece in pieces),
        (float(site.pos[0]), float(site.pos[1]), float(site.pos[2])),
        parse_quantity(entry["radius"], "length"),
        parse_quantity(entry["height"], "length"),
        share,
        below,
    )


WORDS: Words = {
    "share": _share,
    "share_below": lambda node, names: _share(node, names, below=True),
}
