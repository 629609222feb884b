"""The integrity stage: is the recording sound in itself? Nothing of a scene is asked."""

from __future__ import annotations

from ...checks.integrity import check_integrity, stopped_signals
from ...formats.picture_samples import picture_samples_of
from ...recording.pictures import brightness_of
from ..facts.results import Integrity, Subject


def integrity_stage(subject: Subject) -> Integrity:
    """What the recording says of itself held against the rest; its clocks, values, channels and pictures."""
    recording, context = subject.recording, subject.context
    actuated, actuators = subject.robot.actuated(subject)
    samples = list(picture_samples_of(recording))
    asked = (context.scene.name, context.scene.config.raw) if context.named == "command" else None
    findings = check_integrity(
        recording,
        context.limits,
        context.rules,
        actuated=actuated,
        samples=samples,
        actuators=actuators,
        described=subject.robot.described(subject),
        asked=asked,
        made_again=lambda: subject.made_again,
    )
    return Integrity(
        tuple(findings),
        dict(stopped_signals(findings, recording)),
        tuple(brightness_of(one) for one in samples if one.unreadable is None),
    )
