"""Statistics of a dataset's features, as LeRobot wants them for normalising: of each episode, and of the set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}


def of_array(values: np.ndarray) -> dict[str, np.ndarray]:
    """Minimum, maximum, mean, standard deviation, quantiles and count of each column.

    Args:
        values: (n, k), or (n,) for a single column. What is not finite is left out: it would make the whole set's
            statistics useless, and the judge reports it anyway.

    Returns:
        (k,) float64 by name; `count` is (1,) int64.
    """
    table = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    finite = np.isfinite(table)
    if not finite.all():
        table = np.where(finite, table, np.where(finite, table, 0.0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1))
    low, high = table.min(axis=0), table.max(axis=0)
    quantiles = np.quantile(table, list(QUANTILES.values()), axis=0)
    return {
        "min": low,
        "max": high,
        "mean": table.mean(axis=0),
        "std": table.std(axis=0),
        "count": np.array([len(table)]),
        **dict(zip(QUANTILES, quantiles)),
    }


def of_frames(frames: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """The same of pictures (h, w, 3) uint8, by channel over all pixels, in 0..1 and shaped (3, 1, 1)."""
    taken = [frame[::8, ::8].reshape(-1, 3) for frame in frames]  # every 64th pixel says as much
    stats = of_array(np.concatenate(taken) / 255.0)
    return {k: np.array([len(taken)]) if k == "count" else v.reshape(3, 1, 1) for k, v in stats.items()}


def of_set(episodes: list[dict[str, dict[str, np.ndarray]]]) -> dict[str, dict[str, Any]]:
    """Statistics of the whole set from those of its episodes, as plain lists for JSON.

    Mean and deviation are exact; a quantile is the weighted mean of the episodes' quantiles, as in LeRobot itself.
    """
    result: dict[str, dict[str, Any]] = {}
    for name in episodes[0]:
        parts = [episode[name] for episode in episodes]
        n = np.array([part["count"][0] for part in parts], dtype=np.float64)
        weight = (n / n.sum()).reshape(-1, *([1] * parts[0]["mean"].ndim))

        def stack(key: str, parts: list[dict[str, np.ndarray]] = parts) -> np.ndarray:
            return np.stack([part[key] for part in parts])

        mean = (weight * stack("mean")).sum(axis=0)
        variance = (weight * (stack("std") ** 2 + (stack("mean") - mean) ** 2)).sum(axis=0)
        result[name] = {
            "min": stack("min").min(axis=0).tolist(),
            "max": stack("max").max(axis=0).tolist(),
            "mean": mean.tolist(),
            "std": np.sqrt(variance).tolist(),
            "count": [int(n.sum())],
            **{q: (weight * stack(q)).sum(axis=0).tolist() for q in QUANTILES},
        }
    return result
