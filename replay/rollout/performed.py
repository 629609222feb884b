"""What is kept of a performance: what an episode holds, and what a judge looks at."""

from __future__ import annotations

from ...scenarios.scene.scene import Scene
from .ground_force import GroundForce
from .nearest import MissedSteps
from .observers import FullStates, Observations, SafetyMeasures, Tape
from .rollout import Observer


def performance_observers(scene: Scene, n: int, rows: int, judged: bool) -> list[Observer]:
    """Observers of n copies for up to `rows` control steps.

    Args:
        scene: where it is judged from what is kept, `scene.judged`.
        judged: keep what the judge looks at, too; the same numbers as its own replay gives.
    """
    seen: list[Observer] = [
        Observations(scene, n, rows),
        SafetyMeasures(scene, n, rows),
        FullStates.each_second(scene),
        MissedSteps(scene.course, n),
    ]
    return [*seen, Tape(scene, n, rows), GroundForce(scene, n, rows)] if judged else seen
