"""What the report shows beside the findings: curves of the joints concerned, tables, facts, a picture strip."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ....scenarios.sheet.errors import ShiliuError
from ...checks.dynamics import compare_torque
from ...checks.finding import Fact, Finding, Picture, Plot, Table, VerdictEvidence
from ...checks.outcome import there_at_end
from ...checks.playback import error_table
from ...signals.clock import origin_ns
from ..facts import retargeted_report as telling
from ..facts.missed_goal import tables_of
from ..facts.results import Judged, Robustness
from ..verdict import Verdict
from .curves import own_curve

MAX_PLOTS = 6
STRIP = (320, 240)  # pixels of one picture of the strip
DATED_NS = 946_684_800_000_000_000  # the year 2000: no demonstration was recorded before
STRIP_FROM = ("overview", "head")
OF_JOINT = {  # diagram of a joint -> its unit, and the codes that are marked in it
    "joint_position": ("rad", ("joint.position", "joint.jump", "tracking", "stream.frozen", "calibration.offset")),
    "joint_velocity": ("rad/s", ("joint.velocity",)),
    "joint_torque": ("Nm", ("torque.peak", "torque.rated")),
}


def gather(judged: Judged, verdict: Verdict, pictures: bool, curves: Collection[str] = ()) -> VerdictEvidence:
    """Collect the evidence of a judged recording.

    Args:
        pictures: draw some of the replay; curves: codes of which the curve is kept even where they pass.
    """
    recording = judged.recording
    episode = recording.episode
    duration = recording.duration_s
    # a clock that was counted from zero tells no date
    wall = recording.start_ns if recording.kind != "simulation" and (recording.start_ns or 0) > DATED_NS else None
    evidence = VerdictEvidence(duration, wall, segments=list(episode.segments) if episode else [])
    evidence.facts = _facts(judged, duration)
    evidence.tables = _tables(judged)
    evidence.plots = _plots(judged, verdict)
    for finding in verdict.findings:
        if finding.code in curves and finding.code not in evidence.own:
            plot = own_curve(judged, finding)
            evidence.own |= {finding.code: plot} if plot is not None else {}
    if pictures:
        evidence.pictures = _pictures(judged, verdict)
    return evidence


def _facts(judged: Judged, duration: float) -> list[Fact]:
    episode = judged.recording.episode
    facts = [Fact("duration", {"value": duration, **({"control_steps": episode.n_steps} if episode else {})})]
    for stream in judged.recording.streams.values():
        if judged.recording.kind == "simulation" and stream.role == "measured":
            continue
        facts.append(
            Fact(
                "stream",
                {
                    "name": stream.name,
                    "n": stream.n,
                    "rate": stream.rate if np.isfinite(stream.rate) else None,
                    "clock": stream.clock,
                    "unit": stream.unit,
                },
            )
        )
    if judged.replay.tracking is not None and judged.recording.kind != "simulation":
        _, error, names = judged.replay.tracking
        table = error_table(error, names)
        if table:
            worst = max(table, key=lambda name: table[name]["p95"])
            facts.append(Fact("replay_tracking", {"joint": worst, **table[worst]}))
    return [*facts, *telling.facts(judged)]


def _tables(judged: Judged) -> list[Table]:
    tables = list(telling.tables(judged))
    if judged.replay.goal is not None:
        tables += tables_of(judged.replay.goal)
    if judged.replay.tracking is not None and judged.recording.kind != "simulation":
        _, error, names = judged.replay.tracking
        rows = [[name, row["p50"], row["p95"], row["max"], "rad"] for name, row in error_table(error, names).items()]
        tables.append(Table("tracking", ["joint", "p50", "p95", "max", "unit"], rows))
    torques = [s for s in judged.recording.select("measured", "joint_torque") if s.n]
    if torques and "measured" in judged.dynamics.effort and judged.recording.kind != "simulation":
        stream = torques[0]
        t = (stream.time_ns - origin_ns(judged.recording)) * 1e-9
        compared = compare_torque(judged.dynamics.effort["measured"], t, stream.values, stream.names)
        if compared:
            rows = [[name, row["rms"], row["recorded_rms"], row["offset"], "Nm"] for name, row in compared.items()]
            tables.append(Table("torque_compared", ["joint", "rms_difference", "recorded_rms", "offset", "unit"], rows))
    if judged.robustness is not None and judged.robustness.copies:
        tables.append(_copies(judged.robustness))
    return tables


def _copies(robust: Robustness) -> Table:
    """The varied copies, one a row: what each changed (places in mm, delays in ms) and what came of it."""
    names = list(robust.copies[0])
    size = {name: 1.0 if "." not in name else 1e3 for name in names}
    rows: list[list[Any]] = []
    for k, (copy, outcome) in enumerate(zip(robust.copies, robust.outcomes)):
        there = there_at_end(outcome)
        missed = next((name for name in outcome["subgoals"] if name not in there), None)
        why = (outcome["failure"] or missed or "").removeprefix("scenario.") or None
        rows.append([k + 1, *(size[name] * copy[name] for name in names), outcome["success"], why])
    return Table("robustness", ["copy", *names, "success", "why"], rows)


def _plots(judged: Judged, verdict: Verdict) -> list[Plot]:
    """What each finding that matters looks at, and angles (of a speed or torque finding, that too) of joints that it names."""
    wanted: list[tuple[str, str | Finding]] = []
    ranked = sorted(
        verdict.findings,
        key=lambda f: (
            verdict.root is None or f is not verdict.findings[verdict.root],
            f.level != "FAIL",
            f.level != "WARN",
        ),
    )
    for finding in ranked:
        if finding.level not in ("FAIL", "WARN") and finding.code not in ("joint.velocity", "tracking"):
            continue
        if finding.level in ("WARN", "FAIL"):
            wanted.append(("own", finding))
        for joint in finding.subject:
            if not any(joint in motion.names for motion in judged.motions.by_role.values()):
                continue
            kinds = [kind for kind in ("joint_velocity", "joint_torque") if finding.code in OF_JOINT[kind][1]]
            wanted += [(kind, joint) for kind in (*kinds, "joint_position")]
    plots = list(telling.plots(judged))
    done: list[tuple[str, str]] = []
    for kind, what in wanted:
        if len(plots) >= MAX_PLOTS:
            break
        if isinstance(what, Finding):
            plot = own_curve(judged, what)
        elif (kind, what) not in done:
            done.append((kind, what))
            plot = _plot(judged, kind, what, verdict.findings)
        else:
            continue
        plots += [plot] if plot is not None else []
    return plots


def _plot(judged: Judged, kind: str, joint: str, findings: list[Finding]) -> Plot | None:
    unit, codes = OF_JOINT[kind]
    motions, shown, robot = judged.motions, judged.rollouts.shown, judged.scene.robot
    limit = judged.context.limits[joint] if joint in judged.context.limits else None
    series: list[tuple[str, np.ndarray, np.ndarray, Sequence[str]]]  # name, times, columns and their joints
    if kind == "joint_position":
        series = [(role, one.t, one.q, one.names) for role, one in motions.by_role.items()]
        if shown is not None:
            t = judged.rollouts.offset + np.arange(len(shown.qpos)) * judged.scene.control_timestep
            series.append(("replayed", t, shown.qpos[:, judged.scene.joint_index], robot.joint_names))
        ends = [] if limit is None else [("lower", limit.lower), ("upper", limit.upper)]
    elif kind == "joint_velocity":
        series = [(role, one.t, one.v, motions.by_role[role].names) for role, one in motions.resampled.items()]
        fastest = float(judged.context.limits.column([joint], "speed_larger")[0])
        ends = [("limit", fastest), ("limit", -fastest)]
    else:
        series = [(role, one.t, one.torque, one.names) for role, one in judged.dynamics.effort.items()]
        ends = [] if limit is None else [("peak", limit.torque_peak), ("peak", -limit.torque_peak)]
    traces = [{"name": name, "t": t, "y": x[:, names.index(joint)]} for name, t, x, names in series if joint in names]
    if not traces:
        return None
    marks = [
        {"t0": f.t0, "t1": f.t1 if f.t1 is not None else f.t0, "code": f.code}
        for f in findings
        if f.code in codes and joint in f.subject and f.level in ("WARN", "FAIL") and f.t0 is not None
    ]
    return Plot(kind, joint, unit, traces, [{"name": name, "value": end} for name, end in ends if np.isfinite(end)], marks)


def _pictures(judged: Judged, verdict: Verdict) -> list[Picture]:
    """Four moments of the replay: start, before and at the cause (or evenly spread), end. None where OpenGL is missing."""
    rollouts, scene, shown, draw = judged.rollouts, judged.scene, judged.rollouts.shown, judged.rollouts.draw
    if shown is None or draw is None:
        return []
    camera = next(
        (f"observation.images.{name}" for name in STRIP_FROM if f"observation.images.{name}" in scene.schema.cameras),
        None,
    )
    if camera is None:
        return []
    import imageio.v3 as iio

    from ....envs.rendering import SMALL, Painter

    dt, last = scene.control_timestep, len(shown.qpos) - 1
    root = verdict.findings[verdict.root] if verdict.root is not None else None
    if root is not None and root.at is not None:
        at = min(max(root.at - rollouts.offset, 0.0), last * dt)
        moments = {"start": 0.0, "before": max(at - 0.5, 0.0), "cause": at, "end": last * dt}
    else:
        moments = {"start": 0.0, "third": last * dt / 3, "two_thirds": last * dt * 2 / 3, "end": last * dt}
    if judged.motions.carried is not None:
        moments = {
            caption: min(max(t - rollouts.offset, 0.0), last * dt) for caption, t in telling.moments(judged).items()
        }
    shots = []
    try:
        with Painter(scene, SMALL) as painter:
            for caption, t in sorted(moments.items(), key=lambda item: item[1]):
                qpos, kept = (rows[min(round(t / dt), last)] for rows in (shown.qpos, shown.kept))
                if not np.isfinite(qpos).all():
                    continue
                image = painter.picture(draw.values, qpos, scene.schema.cameras[camera].camera, *STRIP, kept=kept)
                if judged.motions.carried is not None:
                    seen = painter.model(draw.values), qpos, scene.schema.cameras[camera].camera
                    image = telling.with_hands(judged, image, *seen, t + rollouts.offset)
                png = io.BytesIO()
                iio.imwrite(png, image, extension=".png")
                shots.append(Picture(t + rollouts.offset, caption, png.getvalue()))
    except ShiliuError:
        return []
    return shots
