"""The page of goal words has every word with its arguments, and its example of a new word works as it stands."""

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from conftest import make_readings
from shiliu.replay.report.text import Words
from shiliu.scenarios.scene.goal import conditions
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.words import WORDS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, GUIDE = ((DOCS / name).read_text(encoding="utf-8") for name in ("goal-words.md", "new-goal-word.md"))
ROWS = dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]*) \|", PAGE))


class Asked(Exception):
    """Raised where a reader says which arguments it takes."""


class Asking(Node):
    def mapping(self, required=(), optional=()):
        raise Asked({*required}, {*optional})


def arguments(word):
    """Required and optional arguments of a word; none where it takes a name or a list."""
    try:
        WORDS[word](Asking({}, word, Problems()), None)
    except Asked as asked:
        return asked.args
    except AttributeError:  # it looks up a name at once, and there are none here
        pass
    return set(), set()


def test_every_word_stands_on_the_page_and_no_other():
    assert set(ROWS) == set(WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_its_arguments_are_those_of_its_reader(word):
    optional = set(re.findall(r"\[`(\w+)`\]", ROWS[word]))
    assert (set(re.findall(r"`(\w+)`", ROWS[word])) - optional, optional) == arguments(word)


def test_the_words_with_arguments_are_asked_for_them():
    """Else the test above would hold for anything."""
    assert arguments("near") == ({"of", "to", "within"}, set()) and arguments("angle")[1] == {"above", "below"}
    assert {word for word in WORDS if arguments(word) == (set(), set())} == {
        "released", "pressed", "latched", "happened", "let_go_early",
    }  # fmt: skip


def test_the_new_word_of_the_guide_works(monkeypatch):
    (code,) = re.findall(r"(?s)```python\n(.*?)```", GUIDE)
    assert code == (DOCS.parent / "scenarios/words/speed.py").read_text(encoding="utf-8"), "the guide shows the module as it is"
    module = ModuleType("shiliu.scenarios.words.speed")
    module.__package__ = "shiliu.scenarios.words"
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look it up
    exec(code, vars(module))

    class Names:
        def element(self, node, kind):
            return node.word() if kind == "body" else None

    problems = Problems()
    reader = module.WORDS["faster"]
    faster = reader(Node({"of": "bowl", "than": "0.5 m/s"}, "goal", problems), Names())
    velocity = Request("body_velocity", "bowl")
    assert faster.requests() == [velocity] and not problems.found
    seen = make_readings({velocity: [[0.3, 0.0, 0.4], [0.0, 0.0, 0.7]]})
    assert faster.margin(seen) == pytest.approx([0.0, 0.2])
    assert [faster.margin(seen.row(k)) for k in (0, 1)] == np.asarray(faster.margin(seen)).tolist()
    reader(Node({"of": "bowl", "than": "0.5 m"}, "goal", problems), Names())
    assert problems.found


@pytest.mark.parametrize("word", WORDS)
def test_a_word_brings_its_titles_and_an_argument_that_is_its_bound(word):
    one = WORDS[word]
    assert one.en.isascii() and one.zh and not one.zh.isascii()
    assert set(one.bound) <= set().union(*arguments(word))


def test_a_report_calls_a_word_what_the_word_says():
    assert [Words(lang).goal_word("near") for lang in ("en", "zh")] == ["distance", WORDS["near"].zh]
    assert Words("zh").goal_word("of_another_version") == "of another version"


def test_the_bound_that_a_word_names_is_the_conditions():
    node = Node({"near": {"of": "bowl.base", "to": "table.top", "within": "30 mm"}, "hold": "1 s"}, "goal", Problems())
    (near,) = conditions(node, object())
    assert (near.word, near.about, near.more) == ("near", ("bowl.base", "table.top"), False)
    assert near.bound == pytest.approx(0.030) and near.value(-0.012) == pytest.approx(0.042)
    (tilted,) = conditions(Node({"tilted": {"of": "bowl", "more_than": "10 deg"}}, "goal", Problems()), object())
    assert tilted.more and tilted.value(-np.deg2rad(4.0)) == pytest.approx(np.deg2rad(6.0))
    (covered,) = conditions(Node({"covered": {"of": "bed.body", "at_least": "85 %"}}, "goal", Problems()), object())
    assert covered.bound is None and covered.value(-0.1) is None, "its margin is no distance from that bound"
