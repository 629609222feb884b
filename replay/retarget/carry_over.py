"""A recording of a person, carried over: its source, where its world lies in the scene, and the robot's joint motion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError
from ..recording.recording import Recording, Stream
from ..robots.limits import Limits
from ..signals.joint_motion import JointMotion
from .alignment import Alignment, carried, place, scaled
from .arms import arms_of
from .bidirectional import retarget_both_ways
from .objects import Hinged
from .settings import RetargetSettings
from .solver import Retargeted
from .sources import HandSource, find
from .targets import HANDS


@dataclass(frozen=True)
class Carried:
    """A person's motion on the robot, with everything that was assumed on the way."""

    source: HandSource
    placed: Alignment
    result: Retargeted
    settings: RetargetSettings
    closes: Mapping[str, str]  # hand -> the robot's actuator that closes it
    thing: Hinged | None = None  # what the recording tells of a thing that turns about a hinge

    @property
    def motion(self) -> JointMotion:
        """The joint motion as any other: on the source's clock, of the arms alone."""
        result = self.result
        ns = np.round(result.t * 1e9).astype(np.int64)
        stream = Stream("retargeted", "command", "joint_position", "rad", result.names, result.q, ns)
        return JointMotion(result.t, result.q, result.names, stream)

    @property
    def claws(self) -> tuple[Stream, ...]:
        """What the claws are commanded [%], seconds of the recording as nanoseconds; nothing where the source does not tell."""
        result, found = self.result, []
        for hand, percent in result.closed.items():
            known = np.isfinite(percent)
            ns = np.round(result.t[known] * 1e9).astype(np.int64)
            if len(ns):
                found.append(
                    Stream(f"retargeted/{hand}", "command", "claw", "%", (self.closes[hand],), percent[known, None], ns)
                )
        return tuple(found)

    @property
    def notes(self) -> Iterator[str]:
        """For the provenance: what was assumed or converted, in sentences."""
        bounds = ", ".join(f"{kind} {bound.be}" for kind, bound in self.settings.bounds.items())
        yield f"a person's hands ({self.source.name}) are carried over to the robot by conf/retarget/{self.settings.name}.yaml ({bounds})"
        yield from self.result.notes
        yield "what the person held is not known to the robot: its hands are empty in the inverse dynamics"
        if not self.result.closed:
            yield "the source does not tell how far the hands were closed; the claws stay as they are at the start"


def carry(recording: Recording, scene: Scene, draw: Draw, limits: Limits, settings: RetargetSettings) -> Carried | None:
    """Carry a recording of a person over to the robot of a scene.

    Args:
        draw: the copy of the scene that an object is looked up in.

    Returns:
        None where no source knows the recording.

    Raises:
        EpisodeError: the source knows it, but cannot use it.
    """
    source = find(recording)
    if source is None:
        return None
    targets, arms = source.targets, arms_of(scene)
    if not targets.hands or len(targets.t) < 2:
        raise EpisodeError("no hand was seen in it.", file=recording.source)
    placed = None
    if hasattr(source.module, "place"):
        placed = source.module.place(recording, targets, scene, draw)
    placed = placed or place(targets, arms)
    moved = scaled(carried(targets, placed), arms, placed, settings)
    thing = source.module.hinged(recording) if hasattr(source.module, "hinged") else None
    closes = {hand: scene.robot.closes(hand) for hand in HANDS}
    return Carried(source, placed, retarget_both_ways(moved, arms, limits, settings), settings, closes, thing)
