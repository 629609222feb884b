"""Would the robot have held this on its own legs? From what one did that was played on them (`judge/stages/legs_stage.py`).

A second question: it never changes the verdict of a recording in which the base stood fast or glided. Of one that was made on legs it is
what `tipping` is of the others, and what the controller as it is did is then no guess. What a controller of ours holds
another one may not, and the other way round, so its name and its gains stand in every answer, and softer and stiffer ones are tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .check import Check
from .finding import Finding
from .fixes import Fix, Known
from .rules import Rules

CODES = ("legs.fell", "legs.torque", "legs.slipped", "legs.moved", "legs.balance")
GAINS = {"softer": 0.5, "as it is": 1.0, "stiffer": 2.0}  # factors on every stiffness; damping follows by their root
PRESENT = "as it is"
BEARS = (0.5, 2.0)  # shares of what the soles usually bear, beyond which a robot is about to lose the floor or strikes it
SETTLED = 0.1  # s, in which the observer of outside forces (20 ms) forgets what it inferred meanwhile
PUSH, STEPS = 20.0, 40.0  # N from where on a force is called a push, and while it walks: its arms and its feet leave less; an estimate
FALLING = 0.5  # s, for which a robot is on its way down before it is found to have fallen; an estimate


@dataclass(frozen=True)
class Stood:
    """What a robot on its legs did, T control periods of `dt` s, its controller at work `substeps` physics steps a period.

    Attributes:
        fallen: when it gave up [s], None where it stands to the end.
        push: (T+1, 3) outside force on it, weight and floor apart, as it inferred it [N], in its own heading.
        joints: of the legs; torque: (T * substeps, 12) of their motors [Nm]; peak, limit: (12,) [Nm].
        slid: (T+1,) of the foot that is furthest from where it stood [m]; pelvis: (T+1,) from its place [m]; hands: (T+1,) how far the
            pelvis took the hand along that it took furthest [m].
        room: side -> (T * instants,) from the pressure point, smoothed, to where it may go at most [m]; nan where nothing is known.
        load: (T * instants,) of both soles [N]; instants: of control in a period; high: height of the hands over the floor [m].
        policy: file, hash and sheet of a policy of the user's, where one moves the legs; beyond: (T * instants, 12) what it asked of
            the motors beyond their peaks [Nm], which they did not give.
        unanswered: how often a policy's answer was not finite; since: when that began [s].
        steps: that it took. success: whether the task was done on legs, None where there is none; missed: what failed it, a
            failure mode or the first subgoal that does not hold.
    """

    controller: str
    dt: float
    substeps: int
    fallen: float | None
    push: np.ndarray
    joints: tuple[str, ...]
    torque: np.ndarray
    peak: np.ndarray
    limit: np.ndarray
    slid: np.ndarray
    pelvis: np.ndarray
    hands: np.ndarray
    room: Mapping[str, np.ndarray]
    load: np.ndarray
    high: float
    instants: int = 1
    steps: int = 0
    success: bool | None = None
    missed: str | None = None
    policy: Mapping[str, str] | None = None
    beyond: np.ndarray | None = None
    unanswered: int = 0
    since: float | None = None

    def until(self, time: float) -> Stood | None:
        """What it did before this time [s], None if that is less than a control period."""
        n = int(time / self.dt + 1e-9)
        if n < 1:
            return None
        return replace(
            self,
            fallen=self.fallen if self.fallen is not None and self.fallen < time else None,
            success=None,
            missed=None,
            **{name: getattr(self, name)[: n + 1] for name in ("push", "slid", "pelvis", "hands")},
            torque=self.torque[: n * self.substeps],
            room={side: values[: n * self.instants] for side, values in self.room.items()},
            load=self.load[: n * self.instants],
            beyond=None if self.beyond is None else self.beyond[: n * self.instants],
        )


def check_standing(runs: Mapping[str, Stood], rules: Rules, made: bool = False) -> list[Finding]:
    """One finding of each of `CODES`: of the controller as it is, and whether softer and stiffer gains agree.

    Args:
        runs: by the words of `GAINS`; the present one is always there.
        made: the recording was made on legs: what fails with the present gains did happen, whatever others would do.
    """
    found = {word: _answers(run, rules) if made or run.since is None else _until_unanswered(run, rules) for word, run in runs.items()}
    present = enumerate(found[PRESENT])
    return [_weighed(finding, {word: answers[i] for word, answers in found.items()}, made, rules) for i, finding in present]


def _answers(run: Stood, rules: Rules) -> list[Finding]:
    if run.fallen is not None and run.fallen <= FALLING:  # it never stood, and what a fall does shows nothing of how it stands
        return [_fell(run, rules), *(rules[code].not_checked("fell_at_once", details=_of_policy(run)) for code in CODES[1:])]
    return [ask(run, rules) for ask in (_fell, _torque, _slipped, _moved, _balance)]


def _until_unanswered(run: Stood, rules: Rules) -> list[Finding]:
    """Of a policy that stopped to answer: what it did before counts. Nothing is known of what a robot does then, so nothing passes."""
    known, at = run.until(run.since or 0.0), {"t0": run.since, "t1": run.since}
    if known is None:
        return [rules[code].not_checked("unanswered", **at, details=_of_policy(run)) for code in CODES]

    def left_open(one: Finding) -> Finding:
        return rules[one.code].not_checked("unanswered", **at, subject=one.subject, value=one.value, details=one.details)

    return [left_open(one) if one.level == "PASS" else one for one in _answers(known, rules)]


def _weighed(finding: Finding, answers: Mapping[str, Finding], made: bool, rules: Rules) -> Finding:
    """What depends on the gains: undecided where the present ones fail, a warning where only others do. What was made on legs did fail."""
    failed = [word for word, one in answers.items() if one.failed]
    others = {word.replace(" ", "_"): one.value for word, one in answers.items() if word != PRESENT}
    details = finding.details | ({"gains": others} if others else {}) | ({"made": True} if made else {})
    if finding.level == "NOT_CHECKED" or not failed or len(failed) == len(answers) or (made and finding.failed):
        return finding.with_(details=details)
    details |= {"hangs": True}
    if finding.failed:
        return rules[finding.code].not_checked("gains", subject=finding.subject, value=finding.value, details=details)
    return finding.with_(level="WARN", details=details)


def _fell(run: Stood, rules: Rules) -> Finding:
    rule = rules["legs.fell"]
    details = _of_policy(run)
    if run.steps:
        details["steps"] = run.steps
    if run.success is not None:
        details["success"] = run.success
    if run.missed is not None:
        details["missed"] = run.missed
    if run.fallen is None and run.unanswered:  # what the motors would have done is known of nobody
        return rule.not_checked("unanswered", t0=run.since, t1=run.since, details=details)
    if run.fallen is None:
        return rule.finding(**rule.grade_value(0.0), details=details)
    end = min(len(run.push), int(run.fallen / run.dt) + 1)
    details |= _strongest(run, end)
    return rule.finding(**rule.grade_value(1.0), t0=run.fallen, t1=run.fallen, details=details)


def _of_policy(run: Stood) -> dict[str, Any]:
    """Who moved the legs, and since when no policy answered."""
    details: dict[str, Any] = {"controller": run.controller}
    if run.policy is not None:
        details["policy"] = dict(run.policy)
    return details | ({"unanswered": run.unanswered, "since": run.since} if run.unanswered else {})


def _strongest(run: Stood, end: int) -> dict[str, Any]:
    """What pushed the most in the second before a control step, and where to; empty where nothing did, or where the soles do not bear the
    robot. A foot that is set down pushes up as well, so of a robot that walks only what pushes it level counts."""
    begin = max(0, end - round(1.0 / run.dt))
    before = run.push[begin:end][_borne(run)[begin:end]] * ([1.0, 1.0, 0.0] if run.steps else 1.0)
    strongest = before[int(np.argmax(np.linalg.norm(before, axis=1)))] if len(before) else np.zeros(3)
    if float(np.linalg.norm(strongest)) < (STEPS if run.steps else PUSH):
        return {}
    axis = int(np.argmax(np.abs(strongest)))
    ways = (("forward", "back"), ("left", "right"), ("up", "down"))[axis]
    return {"force": float(np.linalg.norm(strongest)), "towards": ways[int(strongest[axis] < 0)]}


def _borne(run: Stood) -> np.ndarray:
    """(T+1,) whether the soles bear the robot, and have for `SETTLED`: else the force that is inferred from the legs may be any."""
    n, usual = len(run.push), float(np.median(run.load)) if len(run.load) else 0.0
    wrong = (run.load < usual * BEARS[0]) | (run.load > usual * BEARS[1])
    at = np.flatnonzero(wrong) // run.instants
    lost = np.zeros(n, bool)
    for k in range(round(SETTLED / run.dt) + 1):
        lost[np.minimum(at + k, n - 1)] = True
    return ~lost


def _torque(run: Stood, rules: Rules) -> Finding:
    """The joint that is nearest to its peak for `shortest`, or beyond its continuous torque for `shortest_warn`."""
    rule, step = rules["legs.torque"], run.dt / run.substeps
    share = np.abs(_standing(run, run.torque, run.substeps)) / run.peak
    held, lasting = (_lasting(share, round(width / step)) for width in (rule.shortest, rule.shortest_warn))
    warn = run.limit / run.peak
    j = int(np.argmax(held.max(axis=0, initial=0.0)))
    over = lasting.max(axis=0, initial=0.0) / warn
    if held[:, j].max(initial=0.0) <= rule.bound("fail") and over.max() > 1.0:
        j = int(np.argmax(over))
    k = int(np.argmax(held[:, j])) if len(held) else 0
    graded = rule.grade_value(
        float(held[:, j].max(initial=0.0)), warn=float(warn[j]), sustained=float(lasting[:, j].max(initial=0.0))
    )
    each = {name: float(value) for name, value in zip(run.joints, held.max(axis=0, initial=0.0))}
    details: dict[str, Any] = {"controller": run.controller, "joint": run.joints[j], "each": each}
    if run.beyond is not None and (cut := _standing(run, run.beyond, run.instants)).any():
        details["cut"] = float(cut.max())
        details["cut_each"] = {name: float(most) for name, most in zip(run.joints, cut.max(axis=0)) if most}
        details["cut_share"] = float(cut.any(axis=1).mean())
    return rule.finding(**graded, subject=(run.joints[j],), t0=k * step, t1=k * step + rule.shortest, details=details)


def _slipped(run: Stood, rules: Rules) -> Finding:
    """When a foot went past the bound, and what pushed then: where it stands at the end is no moment."""
    finding, slid = _largest("legs.slipped", run, run.slid, rules), _standing(run, run.slid)
    past = [k for k in ("fail", "warn") if slid.max(initial=0.0) > rules["legs.slipped"].bound(k)]
    if not past:
        return finding
    k = int(np.argmax(slid > rules["legs.slipped"].bound(past[0])))
    return finding.with_(t0=k * run.dt, t1=k * run.dt, details=finding.details | _strongest(run, k + 1))


def _moved(run: Stood, rules: Rules) -> Finding:
    own = _standing(run, run.pelvis)
    return _largest("legs.moved", run, run.hands, rules, pelvis=float(own.max(initial=0.0)))


def _largest(code: str, run: Stood, values: np.ndarray, rules: Rules, **more: Any) -> Finding:
    rule, values = rules[code], _standing(run, values)
    k = int(np.argmax(values)) if len(values) else 0
    details = {"controller": run.controller, **more}
    return rule.finding(**rule.grade_value(float(values.max(initial=0.0))), t0=k * run.dt, t1=k * run.dt, details=details)


def _balance(run: Stood, rules: Rules) -> Finding:
    """The least room of the pressure point, and what that is at the hands: m g room / height."""
    rule = rules["legs.balance"]
    room = {side: np.nan_to_num(_standing(run, values, run.instants), nan=np.inf) for side, values in run.room.items()}
    side = min(room, key=lambda one: float(room[one].min(initial=np.inf)))
    values = room[side]
    if not np.isfinite(values).any():
        return rule.not_checked("not_run", details={"controller": run.controller})
    k = int(np.argmin(values))
    at = k * run.dt / run.instants
    force = float(values[k] * run.load[k] / run.high)
    margin = {"left" if values[k] >= 0.0 else "past": abs(float(values[k]))}
    details = {"controller": run.controller, "towards": side, "newtons": force, **margin}
    return rule.finding(**rule.grade_value(float(values[k])), t0=at, t1=at, details=details)


def _standing(run: Stood, values: np.ndarray, per: int = 1) -> np.ndarray:
    """The rows while it stood; those after a fall, and of the last half second of it, show nothing more."""
    end = len(values) if run.fallen is None else max(1, int((run.fallen - FALLING) / run.dt)) * per
    return values[:end]


def _lasting(share: np.ndarray, width: int) -> np.ndarray:
    """(n - width + 1, k) what was never undercut over so many steps."""
    width = max(1, min(width, len(share)))
    if not len(share):
        return np.zeros((1, share.shape[1]))
    return np.lib.stride_tricks.sliding_window_view(share, width, axis=0).min(axis=-1)


def _ease(finding: Finding, known: Known) -> Fix:
    return {"kind": "ease", "t0": finding.t0, "t1": finding.t1}


def not_asked(rules: Rules, reason: str) -> list[Finding]:
    """All of `CODES`, not checked."""
    return [rules[code].not_checked(reason) for code in CODES]


CHECKS = (
    *(Check(code, fix=_ease, counts=False, no_example="it is asked by legs=true alone") for code in CODES if code != "legs.balance"),
    Check("legs.balance", below=True, fix=_ease, counts=False, no_example="it is asked by legs=true alone"),
)
