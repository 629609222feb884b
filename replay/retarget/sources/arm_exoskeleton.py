"""Hands from the joint angles of an arm exoskeleton, by the person's own arm lengths and the calibration in the file."""

from __future__ import annotations

import numpy as np

from ....scenarios.sheet.errors import EpisodeError
from ...recording.recording import Recording
from ...signals.channels import SCALE
from ...signals.clock import origin_ns, seconds
from ..axes import Array, whole
from ..exoskeleton import ARM, NAMES, Person
from ..targets import HANDS, HandTargets

FULL_TURN = 2 * np.pi  # rad; no arm's joint turns so far


def targets(recording: Recording) -> HandTargets | None:
    """The hands of a recording of human arm angles, in the person's frame; None where it has none.

    Raises:
        EpisodeError: angles or arm lengths are missing, the angles are no radians, or the clock does not rise.
    """
    stream = next((s for s in recording.select("pose", "human_arm_angles") if s.n), None)
    if stream is None:
        return None
    missing = [name for name in NAMES if name not in stream.names]
    if missing:
        raise EpisodeError(f"the angles {', '.join(missing)} are missing.", file=recording.source, field=stream.name)
    t = seconds(stream, origin_ns(recording))
    if (np.diff(t) <= 0).any():
        raise EpisodeError("the clock of the angles does not rise.", file=recording.source, field=stream.name)
    angles = stream.values[:, [stream.names.index(name) for name in NAMES]] * SCALE.get(stream.unit, 1.0)
    farthest = float(np.nanmax(np.abs(angles), initial=0.0))
    if farthest > FULL_TURN:
        raise EpisodeError(
            f"angles go to {farthest:.0f} rad, further than an arm turns. Are they degrees? Then a mapping with unit: deg says so.",
            file=recording.source,
            field=stream.name,
        )
    person = Person(*_numbers(recording, "link_lengths", 4))
    offsets, notes = np.zeros(len(NAMES)), []
    if "offsets" in recording.metadata:
        offsets = np.array(_numbers(recording, "offsets", len(NAMES)))
    if offsets.any():
        notes.append(
            f"the calibration's offsets, up to {np.rad2deg(np.abs(offsets).max()):.1f} deg, are taken off the angles"
        )
    else:
        notes.append("the calibration names no offsets: the angles are taken as they stand")
    angles = angles - offsets
    grip = next((s for s in recording.select("pose", "grip") if s.n == stream.n), None)
    position, rotation, shoulder, elbow, closed, valid = {}, {}, {}, {}, {}, {}
    for k, hand in enumerate(HANDS):
        own = angles[:, k * len(ARM) : (k + 1) * len(ARM)]
        position[hand], rotation[hand], elbow[hand] = person.hand(own, hand)
        shoulder[hand] = np.tile(person.shoulder(hand), (len(t), 1))
        valid[hand] = whole(own)
        if grip is not None and hand in grip.names:
            closed[hand] = np.clip(grip.column(hand), 0.0, 1.0)
    notes += [
        f"arm of {person.upper_arm:.3f} m to the elbow, {person.forearm:.3f} m to the wrist and {person.grasp:.3f} m to the middle of the "
        "grasp, as the file says; an arm measured wrongly moves the hand by the same share",
        "the exoskeleton does not see the trunk: the shoulders stand still, upright, as far apart as the file says",
    ]
    length = {hand: person.arm_length for hand in HANDS}
    return HandTargets(t, position, rotation, "person", shoulder, elbow, closed, valid, length, notes=tuple(notes))


def _numbers(recording: Recording, name: str, count: int) -> list[float]:
    """Finite numbers of the metadata."""
    held = recording.metadata.get(name)
    values = held.get("values") if isinstance(held, dict) else None
    if not isinstance(values, list) or len(values) != count or not np.isfinite(_floats(values)).all():
        raise EpisodeError(
            f"must be {count} finite numbers; without them the angles do not give the hands.",
            file=recording.source,
            field=name,
        )
    found = _floats(values)
    if name == "link_lengths" and not (found > 0).all():
        raise EpisodeError("lengths must be above zero.", file=recording.source, field=name)
    return [float(x) for x in found]


def _floats(values: list[object]) -> Array:
    return np.array([x if isinstance(x, int | float) else np.nan for x in values], float)
