"""Is a joint's zero where the command believes it to be? The offset that remains wherever the joint stands still."""

from __future__ import annotations

import numpy as np

from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE, pair, shared
from ..signals.clock import origin_ns
from ..signals.pairing import side_by_side
from ..signals.sides import side_of
from ..signals.signal import over_runs, runs
from .check import Check
from .curves import bounds
from .finding import Finding, Plot, worst_of
from .fixes import Fix, Known, about
from .rules import Rules


def check_offset(command: Stream | None, state: Stream | None, rules: Rules, origin: int) -> list[Finding]:
    """`calibration.offset`: measured minus commanded angle of a joint at rest, as far as it is the same everywhere.

    A joint is at rest where command and state both keep within `still` for `steady`. A soft servo sags there, too, and
    a hand that leans on something stands off its command; but weight and touch change with the posture and from rest to
    rest, and a wrong zero does not. So the value is the smallest offset of all rests, and zero where two of them
    differ in sign. One posture cannot tell weight from a wrong zero: where no joint of the same side is commanded
    `apart` from rest to rest (or while this one rests), the FAIL bound only warns.

    Returns:
        One finding, the worst joint; `details` has every joint's estimate (the median of its rests) and their spread.
    """
    rule = rules["calibration.offset"]
    if command is None:
        return [rule.not_checked("no_command")]
    if state is None:
        return [rule.not_checked("no_measured")]
    names = shared(command, state)
    if not names or command.unit not in SCALE or state.unit not in SCALE:
        return [rule.not_checked("no_mapping")]
    both = side_by_side(command, state, names, origin, (SCALE[command.unit], SCALE[state.unit]))
    if both is None:
        return [rule.not_checked("too_short")]
    found, joints = [], {}
    for j, name in enumerate(names):
        rests = rests_of(
            both.command[:, j], both.state[:, j], both.step, rule.settings["steady"], rule.settings["still"]
        )
        if not rests:
            continue
        offsets = np.array([offset for _, _, offset in rests])
        common = float(np.abs(offsets).min()) if (offsets > 0).all() or (offsets < 0).all() else 0.0
        common = round(common, 6)  # a microradian is below any encoder
        estimate = float(np.median(offsets))
        joints[name] = {"estimate": estimate, "rests": len(rests), "spread": float(np.ptp(offsets))}
        resting = np.concatenate([np.arange(first, last + 1) for first, last, _ in rests])
        limb = [k for k, other in enumerate(names) if side_of(other) == side_of(name)]
        few = float(np.ptp(both.command[resting][:, limb], axis=0).max()) < rule.settings["apart"]
        graded = rule.grade_value(common, warn=rule.bound("fail" if few else "warn"), sure=not few)
        found.append(
            rule.finding(
                subject=(name,),
                t0=float(both.t[rests[0][0]]),
                t1=float(both.t[rests[-1][1]]),
                share=sum(last - first + 1 for first, last, _ in rests) / len(both.t),
                **graded,
                details={"joint": name, **joints[name]},
            )
        )
    if not found:
        return [rule.not_checked("no_rest")]
    worst = worst_of(found)
    worst[0].details["joints"] = joints
    return worst


def rests_of(
    command: np.ndarray, state: np.ndarray, step: float, steady: float, still: float
) -> list[tuple[int, int, float]]:
    """(first row, last row, median of state - command) of every stretch in which both keep within `still`.

    Args:
        command, state: (m,) on an even grid [rad].
        steady: least length of a rest [s]; still: how far each may move during any `steady` of it.
    """
    count = max(2, round(steady / step) + 1)
    if count > len(command):
        return []
    quiet = np.ones(len(command) - count + 1, bool)
    for x in (command, state):
        quiet &= over_runs(np.maximum, x, count) - over_runs(np.minimum, x, count) <= still
    return [
        (first, last + count - 1, float(np.median((state - command)[first : last + count])))
        for first, last in runs(quiet)
    ]


def _calibrate(finding: Finding, known: Known) -> Fix:
    return {"kind": "calibrate", "channel": about(finding), "by": finding.value, "unit": finding.unit}


def _difference(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    command, state = pair(recording)
    if command is None or state is None or not finding.subject or not {command.unit, state.unit} <= set(SCALE):
        return None
    names = list(finding.subject[:1])
    both = side_by_side(command, state, names, origin_ns(recording), (SCALE[command.unit], SCALE[state.unit]))
    if both is None:
        return None
    limits = [one for sign in (-1, 1) for one in bounds(rules[finding.code], sign)]
    trace = {"name": "measured", "t": both.t, "y": (both.state - both.command)[:, 0]}
    return Plot("offset", names[0], "rad", [trace], limits)


CHECKS = (
    Check(
        "calibration.offset",
        settings={"still": "angle", "steady": "time", "apart": "angle"},
        fix=_calibrate,
        curve=_difference,
        compares=True,
        shown_by="zero of a joint off",
    ),
)
