"""`shiliu teleop`: somebody performs a scenario with their hands; each take is an episode, is kept, and is judged at once.

What is kept of a take: the episode (`set/`, a LeRobot dataset like those of `shiliu record`), what the device sent with its own times
(`device/`, from which the take can be performed again), and the verdict (`takes/`, `slips/`), whatever it is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from ...scenarios.draws.variation import Draw, draw
from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.sheet.errors import EpisodeError, ScenarioError, ShiliuError
from ...scenarios.tasks.own_sentences import scenario_of_task
from ..checks.outcome import outcome_of
from ..formats import Entry
from ..formats.lerobot.write import DatasetWriter
from ..formats.one_by_one import OneByOne
from ..judge import intake
from ..judge.context import Contexts, thresholds
from ..judge.judge import judging
from ..judge.set_comparison import OneAfterTheOther
from ..judge.verdict import Verdict
from ..line.ledger import writing
from ..line.slips import Slips
from ..operator.operator import longest
from ..recording.recording import SimEpisode, Unreadable
from ..report.lines import SLIPS, TAKES
from ..report.story import Story
from ..report.text import Words
from ..rollout.episode import episode_of
from ..rollout.observers import Moment
from ..rollout.performed import performance_observers
from ..rollout.rollout import Rollout, roll_out
from .device_session import Line, SessionHands, device_time
from .followed_hands import FollowedHands
from .handover import Handover
from .page_shapes import PosedModel, meshes, shapes
from .performing import bump_now, ended, in_words, limits_now, nevers_of, tipping_now, words_of
from .server import Message, PageServer
from .session_file import LeftTake, SessionFile
from .work_view import work_view

SET, DEVICE = "set", "device"
TIPPING = 0.03  # m, from which on it is shown that the robot comes to tip over: a third of what its ankles bear ahead
SLOW = 3  # times the scenario's time limit that a take may last: people are slower than the operator
TOLD = 3  # control steps between two reports of progress
HOLDS, SILENT = 2, 1.0  # control steps without a word of the page after which the scene waits; s of silence after which it goes on
AGAIN = 2.0  # s after which what could not be written is tried again
LEFT = 5.0  # s after its page was closed, after which a take that no other page goes on with is over

T = TypeVar("T")


class SourceOfHands(Protocol):
    """Where the messages of hands come from; `name` of it, and whether it is `behind` the take's time.

    begin: wait for a take; False where none comes any more. `shown_ns` (monotonic) is when the draw was shown: who wished to begin
        before that meant something else.
    until: what the hands sent before control step `t`, and whether the take is over.
    """

    name: str
    behind: bool

    def begin(self, shown_ns: int = 0) -> bool: ...

    def until(self, t: int) -> tuple[list[Line], bool]: ...


class NoHands:
    """Those of nobody: none begins a take."""

    name, behind = "none", False

    def begin(self, shown_ns: int = 0) -> bool:
        return False

    def until(self, t: int) -> tuple[list[Line], bool]:
        return [], True


class PageHands:
    """The hands on a page, in real time: that which began the take, until it is closed; another one may end it.

    Args:
        page: the page; dt: control period [s].
    """

    name = "page"

    def __init__(self, page: PageServer, dt: float):
        self._page, self._dt, self._begun = page, dt, 0.0
        self._heard, self._silent = 0, False  # the control step of its last word
        self._number: int | None = None  # of the page that moves the hands
        self._closed = np.inf  # when that page was closed
        self._last, self._offset = -np.inf, 0.0  # ms: of the take's clock, and what a device's own is behind it
        self._handover, self._handed_over = Handover(), False  # whether the page has got what there was
        self._rest: list[Message] = []  # what came together with the wish to begin
        self.behind = False

    def begin(self, shown_ns: int = 0) -> bool:
        if self._handed_over:
            self._page.keep("hands", None)
        self._handover, self._handed_over = Handover(), False
        while True:
            came = self._page.received(0.25)
            for i, message in enumerate(came):
                if message.what["do"] == "take" and message.receive_ns >= shown_ns:
                    self._begun, self._rest = time.monotonic(), came[i + 1 :]
                    self._heard, self._silent, self._number = 0, False, message.page
                    self._last, self._offset = -np.inf, 0.0
                    return True
                if message.what["do"] == "end":
                    return False

    def until(self, t: int) -> tuple[list[Line], bool]:
        late = time.monotonic() - (self._begun + t * self._dt)
        self.behind = late > 5 * self._dt
        if self.behind:  # the clock of the take is the scene's: it goes on slower, and skips nothing
            self._begun += late
        time.sleep(max(-late, 0.0))
        lines, over = [], False
        came, self._rest = [*self._rest, *self._page.received()], []
        end = time.monotonic() + SILENT
        while t - self._heard >= HOLDS and not self._silent and not came:  # a page that lags would make the hands leap
            came = self._page.received(0.05)
            self._silent = time.monotonic() > end
        if came:
            self._heard, self._silent = t, False
        for message in came:
            if message.what["do"] == "gone" and message.page == self._number:
                self._number, self._closed = None, time.monotonic()
                lines += self._hand_over(t)
            if message.what["do"] == "device" and device_time(message.what.get("t")):
                self._number = message.page if self._number is None else self._number
                if message.page != self._number:
                    continue
                clock = self._on_one_clock(message.what["t"])
                if clock is not None:
                    lines.append({**self._handover.heard(message.what), **clock, "receive_ns": message.receive_ns, "step": t})
            over |= message.what["do"] in ("take", "end")
        left = self._number is None and time.monotonic() - self._closed > LEFT
        return lines, over or left

    def _hand_over(self, t: int) -> list[Line]:
        """Tell the page that goes on what there was, and stop a base that drives."""
        there, stop = self._handover.closed()
        if there:
            self._page.keep("hands", there)
            self._handed_over = True
        return [] if stop is None else [{**stop, "t": self._last, "step": t}]

    def _on_one_clock(self, t: float) -> dict[str, float] | None:
        """A device's time [ms] on the clock of the take: a page that is opened within it begins its own anew. None for a time that no
        clock shows.

        Where its clock goes back, the take's stands still and goes on from there; `own_t` is then what the device said.
        """
        if t + self._offset < self._last:
            self._offset = self._last - t
        if not device_time(t + self._offset):
            return None
        self._last = max(self._last, t + self._offset)
        return {"t": t} if self._offset == 0.0 else {"t": self._last, "own_t": t}


class _TakePolicy:
    """The hands as a policy of `roll_out`: it commands until the take is ended, or its time is up."""

    def __init__(self, teleop: Teleop, rows: int):
        self._teleop, self._rows = teleop, rows
        self.lines: list[Line] = []
        self._actions: list[np.ndarray] = []
        self._over = False

    def live(self, t: int, carry: GoalState, unstable: np.ndarray, live: np.ndarray) -> np.ndarray:
        lines, over = self._teleop.source.until(t) if t < self._rows and not unstable[0] else ([], True)
        self._over |= over  # a take has one step at least
        if self._over and t > 0:
            self._teleop.over(self.lines, t)
            return live[:0]
        self._teleop.heard(lines)
        self.lines += lines
        return live

    def act(self, now: Moment) -> np.ndarray:
        self._teleop.hands.give_way(now.simulation)
        self._actions.append(self._teleop.hands.act())
        self._teleop.show(now)
        return self._actions[-1][None]

    def of(self, i: int, steps: int) -> dict[str, Any]:
        return {"actions": np.array(self._actions, np.float32)}


class Teleop:
    """Takes of a scenario, performed by hands.

    Args:
        scene: what is performed; source: of the hands; out: folder of what is kept.
        page: that shows it; None where nobody looks on.
        seed: of the first draw; each take has the next, and goes on after those that are in `out` already.
        lang: of the answers, en or zh.

    Raises:
        ScenarioError: the scene has a link.
        EpisodeError: what lies in `out` is of another kind, or nothing can be written there.
    """

    def __init__(self, scene: Scene, source: SourceOfHands, out: Path, page: PageServer | None, seed: int, lang: str):
        if not scene.config.link.local:  # the page shows what is, not what has arrived
            raise ScenarioError("Hands perform without a link. Write link=local.", field="link")
        self.scene, self.source, self.out, self.page = scene.judged, source, out, page  # what is kept while it is performed is judged
        self.hands, self._words = FollowedHands(scene), words_of(scene, Words(lang))
        self._rules, self._contexts, self._company, self._kept = intake.rules_of(), Contexts(scene), OneAfterTheOther(), OneByOne()
        self._bumps = thresholds(self.scene.config.thresholds)["collision.unexpected"]
        self._features, self._fps = scene.schema.lerobot_features(), round(1.0 / scene.control_timestep)
        self._session = SessionFile(out / DEVICE)
        self._left, self._there = self._session.left(), set[int]()  # a take that was not kept; seeds of those that were
        rows: list[bool] = []  # whether each take that is there is of this scene
        if (out / SET / "meta" / "info.json").is_file():
            there = DatasetWriter.there(out / SET, self._features, self._fps, scene.robot.name)
            self._there = there.seeds(scene.fingerprint)
            seed = max([seed, *(1 + one for one in self._there)])
            rows = [row.get("shiliu/fingerprint") == scene.fingerprint for row in there.rows]
        _refuse_others(out, len(rows))
        self._seed, self._slips = seed, Slips(out, lang)
        self._unjudged = {k: ours for k, ours in enumerate(rows) if not self._slips.path(f"{SET}#{k}").is_file()}
        scenario_of_task("")  # so that the first answer does not wait for the sentences of all scenarios
        with writing(out):
            (out / DEVICE).mkdir(parents=True, exist_ok=True)
        if page is not None:
            self._greet(page)

    def show_on(self, page: PageServer) -> None:
        """From now on a page shows it, and the hands are those on the page."""
        self.page, self.source = page, PageHands(page, self.scene.control_timestep)
        self._greet(page)

    def _greet(self, page: PageServer) -> None:
        title = {key: self.scene.config.title.get(key) for key in ("en", "zh")}
        words, stands = self._words, self.scene.robot.root
        page.keep("mode", {"mode": "teleop", "lang": words.lang, "words": words.book["page"], "stands": stands})
        page.keep("scene", {"name": self.scene.name, "title": title, "nevers": nevers_of(self.scene, words)})

    def heard(self, lines: Sequence[Line]) -> None:
        """Messages of the take that is performed."""
        self._session.add(lines)
        for line in lines:
            self.hands.hear(line)

    def over(self, lines: Sequence[Line], steps: int) -> None:
        """The take has ended: from here on it outlives the server."""
        self._session.end(list(lines), steps)

    # -- what is seen -----------------------------------------------------------------------------------------------

    def _set_up(self, drawn: Draw) -> int:
        """Show a draw; when it was shown [ns, monotonic]."""
        if self.page is None:
            return time.monotonic_ns()
        self._known: dict[str, Any] = {}
        model = self.scene.compile(dict(drawn.values), looks=True)
        self._posed = PosedModel(model)
        self.page.keep("meshes", meshes(model)[1])
        self.page.keep("shapes", shapes(model))
        self.page.keep("frame", self._posed.frame(self.scene.start_qpos(drawn.model)))
        self.page.keep("eye", work_view(self.scene, drawn))
        shown_ns = time.monotonic_ns()
        goal = [[step.name, None] for step in self.scene.goal]
        self._tell({"t": 0.0, "goal": goal, "limits": [], "near": [], "lost": {}, "recording": False, "judging": False})
        return shown_ns

    def show(self, now: Moment) -> None:
        """A control step of a take."""
        if self.page is None:
            return
        self.page.send("frame", self._posed.frame(now.simulation.live("qpos")[0], now.t * self.scene.control_timestep))
        if now.t % TOLD == 0:
            outcome = outcome_of(self.scene.course, now.carry)
            known = {"goal": list(outcome["subgoals"].items()), "failure": outcome["failure"], "near": self._near(now)}
            bump = bump_now(self.scene, now.readings, self.hands.close, self._bumps)
            limits = limits_now(self.scene, now.readings) + ([bump] if bump is not None else [])
            t, lost = now.t * self.scene.control_timestep, {hand: [at.tolist(), to.tolist()] for hand, (at, to) in self.hands.waits.items()}
            self._tell({**known, "t": t, "limits": limits, "recording": True, "behind": self.source.behind, "lost": lost})

    def _near(self, now: Moment) -> list[str]:
        """Limits of the robot that are near: of joints, speeds, own shapes and balance."""
        words, tipping = self._words, tipping_now(self.scene, now.simulation) if now.t else None
        lines = [words.ui(f"near_{kind}", names=words.name(names, "plain")) for kind, names in self.hands.near]
        if tipping is not None and tipping[1] < TIPPING:
            lines.append(words.ui("near_balance", way=words.look_up("ways", tipping[0]), left=tipping[1]))
        for hand, (at, to) in self.hands.waits.items():
            lines.append(words.ui("near_lost", names=words.book["page"][hand], off=float(np.linalg.norm(at - to))))
        return lines

    def _tell(self, progress: Mapping[str, Any]) -> None:
        """What has changed of it since the last time."""
        if self.page is not None:
            self._known |= in_words(self._words, progress) if "goal" in progress else progress
            (self.page.send if self._known["recording"] else self.page.keep)("progress", self._known)

    # -- takes ------------------------------------------------------------------------------------------------------

    def run(self) -> list[Verdict]:
        """Take after take, until there is none any more; their verdicts. First, those of an earlier start are judged that have none."""
        self._judge_unjudged()
        found: list[Verdict] = self._perform_left()
        while True:
            drawn = draw(self.scene, self._seed)
            if not self.source.begin(self._set_up(drawn)):
                return found
            done, episode, lines = self._perform(drawn)
            found.append(self._judge(done, episode, self._keep(episode, lines)))
            self._seed += 1

    def _perform_left(self) -> list[Verdict]:
        """The verdict of the take that had ended, but was not kept, when an earlier server did: it is performed again."""
        left = self._left
        if left is None:
            return []
        if not left.ended or left.seed is None or left.fingerprint != self.scene.fingerprint or left.seed in self._there:
            print(self._words.ui("left_aside", name=self._put_aside(left)), flush=True)
            return []
        print(self._words.ui("left_again", seed=left.seed), flush=True)
        source, seed, page = self.source, self._seed, self.page
        try:
            self.source, self._seed, self.page = SessionHands(left.file, self.scene.control_timestep), left.seed, None  # nobody looks on
            self.source.begin()
            done, episode, lines = self._perform(draw(self.scene, left.seed), again=True)
        except ShiliuError as error:  # it can never be an episode, and would be in the way of every start
            print(self._words.ui("left_unsound", why=str(error), name=self._put_aside(left)), flush=True)
            self.source, self._seed, self.page = source, seed, page
            return []
        verdict = self._judge(done, episode, self._keep(episode, lines))
        self.source, self._seed, self.page = source, max(seed, left.seed + 1), page
        return [verdict]

    def _put_aside(self, left: LeftTake) -> str:
        return f"{DEVICE}/{self._until_written(left.put_aside).name}"

    def _judge_unjudged(self) -> None:
        """Takes whose server was killed while it judged them."""
        ours, others = ([k for k, one in self._unjudged.items() if one is of] for of in (True, False))
        for key, which in (("unjudged", ours), ("unjudged_others", others)):
            if which:
                names, command = ", ".join(f"{SET}#{k}" for k in which), f"shiliu replay data={self.out / SET}"
                print(self._words.ui(key, names=names, command=command), flush=True)
        for k in ours:
            begun, recording = time.monotonic(), self._kept.item(Entry(self.out / SET, SET), k)
            (verdict,) = judging([recording], contexts=self._contexts)
            episode = None if isinstance(recording, Unreadable) else recording.episode
            length = None if episode is None else episode.duration_s
            self._slips.tell(verdict, None, [recording.source], length, time.monotonic() - begun)
            print(f"{verdict.source}: {answer(verdict, self._words)[0]} ({time.monotonic() - begun:.2f} s)", flush=True)
        self._unjudged = {}

    def _perform(self, drawn: Draw, again: bool = False) -> tuple[Rollout, SimEpisode, list[Line]]:
        """A take; the messages of one that is performed `again` are on the disk already."""
        self._session.begin(self._seed, self.scene.fingerprint, again)
        scene, rows = self.scene, SLOW * longest(self.scene)
        if self.page is not None:
            self.page.keep("verdict", None)
        self.hands.begin(drawn.model)
        policy = _TakePolicy(self, rows)
        observers = performance_observers(scene, 1, rows, judged=True)
        (done,) = roll_out(scene, [drawn], policy, observers)
        self.over(policy.lines, len(done.actions))
        self._tell({"recording": False, "judging": True})
        devices = sorted({str(line.get("device", "unknown"))[:40] for line in policy.lines})
        made = {"made_by": "page take", "device": devices, "session": self.source.name}
        return done, episode_of(scene, done, self._seed, [], made), policy.lines

    def _keep(self, episode: SimEpisode, lines: Sequence[Line]) -> int:
        """The take on disk, whole, before it is judged; its number there."""
        index = self._until_written(lambda: self._add(episode))
        self._until_written(lambda: self._session.keep(index, list(lines), episode.n_steps))
        return index

    def _add(self, episode: SimEpisode) -> int:
        meta = {"command": f"shiliu teleop scenario={self.scene.name}"}
        target = self.out / SET
        append = (target / "meta" / "info.json").is_file()
        with DatasetWriter(target, self._features, self._fps, self.scene.robot.name, meta, append=append) as writer:
            writer.add(episode, episode.states)
            index = writer.total - 1
            writer.close()
        return int(index)

    def _until_written(self, write: Callable[[], T]) -> T:
        """What is written. Where nothing can be, a page says why, and it is tried again: the take stays in memory meanwhile."""
        shown = ""
        while True:
            try:
                done = write()
            except (OSError, ShiliuError) as error:
                if self.page is None:
                    raise
                why = self._words.ui("not_written", why=error.message if isinstance(error, ShiliuError) else error.strerror or str(error))
                if why != shown:
                    shown = why
                    print(why, flush=True)
                    self.page.keep("refused", {"why": why})
                time.sleep(AGAIN)
                continue
            if shown and self.page is not None:
                self.page.keep("refused", None)
                print(self._words.ui("written_now"), flush=True)
            return done

    def _judge(self, done: Rollout, episode: SimEpisode, index: int) -> Verdict:
        """Give the intake's answer about what lies on the disk, then the gate's, held against what was just simulated, and keep it."""
        begun = time.monotonic()
        recording = self._kept.item(Entry(self.out / SET, SET), index)
        if isinstance(recording, Unreadable):
            raise recording.error
        first = intake.judged(recording, self._rules)
        outcome = ended(self._words, episode.label["failure"], free=not self.scene.goal)
        self._answer(first, begun, "intake", outcome)
        performed = {recording.sha256: done}
        (verdict,) = judging([recording], contexts=self._contexts, performed=performed, company=self._company)
        took = time.monotonic() - begun
        self._answer(verdict, begun, "gate", outcome)
        self._until_written(lambda: self._slips.tell(verdict, None, [recording.source], episode.duration_s, took))
        return verdict

    def _answer(self, verdict: Verdict, begun: float, check: str, outcome: str) -> None:
        took = time.monotonic() - begun
        word, *wrong = answer(verdict, self._words)
        lines = [f"{word} · {outcome}", *wrong]  # a take may be lawful and miss its goal
        if self.page is not None:
            shown = "cleared" if verdict.cleared else verdict.verdict
            self.page.keep("verdict", {"check": check, "verdict": shown, "lines": lines, "took": took, "word": word, "outcome": outcome})
        if check == "gate":
            print(
                "\n".join([f"{verdict.source}: {lines[0]} ({took:.2f} s)", *(f"  {line}" for line in lines[1:])]),
                flush=True,
            )


def _refuse_others(out: Path, n: int) -> None:
    """A take of a set that was moved away would lose its messages to the one that gets its number, and give it its verdict.

    Raises:
        EpisodeError: `out` keeps what belongs to a take beyond the `n` of its set.
    """
    for folder, name in ((DEVICE, r"episode_(\d+)\.jsonl"), (TAKES, rf"{SET}#(\d+)\.json")):
        for file in sorted((out / folder).glob("*")):
            number = re.fullmatch(name, file.name)
            if number is not None and int(number[1]) >= n:
                raise EpisodeError(
                    f"This belongs to a take that is not in {SET}/, which has {n}. Name another out=, or move {DEVICE}/, {TAKES}/ and "
                    f"{SLIPS}/ to where the set is now.", file=file, field="out",
                )  # fmt: skip


def answer(verdict: Verdict, words: Words) -> list[str]:
    """The verdict's word, and for each fault what was wrong, when, and what to do."""
    story = Story(verdict, words)
    lines = [words.verdict(verdict.verdict or "unreadable")]
    lines += [text for text in (story.slip, story.advice) if text and verdict.verdict != "FEASIBLE"]
    for finding in verdict.findings:
        if finding.level == "FAIL":
            at = "" if finding.t0 is None else f"{finding.t0:.1f} s: "
            lines.append(f"{at}{words.message(finding)}")
    return list(dict.fromkeys(str(line) for line in lines))
