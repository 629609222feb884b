"""What slips on a keyboard is told in words of the keyboard, with its place."""

import pytest
from shiliu.scenarios.reading.config import read_config
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.quantity import parse_quantity
from shiliu.scenarios.sheet.yaml_reader import Node, Problems, places_in


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a:\n\tb: 1\n", 2, "a tab stands in column 1."),
        ("a:\n  \tb: 1\n", 2, "a tab stands in column 3."),
        ("a: 1\nb：2\nc: 3\n", 2, "the full-width '：' stands in column 2."),
        ("a: {b: 1， c: 2}\n", 1, "the full-width '，' stands in column 9."),
        ('a: {b: "x，y", c: [1}\n', 1, "expected ',' or ']'"),
        ("few: &few 1\na: *fwe\n", 2, "No &fwe stands above this alias. Did you mean few?"),
        ("a:\n  b: 1\n\u3000\u3000c: 2\n", 3, "an ideographic space (U+3000) stands in column 1. Write two blanks for it."),
    ],
)
def test_slips_in_yaml(text, line, message, tmp_path):
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        places_in(file)
    assert message in str(caught.value) and f"odd.yaml:{line}:" in str(caught.value)


def test_full_width_marks_may_stand_in_text(tmp_path):
    file = tmp_path / "fine.yaml"
    file.write_text('a: {zh: "一，二：三"}  # 四，五\nb: 六，七\n', encoding="utf-8")
    assert places_in(file)["b"][1] == 2


@pytest.mark.parametrize("text", ["－260 mm", "−260 mm", "\u3000-260\u3000mm ", "-２６０ ｍｍ", "-260\u00a0mm", "-260\u200b mm"])
def test_a_quantity_in_other_widths_is_read(text):
    assert parse_quantity(text, "length") == pytest.approx(-0.26)


def test_decimal_comma():
    with pytest.raises(ValueError, match=r"'0,5 s' has a decimal comma\. Write it with a point: 0\.5 s\."):
        parse_quantity("0,5 s", "time")
    assert parse_quantity("0.5 s", "time") == 0.5
    problems = Problems()
    Node({"hold": 0, "5 s": None}, "goal", problems).mapping(optional=("hold",))
    (only,) = problems.found
    assert "decimals have a point" in only.lower() and "Known here" not in only


def test_an_example_is_of_the_dimension_that_is_wanted():
    for dimension, example in ((None, "870 mm, 25 N or 0.35 kg"), ("force", "25 N"), ("mass", "0.35 kg")):
        with pytest.raises(ValueError, match=rf"0\.03 has no unit\. Write it with its unit, such as {example}\."):
            parse_quantity(0.03, dimension)


def test_a_scenario_without_parts_is_one_problem():
    tree = {
        "title": {"en": "A", "zh": "一"}, "version": 1, "robot": {"stands_at": {}, "pose": "ready"}, "judge": {"required": []},
        "goal": {"on": {"near": {"of": "bowl.base", "to": "table.top", "within": "5 mm"}}}, "variation": {"bowl": {"yaw": {}}},
    }  # fmt: skip
    with pytest.raises(ScenarioError, match=r"the key 'parts' is missing\. Write `parts:` and its value\.$"):
        read_config("odd", tree, Problems())
