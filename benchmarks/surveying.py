"""The cell of a demonstration, as a tape measure would tell it: what the judge of a real recording has of its scene."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import yaml
from shiliu.replay.recording.recording import SimEpisode
from shiliu.scenarios.catalog.catalog import load_scenario
from shiliu.scenarios.draws.variation import nominal_values
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.quantity import show

TAPE = {"length": (1e3, "mm"), "angle": (180.0 / math.pi, "deg"), "force": (1.0, "N"), "mass": (1e3, "g")}


def surveyed(episode: SimEpisode, scene: Scene, off: float = 0.0) -> Scene:
    """The cell of a demonstration as a tape measure would tell it: to a tenth of a millimetre, degree, newton, gram.

    Args:
        off: by how much the survey is wrong of where the robot stands, towards its front [m].
    """
    params = {f"{p.name}.{key}": one.dimension for p in scene.config.parts for key, one in p.part.params.items()}
    parts: dict[str, Any] = {}
    usual = nominal_values(scene.config)
    dealt = {key for deal in scene.config.deals for key in deal.keys}  # who keeps his place there is measured, too
    for name, value in episode.draw["values"].items():
        part, _, key = name.partition(".")
        if not key or (value == usual[name] and name not in dealt):
            continue  # friction, which no tape tells; what stands as the sheet says
        last = key.rpartition(".")[2]
        dimension = params.get(name) or ("angle" if last == "yaw" else "length")
        gain, unit = TAPE.get(dimension, (1.0, ""))
        text = f"{gain * value:.1f} {unit}" if unit else show(value, dimension)
        if key.startswith("at."):
            parts.setdefault(part, {}).setdefault("at", {})[last] = text
        else:
            parts.setdefault(part, {})[key] = text
    stands = f"{1e3 * (scene.config.stands_at[0] + off):.1f} mm"
    sheet = yaml.safe_dump(
        {
            "centre": "benchmark",
            "scenario": str(episode.scenario),
            "surveyed": {"date": "2026-01-01", "by": "benchmark", "with": "the draw of the demonstration"},
            "overlay": {"parts": parts, **({"robot": {"stands_at": {"x": stands}}} if off else {})},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cell" / "surveyed.yaml"
        path.parent.mkdir()
        path.write_text(sheet, encoding="utf-8")
        return load_scenario(str(episode.scenario), cell="surveyed", conf_dir=Path(folder))
