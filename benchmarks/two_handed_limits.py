"""Up to what mass do two hands hold a crate level, at each height? By the judge's own arithmetic and limits, at rest.

    python benchmarks/two_handed_limits.py [out=docs/scenarios/material_handling_limits.svg]

For each height of a crate's underside a posture is sought in which both hands hold it as in `material_handling`: through the grip
holes, or, where that is too low for them, across the rim; with no more of a squat than it takes. Then masses are hung into the
hands, each half at its grip, as `replay/judge/facts/payload.py` does, and what comes out of `checks/dynamics.py` is held against the
limits of the robot's sheet: `torque.peak` of the arms, `balance` over the soles, `payload` of a hand. The judge does not look at
the legs of a robot that moves; here statics gives their torque, half of the floor's force through each sole, at the
zero-moment point. The picture colours each height and mass by the worst of arms, hands, knees, hips and balance, and names what
ends it. The ankles are a line of their own: the simulated trunk stays over them, whatever the hands hold, where a real robot
leans back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mujoco
import numpy as np
from shiliu.replay.checks.dynamics import effort, margin_inside, sole_polygon
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.operator.limbs.arm import Arm
from shiliu.replay.operator.limbs.geometry import turned_between
from shiliu.replay.report.svg import INK, MUTED, box, label, rule, tag
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.replay.signals.signal import Motion
from shiliu.scenarios.reactions.liquid import GRAVITY
from shiliu.scenarios.robots.mobile import followers, legs_of
from shiliu.scenarios.robots.postures import posture
from shiliu.scenarios.robots.robot import Robot, load_robot

BAR, ASIDE = 0.1355, 0.2845  # m, a grip over the crate's underside, and from its middle
THROUGH, RIM = 0.433, 0.478  # m, the crate's middle before the robot in the two ways to hold it
SLANT, PITCH = 0.87, np.deg2rad(40.0)  # of the fingers
HEIGHTS = np.arange(0.30, 1.4001, 0.05)
MASSES = np.arange(1.0, 24.01, 0.5)
SQUATS = (0.0, 0.03, 0.06, 0.10, 0.13, 0.16, 0.20, 0.24, 0.27)  # m
NEAR, TURNED = 0.004, 0.04  # m and rad within which a posture holds the crate
EMPTY, SCENARIO = 1.8, 6.0  # kg, the range of the scenario
MARKS = (
    (0.541, "pallet stack"),
    (0.65, "board A1"),
    (0.783, "stack on A1"),
    (0.85, "table"),
    (0.95, "board B2"),
    (1.25, "board C3"),
)
GOOD, WARNED, REFUSED, BEYOND = "#cfe8d5", "#f6e3b4", "#f1c4bf", "#e4e7eb"
LEGEND = (
    (GOOD, "within all limits"),
    (WARNED, "WARN: beyond what a motor gives for long, a hand's payload, or 20 mm of balance"),
    (REFUSED, "FAIL: beyond a motor's peak, or off the soles"),
)


@dataclass(frozen=True)
class Held:
    """A posture: height of the crate's underside and squat [m], how it is held, joint -> angle of both arms [rad]."""

    height: float
    squat: float
    way: str
    angles: dict[str, float]
    middle: float


def frames(way: str) -> Iterator[np.ndarray]:
    """Hand frames of the left hand, one for each half of a turn."""
    if way == "through":
        z = np.array([np.sin(SLANT), -np.cos(SLANT), 0.0])
        across = np.array([0.0, 0.0, 1.0])
    else:
        z = np.array([np.cos(PITCH), 0.0, -np.sin(PITCH)])
        across = np.array([0.0, 1.0, 0.0])
    for y in (across, -across):
        yield np.stack([np.cross(y, z), y, z], axis=1)


def held(robot: Robot, arm: Arm, height: float) -> Held | None:
    """How a crate is held there, by as little of a squat as it takes; None where it is out of reach."""
    for squat in SQUATS:
        for way, middle in (("through", THROUGH), ("rim", RIM)):
            at = np.array([middle, ASIDE, height + BAR + squat])
            for frame in frames(way):
                for seed in arm.benches:
                    q, missed = arm.solve(at, frame, seed, seed, 0.5)
                    if missed < NEAR and turned_between(arm.hand(q)[1], frame) < TURNED:
                        signs = np.sign(posture("elbow_out", "right", robot.name) / arm.posture("elbow_out"))
                        angles = dict(zip(robot.arm_of("left"), q)) | dict(zip(robot.arm_of("right"), signs * q))
                        return Held(height, squat, way, {k: float(v) for k, v in angles.items()}, middle)
    return None


def leg_torques(robot: Robot, model: mujoco.MjModel, row: np.ndarray, ahead: float, weight: float) -> dict[str, float]:
    """Knee, hip and ankle of the left leg [Nm] by statics, half of the weight [N] rising through the sole at `ahead` [m]."""
    data = mujoco.MjData(model)
    data.qpos[:] = row
    mujoco.mj_kinematics(model, data)
    leg = legs_of(robot.sheet)[0]
    thigh, shank = (model.joint(name).bodyid[0] for name in (leg.hip, leg.knee))
    foot = model.body(leg.foot).id
    below: dict[str, tuple[float, list[int]]] = {
        leg.hip: (data.xpos[thigh, 0], [thigh, shank, foot]),
        leg.knee: (data.xpos[shank, 0], [shank, foot]),
        "leg_l5_joint": (data.xpos[foot, 0], [foot]),
    }
    found = {}
    for name, (x, bodies) in below.items():
        own = sum(float(model.body_mass[b]) * GRAVITY * (data.xipos[b, 0] - x) for b in bodies)
        found[name] = 0.5 * weight * (ahead - x) - own
    return found


def rows_of(model: mujoco.MjModel, one: Held) -> tuple[tuple[str, ...], np.ndarray]:
    """Joint names and angles of a posture: arms, height, and the legs that follow it."""
    values = one.angles | {"base_height": -one.squat}
    values |= {name: float(v[0]) for name, v in followers(model, np.array([-one.squat])).items()}
    return tuple(values), np.array(list(values.values()))


def judged(robot: Robot, model: mujoco.MjModel, one: Held, mass: float) -> list[tuple[float, float, str]]:
    """What speaks against a posture with a load: share of the bound of a warning and of a refusal, and its name."""
    names, x = rows_of(model, one)
    carrying = [name for name in names if name not in robot.arm_names]
    t, none = np.array([0.0, 0.02]), np.zeros((2, len(x)))
    payload = {}
    for side in ("left", "right"):
        claw = f"{side}_claw"
        data = mujoco.MjData(model)
        data.qpos[:] = pose(model, names, x)
        mujoco.mj_kinematics(model, data)
        body = data.body(claw)
        place = body.xmat.reshape(3, 3).T @ (data.site(f"{side}_tcp").xpos - body.xpos)
        payload[claw] = (0.5 * mass, place.tolist())
    needed = effort(model, Motion(t, np.stack([x, x]), none, none), names, payload=payload, carrying=carrying)
    limits, rules = load_limits(robot.folder), load_rules()
    limit, peak = (limits.column(needed.names, f"torque_{what}") for what in ("limit", "peak"))
    torque = np.abs(needed.torque[0])
    found = [(float(w), float(f), name) for name, w, f in zip(needed.names, torque / limit, torque / peak)]
    sole = robot.sheet["sole"]
    margin = float(margin_inside(sole_polygon(model, sole["links"], sole["x"], sole["y"]), needed.pressure)[0])
    enough = rules["balance"].warn
    assert isinstance(enough, float)
    found.append((2.0 - margin / enough if margin < enough else 0.0, 2.0 if margin < 0.0 else 0.0, "balance"))
    most = float(robot.sheet["payload"]["limit"])
    found.append((0.5 * mass / most, 0.0, "payload"))
    # the ankles last: they are drawn apart
    weight = (float(model.body_mass.sum()) + mass) * GRAVITY
    row = pose(model, names, x)
    for name, nm in leg_torques(robot, model, row, float(needed.pressure[0, 0]), weight).items():
        lim, top = (float(limits.column([name], f"torque_{what}")[0]) for what in ("limit", "peak"))
        found.append((abs(nm) / lim, abs(nm) / top, name))
    return found


def pose(model: mujoco.MjModel, names: tuple[str, ...], x: np.ndarray) -> np.ndarray:
    """(nq,) the whole model's position."""
    q = model.qpos0.copy()
    for name, value in zip(names, x):
        q[model.joint(name).qposadr[0]] = value
    return q


def called(name: str) -> str:
    """A joint in a reader's words."""
    if not name.endswith("_joint"):
        return name
    words = {"l4": "knee", "l3": "hip", "l5": "ankle"} if name.startswith("leg") else {
        "1": "shoulder", "2": "shoulder", "3": "upper arm", "4": "elbow", "5": "forearm", "6": "wrist", "7": "wrist"}  # fmt: skip
    key = name.split("_")[1]
    return words.get(key if name.startswith("leg") else key[-1], name)


def drawn(
    cells: dict[tuple[float, float], tuple[str, str]], ways: dict[float, Held | None], ankles: dict[float, float]
) -> str:
    """The picture as an SVG that stands alone."""
    left, top, w, h = 170.0, 46.0, 14.0, 22.0
    words: list[str] = []
    heights = sorted(ways, reverse=True)
    bottom, right = top + h * len(heights), left + w * len(MASSES)
    pieces = [tag("style", "text{font:12px sans-serif}"), box(0.0, 0.0, right + 200.0, bottom + 112.0, fill="#fff")]
    pieces.append(label(left, 22.0, "What two hands hold level, at rest: height × mass", INK, font_weight="bold"))
    for row, height in enumerate(heights):
        y, one = top + h * row, ways[height]
        pieces.append(label(left - 10.0, y + 15.0, f"{height:.2f} m", MUTED, "end"))
        last = ""
        for column, mass in enumerate(MASSES):
            colour, why = cells[(height, mass)]
            pieces.append(box(left + w * column, y, w - 0.6, h - 0.8, fill=colour))
            if why != last and why and mass > 1.0:
                words.append(label(left + w * column + 3.0, y + 15.0, why, INK, font_size="10px"))
            last = why
        note = "out of reach"
        if one is not None:
            squat = f", squat {1000 * one.squat:.0f} mm" if one.squat else ""
            note = ("rim" if one.way == "rim" else "grip holes") + squat
        pieces.append(label(right + 34.0, y + 15.0, note, MUTED))
    pieces += words
    for row, height in enumerate(heights):
        if height in ankles:
            x = left + w * ((ankles[height] - MASSES[0]) / (MASSES[1] - MASSES[0]))
            pieces.append(rule(x, top + h * row, x, top + h * (row + 1), "#3b5b92", stroke_width="2.5"))
    step = float(HEIGHTS[1] - HEIGHTS[0])
    for height, name in MARKS:
        y = top + h * ((heights[0] - height) / step + 0.5)
        pieces.append(label(left - 60.0, y + 4.0, f"{name} ▸", INK, "end", font_size="11px"))
    for mass, name in (
        (EMPTY, "1.8 kg: empty"),
        (SCENARIO, "6 kg: the scenario's most"),
        (12.0, "12 kg"),
        (16.0, "16 kg: overload"),
    ):
        x = left + w * ((mass - MASSES[0]) / (MASSES[1] - MASSES[0]) + 0.5)
        pieces += [
            rule(x, top, x, bottom, INK, stroke_dasharray="4 3"),
            label(x, top - 6.0, name, INK, "middle", font_size="10px"),
        ]
    for mass in range(2, 25, 2):
        x = left + w * ((mass - MASSES[0]) / (MASSES[1] - MASSES[0]) + 0.5)
        pieces.append(label(x, bottom + 16.0, f"{mass}", MUTED, "middle"))
    pieces.append(
        label(left, bottom + 36.0, "crate and load [kg], in the middle; height of the crate's underside", MUTED)
    )
    for i, (colour, text) in enumerate(LEGEND):
        y = bottom + 46.0 + 16.0 * i
        pieces += [box(left, y, 12.0, 12.0, fill=colour), label(left + 18.0, y + 10.0, text, INK)]
    pieces.append(rule(left + 6.0, bottom + 94.0, left + 6.0, bottom + 106.0, "#3b5b92", stroke_width="2.5"))
    pieces.append(
        label(left + 18.0, bottom + 104.0, "the ankles' lasting limit, where the trunk stays upright over them", INK)
    )
    view = f"0 0 {right + 200.0:.0f} {bottom + 112.0:.0f}"
    return tag("svg", *pieces, xmlns="http://www.w3.org/2000/svg", viewBox=view, role="img")


def main(words: list[str]) -> None:
    settings = dict(word.split("=", 1) for word in words)
    out = Path(settings.get("out", "docs/scenarios/material_handling_limits.svg"))
    robot = load_robot(base="mobile")
    model = robot.spec().compile()
    arm = Arm(robot, "left", posture("ready", "left", robot.name), 1 / 30, 0.1, 100.0, np.random.default_rng(0))
    ways = {float(round(h, 3)): held(robot, arm, float(h)) for h in HEIGHTS}
    cells: dict[tuple[float, float], tuple[str, str]] = {}
    ankles: dict[float, float] = {}
    print("height  held        squat   warned from                           refused from")
    for height, one in ways.items():
        ends = {"warn": "", "fail": ""}
        for mass in MASSES:
            if one is None:
                cells[(height, mass)] = (BEYOND, "")
                continue
            *shares, ankle = judged(robot, model, one, float(mass))
            if ankle[0] > 1.0:
                ankles.setdefault(height, float(mass))
            warned, failed = max(shares), max(shares, key=lambda s: s[1])
            bad, much = failed[1] > 1.0, warned[0] > 1.0
            why = called(failed[2]) if bad else called(warned[2]) if much else ""
            cells[(height, mass)] = (REFUSED if bad else WARNED if much else GOOD, why)
            for key, is_so in (("warn", much), ("fail", bad)):
                if is_so and not ends[key]:
                    ends[key] = f"{mass:.1f} kg by {why} ({warned[2] if key == 'warn' else failed[2]})"
        way, squat, ankle_at = (one.way, one.squat, ankles.get(height)) if one else ("beyond", 0.0, None)
        print(f"{height:.2f} m  {way:10}  {squat:.2f} m  {ends['warn']:36}  {ends['fail']:36}  ankles {ankle_at} kg")
    out.write_text(drawn(cells, ways, ankles) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
