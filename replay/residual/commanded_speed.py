"""Commands that are speeds: a joint that goes somewhere was commanded to move."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import SCALE
from ..signals.clock import origin_ns, seconds, topic
from .difference import Difference

GOES = 0.2  # rad that a joint goes while its commanded speed is one value: no weight lets a servo sink so far


def standing_speeds(recording: Recording) -> Iterator[Difference]:
    """Joints of which every commanded speed is the same, and that are measured to move: the command of somebody else, or none."""
    origin = origin_ns(recording)
    for command in recording.select("command", "joint_velocity"):
        for state in recording.select("measured", "joint_position"):
            if state.unit not in SCALE or min(command.n, state.n) < 8:
                continue
            goes = {
                name: float(np.ptp(state.column(name))) * SCALE[state.unit]
                for name in command.names
                if name in state.names and np.ptp(command.column(name)) == 0.0 and np.isfinite(state.column(name)).all()
            }
            names = tuple(name for name, way in goes.items() if way > GOES)
            if names:
                t = seconds(command, origin)
                size = max(goes[name] for name in names)
                level = {"level": float(command.column(names[0])[0])}
                yield Difference.over(
                    np.sort(t), names, "command", None, size, "rad", "held_value", certain=False, undone=0.0, numbers=level,
                    stream=topic(command), limit=GOES, weight=size / GOES,
                )  # fmt: skip
