"""The rollout stage: commands played forward in the scene. Nothing is judged here but what cannot be played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...scenarios import variation as drawing
from ...scenarios.answers import GRANTED
from ...scenarios.reading.config import nominal_values
from ...scenarios.safety import people
from ...scenarios.scene import Scene
from ..checks.finding import Finding
from ..checks.outcome import outcome_of
from ..checks.playback import check_clamped
from ..checks.registry import asked_of
from ..checks.rules import Rules
from ..rollout.rollout import Rollout, Take, play
from ..signals.joint_motion import hand_commands, zero_order_hold
from .base_motion import UNKNOWN, base_commands, tells_base
from .cell_starts import likely_draws, within_survey
from .missed_goal import Elsewhere
from .payload import carries_of, loads_of
from .recorded_answers import recorded_answers, untold
from .recorded_start import recorded_start
from .results import Integrity, Motions, RolloutPlan, Rollouts, Subject

if TYPE_CHECKING:
    from ..retarget.carry_over import Carried


def rollout_stage(
    batch: Sequence[tuple[Subject, Integrity, Motions]],
    *,
    threads: int = 0,
    seed: int = 0,
    performed: Mapping[str, Rollout] | None = None,
) -> list[Rollouts]:
    """Play the commands of recordings, those of one scene together.

    Args:
        threads: 0 for all cores; the result does not depend on it.
        seed: of the likely starts that are tried where a recording does not tell its start.
        performed: digest of a recording -> what was kept while it was performed: it is not played again.

    Returns:
        One for each, in their order; without takes where it cannot be played, and `plan.why` says why.
    """
    plans = [subject.robot.plan(subject, integrity, motions, seed) for subject, integrity, motions in batch]
    found = [Rollouts(plan) for plan in plans]
    groups: dict[int, list[int]] = {}
    for i, (subject, _, _) in enumerate(batch):
        digest = subject.recording.sha256
        own = subject.recording.episode is not None and subject.context.made_in is None
        if plans[i].takes and own and performed and digest in performed:
            found[i] = rolled_out(subject, plans[i], [performed[digest]], again=False)
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
    scene = subject.scene
    outcomes = [
        outcome_of(scene.course, one.carry, "unstable" if one.unstable_at is not None else None) for one in played
    ]
    found = Rollouts(plan, tuple(played), again, tuple(outcomes))
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
    return beside, outcome_of(beside.scene.course, one.carry, "unstable" if one.unstable_at is not None else None)


def on_recording_clock(findings: Sequence[Finding], offset: float) -> list[Finding]:
    """Findings of a replay, which runs on the take's own clock, told on the recording's."""
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


def own_plan(subject: Subject, integrity: Integrity, motions: Motions, seed: int) -> RolloutPlan:
    """What is played of a recording of the scene's own robot: its own start, or likely ones."""
    scene, rules, context = subject.scene, subject.rules, subject.context
    episode = subject.recording.episode
    if motions.signal is None:
        reason = integrity.stopped.get("command") or motions.without
        return RolloutPlan(findings=not_played(scene, rules, reason), why=reason)
    if episode is None:
        return _likely_plan(subject, motions, seed)
    draw = motions.draw
    if draw is None or tuple(episode.action_names) != scene.schema.action.names:
        found = not_played(scene, rules, "other_scene")
        if context.made_in is None:
            found = (*found, rules["reproduces"].not_checked("other_scene"))
        return RolloutPlan(findings=found, why="other_scene")
    ranges = np.stack([scene.schema.action.low, scene.schema.action.high], axis=1)
    t = np.arange(episode.n_steps) * scene.control_timestep
    names, unit = episode.action_names, scene.schema.action.unit
    clamped = check_clamped(t, episode.actions.astype(float), names, ranges, rules, unit)
    if not np.isfinite(episode.actions).all():
        reason = "integrity.value.nonfinite"
        rest = (one for one in not_played(scene, rules, reason) if one.code != "ctrl.clamped")
        return RolloutPlan(findings=(*clamped, *rest), why=reason)
    if context.made_in is None:
        return RolloutPlan(
            (Take(draw, episode.actions),), (sorted(int(k) for k in episode.checkpoints),), tuple(clamped)
        )
    made_in, own = context.made_in, drawing.of_episode(context.made_in, episode)
    draws = likely_draws(scene, made_in, episode, draw, seed)
    return RolloutPlan(
        tuple(Take(one, episode.actions) for one in draws),
        tuple(_whole_seconds(scene, episode.n_steps, len(draws)) for _ in draws),
        tuple(clamped),
        elsewhere=None if own is None else lambda: Elsewhere("made_in", made_in, Take(own, episode.actions)),
        left_open=within_survey(scene),
    )


def _whole_seconds(scene: Scene, steps: int, takes: int) -> list[int]:
    """The control steps at which the full state is kept: every whole second of a take that is the only one."""
    return list(range(0, steps + 1, max(1, round(1.0 / scene.control_timestep)))) if takes == 1 else []


def _likely_plan(subject: Subject, motions: Motions, seed: int) -> RolloutPlan:
    """Commands of a real robot, held on the scene's clock; the robot starts where it was measured to be."""
    scene, rules, recording, motion = subject.scene, subject.rules, subject.recording, motions.judged
    begin, end = float(motion.t.min()), float(motion.t.max())
    steps = max(1, int(np.floor((end - begin) / scene.control_timestep)) + 1)
    grid = begin + np.arange(steps) * scene.control_timestep
    actions = np.tile(scene.ready_ctrl, (steps, 1))
    held = zero_order_hold(motion.t, motion.q, grid)
    for j, name in enumerate(motion.names):
        actions[:, scene.schema.action.names.index(name)] = held[:, j]
    for name, percent in hand_commands(recording, scene.robot.hand_names, grid).items():
        actions[:, scene.schema.action.names.index(name)] = percent
    base = scene.robot.base_names
    actions[:, [scene.schema.action.names.index(name) for name in base]] = base_commands(recording, base, grid)
    told = recorded_answers(recording, scene.config.answers, grid)
    for name, held_answer in told.items():
        actions[:, scene.schema.action.names.index(name)] = held_answer
    if motions.carried is not None:
        _close_hands(actions, scene.schema.action.names, grid, motions.carried)
    ranges = np.stack([scene.schema.action.low, scene.schema.action.high], axis=1)
    clamped = check_clamped(grid, actions, scene.schema.action.names, ranges, rules, scene.schema.action.unit)
    start = {name: float(held[0, j]) for j, name in enumerate(motion.names)}
    measured = motions.by_role.get("measured")
    if measured is not None:
        first = zero_order_hold(measured.t, measured.q, np.array([begin]))[0]
        start.update({name: float(first[j]) for j, name in enumerate(measured.names)})
    laid = motions.carried is not None and motions.carried.placed.by == "object"
    begun = recorded_start(scene, recording, begin, start, rules, laid)
    unknown = begun.unknown()
    draws = begun.likely(unknown, seed, scene.config.starts) if unknown else [begun.plain(seed)]
    missing = untold(scene, told)
    for one in missing:
        actions[:, scene.schema.action.names.index(one.columns[1])] = GRANTED
    commands = actions.astype(np.float32)
    takes = tuple(Take(draw, commands) for draw in draws)
    return RolloutPlan(
        takes,
        tuple(_whole_seconds(scene, take.n_steps, len(takes)) for take in takes),
        (*clamped, *begun.findings),
        offset=begin,
        stood=tuple(begun.poses),
        start=begun,
        unsure=begun.unsure if tells_base(subject) else UNKNOWN,
        elsewhere=partial(_beside, subject, unknown, start, commands, begin),
        left_open=("friction", *within_survey(scene)),
        untold=tuple(one.name for one in missing),
    )


def _beside(
    subject: Subject, unknown: Sequence[str], start: dict[str, float], actions: np.ndarray, begin: float
) -> Elsewhere | None:
    """A real robot's commands in the scene without its cell, else at the start that the scenario gives, where that was not tried."""
    plain = subject.context.as_drawn
    if plain is None and not unknown:
        return None
    scene = subject.scene if plain is None else plain
    draw = recorded_start(scene, subject.recording, begin, start, subject.rules).draw(nominal_values(scene.config))
    return Elsewhere("nominal_start" if plain is None else "as_drawn", scene, Take(draw, actions))


def _close_hands(actions: np.ndarray, names: Sequence[str], grid: np.ndarray, carried: Carried) -> None:
    """Write what the claws are told into actions (m, k), held on the clock of the replay."""
    result = carried.result
    for hand, percent in result.closed.items():
        name = carried.closes[hand]
        known = np.isfinite(percent)
        if name in names and known.any():
            actions[:, names.index(name)] = zero_order_hold(result.t[known], percent[known, None], grid)[:, 0]
