"""Repairing within a run of the judge: each refused recording, right after its verdict, with bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.json_reader import json_of
from ..edits.bounds import Bounds
from ..edits.command import command_of
from ..formats import Unreadable
from ..judge.context import Contexts, SceneContext
from ..judge.judge import judge
from ..judge.verdict import Verdict
from ..recording.recording import Recording
from . import FOLDER
from .repairing import Repair, repaired
from .writing import Repaired, as_written


class Repairs:
    """Repairs what a run refuses; `drop` it in the end, whatever happened.

    Args:
        out: the reports' folder.
        stages: that the run judges in.
        bounds: beyond which nothing is changed.
        command: the command line, for the provenance of the datasets.
        strict, threads, seed: as the run judges.
    """

    def __init__(
        self,
        out: Path,
        contexts: Contexts,
        bounds: Bounds,
        command: str = "",
        *,
        strict: bool = False,
        threads: int = 0,
        seed: int = 0,
    ) -> None:
        self.contexts, self.bounds = contexts, bounds
        self.strict, self.threads, self.seed = strict, threads, seed
        self.tried = 0
        self._written = Repaired(out, command)
        self._waiting: deque[Recording | Unreadable] = deque()

    def drop(self) -> None:
        """Leave nothing half-written behind."""
        self._written.drop()

    @property
    def count(self) -> int:
        return self._written.count

    def watching(self, recordings: Iterable[Recording | Unreadable]) -> Iterator[Recording | Unreadable]:
        """The recordings, each held until its verdict comes."""
        for item in recordings:
            self._waiting.append(item)
            yield item

    def mend(self, verdict: Verdict) -> None:
        """Repair the recording of the next verdict, where it was refused, and say so in the verdict."""
        item = self._waiting.popleft()
        if not isinstance(item, Recording) or verdict.verdict not in ("INFEASIBLE", "UNSOUND"):
            return
        self.tried += 1
        context = self.contexts.of(item)
        found = repaired(item, verdict, context, self._judge, self.bounds)
        where = None
        if found.done and found.recording is not None:
            where = self._written.add(found.recording, context.scene, item)
            _show(verdict, item, found, context)
        verdict.repair = found.to_dict(where)

    def finished(self) -> Path | None:
        """The folder of all copies, to be put in place; None where there is none."""
        return self._written.close()

    def _judge(self, recording: Recording) -> Verdict:
        """What is judged is what will be written: a real recording's copy is read back from a dataset first."""
        if recording.episode is None and "repaired" in recording.metadata:
            self._written.folder.mkdir(parents=True, exist_ok=True)
            recording = as_written(recording, self._written.folder)
        # the episode's own scene, or the one that the command names
        judged = judge([recording], strict=self.strict, threads=self.threads, seed=self.seed, contexts=self.contexts)
        return judged[0]


def refuse_foreign(out: Path) -> None:
    """Refuse to replace a folder of copies that no former run has made.

    Raises:
        ShiliuError: `out/repaired` holds something else.
    """
    folder = out / FOLDER
    if not folder.exists():
        return
    made = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            content = json_of((path / "shiliu" / "dataset.json").read_text(encoding="utf-8"))
            made.append(bool(content["made"]["repaired"]))
        except (OSError, ValueError, KeyError, TypeError):
            made.append(False)
    if not made or not all(made):
        raise ShiliuError("This is not a folder of repaired copies. Choose another out=.", file=folder, field="out")


def _show(verdict: Verdict, recording: Recording, found: Repair, context: SceneContext) -> None:
    """The copy's command beside the recorded one in the curves of the report."""
    if verdict.evidence is None or found.recording is None:
        return
    command = command_of(found.recording, context.scene.robot.joint_names)
    if command is None:
        return
    from ..checks.kinematics import motion_of

    recorded = command_of(recording, context.scene.robot.joint_names)  # a copy's clock begins with its first command
    late = 0.0 if recorded is None else float(recorded.t[0] - command.t[0])
    motion = motion_of(command.t, command.q, context.rules)
    for plot in verdict.evidence.plots:
        if plot.subject in command.joint_names:
            j = command.joint_names.index(plot.subject)
            if plot.title_key == "joint_position":
                plot.traces.append({"name": "repaired", "t": command.t + late, "y": command.q[:, j]})
            elif plot.title_key == "joint_velocity":
                plot.traces.append({"name": "repaired", "t": motion.t + late, "y": motion.v[:, j]})
