"""`shiliu new` writes what is sound at once; the schemas that editors read accept our files and refuse what `check` refuses."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from conftest import script
from shiliu import cli
from shiliu.replay.checks.registry import registry
from shiliu.replay.commands.new import KINDS, SCHEMA, TEMPLATES
from shiliu.scenarios.sheet.yaml_reader import read_yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "scenario": [*(ROOT / "conf/scenario").glob("*.yaml"), *(ROOT / "docs/examples/conf/scenario").glob("*.yaml")],
    "part": [*(ROOT / "assets").glob("*/*/part.yaml")],
    "cell": [*(ROOT / "conf/cell").glob("*.yaml")],
    "mapping": [*(ROOT / "conf/mapping").glob("*.yaml")],
    "robot": [*(ROOT / "conf/robot").glob("*.yaml")],
    "thresholds": [*(ROOT / "conf/check").glob("*.yaml")],
}


@cache
def validator(kind: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads((TEMPLATES / f"{kind}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", FILES)
def test_every_file_of_ours_is_accepted(kind):
    assert FILES[kind]
    wrong = [
        f"{file.relative_to(ROOT)}: {e.message[:200]}"
        for file in FILES[kind]
        for e in validator(kind).iter_errors(read_yaml(file))
    ]
    assert wrong == []


def test_the_scenario_of_the_guide_is_accepted():
    page = (ROOT / "docs" / "new-scenario.md").read_text(encoding="utf-8")
    whole = yaml.safe_load("\n".join(re.findall(r"(?s)```yaml\n(.*?)```", page)))
    assert [e.message for e in validator("scenario").iter_errors(whole)] == []


def first(kind: str, name: str) -> dict[str, Any]:
    return copy.deepcopy(read_yaml(next(file for file in FILES[kind] if name in str(file))))


REFUSED = [
    ("scenario", "table_setting", "time_limit", 25),  # a number without its unit
    ("scenario", "table_setting", "time_limit", "25 kg"),  # a unit of another kind
    ("scenario", "table_setting", "time_limit", "-25 s"),
    ("scenario", "table_setting", "time_limit", "25,5 s"),
    ("scenario", "table_setting", "tiem_limit", "25 s"),  # an unknown key
    ("scenario", "table_setting", "version", "3"),
    ("scenario", "table_setting", "version", 0),
    ("scenario", "table_setting", "title", {"en": "Table"}),  # one language alone
    ("scenario", "table_setting", "parts.bowl.part", None),
    ("scenario", "table_setting", "link", {"dealy": "20 ms"}),
    ("scenario", "table_setting", "link", {"delay": -1}),
    ("scenario", "table_setting", "link", {"loss": "1 m"}),
    ("scenario", "table_setting", "link", {"drop_outs": {"every": "20 s"}}),
    ("scenario", "table_setting", "parts.Bowl", {"part": "objects/bowl_150"}),
    ("scenario", "table_setting", "parts.bowl.at.x", 150),
    ("scenario", "table_setting", "parts.bowl.at.w", "150 mm"),
    ("scenario", "table_setting", "parts.table.heigth", "870 mm"),  # a parameter that this part has not
    ("scenario", "table_setting", "parts.table.height", "870 g"),
    ("scenario", "table_setting", "variation.table.height", {"unifrom": ["-30 mm", "30 mm"]}),
    ("scenario", "table_setting", "variation.table.height", {"uniform": ["-30 mm"]}),
    ("scenario", "table_setting", "goal", [{"moved": {}}]),  # a list where steps have names
    ("scenario", "table_setting", "goal.taken.moved", {"of": "bowl"}),  # a missing argument
    ("scenario", "table_setting", "goal.taken.movd", {"of": "bowl", "more_than": "60 mm"}),
    ("scenario", "table_setting", "goal.taken.hold", 0.5),
    (
        "scenario",
        "table_setting",
        "goal.served.all",
        [{"nearr": {"of": "bowl.base", "to": "table.top", "within": "30 mm"}}],
    ),
    ("scenario", "table_setting", "skills", [{"grab": {"hand": "left"}}]),
    ("scenario", "table_setting", "skills", [{"take": {"hand": "middle", "of": "bowl"}}]),
    ("scenario", "table_setting", "skills", [{"take": {"hand": "left", "of": "bowl", "colour": "red"}}]),
    ("scenario", "table_setting", "skills", [{"take": {"how": "rmi", "hand": "left", "of": "bowl"}}]),
    ("scenario", "table_setting", "judge.required", None),
    ("scenario", "table_setting", "judge.requires", ["integrity"]),
    ("scenario", "table_setting", "cameras.head.size", "640:480"),
    ("part", "can_330", "mass", 0.345),
    ("part", "can_330", "mas", "0.345 kg"),
    ("part", "can_330", "title", {"zh": "罐"}),
    ("part", "can_330", "params.mass.default", 0.3),
    ("part", "can_330", "params.mass.sets", "mass"),
    ("part", "can_330", "grips.wall.kind", None),
    ("cell", "mw-01", "surveyed.date", "2 November"),
    ("cell", "mw-01", "surveyed.by", None),
    ("cell", "mw-01", "overlay.parts.oven.part", "fixtures/oven"),
    ("cell", "mw-01", "overlay.parts.oven.at.x", 245),
    ("cell", "mw-01", "overlay.goal", {}),
    ("cell", "mw-01", "overlay.robot", {"stands_at": {"x": "8 deg"}}),
    ("mapping", "piper", "format", "lerobt"),
    ("mapping", "piper", "streams", {}),
    ("mapping", "piper", "kind", "robott"),
    ("mapping", "piper", "stream", []),
    ("mapping", "kuavo_rosbag", "topics", None),
    ("robot", "baxter", "title", "Baxter"),
    ("robot", "baxter", "joint", {}),
    ("robot", "baxter", "joints", None),
    ("robot", "baxter", "sources.maker.grade", "good"),
    ("thresholds", "arm", "joint.velocity.grade", "good"),
    ("thresholds", "arm", "joint.velocity.stage", None),
    ("thresholds", "arm", "joint.velocty", {"stage": "motion"}),
    ("thresholds", "arm", "hand.jump.with", {"pul": 100}),
]


@pytest.mark.parametrize(("kind", "name", "path", "value"), REFUSED, ids=lambda v: str(v)[:40])
def test_what_check_refuses_is_refused(kind, name, path, value):
    """None takes a key out."""
    tree = first(kind, name)
    at = tree
    *steps, last = path.split(".")
    for step in steps:
        at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    assert list(validator(kind).iter_errors(tree))


GOOD = [
    ("parts.bowl.at.x", "1e2 mm"),
    ("parts.bowl.at.x", "８００ｍｍ"),  # as a Chinese keyboard writes it
    ("goal.taken", {"angle": {"of": "table.drawer", "above": "20 mm"}}),  # of a slide
    (
        "goal.taken",
        {
            "any": [
                {"tilted": {"of": "bowl", "more_than": "5 deg"}},
                {"lower": {"of": "bowl", "than": "table.top", "by": "1 cm"}},
            ]
        },
    ),
    ("skills", [{"take": {"hand": "left", "of": "bowl"}}, {"look": {"at": "bowl.base", "beside": True}}]),
    ("parts.mine", {"part": "objects/of_my_own", "speed": "3 m/s"}),  # a part that we do not know
    ("variants", {"short": {"time_limit": "20 s", "skills": None, "link": "4g"}}),
    ("link", "5g_sa"),
    (
        "link",
        {
            "delay": "20 ms",
            "jitter": 0.005,
            "loss": "1 %",
            "drop_outs": {"every": "20 s", "shortest": 0.2, "longest": "1 s"},
        },
    ),
]


@pytest.mark.parametrize(("path", "value"), GOOD, ids=lambda v: str(v)[:40])
def test_what_our_files_do_not_show_is_accepted_too(path, value):
    tree = first("scenario", "table_setting")
    at = tree
    *steps, last = path.split(".")
    for step in steps:
        at = at[step]
    at[last] = value
    assert [e.message for e in validator("scenario").iter_errors(tree)] == []


@pytest.fixture
def editor(monkeypatch) -> Any:
    """The script that makes the schemas, which imports what lies beside it."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    return script("docs/editor.py")


@pytest.mark.parametrize("kind", ["part", "cell", "mapping", "robot", "thresholds"])
def test_a_schema_is_what_the_readers_ask(kind, editor):
    assert (TEMPLATES / f"{kind}.json").read_text(encoding="utf-8") == editor.made(kind), "run `python docs/editor.py`"


@pytest.mark.slow
def test_the_schema_of_scenarios_is_what_their_readers_ask(editor):
    assert (TEMPLATES / "scenario.json").read_text(encoding="utf-8") == editor.made("scenario"), (
        "run `python docs/editor.py`"
    )


def descriptions(at: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every description of a schema: where it stands, and its text. A key of a file may itself be called so."""
    for key, value in at.items() if isinstance(at, dict) else enumerate(at) if isinstance(at, list) else ():
        if key == "description" and isinstance(value, str):
            yield path, value
        yield from descriptions(value, f"{path}.{key}")


def lacking(schema: dict[str, Any]) -> list[str]:
    """Descriptions without English or without Chinese; a part's two titles stand in one line."""
    return [
        f"{path}: {text}"
        for path, text in descriptions(schema)
        if not re.search(r"[A-Za-z]{2}", text) or not re.search(r"[\u4e00-\u9fff]", text)
    ]


@pytest.mark.parametrize("kind", FILES)
def test_every_description_is_in_two_languages(kind):
    schema = validator(kind).schema
    assert lacking(schema) == []
    assert len([*descriptions(schema)]) >= 25


def test_a_description_in_one_language_is_found():
    both, english, chinese = ({"description": text} for text in ("Mass.\n\n质量。", "Mass alone.", "质量。"))
    assert lacking({"properties": {"mass": both, "size": {"anyOf": [english]}, "$defs": {"description": chinese}}}) == [
        ".properties.size.anyOf.0: Mass alone.",
        ".properties.$defs.description: 质量。",
    ]


def test_every_key_of_a_scenario_says_what_it_means():
    root = validator("scenario").schema
    texts = {key: [way.get("description") for way in ways(one, root, None)] for key, one in root["properties"].items()}
    assert [key for key, found in texts.items() if not any(found)] == []


def ways(schema: Any, root: dict[str, Any], value: Any) -> Iterator[dict[str, Any]]:
    """The schemas that a value is held against, through references and branches."""
    if not isinstance(schema, dict):
        return
    yield schema
    inner = [*schema.get("allOf", ()), *schema.get("anyOf", ())]
    if "$ref" in schema:
        inner.append(root["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    if "if" in schema:
        asked = jsonschema.Draft7Validator({**schema["if"], "$defs": root.get("$defs", {})})
        inner.append(schema.get("then" if asked.is_valid(value) else "else"))
    for one in inner:
        yield from ways(one, root, value)


def of_key(table: dict[str, Any], key: str) -> list[Any]:
    """The schemas that a table has for a key."""
    found = [table["properties"][key]] if key in table.get("properties", {}) else []
    found += [one for pattern, one in table.get("patternProperties", {}).items() if re.search(pattern, key)]
    return found or [table.get("additionalProperties")]


def unexplained(schema: dict[str, Any], root: dict[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Keys of a value for which an editor has no description in both languages."""
    every = [*ways(schema, root, value)]
    if isinstance(value, list):
        for one in value:
            yield from unexplained({"anyOf": [way["items"] for way in every if "items" in way]}, root, one, path)
    elif isinstance(value, dict):
        for key, one in value.items():
            inner = {"anyOf": [one for way in every for one in of_key(way, key)]}
            found = [way.get("description", "") for way in ways(inner, root, one)]
            if not any(re.search(r"[A-Za-z].*\n\n.*[\u4e00-\u9fff]", text, re.DOTALL) for text in found):
                yield f"{path}.{key}".removeprefix(".")
            yield from unexplained(inner, root, one, f"{path}.{key}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_what_is_new_is_explained_in_two_languages(kind):
    root = validator(kind).schema
    assert list(unexplained(root, root, read_yaml(TEMPLATES / f"{kind}.yaml"))) == []


def test_a_key_that_is_not_explained_is_found():
    inner = {"properties": {"x": {"description": "English alone."}, "y": {"description": "Both.\n\n两种。"}}}
    root = {"properties": {"at": {"$ref": "#/$defs/at", "description": "Both.\n\n两种。"}}, "$defs": {"at": inner}}
    assert list(unexplained(root, root, {"at": {"x": 1, "y": 2}, "z": 3})) == ["at.x", "z"]


def test_every_setting_of_a_check_is_explained_in_two_languages(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    schema = json.loads(script("docs/editor.py").made("thresholds"))
    checks = registry()
    tree = {code: {"with": dict.fromkeys(check.settings, 1)} for code, check in checks.items() if check.settings}
    nested: dict = {}
    for code, block in tree.items():
        *groups, last = code.split(".")
        at = nested
        for group in groups:
            at = at.setdefault(group, {})
        at[last] = block
    missing = [path for path in unexplained(schema, schema, nested) if ".with" in path]
    assert len(tree) > 25 and missing == []


def test_what_is_translated_is_what_the_code_says(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    library = script("docs/editor_library.py")
    docs = {one.doc for kind in library.skills().values() for one in kind.arguments.values()}
    docs |= {param.doc for name in library.list_parts() for param in library.load_part(name).params.values()}
    assert set(script("docs/editor_words.py").TRANSLATIONS) - docs == set()
    assert set(library.SKILLS) - set(library.skills()) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_new_is_sound(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", kind, f"my_{kind}"]) == 0
    *written, last = capsys.readouterr().out.splitlines()
    assert written and all((tmp_path / file).is_file() for file in written)
    assert last == f"Next: shiliu check {kind}={'objects/' if kind == 'part' else ''}my_{kind}"
    assert (
        cli.main([*last.removeprefix("Next: shiliu ").split(), *(["draws=2"] if kind in ("scenario", "cell") else [])])
        == 0
    )
    sheet = tmp_path / next(file for file in written if file.endswith(".yaml"))
    modeline = sheet.read_text(encoding="utf-8").splitlines()[0]
    schema = (sheet.parent / modeline.removeprefix(SCHEMA)).resolve()
    assert modeline.startswith(SCHEMA) and schema == (tmp_path / "conf" / "editor" / f"{kind}.json").resolve()
    assert (
        list(jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8"))).iter_errors(read_yaml(sheet)))
        == []
    )
    capsys.readouterr()
    assert cli.main(["new", kind, f"my_{kind}"]) == 2
    assert "This is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["scenari", "x"], "makes no 'scenari'. Did you mean scenario"),
        (["cell"], "Write one name: shiliu new cell NAME"),
        (["part", "My Part"], "'My Part' cannot be a name"),
        (["scenario", "../x"], "'../x' cannot be a name"),
        (["scenario", "a", "b"], "Write one name"),
    ],
)
def test_a_slip_is_one_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", *words]) == 2
    assert sentence in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_a_mapping_that_is_wrong_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "mapping", "mine"]) == 0
    file = tmp_path / "conf" / "mapping" / "mine.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("role: measured", "role: mesured"), encoding="utf-8")
    assert cli.main(["check", "mapping=mine"]) == 2
    assert "conf/mapping/mine.yaml:14" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("scenario", "microwave", "The package has a scenario 'microwave'"),
        ("part", "can_330", "The package has a part 'can_330'"),
        ("scenario", "null", "YAML reads it as None"),
        ("mapping", "off", "YAML reads it as False"),
    ],
)
def test_a_name_that_something_else_is_read_for_is_refused(kind, name, why, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", kind, name]) == 2
    assert why in capsys.readouterr().err and not list(tmp_path.iterdir())


def opened(at: Any, root: dict[str, Any]) -> Any:
    """A schema in which each reference to what is written once is replaced by that."""
    if isinstance(at, dict):
        found = {key: opened(one, root) for key, one in at.items() if key not in ("$ref", "$defs")}
        return {**opened(root["$defs"][at["$ref"].removeprefix("#/$defs/")], root), **found} if "$ref" in at else found
    return [opened(one, root) for one in at] if isinstance(at, list) else at


def test_what_stands_in_several_places_is_written_once(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    text = script("docs/editor_shared.py")
    size = {"type": "string", "pattern": "^[0-9]+ (mm|cm|m)$", "examples": ["12 mm"]}
    ways = {"anyOf": [size, {"type": "null"}]}
    properties = {
        "x": {**ways, "description": "Along x."},
        "y": {**ways, "description": "Along y."},
        "z": ways,
        "lone": size,
    }
    whole = {"type": "object", "properties": {**properties, "flag": True}, "additionalProperties": False}
    found = text.shared(whole)
    assert opened(found, found) == whole
    assert found["$defs"] == {"0": size, "1": {"anyOf": [{"$ref": "#/$defs/0"}, {"type": "null"}]}}
    assert found["properties"]["x"] == {"$ref": "#/$defs/1", "description": "Along x."}
    assert text.shared({"properties": {"x": {"type": "string"}, "y": {"type": "string"}}}).keys() == {"properties"}


@pytest.mark.parametrize(("robot", "code", "line"), [("my_robot", 0, "warn robot"), ("kuafoo", 1, "Did you mean kuafu?"), ("human", 0, "")])
def test_a_robot_that_a_mapping_names_by_a_slip_is_found(robot, code, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "mapping", "mine"]) == 0
    file = tmp_path / "conf" / "mapping" / "mine.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("my_robot", robot), encoding="utf-8")
    assert cli.main(["check", "mapping=mine"]) == code
    printed = capsys.readouterr().out
    assert line in printed and ("There is no robot" in printed) == bool(line) and ("sound" in printed) == (code == 0)
    at = next(k for k, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if text.startswith("robot:"))
    place = f"conf/mapping/mine.yaml:{at}: robot: There is no robot {robot!r}."
    assert (place in printed) == bool(line) and ("its limits are not known" in printed) == (robot == "my_robot")


def test_places_in_a_mapping_are_written_like_places_in_every_other_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "mapping", "mine"]) == 0
    file = tmp_path / "conf" / "mapping" / "mine.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("role: measured", "role: measurd", 1), encoding="utf-8")
    assert cli.main(["check", "mapping=mine"]) == 2
    assert re.search(r"mine\.yaml:\d+: (\w+\.)*streams\[\d\]\.role: 'measurd' is not known here", capsys.readouterr().err)


def test_a_broken_variant_is_found_where_the_scenario_is_checked(tmp_path, monkeypatch):
    from shiliu.replay.commands.check import _variants

    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "scenario", "mine"]) == 0
    assert not _variants("mine", None, None, "kuafu", lambda scene: None)
    with (tmp_path / "conf" / "scenario" / "mine.yaml").open("a", encoding="utf-8") as file:
        file.write("\nvariants:\n  good: {parts: {can: {mass: 300 g}}}\n  bad: {parts: {can: {maas: 300 g}}}\n")
    (wrong,) = _variants("mine", None, None, "kuafu", lambda scene: None)
    assert not wrong.sound and wrong.answer.startswith("bad: ") and "unknown key 'maas'" in wrong.answer


@pytest.mark.parametrize(
    ("kind", "name", "made"),
    [("cell", "bj-mw-03", True), ("cell", "BJ", False), ("part", "my-cup", False), ("part", "2cup", False)],
)
def test_the_message_names_the_signs_that_the_kind_allows(tmp_path, monkeypatch, capsys, kind, name, made):
    monkeypatch.chdir(tmp_path)
    code = cli.main(["new", kind, name])
    err = capsys.readouterr().err
    assert (code == 0) is made
    if not made:
        assert "a small letter, then" in err and ("_ and -" in err) is (kind == "cell")
