"""Sites that parts had once, and scenarios mark themselves today: a file of before names `room.point_1`, and means `marks.point_1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_POINT = {"ring": "408 mm", "width": "32 mm"}
# part -> site that it had -> the mark that lies there, where a file of before has none
SITES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "fixtures/plant_room": {
        "point_1": {
            "at": {"x": "150 mm", "y": "-1550 mm"},
            **_POINT,
            "title": {"en": "inspection point 1", "zh": "巡检点 1"},
        },
        "point_2": {
            "at": {"x": "200 mm", "y": "1450 mm"},
            **_POINT,
            "title": {"en": "inspection point 2", "zh": "巡检点 2"},
        },
        "point_3": {
            "at": {"x": "150 mm", "y": "-50 mm"},
            **_POINT,
            "title": {"en": "inspection point 3", "zh": "巡检点 3"},
        },
    }
}


def with_marks(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """A scenario's tree in which former sites are marks; as it is where it names none, or its part stands elsewhere than at the origin."""
    parts = tree.get("parts")
    former = {
        f"{name}.{site}": (site, mark)
        for name, placed in (parts if isinstance(parts, Mapping) else {}).items()
        if isinstance(placed, Mapping) and not {"at", "yaw", "put", "stands_on"} & set(placed)
        for site, mark in SITES.get(str(placed.get("part")), {}).items()
    }
    named: dict[str, Mapping[str, Any]] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: renamed(one) for key, one in value.items()}
        if isinstance(value, list):
            return [renamed(one) for one in value]
        if isinstance(value, str) and value in former:
            site, mark = former[value]
            named[site] = mark
            return f"marks.{site}"
        return value

    found: Mapping[str, Any] = renamed(tree) if former else tree
    own = found.get("marks") or {}
    return {**found, "marks": named | dict(own)} if named and isinstance(own, Mapping) else tree
