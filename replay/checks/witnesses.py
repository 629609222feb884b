"""Do the recorded columns agree with one another? What contradicts the others, where, by how much, and what would explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..recording.recording import Recording
from ..residual.astray import beside_engine
from ..residual.bodies import ComparedColumns, witnessed
from ..residual.commanded_hands import LEVER
from ..residual.computed_part import computed_parts, with_computed
from ..residual.difference import SOURCES, Difference
from ..residual.next_states import NEXT
from ..residual.resolution import resolutions
from ..residual.stairs import stairs
from ..residual.table import Group
from ..residual.usual import beside_usual, known, off_their_way, unusual
from .check import Check
from .finding import Finding, Plot
from .hand_bases import bases_of
from .hand_polarity import is_reversed
from .rules import Rule, Rules
from .usual_things import carriage_of

WAY = 3.0  # rad that the whole way of a joint counts as, to compare it with angles
# times too large, from where on the difference is in no unit that means anything; mm in a metre; share by which a fitted one is off
ANOTHER_UNIT, MILLIMETRES, CENTIMETRES, ROUGHLY = 50.0, 1000.0, 100.0, 0.05
OF_SPEEDS = 0.15  # speeds of a row are up to a tenth more or less than what positions rise by in it
NO_COMMANDS = {"column_command": "column_next_state", "column_rows": "column_next_rows"}  # of a column of states of the next row
SHOWN = 16  # names in a finding: both arms and a head, to be called so; the details hold all


def check_differs(columns: ComparedColumns, rules: Rules) -> list[Finding]:
    """`column.differs`: each column against what the others say it should be.

    A FAIL where no body that moves, is pushed or blocked can have done it: two relations are broken at once, a command was never
    carried out as recorded but as another one, or the values have a shape that only a recorder or a converter makes. Else a WARN.

    Returns:
        One finding, the heaviest difference; the others stand in its details.
    """
    rule, table = rules["column.differs"], columns.table
    found = [d for d in columns.differences if not is_reversed(d, rules)]
    turned = {name for d in columns.differences if is_reversed(d, rules) for name in d.channels}
    groups = [group for group in table.groups if any(len(c.columns) > 1 for c in group.channels)]
    if not groups and not found:
        return [rule.not_checked("no_witness" if table.alone else "not_recorded", details=bases_of(columns))]
    usual = known(columns.recording.mapping)
    if usual is not None:
        by_itself = any(d.certain for d in found)
        turned |= {name for d in found if _is_written_throughout(d) for name in d.channels}  # those have no commands of the device
        far = [] if by_itself else [d for d in unusual(groups, usual) if not turned & set(d.channels)]
        off = [d for d in off_their_way(groups, usual) if not turned & set(d.channels)]
        far, off = (list(map(columns.placed, of)) for of in (far, off))
        lines = [d for d in far if d.certain and d.name == "straight"]  # which no drive goes, and no person commands
        found = beside_engine([*lines, *found], off)
        if far and not any(d.certain for d in found):
            found = beside_usual(found, far)
    parts = [*computed_parts(groups, None if usual is None else usual.steps), *stairs(groups)]
    found = with_computed(found, list(map(columns.placed, parts)))
    seen = _resolution(groups)
    if not found:
        return [rule.passed(value=0.0, details={"columns": len(table.compared), **seen, **bases_of(columns), **carriage_of(columns)})]
    found.sort(key=lambda d: (not d.certain, -d.weight))
    finding = finding_of(rule, found[0], found[1:])
    finding.details |= {"resolution": seen.get("resolution", [])} | bases_of(columns) | carriage_of(columns)
    return [_named_as_written(finding, columns.recording)]


def _named_as_written(finding: Finding, recording: Recording) -> Finding:
    """The finding; a column that holds the states of the next row is called so: nothing was commanded there."""
    what = NO_COMMANDS.get(finding.details["what"])
    states = {name for stream in recording.streams.values() if stream.quantity == NEXT for name in stream.names}
    if what is None or not set(finding.subject) <= states:
        return finding
    signal = "recording" if finding.signal == "command" else finding.signal
    return finding.with_(signal=signal, details=finding.details | {"what": what})


def _is_written_throughout(one: Difference) -> bool:
    """Whether a whole take's commands of some channels are what was measured."""
    return one.name == "measurement_as_command" and one.last - one.first == one.rows - 1


def _resolution(groups: Sequence[Group]) -> dict[str, Any]:
    """Details of what could have been seen: of each channel, and of the one of which least would have been, by its unit."""
    every = list(resolutions(groups))
    if not every:
        return {}
    lines = [{key: float(f"{x:.3g}") if isinstance(x, float) else x for key, x in vars(one).items()} for one in every]
    dullest = max(every, key=lambda one: one.slow * {"rad": 1.0, "m": 1.0 / LEVER}.get(one.unit, WAY))
    percent = dullest.unit not in ("rad", "m")
    dull = {"dullest": dullest.channel, "dull": dullest.slow * (100.0 if percent else 1.0), "dull_unit": "%" if percent else dullest.unit}
    return {"resolution": lines, **dull}


def _line_of(one: Difference) -> dict[str, Any]:
    level = "FAIL" if one.certain else "WARN"
    return {
        "subject": list(one.channels), "level": level, "kind": one.name or "unknown", "column": one.kind, "value": one.size,
        "unit": one.unit, "t0": one.t0, "t1": one.t1,
    }  # fmt: skip


def finding_of(rule: Rule, one: Difference, others: Sequence[Difference]) -> Finding:
    """`column.differs` of a difference, others as lines of its details."""
    numbers = dict(one.numbers)
    if "factor" in numbers and "by" in numbers:  # what is added to a product is no shift
        numbers["zero"] = numbers.pop("by")
    factor = float(numbers.get("factor", 1.0))
    named = (one.unit == "s" and "late" in numbers) or one.bound == "encoder"  # a delay; and of numbers between steps nothing is known
    details: dict[str, Any] = {
        "what": f"column_{one.kind}", "why": f"why_{one.name or 'unknown'}", "kind": one.name or "unknown",
        "family": one.family or "unknown", "column": one.kind, "stream": one.stream,
        "explained": one.explained, "undone": one.undone or None, **numbers, "rows": [one.first, one.last],
        "others": [_line_of(d) for d in others], **_moment_of(numbers),
        "encoder_step": 2.0 * one.size if one.bound == "encoder" else None,
        "shift": numbers.get("by"), "apart": None if abs(factor) > ANOTHER_UNIT or named else one.size,
    }  # fmt: skip
    if one.unit == "m" and abs(factor / MILLIMETRES - 1.0) < ROUGHLY:
        details["why"] = "why_millimetres"
    if one.unit == "m" and abs(factor / CENTIMETRES - 1.0) < ROUGHLY:
        details["why"] = "why_centimetres"
    in_degrees = {"pose": ROUGHLY, "velocity": OF_SPEEDS if one.unit == "rad/s" else 0.0}.get(one.kind, 0.0)
    if abs(factor * np.pi / 180.0 - 1.0) < in_degrees:
        details["why"] = "why_degrees"
    if "order" in numbers:
        details["why"] = "why_order"
    if "turned" in numbers:  # of a hand, in two columns alike
        details |= {"what": "column_rows", "why": f"why_turned_{numbers['turned']}"}
    if "rows_rate" in numbers:
        details |= {"why": "why_rows_rate", "apart": None}
    if one.name == "wrap" and one.unit == "1":
        details["why"] = "why_wrapped_way"
    source = {"limit_source": one.source} if one.source is not None else {}
    return rule.finding(
        level="FAIL" if one.certain else "WARN",
        signal={"command": "command"}.get(one.kind, "measured"),
        subject=one.channels[:SHOWN],
        t0=one.t0,
        t1=one.t1,
        value=one.size,
        limit=one.limit,
        margin=one.limit - one.size,
        excess=max(one.size - one.limit, 0.0) / one.limit if one.limit > 0.0 else 1.0,  # rows that are lost at rest change no value
        unit=one.unit,
        share=(one.last - one.first + 1) / one.rows,
        details=details,
        **source,
    )


def _moment_of(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """[s] by which rows are late or early, each a number above 0 that a sentence can name."""
    late = numbers.get("late")
    return {} if not late else {"behind": late} if late > 0.0 else {"ahead": -late}


def changed_finding(rule: Rule, changed: Mapping[str, Any]) -> Finding:
    """`column.differs` of columns that are otherwise than in an exact replay, see `changed_columns`."""
    numbers = {key: x for key, x in changed.items() if key not in ("subject", "t0", "t1", "size", "limit", "unit", "share")}
    return rule.beyond(
        changed["size"], changed["limit"], signal="measured", subject=changed["subject"], t0=changed["t0"], t1=changed["t1"],
        unit=changed["unit"], share=changed["share"], details=numbers | _moment_of(numbers) | {"kind": changed["cause"], "others": []},
        limit_source=SOURCES["state"],
    )  # fmt: skip


def check_alone(columns: ComparedColumns, rules: Rules) -> list[Finding]:
    """`column.alone`: columns that are recorded and that nothing else recorded speaks of; never judged, but named. What was compared is
    none of them. It is named with what remains open: things that move while no hand holds them, frames that are not known, heights."""
    rule, others, things = rules["column.alone"], witnessed(columns), columns.carried.things
    free = [one for one in things if one.frame is None]
    unknown = [one for one in things if one.frame is not None and not one.frame.known and not set(one.columns) <= others]
    partly = {name for one in (*free, *unknown) for name in one.columns}
    alone = tuple(name for name in columns.table.alone if name not in others and name not in partly)
    open_ = {
        "no_witness": alone,
        "not_held": tuple(name for one in free for name in one.columns),
        "unknown_frame": tuple(name for one in unknown for name in one.columns),
        "unknown_height": tuple(one.columns[2] for one in things if one.frame is not None and one.columns[2] not in partly),
    }
    found = [
        rule.not_checked(why, subject=of[:SHOWN], value=float(len(of)), details={"count": len(of), "columns": list(of)})
        for why, of in open_.items()
        if of
    ]
    return found or [rule.passed(value=0.0)]


def _both(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    """The column with the one that it is held against; a speed with the slope of the positions."""
    for group in ComparedColumns(recording).table.groups:
        for channel in group.channels:
            if not finding.subject or channel.name != finding.subject[0]:
                continue
            columns, unit = channel.columns, channel.unit
            if finding.details.get("column") == "velocity" and {"velocity", "measured"} <= set(columns):
                later = np.flatnonzero(np.diff(group.t) > 0) + 1
                slope = (columns["measured"][later] - columns["measured"][later - 1]) / (group.t[later] - group.t[later - 1])
                middle = (group.t[later] + group.t[later - 1]) / 2.0
                traces = [
                    {"name": "recorded", "t": group.t, "y": columns["velocity"]},
                    {"name": "slope", "t": middle, "y": slope},
                ]
                return Plot("columns", channel.name, "1/s" if unit == "1" else f"{unit}/s", traces)
            traces = [{"name": k, "t": group.t, "y": columns[k]} for k in ("command", "measured") if k in columns]
            return Plot("columns", channel.name, unit, traces) if traces else None
    return None


CHECKS = (
    Check(
        "column.differs",
        run=lambda r: check_differs(r.columns, r.rules),
        curve=_both,
        turn=5,
        after=("values", "clocks", "channels"),
        compares=True,
        counts=False,  # what a warning is of, a push explains as well
        shown_by="state column off zero",
        shown_in="ordinary set",
    ),
    Check(
        "column.alone",
        run=lambda r: check_alone(r.columns, r.rules),
        turn=5,
        no_example="never judged: the columns are named",
        no_curve="names of columns; nothing is drawn of them",
    ),
)
