"""What the judge's refusals are worth to a policy: cloned from all demonstrations, from those called FEASIBLE, from the clean ones.

    python benchmarks/policy_regained.py data=DIR out=DIR [share=0.3] [seeds=3] [copies=50] [steps=5000] [arms=...]

data=DIR      a dataset of `shiliu record scenario=microwave`; who fails there is left out
out=DIR       the set with its faults, verdicts, policies and trials, a file each; what stands there is not made again
share=0.3     of the demonstrations are made faulty, of each of `KINDS` as many; they keep the label of the clean one
seeds=3       trainings of each arm, with seeds 0, 1, ...
copies=50     unseen draws in which each policy is tried, the same for all; their seeds begin with 30000
steps=5000    of the training
arms=         of all, feasible, clean, random, intake; the first three where not given
markdown=FILE the table as well

The policy opens the door of the microwave, as in `notebooks/behaviour_cloning.ipynb`. `all` is what a centre has that does not
look; `feasible` what the judge calls FEASIBLE in the set with the files of `shiliu record`, which tell each start; `clean` the
takes into which no fault was put, known here alone; `random` as many of all as are FEASIBLE; `intake` what is not refused of
an ordinary set by its tables alone. Arms that have the same takes share their policies. Shares come with Wilson's 95 %
interval, which takes all trials for independent; differences and ratios with one by bootstrap over training seeds and draws,
both arms resampled alike.
Training needs torch (`make learn`); set and verdicts do not, and `seeds=0` makes those alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import fault_sets as sets
import numpy as np
import shiliu
from given_words import given_words, show
from imitation.demonstrations import of_episode, usual
from imitation.task import Task
from imitation.training import Training, frames_of, train
from imitation.trials import FIRST, Cloned, attempt
from known_faults import ordinary
from known_faults.fault import Fault, FaultMark, Work
from known_faults.injecting import Job, inject
from known_faults.placing import segment
from known_faults.registry import faults_of
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.judge import judging
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.signals.statistics import wilson
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.scene.scene import Scene

DEFAULTS = {
    "data": "", "out": "", "share": "0.3", "seeds": "3", "copies": "50", "steps": "5000",
    "arms": "all,feasible,clean", "markdown": "",
}  # fmt: skip
UNTIL, SECONDS = "opened", 30.0  # what a policy does; s that each trial is given
DEAL = 1  # seed by which faults are dealt to demonstrations, and takes drawn at random
ASIDE = 0.08  # m, as the fault `object elsewhere`
AT_ONCE = 8  # demonstrations performed again side by side
REFUSALS = ("INFEASIBLE", "UNSOUND")
ARMS = {
    "all": "all takes",
    "feasible": "called FEASIBLE",
    "clean": "clean ones",
    "random": "as many at random",
    "intake": "not refused by its tables alone",
}
KINDS = (
    "handle let go early",
    "oven elsewhere",
    "mistake oven pushed",
    "hand never closes",
    "action runs late",
    "state columns exchanged",
    "state column off zero",
    "state stands for 25 rows",
)


# ---- the set


def handle_let_go(work: Work, size: float) -> FaultMark:
    """The grip on the handle opens in the middle of the pull, and stays open until the hand leaves it."""
    t0, t1 = segment(work.clean, "move_joint")
    middle = 0.5 * (t0 + t1)
    column = work.column(work.context.scene.robot.closes("left"))
    opening = (work.times >= middle) & (work.times < t1)
    work.actions[opening, column] = np.maximum(work.actions[opening, column] - 30.0, 0.0)
    return FaultMark(middle, middle + 0.1)


def oven_elsewhere(work: Work, size: float) -> FaultMark:
    """The oven stood 80 mm further to one side than the operator thought."""
    key = "oven.at.y"
    aside = work.draw.values.get(key, 0.0) + ASIDE * float(work.rng.choice([-1.0, 1.0]))
    work.draw = drawing.of_values(work.context.scene, {**work.draw.values, key: aside}, work.draw.task)
    return FaultMark()


def known_faults(scene: Scene) -> dict[str, Fault]:
    """The faults of `KINDS` by name; two are of this task alone."""
    own = (
        Fault(KINDS[0], ("goal",), "perform", handle_let_go, whole=True),
        Fault(KINDS[1], ("goal",), "perform", oven_elsewhere, whole=True),
    )
    known = {**faults_of(scene), **{fault.name: fault for fault in (*ordinary.IN_COLUMNS, *own)}}
    return {name: known[name] for name in KINDS}


def dealt(seeds: Sequence[int], share: float, kinds: Sequence[str], seed: int = DEAL) -> dict[int, str]:
    """Which demonstrations become faulty, and how: exactly that share of them, the kinds in turn.

    Args:
        seeds: of the demonstrations; share: 0 to 1 of them; seed: of the choice.
    """
    rng = np.random.default_rng(seed)
    picked = rng.permutation(np.asarray(seeds))[: round(share * len(seeds))]
    return {int(one): kinds[k % len(kinds)] for k, one in enumerate(picked)}


def episodes_of(folder: Path) -> list[SimEpisode]:
    """The episodes of a set as they were written."""
    return [one.episode for one in shiliu.read(folder) if isinstance(one, Recording) and one.episode is not None]


def make_set(clean: Sequence[SimEpisode], kinds: Mapping[int, str], scene: Scene, out: Path) -> None:
    """Write the demonstrations, those of `kinds` with their fault and the label of the clean one; beside it, who has which.

    A take in which its fault cannot be put gets the next kind in turn.
    """
    context, faults = SceneContext(scene, "command"), known_faults(scene)
    made = {one.seed: one for one in clean}
    todo, given = dict(kinds), {}
    for _ in KINDS:
        jobs = [Job(made[seed], (faults[kind],), None) for seed, kind in todo.items()]
        done = [one for k in range(0, len(jobs), AT_ONCE) for one in inject(jobs[k : k + AT_ONCE], context, 1)]
        for one in done:
            seed, kind = one.job.episode.seed, todo[one.job.episode.seed]
            broken = None if one.recording is None else one.recording.episode
            if broken is None:
                print(f"{seed}: no {kind}: {one.reason}", file=sys.stderr)
                todo[seed] = KINDS[(KINDS.index(kind) + 1) % len(KINDS)]
                continue
            broken.label = dict(made[seed].label)  # an unchecked centre's: it was to be a success
            made[seed], given[seed] = broken, todo.pop(seed)
    takes = [{"seed": one.seed, "kind": given.get(one.seed)} for one in clean]
    write_json(out / "takes.json", takes)
    sets.write_set(out / "set", [made[one.seed] for one in clean], scene, sets.OWN)


# ---- which takes each arm has


def judged(out: Path, takes: Sequence[Mapping[str, Any]], scene: Scene) -> list[dict[str, Any]]:
    """The takes with the verdict on each, `verdict` and `root`, and the one of an ordinary set's tables, `intake`."""
    found = [dict(take) for take in takes]
    for take, verdict in zip(found, judging(shiliu.read(out / "set"), threads=1)):
        take["verdict"] = verdict.verdict
        take["root"] = None if verdict.root is None else verdict.findings[verdict.root].code
    with tempfile.TemporaryDirectory() as room:
        plain = sets.write_set(Path(room) / "plain", episodes_of(out / "set"), scene, sets.PLAIN)
        for take, verdict in zip(found, intake(shiliu.read(plain))):
            take["intake"] = verdict.verdict
    return found


def chosen_takes(takes: Sequence[Mapping[str, Any]], arm: str) -> list[int]:
    """Indices of the takes that an arm is trained on.

    Args:
        takes: with `kind` (None for a clean one), `verdict` and `intake`.
    """
    if arm == "random":
        order = np.random.default_rng(DEAL).permutation(len(takes))
        return sorted(order[: len(chosen_takes(takes, "feasible"))].tolist())
    asked = {
        "all": lambda take: True,
        "feasible": lambda take: take["verdict"] == "FEASIBLE",
        "clean": lambda take: take["kind"] is None,
        "intake": lambda take: take["intake"] not in REFUSALS,
    }[arm]
    return [k for k, take in enumerate(takes) if asked(take)]


# ---- trainings and trials


class Trials:
    """Policies and their trials in a folder, by what they were trained on."""

    def __init__(self, out: Path, scene: Scene, training: Training, copies: int):
        import torch

        torch.set_num_threads(1)
        self.out, self.scene, self.training, self.copies = out, scene, training, copies
        self.shown = [of_episode(one, UNTIL) for one in episodes_of(out / "set")]

    def success(self, takes: Sequence[int], seed: int) -> list[bool]:
        """Success in each draw of the policy of these takes and this seed; made where it is not there."""
        name = f"{key_of([self.shown[k].seed for k in takes], self.training)}_{seed}"
        file = self.out / f"trial_{name}_{self.copies}.json"
        if not file.is_file():
            shown = usual([self.shown[k] for k in takes])
            task = Task(self.scene, UNTIL, shown)
            policy, _ = train(task, frames_of(task, shown, self.training.ahead), self.training, seed)
            trials, _ = attempt(task, Cloned(policy), range(FIRST, FIRST + self.copies), SECONDS)
            failures = [one.failure for one in trials]
            write_json(
                file,
                {"takes": len(takes), "seed": seed, "success": [one.success for one in trials], "failure": failures},
            )
        return list(json.loads(file.read_text(encoding="utf-8"))["success"])


def key_of(seeds: Collection[int], how: Training) -> str:
    """A short name of a set of takes and of how it is trained on."""
    content = json.dumps([sorted(seeds), asdict(how)])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def write_json(file: Path, content: Any) -> None:
    """Written beside, then renamed."""
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, file)


# ---- what it comes to


def paired(a: np.ndarray, b: np.ndarray, seed: int = 0, draws: int = 10000) -> dict[str, tuple[float, float, float]]:
    """Success of one arm against another's on the same draws: `difference` and `ratio`, each with its 95 % interval.

    Args:
        a, b: (training seeds, draws) bool.

    Returns:
        Value, low, high; percentiles of a bootstrap (Efron 1979) that resamples training seeds and draws, both arms alike.
        No ratio where the other arm may have no success at all.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    rng, (m, n) = np.random.default_rng(seed), a.shape
    means = np.empty((draws, 2))
    for k in range(draws):
        at = np.ix_(rng.integers(m, size=m), rng.integers(n, size=n))
        means[k] = a[at].mean(), b[at].mean()
    low, high = np.percentile(means[:, 0] - means[:, 1], [2.5, 97.5])
    found = {"difference": (float(a.mean() - b.mean()), float(low), float(high))}
    if means[:, 1].all():
        shares = np.percentile(means[:, 0] / means[:, 1], [2.5, 97.5])
        found["ratio"] = (float(a.mean() / b.mean()), float(shares[0]), float(shares[1]))
    return found


def verdict_lines(takes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Markdown: how many takes of each kind the judge calls what, and why."""
    rows = [
        "| takes | n | called FEASIBLE | roots of the others | refused by its tables alone |",
        "|---|---|---|---|---|",
    ]
    for kind in (None, *KINDS):
        of = [take for take in takes if take["kind"] == kind]
        if not of:
            continue
        roots = [str(take["root"] or take["verdict"]) for take in of if take["verdict"] != "FEASIBLE"]
        counts = ", ".join(f"{root} {roots.count(root)}" for root in sorted(set(roots)))
        feasible, refused = len(of) - len(roots), sum(take["intake"] in REFUSALS for take in of)
        rows.append(f"| {kind or 'clean'} | {len(of)} | {feasible} | {counts or '–'} | {refused} |")
    return rows


def arm_lines(arms: Mapping[str, Sequence[int]], success: Mapping[str, np.ndarray]) -> list[str]:
    """Markdown: a row an arm: success by training seed and in all; against the clean ones."""
    rows = [
        "| trained on | takes | success by training seed | in all (Wilson) | less that of clean | share of clean |",
        "|---" * 6 + "|",
    ]
    for arm, done in success.items():
        n = done.size
        low, high = wilson(int(done.sum()), n)
        cells = [ARMS[arm], str(len(arms[arm])), ", ".join(f"{row.sum()}/{len(row)}" for row in done)]
        cells.append(f"{done.mean():.1%} ({low:.0%} to {high:.0%}), {done.sum()}/{n}")
        if "clean" in success and arm != "clean":
            found = paired(done, success["clean"])
            cells.append("{:+.1%} ({:+.1%} to {:+.1%})".format(*found["difference"]))
            cells.append("{:.1%} ({:.1%} to {:.1%})".format(*found["ratio"]) if "ratio" in found else "–")
        else:
            cells += ["–", "–"]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def run(words: Mapping[str, str]) -> str:
    """All that is wanted, and the tables."""
    out, scene = Path(words["out"]), shiliu.load_scenario("microwave")
    out.mkdir(parents=True, exist_ok=True)
    if not (out / "set").is_dir():
        clean = [one for one in episodes_of(Path(words["data"])) if one.label["success"]]
        make_set(clean, dealt([one.seed for one in clean], float(words["share"]), KINDS), scene, out)
    file = out / "verdicts.json"
    if not file.is_file():
        takes = json.loads((out / "takes.json").read_text(encoding="utf-8"))
        write_json(file, judged(out, takes, scene))
    takes = json.loads(file.read_text(encoding="utf-8"))
    arms = {arm: chosen_takes(takes, arm) for arm in words["arms"].split(",")}
    lines = verdict_lines(takes)
    seeds = int(words["seeds"])
    if seeds:
        trials = Trials(out, scene, Training(steps=int(words["steps"])), int(words["copies"]))
        rows: dict[str, list[list[bool]]] = {arm: [] for arm in arms}
        for seed in range(seeds):  # arm by arm within a seed: what is there when it is broken off is paired
            for arm, of in arms.items():
                rows[arm].append(trials.success(of, seed))
                print(f"{arm}, seed {seed}: {sum(rows[arm][-1])} of {len(rows[arm][-1])}", flush=True)
        lines += ["", *arm_lines(arms, {arm: np.array(one, bool) for arm, one in rows.items()})]
    return "\n".join(lines)


def main() -> int:
    """Exit 0 when all was made, 2 where it was asked wrongly."""
    words = given_words(DEFAULTS, sys.argv[1:], ["data", "out"])
    if words is None or not set(words["arms"].split(",")) <= set(ARMS):
        print(__doc__, file=sys.stderr)
        return 2
    text = run(words)
    show(text, words["markdown"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
