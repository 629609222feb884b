"""How fast and how near a person's motion is carried over to the robot, and what the verdict is.

    python benchmarks/retargeting.py RECORDING.npz=microwave OTHER.npz FOLDER

Each recording of a person is judged in the scenario that is named after its path, or in `bare`. Told are processor times, the
median of --repeat: x real time of the whole verdict and of the carrying over alone; and, since a machine's speed is no property
of the code, what a sample costs in units of one look at where the robot's hands are (forward kinematics of both, in a plain
loop, in the same run). Errors are what is left between claw and hand, as the report has them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from shiliu import load_scenario
from shiliu.replay.formats import read
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.recording import Recording
from shiliu.replay.retarget.arms import Arms, arms_of
from shiliu.replay.retarget.carry_over import carry
from shiliu.replay.retarget.settings import load_settings
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.scenarios.draws.variation import nominal

LOOKS = 2000  # in the loop that everything is held against


def timed(act: Callable[[], Any], repeat: int) -> tuple[Any, float]:
    """What `act` gives, and the median of its processor times [s]."""
    took = []
    for _ in range(repeat):
        begin = time.process_time()
        found = act()
        took.append(time.process_time() - begin)
    return found, float(np.median(took))


def look(arms: Arms, q: np.ndarray) -> None:
    for row in q:
        for hand in ("left", "right"):
            arms.hand(row, hand)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", help="file or folder, with =SCENARIO where it is not to be judged in bare")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="carry over alone, no verdict")
    given = parser.parse_args()
    settings, spread = load_settings(), np.random.default_rng(0)
    for what in given.data:
        path, _, name = what.partition("=")
        scene = load_scenario(name or "bare")
        arms, limits, draw = arms_of(scene), load_limits(scene.robot.folder), nominal(scene)
        q = arms.start + 0.1 * spread.standard_normal((LOOKS, len(arms.names)))
        for recording in read(Path(path)):
            if not isinstance(recording, Recording) or carry(recording, scene, draw, limits, settings) is None:
                continue
            one = timed(lambda: look(arms, q), given.repeat)[1] / LOOKS  # noqa: B023
            carried, took = timed(lambda: carry(recording, scene, draw, limits, settings), given.repeat)  # noqa: B023
            result = carried.result
            seconds, n = float(result.t[-1] - result.t[0]), len(result.t)
            print(f"{recording.name} ({carried.source.name}, {scene.name}): {seconds:.1f} s, {n} samples")
            print(
                f"  carried over in {took:5.2f} s: {seconds / took:5.1f} x real time, {took / n / one:4.0f} looks a sample"
            )
            if hasattr(result, "work"):
                each = {
                    key: count / result.work.samples for key, count in vars(result.work).items() if key != "samples"
                }
                counts = ", ".join(f"{key} {value:.2f}" for key, value in each.items())
                print(f"  of each sample, both ways counted: {counts}")
            for hand, track in result.hands.items():
                if np.isfinite(track.off).any():
                    mm = 1e3 * np.nanquantile(track.off, [0.5, 0.95, 1.0])
                    deg = np.rad2deg(np.nanquantile(np.nan_to_num(track.turned), [0.5, 0.95, 1.0]))
                    print(
                        f"  {hand:5}  p50 {mm[0]:6.2f}  p95 {mm[1]:6.2f}  worst {mm[2]:6.2f} mm"
                        f"   p50 {deg[0]:5.2f}  p95 {deg[1]:5.2f}  worst {deg[2]:6.2f} deg"
                    )
            if given.short:
                continue
            (verdict,), took = timed(lambda: list(judge([recording], scene, threads=1)), given.repeat)  # noqa: B023
            root = verdict.findings[verdict.root].code if verdict.root is not None else "-"
            failed = sorted({f"{f.code}" for f in verdict.findings if f.level == "FAIL"})
            print(
                f"  judged in {took:5.2f} s: {seconds / took:5.1f} x real time. {verdict.verdict}, root {root}; FAIL {', '.join(failed)}"
            )
            for f in verdict.findings:
                if f.code in ("reach", "retarget.error"):
                    value = f"{f.value:.4f} {f.unit}" if f.value is not None else f.reason
                    print(f"    {f.code} {f.details.get('kind', '')} {f.level} {'/'.join(f.subject)} {value}")


if __name__ == "__main__":
    main()
