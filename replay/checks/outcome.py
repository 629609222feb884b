"""What happened in the replay, held against the goal, the failure modes and the force limits of the scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..signals.signal import run_around
from .check import Check
from .finding import Finding
from .fixes import Fix, Known, about, away, beyond, floor, hold, ratio, slow
from .rules import Rule, Rules

if TYPE_CHECKING:
    from ...scenarios.parts.part import Bears
    from ...scenarios.people.safety import Limit
    from ...scenarios.sensing.temporal import Goal, GoalState

HELD = 0.5  # N, a hand holds something from this force on
LIGHT = 10.0  # N, a light touch: what an excess is counted in where no contact is allowed
FALLS_WITHIN = 0.5  # s, a fall begins at once when a grip is lost
RANK = {"PASS": 0, "WARN": 1, "FAIL": 2}


@dataclass(frozen=True)
class Struck:
    """What a held thing touched that nobody meant it to.

    Attributes:
        thing, other: bodies; hand: the first that held it; force: (T+1,) N, zero wherever it was not held or meant to touch.
        bears: what is known of how hard it may be struck, or None.
    """

    thing: str
    other: str
    hand: str
    force: np.ndarray
    bears: Bears | None = None


def held_from(weight: float) -> float:
    """Force [N] of a hand on a thing of that weight [N] from which on it holds it.

    It is the resultant of what all fingers press, in which a pinch cancels out: of a clip of 6 g in a firm grip 0.06 N are left.
    """
    return min(HELD, 0.5 * weight)


def outcome_of(course: Goal, carry: GoalState, unstable: bool = False) -> dict[str, Any]:
    """Success, subgoals with their times, and the first failure mode of one take (`carry` of n = 1): `unstable` before any other.

    `undone`, where there is any: the subgoals that were reached and hold no more at the end, each with the time since when [s].
    """
    reached = carry.reached[0]
    failure, undone = "unstable" if unstable else course.failure(carry), course.undone(carry)
    return {
        "success": bool(course.success(carry)[0]) and failure is None,
        "subgoals": {s.name: None if np.isnan(t) else float(t) for s, t in zip(course.subgoals, reached)},
        **({"undone": undone} if undone else {}),
        "failure": failure,
    }


def there_at_end(outcome: Mapping[str, Any]) -> list[str]:
    """Names of the subgoals that were reached and hold at the end, as far as they have to, of an `outcome_of`."""
    undone = outcome.get("undone") or {}
    return [name for name, t in (outcome.get("subgoals") or {}).items() if t is not None and name not in undone]


def failures_shown(course: Goal, carry: GoalState, failure: str | None = None) -> tuple[str, ...]:
    """Every code by which one take (`carry` of n = 1) may be labelled a failure: its failure modes, and the step first missed.

    Args:
        failure: what the engine gave up by, `unstable`.
    """
    modes = [f"scenario.{never.name}" for never, t in zip(course.nevers, carry.failed[0]) if not np.isnan(t)]
    return tuple(dict.fromkeys(code for code in (failure, *modes, course.missed(carry)) if code is not None))


def check_goal(
    course: Goal,
    outcome: dict[str, Any],
    label: Mapping[str, Any] | None,
    end: float,
    rules: Rules,
    assumed: bool = False,
    shown: Sequence[str] | None = None,
    otherwise: Mapping[str, Any] = MappingProxyType({}),
) -> list[Finding]:
    """`goal`: the outcome of the replay against the recording's own label.

    A goal is missed when the take ends (`end` [s]), not before: whatever happened on the way may be its cause. A step that was
    reached and undone again is missed from the moment on at which it was undone.

    Args:
        assumed: whether the label is none of the recording's own, but what such a demonstration is taken to claim.
        shown: codes of failures that the replay shows, `failures_shown`; None where it need not show the recording's own.
        otherwise: what the label tells otherwise of its subgoals, `claims.other_times`.

    Label success, replay failure is a FAIL; label failure, replay failure passes ("failed as recorded"), unless the label
    names a failure that is not among those `shown`: then somebody labelled it wrongly, a FAIL, as where it
    tells `otherwise` of the subgoals. Label failure, replay success warns; without a label the outcome is reported, not judged.
    """
    rule = rules["goal"]
    if not course.subgoals:
        return [rule.not_checked("no_goal")]
    names, reached = [s.name for s in course.subgoals], there_at_end(outcome)
    missed = next((name for name in names if name not in reached), None)
    undone = (outcome.get("undone") or {}).get(missed)
    last = max((t for t in outcome["subgoals"].values() if t is not None), default=0.0)
    details = {
        "reached": len(reached),
        "total": len(names),
        "reached_names": ", ".join(reached),
        "missed": missed,
        "failure": outcome["failure"],
        **({} if undone is None else {"undone": missed}),
        "label": None
        if assumed or label is None or label.get("success") is None
        else ("success" if label["success"] else "failure"),
        **({"assumed": "success"} if assumed else {}),
    }
    known = {
        "subject": (missed,) if missed else (),
        "value": float(len(reached)),
        "limit": float(len(names)),
        "t0": float(last) if outcome["success"] else end if undone is None else float(undone),
        "details": details,
    }
    if label is None or label.get("success") is None:
        return [rule.finding(level="INFO", **known)]
    if label["success"] and not outcome["success"]:
        if undone is not None:
            details["kind"] = "undone"
        return [
            rule.finding(
                level="FAIL", margin=float(len(reached) - len(names)), excess=float(len(names) - len(reached)), **known
            )
        ]
    if not label["success"] and outcome["success"]:
        return [rule.finding(level="WARN", **known)]
    code = label.get("failure")
    if label["success"] or shown is None or not code or code in shown or (code == "goal" and missed):
        if not otherwise:
            return [rule.passed(**known)]
        details |= otherwise
        return [rule.finding(level="FAIL", margin=-1.0, excess=1.0, **known)]
    exist = {f"scenario.{never.name}" for never in course.nevers} | {f"replay.goal:{name}" for name in names}
    foreign = code.startswith(("scenario.", "replay.goal:")) and code not in exist
    details |= {"kind": "no_such_failure" if foreign else "other_failure", "owner": "auditor"}
    details |= {"claimed": code, "shown": ", ".join(shown)}
    lacks = float(max(len(names) - len(reached), 1))
    return [rule.finding(level="FAIL", margin=-lacks, excess=lacks, **known)]


def check_nevers(course: Goal, carry: GoalState, control_timestep: float, rules: Rules) -> list[Finding]:
    """`scenario.<name>`: each failure mode of the scenario, by its margin when it was worst."""
    found = []
    rule = rules["scenario"]
    for j, never in enumerate(course.nevers):
        code = f"scenario.{never.name}"
        t, worst = carry.failed[0, j], carry.worst[0, j]
        known: dict[str, Any] = {"unit": never.predicate.unit or "1", "details": {"event": never.name}}
        if np.isnan(t):
            margin = 0.0 - float(worst) if np.isfinite(worst) else None
            finding = rule.passed(margin=margin, **known)
        else:
            finding = rule.finding(
                level="FAIL",
                t0=float(t),
                t1=float(t + control_timestep),
                margin=float(-worst),
                excess=max(float(worst), 0.0),
                value=None if never.bound is None else never.bound + float(worst if never.more else -worst),
                limit=never.bound,
                **known,
            )
        finding.code = code
        found.append(finding)
    return found


def check_forces(
    limits: Sequence[Limit], measured: dict[str, np.ndarray], control_timestep: float, rules: Rules
) -> list[Finding]:
    """`force.object`: each force limit of the scenario against the largest force of the replay.

    Args:
        measured: limit name -> (T+1,) peak or mean force of each control period [N].
    """
    rule = rules["force.object"]
    limits = [limit for limit in limits if limit.judged_as == "force.object"]
    if not limits:
        return [rule.not_applicable("no_objects")]
    found = []
    for limit in limits:
        force = measured[limit.name]
        value = float(force.max())
        over = force > limit.limit
        level = "PASS" if value <= limit.limit else "FAIL" if limit.broken(force).any() else "WARN"
        first, last = run_around(over, int(force.argmax()))
        period, subject = (first * control_timestep, (last + 1) * control_timestep), (limit.name,)
        found.append(_against(limit, rule, force, value, period, level=level, subject=subject, details={"mean": limit.mean}))
    return found


def _against(
    limit: Limit, rule: Rule, measured: np.ndarray, value: float, period: tuple[float, float], **known: Any
) -> Finding:
    """What was measured (T+1,) against a limit of the scenario, by its largest value and the period [s] of that."""
    return rule.finding(
        t0=period[0],
        t1=period[1],
        value=value,
        limit=limit.limit,
        margin=limit.limit - value,
        excess=max(0.0, value - limit.limit) / (limit.limit or LIGHT),
        share=float((measured > limit.limit).mean()),
        limit_source=limit.source,
        limit_grade=limit.grade,
        **known,
    )


def check_people(
    limits: Sequence[Limit], measured: dict[str, np.ndarray], control_timestep: float, rules: Rules, *, anybody: bool
) -> list[Finding]:
    """`force.person` by body region, quasi-static and transient apart, and `speed.person`.

    Every limit that was passed is reported; where none was, the one that was come nearest to.

    Args:
        measured: limit name -> (T+1,) force [N] or speed [m/s] of each control period.
        anybody: whether there is a person in the scene.
    """
    found = []
    for code in ("force.person", "speed.person"):
        rule, mine = rules[code], [limit for limit in limits if limit.judged_as == code]
        if not mine:
            found.append(rule.not_checked("no_limit") if anybody else rule.not_applicable("no_person"))
            continue
        judged = [_judged_person(limit, measured[limit.name], control_timestep, rule) for limit in mine]
        beyond = [finding for finding in judged if finding.level != "PASS"]
        # a region that may not be touched is as near to its limit as nothing is, unless it is touched
        nearest = max(judged, key=lambda f: (f.value or 0.0) / f.limit if f.limit else 0.0)
        found += beyond or [nearest]
    return found


def _judged_person(limit: Limit, measured: np.ndarray, control_timestep: float, rule: Rule) -> Finding:
    from ...scenarios.sensing.predicate import TRACE  # here: records are read where no engine is, too

    lasted = limit.sustained(measured, control_timestep)
    row = int(lasted.argmax())
    value, broken = float(lasted[row]), limit.broken(lasted)
    level = "FAIL" if broken.any() else "PASS" if value <= max(limit.limit, TRACE) else "WARN"
    first, last = row, row
    if level != "PASS":
        over = lasted > max(limit.limit, TRACE)
        first, last = run_around(over, row)
        first = max(first - limit.steps(control_timestep) + 1, 0)  # it had begun so long before
    period = first * control_timestep, (last + 1) * control_timestep
    details = {"kind": limit.kind, "person": limit.person, "lasting": limit.lasting, "peak": float(measured.max())}
    return _against(limit, rule, lasted, value, period, level=level, subject=(limit.about,), details=details)


def check_drop(
    held: dict[str, np.ndarray],
    heights: dict[str, np.ndarray],
    weights: Mapping[str, float],
    control_timestep: float,
    rules: Rules,
) -> list[Finding]:
    """`drop`: something leaves the hands and falls at once, by how much.

    Args:
        held: object -> (T+1,) largest force of a hand on it in each control period [N].
        heights: object -> (T+1,) its height [m]; weights: object -> what it weighs [N].
    """
    rule = rules["drop"]
    if not held:
        return [rule.not_applicable("no_objects")]
    found = []
    window = round(FALLS_WITHIN / control_timestep)
    for name, force in held.items():
        touched, height = force > held_from(weights[name]), heights[name]
        deepest, moment = 0.0, None
        for t in np.flatnonzero(touched[:-1] & ~touched[1:]):
            after = height[t : t + window + 1]
            until = int(touched[t + 1 : t + window + 1].argmax()) if touched[t + 1 : t + window + 1].any() else window
            fall = float(height[t] - after[: until + 1].min()) if until else 0.0
            if fall > deepest:
                deepest, moment = fall, float(t * control_timestep)
        graded = rule.grade_value(deepest)
        found.append(
            rule.finding(subject=(name,), t0=moment, t1=None if moment is None else moment + FALLS_WITHIN, **graded)
        )
    return found


def check_touches(
    names: Sequence[tuple[str, str]],
    force: np.ndarray,
    control_timestep: float,
    rules: Rules,
    held: Sequence[Struck] = (),
) -> list[Finding]:
    """`collision.unexpected`: the contact that no step of the task asks for and that goes furthest towards its bound.

    A thing in the hand is judged as the hand is, by bounds of its own: how hard it may be struck, where its part's sheet says
    so (`bears`), else `held_warn` and `held_fail`, estimates.

    Args:
        names: (m,) pairs of what touches what; force: (T+1, m) peak of each control period [N].
        held: what things in the hand touched.
    """
    rule = rules["collision.unexpected"]
    if not len(names) and not held:
        return [rule.not_checked("no_objects")]
    found = [_touched(rule, tuple(n for n in names[j] if n), force[:, j], control_timestep) for j in range(len(names))]
    found += [_struck(rule, one, control_timestep) for one in held]
    found = [one for one in found if one.value]
    if not found:
        return [rule.passed(value=0.0, limit=rule.warn if isinstance(rule.warn, float) else None)]
    bound = {id(one): one.details.pop("bound") for one in found}
    found.sort(key=lambda one: (-RANK[one.level], -(one.value or 0.0) / (bound[id(one)] or 1.0)))
    found[0].details["others"] = [
        {"subject": list(one.subject), "value": one.value, "level": one.level, "t0": one.t0, "t1": one.t1}
        for one in found[1:4]
    ]
    return found[:1]


def _touched(
    rule: Rule,
    subject: tuple[str, ...],
    force: np.ndarray,
    dt: float,
    fail: float | None = None,
    warn: float | None = None,
) -> Finding:
    """One contact by its strongest peak; `details["bound"]` is what stands for a failure [N]."""
    value = float(force.max(initial=0.0))
    graded = rule.grade_value(value, fail=fail, warn=warn)
    over = force > (graded["limit"] or 0.0)
    row = int(over.argmax()) if over.any() else int(force.argmax())
    first, last = run_around(over, row)
    bound = fail if fail is not None else rule.fail if isinstance(rule.fail, float) else rule.warn
    return rule.finding(
        subject=subject, t0=first * dt, t1=(last + 1) * dt, share=float(over.mean()), **graded,
        details={"bound": bound if isinstance(bound, float) else None},
    )  # fmt: skip


def bounds_of(rule: Rule, bears: Bears | None) -> tuple[float, float]:
    """WARN and FAIL bound [N] of a strike on a held thing: what its part's sheet says that it bears, else the rule's own."""
    warn, fail = float(rule.settings["held_warn"]), float(rule.settings["held_fail"])
    return (warn, fail) if bears is None else (min(warn, bears.force), bears.force)


def _struck(rule: Rule, touch: Struck, dt: float) -> Finding:
    bears, (warn, fail) = touch.bears, bounds_of(rule, touch.bears)
    found = _touched(rule, (touch.thing, touch.other), touch.force, dt, fail, warn)
    found.details |= {"kind": "held", "hand": touch.hand, "t_deepest": float(touch.force.argmax()) * dt}
    if bears is not None:
        found = found.with_(limit_source=bears.source, limit_grade=bears.grade)
    return found


def check_stable(unstable_at: float | None, rules: Rules) -> list[Finding]:
    """`unstable`: did the engine warn of a diverging simulation?"""
    rule = rules["unstable"]
    if unstable_at is None:
        return [rule.passed()]
    return [rule.beyond(1.0, t0=unstable_at, t1=unstable_at)]


def _finish(finding: Finding, known: Known) -> Fix:
    details = finding.details
    if details.get("kind") == "survey":  # the same commands do it without this cell
        return {"kind": "remeasure", "cell": details.get("cell"), "differs": details.get("differs") or None}
    if "claimed" in details:
        return {"kind": "relabel", "claimed": details["claimed"], "shown": details.get("shown") or None}
    reached, total = details.get("reached"), details.get("total")
    left = total - reached if isinstance(reached, int) and isinstance(total, int) else None
    return {"kind": "finish", "missed": details.get("missed"), "left": left, "failure": details.get("failure")}


def _gentle(finding: Finding, known: Known) -> Fix:
    """The force of an impact on something springy grows with the speed of the impact (an estimate)."""
    return {
        "kind": "gentle",
        "thing": about(finding),
        "t0": finding.t0,
        "t1": finding.t1,
        "by": beyond(finding),
        "unit": finding.unit,
        "factor": floor(ratio(finding)),
    }


def _bump(finding: Finding, known: Known) -> Fix:
    """Where the posture shows an overlap, out of it; else only which two must not meet."""
    return away(finding, known) | {"by": known.get("by")}


def _avoid(finding: Finding, known: Known) -> Fix:
    by = -finding.margin if finding.margin is not None and finding.margin < 0 else None
    event = finding.details.get("event") or finding.code.partition(".")[2]
    return {"kind": "avoid", "event": event, "by": by, "unit": finding.unit, "t0": finding.t0}


def _look(finding: Finding, known: Known) -> Fix:
    return {"kind": "look", "t0": None if finding.t0 is None else max(finding.t0 - 0.5, 0.0), "t1": finding.t0}


SAFETY = "replay.safety"
CHECKS = (
    Check("goal", fix=_finish, of="world", turn=0, group="replay.goal", shown_by="object elsewhere"),
    Check("drop", fix=hold, of="world", turn=1, group=SAFETY, lasts=True, shown_by="grip opened early"),
    Check("force.object", fix=_gentle, of="world", turn=2, group=SAFETY, near=True, shown_by="latch too stiff"),
    Check(
        "collision.unexpected",
        settings={"held_warn": "force", "held_fail": "force"},
        fix=_bump,
        of="world",
        turn=3,
        group=SAFETY,
        lasts=True,
        shown_by="mistake oven pushed",
    ),
    Check(
        "unstable",
        fix=_look,
        of="world",
        turn=5,
        group=SAFETY,
        lasts=True,
        no_curve="the engine warns or it does not",
    ),
    Check("force.person", fix=_gentle, of="people", group=SAFETY, near=True),
    Check("speed.person", fix=slow, of="people", group=SAFETY),
    Check("scenario", fix=_avoid, group=SAFETY, lasts=True, shown_by="mistake oven pushed"),
)
