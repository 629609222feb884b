"""What the furniture's `generate.py` share: a picture of boards of wood, and boxes that are seen and touched.

Needs Pillow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from .shapes import numbers


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Running mean along the last axis of (m, n) values, wrapped round so that the picture tiles."""
    padded = np.pad(values, ((0, 0), (width // 2, width - 1 - width // 2)), mode="wrap")
    return np.stack([np.convolve(row, np.ones(width) / width, "valid") for row in padded])


def boards(file: Path, seed: int, light: Sequence[int], dark: Sequence[int], count: int = 4, size: int = 256) -> None:
    """A square of boards with grain along the picture's x; it tiles.

    Args:
        light, dark: (red, green, blue) between which the grain lies.
        count: boards side by side; size: of the picture [px].
    """
    rng = np.random.default_rng(seed)
    tone = np.zeros((size, size))
    for low, high in pairwise(np.linspace(0, size, count + 1).astype(int)):
        grain = running_mean(rng.normal(size=(high - low, size)), size // 3)
        fine = running_mean(rng.normal(size=(high - low, size)), 15)
        tone[low:high] = rng.uniform(0.3, 0.6) + 0.3 * grain / np.abs(grain).max() + 0.08 * fine / np.abs(fine).max()
    tone = np.clip(tone, 0, 1)[..., None]
    image = (np.array(light) * (1 - tone) + np.array(dark) * tone).astype(np.uint8)
    Image.fromarray(image).quantize(12, dither=Image.Dither.NONE).save(file, optimize=True)


def panel(
    name: str, low: Sequence[float], high: Sequence[float], material: str = "wood", mass: float | None = None
) -> list[str]:
    """A board as one box to touch and one, a third of a millimetre larger, to see; from corner to corner [m]."""
    low, high = np.array(low), np.array(high)
    pos, size = numbers((low + high) / 2), (high - low) / 2
    weight = "" if mass is None else f' mass="{mass:g}"'
    return [
        f'      <geom name="{name}" class="collision" type="box" pos="{pos}" size="{numbers(size)}"{weight}/>',
        f'      <geom name="look_{name}" class="visual" type="box" pos="{pos}" size="{numbers(size + 0.0003)}" material="{material}"/>',
    ]
