"""What a verdict says of the cell: which one the recording was judged in, who named it, and what was not known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .checks.rules import Rules
from .finding import Finding
from .recording import Recording
from .scenes import Stage


@dataclass(frozen=True)
class Place:
    """The cell of one judged recording.

    Attributes:
        id: the cell that it was judged in, else the one that it names, or None.
        provenance: of the survey, plain JSON; None where no cell plays a part.
        notes: what was taken for granted, in sentences.
        findings: a warning where a named cell could not be judged in.
    """

    id: str | None
    provenance: dict[str, Any] | None
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def place_of(recording: Recording, stage: Stage, commanded: Stage | None, rules: Rules) -> Place:
    """Which cell a recording was judged in.

    Args:
        stage: in which it was judged; commanded: the one that the command named, if any.
    """
    cell, named = stage.scene.config.cell, recording.cell
    told = commanded.scene.config.cell if commanded is not None else None
    if recording.episode is not None:
        note = () if told is None or cell == told else (
            f"the command names the cell {told.id}; an episode of the simulation is judged in the scene that it was made in",
        )  # fmt: skip
        survey = None if cell is None else {**cell.told(), "named_by": "recording"}
        return Place(cell.id if cell else named, survey, note)
    if cell is not None and cell == told:
        other = named is not None and named != cell.id
        note = (f"the recording names the cell {named}, the command {cell.id}: judged in {cell.id}",) if other else ()
        return Place(cell.id, {**cell.told(), "named_by": "command"}, note)
    if cell is not None:
        return Place(cell.id, {**cell.told(), "named_by": "recording"})
    if named is None:
        return Place(None, None)
    if stage.named == "default":  # on the bare floor no cell makes a difference
        return Place(named, None, (f"no survey of the cell {named} is known, and with it no scenario",))
    note = (f"no survey of the cell {named} is known for {stage.scene.name}: judged in the nominal scene",)
    warning = rules["cell.unknown"].finding(level="WARN", subject=(named,), details={"scenario": stage.scene.name})
    return Place(named, {"id": named, "surveyed": None, "named_by": "recording"}, note, (warning,))
