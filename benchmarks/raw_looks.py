"""Looks at real recordings themselves, by NumPy and without any check: what benchmarks/real_recordings.yaml calls raw.

    python benchmarks/raw_looks.py FOLDER

Bags and bodies of a person are read with this project's readers, all else from the files. Prints a line a file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import shiliu
from shiliu.replay.recording.recording import Stream


def columns(file: Path, name: str) -> np.ndarray:
    """(T, n) of a column of lists."""
    return np.stack(pq.read_table(file, columns=[name]).column(name).to_numpy()).astype(float)


def standing(x: np.ndarray) -> tuple[int, int]:
    """First and last row of the longest stretch in which (T, n) values are equal to the bit."""
    moves = np.flatnonzero(np.concatenate([[True], (np.diff(x, axis=0) != 0).any(axis=1), [True]]))
    k = int(np.diff(moves).argmax())
    return int(moves[k]), int(moves[k + 1] - 1)


def panda(data: Path) -> None:
    for file in sorted((data / "visionpro-panda-blockpush").glob("ep*.npz")):
        speed = np.abs(np.load(file)["qvel"][:, 3])
        rows = np.flatnonzero(speed > 2.175)
        other = np.abs(np.gradient(np.load(file)["qpos"][:, 3], 0.002)).max()
        print(
            f"{file.name}: joint 4 {speed.max():.3f} rad/s, by qpos {other:.3f}; rows beyond {len(rows)}, {rows[[0, -1]]}"
        )


def gr1(data: Path) -> None:
    for file in sorted((data / "gr1-pick-place" / "data").rglob("*.parquet")):
        command, state = (columns(file, name)[:, 28].max() for name in ("action", "observation.state"))
        print(f"{file.name}: column 28 of action up to {command:.3f}, of state {state:.3f} rad")


def dual_arm(data: Path) -> None:
    for file in sorted((data / "dual-arm-dexhand-open" / "data").rglob("*.parquet")):
        state, command = columns(file, "state")[:, 7:14], columns(file, "actions")[:, 7:14]
        error = [float(((state[k:] - command[: len(command) - k]) ** 2).mean()) for k in range(60)]
        lag = int(np.argmin(error))
        print(f"{file.name}: right arm {lag} rows late, error {error[0] / error[lag]:.1f} times less there")
        for j in range(7):
            a, b = standing(state[:, [j]])
            then, before = (np.ptp(command[max(a - k, 0) : max(b - k, 0) + 1, j]) for k in (0, lag))
            if then > 10.0:
                print(
                    f"    joint {j + 1} stands in rows {a} to {b}, command moves {then:.1f} deg, behind the lag {before:.2f}"
                )


def human_video(data: Path) -> None:
    for file in sorted((data / "g1-human-video-door-box").glob("*/motion.npz")):
        arrays = np.load(file)
        q = arrays["joint_pos"].astype(float)
        a, b = standing(q)
        step = np.degrees(np.abs(q[b + 1] - q[b]).max())
        still = float(np.abs(arrays["joint_vel"][a : b - 1]).max())
        moved = float(np.ptp(arrays["body_pos_w"][a : b + 1].astype(float), axis=0).max())
        print(
            f"{file.parent.name}: stands in rows {a} to {b}, then steps by {step:.1f} deg; there joint_vel is {still:.2f} rad/s at most, "
            f"and bodies move by {1e6 * moved:.1f} um"
        )


def cloth(data: Path) -> None:
    for file in sorted((data / "so101-bimanual-cloth" / "data").rglob("*.parquet")):
        table = pq.read_table(file)
        found = [
            name for name in table.column_names if name.startswith("arm1_j") and set(table[name].to_pylist()) == {-1}
        ]
        if found:
            print(f"{file.name}: -1 in every row of {', '.join(found)}")


def planner(data: Path) -> None:
    for recording in shiliu.read(data / "kuavo-arm-pick-planner"):
        for stream in recording.streams.values():
            if stream.role == "command" and "zarm_l4_joint" in stream.names:
                q = stream.values[:, stream.names.index("zarm_l4_joint")]
                print(
                    f"{recording.name}: zarm_l4_joint up to {q.max():.2f} {stream.unit}, {(q > 0).sum()} of {len(q)} above 0"
                )


def bones(data: Path) -> None:
    for recording in shiliu.read(data / "kuavo-vr-teleop"):
        stream = recording.streams.get("/leju_quest_bone_poses")
        if stream is None:
            continue
        begin = min(int(one.time_ns[0]) for one in recording.streams.values())
        for palm in ("LeftHandPalm", "RightHandPalm"):
            place = stream.values[:, [stream.names.index(f"{palm}.{axis}") for axis in "xyz"]]
            step = np.linalg.norm(np.diff(place, axis=0), axis=1)
            k = int(step.argmax())
            at, lasts = (stream.time_ns[k + 1] - begin) * 1e-9, (stream.time_ns[k + 1] - stream.time_ns[k]) * 1e-9
            print(
                f"{palm}: largest step {step[k]:.3f} m in {lasts:.3f} s at {at:.2f} s, middle {np.median(step):.4f} m"
            )


def person(data: Path) -> None:
    for recording in shiliu.read(data / "omomo-box-carry"):
        stream = recording.streams.get("bodies")
        if stream is not None:
            low = {
                name: stream.values[:, stream.names.index(f"{name}.z")].min()
                for name in ("left_wrist", "right_wrist", "pelvis")
            }
            print(", ".join(f"{name} down to {z:.3f} m" for name, z in low.items()))
            for name in ("left_wrist", "right_wrist"):
                place = stream.values[:, [stream.names.index(f"{name}.{axis}") for axis in "xyz"]]
                swing(f"    {name}", clock(stream), place, 6.2, 6.5)


def clock(stream: Stream) -> np.ndarray:
    """(n,) s since the first sample."""
    return (stream.time_ns - stream.time_ns[0]) * 1e-9


def swing(what: str, t: np.ndarray, place: np.ndarray, t0: float, t1: float) -> None:
    """Print how fast a point moves and by how much its speed changes between two times [s], and in all of the clip."""
    velocity = np.gradient(place, t, axis=0)
    speed, change = (np.linalg.norm(x, axis=1) for x in (velocity, np.gradient(velocity, t, axis=0)))
    here = (t >= t0) & (t <= t1)
    print(
        f"{what} from {t0} to {t1} s: up to {speed[here].max():.2f} m/s and {change[here].max():.1f} m/s2; "
        f"in all of it {speed.max():.2f} and {change.max():.1f}"
    )


def hands(data: Path) -> None:
    for recording in shiliu.read(data / "arctic-human-bimanual"):
        for hand in ("left", "right"):
            wrist = recording.streams[f"wrist/{hand}"]
            t = clock(wrist)
            if "laptop" in recording.name:
                swing(f"{recording.name}: {hand} wrist", t, wrist.values[:, :3], 17.4, 18.0)
            if "microwave" in recording.name and hand == "left":
                turn = np.abs((wrist.values[1:, 3:] * wrist.values[:-1, 3:]).sum(axis=1))
                angle = np.degrees(2.0 * np.arccos(np.clip(turn, 0.0, 1.0)))
                here = (t[1:] >= 3.8) & (t[1:] <= 4.7)
                print(
                    f"{recording.name}: left wrist turns by {np.median(angle[here]):.1f} deg a row from 3.8 to 4.7 s, "
                    f"{angle[here].max():.1f} at most; in all of it by {angle.max():.1f} at most"
                )


def main() -> int:
    """Exit 0; 2 without a folder."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for look in (panda, gr1, dual_arm, human_video, cloth, planner, bones, person, hands):
        look(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
