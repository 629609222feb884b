"""What the solver weighs and respects, read from `conf/retarget/<name>.yaml`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...scenarios.sheet.near_matches import refuse_unknown
from ...scenarios.sheet.own_files import sheets_in
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "retarget"
KINDS = ("range", "speed", "collision")
HOW = ("hard", "soft", "none")
GROUPS = ("left_forearm", "right_forearm", "trunk")


@dataclass(frozen=True)
class Bound:
    """How one kind of limit is held: `be` hard, soft or none; `weight` of a soft one; `share` of the limit that is used."""

    be: str
    weight: float = 30.0
    share: float = 1.0


@dataclass(frozen=True)
class RetargetSettings:
    """Settings of the solver; lengths [m], times [s], see the file's own comments.

    Attributes:
        name: of the file; digest: of its content, for the provenance.
        position, rotation, elbow, posture, steady: weights.
        bounds: kind -> how it is held.
        speed_of: which of the maker's two speed tables, `smaller` or `larger`.
        keep, look: distances of own shapes; pairs: groups of shapes held apart.
        scale: `arm` or `none`.
        passes: linearisations of a sample; longest_step: of time that a joint's speed limit is granted.
    """

    name: str
    digest: str
    position: float
    rotation: float
    elbow: float
    posture: float
    steady: float
    bounds: Mapping[str, Bound]
    speed_of: str
    keep: float
    look: float
    pairs: tuple[tuple[str, str], ...]
    scale: str
    passes: int
    longest_step: float


def load_settings(
    name: str = "default", folder: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> RetargetSettings:
    """Read settings.

    Args:
        folder: where to look instead of the package's own.
        overrides: key path (`limits.speed.be`) -> value, written over the file's.

    Raises:
        ScenarioError: no such file, or keys and values that the file's form does not know, all of them at once.
    """
    folder = folder or FOLDER
    known = sheets_in(folder)
    refuse_unknown(name, known, f"No settings of retargeting named {name!r}.", field="retarget")
    path, shown = known[name], f"conf/retarget/{known[name].name}"
    tree = read_yaml(path, shown)
    for key, value in (overrides or {}).items():
        *way, last = key.split(".")
        at = tree
        for word in way:
            at = at[word]
        at[last] = value
    problems = Problems(places=places_in(path, shown))
    settings = _read(Node(tree, "", problems), name, hashlib.sha256(repr(tree).encode()).hexdigest()[:12])
    problems.stop(shown)
    return settings


def _read(node: Node, name: str, digest: str) -> RetargetSettings:
    node.mapping(required=("weights", "limits", "scale", "passes", "longest_step"))
    weights, limits = node.child("weights"), node.child("limits")
    words = ("position", "rotation", "elbow", "posture", "steady")
    weights.mapping(required=words)
    limits.mapping(required=KINDS)
    speed, collision = limits.child("speed"), limits.child("collision")
    limits.child("range").mapping(required=("be", "share"), optional=("weight",))
    speed.mapping(required=("be", "share", "of"), optional=("weight",))
    collision.mapping(required=("be", "keep", "look", "pairs"), optional=("weight",))
    pairs = []
    for pair in collision.child("pairs").each():
        members = [member.word(choices=GROUPS) for member in pair.each()]
        if len(members) != 2:
            pair.note("two groups of shapes make a pair.")
        else:
            pairs.append((members[0], members[1]))
    return RetargetSettings(
        name=name,
        digest=digest,
        **{word: weights.child(word).number() for word in words},
        bounds={
            kind: Bound(
                limits.child(kind).child("be").word(choices=HOW),
                limits.child(kind).child("weight").number(30.0),
                limits.child(kind).child("share").quantity("share", 1.0, low=0.0, high=1.0),
            )
            for kind in KINDS
        },
        speed_of=speed.child("of").word(choices=("smaller", "larger")),
        keep=collision.child("keep").quantity("length", low=0.0),
        look=collision.child("look").quantity("length", low=0.0),
        pairs=tuple(pairs),
        scale=node.child("scale").word(choices=("arm", "none")),
        passes=node.child("passes").integer(low=1),
        longest_step=node.child("longest_step").quantity("time", low=0.001),
    )
