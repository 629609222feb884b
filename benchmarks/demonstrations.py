"""How often does the scripted operator do a scenario, and is what it does lawful? One line a seed, then the shares.

    python benchmarks/demonstrations.py microwave seeds=10000:10200 [out=build/microwave.jsonl] [processes=0] [variant=NAME]
        [figures=true|again] [conf=FOLDER] [judge=no|present]

Each seed is drawn, performed and judged as `shiliu replay` judges it, but that seven of eight are judged by what was noted
while they were performed instead of being played again (the same numbers to the bit, `tests/operators/test_operator.py`).

Without `out` the lines stand in `benchmarks/held_out/<scenario>.jsonl`, which is kept with the code: 200 seeds of a slow
scenario take hours, and a run that is begun again, there or with the same `out`, goes on behind its last line. Another scene,
or another version of it, is refused, since its lines would not belong together; each line names the commit of its
operator. `processes=0` takes all cores; the lines are the same and in the same order whatever their number. `conf` is a
folder with scenarios of your own, such as docs/examples/conf. With `judge=no` the seeds are performed alone: on its own legs a take is
judged at four times the cost of its performance; with `judge=present` it is played with the present stiffness of the legs alone,
since softer and stiffer ones can only warn of a take that was made on legs. With `base=legs` each line has what the legs bore
(`legs_measured.py`). `figures=true`
writes the shares to `conf/figures/<scenario>.yaml`, from where `shiliu list` and the scenario's card take them. `figures=again`
puts them beside those that stand there, as `again`: fewer seeds, counted because the operator has changed; their lines stand in
`benchmarks/held_out/<scenario>.again.jsonl`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shiliu
import yaml
from legs_measured import LegMeasures
from rich.progress import track
from shiliu.replay.checks.standing import GAINS, PRESENT
from shiliu.replay.judge.stages import legs_stage
from shiliu.replay.operator.failures import ending_of, table_of
from shiliu.replay.operator.operator import perform, read_chain
from shiliu.replay.operator.sweep import side_by_side
from shiliu.replay.recording.recording import SimEpisode
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.replay.rollout.rollout import Rollout
from shiliu.replay.signals.statistics import wilson
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.scene.scene import Scene

REPOSITORY = Path(__file__).resolve().parents[1]
FIGURES = REPOSITORY / "conf" / "figures"
AGAIN = 8  # one seed of so many is played again by the judge
HELD_OUT = REPOSITORY / "benchmarks" / "held_out"
_scene: Scene  # of a worker process
_commit: str | None
_judged: bool


def commit() -> str | None:
    """What is run: the commit, with `-dirty` where files differ from it; of a copy elsewhere what SHILIU_COMMIT says, or None."""
    if "SHILIU_COMMIT" in os.environ:
        return os.environ["SHILIU_COMMIT"]
    asked = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=10"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def load(scenario: str, chosen: Mapping[str, str], conf: str | None, at: str | None, judge: str = "") -> Scene:
    """The scene that is performed in, in this process, by the operator of a commit; whether it is judged as well (`judge=`)."""
    global _scene, _commit, _judged
    _commit, _judged = at, judge != "no"
    if judge == "present":
        legs_stage.GAINS = {PRESENT: GAINS[PRESENT]}
    folder = Path(conf) if conf else None
    _scene = shiliu.load_scenario(scenario, conf_dir=folder, **chosen).judged  # what is noted while it is performed is what is judged
    return _scene


def head(scene: Scene, chosen: Mapping[str, str]) -> dict[str, Any]:
    """What all lines of a file have in common."""
    return {"scenario": scene.name, "version": scene.version, **chosen, "fingerprint": scene.fingerprint}


def one(seed: int) -> dict[str, Any]:
    """Perform one seed, and judge it where it is to be judged."""
    legs = [LegMeasures(_scene)] if _scene.robot.base == "legs" else []
    (done,) = perform(_scene, [draw(_scene, seed)], [seed], judged=_judged, beside=legs)
    episode = episode_of(_scene, done)
    label = episode.label
    last = [s["skill"] for s in episode.segments][-1] if episode.segments else None
    ended = ending_of(episode, [skill.name for skill in read_chain(_scene)])
    why = ended.gave_up["reason"] if ended and ended.gave_up else None
    return {
        "seed": seed, "success": bool(label["success"]), "failure": label["failure"], "during": ended.skill if ended else last,
        **({"gave_up": why} if why else {}),
        "lasts": round(episode.n_steps * episode.control_timestep, 2), "redraws": len(episode.draw["redraws"]),
        **(judged(seed, episode, done) if _judged else {}), **(legs[0].measured if legs else {}), "commit": _commit,
    }  # fmt: skip


def judged(seed: int, episode: SimEpisode, done: Rollout) -> dict[str, Any]:
    """The verdict of one performance, and what is kept of it."""
    recording = as_recording(f"seed_{seed}", episode, _scene)
    again = seed % AGAIN == 0
    kept = None if again else {recording.sha256: done}
    (verdict,) = shiliu.judge([recording], _scene, threads=1, performed=kept)
    root = None if verdict.root is None else verdict.findings[verdict.root]
    least = [one.details["least"] for one in verdict.findings if one.code == "tipping" and "least" in one.details]
    return {
        "verdict": verdict.verdict, "root": root and root.code, "of": root and list(root.subject), "at": root and root.t0, "again": again,
        "tipping": round(1e3 * min(least), 1) if least else None,
        "warned": sorted({one.code for one in verdict.findings if one.level == "WARN"}),
    }  # fmt: skip


def lines_of(out: Path, common: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines that a file holds already.

    Raises:
        SystemExit: the file was made in another scene.
    """
    if not out.is_file():
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(common) + "\n")
        return []
    first, *rest = out.read_text().splitlines()
    if json.loads(first) != common:
        raise SystemExit(f"{out} holds lines of {first}, not of {json.dumps(common)}: choose another out=")
    whole = [line for line in rest if line.endswith("}")]  # a line that was being written when the machine stopped
    out.write_text("".join(f"{line}\n" for line in (first, *whole)))
    return [json.loads(line) for line in whole]


def share(k: int, n: int) -> str:
    """`190 of 200 (91.0 % to 97.3 %)`, with the 95 % Wilson interval."""
    low, high = wilson(k, n)
    return f"{k} of {n} ({low:.1%} to {high:.1%})"


def summary(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of a run."""
    good = [line for line in lines if line["success"]]
    lasts = sorted(line["lasts"] for line in good)
    redraws = sum(line["redraws"] for line in lines)
    return {
        "seeds": [lines[0]["seed"], lines[-1]["seed"]],
        "demonstrations": len(lines),
        "succeeded": len(good),
        "feasible": sum(line.get("verdict") == "FEASIBLE" for line in good),
        "seconds": [lasts[0], lasts[len(lasts) // 2], lasts[-1]] if lasts else [],
        "failures": table_of(
            (line["failure"], line["during"], line.get("gave_up")) for line in lines if not line["success"]
        ),
        "refused": dict(Counter(line["root"] for line in good if line.get("verdict", "FEASIBLE") != "FEASIBLE")),
        "redrawn": round(redraws / (redraws + len(lines)), 4),
        **measured(good),
    }


def measured(good: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of successes: the least margin before the robot tips [mm], and how many carry a warning, by code; lines of before have neither."""
    margins = [line["tipping"] for line in good if line.get("tipping") is not None]
    if not margins:
        return {}
    codes = Counter(code for line in good for code in line["warned"])
    return {"tipping_mm": min(margins), "warned": sum(bool(line["warned"]) for line in good), "warnings": dict(codes.most_common())}


def tell(figures: Mapping[str, Any], judged: bool) -> None:
    """Print the shares, with why the rest failed."""
    n = figures["demonstrations"]
    feasible = f"of these judged FEASIBLE {share(figures['feasible'], figures['succeeded'])}" if judged else "not judged"
    print(f"succeeded {share(figures['succeeded'], n)}; {feasible}")
    if figures["seconds"]:
        print(
            "a success lasts {:.0f} to {:.0f} s, {:.0f} s in the middle".format(
                *(figures["seconds"][i] for i in (0, 2, 1))
            )
        )
    for title, counts in (("failed", figures["failures"]), ("refused though it succeeded", figures["refused"])):
        for why, count in sorted(counts.items(), key=lambda item: -item[1]):
            print(f"  {title}: {count} × {why}")
    print(f"draws refused: {figures['redrawn']:.1%}")


def write_figures(
    file: Path, command: str, version: int, figures: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], again: bool
) -> None:
    """Write the shares of a run: a file of their own, or as `again` into the one that is there, with the commits that were run."""
    if not again:
        file.write_text(
            f"# Written by `{command}`.\n" + yaml.safe_dump({"version": version, **figures}, sort_keys=False)
        )
        return
    first, *rest = file.read_text().splitlines(keepends=True)
    commits = list(dict.fromkeys(line["commit"] for line in lines))
    kept = yaml.safe_load("".join(rest)) | {"again": {"by": command, "version": version, "commits": commits, **figures}}
    file.write_text(first + yaml.safe_dump(kept, sort_keys=False))


def main(words: Sequence[str]) -> int:
    """Go on where the file ends, and tell."""
    scenario, settings = words[0], dict(word.split("=", 1) for word in words[1:])
    begin, end = (int(x) for x in settings["seeds"].split(":"))
    chosen = {key: settings[key] for key in ("variant", "base", "hand") if key in settings}
    name = ".".join([scenario, *chosen.values()])
    again = settings.get("figures") == "again"
    out = Path(settings.get("out", HELD_OUT / f"{name}{'.again' if again else ''}.jsonl"))
    processes, at = int(settings.get("processes", 0)) or (os.cpu_count() or 1), commit()
    conf, judge = settings.get("conf"), settings.get("judge", "")
    judging = judge != "no"
    asked = {"no": {"judged": False}, "present": {"gains": "present"}}.get(judge, {})
    common = head(load(scenario, chosen, conf, at, judge), chosen) | asked
    lines = [line for line in lines_of(out, common) if begin <= line["seed"] < end]
    wanting = [seed for seed in range(begin, end) if seed not in {line["seed"] for line in lines}]
    started, simulated = time.perf_counter(), 0.0
    if wanting:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))  # its processes end with it
        processes = min(processes, len(wanting))
        with out.open("a") as file:
            made = side_by_side(one, wanting, processes, load, (scenario, chosen, conf, at, judge))
            for line in track(made, scenario, len(wanting), disable=not sys.stderr.isatty()):
                file.write(json.dumps(line) + "\n")
                file.flush()
                lines.append(line)
                simulated += line["lasts"]
                if not line["success"] or line.get("verdict", "FEASIBLE") != "FEASIBLE":
                    shown = ("seed", "failure", "during", "gave_up", "verdict", "root", "of", "at")
                    print({k: line[k] for k in shown if k in line}, flush=True)
        took = time.perf_counter() - started
        print(f"{simulated / took / processes:.1f} x real time a process, performing{' and judging' if judging else ''}")
    lines.sort(key=lambda line: line["seed"])
    figures = summary(lines)
    tell(figures, judging)
    if "figures" in settings:
        FIGURES.mkdir(exist_ok=True)
        file = FIGURES / f"{'.'.join([scenario, *(settings[k] for k in ('variant',) if k in settings)])}.yaml"
        write_figures(file, f"python benchmarks/demonstrations.py {' '.join(words)}", common["version"], figures, lines, again)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
