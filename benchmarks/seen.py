"""How often does the recorded head picture show what the hands are at? Each thing of each scenario, and the figures for its card.

    python benchmarks/seen.py [scenario=NAME,NAME.VARIANT] [seeds=BEGIN:END] [figures=true] [shots=FOLDER]

Without `seeds` nothing is performed: the kept take of a scenario (`benchmarks/kept/`) is played. Where the chain has changed since, that
take is kept anew first (`kept.py make update=actions,bits,verdict`), or `seeds` are given: the operator performs them.
`figures=true` writes `conf/figures/seen/<scenario>.yaml`, from where `shiliu list` and the cards take them. `shots` is a folder for
the head picture at the beginning of each skill.

Exit 0: each thing is seen in 80 % of the looks at which a hand is at it, or is excepted; 1: one is not; 2: usage.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shiliu
import yaml
from given_words import given_words
from kept import chosen, seeds_of, takes
from PIL import Image
from seen_shares import shown_digest
from shiliu.envs.rendering import Painter
from shiliu.replay.drift.kept_take import KeptTake, kept_names, read_take
from shiliu.replay.operator.operator import perform
from shiliu.replay.operator.visibility import Sight, answers, head_camera, sights, together
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws.variation import Draw, draw
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ShiliuError

DEFAULTS = {"scenario": "", "seeds": "", "figures": "", "shots": ""}


def of_take(take: KeptTake, shots: Path | None) -> tuple[Scene, dict[str, Sight]]:
    """How the things of a kept take are seen."""
    scene = take.scene()
    start = take.start(scene)
    played = next(play(scene, [Take(start, np.ascontiguousarray(take.actions, np.float32))], threads=1))
    if shots is not None:
        keep_shots(shots, f"{take.name}_{take.seed}", scene, start, played.qpos, take.segments, played.kept)
    return scene, sights(scene, start, played.qpos)


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
