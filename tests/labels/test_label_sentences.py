"""The sentence of a label, in both languages."""

from string import Formatter

import pytest
from films import step
from shiliu.replay.labels.proposal import chain_of, sentence
from shiliu.replay.operator.skills import registry


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_skill_of_the_microwave_has_a_sentence(scene, lang):
    for one in chain_of(scene):
        text = sentence(lang, one, "left", next(iter(one.written.values()), None))
        assert "?" not in text and "{" not in text and "_" not in text
        assert ("left hand" if lang == "en" else "左手") in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sentence_asks_for_nothing_but_what_its_skill_knows(lang):
    for word, kind in registry().items():
        title, text = kind.label.words(lang)
        assert title, word
        asked = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert asked <= {*kind.arguments, "hand", "about", "skill"}, word


def test_a_sentence_says_hand_and_thing():
    one = step("move_joint.pull", written={"joint": "oven.door", "take.side": "oven.handle"})
    titles = {
        "things": {"oven": {"en": "oven", "zh": "微波炉"}},
        "words": {"chest.door": {"en": "lid", "zh": "盖"}, "oven.door": {"en": "door", "zh": "门"}},
    }
    assert sentence("en", one, "right", "oven.door", titles) == "the right hand pulls the oven's door open"
    assert sentence("zh", one, "right", "oven.door", titles) == "右手拉开微波炉的门"
    assert sentence("en", one, "right", "oven.door") == "the right hand pulls the oven's door open", (
        "readable without titles"
    )
    assert sentence("en", step("dance"), "left", "tea_tray") == "the left hand does: dance (tea tray)"
