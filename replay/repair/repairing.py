"""From a refused recording to its nearest feasible copy: change the command, perform or send it again, judge it again.

Only failures of the motion itself are mended: too fast, past a range, a step in the command, a wrong unit. An episode of our
own simulation is performed again from its own start, so that the copy is a faithful record of what the changed command does.
What a real robot measured belongs to the command that it was given: a copy of a real recording holds the changed command
alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...scenarios.draws.variation import of_episode
from ...scenarios.sheet.errors import ShiliuError
from ..checks.finding import Finding
from ..edits.bounds import Bounds
from ..edits.changes import BeyondBounds, slower_by
from ..edits.command import Command, command_of
from ..edits.planning import Change, change_motion, conversion, thrown_off
from ..edits.warp import Warp
from ..judge.context import SceneContext
from ..judge.verdict import Verdict
from ..recording.provenance import told_of_copy
from ..recording.recording import Recording, SimEpisode, Stream
from ..rollout.episode import as_recording, replayed

Judge = Callable[[Recording], Verdict]

MENDS = frozenset({"slow", "clip", "spread", "unit"})  # kinds of fixes that are tried


@dataclass
class Repair:
    """What came of one repair.

    Attributes:
        applied: the changes, in order, as data.
        verdict: of the copy; None where none was made.
        recording: the copy; its `episode` is set for an episode of our own.
        reason: why there is no feasible copy: `nothing_to_mend`, `other_fault`, `no_command`, `other_robot`, `beyond_bounds`,
            `still_fails`, `cannot_be_performed`; codes: what stands in the way.
    """

    applied: list[Change] = field(default_factory=list)
    verdict: Verdict | None = None
    recording: Recording | None = None
    reason: str | None = None
    codes: list[str] = field(default_factory=list)
    warps: list[Warp] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return self.verdict is not None and self.verdict.verdict == "FEASIBLE"

    def to_dict(self, episode: str | None = None) -> dict[str, Any]:
        """The line's `repair`: what was changed, what the copy is judged, and where it is."""
        line: dict[str, Any] = {
            "verdict": self.verdict.verdict if self.verdict is not None else None,
            "applied": [dict(change) for change in self.applied],
            "longer_s": float(sum(warp.longer_s for warp in self.warps)),
        }
        if self.reason:
            line |= {"reason": self.reason, "codes": list(self.codes)}
        return line | {"episode": episode}


def causes(verdict: Verdict) -> list[Finding]:
    """What failed and follows from nothing."""
    return [f for f in verdict.findings if f.failed and f.because_of is None]


def repaired(
    recording: Recording, verdict: Verdict, context: SceneContext, judge: Judge, bounds: Bounds | None = None
) -> Repair:
    """Look for the nearest feasible copy of a refused recording; the recording itself stays as it is.

    Args:
        verdict: of the recording.
        stage: where it was judged, and where the copy is performed.
        judge: judges a copy in full.
        bounds: beyond which nothing is changed.
    """
    bounds = bounds or Bounds()
    if verdict.verdict not in ("INFEASIBLE", "UNSOUND"):
        return Repair(reason="nothing_to_mend")
    if context.embodiment is not None:
        return Repair(reason="other_robot", codes=[f.code for f in causes(verdict)])
    if context.made_in is not None:
        return Repair(reason="played_elsewhere", codes=[f.code for f in causes(verdict)])
    first = _tried(recording, verdict, context, judge, bounds, spreading=True)
    if first.done or not any(change["kind"] == "spread" for change in first.applied):
        return first
    # spread over time a step can be as far off its course as it was; slowed, it is not
    second = _tried(recording, verdict, context, judge, bounds, spreading=False)
    return second if second.done else first


def _tried(
    recording: Recording, verdict: Verdict, context: SceneContext, judge: Judge, bounds: Bounds, spreading: bool
) -> Repair:
    """Change and judge again, until nothing fails or nothing helps."""
    made, current, judged = Repair(), recording, verdict
    thrown = thrown_off(verdict.findings)
    for _ in range(bounds.rounds):
        failed = causes(judged)
        others = [f.code for f in failed if (f.fix or {}).get("kind") not in MENDS]
        if others or not failed:
            made.reason, made.codes = "still_fails" if made.applied else "other_fault", others
            return made
        try:
            step = _changed(current, failed, context, bounds, spreading, thrown)
        except BeyondBounds as beyond:
            made.reason, made.codes = "beyond_bounds", [f.code for f in failed]
            made.applied.append({**beyond.what, "beyond": True})
            return made
        except ShiliuError:
            made.reason, made.codes = "cannot_be_performed", [f.code for f in failed]
            return made
        if step is None:
            made.reason, made.codes = "no_command", [f.code for f in failed]
            return made
        current, changes, warps = step
        if not changes:
            break
        made.applied += changes
        made.warps += warps
        judged = judge(current)
        made.verdict = judged
        if judged.verdict == "FEASIBLE":
            made.recording = _marked(current, recording, verdict, made)
            if made.recording.episode is None:
                made.verdict = judge(made.recording)  # as it is written
                made.reason = None if made.done else "still_fails"
            return made
        if judged.verdict not in ("INFEASIBLE", "UNSOUND"):
            break
    made.reason = "still_fails"
    made.codes = list(dict.fromkeys(f.code for f in causes(judged))) or [
        r.reason for r in judged.stages.values() if r.reason
    ]
    return made


def _changed(
    recording: Recording, failed: list[Finding], context: SceneContext, bounds: Bounds, spreading: bool, thrown: bool
) -> tuple[Recording, list[Change], list[Warp]] | None:
    """The recording with its command changed, or None where it has none that may be."""
    units = [f for f in failed if (f.fix or {})["kind"] == "unit"]
    if units:
        return _converted(recording, units[0], context)
    command = command_of(recording, context.scene.robot.joint_names)
    if command is None:
        return None
    command, changes, warps = change_motion(command, failed, context.capability, bounds, spreading, thrown)
    for finding in failed:  # what no limit of the motion tells
        fix = finding.fix or {}
        if fix["kind"] == "slow" and finding.code == "tracking" and not changes:
            command, made, warp = slower_by(command, fix["t0"], fix["t1"], fix["factor"], bounds)
            changes += made
            warps.append(warp)
    if not changes:
        return recording, [], []
    if recording.episode is not None:
        return _performed(recording, command, warps, context), changes, warps
    return _sent(recording, command, warps), changes, warps


def _performed(recording: Recording, command: Command, warps: list[Warp], context: SceneContext) -> Recording:
    """The changed command performed from the episode's own start: what the record then says is what happened."""
    episode, scene = recording.episode, context.scene
    assert episode is not None
    draw = of_episode(scene, episode)
    if draw is None or tuple(episode.action_names) != scene.schema.action.names:
        raise ShiliuError("this episode was made in another scene; it cannot be performed again.")
    made = replayed(scene, episode, draw, command.x, "repair", threads=1)
    made.cell, made.metadata = episode.cell, copy.deepcopy(episode.metadata)
    made.segments = [{**s, "t0": _at(s["t0"], warps), "t1": _at(s["t1"], warps)} for s in episode.segments]
    if isinstance(made.metadata.get("segments"), list):
        made.metadata["segments"] = [
            {**s, "t0": _at(s["t0"], warps), "t1": _at(s["t1"], warps)} for s in made.metadata["segments"]
        ]
    subgoals = made.label.get("subgoals")
    if isinstance(subgoals, Mapping):
        made.label = {
            **made.label,
            "subgoals": {name: None if t is None else _at(t, warps) for name, t in subgoals.items()},
        }
    if isinstance(undone := made.label.get("undone"), Mapping):
        made.label = {**made.label, "undone": {name: _at(t, warps) for name, t in undone.items()}}
    return as_recording(recording.name, made, scene)


def _at(t: float, warps: list[Warp]) -> float:
    for warp in warps:
        t = float(warp.new(np.array([t]))[0])
    return round(t, 6)


def _sent(recording: Recording, command: Command, warps: list[Warp]) -> Recording:
    """The changed command of a real recording, its other commands kept in time with it; nothing that was measured."""
    from ..signals.channels import pair
    from ..signals.clock import origin_ns, seconds

    first, _ = pair(recording)
    assert first is not None
    origin = origin_ns(recording)
    streams: dict[str, Stream] = {}
    for stream in recording.select("command"):
        t = seconds(stream, origin)
        for warp in warps:
            t = warp.new(t)
        if stream is first:
            t, values = command.t, command.x
        else:
            values = stream.values
        clock = "capture" if stream.clock == "grid" and warps else stream.clock
        times = stream.time_ns if not warps else origin + np.round(t * 1e9).astype(np.int64)
        # only the clock that was judged by is known of what was never sent
        clocks: dict[str, Any] = {"capture_ns": None, "receive_ns": None, "device_ns": None}
        clocks["capture_ns" if clock == "grid" else f"{clock}_ns"] = times
        meta = {key: value for key, value in stream.meta.items() if key not in ("publisher", "publishers", "sequence")}
        streams[stream.name] = replace(stream, values=values, clock=clock, meta=meta, **clocks)
    left = [name for name in recording.streams if name not in streams]
    note = f"left out, because they belong to the command that was recorded: {', '.join(left)}" if left else None
    known = [n for n in recording.notes if not n.startswith("left out, because")]
    return replace(recording, streams=streams, notes=[*known, *([note] if note else [])], pictures={})


def _converted(
    recording: Recording, finding: Finding, context: SceneContext
) -> tuple[Recording, list[Change], list[Warp]] | None:
    """The stream that is in another unit than it says, in its own: an episode's in radians, of a real one the word alone."""
    if finding.details.get("kind") == "other":
        return None  # no unit that is known
    change = conversion(finding)
    unit, factor = change["unit"], change["multiply"]
    episode = recording.episode
    if episode is None:
        name = finding.details.get("stream")
        if name not in recording.streams:
            return None
        streams = dict(recording.streams)
        streams[str(name)] = replace(streams[str(name)], unit=unit)
        return replace(recording, streams=streams), [change], []
    command = command_of(recording, context.scene.robot.joint_names)
    if command is None or finding.details.get("role") != "command":
        return None
    return _performed(recording, command.with_q(command.q * factor), [], context), [change], []


def _marked(copy_: Recording, original: Recording, verdict: Verdict, made: Repair) -> Recording:
    """The copy, saying in itself that it is one, of what, and what was changed."""
    root = verdict.findings[verdict.root] if verdict.root is not None else None
    what = {
        "from": original.source,
        "sha256": original.sha256,
        "was": verdict.verdict,
        "cause": root.code if root is not None else None,
        "changes": made.applied,
        "longer_s": float(sum(warp.longer_s for warp in made.warps)),
    }
    note = told_of_copy(what)
    if copy_.episode is None:
        metadata = {**copy_.metadata, "repaired": what}
        return replace(copy_, metadata=metadata, notes=[*copy_.notes, note])
    episode: SimEpisode = copy.copy(copy_.episode)
    was = original.episode.provenance if original.episode is not None else {}
    episode.provenance = {**was, "made_by": "repair", "made_from": was.get("made_by"), "repaired": what}
    return replace(copy_, episode=episode, notes=[*copy_.notes, note])
