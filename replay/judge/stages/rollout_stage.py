"""The rollout stage: commands played forward in the scene. Nothing is judged here but what cannot be played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ....scenarios.people.safety import people
from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.outcome import outcome_of
from ...checks.registry import asked_of
from ...checks.rules import Rules
from ...rollout.rollout import Rollout, play
from ..facts.hand_stops import departure
from ..facts.missed_goal import Elsewhere
from ..facts.payload import carries_of, loads_of
from ..facts.results import Integrity, Motions, RolloutPlan, Rollouts, Subject
from .likely_plan import from_hands, with_hands


def rollout_stage(
    batch: Sequence[tuple[Subject, Integrity, Motions]],
    *,
    threads: int = 0,
    seed: int = 0,
) -> list[Rollouts]:
    """Play the commands of recordings, those of one scene together.

    Args:
        threads: 0 for all cores; the result does not depend on it.
        seed: of the likely starts that are tried where a recording does not tell its start.

    Returns:
        One for each, in their order; without takes where it cannot be played, and `plan.why` says why.
    """
    plans = [
        with_hands(subject, motions, subject.robot.plan(subject, integrity, motions, seed))
        for subject, integrity, motions in batch
    ]
    found = [Rollouts(plan) for plan in plans]
    groups: dict[int, list[int]] = {}
    for i, (subject, _, _) in enumerate(batch):
        own = subject.recording.episode is not None and subject.context.made_in is None
        if plans[i].takes and own and subject.performed is not None:
            found[i] = rolled_out(subject, plans[i], [subject.performed], again=False)
        elif plans[i].takes and own and (followed := subject.follows) is not None:
            found[i] = rolled_out(subject, plans[i], [followed.rollout])
        elif plans[i].takes and own and (played_already := subject.played_already(plans[i].keep[0])) is not None:
            found[i] = rolled_out(subject, plans[i], [played_already])
        elif (searched := from_hands(subject, plans[i], threads, seed)) is not None:
            found[i] = rolled_out(subject, *searched)
        elif plans[i].takes:
            groups.setdefault(id(subject.context), []).append(i)
    for group in groups.values():
        every = [take for i in group for take in plans[i].takes]
        keep = [steps for i in group for steps in plans[i].keep]
        near = any(explains_goal(batch[i][0]) for i in group)
        played = play(batch[group[0]][0].scene, every, keep, threads, nearest=near)
        for i in group:
            found[i] = rolled_out(batch[i][0], plans[i], [next(played) for _ in plans[i].takes])
    return found


def rolled_out(subject: Subject, plan: RolloutPlan, played: Sequence[Rollout], again: bool = True) -> Rollouts:
    """What the takes came to, and what the hands carried in the one that is shown."""
    scene, agreeing = subject.scene, None
    if len(played) > 1 and plan.stops:
        away = [departure(plan.stops, plan.arms, scene, one, plan.offset) for one in played]
        order = sorted(range(len(played)), key=lambda k: away[k] > 1.0)
        agreeing = sum(one <= 1.0 for one in away)
        plan = replace(plan, takes=tuple(plan.takes[k] for k in order), keep=tuple(plan.keep[k] for k in order))
        played = [played[k] for k in order]
    outcomes = [outcome_of(scene.course, one.carry, one.unstable_at is not None) for one in played]
    found = Rollouts(plan, tuple(played), again, tuple(outcomes), agreeing=agreeing)
    if not found.known:
        return found
    carries = tuple(carries_of(scene, played[0]))
    asked = subject.recording.episode is not None or scene.handled
    loads = loads_of(scene, plan.takes[0], played[0], carries) if asked else ()
    return replace(found, carries=carries, loads=tuple(loads))


def explains_goal(subject: Subject) -> bool:
    """Whether a missed goal of it is explained: of whatever is not an episode that is performed again where it was made."""
    return subject.recording.episode is None or subject.context.made_in is not None


def play_elsewhere(plan: RolloutPlan, threads: int) -> tuple[Elsewhere, dict[str, Any]] | None:
    """The same commands beside the judged scene, and what came of them; None where they can be played nowhere else."""
    beside = plan.elsewhere() if plan.elsewhere is not None else None
    if beside is None:
        return None
    (one,) = play(beside.scene, [beside.take], threads=threads)
    return beside, outcome_of(beside.scene.course, one.carry, one.unstable_at is not None)


def on_recording_clock(findings: Sequence[Finding], offset: float) -> list[Finding]:
    """Findings of a replay (it runs on the take's own clock), put on the recording's clock."""
    found = []
    for one in findings:
        if one.t0 is not None and not one.details.get("on_recording_clock"):
            one = one.with_(t0=one.t0 + offset, t1=None if one.t1 is None else one.t1 + offset)
        found.append(one)
    return found


def not_played(scene: Scene, rules: Rules, reason: str) -> tuple[Finding, ...]:
    """What a replay would tell, not checked for this reason."""
    found = [rules[code].not_checked(reason) for code in asked_of("world") if rules[code].stage == "replay"]
    with_people = bool(people(scene.names))
    found += [
        rules[code].not_checked(reason) if with_people else rules[code].not_applicable("no_person")
        for code in asked_of("people")
    ]
    return tuple(found)
