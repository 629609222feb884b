"""What an arm exoskeleton would have recorded of demonstrations with a known truth, and how much of the truth comes back.

    shiliu record scenario=microwave episodes=4 seed=300 out=demos
    python benchmarks/exoskeleton.py demos --out streams --offset 2 --noise 0.2
    shiliu replay data=streams scenario=bare out=verdicts

Each demonstration becomes one archive (docs/file-families.md): the human arm angles that lead the robot's hands as commanded.
Printed are the distance of the hands that the archive means from those of the demonstration, on the robot's own size, and
with --carry what the retargeting makes of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from exoskeleton_stream import save, stream_of
from shiliu import load_scenario
from shiliu.replay.formats import read
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.retarget.alignment import carried, place, scaled
from shiliu.replay.retarget.arms import Arms, arms_of
from shiliu.replay.retarget.carry_over import carry
from shiliu.replay.retarget.exoskeleton import NAMES, STATURE, Person
from shiliu.replay.retarget.settings import load_settings
from shiliu.replay.retarget.sources import find
from shiliu.replay.retarget.targets import HANDS
from shiliu.replay.robots.robot_sheet import load_limits
from shiliu.scenarios.draws.variation import nominal

CLAWS = ("left_claw", "right_claw")


def motion_of(episode: SimEpisode, arms: Arms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (T,) [s], commanded arm angles (T, k) [rad] and how far the claws were closed (T, 2), 0 to 1."""
    columns = [episode.action_names.index(name) for name in (*arms.names, *CLAWS)]
    commanded = episode.actions[:, columns].astype(float)
    t = np.arange(episode.n_steps) * episode.control_timestep
    return t, commanded[:, :-2], commanded[:, -2:] / 100.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="demonstrations of the simulation")
    parser.add_argument("--out", type=Path, required=True, help="folder for the archives")
    parser.add_argument("--episodes", type=int, default=4)
    parser.add_argument("--height", type=float, default=STATURE, help="of the person [m]")
    parser.add_argument("--offset", type=float, default=0.0, help="standard deviation of each encoder's offset [deg]")
    parser.add_argument(
        "--told", dest="calibrated", action="store_true", help="the file's calibration knows the offsets"
    )
    parser.add_argument("--noise", type=float, default=0.0, help="standard deviation of each reading [deg]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--carry", action="store_true", help="carry them over to the robot, too: 5 s a demonstration")
    given = parser.parse_args()
    scene = load_scenario("bare")
    arms, settings, limits = arms_of(scene), load_settings(), load_limits(scene.robot.folder)
    given.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(given.seed)
    for count, recording in enumerate(read(given.data)):
        if count == given.episodes:
            break
        if not isinstance(recording, Recording) or recording.episode is None:
            raise SystemExit(f"{given.data} is no set of demonstrations of the simulation.")
        t, q, closed = motion_of(recording.episode, arms)
        offsets = np.deg2rad(given.offset) * rng.standard_normal(len(NAMES))
        stream = stream_of(
            arms, t, q, Person.of_height(given.height), closed=closed, offsets=offsets, calibrated=given.calibrated,
            noise=np.deg2rad(given.noise), rng=rng,
        )  # fmt: skip
        file = given.out / f"{recording.name}.npz"
        save(file, stream)
        seen = next(iter(read(file)))
        assert isinstance(seen, Recording)
        source = find(seen)
        assert source is not None
        placed = place(source.targets, arms)
        meant = scaled(carried(source.targets, placed), arms, placed, settings)
        result = carry(seen, scene, nominal(scene), limits, settings) if given.carry else None
        for hand in HANDS:
            truth = arms.follow(q, hand)[0]
            distances = [("meant", np.linalg.norm(meant.position[hand] - truth, axis=1))]
            if result is not None:
                distances.append(("carried over", np.linalg.norm(result.result.hands[hand].position - truth, axis=1)))
            for what, off in distances:
                p50, p95, worst = 1e3 * np.quantile(off, [0.5, 0.95, 1.0])
                print(f"{file.name} {hand:5} {what:12} off by p50 {p50:6.2f}  p95 {p95:6.2f}  worst {worst:6.2f} mm")


if __name__ == "__main__":
    main()
