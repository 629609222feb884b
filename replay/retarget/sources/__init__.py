"""Sources of a person's hands: each module here turns the recordings that it knows into `HandTargets`.

A source is a module of this folder with

    def targets(recording: Recording) -> HandTargets | None

which returns None for a recording that is not of its kind (decide by the quantities of its streams or by its mapping, not by a
file name), and raises an `EpisodeError` where it is of its kind but lacks what the targets need. It may also have

    def place(recording: Recording, targets: HandTargets, scene: Scene, draw: Draw) -> Placed | None

where the source knows how its world lies to the scene's (by an object that both have); None leaves it to the general way of
`placing.py`: the person's shoulders onto the robot's, or the middle of the hands in front of its chest; and

    def hinged(recording: Recording) -> Hinged | None

where the recording tells of a thing that turns about a hinge, so that it can be held against the door of the scene; and

    def wrists(recording: Recording) -> dict[str, Array]

where it tells the wrists (n, 3) apart from the middle of the grasp.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from ...recording.recording import Recording
from ..targets import HandTargets


@dataclass(frozen=True)
class HandSource:
    """The source that knows a recording: its name, its module and the hands that it gave."""

    name: str
    module: ModuleType
    targets: HandTargets


def find(recording: Recording) -> HandSource | None:
    """The hands of a recording, by the first source, by name, that knows it; None where none does.

    Raises:
        EpisodeError: the source that knows it cannot use it; the message says why.
    """
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        found = module.targets(recording)
        if found is not None:
            return HandSource(info.name, module, found)
    return None
