"""Is a joint zero in all rows of a take, commanded and measured, while it moves in the other takes of its set? Nobody wrote its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import pair
from .beyond_stops import limb_of
from .finding import Finding
from .rules import Rules

CODE, KIND = "stream.frozen", "unwritten"
LEAST, SOME = 3, 0.02  # other takes; of its limb's way, from where on a joint is elsewhere than at zero


@dataclass(frozen=True)
class Written:
    """Joints of a take that are zero in all rows, to the bit, in command and measurement, while others of their limb move; and those that
    are elsewhere, at some time, or away from zero as it begins. And how long it is [s]."""

    zero: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    duration_s: float = 0.0
    away: tuple[str, ...] = ()


def written_of(recording: Recording) -> Written:
    command, state = pair(recording)
    if recording.episode is not None or command is None or state is None or not command.n or not state.n:
        return Written()
    names = [name for name in state.names if name in command.names]
    both = {name: np.concatenate([command.column(name), state.column(name)]) for name in names}
    ways: dict[str, float] = {}
    for name, x in both.items():
        ways[limb_of(name)] = max(ways.get(limb_of(name), 0.0), float(np.ptp(x)) if np.isfinite(x).all() else 0.0)
    zero = tuple(name for name, x in both.items() if not x.any() and ways[limb_of(name)] > 0.0)
    elsewhere = tuple(name for name, x in both.items() if float(np.abs(x).max(initial=0.0)) > SOME * ways[limb_of(name)])
    first = {name: min(abs(float(stream.column(name)[0])) for stream in (command, state)) for name in elsewhere}
    away = tuple(name for name in elsewhere if first[name] > SOME * ways[limb_of(name)])
    return Written(zero, elsewhere, state.duration_s, away)


def check_written_among(take: Written, others: Sequence[Written], rules: Rules) -> Finding | None:
    """`stream.frozen` of joints that are zero throughout in this take alone; None where there are none. A joint that a robot does not have
    is zero in all takes, and an arm that is switched off stands still as a whole. A WARN where other takes begin there: by coarse encoders
    a joint that rests at zero is measured so."""
    if not take.zero or len(others) < LEAST:
        return None
    lost = tuple(name for name in take.zero if all(name in one.elsewhere for one in others))
    if not lost:
        return None
    sure = tuple(name for name in lost if all(name in one.away for one in others))
    rule, seconds = rules[CODE], take.duration_s
    return rule.beyond(
        max(seconds, rule.bound("fail")), rule.bound("fail"), level="FAIL" if sure else "WARN", subject=sure or lost,
        t0=0.0, t1=seconds, share=1.0, details={"kind": KIND, "takes": len(others)},
    )  # fmt: skip
