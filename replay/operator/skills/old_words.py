"""Words of earlier chains, and what they are called now: chains and recordings that were written with them go on to be read.

`shiliu check` tells the new spelling of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ....scenarios.reading.yaml_reader import Node


@dataclass(frozen=True)
class Old:
    """An old word.

    Attributes:
        name: the skill that it means, `take.rim`.
        renamed: old name of an argument -> the new one; `-` before it: its sign is turned.
        gives: arguments that the old word left out where they had another default.
    """

    name: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[str, Any] = field(default_factory=dict)


OLD = {
    "reach": Old("reach", {"to": "at"}),
    "pinch": Old("take.pinch"),
    "grasp": Old("take.side", {"from": "how"}),
    "grasp_bottle": Old("take.bottle"),
    "pick_rim": Old("take.rim"),
    "pick_from_above": Old("take.above", {"deep": "-depth"}),
    "pick_part": Old("take.part", {"lift": "by"}),
    "regrasp_hot": Old("take.inside", {"approach": "standoff", "lift": "by"}),
    "bimanual_lift": Old("take.both_hands", {"towards": "into"}),
    "pick_cloth": Old("take.edge", {"grip": "lies"}),
    "pick_end": Old("take.end", {"grip": "lies"}),
    "pick_folded": Old("take.crease", {"grip": "lies"}),
    "carry_level": Old("carry.level"),
    "carry_over": Old("carry.over"),
    "unload": Old("carry.out", {"deep": "ahead"}),
    "align": Old("carry.aligned", {"to": "into"}),
    "place": Old("put.on", {"clear": "leave"}),
    "place_inside": Old("put.inside", {"clear": "back"}),
    "place_on": Old("put.surface", {"clear": "back", "raise": "retreat"}),
    "stack": Old("put", {}, {"above": "60 mm", "opening": "34 mm", "leave": "up", "lowering": "0.04 m/s"}),
    "set_down": Old("put.down"),
    "place_in_slot": Old("put.slot", {"slot": "upon", "over": "high", "press": "force"}),
    "load_fixture": Old("put.on_pins", {"over": "high", "press": "force"}),
    "insert_press": Old("put.pressed"),
    "carry_tray": Old("put.both_hands"),
    "lay_on": Old("put.pile"),
    "verify_seat": Old("verify", {"pull": "force"}),
    "pull_open": Old("move_joint.pull", {"grasp": "at"}),
    "push_open": Old("move_joint.push"),
    "push_close": Old("move_joint.shut"),
    "turn_knob": Old("move_joint.turn"),
    "press_key": Old("press.key"),
    "press_on": Old("press.surface"),
    "push": Old("stroke.push"),
    "wipe": Old("stroke.wipe"),
    "wipe_area": Old("stroke.area", {"with": "of", "area": "at"}),
    "stir": Old("stroke.stir", {"in": "into", "above": "height"}),
    "pour_liquid": Old("pour"),
    "stop_at_level": Old("pour.level", {"patience": "at_most"}),
    "switch_hands": Old("hand_over.switch"),
    "offer_handle": Old("hand_over.offer", {"patience": "at_most"}),
    "hold_until_pulled": Old("hand_over.pulled", {"patience": "at_most"}),
    "hold_until": Old("wait.pulled", {"pull": "force", "subgoal": "until"}),
    "wait_event": Old("wait.event"),
    "withdraw": Old("home.back", {"by": "retreat"}),
    "look_at": Old("look"),
    "point_at": Old("point", {"distance": "standoff"}),
    "walk_to": Old("walk"),
    "approach": Old("walk.up"),
    "turn": Old("walk.turn", {"to": "yaw", "by": "angle"}),
    "squat": Old("walk.squat"),
    "stand_up": Old("walk.stand"),
    "go_to_end": Old("walk.end"),
    "draw_over": Old("draw.over"),
    "draw_end": Old("draw.end"),
    "draw_out": Old("draw.out", {"left": "near"}),
    "tow_end": Old("draw.near"),
    "tow_aside": Old("draw.aside"),
    "pick_edge": Old("take.free_edge", {"lift": "by"}),
    "upright_insert": Old("put.upright", {"slot": "upon", "over": "high"}),
    "push_shut": Old("move_joint.front"),
    "draw_to": Old("put.drawn"),
    "lay_straight": Old("put.straight"),
    "pinch_gently": Old("take.gently"),
    "present": Old("carry.facing"),
    "pour_granular": Old("pour.granular"),
    "stir_with": Old("stroke.stir_with"),
    "shake": Old("stroke.shake"),
    "fold_half": Old("fold.half"),
    "fold_third": Old("fold.third"),
    "fling_out": Old("fling"),
}
TOP = {"side": "side", "above": "top"}  # `from` of an old `grasp`


def translated(word: str, node: Node) -> tuple[str, Node]:
    """A step of a chain as it is written now: the primitive, and its arguments with `how` among them."""
    if isinstance(node.value, Mapping) and node.value.get("how") is True:  # which is how YAML reads a plain on
        node = Node({**node.value, "how": "on"}, node.path, node.problems)
    old = OLD.get(word)
    if old is None or not isinstance(node.value, Mapping):
        return (word, node) if old is None else (old.name.partition(".")[0], node)
    primitive, _, how = old.name.partition(".")
    if word == primitive and "how" in node.value:
        return word, node  # a word that is in use still, such as `reach`
    found: dict[str, Any] = {"how": how} if how else {}
    found |= old.gives
    for name, value in node.value.items():
        now = old.renamed.get(str(name), name)
        if word == primitive and now in node.value and now != name:
            now = name
        if isinstance(now, str) and now.startswith("-"):
            now, value = now[1:], _turned(value)
        found[now] = TOP.get(str(value), value) if now == "how" else value
    return primitive, Node(found, node.path, node.problems)


def as_now(word: str, node: Node) -> Node:
    """Some arguments of an old word by their new names."""
    return (
        Node({k: v for k, v in translated(word, node)[1].value.items() if k != "how"}, node.path, node.problems)
        if (word in OLD and isinstance(node.value, Mapping))
        else node
    )


def spelling(word: str, node: Node) -> str | None:
    """How a step is written now, as YAML on one line; None where it is written so."""
    if word not in OLD or (word == OLD[word].name and not set(OLD[word].renamed) & set(node.value or ())):
        return None
    primitive, now = translated(word, node)
    return f"{primitive}: {flow(now.value)}"


def flow(value: Any) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return "null" if value is None else "yes" if value is True else "no" if value is False else str(value)


def _turned(value: Any) -> Any:
    """A quantity with its sign turned."""
    text = str(value).strip()
    return value if not isinstance(value, str) else text[1:] if text.startswith("-") else f"-{text}"
