"""The sixteen on their own legs: each kept take, played by the robot on its legs, beside what its planted or gliding base did.

    python benchmarks/legs.py out=FILE.jsonl [scenario=NAME,NAME.VARIANT] [gains=all]

One line of the file for each take, written as it is done; a run that was cut off goes on. The table is printed as Markdown: task done
with the planted or gliding base and on legs (open loop: the commands are those that were recorded; where it is not done, what was missed
first), how many steps it took, the least room of the pressure point and what that is at the hands, the largest share of peak
torque of ankles and knees that lasts 50 ms, how far the pelvis took a hand along, and how many times faster than real time on one core.

With `gains=all` each take is played with half, normal and double stiffness, as `legs=true` does: a second table has the answers.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import shiliu
from given_words import given_words
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.standing import CODES, GAINS, PRESENT, check_standing
from shiliu.replay.drift.kept_take import kept_names, read_take
from shiliu.replay.judge.stages.legs_stage import on_legs, stand
from shiliu.scenarios.draws.variation import of_values
from shiliu.scenarios.reading.config import nominal_values

HEAD = "| take | base | done | on legs | steps | fell | least room | at the hands | ankle | knee | hands taken along | x real time |"
ANSWERS = "| take | controller | " + " | ".join(f"`{code}`" for code in CODES) + " |"


def played(name: str, every: bool) -> dict[str, Any]:
    """A kept take on legs; with every stiffness."""
    take = read_take(name)
    scene = shiliu.load_scenario(take.scenario, **({"variant": take.variant} if take.variant else {}))
    row: dict[str, Any] = {"take": name, "base": scene.robot.base, "done": bool(take.label["success"])}
    draw = of_values(scene, {**nominal_values(scene.config), **take.draw["values"]}, take.draw["task"])
    legs, began = on_legs(scene), time.process_time()
    run = stand(legs, scene, draw, take.actions)
    spent = time.process_time() - began
    found = {finding.code: finding for finding in check_standing({PRESENT: run}, load_rules())}
    if every:
        others = {word: stand(on_legs(scene, factor), scene, draw, take.actions) for word, factor in GAINS.items() if word != PRESENT}
        row["answers"] = {one.code: answer(one) for one in check_standing({PRESENT: run, **others}, load_rules())}
        row["each"] = {word: one.success for word, one in (*others.items(), (PRESENT, run))}
    each, balance = found["legs.torque"].details["each"], found["legs.balance"]
    return row | {
        "controller": run.controller,
        "on_legs": run.success,
        "missed": run.missed,
        "steps": run.steps,
        "fell": run.fallen,
        "towards": balance.details.get("towards"),
        "room_mm": 1e3 * (balance.value or 0.0),
        "newtons": balance.details.get("newtons"),
        "ankle": max(share for joint, share in each.items() if joint[-8:-6] in ("l5", "r5", "l6", "r6")),
        "knee": max(share for joint, share in each.items() if joint[-8:-6] in ("l4", "r4")),
        "hands_mm": 1e3 * (found["legs.moved"].value or 0.0),
        "speed": len(take.actions) * legs.control_timestep / spent,
    }


def answer(finding: Finding) -> str:
    """The level of an answer, or why there is none, and what it is with softer, present and stiffer gains."""
    others = finding.details["gains"]
    values = [others["softer"], finding.value, others["stiffer"]]
    shown = ", ".join("-" if value is None else f"{value:.3g}" for value in values)
    return f"{finding.reason or finding.level} ({shown})"


def line(row: dict[str, Any]) -> str:
    yes = {True: "yes", False: "no", None: "-"}
    missed = f": {row['missed']}" if row["missed"] else ""
    fell = "-" if row["fell"] is None else f"{row['fell']:.1f} s"
    return (
        f"| {row['take']} | {row['base']} | {yes[row['done']]} | {yes[row['on_legs']]}{missed} | {row['steps'] or '-'} | {fell} "
        f"| {row['room_mm']:.0f} mm {row['towards']} | {row['newtons'] or 0.0:.0f} N | {row['ankle']:.2f} | {row['knee']:.2f} "
        f"| {row['hands_mm']:.1f} mm | {row['speed']:.1f} |"
    )


def main(words: list[str]) -> int:
    """Exit code: 0, or 2 for usage."""
    given = given_words({"out": "", "scenario": "", "gains": "present"}, words, needed=("out",))
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    file, wanted = Path(given["out"]), [word for word in given["scenario"].split(",") if word]
    rows = [json.loads(one) for one in file.read_text().splitlines()] if file.is_file() else []
    for name in kept_names():
        if any(row["take"] == name for row in rows) or (wanted and name not in wanted and name.partition(".")[0] not in wanted):
            continue
        rows.append(played(name, given["gains"] == "all"))
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(rows[-1]) + "\n")
        print(line(rows[-1]), file=sys.stderr, flush=True)
    print(HEAD, "|" + "---|" * HEAD.count(" | ") + "---|", *map(line, rows), sep="\n")
    asked = [row for row in rows if "answers" in row]
    if asked:
        print("", ANSWERS, "|" + "---|" * ANSWERS.count(" | ") + "---|", sep="\n")
        for row in asked:
            print(f"| {row['take']} | {row['controller']} | {' | '.join(row['answers'][code] for code in CODES)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
