"""Ways that are no more, as chains of before name them: the way that does each now, and what it did by default."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .skill import REQUIRED, Skill


@dataclass(frozen=True)
class FormerWay:
    """A way that is no more.

    Attributes:
        way: the name of the way that does it now.
        defaults: argument of that way -> its default here [SI], where another was the old way's.
        required: arguments that the old way asked for.
        set_to: what the old way set of its class.
    """

    way: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    set_to: Mapping[str, Any] = field(default_factory=dict)


FORMER = {
    "put.on_pins": FormerWay("put.slot", {"above": 0.03, "high": 0.09, "force": 15.0, "lowering": 0.03}),
    "put.surface": FormerWay("put.on", {"opening": 0.032, "leave": "over", "retreat": 0.08}),
    "take.gently": FormerWay("take.pinch", {"force": 8.0}, ("width",)),
    "take.top": FormerWay("take.side", set_to={"down": True}),
    "wait.event": FormerWay("wait", required=("until",)),
    "walk.up": FormerWay("walk", {"distance": 0.45}, ("to",)),
}
# what no way of today does with the same arguments
INSTEAD = {"move_joint.front": "a plain move_joint shuts a drawer: {joint: chest.drawer, edge: chest.front, to: 0 mm}"}


def former_way(word: str, how: str, registry: Mapping[str, type[Skill]]) -> type[Skill] | None:
    """The skill that does what `how` did: called as it was, so that mistakes of the same file find it. None where nothing did."""
    former = FORMER.get(f"{word}.{how}")
    if former is None:
        return None
    kind = registry[former.way]
    arguments = dict(kind.arguments)
    for name, default in {**former.defaults, **dict.fromkeys(former.required, REQUIRED)}.items():
        arguments[name] = arguments[name].but(default=default)
    own = {**former.set_to, "arguments": arguments}
    made = types.new_class(kind.__name__, (kind,), {"word": word, "how": how}, lambda space: space.update(own))
    assert issubclass(made, Skill)
    return made
