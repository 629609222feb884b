"""Success of the scripted operator against the one-way delay of the link.

    python benchmarks/link.py run  [scenario=NAME,NAME] [delays=0,0.025,0.05,0.1,0.2,0.4] [seeds=0:10] [out=benchmarks/link.jsonl]
    python benchmarks/link.py draw [out=benchmarks/link.jsonl] [figure=docs/link_delay.svg]

`run` performs every scenario's chain on each seed over a link of each delay (the same both ways, no jitter, no loss), and once with an
operator that looks only at the start (`blind`). One JSON line each; what is there is skipped, so that an interrupted run goes on.
`draw` draws one panel a scenario: share of successes with its 95 % Wilson interval, and says which chains are blind scripts.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import shiliu
from given_words import given_words
from looking import blindly
from shiliu.replay.operator.operator import perform
from shiliu.replay.signals.statistics import wilson
from shiliu.scenarios.catalog.catalog import over_link
from shiliu.scenarios.draws.variation import draw
from shiliu.scenarios.sheet.errors import EpisodeError, ShiliuError

OUT = str(Path(__file__).parent / "link.jsonl")
FIGURE = str(Path(__file__).parents[1] / "docs" / "link_delay.svg")
DEFAULTS = {
    "run": {
        "scenario": "microwave,table_setting,remote_inspection,parcel_sorting",
        "delays": "0,0.025,0.05,0.1,0.2,0.4",
        "seeds": "0:10",
        "out": OUT,
    },
    "draw": {"out": OUT, "figure": FIGURE},
}
WIDE, HIGH = 250, 190  # of a panel
BLIND = 0.5  # share of seeds that succeed without a second look, from which on a chain is called a blind script


def known(out: Path) -> list[dict]:
    """The lines that are there; a torn last one does not count."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.is_file() else []
    return [json.loads(line) for line in lines if line.endswith("}")]


def run(scenarios: list[str], delays: list[float], seeds: range, out: Path) -> None:
    """Perform what is not there yet: seed by seed, so that an early end leaves every delay with as many."""
    done = {(one["scenario"], one["seed"], one["delay"]) for one in known(out)}
    scenes: dict[str, shiliu.Scene] = {}
    for seed in seeds:
        for name in scenarios:
            for delay in (*delays, None):
                if (name, seed, delay) in done:
                    continue
                scene = scenes[name] = scenes.get(name) or shiliu.load_scenario(name, link="local")
                if delay is None:
                    took = blindly(scene, draw(scene, seed), seed)
                else:
                    over = over_link(scene, {"delay": delay})
                    (took,) = perform(over, [draw(over, seed)], [seed])
                line = {
                    "scenario": name, "seed": seed, "delay": delay, "success": took.success, "failure": took.failure,
                    "seconds": round(took.n_steps * scene.control_timestep, 2), "version": scene.version,
                }  # fmt: skip
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")


def blind_scripts(lines: list[dict]) -> dict[str, float]:
    """Scenario -> share of seeds on which it succeeds without a second look."""
    tried: dict[str, list[bool]] = {}
    for one in lines:
        if one["delay"] is None:
            tried.setdefault(one["scenario"], []).append(one["success"])
    return {name: sum(found) / len(found) for name, found in tried.items()}


def drawn(lines: list[dict], figure: Path) -> None:
    """The figure of all scenarios, one panel each: share over one-way delay, both axes the same in all."""
    names, blind = sorted({one["scenario"] for one in lines}), blind_scripts(lines)
    most = max(one["delay"] for one in lines if one["delay"] is not None)
    columns = min(4, len(names))
    rows = -(-len(names) // columns)
    parts = []
    for k, name in enumerate(names):
        left, top = WIDE * (k % columns) + 45, HIGH * (k // columns) + 40
        wide, high = WIDE - 60, HIGH - 75
        of = [one for one in lines if one["scenario"] == name and one["delay"] is not None]
        delays = sorted({one["delay"] for one in of})
        tried = [[one["success"] for one in of if one["delay"] == delay] for delay in delays]
        x = [left + wide * delay / most for delay in delays]
        y = [top + high * (1.0 - sum(one) / len(one)) for one in tried]
        script = ", blind script" if blind.get(name, 0.0) >= BLIND else ""
        parts.append(f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" fill="none" stroke="#999"/>')
        parts.append(f'<text x="{left}" y="{top - 8}">{name} (n = {min(map(len, tried))}{script})</text>')
        for share in (0, 50, 100):
            parts.append(f'<text x="{left - 6}" y="{top + high * (1 - share / 100) + 4:.1f}" text-anchor="end">{share} %</text>')
        for delay, at, middle, one in zip(delays, x, y, tried):
            low, up = (top + high * (1.0 - end) for end in wilson(sum(one), len(one)))
            parts.append(f'<path d="M{at:.1f} {low:.1f}V{up:.1f}" stroke="#4477aa" stroke-width="2" opacity="0.5"/>')
            parts.append(f'<circle cx="{at:.1f}" cy="{middle:.1f}" r="3" fill="#4477aa"/>')
            if delay in (0.0, most) or delay >= 0.1:
                parts.append(f'<text x="{at:.1f}" y="{top + high + 16}" text-anchor="middle">{1e3 * delay:g}</text>')
        way = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
        parts.append(f'<polyline points="{way}" fill="none" stroke="#4477aa"/>')
    wide, high = WIDE * columns, HIGH * rows
    parts.append(f'<text x="{wide / 2}" y="{high - 4}" text-anchor="middle">one-way delay [ms]; bars: 95 % Wilson intervals</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">'
    figure.write_text("\n".join([head, f'<rect width="{wide}" height="{high}" fill="#fff"/>', *parts, "</svg>", ""]), encoding="utf-8")


def main(words: list[str]) -> int:
    verb = words[0] if words else ""
    given = given_words(DEFAULTS[verb], words[1:]) if verb in DEFAULTS else None
    if given is None:
        print(__doc__, file=sys.stderr)
        return 2
    out = Path(given["out"])
    if verb == "draw":
        lines = known(out)
        if not lines:
            raise EpisodeError("holds no line yet. Make some with `run`.", file=out)
        drawn(lines, Path(given["figure"]))
        return 0
    first, _, last = given["seeds"].partition(":")
    run(given["scenario"].split(","), [float(one) for one in given["delays"].split(",")], range(int(first), int(last)), out)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ShiliuError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
