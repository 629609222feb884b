"""A user's own policy for a robot's legs: what its sheet says, and what it needs to remember."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ENDING = ".onnx"  # of a policy's file


def not_a_policy(named: object) -> str | None:
    """What is wrong with what `legs` names, as its ending says; None where it may be a policy's file."""
    if isinstance(named, str) and Path(named).suffix == ENDING:
        return None
    return f"{named!r} is not accepted here. Give true, false, or a file that ends in {ENDING}."


@dataclass(frozen=True)
class Term:
    """A part of the observation: elements `first` to `first + size` of a quantity, times a scale."""

    name: str
    first: int
    size: int
    scale: float


@dataclass(frozen=True, eq=False)
class LegPolicy:
    """A policy and its sheet, in the order of the policy.

    Attributes:
        file: its name; sha256: of its bytes; weights: these bytes, None where an episode names a policy that nobody has given.
        sheet_file, sheet: the sheet's name, and what stands in it.
        joints: of its outputs (k,), arms among them where it knows of them; legs: which of them it moves, as the motors lie in the model.
        default, scale: (k,) posture [rad] that outputs of zero mean, and rad of an output of one.
        kp, kd, limit: (12,) stiffness [Nm/rad], damping [Nms/rad] and most torque [Nm] of the legs, as the motors lie in the model.
        rate: of its answers [Hz]; cycle: of its phase [s], 0 where it has none.
        command: ahead, to the left, turning, standing: what each is multiplied by.
        terms: of one frame; frames: that it is shown; by_term: all frames of a term side by side, instead of whole frames.
        repeated: the first frame stands for those before it, instead of zeros.
        clip: largest observation and largest output.
        golden: pairs of an observation and the answer to it.
    """

    file: str
    sha256: str
    weights: bytes | None
    sheet_file: str
    sheet: Mapping[str, Any]
    joints: tuple[str, ...]
    legs: tuple[int, ...]
    default: np.ndarray
    scale: np.ndarray
    kp: np.ndarray
    kd: np.ndarray
    limit: np.ndarray
    rate: float
    cycle: float
    command: tuple[float, float, float, float]
    terms: tuple[Term, ...]
    frames: int
    by_term: bool
    repeated: bool
    clip: tuple[float, float]
    golden: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def frame(self) -> int:
        """Numbers of one frame."""
        return sum(term.size for term in self.terms)

    @property
    def memory(self) -> Mapping[str, int]:
        """What it remembers, in this order: name -> numbers of `userdata`."""
        k = len(self.joints)
        return {"due": 1, "cycles": 1, "action": k, "target": 12, "asked": 12, "smooth": 2, "borne": 2, "frames": self.frames * self.frame}

    @property
    def sheet_sha256(self) -> str:
        """Of what the sheet says, however it is laid out."""
        return hashlib.sha256(json.dumps(self.sheet, sort_keys=True).encode()).hexdigest()

    @property
    def controller(self) -> str:
        """As verdicts name it."""
        return f"{self.file} sha256 {self.sha256[:12]}, {self.sheet_file} {self.sheet_sha256[:12]}"

    @property
    def kept(self) -> dict[str, Any]:
        """What an episode keeps of it: never the weights."""
        return {"file": self.file, "sha256": self.sha256, "sheet_file": self.sheet_file, "sheet": dict(self.sheet)}

    @property
    def named(self) -> dict[str, str]:
        """What a verdict tells of it."""
        return {"file": self.file, "sha256": self.sha256, "sheet": self.sheet_file, "sheet_sha256": self.sheet_sha256}
