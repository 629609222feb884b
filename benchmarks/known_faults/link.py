"""Faults of the link between the operator and the robot: commands that are held back, and commands that never come."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from shiliu.replay.recording.recording import Stream
from shiliu.replay.signals.channels import pair
from shiliu.replay.signals.clock import origin_ns, seconds, topic
from shiliu.scenarios.sheet.errors import EpisodeError

from .fault import FaultMark, Work

STALE = 0.5  # s, bound and scale of link.stale
LOST = 0.05  # bound and scale of link.loss


def congested(work: Work, size: float) -> FaultMark:
    """For a while the link holds commands back, the first of them (1 + size) x 0.5 s long; then all come at once."""
    command = _command(work)
    t = seconds(command, origin_ns(work.record))
    hold = (1.0 + size) * STALE
    first = int(np.searchsorted(t, work.rng.uniform(t[0] + 1.0, t[-1] - hold - 1.0)))
    assert command.capture_ns is not None and command.receive_ns is not None
    free = int(command.capture_ns[first]) + round(hold * 1e9)
    held = (np.arange(command.n) >= first) & (command.receive_ns < free)
    for one in list(work.record.streams.values()):
        if topic(one) == topic(command):
            assert one.receive_ns is not None  # fields of one message share their clocks
            received = np.where(held, free, one.receive_ns)
            work.record.streams[one.name] = dataclasses.replace(one, receive_ns=received)
    # every command that was carried out too late was carried out at the end of it
    at = (free - origin_ns(work.record)) * 1e-9
    return FaultMark(at, at, (topic(command),))


def losing(work: Work, size: float) -> FaultMark:
    """All the time single commands are lost, (1 + size) x 5 % of them."""
    command = _command(work)
    n = round((1.0 + size) * LOST * command.n)
    keep = np.ones(command.n, bool)
    keep[1 + work.rng.permutation(command.n - 2)[:n]] = False
    t = seconds(command, origin_ns(work.record))
    for one in list(work.record.streams.values()):
        if topic(one) == topic(command):
            clocks = {c: getattr(one, c) for c in ("capture_ns", "receive_ns", "device_ns")}
            kept: dict[str, Any] = {c: None if times is None else times[keep] for c, times in clocks.items()}
            work.record.streams[one.name] = dataclasses.replace(
                one, values=one.values[keep], meta=one.meta_of(keep), **kept
            )
    return FaultMark(float(t[0]), float(t[-1]), (topic(command),))


def _command(work: Work) -> Stream:
    command, _ = pair(work.record)
    if command is None or command.capture_ns is None or command.receive_ns is None:
        raise EpisodeError("this recording does not tell when its commands were sent and received.")
    return command
