"""How well a headset's bones agree with the robot that followed them, in a session of which both sides were recorded.

    python benchmarks/vr_session.py kuavo-vr-teleop

Person and robot stand in two bags of one session. Hands are seen from the shoulder: the person's palm, and the robot's end effector
by forward kinematics of its commanded and of its measured joint angles. The robot's lag is the one that leaves the least
squared distance; its size against the person's is one factor for all samples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import mujoco
import numpy as np
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording
from shiliu.replay.retarget.axes import hand_axes, unit
from shiliu.replay.retarget.sources import kuavo_bones
from shiliu.replay.retarget.targets import HANDS
from shiliu.replay.signals.joint_motion import joint_motion
from shiliu.scenarios.robots.robot import load_robot

LAGS = np.arange(0.0, 0.6, 0.01)  # s
CATCHING_UP = 0.7  # s after the first command, in which the robot comes to where the person's hands are


def follow(robot: Recording, role: str) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Times [s since the epoch], by hand the end effector seen from its shoulder (n, 3) [m], and the hand's axes (n, 3, 3)."""
    sheet = load_robot()
    model = sheet.spec().compile()
    data = mujoco.MjData(model)
    motion = joint_motion(robot, sheet.joint_names, {})[role]
    columns = [j for j, name in enumerate(motion.names) if name.startswith("zarm")]
    address = [model.joint(motion.names[j]).qposadr[0] for j in columns]
    at: dict[str, list[np.ndarray]] = {hand: [] for hand in HANDS}
    turned: dict[str, list[np.ndarray]] = {hand: [] for hand in HANDS}
    for q in motion.q:
        data.qpos[address] = q[columns]
        mujoco.mj_kinematics(model, data)
        for hand in HANDS:
            site = data.site(f"{hand}_end_effector")
            link = site.xmat.reshape(3, 3)
            at[hand].append(site.xpos - data.body(f"zarm_{hand[0]}1_link").xpos)
            turned[hand].append(hand_axes(-link[:, 2], link[:, 1] if hand == "left" else -link[:, 1]))
    assert robot.start_ns is not None
    return (
        motion.t + robot.start_ns * 1e-9,
        {hand: np.array(values) for hand, values in at.items()},
        {hand: np.array(values) for hand, values in turned.items()},
    )


def degrees(cosine: np.ndarray) -> np.ndarray:
    return np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with both bags of the session")
    given = parser.parse_args()
    recordings = [r for r in read(given.data) if isinstance(r, Recording)]
    person = next(r for r in recordings if r.select("pose", "bone_pose"))
    robot = next(r for r in recordings if r.kind == "robot")
    hands = kuavo_bones.targets(person)
    assert hands is not None and person.start_ns is not None
    theirs = hands.t + person.start_ns * 1e-9
    begin = follow(robot, "command")[0][0] + CATCHING_UP
    for role in ("command", "measured"):
        t, at, turned = follow(robot, role)
        for hand in HANDS:
            seen = hands.position[hand] - hands.shoulder[hand]
            best = None
            for lag in LAGS:
                sel = (t - lag > theirs[0]) & (t - lag < theirs[-1]) & (t > begin)
                ours = np.stack([np.interp(t[sel] - lag, theirs, seen[:, k]) for k in range(3)], axis=1)
                scale = float((ours * at[hand][sel]).sum() / (ours**2).sum())
                left = np.linalg.norm(scale * ours - at[hand][sel], axis=1)
                if best is None or (left**2).mean() < (best[4] ** 2).mean():
                    direction = degrees((unit(ours) * unit(at[hand][sel])).sum(axis=1))
                    near = np.clip(np.searchsorted(theirs, t[sel] - lag), 0, len(theirs) - 1)
                    rotation = degrees((np.einsum("nij,nij->n", hands.rotation[hand][near], turned[hand][sel]) - 1) / 2)
                    best = lag, direction, rotation, scale, left
            assert best is not None
            lag, direction, rotation, scale, left = best
            print(
                f"{role:8} {hand:5} {lag:4.2f} s behind; direction p50 {np.median(direction):4.1f} p95 {np.quantile(direction, 0.95):4.1f}"
                f" deg; rotation p50 {np.median(rotation):4.1f} p95 {np.quantile(rotation, 0.95):4.1f} deg; robot's size x {scale:.3f},"
                f" left over p50 {1e3 * np.median(left):3.0f} p95 {1e3 * np.quantile(left, 0.95):3.0f} mm"
            )


if __name__ == "__main__":
    main()
