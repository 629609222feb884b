"""Draws one joint's command before and after a repair, with its limits, as an SVG that stands alone.

`python docs/repair_figure.py RECORDING COPY JOINT OUT.svg [t0 t1] [angle]`: a recording (file or dataset), its repaired copy (a
dataset of out/repaired), the joint, from when to when; `angle` leaves the speed out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from shiliu.replay.checks.kinematics import motion_of
from shiliu.replay.edits.command import command_of
from shiliu.replay.formats import read
from shiliu.replay.judge.context import Contexts
from shiliu.replay.recording.recording import Recording
from shiliu.replay.report.svg import GRID, INK, MUTED, WIDTH, label, rule, tag, ticks

HEIGHT, LEFT, RIGHT, GAP = 190.0, 64.0, 16.0, 46.0
BEFORE, AFTER, LIMIT = "#b3261e", "#0b7a75", "#52606d"


def main(words: list[str]) -> None:
    alone = "angle" in words
    source, copy, joint, out, *times = (word for word in words if word != "angle")
    contexts, panels = Contexts(), []
    curves = []
    for path in (source, copy):
        recording = next(item for item in read(path) if isinstance(item, Recording))
        context = contexts.of(recording)
        command = command_of(recording, context.scene.robot.joint_names)
        if command is None:
            raise SystemExit(f"{path} has no command to draw")
        j, motion = command.joint_names.index(joint), motion_of(command.t, command.q, context.rules)
        start = float(command.t[0]) if path == copy else 0.0
        curves.append((command.t, command.q[:, j], motion.t, motion.v[:, j], start))
    first = curves[0][0][0]
    curves[1] = tuple(c + first - curves[1][4] if i in (0, 2) else c for i, c in enumerate(curves[1][:4]))
    span = (float(times[0]), float(times[1])) if times else (float(first), float(max(c[0][-1] for c in curves)))
    limit = context.limits[joint]
    both = ((BEFORE, "", "recorded"), (AFTER, "6 3", "repaired"))
    angles = [(c[0], c[1], *how) for c, how in zip(curves, both)]
    speeds = [(c[2], c[3], *how) for c, how in zip(curves, both)]
    panels.append(panel(0, f"{joint}: commanded angle [rad]", angles, (limit.lower, limit.upper), span))
    bound = limit.speed_larger
    if not alone:
        panels.append(panel(1, f"{joint}: speed as it is judged [rad/s]", speeds, (-bound, bound), span))
    height = len(panels) * (HEIGHT + GAP) + 10.0
    style = tag("style", "text{font:12px sans-serif}")
    white = tag("rect", width=WIDTH, height=height, fill="#fff")
    view = f"0 0 {WIDTH:.0f} {height:.0f}"
    body = tag("svg", style, white, *panels, xmlns="http://www.w3.org/2000/svg", viewBox=view, role="img")
    Path(out).write_text(body + "\n", encoding="utf-8")


def panel(row: int, title: str, curves: list, limits: tuple[float, float], span: tuple[float, float]) -> str:
    """One diagram: curves (t, y, colour, dashes, name) between two times, limits where they are near."""
    top = row * (HEIGHT + GAP) + 30.0
    shown = [(t[(t >= span[0]) & (t <= span[1])], y[(t >= span[0]) & (t <= span[1])], *how) for t, y, *how in curves]
    low = min(float(np.nanmin(y)) for _, y, *_ in shown)
    high = max(float(np.nanmax(y)) for _, y, *_ in shown)
    room = 0.08 * (high - low) or 0.1
    near = [bound for bound in limits if low - 0.5 * (high - low) <= bound <= high + 0.5 * (high - low)]
    low, high = min([low, *near]) - room, max([high, *near]) + room

    def x(t: float) -> float:
        return LEFT + (t - span[0]) / (span[1] - span[0]) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * HEIGHT

    pieces = [label(LEFT, top - 10.0, title, INK)]
    for value in ticks(low, high, 5):
        pieces += [
            rule(LEFT, y(value), WIDTH - RIGHT, y(value), GRID),
            label(LEFT - 8.0, y(value) + 4.0, f"{value:g}", MUTED, "end"),
        ]
    for value in ticks(*span, 10):
        pieces.append(label(x(value), top + HEIGHT + 16.0, f"{value:g} s", MUTED, "middle"))
    for bound in near:
        pieces.append(rule(LEFT, y(bound), WIDTH - RIGHT, y(bound), LIMIT, stroke_dasharray="2 3"))
        pieces.append(label(WIDTH - RIGHT - 4.0, y(bound) - 4.0, f"limit {bound:.3g}", LIMIT, "end"))
    for place, (t, values, colour, dashes, name) in enumerate(shown):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(t, values) if np.isfinite(b))
        pieces.append(
            tag("polyline", points=points, fill="none", stroke=colour, stroke_width=1.8, stroke_dasharray=dashes)
        )
        pieces.append(label(WIDTH - RIGHT - 150.0 + 78.0 * place, top - 10.0, name, colour))
    return "".join(pieces)


if __name__ == "__main__":
    main(sys.argv[1:])
