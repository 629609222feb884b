"""A task sentence says what the goal wants: every thing that a subgoal names, and every number that a person acts on.

What a place is measured against (`than`, `below`) nobody handles; tolerances stand in `brief`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import shiliu
import yaml
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.reading.composition import list_scenarios
from shiliu.scenarios.reading.variant import names_of, resolved
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.quantity import parse_quantity
from shiliu.scenarios.sheet.yaml_reader import Problems, read_own
from shiliu.scenarios.tasks.clauses import read_sentence
from shiliu.scenarios.tasks.known_work import work_of_tree
from shiliu.scenarios.tasks.lexicon import lexicon
from shiliu.scenarios.tasks.naming import ThingNames
from shiliu.scenarios.tasks.own_sentences import scenario_of_task

MEASURED = ("than", "below", "title")  # arguments that name what is measured against, and words
NUMBERS = {1: ("once", "1", "一"), 2: ("2", "two", "两", "二"), 3: ("3", "three", "三"), 4: ("4", "four", "四")}
CONF = Path(shiliu.__file__).parent / "conf" / "scenario"
TREES = {
    (name, variant): resolved(read_own(file), variant, {}, Problems({}), tuple(read_own(file)))
    for name, file in list_scenarios().items()
    if file.parent.samefile(CONF) and read_own(file).get("goal")
    for variant in (None, *names_of(read_own(file)))
}


def trees(tree: object) -> Iterator[Mapping]:
    if isinstance(tree, Mapping):
        yield tree
    for value in tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list) else ():
        yield from trees(value)


def things_of(step: Mapping, parts: set[str]) -> set[str]:
    """The parts that a subgoal names."""
    words = (
        word
        for tree in trees(step)
        for key, value in tree.items()
        if key not in MEASURED
        for word in (value if isinstance(value, list) else [value])
        if isinstance(word, str)
    )
    return {word.partition(".")[0] for word in words} & parts


def numbers_of(step: Mapping) -> Iterator[tuple[str, ...]]:
    """Of each number of a subgoal that a person acts on, the ways to write it: counts, times and amounts."""
    for tree in trees(step):
        reads, filled = tree.get("reads"), tree.get("filled")
        if isinstance(filled, Mapping):
            yield (
                f"{parse_quantity(filled['amount']) * 1e6:.0f} ml",
                f"{parse_quantity(filled['amount']) * 1e6:.0f}毫升",
            )
        for bound in (reads.get("is"), reads.get("above")) if isinstance(reads, Mapping) else ():
            if isinstance(bound, int | float):
                yield NUMBERS[math.ceil(bound)]
            elif bound is not None:
                yield (f"{parse_quantity(bound):.0f} seconds", f"{parse_quantity(bound):.0f}秒")


def named_in(text: str, work) -> set[str]:
    """The parts that a sentence names; a word for anything ("place", "thing") names parts, none of their words."""
    words = lexicon()
    names = ThingNames(
        work.things, words, {(a, b) for d in work.deeds if not d.quoted for a in d.objects for b in d.places}
    )
    found = set()
    for mention in (m for clause in read_sentence(text, words).clauses for m in clause.things):
        for one in (mention, *mention.of):
            particular = not all(words.things[name].get("generic") for name in one.names)
            found |= {t.name.partition(".")[0] for t in names.are(one) if particular or "." not in t.name}
    return found


def lacks(tree: Mapping, name: str = "scene") -> list[str]:
    """What sentences of a scenario leave out of its goal, one line each."""
    found, parts = [], set(tree["parts"])
    for row in tree["tasks"]:
        drawn = {key: parse_quantity(value) for key, value in row.get("where", {}).items()}
        work = work_of_tree(name, tree, drawn)
        for lang in ("en", "zh"):
            named = named_in(row[lang], work)
            for subgoal, step in tree["goal"].items():
                missing = sorted(things_of(step, parts) - named)
                missing += [" or ".join(ways) for ways in numbers_of(step) if not any(way in row[lang] for way in ways)]
                found += [f"{lang}: {row[lang]} leaves out {', '.join(missing)} of {subgoal}"] if missing else []
    return found


@pytest.mark.parametrize(("name", "variant"), TREES)
def test_every_sentence_names_what_the_goal_wants(name, variant):
    assert lacks(TREES[name, variant], name) == []


def test_a_sentence_that_leaves_something_out_is_found():
    tree = dict(TREES["bedside_care", None])
    tree["tasks"] = [
        {
            "en": "Push the wheelchair along the path to its place, lock both brakes and raise the side rail.",
            "zh": tree["tasks"][0]["zh"],
        }
    ]
    assert [line.rpartition(" leaves out ")[2] for line in lacks(tree)] == ["blanket of covered", "button, person of in_reach"]
    tree = dict(TREES["drink_assist", None])
    tree["tasks"] = [{**tree["tasks"][0], "en": tree["tasks"][0]["en"].replace("150 ml", "a cup")}]
    assert [line.rpartition(" leaves out ")[2] for line in lacks(tree)] == [
        "150 ml or 150毫升 of filled",
        "150 ml or 150毫升 of kept",
    ]


@pytest.mark.parametrize(("name", "variant"), [key for key in TREES if key[1] is None])
def test_every_scenario_says_what_counts_in_both_languages(name, variant):
    brief = TREES[name, variant]["brief"]
    assert set(brief) == {"en", "zh"} and all(re.search(r"[.。]$", text) for text in brief.values())


def test_older_sentences_are_still_of_their_task():
    assert scenario_of_task("Put the bowl into the microwave, close the door and press start.") == ("microwave", None)
    assert scenario_of_task("把轮椅停在床边，让老人够得着呼叫按钮，并升好护栏防止坠床。") == ("bedside_care", None)
    assert scenario_of_task("Heat the bowl in the microwave for 30 seconds and put it back on the counter.") == (
        "microwave",
        "full",
    )
    for name, variant in TREES:
        own = read_own(list_scenarios()[name])
        rows = own if variant is None else own["variants"][variant]
        for row in (*rows.get("tasks", ()), *rows.get("formerly", ())):
            assert {scenario_of_task(row["en"]), scenario_of_task(row["zh"])} == {(name, variant)}, row


def test_a_variant_with_sentences_of_its_own_has_no_older_ones_of_the_whole():
    tree = {
        "tasks": [1],
        "formerly": [2],
        "brief": {"en": "a", "zh": "b"},
        "variants": {"own": {"tasks": [3]}, "same": {"version": 2}},
    }
    own, same = (
        resolved(tree, name, {}, Problems({}), ("tasks", "formerly", "brief", "version")) for name in ("own", "same")
    )
    assert own["tasks"] == [3] and "formerly" not in own and "brief" not in own
    assert same["tasks"] == [1] and same["formerly"] == [2] and "brief" in same


def test_a_brief_and_older_sentences_need_both_languages():
    tree = yaml.safe_load((CONF / "table_setting.yaml").read_text(encoding="utf-8"))
    tree |= {"brief": {"en": "Near."}, "formerly": [{"zh": "上菜。"}]}
    with pytest.raises(
        ScenarioError, match=r"(?s)brief: the key 'zh' is missing.*formerly\[0\]: the key 'en' is missing|formerly"
    ):
        scene_of_tree("table_setting", tree)
