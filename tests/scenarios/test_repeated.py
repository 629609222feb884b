"""What is written once and meant of several: the conditions that come out are those that would have been written."""

from __future__ import annotations

import pytest
import shiliu
import yaml
from benches import bench
from shiliu.scenarios.sheet.repeated import listed
from shiliu.scenarios.sheet.yaml_reader import Node, Problems


def read(text):
    problems = Problems()
    return [node.value for node in listed(Node(yaml.safe_load(text), "any", problems))], problems.found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[{released: cup}]", [{"released": "cup"}]),
        ("{each: [cup, mug], has: {tilted: {of: $it, more_than: 30 deg}}}",
         [{"tilted": {"of": name, "more_than": "30 deg"}} for name in ("cup", "mug")]),
        ("{each: [cup, mug], has: {near: {of: $it.base, to: tray.$it}}}",
         [{"near": {"of": f"{name}.base", "to": f"tray.{name}"}} for name in ("cup", "mug")]),
        ("{pairs: [a, b, c], has: {all: [{higher: {of: $it}}, {higher: {of: $other}}]}}",
         [{"all": [{"higher": {"of": x}}, {"higher": {"of": y}}]} for x, y in ("ab", "ac", "bc")]),
        ("{across: [{coil: s, peg: p}, {coil: m, peg: q}], has: {near: {of: $coil.base, to: $other_peg.seat, not: $peg}}}",
         [{"near": {"of": "s.base", "to": "q.seat", "not": "p"}}, {"near": {"of": "m.base", "to": "p.seat", "not": "q"}}]),
    ],
)  # fmt: skip
def test_a_repetition_is_the_list_that_it_stands_for(written, meant):
    assert read(written) == (meant, [])


def test_a_scene_reads_both_alike():
    once = (
        "{tipped: {any: {each: [bowl, other], has: {all: [{tilted: {of: $it, more_than: 30 deg}}, {released: $it}]}}}}"
    )
    long = (
        "{tipped: {any: [{all: [{tilted: {of: bowl, more_than: 30 deg}}, {released: bowl}]}, "
        "{all: [{tilted: {of: other, more_than: 30 deg}}, {released: other}]}]}}"
    )
    goal = "{let_go: {all: {each: [bowl, other], has: {released: $it}}}}"
    first, second = (bench("[home: {hand: left}]", goal, never=yaml.safe_load(text)) for text in (once, long))
    assert first.course.nevers == second.course.nevers
    assert [one.about for one in first.goal[0].conditions] == [("bowl",), ("other",)]  # told one by one


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{each: [cup], pairs: [cup, mug], has: {released: $it}}", "exactly one of each, pairs, across"),
        ("{has: {released: $it}}", "exactly one of"),
        ("{each: [cup, mug]}", "has"),
        ("{each: [cup, mug], has: {released: $ti}}", r"'\$ti' is no word of the rows"),
        ("{each: [cup, mug], has: {released: $other}}", r"'\$other' is no word of the rows"),
        ("{each: [{coil: a}, {peg: b}], has: {released: $coil}}", "the rows have different words"),
        ("{each: cup, has: {released: $it}}", "is not a list"),
    ],
)
def test_slips_are_named(written, message):
    goal = f"{{let_go: {{any: {written}}}}}"
    with pytest.raises(shiliu.ShiliuError, match=message):
        bench("[home: {hand: left}]", goal)
