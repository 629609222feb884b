"""The joint motion of a recording on its own clock, in radians and in the robot's order, and what of it can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ..recording.recording import Recording, Stream
from .channels import PERCENT, in_radians, pair
from .clock import origin_ns, seconds
from .grid import in_force, rounding_ns


@dataclass(frozen=True)
class JointMotion:
    """A joint trajectory: t (n,) [s] from the recording's origin, q (n, k) [rad], names (k,), and the stream it is of."""

    t: np.ndarray
    q: np.ndarray
    names: tuple[str, ...]
    stream: Stream


def joint_motion(recording: Recording, joints: Sequence[str], stopped: dict[str, str]) -> dict[str, JointMotion]:
    """Commanded and measured joint motion, where the recording has it and integrity has not stopped it.

    Args:
        joints: the robot's joints, in its order; others of the recording are left out.
        stopped: signal -> reason, from `checks.integrity.stopped_signals`.

    Returns:
        "command" and "measured" -> motion.
    """
    found: dict[str, JointMotion] = {}
    origin = origin_ns(recording)
    for role, stream in zip(("command", "measured"), pair(recording)):
        if stream is None or role in stopped or not stream.n:
            continue
        names = tuple(name for name in joints if name in stream.names)
        if names:
            found[role] = JointMotion(seconds(stream, origin), in_radians(stream, names), names, stream)
    return found


def finger_positions(
    recording: Recording, model: mujoco.MjModel, t: np.ndarray, claws: Sequence[Stream] = ()
) -> dict[int, np.ndarray]:
    """Where the fingers of tendon-driven hands were at given times, from the recorded opening (measured, else commanded).

    Args:
        model: a scene; its hands' actuators pull a fixed tendon that is as long as the commanded percent.
        t: (m,) seconds from the recording's origin.
        claws: what the hands are commanded where the recording itself commands none.

    Returns:
        qpos address -> (m,) position of each finger joint [m]; empty where the recording does not tell.
    """
    streams = [s for role in ("measured", "command") for s in recording.select(role, "claw") if s.n and s.unit in PERCENT]
    found: dict[int, np.ndarray] = {}
    for stream in (*streams, *claws):
        for j, name in enumerate(stream.names):
            actuator = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_ACTUATOR, name)
            if actuator < 0 or model.actuator_trntype[actuator] != mujoco.mjtTrn.mjTRN_TENDON:
                continue
            tendon = int(model.actuator_trnid[actuator, 0])
            wraps = slice(model.tendon_adr[tendon], model.tendon_adr[tendon] + model.tendon_num[tendon])
            origin = origin_ns(recording) if stream not in claws else 0
            percent = zero_order_hold(seconds(stream, origin), stream.values[:, [j]], t)[:, 0] * PERCENT[stream.unit]
            total = float(model.wrap_prm[wraps].sum())
            for joint in model.wrap_objid[wraps]:
                found.setdefault(int(model.jnt_qposadr[joint]), percent / total)
    for e in np.flatnonzero((model.eq_type == mujoco.mjtEq.mjEQ_JOINT) & (model.eq_obj2id >= 0)):  # links that follow a driven one
        one, other = (int(model.jnt_qposadr[ids[e]]) for ids in (model.eq_obj1id, model.eq_obj2id))
        if other in found:
            found.setdefault(one, float(model.eq_data[e, 1]) * found[other])
    return found


def hand_commands(recording: Recording, hands: Sequence[str], t: np.ndarray) -> dict[str, np.ndarray]:
    """What the hands were commanded, in percent of closing, held until the next command; of a hand without commands, nothing.

    Args:
        hands: actuators of the scene that take a percent.
        t: (m,) seconds from the recording's origin.

    Returns:
        Actuator -> (m,) [%]. Where no opening was commanded at all, the measured one stands for it.
    """
    found: dict[str, np.ndarray] = {}
    for role in ("command", "measured"):
        for stream in recording.select(role, "claw"):
            if stream.unit not in PERCENT or not stream.n:
                continue
            held = zero_order_hold(seconds(stream, origin_ns(recording)), stream.values, t) * PERCENT[stream.unit]
            for j, name in enumerate(stream.names):
                if name in hands and name not in found and np.isfinite(held[:, j]).all():
                    found[name] = held[:, j]
    return found


def zero_order_hold(t: np.ndarray, x: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """(m, k) the last sample at or before each grid time: what a robot that holds its last command is commanded.

    A sample that comes later by no more than the rounding of its stamp is of that time, see `grid.rounding_ns`.
    """
    order = np.argsort(t, kind="stable")
    rising, at = (np.rint(1e9 * np.nan_to_num(times)).astype(np.int64) for times in (t[order], grid))
    period = float(at[-1] - at[0]) / (len(at) - 1) if len(at) > 1 else np.inf
    return x[order][in_force(rising, at, rounding_ns(rising, period))]
