"""Three devices that nobody measured, as clean LeRobot sets with the mapping and the robot that name their columns.

    python benchmarks/invented_devices.py out=build/invented
    cd build/invented; python ../../benchmarks/generated.py kinds=real real=sets sets=exact,servo,leader seed=SEED count=300

exact   seven joints and a gripper at 30 Hz, 0.12 s behind their commands and nothing else
servo   the same at 50 Hz: servos of 70 ms that sag, encoders of 12 bits, speeds, torques, a gripper that stops at things
leader  two arms of six joints that follow a leader at 50 Hz, one of which rests in a third of the takes

out=build/invented  gets `sets` and `conf`
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from generated_faults.compose import REAL
from generated_faults.sources import TIME, SourceSet, SourceTake
from generated_faults.writing import write_takes
from given_words import given_words
from scipy.signal import lfilter

ARM = tuple(f"joint{k}" for k in range(1, 8))
LIMB = ("waist", "shoulder", "elbow", "forearm", "wrist", "roll")
TAKES, TASK = 8, "Pick the block and put it on the plate."
TURN = 2.0 * np.pi
Part = tuple[str, tuple[str, ...], str, str]


def main() -> int:
    """Exit 0; 2 where it was asked wrongly."""
    given = given_words({"out": "build/invented"}, sys.argv[1:], ("out",))
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    root = Path(given["out"])
    arm = [("arm", ARM, "joint_position", "rad"), ("gripper", ("gripper",), "gripper", "1")]
    exact = {"observation.state": arm, "action": arm}
    write(root, "exact", 30, [exactly(k) for k in range(TAKES)], exact)
    more = {
        "observation.velocity": [("velocity", ARM, "joint_velocity", "rad/s")],
        "observation.effort": [("effort", ARM, "joint_torque", "Nm")],
    }
    write(root, "servo", 50, [served(k) for k in range(TAKES)], exact | more)
    both = [
        part
        for side in ("left", "right")
        for part in (
            (side, tuple(f"{side}_{name}" for name in LIMB), "joint_position", "rad"),
            (f"{side}_gripper", (f"{side}_gripper",), "gripper", "1"),
        )
    ]
    write(root, "leader", 50, [led(k) for k in range(TAKES)], {"observation.state": both, "action": both})
    return 0


def course(rng: np.random.Generator, seconds: float, fps: int, count: int) -> np.ndarray:
    """(n, count + 1) commands [rad] between places of their own, with the unrest of a hand; and a gripper (0 open, 1 closed)."""
    t = np.arange(round(seconds * fps)) / fps
    times = np.concatenate([[0.0], np.cumsum(rng.uniform(1.4, 2.4, round(seconds)))])
    places = rng.uniform(-0.9, 0.9, (len(times), count))
    k = np.searchsorted(times, t, side="right") - 1
    share = np.clip((t - times[k]) / (times[k + 1] - times[k]) * 1.3, 0.0, 1.0)
    ease = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
    q = places[k] + (places[k + 1] - places[k]) * ease[:, None]
    q += sum(0.004 / f * np.sin(TURN * f * t[:, None] + rng.uniform(0.0, TURN, count)) for f in (0.7, 1.9, 3.3))
    closes = np.clip((share - 0.6) / 0.3, 0.0, 1.0)
    return np.column_stack([q, np.where(k % 2, 1.0 - closes, closes)])


def behind(x: np.ndarray, seconds: float, fps: int, rows: int) -> np.ndarray:
    """A first-order servo, and so many rows later."""
    a = float(np.exp(-1.0 / fps / seconds))
    y = lfilter([1.0 - a], [1.0, -a], x - x[0], axis=0) + x[0]
    return np.concatenate([np.repeat(y[:1], rows, axis=0), y[: len(y) - rows]])


def stopped(gap: np.ndarray, rng: np.random.Generator, closed: float) -> np.ndarray:
    """A gripper that finds a thing in six of ten closings: it stops there until it is opened."""
    out, holds, was_open = gap.copy(), False, False
    for k, x in enumerate(gap):
        is_open = abs(x - closed) > 0.7
        holds = bool(rng.random() < 0.6) if is_open and not was_open else holds
        was_open = is_open
        out[k] = (min if closed > 0.5 else max)(x, 0.62 if closed > 0.5 else 0.2) if holds else x
    return out


def exactly(k: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng([1, k])
    whole = course(rng, 12.0 + 0.7 * k, 100, 7)
    at = np.round(np.arange(round((len(whole) - 12) * 0.3)) / 0.3).astype(int)
    state = whole[at] + rng.normal(0.0, 2e-4, (len(at), 8))
    return {"observation.state": state, "action": whole[np.minimum(at + 12, len(whole) - 1)]}


def served(k: int) -> dict[str, np.ndarray]:
    rng, fps = np.random.default_rng([2, k]), 50
    c = course(rng, 11.0 + 0.5 * k, fps, 7)
    q = behind(c, 0.07, fps, 2)
    q[:, [1, 3, 5]] -= np.array([0.012, 0.015, 0.006]) * np.cos(np.cumsum(q[:, [1, 3, 5]], axis=1))
    speed = np.gradient(q[:, :7], 1.0 / fps, axis=0) + rng.normal(0.0, 0.01, (len(q), 7))
    torque = 60.0 * (c[:, :7] - q[:, :7]) + rng.normal(0.0, 0.15, (len(q), 7))
    q[:, :7] = np.round(q[:, :7] * 4096 / TURN) * TURN / 4096
    q[:, 7] = np.round(stopped(q[:, 7], rng, 1.0), 3)
    return {"observation.state": q, "action": c, "observation.velocity": speed, "observation.effort": torque}


def led(k: int) -> dict[str, np.ndarray]:
    rng, fps, state, action = np.random.default_rng([3, k]), 50, [], []
    for side in range(2):
        c = course(rng, 13.0 + 0.4 * k, fps, 6)
        if side and k % 3 == 0:
            c = np.repeat(c[:1], len(c), axis=0) + np.array([1.0] * 6 + [0.0]) * rng.normal(0.0, 6e-4, c.shape)
        q = behind(c, 0.05, fps, 1) + np.array([0.0, 0.02, 0.0, 0.0, 0.0, 0.0, 0.0])
        q[:, 2] -= 0.012 * np.cos(q[:, 2])
        q[:, :6] = np.round(q[:, :6] / 0.00153) * 0.00153
        q[:, 6] = stopped(np.round(q[:, 6], 3), rng, 0.0)
        state.append(q)
        action.append(c)
    return {"observation.state": np.hstack(state), "action": np.hstack(action)}


def write(root: Path, name: str, fps: int, takes: Sequence[dict[str, np.ndarray]], parts: dict[str, list[Part]]) -> None:
    """A set, and what names its columns: feature -> parts of it, each with its names, quantity and unit."""
    robot = f"invented_{name}"
    names = {feature: tuple(one for _, each, _, _ in of for one in each) for feature, of in parts.items()}
    features: dict[str, Any] = {f: {"dtype": "float32", "shape": [len(n)], "names": list(n)} for f, n in names.items()}
    counters = {one: {"dtype": "int64", "shape": [1], "names": None} for one in ("frame_index", "episode_index", "index", "task_index")}
    features |= {TIME: {"dtype": "float32", "shape": [1], "names": None}, **counters}
    info = {"codebase_version": "v2.1", "robot_type": robot, "fps": fps, "features": features}
    tables = []
    for k, take in enumerate(takes):
        n = len(take["action"])
        whole = {f: x.astype(np.float32) for f, x in take.items()} | {TIME: (np.arange(n) / fps).astype(np.float32)[:, None]}
        whole |= {one: np.zeros((n, 1), np.int64) for one in counters}
        tables.append((SourceTake(k, TASK, whole), whole))
    source = SourceSet(name, root / "sets" / name, info, tuple(take for take, _ in tables), ())
    write_takes(source, REAL, tables, root / "sets" / name, list(features), names)
    streams = []
    for feature, of in parts.items():
        first = 0
        for part, each, quantity, unit in of:
            streams.append({
                "name": f"{feature}/{part}", "field": f"{feature}[{first}:{first + len(each)}]", "quantity": quantity, "unit": unit,
                "role": "command" if feature == "action" else "measured", "names": list(each),
            })  # fmt: skip
            first += len(each)
    joints = [one for of in parts.values() for _, each, quantity, _ in of if quantity == "joint_position" for one in each]
    grippers = [one for of in parts.values() for _, each, quantity, _ in of if quantity == "gripper" for one in each]
    mapping = {"title": f"invented device: {name}", "format": "lerobot", "robot": robot, "kind": "robot",
               "recognise": {"robot_type": robot, "channels": {f: len(n) for f, n in names.items()}}, "names": {"all": joints},
               "streams": streams}  # fmt: skip
    sheet = {"title": {"en": f"invented device: {name}", "zh": f"虚构设备：{name}"}, "base": "fixed",
             "sources": {"sheet": {"text": "an invented device", "grade": "published"}},
             "limits": dict.fromkeys(("position", "velocity", "torque"), "sheet"),
             "joints": {j: {"position": ["-3.2 rad", "3.2 rad"], "velocity": "6 rad/s", "torque": "90 Nm"} for j in joints},
             "grippers": {g: {"range": [0, 1], "source": "sheet"} for g in grippers}}  # fmt: skip
    for kind, content in (("mapping", mapping), ("robot", sheet)):
        path = root / "conf" / kind / f"{robot}{'_lerobot' * (kind == 'mapping')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
