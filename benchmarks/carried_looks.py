"""Looks at a person's motion on the robot otherwise than the solver does, for benchmarks/real_recordings.yaml.

    python benchmarks/carried_looks.py FOLDER

Of the microwave clip (ARCTIC), postures of the left arm are sought for moments at which its hand is turned too far: by the hand
alone from random beginnings, and with own shapes kept apart from beginnings about the solver's posture. In clips with a
failed balance, the motion is smoothed by bells of several widths. Printed are the margin, and by how much a hand is further off than
the solver left it, or than 50 mm.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import mujoco
import numpy as np
import shiliu
from scipy.optimize import least_squares
from shiliu.replay.checks.dynamics import check_balance, effort
from shiliu.replay.judge.facts.eased_motion import smoothed
from shiliu.replay.judge.facts.results import Motions, Subject
from shiliu.replay.judge.judge import subject_of
from shiliu.replay.judge.stages.integrity_stage import integrity_stage
from shiliu.replay.retarget.arms import Arms, arms_of
from shiliu.replay.retarget.shapes import Shapes
from shiliu.replay.signals.signal import held, resample

TURNED = "arctic-human-bimanual", "s01_microwave_use_01", (4.1, 4.3)  # s
LEANT = (
    ("arctic-human-bimanual", "s01_laptop_use_01"),
    ("kuavo-vr-teleop", "session_20250419_162611_20250419_162611_group2"),
    ("omomo-box-carry", "sub3_largebox_003_human"),
)
WIDTHS = (0.0, 0.02, 0.03, 0.04, 0.05)  # s
APART, OFF = 0.005, 0.05  # m: of own shapes; of a hand
FREE, CLEAR, ABOUT = 60, 24, 0.4  # beginnings; rad about the solver's posture
PLACE, NEAR = 10.0, 200.0  # weights of a metre off and of a metre too near, against a radian turned


def carried(data: Path, source: str, name: str) -> Iterator[tuple[Subject, Motions]]:
    for recording in shiliu.read(data / source):
        if recording.name == name:
            subject = subject_of(recording)
            yield subject, subject.robot.motions(subject, integrity_stage(subject))


def postures(data: Path) -> None:
    source, name, moments = TURNED
    for subject, motions in carried(data, source, name):
        result, arms = motions.carried.result, arms_of(subject.scene)
        track, columns = result.hands["left"], arms.columns("left")
        low, high = arms.ranges[columns].T
        shapes, rng = Shapes(arms, motions.carried.settings), np.random.default_rng(0)
        for moment in moments:
            i = int(np.argmin(np.abs(result.t - moment)))
            print(
                f"{name} at {moment} s: the solver leaves {np.degrees(track.turned[i]):.1f} deg, {1e3 * track.off[i]:.0f} mm"
            )
            for clear, count in ((False, FREE), (True, CLEAR)):
                here = result.q[i][columns]
                about = np.clip(here + ABOUT * rng.normal(size=(count - 1, len(here))), low, high)
                begins = [here, *(about if clear else rng.uniform(low, high, about.shape))]
                found = sorted(
                    sought(arms, shapes, track, result.q[i].copy(), columns, i, one, clear) for one in begins
                )
                kept = [one for one in found if not clear or one[2] >= APART - 1e-3]
                near = [one for one in kept if one[1] < OFF] or kept
                words = ", ".join(
                    f"{turn:.1f} deg {1e3 * off:.0f} mm ({1e3 * gap:.0f} mm apart)" for turn, off, gap in near[:3]
                )
                print(f"    {'shapes apart' if clear else 'by the hand alone'}, {count} beginnings: {words or 'none'}")


def sought(
    arms: Arms, shapes: Shapes, track: object, q: np.ndarray, columns: list[int], i: int, begin: np.ndarray, clear: bool
) -> tuple[float, float, float]:
    """Turn [deg], place [m] and gap of own shapes [m] of a posture that is sought from a beginning."""
    low, high = arms.ranges[columns].T
    grip = np.clip(0.0, *arms.whole.jnt_range.T)

    def posed(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        q[columns] = x
        position, rotation = arms.hand(q, "left")
        miss = np.zeros(4)
        mujoco.mju_mat2Quat(miss, (rotation.T @ track.target_rotation[i]).ravel())
        turn = np.zeros(3)
        mujoco.mju_quat2Vel(turn, miss, 1.0)
        grip[arms.index] = q
        return position - track.target[i], turn, shapes.near(grip).closest if clear else np.inf

    def price(x: np.ndarray) -> np.ndarray:
        off, turn, gap = posed(x)
        return np.r_[PLACE * off, turn, NEAR * max(0.0, APART - gap)]

    best = least_squares(price, np.clip(begin, low + 1e-6, high - 1e-6), bounds=(low, high), max_nfev=40).x
    off, turn, _ = posed(best)
    return float(np.degrees(np.linalg.norm(turn))), float(np.linalg.norm(off)), float(shapes.near(grip).closest)


def leaning(data: Path) -> None:
    for source, name in LEANT:
        for subject, motions in carried(data, source, name):
            arms, motion, rule = arms_of(subject.scene), motions.judged, subject.rules["torque.peak"]
            for width in WIDTHS:
                q = smoothed(motion.t, motion.q, width) if width else motion.q
                even = resample(motion.t, q, rate=rule.rate, window=rule.window)
                needed = effort(subject.context.robot, even, list(motion.names))
                (found,) = check_balance(needed, subject.context.soles, subject.rules, "retargeted")
                further = max(
                    worse(arms, hand, track, q, motion.t) for hand, track in motions.carried.result.hands.items()
                )
                print(
                    f"{name}: smoothed by {1e3 * width:.0f} ms, balance {1e3 * found.value:.1f} mm at {found.t0:.2f} s; a hand is "
                    f"further off by {1e3 * further:.1f} mm"
                )


def worse(arms: Arms, hand: str, track: object, q: np.ndarray, t: np.ndarray) -> float:
    """[m] by which a hand is further from the person's than the solver left it, and than `OFF`, for 0.1 s; 0 where it is not."""
    off = np.linalg.norm(arms.follow(q, hand)[0] - track.target, axis=1)
    over = np.nan_to_num(off - np.maximum(track.off, OFF), nan=-1.0)
    return max(0.0, float(held(over[:, None], float(np.median(np.diff(t))), 0.1)[0][0]))


def main() -> int:
    """Exit 0; 2 without a folder."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    for look in (leaning, postures):
        look(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
