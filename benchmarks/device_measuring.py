"""The numbers of a device model, measured on a real recording: what its clocks and links do.

python benchmarks/judge.py measure=BAG
"""

from __future__ import annotations

from typing import Any

import numpy as np
from shiliu.replay.evaluation.device import SHARES
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.signals.channels import in_radians, pair, shared
from shiliu.replay.signals.clock import repeats
from shiliu.replay.signals.signal import find_lag, runs
from shiliu.scenarios.sheet.errors import EpisodeError

AROUND = 1.0  # s, over which the slow drift of a sender's rate is separated from the delay of single messages
TOGETHER = 1e-3  # s, messages closer than this came in one packet
HELD = 5e-3  # s, a silence longer than this between receipts is one of the link


def measure(recording: Recording) -> dict[str, Any]:
    """What a device model holds, from one recording of a real robot, in SI units.

    Raises:
        EpisodeError: it has no command, or no measured state, of the same joints.
    """
    command, state = pair(recording)
    if command is None or state is None:
        raise EpisodeError("holds no command and measured state of the same joints; a device is measured on both.")
    names = shared(command, state)
    t_command, t_state = command.time_ns * 1e-9, state.time_ns * 1e-9
    origin = min(t_command[0], t_state[0])
    lag = find_lag(t_command - origin, in_radians(command, names), t_state - origin, in_radians(state, names))
    new = (np.diff(command.values, axis=0) != 0).any(axis=1)
    stood = repeats(state)
    flow, silence = bursts(state)
    return {
        "command": sender(command),
        "state": sender(state),
        "updates": command.rate * float(new.mean()),
        "starts_after": float(t_command[0] - t_state[0]),
        "lag": None if lag is None else lag.pooled,
        "still": {
            "share": float(stood.mean()),
            "longest": max((b - a + 1 for a, b in runs(stood)), default=0),
        },
        "flow": flow,
        "silence": silence,
    }


def sender(stream: Stream) -> dict[str, Any]:
    """Rate, delays and arrivals of one stream, as `device.Sender` holds them."""
    t = (stream.time_ns - stream.time_ns[0]) * 1e-9
    k = np.arange(len(t))
    slope, intercept = np.polyfit(k, t, 1)
    late = t - (slope * k + intercept)
    late -= _running_median(late, round(AROUND / slope))
    receive = stream.receive_ns if stream.receive_ns is not None else stream.time_ns
    arrival = (receive - stream.time_ns) * 1e-9
    # what was held back says nothing about the ordinary way
    free = arrival <= max(HELD, float(np.percentile(arrival, 25)))
    return {
        "rate": stream.rate,
        "delay": [float(q) for q in np.quantile(late, SHARES)],
        "persistence": max(0.0, float(np.corrcoef(late[:-1], late[1:])[0, 1])),
        "least": float(np.quantile(np.diff(t), 0.01)),
        "arrival": [float(q) for q in np.quantile(arrival[free], SHARES)],
    }


def bursts(stream: Stream) -> tuple[float, float]:
    """For how long messages pass as they come, and for how long they are then held [s], on average; 0, 0 where never."""
    if stream.receive_ns is None:
        return 0.0, 0.0
    step = np.diff(stream.receive_ns) * 1e-9
    pauses = step[step > max(HELD, 5 * float(np.median(np.diff(stream.time_ns))) * 1e-9)]
    if len(pauses) < 3 or (step < TOGETHER).mean() < 0.2:
        return 0.0, 0.0
    silence = float(np.median(pauses))
    cycle = float(stream.receive_ns[-1] - stream.receive_ns[0]) * 1e-9 / len(pauses)
    return max(0.0, cycle - silence), silence


def _running_median(x: np.ndarray, width: int) -> np.ndarray:
    half = max(1, width // 2)
    return np.array([np.median(x[max(0, i - half) : i + half + 1]) for i in range(len(x))])
