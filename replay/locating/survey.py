"""A cell's survey out of located fixtures: the values of a scenario under which its parts stand where the markers showed them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...scenarios.reading.config import nominal_values
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.yaml_reader import load_checked
from .estimation import ANGLE, POSITION, SURE, LocatedPose
from .places import SceneFrames, difference

STEP = {True: 1e-3, False: 2e-3}  # rad, m: of derivatives
ROUNDS = 4
TOLD = 0.2  # share of its own effect that a value must have beside the others


@dataclass(frozen=True)
class Surveyed:
    """A value and how far off it is at most (SI)."""

    value: float
    within: float
    angle: bool


def surveyed(scene: Scene, placed: Mapping[str, LocatedPose]) -> tuple[dict[str, Surveyed], dict[str, str]]:
    """Key (`table.height`, `oven.at.x`, `oven.yaw`) -> what was found, and of parts that cannot stand so, why.

    Args:
        placed: located fixtures, by the word that their markers are on.
    """
    frames, found, notes = SceneFrames(scene), dict[str, Surveyed](), dict[str, str]()
    known = nominal_values(scene.config)
    for word, where in placed.items():
        part = word.partition(".")[0]
        if word == "cell" or frames.loose(word):
            continue
        varied = [v.key for v in scene.config.variation if v.key.startswith(f"{part}.")]
        keys = list(dict.fromkeys([f"{part}.at.x", f"{part}.at.y", f"{part}.yaw", *varied]))
        keys = [key for key in keys if key in known]
        values = dict(known)
        for _ in range(ROUNDS):
            here = frames.poses(values, (word,))[word]
            effect = np.zeros((6, len(keys)))
            for j, key in enumerate(keys):
                step = STEP[key.endswith("yaw")]
                there = frames.poses({**values, key: values[key] + step}, (word,))[word]
                effect[:, j] = difference(here, there) / step
            used = np.linalg.norm(effect, axis=0) > 1e-9
            keys, effect = [k for k, one in zip(keys, used) if one], effect[:, used]
            inverse = np.linalg.pinv(effect)
            step = inverse @ difference(here, where.pose)
            values |= {key: values[key] + float(by) for key, by in zip(keys, step)}
        left = difference(frames.poses(values, (word,))[word], where.pose)
        if np.linalg.norm(left[:3]) > where.position + 1e-3 or np.linalg.norm(left[3:]) > where.angle + 1e-3:
            notes[part] = f"stands {np.linalg.norm(left[:3]) * 1e3:.0f} mm from where the scenario can put it"
            continue
        spread = SURE * np.sqrt(np.diag(inverse @ where.covariance @ inverse.T))
        given = np.diag(inverse @ effect) > 1.0 - TOLD
        for key, within, one in zip(keys, spread, given):
            turns = key.endswith("yaw")
            if one and within <= (ANGLE if turns else POSITION):
                found[key] = Surveyed(values[key], float(within), turns)
    return found, notes


def _as_text(words: str) -> str:
    """Words as YAML reads them back, in a flow mapping too; in quotes only where they would be something else."""
    try:
        plain = load_checked(f"{{of: {words}}}", "") == {"of": words}
    except ScenarioError:
        plain = False
    return words if plain else json.dumps(words, ensure_ascii=False)


def cell_text(
    scenario: str, found: Mapping[str, Surveyed], centre: str, by: str, date: str, notes: Mapping[str, str]
) -> str:
    """The YAML of a cell (docs/cells.md)."""
    tree: dict[str, dict[str, str]] = {}
    for key, one in found.items():
        part, _, value = key.partition(".")
        if one.angle:
            words = f"{{is: {np.degrees(one.value):.2f} deg, within: {np.degrees(one.within):.2f} deg}}"
        else:
            words = f"{{is: {one.value * 1e3:.1f} mm, within: {one.within * 1e3:.1f} mm}}"
        tree.setdefault(part, {})[value] = words
    lines = [
        f"centre: {_as_text(centre)}",
        f"scenario: {scenario}",
        f'surveyed: {{date: {date}, by: {_as_text(by)}, with: "printed markers in pictures (shiliu locate)"}}',
        "overlay:" if tree else "overlay: {}",
    ]
    if tree:
        lines.append("  parts:")
    for part, values in tree.items():
        lines.append(f"    {part}:")
        places = {key.partition(".")[2]: words for key, words in values.items() if key.startswith("at.")}
        if places:
            lines.append(f"      at: {{{', '.join(f'{axis}: {words}' for axis, words in places.items())}}}")
        lines += [f"      {key}: {words}" for key, words in values.items() if not key.startswith("at.")]
    lines += [f"# {part}: {why}" for part, why in notes.items()]
    return "\n".join(lines) + "\n"
