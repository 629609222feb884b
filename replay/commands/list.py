"""shiliu list: what there is, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.reading import composition
from ...scenarios.robots.robot_folder import DEFAULT_ROBOT
from ...scenarios.sheet.errors import ShiliuError, odd_kind, printable
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.yaml_reader import places_in, read_yaml
from ..report.message_catalogue import terms
from ..report.translation import translated
from .command_request import CommandRequest
from .list_phrases import phrase
from .wrapping import wrapped

if TYPE_CHECKING:
    from ...scenarios.scene.scene import Scene

USAGE = """
shiliu list [WHAT] [NAME ...] [--json]
shiliu list parts [NAME ...]      such as microwave: size, mass, joints, parameters, words, sites
shiliu list skills [NAME ...]     such as pinch: what it does, when it stops, its arguments
shiliu list schema [scenario=NAME] [variant=NAME] [cell=ID]
            [format=table|rows|jsonschema|lerobot] [robot=NAME hand=NAME base=NAME]
shiliu list mistakes [scenario=NAME]

WHAT is scenarios, cells, parts, robots, devices, skills, words, checks, formats, mappings,
schema or mistakes. Without it the command lists everything by name; with names, only those.
  words      the words of goals
  mistakes   demonstrations of a scenario that go wrong on purpose
  schema     what an episode of a scenario holds, element by element, with its cameras.
             format=jsonschema: a JSON Schema of one row; format=lerobot: the features of a
             dataset's info.json; format=rows or --json: the rows as JSON
"""

OF_SCENARIO = ("schema", "mistakes")  # what only a scenario has
OF_FILES = ("scenarios", "cells", "robots", "devices", "mappings")  # each in a file of its own, which may be named instead
IN_FULL = ("parts", "skills")  # what has pages of its own when it is asked for alone


def run(request: CommandRequest) -> int:
    """Print tables, or JSON with --json."""
    kinds = {
        "scenarios": _scenarios,
        "cells": _cells,
        "parts": _parts,
        "robots": _robots,
        "devices": _devices,
        "skills": _skills,
        "words": _words,
        "checks": _checks,
        "formats": _formats,
        "mappings": _mappings,
    }
    wanted = request.words or list(kinds)
    as_json = "--json" in request.flags
    if request.words and request.words[0] in IN_FULL and not set(request.words[1:]) & {*kinds, *OF_SCENARIO}:
        return _in_full(request, as_json)
    named: list[str] = []
    if len(wanted) > 1 and wanted[0] in kinds and not set(wanted[1:]) & {*kinds, *OF_SCENARIO}:
        wanted, named = wanted[:1], wanted[1:]  # names of one kind
    for word in wanted:
        if word not in kinds and word not in OF_SCENARIO:
            raise ShiliuError(f"There is nothing called {word!r} to list.{nearest(word, [*kinds, *OF_SCENARIO])}")
    if "schema" in wanted:
        return _schema(request, as_json)
    if "mistakes" in wanted:
        return _mistakes(request, as_json)
    if request.overrides:
        raise ShiliuError(f"Only `shiliu list {' and '.join(OF_SCENARIO)}` take settings, not {request.overrides[0]}.")
    found = {word: kinds[word](request) for word in wanted}
    if named:
        found = {wanted[0]: _named(named, found[wanted[0]], wanted[0], request)}
    if named and wanted[0] == "words":
        from .list_words import in_full, show

        found = {"words": [in_full(row) for row in found["words"]]}
        if not as_json:
            show(found["words"], request.lang)
            return 0
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    if request.lang != "en":
        found = {word: [_titled(word, row, request.lang) for row in rows] for word, rows in found.items()}
    for word, rows in found.items():
        print(word)
        width = max((len(printable(str(row["name"]))) for row in rows), default=0)
        for row in rows:
            rest = "  ".join(printable(str(v)) for k, v in row.items() if k != "name" and v not in (None, ""))
            print("\n".join(wrapped(f"  {printable(str(row['name'])):<{width}}  ", rest)))
        print()
    return 0


def _titled(kind: str, row: Row, lang: str) -> Row:
    """A row with what it says in a language, in place of what is English; names and settings as they are."""
    from ..report.text import Words

    words, meant = Words(lang), terms("meanings", lang, kind)
    if "error" in row:
        return row | {"error": translated(row["error"], lang)}
    if kind == "words":
        from ...scenarios.words import WORDS

        return row | {"doc": WORDS[row["name"]].zh if lang == "zh" else row["doc"]}
    if kind == "skills":
        return {"name": row["name"], "title": words.skill(row["name"]), "doc": meant.get(row["name"], row["doc"])}
    if kind == "checks":
        asks = words.book["codes"].get(row["name"], {}).get("what", "")
        return row | {"stage": words.stage(row["stage"]), "signal": words.signal(row["signal"] or None), "asks": asks}
    if kind == "formats":
        row = row | {"reads": meant.get(row["name"], row["reads"])}
    return {key: value if key == "name" or not isinstance(value, str) else phrase(value, lang) for key, value in row.items()}


def _named(names: Sequence[str], rows: list[dict[str, Any]], kind: str, request: CommandRequest) -> list[dict[str, Any]]:
    """The rows of these names.

    Raises:
        ShiliuError: there is none of one of them, with the near matches of that kind.
    """
    known = {str(row["name"]): row for row in rows}
    if kind in OF_FILES:
        names = [composition.member_of(kind.removesuffix("s"), name, request.conf_dir) for name in names]
    for name in names:
        if name not in known:
            from ...scenarios.words.word import meant_by

            meant = meant_by(name) if kind == "words" else None
            hint = f" Did you mean {meant}?" if meant else nearest(name, list(known))
            raise ShiliuError(f"There is no {kind.removesuffix('s')} '{name}'.{hint}")
        if "error" in known[name]:
            raise ShiliuError(f"The {kind.removesuffix('s')} {name!r} {known[name]['error']}")
    return [known[name] for name in names]


Row = dict[str, Any]


def _rows(
    group: str, request: CommandRequest, row: Callable[[str, Path, dict[str, Any]], Row], whole: Callable[[str], object] | None = None
) -> list[Row]:
    """A row for each file of a group; what is wrong with one stands in its row and keeps no other out.

    Args:
        whole: reads one of the user's, by its name, as the verbs do, and raises what they would say.
    """
    rows = []
    for name, file in composition.members(group, request.conf_dir).items():
        try:
            shown = composition.shown(file)
            places_in(file, shown)  # a broken file is reported with its line
            sheet = read_yaml(file, shown)
            if not isinstance(sheet, dict):
                raise ShiliuError("This holds no settings. They are written `key: value`.", file=shown)
            if whole is not None and not file.is_relative_to(composition.CONF):
                whole(name)
            rows.append({"name": name, **row(name, file, sheet)})
        except ShiliuError as error:
            rows.append({"name": name, "error": f"cannot be read: {'; '.join(line.strip() for line in str(error).splitlines())}"})
    for folder in composition.shut(group, request.conf_dir):
        rows.append({"name": f"{folder}/", "error": "may not be read. Give yourself the right to it."})
    odd = {file for folder in composition.folders(request.conf_dir) for file in (folder / group).glob("[!.]*.y*ml") if odd_kind(file)}
    return rows + [{"name": file.name, "error": f"cannot be read: {composition.shown(file)} {odd_kind(file)}"} for file in sorted(odd)]


def _below(sheet: dict[str, Any], key: str) -> dict[str, Any]:
    """The entries of a key, none where something else stands there: `shiliu check` says what is wrong with it."""
    found = sheet.get(key)
    return found if isinstance(found, dict) else {}


def _scenarios(request: CommandRequest) -> list[Row]:
    from ...envs.registration import env_id
    from ...scenarios.catalog.figures import Lacking, figures_of, figures_text, lacking
    from ...scenarios.reading.variant import names_of

    def row(name: str, file: Path, sheet: dict[str, Any]) -> Row:
        title, own = _below(sheet, "title"), file.is_relative_to(composition.CONF)
        counted = own and bool(sheet.get("skills"))
        lacks = lacking(name) if counted else Lacking()
        figures = figures_text(figures_of(name), sheet["version"], lacks) if counted else ""
        return {
            "title": f"{title.get('en', '')} {title.get('zh', '')}".strip(),
            "version": f"v{sheet['version']}" if "version" in sheet else "",
            "variants": " ".join(f"variant={variant}" for variant in names_of(sheet)),
            "environment": env_id(name) if own else "",
            "operator": figures,
            "lacks": lacks.text,
        }

    return _rows("scenario", request, row)


def _cells(request: CommandRequest) -> list[Row]:
    def row(name: str, file: Path, sheet: dict[str, Any]) -> Row:
        date = _below(sheet, "surveyed").get("date", "")
        surveyed = f"surveyed {date}" if "surveyed" in sheet else "not measured yet"
        return {"scenario": sheet.get("scenario", ""), "centre": sheet.get("centre", ""), "surveyed": surveyed}

    return _rows("cell", request, row)


def _in_full(request: CommandRequest, as_json: bool) -> int:
    """Parts or skills alone: all of them, or those that are named, as words or as `part=` and `skill=`."""
    kind, *names = request.words
    for override in request.overrides:
        key, _, value = override.partition("=")
        if key != kind[:-1]:
            raise ShiliuError(f"`shiliu list {kind}` takes {kind[:-1]}=NAME, not {override}.")
        names.append(value.strip("'\""))
    if kind == "parts":
        from .list_parts import show
    else:
        from .list_skills import show
    show(names, request, as_json)
    return 0


def _parts(request: CommandRequest) -> list[dict[str, Any]]:
    from .list_parts import rows

    return rows(request)


def _robots(request: CommandRequest) -> list[Row]:
    from ...scenarios.parts.part import ASSETS
    from ..robots.embodiment import load_embodiment

    lang = "en" if "--json" in request.flags else request.lang

    def titled(title: dict[str, Any]) -> str:
        return str(title.get(lang) or title.get("en", ""))

    rows = []
    for file in sorted((ASSETS / "robots").glob("*/robot.yaml")):
        sheet = read_yaml(file)
        title, hands = titled(sheet["title"]), " ".join(sheet["hands"])
        rows.append({"name": file.parent.name, "title": title, "mass": sheet["mass"], "hands": hands})

    def row(name: str, file: Path, sheet: dict[str, Any]) -> Row:
        joints = _below(sheet, "joints")
        limited = {what for joint in joints.values() for what in (joint if isinstance(joint, dict) else ())}
        found = "with a model" if "model" in sheet else "limits only" if limited & {"position", "velocity", "torque"} else ""
        return {
            "title": titled(_below(sheet, "title")),
            "joints": f"{len(joints)} joint{'s' * (len(joints) != 1)}",
            "judged": f"for the judge alone, {found or 'no limits'}",
        }

    return rows + _rows("robot", request, row, load_embodiment)


def _devices(request: CommandRequest) -> list[Row]:
    return _rows("device", request, lambda name, file, sheet: {"source": sheet.get("source", "")})


def _words(request: CommandRequest) -> list[dict[str, Any]]:
    from .list_words import rows

    return rows()


def _skills(request: CommandRequest) -> list[dict[str, Any]]:
    from .list_skills import rows

    return rows()


def _checks(request: CommandRequest) -> list[dict[str, Any]]:
    from ..checks.rules import load_rules

    rules = load_rules()
    return [
        {"name": code, "stage": getattr(rule, "stage", ""), "signal": getattr(rule, "signal", "") or ""}
        for code, rule in rules.items()
    ]


def _formats(request: CommandRequest) -> list[dict[str, Any]]:
    from ..formats.records import readers, writers

    writes = {
        w.format: f"written too: to={w.name}{', with pip install shiliu[export]' if w.needs else ''}"
        for w in writers().values()
    }
    return [{"name": r.name, "reads": r.what, "writes": writes.get(r.name, "")} for r in readers().values()]


def _mappings(request: CommandRequest) -> list[Row]:
    from ..formats.mappings import load

    return _rows("mapping", request, lambda name, file, sheet: {}, load)


def _scene(request: CommandRequest) -> Scene:
    from ...scenarios.catalog.catalog import scene_by_settings

    chosen = [o.partition("=")[2] for o in request.overrides if o.startswith("scenario=")]
    rest = [o for o in request.overrides if not o.startswith("scenario=")]
    return scene_by_settings(chosen[-1] if chosen else "microwave", rest, conf_dir=request.conf_dir)


def _mistakes(request: CommandRequest, as_json: bool) -> int:
    from ..operator.mistakes import read_mistakes

    scene = _scene(request)
    found = read_mistakes(scene).values()
    if as_json:
        print(json.dumps([{"name": mistake.name, "code": mistake.code} for mistake in found], indent=1))
        return 0
    if not found:
        print(translated(f"{scene.name} has no mistakes.", request.lang))
    width = max((len(mistake.name) for mistake in found), default=0)
    for mistake in found:
        print(f"{mistake.name:<{width}}  {mistake.code}")
    return 0


def _schema(request: CommandRequest, as_json: bool) -> int:
    from ...scenarios.catalog.catalog import scene_by_settings
    from ...scenarios.reading.cell import list_cells, scenario_of

    own = {"scenario": "microwave", "variant": "", "cell": "", "format": "rows" if as_json else "table"}
    own |= {"robot": DEFAULT_ROBOT, "hand": "", "base": ""}  # the robot's first hand, the base that the scenario names
    rest = []
    for override in request.overrides:  # what is not of this command is the scenario's
        key, _, value = override.partition("=")
        if key in own:
            own[key] = value.strip("'\"")
        else:
            rest.append(override)
    if own["cell"] and not any(override.startswith("scenario=") for override in request.overrides):
        path = list_cells(request.conf_dir).get(own["cell"])  # a cell is of one scenario, which it names
        own["scenario"] = (scenario_of(path) if path is not None else None) or own["scenario"]
    form = own["format"]
    if form not in (known := ("table", "rows", "jsonschema", "lerobot")):
        raise ShiliuError(f"A schema has no form {form!r}.{nearest(form, known)}", field="format")
    if as_json and form == "table":
        raise ShiliuError("--json gives the rows; a table is no JSON. Leave one of them out.", field="format")
    schema = scene_by_settings(
        own["scenario"],
        rest,
        cell=own["cell"] or None,
        variant=own["variant"] or None,
        robot=own["robot"],
        hand=own["hand"] or None,
        base=own["base"] or None,
        conf_dir=request.conf_dir,
    ).schema
    if form != "table":
        found: Any = {
            "rows": schema.table,
            "jsonschema": schema.json_schema,
            "lerobot": lambda: schema.lerobot_features(tuple(schema.cameras)),
        }[form]()
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    rows = schema.table()
    width = {key: max(len(key), *(len(str(row[key])) for row in rows)) for key in ("feature", "name", "source")}
    begin = f"{'feature':<{width['feature']}} {'#':>3} {'name':<{width['name']}} {'unit':<5}"
    print(f"{begin} {'low':>10} {'high':>10}  {'source':<{width['source']}}  dtype")
    for row in rows:
        index = "-" if row["index"] is None else row["index"]
        begin = f"{row['feature']:<{width['feature']}} {index:>3} {row['name']:<{width['name']}} {row['unit']:<5}"
        bounds = f"{row['low']:>10.4g} {row['high']:>10.4g}"
        print(f"{begin} {bounds}  {row['source']:<{width['source']}}  {row['dtype']}")
    return 0
