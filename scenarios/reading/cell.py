"""A cell: what the tape measure said in one physical place, laid over the scenario that is rebuilt there.

`conf/cell/<id>.yaml` names the centre, the scenario, the survey, and values of the scenario with their units:

```yaml
centre: Beijing Shijingshan
scenario: microwave
surveyed: {date: 2026-11-02, by: P-0417, with: "steel tape, protractor, spring balance"}
overlay:
  parts:
    counter: {height: 905 mm}
    oven: {at: {x: {is: 245 mm, within: 3 mm}}, latch_force: 31 N}
```

A measured value stands for the nominal one and is no longer varied nor dealt, because it is known; with `within` it is varied
by as much as the survey leaves open. Nothing else of a scenario can be changed by a cell: no part, goal or limit.
"""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..sheet.near_matches import nearest
from ..sheet.quantity import parse_quantity
from ..sheet.yaml_places import Place
from ..sheet.yaml_reader import Node, Problems, places_in, read_yaml
from . import composition
from .known_deals import without_known

FIXED = ("part", "put", "stands_on", "fills", "title")  # what a part is and what it stands on; a tape measures neither
ROBOT = {"x": "length", "y": "length", "yaw": "angle"}  # of robot.stands_at


@dataclass(frozen=True)
class Cell:
    """A surveyed cell.

    Attributes:
        id: stem of its file, as recordings name it.
        surveyed: the day, ISO 8601; by: who; tools: with what. None, and nobody with nothing, until it is measured.
        digest: hash of its file's content as composed, so that a verdict says which survey it stands on.
        measured: keys of the values that it sets (`oven.at.x`), those with a tolerance too; empty if the cell comes from an episode.
        dealt: keys of all that a draw would deal out, had not some of it been measured; empty if the cell comes from an episode.
    """

    id: str
    centre: str
    scenario: str
    surveyed: str | None
    by: str
    tools: str
    digest: str
    measured: frozenset[str] = field(default=frozenset(), compare=False)
    dealt: frozenset[str] = field(default=frozenset(), compare=False)

    def to_dict(self) -> dict[str, str | None]:
        """Plain JSON, for an episode's config and a verdict's provenance."""
        return {
            "id": self.id,
            "centre": self.centre,
            "scenario": self.scenario,
            "surveyed": self.surveyed,
            "by": self.by,
            "with": self.tools,
            "digest": self.digest,
        }


def cell_of_config(fields: Any) -> Cell | None:
    """The cell that an episode's config carries, or None where there is none, or nothing that one can be made of."""
    keys = ("id", "centre", "scenario", "surveyed", "by", "with", "digest")
    if not isinstance(fields, Mapping) or not all(
        isinstance(fields.get(key), str) or (key == "surveyed" and key in fields and fields[key] is None) for key in keys
    ):
        return None
    return Cell(*(fields[key] for key in keys))


def list_cells(conf_dir: Path | None = None) -> dict[str, Path]:
    """Cell id -> YAML of every cell there is, the designer's own first."""
    return composition.members("cell", conf_dir)


def scenario_of(path: Path) -> str | None:
    """The scenario that a cell's file names, without composing it; None where it says none.

    Raises:
        ScenarioError: the file is no YAML, with the line.
    """
    places_in(path)
    content = read_yaml(path)
    name = content.get("scenario") if isinstance(content, dict) else None
    return name if isinstance(name, str) else None


def laid_over(
    tree: Mapping[str, Any],
    node: Node,
    name: str,
    scenario: str,
    places: MutableMapping[str, Place],
    assets: Path | None = None,
) -> tuple[dict[str, Any], Cell]:
    """A scenario's tree with a cell's values in it.

    Args:
        tree: the composed scenario; it is not changed.
        node: the composed cell.
        name: the cell's id.
        scenario: the id of the scenario that it is laid over.
        places: of both; what the cell sets gets the cell's own place, so that a problem with it is reported there.
        assets: the designer's own parts folder, if any.

    Returns:
        The tree and the cell. What is wrong is reported with `node`.
    """
    cell = _read(node, name)
    if cell.scenario and cell.scenario != scenario:
        node.child("scenario").note(
            f"the cell {name!r} is a {cell.scenario!r}, not a {scenario!r}. Name that scenario, or leave the cell out."
        )
        return dict(tree), cell
    laid = copy.deepcopy(dict(tree))
    before = _varied(laid)
    overlay = node.child("overlay")
    overlay.mapping(optional=("parts", "robot"))
    _robot(laid, overlay.child("robot"), places)
    measured = _parts(laid, overlay.child("parts"), places)
    dealt = without_known(laid, tree, measured, places, node.problems, assets)
    _prune(laid, before)
    return laid, replace(cell, measured=frozenset(measured), dealt=dealt)


def _read(node: Node, name: str) -> Cell:
    node.mapping(required=("centre", "scenario", "overlay"), optional=("surveyed", "note"))
    date, by, tools = _survey(node.child("surveyed")) if "surveyed" in node else (None, "", "")
    content = json.dumps(node.value, sort_keys=True, default=str)
    return Cell(
        name,
        node.child("centre").word(),
        node.child("scenario").word(),
        date,
        by,
        tools,
        hashlib.sha256(content.encode()).hexdigest()[:12],
    )


def _survey(node: Node) -> tuple[str, str, str]:
    """The day, by whom and with what."""
    node.mapping(required=("date", "by", "with"))
    date = str(node.child("date").value)
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
            raise ValueError
        datetime.date.fromisoformat(date)
    except ValueError:
        node.child("date").note(f"{date!r} is no day. Write it as 2026-11-02.")
    return date, node.child("by").word(), node.child("with").word()


def _robot(tree: dict[str, Any], node: Node, places: MutableMapping[str, Place]) -> None:
    """Where the robot was found to stand. It is never varied, so that a tolerance would mean nothing."""
    if node.value is None:
        return
    node.mapping(required=("stands_at",))
    at = node.child("stands_at")
    at.mapping(optional=tuple(ROBOT))
    for key, value in at.items():
        if isinstance(value.value, Mapping):
            value.note("where the robot stands is not varied. Write the value alone, such as 20 mm.")
        elif key in ROBOT:
            _set(tree, ["robot", "stands_at", key], value, value.value, places)


def _parts(tree: dict[str, Any], node: Node, places: MutableMapping[str, Place]) -> list[str]:
    """Put in what was measured of the parts; returns the keys of these values."""
    measured: list[str] = []
    known = tree.get("parts") or {}
    for name, child in node.items():
        if name not in known:
            child.note(
                f"{name!r} is no part of this scenario, and a cell adds none.{nearest(name, [str(k) for k in known])}"
            )
            continue
        child.mapping(optional=None)
        for key, value in child.items():
            if key in FIXED:
                value.note(f"a cell says what was measured, and {key!r} is no measure. Change the scenario instead.")
            elif key == "at":
                for axis, offset in value.items():
                    _measured(tree, name, ["at", axis], offset, places)
                    measured.append(f"{name}.at.{axis}")
                if not isinstance(value.value, Mapping):
                    value.mapping(optional=("x", "y", "z"))
            else:
                _measured(tree, name, [key], value, places)
                measured.append(f"{name}.{key}")
    return measured


def _measured(tree: dict[str, Any], part: str, path: list[str], node: Node, places: MutableMapping[str, Place]) -> None:
    """Put one measured value in, and take it out of the variation, or vary it by its tolerance."""
    value: Any = node.value
    within: Any = None
    if isinstance(node.value, Mapping):
        node.mapping(required=("is",), optional=("within",))
        value, within = node.value.get("is"), node.value.get("within")
        if "is" not in node.value:
            return
    try:
        parse_quantity(value)
        if within is not None and not 0.0 < parse_quantity(within):
            raise ValueError(f"within {within!r} is no tolerance. Write how far off it may be, such as 3 mm.")
    except ValueError as error:
        node.note(str(error))
        return
    _set(tree, ["parts", part, *path], node, value, places)
    variation = tree.get("variation") or {}
    drawn = variation.get(part) or {}
    at: dict[str, Any] = drawn
    for key in path[:-1]:
        at = at.setdefault(key, {})
    at.pop(path[-1], None)
    if within is not None:
        bound = str(within).strip().removeprefix("+")
        at[path[-1]] = {"uniform": [f"-{bound}", bound]}
        shown = ".".join(("scenario.variation", part, *path))
        places[shown] = places.get(node.path, ("", 0))
    if "at" in drawn and not drawn["at"]:
        del drawn["at"]
    if drawn:
        tree["variation"] = {**variation, part: drawn}
    elif part in variation:
        del variation[part]


def _set(tree: dict[str, Any], path: list[str], node: Node, value: Any, places: MutableMapping[str, Place]) -> None:
    shown = ".".join(("scenario", *path))
    place = places.get(shown)
    if place is not None and place[1] == 0:
        node.note(
            f"the cell measured this, and the {place[0]} says something else. Leave it out, or set {node.path}=..."
        )
        return
    at = tree
    for key in path[:-1]:
        at = at.setdefault(key, {})
    at[path[-1]] = value
    if node.path in places:
        places[shown] = places[node.path]


def _varied(tree: Mapping[str, Any]) -> set[str]:
    """`oven.at.x`, `oven.at`, `food.mass`: what the variation names, and the group that each belongs to."""
    found: set[str] = set()
    for part, block in (tree.get("variation") or {}).items():
        if part in ("friction", "redraw") or not isinstance(block, Mapping):
            continue
        for key, value in block.items():
            found.add(f"{part}.{key}")
            if key == "at" and isinstance(value, Mapping):
                found |= {f"{part}.at.{axis}" for axis in value}
    return found


def _prune(tree: dict[str, Any], before: set[str]) -> None:
    """What is known now is no unknown start any more (`judge.if_unknown`)."""
    unknown = (tree.get("judge") or {}).get("if_unknown")
    if not isinstance(unknown, Mapping) or not isinstance(unknown.get("vary"), list):
        return
    gone = before - _varied(tree)
    kept = [word for word in unknown["vary"] if word not in gone]
    tree["judge"]["if_unknown"] = {**unknown, "vary": kept}


def cell_node(composed: composition.Composed, problems: Problems) -> Node | None:
    """The cell of a composed config, or None where none was chosen."""
    if not composed.chosen.get("cell"):
        return None
    return Node(composed.tree.get("cell"), "cell", problems)
