"""What a recording tells of the answers that the robot gave: numbers of its command, under the names that the scene gives them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....scenarios.reading.answers import AskedAnswer
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.predicate import leaves
from ....scenarios.words.answer import Answered
from ...recording.recording import Recording
from ...signals.clock import origin_ns, seconds
from ...signals.joint_motion import zero_order_hold

UNKNOWN = "no_answers"  # the reason where it does not tell them


def recorded_answers(recording: Recording, asked: Sequence[AskedAnswer], grid: np.ndarray) -> dict[str, np.ndarray]:
    """Element of the action -> (m,) what the recording holds of it at given times, held until the next; zero before the first.

    Args:
        grid: (m,) seconds from the recording's origin.
    """
    wanted = {column for one in asked for column in one.columns}
    found: dict[str, np.ndarray] = {}
    for stream in recording.streams.values():
        columns = [j for j, name in enumerate(stream.names) if name in wanted]
        if columns and stream.n:
            t = seconds(stream, origin_ns(recording))
            held = np.nan_to_num(zero_order_hold(t, stream.values[:, columns], grid))
            held[grid < t.min()] = 0.0
            found |= {stream.names[j]: held[:, k] for k, j in enumerate(columns)}
    return found


def unanswered(scene: Scene, given: dict[str, np.ndarray]) -> tuple[AskedAnswer, ...]:
    """What the goal asks for and a recording has no column of, such as an answer that the operator said aloud."""
    asked = [leaf.asked for step in scene.goal for leaf in leaves(step.predicate) if isinstance(leaf, Answered)]
    return tuple(one for one in dict.fromkeys(asked) if not set(one.columns) <= set(given))
