"""What an environment takes and shows: action mode, link, groups of observations, cameras.

The single and the vector environment share it, so that an option means the same in both.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces import Box, Dict, Space

from ..scenarios.link.traffic import FEATURE
from ..scenarios.scene.scene import Scene
from ..scenarios.scene.schema import CameraFeature
from ..scenarios.sheet import arguments
from ..scenarios.sheet.errors import ScenarioError
from ..scenarios.sheet.near_matches import nearest, refuse_unknown
from ..scenarios.stepping.carrier import LinkCarrier
from .actions import MODES, make_actions, space_of
from .rendering import FAR

KINDS = ("rgb", "depth", "segmentation")


@dataclass(frozen=True)
class View:
    """A picture in the observation: of which camera, and what its pixels are."""

    name: str
    camera: CameraFeature
    kind: str

    def space(self, bodies: int) -> Box:
        """(h, w, 3) uint8; (h, w) float32 depth [m]; or (h, w) int32 body ids, -1 where nothing is."""
        if self.kind == "rgb":
            return Box(0, 255, self.camera.shape, np.uint8)
        if self.kind == "depth":
            return Box(0.0, FAR, self.camera.shape[:2], np.float32)
        return Box(-1, bodies - 1, self.camera.shape[:2], np.int32)


class Interface:
    """The face of n copies of a scene.

    Args:
        scene: the scene; n: copies.
        action: one of `actions.MODES`.
        observations: groups such as `["state", "touch"]`, or one of them; None for all that the schema has.
        images: cameras, such as `["head", "head/depth", "head/segmentation"]`.

    Attributes:
        applied: (n, nu) float32 the joint command of the last step, as a dataset keeps it.

    Raises:
        ScenarioError: a name that does not exist, with the near match.
    """

    def __init__(
        self,
        scene: Scene,
        n: int,
        action: str = "joint",
        observations: Sequence[str] | None = None,
        images: Sequence[str] = (),
    ):
        arguments.word("action", action, f"one of {', '.join(MODES)}")
        if observations is not None:
            observations = arguments.words("observations", observations, "names of groups, such as 'state'")
        images = arguments.words("images", images, "names of cameras, such as 'head' or 'head/depth'")
        schema = scene.schema
        self.scene, self.mode = scene, action
        self.actions = make_actions(action, scene, n)
        self.link = None if scene.config.link.local else LinkCarrier(scene, n)
        self.applied = np.zeros((n, scene.n_actions), np.float32)
        known = [name.removeprefix("observation.") for name in schema.observations]
        self.groups = tuple(f"observation.{_known(name, known, 'observations')}" for name in observations or known)
        self.views = tuple(_view(schema.cameras, word) for word in images)
        self.action_space = space_of(self.actions.feature)
        spaces: dict[str, Space] = {}
        for name in self.groups:
            spaces[name] = Box(*schema.observations[name].bounds, dtype=np.float32)
        for view in self.views:
            spaces[view.name] = view.space(scene.model.nbody)
        self.observation_space = Dict(spaces)
        self._low, self._high = self.action_space.low, self.action_space.high
        self._bounds = self._low.tolist(), self._high.tolist()
        feature = self.actions.feature
        self._ends = np.asarray(feature.low, np.float32), np.asarray(feature.high, np.float32)  # may lie a rounding outside
        self._rounding = 4 * np.spacing(np.maximum(np.abs(self._low), np.abs(self._high)))
        self._all = len(self.groups) == len(known)

    def begin(self, ids: np.ndarray, command: np.ndarray, values: Sequence[Mapping[str, float]]) -> None:
        """Start episodes of copies `ids` from `ctrl` (len(ids), k), of it the robot's part, which comes first; in draws of these values."""
        command = command[..., : self.scene.n_actions]
        self.actions.begin(ids, command)
        self.applied[ids] = command
        if self.link is not None:
            for i, one, drawn in zip(ids.tolist(), command, values):
                self.link.begin(i, one, drawn)

    def command(self, action: np.ndarray, ids: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The command of the simulation for actions (m, k) of copies `ids`: (m, nu), or (m, substeps, nu) over a link."""
        return self._sent(self.actions.command(action, ids), ids)

    def played(self, command: np.ndarray) -> np.ndarray:
        """The same for a recorded joint command (nu,) of the only copy, from which its action mode goes on."""
        self.actions.begin(slice(None), command)
        return self._sent(command[None], slice(None))

    def _sent(self, command: np.ndarray, ids: np.ndarray | slice) -> np.ndarray:
        self.applied[ids] = command
        return command if self.link is None else self.link.carried(command, np.arange(len(self.applied))[ids].tolist())

    def shown(self, i: int, observed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What copy i's policy sees where this is what its sensors say: the groups and pictures that were asked for, as they arrive."""
        if self.link is None:
            return self.select(observed)
        arrived = {name: one.copy() for name, one in self.link.shown(i, observed).items()}  # what has arrived may be shown again
        arrived[FEATURE] = self.link.passing([i])[0]
        return self.select(arrived)

    def select(self, observed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The groups that were asked for."""
        return observed if self._all else {name: observed[name] for name in (*self.groups, *(v.name for v in self.views))}

    def save(self, i: int) -> tuple[Any, ...]:
        """What copy i remembers."""
        return self.actions.save(i), None if self.link is None else self.link.save(i), self.applied[i].copy()

    def goes_on_from(self, saved: tuple[Any, ...]) -> bool:
        """Whether what was saved was on its way over this link."""
        return self.link is None or saved[1][0].link == self.link.link

    def restore(self, i: int, saved: tuple[Any, ...]) -> None:
        """Go on from what was saved of a copy."""
        command, late, applied = saved
        if command is not None:
            self.actions.begin(np.array([i]), command)
        if self.link is not None:
            self.link.restore(i, late)
        self.applied[i] = applied

    def taken(self, action: np.ndarray, copies: np.ndarray | None = None) -> np.ndarray:
        """Actions (k,) or (m, k) as they are taken: one past a bound by the rounding of float32 is that bound.

        A wrapper that rescales to -1..1 computes its ends no better than that. A limit as float32 has it, which is what a
        recording holds, stays as it is: the engine clamps it, here as in a replay, so that both are the same to the bit.

        Args:
            copies: which copies they are of, for the message.

        Raises:
            ArgumentError: one has another shape, is not finite, or lies outside the action space; nothing else is clipped.
        """
        low, high = self._low, self._high
        fits = action.shape[-1:] == low.shape and action.ndim == (1 if copies is None else 2)
        if fits and (self._inside(action.tolist()) if copies is None else ((action >= low) & (action <= high)).all()):
            return action
        if not fits:
            raise wrong_shape(low.shape, action.shape)
        near = np.clip(action, low, high)
        bad = ~(np.abs(action - near) <= self._rounding)
        if not bad.any():
            return np.where((action == self._ends[0]) | (action == self._ends[1]), action, near)
        first = 0 if copies is None else int(np.argmax(bad.any(axis=1)))
        row, wrong = np.atleast_2d(action)[first], np.flatnonzero(np.atleast_2d(bad)[first])[:3]
        offending = ", ".join(f"{self.actions.feature.names[i]} = {row[i]:.4g}" for i in wrong)
        of = "" if copies is None else f"environment {copies[first]}: "
        mend = "Clip it before step" if np.isfinite(row[wrong]).all() else "Give finite numbers"
        raise arguments.ArgumentError(f"{of}The action lies outside the action space ({offending}). {mend}.", field="action")

    def _inside(self, action: list[float]) -> bool:
        """Whether one action lies within its bounds: of few numbers, plain floats tell it in half of NumPy's time."""
        low, high = self._bounds
        return all(map(operator.le, low, action)) and all(map(operator.le, action, high))


def as_action(action: object) -> np.ndarray:
    """An action as float32.

    Raises:
        ArgumentError: it holds something else than numbers.
    """
    return arguments.numbers("action", action, "numbers, as action_space has them")


def wrong_shape(wanted: tuple[int, ...], given: tuple[int, ...]) -> arguments.ArgumentError:
    """The error about actions of another shape."""
    return arguments.ArgumentError(f"The shape {given} is not accepted here. Give an array of the shape {wanted}.", field="action")


def _known(name: str, known: list[str], field: str) -> str:
    word = name.removeprefix("observation.")
    refuse_unknown(word, known, f"There is no {name!r} here.", field=field)
    return word


def _view(cameras: dict[str, CameraFeature], word: str) -> View:
    camera, _, kind = word.removeprefix("observation.images.").partition("/")
    kind = kind or "rgb"
    feature = find_camera(cameras, camera, "images")
    refuse_unknown(kind, KINDS, f"There is no picture of kind {kind!r}.", field="images")
    room = "images" if kind == "rgb" else kind
    return View(f"observation.{room}.{camera}", feature, kind)


def find_camera(cameras: Mapping[str, CameraFeature], word: str, field: str = "camera") -> CameraFeature:
    """A camera of the schema by its short name.

    Raises:
        ScenarioError: there is none of that name.
    """
    name = f"observation.images.{word}"
    if name not in cameras:
        known = [known.removeprefix("observation.images.") for known in cameras]
        raise ScenarioError(f"There is no camera {word!r}.{nearest(word, known)}", field=field)
    return cameras[name]
