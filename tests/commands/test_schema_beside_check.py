"""A file with one thing changed, before its schema and before its reader: an editor underlines nothing that `check` accepts, and
whatever `check` refuses for its form."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.commands.new import TEMPLATES
from shiliu.replay.formats import mappings
from shiliu.replay.operator.mistakes import note_mistakes
from shiliu.replay.robots.embodiment import load_embodiment
from shiliu.scenarios.catalog.catalog import scene_of
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.reading import composition
from shiliu.scenarios.sheet.errors import ShiliuError
from shiliu.scenarios.sheet.yaml_reader import read_yaml

ROOT = Path(__file__).resolve().parents[2]
TRIED = 30  # changes of each kind of file
# what a reader says of a value's form, which a schema can know; the others are names, counts and ranges
FORM = re.compile(
    r"has no unit|unknown unit|unknown key|(is|are) missing|has a unit of|steps need names|not above 0|neither true nor"
    r"|not a (quantity|mapping|key|list|plain number|whole number|word)\b"
)
# a unit that is none may be one of the robot's own; a name that is none of the scenario's is no key
NAMES = ("is none of", "is no part", "is no joint", "names no")


class Read(Exception):
    """A scenario is read; it need not be compiled."""


def scenario(file: Path, variant: str | None = None) -> None:
    def also(scene: Any) -> None:
        note_mistakes(scene)
        scene.config.problems.stop(scene.name)
        raise Read

    composed = composition.compose("scene", [f"scenario={file.stem}"], file.parents[1])
    composed.tree["variant"] = variant
    try:
        scene_of(composed, file.stem, hand=None, base=None, robot="kuafu", also=also)
    except Read:
        pass


def part(file: Path) -> None:
    model = (ROOT / "assets/objects/can_330/can_330.xml").read_text(encoding="utf-8").replace("can_330", "mine")
    (file.parent / "mine.xml").write_text(model, encoding="utf-8")
    found = load_part("objects/mine", extra=file.parents[2])
    if found and not all(row.grade for row in found.sources):  # which `shiliu check part=` asks of what is read
        raise ShiliuError("a row of sources has no grade")


KINDS: dict[str, tuple[str, str, Callable[[Path], object]]] = {  # a file of ours, where a changed one stands, its reader
    "scenario": ("conf/scenario/table_setting.yaml", "conf/scenario/mine.yaml", scenario),
    "part": ("assets/objects/can_330/part.yaml", "assets/objects/mine/part.yaml", part),
    "mapping": ("conf/mapping/piper_lerobot.yaml", "conf/mapping/mine.yaml", mappings.load),
    "robot": ("conf/robot/baxter.yaml", "conf/robot/mine.yaml", lambda file: load_embodiment(str(file))),
    "thresholds": ("conf/check/arm_manipulation.yaml", "conf/check/mine.yaml", lambda file: load_rules("mine", file.parent)),
}


def spots(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield (*path, key)
        yield from spots(value, (*path, key))


def changes(value: Any, key: Any) -> list[tuple[str, Any]]:
    """What may go wrong with a value: (what, what stands there then)."""
    found: list[tuple[str, Any]] = [("left out", None)] + ([("misspelt", None)] if isinstance(key, str) else [])
    if isinstance(value, str):
        found += [("a list", [value]), ("a table", {"a": value}), ("empty", "")]
        if number := re.fullmatch(r"([-+]?\d+(?:\.\d+)?) ?([a-zA-Z%/]+)", value):
            found += [("no unit", float(number[1])), ("another unit", f"{number[1]} {'s' if number[2] == 'kg' else 'kg'}")]
    elif isinstance(value, dict | list):
        found += [("a text", "text"), ("a number", 5)]
    return found


def changed(tree: Any, path: tuple[Any, ...], what: str, value: Any) -> Any:
    new = copy.deepcopy(tree)
    at = new
    for step in path[:-1]:
        at = at[step]
    last = path[-1]
    if what == "left out":
        del at[last]
    elif what == "misspelt":
        items = [(f"{key}x" if key == last else key, one) for key, one in at.items()]
        at.clear()
        at.update(items)
    else:
        at[last] = value
    return new


@cache
def validator(kind: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((TEMPLATES / f"{kind}.json").read_text(encoding="utf-8")))


def refusal(read: Callable[[Path], object], file: Path, tree: Any) -> str | None:
    file.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    try:
        read(file)
    except ShiliuError as error:
        return str(error)
    return None


@pytest.mark.parametrize("tried", [12, pytest.param(TRIED, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_refuses_what_the_reader_refuses_for_its_form_and_nothing_else(kind, tried, tmp_path):
    of, where, read = KINDS[kind]
    tree, file, chance = read_yaml(ROOT / of), tmp_path / where, random.Random(kind)
    file.parent.mkdir(parents=True)
    assert refusal(read, file, tree) is None and not list(validator(kind).iter_errors(tree))
    every = list(spots(tree))
    both, wrong = 0, []
    for path in chance.sample(every, min(TRIED, len(every)))[:tried]:
        at = tree
        for step in path:
            at = at[step]
        what, value = chance.choice(changes(at, path[-1]))
        new = changed(tree, path, what, value)
        why, underlined = refusal(read, file, new), next(validator(kind).iter_errors(new), None)
        shown = f"{'.'.join(map(str, path))} {what}"
        if why is None and underlined is not None:
            wrong.append(f"{shown}: the reader accepts it; {underlined.message[:120]}")
        elif why is not None and underlined is None and FORM.search(why) and not any(name in why for name in NAMES):
            wrong.append(f"{shown}: the schema accepts it; {why[:200]}")
        both += why is not None and underlined is not None
    assert not wrong, "\n".join(wrong)
    assert both >= tried // 3, "the changes are mostly refused, so that this compares something"


SLIPS = {  # what check refuses by its value: kind -> (what stands there, what is written instead)
    "scenario": [
        ("record: on_request", "record: sometimes"),
        ("replay.goal]", "kinmatics]"),
        ("at_most: 5 %", "at_most: 150 %"),
        ("height: 870 mm", "height: 8700 mm"),
        ("height: 870 mm", "height: 2.5 m"),
        ("goal: ", "goal: {}\nrules: "),
    ],
    "part": [("attr: mass", "attr: mas"), ("attr: mass", "attr: contype"), ('"[D]"', '"[Z]"')],
    "mapping": [
        ("unit: rad", "unit: radian"),
        ("unit: rad", "unit: mm"),
        ("unit: rad", "unit: rad/s"),
        ("joint_position", "joint_positon"),
        ("format: lerobot", "format: lerobto"),
    ],
}
FITS = {  # and what it takes
    "scenario": [("record: on_request", "record: true"), ("replay.goal]", "replay.scenario.tipped]"), ("870 mm", "0.87 m")],
    "part": [("attr: mass", "attr: ipos, index: 0"), ('"[D]"', '"[K] or [S]"')],
    "mapping": [("unit: rad", "unit: -100..100"), ("unit: rad", "unit: notch"), ("joint_position", "other")],
}


@pytest.mark.parametrize("kind", SLIPS)
def test_a_schema_knows_words_units_and_bounds_as_check_does(kind):
    text = (TEMPLATES / f"{kind}.yaml").read_text(encoding="utf-8").replace("$name", "mine")
    for changes, refused in ((SLIPS, True), (FITS, False)):
        for old, new in changes[kind]:
            assert old in text
            wrong = list(validator(kind).iter_errors(yaml.safe_load(text.replace(old, new))))
            assert bool(wrong) == refused, (new, [one.message for one in wrong])


@pytest.mark.parametrize(
    ("path", "refused", "taken"),
    [
        ("time_limit", ("0 s", "0.5 s", "900 ms", "40 秒", "４０秒", "40 µs"), ("1 s", "1500 ms", "2 min", "４０　ｓ", "40\u00a0ｓ")),
        ("parts.table.height", ("870 毫米", "870°", "８７０"), ("８７０ｍｍ", "870 ㎜")),
        ("cameras.head.mount", ("robot.haed_camera",), ("robot.head_camera", "fridge.inside")),
        ("control_rate", ("0 Hz", "501 Hz"), ("1 Hz", "500 Hz")),
        ("cameras.overview.size", ("960x0", "7x480", "4097x8"), ("8x4096", "640 x 480")),
        ("robot.pose", ("redy",), ("ready",)),
    ],
)
def test_bounds_and_names_that_a_reader_asks_for_stand_in_the_schema(path, refused, taken):
    tree = read_yaml(ROOT / KINDS["scenario"][0])
    *above, last = path.split(".")
    for value in (*refused, *taken):
        new = copy.deepcopy(tree)
        at = new
        for step in above:
            at = at[step]
        at[last] = value
        assert (next(validator("scenario").iter_errors(new), None) is None) == (value in taken), value


IN_PART: dict[str, tuple[Any, Any, str]] = {  # key -> what is taken there, what is refused, and how check calls that
    "variants.heavy.parts": (
        {"can": {"mass": "300 g"}, "other": {"part": "objects/bottle_065", "height": None}},
        {"can": {"maas": "300 g"}},
        "'maas'",
    ),
    "variants.heavy.never": ({"tipped": None}, {"tipped": {"tilted": {"of": "can", "more_than": "30 kg"}}}, "'30 kg' has a unit of mass"),
    "variants.heavy.variation": (
        {"can": {"at": {"x": {"uniform": ["0 mm", "20 mm"]}, "y": None}}, "redraw": {"at_most": "10 %"}},
        {"can": {"at": {"x": {"uniform": [0, "20 mm"]}}}},
        "0 has no unit",
    ),
    "variants.heavy.cameras": ({"head": None}, {"head": {"size": "640by480"}}, "'640by480'"),
    "variants.heavy.robot": ({"stands_at": {"x": "5 mm"}}, {"stands_at": {"x": 5}}, "5 has no unit"),
    "mistakes.slow.change": ({"take": {"force": "3 N", "by": None}, "look": {"if": None}}, {"take": {"forse": "3 N"}}, "'forse'"),
    "mistakes.slow.draw": ({"can": {"mass": "300 g"}}, {"can": {"mass": 0.3}}, "0.3 has no unit"),
    "variation.deal": ([{"values": "yaw", "among": ["can", ["other"]]}], [{"values": "yaw", "amogn": ["can", "other"]}], "'amogn'"),
}


def test_what_is_written_of_a_scenario_in_part_is_known_as_check_knows_it(tmp_path):
    tree = yaml.safe_load((TEMPLATES / "scenario.yaml").read_text(encoding="utf-8").replace("$name", "mine"))
    tree["parts"]["other"] = {**tree["parts"]["can"], "at": {"x": "150 mm", "y": "-180 mm"}}
    tree["variants"], tree["mistakes"] = {"heavy": {}}, {"slow": {"code": "replay.goal:moved"}}
    taken, refused = copy.deepcopy(tree), copy.deepcopy(tree)
    for key, (good, bad, _) in IN_PART.items():
        *above, last = key.split(".")
        alone = copy.deepcopy(tree)
        for whole, value in ((taken, good), (refused, bad), (alone, bad)):
            at = whole
            for step in above:
                at = at[step]
            at[last] = value
        assert not validator("scenario").is_valid(alone), key
    assert [one.message for one in validator("scenario").iter_errors(taken)] == []
    file = tmp_path / "conf" / "scenario" / "mine.yaml"
    file.parent.mkdir(parents=True)
    assert refusal(partial(scenario, variant="heavy"), file, taken) is None
    why = refusal(partial(scenario, variant="heavy"), file, refused) or ""
    assert [name for *_, name in IN_PART.values() if name not in why] == [], why


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("variants.heavy.parts", {"can": {"mass": "300 mm"}}),
        ("variants.heavy.parts", {"can": {"part": "objects/bottle_065", "maas": "300 g"}}),
        ("variants.heavy.robot", {"baes": "mobile"}),
        ("variants.heavy.variation", {"redraw": {"atmost": "10 %"}}),
        ("variants.heavy.mistakes", {"slow": {"code": "replay.goal:moved", "change": {"take": {"by": "3 kg"}}}}),
        ("mistakes.slow.change", {"take": {"by": "3 kg"}}),
        ("mistakes.slow.change", {"take.rmi": {"by": "3 mm"}}),
        ("mistakes.slow.change", {"put.on 1": {"how": "on"}}),
        ("variation.deal", [{"values": "mass", "among": ["can"]}]),
    ],
)
def test_an_editor_underlines_it_in_part_too(key, value):
    tree = yaml.safe_load((TEMPLATES / "scenario.yaml").read_text(encoding="utf-8").replace("$name", "mine"))
    tree["variants"], tree["mistakes"] = {"heavy": {}}, {"slow": {"code": "replay.goal:moved"}}
    assert validator("scenario").is_valid(tree)
    *above, last = key.split(".")
    at = tree
    for step in above:
        at = at[step]
    at[last] = value
    assert not validator("scenario").is_valid(tree)
