"""One copy with all commands known: stepped one control period after the other, and looked at many periods at once.

What a copy alone costs beside the engine is NumPy's calls, not its numbers. So observers and the course take in `AT_ONCE`
control steps together. Every number comes out as it does step by step, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.requests import Readings
from ...scenarios.sensing.scalar_goal import SpanGoal
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.stepping.simulation import Simulation
from .ground_force import GroundForce
from .observers import FullStates, Span

AT_ONCE = 64  # control steps; what the engine gives of them stays in the processor's cache


@runtime_checkable
class SpanObserver(Protocol):
    """An observer that can look at many control steps at once."""

    def note_span(self, span: Span) -> None:
        """Look at some control steps in a row; the first span is control step 0 alone."""
        ...


def looks_in_spans(scene: Scene, observers: Sequence[object]) -> bool:
    """Whether one copy can go through many control steps before anybody looks: nothing reacts, and nobody asks step by step."""
    plain = scene.config.link.local and not scene.reactions.extra
    return plain and all(isinstance(one, FullStates | GroundForce | SpanObserver) for one in observers)


def go_through(
    scene: Scene, draw: Draw, actions: np.ndarray, observers: Sequence[object]
) -> tuple[GoalState, float | None]:
    """Step one copy through actions (T, nu) float32.

    Args:
        observers: that `looks_in_spans` allows.

    Returns:
        What the course carries at the end, and the time [s] at which the engine first warned, or None.

    Raises:
        ValueError: an action holds a number that is not finite.
    """
    simulation, goal, total = Simulation(scene), SpanGoal(scene.course), len(actions)
    by_step = [one for one in observers if isinstance(one, FullStates)]
    by_period = [one for one in observers if isinstance(one, GroundForce)]
    by_span = [one for one in observers if isinstance(one, SpanObserver)]
    live, ended = np.arange(1), np.arange(0)

    def look(first: int, j: int) -> None:
        t = first + j
        for states in by_step:
            states.look(t, live if t < total else ended, simulation)
        for force in by_period:
            force.look(t, live, simulation)

    def note(begin: int, readings: Readings, qpos: np.ndarray) -> None:
        span = Span(begin, readings, *goal.advance(readings), qpos)
        for one in by_span:
            one.note_span(span)

    first = simulation.begin([draw])
    unstable_at = 0.0 if simulation.unstable[0] else None
    look(0, 0)
    now = Readings(first.value[None], first.peak[None], first.mean[None], first.start[:, None], first.layout)
    note(0, now, simulation.live("qpos")[None])
    for begin in range(0, total, AT_ONCE):
        passed = simulation.pass_through(actions[begin : begin + AT_ONCE], partial(look, begin + 1))
        note(begin + 1, passed.readings, passed.qpos)
        if unstable_at is None and passed.unstable.any():
            unstable_at = float((begin + 1 + int(passed.unstable.argmax())) * scene.control_timestep)
    return goal.carry(), unstable_at
