"""Where, as whom and how recordings are judged, as a command line says it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.robots.leg_policy import not_a_policy
from ...scenarios.sheet.errors import ScenarioError, printable
from ...scenarios.sheet.yaml_reader import Node
from .command_request import CommandRequest
from .settings import Settings

if TYPE_CHECKING:
    from ...scenarios.robots.leg_policy import LegPolicy
    from ..judge.context import Contexts

UNLABELLED = ("success", "unknown")
SCENES = ("gate", "full")  # checks that are made in scenes


def asked_legs(node: Node) -> bool | str:
    """`legs=true`, or the file of a policy; what is neither is noted."""
    if node.value is None or isinstance(node.value, bool) or node.value in ("yes", "no"):
        return node.flag(False)
    if (wrong := not_a_policy(node.value)) is not None:
        node.note(wrong)
        return False
    return node.value


def asked_policy(node: Node) -> str | None:
    """The file of a policy, where a command takes nothing else; what is none is noted."""
    if node.value is None:
        return None
    legs = asked_legs(node)
    if isinstance(legs, bool) and (legs or node.value in (False, "no")):
        node.note("legs names the file of a policy here (docs/legs-policy.md); true and false are for `shiliu replay`. Leave it out.")
    return legs if isinstance(legs, str) else None


def policy_at(legs: bool | str | None, robot: str) -> LegPolicy | None:
    """The policy for legs that a setting names; raises ScenarioError with what is wrong with it."""
    from ...scenarios.legs.policy_file import load_policy

    return load_policy(Path(legs), robot) if isinstance(legs, str) else None


def note_passed_over(folder: Path | str) -> None:
    """Report on stderr that takes lie deeper in a folder than they are looked for."""
    from ..formats import passed_over

    if (deep := passed_over(Path(folder))) is not None:
        print(f"shiliu: {printable(folder)}: {deep}", file=sys.stderr, flush=True)


def refuse_bad_link(request: CommandRequest, settings: Settings) -> None:
    """See that the link that the command names is whole, since it is no fault of a recording's.

    A jitter alone is laid over the delay of each recording's own link: whether it fits is judged there.

    Raises:
        ScenarioError: all that is wrong with it.
    """
    from ...scenarios.link.link import MOST, link_of, resolve
    from ...scenarios.reading.composition import members

    asked = link_of(settings.composed.tree, settings.composed.chosen)
    if isinstance(asked, dict) and "jitter" in asked and not {"delay", "like", "ping"} & set(asked):
        asked = {**asked, "delay": MOST}
    resolve(members("link", request.conf_dir), asked)


@dataclass(frozen=True)
class Where:
    """The settings that every verdict hangs on; what each means stands in conf/replay.yaml."""

    robot: str | None
    model: str | None
    hand: str | None
    base: str | None
    retarget: str
    unlabelled: str
    mapping: str | None
    check: str
    strict: bool
    seed: int
    legs: bool | str = False

    @classmethod
    def of(cls, settings: Settings, checks: tuple[str, ...] = SCENES) -> Where:
        """As the settings say it; what is wrong is reported there."""
        robot, model = (settings[key].word(default="") or None for key in ("robot", "model"))
        hand, base = settings["hand"].word(default=None), settings["base"].word(default=None)
        unlabelled = settings["unlabelled"].word(choices=UNLABELLED)
        mapping, check = settings["mapping"].word(default="") or None, settings["check"].word(choices=checks)
        strict, seed = settings["strict"].flag(), settings["seed"].seed()
        legs = asked_legs(settings["legs"])
        return cls(robot, model, hand, base, settings["retarget"].word(), unlabelled, mapping, check, strict, seed, legs)

    def refuse_unknown(self, request: CommandRequest) -> None:
        """See that robot, hand, base, model, mapping and settings of retargeting are whole, whether or not a recording needs them.

        Raises:
            ShiliuError: one of them is not.
        """
        from ...scenarios.robots.robot import load_robot
        from ...scenarios.robots.robot_folder import robots
        from ..formats.mappings import load
        from ..judge.context import retarget_settings
        from ..robots.embodiment import available, compiled, load_embodiment

        load_robot(self.own_robot, self.hand, self.base or "planted")
        _ = self.policy  # what is wrong with it is reported here
        retarget_settings(self.retarget, request.conf_dir)
        if self.mapping is not None:
            load(self.mapping)
        if self.robot is not None and self.robot not in robots():
            load_embodiment(self.robot, request.conf_dir, self.model)
        elif self.model is not None:
            if not Path(self.model).is_file():
                named = self.model in robots() or self.model in available(request.conf_dir)
                hint = f" A robot is named by robot={self.model}." if named else ""
                raise ScenarioError(f"There is no such file.{hint}", file=self.model, field="model")
            compiled(Path(self.model))

    @property
    def given(self) -> bool:
        """Whether the command names any of them."""
        return any((self.robot, self.model, self.mapping, self.hand, self.base, self.retarget != "default"))

    @property
    def own_robot(self) -> str:
        """The robot of ours that stands in a scene: the one that the command names, if it is one."""
        from ...scenarios.robots.robot_folder import DEFAULT_ROBOT, robots

        return self.robot if self.robot in robots() else DEFAULT_ROBOT

    @cached_property
    def policy(self) -> LegPolicy | None:
        """The policy for legs that the command names; raises ScenarioError with what is wrong with it."""
        return policy_at(self.legs, self.own_robot)

    @property
    def how(self) -> dict[str, Any]:
        """What `judging` is given."""
        legs = self.policy or bool(self.legs)
        return {"strict": self.strict, "seed": self.seed, "full": self.check == "full", **({"legs": legs} if legs else {})}

    def contexts(self, request: CommandRequest, settings: Settings, data: Path) -> Contexts:
        """What chooses the scene of each recording.

        Args:
            data: what is read, where a scene may lie beside the recordings.

        Raises:
            ShiliuError: scene or robot cannot be built.
        """
        from ...scenarios.catalog.catalog import scene_of
        from ...scenarios.link.link import link_of
        from ...scenarios.reading.override import unquoted
        from ..judge.context import Contexts
        from ..judge.place.unused_settings import asked_of

        name = settings.chosen("scenario")
        how: dict[str, Any] = {"robot": self.own_robot, "hand": self.hand, "base": self.base}
        scene = scene_of(settings.composed, name, **how, policy=self.policy, on_legs_alone=True) if name else None
        asked = asked_of([unquoted(override) for override in request.overrides])
        return Contexts(
            scene, self.robot, self.hand, self.base, request.conf_dir, self.model, data, self.retarget, asked, self.unlabelled,
            link_of(settings.composed.tree, settings.composed.chosen), self.policy,
        )  # fmt: skip
