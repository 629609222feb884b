"""Every kind of file that people write: a key that is missing or misspelt is one problem with file, key and fix."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import shiliu
import yaml
from shiliu.cli import main
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats.mappings import load as load_mapping
from shiliu.replay.recording.metadata import read_metadata
from shiliu.replay.robots.embodiment import load_embodiment
from shiliu.scenarios.parts.part import load_part

CONF = Path(shiliu.__file__).parent / "conf"
SESSION = {"operator": "P-0417", "centre": "somewhere", "licence": "proprietary", "consent": True, "cell": "one"}
PART = "assets/objects/mine/part.yaml"
# kind -> where its file lies, what reads it
KINDS: dict[str, tuple[str, Callable[[], object]]] = {
    "cell": ("conf/cell/mine.yaml", lambda: shiliu.load_scenario("microwave", cell="mine")),
    "session": ("session.yaml", lambda: read_metadata("session.yaml", of_many=True)),
    "mapping": ("conf/mapping/mine.yaml", lambda: load_mapping("mine")),
    "robot": ("conf/robot/mine.yaml", lambda: load_embodiment("mine")),
    "thresholds": ("conf/check/mine.yaml", lambda: load_rules("mine", Path("conf/check"))),
    "part": (PART, lambda: load_part("objects/mine", extra=Path("assets"))),
    "scenario": (
        "conf/scenario/mine.yaml",
        lambda: shiliu.load_scenario("mine"),
    ),
}
NAMES = {
    "params",
    "interface",
    "titles",
    "grips",
    "parts",
    "variation",
    "goal",
    "skills",
    "cameras",
    "sources",
    "joints",
    "names",
}  # of own
TRIED = 12  # keys of each kind
NEEDED = {
    "cell": ("centre", "scenario", "overlay"),
    "session": ("operator", "centre", "licence", "consent"),
    "mapping": ("title", "format", "robot", "kind", "recognise", "recognise.channels", "streams"),
    "robot": ("title", "title.en", "title.zh", "joints"),
    "thresholds": (),
    "part": ("title.en", "title.zh"),
    "scenario": (
        "title",
        "title.en",
        "version",
        "robot",
        "robot.stands_at",
        "robot.pose",
        "parts",
        "judge",
        "judge.required",
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Iterator[dict[str, Any]]:
    """The content of a sound file of each kind; the working folder is that of a designer who has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("own"))
        for kind in ("cell", "mapping", "scenario", "part"):
            assert main(["new", kind, "mine"]) == 0
        for kind, source in (("robot", "robot/sawyer.yaml"), ("thresholds", "check/arm_manipulation.yaml")):
            written(kind, yaml.safe_load((CONF / source).read_text(encoding="utf-8")))
        written("session", SESSION)
        yield {kind: yaml.safe_load(Path(file).read_text(encoding="utf-8")) for kind, (file, _) in KINDS.items()}


def written(kind: str, tree: Any) -> None:
    path = Path(KINDS[kind][0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def problem(kind: str, tree: Any, whole: Any) -> str:
    """What the reader of a kind has against a file, which is put back then."""
    written(kind, tree)
    try:
        with pytest.raises(shiliu.ShiliuError) as raised:
            KINDS[kind][1]()
    finally:
        written(kind, whole)
    return str(raised.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_key_is_named_with_its_file_and_what_to_write(files, kind):
    for path in NEEDED[kind]:
        tree = copy.deepcopy(files[kind])
        *above, key = path.split(".")
        at = tree
        for word in above:
            at = at[word]
        del at[key]
        message = problem(kind, tree, files[kind])
        assert message.count("\n") == 0 and Path(KINDS[kind][0]).name in message, message
        assert f"the key {key!r} is missing. Write `{key}:` and its value." in message, message


def misspelt(tree: Any, above: str = "") -> Iterator[tuple[str, str, Any]]:
    """(key path, misspelt key, the file with it) for each key of the two upper levels and of the first entry of a list there."""
    for key in [key for key in tree if isinstance(key, str) and len(key) > 3]:
        slip = key[:-2] + key[-1] + key[-2] if key[-1] != key[-2] else key + "x"
        yield f"{above}{key}", slip, {slip if one == key else one: value for one, value in tree.items()}
    for key, value in ((k, v) for k, v in tree.items() if not above and k not in NAMES):
        first = value[0] if isinstance(value, list) and isinstance(value[0], dict) else value
        for path, slip, changed in misspelt(first, f"{key}.") if isinstance(first, dict) else ():
            yield path, slip, {**tree, key: changed if first is value else [changed, *value[1:]]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_misspelt_key_is_one_problem_with_the_key_that_is_meant(files, kind):
    tried = list(islice(misspelt(files[kind]), 4 if kind == "thresholds" else TRIED))  # its file is long
    assert len(tried) >= 4
    for path, slip, tree in tried:
        message, key = problem(kind, tree, files[kind]), path.rpartition(".")[2]
        assert "\n" not in message and slip in message and re.search(rf"Did you mean .*\b{key}\b", message), (path, message)
        assert f"{Path(KINDS[kind][0]).name}:" in message, message
