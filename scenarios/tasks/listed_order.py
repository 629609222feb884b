"""Names of things alike in the order in which they shall come: "L first, then M", "in the order S, M, L", 按大、中、小的顺序."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .lexicon import Token
from .naming import SIZES
from .sentence import Contradiction
from .work import ScenarioWork

ORDERED = {"order", "sequence", "顺序", "次序", "依次"}
BETWEEN = ("comma", "order", "article", "number_sign", "ident", "feature")
NEAR = 3  # tokens between the names and the word that makes an order of them


def listed_order(tokens: Sequence[Token], work: ScenarioWork) -> Iterator[Contradiction]:
    """The first list of names whose things the chain takes in another order."""
    if not work.chained:
        return
    for run, first, last in _runs(tokens):
        beside = (*tokens[max(0, first - NEAR) : first], *tokens[last + 1 : last + 1 + NEAR])
        within = any(token.is_("order") for token in tokens[first : last + 1])
        if len(run) < 2 or not (within or any(t.text.lower() in ORDERED for t in beside)):
            continue
        turns = [turn for mark in run if (turn := _turn(mark, work)) is not None]
        if len(turns) == len(run) and any(one > other for one, other in pairwise(turns)):
            done = sorted(set(run), key=lambda mark: _turn(mark, work) or 0)
            yield Contradiction("order", " … ".join(run), tuple(done))
            return


def _runs(tokens: Sequence[Token]) -> Iterator[tuple[list[str], int, int]]:
    """(names, first token, last token) of each row of names with nothing but commas and words of order between them."""
    run: list[str] = []
    first = last = 0
    for i, token in enumerate([*tokens, Token("", 0, 0)]):
        mark = _mark(token)
        if mark:
            first = i if not run else first
            run, last = [*run, mark], i
        elif run and not (token.is_(*BETWEEN) or token.text in "到的"):
            yield run, first, last
            run = []
        elif run and not token.text:
            yield run, first, last


def _mark(token: Token) -> str | None:
    if token.is_("ident"):
        return next(iter(token.readings["ident"]))
    if token.is_("feature"):
        return next((SIZES[name] for name in sorted(token.readings["feature"]) if name in SIZES), None)
    return None


def _turn(mark: str, work: ScenarioWork) -> int | None:
    """When the chain first takes a thing of that name."""
    named = {name for name, thing in work.things.items() if mark in thing.idents and thing.loose and "." not in name}
    turns = [deed.index for deed in work.deeds if deed.index is not None and deed.objects & named and deed.verbs != {"look"}]
    return min(turns, default=None)
