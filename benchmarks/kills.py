"""Commands that are killed at random moments, and what the next run on the same `out` finds and leaves.

    python benchmarks/kills.py data=DIR bags=DIR out=DIR rounds=50 [seed=0] [begin=0.05 end=0.8]

`data` is a set of `shiliu record`, `bags` a folder of its bags (`shiliu export to=rosbag`); what other verbs read is made in
`out/inputs`. Each round takes the next command, kills its processes by SIGKILL, SIGTERM or SIGINT in turn at a moment drawn by
`seed` and the round's number, between two shares of the time that the command takes, and runs it again to its end.
Reported are: exit codes, what lay beside `out` after the kill, whether what lies at `out` is what an undisturbed run writes, and what
lies there after the second run that does not belong there. Rounds go on until `rounds` commands were killed while they ran.
A round that is in `out/rounds.jsonl` already is not done again, so that a run that was cut off goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
WAIT = 60.0  # s until a process that was asked to end is said to hang
LONGEST = 600.0  # s that a command may take


def verbs(data: Path, bags: Path, verdicts: Path, inputs: Path) -> dict[str, list[str]]:
    """Name -> command line without out=, or with OUT where it writes elsewhere."""
    session, corpus, board = inputs / "session.jsonl", inputs / "corpus", inputs / "board"
    return {
        "record": ["record", "scenario=table_setting", "episodes=2", "seed=11"],
        "record, append": ["record", "scenario=table_setting", "episodes=1", "seed=900", "append=true"],
        "replay": ["replay", f"data={data}", "pictures=false"],
        "replay, workers": ["replay", f"data={data}", "pictures=false", "workers=2"],
        "replay, repair": ["replay", f"data={data}", "pictures=false", "repair=true"],
        "replay, intake": ["replay", f"data={data}", "check=intake"],
        "import": ["import", f"data={bags}"],
        "export, rosbag": ["export", f"data={data}", "to=rosbag"],
        "export, lerobot": ["export", f"data={data}", "to=lerobot", "plain=true"],
        "deliver": ["deliver", f"data={data}", f"verdicts={verdicts}", "licence=CC-BY-4.0"],
        "label": ["label", f"data={data}"],
        "report": ["report", f"verdicts={verdicts}"],
        "watch": ["watch", f"in={data.parent}", "once=true", "rest=0 s"],
        "render": ["render", "scenario=table_setting"],
        "render, episode": ["render", f"data={data}", "frames=2"],
        "render, sweep": ["render", "-m", "part=bowl_150,cup_075"],
        "record, side by side": ["record", "scenario=table_setting", "episodes=2", "seed=21", "processes=2"],
        "teleop": ["teleop", "scenario=table_setting", f"from={session}"],
        "drift": ["drift", f"corpus={corpus}"],
        "drift, keep": ["drift", f"data={data}", "corpus=OUT", "whole=true"],
        "export, mcap": ["export", f"data={data}", "to=mcap"],
        "label, apply": ["label", f"data={data}", f"apply={inputs / 'sheet.yaml'}"],
        "print": ["print", "markers", "scenario=table_setting"],
        "locate": ["locate", f"board={board}"],
        "bench": ["bench", "scenario=table_setting", "pairs=3", "only=[physics]"],
    }


SUFFIX = {"label": ".yaml", "print": ".pdf", "locate": ".yaml", "bench": ".json"}  # of verbs that write a file


def command(words: list[str], out: Path) -> list[str]:
    words = [word.replace("OUT", str(out)) for word in words]
    return [sys.executable, "-m", "shiliu", *words, *([] if any(str(out) in word for word in words) else [f"out={out}"])]


def make_inputs(data: Path, inputs: Path) -> None:
    """What some verbs read: a session of hands, a corpus of kept takes, a label sheet, pictures of the printed board.

    Args:
        inputs: the folder to make; one that is there stays.
    """
    if inputs.is_dir():
        return
    inputs.mkdir(parents=True)
    rest = {"p": [0.0, 0.0, 0.0], "q": [1.0, 0.0, 0.0, 0.0], "clutch": False, "grip": 0.0}
    rights = [rest | {"p": [1e-3 * k, 0.0, 1e-3 * k], "clutch": True} for k in range(75)]
    moves = [{"do": "device", "t": 20 * k, "left": rest, "right": right, "base": [0, 0, 0], "squat": 0} for k, right in enumerate(rights)]
    lines = [{"do": "take", "t": 0}, *moves, {"do": "take", "t": 1500}]
    (inputs / "session.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    subprocess.run(command(["drift", f"data={data}", "corpus=OUT"], inputs / "corpus"), check=True, capture_output=True)
    subprocess.run(command(["label", f"data={data}"], inputs / "sheet.yaml"), check=True, capture_output=True)
    board_pictures(inputs / "board")


def board_pictures(folder: Path) -> None:
    """Sixteen views of the board that `shiliu print board` prints, through a camera without distortion."""
    import cv2
    from shiliu.replay.locating.calibrated_camera import INNER, SQUARE, SQUARES
    from shiliu.replay.locating.markers import DICTIONARY

    folder.mkdir()
    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, DICTIONARY))
    flat = cv2.aruco.CharucoBoard(SQUARES, SQUARE, INNER, known).generateImage((1400, 1000))
    size = np.array(SQUARES) * SQUARE
    corners = np.array([[x * size[0], y * size[1], 0.0] for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))])
    k, chance = np.array([[600.0, 0, 319.5], [0, 600.0, 239.5], [0, 0, 1]]), np.random.default_rng(0)
    for number in range(16):
        turn, at = chance.uniform(-0.5, 0.5, 3), np.array([*chance.uniform(-0.05, 0.05, 2), chance.uniform(0.35, 0.5)])
        there = cv2.projectPoints(corners, turn, at, k, None)[0].reshape(4, 2).astype(np.float32)
        way = cv2.getPerspectiveTransform(np.array([[0, 0], [1400, 0], [1400, 1000], [0, 1000]], np.float32), there)
        picture = cv2.warpPerspective(flat, way, (640, 480), flags=cv2.INTER_AREA, borderValue=200)
        cv2.imwrite(str(folder / f"{number:02d}.png"), picture)


WHOLE = (  # commands that rename their result into place, and never replace one
    "record", "record, side by side", "import", "export, rosbag", "export, lerobot", "export, mcap", "deliver", "label",
    "label, apply", "print",
)  # fmt: skip


def contents(out: Path) -> dict[str, str]:
    """Digest of each file at `out` by its name; a file alone by an empty name."""
    files = [out] if out.is_file() else sorted(path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def descendants(pid: int) -> list[int]:
    """A process and all that it began."""
    found, queue = [], [pid]
    while queue:
        one = queue.pop()
        found.append(one)
        try:
            queue += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            pass
    return found


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()]


def _heeds() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell has what it begins in the background ignore it


def one_round(
    seed: int,
    number: int,
    name: str,
    words: list[str],
    room: Path,
    between: tuple[float, float],
    before: Path | None,
    whole: dict[str, str],
) -> dict[str, object]:
    """Kill a command and run it again.

    Args:
        room: a folder for this round; between: the moments at which it may be killed [s]; before: a set that lies at `out` already.
        whole: what an undisturbed run writes.
    """
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    out = room / f"out{SUFFIX.get(name, '')}"
    if before is not None:
        shutil.copytree(before, out)
    which, at = SIGNALS[(seed + number) % len(SIGNALS)], random.Random(f"{seed} {number}").uniform(*between)
    process = subprocess.Popen(
        command(words, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_heeds
    )
    time.sleep(at)
    pids = descendants(process.pid)
    ran = process.poll() is None
    if ran:
        os.kill(process.pid, getattr(signal, which))
    try:
        _, error = process.communicate(timeout=WAIT)
        hung = False
    except subprocess.TimeoutExpired:
        hung = True
        process.kill()
        _, error = process.communicate()
    time.sleep(0.5)
    orphans = alive(pids)
    left = sorted(path.name for path in room.iterdir() if path != out)
    lies = name in WHOLE and out.exists() and process.returncode != 0
    half = lies and contents(out) != whole  # killed when it was done, it has left all of it
    again = subprocess.run(command(words, out), capture_output=True, text=True, timeout=LONGEST, check=False)
    after = sorted(path.relative_to(room).as_posix() for path in room.rglob(".*") if path != out)
    return {
        "round": number, "verb": name, "signal": which, "at_s": round(at, 2), "hit": ran, "code": process.returncode, "hung": hung,
        "orphans": len(orphans), "left": left, "half": half, "done": lies, "error": error.strip()[-200:], "again": again.returncode,
        "again_told": again.stderr.strip()[-200:], "after": after,
    }  # fmt: skip


def main(words: list[str]) -> int:
    given = dict(word.split("=", 1) for word in words)
    data, bags, out = (Path(given[key]).resolve() for key in ("data", "bags", "out"))
    rounds, seed = int(given.get("rounds", "50")), int(given.get("seed", "0"))
    begin, end = float(given.get("begin", "0.05")), float(given.get("end", "0.8"))
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "rounds.jsonl"
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.is_file() else []
    known = {one["round"] for one in done}
    times_file, verdicts = out / "usual.json", out / "verdicts"
    times, whole = json.loads(times_file.read_text()) if times_file.is_file() else ({}, {})
    make_inputs(data, out / "inputs")
    table = verbs(data, bags, verdicts, out / "inputs")
    for name in ("replay", *table):  # first the verdicts, which others need
        if name in times:
            continue
        place = verdicts if name == "replay" else out / "room" / f"out{SUFFIX.get(name, '')}"
        shutil.rmtree(out / "room", ignore_errors=True)
        if name == "record, append":
            shutil.copytree(data, place)
        begun = time.monotonic()
        code = subprocess.run(command(table[name], place), capture_output=True, check=False).returncode
        times[name] = time.monotonic() - begun
        whole[name] = contents(place) if name in WHOLE else {}
        print(f"{name}: {times[name]:.1f} s, exit {code}", flush=True)
        times_file.write_text(json.dumps([times, whole]))
    names = list(table)
    number = -1
    while sum(one["hit"] for one in done) < rounds and number < 3 * rounds:
        number += 1
        if number in known:
            continue
        name = names[number % len(names)]
        before = data if name == "record, append" else None
        one = one_round(seed, number, name, table[name], out / "room", (begin * times[name], end * times[name]), before, whole[name])
        with kept.open("a") as file:
            file.write(json.dumps(one) + "\n")
        done.append(one)
        print(json.dumps(one), flush=True)
    hit = [one for one in done if one["hit"]]
    print(f"{len(done)} rounds, {len(hit)} killed while they ran: {dict(Counter(one['signal'] for one in hit))}")
    for what, bad in (
        ("orphans", [one for one in done if one["orphans"]]),
        ("hung", [one for one in done if one["hung"]]),
        ("half a result at out", [one for one in done if one["half"]]),
        ("left by SIGTERM or SIGINT", [one for one in hit if one["left"] and one["signal"] != "SIGKILL"]),
        ("left by SIGKILL", [one for one in hit if one["left"] and one["signal"] == "SIGKILL"]),
        ("left after the second run", [one for one in done if one["after"]]),
        ("killed when all was in place", [one for one in hit if one["done"]]),
        ("second run failed", [one for one in hit if one["again"] not in (0, 1, 3) and not one["done"]]),
    ):
        print(f"  {what}: {len(bad)} {[(one['round'], one['verb']) for one in bad]}")
    return 1 if any(one["after"] or one["orphans"] or one["hung"] or one["half"] for one in done) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
