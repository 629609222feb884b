"""The replay stage: what the world did when the commands were played."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np

from ....scenarios.people.safety import people
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.predicate import Share, leaves
from ....scenarios.tasks.left_out import things_of
from ...checks.claims import other_times
from ...checks.collision import check_start
from ...checks.finding import Finding
from ...checks.grip import check_slip
from ...checks.link import check_link
from ...checks.motors import check_motors
from ...checks.object_divergence import LEFT, check_left
from ...checks.outcome import (
    check_drop,
    check_forces,
    check_goal,
    check_nevers,
    check_people,
    check_stable,
    check_touches,
    failures_shown,
)
from ...checks.playback import check_tracking, tracking_error
from ...checks.rules import Rules
from ...recording.codes import codes
from ...rollout.rollout import Rollout, Take, play
from ...signals.channels import in_radians
from ..explanation.tracking_cause import explain
from ..explanation.what_tips import tipped
from ..facts.carried_poses import check_carried
from ..facts.exchanged_names import FRAME
from ..facts.exchanged_names import OPEN as NAMES_OPEN
from ..facts.held_contacts import before_received, touches_of
from ..facts.messages import acted_in, traffic_of
from ..facts.missed_goal import explained
from ..facts.near_copies import NEAR, UNMEASURED, copies_of, counted, hangs, open_, play_near
from ..facts.object_poses import check_diverged
from ..facts.payload import before_let_go, creep_of
from ..facts.record_witness import carried_of, check_witness, exact, left_lying, presses
from ..facts.recorded_answers import UNKNOWN
from ..facts.recorded_state import RecordedState
from ..facts.results import Integrity, Motions, Replay, Rollouts, Subject
from ..facts.retargeted_report import check_object
from ..facts.unasked_touches import unasked_touches
from .goal_over_starts import HANGS, UNKNOWN_START, goal_over_starts, in_each, of_anywhere, what_is_unknown
from .likely_plan import LEAST_STARTS
from .reproduced import check_reproduced
from .rollout_stage import explains_goal, on_recording_clock, play_elsewhere, rolled_out

Tracking = tuple[np.ndarray, np.ndarray, tuple[str, ...]]


def replay_stage(
    subject: Subject, integrity: Integrity, motions: Motions, rollouts: Rollouts, *, threads: int = 0, seed: int = 0
) -> Replay:
    """What the world did; where nothing was played, why not.

    Args:
        threads: of more rollouts, where a missed goal is explained; seed: of the copies near it.
    """
    findings, outcome, tracking, goal = list(rollouts.plan.findings), {}, None, None
    if rollouts.shown is not None:
        rules = subject.rules
        found, tracking = _followed(subject, motions, rollouts)
        departs = any(one.code == "reproduces" and one.failed for one in found)
        ended, certain = _goal(subject, motions, rollouts, threads, seed, departs)
        if rollouts.plan.unanswered:  # whatever else is missed is missed for certain
            details = {"answers": ", ".join(rollouts.plan.unanswered)}
            ended = [
                rules["goal"].not_checked(UNKNOWN, details=one.details | details) if one.level in ("PASS", "WARN") else one
                for one in ended
            ]
        happened = in_each(partial(_happened, subject, motions), rollouts, rules)
        if any(one.reason == HANGS and not one.details["successes"] for one in ended):  # what calibration explains explains this, too
            happened = [open_(one, rules, HANGS) if one.failed else one for one in happened]
        further = cache(partial(_further, subject, rollouts, threads, seed))  # played once, whoever asks
        if any(one.reason == NEAR for one in ended):
            happened = [open_(one, rules) if one.failed and one.code not in certain else one for one in happened]
            found = [open_(one, rules) if one.failed and one.code == "unstable" else one for one in found]
        elif any(one.failed for one in happened):
            always = frozenset() if _unplaced(subject, rollouts) else _always(subject, motions, rollouts, happened, further)
            happened = [
                open_(one, rules, UNMEASURED) if one.failed and one.code not in always else one for one in happened
            ]
        witness, state = check_witness(subject, motions, rollouts, integrity.stopped.get("measured"))
        if any(one.reason == NAMES_OPEN for one in witness):
            ended, happened = ([open_(one, rules, NAMES_OPEN) if one.failed else one for one in some] for some in (ended, happened))
        if any(one.code == FRAME for one in witness):  # what the start alone showed of it
            findings = [one for one in findings if one.code != FRAME]
        if state is not None:
            happened = _left_lying(subject, rollouts, state, happened, further)
            findings += check_carried(subject, rollouts, state)
        happened = [unless_recorded(one, witness, rules) for one in happened]
        found += witness
        ended = on_recording_clock(ended, rollouts.offset)
        findings += on_recording_clock(found, rollouts.offset) + ended
        findings += on_recording_clock(happened, rollouts.offset)
        outcome = _outcome(subject, rollouts)
        goal = next((one for one in ended if "steps" in one.details), None)
    findings += check_link(subject.recording, subject.rules, integrity.stopped.get("command"), *traffic_of(subject, motions))
    findings += subject.place.findings
    findings += check_object(subject, motions, rollouts)
    return Replay(tuple(findings), outcome, tracking, goal)


def _outcome(subject: Subject, rollouts: Rollouts) -> dict[str, Any]:
    """How the take ended, or in how many of the likely starts it succeeded, beside the recording's label."""
    label = {"label": (subject.recording.label or {}).get("success"), **({"assumed": "success"} if subject.assumed else {})}
    if rollouts.known:
        return {**rollouts.outcomes[0], **_time_used(subject, rollouts), **label}
    n = len(rollouts.outcomes[: rollouts.agreeing])
    if not n:
        return {"success": None, "starts": 0, **label}
    return {"success": None, "share": len(rollouts.succeeded) / n, "starts": n, **label}


def _time_used(subject: Subject, rollouts: Rollouts) -> dict[str, float]:
    """`time` [s] until the last step was reached, or of the whole take where one was missed; `time_limit` [s], the scripted operator's.

    Nobody is refused for being slow: people may take longer (`pace` of the scenario).
    """
    scene, outcome = subject.scene, rollouts.outcomes[0]
    reached = [at for at in outcome.get("subgoals", {}).values() if at is not None]
    if not outcome.get("subgoals"):
        return {}
    whole = rollouts.plan.takes[0].n_steps * scene.control_timestep
    return {"time": max(reached) if outcome["success"] else whole, "time_limit": scene.config.time_limit}


def _followed(subject: Subject, motions: Motions, rollouts: Rollouts) -> tuple[list[Finding], Tracking | None]:
    """Whether it starts soundly, stays stable, does again what is recorded, and how well the robot follows."""
    shown, take, rules = rollouts.shown, rollouts.plan.takes[0], subject.rules
    assert shown is not None
    found = _started(subject, rollouts) + check_stable(shown.unstable_at, rules)
    found = as_sure_as_its_start(found, subject, rollouts)
    if subject.recording.episode is not None:
        if subject.context.made_in is not None:
            found.append(rules["reproduces"].not_applicable("played_elsewhere"))
        elif rollouts.again or subject.recording.declared is not None:  # what a set holds is held against what was performed
            found += check_reproduced(subject, motions, shown)
        else:
            found.append(rules["reproduces"].not_checked("as_performed"))
        found += _motors(subject, take, shown)
    tracked, tracking = _tracked(subject, motions, rollouts)
    return [*found, *tracked], tracking


def _started(subject: Subject, rollouts: Rollouts) -> list[Finding]:
    """`start.penetration` of the start that is shown."""
    draw = rollouts.plan.takes[0].draw
    return check_start(draw.model, draw.data(), subject.rules, subject.context.hand_pairs)


def _goal(
    subject: Subject, motions: Motions, rollouts: Rollouts, threads: int, seed: int, departs: bool
) -> tuple[list[Finding], frozenset[str]]:
    """`goal`; a missed one with the step that was missed, and whether the same commands do it elsewhere, or close by.

    Args:
        departs: whether the replay does not make again what is recorded: then it shows nothing of how the take failed.

    Returns:
        The findings, and the codes that fail in all that do it close by.
    """
    scene, takes = subject.scene, rollouts.plan.takes
    if rollouts.known:
        duration = takes[0].n_steps * scene.control_timestep
        shown = None if departs else _failures(subject, motions, rollouts)
        repaired = subject.recording.episode is not None and "repaired" in subject.recording.episode.provenance
        wrong = {} if shown is None or repaired else other_times(subject.recording.label, rollouts.outcomes[0], scene.control_timestep)
        goal = check_goal(scene.course, rollouts.outcomes[0], subject.claim, duration, subject.rules, subject.assumed, shown, wrong)
    else:
        goal = goal_over_starts(subject, rollouts)
    if rollouts.plan.unsure:
        if subject.assumed:  # neither what is assumed nor where it began is known
            return [subject.rules["goal"].not_checked(rollouts.plan.unsure, details=one.details) for one in goal], frozenset()
        return [_unproven(one, rollouts.plan.unsure, subject) for one in goal], frozenset()
    if (subject.claim or {}).get("success") and _unplaced(subject, rollouts):
        start, reached = rollouts.plan.start, [one for one in goal if one.level == "PASS"]
        if start is not None and reached:
            anywhere = _done_anywhere(subject, motions, rollouts, threads, seed)
            goal = [of_anywhere(one, subject, start.unplaced, anywhere) if one.level == "PASS" else one for one in goal]
    if not explains_goal(subject) or not any(one.failed for one in goal):
        return goal, frozenset()
    tried = rollouts.played[: rollouts.agreeing]
    # a start that the hands contradict is no other place
    beside, there = (play_elsewhere(rollouts.plan, threads) if rollouts.agreeing is None else None) or (None, None)
    goal = [
        explained(one, scene, tried, takes[0], beside, there, rollouts.offset) if one.failed else one for one in goal
    ]
    if rollouts.plan.start is not None and _unplaced(subject, rollouts):
        missing = {"missing": [key for key in rollouts.plan.start.drawn if key != "friction"]}
        goal = [replace(one, details={**one.details, **missing}) if one.failed else one for one in goal]
        return [open_(one, subject.rules, UNKNOWN_START) if one.failed else one for one in goal], frozenset()
    if not rollouts.known and not _left(rollouts):
        return goal, frozenset()
    nearby, certain = _close_by(subject, motions, rollouts, threads, seed)
    return [hangs(one, nearby, subject.rules) if one.failed else one for one in goal], certain


def _failures(subject: Subject, motions: Motions, rollouts: Rollouts) -> tuple[str, ...] | None:
    """Codes of the failures that the replay shows; None where it need not show the recording's own.

    An episode that is performed again where it was made fails again as it did. The real world, and another scene, may fail otherwise.
    """
    if explains_goal(subject) or rollouts.plan.unsure or rollouts.shown is None:
        return None
    played, code = rollouts.shown, (subject.recording.label or {}).get("failure")
    shown = failures_shown(subject.scene.course, played.carry, None if played.unstable_at is None else "unstable")
    if code in codes() and code not in shown:  # a person may label a take by what another check finds
        shown += tuple(one.code for one in _happened(subject, motions, rollouts) if one.code == code and one.level in ("WARN", "FAIL"))
    return shown


def _close_by(
    subject: Subject, motions: Motions, rollouts: Rollouts, threads: int, seed: int
) -> tuple[dict[str, Any], frozenset[str]]:
    """In how many copies close by the task is done, and the codes that fail in each of these."""
    plan, done, shares, certain = rollouts.plan, [], [], None
    first, start = plan.takes[0], plan.start
    for take, played, share in play_near(
        subject.scene,
        first,
        plan.left_open,
        subject.rules,
        threads=threads,
        seed=seed,
        starts=None if start is None else partial(start.further, first.draw, seed=seed),
    ):
        one = rolled_out(subject, replace(plan, takes=(take,)), [played])
        done.append(bool(one.outcomes[0]["success"]))
        shares.append(share)
        if done[-1]:
            failed = frozenset(finding.code for finding in _happened(subject, motions, one) if finding.failed)
            certain = failed if certain is None else certain & failed
    return counted(done, shares), certain or frozenset()


def _left(rollouts: Rollouts) -> list[str]:
    """Heights, masses and places that nobody measured and no likely start was tried in."""
    start = rollouts.plan.start
    return [] if start is None else start.untried(tried=() if rollouts.known else start.unknown())


def _unplaced(subject: Subject, rollouts: Rollouts) -> bool:
    """Whether nobody knows where something stood that the goal is about, that hands may touch, or that one of these stands on or in.

    What else the scenario puts anew each time, as a guest's own bowl beside the one that is served, decides nothing.
    """
    start = rollouts.plan.start
    if not rollouts.known or start is None or not start.unplaced:
        return False
    tree = subject.scene.config.raw
    parts = set(tree["parts"])
    matters = things_of(tree.get("goal", {}), parts) | {body.partition("/")[0] for body in subject.context.touchable}
    for name in (queue := list(matters & parts)):  # and `stands_on: table.top` and the like
        named = {word.partition(".")[0] for word in tree["parts"][name].values() if isinstance(word, str) and "." in word}
        queue += sorted(named & parts - matters)
        matters |= named
    return bool(matters & {key.partition(".")[0] for key in start.unplaced})


def _done_anywhere(subject: Subject, motions: Motions, rollouts: Rollouts, threads: int, seed: int) -> int:
    """From how many starts, as many as of an unknown one, the commands do the task, and nothing goes wrong, wherever the scenario puts what
    nobody measured; 0 where they do not from one."""
    scene, plan = subject.scene, rollouts.plan
    if plan.start is None or scene.cloths:  # cloths take longer to simulate than they last
        return 0
    n = max(LEAST_STARTS, scene.config.starts)
    takes = [Take(draw, plan.takes[0].actions) for draw in plan.start.anywhere(n, seed)]
    for take, played in zip(takes, play(scene, takes, threads=threads)):
        again = rolled_out(subject, replace(plan, takes=(take,)), [played])
        if not played.success or any(one.failed for one in _happened(subject, motions, again)):
            return 0
    return n


Further = Callable[[], Sequence[tuple[Take, Rollout]]]


def _further(subject: Subject, rollouts: Rollouts, threads: int, seed: int) -> Sequence[tuple[Take, Rollout]]:
    """The commands from starts further and further off in what nobody measured, and what came of them; none where all is known."""
    plan = rollouts.plan
    if plan.start is None or not _left(rollouts):
        return ()
    take = plan.takes[0]
    draws = plan.start.further(take.draw, copies_of(subject.scene, take, subject.rules), seed)
    takes = [Take(draw, take.actions) for draw in draws]
    return list(zip(takes, play(subject.scene, takes, threads=threads)))


def _always(
    subject: Subject, motions: Motions, rollouts: Rollouts, happened: Sequence[Finding], further: Further
) -> frozenset[str]:
    """Codes that fail however those values are that nobody measured: in the start that is shown, and in all further ones."""
    plan, always = rollouts.plan, frozenset(one.code for one in happened if one.failed)
    for one, played in further():
        again = rolled_out(subject, replace(plan, takes=(one,)), [played])
        always &= frozenset(finding.code for finding in _happened(subject, motions, again) if finding.failed)
    return always


def _left_lying(
    subject: Subject, rollouts: Rollouts, state: RecordedState, happened: list[Finding], further: Further
) -> list[Finding]:
    """What happened, with `object.diverged` of what a hand carried in the record and no replay moves."""
    start = rollouts.plan.start
    assert start is not None
    carried = carried_of(state)
    left = left_lying(state, rollouts.played, carried, LEFT)
    if left:
        left = left_lying(state, (played for _, played in further()), left, LEFT)
    certain = exact(state, start.inferred.apart) and all(presses(subject.recording, carried[name], rollouts.offset) for name in left)
    found = check_left({name: carried[name] for name in carried if name in left}, certain, subject.rules)
    if not found:
        return happened
    return [*(one for one in happened if one.code != "object.diverged"), *found]


def _happened(subject: Subject, motions: Motions, rollouts: Rollouts) -> list[Finding]:
    """Failure modes, drops, forces, contacts; of one likely start of many, nothing that is found says it of the others."""
    scene, rules, dt, shown = subject.scene, subject.rules, subject.scene.control_timestep, rollouts.shown
    assert shown is not None
    take = rollouts.plan.takes[0]
    found = check_nevers(scene.course, shown.carry, dt, rules)
    binned = thrown_in(scene, shown)
    carried = {name: force for name, force in shown.held.items() if name not in binned}
    found += check_drop(carried, shown.heights, scene.weights, dt, rules)
    found += check_forces(scene.safety, shown.safety, dt, rules)
    found += check_people(scene.safety, shown.safety, dt, rules, anybody=bool(people(scene.names)))
    found += check_touches(*unasked_touches(subject.context, shown, take), dt, rules, touches_of(scene, shown))
    found += tipped(subject, motions, rollouts) + _slipped(subject, rollouts)
    return as_sure_as_its_start(found, subject, rollouts) + check_diverged(subject, rollouts)


def as_sure_as_its_start(found: list[Finding], subject: Subject, rollouts: Rollouts) -> list[Finding]:
    """The findings of a replay whose start may be unknown, or known without certainty."""
    if not rollouts.known:
        reason, missing = what_is_unknown(subject, rollouts)
        found = [_unproven(one, reason, subject, missing) for one in found]
    if rollouts.plan.unsure:
        found = [_unproven(one, rollouts.plan.unsure, subject) for one in found]
    return found


def _unproven(finding: Finding, reason: str, subject: Subject, more: Mapping[str, Any] | None = None) -> Finding:
    """A finding of a replay of which not all is known: what went wrong is not checked."""
    if finding.level not in ("WARN", "FAIL"):
        return finding
    event = {"event": finding.details["event"]} if "event" in finding.details else {}
    found = subject.rules[finding.code].not_checked(reason, details=event | dict(more or {}))
    found.code = finding.code  # a failure mode has the scenario's own
    return found


def unless_recorded(finding: Finding, witness: Sequence[Finding], rules: Rules) -> Finding:
    """A failure mode that the replay does not show, and the record does: nobody can say that it did not happen."""
    shown = any(one.code == "record.goal" and one.failed and one.details["failure"] == finding.code for one in witness)
    return open_(finding, rules, "only_in_record") if shown and finding.level == "PASS" else finding


def thrown_in(scene: Scene, shown: Rollout) -> set[str]:
    """Things that fell into the container in which the goal wants them: let go of above it, they are not dropped.

    What fell elsewhere is: a thing counts once a subgoal that asks for it inside was reached.
    """
    reached = np.isfinite(shown.carry.reached[0])
    asked = [leaf for one, done in zip(scene.goal, reached) if done for leaf in leaves(one.predicate)]
    inside = {piece.of for leaf in asked if isinstance(leaf, Share) and not leaf.below for piece in leaf.pieces}
    return {name for name, handled in scene.handled.items() if handled.position.of in inside}


def _slipped(subject: Subject, rollouts: Rollouts) -> list[Finding]:
    """`slip` of what the hands carried."""
    scene, rules, shown = subject.scene, subject.rules, rollouts.shown
    assert shown is not None
    if not rollouts.known or (subject.recording.episode is None and not scene.handled):
        reason, missing = what_is_unknown(subject, rollouts)
        return [rules["slip"].not_checked(reason, details=missing) if scene.handled else rules["slip"].not_applicable("no_objects")]
    mine = [before_let_go(scene, shown, before_received(scene, shown, held)) for held in rollouts.carries]
    creeps = [(held, creep_of(scene, rollouts.plan.takes[0], shown, held)) for held in mine if held.begin < held.end]
    return check_slip(creeps, len(scene.handled), scene.control_timestep, rules)


def _motors(subject: Subject, take: Take, shown: Rollout) -> list[Finding]:
    """Own episodes: what the simulated motors gave, with all that was carried and pushed, against their limits."""
    scene, names = subject.scene, list(subject.scene.robot.joint_names)
    seen = {}
    for feature in ("observation.effort", "observation.state", "observation.velocity"):
        columns = [scene.schema.observations[feature].names.index(name) for name in names]
        seen[feature] = shown.observations[feature][1:, columns].astype(float)
    ctrl = acted_in(scene, take, shown)[:, [scene.schema.action.names.index(name) for name in names]].astype(float)
    torque, q, v = seen.values()
    context = subject.context
    return check_motors(context.robot, scene.control_timestep, names, torque, q, v, ctrl, context.limits, context.rules)


def _tracked(subject: Subject, motions: Motions, rollouts: Rollouts) -> tuple[list[Finding], Tracking | None]:
    """How far the replayed robot is from its command; of a real robot, from what was measured, as information."""
    scene, rules, shown, take = subject.scene, subject.rules, rollouts.shown, rollouts.plan.takes[0]
    assert shown is not None
    names = scene.robot.joint_names
    q = shown.qpos[:, scene.joint_index]
    dt = scene.control_timestep
    t = np.arange(len(q)) * dt
    if subject.recording.episode is not None:
        error = q[1:] - acted_in(scene, take, shown)[:, : len(names)]
        return check_tracking(t[1:], error, names, rules), (t[1:], error, names)
    measured = motions.by_role.get("measured")
    if measured is None:
        return [rules["tracking"].not_checked("no_measured")], None
    commanded = motions.by_role.get("command", measured).names
    shared = [name for name in measured.names if name in names and name in commanded]
    columns = [names.index(name) for name in shared]
    theirs = in_radians(measured.stream, shared)
    times, error = tracking_error(t + rollouts.offset, q[:, columns], measured.t, theirs)
    if not len(times):
        return [rules["tracking"].not_checked("too_short")], None
    error = -error  # ours minus the measurement
    found = check_tracking(times, error, shared, rules, informative=True)
    for finding in found:
        finding.details["on_recording_clock"] = True
        finding.details |= explain(
            t + rollouts.offset, q[:, columns], measured.t, theirs, shared, rules["tracking"].bound("warn")
        )
    return found, (times, error, tuple(shared))
