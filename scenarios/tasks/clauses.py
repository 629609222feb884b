"""What a task sentence says, clause by clause: a verb, its things and what they are to it, hands, numbers, order.

Grammar is read as far as tasks need it: "put X into Y", "把X放到Y", "从Z取出X", "first …, then …". What cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .carried import carried_clauses
from .clause_state import ALL, ARROWS, LEAVING, LOCATIVES, STAYING, THEN_DONE, TURNING, WHICH
from .denials import DenialReader
from .lexicon import Lexicon, Token
from .sentence import Clause, Mention, Sentence

BESIDE = ("边", "旁", "前", "后", "附近", "面前")  # after a Chinese noun: where it is only near
PARTICLES = {"off": "switch_off", "on": "switch_on", "停": "switch_off"}
UNDER = ("下面", "底下", "下方")  # of a thing: beneath it
ONLY = ("only", "just", "只", "仅", "光", "alone")  # of a hand: no other one
DOWN = {"down": "lower", "up": "raise"}  # behind a thing: "put the rail down"
DEPTH = {"into": "depth.inside", "inside": "depth.inside", "on top of": "depth.atop"}
AWAY = ("away from", "远离")
REMOVED = {"take", "remove"}  # with "off": they leave the place, as what is picked up need not


def read_sentence(text: str, lexicon: Lexicon) -> Sentence:
    """The clauses of a text."""
    tokens = lexicon.tokens(text)
    clauses = _ClauseReader(tokens, lexicon).clauses()
    return Sentence(tuple(clauses), tuple(tokens))


class _ClauseReader(DenialReader):
    """One pass over the tokens of a text."""

    def _close(self) -> None:
        explicit = False
        self._clause.loose_end |= self._ident is not None
        self._bare_ident()
        if self._arm is not None and self._clause.arm is None and self._clause.of_role("place") and self._clause.of_role("object"):
            self._clause.arm = self._arm  # "right hand: pouch into chute 1"
        goes = self._clause.verb.lower().startswith(("mov", "移动")) and not self._clause.of_role("object")
        if goes and self._clause.of_role("place"):
            self._clause.verbs = frozenset(["go"])
        if not self._clause.empty:
            self._clause.negated |= self._negated
            self._clause.forbids |= self._forbids
            self._clause.only |= self._only
            self._only = False
            self._done.append(self._clause)
        else:
            explicit = self._clause.explicit
            if self._negated and self._done:
                self._done[-1].swap, explicit = False, False  # of "before A do not B" A alone is left
        self._new()
        self._clause.explicit = explicit

    def _bare_ident(self) -> None:
        """A place of which only the name is written: 放到A1."""
        if self._number is not None and self._number_is_place:  # "pouch -> 3"
            self._ident = whole_number(self._number)
        if self._ident is not None and self._role == "place" and not self._many:
            self._clause.things.append(Mention(frozenset(["slot"]), self._ident, "place", ident=self._ident, bare=True))
            self._ident = None

    def clauses(self) -> list[Clause]:
        for i, token in enumerate(self._tokens):
            self._read(i, token)
        self._close()
        return carried_clauses(self._done, self._lexicon)

    def _read(self, i: int, token: Token) -> None:
        before, after = self._before(i), self._next(i)
        self._forbids &= self._is_plain(token)
        self._plain &= self._is_plain(token)
        if token.text in THEN_DONE and self._negated and self._clause.verbs:
            self._close()
            self._negated = self._forbids = False
        elif token.chinese and token.text in LOCATIVES and self._last == i:
            self._after_noun(token, i)
        elif token.is_("verb") and self._is_state(token, i):
            self._clause.lasting, self._clause.verbs = token.readings["verb"], frozenset(["do"])
        elif token.chinese and token.is_("verb") and token.is_("role") and after is not None and after.text == "的":
            pass  # 先到的软袋
        elif token.is_("stop"):
            if token.text in ARROWS and self._clause.of_role("object") and not self._clause.verbs:
                self._role = "place"  # "full crate -> B2"
                return
            self._clause.heading = token.text in ":："
            arm = self._clause.arm if self._clause.heading and not (self._clause.verbs or self._clause.things) else None
            self._close()
            self._arm, self._negated, self._forbids = arm, False, False  # "right arm: …"
        elif token.is_("comma"):
            if token.text in (",", "，"):
                if self._is_chinese():
                    self._close()
                    self._arm = None
                if self._negated or self._adverb:
                    self._close()
                self._bare_ident()
                self._since, self._number = len(self._clause.things), None
                self._negated = self._forbids = False
            if token.text == "、" and self._clause.verbs and self._verb_follows(i):
                self._close()
            self._bare_ident()
            self._soft = True
            self._role = "object" if self._role in ("property", "tool") else self._role
        elif token.is_("others"):
            self._other = True
        elif token.is_("untouched"):
            self._left_alone(token, i)
        elif token.is_("negation", "caution"):
            self._negation(token, i)
        elif self._restricts(token, i):
            pass
        elif token.is_("arm"):
            if self._of_person(i):
                region = f"hand.{min(token.readings['arm'])}"
                self._clause.things.append(Mention(frozenset(["body"]), token.text, "place", regions=((region, token.text),)))
            elif after is None or after.text != "的":  # 用左手的老人
                self._take_arm(token, before)
                nearby = (*self._tokens[max(0, i - 3) : i], *self._tokens[i + 1 : i + 2])
                counted = "".join(one.text for one in self._tokens[max(0, i - 2) : i]).endswith("一只")
                self._clause.sole = counted or any(one.text.lower() in ONLY for one in nearby)  # 用一只左手
        elif token.text == "前" and before is not None and before.is_("verb") and before.end == token.start and self._clause.verbs:
            self._clause.swap = True  # 启动前先关门
            self._close()
            self._clause.explicit = True
        elif token.is_("times") and self._ends(i):  # "press once", which is no "once it is shut"
            self._clause.times = (int(next(iter(token.readings["times"]))), token.text)
        elif token.is_("order") and not (token.is_("role") and not token.chinese and self._as_role(token, i)):
            self._order(token, i)
        elif token.is_("way"):
            self._clause.ways += [(way, token.text) for way in sorted(token.readings["way"])]
            if token.is_("verb") and not self._clause.verbs:
                self._verb(token)
        elif token.text in ("下", "次", "遍", "回", "times") and self._number is not None and self._last != i:
            self._clause.times, self._number = (int(self._number), f"{self._number:g}{token.text}"), None  # 四下
        elif token.is_("times"):
            self._clause.times = (int(next(iter(token.readings["times"]))), token.text)
        elif (
            token.is_("role")
            and token.text.lower() in PARTICLES
            and (self._is_particle(token, after) or self._says_state(token, i))
        ):
            self._particle(token)
        elif (
            token.text in "上下"
            and token.chinese
            and before is not None
            and before.is_("verb")
            and before.end == token.start
        ):
            self._role = "place" if self._clause.of_role("object") else self._role  # 摆上货架
        elif token.is_("unit") and self._number is not None:  # 0.5升, which is no verb there
            entry = self._lexicon.units[next(iter(token.readings["unit"]))]
            unit = float(entry["is"])
            self._clause.quantities.append((self._number * unit, str(entry["of"]), token.text, unit))
            self._number = None
        elif token.is_("verb") and self._as_verb(token, i):
            if token.text.lower() in PARTICLES and self._clause.verbs & TURNING:
                self._particle(token)
            else:
                self._verb(token)
        elif token.text.lower() in DOWN and self._clause.verb.lower() in LEAVING and self._clause.things and self._ends(i):
            self._clause.lasting, self._clause.verbs = frozenset([DOWN[token.text.lower()]]), frozenset(["do"])
        elif token.text.lower() in DOWN and self._moves_up_or_down():
            self._clause.verbs |= {DOWN[token.text.lower()]}
        elif token.text.lower() == "same" or (token.text == "一" and before is not None and before.text == "同"):
            self._clause.one_place = True
        elif token.text.lower() == "them" and self._clause.verbs and self._role == "object" and self._done:
            pass  # as "it"
        elif token.is_("abstract") and self._takes_nothing(token):
            self._clause.abstract = token.text
        elif token.is_("role") and not (token.chinese and token.is_("thing")):
            self._take_role(token, i)
        elif token.is_("feature") and not token.is_("thing"):
            self._features |= token.readings["feature"]
            self._which.append(token.text)
            self._last += self._last == i
        elif token.is_("ident") and not (token.text == "A" and i == 0):
            self._take_ident(token.text, i)
        elif token.is_("number_sign"):
            if self._number is not None and token.text == "号":
                self._ident, self._number = whole_number(self._number), None
            elif token.text == "号" and self._features and (names := self._sized_before()):  # 最大的线圈…再取中号
                self._thing(Token(token.text, token.start, token.end, {"thing": names}), i)
            elif token.text == "号":
                self._features = set()  # 小号 of nothing that was named
        elif token.is_("number") and not token.is_("verb") and not (token.is_("thing") and self._features):
            self._take_number(token, i)
        elif token.is_("thing"):
            self._thing(token, i)
        elif token.is_("classifiers", "article"):
            if not token.chinese and self._last == i and not self._clause.verbs and self._role in ("place", "beside"):
                self._role = "object"  # "at the desk the card …"
            self._clause.every |= token.text.lower() in ALL
        elif token.chinese and token.text in LOCATIVES | set("的地得了"):
            self._after_noun(token, i)
        elif token.chinese:
            self._clause.every |= token.text in ALL
        elif token.text.lower() in ("it", "them") and self._role == "place" and self._done:
            self._clause.things += [replace(m, role="place", number=None) for m in self._done[-1].of_role("object")]
        elif token.is_("owner"):
            self._owner = (Mention(token.readings["owner"], token.text),)
        else:
            self._number = None
            if token.text.lower() in ("so", "where", "because", "since") and not self._clause.empty:
                self._close()  # "so that the towel is folded"
                self._arm = None
            self._clause.every |= token.text.lower() in ALL
            if self._last == i and (token.text.lower().endswith("ed") or token.text.lower() in WHICH):
                self._role, self._aside = "aside", True  # "the medicine named on the screen"
            if self._clause.verbs and not self._clause.things and self._role == "object" and not self._clause.unknown:
                self._clause.unknown = token.text

    # ------------------------------------------------------------------------------------------------ words of one kind
    def _take_arm(self, token: Token, before: Token | None) -> None:
        arm = (next(iter(token.readings["arm"])), token.text)
        if not self._clause.empty and (self._soft or token.chinese) and not (before and before.is_("role")):
            self._close()
        self._clause.arm = arm
        if self._clause.verbs <= {"do"}:
            self._arm = arm

    def _order(self, token: Token, i: int) -> None:
        words = token.readings["order"]
        if "before" in words or "after" in words:
            if token.chinese:  # 之前, 之后 stand behind their clause
                if self._clause.empty:
                    self._clause.explicit = True
                    return
                self._clause.swap = "before" in words
                self._close()
                self._clause.explicit = True
            else:
                begins = self._clause.empty or self._soft
                self._close()
                self._clause.timed = True
                if begins:  # "before B, A"
                    self._clause.swap = "before" in words
                    self._clause.explicit = not self._clause.swap and self._clause.explicit
                else:
                    self._clause.explicit = True
                    if self._done and "after" in words:
                        self._done[-1].swap = True
        elif self._ends(i) and not self._clause.empty and "then" not in words:
            self._clause.explicit |= "last" in words
            if "first" in words:
                self._close()
                self._clause.explicit = True
        elif token.chinese and not self._clause.verbs and self._clause.of_role("object") and words & {"first", "last"}:
            self._clause.rank = next(iter(words & {"first", "last"}))  # 插头最后插
        else:
            if not self._clause.empty:
                self._close()
            self._clause.explicit |= "first" not in words
            if "first" in words:
                self._clause.explicit = bool(self._done) and self._clause.explicit

    def _particle(self, token: Token) -> None:
        state = PARTICLES[token.text.lower()]
        if any("lock" in self._lexicon.things[name].get("does", ()) for m in self._clause.things for name in m.names):
            state = {"switch_on": "lock", "switch_off": "release_lock"}[state]  # "brakes off"
        if self._clause.verb.lower() in LEAVING:
            self._clause.lasting, self._clause.verbs = frozenset([state]), frozenset(["do"])
            return
        self._clause.verbs = frozenset([state])
        self._clause.verb = f"{self._clause.verb} {token.text}".strip()

    def _verb(self, token: Token) -> None:
        verbs = token.readings["verb"]
        clause = self._clause
        joined = bool(clause.verbs) and not self._soft
        passive = self._is_passive(self._tokens.index(token))
        subject = []
        later = passive and clause.verbs and (self._since or self._copied) and self._is_being(self._tokens.index(token))
        if (token.text.lower() in STAYING or later) and len(clause.things) > self._since:  # "…, the door stays open"
            clause.things, subject = clause.things[: self._since], clause.things[self._since :]
            clause.verbs = clause.verbs if clause.things or not self._copied else frozenset()
        if clause.verbs or (not token.chinese and clause.things and not passive):
            self._close()
            if self._arm is not None and self._clause.arm is None:
                self._clause.arm = self._arm
        elif self._arm is not None and clause.arm is None:
            clause.arm = self._arm
        self._clause.things += [replace(one, role="object") for one in subject]
        self._clause.only |= self._only
        self._only = False
        self._pre = 0 if self._taking else len(self._clause.things)
        self._clause.marked = self._taking
        self._clause.removes = "remove" in verbs
        self._clause.verbs, self._clause.verb = verbs, token.text
        objects = self._clause.of_role("object") or (joined and self._done[-1].of_role("object"))
        puts = token.chinese and objects and (self._lexicon.does(verbs, "puts") or self._taking)
        towards = token.chinese and len(token.text) > 1 and token.text[-1] in "到进入回至"
        straight = towards and (bool(objects) or token.text[-1] in "到至")
        self._role = "place" if puts or straight or "go" in verbs else "object"
        self._towards = towards and self._role == "object"
        self._taking, self._soft = False, False
        self._number, self._regions = None, ()
        self._last = -1

    def _take_role(self, token: Token, i: int) -> None:
        roles = token.readings["role"]
        if not token.chinese and not self._clause.verbs and self._clause.things and self._ends_here(i):
            self._adverb = True  # "bowl in, door shut"
            return
        if token.text.lower() in AWAY:
            if self._clause.empty and self._done:  # 推开，远离老人
                self._clause = self._done.pop()
            self._clause.removes = True
        self._by = token.text.lower() in ("by", "per")
        depth = DEPTH.get(token.text.lower())
        self._regions = self._regions if "property" in roles else ((depth, token.text),) if depth else ()
        if "taking" in roles:
            if self._clause.verbs:
                self._close()
            self._role, self._taking = "object", True
        elif token.text.lower() == "with" or "tool" in roles:
            self._role = "tool"
        elif token.text in ("回", "进", "入") and self._clause.verbs and not self._clause.of_role("object"):
            self._towards = True  # 放回抹布, 放回架子上
            return
        else:
            before = self._before(i)
            stuck = token.text in "在于" and before is not None and before.chinese and not before.readings
            self._outer = self._role if self._role != "property" else self._outer
            if token.text.lower() in ("off", "off of") and self._clause.verb.lower().split(" ")[0].rstrip("sd") in REMOVED:
                self._clause.removes = True
            self._role = "beside" if stuck and not self._clause.verbs else next(iter(sorted(roles)))  # 粘在中线圈上
            inner = token.text.lower() in ("in", "on", "inside", "at") and not self._soft
            if inner and self._clause.things and self._clause.things[-1].role == "source":
                self._role = "beside"  # "from the stack in the bin"
        self._last = -1

    def _take_ident(self, ident: str, i: int) -> None:
        after = self._next(i)
        if self._ident is not None:  # S、M、L三个线圈
            self._clause.loose_end, self._many = True, True
        later = next((t for t in self._tokens[i + 1 :] if not t.is_("comma")), None)
        if later is not None and later.is_("ident"):  # pegs S, M and L
            self._clause.loose_end = self._many = True
        elif after is not None and after.chinese and after.is_("thing"):
            self._ident = ident
        elif self._last == i and self._clause.things and self._clause.things[-1].ident is None:
            self._clause.things[-1].ident = ident
            self._last = i + 1
        else:
            self._ident = ident

    def _take_number(self, token: Token, i: int) -> None:
        value = max((float(v) for v in token.readings["number"]), default=0.0)
        before, after = self._before(i), self._next(i)
        digits = token.text[:1].isdigit()
        if before is not None and before.text == "第":  # which one, and not how many
            return
        signed = before is not None and before.is_("number_sign")
        follows = after is None or not after.is_("thing", "classifiers", "unit", "times", "feature", "number_sign")
        at_once = self._last == i or (signed and self._last == i - 1)
        if (
            at_once and self._clause.things and (signed or (not token.chinese and follows))
        ) and token.text.lower() not in ("a", "an", "one"):
            self._clause.things[-1].ident = whole_number(value)
        elif digits and value >= 100 and value == int(value) and not (after is not None and after.is_("thing", "unit", "classifiers")):
            self._clause.things.append(Mention(frozenset(["room"]), token.text, "place", ident=whole_number(value), bare=True))
        elif digits and after is not None and after.is_("thing") and after.chinese and value >= 100:
            self._ident = whole_number(value)
        elif after is not None and after.is_("thing") and self._lexicon.is_thing(after.readings["thing"], "numbered"):
            self._ident = whole_number(value)
        elif self._number is not None and self._number == 0.5 and after is not None:
            pass
        else:
            self._number_is_place = self._role == "place" and digits and self._ends(i) and before is not None and not before.is_("thing")
            self._number = 0.5 if "0.5" in token.readings["number"] else value

    def _thing(self, token: Token, i: int) -> None:
        names = token.readings["thing"]
        clause = self._clause
        before = self._before(i)
        counted = before is not None and before.is_("article", "number", "feature", "role", "verb")
        if token.text.lower() == "can" and not counted:  # "so that she can call"
            return
        goes_on = clause.things and self._soft and not token.chinese
        if goes_on and self._role in ("place", "source") and clause.of_role("place"):
            verbs, verb, arm = clause.verbs, clause.verb, clause.arm
            held = (self._number, self._ident, self._features)
            self._close()
            self._clause.verbs, self._clause.verb, self._clause.arm = verbs, verb, arm
            self._number, self._ident, self._features = held
            self._copied = True
            clause = self._clause
        if self._role == "property" and clause.things and not self._by and self._lexicon.is_thing(clause.things[-1].names, "generic"):
            self._role = clause.things[-1].role  # "the middle of the table"
        alike = [m for m in self._carried_on(clause) if m.names == names and m.ident == self._ident]
        if token.chinese and self._role == "place" and any(m.features == self._features for m in alike):
            self._role = "object"  # 取药送药: nothing is put into itself
        if self._role == "place" and clause.things and not self._soft and "person" in clause.things[-1].names:
            self._role = "beside"  # "the person in the chair"
        following = self._next(i)
        a_room = token.chinese and "room" in names and self._ident is not None  # 送进1608房
        if self._towards and (a_room or (following is not None and following.text in LOCATIVES)):
            self._role, self._towards = "place", False
        if self._aside:
            self._role = "aside"
        mention = Mention(
            names, token.text, self._role, self._number, None if self._many else self._ident, frozenset(self._features), self._owner
        )
        mention.which, mention.other, self._other = " ".join(self._which), self._other, False
        generic = self._lexicon.is_thing(names, "generic")
        self._regions += tuple((region, token.text) for region in sorted(token.readings.get("region", ())))
        mention.regions = self._regions
        if token.text.lower() in ("one", "ones") and clause_before(self._done, clause)[0]:
            mention.names, mention.text = clause_before(self._done, clause)  # "the medium one"
        if self._last == i and clause.things:  # "bed rail", 北京软袋: the last one is the thing
            part = clause.things.pop()
            mention.of = (*mention.of, *part.of, replace(part, of=()))
            mention.role = part.role
            mention.ident = mention.ident or (part.ident if part.ident and not generic else None)
            mention.features |= part.features
            if generic:  # "table mat corner": the place of a thing
                role = "beside" if token.text.endswith(BESIDE) else "under" if token.text in UNDER else "place"
                near = role == "beside" and token.chinese and not (self._taking or clause.verbs)  # 碗旁边放上…
                where = role if part.role == "place" or near else part.role
                mention = replace(part, role=where, regions=(*part.regions, *mention.regions))
            if mention.number is None and not (token.chinese and part.names & vessels_of(self._lexicon)):
                mention.number = part.number
                mention.of = tuple(replace(one, number=None) for one in mention.of)
        if self._pre and self._role == "object" and token.chinese:
            for early in clause.things[: self._pre]:  # 皮带运行中抓包裹: where it is done
                early.role = "beside" if early.role == "object" else early.role
        after = self._next(i)
        if self._soft and mention.role == "object" and not token.chinese and clause.things and after is not None:
            if not after.readings and not after.text.endswith("ly"):  # "…, belt speed 0.1 m/s"
                mention.role = "beside"
        if token.chinese and mention.role == "place" and token.text.endswith(BESIDE):
            mention.role = "beside"
        clause.things.append(mention)
        self._number, self._ident, self._features, self._which, self._owner = None, None, set(), [], ()
        self._regions = self._regions if generic else ()
        self._last, self._soft = i + 1, False

    def _sized_before(self) -> frozenset[str]:
        """What is of several sizes, of which one was named."""
        sized = [m for clause in (*self._done, self._clause) for m in clause.things if any(f.startswith("size.") for f in m.features)]
        return sized[-1].names if sized else frozenset()

    def _after_noun(self, token: Token, i: int) -> None:
        """里, 上, 的 behind a thing: where the next one is, or its owner."""
        things = self._clause.things
        if self._last == i and things:
            after = self._next(i)
            if token.text == "的" and self._role == "property":  # 装小笼包的碗
                self._role, self._last = self._outer, -1
            elif token.text == "的":
                before = self._before(i)
                if before is not None and before.text in LOCATIVES and things[-1].role == "object":
                    things[-1].role = "source"
                elif before is not None and before.text in LOCATIVES:
                    self._last = -1
                else:
                    self._last = i + 1  # 广州的纸筒
            elif after is not None and after.text == "的":
                self._last = i + 1
            elif token.text == "前" and things[-1].role == "object" and self._clause.verbs - {"go"}:  # 开柜门前先解锁
                self._clause.swap = True
                self._close()
                self._clause.explicit = True
            elif not self._clause.verbs and things[-1].role == "object" and token.text in "里上中内":
                things[-1].role = "beside"  # 锅里倒入…
            elif token.text in BESIDE and things[-1].role == "place":
                things[-1].role = "beside"
            elif token.text == "下" and things[-1].role == "place" and (after is None or after.is_("stop", "comma", "verb")):
                things[-1].role = "under"


def clause_before(done: Sequence[Clause], clause: Clause) -> tuple[frozenset[str], str]:
    """The things that were named last, and as what: what "the medium one" is of."""
    named = [*(m for c in done for m in c.of_role("object")), *clause.of_role("object")]
    return (named[-1].names, named[-1].text) if named else (frozenset(), "")


def vessels_of(lexicon: Lexicon) -> frozenset[str]:
    return frozenset(name for name, kinds in lexicon.kinds.items() if "container" in kinds)


def whole_number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
