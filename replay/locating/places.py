"""What a scene knows of where markers are: the frames that carry them, and which of them stand where they are known to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np

from ...scenarios.draws.inference import free_joint
from ...scenarios.draws.variation import rested
from ...scenarios.parts.pose import Pose, posed, quat_of, turned_by
from ...scenarios.reading.config import nominal_values
from ...scenarios.reading.dealing import PLACES
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import ScenarioError
from ...scenarios.sheet.near_matches import nearest
from .estimation import Carrier
from .markers import CELL, MarkerSet

DRAWN = (0.5e-3, np.radians(0.1))  # m, rad: a part that nothing varies stands where the drawing says
RESTS = 0.5e-3  # m: standard deviation of the height at which a thing rests
UPRIGHT = np.radians(0.3)  # rad: of the tilt of what lies as the scenario lays it
MOVED = 1e-6  # m, rad


@dataclass(frozen=True)
class SceneFrames:
    """The frames of a scene that may carry markers: `cell`, a part, or a part's site.

    Args:
        scene: with its cell, if any: what that measured is known.
    """

    scene: Scene

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Every word that there is."""
        model = self.scene.model
        parts = [part.name for part in self.scene.config.parts if self._root(model, part.name) is not None]
        sites = [model.site(i).name.replace("/", ".", 1) for i in range(model.nsite)]
        return (CELL, *parts, *(s for s in sites if s.partition(".")[0] in parts and "/" not in s))

    def poses(self, values: Mapping[str, float], words: Collection[str]) -> dict[str, Pose]:
        """Where frames are in a start of these values, all at rest."""
        model = self.scene.compile(values)
        data = posed(model, rested(self.scene, model))
        return {word: self._pose(model, data, word) for word in words}

    def _pose(self, model: mujoco.MjModel, data: mujoco.MjData, word: str) -> Pose:
        if word == CELL:
            return Pose.identity()
        part, _, site = word.partition(".")
        if site:
            at = data.site(f"{part}/{site}")
            return Pose(at.xpos.copy(), quat_of(at.xmat))
        root = self._root(model, part)
        assert root is not None
        return Pose(data.xpos[root].copy(), data.xquat[root].copy())

    @staticmethod
    def _root(model: mujoco.MjModel, part: str) -> int | None:
        """The one body of a part that hangs on the world; None where there are several, as of grains."""
        roots = [
            i
            for i in range(1, model.nbody)
            if model.body_parentid[i] == 0 and model.body(i).name.startswith(f"{part}/")
        ]
        return roots[0] if len(roots) == 1 else None

    def loose(self, word: str) -> bool:
        """Whether a frame is that of a thing, which lies anywhere."""
        return word != CELL and free_joint(self.scene.model, word.partition(".")[0]) is not None

    def effects(self, words: Collection[str]) -> dict[str, dict[str, tuple[float, np.ndarray]]]:
        """Word -> key -> (half of its range, (6,) by how much the frame goes at the range's ends) of every value that varies."""
        known = nominal_values(self.scene.config)
        before = self.poses(known, words)
        found: dict[str, dict[str, tuple[float, np.ndarray]]] = {word: {} for word in words}
        for vary in self.scene.config.variation:
            if vary.key == "friction":
                continue
            ends = (vary.low, vary.high) if vary.replace else (known[vary.key] + vary.low, known[vary.key] + vary.high)
            moved = np.zeros((2, len(before), 6))
            for i, end in enumerate(ends):
                there = self.poses({**known, vary.key: end}, words)
                moved[i] = [np.abs(difference(before[word], there[word])) for word in words]
            for word, by in zip(words, moved.max(axis=0)):
                if by.max() > MOVED:
                    found[word][vary.key] = ((ends[1] - ends[0]) / 2, by)
        return found


def difference(one: Pose, other: Pose) -> np.ndarray:
    """(6,) from one pose to another: shift [m] and turn [rad], both in the axes of their frame."""
    turn = np.zeros(3)
    mujoco.mju_quat2Vel(turn, turned_by(other.quat, one.inverse().quat), 1.0)
    return np.concatenate([other.pos - one.pos, turn])


def carriers(scene: Scene, markers: MarkerSet, survey: bool = False) -> dict[str, Carrier]:
    """What carries these markers, and what the scene knows of it.

    A fixture that nothing varies stands where the drawing says; one that a cell surveyed, to within what the survey leaves open.
    A thing lies anywhere, but upright and at the height at which the scenario lays it: above what it stands on, and with that
    where its height varies.

    Args:
        survey: whether where fixtures stand is what is asked: then only the cell's own markers are known, and things left out.

    Raises:
        ScenarioError: a marker is on something that the scene has not.
    """
    frames = SceneFrames(scene)
    words = tuple(dict.fromkeys(marker.on for marker in markers.markers))
    for word in words:
        if word not in frames.words:
            raise ScenarioError(
                f"markers are on {word!r}, and {scene.name} has no such part or site.{nearest(word, list(frames.words))}",
                field="markers",
            )
    guess = frames.poses(nominal_values(scene.config), words)
    effects = frames.effects(words)
    cell = scene.config.cell
    measured = cell.measured if cell is not None else frozenset()
    found: dict[str, Carrier] = {}
    for word in words:
        sigma = np.repeat(DRAWN, 3).astype(float)
        if word == CELL:
            found[word] = Carrier(guess[word], sigma)
            continue
        loose, below = frames.loose(word), None
        if survey:
            if not loose:
                found[word] = Carrier(guess[word], np.array([np.inf, np.inf, np.inf, UPRIGHT, UPRIGHT, np.inf]))
            continue
        if loose:
            sigma = np.array([np.inf, np.inf, RESTS, UPRIGHT, UPRIGHT, np.inf])
        for key, (_, by) in effects[word].items():
            own = loose and key.partition(".")[0] == word.partition(".")[0] and key.partition(".")[2] in PLACES
            spread = np.where(by > MOVED, by / 2 if key in measured else np.inf, 0.0)
            if own:
                continue
            if loose and key not in measured and by[2] > MOVED:
                below = next(
                    (w for w in words if not frames.loose(w) and key in effects[w] and effects[w][key][1][2] > MOVED),
                    None,
                )
                spread[2] = 0.0 if below is not None else np.inf
            sigma = np.hypot(sigma, spread)
        found[word] = Carrier(guess[word], sigma, below)
    return found
