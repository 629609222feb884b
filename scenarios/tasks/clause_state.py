"""How far a task sentence has been read, and what its next token can be there: a verb, a state, a role. Nothing here goes on reading."""

from __future__ import annotations

from collections.abc import Sequence

from .lexicon import Lexicon, Token
from .sentence import Clause, Mention

LOCATIVES = set("里上中内旁边前下处侧间")  # after a Chinese noun: where
JOINING = set("和与及跟")  # 玩具和衣物入篮: of one clause
COMPLEMENTS = set("开上下起出好完掉住到走")  # how a Chinese verb ends
BEING_WORDS = ("is", "are", "was", "were", "be", "been", "being", "gets", "get")
WHICH = ("which", "that", "who", "whose", "shown")  # before what only describes a thing
THEN_DONE = ("就", "便", "直接")  # behind what is not done: 不称重直接装
ARROWS = ("->", "→")
STAYING = ("stay", "stays", "staying", "remain", "remains", "remaining")  # behind a thing, before its state or its place
LEAVING = ("leave", "leaving", "keep", "keeping", "left", "kept", "保持", "留", *STAYING)  # before a thing and its state
MODAL = (*BEING_WORDS, "must", "should", "shall", "may", "need", "needs", "can")
ALL = ("all", "every", "each", "both", "所", "全", "都", "每")  # of things: none is left out
ENOUGH = set("有要是能需会")  # behind 只: no restriction of things
PARTICIPLES = ("shut", "put", "set", "laid", "hung", "taken", "given", "done", "made", "brought", "held", "thrown")
PLAIN = ("verb", "thing", "article", "classifiers", "negation", "stop", "comma")  # of which a deed alone is written
TURNING = {"turn", "press", "switch_on", "switch_off", "push", "put"}


class ClauseState:
    """The clauses that are done, and what is known of the one that is read."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon):
        self._tokens, self._lexicon = tokens, lexicon
        self._done: list[Clause] = []
        self._new()
        self._arm: tuple[str, str] | None = None  # of the subject, until a comma
        self._only = False  # before the verb that shall be done with nothing else
        self._negated = self._forbids = False

    def _new(self) -> None:
        self._clause = Clause()
        self._role = self._outer = "object"
        self._soft = False
        self._pre = 0  # things before the verb
        self._aside = False  # what follows only describes a thing
        self._towards = False  # 放入: a place follows, or the thing itself
        self._number: float | None = None
        self._ident: str | None = None
        self._features: set[str] = set()
        self._which: list[str] = []  # the words of the features
        self._regions: tuple[tuple[str, str], ...] = ()
        self._owner: tuple[Mention, ...] = ()  # "the guest's"
        self._many = False  # idents were listed
        self._last = -1  # the token after the last thing: what follows at once belongs to it
        self._taking = False  # after 把, 将
        self._plain = True  # nothing of the manner has been said
        self._other = False  # "the other"
        self._adverb = False  # "bowl in": no thing follows
        self._since = 0  # things before the last comma
        self._number_is_place = False
        self._by = False  # "parts per the card"
        self._copied = False  # its verb is that of the clause before the comma

    def _next(self, i: int) -> Token | None:
        return self._tokens[i + 1] if i + 1 < len(self._tokens) else None

    def _before(self, i: int) -> Token | None:
        return self._tokens[i - 1] if i else None

    def _ends(self, i: int) -> bool:
        following = self._next(i)
        return following is None or following.is_("stop", "comma", "order")

    def _verb_follows(self, i: int) -> bool:
        """Whether a verb comes before the next comma: what follows is a clause of its own."""
        for token in self._tokens[i + 1 :]:
            if token.is_("stop") or (token.is_("comma") and token.text not in JOINING):
                return False
            if token.is_("verb") and not token.is_("thing"):
                return True
        return False

    def _moves_up_or_down(self) -> bool:
        verbs, let = self._clause.verbs, self._clause.verb.lower().startswith("let")
        return bool(self._clause.of_role("object")) and (let or bool(verbs & {"put", "pull", "take", "fold"}))

    def _is_chinese(self) -> bool:
        return any(token.chinese for token in self._tokens)

    def _as_role(self, token: Token, i: int) -> bool:
        """Whether "before" and the like say where and not when: something is there, a thing follows, and no verb before the next comma."""
        if self._clause.empty:
            return False
        for later in self._tokens[i + 1 :]:
            if later.is_("stop", "comma"):
                break
            if later.is_("verb") and not later.is_("thing"):
                return False
        return True

    def _is_plain(self, token: Token) -> bool:
        """Whether it says what is done with what, and where, and nothing of the manner or of which part."""
        if token.is_("thing") and self._lexicon.is_thing(token.readings["thing"], "generic"):
            return False  # 桌子边缘
        if token.text.lower().startswith("drop"):  # what falls was not put
            return False
        if token.text.lower() in ("it", "them", "done", *THEN_DONE, *MODAL):
            return True
        where = token.is_("role") and token.readings["role"] <= {"place", "source", "taking"}
        return token.is_(*PLAIN) or where or (token.chinese and token.text in LOCATIVES | set("了你您请"))

    def _is_state(self, token: Token, i: int) -> bool:
        """Whether "open" is how a thing stays: "leave the door open", 让门开着."""
        clause, after = self._clause, self._next(i)
        if not self._lexicon.opposite(token.readings["verb"]) or not clause.things:
            return False
        if token.chinese and after is not None and after.text == "着":
            later = self._next(i + 1)
            return not clause.verbs - {"do"} and (self._ends(i + 1) or later is None or not later.is_("verb", "thing"))
        left = clause.verb.lower().startswith("leav") and after is not None and after.text.lower() == "with"
        lasts = self._ends(i) or (after is not None and after.text.lower() in ("behind", "for", "afterwards"))  # "open behind you"
        return clause.verb.lower() in LEAVING and (lasts or left)

    def _describes(self, i: int, before: Token, token: Token) -> bool:
        """Whether an English verb says which thing it is, or how long: "the bowl that holds the buns", "until mixed"."""
        which = before.text.lower() in WHICH and i > 1 and self._tokens[i - 2].is_("thing")
        return which or (before.text.lower() == "until" and token.text.lower().endswith("ed"))

    def _is_how(self, i: int) -> bool:
        """Whether a Chinese verb says how a thing is, and no task: 叠着三个线圈, 叠在一起的线圈."""
        after = "".join(token.text for token in self._tokens[i + 1 : i + 4])
        return after.startswith(("着", "的", "在一起的"))

    def _of_person(self, i: int) -> bool:
        """Whether a hand is a person's, where something is laid: "the left hand of the person", 老人左手边."""
        before, after = self._before(i), [token.text.lower() for token in self._tokens[i + 1 : i + 3]]
        if before is not None and (before.is_("owner") or before.text.lower() in ("his", "her", "their")):
            return True
        persons = [t for t in (before, *self._tokens[i + 2 : i + 4]) if t is not None and "person" in t.readings.get("thing", ())]
        return after[:1] in (["边"], ["旁"]) or bool(persons and (after[:1] == ["of"] or before in persons))

    def _as_verb(self, token: Token, i: int) -> bool:
        before, after = self._before(i), self._next(i)
        if token.text.lower() == "left":  # of leave, or the side
            return before is not None and before.text.lower() in MODAL
        if token.chinese and token.text in LOCATIVES and self._last == i:
            return False
        if before is not None and before.text in ARROWS and token.is_("thing") and self._role == "place":
            return False
        if not token.chinese and before is not None and (before.is_("article") or before.text.endswith(("'s", "’s"))):
            return False
        if token.chinese and self._is_how(i):
            return False
        if not token.chinese and before is not None and self._describes(i, before, token):
            return False
        if (
            token.chinese
            and len(token.text) == 1
            and before is not None
            and before.chinese
            and before.end == token.start
        ):
            # 拆开, 推开: how the verb before it ends; 八分: a unit
            if (token.text in COMPLEMENTS and before.is_("verb") and self._clause.verbs) or before.is_("number"):
                return False
        if token.text == "上" and before is not None and not before.is_("stop", "comma", "order", "arm"):
            if "person" not in before.readings.get("thing", ()):  # 给客人上菜
                return False
        if not token.is_("thing", "number", "abstract", "role", "number_sign"):
            return True
        if token.chinese:
            tool = token.is_("role") and "tool" in token.readings["role"]
            by = (
                token.text == "按"
                and after is not None
                and after.is_("thing")
                and self._lexicon.is_thing(after.readings["thing"], "setting")
            )
            if by or (self._taking and token.is_("role")) or (tool and after is not None and after.is_("arm")):
                return False
            only = before is not None and before.text == "只" and not (i > 1 and self._tokens[i - 2].is_("number"))  # 只锁一个刹车
            counted = before is not None and before.is_("classifiers", "number") and not only
            if self._taking or counted or (before is not None and before.text == "的"):
                return not token.is_("thing")
            if token.is_("role") and not token.is_("thing"):
                return not self._clause.verbs or self._soft
            return True
        if (
            before is None
            or before.is_("stop", "comma", "order", "arm", "negation", "caution")
            or before.text.lower() in ("to", "please")
        ):
            following = after is not None and (
                after.is_("article", "thing", "number", "feature", "arm") or after.text.lower() in ("it", "them", "up", "with")
            )
            alone = (after is None or after.is_("stop", "comma")) and (self._role == "place" or not self._clause.things)
            return not token.is_("thing") or following or alone or (before is not None and before.text.lower() == "to")
        if token.is_("thing") and (before.is_("article", "number", "role", "feature", "thing", "verb")):
            return False
        return not token.is_("thing", "abstract")

    def _is_particle(self, token: Token, after: Token | None) -> bool:
        return bool(self._clause.verbs & TURNING) and not (
            after is not None and after.is_("article", "thing", "feature", "number", "role", "ident")
        )

    def _says_state(self, token: Token, i: int) -> bool:
        """Whether "off" stands alone behind a thing: "hob off", "leave the hob off"."""
        verbs = bool(self._clause.verbs) and self._clause.verb.lower() not in LEAVING
        return not verbs and bool(self._clause.things) and self._ends(i)

    def _ends_here(self, i: int) -> bool:
        following = self._next(i)
        return following is None or following.is_("stop") or following.text in (",", "，")

    def _nothing_follows(self, i: int) -> bool:
        """Whether no deed and no thing stand between a word and the next comma or stop."""
        for token in self._tokens[i + 1 :]:
            if token.is_("stop", "comma", "order"):
                return True
            if token.text.lower() not in ("needed", "necessary", "required", "了", "done"):
                return False
        return True

    def _passive_follows(self, i: int) -> bool:
        """Whether an English negation is of what is done to the thing before it: "is not used", "must not be used"."""
        before, after = self._before(i), self._next(i)
        follows = after is not None and after.text.lower() in ("be", "to", *STAYING)
        return follows or (before is not None and before.text.lower() in BEING_WORDS)

    def _only_a_deed(self, i: int) -> bool:
        """Whether behind "no" stands a deed alone: "no start", "no pull test is to be done"."""
        deed, after = self._next(i), self._next(i + 1)
        alone = after is None or after.is_("stop", "comma") or after.text.lower() in (*MODAL, "needed", "就", "便")
        return deed is not None and deed.is_("verb") and alone

    def _is_being(self, i: int) -> bool:
        """Whether "is" or "must be" stands before a verb, or "is not"."""
        back = 2 if i > 1 and self._tokens[i - 1].is_("negation") else 1
        return i >= back and self._tokens[i - back].text.lower() in MODAL

    def _is_passive(self, i: int) -> bool:
        """Whether an English verb is done to what stands before it: "the food is served", "rail raised"."""
        token, before, after = self._tokens[i], self._before(i), self._next(i)
        if before is None or token.chinese:
            return False
        if self._is_being(i):
            return True
        participle = token.text.lower().endswith("ed") or token.text.lower() in PARTICIPLES
        return participle and (after is None or after.is_("stop", "comma", "role", "order"))

    def _takes_nothing(self, token: Token) -> bool:
        return (
            bool(self._clause.verbs)
            and not self._clause.of_role("object")
            and self._role == "object"
            and (not token.is_("thing") or "take" in self._clause.verbs)
        )

    def _carried_on(self, clause: Clause) -> list[Mention]:
        """What a verb may be about that has no object yet: its own things, or those of the clause before it."""
        return clause.of_role("object") or (self._done[-1].of_role("object") if self._done and clause.verbs else [])
