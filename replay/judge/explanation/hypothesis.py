"""What may have happened to a record between its making and its reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...recording.recording import SimEpisode

CLEAR = 1e-6  # rad, m, %: a departure that stands out of float32, and of what an engine rounds
TOLD = 5  # hypotheses that the finding lists
GREW = 1e3  # the doubling time is measured from the first difference until it has grown by so much
# all others: device
OWNERS = {"scene_parameter": "scene", "scene_fingerprint": "scene", "engine_version": "auditor", "unknown": "auditor"}


@dataclass(frozen=True)
class Hypothesis:
    """One cause, tried.

    Attributes:
        name: of the cause; amount: its size, by the words of the catalogue.
        residual: largest difference that is left in the stretches that were played, in the units of the record.
        share: of the departure without it.
    """

    name: str
    residual: float
    share: float
    amount: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"cause": self.name, **self.amount, "residual": self.residual, "share": self.share}


@dataclass(frozen=True, eq=False)
class RecordStretch:
    """A part of the record: `begin` is a control step with a known full state, `n` how many steps follow.

    `end`: the full state behind them, where that alone is compared.
    """

    begin: int
    n: int
    state: np.ndarray
    end: np.ndarray | None = None


def doubling(size: np.ndarray, control_timestep: float) -> float | None:
    """In how many seconds a departure doubles, from where it stands out of the rounding until it is `GREW` times as large.

    Args:
        size: (T+1,) largest difference at each control step.

    Returns:
        None where it never stands out, or does not grow tenfold.
    """
    clear = size >= CLEAR
    if not clear.any():
        return None
    later = size[int(clear.argmax()) :]
    end = int((later >= GREW * later[0]).argmax()) or int(later.argmax())
    if end == 0 or not np.isfinite(later[end]) or later[end] < 10.0 * later[0]:
        return None
    return float(end * control_timestep / np.log2(later[end] / later[0]))


def named_columns(cause: Hypothesis, tried: Sequence[Hypothesis]) -> dict[str, Any]:
    better = [h.to_dict() for h in tried if h.share < 1.0][:TOLD]  # what makes it worse is no evidence for anything
    return {
        "likely": cause.name,
        "kind": cause.name,
        "owner": OWNERS.get(cause.name, "device"),
        "left": cause.residual,
        **cause.amount,
        "hypotheses": better,
    }


def _size(gap: np.ndarray) -> np.ndarray:
    """(..., T) the largest difference of each row; what is not finite counts as infinite."""
    size: np.ndarray = np.nan_to_num(np.abs(gap), nan=np.inf).max(axis=-1)
    return size


def _first(episode: SimEpisode, size: np.ndarray, states: Mapping[int, np.ndarray]) -> int:
    """The first control step at which the record shows a difference, in float32 or in a full state."""
    steps = [int(size.argmax() if not (size > 0).any() else (size > 0).argmax())] if size.any() else []
    steps += [k for k, s in episode.checkpoints.items() if k in states and not np.array_equal(s, states[k])]
    return min(steps, default=0)
