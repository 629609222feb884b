"""How often does the recorded head picture show what the hands are at? Each thing of each scenario, and the figures for its card.

    python benchmarks/seen.py [scenario=NAME,NAME.VARIANT] [seeds=BEGIN:END] [figures=true] [shots=FOLDER]

Without `seeds` nothing is performed: the kept take of a scenario (`benchmarks/kept/`) is played, and the head is turned as the looks of
today's chain turn it, each at the beginning of the skill that stands behind it. Looks that run beside the skills move nothing else, so
this is what the chain would show, to within the lag of the neck's servo, which is taken as `LAG`. With `seeds` the operator performs them.
`figures=true` writes `conf/figures/seen/<scenario>.yaml`, from where `shiliu list` and the cards take them. `shots` is a folder for
the head picture at the beginning of each skill.

Exit 0: each thing is seen in 80 % of the looks at which a hand is at it, or is excepted; 1: one is not; 2: usage.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shiliu
import yaml
from given_words import given_words
from kept import chosen, seeds_of, takes
from mujoco import MjData, mj_kinematics
from PIL import Image
from seen_shares import shown_digest
from shiliu.envs.rendering import Painter
from shiliu.replay.drift.kept_take import KeptTake, kept_names, read_take
from shiliu.replay.operator.limbs.geometry import progress
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.operator.visibility import Sight, answers, head_camera, sights, together
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import Draw, draw
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ShiliuError

DEFAULTS = {"scenario": "", "seeds": "", "figures": "", "shots": ""}
LAG = 0.1  # s, by which the neck follows its command
WITHIN = 0.945  # share of a joint's range that the operator commands


def looks_of(scene: Scene, segments: Sequence[Mapping[str, Any]]) -> Iterator[tuple[float, Any]]:
    """(second, skill) of each look of the chain: when the skill behind it began in segments that were performed without it."""
    done = [one for one in segments if one["skill"] != "look"]
    i = 0
    for skill in read_chain(scene):
        if skill.word == "look":
            yield (float(done[i]["t0"]) if i < len(done) else np.inf), skill
        elif i < len(done) and done[i]["skill"] == skill.name:
            i += 1


def head_turned(scene: Scene, start: Draw, qpos: np.ndarray, segments: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """qpos (T + 1, nq) with the neck as the looks of the chain turn it."""
    model, dt = start.model, scene.control_timestep
    data, names = MjData(model), list(scene.robot.joints_of("head"))
    columns = [int(model.joint(name).qposadr[0]) for name in names]
    ranges = np.array([model.joint(name).range for name in names])
    middle, half = ranges.mean(axis=1), WITHIN * np.ptp(ranges, axis=1) / 2
    pose = scene.robot.pose(scene.config.pose)
    head = np.tile([pose[name] for name in names], (len(qpos), 1))
    for second, look in looks_of(scene, segments):
        begin = round(second / dt) if np.isfinite(second) else len(qpos)
        if begin >= len(qpos):
            continue
        data.qpos[:] = qpos[begin]
        now = angles = head[begin]
        for _ in range(6):  # as `OperatorState.gaze`
            data.qpos[columns] = angles
            mj_kinematics(model, data)
            eye = data.site("head_camera")
            ahead, left, up = eye.xmat.reshape(3, 3).T @ (data.site(look.at).xpos - eye.xpos)
            angles = np.clip(
                angles + np.array([np.arctan2(left, ahead), -np.arctan2(up, ahead)]), middle - half, middle + half
            )
        count = max(2, int(np.ceil(1.5 * np.abs(angles - now).max() / look.speed / dt)))
        shares = np.minimum(np.arange(1, len(qpos) - begin) / count, 1.0)
        head[begin + 1 :] = now + np.array([progress(share, 0.5) for share in shares])[:, None] * (angles - now)
    lag, turned = round(LAG / dt), qpos.copy()
    turned[:, columns] = np.concatenate([np.repeat(head[:1], lag, axis=0), head])[: len(qpos)]
    return turned


def of_take(take: KeptTake, shots: Path | None) -> tuple[Scene, dict[str, Sight]]:
    """How the things of a kept take are seen with the looks of today's chain."""
    scene = take.scene()
    start = take.start(scene)
    played = next(play(scene, [Take(start, np.ascontiguousarray(take.actions, np.float32))], threads=1))
    qpos = head_turned(scene, start, played.qpos, take.segments)
    if shots is not None:
        keep_shots(shots, f"{take.name}_{take.seed}", scene, start, qpos, take.segments, played.kept)
    return scene, sights(scene, start, qpos)


def of_seeds(scene: Scene, seeds: Sequence[int], shots: Path | None) -> dict[str, Sight]:
    """The same of demonstrations that are performed."""
    found = []
    for seed in seeds:
        start = draw(scene, seed)
        (done,) = perform(scene, [start], [seed], judged=True)
        found.append(sights(scene, start, done.qpos))
        if shots is not None:
            keep_shots(shots, f"{scene.name}_{seed}", scene, start, done.qpos, done.segments, done.kept)
    return together(found)


def keep_shots(
    folder: Path,
    name: str,
    scene: Scene,
    start: Draw,
    qpos: np.ndarray,
    segments: Sequence[Mapping[str, Any]],
    kept: np.ndarray,
) -> None:
    """Write the head picture in the middle of each skill."""
    camera = head_camera(scene)
    assert camera is not None
    folder.mkdir(parents=True, exist_ok=True)
    with Painter(scene) as painter:
        for number, one in enumerate(segments, 1):
            middle = round((one["t0"] + (one["t1"] or one["t0"])) / 2 / scene.control_timestep)
            k = min(middle, len(qpos) - 1)
            of_k = kept[k] if len(kept) else None
            shot = painter.picture(start.values, qpos[k], camera.camera, camera.width, camera.height, kept=of_k)
            Image.fromarray(shot).save(folder / f"{name}_{number:02d}_{one['skill']}.png")


def write(
    scene: Scene,
    variant: str | None,
    words: Sequence[str],
    seeds: Sequence[int],
    found: Mapping[str, Sight],
    folder: Path,
) -> None:
    """Write the figures of a scenario or variant."""
    figures = {
        "version": scene.version,
        "fingerprint": scene.fingerprint,
        "shown": shown_digest(scene.config.raw),
        "seeds": list(seeds),
        "seen": {name: [sight.seen, sight.looks] for name, sight in found.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{scene.name}{'.' + variant if variant else ''}.yaml"
    command = " ".join(["python benchmarks/seen.py", *words])
    file.write_text(f"# Written by `{command}`.\n" + yaml.safe_dump(figures, sort_keys=False))


def main(words: Sequence[str], folder: Path = CONF / "figures" / "seen") -> int:
    given = given_words(DEFAULTS, words)
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    known, wrong = takes(), 0
    shots = Path(given["shots"]) if given["shots"] else None
    try:
        names = chosen(given["scenario"], list(known))
        seeds = seeds_of(given["seeds"]) if given["seeds"] else None
        for name in names:
            if seeds is None and name not in kept_names():
                print(f"{name}: no take is kept; give seeds=")
                continue
            scenario, variant = known[name]
            if seeds is None:
                take = read_take(name)
                (scene, found), of = of_take(take, shots), [take.seed]
            else:
                scene, of = shiliu.load_scenario(scenario, variant=variant).judged, list(seeds)
                found = of_seeds(scene, of, shots)
            for answer in answers(found, scene.config.unseen):
                wrong += not answer.sound
                print(f"{name:<28} {'ok  ' if answer.sound else 'FAIL'} {answer.question}: {answer.answer}", flush=True)
            if given["figures"]:
                plain = [
                    f"scenario={name}",
                    *([f"seeds={given['seeds']}"] if seeds is not None else []),
                    "figures=true",
                ]
                write(scene, variant, plain, of, found, folder)
    except ShiliuError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
