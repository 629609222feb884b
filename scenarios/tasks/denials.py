"""What a task sentence says is not done: denied, left as it is, or done with nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .clause_state import ENOUGH, LEAVING, MODAL, ClauseState
from .lexicon import Token

NO_THING = ("if", "when", "after", "once", "then", "to", "for", "with", "at", "on", "in")  # behind "only"
HITTING = ("到", "倒", "着", "掉", "坏", "翻")  # 不要碰到: it shall not be hit


class DenialReader(ClauseState, ABC):
    """How denials change the clause that is read, and the next one."""

    @abstractmethod
    def _close(self) -> None:
        """End the clause that is read."""

    def _negation(self, token: Token, i: int) -> None:
        """What follows shall not be done; or what stands before, where nothing follows ("scanning isn't needed", 称重就不用了)."""
        clause, denies = self._clause, token.is_("negation")
        if denies and not clause.empty and not clause.negated and self._nothing_follows(i):
            clause.negated, clause.forbids = True, self._plain
            return
        about = not clause.verbs and bool(clause.of_role("object")) and len(clause.things) == len(clause.of_role("object"))
        fronted = denies and about and (token.chinese or self._passive_follows(i))  # 启动键不用按
        if not clause.empty and not fronted:
            self._close()
        self._negated, self._forbids = True, not self._of_some(i, fronted) if denies else self._only_a_deed(i)

    def _of_some(self, i: int, fronted: bool) -> bool:
        """Whether a denial is of some things only, which are named by what they are: 不合格的不装箱, "what is too light is not packed"."""
        begin = next((k for k in range(i, 0, -1) if self._tokens[k - 1].is_("stop", "comma")), 0)
        words = [token.text.lower() for token in self._tokens[begin:i]]
        return "的" in words or (fronted and not self._plain) or (not fronted and bool({*words} & {*MODAL}))

    def _left_alone(self, token: Token, i: int) -> None:
        """Its things shall be left as they are: 空箱不用管, "leave the door alone", 不要碰开关. 不要碰到 is no such word."""
        after = self._next(i)
        clause = self._clause
        leaves = not clause.verbs or clause.verb.lower() in LEAVING
        if after is not None and after.text in HITTING:
            self._negation(Token(token.text, token.start, token.end, {"negation": frozenset(["negation"])}), i)
        elif clause.of_role("object") and leaves and self._ends(i) and (clause.verbs or not token.chinese or self._last == i):
            clause.untouched = True
        elif not self._ends(i):
            if not clause.empty:
                self._close()
            self._clause.untouched, self._clause.verb = True, token.text

    def _restricts(self, token: Token, i: int) -> bool:
        """Whether a word says that nothing else is meant: 只搬满箱, "only the two small ones"."""
        word, before, after = token.text.lower(), self._before(i), self._next(i)
        if word not in ("only", "solely", "只", "仅") or self._negated:
            return False
        if token.chinese and ((before is not None and before.is_("number")) or (after is not None and after.text in ENOUGH)):
            return False
        if after is not None and (after.is_("arm", "order", "negation", "caution") or after.text.lower() in NO_THING):
            return False
        if after is not None and after.is_("verb"):
            self._only = True
        else:
            self._clause.only = True
        return True
