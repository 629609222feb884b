"""The last step: from what the stages gave to the verdict, its advice and its evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import mujoco

from ...scenarios.people.safety import CAVEAT, people
from ...scenarios.reading.config import nominal_values
from ...version import __version__
from ..checks.finding import Finding
from ..operator.words.reason import gave_up_of
from ..recording.recording import Recording, note_words
from .context import SceneContext
from .explanation.advice import advise
from .explanation.assumed_link import assumed_link, under_assumed
from .explanation.verdict_evidence import gather
from .facts.carried_poses import joined
from .facts.results import Judged
from .intake import with_skills
from .place.taken import taken
from .verdict import Verdict, combine

BY_TASK = "judged in the scenario {}, which has its task sentence; another scenario, or bare, can be named"
BY_COLUMNS = "judged in the scenario {}, since the recording has poses of its things; the task sentence belongs to another one"
BY_RECORD = "judged in the variant {} of {}: nothing names a variant, and this is the one that the record fits"
NO_TASK_OF = "its task sentence is of no scenario that there is, so it is judged on the bare floor; another scenario can be named"


ASSUMED = "it carries no label; as a demonstration it is taken to claim success, which is an assumption; unlabelled=unknown turns it off"


def conclude(judged: Judged, strict: bool = False, pictures: bool = False, curves: Collection[str] = ()) -> Verdict:
    """The verdict of one recording.

    Args:
        strict: a warning fails.
        pictures: draw a small picture strip, where OpenGL exists.
        curves: codes of which the curve is kept in the evidence though they pass.
    """
    recording, scene, rules, subject = judged.recording, judged.scene, judged.rules, judged.subject
    found = joined(list(judged.findings))
    if judged.robustness is None:
        found.append(rules["robustness"].not_checked("not_run_gate"))
    required = subject.robot.required(subject)
    link = assumed_link(judged.context, recording)
    found = under_assumed(_in_own_unit(with_skills(found, recording), judged), link)
    combined = combine(found, required, rules, strict=strict)
    advise(judged, combined.findings)
    episode, context, place = recording.episode, judged.context, subject.place
    gave_up = gave_up_of(episode.provenance) if episode else None
    verdict = Verdict(
        episode=recording.name,
        source=recording.source,
        sha256=recording.sha256,
        scenario=scene.name,
        scenario_version=scene.version,
        cell=place.id,
        claim=recording.kind if context.made_in is None else "elsewhere",
        verdict=combined.verdict,
        outcome=dict(judged.replay.outcome),
        required=required,
        root=combined.root,
        owner=combined.owner,
        stages=combined.stages,
        findings=combined.findings,
        provenance={
            "shiliu": __version__,
            "engine": f"mujoco {mujoco.__version__}",
            "scene": scene.fingerprint[:12],
            "thresholds": f"{rules.name} {rules.digest[:12]}",
            **subject.robot.provenance(subject),
            "scenario_named_by": context.named,
            **({"variant": scene.config.variant} if context.fitted else {}),
            **({"goal_rule": scene.config.goal_rule} if scene.goal else {}),
            **({"cell": place.provenance} if place.provenance else {}),
            **({"start": judged.rollouts.plan.start.sources()} if judged.rollouts.plan.start is not None else {}),
            "mapping": recording.mapping,
            "notes": [
                *subject.robot.notes(subject),
                *recording.notes,
                *place.notes,
                *([BY_TASK.format(scene.name)] if context.named == "task" else ()),
                *([BY_COLUMNS.format(scene.name)] if context.named == "columns" else ()),
                *([BY_RECORD.format(scene.config.variant, scene.name)] if context.fitted else ()),
                *([NO_TASK_OF] if _fits_none(context, recording) else ()),
                *judged.motions.notes,
                *([ASSUMED] if subject.assumed else ()),
                *([CAVEAT] if people(scene.names) else ()),
            ],
            "unmapped": list(recording.unmapped),
            **({"seed": episode.seed, "made_with": episode.engine} if episode else {}),
            **({"gave_up": gave_up} if gave_up else {}),
            **({"link": link} if link else {}),
            **_made_in(context),
            **({"not_used": list(subject.unused)} if subject.unused else {}),
        },
    )
    verdict.taken = taken(recording, scene.config.variation, nominal_values(scene.config))
    verdict.titles = {**context.titles, "notes": note_words(recording)}
    verdict.evidence = gather(judged, verdict, pictures, curves)
    return verdict


def _fits_none(context: SceneContext, recording: Recording) -> bool:
    """Whether a recording has a task sentence that chose no scene."""
    own = context.named == "default" and context.embodiment is None and recording.kind != "human"
    return own and isinstance(recording.metadata.get("task"), str)


def _made_in(context: SceneContext) -> dict[str, Any]:
    """Of an episode with commands that were played elsewhere: the scene that it was made in."""
    if context.made_in is None:
        return {}
    cell, link = context.made_in.config.cell, context.made_in.config.raw.get("link")
    known = {**({"cell": cell.id} if cell is not None else {}), **({"link": link} if link else {})}
    return {"made_in": {"scene": context.made_in.fingerprint[:12], **known}}


def _in_own_unit(findings: Sequence[Finding], judged: Judged) -> list[Finding]:
    """The findings; angles of joints that the recording has in a unit of its own (`deg`, `tick`) are written in it.

    Numbers stay in rad. `details.own_unit` is the unit and how much rad one of it is.
    """
    scale = {unit: per for unit, per in judged.subject.robot.units.items() if unit != "rad"}
    streams = judged.recording.streams.values()
    other = {name for stream in streams if stream.unit not in scale for name in stream.names}
    units = {name: stream.unit for stream in streams if stream.unit in scale for name in stream.names if name not in other}
    found = []
    for finding in findings:
        own = {units.get(name) for name in finding.subject} if finding.unit in ("rad", "rad/s") else set()
        if len(own) == 1 and (unit := next(iter(own))) is not None:
            finding = finding.with_(details={**finding.details, "own_unit": [unit, scale[unit]]})
        found.append(finding)
    return found
