"""What an array format says of itself, and what a mapping or a clock makes of it: names of columns, units of times."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..mapping import Columns, StreamRule

FINER = {"ms": 1_000_000, "us": 1_000, "ns": 1}  # ns in one
USUAL_NS = (50_000, 20_000_000_000)  # between rows of whatever is recorded of a robot
LAST_ROWS = ("is_last", "terminals", "timeouts", "truncations")  # flags of the last row of a take, of RLDS and D4RL
FEWEST_ROWS = 5  # of a take, in the mean
TAKE_WORDS = ("episode", "traj", "trajectory", "demo", "rollout")  # of channels that tell takes apart
ENDS, NUMBERS = re.compile(r"ends?$"), re.compile(r"(?:index|idx|number|[_.]ids?|[_.]num)$")
TYPICAL_NS = 30e6  # between rows of most recordings


def in_other_places(
    channel: str, called: Sequence[str], rules: Sequence[StreamRule], width_of: Callable[[str], int]
) -> tuple[str, int, int] | None:
    """A name that a mapping gives to another column of a channel than the container does: the name, its column there, and here.

    Args:
        called: what the container calls the columns.
        rules: the mapping's streams; those of single columns are looked at that take them by their place.
        width_of: columns of a channel.
    """
    width = width_of(channel)
    if len(called) != width or len(set(called)) != width:
        return None
    for rule in rules:
        columns = [Columns.parse(text) for text in rule.fields]
        if rule.by_name or rule.suffixes or rule.spelled_in is not None or any(c.channel != channel for c in columns):
            continue
        places = [at for c in columns for at in range(*c.span(width)) if at < width]
        for name, at in zip(rule.names, places) if len(places) == len(rule.names) else ():
            if called[at] != name and name in called:
                return name, list(called).index(name), at
    return None


def in_their_order(rule: StreamRule, labels: Mapping[str, Sequence[str]]) -> StreamRule | None:
    """A rule of a part of a channel's columns, by their names where these stand in other places: the names are known, so that their order
    says nothing. None where they stand in their places, or some of them nowhere.

    Args:
        labels: channel -> what the container calls its columns.
    """
    if rule.spelled_in is None or rule.suffixes or not rule.names or len(rule.fields) != 1:
        return None
    part, columns = Columns.parse(rule.spelled_in), Columns.parse(rule.fields[0])
    called = list(labels.get(columns.channel, ()))
    if part != columns or len(set(called)) != len(called):
        return None
    here = set(called[slice(*columns.span(len(called)))])
    for spelling in (rule.names, *rule.spellings):
        if len(spelling) == len(rule.names) and set(spelling) <= set(called) and set(spelling) != here:
            places = (called.index(name) for name in spelling)
            return replace(rule, fields=tuple(str(Columns(columns.channel, at, at + 1)) for at in places), spelled_in=None)
    return None


def takes_within(channel: str, array: np.ndarray, rows: int) -> int:
    """How many takes lie one after another in the rows by what an array says, by its name and its values; 0 where it says nothing.

    Known are the ends of takes as UMI and others keep them, the number of the take in each row, and flags of first and last rows.

    Args:
        rows: of the episode that was read.
    """
    word, values = channel.rpartition("/")[2].lower(), array.reshape(-1)
    if not array.ndim or len(values) != len(array) or values.dtype.kind not in "biu":
        return 0
    of_takes = any(part in word for part in TAKE_WORDS)
    if of_takes and ENDS.search(word) and 1 < len(values) < rows:
        return len(values) if values[0] > 0 and values[-1] == rows and (values[1:] > values[:-1]).all() else 0
    if len(values) != rows:
        return 0
    if of_takes and (word in TAKE_WORDS or NUMBERS.search(word)):
        takes = 1 + int(np.count_nonzero(values[1:] != values[:-1]))
    else:
        inner = values[1:] if word == "is_first" else values[:-1] if word in LAST_ROWS else values[:0]
        takes = 1 + int(np.count_nonzero(inner))
    return takes if takes * FEWEST_ROWS <= rows else 0  # else it counts rows


def beyond_any_clock(times: np.ndarray, unit_ns: int, text: str) -> str:
    """The message about times that no clock in their unit shows, and in which unit they would be times."""
    size = np.abs(times.astype(np.float64))
    step = float(np.median(np.abs(np.diff(times.astype(np.float64))))) if len(times) > 1 else 0.0
    units = {None: unit_ns} | {unit: ns for unit, ns in FINER.items() if ns < unit_ns}  # None: in its own a few of them are no times
    usual = [unit for unit, ns in units.items() if USUAL_NS[0] <= step * ns <= USUAL_NS[1]]
    finer = min(usual, key=lambda unit: abs(math.log(step * units[unit] / TYPICAL_NS)), default=None)
    read = f" They read as {finer}: write seconds, or say it in the mapping (time: {{field: {text}, unit: {finer}, clock: capture}})."
    return f"holds times up to {float(size.max()):g}, beyond any clock.{read if finer else ' Record the take again.'}"
