"""Columns without commands of their own: one that goes where another joint is commanded, and one with a command that never changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..recording.recording import Recording
from ..signals.channels import SCALE
from .difference import Difference
from .other_commands import FOLLOWS, LATE, best_alike
from .table import Group, RecordedChannel

NOT = 0.5  # correlation of a joint with its command, below which it does not follow it
AS_FAR = (0.7, 1.4)  # times as far as the command, that such a column goes
MOST = 0.8  # of a take, in which a joint is elsewhere


def with_exchanged(recording: Recording, groups: Sequence[Group], found: Iterable[Difference]) -> Iterator[Difference]:
    """The differences, those of a joint that follows its command nowhere with the name of the column that does."""
    by_name = {channel.name: (group, channel) for group in groups for channel in group.channels}
    for one in found:
        whole = one.kind == "measured" and one.certain and one.last - one.first >= MOST * (one.rows - 1)
        at = by_name.get(one.channels[0]) if whole and len(one.channels) == 1 else None
        other = _another(recording, *at) if at is not None else None
        yield one if other is None else replace(one, name="copied", numbers={"other": other}, explained=1.0, undone=1.0)


def of_standing_commands(group: Group, found: Iterable[Difference]) -> Iterator[Difference]:
    """The differences, those of a command that is one value in all rows of the take as what they are. A joint that goes meanwhile was
    pushed, guided by hand or off; or its commands were not written. Unless it goes further than anything pushes it, nothing recorded
    tells which."""
    stands = {c.name for c in group.channels if "command" in c.columns and not c.goes("command")}
    for one in found:
        if one.kind != "command" or not stands.issuperset(one.channels) or one.name == "measurement_as_command":
            yield one
        elif one.certain:
            yield replace(one, name="held_value", numbers={})
        else:
            yield replace(one, name="uncommanded", numbers={}, explained=0.0, undone=0.0)


def _another(recording: Recording, group: Group, channel: RecordedChannel) -> str | None:
    """The name of a column of a channel's measured stream that none of the group's channels is, and that follows its command instead."""
    if not channel.has_both or group.hands:
        return None
    stream = recording.streams[channel.streams["measured"]]
    spare = [name for name in stream.names if name not in {c.name for c in group.channels}]
    if not spare or stream.n != group.n:
        return None
    c = channel.columns["command"]
    x = np.column_stack([channel.columns["measured"], *(stream.column(name) for name in spare)])
    if not np.isfinite(x).all():
        return None
    own, *alike = best_alike(x, c[:, None], group.dt, LATE)[0][:, 0].tolist()
    ways = (x[:, 1:].std(axis=0) * SCALE.get(stream.unit, 1.0) / channel.way / max(float(c.std()), 1e-9)).tolist()
    best = max(range(len(spare)), key=alike.__getitem__)
    follows = alike[best] > FOLLOWS and AS_FAR[0] < ways[best] < AS_FAR[1]
    return spare[best] if follows and abs(own) < NOT else None


def as_never_measured(one: Difference, groups: Sequence[Group]) -> Difference:
    """A difference; where torques contradict commands of joints that are measured at one value in all rows, to the bit, their measurement
    instead: a joint that stands so has the torque of a servo that is away from where it was sent."""
    of = {c.name: c for group in groups for c in group.channels}
    if one.kind != "command" or not one.certain or not all(name in of and _is_dead(of[name]) for name in one.channels):
        return one
    channels = [of[name] for name in one.channels]
    size = max(float(np.abs(c.columns["command"] - c.columns["measured"][0]).max()) for c in channels)
    group = next(group for group in groups if channels[0] in group.channels)
    return Difference.over(
        group.t, one.channels, "measured", None, size, channels[0].unit, "held_value", certain=True, limit=one.limit, weight=one.weight,
        numbers={"level": float(channels[0].columns["measured"][0])}, stream=channels[0].topics["measured"],
    )  # fmt: skip


def _is_dead(channel: RecordedChannel) -> bool:
    kinds = {"command", "measured", "effort"}
    return kinds <= set(channel.columns) and channel.goes("measured") == 0.0 and min(channel.goes(k) for k in ("command", "effort")) > 0.0
