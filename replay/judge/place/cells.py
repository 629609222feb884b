"""What a verdict says of the cell: which one the recording was judged in, who named it, and what was not known.

No verdict names, as its cell or robot, what it was not judged in or by: what a recording or the command names beside that
stands in the provenance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ....scenarios.reading.config import nominal_values
from ...checks.finding import Finding
from ...checks.rules import Rules
from ...recording.recording import Recording
from ..context import SceneContext
from .cell_starts import drawn_keys, open_values


@dataclass(frozen=True)
class Place:
    """The cell of one judged recording.

    Attributes:
        id: the cell that it was judged in, or None.
        provenance: of the survey, plain JSON; None where no cell plays a part.
        notes: what was taken for granted, in sentences.
        findings: a warning where a named cell could not be judged in.
    """

    id: str | None
    provenance: dict[str, Any] | None
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def place_of(recording: Recording, context: SceneContext, commanded: SceneContext | None, rules: Rules) -> Place:
    """Which cell a recording was judged in.

    Args:
        stage: in which it was judged; commanded: the one that the command named, if any.
    """
    cell, named = context.scene.config.cell, recording.cell
    unmeasured: tuple[Finding, ...] = ()
    if cell is not None and cell.surveyed is None and (recording.episode is None or context.made_in is not None):
        details = {"scenario": context.scene.name, "file": f"conf/cell/{cell.id}.yaml"}
        unmeasured = (rules["cell.unknown"].finding(level="WARN", subject=(cell.id,), details=details),)
    wanted = commanded.scene.config.cell if commanded is not None else None
    if context.made_in is not None and cell is not None:
        return Place(cell.id, {**cell.to_dict(), "named_by": "command"}, _played_in(cell.id, context), unmeasured)
    if recording.episode is not None and cell is None and named is not None:
        # metadata may name a cell in which a simulation was not made
        elsewhere = f"the episode names the cell {named}; it was made, and is judged, in no cell"
        return Place(None, {"id": named, "named_by": "recording"}, (elsewhere,))
    if recording.episode is not None:
        return Place(cell.id if cell else None, {**cell.to_dict(), "named_by": "recording"} if cell else None)
    if cell is not None and cell == wanted:
        other = named is not None and named != cell.id
        note = (f"the recording names the cell {named}, the command {cell.id}: judged in {cell.id}",) if other else ()
        return Place(cell.id, {**cell.to_dict(), "named_by": "command"}, note, unmeasured)
    if cell is not None:
        return Place(cell.id, {**cell.to_dict(), "named_by": "recording"}, findings=unmeasured)
    if named is None:
        return Place(None, None)
    if context.named == "default":  # on the bare floor no cell makes a difference
        unknown = {"id": named, "surveyed": None, "named_by": "recording"}
        return Place(None, unknown, (f"no survey of the cell {named} is known, and with it no scenario",))
    note = (f"no survey of the cell {named} is known for {context.scene.name}: judged in the nominal scene",)
    warning = rules["cell.unknown"].finding(level="WARN", subject=(named,), details={"scenario": context.scene.name})
    return Place(None, {"id": named, "surveyed": None, "named_by": "recording"}, note, (warning,))


def _played_in(cell: str, context: SceneContext) -> tuple[str, ...]:
    """What was taken from where, for the commands of an episode that were played in a cell."""
    assert context.made_in is not None
    there, made = context.scene, context.made_in
    survey = there.config.cell
    measured = sorted(survey.measured) if survey is not None else []
    drawn, loose = drawn_keys(there, made), open_values(there)
    where = f"the cell {made.config.cell.id}" if made.config.cell is not None else "the scene as drawn"
    notes = [f"an episode of the simulation, made in {where}: its commands are played in the cell {cell}"]
    known = "as the cell measured it" if survey is not None and survey.surveyed else "as the cell's file says"
    notes.append(
        f"{known}: {', '.join(measured) or 'nothing'}; as the episode drew it: {', '.join(drawn) or 'nothing'}"
    )
    here, own = nominal_values(there.config), nominal_values(made.config)
    dealt = survey.dealt - survey.measured - set(drawn) if survey is not None else frozenset()
    left = sorted(key for key in dealt if here[key] != own.get(key))
    if left:
        notes.append(f"in what is left where the cell measured others: {', '.join(left)}")
    if loose:
        notes.append(f"in {there.config.starts} likely starts within what the survey leaves open: {', '.join(loose)}")
    if made.config.cell is None:
        other = [k for k, v in own.items() if k not in measured and k not in drawn and k not in dealt and here.get(k) != v]
        if other:
            notes.append(
                f"the episode's own scenario says otherwise of {', '.join(other)}: played as the command's scenario says"
            )
    return tuple(notes)
