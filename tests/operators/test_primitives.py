"""Primitives and their strategies: one name, one meaning; how a strategy is chosen; what every scenario of the package says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from benches import bench
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.operator.skills import registry
from shiliu.replay.operator.words.primitives import PRIMITIVES, TAKE
from shiliu.replay.operator.words.skill import THINGS, Argument
from shiliu.scenarios.reading.composition import CONF
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.sheet.own_files import read_own

NEVER = "{never: {moved: {of: can, more_than: 3000 mm}}}"


def test_a_skill_is_a_strategy_of_a_primitive():
    for name, kind in registry().items():
        assert kind.word in PRIMITIVES, name
        assert name == (f"{kind.word}.{kind.how}" if kind.how else kind.word)
    assert {kind.word for kind in registry().values()} == set(PRIMITIVES)


def test_a_way_is_called_the_same_by_its_file_its_class_and_its_word():
    ways = {}
    for name, kind in registry().items():
        ways.setdefault(kind.word, []).append(name)
    for name, kind in registry().items():
        cloth = ".cloth." in kind.__module__
        own = name if cloth or len(ways[kind.word]) == 1 else f"{kind.word}.{kind.how or 'plain'}"
        assert kind.__name__ == "".join(part.capitalize() for part in re.split("[._]", own)), name
        assert kind.__module__.partition(".skills.")[2] in (own, f"cloth.{name.replace('.', '_')}"), name


def test_an_argument_means_the_same_for_all_strategies_of_a_primitive():
    meant = {}
    for name, kind in registry().items():
        for word, argument in kind.arguments.items():
            seen = meant.setdefault((kind.word, word), argument.kind)
            shared = PRIMITIVES[kind.word].shared.get(word)
            for other in (seen, shared.kind if shared else seen):
                assert argument.kind == other or {argument.kind, other} <= {*THINGS}, (name, word)


def test_a_strategy_cannot_give_a_shared_name_another_kind():
    with pytest.raises(TypeError, match="'force' of take is a force for all its strategies, no length"):
        TAKE(force=Argument("length", "how far"))
    with pytest.raises(TypeError, match="take has no argument 'frce'"):
        TAKE(frce=3.0)


def test_an_argument_of_a_kind_that_there_is_not_is_refused():
    with pytest.raises(TypeError, match=r"An argument \(how far\) cannot be a 'lenght'. Did you mean length"):
        Argument("lenght", "how far")


def one(step: str):
    (skill,) = read_chain(bench(f"[{step}]", NEVER))
    return skill


@pytest.mark.parametrize(
    ("step", "today", "differs"),
    [
        ("wait: {how: event, until: never}", "wait: {until: never}", {}),
        (
            "take: {how: gently, hand: left, at: can.middle, width: 45 mm}",
            "take: {how: pinch, hand: left, at: can.middle, width: 45 mm}",
            {"force": 8.0},
        ),
        (
            "take: {how: top, hand: left, of: can, at: can.middle}",
            "take: {how: side, hand: left, of: can, at: can.middle}",
            {},
        ),
        (
            "put: {how: on_pins, hand: left, of: can.base, upon: table.top, force: 4 N}",
            "put: {how: slot, hand: left, of: can.base, upon: table.top, force: 4 N}",
            {"above": 0.03, "high": 0.09, "lowering": 0.03},
        ),
        (
            "put: {how: surface, hand: left, of: can.base, upon: table.top}",
            "put: {how: on, hand: left, of: can.base, upon: table.top, leave: over}",
            {"opening": 0.032, "retreat": 0.08},
        ),
    ],
)
def test_a_way_of_before_is_done_by_that_of_today_and_called_as_before(step, today, differs):
    before, after = one(step), one(today)
    assert isinstance(before, type(after)) and before.values == after.values | differs
    word, how = step.partition(": {how: ")[0], step.partition("how: ")[2].partition(",")[0]
    assert before.name == f"{word}.{how}" != after.name


def test_a_way_of_before_asks_for_what_it_asked_for_and_one_that_is_gone_says_what_to_write():
    with pytest.raises(ScenarioError, match="width"):
        one("take: {how: gently, hand: left, at: can.middle}")
    with pytest.raises(ScenarioError, match=r"not done 'front' any more: a plain move_joint shuts a drawer"):
        one("move_joint: {how: front, hand: left, joint: can.drawer, at: can.middle}")
    with pytest.raises(ScenarioError, match=r"'wait' is not done 'evnt'\. Leave `how` out"):
        one("wait: {how: evnt, until: never}")


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("wait: {time: 1 s}", "wait"),
        ("wait: {until: never}", "wait"),
        ("home: {hand: left}", "home"),
        ("press: {at: can.middle, travel: 3 mm}", "press.key"),
        ("move_joint: {at: can.middle, by: 30 deg}", "move_joint.turn"),
    ],
)
def test_how_may_be_left_out_where_the_arguments_tell(step, name):
    assert one(step).name == name


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("take: {how: rmi, hand: left, of: can, at: can.middle}", "'take' is not done 'rmi'. Did you mean rim"),
        ("stroke: {hand: left}", "stroke does not say how"),
        ("tke: {hand: left}", "'tke' is no skill. Did you mean take"),
        (
            "take: {how: rim, hand: left, of: bowl, at: bowl.rim_near, forc: 3 N}",
            "unknown key 'forc'. Did you mean force",
        ),
        ("take: {how: rim, hand: left, of: bowl}", "the key 'at' is missing"),
        (
            "carry_level: {hand: left}",
            "'carry_level' is no skill. Did you mean carry: {how: level}? Known here: take, lift,",
        ),
        ("pick_rim: {hand: left}", "'pick_rim' is no skill. Known here: take, lift,"),
    ],
)
def test_what_a_step_does_not_say_is_told(step, says):
    with pytest.raises(ScenarioError) as raised:
        one(step)
    assert says in str(raised.value)


CHAIN = """
- take: {how: rim, hand: left, at: bowl.rim_near, of: bowl}
- take: {how: side, hand: right, at: can.middle, of: can}
- put: {how: on, hand: left, of: bowl.base, upon: table.top}
"""


def test_mistakes_call_skills_by_name():
    text = "{m: {code: 'replay.goal:never', skip: take.rim, change: {put.on: {leave: back}}}}"
    mistake = read_mistakes(bench(CHAIN, NEVER, mistakes=yaml.safe_load(text)))["m"]
    assert [skill.name for skill in mistake.chain()] == ["take.side", "put.on"]
    assert mistake.chain()[1].leave == "back"
    text = "{m: {code: 'replay.goal:never', skip: pick_rim}}"
    with pytest.raises(ScenarioError, match="'pick_rim' is not among the skills of this scenario"):
        read_mistakes(bench(CHAIN, NEVER, mistakes=yaml.safe_load(text)))


def named_in(tree: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Where a sheet and its variants name a skill, the word, and whether it is a step of a chain; else a label, `lift 2`."""
    for variant, sheet in {"": tree, **(tree.get("variants") or {})}.items():
        chains = {"skills": (sheet or {}).get("skills")}
        for name, mistake in ((sheet or {}).get("mistakes") or {}).items():
            put_in = {**mistake.get("before", {}), **mistake.get("after", {})}
            skipped, let_go = mistake.get("skip", []), mistake.get("let_go")
            chains |= {f"{name}.{label}": chain for label, chain in put_in.items()}
            labels = [*put_in, *mistake.get("change", {}), *([skipped] if isinstance(skipped, str) else skipped)]
            yield from (
                (f"{variant}.{name}", label, False) for label in [*labels, *([let_go["during"]] if let_go else [])]
            )
        for place, chain in chains.items():
            if isinstance(chain, list):
                yield from ((f"{variant}.{place}", word, True) for step in chain for word in step)


def strange(tree: dict[str, Any]) -> list[str]:
    """What a sheet calls skills by that is no primitive, and in mistakes no name of a skill."""
    known = {True: PRIMITIVES, False: registry()}
    return [f"{place}: {word}" for place, word, step in named_in(tree) if word.partition(" ")[0] not in known[step]]


EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "conf"
SHEETS = [file for conf in (CONF, EXAMPLES) for file in sorted((conf / "scenario").glob("*.yaml"))]


def test_every_sheet_of_the_package_says_its_skills_in_primitives():
    sheets = {file: read_own(file) for file in SHEETS}
    assert {file: found for file, sheet in sheets.items() if (found := strange(sheet))} == {}
    steps = {file.stem: sum(step for _, _, step in named_in(sheet)) for file, sheet in sheets.items()}
    assert len(steps) >= 15 and all(count >= 2 for name, count in steps.items() if name != "bare")


def test_an_old_word_in_a_sheet_is_seen():
    sheet = {
        "skills": [{"take": {"how": "rim"}}, {"pick_rim": {}}],
        "variants": {"full": {"skills": [{"place": {}}]}, "plain": None},
        "mistakes": {"m": {"skip": ["take.rim", "pick_rim"], "after": {"lift 2": [{"home": {}}, {"look_at": {}}]}}},
    }
    assert strange(sheet) == [".m: pick_rim", ".skills: pick_rim", ".m.lift 2: look_at", "full.skills: place"]
