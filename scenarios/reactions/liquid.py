"""A liquid as a level model: how much each vessel holds, what runs over its lip, where that lands, what is lost.

Volumes are kept apart from the engine and conserve what there is to the last bit of rounding: what leaves one vessel arrives
in another or is spilt. A vessel's inside is a solid of revolution; the liquid lies level in it against the gravity that the
vessel feels, so that a jerk spills as a tilt does. What stands above the lowest point of the lip runs out like water over
a weir, and a narrow neck lets out no more than the air that it lets in. The stream falls freely, and what does not fall into
an open mouth is spilt. Waves, drops and what clings to a wall are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..parts.pose import length

GRAVITY = 9.81  # m/s2
WATER = 1000.0  # kg/m3
DISCHARGE = 0.6  # of a sharp-edged opening (any table of weirs)
# times area * sqrt(g * diameter): an upright neck that lets water out and air in. [E], slower than Clanet and
GLUG = 0.35
# Searby, On the glug-glug of ideal bottles (J. Fluid Mech. 2004), give for a bottle on its head
SPREAD = 0.003  # m, by which a stream is wider than its area says where it lands [E]
PARTS = 4  # steps within a control period, so that a vessel that runs empty does so smoothly
_TILTS = np.linspace(0.0, np.pi, 73)
_SLICES, _RINGS, _AROUND, _AMOUNTS = 90, 8, 48, 129  # how finely a vessel is looked at


@dataclass(frozen=True)
class Bore:
    """The inside of a vessel.

    Attributes:
        radius: (k,) radii [m] from the floor to the mouth.
        height: (k,) where they are [m], beginning with 0, growing; straight lines between them.
    """

    radius: tuple[float, ...]
    height: tuple[float, ...]
    capacity: float = field(init=False)  # m3, upright to the brim
    # (tilts, amounts) surface above the lip's lowest point [m]
    _head: np.ndarray = field(init=False, repr=False, compare=False)
    _brim: np.ndarray = field(init=False, repr=False, compare=False)  # (tilts,) what it holds before it runs over [m3]

    def __post_init__(self) -> None:
        edges = np.linspace(self.height[0], self.height[-1], _SLICES + 1)
        z = (edges[1:] + edges[:-1]) / 2
        r = np.interp(z, self.height, self.radius)
        rings = np.sqrt((np.arange(_RINGS) + 0.5) / _RINGS)
        around = np.cos(2 * np.pi * (np.arange(_AROUND) + 0.5) / _AROUND)
        x = (r[:, None, None] * rings[None, :, None] * around[None, None, :]).reshape(_SLICES, -1)
        weight = np.repeat(np.pi * r**2 * np.diff(edges) / (_RINGS * _AROUND), _RINGS * _AROUND)
        total = float(weight.sum())
        amounts = np.linspace(0.0, 1.0, _AMOUNTS) * total
        head, brim = np.zeros((len(_TILTS), _AMOUNTS)), np.zeros(len(_TILTS))
        mouth, top = self.radius[-1], self.height[-1]
        for k, tilt in enumerate(_TILTS):
            above = (z[:, None] * np.cos(tilt) + x * np.sin(tilt)).ravel() - (top * np.cos(tilt) - mouth * np.sin(tilt))
            order = np.argsort(above)
            filled = np.cumsum(weight[order])
            head[k] = np.interp(amounts, filled, above[order])
            brim[k] = np.interp(0.0, above[order], filled, left=0.0)
        object.__setattr__(self, "capacity", total)
        object.__setattr__(self, "_head", head)
        object.__setattr__(self, "_brim", brim)

    @property
    def mouth(self) -> float:
        """Radius of the opening [m]."""
        return self.radius[-1]

    def brim(self, tilt: np.ndarray) -> np.ndarray:
        """(...,) [m3] what it can hold at a tilt [rad] before it runs over."""
        return np.interp(tilt, _TILTS, self._brim)

    def head(self, volume: np.ndarray, tilt: np.ndarray) -> np.ndarray:
        """(...,) [m] by which the surface of a volume [m3] stands above the lip's lowest point at a tilt [rad]; may be negative."""
        i = np.clip(np.asarray(tilt) / _TILTS[1], 0.0, len(_TILTS) - 1.001)
        j = np.clip(np.asarray(volume) / self.capacity * (_AMOUNTS - 1), 0.0, _AMOUNTS - 1.001)
        a, b = i.astype(int), j.astype(int)
        s, t = i - a, j - b
        low = (1 - t) * self._head[a, b] + t * self._head[a, b + 1]
        high = (1 - t) * self._head[a + 1, b] + t * self._head[a + 1, b + 1]
        heaped = np.maximum(np.asarray(volume) - self.capacity, 0.0) / (np.pi * self.mouth**2)
        return (1 - s) * low + s * high + heaped

    def flow(self, volume: np.ndarray, tilt: np.ndarray) -> np.ndarray:
        """(...,) [m3/s] what runs over the lip."""
        head = np.where(volume > 0.0, np.maximum(self.head(volume, tilt), 0.0), 0.0)
        deep = np.clip(head / np.maximum(np.sin(tilt), 0.2), 0.0, 2 * self.mouth)  # along the opening
        u = 1.0 - deep / self.mouth
        wetted = self.mouth**2 * (np.arccos(u) - u * np.sqrt(np.maximum(1.0 - u * u, 0.0)))
        weir = DISCHARGE * (2.0 / 3.0) * wetted * np.sqrt(2 * GRAVITY * head)
        air = GLUG * np.pi * self.mouth**2 * np.sqrt(2 * GRAVITY * self.mouth)
        return np.minimum(weir, air)


@dataclass
class Liquid:
    """What several vessels hold, in n copies at once.

    Args:
        bores: of the vessels.
        timestep: [s] of one call of `step`.
    """

    bores: Sequence[Bore]
    timestep: float

    def step(
        self, volume: np.ndarray, mouth: np.ndarray, axis: np.ndarray, tilt: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Let it run for one time step.

        Args:
            volume: (n, vessels) [m3] what each holds.
            mouth: (n, vessels, 3) [m] middle of each opening.
            axis: (n, vessels, 3) unit vector out of each opening.
            tilt: (n, vessels) [rad] between each axis and the gravity that the vessel feels; against the vertical where None.

        Returns:
            volume (n, vessels) afterwards, what was spilt (n,) [m3], and what left each vessel (n, vessels) [m3].
        """
        volume = np.array(volume, float)
        if tilt is None:
            tilt = np.arccos(np.clip(axis[..., 2], -1.0, 1.0))
        spilt, left = np.zeros(len(volume)), np.zeros_like(volume)
        brims = [bore.brim(tilt[:, i]) for i, bore in enumerate(self.bores)]
        if not any((volume[:, i] > brim).any() for i, brim in enumerate(brims)):
            return volume, spilt, left
        dt = self.timestep / PARTS
        for _ in range(PARTS):
            for i, (bore, brim) in enumerate(zip(self.bores, brims)):
                over = np.maximum(volume[:, i] - brim, 0.0)
                if not over.any():
                    continue
                rate = bore.flow(volume[:, i], tilt[:, i])
                out = np.minimum(rate * dt, 0.5 * over)
                if not out.any():
                    continue
                caught = np.zeros(len(volume))
                for j, other in enumerate(self.bores):
                    if j != i:
                        into = out * self._share(i, j, rate, bore, other, volume, mouth, axis, tilt)
                        into = np.minimum(into, out - caught)
                        volume[:, j] += into
                        caught += into
                volume[:, i] -= out
                left[:, i] += out
                spilt += out - caught
        return volume, spilt, left

    def _share(
        self,
        i: int,
        j: int,
        rate: np.ndarray,
        bore: Bore,
        other: Bore,
        volume: np.ndarray,
        mouth: np.ndarray,
        axis: np.ndarray,
        tilt: np.ndarray,
    ) -> np.ndarray:
        """(n,) 0..1 how much of the stream from vessel i falls into the mouth of vessel j."""
        at, speed = stream(bore, volume[:, i], tilt[:, i], mouth[:, i], axis[:, i])
        fall = at[:, 2] - mouth[:, j, 2]
        down = speed[:, 2]
        time = (down + np.sqrt(np.maximum(down**2 + 2 * GRAVITY * fall, 0.0))) / GRAVITY
        landing = at[:, :2] + speed[:, :2] * time[:, None]
        off = length(landing - mouth[:, j, :2])
        arriving = np.maximum(length(speed) + GRAVITY * time, 0.1)
        half = np.sqrt(rate / (np.pi * arriving)) + SPREAD
        share = np.clip((other.mouth * np.maximum(axis[:, j, 2], 0.0) + half - off) / (2 * half), 0.0, 1.0)
        return np.where((fall > 0.0) & (axis[:, j, 2] > 0.5), share, 0.0)


def stream(
    bore: Bore, volume: np.ndarray, tilt: np.ndarray, mouth: np.ndarray, axis: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where a stream leaves a lip and how fast: (n, 3) [m] and (n, 3) [m/s].

    It leaves at the lowest point of the lip, along the neck, never upwards.
    """
    up = np.array([0.0, 0.0, 1.0])
    across = axis * axis[:, 2:] - up
    across /= np.maximum(length(across), 1e-9)[:, None]
    along = axis * np.array([1.0, 1.0, 0.0]) + up * np.minimum(axis[:, 2:], 0.0)
    along /= np.maximum(length(along), 1e-9)[:, None]
    head = np.maximum(bore.head(volume, tilt), 0.0)
    return mouth + bore.mouth * across, along * (DISCHARGE * np.sqrt(2 * GRAVITY * head))[:, None]
