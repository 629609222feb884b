"""The maker's ROS 1 messages, from `conf/message/kuavo_ros1.yaml`: definitions as a bag carries them, and their types."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from rosbags.typesys import Stores, get_typestore

from .bag1 import definitions

_RULE = "=" * 80
_BUILT_IN = {"bool", "string", "time", "duration", "float32", "float64"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


@cache
def sheet() -> dict[str, dict[str, str]]:
    """The file: type as `kuavo_msgs/sensorsData` -> `md5`, `source`, `fields`."""
    text = files("shiliu.conf").joinpath("message", "kuavo_ros1.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def md5(type_: str) -> str:
    """ROS 1's sum of a type, which a subscriber compares with its own."""
    return sheet()[type_]["md5"]


def nested(type_: str) -> list[str]:
    """Types that a type's fields have, in their order."""
    package, found = type_.partition("/")[0], []
    for line in sheet()[type_]["fields"].splitlines():
        kind = line.split()[0].partition("[")[0]
        if kind in _BUILT_IN:
            continue
        found.append("std_msgs/Header" if kind == "Header" else kind if "/" in kind else f"{package}/{kind}")
    return found


def definition(type_: str) -> str:
    """The whole definition: the type's own fields, then those of every type in it, each once, depth first."""
    order: list[str] = []

    def visit(name: str) -> None:
        for inner in nested(name):
            if inner not in order:
                order.append(inner)
                visit(inner)

    visit(type_)
    parts = [f"{_RULE}\nMSG: {name}\n{sheet()[name]['fields']}" for name in order]
    return "".join([sheet()[type_]["fields"], *parts])


@cache
def store() -> Any:
    """A type store of all types of the file."""
    found = get_typestore(Stores.EMPTY)
    for type_ in sheet():
        found.register(definitions(definition(type_), spelled(type_)).fielddefs)
    return found


def spelled(type_: str) -> str:
    """`kuavo_msgs/sensorsData` as the library spells it: `kuavo_msgs/msg/sensorsData`."""
    return type_.replace("/", "/msg/", 1)
