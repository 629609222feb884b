"""Every operation that the generator draws from, one record each. A new one is a function and a line here.

`beyond` marks what no explanation of a difference that is known to be tried covers (a constant, a factor, a lag, a lost row, ...):
what a judge has not been built for. These are more than a third (tests hold it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import courses, orders, values
from .patch import Patch

JOINTS = ("command", "measured")
NUMBERS = (*JOINTS, "velocity", "effort", "gripper", "pose")
FAMILIES = ("offset", "gain", "range", "grain", "noise", "filter", "time", "held", "rows", "columns", "derived")
PEAK, GAIN, ROWS, SECONDS = "peak", "gain", "rows", "s"
SPANS = ("any", "tail", "whole", "row", "sized")  # sized: as many rows as the size


@dataclass(frozen=True)
class Operation:
    """One thing that goes wrong.

    Attributes:
        name: what it is called in tables.
        family: one of `FAMILIES`, which a finding must not contradict.
        on: groups of columns that it is put on: `command`, `measured`, `velocity`, `effort`, `gripper`, `pose`, `time`, `names`.
        act: the values (n, k) of a `Patch` after it; of `order` operations the rows (m,).
        unit: of its size: `peak` (largest change, in the column's unit), `gain` (a share), `rows`, or `s`.
        span: which rows it takes.
        width: how many columns: 1 and more where it is None; `place`, `attitude`: those of one thing; `all`: all of its group.
        order: it takes rows anew instead of changing values.
        beyond: no known explanation covers it.
    """

    name: str
    family: str
    on: tuple[str, ...]
    act: Callable[[Patch], Any]
    unit: str = PEAK
    span: str = "any"
    width: int | str | None = None
    order: bool = False
    beyond: bool = False

    def __post_init__(self) -> None:
        if self.family not in FAMILIES or self.span not in SPANS or self.unit not in (PEAK, GAIN, ROWS, SECONDS):
            raise ValueError(f"{self.name}: family, span or unit is none that is known")


def _rows(name: str, act: Callable[[Patch], Any], **more: Any) -> Operation:
    settings: dict[str, Any] = {"unit": ROWS, "span": "sized", "width": "all", "order": True, **more}
    return Operation(name, "rows", ("all", *JOINTS), act, **settings)


# fmt: off
OPERATIONS: tuple[Operation, ...] = (
    # a zero that moves
    Operation("constant", "offset", (*NUMBERS, "time"), values.constant),
    Operation("jump that stays", "offset", (*NUMBERS, "time"), values.constant, span="tail"),
    Operation("bump", "offset", NUMBERS, values.bump),
    Operation("warms up", "offset", NUMBERS, values.warming, span="tail", beyond=True),
    Operation("grows evenly", "offset", (*NUMBERS, "time"), values.growing, span="tail", beyond=True),
    Operation("random walk", "offset", NUMBERS, values.random_walk, span="tail", beyond=True),
    Operation("sags with another joint", "offset", JOINTS, values.sag, beyond=True),
    Operation("eccentric encoder", "offset", JOINTS, values.eccentric, beyond=True),
    Operation("loose contact", "offset", (*JOINTS, "effort", "gripper"), values.loose_contact, beyond=True),
    Operation("lost steps", "offset", JOINTS, values.lost_steps, beyond=True),
    # a scale
    Operation("factor", "gain", NUMBERS, values.factor, unit=GAIN),
    Operation("other unit", "gain", (*JOINTS, "velocity", "pose"), values.other_unit),
    Operation("sign", "gain", (*JOINTS, "velocity", "effort"), values.reversed_sign),
    Operation("sign, downwards only", "gain", (*JOINTS, "velocity"), values.reversed_downwards, beyond=True),
    Operation("sign lost", "gain", (*JOINTS, "velocity", "effort"), values.unsigned, beyond=True),
    Operation("factor on one side", "gain", (*JOINTS, "velocity", "effort"), values.one_sided, unit=GAIN, beyond=True),
    Operation("inverted", "gain", ("gripper",), values.inverted),
    Operation("curved", "gain", (*JOINTS, "gripper"), values.curved, beyond=True),
    # ends of a range
    Operation("clipped", "range", NUMBERS, values.clipped),
    Operation("folded", "range", JOINTS, values.folded, beyond=True),
    Operation("wrapped", "range", (*JOINTS, "velocity"), values.wrapped),
    Operation("no faster than", "range", (*JOINTS, "gripper", "pose"), values.slow, beyond=True),
    Operation("sticks and leaps", "range", ("measured", "gripper"), values.sticking, beyond=True),
    Operation("backlash", "range", ("measured", "gripper"), values.play),
    Operation("dead in the middle", "range", (*JOINTS, "velocity"), values.dead_middle, beyond=True),
    # its grain
    Operation("rounded", "grain", NUMBERS, values.rounded),
    Operation("truncated", "grain", NUMBERS, values.truncated),
    Operation("short float", "grain", NUMBERS, values.short_float, beyond=True),
    Operation("stuck bit", "grain", (*JOINTS, "gripper"), values.stuck_bit, beyond=True),
    Operation("bit read late", "grain", JOINTS, values.carried_bit, beyond=True),
    Operation("flipped bits", "grain", NUMBERS, values.flipped_bits, width=1, beyond=True),
    Operation("swapped bytes", "grain", JOINTS, values.swapped_bytes, beyond=True),
    # noise
    Operation("burst", "noise", NUMBERS, values.burst),
    Operation("hum", "noise", (*JOINTS, "velocity", "effort"), values.hum, beyond=True),
    Operation("one row", "noise", (*NUMBERS, "time"), values.one_row, span="row"),
    Operation("dropouts", "noise", NUMBERS, values.dropouts, beyond=True),
    Operation("slips to another channel", "noise", (*JOINTS, "velocity", "effort"), values.slips, beyond=True),
    Operation("noise of speed", "noise", JOINTS, values.noise_of_speed, beyond=True),
    # filters
    Operation("low-pass", "filter", NUMBERS, courses.low_pass),
    Operation("looks ahead", "filter", NUMBERS, courses.looks_ahead, beyond=True),
    Operation("median", "filter", (*JOINTS, "velocity", "effort"), courses.median, beyond=True),
    Operation("rings", "filter", ("measured", "gripper", "command"), courses.ringing, beyond=True),
    Operation("washed out", "filter", (*JOINTS, "effort"), courses.washed_out, beyond=True),
    Operation("sharpened", "filter", JOINTS, courses.sharpened, beyond=True),
    Operation("other filter of speed", "filter", ("velocity",), courses.other_speed_filter, beyond=True),
    # time
    Operation("late", "time", NUMBERS, courses.late, unit=SECONDS),
    Operation("early", "time", NUMBERS, courses.early, unit=SECONDS),
    Operation("all late", "time", (*JOINTS, "gripper", "velocity"), courses.late, unit=SECONDS, span="whole", width="all"),
    Operation("warped", "time", NUMBERS, courses.warped, unit=SECONDS, beyond=True),
    Operation("slow clock", "time", (*JOINTS, "velocity", "pose"), courses.slow_clock, unit=SECONDS, beyond=True),
    Operation("unsteady", "time", (*JOINTS, "pose"), courses.unsteady, unit=SECONDS, beyond=True),
    Operation("other rate", "time", (*JOINTS, "velocity"), courses.other_rate, width="all"),
    # what stands
    Operation("frozen", "held", (*NUMBERS, "time"), courses.frozen, unit=ROWS, span="sized"),
    Operation("stairs", "held", NUMBERS, courses.stairs, unit=ROWS),
    Operation("straight line", "held", NUMBERS, courses.straight, unit=ROWS, span="sized"),
    Operation("goes on as before", "held", NUMBERS, courses.extrapolated, unit=ROWS, span="sized", beyond=True),
    Operation("cubic", "held", (*JOINTS, "pose"), courses.cubic, unit=ROWS, span="sized", beyond=True),
    Operation("nought", "held", NUMBERS, courses.nought, unit=ROWS, span="sized"),
    Operation("mean", "held", NUMBERS, courses.mean_filled, unit=ROWS, span="sized", beyond=True),
    # rows
    _rows("cut", orders.cut, width="all"),
    _rows("thinned", orders.thinned),
    _rows("stuttered", orders.stuttered, beyond=True),
    _rows("turned", orders.turned, beyond=True),
    _rows("shuffled", orders.shuffled),
    _rows("pairs", orders.pairs),
    _rows("ring buffer", orders.rotated, beyond=True),
    _rows("blocks exchanged", orders.blocks, beyond=True),
    _rows("an earlier stretch", orders.again, beyond=True),
    _rows("there and back", orders.there_and_back, beyond=True),
    _rows("spliced", orders.spliced),
    _rows("another take's end", orders.other_end, span="tail"),
    # columns
    Operation("exchanged", "columns", NUMBERS, orders.exchanged, width=2),
    Operation("handed on", "columns", JOINTS, orders.exchanged, width="all"),
    Operation("names exchanged", "columns", ("names",), orders.exchanged, span="whole", width=2),
    Operation("cross-talk", "columns", (*JOINTS, "velocity", "effort"), orders.cross_talk, beyond=True),
    Operation("mean of two", "columns", (*JOINTS, "velocity"), orders.mixed, beyond=True),
    Operation("differential", "columns", JOINTS, orders.differential, width=2, beyond=True),
    Operation("neighbour's", "columns", NUMBERS, orders.copied, beyond=True),
    Operation("another take's", "columns", NUMBERS, orders.of_other_take),
    Operation("measured for commanded", "columns", JOINTS, orders.from_beside),
    Operation("half of both", "columns", JOINTS, orders.halfway, beyond=True),
    Operation("real part last", "columns", ("pose",), orders.last_first, width="attitude", beyond=True),
    Operation("attitude turned round", "columns", ("pose",), orders.conjugate, width="attitude", beyond=True),
    Operation("frame turned", "columns", ("pose",), orders.other_frame, width="place", beyond=True),
    Operation("counted from another thing", "columns", ("pose",), orders.from_first_thing, width="place", beyond=True),
    # something derived from it
    Operation("steps", "derived", (*JOINTS, "pose"), courses.steps),
    Operation("summed", "derived", (*JOINTS, "velocity"), courses.summed),
    Operation("relative", "derived", (*JOINTS, "pose"), courses.relative, beyond=True),
)
# fmt: on


def operation(name: str) -> Operation:
    """The operation of this name.

    Raises:
        KeyError: there is none.
    """
    return next(one for one in OPERATIONS if one.name == name)
