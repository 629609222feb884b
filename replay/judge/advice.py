"""What would make a failure pass: every FAIL gets a `fix`, which is data, and whose sentence stands in the catalogue.

A fix has a `kind` (a word of `fixes` in `conf/text`) and the numbers that its sentence tells. It is `applicable` where a
machine can make it, `shiliu replay repair=true` does so, and the copy that comes out is judged FEASIBLE; how often that
holds is measured by `benchmarks/repair.py`. All others are advice for people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..checks.finding import Finding
from ..edits.bounds import Bounds
from ..edits.planning import planned, thrown_off
from .fix_geometry import known_of
from .results import Judged

Known = Mapping[str, Any]
Fix = dict[str, Any]

# kinds that a machine makes and after which the copy was judged FEASIBLE in at least 95 of 100: benchmarks/repair.py
APPLICABLE = frozenset({"slow", "clip", "spread", "unit"})
GENTLE = 0.5  # smallest factor that is promised: below it most of the way is between the samples, and guessed
SETTLED = 1.0  # s, by then a robot stands where the first commands want it
RUN_IN = 0.15  # s, on either side of what is too fast: a rate changes over a few samples, not within one
PEAK_OF_MEAN = 1.875  # largest over mean speed of a minimum-jerk movement (Flash and Hogan 1985)


def advise(judged: Judged, findings: Sequence[Finding]) -> None:
    """Give each FAIL its fix, and say which of them lead to FEASIBLE.

    Args:
        findings: all findings of a verdict, `because_of` filled in; their `fix` is set in place.

    Where one of several failures cannot be mended by a machine, mending the others does not lead to FEASIBLE, so that none
    is applicable.
    """
    for finding in findings:
        if finding.failed:
            finding.fix = fix_of(finding, known_of(judged, finding), judged.duration_s)
    # what follows from a failure passes with it, as long as slowing down is what it takes
    causes = [f for f in findings if f.failed and f.because_of is None]
    asked = [f for f in findings if f.failed and f.stage in ("kinematics", "dynamics") and f.signal == "command"]
    mended = bool(causes) and all(repairable(f) for f in causes) and all(repairable(f, True) for f in asked)
    changes = _plan(judged, causes, findings) if mended else None
    for finding in findings:
        if finding.failed and finding.fix is not None:
            finding.fix["applicable"] = bool(changes) and repairable(finding)
    if changes:
        _told_as_planned(causes, changes)
        if any(_doubtful(change) for change in changes):
            for finding in causes:
                finding.fix = {**(finding.fix or {}), "applicable": False}  # a repair tries it all the same


def _doubtful(change: dict[str, Any]) -> bool:
    """Whether a change is tried, but not promised: much slower, or a step right after the start.

    A command that begins far from the robot's own posture strains its motors before the step that ends it.
    """
    if change["kind"] == "slow":
        return change["factor"] < GENTLE
    return change["kind"] == "spread" and change["t"] < SETTLED


def _plan(judged: Judged, causes: list[Finding], findings: Sequence[Finding]) -> list[dict[str, Any]] | None:
    """What a repair would change: the factor that speed needs may not be enough for torque and balance."""
    if not judged.subject.robot.in_scene or judged.context.made_in is not None:
        return None  # what is judged as another robot, or elsewhere, is not repaired
    return planned(judged.recording, causes, judged.context.capability, Bounds(), thrown_off(findings))


def _told_as_planned(causes: list[Finding], changes: list[dict[str, Any]]) -> None:
    """Fixes with the numbers of the changes that a repair makes; all of them stand in the first cause's fix."""
    for finding in causes:
        fix = finding.fix or {}
        t0 = finding.t0 if finding.t0 is not None else 0.0
        t1 = finding.t1 if finding.t1 is not None else t0
        for change in changes:
            if change["kind"] == fix.get("kind") == "slow" and change["t0"] <= t1 and change["t1"] >= t0:
                fix |= {key: change[key] for key in ("t0", "t1", "factor", "longer_s")}
                break
            if (
                change["kind"] == "spread"
                and change["joint"] in finding.subject
                and fix.get("kind") in ("slow", "spread")
            ):
                fix = dict(change) | {"applicable": fix["applicable"]}  # what looked too fast is a single step
                break
        finding.fix = fix
    if len(changes) > 1 and causes[0].fix is not None:
        causes[0].fix["changes"] = changes


def repairable(finding: Finding, follows: bool = False) -> bool:
    """Whether a machine can make the fix of a finding: of a command, in the motion itself, not of what the world did.

    Args:
        follows: the finding may be a consequence of another one, whose factor alone is told.
    """
    fix, within = finding.fix or {}, Bounds()
    kind = fix.get("kind")
    if kind not in APPLICABLE:
        return follows and finding.code.startswith("collision.") and finding.because_of is not None
    if kind == "slow":  # of torque, balance and tracking the factor is an estimate
        return (follows or finding.code == "joint.velocity") and fix["factor"] >= within.slowest
    return kind != "clip" or fix.get("by", 0.0) <= within.back


def fix_of(finding: Finding, known: Known | None = None, end: float | None = None) -> Fix:
    """The fix of one failed finding.

    Args:
        known: what the model adds (see `clearing.known_of`): `holding` [Nm], or `move`, `from`, `by`, `side`.
        end: length of the recording [s].
    """
    make = _FIXES.get(finding.code) or _FIXES.get(finding.code.partition(".")[0] + ".", _rerecord)
    context = dict(known or {}) | ({} if end is None else {"end": end})
    made = make(finding, context)
    return {key: value for key, value in made.items() if value is not None}


def _floor(share: float) -> float:
    """A share to two figures, downwards: what is told is enough."""
    return max(math.floor(share * 100.0 + 1e-9) / 100.0, 0.01)


def _first(finding: Finding) -> str | None:
    return finding.subject[0] if finding.subject else None


def _ratio(finding: Finding) -> float:
    """Limit over value, at most 1."""
    if not finding.value or finding.limit is None:
        return 1.0
    return min(abs(finding.limit / finding.value), 1.0)


# -- integrity ----------------------------------------------------------------------------------------------------------
def _rerecord(finding: Finding, known: Known) -> Fix:
    """The recording chain has lost something that nobody can bring back."""
    return {"kind": "rerecord", "channel": _first(finding), "t0": finding.t0, "t1": finding.t1}


def _unit(finding: Finding, known: Known) -> Fix:
    unit = finding.details.get("should_be", "deg")
    return {
        "kind": "unit",
        "channel": _first(finding),
        "unit": unit,
        "multiply": math.pi / 180.0 if unit == "deg" else 180.0 / math.pi,
    }


def _missing(finding: Finding, known: Known) -> Fix:
    if finding.details.get("kind") == "absent" or finding.t0 is None or finding.t1 is None:
        return {"kind": "add", "channel": _first(finding)}
    late = finding.details.get("kind") == "late"
    t0, t1 = (finding.t1, known.get("end")) if late else (0.0, finding.t0)
    return {"kind": "trim", "channel": _first(finding), "t0": t0, "t1": t1}


def _unmapped(finding: Finding, known: Known) -> Fix:
    lost = finding.details.get("unreached") or finding.subject
    return {"kind": "mapping", "field": "streams", "to": list(lost)[:8]}


def _lag(finding: Finding, known: Known) -> Fix:
    value, limit = finding.value or 0.0, abs(finding.limit or 0.0)
    return {
        "kind": "shift",
        "channel": _first(finding),
        "by": -value,  # towards its command
        "at_least": max(abs(value) - limit, 0.0),
    }


def _swapped(finding: Finding, known: Known) -> Fix:
    return {"kind": "swap", "channels": list(finding.subject) or None}


def _early(finding: Finding, known: Known) -> Fix:
    """Commands back into the rows that they were given in."""
    by = (finding.details.get("lag") or 0.0) - (finding.details.get("usual") or 0.0)
    return {
        "kind": "shift",
        "channel": finding.subject[-1] if finding.subject else None,
        "by": by,
        "at_least": -(finding.margin or 0.0),
    }


def _leave_out(finding: Finding, known: Known) -> Fix:
    return {"kind": "leave_out", "of": finding.details.get("of") or _first(finding)}


def _rescaled(finding: Finding, known: Known) -> Fix:
    """What a channel's scale is, for whoever finds out how its commands were written down."""
    return {
        "kind": "in_range",
        "channel": _first(finding),
        "lower": finding.details.get("lower"),
        "upper": finding.details.get("upper"),
    }


def _scaled(finding: Finding, known: Known) -> Fix:
    """By what the measurement has to be multiplied; the sign is in it."""
    factor = finding.details.get("factor")
    return {"kind": "rescale", "joint": _first(finding), "multiply": 1.0 / factor if factor else None}


def _polarity(finding: Finding, known: Known) -> Fix:
    return {"kind": "invert", "channel": _first(finding)}


def _skew(finding: Finding, known: Known) -> Fix:
    return {"kind": "synchronise", "channels": list(finding.subject) or None, "by": finding.value}


def _link(finding: Finding, known: Known) -> Fix:
    """By how much the age of a command is too large; of lost ones the message tells how many."""
    by = -finding.margin if finding.unit == "s" and finding.margin is not None else None
    return {"kind": "link", "channel": _first(finding), "by": by}


def _survey(finding: Finding, known: Known) -> Fix:
    return {"kind": "survey", "cell": _first(finding)}


# -- motion -------------------------------------------------------------------------------------------------------------
def _position(finding: Finding, known: Known) -> Fix:
    details = finding.details
    return {
        "kind": "clip",
        "joint": _first(finding),
        "lower": details.get("lower"),
        "upper": details.get("upper"),
        "by": abs(finding.value - finding.limit) if finding.value is not None and finding.limit is not None else None,
        "t0": finding.t0,
        "t1": finding.t1,
        "unit": finding.unit or "rad",
    }


def _slow(finding: Finding, known: Known) -> Fix:
    """Slower around the violation by what it exceeds the limit; what lags behind a servo grows with speed, too."""
    t0 = finding.t0 or 0.0
    t1 = finding.t1 if finding.t1 is not None else t0
    return {
        "kind": "slow",
        "t0": round(max(t0 - RUN_IN, 0.0), 2),
        "t1": round(t1 + RUN_IN, 2),
        "factor": _floor(_ratio(finding)),
    }


def _jump(finding: Finding, known: Known) -> Fix:
    """Spread a step over the time in which the joint may travel it, at the largest speed of a smooth movement."""
    speed = finding.details.get("speed") or (finding.limit / 0.06 if finding.limit else None)
    seconds = PEAK_OF_MEAN * abs(finding.value) / speed if finding.value and speed else None
    return {
        "kind": "spread",
        "joint": _first(finding),
        "t": finding.t0,
        "step": finding.value,
        "over": None if seconds is None else math.ceil(seconds * 100.0) / 100.0,
    }


def _smooth(finding: Finding, known: Known) -> Fix:
    """Acceleration falls with the square of the speed, jerk with its cube."""
    power = 2.0 if finding.code.endswith("acceleration") else 3.0
    slow = _slow(finding, known)
    return slow | {"factor": _floor(_ratio(finding) ** (1.0 / power))}


def _away(finding: Finding, known: Known) -> Fix:
    """Out of each other the shortest way; without the posture, by the depth alone."""
    depth = finding.details.get("deepest", finding.value) if finding.unit == "m" else None
    subject = [*finding.subject, None, None]
    return {
        "kind": "away" if known.get("side") else "apart",
        "move": known.get("move", subject[0]),
        "from": known.get("from", subject[1]),
        "by": known.get("by", depth),
        "side": known.get("side"),
        "direction": known.get("direction"),
        "t0": finding.t0,
        "t1": finding.t1,
    }


def _at_start(finding: Finding, known: Known) -> Fix:
    return _away(finding, known) | {"kind": "scene"}


def _reach(finding: Finding, known: Known) -> Fix:
    return {"kind": "nearer", "thing": _first(finding), "by": -finding.margin if finding.margin else finding.value}


def _hand(finding: Finding, known: Known) -> Fix:
    """By what kept the robot's hand back: its speed, its reach, the other arm or the trunk; else the end of a joint's range."""
    back, turn = finding.details.get("held_back"), finding.unit == "rad"
    by = -finding.margin if finding.margin is not None else None
    if back == "at_speed":
        return _slow(finding, known)
    if back == "out_of_reach" and not turn:
        return {"kind": "nearer", "thing": _first(finding), "by": by}
    if back == "apart":
        return {"kind": "apart", "move": finding.details.get("held_by"), "from": finding.details.get("held_from")}
    span = {"t0": finding.t0, "t1": finding.t1}
    return {"kind": "hand", "thing": _first(finding), "by": None if turn else by, "turn": by if turn else None, **span}


def _calibrate(finding: Finding, known: Known) -> Fix:
    return {"kind": "calibrate", "channel": _first(finding), "by": finding.value, "unit": finding.unit}


# -- forces of the motion -----------------------------------------------------------------------------------------------
def _torque(finding: Finding, known: Known) -> Fix:
    """Inertial torque falls with the square of the speed; where holding alone is too much, only less load helps."""
    holding, value, limit = known.get("holding"), finding.value, finding.limit
    if holding is not None and value is not None and limit is not None and value > limit > abs(holding):
        factor = math.sqrt((limit - abs(holding)) / (value - abs(holding)))
        return _slow(finding, known) | {"factor": _floor(factor), "holding": float(holding)}
    over = value - limit if value is not None and limit is not None else None
    return {
        "kind": "lighten",
        "joint": _first(finding),
        "by": over,
        "unit": finding.unit,
        "share": 1.0 - _ratio(finding),
        "t0": finding.t0,
        "t1": finding.t1,
    }


def _rest(finding: Finding, known: Known) -> Fix:
    """The mean square is what warms a motor: at rest for this share of the time, it falls to what is rated."""
    return {"kind": "rest", "joint": _first(finding), "share": 1.0 - _ratio(finding) ** 2}


def _lean(finding: Finding, known: Known) -> Fix:
    """What throws the robot off its feet by moving falls with the square of the speed; what leans out, only by leaning."""
    standing, value, limit = known.get("standing"), finding.value, finding.limit or 0.0
    if standing is not None and value is not None and standing > limit > value:
        factor = math.sqrt((standing - limit) / (standing - value))
        return _slow(finding, known) | {"factor": _floor(factor), "standing": float(standing)}
    by = limit - value if value is not None else None
    return {"kind": "lean", "by": by, "side": known.get("side"), "t0": finding.t0, "t1": finding.t1}


def _lighten(finding: Finding, known: Known) -> Fix:
    by = finding.value - finding.limit if finding.value is not None and finding.limit is not None else None
    return {"kind": "carry_less", "by": by, "unit": finding.unit}


def _grip(finding: Finding, known: Known) -> Fix:
    """Friction times grip force holds a weight: as much too little friction is as much more force."""
    return {"kind": "grip", "factor": 1.0 / _ratio(finding)}


# -- what the world did -------------------------------------------------------------------------------------------------
def _reproduces(finding: Finding, known: Known) -> Fix:
    likely = finding.details.get("likely")
    return {"kind": "remake", "likely": likely, "t0": finding.t0, "step": finding.details.get("step")}


def _clamped(finding: Finding, known: Known) -> Fix:
    return _position(finding, known)


def _goal(finding: Finding, known: Known) -> Fix:
    details = finding.details
    if details.get("kind") == "survey":  # the same commands do it without this cell
        return {"kind": "remeasure", "cell": details.get("cell"), "differs": details.get("differs") or None}
    reached, total = details.get("reached"), details.get("total")
    left = total - reached if isinstance(reached, int) and isinstance(total, int) else None
    return {"kind": "finish", "missed": details.get("missed"), "left": left, "failure": details.get("failure")}


def _hold(finding: Finding, known: Known) -> Fix:
    return {"kind": "hold", "thing": _first(finding), "t0": finding.t0, "t1": finding.t1, "fall": finding.value}


def _gentle(finding: Finding, known: Known) -> Fix:
    """The force of an impact on something springy grows with the speed of the impact (an estimate)."""
    over = finding.value - finding.limit if finding.value is not None and finding.limit is not None else None
    return {
        "kind": "gentle",
        "thing": _first(finding),
        "t0": finding.t0,
        "t1": finding.t1,
        "by": over,
        "unit": finding.unit,
        "factor": _floor(_ratio(finding)),
    }


def _bump(finding: Finding, known: Known) -> Fix:
    """Where the posture shows an overlap, out of it; else only which two must not meet."""
    return _away(finding, known) | {"by": known.get("by")}


def _avoid(finding: Finding, known: Known) -> Fix:
    by = -finding.margin if finding.margin is not None and finding.margin < 0 else None
    event = finding.details.get("event") or finding.code.partition(".")[2]
    return {"kind": "avoid", "event": event, "by": by, "unit": finding.unit, "t0": finding.t0}


def _look(finding: Finding, known: Known) -> Fix:
    return {"kind": "look", "t0": None if finding.t0 is None else max(finding.t0 - 0.5, 0.0), "t1": finding.t0}


def _room(finding: Finding, known: Known) -> Fix:
    return {"kind": "room", "share": finding.value, "wanted": finding.limit}


def _rewrite(finding: Finding, known: Known) -> Fix:
    """What a set says wrongly is written again; what was changed afterwards is fetched again."""
    kind = "recopy" if finding.code == "set.digest" else "rewrite"
    return {"kind": kind, "channel": _first(finding), "t0": finding.t0, "t1": finding.t1}


_FIXES: dict[str, Callable[[Finding, Known], Fix]] = {
    "set.": _rewrite,
    "value.": _rerecord,
    "clock.": _rerecord,
    "hand.idle": _rerecord,
    "take.lag": _early,
    "take.duplicate": _leave_out,
    "value.range": _rescaled,
    "image.": _rerecord,
    "stream.": _rerecord,
    "unit.degrees": _unit,
    "stream.missing": _missing,
    "stream.unmapped": _unmapped,
    "stream.lag": _lag,
    "stream.swapped": _swapped,
    "stream.scaled": _scaled,
    "unit.polarity": _polarity,
    "clock.skew": _skew,
    "link.": _link,
    "cell.unknown": _survey,
    "joint.position": _position,
    "joint.velocity": _slow,
    "joint.jump": _jump,
    "joint.acceleration": _smooth,
    "joint.jerk": _smooth,
    "collision.self": _away,
    "collision.scene": _away,
    "collision.unexpected": _bump,
    "reach": _reach,
    "retarget.error": _hand,
    "calibration.offset": _calibrate,
    "torque.peak": _torque,
    "torque.rated": _rest,
    "balance": _lean,
    "payload": _lighten,
    "grip.friction": _grip,
    "reproduces": _reproduces,
    "start.penetration": _at_start,
    "ctrl.clamped": _clamped,
    "tracking": _slow,
    "goal": _goal,
    "drop": _hold,
    "slip": _hold,
    "force.": _gentle,
    "speed.person": _slow,
    "scenario.": _avoid,
    "unstable": _look,
    "robustness": _room,
}
