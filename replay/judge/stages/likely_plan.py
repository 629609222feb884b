"""What is played of a real robot's commands: likely starts, where the recording does not tell its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from ....scenarios.reading.answers import GRANTED
from ....scenarios.reading.config import nominal_values
from ....scenarios.scene.scene import Scene
from ...checks.playback import check_clamped
from ...retarget.carry_over import Carried
from ...rollout.rollout import Rollout, Take
from ...signals.joint_motion import hand_commands, zero_order_hold
from ..facts.base_motion import UNKNOWN, base_commands, tells_base
from ..facts.hand_stops import MeasuredArms, departure, replayed_hands, stops_of
from ..facts.inferred_starts import InferredStarts, takes_of
from ..facts.missed_goal import Elsewhere
from ..facts.recorded_answers import recorded_answers, unanswered
from ..facts.recorded_poses import things_of
from ..facts.recorded_start import recorded_start
from ..facts.results import Motions, RolloutPlan, Subject
from ..place.cell_starts import within_survey

LEAST_STARTS = 8  # with none of fewer, a third of all starts may succeed (Wilson, 95 %)



def whole_seconds(scene: Scene, steps: int, takes: int) -> list[int]:
    """The control steps at which the full state is kept: every whole second of a take that is the only one."""
    return list(range(0, steps + 1, max(1, round(1.0 / scene.control_timestep)))) if takes == 1 else []


def likely_plan(subject: Subject, motions: Motions, seed: int) -> RolloutPlan:
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
    answers = recorded_answers(recording, scene.config.answers, grid)
    for name, held_answer in answers.items():
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
    missing = unanswered(scene, answers)
    for one in missing:
        actions[:, scene.schema.action.names.index(one.columns[1])] = GRANTED
    commands = actions.astype(np.float32)
    takes = tuple(Take(draw, commands) for draw in draws)
    return RolloutPlan(
        takes,
        tuple(whole_seconds(scene, take.n_steps, len(takes)) for take in takes),
        (*clamped, *begun.findings),
        offset=begin,
        stood=tuple(begun.poses),
        start=begun,
        unsure=begun.unsure if tells_base(subject) else UNKNOWN,
        elsewhere=partial(_beside, subject, unknown, start, commands, begin),
        left_open=("friction", *within_survey(scene)),
        unanswered=tuple(one.name for one in missing),
    )


def with_hands(subject: Subject, motions: Motions, plan: RolloutPlan) -> RolloutPlan:
    """The plan of likely starts, with what the recorded hands and arms tell of them, where not all things were recorded themselves."""
    if len(plan.takes) < 2 or set(things_of(subject.scene)) <= set(plan.stood):
        return plan
    stops = stops_of(replayed_hands(subject.recording, subject.scene))
    return replace(plan, stops=tuple(stops), arms=_measured(subject.scene, motions, plan.offset))


def from_hands(subject: Subject, plan: RolloutPlan, threads: int, seed: int) -> tuple[RolloutPlan, list[Rollout]] | None:
    """Likely starts in which the hands could have taken what they held, played; None where the recording tells of no hold."""
    scene, takes = subject.scene, takes_of(replayed_hands(subject.recording, subject.scene), plan.offset) if plan.stops else []
    if len(plan.takes) < LEAST_STARTS or plan.start is None or not takes or scene.cloths or not scene.config.link.local:
        return None
    first, keys = plan.takes[0], plan.start.unknown()
    budget = len(plan.takes) * first.n_steps * scene.control_timestep
    departs = partial(departure, plan.stops, plan.arms, scene, offset=plan.offset)
    search = InferredStarts(
        scene, plan.start, keys, first.actions, takes, plan.arms, plan.offset, departs, seed, threads, budget
    )  # fmt: skip
    played = search.whole([take.draw for take in plan.takes], LEAST_STARTS)
    takes_played = tuple(Take(one.draw, first.actions) for one in played)
    start = replace(plan.start, held=tuple(search.held))
    return replace(plan, takes=takes_played, keep=((),) * len(played), start=start), played


def _measured(scene: Scene, motions: Motions, offset: float) -> MeasuredArms | None:
    measured, names = motions.by_role.get("measured"), scene.robot.joint_names
    shared = [name for name in measured.names if name in names] if measured is not None else []
    if measured is None or not shared:
        return None
    columns = np.array([scene.joint_index[names.index(name)] for name in shared])
    return MeasuredArms(measured.t - offset, measured.q[:, [measured.names.index(name) for name in shared]], columns)


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
    """Write what the claws are commanded into actions (m, k), held on the clock of the replay."""
    result = carried.result
    for hand, percent in result.closed.items():
        name = carried.closes[hand]
        known = np.isfinite(percent)
        if name in names and known.any():
            actions[:, names.index(name)] = zero_order_hold(result.t[known], percent[known, None], grid)[:, 0]
