"""`shiliu studio verdict=`: takes that were judged, played again on the page, with what was found as marks on their time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from ...scenarios.sheet.errors import EpisodeError
from ..checks.finding import Finding
from ..judge.verdict import StageResult, Verdict
from ..report.lines import VerdictLine
from ..report.story import Story
from ..report.text import Words
from ..report.translation import translated
from .page_shapes import GHOST, PosedModel, meshes, shapes, standing_view
from .performing import in_words, words_of
from .replayed import Replayed, bodies_of
from .server import Message, PageServer, finite

IDLE = 0.25  # s, that is waited for a message where nothing moves
SHOWN = ("FAIL", "WARN")
NOTHING: dict[str, list[Any]] = {"bodies": [], "geoms": [], "sites": [], "flexes": []}


class Player:
    """Judged takes on a page.

    Args:
        page: which shows them; lines: of all takes; load: plays the take of a line, and raises ShiliuError where it cannot.
        words: in which language it speaks; index: of the first take, and `first`, that one played.
    """

    def __init__(
        self,
        page: PageServer,
        lines: Sequence[VerdictLine],
        load: Callable[[VerdictLine], Replayed],
        words: Words,
        index: int,
        first: Replayed,
    ):
        self.page, self._lines, self._load, self._words = page, lines, load, words
        self._meshes = ""  # digest of those that were sent
        self._step, self._playing, self._due = 0, False, 0.0
        self._take: Replayed | None = None
        page.keep("mode", {"mode": "verdict", "lang": words.lang, "words": words.book["page"]})
        self._show(index, first)

    # -- a take -----------------------------------------------------------------------------------------------------

    def _show(self, index: int, take: Replayed | None, why: str = "", loading: str = "") -> None:
        """Show a take: what was found, and its picture where it was played; else why not, or that it is being played."""
        line = self._lines[index]
        self._take, self._step, self._playing = take, 0, False
        self._findings = [one for one in line.findings if one.get("level") in SHOWN]
        words = self._words if take is None else words_of(take.scene, self._words)
        if take is not None:
            model = take.scene.compile(take.draw.values, looks=True)
            self._posed = PosedModel(model)
            digest, message = meshes(model)
            if digest != self._meshes:
                self._meshes = digest
                self.page.keep("meshes", message)
            self.page.keep("shapes", shapes(model))
            self._posed.frame(take.rollout.qpos[0])
            view = standing_view(model, self._posed.posed_cameras())
            self.page.keep("eye", view or {})
            why = " ".join(self._sentences(take))
        else:
            self.page.keep("shapes", dict(NOTHING))
            self.page.keep("frame", None)
            self.page.keep("ghost", None)
            self.page.keep("forces", {"forces": []})
        reached = {"goal": [] if take is None else list(take.rollout.reached.items()), "limits": []}
        self.page.keep("progress", in_words(words, reached))
        begin, end = (0.0, 0.0) if take is None else (take.begin, take.end)
        self.page.keep(
            "take",
            {
                "name": line.source,
                "verdict": line.verdict or "",
                "word": words.verdict(line.verdict),
                "names": [f"{one.source}: {words.verdict(one.verdict)}" for one in self._lines],
                "index": index,
                "begin": begin,
                "loading": loading,
                "end": end,
                "how": " ".join(one for one in (self._open_question(line, words), why) if one),
                "robot": [] if take is None else sorted(bodies_of(take.draw.model, take.scene.robot.root)),
                "findings": [shown_of(one, words) for one in self._findings],
            },
        )
        self._frame()

    def _open_question(self, line: VerdictLine, words: Words) -> str:
        why = why_undecided(line, words)
        return f"{why}{self._words.ui('stop')}".strip() if why else ""

    def _sentences(self, take: Replayed) -> list[str]:
        how = "player_own" if take.own else "player_recorded" if take.starts == 1 else "player_likely"
        sentences = [self._words.ui(how, n=take.starts)]
        return sentences if take.same else [*sentences, self._words.ui("player_other_scene")]

    def _frame(self) -> None:
        if self._take is None:
            return
        at = self._take.begin + self._step * self._take.scene.control_timestep
        message = self._posed.frame(self._take.rollout.qpos[self._step], at)
        ghost = self._posed.frame(self._take.commanded(self._step), at, GHOST)
        drawn = [{key: one[key] for key in ("pos", "force")} for one in self._take.forces(self._step)]
        if self._playing:
            self.page.send("frame", message)
            self.page.send("ghost", ghost)
            self.page.send("forces", {"forces": drawn})
        else:
            self.page.keep("frame", message)
            self.page.keep("ghost", ghost)
            self.page.keep("forces", {"forces": drawn})

    # -- what the page asks for -------------------------------------------------------------------------------------

    def take(self, message: Message) -> None:
        """Do what a page asks for; what is no wish of these, or has no such take or finding, is left."""
        match message.what:
            case {"do": "open", "index": int(index)} if 0 <= index < len(self._lines):
                self._open(index)
            case {"do": "seek", "t": asked} if self._take is not None and (t := finite(asked)) is not None:
                self._step, self._playing = self._take.step_at(t), False
                self._frame()
            case {"do": "finding", "index": int(index)} if self._take is not None and 0 <= index < len(self._findings):
                self._look(self._take, self._findings[index])
            case {"do": "play"} if self._take is not None:
                if self._step + 1 >= len(self._take.rollout.qpos):
                    self._step = 0
                self._playing, self._due = True, time.monotonic()
            case {"do": "stop"}:
                self._playing = False
                self._frame()

    def _open(self, index: int) -> None:
        self._show(index, None, loading=self._words.ui("player_stepping"))
        try:
            take, why = self._load(self._lines[index]), ""
        except Exception as error:  # a take that cannot be played is no end of the page
            take, why = None, translated(str(error), self._words.lang)
        self._show(index, take, why)

    def _look(self, take: Replayed, finding: dict[str, Any]) -> None:
        """Jump to a finding's moment, and aim at its contact or joint; one without a moment is looked for where the take stands."""
        t = finding.get("t0")
        now = take.begin + self._step * take.scene.control_timestep
        step, point = take.place([str(one) for one in finding.get("subject") or ()], now if t is None else float(t))
        self._step, self._playing = step, False
        self._frame()
        if point is not None:
            self.page.send("aim", {"point": point})

    def turn(self) -> bool:
        """Take what has come, and move what plays; False once the page was asked to end."""
        came = self.page.received(max(self._due - time.monotonic(), 0.0) if self._playing else IDLE)
        sought = [one for one in came if one.what["do"] == "seek"]
        for message in came:
            if message.what["do"] == "end":
                return False
            if message.what["do"] != "seek" or message is sought[-1]:  # a time line that went on meanwhile
                self.take(message)
        if self._playing and self._take is not None and time.monotonic() >= self._due:
            self._step += 1
            self._playing = self._step + 1 < len(self._take.rollout.qpos)
            self._frame()
            self._due = max(self._due + self._take.scene.control_timestep, time.monotonic() - 0.2)
        return True

    def run(self) -> None:
        """Serve until it is interrupted."""
        while self.turn():
            pass


def index_of(lines: Sequence[VerdictLine], take: str | None) -> int:
    """Which line a setting `take=` means: its source, or its number from 0; the first where none is named.

    Raises:
        EpisodeError: there is none.
    """
    if take is None:
        return 0
    sources = [line.source for line in lines]
    if take in sources:
        return sources.index(take)
    if take.isdecimal() and int(take) < len(lines):
        return int(take)
    some = ", ".join(sources[:5]) + (", …" if len(sources) > 5 else "")
    raise EpisodeError(f"There is no take {take!r} among {len(lines)}. Name one of {some}, or a number from 0.", field="take")


def shown_of(finding: dict[str, Any], words: Words) -> dict[str, Any]:
    """What the page shows of a finding: `level`, `label` of it, `code`, `t0`, `t1` [s], `text`."""
    t0, t1 = finding.get("t0"), finding.get("t1")
    return {
        "level": finding["level"],
        "label": words.level(finding["level"]),
        "code": str(finding.get("code")),
        "t0": t0,
        "t1": t0 if t1 is None else t1,
        "text": _message(finding, words) or str(finding.get("message") or finding.get("code")),
    }


def why_undecided(line: VerdictLine, words: Words) -> str:
    """Why there is no answer, as a report gives it; empty where there is one, or where the line does not tell."""
    if line.verdict != "INCONCLUSIVE":
        return ""
    tree = line.tree
    try:
        stages = {name: StageResult(name, one["verdict"], one.get("reason")) for name, one in tree["stages"].items()}
        verdict = Verdict(
            str(tree["episode"]),
            line.source,
            verdict="INCONCLUSIVE",
            outcome=tree.get("outcome") or {},
            required=tree.get("required") or [],
            root=tree.get("root"),
            stages=stages,
            findings=[_finding(one) for one in line.findings],
            cleared=bool(tree.get("cleared")),
        )
        return Story(verdict, words).why
    except Exception:  # lines of other versions may lack anything
        return ""


def _finding(tree: dict[str, Any]) -> Finding:
    known = {one.name for one in fields(Finding)}
    return Finding(**{key: value for key, value in tree.items() if key in known})


def _message(tree: dict[str, Any], words: Words) -> str:
    """A finding's sentence; empty where the line has not all that belongs into it."""
    try:
        return words.message(_finding(tree))
    except Exception:  # lines of other versions may lack anything
        return ""
