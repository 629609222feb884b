"""A small LeRobot set of ours, what is asked of a set, and the findings by code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.integrity import check_integrity
from shiliu.replay.checks.registry import asked_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.judge.intake import intake
from shiliu.replay.recording.declared import Declared
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.report import Words
from shiliu.replay.robots.limits import Limits

CODES = asked_of("set")
RULES = load_rules()
FPS = 30
FEATURES = {
    "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"], "unit": "rad"},
    "observation.state": {"dtype": "float32", "shape": [3], "names": ["x", "y", "z"], "unit": "m"},
}
PICTURES = FEATURES | {"observation.images.head": {"dtype": "video", "shape": [16, 16, 3]}}


def episode(seed: int = 0, n: int = 150) -> SimEpisode:
    """Something that is written and read; it is never simulated."""
    t = np.arange(n)[:, None] / FPS
    rng = np.random.default_rng(seed)
    return SimEpisode(
        seed=seed,
        draw={},
        config={"name": "microwave"},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / FPS,
        n_substeps=16,
        start_state=rng.normal(size=5),
        actions=(np.sin(t + seed) + 0.01 * rng.normal(size=(n, 2))).astype(np.float32),
        action_names=("a", "b"),
        states={"observation.state": np.cumsum(0.01 * rng.normal(size=(n, 3)), axis=0).astype(np.float32)},
        checkpoints={k: rng.normal(size=5) for k in range(0, n, FPS)},
        label={"success": True, "failure": None},
        task={"en": "Open it.", "zh": "打开。"},
        scenario="microwave",
    )


def verdict_of(root: Path):
    (verdict,) = intake(read(root), RULES)
    assert verdict.error is None, verdict.error
    return verdict


def of_set(declared: Declared | None) -> list[Finding]:
    """What is asked of a set."""
    found = check_integrity(Recording("", "", "", "robot", {}, declared=declared), Limits({}), RULES)
    return [one for one in found if one.code in asked_of("set")]


def by_code(found: list[Finding]) -> dict[str, Finding]:
    return {finding.code: finding for finding in found}


def printed(verdict) -> str:
    return " | ".join(Words("en").message(f) for f in verdict.findings if f.level != "NOT_APPLICABLE")


def after(values: np.ndarray, row: int, by: float) -> np.ndarray:
    return np.where(np.arange(len(values)) < row, values, values + by)
