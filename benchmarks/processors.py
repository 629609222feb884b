"""Own episodes of another kind of processor: how far apart their seconds come here, and which changes are still found.

    python benchmarks/processors.py [takes=NAME,NAME] [out=FILE] [faults=true]

Each kept take (`benchmarks/kept`, its actions) is played in another process, in which the C library and NumPy are kept from the
instructions of newer processors (`OTHER`): other sines, other products, other bits, in the compiled scene as well. What it records is
judged here. A line of JSON a take: verdict here, and as kept; `step`: from which on the replay from the start differs, `drift`: by how much
at most, in any column; `apart`: the largest difference of a position at the end of a second that was begun at its own full state, from the
record [m, rad, parts of a quaternion]; `share_of_rounding`: the largest share of what rounding may do, over all numbers; `unseen`: the
largest difference of a position that counts as rounding, in the worst second.

faults=true   no verdicts: changes of one size after the other in every second second, the kinds in turn (a joint and a thing in a full
              state, a command in one row and in ten, a recorded angle), and how many of these seconds no longer follow.

An interrupted run goes on: what stands in `out=` is not made again. Exit 2: usage, or this library computes the same without them.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from given_words import given_words
from shiliu.replay.drift.kept_take import KeptTake, play_bits, read_take
from shiliu.replay.formats.episode_archive import pack, unpack
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.rollout.between_states import play_between_states
from shiliu.replay.rollout.episode import as_recording
from shiliu.replay.rollout.machine_kind import machine
from shiliu.replay.rollout.reproduce import start_of
from shiliu.scenarios.catalog.catalog import list_scenarios
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import EpisodeError, ShiliuError

OTHER = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable,-AVX512F",
    "OPENBLAS_CORETYPE": "Nehalem",
}
DEFAULTS = {"takes": "", "out": "", "faults": "false", "record": ""}
QUICK = ("table_setting", "parcel_sorting", "microwave")  # of which faults are made
SIZES = (1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
COMMANDS = ("command, 1 row", "command, 10 rows")
KINDS = ("joint in a state", "thing in a state", *COMMANDS, "angle in a row")
FREE = mujoco.mjtJoint.mjJNT_FREE


def record(name: str, file: Path) -> None:
    """Play a kept take and write the episode that comes of it."""
    take = read_take(name)
    scene = take.scene()
    played, _ = play_bits(scene, take.start(scene), take.actions)
    file.write_bytes(pack(take.rebuilt(scene, played)))


def recorded_elsewhere(name: str) -> SimEpisode:
    """The episode of a kept take, as another processor would have made it.

    Raises:
        EpisodeError: this machine's library computes the same without those instructions.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "episode"
        subprocess.run([sys.executable, __file__, f"record={name}", f"out={file}"], env={**os.environ, **OTHER}, check=True)
        episode = unpack(file.read_bytes())
    if episode.made_on["arithmetic"] == machine()["arithmetic"]:
        raise EpisodeError("without newer instructions this machine's library computes the same: nothing is measured.", field=name)
    return episode


def compared(take: KeptTake, scene: Scene, episode: SimEpisode) -> dict[str, Any]:
    """How an episode of another processor is judged here."""
    begun = time.process_time()
    (verdict,) = judge([as_recording(take.name, episode, scene)], scene, threads=1)
    spent = time.process_time() - begun
    finding = next(one for one in verdict.findings if one.code == "reproduces")
    return {
        "take": take.name,
        "verdict": verdict.verdict,
        "kept": take.verdict["verdict"]["verdict"],
        "success": verdict.outcome.get("success"),
        "level": finding.level,
        "seconds": episode.duration_s,
        "drift": finding.value,
        **{key: finding.details.get(key) for key in ("step", "apart", "share_of_rounding", "unseen")},
        "fails": [one.code for one in verdict.findings if one.failed],
        "judged_s": round(spent, 1),
    }


def with_faults(scene: Scene, episode: SimEpisode, size: float, rng: np.random.Generator) -> tuple[SimEpisode, dict[int, str]]:
    """The episode with a change in every second second, and its kind by the control step at which that second ends."""
    ends = {end: KINDS[i % len(KINDS)] for i, end in enumerate(sorted(episode.checkpoints)[2:-1:2])}
    model = start_of(scene, episode).model
    actions = episode.actions.copy()
    states = {k: state.copy() for k, state in episode.checkpoints.items()}
    rows = {name: values.copy() for name, values in episode.states.items()}
    joints = [model.joint(name).qposadr[0] for name in scene.robot.joint_names]
    things = [int(at) + axis for at, joint in zip(model.jnt_qposadr, model.jnt_type) if joint == FREE for axis in range(3)]
    arm = [scene.schema.action.names.index(name) for name in scene.robot.arm_names]
    for end, kind in ends.items():
        if kind == "joint in a state":
            states[end][1 + rng.choice(joints)] += size
        elif kind == "thing in a state":
            states[end][1 + rng.choice(things)] += size
        elif kind in COMMANDS:
            actions[end - 15 : end - (14 if kind == COMMANDS[0] else 5), rng.choice(arm)] += size
        else:
            column = scene.schema.observations["observation.state"].names.index(str(rng.choice(scene.robot.arm_names)))
            rows["observation.state"][end - 10, column] += size
    return dataclasses.replace(episode, actions=actions, checkpoints=states, states=rows), ends


def faults(take: KeptTake, scene: Scene, episode: SimEpisode) -> Iterator[dict[str, Any]]:
    """How many changes are found, by kind and size: in their second, or, of a full state, in the one behind it."""
    rng = np.random.default_rng(0)
    for size in SIZES:
        changed, ends = with_faults(scene, episode, size, rng)
        between = play_between_states(scene, changed, start_of(scene, changed))
        assert between is not None
        wrong = {step for one in between.stretches if not one.follows for step in (one.begin, one.end)}
        counts = {kind: [sum(end in wrong for end in ends if ends[end] == kind), list(ends.values()).count(kind)] for kind in KINDS}
        yield {"take": take.name, "size": size, "found": counts}


def main(words: Sequence[str]) -> int:
    given = given_words(DEFAULTS, words)
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    if given["record"]:
        record(given["record"], Path(given["out"]))
        return 0
    with_changes = given["faults"] == "true"
    names = [name for name in given["takes"].split(",") if name] or [*(QUICK if with_changes else list_scenarios())]
    out = Path(given["out"]) if given["out"] else None
    done = [json.loads(line) for line in out.read_text().splitlines()] if out is not None and out.is_file() else []
    for name in names:
        if any(one["take"] == name for one in done):
            continue
        take = read_take(name)
        scene = take.scene()
        try:
            episode = recorded_elsewhere(name)
        except ShiliuError as error:
            print(error, file=sys.stderr)
            return 2
        for line in faults(take, scene, episode) if with_changes else [compared(take, scene, episode)]:
            text = json.dumps(line)
            print(text, flush=True)
            if out is not None:
                with out.open("a") as file:
                    file.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
