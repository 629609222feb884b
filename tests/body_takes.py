"""A take of which a body tells every column: arms, a head, hands and a base that swing, and what changes it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from scipy.signal import lfilter
from servo_takes import servo
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.residual.arm_chain import arms_of, own_chains, quaternions_of
from shiliu.replay.residual.bodies import ComparedColumns, more_differences

RATE, N = 30.0, 600
STIFF, DAMP = 400.0, 35.0  # of no robot of ours: they are fitted
JOINTS = tuple(name for chain in own_chains().values() for name in chain.joints)
POSES = tuple(f"{side}_tcp.{axis}" for side in ("left", "right") for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"))
BASE = ("base_x", "base_y", "base_yaw", "base_height", "base_vx.speed", "base_vy.speed", "base_vyaw.speed", "base_height.speed")
COMMANDS = ("base_vx", "base_vy", "base_vyaw", "base_height")
TIMES = np.arange(N) / RATE


def stream(name: str, role: str, quantity: str, unit: str, names: tuple[str, ...], values: np.ndarray) -> Stream:
    times = np.round(TIMES * 1e9).astype(np.int64)
    return Stream(name, role, quantity, unit, names, np.ascontiguousarray(values, float), capture_ns=times, clock="grid")


def motion() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Commands, positions, speeds (N, 16) of arms and a head that swing, each at its own pace about a bent posture; a servo lags behind."""
    at = np.array([0.3, 0.4, -0.3, -1.2, 0.5, -0.2, 0.15, -0.5, -0.6, 0.4, -0.9, -0.3, 0.25, -0.1, 0.2, 0.1])
    pace = 0.5 + 0.11 * np.arange(16)
    c = at + 0.25 * np.sin(pace * TIMES[:, None] + np.arange(16))
    lag = 0.08
    q = at + 0.25 * np.sin(pace * (TIMES[:, None] - lag) + np.arange(16))
    v = 0.25 * pace * np.cos(pace * (TIMES[:, None] - lag) + np.arange(16))
    return c, q, v


@cache
def body_take() -> Recording:
    """Arms, head, hands and a base that swing, in all the columns that a body tells of."""
    c, q, v = motion()
    arms = arms_of(dict(zip(JOINTS, q.T)))
    before = np.concatenate([c[:1], c[:-1]])
    stiff, damp = (np.where(np.arange(16) < 14, one, other) for one, other in ((STIFF, 30.0), (DAMP, 2.5)))
    effort = stiff * (before - q) - damp * v + np.concatenate([arm.weight for arm in arms.values()], axis=1)
    effort[0] = 0.0
    poses = [np.column_stack([arm.origins[-1], quaternions_of(arm.turns[-1])]) for side, arm in arms.items() if side != "head"]
    ahead = 0.25 * np.sin(0.4 * TIMES) ** 2
    turning = 0.2 * np.sin(0.3 * TIMES)
    yaw = 0.7 + np.concatenate([[0.0], np.cumsum(0.5 * (turning[1:] + turning[:-1]) / RATE)])
    middle, mean = 0.5 * (yaw[1:] + yaw[:-1]), 0.5 * (ahead[1:] + ahead[:-1]) / RATE
    x, y = (2.0 + np.concatenate([[0.0], np.cumsum(f(middle) * mean)]) for f in (np.cos, np.sin))
    none = np.zeros(N)
    base = np.column_stack([x, y, yaw, none, ahead, none, turning, none])
    commanded = np.column_stack([np.append(ahead[1:], ahead[-1]), none, np.append(turning[1:], turning[-1]), none])
    claw = 50.0 + 40.0 * np.sin(0.8 * TIMES + np.array([[0.0], [1.1]])).T
    claw_speed = 32.0 * np.cos(0.8 * TIMES + np.array([[0.0], [1.1]])).T
    streams = [
        stream("action", "command", "joint_position", "rad", JOINTS, c),
        stream("state", "measured", "joint_position", "rad", JOINTS, q),
        stream("velocity", "measured", "joint_velocity", "rad/s", JOINTS, v),
        stream("effort", "measured", "joint_torque", "Nm", JOINTS, effort),
        stream("hand_pose", "measured", "hand_pose", "m m m 1 1 1 1 m m m 1 1 1 1", POSES, np.concatenate(poses, axis=1)),
        stream("base", "measured", "base", "1", BASE, base),
        stream("action/base", "command", "base", "1", COMMANDS, commanded),
        stream("action/claws", "command", "claw", "%", ("left_claw", "right_claw"), claw),
        stream("state/claws", "measured", "claw", "%", ("left_claw", "right_claw"), claw),
        stream("velocity/claws", "measured", "velocity", "%/s", ("left_claw", "right_claw"), claw_speed),
        stream("wrench", "measured", "wrench", "N", ("pelvis.fx", "pelvis.fz"), np.column_stack([none, none + 512.0])),
        stream("touch", "measured", "touch", "N", ("left_finger_front",), 9.0 * np.abs(np.sin(TIMES))[:, None]),
    ]
    return Recording("take", "take", "", "robot", {one.name: one for one in streams})


def changed(take: Recording, name: str, column: str, values: np.ndarray, rows: slice = slice(None)) -> Recording:
    """The take with other values in some rows of a column."""
    old = take.streams[name]
    table = old.values.copy()
    table[rows, old.names.index(column)] = values
    streams = {**take.streams, name: replace(old, values=table)}
    return replace(take, streams=streams)


def heaviest(take: Recording):
    found = more_differences(ComparedColumns(take), [])
    return max(found, key=lambda d: (d.certain, d.weight)) if found else None


def modelled(q: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(N, 16) torques of the model's own servos for the commands of `motion`, measured positions and speeds (N, 16)."""
    c = motion()[0]
    arms = arms_of(dict(zip(JOINTS, q.T)))
    links = [link for arm in arms.values() for link in arm.chain.links]
    stiff, damp = np.array([link.gains for link in links]).T
    before = np.concatenate([c[:1], c[:-1]])
    return stiff * (before - q) - damp * v + np.concatenate([arm.weight for arm in arms.values()], axis=1)


def heaviest_of_all(take):
    return max(ComparedColumns(take).differences, key=lambda d: (d.certain, d.weight), default=None)


def with_column(take: Recording, name: str, values: np.ndarray) -> Recording:
    """The take with other values in one of its streams."""
    return replace(take, streams={**take.streams, name: replace(take.streams[name], values=values)})


def behind(x: np.ndarray, seconds: float) -> np.ndarray:
    """(n, k) x behind a first-order low-pass that has settled before the first row."""
    pole = np.exp(-1.0 / RATE / seconds)
    return lfilter([1.0 - pole], [1.0, -pole], x, axis=0, zi=pole * x[:1])[0]


LAG = 0.1  # s, damping over stiffness of the model's arms
QUICK = 3.0  # 1/s


@cache
def served():
    """The take of a body with the model's own servos, each of which moves its joint between places of its own, and their torques."""
    rng = np.random.default_rng(5)
    take, c = body_take(), np.zeros((N, len(JOINTS)))
    c += take.streams["action"].values[0]
    for j in range(len(JOINTS)):
        for at in np.cumsum(rng.uniform(1.7, 3.9, 6)):
            c[:, j] += rng.choice([-1.0, 1.0]) * rng.uniform(0.15, 0.35) / (1.0 + np.exp(-(TIMES - at) * 2.0 * QUICK))
    gains = np.array([link.gains for chain in own_chains().values() for link in chain.links], float)
    courses = [servo(x, 20.0 / LAG, 20.0 * damping / stiffness / LAG) for x, (stiffness, damping) in zip(c.T, gains)]
    q, v = (np.column_stack(each) for each in zip(*courses))
    weight = np.concatenate([arm.weight for arm in arms_of(dict(zip(JOINTS, q.T))).values()], axis=1)
    effort = gains[:, 0] * (np.concatenate([c[:1], c[:-1]]) - q) - gains[:, 1] * v + weight
    effort[0] = 0.0
    values = {"action": c, "state": q, "velocity": v, "effort": effort}
    return replace(take, streams={name: replace(take.streams[name], values=x) for name, x in values.items()})
