"""An ACT that sees: trained on the operator's demonstrations from what cameras show, tried in unseen starts.

    python benchmarks/policies_from_pictures.py out=build/pictures [file=build/pictures/demonstrations.npz] [task=table_setting.taken]
        [demonstrations=100] [held_out=10] [copies=50] [processes=4] [render_minutes=1.5] [minutes=3.5] [rollout_minutes=2.5]
        [steps=0] [batch=256] [seed=0] [kept=DIR]

file=                 demonstrations in one file; where it is not there, it is made first, and `out=` may be left out
kept=                 folder in which demonstrations are kept one by one while the file is made
demonstrations=100    that are trained on; held_out=10 more, for the loss alone
render_minutes=1.5    of drawing pictures of them, each with the arms a little elsewhere
minutes=3.5           of training; steps=: no more than so many, 0: no such end; batch=256 frames in each step
rollout_minutes=2.5   after which no trial is begun; copies=50 unseen starts, seeds 30000 and on
processes=4           that draw and try
seed=0                of the training

It needs torch, and OpenGL through EGL; with a GPU for both it takes nine minutes, without them hours. `out` holds then:

cells.jsonl           the cell of the table, as of `policies.py`
trials.jsonl          a line for each start, written as it ends; what is there is not tried again
training.jsonl        how the loss fell, of what was learned and of what was held out
policy.pt             the weights, with half of their digits; where it is there, nothing is trained
film.jpg              a trial that succeeded and one that failed, as the cameras saw them and from beside
summary.json          machine, numbers of pictures, steps and seconds

Exit 0 when all starts were tried, 1 when the time was over before, 2 where it was asked wrongly, 3 where nothing can be drawn.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import shiliu
from given_words import given_words
from imitation.cells import Table, cell_key
from imitation.demonstrations import Kept
from imitation.pictures import Crew, Sight, SightedPolicy, Studio, pack, train, unpack
from imitation.trials import FIRST, SLOWER, Trial, bytes_of, summary
from policies import lines, versions

DEFAULTS = {
    "out": "", "file": "", "task": "table_setting.taken", "demonstrations": "100", "held_out": "10", "copies": "50",
    "processes": "4", "render_minutes": "1.5", "minutes": "3.5", "rollout_minutes": "2.5", "steps": "0", "batch": "256",
    "seed": "0", "kept": "",
}  # fmt: skip
PATIENCE = 90.0  # s, for processes to begin and to draw the first picture
SAME = 1e-4  # m or rad, a start that is drawn again
LATE = 45.0  # s, that a trial or a film may go on when the time is over


class Failed(Exception):
    """What was asked cannot be done here; the exit code comes with it."""

    def __init__(self, text: str, code: int):
        super().__init__(text)
        self.code = code


def run(words: Mapping[str, str]) -> int:
    """Make what is not there, and write the cell of the table."""
    scenario, _, until = words["task"].partition(".")
    scene, file = shiliu.load_scenario(scenario), Path(words["file"] or Path(words["out"]) / "demonstrations.npz")
    learned, apart = int(words["demonstrations"]), int(words["held_out"])
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file():
        folder = Path(words["kept"] or file.parent / "demonstrations")
        pack(Kept(folder, scene, until or None).first(learned + apart), file)
        print(f"{file}: {file.stat().st_size / 2**20:.1f} MiB", flush=True)
    if not words["out"]:
        return 0
    out, begun = Path(words["out"]), time.time()
    out.mkdir(parents=True, exist_ok=True)
    shown = unpack(file)
    if len(shown) < learned + apart:
        raise Failed(f"{file} holds {len(shown)} demonstrations; {learned + apart} are wanted.", 2)
    studio = Studio(scene, until or None, shown[: learned + apart], learned)
    sight = Sight(studio.cameras(), batch=int(words["batch"]), seed=int(words["seed"]))
    about = {
        "task": words["task"],
        "demonstrations": learned,
        "data": hashlib.sha256(file.read_bytes()).hexdigest()[:16],
    }
    crew = Crew(int(words["processes"]), scenario, until or None, file, learned)
    try:
        try:
            first = crew.first_pictures(sight, PATIENCE)
        except (
            Exception
        ) as error:  # every backend fails with an exception of its own, and a process that dies with another
            raise Failed(f"Nothing can be drawn here: {type(error).__name__}: {error}", 3) from error
        if first.offset > SAME:
            raise Failed(f"The demonstrations' starts are not the draws of here: {first.offset:.3g} m or rad apart.", 3)
        facts = {"machine": machine(), "opengl": first.renderer, "sight": asdict(sight), **about}
        print(json.dumps(facts), flush=True)
        policy = trained(words, out, studio, sight, crew, about, facts)
        return tried(words, out, studio, policy, crew, facts, begun)
    finally:
        crew.close()


def trained(
    words: Mapping[str, str],
    out: Path,
    studio: Studio,
    sight: Sight,
    crew: Crew,
    about: Mapping[str, Any],
    facts: dict[str, Any],
) -> bytes:
    """The bytes of the policy: those that are there, or a new one's.

    Raises:
        Failed: those that are there are of something else.
    """
    file = out / "policy.pt"
    if file.is_file():
        found = SightedPolicy.of_bytes(file.read_bytes())
        if found.sight != sight or any(found.about.get(name) != value for name, value in about.items()):
            raise Failed(f"{file} was trained on something else: {found.sight}, {found.about}.", 2)
        facts.update(found.about)
        return file.read_bytes()
    learned, n = int(words["demonstrations"]), len(studio.shown)
    limit = 60 * float(words["render_minutes"])
    found = crew.see(range(n), sight, limit * int(words["processes"]) / n, limit + LATE)
    seen = [one for i, one in found.items() if i < learned]
    held_out = [one for i, one in found.items() if i >= learned] or seen[:1]
    if len(seen) < learned / 2:
        raise Failed(f"Pictures of {len(found)} of {n} demonstrations were there in time.", 3)
    drawn = {
        "demonstrations_drawn": len(seen),
        "frames": sum(len(one.own) for one in seen),
        "frames_held_out": sum(len(one.own) for one in held_out),
        "render_process_s": round(sum(one.seconds for one in found.values())),
        "start_offset": max(one.offset for one in found.values()),
    }
    print(json.dumps(drawn), flush=True)
    policy, curve = train(studio, sight, seen, held_out, 60 * float(words["minutes"]), int(words["steps"]))
    policy.about = {**about, **drawn, "trained_on": machine(), "steps": curve[-1]["step"], "training_s": curve[-1]["s"]}
    kept = policy.to_bytes()
    (out / "training.jsonl").write_text("".join(json.dumps(row) + "\n" for row in curve))
    file.write_bytes(kept)
    facts.update(policy.about)
    (out / "summary.json").write_text(json.dumps(facts, indent=1) + "\n")
    return kept


def tried(
    words: Mapping[str, str], out: Path, studio: Studio, policy: bytes, crew: Crew, facts: dict[str, Any], begun: float
) -> int:
    """Try what was not tried yet, and write the cell; 1 where starts are left."""
    table, wanted = Table(out / "trials.jsonl"), range(FIRST, FIRST + int(words["copies"]))
    of = hashlib.sha256(policy).hexdigest()[:16]
    rows = {row["seed"]: row for row in table if row["policy"] == of}
    seconds = SLOWER * max(len(one.actions) for one in studio.shown) * studio.scene.control_timestep
    films: dict[bool, np.ndarray] = {}
    left = [seed for seed in wanted if seed not in rows]
    for trial, outside, film, took in crew.attempts(policy, left, seconds, 60 * float(words["rollout_minutes"]), LATE):
        row = {**asdict(trial), "outside": round(outside, 4), "policy": of, "s": round(took, 1), "machine": machine()}
        table.add(row)
        rows[trial.seed] = row
        films.setdefault(trial.success, film)
        print(json.dumps(row), flush=True)
    if films:
        import imageio.v3 as iio

        iio.imwrite(out / "film.jpg", np.concatenate([films[key] for key in sorted(films, reverse=True)]), quality=90)
    done = [Trial(**{k: rows[seed][k] for k in Trial.__dataclass_fields__}) for seed in wanted if seed in rows]
    if not done:
        raise Failed("No trial ended in time.", 1)
    settings = {
        "who": "pictures",
        **facts["sight"],
        "steps": facts["steps"],
        "copies": len(wanted),
        "demonstrations": len(studio.shown),
    }
    cell = {
        "key": cell_key(settings, studio.scene, [facts["data"]]),
        "task": words["task"], "shown": facts["demonstrations"], "who": "pictures", "seed": int(words["seed"]), **summary(done),
        "outside": round(float(np.mean([rows[one.seed]["outside"] for one in done])), 4),
        "sha256": hashlib.sha256(of.encode() + bytes_of(done)).hexdigest()[:16],
        "wall_s": round(time.time() - begun), "made_by": versions(), "machine": machine(),
    }  # fmt: skip
    Table(out / "cells.jsonl").add(cell)
    facts["wall_s"], facts["trial_s"] = cell["wall_s"], round(sum(rows[one.seed]["s"] for one in done))
    (out / "summary.json").write_text(json.dumps({**facts, "cell": cell}, indent=1) + "\n")
    print("\n".join(lines([cell])), flush=True)
    return 0 if len(done) == len(wanted) else 1


def machine() -> str:
    """Processor, or what torch computes on."""
    import torch

    name = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU"
    return f"{name}, torch {torch.__version__}, {platform.machine()}"


def main() -> int:
    """See above."""
    words = given_words(DEFAULTS, sys.argv[1:])
    if words is None or not (words["out"] or words["file"]):
        print(__doc__, file=sys.stderr)
        return 2
    if words["out"]:
        try:
            import torch  # noqa: F401
        except ImportError:
            print("torch is not installed: make policies", file=sys.stderr)
            return 2
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        return run(words)
    except Failed as failed:
        print(failed, file=sys.stderr)
        if words["out"]:
            Path(words["out"]).mkdir(parents=True, exist_ok=True)
            (Path(words["out"]) / "failed.txt").write_text(f"{failed}\n")
        return failed.code


if __name__ == "__main__":
    raise SystemExit(main())
