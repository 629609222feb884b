"""The ways in which recordings become verdicts: at intake, in their scenes, and in their scenes by workers (`replay_workers`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .replay_settings import ReplaySettings

if TYPE_CHECKING:
    from ..judge.verdict import Verdict

AT_MOST = 200  # recordings with curves and pictures on the page; at intake, those with all findings
Reached = Callable[[int, int | None], None]


@dataclass
class Way:
    """Verdicts in the order of the data, and what the reports tell of how they are made.

    Attributes:
        header: engine, threads, thresholds, check, whichever are known; threads: that the page names.
        most: verdicts that are held in memory; None for all.
        total: recordings, 0 if unknown; in_any_order: they are done in another order than they come in.
        folders: gives what else belongs into the folder of the reports, when all verdicts are there.
        counted: gives lines for the end, each a word of `conf/text` and its values.
    """

    verdicts: Iterator[Verdict]
    header: Mapping[str, Any]
    threads: int
    most: int | None = None
    total: int = 0
    in_any_order: bool = False
    folders: Callable[[], Mapping[str, Path | None]] = dict
    counted: Callable[[], list[tuple[str, dict[str, Any]]]] = list


def at_intake(asked: ReplaySettings, command: str, reached: Reached, ending: ExitStack) -> Way:
    """The first pass over a delivery, without a scene."""
    from ..formats import read
    from ..judge.intake import intake, rules_of, trimmed

    named: tuple[str, Mapping[str, Any]] | None = None
    if asked.settings.chosen("scenario") is not None:
        chosen = asked.where.contexts(asked.request, asked.settings, Path(asked.data)).chosen  # it may be no scene
        named = None if chosen is None else (chosen.scene.name, chosen.scene.config.raw)
    rules = rules_of(asked.request.conf_dir)
    where, conf_dir = asked.where, asked.request.conf_dir
    judged = intake(read(asked.data, where.mapping), rules, strict=where.strict, robot=where.robot, conf_dir=conf_dir, asked=named)
    verdicts = (one if n < AT_MOST else trimmed(one) for n, one in enumerate(judged))
    return Way(verdicts, {"thresholds": rules.name, "check": asked.where.check}, 1)


def in_scenes(asked: ReplaySettings, command: str, reached: Reached, ending: ExitStack) -> Way:
    """Each recording in its scene, in this process."""
    import mujoco

    from ..formats import read
    from ..judge.judge import judging
    from ..repair import FOLDER
    from ..repair.running import Repairs, refuse_foreign

    out, where = Path(asked.out), asked.where
    if asked.repair:
        refuse_foreign(out)
    contexts = where.contexts(asked.request, asked.settings, Path(asked.data))
    recordings = read(asked.data, where.mapping)
    if asked.device is not None:
        from ..evaluation.device import recorded_by

        recordings = recorded_by(recordings, contexts, asked.device)
    pictures = pictures_of(asked)
    repairs: Repairs | None = None
    if asked.repair:
        repairs = Repairs(
            out, contexts, asked.bounds, command, strict=where.strict, threads=asked.threads, seed=where.seed
        )
        ending.callback(repairs.drop)
        recordings = repairs.watching(recordings)

    def verdicts() -> Iterator[Verdict]:
        judged = judging(recordings, contexts=contexts, threads=asked.threads, pictures=pictures, **where.how)
        for n, verdict in enumerate(judged):
            if repairs is not None:
                repairs.mend(verdict)
            if n >= AT_MOST:
                verdict.evidence = None  # it gets no sheet; curves of ten thousand recordings would not fit into memory
            yield verdict

    def counted() -> list[tuple[str, dict[str, Any]]]:
        if repairs is None:
            return []
        copies = f"{asked.out.rstrip('/')}/{FOLDER}" if repairs.count else None
        return [("repaired_count", {"n": repairs.count, "of": repairs.tried, "where": copies})]

    cores = asked.threads or os.cpu_count() or 1
    header = {"engine": mujoco.__version__, "threads": cores}  # the verdicts give scenes, cells and robots
    folders = (lambda: {FOLDER: repairs.finished()}) if repairs is not None else dict
    return Way(verdicts(), header, cores, folders=folders, counted=counted)


def pictures_of(asked: ReplaySettings) -> bool:
    """Whether pictures are drawn; where they are asked for and cannot be, that is reported."""
    from ...envs.rendering import missing

    without = missing() if asked.pictures else None
    if without:
        print(f"shiliu: {without} Going on without pictures.", file=sys.stderr)
    return asked.pictures and not without
