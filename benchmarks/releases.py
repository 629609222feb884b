"""How fast arms move when their hands let go, and how much of a hold `take.release` could tell an opening in.

    python benchmarks/releases.py data=DIR,DIR,... [early=false]

Each is a dataset of `shiliu record`, read as an ordinary set, or a set of others. Printed for each: takes, holds that end with
an opening, the fastest and the middle one, the largest bound that the set's own takes give, the share of the time of all holds
in which the arm is commanded faster than the bound (an opening at another time is not shown), and takes that are warned of
or fail. Sets of fewer takes than the check asks for show their speeds alone. `early=true`: into each demonstration the fault
`grip opened early` is put, and each such take is held against the others as they were; the last column counts what comes of
it instead.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import fault_sets as sets
import numpy as np
import shiliu
from given_words import given_words
from known_faults.injecting import Job, inject
from known_faults.registry import faults_of
from shiliu.replay.checks.releases import GripOpening, check_release, hands_of, releases_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.recording.recording import Recording

RULES = load_rules()


def takes_of(folder: str, room: Path, early: bool = False) -> list[Recording]:
    """Recordings of an ordinary set; with the fault in each, where `early` and it is a set of ours."""
    read = [one for one in shiliu.read(folder) if isinstance(one, Recording)]
    episodes = [one.episode for one in read if one.episode is not None]
    if not episodes:
        return [] if early else read
    scene = shiliu.load_scenario(str(episodes[0].scenario))
    if early:
        context = SceneContext(scene, "command")
        fault = faults_of(scene)["grip opened early"]
        made = inject([Job(one, (fault,), None) for one in episodes], context, 1)
        episodes = [one.recording.episode for one in made if one.recording is not None]
        assert len(episodes) == len(read), "a take into which it could not be put"
    return [one for one in shiliu.read(sets.write_set(room, episodes, scene, sets.PLAIN)) if isinstance(one, Recording)]


def line(folder: str, early: bool = False) -> str:
    with tempfile.TemporaryDirectory() as room:
        takes = takes_of(folder, Path(room) / "set")
        broken = takes_of(folder, Path(room) / "early", True) if early else []
        openings = [releases_of(one) for one in takes]
        known = [one for one in openings if not isinstance(one, str)]
        speeds = [one.speed for some in known for one in some]
        if not speeds:
            return f"| {folder} | {len(takes)} | 0 | – | – | – | – | – |"
        found = [check_release(one, _others(openings, k), False, RULES) for k, one in enumerate(openings)]
        asked = [one for one in found if one.limit is not None]
        bound = max((one.limit for one in asked), default=RULES["take.release"].bound("fail"))
        fast = np.concatenate(
            [
                hand.speed[hold.first : hold.last + 1] > bound
                for one in takes
                for hand in hands_of(one)
                for hold in hand.holds
            ]
        )
        if broken:
            found = [
                check_release(releases_of(one), _others(openings, k), False, RULES) for k, one in enumerate(broken)
            ]
            levels = [one.level for one in found]
            came = ", ".join(f"{levels.count(level)} {level}" for level in dict.fromkeys(sorted(levels)))
            return f"| {Path(folder).name} | {len(takes)} | {came} |"
        alarms = sum(one.level in ("WARN", "FAIL") for one in asked)
        came = f"{alarms} of {len(asked)}" if asked else "not asked"
        return (
            f"| {Path(folder).name} | {len(takes)} | {len(speeds)} | {max(speeds):.2f} | {np.median(speeds):.2f} | {bound:.2f} | "
            f"{100 * fast.mean():.0f} % | {came} |"
        )


def _others(openings: list[tuple[GripOpening, ...] | str], k: int) -> list[tuple[GripOpening, ...]]:
    return [one for i, one in enumerate(openings) if i != k and not isinstance(one, str)]


def main() -> int:
    """Exit 0; 2 where it was asked wrongly."""
    words = given_words({"data": "", "early": "false"}, sys.argv[1:], ["data"])
    if words is None:
        print(__doc__, file=sys.stderr)
        return 2
    early = words["early"] == "true"
    heads = ["set", "takes", "openings", "fastest [rad/s]", "middle", "bound", "of holds beyond it", "reported"]
    heads = ["set", "takes", "reported, each opened early"] if early else heads
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for folder in words["data"].split(","):
        print(line(folder, early), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
