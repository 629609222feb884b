"""Which settings of a command a recording was not judged by: a header may not name them, and a reader has to know."""

from __future__ import annotations

from collections.abc import Sequence

from ....scenarios.reading.override import key_of
from ...recording.recording import Recording
from ..context import SceneContext

# what says where, and as whom, to judge
ASKED = ("scenario", "variant", "cell", "robot", "hand", "base", "model", "retarget", "link")


def asked_of(overrides: Sequence[str]) -> list[str]:
    """Those settings of a command line (`key=value`, as a person writes them) that say where and as whom to judge."""
    return [o for o in overrides if key_of(o).partition(".")[0] in ASKED]


def unused(asked: Sequence[str], recording: Recording, context: SceneContext) -> list[str]:
    """Those of `asked` that made no difference, because something else was judged by.

    An episode of the simulation brings its own scene, robot and settings of the scenario; a person's motion is judged as the
    robot of the scene; a described robot stands in no scene.
    """
    return [word for word in asked if not _used(word, recording, context)]


def _used(word: str, recording: Recording, context: SceneContext) -> bool:
    key, value = key_of(word), word.partition("=")[2]
    scene, by_command = context.scene, context.named == "command"
    if value in ("null", "") and "=" in word:
        return True  # asks for nothing
    as_itself, robot = context.embodiment is None, scene.robot  # of a scene, not one that is described
    used = {
        "link": recording.episode is not None or as_itself,  # a described robot stands in no scene, and over no link
        "scenario": scene.name == value,
        "variant": scene.config.variant == value,
        "cell": scene.config.cell is not None and scene.config.cell.id == value,
        "robot": robot.name == value if as_itself else context.robot_named == "command",
        "hand": as_itself and robot.hand == value,
        "base": as_itself and robot.base == value,
        "model": not as_itself,
        "retarget": as_itself and recording.kind == "human",
    }
    # what is set below the scenario or the cell is used by whom the command names
    return used.get("link" if key.startswith("link.") else key, by_command)
