"""`physlint.yaml` in a set's folder: where physlint looks for what a set promises, because `info.json` has no field for it.

It reads the file by itself when it is given the folder: which columns have to be there (a set of recordings without commands
has no `action`), and between which limits their values lie.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

NAME = "physlint.yaml"
TRAINED_ON = ("observation.state", "action")


def contract(features: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The file for these features of `info.json`.

    Limits are the features' own `low` and `high`, in their unit; a feature without either has none. A set says them only
    where its schema does: limits of a robot's maker are the judge's business, and a real recording may lie beyond them.
    """
    limits = {
        name: {"min": list(feature["low"]), "max": list(feature["high"])}
        for name, feature in features.items()
        if _finite(feature.get("low")) and _finite(feature.get("high"))
    }
    tree: dict[str, Any] = {
        "config_version": 1,
        "adapter": "lerobot",
        "required_streams": [name for name in TRAINED_ON if name in features],
    }
    if limits:
        tree["rules"] = {"numeric.configured_bounds": {"options": {"limits": limits}}}
    return yaml.safe_dump(tree, sort_keys=False, width=160).encode()


def _finite(values: Any) -> bool:
    return isinstance(values, list | tuple) and bool(values) and all(math.isfinite(value) for value in values)
