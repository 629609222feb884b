"""Is every command inside what its own channel declares? Asked of the recording, whatever scene it is judged in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..recording.normalised import normalised
from ..recording.quantities import LENGTHS
from ..recording.recording import Stream
from ..robots.limits import Limits
from ..signals.channels import SCALE, ends_of, units_of
from ..signals.clock import seconds
from .beyond_stops import beyond_range
from .check import Check
from .curves import channel
from .finding import Finding, lasted, worst_of
from .fixes import Fix, Known, about
from .inputs import Recorded
from .rules import Rule, Rules

HANDS = ("claw", "hand", "gripper", "finger_position")
JOINTS, CLAW = "joint_position", "claw"
LENGTH = "length_of_hand"  # reason: a hand that takes percent is recorded as a length, and nothing says how wide it is at its ends
# of joints that count from one end of their way to the other: shares of half that way past an end, that no calibration makes; shares of
# the whole way within which nothing that robots do stays, as joints counted in 1 or in radians do; how far those that move go; how many do
PAST_END, NOWHERE, GO, SEVERAL = 1.0, 0.0105, 0.3, 3
# times a share of the way, from where on a channel counts; a channel that counts so far and never leaves 0..1 is written as that share
COUNTS, A_SHARE, MOVES = 50.0, 1.0 + 1e-3, 0.3
# of the whole way, that a gripper of up to 0.2 m goes in metres; times its way that a hand goes, in a take in which it is used; share of
# the way that it goes at least, measured
NEXT_TO_NOTHING, GOES, ALONG = 2e-3, 20.0, 0.7
STAYS = 10  # rows from when it has gone nine tenths of its way
# times the bound, beyond which a measurement is in another unit: what a hand reaches past an end is calibration; and so of commands in
# units that name no ends
ELSEWHERE, LOOSE = 10.0, ("1", "m", "rad")
SHARE = "1"  # the unit of a number without one, by which a hand's sheet may mean anything
BESIDE_BOTH = 0.5  # times its way, past both a share of it and its sheet, by which a hand's command is counted in another way (-1 to 1)
UNIT = 1.5  # a factor beyond this is one between two units
EXACT = 1e-6  # of the span: float32 can tell no less
SAME = 1e-4  # rad, and share: two ranges that were written down from one

Range = tuple[float, float]


def check_range(
    streams: Sequence[Stream],
    rules: Rules,
    origin: int,
    limits: Limits | None = None,
    actuators: Mapping[str, Range] | None = None,
    hands: Mapping[str, Range] | None = None,
) -> list[Finding]:
    """`value.range`: commands outside the range that their own channel declares.

    Three things declare one, and the first that is there counts: the feature of the recording (`Stream.meta["range"]`,
    (k, 2)), the actuator of that name, and the unit of a hand (percent: 0 to 100, `0..255`, a share of the way, a length). A joint with
    a known range is left to `joint.position`, which grades how far past the range it is; one that is measured there as well is a matter
    of `beyond_range`. A hand that counts to 100 or 255 by its unit and goes from 0 to 1 is written as a share, and one
    that moves within a five hundredth of it, its hand along with it, as a length. What is measured of a hand
    is asked of its unit alone, with much room. So are all joints together that count from one end of their way to the other.

    A hand that is announced in a unit of length is not checked, and no command is: how wide it is at its ends stands nowhere.

    A hand whose feature gives it the range of a joint, in no unit of angles, has lists in another order than its names (a tool moved the
    columns with their names, and left what LeRobot does not know). It has the range of its actuator or unit, and is named.

    Args:
        actuators: name -> (lowest, highest) of what is no joint: hands, a base.
        hands: name -> (lowest, highest) of hands in the recording's own unit, as the sheet of a robot gives them. A hand that leaves
            what the unit `1` allows counts so, and is commanded so where it is past both a share of its way and the sheet by half a way;
            one that stays within it is a share of its way.

    Returns:
        One finding, the worst: its value is the command, its excess the way past the range in shares of `scale` of the
        whole range.
    """
    rule, found, asked, moved = rules["value.range"], [], [], []
    for stream in streams:
        if stream.role not in ("command", "measured") or not stream.n:
            continue
        measured = stream.role == "measured"
        found += _of_counted_joints(stream, rule, origin)
        if not measured and stream.quantity == CLAW and stream.unit in LENGTHS:
            found.append(rule.not_checked(LENGTH, subject=stream.names, unit=stream.unit, details={"stream": stream.name}))
        declared = None if measured else stream.meta.get("range")
        for j, name in enumerate(stream.names):
            if limits is not None and name in limits and stream.quantity == "joint_position":
                continue
            own = {} if measured else actuators or {}
            known = _range(stream, j, name, declared, own)
            if known is not None and known[1] == "feature" and _of_a_joint(stream, j, known[0], limits):
                other = _range(stream, j, name, None, own)
                if other is not None and not np.allclose(other[0], known[0], rtol=SAME, atol=SAME):
                    known = other
                    moved.append(name)
            if known is None:
                continue
            if not measured:
                asked.append(name)
            x = stream.values[:, j]
            if known[1] == "unit" and units_of(stream)[j] == SHARE and name in (hands or {}):
                sheet = (hands or {})[name]
                if not _within(x, known[0]) or (not measured and _neither(x, sheet)):
                    known = sheet, "sheet"
            (low, high), source = known
            roomy = measured or (source == "unit" and stream.unit in LOOSE)
            t = seconds(stream, origin)
            of_hand = stream.quantity in HANDS and stream.unit not in LENGTHS and not measured
            counted_as, far = None, 0.0
            if source == "unit" and is_share(x, high - low):
                counted_as, far = "share", float(np.nanmax(x))
            elif of_hand and not _counts(stream, high - low) and _is_length(x, high - low, _answer(streams, stream, name)):
                counted_as, far = "length", float(np.nanmax(np.abs(x)))
            if counted_as is not None:
                details = {"kind": counted_as, "of": stream.role, "stream": stream.name, "lower": low, "upper": high}
                found.append(
                    rule.finding(
                        level="FAIL", subject=(name,), t0=float(t[0]), t1=float(t[-1]), value=far, limit=float(high), excess=1.0,
                        unit=stream.unit, details=details,
                    )
                )  # fmt: skip
                continue
            past = np.nan_to_num(np.maximum(low - x, x - high), nan=-np.inf, posinf=-np.inf)  # value.nonfinite's matter
            row, span = int(past.argmax()), high - low
            if past[row] <= EXACT * span or (roomy and past[row] <= ELSEWHERE * rule.settings["share"] * span):
                continue
            outside = past > EXACT * span
            bound, excess = (high if x[row] > high else low), float(past[row]) / (rule.settings["share"] * span)
            found.append(
                rule.finding(
                    level="FAIL" if excess > rule.unsure else "WARN",
                    subject=(name,),
                    **lasted(t, outside, row),
                    value=float(x[row]),
                    limit=float(bound),
                    margin=-float(past[row]),
                    excess=excess,
                    unit=stream.unit,
                    details={"stream": stream.name, "declared_by": source, "lower": low, "upper": high,
                             "count": int(outside.sum()), **({"kind": "measured"} if measured else {}),
                             **({"counted": stream.unit} if stream.unit != SHARE else {})},
                )
            )  # fmt: skip
    if not asked and not found:
        return [rule.not_applicable("no_declared_range")]
    return worst_of(found) or [rule.passed(details={"columns": len(asked), **({"moved": moved} if moved else {})})]


def _of_counted_joints(stream: Stream, rule: Rule, origin: int) -> list[Finding]:
    """Joints that count from one end of their calibrated way to the other (`-100..100`) and are written in another unit: far past an end,
    or all of them next to the middle for as long as the take lasts, while several move there."""
    ends = ends_of(stream.unit) if stream.quantity == JOINTS and ".." in stream.unit else None
    if ends is None or len(stream.names) < SEVERAL:
        return []
    (low, high), x = ends, np.where(np.isfinite(stream.values), stream.values, np.nan)
    half = 0.5 * (high - low)
    far = np.nan_to_num(np.maximum(low - x, x - high), nan=-np.inf)
    t = seconds(stream, origin)
    details: dict[str, Any] = {"of": stream.role, "stream": stream.name, "lower": low, "upper": high}
    out = np.flatnonzero(far.max(axis=0) > PAST_END * half)
    if len(out):
        out = out[np.argsort(-far[:, out].max(axis=0))]
        row = int(far[:, out[0]].argmax())
        rows = np.flatnonzero((far[:, out] > 0.0).any(axis=1))
        past, value = float(far[row, out[0]]), float(x[row, out[0]])
        return [rule.finding(
            level="FAIL", subject=tuple(stream.names[j] for j in out), signal=stream.role, t0=float(t[rows[0]]), t1=float(t[rows[-1]]),
            value=value, limit=high if value > high else low, margin=-past, excess=past / half, unit="1", share=len(rows) / len(x),
            details={"kind": "counted", **details},
        )]  # fmt: skip
    reach, goes = np.nan_to_num(np.abs(x)).max(axis=0), np.ptp(np.nan_to_num(x), axis=0)
    if half < COUNTS or reach.max() > NOWHERE * 2.0 * half or (goes > GO).sum() < SEVERAL:
        return []
    return [rule.finding(
        level="FAIL", subject=stream.names, signal=stream.role, t0=float(t[0]), t1=float(t[-1]), value=float(reach.max()), limit=high,
        excess=1.0, unit="1", share=1.0, details={"kind": "nowhere", **details},
    )]  # fmt: skip


def _range(
    stream: Stream, j: int, name: str, declared: Sequence[Sequence[float]] | None, actuators: Mapping[str, Range]
) -> tuple[Range, str] | None:
    """What declares the range of a column, and that range; None where nothing does, or what does is no range."""
    candidates: list[tuple[Sequence[float], str]] = []
    if declared is not None and j < len(declared):
        candidates.append((declared[j], "feature"))
    if name in actuators:
        candidates.append((actuators[name], "actuator"))
    if stream.quantity in HANDS and (ends := ends_of(stream.unit)) is not None:
        candidates.append((ends, "unit"))
    for (low, high), source in candidates:
        if np.isfinite((low, high)).all() and high > low:
            return (float(low), float(high)), source
    return None


def _within(x: np.ndarray, ends: Range) -> bool:
    """Whether a column stays between two ends; what is no number is another check's matter."""
    finite = x[np.isfinite(x)]
    return not len(finite) or (float(finite.min()) >= ends[0] and float(finite.max()) <= ends[1])


def _neither(x: np.ndarray, sheet: Range) -> bool:
    """Whether a hand without a unit counts neither in shares of its way nor as its sheet does: nobody commands it so far past its end."""
    low, high = min(0.0, sheet[0]), max(1.0, sheet[1])
    room = BESIDE_BOTH * (high - low)
    return not _within(x, (low - room, high + room))


def _of_a_joint(stream: Stream, j: int, declared: Range, limits: Limits | None) -> bool:
    """Whether the range that a feature gives a hand is that of a joint of the robot, and the hand counts in no unit of angles."""
    if limits is None or stream.quantity not in HANDS or units_of(stream)[j] in SCALE:
        return False
    return any(np.allclose(declared, (one.lower, one.upper), rtol=SAME, atol=SAME) for one in limits.joints.values())


def is_share(x: np.ndarray, span: float) -> bool:
    """Whether a channel that counts over a whole span moves, and within 0..1 alone: a take that ends as it begins to move may yet go on."""
    finite = x[np.isfinite(x)]
    return (
        span >= COUNTS
        and len(finite) > 0
        and 0.0 - 1e-3 <= float(finite.min()) <= float(finite.max()) <= A_SHARE
        and float(np.ptp(finite)) > MOVES
        and len(finite) - int((finite > finite.max() - 0.1 * np.ptp(finite)).argmax()) >= STAYS
    )


def _answer(streams: Sequence[Stream], command: Stream, name: str) -> np.ndarray | None:
    """(n,) what is measured of a hand in the rows of its command; None where it is not."""
    found = (s for s in streams if s.role == "measured" and s.quantity == command.quantity and s.n == command.n and name in s.names)
    return next((stream.column(name) for stream in found), None)


def _counts(stream: Stream, span: float) -> bool:
    """Whether another hand of the stream goes further than a length in metres does: then the unit is what it is called, and a hand that
    hardly moves rests."""
    finite = np.where(np.isfinite(stream.values), stream.values, 0.0)
    return bool((np.abs(finite).max(axis=0) > NEXT_TO_NOTHING * span).any())


def _is_length(x: np.ndarray, span: float, answer: np.ndarray | None) -> bool:
    """Whether a channel that counts over a whole span stays next to nothing and yet moves a hand, which goes as far; a trigger that nobody
    touches drifts and trembles, and no hand goes along.

    Args:
        answer: (n,) what is measured of the hand.
    """
    if span < COUNTS or answer is None or not np.isfinite(x).all() or not np.isfinite(answer).all():
        return False
    way, went = float(np.ptp(x)), float(np.ptp(answer))
    if float(np.abs(x).max()) > NEXT_TO_NOTHING * span or not 0.0 < ALONG * way < went < way / ALONG:
        return False
    trembles = float(np.abs(np.diff(x)).sum()) > GOES * way
    return not trembles and float(np.median(np.abs(answer - x))) < (1.0 - ALONG) * way


def _is_cause_of(finding: Finding, other: Finding) -> bool:
    """Whether a hand that is commanded in shares of its way, or in a unit that goes past it by all of it, or joints in another unit, are
    the reason why columns contradict others; a factor that is found among these tells the unit itself."""
    if finding.details.get("kind") in ("counted", "nowhere"):
        return other.code == "column.differs" and bool(set(other.subject) & set(finding.subject))
    if "declared_by" in finding.details and finding.signal == "command" and finding.margin is not None:
        far = -finding.margin >= finding.details["upper"] - finding.details["lower"]
        named = other.details.get("kind") == "factor" and not 1.0 / UNIT < float(other.details.get("factor", 1.0)) < UNIT
        return far and other.code == "column.differs" and set(other.subject) <= set(finding.subject) and not named
    share = finding.details.get("kind") in ("share", "length") and finding.details["of"] == "command"
    return share and other.code == "column.differs" and set(other.subject) <= set(finding.subject)


def _rescaled(finding: Finding, known: Known) -> Fix:
    """What a channel's scale is, for whoever finds out how its commands were written down."""
    if finding.details.get("of") == "both":
        return {"kind": "remap", "channel": about(finding)}
    return {
        "kind": "in_range",
        "channel": about(finding),
        "lower": finding.details.get("lower"),
        "upper": finding.details.get("upper"),
    }


def _run(recorded: Recorded) -> list[Finding]:
    r = recorded
    streams = [stream for stream in r.streams if normalised(r.recording, stream) is None]  # no unit says where the others may be
    return beyond_range(r.beyond, r.rules) or check_range(streams, r.rules, r.origin, r.limits, r.actuators, r.hands)


CHECKS = (
    Check(
        "value.range",
        run=_run,
        settings={"share": "share"},
        precedes=_is_cause_of,
        fix=_rescaled,
        curve=channel,
        explains=("hand.idle",),
        shown_by="hands 255 times too large",
    ),
)
