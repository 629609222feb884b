"""Does the link carry commands and sensor values in time, and all of them? Of a real robot by the clocks of the recording
itself: when each was sent, and when the recorder, which sits at the robot's end of the link, got it. Of an episode of the simulation by
its link; the link's times are the replay's own.
"""

from __future__ import annotations

import numpy as np

from ...scenarios.link.traffic import Traffic
from ..recording.recording import Recording, Stream
from ..signals.channels import SCALE, pair
from ..signals.clock import origin_ns, seconds, topic
from ..signals.signal import run_around
from .check import Check
from .curves import MS, bounds
from .finding import Finding, Plot
from .fixes import Fix, Known, about
from .rules import Rules

PROMPT = 5.0  # percentile of the delays that stands for a message that waited for nothing, as in `clock.skew`
MOMENTS = 256  # at which a command came after lost ones, that a finding carries
LATE = 1.75  # usual intervals from one message to the next, below which it was only late
REGULAR = 90.0  # percentile of the intervals that must lie below that, for a rhythm to tell of losses


def check_link(
    recording: Recording, rules: Rules, stopped: str | None = None, traffic: Traffic | None = None, period: float = 0.0
) -> list[Finding]:
    """`link.stale` and `link.loss` of commands; `link.observation`, which only the simulation tells.

    Args:
        stopped: the reason why the commands must not be judged, or None.
        traffic: the messages of an episode that was played over a link, one each control period [s]; None where there is no link.
    """
    if recording.episode is not None and traffic is not None:
        return simulated(traffic, recording.episode.n_steps, period, rules)
    if recording.episode is not None or recording.kind in ("simulation", "human"):
        return [rules[code].not_applicable("no_link") for code in CODES]
    command, _ = pair(recording)
    if command is None or command.n < 3:
        return [rules[code].not_checked("no_commands") for code in CODES]
    if stopped is not None:
        return [rules[code].not_checked(stopped) for code in CODES]
    if command.clock != "capture" or command.capture_ns is None or command.receive_ns is None:
        return [rules[code].not_checked("one_command_clock", subject=(topic(command),)) for code in CODES]
    age, prompt = ages(command, rules["clock.skew"].bound("warn"))
    t = seconds(command, origin_ns(recording))
    return [_stale(command, t, age, prompt, rules), _loss(command, t, age, rules), rules["link.observation"].not_checked("not_recorded")]


def simulated(traffic: Traffic, n: int, period: float, rules: Rules) -> list[Finding]:
    """The three codes of n commands over a link of the simulation, each with its worst moment [s].

    A command that never came, and one that was too old to be carried out, both count as lost. The age of what was seen is that of the
    newest sensor values that had arrived when a command was sent.
    """
    t, age = np.arange(n) * period, traffic.age[:n]
    came = np.isfinite(age)
    lost, late = int((~came).sum()), int((age[came] > traffic.link.stale).sum())
    carried = came & (age <= traffic.link.stale)
    reached = np.where(came, age, -1.0)
    seen = t - traffic.passing[:n, 0]
    share = (lost + late) / n
    came_after = np.flatnonzero(carried[1:] & ~carried[:-1]) + 1
    known = {"lost": lost, "late": late, "sent": n, "came": (t + age)[came_after][:MOMENTS].tolist()}
    worst, blind, out = int(reached.argmax()), int(seen.argmax()), np.flatnonzero(~came | (age > traffic.link.stale))
    first, last = (t[out[0]], t[out[-1]]) if len(out) else (None, None)
    oldest = {"p50": float(np.median(age[came])), "p95": float(np.percentile(age[came], 95.0))} if came.any() else {}
    at = {"t0": float(t[worst]), "t1": float(t[worst] + max(reached[worst], 0.0))}
    graded = [
        rules["link.stale"].grade_value(max(float(reached[worst]), 0.0)),
        rules["link.loss"].grade_value(share),
        rules["link.observation"].grade_value(float(seen[blind])),
    ]
    return [
        rules["link.stale"].finding(subject=("action",), **at, **graded[0], details=oldest),
        rules["link.loss"].finding(subject=("action",), share=share, t0=first, t1=last, **graded[1], details=known),
        rules["link.observation"].finding(
            subject=("observation",),
            t0=float(traffic.passing[blind, 0]),
            t1=float(t[blind]),
            **graded[2],
            details={"p50": float(np.median(seen))},
        ),
    ]


def ages(command: Stream, skew: float) -> tuple[np.ndarray, float]:
    """(n,) how old each command was when it was received [s], and how old the promptest ones were by the two clocks [s].

    Where even the promptest came sooner than sent, or later than `skew` [s], two clocks differ, and nobody can tell what of
    it the link took: then ages are counted from the promptest on, and `clock.skew` tells the rest.
    """
    assert command.capture_ns is not None and command.receive_ns is not None
    age = (command.receive_ns - command.capture_ns) * 1e-9
    prompt = float(np.percentile(age, PROMPT))
    return (age - prompt if prompt < 0.0 or prompt > skew else age), prompt


def _stale(command: Stream, t: np.ndarray, age: np.ndarray, prompt: float, rules: Rules) -> Finding:
    rule = rules["link.stale"]
    worst = int(age.argmax())
    graded = rule.grade_value(float(age[worst]))
    over = age > graded["limit"]
    first, last = run_around(over, worst)
    return rule.finding(
        subject=(topic(command),),
        t0=float(t[first] + age[first]),
        t1=float(t[last] + age[last]),
        share=float(over.mean()),
        **graded,
        details={"p50": float(np.median(age)), "p95": float(np.percentile(age, 95.0)), "promptest": prompt},
    )


def missing(command: Stream, intervals: float, held: float) -> tuple[np.ndarray, str] | None:
    """(n,) how many commands were lost just before each, and the evidence: `numbers` or `rhythm`; None if there is none.

    Numbers are those that each sender gave its messages; one that begins anew was started again. Without them the times of
    sending tell, if they are regular: a message that comes late makes the next interval short by as much, and none is lost. A
    silence of more than `intervals` usual ones after which the command is the same, within `held` [rad], is a pause.
    """
    lost = np.zeros(command.n, int)
    numbers = command.meta.get("sequence")
    if numbers is not None and len(numbers) == command.n:
        sender = command.meta.get("publisher", np.zeros(command.n, int))
        for one in np.unique(sender):
            rows = np.flatnonzero(sender == one)
            lost[rows[1:]] = np.maximum(np.diff(np.asarray(numbers)[rows]) - 1, 0)
        return lost, "numbers"
    step = np.diff(command.time_ns) * 1e-9
    usual = float(np.median(step))
    if usual <= 0.0 or float(np.percentile(step, REGULAR)) > LATE * usual:
        return None
    near = np.minimum(np.concatenate([[usual], step, [usual]]), usual)
    gone = np.rint((near[:-2] + step + near[2:]) / usual).astype(int) - 3
    change = np.abs(np.diff(command.values, axis=0)).max(axis=1) * SCALE.get(command.unit, 1.0)
    paused = (step > intervals * usual) & (change <= held)
    lost[1:] = np.where((step > LATE * usual) & ~paused, np.maximum(gone, 0), 0)
    return lost, "rhythm"


def _loss(command: Stream, t: np.ndarray, age: np.ndarray, rules: Rules) -> Finding:
    """The share of commands that never came, or when they meant nothing any more; and the longest silence of lost ones.

    Only a sender's own numbers prove a loss: by its rhythm alone it is a warning at most, and so is a silence, which
    `clock.gap` judges.
    """
    rule = rules["link.loss"]
    loss = missing(command, rule.settings["intervals"], rule.settings["held"])
    if loss is None:
        return rule.not_checked("no_sequence", subject=(topic(command),))
    lost, by = loss
    late = int((age > rules["link.stale"].bound("fail")).sum())
    n, sent = int(lost.sum()), command.n + int(lost.sum())
    silent = np.where(lost > 0, np.diff(t, prepend=t[0]), 0.0)
    longest, rows = int(silent.argmax()), np.flatnonzero(lost)
    first, last = (max(int(rows[0]) - 1, 0), int(rows[-1])) if len(rows) else (0, command.n - 1)
    share = (n + late) / sent
    details = {
        "lost": n,
        "late": late,
        "sent": sent,
        "longest": float(silent[longest]),
        "most": int(lost.max(initial=0)),
        "came": (t + age)[rows][:MOMENTS].tolist(),
    }
    graded = rule.grade_value(share)
    if by == "rhythm" and graded["level"] == "FAIL":
        graded["level"] = "WARN"
    known = {"subject": (topic(command),), "share": share}
    found = [
        rule.finding(**known, t0=float(t[first]), t1=float(t[last]), **graded, details=details | {"kind": by}),
    ]
    run = rule.settings["run"]
    if silent[longest] > run and graded["level"] == "PASS":
        over = float(silent[longest]) - run
        graded = {
            "level": "WARN",
            "value": run + over,
            "limit": run,
            "margin": -over,
            "excess": over / run,
            "unit": "s",
        }
        span = {"t0": float(t[longest - 1]), "t1": float(t[longest])}
        found = [rule.finding(**known, **span, **graded, details=details | {"kind": "run"})]
    return found[0]


def _fix(finding: Finding, known: Known) -> Fix:
    """By how much the age of a command is too large; of lost ones the message tells how many."""
    by = -finding.margin if finding.unit == "s" and finding.margin is not None else None
    return {"kind": "link", "channel": about(finding), "by": by}


def _age(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    command, _ = pair(recording)
    if command is None or command.capture_ns is None or command.receive_ns is None:
        return None
    t = seconds(command, origin_ns(recording))
    age, _ = ages(command, rules["clock.skew"].bound("warn"))
    order = np.argsort(t + age, kind="stable")
    trace = {"name": "command", "t": (t + age)[order], "y": MS * age[order]}
    return Plot("age", topic(command), "ms", [trace], bounds(rules[finding.code], MS))


def _lost(recording: Recording, finding: Finding, rules: Rules) -> Plot | None:
    command, _ = pair(recording)
    rule = rules[finding.code]
    loss = missing(command, rule.settings["intervals"], rule.settings["held"]) if command is not None else None
    if command is None or loss is None:
        return None
    t = seconds(command, origin_ns(recording))
    sent = np.cumsum(1 + loss[0])
    limits = [{"name": "warn", "value": rule.bound("warn")}, {"name": "fail", "value": rule.bound("fail")}]
    traces = [{"name": "command", "t": t, "y": np.cumsum(loss[0]) / sent[-1]}]
    return Plot("lost", topic(command), "1", traces, limits)


CHECKS = (
    Check("link.stale", fix=_fix, curve=_age, of="link", shown_by="link holds commands back"),
    Check(
        "link.loss",
        settings={"run": "time", "intervals": "number", "held": "angle"},
        fix=_fix,
        curve=_lost,
        of="link",
        shown_by="link loses commands",
    ),
    Check(
        "link.observation",
        fix=_fix,
        of="link",
        no_example="only an episode of the simulation over a link tells it, and the example has none",
        no_curve="the worst moment says it; `observation.link` has every row",
    ),
)
CODES = tuple(check.code for check in CHECKS)
