"""The episode schema: the only source of spaces, dataset features, importer's target and the report's axes.

One object is built from a scene. Names, order and units are those of the real robot; an observation of the environment
and a column of a dataset with the same name hold the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..sensing.requests import Layout, Readings, Request
from ..sheet.near_matches import refuse_unknown

if TYPE_CHECKING:
    import gymnasium


@dataclass(frozen=True)
class Feature:
    """One named vector of an episode.

    Attributes:
        names: one name an element; joints are spelt as the robot's maker spells them.
        unit: unit of each element.
        low, high: (k,) finite bounds; for joints the model's range, otherwise generous physical bounds.
        sources: the sensors or actuators that the elements come from.
        requests: sensor requests; their values, one after the other, are this feature. Forces are given as `peak`.
    """

    name: str
    names: tuple[str, ...]
    unit: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    sources: tuple[str, ...]
    requests: tuple[Request, ...] = ()
    peak: bool = False
    dtype: str = "float32"

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.names),)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """(k,) lowest and highest value as float32, the bits that spaces, table, JSON Schema and dataset all say.

        An action is rounded inwards, so that none goes past its limit; an observation to the nearest.
        """
        if self.name == "action":
            return inwards(self.low, self.high)
        return self.low.astype(np.float32), self.high.astype(np.float32)

    def read(self, readings: Readings) -> np.ndarray:
        """(..., k) float32 values of this feature."""
        if self.peak:
            values = readings.peak[..., readings.layout.force_columns(self.requests)]
        else:
            values = readings.value[..., readings.layout.columns(self.requests)]
        return values.astype(np.float32)


@dataclass(frozen=True)
class CameraFeature:
    """A picture stream of an episode: `observation.images.<name>`."""

    name: str
    camera: str
    width: int
    height: int
    rate: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, red-green-blue."""
        return (self.height, self.width, 3)


def inwards(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds in float32, rounded inwards, so that no float32 action lies outside the float64 limits."""
    low32, high32 = low.astype(np.float32), high.astype(np.float32)
    low32 = np.where(low32 < low, np.nextafter(low32, np.float32(np.inf)), low32)
    high32 = np.where(high32 > high, np.nextafter(high32, np.float32(-np.inf)), high32)
    return low32.astype(np.float32), high32.astype(np.float32)


@dataclass(frozen=True)
class Schema:
    """All features of a scenario's episodes.

    Attributes:
        action: the action vector; element i is `ctrl[i]` of the model.
        observations: feature name -> Feature.
        cameras: feature name -> CameraFeature; only on request.
        control_timestep: [s] between rows.
    """

    scenario: str
    control_timestep: float
    action: Feature
    observations: dict[str, Feature]
    cameras: dict[str, CameraFeature] = field(default_factory=dict)
    _gathered: dict[int, tuple[Layout, Any]] = field(default_factory=dict, repr=False, compare=False)

    def action_space(self) -> gymnasium.spaces.Box:
        from gymnasium.spaces import Box

        return Box(*self.action.bounds, dtype=np.float32)

    def observation_space(self, images: tuple[str, ...] = ()) -> gymnasium.spaces.Dict:
        from gymnasium.spaces import Box, Dict

        spaces: dict[str, Any] = {
            name: Box(*feature.bounds, dtype=np.float32) for name, feature in self.observations.items()
        }
        for name in images:
            spaces[name] = Box(0, 255, self._camera(name).shape, np.uint8)
        return Dict(spaces)

    def _camera(self, name: str) -> CameraFeature:
        refuse_unknown(name, self.cameras, f"There is no camera {name!r}.", field="images")
        return self.cameras[name]

    def observe(self, readings: Readings, i: int | None = None) -> dict[str, np.ndarray]:
        """Feature name -> (..., k) float32, of copy i or of all, clipped to the bounds of the observation space.

        A measurement beyond a generous bound, or NaN, occurs only in a diverging simulation, which is reported as
        `unstable`; its last observation is finite all the same, because NaN in a learner's buffer spoils its weights.
        """
        _, low, high, parts = self._gather(readings.layout)
        row = self._row(readings, i)
        np.fmin(np.fmax(row, low, out=row), high, out=row)  # NaN becomes the lower bound
        if row.ndim == 1:
            return {name: row[part] for name, part in parts.items()}
        return {name: row[..., part] for name, part in parts.items()}

    def record(self, readings: Readings) -> dict[str, np.ndarray]:
        """Feature name -> (..., k) float32 as measured: what is recorded is never clipped."""
        row, parts = self._row(readings), self._gather(readings.layout)[-1]
        return {name: row[..., part] for name, part in parts.items()}

    def _row(self, readings: Readings, i: int | None = None) -> np.ndarray:
        columns = self._gather(readings.layout)[0]
        value, peak = (readings.value, readings.peak) if i is None else (readings.value[i], readings.peak[i])
        both = np.concatenate([value, peak], axis=-1)
        return both.take(columns, axis=-1).astype(np.float32)

    def _gather(self, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, slice]]:
        """All observations in one row: columns of sensors and peaks side by side, bounds, where each feature lies."""
        kept = self._gathered.get(id(layout))
        if kept is None or kept[0] is not layout:
            kept = self._gathered[id(layout)] = (layout, self._arrange(layout))
        return kept[1]

    def _arrange(self, layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray, dict[str, slice]]:
        measured = [feature for feature in self.observations.values() if feature.requests]  # the link's times are no sensor's
        ordered = sorted(measured, key=lambda feature: feature.peak)
        columns = [
            layout.width + layout.force_columns(f.requests) if f.peak else layout.columns(f.requests) for f in ordered
        ]
        ends = np.cumsum([len(feature.names) for feature in ordered])
        at = {f.name: slice(int(end) - len(f.names), int(end)) for f, end in zip(ordered, ends)}
        low = np.concatenate([feature.low for feature in ordered]).astype(np.float32)
        high = np.concatenate([feature.high for feature in ordered]).astype(np.float32)
        return np.concatenate(columns), low, high, {feature.name: at[feature.name] for feature in measured}

    @property
    def features(self) -> tuple[Feature, ...]:
        """The action, then the observations, in the order in which everything lists them."""
        return (self.action, *self.observations.values())

    def lerobot_features(self, images: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
        """The features of a LeRobot v3.0 `info.json` (without its own index columns), with what it has no word for beside.

        Args:
            images: camera features to include as video, such as `observation.images.head`.

        Raises:
            ScenarioError: there is no such camera.
        """
        out: dict[str, dict[str, Any]] = {}
        for feature in self.features:
            low, high = feature.bounds
            out[feature.name] = {
                "dtype": feature.dtype,
                "shape": list(feature.shape),
                "names": list(feature.names),
                "unit": list(feature.unit),
                "low": low.tolist(),
                "high": high.tolist(),
                "source": list(feature.sources),
            }
        for name in images:
            out[name] = {
                "dtype": "video",
                "shape": list(self._camera(name).shape),
                "names": ["height", "width", "channels"],
            }
        return out

    def table(self) -> list[dict[str, Any]]:
        """One row an element, and one a camera: feature, index, name, unit, low, high, source, dtype.

        A camera's row stands for all its pixels: its index is None and its name the shape (h, w, 3).
        """
        rows: list[dict[str, Any]] = []
        for feature in self.features:
            low, high = (bound.tolist() for bound in feature.bounds)
            for i, name in enumerate(feature.names):
                rows.append(
                    {
                        "feature": feature.name,
                        "index": i,
                        "name": name,
                        "unit": feature.unit[i],
                        "low": low[i],
                        "high": high[i],
                        "source": feature.sources[i],
                        "dtype": feature.dtype,
                    }
                )
        for camera in self.cameras.values():
            rows.append(
                {
                    "feature": camera.name,
                    "index": None,
                    "name": "x".join(map(str, camera.shape)),
                    "unit": "1",
                    "low": 0,
                    "high": 255,
                    "source": f"camera {camera.camera} at {camera.rate:g} Hz",
                    "dtype": "uint8",
                }
            )
        return rows

    def json_schema(self) -> dict[str, Any]:
        """The schema as a JSON Schema of one row of an episode; pictures are (h, w, 3) arrays and may be left out."""
        properties: dict[str, Any] = {}
        for feature in self.features:
            low, high = (bound.tolist() for bound in feature.bounds)
            properties[feature.name] = {
                "type": "array",
                "minItems": len(feature.names),
                "maxItems": len(feature.names),
                "prefixItems": [
                    {"type": "number", "title": n, "description": u, "minimum": lo, "maximum": hi}
                    for n, u, lo, hi in zip(feature.names, feature.unit, low, high)
                ],
            }
        for camera in self.cameras.values():
            inner: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 255}
            for n in reversed(camera.shape):
                inner = {"type": "array", "minItems": n, "maxItems": n, "items": inner}
            properties[camera.name] = inner
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"shiliu {self.scenario}",
            "type": "object",
            "properties": properties,
            "required": [feature.name for feature in self.features],
        }
