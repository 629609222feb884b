"""By what a judgement is known: what was judged, where, by which judge, with which bounds and settings.

Where all of these are the same, the verdict is the same to the byte, so that it need not be made again. What stands in no key
changes no verdict: where a file lies, how many workers there are, the language, and what an own set says of takes other than this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import scipy

from ...scenarios.reading import composition
from ...version import __version__
from ..checks.finding import Finding
from ..checks.rules import Rules
from ..checks.set_tables import check_length, check_stats
from ..judge.context import SceneContext
from ..judge.facts.results import Subject
from ..recording.recording import PictureTopic, Recording
from ..rollout.machine_kind import machine
from .digest import digest_of, file_digest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("scenarios", "envs", "replay")  # of the package: what a verdict is made by
APART = ("report", "repair", "labels", "evaluation", "drift", "benchmark", "line", "commands")  # rooms that make none
SHEETS = ("conf/robot", "conf/retarget", "conf/people", "assets")


def judge_parts(conf_dir: Path | None = None) -> dict[str, str]:
    """The judge: its version and code, the engine, the libraries that compute, the machine's kind, and the sheets of parts and robots.

    What a scenario, a cell or the bounds say is no part of it: the context of a recording tells that.

    Args:
        conf_dir: the designer's folder; its sheets count as well.
    """
    kind = machine()
    own = [folder for folder in composition.folders(conf_dir) if not folder.resolve().is_relative_to(ROOT)]
    sheets = [path for name in SHEETS for path in sorted((ROOT / name).rglob("*.yaml"))]
    sheets += [path for folder in own for path in sorted(folder.rglob("*.y*ml")) if not _told_by_context(path, folder)]
    return {
        "shiliu": __version__,
        "code": _code()[:12],
        "sheets": digest_of([(path.name, file_digest(path)) for path in sheets])[:12],
        "mujoco": kind["mujoco"],
        "numpy": kind["numpy"],
        "scipy": scipy.__version__,
        "machine": ", ".join(kind[name] for name in ("platform", "library", "processor", "simd", "arithmetic")),
    }


def judge_digest(conf_dir: Path | None = None) -> str:
    """The judge as one word: see `judge_parts`."""
    return digest_of(judge_parts(conf_dir))


def _told_by_context(path: Path, folder: Path) -> bool:
    return path.relative_to(folder).parts[0] in ("scenario", "cell", "check", "text", "figures", "controls", "mapping", "message")


@cache
def _code() -> str:
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    kept = [path for path in files if not any(path.is_relative_to(ROOT / "replay" / room) for room in APART)]
    return digest_of([(path.relative_to(ROOT).as_posix(), file_digest(path)) for path in kept])


def recording_digest(recording: Recording, rules: Rules) -> str:
    """What was recorded, as it was read: values, clocks, names, units, what its set says of it, and the bytes of its pictures.

    Totals and statistics of the whole set count by what they come to for this take: a set that grows leaves its takes as they were.
    """
    given, declared = recording.declared, None
    if given is not None:
        of_all = [finding.to_dict() for finding in (*check_length(given, rules), *check_stats(given, rules))]
        declared = (replace(given, totals={}, set_stats={}), of_all)
    pictures = {
        camera: (one.topic, one.shape, one.n) if isinstance(one, PictureTopic) else one
        for camera, one in recording.pictures.items()
    }
    about = [
        recording.name,
        # what is reported of a person's motion that cannot be carried over may name where it was read
        recording.source if recording.kind == "human" else "#" in recording.source,
        recording.sha256,
        recording.kind,
        list(recording.streams),
        recording.streams,
        recording.scenario,
        recording.cell,
        recording.metadata,
        recording.episode,
        recording.mapping,
        recording.unmapped,
        recording.notes,
        list(recording.pictures),
        pictures,
        declared,
    ]
    return digest_of(about)


class Keys:
    """Keys of the judgements of one run.

    Args:
        judge: see `judge_parts`; settings: strict, full, seed and whatever else every judgement of the run hangs on.
    """

    def __init__(self, judge: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        self.judge = dict(judge)
        self._judge, self._settings = digest_of(self.judge), dict(settings)
        self._contexts: dict[int, tuple[SceneContext, str]] = {}

    def take(self, subject: Subject) -> str:
        """What is judged and how, whoever the judge is: a recording that is judged alone."""
        recording = recording_digest(subject.recording, subject.rules)
        return digest_of(self._settings, recording, self._context(subject.context), subject.place, subject.unused, subject.assumed)

    def judged(self, take: str) -> str:
        """The key of what this judge makes of a `take`."""
        return digest_of(self._judge, take)

    @staticmethod
    def among(take: str, given: Mapping[str, Finding]) -> str:
        """The same take among others, of which that was found."""
        return digest_of(take, {code: finding.to_dict() for code, finding in given.items()})

    def _context(self, context: SceneContext) -> str:
        known = self._contexts.get(id(context))
        if known is None or known[0] is not context:
            known = self._contexts[id(context)] = (context, context_digest(context))
        return known[1]


def context_digest(context: SceneContext) -> str:
    """Where and as whom a recording is judged: the compiled scene and all that its scenario, its cell and the bounds say."""
    scenes = [scene for scene in (context.scene, context.made_in) if scene is not None]
    about = [
        (
            scene.fingerprint,
            scene.name,
            scene.version,
            _plain(scene.config.raw),
            scene.config.variant,
            scene.config.cell,
            scene.robot.name,
            scene.robot.hand,
            scene.robot.base,
        )
        for scene in scenes
    ]
    robot = context.embodiment
    whom = None if robot is None else (robot.name, robot.digest, robot.remarks, _compiled(robot.model))
    return digest_of(
        about, whom, context.named, context.robot_named, context.retarget, context.titles,
        (context.rules.name, context.rules.digest),
    )  # fmt: skip


def _compiled(model: mujoco.MjModel | None) -> str | None:
    if model is None:
        return None
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return digest_of(buffer)


def _plain(value: Any) -> Any:
    """A composed tree as plain tables; what is no plain value counts by its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
