"""The judge: a recording goes through integrity, motion, rollout, kinematics, dynamics and replay, and comes out as a verdict."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...scenarios.errors import ShiliuError
from ...scenarios.scene import Scene
from ..formats import Unreadable
from ..recording.recording import Recording
from .cells import place_of
from .conclusion import conclude
from .context import Contexts
from .dynamics_stage import dynamics_stage
from .integrity_stage import integrity_stage
from .kinematics_stage import kinematics_stage
from .motion_stage import motion_stage
from .other_robot import OtherRobot
from .own_robot import OwnRobot
from .replay_stage import replay_stage
from .results import Judged, Subject
from .robustness_stage import robustness_stage
from .rollout_stage import rollout_stage
from .set_comparison import Beside, Company
from .unused_settings import unused
from .verdict import Verdict

if TYPE_CHECKING:
    from ..rollout.rollout import Rollout

AT_ONCE = 64  # recordings judged together: their replays share one batch


def judge(
    recordings: Iterable[Recording | Unreadable],
    scene: Scene | None = None,
    *,
    strict: bool = False,
    threads: int = 0,
    seed: int = 0,
    pictures: bool = False,
    contexts: Contexts | None = None,
    full: bool = False,
    curves: Collection[str] = (),
    told: Callable[[Verdict], None] | None = None,
    performed: Mapping[str, Rollout] | None = None,
) -> list[Verdict]:
    """Judge recordings.

    Args:
        recordings: from `shiliu.read`; unreadable ones become verdicts with an error.
        scene: where to judge them; None takes the scene that each names, else the bare floor.
        strict: a warning fails.
        threads: of the replay; 0 for all cores; verdicts do not depend on it.
        seed: of the likely starts that are tried where a recording does not tell its start, and of the varied copies.
        pictures: draw a small picture strip for each recording, where OpenGL exists.
        full: play those that succeed in varied copies of their scene, too.
        curves: codes whose curve is kept in the evidence though they pass.
        told: called with each verdict as it is done.
        performed: digest of a recording -> what was kept while it was performed just now (`perform` with `judged`): its commands
            are not played again, and whether it reproduces is reported as not checked.

    Returns:
        One verdict for each, in their order.
    """
    verdicts = []
    for verdict in judging(
        recordings,
        scene,
        strict=strict,
        threads=threads,
        seed=seed,
        pictures=pictures,
        contexts=contexts,
        full=full,
        curves=curves,
        performed=performed,
    ):
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
    curves: Collection[str] = (),
    performed: Mapping[str, Rollout] | None = None,
    company: Beside | None = None,
) -> Iterator[Verdict]:
    """As `judge`, one verdict after the other, holding no more than a batch of recordings.

    `company`: takes of the same sets that are not judged now, and that these are held against all the same.
    """
    contexts = contexts or Contexts(scene)
    company = company if company is not None else Company()
    for batch in _batches(recordings, AT_ONCE):
        slots: list[Verdict | Subject] = []
        for item in batch:
            if isinstance(item, Unreadable):
                slots.append(_unreadable(item.name, item.source, item.error))
                continue
            try:
                slots.append(subject_of(item, contexts))
            except ShiliuError as error:
                slots.append(_unreadable(item.name, item.source, error))
        subjects = [slot for slot in slots if isinstance(slot, Subject)]
        done = iter(run_stages(subjects, company, threads=threads, seed=seed, performed=performed, full=full))
        for slot in slots:
            yield slot if isinstance(slot, Verdict) else conclude(next(done), strict, pictures, curves)


def subject_of(recording: Recording, contexts: Contexts | None = None) -> Subject:
    """A recording with where and as whom it is judged: what the stages begin with.

    Args:
        contexts: chooses its scene; None takes the scene that it names, else the bare floor.

    Raises:
        ShiliuError: where its scene cannot be built, or the command names another one than it was made in.
    """
    contexts = contexts or Contexts()
    context = contexts.of(recording)
    other = context.embodiment
    return Subject(
        recording,
        context,
        place_of(recording, context, contexts.chosen, context.rules),
        OwnRobot() if other is None else OtherRobot(other, context.robot_named),
        tuple(unused(contexts.asked, recording, context)),
    )


def run_stages(
    subjects: Sequence[Subject],
    company: Beside | None = None,
    *,
    threads: int = 0,
    seed: int = 0,
    performed: Mapping[str, Rollout] | None = None,
    full: bool = False,
) -> list[Judged]:
    """Recordings through all stages, those that need a batch together.

    Args:
        company: takes of the same sets that are not judged now, and that these are held against all the same.
        performed: see `rollout_stage`; full: the robustness stage, too.
    """
    company = company if company is not None else Company()
    integrity = [integrity_stage(one) for one in subjects]
    beside = company.compare(list(zip(subjects, integrity)))
    integrity = [replace(one, findings=(*one.findings, *found)) for one, found in zip(integrity, beside)]
    motions = [motion_stage(one, sound) for one, sound in zip(subjects, integrity)]
    rates = company.rates(list(zip(subjects, motions)))
    rollouts = rollout_stage(list(zip(subjects, integrity, motions)), threads=threads, seed=seed, performed=performed)
    judged = [
        Judged(
            subject,
            sound,
            motion,
            rollout,
            kinematics_stage(subject, sound, motion, rollout, rate),
            dynamics_stage(subject, sound, motion, rollout),
            replay_stage(subject, sound, motion, rollout, threads=threads, seed=seed),
        )
        for subject, sound, motion, rollout, rate in zip(subjects, integrity, motions, rollouts, rates)
    ]
    if not full:
        return judged
    varied = robustness_stage(judged, threads=threads, seed=seed)
    return [replace(one, robustness=robustness) for one, robustness in zip(judged, varied)]


def _batches(items: Iterable[Recording | Unreadable], size: int) -> Iterator[list[Recording | Unreadable]]:
    batch: list[Recording | Unreadable] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _unreadable(name: str, source: str, error: ShiliuError) -> Verdict:
    return Verdict(name, source, error={"message": error.message, "file": error.place, "field": error.field})
