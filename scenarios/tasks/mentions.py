"""What mentions of several clauses say of one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from .lexicon import Lexicon
from .sentence import Clause


def clause_before(done: Sequence[Clause], clause: Clause) -> tuple[frozenset[str], str]:
    """The things that were named last, and as what: what "the medium one" is of."""
    named = [*(m for c in done for m in c.of_role("object")), *clause.of_role("object")]
    return (named[-1].names, named[-1].text) if named else (frozenset(), "")


def vessels_of(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(name for name, kinds in lexicon.kinds.items() if "container" in kinds)


def whole_number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def carried_clauses(clauses: list[Clause], lexicon: Lexicon) -> list[Clause]:
    """Clauses in which a verb without an object has that of the clause before it ("… and put it down")."""
    for before, clause in pairwise(clauses):
        if clause.verb.lower() == "using" and not clause.things and before.arm is None:  # "fold it using only the left hand"
            before.arm, before.sole = clause.arm, clause.sole
        near = lexicon.does(before.verbs, "handles") or "do" in before.verbs
        takes = clause.verbs and near and lexicon.does(clause.verbs, "handles")
        if takes and not clause.of_role("object") and before.of_role("object"):
            clause.things = [*(replace(m, number=None) for m in before.of_role("object")), *clause.things]
    return clauses
