"""Primitives and their strategies: one name, one meaning; how a strategy is chosen; old words."""

import pytest
import yaml
from benches import bench
from shiliu.replay.operator.mistakes import read_mistakes
from shiliu.replay.operator.operator import read_chain
from shiliu.replay.operator.skills import registry, skill_named
from shiliu.replay.operator.skills.chain import respelled
from shiliu.replay.operator.skills.old_words import OLD
from shiliu.replay.operator.skills.primitives import PRIMITIVES, TAKE
from shiliu.replay.operator.skills.skill import THINGS, Argument
from shiliu.replay.report.text import Words
from shiliu.scenarios.errors import ScenarioError

NEVER = "{never: {moved: {of: can, more_than: 3000 mm}}}"


def test_a_skill_is_a_strategy_of_a_primitive():
    for name, kind in registry().items():
        assert kind.word in PRIMITIVES, name
        assert name == (f"{kind.word}.{kind.how}" if kind.how else kind.word)
    assert 18 <= len(PRIMITIVES) <= 22
    assert {kind.word for kind in registry().values()} == set(PRIMITIVES)


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
    ("old", "now"),
    [
        (
            "grasp: {hand: left, at: can.middle, of: can, from: above}",
            "take: {how: top, hand: left, at: can.middle, of: can}",
        ),
        ("grasp: {hand: left, at: can.middle, of: can}", "take: {how: side, hand: left, at: can.middle, of: can}"),
        (
            "pick_from_above: {hand: left, at: can.middle, of: can, deep: 3 mm}",
            "take: {how: above, hand: left, at: can.middle, of: can, depth: -3 mm}",
        ),
        ("reach: {hand: left, to: bowl.rim_near}", "reach: {hand: left, at: bowl.rim_near}"),
        (
            "place: {hand: left, of: can.base, upon: table.top, clear: back}",
            "put: {how: on, hand: left, of: can.base, upon: table.top, leave: back}",
        ),
        (
            "hold_until: {hand: left, pull: 5 N, subgoal: never}",
            "wait: {how: pulled, hand: left, force: 5 N, until: never}",
        ),
        ("withdraw: {hand: left, by: 50 mm}", "home: {how: back, hand: left, retreat: 50 mm}"),
        ("look_at: {at: can.middle, beside: yes}", "look: {at: can.middle, beside: yes}"),
    ],
)
def test_an_old_word_is_read_as_what_it_is_called_now(old, now):
    was, skill = one(old), one(now)
    assert (type(was), was.values) == (type(skill), skill.values)
    assert was.written == old.partition(":")[0]
    scene = bench(f"[{old}, {now}]", NEVER)
    ((number, word, spelt),) = respelled(scene.config.skills)
    assert (number, word) == (1, old.partition(":")[0])
    assert yaml.safe_load(spelt) == yaml.safe_load(now) and spelt.startswith(now.partition(":")[0])


def test_every_old_word_means_a_skill_and_its_new_names_are_arguments_of_it():
    for word, old in OLD.items():
        kind = skill_named(word)
        assert kind is not None and kind.name == old.name, word
        assert {name.lstrip("-") for name in old.renamed.values()} <= {*kind.arguments, "how"}, word
    assert Words("en").skill("pick_rim") == Words("en").skill("take.rim") == "pick up by the rim"


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("wait: {time: 1 s}", "wait"),
        ("wait: {until: never}", "wait.event"),
        ("wait: {hand: left, force: 5 N}", "wait.pulled"),
        ("home: {hand: left}", "home"),
        ("press: {at: can.middle, travel: 3 mm}", "press.key"),
        ("stroke: {hand: left, into: bowl.inside}", "stroke.stir"),
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
        ("pick_rim: {hand: left, of: bowl}", "the key 'at' is missing"),
    ],
)
def test_what_a_step_does_not_say_is_told(step, says):
    with pytest.raises(ScenarioError) as raised:
        one(step)
    assert says in str(raised.value)


MISTAKES = {
    "new": "{m: {code: 'replay.goal:never', skip: take.rim, change: {put.on: {leave: back}}}}",
    "old": "{m: {code: 'replay.goal:never', skip: pick_rim, change: {place: {clear: back}}}}",
}


@pytest.mark.parametrize("written", MISTAKES)
def test_mistakes_call_skills_by_name_or_as_the_chain_says_them(written):
    chain = """
    - pick_rim: {hand: left, at: bowl.rim_near, of: bowl}
    - take: {how: side, hand: right, at: can.middle, of: can}
    - place: {hand: left, of: bowl.base, upon: table.top}
    """
    mistake = read_mistakes(bench(chain, NEVER, mistakes=yaml.safe_load(MISTAKES[written])))["m"]
    assert [skill.name for skill in mistake.chain()] == ["take.side", "put.on"]
    assert mistake.chain()[1].leave == "back"
