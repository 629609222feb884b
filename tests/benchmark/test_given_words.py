"""Words that a benchmark is called with: all of them known, and none that is needed left out."""

from __future__ import annotations

from given_words import given_words

DEFAULTS = {"data": "", "takes": "8"}


def test_what_is_given_stands_before_the_defaults():
    assert given_words(DEFAULTS, ["data=a=b"]) == {"data": "a=b", "takes": "8"}


def test_a_word_that_is_none_of_them_or_has_no_value_is_refused():
    assert given_words(DEFAULTS, ["date=a"]) is None and given_words(DEFAULTS, ["takes"]) is None


def test_one_that_is_needed_is_asked_for():
    assert given_words(DEFAULTS, ["takes=2"], ["data"]) is None
    assert given_words(DEFAULTS, ["data=x"], ["data"]) == {"data": "x", "takes": "8"}
