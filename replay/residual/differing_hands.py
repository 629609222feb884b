"""From the columns of hands to what is wrong with which of them: another end, another hand, another unit, or no way of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from .difference import Difference
from .exchanged_hands import exchanged_hands
from .hand_law import HELD_BACK, beside_drives
from .hand_speed import PERCENT
from .hands import BEYOND, against_command, another_unit, late_hand, never_measured, reversed_hand
from .leaps import leaps_of, of_leaps
from .table import Group, RecordedChannel
from .turned_hands import hands_turned_alike, hands_turned_in_part, hands_turned_round
from .whole_speeds import speeds_never_filled, speeds_of_another_unit
from .whole_takes import PAST, whole


def differing_hands(group: Group) -> list[Difference]:
    """All that the hands of a group contradict each other in. What is of another end, or another hand, is put aside before the rest."""
    if group.own_scales:  # how far it goes tells nothing, and so do the laws of its drive
        return _in_its_rows(group, [d for channel in group.channels for d in _all_along(group, channel)])
    if from_other_end := [*hands_turned_round(group), *hands_turned_in_part(group), *hands_turned_alike(group)]:
        return [*from_other_end, *_rest_of_hands(group, from_other_end)]
    found = [*speeds_of_another_unit(group), *speeds_never_filled(group)] if group.channels[0].way == PERCENT else []
    back = {c.name for c in group.channels if found and reversed_hand(c, group.dt) is not None}
    found = [d for d in found if not back & set(d.channels)]  # it is the position that goes the other way
    if exchanged := list(exchanged_hands(group)):
        return [*exchanged, *_rest_of_hands(group, exchanged)]
    without = {name for one in found for name in one.channels}
    for channel in group.channels:
        if channel.name not in without and (factor := another_unit(channel, group.dt)) is not None:
            kind, size = "measured", abs(factor - 1.0) * channel.goes("command")
            if factor < 1.0 and np.abs(channel.columns["command"]).max() > PAST:  # of shares, those past their whole way are wrong
                kind, factor = "command", 1.0 / factor
            found.append(replace(whole(group, channel, kind, size, "factor", {"factor": factor}, ()), certain=True))
            continue
        found += _all_along(group, channel)
    turned = {name for difference in found for name in difference.channels}
    for one in against_command(group):
        if one.channel.name in turned:
            continue
        why = "mirrored" if one.mirrored else "held_value" if one.stands else "single_row" if one.stray else None
        found.append(Difference.over(
            group.t, (one.channel.name,), one.stands or "measured", (one.first, one.last), one.size, "1", why,
            certain=one.size > HELD_BACK and not one.channel.is_of_two_places, explained=0.0, undone=0.0,
            stream=one.channel.topics["measured"], limit=BEYOND, weight=one.size / BEYOND * (one.last - one.first + 1),
        ))  # fmt: skip
    beside = [d for d in beside_drives(group) if not any(o.meets(d) and o.certain and o.name is not None for o in found)]
    found = [d for d in found if d.name is not None or not any(d.meets(o) for o in beside)] + beside
    return _in_its_rows(group, found)


def _all_along(group: Group, channel: RecordedChannel) -> Iterator[Difference]:
    """What is wrong with a hand from the first row to the last, whatever its columns count in: the way that it goes, when, and if."""
    r = reversed_hand(channel, group.dt)
    if r is not None:
        way = channel.goes("measured")
        turned_round = whole(group, channel, "measured", way, "mirrored", {"correlation": r}, ())
        yield replace(turned_round, certain=True)
    if (late := late_hand(channel, group.dt)) is not None:
        yield whole(group, channel, "measured", late, "lag", {"late": late}, (), "s")
    if (still := never_measured(channel)) is not None:
        level: dict[str, float | str] = {"level": float(channel.columns["measured"][0] * channel.way)}
        yield replace(whole(group, channel, "measured", still, "held_value", level, ()), certain=True)


def _in_its_rows(group: Group, found: list[Difference]) -> list[Difference]:
    """What was found, and the rows in which a hand leaps."""
    leaps = leaps_of(group)
    known = {name for d in found for name in d.channels if d.certain}
    found += [d for d in leaps.rough() if d.channels[0] not in known]
    for channel in leaps.channels:
        of = [d for d in found if channel.name in d.channels]
        found = [d for d in found if d not in of] + of_leaps(group, leaps, channel, (), of, ())
    return found


def _rest_of_hands(group: Group, known: Sequence[Difference]) -> list[Difference]:
    names = {name for one in known for name in one.channels}
    rest = replace(group, channels=tuple(c for c in group.channels if c.name not in names))
    return differing_hands(rest) if rest.channels else []
