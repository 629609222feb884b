"""Are the measured and the commanded streams in step? The lag of the state, and what stands still while the other side moves."""

from __future__ import annotations

import numpy as np

from ..recording.recording import Stream
from ..residual.bodies import ComparedColumns
from ..residual.commanded_hands import commanded_hands
from ..signals.channels import SCALE, columns, in_radians, shared
from ..signals.clock import seconds, topic
from ..signals.signal import find_lag
from .check import Check
from .finding import Finding
from .fixes import Fix, Known, about, rerecord
from .frozen import check_frozen
from .inputs import Recorded
from .rules import Rules

OF_A_BASE = ("m", "m/s", "rad/s")  # units of what moves a base: speeds and a height
# of the lag of all joints together: by how much it leaves a joint off [rad], how much better their median has to fit them to count instead,
# by how much that has to differ [s], and by how much [s], or of itself, joints may differ from it and still be said to move alike
BESIDE, NEARER, SAME, APART, DOUBTFUL = 0.1, 0.5, 0.02, 0.1, 0.5
SEVERAL = 3  # joints, for their median to say more than all of them together


def check_lag(command: Stream | None, state: Stream | None, rules: Rules, origin: int) -> list[Finding]:
    """`stream.lag`: how late the measured state follows the command; both on the recording's common clock.

    A state well before its command cannot be: the two streams have different clocks, and that fails too. Joints that are measured
    beside their commands bend the lag of all together: where the single joints agree better with one another, their median counts.
    """
    rule = rules["stream.lag"]
    if command is None:
        return [rule.not_applicable("no_command")]
    if state is None:
        return [rule.not_applicable("no_measured")]
    names = shared(command, state)
    if not names or command.unit not in SCALE or state.unit not in SCALE:
        return [rule.not_applicable("no_mapping")]
    finite_c, finite_s = (
        np.isfinite(columns(command, names)).all(axis=1),
        np.isfinite(columns(state, names)).all(axis=1),
    )
    lag = find_lag(
        seconds(command, origin)[finite_c],
        in_radians(command, names)[finite_c],
        seconds(state, origin)[finite_s],
        in_radians(state, names)[finite_s],
        search=rule.settings["search"],
        moved=rule.settings["moved"],
    )
    if lag is None:
        return [rule.not_applicable("too_short")]
    likely = (
        np.isfinite(lag.joint)
        & (lag.correlation > rule.settings["correlation"])
        & (np.abs(lag.joint) < rule.settings["search"] - 0.01)
    )
    left = float(lag.rms[np.isfinite(lag.joint)].max(initial=0.0))
    late, spread = _agreed(lag.joint[likely], lag.pooled, left)
    details = {
        "uncertainty": spread,
        "joints": {name: float(lag.joint[j]) for j, name in enumerate(names) if likely[j]},
        "median": float(np.median(lag.joint[likely])) if likely.any() else None,
        "correlation": {name: float(lag.correlation[j]) for j, name in enumerate(names) if np.isfinite(lag.joint[j])},
        "rms_after": {name: float(lag.rms[j]) for j, name in enumerate(names)},
        "clock": command.clock,
    }
    subject = (topic(state), topic(command))
    few = 2 * likely.sum() < np.isfinite(lag.joint).sum()
    apart = left > BESIDE and spread is not None and bool(few or spread > max(APART, DOUBTFUL * abs(late)))
    if spread is None or apart or lag.at_edge:
        return [
            rule.not_applicable(
                "too_few", subject=subject, details=details | {"why": "state and command do not move alike"}
            )
        ]
    ahead = rule.settings["ahead"]
    if late < -ahead:
        graded = {
            "level": "FAIL",
            "value": late,
            "limit": -ahead,
            "margin": late + ahead,
            "excess": (-ahead - late) / rule.size(ahead),
            "unit": rule.unit,
        }
    else:
        graded = rule.grade_value(late)
    return [rule.finding(subject=subject, signal="measured", **graded, details=details)]


def lag_of_shares(taken: ComparedColumns, rules: Rules) -> list[Finding]:
    """`stream.lag` of joints that count in shares of their way: how late they are, for `take.lag` to compare takes.

    It is the median of the joints, since each is as late as its way is long. No bound holds for it: toys are as slow as they are built.
    Empty where there are none, or too few move alike.
    """
    rule = rules["stream.lag"]
    for group, both in taken.wired:
        if group.channels[0].unit == "rad":
            continue
        lag = find_lag(both.t, both.command, both.t, both.state, search=rule.settings["search"], moved=rule.settings["moved"])
        if lag is None or lag.at_edge:
            continue
        likely = np.isfinite(lag.joint) & (lag.correlation > rule.settings["correlation"])
        if likely.any() and 2 * likely.sum() >= np.isfinite(lag.joint).sum():
            topics = group.channels[0].topics
            late = float(np.median(lag.joint[likely]))
            return [rule.passed(subject=(topics["measured"], topics["command"]), signal="measured", value=late, details={"median": late})]
    return []


def _agreed(joints: np.ndarray, pooled: float, rms: float) -> tuple[float, float | None]:
    """[s] the lag of all joints (k,) together, or their median where the former leaves some joint off by `rms` [rad] and they are nearer
    to the latter; and by how much they usually differ from it, None where there is none."""
    if not len(joints):
        return pooled, None
    middle = float(np.median(joints))
    apart = {at: float(np.median(np.abs(joints - at))) for at in (pooled, middle)}
    beside = len(joints) >= SEVERAL and rms > BESIDE and apart[middle] < NEARER * apart[pooled] and abs(middle - pooled) > SAME
    late = middle if beside else pooled
    return late, apart[late]


def _message(stream: Stream) -> str:
    """What holds a row of the stream: a feature of a set, which becomes a stream for each of its quantities, or a topic."""
    return str(stream.meta.get("topic", stream.meta.get("field", stream.name)))


def _shift(finding: Finding, known: Known) -> Fix:
    value, limit = finding.value or 0.0, abs(finding.limit or 0.0)
    return {
        "kind": "shift",
        "channel": about(finding),
        "by": -value,  # towards its command
        "at_least": max(abs(value) - limit, 0.0),
    }


def _in_step(recorded: Recorded) -> list[Finding]:
    """The lag is found first: as a fault of its own it is taken out before freezes are sought."""
    both = recorded.command_and_state
    if both[0] is None and (hand := next(commanded_hands(recorded.recording), None)) is not None:
        both = hand.command, hand.measured
    lag = check_lag(*both, recorded.rules, recorded.origin)
    if lag[0].reason == "no_mapping":
        lag = lag_of_shares(recorded.columns, recorded.rules) or lag
    late = next((f.value or 0.0 for f in lag if f.failed), 0.0)
    base = [
        s
        for s in recorded.streams
        if recorded.command is not None
        and s.role == "command"
        and _message(s) == _message(recorded.command)
        and all(unit in OF_A_BASE for unit in s.unit.split())
    ]
    frozen = check_frozen(recorded.command, recorded.state, recorded.rules, recorded.origin, late, recorded.limits, base)
    return frozen + lag


def _ahead_of_what_is_unknown(lag: Finding, other: Finding) -> bool:
    """States that come before their commands, as in a take that runs backwards: a hand then goes away from its command."""
    return (lag.value or 0.0) < 0.0 and other.code == "column.differs" and other.details.get("kind") == "unknown"


CHECKS = (
    Check(
        "stream.frozen",
        run=_in_step,
        settings={"moved": "angle", "settle": "time", "step": "angle", "samples": "number"},
        fix=rerecord,
        turn=5,
        after=("values", "clocks", "channels"),
        compares=True,
        shown_by="encoder frozen",
    ),
    Check(
        "stream.lag",
        run=_in_step,
        settings={"search": "time", "ahead": "time", "moved": "angle", "correlation": "share"},
        explains=("column.differs",),
        precedes=_ahead_of_what_is_unknown,
        fix=_shift,
        turn=5,
        after=("values", "clocks", "channels"),
        compares=True,
        shown_by="state lags",
    ),
)
