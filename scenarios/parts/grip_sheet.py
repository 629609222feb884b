"""`grips:` of a part's sheet: what can be held how, by name.

```yaml
grips:
  wall: {kind: side, site: middle, fingers: x, pads: y, round: true, width: 66 mm, bears: 100 N, source: "width [S] sources; bears [E]"}
```

`fingers` and `pads` are axes of the site. A grip of cloth names bodies, which are its vertices, in place of a site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..sheet.yaml_reader import Node

KINDS = {
    "side": "round its middle, the fingers level",
    "above": "round its middle, the fingers down",
    "rim": "one pad inside a vessel, one outside",
    "pinch": "a thin place of a solid thing between the pads",
    "handle": "by what is made to be held",
    "edge": "an edge of something flat",
    "corner": "a corner of cloth",
}
AXES = ("x", "y", "z", "-x", "-y", "-z")


@dataclass(frozen=True)
class GripSheet:
    """One entry of `grips:`.

    Attributes:
        kind: a key of `KINDS`.
        sites: of the part; the pads' middle comes to each of them alike. `bodies`: vertices of cloth, in place of sites.
        fingers: axes of the site along which the fingers may point; empty: those that have room.
        pads: axis of the site along which the pads close.
        round: whether it may be taken so from every side round the site's z axis.
        pitch: how far the fingers point down of that [rad]; back: how far the pads' middle stays before the site, along the
            fingers [m]; depth: how far it comes below the site, along its z axis [m].
        width: between the pads [m], or None; bears: the largest force of a pad [N], or None.
        hands: how many hands hold it so, each at a grip of this entry or of one of the same number; they share the weight.
        source: where the numbers come from, with grades as in `sources`.
    """

    kind: str
    sites: tuple[str, ...]
    bodies: tuple[str, ...]
    fingers: tuple[str, ...]
    pads: str
    round: bool
    pitch: float
    back: float
    depth: float
    width: float | None
    bears: float | None
    hands: int
    source: str

    def inside(self, word: str) -> GripSheet:
        """The same as one of the part that contains this part under a word."""
        sites, bodies = (tuple(f"{word}/{name}" for name in names) for names in (self.sites, self.bodies))
        return replace(self, sites=sites, bodies=bodies)


def read_grips(node: Node) -> Mapping[str, GripSheet]:
    """Every entry of `grips:`; what is wrong is reported."""
    return {name: _entry(child) for name, child in node.items()}


def _entry(node: Node) -> GripSheet:
    optional = ("site", "sites", "body", "bodies", "fingers", "pads", "round", "pitch", "back", "depth", "width")
    node.mapping(required=("kind", "source"), optional=(*optional, "bears", "hands"))
    named = {key: _names(node, key) for key in ("site", "body")}
    if not any(named.values()) and ("kind" in node or not isinstance(node.value, Mapping)):
        node.note("it does not say where: name a site, or bodies of a cloth.")
    if all(named.values()):
        node.note("it names sites and bodies. Name the one or the other.")
    fingers = node.child("fingers")
    listed = list(fingers.each()) if isinstance(fingers.value, list) else [fingers] if "fingers" in node else []
    pads = node.child("pads").word(default="y", choices=AXES)
    ways = tuple(one.word(choices=AXES) for one in listed)
    if any(way.lstrip("-") == pads.lstrip("-") for way in ways):
        fingers.note(f"the fingers cannot point along {pads.lstrip('-')}, along which the pads close.")
    return GripSheet(
        kind=node.child("kind").word(default="side", choices=list(KINDS)),
        sites=named["site"],
        bodies=named["body"],
        fingers=ways,
        pads=pads,
        round=node.child("round").flag(),
        pitch=node.child("pitch").quantity("angle", default=0.0, low=-np.pi / 2, high=np.pi / 2),
        back=node.child("back").quantity("length", default=0.0),
        depth=node.child("depth").quantity("length", default=0.0),
        width=node.child("width").quantity("length", default=None, low=0.0),
        bears=node.child("bears").quantity("force", default=None, low=0.0),
        hands=node.child("hands").integer(default=1, low=1),
        source=node.child("source").word(default=""),
    )


def _names(node: Node, key: str) -> tuple[str, ...]:
    """One name under `site` or `body`, or several under `sites` or `bodies`."""
    many = f"{key}s" if key == "site" else "bodies"
    found = (node.child(key).word(),) if key in node else ()
    return (*found, *(one.word() for one in node.child(many).each())) if many in node else found
