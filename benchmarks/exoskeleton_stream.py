"""A stream of an arm exoskeleton that is made from a robot's motion, so that the truth is known."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from shiliu.replay.retarget.arms import Arms
from shiliu.replay.retarget.axes import Array
from shiliu.replay.retarget.exoskeleton import NAMES, Person
from shiliu.replay.retarget.targets import HANDS


def stream_of(
    arms: Arms,
    t: Array,
    q: Array,
    person: Person,
    *,
    closed: Array | None = None,
    offsets: Array | None = None,
    noise: float = 0.0,
    calibrated: bool = False,
    rng: np.random.Generator | None = None,
) -> dict[str, Any]:
    """What an exoskeleton would have recorded while the hands of a person led the robot's: a synthetic stream, of which the truth is known.

    The robot's hands are seen from its shoulders, brought to the person's size by the length of the stretched arm, and reached
    by the person with elbows out as the robot's.

    Args:
        arms: the robot's; t: (n,) [s]; q: (n, k) its arm angles [rad].
        closed: (n, 2) left and right, 0 open to 1 closed; open where None.
        offsets: (14,) [rad] by which each encoder reads too much; calibrated: whether the file's calibration knows them.
        noise: standard deviation of each reading [rad], drawn from `rng`.

    Returns:
        The arrays of the archive, as docs/file-families.md describes them.

    Raises:
        EpisodeError: the person's arms cannot hold their hands so.
    """
    measured = []
    for hand in HANDS:
        position, rotation = arms.follow(q, hand)
        elbows = _elbows(arms, q, hand)
        shrink = person.arm_length / arms.reach[hand]
        seen = person.shoulder(hand) + shrink * (position - arms.shoulder[hand]) @ arms.facing
        turned = np.swapaxes(arms.facing, 0, 1) @ rotation @ arms.worn[hand].T
        measured.append(person.angles(seen, turned, (elbows - arms.shoulder[hand]) @ arms.facing, hand))
    angles = np.unwrap(np.hstack(measured), axis=0)
    wrong = np.zeros(len(NAMES)) if offsets is None else np.asarray(offsets, float)
    rng = rng or np.random.default_rng(0)
    return {
        "time_ns": np.round(np.asarray(t) * 1e9).astype(np.int64),
        "angles": angles + wrong + noise * rng.standard_normal(angles.shape),
        "joint_names": np.array(NAMES),
        "grip": np.zeros((len(t), 2)) if closed is None else np.asarray(closed, float),
        "link_lengths": np.array([person.upper_arm, person.forearm, person.grasp, person.shoulders]),
        "offsets": wrong if calibrated else np.zeros(len(NAMES)),
    }


def _elbows(arms: Arms, q: Array, hand: str) -> Array:
    """(n, 3) [m] where the axis of the robot's elbow is, in the world."""
    data = mujoco.MjData(arms.model)
    address = [int(arms.model.joint(name).qposadr[0]) for name in arms.names]
    elbow = arms.model.joint(arms.names[arms.columns(hand)[3]]).id
    found = np.zeros((len(q), 3))
    for k, row in enumerate(q):
        data.qpos[address] = row
        mujoco.mj_kinematics(arms.model, data)
        found[k] = data.xanchor[elbow]
    return found


def save(path: Path, arrays: dict[str, Any]) -> None:
    """Write a stream as one archive, whole or not at all."""
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, **arrays)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
