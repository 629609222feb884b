"""The judge: a recording goes through integrity, motion, rollout, kinematics, dynamics and replay, and comes out as a verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from ...scenarios.robots.leg_policy import LegPolicy
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import OtherScenarioError
from ..checks.cut_takes import CODE as CUT
from ..checks.hand_bases import CODE as BASES
from ..checks.other_columns import KIND, as_of_other_take
from ..checks.other_sentences import CODE as SENTENCE
from ..checks.registry import asked_of
from ..checks.rules import Rules
from ..checks.unwritten_columns import CODE as UNWRITTEN
from ..checks.usual_postures import CODE as SWAPPED
from ..formats import Unreadable
from ..recording.recording import Recording
from ..rollout.rollout import Rollout
from ..signals.one_thread import on_one_thread
from .conclusion import conclude
from .context import Contexts, SceneContext
from .facts.near_copies import open_
from .facts.results import Given, Integrity, Judged, Subject
from .other_scenario import of_other_scenario
from .place.cells import place_of
from .place.unused_settings import unused
from .set_comparison import Company, TakeFacts, facts_of
from .stages.integrity_stage import integrity_stage
from .stages.legs_stage import legs_stage
from .stages.other_robot import OtherRobot
from .stages.own_robot import OwnRobot
from .stages.replay_stage import replay_stage
from .stages.robustness_stage import robustness_stage
from .stages.rollout_stage import rollout_stage
from .steps import Steps, error_line
from .verdict import Verdict

NO_VARIANT = "no_variant"
OF_SET = (SWAPPED, SENTENCE, CUT, UNWRITTEN)  # of a take that passes them by itself, the other takes of its set may tell more
AT_ONCE = 64  # recordings judged together: their replays share one batch


def judge(
    recordings: Iterable[Recording | Unreadable],
    scene: Scene | None = None,
    *,
    told: Callable[[Verdict], None] | None = None,
    **how: Any,
) -> list[Verdict]:
    """Judge recordings: one verdict for each, in their order.

    Args:
        told: called with each verdict when it is done; the others: as those of `judging`.
    """
    verdicts = []
    for verdict in judging(recordings, scene, **how):
        verdicts.append(verdict)
        if told is not None:
            told(verdict)
    return verdicts


def judging(
    recordings: Iterable[Recording | Unreadable],
    scene: Scene | None = None,
    *,
    strict: bool = False,
    threads: int = 0,
    seed: int = 0,
    pictures: bool = False,
    contexts: Contexts | None = None,
    full: bool = False,
    legs: bool | LegPolicy = False,
    curves: Collection[str] = (),
    performed: Mapping[str, Rollout] | None = None,
    company: Company | None = None,
) -> Iterator[Verdict]:
    """Judge recordings, one verdict after the other, holding no more than a batch of recordings.

    Args:
        recordings: from `shiliu.read`; unreadable ones become verdicts with an error.
        scene: where to judge them; None takes the scene that each names, else the bare floor.
        strict: a warning fails.
        threads: of the replay; 0 for all cores; verdicts do not depend on it.
        seed: of the likely starts that are tried where a recording does not tell its start, and of the varied copies.
        pictures: draw a small picture strip for each recording, where OpenGL exists.
        full: play those that succeed in varied copies of their scene, too.
        legs: also play them by the robot on its own legs, which a policy moves where one is given; their verdict stays. `full` and
            recordings made on legs ask it, too; the legs of the latter are moved by what moved them.
        curves: codes of which the curve is kept in the evidence though they pass.
        performed: digest of a recording -> what was kept while it was performed just now (`perform` with `judged`): its commands
            are not played again, and whether it reproduces is reported as not checked.
        company: takes of the same sets that are not judged now, and that these are held against all the same.
    """
    contexts = contexts or Contexts(scene, policy=legs if isinstance(legs, LegPolicy) else None)
    hold = (company if company is not None else Company()).hold
    items = iter(recordings)
    while batch := list(islice(items, AT_ONCE)):
        steps = Steps(len(batch))
        subjects = steps.each(lambda item: subject_of(_readable(item), contexts), batch)
        if performed:
            subjects = steps.each(lambda one: replace(one, performed=performed.get(one.recording.sha256)), subjects)
        judged = run_stages(subjects, hold, steps, threads=threads, seed=seed, full=full, legs=legs)
        for i, item in enumerate(batch):
            verdict = steps.one(i, conclude, judged[i], strict, pictures, curves)
            yield verdict or _without_stages(item, steps.ended[i], contexts, strict)


def _without_stages(item: Recording | Unreadable, error: Exception, contexts: Contexts, strict: bool) -> Verdict:
    """The verdict of a take that a stage ended: of one that names another scenario, what its tables say."""
    if isinstance(error, OtherScenarioError) and isinstance(item, Recording) and contexts.chosen is not None:
        return of_other_scenario(item, contexts.chosen.rules, strict)
    return Verdict(item.name, item.source, error=error_line(error))


def _readable(item: Recording | Unreadable) -> Recording:
    if isinstance(item, Unreadable):
        raise item.error
    return item


def subject_of(recording: Recording, contexts: Contexts | None = None) -> Subject:
    """A recording with where and as whom it is judged: what the stages begin with.

    Args:
        contexts: chooses its scene; None takes the scene that it names, else the bare floor.

    Raises:
        ShiliuError: where its scene cannot be built, or the command names another one than it was made in.
    """
    contexts = contexts or Contexts()
    context = contexts.of(recording)
    contexts.refuse_unmoved(context, recording)
    return replace(_subject_in(context, recording, contexts), variants=partial(_variants, context, recording, contexts))


def _subject_in(context: SceneContext, recording: Recording, contexts: Contexts) -> Subject:
    other = context.embodiment
    return Subject(
        recording,
        context,
        place_of(recording, context, contexts.chosen, context.rules),
        OwnRobot() if other is None else OtherRobot(other, context.robot_named),
        tuple(unused(contexts.asked, recording, context)),
        contexts.unlabelled,
        contexts.key_of(context),
    )


def _variants(context: SceneContext, recording: Recording, contexts: Contexts) -> tuple[bool, list[Subject]]:
    """Whether a recording agrees with the variant that it is judged in, and the same recording in the others that it agrees with."""
    agrees, others = contexts.variants(context, recording)
    return agrees, [_subject_in(one, recording, contexts) for one in others]


@on_one_thread
def run_stages(
    subjects: Sequence[Subject],
    hold: Callable[[Sequence[tuple[TakeFacts, Rules]]], Sequence[Given]],
    steps: Steps,
    *,
    threads: int = 0,
    seed: int = 0,
    full: bool = False,
    legs: bool | LegPolicy = False,
) -> list[Judged]:
    """Recordings through all stages, those that need a batch together.

    Args:
        subjects: one for each take of `steps`; what a stage raises is kept there, so that one take ends no run.
        hold: what is found of each among the takes of its set: `Company.hold`, or what is known already.
        full, legs: those stages, too.

    Returns:
        One for each; None where a stage raised.
    """
    integrity = steps.each(integrity_stage, subjects)
    motions = steps.each(lambda one, *found: one.robot.motions(one, *found), subjects, integrity)
    facts = steps.each(facts_of, subjects, integrity, motions)
    given = steps.together(hold, facts, steps.each(lambda one: one.rules, subjects))
    integrity = steps.each(_among_takes, integrity, given)
    rollouts = steps.together(partial(rollout_stage, threads=threads, seed=seed), subjects, integrity, motions)
    found = (subjects, integrity, motions, rollouts)
    kinematics = steps.each(lambda one, *found: one.robot.kinematics(one, *found), *found, given)
    dynamics = steps.each(lambda one, *found: one.robot.dynamics(one, *found), *found)
    replays = steps.each(partial(replay_stage, threads=threads, seed=seed), *found)
    judged = steps.each(Judged, *found, kinematics, dynamics, replays)
    judged = steps.each(partial(_in_its_variant, threads=threads, seed=seed), judged, given)
    if full:
        varied = steps.together(partial(robustness_stage, threads=threads, seed=seed), judged)
        judged = steps.each(lambda one, robustness: replace(one, robustness=robustness), judged, varied)
    policy = legs if isinstance(legs, LegPolicy) else None
    asked = [full or bool(legs) or (one is not None and _needs_legs(one.subject)) for one in judged]
    if any(asked):
        found_on = steps.each(lambda one, ask: tuple(legs_stage(one, policy)) if ask else (), judged, asked)
        judged = steps.each(lambda one, found: replace(one, legs=found), judged, found_on)
    return judged


def _in_its_variant(one: Judged, others: Given, threads: int, seed: int) -> Judged:
    """The judged take; where it goes wrong in its scene, and goes well in a variant that its record allows too, judged there.

    Of a record that fits no variant, nothing that goes wrong in the scene is certain (`no_variant`).
    """
    if one.subject.variants is None or not _goes_wrong(one):
        return one
    agrees, subjects = one.subject.variants()
    for subject in subjects:
        steps = Steps(1)
        (other,) = run_stages([subject], lambda _: [others], steps, threads=threads, seed=seed)
        if not steps.ended and not _goes_wrong(other) and any(f.code == "goal" and f.level == "PASS" for f in other.replay.findings):
            return other
    if agrees:
        return one
    found = [open_(f, one.rules, NO_VARIANT) if f.failed and f.stage == "replay" else f for f in one.replay.findings]
    return replace(one, replay=replace(one.replay, findings=tuple(found)))


def _goes_wrong(judged: Judged) -> bool:
    """Whether a take is refused for what happens in its scene."""
    found = (*judged.replay.findings, *judged.kinematics.findings)
    return any(one.failed and (one.stage == "replay" or one.code == "collision.scene") for one in found)


def _among_takes(one: Integrity, others: Given) -> Integrity:
    """What was found of a take by itself, and among the takes of its set: a hand in another base than there, two joints that are
    exchanged, a sentence of another scenario, a cut, or joints that nobody wrote stand in place of what the take alone says of it, and a
    column that is another take's is named as such."""
    among = others.get(BASES)
    own = [among if among is not None and f.code == BASES and not f.failed else f for f in one.findings]
    if among is not None and among.details.get("kind") == KIND:
        own = [(as_of_other_take(f, among) if f.failed else among) if f.code == BASES else f for f in one.findings]
    own = [others[f.code] if f.code in OF_SET and f.code in others and not f.failed else f for f in own]
    return replace(one, findings=(*own, *(others[code] for code in asked_of("takes"))))


def _needs_legs(subject: Subject) -> bool:
    """Whether a recording was made on legs, or its scenario requires that it can be."""
    required = subject.robot.required(subject)
    return subject.context.scene.robot.base == "legs" or any(word.partition(".")[0] == "legs" for word in required)
