"""What a clause takes over from the ones beside it: its object, the hand, what goes where."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from .lexicon import Lexicon
from .sentence import Clause, Mention

GOING = ("go", "goes", "going", "belong", "belongs")
WALKING = frozenset(["person", "robot", "body"])  # they go themselves
STARTING = ("start", "starts", "starting", "run", "operate")
LEAVING = ("leave", "leaves", "leaving", "left", "留", "留在")
USING = ("use", "used", "uses", "using", "用", "使用")


def carried_clauses(clauses: list[Clause], lexicon: Lexicon) -> list[Clause]:
    """Clauses in which a verb without an object has that of the clause before it ("... and put it down")."""
    gone = False
    for before, clause in pairwise(clauses):
        if clause.verb.lower() == "using" and not clause.things and before.arm is None:  # "fold it using only the left hand"
            before.arm, before.sole = clause.arm, clause.sole
        lone = before.heading and not clause.verbs and len(clause.things) == 1 and clause.things[0].ident is not None
        if lone and not before.verbs and before.of_role("object"):  # "Shanghai: chute 3"
            clause.things = [replace(clause.things[0], role="place")]
        if _goes_there(before, clause):
            clause.things = [*before.of_role("object"), *clause.things]
            clause.verbs, clause.negated = frozenset(["put"]), clause.negated or before.negated
            before.things = []
            gone = True
        elif gone and clause.verbs == {"go"} and clause.verb == before.verb and clause.of_role("object") and clause.of_role("place"):
            clause.verbs = frozenset(["put"])  # "the pouch goes into chute 1 and the carton into chute 2"
        near = lexicon.does(before.verbs, "handles") or "do" in before.verbs
        takes = clause.verbs and near and lexicon.does(clause.verbs, "handles")
        if takes and not clause.of_role("object") and before.of_role("object"):
            clause.things = [*(replace(m, number=None) for m in before.of_role("object")), *clause.things]
    for clause in clauses:
        _machine(clause, lexicon)
        if clause.verb.lower() in LEAVING and clause.verbs == {"put"} and any(m.other for m in clause.things):
            clause.verbs = frozenset(["stay"])  # "leave the remaining cans in the carton"
        if clause.negated and clause.forbids and not clause.verbs:  # "no brakes"
            does = {verb for m in clause.of_role("object") for name in m.names for verb in lexicon.things[name].get("does", ())}
            clause.verbs = frozenset(does)
        if clause.negated and clause.forbids and clause.verbs == {"do"} and clause.verb.lower() in USING:
            clause.untouched, clause.negated = bool(clause.of_role("object")), not clause.of_role("object")
    return clauses


def _goes_there(before: Clause, clause: Clause) -> bool:
    """Whether a thing stands alone before where it goes: "bowl goes in the oven", "full crate: to B2"."""
    goes = clause.verbs == {"go"} and clause.verb.lower() in GOING
    there = clause.of_role("place", "source") and not clause.of_role("object")
    alone = not before.verbs - ({"go"} if goes else set()) and not before.of_role("place", "source", "tool")
    if clause.explicit or before.timed or clause.timed:
        return False
    things = before.of_role("object")
    if not (there and alone and things and (goes or (before.heading and not clause.verbs))):
        return False
    return not any(m.names & WALKING for m in things)


def _machine(clause: Clause, lexicon: Lexicon) -> None:
    """"Start the oven" switches it on; so does "no start"."""
    if clause.verbs != {"do"} or clause.verb.lower() not in STARTING:
        return
    things: list[Mention] = clause.of_role("object")
    machine = any("switch_on" in lexicon.things[name].get("does", ()) for m in things for name in m.names)
    if machine or (clause.negated and not clause.things):
        clause.verbs = frozenset(["switch_on"])
