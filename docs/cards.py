"""The scenarios' pages: what the YAML says, as a card, with the hand-written lines of docs/scenarios/<id>.notes.md below it.

`make site` writes them. The repository keeps the beginning of each, docs/scenarios/<id>.md: `python docs/cards.py` writes it anew, and
a test holds it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from shiliu.replay.signals.statistics import wilson
from shiliu.scenarios.catalog.catalog import list_variants, variants_of
from shiliu.scenarios.catalog.figures import called, figures_of, lacking
from shiliu.scenarios.draws.perturbation import loose
from shiliu.scenarios.people.safety import CAVEAT, people
from shiliu.scenarios.reading.config import Vary
from shiliu.scenarios.reading.dealing import PLACES
from shiliu.scenarios.scene.scene import Scene

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
from seen_shares import SEEN, outdated, seen_of, share_seen

FOLDER = Path(__file__).resolve().parent / "scenarios"


def beginning(sheet: Mapping[str, Any], name: str) -> str:
    """What the repository keeps of a card: one still, the task, and where the rest is."""
    lines = [f"# {sheet['title']['en']} {sheet['title']['zh']}", "", *_pictures(name, FOLDER)]
    lines += [f"{task['en']} {task['zh']}\n" for task in (sheet.get("tasks") or ())[:1]]
    notes = FOLDER / f"{name}.notes.md"
    lines += [f"- The spec sheet: [conf/scenario/{name}.yaml](../../conf/scenario/{name}.yaml)."]
    lines += [f"- What was measured and what is open: [notes]({notes.name})."] if notes.is_file() else []
    lines += [
        "- The whole card, with a moving picture, layout, variation, goal, limits, skills, mistakes and schema: "
        f"`make site`, then `build/site/site/scenarios/{name}.html`.",
    ]
    return "\n".join(lines) + "\n"


def card(scene: Scene, folder: Path) -> str:
    """A scenario's card, with the pictures that a folder has of it."""
    config, raw = scene.config, scene.config.raw
    lines = [
        f"# {config.title['en']} {config.title['zh']}",
        "",
        f"`scenario={scene.name}`, version {scene.version}. Written from `conf/scenario/{scene.name}.yaml`"
        + (f" and `{scene.name}.notes.md`." if (FOLDER / f"{scene.name}.notes.md").exists() else "."),
        "",
    ]
    lines += _pictures(scene.name, folder)
    if config.tasks:
        lines += ["## Task", "", *(f"- {task['en']} {task['zh']}" for task in config.tasks), ""]
    if config.brief:
        lines += [f"What counts: {config.brief['en']} {config.brief['zh']}", ""]
    lines += [
        "## Layout",
        "",
        "Origin: the floor mark between the robot's feet; x to the work, y to the robot's left, z up.",
        "",
    ]
    lines += ["| part | from | stands on | offset x, y, z [mm] | yaw [deg] | set to |", "|---|---|---|---|---|---|"]
    for placed in config.parts:
        on = ".".join(placed.stands_on) if placed.stands_on else "floor mark"
        at = ", ".join(f"{v * 1e3:.0f}" for v in placed.at)
        named = raw["parts"][placed.name]
        params = ", ".join(f"{key} {named[key]}" for key in placed.part.params if key in named) or "–"
        lines.append(f"| {placed.name} | {placed.part.name} | {on} | {at} | {np.degrees(placed.yaw):.0f} | {params} |")
    if config.variation:
        lines += ["", "## Variation", "", "| value | drawn | |", "|---|---|---|"]
        lines += [_variation_row(vary) for vary in config.variation]
        lines += [
            f"| {deal.value} | dealt out anew among {', '.join(' + '.join(hand) for hand in deal.hands)} | as a whole |"
            for deal in config.deals
        ]
        unless = ", ".join(config.redraw_unless) or "nothing"
        lines += ["", f"A draw is drawn again, and counted, unless: {unless}; at most {config.redraw_at_most:.0%}."]
    lines += left_open(scene)
    lines += _rules(raw.get("rules"), "##")
    if scene.goal:
        lines += ["", "## Goal, in this order", ""]
        for name, value in raw["goal"].items():
            lines.append(f"1. **{name}**{_called(value)}: `{_flow(_bare(value))}`")
    if scene.course.nevers:
        lines += ["", "## Failure modes", ""]
        lines += [
            f"- `scenario.{name}`{_called(value)}: `{_flow(_bare(value))}`" for name, value in raw["never"].items()
        ]
    limits = [limit for limit in scene.safety if limit.judged_as != "collision.unexpected"]  # those of any base that moves
    if limits:
        lines += [
            "",
            "## Force limits",
            "",
            "| limit | at most | measured as | grade | source |",
            "|---|---|---|---|---|",
        ]
        for limit in limits:
            if limit.judged_as == "force.person":
                continue
            how = "mean over 20 ms" if limit.mean else "peak of the physics steps"
            if limit.judged_as == "speed.person":
                how = f"of hands and what they hold near the {limit.person}, for {limit.lasting:g} s"
            unit = limit.predicate.unit
            lines.append(f"| {limit.name} | {limit.limit:g} {unit} | {how} | {limit.grade} | {limit.source} |")
        lines += _of_people(scene)
    if raw.get("skills"):
        lines += ["", "## Skills of the scripted operator", "", "```"]
        lines += [f"{word:<12} {_flow(arguments)}" for skill in raw["skills"] for word, arguments in skill.items()]
        lines += ["```"]
    if raw.get("mistakes"):
        lines += [
            "",
            "## Mistakes on purpose",
            "",
            "Performed by `mistake=NAME` of `shiliu record`; a test holds environment and judge to the code.",
            "",
        ]
        lines += ["| mistake | how | code |", "|---|---|---|"]
        for name, mistake_entry in raw["mistakes"].items():
            how = "; ".join(
                f"{key} {_flow(value)}" for key, value in mistake_entry.items() if key not in ("code", "seed")
            )
            lines.append(f"| {name} | `{how}` | `{mistake_entry['code']}` |")
    lines += _variants(scene.name, folder)
    lines += ["", "## Schema", "", "| feature | elements | from |", "|---|---|---|"]
    for feature in (scene.schema.action, *scene.schema.observations.values()):
        kinds = sorted({source.partition("(")[0].partition(" ")[0] for source in feature.sources})
        lines.append(f"| `{feature.name}` | {len(feature.names)} | {', '.join(kinds)} |")
    lines += [
        f"| `{c.name}` | {c.width}×{c.height} | camera `{c.camera}`, on request |"
        for c in scene.schema.cameras.values()
    ]
    rate, step = 1 / scene.control_timestep, scene.timestep * 1e3
    asks = ", ".join(config.required)
    lines += ["", f"{rate:.0f} Hz, {scene.n_substeps} physics steps of {step:.3f} ms. The judge requires: {asks}."]
    lines += _figures(scene)
    lines += _seen(scene)
    notes = FOLDER / f"{scene.name}.notes.md"
    if notes.is_file():
        lines += ["", notes.read_text(encoding="utf-8").strip()]
    return "\n".join(lines) + "\n"


PICTURES = {
    "overview": "The scene as it stands.",
    "head": "What the head camera sees.",
    "closeup": "Close up.",
    "draws": "Nine draws of the variation.",
    "strip": "One demonstration of the scripted operator: each picture shows the end of the skill below it.",
}


def _pictures(stem: str, folder: Path) -> list[str]:
    """The pictures that `docs/scene_pictures.py` has made of a scenario, or of a variant; the repository keeps one."""
    lines: list[str] = []
    for what, caption in PICTURES.items():
        if (folder / f"{stem}_{what}.webp").is_file():
            lines += [f"![{caption}]({stem}_{what}.webp)", "", f"*{caption}*", ""]
    return lines


def _figures(scene: Scene) -> list[str]:
    """What was measured of the scenario and of its variants, where it was."""
    lines: list[str] = []
    for variant in (None, *list_variants(scene.name)):
        figures = figures_of(scene.name, variant)
        if figures is None:
            continue
        what = f"`variant={variant}`" if variant else "as it stands"
        lines += _counted(f"{what}, v{figures['version']}", figures)
        if again := figures.get("again"):
            lines += _counted(f"{what}, v{again['version']}, counted again at {', '.join(again['commits'])}", again)
    if not lines:
        return []
    head = ["| | seeds | succeeded | of these judged FEASIBLE | a success lasts |", "|---|---|---|---|---|"]
    return ["", "## The scripted operator, measured", "", "By `benchmarks/demonstrations.py`.", "", *head, *lines]


def _seen(scene: Scene) -> list[str]:
    """In how many of the looks at which a hand is at a thing the recorded head picture shows it."""
    measured = seen_of(scene.name)
    if measured is None:
        return []
    seeds = ", ".join(map(str, measured["seeds"]))
    lines = ["", "## What the head camera sees", ""]
    lines += [
        f"By `benchmarks/seen.py`, twice a second while a hand is at it, of the recorded picture; at least {SEEN:.0%}. Seeds: {seeds}."
    ]
    if outdated(measured, scene.config.raw, scene.fingerprint):
        lines += ["", "**Old**: the scene or its chain has changed since this was measured."]
    if not measured["seen"]:
        return [*lines, "", "Hands take up nothing here and put nothing down, so no thing is counted."]
    lines += ["", "| thing | seen | looks | |", "|---|---|---|---|"]
    for thing, (_, looks) in measured["seen"].items():
        share = share_seen(measured, thing)
        why = scene.config.unseen.get(thing)
        excepted = "" if why is None else f"excepted: {why['en']} {why['zh']}"
        lines.append(f"| {thing} | {'–' if share is None else f'{share:.0%}'} | {looks} | {excepted} |")
    return lines


def left_open(scene: Scene) -> list[str]:
    """What a recording without poses tells of the start by its hands, and what it leaves to a survey, a picture or a sentence."""
    config, things = scene.config, loose(scene)
    places: dict[str, list[str]] = {}
    heights = []  # a hand at the bar of a table does not tell how high it is
    for part, _, value in (vary.key.partition(".") for vary in config.variation if "." in vary.key):
        if value in PLACES or value == "height":
            places.setdefault(part, []).append(value)
            heights += [part] if value == "height" else []
    named = {p.name for p in config.parts}
    words = [str(skill[how].get(key, "")) for skill in config.raw.get("skills") or () for how in skill for key in ("of", "at")
             if how == "take"]  # fmt: skip
    held = {word.partition(".")[0] for word in words} & named - set(heights)
    rows = []
    for title, parts in (
        ("Found where a hand takes it", [part for part in places if part in held]),
        ("Not found, a picture tells it", [part for part in places if part not in held and part in things]),
        ("Not found, a survey tells it", [part for part in places if part not in held and part not in things]),
    ):
        if parts:
            each = (f"{part} ({', '.join(places[part])})" for part in parts)
            rows.append(f"- {title}: {'; '.join(each)}.")
    rows += [
        f"- Not found, the sentence, a survey or a picture tells it: {deal.value} of {', '.join(hand[0] for hand in deal.hands)}."
        for deal in config.deals
    ]
    if not rows:
        return []
    head = "By the hands of a recording that has no poses ([starts that agree](../starts.md#starts-that-agree)):"
    return ["", "## Where things stood", "", head, "", *rows]


def _counted(what: str, figures: Mapping[str, Any]) -> list[str]:
    """Rows of one count: its shares with their 95 % intervals, how long a success lasts, what failed and was refused."""
    n, (first, last) = figures["demonstrations"], figures["seeds"]
    shares = [
        f"{figures[key]} of {of} ({low:.1%} to {high:.1%})"
        for key, of in (("succeeded", n), ("feasible", figures["succeeded"]))
        for low, high in [wilson(figures[key], of)]
    ]
    shortest, middle, longest = (f"{seconds:.1f}" for seconds in figures["seconds"] or (0.0, 0.0, 0.0))
    rows = [f"| {what} | {first} to {last} | {shares[0]} | {shares[1]} | {middle} s ({shortest} to {longest}) |"]
    if "tipping_mm" in figures:
        rows.append(f"| | | least margin before it tips | {figures['tipping_mm']:.0f} mm | |")
        rows += [f"| | | warned: {code} | {count} | |" for code, count in figures["warnings"].items()]
    for title, key in (("failed", "failures"), ("refused", "refused")):
        rows += [f"| | | {title}: {why} | {count} | |" for why, count in figures[key].items()]
    return rows


def _of_people(scene: Scene) -> list[str]:
    """What may be done to the body regions of each person: pressed for longer, and at any moment."""
    lines: list[str] = []
    for person in people(scene.names):
        mine = [limit for limit in scene.safety if limit.person == person and limit.judged_as == "force.person"]
        lines += [
            "",
            f"On the {person}, by body region:",
            "",
            "| region | pressed for 0.5 s | at any moment | grade | source |",
        ]
        lines += ["|---|---|---|---|---|"]
        for kept in (limit for limit in mine if limit.lasting):
            peak = next(limit.limit for limit in mine if limit.about == kept.about and not limit.lasting)
            peak_force = f"{peak:g} N" if peak else "no contact"
            lines.append(
                f"| {kept.about.replace('_', ' ')} | {kept.limit:g} N | {peak_force} | {kept.grade} | {kept.source} |"
            )
    return [*lines, "", f"Of {CAVEAT} See [people](../people.md)."] if lines else []


def _rules(rules: Mapping[str, Any] | None, level: str) -> list[str]:
    """What the scenario declares that no contact makes."""
    if not rules:
        return []
    preamble = (
        "Declared, not made by contact; what they keep is part of the state and of `observation.environment_state`."
    )
    lines = ["", f"{level} Rules", "", preamble, ""]
    untitled = {name: {key: value for key, value in rule.items() if key != "title"} for name, rule in rules.items()}
    return [*lines, *(f"- **{name}**: `{_flow(rule)}`" for name, rule in untitled.items())]


def _variants(name: str, folder: Path) -> list[str]:
    """What each variant changes; what it does not name is as above."""
    lines: list[str] = []
    for variant, changes in variants_of(name).items():
        lines += ["", f"### `variant={variant}`", "", *_pictures(f"{name}_{variant}", folder)]
        for key in ("time_limit", "robot", "parts", "variation", "never", "safety", "judge"):
            lines += [f"- {key}: `{_flow(_untitled(changes[key]))}`"] if key in changes else []
        if "goal" in changes:
            lines += ["- goal, in this order:"]
            lines += [
                f"    1. **{subgoal}**{_called(value)}: `{_flow(_bare(value))}`"
                for subgoal, value in changes["goal"].items()
            ]
        lines += _rules(changes.get("rules"), "####")
        if changes.get("skills") == []:
            lines += ["- skills: none; the scripted operator does not do it yet"]
        elif "skills" in changes:
            lines += ["", "```"]
            lines += [
                f"{word:<12} {_flow(arguments)}" for skill in changes["skills"] for word, arguments in skill.items()
            ]
            lines += ["```"]
        for mistake, how in (changes.get("mistakes") or {}).items():
            lines += ["", f"Mistake on purpose: **{mistake}**, `{_flow(how)}`."]
    preamble = "Each stands in the scenario's file and is chosen by `variant=NAME`; `null` takes something out."
    return ["", "## Variants", "", preamble, *lines] if lines else []


def _called(entry: Any) -> str:
    """What an entry is called, in both languages."""
    title = entry.get("title") if isinstance(entry, Mapping) else None
    return f" ({', '.join(str(words) for words in title.values())})" if title else ""


def _bare(entry: Any) -> Any:
    """An entry without what it is called."""
    return {key: value for key, value in entry.items() if key != "title"} if isinstance(entry, Mapping) else entry


def _untitled(section: Any) -> Any:
    return {name: _bare(entry) for name, entry in section.items()} if isinstance(section, Mapping) else section


def _variation_row(vary: Vary) -> str:
    key, how = vary.key, "replaces the value" if vary.replace else "added"
    if key == "friction":
        return f"| friction | {vary.low:g} to {vary.high:g} | times the value |"
    last = key.rpartition(".")[2]
    if vary.choices:
        return f"| {key} | one of {', '.join(f'{choice:g}' for choice in vary.choices)} | {how} |"
    if last == "yaw":
        return f"| {key} | {np.degrees(vary.low):.0f} to {np.degrees(vary.high):.0f} deg | {how} |"
    if last in ("x", "y", "z", "height", "width", "depth"):
        return f"| {key} | {vary.low * 1e3:.0f} to {vary.high * 1e3:.0f} mm | {how} |"
    unit = {"latch_force": " N", "key_force": " N", "mass": " kg", "hinge_friction": " Nm"}.get(last, "")
    return f"| {key} | {vary.low:g} to {vary.high:g}{unit} | {how} |"


def _flow(value: object) -> str:
    """A value as YAML would write it on one line."""
    if isinstance(value, dict):
        plain = {k: "on" if k == "how" and v is True else v for k, v in value.items()}  # YAML reads a plain on so
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in plain.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def counted_table(sheets: Mapping[str, Mapping[str, Any]]) -> str:
    """One row a scenario or variant: what was counted, and how much of the work the head camera sees; `sheets` by name, as YAML."""
    lines = [
        "# The scenarios, counted",
        "",
        "Written by `docs/cards.py` from `conf/figures/`, which `benchmarks/demonstrations.py` and `benchmarks/seen.py` write.",
        "",
        "- *Success*: the goal holds when the task ends.",
        "- *FEASIBLE*: of the successes, by the judge.",
        "- *Tips*: the least margin of a success before the robot tips over, with every force that its hands meet.",
        "- *Warned*: successes that carry a warning. A variant that was counted has a row of its own.",
        "- *Seen*: of what hands take or put, the thing that the recorded head picture shows least: in which share of the looks at which a",
        "  hand is at it.",
        "",
        "| scenario | | seeds | success | FEASIBLE | tips | warned | seen |",
        "|---|---|---|---|---|---|---|---|",
    ]
    altogether = {"the scenarios": [0, 0], "variants": [0, 0]}
    for name, sheet in sheets.items():
        for variant in (None, *(sheet.get("variants") or {})):
            figures, seen = figures_of(name, variant), seen_of(name, variant)
            if figures is None:
                continue
            n, good = figures["demonstrations"], figures["succeeded"]
            version = (sheet["variants"][variant] if variant else sheet).get("version", sheet["version"])
            level = called(figures, version, lacking(name))
            of = "" if figures["version"] == version else f" (v{figures['version']} of v{version})"
            tips = f"{round(figures['tipping_mm'])} mm" if "tipping_mm" in figures else ""
            warned = f"{figures['warned']} of {good}" if "warned" in figures else ""
            sums = altogether["variants" if variant else "the scenarios"]
            sums[:] = sums[0] + figures.get("warned", 0), sums[1] + (good if "warned" in figures else 0)
            shares = {} if seen is None else {thing: share_seen(seen, thing) for thing in seen["seen"]}
            known = {thing: share for thing, share in shares.items() if share is not None}
            least = min(known, key=known.__getitem__) if known else None
            excepted = ", excepted" if least in (sheet.get("unseen") or {}) else ""
            worst = "" if least is None else f"{known[least]:.0%} (`{least}`){excepted}"
            shares_of = (f"{good} of {n}", f"{figures['feasible']} of {good}")
            title = f"[`{name}`](scenarios/{name}.md)" + (f" `{variant}`" if variant else "")
            lines.append(f"| {' | '.join((title, level + of, str(n), *shares_of, tips, warned, worst))} |")
    sums_of = ", ".join(f"{warned} of {good} successes of {group}" for group, (warned, good) in altogether.items())
    lines += ["", f"Warned altogether: {sums_of}."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the beginnings of the cards of all scenarios of the package, and the table of what was counted."""
    for name, sheet in sheets().items():
        (FOLDER / f"{name}.md").write_text(beginning(sheet, name), encoding="utf-8")
    (FOLDER.parent / "counted.md").write_text(counted_table(sheets()), encoding="utf-8")
    return 0


def sheets() -> dict[str, Mapping[str, Any]]:
    """What the YAML of each scenario says, by its name."""
    from shiliu.scenarios.reading.composition import CONF
    from shiliu.scenarios.sheet.own_files import read_own

    return {file.stem: read_own(file) for file in sorted((CONF / "scenario").glob("*.yaml"))}


if __name__ == "__main__":
    sys.exit(main())
