"""Where, and as whom, recordings are judged, as a command line says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .settings import Settings

if TYPE_CHECKING:
    from ...cli import CommandRequest
    from ..judge.context import Contexts

UNLABELLED = ("success", "unknown")


@dataclass(frozen=True)
class Where:
    """The settings that choose scene and robot; what each means stands in conf/replay.yaml."""

    robot: str | None
    model: str | None
    hand: str | None
    base: str | None
    retarget: str
    unlabelled: str

    @classmethod
    def of(cls, settings: Settings) -> Where:
        """As the settings say it; what is wrong is noted there."""
        robot, model = (settings[key].word(default="") or None for key in ("robot", "model"))
        hand, base = settings["hand"].word(default=None), settings["base"].word(default=None)
        unlabelled = settings["unlabelled"].word(choices=UNLABELLED)
        return cls(robot, model, hand, base, settings["retarget"].word(), unlabelled)

    def contexts(self, request: CommandRequest, settings: Settings, data: Path) -> Contexts:
        """What chooses the scene of each recording.

        Args:
            data: what is read, where a scene may lie beside the recordings.

        Raises:
            ShiliuError: scene or robot cannot be built.
        """
        from ...scenarios.catalog import scene_of
        from ...scenarios.reading.override import unquoted
        from ...scenarios.robot_folder import DEFAULT_ROBOT, robots
        from ..judge.context import Contexts
        from ..judge.unused_settings import asked_of

        name = settings.chosen("scenario")
        own = self.robot if self.robot in robots() else DEFAULT_ROBOT
        scene = scene_of(settings.composed, name, robot=own, hand=self.hand, base=self.base) if name else None
        asked = asked_of([unquoted(override) for override in request.overrides])
        return Contexts(
            scene, self.robot, self.hand, self.base, request.conf_dir, self.model, data, self.retarget, asked, self.unlabelled
        )
