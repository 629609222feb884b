"""The data line at a centre's scale: thousands of takes made up, judged by workers with a clock beside, and killed at random.

    python benchmarks/data_line.py make    data=DIR takes=10000 [demonstrations=4] [scenarios=A,B] [others=C,D] [shared=DIR] [seed=0]
                                            [set=50] [share=1/2]
    python benchmarks/data_line.py judge   data=DIR out=DIR [workers=2] [minutes=60] [json=FILE]
    python benchmarks/data_line.py kill    data=DIR out=DIR [rounds=50] [workers=2] [seed=0]
    python benchmarks/data_line.py cluster data=DIR out=DIR [few=4] [rounds=2] [workers=2] [json=FILE]
    python benchmarks/data_line.py people  data=DIR shared=DIR out=DIR [workers=2] [json=FILE]
    python benchmarks/data_line.py day     data=DIR takes=120 [demonstrations=4] [scenarios=A] [seed=0]

`make` performs a few demonstrations of each scenario that was counted. Each is performed again and again, with another tremor of
the commands. Three takes of ten get a fault of `docs/judging-the-judge.md`, of a size that is drawn. Sets of `set`
takes, of `scenarios` by turns; of each of `others` one set of ten. Of each set one take passes the model of a real device
(MCAP, three of ten with a fault of the device), and three (of fewer than 25 takes one) are bags of the maker's stack, where that
can be written. `shared` is a folder of other recordings, which are copied in. What is there already is not made again.
`share=1/2` makes every second set alone, so that another process may make the others meanwhile.

`judge` runs `shiliu replay` as anyone would, and tells simulated time, wall time, the share of the bare engine (the same steps by
`Batch.rollout` with as many threads, one demonstration of each scenario, timed at once afterwards), the largest memory of
a worker, what the ledger costs, and what a centre's year would take. With `minutes` it stops then, and the same call goes on: the
times of all sittings count together (`OUT.sittings`), what a sitting reads again included.

`kill` judges once undisturbed, then in `rounds` calls each of which ends by `kill -9` of the driver, with workers
killed in between; a last call is left alone. It fails where one byte differs, or where a process or a half file is left.

`cluster` judges the few smallest entries and all of them, by processes and by a Ray cluster of this machine, and tells what a take and the
start cost by either. `people` judges takes with recordings of people among them, and tells what each kind costs, and whether the
others wait. `day` makes up one day of one scenario at a centre, through the model of a real device, in which three things are wrong.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from data_line_making import FIGURES, day, make
from data_line_measuring import judge, on_a_cluster, with_people
from data_line_running import kill
from given_words import given_words

DEFAULTS = {
    "data": "", "out": "", "takes": "10000", "demonstrations": "4", "scenarios": "", "others": "", "shared": "", "seed": "0",
    "workers": "2", "rounds": "", "few": "4", "json": "", "set": "50", "share": "1/1", "minutes": "inf",
}  # fmt: skip
NEEDED = {
    "make": ("data",),
    "day": ("data",),
    "judge": ("data", "out"),
    "kill": ("data", "out"),
    "cluster": ("data", "out"),
    "people": ("data", "out", "shared"),
}


def main(words: list[str]) -> int:
    verb = words[0] if words else ""
    given = given_words(DEFAULTS, words[1:], NEEDED.get(verb, ()))
    if verb not in NEEDED or given is None:
        print(__doc__, file=sys.stderr)
        return 2
    data, out = Path(given["data"]).resolve(), Path(given["out"]).resolve()
    shared = Path(given["shared"]) if given["shared"] else None
    workers, each, seed = (int(given[key]) for key in ("workers", "demonstrations", "seed"))
    others = [name for name in given["others"].split(",") if name]
    if verb in ("make", "day"):
        data.mkdir(parents=True, exist_ok=True)
        if verb == "day":
            day(data, int(given["takes"]), given["scenarios"] or "table_setting", each, seed)
            return 0
        counted = sorted(path.stem for path in FIGURES.glob("*.yaml"))
        names = (
            given["scenarios"].split(",") if given["scenarios"] else [name for name in counted if name not in others]
        )
        part, parts = map(int, given["share"].split("/"))
        takes, size = int(given["takes"]), int(given["set"])
        make(data, takes, names, others, each, shared, seed, range(part - 1, takes, parts), size)
        return 0
    if verb == "kill":
        return 1 if kill(data, out, int(given["rounds"] or 50), workers, seed) else 0
    if verb == "cluster":
        figures = on_a_cluster(data, out, workers, int(given["few"]), int(given["rounds"] or 2))
    elif verb == "people" and shared is not None:
        figures = with_people(data, shared, out, workers)
    else:
        figures = judge(data, out, workers, 60.0 * float(given["minutes"]))
    if figures is None:
        print("takes are left: call it again", file=sys.stderr)
        return 3
    print(json.dumps(figures, indent=1))
    if given["json"]:
        Path(given["json"]).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
